/* A deadline that passes is a command of the broker's own, decided and logged like any other: it never
 * fires early, because what is due is judged by the time in the record, and fires once, because what it
 * changes is state. */
#include "common/base/mutant.h"
#include "common/core/decide_private.h"
#include "common/core/stream.h"

static bool passed(const struct deciding *d, int64_t at_ms)
{
    return at_ms != 0 && at_ms <= d->env->now_ms;
}

static struct event *emit_passed(struct deciding *d, enum event_kind kind, const struct incident *incident,
                                 const struct order *order)
{
    struct event *event = decide_emit(d, kind);

    event->incident = incident->id;
    event->at_ms = d->env->now_ms;
    if (order != NULL) {
        event->order = order->id;
    }
    return event;
}

static void pass_order(struct deciding *d, const struct incident *incident, const struct order *order)
{
    decide_pass_unreached_order(d, incident, order);
    if (passed(d, order->declined_due_ms)) {
        emit_passed(d, EVENT_RULES_ASKED, incident, order);
    }
    if (!order_is_open(order) || (order->home[0] != '\0' && !MUTANT(MUTANT_COPY_DEADLINE))) {
        return;
    }
    if (order->rung < RUNG_ACCEPTED) {
        int64_t answer_by_ms = order->unanswered ? order->remind_by_ms : order->answer_by_ms;
        if (passed(d, MUTANT(MUTANT_DEADLINE_TWICE) ? order->answer_by_ms : answer_by_ms)) {
            emit_passed(d, EVENT_ORDER_UNANSWERED, incident, order);
        }
        if (passed(d, order->expires_at_ms)) {
            emit_passed(d, EVENT_ORDER_EXPIRED, incident, order);
            return;
        }
    } else if (!order->overdue && passed(d, order->expires_at_ms)) {
        emit_passed(d, EVENT_ORDER_OVERDUE, incident, order);
    }
    if (order->amendments_acknowledged < order->amendments && !order->amendment_overdue &&
        passed(d, order->amend_by_ms)) {
        emit_passed(d, EVENT_AMENDMENT_OVERDUE, incident, order)->amendment =
            (struct amendment_answer){.amendment = order->amendments, .agent = ""};
    }
}

/* With rules a record holds one thing that happens, and what they make of it. The rest is due still. */
bool decide_has_room(const struct deciding *d)
{
    return d->events_n < (decide_has_rules(d) ? 1 : DEADLINES_PER_COMMAND_MAX);
}

void decide_pass_deadlines(struct deciding *d, const struct pass_deadlines *command)
{
    struct stream_key key = stream_key_parse(command->stream);
    const struct incident *incident = key.kind == STREAM_INCIDENT ? state_incident(d->state, key.id) : NULL;

    if (incident == NULL) {
        decide_refuse(d, REFUSED_NO_INCIDENT, "%s", command->stream);
        return;
    }
    if (!incident_is_live(incident)) {
        return;
    }
    if (decide_pass_parts(d, incident)) {
        return; /* a record of its own; the rest is due still */
    }
    /* of what is merged the survivor's requests are asked */
    for (size_t i = 0; i < incident->requests_n && !incident_is_merged(incident); i++) {
        const struct request *request = &incident->requests[i];
        if (request->answered_at_ms == 0 && !request->overdue && passed(d, request->due_at_ms) &&
            decide_has_room(d)) {
            emit_passed(d, EVENT_INFORMATION_OVERDUE, incident, NULL)->information =
                (struct information){.fact = request->fact};
        }
    }
    for (size_t i = 0; i < incident->orders_n && decide_has_room(d); i++) {
        const struct order *order = &incident->orders[i];
        size_t before = d->events_n;
        if (d->reach > 0 && d->reach + order->agents.n > REACH_PER_COMMAND_MAX) {
            return; /* due still, and passed by the next */
        }
        pass_order(d, incident, order);
        d->reach += d->events_n > before ? order->agents.n : 0;
    }
    decide_pass_unreached(d, incident);
    decide_pass_clocks(d, incident);
    decide_rules(d, incident);
    /* In a record of their own: what has just passed is state only after it. They are due still. */
    if (incident->amendments_left > 0 && d->events_n == 0) {
        decide_amendments(d, incident, decide_needs(d, incident->kind, incident->substance));
    }
}
