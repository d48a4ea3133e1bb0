/* muster rules test: does a rule pack answer the cases beside it as they say? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agents/ctl/log_input.h"
#include "agents/ctl/option.h"
#include "agents/ctl/roster.h"
#include "agents/ctl/rules_life.h"
#include "agents/ctl/rules_series.h"
#include "common/base/when.h"
#include "common/conf/conf.h"
#include "common/rules/pack.h"

enum { CASES_MAX = 10000, CASES_MEMORY_MAX = 4 * 1024 * 1024 };

static const int64_t FACT_MAX = INT64_C(1000000000000000);

struct cases {
    struct conditions *conditions;
    struct pack *pack;
    char *text; /* its words */
    struct arena arena;
    struct buf out;
    const char *path;
    size_t n, failed;
    enum lang lang;
};

/* --- one case ------------------------------------------------------------------------------------- */

static int read_fact(const struct conf_node *facts, const char *word, struct rule_facts *ret, struct err *err)
{
    const char *const *words = rule_fact_list();
    int i = 0, rc = 0;

    while (words[i] != NULL && strcmp(words[i], word) != 0) {
        i++;
    }
    if (words[i] == NULL) {
        return conf_fail(facts, err, ERR_CONFIG, "no fact is called \"%s\"; docs/rules.md names them", word);
    }
    struct rule_value *value = &ret->at[i];
    value->known = true;
    switch (rule_fact_words((enum rule_fact)i)->type) {
    case RULE_WHOLE:
        rc = conf_integer(facts, word, CONF_REQUIRED, -FACT_MAX, FACT_MAX, &value->whole, err);
        break;
    case RULE_REAL:
        rc = conf_number(facts, word, CONF_REQUIRED, -1e15, 1e15, &value->real, err);
        break;
    case RULE_TEXT:
        rc = conf_string(facts, word, CONF_REQUIRED, &value->text, err);
        break;
    }
    return rc;
}

static int read_facts(const struct conf_node *map, struct rule_facts *ret, struct err *err)
{
    const struct conf_node *facts = NULL;
    int rc = conf_map(map, "facts", CONF_REQUIRED, &facts, err);

    *ret = (struct rule_facts){0};
    for (size_t i = 0; rc == 0 && i < conf_count(facts); i++) {
        rc = read_fact(facts, conf_key_at(facts, i), ret, err);
    }
    return rc;
}

static int check_clocks(const struct cases *cases, const struct conf_node *node, struct words names,
                        struct err *err)
{
    for (size_t i = 0; i < names.n; i++) {
        if (pack_clock(cases->pack, names.at[i]) == NULL) {
            return conf_fail(node, err, ERR_CONFIG, "%s has no clock \"%s\"", cases->pack->name, names.at[i]);
        }
    }
    return 0;
}

static int check_names(const struct cases *cases, const struct conf_node *node, struct words names,
                       struct err *err)
{
    for (size_t i = 0; i < names.n; i++) {
        size_t j = 0;
        while (j < cases->pack->rules_n && strcmp(cases->pack->rules[j].name, names.at[i]) != 0) {
            j++;
        }
        if (j == cases->pack->rules_n) {
            return conf_fail(node, err, ERR_CONFIG, "%s has no rule \"%s\"", cases->pack->name, names.at[i]);
        }
    }
    return 0;
}

/* Names of the rules that gave an answer, "a, b". */
static void put_names(const struct pack *pack, const enum rule_answer *answers, enum rule_answer answer,
                      struct buf *ret)
{
    const char *between = "";

    for (size_t i = 0; i < pack->rules_n; i++) {
        if (answers[i] == answer) {
            buf_printf(ret, "%s%s", between, pack->rules[i].name);
            between = ", ";
        }
    }
}

static bool is_wanted(const struct pack *pack, const enum rule_answer *answers, enum rule_answer answer,
                      struct words wanted)
{
    size_t n = 0;

    for (size_t i = 0; i < pack->rules_n; i++) {
        n += answers[i] == answer;
        if (answers[i] == answer && !words_have(wanted, pack->rules[i].name)) {
            return false;
        }
    }
    return n == wanted.n;
}

