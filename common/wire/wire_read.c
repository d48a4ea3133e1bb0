/* Bytes to plain structs, in one go: what is checked is stored, and nothing is stored that was not.
 * protobuf-c would read into a tree of its own first, and checks neither texts, ranges, sizes nor doubles.
 * What is let pass has one reading only; tests/unit/test_wire_protobuf.c holds it against protobuf-c's. */
#include <inttypes.h>
#include <string.h>

#include "common/wire/wire_check.h"
#include "common/wire/wire_item.h"

enum { COUNTER_FIELD = 5 }; /* of Command */

struct reader {
    struct arena *arena;
    struct err *err;
    uint32_t unknown;
};

/* Fields mostly come in their order: what is looked for is where the last one was, or next to it. */
static size_t find_field(const struct wire_map *map, size_t hint, uint32_t number)
{
    const ProtobufCFieldDescriptor *fields = map->descriptor->fields;
    const ProtobufCFieldDescriptor *found;
    size_t n = wire_rows(map);

    for (size_t i = hint; i < n && i <= hint + 1; i++)
        if (fields[i].id == number)
            return i;
    found = protobuf_c_message_descriptor_get_field(map->descriptor, number);
    return found && (size_t)(found - fields) < n ? (size_t)(found - fields) : SIZE_MAX;
}

/* What a struct without its message holds: texts "", counts unknown. */
static void set_empty(const struct wire_map *map, void *plain)
{
    static const char *const empty = "";

    for (size_t i = 0; i < map->fields_n; i++) {
        const struct wire_field *row = &map->fields[i];
        char *member = (char *)plain + row->member;

        if (row->type == WIRE_BODY)
            return; /* they stand last, and are emptied when they come */
        if (row->type == WIRE_TEXT)
            memcpy(member, &empty, sizeof empty);
        else if (row->type == WIRE_COUNT)
            memcpy(member, &(int64_t){COUNT_UNKNOWN}, sizeof(int64_t));
        else if (row->type == WIRE_MESSAGE)
            set_empty(row->map, member);
    }
}

/* --- one value ------------------------------------------------------------------------------------- */

static void store_number(const struct wire_field *row, uint64_t value, char *member)
{
    uint32_t narrow = (uint32_t)value;

    switch (row->type) {
    case WIRE_ONLY:
        return;
    case WIRE_BOOL:
        *(bool *)member = value != 0;
        return;
    case WIRE_U8:
        *(uint8_t *)member = (uint8_t)value;
        return;
    case WIRE_S64:
        value = (value >> 1) ^ (0 - (value & 1));
        memcpy(member, &value, sizeof value);
        return;
    case WIRE_U64:
    case WIRE_TIME:
        memcpy(member, &value, sizeof value);
        return;
    case WIRE_S32:
        narrow = (narrow >> 1) ^ (0u - (narrow & 1u));
        break;
    default: /* enums and numbers of 32 bits */
        break;
    }
    memcpy(member, &narrow, sizeof narrow);
}

static int store_text(struct reader *reader, struct bytes bytes, const char **ret)
{
    char *text;

    if (bytes.n == 0) {
        *ret = "";
        return 0;
    }
    text = arena_text(reader->arena, bytes.p, bytes.n);
    if (!text)
        return ERR_NO_MEMORY;
    *ret = text;
    return 0;
}

static int store_bytes(struct reader *reader, const struct wire_field *row, struct bytes bytes, char *member)
{
    struct bytes *blob = (struct bytes *)(void *)member;

    if (row->type == WIRE_TEXT)
        return store_text(reader, bytes, (const char **)(void *)member);
    if (bytes.n == 0 || row->type == WIRE_PASSED)
        return 0;
    if (row->type == WIRE_BLOB) {
        *blob = (struct bytes){arena_copy(reader->arena, bytes.p, bytes.n), bytes.n};
        return blob->p ? 0 : ERR_NO_MEMORY;
    }
    memcpy(member, bytes.p, bytes.n);
    return 0;
}

/* --- messages -------------------------------------------------------------------------------------- */

static int read_message(struct reader *reader, const struct wire_map *map, const struct place *place,
                        size_t depth, struct bytes rest, char *plain);

/* How many of the field are still to come. */
static size_t count_more(struct bytes rest, uint32_t number)
{
    struct item item = {.number = 0};
    size_t n = 0;

    while (rest.n > 0 && take_item(&rest, &item))
        n += item.number == number;
    return n;
}

