/* What one party has submitted and has no answer to yet: said again when its time has come, if the broker was
 * busy. One thread. */
#ifndef MUSTER_TESTS_BENCH_SUBMITS_H
#define MUSTER_TESTS_BENCH_SUBMITS_H

#include "tests/bench/muster_party.h"

enum { SUBMITS_MAX = 4096 };

struct submit_under_way {
    struct buf frame; /* for when it is told to come again */
    int64_t again_ns; /* 0: it is with the broker */
    uint64_t counter; /* known when it was told to come again */
    bool used;
};

struct submits {
    struct parties *parties;
    struct party *party;
    size_t window;  /* SUBMITS_MAX at most */
    size_t n;       /* under way */
    size_t waiting; /* of them, to be said again */
    uint64_t answered, busy;
    struct submit_under_way at[SUBMITS_MAX];
};

/* Signs the commands (PARTY_BATCH_MAX at most, and no more than there is room for) as one batch and sends
 * them; party_flush() is the caller's. */
void submits_send(struct submits *submits, struct command *commands, size_t n);
size_t submits_room(const struct submits *submits);
/* The answer to a command; one that is refused for good ends the program. */
void submits_answered(struct submits *submits, const struct reply *reply);
/* Says again what is due to be. */
void submits_again(struct submits *submits);
void submits_free(struct submits *submits);

#endif
