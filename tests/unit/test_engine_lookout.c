/* Readings and silence in the engine: asked of each sample, written down by the edge, across restarts and a
 * full disk, and at no cost where no rule asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/state.h"
#include "tests/unit/engine_rig.h"

#define GAS                                                                                                  \
    "pack: p\nversion: 1\nmatch: all\nrules:\n"                                                              \
    "  - {rule: gas, when: reading, if: \"name = 'h2s' and reading > 10\", until: reading < 8, for: 2 min, " \
    "do: [notify: centre]}\n"
#define GAS_NOW                                                                                  \
    "pack: p\nversion: 1\nmatch: all\nrules:\n"                                                  \
    "  - {rule: gas, when: reading, if: \"name = 'h2s' and reading > 10\", until: reading < 8, " \
    "do: [notify: centre, raise: II]}\n"
#define GAS_SOON                                                                                    \
    "pack: p\nversion: 1\nmatch: all\nrules:\n"                                                     \
    "  - {rule: gas, when: reading, if: \"name = 'h2s' and reading > 10\", for: 3 s, do: [notify: " \
    "centre]}\n"
#define RISING                                  \
    "pack: p\nversion: 1\nmatch: all\nrules:\n" \
    "  - {rule: fast, when: reading, if: rise_per_min > 2, do: [notify: centre]}\n"
#define SILENT                                  \
    "pack: p\nversion: 1\nmatch: all\nrules:\n" \
    "  - {rule: gone, when: silent, if: agency = '370102/fire-rescue', for: 1 min, do: [notify: centre]}\n"

enum { STALE_MS = LOOKOUT_STALE_MS, GRACE_MS = ENGINE_SILENCE_BEATS * RIG_BEAT_MS, MINUTE = 60 * 1000 };

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

static void in_force(const char *text)
{
    struct command command = {.kind = COMMAND_SET_PACK, .set_pack = {.text = text}};

    rig_hello(&rig, 1, CENTRE, 64);
    rig_hello(&rig, 2, STATION, 64);
    rig_run(&rig);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_DONE);
    rig_later(&rig, 500); /* a sweep sees it */
    rig_run(&rig);
    rig_skip(&rig);
}

static void publish_at(int64_t value_deci, int64_t at_ms)
{
    struct sample sample = {
        .agent = "",
        .unit = "tank-7",
        .name = "h2s",
        .at_ms = at_ms,
        .mode = MODE_ACTUAL,
        .reading = {.present = true, .value = value_deci, .exponent = -1, .unit_of_measure = "[ppm]"}};
    struct envelope envelope = {.kind = ENVELOPE_TELEMETRY, .telemetry = {&sample, 1}};

    rig_say(&rig, 2, STATION, &envelope);
}

static void publish(int64_t value_deci)
{
    publish_at(value_deci, rig_bus_ms(&rig));
}

/* Beats of both agents, and time; what is written is written. */
static void later(int64_t ms, bool centre, bool station)
{
    struct envelope beat = {.kind = ENVELOPE_BEAT};

    for (int64_t gone = 0; gone < ms; gone += RIG_BEAT_MS) {
        int64_t step = ms - gone < RIG_BEAT_MS ? ms - gone : RIG_BEAT_MS;
        if (centre) {
            rig_say(&rig, 1, CENTRE, &beat);
        }
        if (station) {
            rig_say(&rig, 2, STATION, &beat);
        }
        rig_later(&rig, step);
        rig_run(&rig);
        rig_skip(&rig);
    }
}

static uint64_t records(void)
{
    rig_run(&rig);
    return engine_numbers(rig.engine).head_seq;
}

static const struct lookout *lookout_of(enum rig_agent agent)
{
    const struct agent *there = state_agent(engine_state(rig.engine), rig.names[agent]);

    return there != NULL && there->lookouts_n > 0 ? &there->lookouts[0] : NULL;
}

static bool waits(void)
{
    const struct lookout *lookout = lookout_of(STATION);
    return lookout != NULL && lookout_holds(lookout) && lookout->due_ms != 0;
}

