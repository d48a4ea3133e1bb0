#include "common/core/evolve.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/core/state_private.h"

/* --- incidents ------------------------------------------------------------------------------------ */

static int incident_opened(struct state *state, const struct event *event)
{
    const struct incident_opened *e = &event->incident_opened;
    const char *reporter = state_intern(state, e->reporter);
    const char *home = state_intern(state, e->home);
    struct incident *incident = state_incident_make(state, event->incident);

    if (incident == NULL || reporter == NULL || home == NULL) {
        return ERR_NO_MEMORY;
    }
    incident->mode = e->mode;
    incident->history = e->history;
    incident->bare = e->bare;
    incident->reporter = reporter;
    incident->home = home;
    incident->heard_at_ms = home[0] != '\0' ? e->received_ms : 0;
    /* from the first word on, so that whoever is told later and this region have the same of it */
    if ((home[0] != '\0' || e->received_ms != 0) && evolve_marks(incident) < 0) {
        return ERR_NO_MEMORY;
    }
    incident->content = e->content;
    incident->opened_at_ms = event->at_ms;
    return 0;
}

static void report_filed(struct incident *incident, const struct event *event)
{
    const struct report_filed *e = &event->report_filed;

    incident->reports = e->number;
    incident->last_report_at_ms = event->at_ms;
    if (e->kind == REPORT_FINAL) {
        incident->final_at_ms = event->at_ms;
    }
}

static int facts_changed(struct state *state, struct incident *incident, const struct event *event)
{
    const struct facts *e = &event->facts_changed;

    if (e->kind[0] != '\0') {
        const char *kind = state_intern(state, e->kind);
        if (kind == NULL) {
            return ERR_NO_MEMORY;
        }
        incident->kind = kind;
    }
    if (e->substance[0] != '\0') {
        const char *substance = state_intern(state, e->substance);
        if (substance == NULL) {
            return ERR_NO_MEMORY;
        }
        incident->substance = substance;
    }
    incident_learn(incident, e);
    evolve_counted(incident, &e->casualties);
    evolve_said(incident, e);
    if (incident->marks != NULL) {
        facts_mark(incident->marks, e, event->at_ms);
    }
    return 0;
}

static struct request *open_request(struct incident *incident, const char *fact)
{
    for (size_t i = 0; i < incident->requests_n; i++) {
        if (incident->requests[i].answered_at_ms == 0 && strcmp(incident->requests[i].fact, fact) == 0) {
            return &incident->requests[i];
        }
    }
    return NULL;
}

static int information(struct state *state, struct incident *incident, const struct event *event)
{
    const struct information *e = &event->information;
    struct request *request = open_request(incident, e->fact);

    if (event->kind == EVENT_INFORMATION_ANSWERED && request != NULL) {
        request->answered_at_ms = event->at_ms;
    }
    if (event->kind == EVENT_INFORMATION_OVERDUE && request != NULL) {
        request->overdue = true;
    }
    if (event->kind != EVENT_INFORMATION_REQUESTED) {
        return 0;
    }
    for (size_t i = 0; i < incident->requests_n; i++) {
        if (strcmp(incident->requests[i].fact, e->fact) == 0) { /* asked again: the answer was given back */
            incident->requests[i] = (struct request){
                .fact = incident->requests[i].fact, .asked_at_ms = event->at_ms, .due_at_ms = e->due_at_ms};
            return 0;
        }
    }
    const char *fact = state_intern(state, e->fact);
    struct request *grown = realloc(incident->requests, (incident->requests_n + 1) * sizeof *grown);
    if (grown != NULL) {
        incident->requests = grown;
    }
    if (grown == NULL || fact == NULL) {
        return ERR_NO_MEMORY;
    }
    grown[incident->requests_n++] =
        (struct request){.fact = fact, .asked_at_ms = event->at_ms, .due_at_ms = e->due_at_ms};
    return 0;
}

/* --- orders --------------------------------------------------------------------------------------- */

