/* Replies: journalled many at a time, then told. BUSY, DISK and STALE are dealt with here, and FENCED of
 * what no person waits for. */
#include <stdlib.h>
#include <string.h>

#include "agents/lib/client_private.h"
#include "common/base/mutant.h"
#include "common/core/order.h"

enum { RETRY_DEFAULT_MS = 1000, RETRY_MAX_MS = 60000, FENCED_RETRY_MS = 5000 };

/* A reply that was settled, to be told after the commit. */
struct told {
    uint64_t tag;
    struct reply reply;
};

static struct pending *find(struct client *client, uint64_t counter)
{
    for (size_t i = 0; i < client->pending_n; i++) { /* they come in order: the first, mostly */
        if (client->pending[i].counter == counter + (MUTANT(MUTANT_REPLY_MIXED) ? 1 : 0) &&
            !client->pending[i].settled) {
            return &client->pending[i];
        }
    }
    return NULL;
}

static void remove_pending(struct client *client, struct pending *pending)
{
    size_t at = (size_t)(pending - client->pending);

    client->in_flight -= pending->sent ? 1 : 0;
    client->pending_bytes -= pending->frame.n;
    free(pending->frame.p);
    client->pending_n--;
    memmove(pending, pending + 1, (client->pending_n - at) * sizeof *pending);
}

static void send_later(struct client *client, struct pending *pending, uint32_t retry_ms)
{
    int64_t wait = retry_ms ? retry_ms : RETRY_DEFAULT_MS;

    client->in_flight -= pending->sent ? 1 : 0;
    pending->sent = false;
    wait = wait < RETRY_MAX_MS ? wait : RETRY_MAX_MS;
    pending->again_ms = client_now(client) + wait + client_jitter(client, wait / 2);
}

int client_decode_pending(const struct pending *pending, struct arena *arena, struct command *ret,
                          struct err *err)
{
    struct envelope envelope;
    int rc = wire_decode_envelope((struct bytes){pending->frame.p, pending->frame.n}, arena, &envelope, err);

    return rc ? rc : wire_decode_command(envelope.submit.payload, arena, ret, err);
}

/* The same words under a new counter. It goes to the end of the list, which is sorted by counter: behind what
 * is in the journal only, if there is such, and with that it is read again. */
int client_renumber(struct client *client, struct pending *pending, const struct command *old,
                    struct err *err)
{
    struct command command = *old;
    struct pending moved;
    struct buf frame;
    bool changed = false;
    uint8_t *p;
    int rc = journal_take_counters(client->journal, client->last_counter, 1, &command.counter, err);

    if (rc) {
        return rc;
    }
    buf_init(&frame, FRAME_MAX);
    rc = client_submit_sign(client, &command, old->operator[0] == '\0', &frame, err);
    rc = rc ? rc
            : journal_renumber(client->journal, pending->item, pending->counter, command.counter,
                               buf_bytes(&frame), &changed, err);
    bool is_left = changed && client->pending_left > 0;
    p = rc || !changed || is_left ? NULL : malloc(frame.n);
    if (p) {
        memcpy(p, frame.p, frame.n);
        moved = (struct pending){.item = pending->item,
                                 .counter = command.counter,
                                 .tag = pending->tag,
                                 .frame = {.p = p, .n = frame.n}};
        remove_pending(client, pending);
        client->pending_bytes += frame.n;
        client->pending[client->pending_n++] = moved;
    } else if (!rc && changed && !is_left) {
        rc = ERR_NO_MEMORY;
    } else if (!rc) {
        client->pending_left += is_left ? 1 : 0;
        remove_pending(client, pending); /* or another process of this agent has taken it over */
    }
    buf_free(&frame);
    return rc;
}

/* What the broker refused was not said: the application may say it again, mended. */
static int unsay(struct client *client, const struct give_receipt *receipt, struct err *err)
{
    struct journal_order order;
    int rc = journal_order(client->journal, receipt->order, &order, err);

    if (rc) {
        return rc == ERR_NOT_FOUND ? 0 : rc;
    }
    if (receipt->amendment > 0) {
        return order.acknowledged == receipt->amendment
                   ? journal_set_acknowledged(client->journal, receipt->order, receipt->amendment - 1, err)
                   : 0;
    }
    if (order.end == JOURNAL_ENDED && rung_is_outcome(receipt->rung)) {
        rc = journal_end_order(client->journal, receipt->order, JOURNAL_OPEN, err);
    }
    return rc ? rc
              : journal_set_said(client->journal, receipt->order, order.said & ~(1u << receipt->rung), err);
}

bool client_can_sign_again(const struct client *client, const struct command *command)
{
    const struct secret_keys *operator= client->options.operator;

    return command->operator[0] == '\0' ||(operator&& strcmp(operator->name, command->operator) == 0);
}