static bool has_fired(void)
{
    const struct lookout *lookout = lookout_of(STATION);
    return lookout != NULL && lookout_holds(lookout) && lookout->due_ms == 0;
}

/* A restart, after which both agents are back. */
static void come_back(void)
{
    rig_restart(&rig);
    rig_hello(&rig, 1, CENTRE, 64);
    rig_hello(&rig, 2, STATION, 64);
    rig_run(&rig);
    rig_skip(&rig);
}

/* --- readings ------------------------------------------------------------------------------------- */

static void test_no_rule_no_record(void **state)
{
    (void)state;
    rig_hello(&rig, 2, STATION, 64);
    rig_run(&rig);
    uint64_t before = records();
    for (int i = 0; i < 100; i++) {
        publish(i % 2 == 0 ? 500 : 10);
        later(RIG_BEAT_MS, false, true);
    }
    assert_int_equal(records(), before);
    assert_int_equal(engine_numbers(rig.engine).samples, 100);
}

static void test_ten_thousand_samples(void **state)
{
    (void)state;
    in_force(GAS_NOW);
    uint64_t before = records();
    for (int i = 0; i < 10000; i++) { /* around 10, ten in a second */
        publish(i % 2 == 0 ? 101 : 99);
        rig_later(&rig, 100);
        rig_skip(&rig);
    }
    assert_int_equal(records(), before + 1);
    assert_true(has_fired());
}

static void test_fires_when_it_has_held(void **state)
{
    (void)state;
    in_force(GAS);
    publish(101);
    rig_run(&rig);
    assert_true(waits());
    int64_t due = lookout_of(STATION)->due_ms;
    later(2 * MINUTE - 1000, true, true);
    assert_true(waits());
    uint64_t before = records();
    for (int i = 0; i < 10 && waits(); i++) {
        later(100, true, true);
    }
    assert_true(has_fired()); /* no earlier, and a sweep later at the latest */
    assert_true(rig_bus_ms(&rig) >= due && rig_bus_ms(&rig) <= due + 600);
    assert_int_equal(records(), before + 1);
    later(10 * MINUTE, true, true); /* once, and it is told once that it cannot be told any more */
    assert_int_equal(records(), before + 2);
    assert_true(has_fired() && lookout_of(STATION)->unknown);
    publish(79);
    assert_int_equal(records(), before + 3);
    assert_false(lookout_holds(lookout_of(STATION)));
}

/* What flaps begins again when it has rested, without another sample. */
static void test_begins_again_by_itself(void **state)
{
    (void)state;
    in_force(GAS_NOW);
    publish(101);
    later(1000, true, true);
    publish(79);
    later(1000, true, true);
    publish(120);
    later(50 * 1000, true, true);
    assert_false(lookout_holds(lookout_of(STATION)));
    later(9 * 1000, true, true);
    assert_true(has_fired());
}

/* What a dip broke off when it would have been due, and not a minute later. */
static void test_begins_again_soon(void **state)
{
    (void)state;
    in_force(GAS_SOON);
    publish(120);
    later(1000, true, true);
    publish(95);
    later(1000, true, true);
    publish(110);
    later(1000, true, true);
    assert_false(waits());
    later(3000, true, true);
    assert_true(waits());
    later(4000, true, true);
    assert_true(has_fired());
}

static void test_across_a_restart(void **state)
{
    (void)state;
    in_force(GAS);
    publish(101);
    rig_run(&rig);
    assert_true(waits());
    later(MINUTE, true, true);
    come_back();
    assert_true(waits());
    int64_t due = lookout_of(STATION)->due_ms;
    publish(101); /* a client says its last values again */
    later(due - rig_bus_ms(&rig) - 1000, true, true);
    assert_true(waits());
    later(2000, true, true);
    assert_true(has_fired());
    come_back();
    uint64_t before = records();
    publish(105);
    later(MINUTE, true, true);
    assert_true(has_fired());
    assert_int_equal(records(), before); /* fired, and not again */
}

