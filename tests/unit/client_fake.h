/* A broker of one region for tests of the client: it signs, encodes, and does exactly what the test says. The
 * client's clock and random numbers are the test's too. */
#ifndef MUSTER_TESTS_UNIT_CLIENT_FAKE_H
#define MUSTER_TESTS_UNIT_CLIENT_FAKE_H

#include "agents/lib/client.h"
#include "common/wire/wire_bundle.h"

#define FAKE_REGION "370102"
#define FAKE_AGENT "370102/fire-rescue/station-3"
#define FAKE_CENTRE "370102/emergency-management/centre"
#define FAKE_REASON "the disk is gone" /* of a recovery */

enum { FAKE_SENT_MAX = 512, FAKE_GIVEN_MAX = 512 };

struct fake_given {
    enum delivery_kind kind;
    bool resumed;
    struct id order;
    uint64_t seq;
    enum rung rung_said;
    char text[64];
    char note[16];
};

struct fake {
    int64_t now_ms;
    int64_t utc_ms; /* the wall clock; 0: now_ms and 1000 s */
    uint64_t random;
    struct clock clock;
    struct rng rng;
    struct secret_keys root, broker, agent, centre, stranger;
    struct public_keys region_keys;
    char path[96];
    char folder[64];
    const char *vfs; /* of the journal; NULL: a file of the system */
    size_t troubles; /* allowed with a vfs only */
    size_t failed;   /* the same */
    struct journal *journal;
    struct client *client;
    uint64_t epoch;
    uint64_t last_counter;
    uint32_t bundle_max;      /* of the next Welcome */
    uint32_t takes;           /* options.bundle_max of the next client */
    uint32_t window;          /* options.window of the same */
    struct bundler *gathered; /* not NULL: where fake_say() puts what it would say */
    uint64_t acked[LANE_MAX + 1];
    uint64_t seq;          /* of the last record made */
    struct buf region[16]; /* its stream */
    size_t region_n;

    struct buf sent[FAKE_SENT_MAX]; /* envelopes */
    size_t sent_n;
    size_t frames_n; /* in so many frames */
    size_t read_n;
    struct arena arena;

    struct fake_given given[FAKE_GIVEN_MAX];
    size_t given_n;
    size_t bad;
    size_t ready;
    size_t refused;
    enum refusal refusal;
    size_t reconnects;
    size_t replies;
    uint64_t reply_tag;
    struct reply reply;
    uint32_t tail_id; /* of the last Tail that was read */
    uint64_t tail_from;
    size_t tailed;
    void (*on_tail)(const struct tail_item *item); /* the test's own; may be NULL */
    void (*on_delivery)(const struct delivery *delivery);
    void (*on_recovered)(void *ctx,
                         const struct client_recovery *recovery); /* of the next client; ctx is this */
    size_t tail_ends;
    uint64_t head_seq; /* of the last head with the broker's signature */
    size_t samples;
    size_t telemetry_refused;
};

void fake_start(struct fake *fake);
/* The same, with the journal on the disk of this VFS. */
void fake_start_on(struct fake *fake, const char *vfs);
void fake_stop(struct fake *fake);
/* The client connects, says Hello and is answered; what it has said so far is not passed over. */
void fake_session(struct fake *fake);
/* The client's process dies and starts again, with the same journal. */
void fake_restart(struct fake *fake);

/* Ticks until nothing is due now. */
void fake_run(struct fake *fake);
void fake_later(struct fake *fake, int64_t ms);
/* The next envelope of this kind that the client has sent, in whatever frame; what came before it is passed
 * over. NULL: none. */
const struct envelope *fake_next(struct fake *fake, enum envelope_kind kind);
void fake_skip(struct fake *fake); /* passes over all */
/* Whatever the client sent is answered: Hello, the tail of the region's stream. */
void fake_greet(struct fake *fake);
void fake_say_region(struct fake *fake); /* its stream, as the last Tail asked */
void fake_say(struct fake *fake, const struct envelope *envelope);
void fake_reply(struct fake *fake, uint64_t counter, enum outcome outcome, enum refusal refusal);
void fake_answer_acks(struct fake *fake);

/* A record, signed by `keys` in the name of `author`, appended to ret. */
void fake_record(struct fake *fake, const struct secret_keys *keys, const struct command *command,
                 const struct event *events, size_t events_n, struct buf *ret);
void fake_deliver(struct fake *fake, enum lane lane, uint64_t seq, const struct buf *record);
void fake_tombstone(struct fake *fake, enum lane lane, uint64_t seq, struct id order);

/* A command of the author's, under the next counter. */
struct command fake_command_of(struct fake *fake, enum command_kind kind, const char *author);
struct id fake_id(uint8_t n);
/* The records that tests need most. Each returns its seq after giving it to the client. */
uint64_t fake_order(struct fake *fake, struct id order, int64_t expires_at_ms);
uint64_t fake_order_by(struct fake *fake, const struct secret_keys *keys, struct id order,
                       int64_t expires_at_ms);
uint64_t fake_recall(struct fake *fake, struct id order, int64_t expires_at_ms);
/* Somebody else's rung of the order, as route() tells it to the agency's other agents and to its issuer. */
uint64_t fake_rung(struct fake *fake, struct id order, enum rung rung, const char *by);
uint64_t fake_amend(struct fake *fake, struct id order, uint32_t amendment);
/* An enrolment after the start, to be read when the client asks for the region's stream again. */
void fake_enrol_stranger(struct fake *fake);

/* The region's stream now ends with a recovery from its last record; signed by the broker, as a rule. */
void fake_recover(struct fake *fake, const struct secret_keys *keys, uint64_t from_epoch);
/* What is between there and `seq` is others': the copy ends with it. */
void fake_pad_region(struct fake *fake, uint64_t seq);
/* The session ends, and another begins with a log that says this. */
void fake_come_back(struct fake *fake, uint64_t epoch, uint64_t last_counter,
                    const uint64_t acked[LANE_MAX + 1]);

/* What the client said of a command: decoded from a Submit. */
struct command fake_command(struct fake *fake, const struct envelope *submit);

#endif
