/* Every refusal of reports and closings, in order of precedence, and what reports do. */
#include <string.h>

#include "tests/unit/core_fixture.h"

/* --- report ------------------------------------------------------------------------------------------ */

static struct command good_initial(struct bus *bus)
{
    struct command command = a_report(bus, 1, REPORT_INITIAL);

    command.file_report.facts.kind = "hazardous-chemical";
    return command;
}

static struct command good_follow_up(struct bus *bus)
{
    bus_do(bus, good_initial(bus));
    struct command command = a_report(bus, 1, REPORT_FOLLOW_UP);
    command.file_report.facts.substance = "chlorine";
    return command;
}

static void no_id(struct bus *bus, struct command *command)
{
    (void)bus;
    command->file_report.incident = (struct id){{0}};
}

static void no_kind(struct bus *bus, struct command *command)
{
    (void)bus;
    command->file_report.kind = REPORT_NONE;
}

static void other_words(struct bus *bus, struct command *command)
{
    struct command first = a_report(bus, 1, REPORT_INITIAL);

    first.file_report.text = "other words";
    bus_do(bus, first);
    (void)command;
}

static void no_reference(struct bus *bus, struct command *command)
{
    (void)bus;
    command->file_report.facts.position =
        (struct position){.present = true, .latitude_e7 = 366512000, .longitude_e7 = 1171200000};
}

static void initial_report_is_refused(void **state)
{
    static const struct fault rows[] = {
        FAULTS_OF_ALL,
        {"no incident id", REFUSED_INVALID, no_id},
        {"no kind of report", REFUSED_INVALID, no_kind},
        {"without the right", REFUSED_RIGHT, spoil_right},
        {"other content", REFUSED_CONFLICT, other_words},
        {"no reference system", REFUSED_REFERENCE, no_reference},
    };

    (void)state;
    check_refusals(good_initial, rows, sizeof rows / sizeof rows[0]);
}

static void history_there(struct bus *bus, struct command *command)
{
    struct command past = from(bus, IMPORTER, COMMAND_RECORD_HISTORY);

    past.record_history = (struct record_history){.source = "cad",
                                                  .key = "7",
                                                  .incident = incident_id(7),
                                                  .facts = facts_none(),
                                                  .reported_at_ms = T0 - MINUTE};
    bus_do(bus, past);
    if (command->kind == COMMAND_CLOSE_INCIDENT) {
        command->close_incident.incident = incident_id(7);
    } else {
        command->file_report.incident = incident_id(7);
    }
}

static void follow_up_is_refused(void **state)
{
    static const struct fault rows[] = {
        FAULTS_OF_ALL,
        {"no incident id", REFUSED_INVALID, no_id},
        {"no kind of report", REFUSED_INVALID, no_kind},
        {"without the right", REFUSED_RIGHT, spoil_right},
        {"no such incident", REFUSED_NO_INCIDENT, spoil_incident},
        {"other mode", REFUSED_MODE, spoil_incident_mode},
        {"history", REFUSED_INCIDENT_CLOSED, history_there},
        {"no reference system", REFUSED_REFERENCE, no_reference},
    };

    (void)state;
    check_refusals(good_follow_up, rows, sizeof rows / sizeof rows[0]);
}

static void initial_twice_changes_nothing(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command command = good_initial(&bus);
    bus_do(&bus, command);
    command.counter++;
    assert_int_equal(bus_do(&bus, command), 0);
    command.mode = MODE_EXERCISE;
    assert_int_equal(bus_say(&bus, &command), REFUSED_CONFLICT);
    command.mode = MODE_ACTUAL;
    command.file_report.facts.casualties.dead = 0; /* none dead is not: nobody knows */
    assert_int_equal(bus_say(&bus, &command), REFUSED_CONFLICT);
    bus_close(&bus);
}

static void report_never_waits_and_asks(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    bus_do(&bus, good_initial(&bus));
    assert_int_equal(bus_events(&bus, EVENT_INFORMATION_REQUESTED), 3);
    const struct event *event = bus_event(&bus, EVENT_INFORMATION_REQUESTED, 0);
    assert_string_equal(event->information.fact, "substance");
    assert_int_equal(event->information.due_at_ms, T0 + ASK_WITHIN);
    const struct incident *incident = state_incident(bus.state, incident_id(1));
    assert_int_equal(incident->requests_n, 3);
    assert_int_equal(incident_due(incident), T0 + ASK_WITHIN);

    bus_after(&bus, MINUTE);
    struct command command = a_report(&bus, 1, REPORT_FOLLOW_UP);
    command.file_report.facts.substance = "chlorine";
    command.file_report.facts.casualties.trapped = 2;
    bus_do(&bus, command);
    assert_int_equal(bus_events(&bus, EVENT_INFORMATION_ANSWERED), 2);
    assert_int_equal(incident->requests[0].answered_at_ms, T0 + MINUTE);
    assert_int_equal(incident->requests[2].answered_at_ms, 0);
    assert_int_equal(incident->reports, 2);
    assert_int_equal(incident->casualties.trapped, 2);
    assert_int_equal(incident->casualties.dead, COUNT_UNKNOWN);

    bus_after(&bus, ASK_WITHIN);
    bus_do(&bus, deadlines(&bus, 1));
    assert_int_equal(bus_events(&bus, EVENT_INFORMATION_OVERDUE), 1);
    assert_string_equal(bus_event(&bus, EVENT_INFORMATION_OVERDUE, 0)->information.fact, "place");
    assert_int_equal(bus_do(&bus, deadlines(&bus, 1)), 0);
    command = a_report(&bus, 1, REPORT_FINAL);
    command.file_report.facts.place = "third workshop";
    bus_do(&bus, command);
    assert_int_equal(bus_events(&bus, EVENT_INFORMATION_ANSWERED), 1);
    assert_int_equal(incident->final_at_ms, bus.env.now_ms);
    assert_int_equal(incident_due(incident), 0);
    bus_close(&bus);
}

