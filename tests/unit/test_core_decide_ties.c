/* Every refusal of links, merges and splits, in order of precedence, and what they do. */
#include <string.h>

#include "common/core/generation.h"
#include "tests/unit/core_fixture.h"

static struct command said(struct bus *bus, enum command_kind kind)
{
    return by(from(bus, CENTRE, kind), LI_NA, "");
}

static void report(struct bus *bus, unsigned incident)
{
    struct command command = a_report(bus, incident, REPORT_INITIAL);

    command.file_report.facts.kind = "hazardous-chemical";
    bus_do(bus, command);
}

static void two_reports(struct bus *bus)
{
    report(bus, 1);
    report(bus, 2);
}

static struct command a_merge(struct bus *bus, unsigned incident, unsigned into)
{
    struct command command = said(bus, COMMAND_MERGE_INCIDENT);

    command.merge_incident = (struct merge_incident){
        .incident = incident_id(incident), .into = incident_id(into), .reason = "one bus"};
    return command;
}

static struct command a_link(struct bus *bus, unsigned incident, unsigned other, enum link_kind kind)
{
    struct command command = said(bus, COMMAND_LINK_INCIDENTS);

    command.link_incidents = (struct link_incidents){
        .incident = incident_id(incident), .other = incident_id(other), .kind = kind, .reason = ""};
    return command;
}

static struct command a_split(struct bus *bus, unsigned incident)
{
    struct command command = said(bus, COMMAND_SPLIT_INCIDENT);

    command.split_incident = (struct split_incident){.incident = incident_id(incident), .reason = ""};
    return command;
}

static struct command a_move(struct bus *bus, unsigned incident, unsigned into, unsigned order)
{
    struct command command = a_split(bus, incident);
    struct id *orders = arena_array(&bus->arena, struct id, 1);

    orders[0] = order_id(order);
    command.split_incident.into = incident_id(into);
    command.split_incident.orders = orders;
    command.split_incident.orders_n = 1;
    return command;
}

/* The incident of whichever of the three commands it is. */
static struct id *incident_of(struct command *command)
{
    switch (command->kind) {
    case COMMAND_LINK_INCIDENTS:
        return &command->link_incidents.incident;
    case COMMAND_MERGE_INCIDENT:
        return &command->merge_incident.incident;
    default:
        return &command->split_incident.incident;
    }
}

static struct id *other_of(struct command *command)
{
    switch (command->kind) {
    case COMMAND_LINK_INCIDENTS:
        return &command->link_incidents.other;
    case COMMAND_MERGE_INCIDENT:
        return &command->merge_incident.into;
    default:
        return &command->split_incident.into;
    }
}

/* --- refusals ---------------------------------------------------------------------------------------- */

static void no_id(struct bus *bus, struct command *command)
{
    (void)bus;
    *incident_of(command) = (struct id){{0}};
}

static void same_id(struct bus *bus, struct command *command)
{
    (void)bus;
    *other_of(command) = *incident_of(command);
}

static void by_a_machine(struct bus *bus, struct command *command)
{
    (void)bus;
    command->operator= "";
    command->signer = SIGNER_AGENT;
}

static void without_right(struct bus *bus, struct command *command)
{
    (void)bus;
    command->operator= CHEN_WEI;
}

static void nowhere(struct bus *bus, struct command *command)
{
    (void)bus;
    *incident_of(command) = incident_id(77);
}

static void other_nowhere(struct bus *bus, struct command *command)
{
    (void)bus;
    *other_of(command) = incident_id(78);
}

static void a_drill(struct bus *bus, struct command *command)
{
    struct command drill = a_report(bus, 8, REPORT_INITIAL);

    drill.mode = MODE_EXERCISE;
    bus_do(bus, drill);
    *other_of(command) = incident_id(8);
}

static void merged_already(struct bus *bus, struct command *command)
{
    report(bus, 9);
    bus_do(bus, a_merge(bus, 1, 9));
    (void)command;
}

static void the_other_way_round(struct bus *bus, struct command *command)
{
    bus_do(bus, a_merge(bus, 2, 1));
    (void)command;
}

static void survivor_closed(struct bus *bus, struct command *command)
{
    bus_do(bus, a_close(bus, 2));
    (void)command;
}

static struct command good_merge(struct bus *bus)
{
    two_reports(bus);
    return a_merge(bus, 1, 2);
}

