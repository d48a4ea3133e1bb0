#include "common/rules/pack_check.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/core/kind.h"
#include "common/core/warning.h"
#include "common/core/words.h"
#include "common/rules/constant.h"
#include "common/rules/expression.h"
#include "common/rules/pack_words.h"

enum {
    SMALL_MAX = 40, /* whole numbers from 0 that are tried whatever the text says */
    NUMBERS_MAX = 7 * CONSTANTS_MAX + SMALL_MAX + 4,
    WORDS_MAX = 5, /* of a warning's colour, and none */
    TIERS = 5,
    TEXTS_MAX = CONSTANTS_MAX + TIERS + WORDS_MAX + FACT_COUNT + 3,
    TRIES_MAX = 200000
};

struct candidates {
    struct rule_value numbers[NUMBERS_MAX];
    size_t numbers_n;
    struct rule_value texts[TEXTS_MAX];
    size_t texts_n;
};

/* --- candidates ----------------------------------------------------------------------------------- */

static void add_number(struct candidates *ret, double number)
{
    if (number > -1e15 && number < 1e17 && ret->numbers_n < NUMBERS_MAX) {
        ret->numbers[ret->numbers_n++] =
            (struct rule_value){.known = true, .whole = (int64_t)number, .real = number};
    }
}

static void add_text(struct candidates *ret, const char *text)
{
    ret->texts[ret->texts_n++] = (struct rule_value){.known = text != NULL, .text = text};
}

/* What is likely to hold comes first. */
static void make_candidates(const struct constants *constants, struct candidates *ret)
{
    *ret = (struct candidates){0};
    for (size_t i = 0; i < constants->numbers_n; i++) {
        double number = constants->numbers[i];
        add_number(ret, number);
        add_number(ret, number + 1);
        add_number(ret, number - 1);
        add_number(ret, -number);
        add_number(ret, -number - 1);
        add_number(ret, -number + 1);
        add_number(ret, i > 0 ? (number + constants->numbers[i - 1]) / 2 : number / 2);
    }
    add_number(ret, 1e16);
    for (int i = 0; i <= SMALL_MAX; i++) {
        add_number(ret, i);
    }
    ret->numbers[ret->numbers_n++] = (struct rule_value){.known = false};
    for (size_t i = 0; i < constants->texts_n; i++) {
        add_text(ret, constants->texts[i]);
    }
    for (size_t i = 0; i < TIERS; i++) {
        add_text(ret, table_tiers[i]);
    }
    add_text(ret, "something else");
    add_text(ret, "");
    add_text(ret, NULL);
}

/* --- trying --------------------------------------------------------------------------------------- */

struct attempt {
    struct conditions *conditions;
    const struct rule *rule;
    const struct candidates *candidates;
    enum rule_fact used[RULE_FACT_COUNT];
    size_t used_n;
    struct rule_facts facts;
    size_t tries;
    bool failed;
};

/* Of a warning's colours, severities and the like there are four, and within an incident none. */
static bool is_word(const struct rule *rule, const char *const *words, const char *text)
{
    size_t i = 0;

    while (words[i] != NULL && strcmp(words[i], text) != 0) {
        i++;
    }
    return words[i] != NULL || (strcmp(text, "none") == 0 && rule->trigger != TRIGGER_ALERT);
}

static bool is_tier(const char *text)
{
    size_t i = 0;

    while (i < TIERS && strcmp(table_tiers[i], text) != 0) {
        i++;
    }
    return i < TIERS;
}

/* The words of the first such fact that the rule asks for, `!= 'red'` holds for another one; and what may be
 * asked for. */
static void add_words(struct candidates *ret, const struct attempt *attempt)
{
    for (int i = 0; i < FACT_COUNT && (condition_facts(attempt->rule->condition) >> RULE_REQUEST & 1) != 0;
         i++) {
        add_text(ret, fact_name((enum fact)i));
    }
    for (size_t i = 0; i < attempt->used_n; i++) {
        const char *const *words = warning_fact_words(attempt->used[i]);
        for (size_t j = 0; words != NULL && words[j] != NULL; j++) {
            add_text(ret, words[j]);
        }
        if (words != NULL) {
            add_text(ret, "none");
            return;
        }
    }
}

