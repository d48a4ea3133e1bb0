/* Keys, signatures and hashes: libsodium behind the few calls Muster needs.
 * Call crypto_init() once before any other; everything else is thread-safe. */
#ifndef MUSTER_COMMON_CRYPTO_CRYPTO_H
#define MUSTER_COMMON_CRYPTO_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/clock.h"

enum {
    HASH_BYTES = 32,  /* BLAKE2b-256 */
    SIGN_PUBLIC = 32, /* Ed25519 */
    SIGN_SEED = 32,
    SIGN_BYTES = 64,
    SALT_BYTES = 16,
    MERKLE_DEPTH_MAX = 16 /* 65,536 commands under one signature */
};

struct hash {
    uint8_t b[HASH_BYTES];
};
struct public_key {
    uint8_t b[SIGN_PUBLIC];
};
struct signature {
    uint8_t b[SIGN_BYTES];
};
/* Keep it out of core dumps and logs; keys_wipe() of keyfile.h when done. */
struct sign_key {
    uint8_t seed[SIGN_SEED];
    struct public_key public;
};

/* May be called again; 0 or ERR_SOFTWARE. */
int crypto_init(void);

/* The system's random source. */
const struct rng *rng_system(void);

/* One-shot and streaming BLAKE2b-256. A stream that was ended must be started again. */
struct hash hash_bytes(const void *p, size_t n);
struct hash_stream {
    _Alignas(64) uint8_t opaque[384];
};
void hash_start(struct hash_stream *stream);
void hash_add(struct hash_stream *stream, const void *p, size_t n);
struct hash hash_end(struct hash_stream *stream);
bool hash_equal(struct hash a, struct hash b);

/* Lower-case hexadecimal; text must hold 2 n + 1 bytes. */
char *hex_format(const void *p, size_t n, char *ret);
/* Exactly n bytes, 2 n digits of either case and nothing after them. 0 or ERR_DATA. */
int hex_parse(const char *text, void *ret, size_t n);

void sign_key_generate(const struct rng *rng, struct sign_key *ret);
void sign_key_from_seed(const uint8_t seed[SIGN_SEED], struct sign_key *ret);
struct signature sign(const struct sign_key *key, const void *p, size_t n);
bool sign_verify(const struct public_key *key, const struct signature *signature, const void *p, size_t n);

/* The Merkle tree over the commands of one batch (RFC 9162's shape: leaf and node hashes are
 * domain-separated by a first byte 0x00 and 0x01).
 *   leaf = H(0x00 || salt[16] || payload)     node = H(0x01 || left || right)
 * A lone leaf at the end of a level is carried up unchanged. What is signed is
 *   "muster-v1" || 0x00 || root. */
struct hash merkle_leaf(const uint8_t salt[SALT_BYTES], const void *payload, size_t n);

/* Root of n leaves (n >= 1). leaves is overwritten. */
struct hash merkle_root(struct hash *leaves, size_t n);

/* The path of leaf `index` of n (index < n <= 2^MERKLE_DEPTH_MAX): writes at most MERKLE_DEPTH_MAX
 * siblings, lowest first, and returns their number. O(n) a call; scratch holds n hashes. */
size_t merkle_path(const struct hash *leaves, size_t n, size_t index, struct hash *scratch,
                   struct hash ret[MERKLE_DEPTH_MAX]);

/* The root that a leaf at `index` of `n` leaves has under this path; false when the path's length does
 * not fit index and n, or these are out of bounds. */
bool merkle_climb(struct hash leaf, size_t index, size_t n, const struct hash *path, size_t path_n,
                  struct hash *ret_root);

/* The way from one leaf to its root, kept so that the next leaf of the same tree need only climb until it
 * meets it: of a batch's commands, in their order, two hashes each instead of one for every level. */
struct merkle_way {
    size_t n; /* leaves; 0: none */
    size_t index;
    size_t path_n;
    struct hash path[MERKLE_DEPTH_MAX];
    struct hash at[MERKLE_DEPTH_MAX]; /* by level, the leaf first */
    size_t used_at[MERKLE_DEPTH_MAX]; /* siblings below the level: a lone leaf has none */
    struct hash root;
};

/* As merkle_climb, and leaves the way that it went. The answer is the same whatever `way` held. */
bool merkle_climb_by(struct merkle_way *way, struct hash leaf, size_t index, size_t n,
                     const struct hash *path, size_t path_n, struct hash *ret_root);

struct signature sign_root(const struct sign_key *key, struct hash root);
bool sign_verify_root(const struct public_key *key, const struct signature *signature, struct hash root);

#endif
