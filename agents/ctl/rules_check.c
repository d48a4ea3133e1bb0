/* muster rules check: is this a rule pack, and can its rules ever fire? */
#include <stdio.h>
#include <string.h>

#include "agents/ctl/log_input.h"
#include "agents/ctl/option.h"
#include "agents/ctl/rules_kind.h"
#include "agents/ctl/rules_loop.h"
#include "agents/ctl/rules_role.h"
#include "common/base/when.h"
#include "common/core/kind.h"
#include "common/rules/pack_check.h"
#include "common/view/view_json.h"
#include "common/view/view_table.h"

struct check {
    struct conditions *conditions;
    bool as_json;
    enum lang lang;
    struct buf out;
    struct json json;
    struct table table;
    struct pack *packs[ARGUMENTS_MAX];
    size_t packs_n;
    struct pack_loop loop;
    enum pack_loops loops;
};

/* Where an action goes, in words; other values are the pack's own. */
static const char *value_text(const struct check *check, const struct rule_action *action)
{
    static const char *const places[][2] = {{"parent", "上级"},
                                            {"neighbours", "相邻地区"},
                                            {"superior", "共同上级"},
                                            {"next-able", "下一支可用力量"}};

    for (size_t i = 0; check->lang == LANG_ZH && i < sizeof places / sizeof places[0]; i++) {
        if (strcmp(action->value, places[i][0]) == 0) {
            return places[i][1];
        }
    }
    return action->value;
}

static void put_actions(const struct check *check, const struct rule *rule, struct buf *ret)
{
    for (size_t i = 0; i < rule->actions_n; i++) {
        enum rule_action_kind kind = rule->actions[i].kind;
        buf_printf(ret, "%s%s %s", i > 0 ? lang_text(check->lang, ", ", "、") : "",
                   lang_text(check->lang, rule_action_word(kind), rule_action_zh(kind)),
                   value_text(check, &rule->actions[i]));
        if (kind == ACTION_REISSUE && rule->actions[i].ability[0] != '\0') {
            buf_printf(ret, lang_text(check->lang, " (%s)", "（%s）"), rule->actions[i].ability);
        }
        if (kind == ACTION_RAISE && rule->actions[i].within_ms > 0) {
            char lasts[WHEN_TEXT];
            buf_printf(ret, lang_text(check->lang, " for %s", "（预计 %s）"),
                       when_format_duration(rule->actions[i].within_ms, lasts));
        }
    }
}

static void put_row(struct check *check, const struct rule *rule, enum pack_holds holds)
{
    char duration[WHEN_TEXT] = "";
    struct buf actions;

    buf_init(&actions, 0);
    put_actions(check, rule, &actions);
    if (rule->for_ms > 0) {
        (void)when_format_duration(rule->for_ms, duration);
    }
    table_print(&check->table, "%u", rule->line);
    table_cell(&check->table, rule->name);
    table_cell(&check->table,
               lang_text(check->lang, rule_trigger_word(rule->trigger), rule_trigger_zh(rule->trigger)));
    size_t n = strlen(rule->text); /* a block of YAML ends with the end of a line */
    while (n > 0 && strchr(" \t\n", rule->text[n - 1]) != NULL) {
        n--;
    }
    table_print(&check->table, "%.*s", rule->condition != NULL ? (int)n : 9999,
                rule->condition != NULL ? rule->text : lang_text(check->lang, "always", "总是"));
    table_cell(&check->table, duration);
    table_cell(&check->table, buf_text(&actions));
    table_cell(&check->table, holds == HOLDS_NEVER ? lang_text(check->lang, "can never hold", "永不成立")
                              : holds == HOLDS_MIXED
                                  ? lang_text(check->lang, "number against text", "数值与文本相比")
                              : holds == HOLDS_UNKNOWN ? lang_text(check->lang, "not tried out", "无法穷举")
                                                       : "");
    buf_free(&actions);
}

/* A fact that grows with time, in a condition that is asked only when something changes; NULL: none. */
static const char *time_alone(const struct rule *rule)
{
    static const enum rule_fact grows[] = {RULE_AGE_MIN, RULE_KNOWN_MIN};
    uint64_t facts = rule->condition != NULL ? condition_facts(rule->condition) : 0;

    for (size_t i = 0; rule->trigger == TRIGGER_INCIDENT && rule->for_ms == 0 && i < 2; i++) {
        if ((facts >> grows[i] & 1) != 0) {
            return rule_fact_words(grows[i])->word;
        }
    }
    return NULL;
}

