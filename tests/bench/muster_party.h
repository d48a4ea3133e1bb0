/* One agent of the load on a real musterd: its socket, its keys, its session. Bare ZeroMQ and not the client
 * of agents/lib, which writes a journal: what is measured is the broker. */
#ifndef MUSTER_TESTS_BENCH_MUSTER_PARTY_H
#define MUSTER_TESTS_BENCH_MUSTER_PARTY_H

#include "agents/lib/client.h"
#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/crypto/keyfile.h"
#include "common/wire/wire.h"
#include "common/wire/wire_bundle.h"

enum {
    PARTY_COUNTERS = 1 << 17, /* whose slot is remembered: more than can be under way */
    PARTY_BATCH_MAX = 256,
    PARTY_WINDOW = 1024 /* deliveries under way, the most that a broker gives */
};

struct party {
    void *socket;
    int fd;
    struct secret_keys keys;
    struct public_keys region;
    bool welcomed;
    bool dirty; /* was written to: what it has to read may not be told any more */
    uint64_t epoch;
    uint64_t head; /* of the log at Welcome: what is delivered from before it is of another run */
    uint32_t beat_ms;
    uint32_t bundle_max;    /* of the broker */
    struct bundler bundler; /* what is said until party_flush() */
    uint64_t counter;
    int64_t late_ms; /* what is signed now was issued so long ago, and its time is over */
    int64_t said_ns;
    uint32_t *slots; /* by counter, of commands */
    /* deliveries that are to be acknowledged */
    uint64_t up_to[LANE_MAX + 1];
    uint32_t given[LANE_MAX + 1]; /* not yet given back as credit */
    size_t given_bytes[LANE_MAX + 1];
    uint64_t acked[LANE_MAX + 1]; /* said */
    bool ack_waits[LANE_MAX + 1]; /* for its Reply */
    uint32_t held[LANE_MAX + 1];  /* deliveries that no Ack has said yet */
    int64_t held_to_ns[LANE_MAX + 1];
    uint64_t head_seq;
    struct hash head_hash;
    /* the author whose signature was checked last, as the broker does it for a batch */
    struct batch_proof proof;
    uint64_t checked; /* signatures, without the repeated ones */
};

/* What all share: the ZeroMQ context and memory for one frame. */
struct parties {
    void *zmq;
    struct arena arena;
    struct buf command, frame;
    struct bytes envelopes[BUNDLE_MAX]; /* of the bundle that was read last, within its message */
    size_t envelopes_n, envelopes_at;
    int receive_max;    /* messages that a socket opened now takes in unread; 0: all */
    int64_t ack_due_ns; /* at or before the first Ack that is held back */
};

void parties_open(struct parties *parties, size_t sockets_max);
void parties_close(struct parties *parties);

/* Connects and says Hello. `stem` is the path of the key files without its ending. */
void party_open(struct parties *parties, struct party *party, const char *endpoint, const char *region_pub,
                const char *stem, bool deliveries);
/* Says the Acks that are held back. */
void party_close(struct parties *parties, struct party *party);

/* The next envelope, decoded into the arena (reset before); false: nothing is there. Until then no other
 * party is to be read from, and `message` is to stay. */
bool party_read(struct parties *parties, struct party *party, struct envelope *ret, void *message);

void party_say(struct parties *parties, struct party *party, const struct envelope *envelope);
/* An envelope; it goes out with others at party_flush(). */
void party_send(struct party *party, struct bytes envelope);
void party_flush(struct party *party);

/* Signs commands as one batch and writes a Submit of each into frames; the counters are the next ones, and
 * the slot of each is remembered under it. */
void party_sign(struct parties *parties, struct party *party, struct command *commands, const uint32_t *slots,
                struct buf *const *frames, size_t n);

/* Notes a delivery; party_acknowledge() says Credit for what was noted, and Ack as a real agent does
 * (agents/lib/client_ack.c): at most one a lane is under way, and it is held back for CLIENT_ACK_HOLD_MS or
 * until a share of the window waits. So it is to be called for every party when ack_due_ns has come, which
 * parties_begin_acknowledging() puts off. */
void party_note(struct party *party, const struct deliver *deliver);
void party_note_ack(struct party *party, enum lane lane); /* it was answered */
void parties_begin_acknowledging(struct parties *parties);
void party_acknowledge(struct parties *parties, struct party *party);

/* Whether the record was signed under this key. */
bool party_checks(struct party *party, const struct public_key *author, const struct record *record);

#endif
