/* The commands that a region's log begins with, signed by its root key: what genesis.bin holds. */
#ifndef MUSTER_AGENTS_CTL_FOUNDING_H
#define MUSTER_AGENTS_CTL_FOUNDING_H

#include "agents/ctl/roster.h"
#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/crypto/keyfile.h"

struct founding {
    const char *region;
    const char *name;
    const char *parent; /* "": follows from the code */
    int32_t utc_offset_minutes;
    const struct secret_keys *root;
    const struct public_keys *broker;
    const struct roster *roster;
    const struct public_keys *members; /* one for each of roster->members */
    int64_t utc_ms;
};

/* Appends each command as a big-endian u32 length and a Signed: FoundRegion, SetPolicy, then the members. */
int founding_encode(const struct founding *founding, const struct rng *rng, struct buf *ret, struct err *err);

#endif
