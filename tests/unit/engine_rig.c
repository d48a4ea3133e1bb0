#include "tests/unit/engine_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/state.h"
#include "common/log/log_memory.h"

static const char *const NAMES[RIG_AGENTS] = {
    [CENTRE] = "emergency-management/centre", [STATION] = "fire-rescue/station-1",
    [SECOND] = "fire-rescue/station-2",       [POLICE] = "public-security/desk",
    [STRANGER] = "health/stranger",
};

/* --- the world ------------------------------------------------------------------------------------ */

static int64_t boot_ms(void *ctx)
{
    return ((struct rig *)ctx)->boot_ms;
}

static int64_t utc_ms(void *ctx)
{
    return ((struct rig *)ctx)->utc_ms;
}

static void fill(void *ctx, void *p, size_t n)
{
    struct rig *rig = ctx;

    for (size_t i = 0; i < n; i++) {
        rig->random = rig->random * 6364136223846793005u + 1442695040888963407u;
        ((uint8_t *)p)[i] = (uint8_t)(rig->random >> 56);
    }
}

static int on_send(void *ctx, struct peer peer, struct bytes frame)
{
    struct rig *rig = ctx;

    assert_true(rig->frames_n < RIG_FRAMES_MAX);
    if (peer.bytes[0] == rig->full_peer) {
        return ERR_TEMPORARY;
    }
    if (peer.bytes[0] == rig->gone_peer) {
        return ERR_NOT_FOUND;
    }
    struct rig_frame *kept = &rig->frames[rig->frames_n++];
    bool in_engine = rig->in_engine;
    rig->in_engine = false;
    kept->peer = peer.bytes[0];
    buf_append(&kept->bytes, frame.p, frame.n);
    rig->in_engine = in_engine;
    return 0;
}

static void on_submit(void *ctx, struct log_request *request)
{
    struct rig *rig = ctx;

    request->next = NULL;
    *rig->queue_end = request;
    rig->queue_end = &request->next;
}

static void on_service(void *ctx)
{
    struct rig *rig = ctx;

    assert_false(rig->in_service);
    rig->in_service = true;
}

static void on_note(void *ctx, enum log_level level, const char *text)
{
    struct rig *rig = ctx;

    (void)level;
    rig->notes++;
    (void)snprintf(rig->note, sizeof rig->note, "%s", text);
}

static void on_fatal(void *ctx, const struct err *err)
{
    struct rig *rig = ctx;

    assert_false(rig->fatal);
    rig->fatal = true;
    rig->fatal_err = *err;
}

/* --- the founding --------------------------------------------------------------------------------- */

static void add_founding(struct rig *rig, struct command command)
{
    struct signed_command signed_command = {.payload = {NULL, 0}};
    struct buf payload, bytes;

    command.region = rig->region;
    command.epoch = 1;
    command.mode = MODE_ACTUAL;
    command.agent = "";
    command.operator= "";
    command.issued_at_ms = rig->utc_ms;
    buf_init(&payload, 0);
    buf_init(&bytes, 0);
    wire_encode_command(&command, &payload);
    signed_command.payload = buf_bytes(&payload);
    assert_int_equal(sign_batch(&rig->root.sign, &rig->rng, &signed_command, 1), 0);
    wire_encode_signed(&signed_command, &bytes);
    assert_false(payload.failed || bytes.failed);
    buf_u32(&rig->genesis, (uint32_t)bytes.n);
    buf_append(&rig->genesis, bytes.p, bytes.n);
    buf_free(&payload);
    buf_free(&bytes);
}

