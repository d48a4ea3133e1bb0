/* Who is told of what: the agents and lanes for which a record waits because of an event. */
#ifndef MUSTER_COMMON_CORE_ROUTE_H
#define MUSTER_COMMON_CORE_ROUTE_H

#include "common/core/event.h"
#include "common/core/state.h"

/* add(): the record waits for `agent` in `lane`; order zero, or the order that a recall may overtake.
 * recalled(): the order that waits for the agent under this id is to be given as a tombstone.
 * Names are valid during the call. */
struct route_sink {
    void *ctx;
    void (*add)(void *ctx, const char *agent, enum lane lane, struct id order);
    void (*recalled)(void *ctx, const char *agent, enum lane lane, struct id order);
};

/* To be asked after evolve(). author is the agent whose command it was: it is not told what it said
 * itself. History is told to nobody. */
void route(const struct state *state, const struct event *event, const char *author,
           const struct route_sink *sink);

/* Whether somebody is told when a rule tells whoever has that role. */
bool route_reaches_role(const struct region *region, const char *role);

#endif
