/* Alerts are streams that are never kept at hand: what the log has of one is read again when it is spoken of,
 * after an eviction as after a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/state.h"
#include "tests/unit/engine_rig.h"

enum { ALERTS = 20, IDLE = 4, HOUR_MS = 3600 * 1000 };

static struct rig rig;

static int setup(void **state)
{
    (void)state;
    rig_make(&rig);
    rig.idle_streams_max = IDLE;
    rig_restart(&rig);
    rig_hello(&rig, 1, CENTRE, 8);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

static struct id alert_id(int64_t sent_ms, unsigned n)
{
    return id_make(sent_ms, (const uint8_t[10]){'A', (uint8_t)n});
}

/* What came of the n-th alert of that moment, with this content. */
static enum outcome say(int64_t sent_ms, unsigned n, uint8_t content)
{
    struct command command = {.kind = COMMAND_RECORD_ALERT,
                              .record_alert = {.alert = alert_id(sent_ms, n),
                                               .source = ALERT_SOURCE_CAP,
                                               .sender = "s@example",
                                               .sender_code = "",
                                               .identifier = "1",
                                               .sent_ms = sent_ms,
                                               .status = ALERT_STATUS_ACTUAL,
                                               .type = ALERT_TYPE_ALERT,
                                               .scope = ALERT_SCOPE_PUBLIC,
                                               .note = "",
                                               .content = {content}}};

    return rig_done(&rig, 1, CENTRE, &command).outcome;
}

static size_t contents_at_hand(int64_t sent_ms, unsigned n)
{
    const struct alert *alert = state_alert(engine_state(rig.engine), alert_id(sent_ms, n));

    return alert != NULL ? alert->contents_n : 0;
}

static bool count(void *ctx, const struct alert *alert)
{
    (void)alert;
    ++*(size_t *)ctx;
    return true;
}

static void test_evicted_and_read_again(void **state)
{
    int64_t at = rig.utc_ms - HOUR_MS;
    size_t there = 0;

    (void)state;
    for (unsigned n = 0; n < ALERTS; n++) {
        assert_int_equal(say(at, n, 1), OUTCOME_DONE);
    }
    rig_later(&rig, 2000);
    assert_int_equal(state_each_alert(engine_state(rig.engine), count, &there), 0);
    assert_true(there <= IDLE);
    assert_int_equal(contents_at_hand(at, 0), 0);
    assert_int_equal(say(at, 0, 1), OUTCOME_UNCHANGED);
    assert_int_equal(say(at, 1, 2), OUTCOME_DONE);
    assert_int_equal(contents_at_hand(at, 1), 2);
}

/* Also one that is as new as can be, or from a clock ahead: its id is not taken for unused. */
static void test_known_after_a_restart(void **state)
{
    const int64_t at[] = {rig.utc_ms - HOUR_MS, rig.utc_ms, rig.utc_ms + HOUR_MS};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(say(at[i], 0, 1), OUTCOME_DONE);
        assert_int_equal(say(at[i], 0, 1), OUTCOME_UNCHANGED);
    }
    rig_later(&rig, HOUR_MS);
    rig_restart(&rig);
    rig_hello(&rig, 1, CENTRE, 8);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(say(at[i], 0, 1), OUTCOME_UNCHANGED);
        assert_int_equal(say(at[i], 0, 2), OUTCOME_DONE);
        assert_int_equal(contents_at_hand(at[i], 0), 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_evicted_and_read_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_known_after_a_restart, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
