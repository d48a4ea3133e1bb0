/* The watcher alone, on inproc PAIR sockets.
 *
 * The burst tests are the ones that simpler patterns fail: receiving in the uv_poll callback on ZMQ_FD gets 1
 * of the 500 when it receives one per callback, and 64 when it receives 64 (watcher.c says why). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <uv.h>
#include <zmq.h>

#include "common/base/err.h"
#include "common/net/watcher.h"

enum { WAIT_MS = 10000, BURST = 500 };

struct pair {
    uv_loop_t loop;
    uv_timer_t timer;
    uv_prepare_t counter;
    bool timed_out;
    unsigned turns;
    void *context;
    void *ours;
    void *theirs;
    struct net_watcher *watcher;
    int budget;
    bool refill; /* each message taken is replaced: the socket is always readable */
    bool close_in_callback;
    unsigned calls;
    unsigned got;
    unsigned writable;
    unsigned closed;
    unsigned ticks;
};

static void on_closed(void *ctx)
{
    struct pair *pair = ctx;

    pair->closed++;
}

static void on_ready(void *ctx, unsigned ready)
{
    struct pair *pair = ctx;
    char c;

    assert_int_equal(pair->closed, 0);
    pair->calls++;
    if (ready & NET_WRITABLE) {
        pair->writable++;
        net_watcher_set_interest(pair->watcher, NET_READABLE);
    }
    for (int i = 0; (ready & NET_READABLE) && i < pair->budget; i++) {
        if (zmq_recv(pair->ours, &c, 1, ZMQ_DONTWAIT) < 0) {
            break;
        }
        pair->got++;
        if (pair->refill) {
            assert_int_equal(zmq_send(pair->theirs, "x", 1, ZMQ_DONTWAIT), 1);
        }
    }
    if (pair->close_in_callback) {
        net_watcher_close(pair->watcher, on_closed, pair);
    }
}

static void on_timeout(uv_timer_t *timer)
{
    struct pair *pair = timer->data;

    pair->timed_out = true;
}

static void on_turn(uv_prepare_t *prepare)
{
    struct pair *pair = prepare->data;

    pair->turns++;
}

static void open_pair(struct pair *pair, int budget)
{
    int unlimited = 0;

    memset(pair, 0, sizeof *pair);
    pair->budget = budget;
    uv_loop_init(&pair->loop);
    uv_timer_init(&pair->loop, &pair->timer);
    uv_prepare_init(&pair->loop, &pair->counter);
    pair->timer.data = pair;
    pair->counter.data = pair;
    uv_prepare_start(&pair->counter, on_turn);
    pair->context = zmq_ctx_new();
    pair->ours = zmq_socket(pair->context, ZMQ_PAIR);
    pair->theirs = zmq_socket(pair->context, ZMQ_PAIR);
    zmq_setsockopt(pair->ours, ZMQ_RCVHWM, &unlimited, sizeof unlimited);
    zmq_setsockopt(pair->theirs, ZMQ_SNDHWM, &unlimited, sizeof unlimited);
    assert_int_equal(zmq_bind(pair->ours, "inproc://pair"), 0);
    assert_int_equal(zmq_connect(pair->theirs, "inproc://pair"), 0);
}

static void watch(struct pair *pair, unsigned interest)
{
    assert_int_equal(
        net_watcher_open(&pair->loop, pair->ours, interest, on_ready, pair, &pair->watcher, NULL), 0);
}

static void send_n(struct pair *pair, int n)
{
    for (int i = 0; i < n; i++) {
        assert_int_equal(zmq_send(pair->theirs, "x", 1, ZMQ_DONTWAIT), 1);
    }
}

static void run_until(struct pair *pair, const unsigned *counter, unsigned n, uint64_t ms)
{
    pair->timed_out = false;
    uv_update_time(&pair->loop);
    /* It repeats, because uv_run may call it just before it blocks. */
    uv_timer_start(&pair->timer, on_timeout, ms, 20);
    while (*counter < n && !pair->timed_out) {
        uv_run(&pair->loop, UV_RUN_ONCE);
    }
    uv_timer_stop(&pair->timer);
}

static void close_pair(struct pair *pair)
{
    if (!pair->close_in_callback) {
        net_watcher_close(pair->watcher, on_closed, pair);
    }
    run_until(pair, &pair->closed, 1, WAIT_MS);
    assert_int_equal(pair->closed, 1);
    zmq_close(pair->ours);
    zmq_close(pair->theirs);
    zmq_ctx_term(pair->context);
    uv_close((uv_handle_t *)&pair->timer, NULL);
    uv_close((uv_handle_t *)&pair->counter, NULL);
    assert_int_equal(uv_run(&pair->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&pair->loop), 0);
}

