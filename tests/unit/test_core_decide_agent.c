/* Every refusal of units and Acks, in order of precedence. */
#include <string.h>

#include "tests/unit/core_fixture.h"

static struct unit *units_of(struct bus *bus, struct command *command, size_t n)
{
    struct unit *units = arena_array(&bus->arena, struct unit, n);

    assert_non_null(units);
    for (size_t i = 0; i < n; i++) {
        units[i] = (struct unit){.id = arena_printf(&bus->arena, "pump-%zu", i),
                                 .type = "pump",
                                 .equipment = words_of(bus, "scba"),
                                 .status = UNIT_FREE,
                                 .crew = 6,
                                 .team = ""};
    }
    command->state_units = (struct state_units){.units = units, .units_n = n};
    return units;
}

static struct command good_units(struct bus *bus)
{
    struct command command = from(bus, STATION_3, COMMAND_STATE_UNITS);

    (void)units_of(bus, &command, 2);
    return command;
}

static void too_many_at_once(struct bus *bus, struct command *command)
{
    (void)units_of(bus, command, UNITS_PER_COMMAND_MAX + 1);
}

static void no_unit_id(struct bus *bus, struct command *command)
{
    units_of(bus, command, 2)[1].id = "";
}

static void no_status(struct bus *bus, struct command *command)
{
    units_of(bus, command, 2)[1].status = UNIT_NONE;
}

static void one_unit_twice(struct bus *bus, struct command *command)
{
    struct unit *units = units_of(bus, command, 2);

    units[1].id = units[0].id;
}

static void team_in_a_team(struct bus *bus, struct command *command)
{
    struct unit *units = units_of(bus, command, 2);

    units[0].kind = units[1].kind = UNIT_KIND_TEAM;
    units[1].team = units[0].id;
}

static void no_such_team(struct bus *bus, struct command *command)
{
    units_of(bus, command, 2)[1].team = "team-9";
}

static void team_that_is_none(struct bus *bus, struct command *command)
{
    struct unit *units = units_of(bus, command, 2);

    units[1].team = units[0].id;
}

static void units_are_refused(void **state)
{
    static const struct fault rows[] = {
        FAULTS_OF_ALL,
        {"too many at once", REFUSED_TOO_MANY, too_many_at_once},
        {"no unit id", REFUSED_INVALID, no_unit_id},
        {"no status", REFUSED_INVALID, no_status},
        {"one unit twice", REFUSED_INVALID, one_unit_twice},
        {"a team in a team", REFUSED_INVALID, team_in_a_team},
        {"without the right", REFUSED_RIGHT, spoil_right},
        {"no such team", REFUSED_INVALID, no_such_team},
        {"a team that is none", REFUSED_INVALID, team_that_is_none},
    };

    (void)state;
    check_refusals(good_units, rows, sizeof rows / sizeof rows[0]);
}

static void units_are_told_when_they_change(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command command = good_units(&bus);
    bus_do(&bus, command);
    assert_int_equal(bus_do(&bus, command), 0);
    struct unit *units = units_of(&bus, &command, 3);
    units[1].status = UNIT_ASSIGNED;
    bus_do(&bus, command);
    assert_int_equal(bus.decision.events[0].units_stated.units_n, 2);
    const struct agent *agent = state_agent(bus.state, STATION_3);
    assert_int_equal(agent->units_n, 3);
    assert_int_equal(agent_unit(agent, "pump-1")->status, UNIT_ASSIGNED);
    assert_null(agent_unit(agent, "pump-9"));
    bus_close(&bus);
}

