/* What a client says of its deliveries: Acks that are held back, and credit. */
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
    client_connected(fake.client);
    fake_greet(&fake);
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

/* How far the next Ack in what the client said goes; 0: there is none. */
static uint64_t next_ack(void)
{
    const struct envelope *submit = fake_next(&fake, ENVELOPE_SUBMIT);
    struct command command = {.kind = COMMAND_NONE};

    if (submit) {
        command = fake_command(&fake, submit);
        assert_int_equal(command.kind, COMMAND_ACK);
    }
    return submit ? command.ack.up_to_seq : 0;
}

static void an_order_is_given_and_acknowledged(void **state)
{
    const struct envelope *sent;
    struct command ack;
    uint64_t seq = fake_order(&fake, fake_id(1), later());

    (void)state;
    assert_int_equal(fake.given_n, 1);
    assert_int_equal(fake.given[0].kind, DELIVERY_ORDER);
    assert_false(fake.given[0].resumed);
    assert_string_equal(fake.given[0].text, "go");
    fake_later(&fake, CLIENT_ACK_HOLD_MS);
    ack = fake_command(&fake, fake_next(&fake, ENVELOPE_SUBMIT));
    assert_int_equal(ack.kind, COMMAND_ACK);
    assert_int_equal(ack.counter, 0);
    assert_int_equal(ack.ack.lane, LANE_ORDERS);
    assert_int_equal(ack.ack.up_to_seq, seq);
    assert_int_equal(ack.ack.head_seq, seq);
    sent = fake_next(&fake, ENVELOPE_CREDIT); /* goes with it */
    assert_int_equal(sent->credit.lane, LANE_ORDERS);
    assert_int_equal(sent->credit.add, 1);
}

static void say_ack_is_taken(void)
{
    struct reply reply = {.outcome = OUTCOME_DONE, .ack_lane = LANE_ORDERS, .detail = ""};

    fake_say(&fake, &(struct envelope){.kind = ENVELOPE_REPLY, .reply = reply});
    fake_run(&fake);
}

/* Also when no Ack is due, as for what was delivered twice: the window must not run dry. */
static void credit_that_is_a_share_of_the_window_is_given(void **state)
{
    const struct envelope *credit = NULL;

    (void)state;
    for (int i = 1; i <= CLIENT_WINDOW / CLIENT_ACK_WINDOW_SHARE; i++) {
        assert_null(fake_next(&fake, ENVELOPE_CREDIT));
        fake_tombstone(&fake, LANE_ORDERS, ++fake.seq, fake_id(1));
        fake_run(&fake);
    }
    credit = fake_next(&fake, ENVELOPE_CREDIT);
    assert_non_null(credit);
    assert_int_equal(credit->credit.add, CLIENT_WINDOW / CLIENT_ACK_WINDOW_SHARE);
}

/* The broker has few bytes under way at first, and waits for it. */
static void credit_is_given_for_many_bytes(void **state)
{
    uint32_t orders = 0, credited = 0;

    (void)state;
    while (credited == 0 && orders < CLIENT_WINDOW / CLIENT_ACK_WINDOW_SHARE) {
        const struct envelope *credit;

        fake_order(&fake, fake_id((uint8_t)++orders), later());
        credit = fake_next(&fake, ENVELOPE_CREDIT);
        credited = credit ? credit->credit.add : 0;
    }
    assert_in_range(orders, 2, CLIENT_WINDOW / CLIENT_ACK_WINDOW_SHARE - 1);
    assert_int_equal(credited, orders);
}

/* Credit is this session's word: it does not wait for the reply to an Ack. */
static void credit_does_not_wait_for_the_acknowledgement(void **state)
{
    uint64_t first = fake_order(&fake, fake_id(1), later());

    (void)state;
    fake_later(&fake, CLIENT_ACK_HOLD_MS);
    assert_int_equal(next_ack(), first);
    fake_order(&fake, fake_id(2), later());
    fake_skip(&fake);
    assert_int_equal(client_due_ms(fake.client), fake.now_ms + CLIENT_ACK_HOLD_MS);
    fake_later(&fake, CLIENT_ACK_HOLD_MS);
    assert_int_equal(fake_next(&fake, ENVELOPE_CREDIT)->credit.add, 1);
}

static void end_the_session(const struct delivery *delivery)
{
    (void)delivery;
    client_disconnected(fake.client);
}

/* A callback ends the session in the middle of a batch: the next begins with a whole window, and what it is
 * given is held back anew. */
static void credit_of_an_ended_session_is_not_given(void **state)
{
    uint64_t last;

    (void)state;
    client_disconnected(fake.client);
    client_connected(fake.client);
    fake_greet(&fake);
    fake.on_delivery = end_the_session;
    for (uint8_t i = 1; i <= 3; i++) {
        fake_order_by(&fake, &fake.centre, fake_id(i), later());
    }
    fake_run(&fake);
    fake.on_delivery = NULL;
    assert_int_equal(fake.given_n, 3);
    for (unsigned lane = 1; lane <= LANE_MAX; lane++) {
        fake.acked[lane] = fake.seq; /* an Ack had gone before */
    }
    client_connected(fake.client);
    fake_greet(&fake);
    fake_skip(&fake);
    fake_later(&fake, CLIENT_ACK_HOLD_MS);
    last = fake_order(&fake, fake_id(4), later());
    assert_int_equal(next_ack(), 0);
    fake_later(&fake, CLIENT_ACK_HOLD_MS);
    fake.read_n = 0;
    assert_int_equal(next_ack(), last);
    fake.read_n = 0;
    assert_int_equal(fake_next(&fake, ENVELOPE_CREDIT)->credit.add, 1);
}

