/* The lines between regions' brokers, as TCP makes them: what is under way comes late, in its order, or not
 * at all, when the connection breaks with frames in it. Of a break only who made the connection hears, as of
 * ZeroMQ. Who makes it looks after it as broker/links.c does. */
#ifndef MUSTER_TESTS_SIM_TRUNK_H
#define MUSTER_TESTS_SIM_TRUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/engine/engine.h"

struct country;
struct happening;
struct world;

enum {
    TRUNK_QUEUE_MAX = 2 * ENGINE_LINK_WINDOW, /* frames, as musterd has it */
    TRUNK_LOOK_MS = 500,
    TRUNK_QUIET_BEATS = 3,
    TRUNK_GHOST_MAX = 16
};

enum { TO_CALLED, TO_CALLER };

struct crossing {
    struct crossing *next;
    struct buf bytes;
    int64_t at_ms; /* arrives, unless it is held up */
};

struct trunk {
    unsigned ends[2]; /* regions: the called, the caller; at ends[d] arrives what goes in direction d */
    int64_t latency_ms;
    size_t queue_max;
    int64_t cut_until_ms[2];
    int64_t cut_since_ms; /* of what is cut now, either way */
    int64_t patience_ms;  /* a cut so long ends the connection */
    uint64_t connection;  /* 0: none */
    bool hole;            /* it is dead, and nobody knows */
    uint64_t ghost;       /* one that has ended, and who was called does not know */
    unsigned ghost_n;
    int64_t heard_ms; /* by the caller */
    struct crossing *first[2], *last[2];
    size_t waiting[2];
    int64_t last_ms[2]; /* when the last one under way arrives */
};

void trunk_make(struct country *country, struct trunk *trunk, unsigned caller, unsigned called);
void trunk_free(struct trunk *trunk);

bool trunk_is_peer(struct peer peer);
/* As engine_io.send. */
int trunk_send(struct world *world, struct peer peer, struct bytes frame);
void trunk_arrive(struct world *world, const struct happening *happening);
/* The caller looks after it. */
void trunk_look(struct world *world, unsigned number);
/* The world's broker has ended. */
void trunks_lose(struct world *world, bool power);
/* Something befalls a trunk of the world. */
void trunk_strike(struct world *world);
void trunk_mend(struct trunk *trunk);
/* Frames pass, or would, both ways. */
bool trunk_is_good(const struct trunk *trunk, int64_t now_ms);

#endif
