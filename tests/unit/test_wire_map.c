/* The tables of common/wire against the schema: each row names its field and can hold it. */
#include "common/wire/wire_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MAPS_MAX = 256 };

struct seen {
    const struct wire_map *maps[MAPS_MAX];
    size_t n;
};

static bool type_fits(const struct wire_field *row, const ProtobufCFieldDescriptor *field)
{
    switch (row->type) {
    case WIRE_TEXT:
    case WIRE_WORDS:
        return field->type == PROTOBUF_C_TYPE_STRING && row->max > 0;
    case WIRE_ID:
    case WIRE_IDS:
        return field->type == PROTOBUF_C_TYPE_BYTES;
    case WIRE_FIXED:
    case WIRE_PATH:
    case WIRE_BLOB:
    case WIRE_BLOBS:
        return field->type == PROTOBUF_C_TYPE_BYTES && row->max > 0;
    case WIRE_BOOL:
        return field->type == PROTOBUF_C_TYPE_BOOL;
    case WIRE_ENUM:
        return field->type == PROTOBUF_C_TYPE_ENUM;
    case WIRE_ONLY:
        return field->type == PROTOBUF_C_TYPE_ENUM && row->max > 0;
    case WIRE_U8:
    case WIRE_U32:
        return field->type == PROTOBUF_C_TYPE_UINT32 && row->max > 0 && row->max <= UINT32_MAX;
    case WIRE_U64:
        return field->type == PROTOBUF_C_TYPE_UINT64 && row->max > 0;
    case WIRE_I32:
        return field->type == PROTOBUF_C_TYPE_INT32 && row->max > 0 && row->max <= INT32_MAX;
    case WIRE_S32:
        return field->type == PROTOBUF_C_TYPE_SINT32 && row->max > 0 && row->max <= INT32_MAX;
    case WIRE_S64:
        return field->type == PROTOBUF_C_TYPE_SINT64 && row->max > 0 && row->max <= INT64_MAX;
    case WIRE_TIME:
        return field->type == PROTOBUF_C_TYPE_INT64 && row->max == TIME_MAX_MS;
    default:
        return field->type == PROTOBUF_C_TYPE_MESSAGE && row->map &&
               row->map->descriptor == field->descriptor;
    }
}

static bool is_list(enum wire_type type)
{
    return type == WIRE_WORDS || type == WIRE_IDS || type == WIRE_PATH || type == WIRE_LIST ||
           type == WIRE_INLINE || type == WIRE_CURSORS || type == WIRE_BLOBS;
}

static void check_row(const struct wire_map *map, size_t i)
{
    const ProtobufCFieldDescriptor *field = &map->descriptor->fields[i];
    const struct wire_field *row = &map->fields[i];
    const char *dot = strrchr(row->name, '.');
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    bool oneof = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;

    if (strcmp(dot ? dot + 1 : row->name, field->name) != 0)
        fail_msg("%s: row %zu is \"%s\", the field \"%s\"", map->descriptor->short_name, i, row->name,
                 field->name);
    if (!type_fits(row, field) || repeated != is_list(row->type) || oneof != (row->type == WIRE_BODY))
        fail_msg("%s.%s: type", map->descriptor->short_name, field->name);
    if (repeated && row->list_max == 0)
        fail_msg("%s.%s: no limit", map->descriptor->short_name, field->name);
    if (oneof && field->id < map->body_from)
        fail_msg("%s.%s: below the bodies", map->descriptor->short_name, field->name);
    if (!oneof && map->body_from > 0 && field->id >= map->body_from)
        fail_msg("%s.%s: among the bodies", map->descriptor->short_name, field->name);
}

static void check_map(const struct wire_map *map, struct seen *seen, size_t depth)
{
    assert_true(depth <= DEPTH_MAX);
    for (size_t i = 0; i < seen->n; i++)
        if (seen->maps[i] == map)
            return;
    assert_true(seen->n < MAPS_MAX);
    seen->maps[seen->n++] = map;
    if (map->fields_n < map->descriptor->n_fields)
        fail_msg("%s: %zu rows", map->descriptor->short_name, map->fields_n);
    assert_true(map->descriptor->n_fields <= FIELDS_MAX);
    for (size_t i = 0; i < map->descriptor->n_fields; i++) {
        check_row(map, i);
        if (map->fields[i].map)
            check_map(map->fields[i].map, seen, depth + 1);
    }
}

