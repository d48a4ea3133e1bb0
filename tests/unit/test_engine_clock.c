/* A wall clock that steps while the broker runs, and a broker that stands still: written down once, and
 * nothing is re-timed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/engine/engine_private.h"
#include "tests/unit/engine_rig.h"

enum { HOUR_MS = 3600 * 1000 };

static struct rig rig;

/* What the log says of clocks since the setup. */
struct said {
    size_t n;
    int64_t stepped_ms; /* of the last one */
    int64_t stood_ms;
    int64_t offset_ms;
};

static uint64_t began;

static uint64_t head(void)
{
    return log_get_head(rig.store).seq;
}

static int setup(void **state)
{
    (void)state;
    rig_start(&rig);
    began = head();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

static struct said said(void)
{
    struct log_query query = {.question = LOG_Q_RANGE, .after = began};
    struct log_answer answer = {0};
    struct said ret = {0};
    struct record record;

    arena_reset(&rig.arena);
    assert_int_equal(log_read(rig.store, &query, &rig.arena, &answer, NULL), 0);
    for (size_t i = 0; i < answer.rows_n; i++) {
        assert_int_equal(wire_decode_record(answer.rows[i].record.payload, &rig.arena, &record, NULL), 0);
        if (record.events_n == 1 && record.events[0].kind == EVENT_CLOCK_SET) {
            const struct set_clock *set = &record.events[0].clock_set;
            ret = (struct said){ret.n + 1, set->stepped_ms, set->stood_ms, set->bus_ms - set->boot_ms};
        }
    }
    return ret;
}

static void test_a_step_is_told_once(void **state)
{
    int64_t offset = rig_bus_ms(&rig) - rig.boot_ms;

    (void)state;
    rig.utc_ms += HOUR_MS;
    rig_later(&rig, 2000);
    assert_int_equal(said().n, 1);
    assert_int_equal(said().stepped_ms, HOUR_MS);
    assert_int_equal(said().stood_ms, 0);
    assert_int_equal(said().offset_ms, offset); /* bus time goes on */
    assert_non_null(strstr(rig.note, "+3600000 ms"));
    rig_later(&rig, 10 * 60 * 1000);
    assert_int_equal(said().n, 1);
    rig.utc_ms -= 24 * HOUR_MS;
    rig_later(&rig, 2000);
    assert_int_equal(said().n, 2);
    assert_int_equal(said().stepped_ms, -24 * HOUR_MS);
    assert_int_equal(said().offset_ms, offset);
}

static void test_what_ntp_may_do_is_no_step(void **state)
{
    (void)state;
    rig.utc_ms += ENGINE_CLOCK_STEP_MS - 1;
    rig_later(&rig, 5000);
    assert_int_equal(said().n, 0);
    rig.utc_ms += 1; /* in all */
    rig_later(&rig, 2000);
    assert_int_equal(said().n, 1);
    assert_int_equal(said().stepped_ms, ENGINE_CLOCK_STEP_MS);
}

/* A record a minute at the most, also of a clock that never rests; and at last what it shows. */
static void test_a_flapping_clock_does_not_eat_the_disk(void **state)
{
    int64_t right = rig.utc_ms - rig.boot_ms;

    (void)state;
    for (int i = 0; i < 600; i++) {
        rig.utc_ms += i % 2 == 0 ? HOUR_MS : -HOUR_MS;
        rig_later(&rig, 999);
    }
    assert_in_range(said().n, 2, 10);
    rig.utc_ms = rig.boot_ms + right + 7 * HOUR_MS;
    rig_later(&rig, ENGINE_CLOCK_NOTED_MS + 2000);
    rig.utc_ms = rig.boot_ms + right;
    rig_later(&rig, ENGINE_CLOCK_NOTED_MS + 2000);
    assert_int_equal(said().stepped_ms, -7 * HOUR_MS);
}

static void test_a_stop_is_told_once(void **state)
{
    (void)state;
    rig_later(&rig, 10000);
    rig.boot_ms += 12000;
    rig.utc_ms += 12000;
    engine_tick(rig.engine);
    rig_run(&rig);
    assert_int_equal(said().n, 1);
    assert_in_range(said().stood_ms, 11000, 12000);
    assert_int_equal(said().stepped_ms, 0);
    assert_non_null(strstr(rig.note, "stood still"));
    rig_later(&rig, 10 * 60 * 1000);
    assert_int_equal(said().n, 1);
}

/* What was said after a stop comes after the record of it. */
static void test_a_stop_is_told_first(void **state)
{
    struct command report = rig_report(1);

    (void)state;
    rig_hello(&rig, 1, CENTRE, 8);
    rig_later(&rig, 1000);
    rig.boot_ms += 10000;
    rig.utc_ms += 10000;
    struct reply reply = rig_done(&rig, 1, CENTRE, &report);
    assert_int_equal(reply.outcome, OUTCOME_DONE);
    assert_int_equal(said().n, 1);
    assert_int_equal(reply.seq, began + 2);
}

static void test_a_busy_moment_is_no_stop(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        rig.boot_ms += ENGINE_STOOD_MS - 1000;
        rig.utc_ms += ENGINE_STOOD_MS - 1000;
        engine_tick(rig.engine);
        rig_run(&rig);
    }
    assert_int_equal(said().n, 0);
}

