/* A command whose counter is used up and whose answer was lost is said again under a new counter. What was
 * said after it would then be overtaken: the state of a unit as it was then, an enrolment that was revoked
 * since. So what something newer has replaced is left out. */
#include <string.h>

#include "agents/lib/client_private.h"

struct superseding {
    struct command *command;
    struct unit *units; /* of a StateUnits: those that nothing newer speaks of, so far */
    size_t units_n;
    bool superseded;
    struct arena arena; /* of the newer command at hand */
};

static const char *member_of(const struct command *command)
{
    switch (command->kind) {
    case COMMAND_ENROL_AGENT:
    case COMMAND_ENROL_OPERATOR:
        return command->enrol.name;
    case COMMAND_REVOKE:
        return command->revoke.name;
    default:
        return NULL;
    }
}

static bool can_be_superseded(const struct command *command)
{
    return (command->kind == COMMAND_STATE_UNITS && command->state_units.units_n > 0) ||
           command->kind == COMMAND_SET_POLICY || member_of(command) != NULL;
}

static void leave_out_units(struct superseding *superseding, const struct state_units *newer)
{
    size_t kept = 0;

    for (size_t i = 0; i < superseding->units_n; i++) {
        bool said = false;

        for (size_t j = 0; j < newer->units_n && !said; j++) {
            said = strcmp(newer->units[j].id, superseding->units[i].id) == 0;
        }
        if (!said) {
            superseding->units[kept++] = superseding->units[i];
        }
    }
    superseding->units_n = kept;
    superseding->superseded = kept == 0;
}

static void compare(struct superseding *superseding, const struct command *newer)
{
    const struct command *command = superseding->command;
    const char *member = member_of(command), *other = member_of(newer);

    if (command->kind == COMMAND_STATE_UNITS && newer->kind == COMMAND_STATE_UNITS) {
        leave_out_units(superseding, &newer->state_units);
    } else if (command->kind == COMMAND_SET_POLICY) {
        superseding->superseded = newer->kind == COMMAND_SET_POLICY;
    } else if (member && other) {
        superseding->superseded = strcmp(member, other) == 0;
    }
}

/* What the broker refused has replaced nothing; what it has not answered yet will. */
static bool was_refused(struct bytes reply, struct arena *arena)
{
    struct envelope envelope;

    return reply.n > 0 && wire_decode_envelope(reply, arena, &envelope, NULL) == 0 &&
           envelope.kind == ENVELOPE_REPLY && envelope.reply.outcome == OUTCOME_REFUSED;
}

static bool look_at_newer(void *ctx, const struct journal_outgoing *outgoing)
{
    struct superseding *superseding = ctx;
    struct envelope envelope;
    struct command newer;

    arena_reset(&superseding->arena);
    if (!was_refused(outgoing->reply, &superseding->arena) &&
        wire_decode_envelope(outgoing->frame, &superseding->arena, &envelope, NULL) == 0 &&
        wire_decode_command(envelope.submit.payload, &superseding->arena, &newer, NULL) == 0) {
        compare(superseding, &newer);
    }
    return !superseding->superseded;
}

int client_supersede(struct client *client, uint64_t counter, struct command *command, struct arena *arena,
                     bool *ret_superseded, struct err *err)
{
    struct superseding superseding = {.command = command};
    int rc;

    *ret_superseded = false;
    if (!can_be_superseded(command)) {
        return 0;
    }
    if (command->kind == COMMAND_STATE_UNITS) {
        superseding.units_n = command->state_units.units_n;
        superseding.units = arena_array(arena, struct unit, superseding.units_n);
        if (!superseding.units) {
            return ERR_NO_MEMORY;
        }
        memcpy(superseding.units, command->state_units.units,
               superseding.units_n * sizeof *superseding.units);
    }
    arena_init(&superseding.arena, ARENA_PER_FRAME);
    rc = journal_each_newer(client->journal, counter, look_at_newer, &superseding, err);
    arena_free(&superseding.arena);
    if (rc) {
        return rc;
    }
    if (command->kind == COMMAND_STATE_UNITS) {
        command->state_units =
            (struct state_units){.units = superseding.units, .units_n = superseding.units_n};
    }
    *ret_superseded = superseding.superseded;
    return 0;
}
