#include "common/net/router.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

#include "common/base/err.h"
#include "common/net/context.h"
#include "common/net/monitor.h"
#include "common/net/watcher.h"
#include "common/net/zap.h"

enum {
    /* An ordinary message is two frames, id and body. */
    FRAMES_PER_TURN_MAX = 2 * NET_DRAIN_MAX,
    /* A message whose signature is checked takes 60 us: of a full turn of those, what the loop has to do
     * besides (a commit is done, and everybody waits for its replies) would wait for 16 ms. */
    TURN_NS_MAX = 1000000,
    /* Connections that wait to be accepted. Beyond it the kernel drops them, and who knocks waits for
     * seconds: libzmq's 100 is too few for a region that comes back at once. somaxconn bounds it, too. */
    BACKLOG = 4096,
};

enum router_state {
    ROUTER_AT_ID,   /* the next frame is a routing id */
    ROUTER_AT_BODY, /* the next frame is the body */
    ROUTER_SKIPS,   /* the next frame belongs to a message that is dropped */
};

struct net_router {
    void *socket;
    struct net_watcher *watcher;
    struct net_monitor *monitor;
    struct net_router_config config;
    char endpoint[NET_ENDPOINT_TEXT];
    struct net_router_stats stats;

    enum router_state state;
    bool peer_chosen;
    struct net_peer peer;

    bool closing;
    unsigned open_parts;
    net_router_closed *on_closed;
    void *closed_ctx;
};

bool net_peer_equal(struct net_peer a, struct net_peer b)
{
    return memcmp(a.id, b.id, sizeof a.id) == 0;
}

const char *net_bad_string(enum net_bad bad)
{
    switch (bad) {
    case NET_BAD_FRAMES:
        return "more than one frame";
    case NET_BAD_EMPTY:
        return "empty message";
    case NET_BAD_CHOSEN_ID:
        return "routing id chosen by the client";
    case NET_BAD_UNIDENTIFIED:
        return "no identity";
    }
    return "bad message";
}

static void router_drop(struct net_router *router, const uint8_t key[NET_KEY_BYTES], enum net_bad bad)
{
    switch (bad) {
    case NET_BAD_FRAMES:
        router->stats.dropped_frames++;
        break;
    case NET_BAD_EMPTY:
        router->stats.dropped_empty++;
        break;
    case NET_BAD_CHOSEN_ID:
        router->stats.dropped_chosen_id++;
        break;
    case NET_BAD_UNIDENTIFIED:
        router->stats.dropped_unidentified++;
        break;
    }
    if (router->config.on_bad) {
        router->config.on_bad(router->config.ctx, router->peer, key, bad);
    }
}

static void router_take_id(struct net_router *router, zmq_msg_t *frame)
{
    const uint8_t *id = zmq_msg_data(frame);

    memset(&router->peer, 0, sizeof router->peer);
    router->peer_chosen = zmq_msg_size(frame) != NET_PEER_BYTES || id[0] != 0;
    if (!router->peer_chosen) {
        memcpy(router->peer.id, id, NET_PEER_BYTES);
    }
}

static void router_take_body(struct net_router *router, zmq_msg_t *frame)
{
    uint8_t key[NET_KEY_BYTES] = {0};

    /* From the body, not from the id: libzmq strips it from the id frame once it has prefetched. */
    if (!net_zap_parse_user_id(zmq_msg_gets(frame, "User-Id"), key)) {
        router_drop(router, key, NET_BAD_UNIDENTIFIED);
    } else if (router->peer_chosen) {
        router_drop(router, key, NET_BAD_CHOSEN_ID);
    } else if (zmq_msg_more(frame)) {
        router_drop(router, key, NET_BAD_FRAMES);
    } else if (zmq_msg_size(frame) == 0) {
        router_drop(router, key, NET_BAD_EMPTY);
    } else {
        router->stats.received++;
        router->config.on_message(router->config.ctx, router->peer, key, zmq_msg_data(frame),
                                  zmq_msg_size(frame));
    }
}

