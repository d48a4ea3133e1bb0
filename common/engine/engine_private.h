/* What the files of the engine share. */
#ifndef MUSTER_COMMON_ENGINE_ENGINE_PRIVATE_H
#define MUSTER_COMMON_ENGINE_ENGINE_PRIVATE_H

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) (void)(element)
#include <uthash.h>
#include <utlist.h>

#include "common/base/keyed_hash.h"
#include "common/core/decide.h"
#include "common/core/route.h"
#include "common/core/state.h"
#include "common/core/stream.h"
#include "common/engine/due.h"
#include "common/engine/engine.h"
#include "common/engine/told_log.h"
#include "common/rules/rule_book.h"
#include "common/wire/wire.h"
#include "common/wire/wire_bundle.h"

struct job;
struct session;
struct link;
struct subscription;
struct telemetry_value;
struct last_values;
struct lookouts;

/* --- streams.c: what is loaded -------------------------------------------------------------------- */

struct stream_list {
    struct stream *first; /* touched least recently */
    size_t n;
    size_t weight;
};

struct stream {
    bool loaded; /* false: a load is under way */
    bool live;   /* as the open index will have it after the last record gathered */
    uint64_t
        last_seq;  /* of the last record gathered that touched it; evicted after its commit at the earliest */
    size_t wanted; /* parked commands that name it: it stays */
    size_t weight; /* itself and its orders */
    int64_t due_ms;   /* as the due index will have it */
    bool rests;       /* what is due waits for its words: it is not in the heap, and stays */
    struct due due;   /* of the heap */
    bool wants_share; /* stands in engine->sharing */
    bool sharing;     /* its past is being read */
    int64_t share_ms; /* boot time before which it is not tried again */
    struct stream *share_prev, *share_next;
    struct stream_list *list; /* NULL: the region and agents, which stay, and what is being loaded */
    struct stream *prev, *next;
    struct stream_key key; /* its name is in `bytes` */
    UT_hash_handle hh;
    char bytes[]; /* what it is found by: kind, and id or name */
};

/* --- fresh.c: ids that are too new to be in the log ------------------------------------------------ */

/* Ids that were given since floor_ms: one of that time that is not here is free, without asking the log. */
struct fresh_ids {
    struct hash_key key;
    int64_t floor_ms; /* INT64_MAX: nothing is known */
    struct id *young; /* open addressing; zero: free */
    struct id *old;   /* the generation before */
    size_t young_n;
    unsigned answers; /* of the log, at the start */
};

/* --- intake.c: commands on their way -------------------------------------------------------------- */

/* Counters that were turned away for the moment: later ones wait for them. */
struct hold {
    uint64_t from; /* 0: none */
    uint64_t to;
    int64_t until_ms; /* boot time: who asks later than that is not waited for */
};

/* How much somebody says. */
struct pace {
    int64_t from_ms; /* boot time at which the second began that is counted; 0: it has said nothing */
    uint32_t said;   /* commands since */
    bool little;     /* in the last second in which it spoke */
    int64_t left_ms; /* when `left` was that */
    int64_t left;    /* what it may say at once */
};

/* Who has Acks that wait for the next batch. */
struct acking {
    bool waits; /* stands in engine->acking */
    struct author *prev, *next;
};

/* An agent, as far as commands and deliveries go. Lives from its first Hello to the end. */
struct author {
    char name[NAME_MAX_BYTES + 1];
    bool ready;    /* mark is known and the agent's stream loaded */
    bool asking;   /* ... is being asked for */
    bool unproved; /* it claimed what this broker never signed, and that was told */
    bool checking; /* the record that a session of it says it has seen is being asked for */
    bool noting;   /* ... and is lost, which is being written down */
    uint64_t mark; /* highest counter under a verified signature */
    struct hold hold;
    uint64_t *gone; /* counters refused for good on a full disk, the last ENGINE_GONE; NULL: none */
    size_t gone_n;  /* ever */
    struct session *sessions;
    int64_t heard_ms;                      /* boot time: the last word in a session that has ended */
    struct session *taker;                 /* the session that takes deliveries */
    struct submission *acks[LANE_MAX + 1]; /* newest that waits for the next batch */
    struct acking acking;
    size_t under_way; /* its commands that are parked, gathered or being committed */
    size_t parked;    /* ... among engine->parked */
    size_t gathered;  /* ... and in engine->gather */
    uint64_t waits;   /* the round in which one of them could not go */
    struct pace pace;
    struct batch_proof *proof;      /* of its last batch; NULL: it has sent none */
    struct telemetry_value *values; /* its telemetry, the least recently updated first */
    size_t values_n;
    int64_t refusals_at_ms; /* token bucket of kept refusals */
    uint32_t refusals_left;
    uint64_t refusals_uncounted; /* beyond the cap, not yet in a record */
    uint64_t refusals_up_to;
    UT_hash_handle hh;
};

