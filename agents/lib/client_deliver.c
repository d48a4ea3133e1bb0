/* Deliveries: checked, journalled many at a time, then given to the application, then acknowledged. */
#include <stdlib.h>
#include <string.h>

#include "agents/lib/client_private.h"
#include "common/base/mutant.h"
#include "common/core/link.h"
#include "common/core/stream.h"

/* One Deliver on its way to the application. Everything lives in its arena. */
struct taken {
    struct arena arena;
    struct deliver deliver;
    struct record record;
    struct command command;
    struct said_again
        said; /* of a re-issue; its order is NULL for any other, and where nothing is said again */
    struct delivery *list;
    size_t n;
    struct orders_again *again; /* the batch's */
    char *bad;                  /* why it is not given on; NULL: it is */
};

/* ---- which events concern us ---- */

static bool is_recalled(const struct deliver *deliver, struct id order)
{
    for (size_t i = 0; i < deliver->recalled_n; i++) {
        if (id_equal(deliver->recalled[i], order)) {
            return true;
        }
    }
    return false;
}

/* What another region tells of an incident's past may hold an order and its end: it is not to be begun. */
static bool ends_at_once(const struct taken *taken, struct id order)
{
    for (size_t i = 0; i < taken->record.events_n; i++) {
        const struct event *event = &taken->record.events[i];
        if ((event->kind == EVENT_ORDER_RECALLED || event->kind == EVENT_ORDER_EXPIRED) &&
            id_equal(event->order, order)) {
            return true;
        }
    }
    return false;
}

/* The words of the order stand in the command, beside the event; of a re-issue in what it says again. */
static bool find_words(struct taken *taken, const struct event *event, struct delivery *ret)
{
    const struct command *command =
        command_behind(&taken->command, taken->record.events, taken->record.events_n, event);

    if (command->kind == COMMAND_REISSUE_ORDER) {
        ret->order_said = client_said_again(&taken->said, event, &taken->arena);
        return ret->order_said != NULL;
    }
    if (command->kind == COMMAND_ORDER_EVACUATION) {
        ret->evacuation_said = &command->order_evacuation;
        return true;
    }
    if (command->kind != COMMAND_ISSUE_ORDERS) {
        return false;
    }
    for (size_t i = 0; i < command->issue_orders.orders_n; i++) {
        if (id_equal(command->issue_orders.orders[i].order, event->order)) {
            ret->order_said = &command->issue_orders.orders[i];
            return true;
        }
    }
    return false;
}

static struct delivery delivery_of(const struct taken *taken, const struct event *event,
                                   enum delivery_kind kind)
{
    return (struct delivery){
        .kind = kind,
        .mode = taken->command.mode,
        .lane = taken->deliver.lane,
        .seq = taken->deliver.seq,
        .bus_ms = taken->deliver.bus_ms,
        .incident = event->incident,
        .order = event->order,
        .event = event,
        .record = &taken->record,
    };
}

static void give(struct taken *taken, struct delivery delivery)
{
    taken->list[taken->n++] = delivery;
}

static int take_order(struct client *client, struct taken *taken, const struct event *event, struct err *err)
{
    struct delivery delivery = delivery_of(taken, event, DELIVERY_ORDER);
    struct journal_order order = {
        .order = event->order,
        .incident = event->incident,
        .seq = taken->deliver.seq,
        .lane = taken->deliver.lane,
        .bus_ms = taken->deliver.bus_ms,
        .expires_at_ms = event->order_issued.expires_at_ms,
        .record = taken->deliver.record,
    };
    bool recalled, is_new;
    int rc;

    if (!find_words(taken, event, &delivery)) {
        taken->bad = arena_printf(&taken->arena, "an order was issued whose words its command does not hold");
        return 0;
    }
    rc = journal_has_recall(client->journal, event->order, &recalled, err);
    if (rc) {
        return rc;
    }
    if (recalled || is_recalled(&taken->deliver, event->order) || ends_at_once(taken, event->order)) {
        order.end = JOURNAL_RECALLED;
    } else if (order.expires_at_ms > 0 && order.expires_at_ms < client_bus_ms(client)) {
        order.end = JOURNAL_EXPIRED;
        delivery.kind = DELIVERY_EXPIRED;
    }
    rc = journal_add_order(client->journal, &order, &is_new, err);
    if (!rc && !is_new) {
        rc = client_order_again(client, &order, taken->again, err);
    }
    if (!rc && is_new && order.end != JOURNAL_RECALLED) {
        give(taken, delivery);
    }
    return rc;
}

