#include "common/rules/pack.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/text.h"
#include "common/core/division.h"
#include "common/core/otherwise.h"
#include "common/rules/pack_private.h"

/* --- words ---------------------------------------------------------------------------------------- */

int pack_keep_text(struct pack_reading *r, const struct conf_node *map, const char *key, enum conf_need need,
                   size_t max, const char **ret)
{
    const char *text = "";
    int rc = conf_string(map, key, need, &text, r->err);

    if (rc == 0 && strlen(text) > max) {
        rc = conf_fail(conf_find(map, key), r->err, ERR_CONFIG,
                       conf_say(conf_find(map, key), "\"%s\" has more than %zu bytes; shorten it",
                                "\"%s\" 超过 %zu 字节，请缩短"),
                       key, max);
    }
    if (rc == 0) {
        *ret = arena_strdup(r->arena, text);
        rc = *ret != NULL ? 0 : err_set(r->err, ERR_NO_MEMORY, "out of memory for rules");
    }
    return rc;
}

/* --- conditions ----------------------------------------------------------------------------------- */

/* A fact that another trigger brings is never known here. */
/* What a condition asks for and the trigger does not bring: its word, or NULL. */
static const char *fact_astray(const struct condition *condition, enum rule_trigger trigger)
{
    for (int i = 0; i < RULE_FACT_COUNT; i++) {
        const struct rule_fact_words *words = rule_fact_words((enum rule_fact)i);
        if ((condition_facts(condition) >> i & 1) != 0 && (words->triggers & (1U << trigger)) == 0) {
            return words->word;
        }
    }
    return NULL;
}

static int check_facts(struct pack_reading *r, const struct conf_node *node,
                       const struct condition *condition, enum rule_trigger trigger)
{
    const char *astray = fact_astray(condition, trigger);

    return astray == NULL
               ? 0
               : conf_fail(node, r->err, ERR_CONFIG,
                           conf_say(node,
                                    "\"%s\" is not known when \"%s\" happens; docs/rules.md says what is",
                                    "\"%s\" 在触发 \"%s\" 时无从得知；可用者见 docs/rules.md"),
                           astray, rule_trigger_word(trigger));
}

static int read_condition(struct pack_reading *r, const struct conf_node *map, const char *key,
                          enum rule_trigger trigger, struct condition **ret)
{
    const struct conf_node *node = conf_find(map, key);
    const char *text;
    struct err why;
    size_t at;

    if (node == NULL) {
        return 0;
    }
    int rc = conf_string(map, key, CONF_REQUIRED, &text, r->err);
    if (rc != 0) {
        return rc;
    }
    rc = condition_new(r->conditions, text, strlen(text), ret, &at, &why);
    if (rc == ERR_NO_MEMORY) {
        return err_set(r->err, rc, "%s", why.text);
    }
    return rc != 0 ? conf_fail_within(node, at, r->err, ERR_CONFIG, why.text)
                   : check_facts(r, node, *ret, trigger);
}

/* --- actions -------------------------------------------------------------------------------------- */

static bool is_region(const char *value)
{
    return division_is_known(value);
}

static bool is_among(const char *value, const char *const words[])
{
    size_t i = 0;

    while (words[i] != NULL && strcmp(words[i], value) != 0) {
        i++;
    }
    return words[i] != NULL;
}

const char *pack_action_wants(const struct pack *pack, const struct rule_action *action)
{
    static const char *const places[] = {"parent", "neighbours", "superior", "touched", NULL};

    switch (action->kind) {
    case ACTION_GRADE:
    case ACTION_RAISE:
    case ACTION_LOWER:
        return action->grade != GRADE_NONE ? NULL : "I, II, III or IV";
    case ACTION_REFER:
        return is_among(action->value, places) || is_region(action->value)
                   ? NULL
                   : "parent, neighbours, superior, touched or a region's code";
    case ACTION_REISSUE:
        return strcmp(action->value, "next-able") == 0 ? NULL : "next-able";
    case ACTION_ASK:
        return fact_parse(action->value) != FACT_COUNT
                   ? NULL
                   : "a fact of a report, such as casualties, loss or substance (docs/rules.md)";
    case ACTION_START:
    case ACTION_STOP:
        return pack_clock(pack, action->value) != NULL ? NULL : "a clock of this pack";
    case ACTION_REMIND:
        return NULL; /* a duration, which its reader checks */
    case ACTION_NOTIFY:
    case RULE_ACTION_COUNT:
        break;
    }
    return action->value[0] != '\0' ? NULL : "a role";
}

