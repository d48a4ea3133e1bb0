#include "tests/unit/client_fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int64_t boot_ms(void *ctx)
{
    return ((struct fake *)ctx)->now_ms;
}

static int64_t utc_ms(void *ctx)
{
    const struct fake *fake = ctx;

    return fake->utc_ms != 0 ? fake->utc_ms : fake->now_ms + 1000000;
}

static void fill(void *ctx, void *p, size_t n)
{
    struct fake *fake = ctx;

    for (size_t i = 0; i < n; i++) {
        fake->random = fake->random * 6364136223846793005u + 1442695040888963407u;
        ((uint8_t *)p)[i] = (uint8_t)(fake->random >> 56);
    }
}

/* ---- what the client does ---- */

static void on_send(void *ctx, struct bytes frame)
{
    struct fake *fake = ctx;
    struct envelope envelope;
    const struct bytes *envelopes = &frame;
    size_t n = 1;

    assert_int_equal(wire_decode_envelope(frame, &fake->arena, &envelope, NULL), 0);
    if (envelope.kind == ENVELOPE_BUNDLE) {
        envelopes = envelope.bundle.envelopes;
        n = envelope.bundle.envelopes_n;
        assert_true(n > 1 && n <= fake->bundle_max);
    }
    fake->frames_n++;
    for (size_t i = 0; i < n; i++) {
        assert_true(fake->sent_n < FAKE_SENT_MAX);
        buf_append(&fake->sent[fake->sent_n++], envelopes[i].p, envelopes[i].n);
    }
}

static void on_reconnect(void *ctx, const char *why)
{
    assert_non_null(why);
    ((struct fake *)ctx)->reconnects++;
}

static void on_ready(void *ctx, const struct welcome *welcome)
{
    assert_string_equal(welcome->region, FAKE_REGION);
    ((struct fake *)ctx)->ready++;
}

static void on_refused(void *ctx, enum refusal refusal, const char *reason)
{
    struct fake *fake = ctx;

    assert_non_null(reason);
    fake->refused++;
    fake->refusal = refusal;
}

static void on_reply(void *ctx, uint64_t tag, const struct reply *reply)
{
    struct fake *fake = ctx;

    fake->replies++;
    fake->reply_tag = tag;
    fake->reply = *reply;
}

static void on_delivery(void *ctx, const struct delivery *delivery)
{
    struct fake *fake = ctx;
    struct fake_given *given = &fake->given[fake->given_n++];

    if (fake->on_delivery) {
        fake->on_delivery(delivery);
    }
    assert_true(fake->given_n < FAKE_GIVEN_MAX);
    *given = (struct fake_given){.kind = delivery->kind,
                                 .resumed = delivery->resumed,
                                 .order = delivery->order,
                                 .seq = delivery->seq,
                                 .rung_said = delivery->rung_said};
    if (delivery->order_said) {
        snprintf(given->text, sizeof given->text, "%s", delivery->order_said->text);
    }
    memcpy(given->note, delivery->note.p ? (const void *)delivery->note.p : "", delivery->note.n);
}

static void on_tail(void *ctx, const struct tail_item *item)
{
    struct fake *fake = ctx;

    fake->tailed++;
    if (fake->on_tail) {
        fake->on_tail(item);
    }
}

static void on_head(void *ctx, const struct signed_head *head)
{
    ((struct fake *)ctx)->head_seq = head->seq;
}

static void on_tail_end(void *ctx, const struct tail_end *end)
{
    (void)end;
    ((struct fake *)ctx)->tail_ends++;
}

static void on_telemetry(void *ctx, const struct telemetry *telemetry)
{
    ((struct fake *)ctx)->samples += telemetry->samples_n;
}

static void on_telemetry_refused(void *ctx, const struct telemetry_refused *refused)
{
    (void)refused;
    ((struct fake *)ctx)->telemetry_refused++;
}

static void on_bad(void *ctx, uint64_t seq, const char *why)
{
    assert_true(seq > 0);
    assert_non_null(why);
    ((struct fake *)ctx)->bad++;
}

static void on_trouble(void *ctx, const struct err *err)
{
    struct fake *fake = ctx;

    if (!fake->vfs) {
        fail_msg("the journal failed: %s", err->text);
    }
    fake->troubles++;
}

static void on_failed(void *ctx, const struct err *err)
{
    struct fake *fake = ctx;

    assert_int_equal(err->code, ERR_IO);
    assert_non_null(fake->vfs);
    fake->failed++;
}

