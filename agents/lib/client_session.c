/* Hello, Welcome, Bye, and the head of the log that the broker signs. */
#include <string.h>

#include "agents/lib/client_private.h"

static uint32_t bundle_max(const struct client *client)
{
    uint32_t wanted = client->options.bundle_max;

    return wanted > 0 && wanted < BUNDLE_MAX ? wanted : BUNDLE_MAX;
}

void client_session_hello(struct client *client)
{
    struct hello hello = {
        .protocol = PROTOCOL_VERSION,
        .agent = client->options.agent->name,
        .deliveries = client->options.deliveries,
        .window = client_ack_window(client),
        .seen = {.region = ""},
        .software = client->options.software ? client->options.software : "",
        .bundle_max = bundle_max(client),
    };
    struct envelope seen;

    arena_reset(&client->arena);
    if (client->seen.n > 0 &&
        wire_decode_envelope(buf_bytes(&client->seen), &client->arena, &seen, NULL) == 0 &&
        seen.kind == ENVELOPE_BEAT) {
        hello.seen = seen.beat.head;
    }
    client->state = CLIENT_GREETING;
    client->heard_ms = client_now(client);
    client->state_due_ms = client->heard_ms + CLIENT_WELCOME_WAIT_MS;
    client_say(client, &(struct envelope){.kind = ENVELOPE_HELLO, .hello = hello});
}

/* What belonged to the session only: the broker says again what was not acknowledged. */
void client_session_end(struct client *client)
{
    client_frames_drop_all(&client->deliveries);
    client_frames_drop_all(&client->replies);
    bundler_clear(&client->bundler);
    client_submit_forget_session(client);
    client->tailing = TAILING_NOTHING;
    client->keys_known = false;
}

static void wait_and_greet(struct client *client, enum refusal refusal, const char *reason)
{
    int64_t wait_max_ms = refusal == REFUSED_BUSY ? CLIENT_BUSY_AGAIN_MAX_MS : CLIENT_HELLO_AGAIN_MAX_MS;

    /* Two processes of one agent end each other's sessions: only one that lasted makes the wait short. */
    if (client->state == CLIENT_READY && client_now(client) - client->ready_ms > CLIENT_HELLO_AGAIN_MAX_MS) {
        client->hello_wait_ms = CLIENT_HELLO_AGAIN_MS;
    }
    client_session_end(client);
    client->state = CLIENT_WAITING;
    client->hello_wait_ms = client->hello_wait_ms < wait_max_ms ? client->hello_wait_ms : wait_max_ms;
    client->state_due_ms = client_now(client) + client_jitter(client, client->hello_wait_ms);
    client->hello_wait_ms *= 2;
    if (client->io.on_refused) {
        client->io.on_refused(client->io.ctx, refusal, reason);
    }
}

void client_session_bye(struct client *client, enum refusal refusal, const char *reason)
{
    /* In a session it may mean only that the broker has forgotten it, having not heard us for a while.
     * Whether this key is enrolled the next Hello tells. */
    if (client->state == CLIENT_READY && refusal == REFUSED_IDENTITY) {
        refusal = REFUSED_NOT;
    }
    if (client->state != CLIENT_WAITING) {
        wait_and_greet(client, refusal, reason);
    }
}

void client_goodbye(struct client *client)
{
    client_ack_send_held(client);
    if (client->state == CLIENT_READY || client->state == CLIENT_GREETING) {
        client_say(client, &(struct envelope){.kind = ENVELOPE_BYE, .bye = {.reason = ""}});
        client_flush(client);
    }
    client_disconnected(client);
}

/* The rest of a batch may have been given after its session ended: credit and Acks begin with the next. */
static void take_cursors(struct client *client, const struct welcome *welcome)
{
    for (unsigned lane = 1; lane <= LANE_MAX; lane++) {
        struct ack_lane *at = &client->lanes[lane];

        *at = (struct ack_lane){.cursor = at->cursor, .kept = at->kept, .acked = welcome->acked[lane]};
        if (at->cursor < at->acked) {
            at->cursor = at->acked; /* said before, by a journal that is gone */
        }
    }
}

/* The logs of two epochs may hold other keys: half of the one and half of the other proves nothing. */
static int renew_keyring(struct client *client, uint64_t epoch)
{
    struct keyring *keyring = keyring_new(client->options.region, &client->options.region_keys->sign);

    if (!keyring) {
        return ERR_NO_MEMORY;
    }
    keyring_free(client->keyring);
    client->keyring = keyring;
    client->keyring_epoch = epoch;
    return 0;
}