/* Persons, money and minutes are not negative; of grades and levels there are four. */
static bool is_possible(const struct rule *rule, enum rule_fact fact, const struct rule_value *value)
{
    const char *const *words = warning_fact_words(fact);

    if (!value->known) {
        return true;
    }
    if (rule_fact_is_grade(fact)) {
        return value->whole >= GRADE_I && value->whole <= GRADE_IV;
    }
    if (fact == RULE_TIER) {
        return is_tier(value->text);
    }
    if (fact == RULE_REQUEST) {
        return fact_parse(value->text) != FACT_COUNT;
    }
    if (words != NULL) {
        return is_word(rule, words, value->text);
    }
    if (fact == RULE_HERE) { /* a warning that is for elsewhere is asked about by no rule */
        return value->whole == 1 || (value->whole == 0 && rule->trigger != TRIGGER_ALERT);
    }
    return rule_fact_words(fact)->type != RULE_WHOLE || value->whole >= (fact == RULE_REGIONS);
}

/* All values of the fact `at` and of those after it: true when it holds. */
static bool holds_for(struct attempt *attempt, size_t at)
{
    const char *why;

    if (at == attempt->used_n) {
        if (++attempt->tries > TRIES_MAX || conditions_set(attempt->conditions, &attempt->facts) != 0) {
            attempt->failed = true;
            return false;
        }
        enum rule_answer answer = rule_ask(attempt->rule, &why);
        attempt->failed = attempt->failed || why != NULL;
        return answer == ANSWER_YES;
    }
    enum rule_type type = rule_fact_words(attempt->used[at])->type;
    bool is_text = type == RULE_TEXT;
    const struct rule_value *values = is_text ? attempt->candidates->texts : attempt->candidates->numbers;
    size_t n = is_text ? attempt->candidates->texts_n : attempt->candidates->numbers_n;
    for (size_t i = 0; i < n && attempt->tries <= TRIES_MAX; i++) {
        if (!is_possible(attempt->rule, attempt->used[at], &values[i])) {
            continue;
        }
        attempt->facts.at[attempt->used[at]] = values[i];
        if (holds_for(attempt, at + 1)) {
            return true;
        }
    }
    return false;
}

enum pack_holds rule_try(struct conditions *conditions, const struct rule *rule)
{
    struct constants constants;
    struct candidates candidates;
    struct attempt attempt = {.conditions = conditions, .rule = rule, .candidates = &candidates};
    const char *fact;
    size_t n;

    if (rule->condition == NULL) {
        return HOLDS_SOMETIMES;
    }
    if (expression_mixed(rule->text, strlen(rule->text), &fact, &n) != SIZE_MAX) {
        return HOLDS_MIXED;
    }
    constants_init(&constants);
    constants_add(&constants, rule->text);
    make_candidates(&constants, &candidates);
    for (int i = 0; i < RULE_FACT_COUNT; i++) {
        if ((condition_facts(rule->condition) >> i & 1) != 0) {
            attempt.used[attempt.used_n++] = (enum rule_fact)i;
        }
    }
    add_words(&candidates, &attempt);
    if (holds_for(&attempt, 0)) {
        return HOLDS_SOMETIMES;
    }
    return attempt.failed || !constants.all || !constants.plain ? HOLDS_UNKNOWN : HOLDS_NEVER;
}

static int fail_rule(struct conditions *conditions, const struct rule *rule, const char *path,
                     const char *what, struct err *err)
{
    char column[16] = "";

    if (rule->column > 0) {
        (void)snprintf(column, sizeof column, ":%u", rule->column);
    }
    return err_set(err, ERR_DATA,
                   conditions_say(conditions, "%s:%u%s: rule \"%s\": %s", "%s:%u%s: 规则“%s”：%s"), path,
                   rule->line, column, rule->name, what);
}

static int fail_mixed(struct conditions *conditions, const struct rule *rule, const char *path,
                      struct err *err)
{
    char what[256];
    const char *fact = "";
    size_t n = 0, at = expression_mixed(rule->text, strlen(rule->text), &fact, &n);
    size_t length = rule->text[at] == '\'' ? 1 + strcspn(rule->text + at + 1, "'") + 1
                                           : strspn(rule->text + at, "0123456789.");

