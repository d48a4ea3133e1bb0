/* The session's one tail: first the region's stream, for the keys, then what the user asked for. */
#include <string.h>

#include "agents/lib/client_private.h"

enum { TAIL_CREDIT_DEFAULT = 256 };

static void say_tail(struct client *client, const struct tail *tail)
{
    struct envelope envelope = {.kind = ENVELOPE_TAIL, .tail = *tail};

    envelope.tail.id = ++client->tail_id;
    client->tail_items = 0;
    client->tail_credit = tail->credit;
    client_say(client, &envelope);
}

void client_tail_start(struct client *client)
{
    char stream[STREAM_NAME_MAX];
    struct tail tail = {.filter = TAIL_STREAM,
                        .stream = stream_of_region(client->options.region, stream),
                        .from_seq = keyring_taken(client->keyring), /* a region may have thousands */
                        .credit = TAIL_CREDIT_DEFAULT};

    client->keys_known = false;
    client->tailing = TAILING_KEYS;
    say_tail(client, &tail);
}

/* Once its past was given, a tail that follows goes on with all that is new since. */
static void user_tail(struct client *client)
{
    struct tail tail = client->tail;

    tail.stream = client->tail_stream;
    if (client->tail_ended && tail.filter == TAIL_OPEN) {
        tail.filter = TAIL_ALL;
    }
    if (tail.filter == TAIL_ALL && client->tail_seq > tail.from_seq) {
        tail.from_seq = client->tail_seq;
    }
    client->tailing = TAILING_USER;
    say_tail(client, &tail);
}

int client_tail(struct client *client, const struct tail *tail, struct err *err)
{
    const char *stream = tail->stream ? tail->stream : "";
    size_t n = strlen(stream);

    if (n >= sizeof client->tail_stream) {
        return err_set(err, ERR_DATA, "the stream's name is longer than %zu bytes",
                       sizeof client->tail_stream - 1);
    }
    memcpy(client->tail_stream, stream, n + 1);
    client->tail = *tail;
    client->tail.stream = client->tail_stream;
    if (client->tail.credit == 0) {
        client->tail.credit = TAIL_CREDIT_DEFAULT;
    }
    client->tail_wanted = true;
    client->tail_ended = false;
    client->tail_seq = 0;
    if (client->state == CLIENT_READY && client->keys_known) {
        user_tail(client);
    }
    return 0;
}

static void more_credit(struct client *client)
{
    if (++client->tail_items >= (client->tail_credit + 1) / 2) {
        client_say(client, &(struct envelope){.kind = ENVELOPE_CREDIT,
                                              .credit = {.lane = LANE_NONE, .add = client->tail_items}});
        client->tail_items = 0;
    }
}

static void take_key(struct client *client, const struct tail_item *item)
{
    struct record record;
    struct command command;
    struct err err = {0};
    int rc;

    if (item->record.n == 0) {
        return;
    }
    rc = wire_decode_record(item->record, &client->arena, &record, &err);
    rc = rc ? rc : wire_decode_command(record.signed_command.payload, &client->arena, &command, &err);
    rc = rc ? rc : keyring_take(client->keyring, item->seq, &record, &command, &err);
    if (rc && client->io.on_bad) {
        client->io.on_bad(client->io.ctx, item->seq, err.text[0] != '\0' ? err.text : err_string(rc));
    }
}

void client_tail_item(struct client *client, const struct tail_item *item)
{
    bool seen;

    if (client->state != CLIENT_READY || client->tailing == TAILING_NOTHING || item->id != client->tail_id) {
        return;
    }
    if (client->tailing == TAILING_KEYS) {
        take_key(client, item);
        more_credit(client);
        return;
    }
    seen = client->tail.filter != TAIL_OPEN && item->seq <= client->tail_seq;
    if (item->seq > client->tail_seq) {
        client->tail_seq = item->seq;
    }
    if (!seen && client->io.on_tail) {
        client->io.on_tail(client->io.ctx, item);
    }
    if (client->state == CLIENT_READY) {
        more_credit(client);
    }
}

static void keys_read(struct client *client, const struct tail_end *end)
{
    struct envelope claimed;

    client->tailing = TAILING_NOTHING;
    if (end->refusal != REFUSED_NOT || !keyring_broker(client->keyring)) {
        client_session_bye(client, end->refusal ? end->refusal : REFUSED_SIGNATURE,
                           end->refusal ? end->detail
                                        : "the region's stream is not signed by the root key that we know");
        return;
    }
    if (client->recovering && !client_recovered(client)) {
        return;
    }
    client->keys_known = true;
    client->keys_seq = end->head_seq > client->keys_asked ? end->head_seq : client->keys_asked;
    if (client->claimed.n > 0 &&
        wire_decode_envelope(buf_bytes(&client->claimed), &client->arena, &claimed, NULL) == 0) {
        client_session_head(client, &claimed.beat.head);
    }
    buf_reset(&client->claimed);
    client_submit_pump(client);
    if (client->tail_wanted && !(client->tail_ended && !client->tail.follow)) {
        user_tail(client);
    }
}

void client_tail_end(struct client *client, const struct tail_end *end)
{
    bool again = client->tail_ended;

    if (client->state != CLIENT_READY || client->tailing == TAILING_NOTHING || end->id != client->tail_id) {
        return;
    }
    if (client->tailing == TAILING_KEYS) {
        keys_read(client, end);
        return;
    }
    client->tail_ended = true;
    if (end->head_seq > client->tail_seq && client->tail.filter != TAIL_STREAM) {
        client->tail_seq = end->head_seq;
    }
    if (end->refusal != REFUSED_NOT || !client->tail.follow) {
        client->tailing = TAILING_NOTHING;
        client->tail_wanted = false;
    }
    if (!again && client->io.on_tail_end) {
        client->io.on_tail_end(client->io.ctx, end);
    }
}
