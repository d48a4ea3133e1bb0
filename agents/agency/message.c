#include "agents/agency/message.h"

#include <string.h>

#include "common/base/when.h"

static json_t *text_of_id(struct id id)
{
    char text[ID_TEXT];

    return id_is_zero(id) ? NULL : json_string(id_format(id, text));
}

static json_t *text_of_time(int64_t ms)
{
    char text[WHEN_TEXT];

    return ms > 0 ? json_string(when_format(ms, 0, text)) : NULL;
}

/* Absent things are left out. */
static void put(json_t *object, const char *key, json_t *value)
{
    if (value) {
        json_object_set_new(object, key, value);
    }
}

static json_t *text_of(const char *text)
{
    return text && text[0] != '\0' ? json_string(text) : NULL;
}

static json_t *list_of(struct words words)
{
    json_t *list = words.n > 0 ? json_array() : NULL;

    for (size_t i = 0; i < words.n; i++) {
        json_array_append_new(list, json_string(words.at[i]));
    }
    return list;
}

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

static void put_notice(json_t *json, const struct event *event)
{
    put(json, "event", json_string(event_kind_name(event->kind)));
    switch (event->kind) {
    case EVENT_RUNG_REACHED:
    case EVENT_RECEIPT_NOTED:
        put(json, "rung", json_string(rung_name(event->rung.rung)));
        put(json, "agent", text_of(event->rung.agent));
        put(json, "units", list_of(event->rung.units));
        break;
    case EVENT_INFORMATION_REQUESTED:
    case EVENT_INFORMATION_ANSWERED:
    case EVENT_INFORMATION_OVERDUE:
        put(json, "fact", text_of(event->information.fact));
        put(json, "due_at", text_of_time(event->information.due_at_ms));
        break;
    case EVENT_GRADED:
    case EVENT_GRADE_DOUBTED:
        put(json, "grade", json_string(grade_name(event->graded.grade)));
        put(json, "by", text_of(event->graded.by));
        put(json, "rule", text_of(event->graded.rule));
        put(json, "unknown", list_of(event->graded.unknown));
        break;
    case EVENT_LEVEL_SET:
        put(json, "level", json_string(event->level_set.level ? grade_name(event->level_set.level) : "none"));
        put(json, "by", text_of(event->level_set.by));
        put(json, "rule", text_of(event->level_set.rule));
        put(json, "until", text_of_time(event->level_set.until_ms));
        break;
    case EVENT_CLOCK_WARNED:
    case EVENT_CLOCK_OVERDUE:
    case EVENT_CLOCK_STARTED:
    case EVENT_CLOCK_MET:
    case EVENT_CLOCK_STOPPED:
        put(json, "pack", text_of(event->clock.pack));
        put(json, "clock", text_of(event->clock.clock));
        put(json, "title", text_of(event->clock.title));
        put(json, "due_at", text_of_time(event->clock.due_at_ms));
        break;
    case EVENT_REPORT_SENT:
        put(json, "medium", json_string(medium_name(event->report_sent.medium)));
        put(json, "to", json_string(tier_name(event->report_sent.to)));
        break;
    case EVENT_GRADE_EXPECTED:
        put(json, "grade",
            json_string(event->grade_expected.grade ? grade_name(event->grade_expected.grade) : "none"));
        put(json, "by", text_of(event->grade_expected.by));
        break;
    case EVENT_REGION_TOUCHED:
        put(json, "region", text_of(event->region_touched.region));
        break;
    case EVENT_LEVEL_HEARD:
        put(json, "region", text_of(event->level_heard.region));
        put(json, "level",
            json_string(event->level_heard.level ? grade_name(event->level_heard.level) : "none"));
        break;
    case EVENT_REFERRED:
        put(json, "region", text_of(event->referred.region));
        put(json, "rule", text_of(event->referred.rule));
        break;
    case EVENT_POST_SET:
    case EVENT_POST_OFFERED:
    case EVENT_POST_TAKEN:
    case EVENT_POST_KEPT:
        put(json, "lead", text_of(event->post.lead));
        put(json, "commander", text_of(event->post.commander));
        put(json, "term", json_integer(event->post.term));
        break;
    case EVENT_DIVISION_DOUBTED:
        put(json, "division", text_of(event->division_doubted.division));
        break;
    case EVENT_INCIDENT_LINKED:
        put(json, "other", text_of_id(event->linked.other));
        put(json, "link", json_string(event->linked.kind ? link_kind_name(event->linked.kind) : "none"));
        break;
    case EVENT_INCIDENT_MERGED:
    case EVENT_INCIDENT_JOINED:
    case EVENT_INCIDENT_SPLIT:
        put(json, "other", text_of_id(event->merged.other));
        break;
    case EVENT_ORDERS_MOVED:
        put(json, "other", text_of_id(event->moved.other));
        break;
    case EVENT_LEAD_OFFERED:
    case EVENT_LEAD_TAKEN:
    case EVENT_LEAD_DISPUTED:
        put(json, "region", text_of(event->lead.region));
        put(json, "from", text_of(event->lead.from));
        put(json, "term", json_integer(event->lead.term));
        break;
    case EVENT_REISSUE_WANTED:
        put(json, "ability", text_of(event->reissue_wanted.ability));
        put(json, "rule", text_of(event->reissue_wanted.rule));
        break;
    case EVENT_ORDER_REISSUED:
        put(json, "by", text_of_id(event->order_reissued.by));
        put(json, "addressee", text_of(event->order_reissued.addressee));
        put(json, "rule", text_of(event->order_reissued.rule));
        break;
    case EVENT_ABILITY_SHORT:
        put(json, "ability", text_of(event->ability_short.ability));
        put(json, "rule", text_of(event->ability_short.rule));
        break;
    case EVENT_ORDER_UNREACHED:
        put(json, "region", text_of(event->order_unreached.region));
        put(json, "no_way", json_boolean(event->order_unreached.no_way));
        break;
    case EVENT_REGION_UNREACHED:
        put(json, "region", text_of(event->region_unreached.region));
        put(json, "at", text_of(event->region_unreached.at));
        break;
    case EVENT_NOTIFIED:
        put(json, "role", text_of(event->notified.role));
        put(json, "rule", text_of(event->notified.rule));
        if (event->notified.nobody) {
            put(json, "nobody", json_true());
        }
        break;
    default:
        break;
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
        put_notice(json, delivery->event);
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
