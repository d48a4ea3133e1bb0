#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/ctl/moment.h"
#include "common/base/when.h"

enum { CHINA_MINUTES = 8 * 60 };

static int64_t ms_of(const char *text)
{
    int64_t ms = 0;

    assert_int_equal(when_parse(text, &ms), 0);
    return ms;
}

static int parse(const char *text, const char *now, enum lang lang, int64_t *ret, struct err *err)
{
    const struct moment_base base = {.utc_offset_minutes = CHINA_MINUTES,
                                     .now_ms = now != NULL ? ms_of(now) : 0};
    return moment_parse("at", text, &base, lang, ret, err);
}

static void what_people_type(void **state)
{
    static const struct {
        const char *text;
        enum moment_form form;
        const char *is;
    } rows[] = {
        {"2026-11-22T11:00:00+08:00", MOMENT_WHOLE, "2026-11-22T03:00:00Z"},
        {"2026-11-22T03:00:00.5Z", MOMENT_WHOLE, "2026-11-22T03:00:00.5Z"},
        {"2026-11-22 11:00", MOMENT_CIVIL, "2026-11-22T03:00:00Z"},
        {"2026-11-22T11:00", MOMENT_CIVIL, "2026-11-22T03:00:00Z"},
        {"2026-11-22 11:00:07", MOMENT_CIVIL, "2026-11-22T03:00:07Z"},
        {"2026-11-22 11:00:07.25", MOMENT_CIVIL, "2026-11-22T03:00:07.25Z"},
        {"2024-02-29 00:00", MOMENT_CIVIL, "2024-02-28T16:00:00Z"},
        {"16:30", MOMENT_OF_DAY, "2026-11-23T08:30:00Z"},
        {"00:00:01", MOMENT_OF_DAY, "2026-11-22T16:00:01Z"},
        {"16:31", MOMENT_OF_DAY, "2026-11-23T08:31:00Z"}, /* a clock may be a minute ahead */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = 0;
        assert_int_equal(moment_form(rows[i].text), rows[i].form);
        assert_int_equal(parse(rows[i].text, "2026-11-23T08:30:10Z", LANG_EN, &ms, NULL), 0);
        assert_int_equal(ms, ms_of(rows[i].is));
    }
}

static void what_is_none(void **state)
{
    static const char *const formless[] = {"",
                                           "noon",
                                           "2026-11-22",
                                           "2026-11-22 11",
                                           "2026-11-22x11:00",
                                           "16:3",
                                           "16:30 ",
                                           "16:30:07.",
                                           "16:30.5",
                                           "2026-11-22 11:00 +08:00",
                                           "6:30",
                                           "2026/11/22 11:00"};
    static const char *const off_the_calendar[] = {"2026-02-29 11:00", "24:00", "2026-11-22 11:60",
                                                   "1969-12-31 11:00"};
    int64_t ms = 7;
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof formless / sizeof formless[0]; i++) {
        assert_int_equal(moment_form(formless[i]), MOMENT_NONE);
        assert_int_equal(parse(formless[i], "2026-11-23T08:30:10Z", LANG_EN, &ms, &err), ERR_USAGE);
        assert_non_null(strstr(err.text, "such as \"2026-11-23 16:30\""));
    }
    for (size_t i = 0; i < sizeof off_the_calendar / sizeof off_the_calendar[0]; i++) {
        assert_int_equal(parse(off_the_calendar[i], "2026-11-23T08:30:10Z", LANG_ZH, &ms, &err), ERR_USAGE);
        assert_non_null(strstr(err.text, "请写时间"));
    }
    assert_int_equal(ms, 7);
}

/* Yesterday's may be meant, and may not: the remedy is what to type. */
static void a_time_of_day_is_of_today(void **state)
{
    int64_t ms = 7;
    struct err err;

    (void)state;
    assert_int_equal(parse("23:50", "2026-11-22T16:10:00Z", LANG_EN, &ms, &err), ERR_USAGE);
    assert_string_equal(err.text, "--at 23:50 is still to come today; is \"2026-11-22 23:50\" meant?");
    assert_int_equal(parse("23:50", "2026-11-22T16:10:00Z", LANG_ZH, &ms, &err), ERR_USAGE);
    assert_string_equal(err.text, "--at 23:50：今日尚未到该时刻；如指昨日，请写 \"2026-11-22 23:50\"");
    assert_int_equal(parse("23:50", NULL, LANG_EN, &ms, &err), ERR_USAGE);
    assert_non_null(strstr(err.text, "of which day?"));
    assert_int_equal(ms, 7);
}

static void what_lies_ahead(void **state)
{
    const struct moment_base base = {
        .utc_offset_minutes = CHINA_MINUTES, .now_ms = ms_of("2026-11-23T08:30:10Z"), .ahead = true};
    int64_t ms = 0;
    struct err err;

    (void)state;
    assert_int_equal(moment_parse("until", "18:00", &base, LANG_EN, &ms, NULL), 0);
    assert_int_equal(ms, ms_of("2026-11-23T10:00:00Z"));
    assert_int_equal(moment_parse("until", "08:00", &base, LANG_EN, &ms, &err), ERR_USAGE);
    assert_string_equal(err.text, "--until 08:00 is past today; is \"2026-11-24 08:00\" meant?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_people_type),
        cmocka_unit_test(what_is_none),
        cmocka_unit_test(a_time_of_day_is_of_today),
        cmocka_unit_test(what_lies_ahead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
