#include "common/wire/wire_map.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/base/text.h"

enum { PATH_TEXT_MAX = 256, WHY_MAX = 96, FIELD_NUMBER_MAX = (1 << 29) - 1 };

enum { COUNTER_FIELD = 5 }; /* of Command */

enum { VARINT = 0, FIXED64 = 1, DELIMITED = 2, FIXED32 = 5 };

/* Where in the input: a chain from the field up to the root. */
struct place {
    const struct place *up;
    const char *name;
    uint32_t index; /* of a list's element */
    bool in_list;
};

struct scan {
    struct err *err;
    uint32_t unknown;
};

/* One field as it stands in the bytes. */
struct item {
    uint32_t number;
    unsigned wire;
    uint64_t value;     /* of a varint */
    struct bytes bytes; /* of a delimited */
};

/* "command.issue_orders.orders[3].text", cut when it does not fit. */
static void place_text(const struct place *place, char ret[PATH_TEXT_MAX])
{
    const struct place *chain[DEPTH_MAX + 2];
    size_t n = 0, used = 0;

    for (; place && n < sizeof chain / sizeof chain[0]; place = place->up)
        chain[n++] = place;
    ret[0] = '\0';
    while (n-- > 0 && used < PATH_TEXT_MAX) {
        const char *dot = used > 0 ? "." : "";
        int written;

        if (chain[n]->in_list)
            written = snprintf(ret + used, PATH_TEXT_MAX - used, "%s%s[%" PRIu32 "]", dot, chain[n]->name,
                               chain[n]->index);
        else
            written = snprintf(ret + used, PATH_TEXT_MAX - used, "%s%s", dot, chain[n]->name);
        used += written > 0 ? (size_t)written : 0;
    }
}

__attribute__((format(printf, 3, 4))) static int refuse(const struct scan *scan, const struct place *place,
                                                        const char *format, ...)
{
    char path[PATH_TEXT_MAX], why[WHY_MAX];
    va_list args;

    if (!scan->err)
        return ERR_PROTOCOL;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    place_text(place, path);
    return err_set(scan->err, ERR_PROTOCOL, "%s: %s", path, why);
}

/* At most ten bytes, and no more than the value needs: a padded one could be signed twice. */
static bool take_varint(struct bytes *rest, uint64_t *ret)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < 10 && i < rest->n; i++) {
        uint8_t b = rest->p[i];

        if (i == 9 && b > 1)
            return false;
        value |= (uint64_t)(b & 0x7f) << (7 * i);
        if (b & 0x80)
            continue;
        if (b == 0 && i > 0)
            return false;
        rest->p += i + 1;
        rest->n -= i + 1;
        *ret = value;
        return true;
    }
    return false;
}

static bool take_bytes(struct bytes *rest, uint64_t n, struct bytes *ret)
{
    if (n > rest->n)
        return false;
    *ret = (struct bytes){rest->p, (size_t)n};
    rest->p += n;
    rest->n -= (size_t)n;
    return true;
}

/* Groups, wire types of no meaning, field number 0 and a field that is cut off are no item. */
static bool take_item(struct bytes *rest, struct item *ret)
{
    uint64_t key, n;

    if (!take_varint(rest, &key) || key >> 3 == 0 || key >> 3 > FIELD_NUMBER_MAX)
        return false;
    *ret = (struct item){.number = (uint32_t)(key >> 3), .wire = (unsigned)(key & 7)};
    switch (ret->wire) {
    case VARINT:
        return take_varint(rest, &ret->value);
    case FIXED64:
        return take_bytes(rest, 8, &ret->bytes);
    case DELIMITED:
        return take_varint(rest, &n) && take_bytes(rest, n, &ret->bytes);
    case FIXED32:
        return take_bytes(rest, 4, &ret->bytes);
    default:
        return false;
    }
}

static unsigned wire_of(enum wire_type type)
{
    switch (type) {
    case WIRE_BOOL:
    case WIRE_ENUM:
    case WIRE_ONLY:
    case WIRE_U8:
    case WIRE_U32:
    case WIRE_U64:
    case WIRE_I32:
    case WIRE_S32:
    case WIRE_S64:
    case WIRE_TIME:
        return VARINT;
    default:
        return DELIMITED;
    }
}

static int check_number(const struct scan *scan, const struct place *place, const struct wire_field *row,
                        const ProtobufCFieldDescriptor *field, uint64_t value)
{
    int64_t number = (int64_t)value;

    switch (row->type) {
    case WIRE_ENUM:
        if (value > INT32_MAX || (row->max > 0 && value > row->max) ||
            !protobuf_c_enum_descriptor_get_value(field->descriptor, (int)value))
            return refuse(scan, place, "unknown value %" PRIu64, value);
        return 0;
    case WIRE_ONLY:
        return value == row->max ? 0 : refuse(scan, place, "unknown value %" PRIu64, value);
    case WIRE_BOOL:
        return value <= 1 ? 0 : refuse(scan, place, "neither true nor false");
    case WIRE_TIME:
        return value <= row->max ? 0 : refuse(scan, place, "not a time between 1970 and 9999");
    case WIRE_S32:
        if (value > UINT32_MAX)
            return refuse(scan, place, "larger than 32 bits");
        number = (value & 1) ? -(int64_t)(value >> 1) - 1 : (int64_t)(value >> 1);
        break;
    case WIRE_S64:
        number = (value & 1) ? -(int64_t)(value >> 1) - 1 : (int64_t)(value >> 1);
        break;
    case WIRE_I32:
        break;
    default:
        return value <= row->max ? 0 : refuse(scan, place, "larger than %" PRIu64, row->max);
    }
    if (number > (int64_t)row->max || number < -(int64_t)row->max)
        return refuse(scan, place, "beyond %" PRIu64, row->max);
    return 0;
}

