#include "common/rules/pack.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/base/text.h"
#include "common/conf/conf.h"

enum {
    MEMORY_MAX = 4 * PACK_BYTES_MAX,
    NAME_BYTES_MAX = 128,
    VALUE_BYTES_MAX = 128,
    FOR_MIN_MS = 1000,
    WITHIN_MIN_MS = 60 * 1000
};

static const int64_t FOR_MAX_MS = INT64_C(30) * 24 * 60 * 60 * 1000;

struct pack_memory {
    struct arena arena;
};

struct reading {
    struct conditions *conditions;
    struct arena *arena;
    struct err *err;
};

/* --- words ---------------------------------------------------------------------------------------- */

static int keep_text(struct reading *r, const struct conf_node *map, const char *key, enum conf_need need,
                     size_t max, const char **ret)
{
    const char *text = "";
    int rc = conf_string(map, key, need, &text, r->err);

    if (rc == 0 && strlen(text) > max) {
        rc = conf_fail(conf_find(map, key), r->err, ERR_CONFIG, "\"%s\" has more than %zu bytes; shorten it",
                       key, max);
    }
    if (rc == 0) {
        *ret = arena_strdup(r->arena, text);
        rc = *ret != NULL ? 0 : ERR_NO_MEMORY;
    }
    return rc;
}

/* --- conditions ----------------------------------------------------------------------------------- */

/* A fact that another trigger brings is never known here. */
static int check_facts(struct reading *r, const struct conf_node *node, const struct condition *condition,
                       enum rule_trigger trigger)
{
    for (int i = 0; i < RULE_FACT_COUNT; i++) {
        const struct rule_fact_words *words = rule_fact_words((enum rule_fact)i);
        if ((condition_facts(condition) >> i & 1) != 0 && (words->triggers & (1U << trigger)) == 0) {
            return conf_fail(node, r->err, ERR_CONFIG,
                             "\"%s\" is not known when \"%s\" happens; docs/rules.md says what is",
                             words->word, rule_trigger_word(trigger));
        }
    }
    return 0;
}

static int read_condition(struct reading *r, const struct conf_node *map, const char *key,
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
    size_t n = strlen(value);

    return n >= 2 && n <= 12 && strspn(value, "0123456789") == n;
}

static bool is_among(const char *value, const char *const words[])
{
    size_t i = 0;

    while (words[i] != NULL && strcmp(words[i], value) != 0) {
        i++;
    }
    return words[i] != NULL;
}

static int check_value(struct reading *r, const struct conf_node *node, const struct rule_action *action)
{
    static const char *const places[] = {"parent", "neighbours", "superior", NULL};
    const char *word = rule_action_word(action->kind), *wanted = NULL;

    switch (action->kind) {
    case ACTION_GRADE:
    case ACTION_RAISE:
    case ACTION_LOWER:
        wanted = action->grade != GRADE_NONE ? NULL : "I, II, III or IV";
        break;
    case ACTION_REFER:
        wanted = is_among(action->value, places) || is_region(action->value)
                     ? NULL
                     : "parent, neighbours, superior or a region's code";
        break;
    case ACTION_REISSUE:
        wanted = strcmp(action->value, "next-able") == 0 ? NULL : "next-able";
        break;
    case ACTION_ASK:
        wanted = is_among(action->value, rule_fact_list()) ? NULL : "a fact of docs/rules.md";
        break;
    case ACTION_START:
    case ACTION_STOP:
        wanted = action->value[0] != '\0' ? NULL : "a clock of this pack";
        break;
    case ACTION_NOTIFY:
    case RULE_ACTION_COUNT:
        wanted = action->value[0] != '\0' ? NULL : "a role";
        break;
    }
    return wanted == NULL ? 0
                          : conf_fail(node, r->err, ERR_CONFIG, "\"%s\" wants %s, not \"%s\"", word, wanted,
                                      action->value);
}

