/* Bytes to plain structs. */
#include "common/wire/wire_map.h"

#include <string.h>

#include "muster/v1/common.pb-c.h"
#include "muster/v1/envelope.pb-c.h"

static void *budget_alloc(void *arena, size_t n)
{
    return arena_alloc(arena, n);
}

static void budget_free(void *arena, void *p)
{
    (void)arena;
    (void)p;
}

/* What a struct without its message holds: texts "", counts unknown. */
static void set_empty(const struct wire_map *map, void *plain)
{
    static const char *const empty = "";

    for (size_t i = 0; i < map->fields_n; i++) {
        const struct wire_field *row = &map->fields[i];
        char *member = (char *)plain + row->member;

        if (row->type == WIRE_TEXT)
            memcpy(member, &empty, sizeof empty);
        else if (row->type == WIRE_COUNT)
            memcpy(member, &(int64_t){COUNT_UNKNOWN}, sizeof(int64_t));
        else if (row->type == WIRE_MESSAGE)
            set_empty(row->map, member);
    }
}

static void read_number(const struct wire_field *row, const void *from, char *member)
{
    uint32_t narrow;

    switch (row->type) {
    case WIRE_BOOL:
        *(bool *)member = *(const protobuf_c_boolean *)from != 0;
        break;
    case WIRE_U8:
        memcpy(&narrow, from, sizeof narrow);
        *(uint8_t *)member = (uint8_t)narrow;
        break;
    case WIRE_U64:
    case WIRE_S64:
    case WIRE_TIME:
        memcpy(member, from, sizeof(uint64_t));
        break;
    default: /* enums and numbers of 32 bits */
        memcpy(member, from, sizeof(uint32_t));
    }
}

/* Repeated bytes of one size: ids and hashes. */
static void read_fixed_list(const ProtobufCBinaryData *from, size_t n, size_t size, char *to)
{
    for (size_t i = 0; i < n; i++)
        memcpy(to + i * size, from[i].data, size);
}

static int read_cursors(ProtobufCMessage *const *list, size_t n, uint64_t *acked)
{
    uint32_t seen = 1u << LANE_NONE;

    for (size_t i = 0; i < n; i++) {
        const Muster__V1__LaneCursor *cursor = (const void *)list[i];
        uint32_t bit = 1u << cursor->lane;

        if (seen & bit)
            return ERR_PROTOCOL;
        seen |= bit;
        acked[cursor->lane] = cursor->acked_seq;
    }
    return 0;
}

static int read_message(const struct wire_map *map, const ProtobufCMessage *message, struct arena *arena,
                        void *plain);

static int read_list(const struct wire_field *row, const void *from, size_t n, struct arena *arena,
                     char *plain)
{
    char *member = plain + row->member, *elements = member;

    memcpy(plain + row->n, &n, sizeof n);
    if (row->type == WIRE_LIST) {
        elements = arena_alloc_array(arena, n, row->map->size);
        if (!elements)
            return ERR_NO_MEMORY;
        memcpy(member, &elements, sizeof elements);
    }
    for (size_t i = 0; i < n; i++) {
        int rc = read_message(row->map, ((ProtobufCMessage *const *)from)[i], arena,
                              elements + i * row->map->size);

        if (rc < 0)
            return rc;
    }
    return 0;
}

static int read_ids(const struct wire_field *row, const void *from, size_t n, struct arena *arena,
                    char *plain)
{
    char *ids = arena_alloc_array(arena, n, ID_BYTES);

    if (!ids)
        return ERR_NO_MEMORY;
    read_fixed_list(from, n, ID_BYTES, ids);
    memcpy(plain + row->member, &ids, sizeof ids);
    memcpy(plain + row->n, &n, sizeof n);
    return 0;
}

