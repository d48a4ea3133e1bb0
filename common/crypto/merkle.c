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

/* The rest of this path is the rest of that one, from the same place on. */
static bool meets(const struct merkle_way *way, size_t n, size_t index, size_t level, struct hash hash,
                  const struct hash *path, size_t path_n, size_t used)
{
    return way->n == n && way->index >> level == index >> level &&
           way->path_n - way->used_at[level] == path_n - used && hash_equal(way->at[level], hash) &&
           memcmp(&way->path[way->used_at[level]], &path[used], (path_n - used) * sizeof *path) == 0;
}

/* From this level on the old way is this one's, whose path may be longer or shorter below: a lone leaf has no
 * sibling. */
static void join(struct merkle_way *way, size_t level, size_t used)
{
    size_t was = way->used_at[level];

    for (size_t width = way->n, l = 0; width > 1; width = width / 2 + width % 2, l++)
        if (l >= level)
            way->used_at[l] = way->used_at[l] - was + used;
}

bool merkle_climb_by(struct merkle_way *way, struct hash leaf, size_t index, size_t n,
                     const struct hash *path, size_t path_n, struct hash *ret_root)
{
    struct hash hash = leaf;
    size_t used = 0, level = 0, width = n;

    if (index >= n || n > (size_t)1 << MERKLE_DEPTH_MAX || path_n > MERKLE_DEPTH_MAX)
        return false;
    for (; width > 1; width = width / 2 + width % 2, level++) {
        size_t at = index >> level;

        if (meets(way, n, index, level, hash, path, path_n, used)) {
            join(way, level, used);
            break;
        }
        way->used_at[level] = used;
        way->at[level] = hash; /* below where they meet, the old way is not looked at again */
        if ((at ^ 1u) >= width)
            continue; /* a lone leaf goes up unchanged */
        if (used == path_n)
            goto lost;
        hash = at % 2 == 1 ? merkle_node(path[used], hash) : merkle_node(hash, path[used]);
        used++;
    }
    if (width == 1) { /* all the way up */
        if (used != path_n)
            goto lost;
        way->root = hash;
    }
    way->n = n;
    way->index = index;
    way->path_n = path_n;
    if (path_n > 0)
        memcpy(way->path, path, path_n * sizeof *path);
    *ret_root = way->root;
    return true;

lost:
    way->n = 0;
    return false;
}

bool merkle_climb(struct hash leaf, size_t index, size_t n, const struct hash *path, size_t path_n,
                  struct hash *ret_root)
{
    struct merkle_way way = {.n = 0};

    return merkle_climb_by(&way, leaf, index, n, path, path_n, ret_root);
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