/* ---- records ---- */

void fake_record(struct fake *fake, const struct secret_keys *keys, const struct command *command,
                 const struct event *events, size_t events_n, struct buf *ret)
{
    struct record record = {.events_n = events_n, .detail = ""};
    struct event *copies = calloc(events_n ? events_n : 1, sizeof *copies);
    struct buf payload;

    buf_init(&payload, 0);
    wire_encode_command(command, &payload);
    assert_false(payload.failed);
    record.signed_command.payload = buf_bytes(&payload);
    assert_int_equal(sign_batch(&keys->sign, &fake->rng, &record.signed_command, 1), 0);
    memcpy(copies, events, events_n * sizeof *copies);
    record.events = copies;
    buf_init(ret, 0);
    wire_encode_record(&record, ret);
    assert_false(ret->failed);
    buf_free(&payload);
    free(copies);
}

struct command fake_command_of(struct fake *fake, enum command_kind kind, const char *author)
{
    return (struct command){.region = FAKE_REGION,
                            .epoch = fake->epoch,
                            .mode = MODE_ACTUAL,
                            .agent = author,
                            .counter = author[0] ? 1 : 0,
                            .operator= "",
                            .kind = kind,
                            .issued_at_ms = 1,
                            .expires_at_ms = author[0] ? INT64_C(4000000000000) : 0};
}

static void enrol(struct fake *fake, const struct secret_keys *keys, const char *const *rights,
                  size_t rights_n)
{
    struct command command = fake_command_of(fake, COMMAND_ENROL_AGENT, "");
    struct event event = {.kind = EVENT_AGENT_ENROLLED};

    command.enrol.name = keys->name;
    command.enrol.rights = (struct words){rights, rights_n};
    memcpy(command.enrol.sign_key, keys->sign.public.b, KEY_BYTES);
    memcpy(command.enrol.curve_key, keys->curve_public, KEY_BYTES);
    event.enrolled = command.enrol;
    fake_record(fake, &fake->root, &command, &event, 1, &fake->region[fake->region_n++]);
    fake->seq++;
}

static void found(struct fake *fake)
{
    struct command command = fake_command_of(fake, COMMAND_FOUND_REGION, "");
    struct event event = {.kind = EVENT_REGION_FOUNDED};

    command.found_region = (struct found_region){.region = FAKE_REGION, .name = "Lixia", .parent = "370100"};
    memcpy(command.found_region.root_key, fake->root.sign.public.b, KEY_BYTES);
    memcpy(command.found_region.broker_sign_key, fake->broker.sign.public.b, KEY_BYTES);
    memcpy(command.found_region.broker_curve_key, fake->broker.curve_public, KEY_BYTES);
    event.region_founded = command.found_region;
    fake_record(fake, &fake->root, &command, &event, 1, &fake->region[fake->region_n++]);
    fake->seq++;
}

void fake_enrol_stranger(struct fake *fake)
{
    static const char *const RIGHTS[] = {"order"};

    fake->seq = fake->region_n; /* the test's records stand after it */
    enrol(fake, &fake->stranger, RIGHTS, 1);
    fake->seq = 200;
}

/* ---- the conversation ---- */

void fake_run(struct fake *fake)
{
    for (int i = 0; i < 100 && client_due_ms(fake->client) <= fake->now_ms; i++) {
        client_tick(fake->client);
    }
}

void fake_later(struct fake *fake, int64_t ms)
{
    fake->now_ms += ms;
    fake_run(fake);
}

const struct envelope *fake_next(struct fake *fake, enum envelope_kind kind)
{
    while (fake->read_n < fake->sent_n) {
        struct envelope *envelope = arena_alloc(&fake->arena, sizeof *envelope);
        struct err err = {0};
        int rc = wire_decode_envelope(buf_bytes(&fake->sent[fake->read_n++]), &fake->arena, envelope, &err);

        if (rc) {
            fail_msg("the client sent what cannot be decoded: %s", err.text);
        }
        if (envelope->kind == ENVELOPE_TAIL) {
            fake->tail_id = envelope->tail.id;
            fake->tail_from = envelope->tail.from_seq;
        }
        if (envelope->kind == kind) {
            return envelope;
        }
    }
    return NULL;
}

void fake_skip(struct fake *fake)
{
    fake->read_n = fake->sent_n;
}