/* One frame through the states; a message of a million frames takes several turns, not one long one. */
static void router_take(struct net_router *router, zmq_msg_t *frame)
{
    enum router_state state = router->state;
    bool more = zmq_msg_more(frame);

    if (!more) {
        router->state = ROUTER_AT_ID;
    } else {
        router->state = state == ROUTER_AT_ID ? ROUTER_AT_BODY : ROUTER_SKIPS;
    }
    if (state == ROUTER_AT_ID) {
        router_take_id(router, frame);
    } else if (state == ROUTER_AT_BODY) {
        router_take_body(router, frame);
    }
}

static void router_on_ready(void *ctx, unsigned ready)
{
    struct net_router *router = ctx;
    uint64_t before = router->stats.received;
    uint64_t end_ns = uv_hrtime() + TURN_NS_MAX;
    zmq_msg_t frame;

    (void)ready;
    for (int i = 0; i < FRAMES_PER_TURN_MAX && !router->closing; i++) {
        if (router->state == ROUTER_AT_ID && uv_hrtime() >= end_ns) {
            break; /* the others come next turn */
        }
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, router->socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&frame);
            break;
        }
        router_take(router, &frame);
        zmq_msg_close(&frame);
    }
    if (router->stats.received > before && router->config.on_turn && !router->closing) {
        router->config.on_turn(router->config.ctx);
    }
}

static void router_on_monitor(void *ctx, enum net_monitor_event event, uint32_t value)
{
    struct net_router *router = ctx;

    (void)value;
    switch (event) {
    case NET_MONITOR_READY:
        router->stats.connected++;
        break;
    case NET_MONITOR_REFUSED:
    case NET_MONITOR_PROTOCOL_FAILED:
    case NET_MONITOR_HANDSHAKE_LOST:
        router->stats.handshake_failed++;
        break;
    case NET_MONITOR_DISCONNECTED:
        router->stats.disconnected++;
        break;
    case NET_MONITOR_UNANSWERED: /* a router connects to nobody */
        break;
    }
}

static int router_bind(struct net_router *router, struct err *err)
{
    size_t size = sizeof router->endpoint;
    char endpoint[NET_ENDPOINT_TEXT];
    int rc = net_endpoint_format(router->config.host, router->config.port, endpoint, err);

    if (rc) {
        return rc;
    }
    if (zmq_bind(router->socket, endpoint)) {
        switch (zmq_errno()) {
        case EADDRINUSE:
            return err_set(err, ERR_UNAVAILABLE,
                           "cannot listen on %s: the port is in use; choose another, or stop the program "
                           "that has it",
                           endpoint);
        case EACCES:
            return err_set(err, ERR_PERMISSION, "cannot listen on %s: this user may not use that port",
                           endpoint);
        case EADDRNOTAVAIL:
        case ENODEV:
        case EINVAL:
            return err_set(err, ERR_CONFIG, "cannot listen on %s: not an address of this machine", endpoint);
        default:
            return err_set(err, ERR_OS, "cannot listen on %s: %s", endpoint, zmq_strerror(zmq_errno()));
        }
    }
    if (zmq_getsockopt(router->socket, ZMQ_LAST_ENDPOINT, router->endpoint, &size)) {
        return err_set(err, ERR_OS, "cannot tell where %s listens: %s", endpoint, zmq_strerror(zmq_errno()));
    }
    return 0;
}

static int router_set_up(struct net_router *router, struct err *err)
{
    struct in_addr ipv4;
    int rc = net_endpoint_set_limits(router->socket, &router->config.limits, err);

    /* An IPv4 address is not to be bound, nor shown, as an IPv6 one that contains it. */
    if (!rc && inet_pton(AF_INET, router->config.host, &ipv4) == 1) {
        rc = net_endpoint_set_int(router->socket, ZMQ_IPV6, "IPv6", 0, err);
    }
    if (!rc) {
        rc = net_endpoint_set_int(router->socket, ZMQ_BACKLOG, "backlog", BACKLOG, err);
    }
    if (!rc) {
        rc = net_endpoint_set_int(router->socket, ZMQ_ROUTER_MANDATORY, "mandatory routing", 1, err);
    }
    if (!rc) {
        rc = net_endpoint_set_int(router->socket, ZMQ_ROUTER_HANDOVER, "handover", 0, err);
    }
    if (!rc) {
        rc = net_endpoint_set_curve_server(router->socket, router->config.curve_secret, err);
    }
    return rc;
}

