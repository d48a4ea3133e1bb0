/* Deadlines that pass, amendments of open orders, evacuations with head-count. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/core_fixture.h"

static void incident_with_order(struct bus *bus, const char *addressee)
{
    struct command command = a_report(bus, 1, REPORT_INITIAL);

    command.file_report.facts.kind = "hazardous-chemical";
    command.file_report.facts.place = "workshop";
    command.file_report.facts.casualties.trapped = 1;
    command.file_report.facts.substance = "methane";
    bus_do(bus, command);
    bus_do(bus, an_order(bus, 1, 1, addressee));
}

static void substance(struct bus *bus, const char *name)
{
    struct command command = a_report(bus, 1, REPORT_FOLLOW_UP);

    command.file_report.facts.substance = name;
    bus_do(bus, command);
}

/* Nothing happens a millisecond before, `kind` at the time, and nothing again afterwards. */
static void fires_once_at(struct bus *bus, int64_t at_ms, enum event_kind kind)
{
    assert_int_equal(incident_due(state_incident(bus->state, incident_id(1))), at_ms);
    bus->env.now_ms = at_ms - 1;
    assert_int_equal(bus_do(bus, deadlines(bus, 1)), 0);
    bus->env.now_ms = at_ms;
    assert_int_equal(bus_do(bus, deadlines(bus, 1)), 1);
    assert_int_equal(bus->decision.events[0].kind, kind);
    assert_int_equal(bus->decision.events[0].at_ms, at_ms);
    assert_int_equal(bus_do(bus, deadlines(bus, 1)), 0);
}

static void unanswered_then_expired(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    incident_with_order(&bus, STATION_3);
    fires_once_at(&bus, T0 + ANSWER_IN, EVENT_ORDER_UNANSWERED);
    bus_do(&bus, a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_ACKNOWLEDGED)); /* no answer yet */
    fires_once_at(&bus, T0 + EXPIRES_IN, EVENT_ORDER_EXPIRED);
    assert_int_equal(bus_order(&bus, 1, order_id(1))->rung, RUNG_EXPIRED);
    assert_int_equal(incident_due(state_incident(bus.state, incident_id(1))), 0);
    bus_close(&bus);
}

static void accepted_is_overdue_and_never_ends(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    incident_with_order(&bus, STATION_3);
    bus_do(&bus, a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_ACCEPTED));
    fires_once_at(&bus, T0 + EXPIRES_IN, EVENT_ORDER_OVERDUE);
    assert_true(order_is_open(bus_order(&bus, 1, order_id(1))));
    bus_do(&bus, a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_COMPLETED));
    bus_close(&bus);
}

static void all_that_is_late_passes_at_once(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    incident_with_order(&bus, STATION_3);
    bus_after(&bus, EXPIRES_IN); /* the broker was down */
    assert_int_equal(bus_do(&bus, deadlines(&bus, 1)), 2);
    assert_int_equal(bus.decision.events[0].kind, EVENT_ORDER_UNANSWERED);
    assert_int_equal(bus.decision.events[1].kind, EVENT_ORDER_EXPIRED);
    bus_close(&bus);
}

static void deadlines_need_an_incident(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command command = deadlines(&bus, 3);
    assert_int_equal(bus_say(&bus, &command), REFUSED_NO_INCIDENT);
    command.pass_deadlines.stream = "agent/" STATION_3;
    assert_int_equal(bus_say(&bus, &command), REFUSED_NO_INCIDENT);
    command.signer = SIGNER_AGENT;
    command.agent = CENTRE;
    assert_int_equal(bus_say(&bus, &command), REFUSED_RIGHT);
    bus_close(&bus);
}

/* --- amendments -------------------------------------------------------------------------------------- */

