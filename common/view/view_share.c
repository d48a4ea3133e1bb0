#include "common/view/view_share.h"

#include <string.h>

#include "common/base/err.h"
#include "common/core/link.h"
#include "common/core/state.h"
#include "common/view/view_table.h"
#include "common/view/view_unreached.h"

#define PICK(voice, en, cn) ((voice)->zh ? (cn) : (en))

static bool is_for(const struct view_step *step, const char *link, const char *region)
{
    switch (step->kind) {
    case EVENT_SHARED:
        return true;
    case EVENT_HEARD:
        return strcmp(step->author, link) != 0; /* it need not hear its own word */
    case EVENT_SHARE_BEGUN:
        return strcmp(step->subject, region) == 0 && strcmp(step->author, link) != 0;
    default:
        return false;
    }
}

struct pending {
    size_t records;   /* that the region at the link's other end has not acknowledged */
    int64_t since_ms; /* of the first; 0: none */
};

/* Of the incident's records those that the region is still to have. */
static struct pending pending_of(const struct view *view, const struct incident *incident, const char *region)
{
    const struct state *state = view_state(view);
    const struct member *link = region_link_kept(state_region(state), region);
    const struct agent *agent = link != NULL ? state_agent(state, link->name) : NULL;
    const struct view_incident *told = view_incident(view, incident->id);
    uint64_t acked = agent != NULL ? agent->acked[LANE_ORDERS] : 0, last = 0;
    struct pending pending = {0};

    for (const struct view_told *at = told != NULL && link != NULL ? told->first : NULL; at != NULL;
         at = at->next) {
        const struct view_step *step = &at->step;
        if (step->seq > acked && step->seq != last && is_for(step, link->name, region)) {
            pending.since_ms = pending.records == 0 ? step->bus_ms : pending.since_ms;
            pending.records++;
            last = step->seq;
        }
    }
    return pending;
}

static const struct region_link *line_of(const struct view *view, const char *region)
{
    return region_line(state_region(view_state(view)), region);
}

static bool is_cut(const struct region_link *line)
{
    return line != NULL && line->since_ms != 0 && !line->up;
}

static void say_lead(const struct view *view, const struct view_voice *voice, const struct incident *incident,
                     struct buf *ret)
{
    char time[VIEW_TIME];

    buf_printf(ret, PICK(voice, "  led by region %s", "  指挥：%s"),
               incident_lead(incident, state_region(view_state(view))->code));
    if (incident->lead_term > 0) {
        buf_printf(ret, PICK(voice, ", term %u", "（第 %u 任）"), incident->lead_term);
    }
    if (incident->lead_offered[0] != '\0') {
        buf_printf(ret, PICK(voice, ", offered to region %s", "，拟移交 %s"), incident->lead_offered);
    }
    if (incident->lead_disputed[0] != '\0') {
        buf_printf(ret, "%s", view_tone_on(voice, TONE_WARN));
        buf_printf(ret,
                   PICK(voice, "; LEAD DISPUTED since %s: region %s took it, too",
                        "；指挥权冲突（%s）：%s 亦曾接管"),
                   view_time(view_state(view), incident->lead_disputed_ms, time), incident->lead_disputed);
        buf_printf(ret, "%s", view_tone_off(voice, TONE_WARN));
    }
    buf_puts(ret, "\n");
}

void view_say_shares(const struct view *view, const struct view_voice *voice, const struct incident *incident,
                     struct buf *ret)
{
    const struct state *state = view_state(view);
    char time[VIEW_TIME];

    if (incident->home[0] != '\0') {
        buf_printf(ret, PICK(voice, "  opened in region %s\n", "  首报行政区：%s\n"), incident->home);
    }
    if (incident->shares_n > 0) {
        say_lead(view, voice, incident, ret);
    }
    for (size_t i = 0; i < incident->shares_n; i++) {
        const char *region = incident->shares[i].region;
        const struct region_link *line = line_of(view, region);
        struct pending pending = pending_of(view, incident, region);
        buf_printf(ret, PICK(voice, "  shared with region %s", "  与 %s 共享"), region);
        if (pending.records > 0) {
            buf_printf(ret, PICK(voice, ": %zu records PENDING since %s", "：%zu 条待送达，自 %s 起"),
                       pending.records, view_time(state, pending.since_ms, time));
        }
        if (is_cut(line)) {
            buf_printf(ret, PICK(voice, ", NOT REACHED since %s", "，链路中断，自 %s 起"),
                       view_time(state, line->since_ms, time));
        }
        buf_puts(ret, "\n");
    }
}

