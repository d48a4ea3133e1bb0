/* When statutory clocks are due, what meets them, and which corrections count: boundaries, each from both
 * sides. Times are written in civil time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/when.h"
#include "common/core/statutory.h"

enum { CHINA = 480, MINUTE = 60000, HOUR = 60 * MINUTE };

static int64_t at(const char *text)
{
    int64_t ms = 0;

    if (when_parse(text, &ms) != 0) {
        fail_msg("%s is no time", text);
    }
    return ms;
}

static void assert_when(int64_t ms, const char *wanted)
{
    char text[WHEN_TEXT];

    assert_string_equal(when_format(ms, CHINA, text), wanted);
}

static const struct rule_clock daily = {.times_minutes = {8 * 60, 17 * 60},
                                        .times_n = 2,
                                        .report = REPORT_FOLLOW_UP,
                                        .to = TIER_PROVINCE,
                                        .warn_ms = HOUR};

static void test_from_when_it_runs(void **state)
{
    static const struct {
        enum clock_start from;
        bool restarts;
        struct clock_moments moments; /* occurred, received, started */
        int64_t begins;
    } rows[] = {
        {CLOCK_FROM_RECEIVED, false, {1000, 2000, 2000}, 2000},
        {CLOCK_FROM_RECEIVED, false, {1000, 2000, 9000}, 2000},
        {CLOCK_FROM_RECEIVED, true, {1000, 2000, 2000}, 2000},
        {CLOCK_FROM_RECEIVED, true, {1000, 2000, 2001}, 2001},
        {CLOCK_FROM_OCCURRED, false, {1000, 2000, 2000}, 1000},
        {CLOCK_FROM_OCCURRED, false, {1000, 2000, 9000}, 1000},
        {CLOCK_FROM_OCCURRED, true, {1000, 2000, 2000}, 1000},
        {CLOCK_FROM_OCCURRED, true, {1000, 2000, 9000}, 9000},
        {CLOCK_FROM_OCCURRED, false, {0, 2000, 2000}, 2000},    /* nobody said when */
        {CLOCK_FROM_OCCURRED, false, {3000, 2000, 2000}, 2000}, /* later than it was reported: no respite */
        {CLOCK_FROM_RULE, false, {1000, 2000, 9000}, 9000},
        {CLOCK_FROM_RULE, false, {1000, 2000, 2000}, 2000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rule_clock clock = {.from = rows[i].from, .restarts = rows[i].restarts, .within_ms = HOUR};
        assert_int_equal(statutory_begins(&clock, &rows[i].moments), rows[i].begins);
        assert_int_equal(statutory_due(&clock, rows[i].begins, CHINA), rows[i].begins + HOUR);
    }
    assert_int_equal(statutory_begins(&daily, &(struct clock_moments){1000, 2000, 9000}), 9000);
}

