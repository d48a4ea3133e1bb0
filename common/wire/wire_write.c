/* Plain structs to bytes, field by field in the order of their numbers, zero values left out, so that one
 * content has one form. What goes out is held to the same rules as what comes in: nothing is signed or kept
 * that nobody could read again. */
#include <inttypes.h>
#include <string.h>

#include "common/wire/wire_check.h"
#include "common/wire/wire_item.h"

enum { VARINT_MAX = 10 };

/* Where it goes, and, for who asks, why it does not. */
struct writer {
    struct buf *buf;
    struct err *err; /* NULL: nobody asks */
};

static size_t varint_size(uint64_t value)
{
    size_t n = 1;

    while (value >>= 7)
        n++;
    return n;
}

/* Where the next byte goes. */
static uint8_t *varint(uint8_t *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

static uint64_t key(uint32_t number, unsigned wire)
{
    return (uint64_t)number << 3 | wire;
}

static void put_varint(struct buf *buf, uint32_t number, uint64_t value)
{
    uint8_t *at = buf_grow(buf, varint_size(key(number, VARINT)) + varint_size(value));

    if (at)
        varint(varint(at, key(number, VARINT)), value);
}

static void put_bytes(struct buf *buf, uint32_t number, struct bytes bytes)
{
    size_t head = varint_size(key(number, DELIMITED)) + varint_size(bytes.n);
    uint8_t *at = buf_grow(buf, head + bytes.n);

    if (!at)
        return;
    at = varint(varint(at, key(number, DELIMITED)), bytes.n);
    if (bytes.n > 0)
        memcpy(at, bytes.p, bytes.n);
}

static bool all_zero(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != 0)
            return false;
    return true;
}

/* --- one value ------------------------------------------------------------------------------------- */

/* A number as a varint holds it. */
static uint64_t number_of(const struct wire_field *row, const char *member)
{
    uint64_t wide;
    uint32_t narrow;

    switch (row->type) {
    case WIRE_BOOL:
        return *(const bool *)member;
    case WIRE_U8:
        return *(const uint8_t *)member;
    case WIRE_ONLY:
        return row->max;
    case WIRE_U64:
    case WIRE_S64:
    case WIRE_TIME:
        memcpy(&wide, member, sizeof wide);
        return row->type == WIRE_S64 ? (wide << 1) ^ (0 - (wide >> 63)) : wide;
    default:
        break;
    }
    memcpy(&narrow, member, sizeof narrow);
    if (row->type == WIRE_S32)
        return (narrow << 1) ^ (0u - (narrow >> 31));
    return row->type == WIRE_I32 ? (uint64_t)(int64_t)(int32_t)narrow : narrow;
}

/* False: nothing that a reader would take. */
static bool put_number(const struct writer *to, const struct place *here, const struct wire_field *row,
                       const ProtobufCFieldDescriptor *field, const char *member)
{
    uint64_t number = number_of(row, member);

    if (number == 0)
        return true;
    put_varint(to->buf, field->id, number);
    return wire_check_number(to->err, here, row, field, number) == 0;
}

static bool put_checked(const struct writer *to, const struct place *here, const struct wire_field *row,
                        uint32_t number, struct bytes bytes)
{
    put_bytes(to->buf, number, bytes);
    return wire_check_bytes(to->err, here, row, bytes) == 0;
}

static struct bytes text_bytes(const char *text)
{
    return (struct bytes){(const uint8_t *)text, text ? strlen(text) : 0};
}

static bool put_delimited(const struct writer *to, const struct place *here, const struct wire_field *row,
                          uint32_t number, const char *member)
{
    size_t size = row->type == WIRE_ID ? ID_BYTES : (size_t)row->max;
    struct bytes bytes = {(const uint8_t *)member, size};

    if (row->type == WIRE_TEXT)
        bytes = text_bytes(*(const char *const *)(const void *)member);
    else if (row->type == WIRE_BLOB)
        bytes = *(const struct bytes *)(const void *)member;
    else if (!(row->flags & WIRE_REQUIRED) && all_zero(member, size))
        return true;
    return bytes.n == 0 || put_checked(to, here, row, number, bytes);
}

/* --- messages -------------------------------------------------------------------------------------- */

static bool put_message(const struct writer *to, const struct place *here, const struct wire_map *map,
                        const char *plain);

/* The message with its key and length; its bytes are written where they would be if the length took one
 * byte, and moved up when it takes more. An empty one is left out unless it must be there. */
static bool put_sub(const struct writer *to, const struct place *here, const struct wire_map *map,
                    uint32_t number, const char *plain, bool must)
{
    struct buf *buf = to->buf;
    size_t before = buf->n, start, n, length_n;
    uint8_t *at = buf_grow(buf, varint_size(key(number, DELIMITED)) + 1);

    if (!at)
        return false;
    varint(at, key(number, DELIMITED));
    start = buf->n;
    if (!put_message(to, here, map, plain) || buf->failed)
        return false;
    n = buf->n - start;
    if (n == 0 && !must) {
        buf->n = before;
        return true;
    }
    length_n = varint_size(n);
    if (length_n > 1) {
        if (!buf_grow(buf, length_n - 1))
            return false;
        memmove(buf->p + start + length_n - 1, buf->p + start, n);
    }
    varint(buf->p + start - 1, n);
    return true;
}

