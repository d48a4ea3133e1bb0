/* How much is under way to one session: so little on a narrow line that orders overtake bulk, and recalls
 * orders; as much as there is credit for on a fast or a long one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/engine/engine_private.h"
#include "tests/unit/engine_rig.h"

static struct rig rig;
static char text[1001];

static int setup(void **state)
{
    struct command command = rig_report(1);

    (void)state;
    memset(text, 't', sizeof text - 1);
    rig_start(&rig);
    rig_hello(&rig, 1, CENTRE, ENGINE_WINDOW_MAX);
    rig_hello(&rig, 2, STATION, ENGINE_WINDOW_MAX);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_DONE);
    rig_skip(&rig);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

static void order(unsigned n, enum rig_agent to)
{
    struct command command = rig_order(&rig, 1, n, to);

    rig.order.text = text;
    assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_DONE);
}

/* What the peer was given in the lane since it was last asked. */
static size_t given(unsigned peer, enum lane lane, size_t *ret_n)
{
    const struct envelope *envelope;
    size_t bytes = 0;

    *ret_n = 0;
    while ((envelope = rig_next(&rig, peer, ENVELOPE_DELIVER)) != NULL) {
        if (envelope->deliver.lane == lane) {
            bytes += envelope->deliver.record.n;
            *ret_n += 1;
        }
    }
    return bytes;
}

static void test_recall_goes_before_orders(void **state)
{
    enum { ORDERS = 60 };
    size_t n, all = 0;

    (void)state;
    for (unsigned i = 0; i < ORDERS; i++) {
        order(10 + i, STATION);
    }
    assert_in_range(given(2, LANE_ORDERS, &n), 1, ENGINE_FLIGHT_MIN);
    struct command recall = rig_recall(1, 10);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &recall).outcome, OUTCOME_DONE);
    all += n;
    (void)given(2, LANE_URGENT, &n);
    assert_int_equal(n, 1);
    for (unsigned i = 0; i < ORDERS && all < ORDERS; i++) { /* and with credit, all of them */
        rig_credit(&rig, 2, STATION, LANE_ORDERS, 1);
        rig_run(&rig);
        (void)given(2, LANE_ORDERS, &n);
        all += n;
    }
    assert_int_equal(all, ORDERS);
}

static void test_order_goes_before_bulk(void **state)
{
    struct command command = rig_follow_up(1, text);
    size_t n;

    (void)state;
    for (unsigned i = 0; i < 30; i++) {
        assert_int_equal(rig_done(&rig, 2, STATION, &command).outcome, OUTCOME_DONE);
    }
    assert_in_range(given(1, LANE_BULK, &n), 1, ENGINE_FLIGHT_MIN);
    order(10, CENTRE);
    (void)given(1, LANE_ORDERS, &n);
    assert_int_equal(n, 1);
}

/* Who gives no credit for its orders, and never will, is given what is urgent. */
static void test_full_lane_holds_up_no_other(void **state)
{
    size_t n;

    (void)state;
    rig_hello(&rig, 3, STATION, 4);
    for (unsigned i = 0; i < 100; i++) {
        order(10 + i, STATION);
        rig_credit(&rig, 3, STATION, LANE_BULK, 1); /* it lives */
    }
    (void)given(3, LANE_ORDERS, &n);
    assert_int_equal(n, 4);
    for (unsigned i = 0; i < 4; i++) {
        struct command recall = rig_recall(1, 10 + 20 * i);
        assert_int_equal(rig_done(&rig, 1, CENTRE, &recall).outcome, OUTCOME_DONE);
        (void)given(3, LANE_URGENT, &n);
        assert_int_equal(n, 1);
    }
}

/* A line for so many ms: deliveries of 500 bytes, of which each takes `each_ms` after the one before, and
 * `long_ms` more until its credit is there. The most bytes that were under way in the last half. */
static uint32_t most_under_way(int64_t each_ms, int64_t long_ms, int64_t ms)
{
    enum { BYTES = 500, MANY = 65536 };
    static int64_t credit_ms[MANY];
    struct flight flight;
    int64_t free_ms = 0;
    size_t from = 0, to = 0;
    uint32_t most = 0;

    flight_begin(&flight);
    for (int64_t now_ms = 0; now_ms < ms; now_ms++) {
        while (from < to && credit_ms[from % MANY] <= now_ms) {
            flight_credit(&flight, 1, now_ms);
            from++;
        }
        while (to - from < ENGINE_WINDOW_MAX && !flight.full && flight_takes(&flight, BYTES)) {
            flight_give(&flight, BYTES, now_ms);
            free_ms = (free_ms > now_ms ? free_ms : now_ms) + each_ms;
            credit_ms[to++ % MANY] = free_ms + long_ms;
            assert_true(flight.bytes <= flight.bytes_max);
        }
        most = now_ms > ms / 2 && flight.bytes > most ? flight.bytes : most;
    }
    return most;
}

static void test_as_much_as_the_line_takes(void **state)
{
    enum { WINDOW = 500 * ENGINE_WINDOW_MAX / 2 };

    (void)state;
    assert_in_range(most_under_way(62, 50, 60000), ENGINE_FLIGHT_MIN / 2, ENGINE_FLIGHT_MIN); /* 64 kbit/s */
    assert_in_range(most_under_way(15, 50, 60000), ENGINE_FLIGHT_MIN, 4 * ENGINE_FLIGHT_MIN); /* 256 kbit/s */
    assert_true(most_under_way(0, 5, 10000) >= WINDOW);
    assert_true(most_under_way(0, 1500, 60000) >= WINDOW); /* a fast line by way of the sky */
    assert_in_range(most_under_way(62, 1500, 60000), ENGINE_FLIGHT_MIN, 4 * ENGINE_FLIGHT_MIN);
}

/* As much as may be under way is, again and again, and all of it is worked off so much later. */
static void work_off(struct flight *flight, int times, int64_t pause_ms, int64_t *now_ms)
{
    for (int i = 0; i < times; i++) {
        uint32_t n = 0;
        for (; n < 2 * ENGINE_FLIGHT_MAX / 1000 && flight_takes(flight, 1000); n++) {
            flight_give(flight, 1000, *now_ms);
        }
        *now_ms += pause_ms;
        flight_credit(flight, n, *now_ms);
    }
}

/* A line that was fast and becomes narrow; a moment in which somebody else had the processor is none. */
static void test_it_falls_again(void **state)
{
    struct flight flight;
    int64_t now_ms = 0;

    (void)state;
    flight_begin(&flight);
    work_off(&flight, 100, 1, &now_ms);
    assert_int_equal(flight.bytes_max, ENGINE_FLIGHT_MAX);
    work_off(&flight, 1, 10000, &now_ms);
    assert_int_equal(flight.bytes_max, ENGINE_FLIGHT_MAX / 2);
    work_off(&flight, 100, 10000, &now_ms);
    assert_int_equal(flight.bytes_max, ENGINE_FLIGHT_MIN);
    flight_give(&flight, 10 * ENGINE_FLIGHT_MAX, now_ms); /* alone even that goes */
    flight_credit(&flight, UINT32_MAX, now_ms);
    assert_int_equal(flight.bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_recall_goes_before_orders, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order_goes_before_bulk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_lane_holds_up_no_other, setup, teardown),
        cmocka_unit_test(test_as_much_as_the_line_takes),
        cmocka_unit_test(test_it_falls_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