/* The array of a list, of which this is the first element. */
static int make_room(struct reader *reader, const struct wire_field *row, uint32_t number, struct bytes rest,
                     char *plain)
{
    size_t n = 1 + count_more(rest, number), size = 0;
    void *array;

    switch (row->type) {
    case WIRE_WORDS:
        size = sizeof(const char *);
        break;
    case WIRE_IDS:
        size = ID_BYTES;
        break;
    case WIRE_BLOBS:
        size = sizeof(struct bytes);
        break;
    case WIRE_LIST:
        size = row->map->size;
        break;
    default:
        return 0; /* within the struct */
    }
    array = arena_alloc_array(reader->arena, n < row->list_max ? n : row->list_max, size);
    if (!array)
        return ERR_NO_MEMORY;
    memcpy(plain + row->member, &array, sizeof array);
    return 0;
}

static int read_cursor(struct reader *reader, const struct wire_field *row, const struct place *place,
                       size_t depth, struct bytes bytes, char *plain)
{
    uint64_t *acked = (uint64_t *)(void *)(plain + row->member);
    struct lane_cursor cursor = {.lane = LANE_NONE};
    int rc = read_message(reader, row->map, place, depth, bytes, (char *)&cursor);

    if (rc < 0)
        return rc;
    if (cursor.lane == LANE_NONE || cursor.acked_seq == 0 || acked[cursor.lane] != 0)
        return wire_refuse(reader->err, place, "a cursor of no lane, at nothing, or two of one");
    acked[cursor.lane] = cursor.acked_seq;
    return 0;
}

/* Element i of a list of texts, ids, hashes or byte strings. */
static int store_element(struct reader *reader, const struct wire_field *row, size_t i,
                         const struct place *place, struct bytes bytes, char *member, char *array)
{
    int rc = wire_check_bytes(reader->err, place, row, bytes);

    if (rc < 0)
        return rc;
    if (row->type == WIRE_WORDS)
        return store_text(reader, bytes, (const char **)(void *)array + i);
    if (row->type == WIRE_IDS)
        memcpy(array + i * ID_BYTES, bytes.p, ID_BYTES);
    else if (row->type == WIRE_BLOBS)
        ((struct bytes *)(void *)array)[i] = bytes;
    else
        memcpy(member + i * (size_t)row->max, bytes.p, (size_t)row->max);
    return 0;
}

/* Element i of a list. */
static int read_element(struct reader *reader, const struct wire_field *row, size_t i,
                        const struct place *place, size_t depth, struct bytes bytes, char *plain)
{
    char *member = plain + row->member, *array;
    size_t n = i + 1;
    int rc;

    if (row->type == WIRE_CURSORS)
        return read_cursor(reader, row, place, depth, bytes, plain);
    memcpy(&array, member, sizeof array);
    if (row->map)
        rc = read_message(reader, row->map, place, depth, bytes,
                          (row->type == WIRE_LIST ? array : member) + i * row->map->size);
    else
        rc = store_element(reader, row, i, place, bytes, member, array);
    if (row->type == WIRE_WORDS)
        ((struct words *)(void *)member)->n = n;
    else
        memcpy(plain + row->n, &n, sizeof n);
    return rc;
}

static int read_single(struct reader *reader, const struct wire_map *map, size_t i, const struct place *place,
                       size_t depth, const struct item *item, char *plain)
{
    const ProtobufCFieldDescriptor *field = &map->descriptor->fields[i];
    const struct wire_field *row = &map->fields[i];
    char *member = plain + row->member;
    int rc;

    if (row->type == WIRE_COUNT)
        memset(member, 0, sizeof(int64_t)); /* known, if only as zero */
    if (row->type == WIRE_BODY)
        memcpy(plain + map->kind, &field->id, sizeof field->id);
    if (row->flags & WIRE_FLAGGED)
        *(bool *)(plain + row->n) = true;
    if (row->map)
        return read_message(reader, row->map, place, depth, item->bytes, member);
    if (item->wire == VARINT) {
        rc = wire_check_number(reader->err, place, row, field, item->value);
        if (rc == 0)
            store_number(row, item->value, member);
        return rc;
    }
    rc = wire_check_bytes(reader->err, place, row, item->bytes);
    return rc < 0 ? rc : store_bytes(reader, row, item->bytes, member);
}

