/* How far an incident reaches: every refusal of an assessment, in order of precedence; regions that it
 * touches; what is thought possible; response levels of other regions, also beside what is linked here. */
#include <string.h>

#include "tests/unit/core_telling.h"

static void begin(struct bus *bus)
{
    struct command command = by_broker(bus, COMMAND_SET_CLOCK);

    command.set_clock = (struct set_clock){.bus_ms = bus->env.now_ms,
                                           .utc_ms = bus->env.now_ms,
                                           .boot_ms = 1,
                                           .reason = "start",
                                           .generation = GENERATION_SPREAD};
    bus_do(bus, command);
}

static void open_spread(struct bus *bus)
{
    open_linked(bus);
    begin(bus);
}

static struct command an_assessment(struct bus *bus, unsigned incident, enum grade expected,
                                    const char *touches)
{
    struct command command = by(from(bus, CENTRE, COMMAND_ASSESS_INCIDENT), LI_NA, "");

    command.assess_incident = (struct assess_incident){.incident = incident_id(incident),
                                                       .expects = expected != GRADE_NONE,
                                                       .expected = expected,
                                                       .touches = words_of(bus, touches),
                                                       .reason = "the dam leaks"};
    return command;
}

static struct command at(struct command report, const char *division)
{
    report.file_report.facts.division = division;
    return report;
}

/* --- refusals --------------------------------------------------------------------------------------- */

static struct command good_assessment(struct bus *bus)
{
    bus_do(bus, a_report(bus, 1, REPORT_INITIAL));
    return an_assessment(bus, 1, GRADE_II, NEIGHBOUR);
}

static void no_incident_id(struct bus *bus, struct command *command)
{
    (void)bus;
    command->assess_incident.incident = (struct id){{0}};
}

static void says_nothing(struct bus *bus, struct command *command)
{
    (void)bus;
    command->assess_incident.expects = false;
    command->assess_incident.touches.n = 0;
}

static void no_grade(struct bus *bus, struct command *command)
{
    (void)bus;
    command->assess_incident.expected = (enum grade)(GRADE_IV + 1);
}

static void no_such_province(struct bus *bus, struct command *command)
{
    command->assess_incident.touches = words_of(bus, "990102");
}

static void half_a_code(struct bus *bus, struct command *command)
{
    command->assess_incident.touches = words_of(bus, "3701");
}

static void what_holds_this_region(struct bus *bus, struct command *command)
{
    command->assess_incident.touches = words_of(bus, CITY);
}

static void closed(struct bus *bus, struct command *command)
{
    bus_do(bus, a_close(bus, 1));
    *command = an_assessment(bus, 1, GRADE_II, NEIGHBOUR);
}

static void an_assessment_is_refused(void **state)
{
    static const struct fault rows[] = {
        FAULTS_OF_ALL,
        {"no incident id", REFUSED_INVALID, no_incident_id},
        {"it says nothing", REFUSED_INVALID, says_nothing},
        {"no grade", REFUSED_INVALID, no_grade},
        {"no such province", REFUSED_INVALID, no_such_province},
        {"half a code", REFUSED_INVALID, half_a_code},
        {"what holds this region", REFUSED_INVALID, what_holds_this_region},
        {"without the right", REFUSED_RIGHT, spoil_right},
        {"no such incident", REFUSED_NO_INCIDENT, spoil_incident},
        {"other mode", REFUSED_MODE, spoil_incident_mode},
        {"closed", REFUSED_INCIDENT_CLOSED, closed},
    };

    (void)state;
    check_refusals(good_assessment, rows, sizeof rows / sizeof rows[0]);
}

/* --- regions ---------------------------------------------------------------------------------------- */

