/* Plain structs to bytes. */
#include "common/wire/wire_map.h"

#include <stdalign.h>
#include <string.h>

#include "muster/v1/common.pb-c.h"
#include "muster/v1/envelope.pb-c.h"

/* Memory of one encoding: a stack's worth first, so that most take nothing from the system. */
enum { SCRATCH_FIRST = 8192, SCRATCH_MAX = 256 * 1024 * 1024 };

struct scratch {
    struct arena more;
    size_t used;
    alignas(max_align_t) uint8_t first[SCRATCH_FIRST];
};

static void *scratch_alloc(struct scratch *scratch, size_t n, size_t size)
{
    size_t bytes;

    if (n > SIZE_MAX / 2 / size)
        return NULL;
    bytes = (n * size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    if (bytes > sizeof scratch->first - scratch->used)
        return arena_alloc(&scratch->more, bytes);
    scratch->used += bytes;
    return memset(scratch->first + scratch->used - bytes, 0, bytes);
}

static bool all_zero(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != 0)
            return false;
    return true;
}

static void write_number(const struct wire_field *row, const char *member, char *to)
{
    switch (row->type) {
    case WIRE_BOOL:
        *(protobuf_c_boolean *)(void *)to = *(const bool *)member;
        break;
    case WIRE_U8:
        *(uint32_t *)(void *)to = *(const uint8_t *)member;
        break;
    case WIRE_ONLY:
        *(uint32_t *)(void *)to = (uint32_t)row->max;
        break;
    case WIRE_U64:
    case WIRE_S64:
    case WIRE_TIME:
        memcpy(to, member, sizeof(uint64_t));
        break;
    default:
        memcpy(to, member, sizeof(uint32_t));
    }
}

static ProtobufCMessage *write_message(const struct wire_map *map, const void *plain,
                                       struct scratch *scratch);

static bool write_fixed_list(size_t n, size_t size, const char *from, struct scratch *scratch, void *ret)
{
    ProtobufCBinaryData *list = scratch_alloc(scratch, n, sizeof *list);

    if (!list)
        return false;
    for (size_t i = 0; i < n; i++) {
        const char *at = from + i * size;

        list[i].len = size;
        memcpy(&list[i].data, &at, sizeof at);
    }
    memcpy(ret, &list, sizeof list);
    return true;
}

static bool write_list(const struct wire_map *map, size_t n, const char *from, struct scratch *scratch,
                       void *ret)
{
    ProtobufCMessage **list = scratch_alloc(scratch, n, sizeof *list);

    if (!list)
        return false;
    for (size_t i = 0; i < n; i++) {
        list[i] = write_message(map, from + i * map->size, scratch);
        if (!list[i])
            return false;
    }
    memcpy(ret, &list, sizeof list);
    return true;
}

static bool write_cursors(const uint64_t *acked, struct scratch *scratch, void *ret, size_t *ret_n)
{
    Muster__V1__LaneCursor *cursors = scratch_alloc(scratch, LANE_MAX, sizeof *cursors);
    Muster__V1__LaneCursor **list = scratch_alloc(scratch, LANE_MAX, sizeof *list);
    size_t n = 0;

    if (!cursors || !list)
        return false;
    for (int lane = 1; lane <= LANE_MAX; lane++) {
        if (acked[lane] == 0)
            continue;
        muster__v1__lane_cursor__init(&cursors[n]);
        cursors[n].lane = (Muster__V1__Lane)lane;
        cursors[n].acked_seq = acked[lane];
        list[n] = &cursors[n];
        n++;
    }
    memcpy(ret, &list, sizeof list);
    *ret_n = n;
    return true;
}

static bool write_repeated(const struct wire_field *row, const char *plain, struct scratch *scratch, void *to,
                           size_t *ret_n)
{
    const char *member = plain + row->member;
    const struct words *words = (const void *)member;
    const char *elements;
    size_t n;

    if (row->type == WIRE_CURSORS)
        return write_cursors((const uint64_t *)(const void *)member, scratch, to, ret_n);
    if (row->type == WIRE_WORDS) {
        memcpy(to, &words->at, sizeof words->at);
        *ret_n = words->n;
        return true;
    }
    memcpy(&n, plain + row->n, sizeof n);
    /* A list beyond its limit must not be read beyond its array. */
    if (n > row->list_max)
        return false;
    *ret_n = n;
    if (n == 0)
        return true;
    memcpy(&elements, member, sizeof elements);
    switch (row->type) {
    case WIRE_PATH:
        return write_fixed_list(n, (size_t)row->max, member, scratch, to);
    case WIRE_IDS:
        return write_fixed_list(n, ID_BYTES, elements, scratch, to);
    case WIRE_INLINE:
        return write_list(row->map, n, member, scratch, to);
    default:
        return write_list(row->map, n, elements, scratch, to);
    }
}

