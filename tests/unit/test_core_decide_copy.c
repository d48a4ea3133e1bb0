/* Orders that another region tells of: copies of those whose home it is, and what it says of ours. */
#include <string.h>

#include "tests/unit/core_telling.h"

static void an_orders_copy_has_its_home_and_our_agents(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    hear_opening(&bus);
    bus_do(&bus, with(&bus,
                      with(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), issued(&bus, 1, FIRE)),
                           issued(&bus, 2, CITY_STATION)),
                      issued(&bus, 3, STATION_4)));
    const struct order *order = bus_order(&bus, 1, order_id(1));
    assert_string_equal(order->home, CITY);
    assert_string_equal(order->addressee, FIRE);
    assert_int_equal(order->agents.n, 2); /* whom the agency has here, whatever the city thought */
    assert_true(words_have(order->agents, STATION_3) && words_have(order->agents, STATION_4));
    order = bus_order(&bus, 1, order_id(2));
    assert_string_equal(order->home, CITY);
    assert_int_equal(order->agents.n, 0);
    order = bus_order(&bus, 1, order_id(3));
    assert_int_equal(order->agents.n, 1);
    assert_string_equal(order->agents.at[0], STATION_4);
    assert_int_equal(bus_events(&bus, EVENT_REFERRED), 0); /* the city's own need not be told on */
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 12), issued(&bus, 1, FIRE)));
    assert_int_equal(bus_events(&bus, EVENT_ORDER_ISSUED), 0);
    bus_close(&bus);
}

static void an_order_of_a_third_region_keeps_its_home(void **state)
{
    struct event event;
    struct bus bus;

    (void)state;
    open_linked(&bus);
    hear_opening(&bus);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, "370000", 3), issued(&bus, 1, STATION_3)));
    assert_string_equal(bus_order(&bus, 1, order_id(1))->home, "370000");
    event = issued(&bus, 2, STATION_3);
    event.order_issued.home = "370800";
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), event));
    assert_string_equal(bus_order(&bus, 1, order_id(2))->home, CITY); /* whose log it is issued it */
    /* the city speaks for its own */
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 12), fate(1, EVENT_ORDER_RECALLED)));
    assert_int_equal(bus_order(&bus, 1, order_id(1))->rung, RUNG_ISSUED);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, "370000", 4), fate(1, EVENT_ORDER_RECALLED)));
    assert_int_equal(bus_order(&bus, 1, order_id(1))->rung, RUNG_RECALLED);
    bus_close(&bus);
}

static void an_order_for_a_neighbour_goes_on(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    hear_opening(&bus);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), issued(&bus, 1, NEIGHBOUR "/fire-rescue")));
    assert_int_equal(bus_events(&bus, EVENT_REFERRED), 1);
    assert_string_equal(bus_event(&bus, EVENT_REFERRED, 0)->referred.region, NEIGHBOUR);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 12), issued(&bus, 2, NEIGHBOUR "/fire-rescue")));
    assert_int_equal(bus_events(&bus, EVENT_REFERRED), 0);
    bus_close(&bus);
}

/* Of a copy its home says when it is late or over; nothing is due here. */
static void a_copys_deadlines_never_pass_here(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    hear_opening(&bus);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), issued(&bus, 1, STATION_3)));
    assert_int_equal(incident_due(the_incident(&bus)), 0);
    bus_after(&bus, 2 * EXPIRES_IN);
    assert_int_equal(bus_do(&bus, deadlines(&bus, 1)), 0);
    bus_do(&bus, a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_ACCEPTED));
    assert_int_equal(bus_do(&bus, deadlines(&bus, 1)), 0);
    assert_int_equal(bus_order(&bus, 1, order_id(1))->rung, RUNG_ACCEPTED);
    bus_do(&bus, an_order(&bus, 1, 2, STATION_3)); /* ours beside it is due as ever */
    bus_after(&bus, ANSWER_IN);
    bus_do(&bus, deadlines(&bus, 1));
    assert_int_equal(bus_events(&bus, EVENT_ORDER_UNANSWERED), 1);
    assert_true(id_equal(bus_event(&bus, EVENT_ORDER_UNANSWERED, 0)->order, order_id(2)));
    bus_close(&bus);
}

static void recalling_a_copy_names_its_home(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    hear_opening(&bus);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), issued(&bus, 1, STATION_3)));
    struct command command = a_recall(&bus, 1, 1);
    assert_int_equal(bus_say(&bus, &command), REFUSED_REGION);
    assert_non_null(strstr(bus.decision.detail, CITY));
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 12), fate(1, EVENT_ORDER_RECALLED)));
    assert_int_equal(bus_do(&bus, a_recall(&bus, 1, 1)), 0); /* it is recalled already */
    bus_close(&bus);
}

