#include "common/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

void buf_init(struct buf *buf, size_t max_bytes)
{
    *buf = (struct buf){.max = max_bytes};
}

/* With the NUL of buf_text. */
bool buf_reserve(struct buf *buf, size_t n)
{
    size_t need, capacity;
    uint8_t *p;

    if (buf->failed)
        return false;
    if (n > SIZE_MAX / 2 - 1 - buf->n || (buf->max > 0 && n > buf->max - buf->n)) {
        buf->failed = true;
        return false;
    }
    need = buf->n + n + 1;
    if (need <= buf->capacity)
        return true;
    capacity = buf->capacity > 0 ? buf->capacity : FIRST_CAPACITY;
    while (capacity < need)
        capacity *= 2;
    if (buf->max > 0 && capacity > buf->max + 1)
        capacity = buf->max + 1;
    p = realloc(buf->p, capacity);
    if (!p) {
        buf->failed = true;
        buf->starved = true;
        return false;
    }
    buf->p = p;
    buf->capacity = capacity;
    return true;
}

void buf_puts(struct buf *buf, const char *text)
{
    buf_append(buf, text, strlen(text));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0) {
        buf->failed = true;
        return;
    }
    if (!buf_reserve(buf, (size_t)n))
        return;
    va_start(args, format);
    vsnprintf((char *)(buf->p + buf->n), (size_t)n + 1, format, args);
    va_end(args);
    buf->n += (size_t)n;
}

void buf_u32(struct buf *buf, uint32_t v)
{
    uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

    buf_append(buf, b, sizeof b);
}

struct bytes buf_bytes(const struct buf *buf)
{
    if (buf->failed)
        return (struct bytes){NULL, 0};
    return (struct bytes){buf->p, buf->n};
}

const char *buf_text(struct buf *buf)
{
    if (buf->failed || buf->n == 0)
        return "";
    buf->p[buf->n] = '\0';
    return (const char *)buf->p;
}

void buf_reset(struct buf *buf)
{
    buf->n = 0;
    buf->failed = false;
    buf->starved = false;
}

void buf_free(struct buf *buf)
{
    if (!buf)
        return;
    free(buf->p);
    *buf = (struct buf){.max = buf->max};
}