/* A command from its arrival to its reply. Its arena holds everything decoded from it. */
struct submission {
    struct author *author; /* NULL: the broker's own, or the root's */
    struct peer peer;      /* where the reply goes */
    struct arena arena;
    struct signed_command signed_command;
    struct command command;
    bool under_way;        /* counted by its author */
    bool verified;         /* a good signature: its counter counts */
    bool uncounted;        /* refused beyond the cap: among its author's refusals_uncounted */
    uint64_t link_epoch;   /* of a link: the epoch of the log from which it was told */
    struct public_key key; /* under which it was good; it may change before the decision */
    enum refusal refusal;  /* found before decide() */
    const char *detail;
    struct stream_key *streams; /* what it names: the arena's */
    size_t streams_n;
    struct log_entry entry; /* once decided; index and payload are the arena's */
    struct submission *prev, *next;
};

/* --- commit.c ------------------------------------------------------------------------------------- */

struct batch {
    struct submission *first; /* in order of seq */
    size_t n;
    size_t bytes;
};

/* --- warning.c: open incidents are asked about the warnings in force --------------------------------- */

struct warning_walk {
    bool walking;
    bool asking;       /* the log, for names */
    bool answered;     /* `at` is to be said */
    bool more;         /* open streams after those */
    uint32_t turn;     /* of the region's warnings, about which they are asked */
    uint64_t from_seq; /* the record of that turn is this one, or before it */
    struct id at[INCIDENTS_ASKED_MAX];
    size_t n;
    char after[STREAM_NAME_MAX]; /* the last name of the log's answer */
};

/* --- deliver.c, tail.c, sessions.c ---------------------------------------------------------------- */

enum { FLIGHT_ROUNDS = 4 };

struct flight_round {
    uint32_t n; /* deliveries for which no credit came yet */
    uint32_t bytes;
    bool full;        /* more was to follow */
    bool old;         /* given, or begun, before the last change of bytes_max */
    int64_t given_ms; /* boot time of the last */
};

struct flight {
    uint32_t bytes;
    uint32_t bytes_max;
    bool full;        /* something did not go since the last round ended */
    int64_t quick_ms; /* the quickest round of the session took */
    uint32_t rounds_n;
    struct flight_round rounds[FLIGHT_ROUNDS]; /* oldest first */
};

struct lane_state {
    uint64_t serial; /* of this beginning: answers to reads from before it are dropped */
    uint64_t sent;   /* highest seq given in this session */
    uint32_t credit;
    struct flight flight; /* not of the urgent lane */
    bool behind;          /* the outbox holds something above `sent` */
    bool reading;         /* an outbox read is under way */
    bool missed;          /* something was committed for the lane meanwhile */
};

struct tail_state {
    enum tail_filter filter; /* TAIL_NONE: no tail */
    uint32_t id;             /* the client's name for it */
    bool follow;
    bool ended; /* TailEnd was given */
    bool reading;
    bool dirty;                  /* the log has grown beyond what was read */
    int64_t piece_ms;            /* boot time at which this piece began ... */
    uint32_t piece_n;            /* ... and how much was read of it */
    struct session *prev, *next; /* engine->tails: all that have one */
    uint32_t credit;
    uint64_t head;                  /* at the time of Tail */
    uint64_t after;                 /* last seq read */
    uint64_t serial;                /* of this tail: answers to an older one are dropped */
    char (*names)[STREAM_NAME_MAX]; /* OPEN and STREAM: streams still to be given */
    size_t names_n, names_at, names_capacity;
    bool names_done;
    char last_open[STREAM_NAME_MAX];
    struct told_log *told_log; /* of SHARED: what was told is told again, from the log; NULL: what waits */
    uint64_t since;            /* ... of that what is above it */
};

/* What a session is still to be told. */
struct outgoing {
    struct bundler bundler; /* holds memory only while something is in it */
    uint32_t bundle_max;    /* envelopes of one frame; 1: each goes by itself */
    bool waits;             /* stands in engine->telling */
    bool held;              /* the peer's queue was full: tried again at the next sweep, or word */
    struct session *prev, *next;
};

