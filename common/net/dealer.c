/* Why sessions have sockets of their own, though ZeroMQ reconnects by itself: after a refusal libzmq 4.3.4
 * gives the connection up for good (a failed handshake is a protocol error, and those end the session); and
 * after a lost connection it attaches the next one to the same socket, where what the old one left unread
 * would mix with what the new one brings; and while nobody answers, its waits grow with at most the first of
 * them as jitter, so that thousands who lost the same broker knock within the same half second. Hence a try
 * that fails ends the session too, and the wait before the next is ours. */
#include "common/net/dealer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

#include "common/base/err.h"
#include "common/net/context.h"
#include "common/net/monitor.h"
#include "common/net/watcher.h"

enum dealer_state {
    DEALER_WAITING,    /* no socket; the timer runs */
    DEALER_CONNECTING, /* a socket, and no session yet */
    DEALER_CONNECTED,
    DEALER_ENDING, /* the socket's watchers are closing; then waiting, or gone */
};

enum { DOUBLINGS_MAX = 16 };

struct net_dealer {
    uv_loop_t *loop;
    struct net_context *context;
    struct net_dealer_config config;
    char endpoint[NET_ENDPOINT_TEXT];
    uint8_t secret[NET_KEY_BYTES];
    uint8_t public_key[NET_KEY_BYTES];
    uint8_t server_public[NET_KEY_BYTES];
    struct net_dealer_stats stats;

    enum dealer_state state;
    void *socket;
    struct net_watcher *watcher;
    struct net_monitor *monitor;
    bool skipping;  /* the frames that come belong to a message that is dropped */
    bool lost;      /* the connection has ended; what it left is being read */
    unsigned tries; /* sessions that failed to begin, in a row */
    unsigned open_parts;
    uv_timer_t retry;

    bool closing;
    net_dealer_closed *on_closed;
    void *closed_ctx;
};

static void dealer_end_session(struct net_dealer *dealer);

const char *net_refusal_string(enum net_refusal refusal)
{
    switch (refusal) {
    case NET_REFUSED_KEY:
        return "the broker refused this key: enrol it, or use the key that is enrolled";
    case NET_REFUSED_PROTOCOL:
        return "what answers there is not a broker that speaks CURVE: check address and port";
    case NET_REFUSED_CLOSED:
        return "the connection was closed during the handshake: the line broke off, or the broker's public "
               "key is wrong";
    }
    return "refused";
}

static void dealer_free(struct net_dealer *dealer)
{
    explicit_bzero(dealer->secret, sizeof dealer->secret);
    free(dealer);
}

/* ---- reading ---- */

static void dealer_take(struct net_dealer *dealer, zmq_msg_t *frame)
{
    bool more = zmq_msg_more(frame);
    bool first = !dealer->skipping;

    dealer->skipping = more;
    if (!first) {
        return;
    }
    if (more) {
        dealer->stats.dropped_frames++;
    } else if (zmq_msg_size(frame) == 0) {
        dealer->stats.dropped_empty++;
    } else {
        dealer->stats.received++;
        dealer->config.on_message(dealer->config.ctx, zmq_msg_data(frame), zmq_msg_size(frame));
    }
}

/* At most one turn's worth. True when nothing is left to read. */
static bool dealer_drain(struct net_dealer *dealer)
{
    zmq_msg_t frame;

    for (int i = 0; i < NET_DRAIN_MAX && dealer->state == DEALER_CONNECTED; i++) {
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, dealer->socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&frame);
            return true;
        }
        dealer_take(dealer, &frame);
        zmq_msg_close(&frame);
    }
    return false;
}

/* What a connection that has ended left: no more than its queue held, so all of it in one go. */
static void dealer_drain_rest(struct net_dealer *dealer)
{
    int rounds_max = dealer->config.limits.receive_queue / NET_DRAIN_MAX + 2;

    for (int i = 0; i < rounds_max && dealer->state == DEALER_CONNECTED; i++) {
        if (dealer_drain(dealer)) {
            break;
        }
    }
}

static void dealer_lose(struct net_dealer *dealer)
{
    bool was_connected = dealer->state == DEALER_CONNECTED;

    dealer_end_session(dealer);
    if (was_connected && dealer->config.on_disconnected) {
        dealer->config.on_disconnected(dealer->config.ctx);
    }
}

static void dealer_on_ready(void *ctx, unsigned ready)
{
    struct net_dealer *dealer = ctx;

    (void)ready;
    /* "Connected" is heard before the first message. */
    net_monitor_drain(dealer->monitor);
    dealer_drain(dealer);
}

/* ---- connection events ---- */

static void dealer_refuse(struct net_dealer *dealer, enum net_refusal refusal)
{
    dealer->stats.refused++;
    dealer_end_session(dealer);
    if (dealer->config.on_refused) {
        dealer->config.on_refused(dealer->config.ctx, refusal);
    }
}

