/* Whatever is encoded decodes to the same, field by field, and encodes to the same bytes again. */
#include "common/wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "muster/v1/command.pb-c.h"
#include "muster/v1/envelope.pb-c.h"
#include "muster/v1/record.pb-c.h"
#include "tests/unit/wire_fill.h"

enum { PLAIN_MAX = 8192 };

/* Encodes one body of the map with everything set, decodes, encodes again. */
static bool round_trip(const struct wire_map *map, size_t body)
{
    static uint64_t plain[PLAIN_MAX / 8], again[PLAIN_MAX / 8];
    struct buf first, second;
    struct arena arena;
    struct err err;
    bool there;

    assert_true(map->size <= PLAIN_MAX);
    memset(plain, 0, sizeof plain);
    memset(again, 0, sizeof again);
    arena_init(&arena, ARENA_PER_FRAME);
    buf_init(&first, 0);
    buf_init(&second, 0);
    there = wire_fill(map, plain, body, &arena);
    if (there) {
        wire_encode(map, plain, &first);
        assert_false(first.failed);
        wire_assert_full(map, buf_bytes(&first));
        if (wire_decode(map, "it", buf_bytes(&first), &arena, again, &err) < 0)
            fail_msg("%s", err.text);
        wire_encode(map, again, &second);
        assert_false(second.failed);
        assert_int_equal(first.n, second.n);
        assert_memory_equal(first.p, second.p, first.n);
    }
    buf_free(&first);
    buf_free(&second);
    arena_free(&arena);
    return there;
}

static void everything_comes_back(void **state)
{
    size_t commands = 0, events = 0, envelopes = 0;

    (void)state;
    while (round_trip(&wire_map_command, commands))
        commands++;
    while (round_trip(&wire_map_event, events))
        events++;
    while (round_trip(&wire_map_envelope, envelopes))
        envelopes++;
    assert_int_equal(commands, 49);
    assert_int_equal(events, 101);
    assert_int_equal(envelopes, 15);
    assert_true(round_trip(&wire_map_signed, 0));
    assert_true(round_trip(&wire_map_record, 0));
}

static struct id id_of(uint8_t b)
{
    struct id id;

    memset(id.b, b, sizeof id.b);
    return id;
}

static ProtobufCBinaryData data_of(struct id *id)
{
    return (ProtobufCBinaryData){.len = sizeof id->b, .data = id->b};
}

static struct bytes pack(const ProtobufCMessage *message, struct arena *arena)
{
    size_t n = protobuf_c_message_get_packed_size(message);
    uint8_t *p = arena_alloc(arena, n);

    protobuf_c_message_pack(message, p);
    return (struct bytes){p, n};
}

static void assert_encodes_to(const struct command *command, struct bytes want)
{
    struct buf buf;

    buf_init(&buf, 0);
    wire_encode_command(command, &buf);
    assert_false(buf.failed);
    assert_int_equal(buf.n, want.n);
    assert_memory_equal(buf.p, want.p, want.n);
    buf_free(&buf);
}

