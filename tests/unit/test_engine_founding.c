/* A founding that takes several commits: whole after it, and gone on with when it was cut off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/region.h"
#include "common/core/state.h"
#include "common/log/log_memory.h"
#include "tests/unit/engine_rig.h"

static struct rig rig;

static int setup(void **state)
{
    (void)state;
    rig_make(&rig);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

static uint64_t head(void)
{
    return log_get_head(rig.store).seq;
}

enum { MANY = 2500, FOUNDED = 1 + STRANGER + MANY }; /* records without the clock's */

static size_t enrolled(void)
{
    const struct region *region = state_region(engine_state(rig.engine));

    return region->members_n;
}

static void founded_whole(void)
{
    assert_false(rig.fatal);
    assert_true(rig.in_service);
    assert_int_equal(head(), FOUNDED + 1);
    assert_int_equal(enrolled(), STRANGER + MANY);
}

static void test_genesis_of_several_commits(void **state)
{
    (void)state;
    rig_enrol_more(&rig, MANY);
    rig_restart_only(&rig);
    while (!rig.in_service) {
        uint64_t before = head();
        assert_true(rig_step(&rig));
        assert_true(head() - before <= LOG_BATCH_MAX);
    }
    founded_whole();
    rig_restart(&rig);
    assert_int_equal(enrolled(), STRANGER + MANY);
}

/* A crash after each of the requests on the way: half a founding is never in service, and is gone on with. */
static void test_founding_is_cut_off(void **state)
{
    bool finished = false;

    (void)state;
    rig_enrol_more(&rig, MANY);
    for (unsigned cut = 0; !finished; cut++) {
        log_close(rig.store);
        rig.store = log_memory_new();
        rig_restart_only(&rig);
        for (unsigned i = 0; i < cut; i++) {
            assert_true(rig_step(&rig));
        }
        assert_true(rig.in_service ? head() == FOUNDED + 1 : head() <= FOUNDED + 1);
        finished = rig.in_service;
        rig_restart_only(&rig);
        rig_run(&rig);
        assert_false(rig.fatal);
        assert_int_equal(enrolled(), STRANGER + MANY);
        assert_true(head() == FOUNDED + 1 || head() == FOUNDED + 2); /* the clock, once or twice */
    }
}

static void found_half(void)
{
    rig_enrol_more(&rig, MANY);
    rig_restart_only(&rig);
    while (head() == 0) {
        assert_true(rig_step(&rig));
    }
    assert_int_equal(head(), LOG_BATCH_MAX);
}

static void half_fails(void)
{
    rig_restart_only(&rig);
    rig_run(&rig);
    assert_true(rig.fatal);
    assert_int_equal(rig.fatal_err.code, ERR_CONFIG);
    assert_false(rig.in_service);
    assert_int_equal(head(), LOG_BATCH_MAX);
}

static void test_half_a_founding_without_genesis(void **state)
{
    (void)state;
    found_half();
    buf_reset(&rig.genesis);
    half_fails();
}

static void test_half_a_founding_of_another_root(void **state)
{
    (void)state;
    found_half();
    rig.region_keys.sign = rig.agents[STRANGER].sign.public;
    half_fails();
}

/* What is wrong at its end is seen before its beginning is written. */
static void test_long_genesis_is_cut(void **state)
{
    (void)state;
    rig_enrol_more(&rig, MANY);
    rig.genesis.n -= 3;
    rig_restart_only(&rig);
    rig_run(&rig);
    assert_true(rig.fatal);
    assert_int_equal(rig.fatal_err.code, ERR_CONFIG);
    assert_int_equal(head(), 0);
}

static void test_a_parent_below_is_refused(void **state)
{
    (void)state;
    rig_free(&rig);
    rig_make_region(&rig, "370100", "370102", 3);
    rig_restart_only(&rig);
    rig_run(&rig);
    assert_true(rig.fatal);
    assert_false(rig.in_service);
    assert_int_equal(rig.fatal_err.code, ERR_CONFIG);
    assert_non_null(strstr(rig.fatal_err.text, "370102 as the parent of 370100"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_genesis_of_several_commits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_founding_is_cut_off, setup, teardown),
        cmocka_unit_test_setup_teardown(test_half_a_founding_without_genesis, setup, teardown),
        cmocka_unit_test_setup_teardown(test_half_a_founding_of_another_root, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_genesis_is_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_parent_below_is_refused, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
