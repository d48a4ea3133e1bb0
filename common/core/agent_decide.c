/* Rules of an agent's own stream: its units and its cursors. */
#include <string.h>

#include "common/core/decide_private.h"

static bool same_unit(const struct unit *a, const struct unit *b)
{
    return strcmp(a->type, b->type) == 0 && words_equal(a->abilities, b->abilities) &&
           words_equal(a->equipment, b->equipment) && a->status == b->status && a->crew == b->crew &&
           a->kind == b->kind && strcmp(a->team, b->team) == 0;
}

static bool units_are_formed(struct deciding *d, const struct state_units *command)
{
    if (command->units_n > UNITS_PER_COMMAND_MAX) {
        decide_refuse(d, REFUSED_TOO_MANY, "units: %d a command", UNITS_PER_COMMAND_MAX);
    }
    for (size_t i = 0; i < command->units_n && d->refusal == REFUSED_NOT; i++) {
        const struct unit *unit = &command->units[i];
        if (unit->id[0] == '\0' || unit->status < UNIT_FREE || unit->status > UNIT_OUT_OF_SERVICE) {
            decide_refuse(d, REFUSED_INVALID, "units[%zu]: an id and a status are needed", i);
        } else if (unit->kind == UNIT_KIND_TEAM && unit->team[0] != '\0') {
            decide_refuse(d, REFUSED_INVALID, "units[%zu]: a team is in no team", i);
        }
        for (size_t j = 0; j < i && d->refusal == REFUSED_NOT; j++) {
            if (strcmp(command->units[j].id, unit->id) == 0) {
                decide_refuse(d, REFUSED_INVALID, "units[%zu] and units[%zu] bear one id", j, i);
            }
        }
    }
    return d->refusal == REFUSED_NOT;
}

static const struct unit *said_unit(const struct state_units *command, const char *id)
{
    for (size_t i = 0; i < command->units_n; i++) {
        if (strcmp(command->units[i].id, id) == 0) {
            return &command->units[i];
        }
    }
    return NULL;
}

/* A unit that belongs to the team and goes on doing so; NULL: none. */
static const struct unit *member_left(const struct agent *agent, const struct state_units *command,
                                      const char *team)
{
    for (size_t i = 0; i < agent->units_n; i++) {
        if (strcmp(agent->units[i].team, team) == 0 && said_unit(command, agent->units[i].id) == NULL) {
            return &agent->units[i];
        }
    }
    return NULL;
}

/* As the units will be: each one's team is there, and is a team. */
static bool teams_hold(struct deciding *d, const struct agent *agent, const struct state_units *command)
{
    for (size_t i = 0; i < command->units_n; i++) {
        const struct unit *unit = &command->units[i];
        const struct unit *known = agent != NULL ? agent_unit(agent, unit->id) : NULL;
        if (unit->team[0] != '\0') {
            const struct unit *team = said_unit(command, unit->team);
            if (team == NULL && agent != NULL) {
                team = agent_unit(agent, unit->team);
            }
            if (team == NULL || team->kind != UNIT_KIND_TEAM) {
                decide_refuse(d, REFUSED_INVALID, "units[%zu]: %s is no team of this agent", i, unit->team);
                return false;
            }
        }
        if (known != NULL && known->kind == UNIT_KIND_TEAM && unit->kind != UNIT_KIND_TEAM) {
            const struct unit *member = member_left(agent, command, unit->id);
            if (member != NULL) {
                decide_refuse(d, REFUSED_INVALID, "units[%zu]: %s still belongs to this team", i, member->id);
                return false;
            }
        }
    }
    return true;
}

void decide_state_units(struct deciding *d, const struct state_units *command)
{
    const struct agent *agent = state_agent(d->state, d->command->agent);

    if (!units_are_formed(d, command) || !decide_needs_right(d, "units", NULL) ||
        !teams_hold(d, agent, command)) {
        return;
    }
    struct unit *changed = arena_array(d->arena, struct unit, command->units_n + 1);
    if (changed == NULL) {
        d->no_memory = true;
        return;
    }
    size_t n = 0, units_n = agent != NULL ? agent->units_n : 0;
    for (size_t i = 0; i < command->units_n; i++) {
        const struct unit *unit = &command->units[i];
        const struct unit *known = agent != NULL ? agent_unit(agent, unit->id) : NULL;
        units_n += known == NULL;
        if (known == NULL || !same_unit(known, unit)) {
            changed[n++] = *unit;
        }
    }
    if (units_n > UNITS_PER_AGENT_MAX) {
        decide_refuse(d, REFUSED_TOO_MANY, "units: %d an agent", UNITS_PER_AGENT_MAX);
    } else if (n > 0) {
        struct event *event = decide_emit(d, EVENT_UNITS_STATED);
        event->at_ms = decide_occurred(d, 1);
        event->units_stated =
            (struct units_stated){.agent = d->command->agent, .units = changed, .units_n = n};
    }
}

void decide_ack(struct deciding *d, const struct ack *command)
{
    const struct agent *agent = state_agent(d->state, d->command->agent);

    if (command->lane < LANE_URGENT || command->lane > LANE_MAX) {
        decide_refuse(d, REFUSED_INVALID, "ack: no such lane");
        return;
    }
    if (command->up_to_seq <= (agent != NULL ? agent->acked[command->lane] : 0)) {
        return;
    }
    decide_emit(d, EVENT_ACKNOWLEDGED)->acknowledged = (struct acknowledged){.agent = d->command->agent,
                                                                             .lane = command->lane,
                                                                             .up_to_seq = command->up_to_seq,
                                                                             .head_seq = command->head_seq};
}
