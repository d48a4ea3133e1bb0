/* What other regions go on telling of an incident that is merged here: it is the survivor's, too. Incident 1
 * is the city's; 2 and 3 are ours. */
#include <string.h>

#include "tests/unit/core_telling.h"

static void say(struct bus *bus, unsigned incident, enum report_kind kind, int64_t dead)
{
    struct command command = a_report(bus, incident, kind);

    command.file_report.facts.kind = "fire";
    command.file_report.facts.casualties.dead = dead;
    bus_do(bus, command);
    bus_after(bus, SECOND);
}

static void merge(struct bus *bus, unsigned incident, unsigned into)
{
    struct command command = by(from(bus, CENTRE, COMMAND_MERGE_INCIDENT), LI_NA, "");

    command.merge_incident = (struct merge_incident){
        .incident = incident_id(incident), .into = incident_id(into), .reason = "one fire"};
    bus_do(bus, command);
    bus_after(bus, SECOND);
}

static void split(struct bus *bus, unsigned incident)
{
    struct command command = by(from(bus, CENTRE, COMMAND_SPLIT_INCIDENT), LI_NA, "");

    command.split_incident = (struct split_incident){.incident = incident_id(incident), .reason = "two"};
    bus_do(bus, command);
}

static const struct incident *one(const struct bus *bus, unsigned incident)
{
    return state_incident(bus->state, incident_id(incident));
}

static struct event dead(const struct bus *bus, int64_t count)
{
    struct event event = an_event(EVENT_FACTS_CHANGED);

    event.at_ms = bus->env.now_ms;
    event.facts_changed = facts_none();
    event.facts_changed.casualties.dead = count;
    return event;
}

/* The city says it of 1. */
static void hear(struct bus *bus, uint64_t seq, struct event event)
{
    bus_do(bus, with(bus, telling(bus, CITY_LINK, CITY, seq), event));
    bus_after(bus, SECOND);
}

static void pass(struct bus *bus, unsigned incident)
{
    assert_int_not_equal(incident_due(one(bus, incident)), 0);
    assert_true(incident_due(one(bus, incident)) <= bus->env.now_ms);
    bus_do(bus, deadlines(bus, incident));
    bus_after(bus, SECOND);
}

/* 2 has `ours` dead; the city tells of 1, in which it knows of `theirs`, and it is merged into 2. */
static void merged(struct bus *bus, int64_t ours, int64_t theirs)
{
    open_linked(bus);
    bus_generation(bus, EVENT_GENERATION);
    say(bus, 2, REPORT_INITIAL, ours);
    hear_opening(bus);
    if (theirs != COUNT_UNKNOWN) {
        hear(bus, 11, dead(bus, theirs));
    }
    merge(bus, 1, 2);
}

static void a_higher_count_stands_apart(void **state)
{
    struct bus bus;

    (void)state;
    merged(&bus, 1, COUNT_UNKNOWN);
    hear(&bus, 12, dead(&bus, 12));
    assert_true(bus_event(&bus, EVENT_PART_HEARD, 0)->part_heard.due);
    assert_int_equal(bus_events(&bus, EVENT_COUNT_APART), 0); /* in a record that can be told */
    pass(&bus, 2);
    assert_int_equal(one(&bus, 2)->casualties.dead, 1); /* nobody has said otherwise of it */
    const struct apart *apart = incident_apart(one(&bus, 2), 0);
    assert_non_null(apart);
    assert_int_equal(apart->count, 12);
    assert_string_equal(apart->region, CITY);
    assert_memory_equal(apart->other.b, incident_id(1).b, ID_BYTES);
    assert_int_equal(incident_parts_due(one(&bus, 2)), 0); /* once */
    say(&bus, 2, REPORT_FOLLOW_UP, 12);                    /* a person counts anew */
    assert_null(incident_apart(one(&bus, 2), 0));
    bus_check_replay(&bus);
    bus_close(&bus);
}

static void a_count_that_was_higher_when_they_were_merged_does_too(void **state)
{
    struct bus bus;

    (void)state;
    merged(&bus, 1, 12);
    assert_int_equal(incident_apart(one(&bus, 2), 0)->count, 12);
    assert_int_equal(one(&bus, 2)->casualties.dead, 1);
    split(&bus, 1); /* it is another event's */
    assert_null(incident_apart(one(&bus, 2), 0));
    bus_check_replay(&bus);
    bus_close(&bus);
}

static void what_is_no_more_is_no_more_apart(void **state)
{
    struct bus bus;

    (void)state;
    merged(&bus, 3, 2);
    assert_null(incident_apart(one(&bus, 2), 0));
    hear(&bus, 12, dead(&bus, 12));
    pass(&bus, 2);
    assert_int_equal(incident_apart(one(&bus, 2), 0)->count, 12);
    hear(&bus, 13, dead(&bus, 5)); /* a part that says less is believed */
    pass(&bus, 2);
    assert_int_equal(incident_apart(one(&bus, 2), 0)->count, 5);
    hear(&bus, 14, dead(&bus, 3));
    pass(&bus, 2);
    assert_null(incident_apart(one(&bus, 2), 0));
    bus_check_replay(&bus);
    bus_close(&bus);
}

