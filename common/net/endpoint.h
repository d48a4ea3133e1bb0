/* Every socket option of the bus in one place: the limits of a connection and the CURVE roles. */
#ifndef MUSTER_COMMON_NET_ENDPOINT_H
#define MUSTER_COMMON_NET_ENDPOINT_H

#include <stddef.h>
#include <stdint.h>

struct err;

enum {
    NET_KEY_BYTES = 32,
    /* "tcp://[" + the longest host name (253) + "]:65535" + NUL, rounded up */
    NET_ENDPOINT_TEXT = 272,
    /* Messages that one socket hands over in one turn of the loop. A handler of 20 us then holds timers
     * back by 5 ms. */
    NET_DRAIN_MAX = 256,
    /* The most that a limit on message bytes may say. */
    NET_MESSAGE_BYTES_MAX = 64 * 1024 * 1024,
};

/* What libzmq leaves unlimited or switched off. All times in milliseconds. */
struct net_limits {
    /* Bytes of one message's body, and of a frame: libzmq cuts the connection of a peer that announces more,
     * before it has taken the memory. It has no limit for the number of frames of one message, which it
     * gathers before it shows them: a peer with a known key could fill our memory with an endless one. */
    int64_t message_bytes_max;
    /* Messages that wait per connection. One hostile but known peer can hold receive_queue *
     * message_bytes_max of our memory; a slow one as much of the sending side. */
    int send_queue;
    int receive_queue;
    int connect_ms;   /* to a TCP connection, else tried again */
    int handshake_ms; /* from there to finished CURVE handshake, else cut */
    /* ZMTP ping: finds dead wires, not hung programs (the I/O thread answers). Sessions have beats of their
     * own and notice sooner; this frees what is left of them. Each costs the I/O thread some 50 us: 5,000
     * agents at 5 s took a tenth of a core. */
    int heartbeat_ms;
    int heartbeat_lost_ms; /* no traffic for so long: cut */
    int linger_ms;         /* how long closing waits for the last messages to leave */
    int reconnect_ms;      /* first wait before connecting again; doubles, with jitter, up to the next */
    int reconnect_max_ms;
};

/* 256 KiB: the largest envelope is a batch of imported records or a long message text; an order with its
 *   signatures is under 4 KiB.
 * 256 messages each way: 64 MiB at worst, about 256 KiB in ordinary traffic, and a turn's drain.
 * Connect 10 s. Handshake 20 s: three round trips, of 4 s over a bad satellite link, with what is lost there.
 * Heartbeat 5 s, lost after three of them.
 * Linger 0.5 s: enough for what a send has just queued, too short to hold up a shutdown.
 * Reconnect 0.2 s to 10 s: 1,000 agents that miss their broker try about 130 times a second together. */
#define NET_LIMITS_DEFAULT                    \
    ((struct net_limits){                     \
        .message_bytes_max = INT64_C(262144), \
        .send_queue = 256,                    \
        .receive_queue = 256,                 \
        .connect_ms = 10000,                  \
        .handshake_ms = 20000,                \
        .heartbeat_ms = 60000,                \
        .heartbeat_lost_ms = 180000,          \
        .linger_ms = 500,                     \
        .reconnect_ms = 200,                  \
        .reconnect_max_ms = 5000,             \
    })

/* "tcp://host:port"; an IPv6 address gets its brackets. ret is written on success. 0, or ERR_CONFIG when
 * the host is empty, too long, or holds what an address cannot. */
int net_endpoint_format(const char *host, uint16_t port, char ret[NET_ENDPOINT_TEXT], struct err *err);

/* Whether endpoint is what a client can connect to: "tcp://", a host, and a port from 1 to 65535. 0 or
 * ERR_CONFIG. */
int net_endpoint_check(const char *endpoint, struct err *err);

/* Whether host:port can be listened on now: asked before anything is written that a failed start would leave
 * behind. 0; ERR_UNAVAILABLE when it is in use, ERR_PERMISSION, ERR_CONFIG for no address of this machine. */
int net_endpoint_probe(const char *host, uint16_t port, struct err *err);

/* The rest is for this room: on a fresh libzmq socket, before bind and connect, because libzmq applies
 * options to connections made afterwards only. 0 or ERR_CONFIG / ERR_OS with the option's name. */
int net_endpoint_set_int(void *socket, int option, const char *name, int value, struct err *err);
int net_endpoint_set_limits(void *socket, const struct net_limits *limits, struct err *err);
int net_endpoint_set_curve_server(void *socket, const uint8_t secret[NET_KEY_BYTES], struct err *err);
int net_endpoint_set_curve_client(void *socket, const uint8_t secret[NET_KEY_BYTES],
                                  const uint8_t public_key[NET_KEY_BYTES],
                                  const uint8_t server_public[NET_KEY_BYTES], struct err *err);

#endif
