/* What the agent says: filled in, signed, journalled, sent, and sent again until it is answered. */
#include <stdlib.h>
#include <string.h>

#include "agents/lib/client_private.h"

/* A Signed and an Envelope around the payload: salt, path, two signatures, field headers. */
enum { SIGNED_OVERHEAD = 2048 };

/* ---- the list of what has no reply ---- */

static int pending_reserve(struct client *client, size_t n, struct err *err)
{
    size_t capacity = client->pending_capacity ? client->pending_capacity : 64;
    struct pending *pending;

    if (client->pending_left > 0 || client->pending_n + n > CLIENT_PENDING_MAX ||
        client->pending_bytes > CLIENT_PENDING_BYTES_MAX) {
        return err_set(err, ERR_TEMPORARY, "%zu commands are under way; try again when some are answered",
                       client_pending(client));
    }
    while (capacity < client->pending_n + n) {
        capacity *= 2;
    }
    if (capacity == client->pending_capacity) {
        return 0;
    }
    pending = reallocarray(client->pending, capacity, sizeof *pending);
    if (!pending) {
        return ERR_NO_MEMORY;
    }
    client->pending = pending;
    client->pending_capacity = capacity;
    return 0;
}

/* There is room. */
static int pending_add(struct client *client, const struct journal_outgoing *outgoing)
{
    uint8_t *p = malloc(outgoing->frame.n ? outgoing->frame.n : 1);

    if (!p) {
        return ERR_NO_MEMORY;
    }
    memcpy(p, outgoing->frame.p, outgoing->frame.n);
    client->pending[client->pending_n++] = (struct pending){
        .item = outgoing->item,
        .counter = outgoing->counter,
        .tag = outgoing->tag,
        .frame = {.p = p, .n = outgoing->frame.n},
    };
    client->pending_bytes += outgoing->frame.n;
    return 0;
}

struct loading {
    struct client *client;
    struct err *err;
    int rc;
};

static bool load_one(void *ctx, const struct journal_outgoing *outgoing)
{
    struct loading *loading = ctx;

    loading->rc = pending_reserve(loading->client, 1, NULL);
    if (loading->rc == ERR_TEMPORARY) {
        loading->rc = 0;
        loading->client->pending_left++;
        return true;
    }
    loading->rc = loading->rc ? loading->rc : pending_add(loading->client, outgoing);
    return loading->rc == 0;
}

int client_submit_load(struct client *client, struct err *err)
{
    struct loading loading = {.client = client, .err = err};
    size_t known = client_pending(client);
    int rc;

    client_submit_undo(client, client->pending_n);
    client->pending_left = 0;
    client->in_flight = 0;
    rc = journal_each_outgoing(client->journal, load_one, &loading, err);
    rc = rc ? rc : loading.rc;
    client->pending_unread = rc && known == 0 ? 1 : rc ? known : 0;
    return rc;
}

bool client_submit_is_to_load(const struct client *client)
{
    return client->pending_unread > 0 || (client->pending_left > 0 && client->pending_n == 0);
}

/* ---- sending ---- */

void client_submit_forget_session(struct client *client)
{
    for (size_t i = 0; i < client->pending_n; i++) {
        client->pending[i].sent = false;
        client->pending[i].again_ms = 0;
    }
    client->in_flight = 0;
}

void client_submit_pump(struct client *client)
{
    int64_t now = client_now(client);

    if (client->pending_unread > 0 || client->holding || client->recovering) {
        return; /* a part of it would overtake the rest */
    }
    client_turn_begin(client);
    for (size_t i = 0; i < client->pending_n && client->state == CLIENT_READY; i++) {
        struct pending *pending = &client->pending[i];

        if (!pending->sent && now < pending->again_ms) {
            break; /* told to wait: what was said later must not overtake it */
        }
        if (now < pending->again_ms || (!pending->sent && client->in_flight >= CLIENT_IN_FLIGHT_MAX)) {
            continue;
        }
        client->in_flight += pending->sent ? 0 : 1;
        pending->sent = true;
        pending->again_ms = now + CLIENT_REPLY_WAIT_MS;
        client_say_frame(client, (struct bytes){pending->frame.p, pending->frame.n});
    }
    client_turn_end(client);
}

