#include "common/rules/pack_check.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    CONSTANTS_MAX = 16,
    SMALL_MAX = 40, /* whole numbers from 0 that are tried whatever the text says */
    NUMBERS_MAX = 7 * CONSTANTS_MAX + SMALL_MAX + 4,
    TEXTS_MAX = CONSTANTS_MAX + 3,
    LITERAL_BYTES_MAX = 128,
    TRIES_MAX = 200000
};

/* The constants in a condition's text. */
struct constants {
    double numbers[CONSTANTS_MAX];
    size_t numbers_n;
    char texts[CONSTANTS_MAX][LITERAL_BYTES_MAX + 1];
    size_t texts_n;
    bool all; /* none was left out ... */
    bool
        plain; /* ... and facts are compared with them as they stand: neither reckoned with nor taken apart */
};

struct candidates {
    struct rule_value numbers[NUMBERS_MAX];
    size_t numbers_n;
    struct rule_value texts[TEXTS_MAX];
    size_t texts_n;
};

/* --- constants ------------------------------------------------------------------------------------ */

/* From behind the opening quote; returns behind the closing one. */
static const char *take_text(struct constants *ret, const char *p)
{
    char *to = ret->texts[ret->texts_n < CONSTANTS_MAX ? ret->texts_n : 0];
    bool fits = ret->texts_n < CONSTANTS_MAX;
    size_t n = 0;

    for (; *p != '\0' && (*p != '\'' || p[1] == '\''); p++) {
        p += *p == '\'';
        fits = fits && n < LITERAL_BYTES_MAX;
        if (fits) {
            to[n++] = *p;
        }
    }
    if (fits) {
        to[n] = '\0';
        ret->texts_n++;
    }
    ret->all = ret->all && fits;
    return *p != '\0' ? p + 1 : p;
}

static const char *take_number(struct constants *ret, const char *p)
{
    char *end;
    double number = strtod(p, &end);

    if (ret->numbers_n < CONSTANTS_MAX) {
        ret->numbers[ret->numbers_n++] = number;
    } else {
        ret->all = false;
    }
    return end > p ? end : p + 1;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* What may stand before a parenthesis without being called, and what compares texts by a pattern. */
static const char *take_word(struct constants *ret, const char *p)
{
    static const char *const keywords[] = {"and", "or", "not", "in", "is", "when", "then", "else", "case"};
    const char *end = p;

    while (is_word(*end) || is_digit(*end)) {
        end++;
    }
    size_t n = (size_t)(end - p);
    bool is_keyword = false;
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        is_keyword = is_keyword || (strlen(keywords[i]) == n && strncasecmp(keywords[i], p, n) == 0);
    }
    const char *next = end + strspn(end, " \t\n");
    bool is_pattern = n == 4 && (strncasecmp(p, "like", n) == 0 || strncasecmp(p, "glob", n) == 0);
    ret->plain = ret->plain && !is_pattern && (is_keyword || *next != '(');
    return end;
}

static void find_constants(const char *text, struct constants *ret)
{
    *ret = (struct constants){.all = true, .plain = true};
    for (const char *p = text; *p != '\0';) {
        if (*p == '\'') {
            p = take_text(ret, p + 1);
        } else if (is_digit(*p)) {
            p = take_number(ret, p);
        } else if (is_word(*p)) {
            p = take_word(ret, p);
        } else {
            ret->plain = ret->plain && strchr("*/%+|&~", *p) == NULL;
            if (*p == '-') { /* a sign, before a number; each is tried with both */
                ret->plain = ret->plain && is_digit(p[1]);
            }
            p++;
        }
    }
}

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
        if (type == RULE_WHOLE && values[i].known && values[i].whole < 0) {
            continue; /* persons, money and minutes */
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

    if (rule->condition == NULL) {
        return HOLDS_SOMETIMES;
    }
    find_constants(rule->text, &constants);
    make_candidates(&constants, &candidates);
    for (int i = 0; i < RULE_FACT_COUNT; i++) {
        if ((condition_facts(rule->condition) >> i & 1) != 0) {
            attempt.used[attempt.used_n++] = (enum rule_fact)i;
        }
    }
    if (holds_for(&attempt, 0)) {
        return HOLDS_SOMETIMES;
    }
    return attempt.failed || !constants.all || !constants.plain ? HOLDS_UNKNOWN : HOLDS_NEVER;
}
