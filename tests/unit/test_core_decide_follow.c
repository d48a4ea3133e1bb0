/* What reaches who follows an incident that another region leads or opened: its order's reminders, who commands
 * at the scene, and what ends with it. A region whose log is of an older generation decides as it did. */
#include <string.h>

#include "common/core/route.h"
#include "tests/unit/core_telling.h"

static void begin_generation(struct bus *bus, uint32_t generation)
{
    struct command command = by_broker(bus, COMMAND_SET_CLOCK);

    command.set_clock = (struct set_clock){
        .bus_ms = bus->env.now_ms, .utc_ms = bus->env.utc_ms, .reason = "", .generation = generation};
    bus_do(bus, command);
}

static void open_following(struct bus *bus, uint32_t generation)
{
    open_linked(bus);
    begin_generation(bus, generation);
    hear_opening(bus);
}

/* --- reminders --------------------------------------------------------------------------------------- */

static struct event reminded(unsigned order, uint32_t step)
{
    struct event event = fate(order, EVENT_ORDER_REMINDED);

    event.order_reminded =
        (struct order_reminded){.rule = "climb/remind", .step = step, .answer_by_ms = T0 + 2 * ANSWER_IN};
    return event;
}

struct given {
    unsigned station, others;
};

static void give(void *ctx, const char *agent, enum lane lane, struct id order)
{
    struct given *given = ctx;

    (void)lane;
    if (strcmp(agent, STATION_3) == 0 && id_equal(order, order_id(1))) {
        given->station++;
    } else if (!name_is_link(agent, NULL)) {
        given->others++;
    }
}

static void withdraw(void *ctx, const char *agent, enum lane lane, struct id order)
{
    (void)ctx;
    (void)agent;
    (void)lane;
    (void)order;
}

/* To whom the last record's reminders go. */
static struct given reminders_given(const struct bus *bus)
{
    struct given given = {0};
    struct route_sink sink = {.ctx = &given, .add = give, .recalled = withdraw};

    for (size_t i = 0; i < bus->decision.events_n; i++) {
        if (bus->decision.events[i].kind == EVENT_ORDER_REMINDED) {
            route(bus->state, &bus->decision.events[i], CITY_LINK, &sink);
        }
    }
    return given;
}

static void a_reminder_reaches_who_has_the_order(void **state)
{
    struct bus bus;

    (void)state;
    open_following(&bus, GENERATION_FOLLOWS);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), issued(&bus, 1, STATION_3)));
    struct command command = with(&bus, telling(&bus, CITY_LINK, CITY, 12), fate(1, EVENT_ORDER_UNANSWERED));
    bus_do(&bus, with(&bus, command, reminded(1, 1)));
    const struct event *event = bus_event(&bus, EVENT_ORDER_REMINDED, 0);
    assert_non_null(event);
    assert_string_equal(event->order_reminded.rule, "climb/remind");
    const struct order *order = incident_order(the_incident(&bus), order_id(1));
    assert_int_equal(order->remind_by_ms, T0 + 2 * ANSWER_IN);
    assert_int_equal(order->steps, 1);
    assert_int_equal(order_due(order), 0); /* it is the city that says what comes of it */
    struct given given = reminders_given(&bus);
    assert_int_equal(given.station, 1);
    assert_int_equal(given.others, 0);
    bus_close(&bus);
}

static void a_reminder_that_says_nothing_any_more_is_not_heard(void **state)
{
    struct bus bus;

    (void)state;
    open_following(&bus, GENERATION_FOLLOWS);
    for (unsigned i = 1; i <= 4; i++) {
        bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 10 + i), issued(&bus, i, STATION_3)));
    }
    bus_do(&bus, a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_ACCEPTED)); /* the city does not know yet */
    bus_do(&bus, a_receipt(&bus, STATION_3, 1, order_id(2), RUNG_DECLINED));
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 20), fate(3, EVENT_ORDER_RECALLED)));
    for (unsigned i = 1; i <= 3; i++) {
        bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 20 + i), reminded(i, 1)));
        assert_int_equal(bus_events(&bus, EVENT_ORDER_REMINDED), 0);
    }
    bus_do(&bus, a_receipt(&bus, STATION_3, 1, order_id(4), RUNG_ACKNOWLEDGED)); /* seen is not answered */
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 24), reminded(4, 1)));
    assert_int_equal(bus_events(&bus, EVENT_ORDER_REMINDED), 1);
    /* only its home reminds of an order */
    bus_do(&bus, with(&bus, telling(&bus, NEIGHBOUR_LINK, NEIGHBOUR, 25), reminded(4, 2)));
    assert_int_equal(bus_events(&bus, EVENT_ORDER_REMINDED), 0);
    bus_do(&bus,
           with(&bus, telling(&bus, CITY_LINK, CITY, 26), reminded(9, 1))); /* of an order unknown here */
    assert_int_equal(bus_events(&bus, EVENT_ORDER_REMINDED), 0);
    bus_close(&bus);
}

/* A past brings the order, its reminder, and what became of it, in one record. */
static void of_a_past_what_is_over_is_not_reminded_of(void **state)
{
    struct bus bus;

    (void)state;
    for (int taken = 0; taken < 2; taken++) {
        open_following(&bus, GENERATION_FOLLOWS);
        struct command command = with(&bus, telling(&bus, CITY_LINK, CITY, 11), issued(&bus, 1, STATION_3));
        if (taken != 0) {
            command = with(&bus, command, fate(1, EVENT_ORDER_EXPIRED));
        }
        bus_do(&bus, with(&bus, command, reminded(1, 1)));
        assert_int_equal(bus_events(&bus, EVENT_ORDER_REMINDED), taken == 0);
        bus_close(&bus);
    }
}

static void an_older_log_hears_no_reminder(void **state)
{
    struct bus bus;

    (void)state;
    open_following(&bus, GENERATION_FOLLOWS - 1);
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 11), issued(&bus, 1, STATION_3)));
    bus_do(&bus, with(&bus, telling(&bus, CITY_LINK, CITY, 12), reminded(1, 1)));
    assert_int_equal(bus_events(&bus, EVENT_ORDER_REMINDED), 0);
    bus_close(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reminder_reaches_who_has_the_order),
        cmocka_unit_test(a_reminder_that_says_nothing_any_more_is_not_heard),
        cmocka_unit_test(of_a_past_what_is_over_is_not_reminded_of),
        cmocka_unit_test(an_older_log_hears_no_reminder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
