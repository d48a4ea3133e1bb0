/* 监视: what rules look at outside of any incident, readings of telemetry and the silence of agents and
 * links. A lookout is one rule about one of them, from when its condition began to hold until it is over.
 * It stands in the stream of the agent whose reading it is, or who is silent (a link's is the agent of the
 * broker at its other end).
 *
 *              for                 due, and it still holds
 *   (none) ----------> waits ------------------------------> fired
 *      \________________ | _______________________________/    |
 *       without `for`    | does not hold any more        until, or does not hold
 *                        v                                     v
 *                      over  <---------------------------------+
 *
 * Telemetry is not logged as it comes, so what a rule does about it must not depend on how often it comes:
 * what has fired begins anew LOOKOUT_REST_MS after it began at the soonest, what was over while it waited
 * when it would have been due, but LOOKOUT_REST_MIN_MS after it began; and each step of it is one record. */
#ifndef MUSTER_COMMON_CORE_LOOKOUT_H
#define MUSTER_COMMON_CORE_LOOKOUT_H

#include "common/core/rule.h"

enum {
    LOOKOUTS_PER_AGENT_MAX = 256,       /* some 100 B each; of 200 agents 5 MiB */
    LOOKOUT_REST_MS = 60 * 1000,        /* from one beginning to the next: two or three records a minute */
    LOOKOUT_REST_MIN_MS = 5 * 1000,     /* ... of a wait that one dip broke off: 24 at most, and none is late
                                           by more than `for` */
    LOOKOUT_STALE_MS = 5 * 60 * 1000,   /* a reading without a sample for longer is not known; a broker may be
                                           configured otherwise */
    LOOKOUT_LIMIT_TOLD_MS = 3600 * 1000 /* that there are too many is told again after so long */
};

struct lookout {
    const char *pack, *rule;
    enum rule_trigger trigger; /* READING or SILENT */
    const char *unit, *name;   /* of a reading; "" of a silence */
    enum mode mode;
    int64_t began_ms;
    int64_t since_ms;   /* of a silence: the last word; else 0 */
    int64_t due_ms;     /* waits until then; 0: fired */
    int64_t ended_ms;   /* 0: it holds */
    int64_t rest_ms;    /* ended: so long after it began it may begin anew */
    int64_t doubted_ms; /* when it was last told whether it can be told */
    bool unknown;       /* it cannot be told whether it still holds */
};

struct agent;
struct names;
struct note_reading;

/* What is known of a reading, to be asked with. The texts stay the command's. */
void lookout_know_reading(struct rule_facts *ret, const struct region *region,
                          const struct note_reading *said);

/* A reading of the agent, or (name "") its silence, which is of the mode ACTUAL. */
bool lookout_is_about(const struct lookout *lookout, enum mode mode, const char *unit, const char *name);
bool lookout_holds(const struct lookout *lookout);
/* It is over, and may begin anew from then on. */
int64_t lookout_rests_until(const struct lookout *lookout);
/* It is over for so long that it need not be remembered. */
bool lookout_is_rested(const struct lookout *lookout, int64_t now_ms);
/* The last one about this by that rule; NULL: there was none, or it is forgotten. */
struct lookout *agent_lookout(const struct agent *agent, enum mode mode, const char *unit, const char *name,
                              const char *pack, const char *rule);
/* The texts are referred to: see names.h. */
void agent_mark_lookouts(struct names *names, const struct agent *agent);

#endif