static int grow_orders(struct incident *incident)
{
    if (incident->orders_n < incident->orders_capacity) {
        return 0;
    }
    size_t capacity = incident->orders_capacity == 0 ? 1 : incident->orders_capacity * 2;
    struct order *grown = realloc(incident->orders, capacity * sizeof *grown);
    if (grown == NULL) {
        return ERR_NO_MEMORY;
    }
    incident->orders = grown;
    incident->orders_capacity = capacity;
    return 0;
}

static int order_issued(struct state *state, struct incident *incident, const struct event *event)
{
    const struct order_issued *e = &event->order_issued;
    struct order order = {
        .id = event->order,
        .kind = state_intern(state, e->kind),
        .addressee = state_intern(state, e->addressee),
        .issuer = state_intern(state, e->issuer),
        .operator= state_intern(state, e->operator),
        .home = state_intern(state, e->home),
        .taker = "",
        .unreached = "",
        .reissue_of = e->reissue_of,
        .evacuation = e->evacuation,
        .content = e->content,
        .issued_at_ms = event->at_ms,
        .answer_by_ms = e->answer_by_ms,
        .expires_at_ms = e->expires_at_ms,
        .rung = RUNG_ISSUED,
        .history = e->history,
    };

    if (order.kind == NULL || order.addressee == NULL || order.issuer == NULL ||
        order.operator== NULL || order.home == NULL) {
        return ERR_NO_MEMORY;
    }
    if (incident_order(incident, event->order) != NULL) {
        return 0;
    }
    if (state_intern_words(state, e->agents, &order.agents) < 0 ||
        state_intern_words(state, e->units, &order.units) < 0 ||
        state_intern_words(state, e->needs, &order.needs) < 0 || grow_orders(incident) < 0) {
        order_free(&order);
        return ERR_NO_MEMORY;
    }
    unreached_by_now(incident, &order);
    size_t at = incident->orders_n;
    while (at > 0 && id_compare(incident->orders[at - 1].id, order.id) > 0) {
        at--; /* ids rise with time: seldom far */
    }
    memmove(&incident->orders[at + 1], &incident->orders[at], (incident->orders_n - at) * sizeof order);
    incident->orders[at] = order;
    incident->orders_n++;
    drop_reissue(incident, order.reissue_of);
    return 0;
}

static int replace_words(struct state *state, struct words words, struct words *at)
{
    struct words copy;
    int result = state_intern_words(state, words, &copy);

    if (result == 0) {
        words_free(at);
        *at = copy;
    }
    return result;
}

static int order_amended(struct state *state, struct order *order, const struct order_amended *e)
{
    int result = replace_words(state, e->needs, &order->needs);

    if (result == 0) {
        order->amendments = e->amendment;
        order->amend_by_ms = e->answer_by_ms;
        order->amendment_overdue = false;
    }
    return result;
}

static void set_rung_time(struct order *order, enum rung rung, int64_t at_ms)
{
    switch (rung) {
    case RUNG_ACKNOWLEDGED:
        order->acknowledged_at_ms = at_ms;
        break;
    case RUNG_ACCEPTED:
        order->accepted_at_ms = at_ms;
        break;
    case RUNG_EN_ROUTE:
        order->en_route_at_ms = at_ms;
        break;
    case RUNG_ON_SCENE:
        order->on_scene_at_ms = at_ms;
        break;
    case RUNG_COMPLETED:
    case RUNG_DECLINED:
    case RUNG_RECALLED:
    case RUNG_EXPIRED:
        order->ended_at_ms = at_ms;
        break;
    case RUNG_NONE:
    case RUNG_ISSUED:
    case RUNG_DELIVERED:
        break;
    }
}

