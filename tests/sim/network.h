/* The network: one line an agent, and on it one connection at a time, as TCP makes them. Under the
 * connection frames are lost, doubled, overtaken, delayed and held up, each direction for itself; the
 * connection numbers them and sends again what is not acknowledged, so that within it frames come in order
 * and once, or not at all. A cut loses what was under way and, told or untold, everything after it. */
#ifndef MUSTER_TESTS_SIM_NETWORK_H
#define MUSTER_TESTS_SIM_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/core/words.h"
#include "common/engine/engine.h"
#include "tests/sim/keys.h"

enum {
    NETWORK_QUEUE_MAX = 96,
    NETWORK_AGAIN_MS = 200, /* doubles with each try, up to the next */
    NETWORK_AGAIN_MAX_MS = 5000,
    NETWORK_GHOST_MAX = 16
};

struct world;

/* A frame that its sender keeps until it knows that it has arrived. */
struct parcel {
    struct parcel *next;
    struct buf bytes;
    uint64_t number;
    unsigned tries;
    bool here;  /* arrived; perhaps before an earlier one */
    bool taken; /* handed over */
    bool known; /* ... and the sender has heard so */
};

struct pipe {
    struct parcel *first;
    struct parcel *last;
    size_t n;
    uint64_t sent; /* number of the last one */
    uint64_t taken;
    int64_t free_ms; /* when a slow line can carry the next one */
};

enum direction { UP, DOWN }; /* agent to broker, broker to agent */

struct connection {
    uint64_t id; /* 0: none */
    bool hole;   /* dead, and neither side knows */
    struct pipe pipes[2];
    struct buf offered; /* by the broker, when the queue was full */
    /* What the broker has given in this session, for the checks. */
    bool welcomed;
    uint64_t at[LANE_MAX + 1];
    int64_t credit[LANE_MAX + 1];
};

struct line {
    int64_t latency_ms;  /* at most */
    unsigned loss;       /* of 1000 */
    unsigned doubled;    /* of 1000 */
    int64_t bytes_per_s; /* 0: no limit */
    size_t queue_max;    /* frames that wait, broker to agent */
    int64_t cut_until_ms[2];
    /* A connection that the agent has left and of which the broker does not know it: sending fails late. */
    uint64_t ghost;
    unsigned ghost_n;
};

struct network {
    struct connection connections[AGENTS];
    struct line lines[AGENTS];
};

/* Lines as they are at the beginning: some good, some bad. */
void network_make(struct world *world);
void network_free(struct world *world);
void network_worsen(struct world *world, unsigned agent);
void network_mend(struct world *world, unsigned agent);
bool network_is_cut(const struct world *world, unsigned agent, enum direction direction);

void network_connect(struct world *world, unsigned agent);
/* Both ends go; the agent is told unless it is the one who asks. */
void network_cut(struct world *world, unsigned agent, bool tell);
/* A new routing id, and the agent does not know: what the transport does by itself. */
void network_slip(struct world *world, unsigned agent);
void network_up(struct world *world, unsigned agent, struct bytes frame);
/* As engine_io.send. */
int network_down(struct world *world, struct peer peer, struct bytes frame);
/* A copy of the parcel is there. */
void network_arrive(struct world *world, unsigned agent, enum direction direction, uint64_t number);
/* The sender has waited long enough. */
void network_again(struct world *world, unsigned agent, enum direction direction, uint64_t number);
/* The agent at the other end of this connection; AGENTS: none any more. */
unsigned network_agent(const struct world *world, struct peer peer);

#endif