static void substance_amends_every_open_order(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    incident_with_order(&bus, STATION_3);
    bus_do(&bus, an_order(&bus, 1, 2, STATION_4));
    bus_do(&bus, an_order(&bus, 1, 3, HOSPITAL));
    bus_do(&bus, a_receipt(&bus, STATION_4, 1, order_id(2), RUNG_ON_SCENE));
    bus_do(&bus, a_receipt(&bus, HOSPITAL, 1, order_id(3), RUNG_DECLINED));
    bus_do(&bus, an_evacuation(&bus, 1, 1));
    assert_int_equal(bus_order(&bus, 1, order_id(1))->needs.n, 1);

    substance(&bus, "carbon-monoxide");
    assert_int_equal(bus_events(&bus, EVENT_ORDER_AMENDED), 2); /* not the declined, not the evacuation */
    const struct event *event = bus_event(&bus, EVENT_ORDER_AMENDED, 0);
    assert_true(id_equal(event->order, order_id(1)));
    assert_int_equal(event->order_amended.amendment, 1);
    assert_int_equal(event->order_amended.needs.n, 2); /* sorted, each once */
    assert_string_equal(event->order_amended.needs.at[0], "gas-detector");
    assert_string_equal(event->order_amended.needs.at[1], "scba");
    assert_int_equal(event->order_amended.answer_by_ms, T0 + AMEND_ANSWER);

    substance(&bus, "carbon-monoxide"); /* no news */
    assert_int_equal(bus_events(&bus, EVENT_ORDER_AMENDED), 0);
    substance(&bus, "methane"); /* what is not needed any more is an amendment too */
    assert_int_equal(bus_events(&bus, EVENT_ORDER_AMENDED), 2);
    substance(&bus, "ethane"); /* other news, the same needs */
    assert_int_equal(bus_events(&bus, EVENT_ORDER_AMENDED), 0);
    assert_int_equal(bus_event(&bus, EVENT_FACTS_CHANGED, 0) != NULL, 1);
    bus_do(&bus, an_order(&bus, 1, 4, POLICE)); /* born with what is needed now */
    assert_int_equal(bus_order(&bus, 1, order_id(4))->needs.n, 1);
    assert_int_equal(bus_order(&bus, 1, order_id(4))->amendments, 0);
    bus_close(&bus);
}

static void amendments_are_acknowledged_up_to(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    incident_with_order(&bus, FIRE);
    substance(&bus, "carbon-monoxide");
    substance(&bus, "chlorine");
    const struct order *order = bus_order(&bus, 1, order_id(1));
    assert_int_equal(order->amendments, 2);
    struct command command = a_receipt(&bus, STATION_4, 1, order_id(1), RUNG_ACKNOWLEDGED);
    command.give_receipt.amendment = 3;
    assert_int_equal(bus_say(&bus, &command), REFUSED_NO_AMENDMENT);
    command.give_receipt.amendment = 2;
    assert_int_equal(bus_do(&bus, command), 1);
    assert_int_equal(bus_do(&bus, command), 0);
    command.give_receipt.amendment = 1;
    command.agent = STATION_3;
    assert_int_equal(bus_do(&bus, command), 0);
    assert_int_equal(order->amendments_acknowledged, 2);
    assert_int_equal(order->rung, RUNG_ISSUED); /* an amendment's receipt is no rung */
    bus_close(&bus);
}

static void amendment_is_overdue_once_each(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    incident_with_order(&bus, STATION_3);
    bus_do(&bus, a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_EN_ROUTE));
    substance(&bus, "carbon-monoxide");
    fires_once_at(&bus, T0 + AMEND_ANSWER, EVENT_AMENDMENT_OVERDUE);
    substance(&bus, "chlorine");
    fires_once_at(&bus, T0 + 2 * AMEND_ANSWER, EVENT_AMENDMENT_OVERDUE);
    assert_int_equal(bus_event(&bus, EVENT_AMENDMENT_OVERDUE, 0) == NULL, 1);
    struct command command = a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_ACKNOWLEDGED);
    command.give_receipt.amendment = 2;
    assert_int_equal(bus_do(&bus, command), 1);
    fires_once_at(&bus, T0 + EXPIRES_IN, EVENT_ORDER_OVERDUE);
    bus_close(&bus);
}

/* --- evacuation -------------------------------------------------------------------------------------- */