static void dealer_on_monitor(void *ctx, enum net_monitor_event event, uint32_t value)
{
    struct net_dealer *dealer = ctx;

    (void)value;
    if (dealer->state != DEALER_CONNECTING && dealer->state != DEALER_CONNECTED) {
        return;
    }
    switch (event) {
    case NET_MONITOR_READY:
        dealer->state = DEALER_CONNECTED;
        dealer->tries = 0;
        dealer->stats.connected++;
        if (dealer->config.on_connected) {
            dealer->config.on_connected(dealer->config.ctx);
        }
        break;
    case NET_MONITOR_REFUSED:
        dealer_refuse(dealer, NET_REFUSED_KEY);
        break;
    case NET_MONITOR_PROTOCOL_FAILED:
        if (dealer->state == DEALER_CONNECTING) {
            dealer_refuse(dealer, NET_REFUSED_PROTOCOL);
        }
        break;
    case NET_MONITOR_HANDSHAKE_LOST:
        dealer_refuse(dealer, NET_REFUSED_CLOSED);
        break;
    case NET_MONITOR_DISCONNECTED:
        dealer->lost = true;
        dealer_drain_rest(dealer);
        dealer_lose(dealer);
        break;
    case NET_MONITOR_UNANSWERED:
        dealer_lose(dealer);
        break;
    }
}

/* ---- sessions ---- */

static void dealer_on_retry(uv_timer_t *timer);

/* reconnect_ms doubled per failed try, up to reconnect_max_ms; of that the upper half is random, so that
 * clients that lost the same broker do not come back in step. */
static void dealer_wait(struct net_dealer *dealer)
{
    unsigned doublings = dealer->tries < DOUBLINGS_MAX ? dealer->tries : DOUBLINGS_MAX;
    uint64_t wait_ms = (uint64_t)dealer->config.limits.reconnect_ms << doublings;
    uint64_t max_ms = (uint64_t)dealer->config.limits.reconnect_max_ms;
    uint32_t random = 0;

    if (wait_ms > max_ms) {
        wait_ms = max_ms;
    }
    /* When the system has no random bytes to give, all that is lost is the spread. */
    (void)uv_random(NULL, NULL, &random, sizeof random, 0, NULL);
    wait_ms = wait_ms / 2 + random % (wait_ms / 2 + 1);
    dealer->tries++;
    dealer->state = DEALER_WAITING;
    /* uv's time is that of the turn's beginning; a long turn must not shorten the wait. */
    uv_update_time(dealer->loop);
    uv_timer_start(&dealer->retry, dealer_on_retry, wait_ms, 0);
}

static void dealer_on_part_closed(void *ctx)
{
    struct net_dealer *dealer = ctx;
    net_dealer_closed *on_closed = dealer->on_closed;
    void *closed_ctx = dealer->closed_ctx;

    if (--dealer->open_parts > 0) {
        return;
    }
    if (dealer->socket) {
        zmq_close(dealer->socket);
        dealer->socket = NULL;
    }
    if (!dealer->closing) {
        dealer_wait(dealer);
        return;
    }
    dealer_free(dealer);
    if (on_closed) {
        on_closed(closed_ctx);
    }
}

static void dealer_on_timer_closed(uv_handle_t *handle)
{
    dealer_on_part_closed(handle->data);
}

static void dealer_end_session(struct net_dealer *dealer)
{
    int no_linger = 0;

    if (dealer->state != DEALER_CONNECTING && dealer->state != DEALER_CONNECTED) {
        return;
    }
    if (!dealer->closing) {
        zmq_setsockopt(dealer->socket, ZMQ_LINGER, &no_linger, sizeof no_linger);
    }
    dealer->state = DEALER_ENDING;
    dealer->open_parts += 2;
    net_monitor_close(dealer->monitor, dealer_on_part_closed, dealer);
    net_watcher_close(dealer->watcher, dealer_on_part_closed, dealer);
    dealer->monitor = NULL;
    dealer->watcher = NULL;
}

static int dealer_set_up(struct net_dealer *dealer, struct err *err)
{
    int rc = net_endpoint_set_limits(dealer->socket, &dealer->config.limits, err);

    if (!rc) {
        rc = net_endpoint_set_int(dealer->socket, ZMQ_IMMEDIATE, "immediate mode", 1, err);
    }
    if (!rc) {
        rc = net_endpoint_set_curve_client(dealer->socket, dealer->secret, dealer->public_key,
                                           dealer->server_public, err);
    }
    return rc;
}

