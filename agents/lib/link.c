#include "agents/lib/link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agents/lib/journal_lock.h"
#include "common/crypto/crypto.h"
#include "common/net/boot_timer.h"
#include "common/net/context.h"

enum { FAR_MS = 24 * 60 * 60 * 1000 };

struct link {
    uv_loop_t *loop;
    struct net_context *context;
    struct client_io io; /* the owner's */
    void (*on_waiting)(void *ctx, const char *why);
    struct client_options client_options;
    char *endpoint; /* given, or read from the file */
    char *endpoint_file;
    int lock; /* -1: takes no deliveries */
    struct journal *journal;
    struct client *client;
    struct net_dealer *dealer;
    struct net_boot_timer *timer;
    int64_t poll_ms;  /* boot time: look for the endpoint file again; 0: no need */
    int64_t quiet_ms; /* boot time: say that there is no connection yet; 0: no need */
    unsigned ending;  /* dealers that are closing */
    unsigned depth;   /* inside the client */
    bool reopen;      /* the endpoint has changed: a new dealer when the old is gone */
    bool failed;      /* a new dealer could not be opened, and that was said */
    bool closing;
    void (*on_closed)(void *ctx);
    void *closed_ctx;
};

static void link_free(struct link *link)
{
    client_free(link->client);
    journal_close(link->journal);
    journal_unlock(link->lock);
    free(link->endpoint_file);
    free(link->endpoint);
    free(link);
}

static void closed_part(struct link *link)
{
    void (*on_closed)(void *ctx) = link->on_closed;
    void *ctx = link->closed_ctx;

    if (!link->closing || link->ending > 0 || link->timer || link->depth > 0) {
        return;
    }
    link_free(link);
    if (on_closed) {
        on_closed(ctx);
    }
}

static int64_t now_ms(void)
{
    return clock_system()->boot_ms(clock_system()->ctx);
}

static void waiting(struct link *link, const char *why)
{
    link->quiet_ms = 0;
    if (link->on_waiting && !link->closing) {
        link->on_waiting(link->io.ctx, why);
    }
}

/* at_ms 0: never. */
static int64_t earlier(int64_t due, int64_t at_ms)
{
    return at_ms > 0 && at_ms < due ? at_ms : due;
}

void link_wake(struct link *link)
{
    int64_t due, now;

    if (link->closing || link->depth > 0) {
        return;
    }
    due = client_due_ms(link->client);
    now = now_ms();
    due = earlier(due, link->poll_ms);
    due = earlier(due, link->quiet_ms);
    net_boot_timer_set(link->timer, due < now + FAR_MS ? due : now + FAR_MS);
}

/* A broker that starts again may listen elsewhere. */
static void look_for_endpoint(struct link *link)
{
    link->poll_ms = link->endpoint_file ? now_ms() + LINK_ENDPOINT_POLL_MS : 0;
}

/* Calls into the client are counted, so that its callbacks may close the link. */
static void leave(struct link *link)
{
    link->depth--;
    if (link->closing) {
        closed_part(link);
    } else {
        link_wake(link);
    }
}

/* ---- the dealer ---- */

static void on_message(void *ctx, const void *body, size_t n)
{
    struct link *link = ctx;

    link->depth++;
    client_frame(link->client, (struct bytes){body, n});
    leave(link);
}

static void on_connected(void *ctx)
{
    struct link *link = ctx;

    link->depth++;
    link->quiet_ms = 0;
    client_connected(link->client);
    leave(link);
}

static void on_disconnected(void *ctx)
{
    struct link *link = ctx;

    link->depth++;
    client_disconnected(link->client);
    waiting(link, "the connection to the broker is lost; trying again");
    look_for_endpoint(link);
    leave(link);
}

static void on_refused(void *ctx, enum net_refusal refusal)
{
    struct link *link = ctx;

    link->depth++;
    waiting(link, net_refusal_string(refusal));
    leave(link);
}

static int open_dealer(struct link *link, struct err *err)
{
    struct net_dealer_config config = {
        .endpoint = link->endpoint,
        .curve_secret = link->client_options.agent->curve_secret,
        .curve_public = link->client_options.agent->curve_public,
        .server_public = link->client_options.region_keys->curve,
        .limits = NET_LIMITS_DEFAULT,
        .on_message = on_message,
        .on_connected = on_connected,
        .on_disconnected = on_disconnected,
        .on_refused = on_refused,
        .ctx = link,
    };

    return net_dealer_open(link->loop, link->context, &config, &link->dealer, err);
}