void fake_say(struct fake *fake, const struct envelope *envelope)
{
    struct buf frame;

    buf_init(&frame, 0);
    wire_encode_envelope(envelope, &frame);
    assert_false(frame.failed);
    if (fake->gathered) {
        assert_int_equal(bundler_add(fake->gathered, buf_bytes(&frame)), 0);
    } else {
        client_frame(fake->client, buf_bytes(&frame));
    }
    buf_free(&frame);
}

void fake_say_region(struct fake *fake)
{
    for (size_t i = (size_t)fake->tail_from; i < fake->region_n; i++) {
        struct tail_item item = {.seq = i + 1,
                                 .epoch = fake->epoch,
                                 .kind = COMMAND_ENROL_AGENT,
                                 .author = "",
                                 .outcome = 0,
                                 .record = buf_bytes(&fake->region[i]),
                                 .id = fake->tail_id};

        fake_say(fake, &(struct envelope){.kind = ENVELOPE_TAIL_ITEM, .tail_item = item});
    }
    fake_say(fake,
             &(struct envelope){.kind = ENVELOPE_TAIL_END,
                                .tail_end = {.head_seq = fake->seq, .detail = "", .id = fake->tail_id}});
}

void fake_greet(struct fake *fake)
{
    const struct envelope *hello = fake_next(fake, ENVELOPE_HELLO);
    const struct envelope *tail;
    struct welcome welcome = {.protocol = PROTOCOL_VERSION,
                              .region = FAKE_REGION,
                              .epoch = fake->epoch,
                              .last_counter = fake->last_counter,
                              .beat_ms = 5000,
                              .frame_max = FRAME_MAX,
                              .bus_ms = fake->now_ms + 5000,
                              .bundle_max = fake->bundle_max};

    assert_non_null(hello);
    assert_int_equal(hello->hello.bundle_max, fake->takes ? fake->takes : BUNDLE_MAX);
    assert_string_equal(hello->hello.agent, FAKE_AGENT);
    memcpy(welcome.acked, fake->acked, sizeof welcome.acked);
    welcome.head =
        (struct signed_head){.present = true, .region = FAKE_REGION, .epoch = fake->epoch, .seq = fake->seq};
    signed_head_sign(&fake->broker.sign, &welcome.head);
    fake_say(fake, &(struct envelope){.kind = ENVELOPE_WELCOME, .welcome = welcome});
    tail = fake_next(fake, ENVELOPE_TAIL);
    assert_non_null(tail);
    assert_string_equal(tail->tail.stream, "region/" FAKE_REGION);
    fake_say_region(fake);
    fake_run(fake);
}

void fake_session(struct fake *fake)
{
    client_connected(fake->client);
    fake_greet(fake);
}

void fake_reply(struct fake *fake, uint64_t counter, enum outcome outcome, enum refusal refusal)
{
    struct reply reply = {.counter = counter,
                          .outcome = outcome,
                          .refusal = refusal,
                          .detail = "",
                          .seq = outcome == OUTCOME_DONE ? ++fake->seq : 0,
                          .retry_ms = refusal == REFUSED_BUSY ? 100 : 0};

    fake_say(fake, &(struct envelope){.kind = ENVELOPE_REPLY, .reply = reply});
    fake_run(fake);
}

void fake_answer_acks(struct fake *fake)
{
    const struct envelope *submit;

    while ((submit = fake_next(fake, ENVELOPE_SUBMIT)) != NULL) {
        struct command command = fake_command(fake, submit);

        if (command.kind == COMMAND_ACK) {
            struct reply reply = {.outcome = OUTCOME_DONE, .ack_lane = command.ack.lane, .detail = ""};

            fake->acked[command.ack.lane] = command.ack.up_to_seq;
            assert_true(command.ack.head_seq >= command.ack.up_to_seq);
            fake_say(fake, &(struct envelope){.kind = ENVELOPE_REPLY, .reply = reply});
            fake_run(fake);
        }
    }
}

void fake_deliver(struct fake *fake, enum lane lane, uint64_t seq, const struct buf *record)
{
    struct deliver deliver = {
        .lane = lane, .seq = seq, .epoch = fake->epoch, .bus_ms = fake->now_ms, .record = buf_bytes(record)};

    fake_say(fake, &(struct envelope){.kind = ENVELOPE_DELIVER, .deliver = deliver});
}

void fake_tombstone(struct fake *fake, enum lane lane, uint64_t seq, struct id order)
{
    struct deliver deliver = {.lane = lane,
                              .seq = seq,
                              .epoch = fake->epoch,
                              .bus_ms = fake->now_ms,
                              .recalled = &order,
                              .recalled_n = 1};

    fake_say(fake, &(struct envelope){.kind = ENVELOPE_DELIVER, .deliver = deliver});
}

