#include "broker/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "broker/links.h"
#include "broker/tally.h"
#include "broker/watchdog.h"
#include "common/base/clock.h"
#include "common/base/logging.h"
#include "common/core/region.h"
#include "common/core/state.h"
#include "common/engine/engine.h"
#include "common/log/log_sqlite.h"
#include "common/log/log_writer.h"
#include "common/net/boot_timer.h"
#include "common/net/context.h"
#include "common/net/endpoint.h"
#include "common/net/router.h"
#include "common/net/zap.h"

enum {
    /* Deliveries of three lanes, tail items and replies that may be under way to one agent. */
    SEND_QUEUE = 4 * ENGINE_WINDOW_MAX + 1024,
    STOP_MS = 5000,
    OWN_DESCRIPTORS = 64 /* log, ZeroMQ, timers */
};

struct broker {
    const struct config *config;
    uv_loop_t loop;
    struct net_context *context;
    struct net_zap *zap;
    struct net_router *router;
    struct links *links;
    struct net_boot_timer *timer;
    struct engine *engine;
    struct log_writer *writer;
    uv_poll_t writer_poll;
    uv_signal_t term, interrupt;
    uv_timer_t watchdog_timer;
    struct watchdog watchdog;
    struct tally_said said;
    unsigned refused_named; /* since the last line about what was turned away */
    bool stopping;
    bool tail_given_up; /* the head file or the tables knew of more than the log holds */
    int64_t stopping_ms;
    bool closed;
    struct err failure;
};

static void close_all(struct broker *broker);

static int64_t boot_now(void)
{
    return clock_system()->boot_ms(clock_system()->ctx);
}

/* After anything that may have changed what is due, or said something. */
static void look_again(struct broker *broker)
{
    if (broker->closed) {
        return;
    }
    engine_flush(broker->engine);
    if (broker->failure.code != 0 || (broker->stopping && engine_drained(broker->engine))) {
        close_all(broker);
        return;
    }
    int64_t due = engine_due_ms(broker->engine);
    if (due == INT64_MAX) {
        net_boot_timer_stop(broker->timer);
    } else {
        (void)net_boot_timer_set(broker->timer, due);
    }
}

/* --- what the engine asks of us ------------------------------------------------------------------------- */

static int send_frame(void *ctx, struct peer peer, struct bytes frame)
{
    struct broker *broker = ctx;
    struct net_peer net;

    if (links_have(broker->links, peer)) {
        return links_send(broker->links, peer, frame);
    }
    if (broker->router == NULL || peer.n != sizeof net.id) {
        return ERR_NOT_FOUND;
    }
    memcpy(net.id, peer.bytes, sizeof net.id);
    return net_router_send(broker->router, net, frame.p, frame.n);
}

static void on_note(void *ctx, enum log_level level, const char *text)
{
    (void)ctx;
    logging(level, "%s", text);
}

static void on_fatal(void *ctx, const struct err *err)
{
    struct broker *broker = ctx;

    broker->failure = *err;
}

static void hear_writer(struct broker *broker)
{
    struct log_request *request;

    while (!broker->closed && (request = log_writer_done(broker->writer)) != NULL) {
        engine_log_done(broker->engine, request);
    }
}

static void on_message(void *ctx, struct net_peer net, const uint8_t curve_public[NET_KEY_BYTES],
                       const void *body, size_t n)
{
    struct broker *broker = ctx;
    struct peer peer = {.n = sizeof net.id};

    memcpy(peer.bytes, net.id, sizeof net.id);
    engine_frame(broker->engine, peer, curve_public, (struct bytes){body, n});
    hear_writer(broker); /* it has nothing to write until then, and a turn has many frames */
}

static void on_turn(void *ctx)
{
    look_again(ctx);
}

static void on_links(void *ctx)
{
    struct broker *broker = ctx;

    hear_writer(broker);
    look_again(broker);
}

static bool allow(void *ctx, const uint8_t curve_public[NET_KEY_BYTES], const char *address)
{
    struct broker *broker = ctx;

    if (engine_knows_key(broker->engine, curve_public)) {
        return true;
    }
    if (broker->refused_named < TALLY_NAMED_MAX) {
        broker->refused_named++;
        log_warning("%s: a key that is not enrolled was refused", address);
    }
    return false;
}

/* For whoever started us on a free port: written whole or not at all. */
static int write_endpoint(const char *path, const char *endpoint, struct err *err)
{
    char temporary[4096];
    int n = snprintf(temporary, sizeof temporary, "%s.new", path);

    if (n < 0 || (size_t)n >= sizeof temporary) {
        return err_set(err, ERR_CONFIG, "endpoint_file: the path is too long");
    }
    FILE *file = fopen(temporary, "we");
    bool fine = file != NULL && fprintf(file, "%s\n", endpoint) > 0;
    if (file != NULL && fclose(file) != 0) {
        fine = false;
    }
    if (!fine || rename(temporary, path) < 0) {
        return err_set(err, ERR_CANNOT_CREATE, "endpoint_file %s: %s", path, strerror(errno));
    }
    return 0;
}

