#include "common/rules/pack_words.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/when.h"
#include "common/core/warning.h"

struct translation {
    const char *word, *meaning;
};

/* NULL: none of them. */
static const char *translate(const struct translation *rows, const char *word)
{
    for (; rows->word != NULL; rows++) {
        if (strcmp(rows->word, word) == 0) {
            return rows->meaning;
        }
    }
    return NULL;
}

const char *const table_tiers[] = {"county", "city", "province", "township", "village", NULL};

/* --- cells ---------------------------------------------------------------------------------------- */

/* Bytes of the blank that text begins with, 0: it is none. */
static size_t blank(const char *text)
{
    static const char *const blanks[] = {" ", "\t", "\r", "\n", "\u3000", "\u00a0"};

    for (size_t i = 0; i < sizeof blanks / sizeof blanks[0]; i++) {
        if (strncmp(text, blanks[i], strlen(blanks[i])) == 0) {
            return strlen(blanks[i]);
        }
    }
    return 0;
}

static const char *skip_blanks(const char *text)
{
    while (blank(text) > 0) {
        text += blank(text);
    }
    return text;
}

const char *table_trim(struct arena *arena, const char *text, size_t n)
{
    const char *end = text + n, *last = text; /* behind what is no blank */

    for (const char *p = text; p < end;) {
        size_t bytes = blank(p);
        p += bytes > 0 ? bytes : 1;
        last = bytes > 0 ? last : p;
    }
    const char *begin = skip_blanks(text);
    return begin < last ? arena_text(arena, begin, (size_t)(last - begin)) : "";
}

/* Up to the next separator; empty parts are passed over. */
static const char *next(struct arena *arena, const char *const separators[], const char **rest)
{
    const char *part = "";

    while (part != NULL && part[0] == '\0' && **rest != '\0') {
        const char *p = *rest;
        size_t bytes = 0;
        for (; *p != '\0' && bytes == 0; p += bytes == 0) {
            for (size_t i = 0; separators[i] != NULL && bytes == 0; i++) {
                size_t n = strlen(separators[i]);
                bytes = strncmp(p, separators[i], n) == 0 ? n : 0;
            }
        }
        part = table_trim(arena, *rest, (size_t)(p - *rest));
        *rest = p + bytes;
    }
    return part != NULL && part[0] == '\0' ? NULL : part;
}

const char *table_next_part(struct arena *arena, const char **rest)
{
    static const char *const separators[] = {"、", "，", "；", ",", ";", "\n", NULL};

    return next(arena, separators, rest);
}

const char *table_next_phrase(struct arena *arena, const char **rest)
{
    static const char *const separators[] = {"；", ";", "\n", NULL};

    return next(arena, separators, rest);
}

size_t table_before_colon(const char *text, const char **ret_rest)
{
    const char *narrow = strchr(text, ':'), *wide = strstr(text, "：");
    const char *colon = narrow != NULL && (wide == NULL || narrow < wide) ? narrow : wide;

    *ret_rest = colon == NULL ? "" : skip_blanks(colon + (colon == narrow ? 1 : strlen("：")));
    return colon != NULL ? (size_t)(colon - text) : strlen(text);
}

/* --- words ---------------------------------------------------------------------------------------- */

const char *table_comparison(const char *word)
{
    static const struct translation rows[] = {
        {"大于", ">"},    {">", ">"},    {"＞", ">"},   {"大于等于", ">="}, {">=", ">="},
        {"≥", ">="},      {"小于", "<"}, {"<", "<"},    {"＜", "<"},        {"小于等于", "<="},
        {"<=", "<="},     {"≤", "<="},   {"等于", "="}, {"=", "="},         {"＝", "="},
        {"不等于", "!="}, {"!=", "!="},  {"≠", "!="},   {NULL, NULL}};

    return translate(rows, word);
}

