/* Several envelopes in one frame: what a client gathers, and what it reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/client_fake.h"

enum { MANY = 20, FAR_MS = 3600000 };

static struct fake fake;
static struct bundler bundle;

static void begin(uint32_t broker_takes)
{
    fake_start(&fake);
    fake.bundle_max = broker_takes;
    fake_session(&fake);
    fake_skip(&fake);
    fake.frames_n = 0;
}

static void end(void)
{
    bundler_free(&bundle);
    fake_stop(&fake);
}

static void submit_many(void)
{
    struct command commands[MANY];
    uint64_t tags[MANY];

    for (unsigned i = 0; i < MANY; i++) {
        commands[i] = (struct command){.kind = COMMAND_STATE_UNITS};
        tags[i] = i;
    }
    assert_int_equal(client_submit_batch(fake.client, commands, tags, MANY, NULL), 0);
}

static size_t submits(void)
{
    uint64_t last = 0;
    size_t n = 0;
    const struct envelope *submit;

    while ((submit = fake_next(&fake, ENVELOPE_SUBMIT)) != NULL) {
        struct command command = fake_command(&fake, submit);
        assert_true(command.kind == COMMAND_ACK || command.counter > last);
        last = command.kind == COMMAND_ACK ? last : command.counter;
        n++;
    }
    return n;
}

static void what_is_said_together_is_one_frame(void **state)
{
    (void)state;
    begin(BUNDLE_MAX);
    submit_many();
    assert_int_equal(fake.frames_n, 1);
    assert_int_equal(submits(), MANY);
    end();
}

static void no_more_than_the_broker_takes(void **state)
{
    (void)state;
    begin(6);
    submit_many();
    assert_int_equal(fake.frames_n, (MANY + 5) / 6);
    assert_int_equal(submits(), MANY);
    end();
}

/* 0 is what a broker's Welcome says that knows nothing of it. */
static void none_to_who_takes_none(void **state)
{
    (void)state;
    for (uint32_t takes = 0; takes < 2; takes++) {
        begin(takes);
        submit_many();
        assert_int_equal(fake.frames_n, MANY);
        assert_int_equal(submits(), MANY);
        end();
    }
}

/* Nothing is left behind that the next tick would have to send. */
static void nothing_waits(void **state)
{
    struct command command = {.kind = COMMAND_STATE_UNITS};

    (void)state;
    begin(BUNDLE_MAX);
    assert_int_equal(client_submit(fake.client, &command, 1, NULL), 0);
    assert_int_equal(fake.frames_n, 1);
    assert_int_equal(client_submit(fake.client, &command, 2, NULL), 0);
    assert_int_equal(fake.frames_n, 2);
    client_goodbye(fake.client);
    assert_int_equal(fake.frames_n, 3);
    end();
}

static void gather_orders(unsigned n)
{
    fake.gathered = &bundle;
    for (unsigned i = 1; i <= n; i++) {
        (void)fake_order_by(&fake, &fake.centre, fake_id((uint8_t)i), fake.now_ms + FAR_MS);
    }
    fake.gathered = NULL;
}

static void say_bundle(void)
{
    client_frame(fake.client, bundler_frame(&bundle));
    bundler_clear(&bundle);
}

static void each_is_read_in_turn(void **state)
{
    (void)state;
    begin(BUNDLE_MAX);
    gather_orders(5);
    say_bundle();
    fake_run(&fake);
    assert_int_equal(fake.given_n, 5);
    for (size_t i = 1; i < 5; i++) {
        assert_true(fake.given[i].seq > fake.given[i - 1].seq);
    }
    assert_int_equal(fake.frames_n, 0);
    fake.now_ms += CLIENT_ACK_HOLD_MS;
    client_tick(fake.client);
    assert_int_equal(fake.frames_n, 1); /* Ack and Credit */
    assert_int_equal(submits(), 1);     /* one Ack for all */
    end();
}

static size_t frames_before[MANY];

static void receipt_in_callback(const struct delivery *delivery)
{
    struct give_receipt receipt = {.order = delivery->order, .rung = RUNG_ACKNOWLEDGED, .text = ""};

    assert_int_equal(client_receipt(fake.client, &receipt, 1, NULL), 0);
    frames_before[fake.given_n - 1] = fake.frames_n;
}

/* Each receipt is on the disk before it is said; it does not wait for the next one's disk. */
static void nothing_waits_for_a_disk(void **state)
{
    (void)state;
    begin(BUNDLE_MAX);
    fake.on_delivery = receipt_in_callback;
    gather_orders(5);
    say_bundle();
    fake_run(&fake);
    for (size_t i = 1; i < 5; i++) {
        assert_int_equal(frames_before[i], i); /* those before it have gone */
    }
    assert_int_equal(submits(), 5); /* the Ack is held back */
    end();
}

static void what_stands_before_a_malformed_one_is_read(void **state)
{
    (void)state;
    begin(BUNDLE_MAX);
    fake.gathered = &bundle;
    fake_say(&fake,
             &(struct envelope){.kind = ENVELOPE_BEAT, .beat = {.head = {.region = ""}, .bus_ms = FAR_MS}});
    fake.gathered = NULL;
    assert_int_equal(bundler_add(&bundle, (struct bytes){(const uint8_t *)"garbage", 7}), 0);
    gather_orders(1);
    say_bundle();
    assert_int_equal(fake.reconnects, 1);
    assert_false(client_ready(fake.client));
    assert_true(client_bus_ms(fake.client) >= FAR_MS); /* the Beat was heard ... */
    fake_session(&fake);
    assert_int_equal(fake.given_n, 0); /* ... and the order was not read */
    end();
}

static void no_bundle_in_a_bundle_and_no_welcome(void **state)
{
    static const char *const BAD[] = {"\x4a\x04\x0a\x02\x2a", "\x82\x01", "\x0a"};
    static const size_t SIZES[] = {6, 3, 2};

    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        begin(BUNDLE_MAX);
        assert_int_equal(bundler_add(&bundle, (struct bytes){(const uint8_t *)"\x2a", 2}), 0);
        assert_int_equal(bundler_add(&bundle, (struct bytes){(const uint8_t *)BAD[i], SIZES[i]}), 0);
        say_bundle();
        assert_int_equal(fake.reconnects, 1);
        end();
    }
}

/* After the broker's Bye nothing of the bundle is the session's. */
static void a_bye_ends_it(void **state)
{
    (void)state;
    begin(BUNDLE_MAX);
    fake.gathered = &bundle;
    fake_say(&fake, &(struct envelope){.kind = ENVELOPE_BYE, .bye = {.reason = "the broker stops"}});
    fake.gathered = NULL;
    gather_orders(1);
    say_bundle();
    fake_run(&fake);
    assert_int_equal(fake.refused, 1);
    assert_int_equal(fake.given_n, 0);
    assert_int_equal(fake.reconnects, 0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_together_is_one_frame),
        cmocka_unit_test(no_more_than_the_broker_takes),
        cmocka_unit_test(none_to_who_takes_none),
        cmocka_unit_test(nothing_waits),
        cmocka_unit_test(each_is_read_in_turn),
        cmocka_unit_test(nothing_waits_for_a_disk),
        cmocka_unit_test(what_stands_before_a_malformed_one_is_read),
        cmocka_unit_test(no_bundle_in_a_bundle_and_no_welcome),
        cmocka_unit_test(a_bye_ends_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
