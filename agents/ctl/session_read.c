/* Reading the log in a session: into its view, or item by item. */
#include <stdio.h>
#include <string.h>

#include "agents/ctl/session_private.h"
#include "common/core/stream.h"

enum { TICK_MS = 250 };

static void take_item(struct session *session, const struct tail_item *item)
{
    struct log_record record = view_record_of_tail(item);

    session->rc = view_take(session->view, &record, &session->err);
}

/* The incident of an order, from the record that issued it. */
static void look_for_incident(struct session *session, const struct tail_item *item)
{
    struct log_record from = view_record_of_tail(item);
    struct view_record record;
    struct arena arena;

    arena_init(&arena, VIEW_RECORD_MEMORY);
    session->rc = view_record_decode(&from, false, &arena, &record, &session->err);
    for (size_t i = 0; session->rc == 0 && !record.redacted && i < record.record.events_n; i++) {
        const struct event *event = &record.record.events[i];
        if (event->kind == EVENT_ORDER_ISSUED && id_equal(event->order, session->sought)) {
            session->found = event->incident;
        }
    }
    arena_free(&arena);
}

void session_on_tail(void *ctx, const struct tail_item *item)
{
    struct session *session = ctx;

    if (!session->reading || session->rc != 0) {
        return;
    }
    if (uv_is_active((uv_handle_t *)&session->timer) != 0) {
        (void)uv_timer_again(&session->timer); /* the time-out counts from the last sign of life */
    }
    if (!id_is_zero(session->sought)) {
        look_for_incident(session, item);
    } else if (session->follow != NULL) {
        session->rc = session->follow->item(session->follow->ctx, item, session->live, &session->err);
    } else {
        take_item(session, item);
    }
}

void session_on_tail_end(void *ctx, const struct tail_end *end)
{
    struct session *session = ctx;

    if (session->rc != 0) {
        return; /* an item before it failed: it has not come to its end */
    }
    session->tail_refusal = end->refusal;
    session->live = true;
    session->tail_ended = true;
    (void)snprintf(session->detail, sizeof session->detail, "%s", end->detail != NULL ? end->detail : "");
}

void session_on_head(void *ctx, const struct signed_head *head)
{
    struct session *session = ctx;

    session->head = *head;
    session->head.region = session->profile.region.name; /* the client takes no other's */
    if (session->follow != NULL && session->follow->head != NULL && session->rc == 0) {
        session->rc = session->follow->head(session->follow->ctx, &session->head, &session->err);
    }
}

void session_on_welcome(struct session *session, const struct welcome *welcome)
{
    session->welcome_seq = welcome->head.present ? welcome->head.seq : UINT64_MAX;
    if (session->follow != NULL && session->follow->welcomed != NULL && session->rc == 0) {
        session->rc = session->follow->welcomed(session->follow->ctx, session->welcome_seq, &session->err);
    }
}

void session_on_telemetry(void *ctx, const struct telemetry *telemetry)
{
    struct session *session = ctx;

    if (session->follow != NULL && session->live && session->rc == 0) {
        session->rc = session->follow->samples(session->follow->ctx, telemetry, &session->err);
    }
}

void session_on_telemetry_refused(void *ctx, const struct telemetry_refused *refused)
{
    struct session *session = ctx;

    if (session->follow != NULL && session->rc == 0) {
        session->rc = refusal_fail(session->lang, refused->refusal, refused->detail, &session->err);
    }
}

static int begin(struct session *session, const struct tail *tail, struct err *err)
{
    session->tail_ended = false;
    session->live = false;
    session->reading = true;
    int rc = client_tail(link_client(session->link), tail, err);
    link_wake(session->link);
    return rc;
}

int session_read(struct session *session, enum tail_filter filter, const char *stream, struct err *err)
{
    const struct tail tail = {.filter = filter, .stream = stream};
    int rc = begin(session, &tail, err);

    rc = rc ? rc : session_wait(session, &session->tail_ended, session->timeout_ms, err);
    session->reading = false;
    if (rc == 0 && !session->tail_ended) {
        rc = err_set(err, ERR_TEMPORARY, "interrupted");
    }
    if (rc == 0 && session->tail_refusal != REFUSED_NOT) {
        rc = refusal_fail(session->lang, session->tail_refusal, session->detail, err);
    }
    return rc;
}

int session_read_stream(struct session *session, const char *stream, struct err *err)
{
    char region[STREAM_NAME_MAX];
    int rc = session_read(session, TAIL_STREAM, stream_of_region(session->profile.region.name, region), err);

    return rc ? rc : session_read(session, TAIL_STREAM, stream, err);
}

int session_order_incident(struct session *session, struct id order, struct id *ret, struct err *err)
{
    char stream[STREAM_NAME_MAX];
    char text[ID_TEXT];

    session->found = (struct id){{0}};
    session->sought = order;
    int rc = session_read(session, TAIL_STREAM, stream_of_order(order, stream), err);
    session->sought = (struct id){{0}};
    if (rc == 0 && id_is_zero(session->found)) {
        rc = err_set(err, ERR_NOT_FOUND, "%s %s",
                     lang_text(session->lang, "there is no order", "没有该指令："), id_format(order, text));
    }
    if (rc == 0) {
        *ret = session->found;
    }
    return rc;
}

static void on_tick(uv_timer_t *timer)
{
    struct session *session = timer->data;

    if (session->follow != NULL && session->rc == 0) {
        session->rc = session->follow->tick(session->follow->ctx, &session->err);
    }
}

/* What came before anybody asked: the Welcome that opened the session. */
static int tell_beginning(struct session *session, const struct session_follow *follow, struct err *err)
{
    int rc = follow->welcomed != NULL ? follow->welcomed(follow->ctx, session->welcome_seq, err) : 0;

    if (rc == 0 && follow->head != NULL && session->head.present) {
        rc = follow->head(follow->ctx, &session->head, err);
    }
    return rc;
}

int session_follow(struct session *session, const struct session_follow *follow, struct err *err)
{
    const struct tail open = {.filter = TAIL_OPEN, .follow = true};
    const struct tail *tail = follow->tail != NULL ? follow->tail : &open;
    const bool never = false;

    int rc = tell_beginning(session, follow, err);
    session->follow = follow;
    if (follow->tick != NULL) {
        (void)uv_timer_start(&session->ticker, on_tick, TICK_MS, TICK_MS);
    }
    rc = rc ? rc : begin(session, tail, err);
    bool is_patient =
        follow->tail != NULL && tail->follow; /* the past may be long, and be given in two goes */
    rc = rc ? rc : session_wait(session, &session->tail_ended, is_patient ? 0 : session->timeout_ms, err);
    if (rc == 0 && session->tail_ended && session->tail_refusal != REFUSED_NOT) {
        rc = refusal_fail(session->lang, session->tail_refusal, session->detail, err);
    }
    if (rc == 0 && follow->telemetry != NULL) {
        rc = client_subscribe(link_client(session->link), follow->telemetry, err);
        link_wake(session->link);
    }
    if (rc == 0 && tail->follow) {
        rc = session_wait(session, &never, 0, err);
    }
    if (rc == 0 && session->rc != 0) { /* of a call after the end */
        rc = err_set(err, session->rc, "%s", session->err.text);
    }
    (void)uv_timer_stop(&session->ticker);
    session->follow = NULL;
    session->reading = false;
    return rc;
}
