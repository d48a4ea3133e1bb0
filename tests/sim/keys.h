/* Who there is: keys, and the founding of the region. */
#ifndef MUSTER_TESTS_SIM_KEYS_H
#define MUSTER_TESTS_SIM_KEYS_H

#include "common/base/buf.h"
#include "common/core/command.h"
#include "common/crypto/keyfile.h"

/* The first is the command centre; the last two make one agency. */
enum { AGENTS = 5 };

enum { ADDRESSES = AGENTS + 1, ADDRESS_TEXT = 64 };

/* Which region it is, and the rules in force there. */
struct sim_region {
    const char *code;
    const char *name;
    const char *parent;
    const char *pack;
};

struct keys {
    const struct sim_region *which;
    char addresses[ADDRESSES][ADDRESS_TEXT];
    struct secret_keys root, broker, operator;
    struct secret_keys agents[AGENTS];
    struct public_keys region;
    struct buf genesis;
};

/* A region that has no others beside it. */
const struct sim_region *keys_alone(void);

/* What everybody there is called; `which` must outlive it. Then their keys, and the founding. */
void keys_name(struct keys *keys, const struct sim_region *which);
void keys_make(struct keys *keys, const struct rng *rng, int64_t utc_ms);
/* The founding enrols the other's broker as its region's link. */
void keys_enrol_link(struct keys *keys, const struct rng *rng, int64_t utc_ms, const struct keys *other);
void keys_free(struct keys *keys);

/* The n-th agent's name, or with n >= AGENTS an agency's; what orders are addressed to. */
const char *keys_address(const struct keys *keys, unsigned n);

/* The policy under a version: facts to be asked for, equipment by kind and substance. */
struct policy keys_policy(const char *version);

#endif