/* What a session publishes. */
struct publishing {
    uint32_t taken;     /* envelopes that it was not given credit back for */
    uint32_t refused;   /* samples refused since it was last told */
    int64_t refused_ms; /* boot time of that; 0: never */
    enum refusal refusal;
};

struct session {
    struct peer peer;
    struct author *author;
    uint8_t curve_key[CURVE_BYTES];
    uint64_t serial;
    bool welcomed;
    bool deaf; /* a Reply found its queue full and is lost: the session is to end */
    bool deliveries;
    uint32_t window;
    struct signed_head seen; /* what its Hello said it has seen; not present once it was heard */
    bool lost;               /* this log does not hold it since a recovery: to be written down */
    int64_t heard_ms;        /* boot time */
    int64_t beat_ms;         /* last beat sent */
    struct lane_state lanes[LANE_MAX + 1];
    struct tail_state tail;
    struct publishing publishing;
    struct outgoing outgoing;
    struct subscription *subscription; /* NULL: none */
    struct link *link;                 /* NULL: it is no region's broker */
    UT_hash_handle hh;
    struct session *prev, *next; /* author->sessions, oldest first */
};

/* --- clock_watch.c -------------------------------------------------------------------------------- */

struct clock_watch {
    int64_t look_ms;  /* boot time of the next look */
    int64_t noted_ms; /* boot time of the last record; 0: none */
    int64_t stood_ms; /* not yet in a record */
};

/* --- log jobs ------------------------------------------------------------------------------------- */

/* One log request with what to do when it comes back. */
struct job {
    struct log_request request;
    void (*done)(struct engine *engine, struct job *job);
    char name[STREAM_NAME_MAX]; /* what the query names */
    struct peer peer;           /* of the session that waits, with its serial: it may be gone */
    uint64_t serial;
    uint64_t sub_serial; /* of its tail */
    enum lane lane;
    struct submission *submission; /* an old counter's, to be answered from the log */
    struct id incident;            /* of the order whose words are read */
    struct id order;
    bool is_region;
    bool is_tails; /* a reader's: a record whose bytes have changed ends the tail and not the broker */
    int64_t begun_ms;
};

/* Hashes of the last records, to hold an Ack's witness against. 4,096 x 32 B; older ones are believed. */
enum { RECENT_HASHES = 4096 };

enum engine_phase {
    PHASE_NEW,
    PHASE_REGION,
    PHASE_FOUNDING,
    PHASE_OPEN,
    PHASE_SERVICE,
    PHASE_STOPPING,
    PHASE_FAILED
};

struct engine {
    struct engine_options options;
    struct engine_io io;
    const struct clock *clock;
    const struct rng *rng;
    enum engine_phase phase;
    bool fenced;
    struct state *state;
    struct rule_book *book; /* the packs in force */
    struct log_head head;   /* committed */
    struct hash *recent;    /* by seq modulo RECENT_HASHES */
    uint64_t recent_from;   /* the first seq that is in it */
    uint64_t next_seq;      /* of the next record gathered */
    int64_t offset_ms;      /* bus time = boot time + offset */
    struct clock_watch clock_watch;
    struct public_key broker_key;

    struct hash_key hash_key; /* of the tables whose keys agents choose */
    struct stream *streams;
    struct stream *region;   /* one of them; NULL: not asked for yet */
    struct stream_list idle; /* over, or an order's own */
    struct stream_list open;
    struct fresh_ids fresh;
    struct due_heap due; /* of what is loaded */
    bool due_elsewhere;  /* ... and there may be more in the log ... */
    bool due_asked;
    int64_t due_asked_ms;     /* boot time: last asked for what is due soon */
    int64_t gathers_until_ms; /* boot time: until then streams of events that were merged stay */
    size_t loads_under_way;

    struct author *authors;
    struct author *acking; /* those with Acks for the next batch */
    struct session *sessions;
    struct session *telling; /* those with something to go out when the turn ends */
    struct link *links;
    size_t shares_under_way;
    struct stream *sharing; /* incidents whose past is to be told to another region */
    struct session *tails;  /* those with a tail, least recently begun first */
    int64_t tails_ms;       /* boot time at which one may go on that was held back; INT64_MAX: none was */
    uint64_t serials;
    struct last_values *last_values; /* telemetry.c */
    struct lookouts *lookouts;       /* lookout.c */
    struct warning_walk warning_walk;