/* Due when the broker is down: it fires when the reading is there again, or it cannot be told. */
static void test_due_while_down(void **state)
{
    (void)state;
    in_force(GAS);
    publish(101);
    rig_run(&rig);
    assert_true(waits());
    rig_restart_only(&rig);
    rig.boot_ms += 10 * MINUTE;
    rig.utc_ms += 10 * MINUTE;
    rig_run(&rig);
    later(10 * 1000, false, false);
    assert_true(lookout_of(STATION) == NULL || waits()); /* nobody has said it yet */
    rig_hello(&rig, 2, STATION, 64);
    rig_run(&rig);
    publish(101);
    later(1000, false, true);
    assert_true(has_fired());
}

static void test_does_not_come_back(void **state)
{
    (void)state;
    in_force(GAS);
    publish(101);
    rig_run(&rig);
    assert_true(waits());
    rig_restart(&rig);
    later(STALE_MS - 10 * 1000, false, false);
    assert_true(waits());
    later(20 * 1000, false, false);
    assert_false(lookout_holds(lookout_of(STATION))); /* it could not be told, which is no firing */
}

/* What is said again after a restart may be long out of date; a clock that is behind is no reason. */
static void test_old_values_said_again(void **state)
{
    (void)state;
    in_force(GAS_NOW);
    int64_t old = rig_bus_ms(&rig) - 60 * MINUTE;
    publish_at(101, old);
    later(1000, true, true);
    assert_null(lookout_of(STATION)); /* it cannot be told */
    publish_at(101, old + 1000);
    later(1000, true, true);
    assert_true(has_fired());
}

/* More readings than are followed: told once, and the newest are asked about all the same. */
static void test_too_many_readings(void **state)
{
    enum { MORE = 200 };
    struct sample samples[SAMPLES_MAX];
    char units[SAMPLES_MAX][16];
    struct envelope envelope = {.kind = ENVELOPE_TELEMETRY, .telemetry = {samples, SAMPLES_MAX}};

    (void)state;
    in_force(RISING);
    uint64_t before = records();
    for (size_t i = 0; i < ENGINE_FOLLOWED_MAX + MORE; i += SAMPLES_MAX) {
        for (size_t j = 0; j < SAMPLES_MAX; j++) {
            (void)snprintf(units[j], sizeof units[j], "U%zu", i + j);
            samples[j] = (struct sample){.agent = "",
                                         .unit = units[j],
                                         .name = "h2s",
                                         .at_ms = rig_bus_ms(&rig),
                                         .mode = MODE_ACTUAL,
                                         .reading = {.present = true, .unit_of_measure = ""}};
        }
        rig_say(&rig, 2, STATION, &envelope);
        rig_run(&rig);
        rig_skip(&rig);
    }
    assert_int_equal(records(), before + 1);
    assert_int_not_equal(state_agent(engine_state(rig.engine), rig.names[STATION])->lookouts_limited_ms, 0);
    publish(100);
    later(30 * 1000, true, true);
    publish(200);
    assert_true(has_fired());
}

static void test_full_disk(void **state)
{
    (void)state;
    in_force(GAS_NOW);
    uint64_t before = records();
    publish(101);
    assert_true(rig_append_waits(&rig));
    rig_fail(&rig, ERR_DISK_FULL);
    for (int i = 0; i < 4; i++) { /* it is tried again, with the value that is there */
        rig_later(&rig, ENGINE_RETRY_MS);
        if (rig_append_waits(&rig) && i == 1) {
            rig_fail(&rig, ERR_DISK_FULL);
        }
    }
    later(2000, true, true);
    assert_true(has_fired());
    assert_int_equal(records(), before + 1);
}

