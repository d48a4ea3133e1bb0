/* What must always hold (DESIGN 8), watched from outside: from what is on the disk, what goes over the wire
 * and what applications are told. The names I1 to I12 stand in every failure. */
#ifndef MUSTER_TESTS_SIM_CHECK_H
#define MUSTER_TESTS_SIM_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agents/lib/client.h"
#include "common/core/state.h"
#include "common/log/log_writer.h"
#include "tests/sim/keys.h"

struct world;

enum { TAGS_MAX = 65536, LATE_MAX_MS = 3000 };

/* What an application said once, whatever became of it. */
struct saying {
    unsigned agent;
    uint32_t submitted;
    uint32_t told;
    uint32_t decided; /* records that hold it and its events */
    bool unsaid;      /* the client gave an error, so it may or may not be said */
};

struct watched {
    struct id order;
    unsigned issuer;
    uint64_t issued_seq;
    uint64_t outcome_seq; /* 0: none */
    bool outcome_by_issuer;
    bool issuer_told;
    uint32_t given[AGENTS];
    bool over[AGENTS]; /* the application was told that it is over */
};

struct seqs {
    uint64_t *at;
    size_t n;
    size_t capacity;
};

struct check {
    struct state *fold;  /* of what is written */
    struct hash *hashes; /* by seq - 1 */
    uint64_t head;       /* written */
    size_t capacity;
    int64_t last_bus_ms;
    uint64_t told_head; /* the engine knows */
    uint64_t told_from; /* first of the last batch told */
    uint64_t compared;  /* head at the last comparison of states */
    struct seqs outbox[AGENTS][LANE_MAX + 1];
    uint64_t received[AGENTS][LANE_MAX + 1];
    uint64_t last_tag[AGENTS]; /* decided */
    bool lossy[AGENTS];        /* a journal's commit may have come through though it failed */
    struct watched *orders;    /* sorted by id */
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
void check_append(struct world *world, const struct log_request *request);
void check_written(struct world *world);
void check_told(struct world *world, uint64_t first, uint64_t last);
void check_reopened(struct world *world);
bool check_record(struct world *world, const struct log_record *record);

/* check_wire.c: what goes over the wire */
void check_sent(struct world *world, unsigned agent, struct bytes frame);
void check_heard(struct world *world, unsigned agent, struct bytes frame);
void check_received(struct world *world, unsigned agent, struct bytes frame);

/* check.c: what applications say and are told; states; the end */
uint64_t check_say(struct world *world, unsigned agent);
void check_submitted(struct world *world, uint64_t tag);
void check_unsaid(struct world *world, uint64_t tag);
void check_reply(struct world *world, unsigned agent, uint64_t tag, const struct reply *reply);
void check_delivery(struct world *world, unsigned agent, const struct delivery *delivery);
void check_step(struct world *world);
/* NULL when all has come to rest, or what has not. */
const char *check_unrest(struct world *world);
void check_end(struct world *world);
/* NULL when there is none; valid until the next check_watch(). */
struct watched *check_order(struct world *world, struct id order);
/* A new one, if there is none. */
struct watched *check_watch(struct world *world, struct id order);
bool check_hash(const struct world *world, uint64_t seq, struct hash hash);

#endif
