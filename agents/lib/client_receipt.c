/* The application's side of an order: receipts, notes, and what is given again after a restart. */
#include <stdlib.h>
#include <string.h>

#include "agents/lib/client_private.h"
#include "common/base/mutant.h"
#include "common/core/link.h"
#include "common/core/order.h"

enum { RESUME_MAX = 65536 };

static enum rung highest_said(uint32_t said)
{
    for (int rung = RUNG_EXPIRED; rung > RUNG_NONE; rung--) {
        if (said & 1u << rung) {
            return (enum rung)rung;
        }
    }
    return RUNG_NONE;
}

/* ---- receipts ---- */

static int note_said(struct client *client, const struct journal_order *order,
                     const struct give_receipt *receipt, struct err *err)
{
    int rc;

    if (receipt->amendment > 0) {
        return journal_set_acknowledged(client->journal, receipt->order, receipt->amendment, err);
    }
    rc = journal_set_said(client->journal, receipt->order, order->said | 1u << receipt->rung, err);
    if (!rc && rung_is_outcome(receipt->rung) && order->end == JOURNAL_OPEN) {
        rc = journal_end_order(client->journal, receipt->order, JOURNAL_ENDED, err);
    }
    return rc;
}

/* An arena of its own: the call may come from a callback whose arguments are the client's arena's. */
static int find_mode(struct bytes order_record, enum mode *ret, struct err *err)
{
    struct arena arena;
    struct record record;
    struct command issued;
    int rc;

    arena_init(&arena, ARENA_PER_FRAME);
    rc = wire_decode_record(order_record, &arena, &record, err);
    rc = rc ? rc : wire_decode_command(record.signed_command.payload, &arena, &issued, err);
    if (!rc) {
        *ret = issued.mode;
    }
    arena_free(&arena);
    return rc;
}

/* In a transaction of the journal. `ret_n` is how many commands were prepared: one, or none when it was
 * said before. */
static int prepare_receipt(struct client *client, const struct give_receipt *receipt, uint64_t tag,
                           size_t *ret_n, struct err *err)
{
    struct command command = {.kind = COMMAND_GIVE_RECEIPT, .give_receipt = *receipt};
    struct journal_order order;
    int rc = journal_order(client->journal, receipt->order, &order, err);

    if (rc == ERR_NOT_FOUND) {
        return err_set(err, rc, "no such order was delivered to this agent");
    }
    if (rc) {
        return rc;
    }
    if (receipt->amendment > 0
            ? receipt->amendment <= order.acknowledged
            : order.said & 1u << (receipt->rung - (MUTANT(MUTANT_RECEIPT_MIXED) ? 1 : 0))) {
        return 0;
    }
    if (receipt->amendment == 0 && highest_said(order.said) > receipt->rung) {
        return err_set(err, ERR_CONFLICT, "\"%s\" was said of this order already",
                       rung_name(highest_said(order.said)));
    }
    rc = find_mode(order.record, &command.mode, err);
    if (rc) {
        return rc;
    }
    command.give_receipt.incident = order.incident;
    command.expires_at_ms = client_bus_ms(client) + CLIENT_RECEIPT_EXPIRY_MS;
    rc = note_said(client, &order, receipt, err);
    rc = rc ? rc : client_submit_prepare(client, &command, &tag, 1, err);
    *ret_n = rc ? 0 : 1;
    return rc;
}

static int give_receipt(struct client *client, const struct give_receipt *receipt, uint64_t tag,
                        struct err *err)
{
    struct give_receipt said = *receipt;
    size_t n = 0;
    int rc;

    if (said.rung <= RUNG_DELIVERED || said.rung > RUNG_DECLINED) {
        return err_set(err, ERR_USAGE, "\"%s\" is no rung that a receipt can state", rung_name(said.rung));
    }
    said.text = said.text ? said.text : "";
    client_flush(client);
    rc = journal_begin(client->journal, err);
    if (rc) {
        return rc;
    }
    rc = prepare_receipt(client, &said, tag, &n, err);
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

int client_receipt(struct client *client, const struct give_receipt *receipt, uint64_t tag, struct err *err)
{
    return client_checked(client, give_receipt(client, receipt, tag, err));
}

int client_note(struct client *client, struct id order, struct bytes note, struct err *err)
{
    client_flush(client);
    return client_checked(client, journal_set_note(client->journal, order, note, err));
}

/* ---- after a restart ---- */

struct open_orders {
    struct id *at;
    size_t n;
    size_t capacity;
    bool failed;
};

static bool list_one(void *ctx, const struct journal_order *order)
{
    struct open_orders *open = ctx;

    if (open->n == open->capacity) {
        size_t capacity = open->capacity ? 2 * open->capacity : 64;
        struct id *at = capacity <= RESUME_MAX ? reallocarray(open->at, capacity, sizeof *at) : NULL;

        if (!at) {
            open->failed = true;
            return false;
        }
        open->at = at;
        open->capacity = capacity;
    }
    open->at[open->n++] = order->order;
    return true;
}

static const struct event *event_of(const struct record *record, enum event_kind kind, struct id order)
{
    for (size_t i = 0; i < record->events_n; i++) {
        if (record->events[i].kind == kind && id_equal(record->events[i].order, order)) {
            return &record->events[i];
        }
    }
    return NULL;
}

static const struct new_order *words_of(const struct command *command, struct id order)
{
    for (size_t i = 0; i < command->issue_orders.orders_n; i++) {
        if (id_equal(command->issue_orders.orders[i].order, order)) {
            return &command->issue_orders.orders[i];
        }
    }
    return NULL;
}

const struct new_order *client_said_again(const struct said_again *said, const struct event *event,
                                          struct arena *arena)
{
    const struct order_issued *issued = &event->order_issued;