static void note_times(const struct check *check, const char *path, const struct pack *pack)
{
    for (size_t i = 0; i < pack->rules_n; i++) {
        const char *word = time_alone(&pack->rules[i]);
        if (word != NULL) {
            ctl_note(
                lang_text(check->lang,
                          "%s:%u: %s: the rule is asked when the incident changes, never because time "
                          "passes; what is to hold for a while is written with \"for\"",
                          "%s:%u：%s：规则仅在事件变化时判断，不因时间经过而判断；须持续一段时间的，请用 "
                          "\"for\"（持续）"),
                path, pack->rules[i].line, word);
        }
    }
}

static void put_json(struct check *check, const struct rule *rule, enum pack_holds holds)
{
    struct json *json = &check->json;

    json_object(json, NULL);
    json_text(json, "rule", rule->name);
    json_unsigned(json, "line", rule->line);
    json_unsigned(json, "column", rule->column);
    json_text(json, "when", rule_trigger_word(rule->trigger));
    json_text(json, "if", rule->text);
    json_number(json, "for_ms", rule->for_ms);
    json_bool(json, "never_holds", holds == HOLDS_NEVER);
    json_bool(json, "mixes_number_and_text", holds == HOLDS_MIXED);
    json_bool(json, "time_alone", time_alone(rule) != NULL);
    json_array(json, "do");
    for (size_t i = 0; i < rule->actions_n; i++) {
        json_object(json, NULL);
        json_text(json, rule_action_word(rule->actions[i].kind), rule->actions[i].value);
        if (rule->actions[i].kind == ACTION_REISSUE && rule->actions[i].ability[0] != '\0') {
            json_text(json, "ability", rule->actions[i].ability);
        }
        if (rule->actions[i].kind == ACTION_RAISE && rule->actions[i].within_ms > 0) {
            json_number(json, "lasts_ms", rule->actions[i].within_ms);
        }
        json_object_end(json);
    }
    json_array_end(json);
    json_object_end(json);
}

static void put_rules(struct check *check, const struct pack *pack)
{
    for (size_t i = 0; i < pack->rules_n; i++) {
        enum pack_holds holds = rule_try(check->conditions, &pack->rules[i]);
        if (check->as_json) {
            put_json(check, &pack->rules[i], holds);
        } else {
            put_row(check, &pack->rules[i], holds);
        }
    }
}

/* --- clocks --------------------------------------------------------------------------------------- */

static bool is_started(const struct pack *pack, const struct rule_clock *clock)
{
    for (size_t i = 0; i < pack->rules_n; i++) {
        for (size_t j = 0; j < pack->rules[i].actions_n; j++) {
            const struct rule_action *action = &pack->rules[i].actions[j];
            if (action->kind == ACTION_START && pack_clock(pack, action->value) == clock) {
                return true;
            }
        }
    }
    return false;
}

/* "2 h", "08:00 17:00" */
static void put_due(const struct rule_clock *clock, struct buf *ret)
{
    char duration[WHEN_TEXT];

    if (clock->times_n == 0) {
        buf_puts(ret, when_format_duration(clock->within_ms, duration));
    }
    for (size_t i = 0; i < clock->times_n; i++) {
        unsigned minutes = clock->times_minutes[i];
        buf_printf(ret, "%s%02u:%02u", i > 0 ? " " : "", minutes / 60, minutes % 60);
    }
}

static const char *clock_from(const struct rule_clock *clock, enum lang lang)
{
    static const char *const words[][2] = {[CLOCK_FROM_RULE] = {"rule", "规则启动"},
                                           [CLOCK_FROM_OCCURRED] = {"occurred", "事发"},
                                           [CLOCK_FROM_RECEIVED] = {"received", "接报"}};
    static const char *const restarts[][2] = {
        [CLOCK_FROM_RULE] = {"rule", "规则启动"},
        [CLOCK_FROM_OCCURRED] = {"occurred, later the rule", "事发，其后规则启动"},
        [CLOCK_FROM_RECEIVED] = {"received, later the rule", "接报，其后规则启动"}};

    return clock->times_n > 0 ? lang_text(lang, "daily", "每日")
                              : (clock->restarts ? restarts : words)[clock->from][lang];
}

/* "follow-up, written, signed" */
static void put_wanted(const struct check *check, const struct rule_clock *clock, struct buf *ret)
{
    bool is_chinese = check->lang == LANG_ZH;
    const char *const parts[] = {clock->report == REPORT_NONE ? NULL
                                 : is_chinese                 ? report_kind_name_zh(clock->report)
                                                              : report_kind_name(clock->report),
                                 clock->medium == MEDIUM_NONE ? NULL
                                 : is_chinese                 ? medium_name_zh(clock->medium)
                                                              : medium_name(clock->medium),
                                 clock->signer ? lang_text(check->lang, "signed", "须签发人") : NULL};

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i] != NULL) {
            buf_printf(ret, "%s%s", ret->n > 0 ? lang_text(check->lang, ", ", "、") : "", parts[i]);
        }
    }
}

