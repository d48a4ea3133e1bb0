/* The client's telemetry: last values wait and go when they may be; a subscription outlives sessions. */
#include "agents/lib/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/client_fake.h"

static struct fake fake;

static int setup(void **state)
{
    (void)state;
    fake_start(&fake);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake_stop(&fake);
    return 0;
}

static struct sample reading(const char *unit, int64_t at_ms, int64_t value)
{
    return (struct sample){.unit = unit,
                           .name = "h2s",
                           .at_ms = at_ms,
                           .reading = {.present = true, .value = value, .unit_of_measure = "[ppm]"}};
}

static void publish(struct sample sample)
{
    struct err err = {0};

    if (client_publish(fake.client, &sample, 1, &err)) {
        fail_msg("%s", err.text);
    }
}

/* The samples of the next envelope; 0: none. */
static size_t sent(struct telemetry *ret)
{
    const struct envelope *envelope = fake_next(&fake, ENVELOPE_TELEMETRY);

    if (envelope) {
        *ret = envelope->telemetry;
    }
    return envelope ? ret->samples_n : 0;
}

static void what_is_published_is_sent_at_once(void **state)
{
    struct telemetry telemetry = {0};

    (void)state;
    fake_session(&fake);
    fake_skip(&fake);
    publish(reading("E1", 1000, 7));
    assert_int_equal(sent(&telemetry), 1);
    if (telemetry.samples == NULL) {
        fail();
        return;
    }
    assert_string_equal(telemetry.samples[0].unit, "E1");
    assert_string_equal(telemetry.samples[0].agent, "");
    assert_int_equal(telemetry.samples[0].mode, MODE_ACTUAL); /* the options' */
    assert_int_equal(telemetry.samples[0].reading.value, 7);
    publish(reading(NULL, 0, 8)); /* of the agent, now */
    assert_int_equal(sent(&telemetry), 1);
    assert_string_equal(telemetry.samples[0].unit, "");
    assert_int_equal(telemetry.samples[0].at_ms, client_bus_ms(fake.client));
    publish(reading("E1", 999, 6)); /* late */
    assert_int_equal(sent(&telemetry), 0);
    publish(reading("E1", client_bus_ms(fake.client) + 86400000, 5)); /* a clock's mistake ... */
    assert_int_equal(sent(&telemetry), 1);
    publish(reading("E1", 2000, 9)); /* ... shuts nothing out */
    assert_int_equal(sent(&telemetry), 1);
    assert_int_equal(telemetry.samples[0].reading.value, 9);
}

static void last_values_wait_for_a_session(void **state)
{
    struct telemetry telemetry = {0};

    (void)state;
    for (int i = 1; i <= 10; i++) {
        publish(reading("E1", i, i));
    }
    publish(reading("E2", 1, 50));
    fake_session(&fake);
    fake.read_n = 0;
    assert_int_equal(sent(&telemetry), 2);
    assert_int_equal(telemetry.samples[0].reading.value, 10);
    assert_int_equal(telemetry.samples[1].reading.value, 50);
    assert_int_equal(sent(&telemetry), 0);

    /* A broker that was restarted has nothing: all of it again. */
    fake_skip(&fake);
    client_disconnected(fake.client);
    publish(reading("E1", 11, 11));
    size_t from = fake.sent_n;
    fake_session(&fake);
    fake.read_n = from;
    assert_int_equal(sent(&telemetry), 2);
    assert_int_equal(telemetry.samples[0].reading.value, 11);
}

static void no_more_under_way_than_the_broker_takes(void **state)
{
    struct telemetry telemetry = {0};
    size_t envelopes = 0;

    (void)state;
    fake_session(&fake);
    fake_skip(&fake);
    for (int i = 1; i <= 3 * CLIENT_TELEMETRY_WINDOW; i++) {
        publish(reading("E1", i, i));
    }
    while (sent(&telemetry) > 0) {
        envelopes++;
    }
    assert_int_equal(envelopes, CLIENT_TELEMETRY_WINDOW);
    fake_say(&fake, &(struct envelope){.kind = ENVELOPE_CREDIT, .credit = {LANE_TELEMETRY, 8}});
    assert_int_equal(sent(&telemetry), 1); /* what came meanwhile is one value */
    assert_int_equal(telemetry.samples[0].reading.value, 3 * CLIENT_TELEMETRY_WINDOW);
    assert_int_equal(sent(&telemetry), 0);
}