/* What a person here has settled is not asked again by a word on something else. */
static void what_a_person_settled_is_settled(void **state)
{
    struct bus bus;

    (void)state;
    merged(&bus, 1, 12);
    say(&bus, 2, REPORT_FOLLOW_UP, 4);
    struct event place = an_event(EVENT_FACTS_CHANGED);
    place.at_ms = bus.env.now_ms;
    place.facts_changed = facts_none();
    place.facts_changed.loss_cny = 9;
    hear(&bus, 12, place);
    pass(&bus, 2);
    assert_null(incident_apart(one(&bus, 2), 0));
    assert_int_equal(one(&bus, 2)->loss_cny, 9); /* which was not known */
    hear(&bus, 13, dead(&bus, 12));              /* it is said again, after that */
    pass(&bus, 2);
    assert_int_equal(incident_apart(one(&bus, 2), 0)->count, 12);
    bus_close(&bus);
}

/* What was known from the other alone is what the other knows now. */
static void what_was_taken_over_follows(void **state)
{
    struct bus bus;

    (void)state;
    merged(&bus, COUNT_UNKNOWN, 2);
    assert_int_equal(one(&bus, 2)->casualties.dead, 2);
    hear(&bus, 12, dead(&bus, 12));
    pass(&bus, 2);
    assert_int_equal(one(&bus, 2)->casualties.dead, 12);
    assert_null(incident_apart(one(&bus, 2), 0));
    split(&bus, 1);
    assert_int_equal(one(&bus, 2)->casualties.dead, COUNT_UNKNOWN);
    bus_check_replay(&bus);
    bus_close(&bus);
}

/* It is told to who follows the survivor, and the survivor's rules are asked of it. */
static void the_graver_grade_holds(void **state)
{
    struct bus bus;

    (void)state;
    merged(&bus, 1, COUNT_UNKNOWN);
    bus_do(&bus, a_share(&bus, 2, CITY, 40, false)); /* who told of the other follows it */
    hear(&bus, 12, graded(GRADE_II));
    assert_int_equal(one(&bus, 2)->grade, GRADE_NONE);
    pass(&bus, 2);
    assert_int_equal(one(&bus, 2)->grade, GRADE_II);
    assert_string_equal(one(&bus, 2)->graded_by, "");
    assert_int_equal(bus_events(&bus, EVENT_SHARED), 1);
    hear(&bus, 13, dead(&bus, 1));
    pass(&bus, 2);
    assert_int_equal(bus_events(&bus, EVENT_GRADED), 0);
    split(&bus, 1);
    assert_true(bus_event(&bus, EVENT_FACTS_RETURNED, 0)->taken.graded);
    bus_check_replay(&bus);
    bus_close(&bus);
}

/* A region that the other is referred to hears of the event. */
static void who_is_to_hear_of_it_hears_of_the_event(void **state)
{
    struct bus bus;

    (void)state;
    merged(&bus, 1, COUNT_UNKNOWN);
    hear(&bus, 12, referred(NEIGHBOUR));
    pass(&bus, 2);
    assert_true(incident_is_referred(one(&bus, 2), NEIGHBOUR));
    bus_check_replay(&bus);
    bus_close(&bus);
}

/* Orders were given under each id: who follows the one, or comes to, follows what is merged into it. */
static void who_follows_the_event_follows_each_id(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    bus_generation(&bus, GENERATION_PARTS);
    say(&bus, 2, REPORT_INITIAL, 1);
    say(&bus, 3, REPORT_INITIAL, 1);
    bus_do(&bus, a_referral(&bus, 2, CITY));
    merge(&bus, 3, 2);
    assert_true(incident_is_referred(one(&bus, 3), CITY));
    assert_false(incident_is_referred(one(&bus, 3), NEIGHBOUR));
    bus_do(&bus, a_referral(&bus, 2, NEIGHBOUR));
    assert_true(incident_is_referred(one(&bus, 3), NEIGHBOUR));
    bus_check_replay(&bus);
    bus_close(&bus);
}

/* 1 is merged into 2, and 2 into 3. */
static void it_climbs_through_what_was_merged_into_another(void **state)
{
    struct bus bus;

    (void)state;
    merged(&bus, COUNT_UNKNOWN, COUNT_UNKNOWN);
    say(&bus, 3, REPORT_INITIAL, 1);
    merge(&bus, 2, 3);
    struct command command = with(&bus, telling(&bus, CITY_LINK, CITY, 12), dead(&bus, 12));
    bus_do(&bus, with(&bus, command, graded(GRADE_II)));
    pass(&bus, 2);
    assert_int_equal(one(&bus, 2)->casualties.dead, 12);
    pass(&bus, 3);
    assert_int_equal(one(&bus, 3)->casualties.dead, 1);
    assert_int_equal(incident_apart(one(&bus, 3), 0)->count, 12);
    assert_int_equal(one(&bus, 3)->grade, GRADE_II);
    bus_check_replay(&bus);
    bus_close(&bus);
}