/* A connection is a descriptor, and out of them libzmq's accept() spins: the soft limit, kept low for the
 * sake of programs that select(), is no limit for us. */
static void raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void tell_descriptors(const struct broker *broker)
{
    /* Twice: all come back at once, before the connections that a power cut left are known to be dead. */
    rlim_t needed = 2 * state_region(engine_state(broker->engine))->members_n + OWN_DESCRIPTORS;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < needed) {
        log_warning(
            "%llu descriptors may be open, and who is enrolled needs %llu: raise LimitNOFILE (ulimit -n)",
            (unsigned long long)limit.rlim_cur, (unsigned long long)needed);
    }
}

static void on_service(void *ctx)
{
    struct broker *broker = ctx;
    const struct config *config = broker->config;
    struct net_router_config router = {.host = config->host,
                                       .port = config->port,
                                       .curve_secret = config->broker.curve_secret,
                                       .limits = NET_LIMITS_DEFAULT,
                                       .on_message = on_message,
                                       .on_turn = on_turn,
                                       .ctx = broker};

    router.limits.send_queue = SEND_QUEUE;
    int result = net_zap_open(&broker->loop, broker->context, allow, broker, &broker->zap, &broker->failure);
    if (result == 0) {
        result = net_router_open(&broker->loop, broker->context, &router, &broker->router, &broker->failure);
    }
    if (result == 0 && config->endpoint_file[0] != '\0') {
        result = write_endpoint(config->endpoint_file, net_router_endpoint(broker->router), &broker->failure);
    }
    if (result == 0) {
        result = links_open(&broker->loop, broker->context, config, broker->engine, on_links, broker,
                            &broker->links, &broker->failure);
    }
    if (result < 0) {
        broker->failure.code = result;
        return;
    }
    log_notice("in service: region %s at %s, log %s at seq %llu", config->region,
               net_router_endpoint(broker->router), config->log,
               (unsigned long long)engine_numbers(broker->engine).head_seq);
    tell_descriptors(broker);
}

/* --- what wakes us -------------------------------------------------------------------------------------- */

static void on_writer(uv_poll_t *poll, int status, int events)
{
    struct broker *broker = poll->data;

    (void)status;
    (void)events;
    hear_writer(broker);
    look_again(broker);
}

static void on_timer(void *ctx)
{
    struct broker *broker = ctx;

    engine_tick(broker->engine);
    look_again(broker);
}

static void tell_turned_away(struct broker *broker)
{
    struct net_router_stats router;
    struct net_zap_stats zap;
    char line[TALLY_TEXT];

    if (broker->router == NULL) {
        return;
    }
    net_router_get_stats(broker->router, &router);
    net_zap_get_stats(broker->zap, &zap);
    struct tally tally = {.bad_frames = engine_numbers(broker->engine).bad_frames,
                          .dropped = router.dropped_frames + router.dropped_empty + router.dropped_chosen_id +
                                     router.dropped_unidentified,
                          .refused = zap.refused,
                          .handshakes = router.handshake_failed};
    if (tally_line(&broker->said, &tally, boot_now(), line)) {
        broker->refused_named = 0;
        log_warning("%s", line);
    }
}

static void on_watchdog(uv_timer_t *timer)
{
    struct broker *broker = timer->data;
    bool was_slow = broker->watchdog.waited_ms >= WRITER_SLOW_MS;

    if (watchdog_look(&broker->watchdog, log_writer_doing(broker->writer), boot_now())) {
        /* The thread cannot be ended, nor can what it holds be trusted: only the process can end. */
        log_error("the disk has not answered for %d s: ending for a restart", WRITER_HUNG_MS / 1000);
        _exit(err_exit_code(ERR_IO));
    }
    bool is_slow = broker->watchdog.waited_ms >= WRITER_SLOW_MS;
    if (is_slow && !was_slow) {
        log_error("the disk has not answered for %d s: nothing is acknowledged until it does",
                  WRITER_SLOW_MS / 1000);
    } else if (was_slow && !is_slow) {
        log_notice("the disk answers again");
    }
    tell_turned_away(broker);
    if (broker->stopping && boot_now() - broker->stopping_ms > STOP_MS) {
        close_all(broker);
    }
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct broker *broker = signal->data;

    if (broker->stopping) {
        return;
    }
    log_notice("%s: stopping", number == SIGTERM ? "SIGTERM" : "SIGINT");
    broker->stopping = true;
    broker->stopping_ms = boot_now();
    engine_stop(broker->engine);
    look_again(broker);
}

static void close_all(struct broker *broker)
{
    if (broker->closed) {
        return;
    }
    broker->closed = true;
    net_router_close(broker->router, NULL, NULL);
    broker->router = NULL;
    links_close(broker->links);
    broker->links = NULL;
    net_zap_close(broker->zap, NULL, NULL);
    net_boot_timer_close(broker->timer, NULL, NULL);
    uv_close((uv_handle_t *)&broker->writer_poll, NULL);
    uv_close((uv_handle_t *)&broker->term, NULL);
    uv_close((uv_handle_t *)&broker->interrupt, NULL);
    uv_close((uv_handle_t *)&broker->watchdog_timer, NULL);
}

