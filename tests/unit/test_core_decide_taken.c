/* What a merge takes over, and a split gives back: nothing that somebody said of the incident itself. */
#include <string.h>

#include "tests/unit/core_telling.h"

static struct command said(struct bus *bus, enum command_kind kind)
{
    return by(from(bus, CENTRE, kind), LI_NA, "");
}

static void tell(struct bus *bus, unsigned incident, enum report_kind kind, const char *what, int64_t dead)
{
    struct command command = a_report(bus, incident, kind);

    command.file_report.facts.kind = what;
    command.file_report.facts.casualties.dead = dead;
    bus_do(bus, command);
    bus_after(bus, SECOND);
}

static void merge(struct bus *bus, unsigned incident, unsigned into)
{
    struct command command = said(bus, COMMAND_MERGE_INCIDENT);

    command.merge_incident = (struct merge_incident){
        .incident = incident_id(incident), .into = incident_id(into), .reason = "one building"};
    bus_do(bus, command);
    bus_after(bus, SECOND);
}

static void split(struct bus *bus, unsigned incident)
{
    struct command command = said(bus, COMMAND_SPLIT_INCIDENT);

    command.split_incident = (struct split_incident){.incident = incident_id(incident), .reason = "two"};
    bus_do(bus, command);
}

static void grade(struct bus *bus, unsigned incident, enum grade grade)
{
    struct command command = said(bus, COMMAND_SET_GRADE);

    command.set_grade = (struct set_grade){.incident = incident_id(incident), .grade = grade, .reason = "so"};
    bus_do(bus, command);
    bus_after(bus, SECOND);
}

static const struct incident *one(const struct bus *bus, unsigned incident)
{
    return state_incident(bus->state, incident_id(incident));
}

static void open_bus(struct bus *bus)
{
    bus_open(bus);
    bus_generation(bus, EVENT_GENERATION);
}

/* 1 knows nothing and asks for it; 2 has forty dead, a loss, a position, and a grade. */
static void two_and_a_merge(struct bus *bus)
{
    open_bus(bus);
    tell(bus, 1, REPORT_INITIAL, "hazardous-chemical", COUNT_UNKNOWN);
    struct command command = a_report(bus, 2, REPORT_INITIAL);
    command.file_report.facts.kind = "hazardous-chemical";
    command.file_report.facts.substance = "chlorine";
    command.file_report.facts.casualties.dead = 40;
    command.file_report.facts.loss_cny = 60000000;
    command.file_report.facts.occurred_at_ms = T0 - MINUTE;
    command.file_report.facts.position = (struct position){true, DATUM_WGS84, 366000000, 1170000000, 5};
    bus_do(bus, command);
    grade(bus, 2, GRADE_I);
    bus_do(bus, an_order(bus, 1, 1, STATION_3));
    merge(bus, 2, 1);
}

