/* Rules of history: what an importer brings from another system's past. It is merged into what is there:
 * what is known already changes nothing, what is new is added, what contradicts is refused. */
#include <string.h>

#include "common/core/decide_private.h"

static struct event *emit_past(struct deciding *d, enum event_kind kind, struct id incident, struct id order,
                               int64_t at_ms)
{
    struct event *event = decide_emit(d, kind);

    event->incident = incident;
    event->order = order;
    event->at_ms = at_ms;
    return event;
}

struct past_rung {
    enum rung rung;
    int64_t at_ms;
};

enum { PAST_RUNGS = 6 };

static void past_rungs(const struct historic_order *order, struct past_rung ret[PAST_RUNGS])
{
    ret[0] = (struct past_rung){RUNG_ACKNOWLEDGED, order->acknowledged_at_ms};
    ret[1] = (struct past_rung){RUNG_ACCEPTED, order->accepted_at_ms};
    ret[2] = (struct past_rung){RUNG_EN_ROUTE, order->en_route_at_ms};
    ret[3] = (struct past_rung){RUNG_ON_SCENE, order->on_scene_at_ms};
    ret[4] = (struct past_rung){RUNG_COMPLETED, order->completed_at_ms};
    ret[5] = (struct past_rung){RUNG_RECALLED, order->recalled_at_ms};
}

static void past_issue(struct deciding *d, struct id incident, const struct historic_order *order)
{
    struct event *event = emit_past(d, EVENT_ORDER_ISSUED, incident, order->order, order->issued_at_ms);

    event->order_issued = (struct order_issued){.kind = order->kind,
                                                .home = "",
                                                .addressee = order->addressee,
                                                .units = order->units,
                                                .issuer = d->command->agent,
                                                .operator= d->command->operator,
                                                .history = true };
}

static void past_order(struct deciding *d, struct id incident, const struct order *there,
                       const struct historic_order *order)
{
    struct past_rung rungs[PAST_RUNGS];
    bool ended = there != NULL && !order_is_open(there);
    char text[ID_TEXT];

    if (there == NULL) {
        if (!decide_order_is_new(d, order->order)) {
            return;
        }
        past_issue(d, incident, order);
    } else if (strcmp(there->kind, order->kind) != 0 || strcmp(there->addressee, order->addressee) != 0 ||
               there->issued_at_ms != order->issued_at_ms || !words_equal(there->units, order->units)) {
        decide_refuse(d, REFUSED_CONFLICT, "order %s is known otherwise", id_format(order->order, text));
        return;
    }
    past_rungs(order, rungs);
    for (size_t i = 0; i < PAST_RUNGS; i++) {
        int64_t known = there != NULL ? order_rung_at(there, rungs[i].rung) : 0;
        if (rungs[i].at_ms == 0 || rungs[i].at_ms == known) {
            continue;
        }
        if (known != 0 || (ended && rung_is_outcome(rungs[i].rung))) {
            decide_refuse(d, REFUSED_CONFLICT, "order %s: %s is known otherwise",
                          id_format(order->order, text), rung_name(rungs[i].rung));
            return;
        }
        if (rungs[i].rung == RUNG_RECALLED) {
            emit_past(d, EVENT_ORDER_RECALLED, incident, order->order, rungs[i].at_ms)->order_recalled =
                (struct order_recalled){.by = d->command->agent};
        } else {
            emit_past(d, EVENT_RUNG_REACHED, incident, order->order, rungs[i].at_ms)->rung =
                (struct rung_reached){.rung = rungs[i].rung, .agent = d->command->agent};
        }
    }
}

static bool past_order_is_good(struct deciding *d, const struct historic_order *order)
{
    if (id_is_zero(order->order) || order->issued_at_ms <= 0 || order->kind[0] == '\0' ||
        (!name_is_agency(order->addressee) && !name_is_agent(order->addressee))) {
        decide_refuse(d, REFUSED_INVALID, "a past order has an id, a kind, an address and a time of issue");
    } else if (order->recalled_at_ms != 0 && order->completed_at_ms != 0) {
        decide_refuse(d, REFUSED_INVALID, "a past order has one outcome");
    }
    struct past_rung rungs[PAST_RUNGS];
    past_rungs(order, rungs);
    for (size_t i = 0; i < PAST_RUNGS && d->refusal == REFUSED_NOT; i++) {
        if (rungs[i].at_ms < 0) {
            decide_refuse(d, REFUSED_INVALID, "a past order: %s at a time before 1970",
                          rung_name(rungs[i].rung));
        }
    }
    return d->refusal == REFUSED_NOT;
}

