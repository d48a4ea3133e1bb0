#include "common/base/when.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/err.h"

static void parses_rfc3339(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"1970-01-01T00:00:00Z", INT64_C(0)},
        {"2026-11-22T03:00:00.123+08:00", INT64_C(1795287600123)},
        {"2000-02-29T12:00:00Z", INT64_C(951825600000)},
        {"2024-02-29T23:59:59.999Z", INT64_C(1709251199999)},
        {"2100-02-28T00:00:00Z", INT64_C(4107456000000)},
        {"2100-03-01T00:00:00Z", INT64_C(4107542400000)},
        {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
        {"2020-04-01T00:00:00-07:00", INT64_C(1585724400000)},
        {"2020-01-01t00:00:00z", INT64_C(1577836800000)},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000)},
        {"2020-01-01T00:00:00.5Z", INT64_C(1577836800500)},
        {"2020-01-01T00:00:00.123999999Z", INT64_C(1577836800123)},
        {"2020-01-01T00:00:00-00:00", INT64_C(1577836800000)},
        {"1970-01-01T05:30:00+05:30", INT64_C(0)},
        {"1972-06-30T00:00:00+23:59", INT64_C(78624060000)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = -1;

        assert_int_equal(when_parse(rows[i].text, &ms), 0);
        assert_int_equal(ms, rows[i].ms);
    }
}

static void refuses_what_is_no_time(void **state)
{
    static const char *const bad[] = {
        "",
        "2020",
        "2020-01-01",
        "2020-01-01T00:00:00",   /* no offset */
        "2020-01-01 00:00:00Z",  /* blank */
        "2020-1-01T00:00:00Z",   /* one digit */
        "2020-00-01T00:00:00Z",  /* month */
        "2020-13-01T00:00:00Z",  /* month */
        "2020-01-00T00:00:00Z",  /* day */
        "2020-01-32T00:00:00Z",  /* day */
        "2020-04-31T00:00:00Z",  /* day */
        "2021-02-29T00:00:00Z",  /* no leap year */
        "2100-02-29T00:00:00Z",  /* no leap year */
        "2020-01-01T24:00:00Z",  /* hour */
        "2020-01-01T00:60:00Z",  /* minute */
        "2020-01-01T00:00:61Z",  /* second */
        "2020-01-01T00:00:00.Z", /* empty fraction */
        "2020-01-01T00:00:00.1234567890Z",
        "2020-01-01T00:00:00,5Z",
        "2020-01-01T00:00:00+24:00", /* offset */
        "2020-01-01T00:00:00+08:60", /* offset */
        "2020-01-01T00:00:00+0800",  /* offset */
        "2020-01-01T00:00:00+08",    /* offset */
        "2020-01-01T00:00:00Zx",     /* more */
        "2020-01-01T00:00:00+08:00x",
        " 2020-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01", /* before 1970 in UTC */
        "9999-12-31T23:59:59-00:01", /* after 9999 in UTC */
        "+020-01-01T00:00:00Z",
    };
    int64_t ms = 77;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(when_parse(bad[i], &ms), ERR_DATA);
    assert_int_equal(ms, 77);
}

static void formats_at_an_offset(void **state)
{
    char text[WHEN_TEXT];

    (void)state;
    assert_string_equal(when_format(0, 0, text), "1970-01-01T00:00:00.000Z");
    assert_string_equal(when_format(0, 480, text), "1970-01-01T08:00:00.000+08:00");
    assert_string_equal(when_format(0, -210, text), "1969-12-31T20:30:00.000-03:30");
    assert_string_equal(when_format(-1, 0, text), "1969-12-31T23:59:59.999Z");
    assert_string_equal(when_format(INT64_C(253402300799999), 0, text), "9999-12-31T23:59:59.999Z");
    assert_true(strlen(when_format(INT64_MAX, 1440, text)) < WHEN_TEXT);
    assert_int_equal(text[strlen(text) - 1], '9'); /* +23:59 */
    assert_true(strlen(when_format(INT64_MIN, -9999, text)) < WHEN_TEXT);
}

/* Every day of 1970 to 2200 and a day of each later year: one after the other, and back. */
static void days_round_trip(void **state)
{
    const int64_t day_ms = 86400000;
    char text[WHEN_TEXT];

    (void)state;
    for (int64_t ms = 0; ms < INT64_C(253402300799999);
         ms += ms < 84006 * day_ms ? day_ms : 365 * day_ms + 12345) {
        int64_t again = -1;

        assert_int_equal(when_parse(when_format(ms, 0, text), &again), 0);
        assert_int_equal(again, ms);
        if (ms > day_ms) {
            assert_int_equal(when_parse(when_format(ms, -765, text), &again), 0);
            assert_int_equal(again, ms);
        }
    }
}

static void parses_durations(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"0 s", 0},
        {"1h", 3600000},
        {"90s", 90000},
        {"500ms", 500},
        {"10 min", 600000},
        {"2 d", 172800000},
        {"15 s", 15000},
        {"250 ms", 250},
        {"007s", 7000},
        {"106751991167 d", INT64_C(9223372036828800000)},
        {"9223372036854775807ms", INT64_MAX},
    };
    static const char *const bad[] = {
        "",
        "10",
        "s",
        "-1 s",
        "+1 s",
        "1.5 s",
        "1  s",
        " 1 s",
        "1 s ",
        "1 m",
        "1 week",
        "1 S",
        "1h30s",
        "1 sec",
        "0x1 s",
        "106751991168 d",
        "9223372036854775808ms",
        "99999999999999999999 s",
    };
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ms = -1;
        assert_int_equal(when_parse_duration(rows[i].text, &ms), 0);
        assert_int_equal(ms, rows[i].ms);
    }
    ms = 77;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(when_parse_duration(bad[i], &ms), ERR_DATA);
    assert_int_equal(ms, 77);
}

static void formats_durations(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "0 s"},
        {40, "40 ms"},
        {400, "0.4 s"},
        {1000, "1 s"},
        {1250, "1.2 s"},
        {9050, "9 s"},
        {12999, "12 s"},
        {59999, "59 s"},
        {180000, "3 min"},
        {185000, "3 min 5 s"},
        {3600000, "1 h"},
        {7800000, "2 h 10 min"},
        {86400000, "1 d"},
        {97200000, "1 d 3 h"},
        {-185000, "-3 min 5 s"},
        {-400, "-0.4 s"},
        {INT64_MIN, "-106751991167 d 7 h"},
        {INT64_MAX, "106751991167 d 7 h"},
    };
    char text[WHEN_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(when_format_duration(rows[i].ms, text), rows[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_rfc3339),       cmocka_unit_test(refuses_what_is_no_time),
        cmocka_unit_test(formats_at_an_offset), cmocka_unit_test(days_round_trip),
        cmocka_unit_test(parses_durations),     cmocka_unit_test(formats_durations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
