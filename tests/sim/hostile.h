/* An agent that has gone wrong, or whose keys are in the wrong hands as far as the connection goes: what it
 * sends on its own, proved connection beside what its client says. */
#ifndef MUSTER_TESTS_SIM_HOSTILE_H
#define MUSTER_TESTS_SIM_HOSTILE_H

#include "common/base/buf.h"

struct world;

enum { HOSTILE_KEPT_MAX = 32 };

/* Commands that an agent once sent, to be sent again. */
struct hostile {
    struct buf kept[HOSTILE_KEPT_MAX];
    size_t kept_n; /* in all */
};

void hostile_strike(struct world *world, unsigned agent);
/* A frame that the agent's client sends. */
void hostile_see(struct world *world, unsigned agent, struct bytes frame);
void hostile_free(struct world *world, unsigned agent);

#endif
