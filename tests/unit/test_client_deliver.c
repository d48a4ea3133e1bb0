/* What a client is given, and that it is given once. */
#include "agents/lib/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/client_fake.h"

static struct fake fake;

static int setup(void **state)
{
    (void)state;
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
    return client_bus_ms(fake.client) + 60000;
}

static void again(void)
{
    fake_restart(&fake);
    assert_int_equal(client_resume(fake.client, NULL), 0);
    fake_session(&fake);
}

static struct command next_receipt(void)
{
    const struct envelope *submit;
    struct command none = {.kind = COMMAND_NONE};

    while ((submit = fake_next(&fake, ENVELOPE_SUBMIT)) != NULL) {
        struct command command = fake_command(&fake, submit);

        if (command.kind == COMMAND_GIVE_RECEIPT) {
            return command;
        }
    }
    return none;
}

static int receipt(struct id order, enum rung rung)
{
    return client_receipt(fake.client, &(struct give_receipt){.order = order, .rung = rung, .text = ""}, 1,
                          NULL);
}

static void a_second_delivery_is_not_given(void **state)
{
    (void)state;
    fake_order(&fake, fake_id(1), later());
    fake.seq--;
    fake_order(&fake, fake_id(1), later()); /* same seq */
    fake_order(&fake, fake_id(1), later()); /* same order, other seq: an importer of trouble */
    assert_int_equal(fake.given_n, 1);
}

static void after_a_restart_an_order_is_resumed_and_not_new(void **state)
{
    (void)state;
    fake_order(&fake, fake_id(1), later());
    assert_int_equal(receipt(fake_id(1), RUNG_ACKNOWLEDGED), 0);
    assert_int_equal(receipt(fake_id(1), RUNG_ACCEPTED), 0);
    assert_int_equal(client_note(fake.client, fake_id(1), (struct bytes){(const uint8_t *)"E3", 2}, NULL), 0);
    again();
    assert_int_equal(fake.given_n, 2);
    assert_true(fake.given[1].resumed);
    assert_int_equal(fake.given[1].rung_said, RUNG_ACCEPTED);
    assert_string_equal(fake.given[1].text, "go");
    assert_string_equal(fake.given[1].note, "E3");
    fake.seq--; /* the Ack was lost: the broker delivers it again */
    fake_order(&fake, fake_id(1), later());
    assert_int_equal(fake.given_n, 2);
}

static void a_cursor_ahead_of_the_brokers_is_acknowledged_again(void **state)
{
    uint64_t seq = fake_order(&fake, fake_id(1), later());
    const struct envelope *sent;

    (void)state;
    fake_order(&fake, fake_id(2), later());
    fake_restart(&fake); /* closing keeps the cursors */
    fake_session(&fake);
    fake.read_n = 0;
    while ((sent = fake_next(&fake, ENVELOPE_SUBMIT)) != NULL) {
        assert_true(fake_command(&fake, sent).ack.up_to_seq >= seq);
    }
}

static void an_ended_order_is_not_resumed(void **state)
{
    (void)state;
    fake_order(&fake, fake_id(1), later());
    fake_order(&fake, fake_id(2), later());
    fake_order(&fake, fake_id(3), later());
    assert_int_equal(receipt(fake_id(1), RUNG_COMPLETED), 0);
    fake_recall(&fake, fake_id(2), later());
    assert_int_equal(fake.given_n, 4);
    again();
    assert_int_equal(fake.given_n, 5);
    assert_true(id_equal(fake.given[4].order, fake_id(3)));
}

static void a_receipt_is_said_once(void **state)
{
    struct command command;

    (void)state;
    fake_order(&fake, fake_id(1), later());
    fake_skip(&fake);
    assert_int_equal(receipt(fake_id(1), RUNG_ACKNOWLEDGED), 0);
    command = next_receipt();
    assert_int_equal(command.kind, COMMAND_GIVE_RECEIPT);
    assert_true(id_equal(command.give_receipt.incident, fake_id(250)));
    assert_int_equal(command.mode, MODE_ACTUAL);
    assert_int_equal(receipt(fake_id(1), RUNG_ACKNOWLEDGED), 0);
    assert_int_equal(next_receipt().kind, COMMAND_NONE);
    assert_int_equal(receipt(fake_id(1), RUNG_ON_SCENE), 0);
    assert_int_equal(next_receipt().give_receipt.rung, RUNG_ON_SCENE);
    assert_int_equal(receipt(fake_id(1), RUNG_EN_ROUTE), ERR_CONFLICT);
    assert_int_equal(receipt(fake_id(9), RUNG_ACCEPTED), ERR_NOT_FOUND);
    assert_int_equal(receipt(fake_id(1), RUNG_RECALLED), ERR_USAGE);
    again();
    fake_skip(&fake);
    assert_int_equal(receipt(fake_id(1), RUNG_ON_SCENE), 0);
    assert_int_equal(next_receipt().kind, COMMAND_NONE);
}

