#include "tests/bench/muster_party.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

#include "common/base/clock.h"
#include "tests/bench/load.h"

enum { COMMAND_EXPIRY_MS = 10 * 60 * 1000, NS_PER_MS = 1000000 };

void parties_open(struct parties *parties, size_t sockets_max)
{
    parties->zmq = zmq_ctx_new();
    if (parties->zmq == NULL || zmq_ctx_set(parties->zmq, ZMQ_MAX_SOCKETS, (int)sockets_max + 8) != 0 ||
        crypto_init() != 0) {
        load_fail("cannot start ZeroMQ: %s", zmq_strerror(errno));
    }
    arena_init(&parties->arena, ARENA_PER_FRAME);
    buf_init(&parties->command, 0);
    buf_init(&parties->frame, FRAME_MAX);
    parties->ack_due_ns = INT64_MAX;
}

void parties_close(struct parties *parties)
{
    arena_free(&parties->arena);
    buf_free(&parties->command);
    buf_free(&parties->frame);
    (void)zmq_ctx_term(parties->zmq);
}

static void set(void *socket, int option, const void *value, size_t n)
{
    if (zmq_setsockopt(socket, option, value, n) != 0) {
        load_fail("ZeroMQ takes no option %d: %s", option, zmq_strerror(errno));
    }
}