static int read_action(struct reading *r, const struct conf_node *map, enum rule_trigger trigger,
                       struct rule_action *ret)
{
    const char *const *words = rule_action_list();
    const struct conf_node *node = NULL;

    if (!conf_is_map(map)) {
        return conf_fail(map, r->err, ERR_CONFIG, "an action is a mapping such as \"grade: II\"");
    }
    for (int i = 0; i < RULE_ACTION_COUNT; i++) {
        const struct conf_node *found = conf_find(map, words[i]);
        if (found != NULL && node != NULL) {
            return conf_fail(found, r->err, ERR_CONFIG, "two actions in one; begin the second with \"- \"");
        }
        if (found != NULL) {
            node = found;
            ret->kind = (enum rule_action_kind)i;
        }
    }
    if (node == NULL) {
        const char *key = conf_count(map) > 0 ? conf_key_at(map, 0) : "";
        const char *near = text_nearest(key, words);
        return conf_fail(map, r->err, ERR_CONFIG, "no action is called \"%s\"%s%s%s", key,
                         near != NULL ? "; did you mean \"" : "; docs/rules.md names them",
                         near != NULL ? near : "", near != NULL ? "\"?" : "");
    }
    int rc = keep_text(r, map, rule_action_word(ret->kind), CONF_REQUIRED, VALUE_BYTES_MAX, &ret->value);
    if (rc == 0) {
        ret->grade = grade_parse(ret->value);
        rc = check_value(r, node, ret);
    }
    if (rc == 0 && (rule_action_triggers(ret->kind) & (1U << trigger)) == 0) {
        rc = conf_fail(node, r->err, ERR_CONFIG, "\"%s\" cannot be done when \"%s\" happens",
                       rule_action_word(ret->kind), rule_trigger_word(trigger));
    }
    if (rc == 0 && ret->kind == ACTION_ASK) {
        rc = conf_duration(map, "within", CONF_REQUIRED, WITHIN_MIN_MS, FOR_MAX_MS, &ret->within_ms, r->err);
    }
    return rc;
}

static int read_actions(struct reading *r, const struct conf_node *map, struct rule *rule)
{
    const struct conf_node *list;
    int rc = conf_list(map, "do", CONF_REQUIRED, &list, r->err);

    if (rc != 0) {
        return rc;
    }
    size_t n = conf_count(list);
    if (n == 0 || n > RULE_ACTIONS_MAX) {
        return conf_fail(list, r->err, ERR_CONFIG, "a rule does 1 to %d things", RULE_ACTIONS_MAX);
    }
    for (size_t i = 0; i < n && rc == 0; i++) {
        rc = read_action(r, conf_value_at(list, i), rule->trigger, &rule->actions[i]);
        rule->actions_n = i + 1;
    }
    return rc;
}

/* --- rules ---------------------------------------------------------------------------------------- */

static int read_rule(struct reading *r, const struct conf_node *map, struct rule *rule)
{
    int trigger = 0;
    int rc = keep_text(r, map, "rule", CONF_REQUIRED, NAME_BYTES_MAX, &rule->name);

    rc = rc ? rc : conf_choice(map, "when", CONF_REQUIRED, rule_trigger_list(), &trigger, r->err);
    rule->trigger = (enum rule_trigger)trigger;
    rc = rc ? rc : keep_text(r, map, "if", CONF_OPTIONAL, CONDITION_TEXT_MAX, &rule->text);
    rc = rc ? rc : read_condition(r, map, "if", rule->trigger, &rule->condition);
    rc = rc ? rc : read_condition(r, map, "until", rule->trigger, &rule->until);
    rc = rc ? rc : conf_duration(map, "for", CONF_OPTIONAL, FOR_MIN_MS, FOR_MAX_MS, &rule->for_ms, r->err);
    if (rc == 0) {
        const struct conf_node *at = conf_find(map, "if");
        rule->line = conf_line(at != NULL ? at : map);
        rc = read_actions(r, map, rule);
    }
    return rc;
}

