/* A client of the bus without its socket: the conversation of docs/protocol.md seen from an agent, with
 * the journal that makes it survive a restart of either side. The shells around it (link.h) bring
 * bytes, the simulator brings a fake network. One thread.
 *
 * After each Welcome it reads the region's stream (Tail), checks it from the root key down, and so knows
 * every key; an order whose author's signature does not hold is never given to the application.
 *
 * What is submitted is signed, counted and written into the journal before it is sent, and sent again
 * after every reconnect until its Reply is in the journal. What is delivered is written into the journal
 * before it is given to the application and before it is acknowledged; nothing is given twice as new. */
#ifndef MUSTER_AGENTS_LIB_CLIENT_H
#define MUSTER_AGENTS_LIB_CLIENT_H

#include "agents/lib/journal.h"
#include "common/base/clock.h"
#include "common/crypto/keyfile.h"
#include "common/wire/wire.h"

enum {
    CLIENT_PENDING_MAX = 4096, /* commands under way; more are answered ERR_TEMPORARY */
    CLIENT_PENDING_BYTES_MAX = 64 * 1024 * 1024,
    CLIENT_IN_FLIGHT_MAX = 128, /* of them, sent and unanswered: half of the transport's queue */
    CLIENT_BATCH_MAX = 64,      /* deliveries or replies in one transaction of the journal */
    CLIENT_BEATS_MISSED_MAX = 3,
    CLIENT_WINDOW = 256,      /* deliveries under way in each lane */
    CLIENT_WINDOW_MAX = 1024, /* a broker gives no more */
    /* An Ack is a commit of the broker's, before which the next order waits; it is cumulative, and nobody
     * waits for it. So it is held back until the first delivery of the lane that it is to prove is so old,
     * or until such a share of the window waits for it: a quarter, that nothing is trimmed late. Credit goes
     * with it, or when it is such a share. */
    CLIENT_ACK_HOLD_MS = 50,
    CLIENT_ACK_WINDOW_SHARE = 4,
    CLIENT_CREDIT_BYTES = 4096, /* or so many bytes, half of what a broker has under way at first */
    CLIENT_INBOX_BYTES_MAX = 64 * 1024 * 1024, /* beyond it the session is ended, and nothing is lost */
    CLIENT_WELCOME_WAIT_MS = 10000,
    CLIENT_REPLY_WAIT_MS = 30000, /* then the same bytes are sent again */
    CLIENT_EXPIRY_MS = 10 * 60 * 1000,
    CLIENT_RECEIPT_EXPIRY_MS = 6 * 24 * 60 * 60 * 1000, /* what was done stays true; a window of 7 days is
                                                          the most, and our clock may be behind the bus */
    CLIENT_LIFE_MAX_MS = 7 * 24 * 60 * 60 * 1000, /* from issued_at to expires_at; no broker takes more */
    CLIENT_TELEMETRY_MAX = 1024,  /* values that this agent publishes: two of each of 512 units */
    CLIENT_TELEMETRY_WINDOW = 32, /* envelopes of them that the broker has not taken yet: an eighth of the
                                      transport's queue, so that telemetry never fills it */
    CLIENT_TELEMETRY_CREDIT = 8,  /* envelopes under way to us */
    CLIENT_TELEMETRY_AGAIN_MS = 1000,
    CLIENT_HELLO_AGAIN_MS = 500, /* after a Bye; doubles, with jitter, up to the next */
    CLIENT_HELLO_AGAIN_MAX_MS = 30000,
    CLIENT_BUSY_AGAIN_MAX_MS = 5000 /* after a Bye BUSY: the broker starts, stops or cannot just now */
};

struct client;

/* The log was recovered from an older copy: what was written after `after_seq` in that epoch is lost. */
struct client_recovery {
    uint64_t epoch; /* the one that ended; the log is in `now` */
    uint64_t now;
    uint64_t after_seq;
    uint64_t seen_seq; /* the highest record of it that this agent knows of */
    int64_t at_ms;     /* bus time */
    const char *reason;
    size_t again; /* commands of this agent that were done there and are said again */
};

enum { CLIENT_RECOVERY_TEXT = 768 };
/* In one line, for a person. Returns ret. */
char *client_recovery_text(const struct client_recovery *recovery, char ret[CLIENT_RECOVERY_TEXT]);