int64_t client_submit_due(const struct client *client)
{
    int64_t due = INT64_MAX;

    if (client->pending_unread > 0 || client->recovering) {
        return due;
    }
    for (size_t i = 0; i < client->pending_n; i++) {
        const struct pending *pending = &client->pending[i];

        if ((pending->sent || client->in_flight < CLIENT_IN_FLIGHT_MAX) && pending->again_ms < due) {
            due = pending->again_ms;
        }
        if (!pending->sent && pending->again_ms > 0) {
            break; /* the others wait for it */
        }
    }
    return due;
}

/* ---- signing ---- */

static void fill(struct client *client, struct command *command, uint64_t counter, bool as_agent)
{
    command->region = client->options.region;
    command->epoch = client->epoch ? client->epoch : 1;
    command->agent = client->options.agent->name;
    command->counter = counter;
    command->operator= client->options.operator&& !as_agent ? client->options.operator->name : "";
    if (command->issued_at_ms == 0) {
        command->issued_at_ms = client->clock->utc_ms(client->clock->ctx);
    }
    if (command->mode == MODE_NONE) {
        command->mode = client->options.mode;
    }
    if (command->expires_at_ms == 0) {
        command->expires_at_ms = client_bus_ms(client) + CLIENT_EXPIRY_MS;
    }
    /* With a clock of ours that is far from the bus's the broker is to say so, not that this is no window. */
    if (command->expires_at_ms - command->issued_at_ms > CLIENT_LIFE_MAX_MS) {
        command->expires_at_ms = command->issued_at_ms + CLIENT_LIFE_MAX_MS;
    } else if (command->expires_at_ms < command->issued_at_ms) {
        command->expires_at_ms = command->issued_at_ms;
    }
}

static int add_signatures(struct client *client, bool as_agent, struct signed_command *commands, size_t n)
{
    const struct secret_keys *keys =
        client->options.operator&& !as_agent ? client->options.operator: client->options.agent;
    int rc = sign_batch(&keys->sign, client->rng, commands, n);

    if (as_agent || !client->options.operator|| !client->options.second) {
        return rc;
    }
    for (size_t i = 0; i < n && !rc; i++) {
        rc = sign_again(&client->options.second->sign, client->options.second->name, &commands[i]);
    }
    return rc;
}

static int encode_submit(struct client *client, const struct signed_command *command, struct buf *ret,
                         struct err *err)
{
    buf_reset(ret);
    wire_encode_envelope(&(struct envelope){.kind = ENVELOPE_SUBMIT, .submit = *command}, ret);
    if (ret->failed || ret->n > client->frame_max) {
        return err_set(err, ERR_TOO_BIG, "the command is larger than the %zu bytes that the broker takes",
                       client->frame_max);
    }
    return 0;
}

int client_submit_sign(struct client *client, struct command *command, bool as_agent, struct buf *ret,
                       struct err *err)
{
    struct signed_command signed_command = {0};
    struct buf payload;
    int rc;

    fill(client, command, command->counter, as_agent);
    buf_init(&payload, FRAME_MAX - SIGNED_OVERHEAD);
    wire_encode_command(command, &payload);
    if (payload.failed) {
        rc = wire_command_fault(command, err);
        rc = rc ? rc : ERR_NO_MEMORY;
    } else {
        signed_command.payload = buf_bytes(&payload);
        rc = add_signatures(client, as_agent, &signed_command, 1);
        rc = rc ? rc : encode_submit(client, &signed_command, ret, err);
    }
    buf_free(&payload);
    return rc;
}

/* ---- submitting ---- */

/* The payloads of all commands one after the other; memory of `all` is theirs. */
static int encode_all(struct client *client, const struct command *commands, size_t n, uint64_t first,
                      struct buf *all, struct signed_command *ret, struct err *err)
{
    size_t *ends = calloc(n, sizeof *ends);
    int rc = ends != NULL ? 0 : ERR_NO_MEMORY;

