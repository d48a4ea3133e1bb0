#include "tests/unit/core_random.h"

uint64_t random_next(uint64_t *seed)
{
    /* splitmix64 */
    uint64_t z = (*seed += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

unsigned random_below(uint64_t *seed, unsigned n)
{
    return (unsigned)(random_next(seed) % n);
}

static const char *one_of(uint64_t *seed, const char *const *of, unsigned n)
{
    return of[random_below(seed, n)];
}

static const char *addressee(uint64_t *seed)
{
    static const char *const all[] = {FIRE, STATION_3, STATION_4, HOSPITAL, POLICE, "370102/health"};

    return one_of(seed, all, sizeof all / sizeof all[0]);
}

static struct command report(struct bus *bus, uint64_t *seed, unsigned incident)
{
    static const char *const kinds[] = {"", "", "fire", "hazardous-chemical"};
    static const char *const substances[] = {"", "", "chlorine", "carbon-monoxide", "methane"};
    struct command command = a_report(bus, incident, REPORT_INITIAL + random_below(seed, 3));
    struct facts *facts = &command.file_report.facts;

    facts->kind = one_of(seed, kinds, 4);
    facts->substance = one_of(seed, substances, 5);
    facts->place = random_below(seed, 3) == 0 ? "workshop" : "";
    facts->casualties.dead = (int64_t)random_below(seed, 3) - 1;
    return command;
}

static struct command history(struct bus *bus, uint64_t *seed)
{
    struct command command = from(bus, IMPORTER, COMMAND_RECORD_HISTORY);
    struct historic_order *order = arena_array(&bus->arena, struct historic_order, 1);
    int64_t at = T0 - 60 * MINUTE;

    *order = (struct historic_order){.order = order_id(500 + random_below(seed, 3)),
                                     .kind = "dispatch",
                                     .addressee = FIRE,
                                     .issued_at_ms = at};
    order->acknowledged_at_ms = random_below(seed, 2) == 0 ? at + 1 : 0;
    order->en_route_at_ms = random_below(seed, 2) == 0 ? at + 2 : 0;
    order->completed_at_ms = random_below(seed, 3) == 0 ? at + 3 : 0;
    command.record_history = (struct record_history){.source = "cad",
                                                     .key = "",
                                                     .incident = incident_id(500 + random_below(seed, 2)),
                                                     .facts = facts_none(),
                                                     .reported_at_ms = at,
                                                     .orders = order,
                                                     .orders_n = 1};
    return command;
}

static struct command units(struct bus *bus, uint64_t *seed)
{
    static const char *const ids[] = {"pump-1", "pump-2", "ladder-1"};
    struct command command = from(bus, STATION_3, COMMAND_STATE_UNITS);
    struct unit *unit = arena_array(&bus->arena, struct unit, 1);

    *unit = (struct unit){
        .id = one_of(seed, ids, 3), .type = "pump", .team = "", .status = UNIT_FREE + random_below(seed, 3)};
    command.state_units = (struct state_units){.units = unit, .units_n = 1};
    return command;
}

static struct command receipt(struct bus *bus, uint64_t *seed, unsigned incident)
{
    static const char *const agents[] = {STATION_3, STATION_3, STATION_4, HOSPITAL, POLICE};
    struct id order = order_id(1 + random_below(seed, RANDOM_ORDERS));

    if (random_below(seed, 6) == 0) {
        order = evacuation_id(1 + random_below(seed, RANDOM_EVACUATIONS));
        order.b[ID_BYTES - 1] = (uint8_t)(1 + random_below(seed, 3));
    }
    struct command command =
        a_receipt(bus, one_of(seed, agents, 5), incident, order, RUNG_ACKNOWLEDGED + random_below(seed, 6));
    command.give_receipt.has_head_count = random_below(seed, 2) == 0;
    command.give_receipt.present = random_below(seed, 9);
    command.give_receipt.amendment = random_below(seed, 8) == 0 ? 1 : 0;
    command.occurred_at_ms = random_below(seed, 2) == 0 ? 0 : bus->env.now_ms - random_below(seed, MINUTE);
    return command;
}

static struct command ack(struct bus *bus, uint64_t *seed)
{
    struct command command = from(bus, STATION_3, COMMAND_ACK);

    command.ack = (struct ack){.lane = random_below(seed, LANE_MAX + 1), .up_to_seq = random_below(seed, 99)};
    return command;
}

struct command random_command(struct bus *bus, uint64_t *seed)
{
    unsigned order = 1 + random_below(seed, RANDOM_ORDERS);
    /* an order belongs to one incident, mostly */
    unsigned incident =
        random_below(seed, 10) == 0 ? 1 + random_below(seed, RANDOM_INCIDENTS) : 1 + order % RANDOM_INCIDENTS;
    struct command command;

    if (random_below(seed, 3) == 0) {
        bus_after(bus, random_below(seed, MINUTE));
    }
    unsigned what = random_below(seed, 40);
    if (what < 6) {
        command = report(bus, seed, incident);
    } else if (what < 14) {
        command = an_order(bus, incident, order, addressee(seed));
    } else if (what < 26) {
        command = receipt(bus, seed, incident);
    } else if (what < 28) {
        command = a_recall(bus, incident, order);
    } else if (what < 29) {
        command = a_close(bus, incident);
    } else if (what < 31) {
        command = an_evacuation(bus, incident, 1 + random_below(seed, RANDOM_EVACUATIONS));
    } else if (what < 34) {
        command = history(bus, seed);
    } else if (what < 36) {
        command = units(bus, seed);
    } else if (what < 37) {
        command = ack(bus, seed);
    } else if (what < 38) {
        command = an_alert(bus, 1 + random_below(seed, 2), (uint8_t)(1 + random_below(seed, 20)));
    } else {
        command = deadlines(bus, incident);
    }
    if (random_below(seed, 30) == 0) {
        command.mode = MODE_EXERCISE;
    }
    return command;
}
