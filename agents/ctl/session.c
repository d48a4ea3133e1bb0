#include "agents/ctl/session.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/ctl/session_private.h"
#include "common/base/when.h"
#include "muster/version.h"

enum { CLOSE_WAIT_MS = 2000 };

static void on_timeout(uv_timer_t *timer)
{
    struct session *session = timer->data;

    session->timed_out = true;
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct session *session = handle->data;

    (void)number;
    session->interrupted = true;
}

static void on_ready(void *ctx, const struct welcome *welcome)
{
    struct session *session = ctx;

    session->ready = true;
    session_on_welcome(session, welcome);
}

static void on_refused(void *ctx, enum refusal refusal, const char *reason)
{
    struct session *session = ctx;

    if (refusal == REFUSED_NOT || refusal == REFUSED_BUSY) { /* it comes back, or lets us in later */
        (void)snprintf(session->why, sizeof session->why, "%s", reason != NULL ? reason : "");
        return;
    }
    (void)snprintf(session->why, sizeof session->why, "%s%s%s",
                   session->lang == LANG_ZH ? refusal_text_zh(refusal) : refusal_text(refusal),
                   reason != NULL && reason[0] != '\0' ? ": " : "", reason != NULL ? reason : "");
    session->sent_away = true;
    session->away = refusal;
}

static void on_waiting(void *ctx, const char *why)
{
    struct session *session = ctx;

    session->ready = false;
    (void)snprintf(session->why, sizeof session->why, "%s", why);
    if (session->follow != NULL && session->follow->waiting != NULL) {
        session->follow->waiting(session->follow->ctx, why);
    }
}

static void on_trouble(void *ctx, const struct err *err)
{
    struct session *session = ctx;

    session->rc = err->code;
    session->err = *err;
}

static void on_recovered(void *ctx, const struct client_recovery *recovery)
{
    char text[CLIENT_RECOVERY_TEXT];

    (void)ctx;
    ctl_note("%s", client_recovery_text(recovery, text));
}

static void on_bad(void *ctx, uint64_t seq, const char *why)
{
    (void)ctx;
    ctl_note("record %llu is passed over: %s", (unsigned long long)seq, why);
}

static const char *broker_name(const struct session *session)
{
    return session->profile.endpoint != NULL ? session->profile.endpoint : session->profile.endpoint_file;
}

int session_wait(struct session *session, const bool *done, int64_t timeout_ms, struct err *err)
{
    session->timed_out = false;
    if (timeout_ms > 0) {
        (void)uv_timer_start(&session->timer, on_timeout, (uint64_t)timeout_ms, (uint64_t)timeout_ms);
    }
    while (!*done && session->rc == 0 && !session->timed_out && !session->sent_away &&
           !session->interrupted) {
        (void)uv_run(&session->loop, UV_RUN_ONCE);
    }
    (void)uv_timer_stop(&session->timer);
    if (*done || (session->rc == 0 && session->interrupted)) {
        return 0;
    }
    if (session->rc != 0) {
        return err_set(err, session->rc, "%s", session->err.text);
    }
    if (session->sent_away) {
        int code = session->away == REFUSED_IDENTITY || session->away == REFUSED_SIGNATURE ? ERR_PERMISSION
                                                                                           : ERR_UNAVAILABLE;
        return err_set(err, code, "%s: the broker sent us away: %s", broker_name(session), session->why);
    }
    char text[WHEN_TEXT];
    return err_set(err, ERR_UNAVAILABLE, "%s: no broker answers within %s%s%s; start musterd, or mend %s",
                   broker_name(session), when_format_duration(timeout_ms, text),
                   session->why[0] != '\0' ? ": " : "", session->why, session->profile.path);
}

static int open_link(struct session *session, bool as_agent, bool has_second, struct err *err)
{
    struct profile *profile = &session->profile;
    bool has_operator = profile->operator.name[0] != '\0' && !as_agent;
    struct link_options options = {.client =
                                       {
                                           .region = profile->region.name,
                                           .agent = &profile->agent,
                                           .operator= has_operator
                                           ? &profile->operator: NULL,
                                           .second = has_second ? &session->second : NULL,
                                           .region_keys = &profile->region,
                                           .software = "muster/" MUSTER_VERSION,
                                           .mode = profile->mode },
                                           .endpoint = profile->endpoint,
                                           .endpoint_file = profile->endpoint_file,
                                           .journal = profile->journal,
    };
    struct client_io io = {.ctx = session,
                           .on_ready = on_ready,
                           .on_refused = on_refused,
                           .on_reply = session_on_reply,
                           .on_tail = session_on_tail,
                           .on_tail_end = session_on_tail_end,
                           .on_head = session_on_head,
                           .on_telemetry = session_on_telemetry,
                           .on_telemetry_refused = session_on_telemetry_refused,
                           .on_recovered = on_recovered,
                           .on_bad = on_bad,
                           .on_trouble = on_trouble,
                           .on_failed = on_trouble};

    return link_open(&session->loop, session->context, &options, &io, on_waiting, &session->link, err);
}

static int load(struct session *session, struct online *online, const struct session_needs *needs,
                struct err *err)
{
    int rc = crypto_init();