static bool put_single(const struct writer *to, const struct place *here, const struct wire_field *row,
                       uint32_t number, const char *plain)
{
    bool flagged = (row->flags & WIRE_FLAGGED) != 0, flag = flagged && *(const bool *)(plain + row->n);
    bool must = flag || row->type == WIRE_BODY || (row->flags & WIRE_REQUIRED) || row->type == WIRE_COUNT;
    int64_t count;

    if (row->type == WIRE_COUNT) {
        memcpy(&count, plain + row->member, sizeof count);
        if (count == COUNT_UNKNOWN)
            return true;
    }
    if (flagged && !flag && !(row->flags & WIRE_OR_FULL))
        return true;
    return put_sub(to, here, row->map, number, plain + row->member, must);
}

static bool put_cursors(const struct writer *to, const struct place *here, const struct wire_field *row,
                        uint32_t number, const char *plain)
{
    const uint64_t *acked = (const uint64_t *)(const void *)(plain + row->member);

    for (int lane = 1; lane <= LANE_MAX; lane++) {
        struct lane_cursor cursor = {.lane = (enum lane)lane, .acked_seq = acked[lane]};

        if (acked[lane] != 0 && !put_sub(to, here, row->map, number, (const char *)&cursor, true))
            return false;
    }
    return true;
}

static bool put_element(const struct writer *to, const struct place *here, const struct wire_field *row,
                        uint32_t number, const char *element)
{
    size_t size = row->type == WIRE_IDS ? ID_BYTES : (size_t)row->max;

    if (row->type == WIRE_WORDS)
        return put_checked(to, here, row, number, text_bytes(*(const char *const *)(const void *)element));
    if (row->type == WIRE_BLOBS)
        return put_checked(to, here, row, number, *(const struct bytes *)(const void *)element);
    if (row->map)
        return put_sub(to, here, row->map, number, element, true);
    return put_checked(to, here, row, number, (struct bytes){(const uint8_t *)element, size});
}

static bool put_list(const struct writer *to, struct place *here, const struct wire_field *row,
                     uint32_t number, const char *plain)
{
    const char *member = plain + row->member, *elements = member;
    size_t n, size;

    if (row->type == WIRE_CURSORS)
        return put_cursors(to, here, row, number, plain);
    if (row->type == WIRE_WORDS) {
        n = ((const struct words *)(const void *)member)->n;
        size = sizeof(const char *);
    } else {
        memcpy(&n, plain + row->n, sizeof n);
        size = row->map                  ? row->map->size
               : row->type == WIRE_IDS   ? ID_BYTES
               : row->type == WIRE_BLOBS ? sizeof(struct bytes)
                                         : (size_t)row->max;
    }
    if (n > row->list_max) /* and beyond its array, it may be */
        return wire_refuse(to->err, here, "more than %" PRIu32, row->list_max) == 0;
    if (row->type != WIRE_PATH && row->type != WIRE_INLINE)
        memcpy(&elements, member, sizeof elements);
    here->in_list = true;
    for (size_t i = 0; i < n; i++) {
        here->index = (uint32_t)i;
        if (!put_element(to, here, row, number, elements + i * size))
            return false;
    }
    return true;
}

static bool put_field(const struct writer *to, const struct place *up, const struct wire_map *map, size_t i,
                      const char *plain)
{
    const ProtobufCFieldDescriptor *field = &map->descriptor->fields[i];
    const struct wire_field *row = &map->fields[i];
    struct place here = {.up = up, .name = field->name};
    size_t before = to->buf->n;
    bool fine;

    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        fine = put_list(to, &here, row, field->id, plain);
    else if (row->map)
        fine = put_single(to, &here, row, field->id, plain);
    else if (wire_of(row->type) == VARINT)
        fine = put_number(to, &here, row, field, plain + row->member);
    else
        fine = put_delimited(to, &here, row, field->id, plain + row->member);
    if (fine && (row->flags & WIRE_REQUIRED) && to->buf->n == before)
        return wire_refuse(to->err, &here, "missing") == 0;
    return fine;
}

/* Of the bodies, which stand last, the row of the one that there is; else behind the rows. */
static size_t body_row(const struct wire_map *map, size_t first, const char *plain)
{
    const ProtobufCFieldDescriptor *fields = map->descriptor->fields;
    size_t n = wire_rows(map), i = first;
    uint32_t kind;

    memcpy(&kind, plain + map->kind, sizeof kind);
    while (i < n && fields[i].id != kind)
        i++;
    return i;
}

static bool put_message(const struct writer *to, const struct place *here, const struct wire_map *map,
                        const char *plain)
{
    size_t n = wire_rows(map);

    for (size_t i = 0; i < n; i++) {
        bool body = map->fields[i].type == WIRE_BODY;

        if (body)
            i = body_row(map, i, plain);
        if (i == n)
            break;
        if (!put_field(to, here, map, i, plain))
            return false;
        if (body)
            return true;
    }
    return map->body_from == 0 || wire_refuse(to->err, here, "says nothing") == 0;
}

int wire_encode_checked(const struct wire_map *map, const char *name, const void *plain, struct buf *buf,
                        struct err *err)
{
    const struct place root = {.name = name};

    if (put_message(&(struct writer){buf, err}, &root, map, plain))
        return 0;
    buf->failed = true;
    return ERR_PROTOCOL;
}

void wire_encode(const struct wire_map *map, const void *plain, struct buf *buf)
{
    (void)wire_encode_checked(map, "", plain, buf, NULL);
}
