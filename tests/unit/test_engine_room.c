/* Deadlines while a commit is under way and the next batch fills up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/engine_rig.h"

static struct rig rig;

static int setup(void **state)
{
    struct command command = rig_report(1);

    (void)state;
    rig_start(&rig);
    rig_hello(&rig, 1, CENTRE, 8);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_DONE);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

/* An order that will not be answered, a commit under way, and `n` commands that gather behind it. */
static void gather(unsigned n)
{
    struct command command = rig_order(&rig, 1, 100, STATION);

    assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_DONE);
    command = rig_follow_up(1, "more");
    for (unsigned i = 0; i < n + 1; i++) {
        (void)rig_submit(&rig, 1, CENTRE, &command);
    }
    rig.boot_ms += 60001;
}

/* The deadline goes before the last command that fits: both must fit. */
static void test_deadline_in_the_last_place(void **state)
{
    struct command last = rig_follow_up(1, "last");

    (void)state;
    for (unsigned n = LOG_BATCH_MAX - 8; n < LOG_BATCH_MAX; n++) {
        rig_free(&rig);
        (void)setup(NULL);
        gather(n);
        (void)rig_submit(&rig, 1, CENTRE, &last);
        rig_run(&rig);
        assert_false(rig.fatal);
        rig_later(&rig, 1000);
        assert_int_equal(engine_numbers(rig.engine).head_seq, log_get_head(rig.store).seq);
    }
}

/* As long as nothing can be done about a deadline, nobody is woken for it. */
static void test_no_spinning_while_the_disk_hangs(void **state)
{
    (void)state;
    gather(LOG_BATCH_MAX);
    engine_tick(rig.engine);
    assert_true(engine_due_ms(rig.engine) > rig.boot_ms);
    uint64_t before = engine_numbers(rig.engine).head_seq;
    rig_run(&rig); /* there is room again: what waited is decided, and before it the deadline passed */
    assert_int_equal(engine_numbers(rig.engine).head_seq, before + LOG_BATCH_MAX + 2);
    assert_true(engine_due_ms(rig.engine) > rig.boot_ms);
}

/* The region is read again after a failed commit: its answer wakes us, not the clock. */
static void test_no_spinning_while_the_region_is_read(void **state)
{
    struct command order = rig_order(&rig, 1, 100, STATION);
    struct command revoke = {.kind = COMMAND_REVOKE};

    (void)state;
    assert_int_equal(rig_done(&rig, 1, CENTRE, &order).outcome, OUTCOME_DONE);
    revoke.revoke.name = rig.agents[SECOND].name;
    revoke.revoke.reason = "";
    (void)rig_submit(&rig, 1, CENTRE, &revoke);
    rig_fail(&rig, ERR_DISK_FULL);
    rig.boot_ms += 60001;
    engine_tick(rig.engine);
    assert_true(engine_due_ms(rig.engine) > rig.boot_ms);
    rig_run(&rig);
    assert_true(engine_due_ms(rig.engine) <= rig.boot_ms);
}

/* Who does not read is not read for again and again: the next sweep or credit goes on. */
static void test_no_spinning_for_a_full_queue(void **state)
{
    struct tail tail = {.filter = TAIL_ALL, .stream = "", .follow = true, .credit = 100};
    int reads = 0;

    (void)state;
    rig.full_peer = 1;
    rig_say(&rig, 1, CENTRE, &(struct envelope){.kind = ENVELOPE_TAIL, .tail = tail});
    while (reads < 10 && rig_step(&rig)) {
        reads++;
    }
    assert_int_equal(reads, 1);
    rig.full_peer = 0;
    rig_later(&rig, 1000);
    assert_non_null(rig_next(&rig, 1, ENVELOPE_TAIL_ITEM));
    assert_non_null(rig_next(&rig, 1, ENVELOPE_TAIL_END));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_deadline_in_the_last_place, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_spinning_while_the_disk_hangs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_spinning_while_the_region_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_spinning_for_a_full_queue, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
