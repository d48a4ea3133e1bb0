/* What is not at hand is in the log: open incidents come and go, their deadlines pass on time; and ids that
 * are new cost no look-up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/state.h"
#include "common/core/stream.h"
#include "common/engine/engine_private.h"
#include "tests/unit/engine_rig.h"

static struct rig rig;

enum { AT_HAND = 16, INCIDENTS = 100 };

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

static void start(uint32_t open_orders_max)
{
    rig.open_orders_max = open_orders_max;
    rig_restart(&rig);
    rig_hello(&rig, 1, CENTRE, 8);
}

static void done(struct command command)
{
    struct reply reply = rig_done(&rig, 1, CENTRE, &command);

    if (reply.outcome != OUTCOME_DONE) {
        fail_msg("refused: %s", refusal_word(reply.refusal));
    }
}

/* Each with an order that must be answered in a minute and ends in an hour. */
static void open_incidents(void)
{
    for (unsigned i = 1; i <= INCIDENTS; i++) {
        done(rig_report(i));
        done(rig_order(&rig, i, 1000 + 300 * i, STATION));
        rig_skip(&rig);
    }
}

static size_t unanswered(void)
{
    struct log_answer answer;
    struct arena arena;
    struct err err;
    size_t n = 0;
    uint64_t after = 0;

    arena_init(&arena, 64 << 20);
    do {
        struct log_query query = {.question = LOG_Q_RANGE, .name = "", .after = after};
        assert_int_equal(log_read(rig.store, &query, &arena, &answer, &err), 0);
        for (size_t i = 0; i < answer.rows_n; i++) {
            struct record record;
            after = answer.rows[i].record.header.seq;
            assert_int_equal(wire_decode_record(answer.rows[i].record.payload, &arena, &record, &err), 0);
            for (size_t j = 0; j < record.events_n; j++) {
                n += record.events[j].kind == EVENT_ORDER_UNANSWERED;
            }
        }
    } while (answer.more);
    arena_free(&arena);
    return n;
}

static void test_open_incidents_are_bounded(void **state)
{
    (void)state;
    start(AT_HAND);
    open_incidents();
    assert_true(state_incident_count(engine_state(rig.engine)) < 2 * AT_HAND);
    rig_later(&rig, 59000 - 2 * INCIDENTS);
    assert_int_equal(unanswered(), 0);
    rig_later(&rig, 2 * INCIDENTS + 2000);
    assert_int_equal(unanswered(), INCIDENTS);
    rig_later(&rig, 3700 * 1000);
    assert_int_equal(unanswered(), INCIDENTS);
    assert_true(state_incident_count(engine_state(rig.engine)) < 2 * AT_HAND);
    rig_hello(&rig, 1, CENTRE, 8);
    done(rig_follow_up(1, "read again when it is named"));
}

static void test_start_loads_no_more_than_fits(void **state)
{
    (void)state;
    start(AT_HAND);
    open_incidents();
    start(AT_HAND);
    assert_true(state_incident_count(engine_state(rig.engine)) <= AT_HAND);
    rig_later(&rig, 61000);
    assert_int_equal(unanswered(), INCIDENTS);
}

/* As of a flood's thousand calls at once: more than one answer of the log names are due in one moment. */
static void test_many_are_due_at_once(void **state)
{
    enum { ORDERS = 3 * LOG_READ_RECORDS_MAX, SOON_MS = 200 };

    (void)state;
    start(AT_HAND);
    for (unsigned i = 1; i <= ORDERS; i++) {
        struct command order = rig_order(&rig, 1, i, STATION);
        order.issue_orders.incident = (struct id){0};
        done(order);
        rig_skip(&rig);
    }
    rig_later(&rig, 59999);
    assert_int_equal(unanswered(), 0);
    rig_later(&rig, SOON_MS);
    assert_int_equal(unanswered(), ORDERS);
}

/* --- fresh ids ------------------------------------------------------------------------------------- */

static struct id id_at(int64_t unix_ms, unsigned n)
{
    return id_make(unix_ms, (const uint8_t[10]){(uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n});
}

static struct command report_at(int64_t unix_ms)
{
    struct command command = rig_report(1);

