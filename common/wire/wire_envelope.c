/* The tables of proto/muster/v1/envelope.proto. */
#include "common/wire/wire_map.h"

#include <string.h>

#include "muster/v1/envelope.pb-c.h"

#define S struct signed_head
static const struct wire_field signed_head_fields[] = {
    NAME(S, region), SEQ(S, epoch), SEQ(S, seq), FIXED(S, hash), FIXED(S, signature),
};
static const struct wire_map signed_head_map = {WIRE_MAP(signed_head, S, signed_head_fields)};
#undef S

#define S struct hello
static const struct wire_field hello_fields[] = {
    U32(S, protocol),
    NAME(S, agent),
    BOOL(S, deliveries),
    U32(S, window),
    FLAGGED(S, seen, signed_head_map, seen.present, 0),
    NAME(S, software),
    U32(S, bundle_max),
    NAME(S, parent),
};
static const struct wire_map hello_map = {WIRE_MAP(hello, S, hello_fields)};
#undef S

static const struct wire_field submit_fields[] = {SPREAD("command", wire_map_signed, WIRE_REQUIRED)};
static const struct wire_map submit_map = {WIRE_MAP(submit, struct signed_command, submit_fields)};

#define S struct credit
static const struct wire_field credit_fields[] = {ENUM(S, lane), U32(S, add)};
static const struct wire_map credit_map = {WIRE_MAP(credit, S, credit_fields)};
#undef S

#define S struct tail
static const struct wire_field tail_fields[] = {
    ENUM(S, filter), STREAM(S, stream), SEQ(S, from_seq), BOOL(S, follow), U32(S, credit), U32(S, id),
};
static const struct wire_map tail_map = {WIRE_MAP(tail, S, tail_fields)};
#undef S

#define S struct beat
static const struct wire_field beat_fields[] = {
    FLAGGED(S, head, signed_head_map, head.present, 0),
    TIME(S, bus_ms),
};
static const struct wire_map beat_map = {WIRE_MAP(beat, S, beat_fields)};
#undef S

#define S struct bye
static const struct wire_field bye_fields[] = {REFUSAL(S, refusal), TEXT(S, reason)};
static const struct wire_map bye_map = {WIRE_MAP(bye, S, bye_fields)};
#undef S

#define S struct lane_cursor
static const struct wire_field lane_cursor_fields[] = {KEPT_LANE(S, lane), SEQ(S, acked_seq)};
static const struct wire_map lane_cursor_map = {WIRE_MAP(lane_cursor, S, lane_cursor_fields)};
#undef S

#define S struct welcome
static const struct wire_field welcome_fields[] = {
    U32(S, protocol),
    NAME(S, region),
    SEQ(S, epoch),
    SEQ(S, last_counter),
    U32(S, beat_ms),
    U32(S, frame_max),
    FLAGGED(S, head, signed_head_map, head.present, 0),
    TIME(S, bus_ms),
    {.name = "cursors",
     .type = WIRE_CURSORS,
     .member = offsetof(S, acked),
     .list_max = LANE_MAX,
     .map = &lane_cursor_map},
    U32(S, bundle_max),
};
static const struct wire_map welcome_map = {WIRE_MAP(welcome, S, welcome_fields)};
#undef S

#define S struct reply
static const struct wire_field reply_refusal_fields[] = {REFUSAL(S, refusal), TEXT(S, detail)};
static const struct wire_map reply_refusal_map = {WIRE_MAP(refusal, S, reply_refusal_fields)};
static const struct wire_field reply_fields[] = {
    SEQ(S, counter),
    ENUM(S, outcome),
    SEQ(S, seq),
    FIXED(S, hash),
    SPREAD("refusal", reply_refusal_map, 0),
    U32(S, retry_ms),
    KEPT_LANE(S, ack_lane),
};
static const struct wire_map reply_map = {WIRE_MAP(reply, S, reply_fields)};
#undef S

#define S struct deliver
static const struct wire_field deliver_fields[] = {
    KEPT_LANE(S, lane),
    SEQ(S, seq),
    SEQ(S, epoch),
    TIME(S, bus_ms),
    FIXED(S, hash),
    BLOB(S, record, FRAME_MAX),
    IDS(S, recalled, RECALLED_MAX),
};
static const struct wire_map deliver_map = {WIRE_MAP(deliver, S, deliver_fields)};
#undef S

#define S struct tail_item
static const struct wire_field tail_item_fields[] = {
    SEQ(S, seq),
    SEQ(S, epoch),
    U32(S, kind),
    U8(S, outcome),
    TIME(S, bus_ms),
    TIME(S, utc_ms),
    TIME(S, occurred_ms),
    FIXED(S, boot),
    NAME(S, author),
    SEQ(S, counter),
    FIXED(S, hash),
    FIXED(S, payload_hash),
    BLOB(S, record, FRAME_MAX),
    U32(S, id),
};
static const struct wire_map tail_item_map = {WIRE_MAP(tail_item, S, tail_item_fields)};
#undef S