static void put_clock_row(struct check *check, const struct pack *pack, const struct rule_clock *clock)
{
    char duration[WHEN_TEXT] = "";
    struct buf due, wanted;

    buf_init(&due, 0);
    buf_init(&wanted, 0);
    put_due(clock, &due);
    put_wanted(check, clock, &wanted);
    if (clock->warn_ms > 0) {
        (void)when_format_duration(clock->warn_ms, duration);
    }
    table_cell(&check->table, clock->name);
    table_cell(&check->table, clock_from(clock, check->lang));
    table_cell(&check->table, buf_text(&due));
    table_cell(&check->table, check->lang == LANG_ZH ? tier_name_zh(clock->to) : tier_name(clock->to));
    table_cell(&check->table, buf_text(&wanted));
    table_cell(&check->table, duration);
    table_cell(&check->table, clock->title);
    table_cell(&check->table,
               is_started(pack, clock) ? "" : lang_text(check->lang, "never started", "无规则启动"));
    buf_free(&due);
    buf_free(&wanted);
}

static void put_clocks(struct check *check, const struct pack *pack)
{
    static const char *const words[2][8] = {
        {"clock", "from", "due", "reaches", "report", "warns", "title", ""},
        {"时限", "起算", "期限", "报至", "报告", "预警", "名称", ""}};

    if (pack->clocks_n == 0) {
        return;
    }
    table_init(&check->table, "llllllll");
    for (size_t i = 0; i < 8; i++) {
        table_cell(&check->table, words[check->lang][i]);
    }
    for (size_t i = 0; i < pack->clocks_n; i++) {
        put_clock_row(check, pack, &pack->clocks[i]);
    }
    table_show(&check->table, "  ", &check->out);
    table_free(&check->table);
}

static void put_clock_json(struct json *json, const struct rule_clock *clock)
{
    struct buf due;

    buf_init(&due, 0);
    put_due(clock, &due);
    json_object(json, NULL);
    json_text(json, "clock", clock->name);
    json_text(json, "title", clock->title);
    json_text(json, "from", clock_from(&(struct rule_clock){.from = clock->from}, LANG_EN));
    json_bool(json, "restarts", clock->restarts);
    json_number(json, "within_ms", clock->within_ms);
    json_text(json, "daily", clock->times_n > 0 ? buf_text(&due) : "");
    json_text(json, "report", clock->report != REPORT_NONE ? report_kind_name(clock->report) : "");
    json_text(json, "medium", clock->medium != MEDIUM_NONE ? medium_name(clock->medium) : "");
    json_text(json, "to", tier_name(clock->to));
    json_bool(json, "signer", clock->signer);
    json_number(json, "warn_ms", clock->warn_ms);
    json_object_end(json);
    buf_free(&due);
}

/* --- a pack --------------------------------------------------------------------------------------- */

static void put_pack_json(struct check *check, const char *path, const struct pack *pack)
{
    struct json *json = &check->json;

    *json = json_begin(&check->out);
    json_object(json, NULL);
    json_text(json, "file", path);
    json_text(json, "pack", pack->name);
    json_text(json, "version", pack->version);
    json_text(json, "title", pack->title);
    json_text(json, "match", pack->match == MATCH_FIRST ? "first" : "all");
    json_words(json, "kinds", (struct words){pack->kinds, pack->kinds_n});
    json_array(json, "clocks");
    for (size_t i = 0; i < pack->clocks_n; i++) {
        put_clock_json(json, &pack->clocks[i]);
    }
    json_array_end(json);
    json_array(json, "rules");
    put_rules(check, pack);
    json_array_end(json);
    json_array(json, "loop");
    for (size_t i = 0; i < check->loop.n; i++) {
        json_text(json, NULL, check->loop.rules[i]->name);
    }
    json_array_end(json);
    json_bool(json, "loops_tried_out", check->loops != LOOPS_UNKNOWN);
    json_object_end(json);
    buf_puts(&check->out, "\n");
}

static void put_kinds(struct check *check, const struct pack *pack)
{
    for (size_t i = 0; i < pack->kinds_n; i++) {
        const struct incident_kind *kind = incident_kind_find_zh(pack->kinds[i]);
        if (i > 0 && kind != NULL && strcmp(pack->kinds[i - 1], kind->word) == 0) {
            continue; /* its Chinese name again */
        }
        buf_printf(&check->out, "%s%s", i > 0 ? ", " : lang_text(check->lang, "  for ", "  适用："),
                   check->lang == LANG_ZH ? incident_kind_zh(pack->kinds[i]) : pack->kinds[i]);
    }
    buf_puts(&check->out, pack->kinds_n > 0 ? "\n" : "");
}