/* What fails, for want of descriptors say, is tried again at the next look at the endpoint file. */
static void try_dealer(struct link *link)
{
    struct err err = {0};
    bool failed_before = link->failed;

    if (link->dealer || !link->endpoint || client_failed(link->client)) {
        return;
    }
    link->failed = open_dealer(link, &err) != 0;
    if (link->failed && !failed_before) {
        waiting(link, err.text);
    }
}

static void on_dealer_closed(void *ctx)
{
    struct link *link = ctx;

    link->ending--;
    if (link->closing) {
        closed_part(link);
    } else if (link->reopen && link->ending == 0) {
        link->reopen = false;
        try_dealer(link);
    }
}

static void end_dealer(struct link *link)
{
    struct net_dealer *dealer = link->dealer;

    if (dealer) {
        link->dealer = NULL;
        link->ending++;
        net_dealer_close(dealer, on_dealer_closed, link);
    }
}

/* The first line of the file; ERR_NO_INPUT when there is none yet. */
static int read_endpoint(struct link *link, bool *ret_changed)
{
    char text[NET_ENDPOINT_TEXT];
    int fd = open(link->endpoint_file, O_RDONLY | O_CLOEXEC);
    ssize_t n;
    char *copy;

    *ret_changed = false;
    if (fd < 0) {
        return ERR_NO_INPUT;
    }
    n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0) {
        return ERR_NO_INPUT;
    }
    text[n] = '\0';
    text[strcspn(text, "\r\n \t")] = '\0';
    if (text[0] == '\0') {
        return ERR_NO_INPUT;
    }
    if (link->endpoint && strcmp(link->endpoint, text) == 0) {
        return 0;
    }
    copy = strdup(text);
    if (!copy) {
        return ERR_NO_MEMORY;
    }
    free(link->endpoint);
    link->endpoint = copy;
    *ret_changed = true;
    return 0;
}

static void poll_endpoint(struct link *link)
{
    bool changed;
    int rc;

    if (link->dealer && net_dealer_is_connected(link->dealer)) {
        link->poll_ms = 0;
        return;
    }
    link->poll_ms = now_ms() + LINK_ENDPOINT_POLL_MS;
    rc = read_endpoint(link, &changed);
    if (!rc && changed && link->dealer) {
        link->reopen = true;
        end_dealer(link);
    } else if (link->ending == 0) {
        try_dealer(link);
    }
}

/* ---- what the client asks for ---- */

static void io_send(void *ctx, struct bytes frame)
{
    struct link *link = ctx;

    /* What does not fit is lost with the session, and said again in the next. */
    if (link->dealer && net_dealer_is_connected(link->dealer) &&
        net_dealer_send(link->dealer, frame.p, frame.n)) {
        client_disconnected(link->client);
        net_dealer_reconnect(link->dealer);
        waiting(link, "the broker takes no more; trying again");
        look_for_endpoint(link);
    }
}

static void io_reconnect(void *ctx, const char *why)
{
    struct link *link = ctx;

    waiting(link, why);
    if (link->dealer && !link->closing) {
        net_dealer_reconnect(link->dealer);
    }
    look_for_endpoint(link);
}

#define PASS_ON(name, ...)                        \
    struct link *link = ctx;                      \
                                                  \
    if (link->io.name && !link->closing) {        \
        link->io.name(link->io.ctx, __VA_ARGS__); \
    }

static void io_ready(void *ctx, const struct welcome *welcome)
{
    PASS_ON(on_ready, welcome)
}

static void io_refused(void *ctx, enum refusal refusal, const char *reason)
{
    PASS_ON(on_refused, refusal, reason)
}

static void io_reply(void *ctx, uint64_t tag, const struct reply *reply)
{
    PASS_ON(on_reply, tag, reply)
}

static void io_delivery(void *ctx, const struct delivery *delivery)
{
    PASS_ON(on_delivery, delivery)
}

static void io_tail(void *ctx, const struct tail_item *item)
{
    PASS_ON(on_tail, item)
}

static void io_tail_end(void *ctx, const struct tail_end *end)
{
    PASS_ON(on_tail_end, end)
}

static void io_head(void *ctx, const struct signed_head *head)
{
    PASS_ON(on_head, head)
}

static void io_telemetry(void *ctx, const struct telemetry *telemetry)
{
    PASS_ON(on_telemetry, telemetry)
}

static void io_telemetry_refused(void *ctx, const struct telemetry_refused *refused)
{
    PASS_ON(on_telemetry_refused, refused)
}

static void io_recovered(void *ctx, const struct client_recovery *recovery)
{
    PASS_ON(on_recovered, recovery)
}

