/* What-if as people and machines read it. */
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/view/view_json.h"
#include "common/view/view_table.h"
#include "common/view/view_what_if.h"

#define PICK(voice, en, cn) ((voice)->zh ? (cn) : (en))

enum { NUMBER_TEXT = 32 };

static const char *const change_words[WHAT_IF_CHANGES][2] = {[WHAT_IF_SAME] = {"as before", "不变"},
                                                             [WHAT_IF_OTHERWISE] = {"otherwise", "动作改变"},
                                                             [WHAT_IF_MOVED] = {"moved", "时间改变"},
                                                             [WHAT_IF_NEW] = {"new", "新增"},
                                                             [WHAT_IF_GONE] = {"gone", "不再触发"}};

const char *what_if_change_word(enum what_if_change change)
{
    return change == WHAT_IF_SAME ? "same" : change_words[change][0];
}

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

static const char *percent(uint64_t part, uint64_t whole, char ret[NUMBER_TEXT])
{
    (void)snprintf(ret, NUMBER_TEXT, "%.1f %%", whole == 0 ? 0.0 : 100.0 * (double)part / (double)whole);
    return ret;
}

static void put_text(struct buf *ret, const char *text)
{
    text_escape(ret, text, strlen(text));
}

/* --- what a rule did ------------------------------------------------------------------------------ */

static const char *deed_word(enum event_kind kind, bool zh)
{
    switch (kind) {
    case EVENT_GRADED:
        return zh ? "定级" : "grade";
    case EVENT_GRADE_DOUBTED:
        return zh ? "等级存疑" : "doubt grade";
    case EVENT_LEVEL_SET:
        return zh ? "响应级别" : "level";
    case EVENT_REFERRED:
        return zh ? "上报移交" : "refer";
    case EVENT_INFORMATION_REQUESTED:
        return zh ? "要求补充" : "ask";
    case EVENT_CLOCK_STARTED:
        return zh ? "启动时限" : "start";
    case EVENT_CLOCK_STOPPED:
        return zh ? "停止时限" : "stop";
    default:
        return zh ? "通知" : "notify";
    }
}

static void put_deeds(const struct what_if_firing *firing, bool zh, struct buf *ret)
{
    for (size_t i = 0; i < firing->deeds_n; i++) {
        const struct what_if_deed *deed = &firing->deeds[i];
        buf_printf(ret, "%s%s%s", i > 0 ? (zh ? "、" : ", ") : "", deed_word(deed->kind, zh),
                   deed->value[0] != '\0' ? " " : "");
        put_text(ret, deed->value);
    }
    if (firing->deeds_n == 0) {
        buf_puts(ret, zh ? "无新动作" : "nothing more");
    }
}

static const char *fact_word(const char *word, bool zh)
{
    const char *const *words = rule_fact_list();

    for (int i = 0; zh && words[i] != NULL; i++) {
        if (strcmp(words[i], word) == 0) {
            return rule_fact_words((enum rule_fact)i)->zh;
        }
    }
    return word;
}

static void put_seen(const struct what_if_firing *firing, bool zh, struct buf *ret)
{
    for (size_t i = 0; i < firing->seen_n; i++) {
        const struct seen_fact *seen = &firing->seen[i];
        buf_printf(ret, "%s%s ", i > 0 ? (zh ? "，" : ", ") : (zh ? "（" : " ("), fact_word(seen->fact, zh));
        if (seen->value[0] == '\0') {
            buf_puts(ret, zh ? "不详" : "not known");
        }
        put_text(ret, view_seen_value(&(struct view_voice){.zh = zh}, seen));
    }
    buf_puts(ret, firing->seen_n > 0 ? (zh ? "）" : ")") : "");
}

