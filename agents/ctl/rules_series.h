/* A case of `muster rules test` that has a series: samples of a reading, or looks at a silence, one after the
 * other, through the same decide() and evolve() as in a broker. */
#ifndef MUSTER_AGENTS_CTL_RULES_SERIES_H
#define MUSTER_AGENTS_CTL_RULES_SERIES_H

#include "common/base/arena.h"
#include "common/conf/conf.h"
#include "common/core/rule.h"

enum { SERIES_MAX = 1000, SERIES_FIRED_MAX = 256 };

struct series {
    const char *pack, *text; /* the pack's name, and its words */
    enum rule_trigger trigger;
    const struct rule_facts *facts; /* that the case gives: unit and name, or agent or link */
};

/* What fired, in order: names of rules in the arena, SERIES_FIRED_MAX at most. ERR_CONFIG naming the line. */
int series_run(const struct series *series, const struct conf_node *list, struct arena *arena,
               struct words *ret, struct err *err);

#endif