static void io_bad(void *ctx, uint64_t seq, const char *why)
{
    PASS_ON(on_bad, seq, why)
}

static void io_trouble(void *ctx, const struct err *err)
{
    PASS_ON(on_trouble, err)
}

static void io_failed(void *ctx, const struct err *err)
{
    end_dealer(ctx);
    PASS_ON(on_failed, err)
}

static void on_timer(void *ctx)
{
    struct link *link = ctx;

    if (link->closing) {
        return;
    }
    link->depth++;
    if (link->poll_ms > 0 && now_ms() >= link->poll_ms) {
        poll_endpoint(link);
    }
    if (link->quiet_ms > 0 && now_ms() >= link->quiet_ms) {
        waiting(link, link->endpoint ? "there is no connection yet; trying again"
                                     : "the endpoint file names no broker yet; trying again");
    }
    client_tick(link->client);
    leave(link);
}

/* ---- life ---- */

static int open_parts(struct link *link, const struct link_options *options, struct err *err)
{
    struct client_io io = {
        .ctx = link,
        .send = io_send,
        .reconnect = io_reconnect,
        .on_ready = io_ready,
        .on_refused = io_refused,
        .on_reply = io_reply,
        .on_delivery = io_delivery,
        .on_tail = io_tail,
        .on_tail_end = io_tail_end,
        .on_head = io_head,
        .on_telemetry = io_telemetry,
        .on_telemetry_refused = io_telemetry_refused,
        .on_recovered = io_recovered,
        .on_bad = io_bad,
        .on_trouble = io_trouble,
        .on_failed = io_failed,
    };
    struct journal_options journal = {
        .path = options->journal,
        .agent = options->client.agent->name,
        .region = options->client.region,
    };
    int rc = options->client.deliveries ? journal_lock(options->journal, &link->lock, err) : 0;

    rc = rc ? rc : journal_open(&journal, &link->journal, err);
    return rc ? rc
              : client_new(&link->client_options, link->journal, &io, clock_system(), rng_system(),
                           &link->client, err);
}

static int copy_options(struct link *link, const struct link_options *options, struct err *err)
{
    if (!options->endpoint && !options->endpoint_file) {
        return err_set(err, ERR_USAGE, "no broker is named; give its endpoint or its endpoint file");
    }
    link->client_options = options->client;
    if (options->endpoint_file) {
        link->endpoint_file = strdup(options->endpoint_file);
        return link->endpoint_file ? 0 : ERR_NO_MEMORY;
    }
    link->endpoint = strdup(options->endpoint);
    return link->endpoint ? 0 : ERR_NO_MEMORY;
}

static void on_timer_closed(void *ctx)
{
    struct link *link = ctx;

    link->timer = NULL;
    closed_part(link);
}

int link_open(uv_loop_t *loop, struct net_context *context, const struct link_options *options,
              const struct client_io *io, void (*on_waiting)(void *ctx, const char *why), struct link **ret,
              struct err *err)
{
    struct link *link = calloc(1, sizeof *link);
    bool changed;
    int rc;

    if (!link) {
        return ERR_NO_MEMORY;
    }
    link->lock = -1;
    link->loop = loop;
    link->context = context;
    link->io = *io;
    link->on_waiting = on_waiting;
    rc = copy_options(link, options, err);
    rc = rc ? rc : open_parts(link, options, err);
    rc = rc ? rc : net_boot_timer_open(loop, on_timer, link, &link->timer, err);
    if (rc) {
        goto err_free;
    }
    if (link->endpoint_file) {
        read_endpoint(link,
                      &changed); /* there may be none yet, or that of a broker that is gone: look again */
        link->poll_ms = now_ms() + LINK_ENDPOINT_POLL_MS;
    }
    if (link->endpoint) {
        rc = open_dealer(link, err);
        if (rc) {
            goto err_timer;
        }
    }
    link->quiet_ms = now_ms() + LINK_QUIET_MS;
    link_wake(link);
    *ret = link;
    return 0;

err_timer:
    link_close(link, NULL, NULL);
    return rc;
err_free:
    link_free(link);
    return rc;
}

struct client *link_client(struct link *link)
{
    return link->client;
}

void link_close(struct link *link, void (*on_closed)(void *ctx), void *ctx)
{
    if (!link) {
        if (on_closed) {
            on_closed(ctx);
        }
        return;
    }
    if (link->closing) {
        return;
    }
    client_goodbye(link->client);
    link->closing = true;
    link->on_closed = on_closed;
    link->closed_ctx = ctx;
    end_dealer(link);
    net_boot_timer_close(link->timer, on_timer_closed, link);
}
