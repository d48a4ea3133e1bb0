/* What must always hold (DESIGN 8), watched from outside: from what is on the disk, what goes over the wire
 * and what applications are told. The names I1 to I12 stand in every failure. */
#ifndef MUSTER_TESTS_SIM_CHECK_H
#define MUSTER_TESTS_SIM_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agents/lib/client.h"
#include "common/core/state.h"
#include "common/log/log_derived.h"
#include "common/log/log_writer.h"
#include "tests/sim/check_regions.h"
#include "tests/sim/keys.h"

struct world;

enum { TAGS_MAX = 65536, COUNTERS_MAX = 16384, LATE_MAX_MS = 3000 };

/* What an application said once, whatever became of it. */
struct saying {
    unsigned agent;
    uint32_t submitted;
    uint32_t told;
    uint32_t decided; /* records that hold it and its events */
    bool unsaid;      /* the client gave an error, so it may or may not be said */
    bool lost;        /* the agent ended in a commit: it may have been told before */
    bool forbidden;   /* its author has no right to it */
    bool forgotten;   /* refused for good on a full disk, by a broker that is no more, or STALE for want of a
                         record: its author may not have heard, and says it again after what it said since */
};

struct watched {
    struct id order;
    struct id incident;
    enum mode mode;
    enum lane lane;
    bool addressed[AGENTS];
    unsigned issuer;
    uint64_t issued_seq;
    uint64_t outcome_seq; /* 0: none */
    bool outcome_by_issuer;
    bool issuer_told;
    uint32_t unanswered; /* how often its time to be answered passed */
    uint32_t asked;      /* how often the rule of silence fired for it */
    uint32_t declined;   /* the same of a rule of declines */
    uint32_t reminded;
    uint32_t reissued; /* it was given to somebody else, by a rule ... */
    bool goes_on;      /* ... and this is what that one was given */
    uint32_t given[AGENTS];
    bool seen[AGENTS];        /* the application was given it, perhaps only after a restart */
    uint64_t resumed[AGENTS]; /* life of the process that was given it again */
    uint32_t effects[AGENTS]; /* how often it was carried out */
    uint32_t said[AGENTS];    /* bits 1u << rung: receipts that the application gave */
    bool over[AGENTS];        /* the application was told that it is over */
};

/* What waits, or waited, for an agent in a lane: seqs, and what of an order is in them. */
struct waiting {
    uint64_t seq;
    struct id order; /* zero: about none, and never a tombstone */
};

struct seqs {
    struct waiting *at;
    size_t n;
    size_t capacity;
};

/* Of the broker's process: how long it stood still, and what the log says of that. A stop ends the wait for
 * the next look at the clock, so a look's distance of it is not seen. */
struct stops {
    int64_t most_ms;
    int64_t least_ms;
    int64_t told_ms;
    int64_t noted_ms; /* boot time of the last record of it, or of a step */
};

struct check {
    struct stops stops;
    struct state *fold;  /* of what is written */
    struct hash *hashes; /* by seq - 1 */
    uint64_t head;       /* written */
    size_t capacity;
    int64_t last_bus_ms;
    struct id late; /* an incident with a deadline that has passed; zero: none */
    int64_t late_since_ms;
    uint64_t told_head; /* the engine knows */
    uint64_t told_from; /* first of the last batch told */
    uint64_t compared;  /* head at the last comparison of states */
    struct seqs outbox[AGENTS][LANE_MAX + 1];
    uint64_t for_region[REGIONS]; /* the last that is for another region */
    uint64_t received[AGENTS][LANE_MAX + 1];
    uint64_t last_tag[AGENTS];           /* decided */
    uint64_t said_counter[AGENTS];       /* the highest that the agent's client has sent */
    uint8_t heard[AGENTS][COUNTERS_MAX]; /* how often a counter has come to the broker; 2: more than once */
    bool refused[AGENTS][COUNTERS_MAX];  /* without a record */
    bool settled[AGENTS][COUNTERS_MAX];  /* the same, or unchanged: when it is asked for again it is STALE */
    bool turned_away[AGENTS][COUNTERS_MAX]; /* it was told to come again, by this process */
    uint32_t tags[AGENTS][COUNTERS_MAX]; /* what was said under it, plus one; 0: nothing of an application */
    bool taken_back;                 /* since the broker started: refusals, too, and they are not counted */
    uint64_t refused_logged[AGENTS]; /* records, since the broker started */
    uint64_t refused_uncounted;      /* refusals without a record, in all */
    uint64_t refused_lost;           /* ... that no count in the log holds: the process ended before */
    struct watched *orders;          /* sorted by id */
    size_t orders_n;
    size_t orders_capacity;
    struct saying sayings[TAGS_MAX];
    size_t sayings_n;
    struct arena arena;
    uint64_t applied; /* numbers for the summary */
    uint64_t crashes;
};

