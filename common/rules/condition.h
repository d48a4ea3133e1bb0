/* Conditions of rules: SQL expressions over the facts of common/core/rule.h, evaluated by SQLite in a
 * database that lives in memory and holds one row: the facts of what is asked about.
 *
 * A condition reads facts and calls functions of a short list; it cannot select, write, attach, recurse or
 * run for long. What is not known is NULL, so that SQL's own logic gives three answers. One thread at a
 * time. */
#ifndef MUSTER_COMMON_RULES_CONDITION_H
#define MUSTER_COMMON_RULES_CONDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/core/rule.h"
#include "common/rules/expression.h"

enum {
    CONDITION_TEXT_MAX = 4096, /* bytes of an expression */
    CONDITION_STEPS_MAX = 2000 /* of SQLite's machine, for one answer; some 30 are usual */
};

struct conditions; /* the database: every condition belongs to one */
struct condition;

/* ERR_NO_MEMORY, or ERR_SOFTWARE if this SQLite cannot do it. */
int conditions_open(struct conditions **ret, struct err *err);
/* After its conditions were freed; NULL is fine. */
void conditions_close(struct conditions *conditions);

/* In which language errors of conditions are, and of packs that are read with them: English until it is
 * said. */
void conditions_speak(struct conditions *conditions, bool zh);
bool conditions_are_zh(const struct conditions *conditions);
/* Whether packs that are read with them may call a kind of incident by its Chinese name as well (火灾: fire),
 * and tables what a region is and what was asked for (县级: county), which they may until it is said: a log's
 * older packs are what they were. */
void conditions_name_kinds(struct conditions *conditions, bool may);
bool conditions_may_name_kinds(const struct conditions *conditions);
/* One of two texts, which may be formats with the same directives. */
const char *conditions_say(const struct conditions *conditions, const char *english, const char *chinese)
    __attribute__((format_arg(2), format_arg(3)));

const char *conditions_say_fault(const struct conditions *conditions, enum expression_fault fault);

/* Compiles an expression of n bytes. ERR_DATA: it is none, or does what it must not; err says what in plain
 * words, and ret_at (never NULL) is the byte of the text at which that was found, SIZE_MAX: the whole. */
int condition_new(struct conditions *conditions, const char *text, size_t n, struct condition **ret,
                  size_t *ret_at, struct err *err);
void condition_free(struct condition *condition); /* NULL is fine */

/* Bits 1 << enum rule_fact of the facts that it reads. */
uint64_t condition_facts(const struct condition *condition);

/* What the conditions are asked about until the next call; copied. ERR_NO_MEMORY, or ERR_TOO_BIG: texts of
 * more than 8 KiB; then nothing may be asked. */
int conditions_set(struct conditions *conditions, const struct rule_facts *facts);

/* UNKNOWN also when it gives a text, overflows or runs too long: then ret_why (may be NULL) says so, else
 * NULL. */
enum rule_answer condition_ask(struct condition *condition, const char **ret_why);

#endif