    command.file_report.incident = id_at(unix_ms, 1);
    return command;
}

static void test_a_new_id_needs_no_look(void **state)
{
    struct command command;

    (void)state;
    start(0);
    command = report_at(rig.utc_ms);
    (void)rig_submit(&rig, 1, CENTRE, &command);
    assert_true(rig_append_waits(&rig)); /* nothing was asked first */
    rig_run(&rig);
    assert_int_equal(rig_reply(&rig, 1).outcome, OUTCOME_DONE);
    command = report_at(rig.utc_ms - 1000); /* from before the start: the log may have it */
    (void)rig_submit(&rig, 1, CENTRE, &command);
    assert_false(rig_append_waits(&rig));
    rig_run(&rig);
    assert_int_equal(rig_reply(&rig, 1).outcome, OUTCOME_DONE);
}

/* Made by a clock that is ahead, and used before a restart: it is not taken for new after it. */
static void test_an_id_from_the_future_is_known(void **state)
{
    struct command command;

    (void)state;
    start(0);
    int64_t future = rig.utc_ms + 3600 * 1000;
    done(report_at(future));
    struct command order = rig_order(&rig, 1, 1, STATION);
    order.issue_orders.incident = id_at(future, 1);
    rig.order.order = id_at(future, 2);
    done(order);
    start(0);
    done(rig_report(2));
    order = rig_order(&rig, 2, 1, STATION);
    rig.order.order = id_at(future, 2);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &order).refusal, REFUSED_CONFLICT);
    command = report_at(future);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_UNCHANGED);
}

static void test_generations(void **state)
{
    enum { IDS = 5 * ENGINE_FRESH_IDS_MAX, BASE = 1000000 };
    struct fresh_ids fresh;
    struct id ahead = id_at(BASE * INT64_C(1000), 7);

    (void)state;
    assert_int_equal(fresh_init(&fresh, (struct hash_key){0}), 0);
    assert_false(fresh_is(&fresh, stream_key_incident(id_at(BASE, 1)))); /* nothing is known yet */
    fresh.floor_ms = BASE;
    assert_true(fresh_is(&fresh, stream_key_incident(id_at(BASE, 1))));
    assert_false(fresh_is(&fresh, stream_key_incident(id_at(BASE - 1, 1))));
    assert_false(fresh_is(&fresh, stream_key_agent("370102/fire-rescue/station-1")));
    fresh_note(&fresh, ahead, BASE);
    for (unsigned i = 0; i < IDS; i++) {
        fresh_note(&fresh, id_at(BASE + i / 100, i), BASE + i / 100);
        assert_false(fresh_is(&fresh, stream_key_incident(id_at(BASE + i / 100, i))));
    }
    for (unsigned i = 0; i < IDS; i++) {
        if (fresh_is(&fresh, stream_key_order(id_at(BASE + i / 100, i)))) {
            fail_msg("id %u is taken for new", i);
        }
    }
    assert_false(fresh_is(&fresh, stream_key_incident(ahead)));
    assert_true(fresh.floor_ms < BASE + IDS / 100); /* still of use */
    assert_true(fresh_is(&fresh, stream_key_incident(id_at(BASE + IDS, 1))));
    fresh_free(&fresh);
}

/* Refusals that are only counted leave no record, and what they named goes all the same. */
static void test_a_flood_of_refusals_leaves_nothing(void **state)
{
    (void)state;
    rig.idle_streams_max = AT_HAND;
    start(0);
    for (unsigned i = 0; i < 10 * ENGINE_REFUSALS_BURST; i++) {
        struct command order = rig_order(&rig, 1, 1, STATION);
        order.issue_orders.incident = id_at(rig.utc_ms, 2 * i);
        rig.order.order = id_at(rig.utc_ms, 2 * i + 1);
        assert_int_equal(rig_done(&rig, 1, CENTRE, &order).refusal, REFUSED_NO_INCIDENT);
        rig_skip(&rig);
    }
    assert_true(engine_numbers(rig.engine).streams < 2 * AT_HAND);
    rig.idle_streams_max = 0;
}

/* The record that an order is found by may hold others: they have streams of their own. */
static void test_an_order_s_stream_brings_its_own_only(void **state)
{
    struct new_order orders[2];
    struct command both;
    struct id home;

    (void)state;
    start(0);
    done(rig_report(1));
    done(rig_report(2));
    both = rig_order(&rig, 1, 1000, STATION);
    orders[0] = orders[1] = rig.order;
    orders[1].order = rig_id(5000);
    both.issue_orders.orders = orders;
    both.issue_orders.orders_n = 2;
    done(both);
    start(0);
    both = rig_order(&rig, 2, 1000, STATION);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &both).refusal, REFUSED_CONFLICT);
    assert_true(state_order_home(engine_state(rig.engine), rig_id(1000), &home));
    assert_false(state_order_home(engine_state(rig.engine), rig_id(5000), &home));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_open_incidents_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_start_loads_no_more_than_fits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_are_due_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_new_id_needs_no_look, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_id_from_the_future_is_known, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_flood_of_refusals_leaves_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_order_s_stream_brings_its_own_only, setup, teardown),
        cmocka_unit_test(test_generations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
