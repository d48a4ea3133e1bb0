/* The session's inside, for session*.c only. */
#ifndef MUSTER_AGENTS_CTL_SESSION_PRIVATE_H
#define MUSTER_AGENTS_CTL_SESSION_PRIVATE_H

#include <uv.h>

#include "agents/ctl/session.h"
#include "agents/lib/link.h"
#include "common/net/context.h"

enum { SESSION_WHY_MAX = 256, SESSION_MEMORY = 1024 * 1024 };

struct session {
    struct arena arena; /* of the profile */
    struct profile profile;
    struct secret_keys second;
    enum lang lang;
    int64_t timeout_ms;
    uv_loop_t loop;
    uv_timer_t timer;
    uv_timer_t ticker;
    uv_signal_t interrupt;
    uv_signal_t terminate;
    struct net_context *context;
    struct link *link;
    struct view *view;
    char why[SESSION_WHY_MAX]; /* the last reason for having no session */

    bool ready;
    bool timed_out;
    bool interrupted;
    bool link_closed;
    bool sent_away; /* by a refusal that waiting does not mend */
    enum refusal away;

    /* session_submit */
    uint64_t tag;
    bool answered;
    struct reply reply;
    char detail[SESSION_WHY_MAX];

    /* session_read and session_follow */
    bool reading;
    bool tail_ended;
    bool live;
    enum refusal tail_refusal;
    struct id sought; /* session_order_incident: the order, zero for none */
    struct id found;  /* ... and its incident */
    const struct session_follow *follow;
    uint64_t welcome_seq;    /* of the last Welcome's head */
    struct signed_head head; /* the last one that the broker signed; its region is the profile's */
    int rc;                  /* of a callback */
    struct err err;

    const struct session_stream *stream;
};

/* Runs the loop until *done, a refusal that lasts, an error of a callback, a signal, or the time-out (0:
 * none). 0 when *done, or when a signal came. */
int session_wait(struct session *session, const bool *done, int64_t timeout_ms, struct err *err);

/* session_read.c: client_io's. */
void session_on_head(void *ctx, const struct signed_head *head);
void session_on_welcome(struct session *session, const struct welcome *welcome);
void session_on_telemetry(void *ctx, const struct telemetry *telemetry);
void session_on_telemetry_refused(void *ctx, const struct telemetry_refused *refused);
void session_on_tail(void *ctx, const struct tail_item *item);
void session_on_tail_end(void *ctx, const struct tail_end *end);

/* session_submit.c: client_io's. */
void session_on_reply(void *ctx, uint64_t tag, const struct reply *reply);

#endif
