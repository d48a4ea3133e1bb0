/* What lies in a record of another region. */
#include "common/core/decide.h"
#include "common/wire/wire_map.h"

/* One record, its command and its events. Commands in it are not opened in their turn: what was heard is told
 * on as it came, so none lies within another. */
static int open_record(const struct shared_record *shared, struct arena *arena, struct told_record *ret,
                       struct command *ret_command, struct err *err)
{
    struct record record = {.events_n = 0};
    int rc = wire_decode_record(shared->record, arena, &record, err);

    if (rc == 0)
        rc = wire_decode(&wire_map_command, "shared.command", record.signed_command.payload, arena,
                         ret_command, err);
    if (rc == 0 && (ret_command->kind == COMMAND_TELL_RECORD || ret_command->kind == COMMAND_CARRY_RECORD))
        rc = err_set(err, ERR_PROTOCOL, "shared: a record that was told is told on as it came");
    if (rc < 0)
        return rc;
    ret_command->cosigner = "";
    *ret = (struct told_record){.region = shared->region,
                                .epoch = shared->epoch,
                                .seq = shared->seq,
                                .bus_ms = shared->bus_ms,
                                .command = ret_command,
                                .events = record.events,
                                .events_n = record.events_n};
    return 0;
}

int wire_open_told(struct tell_record *ret, struct arena *arena, struct err *err)
{
    struct told_record last;
    struct command *command = arena_array(arena, struct command, 1);
    int rc = command ? open_record(&ret->shared, arena, &last, command, err) : ERR_NO_MEMORY;

    if (rc < 0)
        return rc;
    const struct share_incident *share = &command->share_incident;
    size_t past_n = command->kind == COMMAND_SHARE_INCIDENT ? share->past_n : 0;
    struct told_record *told = arena_array(arena, struct told_record, past_n + 1);
    struct command *commands = arena_array(arena, struct command, past_n + 1);
    if (!told || !commands)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < past_n && rc == 0; i++) {
        commands[i] = (struct command){.cosigner = ""};
        rc = open_record(&share->past[i], arena, &told[i], &commands[i], err);
    }
    told[past_n] = last;
    ret->told = told;
    ret->told_n = past_n + 1;
    return rc;
}

int wire_open_carried(struct carry_record *ret, struct arena *arena, struct err *err)
{
    struct signed_command said;
    struct command command = {.cosigner = ""};
    int rc = wire_decode_signed(ret->told, arena, &said, err);

    if (rc == 0)
        rc = wire_decode(&wire_map_command, "told.command", said.payload, arena, &command, err);
    if (rc == 0 && command.kind != COMMAND_TELL_RECORD)
        rc = err_set(err, ERR_PROTOCOL, "told: %s is not what a region's broker tells",
                     command_kind_name(command.kind));
    if (rc == 0)
        rc = wire_open_told(&command.tell_record, arena, err);
    if (rc == 0) {
        ret->agent = command.agent;
        ret->mode = command.mode;
        ret->tell = command.tell_record;
    }
    return rc;
}
