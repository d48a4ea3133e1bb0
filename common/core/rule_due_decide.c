/* When rules of what lasts are to be asked: in a record that follows at once what has changed an incident. */
#include "common/core/decide_private.h"

/* A first count is no change. */
static bool recounts(const struct incident *incident, const struct facts *said)
{
    const struct casualties *a = &incident->casualties, *b = &said->casualties;
    const int64_t known[] = {a->dead, a->missing, a->serious, a->minor, a->trapped};
    const int64_t now[] = {b->dead, b->missing, b->serious, b->minor, b->trapped};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i] != COUNT_UNKNOWN && now[i] != COUNT_UNKNOWN && known[i] != now[i]) {
            return true;
        }
    }
    return false;
}

/* By casualties or loss. */
static bool grows(const struct incident *incident, const struct facts *said)
{
    const struct casualties *a = &incident->casualties, *b = &said->casualties;
    const int64_t known[] = {a->dead, a->missing, a->serious, a->minor, a->trapped, incident->loss_cny};
    const int64_t now[] = {b->dead, b->missing, b->serious, b->minor, b->trapped, said->loss_cny};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (now[i] > (known[i] != COUNT_UNKNOWN ? known[i] : 0)) {
            return true;
        }
    }
    return false;
}

static void emit_due(struct deciding *d, struct id id)
{
    const struct incident *before = state_incident(d->state, id);
    bool recounted = false, grew = false;

    for (size_t i = 0; i < d->events_n && before != NULL; i++) {
        const struct event *event = &d->events[i];
        if (event->kind == EVENT_FACTS_CHANGED && id_equal(event->incident, id)) {
            recounted = recounted || recounts(before, &event->facts_changed);
            grew = grew || (d->region->generation >= GENERATION_GREW && before->grade != GRADE_NONE &&
                            grows(before, &event->facts_changed));
        }
    }
    struct event *due = decide_emit(d, EVENT_RULES_DUE);
    due->incident = id;
    due->at_ms = d->env->now_ms;
    due->rules_due = (struct rules_due){.recounted = recounted, .grew = grew};
}

/* Whether the event changes what incidents' rules ask for; orders are many, and few rules look at them. */
static bool changes_facts(const struct deciding *d, const struct event *event, bool orders_too)
{
    switch (event->kind) {
    case EVENT_COUNT_APART:
        return d->region->generation >= GENERATION_OTHERWISE;
    case EVENT_REPORT_FILED:
    case EVENT_FACTS_CHANGED:
    case EVENT_GRADED:
    case EVENT_LEVEL_SET:
    case EVENT_GRADE_EXPECTED:
    case EVENT_REGION_TOUCHED:
    case EVENT_LEVEL_HEARD:
    case EVENT_INCIDENT_JOINED:
    case EVENT_INCIDENT_SPLIT:
    case EVENT_FACTS_RETURNED:
        return true;
    case EVENT_ORDER_ISSUED:
    case EVENT_RUNG_REACHED:
    case EVENT_ORDER_RECALLED:
    case EVENT_ORDER_EXPIRED:
    case EVENT_ORDER_UNANSWERED:
        return orders_too;
    default:
        return false;
    }
}

/* It is its own again; where one leaves it that was merged into it, it is what it was. */
static bool leaves(const struct deciding *d, const struct incident *incident, const struct event *event)
{
    return event->kind == EVENT_INCIDENT_SPLIT &&
           (d->region->generation < GENERATION_PARTS || incident == NULL ||
            id_equal(event->merged.other, incident_merged_into(incident)));
}

/* Of what is merged into another when this record is done that one's rules are asked, and they are due
 * once. */
static bool may_be_due(const struct deciding *d, struct id id)
{
    const struct incident *incident = state_incident(d->state, id);
    bool merged = incident != NULL && incident_is_merged(incident), due = false;

    for (size_t i = 0; i < d->events_n; i++) {
        const struct event *event = &d->events[i];
        if (id_equal(event->incident, id)) {
            merged = event->kind == EVENT_INCIDENT_MERGED || (merged && !leaves(d, incident, event));
            due = due || (event->kind == EVENT_RULES_DUE && id_is_zero(event->order));
        }
    }
    return !merged && !due;
}