static void another_kind_asks_for_what_is_new(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command command = a_report(&bus, 1, REPORT_INITIAL);
    command.file_report.facts.kind = "fire";
    bus_do(&bus, command);
    assert_int_equal(bus_events(&bus, EVENT_INFORMATION_REQUESTED), 1);
    command = a_report(&bus, 1, REPORT_FOLLOW_UP);
    command.file_report.facts.kind = "hazardous-chemical";
    command.file_report.facts.casualties.dead = 0;
    bus_do(&bus, command);
    assert_int_equal(bus_events(&bus, EVENT_INFORMATION_REQUESTED), 1); /* place is asked for already */
    assert_string_equal(bus_event(&bus, EVENT_INFORMATION_REQUESTED, 0)->information.fact, "substance");
    bus_close(&bus);
}

static void follow_up_without_news_is_counted_only(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    bus_do(&bus, good_follow_up(&bus));
    struct command command = a_report(&bus, 1, REPORT_FOLLOW_UP);
    command.file_report.facts.substance = "chlorine";
    assert_int_equal(bus_do(&bus, command), 1);
    assert_int_equal(bus.decision.events[0].kind, EVENT_REPORT_FILED);
    assert_int_equal(bus.decision.events[0].report_filed.number, 3);
    bus_close(&bus);
}

static void fact_named_twice_is_asked_for_once(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command policy = the_policy(&bus);
    struct kind_policy kind = policy.set_policy.kinds[0];
    kind.required = words_of(&bus, "place place");
    policy.set_policy.kinds = &kind;
    policy.set_policy.kinds_n = 1;
    bus_do(&bus, policy);
    bus_do(&bus, good_initial(&bus));
    assert_int_equal(bus_events(&bus, EVENT_INFORMATION_REQUESTED), 1);
    bus_close(&bus);
}

/* --- close ------------------------------------------------------------------------------------------- */

static struct command good_close(struct bus *bus)
{
    bus_do(bus, good_initial(bus));
    return a_close(bus, 1);
}

static void close_no_id(struct bus *bus, struct command *command)
{
    (void)bus;
    command->close_incident.incident = (struct id){{0}};
}

static void open_order(struct bus *bus, struct command *command)
{
    (void)command;
    bus_do(bus, an_order(bus, 1, 1, STATION_3));
}

static void close_is_refused(void **state)
{
    static const struct fault rows[] = {
        FAULTS_OF_ALL,
        {"no incident id", REFUSED_INVALID, close_no_id},
        {"without the right", REFUSED_RIGHT, spoil_right},
        {"no such incident", REFUSED_NO_INCIDENT, spoil_incident},
        {"other mode", REFUSED_MODE, spoil_incident_mode},
        {"history", REFUSED_INCIDENT_CLOSED, history_there},
        {"open order", REFUSED_OPEN_ORDERS, open_order},
    };

    (void)state;
    check_refusals(good_close, rows, sizeof rows / sizeof rows[0]);
}

static void close_twice_changes_nothing_and_corrections_are_taken(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    assert_int_equal(bus_do(&bus, good_close(&bus)), 1);
    assert_int_equal(bus_do(&bus, a_close(&bus, 1)), 0);
    assert_false(incident_is_live(state_incident(bus.state, incident_id(1))));
    struct command command = a_report(&bus, 1, REPORT_FOLLOW_UP);
    command.file_report.facts.casualties.dead = 1;
    bus_do(&bus, command);
    assert_int_equal(state_incident(bus.state, incident_id(1))->casualties.dead, 1);
    bus_close(&bus);
}

/* Its brief is numbered as any other: 初报, 续报一 ... */
static void the_first_report_of_what_an_order_opened_is_initial(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    bus_generation(&bus, GENERATION_FIRST_REPORT);
    struct command order = an_order(&bus, 5, 5, STATION_3);
    order.issue_orders.incident = (struct id){{0}};
    bus_do(&bus, order);
    struct id opened = bus_event(&bus, EVENT_INCIDENT_OPENED, 0)->incident;
    struct command report = a_report(&bus, 5, REPORT_INITIAL);
    report.file_report.incident = opened;
    assert_int_equal(bus_say(&bus, &report), REFUSED_CONFLICT);
    report = a_report(&bus, 5, REPORT_FOLLOW_UP);
    report.file_report.incident = opened;
    bus_do(&bus, report);
    assert_int_equal(bus_event(&bus, EVENT_REPORT_FILED, 0)->report_filed.kind, REPORT_INITIAL);
    report = a_report(&bus, 5, REPORT_FOLLOW_UP);
    report.file_report.incident = opened;
    bus_do(&bus, report);
    assert_int_equal(bus_event(&bus, EVENT_REPORT_FILED, 0)->report_filed.kind, REPORT_FOLLOW_UP);
    bus_close(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(initial_report_is_refused),
        cmocka_unit_test(follow_up_is_refused),
        cmocka_unit_test(initial_twice_changes_nothing),
        cmocka_unit_test(report_never_waits_and_asks),
        cmocka_unit_test(another_kind_asks_for_what_is_new),
        cmocka_unit_test(follow_up_without_news_is_counted_only),
        cmocka_unit_test(fact_named_twice_is_asked_for_once),
        cmocka_unit_test(close_is_refused),
        cmocka_unit_test(close_twice_changes_nothing_and_corrections_are_taken),
        cmocka_unit_test(the_first_report_of_what_an_order_opened_is_initial),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