/* Who is on scene, by everybody's own word. */
static int said_there(struct state *state, struct order *order, const struct rung_reached *e)
{
    bool is_there = words_have(order->there, e->agent);

    if (order->history) {
        return 0; /* the past is told in any order, and nobody is to be called out of it */
    }
    if (e->rung == RUNG_ON_SCENE && !is_there) {
        const char **at = calloc(order->there.n + 1, sizeof *at);
        const char *agent = state_intern(state, e->agent);
        if (at == NULL || agent == NULL) {
            free(at);
            return ERR_NO_MEMORY;
        }
        for (size_t i = 0; i < order->there.n; i++) {
            at[i] = order->there.at[i];
        }
        at[order->there.n] = agent;
        struct words grown = {at, order->there.n + 1};
        words_free(&order->there);
        order->there = grown;
    } else if (e->rung == RUNG_COMPLETED && is_there) {
        const char **at = calloc(order->there.n, sizeof *at);
        if (at == NULL) {
            return ERR_NO_MEMORY;
        }
        size_t n = 0;
        for (size_t i = 0; i < order->there.n; i++) {
            if (strcmp(order->there.at[i], e->agent) != 0) {
                at[n++] = order->there.at[i];
            }
        }
        words_free(&order->there);
        order->there = (struct words){at, n};
    }
    return 0;
}

static int rung_reached(struct state *state, struct order *order, const struct event *event)
{
    const struct rung_reached *e = &event->rung;
    const char *taker = state_intern(state, e->agent);

    if (taker == NULL || said_there(state, order, e) < 0) {
        return ERR_NO_MEMORY;
    }
    if (e->units.n > 0 && replace_words(state, e->units, &order->units) < 0) {
        return ERR_NO_MEMORY;
    }
    if (e->rung > order->rung) { /* history may add a rung below */
        order->rung = (uint8_t)e->rung;
        order->taker = taker;
    }
    set_rung_time(order, e->rung, event->at_ms);
    if (e->rung == RUNG_COMPLETED && order_is_evacuation(order)) {
        order->has_head_count = true;
        order->present = e->present;
        order->missing = e->missing;
    }
    return 0;
}

static void end_order(struct order *order, enum rung outcome, int64_t at_ms)
{
    order->rung = (uint8_t)outcome;
    order->ended_at_ms = at_ms;
}

static int order_changed(struct state *state, struct incident *incident, const struct event *event)
{
    struct order *order = incident_order(incident, event->order);

    if (event->kind >= EVENT_ORDER_REMINDED && event->kind <= EVENT_ABILITY_SHORT) {
        return evolve_reissue(state, incident, order, event);
    }
    if (order == NULL) {
        return 0; /* its issue was redacted */
    }
    switch (event->kind) {
    case EVENT_ORDER_AMENDED:
        return order_amended(state, order, &event->order_amended);
    case EVENT_AMENDMENT_ACKNOWLEDGED:
        order->amendments_acknowledged = event->amendment.amendment;
        return 0;
    case EVENT_AMENDMENT_OVERDUE:
        order->amendment_overdue =
            order->amendment_overdue || event->amendment.amendment == order->amendments;
        return 0;
    case EVENT_RUNG_REACHED:
        if (event->rung.rung >= RUNG_ACCEPTED) {
            drop_reissue(incident, order->id);
        }
        return rung_reached(state, order, event);
    case EVENT_ORDER_RECALLED:
        drop_reissue(incident, order->id);
        end_order(order, RUNG_RECALLED, event->at_ms);
        return 0;
    case EVENT_ORDER_EXPIRED:
        end_order(order, RUNG_EXPIRED, event->at_ms);
        return 0;
    case EVENT_ORDER_UNANSWERED:
        order->unanswered = true;
        order->remind_by_ms = 0;
        return 0;
    case EVENT_ORDER_OVERDUE:
        order->overdue = true;
        return 0;
    case EVENT_RECEIPT_NOTED: /* no rung, but who is there is there */
        return said_there(state, order, &event->rung);
    default:
        return 0;
    }
}

/* --- agents --------------------------------------------------------------------------------------- */

