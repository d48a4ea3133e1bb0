/* A hash for tables whose keys strangers choose. Under a key that they do not know, two keys of theirs fall
 * into the same of 2^k places with a chance of 2 L / 2^k at most, L being their length in pieces of 7 bytes,
 * whatever they are: a polynomial over the pieces, at a point that is the secret, modulo the prime 2^61 - 1
 * (Carter and Wegman). It hides nothing and signs nothing: its values are to stay in the process. */
#ifndef MUSTER_COMMON_BASE_KEYED_HASH_H
#define MUSTER_COMMON_BASE_KEYED_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/clock.h"

struct hash_key {
    uint64_t point; /* 0: a fixed one, for tables whose keys nobody hostile chooses */
};

struct hash_key hash_key_make(const struct rng *rng);
uint32_t keyed_hash(struct hash_key key, const void *p, size_t n) __attribute__((pure));

#endif