static int take_recall(struct client *client, struct taken *taken, const struct event *event, struct err *err)
{
    struct journal_order order;
    int rc = journal_order(client->journal, event->order, &order, err);

    /* Given even if the journal knows it: the process may have died between the two. */
    if (rc == ERR_NOT_FOUND) {
        rc = journal_add_recall(client->journal, event->order, event->order_recalled.expires_at_ms, err);
    } else if (!rc && order.end != JOURNAL_RECALLED) {
        rc = journal_end_order(client->journal, event->order, JOURNAL_RECALLED, err);
    }
    if (!rc) {
        struct delivery delivery = delivery_of(taken, event, DELIVERY_RECALL);

        const struct command *said =
            command_behind(&taken->command, taken->record.events, taken->record.events_n, event);
        if (said->kind == COMMAND_RECALL_ORDER) {
            delivery.recall_said = &said->recall_order;
        }
        give(taken, delivery);
    }
    return rc;
}

/* Another agent of our agency took an order to the agency, or declined it: for us it is withdrawn. */
static int take_taken(struct client *client, struct taken *taken, const struct event *event, bool *ret_ours,
                      struct err *err)
{
    const char *self = client->options.agent->name;
    const struct rung_reached *said = &event->rung;
    char ours[NAME_MAX_BYTES + 1], theirs[NAME_MAX_BYTES + 1];
    struct journal_order order;
    int rc;

    *ret_ours = false;
    if (said->rung < RUNG_ACCEPTED || strcmp(said->agent, self) == 0 || !name_agency(self, ours) ||
        !name_agency(said->agent, theirs) || strcmp(ours, theirs) != 0) {
        return 0;
    }
    rc = journal_order(client->journal, event->order, &order, err);
    if (rc == ERR_NOT_FOUND) { /* it may still be on its way to us: then it is not to be begun */
        return journal_add_recall(client->journal, event->order, taken->deliver.bus_ms + CLIENT_TAKEN_KEEP_MS,
                                  err);
    }
    bool takes = said->rung == RUNG_ACCEPTED || said->rung == RUNG_DECLINED;
    if (rc == 0 && (order.end == JOURNAL_OPEN || (takes && order.end == JOURNAL_ENDED))) {
        rc = journal_end_order(client->journal, event->order, JOURNAL_TAKEN, err);
    } else if (rc || !takes) {
        return rc;
    }
    if (!rc) {
        *ret_ours = true;
        give(taken, delivery_of(taken, event, DELIVERY_RECALL));
    }
    return rc;
}

/* Amendments and the end of an order that is ours; ret_ours is false when it is not. */
static int take_change(struct client *client, struct taken *taken, const struct event *event, bool *ret_ours,
                       struct err *err)
{
    struct journal_order order;
    int rc = journal_order(client->journal, event->order, &order, err);

    *ret_ours = rc == 0;
    if (rc) {
        return rc == ERR_NOT_FOUND ? 0 : rc;
    }
    if (event->kind == EVENT_ORDER_EXPIRED) {
        rc = order.end == JOURNAL_EXPIRED
                 ? 0 /* known, and perhaps not given */
                 : journal_end_order(client->journal, event->order, JOURNAL_EXPIRED, err);
        if (!rc) {
            give(taken, delivery_of(taken, event, DELIVERY_EXPIRED));
        }
        return rc;
    }
    if (event->order_amended.amendment <= order.amendments || order.end != JOURNAL_OPEN) {
        return 0;
    }
    rc = journal_add_amendment(client->journal, event->order, event->order_amended.amendment,
                               taken->deliver.seq, taken->deliver.bus_ms, taken->deliver.record, err);
    if (!rc) {
        give(taken, delivery_of(taken, event, DELIVERY_AMENDMENT));
    }
    return rc;
}

/* An order that nobody answered is recalled where somebody else gets it instead: of those who are told, that
 * concerns whom it was addressed to. */
static bool is_recall_for(const struct taken *taken, const struct event *recalled, const char *self)
{
    char agency[NAME_MAX_BYTES + 1];

    for (size_t i = 0; i < taken->record.events_n; i++) {
        const struct event *event = &taken->record.events[i];
        if (event->kind == EVENT_ORDER_REISSUED && id_equal(event->order, recalled->order)) {
            const char *from = event->order_reissued.former;
            return strcmp(from, self) == 0 || (name_agency(self, agency) && strcmp(from, agency) == 0);
        }
    }
    return true;
}

/* It is told again of an order that it has; one that has ended, or was accepted meanwhile, needs no reminder.
 * */