static int dealer_begin_session(struct net_dealer *dealer, struct err *err)
{
    int rc;

    dealer->skipping = false;
    dealer->lost = false;
    dealer->socket = zmq_socket(net_context_zmq(dealer->context), ZMQ_DEALER);
    if (!dealer->socket) {
        return err_set(err, ERR_OS, "cannot make a socket: %s", zmq_strerror(zmq_errno()));
    }
    rc = dealer_set_up(dealer, err);
    if (rc) {
        goto fail_socket;
    }
    rc = net_monitor_open(dealer->loop, dealer->context, dealer->socket, dealer_on_monitor, dealer,
                          &dealer->monitor, err);
    if (rc) {
        goto fail_socket;
    }
    rc = net_watcher_open(dealer->loop, dealer->socket, NET_READABLE, dealer_on_ready, dealer,
                          &dealer->watcher, err);
    if (rc) {
        goto fail_watcher;
    }
    if (zmq_connect(dealer->socket, dealer->endpoint)) {
        rc = err_set(err, zmq_errno() == EINVAL ? ERR_CONFIG : ERR_OS, "cannot connect to %s: %s",
                     dealer->endpoint, zmq_strerror(zmq_errno()));
        goto fail_connect;
    }
    dealer->state = DEALER_CONNECTING;
    dealer->stats.attempts++;
    return 0;

fail_connect:
    net_watcher_close(dealer->watcher, NULL, NULL);
    dealer->watcher = NULL;
fail_watcher:
    net_monitor_close(dealer->monitor, NULL, NULL);
    dealer->monitor = NULL;
fail_socket:
    zmq_close(dealer->socket);
    dealer->socket = NULL;
    return rc;
}

static void dealer_on_retry(uv_timer_t *timer)
{
    struct net_dealer *dealer = timer->data;

    if (dealer_begin_session(dealer, NULL)) {
        dealer_wait(dealer); /* out of memory or descriptors: that may pass */
    }
}

/* ---- calls ---- */

int net_dealer_open(uv_loop_t *loop, struct net_context *context, const struct net_dealer_config *config,
                    struct net_dealer **ret, struct err *err)
{
    struct net_dealer *dealer;
    int rc = net_endpoint_check(config->endpoint, err);

    if (rc) {
        return rc;
    }
    dealer = calloc(1, sizeof *dealer);
    if (!dealer) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    dealer->loop = loop;
    dealer->context = context;
    dealer->config = *config;
    memcpy(dealer->endpoint, config->endpoint, strlen(config->endpoint) + 1);
    memcpy(dealer->secret, config->curve_secret, NET_KEY_BYTES);
    memcpy(dealer->public_key, config->curve_public, NET_KEY_BYTES);
    memcpy(dealer->server_public, config->server_public, NET_KEY_BYTES);
    dealer->config.endpoint = dealer->endpoint;
    dealer->config.curve_secret = dealer->secret;
    dealer->config.curve_public = dealer->public_key;
    dealer->config.server_public = dealer->server_public;
    rc = dealer_begin_session(dealer, err);
    if (rc) {
        dealer_free(dealer);
        return rc;
    }
    uv_timer_init(loop, &dealer->retry);
    dealer->retry.data = dealer;
    *ret = dealer;
    return 0;
}

bool net_dealer_is_connected(const struct net_dealer *dealer)
{
    return dealer->state == DEALER_CONNECTED && !dealer->lost;
}

int net_dealer_send(struct net_dealer *dealer, const void *body, size_t n)
{
    if (n == 0) {
        return ERR_USAGE;
    }
    if (n > (size_t)dealer->config.limits.message_bytes_max) {
        return ERR_TOO_BIG;
    }
    if (!net_dealer_is_connected(dealer)) {
        return ERR_TEMPORARY;
    }
    if (zmq_send(dealer->socket, body, n, ZMQ_DONTWAIT) < 0) {
        if (zmq_errno() == EAGAIN) {
            dealer->stats.send_full++;
            return ERR_TEMPORARY;
        }
        return zmq_errno() == ENOMEM ? ERR_NO_MEMORY : ERR_OS;
    }
    dealer->stats.sent++;
    return 0;
}

void net_dealer_reconnect(struct net_dealer *dealer)
{
    dealer_end_session(dealer);
}

void net_dealer_get_stats(const struct net_dealer *dealer, struct net_dealer_stats *ret)
{
    *ret = dealer->stats;
}

void net_dealer_close(struct net_dealer *dealer, net_dealer_closed *on_closed, void *ctx)
{
    if (!dealer) {
        if (on_closed) {
            on_closed(ctx);
        }
        return;
    }
    dealer->closing = true;
    dealer->on_closed = on_closed;
    dealer->closed_ctx = ctx;
    dealer_end_session(dealer);
    dealer->open_parts++;
    uv_close((uv_handle_t *)&dealer->retry, dealer_on_timer_closed);
}