    for (size_t i = 0; i < n && !rc; i++) {
        struct command command = commands[i];

        fill(client, &command, first + i, false);
        wire_encode_command(&command, all);
        ends[i] = all->n;
        rc = all->failed ? wire_command_fault(&command, err) : 0;
    }
    if (rc) {
        free(ends);
        return rc;
    }
    for (size_t i = 0, from = 0; i < n && !all->failed; from = ends[i], i++) {
        ret[i].payload = (struct bytes){all->p + from, ends[i] - from};
    }
    free(ends);
    return all->failed
               ? err_set(err, ERR_TOO_BIG, "the commands are larger than %d bytes", CLIENT_PENDING_BYTES_MAX)
               : 0;
}

static int journal_all(struct client *client, const struct signed_command *commands, const uint64_t *tags,
                       size_t n, uint64_t first, struct err *err)
{
    struct buf frame;
    int rc = 0;

    buf_init(&frame, FRAME_MAX);
    for (size_t i = 0; i < n && !rc; i++) {
        struct journal_outgoing outgoing = {.counter = first + i, .tag = tags[i]};

        rc = encode_submit(client, &commands[i], &frame, err);
        outgoing.frame = buf_bytes(&frame);
        rc = rc ? rc : journal_add_outgoing(client->journal, &outgoing, &outgoing.item, err);
        rc = rc ? rc : pending_add(client, &outgoing);
        if (rc) {
            client_submit_undo(client, i);
        }
    }
    buf_free(&frame);
    return rc;
}

int client_submit_prepare(struct client *client, const struct command *commands, const uint64_t *tags,
                          size_t n, struct err *err)
{
    struct signed_command *signed_commands;
    struct buf all;
    uint64_t first;
    int rc = client_submit_is_to_load(client) ? client_submit_load(client, err) : 0;

    rc = rc ? rc : pending_reserve(client, n, err);
    if (rc) {
        return rc;
    }
    signed_commands = calloc(n, sizeof *signed_commands);
    if (!signed_commands) {
        return ERR_NO_MEMORY;
    }
    buf_init(&all, CLIENT_PENDING_BYTES_MAX);
    rc = journal_take_counters(client->journal, client->last_counter, n, &first, err);
    rc = rc ? rc : encode_all(client, commands, n, first, &all, signed_commands, err);
    rc = rc ? rc : add_signatures(client, false, signed_commands, n);
    rc = rc ? rc : journal_all(client, signed_commands, tags, n, first, err);
    buf_free(&all);
    free(signed_commands);
    return rc;
}

void client_submit_undo(struct client *client, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct frame *frame = &client->pending[--client->pending_n].frame;

        client->pending_bytes -= frame->n;
        free(frame->p);
    }
}

void client_submit_commit(struct client *client, size_t n)
{
    client->held_n += client->holding ? n : 0;
    client_submit_pump(client);
}

int client_hold(struct client *client, struct err *err)
{
    int rc = client_checked(client, journal_begin(client->journal, err));

    client->holding = rc == 0;
    client->held_n = 0;
    return rc;
}

int client_release(struct client *client, struct err *err)
{
    int rc;

    if (!client->holding) {
        return 0;
    }
    client->holding = false;
    rc = client_checked(client, journal_commit(client->journal, err));
    if (rc) {
        client_submit_undo(client, client->held_n);
        return rc;
    }
    client_submit_pump(client);
    return 0;
}

static int submit_batch(struct client *client, const struct command *commands, const uint64_t *tags, size_t n,
                        struct err *err)
{
    client_flush(client);
    int rc = journal_begin(client->journal, err);
    if (rc) {
        return rc;
    }
    rc = client_submit_prepare(client, commands, tags, n, err);
    if (rc) {
        journal_rollback(client->journal);
        return rc;
    }
    rc = journal_commit(client->journal, err);
    if (rc) {
        client_submit_undo(client, n);
        return rc;
    }
    client_submit_commit(client, n);
    return 0;
}

int client_submit_batch(struct client *client, const struct command *commands, const uint64_t *tags, size_t n,
                        struct err *err)
{
    return n > 0 ? client_checked(client, submit_batch(client, commands, tags, n, err)) : 0;
}

int client_submit(struct client *client, const struct command *command, uint64_t tag, struct err *err)
{
    return client_submit_batch(client, command, &tag, 1, err);
}
