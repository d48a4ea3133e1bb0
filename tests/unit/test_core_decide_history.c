/* Every refusal of history, in order of precedence, and how it merges. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/core_fixture.h"

static struct historic_order past_order(unsigned n)
{
    return (struct historic_order){.order = order_id(n),
                                   .kind = "dispatch",
                                   .addressee = FIRE,
                                   .issued_at_ms = T0 - 30 * MINUTE,
                                   .en_route_at_ms = T0 - 28 * MINUTE};
}

static struct historic_order *past_orders(struct bus *bus, struct command *command, size_t n)
{
    struct historic_order *orders = arena_array(&bus->arena, struct historic_order, n);

    assert_non_null(orders);
    for (size_t i = 0; i < n; i++) {
        orders[i] = past_order((unsigned)i + 1);
    }
    command->record_history.orders = orders;
    command->record_history.orders_n = n;
    return orders;
}

static struct command good_history(struct bus *bus)
{
    struct command command = from(bus, IMPORTER, COMMAND_RECORD_HISTORY);

    command.record_history = (struct record_history){.source = "cad",
                                                     .key = "1",
                                                     .incident = incident_id(1),
                                                     .facts = facts_none(),
                                                     .reported_at_ms = T0 - 31 * MINUTE};
    command.record_history.facts.kind = "fire";
    (void)past_orders(bus, &command, 2);
    return command;
}

static void no_id(struct bus *bus, struct command *command)
{
    (void)bus;
    command->record_history.incident = (struct id){{0}};
}

static void no_source(struct bus *bus, struct command *command)
{
    (void)bus;
    command->record_history.source = "";
}

static void no_report_time(struct bus *bus, struct command *command)
{
    (void)bus;
    command->record_history.reported_at_ms = 0;
}

static void too_many(struct bus *bus, struct command *command)
{
    (void)past_orders(bus, command, ORDERS_PER_COMMAND_MAX + 1);
}

static void no_order_time(struct bus *bus, struct command *command)
{
    past_orders(bus, command, 2)[1].issued_at_ms = 0;
}

static void two_outcomes(struct bus *bus, struct command *command)
{
    struct historic_order *orders = past_orders(bus, command, 2);

    orders[1].completed_at_ms = orders[1].recalled_at_ms = T0;
}

static void negative_rung(struct bus *bus, struct command *command)
{
    past_orders(bus, command, 2)[1].on_scene_at_ms = -1;
}

static void one_order_twice(struct bus *bus, struct command *command)
{
    past_orders(bus, command, 2)[1].order = order_id(1);
}

static void live_incident(struct bus *bus, struct command *command)
{
    (void)command;
    bus_do(bus, a_report(bus, 1, REPORT_INITIAL));
}

static void no_reference(struct bus *bus, struct command *command)
{
    (void)bus;
    command->record_history.facts.position = (struct position){.present = true};
}

static void history_is_refused(void **state)
{
    static const struct fault rows[] = {
        FAULTS_OF_ALL,
        {"no incident id", REFUSED_INVALID, no_id},
        {"no source", REFUSED_INVALID, no_source},
        {"no time of report", REFUSED_INVALID, no_report_time},
        {"too many orders", REFUSED_TOO_MANY, too_many},
        {"no time of issue", REFUSED_INVALID, no_order_time},
        {"two outcomes", REFUSED_INVALID, two_outcomes},
        {"negative time of a rung", REFUSED_INVALID, negative_rung},
        {"one order twice", REFUSED_INVALID, one_order_twice},
        {"without the right", REFUSED_RIGHT, spoil_right},
        {"incident is live", REFUSED_CONFLICT, live_incident},
        {"no reference system", REFUSED_REFERENCE, no_reference},
    };

    (void)state;
    check_refusals(good_history, rows, sizeof rows / sizeof rows[0]);
}

/* --- contradictions ---------------------------------------------------------------------------------- */

static void other_report_time(struct bus *bus, struct command *command)
{
    (void)bus;
    command->record_history.reported_at_ms++;
}

static void other_kind(struct bus *bus, struct command *command)
{
    (void)bus;
    command->record_history.facts.kind = "flood";
}

static void other_dead(struct bus *bus, struct command *command)
{
    (void)bus;
    command->record_history.facts.casualties.dead = 3;
}

static void other_mode(struct bus *bus, struct command *command)
{
    (void)bus;
    command->mode = MODE_TEST;
}

static void other_address(struct bus *bus, struct command *command)
{
    past_orders(bus, command, 2)[0].addressee = HOSPITAL;
}

static void other_rung_time(struct bus *bus, struct command *command)
{
    past_orders(bus, command, 2)[0].en_route_at_ms++;
}

static void other_units(struct bus *bus, struct command *command)
{
    past_orders(bus, command, 2)[0].units = words_of(bus, "E07");
}

static void other_outcome(struct bus *bus, struct command *command)
{
    past_orders(bus, command, 2)[1].recalled_at_ms = T0;
}

static struct command whole_history(struct bus *bus)
{
    struct command command = good_history(bus);

    command.record_history.facts.casualties.dead = 0;
    command.record_history.closed_at_ms = T0 - MINUTE;
    past_orders(bus, &command, 2)[1].completed_at_ms = T0 - 2 * MINUTE;
    return command;
}