static void tables_match_the_schema(void **state)
{
    struct seen seen = {.n = 0};

    (void)state;
    check_map(&wire_map_command, &seen, 0);
    check_map(&wire_map_record, &seen, 0);
    check_map(&wire_map_envelope, &seen, 0);
    assert_true(seen.n > 60);
}

/* The bodies' numbers are the kinds of the plain structs. */
static void kinds_are_field_numbers(void **state)
{
    static const uint32_t commands[] = {COMMAND_FOUND_REGION,
                                        COMMAND_ENROL_AGENT,
                                        COMMAND_ENROL_OPERATOR,
                                        COMMAND_REVOKE,
                                        COMMAND_SET_POLICY,
                                        COMMAND_SET_PACK,
                                        COMMAND_DROP_PACK,
                                        COMMAND_FILE_REPORT,
                                        COMMAND_CLOSE_INCIDENT,
                                        COMMAND_ISSUE_ORDERS,
                                        COMMAND_RECALL_ORDER,
                                        COMMAND_ORDER_EVACUATION,
                                        COMMAND_GIVE_RECEIPT,
                                        COMMAND_STATE_UNITS,
                                        COMMAND_RECORD_HISTORY,
                                        COMMAND_RECORD_ALERT,
                                        COMMAND_SET_GRADE,
                                        COMMAND_SET_LEVEL,
                                        COMMAND_SEND_REPORT,
                                        COMMAND_LINK_INCIDENTS,
                                        COMMAND_MERGE_INCIDENT,
                                        COMMAND_SPLIT_INCIDENT,
                                        COMMAND_SET_POST,
                                        COMMAND_OFFER_POST,
                                        COMMAND_ANSWER_POST,
                                        COMMAND_SET_DIVISIONS,
                                        COMMAND_REFER_INCIDENT,
                                        COMMAND_TELL_RECORD,
                                        COMMAND_OFFER_LEAD,
                                        COMMAND_TAKE_LEAD,
                                        COMMAND_ACK,
                                        COMMAND_CARRY_RECORD,
                                        COMMAND_PASS_DEADLINES,
                                        COMMAND_SET_CLOCK,
                                        COMMAND_COUNT_REFUSALS,
                                        COMMAND_RECOVER,
                                        COMMAND_NOTE_LOSS,
                                        COMMAND_REISSUE_ORDER,
                                        COMMAND_SHARE_INCIDENT,
                                        COMMAND_NOTE_LINK,
                                        COMMAND_SEND_CANARY,
                                        COMMAND_NOTE_UNTOLD,
                                        COMMAND_NOTE_READING,
                                        COMMAND_NOTE_SILENCE,
                                        COMMAND_NOTE_LOOKOUT_LIMIT,
                                        COMMAND_PASS_WARNING,
                                        COMMAND_ASK_INCIDENTS,
                                        COMMAND_ASSESS_INCIDENT,
                                        COMMAND_CONFIRM_ORDER};
    static const struct {
        uint32_t number;
        const char *name;
    } events[] = {
#define EVENT_ROW(name, number, text) {number, text},
        EVENT_LIST(EVENT_ROW)
#undef EVENT_ROW
    };
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < wire_map_command.descriptor->n_fields; i++)
        if (wire_map_command.fields[i].type == WIRE_BODY)
            assert_int_equal(wire_map_command.descriptor->fields[i].id, commands[n++]);
    assert_int_equal(n, sizeof commands / sizeof commands[0]);
    assert_int_equal(wire_map_event.descriptor->n_fields, sizeof events / sizeof events[0]);
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        const ProtobufCFieldDescriptor *field = &wire_map_event.descriptor->fields[i];

        assert_int_equal(field->id, events[i].number);
        assert_int_equal(strlen(field->name), strlen(events[i].name));
        for (size_t k = 0; field->name[k]; k++)
            assert_int_equal(field->name[k] == '_' ? '-' : field->name[k], events[i].name[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_match_the_schema),
        cmocka_unit_test(kinds_are_field_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