static void merge_is_refused(void **state)
{
    static const struct fault rows[] = {
        FAULTS_OF_ALL,
        {"no incident id", REFUSED_INVALID, no_id},
        {"one id twice", REFUSED_INVALID, same_id},
        {"no person signs", REFUSED_SIGNATURE, by_a_machine},
        {"without the right", REFUSED_RIGHT, without_right},
        {"no such incident", REFUSED_NO_INCIDENT, nowhere},
        {"no such other", REFUSED_NO_INCIDENT, other_nowhere},
        {"a drill into what is real", REFUSED_MODE, a_drill},
        {"merged already", REFUSED_MERGED, merged_already},
    };

    (void)state;
    check_refusals(good_merge, rows, sizeof rows / sizeof rows[0]);
}

static void a_loop_or_a_closed_survivor_is_refused(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command command = good_merge(&bus);
    the_other_way_round(&bus, &command);
    assert_int_equal(bus_say(&bus, &command), REFUSED_MERGED);
    bus_close(&bus);

    bus_open(&bus);
    command = good_merge(&bus);
    survivor_closed(&bus, &command);
    assert_int_equal(bus_say(&bus, &command), REFUSED_INCIDENT_CLOSED);
    bus_close(&bus);
}

/* Nothing is asked under an id that is not its own any more; and a report is not merged into what an order
 * alone has opened. */
static void a_merged_one_asks_for_nothing(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    two_reports(&bus);
    bus_do(&bus, an_order(&bus, 1, 1, STATION_3));
    bus_do(&bus, a_merge(&bus, 1, 2));
    bus_after(&bus, 2 * ASK_WITHIN);
    bus_do(&bus, deadlines(&bus, 1));
    assert_int_equal(bus_events(&bus, EVENT_ORDER_UNANSWERED), 1);
    assert_int_equal(bus_events(&bus, EVENT_INFORMATION_OVERDUE), 0);
    bus_do(&bus, deadlines(&bus, 2));
    assert_int_equal(bus_events(&bus, EVENT_INFORMATION_OVERDUE), 3);

    struct command bare = an_order(&bus, 5, 5, STATION_3);
    bare.issue_orders.incident = (struct id){{0}};
    bus_do(&bus, bare);
    struct command command = a_merge(&bus, 2, 5);
    command.merge_incident.into = order_id(5);
    assert_int_equal(bus_say(&bus, &command), REFUSED_INVALID);
    command.merge_incident =
        (struct merge_incident){.incident = order_id(5), .into = incident_id(2), .reason = ""};
    bus_do(&bus, command);
    bus_close(&bus);
}

static struct command good_link(struct bus *bus)
{
    two_reports(bus);
    return a_link(bus, 1, 2, LINK_SECONDARY);
}

static void no_kind_of_link(struct bus *bus, struct command *command)
{
    (void)bus;
    command->link_incidents.kind = (enum link_kind)9;
}

static void own_consequence(struct bus *bus, struct command *command)
{
    bus_do(bus, a_link(bus, 2, 1, LINK_DERIVED));
    (void)command;
}

static void link_is_refused(void **state)
{
    static const struct fault rows[] = {
        FAULTS_OF_ALL,
        {"no incident id", REFUSED_INVALID, no_id},
        {"no person signs", REFUSED_SIGNATURE, by_a_machine},
        {"without the right", REFUSED_RIGHT, without_right},
        {"no such incident", REFUSED_NO_INCIDENT, nowhere},
        {"no such other", REFUSED_NO_INCIDENT, other_nowhere},
        {"a drill", REFUSED_MODE, a_drill},
    };
    struct bus bus;

    (void)state;
    check_refusals(good_link, rows, sizeof rows / sizeof rows[0]);
    bus_open(&bus);
    struct command command = good_link(&bus);
    own_consequence(&bus, &command);
    assert_int_equal(bus_say(&bus, &command), REFUSED_CONFLICT);
    no_kind_of_link(&bus, &command);
    assert_int_equal(bus_say(&bus, &command), REFUSED_INVALID);
    bus_do(&bus, a_merge(&bus, 1, 2));
    command = a_link(&bus, 1, 2, LINK_RELATED);
    assert_int_equal(bus_say(&bus, &command), REFUSED_MERGED);
    bus_close(&bus);
}

static struct command good_move(struct bus *bus)
{
    two_reports(bus);
    bus_do(bus, an_order(bus, 1, 1, STATION_3));
    return a_move(bus, 1, 2, 1);
}

static void nowhere_to_move(struct bus *bus, struct command *command)
{
    (void)bus;
    command->split_incident.into = (struct id){{0}};
}

static void no_order(struct bus *bus, struct command *command)
{
    *command = a_move(bus, 1, 2, 44);
}

