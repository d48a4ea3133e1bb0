/* The broker without its sockets: bytes, time and finished log requests go in; frames and log requests
 * come out through engine_io. One thread, no clock, no randomness, no I/O of its own: the live broker
 * and the simulator run this same engine.
 *
 * A command's way: engine_frame -> intake.c (who speaks, signature, counter) -> streams.c (load what it
 * names) -> commit.c (decide, evolve, gather; one batch under way at a time) -> engine_log_done ->
 * reply, and deliver.c / tail.c to whoever is to know. Nothing is said before its commit. */
#ifndef MUSTER_COMMON_ENGINE_ENGINE_H
#define MUSTER_COMMON_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/logging.h"
#include "common/crypto/keyfile.h"
#include "common/log/log.h"
#include "common/log/log_writer.h"

enum {
    ENGINE_PEER_MAX = 16,
    ENGINE_BEAT_MS = 5000, /* default */
    ENGINE_BEATS_MISSED_MAX = 3,
    ENGINE_PARKED_MAX = 4096, /* commands that wait for a stream, or for the log; more are BUSY ... */
    ENGINE_PARKED_KEPT = 512, /* ... and of one author all but these, which are for the others ... */
    ENGINE_PARKED_BYTES_MAX = 8 * 1024 * 1024, /* ... and so they are beyond so many bytes */
    /* Streams that are being loaded for commands, each some hundred bytes and a read of the log. Who waits
     * for loads already may add to them up to half of that; one command names 65 streams at most. */
    ENGINE_LOADS_MAX = 2048,
    ENGINE_BATCH_BYTES_MAX = 8 * 1024 * 1024, /* what gathers while a commit is under way */
    ENGINE_GONE = 256, /* counters of one author that were refused for good without a record, and are known */
    ENGINE_SHARE = 128, /* of a batch, for one author, while others speak as well: a commit of so many takes
                           about as long as its fsync, so that a flood does not double what others wait */
    ENGINE_SHARE_MS = 1000, /* how long another's word counts for that */
    /* Who says more than so much in a second is held to a pace while somebody speaks who says less: so many
     * commands at once, then one a millisecond; the others are BUSY. A province at its peak says 1,000 a
     * second, of 200 agencies. */
    ENGINE_LITTLE = 250,
    ENGINE_PACE_BURST = 100,
    ENGINE_PACE_RETRY_MS = 50,    /* ... when it is their turn at the earliest, ... */
    ENGINE_PACE_AHEAD_MAX = 2000, /* ... with a millisecond for each before them, up to so many */
    ENGINE_TAIL_PACE_MS = 5, /* from one piece of the log to the next of a reader, while somebody else speaks
                                who says little */
    ENGINE_SESSIONS_PER_AGENT = 8,
    ENGINE_IDLE_STREAMS_MAX = 1024, /* streams that are over but still at hand */
    ENGINE_OPEN_ORDERS_MAX =
        16384, /* at hand, with their incidents: some 1.2 KiB each where every order is an incident of its
                  own; the others are in the log, and read when needed */
    ENGINE_FRESH_IDS_MAX = 65536, /* ids given since the start that need no look-up: 20 bytes each */
    ENGINE_WINDOW_MAX = 1024,     /* deliveries of a lane, or tail items, under way to one session */
    ENGINE_READ_MAX =
        128, /* of them, read from the log in one go: a commit waits behind it, and the loop while
                              they are given, for half a millisecond each */
    /* Bytes of a lane but the urgent one that are under way to one session, flight.c: so many at least, a
     * second of 64 kbit/s; doubled while a round of them takes no more than so much longer than the quickest,
     * up to more than a window of orders. */
    ENGINE_FLIGHT_MIN = 8 * 1024,
    ENGINE_FLIGHT_MS = 500,
    ENGINE_FLIGHT_MAX = 8 * 1024 * 1024,
    /* Values of telemetry in memory: 64 Ki of 240 B with names of 40 B as a rule (200 B at most), so 18 MiB
     * as a rule. Of one agent: two of each unit that it may have. */
    ENGINE_TELEMETRY_MAX = 64 * 1024,
    ENGINE_TELEMETRY_PER_AGENT_MAX = 8 * 1024,
    ENGINE_LINK_WINDOW = 256,         /* records under way to another region */
    ENGINE_CANARY_MS = 5 * 60 * 1000, /* default: each is a record here, one there, and an Ack */
    ENGINE_TELEMETRY_MS = 20,         /* from one round over the subscribers to the next */
    ENGINE_TELEMETRY_PACE_MS = 2,     /* from one turn within a round to the next, while somebody speaks who
                                         says little */
    ENGINE_TELEMETRY_WINDOW_MAX = 16, /* envelopes under way to one subscriber, of a queue of 256: the rest is
                                         for orders */
    /* How long an author's later commands wait for one that was turned away: a client that did not hear so
     * asks again after 30 s, and its line may be bad. */
    ENGINE_HOLD_MS = 45000,
    /* A wall clock that has stepped so far is written down (a leap second is; what NTP slews moves the time
     * since boot alike), and that the broker stood still for so long. Not oftener than so: each is a record
     * of some 400 B in the region's stream, which agents read, so 1,440 a day at the worst. */
    ENGINE_CLOCK_STEP_MS = 500,
    ENGINE_STOOD_MS = 3000,
    ENGINE_CLOCK_NOTED_MS = 60000,
    ENGINE_STARVED_MS = 10000,       /* so long without memory, and the process ends: the next one has some */
    ENGINE_RETRY_MS = 250,           /* what BUSY and DISK tell, and the pause before our own next try */
    ENGINE_REFUSALS_BURST = 50,      /* refusals of one author that are kept at once ... */
    ENGINE_REFUSALS_REFILL_MS = 2000 /* ... and one more for each of these; the rest are counted */
};