/* From the first delivery on, not from the last: who is given one after the other acknowledges too. */
static void an_acknowledgement_is_held_back(void **state)
{
    uint64_t last;

    (void)state;
    fake_order(&fake, fake_id(1), later());
    fake_later(&fake, CLIENT_ACK_HOLD_MS / 2);
    last = fake_order(&fake, fake_id(2), later());
    fake_later(&fake, CLIENT_ACK_HOLD_MS / 2 - 1);
    assert_int_equal(next_ack(), 0);
    assert_int_equal(client_due_ms(fake.client), fake.now_ms + 1);
    fake_later(&fake, 1);
    assert_int_equal(next_ack(), last);
    say_ack_is_taken();
    fake_later(&fake, 10 * CLIENT_ACK_HOLD_MS);
    assert_int_equal(next_ack(), 0); /* there is nothing more to say */
    last = fake_order(&fake, fake_id(3), later());
    assert_int_equal(next_ack(), 0);
    fake_later(&fake, CLIENT_ACK_HOLD_MS);
    assert_int_equal(next_ack(), last);
}

static void one_acknowledgement_is_under_way(void **state)
{
    uint64_t first = fake_order(&fake, fake_id(1), later());

    (void)state;
    fake_later(&fake, CLIENT_ACK_HOLD_MS);
    assert_int_equal(next_ack(), first);
    for (uint8_t i = 2; i < 10; i++) {
        fake_order(&fake, fake_id(i), later());
    }
    fake_later(&fake, 2 * CLIENT_ACK_HOLD_MS);
    assert_int_equal(next_ack(), 0);
    say_ack_is_taken();
    assert_int_equal(next_ack(), fake.seq);
}

static void a_share_of_the_window_is_not_held_back(void **state)
{
    (void)state;
    for (int i = 1; i < CLIENT_WINDOW / CLIENT_ACK_WINDOW_SHARE; i++) {
        fake_order(&fake, fake_id((uint8_t)i), later());
    }
    assert_int_equal(next_ack(), 0);
    fake_order(&fake, fake_id(CLIENT_WINDOW / CLIENT_ACK_WINDOW_SHARE), later());
    assert_int_equal(next_ack(), fake.seq);
}

static void the_last_acknowledgement_is_said_before_the_good_bye(void **state)
{
    uint64_t seq = fake_order(&fake, fake_id(1), later());

    (void)state;
    assert_int_equal(next_ack(), 0);
    client_goodbye(fake.client);
    assert_int_equal(next_ack(), seq);
    assert_non_null(fake_next(&fake, ENVELOPE_BYE));
    client_connected(fake.client); /* the broker never had it: it is said with the first words of the next */
    fake_greet(&fake);
    fake.read_n = 0;
    assert_int_equal(next_ack(), seq);
    assert_int_equal(next_ack(), seq);
}

/* A broker gives 1,024 at the most: a quarter of more would never wait for us. */
static void no_more_than_the_brokers_window_is_waited_for(void **state)
{
    enum { SHARE = CLIENT_WINDOW_MAX / CLIENT_ACK_WINDOW_SHARE };
    const struct envelope *hello;

    (void)state;
    fake.window = 8 * CLIENT_WINDOW_MAX;
    fake_restart(&fake);
    client_connected(fake.client);
    hello = fake_next(&fake, ENVELOPE_HELLO);
    assert_int_equal(hello->hello.window, CLIENT_WINDOW_MAX);
    fake.read_n = 0;
    fake_greet(&fake);
    fake_skip(&fake);
    for (unsigned i = 0; i < SHARE; i++) {
        assert_null(fake_next(&fake, ENVELOPE_SUBMIT));
        fake_tombstone(&fake, LANE_ORDERS, ++fake.seq, fake_id(1));
        fake_run(&fake);
    }
    assert_int_equal(next_ack(), fake.seq);
    fake.window = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_order_is_given_and_acknowledged, setup, teardown),
        cmocka_unit_test_setup_teardown(credit_that_is_a_share_of_the_window_is_given, setup, teardown),
        cmocka_unit_test_setup_teardown(credit_is_given_for_many_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(credit_does_not_wait_for_the_acknowledgement, setup, teardown),
        cmocka_unit_test_setup_teardown(credit_of_an_ended_session_is_not_given, setup, teardown),
        cmocka_unit_test_setup_teardown(an_acknowledgement_is_held_back, setup, teardown),
        cmocka_unit_test_setup_teardown(one_acknowledgement_is_under_way, setup, teardown),
        cmocka_unit_test_setup_teardown(a_share_of_the_window_is_not_held_back, setup, teardown),
        cmocka_unit_test_setup_teardown(no_more_than_the_brokers_window_is_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(the_last_acknowledgement_is_said_before_the_good_bye, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