static void what_is_said_of_our_order_counts_while_it_can(void **state)
{
    static const struct {
        const char *what;
        enum rung before; /* where the order is, by our own records */
        enum event_kind told;
        enum rung said;
        enum event_kind becomes;
        enum rung after;
    } rows[] = {
        {"the first rung", RUNG_ISSUED, EVENT_RUNG_REACHED, RUNG_ACCEPTED, EVENT_RUNG_REACHED, RUNG_ACCEPTED},
        {"back", RUNG_ON_SCENE, EVENT_RUNG_REACHED, RUNG_ACCEPTED, EVENT_RECEIPT_NOTED, RUNG_ON_SCENE},
        {"the same", RUNG_ON_SCENE, EVENT_RUNG_REACHED, RUNG_ON_SCENE, EVENT_RECEIPT_NOTED, RUNG_ON_SCENE},
        {"after a recall", RUNG_RECALLED, EVENT_RUNG_REACHED, RUNG_ON_SCENE, EVENT_RECEIPT_NOTED,
         RUNG_RECALLED},
        {"completed after a recall", RUNG_RECALLED, EVENT_RUNG_REACHED, RUNG_COMPLETED, EVENT_RECEIPT_NOTED,
         RUNG_RECALLED},
        {"after it expired", RUNG_EXPIRED, EVENT_RUNG_REACHED, RUNG_ACCEPTED, EVENT_RECEIPT_NOTED,
         RUNG_EXPIRED},
        {"declined after it was accepted", RUNG_ACCEPTED, EVENT_RUNG_REACHED, RUNG_DECLINED,
         EVENT_RECEIPT_NOTED, RUNG_ACCEPTED},
        {"only noted there", RUNG_ISSUED, EVENT_RECEIPT_NOTED, RUNG_ACCEPTED, EVENT_RECEIPT_NOTED,
         RUNG_ISSUED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bus bus;
        open_linked(&bus);
        open_and_share(&bus);
        bus_do(&bus, an_order(&bus, 1, 1, CITY_STATION));
        if (rows[i].before == RUNG_RECALLED) {
            bus_do(&bus, a_recall(&bus, 1, 1));
        } else if (rows[i].before == RUNG_EXPIRED) {
            bus_after(&bus, EXPIRES_IN);
            bus_do(&bus, deadlines(&bus, 1));
        } else if (rows[i].before != RUNG_ISSUED) {
            bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 10),
                              rung(1, EVENT_RUNG_REACHED, rows[i].before, CITY_STATION)));
        }
        bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11),
                          rung(1, rows[i].told, rows[i].said, CITY_STATION)));
        if (bus_events(&bus, rows[i].becomes) != 1 ||
            bus_order(&bus, 1, order_id(1))->rung != rows[i].after) {
            fail_msg("%s: it is %s", rows[i].what,
                     rung_name((enum rung)bus_order(&bus, 1, order_id(1))->rung));
        }
        assert_int_equal(bus_event(&bus, rows[i].becomes, 0)->rung.rung, rows[i].said);
        bus_close(&bus);
    }
}

/* Of a copy the word of its addressee's region is taken as it is: its home weighs it. */
static void a_copys_rungs_are_taken_as_told(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    hear_opening(&bus);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), issued(&bus, 1, CITY_STATION)));
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 12),
                      rung(1, EVENT_RUNG_REACHED, RUNG_ACCEPTED, CITY_STATION)));
    assert_int_equal(bus_order(&bus, 1, order_id(1))->rung, RUNG_ACCEPTED);
    assert_string_equal(bus_order(&bus, 1, order_id(1))->taker, CITY_STATION);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 13), fate(1, EVENT_ORDER_AMENDED)));
    struct event answer = fate(1, EVENT_AMENDMENT_ACKNOWLEDGED);
    answer.amendment.agent = CITY_STATION;
    answer.amendment.amendment = 2; /* there is no such */
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 14), answer));
    assert_int_equal(bus_order(&bus, 1, order_id(1))->amendments_acknowledged, 0);
    answer.amendment.amendment = 1;
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 15), answer));
    assert_int_equal(bus_order(&bus, 1, order_id(1))->amendments_acknowledged, 1);
    bus_close(&bus);
}

