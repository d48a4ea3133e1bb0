/* The statistics as people and machines read them. */
#include "common/view/view_stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/when.h"
#include "common/view/view_json.h"
#include "common/view/view_table.h"

enum { BAR_COLUMNS = 40, NUMBER_TEXT = 32 };

#define PICK(voice, en, cn) ((voice)->zh ? (cn) : (en))

/* 5292 -> "5,292" */
static const char *thousands(uint64_t n, char ret[NUMBER_TEXT])
{
    char digits[NUMBER_TEXT];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n), at = 0;

    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            ret[at++] = ',';
        }
        ret[at++] = digits[i];
    }
    ret[at] = '\0';
    return ret;
}

/* Seconds, so that the numbers of a column compare: "103 s", "0.4 s". */
static const char *seconds(int64_t ms, char ret[NUMBER_TEXT])
{
    if (ms % 1000 == 0) {
        (void)snprintf(ret, NUMBER_TEXT, "%lld s", (long long)(ms / 1000));
    } else {
        (void)snprintf(ret, NUMBER_TEXT, "%.1f s", (double)ms / 1000.0);
    }
    return ret;
}

static const char *percent(size_t part, size_t whole, char ret[NUMBER_TEXT])
{
    (void)snprintf(ret, NUMBER_TEXT, "%.1f %%", whole == 0 ? 0.0 : 100.0 * (double)part / (double)whole);
    return ret;
}

static void show_overall(const struct view_stats *stats, const struct view_voice *voice, struct buf *ret)
{
    const struct view_agency *all = &stats->all;
    char a[NUMBER_TEXT], b[NUMBER_TEXT], c[NUMBER_TEXT], d[NUMBER_TEXT], e[NUMBER_TEXT];

    buf_printf(ret,
               PICK(voice, "%s incidents, %s orders, %s units, %s recalled, %s arrived",
                    "事件 %s 起，指令 %s 条，力量 %s 个，撤回 %s 条，到场 %s 条"),
               thousands(stats->incidents_n, a), thousands(all->orders, b), thousands(all->units, c),
               thousands(all->recalled, d), thousands(all->arrived, e));
    if (all->first.n > 0) {
        buf_printf(ret,
                   PICK(voice, ", first order within 60 s of the report for %s, median %s, p90 %s",
                        "，接报后 60 s 内下达首条指令占 %s，中位数 %s，90 百分位 %s"),
                   percent(all->first.within, all->first.n, a), seconds(all->first.median, b),
                   seconds(all->first.p90, c));
    }
    buf_puts(ret, "\n");
}

/* What makes times look odd, where there was such. */
static void show_clock(const struct view_stats *stats, const struct view_voice *voice, struct buf *ret)
{
    char a[NUMBER_TEXT], b[NUMBER_TEXT], took[WHEN_TEXT];

    if (stats->clock_steps > 0 || stats->stops > 0) {
        buf_printf(ret,
                   PICK(voice, "clock: stepped %s times; the broker stood still %s times, %s in all\n",
                        "时钟：跳变 %s 次；服务端停顿 %s 次，共 %s\n"),
                   thousands(stats->clock_steps, a), thousands(stats->stops, b),
                   when_format_duration(stats->stood_ms, took));
    }
}

static void show_alerts(const struct view_stats *stats, const struct view_voice *voice, struct buf *ret)
{
    char a[NUMBER_TEXT], b[NUMBER_TEXT];

    if (stats->alerts > 0) {
        buf_printf(
            ret, PICK(voice, "alerts of other systems %s, disputed %s\n", "外部预警 %s 条，存在争议 %s 条\n"),
            thousands(stats->alerts, a), thousands(stats->disputed, b));
    }
}