static void a_split_gives_back_what_nobody_said(void **state)
{
    struct bus bus;

    (void)state;
    two_and_a_merge(&bus);
    const struct incident *whole = one(&bus, 1);
    assert_int_equal(whole->casualties.dead, 40);
    assert_int_equal(whole->grade, GRADE_I);
    assert_string_equal(whole->graded_by, ""); /* nobody has graded it */
    split(&bus, 2);
    const struct event *back = bus_event(&bus, EVENT_FACTS_RETURNED, 0);
    assert_non_null(back);
    assert_int_equal(back->taken.fields.n, 5);
    assert_true(back->taken.graded);
    assert_int_equal(whole->casualties.dead, COUNT_UNKNOWN);
    assert_int_equal(whole->loss_cny, COUNT_UNKNOWN);
    assert_int_equal(whole->occurred_at_ms, 0);
    assert_int_equal(whole->position.datum, DATUM_NONE);
    assert_string_equal(whole->substance, "");
    assert_string_equal(whole->kind, "hazardous-chemical"); /* its own */
    assert_int_equal(whole->known, 1U << FACT_KIND);
    /* what the merge answered is asked again, as long as at first */
    assert_int_equal(bus_events(&bus, EVENT_INFORMATION_REQUESTED), 2);
    const struct event *asked = bus_event(&bus, EVENT_INFORMATION_REQUESTED, 0);
    assert_int_equal(asked->information.due_at_ms, bus.env.now_ms + ASK_WITHIN);
    assert_int_equal(whole->requests_n, 3);
    for (size_t i = 0; i < whole->requests_n; i++) {
        assert_int_equal(whole->requests[i].answered_at_ms, 0);
    }
    /* crews are told; the grade stands until a person, who is asked, has decided */
    assert_int_equal(bus_events(&bus, EVENT_ORDER_AMENDED), 1);
    assert_int_equal(whole->grade, GRADE_I);
    assert_memory_equal(&bus_event(&bus, EVENT_GRADE_ASKED, 0)->grade_asked.of, incident_id(2).b, ID_BYTES);
    assert_int_equal(one(&bus, 2)->casualties.dead, 40);
    bus_check_replay(&bus);
    grade(&bus, 1, GRADE_IV);
    assert_true(id_is_zero(whole->ties->regrade));
    bus_check_replay(&bus);
    bus_close(&bus);
}

/* Also the same number, and under the merged one's id: a merge is not said twice. */
static void what_was_said_since_stays(void **state)
{
    struct bus bus;

    (void)state;
    two_and_a_merge(&bus);
    tell(&bus, 1, REPORT_FOLLOW_UP, "hazardous-chemical", 40);
    assert_int_equal(bus_events(&bus, EVENT_FACTS_CHANGED), 1);
    struct command command = a_report(&bus, 2, REPORT_FOLLOW_UP);
    command.file_report.facts.loss_cny = 70000000;
    bus_do(&bus, command);
    grade(&bus, 1, GRADE_II);
    split(&bus, 2);
    assert_int_equal(one(&bus, 1)->casualties.dead, 40);
    assert_int_equal(one(&bus, 1)->loss_cny, 70000000);
    assert_string_equal(one(&bus, 1)->substance, "");
    assert_int_equal(bus_events(&bus, EVENT_INFORMATION_REQUESTED), 1);
    bus_check_replay(&bus);
    bus_close(&bus);
}

/* Neither a grade that was there before, nor one that a part still has, is in doubt. */
static void a_grade_of_its_own_is_not_doubted(void **state)
{
    struct bus bus;

    (void)state;
    open_bus(&bus);
    for (unsigned i = 1; i <= 3; i++) {
        tell(&bus, i, REPORT_INITIAL, "fire", i == 1 ? COUNT_UNKNOWN : 10 * (int64_t)i);
    }
    grade(&bus, 1, GRADE_II);
    grade(&bus, 2, GRADE_II);
    merge(&bus, 2, 1);
    split(&bus, 2);
    assert_false(bus_event(&bus, EVENT_FACTS_RETURNED, 0)->taken.graded);
    assert_null(bus_event(&bus, EVENT_GRADE_ASKED, 0));
    grade(&bus, 2, GRADE_I);
    grade(&bus, 3, GRADE_I);
    merge(&bus, 2, 1);
    merge(&bus, 3, 1);
    assert_int_equal(one(&bus, 1)->casualties.dead, 20);
    split(&bus, 2);
    assert_false(bus_event(&bus, EVENT_FACTS_RETURNED, 0)->taken.graded);
    assert_int_equal(one(&bus, 1)->casualties.dead, 30); /* the other's, which is one with it still */
    bus_after(&bus, SECOND);
    split(&bus, 3);
    assert_true(bus_event(&bus, EVENT_FACTS_RETURNED, 0)->taken.graded);
    assert_int_equal(bus_event(&bus, EVENT_FACTS_RETURNED, 0)->taken.grade, GRADE_II);
    assert_int_equal(one(&bus, 1)->casualties.dead, COUNT_UNKNOWN);
    bus_check_replay(&bus);
    bus_close(&bus);
}

