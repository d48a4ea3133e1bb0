/* What a copy of a log keeps beside it: the highest head that the broker signed and the copy has. A broker
 * that later shows another history under the same number has signed both. docs/log.md has the file. */
#ifndef MUSTER_COMMON_VIEW_VIEW_WITNESS_H
#define MUSTER_COMMON_VIEW_VIEW_WITNESS_H

#include "common/core/region.h"
#include "common/wire/wire.h"

#define WITNESS_NAME "signed-head"

struct witness {
    char region[REGION_CODE_MAX + 1];
    uint64_t epoch;
    uint64_t seq; /* 0: there is none */
    struct hash hash;
    struct signature signature;
};

/* Whether this broker key signed it. */
bool witness_holds(const struct witness *witness, const struct public_key *broker);

/* Replaces the file whole or not at all, and makes it durable. ERR_DISK_FULL, ERR_IO, ERR_NO_MEMORY. */
int witness_write(const char *folder, const struct witness *witness, struct err *err);

/* A folder without the file gives seq 0. ERR_CORRUPT names the file. */
int witness_read(const char *folder, struct witness *ret, struct err *err);

#endif