static void *connect_socket(struct parties *parties, const struct party *party, const char *endpoint)
{
    const int unlimited = 0, linger_ms = 1000; /* the last Acks */
    void *socket = zmq_socket(parties->zmq, ZMQ_DEALER);

    if (socket == NULL) {
        load_fail("no more sockets: %s", zmq_strerror(errno));
    }
    /* Nothing is lost on this side: the window bounds what waits. */
    set(socket, ZMQ_SNDHWM, &unlimited, sizeof unlimited);
    set(socket, ZMQ_RCVHWM, &parties->receive_max, sizeof parties->receive_max);
    set(socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    set(socket, ZMQ_CURVE_SERVERKEY, party->region.curve, CURVE_BYTES);
    set(socket, ZMQ_CURVE_PUBLICKEY, party->keys.curve_public, CURVE_BYTES);
    set(socket, ZMQ_CURVE_SECRETKEY, party->keys.curve_secret, CURVE_BYTES);
    if (zmq_connect(socket, endpoint) != 0) {
        load_fail("%s: %s", endpoint, zmq_strerror(errno));
    }
    return socket;
}

void party_open(struct parties *parties, struct party *party, const char *endpoint, const char *region_pub,
                const char *stem, bool deliveries)
{
    char path[1024];
    struct err err = {0};
    size_t fd_n = sizeof party->fd;

    *party = (struct party){0};
    (void)snprintf(path, sizeof path, "%s.key", stem);
    if (keyfile_read_secret(path, &party->keys, &err) != 0 ||
        keyfile_read_public(region_pub, &party->region, &err) != 0) {
        load_fail("%s", err.text);
    }
    party->socket = connect_socket(parties, party, endpoint);
    if (zmq_getsockopt(party->socket, ZMQ_FD, &party->fd, &fd_n) != 0) {
        load_fail("no descriptor: %s", zmq_strerror(errno));
    }
    struct envelope hello = {.kind = ENVELOPE_HELLO,
                             .hello = {.protocol = PROTOCOL_VERSION,
                                       .agent = party->keys.name,
                                       .deliveries = deliveries,
                                       .window = PARTY_WINDOW,
                                       .software = "muster-bench",
                                       .bundle_max = BUNDLE_MAX}};
    party_say(parties, party, &hello);
    party_flush(party);
}

/* The next message; the envelope, if it is none of a bundle. False: nothing is there. */
static bool read_message(struct parties *parties, struct party *party, struct envelope *ret, zmq_msg_t *frame)
{
    struct err err = {0};

    (void)zmq_msg_close(frame);
    (void)zmq_msg_init(frame);
    if (zmq_msg_recv(frame, party->socket, ZMQ_DONTWAIT) < 0) {
        if (errno == EAGAIN) {
            return false;
        }
        load_fail("cannot receive: %s", zmq_strerror(errno));
    }
    arena_reset(&parties->arena);
    struct bytes bytes = {zmq_msg_data(frame), zmq_msg_size(frame)};
    if (wire_decode_envelope(bytes, &parties->arena, ret, &err) != 0) {
        load_fail("the broker said what cannot be read: %s", err.text);
    }
    if (ret->kind == ENVELOPE_BUNDLE) {
        parties->envelopes_at = 0;
        parties->envelopes_n = ret->bundle.envelopes_n;
        memcpy(parties->envelopes, ret->bundle.envelopes, parties->envelopes_n * sizeof *parties->envelopes);
    }
    return true;
}

bool party_read(struct parties *parties, struct party *party, struct envelope *ret, void *message)
{
    struct err err = {0};

    if (parties->envelopes_at == parties->envelopes_n && !read_message(parties, party, ret, message)) {
        return false;
    }
    if (parties->envelopes_at < parties->envelopes_n) {
        arena_reset(&parties->arena);
        struct bytes bytes = parties->envelopes[parties->envelopes_at++];
        if (wire_decode_bundled(bytes, &parties->arena, ret, &err) != 0) {
            load_fail("the broker said what cannot be read: %s", err.text);
        }
    }
    if (ret->kind == ENVELOPE_BYE) {
        load_fail("%s: the broker said good-bye: %d %s", party->keys.name, (int)ret->bye.refusal,
                  ret->bye.reason);
    }
    if (ret->kind == ENVELOPE_WELCOME) {
        party->welcomed = true;
        party->epoch = ret->welcome.epoch;
        party->head = ret->welcome.head.seq;
        party->beat_ms = ret->welcome.beat_ms;
        party->bundle_max = ret->welcome.bundle_max;
        party->counter = ret->welcome.last_counter;
    }
    return true;
}

void party_flush(struct party *party)
{
    if (party->bundler.n == 0) {
        return;
    }
    struct bytes frame = bundler_frame(&party->bundler);
    if (zmq_send(party->socket, frame.p, frame.n, ZMQ_DONTWAIT) < 0) {
        load_fail("cannot send: %s", zmq_strerror(errno));
    }
    party->dirty = true;
    party->said_ns = load_now_ns();
    bundler_clear(&party->bundler);
}

void party_send(struct party *party, struct bytes envelope)
{
    if (!bundler_takes(envelope.n)) {
        load_fail("an envelope of %zu bytes is to be said", envelope.n);
    }
    if (!bundler_has_room(&party->bundler, envelope.n, party->bundle_max)) {
        party_flush(party);
    }
    if (bundler_add(&party->bundler, envelope) != 0) {
        load_fail("out of memory");
    }
}

void party_say(struct parties *parties, struct party *party, const struct envelope *envelope)
{
    buf_reset(&parties->frame);
    wire_encode_envelope(envelope, &parties->frame);
    if (parties->frame.failed) {
        load_fail("what is to be said does not fit a frame");
    }
    party_send(party, buf_bytes(&parties->frame));
}

static int64_t utc_ms(void)
{
    return clock_system()->utc_ms(clock_system()->ctx);
}

static void fill_in(const struct party *party, struct command *command, int64_t now_ms)
{
    command->region = party->region.name;
    command->epoch = party->epoch;
    command->mode = MODE_ACTUAL;
    command->agent = party->keys.name;
    command->operator= "";
    command->cosigner = "";
    command->issued_at_ms = now_ms - (party->late_ms > 0 ? COMMAND_EXPIRY_MS + party->late_ms : 0);
    command->expires_at_ms = command->issued_at_ms + COMMAND_EXPIRY_MS;
}

void party_sign(struct parties *parties, struct party *party, struct command *commands, const uint32_t *slots,
                struct buf *const *frames, size_t n)
{
    struct signed_command signed_commands[PARTY_BATCH_MAX];
    size_t offsets[PARTY_BATCH_MAX + 1] = {0};
    int64_t now_ms = utc_ms();

    if (party->slots == NULL) {
        party->slots = load_alloc(PARTY_COUNTERS, sizeof *party->slots);
    }
    buf_reset(&parties->command);
    for (size_t i = 0; i < n; i++) {
        fill_in(party, &commands[i], now_ms);
        commands[i].counter = commands[i].kind == COMMAND_ACK ? 0 : ++party->counter;
        if (slots != NULL) {
            party->slots[commands[i].counter % PARTY_COUNTERS] = slots[i];
        }
        wire_encode_command(&commands[i], &parties->command);
        offsets[i + 1] = parties->command.n;
    }
    for (size_t i = 0; i < n; i++) {
        signed_commands[i].payload =
            (struct bytes){parties->command.p + offsets[i], offsets[i + 1] - offsets[i]};
    }
    if (parties->command.failed || sign_batch(&party->keys.sign, load_rng(), signed_commands, n) != 0) {
        load_fail("a batch of %zu commands cannot be signed", n);
    }
    for (size_t i = 0; i < n; i++) {
        struct envelope envelope = {.kind = ENVELOPE_SUBMIT, .submit = signed_commands[i]};
        buf_reset(frames[i]);
        wire_encode_envelope(&envelope, frames[i]);
    }
}

void party_note(struct party *party, const struct deliver *deliver)
{
    party->up_to[deliver->lane] = deliver->seq;
    party->given[deliver->lane]++;
    party->given_bytes[deliver->lane] += deliver->record.n;
    if (party->held[deliver->lane]++ == 0) {
        party->held_to_ns[deliver->lane] = load_now_ns() + (int64_t)CLIENT_ACK_HOLD_MS * NS_PER_MS;
    }
    if (party->held[deliver->lane] >= PARTY_WINDOW / CLIENT_ACK_WINDOW_SHARE) {
        party->held_to_ns[deliver->lane] = 0;
    }
    if (deliver->seq > party->head_seq) {
        party->head_seq = deliver->seq;
        party->head_hash = deliver->hash;
    }
}

void party_note_ack(struct party *party, enum lane lane)
{
    if (lane <= LANE_MAX) {
        party->ack_waits[lane] = false;
    }
}

static void give_credit(struct parties *parties, struct party *party, enum lane lane)
{
    struct envelope credit = {.kind = ENVELOPE_CREDIT, .credit = {.lane = lane, .add = party->given[lane]}};

    if (party->given[lane] > 0) {
        party_say(parties, party, &credit);
        party->given[lane] = 0;
        party->given_bytes[lane] = 0;
    }
}

static void say_ack(struct parties *parties, struct party *party, enum lane lane)
{
    struct command command = {
        .kind = COMMAND_ACK,
        .ack = {.lane = lane, .up_to_seq = party->up_to[lane], .head_seq = party->head_seq}};
    struct buf *frame = &parties->frame;

    memcpy(command.ack.head_hash, party->head_hash.b, sizeof command.ack.head_hash);
    party_sign(parties, party, &command, NULL, &frame, 1);
    party_send(party, buf_bytes(frame));
    give_credit(parties, party, lane);
    party->acked[lane] = party->up_to[lane];
    party->ack_waits[lane] = true;
    party->held[lane] = 0;
}

void parties_begin_acknowledging(struct parties *parties)
{
    parties->ack_due_ns = INT64_MAX;
}

void party_acknowledge(struct parties *parties, struct party *party)
{
    for (int lane = LANE_URGENT; lane <= LANE_MAX; lane++) {
        if (party->given[lane] >= PARTY_WINDOW / CLIENT_ACK_WINDOW_SHARE ||
            party->given_bytes[lane] >= CLIENT_CREDIT_BYTES) {
            give_credit(parties, party, (enum lane)lane);
        }
        if (party->up_to[lane] == party->acked[lane] || party->ack_waits[lane]) {
            continue;
        }
        if (load_now_ns() >= party->held_to_ns[lane]) {
            say_ack(parties, party, (enum lane)lane);
        } else if (party->held_to_ns[lane] < parties->ack_due_ns) {
            parties->ack_due_ns = party->held_to_ns[lane];
        }
    }
}

void party_close(struct parties *parties, struct party *party)
{
    for (int lane = LANE_URGENT; lane <= LANE_MAX; lane++) {
        if (party->up_to[lane] > party->acked[lane]) {
            say_ack(parties, party, (enum lane)lane);
        }
    }
    party_flush(party);
    (void)zmq_close(party->socket);
    bundler_free(&party->bundler);
    free(party->slots);
    keys_wipe(&party->keys);
}

bool party_checks(struct party *party, const struct public_key *author, const struct record *record)
{
    struct hash root, last = party->proof.root;

    if (!signed_holds(&party->proof, author, &record->signed_command, &root)) {
        return false;
    }
    party->checked += record->signed_command.batch_size <= 1 || !hash_equal(last, root);
    return true;
}
