/* Bytes that nobody honest sends: refused, each with its reason, and never read beyond their end. */
#include "common/wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/wire_fill.h"

enum { PLAIN_MAX = 8192 };

typedef void (*with_sample)(const struct wire_map *map, struct bytes bytes);

/* Calls back with each command, event, envelope, and a record of all events, with every field set. */
static void each_of(const struct wire_map *map, with_sample call)
{
    static uint64_t plain[PLAIN_MAX / 8];
    struct arena arena;
    struct buf buf;

    arena_init(&arena, ARENA_PER_FRAME);
    buf_init(&buf, 0);
    for (size_t body = 0; body == 0 || map->body_from > 0; body++) {
        memset(plain, 0, sizeof plain);
        if (!wire_fill(map, plain, body, &arena))
            break;
        buf_reset(&buf);
        wire_encode(map, plain, &buf);
        assert_false(buf.failed);
        call(map, buf_bytes(&buf));
    }
    buf_free(&buf);
    arena_free(&arena);
}

static void each_sample(with_sample call)
{
    each_of(&wire_map_command, call);
    each_of(&wire_map_envelope, call);
    each_of(&wire_map_record, call);
}

/* Decodes a copy that ends where its memory ends. What is taken encodes, and decodes to the same. */
static int decode(const struct wire_map *map, struct bytes bytes, struct err *err)
{
    static uint64_t plain[PLAIN_MAX / 8];
    uint8_t *copy = malloc(bytes.n > 0 ? bytes.n : 1);
    struct buf again;
    struct arena arena;
    int rc;

    assert_non_null(copy);
    if (bytes.n > 0)
        memcpy(copy, bytes.p, bytes.n);
    memset(plain, 0, sizeof plain);
    arena_init(&arena, ARENA_PER_FRAME);
    buf_init(&again, 0);
    rc = wire_decode(map, "it", (struct bytes){copy, bytes.n}, &arena, plain, err);
    if (rc == 0 && map != &wire_map_record) { /* a record may hold an event of unknown kind */
        wire_encode(map, plain, &again);
        assert_false(again.failed);
    }
    buf_free(&again);
    arena_free(&arena);
    free(copy);
    return rc;
}

/* A cut is noticed at once, or leaves a shorter message that is whole. */
static void cut(const struct wire_map *map, struct bytes bytes)
{
    size_t refused = 0;

    assert_int_equal(decode(map, bytes, NULL), 0);
    for (size_t n = 0; n < bytes.n; n++) {
        int rc = decode(map, (struct bytes){bytes.p, n}, NULL);

        assert_true(rc == 0 || rc == ERR_PROTOCOL);
        refused += rc != 0;
    }
    assert_true(refused > 0);
}

static void truncated_at_every_byte(void **state)
{
    (void)state;
    each_sample(cut);
}

static void corrupt(const struct wire_map *map, struct bytes bytes)
{
    static const uint8_t flips[] = {0x01, 0x08, 0x80, 0xff};
    uint8_t *copy = malloc(bytes.n);

    assert_non_null(copy);
    memcpy(copy, bytes.p, bytes.n);
    for (size_t i = 0; i < bytes.n; i++)
        for (size_t k = 0; k < sizeof flips; k++) {
            int rc;

            copy[i] ^= flips[k];
            rc = decode(map, (struct bytes){copy, bytes.n}, NULL);
            assert_true(rc == 0 || rc == ERR_PROTOCOL);
            copy[i] ^= flips[k];
        }
    free(copy);
}

static void corrupted_at_every_byte(void **state)
{
    (void)state;
    each_sample(corrupt);
}