static void move_is_refused(void **state)
{
    static const struct fault rows[] = {
        FAULTS_OF_ALL,
        {"no incident id", REFUSED_INVALID, no_id},
        {"nowhere", REFUSED_INVALID, nowhere_to_move},
        {"no person signs", REFUSED_SIGNATURE, by_a_machine},
        {"without the right", REFUSED_RIGHT, without_right},
        {"no such incident", REFUSED_NO_INCIDENT, nowhere},
        {"no such other", REFUSED_NO_INCIDENT, other_nowhere},
        {"a drill", REFUSED_MODE, a_drill},
    };
    struct bus bus;

    (void)state;
    check_refusals(good_move, rows, sizeof rows / sizeof rows[0]);
    bus_open(&bus);
    struct command command = good_move(&bus);
    no_order(&bus, &command);
    assert_int_equal(bus_say(&bus, &command), REFUSED_NO_ORDER);
    report(&bus, 3);
    bus_do(&bus, a_move(&bus, 1, 2, 1));
    assert_int_equal(bus_do(&bus, a_move(&bus, 1, 2, 1)), 0);
    command = a_move(&bus, 1, 3, 1);
    assert_int_equal(bus_say(&bus, &command), REFUSED_CONFLICT);
    bus_close(&bus);
}

/* --- what they do ------------------------------------------------------------------------------------ */

/* Orders given under either id are answered, recalled and counted under both. */
static void orders_are_addressed_by_either_id(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    two_reports(&bus);
    bus_do(&bus, an_order(&bus, 1, 1, STATION_3));
    bus_do(&bus, an_order(&bus, 2, 2, HOSPITAL));
    assert_true(bus_do(&bus, a_merge(&bus, 1, 2)) > 0);
    assert_int_equal(bus_do(&bus, a_merge(&bus, 1, 2)), 0);

    bus_do(&bus,
           a_receipt(&bus, STATION_3, 2, order_id(1), RUNG_ACCEPTED)); /* the merged one's, by the survivor */
    assert_memory_equal(&bus.decision.events[0].incident, incident_id(1).b, ID_BYTES);
    bus_do(&bus, a_receipt(&bus, HOSPITAL, 1, order_id(2), RUNG_ACCEPTED)); /* and the other way round */
    assert_int_equal(bus_order(&bus, 1, order_id(1))->rung, RUNG_ACCEPTED);
    assert_int_equal(bus_order(&bus, 2, order_id(2))->rung, RUNG_ACCEPTED);
    bus_do(&bus, a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_ON_SCENE));
    bus_do(&bus, a_receipt(&bus, HOSPITAL, 2, order_id(2), RUNG_ON_SCENE));

    struct command command = a_close(&bus, 2);
    assert_int_equal(bus_say(&bus, &command), REFUSED_OPEN_ORDERS);
    bus_do(&bus, an_evacuation(&bus, 1, 1)); /* everybody of the event gets out */
    assert_int_equal(bus_events(&bus, EVENT_ORDER_ISSUED), 2);
    assert_memory_equal(&bus.decision.events[0].incident, incident_id(2).b, ID_BYTES);
    bus_do(&bus, a_recall(&bus, 2, 1));
    assert_int_equal(bus_order(&bus, 1, order_id(1))->rung, RUNG_RECALLED);

    struct id evacuation = evacuation_id(1);
    evacuation.b[ID_BYTES - 1] = 1;
    bus_do(&bus, a_recall(&bus, 1, 2));
    for (unsigned i = 1; i <= 2; i++) {
        evacuation.b[ID_BYTES - 1] = (uint8_t)i;
        struct command recall = a_recall(&bus, 2, 1);
        recall.recall_order.order = evacuation;
        bus_do(&bus, recall);
    }
    command = a_close(&bus, 1); /* what came twice is no way to end the event */
    assert_int_equal(bus_say(&bus, &command), REFUSED_MERGED);
    bus_do(&bus, a_close(&bus, 2));
    assert_false(incident_is_live(state_incident(bus.state, incident_id(1))));
    bus_check_replay(&bus);
    bus_close(&bus);
}