/* The value is long known, and does not change any more, when the commit fails. */
static void test_slow_disk_that_is_full(void **state)
{
    (void)state;
    in_force(GAS_NOW);
    uint64_t before = records();
    publish(101);
    assert_true(rig_append_waits(&rig));
    for (int i = 0; i < 4; i++) {
        rig.boot_ms += 300;
        rig.utc_ms += 300;
        engine_tick(rig.engine);
    }
    rig_fail(&rig, ERR_DISK_FULL);
    later(2000, true, true);
    assert_true(has_fired());
    assert_int_equal(records(), before + 1);
}

static void test_rises(void **state)
{
    (void)state;
    in_force(RISING);
    uint64_t before = records();
    for (int i = 0; i < 12; i++) { /* 1.2 in a minute */
        publish(100 + i);
        later(5000, true, true);
    }
    assert_int_equal(records(), before);
    for (int i = 0; i < 12; i++) { /* 6 in a minute */
        publish(111 + 5 * i);
        later(5000, true, true);
    }
    assert_int_equal(records(), before + 1);
    assert_true(has_fired());
}

static void test_level_of_its_incident(void **state)
{
    struct command report = rig_report(1), report_2 = rig_report(2);

    (void)state;
    in_force(GAS_NOW);
    report.file_report.facts.unit = "tank-7";
    assert_int_equal(rig_done(&rig, 1, CENTRE, &report).outcome, OUTCOME_DONE);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &report_2).outcome, OUTCOME_DONE);
    publish(101);
    rig_run(&rig);
    assert_int_equal(state_incident(engine_state(rig.engine), rig_id(1))->level, GRADE_II);
    assert_int_equal(state_incident(engine_state(rig.engine), rig_id(2))->level, GRADE_NONE);
}

static void test_told_to_the_role(void **state)
{
    const struct envelope *envelope;
    bool told = false;

    (void)state;
    in_force(GAS_NOW);
    publish(101);
    uint64_t head = records();
    while ((envelope = rig_next(&rig, 1, ENVELOPE_DELIVER)) != NULL) {
        told = told || (envelope->deliver.lane == LANE_ORDERS && envelope->deliver.seq == head);
    }
    assert_true(told);
}

/* --- silence -------------------------------------------------------------------------------------- */

static void test_silent_once(void **state)
{
    (void)state;
    in_force(SILENT);
    later(30 * 1000, true, true);
    assert_null(lookout_of(STATION));
    int64_t last = rig_bus_ms(&rig) - RIG_BEAT_MS;
    later(10 * 1000, true, false);
    assert_true(waits());
    assert_true(lookout_of(STATION)->since_ms >= last && lookout_of(STATION)->since_ms <= last + RIG_BEAT_MS);
    later(48 * 1000, true, false);
    assert_true(waits());
    later(3 * 1000, true, false);
    assert_true(has_fired());
    uint64_t before = records();
    later(30 * MINUTE, true, false);
    assert_int_equal(records(), before);
    rig_hello(&rig, 2, STATION, 64);
    later(1000, true, true);
    assert_false(lookout_holds(lookout_of(STATION)));
}

/* Who is enrolled while such a rule is in force is listened for from then on. */
static void test_enrolled_later(void **state)
{
    struct command command = {.kind = COMMAND_ENROL_AGENT};
    const char *rights[] = {"receipt"};

    (void)state;
    in_force(SILENT);
    later(10 * MINUTE, true, true);
    command.enrol = (struct enrol){.name = RIG_REGION "/fire-rescue/new", .rights = {rights, 1}};
    memset(command.enrol.sign_key, 7, sizeof command.enrol.sign_key);
    memset(command.enrol.curve_key, 8, sizeof command.enrol.curve_key);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_DONE);
    int64_t enrolled = rig_bus_ms(&rig);
    later(30 * 1000, true, true);
    const struct agent *agent = state_agent(engine_state(rig.engine), command.enrol.name);
    assert_non_null(agent);
    assert_true(agent->lookouts_n == 1 && agent->lookouts[0].due_ms >= enrolled + MINUTE);
    later(32 * 1000, true, true);
    assert_int_equal(agent->lookouts[0].due_ms, 0);
}

