/* An engine on a bench: keys and a founding of a region, a log in memory whose requests are done when the
 * test says so, a clock and random numbers of the test's, and every frame that is sent kept for looking at.
 * Peers are numbers from 1; agents are those of enum rig_agent. */
#ifndef MUSTER_TESTS_UNIT_ENGINE_RIG_H
#define MUSTER_TESTS_UNIT_ENGINE_RIG_H

#include "common/engine/engine.h"
#include "common/wire/wire_bundle.h"

#define RIG_REGION "370102"

/* STRANGER has keys and is not enrolled. */
enum rig_agent { CENTRE, STATION, SECOND, POLICE, STRANGER, RIG_AGENTS };

enum { RIG_FRAMES_MAX = 8192, RIG_BEAT_MS = 1000 };

struct rig_frame {
    unsigned peer;
    struct buf bytes;
    bool read;
};

struct rig {
    const char *region;
    char names[RIG_AGENTS][64];
    int64_t boot_ms;
    int64_t utc_ms;
    uint64_t random;
    struct clock clock;
    struct rng rng;
    struct secret_keys root, broker;
    struct secret_keys agents[RIG_AGENTS];
    struct public_keys region_keys;
    struct buf genesis;
    uint8_t boot[16];
    uint32_t idle_streams_max; /* of the next engine */
    uint32_t open_orders_max;
    uint32_t canary_ms;
    const char *recover;
    bool tail_given_up;
    struct log_store *store;
    struct log_request *queue; /* oldest first */
    struct log_request **queue_end;
    struct engine *engine;
    bool in_service;
    bool in_engine; /* the engine's own code runs, for those who let its allocations fail */
    bool fatal;
    struct err fatal_err;
    size_t notes;
    char note[512]; /* the last */
    struct rig_frame frames[RIG_FRAMES_MAX];
    size_t frames_n;
    unsigned full_peer;     /* whose queue is full: sends to it fail */
    unsigned gone_peer;     /* whose connection has ended */
    uint32_t bundle_max;    /* of the next Hello */
    struct bundler *bundle; /* not NULL: where rig_say() puts what it would send */
    uint64_t counters[RIG_AGENTS];
    struct arena arena;     /* of what rig_next() gave */
    struct new_order order; /* of the last rig_order() */
};

/* Keys and genesis; then the engine on an empty log, in service. */
void rig_make(struct rig *rig);
/* ... of another region; other random numbers make other keys. */
void rig_make_region(struct rig *rig, const char *region, const char *parent, uint64_t random);
void rig_start(struct rig *rig);
void rig_free(struct rig *rig);
/* After rig_make(): the genesis enrols as many agents more. */
void rig_enrol_more(struct rig *rig, unsigned n);
/* After rig_make(): the genesis enrols the other's broker as its region's link. */
void rig_enrol_link(struct rig *rig, const struct rig *other);
/* A new engine on the same log, as after a restart; the rest of the old one's requests come to nothing. */
void rig_restart(struct rig *rig);
/* The same, but not run until it is in service. */
void rig_restart_only(struct rig *rig);

/* Does the oldest request; false when there is none. */
bool rig_step(struct rig *rig);
/* Does requests until there are none. */
void rig_run(struct rig *rig);
/* The oldest request comes back failed, and nothing was done. */
void rig_fail(struct rig *rig, int code);
bool rig_append_waits(const struct rig *rig);
/* Time passes; ticks at each due time on the way. */
void rig_later(struct rig *rig, int64_t ms);
int64_t rig_bus_ms(const struct rig *rig);

void rig_frame(struct rig *rig, unsigned peer, enum rig_agent agent, struct bytes frame);
void rig_say(struct rig *rig, unsigned peer, enum rig_agent agent, const struct envelope *envelope);
/* The next unread frame of this kind to the peer; others stay. NULL: none. Valid until the next call. */
const struct envelope *rig_next(struct rig *rig, unsigned peer, enum envelope_kind kind);
void rig_skip(struct rig *rig); /* reads over all */

/* Hello with deliveries and this window, and runs; the Welcome is unread. */
void rig_hello(struct rig *rig, unsigned peer, enum rig_agent agent, uint32_t window);

/* Fills in, counts, signs; says; does not run. The counter is given back. */
uint64_t rig_submit(struct rig *rig, unsigned peer, enum rig_agent agent, const struct command *command);
/* Under this counter, signed by that agent's key. */
void rig_submit_as(struct rig *rig, unsigned peer, enum rig_agent agent, enum rig_agent signer,
                   const struct command *command, uint64_t counter);
/* Submits, runs, and gives the reply back, which must be there. */
struct reply rig_done(struct rig *rig, unsigned peer, enum rig_agent agent, const struct command *command);
struct reply rig_reply(struct rig *rig, unsigned peer);
void rig_ack(struct rig *rig, unsigned peer, enum rig_agent agent, enum lane lane, uint64_t up_to_seq);
void rig_credit(struct rig *rig, unsigned peer, enum rig_agent agent, enum lane lane, uint32_t add);

struct id rig_id(unsigned n);
struct command rig_report(unsigned incident);
struct command rig_follow_up(unsigned incident, const char *text);
/* One order of the incident to the agent, answer in a minute, expiry in an hour. */
struct command rig_order(struct rig *rig, unsigned incident, unsigned order, enum rig_agent to);
struct command rig_recall(unsigned incident, unsigned order);
struct command rig_receipt(unsigned incident, unsigned order, enum rung rung);

/* The canonical dump of the engine's state; to be freed. */
char *rig_dump(const struct rig *rig);

#endif