/* What pack_action_wants() says, in the language of the file. */
static const char *wanted_words(const struct conf_node *node, enum rule_action_kind kind, const char *wanted)
{
    switch (kind) {
    case ACTION_GRADE:
    case ACTION_RAISE:
    case ACTION_LOWER:
        return conf_say(node, wanted, " I、II、III 或 IV");
    case ACTION_REFER:
        return conf_say(node, wanted, " parent、neighbours、superior、touched 或行政区代码");
    case ACTION_REISSUE:
        return conf_say(node, wanted, " next-able");
    case ACTION_ASK:
        return conf_say(node, wanted, "报告事项，如 casualties、loss、substance（见 docs/rules.md）");
    case ACTION_START:
    case ACTION_STOP:
        return conf_say(node, wanted, "本规则包的时限");
    case ACTION_REMIND: /* its reader says so */
    case ACTION_NOTIFY:
    case RULE_ACTION_COUNT:
        break;
    }
    return conf_say(node, wanted, "角色");
}

static int check_value(struct pack_reading *r, const struct conf_node *node, const struct pack *pack,
                       const struct rule_action *action)
{
    const char *wanted = pack_action_wants(pack, action), *near = NULL;
    const char *names[PACK_CLOCKS_MAX + 1] = {NULL};

    if (wanted == NULL) {
        return 0;
    }
    if (action->kind == ACTION_START || action->kind == ACTION_STOP) {
        for (size_t i = 0; i < pack->clocks_n; i++) {
            names[i] = pack->clocks[i].name;
        }
        near = text_nearest(action->value, names);
    }
    return conf_fail(
        node, r->err, ERR_CONFIG,
        conf_say(node, "\"%s\" wants %s, not \"%s\"%s%s%s", "\"%s\" 的值应为%s，而不是 \"%s\"%s%s%s"),
        rule_action_word(action->kind), wanted_words(node, action->kind, wanted), action->value,
        near != NULL ? conf_say(node, "; did you mean \"", "；是否指 \"") : "", near != NULL ? near : "",
        near != NULL ? conf_say(node, "\"?", "\"？") : "");
}

static int read_action(struct pack_reading *r, const struct conf_node *map, const struct pack *pack,
                       enum rule_trigger trigger, struct rule_action *ret)
{
    const char *const *words = rule_action_list();
    const struct conf_node *node = NULL;