    struct submission *spare; /* to be used again */
    size_t spare_n;
    struct submission *parked; /* in order of arrival */
    size_t parked_n;
    size_t parked_bytes;
    uint64_t rounds;             /* of looking which of them can go */
    const struct author *spoke;  /* the last author of a command */
    int64_t others_ms;           /* boot time at which it was another than before it */
    const struct author *little; /* the last author of a command who says little; NULL: nobody yet */
    int64_t little_ms;           /* boot time of that */
    struct batch gather;
    struct batch flight;
    struct batch founding; /* decided, for the commits after this one */
    struct job flight_job;
    bool flying;
    int64_t own_after_ms;    /* boot time before which the broker's own commands rest (full disk) */
    int64_t starved_from_ms; /* boot times: of the first and the last want of memory in a row */
    int64_t starved_ms;
    bool disk_low; /* the log lives on its reserve */
    bool room_asking;
    int64_t room_asked_ms; /* boot times */
    int64_t disk_said_ms;
    int64_t damage_said_ms; /* of a record that a reader asked for; 0: never */
    int64_t swept_ms;       /* boot time of the last look at sessions and counters */
    int64_t links_ms;       /* boot time of the next look at lines, if that comes before the next of all */
    size_t jobs_under_way;

    struct signed_head signed_head; /* of `head`, made when first asked for */
    bool head_is_signed;
    struct engine_numbers numbers;
    struct arena arena; /* of the frame being read */
    struct buf frame;   /* of the frame being written */
    struct buf record;  /* of the record being written */
};