static void put_line(const struct region_link *line, struct json *json)
{
    json_bool(json, "reached", line != NULL && line->up);
    json_number(json, "since_ms", line != NULL ? line->since_ms : 0);
}

void view_json_shares(const struct view *view, const struct incident *incident, struct json *json)
{
    json_text(json, "home", incident->home);
    json_text(json, "lead", incident_lead(incident, state_region(view_state(view))->code));
    json_unsigned(json, "lead_term", incident->lead_term);
    json_text(json, "lead_offered", incident->lead_offered);
    json_text(json, "lead_disputed", incident->lead_disputed);
    json_array(json, "shared_with");
    for (size_t i = 0; i < incident->shares_n; i++) {
        const char *region = incident->shares[i].region;
        struct pending pending = pending_of(view, incident, region);
        json_object(json, NULL);
        json_text(json, "region", region);
        json_unsigned(json, "pending", pending.records);
        json_number(json, "pending_since_ms", pending.since_ms);
        put_line(line_of(view, region), json);
        json_object_end(json);
    }
    json_array_end(json);
}

/* The record with which the region hears of what was decided in record seq: that, or the share that told it
 * with the past. */
static uint64_t told_with(const struct view *view, struct id incident, const char *region, uint64_t seq)
{
    const struct view_incident *told = view_incident(view, incident);
    uint64_t with = 0;

    for (const struct view_told *at = told != NULL ? told->first : NULL; at != NULL; at = at->next) {
        if (at->step.kind == EVENT_SHARE_BEGUN && strcmp(at->step.subject, region) == 0) {
            if (at->step.seq < seq && with == 0) {
                return seq; /* it was shared before */
            }
            with = at->step.seq;
        }
    }
    return with;
}

struct view_order_way view_order_way(const struct view *view, const struct incident *incident,
                                     const struct order *order)
{
    const struct region *region = state_region(view_state(view));
    const struct view_order *told = view_order(view, order->id);
    struct view_order_way way = {.region = "", .link = NULL};

    if (order->home[0] != '\0' || order->history || told == NULL ||
        !name_region(order->addressee, way.region) || strcmp(way.region, region->code) == 0) {
        way.region[0] = '\0';
        return way;
    }
    bool nobody_there = !order->no_way && strcmp(order->unreached, way.region) == 0;
    way.there = order->taker[0] != '\0' || nobody_there;
    const struct member *link = region_way(region, way.region);
    if (link == NULL || !name_is_link(link->name, way.next)) {
        way.next[0] = '\0';
        return way;
    }
    way.link = link->name;
    uint64_t with = told_with(view, incident->id, way.next, told->issued_seq);
    if (with > 0) {
        way.delivery = view_delivered(view, link->name, LANE_ORDERS, with);
    }
    way.there = way.there || (way.delivery.delivered && strcmp(way.next, way.region) == 0);
    return way;
}

/* --- the lines ------------------------------------------------------------------------------------ */

struct counting {
    const struct view *view;
    const char *region;
    struct pending sum;
    size_t incidents;
};

static bool count_incident(void *ctx, const struct incident *incident)
{
    struct counting *counting = ctx;

    if (incident_share(incident, counting->region) != NULL) {
        struct pending pending = pending_of(counting->view, incident, counting->region);
        counting->incidents++;
        counting->sum.records += pending.records;
        if (pending.since_ms != 0 &&
            (counting->sum.since_ms == 0 || pending.since_ms < counting->sum.since_ms)) {
            counting->sum.since_ms = pending.since_ms;
        }
    }
    return true;
}

static struct counting count(const struct view *view, const char *region)
{
    struct counting counting = {.view = view, .region = region};

    (void)state_each_incident(view_state(view), count_incident, &counting);
    return counting;
}

/* How long ago; "-" never. */
static void age_cell(struct table *table, int64_t at_ms, int64_t now_ms)
{
    if (at_ms == 0) {
        table_cell(table, "-");
    } else {
        int64_t s = now_ms > at_ms ? (now_ms - at_ms) / 1000 : 0;
        table_print(table, s < 600 ? "%lld s" : "%lld min", (long long)(s < 600 ? s : s / 60));
    }
}

