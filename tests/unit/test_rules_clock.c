/* The kinds and the statutory clocks of a pack, and each mistake in them with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/rules/pack.h"
#include "tests/unit/chinese.h"

static struct conditions *conditions;

static int setup(void **state)
{
    (void)state;
    return conditions_open(&conditions, NULL);
}

static int teardown(void **state)
{
    (void)state;
    conditions_close(conditions);
    return 0;
}

static const char text[] = "pack: p\n"
                           "version: '1'\n"
                           "match: all\n"
                           "kinds: [mine, fire, 'chemical-*']\n"
                           "clocks:\n"
                           "  - clock: phone\n"
                           "    title: 电话报告\n"
                           "    from: occurred\n"
                           "    restarts: true\n"
                           "    within: 15 min\n"
                           "    report: initial\n"
                           "    medium: phone\n"
                           "    to: province\n"
                           "    signer: true\n"
                           "    warn: 5 min\n"
                           "  - clock: daily\n"
                           "    daily: [\"08:00\", 17:00]\n"
                           "    warn: 60 min\n"
                           "    to: city\n"
                           "  - {clock: plain, within: 2 h, to: state}\n"
                           "rules:\n"
                           "  - rule: begin\n"
                           "    when: incident\n"
                           "    do:\n"
                           "      - start: phone\n"
                           "      - stop: daily\n";

static void test_everything_is_read(void **state)
{
    struct pack *pack = NULL;
    struct err err = {0};

    (void)state;
    if (pack_read("p.yaml", text, strlen(text), conditions, &pack, &err) != 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(pack->clocks_n, 3);
    const struct rule_clock *phone = pack_clock(pack, "phone"), *daily = &pack->clocks[1];
    const struct rule_clock *plain = pack_clock(pack, "plain");
    assert_ptr_equal(phone, &pack->clocks[0]);
    assert_string_equal(phone->title, "电话报告");
    assert_int_equal(phone->from, CLOCK_FROM_OCCURRED);
    assert_true(phone->restarts);
    assert_int_equal(phone->within_ms, 15 * 60000);
    assert_int_equal(phone->times_n, 0);
    assert_int_equal(phone->report, REPORT_INITIAL);
    assert_int_equal(phone->medium, MEDIUM_PHONE);
    assert_int_equal(phone->to, TIER_PROVINCE);
    assert_true(phone->signer);
    assert_int_equal(phone->warn_ms, 5 * 60000);
    assert_int_equal(daily->from, CLOCK_FROM_RULE);
    assert_int_equal(daily->within_ms, 0);
    assert_int_equal(daily->times_n, 2);
    assert_int_equal(daily->times_minutes[0], 8 * 60);
    assert_int_equal(daily->times_minutes[1], 17 * 60);
    assert_int_equal(daily->report, REPORT_NONE);
    assert_int_equal(daily->medium, MEDIUM_NONE);
    assert_false(daily->signer);
    assert_int_equal(plain->from, CLOCK_FROM_RECEIVED);
    assert_int_equal(plain->to, TIER_STATE);
    assert_int_equal(plain->warn_ms, 0);
    assert_string_equal(plain->title, "");
    assert_null(pack_clock(pack, "no-such"));
    pack_free(pack);
}

static void test_for_which_kinds_it_is(void **state)
{
    static const char all[] =
        "{pack: p, version: '1', match: all, rules: [{rule: a, when: incident, do: [notify: d]}]}";
    struct pack *pack = NULL;

    (void)state;
    assert_int_equal(pack_read("p.yaml", text, strlen(text), conditions, &pack, NULL), 0);
    assert_true(pack_is_for(pack, "mine"));
    assert_false(pack_is_for(pack, "mine-collapse"));
    assert_false(pack_is_for(pack, "min"));
    assert_true(pack_is_for(pack, "chemical-leak"));
    assert_true(pack_is_for(pack, "chemical-"));
    assert_false(pack_is_for(pack, "chemical"));
    assert_false(pack_is_for(pack, ""));
    pack_free(pack);
    assert_int_equal(pack_read("p.yaml", all, strlen(all), conditions, &pack, NULL), 0);
    assert_true(pack_is_for(pack, "mine"));
    assert_true(pack_is_for(pack, ""));
    pack_free(pack);
}

/* One change to a pack that is fine, and what is said of it. */
static void test_mistakes_are_placed(void **state)
{
    static const struct {
        const char *instead_of, *stands, *said;
    } mistakes[] = {
        {"[mine, fire, 'chemical-*']", "[]",
         "p.yaml:4:8: 1 to 256 kinds are wanted; a pack for all has no \"kinds\""},
        {"'chemical-*'", "'*'", "p.yaml:4:21: a pack for all kinds has no \"kinds\"; remove it"},
        {"'chemical-*'", "'*-chemical'", "p.yaml:4:21: a pack for all kinds"},
        {"'chemical-*'", "'chem*cal'", "p.yaml:4:21: \"chem*cal\": a * stands only at the end"},
        {"'chemical-*'", "mine", "p.yaml:4:21: \"mine\" is there twice; remove one"},
        {"'chemical-*'", "''", "p.yaml:4:21: a kind of incident has 1 to 128 bytes"},
        {"'chemical-*'", "[x]", "p.yaml:4:21: must be a single value"},
        {"[mine, fire, 'chemical-*']", "mine", "p.yaml:4:8: 'kinds' must be a list"},
        {"clock: phone", "clock: daily",
         "p.yaml:16:5: two clocks are called \"daily\"; the other is at line 6"},
        {"clock: phone", "clock: ''", "p.yaml:6:12: a clock needs a name"},
        {"clock: phone", "clok: phone", "missing key 'clock'; is 'clok' meant for it?"},
        {"from: occurred", "from: occured",
         "p.yaml:8:11: 'from' does not know 'occured'; did you mean 'occurred'?"},
        {"from: occurred", "from: rule",
         "p.yaml:9:15: a clock that runs from its rule starts anew in any case"},
        {"    within: 15 min\n", "", "p.yaml:6:5: a clock has either \"within\", such as 2 h, or \"daily\""},
        {"    warn: 60 min\n", "    within: 2 h\n", "p.yaml:17:12: a clock has either \"within\""},
        {"    warn: 60 min\n", "    from: rule\n",
         "p.yaml:18:11: a daily clock runs from the rule that starts it; remove \"from\""},
        {"    warn: 60 min\n", "    restarts: true\n", "p.yaml:18:15: a clock that runs from its rule"},
        {"within: 15 min", "within: 15 mins", "p.yaml:10:13: "},
        {"within: 15 min", "within: 15 s", "p.yaml:10:13: 'within' must lie between 1 min and 366 d"},
        {"warn: 5 min", "warn: 15 min", "p.yaml:15:11: \"warn\" must be shorter than \"within\""},
        {"warn: 60 min", "warn: 9 h",
         "p.yaml:18:11: \"warn\" must be shorter than the time between two of \"daily\""},
        {"[\"08:00\", 17:00]", "[]", "p.yaml:17:12: \"daily\" wants 1 to 8 times, such as [\"08:00\"]"},
        {"17:00", "8:00", "p.yaml:17:22: \"daily\" wants times of the day such as \"08:00\", not \"8:00\""},
        {"17:00", "24:00", "p.yaml:17:22: \"daily\" wants times of the day"},
        {"17:00", "17:60", "p.yaml:17:22: \"daily\" wants times of the day"},
        {"17:00", "08:00", "p.yaml:17:22: \"daily\" wants the earlier time first: move \"08:00\""},
        {"[\"08:00\", 17:00]", "\"08:00\"", "p.yaml:17:12: 'daily' must be a list"},
        {"report: initial", "report: first", "p.yaml:11:13: 'report' does not know 'first'"},
        {"medium: phone", "medium: fax", "p.yaml:12:13: 'medium' does not know 'fax'"},
        {"to: province", "to: provinces",
         "p.yaml:13:9: 'to' does not know 'provinces'; did you mean 'province'?"},
        {"    to: city\n", "", "p.yaml:16:5: missing key 'to'"},
        {"signer: true", "signer: maybe", "p.yaml:14:13: 'signer' must be true or false"},
        {"signer: true", "singer: true", "p.yaml:14:5: unknown key 'singer'; did you mean 'signer'?"},
        {"start: phone", "start: phones",
         "p.yaml:25:16: \"start\" wants a clock of this pack, not \"phones\"; did you mean \"phone\"?"},
        {"stop: daily", "stop: 'no'", "p.yaml:26:15: \"stop\" wants a clock of this pack, not \"no\""},
        {"clock: plain", "clocks: plain", "p.yaml:20:5: missing key 'clock'; is 'clocks' meant for it?"},
    };
    char changed[2048];

    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        const char *at = strstr(text, mistakes[i].instead_of);
        struct pack *pack = NULL;
        struct err err = {0};
        assert_non_null(at);
        (void)snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, mistakes[i].stands,
                       at + strlen(mistakes[i].instead_of));
        if (pack_read("p.yaml", changed, strlen(changed), conditions, &pack, &err) != ERR_CONFIG ||
            strstr(err.text, mistakes[i].said) == NULL) {
            fail_msg("%s: %s", mistakes[i].stands, err.text);
        }
        struct err chinese = {0};
        conditions_speak(conditions, true);
        assert_int_equal(pack_read("p.yaml", changed, strlen(changed), conditions, &pack, &chinese),
                         ERR_CONFIG);
        conditions_speak(conditions, false);
        if (!is_chinese(chinese.text) || !is_same_place(err.text, chinese.text)) {
            fail_msg("%s: %s: %s", mistakes[i].stands, err.text, chinese.text);
        }
        assert_null(pack);
    }
}