/* engine.c */
int64_t engine_now(const struct engine *engine); /* bus time */
int64_t engine_boot(const struct engine *engine);
struct env engine_env(const struct engine *engine);
void engine_note(struct engine *engine, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void engine_fail(struct engine *engine, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* There was no memory for what was said, which is told to come again. */
void engine_starved(struct engine *engine);
const struct signed_head *engine_signed_head(struct engine *engine);
struct job *job_new(void (*done)(struct engine *, struct job *));
void job_submit(struct engine *engine, struct job *job); /* a query; freed after done() */

/* founding.c */
void founding_advance(struct engine *engine); /* something finished: what is next on the way to service? */

/* clock_watch.c */
void clock_watch_begin(struct engine *engine); /* in service from now on */
/* Has the wall clock stepped, or were we stopped? Then a record says so. Cheap when it is too early. */
void clock_watch_look(struct engine *engine);
/* By how much the wall clock has moved against the time since boot after the last ClockSet of this boot; 0:
 * not so far that it matters, or not known, as when we were stopped between the two clocks. The region must
 * be loaded. */
int64_t clock_watch_stepped(const struct engine *engine, int64_t boot_ms, int64_t utc_ms);
/* The record did not come about: it is told again. */
void clock_watch_again(struct engine *engine, const struct set_clock *said);

/* streams.c */
struct stream *stream_find(const struct engine *engine, struct stream_key key);
/* True when loaded; false when a load is (now) under way. A failure ends the engine. */
bool stream_ready(struct engine *engine, struct stream_key key);
/* The same of it and all that belongs to its incident, see ties_streams(). */
bool stream_family_ready(struct engine *engine, struct stream_key key);
/* The same of a name in the log; one that is none ends the engine. */
bool stream_ready_by_name(struct engine *engine, const char *name);
struct stream *stream_at(struct engine *engine, struct stream_key key); /* made if need be; NULL: no memory */
/* After its state changed: live, due, and the indexes that follow. */
void stream_touched(struct engine *engine, struct stream *stream, uint64_t seq);
/* What is due on it waits, or does not any more. */
void stream_rest(struct engine *engine, struct stream *stream, bool rests);
/* What ran ahead of the log is dropped and, if it was loaded, read again: its deadlines go on. */
void stream_reload(struct engine *engine, struct stream_key key);
bool region_is_loaded(struct engine *engine);
void streams_evict(struct engine *engine);
/* Loads what is not at hand and will be due soon; what is due soon is never evicted. */
void streams_ask_due(struct engine *engine);
int64_t streams_ask_due_ms(const struct engine *engine); /* boot time; INT64_MAX: not needed */
/* Whether another open stream may be loaded at the start. */
bool streams_have_room(const struct engine *engine);
void streams_free(struct engine *engine);

/* fresh.c */
int fresh_init(struct fresh_ids *fresh, struct hash_key key); /* 0 or ERR_NO_MEMORY */
void fresh_free(struct fresh_ids *fresh);
/* At the start: asks the log for ids of now and later; what it does not name is fresh from then on. */
void fresh_begin(struct engine *engine);
void fresh_note(struct fresh_ids *fresh, struct id id, int64_t now_ms);
/* An incident or order that no record can have touched. */
bool fresh_is(const struct fresh_ids *fresh, struct stream_key stream);

/* room.c */
bool room_for(const struct engine *engine, enum command_kind kind); /* is it taken now? */
void room_ended(struct engine *engine, const char *why);            /* a commit found no space */
void room_ask(struct engine *engine);                               /* has the log its reserve? */
int64_t room_ask_ms(const struct engine *engine);                   /* when to ask again; INT64_MAX: not */

/* intake.c */
void intake_submit(struct engine *engine, struct session *session, const struct signed_command *said);
void intake_reply(struct engine *engine, struct submission *submission, const struct reply *reply);
struct submission *submission_new(struct engine *engine); /* NULL: no memory */
void submission_free(struct engine *engine, struct submission *submission);
void submissions_free(struct engine *engine); /* the spare ones, at the end */
struct author *author_find(struct engine *engine, const char *name);
struct author *author_make(struct engine *engine, const char *name);
bool author_may_log_refusal(struct engine *engine, struct author *author);

/* hold.c */
/* The counter is open again: what its author said after it is not taken before it. */
void hold_note(struct engine *engine, struct author *author, uint64_t counter);
/* Whether a command of this counter has to wait for an earlier one. */
bool hold_waits(struct engine *engine, struct author *author, uint64_t counter);

/* pace.c */
void pace_note(struct engine *engine, struct author *author); /* a command came */
/* The author says much, and somebody who says little must not wait for it. */
bool pace_holds(const struct engine *engine, const struct author *author);
/* The same, of what the author (NULL: whoever) is sent: readers say little, whatever they read. */
bool pace_holds_reader(const struct engine *engine, const struct author *author);
/* A command would go on. False: its author is held to a pace, and it is too soon; not for what calls back. */
bool pace_take(struct engine *engine, struct author *author, enum command_kind kind);

/* parking.c */
void parking_enter(struct engine *engine, struct submission *submission); /* decided at once if it can be */
void parking_go_on(struct engine *engine);
void parking_clear(struct engine *engine);
void parking_take(struct engine *engine, struct submission *submission); /* it waits no longer */
/* A batch goes: every author has its share of the next. */
void parking_share_again(const struct batch *batch);

/* index.c: after evolve(). False: no memory. */
bool index_record(struct engine *engine, struct submission *submission, const struct decision *decision);

/* commit.c */
bool commit_has_room(const struct engine *engine);
void commit_decide(struct engine *engine, struct submission *submission); /* takes it over */
/* There was no memory, or no room, for it: its author is told BUSY, no record is made, the mark stays. Takes
 * it over. */
void commit_put_off(struct engine *engine, struct submission *submission);
void commit_own(struct engine *engine, const struct command *command); /* the broker's own */
/* The stream's deadlines that have passed, as a command of ours; false: no memory for it. */
bool commit_pass_deadlines(struct engine *engine, struct stream *stream);
void commit_flush(struct engine *engine);
void commit_done(struct engine *engine, struct job *job);
void batch_free(struct engine *engine, struct batch *batch);

/* How many records a session that has so much credit is to be read at once. */
static inline uint32_t read_max(uint32_t credit)
{
    return credit < ENGINE_READ_MAX ? credit : ENGINE_READ_MAX;
}

/* flight.c */
void flight_begin(struct flight *flight);
bool flight_takes(struct flight *flight, size_t bytes); /* may so many more be under way? */
void flight_give(struct flight *flight, size_t bytes, int64_t boot_ms);
void flight_credit(struct flight *flight, uint32_t n, int64_t boot_ms); /* for so many deliveries */

/* reissue.c: an order that a rule gives to the next agency. False: no memory for it. */
bool reissue_begin(struct engine *engine, struct stream *stream, const struct incident *incident);

/* deliver.c */
void deliver_start(struct engine *engine, struct session *session);
void deliver_committed(struct engine *engine, const struct submission *submission);
void deliver_credit(struct engine *engine, struct session *session, enum lane lane, uint32_t add);
void deliver_pump(struct engine *engine, struct session *session);

/* tail.c */
void tail_begin(struct engine *engine, struct session *session, const struct tail *tail);
void tail_credit(struct engine *engine, struct session *session, uint32_t add);
void tail_committed(struct engine *engine);
void tail_pump(struct engine *engine, struct session *session);
void tails_pump(struct engine *engine); /* those that were held back, when it is time */
void tail_clear(struct engine *engine, struct session *session);

/* warning.c */
void warnings_look(struct engine *engine); /* what has its time, and who is to be asked about it */
/* A commit failed: incidents that were to be asked may be to be asked again. */
void warnings_again(struct engine *engine);
int64_t warnings_due_ms(const struct engine *engine); /* boot time; INT64_MAX: nothing is due */

/* telemetry.c */
/* lookout.c */
struct lookouts *lookouts_new(struct hash_key key); /* NULL: out of memory */
void lookouts_free(struct lookouts *all);
/* In service, or packs have changed: what do they ask about? */
void lookouts_look_at_packs(struct engine *engine);
/* A sample that was kept: rules may have something to say of it. */
void lookouts_reading(struct engine *engine, struct author *author, const struct sample *sample);
/* What is due, out of date or silent. */
void lookouts_sweep(struct engine *engine, int64_t boot_ms, int64_t stood_ms);
/* A commit failed: what rules said may be to be said again. */
void lookouts_again(struct engine *engine);
bool lookouts_wait(const struct engine *engine); /* there is something to look after at each sweep */

struct last_values *last_values_new(struct hash_key key);
void last_values_free(struct last_values *last_values);
void telemetry_publish(struct engine *engine, struct session *session, const struct telemetry *said);
void telemetry_subscribe(struct engine *engine, struct session *session, const struct subscribe *said);
void telemetry_credit(struct engine *engine, struct session *session, uint32_t add);
void telemetry_drop(struct engine *engine, struct session *session);
/* An agent that was revoked measures nothing. */
void telemetry_forget(struct engine *engine, const char *name);
/* What could not be said before. */
void telemetry_sweep(struct engine *engine, struct session *session, int64_t boot_ms);
/* Gives subscribers what has changed. Last in a turn: orders and replies have gone. */
void telemetry_pump(struct engine *engine);
int64_t telemetry_due_ms(const struct engine *engine); /* boot time; INT64_MAX: nothing to give */

/* witness.c */
/* The head that its Hello brought. False: not yet known, or being written down: it is not welcome yet. */
bool witness_is_heard(struct engine *engine, struct session *session);
/* The record of a loss was committed, or did not come about. */
void witness_noted(struct engine *engine, const struct note_loss *noted, bool is_kept);

/* outgoing.c */
/* 0: it goes out, at once or when the turn ends. ERR_TEMPORARY: the peer's queue is full. ERR_NOT_FOUND: the
 * peer is gone. ERR_NO_MEMORY. */
int engine_send(struct engine *engine, struct peer peer, const struct envelope *envelope);
/* The same to a session that is at hand. */
int session_send(struct engine *engine, struct session *session, const struct envelope *envelope);
/* What the session is still to be told goes out now, or is held: 0, or what engine_send() says. */
int outgoing_flush(struct engine *engine, struct session *session);
void outgoing_forget(struct engine *engine, struct session *session);

/* sessions.c */
struct session *session_of(struct engine *engine, struct peer peer);
struct session *session_by_serial(struct engine *engine, struct peer peer, uint64_t serial);
void session_hello(struct engine *engine, struct peer peer, const uint8_t curve_key[CURVE_BYTES],
                   const struct hello *hello);
void session_welcome_all(struct engine *engine, struct author *author);
void session_end(struct engine *engine, struct session *session, enum refusal refusal, const char *reason);
void session_drop(struct engine *engine, struct session *session);
/* Still enrolled, under this key? Else it is ended. */
bool session_holds(struct engine *engine, struct session *session);
/* stood_ms: for so long we were stopped and heard nobody, which is not their silence. */
void sessions_sweep(struct engine *engine, int64_t boot_ms, int64_t stood_ms);
/* The record with this count did not come about: it is counted on. */
void session_count_again(struct engine *engine, const struct count_refusals *count);
void sessions_free(struct engine *engine);
void session_bye(struct engine *engine, struct peer peer, enum refusal refusal, const char *reason);

#include "common/engine/link_private.h"

#endif
