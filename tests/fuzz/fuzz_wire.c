/* Any bytes as an envelope, a signed command, a command or a record, and what they hold inside: what is
 * taken must be said again in bytes that are taken again, and that say the same. The first byte chooses. */
#include "common/wire/wire_bundle.h"

#include <stdlib.h>
#include <string.h>

enum { RECORD_BUDGET = 64 * 1024 * 1024 };

enum what { ENVELOPE, SIGNED, COMMAND, RECORD, WHAT_N };

union plain {
    struct envelope envelope;
    struct signed_command signed_command;
    struct command command;
    struct record record;
};

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static int decode(enum what what, struct bytes bytes, struct arena *arena, union plain *ret)
{
    struct err err;

    switch (what) {
    case ENVELOPE:
        return wire_decode_envelope(bytes, arena, &ret->envelope, &err);
    case SIGNED:
        return wire_decode_signed(bytes, arena, &ret->signed_command, &err);
    case COMMAND:
        return wire_decode_command(bytes, arena, &ret->command, &err);
    default:
        return wire_decode_record(bytes, arena, &ret->record, &err);
    }
}

static void encode(enum what what, const union plain *plain, struct buf *ret)
{
    if (what == ENVELOPE)
        wire_encode_envelope(&plain->envelope, ret);
    else if (what == SIGNED)
        wire_encode_signed(&plain->signed_command, ret);
    else if (what == COMMAND)
        wire_encode_command(&plain->command, ret);
    else
        wire_encode_record(&plain->record, ret);
    if (ret->failed)
        abort();
}

static void check(enum what what, struct bytes bytes);

/* As who receives it reads it: what is taken of it can be gathered again, into the same bytes. */
static void check_bundle(const struct bundle *bundle)
{
    struct bundler bundler = {.n = 0};
    struct envelope envelope;
    struct arena arena;
    bool fine = true;

    arena_init(&arena, ARENA_PER_FRAME);
    for (size_t i = 0; i < bundle->envelopes_n && fine; i++) {
        struct bytes bytes = bundle->envelopes[i];
        arena_reset(&arena);
        fine = wire_decode_bundled(bytes, &arena, &envelope, NULL) == 0 && bundler_takes(bytes.n) &&
               bundler_has_room(&bundler, bytes.n, BUNDLE_MAX) && bundler_add(&bundler, bytes) == 0;
        if (fine)
            check(ENVELOPE, bytes);
    }
    if (fine && bundle->envelopes_n > 1) {
        arena_reset(&arena);
        if (wire_decode_envelope(bundler_frame(&bundler), &arena, &envelope, NULL) != 0 ||
            envelope.kind != ENVELOPE_BUNDLE || envelope.bundle.envelopes_n != bundle->envelopes_n)
            abort();
        for (size_t i = 0; i < bundle->envelopes_n; i++)
            if (bundle->envelopes[i].n != envelope.bundle.envelopes[i].n ||
                memcmp(bundle->envelopes[i].p, envelope.bundle.envelopes[i].p, bundle->envelopes[i].n) != 0)
                abort();
    }
    bundler_free(&bundler);
    arena_free(&arena);
}

static void check_inside(enum what what, const union plain *plain)
{
    if (what == RECORD)
        check(COMMAND, plain->record.signed_command.payload);
    else if (what == SIGNED)
        check(COMMAND, plain->signed_command.payload);
    else if (what == ENVELOPE && plain->envelope.kind == ENVELOPE_SUBMIT)
        check(COMMAND, plain->envelope.submit.payload);
    else if (what == ENVELOPE && plain->envelope.kind == ENVELOPE_BUNDLE)
        check_bundle(&plain->envelope.bundle);
    else if (what == ENVELOPE && plain->envelope.kind == ENVELOPE_DELIVER)
        check(RECORD, plain->envelope.deliver.record);
    else if (what == ENVELOPE && plain->envelope.kind == ENVELOPE_TAIL_ITEM)
        check(RECORD, plain->envelope.tail_item.record);
}

static void check(enum what what, struct bytes bytes)
{
    struct arena arena;
    struct buf first, second;
    union plain plain, again;

    arena_init(&arena, what == RECORD ? RECORD_BUDGET : ARENA_PER_FRAME);
    buf_init(&first, 0);
    buf_init(&second, 0);
    if (decode(what, bytes, &arena, &plain) == 0) {
        check_inside(what, &plain);
        encode(what, &plain, &first);
        if (decode(what, buf_bytes(&first), &arena, &again) != 0)
            abort();
        encode(what, &again, &second);
        if (first.n != second.n || (first.n > 0 && memcmp(first.p, second.p, first.n) != 0))
            abort();
    }
    buf_free(&first);
    buf_free(&second);
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    if (n > 0)
        check((enum what)(p[0] % WHAT_N), (struct bytes){p + 1, n - 1});
    return 0;
}