void what_if_line(const struct what_if_difference *difference, const struct state *state,
                  const struct view_voice *voice, struct buf *ret)
{
    const struct what_if_firing *now = difference->now, *was = difference->was;
    const struct what_if_firing *firing = now != NULL ? now : was;
    char time[VIEW_TIME], id[VIEW_SHORT_ID];

    buf_printf(ret, "  %s  %s  ", view_time(state, firing->at_ms, time),
               view_short_id(difference->incident, id));
    if (difference->mode != MODE_ACTUAL) {
        buf_printf(ret, "[%s] ", view_mode_name(voice, difference->mode));
    }
    put_text(ret, difference->title);
    buf_printf(ret, "%s%s  ", difference->title[0] != '\0' ? "  " : "",
               change_words[difference->change][voice->zh]);
    put_text(ret, firing->pack);
    buf_puts(ret, "/");
    put_text(ret, firing->rule);
    if (!id_is_zero(firing->order)) {
        buf_printf(ret, PICK(voice, " for order %s", "，指令 %s"), view_short_id(firing->order, id));
    }
    buf_puts(ret, PICK(voice, ": ", "："));
    put_deeds(firing, voice->zh, ret);
    put_seen(firing, voice->zh, ret);
    if (now != NULL && was != NULL && difference->change == WHAT_IF_MOVED) {
        buf_printf(ret, PICK(voice, "; before at %s", "；原为 %s"),
                   view_clock(state, was->at_ms, now->at_ms, time));
    }
    if (now != NULL && was != NULL && difference->change == WHAT_IF_OTHERWISE) {
        buf_puts(ret, PICK(voice, "; before: ", "；原为："));
        put_deeds(was, voice->zh, ret);
    }
    buf_puts(ret, "\n");
}

/* --- the result ----------------------------------------------------------------------------------- */

static void put_span(const struct what_if_result *result, const struct state *state,
                     const struct view_voice *voice, struct buf *ret)
{
    char a[NUMBER_TEXT], b[NUMBER_TEXT], from[VIEW_TIME], to[VIEW_TIME];

    buf_printf(ret, PICK(voice, "%s incidents", "事件 %s 起"), thousands(result->incidents, a));
    if (result->incidents > 0) {
        buf_printf(ret, PICK(voice, ", reported %s to %s", "，接报时间 %s 至 %s"),
                   view_time(state, result->from_ms, from), view_time(state, result->to_ms, to));
    }
    if (result->history > 0) {
        buf_printf(ret,
                   PICK(voice, "; %s of them history, told as if it were now",
                        "；其中 %s 起为历史导入，按发生时间推演"),
                   thousands(result->history, b));
    }
    buf_puts(ret, "\n");
}

static void put_packs(const struct what_if_result *result, const struct view_voice *voice, struct buf *ret)
{
    for (size_t i = 0; i < result->given_n; i++) {
        const struct what_if_given *given = &result->given[i];
        put_text(ret, given->name);
        buf_puts(ret, " ");
        put_text(ret, given->version);
        if (given->was[0] != '\0') {
            buf_puts(ret, PICK(voice, ", in place of ", "，替代版本 "));
            put_text(ret, given->was);
            buf_puts(ret, "\n");
        } else if (given->was_ever) {
            buf_puts(ret,
                     PICK(voice, ", in place of what was in force for a time\n", "，替代曾生效的版本\n"));
        } else {
            buf_puts(ret, PICK(voice, ", which was not in force\n", "，日志中未生效\n"));
        }
    }
}

/* A rule of another pack is shown where something else came of it. */
static bool is_shown(const struct what_if_rule *rule)
{
    uint64_t changed = 0;

    for (int i = WHAT_IF_SAME + 1; i < WHAT_IF_CHANGES; i++) {
        changed += rule->changes[i];
    }
    return rule->is_given || changed > 0;
}

static void put_rules(const struct what_if_result *result, const struct view_voice *voice, struct buf *ret)
{
    static const enum what_if_change columns[] = {WHAT_IF_NEW, WHAT_IF_MOVED, WHAT_IF_OTHERWISE, WHAT_IF_GONE,
                                                  WHAT_IF_SAME};
    char text[NUMBER_TEXT];
    struct table table;

    table_init(&table, "lrrrrrrrrr");
    table_cell(&table, PICK(voice, "rule", "规则"));
    table_cell(&table, PICK(voice, "fires", "触发"));
    table_cell(&table, PICK(voice, "incidents", "事件"));
    table_cell(&table, "%");
    table_cell(&table, PICK(voice, "before", "原触发事件"));
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        table_cell(&table, change_words[columns[i]][voice->zh]);
    }
    for (size_t i = 0; i < result->rules_n; i++) {
        const struct what_if_rule *rule = &result->rules[i];
        if (!is_shown(rule)) {
            continue;
        }
        table_print(&table, "%s/%s", rule->pack, rule->rule);
        table_cell(&table, thousands(rule->fires, text));
        table_cell(&table, thousands(rule->incidents, text));
        table_cell(&table, percent(rule->incidents, result->incidents, text));
        table_cell(&table, thousands(rule->was_incidents, text));
        for (size_t j = 0; j < sizeof columns / sizeof columns[0]; j++) {
            uint64_t n = rule->changes[columns[j]];
            table_cell(&table, n > 0 ? thousands(n, text) : "-");
        }
    }
    table_show(&table, "  ", ret);
    ret->failed = ret->failed || table.failed;
    table_free(&table);
}

