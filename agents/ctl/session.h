/* One command's session with the broker, told as plain calls that wait: submit and have the reply, read a
 * stream and have it in a view. Every wait ends at --timeout. One thread, one session a process. */
#ifndef MUSTER_AGENTS_CTL_SESSION_H
#define MUSTER_AGENTS_CTL_SESSION_H

#include "agents/ctl/ctl.h"
#include "agents/ctl/option.h"
#include "agents/ctl/profile.h"
#include "agents/lib/client.h"
#include "common/view/view.h"

enum { SESSION_TIMEOUT_MS = 10000, SESSION_TIMEOUT_MAX_MS = 24 * 60 * 60 * 1000 };

struct session;

/* What each online command takes; put ONLINE_OPTIONS into its table. */
struct online {
    const char *config;
    const char *lang_word;
    const char *mode_word;
    int64_t timeout_ms;
    bool json;
    enum lang lang; /* set by session_open */
};

#define ONLINE_DEFAULTS ((struct online){.timeout_ms = SESSION_TIMEOUT_MS})
#define ONLINE_OPTIONS(online)                                                                               \
    {"config", OPTION_TEXT, &(online).config, "FILE", "who speaks to which broker ($MUSTER_CONFIG)"},        \
        {"mode", OPTION_TEXT, &(online).mode_word, "MODE",                                                   \
         "actual, exercise or test, instead of the file's"},                                                 \
        {"timeout", OPTION_DURATION, &(online).timeout_ms, "TIME", "how long to wait for the broker (10s)"}, \
        {"lang", OPTION_TEXT, &(online).lang_word, "en|zh", "language of what is printed ($LC_ALL, $LANG)"}, \
    {                                                                                                        \
        "json", OPTION_FLAG, &(online).json, NULL, "JSON instead of text"                                    \
    }

struct session_needs {
    bool as_agent;        /* the agent signs, whatever operator the configuration has */
    const char *cosigner; /* key file of a second operator, or NULL */
};

/* Loads the configuration, connects, and waits until the broker has welcomed us and the region's keys are
 * being read. ERR_UNAVAILABLE when nobody answers in time, ERR_PERMISSION when we are sent away. */
int session_open(struct online *online, const struct session_needs *needs, struct session **ret,
                 struct err *err);
void session_close(struct session *session); /* NULL is fine */
/* Closes it and ends the command: the error is said, or the output flushed. Returns the exit code. */
int session_end(struct session *session, int rc, struct err *err);

const struct profile *session_profile(const struct session *session);
enum lang session_lang(const struct session *session);
struct client *session_client(struct session *session);
/* The broker's time, for deadlines. */
int64_t session_now_ms(const struct session *session);
struct id session_new_id(const struct session *session);

/* Waits for the reply. 0 for DONE and UNCHANGED; refused: err says it in the session's language, with the
 * exit code's error, and ret (may be NULL) is set too. ERR_TEMPORARY when no reply came in time: the command
 * stays in the journal and goes out again with the next one. */
int session_submit(struct session *session, const struct command *command, struct reply *ret,
                   struct err *err);

/* Reads what is there of the region's stream, one stream, the open streams (TAIL_OPEN) or all into the
 * session's view, which keeps what it had. ERR_PERMISSION when the right "watch" is missing. */
int session_read(struct session *session, enum tail_filter filter, const char *stream, struct err *err);
/* The region, then `stream`. */
int session_read_stream(struct session *session, const char *stream, struct err *err);
/* The incident in which an order was issued, from the order's own stream; ERR_NOT_FOUND. */
int session_order_incident(struct session *session, struct id order, struct id *ret, struct err *err);
struct view *session_view(struct session *session);

/* Hands every item to `item` instead of the view, and follows until a signal comes (SIGINT, SIGTERM: 0).
 * Reconnects for ever; waiting(why) is told each time. A tail that does not follow ends with its end, and
 * waits for the broker no longer than --timeout. Calls but item and waiting may be NULL; a negative code of
 * one ends it. */
struct session_follow {
    void *ctx;
    int (*item)(void *ctx, const struct tail_item *item, bool live, struct err *err);
    void (*waiting)(void *ctx, const char *why);
    const struct subscribe *telemetry; /* NULL: none is asked for, and none given */
    int (*samples)(void *ctx, const struct telemetry *telemetry, struct err *err);
    const struct tail *tail; /* NULL: what is open, and all that is new */
    int (*welcomed)(void *ctx, uint64_t head_seq,
                    struct err *err); /* where the broker's log ends, each time */
    int (*head)(void *ctx, const struct signed_head *head, struct err *err); /* with its good signature */
    int (*tick)(void *ctx, struct err *err);                                 /* four times a second */
};
/* Whether a signal has ended the last call before what it read had come to its end. */
bool session_interrupted(const struct session *session);
int session_follow(struct session *session, const struct session_follow *follow, struct err *err);

/* Many commands under way at once. next() submits what it likes through session_client() and returns false
 * when there is no more; on_reply() is told each reply of this process. Runs until all are answered; the
 * time-out counts from the last reply. */
struct session_stream {
    void *ctx;
    bool (*next)(void *ctx, struct err *err, int *ret_rc);
    void (*on_reply)(void *ctx, uint64_t tag, const struct reply *reply);
    void (*on_tick)(void *ctx); /* four times a second, may be NULL */
    size_t window;              /* commands under way below which next() is asked again */
};
int session_stream(struct session *session, const struct session_stream *stream, struct err *err);

/* The error that stands for a refusal, with its words in err. */
int refusal_fail(enum lang lang, enum refusal refusal, const char *detail, struct err *err);
/* Whether all other commands of this author would be refused as well. */
bool refusal_is_hopeless(enum refusal refusal);

#endif