/* 3 was merged into 2, and 2 into 1: what 1 has of 3 by 2 goes with 3. */
static void what_came_by_two_merges_goes_with_the_first(void **state)
{
    struct bus bus;

    (void)state;
    open_bus(&bus);
    tell(&bus, 1, REPORT_INITIAL, "fire", COUNT_UNKNOWN);
    tell(&bus, 2, REPORT_INITIAL, "", COUNT_UNKNOWN);
    tell(&bus, 3, REPORT_INITIAL, "mine", 30);
    grade(&bus, 3, GRADE_I);
    merge(&bus, 3, 2);
    merge(&bus, 2, 1);
    assert_string_equal(one(&bus, 3)->kind, "fire");
    assert_int_equal(one(&bus, 1)->casualties.dead, 30);
    split(&bus, 3);
    assert_int_equal(one(&bus, 1)->casualties.dead, COUNT_UNKNOWN);
    assert_int_equal(one(&bus, 2)->casualties.dead, COUNT_UNKNOWN);
    assert_string_equal(one(&bus, 3)->kind, "mine"); /* what it was, and not what it was taken for */
    assert_string_equal(one(&bus, 1)->kind, "fire");
    bool asked = false;
    for (size_t i = 0; i < bus_events(&bus, EVENT_GRADE_ASKED); i++) {
        asked = asked || id_equal(bus_event(&bus, EVENT_GRADE_ASKED, i)->incident, incident_id(1));
    }
    assert_true(asked);
    split(&bus, 2);
    assert_string_equal(one(&bus, 2)->kind, "");
    bus_check_replay(&bus);
    bus_close(&bus);
}

/* A log from before goes on as it was. */
static void an_older_log_gives_nothing_back(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    bus_generation(&bus, GENERATION_GIVES_BACK - 1);
    tell(&bus, 1, REPORT_INITIAL, "fire", COUNT_UNKNOWN);
    tell(&bus, 2, REPORT_INITIAL, "fire", 30);
    grade(&bus, 2, GRADE_I);
    merge(&bus, 2, 1);
    assert_string_equal(one(&bus, 1)->graded_by, LI_NA);
    assert_null(bus_event(&bus, EVENT_FACTS_TAKEN, 0));
    bus_generation(&bus, GENERATION_GIVES_BACK);
    split(&bus, 2);
    assert_null(bus_event(&bus, EVENT_FACTS_RETURNED, 0));
    assert_int_equal(one(&bus, 1)->casualties.dead, 30);
    bus_close(&bus);
}

/* --- other regions -------------------------------------------------------------------------------- */

static struct event filled(int64_t dead, int64_t at_ms)
{
    struct event event = an_event(EVENT_FACTS_CHANGED);

    event.at_ms = at_ms;
    event.facts_changed = facts_none();
    event.facts_changed.casualties.dead = dead;
    return event;
}

static struct event taken(struct bus *bus, enum event_kind kind, const char *fields, bool with_grade)
{
    struct event event = an_event(kind);

    event.taken = (struct facts_taken){.other = incident_id(2),
                                       .fields = words_of(bus, fields),
                                       .kind = "",
                                       .substance = "",
                                       .graded = with_grade};
    return event;
}

static struct event tied(enum event_kind kind)
{
    struct event event = an_event(kind);

    event.merged = (struct incident_merged){.other = incident_id(2), .parts = 1};
    return event;
}

static struct command city_merges(struct bus *bus, uint64_t seq)
{
    struct command command = telling(bus, CITY_LINK, CITY, seq);

    command = with(bus, command, tied(EVENT_INCIDENT_JOINED));
    command = with(bus, command, filled(40, bus->env.now_ms));
    command = with(bus, command, taken(bus, EVENT_FACTS_TAKEN, "dead", false));
    return with(bus, command, graded(GRADE_I));
}

static struct command city_splits(struct bus *bus, uint64_t seq)
{
    struct command command = telling(bus, CITY_LINK, CITY, seq);

    command = with(bus, command, tied(EVENT_INCIDENT_SPLIT));
    return with(bus, command, taken(bus, EVENT_FACTS_RETURNED, "dead", true));
}