enum rule_fact table_fact(const char *word)
{
    for (int i = 0; i < RULE_FACT_COUNT; i++) {
        const struct rule_fact_words *words = rule_fact_words((enum rule_fact)i);
        if (strcmp(word, words->zh) == 0 || strcmp(word, words->word) == 0) {
            return (enum rule_fact)i;
        }
    }
    return RULE_FACT_COUNT;
}

enum grade table_grade(const char *word)
{
    static const char *const numerals[] = {"Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ"};

    for (int i = GRADE_I; i <= GRADE_IV; i++) {
        enum grade grade = (enum grade)i;
        if (strcmp(word, grade_name(grade)) == 0 || strcmp(word, grade_name_zh(grade)) == 0 ||
            strcmp(word, level_name_zh(grade)) == 0 || strcmp(word, numerals[i - GRADE_I]) == 0) {
            return grade;
        }
    }
    return GRADE_NONE;
}

/* -?[0-9]+(\.[0-9]+)? and what follows; NULL: it is none. */
static const char *skip_number(const char *p)
{
    size_t digits, fraction;

    p += *p == '-';
    digits = strspn(p, "0123456789");
    if (digits == 0) {
        return NULL;
    }
    p += digits;
    fraction = *p == '.' ? strspn(p + 1, "0123456789") : 0;
    return fraction > 0 ? p + 1 + fraction : p;
}

bool table_number(const char *text, double *ret)
{
    static const double limit = 1e15;
    const char *end = skip_number(text);

    if (end == NULL) {
        return false;
    }
    const char *unit = skip_blanks(end);
    double scale = *unit == '\0' ? 1 : strcmp(unit, "万") == 0 ? 1e4 : strcmp(unit, "亿") == 0 ? 1e8 : 0;
    double number = strtod(text, NULL) * scale;
    if (scale < 1 || number > limit || number < -limit) {
        return false;
    }
    *ret = number;
    return true;
}

bool table_duration(const char *text, int64_t *ret_ms)
{
    static const struct translation units[] = {{"秒", "s"},     {"秒钟", "s"}, {"分", "min"},
                                               {"分钟", "min"}, {"时", "h"},   {"小时", "h"},
                                               {"日", "d"},     {"天", "d"},   {NULL, NULL}};
    char plain[32];
    size_t digits = strspn(text, "0123456789");
    const char *unit = translate(units, skip_blanks(text + digits));

    if (unit == NULL) {
        return when_parse_duration(text, ret_ms) == 0;
    }
    if (digits == 0 || digits + strlen(unit) >= sizeof plain) {
        return false;
    }
    memcpy(plain, text, digits);
    memcpy(plain + digits, unit, strlen(unit) + 1);
    return when_parse_duration(plain, ret_ms) == 0;
}

/* --- actions -------------------------------------------------------------------------------------- */

bool table_action(const char *phrase, enum rule_action_kind *ret, const char **ret_value)
{
    for (int i = 0; i < RULE_ACTION_COUNT; i++) {
        const char *const words[] = {rule_action_zh((enum rule_action_kind)i),
                                     rule_action_word((enum rule_action_kind)i)};
        for (size_t j = 0; j < sizeof words / sizeof words[0]; j++) {
            size_t n = strlen(words[j]);
            bool is_it = strncmp(phrase, words[j], n) == 0;
            const char *value = phrase + n;
            /* 定级II is read as 定级 II; an English word ends with a blank or a colon */
            if (is_it && (j == 0 || *value == '\0' || *value == ':' || blank(value) > 0)) {
                value = skip_blanks(value);
                value += *value == ':' ? 1 : strncmp(value, "：", strlen("：")) == 0 ? strlen("：") : 0;
                *ret = (enum rule_action_kind)i;
                *ret_value = skip_blanks(value);
                return true;
            }
        }
    }
    return false;
}

