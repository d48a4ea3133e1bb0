#include "broker/links.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/logging.h"
#include "common/net/context.h"
#include "common/net/dealer.h"

enum { LOOK_MS = 500, PEER_MARK = 'L', PEER_BYTES_OF_LINK = 2, QUIET_AFTER = 3 };

struct line {
    struct links *links;
    const struct config_link *config;
    struct peer peer;
    uint8_t server_key[CURVE_BYTES];
    struct net_dealer *dealer; /* NULL: that region's broker is not enrolled, or its key has changed */
    int64_t since_ms;          /* boot time of this connection */
    unsigned refusals;         /* in a row */
    bool is_stranger;          /* ... and that has been said */
};

struct links {
    uv_timer_t timer;
    uv_loop_t *loop;
    struct net_context *context;
    const struct config *config;
    struct engine *engine;
    void (*on_turn)(void *ctx);
    void *ctx;
    struct line lines[CONFIG_LINKS_MAX];
    size_t n;
    size_t closing; /* handles that are still to close */
    bool closed;
};

static int64_t boot_now(void)
{
    return clock_system()->boot_ms(clock_system()->ctx);
}

static void part_closed(struct links *links)
{
    if (--links->closing == 0) {
        free(links);
    }
}

/* --- one line ------------------------------------------------------------------------------------- */

static void on_message(void *ctx, const void *body, size_t n)
{
    const struct line *line = ctx;

    engine_frame(line->links->engine, line->peer, line->server_key, (struct bytes){body, n});
    line->links->on_turn(line->links->ctx);
}

static void on_connected(void *ctx)
{
    struct line *line = ctx;

    line->since_ms = boot_now();
    line->refusals = 0;
    engine_link_up(line->links->engine, line->peer, line->config->region);
    line->links->on_turn(line->links->ctx);
}

static void on_disconnected(void *ctx)
{
    struct line *line = ctx;

    engine_link_down(line->links->engine, line->peer);
    line->links->on_turn(line->links->ctx);
}

static void on_refused(void *ctx, enum net_refusal refusal)
{
    struct line *line = ctx;

    if (line->refusals++ == 0) {
        log_warning("link to region %s at %s: %s", line->config->region, line->config->connect,
                    net_refusal_string(refusal));
    }
}

static void open_line(struct line *line)
{
    struct links *links = line->links;
    struct err err = {0};
    struct net_dealer_config config = {.endpoint = line->config->connect,
                                       .curve_secret = links->config->broker.curve_secret,
                                       .curve_public = links->config->broker.curve_public,
                                       .server_public = line->server_key,
                                       .limits = NET_LIMITS_DEFAULT,
                                       .on_message = on_message,
                                       .on_connected = on_connected,
                                       .on_disconnected = on_disconnected,
                                       .on_refused = on_refused,
                                       .ctx = line};

    config.limits.send_queue = 2 * ENGINE_LINK_WINDOW;
    if (net_dealer_open(links->loop, links->context, &config, &line->dealer, &err) < 0) {
        log_error("link to region %s: %s", line->config->region, err.text);
        line->dealer = NULL;
    }
}

static void dealer_closed(void *ctx)
{
    part_closed(ctx);
}

static void close_line(struct line *line)
{
    if (line->dealer != NULL) {
        line->links->closing++;
        net_dealer_close(line->dealer, dealer_closed, line->links);
        line->dealer = NULL;
    }
}

static int64_t quiet_since(const struct line *line)
{
    int64_t heard_ms = engine_link_heard_ms(line->links->engine, line->config->region);

    return heard_ms > line->since_ms ? heard_ms : line->since_ms;
}

/* Whoever is enrolled as that region's broker now is the one we call; who answers nothing is called again. */
static void look(struct line *line)
{
    struct links *links = line->links;
    uint32_t beat_ms = links->config->beat_ms > 0 ? links->config->beat_ms : ENGINE_BEAT_MS;
    uint8_t key[CURVE_BYTES];
    bool known = engine_link_key(links->engine, line->config->region, key);

    if (line->dealer != NULL && (!known || memcmp(key, line->server_key, sizeof key) != 0)) {
        engine_link_down(links->engine, line->peer);
        close_line(line);
    }
    if (!known && !line->is_stranger) {
        log_warning(
            "link to region %s: its broker is not enrolled here, so nothing crosses; muster agent enrol "
            "%s/broker/link --key its-broker.pub --rights link",
            line->config->region, line->config->region);
    }
    line->is_stranger = !known;
    if (known && line->dealer == NULL) {
        memcpy(line->server_key, key, sizeof key);
        line->since_ms = boot_now();
        open_line(line);
    } else if (line->dealer != NULL && net_dealer_is_connected(line->dealer) &&
               !engine_link_is_up(links->engine, line->config->region) &&
               boot_now() - quiet_since(line) > (int64_t)beat_ms * QUIET_AFTER) {
        line->since_ms = boot_now();
        engine_link_down(links->engine, line->peer);
        net_dealer_reconnect(line->dealer);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct links *links = timer->data;

    for (size_t i = 0; i < links->n; i++) {
        look(&links->lines[i]);
    }
    links->on_turn(links->ctx);
}

/* --- all of them ---------------------------------------------------------------------------------- */

int links_open(uv_loop_t *loop, struct net_context *context, const struct config *config,
               struct engine *engine, void (*on_turn)(void *ctx), void *ctx, struct links **ret,
               struct err *err)
{
    struct links *links = calloc(1, sizeof *links);

    if (links == NULL) {
        return err_set(err, ERR_NO_MEMORY, "out of memory for the links");
    }
    links->loop = loop;
    links->context = context;
    links->config = config;
    links->engine = engine;
    links->on_turn = on_turn;
    links->ctx = ctx;
    links->n = config->links_n;
    for (size_t i = 0; i < links->n; i++) {
        links->lines[i] = (struct line){.links = links,
                                        .config = &config->links[i],
                                        .peer = {.bytes = {PEER_MARK, (uint8_t)i}, .n = PEER_BYTES_OF_LINK}};
    }
    links->timer.data = links;
    int failed = uv_timer_init(loop, &links->timer);
    failed = failed != 0 ? failed : uv_timer_start(&links->timer, on_timer, 0, LOOK_MS);
    links->closing = 1; /* the timer */
    if (failed != 0) {
        links_close(links);
        return err_set(err, ERR_OS, "libuv: %s", uv_strerror(failed));
    }
    *ret = links;
    return 0;
}

bool links_have(const struct links *links, struct peer peer)
{
    return links != NULL && peer.n == PEER_BYTES_OF_LINK && peer.bytes[0] == PEER_MARK &&
           peer.bytes[1] < links->n;
}

int links_send(struct links *links, struct peer peer, struct bytes frame)
{
    const struct line *line = &links->lines[peer.bytes[1]];

    return line->dealer == NULL ? ERR_NOT_FOUND : net_dealer_send(line->dealer, frame.p, frame.n);
}

static void timer_closed(uv_handle_t *handle)
{
    part_closed(handle->data);
}

void links_close(struct links *links)
{
    if (links == NULL) {
        return;
    }
    for (size_t i = 0; i < links->n; i++) {
        close_line(&links->lines[i]);
    }
    uv_close((uv_handle_t *)&links->timer, timer_closed);
}
