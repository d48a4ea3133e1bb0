#include "common/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <time.h>

static void system_clock_reads_both_clocks(void **state)
{
    const struct clock *clock = clock_system();
    int64_t boot = clock->boot_ms(clock->ctx);
    int64_t utc = clock->utc_ms(clock->ctx);
    int64_t seconds = (int64_t)time(NULL);

    (void)state;
    assert_true(boot > 0);
    assert_true(clock->boot_ms(clock->ctx) >= boot);
    /* The same clock by another call, with room for a step of a minute. */
    assert_in_range(utc / 1000, seconds - 60, seconds + 60);
}

static void boot_id_is_one_per_boot(void **state)
{
    const uint8_t zero[16] = {0};
    uint8_t a[16] = {0}, b[16] = {1};

    (void)state;
    assert_int_equal(clock_boot_id(a), 0);
    assert_int_equal(clock_boot_id(b), 0);
    assert_memory_equal(a, b, 16);
    assert_memory_not_equal(a, zero, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(system_clock_reads_both_clocks),
        cmocka_unit_test(boot_id_is_one_per_boot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
