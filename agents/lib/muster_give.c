/* What the client gives, in the words of the public header. */
#include "agents/lib/muster_private.h"

_Static_assert((int)MUSTER_ACTUAL == (int)MODE_ACTUAL && (int)MUSTER_TEST == (int)MODE_TEST, "modes");
_Static_assert((int)MUSTER_ACKNOWLEDGED == (int)RUNG_ACKNOWLEDGED &&
                   (int)MUSTER_DECLINED == (int)RUNG_DECLINED,
               "rungs");
_Static_assert((int)MUSTER_FINAL == (int)REPORT_FINAL &&
                   (int)MUSTER_OUT_OF_SERVICE == (int)UNIT_OUT_OF_SERVICE,
               "reports and units");
_Static_assert((int)MUSTER_BD09 == (int)DATUM_BD09 && (int)MUSTER_REFUSED == (int)OUTCOME_REFUSED,
               "datums and outcomes");

struct texts {
    char order[ID_TEXT];
    char incident[ID_TEXT];
};

static void format_ids(const struct delivery *delivery, struct texts *ret)
{
    ret->order[0] = '\0';
    ret->incident[0] = '\0';
    if (!id_is_zero(delivery->order)) {
        id_format(delivery->order, ret->order);
    }
    if (!id_is_zero(delivery->incident)) {
        id_format(delivery->incident, ret->incident);
    }
}

static void give_order(struct muster *muster, const struct delivery *delivery, const struct texts *texts)
{
    const struct order_issued *issued = &delivery->event->order_issued;
    struct muster_order order = {
        .order = texts->order,
        .incident = texts->incident,
        .mode = (enum muster_mode)delivery->mode,
        .evacuation = delivery->evacuation_said != NULL,
        .resumed = delivery->resumed,
        .last_rung = (enum muster_rung)delivery->rung_said,
        .kind = issued->kind,
        .issuer = issued->issuer,
        .needs = issued->needs.at,
        .needs_n = issued->needs.n,
        .issued_at_ms = delivery->event->at_ms,
        .answer_by_ms = issued->answer_by_ms,
        .expires_at_ms = issued->expires_at_ms,
    };

    if (delivery->order_said) {
        order.text = delivery->order_said->text;
        order.units = delivery->order_said->units.at;
        order.units_n = delivery->order_said->units.n;
    } else if (delivery->evacuation_said) {
        order.text = delivery->evacuation_said->text;
    }
    muster->callbacks.on_order(muster->ctx, &order);
}

static void give_amendment(struct muster *muster, const struct delivery *delivery, const struct texts *texts)
{
    struct muster_amendment amendment = {
        .order = texts->order,
        .incident = texts->incident,
        .amendment = delivery->event->order_amended.amendment,
        .needs = delivery->event->order_amended.needs.at,
        .needs_n = delivery->event->order_amended.needs.n,
        .answer_by_ms = delivery->event->order_amended.answer_by_ms,
        .resumed = delivery->resumed,
    };

    muster->callbacks.on_amendment(muster->ctx, &amendment);
}

/* What a rule did, or a person in its place. */
static void give_rule(const struct event *event, struct muster_notice *ret)
{
    switch (event->kind) {
    case EVENT_GRADED:
    case EVENT_GRADE_DOUBTED:
        ret->grade = grade_name(event->graded.grade);
        ret->agent = event->graded.by;
        ret->rule = event->graded.rule;
        ret->to = event->kind == EVENT_GRADE_DOUBTED ? event->graded.region : "";
        return;
    case EVENT_GRADE_OTHERWISE:
        ret->grade = event->otherwise.grade != GRADE_NONE ? grade_name(event->otherwise.grade) : "";
        ret->fact = event->otherwise.fact;
        ret->to = event->otherwise.region;
        ret->rule = event->otherwise.rule;
        return;
    case EVENT_FACTS_RETURNED: /* the first of them, or that it was the grade */
        ret->fact = event->taken.fields.n > 0 ? event->taken.fields.at[0] : "grade";
        return;
    case EVENT_LEVEL_SET:
        ret->grade = event->level_set.level != GRADE_NONE ? grade_name(event->level_set.level) : "";
        ret->agent = event->level_set.by;
        ret->rule = event->level_set.rule;
        return;
    case EVENT_GRADE_EXPECTED:
        ret->grade = event->grade_expected.grade != GRADE_NONE ? grade_name(event->grade_expected.grade) : "";
        ret->agent = event->grade_expected.by;
        return;
    case EVENT_REGION_TOUCHED:
        ret->to = event->region_touched.region;
        return;
    case EVENT_LEVEL_HEARD:
        ret->to = event->level_heard.region;
        ret->grade = event->level_heard.level != GRADE_NONE ? grade_name(event->level_heard.level) : "";
        return;
    case EVENT_REFERRED:
        ret->to = event->referred.region;
        ret->rule = event->referred.rule;
        return;
    case EVENT_LEAD_OFFERED:
    case EVENT_LEAD_TAKEN:
    case EVENT_LEAD_DISPUTED:
        ret->to = event->lead.region;
        return;
    case EVENT_POST_APART:
        ret->to = event->post.home;
        return;
    case EVENT_LOOKOUT_FIRED:
        ret->agent = event->lookout.agent;
        ret->fact = event->lookout.name[0] != '\0' ? event->lookout.name : event->lookout.when;
        ret->to = event->lookout.roles.n > 0 ? event->lookout.roles.at[0] : "";
        return;
    case EVENT_WARNING_FIRED:
    case EVENT_WARNING_ENDED:
        ret->fact = event->warning.event;
        ret->to = event->warning.roles.n > 0 ? event->warning.roles.at[0] : "";
        return;
    case EVENT_LOOKOUT_LIMITED:
        ret->agent = event->lookout_limited.agent;
        return;
    case EVENT_ORDER_UNREACHED:
        ret->to = event->order_unreached.region;
        return;
    case EVENT_REGION_UNREACHED:
        ret->to = event->region_unreached.region;
        return;
    case EVENT_COUNT_APART:
    case EVENT_COUNT_MISSED:
        ret->fact = event->count_apart.fact;
        ret->to = event->count_apart.region;
        return;
    case EVENT_ORDERS_DISPUTED:
        ret->to = event->disputed.against;
        return;
    case EVENT_NOTIFIED:
        ret->to = event->notified.role;
        ret->rule = event->notified.rule;
        ret->nobody = event->notified.nobody;
        return;
    case EVENT_ORDER_REMINDED:
        ret->due_at_ms = event->order_reminded.answer_by_ms;
        ret->rule = event->order_reminded.rule;
        return;
    case EVENT_ORDER_REISSUED:
        ret->to = event->order_reissued.addressee;
        ret->rule = event->order_reissued.rule;
        return;
    case EVENT_ABILITY_SHORT:
        ret->fact = event->ability_short.ability;
        ret->rule = event->ability_short.rule;
        return;
    default:
        return;
    }
}

