/* An agent 代理 with its units and its cursors: one stream, "agent/NAME". */
#ifndef MUSTER_COMMON_CORE_AGENT_H
#define MUSTER_COMMON_CORE_AGENT_H

#include "common/core/lookout.h"
#include "common/core/words.h"

enum { UNITS_PER_AGENT_MAX = 4096 };

struct agent {
    const char *name;
    struct unit *units; /* sorted by id; lists owned, words interned */
    size_t units_n;
    uint64_t acked[LANE_MAX + 1]; /* by enum lane */
    uint64_t lost_epoch;          /* the highest head it brought of what a recovery gave up; 0: none */
    uint64_t lost_seq;
    struct lookout *lookouts; /* in the order in which they began first; texts interned */
    size_t lookouts_n;
    int64_t lookouts_limited_ms; /* told last that they are too many; 0: never */
};

const struct unit *agent_unit(const struct agent *agent, const char *id);
/* Equipment of the unit; of a team: its own and that of the units that belong to it. */
bool agent_unit_brings(const struct agent *agent, const struct unit *unit, const char *equipment);
void agent_free(struct agent *agent);

#endif