static void open_heard(struct bus *bus)
{
    open_linked(bus);
    bus_generation(bus, EVENT_GENERATION);
    hear_opening(bus);
}

static void another_region_gives_it_back_too(void **state)
{
    struct bus bus;

    (void)state;
    open_heard(&bus);
    bus_do(&bus, city_merges(&bus, 20));
    assert_int_equal(the_incident(&bus)->casualties.dead, 40);
    assert_int_equal(incident_link(the_incident(&bus), incident_id(2))->kind, LINK_RELATED);
    bus_after(&bus, SECOND);
    bus_do(&bus, city_splits(&bus, 21));
    assert_int_equal(the_incident(&bus)->casualties.dead, COUNT_UNKNOWN);
    assert_null(incident_link(the_incident(&bus), incident_id(2)));
    assert_int_equal(the_incident(&bus)->grade, GRADE_I);
    assert_non_null(bus_event(&bus, EVENT_GRADE_ASKED, 0));
    bus_check_replay(&bus);
    bus_close(&bus);
}

/* A word that somebody has said of it holds against what came by a merge, whichever was said first, and
 * whichever comes first. */
static void an_own_word_goes_before_a_fill(void **state)
{
    struct bus bus;

    (void)state;
    for (int late = 0; late < 2; late++) {
        open_heard(&bus);
        for (int i = 0; i < 2; i++) {
            if (i == late) {
                struct command command = telling(&bus, CITY_LINK, CITY, 20);
                command = with(&bus, command, filled(3, bus.env.now_ms - MINUTE));
                command.tell_record.shared.region = command.tell_record.hops == 0 ? CITY : NEIGHBOUR;
                bus_do(&bus, command);
            } else {
                struct command command = city_merges(&bus, (uint64_t)(late ? 19 : 21));
                bus_do(&bus, command);
            }
            bus_after(&bus, SECOND);
        }
        assert_int_equal(the_incident(&bus)->casualties.dead, 3);
        bus_do(&bus, city_splits(&bus, 22));
        assert_int_equal(the_incident(&bus)->casualties.dead, 3);
        bus_check_replay(&bus);
        bus_close(&bus);
    }
}

/* What a person here has linked stays linked. */
static void a_link_of_ones_own_stays(void **state)
{
    struct bus bus;

    (void)state;
    open_heard(&bus);
    tell(&bus, 2, REPORT_INITIAL, "fire", COUNT_UNKNOWN);
    bus_do(&bus, city_merges(&bus, 20));
    struct command command = said(&bus, COMMAND_LINK_INCIDENTS);
    command.link_incidents = (struct link_incidents){
        .incident = incident_id(1), .other = incident_id(2), .kind = LINK_RELATED, .reason = ""};
    bus_do(&bus, command);
    bus_do(&bus, city_splits(&bus, 21));
    assert_non_null(incident_link(the_incident(&bus), incident_id(2)));
    bus_check_replay(&bus);
    bus_close(&bus);
}

/* The regions that follow are told of a split. */
static void a_split_is_told(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    bus_generation(&bus, EVENT_GENERATION);
    open_and_share(&bus);
    tell(&bus, 2, REPORT_INITIAL, "fire", 4);
    merge(&bus, 2, 1);
    split(&bus, 2);
    assert_int_equal(bus_events(&bus, EVENT_SHARED), 1);
    bus_close(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_split_gives_back_what_nobody_said),
        cmocka_unit_test(what_was_said_since_stays),
        cmocka_unit_test(a_grade_of_its_own_is_not_doubted),
        cmocka_unit_test(what_came_by_two_merges_goes_with_the_first),
        cmocka_unit_test(an_older_log_gives_nothing_back),
        cmocka_unit_test(another_region_gives_it_back_too),
        cmocka_unit_test(an_own_word_goes_before_a_fill),
        cmocka_unit_test(a_link_of_ones_own_stays),
        cmocka_unit_test(a_split_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