bool check_make(struct world *world);
void check_free(struct world *world);

/* check_log.c: what is on the disk */
uint64_t check_tag(const struct command *command); /* which saying it is; TAGS_MAX: of no application */
void check_append(struct world *world, const struct log_request *request);
void check_written(struct world *world);
void check_told(struct world *world, uint64_t first, uint64_t last);
void check_reopened(struct world *world);
bool check_record(struct world *world, const struct log_record *record);

/* check_tables.c: what follows from a record, and from all of them */
void check_derive(struct log_derived *derived, const struct state *state, const struct log_header *header,
                  const struct record *record);
void check_tables(struct world *world, struct log_derived *derived, const struct state *state);

/* check_rules.c: rules of the pack in force */
/* Both are as they were before the event. */
void check_rule(struct world *world, const struct incident *incident, const struct event *event,
                const struct log_header *header);
void check_rules_end(struct world *world, const struct incident *incident);

/* check_clock.c: bus time, and what the log says of steps and stops */
void check_clock_append(struct world *world, const struct log_header *header);
void check_clock_set(struct world *world, const struct set_clock *said, const struct log_header *header);
void check_clock_step(struct world *world);
void check_clock_ending(struct world *world);
const char *check_clock_unrest(const struct world *world); /* NULL: all is told */

/* check_wire.c: what goes over the wire */
/* The envelopes of a frame, which they point into: one, or those of a bundle. 0: it cannot be read. */
size_t check_split(struct world *world, struct bytes frame, struct bytes ret[BUNDLE_MAX]);
/* `held`: the broker would have sent it before, and the agent's queue was full. */
void check_sent(struct world *world, unsigned agent, struct bytes frame, bool held);
/* The agent's queue is full: what the broker would say is dropped. */
void check_not_sent(struct world *world, unsigned agent, struct bytes frame);
/* The agent's own client sends, not somebody in its name. */
void check_client_sends(struct world *world, unsigned agent, struct bytes frame);
void check_heard(struct world *world, unsigned agent, struct bytes frame);
/* Bits 1u << kind of what is in it. */
uint32_t check_received(struct world *world, unsigned agent, struct bytes frame);
/* Where seq stands in what waits, or would: the first that is not below it. */
size_t check_place(const struct seqs *seqs, uint64_t seq);

/* check_orders.c: what applications do with orders */
void check_delivery(struct world *world, unsigned agent, const struct delivery *delivery);
void check_effect(struct world *world, unsigned agent, struct id order);
void check_said(struct world *world, unsigned agent, const struct give_receipt *receipt);
/* The client says that this was said already. */
void check_said_before(struct world *world, unsigned agent, const struct give_receipt *receipt);
/* A new process was given again what its journal holds. */
void check_resumed(struct world *world, unsigned agent);
/* An agent says that it has all up to here. */
void check_acknowledged(struct world *world, unsigned agent, enum lane lane, uint64_t up_to_seq);
/* NULL when there is none; valid until the next check_watch(). */
struct watched *check_order(struct world *world, struct id order);
/* A new one, if there is none. */
struct watched *check_watch(struct world *world, struct id order);
const struct watched *check_some_order(struct world *world);

/* check.c: what applications say and are told; states */
uint64_t check_say(struct world *world, unsigned agent);
void check_submitted(struct world *world, uint64_t tag);
void check_unsaid(struct world *world, uint64_t tag);
void check_forbid(struct world *world, uint64_t tag);
/* The agent's process ended in a commit of its journal. */
void check_lost(struct world *world, unsigned agent);
void check_reply(struct world *world, unsigned agent, uint64_t tag, const struct reply *reply);
void check_step(struct world *world);
/* States of what is loaded against the fold. */
void check_states(struct world *world);
/* The whole log, folded anew, against the fold. */
void check_deep(struct world *world);

/* check_end.c: NULL when all has come to rest, or what has not; and what must be true then */
const char *check_unrest(struct world *world);
void check_end(struct world *world);
/* The broker's process ends now. */
void check_ending(struct world *world);
bool check_hash(const struct world *world, uint64_t seq, struct hash hash);

#endif
