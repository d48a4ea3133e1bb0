/* Watches one ZeroMQ socket on a libuv loop. watcher.c says how, and why no simpler way works.
 *
 * All calls on the loop's thread. The callback comes at most once per turn of the loop, for as long as
 * something it is interested in is due, so it may stop early: it MUST bound what it does in one turn,
 * or timers wait. It may close the watcher and use the socket in any way.
 *
 * Do not touch the socket from a uv_prepare callback of your own: what that takes away from ZMQ_EVENTS
 * nobody would see before the loop blocks. */
#ifndef MUSTER_COMMON_NET_WATCHER_H
#define MUSTER_COMMON_NET_WATCHER_H

#include <uv.h>

struct err;
struct net_watcher;

enum net_interest {
    NET_READABLE = 1,
    /* Only for a moment, while something waits to be sent; and never for a ROUTER, which always says
     * that it is writable: the loop would spin. */
    NET_WRITABLE = 2,
};

typedef void net_watcher_ready(void *ctx, unsigned ready);
typedef void net_watcher_closed(void *ctx);

/* zmq_socket stays the caller's and must stay open until on_closed. 0, ERR_NO_MEMORY or ERR_OS. */
int net_watcher_open(uv_loop_t *loop, void *zmq_socket, unsigned interest, net_watcher_ready *on_ready,
                     void *ctx, struct net_watcher **ret, struct err *err);

void net_watcher_set_interest(struct net_watcher *watcher, unsigned interest);

/* No callback follows but on_closed (may be NULL), from the loop, when all handles are closed: only then
 * may the socket be closed. The watcher frees itself before it. */
void net_watcher_close(struct net_watcher *watcher, net_watcher_closed *on_closed, void *ctx);

#endif
