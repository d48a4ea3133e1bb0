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

/* 26 digits are 130 bits: two zero bits stand before the first byte. */
char *id_format(struct id id, char *ret)
{
    for (unsigned digit = 0; digit < ID_TEXT - 1; digit++) {
        unsigned value = 0;

        for (unsigned bit = digit * DIGIT_BITS; bit < (digit + 1) * DIGIT_BITS; bit++) {
            unsigned byte = bit < 2 ? 0 : id.b[(bit - 2) / 8];

            value = value << 1 | (byte >> (7 - (bit - 2) % 8) & 1u);
        }
        ret[digit] = digits[value];
    }
    ret[ID_TEXT - 1] = '\0';
    return ret;
}

/* 0..31, or -1. */
static int digit_value(char c)
{
    const char *found;

    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    if (c == 'I' || c == 'L')
        c = '1';
    else if (c == 'O')
        c = '0';
    found = c != '\0' ? strchr(digits, c) : NULL;
    return found ? (int)(found - digits) : -1;
}

int id_parse(const char *text, struct id *ret)
{
    struct id id = {{0}};

    if (strnlen(text, ID_TEXT) != ID_TEXT - 1)
        return ERR_DATA;
    for (unsigned digit = 0; digit < ID_TEXT - 1; digit++) {
        int value = digit_value(text[digit]);

        if (value < 0 || (digit == 0 && value > 7))
            return ERR_DATA;
        for (unsigned i = 0; i < DIGIT_BITS; i++) {
            unsigned bit = digit * DIGIT_BITS + i;

            if ((unsigned)value >> (DIGIT_BITS - 1 - i) & 1u)
                id.b[(bit - 2) / 8] |= (uint8_t)(1u << (7 - (bit - 2) % 8));
        }
    }
    *ret = id;
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