/* Whether a rule that fires starts the clock. */
static bool is_started(const struct pack *pack, const enum rule_answer *answers, const char *clock)
{
    for (size_t i = 0; i < pack->rules_n; i++) {
        const struct rule *rule = &pack->rules[i];
        for (size_t j = 0; answers[i] == ANSWER_YES && j < rule->actions_n; j++) {
            if (rule->actions[j].kind == ACTION_START && strcmp(rule->actions[j].value, clock) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool starts_wanted(const struct pack *pack, const enum rule_answer *answers, struct words wanted)
{
    for (size_t i = 0; i < pack->clocks_n; i++) {
        const char *clock = pack->clocks[i].name;
        if (is_started(pack, answers, clock) != words_have(wanted, clock)) {
            return false;
        }
    }
    return true;
}

static void put_started(const struct pack *pack, const enum rule_answer *answers, struct buf *ret)
{
    const char *between = "";

    for (size_t i = 0; i < pack->clocks_n; i++) {
        if (is_started(pack, answers, pack->clocks[i].name)) {
            buf_printf(ret, "%s%s", between, pack->clocks[i].name);
            between = ", ";
        }
    }
}

/* What a case says, its texts in the cases' arena. */
struct wanted {
    struct words fires, unknown, starts;
    bool has_unknown, has_starts;
};

/* "; the case wants [a, b]" */
static void put_wanted(struct cases *cases, struct words wanted)
{
    buf_printf(&cases->out, "%s [", lang_text(cases->lang, "; the case wants", "；用例要求"));
    for (size_t i = 0; i < wanted.n; i++) {
        buf_printf(&cases->out, "%s%s", i > 0 ? ", " : "", wanted.at[i]);
    }
    buf_puts(&cases->out, "]");
}

static void put_failure(struct cases *cases, const struct conf_node *node, const char *name,
                        const enum rule_answer *answers, const struct wanted *wanted)
{
    cases->failed++;
    buf_printf(&cases->out, "%s:%u: %s: %s [", cases->path, conf_line(node), name,
               lang_text(cases->lang, "fires", "触发"));
    put_names(cases->pack, answers, ANSWER_YES, &cases->out);
    buf_puts(&cases->out, "]");
    put_wanted(cases, wanted->fires);
    buf_printf(&cases->out, "%s [", lang_text(cases->lang, ". Could not tell", "。无法判断"));
    put_names(cases->pack, answers, ANSWER_UNKNOWN, &cases->out);
    buf_puts(&cases->out, "]");
    if (wanted->has_unknown) {
        put_wanted(cases, wanted->unknown);
    }
    if (cases->pack->clocks_n > 0) {
        buf_printf(&cases->out, "%s [", lang_text(cases->lang, ". Starts", "。启动时限"));
        put_started(cases->pack, answers, &cases->out);
        buf_puts(&cases->out, "]");
        if (wanted->has_starts) {
            put_wanted(cases, wanted->starts);
        }
    }
    buf_puts(&cases->out, "\n");
}

/* A list of words that may be left out. */
static int read_list(struct cases *cases, const struct conf_node *map, const char *key, struct words *ret,
                     bool *ret_there, struct err *err)
{
    const struct conf_node *list = NULL;
    int rc = conf_list(map, key, CONF_OPTIONAL, &list, err);

    *ret_there = list != NULL;
    return rc != 0 || list == NULL ? rc : conf_words(map, key, CONF_REQUIRED, &cases->arena, ret, err);
}

static int read_wanted(struct cases *cases, const struct conf_node *map, struct wanted *ret, struct err *err)
{
    *ret = (struct wanted){.has_unknown = false};
    int rc = conf_words(map, "fires", CONF_REQUIRED, &cases->arena, &ret->fires, err);

    rc = rc ? rc : check_names(cases, map, ret->fires, err);
    rc = rc ? rc : read_list(cases, map, "unknown", &ret->unknown, &ret->has_unknown, err);
    rc = rc ? rc : check_names(cases, map, ret->unknown, err);
    rc = rc ? rc : read_list(cases, map, "starts", &ret->starts, &ret->has_starts, err);
    return rc ? rc : check_clocks(cases, map, ret->starts, err);
}

/* A case that names no kind is of one that the pack is for. */
static void ask(const struct cases *cases, enum rule_trigger trigger, const struct rule_facts *facts,
                enum rule_answer *answers)
{
    const struct rule_value *kind = &facts->at[RULE_KIND];

    pack_ask(cases->pack, trigger, answers);
    if (kind->known && !pack_is_for(cases->pack, kind->text)) {
        for (size_t i = 0; i < cases->pack->rules_n; i++) {
            answers[i] = ANSWER_NO;
        }
    }
}

/* Each firing in order, and a rule as often as it fires. */
static int run_series(struct cases *cases, const struct conf_node *map, const char *name,
                      const struct series *series, const struct conf_node *list, struct err *err)
{
    struct words wanted = {NULL, 0}, fired = {NULL, 0};
    int rc = conf_words(map, "fires", CONF_REQUIRED, &cases->arena, &wanted, err);

    rc = rc ? rc : check_names(cases, map, wanted, err);
    if (rc == 0 && series->trigger != TRIGGER_READING && series->trigger != TRIGGER_SILENT) {
        rc = conf_fail(list, err, ERR_CONFIG, "a series is of an incident, a reading or a silence: say when");
    }
    if (rc == 0 && (conf_count(list) == 0 || conf_count(list) > SERIES_MAX)) {
        rc = conf_fail(list, err, ERR_CONFIG, "1 to %d steps are wanted", SERIES_MAX);
    }
    rc = rc ? rc : series_run(series, list, &cases->arena, &fired, err);
    if (rc != 0) {
        return rc;
    }
    cases->n++;
    bool same = wanted.n == fired.n;
    for (size_t i = 0; i < fired.n && same; i++) {
        same = strcmp(wanted.at[i], fired.at[i]) == 0;
    }
    if (!same) {
        cases->failed++;
        buf_printf(&cases->out, "%s:%u: %s: %s [", cases->path, conf_line(map), name,
                   lang_text(cases->lang, "fires", "触发"));
        for (size_t i = 0; i < fired.n; i++) {
            buf_printf(&cases->out, "%s%s", i > 0 ? ", " : "", fired.at[i]);
        }
        buf_puts(&cases->out, "]");
        put_wanted(cases, wanted);
        buf_puts(&cases->out, "\n");
    }
    return 0;
}

/* --- the life of an incident ---------------------------------------------------------------------- */

/* "16:30" after midnight. */
static int read_begins(const struct conf_node *map, int64_t *ret_ms, struct err *err)
{
    const char *text = "00:00";
    int rc = conf_string(map, "begins", CONF_OPTIONAL, &text, err);
    int minutes = strlen(text) == 5 && text[2] == ':' && strspn(text, "0123456789") == 2 &&
                          strspn(text + 3, "0123456789") == 2
                      ? ((text[0] - '0') * 10 + text[1] - '0') * 60 + (text[3] - '0') * 10 + text[4] - '0'
                      : -1;

    if (rc == 0 && (minutes < 0 || minutes >= 24 * 60 || text[3] > '5')) {
        rc = conf_fail(map, err, ERR_CONFIG, "begins: a time of day is wanted, such as \"16:30\"");
    }
    *ret_ms = (int64_t)minutes * 60 * 1000;
    return rc;
}

/* [{clock: NAME, at: DURATION}], in order; *ret_n: LIFE_ALARMS_MAX at most. */
static int read_overdue(const struct cases *cases, const struct conf_node *list, struct life_alarm *ret,
                        size_t *ret_n, struct err *err)
{
    static const int64_t at_max_ms = INT64_C(20) * 24 * 3600 * 1000;
    size_t n = list != NULL ? conf_count(list) : 0;
    int rc = n > LIFE_ALARMS_MAX
                 ? conf_fail(list, err, ERR_CONFIG, "at most %d clocks are overdue", LIFE_ALARMS_MAX)
                 : 0;

    for (size_t i = 0; i < n && rc == 0; i++) {
        const struct conf_node *node = conf_value_at(list, i);
        rc = conf_string(node, "clock", CONF_REQUIRED, &ret[i].clock, err);
        rc = rc ? rc : check_clocks(cases, node, (struct words){&ret[i].clock, 1}, err);
        rc = rc ? rc : conf_duration(node, "at", CONF_REQUIRED, 0, at_max_ms, &ret[i].at_ms, err);
    }
    *ret_n = n;
    return rc;
}

static void put_alarms(const struct life_alarm *alarms, size_t n, struct buf *ret)
{
    char at[WHEN_TEXT];

    for (size_t i = 0; i < n; i++) {
        buf_printf(ret, "%s%s %s", i > 0 ? ", " : "", alarms[i].clock,
                   when_format_duration(alarms[i].at_ms, at));
    }
}

static bool are_alarms(const struct lived *lived, const struct life_alarm *wanted, size_t n)
{
    bool same = lived->alarms_n == n;

    for (size_t i = 0; i < n && same; i++) {
        same =
            lived->alarms[i].at_ms == wanted[i].at_ms && strcmp(lived->alarms[i].clock, wanted[i].clock) == 0;
    }
    return same;
}

static void put_lived(struct cases *cases, const struct conf_node *map, const char *name,
                      const struct lived *lived, struct words wanted, const struct life_alarm *overdue,
                      size_t overdue_n)
{
    cases->failed++;
    buf_printf(&cases->out, "%s:%u: %s: %s [", cases->path, conf_line(map), name,
               lang_text(cases->lang, "fires", "触发"));
    for (size_t i = 0; i < lived->fired.n; i++) {
        buf_printf(&cases->out, "%s%s", i > 0 ? ", " : "", lived->fired.at[i]);
    }
    buf_puts(&cases->out, "]");
    put_wanted(cases, wanted);
    buf_printf(&cases->out, "%s [", lang_text(cases->lang, ". Overdue", "。逾期"));
    put_alarms(lived->alarms, lived->alarms_n, &cases->out);
    buf_printf(&cases->out, "]%s [", lang_text(cases->lang, "; the case wants", "；用例要求"));
    put_alarms(overdue, overdue_n, &cases->out);
    buf_puts(&cases->out, "]\n");
}

/* Each firing in order, and each clock that was overdue with when. */
static int run_life(struct cases *cases, const struct conf_node *map, const char *name,
                    const struct rule_facts *facts, const struct conf_node *list, struct err *err)
{
    struct life life = {.pack = cases->pack, .text = cases->text, .facts = facts};
    struct life_alarm overdue[LIFE_ALARMS_MAX];
    const struct conf_node *alarms = NULL;
    struct words wanted = {NULL, 0};
    struct lived lived;
    size_t overdue_n = 0;
    int rc = conf_words(map, "fires", CONF_REQUIRED, &cases->arena, &wanted, err);

    rc = rc ? rc : check_names(cases, map, wanted, err);
    rc = rc ? rc : read_begins(map, &life.begins_ms, err);
    rc = rc ? rc : conf_list(map, "overdue", CONF_OPTIONAL, &alarms, err);
    rc = rc ? rc : read_overdue(cases, alarms, overdue, &overdue_n, err);
    if (rc == 0 && (conf_count(list) == 0 || conf_count(list) > SERIES_MAX)) {
        rc = conf_fail(list, err, ERR_CONFIG, "1 to %d steps are wanted", SERIES_MAX);
    }
    rc = rc ? rc : life_run(&life, list, &cases->arena, &lived, err);
    if (rc != 0) {
        return rc;
    }
    cases->n++;
    bool same = words_equal(wanted, lived.fired);
    if (!same || !are_alarms(&lived, overdue, overdue_n)) {
        put_lived(cases, map, name, &lived, wanted, overdue, overdue_n);
    }
    return 0;
}

static int run_case(struct cases *cases, const struct conf_node *map, enum rule_answer *answers,
                    struct err *err)
{
    struct wanted wanted;
    struct rule_facts facts;
    const char *name = "";
    int trigger = TRIGGER_INCIDENT;
    const struct conf_node *list = NULL;
    int rc = conf_string(map, "case", CONF_REQUIRED, &name, err);

    arena_reset(&cases->arena);
    rc = rc ? rc : conf_choice(map, "when", CONF_OPTIONAL, rule_trigger_list(), &trigger, err);
    rc = rc ? rc : read_facts(map, &facts, err);
    rc = rc ? rc : conf_list(map, "series", CONF_OPTIONAL, &list, err);
    if (rc == 0 && list != NULL && trigger == TRIGGER_INCIDENT) {
        return run_life(cases, map, name, &facts, list, err);
    }
    if (rc == 0 && list != NULL) {
        const struct series series = {.pack = cases->pack->name,
                                      .text = cases->text,
                                      .trigger = (enum rule_trigger)trigger,
                                      .facts = &facts};
        return run_series(cases, map, name, &series, list, err);
    }
    rc = rc ? rc : read_wanted(cases, map, &wanted, err);
    if (rc == 0 && conditions_set(cases->conditions, &facts) != 0) {
        rc = conf_fail(map, err, ERR_CONFIG, "these facts are too large for a rule");
    }
    if (rc != 0) {
        return rc;
    }
    ask(cases, (enum rule_trigger)trigger, &facts, answers);
    cases->n++;
    if (!is_wanted(cases->pack, answers, ANSWER_YES, wanted.fires) ||
        (wanted.has_unknown && !is_wanted(cases->pack, answers, ANSWER_UNKNOWN, wanted.unknown)) ||
        (wanted.has_starts && !starts_wanted(cases->pack, answers, wanted.starts))) {
        put_failure(cases, map, name, answers, &wanted);
    }
    return 0;
}

/* --- a file --------------------------------------------------------------------------------------- */

static int run_cases(struct cases *cases, const struct conf *conf, struct err *err)
{
    const struct conf_node *list;
    int rc = conf_list(conf_root(conf), "cases", CONF_REQUIRED, &list, err);

    if (rc != 0) {
        return rc;
    }
    size_t n = conf_count(list);
    if (n == 0 || n > CASES_MAX) {
        return conf_fail(list, err, ERR_CONFIG, "1 to %d cases are wanted", CASES_MAX);
    }
    enum rule_answer *answers = calloc(cases->pack->rules_n, sizeof *answers);
    if (answers == NULL) {
        return err_set(err, ERR_NO_MEMORY, "out of memory for cases");
    }
    for (size_t i = 0; i < n && rc == 0; i++) {
        rc = run_case(cases, conf_value_at(list, i), answers, err);
    }
    free(answers);
    return rc ? rc : conf_check_unknown(conf, err);
}

/* "decree-493.yaml": "decree-493.cases.yaml", of a table too */
static int name_cases(const char *pack, char *ret, size_t size, struct err *err)
{
    const char *dot = strrchr(pack, '.');

    if (dot == NULL || dot == pack || (strcmp(dot, ".yaml") != 0 && strcasecmp(dot, ".csv") != 0)) {
        return err_set(err, ERR_USAGE, "%s does not end in .yaml or .csv: name the file of its cases as well",
                       pack);
    }
    int length = snprintf(ret, size, "%.*s.cases.yaml", (int)(dot - pack), pack);
    return length > 0 && (size_t)length < size ? 0
                                               : err_set(err, ERR_USAGE, "%s: the name is too long", pack);
}

static int test(struct cases *cases, const char *pack, struct err *err)
{
    struct conf *conf = NULL;
    int rc = conditions_open(&cases->conditions, err);

    if (rc == 0) {
        conditions_speak(cases->conditions, cases->lang == LANG_ZH);
    }
    rc = rc ? rc : pack_load(pack, cases->conditions, &cases->pack, &cases->text, err);
    rc = rc ? rc : conf_load(cases->path, &conf, err);
    rc = rc ? rc : run_cases(cases, conf, err);
    conf_free(conf);
    if (rc == 0) {
        buf_printf(&cases->out,
                   lang_text(cases->lang, "%s: %zu cases, %zu failed\n", "%s：%zu 个用例，%zu 个不符\n"),
                   cases->path, cases->n, cases->failed);
        rc = output_pour(&cases->out, true, err);
    }
    if (rc == 0 && cases->failed > 0) {
        rc = err_set(err, ERR_DATA,
                     lang_text(cases->lang, "%s does not do what its cases say", "%s 不符合其用例"), pack);
    }
    return rc;
}

int ctl_rules_test(int argc, char **argv)
{
    const char *lang = "";
    const struct option options[] = {{"lang", OPTION_TEXT, &lang, "LANG", "en or zh (default: the locale's)"},
                                     {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {.usage = "muster rules test PACK [CASES] [options]",
                              .summary = "Asks a rule pack about each case of CASES (of PACK.yaml or "
                                         "PACK.csv: PACK.cases.yaml), and shows\n"
                                         "where other rules fire, or other clocks start, than the case says.",
                              .options = options,
                              .examples = "  muster rules test decree-493.yaml\n",
                              .arguments_min = 1,
                              .arguments_max = 2};
    struct arguments arguments;
    struct cases cases = {.n = 0};
    char beside[4096];
    struct err err = {.code = 0};
    int code;

    if (!option_read(&page, argc, argv, &arguments, &code)) {
        return code;
    }
    int rc = lang_choose(lang, &cases.lang, &err);
    cases.path = arguments.n > 1 ? arguments.at[1] : beside;
    if (rc == 0 && arguments.n == 1) {
        rc = name_cases(arguments.at[0], beside, sizeof beside, &err);
    }
    arena_init(&cases.arena, CASES_MEMORY_MAX);
    buf_init(&cases.out, 0);
    rc = rc ? rc : test(&cases, arguments.at[0], &err);
    pack_free(cases.pack);
    free(cases.text);
    conditions_close(cases.conditions);
    buf_free(&cases.out);
    arena_free(&cases.arena);
    code = ctl_end_output();
    return code != EXIT_OK || rc == 0 ? code : ctl_fail(&err);
}