void decide_ask_soon(struct deciding *d, struct id incident)
{
    if (may_be_due(d, incident)) {
        emit_due(d, incident);
    }
}

/* --- declines ------------------------------------------------------------------------------------------ */

/* Rules of the trigger are in force, whatever they ask for. */
static bool are_asked(struct deciding *d, enum rule_trigger trigger)
{
    static const struct rule_facts nothing;
    const struct rules *rules = d->env->rules;
    const struct rule_verdict *verdicts;
    size_t n = 0;

    if (rules->ask(rules->ctx, d->region, trigger, &nothing, &verdicts, &n) != 0) {
        d->no_memory = true;
    }
    return n > 0;
}

/* The order is ours, and the decline its outcome: what is only noted of it counts for nothing. */
static bool is_declined(const struct deciding *d, const struct event *event)
{
    const struct incident *incident = event->kind == EVENT_RUNG_REACHED && event->rung.rung == RUNG_DECLINED
                                          ? state_incident(d->state, event->incident)
                                          : NULL;
    const struct order *order = incident != NULL ? incident_order(incident, event->order) : NULL;

    return order != NULL && order->home[0] == '\0' && !order->history &&
           order_may_reach(order, RUNG_DECLINED);
}

/* Whether the record says so already: another region may tell of an order twice in one. */
static bool is_due_already(const struct deciding *d, struct id order)
{
    for (size_t i = 0; i < d->events_n; i++) {
        if (d->events[i].kind == EVENT_RULES_DUE && id_equal(d->events[i].order, order)) {
            return true;
        }
    }
    return false;
}

/* Asked in a record of the broker's own that follows at once: no receipt waits for what rules say to it. A
 * log of before tells of no such thing; one that is tried out may. */
static void declines_due(struct deciding *d)
{
    bool may = d->region->generation >= GENERATION_DECLINED || d->command->kind == COMMAND_NONE;

    for (size_t i = 0, n = d->events_n; i < n && may; i++) {
        const struct event event = d->events[i]; /* a copy: the list grows */
        if (is_declined(d, &event) && !is_due_already(d, event.order) && are_asked(d, TRIGGER_DECLINED)) {
            struct event *due = decide_emit(d, EVENT_RULES_DUE);
            due->incident = event.incident;
            due->order = event.order;
            due->at_ms = d->env->now_ms;
        }
    }
}

/* Marks the incidents that the command has changed. */
void decide_rules_due(struct deciding *d)
{
    const struct rules *rules = d->env->rules;
    uint64_t facts = 0;

    if (!decide_has_rules(d) || d->command->kind == COMMAND_RECORD_HISTORY) {
        return;
    }
    if (rules->reads(rules->ctx, d->region, TRIGGER_INCIDENT, &facts) != 0) {
        d->no_memory = true;
        return;
    }
    declines_due(d);
    bool own = d->command->kind == COMMAND_PASS_DEADLINES, once = false;
    bool orders = (facts & (UINT64_C(1) << RULE_ORDERS | UINT64_C(1) << RULE_ORDERS_OPEN |
                            UINT64_C(1) << RULE_ORDERS_SILENT)) != 0;
    for (size_t i = 0, n = d->events_n; i < n; i++) {
        const struct event *event = &d->events[i];
        bool is_order = event->kind >= EVENT_ORDER_ISSUED && event->kind <= EVENT_ORDER_OVERDUE;
        once = once || event->kind == EVENT_ORDER_UNANSWERED || event->kind == EVENT_INFORMATION_OVERDUE ||
               event->kind == EVENT_CLOCK_OVERDUE || event->kind == EVENT_ORDER_UNREACHED ||
               event->kind == EVENT_PART_HEARD ||
               (event->kind == EVENT_RULES_ASKED && !id_is_zero(event->order));
        /* what the incident's own rules did they have seen; what those of a deadline did they have not */
        if ((is_order || !own || once) && changes_facts(d, event, orders) && may_be_due(d, event->incident)) {
            emit_due(d, event->incident);
        }
    }
}