static int check_bytes(const struct scan *scan, const struct place *place, const struct wire_field *row,
                       struct bytes bytes)
{
    size_t exact = row->type == WIRE_ID || row->type == WIRE_IDS ? ID_BYTES : (size_t)row->max;
    bool or_none = row->type == WIRE_ID || (row->type == WIRE_FIXED && !(row->flags & WIRE_REQUIRED));

    switch (row->type) {
    case WIRE_TEXT:
    case WIRE_WORDS:
        if (bytes.n > row->max)
            return refuse(scan, place, "longer than %" PRIu64 " bytes", row->max);
        if (!text_is_utf8((const char *)bytes.p, bytes.n))
            return refuse(scan, place, "not UTF-8, or with a NUL in it");
        return 0;
    case WIRE_BLOB:
        return bytes.n <= row->max ? 0 : refuse(scan, place, "longer than %" PRIu64 " bytes", row->max);
    default:
        if (bytes.n == exact || (bytes.n == 0 && or_none))
            return 0;
        return refuse(scan, place, "%zu bytes, not %zu", bytes.n, exact);
    }
}

/* Fields mostly come in their order, so the search starts where the last one was. */
static size_t find_field(const struct wire_map *map, size_t hint, uint32_t number)
{
    const ProtobufCFieldDescriptor *fields = map->descriptor->fields;
    size_t n = wire_rows(map);

    for (size_t i = hint; i < n; i++)
        if (fields[i].id == number)
            return i;
    for (size_t i = 0; i < hint; i++)
        if (fields[i].id == number)
            return i;
    return SIZE_MAX;
}

static int scan_message(struct scan *scan, const struct wire_map *map, const struct place *place,
                        size_t depth, struct bytes rest);

static int scan_known(struct scan *scan, const struct wire_map *map, size_t i, const struct place *place,
                      size_t depth, uint32_t *count, const struct item *item)
{
    const ProtobufCFieldDescriptor *field = &map->descriptor->fields[i];
    const struct wire_field *row = &map->fields[i];
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    struct place here = {.up = place, .name = field->name, .index = *count, .in_list = repeated};

    if (!repeated && *count > 0)
        return refuse(scan, &here, "given twice");
    if (repeated && *count >= row->list_max)
        return refuse(scan, &here, "more than %" PRIu32, row->list_max);
    ++*count;
    if (item->wire != wire_of(row->type))
        return refuse(scan, &here, "wire type %u", item->wire);
    if (row->map)
        return scan_message(scan, row->map, &here, depth + 1, item->bytes);
    if (item->wire == VARINT)
        return check_number(scan, &here, row, field, item->value);
    return check_bytes(scan, &here, row, item->bytes);
}

static int scan_missing(const struct scan *scan, const struct wire_map *map, const struct place *place,
                        const uint32_t *counts)
{
    for (size_t i = 0; i < wire_rows(map); i++) {
        struct place here = {.up = place, .name = map->descriptor->fields[i].name};

        if ((map->fields[i].flags & WIRE_REQUIRED) && counts[i] == 0)
            return refuse(scan, &here, "missing");
    }
    return 0;
}

static int scan_message(struct scan *scan, const struct wire_map *map, const struct place *place,
                        size_t depth, struct bytes rest)
{
    uint32_t counts[FIELDS_MAX] = {0}, bodies = 0;
    struct item item;
    size_t hint = 0;

    if (depth > DEPTH_MAX)
        return refuse(scan, place, "nested too deep");
    while (rest.n > 0) {
        bool body;
        size_t i;
        int rc;

        if (!take_item(&rest, &item))
            return refuse(scan, place, "cut off, or no protobuf");
        body = map->body_from > 0 && item.number >= map->body_from;
        /* Of two bodies, readers of two versions could see one each. */
        if (body && ++bodies > 1)
            return refuse(scan, place, "more than one body");
        i = find_field(map, hint, item.number);
        if (i == SIZE_MAX) {
            if (body && !map->body_open)
                return refuse(scan, place, "a body of unknown kind %" PRIu32, item.number);
            if (++scan->unknown > UNKNOWN_FIELDS_MAX)
                return refuse(scan, place, "more than %d unknown fields", UNKNOWN_FIELDS_MAX);
            continue;
        }
        rc = scan_known(scan, map, i, place, depth, &counts[i], &item);
        if (rc < 0)
            return rc;
        hint = i;
    }
    if (map->body_from > 0 && bodies == 0)
        return refuse(scan, place, "without a body");
    return scan_missing(scan, map, place, counts);
}

int wire_scan(const struct wire_map *map, const char *root, struct bytes bytes, struct err *err)
{
    struct scan scan = {.err = err};
    struct place place = {.name = root};

    return scan_message(&scan, map, &place, 0, bytes);
}

uint64_t wire_peek_counter(struct bytes bytes)
{
    struct item item;

    while (bytes.n > 0 && take_item(&bytes, &item))
        if (item.number == COUNTER_FIELD && item.wire == VARINT)
            return item.value <= INT64_MAX ? item.value : 0;
    return 0;
}
