/* Who may speak in the region and with which key, as the region's own stream tells it, believed from the
 * root key down: the founding is signed by the root, later enrolments by a member with the right "admin".
 * Every key is kept with the seqs between which it held, so that a record is judged by the keys of its
 * own time. One thread. */
#ifndef MUSTER_AGENTS_LIB_KEYRING_H
#define MUSTER_AGENTS_LIB_KEYRING_H

#include "common/base/err.h"
#include "common/core/command.h"
#include "common/crypto/crypto.h"
#include "common/wire/wire.h"

/* Members with their rotations; a province has some thousands of agents. */
enum { KEYRING_MAX = 65536, KEYRING_RECOVERIES_MAX = 4096 };

struct keyring;

struct keyring *keyring_new(const char *region, const struct public_key *root); /* NULL: out of memory */
void keyring_free(struct keyring *keyring);

/* A record of the region's stream, in order of seq; one that was taken before is passed over. `command` is
 * the record's. ERR_PERMISSION when its signature or right does not hold, ERR_TOO_BIG, ERR_NO_MEMORY. */
int keyring_take(struct keyring *keyring, uint64_t seq, const struct record *record,
                 const struct command *command, struct err *err);

/* Whether the record was signed by whom its command names, with a key that held at seq. 0 or
 * ERR_PERMISSION. */
int keyring_verify(struct keyring *keyring, uint64_t seq, const struct record *record,
                   const struct command *command, struct err *err);

/* The seq of the last record that was taken: the region's stream is to be read from there on. */
uint64_t keyring_taken(const struct keyring *keyring);

/* A person's word that the log goes on from an older copy, in the next epoch. */
struct keyring_recovery {
    uint64_t epoch; /* that ended ... */
    uint64_t seq;   /* ... with this record */
    int64_t at_ms;  /* bus time */
    char *reason;
};

/* How that epoch ended; NULL: no record of it was taken. The keyring's, until the next call. */
const struct keyring_recovery *keyring_recovery(const struct keyring *keyring, uint64_t epoch);
/* The epoch after the last recovery that was taken; 1: there was none. */
uint64_t keyring_epoch(const struct keyring *keyring);

/* NULL until the founding was taken. */
const struct public_key *keyring_broker(const struct keyring *keyring);

#endif
