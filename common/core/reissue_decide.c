/* Orders that nobody answers, or that are declined: rules have their addressees reminded, or have them
 * given to the next agency that is able to. A rule cannot do that itself, for an order's words are in
 * the log and not in state: it says that the order is to go on, and the broker comes back with the
 * words in a command of its own, in which it also names whose units are to be looked at. Who gets it is
 * decided here. */
#include <string.h>

#include "common/base/mutant.h"
#include "common/core/decide_private.h"

enum { AGENTS_MAX = 1024 }; /* whose names, with the words said again, fit a record */

static struct event *emit(struct deciding *d, enum event_kind kind, const struct incident *incident,
                          struct id order)
{
    struct event *event = decide_emit(d, kind);

    event->incident = incident->id;
    event->order = order;
    event->at_ms = d->env->now_ms;
    return event;
}

/* This record says it of the order already. */
static bool has_said(const struct deciding *d, enum event_kind kind, struct id order)
{
    for (size_t i = 0; i < d->events_n; i++) {
        if (d->events[i].kind == kind && id_equal(d->events[i].order, order)) {
            return true;
        }
    }
    return false;
}

/* --- what rules say ------------------------------------------------------------------------------- */

void decide_remind(struct deciding *d, const struct incident *incident, const struct order *order,
                   const char *rule, int64_t within_ms)
{
    if (order == NULL || !order_is_open(order) || order->rung >= RUNG_ACCEPTED || order_steps_end(order) ||
        has_said(d, EVENT_ORDER_EXPIRED, order->id) || has_said(d, EVENT_ORDER_REMINDED, order->id)) {
        return;
    }
    /* when it expires rules are asked once more: somebody else may still take it */
    int64_t by_ms = d->env->now_ms + within_ms;
    emit(d, EVENT_ORDER_REMINDED, incident, order->id)->order_reminded =
        (struct order_reminded){.rule = rule,
                                .step = order->steps + (MUTANT(MUTANT_REMIND_FOREVER) ? 0U : 1U),
                                .answer_by_ms = by_ms < order->expires_at_ms ? by_ms : order->expires_at_ms};
}

bool decide_hears_reminder(const struct deciding *d, const struct order *order, struct id id)
{
    bool waits = d->region->generation >= GENERATION_FOLLOWS && !has_said(d, EVENT_ORDER_EXPIRED, id) &&
                 !has_said(d, EVENT_ORDER_RECALLED, id) &&
                 (order == NULL || (order_is_open(order) && order->rung < RUNG_ACCEPTED));

    for (size_t i = 0; i < d->events_n && waits; i++) {
        const struct event *event = &d->events[i];
        waits = event->kind != EVENT_RUNG_REACHED || event->rung.rung < RUNG_ACCEPTED ||
                !id_equal(event->order, id);
    }
    return waits;
}

/* It stands with somebody else already, or nobody may be asked. */
static bool cannot_go_on(const struct incident *incident, const struct order *order)
{
    return !incident_is_open(incident) || order_is_evacuation(order) ||
           incident_replacement(incident, order->id) != NULL;
}

void decide_want_reissue(struct deciding *d, const struct incident *incident, const struct order *order,
                         const char *rule, const char *ability)
{
    if (order != NULL && order_may_go_on(order) && !order_steps_end(order) &&
        !cannot_go_on(incident, order) && incident_reissue(incident, order->id) == NULL &&
        !has_said(d, EVENT_REISSUE_WANTED, order->id)) {
        emit(d, EVENT_REISSUE_WANTED, incident, order->id)->reissue_wanted =
            (struct reissue_wanted){.rule = rule, .ability = ability};
    }
}

/* --- who is able ---------------------------------------------------------------------------------- */

/* What the one who takes it must have: the ability that the rule names, and the equipment of crews. */
struct wanted {
    const char *ability;
    struct words needs;
};

static bool unit_has(const struct unit *unit, const char *word)
{
    return words_have(unit->abilities, word) || words_have(unit->equipment, word);
}

/* Free units of the agent that have it; "" is had by all. */
static size_t free_with(const struct agent *agent, const char *word)
{
    size_t n = 0;

    for (size_t i = 0; agent != NULL && i < agent->units_n; i++) {
        n += agent->units[i].status == UNIT_FREE && (word[0] == '\0' || unit_has(&agent->units[i], word));
    }
    return n;
}

static bool is_able(const struct agent *agent, const struct wanted *wanted)
{
    bool able = free_with(agent, wanted->ability) > 0;

    for (size_t i = 0; i < wanted->needs.n && able; i++) {
        able = free_with(agent, wanted->needs.at[i]) > 0;
    }
    return able;
}

/* Enrolled still, not one of those who were asked, and not who asks. */
static const struct agent *candidate(const struct deciding *d, const struct incident *incident,
                                     const struct order *order, const char *name)
{
    const struct member *member = region_member(d->region, name);

    return member != NULL && member_takes_orders(member) && strcmp(name, order->issuer) != 0 &&
                   !incident_has_asked(incident, order, name)
               ? state_agent(d->state, name)
               : NULL;
}

