/* Who there is: keys, and the founding of the region. */
#ifndef MUSTER_TESTS_SIM_KEYS_H
#define MUSTER_TESTS_SIM_KEYS_H

#include "common/base/buf.h"
#include "common/core/command.h"
#include "common/crypto/keyfile.h"

#define SIM_REGION "370102"

/* The first is the command centre; the last two make one agency. */
enum { AGENTS = 5 };

struct keys {
    struct secret_keys root, broker, operator;
    struct secret_keys agents[AGENTS];
    struct public_keys region;
    struct buf genesis;
};

void keys_make(struct keys *keys, const struct rng *rng, int64_t utc_ms);
void keys_free(struct keys *keys);

/* The n-th agent's name, or with n >= AGENTS an agency's; what orders are addressed to. */
const char *keys_address(unsigned n);
enum { ADDRESSES = AGENTS + 1 };

/* The policy under a version: facts to be asked for, equipment by kind and substance. */
struct policy keys_policy(const char *version);

#endif