/* A team may come with its members or before them, and stays one while it has any. */
static void teams_have_members(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command command = from(&bus, STATION_3, COMMAND_STATE_UNITS);
    struct unit *units = units_of(&bus, &command, 3);
    units[0].team = "pump-2"; /* named before it is stated */
    units[2].kind = UNIT_KIND_TEAM;
    units[2].equipment = (struct words){0};
    assert_int_equal(bus_do(&bus, command), 1);
    assert_int_equal(bus_do(&bus, command), 0);

    const struct agent *agent = state_agent(bus.state, STATION_3);
    const struct unit *team = agent_unit(agent, "pump-2");
    assert_int_equal(team->kind, UNIT_KIND_TEAM);
    assert_string_equal(agent_unit(agent, "pump-0")->team, "pump-2");
    assert_true(agent_unit_brings(agent, team, "scba")); /* its member's */
    assert_false(agent_unit_brings(agent, team, "hose"));

    struct unit one = *agent_unit(agent, "pump-1");
    one.team = "pump-2"; /* known, not in this command */
    command.state_units = (struct state_units){&one, 1};
    assert_int_equal(bus_do(&bus, command), 1);

    struct unit no_team = *agent_unit(state_agent(bus.state, STATION_3), "pump-2");
    no_team.kind = UNIT_KIND_UNIT;
    command.state_units = (struct state_units){&no_team, 1};
    assert_int_equal(bus_say(&bus, &command), REFUSED_INVALID);
    assert_non_null(strstr(bus.decision.detail, "units[0]: pump-0 still belongs to this team"));
    (void)units_of(&bus, &command, 3); /* all at once: nobody is left behind */
    assert_int_equal(bus_do(&bus, command), 1);
    assert_string_equal(agent_unit(state_agent(bus.state, STATION_3), "pump-0")->team, "");
    bus_close(&bus);
}

static void known_units_do_not_count_twice(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command command = from(&bus, STATION_3, COMMAND_STATE_UNITS);
    for (size_t i = 0; i < UNITS_PER_AGENT_MAX / UNITS_PER_COMMAND_MAX; i++) {
        struct unit *units = units_of(&bus, &command, UNITS_PER_COMMAND_MAX);
        for (size_t j = 0; j < UNITS_PER_COMMAND_MAX; j++) {
            units[j].id = arena_printf(&bus.arena, "u-%zu-%zu", i, j);
        }
        assert_int_equal(bus_do(&bus, command), 1);
    }
    struct unit *units = units_of(&bus, &command, 1);
    units[0].id = "u-0-0";
    units[0].crew = 4;
    assert_int_equal(bus_do(&bus, command), 1); /* full, but this one is known */
    (void)units_of(&bus, &command, 1);          /* an unknown one */
    assert_int_equal(bus_say(&bus, &command), REFUSED_TOO_MANY);
    bus_close(&bus);
}

/* --- Ack --------------------------------------------------------------------------------------------- */

static struct command good_ack(struct bus *bus)
{
    struct command command = from(bus, STATION_3, COMMAND_ACK);

    command.ack = (struct ack){.lane = LANE_ORDERS, .up_to_seq = 5, .head_seq = 9};
    return command;
}

static void no_lane(struct bus *bus, struct command *command)
{
    (void)bus;
    command->ack.lane = LANE_NONE;
}

static void acks_are_refused(void **state)
{
    static const struct fault rows[] = {
        {"agent not enrolled", REFUSED_IDENTITY, spoil_identity},
        {"agent revoked", REFUSED_IDENTITY, spoil_revoked},
        {"other region", REFUSED_REGION, spoil_region},
        {"other epoch", REFUSED_EPOCH, spoil_epoch},
        {"nobody signed", REFUSED_SIGNATURE, spoil_signature},
        {"no mode", REFUSED_MODE, spoil_mode},
        {"no such lane", REFUSED_INVALID, no_lane},
    };

    (void)state;
    check_refusals(good_ack, rows, sizeof rows / sizeof rows[0]);
}

static void acks_only_rise(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command command = good_ack(&bus);
    command.ack.up_to_seq = 0;
    assert_int_equal(bus_do(&bus, command), 0); /* nothing is acknowledged */
    command.ack.up_to_seq = 5;
    assert_int_equal(bus_do(&bus, command), 1);
    assert_int_equal(bus_do(&bus, command), 0);
    command.ack.up_to_seq = 4;
    assert_int_equal(bus_do(&bus, command), 0);
    command.ack.lane = LANE_URGENT;
    assert_int_equal(bus_do(&bus, command), 1);
    assert_int_equal(state_agent(bus.state, STATION_3)->acked[LANE_ORDERS], 5);
    assert_int_equal(state_agent(bus.state, STATION_3)->acked[LANE_URGENT], 4);
    bus_close(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_are_refused),  cmocka_unit_test(units_are_told_when_they_change),
        cmocka_unit_test(teams_have_members), cmocka_unit_test(known_units_do_not_count_twice),
        cmocka_unit_test(acks_are_refused),   cmocka_unit_test(acks_only_rise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
