/* A case of `muster rules test` that has a series of an incident: reports and what goes up, one after the
 * other, through the same decide() and evolve() as in a broker. What waits (`for`), what ends (`until`) and
 * clocks come due between. */
#ifndef MUSTER_AGENTS_CTL_RULES_LIFE_H
#define MUSTER_AGENTS_CTL_RULES_LIFE_H

#include "common/base/arena.h"
#include "common/conf/conf.h"
#include "common/core/rule.h"
#include "common/rules/pack.h"

enum { LIFE_FIRED_MAX = 256, LIFE_ALARMS_MAX = 64 };

struct life {
    const struct pack *pack;
    const char *text;               /* the pack's words */
    const struct rule_facts *facts; /* that the case gives: tier and kind, and what the first report says */
    int64_t begins_ms;              /* after midnight of the region's time */
};

struct life_alarm {
    const char *clock;
    int64_t at_ms; /* after the beginning */
};

struct lived {
    struct words fired; /* names of rules in the arena, in order, LIFE_FIRED_MAX at most */
    struct life_alarm alarms[LIFE_ALARMS_MAX]; /* clocks that were overdue, in order */
    size_t alarms_n;
};

/* ERR_CONFIG naming the line. */
int life_run(const struct life *life, const struct conf_node *list, struct arena *arena, struct lived *ret,
             struct err *err);

#endif