    if (said->order == NULL || strcmp(said->order->kind, issued->kind) != 0) {
        return NULL;
    }
    struct new_order ours = *said->order;
    ours.order = event->order;
    ours.addressee = issued->addressee;
    ours.units = issued->units;
    ours.answer_by_ms = issued->answer_by_ms;
    ours.expires_at_ms = issued->expires_at_ms;
    ours.reissue_of = issued->reissue_of;
    return arena_copy(arena, &ours, sizeof ours);
}

/* Those of the record that is kept with the order. */
static int find_said(const struct command *command, const struct event *issued, struct arena *arena,
                     struct delivery *ret, struct err *err)
{
    struct said_again said;
    int rc = 0;

    if (issued == NULL) {
        return 0;
    }
    if (command->kind == COMMAND_ISSUE_ORDERS) {
        ret->order_said = words_of(command, issued->order);
    } else if (command->kind == COMMAND_ORDER_EVACUATION) {
        ret->evacuation_said = &command->order_evacuation;
    } else if (command->kind == COMMAND_REISSUE_ORDER) {
        rc = wire_decode_said_again(&command->reissue_order, arena, &said, err);
        ret->order_said = rc == 0 ? client_said_again(&said, issued, arena) : NULL;
    }
    return rc;
}

/* The record's bytes must be the arena's: callbacks use the journal. */
static int decode(struct bytes bytes, struct arena *arena, struct record *record, struct command *command,
                  struct err *err)
{
    struct bytes copy = {arena_copy(arena, bytes.p, bytes.n), bytes.n};
    int rc = copy.p ? wire_decode_record(copy, arena, record, err) : ERR_NO_MEMORY;

    return rc ? rc : wire_decode_command(record->signed_command.payload, arena, command, err);
}

static int resume_amendment(struct client *client, const struct journal_order *order, struct arena *arena,
                            struct delivery delivery, struct err *err)
{
    struct record record;
    struct command command;
    int rc = decode(order->amendment_record, arena, &record, &command, err);

    if (rc) {
        return rc;
    }
    delivery.kind = DELIVERY_AMENDMENT;
    delivery.event = event_of(&record, EVENT_ORDER_AMENDED, order->order);
    delivery.record = &record;
    delivery.seq = order->amendment_seq;
    delivery.bus_ms = order->amendment_bus_ms;
    delivery.lane = LANE_ORDERS;
    delivery.order_said = NULL;
    delivery.evacuation_said = NULL;
    if (delivery.event) {
        client->io.on_delivery(client->io.ctx, &delivery);
    }
    return 0;
}

static int resume_one(struct client *client, struct id id, struct arena *arena, struct err *err)
{
    struct journal_order order;
    struct record record;
    struct command command;
    struct delivery delivery;
    int rc = journal_order(client->journal, id, &order, err);

    rc = rc ? rc : decode(order.record, arena, &record, &command, err);
    if (rc) {
        return rc;
    }
    /* Without the broker's time this is for the broker to say. */
    if (client->bus_known && order.expires_at_ms > 0 && order.expires_at_ms < client_bus_ms(client) &&
        highest_said(order.said) < RUNG_ACCEPTED) {
        return journal_end_order(client->journal, id, JOURNAL_EXPIRED, err);
    }
    const struct event *issued = event_of(&record, EVENT_ORDER_ISSUED, id);
    const struct command *said =
        issued ? command_behind(&command, record.events, record.events_n, issued) : &command;
    delivery = (struct delivery){
        .kind = DELIVERY_ORDER,
        .resumed = true,
        .mode = command.mode,
        .lane = order.lane,
        .seq = order.seq,
        .bus_ms = order.bus_ms,
        .incident = order.incident,
        .order = id,
        .event = issued,
        .rung_said = highest_said(order.said),
        .record = &record,
    };
    rc = find_said(said, delivery.event, arena, &delivery, err);
    if (rc) {
        return rc;
    }
    delivery.note = (struct bytes){arena_copy(arena, order.note.p, order.note.n), order.note.n};
    order.amendment_record.p = arena_copy(arena, order.amendment_record.p, order.amendment_record.n);
    if (delivery.event && (delivery.order_said || delivery.evacuation_said)) {
        client->io.on_delivery(client->io.ctx, &delivery);
    }
    if (order.amendments > order.acknowledged) {
        rc = resume_amendment(client, &order, arena, delivery, err);
    }
    return rc;
}

int client_resume(struct client *client, struct err *err)
{
    struct open_orders open = {0};
    struct arena arena;
    int rc;

    if (!client->io.on_delivery) {
        return 0;
    }
    rc = journal_each_open_order(client->journal, list_one, &open, err);
    if (!rc && open.failed) {
        rc = err_set(err, ERR_TOO_BIG, "more than %d open orders in the journal", RESUME_MAX);
    }
    arena_init(&arena, (size_t)2 * ARENA_PER_FRAME);
    for (size_t i = 0; i < open.n && !rc; i++) {
        arena_reset(&arena);
        rc = resume_one(client, open.at[i], &arena, err);
    }
    arena_free(&arena);
    free(open.at);
    return client_checked(client, rc);
}
