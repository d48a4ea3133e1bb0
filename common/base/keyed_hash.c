#include "common/base/keyed_hash.h"

#include <string.h>

enum { PIECE = 7 };

#define PRIME ((UINT64_C(1) << 61) - 1)
#define PIECE_BITS ((UINT64_C(1) << 8 * PIECE) - 1)
#define FIXED_POINT UINT64_C(0x123456789abcdef)

__extension__ typedef unsigned __int128 wide; /* C11 has none so wide */

struct hash_key hash_key_make(const struct rng *rng)
{
    struct hash_key key = {0};

    while (key.point == 0) {
        rng->fill(rng->ctx, &key.point, sizeof key.point);
        key.point %= PRIME;
    }
    return key;
}

/* a * b + c modulo the prime; a and b below it, c below 2^57. */
static uint64_t multiply_add(uint64_t a, uint64_t b, uint64_t c)
{
    wide product = (wide)a * b + c;
    uint64_t sum = (uint64_t)(product & PRIME) + (uint64_t)(product >> 61);

    return sum >= PRIME ? sum - PRIME : sum;
}

/* Written so that a compiler makes one load of it. */
static uint64_t little_endian(const uint8_t p[8])
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

uint32_t keyed_hash(struct hash_key key, const void *p, size_t n)
{
    const uint64_t point = key.point != 0 ? key.point : FIXED_POINT;
    const uint8_t *at = p;
    uint64_t hash = n; /* else zeros at the end would say nothing */
    uint64_t piece = 0;
    size_t left = n;

    for (; left > PIECE; left -= PIECE, at += PIECE)
        hash = multiply_add(hash, point, little_endian(at) & PIECE_BITS);
    if (n > 0) {
        while (left > 0)
            piece = piece << 8 | at[--left];
        hash = multiply_add(hash, point, piece);
    }
    return (uint32_t)multiply_add(hash, point, 0);
}
