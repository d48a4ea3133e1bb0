#include "common/base/id.h"

#include <string.h>

#include "common/base/err.h"

enum { DIGIT_BITS = 5, TIME_BYTES = 6 };

static const int64_t time_max_ms = ((int64_t)1 << 48) - 1;

/* Crockford's base 32: no I, L, O, U. */
static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

struct id id_make(int64_t unix_ms, const uint8_t random[10])
{
    struct id id;
    int64_t ms = unix_ms < 0 ? 0 : unix_ms > time_max_ms ? time_max_ms : unix_ms;

    for (int i = TIME_BYTES - 1; i >= 0; i--) {
        id.b[i] = (uint8_t)(ms & 0xff);
        ms >>= 8;
    }
    memcpy(id.b + TIME_BYTES, random, ID_BYTES - TIME_BYTES);
    return id;
}

/* Written so that a compiler makes one load of it. */
static uint64_t load64(const uint8_t p[8])
{
    return (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 | (uint64_t)p[3] << 32 |
           (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 | (uint64_t)p[6] << 8 | (uint64_t)p[7];
}

static void store64(uint8_t *p, uint64_t v)
{
    for (int i = 7; i >= 0; i--) {
        p[i] = (uint8_t)v;
        v >>= 8;
    }
}

static uint64_t put_digits(char *ret, int first, int last, uint64_t bits)
{
    for (int digit = last; digit >= first; digit--) {
        ret[digit] = digits[bits & 31];
        bits >>= DIGIT_BITS;
    }
    return bits;
}

/* 26 digits are 130 bits: two zero bits stand before the first byte. The low half is twelve digits and four
 * bits, to which the high half gives one. */
char *id_format(struct id id, char *ret)
{
    uint64_t high = load64(id.b), low = load64(id.b + 8);

    low = put_digits(ret, 14, ID_TEXT - 2, low);
    (void)put_digits(ret, 13, 13, low | high << 4);
    (void)put_digits(ret, 0, 12, high >> 1);
    ret[ID_TEXT - 1] = '\0';
    return ret;
}

/* 0..31, or -1. */
static int digit_value(unsigned char c)
{
    /* from '0' to 'z'; I and L are read as 1, O as 0 */
    static const int8_t values[] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  -1, -1, -1, -1, -1, -1, -1, 10, 11, 12, 13, 14, 15, 16, 17,
        1,  18, 19, 1,  20, 21, 0,  22, 23, 24, 25, 26, -1, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, 10,
        11, 12, 13, 14, 15, 16, 17, 1,  18, 19, 1,  20, 21, 0,  22, 23, 24, 25, 26, -1, 27, 28, 29, 30, 31};

    return c >= '0' && c <= 'z' ? values[c - '0'] : -1;
}

int id_parse(const char *text, struct id *ret)
{
    uint64_t high = 0, low = 0;

    if (strnlen(text, ID_TEXT) != ID_TEXT - 1)
        return ERR_DATA;
    for (unsigned digit = 0; digit < ID_TEXT - 1; digit++) {
        int value = digit_value((unsigned char)text[digit]);

        if (value < 0 || (digit == 0 && value > 7))
            return ERR_DATA;
        high = high << DIGIT_BITS | low >> (64 - DIGIT_BITS);
        low = low << DIGIT_BITS | (unsigned)value;
    }
    store64(ret->b, high);
    store64(ret->b + 8, low);
    return 0;
}

int64_t id_unix_ms(struct id id)
{
    int64_t ms = 0;

    for (int i = 0; i < TIME_BYTES; i++)
        ms = ms << 8 | id.b[i];
    return ms;
}

bool id_is_zero(struct id id)
{
    static const struct id zero;

    return id_equal(id, zero);
}

bool id_equal(struct id a, struct id b)
{
    return id_compare(a, b) == 0;
}

int id_compare(struct id a, struct id b)
{
    return memcmp(a.b, b.b, ID_BYTES);
}
