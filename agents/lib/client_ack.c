/* Acknowledgements: signed, cumulative, held back a little, at most one a lane under way. */
#include <stdlib.h>
#include <string.h>

#include "agents/lib/client_private.h"
#include "common/base/mutant.h"

enum { ACK_AGAIN_MS = 5000 };

uint32_t client_ack_window(const struct client *client)
{
    uint32_t window = client->options.window ? client->options.window : CLIENT_WINDOW;

    return window < CLIENT_WINDOW_MAX ? window : CLIENT_WINDOW_MAX;
}

static uint32_t share_of_window(const struct client *client)
{
    return client_ack_window(client) / CLIENT_ACK_WINDOW_SHARE;
}

static void give_credit(struct client *client, enum lane lane)
{
    struct ack_lane *at = &client->lanes[lane];

    if (at->credit > 0) {
        client_say(client,
                   &(struct envelope){.kind = ENVELOPE_CREDIT, .credit = {.lane = lane, .add = at->credit}});
        at->credit = 0;
        at->credit_bytes = 0;
    }
}

void client_ack_taken(struct client *client, enum lane lane, size_t bytes)
{
    struct ack_lane *at = &client->lanes[lane];

    if (at->credit++ == 0) {
        at->credit_to_ms = client_now(client) + CLIENT_ACK_HOLD_MS;
    }
    at->credit_bytes += bytes;
}

void client_ack_credit(struct client *client)
{
    for (unsigned lane = 1; lane <= LANE_MAX && client->state == CLIENT_READY; lane++) {
        const struct ack_lane *at = &client->lanes[lane];

        if (at->credit >= share_of_window(client) || at->credit_bytes >= CLIENT_CREDIT_BYTES) {
            give_credit(client, (enum lane)lane);
        }
    }
}

static void ack_one(struct client *client, enum lane lane)
{
    struct ack_lane *at = &client->lanes[lane];
    struct command command = {
        .kind = COMMAND_ACK,
        .ack = {.lane = lane, .up_to_seq = MUTANT(MUTANT_ACK_EARLY) ? client->head_seq : at->cursor}};
    struct buf frame;

    command.ack.head_seq = client->head_seq;
    memcpy(command.ack.head_hash, client->head_hash.b, sizeof command.ack.head_hash);
    buf_init(&frame, FRAME_MAX);
    if (client_submit_sign(client, &command, true, &frame, NULL) == 0) {
        at->under_way = at->cursor;
        at->again_ms = client_now(client) + CLIENT_REPLY_WAIT_MS;
        at->held = 0;
        at->held_to_ms = 0;
        client_say_frame(client, buf_bytes(&frame));
        if (client->state == CLIENT_READY) {
            give_credit(client, lane);
        }
    }
    buf_free(&frame);
}

static bool ack_waits(const struct client *client, enum lane lane)
{
    const struct ack_lane *at = &client->lanes[lane];

    /* Not before the head is known that it has to name. */
    return client->options.deliveries && client->keys_known && client->head_seq >= at->cursor &&
           at->cursor > at->acked;
}

static int64_t due_of(const struct ack_lane *at)
{
    return at->again_ms > at->held_to_ms ? at->again_ms : at->held_to_ms;
}

void client_ack_hold(struct client *client, enum lane lane)
{
    struct ack_lane *at = &client->lanes[lane];

    if (at->held++ == 0) {
        at->held_to_ms = client_now(client) + CLIENT_ACK_HOLD_MS;
    }
    if (at->held >= share_of_window(client)) {
        at->held_to_ms = 0;
    }
}

void client_ack_send_held(struct client *client)
{
    for (unsigned lane = 1; lane <= LANE_MAX && client->state == CLIENT_READY; lane++) {
        if (ack_waits(client, (enum lane)lane) &&
            client->lanes[lane].cursor > client->lanes[lane].under_way) {
            ack_one(client, (enum lane)lane);
        }
    }
}

void client_ack_send(struct client *client)
{
    int64_t now = client_now(client);

    for (unsigned lane = 1; lane <= LANE_MAX && client->state == CLIENT_READY; lane++) {
        if (ack_waits(client, (enum lane)lane) && now >= due_of(&client->lanes[lane])) {
            ack_one(client, (enum lane)lane);
        }
        if (client->state == CLIENT_READY && now >= client->lanes[lane].credit_to_ms) {
            give_credit(client, (enum lane)lane);
        }
    }
}

int64_t client_ack_due(const struct client *client)
{
    int64_t due = INT64_MAX;

    for (unsigned lane = 1; lane <= LANE_MAX; lane++) {
        const struct ack_lane *at = &client->lanes[lane];

        if (ack_waits(client, (enum lane)lane) && due_of(at) < due) {
            due = due_of(at);
        }
        if (at->credit > 0 && at->credit_to_ms < due) {
            due = at->credit_to_ms;
        }
    }
    return due;
}

void client_ack_reply(struct client *client, const struct reply *reply)
{
    struct ack_lane *at = &client->lanes[reply->ack_lane];

    if (client->state != CLIENT_READY || at->under_way == 0) {
        return;
    }
    if (reply->outcome == OUTCOME_REFUSED) {
        at->again_ms =
            client_now(client) + client_jitter(client, reply->retry_ms ? reply->retry_ms : ACK_AGAIN_MS);
    } else {
        at->acked = at->under_way > at->acked ? at->under_way : at->acked;
        at->again_ms = 0;
    }
    at->under_way = 0;
}

int client_ack_keep(struct client *client, struct err *err)
{
    uint64_t epoch = 0;
    int rc = journal_epoch(client->journal, &epoch, err);

    if (rc || epoch > client->known_epoch) {
        return rc; /* another process has taken a recovery: these are of the log that is gone */
    }
    for (unsigned lane = 1; lane <= LANE_MAX && !rc; lane++) {
        struct ack_lane *at = &client->lanes[lane];

        if (at->cursor > at->kept) {
            rc = journal_set_cursor(client->journal, (enum lane)lane, at->cursor, err);
        }
    }
    if (!rc && client->seen_unkept) {
        rc = journal_set_head(client->journal, buf_bytes(&client->seen), err);
    }
    return rc;
}

void client_ack_kept(struct client *client)
{
    for (unsigned lane = 1; lane <= LANE_MAX; lane++) {
        client->lanes[lane].kept = client->lanes[lane].cursor;
    }
    client->seen_unkept = false;
}
