/* An order that somebody else did not answer, as agents are told: whose words it has, and whose recall. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/client_fake.h"

#define HOSPITAL "370102/health/hospital"
#define OURS "370102/fire-rescue"

static struct fake fake;

static int setup(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof fake);
    fake_start(&fake);
    fake_session(&fake);
    fake_skip(&fake);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake_stop(&fake);
    return 0;
}

static int64_t later(void)
{
    return client_bus_ms(fake.client) + 3600000;
}

/* How an order to somebody else was given, by the centre or in its name. */
static void say_first(const struct secret_keys *signer, struct id order, enum mode mode, struct buf *ret)
{
    struct new_order said = {.order = order,
                             .kind = "dispatch",
                             .addressee = HOSPITAL,
                             .text = "two men down",
                             .answer_by_ms = later(),
                             .expires_at_ms = later()};
    struct command command = fake_command_of(&fake, COMMAND_ISSUE_ORDERS, FAKE_CENTRE);
    struct event event = {
        .kind = EVENT_ORDER_UNANSWERED, .incident = fake_id(250), .order = order, .at_ms = 1};
    struct record record;
    struct arena arena;
    struct buf bytes;

    command.mode = mode;
    command.issue_orders = (struct issue_orders){.incident = fake_id(250), .orders = &said, .orders_n = 1};
    fake_record(&fake, signer, &command, &event, 1, &bytes);
    arena_init(&arena, ARENA_PER_FRAME);
    assert_int_equal(wire_decode_record(buf_bytes(&bytes), &arena, &record, NULL), 0);
    buf_init(ret, 0);
    wire_encode_signed(&record.signed_command, ret);
    arena_free(&arena);
    buf_free(&bytes);
}

/* The broker gives order `from_order` of `from` to `to` as `by`, in these words. */
static void reissue(const char *from, struct id order, const char *to, struct id by, enum lane lane,
                    const struct buf *said)
{
    const char *agents[] = {FAKE_AGENT};
    struct command command = fake_command_of(&fake, COMMAND_REISSUE_ORDER, "broker");
    struct event events[3] = {
        {.kind = EVENT_ORDER_ISSUED, .incident = fake_id(250), .order = by, .at_ms = 1},
        {.kind = EVENT_ORDER_REISSUED, .incident = fake_id(250), .order = order, .at_ms = 1},
        {.kind = EVENT_ORDER_RECALLED, .incident = fake_id(250), .order = order, .at_ms = 1}};
    struct buf record;

    command.reissue_order = (struct reissue_order){.incident = fake_id(250),
                                                   .order = order,
                                                   .new_order = by,
                                                   .said_order = fake_id(1),
                                                   .said_seq = fake.seq,
                                                   .said = buf_bytes(said)};
    events[0].order_issued = (struct order_issued){.kind = "dispatch",
                                                   .home = "",
                                                   .addressee = to,
                                                   .agents = {agents, strcmp(to, OURS) == 0},
                                                   .issuer = FAKE_CENTRE,
                                                   .operator= "",
                                                   .answer_by_ms = later(),
                                                   .expires_at_ms = later(),
                                                   .reissue_of = order};
    events[1].order_reissued =
        (struct order_reissued){.by = by, .former = from, .addressee = to, .rule = "silence/next", .step = 1};
    events[2].order_recalled = (struct order_recalled){.by = "broker", .expires_at_ms = later()};
    fake_record(&fake, &fake.broker, &command, events, 3, &record);
    fake_deliver(&fake, lane, ++fake.seq, &record);
    buf_free(&record);
    fake_run(&fake);
}

static void remind(struct id order)
{
    struct command command = fake_command_of(&fake, COMMAND_PASS_DEADLINES, "broker");
    struct event event = {.kind = EVENT_ORDER_REMINDED, .incident = fake_id(250), .order = order, .at_ms = 1};
    struct buf record;

    command.pass_deadlines = (struct pass_deadlines){.stream = "", .at_ms = 1};
    event.order_reminded =
        (struct order_reminded){.rule = "silence/remind", .step = 1, .answer_by_ms = later()};
    fake_record(&fake, &fake.broker, &command, &event, 1, &record);
    fake_deliver(&fake, LANE_ORDERS, ++fake.seq, &record);
    buf_free(&record);
    fake_run(&fake);
}

