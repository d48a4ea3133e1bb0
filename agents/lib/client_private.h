/* The client's inside, for client*.c only. */
#ifndef MUSTER_AGENTS_LIB_CLIENT_PRIVATE_H
#define MUSTER_AGENTS_LIB_CLIENT_PRIVATE_H

#include "agents/lib/client.h"
#include "agents/lib/keyring.h"
#include "common/core/stream.h"
#include "common/wire/wire_bundle.h"

/*   AWAY --connected--> GREETING --Welcome--> READY
 *    ^                   |    ^                 |
 *    |                  Bye   time              |
 *    |                   v    |                 |
 *    +---disconnected-- WAITING <-----Bye-------+      (a disconnect leads from every state to AWAY) */
enum client_state { CLIENT_AWAY, CLIENT_GREETING, CLIENT_WAITING, CLIENT_READY };

/* What the one tail of the session is for. */
enum tailing { TAILING_NOTHING, TAILING_KEYS, TAILING_USER };

struct frame {
    uint8_t *p;
    size_t n;
};

/* Frames that wait for the next tick, in the order in which they came. */
struct frames {
    struct frame *at;
    size_t n;
    size_t capacity;
    size_t bytes;
};

struct pending {
    int64_t item;
    uint64_t counter;
    uint64_t tag;
    struct frame frame;
    bool sent;
    bool settled;     /* its reply is in the journal's open transaction */
    int64_t again_ms; /* boot time: not sent (again) before */
};

struct ack_lane {
    uint64_t cursor;    /* taken in and given */
    uint64_t kept;      /* the cursor that is in the journal */
    uint64_t acked;     /* the broker has said so */
    uint64_t under_way; /* 0: none */
    int64_t again_ms;
    uint32_t held;      /* deliveries that no Ack has said yet */
    int64_t held_to_ms; /* boot time: then it is said */
    uint32_t credit;    /* to be given back */
    size_t credit_bytes;
    int64_t credit_to_ms; /* boot time: then it is given, whatever the Ack waits for */
};

struct publisher;

/* What the user asked for. */
struct client_subscription {
    bool wanted;
    char source[NAME_MAX_BYTES + 1];
    struct subscribe said;
    uint32_t taken;   /* envelopes since credit was last given */
    int64_t again_ms; /* boot time: the broker was busy; 0: no need */
};

struct client {
    struct client_options options;
    struct journal *journal;
    struct client_io io;
    const struct clock *clock;
    const struct rng *rng;
    struct arena arena; /* of the frame at hand */
    struct buf out;

    enum client_state state;
    int64_t state_due_ms; /* GREETING: give up; WAITING: say Hello */
    int64_t hello_wait_ms;
    int64_t ready_ms; /* since when */
    int64_t heard_ms;
    int64_t said_ms;
    int64_t beat_ms;
    size_t frame_max;
    uint32_t bundle_max;    /* of this session */
    struct bundler bundler; /* what is said in this turn ... */
    unsigned turns;         /* ... within so many calls */
    uint64_t epoch;         /* the session's */
    uint64_t known_epoch;   /* of what is known here; the journal's may be above it; 0: none yet */
    bool recovering;        /* it has risen, and the region's stream is still to prove why */
    uint64_t last_counter;
    int64_t bus_offset_ms;
    bool bus_known;

    /* the highest record seen, and the highest head that the broker signed */
    uint64_t head_seq;
    struct hash head_hash;
    struct buf seen; /* as an encoded Beat */
    uint64_t seen_seq;
    bool seen_unkept;
    struct buf claimed; /* a head that came before the broker's key was known */

    struct keyring *keyring;
    uint64_t keyring_epoch; /* the log's that it was read from; 0: none yet */
    bool keys_known;
    uint64_t keys_seq;   /* the region's stream was read up to it */
    uint64_t keys_asked; /* a delivery's seq for which it is read again */
    enum tailing tailing;
    uint32_t tail_id;    /* of the last Tail: what another one brings comes too late */
    uint32_t tail_items; /* since credit was last given */
    uint32_t tail_credit;
    struct tail tail; /* the user's */
    char tail_stream[STREAM_NAME_MAX];
    bool tail_wanted;
    bool tail_ended;
    uint64_t tail_seq;

    struct pending *pending;
    size_t pending_n;
    size_t pending_capacity;
    size_t pending_bytes;
    size_t in_flight;
    bool holding;          /* a transaction of many is open: nothing is sent before its end */
    size_t held_n;         /* the last of pending that are in it */
    size_t pending_left;   /* so many more are in the journal: read when those of the list are answered */
    size_t pending_unread; /* so many, when the journal failed: none is sent before they are read again */
    struct frames replies;
    struct frames deliveries;
    int64_t trouble_until_ms;
    bool failed; /* for good; the state is AWAY then */
    int64_t trim_ms;
    struct ack_lane lanes[LANE_MAX + 1];
    struct publisher *publisher; /* NULL: nothing was published yet */
    struct client_subscription subscription;
};

/* An order lives 30 days at most; what another took is remembered so long. */
#define CLIENT_TAKEN_KEEP_MS (INT64_C(30) * 24 * 60 * 60 * 1000)

int64_t client_now(const struct client *client);
/* Half of ms to one and a half of it. */
int64_t client_jitter(struct client *client, int64_t ms);
void client_say(struct client *client, const struct envelope *envelope);
void client_say_frame(struct client *client, struct bytes frame);
/* What is said between the two goes out in as few frames as can be, at the outermost end at the latest. What
 * is said elsewhere goes out at once. */
