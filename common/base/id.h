/* Ids of incidents, orders and information requests: 16 bytes, the first six being unix milliseconds
 * (big-endian), so that an index that holds them grows at one end. Written as the 26 characters of a
 * ULID (Crockford base 32), which sort as the bytes do. */
#ifndef MUSTER_COMMON_BASE_ID_H
#define MUSTER_COMMON_BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ID_BYTES = 16, ID_TEXT = 26 + 1 };

struct id {
    uint8_t b[ID_BYTES];
};

/* A new id: time from the caller (held to 0 .. 2^48 - 1), the other ten bytes from the caller's random
 * source. */
struct id id_make(int64_t unix_ms, const uint8_t random[10]);

/* ret must hold ID_TEXT bytes; returns ret. */
char *id_format(struct id id, char *ret);

/* Exactly 26 characters, upper or lower case, I and L read as 1, O as 0. 0 or ERR_DATA. */
int id_parse(const char *text, struct id *ret);

int64_t id_unix_ms(struct id id);
bool id_is_zero(struct id id);
bool id_equal(struct id a, struct id b);
int id_compare(struct id a, struct id b);

#endif