struct client_options {
    const char *region;
    const struct secret_keys *agent;    /* its name is the agent's */
    const struct secret_keys *operator; /* NULL: commands are signed by the agent */
    const struct secret_keys *second; /* a second operator, who signs too what the operator signs; or NULL */
    const struct public_keys *region_keys; /* region.pub: sign = the region's root, curve = the broker's */
    bool deliveries;                       /* take the agent's deliveries */
    uint32_t window;                       /* deliveries under way in each lane; 0: CLIENT_WINDOW; at most
                                              CLIENT_WINDOW_MAX */
    uint32_t bundle_max; /* envelopes in one frame, either way; 0: BUNDLE_MAX, 1: no bundles */
    const char *software;
    enum mode mode; /* of commands that say none; a receipt has its order's */
};

/* An order as it was delivered, or an amendment or recall of it. Texts live until the callback ends. */
enum delivery_kind {
    DELIVERY_ORDER = 1, /* new, or (resumed) one that was not ended when this process started */
    DELIVERY_AMENDMENT,
    /* Also of an order never seen: then nothing is to be done. And of an agency's order that another of its
     * agents has taken or declined: event is then that RUNG_REACHED. */
    DELIVERY_RECALL,
    DELIVERY_EXPIRED, /* the broker's word that it ended unanswered */
    DELIVERY_NOTICE,  /* any other record: receipts, outcomes and escalations to an issuer, requests */
    DELIVERY_REMINDER /* of an open order that was not answered in time; a resumed order is one, too */
};

struct delivery {
    enum delivery_kind kind;
    bool resumed;
    enum mode mode;
    enum lane lane;
    uint64_t seq;
    int64_t bus_ms;
    struct id incident;
    struct id order;
    const struct new_order *order_said; /* ORDER (not evacuation): the words of the order; of one that
                                                       a rule has given to us instead, with our address */
    const struct order_evacuation *evacuation_said; /* ORDER that is an evacuation */
    const struct recall_order *recall_said;         /* RECALL by a person; else NULL */
    const struct event *event;                      /* the event that made it a delivery */
    enum rung rung_said;                            /* ORDER resumed: the last rung receipted */
    struct bytes note;                              /* ORDER resumed: what client_note() was given */
    const struct record *record;                    /* the whole record */
};

/* Callbacks may be NULL, but for send and reconnect. Each may call any function below but client_free,
 * client_frame and client_tick. */
struct client_io {
    void *ctx;
    /* Hand a frame to the transport, before the call in which it was said ends; a failure is a lost frame,
     * which a reconnect mends. */
    void (*send)(void *ctx, struct bytes frame);
    /* The transport is of no more use (beats missed, too much at once): make a new one, and call
     * client_connected(). Until then the client is disconnected. */
    void (*reconnect)(void *ctx, const char *why);
    void (*on_ready)(void *ctx, const struct welcome *welcome);
    /* The broker said it will not talk to us (key not enrolled, protocol, replaced by a newer session of
     * the same agent; REFUSED_NOT when it is a plain good-bye or it has forgotten the session, REFUSED_BUSY
     * while it starts or stops): retrying goes on. */
    void (*on_refused)(void *ctx, enum refusal refusal, const char *reason);
    /* Once per submitted command, when its outcome is durable at the broker (or it was refused); again for
     * what a recovery has lost, or may have. BUSY and DISK are retried here and not told. A state of units
     * whose answer was lost, and which a newer one has replaced since, is UNCHANGED. `tag` is the
     * submitter's; replies to what an earlier process of this journal submitted come too. */
    void (*on_reply)(void *ctx, uint64_t tag, const struct reply *reply);
    /* An order is given once, then resumed at each restart until it is ended. Recalls, expiries and notices
     * are acknowledged after the callback, so after a crash in between one may come again; its seq tells. */
    void (*on_delivery)(void *ctx, const struct delivery *delivery);
    void (*on_tail)(void *ctx, const struct tail_item *item);
    void (*on_tail_end)(void *ctx, const struct tail_end *end);
    /* A head of the log with the broker's good signature, from a Welcome or a Beat; the same or an older one
     * may come again. Not before the broker's key is known; then before the on_ready of its Welcome. */
    void (*on_head)(void *ctx, const struct signed_head *head);
    /* Telemetry of the subscription. Unsigned: it is the broker's word who measured it. */
    void (*on_telemetry)(void *ctx, const struct telemetry *telemetry);
    /* What was published was not taken, or the subscription has ended. Not told of BUSY, which is retried. */
    void (*on_telemetry_refused)(void *ctx, const struct telemetry_refused *refused);
    /* Once for each recovery. What is said again gets a second on_reply. An order that comes again is not
     * given as new; amendments, recalls, expiries and notices that come again are given again. */
    void (*on_recovered)(void *ctx, const struct client_recovery *recovery);
    /* A record that was not given on, because its author's signature does not hold or it cannot be read. */
    void (*on_bad)(void *ctx, uint64_t seq, const char *why);
    /* The journal fails: what came waits, unacknowledged, and is tried again every second. */
    void (*on_trouble)(void *ctx, const struct err *err);
    /* The journal has failed for good (journal.h), said once: nothing more is taken, said or given, calls
     * that need the journal fail, and the process should end, to be started anew. May come from within any
     * call below. */
    void (*on_failed)(void *ctx, const struct err *err);
};