void client_turn_begin(struct client *client);
void client_turn_end(struct client *client);
/* What was said so far goes out: before a disk is waited for. */
void client_flush(struct client *client);
void client_give_up(struct client *client, const char *why);
/* A word of bus time is old by its way here: within a session the one that puts it latest is the truest. */
void client_heard_bus(struct client *client, int64_t bus_ms, bool anew);
void client_trouble(struct client *client, const struct err *err);
/* After a call that used the journal: rc. Ends the client when the journal has failed for good. */
int client_checked(struct client *client, int rc);

int client_frames_push(struct frames *frames, struct bytes bytes); /* 0, ERR_TOO_BIG, ERR_NO_MEMORY */
void client_frames_drop_all(struct frames *frames);
/* Moves the first n out; they are the caller's to free by client_frames_free(). Callbacks may end the
 * session and with it the queue, while what they are given points into the frames. */
void client_frames_take(struct frames *frames, struct frame *ret, size_t n);
void client_frames_free(struct frame *at, size_t n);

/* client_session.c */
void client_session_hello(struct client *client);
void client_session_welcome(struct client *client, const struct welcome *welcome);
void client_session_bye(struct client *client, enum refusal refusal, const char *reason);
void client_session_head(struct client *client, const struct signed_head *head);
void client_session_end(struct client *client);

/* client_tail.c */
void client_tail_start(struct client *client);
void client_tail_item(struct client *client, const struct tail_item *item);
void client_tail_end(struct client *client, const struct tail_end *end);

/* client_submit.c */
/* The list of what has no reply, as the journal has it: so much of it as fits. What fails is tried again at
 * the next tick. */
int client_submit_load(struct client *client, struct err *err);
bool client_submit_is_to_load(const struct client *client); /* at the next tick that can */
void client_submit_pump(struct client *client);
int64_t client_submit_due(const struct client *client);
void client_submit_forget_session(struct client *client);
/* What journals a command without sending it; client_submit_commit() sends it once the journal's transaction
 * is durable, client_submit_undo() forgets it. */
int client_submit_prepare(struct client *client, const struct command *commands, const uint64_t *tags,
                          size_t n, struct err *err);
void client_submit_commit(struct client *client, size_t n);
void client_submit_undo(struct client *client, size_t n);
int client_submit_sign(struct client *client, struct command *command, bool as_agent, struct buf *ret,
                       struct err *err);

/* client_recover.c */
/* The region's stream was read after the epoch rose. False: it proves no recovery, or the journal fails, and
 * the session is ended. */
bool client_recovered(struct client *client);
/* How a receipt is refused whose order was delivered here and is not in the log. */
bool client_order_is_lost(enum refusal refusal);
/* Orders that a batch of deliveries brought by another record than before: they were issued anew. */
struct orders_again {
    struct id *at; /* the caller's to free */
    size_t n;
    size_t capacity;
};

/* An order of the journal was delivered; noted if it is one of those. */
/* The words that a re-issue says again, as the order that its event issues; NULL: they are not those. The
 * arena's. */
const struct new_order *client_said_again(const struct said_again *said, const struct event *event,
                                          struct arena *arena);
int client_order_again(struct client *client, const struct journal_order *order, struct orders_again *again,
                       struct err *err);
/* What was said of them and refused meanwhile is signed anew, within the open transaction, and ret_said is
 * set: once that is durable the list of pending commands is to be read again. Once a batch: it walks through
 * all that was said. */
int client_say_orders_again(struct client *client, const struct orders_again *again, bool *ret_said,
                            struct err *err);

/* client_supersede.c */
/* Leaves out of `command`, which had this counter, what the journal's newer commands have replaced. True in
 * ret_superseded when nothing is left to be said. Needs memory of arena. */
int client_supersede(struct client *client, uint64_t counter, struct command *command, struct arena *arena,
                     bool *ret_superseded, struct err *err);

/* client_reply.c */
/* The pending command under a new counter; `old` is its command. It goes to the end of the list. */
int client_renumber(struct client *client, struct pending *pending, const struct command *old,
                    struct err *err);
int client_decode_pending(const struct pending *pending, struct arena *arena, struct command *ret,
                          struct err *err);
bool client_can_sign_again(const struct client *client, const struct command *command);
void client_take_replies(struct client *client);

/* client_deliver.c */
void client_take_deliveries(struct client *client);

/* client_ack.c */
uint32_t client_ack_window(const struct client *client);                    /* as Hello says it */
void client_ack_taken(struct client *client, enum lane lane, size_t bytes); /* a delivery: credit for it */
void client_ack_hold(struct client *client, enum lane lane);                /* its cursor has gone on */
void client_ack_credit(struct client *client); /* what is a share of the window */
void client_ack_reply(struct client *client, const struct reply *reply);
void client_ack_send(struct client *client);
void client_ack_send_held(struct client *client); /* at once: the session ends */
int64_t client_ack_due(const struct client *client);
/* Cursors and head go into the journal; once its transaction is durable, client_ack_kept() says so. */
int client_ack_keep(struct client *client, struct err *err);
void client_ack_kept(struct client *client);

/* client_telemetry.c */
void client_telemetry_welcome(struct client *client);
void client_telemetry_taken(struct client *client, uint32_t n); /* the broker's Credit */
void client_telemetry(struct client *client, const struct telemetry *telemetry);
void client_telemetry_refused(struct client *client, const struct telemetry_refused *refused);
void client_telemetry_tick(struct client *client);
int64_t client_telemetry_due(const struct client *client);
void client_telemetry_free(struct client *client);

#endif