#define S struct tail_end
static const struct wire_field tail_end_refusal_fields[] = {REFUSAL(S, refusal), TEXT(S, detail)};
static const struct wire_map tail_end_refusal_map = {WIRE_MAP(refusal, S, tail_end_refusal_fields)};
static const struct wire_field tail_end_fields[] = {
    SEQ(S, head_seq),
    SPREAD("refusal", tail_end_refusal_map, 0),
    U32(S, id),
};
static const struct wire_map tail_end_map = {WIRE_MAP(tail_end, S, tail_end_fields)};
#undef S

#define S struct reading
static const struct wire_field reading_fields[] = {
    S64(S, value, READING_MAX),
    S32(S, exponent, READING_EXPONENT_MAX),
    {.name = "unit_of_measure",
     .type = WIRE_TEXT,
     .member = WIRE_AT(S, unit_of_measure, const char *),
     .max = MEASURE_MAX_BYTES},
};
static const struct wire_map reading_map = {WIRE_MAP(reading, S, reading_fields)};
#undef S

#define S struct sample
static const struct wire_field sample_fields[] = {
    NAME(S, agent),
    NAME(S, unit),
    {.name = "name",
     .type = WIRE_TEXT,
     .member = WIRE_AT(S, name, const char *),
     .max = SAMPLE_NAME_MAX_BYTES},
    TIME(S, at_ms),
    ENUM(S, mode),
    FLAGGED(S, position, wire_map_position, position.present, 0),
    FLAGGED(S, reading, reading_map, reading.present, 0),
};
static const struct wire_map sample_map = {WIRE_MAP(sample, S, sample_fields)};
#undef S

#define S struct telemetry
static const struct wire_field telemetry_fields[] = {LIST(S, samples, sample_map, SAMPLES_MAX)};
static const struct wire_map telemetry_map = {WIRE_MAP(telemetry, S, telemetry_fields)};
#undef S

#define S struct subscribe
static const struct wire_field subscribe_fields[] = {
    NAME(S, source), ENUM(S, mode), BOOL(S, every_mode), U32(S, credit), BOOL(S, end),
};
static const struct wire_map subscribe_map = {WIRE_MAP(subscribe, S, subscribe_fields)};
#undef S

#define S struct telemetry_refused
static const struct wire_field telemetry_refusal_fields[] = {REFUSAL(S, refusal), TEXT(S, detail)};
static const struct wire_map telemetry_refusal_map = {WIRE_MAP(refusal, S, telemetry_refusal_fields)};
static const struct wire_field telemetry_refused_fields[] = {
    SPREAD("refusal", telemetry_refusal_map, 0),
    BOOL(S, subscription),
    U32(S, samples),
};
static const struct wire_map telemetry_refused_map = {
    WIRE_MAP(telemetry_refused, S, telemetry_refused_fields)};
#undef S

#define S struct bundle
static const struct wire_field bundle_fields[] = {BLOBS(S, envelopes, BUNDLE_MAX, FRAME_MAX)};
static const struct wire_map bundle_map = {WIRE_MAP(bundle, S, bundle_fields)};
#undef S

#define S struct envelope
static const struct wire_field envelope_fields[] = {
    BODY(S, hello, hello_map),
    BODY(S, submit, submit_map),
    BODY(S, credit, credit_map),
    BODY(S, tail, tail_map),
    BODY(S, beat, beat_map),
    BODY(S, bye, bye_map),
    BODY(S, telemetry, telemetry_map),
    BODY(S, subscribe, subscribe_map),
    BODY(S, bundle, bundle_map),
    BODY(S, welcome, welcome_map),
    BODY(S, reply, reply_map),
    BODY(S, deliver, deliver_map),
    BODY(S, tail_item, tail_item_map),
    BODY(S, tail_end, tail_end_map),
    BODY(S, telemetry_refused, telemetry_refused_map),
};
const struct wire_map wire_map_envelope = {WIRE_MAP(envelope, S, envelope_fields), .body_from = 1,
                                           .kind = offsetof(S, kind)};
#undef S

int wire_decode_envelope(struct bytes bytes, struct arena *arena, struct envelope *ret, struct err *err)
{
    struct envelope envelope;
    int rc;

    if (bytes.n > FRAME_MAX)
        return err_set(err, ERR_PROTOCOL, "envelope: longer than %d bytes", FRAME_MAX);
    memset(&envelope, 0, sizeof envelope);
    rc = wire_decode(&wire_map_envelope, "envelope", bytes, arena, &envelope, err);
    if (rc == 0)
        *ret = envelope;
    return rc;
}

void wire_encode_envelope(const struct envelope *envelope, struct buf *ret)
{
    wire_encode(&wire_map_envelope, envelope, ret);
}

int wire_decode_bundled(struct bytes bytes, struct arena *arena, struct envelope *ret, struct err *err)
{
    struct envelope envelope = {.kind = ENVELOPE_NONE};
    int rc = wire_decode_envelope(bytes, arena, &envelope, err);

    if (rc < 0)
        return rc;
    if (envelope.kind == ENVELOPE_BUNDLE)
        return err_set(err, ERR_PROTOCOL, "bundle: a bundle in a bundle");
    if (envelope.kind == ENVELOPE_HELLO || envelope.kind == ENVELOPE_WELCOME)
        return err_set(err, ERR_PROTOCOL, "bundle: Hello and Welcome stand alone");
    *ret = envelope;
    return 0;
}