static void test_how_many_clocks(void **state)
{
    char many[8192];
    struct pack *pack = NULL;
    struct err err = {0};

    (void)state;
    for (int clocks = PACK_CLOCKS_MAX; clocks <= PACK_CLOCKS_MAX + 1; clocks++) {
        size_t n = (size_t)snprintf(many, sizeof many, "{pack: p, version: '1', match: all, clocks: [");
        for (int i = 0; i < clocks; i++) {
            n += (size_t)snprintf(many + n, sizeof many - n, "{clock: c%d, within: 1 h, to: city},", i);
        }
        n +=
            (size_t)snprintf(many + n, sizeof many - n,
                             "], rules: [{rule: a, when: incident, do: [start: c%d]}]}", PACK_CLOCKS_MAX - 1);
        assert_true(n < sizeof many);
        assert_int_equal(pack_read("p.yaml", many, n, conditions, &pack, &err),
                         clocks <= PACK_CLOCKS_MAX ? 0 : ERR_CONFIG);
        if (clocks <= PACK_CLOCKS_MAX) {
            pack_free(pack);
        }
    }
    assert_non_null(strstr(err.text, "1 to 64 clocks are wanted; a pack without has no \"clocks\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_everything_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_for_which_kinds_it_is, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mistakes_are_placed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_how_many_clocks, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