/* What protobuf-c packs by itself, without the tables. */
static void report_as_protobuf_packs_it(void **state)
{
    Muster__V1__Command pb;
    Muster__V1__FileReport report;
    Muster__V1__Facts facts;
    Muster__V1__Position position;
    Muster__V1__Casualties casualties;
    Muster__V1__Count none, two;
    char region[] = "370102", agent[] = "370102/fire-rescue/1", place[] = "\xe6\xb0\xb4", kind[] = "fire";
    struct id incident = id_of(7);
    struct command command;
    struct bytes bytes;
    struct arena arena;

    (void)state;
    arena_init(&arena, ARENA_PER_FRAME);
    muster__v1__command__init(&pb);
    muster__v1__file_report__init(&report);
    muster__v1__facts__init(&facts);
    muster__v1__position__init(&position);
    muster__v1__casualties__init(&casualties);
    muster__v1__count__init(&none);
    muster__v1__count__init(&two);
    two.value = 2;
    casualties.dead = &none;
    casualties.trapped = &two;
    position.datum = MUSTER__V1__DATUM__DATUM_GCJ02;
    position.latitude_e7 = -366512000;
    position.longitude_e7 = 1171200000;
    facts.kind = kind;
    facts.place = place;
    facts.position = &position;
    facts.casualties = &casualties;
    report.incident = data_of(&incident);
    report.kind = MUSTER__V1__REPORT_KIND__REPORT_KIND_FOLLOW_UP;
    report.facts = &facts;
    pb.region = region;
    pb.agent = agent;
    pb.mode = MUSTER__V1__MODE__MODE_EXERCISE;
    pb.epoch = 3;
    pb.counter = 1u << 31;
    pb.issued_at_ms = 253402300799999;
    pb.body_case = MUSTER__V1__COMMAND__BODY_FILE_REPORT;
    pb.file_report = &report;
    bytes = pack(&pb.base, &arena);

    assert_int_equal(wire_decode_command(bytes, &arena, &command, NULL), 0);
    assert_int_equal(command.kind, COMMAND_FILE_REPORT);
    assert_string_equal(command.region, "370102");
    assert_string_equal(command.agent, agent);
    assert_string_equal(command.operator, "");
    assert_string_equal(command.cosigner, "");
    assert_int_equal(command.signer, SIGNER_NONE);
    assert_int_equal(command.mode, MODE_EXERCISE);
    assert_int_equal(command.epoch, 3);
    assert_int_equal(command.counter, 1u << 31);
    assert_true(command.issued_at_ms == 253402300799999);
    assert_true(id_equal(command.file_report.incident, incident));
    assert_int_equal(command.file_report.kind, REPORT_FOLLOW_UP);
    assert_string_equal(command.file_report.text, "");
    assert_string_equal(command.file_report.facts.kind, "fire");
    assert_string_equal(command.file_report.facts.place, place);
    assert_string_equal(command.file_report.facts.title, "");
    assert_true(command.file_report.facts.position.present);
    assert_int_equal(command.file_report.facts.position.datum, DATUM_GCJ02);
    assert_int_equal(command.file_report.facts.position.latitude_e7, -366512000);
    assert_int_equal(command.file_report.facts.position.longitude_e7, 1171200000);
    assert_true(command.file_report.facts.casualties.dead == 0);
    assert_true(command.file_report.facts.casualties.missing == COUNT_UNKNOWN);
    assert_true(command.file_report.facts.casualties.trapped == 2);
    assert_true(command.file_report.facts.loss_cny == COUNT_UNKNOWN);
    assert_encodes_to(&command, bytes);
    arena_free(&arena);
}

static void orders_as_protobuf_packs_them(void **state)
{
    Muster__V1__Command pb;
    Muster__V1__IssueOrders issue;
    Muster__V1__NewOrder orders[2];
    Muster__V1__NewOrder *list[] = {&orders[0], &orders[1]};
    char addressee[] = "370102/health", unit[] = "A1", other[] = "A2", *units[] = {unit, other};
    struct id first = id_of(1), second = id_of(2), old = id_of(3);
    struct command command;
    struct bytes bytes;
    struct arena arena;

    (void)state;
    arena_init(&arena, ARENA_PER_FRAME);
    muster__v1__command__init(&pb);
    muster__v1__issue_orders__init(&issue);
    muster__v1__new_order__init(&orders[0]);
    muster__v1__new_order__init(&orders[1]);
    orders[0].order = data_of(&first);
    orders[0].addressee = addressee;
    orders[0].answer_by_ms = 1000;
    orders[1].order = data_of(&second);
    orders[1].reissue_of = data_of(&old);
    orders[1].units = units;
    orders[1].n_units = 2;
    issue.orders = list;
    issue.n_orders = 2;
    pb.body_case = MUSTER__V1__COMMAND__BODY_ISSUE_ORDERS;
    pb.issue_orders = &issue;
    bytes = pack(&pb.base, &arena);

    assert_int_equal(wire_decode_command(bytes, &arena, &command, NULL), 0);
    assert_int_equal(command.mode, MODE_NONE);
    assert_true(id_is_zero(command.issue_orders.incident));
    assert_int_equal(command.issue_orders.orders_n, 2);
    assert_true(id_equal(command.issue_orders.orders[0].order, first));
    assert_string_equal(command.issue_orders.orders[0].addressee, "370102/health");
    assert_true(command.issue_orders.orders[0].answer_by_ms == 1000);
    assert_true(id_is_zero(command.issue_orders.orders[0].reissue_of));
    assert_int_equal(command.issue_orders.orders[0].units.n, 0);
    assert_true(id_equal(command.issue_orders.orders[1].reissue_of, old));
    assert_int_equal(command.issue_orders.orders[1].units.n, 2);
    assert_string_equal(command.issue_orders.orders[1].units.at[1], "A2");
    assert_encodes_to(&command, bytes);
    arena_free(&arena);
}