void what_if_text(const struct what_if_result *result, const struct state *state,
                  const struct view_voice *voice, struct buf *ret)
{
    char a[NUMBER_TEXT], b[NUMBER_TEXT], c[NUMBER_TEXT], d[NUMBER_TEXT];

    put_span(result, state, voice, ret);
    put_packs(result, voice, ret);
    buf_printf(ret,
               PICK(voice,
                    "Rules would have fired for %s incidents (%s), and did for %s; %s incidents differ.\n",
                    "规则将对 %s 起事件触发（%s），原为 %s 起；结果不同的事件 %s 起。\n"),
               thousands(result->fired, a), percent(result->fired, result->incidents, b),
               thousands(result->was_fired, c), thousands(result->differ, d));
    put_rules(result, voice, ret);
}

/* --- JSON ----------------------------------------------------------------------------------------- */

static void put_json_deeds(struct json *json, const char *key, const struct what_if_firing *firing)
{
    json_array(json, key);
    for (size_t i = 0; i < firing->deeds_n; i++) {
        json_object(json, NULL);
        json_text(json, deed_word(firing->deeds[i].kind, false), firing->deeds[i].value);
        json_object_end(json);
    }
    json_array_end(json);
}

void what_if_json(const struct what_if_difference *difference, struct buf *ret)
{
    const struct what_if_firing *firing = difference->now != NULL ? difference->now : difference->was;
    struct json json = json_begin(ret);

    json_object(&json, NULL);
    json_text(&json, "type", "firing");
    json_text(&json, "change", what_if_change_word(difference->change));
    json_id(&json, "incident", difference->incident);
    json_text(&json, "title", difference->title);
    json_text(&json, "mode", mode_name(difference->mode));
    json_bool(&json, "history", difference->history);
    json_text(&json, "pack", firing->pack);
    json_text(&json, "version", firing->version);
    json_text(&json, "rule", firing->rule);
    json_text(&json, "when", firing->when);
    json_id(&json, "order", firing->order);
    if (difference->now != NULL) {
        json_number(&json, "at_ms", difference->now->at_ms);
        put_json_deeds(&json, "does", difference->now);
    }
    if (difference->was != NULL) {
        json_number(&json, "was_at_ms", difference->was->at_ms);
        put_json_deeds(&json, "did", difference->was);
    }
    json_object(&json, "seen");
    for (size_t i = 0; i < firing->seen_n; i++) {
        json_text(&json, firing->seen[i].fact, firing->seen[i].value);
    }
    json_object_end(&json);
    json_object_end(&json);
    buf_puts(ret, "\n");
}

static void put_json_rule(struct json *json, const struct what_if_rule *rule, uint64_t incidents)
{
    json_object(json, NULL);
    json_text(json, "pack", rule->pack);
    json_text(json, "rule", rule->rule);
    json_unsigned(json, "fires", rule->fires);
    json_unsigned(json, "incidents", rule->incidents);
    json_share(json, "share", rule->incidents, incidents);
    json_unsigned(json, "was_incidents", rule->was_incidents);
    for (int i = 0; i < WHAT_IF_CHANGES; i++) {
        json_unsigned(json, what_if_change_word((enum what_if_change)i), rule->changes[i]);
    }
    json_object_end(json);
}

void what_if_summary_json(const struct what_if_result *result, struct buf *ret)
{
    struct json json = json_begin(ret);

    json_object(&json, NULL);
    json_text(&json, "type", "summary");
    json_array(&json, "packs");
    for (size_t i = 0; i < result->given_n; i++) {
        json_object(&json, NULL);
        json_text(&json, "pack", result->given[i].name);
        json_text(&json, "version", result->given[i].version);
        json_text(&json, "was", result->given[i].was);
        json_object_end(&json);
    }
    json_array_end(&json);
    json_unsigned(&json, "incidents", result->incidents);
    json_unsigned(&json, "history", result->history);
    json_unsigned(&json, "fired", result->fired);
    json_unsigned(&json, "was_fired", result->was_fired);
    json_unsigned(&json, "differ", result->differ);
    json_number(&json, "from_ms", result->from_ms);
    json_number(&json, "to_ms", result->to_ms);
    json_array(&json, "rules");
    for (size_t i = 0; i < result->rules_n; i++) {
        if (is_shown(&result->rules[i])) {
            put_json_rule(&json, &result->rules[i], result->incidents);
        }
    }
    json_array_end(&json);
    json_object_end(&json);
    buf_puts(ret, "\n");
}
