/* The pairs of which a line of the canonical dump is made: for *_dump.c alone. */
#ifndef MUSTER_COMMON_CORE_DUMP_LINE_H
#define MUSTER_COMMON_CORE_DUMP_LINE_H

#include <inttypes.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/text.h"
#include "common/core/words.h"

/* The value, so that no two look alike: text_escape() leaves a backslash alone, and a comma parts words. */
static inline void put_value(struct buf *ret, const char *value)
{
    while (*value != '\0') {
        size_t plain = strcspn(value, "\\,");
        text_escape(ret, value, plain);
        value += plain;
        if (*value != '\0') {
            buf_puts(ret, *value == ',' ? "\\x2c" : "\\\\");
            value++;
        }
    }
}

static inline void put_text(struct buf *ret, const char *key, const char *value)
{
    if (value[0] != '\0') {
        buf_printf(ret, "\t%s=", key);
        put_value(ret, value);
    }
}

static inline void put_number(struct buf *ret, const char *key, int64_t value)
{
    if (value != 0) {
        buf_printf(ret, "\t%s=%" PRId64, key, value);
    }
}

/* A count: zero says something, unknown does not. */
static inline void put_count(struct buf *ret, const char *key, int64_t value)
{
    if (value != COUNT_UNKNOWN) {
        buf_printf(ret, "\t%s=%" PRId64, key, value);
    }
}

static inline void put_print(struct buf *ret, const char *key, uint64_t value)
{
    if (value != 0) {
        buf_printf(ret, "\t%s=%016" PRIx64, key, value);
    }
}

static inline void put_id(struct buf *ret, const char *key, struct id id)
{
    char text[ID_TEXT];

    if (!id_is_zero(id)) {
        buf_printf(ret, "\t%s=%s", key, id_format(id, text));
    }
}

static inline void put_bytes(struct buf *ret, const char *key, const uint8_t *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    bool any = false;

    for (size_t i = 0; i < n; i++) {
        any = any || p[i] != 0;
    }
    if (!any) {
        return;
    }
    buf_printf(ret, "\t%s=", key);
    for (size_t i = 0; i < n; i++) {
        buf_u8(ret, (uint8_t)digits[p[i] >> 4]);
        buf_u8(ret, (uint8_t)digits[p[i] & 15]);
    }
}

static inline void put_words(struct buf *ret, const char *key, struct words words)
{
    for (size_t i = 0; i < words.n; i++) {
        if (i == 0) {
            buf_printf(ret, "\t%s=", key);
        } else {
            buf_puts(ret, ",");
        }
        put_value(ret, words.at[i]);
    }
}

static inline void put_ids(struct buf *ret, const char *key, const struct id *ids, size_t n)
{
    char text[ID_TEXT];

    for (size_t i = 0; i < n; i++) {
        if (i == 0) {
            buf_printf(ret, "\t%s=", key);
        } else {
            buf_puts(ret, ",");
        }
        buf_puts(ret, id_format(ids[i], text));
    }
}

#endif
