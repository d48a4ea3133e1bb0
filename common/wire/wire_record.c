/* The tables of proto/muster/v1/record.proto. */
#include "common/wire/wire_map.h"

#include "common/core/decide.h"
#include "muster/v1/record.pb-c.h"

/* Up to here reading costs less than its budget, whatever the parts. */
enum { EASILY_READ_BYTES = ARENA_PER_FRAME / 32 };

#define S struct wire_signature
static const struct wire_field signature_fields[] = {
    ONLY("alg", MUSTER__V1__SIGN_ALG__SIGN_ALG_ED25519),
    NAME(S, signer),
    FIXED_AS("bytes", S, signature, WIRE_REQUIRED),
};
static const struct wire_map signature_map = {WIRE_MAP(signature, S, signature_fields)};
#undef S

#define S struct signed_command
static const struct wire_field signed_fields[] = {
    BLOB(S, payload, COMMAND_MAX),
    KEY(S, salt),
    U32(S, batch_index),
    U32(S, batch_size),
    PATH(S, path),
    ONLY("hash_alg", MUSTER__V1__HASH_ALG__HASH_ALG_BLAKE2B_256),
    INLINE(S, signatures, signature_map, SIGNATURES_MAX),
};
const struct wire_map wire_map_signed = {WIRE_MAP(signed, S, signed_fields)};
#undef S

#define S struct record
static const struct wire_field refusal_fields[] = {REFUSAL(S, refusal), TEXT(S, detail)};
static const struct wire_map refusal_map = {WIRE_MAP(refusal, S, refusal_fields)};

static const struct wire_field record_fields[] = {
    {.name = "command",
     .type = WIRE_MESSAGE,
     .flags = WIRE_REQUIRED,
     .member = offsetof(S, signed_command),
     .map = &wire_map_signed},
    LIST(S, events, wire_map_event, EVENTS_PER_COMMAND_MAX),
    SPREAD("refusal", refusal_map, 0),
};
const struct wire_map wire_map_record = {WIRE_MAP(record, S, record_fields)};

static const struct wire_field outcome_fields[] = {
    {.name = "command", .type = WIRE_PASSED, .flags = WIRE_REQUIRED},
    LIST(S, events, wire_map_event, EVENTS_PER_COMMAND_MAX),
    SPREAD("refusal", refusal_map, 0),
};
static const struct wire_map outcome_map = {WIRE_MAP(record, S, outcome_fields)};
#undef S

int wire_decode_signed(struct bytes bytes, struct arena *arena, struct signed_command *ret, struct err *err)
{
    struct signed_command signed_command = {.batch_size = 0};
    int rc = wire_decode(&wire_map_signed, "signed", bytes, arena, &signed_command, err);

    if (rc == 0)
        *ret = signed_command;
    return rc;
}

void wire_encode_signed(const struct signed_command *command, struct buf *ret)
{
    wire_encode(&wire_map_signed, command, ret);
}

int wire_decode_said_again(const struct reissue_order *reissue, struct arena *arena, struct said_again *ret,
                           struct err *err)
{
    struct said_again said = {.order = NULL};
    int rc = wire_decode_signed(reissue->said, arena, &said.signed_command, err);

    rc = rc != 0 ? rc : wire_decode_command(said.signed_command.payload, arena, &said.command, err);
    if (rc < 0)
        return rc;
    const struct issue_orders *issue = &said.command.issue_orders;
    for (size_t i = 0; said.command.kind == COMMAND_ISSUE_ORDERS && i < issue->orders_n; i++)
        if (id_equal(issue->orders[i].order, reissue->said_order))
            said.order = &issue->orders[i];
    if (said.order == NULL)
        return err_set(err, ERR_PROTOCOL, "reissue_order.said: the order is not in it");
    *ret = said;
    return 0;
}

/* Events of unknown kinds leave the list and are counted. */
static void count_unknown(struct record *record)
{
    size_t known = 0;

    for (size_t i = 0; i < record->events_n; i++)
        if (record->events[i].kind != EVENT_NONE)
            record->events[known++] = record->events[i];
    record->unknown_events = (uint32_t)(record->events_n - known);
    record->events_n = known;
}

static int decode(const struct wire_map *map, struct bytes bytes, struct arena *arena, struct record *ret,
                  struct err *err)
{
    struct record record = {.events_n = 0};
    int rc = wire_decode(map, "record", bytes, arena, &record, err);

    if (rc < 0)
        return rc;
    if (record.refusal != REFUSED_NOT && record.events_n > 0)
        return err_set(err, ERR_PROTOCOL, "record: a refusal and events");
    count_unknown(&record);
    *ret = record;
    return 0;
}

int wire_decode_record(struct bytes bytes, struct arena *arena, struct record *ret, struct err *err)
{
    return decode(&wire_map_record, bytes, arena, ret, err);
}

int wire_decode_outcome(struct bytes bytes, struct arena *arena, struct record *ret, struct err *err)
{
    return decode(&outcome_map, bytes, arena, ret, err);
}

void wire_encode_record(const struct record *record, struct buf *ret)
{
    wire_encode(&wire_map_record, record, ret);
}

/* What a command says again is read, too; that it is no order of ours costs nothing. */
static bool said_can_be_read(const struct command *command, struct arena *arena)
{
    struct said_again said;

    return command->kind != COMMAND_REISSUE_ORDER || command->reissue_order.said.n == 0 ||
           wire_decode_said_again(&command->reissue_order, arena, &said, NULL) != ERR_NO_MEMORY;
}

int wire_record_can_be_read(struct bytes bytes)
{
    struct arena arena;
    struct record record = {0};
    struct command command;

    if (bytes.n <= EASILY_READ_BYTES)
        return 0;
    if (bytes.n >= ARENA_PER_FRAME)
        return ERR_TOO_BIG;
    arena_init(&arena, ARENA_PER_FRAME - bytes.n);
    bool fine = wire_decode_record(bytes, &arena, &record, NULL) == 0 &&
                wire_decode_command(record.signed_command.payload, &arena, &command, NULL) == 0 &&
                said_can_be_read(&command, &arena) &&
                arena_array(&arena, struct event, record.events_n) != NULL;
    int rc = fine ? 0 : arena.starved ? ERR_NO_MEMORY : ERR_TOO_BIG;
    arena_free(&arena);
    return rc;
}