static int read_repeated(const struct wire_field *row, const void *from, size_t n, struct arena *arena,
                         char *plain)
{
    struct words words = {.at = from, .n = n};

    if (n == 0)
        return 0;
    switch (row->type) {
    case WIRE_WORDS:
        memcpy(plain + row->member, &words, sizeof words);
        return 0;
    case WIRE_IDS:
        return read_ids(row, from, n, arena, plain);
    case WIRE_PATH:
        read_fixed_list(from, n, (size_t)row->max, plain + row->member);
        memcpy(plain + row->n, &n, sizeof n);
        return 0;
    case WIRE_CURSORS:
        return read_cursors(from, n, (uint64_t *)(void *)(plain + row->member));
    default:
        return read_list(row, from, n, arena, plain);
    }
}

static int read_sub(const struct wire_field *row, const ProtobufCMessage *message, struct arena *arena,
                    char *plain)
{
    if (row->type == WIRE_COUNT) {
        int64_t count = message ? (int64_t)((const Muster__V1__Count *)message)->value : COUNT_UNKNOWN;

        memcpy(plain + row->member, &count, sizeof count);
        return 0;
    }
    if (!message) {
        if (row->type == WIRE_MESSAGE)
            set_empty(row->map, plain + row->member);
        return 0;
    }
    if (row->flags & WIRE_FLAGGED)
        *(bool *)(plain + row->n) = true;
    return read_message(row->map, message, arena, plain + row->member);
}

static int read_field(const struct wire_field *row, const void *from, struct arena *arena, char *plain)
{
    char *member = plain + row->member;
    const ProtobufCBinaryData *data = from;

    switch (row->type) {
    case WIRE_TEXT:
        memcpy(member, from, sizeof(void *));
        return 0;
    case WIRE_ID:
    case WIRE_FIXED:
        if (data->len > 0)
            memcpy(member, data->data, data->len);
        return 0;
    case WIRE_BLOB:
        *(struct bytes *)(void *)member = (struct bytes){data->data, data->len};
        return 0;
    case WIRE_COUNT:
    case WIRE_MESSAGE:
    case WIRE_BODY:
        return read_sub(row, *(ProtobufCMessage *const *)from, arena, plain);
    case WIRE_ONLY:
        return 0;
    default:
        read_number(row, from, member);
        return 0;
    }
}

static int read_message(const struct wire_map *map, const ProtobufCMessage *message, struct arena *arena,
                        void *plain)
{
    const char *base = (const char *)message;

    if (map->fields_n > map->descriptor->n_fields)
        set_empty(map, plain);
    for (size_t i = 0; i < wire_rows(map); i++) {
        const ProtobufCFieldDescriptor *field = &map->descriptor->fields[i];
        const struct wire_field *row = &map->fields[i];
        const void *from = base + field->offset;
        int rc = 0;

        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            rc = read_repeated(row, *(const void *const *)from,
                               *(const size_t *)(base + field->quantifier_offset), arena, plain);
        else if (row->type != WIRE_BODY)
            rc = read_field(row, from, arena, plain);
        else if (*(const uint32_t *)(base + field->quantifier_offset) == field->id) {
            memcpy((char *)plain + map->kind, &field->id, sizeof field->id);
            rc = read_field(row, from, arena, plain);
        }
        if (rc < 0)
            return rc;
    }
    return 0;
}

int wire_decode(const struct wire_map *map, const char *root, struct bytes bytes, struct arena *arena,
                void *ret, struct err *err)
{
    ProtobufCAllocator budget = {.alloc = budget_alloc, .free = budget_free, .allocator_data = arena};
    ProtobufCMessage *message;
    int rc = wire_scan(map, root, bytes, err);

    if (rc < 0)
        return rc;
    /* What the scan lets pass, protobuf-c reads, unless the budget is too small for it. */
    message = protobuf_c_message_unpack(map->descriptor, &budget, bytes.n, bytes.p);
    rc = message ? read_message(map, message, arena, ret) : ERR_NO_MEMORY;
    if (rc == ERR_NO_MEMORY)
        return err_set(err, rc, "%s: needs more memory than its size allows", root);
    if (rc < 0)
        return err_set(err, rc, "%s: a cursor of no lane, or two of one", root);
    return 0;
}
