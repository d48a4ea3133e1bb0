/* evolve(state, event): the one way in which state changes, for the live broker, the replay, the
 * simulator and the analyst alike. Total: any event that decide() made can be applied, an event of an
 * order that is not there (a redacted log) is passed over. */
#ifndef MUSTER_COMMON_CORE_EVOLVE_H
#define MUSTER_COMMON_CORE_EVOLVE_H

#include "common/core/event.h"
#include "common/core/state.h"

/* Copies what it keeps. ERR_NO_MEMORY (the stream is then half changed: evict it) or 0. */
int evolve(struct state *state, const struct event *event);

#endif
