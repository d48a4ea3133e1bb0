/* The broker's side of the bus: a ROUTER with CURVE, bound to one TCP address.
 *
 * One message is one frame. Who speaks is the CURVE key that ZAP has let in, read from each message; the
 * peer is only the way back to the connection it came by. libzmq alone makes peers, and never makes one
 * twice while the socket lives; a client that chooses its own routing id is not heard, because whoever
 * takes the id of another after that one is gone would get what is meant for it.
 *
 * A single connection cannot be cut: libzmq 4.3.4 has that for draft builds only. The owner who wants to be
 * rid of a peer ignores it, and refuses its key in ZAP from then on; see on_bad for what is ignored here.
 *
 * All calls on the loop's thread; nothing blocks. */
#ifndef MUSTER_COMMON_NET_ROUTER_H
#define MUSTER_COMMON_NET_ROUTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "common/net/endpoint.h"

struct err;
struct net_context;
struct net_router;

enum { NET_PEER_BYTES = 5 };

/* A connection, as libzmq numbers it: a zero byte and a counter. */
struct net_peer {
    uint8_t id[NET_PEER_BYTES];
};

bool net_peer_equal(struct net_peer a, struct net_peer b);

enum net_bad {
    NET_BAD_FRAMES,       /* more than one frame */
    NET_BAD_EMPTY,        /* a body of no bytes */
    NET_BAD_CHOSEN_ID,    /* a routing id that the client chose; the peer in the call is zero */
    NET_BAD_UNIDENTIFIED, /* no User-Id; the key in the call is zero. Cannot happen while ZAP works. */
};

/* Lower-case words for a log line. */
const char *net_bad_string(enum net_bad bad);

/* Both may close the router, and may send. body is valid during the call only. */
typedef void net_router_on_message(void *ctx, struct net_peer peer, const uint8_t curve_public[NET_KEY_BYTES],
                                   const void *body, size_t n);
/* One turn's messages have been told, one at least: the place for what is done once for all of them. It may
 * close the router, and may send. */
typedef void net_router_on_turn(void *ctx);
/* A message was dropped. The owner may stop listening to that peer. */
typedef void net_router_on_bad(void *ctx, struct net_peer peer, const uint8_t curve_public[NET_KEY_BYTES],
                               enum net_bad bad);
typedef void net_router_closed(void *ctx);

struct net_router_config {
    const char *host;            /* address of this machine, or "*"; copied */
    uint16_t port;               /* 0: one that is free; ask net_router_endpoint() */
    const uint8_t *curve_secret; /* NET_KEY_BYTES, copied by libzmq */
    struct net_limits limits;
    net_router_on_message *on_message;
    net_router_on_turn *on_turn; /* may be NULL */
    net_router_on_bad *on_bad;   /* may be NULL */
    void *ctx;
};

struct net_router_stats {
    uint64_t received;
    uint64_t sent;
    uint64_t dropped_frames;
    uint64_t dropped_empty;
    uint64_t dropped_chosen_id;
    uint64_t dropped_unidentified;
    uint64_t send_full;        /* ERR_TEMPORARY was returned */
    uint64_t send_gone;        /* ERR_NOT_FOUND was returned */
    uint64_t connected;        /* handshakes done */
    uint64_t handshake_failed; /* refused, wrong key or mechanism, garbage, cut half-way */
    uint64_t disconnected;     /* connections that ended, also those whose handshake failed */
};

/* 0; ERR_USAGE when the context has no ZAP handler (see zap.h: open it first); ERR_UNAVAILABLE when the
 * port is in use; ERR_PERMISSION; ERR_CONFIG for an address or a limit that cannot be; ERR_OS. */
int net_router_open(uv_loop_t *loop, struct net_context *context, const struct net_router_config *config,
                    struct net_router **ret, struct err *err);

/* Where it really listens, "tcp://127.0.0.1:40123"; and that port. Valid until the router is closed. */
const char *net_router_endpoint(const struct net_router *router);
uint16_t net_router_port(const struct net_router *router);

/* Queues one message; 0 says no more than that: only the peer's own answer means delivered.
 * ERR_TEMPORARY: the peer's queue is full. Keep the message and try again at a later tick (a ROUTER has
 *   no way to say when there is room). ERR_NOT_FOUND: that connection is gone, for ever.
 * ERR_TOO_BIG: more than limits.message_bytes_max. ERR_USAGE: n is 0. ERR_NO_MEMORY, ERR_OS. */
int net_router_send(struct net_router *router, struct net_peer peer, const void *body, size_t n);

void net_router_get_stats(const struct net_router *router, struct net_router_stats *ret);

/* The router frees itself, then on_closed (may be NULL) comes, from the loop, and no other callback. The port
 * is free a moment later. What was sent may still leave for limits.linger_ms. Accepts NULL (on_closed is
 * called at once). */
void net_router_close(struct net_router *router, net_router_closed *on_closed, void *ctx);

#endif