static void add_agent(struct rig *rig, enum rig_agent agent)
{
    static const char *const CENTRES[] = {"report", "order", "recall", "evacuate", "close",
                                          "centre", "watch", "admin",  "receipt",  "alert"};
    static const char *const FIELD[] = {"report", "receipt", "units"};
    struct command command = {.kind = COMMAND_ENROL_AGENT};
    const struct secret_keys *keys = &rig->agents[agent];

    command.enrol.name = keys->name;
    command.enrol.rights = agent == CENTRE ? (struct words){CENTRES, sizeof CENTRES / sizeof CENTRES[0]}
                                           : (struct words){FIELD, sizeof FIELD / sizeof FIELD[0]};
    memcpy(command.enrol.sign_key, keys->sign.public.b, KEY_BYTES);
    memcpy(command.enrol.curve_key, keys->curve_public, KEY_BYTES);
    add_founding(rig, command);
}

void rig_enrol_more(struct rig *rig, unsigned n)
{
    static const char *const RIGHTS[] = {"receipt"};

    for (unsigned i = 0; i < n; i++) {
        struct command command = {.kind = COMMAND_ENROL_AGENT};
        struct secret_keys keys;
        char name[64];
        (void)snprintf(name, sizeof name, "%s/health/ward-%u", rig->region, i);
        keys_generate(name, &rig->rng, &keys);
        command.enrol.name = name;
        command.enrol.rights = (struct words){RIGHTS, 1};
        memcpy(command.enrol.sign_key, keys.sign.public.b, KEY_BYTES);
        memcpy(command.enrol.curve_key, keys.curve_public, KEY_BYTES);
        add_founding(rig, command);
        keys_wipe(&keys);
    }
}

void rig_enrol_link(struct rig *rig, const struct rig *other)
{
    static const char *const RIGHTS[] = {"link"};
    struct command command = {.kind = COMMAND_ENROL_AGENT};
    char name[64];

    (void)snprintf(name, sizeof name, "%s/broker/link", other->region);
    command.enrol.name = name;
    command.enrol.rights = (struct words){RIGHTS, 1};
    memcpy(command.enrol.sign_key, other->broker.sign.public.b, KEY_BYTES);
    memcpy(command.enrol.curve_key, other->broker.curve_public, KEY_BYTES);
    add_founding(rig, command);
}

void rig_make_region(struct rig *rig, const char *region, const char *parent, uint64_t random)
{
    struct command command = {.kind = COMMAND_FOUND_REGION};

    *rig =
        (struct rig){.region = region, .boot_ms = 5000, .utc_ms = INT64_C(1795000000000), .random = random};
    assert_int_equal(crypto_init(), 0);
    rig->clock = (struct clock){rig, boot_ms, utc_ms};
    rig->rng = (struct rng){rig, fill};
    rig->queue_end = &rig->queue;
    memset(rig->boot, 1, sizeof rig->boot);
    arena_init(&rig->arena, ARENA_PER_FRAME);
    keys_generate("root", &rig->rng, &rig->root);
    keys_generate("broker", &rig->rng, &rig->broker);
    for (int i = 0; i < RIG_AGENTS; i++) {
        (void)snprintf(rig->names[i], sizeof rig->names[i], "%s/%s", region, NAMES[i]);
        keys_generate(rig->names[i], &rig->rng, &rig->agents[i]);
    }
    rig->region_keys.sign = rig->root.sign.public;
    command.found_region = (struct found_region){.region = region, .name = "Lixia", .parent = parent};
    memcpy(command.found_region.root_key, rig->root.sign.public.b, KEY_BYTES);
    memcpy(command.found_region.broker_sign_key, rig->broker.sign.public.b, KEY_BYTES);
    memcpy(command.found_region.broker_curve_key, rig->broker.curve_public, KEY_BYTES);
    buf_init(&rig->genesis, 0);
    add_founding(rig, command);
    for (int i = 0; i < STRANGER; i++) {
        add_agent(rig, (enum rig_agent)i);
    }
    rig->store = log_memory_new();
    assert_non_null(rig->store);
}

void rig_make(struct rig *rig)
{
    rig_make_region(rig, RIG_REGION, "370100", 7);
}

/* --- life ----------------------------------------------------------------------------------------- */