/* No report waits: under a merged id it is the survivor's. */
static void what_is_said_concerns_the_survivor(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    two_reports(&bus);
    report(&bus, 3);
    bus_do(&bus, a_merge(&bus, 1, 2));
    bus_do(&bus, a_merge(&bus, 2, 3)); /* and that into another: a chain */
    struct command command = a_report(&bus, 1, REPORT_FOLLOW_UP);
    command.file_report.facts.casualties.dead = 2;
    command.file_report.facts.substance = "chlorine";
    bus_do(&bus, command);
    const struct event *filed = bus_event(&bus, EVENT_REPORT_FILED, 0);
    assert_memory_equal(&filed->incident, incident_id(3).b, ID_BYTES);
    assert_memory_equal(&filed->report_filed.under, incident_id(1).b, ID_BYTES);
    assert_int_equal(state_incident(bus.state, incident_id(3))->casualties.dead, 2);
    assert_int_equal(state_incident(bus.state, incident_id(1))->casualties.dead, COUNT_UNKNOWN);

    bus_do(&bus, an_order(&bus, 1, 7, STATION_3));
    assert_non_null(incident_order(state_incident(bus.state, incident_id(3)), order_id(7)));
    struct command grade = by(from(&bus, CENTRE, COMMAND_SET_GRADE), LI_NA, "");
    grade.set_grade = (struct set_grade){.incident = incident_id(2), .grade = GRADE_III, .reason = ""};
    bus_do(&bus, grade);
    assert_int_equal(state_incident(bus.state, incident_id(3))->grade, GRADE_III);
    assert_int_equal(incident_parts(state_incident(bus.state, incident_id(3))), 3);
    bus_check_replay(&bus);
    bus_close(&bus);
}

/* The survivor takes what it lacks, the graver grade, and crews under either id are told what they need. */
static void the_survivor_takes_what_it_lacks(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    two_reports(&bus);
    bus_do(&bus, an_order(&bus, 2, 2, HOSPITAL));
    struct command command = a_report(&bus, 1, REPORT_FOLLOW_UP);
    command.file_report.facts.casualties.dead = 3;
    command.file_report.facts.substance = "chlorine";
    bus_do(&bus, command);
    command = a_report(&bus, 2, REPORT_FOLLOW_UP);
    command.file_report.facts.casualties.dead = 1;
    bus_do(&bus, command);
    struct command grade = by(from(&bus, CENTRE, COMMAND_SET_GRADE), LI_NA, "");
    grade.set_grade = (struct set_grade){.incident = incident_id(1), .grade = GRADE_II, .reason = ""};
    bus_do(&bus, grade);
    bus_do(&bus, a_merge(&bus, 1, 2));
    const struct incident *whole = state_incident(bus.state, incident_id(2));
    assert_string_equal(whole->substance, "chlorine");
    assert_int_equal(whole->casualties.dead, 1); /* both know it: the survivor's stands */
    assert_int_equal(whole->grade, GRADE_II);
    assert_string_equal(whole->graded_by, LI_NA);
    assert_int_equal(bus_events(&bus, EVENT_ORDER_AMENDED), 1);
    assert_int_equal(bus_events(&bus, EVENT_INFORMATION_ANSWERED), 1);
    assert_string_equal(bus_event(&bus, EVENT_INFORMATION_ANSWERED, 0)->information.fact, "substance");
    bus_check_replay(&bus);
    bus_close(&bus);
}

static void split_takes_it_back(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    two_reports(&bus);
    struct command early = a_split(&bus, 1);
    assert_int_equal(bus_say(&bus, &early), REFUSED_NOT_MERGED);
    bus_do(&bus, a_merge(&bus, 1, 2));
    assert_false(incident_is_live(state_incident(bus.state, incident_id(1))));
    assert_int_equal(incident_due(state_incident(bus.state, incident_id(1))), 0);
    assert_int_equal(bus_do(&bus, a_split(&bus, 1)), 2);
    assert_true(incident_is_live(state_incident(bus.state, incident_id(1))));
    assert_int_equal(incident_parts(state_incident(bus.state, incident_id(2))), 1);
    bus_do(&bus, a_close(&bus, 1));
    bus_do(&bus, a_link(&bus, 1, 2, LINK_RELATED));
    bus_check_replay(&bus);
    bus_close(&bus);
}

static void links_stand_in_both(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    assert_int_equal(bus_do(&bus, good_link(&bus)), 2);
    const struct incident *cause = state_incident(bus.state, incident_id(2));
    const struct incident *consequence = state_incident(bus.state, incident_id(1));
    assert_true(incident_link(cause, incident_id(1))->caused);
    assert_false(incident_link(consequence, incident_id(2))->caused);
    assert_int_equal(bus_do(&bus, a_link(&bus, 1, 2, LINK_SECONDARY)), 0);
    assert_int_equal(bus_do(&bus, a_link(&bus, 1, 2, LINK_DERIVED)), 2);
    assert_int_equal(consequence->ties->links_n, 1);
    assert_int_equal(bus_do(&bus, a_link(&bus, 2, 1, LINK_NONE)), 2); /* by either id */
    assert_null(incident_link(cause, incident_id(1)));
    assert_int_equal(bus_do(&bus, a_link(&bus, 2, 1, LINK_NONE)), 0);
    bus_check_replay(&bus);
    bus_close(&bus);
}