    if (!conf_is_map(map)) {
        return conf_fail(
            map, r->err, ERR_CONFIG,
            conf_say(map, "an action is a mapping such as \"grade: II\"", "动作应为映射，如 \"grade: II\""));
    }
    for (int i = 0; i < RULE_ACTION_COUNT; i++) {
        const struct conf_node *found = conf_find(map, words[i]);
        if (found != NULL && node != NULL) {
            return conf_fail(found, r->err, ERR_CONFIG,
                             conf_say(found, "two actions in one; begin the second with \"- \"",
                                      "一项中有两个动作，第二个请以 \"- \" 另起"));
        }
        if (found != NULL) {
            node = found;
            ret->kind = (enum rule_action_kind)i;
        }
    }
    if (node == NULL) {
        const char *key = conf_count(map) > 0 ? conf_key_at(map, 0) : "";
        const char *near = text_nearest(key, words);
        return conf_fail(map, r->err, ERR_CONFIG,
                         conf_say(map, "no action is called \"%s\"%s%s%s", "没有名为 \"%s\" 的动作%s%s%s"),
                         key,
                         near != NULL ? conf_say(map, "; did you mean \"", "；是否指 \"")
                                      : conf_say(map, "; docs/rules.md names them", "，见 docs/rules.md"),
                         near != NULL ? near : "", near != NULL ? conf_say(map, "\"?", "\"？") : "");
    }
    int rc = pack_keep_text(r, map, rule_action_word(ret->kind), CONF_REQUIRED, PACK_VALUE_MAX, &ret->value);
    if (rc == 0) {
        ret->grade = grade_parse(ret->value);
        rc = check_value(r, node, pack, ret);
    }
    if (rc == 0 && (rule_action_triggers(ret->kind) & (1U << trigger)) == 0) {
        rc = conf_fail(
            node, r->err, ERR_CONFIG,
            conf_say(node, "\"%s\" cannot be done when \"%s\" happens", "不能做 \"%s\"：触发为 \"%s\""),
            rule_action_word(ret->kind), rule_trigger_word(trigger));
    }
    ret->ability = "";
    if (rc == 0 && ret->kind == ACTION_REMIND) {
        rc = conf_duration(map, rule_action_word(ret->kind), CONF_REQUIRED, PACK_FOR_MIN_MS, PACK_FOR_MAX_MS,
                           &ret->within_ms, r->err);
    }
    if (rc == 0 && ret->kind == ACTION_REISSUE) {
        rc = pack_keep_text(r, map, "ability", CONF_OPTIONAL, PACK_VALUE_MAX, &ret->ability);
    }
    if (rc == 0 && ret->kind == ACTION_RAISE) {
        rc = conf_duration(map, "lasts", CONF_OPTIONAL, PACK_WITHIN_MIN_MS, PACK_FOR_MAX_MS, &ret->within_ms,
                           r->err);
    }
    if (rc == 0 && ret->kind == ACTION_ASK) {
        rc = conf_duration(map, "within", CONF_REQUIRED, PACK_WITHIN_MIN_MS, PACK_FOR_MAX_MS, &ret->within_ms,
                           r->err);
    }
    return rc;
}

static int read_actions(struct pack_reading *r, const struct conf_node *map, const struct pack *pack,
                        struct rule *rule)
{
    const struct conf_node *list;
    int rc = conf_list(map, "do", CONF_REQUIRED, &list, r->err);

    if (rc != 0) {
        return rc;
    }
    size_t n = conf_count(list);
    if (n == 0 || n > RULE_ACTIONS_MAX) {
        return conf_fail(list, r->err, ERR_CONFIG,
                         conf_say(list, "a rule does 1 to %d things", "一条规则有 1 至 %d 个动作"),
                         RULE_ACTIONS_MAX);
    }
    for (size_t i = 0; i < n && rc == 0; i++) {
        rc = read_action(r, conf_value_at(list, i), pack, rule->trigger, &rule->actions[i]);
        rule->actions_n = i + 1;
    }
    return rc;
}

/* --- rules ---------------------------------------------------------------------------------------- */

/* Of a warning rules are asked once, when it comes into force. */
static int check_once(struct pack_reading *r, const struct conf_node *map, const struct rule *rule)
{
    const char *key = rule->for_ms != 0 ? "for" : "until";
    const struct conf_node *at = conf_find(map, key);

    if (rule->trigger != TRIGGER_ALERT || at == NULL) {
        return 0;
    }
    return conf_fail(at, r->err, ERR_CONFIG,
                     conf_say(at, "\"%s\" has no sense with \"%s\", which happens once; leave it out",
                              "\"%s\" 不适用于 \"%s\"：只触发一次，请删去"),
                     key, rule_trigger_word(rule->trigger));
}

static int read_rule(struct pack_reading *r, const struct conf_node *map, const struct pack *pack,
                     struct rule *rule)
{
    int trigger = 0;
    int rc = pack_keep_text(r, map, "rule", CONF_REQUIRED, PACK_NAME_MAX, &rule->name);

    rc = rc ? rc : conf_choice(map, "when", CONF_REQUIRED, rule_trigger_list(), &trigger, r->err);
    rule->trigger = (enum rule_trigger)trigger;
    rc = rc ? rc : pack_keep_text(r, map, "if", CONF_OPTIONAL, CONDITION_TEXT_MAX, &rule->text);
    rc = rc ? rc : read_condition(r, map, "if", rule->trigger, &rule->condition);
    rc = rc ? rc : pack_keep_text(r, map, "article", CONF_OPTIONAL, ARTICLE_MAX, &rule->article);
    rc = rc ? rc : pack_keep_text(r, map, "until", CONF_OPTIONAL, CONDITION_TEXT_MAX, &rule->until_text);
    rc = rc ? rc : read_condition(r, map, "until", rule->trigger, &rule->until);
    rc = rc ? rc
            : conf_duration(map, "for", CONF_OPTIONAL, PACK_FOR_MIN_MS, PACK_FOR_MAX_MS, &rule->for_ms,
                            r->err);
    rc = rc ? rc : check_once(r, map, rule);
    if (rc == 0) {
        const struct conf_node *at = conf_find(map, "if");
        rule->line = conf_line(at != NULL ? at : map);
        rule->column = conf_column(at != NULL ? at : map);
        rc = read_actions(r, map, pack, rule);
    }
    return rc;
}