static bool past_is_formed(struct deciding *d, const struct record_history *command)
{
    if (id_is_zero(command->incident) || command->reported_at_ms <= 0 || command->closed_at_ms < 0 ||
        command->source[0] == '\0') {
        decide_refuse(d, REFUSED_INVALID, "history names its source, its incident and when it was reported");
    } else if (command->orders_n > ORDERS_PER_COMMAND_MAX) {
        decide_refuse(d, REFUSED_TOO_MANY, "orders: %d a command", ORDERS_PER_COMMAND_MAX);
    }
    for (size_t i = 0; i < command->orders_n && d->refusal == REFUSED_NOT; i++) {
        if (!past_order_is_good(d, &command->orders[i])) {
            break;
        }
        for (size_t j = 0; j < i && d->refusal == REFUSED_NOT; j++) {
            if (id_equal(command->orders[j].order, command->orders[i].order)) {
                decide_refuse(d, REFUSED_INVALID, "orders[%zu] and orders[%zu] bear one id", j, i);
            }
        }
    }
    return d->refusal == REFUSED_NOT;
}

/* Whether the incident that is there can be the one that is told of, or the command is refused. */
static bool past_agrees(struct deciding *d, const struct incident *there,
                        const struct record_history *command)
{
    char text[ID_TEXT];

    if (!there->history || there->mode != d->command->mode || incident_contradicts(there, &command->facts) ||
        there->opened_at_ms != command->reported_at_ms) {
        decide_refuse(d, REFUSED_CONFLICT, "incident %s is known otherwise", id_format(there->id, text));
    } else if (there->orders_n + command->orders_n > ORDERS_PER_INCIDENT_MAX) {
        decide_refuse(d, REFUSED_TOO_MANY, "orders: %d an incident", ORDERS_PER_INCIDENT_MAX);
    }
    return d->refusal == REFUSED_NOT;
}

static void past_incident(struct deciding *d, const struct record_history *command)
{
    struct id id = command->incident;
    struct event *event = emit_past(d, EVENT_INCIDENT_OPENED, id, (struct id){{0}}, command->reported_at_ms);

    event->incident_opened = (struct incident_opened){
        .mode = d->command->mode, .reporter = d->command->agent, .history = true, .home = ""};
    event = emit_past(d, EVENT_REPORT_FILED, id, (struct id){{0}}, command->reported_at_ms);
    event->report_filed =
        (struct report_filed){.kind = REPORT_INITIAL, .number = 1, .reporter = d->command->agent};
}

void decide_record_history(struct deciding *d, const struct record_history *command)
{
    const struct incident *there = state_incident(d->state, command->incident);
    struct facts news = command->facts;

    if (!past_is_formed(d, command) || !decide_needs_right(d, "history", NULL) ||
        (there != NULL && !past_agrees(d, there, command)) || !decide_has_reference(d, &command->facts)) {
        return;
    }
    if (there != NULL) {
        news = incident_news(there, &command->facts);
    } else {
        past_incident(d, command);
    }
    if (facts_known(&news) != 0) {
        emit_past(d, EVENT_FACTS_CHANGED, command->incident, (struct id){{0}}, command->reported_at_ms)
            ->facts_changed = news;
    }
    for (size_t i = 0; i < command->orders_n && d->refusal == REFUSED_NOT; i++) {
        const struct historic_order *order = &command->orders[i];
        past_order(d, command->incident, there != NULL ? incident_order(there, order->order) : NULL, order);
    }
    /* an export may end in the middle of an incident: the next one knows more, and the last end counts */
    if (command->closed_at_ms > (there != NULL ? there->closed_at_ms : 0)) {
        emit_past(d, EVENT_INCIDENT_CLOSED, command->incident, (struct id){{0}}, command->closed_at_ms);
    }
}