static int unit_copy(struct state *state, const struct unit *from, struct unit *ret)
{
    struct unit unit = {.id = state_intern(state, from->id),
                        .type = state_intern(state, from->type),
                        .status = from->status,
                        .crew = from->crew,
                        .kind = from->kind,
                        .team = state_intern(state, from->team)};

    if (unit.id == NULL || unit.type == NULL || unit.team == NULL ||
        state_intern_words(state, from->abilities, &unit.abilities) < 0) {
        return ERR_NO_MEMORY;
    }
    if (state_intern_words(state, from->equipment, &unit.equipment) < 0) {
        words_free(&unit.abilities);
        return ERR_NO_MEMORY;
    }
    *ret = unit;
    return 0;
}

static int unit_stated(struct state *state, struct agent *agent, const struct unit *said)
{
    struct unit unit;
    size_t at = 0;

    while (at < agent->units_n && strcmp(agent->units[at].id, said->id) < 0) {
        at++;
    }
    bool there = at < agent->units_n && strcmp(agent->units[at].id, said->id) == 0;
    if (!there) {
        struct unit *grown = realloc(agent->units, (agent->units_n + 1) * sizeof *grown);
        if (grown == NULL) {
            return ERR_NO_MEMORY;
        }
        agent->units = grown;
    }
    if (unit_copy(state, said, &unit) < 0) {
        return ERR_NO_MEMORY;
    }
    if (there) {
        words_free(&agent->units[at].abilities);
        words_free(&agent->units[at].equipment);
    } else {
        memmove(&agent->units[at + 1], &agent->units[at], (agent->units_n - at) * sizeof unit);
        agent->units_n++;
    }
    agent->units[at] = unit;
    return 0;
}

static int units_stated(struct state *state, const struct units_stated *e)
{
    struct agent *agent = state_agent_make(state, e->agent);

    if (agent == NULL) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < e->units_n; i++) {
        if (unit_stated(state, agent, &e->units[i]) < 0) {
            return ERR_NO_MEMORY;
        }
    }
    return 0;
}

static int acknowledged(struct state *state, const struct acknowledged *e)
{
    struct agent *agent = state_agent_make(state, e->agent);

    if (agent == NULL) {
        return ERR_NO_MEMORY;
    }
    if (e->lane > LANE_NONE && e->lane <= LANE_MAX) {
        agent->acked[e->lane] = e->up_to_seq;
    }
    return 0;
}

static int loss_noted(struct state *state, const struct note_loss *e)
{
    struct agent *agent = state_agent_make(state, e->agent);

    if (agent == NULL) {
        return ERR_NO_MEMORY;
    }
    agent->lost_epoch = e->epoch;
    agent->lost_seq = e->seq;
    return 0;
}