static int check_name(struct pack_reading *r, const struct conf_node *map, const struct pack *pack, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (strcmp(pack->rules[j].name, pack->rules[i].name) == 0) {
            return conf_fail(map, r->err, ERR_CONFIG,
                             conf_say(map, "two rules are called \"%s\"; the other is at line %u",
                                      "有两条规则名为 \"%s\"，另一条在第 %u 行"),
                             pack->rules[i].name, pack->rules[j].line);
        }
    }
    return 0;
}

static int read_rules(struct pack_reading *r, const struct conf_node *root, struct pack *pack)
{
    const struct conf_node *list;
    int rc = conf_list(root, "rules", CONF_REQUIRED, &list, r->err);

    if (rc != 0) {
        return rc;
    }
    size_t n = conf_count(list);
    if (n == 0 || n > PACK_RULES_MAX) {
        return conf_fail(list, r->err, ERR_CONFIG,
                         conf_say(list, "a pack has 1 to %d rules", "一个规则包有 1 至 %d 条规则"),
                         PACK_RULES_MAX);
    }
    pack->rules = arena_array(r->arena, struct rule, n);
    if (pack->rules == NULL) {
        return err_set(r->err, ERR_NO_MEMORY, "out of memory for rules");
    }
    pack->rules_n = n;
    for (size_t i = 0; i < n && rc == 0; i++) {
        rc = read_rule(r, conf_value_at(list, i), pack, &pack->rules[i]);
        rc = rc ? rc : check_name(r, conf_value_at(list, i), pack, i);
    }
    return rc;
}

static int read_pack(struct pack_reading *r, const struct conf *conf, struct pack *pack)
{
    static const char *const matches[] = {"first", "all", NULL};
    const struct conf_node *root = conf_root(conf);
    int match = MATCH_ALL;
    int rc = pack_keep_text(r, root, "pack", CONF_REQUIRED, PACK_NAME_MAX, &pack->name);

    rc = rc ? rc : pack_keep_text(r, root, "version", CONF_REQUIRED, PACK_NAME_MAX, &pack->version);
    rc = rc ? rc : pack_keep_text(r, root, "title", CONF_OPTIONAL, PACK_NAME_MAX, &pack->title);
    rc = rc ? rc : conf_choice(root, "match", CONF_REQUIRED, matches, &match, r->err);
    pack->match = (enum pack_match)match;
    rc = rc ? rc : pack_read_kinds(r, root, pack);
    rc = rc ? rc : pack_read_clocks(r, root, pack);
    rc = rc ? rc : read_rules(r, root, pack);
    return rc ? rc : conf_check_unknown(conf, r->err);
}

struct pack *pack_new(void)
{
    struct pack *pack = calloc(1, sizeof *pack + sizeof *pack->memory);

    if (pack != NULL) {
        pack->memory = (struct pack_memory *)(pack + 1);
        arena_init(&pack->memory->arena, PACK_MEMORY_MAX);
    }
    return pack;
}

static int read_conf(const struct conf *conf, struct conditions *conditions, struct pack **ret,
                     struct err *err)
{
    struct pack *pack = pack_new();

    if (pack == NULL) {
        return err_set(err, ERR_NO_MEMORY, "out of memory for rules");
    }
    struct pack_reading reading = {.conditions = conditions, .arena = &pack->memory->arena, .err = err};
    int rc = read_pack(&reading, conf, pack);
    if (rc != 0) {
        pack_free(pack);
        return rc;
    }
    *ret = pack;
    return 0;
}