static void engine_make(struct rig *rig)
{
    uint64_t epoch = log_get_head(rig->store).epoch;
    struct engine_options options = {.region = rig->region,
                                     .epoch = epoch > 0 ? epoch : 1,
                                     .broker = &rig->broker,
                                     .region_keys = &rig->region_keys,
                                     .genesis = buf_bytes(&rig->genesis),
                                     .head = log_get_head(rig->store),
                                     .beat_ms = RIG_BEAT_MS,
                                     .idle_streams_max = rig->idle_streams_max,
                                     .open_orders_max = rig->open_orders_max,
                                     .canary_ms = rig->canary_ms,
                                     .recover = rig->recover,
                                     .tail_given_up = rig->tail_given_up};
    struct engine_io io = {.ctx = rig,
                           .send = on_send,
                           .log = {rig, on_submit},
                           .on_service = on_service,
                           .on_note = on_note,
                           .on_fatal = on_fatal};

    memcpy(options.boot, rig->boot, sizeof options.boot);
    rig->in_service = false;
    rig->fatal = false;
    assert_int_equal(engine_new(&options, &io, &rig->clock, &rig->rng, &rig->engine, NULL), 0);
    engine_start(rig->engine);
}

static struct log_request *take_request(struct rig *rig)
{
    struct log_request *request = rig->queue;

    rig->queue = request->next;
    if (rig->queue == NULL) {
        rig->queue_end = &rig->queue;
    }
    return request;
}

static void engine_end(struct rig *rig)
{
    if (rig->engine == NULL) {
        return;
    }
    while (rig->queue != NULL) {
        struct log_request *request = take_request(rig);
        rig->fatal = false;
        request->result = err_set(&request->err, ERR_IO, "the process ended");
        engine_log_done(rig->engine, request);
    }
    engine_free(rig->engine);
    rig->engine = NULL;
}

void rig_restart_only(struct rig *rig)
{
    engine_end(rig);
    engine_make(rig);
}

void rig_restart(struct rig *rig)
{
    rig_restart_only(rig);
    rig_run(rig);
    assert_true(rig->in_service);
}

void rig_start(struct rig *rig)
{
    rig_make(rig);
    engine_make(rig);
    rig_run(rig);
    assert_false(rig->fatal);
    assert_true(rig->in_service);
}

void rig_free(struct rig *rig)
{
    engine_end(rig);
    for (size_t i = 0; i < rig->frames_n; i++) {
        buf_free(&rig->frames[i].bytes);
    }
    log_close(rig->store);
    buf_free(&rig->genesis);
    arena_free(&rig->arena);
}

/* --- the log -------------------------------------------------------------------------------------- */

bool rig_step(struct rig *rig)
{
    if (rig->queue == NULL) {
        return false;
    }
    struct log_request *request = take_request(rig);
    if (request->is_append) {
        request->result = log_append(rig->store, request->expected_seq, request->entries, request->entries_n,
                                     &request->err);
    } else {
        request->result =
            log_read(rig->store, &request->query, &request->arena, &request->answer, &request->err);
    }
    rig->in_engine = true;
    engine_log_done(rig->engine, request);
    rig->in_engine = false;
    return true;
}

void rig_run(struct rig *rig)
{
    for (int i = 0; i < 100000; i++) {
        if (!rig_step(rig)) {
            return;
        }
    }
    fail_msg("the engine asks the log for ever");
}

void rig_fail(struct rig *rig, int code)
{
    assert_non_null(rig->queue);
    struct log_request *request = take_request(rig);
    request->result = err_set(&request->err, code, "planned");
    engine_log_done(rig->engine, request);
}

bool rig_append_waits(const struct rig *rig)
{
    return rig->queue != NULL && rig->queue->is_append;
}

