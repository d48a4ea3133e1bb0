/* A growable byte buffer with a sticky error: append without looking, ask once at the end. */
#ifndef MUSTER_COMMON_BASE_BUF_H
#define MUSTER_COMMON_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that somebody else owns. */
struct bytes {
    const uint8_t *p;
    size_t n;
};

struct buf {
    uint8_t *p;
    size_t n;
    size_t capacity;
    size_t max;   /* 0: no limit */
    bool failed;  /* an append did not fit or found no memory; later appends do nothing */
    bool starved; /* ... it was memory */
};

void buf_init(struct buf *buf, size_t max_bytes);
/* False: failed. Of use on its own before many small appends. */
bool buf_reserve(struct buf *buf, size_t n);
static inline void buf_append(struct buf *buf, const void *p, size_t n);
void buf_puts(struct buf *buf, const char *text);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for n bytes at the end, to be filled at once; NULL: failed. */
static inline uint8_t *buf_grow(struct buf *buf, size_t n);
static inline void buf_u8(struct buf *buf, uint8_t v);
void buf_u32(struct buf *buf, uint32_t v); /* big-endian */
/* View of what was appended; empty when failed, so that half a message is never sent. */
struct bytes buf_bytes(const struct buf *buf);
/* NUL-terminated view, "" when empty or failed; valid until the next call. */
const char *buf_text(struct buf *buf);
/* Empties it and clears the error; reset keeps the memory for the next use. */
void buf_reset(struct buf *buf);
void buf_free(struct buf *buf);

/* --- in line: frames are written byte by byte ------------------------------------------------------ */

/* One byte more is kept for the NUL of buf_text. */
static inline bool buf_has_room(const struct buf *buf, size_t n)
{
    return !buf->failed && n < buf->capacity - buf->n;
}

static inline uint8_t *buf_grow(struct buf *buf, size_t n)
{
    if (!buf_has_room(buf, n) && !buf_reserve(buf, n))
        return NULL;
    buf->n += n;
    return buf->p + buf->n - n;
}

static inline void buf_append(struct buf *buf, const void *p, size_t n)
{
    if (n == 0 || (!buf_has_room(buf, n) && !buf_reserve(buf, n)))
        return;
    memcpy(buf->p + buf->n, p, n);
    buf->n += n;
}

static inline void buf_u8(struct buf *buf, uint8_t v)
{
    if (buf_has_room(buf, 1) || buf_reserve(buf, 1))
        buf->p[buf->n++] = v;
}

#endif