/* A log that was recovered may hold other records, too: what is known of it is read anew, and nothing is said
 * before the region's stream has proved it. */
static bool take_epoch(struct client *client, const struct welcome *welcome, struct err *err)
{
    client->recovering = client->known_epoch > 0 && welcome->epoch > client->known_epoch;
    if ((client->recovering || client->keyring_epoch != welcome->epoch) &&
        renew_keyring(client, welcome->epoch) != 0) {
        client_give_up(client, "out of memory");
        return false;
    }
    if (!client->recovering && client->known_epoch != welcome->epoch) {
        if (journal_set_epoch(client->journal, welcome->epoch, err)) {
            client_trouble(client, err);
            client_give_up(client, "the journal fails");
            return false;
        }
        client->known_epoch = welcome->epoch;
    }
    return true;
}

/* The journal's may be above ours: another process of this agent has spoken with the broker since. */
static bool is_epoch_good(struct client *client, const struct welcome *welcome, struct err *err)
{
    uint64_t kept = 0;

    if (journal_epoch(client->journal, &kept, err)) {
        client_trouble(client, err);
        client_give_up(client, "the journal fails");
        return false;
    }
    if (welcome->epoch < kept) {
        wait_and_greet(client, REFUSED_EPOCH, "its log is of an epoch before one that was seen: an old copy");
        return false;
    }
    client->known_epoch = client->known_epoch > 0 ? client->known_epoch : kept;
    return true;
}

void client_session_welcome(struct client *client, const struct welcome *welcome)
{
    struct err err = {0};

    if (client->state == CLIENT_READY && strcmp(welcome->region, client->options.region) == 0) {
        client_heard_bus(client, welcome->bus_ms, false); /* to a second Hello: the first was answered late */
    }
    if (client->state != CLIENT_GREETING) {
        return;
    }
    if (welcome->protocol != PROTOCOL_VERSION) {
        wait_and_greet(client, REFUSED_VERSION, "the broker speaks another version of the protocol");
        return;
    }
    if (strcmp(welcome->region, client->options.region) != 0) {
        wait_and_greet(client, REFUSED_REGION, "this is another region's broker; check the address");
        return;
    }
    if (!is_epoch_good(client, welcome, &err) || !take_epoch(client, welcome, &err)) {
        return;
    }
    client->state = CLIENT_READY;
    client->ready_ms = client_now(client);
    client->epoch = welcome->epoch;
    client->last_counter = welcome->last_counter;
    client->beat_ms = welcome->beat_ms > 0 ? welcome->beat_ms : 5000;
    client->frame_max =
        welcome->frame_max > 0 && welcome->frame_max < FRAME_MAX ? welcome->frame_max : FRAME_MAX;
    client->bundle_max = welcome->bundle_max < bundle_max(client) ? welcome->bundle_max : bundle_max(client);
    if (client->frame_max < BUNDLE_BYTES_MAX) {
        client->bundle_max = 1;
    }
    client_heard_bus(client, welcome->bus_ms, true);
    take_cursors(client, welcome);
    client_tail_start(client);
    client_session_head(client, &welcome->head);
    client_submit_pump(client);
    client_ack_send(client);
    client_telemetry_welcome(client);
    if (client->io.on_ready) {
        client->io.on_ready(client->io.ctx, welcome);
    }
}

/* A head is believed when the broker's key, known from the region's stream, has signed it. */
void client_session_head(struct client *client, const struct signed_head *head)
{
    const struct public_key *broker = keyring_broker(client->keyring);
    struct envelope kept = {.kind = ENVELOPE_BEAT, .beat = {.head = *head}};
    struct buf *to = broker ? &client->seen : &client->claimed;

    if (!head->present || strcmp(head->region, client->options.region) != 0 || head->epoch != client->epoch) {
        return;
    }
    if (broker && !signed_head_verify(broker, head)) {
        return;
    }
    if (broker && client->io.on_head) {
        client->io.on_head(client->io.ctx, head);
    }
    if (broker && head->seq <= client->seen_seq) {
        return;
    }
    buf_reset(to);
    wire_encode_envelope(&kept, to);
    if (!broker) {
        return;
    }
    client->seen_seq = head->seq;
    client->seen_unkept = true;
    if (head->seq > client->head_seq) {
        client->head_seq = head->seq;
        client->head_hash = head->hash;
    }
}