static int check_name(struct reading *r, const struct conf_node *map, const struct pack *pack, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (strcmp(pack->rules[j].name, pack->rules[i].name) == 0) {
            return conf_fail(map, r->err, ERR_CONFIG, "two rules are called \"%s\"; the other is at line %u",
                             pack->rules[i].name, pack->rules[j].line);
        }
    }
    return 0;
}

static int read_rules(struct reading *r, const struct conf_node *root, struct pack *pack)
{
    const struct conf_node *list;
    int rc = conf_list(root, "rules", CONF_REQUIRED, &list, r->err);

    if (rc != 0) {
        return rc;
    }
    size_t n = conf_count(list);
    if (n == 0 || n > PACK_RULES_MAX) {
        return conf_fail(list, r->err, ERR_CONFIG, "a pack has 1 to %d rules", PACK_RULES_MAX);
    }
    pack->rules = arena_array(r->arena, struct rule, n);
    if (pack->rules == NULL) {
        return err_set(r->err, ERR_NO_MEMORY, "out of memory for rules");
    }
    pack->rules_n = n;
    for (size_t i = 0; i < n && rc == 0; i++) {
        rc = read_rule(r, conf_value_at(list, i), &pack->rules[i]);
        rc = rc ? rc : check_name(r, conf_value_at(list, i), pack, i);
    }
    return rc;
}

static int read_pack(struct reading *r, const struct conf *conf, struct pack *pack)
{
    static const char *const matches[] = {"first", "all", NULL};
    const struct conf_node *root = conf_root(conf);
    int match = MATCH_ALL;
    int rc = keep_text(r, root, "pack", CONF_REQUIRED, NAME_BYTES_MAX, &pack->name);

    rc = rc ? rc : keep_text(r, root, "version", CONF_REQUIRED, NAME_BYTES_MAX, &pack->version);
    rc = rc ? rc : keep_text(r, root, "title", CONF_OPTIONAL, NAME_BYTES_MAX, &pack->title);
    rc = rc ? rc : conf_choice(root, "match", CONF_REQUIRED, matches, &match, r->err);
    pack->match = (enum pack_match)match;
    rc = rc ? rc : read_rules(r, root, pack);
    return rc ? rc : conf_check_unknown(conf, r->err);
}

static int read_conf(const struct conf *conf, struct conditions *conditions, struct pack **ret,
                     struct err *err)
{
    struct pack *pack = calloc(1, sizeof *pack + sizeof *pack->memory);

    if (pack == NULL) {
        return err_set(err, ERR_NO_MEMORY, "out of memory for rules");
    }
    pack->memory = (struct pack_memory *)(pack + 1);
    arena_init(&pack->memory->arena, MEMORY_MAX);
    struct reading reading = {.conditions = conditions, .arena = &pack->memory->arena, .err = err};
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
        return err_set(err, ERR_CONFIG, "%s: a pack has %d KiB at most; split it", file,
                       PACK_BYTES_MAX / 1024);
    }
    int rc = conf_parse(file, text, n, &conf, err);
    rc = rc ? rc : read_conf(conf, conditions, ret, err);
    conf_free(conf);
    return rc;
}

int pack_load(const char *path, struct conditions *conditions, struct pack **ret, struct err *err)
{
    struct conf *conf = NULL;
    int rc = conf_load(path, &conf, err);

    rc = rc ? rc : read_conf(conf, conditions, ret, err);
    conf_free(conf);
    return rc;
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

void pack_ask(const struct pack *pack, enum rule_trigger trigger, enum rule_answer *answers)
{
    bool over = false;

    for (size_t i = 0; i < pack->rules_n; i++) {
        bool is_asked = !over && pack->rules[i].trigger == trigger;
        answers[i] = is_asked ? rule_ask(&pack->rules[i], NULL) : ANSWER_NO;
        over = over || (pack->match == MATCH_FIRST && answers[i] == ANSWER_YES);
    }
}