static void evacuation_reaches_all_on_scene(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    incident_with_order(&bus, FIRE);
    bus_do(&bus, an_order(&bus, 1, 2, HOSPITAL));
    bus_do(&bus, an_order(&bus, 1, 3, POLICE));
    bus_do(&bus, an_order(&bus, 1, 4, STATION_4));
    bus_do(&bus, a_receipt(&bus, STATION_4, 1, order_id(4), RUNG_ON_SCENE));
    bus_do(&bus, a_receipt(&bus, STATION_4, 1, order_id(1), RUNG_ON_SCENE));
    bus_do(&bus, a_receipt(&bus, HOSPITAL, 1, order_id(2), RUNG_ON_SCENE));
    bus_do(&bus, a_receipt(&bus, POLICE, 1, order_id(3), RUNG_EN_ROUTE));

    struct command command = an_evacuation(&bus, 1, 1);
    assert_int_equal(bus_do(&bus, command), 2); /* station 4 once, the hospital; the police not yet there */
    for (size_t i = 0; i < 2; i++) {
        struct id id = bus_event(&bus, EVENT_ORDER_ISSUED, i)->order;
        assert_int_equal(id.b[ID_BYTES - 1], i + 1);
        assert_int_equal(order_lane(bus_order(&bus, 1, id)), LANE_URGENT);
        assert_int_equal(bus_order(&bus, 1, id)->agents.n, 1);
    }
    struct id first = bus_event(&bus, EVENT_ORDER_ISSUED, 0)->order;
    assert_string_equal(bus_order(&bus, 1, first)->addressee, STATION_4);
    assert_int_equal(bus_do(&bus, command), 0);
    command.order_evacuation.text = "gas";
    assert_int_equal(bus_say(&bus, &command), REFUSED_CONFLICT);

    struct command receipt = a_receipt(&bus, STATION_4, 1, first, RUNG_COMPLETED);
    assert_int_equal(bus_say(&bus, &receipt), REFUSED_HEAD_COUNT);
    receipt.give_receipt.has_head_count = true;
    receipt.give_receipt.present = 5;
    receipt.give_receipt.missing = 1;
    bus_do(&bus, receipt);
    const struct order *order = bus_order(&bus, 1, first);
    assert_true(order->has_head_count);
    assert_int_equal(order->present, 5);
    assert_int_equal(order->missing, 1);
    bus_close(&bus);
}

static void evacuation_never_takes_an_order_s_number(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    incident_with_order(&bus, STATION_3);
    bus_do(&bus, a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_ON_SCENE));
    struct command clash = an_order(&bus, 1, 2, HOSPITAL);
    struct new_order *order = orders_of(&bus, &clash);
    order->order = evacuation_id(1);
    order->order.b[ID_BYTES - 1] = 1;
    bus_do(&bus, clash);
    struct command command = an_evacuation(&bus, 1, 1);
    assert_int_equal(bus_say(&bus, &command), REFUSED_CONFLICT);
    assert_true(bus_do(&bus, an_evacuation(&bus, 1, 2)) == 1);
    bus_close(&bus);
}

/* An evacuation's orders are numbered from its id, and no other may bear one of those ids. */
static void evacuation_in_another_incident_is_refused(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    incident_with_order(&bus, STATION_3);
    bus_do(&bus, a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_ON_SCENE));
    bus_do(&bus, an_evacuation(&bus, 1, 1));
    bus_do(&bus, a_report(&bus, 2, REPORT_INITIAL));
    bus_do(&bus, an_order(&bus, 2, 2, STATION_3));
    bus_do(&bus, a_receipt(&bus, STATION_3, 2, order_id(2), RUNG_ON_SCENE));
    struct command command = an_evacuation(&bus, 2, 1);
    assert_int_equal(bus_say(&bus, &command), REFUSED_CONFLICT);
    bus_close(&bus);
}