/* Takes nothing over; all must outlive the client. */
int client_new(const struct client_options *options, struct journal *journal, const struct client_io *io,
               const struct clock *clock, const struct rng *rng, struct client **ret, struct err *err);
void client_free(struct client *client);

void client_connected(struct client *client);
void client_disconnected(struct client *client);
void client_frame(struct client *client, struct bytes frame);

/* Says the Acks that are held back, and Bye, if there is a session; the client is disconnected then. */
void client_goodbye(struct client *client);

/* Takes up what client_frame() has gathered (one transaction of the journal for many), beats, retries,
 * time-outs. Call when client_due_ms() (boot time) has come, which may be at once after any other call,
 * a frame above all; any other time is harmless. */
void client_tick(struct client *client);
int64_t client_due_ms(const struct client *client);

/* Fills in region, epoch, agent, counter, issued_at, expires_at (if 0: ten minutes), operator; signs;
 * journals; sends when connected. Works while disconnected too. ERR_TEMPORARY when too much is under
 * way; ERR_IO when the journal fails (nothing was sent then). */
int client_submit(struct client *client, const struct command *command, uint64_t tag, struct err *err);

/* The same for many under one signature; all of them or none. */
int client_submit_batch(struct client *client, const struct command *commands, const uint64_t *tags, size_t n,
                        struct err *err);

/* Between the two, what is submitted and what receipts are given goes into one transaction of the journal,
 * and is sent at its end: for many at once, whose syncs would cost more than all else. What a call refuses
 * meanwhile leaves the others as they are. Of the calls here only client_publish() may come in between, too.
 * When release fails none of it was said. */
int client_hold(struct client *client, struct err *err);
int client_release(struct client *client, struct err *err);

/* Commands that have no Reply yet. */
size_t client_pending(const struct client *client);
bool client_ready(const struct client *client);
bool client_failed(const struct client *client);    /* on_failed was said */
int64_t client_bus_ms(const struct client *client); /* the broker's bus time, as far as beats tell */

/* One receipt for an order that was delivered; said once: the same rung (or amendment) again is answered
 * from the journal (0, nothing is sent). `receipt` needs order and rung; incident and mode are looked up.
 * ERR_NOT_FOUND when no such order was delivered, ERR_CONFLICT when a later rung was said already. */
int client_receipt(struct client *client, const struct give_receipt *receipt, uint64_t tag, struct err *err);

/* Keeps a few bytes of the application's own (who was sent, say) with an order, for when it is resumed. */
int client_note(struct client *client, struct id order, struct bytes note, struct err *err);

/* Gives every open order of the journal again as DELIVERY_ORDER, resumed, and after it its last amendment
 * if that was not acknowledged. Call once after start. */
int client_resume(struct client *client, struct err *err);

/* Reads the log: items come by on_tail, then on_tail_end once, then (follow) what is new. Credit is given
 * here. Replaces the tail before it, and is taken up again after a reconnect; items of TAIL_OPEN that came
 * before the end may then come twice. ERR_DATA when the stream's name is too long. */
int client_tail(struct client *client, const struct tail *tail, struct err *err);

/* Publishes telemetry of this agent: `agent` of a sample is not read; at_ms 0 means now, mode MODE_NONE the
 * options'. The last value of each (mode, unit, name) is kept in memory, CLIENT_TELEMETRY_MAX of them (the
 * one that was said longest ago makes room), sent at once if it may be, and all again at each Welcome: a
 * broker that was restarted has none. There is no reply. ERR_DATA names the sample that is not well-formed,
 * and nothing was taken; ERR_NO_MEMORY. */
int client_publish(struct client *client, const struct sample *samples, size_t n, struct err *err);

/* Asks for telemetry, which comes by on_telemetry: first what there is, then what changes. `credit` 0 means
 * CLIENT_TELEMETRY_CREDIT, mode MODE_NONE the options'. Replaces the subscription before it and is asked for
 * again after a reconnect; `end` ends it. ERR_DATA when the source is no agency and no agent. */
int client_subscribe(struct client *client, const struct subscribe *subscribe, struct err *err);

#endif