static void contradictions_are_refused(void **state)
{
    static void (*const rows[])(struct bus *, struct command *) = {
        other_report_time, other_kind,      other_dead,  other_mode,
        other_address,     other_rung_time, other_units, other_outcome};
    struct bus bus;

    (void)state;
    bus_open(&bus);
    bus_do(&bus, whole_history(&bus));
    assert_int_equal(bus_do(&bus, whole_history(&bus)), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct command command = whole_history(&bus);
        rows[i](&bus, &command);
        assert_int_equal(bus_say(&bus, &command), REFUSED_CONFLICT);
    }
    bus_close(&bus);
}

/* --- merging ----------------------------------------------------------------------------------------- */

enum { PARTS = 4 };

/* Four tellings of one past that say different things of it and contradict nowhere. */
static struct command part(struct bus *bus, int n)
{
    struct command command = good_history(bus);
    struct record_history *past = &command.record_history;

    past->facts = facts_none();
    past->orders_n = 0;
    if (n == 0) {
        past->facts.place = "pier 39";
        past->facts.casualties.dead = 0;
        struct historic_order *order = past_orders(bus, &command, 1);
        order->en_route_at_ms = 0;
        order->acknowledged_at_ms = T0 - 29 * MINUTE;
    } else if (n == 1) {
        past->facts.casualties.minor = 2;
        past_orders(bus, &command, 1)->completed_at_ms = T0 - MINUTE;
    } else if (n == 2) {
        past_orders(bus, &command, 3)[0] = past_order(7);
    } else {
        past->facts.kind = "fire";
        past->closed_at_ms = T0 - MINUTE;
        past_orders(bus, &command, 1)->on_scene_at_ms = T0 - 20 * MINUTE;
    }
    return command;
}

static char *told_in_order(const int order[PARTS])
{
    struct bus bus;

    bus_open(&bus);
    for (int i = 0; i < PARTS; i++) {
        assert_true(bus_do(&bus, part(&bus, order[i])) > 0);
    }
    for (int i = 0; i < PARTS; i++) {
        assert_int_equal(bus_do(&bus, part(&bus, i)), 0);
    }
    const struct order *first = bus_order(&bus, 1, order_id(1));
    assert_int_equal(first->rung, RUNG_COMPLETED);
    assert_int_equal(first->acknowledged_at_ms, T0 - 29 * MINUTE);
    const struct incident *incident = state_incident(bus.state, incident_id(1));
    assert_int_equal(incident_due(incident), 0);
    assert_false(incident_is_live(incident));
    assert_int_equal(bus_do(&bus, deadlines(&bus, 1)), 0);
    char *dump = dump_of(bus.state);
    bus_close(&bus);
    return dump;
}

static void order_of_telling_does_not_matter(void **state)
{
    char *first = NULL;

    (void)state;
    for (int n = 0; n < PARTS * PARTS * PARTS * PARTS; n++) {
        int order[PARTS] = {n % 4, n / 4 % 4, n / 16 % 4, n / 64};
        unsigned seen = 0;
        for (int i = 0; i < PARTS; i++) {
            seen |= 1u << order[i];
        }
        if (seen != 15) {
            continue;
        }
        char *dump = told_in_order(order);
        if (first == NULL) {
            first = dump;
        } else {
            assert_string_equal(first, dump);
            free(dump);
        }
    }
    free(first);
}

static void live_commands_leave_history_alone(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command past = good_history(&bus);
    past_orders(&bus, &past, 1)->on_scene_at_ms = T0 - MINUTE;
    bus_do(&bus, past);
    struct command commands[] = {a_recall(&bus, 1, 1),
                                 an_evacuation(&bus, 1, 1),
                                 a_close(&bus, 1),
                                 an_order(&bus, 1, 2, STATION_3),
                                 a_report(&bus, 1, REPORT_FOLLOW_UP),
                                 a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_COMPLETED)};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        assert_int_equal(bus_say(&bus, &commands[i]), REFUSED_INCIDENT_CLOSED);
    }
    struct command initial = a_report(&bus, 1, REPORT_INITIAL);
    assert_int_equal(bus_say(&bus, &initial), REFUSED_CONFLICT);
    bus_close(&bus);
}

/* An export ended in the middle of the incident, and the next one goes on. In either order: the last end. */
static void the_last_end_counts(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command whole = whole_history(&bus);
    struct command part = whole;
    part.record_history.closed_at_ms -= 1000;
    bus_do(&bus, part);
    assert_int_equal(bus_do(&bus, whole), 1);
    assert_int_equal(state_incident(bus.state, incident_id(1))->closed_at_ms,
                     whole.record_history.closed_at_ms);
    assert_int_equal(bus_do(&bus, part), 0);
    assert_int_equal(bus_do(&bus, whole), 0);
    bus_close(&bus);
}

static void past_orders_keep_their_incident(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    bus_do(&bus, whole_history(&bus));
    struct command other = whole_history(&bus);
    other.record_history.incident = incident_id(2);
    assert_int_equal(bus_say(&bus, &other), REFUSED_CONFLICT);
    bus_close(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(history_is_refused),
        cmocka_unit_test(contradictions_are_refused),
        cmocka_unit_test(order_of_telling_does_not_matter),
        cmocka_unit_test(live_commands_leave_history_alone),
        cmocka_unit_test(the_last_end_counts),
        cmocka_unit_test(past_orders_keep_their_incident),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
