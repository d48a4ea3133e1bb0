/* What a book of packs in force asks: of rules that set the grade one, of packs those for the kind. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/rules_fixture.h"

#define BANDS                                                                             \
    "rules:\n"                                                                            \
    "  - {rule: one, when: incident, if: dead >= 30, do: [grade: I]}\n"                   \
    "  - {rule: two, when: incident, if: dead >= 10 or serious >= 50, do: [grade: II]}\n" \
    "  - {rule: three, when: incident, if: dead >= 3, do: [grade: III]}\n"                \
    "  - {rule: told, when: incident, if: dead >= 3, do: [notify: chief]}\n"

/* Where all that hold fire, an incident has one grade still, and no doubt about it. */
static void one_rule_sets_the_grade(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, "pack: bands\nversion: 1\nmatch: all\n" BANDS);
    rules_report(&r, 30, 0);
    rules_ask(&r);
    assert_int_equal(rules_incident(&r)->grade, GRADE_I);
    assert_int_equal(rules_incident(&r)->doubted, GRADE_NONE);
    assert_int_equal(bus_events(&r.bus, EVENT_GRADED), 1);
    assert_int_equal(bus_events(&r.bus, EVENT_GRADE_DOUBTED), 0);
    assert_int_equal(bus_events(&r.bus, EVENT_RULE_FIRED), 2);
    assert_non_null(rules_fired(&r, "one"));
    assert_non_null(rules_fired(&r, "told"));

    rules_report(&r, 5, 0); /* fewer than was thought: now the third is the first that holds */
    rules_ask(&r);
    assert_int_equal(rules_incident(&r)->grade, GRADE_I);
    assert_int_equal(rules_incident(&r)->doubted, GRADE_III);
    assert_null(rules_fired(&r, "told")); /* which holds on */
    rules_close(&r);
}

static void a_pack_is_asked_about_its_kinds(void **state)
{
    static const struct {
        const char *kinds;
        enum grade grade;
    } packs[] = {{"", GRADE_II},
                 {"kinds: [fire]\n", GRADE_II},
                 {"kinds: [mine, 'fi*']\n", GRADE_II},
                 {"kinds: [mine]\n", GRADE_NONE},
                 {"kinds: [fires, 'forest-*']\n", GRADE_NONE}};

    (void)state;
    for (size_t i = 0; i < sizeof packs / sizeof packs[0]; i++) {
        struct region_with_rules r;
        char text[1024];
        (void)snprintf(text, sizeof text, "pack: bands\nversion: 1\nmatch: all\n%s%s", packs[i].kinds, BANDS);
        rules_open(&r, text);
        rules_report(&r, 12, 0);
        rules_ask(&r);
        assert_int_equal(rules_incident(&r)->grade, packs[i].grade);
        rules_close(&r);
    }
}

/* A table has no file's name in a record, and is one still. */
static void a_table_is_a_pack_like_others(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(
        &r,
        "规则包,limits\r\n版本,2\r\n事件类型,指标,比较,值,持续,动作\r\nfire,死亡,大于等于,3,,定级 III\r\n");
    rules_report(&r, 3, 0);
    rules_ask(&r);
    const struct event *fired = rules_fired(&r, "第4行");
    assert_non_null(fired);
    assert_string_equal(fired->rule.pack, "limits");
    assert_string_equal(fired->rule.version, "2");
    assert_string_equal(rules_seen(fired, "kind"), "fire");
    assert_int_equal(rules_incident(&r)->grade, GRADE_III);
    rules_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_rule_sets_the_grade),
        cmocka_unit_test(a_pack_is_asked_about_its_kinds),
        cmocka_unit_test(a_table_is_a_pack_like_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
