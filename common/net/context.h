/* The ZeroMQ context of a program: its I/O thread and its sockets. One a program, made first and freed
 * last.
 *
 * Last, also after the last call into libsodium: below libzmq 4.3.5 ending the context calls
 * randombytes_close(), which pulls libsodium's random source away from whoever still uses it. */
#ifndef MUSTER_COMMON_NET_CONTEXT_H
#define MUSTER_COMMON_NET_CONTEXT_H

struct err;
struct net_context;

enum {
    /* One I/O thread carries about 1 GB/s; a region's traffic is a thousandth of that. */
    NET_IO_THREADS = 1,
    /* Sockets of the program, not connections: a router and a ZAP handler are 4 with the monitor's pair,
     * a dealer is 3, and 6 for the moment in which a new one replaces it. */
    NET_SOCKETS_MAX = 64,
};

/* 0; ERR_UNAVAILABLE when this libzmq has no CURVE; ERR_OS. */
int net_context_new(struct net_context **ret, struct err *err);

/* After all on_closed calls (where opening something failed, run the loop once first): it waits until every
 * socket is gone, for as long as their linger lets last messages leave. Accepts NULL. */
void net_context_free(struct net_context *context);

/* For this room only: the libzmq context, a number that no other call got (it makes inproc names), and
 * whether a ZAP handler listens. */
void *net_context_zmq(struct net_context *context);
unsigned net_context_unique(struct net_context *context);
void net_context_set_zap(struct net_context *context, int present);
int net_context_has_zap(const struct net_context *context);

#endif
