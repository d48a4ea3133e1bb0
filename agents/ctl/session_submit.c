/* Commands of a session: one and its reply, or many under way at once. */
#include <stdio.h>
#include <string.h>

#include "agents/ctl/session_private.h"
#include "common/base/when.h"
#include "common/view/view_saying.h"

enum { TICK_MS = 250 };

static int refusal_code(enum refusal refusal)
{
    switch (refusal) {
    case REFUSED_IDENTITY:
    case REFUSED_SIGNATURE:
    case REFUSED_RIGHT:
    case REFUSED_SECOND_PERSON:
    case REFUSED_NOT_ADDRESSEE:
        return ERR_PERMISSION;
    case REFUSED_NO_INCIDENT:
    case REFUSED_NO_ORDER:
    case REFUSED_NO_ADDRESSEE:
        return ERR_NOT_FOUND;
    case REFUSED_CONFLICT:
        return ERR_CONFLICT;
    case REFUSED_BUSY:
    case REFUSED_DISK:
    case REFUSED_STALE:
        return ERR_TEMPORARY;
    case REFUSED_VERSION:
    case REFUSED_FENCED:
        return ERR_UNAVAILABLE;
    default:
        return ERR_DATA;
    }
}

int refusal_fail(enum lang lang, enum refusal refusal, const char *detail, struct err *err)
{
    bool has_detail = detail != NULL && detail[0] != '\0';
    char chinese[VIEW_SAYING_TEXT];

    if (has_detail && lang == LANG_ZH) {
        return err_set(err, refusal_code(refusal), "被拒绝：%s（%s）", refusal_text_zh(refusal),
                       view_detail_zh(refusal, detail, chinese));
    }

    return err_set(err, refusal_code(refusal), "%s%s%s%s%s", lang_text(lang, "refused: ", "被拒绝："),
                   lang == LANG_ZH ? refusal_text_zh(refusal) : refusal_text(refusal), has_detail ? " (" : "",
                   has_detail ? detail : "", has_detail ? ")" : "");
}

bool refusal_is_hopeless(enum refusal refusal)
{
    switch (refusal) {
    case REFUSED_IDENTITY:
    case REFUSED_REGION:
    case REFUSED_SIGNATURE:
    case REFUSED_CLOCK:
    case REFUSED_EXPIRED:
    case REFUSED_RIGHT:
    case REFUSED_FENCED:
        return true;
    default:
        return false;
    }
}

static void on_tick(uv_timer_t *timer)
{
    struct session *session = timer->data;

    if (session->stream != NULL && session->stream->on_tick != NULL) {
        session->stream->on_tick(session->stream->ctx);
    }
}

/* Submits until the window is full; `answered` then stands for "nothing is left to do". */
static void pump(struct session *session)
{
    struct client *client = link_client(session->link);
    bool more = true;

    while (session->rc == 0 && more && client_pending(client) < session->stream->window) {
        more = session->stream->next(session->stream->ctx, &session->err, &session->rc);
    }
    session->answered = !more && client_pending(client) == 0;
}

void session_on_reply(void *ctx, uint64_t tag, const struct reply *reply)
{
    struct session *session = ctx;

    if (session->stream != NULL) {
        session->stream->on_reply(session->stream->ctx, tag, reply);
        (void)uv_timer_again(&session->timer);
        pump(session);
    } else if (tag == session->tag && !session->answered) {
        session->reply = *reply;
        (void)snprintf(session->detail, sizeof session->detail, "%s",
                       reply->detail != NULL ? reply->detail : "");
        session->reply.detail = session->detail;
        session->answered = true;
    }
}

static int no_reply(const struct session *session, struct err *err)
{
    return err_set(err, ERR_TEMPORARY,
                   "no reply yet%s%s; the command is kept in %s and is sent again by the next command",
                   session->why[0] != '\0' ? ": " : "", session->why, session->profile.journal);
}

static uint64_t new_tag(void)
{
    uint64_t tag;

    rng_system()->fill(rng_system()->ctx, &tag, sizeof tag);
    return tag & INT64_MAX; /* it is kept in a database */
}

int session_submit(struct session *session, const struct command *command, struct reply *ret, struct err *err)
{
    struct err why = {0};

    session->answered = false;
    session->tag = new_tag();
    int rc = client_submit(link_client(session->link), command, session->tag, err);
    if (rc != 0) {
        return rc;
    }
    link_wake(session->link);
    rc = session_wait(session, &session->answered, session->timeout_ms, &why);
    if (!session->answered && (rc == 0 || rc == ERR_UNAVAILABLE)) {
        return no_reply(session, err);
    }
    if (rc != 0) {
        return err_set(err, rc, "%s", why.text);
    }
    if (ret != NULL) {
        *ret = session->reply;
    }
    if (session->reply.outcome == OUTCOME_REFUSED) {
        return refusal_fail(session->lang, session->reply.refusal, session->reply.detail, err);
    }
    return 0;
}

int session_stream(struct session *session, const struct session_stream *stream, struct err *err)
{
    session->stream = stream;
    session->answered = false;
    (void)uv_timer_start(&session->ticker, on_tick, TICK_MS, TICK_MS);
    pump(session);
    link_wake(session->link);
    int rc = session_wait(session, &session->answered, session->timeout_ms, err);
    (void)uv_timer_stop(&session->ticker);
    session->stream = NULL;
    if (rc == 0 && !session->answered) {
        rc = err_set(err, ERR_TEMPORARY, "interrupted; run it again: what is in already changes nothing");
    }
    return rc;
}
