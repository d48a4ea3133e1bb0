#include "tests/unit/wire_fill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct fill {
    struct arena *arena;
    uint32_t next;
};

size_t wire_bodies(const struct wire_map *map)
{
    size_t n = 0;

    for (size_t i = 0; i < map->descriptor->n_fields; i++)
        n += map->fields[i].type == WIRE_BODY;
    return n;
}

static void fill_message(struct fill *fill, const struct wire_map *map, char *plain, size_t body);

static const char *fill_text(struct fill *fill)
{
    return arena_printf(fill->arena, "t%u " WIRE_FILL_MARK, ++fill->next);
}

static void fill_words(struct fill *fill, char *member)
{
    const char **at = arena_array(fill->arena, const char *, 2);
    struct words words = {.at = at, .n = 2};

    at[0] = fill_text(fill);
    at[1] = fill_text(fill);
    memcpy(member, &words, sizeof words);
}

static void fill_number(struct fill *fill, const struct wire_field *row,
                        const ProtobufCFieldDescriptor *field, char *member)
{
    const ProtobufCEnumDescriptor *values = field->descriptor;
    uint64_t wide = ++fill->next;
    uint32_t narrow = fill->next;
    int32_t negative = -(int32_t)fill->next;

    switch (row->type) {
    case WIRE_BOOL:
        *(bool *)member = true;
        break;
    case WIRE_ENUM:
        for (unsigned i = 0; i < values->n_values; i++)
            if (row->max == 0 || (uint64_t)values->values[i].value <= row->max)
                narrow = (uint32_t)values->values[i].value;
        memcpy(member, &narrow, sizeof narrow);
        break;
    case WIRE_U8:
        *member = (char)(narrow % 100 + 1);
        break;
    case WIRE_U32:
        memcpy(member, &narrow, sizeof narrow);
        break;
    case WIRE_I32:
    case WIRE_S32:
        negative = row->max < fill->next ? -(int32_t)row->max : negative;
        memcpy(member, &negative, sizeof negative);
        break;
    default:
        memcpy(member, &wide, sizeof wide);
    }
}

static void fill_list(struct fill *fill, const struct wire_field *row, char *plain)
{
    size_t n = row->map->body_from > 0 ? wire_bodies(row->map) : 2;
    char *elements = plain + row->member;

    if (row->type == WIRE_LIST) {
        elements = arena_alloc_array(fill->arena, n, row->map->size);
        memcpy(plain + row->member, &elements, sizeof elements);
    }
    for (size_t i = 0; i < n; i++)
        fill_message(fill, row->map, elements + i * row->map->size, i);
    memcpy(plain + row->n, &n, sizeof n);
}

static void fill_blobs(struct fill *fill, char *member)
{
    struct bytes *at = arena_array(fill->arena, struct bytes, 2);

    at[0] = (struct bytes){arena_copy(fill->arena, "one", 3), 3};
    at[1] = (struct bytes){arena_copy(fill->arena, "another", 7), 7};
    memcpy(member, &at, sizeof at);
}

static void fill_bytes(struct fill *fill, const struct wire_field *row, char *plain)
{
    size_t two = 2;
    char *p = plain + row->member;
    size_t n = row->type == WIRE_ID ? ID_BYTES : (size_t)row->max;

    if (row->type == WIRE_IDS) {
        p = arena_alloc(fill->arena, 2 * ID_BYTES);
        memcpy(plain + row->member, &p, sizeof p);
        n = 2 * ID_BYTES;
    }
    if (row->type == WIRE_BLOBS) {
        fill_blobs(fill, p);
        memcpy(plain + row->n, &two, sizeof two);
        return;
    }
    if (row->type == WIRE_PATH)
        n *= 2;
    if (row->type == WIRE_IDS || row->type == WIRE_PATH)
        memcpy(plain + row->n, &two, sizeof two);
    memset(p, (int)(++fill->next % 100 + 1), n);
}