static const char *next_able(const struct deciding *d, const struct incident *incident,
                             const struct order *order, const struct reissue_order *command,
                             const struct wanted *wanted)
{
    for (size_t i = 0; i < command->agents.n; i++) {
        const char *name = command->agents.at[i];
        if (is_able(candidate(d, incident, order, name), wanted)) {
            return name;
        }
    }
    return NULL;
}

/* The agency as a whole, if nobody of it was asked or asks: whoever is there may answer. Else the agent. */
static const char *address_of(struct deciding *d, const struct incident *incident, const struct order *order,
                              const char *agent, struct words *ret_agents)
{
    char agency[NAME_MAX_BYTES + 1];
    const char *address = agent;

    if (name_agency(agent, agency)) {
        struct words all = decide_addressees(d, agency);
        bool whole = all.n <= AGENTS_MAX;
        for (size_t i = 0; i < all.n && whole; i++) {
            whole = strcmp(all.at[i], order->issuer) != 0 && !incident_has_asked(incident, order, all.at[i]);
        }
        address = whole ? arena_strdup(d->arena, agency) : agent;
    }
    d->no_memory = d->no_memory || address == NULL;
    *ret_agents = d->no_memory ? (struct words){NULL, 0} : decide_addressees(d, address);
    return address;
}

/* --- the record ----------------------------------------------------------------------------------- */

/* What nobody has: the first of it. Where each is had by somebody, and all by nobody, the ability. */
static void emit_short(struct deciding *d, const struct incident *incident, const struct order *order,
                       const struct reissue *reissue, const struct reissue_order *command,
                       const struct wanted *wanted, bool sayable)
{
    struct ability_short e = {.rule = reissue->rule, .ability = wanted->ability, .unsaid = !sayable};
    bool found = false;

    for (size_t i = 0; i <= wanted->needs.n && !found; i++) {
        const char *word = i == 0 ? wanted->ability : wanted->needs.at[i - 1];
        size_t n = 0;
        for (size_t j = 0; j < command->agents.n; j++) {
            n += free_with(candidate(d, incident, order, command->agents.at[j]), word);
        }
        found = n == 0;
        if (found || i == 0 || e.ability[0] == '\0') {
            e.ability = word;
            e.free = (uint32_t)n;
        }
    }
    emit(d, EVENT_ABILITY_SHORT, incident, order->id)->ability_short = e;
}

/* As long to answer as the one before had; it expires when that would have, if there is so much time. */
static void emit_again(struct deciding *d, const struct incident *incident, const struct order *order,
                       const struct reissue_order *command, const char *rule, const char *addressee,
                       struct words agents)
{
    int64_t answer_by_ms = d->env->now_ms + (order->answer_by_ms - order->issued_at_ms);
    uint32_t step = order->steps + 1U;

    emit(d, EVENT_ORDER_ISSUED, incident, command->new_order)->order_issued = (struct order_issued){
        .home = "",
        .kind = order->kind,
        .addressee = addressee,
        .agents = agents,
        .issuer = order->issuer,
        .operator= order->operator,
        .answer_by_ms = answer_by_ms,
        .expires_at_ms = order->expires_at_ms > answer_by_ms ? order->expires_at_ms : answer_by_ms,
        .reissue_of = order->id,
        .needs = decide_needs(d, incident->kind, incident->substance),
        .content = order->content};
    emit(d, EVENT_ORDER_REISSUED, incident, order->id)->order_reissued =
        (struct order_reissued){.by = command->new_order,
                                .former = order->addressee,
                                .addressee = addressee,
                                .rule = rule,
                                .step = step};
    if (order_is_open(order)) {
        emit(d, EVENT_ORDER_RECALLED, incident, order->id)->order_recalled =
            (struct order_recalled){.by = d->command->agent, .expires_at_ms = order->expires_at_ms};
    }
}

/* Whoever gave it might give it today: what somebody said whose key was revoked since goes no further. */
static bool can_be_said_again(const struct deciding *d, const struct order *order,
                              const struct reissue_order *command)
{
    const char *name = order->operator[0] != '\0' ? order->operator: order->issuer;
    const struct member *author = region_member(d->region, name);

    return command->said.n > 0 && author != NULL && !author->revoked &&
           member_has_right(author, "order", order->kind);
}

void decide_reissue_order(struct deciding *d, const struct reissue_order *command)
{
    const struct incident *incident = state_incident(d->state, command->incident);
    const struct reissue *reissue = incident != NULL ? incident_reissue(incident, command->order) : NULL;
    const struct order *order = reissue != NULL ? incident_order(incident, command->order) : NULL;

    if (order == NULL) {
        return; /* it was done, or is not wanted any more */
    }
    struct wanted wanted = {.ability = reissue->ability,
                            .needs = decide_needs(d, incident->kind, incident->substance)};
    bool sayable = can_be_said_again(d, order, command);
    const char *agent = sayable && incident->orders_n < ORDERS_PER_INCIDENT_MAX
                            ? next_able(d, incident, order, command, &wanted)
                            : NULL;
    if (agent == NULL) {
        emit_short(d, incident, order, reissue, command, &wanted, sayable);
    } else if (decide_order_is_new(d, command->new_order)) {
        struct words agents;
        const char *addressee = address_of(d, incident, order, agent, &agents);
        if (!d->no_memory) {
            emit_again(d, incident, order, command, reissue->rule, addressee, agents);
        }
    }
    decide_rules(d, incident);
}
