/* Private to this room: the fields of a message as they stand in its bytes. */
#ifndef MUSTER_COMMON_WIRE_WIRE_ITEM_H
#define MUSTER_COMMON_WIRE_WIRE_ITEM_H

#include <stdbool.h>

#include "common/base/buf.h"

enum { FIELD_NUMBER_MAX = (1 << 29) - 1 };

enum { VARINT = 0, FIXED64 = 1, DELIMITED = 2, FIXED32 = 5 };

struct item {
    uint32_t number;
    unsigned wire;
    uint64_t value;     /* of a varint */
    struct bytes bytes; /* of a delimited */
};

/* At most ten bytes, and no more than the value needs: a padded one could be signed twice. */
static inline bool take_varint(struct bytes *rest, uint64_t *ret)
{
    uint64_t value = 0;

    if (rest->n > 0 && rest->p[0] < 0x80) { /* most are */
        *ret = rest->p[0];
        rest->p++;
        rest->n--;
        return true;
    }
    for (unsigned i = 0; i < 10 && i < rest->n; i++) {
        uint8_t b = rest->p[i];

        if (i == 9 && b > 1)
            return false;
        value |= (uint64_t)(b & 0x7f) << (7 * i);
        if (b & 0x80)
            continue;
        if (b == 0 && i > 0)
            return false;
        rest->p += i + 1;
        rest->n -= i + 1;
        *ret = value;
        return true;
    }
    return false;
}

static inline bool take_bytes(struct bytes *rest, uint64_t n, struct bytes *ret)
{
    if (n > rest->n)
        return false;
    *ret = (struct bytes){rest->p, (size_t)n};
    rest->p += n;
    rest->n -= (size_t)n;
    return true;
}

/* Groups, wire types of no meaning, field number 0 and a field that is cut off are no item. */
static inline bool take_item(struct bytes *rest, struct item *ret)
{
    uint64_t key, n;

    if (!take_varint(rest, &key) || key >> 3 == 0 || key >> 3 > FIELD_NUMBER_MAX)
        return false;
    ret->number = (uint32_t)(key >> 3);
    ret->wire = (unsigned)(key & 7);
    switch (ret->wire) {
    case VARINT:
        return take_varint(rest, &ret->value);
    case FIXED64:
        return take_bytes(rest, 8, &ret->bytes);
    case DELIMITED:
        return take_varint(rest, &n) && take_bytes(rest, n, &ret->bytes);
    case FIXED32:
        return take_bytes(rest, 4, &ret->bytes);
    default:
        return false;
    }
}

#endif
