/* Telemetry: the last value wins, a slow reader is given the newest, nothing is written, rights are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/engine_rig.h"

static struct rig rig;

static int setup(void **state)
{
    (void)state;
    rig_start(&rig);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

static struct sample position(const char *unit, int64_t at_ms, int32_t latitude_e7)
{
    return (struct sample){.agent = "",
                           .unit = unit,
                           .name = SAMPLE_POSITION,
                           .at_ms = at_ms,
                           .mode = MODE_ACTUAL,
                           .position = {.present = true,
                                        .datum = DATUM_CGCS2000,
                                        .latitude_e7 = latitude_e7,
                                        .longitude_e7 = 1170000000},
                           .reading = {.unit_of_measure = ""}};
}

static struct sample reading(const char *unit, const char *name, int64_t at_ms, int64_t value)
{
    return (struct sample){
        .agent = "",
        .unit = unit,
        .name = name,
        .at_ms = at_ms,
        .mode = MODE_ACTUAL,
        .reading = {.present = true, .value = value, .exponent = -1, .unit_of_measure = "[ppm]"}};
}

static void publish(unsigned peer, enum rig_agent agent, const struct sample *samples, size_t n)
{
    struct envelope envelope = {.kind = ENVELOPE_TELEMETRY, .telemetry = {samples, n}};

    rig_say(&rig, peer, agent, &envelope);
}

static void publish_one(unsigned peer, enum rig_agent agent, struct sample sample)
{
    publish(peer, agent, &sample, 1);
}

static void subscribe(unsigned peer, enum rig_agent agent, struct subscribe said)
{
    said.source = said.source != NULL ? said.source : "";
    rig_say(&rig, peer, agent, &(struct envelope){.kind = ENVELOPE_SUBSCRIBE, .subscribe = said});
    rig_later(&rig, ENGINE_TELEMETRY_MS);
}

static void publish_many(unsigned peer, enum rig_agent agent, size_t from, size_t n, int64_t at_ms)
{
    struct sample samples[SAMPLES_MAX];
    char names[SAMPLES_MAX][16];

    for (size_t i = 0; i < n; i += SAMPLES_MAX) {
        size_t part = n - i < SAMPLES_MAX ? n - i : SAMPLES_MAX;
        for (size_t j = 0; j < part; j++) {
            (void)snprintf(names[j], sizeof names[j], "U%zu", from + i + j);
            samples[j] = reading(names[j], "h2s", at_ms, (int64_t)(from + i + j));
        }
        publish(peer, agent, samples, part);
        rig_skip(&rig);
    }
}

/* A centre at peer 1 and stations at 2 and 3. */
static void join_all(void)
{
    rig_hello(&rig, 1, CENTRE, 16);
    rig_hello(&rig, 2, STATION, 16);
    rig_hello(&rig, 3, SECOND, 16);
    rig_run(&rig);
    rig_skip(&rig);
}

static const struct telemetry *given(unsigned peer)
{
    const struct envelope *envelope = rig_next(&rig, peer, ENVELOPE_TELEMETRY);

    return envelope != NULL ? &envelope->telemetry : NULL;
}

static void assert_refused(unsigned peer, enum refusal refusal, bool subscription, const char *detail)
{
    const struct envelope *envelope = rig_next(&rig, peer, ENVELOPE_TELEMETRY_REFUSED);

    assert_non_null(envelope);
    assert_int_equal(envelope->telemetry_refused.refusal, refusal);
    assert_int_equal(envelope->telemetry_refused.subscription, subscription);
    assert_string_equal(envelope->telemetry_refused.detail, detail);
}

/* --- what is given --------------------------------------------------------------------------------- */