/* A report never waits, however many orders it amends: what does not go into its record follows. */
static void amendments_follow_in_records_of_their_own(void **state)
{
    enum { ORDERS = 400 };
    struct bus bus;
    size_t amended, left = ORDERS, rounds = 0;

    (void)state;
    bus_open(&bus);
    bus_do(&bus, a_report(&bus, 1, REPORT_INITIAL));
    for (unsigned i = 1; i <= ORDERS; i++) {
        bus_do(&bus, an_order(&bus, 1, i, STATION_3));
    }
    struct command follow_up = a_report(&bus, 1, REPORT_FOLLOW_UP);
    follow_up.file_report.facts.substance = "chlorine";
    bus_do(&bus, follow_up);
    do {
        amended = bus_events(&bus, EVENT_ORDER_AMENDED);
        assert_true(amended > 0 && amended <= left);
        left -= amended;
        const struct event *event = bus_event(&bus, EVENT_AMENDMENTS_LEFT, 0);
        assert_int_equal(event != NULL ? event->amendments_left.orders : 0, left);
        assert_int_equal(incident_due(state_incident(bus.state, incident_id(1))) <= bus.env.now_ms, left > 0);
        rounds++;
    } while (left > 0 && bus_do(&bus, deadlines(&bus, 1)) > 0);
    assert_int_equal(left, 0);
    assert_true(rounds > 1);
    for (unsigned i = 1; i <= ORDERS; i++) {
        assert_int_equal(bus_order(&bus, 1, order_id(i))->amendments, 1);
    }
    assert_int_equal(bus_do(&bus, deadlines(&bus, 1)), 0);
    bus_close(&bus);
}

/* A second amendment that follows in a record of its own has its own deadline, though the first one's passes
 * in between. */
static void an_amendment_is_not_overdue_at_birth(void **state)
{
    enum { ORDERS = 600 };
    struct bus bus;
    size_t overdue = 0;

    (void)state;
    bus_open(&bus);
    bus_do(&bus, a_report(&bus, 1, REPORT_INITIAL));
    for (unsigned i = 1; i <= ORDERS; i++) {
        bus_do(&bus, an_order(&bus, 1, i, STATION_3));
        bus_do(&bus, a_receipt(&bus, STATION_3, 1, order_id(i), RUNG_ACCEPTED));
    }
    struct command report = a_report(&bus, 1, REPORT_FOLLOW_UP);
    report.file_report.facts.substance = "carbon-monoxide";
    bus_do(&bus, report);
    while (bus_do(&bus, deadlines(&bus, 1)) > 0) {
    }
    int64_t first_due = bus_order(&bus, 1, order_id(1))->amend_by_ms;
    bus_after(&bus, first_due - bus.env.now_ms - 1);
    report = a_report(&bus, 1, REPORT_FOLLOW_UP);
    report.file_report.facts.substance = "chlorine";
    bus_do(&bus, report);
    bus_after(&bus, 2);
    while (bus_do(&bus, deadlines(&bus, 1)) > 0) {
    }
    for (unsigned i = 1; i <= ORDERS; i++) {
        const struct order *order = bus_order(&bus, 1, order_id(i));
        assert_int_equal(order->amendments, 2);
        assert_false(order->amendment_overdue && order->amend_by_ms > bus.env.now_ms);
    }
    bus_after(&bus, 10 * 60 * 1000);
    for (size_t n = 1; n > 0; overdue += bus_events(&bus, EVENT_AMENDMENT_OVERDUE)) {
        n = bus_do(&bus, deadlines(&bus, 1));
    }
    assert_int_equal(overdue, ORDERS);
    bus_close(&bus);
}

static void unanswered_evacuation_escalates(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    incident_with_order(&bus, STATION_3);
    bus_do(&bus, a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_ON_SCENE));
    bus_do(&bus, an_evacuation(&bus, 1, 1));
    fires_once_at(&bus, T0 + ANSWER_IN, EVENT_ORDER_UNANSWERED);
    bus_close(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unanswered_then_expired),
        cmocka_unit_test(accepted_is_overdue_and_never_ends),
        cmocka_unit_test(all_that_is_late_passes_at_once),
        cmocka_unit_test(deadlines_need_an_incident),
        cmocka_unit_test(substance_amends_every_open_order),
        cmocka_unit_test(amendments_are_acknowledged_up_to),
        cmocka_unit_test(amendment_is_overdue_once_each),
        cmocka_unit_test(evacuation_reaches_all_on_scene),
        cmocka_unit_test(evacuation_never_takes_an_order_s_number),
        cmocka_unit_test(evacuation_in_another_incident_is_refused),
        cmocka_unit_test(amendments_follow_in_records_of_their_own),
        cmocka_unit_test(an_amendment_is_not_overdue_at_birth),
        cmocka_unit_test(unanswered_evacuation_escalates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