static int take_reminder(struct client *client, struct taken *taken, const struct event *event,
                         bool *ret_ours, struct err *err)
{
    struct journal_order order;
    int rc = journal_order(client->journal, event->order, &order, err);

    *ret_ours = rc == 0;
    if (rc == 0 && order.end == JOURNAL_OPEN && order.said >> RUNG_ACCEPTED == 0) {
        give(taken, delivery_of(taken, event, DELIVERY_REMINDER));
    }
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

/* In which an order comes. A record that brings it may come in another lane as well, for something else that
 * is in it: only in its own does it say what has been recalled since. */
static enum lane lane_of(const struct event *issued)
{
    return id_is_zero(issued->order_issued.evacuation) ? LANE_ORDERS : LANE_URGENT;
}

/* A record that does something to an order of ours is that; any other is a notice of each event. What another
 * region told is many records in one: what in it is of no order of ours is a notice all the same. */
static int take_events(struct client *client, struct taken *taken, struct err *err)
{
    bool *is_taken = arena_array(&taken->arena, bool, taken->record.events_n);
    size_t ours = 0;

    if (is_taken == NULL) {
        return ERR_NO_MEMORY;
    }

    for (size_t i = 0; i < taken->record.events_n && !taken->bad; i++) {
        const struct event *event = &taken->record.events[i];
        bool is_ours = false;
        int rc = 0;

        if (event->kind == EVENT_ORDER_ISSUED) {
            is_ours = !event->order_issued.history &&
                      words_have(event->order_issued.agents, client->options.agent->name);
            rc = is_ours && taken->deliver.lane == lane_of(event) ? take_order(client, taken, event, err) : 0;
        } else if (event->kind == EVENT_ORDER_RECALLED) {
            is_ours = is_recall_for(taken, event, client->options.agent->name);
            rc = is_ours ? take_recall(client, taken, event, err) : 0;
        } else if (event->kind == EVENT_ORDER_AMENDED || event->kind == EVENT_ORDER_EXPIRED) {
            rc = take_change(client, taken, event, &is_ours, err);
        } else if (event->kind == EVENT_ORDER_REMINDED) {
            rc = take_reminder(client, taken, event, &is_ours, err);
        } else if (event->kind == EVENT_RUNG_REACHED) {
            rc = take_taken(client, taken, event, &is_ours, err);
        }
        if (rc) {
            return rc;
        }
        is_taken[i] = is_ours;
        ours += is_ours ? 1 : 0;
    }
    bool notices = ours == 0 || command_tells(&taken->command) != NULL;
    for (size_t i = 0; i < taken->record.events_n && notices && !taken->bad; i++) {
        if (!is_taken[i]) {
            give(taken, delivery_of(taken, &taken->record.events[i], DELIVERY_NOTICE));
        }
    }
    return 0;
}

/* ---- one delivery ---- */

/* What the broker says again was signed by who gave the order: the broker cannot invent one. */
static int check_said_again(struct client *client, struct taken *taken, struct err *err)
{
    const struct reissue_order *reissue = &taken->command.reissue_order;

    if (taken->command.kind != COMMAND_REISSUE_ORDER || reissue->said.n == 0) {
        return 0;
    }
    int rc = wire_decode_said_again(reissue, &taken->arena, &taken->said, err);

    /* it may name an incident that is merged into the order's: the order itself is what was signed */
    if (rc == 0 && taken->said.command.mode != taken->command.mode) {
        return err_set(err, ERR_PROTOCOL, "record %llu: what it says again is of another mode",
                       (unsigned long long)taken->deliver.seq);
    }
    if (rc == 0) {
        struct record record = {.signed_command = taken->said.signed_command};

        rc = keyring_verify(client->keyring, reissue->said_seq, &record, &taken->said.command, err);
    }
    return rc;
}

/* ERR_TEMPORARY: not before the region's stream was read again. */
static int check(struct client *client, struct taken *taken)
{
    struct err err = {0};
    int rc = wire_decode_record(taken->deliver.record, &taken->arena, &taken->record, &err);

    rc = rc ? rc
            : wire_decode_command(taken->record.signed_command.payload, &taken->arena, &taken->command, &err);
    if (rc == 0) {
        rc = keyring_verify(client->keyring, taken->deliver.seq, &taken->record, &taken->command, &err);
        rc = rc ? rc : check_said_again(client, taken, &err);
        if (rc == ERR_PERMISSION && taken->deliver.seq > client->keys_seq) {
            return ERR_TEMPORARY;
        }
    }
    if (rc == 0) {
        taken->list = arena_array(&taken->arena, struct delivery, taken->record.events_n);
        rc = taken->list ? 0 : ERR_NO_MEMORY;
    }
    if (rc) {
        taken->bad = arena_strdup(&taken->arena, err.text[0] != '\0' ? err.text : err_string(rc));
        return taken->bad ? 0 : ERR_NO_MEMORY;
    }
    return 0;
}

static bool is_behind(const struct client *client, const struct deliver *deliver)
{
    return deliver->seq <= client->lanes[deliver->lane].cursor;
}

static int take_one(struct client *client, struct taken *taken, struct bytes frame, struct err *err)
{
    struct envelope envelope;
    int rc = wire_decode_envelope(frame, &taken->arena, &envelope, err);

    if (rc) {
        return rc;
    }
    taken->deliver = envelope.deliver;
    if (is_behind(client, &taken->deliver) || taken->deliver.record.n == 0) {
        return 0; /* had already, or a tombstone */
    }
    rc = check(client, taken);
    if (rc || taken->bad) {
        return rc;
    }
    return take_events(client, taken, err);
}

/* ---- a batch ---- */

static void give_one(struct client *client, const struct taken *taken)
{
    struct ack_lane *lane = &client->lanes[taken->deliver.lane];

    client_ack_taken(client, taken->deliver.lane, taken->deliver.record.n);
    if (is_behind(client, &taken->deliver)) {
        return; /* the same twice in one batch */
    }
    lane->cursor = taken->deliver.seq;
    client_ack_hold(client, taken->deliver.lane);
    if (taken->deliver.seq > client->head_seq) {
        client->head_seq = taken->deliver.seq;
        client->head_hash = taken->deliver.hash;
    }
    if (taken->bad && client->io.on_bad) {
        client->io.on_bad(client->io.ctx, taken->deliver.seq, taken->bad);
    }
    for (size_t i = 0; i < taken->n && client->io.on_delivery && !client->failed; i++) {
        client->io.on_delivery(client->io.ctx, &taken->list[i]);
    }
}

/* Keys that are newer than what we know: the stream is read again; the user's tail goes on after that. */
static void need_keys(struct client *client, uint64_t seq)
{
    client->keys_asked = seq;
    client_tail_start(client);
}

static int take_batch(struct client *client, struct taken *taken, size_t n, size_t *ret_n, bool *ret_keys,
                      struct err *err)
{
    int rc = journal_begin(client->journal, err);
    struct orders_again again = {.n = 0};
    bool said = false;
    size_t i = 0;

    *ret_keys = false;
    for (; i < n && !rc; i++) {
        struct frame *frame = &client->deliveries.at[i];

        taken[i].again = &again;
        rc = take_one(client, &taken[i], (struct bytes){frame->p, frame->n}, err);
        if (rc == ERR_TEMPORARY) {
            *ret_keys = true;
            rc = 0;
            break;
        }
    }
    rc = rc ? rc : client_say_orders_again(client, &again, &said, err);
    rc = rc ? rc : client_ack_keep(client, err);
    free(again.at);
    if (rc) {
        journal_rollback(client->journal);
        return rc;
    }
    rc = journal_commit(client->journal, err);
    if (!rc || MUTANT(MUTANT_GIVE_UNKEPT)) {
        client_ack_kept(client);
        *ret_n = i;
        rc = 0;
        if (said) { /* read again, at the next tick */
            client->pending_unread = client_pending(client) + 1;
        }
    }
    return rc;
}

/* False when no more can be taken now. */
static bool take_some(struct client *client, struct taken *taken, size_t n)
{
    struct frame frames[CLIENT_BATCH_MAX];
    struct err err = {0};
    bool keys;
    size_t done;
    int rc = take_batch(client, taken, n, &done, &keys, &err);

    if (rc) {
        client_trouble(client, &err);
        return false;
    }
    client_frames_take(&client->deliveries, frames, done);
    for (size_t i = 0; i < done && !client->failed; i++) { /* else the next process is given them */
        give_one(client, &taken[i]);
    }
    client_frames_free(frames, done);
    client_ack_credit(client);
    if (keys && client->state == CLIENT_READY) {
        need_keys(client, taken[done].deliver.seq);
    }
    return !keys;
}

void client_take_deliveries(struct client *client)
{
    struct taken *taken;
    bool more = true;

    if (client->deliveries.n == 0) {
        return;
    }
    taken = calloc(CLIENT_BATCH_MAX, sizeof *taken);
    client_flush(client);
    for (size_t rounds = 0; taken && more && client->deliveries.n > 0 && rounds < CLIENT_WINDOW; rounds++) {
        size_t n = client->deliveries.n < CLIENT_BATCH_MAX ? client->deliveries.n : CLIENT_BATCH_MAX;

        for (size_t i = 0; i < n; i++) {
            taken[i] = (struct taken){0};
            arena_init(&taken[i].arena, ARENA_PER_FRAME);
        }
        more = take_some(client, taken, n);
        for (size_t i = 0; i < n; i++) {
            arena_free(&taken[i].arena);
        }
        if (client->deliveries.n > 0) {
            client_flush(client);
        }
    }
    free(taken);
}