static int settle(struct client *client, struct bytes frame, struct arena *arena, struct told *told,
                  size_t *told_n, struct err *err)
{
    struct pending *pending;
    struct envelope envelope;
    struct command command;
    struct reply *reply = &envelope.reply;
    bool superseded = false;
    int rc = wire_decode_envelope(frame, arena, &envelope, err);

    pending = rc ? NULL : find(client, reply->counter);
    if (!pending) {
        return rc;
    }
    if (reply->outcome == OUTCOME_REFUSED) {
        if (reply->refusal == REFUSED_BUSY || (reply->refusal == REFUSED_DISK && reply->retry_ms > 0)) {
            send_later(client, pending, reply->retry_ms);
            return 0;
        }
        rc = client_decode_pending(pending, arena, &command, err);
        if (rc) {
            return rc;
        }
        /* A person is told and finds another way; a receipt is still true when the log is back. */
        if (reply->refusal == REFUSED_FENCED && command.operator[0] == '\0') {
            send_later(client, pending, FENCED_RETRY_MS);
            return 0;
        }
        if ((reply->refusal == REFUSED_STALE ||
             (reply->refusal == REFUSED_EPOCH && command.epoch != client->epoch)) &&
            client_can_sign_again(client, &command)) {
            rc = client_supersede(client, pending->counter, &command, arena, &superseded, err);
            if (rc || !superseded) {
                return rc ? rc : client_renumber(client, pending, &command, err);
            }
            reply->detail = "something newer was said since";
            if (command.kind == COMMAND_STATE_UNITS) { /* a program's word: the newer one stands, no alarm */
                reply->outcome = OUTCOME_UNCHANGED;
                reply->refusal = REFUSED_NOT;
            }
        }
        /* An order that was delivered here and is not there: a recovery has lost it. When it comes again this
         * is said again (client_order_again()), and nothing is carried out twice meanwhile. */
        if (command.kind == COMMAND_GIVE_RECEIPT && !client_order_is_lost(reply->refusal)) {
            rc = unsay(client, &command.give_receipt, err);
        }
    }
    rc = rc ? rc : journal_settle(client->journal, pending->item, frame, err);
    if (!rc) {
        told[(*told_n)++] = (struct told){.tag = pending->tag, .reply = *reply};
        pending->settled = true;
    }
    return rc;
}

static void remove_settled(struct client *client)
{
    size_t kept = 0;

    for (size_t i = 0; i < client->pending_n; i++) {
        struct pending *pending = &client->pending[i];

        if (!pending->settled) {
            client->pending[kept++] = *pending;
            continue;
        }
        client->in_flight -= pending->sent ? 1 : 0;
        client->pending_bytes -= pending->frame.n;
        free(pending->frame.p);
    }
    client->pending_n = kept;
}

static void tell(struct client *client, const struct told *told, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (told[i].reply.seq > client->head_seq && told[i].reply.outcome == OUTCOME_DONE) {
            client->head_seq = told[i].reply.seq;
            client->head_hash = told[i].reply.hash;
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (client->io.on_reply) {
            client->io.on_reply(client->io.ctx, told[i].tag, &told[i].reply);
        }
    }
}

static void take_some(struct client *client, size_t n, struct arena *arenas, struct told *told)
{
    struct frame frames[CLIENT_BATCH_MAX];
    struct err err = {0};
    size_t told_n = 0;
    int rc = journal_begin(client->journal, &err);

    for (size_t i = 0; i < n && !rc; i++) {
        struct frame *frame = &client->replies.at[i];

        rc = settle(client, (struct bytes){frame->p, frame->n}, &arenas[i], told, &told_n, &err);
    }
    if (rc) {
        journal_rollback(client->journal);
    } else {
        rc = journal_commit(client->journal, &err);
    }
    if (rc) {
        /* What changed in memory and not in the journal is read again, at a tick that can, and said again. */
        client->pending_unread = client_pending(client);
        client_trouble(client, &err);
        client_give_up(client, "the journal fails");
        return;
    }
    client_frames_take(&client->replies, frames, n);
    remove_settled(client);
    tell(client, told, told_n);
    client_frames_free(frames, n);
}

void client_take_replies(struct client *client)
{
    struct arena *arenas;
    struct told *told;

    if (client->replies.n == 0) {
        return;
    }
    arenas = calloc(CLIENT_BATCH_MAX, sizeof *arenas);
    told = calloc(CLIENT_BATCH_MAX, sizeof *told);
    for (size_t rounds = 0; arenas && told && client->replies.n > 0 && rounds < CLIENT_WINDOW; rounds++) {
        size_t n = client->replies.n < CLIENT_BATCH_MAX ? client->replies.n : CLIENT_BATCH_MAX;

        for (size_t i = 0; i < n; i++) {
            arena_init(&arenas[i], ARENA_PER_FRAME);
        }
        take_some(client, n, arenas, told);
        for (size_t i = 0; i < n; i++) {
            arena_free(&arenas[i]);
        }
        if (client->replies.n > 0) {
            client_flush(client);
        }
    }
    free(told);
    free(arenas);
}
