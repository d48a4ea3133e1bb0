/* State: what follows from the log, as far as it is loaded. A cache of streams: state_evict() drops
 * one, evolving its events again brings it back. One thread. Everything that a loaded stream refers to
 * (names, kinds, units) is interned here and lives until state_tidy() finds that nothing refers to it. */
#ifndef MUSTER_COMMON_CORE_STATE_H
#define MUSTER_COMMON_CORE_STATE_H

#include "common/base/buf.h"
#include "common/base/keyed_hash.h"
#include "common/core/agent.h"
#include "common/core/alert.h"
#include "common/core/incident.h"
#include "common/core/region.h"
#include "common/core/stream.h"

struct state;

struct state *state_new(void); /* NULL: out of memory */
/* For ids and words that strangers choose while it grows: see keyed_hash.h. */
struct state *state_new_keyed(struct hash_key key);
void state_free(struct state *state);

const struct region *state_region(const struct state *state);
/* NULL when not loaded, or when there is none: who must know keeps a list of loaded streams. */
struct incident *state_incident(const struct state *state, struct id id);
struct agent *state_agent(const struct state *state, const char *name);
struct alert *state_alert(const struct state *state, struct id id);

/* Walks in the canonical order: incidents and alerts by id, agents by name; stops when visit returns false.
 * 0, or ERR_NO_MEMORY and nothing was visited. */
int state_each_incident(const struct state *state, bool (*visit)(void *ctx, const struct incident *),
                        void *ctx);
int state_each_agent(const struct state *state, bool (*visit)(void *ctx, const struct agent *), void *ctx);
int state_each_alert(const struct state *state, bool (*visit)(void *ctx, const struct alert *), void *ctx);
size_t state_incident_count(const struct state *state);

/* Where an order is whose own stream ("order/...") is loaded: in which incident. False: the id is free. */
bool state_order_home(const struct state *state, struct id order, struct id *ret_incident);
/* The order's stream tells that it is in this incident. 0 or ERR_NO_MEMORY. */
int state_set_order_home(struct state *state, struct id order, struct id incident);

/* Drops the stream; nothing to drop is fine. */
void state_evict(struct state *state, struct stream_key stream);

/* Frees the words that nothing in the state refers to any more, once there are enough of them to be worth a
 * walk over it. No event that was decided on the state may be in use. Whatever keeps an interned word in the
 * state must be marked there. */
void state_tidy(struct state *state);
size_t state_name_count(const struct state *state);

/* The canonical dump: one line a thing, sorted, zero values left out, so that formats can only add.
 * Two states with the same dump are the same; without memory for it ret is failed. docs/log.md says how
 * it is hashed. */
void state_dump(const struct state *state, struct buf *ret);
void state_dump_incident(const struct incident *incident, struct buf *ret);

#endif