static void test_present_values_then_changes(void **state)
{
    (void)state;
    join_all();
    int64_t now = rig_bus_ms(&rig);
    struct sample said[] = {position("E1", now, 366000000), reading("E1", "h2s", now, 105)};
    said[0].agent = "370102/health/forged"; /* not read */
    publish(2, STATION, said, 2);
    publish_one(3, SECOND, position("E9", now, 366500000));
    subscribe(1, CENTRE, (struct subscribe){.credit = 4});
    const struct telemetry *telemetry = given(1);
    assert_non_null(telemetry);
    assert_int_equal(telemetry->samples_n, 3);
    assert_string_equal(telemetry->samples[0].agent, rig.agents[STATION].name);
    assert_string_equal(telemetry->samples[0].unit, "E1");
    assert_int_equal(telemetry->samples[0].position.datum, DATUM_CGCS2000);
    assert_int_equal(telemetry->samples[0].position.latitude_e7, 366000000);
    assert_string_equal(telemetry->samples[1].name, "h2s");
    assert_int_equal(telemetry->samples[1].reading.value, 105);
    assert_int_equal(telemetry->samples[1].reading.exponent, -1);
    assert_string_equal(telemetry->samples[1].reading.unit_of_measure, "[ppm]");
    assert_string_equal(telemetry->samples[2].agent, rig.agents[SECOND].name);

    publish_one(2, STATION, position("E1", now + 1, 366000001));
    rig_later(&rig, ENGINE_TELEMETRY_MS);
    telemetry = given(1);
    assert_non_null(telemetry);
    assert_int_equal(telemetry->samples_n, 1);
    assert_int_equal(telemetry->samples[0].position.latitude_e7, 366000001);
    assert_null(given(1));
    assert_null(given(2)); /* who has not asked is given nothing */
}

static void test_older_and_same_change_nothing(void **state)
{
    (void)state;
    join_all();
    int64_t now = rig_bus_ms(&rig);
    subscribe(1, CENTRE, (struct subscribe){.credit = 16});
    publish_one(2, STATION, reading("", "water", now, 7));
    rig_later(&rig, ENGINE_TELEMETRY_MS);
    assert_non_null(given(1));
    publish_one(2, STATION, reading("", "water", now - 1, 8));
    publish_one(2, STATION, reading("", "water", now, 7));
    rig_later(&rig, ENGINE_TELEMETRY_MS);
    assert_null(given(1));
    publish_one(2, STATION, reading("", "water", now, 9)); /* a correction */
    rig_later(&rig, ENGINE_TELEMETRY_MS);
    const struct telemetry *telemetry = given(1);
    assert_non_null(telemetry);
    assert_int_equal(telemetry->samples[0].reading.value, 9);
}

static void test_slow_reader_gets_the_newest_only(void **state)
{
    (void)state;
    join_all();
    int64_t now = rig_bus_ms(&rig);
    subscribe(1, CENTRE, (struct subscribe){.credit = 1});
    publish_one(2, STATION, position("E1", now, 0));
    rig_later(&rig, ENGINE_TELEMETRY_MS);
    assert_non_null(given(1));
    for (int i = 1; i <= 100; i++) {
        publish_one(2, STATION, position("E1", now + i, i));
        publish_one(3, SECOND, reading("E9", "h2s", now + i, i));
    }
    rig_later(&rig, 300); /* a sweep too: without credit there is nothing */
    assert_null(given(1));
    rig_credit(&rig, 1, CENTRE, LANE_TELEMETRY, 1);
    rig_later(&rig, ENGINE_TELEMETRY_MS);
    const struct telemetry *telemetry = given(1);
    assert_non_null(telemetry);
    assert_int_equal(telemetry->samples_n, 2);
    assert_int_equal(telemetry->samples[0].position.latitude_e7, 100);
    assert_int_equal(telemetry->samples[1].reading.value, 100);
    assert_null(given(1));
}

/* What changes again and again between two rounds is given by its last value. */
static void test_rounds_have_their_time(void **state)
{
    const struct telemetry *telemetry;

    (void)state;
    join_all();
    subscribe(1, CENTRE, (struct subscribe){.credit = 8});
    publish_one(2, STATION, position("E1", rig_bus_ms(&rig), 1));
    rig_later(&rig, 1);
    assert_non_null(given(1)); /* nothing was given before it: at once */
    for (int i = 2; i <= 5; i++) {
        publish_one(2, STATION, position("E1", rig_bus_ms(&rig) + i, i));
        rig_later(&rig, 1);
        assert_null(given(1));
    }
    rig_later(&rig, ENGINE_TELEMETRY_MS);
    telemetry = given(1);
    assert_non_null(telemetry);
    assert_int_equal(telemetry->samples[0].position.latitude_e7, 5);
    assert_null(given(1));
}

enum { READERS = ENGINE_SESSIONS_PER_AGENT - 1, READERS_FROM = 10, READ_VALUES = 4 * SAMPLES_MAX };

/* Many readers of much, all of it new to them. */
static void many_readers(void)
{
    for (unsigned i = 0; i < READERS; i++) {
        rig_hello(&rig, READERS_FROM + i, CENTRE, 0);
        subscribe(READERS_FROM + i, CENTRE, (struct subscribe){.credit = ENGINE_TELEMETRY_WINDOW_MAX});
    }
    publish_many(2, STATION, 0, READ_VALUES, rig_bus_ms(&rig));
}