/* All texts of the samples hold the mark: broken UTF-8 and a NUL are refused in each. */
static void break_texts(const struct wire_map *map, struct bytes bytes)
{
    static const uint8_t bad[] = {0x00, 0xff, 0x80, 0xed};
    uint8_t *copy = malloc(bytes.n);
    struct err err;

    assert_non_null(copy);
    memcpy(copy, bytes.p, bytes.n);
    for (size_t i = 0; i + 3 <= bytes.n; i++) {
        if (memcmp(copy + i, WIRE_FILL_MARK, 3) != 0)
            continue;
        for (size_t k = 0; k < sizeof bad; k++) {
            size_t at = k == 0 ? i + 1 : i; /* a NUL inside a character too */

            copy[at] = bad[k];
            assert_int_equal(decode(map, (struct bytes){copy, bytes.n}, &err), ERR_PROTOCOL);
            assert_non_null(strstr(err.text, ": not UTF-8, or with a NUL in it"));
            memcpy(copy + i, WIRE_FILL_MARK, 3);
        }
        memcpy(copy + i, "a\0b", 3);
        assert_int_equal(decode(map, (struct bytes){copy, bytes.n}, NULL), ERR_PROTOCOL);
        memcpy(copy + i, WIRE_FILL_MARK, 3);
    }
    free(copy);
}

static void bad_text_in_every_place(void **state)
{
    (void)state;
    each_sample(break_texts);
}

/* Each field once more, at the top and in the body: two readings, so none. */
static void repeat(const struct wire_map *map, struct bytes bytes)
{
    uint8_t *copy = malloc(2 * bytes.n);
    struct err err;

    assert_non_null(copy);
    memcpy(copy, bytes.p, bytes.n);
    memcpy(copy + bytes.n, bytes.p, bytes.n);
    assert_int_equal(decode(map, (struct bytes){copy, 2 * bytes.n}, &err), ERR_PROTOCOL);
    assert_true(strstr(err.text, "given twice") || strstr(err.text, "more than"));
    free(copy);
}

static void doubled_input(void **state)
{
    (void)state;
    each_sample(repeat);
}

struct row {
    const struct wire_map *map;
    const char *why;
    size_t n;
    const uint8_t *p;
};

#define BYTES(...)                                            \
    sizeof((const uint8_t[]){__VA_ARGS__}), (const uint8_t[]) \
    {                                                         \
        __VA_ARGS__                                           \
    }
#define REPORT 0x82, 0x02 /* field 32 of a command, delimited */
#define ACK 0x82, 0x04    /* field 64 */
#define CLOCK 0x8a, 0x05  /* field 81 */
#define TEN_FF 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff

