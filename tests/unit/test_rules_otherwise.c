/* What the grade would be by what does not count: told once, shown while it is so, and moving nothing. */
#include <string.h>

#include "tests/unit/core_telling.h"
#include "tests/unit/rules_fixture.h"

#define DAY (INT64_C(24) * 60 * MINUTE)
#define TERM "coalesce(corrected_days, 0) <= iif(kind = 'fire', 7, 30)"
#define DECREE                                                                      \
    "pack: decree\nversion: 1\nmatch: all\nrules:\n"                                \
    "  - {rule: one, when: incident, article: Art. 13, if: \"(dead >= 30 and " TERM \
    ") or loss >= 9\", do: [grade: I]}\n"                                           \
    "  - {rule: three, when: incident, article: Art. 13, if: \"dead >= 3 and " TERM \
    "\", do: [grade: III]}\n"                                                       \
    "  - {rule: four, when: incident, article: Art. 13, if: \"dead >= 0 and " TERM "\", do: [grade: IV]}\n"

/* A fire of grade III with five dead; `days` later the dead are corrected. */
static void corrected(struct region_with_rules *r, uint32_t generation, int64_t days, int64_t dead)
{
    rules_open(r, DECREE);
    bus_generation(&r->bus, generation);
    rules_report(r, 5, COUNT_UNKNOWN);
    rules_ask(r);
    assert_int_equal(rules_incident(r)->grade, GRADE_III);
    bus_after(&r->bus, days * DAY);
    rules_report(r, dead, COUNT_UNKNOWN);
    rules_ask(r);
}

static void what_is_corrected_late_is_told_once(void **state)
{
    struct region_with_rules r;

    (void)state;
    corrected(&r, EVENT_GENERATION, 8, 30);
    const struct event *event = bus_event(&r.bus, EVENT_GRADE_OTHERWISE, 0);
    assert_non_null(event);
    assert_int_equal(event->otherwise.grade, GRADE_I);
    assert_int_equal(event->otherwise.count, 8);
    assert_int_equal(event->otherwise.up_to, 7); /* the pack's, of a fire */
    assert_string_equal(event->otherwise.article, "Art. 13");
    assert_string_equal(event->otherwise.rule, "decree/one");
    assert_int_equal(rules_incident(&r)->grade, GRADE_III);
    assert_int_equal(incident_otherwise(rules_incident(&r), OTHERWISE_LATE)->up_to, 7);
    struct command command = a_report(&r.bus, 1, REPORT_FOLLOW_UP); /* something else changes */
    command.file_report.facts.place = "the yard";
    bus_do(&r.bus, command);
    rules_ask(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_GRADE_OTHERWISE), 0);
    rules_close(&r);
}

static void in_the_term_nothing_is_told(void **state)
{
    struct region_with_rules r;

    (void)state;
    corrected(&r, EVENT_GENERATION, 7, 30);
    assert_int_equal(rules_incident(&r)->grade, GRADE_I);
    assert_null(bus_event(&r.bus, EVENT_GRADE_OTHERWISE, 0));
    rules_close(&r);
    corrected(&r, EVENT_GENERATION, 8, 6); /* late, and as grave as it is */
    assert_null(bus_event(&r.bus, EVENT_GRADE_OTHERWISE, 0));
    rules_close(&r);
    corrected(&r, GENERATION_OTHERWISE - 1, 8, 30); /* a log of old */
    assert_null(bus_event(&r.bus, EVENT_GRADE_OTHERWISE, 0));
    rules_close(&r);
}

/* Fewer dead would lower it, were they counted: nothing is lowered, and that is told, too. By the loss, which
 * has no term, it rises: what would be is so. */
static void what_is_so_is_no_more_told(void **state)
{
    struct region_with_rules r;

    (void)state;
    corrected(&r, EVENT_GENERATION, 9, 2);
    assert_int_equal(bus_event(&r.bus, EVENT_GRADE_OTHERWISE, 0)->otherwise.grade, GRADE_IV);
    assert_int_equal(rules_incident(&r)->grade, GRADE_III);
    rules_report(&r, 31, COUNT_UNKNOWN);
    rules_ask(&r);
    assert_int_equal(bus_event(&r.bus, EVENT_GRADE_OTHERWISE, 0)->otherwise.grade, GRADE_I);
    struct command command = a_report(&r.bus, 1, REPORT_FOLLOW_UP);
    command.file_report.facts.loss_cny = 9;
    bus_do(&r.bus, command);
    rules_ask(&r);
    assert_int_equal(rules_incident(&r)->grade, GRADE_I);
    assert_int_equal(bus_event(&r.bus, EVENT_GRADE_OTHERWISE, 0)->otherwise.grade, GRADE_NONE);
    assert_null(incident_otherwise(rules_incident(&r), OTHERWISE_LATE));
    rules_close(&r);
}

/* --- counts apart --------------------------------------------------------------------------------- */

static struct event count(enum event_kind kind, int64_t dead, int64_t at_ms)
{
    struct event event = an_event(kind);

    if (kind == EVENT_FACTS_CHANGED) {
        event.at_ms = at_ms;
        event.facts_changed = facts_none();
        event.facts_changed.casualties.dead = dead;
    } else {
        event.counts_known = (struct counts_known){0};
    }
    return event;
}

/* Ours is 2 and the later word; the city's 12 did not know of it. */
static void the_higher_of_two_counts_doubts_the_grade(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, GRADES);
    bus_generation(&r.bus, EVENT_GENERATION);
    enrol_link(&r.bus, CITY_LINK);
    enrol_link(&r.bus, NEIGHBOUR_LINK);
    open_and_share(&r.bus);
    rules_report(&r, 2, COUNT_UNKNOWN);
    rules_ask(&r);
    assert_int_equal(rules_incident(&r)->grade, GRADE_IV);
    struct command command = telling(&r.bus, CITY_LINK, CITY, 20);
    command = with(&r.bus, command, count(EVENT_FACTS_CHANGED, 12, r.bus.env.now_ms - MINUTE));
    bus_do(&r.bus, with(&r.bus, command, count(EVENT_COUNTS_KNOWN, 0, 0)));
    assert_non_null(bus_event(&r.bus, EVENT_COUNT_APART, 0));
    rules_ask(&r);
    const struct event *event = bus_event(&r.bus, EVENT_GRADE_OTHERWISE, 0);
    assert_non_null(event);
    assert_int_equal(event->otherwise.grade, GRADE_II);
    assert_string_equal(event->otherwise.fact, "dead");
    assert_string_equal(event->otherwise.region, CITY);
    assert_int_equal(event->otherwise.count, 12);
    assert_int_equal(rules_incident(&r)->grade, GRADE_IV); /* a person settles it */
    assert_int_equal(incident_otherwise(rules_incident(&r), 0)->grade, GRADE_II);
    bus_after(&r.bus, SECOND);
    rules_report(&r, 2, COUNT_UNKNOWN); /* and does: the same again */
    assert_null(incident_otherwise(rules_incident(&r), 0));
    rules_ask(&r);
    assert_null(bus_event(&r.bus, EVENT_GRADE_OTHERWISE, 0));
    rules_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_corrected_late_is_told_once),
        cmocka_unit_test(in_the_term_nothing_is_told),
        cmocka_unit_test(what_is_so_is_no_more_told),
        cmocka_unit_test(the_higher_of_two_counts_doubts_the_grade),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