static void test_daily_times_are_civil(void **state)
{
    static const struct {
        const char *begins, *due;
    } rows[] = {
        {"2026-11-22T00:00:00+08:00", "2026-11-22T08:00:00.000+08:00"},
        {"2026-11-22T07:59:59.999+08:00", "2026-11-22T08:00:00.000+08:00"},
        {"2026-11-22T08:00:00+08:00", "2026-11-22T17:00:00.000+08:00"}, /* strictly after */
        {"2026-11-22T08:00:00.001+08:00", "2026-11-22T17:00:00.000+08:00"},
        {"2026-11-22T16:59:59.999+08:00", "2026-11-22T17:00:00.000+08:00"},
        {"2026-11-22T17:00:00+08:00", "2026-11-23T08:00:00.000+08:00"},
        {"2026-11-22T23:59:59.999+08:00", "2026-11-23T08:00:00.000+08:00"},
        {"2026-12-31T20:00:00+08:00", "2027-01-01T08:00:00.000+08:00"},
        {"2028-02-28T18:00:00+08:00", "2028-02-29T08:00:00.000+08:00"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_when(statutory_due(&daily, at(rows[i].begins), CHINA), rows[i].due);
    }
    assert_int_equal(statutory_due(&daily, -HOUR, CHINA), 0);               /* 1970-01-01, 07:00 */
    assert_int_equal(statutory_due(&daily, -16 * HOUR, CHINA), -15 * HOUR); /* the evening before, 16:00 */
    /* the same moment elsewhere is another time of the day */
    assert_int_equal(statutory_due(&daily, at("2026-11-22T00:30:00Z"), 0), at("2026-11-22T08:00:00Z"));
    assert_int_equal(statutory_due(&daily, at("2026-11-22T00:30:00Z"), CHINA), at("2026-11-22T09:00:00Z"));
    assert_int_equal(statutory_due(&daily, at("2026-11-22T00:30:00Z"), -570), at("2026-11-22T02:30:00Z"));
}

static void test_warnings(void **state)
{
    struct rule_clock clock = {.within_ms = HOUR, .warn_ms = 15 * MINUTE};
    int64_t morning = at("2026-11-22T07:30:00+08:00");

    (void)state;
    assert_int_equal(statutory_warns(&clock, 1000, 1000 + HOUR), 1000 + 45 * MINUTE);
    clock.warn_ms = 0;
    assert_int_equal(statutory_warns(&clock, 1000, 1000 + HOUR), 0);
    /* half an hour before 08:00 the warning of an hour before is given at once */
    assert_int_equal(statutory_warns(&daily, morning, statutory_due(&daily, morning, CHINA)), morning);
}

static void test_which_report_meets_it(void **state)
{
    static const struct rule_clock clock = {.within_ms = 1000,
                                            .report = REPORT_INITIAL,
                                            .medium = MEDIUM_WRITTEN,
                                            .to = TIER_CITY,
                                            .signer = true};
    static const struct {
        struct clock_report report;
        enum clock_answer answer;
    } rows[] = {
        /* in the order in which they are looked at */
        {{REPORT_FINAL, MEDIUM_PHONE, TIER_COUNTY, false, 4999}, CLOCK_BEFORE},
        {{REPORT_FINAL, MEDIUM_PHONE, TIER_COUNTY, false, 5000}, CLOCK_OTHER_REPORT},
        {{REPORT_INITIAL, MEDIUM_PHONE, TIER_COUNTY, false, 5000}, CLOCK_OTHER_MEDIUM},
        {{REPORT_INITIAL, MEDIUM_NONE, TIER_COUNTY, false, 5000}, CLOCK_OTHER_MEDIUM},
        {{REPORT_INITIAL, MEDIUM_WRITTEN, TIER_COUNTY, false, 5000}, CLOCK_NOT_REACHED},
        {{REPORT_INITIAL, MEDIUM_WRITTEN, TIER_NONE, true, 5000}, CLOCK_NOT_REACHED},
        {{REPORT_INITIAL, MEDIUM_WRITTEN, TIER_CITY, false, 5000}, CLOCK_NO_SIGNER},
        {{REPORT_INITIAL, MEDIUM_WRITTEN, TIER_CITY, true, 4999}, CLOCK_BEFORE},
        {{REPORT_INITIAL, MEDIUM_WRITTEN, TIER_CITY, true, 5000}, CLOCK_MET},
        {{REPORT_INITIAL, MEDIUM_WRITTEN, TIER_STATE, true, 6000},
         CLOCK_MET}, /* past a level, at the last moment */
        {{REPORT_INITIAL, MEDIUM_WRITTEN, TIER_CITY, true, 6001}, CLOCK_LATE},
        {{REPORT_INITIAL, MEDIUM_PHONE, TIER_CITY, true, 6001}, CLOCK_OTHER_MEDIUM},
    };
    static const struct rule_clock any = {.within_ms = 1000, .to = TIER_COUNTY};
    const struct clock_report phoned = {REPORT_FINAL, MEDIUM_PHONE, TIER_COUNTY, false, 5500};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(statutory_ask(&clock, 5000, 6000, &rows[i].report), rows[i].answer);
    }
    assert_int_equal(statutory_ask(&any, 5000, 6000, &phoned), CLOCK_MET);
}

/* Rounds of a daily clock touch and do not overlap: no report meets two of them. */
static void test_a_report_meets_one_round(void **state)
{
    int64_t eight = at("2026-11-22T08:00:00+08:00"), five = statutory_due(&daily, eight, CHINA);
    int64_t yesterday = at("2026-11-21T17:00:00+08:00");
    struct clock_report report = {REPORT_FOLLOW_UP, MEDIUM_PHONE, TIER_PROVINCE, false, eight};

    (void)state;
    assert_int_equal(statutory_ask(&daily, yesterday, eight, &report), CLOCK_MET);
    assert_int_equal(statutory_ask(&daily, eight, five, &report), CLOCK_BEFORE);
    report.at_ms = eight + 1;
    assert_int_equal(statutory_ask(&daily, yesterday, eight, &report), CLOCK_LATE);
    assert_int_equal(statutory_ask(&daily, eight, five, &report), CLOCK_MET);
}

