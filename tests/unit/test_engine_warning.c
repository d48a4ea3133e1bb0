/* Warnings in the engine: each comes into force, and ends, by itself and once; and every open incident is
 * asked about it, also those that are not in memory, some in a record, and anew after a restart meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/state.h"
#include "tests/unit/engine_rig.h"

#define RAISES                                  \
    "pack: p\nversion: 1\nmatch: all\nrules:\n" \
    "  - {rule: red, when: incident, if: warning_colour = 'red', do: [raise: II]}\n"
#define TELLS                                   \
    "pack: p\nversion: 1\nmatch: all\nrules:\n" \
    "  - {rule: red, when: alert, if: warning_colour = 'red', do: [notify: centre]}\n"

enum { INCIDENTS = 200, AT_HAND = 8, SOME = 4, MINUTE = 60 * 1000 };

static struct rig rig;

static int setup(void **state)
{
    (void)state;
    rig_make(&rig);
    rig.open_orders_max = AT_HAND;
    rig.idle_streams_max = AT_HAND;
    rig_restart(&rig);
    rig_hello(&rig, 1, CENTRE, 64);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

static void in_force(const char *text)
{
    struct command command = {.kind = COMMAND_SET_PACK, .set_pack = {.text = text}};

    assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_DONE);
}

static void warn(unsigned n, enum alert_colour colour, int64_t from_ms, int64_t until_ms)
{
    const struct alert_code code = {"", "370102000000"};
    const struct alert_area area = {.description = "", .geocodes = &code, .geocodes_n = 1};
    const struct alert_info info = {.language = "zh-CN",
                                    .event = "暴雨",
                                    .urgency = ALERT_URGENCY_IMMEDIATE,
                                    .certainty = ALERT_CERTAINTY_LIKELY,
                                    .colour = colour,
                                    .audience = "",
                                    .effective_ms = from_ms,
                                    .expires_ms = until_ms,
                                    .sender_name = "",
                                    .headline = "",
                                    .description = "",
                                    .instruction = "",
                                    .web = "",
                                    .contact = "",
                                    .areas = &area,
                                    .areas_n = 1};
    struct command command = {
        .kind = COMMAND_RECORD_ALERT,
        .record_alert = {.alert = id_make(rig_bus_ms(&rig), (const uint8_t[10]){'W', (uint8_t)n}),
                         .source = ALERT_SOURCE_CAP,
                         .sender = "s@example",
                         .sender_code = "",
                         .identifier = "1",
                         .sent_ms = rig_bus_ms(&rig),
                         .status = ALERT_STATUS_ACTUAL,
                         .type = ALERT_TYPE_ALERT,
                         .scope = ALERT_SCOPE_PUBLIC,
                         .note = "",
                         .infos = &info,
                         .infos_n = 1,
                         .content = {(uint8_t)n}}};

    assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_DONE);
}

static void later(int64_t ms)
{
    struct envelope beat = {.kind = ENVELOPE_BEAT};

    for (int64_t gone = 0; gone < ms; gone += RIG_BEAT_MS) {
        rig_say(&rig, 1, CENTRE, &beat);
        rig_later(&rig, RIG_BEAT_MS);
        rig_run(&rig);
        rig_skip(&rig);
    }
}

static const struct region *region(void)
{
    return state_region(engine_state(rig.engine));
}

static bool is_done(void)
{
    return region()->warnings_turn == region()->warnings_heeded;
}

/* Of the incident, which is read if it is not in memory, by a report that changes nothing of rules. */
static enum grade level_of(unsigned n)
{
    struct command command = rig_follow_up(n, "what is its level?");

    assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_DONE);
    const struct incident *incident = state_incident(engine_state(rig.engine), rig_id(n));
    assert_non_null(incident);
    return incident->level;
}

static void report_all(void)
{
    for (unsigned n = 1; n <= INCIDENTS; n++) {
        struct command command = rig_report(n);
        assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_DONE);
        rig_skip(&rig);
    }
    later(5 * RIG_BEAT_MS);
}

static void test_all_open_incidents_are_asked(void **state)
{
    (void)state;
    in_force(RAISES);
    report_all();
    assert_true(state_incident_count(engine_state(rig.engine)) < INCIDENTS / 2);
    warn(1, ALERT_COLOUR_RED, rig_bus_ms(&rig), rig_bus_ms(&rig) + 60 * MINUTE);
    later(20 * RIG_BEAT_MS);
    assert_true(is_done());
    assert_int_equal(region()->warnings_turn, 1);
    for (unsigned n = 1; n <= INCIDENTS; n++) {
        assert_int_equal(level_of(n), GRADE_II);
    }
}

static void test_a_restart_in_the_middle_begins_anew(void **state)
{
    (void)state;
    in_force(RAISES);
    report_all();
    warn(1, ALERT_COLOUR_RED, rig_bus_ms(&rig), rig_bus_ms(&rig) + 60 * MINUTE);
    for (size_t ms = 0; ms < SOME; ms++) { /* of what follows, and no more */
        rig_later(&rig, 1);
    }
    assert_int_equal(region()->warnings_turn, 1);
    assert_false(is_done());
    rig_restart(&rig);
    rig_hello(&rig, 1, CENTRE, 64);
    later(20 * RIG_BEAT_MS);
    assert_true(is_done());
    for (unsigned n = 1; n <= INCIDENTS; n += 7) {
        assert_int_equal(level_of(n), GRADE_II);
    }
}

static void test_its_time_comes_once(void **state)
{
    int64_t now = rig_bus_ms(&rig);

    (void)state;
    in_force(TELLS);
    warn(1, ALERT_COLOUR_RED, now + 2 * MINUTE, now + 4 * MINUTE);
    later(MINUTE);
    assert_false(region()->warnings[0].began);
    rig_restart(&rig);
    rig_hello(&rig, 1, CENTRE, 64);
    later(2 * MINUTE);
    assert_true(region()->warnings[0].began && region()->warnings[0].asked);
    uint64_t head = engine_numbers(rig.engine).head_seq;
    later(30 * 1000);
    assert_int_equal(engine_numbers(rig.engine).head_seq, head); /* nothing more is to be said */
    assert_int_equal(region()->warnings_turn, 0);                /* no incident's rule asks */
    later(2 * MINUTE);
    assert_int_equal(region()->warnings_n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_open_incidents_are_asked, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_restart_in_the_middle_begins_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(test_its_time_comes_once, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
