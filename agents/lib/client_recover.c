/* The log goes on from an older copy, in a later epoch. Proved by the broker's record in the region's stream,
 * it is taken as it is: cursors begin where that log says, what it has lost of ours is said again, signed for
 * the new epoch, and what was carried out is not carried out again, for orders are known by their ids. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/lib/client_private.h"
#include "common/base/when.h"

/* The copy may have written records of its own before it was fenced and recovered: a start, deadlines, what
 * those said who had seen no more. Their numbers were others' in the log that is gone. So many before its end
 * are in doubt: what was done in them is said again with the same bytes, which is harmless, for what is in
 * the log is answered from there. */
enum { DOUBT_RECORDS = 1024 };

/* Rows of the journal, by their names there: what is looked at in one walk is changed after it. */
struct items {
    int64_t *at;
    size_t n;
    size_t capacity;
};

static int add_item(struct items *items, int64_t item)
{
    if (items->n == items->capacity) {
        size_t capacity = items->capacity ? 2 * items->capacity : 64;
        int64_t *at = reallocarray(items->at, capacity, sizeof *at);

        if (!at) {
            return ERR_NO_MEMORY;
        }
        items->at = at;
        items->capacity = capacity;
    }
    items->at[items->n++] = item;
    return 0;
}

static bool decode(const struct journal_outgoing *outgoing, struct arena *arena, struct command *ret)
{
    struct envelope envelope;

    return wire_decode_envelope(outgoing->frame, arena, &envelope, NULL) == 0 &&
           wire_decode_command(envelope.submit.payload, arena, ret, NULL) == 0;
}