static void show_histogram(const struct view_series *series, const struct view_voice *voice, struct buf *ret)
{
    static const int64_t ends_s[] = {15, 30, 60, 90, 120, 180, 240, 300, 600, INT64_MAX / 1000};
    enum { BARS = sizeof ends_s / sizeof ends_s[0] };
    size_t counts[BARS] = {0}, most = 1, bar = 0;
    char text[NUMBER_TEXT], bars[BAR_COLUMNS + 1];
    struct table table;

    for (size_t i = 0; i < series->n; i++) {
        while (bar + 1 < BARS && series->at[i] > ends_s[bar] * 1000) {
            bar++;
        }
        counts[bar]++;
        most = counts[bar] > most ? counts[bar] : most;
    }
    buf_printf(ret, "\n%s\n", PICK(voice, "report to first order", "接报至首条指令"));
    table_init(&table, "rrrl");
    for (size_t i = 0; i < BARS; i++) {
        size_t length = counts[i] * BAR_COLUMNS / most;
        memset(bars, '#', length);
        bars[length] = '\0';
        if (i + 1 < BARS) {
            table_print(&table, "<= %lld s", (long long)ends_s[i]);
        } else {
            table_print(&table, "> %lld s", (long long)ends_s[i - 1]);
        }
        table_cell(&table, thousands(counts[i], text));
        table_cell(&table, percent(counts[i], series->n, text));
        table_cell(&table, bars);
    }
    table_show(&table, "  ", ret);
    table_free(&table);
}

static void show_series(struct table *table, const struct view_series *series)
{
    char text[NUMBER_TEXT];

    if (series->n == 0) {
        for (int i = 0; i < 3; i++) {
            table_cell(table, "-");
        }
        return;
    }
    table_cell(table, seconds(series->median, text));
    table_cell(table, seconds(series->p90, text));
    table_cell(table, percent(series->within, series->n, text));
}

static void show_agency(struct table *table, const char *name, const struct view_agency *agency)
{
    char text[NUMBER_TEXT];

    table_cell(table, name);
    table_cell(table, thousands(agency->orders, text));
    table_cell(table, thousands(agency->units, text));
    table_cell(table, thousands(agency->declined, text));
    table_cell(table, thousands(agency->recalled, text));
    table_cell(table, thousands(agency->expired, text));
    table_cell(table, thousands(agency->arrived, text));
    show_series(table, &agency->first);
    show_series(table, &agency->acknowledged);
    show_series(table, &agency->on_scene);
}

static void show_agencies(const struct view_stats *stats, const struct state *state,
                          const struct view_voice *voice, struct buf *ret)
{
    static const char *const en[] = {"",        "orders",   "units", "declined", "recalled", "expired",
                                     "arrived", "first",    "p90",   "<=60 s",   "ack",      "p90",
                                     "<=60 s",  "on scene", "p90",   "<=60 s"};
    static const char *const cn[] = {"",    "指令",   "力量", "拒绝", "撤回",   "失效",     "到场", "首令",
                                     "p90", "<=60 s", "签收", "p90",  "<=60 s", "到场时间", "p90",  "<=60 s"};
    struct table table;

    buf_printf(ret, "\n%s\n",
               PICK(voice,
                    "by agency (first: report to the first order to it; ack, on scene: from the order, ack "
                    "by whatever "
                    "rung came first; medians)",
                    "按部门（首令：接报至对其首条指令；签收、到场：自指令起，签收取最先的回执；中位数）"));
    table_init(&table, "lrrrrrrrrrrrrrrr");
    for (size_t i = 0; i < sizeof en / sizeof en[0]; i++) {
        table_cell(&table, voice->zh ? cn[i] : en[i]);
    }
    for (size_t i = 0; i < stats->agencies_n; i++) {
        show_agency(&table, view_short_name(state, stats->agencies[i].name), &stats->agencies[i]);
    }
    show_agency(&table, PICK(voice, "all", "合计"), &stats->all);
    table_show(&table, "  ", ret);
    table_free(&table);
}

static void show_incident(struct table *table, const struct state *state,
                          const struct view_incident_times *times)
{
    char id[ID_TEXT], time[VIEW_TIME], text[NUMBER_TEXT];

    table_cell(table, id_format(times->id, id));
    table_cell(table, view_time(state, times->reported_ms, time));
    table_print(table, "%u", times->orders);
    table_print(table, "%u", times->arrived);
    table_cell(table,
               times->first_order_ms != 0 ? seconds(times->first_order_ms - times->reported_ms, text) : "-");
    table_cell(table,
               times->first_scene_ms != 0 ? seconds(times->first_scene_ms - times->reported_ms, text) : "-");
}