static size_t had_by_readers(void)
{
    size_t all = 0;

    for (unsigned i = 0; i < READERS; i++) {
        for (const struct telemetry *telemetry; (telemetry = given(READERS_FROM + i)) != NULL;) {
            all += telemetry->samples_n;
        }
    }
    return all;
}

/* Turns that need no time to pass between them. */
static size_t turns_at_once(void)
{
    enum { TURN_MAX = 16 + 4 };
    size_t turns = 0;

    for (; engine_due_ms(rig.engine) <= rig.boot_ms && turns < 1000; turns++) {
        uint64_t before = engine_numbers(rig.engine).telemetry;
        engine_tick(rig.engine);
        assert_true(engine_numbers(rig.engine).telemetry - before <= TURN_MAX);
    }
    return turns;
}

/* Each turn gives a little, to others than the one before, until all have all. */
static void test_a_turn_gives_a_little(void **state)
{
    (void)state;
    join_all();
    many_readers();
    rig.boot_ms += ENGINE_TELEMETRY_MS; /* the next round begins, and is gone through without a pause */
    assert_true(turns_at_once() > 1);
    assert_int_equal(had_by_readers(), READERS * READ_VALUES);
}

/* While somebody speaks who says little, there is time for it between two turns. */
static void test_turns_leave_time_for_who_says_little(void **state)
{
    struct command report = rig_report(1), one = rig_follow_up(1, "one");

    (void)state;
    join_all();
    assert_int_equal(rig_done(&rig, 1, CENTRE, &report).outcome, OUTCOME_DONE);
    rig_later(&rig, ENGINE_SHARE_MS);
    many_readers();
    assert_int_equal(rig_done(&rig, 1, CENTRE, &one).outcome, OUTCOME_DONE);
    (void)turns_at_once();
    rig.boot_ms += ENGINE_TELEMETRY_MS;
    assert_int_equal(turns_at_once(), 1);
    assert_int_equal(engine_due_ms(rig.engine), rig.boot_ms + ENGINE_TELEMETRY_PACE_MS);
    rig_later(&rig, ENGINE_TELEMETRY_MS);
    assert_int_equal(had_by_readers(), READERS * READ_VALUES);
}

static void test_full_queue_leaves_behind(void **state)
{
    (void)state;
    join_all();
    int64_t now = rig_bus_ms(&rig);
    subscribe(1, CENTRE, (struct subscribe){.credit = 16});
    rig.full_peer = 1;
    publish_one(2, STATION, position("E1", now, 1));
    rig_later(&rig, 10);
    publish_one(2, STATION, position("E1", now + 1, 2));
    rig_later(&rig, 10);
    rig.full_peer = 0;
    rig_later(&rig, 300);
    const struct telemetry *telemetry = given(1);
    assert_non_null(telemetry);
    assert_int_equal(telemetry->samples_n, 1);
    assert_int_equal(telemetry->samples[0].position.latitude_e7, 2);
    assert_null(given(1));
}

static void test_source_and_mode(void **state)
{
    (void)state;
    join_all();
    int64_t now = rig_bus_ms(&rig);
    struct sample exercise = position("E1", now, 5);
    exercise.mode = MODE_EXERCISE;
    publish_one(2, STATION, position("E1", now, 1));
    publish_one(2, STATION, exercise); /* beside the actual one, not in its place */
    publish_one(3, SECOND, position("E9", now, 2));

    subscribe(1, CENTRE, (struct subscribe){.credit = 4, .source = rig.agents[SECOND].name});
    const struct telemetry *telemetry = given(1);
    assert_int_equal(telemetry->samples_n, 1);
    assert_string_equal(telemetry->samples[0].unit, "E9");

    subscribe(1, CENTRE, (struct subscribe){.credit = 4, .source = RIG_REGION "/fire-rescue"});
    assert_int_equal(given(1)->samples_n, 2);
    subscribe(1, CENTRE, (struct subscribe){.credit = 4, .source = RIG_REGION "/health"});
    assert_null(given(1));
    subscribe(1, CENTRE, (struct subscribe){.credit = 4, .mode = MODE_EXERCISE});
    telemetry = given(1);
    assert_int_equal(telemetry->samples_n, 1);
    assert_int_equal(telemetry->samples[0].position.latitude_e7, 5);
    subscribe(1, CENTRE, (struct subscribe){.credit = 4, .every_mode = true});
    assert_int_equal(given(1)->samples_n, 3);

    subscribe(1, CENTRE, (struct subscribe){.end = true});
    publish_one(2, STATION, position("E1", now + 1, 3));
    rig_later(&rig, 300);
    assert_null(given(1));
}

