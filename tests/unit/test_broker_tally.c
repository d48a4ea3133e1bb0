/* What the broker tells of what it turned away: all of it, and not too often. */
#include "broker/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void nothing_is_not_told(void **state)
{
    struct tally_said said = {0};
    struct tally tally = {0};
    char line[TALLY_TEXT];

    (void)state;
    for (int64_t now = 5; now < 10 * TALLY_MS; now += 1000) {
        assert_false(tally_line(&said, &tally, now, line));
    }
}

static void growth_is_told_at_once_and_then_once_a_minute(void **state)
{
    struct tally_said said = {0};
    struct tally tally = {.bad_frames = 1};
    char line[TALLY_TEXT];
    int lines = 0;

    (void)state;
    assert_true(tally_line(&said, &tally, 5000, line));
    assert_non_null(strstr(line, "1 unreadable and 0 malformed messages, 0 failed"));
    for (int64_t now = 6000; now < 5000 + 3 * TALLY_MS; now += 1000) { /* a flood */
        tally.dropped += 1000;
        tally.refused += 2;
        tally.handshakes++;
        lines += tally_line(&said, &tally, now, line);
    }
    assert_int_equal(lines, 2);
    assert_non_null(strstr(line, " 60000 malformed messages, 60 failed")); /* of the minute, not of all */
    assert_non_null(strstr(line, ", 120 keys"));
    assert_true(tally_line(&said, &tally, 5000 + 3 * TALLY_MS, line));
    assert_non_null(strstr(line, " 59000 malformed")); /* the last one is told when it is quiet again */
    assert_false(tally_line(&said, &tally, 5000 + 9 * TALLY_MS, line));
}

static void the_longest_line_fits(void **state)
{
    struct tally_said said = {0};
    struct tally tally = {UINT64_MAX / 4, UINT64_MAX / 4, UINT64_MAX / 4, UINT64_MAX / 4};
    char line[TALLY_TEXT];

    (void)state;
    assert_true(tally_line(&said, &tally, 1, line));
    assert_non_null(strstr(line, "not enrolled"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_not_told),
        cmocka_unit_test(growth_is_told_at_once_and_then_once_a_minute),
        cmocka_unit_test(the_longest_line_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