/* The survivor's home counts on, and knows nothing of what is counted of the other. */
static void a_count_of_another_region_settles_nothing(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    bus_generation(&bus, EVENT_GENERATION);
    say(&bus, 2, REPORT_INITIAL, 12);
    hear_opening(&bus);
    hear(&bus, 11, dead(&bus, 1));
    merge(&bus, 2, 1);
    assert_int_equal(incident_apart(one(&bus, 1), 0)->count, 12);
    hear(&bus, 12, dead(&bus, 2));
    assert_int_equal(one(&bus, 1)->casualties.dead, 2);
    assert_int_equal(incident_apart(one(&bus, 1), 0)->count, 12);
    hear(&bus, 13, dead(&bus, 13));
    assert_null(incident_apart(one(&bus, 1), 0));
    bus_check_replay(&bus);
    bus_close(&bus);
}

static void what_was_taken_back_there_is_given_up_here(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    bus_generation(&bus, EVENT_GENERATION);
    say(&bus, 2, REPORT_INITIAL, COUNT_UNKNOWN);
    hear_opening(&bus);
    struct event taken = an_event(EVENT_FACTS_TAKEN);
    taken.taken = (struct facts_taken){
        .other = incident_id(3), .fields = words_of(&bus, "dead"), .kind = "", .substance = ""};
    struct command command = with(&bus, telling(&bus, CITY_LINK, CITY, 11), dead(&bus, 12));
    bus_do(&bus, with(&bus, command, taken));
    merge(&bus, 1, 2);
    assert_int_equal(one(&bus, 2)->casualties.dead, 12);
    taken.kind = EVENT_FACTS_RETURNED;
    hear(&bus, 12, taken);
    assert_int_equal(one(&bus, 1)->casualties.dead, COUNT_UNKNOWN);
    pass(&bus, 2);
    assert_int_equal(one(&bus, 2)->casualties.dead, COUNT_UNKNOWN);
    bus_check_replay(&bus);
    bus_close(&bus);
}

static struct event of_kind(const struct bus *bus, const char *kind)
{
    struct event event = dead(bus, COUNT_UNKNOWN);

    event.facts_changed.kind = kind;
    return event;
}

/* Both would have it be what each has merged it into, in turn, for ever. */
static void a_kind_that_it_has_from_a_merge_there_is_left_to_it(void **state)
{
    struct bus bus;

    (void)state;
    merged(&bus, 1, COUNT_UNKNOWN);
    struct event taken = an_event(EVENT_FACTS_TAKEN);
    taken.taken = (struct facts_taken){
        .other = incident_id(9), .fields = words_of(&bus, "kind"), .kind = "fire", .substance = ""};
    struct command command = with(&bus, telling(&bus, CITY_LINK, CITY, 12), of_kind(&bus, "flood"));
    bus_do(&bus, with(&bus, command, taken));
    assert_string_equal(one(&bus, 1)->kind, "flood");
    assert_int_equal(bus_events(&bus, EVENT_PART_HEARD), 0);
    assert_int_equal(incident_parts_due(one(&bus, 2)), 0);
    bus_after(&bus, SECOND);
    hear(&bus, 13, of_kind(&bus, "explosion")); /* what is said of it is another matter */
    pass(&bus, 2);
    assert_string_equal(one(&bus, 1)->kind, "fire");
    assert_string_equal(one(&bus, 2)->kind, "fire");
    bus_check_replay(&bus);
    bus_close(&bus);
}

/* 3 was counted higher than what 2 has of 1: that stands apart, whatever 1 becomes meanwhile. */
static void what_follows_one_settles_nothing_of_another(void **state)
{
    struct bus bus;

    (void)state;
    merged(&bus, COUNT_UNKNOWN, 3);
    say(&bus, 3, REPORT_INITIAL, 9);
    merge(&bus, 3, 2);
    assert_int_equal(incident_apart(one(&bus, 2), 0)->count, 9);
    hear(&bus, 12, dead(&bus, 4));
    pass(&bus, 2);
    assert_int_equal(one(&bus, 2)->casualties.dead, 4);
    assert_int_equal(incident_apart(one(&bus, 2), 0)->count, 9);
    bus_check_replay(&bus);
    bus_close(&bus);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_higher_count_stands_apart),
        cmocka_unit_test(a_count_that_was_higher_when_they_were_merged_does_too),
        cmocka_unit_test(what_is_no_more_is_no_more_apart),
        cmocka_unit_test(what_a_person_settled_is_settled),
        cmocka_unit_test(what_was_taken_over_follows),
        cmocka_unit_test(the_graver_grade_holds),
        cmocka_unit_test(who_is_to_hear_of_it_hears_of_the_event),
        cmocka_unit_test(who_follows_the_event_follows_each_id),
        cmocka_unit_test(it_climbs_through_what_was_merged_into_another),
        cmocka_unit_test(a_count_of_another_region_settles_nothing),
        cmocka_unit_test(what_was_taken_back_there_is_given_up_here),
        cmocka_unit_test(what_follows_one_settles_nothing_of_another),
        cmocka_unit_test(a_kind_that_it_has_from_a_merge_there_is_left_to_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
