/* The simulator's world: a clock, chance and a queue of what is to happen, and in it one broker, some agents,
 * a network and disks. One step is one happening: the earliest; of those at the same time first what stands
 * in the queue, in the order in which it was put there, then a tick of the agents by their number, then one
 * of the broker. Everything follows from the seed. */
#ifndef MUSTER_TESTS_SIM_WORLD_H
#define MUSTER_TESTS_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/clock.h"
#include "tests/sim/actor.h"
#include "tests/sim/broker.h"
#include "tests/sim/check.h"
#include "tests/sim/network.h"
#include "tests/sim/tally.h"

enum happening_kind {
    HAPPEN_FRAME_UP,   /* who: agent; life: connection; number: parcel */
    HAPPEN_FRAME_DOWN, /* the same */
    HAPPEN_AGAIN_UP,   /* the same: the sender's patience ends */
    HAPPEN_AGAIN_DOWN,
    HAPPEN_CONNECT,    /* who: agent; life: its process */
    HAPPEN_LOG_WRITE,  /* life: the broker's process; the oldest request is done on the disk */
    HAPPEN_LOG_TOLD,   /* ... and the engine is told */
    HAPPEN_HEAD_SLOTS, /* life: the broker's process */
    HAPPEN_ACT,        /* who: agent; life: its process */
    HAPPEN_FAULT,
    HAPPEN_BROKER_UP,
    HAPPEN_AGENT_UP,    /* who: agent */
    HAPPEN_DISK_FREE,   /* who: agent, or AGENTS for the broker */
    HAPPEN_TRUNK_FRAME, /* who: trunk and direction; life: connection */
    HAPPEN_TRUNK_LOOK   /* who: trunk that this region calls on */
};

struct happening {
    int64_t at_ms;
    uint64_t serial;
    enum happening_kind kind;
    unsigned who;
    uint64_t life; /* of what it happens to: when that has ended, nothing happens */
    uint64_t number;
};

enum { HEAL_MS_MAX = 20 * 60 * 1000 /* within which all comes to rest */ };

enum { WORLD_BEGIN_MS = 1000000, HAPPENINGS_MAX = 65536, WHY_MAX = 1024, TRACE_LINE_MAX = 240 };

/* What a right wall clock shows above true time. */
#define WORLD_UTC_OFFSET_MS (INT64_C(1795000000000) - WORLD_BEGIN_MS)

/* What a life is to show. SAFETY: faults all along, to the last step. LIVENESS: faults, then all is healed
 * and must come to its end. */
enum mode_of_life { SAFETY, LIVENESS };

struct country;

struct world_options {
    const struct sim_region *region; /* NULL: keys_alone() */
    struct country *country;         /* of which it is one region ... */
    unsigned number;                 /* ... this one; NULL: there is no other */
    uint64_t seed;
    uint64_t steps; /* with faults */
    enum mode_of_life mode;
    bool trace;
    size_t trace_lines; /* the last so many are told when it fails; 0: each at once */
    struct tally *tally;
};

/* The last lines of the trace. */
struct trace {
    char (*lines)[TRACE_LINE_MAX];
    size_t size;
    size_t n; /* written so far */
};

struct world {
    struct world_options options;
    uint64_t step;
    uint64_t hash; /* over all that happened and all that was said: the same life has the same */
    struct trace own_trace;
    struct trace *trace; /* its own, or its country's */
    bool healing;        /* no faults and no new business any more */
    bool failed;
    char why[WHY_MAX];
    uint64_t chance;
    struct rng rng;
    int64_t now_ms; /* true time, from an arbitrary point */
    struct happening *queue;
    size_t queue_n;
    uint64_t serials;
    uint64_t lives;
    int64_t fault_every_ms;
    struct keys keys;
    struct network network;
    struct broker broker;
    struct actor actors[AGENTS];
    struct check check;
};

/* NULL when memory or SQLite fails. */
struct world *world_new(const struct world_options *options);
void world_free(struct world *world);

/* A whole life; true when all was well. */
bool world_run(struct world *world);

/* What a life is made of, for many regions that live one together. */
bool trace_make(struct trace *trace, const struct world_options *options);
void trace_free(struct trace *trace);
void trace_tell(const struct trace *trace);
/* When the next thing happens; INT64_MAX: nothing will. */
int64_t world_due_ms(const struct world *world);
/* The next happening. False when nothing is left to happen, or all is lost. */
bool world_step(struct world *world);
void world_begin_healing(struct world *world);
/* Its numbers go into the tally. */
void world_count(const struct world *world);

/* The first failure counts. */
void world_fail(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
void world_trace(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A fault has happened to an agent, or (AGENTS) to the broker. */
void world_struck(struct world *world, enum fault fault, unsigned who);
/* Goes into the hash of the life. */
void world_mix(struct world *world, const void *p, size_t n);

void world_later(struct world *world, int64_t in_ms, enum happening_kind kind, unsigned who, uint64_t life);
/* Of the connection that the agent has now. */
void world_later_parcel(struct world *world, int64_t in_ms, enum happening_kind kind, unsigned who,
                        uint64_t number);
/* The same, not before then. */
void world_put_off(struct world *world, const struct happening *happening, int64_t until_ms);
struct happening world_next(struct world *world); /* there must be one */
uint64_t world_life(struct world *world);

/* Chance: bytes; a number below n (n >= 1); once in n; between. */
void world_fill(void *world, void *p, size_t n);
uint64_t world_below(struct world *world, uint64_t n);
bool world_once_in(struct world *world, uint64_t n);
int64_t world_between(struct world *world, int64_t least, int64_t most);

#endif