static bool write_count(const char *member, struct scratch *scratch, ProtobufCMessage **ret)
{
    Muster__V1__Count *count;
    int64_t value;

    memcpy(&value, member, sizeof value);
    if (value == COUNT_UNKNOWN)
        return true;
    count = scratch_alloc(scratch, 1, sizeof *count);
    if (!count)
        return false;
    muster__v1__count__init(count);
    count->value = (uint64_t)value;
    *ret = &count->base;
    return true;
}

/* A message that holds nothing is left out, so that one content has one form. */
static bool write_sub(const struct wire_field *row, const char *plain, struct scratch *scratch,
                      ProtobufCMessage **ret)
{
    bool flagged = (row->flags & WIRE_FLAGGED) != 0, flag = flagged && *(const bool *)(plain + row->n);
    bool must = flag || row->type == WIRE_BODY || (row->flags & WIRE_REQUIRED);
    ProtobufCMessage *message;

    if (row->type == WIRE_COUNT)
        return write_count(plain + row->member, scratch, ret);
    if (flagged && !flag && !(row->flags & WIRE_OR_FULL))
        return true;
    message = write_message(row->map, plain + row->member, scratch);
    if (!message)
        return false;
    if (must || protobuf_c_message_get_packed_size(message) > 0)
        *ret = message;
    return true;
}

static bool write_field(const struct wire_field *row, const char *plain, struct scratch *scratch, char *to)
{
    const char *member = plain + row->member;
    ProtobufCBinaryData *data = (void *)to;
    const struct bytes *blob;
    size_t size;

    switch (row->type) {
    case WIRE_TEXT:
        memcpy(to, member, sizeof(void *));
        return true;
    case WIRE_ID:
    case WIRE_FIXED:
        size = row->type == WIRE_ID ? ID_BYTES : (size_t)row->max;
        data->len = (row->flags & WIRE_REQUIRED) || !all_zero(member, size) ? size : 0;
        memcpy(&data->data, &member, sizeof member);
        return true;
    case WIRE_BLOB:
        blob = (const void *)member;
        data->len = blob->n;
        memcpy(&data->data, &blob->p, sizeof blob->p);
        return true;
    case WIRE_COUNT:
    case WIRE_MESSAGE:
    case WIRE_BODY:
        return write_sub(row, plain, scratch, (ProtobufCMessage **)(void *)to);
    default:
        write_number(row, member, to);
        return true;
    }
}

static ProtobufCMessage *write_message(const struct wire_map *map, const void *plain, struct scratch *scratch)
{
    ProtobufCMessage *message = scratch_alloc(scratch, 1, map->descriptor->sizeof_message);
    char *base = (char *)message;
    uint32_t kind = 0;

    if (!message)
        return NULL;
    protobuf_c_message_init(map->descriptor, message);
    if (map->body_from > 0)
        memcpy(&kind, (const char *)plain + map->kind, sizeof kind);
    for (size_t i = 0; i < wire_rows(map); i++) {
        const ProtobufCFieldDescriptor *field = &map->descriptor->fields[i];
        const struct wire_field *row = &map->fields[i];
        char *quantifier = base + field->quantifier_offset;
        bool ok = true;

        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            ok = write_repeated(row, plain, scratch, base + field->offset, (size_t *)(void *)quantifier);
        else if (row->type != WIRE_BODY)
            ok = write_field(row, plain, scratch, base + field->offset);
        else if (kind == field->id) {
            memcpy(quantifier, &kind, sizeof kind);
            ok = write_field(row, plain, scratch, base + field->offset);
        }
        if (!ok)
            return NULL;
    }
    return message;
}

struct buf_appender {
    ProtobufCBuffer base;
    struct buf *buf;
};

static void append(ProtobufCBuffer *base, size_t n, const uint8_t *p)
{
    buf_append(((struct buf_appender *)base)->buf, p, n);
}

void wire_encode(const struct wire_map *map, const void *plain, struct buf *buf)
{
    struct buf_appender appender = {.base.append = append, .buf = buf};
    struct scratch scratch;
    ProtobufCMessage *message;
    size_t start = buf->n;

    scratch.used = 0;
    arena_init(&scratch.more, SCRATCH_MAX);
    message = write_message(map, plain, &scratch);
    if (message)
        protobuf_c_message_pack_to_buffer(message, &appender.base);
    else
        buf->failed = true;
    /* What goes out is held to the same rules as what comes in: nothing is signed or kept that nobody
     * could read again. */
    if (!buf->failed) {
        struct bytes said = {buf->n > start ? buf->p + start : NULL, buf->n - start};

        buf->failed = wire_scan(map, "", said, NULL) < 0;
    }
    arena_free(&scratch.more);
}