static void check_burst(int budget)
{
    struct pair pair;

    open_pair(&pair, budget);
    send_n(&pair, BURST);
    watch(&pair, NET_READABLE);
    run_until(&pair, &pair.got, BURST, WAIT_MS);
    assert_int_equal(pair.got, BURST);
    /* And again while it is watched. */
    send_n(&pair, BURST);
    run_until(&pair, &pair.got, 2 * BURST, WAIT_MS);
    assert_int_equal(pair.got, 2 * BURST);
    close_pair(&pair);
}

static void test_burst_one_per_turn(void **state)
{
    (void)state;
    check_burst(1);
}

static void test_burst_64_per_turn(void **state)
{
    (void)state;
    check_burst(64);
}

/* A send takes the signal of ZMQ_FD away as a receive does. */
static void test_send_does_not_lose_the_edge(void **state)
{
    struct pair pair;
    int events;
    size_t size = sizeof events;

    (void)state;
    open_pair(&pair, 1);
    watch(&pair, NET_READABLE);
    for (unsigned i = 0; i < 20; i++) {
        send_n(&pair, 3);
        assert_int_equal(zmq_send(pair.ours, "y", 1, ZMQ_DONTWAIT), 1);
        assert_int_equal(zmq_getsockopt(pair.ours, ZMQ_EVENTS, &events, &size), 0);
        run_until(&pair, &pair.got, 3 * (i + 1), WAIT_MS);
        assert_int_equal(pair.got, 3 * (i + 1));
    }
    close_pair(&pair);
}

static void on_tick(uv_timer_t *timer)
{
    struct pair *pair = timer->data;

    pair->ticks++;
}

static void test_timers_on_time_under_flood(void **state)
{
    struct pair pair;
    uv_timer_t tick;

    (void)state;
    open_pair(&pair, 256);
    pair.refill = true;
    send_n(&pair, 1000);
    watch(&pair, NET_READABLE);
    uv_timer_init(&pair.loop, &tick);
    tick.data = &pair;
    uv_timer_start(&tick, on_tick, 10, 10);
    /* The flood never ends, so a loop that drains until nothing is left would never come to its timers. */
    run_until(&pair, &pair.ticks, 10, WAIT_MS);
    assert_true(pair.ticks >= 10);
    assert_true(pair.got > 1000);
    pair.refill = false;
    uv_close((uv_handle_t *)&tick, NULL);
    close_pair(&pair);
}

static void test_idle_loop_does_not_spin(void **state)
{
    struct pair pair;
    unsigned never = 0;

    (void)state;
    open_pair(&pair, 64);
    send_n(&pair, 10);
    watch(&pair, NET_READABLE);
    run_until(&pair, &pair.got, 10, WAIT_MS);
    pair.turns = 0;
    pair.calls = 0;
    run_until(&pair, &never, 1, 300);
    assert_true(pair.turns <= 10); /* a spinning loop makes some 100,000 */
    assert_int_equal(pair.calls, 0);
    close_pair(&pair);
}

static void test_writable_only_while_asked(void **state)
{
    struct pair pair;
    unsigned never = 0;

    (void)state;
    open_pair(&pair, 64);
    watch(&pair, NET_READABLE | NET_WRITABLE);
    run_until(&pair, &pair.writable, 1, WAIT_MS);
    assert_int_equal(pair.writable, 1);
    /* The callback has taken the interest back. */
    run_until(&pair, &never, 1, 50);
    assert_int_equal(pair.writable, 1);
    net_watcher_set_interest(pair.watcher, NET_READABLE | NET_WRITABLE);
    run_until(&pair, &pair.writable, 2, WAIT_MS);
    assert_int_equal(pair.writable, 2);
    close_pair(&pair);
}

static void test_close_in_callback(void **state)
{
    struct pair pair;

    (void)state;
    open_pair(&pair, 1);
    pair.close_in_callback = true;
    send_n(&pair, 5);
    watch(&pair, NET_READABLE);
    run_until(&pair, &pair.closed, 1, WAIT_MS);
    assert_int_equal(pair.calls, 1);
    close_pair(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_burst_one_per_turn),          cmocka_unit_test(test_burst_64_per_turn),
        cmocka_unit_test(test_send_does_not_lose_the_edge), cmocka_unit_test(test_timers_on_time_under_flood),
        cmocka_unit_test(test_idle_loop_does_not_spin),     cmocka_unit_test(test_writable_only_while_asked),
        cmocka_unit_test(test_close_in_callback),
    };

    return cmocka_run_group_tests_name("net_watcher", tests, NULL, NULL);
}