/* Time passes in one piece, as for a process that is not run. */
static void stand(int64_t ms)
{
    rig.boot_ms += ms;
    rig.utc_ms += ms;
    engine_tick(rig.engine);
    rig_run(&rig);
}

static void test_how_long_a_stop_is(void **state)
{
    const int64_t look_ms = 1000; /* from one look to the next */

    (void)state;
    stand(look_ms);
    stand(look_ms + ENGINE_STOOD_MS - 1);
    assert_int_equal(said().n, 0);
    stand(look_ms + ENGINE_STOOD_MS);
    assert_int_equal(said().n, 1);
    assert_int_equal(said().stood_ms, ENGINE_STOOD_MS);
}

/* Who may write nothing writes no clock, and does not forget it. */
static void test_it_waits_until_it_may_write(void **state)
{
    (void)state;
    rig_later(&rig, 2000);
    rig.engine->fenced = true;
    rig.utc_ms += HOUR_MS;
    rig_later(&rig, 5000);
    assert_int_equal(said().n, 0);
    rig.engine->fenced = false;
    rig.engine->disk_low = rig.engine->room_asking = true; /* and has no answer yet */
    rig_later(&rig, 5000);
    assert_int_equal(said().n, 0);
    rig.engine->disk_low = rig.engine->room_asking = false;
    rig.engine->own_after_ms = rig.boot_ms + 5000;
    rig_later(&rig, 4999);
    assert_int_equal(said().n, 0);
    rig_later(&rig, 2000);
    assert_int_equal(said().n, 1);
    assert_int_equal(said().stepped_ms, HOUR_MS);
}

static int64_t read_slowly(void *ctx)
{
    struct rig *at = ctx;

    at->boot_ms += ENGINE_CLOCK_STEP_MS;
    at->utc_ms += ENGINE_CLOCK_STEP_MS;
    return at->utc_ms;
}

/* Stopped between the two clocks that it reads: that is no step. */
static void test_a_stop_between_two_readings_is_no_step(void **state)
{
    int64_t (*quickly)(void *ctx) = rig.clock.utc_ms;

    (void)state;
    rig_later(&rig, 2000);
    rig.clock.utc_ms = read_slowly;
    stand(1000);
    rig.clock.utc_ms = quickly;
    stand(1000);
    assert_int_equal(said().n, 0);
}

static void test_several_stops_are_one_record(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        rig_later(&rig, 1000);
        rig.boot_ms += 6000;
        rig.utc_ms += 6000;
        engine_tick(rig.engine);
        rig_run(&rig);
    }
    assert_int_equal(said().n, 1);
    rig_later(&rig, ENGINE_CLOCK_NOTED_MS);
    assert_int_equal(said().n, 2);
    assert_in_range(said().stood_ms, 4 * 5000, 4 * 6000);
}

static void test_a_full_disk_only_puts_it_off(void **state)
{
    (void)state;
    rig_later(&rig, 2000);
    rig.boot_ms += 9000;
    rig.utc_ms += 9000 + HOUR_MS;
    engine_tick(rig.engine);
    while (!rig_append_waits(&rig) && rig_step(&rig)) {
    }
    assert_true(rig_append_waits(&rig));
    rig_fail(&rig, ERR_DISK_FULL);
    rig_run(&rig);
    assert_int_equal(said().n, 0);
    rig_later(&rig,
              ENGINE_CLOCK_NOTED_MS / 2); /* what did not come about is not what the minute counts from */
    assert_int_equal(said().n, 1);
    assert_int_equal(said().stepped_ms, HOUR_MS);
    assert_in_range(said().stood_ms, 8000, 9000);
}

/* A step while it was down stands in the record of the start. */
static void test_a_step_across_a_restart(void **state)
{
    (void)state;
    rig.utc_ms += 5000 - 2 * HOUR_MS;
    rig.boot_ms += 5000;
    rig_restart(&rig);
    assert_int_equal(said().n, 1);
    assert_int_equal(said().stepped_ms, -2 * HOUR_MS);
    assert_int_equal(said().stood_ms, 0);
    rig_later(&rig, 5000);
    assert_int_equal(said().n, 1);
    rig.boot[0]++; /* another boot: what it was before is not to be compared */
    rig.boot_ms = 1000;
    rig.utc_ms += 3 * HOUR_MS;
    rig_restart(&rig);
    assert_int_equal(said().n, 2);
    assert_int_equal(said().stepped_ms, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_step_is_told_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_ntp_may_do_is_no_step, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_flapping_clock_does_not_eat_the_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_stop_is_told_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_stop_is_told_first, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_busy_moment_is_no_stop, setup, teardown),
        cmocka_unit_test_setup_teardown(test_how_long_a_stop_is, setup, teardown),
        cmocka_unit_test_setup_teardown(test_it_waits_until_it_may_write, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_stop_between_two_readings_is_no_step, setup, teardown),
        cmocka_unit_test_setup_teardown(test_several_stops_are_one_record, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_full_disk_only_puts_it_off, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_step_across_a_restart, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
