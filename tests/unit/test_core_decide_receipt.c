/* Every refusal of receipts, in order of precedence, and the whole ladder: every pair of a rung where the
 * order is and a rung that is said. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/core_fixture.h"

static struct command good_receipt(struct bus *bus)
{
    bus_do(bus, a_report(bus, 1, REPORT_INITIAL));
    bus_do(bus, an_order(bus, 1, 1, STATION_3));
    bus_do(bus, a_receipt(bus, STATION_3, 1, order_id(1), RUNG_ACCEPTED));
    return a_receipt(bus, STATION_3, 1, order_id(1), RUNG_ON_SCENE);
}

static void no_rung(struct bus *bus, struct command *command)
{
    (void)bus;
    command->give_receipt.rung = RUNG_DELIVERED;
    command->give_receipt.amendment = 0;
}

static void no_incident_id(struct bus *bus, struct command *command)
{
    (void)bus;
    command->give_receipt.incident = (struct id){{0}};
}

static void no_order(struct bus *bus, struct command *command)
{
    (void)bus;
    command->give_receipt.order = order_id(77);
}

static void not_addressee(struct bus *bus, struct command *command)
{
    (void)bus;
    command->agent = HOSPITAL;
}

static void no_amendment(struct bus *bus, struct command *command)
{
    (void)bus;
    command->give_receipt.amendment = 1;
}

static void ended(struct bus *bus, struct command *command)
{
    (void)command;
    if (order_is_open(bus_order(bus, 1, order_id(1)))) {
        bus_do(bus, a_receipt(bus, STATION_3, 1, order_id(1), RUNG_COMPLETED));
    }
}

static void back(struct bus *bus, struct command *command)
{
    (void)bus;
    command->give_receipt.rung = RUNG_ACKNOWLEDGED;
}

static void receipt_is_refused(void **state)
{
    static const struct fault rows[] = {
        FAULTS_OF_ALL,
        {"no rung of a receipt", REFUSED_INVALID, no_rung},
        {"no incident id", REFUSED_INVALID, no_incident_id},
        {"without the right", REFUSED_RIGHT, spoil_right},
        {"no such incident", REFUSED_NO_INCIDENT, spoil_incident},
        {"other mode", REFUSED_MODE, spoil_incident_mode},
        {"no such order", REFUSED_NO_ORDER, no_order},
        {"not the addressee", REFUSED_NOT_ADDRESSEE, not_addressee},
        {"no such amendment", REFUSED_NO_AMENDMENT, no_amendment},
        {"ended", REFUSED_ORDER_ENDED, ended},
        {"back", REFUSED_RUNG_BACK, back},
    };

    (void)state;
    check_refusals(good_receipt, rows, sizeof rows / sizeof rows[0]);
}

/* What a receipt does: R reaches the rung, . changes nothing, n is noted, b is refused as a step back,
 * e because the order has its outcome. Columns: acknowledged, accepted, en-route, on-scene, completed,
 * declined. */
struct ladder_row {
    enum rung from;
    const char *by_taker; /* the agent that said the rung where the order is */
    const char *by_other; /* another agent of the same agency */
};

static const struct ladder_row ladder[] = {
    {RUNG_ISSUED, "RRRRRR", "RRRRRR"},   {RUNG_ACKNOWLEDGED, ".RRRRR", "nRRRRR"},
    {RUNG_ACCEPTED, "b.RRRb", "nnnnnn"}, {RUNG_EN_ROUTE, "bb.RRb", "nnnnnn"},
    {RUNG_ON_SCENE, "bbb.Rb", "nnnnnn"}, {RUNG_COMPLETED, "eeee.e", "nnnnnn"},
    {RUNG_DECLINED, "eeeee.", "nnnnnn"}, {RUNG_RECALLED, "nnnnnn", "nnnnnn"},
    {RUNG_EXPIRED, "nnnnnn", "nnnnnn"},
};

static const enum rung said[] = {RUNG_ACKNOWLEDGED, RUNG_ACCEPTED,  RUNG_EN_ROUTE,
                                 RUNG_ON_SCENE,     RUNG_COMPLETED, RUNG_DECLINED};

static void bring_to(struct bus *bus, enum rung rung)
{
    bus_do(bus, a_report(bus, 1, REPORT_INITIAL));
    bus_do(bus, an_order(bus, 1, 1, FIRE));
    if (rung == RUNG_RECALLED) {
        bus_do(bus, a_recall(bus, 1, 1));
    } else if (rung == RUNG_EXPIRED) {
        bus_after(bus, EXPIRES_IN);
        bus_do(bus, deadlines(bus, 1));
    } else if (rung != RUNG_ISSUED) {
        bus_do(bus, a_receipt(bus, STATION_3, 1, order_id(1), rung));
    }
    assert_int_equal(bus_order(bus, 1, order_id(1))->rung, rung);
}

static char outcome_of(const struct bus *bus, enum refusal refusal)
{
    if (refusal != REFUSED_NOT) {
        return refusal == REFUSED_RUNG_BACK ? 'b' : refusal == REFUSED_ORDER_ENDED ? 'e' : '?';
    }
    if (bus->decision.events_n == 0) {
        return '.';
    }
    return bus->decision.events[0].kind == EVENT_RUNG_REACHED    ? 'R'
           : bus->decision.events[0].kind == EVENT_RECEIPT_NOTED ? 'n'
                                                                 : '?';
}

