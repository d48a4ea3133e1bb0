/* Rules of an agent's own stream: its units and its cursors. */
#include <string.h>

#include "common/core/decide_private.h"

static bool same_unit(const struct unit *a, const struct unit *b)
{
    return strcmp(a->type, b->type) == 0 && words_equal(a->abilities, b->abilities) &&
           words_equal(a->equipment, b->equipment) && a->status == b->status && a->crew == b->crew;
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
        }
        for (size_t j = 0; j < i && d->refusal == REFUSED_NOT; j++) {
            if (strcmp(command->units[j].id, unit->id) == 0) {
                decide_refuse(d, REFUSED_INVALID, "units[%zu] and units[%zu] bear one id", j, i);
            }
        }
    }
    return d->refusal == REFUSED_NOT;
}

void decide_state_units(struct deciding *d, const struct state_units *command)
{
    const struct agent *agent = state_agent(d->state, d->command->agent);

    if (!units_are_formed(d, command) || !decide_needs_right(d, "units", NULL)) {
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