static void moved_orders_belong_to_the_other(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    assert_int_equal(bus_do(&bus, good_move(&bus)), 2);
    bus_do(&bus, a_receipt(&bus, STATION_3, 2, order_id(1), RUNG_ON_SCENE));
    assert_int_equal(bus_order(&bus, 1, order_id(1))->rung, RUNG_ON_SCENE);
    bus_do(&bus, a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_ON_SCENE));
    struct command evacuation = an_evacuation(&bus, 1, 1);
    assert_int_equal(bus_say(&bus, &evacuation), REFUSED_NOBODY_ON_SCENE);
    bus_do(&bus, an_evacuation(&bus, 2, 2));
    assert_string_equal(bus_event(&bus, EVENT_ORDER_ISSUED, 0)->order_issued.addressee, STATION_3);
    struct command close = a_close(&bus, 2);
    assert_int_equal(bus_say(&bus, &close), REFUSED_OPEN_ORDERS);
    struct command back = a_move(&bus, 2, 1, 1);
    assert_int_equal(bus_do(&bus, back), 2);
    assert_int_equal(state_incident(bus.state, incident_id(1))->ties->moved_n, 0);
    struct command late = a_receipt(&bus, STATION_3, 2, order_id(1), RUNG_ON_SCENE);
    assert_int_equal(bus_say(&bus, &late), REFUSED_NO_ORDER);
    bus_do(&bus, a_move(&bus, 1, 2, 1)); /* and there again */
    bus_do(&bus, a_close(&bus, 1));      /* nothing of its own is open */
    bus_check_replay(&bus);
    bus_close(&bus);
}

/* Given under the first id after the merge, an order lies with the survivor; it moves under either. */
static void an_order_is_moved_under_either_id(void **state)
{
    struct bus bus;

    (void)state;
    for (int before = 0; before < 2; before++) {
        bus_open(&bus);
        bus_generation(&bus, GENERATION_EITHER_ID - (uint32_t)before);
        two_reports(&bus);
        report(&bus, 3);
        bus_do(&bus, a_merge(&bus, 1, 2));
        bus_do(&bus, an_order(&bus, 1, 9, FIRE));
        struct command move = a_move(&bus, 1, 3, 9);
        if (before) {
            assert_int_equal(bus_say(&bus, &move), REFUSED_NO_ORDER);
        } else {
            bus_do(&bus, move);
            const struct event *first = bus_event(&bus, EVENT_ORDERS_MOVED, 0);
            assert_true(id_equal(first->incident, incident_id(2)));
            assert_true(id_equal(first->moved.other, incident_id(3)));
            bus_check_replay(&bus);
        }
        bus_close(&bus);
    }
}

static void no_more_than_are_loaded_together(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    report(&bus, 1);
    for (unsigned i = 2; i < 2 + MERGED_PER_EVENT_MAX; i++) {
        report(&bus, i);
        bus_do(&bus, a_merge(&bus, i, 1));
    }
    report(&bus, 90);
    struct command command = a_merge(&bus, 90, 1);
    assert_int_equal(bus_say(&bus, &command), REFUSED_TOO_MANY);
    command = a_merge(&bus, 1, 90);
    assert_int_equal(bus_say(&bus, &command), REFUSED_TOO_MANY);

    struct stream_key named[1] = {stream_key_incident(incident_id(5))}, more[TIES_STREAMS_MAX];
    assert_int_equal(ties_streams(bus.state, named, 1, more), 1);
    assert_true(stream_key_equal(more[0], stream_key_incident(incident_id(1))));
    assert_int_equal(ties_streams(bus.state, more, 1, more + 1), MERGED_PER_EVENT_MAX);
    bus_close(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merge_is_refused),
        cmocka_unit_test(a_loop_or_a_closed_survivor_is_refused),
        cmocka_unit_test(a_merged_one_asks_for_nothing),
        cmocka_unit_test(link_is_refused),
        cmocka_unit_test(move_is_refused),
        cmocka_unit_test(orders_are_addressed_by_either_id),
        cmocka_unit_test(what_is_said_concerns_the_survivor),
        cmocka_unit_test(the_survivor_takes_what_it_lacks),
        cmocka_unit_test(split_takes_it_back),
        cmocka_unit_test(links_stand_in_both),
        cmocka_unit_test(moved_orders_belong_to_the_other),
        cmocka_unit_test(an_order_is_moved_under_either_id),
        cmocka_unit_test(no_more_than_are_loaded_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