static void a_region_is_told_by_its_level(void **state)
{
    static const struct {
        const char *division, *own, *region;
    } rows[] = {
        {"370103", "370102", "370103"},
        {"370103001", "370102", "370103"},
        {"370103001002", "370102001", "370103001"},
        {"370103", "370200", "370100"},
        {"370103", "410000", "370000"},
        {"110101", "370100", "110101"}, /* Beijing has no prefectures */
        {"429004", "370100", "429004"}, /* Hubei governs it itself */
        {"110101", "370000", "110000"},
        {"370100", "370202", "370100"},
    };
    char region[REGION_CODE_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        spread_region(rows[i].division, rows[i].own, region);
        assert_string_equal(region, rows[i].region);
    }
}

static void what_a_report_names_is_touched(void **state)
{
    static const struct {
        const char *division, *region; /* NULL: none */
    } rows[] = {
        {"370103", "370103"}, {"370103001", "370103"}, {"370900", "370900"},
        {REGION, NULL},       {REGION "001", NULL}, /* a part of this one */
        {CITY, NULL},                               /* which it is a part of */
        {"990103", NULL},                           /* nowhere: what was reported stands */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bus bus;
        open_spread(&bus);
        bus_do(&bus, at(a_report(&bus, 1, REPORT_INITIAL), rows[i].division));
        assert_int_equal(bus_events(&bus, EVENT_REGION_TOUCHED), rows[i].region != NULL);
        assert_int_equal(incident_regions(the_incident(&bus), REGION), rows[i].region != NULL ? 2 : 1);
        if (rows[i].region != NULL) {
            assert_true(incident_touches(the_incident(&bus), rows[i].region));
            bus_do(&bus, at(a_report(&bus, 1, REPORT_FOLLOW_UP), "370104"));
            assert_int_equal(bus_events(&bus, EVENT_REGION_TOUCHED), 1);
            bus_do(&bus, at(a_report(&bus, 1, REPORT_FOLLOW_UP), rows[i].division));
            assert_int_equal(bus_events(&bus, EVENT_REGION_TOUCHED), 0); /* it is known */
            assert_int_equal(incident_regions(the_incident(&bus), REGION), 3);
        }
        bus_close(&bus);
    }
}

/* What a log of before says is decided as it was. */
static void a_log_of_before_notes_none(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    bus_do(&bus, at(a_report(&bus, 1, REPORT_INITIAL), NEIGHBOUR));
    assert_int_equal(bus_events(&bus, EVENT_REGION_TOUCHED), 0);
    assert_null(the_incident(&bus)->spread);
    bus_close(&bus);
}

static void a_person_says_what_it_touches(void **state)
{
    struct bus bus;

    (void)state;
    open_spread(&bus);
    bus_do(&bus, a_report(&bus, 1, REPORT_INITIAL));
    assert_int_equal(bus_do(&bus, an_assessment(&bus, 1, GRADE_II, NEIGHBOUR " 370103001 " REGION)), 2);
    assert_string_equal(bus_event(&bus, EVENT_GRADE_EXPECTED, 0)->grade_expected.by, LI_NA);
    assert_string_equal(bus_event(&bus, EVENT_REGION_TOUCHED, 0)->region_touched.region, NEIGHBOUR);
    assert_int_equal(the_incident(&bus)->spread->expected, GRADE_II);
    assert_int_equal(bus_do(&bus, an_assessment(&bus, 1, GRADE_II, NEIGHBOUR)), 0); /* it is known */
    struct command none = an_assessment(&bus, 1, GRADE_NONE, "");
    none.assess_incident.expects = true;
    assert_int_equal(bus_do(&bus, none), 1);
    assert_int_equal(the_incident(&bus)->spread->expected, GRADE_NONE);
    bus_close(&bus);
}

static struct event touched(const char *region)
{
    struct event event = an_event(EVENT_REGION_TOUCHED);

    event.region_touched = (struct region_touched){.region = region, .by = "zhao.lei"};
    return event;
}

static struct event expected(enum grade grade)
{
    struct event event = an_event(EVENT_GRADE_EXPECTED);