static int read_known(struct reader *reader, const struct wire_map *map, size_t i, const struct place *place,
                      size_t depth, uint32_t count, const struct item *item, struct bytes rest, char *plain)
{
    const ProtobufCFieldDescriptor *field = &map->descriptor->fields[i];
    const struct wire_field *row = &map->fields[i];
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    struct place here = {.up = place, .name = field->name, .index = count, .in_list = repeated};
    int rc = 0;

    if (!repeated && count > 0)
        return wire_refuse(reader->err, &here, "given twice");
    if (repeated && count >= row->list_max)
        return wire_refuse(reader->err, &here, "more than %" PRIu32, row->list_max);
    if (item->wire != wire_of(row->type))
        return wire_refuse(reader->err, &here, "wire type %u", item->wire);
    if (!repeated)
        return read_single(reader, map, i, &here, depth + 1, item, plain);
    if (count == 0)
        rc = make_room(reader, row, item->number, rest, plain);
    return rc < 0 ? rc : read_element(reader, row, count, &here, depth + 1, item->bytes, plain);
}

/* Which fields of a message were there. */
struct seen {
    uint64_t bits[(FIELDS_MAX + 63) / 64];
};

static bool is_seen(const struct seen *seen, size_t i)
{
    return (seen->bits[i / 64] >> i % 64 & 1) != 0;
}

static int check_missing(const struct reader *reader, const struct wire_map *map, const struct place *place,
                         const struct seen *seen)
{
    for (size_t i = 0; i < wire_rows(map); i++) {
        if ((map->fields[i].flags & WIRE_REQUIRED) && !is_seen(seen, i)) {
            struct place here = {.up = place, .name = map->descriptor->fields[i].name};

            return wire_refuse(reader->err, &here, "missing");
        }
    }
    return 0;
}

static int read_message(struct reader *reader, const struct wire_map *map, const struct place *place,
                        size_t depth, struct bytes rest, char *plain)
{
    uint32_t counts[FIELDS_MAX]; /* of those that were seen */
    uint32_t bodies = 0;
    struct seen seen = {{0}};
    struct item item = {.number = 0};
    size_t hint = 0;

    if (depth > DEPTH_MAX)
        return wire_refuse(reader->err, place, "nested too deep");
    if (!map->body_open) /* that holds bodies alone, and one of them will come, or nothing will be read */
        set_empty(map, plain);
    while (rest.n > 0) {
        bool body;
        size_t i;
        int rc;

        if (!take_item(&rest, &item))
            return wire_refuse(reader->err, place, "cut off, or no protobuf");
        body = map->body_from > 0 && item.number >= map->body_from;
        /* Of two bodies, readers of two versions could see one each. */
        if (body && ++bodies > 1)
            return wire_refuse(reader->err, place, "more than one body");
        i = find_field(map, hint, item.number);
        if (i == SIZE_MAX) {
            if (body && !map->body_open)
                return wire_refuse(reader->err, place, "a body of unknown kind %" PRIu32, item.number);
            if (++reader->unknown > UNKNOWN_FIELDS_MAX)
                return wire_refuse(reader->err, place, "more than %d unknown fields", UNKNOWN_FIELDS_MAX);
            continue;
        }
        if (!is_seen(&seen, i)) {
            seen.bits[i / 64] |= UINT64_C(1) << i % 64;
            counts[i] = 0;
        }
        rc = read_known(reader, map, i, place, depth, counts[i], &item, rest, plain);
        if (rc < 0)
            return rc;
        counts[i]++;
        hint = i;
    }
    if (map->body_from > 0 && bodies == 0)
        return wire_refuse(reader->err, place, "without a body");
    return check_missing(reader, map, place, &seen);
}

int wire_decode(const struct wire_map *map, const char *root, struct bytes bytes, struct arena *arena,
                void *ret, struct err *err)
{
    struct reader reader = {.arena = arena, .err = err};
    struct place place = {.name = root};
    int rc = read_message(&reader, map, &place, 0, bytes, ret);

    if (rc == ERR_NO_MEMORY)
        return err_set(err, rc, "%s: needs more memory than its size allows", root);
    return rc;
}

uint64_t wire_peek_counter(struct bytes bytes)
{
    struct item item = {.number = 0};

    while (bytes.n > 0 && take_item(&bytes, &item))
        if (item.number == COUNTER_FIELD && item.wire == VARINT)
            return item.value <= INT64_MAX ? item.value : 0;
    return 0;
}