/* --- bounds ---------------------------------------------------------------------------------------- */

static void test_an_agent_has_its_share(void **state)
{
    (void)state;
    join_all();
    int64_t now = rig_bus_ms(&rig);
    publish_one(3, SECOND, position("E9", now, 2));
    publish_many(2, STATION, 0, ENGINE_TELEMETRY_PER_AGENT_MAX, now);
    publish_one(2, STATION, reading("U0", "h2s", now + 1, 77)); /* the oldest is U1 now */
    publish_many(2, STATION, ENGINE_TELEMETRY_PER_AGENT_MAX, 1, now);
    subscribe(1, CENTRE, (struct subscribe){.credit = 1});
    size_t seen = 0;
    bool other = false, first = false, second = false;
    for (int turn = 0; turn < 200; turn++) {
        const struct telemetry *telemetry = given(1);
        for (size_t i = 0; telemetry != NULL && i < telemetry->samples_n; i++) {
            seen++;
            other = other || strcmp(telemetry->samples[i].unit, "E9") == 0;
            first = first || strcmp(telemetry->samples[i].unit, "U0") == 0;
            second = second || strcmp(telemetry->samples[i].unit, "U1") == 0;
        }
        rig_skip(&rig);
        rig_credit(&rig, 1, CENTRE, LANE_TELEMETRY, 1);
        rig_later(&rig, ENGINE_TELEMETRY_MS);
    }
    assert_int_equal(seen, ENGINE_TELEMETRY_PER_AGENT_MAX + 1);
    assert_true(other && first);
    assert_false(second);
}

static void test_publisher_is_given_credit_back(void **state)
{
    (void)state;
    join_all();
    for (int i = 0; i < 20; i++) {
        publish_one(2, STATION, position("E1", rig_bus_ms(&rig), i));
    }
    uint32_t add = 0;
    for (const struct envelope *envelope; (envelope = rig_next(&rig, 2, ENVELOPE_CREDIT)) != NULL;) {
        assert_int_equal(envelope->credit.lane, LANE_TELEMETRY);
        add += envelope->credit.add;
    }
    assert_int_equal(add, 16);
}

/* --- orders come first, the log is left alone ----------------------------------------------------- */

static void test_nothing_is_written_and_orders_go_first(void **state)
{
    (void)state;
    join_all();
    subscribe(1, CENTRE, (struct subscribe){.credit = 4});
    struct engine_numbers before = engine_numbers(rig.engine);
    publish_one(2, STATION, position("E1", rig_bus_ms(&rig), 1));
    assert_false(rig_append_waits(&rig));
    struct command command = rig_report(1);
    rig_submit(&rig, 1, CENTRE, &command);
    rig_run(&rig);
    command = rig_order(&rig, 1, 1, STATION);
    rig_submit(&rig, 1, CENTRE, &command);
    rig_run(&rig);
    assert_null(given(1)); /* its turn comes when what was committed has been said */
    assert_non_null(rig_next(&rig, 1, ENVELOPE_REPLY));
    assert_non_null(rig_next(&rig, 2, ENVELOPE_DELIVER));
    rig_later(&rig, ENGINE_TELEMETRY_MS);
    assert_non_null(given(1));
    struct engine_numbers after = engine_numbers(rig.engine);
    assert_int_equal(after.records - before.records, 2); /* the report and the order */
    assert_int_equal(after.samples, 1);
    assert_int_equal(after.telemetry, 1);
    rig_restart(&rig);
    rig_hello(&rig, 1, CENTRE, 16);
    subscribe(1, CENTRE, (struct subscribe){.credit = 4});
    assert_null(given(1)); /* it was in memory only */
}

/* --- what is refused -------------------------------------------------------------------------------- */