/* --- set-up --------------------------------------------------------------------------------------------- */

static int open_log(struct broker *broker, struct log_head *ret_head, struct err *err)
{
    struct log_sqlite_options options = {.folder = broker->config->log,
                                         .region = broker->config->region,
                                         .create = true,
                                         .volatile_ok = broker->config->volatile_ok,
                                         .accept_head = broker->config->recover != NULL};
    struct log_store *store;
    char warning[512] = "";
    int result = log_sqlite_open(&options, &store, warning, sizeof warning, err);

    if (result < 0) {
        return result;
    }
    if (warning[0] != '\0') {
        log_warning("%s", warning);
    }
    broker->tail_given_up = log_sqlite_has_lost_tail(store);
    *ret_head = log_get_head(store);
    return log_writer_start(store, &broker->writer, err);
}

static int make_engine(struct broker *broker, struct log_head head, struct err *err)
{
    const struct config *config = broker->config;
    struct engine_options options = {.region = config->region,
                                     .epoch = head.epoch > 0 ? head.epoch : 1,
                                     .broker = &config->broker,
                                     .region_keys = &config->region_keys,
                                     .genesis = buf_bytes(&config->genesis),
                                     .head = head,
                                     .beat_ms = config->beat_ms,
                                     .canary_ms = config->canary_ms,
                                     .stale_ms = config->stale_ms,
                                     .accept_clock = config->accept_clock,
                                     .recover = config->recover,
                                     .tail_given_up = broker->tail_given_up};
    struct engine_io io = {.ctx = broker,
                           .send = send_frame,
                           .log = log_writer_port(broker->writer),
                           .on_service = on_service,
                           .on_note = on_note,
                           .on_fatal = on_fatal};

    int result = clock_boot_id(options.boot);
    if (result < 0) {
        return err_set(err, result, "the boot id cannot be read");
    }
    return engine_new(&options, &io, clock_system(), rng_system(), &broker->engine, err);
}

static int start_handles(struct broker *broker, struct err *err)
{
    uv_loop_t *loop = &broker->loop;

    broker->writer_poll.data = broker;
    broker->term.data = broker;
    broker->interrupt.data = broker;
    broker->watchdog_timer.data = broker;
    int result = net_boot_timer_open(loop, on_timer, broker, &broker->timer, err);
    if (result < 0) {
        return result;
    }
    int failed = uv_poll_init(loop, &broker->writer_poll, log_writer_fd(broker->writer));
    failed = failed != 0 ? failed : uv_poll_start(&broker->writer_poll, UV_READABLE, on_writer);
    failed = failed != 0 ? failed : uv_signal_init(loop, &broker->term);
    failed = failed != 0 ? failed : uv_signal_start(&broker->term, on_signal, SIGTERM);
    failed = failed != 0 ? failed : uv_signal_init(loop, &broker->interrupt);
    failed = failed != 0 ? failed : uv_signal_start(&broker->interrupt, on_signal, SIGINT);
    failed = failed != 0 ? failed : uv_timer_init(loop, &broker->watchdog_timer);
    failed =
        failed != 0 ? failed : uv_timer_start(&broker->watchdog_timer, on_watchdog, WATCHDOG_MS, WATCHDOG_MS);
    return failed != 0 ? err_set(err, ERR_OS, "libuv: %s", uv_strerror(failed)) : 0;
}

int broker_run(const struct config *config, struct err *err)
{
    struct broker *broker = calloc(1, sizeof *broker);
    struct log_request *request;
    struct log_head head;
    int result;

    if (broker == NULL) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    broker->config = config;
    raise_descriptors();
    result = config->port == 0 ? 0 : net_endpoint_probe(config->host, config->port, err);
    if (result < 0) {
        free(broker);
        return result;
    }
    if (uv_loop_init(&broker->loop) != 0) {
        free(broker);
        return err_set(err, ERR_OS, "libuv: no loop");
    }
    result = net_context_new(&broker->context, err);
    if (result < 0) {
        goto close_loop;
    }
    result = open_log(broker, &head, err);
    if (result < 0) {
        goto free_context;
    }
    result = make_engine(broker, head, err);
    if (result < 0) {
        goto stop_writer;
    }
    result = start_handles(broker, err);
    if (result < 0) {
        goto free_engine;
    }
    engine_start(broker->engine);
    look_again(broker);
    (void)uv_run(&broker->loop, UV_RUN_DEFAULT);
    if (broker->failure.code != 0) {
        result = broker->failure.code;
        *err = broker->failure;
    } else {
        log_notice("stopped at seq %llu", (unsigned long long)engine_numbers(broker->engine).head_seq);
    }

free_engine:
    log_writer_stop(broker->writer); /* before the engine goes, which owns what is under way ... */
    while ((request = log_writer_done(broker->writer)) != NULL) {
        engine_log_done(broker->engine, request); /* ... and is handed back here */
    }
    engine_free(broker->engine);
stop_writer:
    log_writer_free(broker->writer);
free_context:
    net_context_free(broker->context);
close_loop:
    (void)uv_loop_close(&broker->loop);
    free(broker);
    return result;
}
