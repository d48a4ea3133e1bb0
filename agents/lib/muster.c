#include "agents/lib/muster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/lib/link.h"
#include "agents/lib/muster_private.h"
#include "common/net/context.h"

enum { CLOSE_TURNS_MAX = 200, CLOSE_TURN_MS = 5 };

static void on_ready(void *ctx, const struct welcome *welcome)
{
    struct muster *muster = ctx;

    (void)welcome;
    if (muster->callbacks.on_ready) {
        muster->callbacks.on_ready(muster->ctx);
    }
}

static void on_waiting(void *ctx, const char *why)
{
    struct muster *muster = ctx;

    if (muster->callbacks.on_waiting) {
        muster->callbacks.on_waiting(muster->ctx, why);
    }
}

static void on_refused(void *ctx, enum refusal refusal, const char *reason)
{
    on_waiting(ctx, reason[0] != '\0' ? reason : refusal_text(refusal));
}

static void trouble(struct muster *muster, const char *text)
{
    if (muster->callbacks.on_trouble) {
        muster->callbacks.on_trouble(muster->ctx, text);
    }
}

static void on_recovered(void *ctx, const struct client_recovery *recovery)
{
    char text[CLIENT_RECOVERY_TEXT];

    trouble(ctx, client_recovery_text(recovery, text));
}

static void on_bad(void *ctx, uint64_t seq, const char *why)
{
    (void)seq;
    trouble(ctx, why);
}

static void on_trouble(void *ctx, const struct err *err)
{
    trouble(ctx, err->text);
}

static void on_failed(void *ctx, const struct err *err)
{
    struct muster *muster = ctx;

    muster->failed = err->code;
    snprintf(muster->error, sizeof muster->error, "%s", err->text);
    trouble(muster, err->text);
}

/* ---- life ---- */

static void on_link_closed(void *ctx)
{
    ((struct muster *)ctx)->link = NULL;
}

static void free_all(struct muster *muster)
{
    if (muster->has_loop) {
        uv_close((uv_handle_t *)&muster->wait, NULL);
        link_close(muster->link, on_link_closed, muster);
        for (int i = 0; i < CLOSE_TURNS_MAX && uv_run(&muster->loop, UV_RUN_NOWAIT) != 0; i++) {
            uv_sleep(CLOSE_TURN_MS);
        }
        net_context_free(muster->context);
        uv_loop_close(&muster->loop);
    }
    keys_wipe(&muster->agent);
    keys_wipe(&muster->operator);
    free(muster);
}

static int read_keys(struct muster *muster, const struct muster_options *options, struct err *err)
{
    int rc;

    if (!options->agent_key || !options->region_key || !options->journal) {
        return err_set(err, ERR_USAGE, "agent_key, region_key and journal must be given");
    }
    rc = keyfile_read_secret(options->agent_key, &muster->agent, err);
    rc = rc ? rc : keyfile_read_public(options->region_key, &muster->region, err);
    if (!rc && options->operator_key) {
        rc = keyfile_read_secret(options->operator_key, &muster->operator, err);
    }
    return rc;
}

static int open_link(struct muster *muster, const struct muster_options *options, struct err *err)
{
    struct link_options link = {.client =
                                    {
                                        .region = muster->region.name,
                                        .agent = &muster->agent,
                                        .operator= options->operator_key
                                        ? &muster->operator: NULL,
                                        .region_keys = &muster->region,
                                        .deliveries = !options->no_deliveries,
                                        .software = muster->software,
                                        .mode = options->mode ? (enum mode)options->mode : MODE_ACTUAL },
                                        .endpoint = options->endpoint,
                                        .endpoint_file = options->endpoint_file,
                                        .journal = options->journal,
    };
    struct client_io io = {
        .ctx = muster,
        .on_ready = on_ready,
        .on_refused = on_refused,
        .on_reply = handle_give_reply,
        .on_delivery = handle_give,
        .on_telemetry = handle_give_telemetry,
        .on_telemetry_refused = handle_give_telemetry_refused,
        .on_recovered = on_recovered,
        .on_bad = on_bad,
        .on_trouble = on_trouble,
        .on_failed = on_failed,
    };
    int rc = net_context_new(&muster->context, err);

    return rc ? rc : link_open(&muster->loop, muster->context, &link, &io, on_waiting, &muster->link, err);
}

