/* Rules that fire each other for ever: one changes the grade or the response level, so that another begins to
 * hold, whose action lets the first hold again. */
#ifndef MUSTER_COMMON_RULES_PACK_LOOP_H
#define MUSTER_COMMON_RULES_PACK_LOOP_H

#include "common/rules/pack.h"

enum {
    LOOP_RULES_MAX = 60 /* rules that read and set the two, one bit each */
};

enum pack_loops {
    LOOPS_NONE, /* every combination of the values around the constants of such rules was tried */
    LOOPS_FOUND,
    LOOPS_UNKNOWN /* they are too many, or are reckoned with */
};

struct pack_loop {
    const struct rule *rules[LOOP_RULES_MAX]; /* each once, in the order in which they fire; the packs' */
    const struct pack *packs[LOOP_RULES_MAX]; /* whose they are */
    size_t n;
};

/* Plays what rules of the trigger `incident` do to grade and level while everything else stays as it is,
 * from each grade and level, and for many values of the other facts that they ask for. The packs are in force
 * together and share `conditions`, whose facts it sets. A rule fires when it begins to hold, and a grade is
 * only raised. ret is the first loop found. */
enum pack_loops pack_find_loop(struct conditions *conditions, struct pack *const *packs, size_t packs_n,
                               struct pack_loop *ret);

#endif