    rc = rc ? rc : lang_choose(online->lang_word, &online->lang, err);
    rc = rc ? rc : profile_load(online->config, &session->arena, &session->profile, err);
    if (rc == 0 && online->mode_word != NULL) {
        session->profile.mode = mode_parse(online->mode_word);
        if (session->profile.mode == MODE_NONE) {
            rc = err_set(err, ERR_USAGE, "--mode %s: actual, exercise or test is wanted", online->mode_word);
        }
    }
    if (rc == 0 && (online->timeout_ms < 1 || online->timeout_ms > SESSION_TIMEOUT_MAX_MS)) {
        rc = err_set(err, ERR_USAGE, "--timeout: 1 ms to 24 h is wanted");
    }
    if (rc == 0 && needs->cosigner != NULL) {
        rc = keyfile_read_secret(needs->cosigner, &session->second, err);
    }
    if (rc == 0 && needs->cosigner != NULL && session->profile.operator.name[0] == '\0') {
        rc = err_set(err, ERR_CONFIG, "%s: --cosign needs \"operator\" under \"keys\": two persons sign",
                     session->profile.path);
    }
    session->lang = online->lang;
    session->timeout_ms = online->timeout_ms;
    return rc;
}

static void init_loop(struct session *session)
{
    (void)uv_timer_init(&session->loop, &session->timer);
    (void)uv_timer_init(&session->loop, &session->ticker);
    (void)uv_signal_init(&session->loop, &session->interrupt);
    (void)uv_signal_init(&session->loop, &session->terminate);
    session->timer.data = session;
    session->ticker.data = session;
    session->interrupt.data = session;
    session->terminate.data = session;
    (void)uv_signal_start(&session->interrupt, on_signal, SIGINT);
    (void)uv_signal_start(&session->terminate, on_signal, SIGTERM);
}

static int interrupted(struct err *err)
{
    return err_set(err, ERR_TEMPORARY, "interrupted");
}

int session_open(struct online *online, const struct session_needs *needs, struct session **ret,
                 struct err *err)
{
    struct session *session = calloc(1, sizeof *session);
    const struct view_options options = {.details = true};

    if (session == NULL) {
        return ERR_NO_MEMORY;
    }
    arena_init(&session->arena, SESSION_MEMORY);
    int rc = load(session, online, needs, err);
    if (rc != 0) {
        goto err_arena;
    }
    session->view = view_new(&options);
    rc = session->view != NULL ? net_context_new(&session->context, err) : ERR_NO_MEMORY;
    if (rc != 0) {
        goto err_view;
    }
    if (uv_loop_init(&session->loop) != 0) {
        rc = err_set(err, ERR_OS, "no event loop could be made");
        goto err_context;
    }
    init_loop(session);
    rc = open_link(session, needs->as_agent, needs->cosigner != NULL, err);
    rc = rc ? rc : session_wait(session, &session->ready, session->timeout_ms, err);
    if (rc == 0 && session->interrupted) {
        rc = interrupted(err);
    }
    if (rc != 0) {
        session_close(session);
        return rc;
    }
    *ret = session;
    return 0;

err_context:
    net_context_free(session->context);
err_view:
    view_free(session->view);
err_arena:
    profile_wipe(&session->profile);
    keys_wipe(&session->second);
    arena_free(&session->arena);
    free(session);
    return rc;
}

static void on_link_closed(void *ctx)
{
    struct session *session = ctx;

    session->link_closed = true;
}

void session_close(struct session *session)
{
    if (session == NULL) {
        return;
    }
    session->follow = NULL;
    session->stream = NULL;
    link_close(session->link, on_link_closed, session);
    session->timed_out = false;
    (void)uv_timer_start(&session->timer, on_timeout, CLOSE_WAIT_MS, 0);
    while (!session->link_closed && !session->timed_out) {
        (void)uv_run(&session->loop, UV_RUN_ONCE);
    }
    uv_close((uv_handle_t *)&session->timer, NULL);
    uv_close((uv_handle_t *)&session->ticker, NULL);
    uv_close((uv_handle_t *)&session->interrupt, NULL);
    uv_close((uv_handle_t *)&session->terminate, NULL);
    (void)uv_run(&session->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&session->loop);
    view_free(session->view);
    profile_wipe(&session->profile);
    keys_wipe(&session->second);
    arena_free(&session->arena);
    net_context_free(session->context);
    free(session);
}

const struct profile *session_profile(const struct session *session)
{
    return &session->profile;
}

struct client *session_client(struct session *session)
{
    return link_client(session->link);
}

struct view *session_view(struct session *session)
{
    return session->view;
}

int64_t session_now_ms(const struct session *session)
{
    return client_bus_ms(link_client(session->link));
}

struct id session_new_id(const struct session *session)
{
    uint8_t random[10];

    rng_system()->fill(rng_system()->ctx, random, sizeof random);
    return id_make(session_now_ms(session), random);
}

int session_end(struct session *session, int rc, struct err *err)
{
    session_close(session);
    if (rc == 0) {
        return ctl_end_output();
    }
    err->code = rc;
    return ctl_fail(err);
}

bool session_interrupted(const struct session *session)
{
    return session->interrupted && !session->tail_ended;
}

enum lang session_lang(const struct session *session)
{
    return session->lang;
}