static void a_refused_receipt_may_be_said_again(void **state)
{
    struct command command;

    (void)state;
    fake_order(&fake, fake_id(1), later());
    assert_int_equal(receipt(fake_id(1), RUNG_COMPLETED), 0);
    command = next_receipt();
    fake_reply(&fake, command.counter, OUTCOME_REFUSED, REFUSED_HEAD_COUNT);
    assert_int_equal(receipt(fake_id(1), RUNG_COMPLETED), 0);
    assert_int_equal(next_receipt().give_receipt.rung, RUNG_COMPLETED);
}

static void a_recall_overtakes_its_order(void **state)
{
    (void)state;
    fake_recall(&fake, fake_id(1), later());
    assert_int_equal(fake.given_n, 1);
    assert_int_equal(fake.given[0].kind, DELIVERY_RECALL);
    fake_order(&fake, fake_id(1), later());
    assert_int_equal(fake.given_n, 1);
    fake_recall(&fake, fake_id(2), later());
    again();
    fake_order(&fake, fake_id(2), later());
    assert_int_equal(fake.given_n, 2);
}

/* Two orders, of which the first is recalled in the same record: as in a past that another region tells. */
static void make_past(struct buf *ret, int64_t expires_at_ms)
{
    static const char *const AGENTS[] = {FAKE_AGENT};
    struct new_order said[2];
    struct event events[3];
    struct command command = fake_command_of(&fake, COMMAND_ISSUE_ORDERS, FAKE_CENTRE);

    for (uint8_t i = 0; i < 2; i++) {
        said[i] = (struct new_order){.order = fake_id((uint8_t)(i + 1)),
                                     .kind = "dispatch",
                                     .addressee = "370102/fire-rescue",
                                     .text = "go",
                                     .answer_by_ms = expires_at_ms,
                                     .expires_at_ms = expires_at_ms};
        events[i] = (struct event){
            .kind = EVENT_ORDER_ISSUED, .incident = fake_id(250), .order = said[i].order, .at_ms = 1};
        events[i].order_issued = (struct order_issued){.kind = "dispatch",
                                                       .home = "",
                                                       .addressee = said[i].addressee,
                                                       .agents = {AGENTS, 1},
                                                       .issuer = FAKE_CENTRE,
                                                       .operator= "",
                                                       .answer_by_ms = expires_at_ms,
                                                       .expires_at_ms = expires_at_ms};
    }
    events[2] = (struct event){
        .kind = EVENT_ORDER_RECALLED, .incident = fake_id(250), .order = said[0].order, .at_ms = 1};
    events[2].order_recalled = (struct order_recalled){.by = FAKE_CENTRE, .expires_at_ms = expires_at_ms};
    command.issue_orders = (struct issue_orders){.incident = fake_id(250), .orders = said, .orders_n = 2};
    fake_record(&fake, &fake.centre, &command, events, 3, ret);
}

static size_t orders_given(void)
{
    size_t n = 0;

    for (size_t i = 0; i < fake.given_n; i++) {
        n += fake.given[i].kind == DELIVERY_ORDER;
    }
    return n;
}

/* The recall is urgent, and brings the orders' record; what of it was recalled since says only their lane. */
static void an_order_is_taken_from_its_own_lane(void **state)
{
    struct buf record;
    uint64_t seq = ++fake.seq;

    (void)state;
    make_past(&record, later());
    fake_deliver(&fake, LANE_URGENT, seq, &record);
    fake_run(&fake);
    assert_int_equal(orders_given(), 0);
    fake_recall(&fake, fake_id(2), later());
    fake_deliver(&fake, LANE_ORDERS, seq, &record);
    fake_run(&fake);
    assert_int_equal(orders_given(), 0);
    buf_free(&record);
}

/* What another region told is many records in one: an end of an order that we gave is not lost behind a
 * recall of one that was given to us. */