static void router_free(struct net_router *router)
{
    if (router->socket) {
        zmq_close(router->socket);
    }
    free(router);
}

static void router_on_part_closed(void *ctx)
{
    struct net_router *router = ctx;
    net_router_closed *on_closed = router->on_closed;
    void *closed_ctx = router->closed_ctx;

    if (--router->open_parts > 0) {
        return;
    }
    router_free(router);
    if (on_closed) {
        on_closed(closed_ctx);
    }
}

int net_router_open(uv_loop_t *loop, struct net_context *context, const struct net_router_config *config,
                    struct net_router **ret, struct err *err)
{
    struct net_router *router;
    int rc;

    if (!net_context_has_zap(context)) {
        return err_set(err, ERR_USAGE, "a router without a ZAP handler would refuse everybody");
    }
    router = calloc(1, sizeof *router);
    if (!router) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    router->config = *config;
    router->socket = zmq_socket(net_context_zmq(context), ZMQ_ROUTER);
    if (!router->socket) {
        rc = err_set(err, ERR_OS, "cannot make a socket: %s", zmq_strerror(zmq_errno()));
        goto fail_socket;
    }
    rc = router_set_up(router, err);
    if (rc) {
        goto fail_socket;
    }
    /* The socket is bound before it is watched, so that a port in use leaves nothing to close on the loop. A
     * client cannot get further than ZAP meanwhile. */
    rc = router_bind(router, err);
    if (rc) {
        goto fail_socket;
    }
    rc = net_watcher_open(loop, router->socket, NET_READABLE, router_on_ready, router, &router->watcher, err);
    if (rc) {
        goto fail_socket;
    }
    rc = net_monitor_open(loop, context, router->socket, router_on_monitor, router, &router->monitor, err);
    if (rc) {
        goto fail_monitor;
    }
    router->config.host = NULL;
    router->config.curve_secret = NULL;
    *ret = router;
    return 0;

fail_monitor:
    router->closing = true;
    router->open_parts = 1;
    net_watcher_close(router->watcher, router_on_part_closed, router);
    return rc;
fail_socket:
    router_free(router);
    return rc;
}

const char *net_router_endpoint(const struct net_router *router)
{
    return router->endpoint;
}

uint16_t net_router_port(const struct net_router *router)
{
    const char *colon = strrchr(router->endpoint, ':');

    return colon ? (uint16_t)strtoul(colon + 1, NULL, 10) : 0;
}

int net_router_send(struct net_router *router, struct net_peer peer, const void *body, size_t n)
{
    zmq_msg_t frame;

    if (n == 0) {
        return ERR_USAGE;
    }
    if (n > (size_t)router->config.limits.message_bytes_max) {
        return ERR_TOO_BIG;
    }
    /* The body first: once the id is sent there must be nothing left that can fail. */
    if (zmq_msg_init_size(&frame, n)) {
        return ERR_NO_MEMORY;
    }
    memcpy(zmq_msg_data(&frame), body, n);
    if (zmq_send(router->socket, peer.id, sizeof peer.id, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0) {
        int reason = zmq_errno();

        zmq_msg_close(&frame);
        if (reason == EAGAIN) {
            router->stats.send_full++;
            return ERR_TEMPORARY;
        }
        if (reason == EHOSTUNREACH) {
            router->stats.send_gone++;
            return ERR_NOT_FOUND;
        }
        return ERR_OS;
    }
    if (zmq_msg_send(&frame, router->socket, ZMQ_DONTWAIT) < 0) {
        zmq_msg_close(&frame);
        return ERR_OS;
    }
    router->stats.sent++;
    return 0;
}

void net_router_get_stats(const struct net_router *router, struct net_router_stats *ret)
{
    *ret = router->stats;
}

void net_router_close(struct net_router *router, net_router_closed *on_closed, void *ctx)
{
    if (!router) {
        if (on_closed) {
            on_closed(ctx);
        }
        return;
    }
    router->closing = true;
    router->on_closed = on_closed;
    router->closed_ctx = ctx;
    router->open_parts = 2;
    net_monitor_close(router->monitor, router_on_part_closed, router);
    net_watcher_close(router->watcher, router_on_part_closed, router);
}