static uint64_t highest(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* ---- what of ours is lost ---- */

/* Those of our commands that were done in records that are lost, or in doubt. */
struct lost {
    uint64_t epoch;
    uint64_t after_seq;    /* the copy's last */
    uint64_t doubt_seq;    /* above it there is doubt */
    uint64_t last_counter; /* of ours in the copy */
    uint64_t seen_seq;
    size_t certain;
    struct items items;
    struct arena arena;
    int rc;
};

static bool look_at(void *ctx, const struct journal_outgoing *outgoing)
{
    struct lost *lost = ctx;
    struct envelope answered;
    struct command command;

    arena_reset(&lost->arena);
    if (outgoing->reply.n == 0 || wire_decode_envelope(outgoing->reply, &lost->arena, &answered, NULL) != 0 ||
        answered.kind != ENVELOPE_REPLY || answered.reply.outcome != OUTCOME_DONE ||
        (answered.reply.seq <= lost->doubt_seq && outgoing->counter <= lost->last_counter) ||
        !decode(outgoing, &lost->arena, &command) || command.epoch != lost->epoch) {
        return true;
    }
    lost->rc = add_item(&lost->items, outgoing->item);
    lost->certain += answered.reply.seq > lost->after_seq || outgoing->counter > lost->last_counter;
    lost->seen_seq = answered.reply.seq > lost->seen_seq ? answered.reply.seq : lost->seen_seq;
    return lost->rc == 0;
}

/* ---- what is said again ---- */

struct finding {
    struct arena *arena;
    struct command command;
    bool found;
};

static bool find(void *ctx, const struct journal_outgoing *outgoing)
{
    struct finding *finding = ctx;

    finding->found = decode(outgoing, finding->arena, &finding->command);
    return false;
}

/* The pending item, signed for this epoch, if that is ours to sign. */
static int sign_anew(struct client *client, int64_t item, struct err *err)
{
    struct arena arena;
    struct finding finding = {.arena = &arena};
    bool changed;
    struct buf frame;

    arena_init(&arena, ARENA_PER_FRAME);
    buf_init(&frame, FRAME_MAX);
    int rc = journal_outgoing(client->journal, item, find, &finding, err);
    if (!rc && finding.found && client_can_sign_again(client, &finding.command)) {
        bool as_agent = finding.command.operator[0] == '\0';
        uint64_t counter = finding.command.counter;

        rc = journal_take_counters(client->journal, client->last_counter, 1, &finding.command.counter, err);
        rc = rc ? rc : client_submit_sign(client, &finding.command, as_agent, &frame, err);
        rc = rc ? rc
                : journal_renumber(client->journal, item, counter, finding.command.counter, buf_bytes(&frame),
                                   &changed, err);
    }
    buf_free(&frame);
    arena_free(&arena);
    return rc;
}

struct again {
    const struct client *client;
    struct items items;
    struct arena arena;
    int rc;
};

static bool is_to_be_signed(void *ctx, const struct journal_outgoing *outgoing)
{
    struct again *again = ctx;
    const struct client *client = again->client;
    struct command command;

    arena_reset(&again->arena);
    if (outgoing->counter > client->last_counter && decode(outgoing, &again->arena, &command) &&
        (again->items.n > 0 || command.epoch != client->epoch) && client_can_sign_again(client, &command)) {
        again->rc = add_item(&again->items, outgoing->item);
    }
    return again->rc == 0;
}

/* Under the counters that the log has not reached: it holds none of them. Those below say themselves whether
 * they are there, and what is another person's is refused for its epoch, and told. What was said since, in
 * this epoch already, stays behind what it may rest on: a recall behind its order. */
static int say_again(struct client *client, struct err *err)
{
    struct again again = {.client = client};

    arena_init(&again.arena, ARENA_PER_FRAME);
    int rc = journal_each_outgoing(client->journal, is_to_be_signed, &again, err);
    rc = rc ? rc : again.rc;
    for (size_t i = 0; i < again.items.n && !rc; i++) {
        rc = sign_anew(client, again.items.at[i], err);
    }
    arena_free(&again.arena);
    free(again.items.at);
    return rc;
}

/* All of it or nothing: a journal that is in the new epoch has it in its order. Another process of this agent
 * may have done the first part; what was said in this one since is still to be signed. */
static int recover_journal(struct client *client, struct lost *lost, struct err *err)
{
    /* Amendments come in this lane; what the copy knows as acknowledged it holds, and delivers no more. */
    uint64_t kept_seq = highest(lost->doubt_seq, client->lanes[LANE_ORDERS].acked);
    bool first = false;
    int rc = journal_begin(client->journal, err);

    if (rc) {
        return rc;
    }
    rc = journal_recover(client->journal, client->epoch, kept_seq, &first, err);
    if (!rc && first) {
        rc = journal_each_newer(client->journal, 0, look_at, lost, err);
        rc = rc ? rc : lost->rc;
    }
    for (size_t i = 0; i < lost->items.n && !rc; i++) {
        rc = journal_reopen(client->journal, lost->items.at[i], err);
    }
    rc = rc ? rc : say_again(client, err);
    if (rc) {
        journal_rollback(client->journal);
        return rc;
    }
    return journal_commit(client->journal, err);
}

/* What this process knows of the log that is gone. */
static uint64_t forget(struct client *client, uint64_t after_seq)
{
    uint64_t seen = highest(client->seen_seq, client->head_seq);

    for (unsigned lane = 1; lane <= LANE_MAX; lane++) {
        struct ack_lane *at = &client->lanes[lane];

        seen = highest(seen, at->cursor);
        at->cursor = at->acked;
        at->kept = 0;
    }
    client->seen_seq = client->head_seq = client->keys_asked = 0;
    client->seen_unkept = false;
    buf_reset(&client->seen);
    client->tail_seq = client->tail_seq < after_seq ? client->tail_seq : after_seq;
    client->tail.from_seq = client->tail.from_seq < after_seq ? client->tail.from_seq : after_seq;
    return seen;
}

static void tell(struct client *client, const struct lost *lost, const struct keyring_recovery *proof)
{
    if (client->io.on_recovered) {
        client->io.on_recovered(client->io.ctx, &(struct client_recovery){.epoch = proof->epoch,
                                                                          .now = client->epoch,
                                                                          .after_seq = proof->seq,
                                                                          .seen_seq = lost->seen_seq,
                                                                          .at_ms = proof->at_ms,
                                                                          .reason = proof->reason,
                                                                          .again = lost->certain});
    }
}

static bool stop(struct client *client, int rc, struct err *err)
{
    err->code = rc;
    client_trouble(client, err);
    client_give_up(client, "the journal fails");
    return false;
}

bool client_recovered(struct client *client)
{
    const struct keyring_recovery *proof = keyring_recovery(client->keyring, client->known_epoch);
    const struct keyring_recovery *last = proof; /* of the journal's epoch, which may be a later one */
    struct lost lost = {.last_counter = client->last_counter};
    struct err err = {0};
    uint64_t kept = 0;
    int rc = journal_epoch(client->journal, &kept, &err);

    if (rc) {
        return stop(client, rc, &err);
    }
    if (kept < client->epoch) {
        last = keyring_recovery(client->keyring, kept);
    }
    if (!proof || !last || keyring_epoch(client->keyring) != client->epoch) {
        client_session_bye(client, REFUSED_EPOCH, "its epoch has risen, and its log does not say why");
        return false;
    }
    lost.epoch = last->epoch;
    lost.after_seq = last->seq;
    lost.doubt_seq = last->seq > DOUBT_RECORDS ? last->seq - DOUBT_RECORDS : 0;
    arena_init(&lost.arena, ARENA_PER_FRAME);
    client_flush(client);
    rc = recover_journal(client, &lost, &err);
    arena_free(&lost.arena);
    free(lost.items.at);
    if (rc) {
        return stop(client, rc, &err);
    }
    lost.seen_seq = highest(lost.seen_seq, forget(client, proof->seq));
    client->known_epoch = client->epoch;
    client->recovering = false;
    rc = client_submit_load(client, &err);
    if (rc) {
        (void)stop(client, rc, &err);
    }
    tell(client, &lost, proof);
    return client->state == CLIENT_READY;
}

/* ---- orders that were lost and come again ---- */

struct refused {
    const struct orders_again *orders;
    uint64_t epoch;
    struct items items; /* the newest first */
    struct arena arena;
    int rc;
};

bool client_order_is_lost(enum refusal refusal)
{
    return refusal == REFUSED_NO_ORDER || refusal == REFUSED_NO_INCIDENT;
}

static bool is_among(const struct orders_again *orders, struct id order)
{
    for (size_t i = 0; i < orders->n; i++) {
        if (id_equal(orders->at[i], order)) {
            return true;
        }
    }
    return false;
}

static bool look_for_receipt(void *ctx, const struct journal_outgoing *outgoing)
{
    struct refused *refused = ctx;
    struct envelope answered;
    struct command command;

    arena_reset(&refused->arena);
    if (outgoing->reply.n > 0 &&
        wire_decode_envelope(outgoing->reply, &refused->arena, &answered, NULL) == 0 &&
        answered.kind == ENVELOPE_REPLY && answered.reply.outcome == OUTCOME_REFUSED &&
        client_order_is_lost(answered.reply.refusal) && decode(outgoing, &refused->arena, &command) &&
        command.kind == COMMAND_GIVE_RECEIPT && command.epoch == refused->epoch &&
        is_among(refused->orders, command.give_receipt.order)) {
        refused->rc = add_item(&refused->items, outgoing->item);
    }
    return refused->rc == 0;
}

int client_order_again(struct client *client, const struct journal_order *given, struct orders_again *again,
                       struct err *err)
{
    struct journal_order order;
    int rc = journal_order(client->journal, given->order, &order, err);

    if (rc ||
        (order.record.n == given->record.n && memcmp(order.record.p, given->record.p, order.record.n) == 0)) {
        return rc;
    }
    if (again->n == again->capacity) {
        size_t capacity = again->capacity ? 2 * again->capacity : 64;
        struct id *at = reallocarray(again->at, capacity, sizeof *at);

        if (!at) {
            return ERR_NO_MEMORY;
        }
        again->at = at;
        again->capacity = capacity;
    }
    again->at[again->n++] = given->order;
    return journal_set_order_record(client->journal, given->order, given->seq, given->record, err);
}

int client_say_orders_again(struct client *client, const struct orders_again *again, bool *ret_said,
                            struct err *err)
{
    struct refused refused = {.orders = again, .epoch = client->epoch};

    *ret_said = false;
    if (again->n == 0) {
        return 0;
    }
    arena_init(&refused.arena, ARENA_PER_FRAME);
    int rc = journal_each_newer(client->journal, 0, look_for_receipt, &refused, err);
    rc = rc ? rc : refused.rc;
    arena_free(&refused.arena);
    for (size_t i = refused.items.n; i > 0 && !rc; i--) { /* in the order in which they were said */
        rc = journal_reopen(client->journal, refused.items.at[i - 1], err);
        rc = rc ? rc : sign_anew(client, refused.items.at[i - 1], err);
    }
    *ret_said = refused.items.n > 0;
    free(refused.items.at);
    return rc;
}

char *client_recovery_text(const struct client_recovery *recovery, char ret[CLIENT_RECOVERY_TEXT])
{
    char when[WHEN_TEXT];
    unsigned long long epoch = (unsigned long long)recovery->epoch;
    unsigned long long last = (unsigned long long)recovery->after_seq;

    when_format(recovery->at_ms, 0, when);
    if (recovery->seen_seq > recovery->after_seq) {
        (void)snprintf(
            ret, CLIENT_RECOVERY_TEXT,
            "records %llu to %llu of epoch %llu are lost in the recovery of %s: %s; what we said in "
            "them is said again: %zu commands",
            last + 1, (unsigned long long)recovery->seen_seq, epoch, when, recovery->reason, recovery->again);
    } else {
        (void)snprintf(
            ret, CLIENT_RECOVERY_TEXT,
            "the log was recovered at %s: %s; it goes on from record %llu of epoch %llu, and we know "
            "of none above it; what we said and it does not hold is said again: %zu commands",
            when, recovery->reason, last, epoch, recovery->again);
    }
    return ret;
}
