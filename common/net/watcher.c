/* ZeroMQ sockets on a libuv loop.
 *
 * A ZeroMQ socket hands out a file descriptor (ZMQ_FD), but that descriptor is not the socket. It is the
 * mailbox through which libzmq's I/O thread tells the socket that something changed, and it signals the
 * change, once. Whoever reads ZMQ_EVENTS, sends or receives takes that signal away, even when messages
 * are left over. So "poll the descriptor, then receive in the callback" stalls: with 500 messages queued,
 * one receive per callback gets 1 of them, a bounded drain of 64 gets 64, and the rest lie there until
 * another message happens to come.
 *
 * What works is to ask the socket itself, on both sides of the place where the loop blocks:
 *
 *     timers -> idle -> PREPARE -> block in poll -> CHECK -> closing -> (again)
 *
 *   poll     watches ZMQ_FD only so that the loop wakes up; its callback is empty.
 *   prepare  reads ZMQ_EVENTS. If something is due now, the loop must not block: an active idle handle,
 *            whose callback is empty, makes it poll without waiting. If nothing is due, whatever comes
 *            after this reading makes the descriptor readable, and the loop wakes.
 *   check    stops the idle handle, reads ZMQ_EVENTS again and calls the user.
 *
 * Nothing is lost between the two readings, a turn may leave messages for the next one, and a loop
 * without news blocks. */
#include "common/net/watcher.h"

#include <stdbool.h>
#include <stdlib.h>

#include <zmq.h>

#include "common/base/err.h"

enum { WATCHER_HANDLES = 4 };

struct net_watcher {
    uv_poll_t poll;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle;
    void *socket;
    unsigned interest;
    net_watcher_ready *on_ready;
    void *ctx;
    unsigned open_handles;
    bool closing;
    net_watcher_closed *on_closed;
    void *closed_ctx;
};

static unsigned watcher_due(const struct net_watcher *watcher)
{
    int events = 0;
    size_t size = sizeof events;
    unsigned due = 0;

    /* The only failures are a socket that is closed or whose context ends: nothing is due from it. */
    if (zmq_getsockopt(watcher->socket, ZMQ_EVENTS, &events, &size)) {
        return 0;
    }
    if (events & ZMQ_POLLIN) {
        due |= NET_READABLE;
    }
    if (events & ZMQ_POLLOUT) {
        due |= NET_WRITABLE;
    }
    return due & watcher->interest;
}

static void watcher_on_poll(uv_poll_t *poll, int status, int events)
{
    (void)poll;
    (void)status;
    (void)events;
}

static void watcher_on_idle(uv_idle_t *idle)
{
    (void)idle;
}

static void watcher_on_prepare(uv_prepare_t *prepare)
{
    struct net_watcher *watcher = prepare->data;

    if (watcher_due(watcher)) {
        uv_idle_start(&watcher->idle, watcher_on_idle);
    }
}

static void watcher_on_check(uv_check_t *check)
{
    struct net_watcher *watcher = check->data;
    unsigned due;

    uv_idle_stop(&watcher->idle);
    due = watcher_due(watcher);
    if (due) {
        watcher->on_ready(watcher->ctx, due);
    }
}

static void watcher_on_handle_closed(uv_handle_t *handle)
{
    struct net_watcher *watcher = handle->data;
    net_watcher_closed *on_closed;
    void *closed_ctx;

    if (--watcher->open_handles > 0) {
        return;
    }
    on_closed = watcher->on_closed;
    closed_ctx = watcher->closed_ctx;
    free(watcher);
    if (on_closed) {
        on_closed(closed_ctx);
    }
}

int net_watcher_open(uv_loop_t *loop, void *zmq_socket, unsigned interest, net_watcher_ready *on_ready,
                     void *ctx, struct net_watcher **ret, struct err *err)
{
    struct net_watcher *watcher;
    int fd = -1;
    size_t size = sizeof fd;
    int rc;

    if (zmq_getsockopt(zmq_socket, ZMQ_FD, &fd, &size)) {
        return err_set(err, ERR_OS, "cannot watch a socket: %s", zmq_strerror(zmq_errno()));
    }
    watcher = calloc(1, sizeof *watcher);
    if (!watcher) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    watcher->socket = zmq_socket;
    watcher->interest = interest;
    watcher->on_ready = on_ready;
    watcher->ctx = ctx;
    rc = uv_poll_init(loop, &watcher->poll, fd);
    if (rc) {
        free(watcher);
        return err_set(err, ERR_OS, "cannot watch a socket: %s", uv_strerror(rc));
    }
    /* These three cannot fail, nor can starting them. */
    uv_prepare_init(loop, &watcher->prepare);
    uv_check_init(loop, &watcher->check);
    uv_idle_init(loop, &watcher->idle);
    watcher->open_handles = WATCHER_HANDLES;
    watcher->poll.data = watcher;
    watcher->prepare.data = watcher;
    watcher->check.data = watcher;
    watcher->idle.data = watcher;
    rc = uv_poll_start(&watcher->poll, UV_READABLE, watcher_on_poll);
    if (rc) {
        net_watcher_close(watcher, NULL, NULL);
        return err_set(err, ERR_OS, "cannot watch a socket: %s", uv_strerror(rc));
    }
    uv_prepare_start(&watcher->prepare, watcher_on_prepare);
    uv_check_start(&watcher->check, watcher_on_check);
    *ret = watcher;
    return 0;
}

void net_watcher_set_interest(struct net_watcher *watcher, unsigned interest)
{
    watcher->interest = interest;
}

void net_watcher_close(struct net_watcher *watcher, net_watcher_closed *on_closed, void *ctx)
{
    if (watcher->closing) {
        return;
    }
    watcher->closing = true;
    watcher->on_closed = on_closed;
    watcher->closed_ctx = ctx;
    uv_close((uv_handle_t *)&watcher->poll, watcher_on_handle_closed);
    uv_close((uv_handle_t *)&watcher->prepare, watcher_on_handle_closed);
    uv_close((uv_handle_t *)&watcher->check, watcher_on_handle_closed);
    uv_close((uv_handle_t *)&watcher->idle, watcher_on_handle_closed);
}