static void show_incidents(const struct view_stats *stats, const struct state *state,
                           const struct view_voice *voice, struct buf *ret)
{
    struct table table;

    buf_printf(ret, "\n%s\n", PICK(voice, "by incident (times from the report)", "按事件（自接报起）"));
    table_init(&table, "llrrrr");
    table_cell(&table, PICK(voice, "incident", "事件"));
    table_cell(&table, PICK(voice, "reported", "接报"));
    table_cell(&table, PICK(voice, "orders", "指令"));
    table_cell(&table, PICK(voice, "arrived", "到场"));
    table_cell(&table, PICK(voice, "first order", "首令"));
    table_cell(&table, PICK(voice, "first on scene", "首到"));
    for (size_t i = 0; i < stats->incidents_n; i++) {
        show_incident(&table, state, &stats->incidents[i]);
    }
    table_show(&table, "  ", ret);
    table_free(&table);
}

void view_stats_text(const struct view_stats *stats, const struct state *state,
                     const struct view_voice *voice, bool by_incident, struct buf *ret)
{
    if (stats->mode != MODE_ACTUAL) {
        buf_printf(ret, "[%s] ",
                   stats->mode == MODE_NONE ? PICK(voice, "all modes", "全部模式")
                                            : view_mode_name(voice, stats->mode));
    }
    show_overall(stats, voice, ret);
    show_clock(stats, voice, ret);
    show_alerts(stats, voice, ret);
    if (stats->all.first.n > 0) {
        show_histogram(&stats->all.first, voice, ret);
    }
    if (stats->agencies_n > 0) {
        show_agencies(stats, state, voice, ret);
    }
    if (by_incident && stats->incidents_n > 0) {
        show_incidents(stats, state, voice, ret);
    }
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void put_series(struct json *json, const char *key, const struct view_series *series)
{
    json_object(json, key);
    json_unsigned(json, "n", series->n);
    if (series->n > 0) {
        json_number(json, "median_ms", series->median);
        json_number(json, "p90_ms", series->p90);
        json_share(json, "share_within_60_s", series->within, series->n);
        json_unsigned(json, "within_60_s", series->within);
    }
    json_object_end(json);
}

static void put_agency(struct json *json, const struct view_agency *agency)
{
    json_unsigned(json, "orders", agency->orders);
    json_unsigned(json, "units", agency->units);
    json_unsigned(json, "declined", agency->declined);
    json_unsigned(json, "recalled", agency->recalled);
    json_unsigned(json, "expired", agency->expired);
    json_unsigned(json, "arrived", agency->arrived);
    put_series(json, "report_to_first_order", &agency->first);
    put_series(json, "order_to_acknowledgement", &agency->acknowledged);
    put_series(json, "order_to_on_scene", &agency->on_scene);
}

static void put_incident(struct json *json, const struct view_incident_times *times)
{
    json_object(json, NULL);
    json_id(json, "incident", times->id);
    json_number(json, "reported_ms", times->reported_ms);
    json_unsigned(json, "orders", times->orders);
    json_unsigned(json, "arrived", times->arrived);
    json_number(json, "first_order_ms", times->first_order_ms);
    json_number(json, "first_scene_ms", times->first_scene_ms);
    json_object_end(json);
}

void view_stats_json(const struct view_stats *stats, struct buf *ret)
{
    struct json json = json_begin(ret);

    json_object(&json, NULL);
    json_text(&json, "mode", stats->mode == MODE_NONE ? "all" : mode_name(stats->mode));
    json_unsigned(&json, "incidents", stats->incidents_n);
    json_unsigned(&json, "open", stats->open);
    json_unsigned(&json, "clock_steps", stats->clock_steps);
    json_unsigned(&json, "stops", stats->stops);
    json_number(&json, "stood_ms", stats->stood_ms);
    json_unsigned(&json, "alerts", stats->alerts);
    json_unsigned(&json, "disputed", stats->disputed);
    put_agency(&json, &stats->all);
    json_array(&json, "by_agency");
    for (size_t i = 0; i < stats->agencies_n; i++) {
        json_object(&json, NULL);
        json_text(&json, "agency", stats->agencies[i].name);
        put_agency(&json, &stats->agencies[i]);
        json_object_end(&json);
    }
    json_array_end(&json);
    json_array(&json, "by_incident");
    for (size_t i = 0; i < stats->incidents_n; i++) {
        put_incident(&json, &stats->incidents[i]);
    }
    json_array_end(&json);
    json_object_end(&json);
    buf_puts(ret, "\n");
}