static void what_is_told_beside_an_order_of_ours_is_a_notice(void **state)
{
    struct command told = fake_command_of(&fake, COMMAND_RECALL_ORDER, FAKE_CENTRE);
    struct command command = fake_command_of(&fake, COMMAND_TELL_RECORD, FAKE_CENTRE);
    struct event events[2] = {
        {.kind = EVENT_ORDER_RECALLED, .incident = fake_id(250), .order = fake_id(1), .at_ms = 1},
        {.kind = EVENT_RUNG_REACHED, .incident = fake_id(250), .order = fake_id(3), .at_ms = 1}};
    struct buf inner, record;
    size_t notices = 0;

    (void)state;
    events[0].order_recalled = (struct order_recalled){.by = FAKE_CENTRE, .expires_at_ms = later()};
    events[1].rung = (struct rung_reached){.rung = RUNG_COMPLETED, .agent = FAKE_CENTRE};
    told.recall_order = (struct recall_order){.incident = fake_id(250), .order = fake_id(1), .reason = "x"};
    fake_record(&fake, &fake.centre, &told, events, 2, &inner);
    command.tell_record = (struct tell_record){
        .incident = fake_id(250),
        .shared = {.region = "370100", .epoch = 1, .seq = 7, .record = {inner.p, inner.n}}};
    fake_record(&fake, &fake.centre, &command, events, 2, &record);
    fake_deliver(&fake, LANE_URGENT, ++fake.seq, &record);
    fake_run(&fake);
    for (size_t i = 0; i < fake.given_n; i++) {
        notices += fake.given[i].kind == DELIVERY_NOTICE && id_equal(fake.given[i].order, fake_id(3));
    }
    assert_int_equal(notices, 1);
    buf_free(&inner);
    buf_free(&record);
}

static void an_order_that_ends_in_its_own_record_is_not_given(void **state)
{
    struct buf record;

    (void)state;
    make_past(&record, later());
    fake_deliver(&fake, LANE_ORDERS, ++fake.seq, &record);
    fake_run(&fake);
    assert_int_equal(orders_given(), 1);
    again();
    assert_int_equal(orders_given(), 2); /* the second, resumed */
    buf_free(&record);
}

/* That the journal knows it does not mean that the application was told: a crash may lie between. */
static void a_recall_that_comes_again_is_given_again(void **state)
{
    (void)state;
    fake_order(&fake, fake_id(1), later());
    fake_recall(&fake, fake_id(1), later());
    fake_recall(&fake, fake_id(1), later());
    assert_int_equal(fake.given_n, 3);
    assert_int_equal(fake.given[2].kind, DELIVERY_RECALL);
}

static void what_another_of_the_agency_took_is_withdrawn(void **state)
{
    static const char other[] = "370102/fire-rescue/station-4";

    (void)state;
    fake_order(&fake, fake_id(1), later());
    fake_rung(&fake, fake_id(1), RUNG_ACKNOWLEDGED, other); /* does not take it */
    assert_int_equal(fake.given[1].kind, DELIVERY_NOTICE);
    fake_rung(&fake, fake_id(1), RUNG_ACCEPTED, other);
    assert_int_equal(fake.given[2].kind, DELIVERY_RECALL);
    again(); /* and it is not resumed */
    fake_rung(&fake, fake_id(2), RUNG_ACCEPTED, other);
    assert_int_equal(fake.given[3].kind, DELIVERY_NOTICE);
    fake_order(&fake, fake_id(2), later()); /* was still on its way: not to be begun */
    assert_int_equal(fake.given_n, 4);
    fake_rung(&fake, fake_id(3), RUNG_ACCEPTED,
              "370102/health/hospital"); /* another agency's order of ours */
    fake_order(&fake, fake_id(3), later());
    assert_int_equal(fake.given[5].kind, DELIVERY_ORDER);
}

/* Our own end of it, before or after, may be refused: that does not give it back to us. */
static void what_was_withdrawn_stays_so_when_a_receipt_is_refused(void **state)
{
    static const char other[] = "370102/fire-rescue/station-4";

    (void)state;
    for (uint8_t n = 1; n <= 2; n++) {
        fake_order(&fake, fake_id(n), later());
        if (n == 2) {
            fake_rung(&fake, fake_id(n), RUNG_ACCEPTED, other);
        }
        assert_int_equal(receipt(fake_id(n), RUNG_DECLINED), 0);
        struct command command = next_receipt();
        if (n == 1) {
            fake_rung(&fake, fake_id(n), RUNG_ACCEPTED, other);
        }
        fake_reply(&fake, command.counter, OUTCOME_REFUSED, REFUSED_CLOCK);
    }
    size_t given = fake.given_n;
    assert_int_equal(given, 4); /* two orders, two withdrawals */
    again();
    assert_int_equal(fake.given_n, given);
}