static void fill_field(struct fill *fill, const struct wire_field *row, const ProtobufCFieldDescriptor *field,
                       char *plain)
{
    char *member = plain + row->member;
    const char *text;
    struct bytes blob;

    switch (row->type) {
    case WIRE_TEXT:
        text = fill_text(fill);
        memcpy(member, &text, sizeof text);
        break;
    case WIRE_WORDS:
        fill_words(fill, member);
        break;
    case WIRE_BLOB:
        blob.p = arena_copy(fill->arena, "bytes", 5);
        blob.n = 5;
        memcpy(member, &blob, sizeof blob);
        break;
    case WIRE_ID:
    case WIRE_IDS:
    case WIRE_FIXED:
    case WIRE_PATH:
    case WIRE_BLOBS:
        fill_bytes(fill, row, plain);
        break;
    case WIRE_LIST:
    case WIRE_INLINE:
        fill_list(fill, row, plain);
        break;
    case WIRE_MESSAGE:
        if (row->flags & WIRE_FLAGGED)
            *(bool *)(plain + row->n) = true;
        fill_message(fill, row->map, member, 0);
        break;
    case WIRE_CURSORS:
        for (int lane = 1; lane <= LANE_MAX; lane++)
            ((uint64_t *)(void *)member)[lane] = ++fill->next;
        break;
    case WIRE_BODY:
        fill_message(fill, row->map, member, 0);
        break;
    case WIRE_ONLY:
        break;
    default:
        fill_number(fill, row, field, member);
    }
}

static void fill_message(struct fill *fill, const struct wire_map *map, char *plain, size_t body)
{
    for (size_t i = 0; i < map->descriptor->n_fields; i++) {
        const struct wire_field *row = &map->fields[i];
        const ProtobufCFieldDescriptor *field = &map->descriptor->fields[i];

        if (row->type == WIRE_BODY && body-- > 0)
            continue;
        if (row->type == WIRE_BODY)
            memcpy(plain + map->kind, &field->id, sizeof field->id);
        fill_field(fill, row, field, plain);
        if (row->type == WIRE_BODY)
            break;
    }
}

bool wire_fill(const struct wire_map *map, void *plain, size_t body, struct arena *arena)
{
    struct fill fill = {.arena = arena, .next = (uint32_t)body};

    if (map->body_from > 0 && body >= wire_bodies(map))
        return false;
    fill_message(&fill, map, plain, body);
    return true;
}

static void assert_message_full(const ProtobufCMessage *message);

static bool is_set(const ProtobufCFieldDescriptor *field, const char *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return **(const char *const *)(const void *)at != '\0';
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)(const void *)at)->len > 0;
    case PROTOBUF_C_TYPE_MESSAGE:
        return *(const void *const *)(const void *)at != NULL;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
        return *(const uint64_t *)(const void *)at != 0;
    default:
        return *(const uint32_t *)(const void *)at != 0;
    }
}

static void assert_field_full(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const char *base = (const char *)message, *at = base + field->offset;
    ProtobufCMessage *const *list;

    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t n = *(const size_t *)(const void *)(base + field->quantifier_offset);

        if (n == 0)
            fail_msg("%s.%s is empty", message->descriptor->short_name, field->name);
        list = *(ProtobufCMessage *const *const *)(const void *)at;
        for (size_t i = 0; i < n && field->type == PROTOBUF_C_TYPE_MESSAGE; i++)
            assert_message_full(list[i]);
        return;
    }
    if (!is_set(field, at))
        fail_msg("%s.%s is not set", message->descriptor->short_name, field->name);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        assert_message_full(*(const ProtobufCMessage *const *)(const void *)at);
}

static void assert_message_full(const ProtobufCMessage *message)
{
    bool body = false, oneof = false;

    for (size_t i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];

        if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
            uint32_t number;

            oneof = true;
            memcpy(&number, (const char *)message + field->quantifier_offset, sizeof number);
            if (number != field->id)
                continue;
            body = true;
        }
        assert_field_full(message, field);
    }
    assert_true(body == oneof);
}

void wire_assert_full(const struct wire_map *map, struct bytes bytes)
{
    ProtobufCMessage *message = protobuf_c_message_unpack(map->descriptor, NULL, bytes.n, bytes.p);

    assert_non_null(message);
    assert_message_full(message);
    protobuf_c_message_free_unpacked(message, NULL);
}
