#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>
#include <uv.h>

#include "common/base/err.h"
#include "common/net/boot_timer.h"

enum { WAIT_MS = 10000 };

static uv_loop_t loop;
static uv_timer_t guard;
static bool guard_fired;
static struct net_boot_timer *timer;
static unsigned fired;
static int64_t fired_at_ms;
static int64_t rearm_at_ms;
static bool close_when_fired;
static unsigned closed;

static int64_t boot_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void on_closed(void *ctx)
{
    assert_ptr_equal(ctx, &closed);
    closed++;
}

static void on_fired(void *ctx)
{
    assert_ptr_equal(ctx, &fired);
    fired++;
    fired_at_ms = boot_ms();
    if (rearm_at_ms) {
        assert_int_equal(net_boot_timer_set(timer, rearm_at_ms), 0);
        rearm_at_ms = 0;
    }
    if (close_when_fired) {
        net_boot_timer_close(timer, on_closed, &closed);
    }
}

static void on_guard(uv_timer_t *handle)
{
    (void)handle;
    guard_fired = true;
}

static void run_until(const unsigned *counter, unsigned n, uint64_t ms)
{
    guard_fired = false;
    uv_update_time(&loop);
    /* It repeats, because uv_run may call it just before it blocks. */
    uv_timer_start(&guard, on_guard, ms, 20);
    while (*counter < n && !guard_fired) {
        uv_run(&loop, UV_RUN_ONCE);
    }
    uv_timer_stop(&guard);
}

static int set_up(void **state)
{
    (void)state;
    fired = 0;
    closed = 0;
    rearm_at_ms = 0;
    close_when_fired = false;
    uv_loop_init(&loop);
    uv_timer_init(&loop, &guard);
    return net_boot_timer_open(&loop, on_fired, &fired, &timer, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    if (!close_when_fired) {
        net_boot_timer_close(timer, on_closed, &closed);
    }
    run_until(&closed, 1, WAIT_MS);
    uv_close((uv_handle_t *)&guard, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    return closed == 1 && uv_loop_close(&loop) == 0 ? 0 : -1;
}

static void test_fires_once_and_not_early(void **state)
{
    unsigned never = 0;

    (void)state;
    for (unsigned i = 1; i <= 5; i++) {
        int64_t at_ms = boot_ms() + 30;

        assert_int_equal(net_boot_timer_set(timer, at_ms), 0);
        run_until(&fired, i, WAIT_MS);
        assert_int_equal(fired, i);
        assert_true(fired_at_ms >= at_ms);
    }
    run_until(&never, 1, 60);
    assert_int_equal(fired, 5);
}

static void test_the_past_fires_at_once(void **state)
{
    (void)state;
    assert_int_equal(net_boot_timer_set(timer, boot_ms() - 1000), 0);
    run_until(&fired, 1, WAIT_MS);
    assert_int_equal(net_boot_timer_set(timer, 0), 0);
    run_until(&fired, 2, WAIT_MS);
    assert_int_equal(net_boot_timer_set(timer, INT64_MIN), 0);
    run_until(&fired, 3, WAIT_MS);
    assert_int_equal(fired, 3);
}

static void test_stop_and_replace(void **state)
{
    unsigned never = 0;
    int64_t at_ms = boot_ms() + 20;

    (void)state;
    assert_int_equal(net_boot_timer_set(timer, at_ms), 0);
    net_boot_timer_stop(timer);
    run_until(&never, 1, 60);
    assert_int_equal(fired, 0);
    assert_int_equal(net_boot_timer_set(timer, boot_ms() + 20), 0);
    at_ms = boot_ms() + 100;
    assert_int_equal(net_boot_timer_set(timer, at_ms), 0);
    run_until(&fired, 1, WAIT_MS);
    assert_int_equal(fired, 1);
    assert_true(fired_at_ms >= at_ms);
}

static void test_set_from_its_callback(void **state)
{
    int64_t at_ms = boot_ms() + 50;

    (void)state;
    rearm_at_ms = at_ms;
    assert_int_equal(net_boot_timer_set(timer, boot_ms()), 0);
    run_until(&fired, 2, WAIT_MS);
    assert_int_equal(fired, 2);
    assert_true(fired_at_ms >= at_ms);
}

static void test_close_from_its_callback(void **state)
{
    (void)state;
    close_when_fired = true;
    assert_int_equal(net_boot_timer_set(timer, boot_ms()), 0);
    run_until(&closed, 1, WAIT_MS);
    assert_int_equal(fired, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fires_once_and_not_early, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_past_fires_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stop_and_replace, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_set_from_its_callback, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_close_from_its_callback, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("net_boot_timer", tests, NULL, NULL);
}