int muster_open(const struct muster_options *options, struct muster **ret, char *error, size_t error_n)
{
    struct muster *muster = calloc(1, sizeof *muster);
    struct muster_options known = {0};
    struct err err = {0};
    int rc;

    if (!muster) {
        return ERR_NO_MEMORY;
    }
    memcpy(&known, options, options->size < sizeof known ? options->size : sizeof known);
    muster->callbacks = known.callbacks;
    muster->telemetry = known.telemetry;
    muster->ctx = known.ctx;
    snprintf(muster->software, sizeof muster->software, "%s", known.software ? known.software : "libmuster");
    rc = crypto_init();
    rc = rc ? rc : read_keys(muster, &known, &err);
    if (!rc && uv_loop_init(&muster->loop)) {
        rc = err_set(&err, ERR_OS, "no event loop");
    }
    if (!rc) {
        muster->has_loop = true;
        uv_timer_init(&muster->loop, &muster->wait);
        rc = open_link(muster, &known, &err);
    }
    if (rc) {
        free_all(muster);
        if (error && error_n > 0) {
            snprintf(error, error_n, "%s", err.text[0] != '\0' ? err.text : err_string(rc));
        }
        return rc;
    }
    muster->resume = !known.no_deliveries;
    *ret = muster;
    return 0;
}

void muster_close(struct muster *muster)
{
    if (muster) {
        muster->callbacks = (struct muster_callbacks){0};
        muster->telemetry = (struct muster_telemetry_callbacks){0};
        free_all(muster);
    }
}

/* ---- the loop ---- */

int muster_fd(const struct muster *muster)
{
    return uv_backend_fd(&muster->loop);
}

int muster_timeout_ms(const struct muster *muster)
{
    if (muster->failed) {
        return muster->told ? -1 : 0;
    }
    return muster->resume ? 0 : uv_backend_timeout(&muster->loop);
}

static int outcome(struct muster *muster, int rc)
{
    muster->told = muster->told || muster->failed != 0;
    return rc ? rc : muster->failed;
}

/* What an earlier process left open is given first, from here, as every callback is. */
static int resume(struct muster *muster)
{
    struct err err = {0};

    if (!muster->resume) {
        return 0;
    }
    muster->resume = false;
    return handle_done(muster, client_resume(link_client(muster->link), &err), &err);
}

int muster_process(struct muster *muster)
{
    int rc = resume(muster);

    uv_run(&muster->loop, UV_RUN_NOWAIT);
    return outcome(muster, rc);
}

/* Only its end counts: it wakes the loop. */
static void on_wait_over(uv_timer_t *timer)
{
    (void)timer;
}

int muster_wait(struct muster *muster, int timeout_ms)
{
    int rc = resume(muster);
    uint64_t end;

    if (muster->failed && timeout_ms < 0) {
        return outcome(muster, rc); /* nothing will come */
    }
    uv_update_time(&muster->loop);
    end = uv_now(&muster->loop) + (uint64_t)(timeout_ms > 0 ? timeout_ms : 0);
    if (timeout_ms >= 0) {
        uv_timer_start(&muster->wait, on_wait_over, (uint64_t)timeout_ms, 0);
    }
    do {
        uv_run(&muster->loop, UV_RUN_ONCE);
    } while (timeout_ms > 0 && uv_now(&muster->loop) < end && !muster->failed);
    uv_timer_stop(&muster->wait);
    return outcome(muster, rc);
}

bool muster_is_ready(const struct muster *muster)
{
    return client_ready(link_client(muster->link));
}

size_t muster_pending(const struct muster *muster)
{
    return client_pending(link_client(muster->link));
}

const char *muster_strerror(int code)
{
    return err_string(code);
}

const char *muster_error(const struct muster *muster)
{
    return muster->error;
}

int handle_done(struct muster *muster, int rc, const struct err *err)
{
    if (rc) {
        snprintf(muster->error, sizeof muster->error, "%s",
                 err->text[0] != '\0' ? err->text : err_string(rc));
    }
    link_wake(muster->link);
    return rc;
}