/* A connection, as the transport names it (a routing id). It proves nothing. */
struct peer {
    uint8_t bytes[ENGINE_PEER_MAX];
    uint8_t n;
};

struct engine_io {
    void *ctx;
    /* A frame: an envelope, or a bundle of them. 0, ERR_TEMPORARY (the peer's queue is full) or ERR_NOT_FOUND
     * (the peer is gone). Never blocks. */
    int (*send)(void *ctx, struct peer peer, struct bytes frame);
    struct log_port log;
    /* The region is loaded and commands are taken. Once. */
    void (*on_service)(void *ctx);
    /* For the keeper of the program. */
    void (*on_note)(void *ctx, enum log_level level, const char *text);
    /* The log failed, or what it holds cannot be gone on with: the process must end. Once. */
    void (*on_fatal)(void *ctx, const struct err *err);
};

struct engine_options {
    const char *region;
    uint64_t epoch;
    const struct secret_keys *broker;
    const struct public_keys *region_keys; /* sign: the region's root */
    struct bytes genesis;                  /* founding commands; unread where the log is founded */
    struct log_head head;                  /* of the log that is given */
    uint8_t boot[16];
    uint32_t beat_ms;          /* 0: ENGINE_BEAT_MS */
    uint32_t canary_ms;        /* from one on a link to the next; 0: ENGINE_CANARY_MS */
    uint32_t idle_streams_max; /* 0: ENGINE_IDLE_STREAMS_MAX */
    uint32_t open_orders_max;  /* 0: ENGINE_OPEN_ORDERS_MAX */
    bool accept_clock;         /* an operator's word that the wall clock is right */
    const char *recover;       /* a person's word, and why: go on from this log in the next epoch; NULL: no */
    bool tail_given_up;        /* ... and something knew of more records: the word is meant for that, too */
};

struct engine_numbers {
    uint64_t head_seq;
    uint64_t sessions;
    uint64_t records; /* written since start */
    uint64_t commits;
    uint64_t refused;
    uint64_t unchanged;
    uint64_t streams; /* loaded */
    uint64_t delivered;
    uint64_t bad_frames;
    uint64_t samples;   /* of telemetry, taken */
    uint64_t telemetry; /* envelopes of it, given to subscribers */
};

struct engine;

/* Everything given must outlive the engine. */
int engine_new(const struct engine_options *options, const struct engine_io *io, const struct clock *clock,
               const struct rng *rng, struct engine **ret, struct err *err);
void engine_free(struct engine *engine);

/* Asks the log for the region and what is open; on_service follows, or on_fatal. */
void engine_start(struct engine *engine);

/* The line to another region's broker, made by us: a connection to it has come about, or has ended. It is
 * `peer` from then on, and its frames come by engine_frame(). */
void engine_link_up(struct engine *engine, struct peer peer, const char *region);
void engine_link_down(struct engine *engine, struct peer peer);
/* It is reached, whoever made the connection. */
bool engine_link_is_up(struct engine *engine, const char *region);
/* Boot time at which it last said what it says only to whom it hears; 0: it is not known here. */
int64_t engine_link_heard_ms(const struct engine *engine, const char *region);
/* The CURVE key under which that broker is enrolled here; false: it is not. */
bool engine_link_key(const struct engine *engine, const char *region, uint8_t ret_curve_key[CURVE_BYTES]);

/* A message of a peer whose CURVE key the transport has proved. */
void engine_frame(struct engine *engine, struct peer peer, const uint8_t curve_key[CURVE_BYTES],
                  struct bytes frame);

/* A log request came back done. */
void engine_log_done(struct engine *engine, struct log_request *request);

/* Sends what was said to peers that take bundles: call when a turn's frames, log requests and ticks have been
 * handed in, before anything is waited for. */
void engine_flush(struct engine *engine);

/* Deadlines, beats, retries: call when engine_due_ms() (boot time) has come; any other time is harmless.
 * INT64_MAX: nothing is due. */
void engine_tick(struct engine *engine);
int64_t engine_due_ms(const struct engine *engine);

/* May a client with this CURVE key connect at all? (For ZAP.) */
bool engine_knows_key(const struct engine *engine, const uint8_t curve_key[CURVE_BYTES]);

/* Asked to stop: no more commands are taken, sessions are told; drained when what was under way is done. */
void engine_stop(struct engine *engine);
bool engine_drained(const struct engine *engine);

struct engine_numbers engine_numbers(const struct engine *engine);

struct state;
/* For the simulator's invariants: state as it is, which may be ahead of the log. */
const struct state *engine_state(const struct engine *engine);

#endif