static void a_tombstone_moves_the_cursor_only(void **state)
{
    struct command ack;

    (void)state;
    fake_tombstone(&fake, LANE_ORDERS, ++fake.seq, fake_id(1));
    fake_run(&fake);
    assert_int_equal(fake.given_n, 0);
    fake_later(&fake, CLIENT_ACK_HOLD_MS);
    ack = fake_command(&fake, fake_next(&fake, ENVELOPE_SUBMIT));
    assert_int_equal(ack.ack.up_to_seq, fake.seq);
    assert_non_null(fake_next(&fake, ENVELOPE_CREDIT));
}

static void an_order_that_has_expired_is_not_new(void **state)
{
    (void)state;
    fake_order(&fake, fake_id(1), client_bus_ms(fake.client) - 1);
    assert_int_equal(fake.given_n, 1);
    assert_int_equal(fake.given[0].kind, DELIVERY_EXPIRED);
    again();
    assert_int_equal(fake.given_n, 1);
}

static void an_amendment_is_given_once_and_resumed_until_answered(void **state)
{
    struct give_receipt answer = {.order = fake_id(1), .rung = RUNG_ACKNOWLEDGED, .amendment = 1, .text = ""};

    (void)state;
    fake_amend(&fake, fake_id(7), 1); /* of somebody else's order: news to us */
    assert_int_equal(fake.given[0].kind, DELIVERY_NOTICE);
    fake_order(&fake, fake_id(1), later());
    fake_amend(&fake, fake_id(1), 1);
    fake_amend(&fake, fake_id(1), 1);
    assert_int_equal(fake.given_n, 3);
    assert_int_equal(fake.given[2].kind, DELIVERY_AMENDMENT);
    again();
    assert_int_equal(fake.given_n, 5);
    assert_int_equal(fake.given[4].kind, DELIVERY_AMENDMENT);
    assert_true(fake.given[4].resumed);
    fake_skip(&fake);
    assert_int_equal(client_receipt(fake.client, &answer, 1, NULL), 0);
    assert_int_equal(next_receipt().give_receipt.amendment, 1);
    assert_int_equal(client_receipt(fake.client, &answer, 1, NULL), 0);
    assert_int_equal(next_receipt().kind, COMMAND_NONE);
    again();
    assert_int_equal(fake.given_n, 6);
}

static void an_order_that_is_not_signed_by_its_author_is_not_given(void **state)
{
    struct secret_keys forged = fake.stranger;

    (void)state;
    memcpy(forged.name, FAKE_CENTRE, sizeof FAKE_CENTRE);
    fake_order_by(&fake, &forged, fake_id(1), later());
    fake_run(&fake);
    assert_int_equal(fake.given_n, 0);
    assert_non_null(fake_next(&fake, ENVELOPE_TAIL)); /* the key may have changed: it looks */
    fake_say(&fake, &(struct envelope){.kind = ENVELOPE_TAIL_END,
                                       .tail_end = {.head_seq = fake.seq, .detail = "", .id = fake.tail_id}});
    fake_run(&fake);
    assert_int_equal(fake.given_n, 0);
    assert_int_equal(fake.bad, 1);
    fake_order(&fake, fake_id(2), later()); /* and it goes on */
    assert_int_equal(fake.given_n, 1);
}

static void an_author_who_was_enrolled_meanwhile_is_looked_up(void **state)
{
    (void)state;
    fake_order_by(&fake, &fake.stranger, fake_id(1), later());
    fake_run(&fake);
    assert_int_equal(fake.given_n, 0);
    fake_enrol_stranger(&fake);
    client_disconnected(fake.client);
    fake_session(&fake);
    fake_order_by(&fake, &fake.stranger, fake_id(1), later());
    fake_run(&fake);
    assert_int_equal(fake.given_n, 1);
    assert_int_equal(fake.bad, 0);
}

/* The same while the application reads a tail: the session goes on, and so does its tail. */
static void keys_are_read_again_between_two_items(void **state)
{
    const struct tail tail = {.filter = TAIL_ALL, .stream = "", .follow = true, .credit = 4};
    struct tail_item item = {.seq = 91, .epoch = 1, .author = ""};
    const struct envelope *asked;

    (void)state;
    assert_int_equal(client_tail(fake.client, &tail, NULL), 0);
    assert_non_null(fake_next(&fake, ENVELOPE_TAIL));
    item.id = fake.tail_id;
    fake_say(&fake, &(struct envelope){.kind = ENVELOPE_TAIL_ITEM, .tail_item = item});
    fake_order_by(&fake, &fake.stranger, fake_id(1), later());
    fake_run(&fake);
    asked = fake_next(&fake, ENVELOPE_TAIL);
    assert_non_null(asked);
    assert_int_equal(asked->tail.filter, TAIL_STREAM);
    item.seq = 92;
    fake_say(&fake, &(struct envelope){.kind = ENVELOPE_TAIL_ITEM, .tail_item = item}); /* no key */
    fake_enrol_stranger(&fake);
    fake_say_region(&fake);
    fake_run(&fake);
    assert_int_equal(fake.given_n, 1);
    assert_int_equal(fake.bad, 0);
    assert_int_equal(fake.reconnects, 0);
    asked = fake_next(&fake, ENVELOPE_TAIL);
    assert_non_null(asked);
    assert_int_equal(asked->tail.filter, TAIL_ALL);
    assert_int_equal(asked->tail.from_seq, 91);
}