/* What a report is asked for, by its own words; or by those of a fact that a condition would ask for. */
static const char *asked(const char *word)
{
    for (int i = 0; i < FACT_COUNT; i++) {
        enum fact fact = (enum fact)i;
        if (strcmp(word, fact_name_zh(fact)) == 0) {
            return fact_name(fact);
        }
    }
    switch (table_fact(word)) {
    case RULE_DEAD:
    case RULE_MISSING:
    case RULE_SERIOUS:
    case RULE_MINOR:
    case RULE_TRAPPED:
        return fact_name(FACT_CASUALTIES);
    case RULE_LOSS:
        return fact_name(FACT_LOSS);
    case RULE_SUBSTANCE:
        return fact_name(FACT_SUBSTANCE);
    default:
        return word;
    }
}

/* 县 is 县级. */
static bool is_tier(const char *word, const char *zh)
{
    static const char level[] = "级";
    const char *name = tier_word_zh(word);
    size_t n = strlen(name), tail = sizeof level - 1;

    return strcmp(name, zh) == 0 || (strlen(zh) + tail == n && strncmp(name, zh, n - tail) == 0);
}

const char *table_value_word(enum rule_fact fact, const char *cell)
{
    if (fact == RULE_REQUEST) {
        const char *word = asked(cell);
        return fact_parse(word) != FACT_COUNT ? word : NULL;
    }
    for (size_t i = 0; fact == RULE_TIER && table_tiers[i] != NULL; i++) {
        if (is_tier(table_tiers[i], cell)) {
            return table_tiers[i];
        }
    }
    return warning_fact_word_zh(fact, cell);
}

/* "伤亡 30分钟": the fact's word, and how long. */
static const char *split_ask(struct arena *arena, const char *value, int64_t *ret_within_ms)
{
    const char *end = value;

    while (*end != '\0' && blank(end) == 0) {
        end++;
    }
    const char *word = arena_text(arena, value, (size_t)(end - value));
    *ret_within_ms = 0;
    (void)table_duration(skip_blanks(end), ret_within_ms);
    return word != NULL ? asked(word) : NULL;
}

/* "II 12小时": the level's word; how long, if it is said, or -1: that is no duration. */
static const char *split_raise(struct arena *arena, const char *value, int64_t *ret_within_ms)
{
    const char *end = value;

    while (*end != '\0' && blank(end) == 0) {
        end++;
    }
    const char *word = arena_text(arena, value, (size_t)(end - value));
    const char *rest = skip_blanks(end);
    *ret_within_ms = 0;
    if (*rest != '\0' && !table_duration(rest, ret_within_ms)) {
        *ret_within_ms = -1;
    }
    return word == NULL ? NULL : table_grade(word) != GRADE_NONE ? grade_name(table_grade(word)) : word;
}

const char *table_action_value(struct arena *arena, enum rule_action_kind kind, const char *value,
                               int64_t *ret_within_ms)
{
    static const struct translation places[] = {{"上级", "parent"},         {"邻区", "neighbours"},
                                                {"相邻地区", "neighbours"}, {"共同上级", "superior"},
                                                {"涉及地区", "touched"},    {NULL, NULL}};
    static const struct translation next_able[] = {{"下一可用", "next-able"}, {NULL, NULL}};
    const char *meaning = NULL;

    switch (kind) {
    case ACTION_RAISE:
        return split_raise(arena, value, ret_within_ms);
    case ACTION_GRADE:
    case ACTION_LOWER:
        meaning = table_grade(value) != GRADE_NONE ? grade_name(table_grade(value)) : NULL;
        break;
    case ACTION_REFER:
        meaning = translate(places, value);
        break;
    case ACTION_REMIND:
        return table_duration(value, ret_within_ms) ? value : "";
    case ACTION_REISSUE:
        meaning = value[0] == '\0' ? "next-able" : translate(next_able, value);
        break;
    case ACTION_ASK:
        return split_ask(arena, value, ret_within_ms);
    default:
        break;
    }
    return meaning != NULL ? meaning : value;
}
