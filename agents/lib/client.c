#include "agents/lib/client.h"

#include <stdlib.h>
#include <string.h>

#include "agents/lib/client_private.h"

enum { TROUBLE_WAIT_MS = 1000, TRIM_EVERY_MS = 10 * 60 * 1000 };

int64_t client_now(const struct client *client)
{
    return client->clock->boot_ms(client->clock->ctx);
}

int64_t client_jitter(struct client *client, int64_t ms)
{
    uint32_t random;

    client->rng->fill(client->rng->ctx, &random, sizeof random);
    return ms / 2 + (ms > 0 ? (int64_t)random % ms : 0);
}

int64_t client_bus_ms(const struct client *client)
{
    if (client->bus_known) {
        return client_now(client) + client->bus_offset_ms;
    }
    return client->clock->utc_ms(client->clock->ctx);
}

void client_heard_bus(struct client *client, int64_t bus_ms, bool anew)
{
    int64_t offset_ms = bus_ms - client_now(client);

    if (bus_ms > 0 && (anew || !client->bus_known || offset_ms > client->bus_offset_ms)) {
        client->bus_offset_ms = offset_ms;
        client->bus_known = true;
    }
}

bool client_failed(const struct client *client)
{
    return client->failed;
}

bool client_ready(const struct client *client)
{
    return client->state == CLIENT_READY;
}

size_t client_pending(const struct client *client)
{
    return client->pending_unread > 0 ? client->pending_unread : client->pending_n + client->pending_left;
}

/* ---- frames ---- */

int client_frames_push(struct frames *frames, struct bytes bytes)
{
    struct frame frame = {.p = NULL, .n = bytes.n};

    if (frames->bytes + bytes.n > CLIENT_INBOX_BYTES_MAX) {
        return ERR_TOO_BIG;
    }
    if (frames->n == frames->capacity) {
        size_t capacity = frames->capacity ? 2 * frames->capacity : 16;
        struct frame *at = reallocarray(frames->at, capacity, sizeof *at);

        if (!at) {
            return ERR_NO_MEMORY;
        }
        frames->at = at;
        frames->capacity = capacity;
    }
    frame.p = malloc(bytes.n ? bytes.n : 1);
    if (!frame.p) {
        return ERR_NO_MEMORY;
    }
    memcpy(frame.p, bytes.p, bytes.n);
    frames->at[frames->n++] = frame;
    frames->bytes += bytes.n;
    return 0;
}

void client_frames_take(struct frames *frames, struct frame *ret, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ret[i] = frames->at[i];
        frames->bytes -= ret[i].n;
    }
    frames->n -= n;
    if (frames->n > 0) {
        memmove(frames->at, frames->at + n, frames->n * sizeof *frames->at);
    }
}

void client_frames_free(struct frame *at, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(at[i].p);
    }
}

void client_frames_drop_all(struct frames *frames)
{
    client_frames_free(frames->at, frames->n);
    frames->n = 0;
    frames->bytes = 0;
}

void client_flush(struct client *client)
{
    if (client->bundler.n > 0) {
        client->io.send(client->io.ctx, bundler_frame(&client->bundler));
        bundler_clear(&client->bundler);
    }
}

void client_turn_begin(struct client *client)
{
    client->turns++;
}

void client_turn_end(struct client *client)
{
    if (--client->turns == 0) {
        client_flush(client);
    }
}

static bool is_gathered(const struct client *client, size_t n)
{
    return client->turns > 0 && client->state == CLIENT_READY && client->bundle_max > 1 && bundler_takes(n);
}

void client_say_frame(struct client *client, struct bytes frame)
{
    enum client_state state = client->state;

    client->said_ms = client_now(client);
    if (!is_gathered(client, frame.n) || !bundler_has_room(&client->bundler, frame.n, client->bundle_max)) {
        client_flush(client);
    }
    if (client->state != state) {
        return; /* the transport has failed: it is lost, as what was before it */
    }
    if (!is_gathered(client, frame.n) || bundler_add(&client->bundler, frame) != 0) {
        client_flush(client);
        client->io.send(client->io.ctx, frame);
    }
}

void client_say(struct client *client, const struct envelope *envelope)
{
    buf_reset(&client->out);
    wire_encode_envelope(envelope, &client->out);
    if (!client->out.failed) {
        client_say_frame(client, buf_bytes(&client->out));
    }
}

void client_give_up(struct client *client, const char *why)
{
    if (client->failed) {
        return; /* it is disconnected, and is not to come back */
    }
    client_disconnected(client);
    client->io.reconnect(client->io.ctx, why);
}

int client_checked(struct client *client, int rc)
{
    const struct err *failed = rc ? journal_failed(client->journal) : NULL;

    if (failed && !client->failed) {
        client->failed = true;
        client_disconnected(client);
        if (client->io.on_failed) {
            client->io.on_failed(client->io.ctx, failed);
        }
    }
    return rc;
}

