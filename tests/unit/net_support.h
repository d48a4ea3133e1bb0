/* A loop, a context, keys and raw ZeroMQ sockets for the tests of common/net. Every wait has a deadline and
 * fails the test when it passes. */
#ifndef MUSTER_TESTS_UNIT_NET_SUPPORT_H
#define MUSTER_TESTS_UNIT_NET_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "common/net/context.h"
#include "common/net/dealer.h"
#include "common/net/router.h"
#include "common/net/zap.h"

enum { NET_WAIT_MS = 10000, NET_KNOWN_MAX = 4, NET_RAW_MAX = 8 };

struct net_keys {
    uint8_t secret[NET_KEY_BYTES];
    uint8_t public_key[NET_KEY_BYTES];
};

/* What a router told its owner. */
struct net_seen {
    unsigned messages;
    unsigned turns;
    unsigned turn_messages; /* of this turn so far; of the largest */
    unsigned turn_messages_max;
    unsigned bad;
    enum net_bad last_bad;
    struct net_peer peer;
    uint8_t key[NET_KEY_BYTES];
    size_t n;
    char body[64];
};

struct net_world {
    uv_loop_t loop;
    uv_timer_t deadline;
    bool deadline_passed;
    struct net_context *context;
    void *raw_context; /* clients live in a context of their own, as in another program */
    void *raw[NET_RAW_MAX];
    struct net_zap *zap;
    struct net_router *router;
    struct net_keys server;
    struct net_keys client;
    struct net_keys other;
    uint8_t known[NET_KNOWN_MAX][NET_KEY_BYTES]; /* keys that the ZAP handler lets in */
    size_t known_n;
    unsigned asked;
    char address[NET_ADDRESS_TEXT];
    struct net_seen seen;
    bool echo;        /* the router sends each message back */
    unsigned slow_us; /* ... or its owner takes so long for each */
    unsigned closes;
    struct net_limits limits;
    const char *host; /* where the router listens */
};

/* A world with ZAP handler that knows client and other, and no router yet. */
void net_world_open(struct net_world *world);
/* Closes all that is open, and proves that the loop is empty then. */
void net_world_close(struct net_world *world);

void net_world_open_router(struct net_world *world, uint16_t port);
void net_world_close_router(struct net_world *world);
void net_world_close_zap(struct net_world *world);
void net_world_know(struct net_world *world, const struct net_keys *keys);

/* Runs the loop until *counter >= n; fails the test after NET_WAIT_MS. */
void net_world_wait(struct net_world *world, const unsigned *counter, unsigned n);
/* The same for counters of statistics. */
typedef uint64_t net_world_count(struct net_world *world, void *ctx);
void net_world_wait_count(struct net_world *world, net_world_count *count, void *ctx, uint64_t n);
/* Runs the loop for that long. */
void net_world_run_ms(struct net_world *world, uint64_t ms);

void net_keys_make(struct net_keys *ret);

/* A raw socket of that ZeroMQ type; net_world_close() closes what a failed test has left open. */
void *net_raw_socket(struct net_world *world, void *context, int type);
void net_raw_close(struct net_world *world, void *socket);
/* A raw DEALER with CURVE keys that connects to the world's router. keys NULL: no security. */
void *net_raw_dealer(struct net_world *world, const struct net_keys *keys, const uint8_t *server_public,
                     const char *routing_id);
void net_raw_send(void *socket, const void *body, size_t n);

/* An on_closed for anything: counts world->closes. */
void net_world_on_closed(void *ctx);

#endif