    bool is_text = rule->text[at] == '\'';
    (void)snprintf(what, sizeof what,
                   is_text ? conditions_say(conditions, "%.*s is a number and %.*s a text; write a number",
                                            "%.*s 是数值，%.*s 是文本，请写数值")
                           : conditions_say(conditions, "%.*s is a text and %.*s a number; put it in quotes",
                                            "%.*s 是文本，%.*s 是数值，请加单引号"),
                   (int)n, fact, (int)(length > 64 ? 64 : length), rule->text + at);
    return fail_rule(conditions, rule, path, what, err);
}

/* Parentheses that SQLite takes, because they fit those that we put around them, though not as was meant. */
static int check_form(struct conditions *conditions, const struct rule *rule, const char *text,
                      const char *path, struct err *err)
{
    size_t at;
    enum expression_fault fault = expression_form(text, strlen(text), &at);
    char what[256], shown[64];

    if (fault == EXPRESSION_WELL) {
        return 0;
    }
    (void)text_escape_into(shown, sizeof shown, text + at, strlen(text + at));
    (void)snprintf(what, sizeof what, conditions_say(conditions, "%s: %s", "%s：%s"),
                   conditions_say_fault(conditions, fault), shown);
    return fail_rule(conditions, rule, path, what, err);
}

static bool is_compared(const char *text, const char *fact, const char *word)
{
    size_t n = 0, length = strlen(text), at = expression_compared(text, length, fact, 0, &n);

    while (at != SIZE_MAX && (strlen(word) != n || strncmp(text + at, word, n) != 0)) {
        at = expression_compared(text, length, fact, at, &n);
    }
    return at != SIZE_MAX;
}

/* A text that is compared with a Chinese name alone, where the fact holds a word: nothing would come of it.
 * Of a kind that a table names so both stand here. */
static int check_names(struct conditions *conditions, const struct rule *rule, const char *text,
                       enum rule_fact fact, const char *path, struct err *err)
{
    const char *fact_word = rule_fact_words(fact)->word;
    char name[NAME_MAX_BYTES + 1], what[4 * NAME_MAX_BYTES];
    size_t n = 0, length = strlen(text);

    for (size_t at = expression_compared(text, length, fact_word, 0, &n); at != SIZE_MAX;
         at = expression_compared(text, length, fact_word, at, &n)) {
        (void)snprintf(name, sizeof name, "%.*s", n < sizeof name ? (int)n : 0, text + at);
        const struct incident_kind *kind = fact == RULE_KIND ? incident_kind_find_zh(name) : NULL;
        const char *word = kind != NULL ? kind->word : table_value_word(fact, name);
        if (word != NULL && strcmp(word, name) != 0 && !is_compared(text, fact_word, word)) {
            (void)snprintf(what, sizeof what,
                           conditions_say(conditions, "%s holds '%s' and not '%s'; write '%s'",
                                          "%s 记录的是 '%s' 而不是 '%s'，请写 '%s'"),
                           fact_word, word, name, word);
            return fail_rule(conditions, rule, path, what, err);
        }
    }
    return 0;
}

/* What the text says, as far as no facts are needed to see it. */
static int check_text(struct conditions *conditions, const struct rule *rule, const char *text,
                      const char *path, struct err *err)
{
    int rc = check_form(conditions, rule, text, path, err);

    for (int fact = 0; fact < RULE_FACT_COUNT && rc == 0; fact++) {
        rc = rule_fact_words((enum rule_fact)fact)->type == RULE_TEXT
                 ? check_names(conditions, rule, text, (enum rule_fact)fact, path, err)
                 : 0;
    }
    return rc;
}

int pack_try(struct conditions *conditions, const struct pack *pack, const char *path, struct err *err)
{
    for (size_t i = 0; i < pack->rules_n; i++) {
        enum pack_holds holds = rule_try(conditions, &pack->rules[i]);
        int rc = check_text(conditions, &pack->rules[i], pack->rules[i].text, path, err);
        rc = rc ? rc : check_text(conditions, &pack->rules[i], pack->rules[i].until_text, path, err);
        if (rc != 0) {
            return rc;
        }
        if (holds == HOLDS_MIXED) {
            return fail_mixed(conditions, &pack->rules[i], path, err);
        }
        if (holds == HOLDS_NEVER) {
            return fail_rule(conditions, &pack->rules[i], path,
                             conditions_say(conditions, "its condition can never hold", "条件永不成立"), err);
        }
    }
    return 0;
}