void client_trouble(struct client *client, const struct err *err)
{
    client_checked(client, err->code);
    if (client->failed) {
        return;
    }
    client->trouble_until_ms = client_now(client) + TROUBLE_WAIT_MS;
    if (client->io.on_trouble) {
        client->io.on_trouble(client->io.ctx, err);
    }
}

static void gather(struct client *client, struct frames *frames, struct bytes frame)
{
    if (client->state == CLIENT_READY && client_frames_push(frames, frame)) {
        client_give_up(client, "more came than can be kept at once");
    }
}

/* A broker whose log lost its tail is told by the heads that its agents saw: also by those that a quiet
 * agent saw last, so it does not wait for the next delivery to be kept. */
static void client_keep_seen(struct client *client)
{
    struct err err = {0};

    if (!client->seen_unkept || !client->options.deliveries) {
        return;
    }
    client_flush(client);
    if (journal_set_head(client->journal, buf_bytes(&client->seen), &err) != 0) {
        client_trouble(client, &err);
        return;
    }
    client->seen_unkept = false;
}

static void take(struct client *client, const struct envelope *envelope, struct bytes bytes)
{
    switch (envelope->kind) {
    case ENVELOPE_WELCOME:
        client_session_welcome(client, &envelope->welcome);
        break;
    case ENVELOPE_BYE:
        client_session_bye(client, envelope->bye.refusal, envelope->bye.reason);
        break;
    case ENVELOPE_BEAT:
        client_heard_bus(client, envelope->beat.bus_ms, false);
        client_session_head(client, &envelope->beat.head);
        client_keep_seen(client);
        break;
    case ENVELOPE_REPLY:
        if (envelope->reply.ack_lane != LANE_NONE) {
            client_ack_reply(client, &envelope->reply);
        } else {
            gather(client, &client->replies, bytes);
        }
        break;
    case ENVELOPE_DELIVER:
        gather(client, &client->deliveries, bytes);
        break;
    case ENVELOPE_TAIL_ITEM:
        client_tail_item(client, &envelope->tail_item);
        break;
    case ENVELOPE_TAIL_END:
        client_tail_end(client, &envelope->tail_end);
        break;
    case ENVELOPE_TELEMETRY:
        client_telemetry(client, &envelope->telemetry);
        break;
    case ENVELOPE_TELEMETRY_REFUSED:
        client_telemetry_refused(client, &envelope->telemetry_refused);
        break;
    case ENVELOPE_CREDIT:
        if (envelope->credit.lane == LANE_TELEMETRY) {
            client_telemetry_taken(client, envelope->credit.add);
        }
        break;
    default:
        break; /* of a later protocol, or an agent's own kind: nothing to us */
    }
}

/* One after the other, until one ends the session. */
static void take_bundle(struct client *client, const struct bundle *bundle)
{
    struct bytes envelopes[BUNDLE_MAX]; /* the arena is each one's */
    size_t n = bundle->envelopes_n;
    enum client_state state = client->state;

    memcpy(envelopes, bundle->envelopes, n * sizeof *envelopes);
    for (size_t i = 0; i < n && client->state == state; i++) {
        struct envelope envelope;
        struct err err = {0};

        arena_reset(&client->arena);
        if (wire_decode_bundled(envelopes[i], &client->arena, &envelope, &err)) {
            client_give_up(client, err.text);
            return;
        }
        take(client, &envelope, envelopes[i]);
    }
}

void client_frame(struct client *client, struct bytes frame)
{
    struct envelope envelope;
    struct err err = {0};

    if (client->state == CLIENT_AWAY) {
        return;
    }
    arena_reset(&client->arena);
    if (frame.n > FRAME_MAX || wire_decode_envelope(frame, &client->arena, &envelope, &err)) {
        client_give_up(client, err.text[0] != '\0' ? err.text : "the broker sent what cannot be read");
        return;
    }
    client->heard_ms = client_now(client);
    client_turn_begin(client);
    if (envelope.kind == ENVELOPE_BUNDLE) {
        take_bundle(client, &envelope.bundle);
    } else {
        take(client, &envelope, frame);
    }
    client_turn_end(client);
}

