/* When the broker ends itself because the disk hangs, and when it does not. */
#include "broker/watchdog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Looks at the writer once a second until it hangs or `n` looks have been; how often it was looked at. */
static int look(struct watchdog *watchdog, uint64_t doing, int64_t *now_ms, int n)
{
    int looks = 0;
    bool hangs = false;

    while (!hangs && looks < n) {
        *now_ms += WATCHDOG_MS;
        hangs = watchdog_look(watchdog, doing, *now_ms);
        looks++;
    }
    return hangs ? looks : 0;
}

static void a_disk_that_does_not_answer_hangs(void **state)
{
    struct watchdog watchdog = {0};
    int64_t now = 1000000;

    (void)state;
    assert_int_equal(look(&watchdog, 0, &now, 100), 0);
    /* The first look only sees that something has begun. */
    assert_int_equal(look(&watchdog, 7, &now, 100), WRITER_HUNG_MS / WATCHDOG_MS + 2);
}

static void a_disk_that_is_slow_does_not(void **state)
{
    struct watchdog watchdog = {0};
    int64_t now = 1000000;

    (void)state;
    for (uint64_t doing = 1; doing < 20; doing++) { /* never idle, and always something else */
        assert_int_equal(look(&watchdog, doing, &now, WRITER_HUNG_MS / WATCHDOG_MS), 0);
    }
}

static void time_in_which_the_process_did_not_run_does_not_count(void **state)
{
    struct watchdog watchdog = {0};
    int64_t now = 1000000;

    (void)state;
    assert_int_equal(look(&watchdog, 1, &now, 3), 0);
    now += 60 * 60 * 1000; /* stopped in the middle of a commit, and continued: the disk may answer now */
    assert_false(watchdog_look(&watchdog, 1, now));
    assert_int_equal(look(&watchdog, 1, &now, 10), 0);
    now += 60 * 60 * 1000;
    assert_false(watchdog_look(&watchdog, 1, now));
    /* ... but if it does not, the time that was seen adds up. */
    assert_int_equal(look(&watchdog, 1, &now, 100), WRITER_HUNG_MS / WATCHDOG_MS + 1 - 2 - 10 - 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_disk_that_does_not_answer_hangs),
        cmocka_unit_test(a_disk_that_is_slow_does_not),
        cmocka_unit_test(time_in_which_the_process_did_not_run_does_not_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
