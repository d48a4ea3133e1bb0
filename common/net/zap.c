/* A request is the frames of enum zap_frame behind a routing id and an empty delimiter (the handler is a
 * ROUTER rather than a REP, so that a malformed request cannot put the socket into a state where it must
 * answer first). */
#include "common/net/zap.h"

#include <stdlib.h>
#include <string.h>

#include <zmq.h>

#include "common/base/err.h"
#include "common/net/context.h"
#include "common/net/watcher.h"

#define ZAP_ENDPOINT "inproc://zeromq.zap.01"
#define ZAP_VERSION "1.0"

enum zap_frame {
    ZAP_ROUTING,
    ZAP_DELIMITER,
    ZAP_REQUEST_VERSION,
    ZAP_REQUEST_ID,
    ZAP_REQUEST_DOMAIN,
    ZAP_REQUEST_ADDRESS,
    ZAP_REQUEST_IDENTITY,
    ZAP_REQUEST_MECHANISM,
    ZAP_REQUEST_KEY, /* CURVE has exactly one credential */
    ZAP_FRAMES,
};

struct net_zap {
    void *socket;
    struct net_watcher *watcher;
    struct net_context *context;
    net_zap_allow *allow;
    void *ctx;
    struct net_zap_stats stats;
    net_zap_closed *on_closed;
    void *closed_ctx;
};

struct zap_request {
    zmq_msg_t frames[ZAP_FRAMES];
    size_t n; /* frames seen; those beyond ZAP_FRAMES are not kept */
};

static bool frame_is(zmq_msg_t *frame, const char *text)
{
    size_t n = strlen(text);

    return zmq_msg_size(frame) == n && memcmp(zmq_msg_data(frame), text, n) == 0;
}

/* An IPv4 peer of an IPv6 socket looks like "::ffff:192.0.2.1". */
static void zap_address(zmq_msg_t *frame, char ret[NET_ADDRESS_TEXT])
{
    static const char mapped[] = "::ffff:";
    const char *text = zmq_msg_data(frame);
    size_t n = zmq_msg_size(frame);
    size_t skip = sizeof mapped - 1;

    if (n > skip && memcmp(text, mapped, skip) == 0 && memchr(text, '.', n)) {
        text += skip;
        n -= skip;
    }
    if (n >= NET_ADDRESS_TEXT) {
        n = 0;
    }
    memcpy(ret, text, n);
    ret[n] = '\0';
}

static void zap_hex(const uint8_t key[NET_KEY_BYTES], char ret[NET_USER_ID_TEXT + 1])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < NET_KEY_BYTES; i++) {
        ret[2 * i] = digits[key[i] >> 4];
        ret[2 * i + 1] = digits[key[i] & 15];
    }
    ret[NET_USER_ID_TEXT] = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return -1;
}

bool net_zap_parse_user_id(const char *user_id, uint8_t ret[NET_KEY_BYTES])
{
    uint8_t key[NET_KEY_BYTES];

    if (!user_id || strlen(user_id) != NET_USER_ID_TEXT) {
        return false;
    }
    for (size_t i = 0; i < NET_KEY_BYTES; i++) {
        int high = hex_value(user_id[2 * i]);
        int low = hex_value(user_id[2 * i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }
        key[i] = (uint8_t)(high * 16 + low);
    }
    memcpy(ret, key, sizeof key);
    return true;
}

/* The whole message is there or nothing is: libzmq hands messages over whole. */
static bool zap_receive(struct net_zap *zap, struct zap_request *request)
{
    bool more = true;

    for (size_t i = 0; i < ZAP_FRAMES; i++) {
        zmq_msg_init(&request->frames[i]);
    }
    for (request->n = 0; more; request->n++) {
        zmq_msg_t extra;
        zmq_msg_t *frame = request->n < ZAP_FRAMES ? &request->frames[request->n] : &extra;

        if (frame == &extra) {
            zmq_msg_init(&extra);
        }
        if (zmq_msg_recv(frame, zap->socket, ZMQ_DONTWAIT) < 0) {
            if (frame == &extra) {
                zmq_msg_close(&extra);
            }
            return false;
        }
        more = zmq_msg_more(frame);
        if (frame == &extra) {
            zmq_msg_close(&extra);
        }
    }
    return true;
}

static void zap_send_text(struct net_zap *zap, const char *text, bool more)
{
    zmq_send(zap->socket, text, strlen(text), ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0));
}

