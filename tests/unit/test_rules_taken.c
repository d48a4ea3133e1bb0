/* What rules make of a grade that came with a merge, when it is taken back. */
#include <string.h>

#include "tests/unit/rules_fixture.h"

#define WITH_CLOCK                                                                            \
    "pack: grades\nversion: 7\nmatch: all\n"                                                  \
    "clocks:\n  - {clock: up, title: up, from: rule, within: 15 min, to: province}\nrules:\n" \
    "  - {rule: one, when: incident, if: dead >= 30, do: [grade: I]}\n"                       \
    "  - {rule: three, when: incident, if: dead >= 3 and dead < 30, do: [grade: III]}\n"      \
    "  - {rule: rise, when: incident, if: grade <= 2, do: [start: up]}\n"

static void say(struct region_with_rules *r, enum command_kind kind, bool merges)
{
    struct command command = by(from(&r->bus, CENTRE, kind), LI_NA, "");

    if (merges) {
        command.merge_incident = (struct merge_incident){
            .incident = incident_id(2), .into = incident_id(1), .reason = "one building"};
    } else {
        command.split_incident = (struct split_incident){.incident = incident_id(2), .reason = "two"};
    }
    bus_do(&r->bus, command);
}

static void begin(struct region_with_rules *r, const char *pack)
{
    rules_open(r, pack);
    struct command command = by_broker(&r->bus, COMMAND_SET_CLOCK);
    command.set_clock = (struct set_clock){.bus_ms = r->bus.env.now_ms,
                                           .utc_ms = r->bus.env.utc_ms,
                                           .reason = "",
                                           .generation = EVENT_GENERATION};
    bus_do(&r->bus, command);
}

static void report(struct region_with_rules *r, unsigned incident, int64_t dead)
{
    bool there = state_incident(r->bus.state, incident_id(incident)) != NULL;
    struct command command = a_report(&r->bus, incident, there ? REPORT_FOLLOW_UP : REPORT_INITIAL);

    command.file_report.facts.kind = "fire";
    command.file_report.facts.casualties.dead = dead;
    bus_do(&r->bus, command);
}

static void ask(struct region_with_rules *r, unsigned incident)
{
    bus_after(&r->bus, SECOND);
    bus_do(&r->bus, deadlines(&r->bus, incident));
}

/* 1 has `dead`, and 2 forty; both graded, and 2 is merged into 1. */
static void merged(struct region_with_rules *r, int64_t dead)
{
    begin(r, WITH_CLOCK);
    report(r, 1, dead);
    ask(r, 1);
    report(r, 2, 40);
    ask(r, 2);
    say(r, COMMAND_MERGE_INCIDENT, true);
    ask(r, 1);
    assert_int_equal(rules_incident(r)->grade, GRADE_I);
    assert_non_null(incident_clock(rules_incident(r), "grades", "up"));
}

/* No rule holds where nothing is known: a person is asked. The clock runs on, as where one lowers a grade. */
static void nothing_known_asks_a_person(void **state)
{
    struct region_with_rules r;

    (void)state;
    merged(&r, COUNT_UNKNOWN);
    say(&r, COMMAND_SPLIT_INCIDENT, false);
    assert_null(bus_event(&r.bus, EVENT_GRADE_ASKED, 0));
    ask(&r, 1);
    assert_memory_equal(&bus_event(&r.bus, EVENT_GRADE_ASKED, 0)->grade_asked.of, incident_id(2).b, ID_BYTES);
    assert_int_equal(rules_incident(&r)->grade, GRADE_I);
    assert_true(clock_runs(incident_clock(rules_incident(&r), "grades", "up")));
    ask(&r, 1);
    assert_null(bus_event(&r.bus, EVENT_GRADE_ASKED, 0)); /* once */
    rules_close(&r);
}

/* The rule that holds has fired long ago, and says all the same what it would be. */
static void what_still_holds_is_the_doubt(void **state)
{
    struct region_with_rules r;

    (void)state;
    merged(&r, 5);
    assert_int_equal(rules_incident(&r)->casualties.dead, 5);
    say(&r, COMMAND_SPLIT_INCIDENT, false);
    assert_true(bus_event(&r.bus, EVENT_FACTS_RETURNED, 0)->taken.graded);
    ask(&r, 1);
    assert_int_equal(rules_incident(&r)->doubted, GRADE_III);
    assert_string_equal(bus_event(&r.bus, EVENT_GRADE_DOUBTED, 0)->graded.rule, "grades/three");
    assert_int_equal(rules_incident(&r)->grade, GRADE_I);
    rules_close(&r);
}

/* Somebody has said it of this one, too: it is as grave by its own facts. */
static void what_is_upheld_is_not_doubted(void **state)
{
    struct region_with_rules r;

    (void)state;
    merged(&r, COUNT_UNKNOWN);
    report(&r, 1, 40);
    ask(&r, 1);
    say(&r, COMMAND_SPLIT_INCIDENT, false);
    ask(&r, 1);
    assert_int_equal(rules_incident(&r)->doubted, GRADE_NONE);
    assert_null(bus_event(&r.bus, EVENT_GRADE_ASKED, 0));
    assert_true(id_is_zero(rules_incident(&r)->ties->regrade));
    rules_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_known_asks_a_person),
        cmocka_unit_test(what_still_holds_is_the_doubt),
        cmocka_unit_test(what_is_upheld_is_not_doubted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