struct command fake_command(struct fake *fake, const struct envelope *submit)
{
    struct command command;
    struct err err = {0};

    if (wire_decode_command(submit->submit.payload, &fake->arena, &command, &err)) {
        fail_msg("a command cannot be decoded: %s", err.text);
    }
    return command;
}

/* ---- life ---- */

static void open_client(struct fake *fake)
{
    struct journal_options journal = {
        .path = fake->path, .agent = FAKE_AGENT, .region = FAKE_REGION, .vfs = fake->vfs};
    struct client_options options = {.region = FAKE_REGION,
                                     .agent = &fake->agent,
                                     .region_keys = &fake->region_keys,
                                     .deliveries = true,
                                     .bundle_max = fake->takes,
                                     .window = fake->window,
                                     .software = "test",
                                     .mode = MODE_ACTUAL};
    struct client_io io = {.ctx = fake,
                           .send = on_send,
                           .reconnect = on_reconnect,
                           .on_ready = on_ready,
                           .on_refused = on_refused,
                           .on_reply = on_reply,
                           .on_delivery = on_delivery,
                           .on_tail = on_tail,
                           .on_tail_end = on_tail_end,
                           .on_head = on_head,
                           .on_telemetry = on_telemetry,
                           .on_telemetry_refused = on_telemetry_refused,
                           .on_recovered = fake->on_recovered,
                           .on_bad = on_bad,
                           .on_trouble = on_trouble,
                           .on_failed = on_failed};
    struct err err = {0};

    if (journal_open(&journal, &fake->journal, &err) ||
        client_new(&options, fake->journal, &io, &fake->clock, &fake->rng, &fake->client, &err)) {
        fail_msg("%s", err.text);
    }
}

static void close_client(struct fake *fake)
{
    client_free(fake->client);
    journal_close(fake->journal);
}

void fake_restart(struct fake *fake)
{
    close_client(fake);
    open_client(fake);
    fake_skip(fake);
}

void fake_start(struct fake *fake)
{
    fake_start_on(fake, NULL);
}

void fake_start_on(struct fake *fake, const char *vfs)
{
    static const char *const RIGHTS[] = {"order", "recall"};

    memset(fake, 0, sizeof *fake);
    fake->vfs = vfs;
    assert_int_equal(crypto_init(), 0);
    fake->now_ms = 100000;
    fake->epoch = 1;
    fake->clock = (struct clock){.ctx = fake, .boot_ms = boot_ms, .utc_ms = utc_ms};
    fake->rng = (struct rng){.ctx = fake, .fill = fill};
    arena_init(&fake->arena, (size_t)64 * 1024 * 1024);
    for (size_t i = 0; i < FAKE_SENT_MAX; i++) {
        buf_init(&fake->sent[i], 0);
    }
    keys_generate("root", &fake->rng, &fake->root);
    keys_generate("broker", &fake->rng, &fake->broker);
    keys_generate(FAKE_AGENT, &fake->rng, &fake->agent);
    keys_generate(FAKE_CENTRE, &fake->rng, &fake->centre);
    keys_generate("370102/health/stranger", &fake->rng, &fake->stranger);
    fake->region_keys.sign = fake->root.sign.public;
    memcpy(fake->region_keys.curve, fake->broker.curve_public, CURVE_BYTES);
    found(fake);
    enrol(fake, &fake->agent, NULL, 0);
    enrol(fake, &fake->centre, RIGHTS, 2);
    fake->seq = 100; /* the rest of the log is other agents' */
    snprintf(fake->folder, sizeof fake->folder, "/tmp/muster-client-XXXXXX");
    assert_non_null(mkdtemp(fake->folder));
    snprintf(fake->path, sizeof fake->path, "%s/j.db", fake->folder);
    open_client(fake);
}

void fake_stop(struct fake *fake)
{
    char journal[128];

    close_client(fake);
    for (size_t i = 0; i < fake->region_n; i++) {
        buf_free(&fake->region[i]);
    }
    fake->region_n = 0;
    for (size_t i = 0; i < FAKE_SENT_MAX; i++) {
        buf_free(&fake->sent[i]);
    }
    arena_free(&fake->arena);
    snprintf(journal, sizeof journal, "%s-journal", fake->path);
    unlink(journal);
    unlink(fake->path);
    rmdir(fake->folder);
}
