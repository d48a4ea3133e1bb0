/* Reading the log in a session: into its view, or item by item. */
#include <stdio.h>
#include <string.h>

#include "agents/ctl/session_private.h"
#include "common/core/stream.h"

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
    if (session->follow == NULL || !session->live) {
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

    session->tail_refusal = end->refusal;
    session->live = true;
    session->tail_ended = true;
    (void)snprintf(session->detail, sizeof session->detail, "%s", end->detail != NULL ? end->detail : "");
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

static int begin(struct session *session, enum tail_filter filter, const char *stream, bool follow,
                 struct err *err)
{
    struct tail tail = {.filter = filter, .stream = stream, .follow = follow};

    session->tail_ended = false;
    session->live = false;
    session->reading = true;
    int rc = client_tail(link_client(session->link), &tail, err);
    link_wake(session->link);
    return rc;
}

int session_read(struct session *session, enum tail_filter filter, const char *stream, struct err *err)
{
    int rc = begin(session, filter, stream, false, err);

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

int session_follow(struct session *session, const struct session_follow *follow, struct err *err)
{
    const bool never = false;

    session->follow = follow;
    int rc = begin(session, TAIL_OPEN, NULL, true, err);
    rc = rc ? rc : session_wait(session, &session->tail_ended, session->timeout_ms, err);
    if (rc == 0 && session->tail_ended && session->tail_refusal != REFUSED_NOT) {
        rc = refusal_fail(session->lang, session->tail_refusal, session->detail, err);
    }
    if (rc == 0 && follow->telemetry != NULL) {
        rc = client_subscribe(link_client(session->link), follow->telemetry, err);
        link_wake(session->link);
    }
    rc = rc ? rc : session_wait(session, &never, 0, err);
    session->follow = NULL;
    session->reading = false;
    return rc;
}