/* Only an addressee answers, in the log of its own region. */
static void nobody_answers_for_another(void **state)
{
    static const struct {
        const char *region, *agent;
        size_t heard;
    } rows[] = {
        {CITY, CITY_STATION, 1},        {CITY, CITY "/fire-rescue/station-2", 0},   {CITY, STATION_3, 0},
        {NEIGHBOUR, CITY_STATION, 0},   {NEIGHBOUR, NEIGHBOUR "/fire-rescue/a", 0}, {CITY, "", 0},
        {CITY, CITY "/fire-rescue", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (enum event_kind kind = EVENT_RUNG_REACHED; kind <= EVENT_RECEIPT_NOTED; kind++) {
            struct bus bus;
            open_linked(&bus);
            open_and_share(&bus);
            bus_do(&bus, an_order(&bus, 1, 1, CITY_STATION));
            bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, rows[i].region, 10),
                              rung(1, kind, RUNG_ACCEPTED, rows[i].agent)));
            assert_int_equal(bus_events(&bus, kind), rows[i].heard);
            bus_close(&bus);
        }
    }
}

/* Once one of an agency has accepted, what its others say is only noted, told or said. */
static void what_another_says_of_a_taken_order_is_noted(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    open_and_share(&bus);
    bus_do(&bus, an_order(&bus, 1, 1, CITY "/fire-rescue"));
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 10),
                      rung(1, EVENT_RUNG_REACHED, RUNG_ACCEPTED, CITY_STATION)));
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11),
                      rung(1, EVENT_RUNG_REACHED, RUNG_COMPLETED, CITY "/fire-rescue/station-2")));
    assert_int_equal(bus_events(&bus, EVENT_RECEIPT_NOTED), 1);
    assert_string_equal(bus_order(&bus, 1, order_id(1))->taker, CITY_STATION);
    assert_int_equal(bus_order(&bus, 1, order_id(1))->rung, RUNG_ACCEPTED);
    bus_close(&bus);
}

/* An order that nobody issued is nobody's to recall, to answer or to amend. */
static void of_an_unknown_order_nothing_is_heard(void **state)
{
    static const enum event_kind fates[] = {EVENT_ORDER_AMENDED, EVENT_ORDER_RECALLED, EVENT_ORDER_EXPIRED,
                                            EVENT_ORDER_UNANSWERED};
    struct bus bus;

    (void)state;
    open_linked(&bus);
    open_and_share(&bus);
    for (size_t i = 0; i < sizeof fates / sizeof fates[0]; i++) {
        bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 10 + i), fate(77, fates[i])));
        assert_int_equal(bus_events(&bus, fates[i]), 0);
    }
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 20),
                      rung(77, EVENT_RUNG_REACHED, RUNG_ACCEPTED, CITY_STATION)));
    assert_int_equal(bus_events(&bus, EVENT_RUNG_REACHED), 0);
    bus_close(&bus);
}

static void only_its_home_says_what_befalls_an_order(void **state)
{
    static const enum event_kind fates[] = {EVENT_ORDER_AMENDED,    EVENT_AMENDMENT_OVERDUE,
                                            EVENT_ORDER_RECALLED,   EVENT_ORDER_EXPIRED,
                                            EVENT_ORDER_UNANSWERED, EVENT_ORDER_OVERDUE};

    (void)state;
    for (size_t i = 0; i < sizeof fates / sizeof fates[0]; i++) {
        struct bus bus;
        open_linked(&bus);
        open_and_share(&bus);
        bus_do(&bus, an_order(&bus, 1, 1, CITY_STATION)); /* ours */
        bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), issued(&bus, 2, STATION_3)));
        bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 12), fate(1, fates[i])));
        assert_int_equal(bus_events(&bus, fates[i]), 0);
        bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 13), fate(2, fates[i])));
        assert_int_equal(bus_events(&bus, fates[i]), 1);
        bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, NEIGHBOUR, 13), fate(2, fates[i])));
        assert_int_equal(bus_events(&bus, fates[i]), 0);
        bus_do(&bus, with(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 14), issued(&bus, 3, STATION_3)),
                          fate(3, fates[i]))); /* both in one record */
        assert_int_equal(bus_events(&bus, fates[i]), 1);
        bus_close(&bus);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_orders_copy_has_its_home_and_our_agents),
        cmocka_unit_test(an_order_of_a_third_region_keeps_its_home),
        cmocka_unit_test(an_order_for_a_neighbour_goes_on),
        cmocka_unit_test(a_copys_deadlines_never_pass_here),
        cmocka_unit_test(recalling_a_copy_names_its_home),
        cmocka_unit_test(what_is_said_of_our_order_counts_while_it_can),
        cmocka_unit_test(a_copys_rungs_are_taken_as_told),
        cmocka_unit_test(nobody_answers_for_another),
        cmocka_unit_test(what_another_says_of_a_taken_order_is_noted),
        cmocka_unit_test(of_an_unknown_order_nothing_is_heard),
        cmocka_unit_test(only_its_home_says_what_befalls_an_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