/* A position without a reference system is told from none: the domain has a word for each. */
static void position_without_datum_is_seen(void **state)
{
    static const uint8_t bare[] = {0x82, 0x02, 4, 0x1a, 2, 0x1a, 0}; /* file_report.facts.position {} */
    static const uint8_t none[] = {0x82, 0x02, 2, 0x1a, 0};          /* file_report.facts {} */
    static const uint8_t empty[] = {0x82, 0x02, 0};                  /* the same: no facts are left out */
    struct command command;
    struct arena arena;

    (void)state;
    arena_init(&arena, ARENA_PER_FRAME);
    assert_int_equal(wire_decode_command((struct bytes){bare, sizeof bare}, &arena, &command, NULL), 0);
    assert_true(command.file_report.facts.position.present);
    assert_int_equal(command.file_report.facts.position.datum, DATUM_NONE);
    assert_encodes_to(&command, (struct bytes){bare, sizeof bare});
    assert_int_equal(wire_decode_command((struct bytes){none, sizeof none}, &arena, &command, NULL), 0);
    assert_false(command.file_report.facts.position.present);
    assert_encodes_to(&command, (struct bytes){empty, sizeof empty});
    arena_free(&arena);
}

static void absent_receipt_parts_are_absent(void **state)
{
    struct command command = {.kind = COMMAND_GIVE_RECEIPT}, again;
    struct arena arena;
    struct buf buf;

    (void)state;
    arena_init(&arena, ARENA_PER_FRAME);
    buf_init(&buf, 0);
    wire_encode_command(&command, &buf); /* texts that are NULL count as "" */
    assert_int_equal(wire_decode_command(buf_bytes(&buf), &arena, &again, NULL), 0);
    assert_false(again.give_receipt.has_head_count);
    assert_string_equal(again.give_receipt.text, "");
    command.give_receipt.has_head_count = true; /* nobody there: a count all the same */
    buf_reset(&buf);
    wire_encode_command(&command, &buf);
    assert_int_equal(wire_decode_command(buf_bytes(&buf), &arena, &again, NULL), 0);
    assert_true(again.give_receipt.has_head_count);
    buf_free(&buf);
    arena_free(&arena);
}

static void welcome_brings_cursors_by_lane(void **state)
{
    struct envelope envelope = {.kind = ENVELOPE_WELCOME}, again;
    struct arena arena;
    struct buf buf;

    (void)state;
    arena_init(&arena, ARENA_PER_FRAME);
    buf_init(&buf, 0);
    envelope.welcome.acked[LANE_URGENT] = 9;
    envelope.welcome.acked[LANE_BULK] = INT64_MAX;
    wire_encode_envelope(&envelope, &buf);
    assert_int_equal(wire_decode_envelope(buf_bytes(&buf), &arena, &again, NULL), 0);
    assert_int_equal(again.kind, ENVELOPE_WELCOME);
    assert_false(again.welcome.head.present);
    assert_string_equal(again.welcome.head.region, "");
    assert_int_equal(again.welcome.acked[LANE_URGENT], 9);
    assert_int_equal(again.welcome.acked[LANE_ORDERS], 0);
    assert_true(again.welcome.acked[LANE_BULK] == INT64_MAX);
    buf_free(&buf);
    arena_free(&arena);
}