static void what_another_did_not_answer_is_ours(void **state)
{
    struct buf said;

    (void)state;
    say_first(&fake.centre, fake_id(1), MODE_ACTUAL, &said);
    reissue(HOSPITAL, fake_id(1), OURS, fake_id(2), LANE_ORDERS, &said);
    assert_int_equal(fake.bad, 0);
    assert_int_equal(fake.given_n, 1); /* the recall beside it is the hospital's */
    assert_int_equal(fake.given[0].kind, DELIVERY_ORDER);
    assert_true(id_equal(fake.given[0].order, fake_id(2)));
    assert_string_equal(fake.given[0].text, "two men down");
    /* it is resumed as any other, with its words */
    fake_restart(&fake);
    assert_int_equal(client_resume(fake.client, NULL), 0);
    assert_int_equal(fake.given_n, 2);
    assert_true(fake.given[1].resumed);
    assert_string_equal(fake.given[1].text, "two men down");
    buf_free(&said);
}

/* A broker that was broken into says that the centre gave an order. */
static void a_broker_cannot_invent_an_order(void **state)
{
    struct buf forged, other, exercise;

    (void)state;
    say_first(&fake.stranger, fake_id(1), MODE_ACTUAL, &forged);
    reissue(HOSPITAL, fake_id(1), OURS, fake_id(2), LANE_ORDERS, &forged);
    assert_non_null(fake_next(&fake, ENVELOPE_TAIL)); /* the centre's key may have changed: it looks */
    fake_say(&fake, &(struct envelope){.kind = ENVELOPE_TAIL_END,
                                       .tail_end = {.head_seq = fake.seq, .detail = "", .id = fake.tail_id}});
    fake_run(&fake);
    assert_int_equal(fake.bad, 1);
    say_first(&fake.centre, fake_id(7), MODE_ACTUAL, &other); /* which is not the order that it names */
    reissue(HOSPITAL, fake_id(1), OURS, fake_id(3), LANE_ORDERS, &other);
    assert_int_equal(fake.bad, 2);
    say_first(&fake.centre, fake_id(1), MODE_EXERCISE, &exercise); /* I13 */
    reissue(HOSPITAL, fake_id(1), OURS, fake_id(4), LANE_ORDERS, &exercise);
    assert_int_equal(fake.bad, 3);
    assert_int_equal(fake.given_n, 0);
    buf_free(&forged);
    buf_free(&other);
    buf_free(&exercise);
}

static void what_goes_to_another_is_withdrawn_here(void **state)
{
    struct buf said;

    (void)state;
    say_first(&fake.centre, fake_id(1), MODE_ACTUAL, &said);
    fake_order(&fake, fake_id(1), later());
    reissue(OURS, fake_id(1), HOSPITAL, fake_id(2), LANE_URGENT, &said);
    assert_int_equal(fake.given_n, 2);
    assert_int_equal(fake.given[1].kind, DELIVERY_RECALL);
    assert_true(id_equal(fake.given[1].order, fake_id(1)));
    remind(fake_id(1)); /* overtaken by the recall */
    assert_int_equal(fake.given_n, 2);
    buf_free(&said);
}

/* Who gave the order, and who watches, are told; for them nothing is recalled. */
static void to_others_it_is_news(void **state)
{
    struct buf said;

    (void)state;
    say_first(&fake.centre, fake_id(1), MODE_ACTUAL, &said);
    reissue(HOSPITAL, fake_id(1), "370102/public-security", fake_id(2), LANE_URGENT, &said);
    assert_int_equal(fake.given_n, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(fake.given[i].kind, DELIVERY_NOTICE);
    }
    buf_free(&said);
}

static void a_reminder_is_given_while_there_is_no_answer(void **state)
{
    struct give_receipt accept = {.order = fake_id(1), .rung = RUNG_ACCEPTED, .text = ""};

    (void)state;
    fake_order(&fake, fake_id(1), later());
    remind(fake_id(1));
    assert_int_equal(fake.given_n, 2);
    assert_int_equal(fake.given[1].kind, DELIVERY_REMINDER);
    assert_int_equal(client_receipt(fake.client, &accept, 1, NULL), 0);
    remind(fake_id(1)); /* on its way when the answer was given */
    assert_int_equal(fake.given_n, 2);
    remind(fake_id(9)); /* of somebody else's: news */
    assert_int_equal(fake.given[2].kind, DELIVERY_NOTICE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_another_did_not_answer_is_ours),          TEST(a_broker_cannot_invent_an_order),
        TEST(what_goes_to_another_is_withdrawn_here),       TEST(to_others_it_is_news),
        TEST(a_reminder_is_given_while_there_is_no_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