/* Two Hellos on a slow line: the answer to the first comes late, and the one to the second tells the time. */
static void a_second_welcome_sets_the_time_right(void **state)
{
    struct welcome welcome = {.protocol = PROTOCOL_VERSION,
                              .region = FAKE_REGION,
                              .epoch = 1,
                              .beat_ms = 5000,
                              .head = {.region = ""}};
    const int64_t now = client_bus_ms(fake.client);

    (void)state;
    fake_restart(&fake);
    client_connected(fake.client);
    welcome.bus_ms = now - 1772;
    fake_say(&fake, &(struct envelope){.kind = ENVELOPE_WELCOME, .welcome = welcome});
    assert_int_equal(client_bus_ms(fake.client), now - 1772);
    welcome.bus_ms = now - 565;
    fake_say(&fake, &(struct envelope){.kind = ENVELOPE_WELCOME, .welcome = welcome});
    assert_int_equal(client_bus_ms(fake.client), now - 565);
    welcome.bus_ms = now - 900; /* a word that is older by its way changes nothing */
    fake_say(&fake, &(struct envelope){.kind = ENVELOPE_WELCOME, .welcome = welcome});
    assert_int_equal(client_bus_ms(fake.client), now - 565);
}

static void orders_before_the_keys_wait(void **state)
{
    struct welcome welcome = {.protocol = PROTOCOL_VERSION,
                              .region = FAKE_REGION,
                              .epoch = 1,
                              .beat_ms = 5000,
                              .head = {.region = ""}};

    (void)state;
    fake_restart(&fake);
    client_connected(fake.client);
    fake_say(&fake, &(struct envelope){.kind = ENVELOPE_WELCOME, .welcome = welcome});
    fake_order(&fake, fake_id(1), later());
    fake_run(&fake);
    assert_int_equal(fake.given_n, 0);
    assert_true(client_due_ms(fake.client) > fake.now_ms);
}

static void a_burst_is_taken_in_order(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 200; i++) {
        fake_order_by(&fake, &fake.centre, fake_id((uint8_t)i), later());
    }
    fake_run(&fake);
    assert_int_equal(fake.given_n, 200);
    for (unsigned i = 0; i < 200; i++) {
        assert_int_equal(fake.given[i].order.b[14], i + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_second_delivery_is_not_given, setup, teardown),
        cmocka_unit_test_setup_teardown(after_a_restart_an_order_is_resumed_and_not_new, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cursor_ahead_of_the_brokers_is_acknowledged_again, setup, teardown),
        cmocka_unit_test_setup_teardown(an_ended_order_is_not_resumed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_receipt_is_said_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refused_receipt_may_be_said_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_recall_overtakes_its_order, setup, teardown),
        cmocka_unit_test_setup_teardown(an_order_is_taken_from_its_own_lane, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_told_beside_an_order_of_ours_is_a_notice, setup, teardown),
        cmocka_unit_test_setup_teardown(an_order_that_ends_in_its_own_record_is_not_given, setup, teardown),
        cmocka_unit_test_setup_teardown(a_recall_that_comes_again_is_given_again, setup, teardown),
        cmocka_unit_test_setup_teardown(what_another_of_the_agency_took_is_withdrawn, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_withdrawn_stays_so_when_a_receipt_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_tombstone_moves_the_cursor_only, setup, teardown),
        cmocka_unit_test_setup_teardown(an_order_that_has_expired_is_not_new, setup, teardown),
        cmocka_unit_test_setup_teardown(an_amendment_is_given_once_and_resumed_until_answered, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_order_that_is_not_signed_by_its_author_is_not_given, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_author_who_was_enrolled_meanwhile_is_looked_up, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_are_read_again_between_two_items, setup, teardown),
        cmocka_unit_test_setup_teardown(a_second_welcome_sets_the_time_right, setup, teardown),
        cmocka_unit_test_setup_teardown(orders_before_the_keys_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(a_burst_is_taken_in_order, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
