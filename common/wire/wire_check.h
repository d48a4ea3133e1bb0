/* Private to this room: what a field may hold, the same for what comes in and what goes out. */
#ifndef MUSTER_COMMON_WIRE_WIRE_CHECK_H
#define MUSTER_COMMON_WIRE_WIRE_CHECK_H

#include "common/wire/wire_item.h"
#include "common/wire/wire_map.h"

/* Where in the input: a chain from the field up to the root. */
struct place {
    const struct place *up;
    const char *name;
    uint32_t index; /* of a list's element */
    bool in_list;
};

/* "command.issue_orders.orders[3].text: why" to err, which may be NULL. ERR_PROTOCOL. */
int wire_refuse(struct err *err, const struct place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The wire type of a field's items: VARINT or DELIMITED. */
static inline unsigned wire_of(enum wire_type type)
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

/* A number as it stands in a varint. 0 or ERR_PROTOCOL. */
int wire_check_number(struct err *err, const struct place *place, const struct wire_field *row,
                      const ProtobufCFieldDescriptor *field, uint64_t value);
/* Text, id, hash or blob. 0 or ERR_PROTOCOL. */
int wire_check_bytes(struct err *err, const struct place *place, const struct wire_field *row,
                     struct bytes bytes);

#endif