/* ---- time ---- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t session_due(const struct client *client)
{
    if (client->state == CLIENT_READY) {
        return earlier(client->said_ms + client->beat_ms / 2,
                       client->heard_ms + CLIENT_BEATS_MISSED_MAX * client->beat_ms);
    }
    return client->state == CLIENT_AWAY ? INT64_MAX : client->state_due_ms;
}

static bool work_waits(const struct client *client)
{
    return client->replies.n > 0 || (client->keys_known && client->deliveries.n > 0);
}

int64_t client_due_ms(const struct client *client)
{
    int64_t due = session_due(client);

    if (client->failed) {
        return INT64_MAX;
    }
    if (client_submit_is_to_load(client)) {
        due = earlier(due, client->trouble_until_ms);
    }
    if (client->state != CLIENT_READY) {
        return due;
    }
    if (work_waits(client)) {
        due = earlier(due, client->trouble_until_ms);
    }
    due = earlier(due, client_telemetry_due(client));
    return earlier(earlier(due, client_submit_due(client)), client_ack_due(client));
}

static void tick_session(struct client *client, int64_t now)
{
    if (client->state == CLIENT_WAITING && now >= client->state_due_ms) {
        client_session_hello(client);
    } else if (client->state == CLIENT_GREETING && now >= client->state_due_ms) {
        client_give_up(client, "the broker does not answer");
    } else if (client->state == CLIENT_READY &&
               now >= client->heard_ms + CLIENT_BEATS_MISSED_MAX * client->beat_ms) {
        client_give_up(client, "the broker is silent");
    } else if (client->state == CLIENT_READY && now >= client->said_ms + client->beat_ms / 2) {
        client_say(client, &(struct envelope){.kind = ENVELOPE_BEAT, .beat = {.head = {.region = ""}}});
    }
}

void client_tick(struct client *client)
{
    int64_t now = client_now(client);

    if (client->failed) {
        return;
    }
    client_turn_begin(client);
    if (client_submit_is_to_load(client) && now >= client->trouble_until_ms) {
        struct err err = {0};

        if (client_submit_load(client, &err)) {
            client_trouble(client, &err);
        }
    }
    if (client->state == CLIENT_READY && now >= client->trouble_until_ms) {
        client_take_replies(client);
        if (client->keys_known) {
            client_take_deliveries(client);
        }
    }
    tick_session(client, now);
    if (client->state == CLIENT_READY) {
        client_submit_pump(client);
        client_ack_send(client);
        client_telemetry_tick(client);
    }
    client_turn_end(client);
    if (now >= client->trim_ms && !client->failed) {
        struct err err = {0};

        client->trim_ms = now + TRIM_EVERY_MS;
        /* Without the bus's time no recall is over: our own clock may be years ahead of it. */
        if (journal_trim(client->journal, client->bus_known ? client_bus_ms(client) : 0, &err)) {
            client_trouble(client, &err);
        }
    }
}

/* ---- life ---- */

void client_connected(struct client *client)
{
    if (client->state == CLIENT_AWAY && !client->failed) {
        client->hello_wait_ms = CLIENT_HELLO_AGAIN_MS;
        client_session_hello(client);
    }
}

void client_disconnected(struct client *client)
{
    client_session_end(client);
    client->state = CLIENT_AWAY;
}

static int read_journal(struct client *client, struct err *err)
{
    struct envelope envelope;
    int rc = journal_epoch(client->journal, &client->epoch, err);

    client->known_epoch = client->epoch;
    for (unsigned lane = 1; lane <= LANE_MAX && !rc; lane++) {
        rc = journal_cursor(client->journal, (enum lane)lane, &client->lanes[lane].cursor, err);
        client->lanes[lane].kept = client->lanes[lane].cursor;
    }
    rc = rc ? rc : journal_head(client->journal, &client->seen, err);
    if (!rc && client->seen.n > 0 &&
        wire_decode_envelope(buf_bytes(&client->seen), &client->arena, &envelope, NULL) == 0 &&
        envelope.kind == ENVELOPE_BEAT && envelope.beat.head.present) {
        /* One of an epoch that has ended makes room for the first of this one. */
        client->seen_seq = envelope.beat.head.epoch == client->epoch ? envelope.beat.head.seq : 0;
    }
    return rc ? rc : client_submit_load(client, err);
}

int client_new(const struct client_options *options, struct journal *journal, const struct client_io *io,
               const struct clock *clock, const struct rng *rng, struct client **ret, struct err *err)
{
    struct client *client = calloc(1, sizeof *client);
    int rc;

    if (!client) {
        return ERR_NO_MEMORY;
    }
    client->options = *options;
    client->journal = journal;
    client->io = *io;
    client->clock = clock;
    client->rng = rng;
    client->frame_max = FRAME_MAX;
    arena_init(&client->arena, ARENA_PER_FRAME);
    buf_init(&client->out, FRAME_MAX);
    buf_init(&client->seen, FRAME_MAX);
    buf_init(&client->claimed, FRAME_MAX);
    client->keyring = keyring_new(options->region, &options->region_keys->sign);
    rc = client->keyring ? read_journal(client, err) : ERR_NO_MEMORY;
    if (rc) {
        client_free(client);
        return rc;
    }
    client->trim_ms = client_now(client) + TRIM_EVERY_MS;
    *ret = client;
    return 0;
}

void client_free(struct client *client)
{
    if (!client) {
        return;
    }
    client_ack_keep(client, NULL); /* what fails here is delivered again */
    client_frames_drop_all(&client->replies);
    client_frames_drop_all(&client->deliveries);
    free(client->replies.at);
    free(client->deliveries.at);
    for (size_t i = 0; i < client->pending_n; i++) {
        free(client->pending[i].frame.p);
    }
    free(client->pending);
    client_telemetry_free(client);
    keyring_free(client->keyring);
    buf_free(&client->claimed);
    buf_free(&client->seen);
    buf_free(&client->out);
    bundler_free(&client->bundler);
    arena_free(&client->arena);
    free(client);
}
