#include "common/wire/wire_bundle.h"

#include <string.h>

#include "common/wire/wire_item.h"

enum {
    ENVELOPES_FIELD = 1, /* of Bundle */
    VARINT_MAX = 3,      /* of a length below 2 MiB */
    HEAD = 1 + VARINT_MAX,
    AT_ONCE = BUNDLE_BYTES_MAX / 4
};

static size_t varint(size_t value, uint8_t ret[VARINT_MAX])
{
    size_t n = 0;

    for (; value >= 0x80; value >>= 7)
        ret[n++] = (uint8_t)(value | 0x80);
    ret[n++] = (uint8_t)value;
    return n;
}

bool bundler_takes(size_t bytes)
{
    return bytes + 2 * (size_t)HEAD <= BUNDLE_BYTES_MAX;
}

bool bundler_has_room(const struct bundler *bundler, size_t bytes, uint32_t envelopes_max)
{
    return bundler->n == 0 ||
           (bundler->n < envelopes_max && bundler->buf.n + HEAD + bytes <= BUNDLE_BYTES_MAX);
}

/* Room is left in front for the Envelope's field and its length, which is known at the end. */
int bundler_add(struct bundler *bundler, struct bytes envelope)
{
    struct buf *buf = &bundler->buf;
    uint8_t key[HEAD] = {ENVELOPES_FIELD << 3 | DELIMITED};
    size_t key_n = 1 + varint(envelope.n, key + 1), before = buf->n;
    size_t front = bundler->n == 0 ? HEAD : 0;
    uint8_t *at;

    /* A second one is seldom the last: room for more at once, if it can be had. */
    if (bundler->n == 1 && !buf_reserve(buf, AT_ONCE))
        buf->failed = buf->starved = false;
    at = buf_grow(buf, front + key_n + envelope.n);

    if (!at) {
        buf->failed = false;
        buf->n = before;
        return ERR_NO_MEMORY;
    }
    memcpy(at + front, key, key_n);
    memcpy(at + front + key_n, envelope.p, envelope.n);
    if (bundler->n++ == 0)
        bundler->first = front + key_n;
    return 0;
}

struct bytes bundler_frame(struct bundler *bundler)
{
    uint8_t head[HEAD] = {ENVELOPE_BUNDLE << 3 | DELIMITED};
    struct buf *buf = &bundler->buf;
    size_t head_n = 1 + varint(buf->n - HEAD, head + 1);

    if (bundler->n == 1)
        return (struct bytes){buf->p + bundler->first, buf->n - bundler->first};
    memcpy(buf->p + HEAD - head_n, head, head_n);
    return (struct bytes){buf->p + HEAD - head_n, buf->n - HEAD + head_n};
}

void bundler_clear(struct bundler *bundler)
{
    buf_reset(&bundler->buf);
    bundler->n = 0;
}

void bundler_free(struct bundler *bundler)
{
    buf_free(&bundler->buf);
    bundler->n = 0;
}
