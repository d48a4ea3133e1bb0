/* The arithmetic behind ./dev bench: percentiles, and who is charged for a stall. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/bench/load.h"

enum { US = 1000, MS = 1000 * US };

static void near_to(double value, double wanted)
{
    double off = value > wanted ? value - wanted : wanted - value;

    if (off > wanted * 0.016 + 0.001) {
        fail_msg("%f is not %f", value, wanted);
    }
}

static void test_percentiles(void **state)
{
    struct load_histogram *histogram = calloc(1, sizeof *histogram);

    (void)state;
    assert_non_null(histogram);
    assert_true(load_histogram_us(histogram, 0.5) < 1e-9); /* no values */
    for (int64_t i = 1; i <= 100000; i++) {
        load_histogram_add(histogram, i * US);
    }
    assert_int_equal(histogram->n, 100000);
    assert_int_equal(histogram->max_ns, 100000 * (int64_t)US);
    near_to(load_histogram_us(histogram, 0.5), 50000);
    near_to(load_histogram_us(histogram, 0.99), 99000);
    near_to(load_histogram_us(histogram, 0.999), 99900);
    near_to(load_histogram_us(histogram, 1), 100000);
    free(histogram);
}

static void test_every_size(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 62; bit++) {
        struct load_histogram *histogram = calloc(1, sizeof *histogram);
        assert_non_null(histogram);
        load_histogram_add(histogram, INT64_C(1) << bit);
        near_to(load_histogram_us(histogram, 0.5) * 1000, (double)(INT64_C(1) << bit));
        free(histogram);
    }
}

static void test_closed_loop(void **state)
{
    struct load_options options = {.mode = "", .window = 3, .clients = 3, .milliseconds = 1000};
    struct load load;

    (void)state;
    load_begin(&load, &options);
    int64_t now = load.begin_ns + MS;
    assert_int_equal(load_next(&load, now), 0);
    assert_int_equal(load_next(&load, now), 1);
    assert_int_equal(load_next(&load, now), 2);
    assert_int_equal(load_next(&load, now), -1); /* all are under way */
    load_done(&load, 1, now + 5 * MS);
    assert_int_equal(load_next(&load, now + 5 * MS), 1);
    assert_int_equal(load.counted, 1);
    near_to(load_histogram_us(&load.histogram, 0.5), 5000);
    assert_int_equal(load_next(&load, load.stop_ns), -1);
    load_done(&load, 0, load.stop_ns + MS); /* too late to count for the rate, and its latency does */
    assert_int_equal(load.counted, 1);
    assert_int_equal(load.histogram.n, 2);
    load_end(&load);
}

/* Whoever is due while the system stalls has waited since then, not since it was let in. */
static void test_open_loop_charges_for_a_stall(void **state)
{
    struct load_options options = {.mode = "", .window = 1, .clients = 1, .milliseconds = 1000, .rate = 1000};
    struct load load;
    int slot, n = 0;

    (void)state;
    load_begin(&load, &options);
    int64_t late = load.begin_ns + 100 * (int64_t)MS;
    while ((slot = load_next(&load, late)) >= 0) {
        load_done(&load, (size_t)slot, late);
        n++;
    }
    assert_int_equal(n, 101);
    near_to((double)load.histogram.max_ns, 100.0 * MS);
    near_to(load_histogram_us(&load.histogram, 0.5), 50000);
    load_end(&load);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percentiles),
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_closed_loop),
        cmocka_unit_test(test_open_loop_charges_for_a_stall),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