static void refused_with_a_reason(void **state)
{
    const struct wire_map *c = &wire_map_command, *e = &wire_map_envelope, *r = &wire_map_record;
    const struct row rows[] = {
        /* framing */
        {c, "it: without a body", 0, NULL},
        {c, "it: cut off, or no protobuf", BYTES(0x08)},
        {c, "it: cut off, or no protobuf", BYTES(0x00, 0x00)},               /* field 0 */
        {c, "it: cut off, or no protobuf", BYTES(0x0b, 0x0c)},               /* a group */
        {c, "it: cut off, or no protobuf", BYTES(0x0e, 0x00)},               /* wire type 6 */
        {c, "it: cut off, or no protobuf", BYTES(0x0a, 0x05, 'x')},          /* length beyond the end */
        {c, "it: cut off, or no protobuf", BYTES(0x0a, TEN_FF, 0x01)},       /* length 2^64 - 1 */
        {c, "it: cut off, or no protobuf", BYTES(0x10, 0x81, 0x00)},         /* padded varint */
        {c, "it: cut off, or no protobuf", BYTES(0x10, TEN_FF, 0x02)},       /* beyond 64 bits */
        {c, "it: cut off, or no protobuf", BYTES(0x10, TEN_FF, 0xff, 0x01)}, /* eleven bytes */
        {c, "it: cut off, or no protobuf", BYTES(0x80, 0x80, 0x80, 0x80, 0x10, 0)}, /* field 2^29 */
        {c, "it.file_report: cut off, or no protobuf", BYTES(REPORT, 1, 0x0a)},
        {c, "it.region: wire type 0", BYTES(0x08, 0x01)},
        {c, "it.epoch: wire type 2", BYTES(0x12, 0x00)},
        {c, "it.epoch: wire type 1", BYTES(0x11, 0, 0, 0, 0, 0, 0, 0, 0)},
        /* one reading */
        {c, "it.region: given twice", BYTES(0x0a, 0, 0x0a, 0, REPORT, 0)},
        {c, "it.file_report.facts: given twice", BYTES(REPORT, 4, 0x1a, 0, 0x1a, 0)},
        {c, "it: more than one body", BYTES(REPORT, 0, ACK, 0)},
        {c, "it: more than one body", BYTES(REPORT, 0, REPORT, 0)},
        {c, "it: more than one body", BYTES(REPORT, 0, 0x8a, 0x06, 0)}, /* and one of later */
        {c, "it: a body of unknown kind 97", BYTES(0x8a, 0x06, 0)},
        {e, "it: a body of unknown kind 99", BYTES(0x9a, 0x06, 0)},
        {e, "it: without a body", 0, NULL},
        /* numbers */
        {c, "it.mode: unknown value 4", BYTES(0x18, 4, REPORT, 0)},
        {c, "it.mode: unknown value 4294967297", BYTES(0x18, 0x81, 0x80, 0x80, 0x80, 0x10, REPORT, 0)},
        {c, "it.file_report.facts.position.datum: unknown value 5",
         BYTES(REPORT, 6, 0x1a, 4, 0x1a, 2, 0x08, 5)},
        {c, "it.issued_at_ms: not a time between 1970 and 9999", BYTES(0x30, TEN_FF, 0x01)},
        {c, "it.issued_at_ms: not a time between 1970 and 9999",
         BYTES(0x30, 0x80, 0xb8, 0xff, 0x90, 0xfd, 0xce, 0x39)},
        {c, "it.counter: larger than 9223372036854775807", BYTES(0x28, TEN_FF, 0x01)},
        {c, "it.found_region.utc_offset_minutes: beyond 1439", BYTES(0x82, 0x01, 3, 0x20, 0xa0, 0x0b)},
        {c, "it.file_report.facts.position.latitude_e7: beyond 900000000",
         BYTES(REPORT, 10, 0x1a, 8, 0x1a, 6, 0x10, 0x82, 0xa4, 0xa7, 0xda, 0x06)},
        {c, "it.file_report.facts.position.latitude_e7: larger than 32 bits",
         BYTES(REPORT, 10, 0x1a, 8, 0x1a, 6, 0x10, 0x80, 0x80, 0x80, 0x80, 0x10)},
        {c, "it.give_receipt.amendment: larger than 4294967295",
         BYTES(0xaa, 0x02, 6, 0x20, 0x80, 0x80, 0x80, 0x80, 0x10)},
        {c, "it.file_report.facts.loss_cny.value: larger than 1000000000000000",
         BYTES(REPORT, 13, 0x1a, 11, 0x32, 9, 0x08, 0x81, 0x80, 0x9a, 0xa6, 0xea, 0xaf, 0xe3, 0x01)},
        {e, "it.hello.deliveries: neither true nor false", BYTES(0x0a, 2, 0x18, 2)},
        {e, "it.tail_item.outcome: larger than 255", BYTES(0x9a, 0x01, 3, 0x20, 0x80, 0x02)},
        {e, "it.reply.refusal.code: larger than 65535",
         BYTES(0x8a, 0x01, 6, 0x2a, 4, 0x08, 0x80, 0x80, 0x04)},
        /* sizes */
        {c, "it.file_report.incident: 3 bytes, not 16", BYTES(REPORT, 5, 0x0a, 3, 1, 2, 3)},
        {c, "it.ack.head_hash: 1 bytes, not 32", BYTES(ACK, 3, 0x22, 1, 1)},
        {c, "it.set_clock.boot: 1 bytes, not 16", BYTES(CLOCK, 3, 0x0a, 1, 1)},
        {c, "it.enrol_agent.sign_key: missing", BYTES(0x8a, 0x01, 0)},
        {c, "it.enrol_agent.sign_key: 0 bytes, not 32", BYTES(0x8a, 0x01, 2, 0x12, 0)},
        {c, "it.set_policy.policy: missing", BYTES(0xa2, 0x01, 0)},
        {e, "it.submit.command: missing", BYTES(0x12, 0)},
        {e, "it.submit.command.salt: missing", BYTES(0x12, 2, 0x0a, 0)},
        {e, "it.submit.command.hash_alg: unknown value 2", BYTES(0x12, 4, 0x0a, 2, 0x30, 2)},
        {e, "it.submit.command.path[0]: 1 bytes, not 32", BYTES(0x12, 5, 0x0a, 3, 0x2a, 1, 0)},
        {e, "it.deliver.recalled[0]: 0 bytes, not 16", BYTES(0x92, 0x01, 2, 0x3a, 0)},
        {e, "it.welcome.cursors[0]: a cursor of no lane, at nothing, or two of one",
         BYTES(0x82, 0x01, 2, 0x4a, 0)},
        {e, "it.welcome.cursors[0]: a cursor of no lane, at nothing, or two of one",
         BYTES(0x82, 0x01, 4, 0x4a, 2, 0x08, 1)},
        {e, "it.welcome.cursors[1]: a cursor of no lane, at nothing, or two of one",
         BYTES(0x82, 0x01, 12, 0x4a, 4, 0x08, 1, 0x10, 1, 0x4a, 4, 0x08, 1, 0x10, 2)},
        {r, "it.command: missing", 0, NULL},
        {r, "it.events[1]: without a body", BYTES(0x12, 3, 0xa2, 0x38, 0, 0x12, 0)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err err = {.text = "taken"};
        int rc = decode(rows[i].map, (struct bytes){rows[i].p, rows[i].n}, &err);

        if (rc != ERR_PROTOCOL || strcmp(err.text, rows[i].why) != 0)
            fail_msg("row %zu: %d %s, not %s", i, rc, err.text, rows[i].why);
    }
}

/* Fields that a later version adds, beside the body and inside it. */
static void unknown_fields_pass(void **state)
{
    static const uint8_t some[] = {0x58, 7, REPORT, 10, 0xa2, 0x38, 1, 'x', 0xa5, 0x38, 1, 2,
                                   3,    4, 0x61,   1,  2,    3,    4, 5,   6,    7,    8};
    uint8_t many[2 * (UNKNOWN_FIELDS_MAX + 1) + 3] = {REPORT, 0};
    struct err err;

    (void)state;
    assert_int_equal(decode(&wire_map_command, (struct bytes){some, sizeof some}, &err), 0);
    for (size_t i = 3; i < sizeof many; i += 2)
        many[i] = 0x58; /* field 11, a varint */
    assert_int_equal(decode(&wire_map_command, (struct bytes){many, sizeof many - 2}, &err), 0);
    assert_int_equal(decode(&wire_map_command, (struct bytes){many, sizeof many}, &err), ERR_PROTOCOL);
    assert_string_equal(err.text, "it: more than 256 unknown fields");
}

/* A field, its tag one byte, delimited and n times the given content. */
static void put_field(struct buf *buf, uint32_t number, const void *p, size_t n)
{
    uint8_t head[12];
    size_t used = 0;
    uint64_t tag = (uint64_t)number << 3 | 2, length = n;

    for (; tag >= 0x80; tag >>= 7)
        head[used++] = (uint8_t)(tag | 0x80);
    head[used++] = (uint8_t)tag;
    for (; length >= 0x80; length >>= 7)
        head[used++] = (uint8_t)(length | 0x80);
    head[used++] = (uint8_t)length;
    buf_append(buf, head, used);
    buf_append(buf, p, n);
}

/* command.BODY{content} */
static int decode_body(uint32_t body, const struct buf *content, struct err *err)
{
    struct buf buf;
    int rc;

    buf_init(&buf, 0);
    put_field(&buf, body, content->p, content->n);
    rc = decode(&wire_map_command, buf_bytes(&buf), err);
    buf_free(&buf);
    return rc;
}

static void texts_and_lists_at_their_limits(void **state)
{
    static char text[TEXT_MAX_BYTES + 1];
    struct buf orders, order;
    struct err err;

    (void)state;
    memset(text, 'a', sizeof text);
    buf_init(&orders, 0);
    buf_init(&order, 0);
    put_field(&order, 4, text, TEXT_MAX_BYTES);
    put_field(&order, 3, text, NAME_MAX_BYTES);
    for (int i = 0; i < LIST_MAX; i++)
        put_field(&order, 8, "u", 1);
    put_field(&orders, 2, order.p, order.n);
    for (int i = 1; i < 3; i++)
        put_field(&orders, 2, NULL, 0);
    assert_int_equal(decode_body(34, &orders, &err), 0);

    buf_reset(&order);
    put_field(&order, 4, text, TEXT_MAX_BYTES + 1);
    put_field(&orders, 2, order.p, order.n);
    assert_int_equal(decode_body(34, &orders, &err), ERR_PROTOCOL);
    assert_string_equal(err.text, "it.issue_orders.orders[3].text: longer than 16384 bytes");

    buf_reset(&orders);
    buf_reset(&order);
    put_field(&order, 3, text, NAME_MAX_BYTES + 1);
    put_field(&orders, 2, order.p, order.n);
    assert_int_equal(decode_body(34, &orders, &err), ERR_PROTOCOL);
    assert_string_equal(err.text, "it.issue_orders.orders[0].addressee: longer than 128 bytes");

    buf_reset(&orders);
    buf_reset(&order);
    for (int i = 0; i <= LIST_MAX; i++)
        put_field(&order, 8, "u", 1);
    put_field(&orders, 2, order.p, order.n);
    assert_int_equal(decode_body(34, &orders, &err), ERR_PROTOCOL);
    assert_string_equal(err.text, "it.issue_orders.orders[0].units[256]: more than 256");

    buf_reset(&orders);
    for (int i = 0; i < ORDERS_PER_COMMAND_MAX; i++)
        put_field(&orders, 2, NULL, 0);
    assert_int_equal(decode_body(34, &orders, &err), 0);
    put_field(&orders, 2, NULL, 0);
    assert_int_equal(decode_body(34, &orders, &err), ERR_PROTOCOL);
    assert_string_equal(err.text, "it.issue_orders.orders[64]: more than 64");
    buf_free(&orders);
    buf_free(&order);
}

/* A million empty messages: refused by their number, before memory is taken for them. */
enum { SMALL_BUDGET = 64 * 1024 };

static void many_tiny_messages(void **state)
{
    struct buf units, record;
    struct arena arena;
    struct err err;
    struct record ret;

    (void)state;
    buf_init(&units, 0);
    for (int i = 0; i < 1000000; i++)
        put_field(&units, 1, NULL, 0);
    assert_int_equal(decode_body(38, &units, &err), ERR_PROTOCOL);
    assert_string_equal(err.text, "it.state_units.units[512]: more than 512");
    buf_free(&units);

    /* Within the number of events, beyond the budget. */
    buf_init(&record, 0);
    memset(&ret, 0, sizeof ret);
    wire_encode_record(&ret, &record);
    for (int i = 0; i < 2000; i++)
        put_field(&record, 2, "\x82\x01\x00", 3);
    arena_init(&arena, SMALL_BUDGET);
    assert_int_equal(wire_decode_record(buf_bytes(&record), &arena, &ret, &err), ERR_NO_MEMORY);
    assert_string_equal(err.text, "record: needs more memory than its size allows");
    assert_true(arena.used <= SMALL_BUDGET);
    arena_free(&arena);
    arena_init(&arena, 256 * 1024 * 1024);
    assert_int_equal(wire_decode_record(buf_bytes(&record), &arena, &ret, &err), 0);
    assert_int_equal(ret.events_n, 2000);
    arena_free(&arena);
    buf_free(&record);
}

/* A command that is refused while it is decoded must still be answered under its counter. */
static void counter_of_what_cannot_be_decoded(void **state)
{
    static const uint8_t counter_then_rubbish[] = {0x28, 0xac, 0x02, 0x9a, 0x02, 0x7f};
    static const uint8_t as_text[] = {0x2a, 0x01, 0x31};
    static const uint8_t cut[] = {0x28, 0xac};

    (void)state;
    assert_int_equal(wire_peek_counter((struct bytes){counter_then_rubbish, sizeof counter_then_rubbish}),
                     300);
    assert_int_equal(wire_peek_counter((struct bytes){as_text, sizeof as_text}), 0);
    assert_int_equal(wire_peek_counter((struct bytes){cut, sizeof cut}), 0);
    assert_int_equal(wire_peek_counter((struct bytes){NULL, 0}), 0);
}

/* The schema has no cycle, so what nests deeper than it stands in fields that nobody opens. */
static void deep_nesting(void **state)
{
    struct buf inner, outer, spare;

    (void)state;
    buf_init(&inner, 0);
    buf_init(&outer, 0);
    for (int i = 0; i < 10000; i++) {
        put_field(&outer, 3, inner.p, inner.n);
        spare = inner;
        inner = outer;
        outer = spare;
        buf_reset(&outer);
    }
    assert_int_equal(decode_body(32, &inner, NULL), ERR_PROTOCOL);
    buf_reset(&outer);
    put_field(&outer, 900, inner.p, inner.n);
    assert_int_equal(decode_body(32, &outer, NULL), 0);
    buf_free(&inner);
    buf_free(&outer);
}

static void a_frame_has_a_limit(void **state)
{
    static uint8_t huge[FRAME_MAX + 1];
    struct envelope envelope;
    struct arena arena;
    struct err err;

    (void)state;
    arena_init(&arena, ARENA_PER_FRAME);
    assert_int_equal(wire_decode_envelope((struct bytes){huge, sizeof huge}, &arena, &envelope, &err),
                     ERR_PROTOCOL);
    assert_string_equal(err.text, "envelope: longer than 262144 bytes");
    arena_free(&arena);
}

/* Encoders give nothing that decoders would refuse. */
static void what_nobody_would_take_is_not_said(void **state)
{
    const struct new_order orders[] = {{.addressee = "a/b"}, {.addressee = "a/b", .text = "\xff"}};
    const struct command bad[] = {
        {.kind = COMMAND_NONE},
        {.kind = COMMAND_CLOSE_INCIDENT, .close_incident.reason = "\xff"},
        {.kind = COMMAND_CLOSE_INCIDENT, .issued_at_ms = -1},
        {.kind = COMMAND_CLOSE_INCIDENT, .mode = (enum mode)9},
        {.kind = COMMAND_CLOSE_INCIDENT, .counter = UINT64_MAX},
        {.kind = COMMAND_ISSUE_ORDERS, .issue_orders.orders_n = ORDERS_PER_COMMAND_MAX + 1},
        {.kind = COMMAND_ISSUE_ORDERS, .issue_orders = {.orders = orders, .orders_n = 2}},
    };
    const char *const why[] = {"command: says nothing",
                               "command.close_incident.reason: not UTF-8, or with a NUL in it",
                               "command.issued_at_ms: ",
                               "command.mode: ",
                               "command.counter: ",
                               "command.issue_orders.orders: more than 64",
                               "command.issue_orders.orders[1].text: not UTF-8, or with a NUL in it"};
    struct err err;
    struct buf buf;

    (void)state;
    buf_init(&buf, 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        buf_reset(&buf);
        wire_encode_command(&bad[i], &buf);
        assert_true(buf.failed);
        assert_int_equal(buf_bytes(&buf).n, 0);
        assert_int_equal(wire_command_fault(&bad[i], &err), ERR_DATA); /* who wrote it learns which part */
        assert_memory_equal(err.text, why[i], strlen(why[i]));
    }
    assert_int_equal(wire_command_fault(&(struct command){.kind = COMMAND_CLOSE_INCIDENT}, &err), 0);
    buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(truncated_at_every_byte),
        cmocka_unit_test(corrupted_at_every_byte),
        cmocka_unit_test(bad_text_in_every_place),
        cmocka_unit_test(doubled_input),
        cmocka_unit_test(refused_with_a_reason),
        cmocka_unit_test(unknown_fields_pass),
        cmocka_unit_test(texts_and_lists_at_their_limits),
        cmocka_unit_test(many_tiny_messages),
        cmocka_unit_test(counter_of_what_cannot_be_decoded),
        cmocka_unit_test(deep_nesting),
        cmocka_unit_test(a_frame_has_a_limit),
        cmocka_unit_test(what_nobody_would_take_is_not_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
