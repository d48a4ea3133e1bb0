/* An agent's side of the bus: a DEALER that speaks CURVE, connected to one broker, and connected again for
 * as long as it is open.
 *
 * Each session is a ZeroMQ socket of its own: what was queued or received in one session never turns up in
 * the next, and what a lost session still held is gone. Whoever needs delivery keeps its messages until the
 * other program, not ZeroMQ, has answered.
 *
 *     waiting -> connecting -> connected -> waiting -> ...
 *                     \------- refused ------^
 *
 * The waits between attempts double from limits.reconnect_ms to reconnect_max_ms, with jitter.
 * All calls on the loop's thread; nothing blocks. Every callback may call send, reconnect and close. */
#ifndef MUSTER_COMMON_NET_DEALER_H
#define MUSTER_COMMON_NET_DEALER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "common/net/endpoint.h"

struct err;
struct net_context;
struct net_dealer;

enum net_refusal {
    NET_REFUSED_KEY,      /* the broker does not know this client's key */
    NET_REFUSED_PROTOCOL, /* what answers is no broker of ours: wrong mechanism, or not ZeroMQ at all */
    NET_REFUSED_CLOSED,   /* the connection was closed during the handshake: the broker's key is not the one
                           * that this client was given, or the broker is not ready */
};

/* One line for a person: what happened and what to check. */
const char *net_refusal_string(enum net_refusal refusal);

typedef void net_dealer_on_message(void *ctx, const void *body, size_t n);
typedef void net_dealer_on_state(void *ctx);
typedef void net_dealer_on_refused(void *ctx, enum net_refusal refusal);
typedef void net_dealer_closed(void *ctx);

struct net_dealer_config {
    const char *endpoint;        /* "tcp://host:port", see net_endpoint_format(); copied */
    const uint8_t *curve_secret; /* NET_KEY_BYTES each; copied, wiped at the end */
    const uint8_t *curve_public;
    const uint8_t *server_public;
    struct net_limits limits;
    net_dealer_on_message *on_message;    /* body is valid during the call only */
    net_dealer_on_state *on_connected;    /* before the first message of the session */
    net_dealer_on_state *on_disconnected; /* after the last; not when reconnect or close ended the session */
    net_dealer_on_refused *on_refused;    /* each failed handshake; the dealer keeps trying */
    void *ctx;
};

struct net_dealer_stats {
    uint64_t received;
    uint64_t sent;
    uint64_t dropped_frames;
    uint64_t dropped_empty;
    uint64_t send_full;
    uint64_t attempts; /* connects that were begun */
    uint64_t connected;
    uint64_t refused;
};

/* on_disconnected, on_connected and on_refused may be NULL. Returns before there is a connection. 0,
 * ERR_CONFIG for an endpoint or a limit that cannot be, ERR_NO_MEMORY, ERR_OS. */
int net_dealer_open(uv_loop_t *loop, struct net_context *context, const struct net_dealer_config *config,
                    struct net_dealer **ret, struct err *err);

bool net_dealer_is_connected(const struct net_dealer *dealer);

/* Queues one message; 0 says no more than that. ERR_TEMPORARY: not connected, or the queue is full: keep the
 * message. ERR_TOO_BIG: more than limits.message_bytes_max. ERR_USAGE: n is 0. ERR_NO_MEMORY, ERR_OS. */
int net_dealer_send(struct net_dealer *dealer, const void *body, size_t n);

/* Ends this session, if there is one, and begins another: for an owner whose own heartbeat was not answered
 * (the other program may hang while its I/O thread keeps the connection alive). */
void net_dealer_reconnect(struct net_dealer *dealer);

void net_dealer_get_stats(const struct net_dealer *dealer, struct net_dealer_stats *ret);

/* The dealer frees itself, then on_closed (may be NULL) comes, from the loop, and no other callback. What was
 * sent may still leave for limits.linger_ms. Accepts NULL (on_closed is called at once). */
void net_dealer_close(struct net_dealer *dealer, net_dealer_closed *on_closed, void *ctx);

#endif