static void test_a_blip_is_no_silence(void **state)
{
    (void)state;
    in_force(SILENT);
    later(30 * 1000, true, true);
    for (int i = 0; i < 20; i++) {
        rig_say(&rig, 2, STATION, &(struct envelope){.kind = ENVELOPE_BYE, .bye = {.reason = ""}});
        later(2000, true, false);
        rig_hello(&rig, 2, STATION, 64);
        later(1000, true, true);
    }
    assert_null(lookout_of(STATION));
}

static void test_silent_across_a_restart(void **state)
{
    (void)state;
    in_force(SILENT);
    later(30 * 1000, true, true);
    later(2 * MINUTE, true, false);
    assert_true(has_fired());
    int64_t since = lookout_of(STATION)->since_ms;
    rig_restart(&rig);
    rig_hello(&rig, 1, CENTRE, 64);
    rig_run(&rig);
    uint64_t before = records();
    later(30 * MINUTE, true, false);
    assert_true(has_fired());
    assert_int_equal(lookout_of(STATION)->since_ms, since);
    assert_int_equal(lookout_of(SECOND) != NULL, true); /* who never came is silent since the start */
    assert_true(records() <= before + 3);               /* ... and nothing is said again of who was */
}

static void test_time_to_come_back(void **state)
{
    (void)state;
    in_force(SILENT);
    later(30 * 1000, true, true);
    rig_restart(&rig);
    uint64_t before = records();
    later(GRACE_MS - 1000, false, false);
    assert_int_equal(records(), before);
    assert_null(lookout_of(STATION));
    rig_hello(&rig, 2, STATION, 64);
    later(2 * MINUTE, false, true);
    assert_null(lookout_of(STATION)); /* it came back in time */
}

/* The wall clock is nothing to it, and a broker that stood still could hear nobody. */
static void test_clocks(void **state)
{
    (void)state;
    in_force(SILENT);
    later(30 * 1000, true, true);
    rig.utc_ms += 3 * 3600 * 1000;
    later(30 * 1000, true, true);
    assert_null(lookout_of(STATION));
    rig.boot_ms += 10 * MINUTE; /* asleep */
    rig.utc_ms += 10 * MINUTE;
    engine_tick(rig.engine);
    rig_run(&rig);
    rig_later(&rig, 1000);
    rig_run(&rig);
    assert_null(lookout_of(STATION));
    rig_hello(&rig, 1, CENTRE, 64);
    rig_hello(&rig, 2, STATION, 64);
    later(2 * MINUTE, true, true);
    assert_null(lookout_of(STATION));

    /* also of who had just gone */
    rig_say(&rig, 2, STATION, &(struct envelope){.kind = ENVELOPE_BYE, .bye = {.reason = ""}});
    rig_run(&rig);
    rig.boot_ms += 10 * MINUTE;
    rig.utc_ms += 10 * MINUTE;
    engine_tick(rig.engine);
    later(5000, true, false);
    assert_null(lookout_of(STATION));
    rig_hello(&rig, 2, STATION, 64);
    later(2 * MINUTE, true, true);
    assert_null(lookout_of(STATION));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_rule_no_record, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ten_thousand_samples, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fires_when_it_has_held, setup, teardown),
        cmocka_unit_test_setup_teardown(test_begins_again_by_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(test_begins_again_soon, setup, teardown),
        cmocka_unit_test_setup_teardown(test_across_a_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_due_while_down, setup, teardown),
        cmocka_unit_test_setup_teardown(test_does_not_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_old_values_said_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_many_readings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slow_disk_that_is_full, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rises, setup, teardown),
        cmocka_unit_test_setup_teardown(test_level_of_its_incident, setup, teardown),
        cmocka_unit_test_setup_teardown(test_told_to_the_role, setup, teardown),
        cmocka_unit_test_setup_teardown(test_silent_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_enrolled_later, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_blip_is_no_silence, setup, teardown),
        cmocka_unit_test_setup_teardown(test_silent_across_a_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_time_to_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_clocks, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