int pack_read(const char *file, const char *text, size_t n, struct conditions *conditions, struct pack **ret,
              struct err *err)
{
    struct conf *conf = NULL;

    if (n > PACK_BYTES_MAX) {
        return err_set(err, ERR_CONFIG,
                       conditions_say(conditions, "%s: a pack has %d KiB at most; split it",
                                      "%s：规则包最大 %d KiB，请拆分"),
                       file, PACK_BYTES_MAX / 1024);
    }
    if (pack_is_table(text, n)) {
        return pack_table_read(file, text, n, conditions, ret, err);
    }
    int rc = conf_parse_in(file, text, n, conditions_are_zh(conditions), &conf, err);
    rc = rc ? rc : read_conf(conf, conditions, ret, err);
    conf_free(conf);
    return rc;
}

/* The name says what its errors are to be about. */
static bool is_named_table(const char *path)
{
    size_t n = strlen(path);

    return n >= 4 && strcasecmp(path + n - 4, ".csv") == 0;
}

static int load_table(const char *path, char **text, size_t n, struct conditions *conditions,
                      struct pack **ret, struct err *err)
{
    int rc = pack_table_utf8(path, text, &n, err);

    if (rc == 0 && n > PACK_BYTES_MAX) {
        rc = err_set(err, ERR_CONFIG,
                     conditions_say(conditions, "%s: a pack has %d KiB at most; split it",
                                    "%s：规则包最大 %d KiB，请拆分"),
                     path, PACK_BYTES_MAX / 1024);
    }
    return rc ? rc : pack_table_read(path, *text, n, conditions, ret, err);
}

int pack_load(const char *path, struct conditions *conditions, struct pack **ret, char **ret_text,
              struct err *err)
{
    char *text = NULL;
    size_t n = 0;
    int rc = conf_text(path, &text, &n, err);

    if (conditions_are_zh(conditions) && (rc == ERR_NO_INPUT || rc == ERR_PERMISSION)) {
        return err_set(err, rc, rc == ERR_NO_INPUT ? "%s：没有这个文件" : "%s：无权读取", path);
    }
    if (rc == 0) {
        rc = is_named_table(path) ? load_table(path, &text, n, conditions, ret, err)
                                  : pack_read(path, text, n, conditions, ret, err);
    }
    if (rc != 0 || ret_text == NULL) {
        free(text);
        return rc;
    }
    *ret_text = text;
    return 0;
}

void pack_free(struct pack *pack)
{
    if (pack == NULL) {
        return;
    }
    for (size_t i = 0; i < pack->rules_n; i++) {
        condition_free(pack->rules[i].condition);
        condition_free(pack->rules[i].until);
    }
    arena_free(&pack->memory->arena);
    free(pack);
}

enum rule_answer rule_ask(const struct rule *rule, const char **ret_why)
{
    if (rule->condition == NULL) {
        if (ret_why != NULL) {
            *ret_why = NULL;
        }
        return ANSWER_YES;
    }
    return condition_ask(rule->condition, ret_why);
}

bool rule_sets_grade(const struct rule *rule)
{
    bool found = false;

    for (size_t i = 0; i < rule->actions_n; i++) {
        found = found || rule->actions[i].kind == ACTION_GRADE;
    }
    return found;
}

enum rule_answer pack_ask_rule(struct pack_asking *asking, const struct rule *rule, bool *ret_asked)
{
    bool grades = rule_sets_grade(rule), is_asked = !asking->over && !(asking->graded && grades);
    enum rule_answer answer = is_asked ? rule_ask(rule, NULL) : ANSWER_NO;

    asking->over = asking->over || (asking->match == MATCH_FIRST && answer == ANSWER_YES);
    asking->graded = asking->graded || (grades && answer == ANSWER_YES);
    if (ret_asked != NULL) {
        *ret_asked = is_asked;
    }
    return answer;
}

void pack_ask(const struct pack *pack, enum rule_trigger trigger, enum rule_answer *answers)
{
    struct pack_asking asking = {.match = pack->match};

    for (size_t i = 0; i < pack->rules_n; i++) {
        const struct rule *rule = &pack->rules[i];
        answers[i] = rule->trigger == trigger ? pack_ask_rule(&asking, rule, NULL) : ANSWER_NO;
    }
}
