/* A grade that no rule says any more: a person is asked, or told what rules still say. */
#include <string.h>

#include "tests/unit/rules_fixture.h"

#define COUNTS_DEAD PACK "  - {rule: three, when: incident, if: dead >= 3, do: [grade: III]}\n"
#define OF_FIRES                                               \
    "pack: p\nversion: 1\nmatch: all\nkinds: [fire]\nrules:\n" \
    "  - {rule: three, when: incident, if: dead >= 3, do: [grade: III]}\n"
#define OTHER                                   \
    "pack: z\nversion: 1\nmatch: all\nrules:\n" \
    "  - {rule: mild, when: incident, if: dead > 0, do: [grade: IV]}\n"
#define UNTIL PACK "  - {rule: three, when: incident, if: dead >= 3, until: dead = 0, do: [grade: III]}\n"
#define TERM                                                                                               \
    PACK "  - {rule: three, when: incident, if: \"dead >= 3 and coalesce(corrected_days, 0) <= 30\", do: " \
         "[grade: III]}\n"

static void counted(struct region_with_rules *r, int64_t dead)
{
    bus_after(&r->bus, MINUTE);
    rules_report(r, dead, COUNT_UNKNOWN);
    rules_ask(r);
}

static void graded_by_person(struct region_with_rules *r, enum grade grade)
{
    struct command command = by(from(&r->bus, CENTRE, COMMAND_SET_GRADE), LI_NA, "as they say");

    bus_after(&r->bus, MINUTE);
    command.set_grade =
        (struct set_grade){.incident = incident_id(1), .grade = grade, .reason = "as the hospital says"};
    bus_do(&r->bus, command);
    assert_int_equal(rules_incident(r)->grade, grade);
}

static bool is_asked(const struct region_with_rules *r)
{
    return bus_event(&r->bus, EVENT_GRADE_ASKED, 0) != NULL;
}

/* Once, until he answers. */
static void nothing_left_asks_a_person(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open_in(&r, COUNTS_DEAD, EVENT_GENERATION);
    counted(&r, 4);
    assert_int_equal(rules_incident(&r)->grade, GRADE_III);
    counted(&r, 1);
    assert_true(is_asked(&r));
    assert_string_equal(bus_event(&r.bus, EVENT_GRADE_ASKED, 0)->grade_asked.rule, "p/three");
    assert_int_equal(rules_incident(&r)->grade, GRADE_III);
    counted(&r, 4);
    counted(&r, 2);
    assert_false(is_asked(&r));
    graded_by_person(&r, GRADE_IV);
    assert_true(rules_incident(&r)->graded_at_ms > rules_incident(&r)->grade_asked_ms);
    rules_close(&r);
}

/* It holds since before, and so does not fire now. */
static void what_holds_still_is_the_doubt(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open_in(&r, COUNTS_DEAD, EVENT_GENERATION);
    struct command other = by(from(&r.bus, CENTRE, COMMAND_SET_PACK), ADMIN, "");
    other.set_pack.text = OTHER;
    bus_do(&r.bus, other);
    counted(&r, 4);
    counted(&r, 1);
    assert_false(is_asked(&r));
    assert_int_equal(rules_incident(&r)->doubted, GRADE_IV);
    assert_string_equal(bus_event(&r.bus, EVENT_GRADE_DOUBTED, 0)->graded.rule, "z/mild");
    counted(&r, 2);
    assert_null(bus_event(&r.bus, EVENT_GRADE_DOUBTED, 0));
    rules_close(&r);
}

/* A kind that nobody grades: asked, too, and once. */
static void another_kind_asks_a_person(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open_in(&r, OF_FIRES, EVENT_GENERATION);
    counted(&r, 4);
    bus_after(&r.bus, MINUTE);
    struct command command = a_report(&r.bus, 1, REPORT_FOLLOW_UP);
    command.file_report.facts.kind = "traffic";
    command.file_report.facts.casualties.dead = 6;
    bus_do(&r.bus, command);
    rules_ask(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_GRADE_ASKED), 1);
    rules_close(&r);
}

/* What a person has said does not rest upon a rule. */
static void what_a_person_said_is_not_asked(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open_in(&r, COUNTS_DEAD, EVENT_GENERATION);
    counted(&r, 4);
    graded_by_person(&r, GRADE_II);
    rules_pass(&r);
    counted(&r, 1);
    assert_false(is_asked(&r));
    rules_close(&r);

    rules_open_in(&r, COUNTS_DEAD, EVENT_GENERATION);
    counted(&r, 4);
    counted(&r, 1);
    assert_true(is_asked(&r));
    graded_by_person(&r, GRADE_III); /* which is the rule's, too */
    rules_pass(&r);
    counted(&r, 4);
    counted(&r, 1);
    assert_false(is_asked(&r));
    rules_close(&r);
}

static void until_is_not_over_nobody_is_asked(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open_in(&r, UNTIL, EVENT_GENERATION);
    counted(&r, 4);
    counted(&r, 1);
    assert_false(is_asked(&r));
    counted(&r, 0);
    assert_true(is_asked(&r));
    rules_close(&r);
}

/* Decree 493, Art. 13: what changes after its term moves no grade, so the grade stands by what was. */
static void a_term_that_is_over_asks_nobody(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open_in(&r, TERM, EVENT_GENERATION);
    counted(&r, 5);
    bus_after(&r.bus, INT64_C(31) * 24 * 60 * MINUTE);
    counted(&r, 4);
    assert_false(is_asked(&r));
    rules_close(&r);
}

static void an_older_log_asks_nobody(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open_in(&r, COUNTS_DEAD, GENERATION_UPHELD - 1);
    counted(&r, 4);
    counted(&r, 1);
    assert_false(is_asked(&r));
    rules_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_left_asks_a_person),
        cmocka_unit_test(what_holds_still_is_the_doubt),
        cmocka_unit_test(another_kind_asks_a_person),
        cmocka_unit_test(what_a_person_said_is_not_asked),
        cmocka_unit_test(until_is_not_over_nobody_is_asked),
        cmocka_unit_test(a_term_that_is_over_asks_nobody),
        cmocka_unit_test(an_older_log_asks_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
