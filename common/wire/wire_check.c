#include "common/wire/wire_check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/base/text.h"
#include "common/wire/wire_item.h"

enum { PATH_TEXT_MAX = 256, WHY_MAX = 96 };

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

int wire_refuse(struct err *err, const struct place *place, const char *format, ...)
{
    char path[PATH_TEXT_MAX], why[WHY_MAX];
    va_list args;

    if (!err)
        return ERR_PROTOCOL;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    place_text(place, path);
    return err_set(err, ERR_PROTOCOL, "%s: %s", path, why);
}

int wire_check_number(struct err *err, const struct place *place, const struct wire_field *row,
                      const ProtobufCFieldDescriptor *field, uint64_t value)
{
    int64_t number = (int64_t)value;

    switch (row->type) {
    case WIRE_ENUM:
        if (value > INT32_MAX || (row->max > 0 && value > row->max) ||
            !protobuf_c_enum_descriptor_get_value(field->descriptor, (int)value))
            return wire_refuse(err, place, "unknown value %" PRIu64, value);
        return 0;
    case WIRE_ONLY:
        return value == row->max ? 0 : wire_refuse(err, place, "unknown value %" PRIu64, value);
    case WIRE_BOOL:
        return value <= 1 ? 0 : wire_refuse(err, place, "neither true nor false");
    case WIRE_TIME:
        return value <= row->max ? 0 : wire_refuse(err, place, "not a time between 1970 and 9999");
    case WIRE_S32:
        if (value > UINT32_MAX)
            return wire_refuse(err, place, "larger than 32 bits");
        number = (value & 1) ? -(int64_t)(value >> 1) - 1 : (int64_t)(value >> 1);
        break;
    case WIRE_S64:
        number = (value & 1) ? -(int64_t)(value >> 1) - 1 : (int64_t)(value >> 1);
        break;
    case WIRE_I32:
        break;
    default:
        return value <= row->max ? 0 : wire_refuse(err, place, "larger than %" PRIu64, row->max);
    }
    if (number > (int64_t)row->max || number < -(int64_t)row->max)
        return wire_refuse(err, place, "beyond %" PRIu64, row->max);
    return 0;
}

int wire_check_bytes(struct err *err, const struct place *place, const struct wire_field *row,
                     struct bytes bytes)
{
    size_t exact = row->type == WIRE_ID || row->type == WIRE_IDS ? ID_BYTES : (size_t)row->max;
    bool or_none = row->type == WIRE_ID || (row->type == WIRE_FIXED && !(row->flags & WIRE_REQUIRED));

    switch (row->type) {
    case WIRE_TEXT:
    case WIRE_WORDS:
        if (bytes.n > row->max)
            return wire_refuse(err, place, "longer than %" PRIu64 " bytes", row->max);
        if (!text_is_utf8((const char *)bytes.p, bytes.n))
            return wire_refuse(err, place, "not UTF-8, or with a NUL in it");
        return 0;
    case WIRE_PASSED:
        return 0;
    case WIRE_BLOB:
    case WIRE_BLOBS:
        return bytes.n <= row->max ? 0 : wire_refuse(err, place, "longer than %" PRIu64 " bytes", row->max);
    default:
        if (bytes.n == exact || (bytes.n == 0 && or_none))
            return 0;
        return wire_refuse(err, place, "%zu bytes, not %zu", bytes.n, exact);
    }
}