static int incident_event(struct state *state, const struct event *event)
{
    struct incident *incident = state_incident(state, event->incident);

    if (incident == NULL) {
        return 0; /* its opening was redacted */
    }
    switch (event->kind) {
    case EVENT_REPORT_FILED:
        report_filed(incident, event);
        return 0;
    case EVENT_FACTS_CHANGED:
        return facts_changed(state, incident, event);
    case EVENT_INFORMATION_REQUESTED:
    case EVENT_INFORMATION_ANSWERED:
    case EVENT_INFORMATION_OVERDUE:
        return information(state, incident, event);
    case EVENT_INCIDENT_CLOSED:
        incident->closed_at_ms = event->at_ms;
        incident->reissues_n = 0;
        return 0;
    case EVENT_AMENDMENTS_LEFT:
        incident->amendments_left = event->amendments_left.orders;
        incident->amendments_left_at_ms = incident->amendments_left > 0 ? event->at_ms : 0;
        return 0;
    case EVENT_RULES_DUE:
    case EVENT_RULES_ASKED:
    case EVENT_RULE_WAITS:
    case EVENT_RULE_FIRED:
    case EVENT_RULE_ENDED:
    case EVENT_GRADED:
    case EVENT_GRADE_DOUBTED:
    case EVENT_GRADE_ASKED:
    case EVENT_GRADE_OTHERWISE:
    case EVENT_LEVEL_SET:
    case EVENT_REFERRED:
    case EVENT_NOTIFIED:
        return evolve_rule(state, incident, event);
    case EVENT_REPORT_SENT:
    case EVENT_CLOCK_STARTED:
    case EVENT_CLOCK_WARNED:
    case EVENT_CLOCK_OVERDUE:
    case EVENT_CLOCK_MET:
    case EVENT_CLOCK_STOPPED:
        return evolve_clock(state, incident, event);
    case EVENT_INCIDENT_LINKED:
    case EVENT_INCIDENT_MERGED:
    case EVENT_INCIDENT_JOINED:
    case EVENT_INCIDENT_SPLIT:
    case EVENT_ORDERS_MOVED:
    case EVENT_FACTS_TAKEN:
    case EVENT_FACTS_RETURNED:
    case EVENT_PART_HEARD:
        return evolve_ties(state, incident, event);
    case EVENT_DIVISION_DOUBTED:
        return 0; /* told; what was reported stands */
    case EVENT_POST_SET:
    case EVENT_POST_OFFERED:
    case EVENT_POST_TAKEN:
    case EVENT_POST_KEPT:
    case EVENT_POST_APART:
        return evolve_post(state, incident, event);
    case EVENT_SHARE_BEGUN:
    case EVENT_SHARED:
    case EVENT_HEARD:
    case EVENT_LEAD_OFFERED:
    case EVENT_LEAD_TAKEN:
    case EVENT_LEAD_DISPUTED:
        return evolve_share(state, incident, event);
    case EVENT_GRADE_EXPECTED:
    case EVENT_REGION_TOUCHED:
    case EVENT_LEVEL_HEARD:
        return evolve_spread(state, incident, event);
    case EVENT_ORDER_UNREACHED:
    case EVENT_REGION_UNREACHED:
        return evolve_unreached(state, incident, event);
    case EVENT_ORDERS_KNOWN:
    case EVENT_ORDERS_DISPUTED:
    case EVENT_DISPUTE_SETTLED:
    case EVENT_COUNTS_KNOWN:
    case EVENT_COUNT_APART:
    case EVENT_COUNT_MISSED:
        return evolve_dispute(incident, event);
    case EVENT_ORDER_ISSUED:
        return order_issued(state, incident, event);
    default:
        return order_changed(state, incident, event);
    }
}

int evolve(struct state *state, const struct event *event)
{
    switch (event->kind) {
    case EVENT_REGION_FOUNDED:
    case EVENT_AGENT_ENROLLED:
    case EVENT_OPERATOR_ENROLLED:
    case EVENT_REVOKED:
    case EVENT_POLICY_SET:
    case EVENT_CLOCK_SET:
    case EVENT_REFUSALS_COUNTED:
    case EVENT_RECOVERED:
    case EVENT_PACK_SET:
    case EVENT_PACK_DROPPED:
    case EVENT_GENERATION_BEGUN:
    case EVENT_DIVISIONS_SET:
    case EVENT_LINK_SET:
    case EVENT_CANARY_SENT:
    case EVENT_CANARY_HEARD:
    case EVENT_UNTOLD:
        return evolve_region(state, event);
    case EVENT_UNITS_STATED:
        return units_stated(state, &event->units_stated);
    case EVENT_ACKNOWLEDGED:
        return acknowledged(state, &event->acknowledged);
    case EVENT_LOSS_NOTED:
        return loss_noted(state, &event->loss_noted);
    case EVENT_LOOKOUT_BEGAN:
    case EVENT_LOOKOUT_FIRED:
    case EVENT_LOOKOUT_ENDED:
    case EVENT_LOOKOUT_DOUBTED:
    case EVENT_LOOKOUT_LIMITED:
        return evolve_lookout(state, event);
    case EVENT_ALERT_RECORDED:
        return evolve_alert(state, event);
    case EVENT_WARNING_TAKEN:
    case EVENT_WARNING_BEGAN:
    case EVENT_WARNING_FIRED:
    case EVENT_WARNING_ENDED:
    case EVENT_WARNINGS_HEEDED:
        return evolve_warning(state, event);
    case EVENT_INCIDENT_OPENED:
        return incident_opened(state, event);
    case EVENT_NONE:
        return 0;
    default:
        return incident_event(state, event);
    }
}
