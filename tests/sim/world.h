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

enum happening_kind {
    HAPPEN_FRAME_UP,   /* who: agent; life: connection */
    HAPPEN_FRAME_DOWN, /* the same */
    HAPPEN_CONNECT,    /* who: agent; life: its process */
    HAPPEN_LOG_WRITE,  /* life: the broker's process; the oldest request is done on the disk */
    HAPPEN_LOG_TOLD,   /* ... and the engine is told */
    HAPPEN_HEAD_SLOTS, /* life: the broker's process */
    HAPPEN_ACT,        /* who: agent; life: its process */
    HAPPEN_FAULT,
    HAPPEN_BROKER_UP,
    HAPPEN_AGENT_UP, /* who: agent */
    HAPPEN_DISK_FREE /* who: agent, or AGENTS for the broker */
};

struct happening {
    int64_t at_ms;
    uint64_t serial;
    enum happening_kind kind;
    unsigned who;
    uint64_t life; /* of what it happens to: when that has ended, nothing happens */
};

enum { HAPPENINGS_MAX = 65536, WHY_MAX = 1024 };

struct world {
    uint64_t seed;
    uint64_t step;
    bool trace;
    bool healing; /* no faults and no new business any more */
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
struct world *world_new(uint64_t seed, bool trace);
void world_free(struct world *world);

/* One step. False when nothing is left to happen. */
bool world_step(struct world *world);

/* Faults end, everybody starts, time passes: true when all is well at the end; else it has failed. */
bool world_heal(struct world *world);

/* The first failure counts. */
void world_fail(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
void world_trace(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

void world_later(struct world *world, int64_t in_ms, enum happening_kind kind, unsigned who, uint64_t life);
uint64_t world_life(struct world *world);

/* Chance: a number below n (n >= 1); once in n; between. */
uint64_t world_below(struct world *world, uint64_t n);
bool world_once_in(struct world *world, uint64_t n);
int64_t world_between(struct world *world, int64_t least, int64_t most);

#endif
