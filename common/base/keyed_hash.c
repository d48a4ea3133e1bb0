#include "common/base/keyed_hash.h"

#include <string.h>

enum { PIECE = 7 };

#define PRIME ((UINT64_C(1) << 61) - 1)
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

uint32_t keyed_hash(struct hash_key key, const void *p, size_t n)
{
    const uint64_t point = key.point != 0 ? key.point : FIXED_POINT;
    const uint8_t *at = p;
    uint64_t hash = n; /* else zeros at the end would say nothing */

    for (size_t left = n; left > 0;) {
        size_t take = left < PIECE ? left : PIECE;
        uint64_t piece = 0;

        if (take == PIECE) { /* of a size that the compiler knows: no call */
            memcpy(&piece, at, PIECE);
        } else {
            memcpy(&piece, at, take);
        }
        hash = multiply_add(hash, point, piece);
        at += take;
        left -= take;
    }
    return (uint32_t)multiply_add(hash, point, 0);
}