    event.grade_expected = (struct grade_expected){.grade = grade, .by = "zhao.lei"};
    return event;
}

static struct event located(const char *division)
{
    struct event event = changed("", "");

    event.facts_changed.division = division;
    return event;
}

static void what_others_say_of_it_is_heard(void **state)
{
    struct bus bus;

    (void)state;
    open_spread(&bus);
    hear_opening(&bus);
    assert_false(incident_is_here(the_incident(&bus), REGION)); /* the city's, and told */
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), touched(REGION)));
    assert_true(incident_is_here(the_incident(&bus), REGION));
    assert_int_equal(incident_regions(the_incident(&bus), REGION), 1);
    bus_do(&bus,
           with(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 12), touched(NEIGHBOUR)), touched("990000")));
    assert_int_equal(bus_events(&bus, EVENT_REGION_TOUCHED), 1);
    assert_int_equal(incident_regions(the_incident(&bus), REGION), 2);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 13), expected(GRADE_II)));
    assert_int_equal(the_incident(&bus)->spread->expected, GRADE_II);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 14), expected(GRADE_III)));
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 15), expected(GRADE_NONE)));
    assert_int_equal(the_incident(&bus)->spread->expected, GRADE_II); /* it rises only */
    bus_close(&bus);
}

static void a_division_that_is_told_is_ours(void **state)
{
    struct bus bus;

    (void)state;
    open_spread(&bus);
    hear_opening(&bus);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), located(REGION "001")));
    assert_string_equal(bus_event(&bus, EVENT_REGION_TOUCHED, 0)->region_touched.region, REGION);
    assert_true(incident_is_here(the_incident(&bus), REGION));
    bus_close(&bus);
}

/* --- levels of others ------------------------------------------------------------------------------- */

static struct event level(enum grade grade)
{
    struct event event = an_event(EVENT_LEVEL_SET);

    event.level_set = (struct level_set){.level = grade, .by = "zhao.lei", .rule = ""};
    return event;
}

static struct command a_link(struct bus *bus, unsigned incident, enum link_kind kind)
{
    struct command command = by(from(bus, CENTRE, COMMAND_LINK_INCIDENTS), LI_NA, "");

    command.link_incidents = (struct link_incidents){
        .incident = incident_id(incident), .other = incident_id(1), .kind = kind, .reason = "one river"};
    return command;
}

static enum grade neighbours(const struct bus *bus, unsigned incident)
{
    return incident_neighbour_level(state_incident(bus->state, incident_id(incident)), REGION);
}

static void a_neighbours_level_is_a_fact_of_what_is_linked(void **state)
{
    struct bus bus;
    uint64_t seq = 11;

    (void)state;
    open_spread(&bus);
    bus_do(&bus, with(&bus, with(&bus, telling(&bus, NEIGHBOUR_LINK, NEIGHBOUR, 10), opened()), reported(1)));
    bus_do(&bus, a_report(&bus, 2, REPORT_INITIAL));
    bus_do(&bus, a_report(&bus, 3, REPORT_INITIAL));
    bus_do(&bus, a_link(&bus, 2, LINK_RELATED));
    /* of two in one record the later holds */
    bus_do(&bus, with(&bus, with(&bus, telling(&bus, NEIGHBOUR_LINK, NEIGHBOUR, seq++), level(GRADE_III)),
                      level(GRADE_I)));
    assert_int_equal(bus_events(&bus, EVENT_LEVEL_HEARD),
                     2); /* of the incident, and of the one that is linked */
    assert_int_equal(neighbours(&bus, 1), GRADE_I);
    assert_int_equal(neighbours(&bus, 2), GRADE_I);
    assert_int_equal(neighbours(&bus, 3), GRADE_NONE);
    bus_do(&bus, a_link(&bus, 3, LINK_RELATED)); /* afterwards */
    assert_int_equal(neighbours(&bus, 3), GRADE_I);
    bus_do(&bus, with(&bus, telling(&bus, NEIGHBOUR_LINK, NEIGHBOUR, seq++), level(GRADE_II)));
    assert_int_equal(neighbours(&bus, 2), GRADE_II);
    bus_do(&bus, a_link(&bus, 3, LINK_NONE)); /* not linked any more */
    assert_int_equal(neighbours(&bus, 3), GRADE_NONE);
    bus_do(&bus, with(&bus, telling(&bus, NEIGHBOUR_LINK, NEIGHBOUR, seq++), level(GRADE_NONE)));
    assert_int_equal(neighbours(&bus, 1), GRADE_NONE);
    assert_int_equal(neighbours(&bus, 2), GRADE_NONE);
    assert_int_equal(the_incident(&bus)->level, GRADE_NONE); /* ours is ours */
    /* the city is above: its level is no neighbour's */
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 20), level(GRADE_I)));
    assert_int_equal(the_incident(&bus)->spread->levels_n, 1);
    assert_int_equal(neighbours(&bus, 1), GRADE_NONE);
    bus_close(&bus);
}

