#include "common/crypto/crypto.h"

#include <string.h>

static const uint8_t leaf_prefix = 0x00, node_prefix = 0x01;
static const char root_context[] = "muster-v1"; /* its NUL is signed too */

struct hash merkle_leaf(const uint8_t salt[SALT_BYTES], const void *payload, size_t n)
{
    struct hash_stream stream;

    hash_start(&stream);
    hash_add(&stream, &leaf_prefix, 1);
    hash_add(&stream, salt, SALT_BYTES);
    hash_add(&stream, payload, n);
    return hash_end(&stream);
}

static struct hash merkle_node(struct hash left, struct hash right)
{
    struct hash_stream stream;

    hash_start(&stream);
    hash_add(&stream, &node_prefix, 1);
    hash_add(&stream, left.b, HASH_BYTES);
    hash_add(&stream, right.b, HASH_BYTES);
    return hash_end(&stream);
}

/* Replaces a level of n hashes by the one above it, and returns that one's length. */
static size_t climb_level(struct hash *level, size_t n)
{
    for (size_t i = 0; i + 1 < n; i += 2)
        level[i / 2] = merkle_node(level[i], level[i + 1]);
    if (n % 2 == 1)
        level[n / 2] = level[n - 1];
    return n / 2 + n % 2;
}

struct hash merkle_root(struct hash *leaves, size_t n)
{
    while (n > 1)
        n = climb_level(leaves, n);
    return leaves[0];
}

size_t merkle_path(const struct hash *leaves, size_t n, size_t index, struct hash *scratch,
                   struct hash ret[MERKLE_DEPTH_MAX])
{
    size_t path_n = 0;

    memcpy(scratch, leaves, n * sizeof *leaves);
    while (n > 1 && path_n < MERKLE_DEPTH_MAX) {
        size_t sibling = index ^ 1u;

        if (sibling < n)
            ret[path_n++] = scratch[sibling];
        n = climb_level(scratch, n);
        index /= 2;
    }
    return path_n;
}

bool merkle_climb(struct hash leaf, size_t index, size_t n, const struct hash *path, size_t path_n,
                  struct hash *ret_root)
{
    struct hash hash = leaf;
    size_t used = 0;

    if (index >= n || n > (size_t)1 << MERKLE_DEPTH_MAX)
        return false;
    for (; n > 1; n = n / 2 + n % 2, index /= 2) {
        if ((index ^ 1u) >= n)
            continue; /* a lone leaf goes up unchanged */
        if (used == path_n)
            return false;
        hash = index % 2 == 1 ? merkle_node(path[used], hash) : merkle_node(hash, path[used]);
        used++;
    }
    if (used != path_n)
        return false;
    *ret_root = hash;
    return true;
}

enum { SIGNED_ROOT = sizeof root_context + HASH_BYTES };

static void signed_root(struct hash root, uint8_t ret[SIGNED_ROOT])
{
    memcpy(ret, root_context, sizeof root_context);
    memcpy(ret + sizeof root_context, root.b, HASH_BYTES);
}

struct signature sign_root(const struct sign_key *key, struct hash root)
{
    uint8_t message[SIGNED_ROOT];

    signed_root(root, message);
    return sign(key, message, sizeof message);
}

bool sign_verify_root(const struct public_key *key, const struct signature *signature, struct hash root)
{
    uint8_t message[SIGNED_ROOT];

    signed_root(root, message);
    return sign_verify(key, signature, message, sizeof message);
}