void rig_later(struct rig *rig, int64_t ms)
{
    int64_t until = rig->boot_ms + ms;

    while (rig->boot_ms < until) {
        int64_t due = engine_due_ms(rig->engine);
        int64_t at = due <= rig->boot_ms ? rig->boot_ms + 1 : due < until ? due : until;
        rig->utc_ms += at - rig->boot_ms;
        rig->boot_ms = at;
        engine_tick(rig->engine);
        rig_run(rig);
    }
}

int64_t rig_bus_ms(const struct rig *rig)
{
    return rig->utc_ms; /* the tests let the wall clock run with the boot clock */
}

/* --- frames --------------------------------------------------------------------------------------- */

void rig_frame(struct rig *rig, unsigned peer, enum rig_agent agent, struct bytes frame)
{
    struct peer from = {.bytes = {(uint8_t)peer}, .n = 1};

    rig->in_engine = true;
    engine_frame(rig->engine, from, rig->agents[agent].curve_public, frame);
    rig->in_engine = false;
}

void rig_say(struct rig *rig, unsigned peer, enum rig_agent agent, const struct envelope *envelope)
{
    struct buf bytes;

    buf_init(&bytes, 0);
    wire_encode_envelope(envelope, &bytes);
    assert_false(bytes.failed);
    if (rig->bundle != NULL) {
        assert_int_equal(bundler_add(rig->bundle, buf_bytes(&bytes)), 0);
    } else {
        rig_frame(rig, peer, agent, buf_bytes(&bytes));
    }
    buf_free(&bytes);
}

const struct envelope *rig_next(struct rig *rig, unsigned peer, enum envelope_kind kind)
{
    for (size_t i = 0; i < rig->frames_n; i++) {
        struct rig_frame *frame = &rig->frames[i];
        if (frame->peer != peer || frame->read) {
            continue;
        }
        arena_reset(&rig->arena);
        struct envelope *envelope = arena_alloc(&rig->arena, sizeof *envelope);
        assert_int_equal(wire_decode_envelope(buf_bytes(&frame->bytes), &rig->arena, envelope, NULL), 0);
        if (envelope->kind == kind) {
            frame->read = true;
            return envelope;
        }
    }
    return NULL;
}

void rig_skip(struct rig *rig)
{
    for (size_t i = 0; i < rig->frames_n; i++) {
        buf_free(&rig->frames[i].bytes);
    }
    memset(rig->frames, 0, sizeof rig->frames);
    rig->frames_n = 0;
}

void rig_hello(struct rig *rig, unsigned peer, enum rig_agent agent, uint32_t window)
{
    struct envelope envelope = {.kind = ENVELOPE_HELLO,
                                .hello = {.protocol = PROTOCOL_VERSION,
                                          .agent = rig->names[agent],
                                          .deliveries = window > 0,
                                          .window = window,
                                          .seen = {.region = ""},
                                          .software = "rig",
                                          .bundle_max = rig->bundle_max}};

    rig_say(rig, peer, agent, &envelope);
    rig_run(rig);
}

/* --- commands ------------------------------------------------------------------------------------- */

void rig_submit_as(struct rig *rig, unsigned peer, enum rig_agent agent, enum rig_agent signer,
                   const struct command *said, uint64_t counter)
{
    struct command command = *said;
    struct envelope envelope = {.kind = ENVELOPE_SUBMIT};
    struct buf payload;

    command.region = rig->region;
    command.epoch = log_get_head(rig->store).epoch;
    command.mode = MODE_ACTUAL;
    command.agent = rig->names[agent];
    command.operator= "";
    command.counter = counter;
    command.issued_at_ms = rig_bus_ms(rig);
    command.expires_at_ms = command.issued_at_ms + 600000;
    buf_init(&payload, 0);
    wire_encode_command(&command, &payload);
    assert_false(payload.failed);
    envelope.submit.payload = buf_bytes(&payload);
    assert_int_equal(sign_batch(&rig->agents[signer].sign, &rig->rng, &envelope.submit, 1), 0);
    rig_say(rig, peer, agent, &envelope);
    buf_free(&payload);
}