static void put_pack_text(struct check *check, const char *path, const struct pack *pack)
{
    static const char *const headings[2][7] = {{"line", "rule", "when", "if", "for", "do", ""},
                                               {"行", "规则", "触发", "条件", "持续", "动作", ""}};

    buf_printf(
        &check->out, lang_text(check->lang, "%s: %s %s: %zu rule%s, %s\n", "%s：%s %s：%zu 条规则%s，%s\n"),
        path, pack->name, pack->version, pack->rules_n,
        check->lang == LANG_EN && pack->rules_n != 1 ? "s" : "",
        pack->match == MATCH_FIRST ? lang_text(check->lang, "the first that holds fires", "首条成立者触发")
                                   : lang_text(check->lang, "each that holds fires", "凡成立者均触发"));
    put_kinds(check, pack);
    put_clocks(check, pack);
    table_init(&check->table, "rllllll");
    for (size_t i = 0; i < 7; i++) {
        table_cell(&check->table, headings[check->lang][i]);
    }
    put_rules(check, pack);
    table_show(&check->table, "  ", &check->out);
    table_free(&check->table);
    if (check->loops == LOOPS_UNKNOWN) {
        buf_puts(&check->out,
                 lang_text(check->lang, "  whether rules fire each other for ever was not tried out\n",
                           "  规则是否循环触发：无法穷举\n"));
    }
}

static int find_faults(const struct check *check, const char *path, const struct pack *pack, struct err *err)
{
    if (check->loops == LOOPS_FOUND) {
        return rules_loop_fail(&check->loop, path, check->lang, err);
    }
    return pack_try(check->conditions, pack, path, err);
}

static int check_pack(struct check *check, const char *path, struct err *err)
{
    struct pack *pack = NULL;
    int rc = pack_load(path, check->conditions, &pack, NULL, err);

    if (rc != 0) {
        return rc;
    }
    check->packs[check->packs_n++] = pack;
    check->loops = pack_find_loop(check->conditions, &pack, 1, &check->loop);
    if (check->as_json) {
        put_pack_json(check, path, pack);
    } else {
        put_pack_text(check, path, pack);
    }
    rc = output_pour(&check->out, true, err);
    rc = rc ? rc : find_faults(check, path, pack, err);
    if (rc == 0) {
        note_times(check, path, pack);
    }
    return rc;
}

/* Those that are in force together can fire each other, too. */
static int check_together(struct check *check, struct err *err)
{
    enum pack_loops loops = pack_find_loop(check->conditions, check->packs, check->packs_n, &check->loop);

    return loops == LOOPS_FOUND
               ? rules_loop_fail(&check->loop, lang_text(check->lang, "together", "合用"), check->lang, err)
               : 0;
}

int ctl_rules_check(int argc, char **argv)
{
    const char *lang = "", *log = "";
    struct check check = {.lang = LANG_EN};
    const struct option options[] = {
        {"log", OPTION_TEXT, &log, "LOG", "names roles that nobody has there, and kinds"},
        {"lang", OPTION_TEXT, &lang, "LANG", "en or zh (default: the locale's)"},
        {"json", OPTION_FLAG, &check.as_json, NULL, "one JSON object a pack"},
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster rules check PACK... [options]",
        .summary =
            "Reads rule packs, YAML or tables (.csv), as the broker would: syntax, facts that are none,\n"
            "conditions that can never hold, rules that fire each other for ever, also across the packs\n"
            "that are named, each with its place. Shows clocks and rules of those that are fine.",
        .options = options,
        .examples = "  muster rules check decree-493.yaml\n  muster rules check mine.yaml --log "
                    "/var/lib/muster/log\n",
        .arguments_min = 1,
        .arguments_max = ARGUMENTS_MAX};
    struct arguments arguments;
    struct err err = {.code = 0};
    int code;

    if (!option_read(&page, argc, argv, &arguments, &code)) {
        return code;
    }
    int rc = lang_choose(lang, &check.lang, &err);
    rc = rc ? rc : conditions_open(&check.conditions, &err);
    if (rc == 0) {
        conditions_speak(check.conditions, check.lang == LANG_ZH);
    }
    buf_init(&check.out, 0);
    for (size_t i = 0; i < arguments.n && rc == 0; i++) {
        rc = check_pack(&check, arguments.at[i], &err);
    }
    rc = rc ? rc : check_together(&check, &err);
    for (size_t i = 0; i < check.packs_n && rc == 0 && log[0] == '\0'; i++) {
        rules_note_kinds(NULL, check.packs[i], arguments.at[i], check.lang);
    }
    if (rc == 0 && log[0] != '\0') {
        rc = rules_note_of_log(log, check.packs, arguments.at, check.packs_n, check.lang, &err);
    }
    for (size_t i = 0; i < check.packs_n; i++) {
        pack_free(check.packs[i]);
    }
    buf_free(&check.out);
    conditions_close(check.conditions);
    code = ctl_end_output();
    return code != EXIT_OK || rc == 0 ? code : ctl_fail(&err);
}