/* Decree 493, Art. 13. */
static void test_until_when_corrections_count(void **state)
{
    static const struct {
        const char *occurred, *changed;
        int64_t days; /* between their dates */
    } rows[] = {
        {"2026-11-01T00:00:00+08:00", "2026-11-01T23:59:59.999+08:00", 0},
        {"2026-11-01T23:59:59.999+08:00", "2026-11-02T00:00:00+08:00", 1},
        {"2026-11-01T00:00:00+08:00", "2026-11-08T23:59:59.999+08:00", 7},
        {"2026-11-01T23:59:59.999+08:00", "2026-11-08T00:00:00+08:00", 7},
        {"2026-11-01T00:00:00+08:00", "2026-11-09T00:00:00+08:00", 8},
        {"2026-11-01T23:59:59.999+08:00", "2026-11-09T00:00:00+08:00", 8},
        {"2026-11-01T00:00:00+08:00", "2026-12-01T23:59:59.999+08:00", 30},
        {"2026-11-01T23:59:59.999+08:00", "2026-12-02T00:00:00+08:00", 31},
        {"2026-11-01T00:00:00+08:00", "2026-12-02T00:00:00+08:00", 31},
        {"2028-02-01T12:00:00+08:00", "2028-03-02T12:00:00+08:00", 30}, /* a leap year */
        {"2027-02-01T12:00:00+08:00", "2027-03-03T12:00:00+08:00", 30}, /* none */
        {"2026-11-01T12:00:00+08:00", "2026-10-31T12:00:00+08:00", -1}, /* said to be later */
        {"2026-11-01T23:30:00Z", "2026-12-02T15:59:59.999Z", 30},       /* 2 November there */
        {"2026-11-01T23:30:00Z", "2026-12-02T16:00:00Z", 31},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t occurred = at(rows[i].occurred), changed = at(rows[i].changed);
        assert_int_equal(statutory_days(occurred, changed, CHINA), rows[i].days);
    }
}

static void test_numbers_do_not_overflow(void **state)
{
    static const struct rule_clock clock = {.within_ms = HOUR, .warn_ms = MINUTE};

    (void)state;
    assert_int_equal(statutory_due(&clock, INT64_MAX, CHINA), INT64_MAX);
    assert_true(statutory_due(&daily, INT64_MAX, CHINA) == INT64_MAX);
    assert_true(statutory_due(&daily, INT64_MIN, -CHINA) >= INT64_MIN);
    assert_int_equal(statutory_warns(&clock, INT64_MIN, INT64_MIN), INT64_MIN);
}

static void test_the_level_of_a_region(void **state)
{
    static const struct {
        const char *code;
        enum tier tier;
    } rows[] = {
        {"370000", TIER_PROVINCE},
        {"37", TIER_PROVINCE},
        {"370000000000", TIER_PROVINCE},
        {"370100", TIER_CITY},
        {"3701", TIER_CITY},
        {"371000", TIER_CITY},
        {"370102", TIER_COUNTY},
        {"370110", TIER_COUNTY},
        {"370102000", TIER_COUNTY},
        {"419001", TIER_COUNTY},
        {"370102000000", TIER_COUNTY},
        {"370102001", TIER_NONE},
        {"370102001001", TIER_NONE},
        {"", TIER_NONE},
        {"3", TIER_NONE},
        {"370", TIER_NONE},
        {"3701020", TIER_NONE},
        {"37010a", TIER_NONE},
        {"3701020000000", TIER_NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (statutory_tier(rows[i].code) != rows[i].tier) {
            fail_msg("%s: %s", rows[i].code, tier_name(statutory_tier(rows[i].code)));
        }
    }
}

static void what_rules_are_told(void **state)
{
    static const struct {
        const char *code, *before, *word;
    } rows[] = {
        {"370000", "province", "province"},
        {"370100", "city", "city"},
        {"370102", "county", "county"},
        {"370102000000", "county", "county"},
        {"370102001", "", "township"},
        {"370102001000", "", "township"},
        {"370102001001", "", "village"},
        {"", "", ""},
        {"3701020", "", ""},
        {"370102001a", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(statutory_tier_word(rows[i].code, false), rows[i].before);
        assert_string_equal(statutory_tier_word(rows[i].code, true), rows[i].word);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_when_it_runs),
        cmocka_unit_test(test_daily_times_are_civil),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_which_report_meets_it),
        cmocka_unit_test(test_a_report_meets_one_round),
        cmocka_unit_test(test_until_when_corrections_count),
        cmocka_unit_test(test_numbers_do_not_overflow),
        cmocka_unit_test(test_the_level_of_a_region),
        cmocka_unit_test(what_rules_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