uint64_t rig_submit(struct rig *rig, unsigned peer, enum rig_agent agent, const struct command *command)
{
    uint64_t counter = ++rig->counters[agent];

    rig_submit_as(rig, peer, agent, agent, command, counter);
    return counter;
}

struct reply rig_reply(struct rig *rig, unsigned peer)
{
    const struct envelope *envelope = rig_next(rig, peer, ENVELOPE_REPLY);

    assert_non_null(envelope);
    return envelope->reply;
}

struct reply rig_done(struct rig *rig, unsigned peer, enum rig_agent agent, const struct command *command)
{
    uint64_t counter = rig_submit(rig, peer, agent, command);

    rig_run(rig);
    struct reply reply = rig_reply(rig, peer);
    assert_int_equal(reply.counter, counter);
    return reply;
}

void rig_ack(struct rig *rig, unsigned peer, enum rig_agent agent, enum lane lane, uint64_t up_to_seq)
{
    struct command command = {.kind = COMMAND_ACK, .ack = {.lane = lane, .up_to_seq = up_to_seq}};

    rig_submit_as(rig, peer, agent, agent, &command, 0);
}

void rig_credit(struct rig *rig, unsigned peer, enum rig_agent agent, enum lane lane, uint32_t add)
{
    rig_say(rig, peer, agent,
            &(struct envelope){.kind = ENVELOPE_CREDIT, .credit = {.lane = lane, .add = add}});
}

struct id rig_id(unsigned n)
{
    uint8_t random[10] = {0};

    random[0] = (uint8_t)(n >> 8);
    random[1] = (uint8_t)n;
    return id_make(1000, random);
}

struct command rig_report(unsigned incident)
{
    struct command command = {.kind = COMMAND_FILE_REPORT};

    command.file_report = (struct file_report){.incident = rig_id(incident),
                                               .kind = REPORT_INITIAL,
                                               .facts = facts_none(),
                                               .text = "smoke over the yard",
                                               .signed_off_by = ""};
    command.file_report.facts.kind = "fire";
    return command;
}

struct command rig_follow_up(unsigned incident, const char *text)
{
    struct command command = rig_report(incident);

    command.file_report.kind = REPORT_FOLLOW_UP;
    command.file_report.text = text;
    return command;
}

struct command rig_order(struct rig *rig, unsigned incident, unsigned order, enum rig_agent to)
{
    struct command command = {.kind = COMMAND_ISSUE_ORDERS};

    rig->order = (struct new_order){.order = rig_id(order),
                                    .kind = "dispatch",
                                    .addressee = rig->names[to],
                                    .text = "go",
                                    .answer_by_ms = rig_bus_ms(rig) + 60000,
                                    .expires_at_ms = rig_bus_ms(rig) + 3600000};
    command.issue_orders =
        (struct issue_orders){.incident = rig_id(incident), .orders = &rig->order, .orders_n = 1};
    return command;
}

struct command rig_recall(unsigned incident, unsigned order)
{
    return (struct command){
        .kind = COMMAND_RECALL_ORDER,
        .recall_order = {.incident = rig_id(incident), .order = rig_id(order), .reason = "not needed"}};
}

struct command rig_receipt(unsigned incident, unsigned order, enum rung rung)
{
    struct command command = {.kind = COMMAND_GIVE_RECEIPT};

    command.give_receipt =
        (struct give_receipt){.incident = rig_id(incident), .order = rig_id(order), .rung = rung, .text = ""};
    return command;
}

char *rig_dump(const struct rig *rig)
{
    struct buf buf;
    char *text;

    buf_init(&buf, 0);
    state_dump(engine_state(rig->engine), &buf);
    assert_false(buf.failed);
    text = strdup(buf_text(&buf));
    buf_free(&buf);
    return text;
}