static void line_row(const struct view *view, const struct view_voice *voice, const char *region,
                     int64_t now_ms, struct table *table)
{
    const struct region_link *line = line_of(view, region);
    const struct region_link none = {.region = region};
    struct counting counting = count(view, region);
    char time[VIEW_TIME];

    line = line != NULL ? line : &none;
    table_cell(table, region);
    table_cell(table, line->since_ms == 0                  ? PICK(voice, "never reached", "从未接通")
                      : region_line_is_stuck(line, now_ms) ? PICK(voice, "NOTHING CROSSES", "已连接但无往来")
                      : line->up                           ? PICK(voice, "reached", "已通")
                                                           : PICK(voice, "NOT REACHED", "中断"));
    table_cell(table, line->since_ms == 0 ? "-" : view_time(view_state(view), line->since_ms, time));
    age_cell(table, line->heard_ms, now_ms);
    age_cell(table, line->returned_ms, now_ms);
    table_print(table, "%zu", counting.incidents);
    table_print(table, "%zu", counting.sum.records);
    table_cell(table,
               counting.sum.since_ms == 0 ? "-" : view_time(view_state(view), counting.sum.since_ms, time));
    table_print(table, "%llu", (unsigned long long)line->untold);
}

/* Regions to which no link leads, for which something waits. */
static void unreached_rows(const struct view *view, const struct view_voice *voice, struct table *table)
{
    struct view_unreached unreached[VIEW_UNREACHED_MAX];
    size_t n = view_unreached(view, unreached);

    for (size_t i = 0; i < n; i++) {
        table_cell(table, unreached[i].region);
        table_print(table, PICK(voice, "NO WAY from %s", "%s 无链路"), unreached[i].at);
        for (int j = 0; j < 3; j++) {
            table_cell(table, "-");
        }
        table_print(table, "%zu", unreached[i].incidents);
        table_cell(table, PICK(voice, "all", "全部"));
        table_cell(table, "-");
        table_cell(table, "-");
    }
}

int view_lines(const struct view *view, const struct view_voice *voice, int64_t now_ms, struct buf *ret)
{
    const struct region *region = state_region(view_state(view));
    char code[REGION_CODE_MAX + 1];
    struct table table;

    table_init(&table, "lllrrrrlr");
    table_cell(&table, PICK(voice, "REGION", "行政区"));
    table_cell(&table, PICK(voice, "LINE", "链路"));
    table_cell(&table, PICK(voice, "SINCE", "自"));
    table_cell(&table, PICK(voice, "HEARD", "来信距今"));
    table_cell(&table, PICK(voice, "HEARD THERE", "对方收信距今"));
    table_cell(&table, PICK(voice, "INCIDENTS", "共享事件"));
    table_cell(&table, PICK(voice, "PENDING", "待送达"));
    table_cell(&table, PICK(voice, "SINCE", "自"));
    table_cell(&table, PICK(voice, "UNTOLD", "未送达"));
    for (size_t i = 0; i < region->members_n; i++) {
        const struct member *member = &region->members[i];
        if (!member->is_operator && !member->revoked && name_is_link(member->name, code)) {
            line_row(view, voice, code, now_ms, &table);
        }
    }
    unreached_rows(view, voice, &table);
    table_show(&table, "", ret);
    bool fine = !table.failed && !ret->failed;
    table_free(&table);
    return fine ? 0 : ERR_NO_MEMORY;
}

void view_json_lines(const struct view *view, int64_t now_ms, struct buf *ret)
{
    const struct region *region = state_region(view_state(view));
    char code[REGION_CODE_MAX + 1];

    for (size_t i = 0; i < region->members_n; i++) {
        const struct member *member = &region->members[i];
        if (member->is_operator || member->revoked || !name_is_link(member->name, code)) {
            continue;
        }
        const struct region_link *line = line_of(view, code);
        struct counting counting = count(view, code);
        struct json json = json_begin(ret);
        json_object(&json, NULL);
        json_text(&json, "region", code);
        put_line(line, &json);
        json_bool(&json, "nothing_crosses", line != NULL && region_line_is_stuck(line, now_ms));
        json_number(&json, "canary_heard_ms", line != NULL ? line->heard_ms : 0);
        json_number(&json, "canary_returned_ms", line != NULL ? line->returned_ms : 0);
        json_unsigned(&json, "incidents", counting.incidents);
        json_unsigned(&json, "pending", counting.sum.records);
        json_number(&json, "pending_since_ms", counting.sum.since_ms);
        json_unsigned(&json, "untold", line != NULL ? line->untold : 0);
        json_object_end(&json);
        buf_puts(ret, "\n");
    }
    struct view_unreached unreached[VIEW_UNREACHED_MAX];
    size_t n = view_unreached(view, unreached);
    for (size_t i = 0; i < n; i++) {
        struct json json = json_begin(ret);
        json_object(&json, NULL);
        json_text(&json, "region", unreached[i].region);
        json_text(&json, "no_way_from", unreached[i].at);
        json_bool(&json, "reached", false);
        json_unsigned(&json, "incidents", unreached[i].incidents);
        json_object_end(&json);
        buf_puts(ret, "\n");
    }
}
