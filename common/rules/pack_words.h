/* Inside the room: the words of tables, in Chinese and as docs/rules.md has them. Texts that are made are the
 * arena's; NULL: out of memory. */
#ifndef MUSTER_COMMON_RULES_PACK_WORDS_H
#define MUSTER_COMMON_RULES_PACK_WORDS_H

#include "common/base/arena.h"
#include "common/core/rule.h"

/* Without blanks around it, wide ones (U+3000) too. */
const char *table_trim(struct arena *arena, const char *text, size_t n);
/* The next part between 、 commas, semicolons or line breaks, of a phrase the last two, moving *rest on;
 * NULL: none is left. */
const char *table_next_part(struct arena *arena, const char **rest);
const char *table_next_phrase(struct arena *arena, const char **rest);
/* Bytes before a colon (of either width), or all; *ret_rest is what stands behind it, or "". */
size_t table_before_colon(const char *text, const char **ret_rest);

/* SQL's operator, or NULL. */
const char *table_comparison(const char *word);
enum rule_fact table_fact(const char *word); /* RULE_FACT_COUNT: none */
/* I to IV, Ⅰ to Ⅳ, 特别重大 to 一般, 一级 to 四级; GRADE_NONE: none. */
enum grade table_grade(const char *word);
/* A decimal, with 万 or 亿 behind it. */
bool table_number(const char *text, double *ret);
/* "5 min", "5分钟". */
bool table_duration(const char *text, int64_t *ret_ms);

/* "定级 II": its kind, and where its value begins. */
bool table_action(const char *phrase, enum rule_action_kind *ret, const char **ret_value);
/* What the fact `tier` may be; ends with NULL. */
extern const char *const table_tiers[];
/* The word that the fact has for a cell: 县级 or 县 is "county", 伤亡 "casualties", 红 "red"; it may be that
 * word already. NULL: the fact has no words of its own, or none for this. */
const char *table_value_word(enum rule_fact fact, const char *cell);

/* The value in the words of docs/rules.md; of `ask` and `raise` without the duration, which ret_within_ms
 * gets. */
const char *table_action_value(struct arena *arena, enum rule_action_kind kind, const char *value,
                               int64_t *ret_within_ms);

#endif
