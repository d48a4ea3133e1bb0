/* libzmq reports events through a pair of PAIR sockets, and the thread that reports (the I/O thread, for
 * all connections) blocks for ever when that pair is full, or when our half of it is closed while the
 * monitor still runs. Hence: our half has no high-water mark (an event takes about 200 bytes and comes
 * once or twice per handshake, which bounds what can pile up while the loop is busy), and closing stops the
 * monitor first. */
#include "common/net/monitor.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

#include "common/base/err.h"
#include "common/net/context.h"
#include "common/net/endpoint.h"
#include "common/net/watcher.h"

enum {
    MONITOR_EVENTS = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                     ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED,
};

struct net_monitor {
    void *monitored;
    void *pair;
    struct net_watcher *watcher;
    net_monitor_on_event *on_event;
    void *ctx;
    bool closing;
    net_monitor_closed *on_closed;
    void *closed_ctx;
};

/* An event is two frames: 16 bits event, 32 bits value, both in this machine's order; then the endpoint. */
static bool monitor_receive(struct net_monitor *monitor, uint16_t *ret_event, uint32_t *ret_value)
{
    uint8_t head[6] = {0};
    bool more = true;
    int n = zmq_recv(monitor->pair, head, sizeof head, ZMQ_DONTWAIT);

    if (n < 0) {
        return false;
    }
    while (more) {
        int flag = 0;
        size_t size = sizeof flag;

        more = !zmq_getsockopt(monitor->pair, ZMQ_RCVMORE, &flag, &size) && flag;
        if (more && zmq_recv(monitor->pair, NULL, 0, ZMQ_DONTWAIT) < 0) {
            return false;
        }
    }
    memcpy(ret_event, head, 2);
    memcpy(ret_value, head + 2, 4);
    return true;
}

static void monitor_translate(struct net_monitor *monitor, uint16_t event, uint32_t value)
{
    switch (event) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        monitor->on_event(monitor->ctx, NET_MONITOR_READY, value);
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        monitor->on_event(monitor->ctx, NET_MONITOR_REFUSED, value);
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        monitor->on_event(monitor->ctx, NET_MONITOR_PROTOCOL_FAILED, value);
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        monitor->on_event(monitor->ctx, NET_MONITOR_HANDSHAKE_LOST, value);
        break;
    case ZMQ_EVENT_DISCONNECTED:
        monitor->on_event(monitor->ctx, NET_MONITOR_DISCONNECTED, value);
        break;
    case ZMQ_EVENT_CONNECT_RETRIED:
        monitor->on_event(monitor->ctx, NET_MONITOR_UNANSWERED, value);
        break;
    default: /* ZMQ_EVENT_MONITOR_STOPPED comes unasked */
        break;
    }
}

void net_monitor_drain(struct net_monitor *monitor)
{
    uint16_t event;
    uint32_t value;

    for (int i = 0; i < NET_DRAIN_MAX && !monitor->closing; i++) {
        if (!monitor_receive(monitor, &event, &value)) {
            break;
        }
        monitor_translate(monitor, event, value);
    }
}

static void monitor_on_ready(void *ctx, unsigned ready)
{
    (void)ready;
    net_monitor_drain(ctx);
}

int net_monitor_open(uv_loop_t *loop, struct net_context *context, void *socket,
                     net_monitor_on_event *on_event, void *ctx, struct net_monitor **ret, struct err *err)
{
    struct net_monitor *monitor = calloc(1, sizeof *monitor);
    char endpoint[48];
    int rc;

    if (!monitor) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    monitor->monitored = socket;
    monitor->on_event = on_event;
    monitor->ctx = ctx;
    snprintf(endpoint, sizeof endpoint, "inproc://monitor-%u", net_context_unique(context));
    if (zmq_socket_monitor(socket, endpoint, MONITOR_EVENTS) < 0) {
        rc = err_set(err, ERR_OS, "cannot monitor a socket: %s", zmq_strerror(zmq_errno()));
        goto fail_monitor;
    }
    monitor->pair = zmq_socket(net_context_zmq(context), ZMQ_PAIR);
    if (!monitor->pair) {
        rc = err_set(err, ERR_OS, "cannot monitor a socket: %s", zmq_strerror(zmq_errno()));
        goto fail_pair;
    }
    rc = net_endpoint_set_int(monitor->pair, ZMQ_LINGER, "linger time", 0, err);
    if (!rc) {
        rc = net_endpoint_set_int(monitor->pair, ZMQ_RCVHWM, "receive queue", 0, err);
    }
    if (!rc && zmq_connect(monitor->pair, endpoint)) {
        rc = err_set(err, ERR_OS, "cannot monitor a socket: %s", zmq_strerror(zmq_errno()));
    }
    if (!rc) {
        rc = net_watcher_open(loop, monitor->pair, NET_READABLE, monitor_on_ready, monitor, &monitor->watcher,
                              err);
    }
    if (rc) {
        goto fail_connect;
    }
    *ret = monitor;
    return 0;

fail_connect:
    zmq_socket_monitor(socket, NULL, 0);
    zmq_close(monitor->pair);
    free(monitor);
    return rc;
fail_pair:
    zmq_socket_monitor(socket, NULL, 0);
fail_monitor:
    free(monitor);
    return rc;
}

static void monitor_on_watcher_closed(void *ctx)
{
    struct net_monitor *monitor = ctx;
    net_monitor_closed *on_closed;
    void *closed_ctx;

    zmq_close(monitor->pair);
    on_closed = monitor->on_closed;
    closed_ctx = monitor->closed_ctx;
    free(monitor);
    if (on_closed) {
        on_closed(closed_ctx);
    }
}

void net_monitor_close(struct net_monitor *monitor, net_monitor_closed *on_closed, void *ctx)
{
    monitor->closing = true;
    monitor->on_closed = on_closed;
    monitor->closed_ctx = ctx;
    zmq_socket_monitor(monitor->monitored, NULL, 0);
    net_watcher_close(monitor->watcher, monitor_on_watcher_closed, monitor);
}
