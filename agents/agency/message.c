#include "agents/agency/message.h"

#include <string.h>

#include "agents/agency/message_private.h"

static void put_order(json_t *json, const struct delivery *delivery)
{
    const struct order_issued *issued = delivery->event ? &delivery->event->order_issued : NULL;

    if (issued) {
        put(json, "kind", text_of(issued->kind));
        put(json, "issuer", text_of(issued->issuer));
        put(json, "operator", text_of(issued->operator));
        put(json, "needs", list_of(issued->needs));
        put(json, "answer_by", text_of_time(issued->answer_by_ms));
        put(json, "expires_at", text_of_time(issued->expires_at_ms));
        put(json, "reissue_of", text_of_id(issued->reissue_of));
    }
    if (delivery->order_said) {
        put(json, "addressee", text_of(delivery->order_said->addressee));
        put(json, "text", text_of(delivery->order_said->text));
        put(json, "units", list_of(delivery->order_said->units));
    } else if (delivery->evacuation_said) {
        put(json, "text", text_of(delivery->evacuation_said->text));
    }
    if (delivery->resumed) {
        put(json, "resumed", json_true());
        put(json, "said", delivery->rung_said ? json_string(rung_name(delivery->rung_said)) : NULL);
    }
}

static void put_amendment(json_t *json, const struct delivery *delivery)
{
    put(json, "amendment", json_integer(delivery->event->order_amended.amendment));
    put(json, "needs", list_of(delivery->event->order_amended.needs));
    put(json, "answer_by", text_of_time(delivery->event->order_amended.answer_by_ms));
    if (delivery->resumed) {
        put(json, "resumed", json_true());
    }
}

/* To whom a rule gave the order that is withdrawn here; NULL: to nobody. */
static const struct order_reissued *find_reissued(const struct delivery *delivery)
{
    for (size_t i = 0; delivery->record && i < delivery->record->events_n; i++) {
        const struct event *event = &delivery->record->events[i];
        if (event->kind == EVENT_ORDER_REISSUED && id_equal(event->order, delivery->order)) {
            return &event->order_reissued;
        }
    }
    return NULL;
}

static void put_reissued(json_t *json, const struct order_reissued *reissued)
{
    put(json, "reissued_to", text_of(reissued->addressee));
    put(json, "rule", text_of(reissued->rule));
}

static void put_reminder(json_t *json, const struct order_reminded *reminded)
{
    put(json, "answer_by", text_of_time(reminded->answer_by_ms));
    put(json, "step", json_integer(reminded->step));
    put(json, "rule", text_of(reminded->rule));
}

json_t *message_delivery(const struct delivery *delivery)
{
    static const char *const TYPES[] = {
        [DELIVERY_ORDER] = "order",     [DELIVERY_AMENDMENT] = "amendment", [DELIVERY_RECALL] = "recall",
        [DELIVERY_EXPIRED] = "expired", [DELIVERY_NOTICE] = "notice",       [DELIVERY_REMINDER] = "reminder",
    };
    const char *type = TYPES[delivery->kind];
    json_t *json = json_object();

    if (delivery->kind == DELIVERY_ORDER && delivery->evacuation_said) {
        type = "evacuation";
    }
    put(json, "type", json_string(type));
    put(json, "mode", json_string(mode_name(delivery->mode)));
    put(json, "seq", json_integer((json_int_t)delivery->seq));
    put(json, "at", text_of_time(delivery->bus_ms));
    put(json, "incident", text_of_id(delivery->incident));
    put(json, "order", text_of_id(delivery->order));
    if (delivery->kind == DELIVERY_ORDER) {
        put_order(json, delivery);
    } else if (delivery->kind == DELIVERY_AMENDMENT) {
        put_amendment(json, delivery);
    } else if (delivery->kind == DELIVERY_REMINDER) {
        put_reminder(json, &delivery->event->order_reminded);
    } else if (delivery->kind == DELIVERY_RECALL && delivery->event->kind == EVENT_RUNG_REACHED) {
        put(json, "taken_by", json_string(delivery->event->rung.agent));
    } else if (delivery->kind == DELIVERY_RECALL && find_reissued(delivery)) {
        put_reissued(json, find_reissued(delivery));
    } else if (delivery->recall_said) {
        put(json, "reason", text_of(delivery->recall_said->reason));
    } else if (delivery->kind == DELIVERY_NOTICE) {
        message_put_notice(json, delivery->event);
    }
    return json;
}

json_t *message_reply(uint64_t ref, const struct reply *reply)
{
    static const char *const OUTCOMES[] = {"?", "done", "unchanged", "refused"};
    json_t *json = json_object();

    put(json, "type", json_string("reply"));
    put(json, "ref", json_integer((json_int_t)ref));
    put(json, "outcome", json_string(OUTCOMES[reply->outcome <= OUTCOME_REFUSED ? reply->outcome : 0]));
    put(json, "seq", reply->seq ? json_integer((json_int_t)reply->seq) : NULL);
    if (reply->outcome == OUTCOME_REFUSED) {
        put(json, "refusal", json_string(refusal_word(reply->refusal)));
        put(json, "text",
            text_of(reply->detail && reply->detail[0] ? reply->detail : refusal_text(reply->refusal)));
    }
    return json;
}

json_t *message_recovered(const struct client_recovery *recovery)
{
    json_t *json = json_object();

    put(json, "type", json_string("recovered"));
    put(json, "epoch", json_integer((json_int_t)recovery->now));
    put(json, "lost_epoch", json_integer((json_int_t)recovery->epoch));
    put(json, "after", json_integer((json_int_t)recovery->after_seq));
    put(json, "seen", json_integer((json_int_t)recovery->seen_seq));
    put(json, "at", text_of_time(recovery->at_ms));
    put(json, "reason", text_of(recovery->reason));
    put(json, "again", json_integer((json_int_t)recovery->again));
    return json;
}

json_t *message_receipt(const struct give_receipt *receipt)
{
    json_t *json = json_object();

    put(json, "type", json_string("receipt"));
    put(json, "incident", text_of_id(receipt->incident));
    put(json, "order", text_of_id(receipt->order));
    put(json, "rung", json_string(rung_name(receipt->rung)));
    put(json, "amendment", receipt->amendment ? json_integer(receipt->amendment) : NULL);
    put(json, "units", list_of(receipt->units));
    put(json, "text", text_of(receipt->text));
    if (receipt->has_head_count) {
        put(json, "present", json_integer(receipt->present));
        put(json, "missing", json_integer(receipt->missing));
    }
    return json;
}

json_t *message_error(uint64_t line, const char *text)
{
    json_t *json = json_object();

    put(json, "type", json_string("error"));
    put(json, "line", json_integer((json_int_t)line));
    put(json, "text", json_string(text));
    return json;
}