/* The asker may be gone by now: then libzmq drops the answer, and that is all right. */
static void zap_answer(struct net_zap *zap, struct zap_request *request, const char *status, const char *text,
                       const char *user_id)
{
    if (zmq_msg_send(&request->frames[ZAP_ROUTING], zap->socket, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
        return;
    }
    zap_send_text(zap, "", true);
    zap_send_text(zap, ZAP_VERSION, true);
    if (zmq_msg_send(&request->frames[ZAP_REQUEST_ID], zap->socket, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
        return;
    }
    zap_send_text(zap, status, true);
    zap_send_text(zap, text, true);
    zap_send_text(zap, user_id, true);
    zap_send_text(zap, "", false);
}

static void zap_decide(struct net_zap *zap, struct zap_request *request)
{
    zmq_msg_t *f = request->frames;
    char user_id[NET_USER_ID_TEXT + 1];
    char address[NET_ADDRESS_TEXT];
    uint8_t key[NET_KEY_BYTES];

    if (request->n <= ZAP_REQUEST_MECHANISM || zmq_msg_size(&f[ZAP_DELIMITER]) != 0 ||
        !frame_is(&f[ZAP_REQUEST_VERSION], ZAP_VERSION)) {
        zap->stats.malformed++;
        zap_answer(zap, request, "500", "malformed request", "");
        return;
    }
    if (!frame_is(&f[ZAP_REQUEST_MECHANISM], "CURVE") || !frame_is(&f[ZAP_REQUEST_DOMAIN], NET_ZAP_DOMAIN)) {
        zap->stats.refused++;
        zap_answer(zap, request, "400", "only CURVE is spoken here", "");
        return;
    }
    if (request->n != ZAP_FRAMES || zmq_msg_size(&f[ZAP_REQUEST_KEY]) != NET_KEY_BYTES) {
        zap->stats.malformed++;
        zap_answer(zap, request, "500", "malformed request", "");
        return;
    }
    memcpy(key, zmq_msg_data(&f[ZAP_REQUEST_KEY]), sizeof key);
    zap_address(&f[ZAP_REQUEST_ADDRESS], address);
    if (!zap->allow(zap->ctx, key, address)) {
        zap->stats.refused++;
        zap_answer(zap, request, "400", "key not known here", "");
        return;
    }
    zap->stats.allowed++;
    zap_hex(key, user_id);
    zap_answer(zap, request, "200", "OK", user_id);
}

static void zap_on_ready(void *ctx, unsigned ready)
{
    struct net_zap *zap = ctx;

    (void)ready;
    for (int i = 0; i < NET_DRAIN_MAX; i++) {
        struct zap_request request;
        bool got = zap_receive(zap, &request);

        if (got) {
            zap_decide(zap, &request);
        }
        for (size_t k = 0; k < ZAP_FRAMES; k++) {
            zmq_msg_close(&request.frames[k]);
        }
        if (!got) {
            break;
        }
    }
}

int net_zap_open(uv_loop_t *loop, struct net_context *context, net_zap_allow *allow, void *ctx,
                 struct net_zap **ret, struct err *err)
{
    struct net_zap *zap;
    int rc;

    if (net_context_has_zap(context)) {
        return err_set(err, ERR_CONFLICT, "this program has a ZAP handler already");
    }
    zap = calloc(1, sizeof *zap);
    if (!zap) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    zap->context = context;
    zap->allow = allow;
    zap->ctx = ctx;
    zap->socket = zmq_socket(net_context_zmq(context), ZMQ_ROUTER);
    if (!zap->socket) {
        rc = err_set(err, ERR_OS, "cannot make the ZAP socket: %s", zmq_strerror(zmq_errno()));
        goto fail_socket;
    }
    rc = net_endpoint_set_int(zap->socket, ZMQ_LINGER, "linger time", 0, err);
    if (rc) {
        goto fail_bind;
    }
    if (zmq_bind(zap->socket, ZAP_ENDPOINT)) {
        rc = err_set(err, ERR_OS, "cannot bind the ZAP socket: %s", zmq_strerror(zmq_errno()));
        goto fail_bind;
    }
    rc = net_watcher_open(loop, zap->socket, NET_READABLE, zap_on_ready, zap, &zap->watcher, err);
    if (rc) {
        goto fail_bind;
    }
    net_context_set_zap(context, 1);
    *ret = zap;
    return 0;

fail_bind:
    zmq_close(zap->socket);
fail_socket:
    free(zap);
    return rc;
}

void net_zap_get_stats(const struct net_zap *zap, struct net_zap_stats *ret)
{
    *ret = zap->stats;
}

static void zap_on_watcher_closed(void *ctx)
{
    struct net_zap *zap = ctx;
    net_zap_closed *on_closed = zap->on_closed;
    void *closed_ctx = zap->closed_ctx;

    zmq_close(zap->socket);
    net_context_set_zap(zap->context, 0);
    free(zap);
    if (on_closed) {
        on_closed(closed_ctx);
    }
}

void net_zap_close(struct net_zap *zap, net_zap_closed *on_closed, void *ctx)
{
    if (!zap) {
        if (on_closed) {
            on_closed(ctx);
        }
        return;
    }
    zap->on_closed = on_closed;
    zap->closed_ctx = ctx;
    net_watcher_close(zap->watcher, zap_on_watcher_closed, zap);
}
