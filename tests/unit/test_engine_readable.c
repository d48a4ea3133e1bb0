/* What is written must be read again, by a broker that starts and by an agent, each with a budget. */
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

static void set_policy(void)
{
    static char texts[LIST_MAX][4];
    static const char *needs[LIST_MAX];
    struct kind_policy fire = {.kind = "fire"};
    struct substance_policy chlorine = {.substance = "chlorine", .needs = {needs, LIST_MAX}};
    struct command command = {.kind = COMMAND_SET_POLICY};

    for (unsigned i = 0; i < LIST_MAX; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "%02x", i & 0xff);
        needs[i] = texts[i];
    }
    command.set_policy = (struct policy){
        .kinds = &fire, .kinds_n = 1, .substances = &chlorine, .substances_n = 1, .version = "1"};
    assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_DONE);
}

/* Many short words: each takes four bytes as it is written, and 24 as it is read. */
static void test_what_is_written_can_be_read(void **state)
{
    (void)state;
    set_policy();
    for (unsigned i = 0; i < 200; i++) {
        struct command order = rig_order(&rig, 1, 100 + i, STATION);
        assert_int_equal(rig_done(&rig, 1, CENTRE, &order).outcome, OUTCOME_DONE);
    }
    struct command report = rig_follow_up(1, "it is chlorine");
    report.file_report.facts.substance = "chlorine"; /* amends every order by 256 words */
    assert_int_equal(rig_done(&rig, 1, CENTRE, &report).outcome, OUTCOME_DONE);
    rig_restart(&rig); /* in the middle of it: the rest follows */
    rig_later(&rig, 1000);
    assert_false(rig.fatal);
    const struct incident *incident = state_incident(engine_state(rig.engine), rig_id(1));
    for (size_t i = 0; i < incident->orders_n; i++) {
        assert_int_equal(incident->orders[i].amendments, 1);
    }
    assert_int_equal(incident->amendments_left, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_written_can_be_read, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
