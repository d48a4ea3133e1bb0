/* What reading a pack does not show: conditions with which nothing was found that they hold for. */
#ifndef MUSTER_COMMON_RULES_PACK_CHECK_H
#define MUSTER_COMMON_RULES_PACK_CHECK_H

#include "common/rules/pack.h"

enum pack_holds {
    HOLDS_SOMETIMES,
    HOLDS_NEVER,  /* every combination of the values around its own constants was tried */
    HOLDS_MIXED,  /* a number is compared with a text: not as was meant */
    HOLDS_UNKNOWN /* they are too many, or it cannot be calculated */
};

/* Tries the condition on facts near the constants in its text. Sets the facts of `conditions`. */
enum pack_holds rule_try(struct conditions *conditions, const struct rule *rule);

/* The first rule of a pack that never holds, mixes, asks for a Chinese name where a fact holds a word, or
 * whose parentheses do not match: ERR_DATA with its place in the file `path`, in the language of
 * `conditions`. */
int pack_try(struct conditions *conditions, const struct pack *pack, const char *path, struct err *err);

#endif
