/* What must hold whatever is said: thousands of random commands, each run from one seed. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/core_random.h"

enum { RUNS = 12, STEPS = 600 };

/* One outcome for ever, rungs only rise, their times too, the mode stays. */
static bool order_is_sound(const struct order *order)
{
    const int64_t at[] = {order->issued_at_ms,   order->acknowledged_at_ms, order->accepted_at_ms,
                          order->en_route_at_ms, order->on_scene_at_ms,     order->ended_at_ms};
    int64_t last = 0;

    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        if (at[i] != 0 && at[i] < last) {
            return false;
        }
        last = at[i] != 0 ? at[i] : last;
    }
    return order_is_open(order) == (order->ended_at_ms == 0) &&
           order->amendments_acknowledged <= order->amendments;
}

static bool check_incident(void *ctx, const struct incident *incident)
{
    struct bus *bus = ctx;
    size_t outcomes = 0, ended = 0;

    for (size_t i = 0; i < incident->orders_n; i++) {
        assert_true(order_is_sound(&incident->orders[i]));
        assert_true(i == 0 || id_compare(incident->orders[i - 1].id, incident->orders[i].id) < 0);
        ended += !order_is_open(&incident->orders[i]);
    }
    for (size_t i = 0; i < bus->log_n; i++) {
        const struct event *e = &bus->log[i];
        if (!id_equal(e->incident, incident->id)) {
            continue;
        }
        outcomes += e->kind == EVENT_ORDER_RECALLED || e->kind == EVENT_ORDER_EXPIRED ||
                    (e->kind == EVENT_RUNG_REACHED && rung_is_outcome(e->rung.rung));
    }
    assert_int_equal(outcomes, ended);
    return true;
}

/* Drops each stream and brings it back from its own events. */
static void check_evict(struct bus *bus, struct stream_key stream)
{
    char *before = dump_of(bus->state);

    state_evict(bus->state, stream);
    assert_true(strlen(bus_dump(bus)) <= strlen(before));
    for (size_t i = 0; i < bus->log_n; i++) {
        if (stream_key_equal(event_stream(&bus->log[i], REGION), stream)) {
            assert_int_equal(evolve(bus->state, &bus->log[i]), 0);
        }
    }
    assert_string_equal(before, bus_dump(bus));
    free(before);
}

static void check_evictions(struct bus *bus)
{
    for (unsigned n = 1; n <= RANDOM_INCIDENTS; n++) {
        check_evict(bus, stream_key_incident(incident_id(n)));
    }
    check_evict(bus, stream_key_incident(incident_id(500)));
    check_evict(bus, stream_key_agent(STATION_3));
    check_evict(bus, stream_key_alert(alert_id(1)));
    check_evict(bus, stream_key_region(REGION));
    check_evict(bus, stream_key_region("370103")); /* nothing to drop */
}

/* What is due at t emits something at t, nothing before, and is not due again. */
static void check_due(struct bus *bus, unsigned n)
{
    int64_t now = bus->env.now_ms;

    for (int round = 0; state_incident(bus->state, incident_id(n)) != NULL; round++) {
        int64_t due = incident_due(state_incident(bus->state, incident_id(n)));
        assert_true(round < 1000);
        if (due == 0) {
            break;
        }
        bus->env.now_ms = due - 1;
        assert_int_equal(bus_do(bus, deadlines(bus, n)), 0);
        bus->env.now_ms = due;
        assert_true(bus_do(bus, deadlines(bus, n)) > 0);
        int64_t next = incident_due(state_incident(bus->state, incident_id(n)));
        assert_true(next == 0 || next > due);
    }
    bus->env.now_ms = now;
}

static void run(uint64_t seed)
{
    struct bus bus;
    size_t taken = 0;

    bus_open(&bus);
    for (int i = 0; i < STEPS; i++) {
        struct command command = random_command(&bus, &seed);
        taken += bus_say(&bus, &command) == REFUSED_NOT; /* decide() leaves the state alone: checked there */
        state_each_incident(bus.state, check_incident, &bus);
    }
    assert_true(taken > STEPS / 5); /* the commands are not all nonsense */
    bus_check_replay(&bus);
    check_evictions(&bus);
    for (unsigned n = 1; n <= RANDOM_INCIDENTS; n++) {
        check_due(&bus, n);
    }
    bus_check_replay(&bus);
    bus_close(&bus);
}

static void whatever_is_said(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        run(seed);
    }
}

/* Same command, same state: said again it changes nothing, or is refused, or is something that is counted
 * or noted each time. */
static void said_twice(void **state)
{
    uint64_t seed = 4711;
    struct bus bus;

    (void)state;
    bus_open(&bus);
    for (int i = 0; i < 4 * STEPS; i++) {
        struct command command = random_command(&bus, &seed);
        if (bus_say(&bus, &command) != REFUSED_NOT) {
            continue;
        }
        enum refusal refusal = bus_say(&bus, &command);
        bool report = command.kind == COMMAND_FILE_REPORT && command.file_report.kind != REPORT_INITIAL;
        if (report) {
            assert_int_equal(bus_events(&bus, EVENT_REPORT_FILED), bus.decision.events_n);
        } else if (command.kind == COMMAND_GIVE_RECEIPT) {
            assert_int_equal(bus_events(&bus, EVENT_RECEIPT_NOTED), bus.decision.events_n);
            assert_true(refusal == REFUSED_NOT);
        } else {
            assert_int_equal(refusal, REFUSED_NOT);
            assert_int_equal(bus.decision.events_n, 0);
        }
    }
    bus_close(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_is_said),
        cmocka_unit_test(said_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
