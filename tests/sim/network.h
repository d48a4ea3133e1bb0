/* The network: one connection an agent, as TCP makes them. Within a connection frames come in order and none
 * is lost; a cut loses what was under way and, told or untold, everything after it. */
#ifndef MUSTER_TESTS_SIM_NETWORK_H
#define MUSTER_TESTS_SIM_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/core/words.h"
#include "common/engine/engine.h"
#include "tests/sim/keys.h"

enum { NETWORK_QUEUE_MAX = 96, NETWORK_LATENCY_MAX_MS = 1000 };

struct world;

struct parcel {
    struct parcel *next;
    struct buf bytes;
};

struct pipe {
    struct parcel *first;
    struct parcel *last;
    size_t n;
    int64_t last_ms; /* when the last one arrives */
};

struct connection {
    uint64_t id; /* 0: none */
    bool hole;   /* dead, and neither side knows */
    struct pipe up, down;
    int64_t latency_ms;
    /* What the broker has given in this session, for the checks. */
    bool welcomed;
    uint64_t at[LANE_MAX + 1];
    int64_t credit[LANE_MAX + 1];
};

struct network {
    struct connection connections[AGENTS];
};

void network_connect(struct world *world, unsigned agent);
/* Both ends go; the agent is told unless it is the one who asks. */
void network_cut(struct world *world, unsigned agent, bool tell);
/* A new routing id, and the agent does not know: what the transport does by itself. */
void network_slip(struct world *world, unsigned agent);
void network_up(struct world *world, unsigned agent, struct bytes frame);
/* As engine_io.send. */
int network_down(struct world *world, struct peer peer, struct bytes frame);
void network_arrive(struct world *world, unsigned agent, bool up);
/* The agent at the other end of this connection; AGENTS: none any more. */
unsigned network_agent(const struct world *world, struct peer peer);
void network_free(struct world *world);

#endif
