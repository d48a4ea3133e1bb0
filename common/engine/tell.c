/* What one region's broker tells another: how a record becomes a command, and whose word it is. */
#include <stdio.h>
#include <string.h>

#include "common/base/mutant.h"
#include "common/core/link.h"
#include "common/engine/engine_private.h"

enum { SHARE_HEAD_MAX = 4 * 1024 /* of a part of a past that is one large record */ };

const char *tell_name(const struct engine *engine, char ret[NAME_MAX_BYTES + 1])
{
    (void)snprintf(ret, NAME_MAX_BYTES + 1, "%s/broker/link", engine->options.region);
    return ret;
}

int tell_sign(struct engine *engine, struct command *command, struct arena *arena, struct signed_command *ret)
{
    char name[NAME_MAX_BYTES + 1];
    struct buf buf;

    command->agent = tell_name(engine, name);
    command->operator= "";
    buf_init(&buf, COMMAND_MAX);
    wire_encode_command(command, &buf);
    command->agent = "";
    struct bytes bytes = buf_bytes(&buf);
    ret->payload = (struct bytes){arena_copy(arena, bytes.p, bytes.n), bytes.n};
    int result = buf.starved || ret->payload.p == NULL ? ERR_NO_MEMORY : buf.failed ? ERR_TOO_BIG : 0;
    buf_free(&buf);
    return result < 0 ? result : sign_batch(&engine->options.broker->sign, engine->rng, ret, 1);
}

/* What a record of ours is to others: what was heard goes on as it came, our own is signed. False: it
 * cannot be told. */
static bool shared_of(struct engine *engine, const struct log_record *record, struct arena *arena,
                      struct tell_record *ret, enum mode *ret_mode)
{
    struct record decoded;
    struct command command;

    if (record->redacted || wire_decode_record(record->payload, arena, &decoded, NULL) < 0 ||
        wire_decode_command(decoded.signed_command.payload, arena, &command, NULL) < 0) {
        return false;
    }
    *ret_mode = command.mode;
    const struct tell_record *heard = command_tells(&command);
    if (heard != NULL) {
        *ret = *heard;
        ret->hops += MUTANT(MUTANT_HOPS_LOST) ? 0 : 1;
        return true;
    }
    for (size_t i = decoded.events_n; i > 0; i--) {
        const struct event *event = &decoded.events[i - 1];
        if (event->kind == EVENT_SHARED || event->kind == EVENT_SHARE_BEGUN) {
            *ret = (struct tell_record){.incident = event->incident};
        }
    }
    ret->shared = (struct shared_record){.region = engine->options.region,
                                         .epoch = record->header.epoch,
                                         .seq = record->header.seq,
                                         .bus_ms = record->header.bus_ms,
                                         .record = record->payload};
    shared_sign(&engine->options.broker->sign, &ret->shared);
    return true;
}

int tell_make(struct engine *engine, const char *region, const struct log_record *record, struct arena *arena,
              struct signed_command *ret)
{
    struct command command = {.kind = COMMAND_TELL_RECORD,
                              .region = region,
                              .counter = record->header.epoch << COUNTER_SEQ_BITS | record->header.seq,
                              .issued_at_ms = record->header.bus_ms, /* said again it is the same bytes */
                              .expires_at_ms = record->header.bus_ms};

    if (!shared_of(engine, record, arena, &command.tell_record, &command.mode)) {
        return arena->starved ? ERR_NO_MEMORY : ERR_DATA; /* redacted, say */
    }
    if (command.tell_record.shared.record.n > TOLD_BYTES_MAX + SHARE_HEAD_MAX) {
        return ERR_TOO_BIG;
    }
    return tell_sign(engine, &command, arena, ret);
}

int tell_export(struct engine *engine, const char *agent, const struct log_record *record,
                struct arena *arena, struct bytes *ret)
{
    char region[REGION_CODE_MAX + 1];
    struct signed_command said = {.batch_size = 0};
    struct buf buf;

    if (!name_is_link(agent, region)) {
        return ERR_DATA;
    }
    int result = tell_make(engine, region, record, arena, &said);
    if (result < 0) {
        return result;
    }
    buf_init(&buf, RECORD_MAX);
    wire_encode_signed(&said, &buf);
    struct bytes bytes = buf_bytes(&buf);
    *ret = (struct bytes){arena_copy(arena, bytes.p, bytes.n), bytes.n};
    result = buf.starved || ret->p == NULL ? ERR_NO_MEMORY : buf.failed ? ERR_TOO_BIG : 0;
    buf_free(&buf);
    return result;
}

bool tell_carried_holds(const struct engine *engine, const struct carry_record *carried)
{
    const struct member *broker = region_member(state_region(engine->state), carried->agent);
    struct signed_command said;
    struct public_key key;
    struct arena arena;
    struct hash root;

    if (broker == NULL || broker->revoked || broker->is_operator) {
        return false;
    }
    memcpy(key.b, broker->sign_key, sizeof key.b);
    arena_init(&arena, ARENA_PER_FRAME);
    bool holds = wire_decode_signed(carried->told, &arena, &said, NULL) == 0 &&
                 signed_holds(NULL, &key, &said, &root) && tell_is_vouched(engine, &carried->tell);
    arena_free(&arena);
    return holds;
}

static bool is_signed(const struct engine *engine, const struct shared_record *shared)
{
    const struct member *broker = region_link(state_region(engine->state), shared->region);
    struct public_key key;

    if (broker == NULL) {
        return true; /* whoever told it signed that it was told so */
    }
    memcpy(key.b, broker->sign_key, sizeof key.b);
    return shared_verify(&key, shared);
}

bool tell_is_vouched(const struct engine *engine, const struct tell_record *told)
{
    const struct command *last = told->told[told->told_n - 1].command;
    bool holds = is_signed(engine, &told->shared);

    for (size_t i = 0; i + 1 < told->told_n && holds; i++) {
        holds = is_signed(engine, &last->share_incident.past[i]);
    }
    return holds;
}