static void the_longest_said_makes_room(void **state)
{
    struct telemetry telemetry = {0};
    char unit[16];
    size_t n = 0;
    bool first = false, second = false;

    (void)state;
    for (int i = 0; i < CLIENT_TELEMETRY_MAX; i++) {
        (void)snprintf(unit, sizeof unit, "U%d", i);
        publish(reading(unit, 1, i));
    }
    publish(reading("U0", 2, 1));
    publish(reading("new", 1, 1));
    fake_session(&fake);
    fake.read_n = 0;
    while (sent(&telemetry) > 0) {
        n += telemetry.samples_n;
        for (size_t i = 0; i < telemetry.samples_n; i++) {
            first = first || strcmp(telemetry.samples[i].unit, "U0") == 0;
            second = second || strcmp(telemetry.samples[i].unit, "U1") == 0;
        }
    }
    assert_int_equal(n, CLIENT_TELEMETRY_MAX);
    assert_true(first);
    assert_false(second);
}

static void what_is_wrong_is_told_and_nothing_taken(void **state)
{
    struct sample samples[] = {reading("E1", 1, 1), reading("E2", 1, READING_MAX + 1)};
    struct telemetry telemetry = {0};
    struct err err = {0};

    (void)state;
    fake_session(&fake);
    fake_skip(&fake);
    assert_int_equal(client_publish(fake.client, samples, 2, &err), ERR_DATA);
    assert_string_equal(err.text, "samples[1]: the value is beyond 10^15, or its exponent beyond 18");
    samples[1] = (struct sample){.name = "position", .position = {.present = true}};
    assert_int_equal(client_publish(fake.client, samples, 2, &err), ERR_DATA);
    assert_string_equal(err.text, "samples[1]: the position names no reference system");
    assert_int_equal(sent(&telemetry), 0);
    assert_int_equal(client_subscribe(fake.client, &(struct subscribe){.source = "fire"}, &err), ERR_DATA);
}

static void a_subscription_is_given_and_outlives_the_session(void **state)
{
    struct sample sample = {.agent = FAKE_CENTRE,
                            .unit = "E1",
                            .name = "position",
                            .at_ms = 5,
                            .mode = MODE_ACTUAL,
                            .position = {.present = true, .datum = DATUM_WGS84, .latitude_e7 = 12},
                            .reading = {.unit_of_measure = ""}};
    struct envelope given = {.kind = ENVELOPE_TELEMETRY, .telemetry = {&sample, 1}};
    const struct envelope *envelope;
    uint32_t credit = 0;

    (void)state;
    fake_say(&fake, &given); /* no session */
    assert_int_equal(client_subscribe(fake.client, &(struct subscribe){.source = NULL}, NULL), 0);
    fake_session(&fake);
    fake.read_n = 0;
    envelope = fake_next(&fake, ENVELOPE_SUBSCRIBE);
    assert_non_null(envelope);
    assert_int_equal(envelope->subscribe.credit, CLIENT_TELEMETRY_CREDIT);
    assert_int_equal(envelope->subscribe.mode, MODE_ACTUAL);
    fake_skip(&fake);
    for (int i = 0; i < CLIENT_TELEMETRY_CREDIT; i++) {
        fake_say(&fake, &given);
    }
    assert_int_equal(fake.samples, CLIENT_TELEMETRY_CREDIT);
    while ((envelope = fake_next(&fake, ENVELOPE_CREDIT)) != NULL) {
        assert_int_equal(envelope->credit.lane, LANE_TELEMETRY);
        credit += envelope->credit.add;
    }
    assert_int_equal(credit, CLIENT_TELEMETRY_CREDIT);

    size_t from = fake.sent_n;
    client_disconnected(fake.client);
    fake_session(&fake);
    fake.read_n = from;
    assert_non_null(fake_next(&fake, ENVELOPE_SUBSCRIBE));

    /* Busy is tried again; any other refusal is told and ends it. */
    struct envelope refused = {
        .kind = ENVELOPE_TELEMETRY_REFUSED,
        .telemetry_refused = {.refusal = REFUSED_BUSY, .detail = "not just now", .subscription = true}};
    fake_say(&fake, &refused);
    assert_int_equal(fake.telemetry_refused, 0);
    fake_later(&fake, CLIENT_TELEMETRY_AGAIN_MS);
    assert_non_null(fake_next(&fake, ENVELOPE_SUBSCRIBE));
    refused.telemetry_refused.refusal = REFUSED_RIGHT;
    fake_say(&fake, &refused);
    assert_int_equal(fake.telemetry_refused, 1);
    from = fake.sent_n;
    client_disconnected(fake.client);
    fake_session(&fake);
    fake.read_n = from;
    assert_null(fake_next(&fake, ENVELOPE_SUBSCRIBE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_published_is_sent_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(last_values_wait_for_a_session, setup, teardown),
        cmocka_unit_test_setup_teardown(no_more_under_way_than_the_broker_takes, setup, teardown),
        cmocka_unit_test_setup_teardown(the_longest_said_makes_room, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_told_and_nothing_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(a_subscription_is_given_and_outlives_the_session, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