static void give_notice(struct muster *muster, const struct delivery *delivery, const struct texts *texts)
{
    const struct event *event = delivery->event;
    char rule[2 * NAME_MAX_BYTES + 2];
    struct muster_notice notice = {
        .seq = delivery->seq,
        .event = event_kind_name(event->kind),
        .incident = texts->incident,
        .order = texts->order,
        .agent = "",
        .fact = "",
        .at_ms = event->at_ms,
        .grade = "",
        .to = "",
        .rule = "",
    };

    if (event->kind == EVENT_RUNG_REACHED || event->kind == EVENT_RECEIPT_NOTED) {
        notice.rung = (enum muster_rung)event->rung.rung;
        notice.agent = event->rung.agent;
    } else if (event->kind == EVENT_INFORMATION_REQUESTED || event->kind == EVENT_INFORMATION_ANSWERED ||
               event->kind == EVENT_INFORMATION_OVERDUE) {
        notice.fact = event->information.fact;
    } else {
        give_rule(event, &notice);
    }
    if (event->kind == EVENT_LOOKOUT_FIRED) {
        (void)snprintf(rule, sizeof rule, "%s/%s", event->lookout.pack, event->lookout.rule);
        notice.rule = rule;
    } else if (event->kind == EVENT_WARNING_FIRED) {
        (void)snprintf(rule, sizeof rule, "%s/%s", event->warning.pack, event->warning.rule);
        notice.rule = rule;
    }
    muster->callbacks.on_notice(muster->ctx, &notice);
}

void handle_give(void *ctx, const struct delivery *delivery)
{
    struct muster *muster = ctx;
    const struct muster_callbacks *callbacks = &muster->callbacks;
    struct texts texts;

    format_ids(delivery, &texts);
    switch (delivery->kind) {
    case DELIVERY_ORDER:
        if (callbacks->on_order) {
            give_order(muster, delivery, &texts);
        }
        break;
    case DELIVERY_AMENDMENT:
        if (callbacks->on_amendment) {
            give_amendment(muster, delivery, &texts);
        }
        break;
    case DELIVERY_RECALL:
        if (callbacks->on_recall) {
            callbacks->on_recall(muster->ctx, texts.order, texts.incident);
        }
        break;
    case DELIVERY_EXPIRED:
        if (callbacks->on_expired) {
            callbacks->on_expired(muster->ctx, texts.order, texts.incident);
        }
        break;
    case DELIVERY_NOTICE:
    case DELIVERY_REMINDER:
        if (callbacks->on_notice) {
            give_notice(muster, delivery, &texts);
        }
        break;
    }
}

void handle_give_reply(void *ctx, uint64_t tag, const struct reply *reply)
{
    struct muster *muster = ctx;
    bool refused = reply->outcome == OUTCOME_REFUSED;
    struct muster_reply given = {
        .tag = tag,
        .outcome = (enum muster_outcome)reply->outcome,
        .seq = reply->seq,
        .refusal = refused ? refusal_word(reply->refusal) : "",
        .text = !refused                                    ? ""
                : reply->detail && reply->detail[0] != '\0' ? reply->detail
                                                            : refusal_text(reply->refusal),
    };

    if (muster->callbacks.on_reply) {
        muster->callbacks.on_reply(muster->ctx, &given);
    }
}