static void test_refusals(void **state)
{
    (void)state;
    join_all();
    int64_t now = rig_bus_ms(&rig);
    struct sample good = position("E1", now, 1);
    struct {
        struct sample sample;
        enum refusal refusal;
        const char *detail;
    } rows[] = {
        {good, REFUSED_INVALID, "samples[1]: name what was measured"},
        {good, REFUSED_INVALID, "samples[1]: at_ms: say when it was measured"},
        {good, REFUSED_INVALID, "samples[1]: a reading, and no position, bears this name"},
        {good, REFUSED_INVALID, "samples[1]: a position, and no reading, bears the name \"position\""},
        {good, REFUSED_MODE, "samples[1]: mode: actual, exercise or test"},
        {good, REFUSED_CLOCK, "samples[1]: at_ms: the clock that measured it is too far ahead"},
        {good, REFUSED_REFERENCE, "samples[1]: the position names no reference system"},
    };
    rows[0].sample.name = "";
    rows[1].sample.at_ms = 0;
    rows[2].sample.name = "h2s";
    rows[3].sample.reading.present = true;
    rows[4].sample.mode = MODE_NONE;
    rows[5].sample.at_ms = now + 3600 * 1000;
    rows[6].sample.position.datum = DATUM_NONE;
    subscribe(1, CENTRE, (struct subscribe){.credit = 16});
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sample samples[] = {good, rows[i].sample};
        publish(2, STATION, samples, 2);
        assert_refused(2, rows[i].refusal, false, rows[i].detail);
        rig_say(&rig, 1, CENTRE, &(struct envelope){.kind = ENVELOPE_BEAT, .beat = {.head = {.region = ""}}});
        rig_later(&rig, 1001);
        rig_say(&rig, 1, CENTRE, &(struct envelope){.kind = ENVELOPE_BEAT, .beat = {.head = {.region = ""}}});
        assert_int_equal(given(1)->samples_n, 1); /* the good one of the envelope */
        assert_null(given(1));
        good.at_ms++;
    }
    publish_one(1, CENTRE, good); /* a centre has no units */
    assert_refused(1, REFUSED_RIGHT, false, "the right \"units\" is needed to publish");
    publish_one(1, CENTRE, good);
    publish_one(1, CENTRE, good);
    assert_null(rig_next(&rig, 1, ENVELOPE_TELEMETRY_REFUSED)); /* not for each */
    rig_later(&rig, 1300);
    const struct envelope *envelope = rig_next(&rig, 1, ENVELOPE_TELEMETRY_REFUSED);
    assert_non_null(envelope);
    assert_int_equal(envelope->telemetry_refused.samples, 2);
    assert_null(rig_next(&rig, 1, ENVELOPE_BYE));
    assert_null(rig_next(&rig, 2, ENVELOPE_BYE));
}

static void test_subscription_refused(void **state)
{
    (void)state;
    join_all();
    subscribe(2, STATION, (struct subscribe){.credit = 4});
    assert_refused(2, REFUSED_RIGHT, true, "the right \"watch\" or \"centre\" is needed");
    subscribe(1, CENTRE, (struct subscribe){.credit = 4, .source = "no agency"});
    assert_refused(1, REFUSED_INVALID, true,
                   "source: REGION/AGENCY, REGION/AGENCY/AGENT, or empty for everybody");
    rig_credit(&rig, 1, CENTRE, LANE_TELEMETRY, 1); /* for a subscription that is not: harmless */
    assert_null(rig_next(&rig, 1, ENVELOPE_BYE));
}

static void test_revoked_agent_measures_nothing(void **state)
{
    struct command command = {.kind = COMMAND_REVOKE};

    (void)state;
    join_all();
    publish_one(2, STATION, position("E1", rig_bus_ms(&rig), 1));
    publish_one(3, SECOND, position("E9", rig_bus_ms(&rig), 1));
    command.revoke = (struct revoke){.name = rig.agents[STATION].name, .reason = "lost"};
    assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_DONE);
    subscribe(1, CENTRE, (struct subscribe){.credit = 4});
    const struct telemetry *telemetry = given(1);
    assert_non_null(telemetry);
    assert_int_equal(telemetry->samples_n, 1);
    assert_string_equal(telemetry->samples[0].unit, "E9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_present_values_then_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_older_and_same_change_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slow_reader_gets_the_newest_only, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rounds_have_their_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_turn_gives_a_little, setup, teardown),
        cmocka_unit_test_setup_teardown(test_turns_leave_time_for_who_says_little, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_queue_leaves_behind, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source_and_mode, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_agent_has_its_share, setup, teardown),
        cmocka_unit_test_setup_teardown(test_publisher_is_given_credit_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_is_written_and_orders_go_first, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_subscription_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_revoked_agent_measures_nothing, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