/* Events of a later version: the known ones are read, the others counted. */
static void unknown_events_are_counted(void **state)
{
    static const uint8_t later[] = {0x12, 4, 0xa2, 0x38, 1, 'x'}; /* events { 900: "x" } */
    struct record record, again;
    struct arena arena;
    struct buf buf;

    (void)state;
    memset(&record, 0, sizeof record);
    arena_init(&arena, ARENA_PER_FRAME);
    buf_init(&buf, 0);
    record.events = (struct event[]){{.kind = EVENT_ORDER_EXPIRED, .at_ms = 5}};
    record.events_n = 1;
    buf_append(&buf, later, sizeof later);
    wire_encode_record(&record, &buf);
    buf_append(&buf, later, sizeof later);
    assert_int_equal(wire_decode_record(buf_bytes(&buf), &arena, &again, NULL), 0);
    assert_int_equal(again.unknown_events, 2);
    assert_int_equal(again.events_n, 1);
    assert_int_equal(again.events[0].kind, EVENT_ORDER_EXPIRED);
    assert_true(again.events[0].at_ms == 5);
    assert_int_equal(again.refusal, REFUSED_NOT);
    assert_string_equal(again.detail, "");
    buf_free(&buf);
    arena_free(&arena);
}

/* A refusal has no events; both together are no record. */
static void refusal_or_events(void **state)
{
    struct record record, again;
    struct arena arena;
    struct buf buf;
    struct err err;

    (void)state;
    memset(&record, 0, sizeof record);
    arena_init(&arena, ARENA_PER_FRAME);
    buf_init(&buf, 0);
    record.refusal = REFUSED_RIGHT;
    record.detail = "order:dispatch";
    wire_encode_record(&record, &buf);
    assert_int_equal(wire_decode_record(buf_bytes(&buf), &arena, &again, NULL), 0);
    assert_int_equal(again.refusal, REFUSED_RIGHT);
    assert_string_equal(again.detail, "order:dispatch");
    buf_reset(&buf);
    record.events = (struct event[]){{.kind = EVENT_ORDER_EXPIRED, .at_ms = 5}};
    record.events_n = 1;
    wire_encode_record(&record, &buf);
    assert_int_equal(wire_decode_record(buf_bytes(&buf), &arena, &again, &err), ERR_PROTOCOL);
    assert_string_equal(err.text, "record: a refusal and events");
    buf_free(&buf);
    arena_free(&arena);
}

/* For folding: the events and no command, which must be there all the same. */
static void outcome_without_its_command(void **state)
{
    struct record record, again;
    struct arena arena;
    struct buf buf;
    struct err err;

    (void)state;
    memset(&record, 0, sizeof record);
    arena_init(&arena, ARENA_PER_FRAME);
    buf_init(&buf, 0);
    record.signed_command.payload = (struct bytes){(const uint8_t *)"said", 4};
    record.events = (struct event[]){{.kind = EVENT_ORDER_EXPIRED, .at_ms = 5}};
    record.events_n = 1;
    wire_encode_record(&record, &buf);
    assert_int_equal(wire_decode_record(buf_bytes(&buf), &arena, &again, NULL), 0);
    assert_int_equal(again.signed_command.payload.n, 4);
    assert_int_equal(wire_decode_outcome(buf_bytes(&buf), &arena, &again, NULL), 0);
    assert_int_equal(again.signed_command.payload.n, 0);
    assert_int_equal(again.events_n, 1);
    assert_int_equal(again.events[0].kind, EVENT_ORDER_EXPIRED);
    assert_true(again.events[0].at_ms == 5);

    static const uint8_t alone[] = {0x12, 4, 0xa2, 0x38, 1, 'x'}; /* events { 900: "x" } */
    assert_int_equal(wire_decode_outcome((struct bytes){alone, sizeof alone}, &arena, &again, &err),
                     ERR_PROTOCOL);
    assert_string_equal(err.text, "record.command: missing");
    buf_free(&buf);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_comes_back),           cmocka_unit_test(report_as_protobuf_packs_it),
        cmocka_unit_test(orders_as_protobuf_packs_them),   cmocka_unit_test(position_without_datum_is_seen),
        cmocka_unit_test(absent_receipt_parts_are_absent), cmocka_unit_test(welcome_brings_cursors_by_lane),
        cmocka_unit_test(unknown_events_are_counted),      cmocka_unit_test(refusal_or_events),
        cmocka_unit_test(outcome_without_its_command),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