/* --- incidents that turn out to be one ---------------------------------------------------------------- */

static void two_regions_calls_that_are_merged_touch_both(void **state)
{
    struct bus bus;

    (void)state;
    open_spread(&bus);
    bus_do(&bus,
           with(&bus, with(&bus, telling(&bus, NEIGHBOUR_LINK, NEIGHBOUR, 10), opened()), expected(GRADE_I)));
    bus_do(&bus, a_report(&bus, 2, REPORT_INITIAL));
    struct command merge = by(from(&bus, CENTRE, COMMAND_MERGE_INCIDENT), LI_NA, "");
    merge.merge_incident =
        (struct merge_incident){.incident = incident_id(1), .into = incident_id(2), .reason = "one flood"};
    bus_do(&bus, merge);
    const struct incident *whole = state_incident(bus.state, incident_id(2));
    assert_true(incident_touches(whole, NEIGHBOUR));
    assert_int_equal(incident_regions(whole, REGION), 2);
    assert_int_equal(whole->spread->expected, GRADE_I);
    bus_close(&bus);
}

/* Of a city and a province, by codes alone: what is not below them does not count, nor the same one twice. */
static void regions_right_below_are_counted(void **state)
{
    struct touched_region touched[] = {{.region = "370103"}, {.region = "370103001"}, {.region = "370202"},
                                       {.region = "110101"}, {.region = "370100"},    {.region = "410100"},
                                       {.region = "419001"}};
    struct spread spread = {.touched = touched, .touched_n = sizeof touched / sizeof touched[0]};
    struct incident incident = {.home = "370102", .spread = &spread};

    (void)state;
    assert_int_equal(incident_regions_below(&incident, "370100"), 2); /* 370102, 370103 */
    assert_int_equal(incident_regions_below(&incident, "370000"), 2); /* 370100, 370200 */
    assert_int_equal(incident_regions_below(&incident, "410000"), 2); /* 410100, 419001 has no city */
    assert_int_equal(incident_regions_below(&incident, "370103"), 1); /* its township */
    assert_int_equal(incident_regions_below(&incident, "370102"), 0);
    assert_int_equal(incident_regions_below(&(struct incident){.home = ""}, "370100"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_assessment_is_refused),
        cmocka_unit_test(a_region_is_told_by_its_level),
        cmocka_unit_test(what_a_report_names_is_touched),
        cmocka_unit_test(a_log_of_before_notes_none),
        cmocka_unit_test(a_person_says_what_it_touches),
        cmocka_unit_test(what_others_say_of_it_is_heard),
        cmocka_unit_test(a_division_that_is_told_is_ours),
        cmocka_unit_test(a_neighbours_level_is_a_fact_of_what_is_linked),
        cmocka_unit_test(two_regions_calls_that_are_merged_touch_both),
        cmocka_unit_test(regions_right_below_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