static void every_pair_of_the_ladder(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ladder / sizeof ladder[0]; i++) {
        for (size_t j = 0; j < 2 * sizeof said / sizeof said[0]; j++) {
            bool other = j % 2 == 1;
            enum rung rung = said[j / 2];
            struct bus bus;
            bus_open(&bus);
            bring_to(&bus, ladder[i].from);
            struct command command = a_receipt(&bus, other ? STATION_4 : STATION_3, 1, order_id(1), rung);
            char got = outcome_of(&bus, bus_say(&bus, &command));
            char expected = (other ? ladder[i].by_other : ladder[i].by_taker)[j / 2];
            if (got != expected) {
                fail_msg("%s, then %s says %s: %c expected, got %c", rung_name(ladder[i].from), command.agent,
                         rung_name(rung), expected, got);
            }
            const struct order *order = bus_order(&bus, 1, order_id(1));
            assert_int_equal(order->rung, got == 'R' ? rung : ladder[i].from);
            if (got == 'R') {
                assert_string_equal(order->taker, command.agent);
                assert_int_equal(bus_do(&bus, command), 0); /* the same again: nothing */
                assert_int_equal(order_rung_at(order, rung), bus.env.now_ms);
            }
            bus_close(&bus);
        }
    }
}

static void recall_from_every_rung(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ladder / sizeof ladder[0]; i++) {
        struct bus bus;
        bus_open(&bus);
        bring_to(&bus, ladder[i].from);
        struct command command = a_recall(&bus, 1, 1);
        bool ended_before = rung_is_outcome(ladder[i].from) && ladder[i].from != RUNG_RECALLED;
        assert_int_equal(bus_say(&bus, &command), ended_before ? REFUSED_ORDER_ENDED : REFUSED_NOT);
        assert_int_equal(bus_order(&bus, 1, order_id(1))->rung,
                         ended_before ? ladder[i].from : RUNG_RECALLED);
        bus_close(&bus);
    }
}

static void times_are_believed_within_bounds(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    bring_to(&bus, RUNG_ISSUED);
    const struct order *order = bus_order(&bus, 1, order_id(1));
    bus_after(&bus, MINUTE);
    struct command command = a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_ACKNOWLEDGED);
    command.occurred_at_ms = T0 - 1; /* before the order was issued */
    bus_do(&bus, command);
    assert_int_equal(order->acknowledged_at_ms, T0 + MINUTE);
    bus_after(&bus, MINUTE);
    command = a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_EN_ROUTE);
    command.occurred_at_ms = T0 + 90 * SECOND;
    bus_do(&bus, command);
    assert_int_equal(order->en_route_at_ms, T0 + 90 * SECOND);
    assert_int_equal(order->accepted_at_ms, 0); /* skipped: nobody said when */
    command = a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_ON_SCENE);
    command.occurred_at_ms = T0 + 80 * SECOND; /* before it set out */
    bus_do(&bus, command);
    assert_int_equal(order->on_scene_at_ms, T0 + 2 * MINUTE);
    command = a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_COMPLETED);
    command.occurred_at_ms = bus.env.now_ms + 1; /* not yet */
    bus_do(&bus, command);
    assert_int_equal(order->ended_at_ms, bus.env.now_ms);
    bus_close(&bus);
}

static void noted_after_a_recall_keeps_its_time(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    bring_to(&bus, RUNG_ACCEPTED);
    bus_after(&bus, MINUTE);
    bus_do(&bus, a_recall(&bus, 1, 1));
    bus_after(&bus, MINUTE);
    struct command command = a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_ON_SCENE);
    command.occurred_at_ms = T0 + 30 * SECOND;
    command.give_receipt.units = words_of(&bus, "pump-1");
    bus_do(&bus, command);
    assert_int_equal(bus.decision.events[0].at_ms, T0 + 30 * SECOND);
    const struct order *order = bus_order(&bus, 1, order_id(1)); /* recorded, not applied ... */
    assert_int_equal(order->rung, RUNG_RECALLED);
    assert_int_equal(order->on_scene_at_ms, 0);
    assert_int_equal(order->units.n, 0);
    assert_true(words_have(order->there, STATION_3)); /* ... but who is there must be found */
    bus_close(&bus);
}

static void units_are_what_the_taker_said_last(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    bring_to(&bus, RUNG_ISSUED);
    struct command command = a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_ACCEPTED);
    command.give_receipt.units = words_of(&bus, "pump-1 ladder-2");
    bus_do(&bus, command);
    bus_do(&bus, a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_EN_ROUTE));
    assert_int_equal(bus_order(&bus, 1, order_id(1))->units.n, 2);
    bus_close(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(receipt_is_refused),
        cmocka_unit_test(every_pair_of_the_ladder),
        cmocka_unit_test(recall_from_every_rung),
        cmocka_unit_test(times_are_believed_within_bounds),
        cmocka_unit_test(noted_after_a_recall_keeps_its_time),
        cmocka_unit_test(units_are_what_the_taker_said_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
