/* What rules make of a grade that came with a merge, when it is taken back. */
#include <string.h>

#include "tests/unit/rules_fixture.h"

#define WITH_CLOCK                                                                            \
    "pack: grades\nversion: 7\nmatch: all\n"                                                  \
    "clocks:\n  - {clock: up, title: up, from: rule, within: 15 min, to: province}\nrules:\n" \
    "  - {rule: one, when: incident, if: dead >= 30, do: [grade: I]}\n"                       \
    "  - {rule: three, when: incident, if: dead >= 3 and dead < 30, do: [grade: III]}\n"      \
    "  - {rule: rise, when: incident, if: grade <= 2, do: [start: up]}\n"

static void tie(struct region_with_rules *r, enum command_kind kind, unsigned incident, unsigned into)
{
    struct command command = by(from(&r->bus, CENTRE, kind), LI_NA, "");

    if (kind == COMMAND_MERGE_INCIDENT) {
        command.merge_incident = (struct merge_incident){
            .incident = incident_id(incident), .into = incident_id(into), .reason = "one building"};
    } else {
        command.split_incident = (struct split_incident){.incident = incident_id(incident), .reason = "two"};
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
    tie(r, COMMAND_MERGE_INCIDENT, 2, 1);
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
    tie(&r, COMMAND_SPLIT_INCIDENT, 2, 0);
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
    tie(&r, COMMAND_SPLIT_INCIDENT, 2, 0);
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
    tie(&r, COMMAND_SPLIT_INCIDENT, 2, 0);
    ask(&r, 1);
    assert_int_equal(rules_incident(&r)->doubted, GRADE_NONE);
    assert_null(bus_event(&r.bus, EVENT_GRADE_ASKED, 0));
    assert_true(id_is_zero(rules_incident(&r)->ties->regrade));
    rules_close(&r);
}

/* 3 leaves 2, which stays merged into 1: the rules are asked of that. */
static void what_stays_merged_is_asked_of_as_the_survivor(void **state)
{
    struct region_with_rules r;

    (void)state;
    begin(&r, WITH_CLOCK);
    for (unsigned i = 1; i <= 3; i++) {
        report(&r, i, i);
        ask(&r, i);
    }
    tie(&r, COMMAND_MERGE_INCIDENT, 3, 2);
    tie(&r, COMMAND_MERGE_INCIDENT, 2, 1);
    ask(&r, 1);
    tie(&r, COMMAND_SPLIT_INCIDENT, 3, 0);
    assert_int_not_equal(bus_events(&r.bus, EVENT_INCIDENT_SPLIT), 0);
    for (size_t i = 0; i < bus_events(&r.bus, EVENT_RULES_DUE); i++) {
        const struct event *due = bus_event(&r.bus, EVENT_RULES_DUE, i);
        assert_false(incident_is_merged(state_incident(r.bus.state, due->incident)));
    }
    rules_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_known_asks_a_person),
        cmocka_unit_test(what_still_holds_is_the_doubt),
        cmocka_unit_test(what_is_upheld_is_not_doubted),
        cmocka_unit_test(what_stays_merged_is_asked_of_as_the_survivor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
