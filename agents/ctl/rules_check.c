/* muster rules check: is this a rule pack, and can its rules ever fire? */
#include <stdio.h>

#include "agents/ctl/log_input.h"
#include "agents/ctl/option.h"
#include "common/base/when.h"
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
    unsigned never; /* rules for which nothing was found that they hold for */
};

static void put_actions(const struct rule *rule, struct buf *ret)
{
    for (size_t i = 0; i < rule->actions_n; i++) {
        buf_printf(ret, "%s%s %s", i > 0 ? ", " : "", rule_action_word(rule->actions[i].kind),
                   rule->actions[i].value);
    }
}

static void put_row(struct check *check, const struct rule *rule, enum pack_holds holds)
{
    char duration[WHEN_TEXT] = "";
    struct buf actions;

    buf_init(&actions, 0);
    put_actions(rule, &actions);
    if (rule->for_ms > 0) {
        (void)when_format_duration(rule->for_ms, duration);
    }
    table_print(&check->table, "%u", rule->line);
    table_cell(&check->table, rule->name);
    table_cell(&check->table,
               lang_text(check->lang, rule_trigger_word(rule->trigger), rule_trigger_zh(rule->trigger)));
    table_cell(&check->table,
               rule->condition != NULL ? rule->text : lang_text(check->lang, "always", "总是"));
    table_cell(&check->table, duration);
    table_cell(&check->table, buf_text(&actions));
    table_cell(&check->table, holds == HOLDS_NEVER ? lang_text(check->lang, "can never hold", "永不成立")
                              : holds == HOLDS_UNKNOWN ? lang_text(check->lang, "not tried out", "无法穷举")
                                                       : "");
    buf_free(&actions);
}

static void put_json(struct check *check, const struct rule *rule, enum pack_holds holds)
{
    struct json *json = &check->json;

    json_object(json, NULL);
    json_text(json, "rule", rule->name);
    json_unsigned(json, "line", rule->line);
    json_text(json, "when", rule_trigger_word(rule->trigger));
    json_text(json, "if", rule->text);
    json_number(json, "for_ms", rule->for_ms);
    json_bool(json, "never_holds", holds == HOLDS_NEVER);
    json_array(json, "do");
    for (size_t i = 0; i < rule->actions_n; i++) {
        json_object(json, NULL);
        json_text(json, rule_action_word(rule->actions[i].kind), rule->actions[i].value);
        json_object_end(json);
    }
    json_array_end(json);
    json_object_end(json);
}

static void put_rules(struct check *check, const struct pack *pack)
{
    for (size_t i = 0; i < pack->rules_n; i++) {
        enum pack_holds holds = rule_try(check->conditions, &pack->rules[i]);
        check->never += holds == HOLDS_NEVER;
        if (check->as_json) {
            put_json(check, &pack->rules[i], holds);
        } else {
            put_row(check, &pack->rules[i], holds);
        }
    }
}

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
    json_array(json, "rules");
    put_rules(check, pack);
    json_array_end(json);
    json_object_end(json);
    buf_puts(&check->out, "\n");
}

static void put_pack_text(struct check *check, const char *path, const struct pack *pack)
{
    static const char *const headings[2][7] = {{"line", "rule", "when", "if", "for", "do", ""},
                                               {"行", "规则", "触发", "条件", "持续", "动作", ""}};

    buf_printf(
        &check->out, lang_text(check->lang, "%s: %s %s: %zu rules, %s\n", "%s：%s %s：%zu 条规则，%s\n"),
        path, pack->name, pack->version, pack->rules_n,
        pack->match == MATCH_FIRST ? lang_text(check->lang, "the first that holds fires", "首条成立者触发")
                                   : lang_text(check->lang, "each that holds fires", "凡成立者均触发"));
    table_init(&check->table, "rllllll");
    for (size_t i = 0; i < 7; i++) {
        table_cell(&check->table, headings[check->lang][i]);
    }
    put_rules(check, pack);
    table_show(&check->table, "  ", &check->out);
    table_free(&check->table);
}

static int check_pack(struct check *check, const char *path, struct err *err)
{
    struct pack *pack = NULL;
    int rc = pack_load(path, check->conditions, &pack, err);

    if (rc != 0) {
        return rc;
    }
    check->never = 0;
    if (check->as_json) {
        put_pack_json(check, path, pack);
    } else {
        put_pack_text(check, path, pack);
    }
    pack_free(pack);
    rc = output_pour(&check->out, true, err);
    if (rc == 0 && check->never > 0) {
        rc = err_set(
            err, ERR_DATA,
            lang_text(check->lang, "%s: %u of its conditions can never hold", "%s：有 %u 个条件永不成立"),
            path, check->never);
    }
    return rc;
}

int ctl_rules_check(int argc, char **argv)
{
    const char *lang = "";
    struct check check = {.lang = LANG_EN};
    const struct option options[] = {{"lang", OPTION_TEXT, &lang, "LANG", "en or zh (default: the locale's)"},
                                     {"json", OPTION_FLAG, &check.as_json, NULL, "one JSON object a pack"},
                                     {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster rules check PACK... [options]",
        .summary = "Reads rule packs as the broker would: syntax, facts that are none, conditions that can\n"
                   "never hold, each with its place. Shows the rules of those that are fine.",
        .options = options,
        .examples = "  muster rules check decree-493.yaml\n",
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
    buf_init(&check.out, 0);
    for (size_t i = 0; i < arguments.n && rc == 0; i++) {
        rc = check_pack(&check, arguments.at[i], &err);
    }
    buf_free(&check.out);
    conditions_close(check.conditions);
    code = ctl_end_output();
    return code != EXIT_OK || rc == 0 ? code : ctl_fail(&err);
}
