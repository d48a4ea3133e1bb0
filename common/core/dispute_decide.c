/* Rules of what regions order apart. Clocks tell nothing of it: each order of a shared incident says which
 * orders of others it was given knowing, so whoever hears it sees which of those that are here it was not. */
#include <string.h>

#include "common/core/decide_private.h"
#include "common/core/dispute.h"
#include "common/core/link.h"

/* --- what was known ------------------------------------------------------------------------------- */

/* Whether an order that is here is named by one to this address, or, without one, by a lead taken from that
 * region. */
static bool is_named(const struct deciding *d, const struct order *order, const char *addressee,
                     const char *from)
{
    if (addressee == NULL) {
        return order_is_open(order) && strcmp(order_region(order, d->region->code), from) == 0;
    }
    return order->home[0] != '\0' && !order_is_void(order) && !order->history &&
           addressees_overlap(order->addressee, addressee);
}

static void emit_known(struct deciding *d, const struct incident *incident, struct id order,
                       const char *addressee)
{
    const char *lead = incident_lead(incident, d->region->code);
    struct id *known = arena_array(d->arena, struct id, ORDERS_KNOWN_MAX);
    size_t n = 0;
    bool more = false;

    if (known == NULL) {
        d->no_memory = true;
        return;
    }
    for (size_t i = incident->orders_n; i > 0 && !more; i--) { /* the newest first */
        const struct order *other = &incident->orders[i - 1];
        if (is_named(d, other, addressee, lead)) {
            more = n == ORDERS_KNOWN_MAX;
            if (!more) {
                known[n++] = other->id;
            }
        }
    }
    struct event *event = decide_emit(d, EVENT_ORDERS_KNOWN);
    event->incident = incident->id;
    event->order = order;
    event->at_ms = d->env->now_ms;
    event->orders_known = (struct orders_known){
        .known = known, .known_n = n, .more = more, .lead = lead, .term = incident->lead_term};
}

static void emit_counts_known(struct deciding *d, const struct incident *incident)
{
    const struct fact_mark *marks = &incident->marks[FACT_COUNTS_FROM];
    struct event *event = decide_emit(d, EVENT_COUNTS_KNOWN);

    event->incident = incident->id;
    event->at_ms = d->env->now_ms;
    event->counts_known =
        (struct counts_known){marks[0].at_ms, marks[1].at_ms, marks[2].at_ms, marks[3].at_ms, marks[4].at_ms};
}

static bool has_count(const struct facts *facts)
{
    bool has = false;

    for (size_t i = 0; i < COUNTS; i++) {
        has = has || count_of(&facts->casualties, i) != COUNT_UNKNOWN;
    }
    return has;
}

static void emit_counts(struct deciding *d, const struct event *event)
{
    const struct incident *incident = state_incident(d->state, event->incident);

    if (incident != NULL && incident_is_shared(incident) && has_count(&event->facts_changed)) {
        emit_counts_known(d, incident);
    }
}

void decide_orders_known(struct deciding *d)
{
    if (d->region->generation < GENERATION_APART || command_tells(d->command) != NULL) {
        return;
    }
    for (size_t i = 0, n = d->events_n; i < n; i++) {
        const struct event *event = &d->events[i];
        bool is_order = event->kind == EVENT_ORDER_ISSUED;
        if (event->kind == EVENT_FACTS_CHANGED) {
            emit_counts(d, event);
            continue;
        }
        const struct incident *incident =
            is_order || event->kind == EVENT_LEAD_TAKEN ? state_incident(d->state, event->incident) : NULL;
        if (incident != NULL && incident_is_shared(incident) && !incident->history) {
            emit_known(d, incident, is_order ? event->order : (struct id){{0}},
                       is_order ? event->order_issued.addressee : NULL);
        }
    }
}

/* --- what was not --------------------------------------------------------------------------------- */

static bool is_disputed(const struct deciding *d, const struct incident *incident, struct id order,
                        struct id other)
{
    for (size_t i = 0; i < d->events_n; i++) {
        const struct event *event = &d->events[i];
        bool is_one = event->kind == EVENT_ORDERS_DISPUTED ||
                      (event->kind == EVENT_DISPUTE_SETTLED && d->region->generation >= GENERATION_JOINS);
        if (is_one && id_equal(event->order, order) && id_equal(event->disputed.other, other)) {
            return true;
        }
    }
    return incident != NULL && incident_dispute(incident, order, other) != NULL;
}

static bool has_room(const struct deciding *d, const struct incident *incident)
{
    size_t n = 0;

    for (size_t i = 0; i < d->events_n; i++) {
        n += d->events[i].kind == EVENT_ORDERS_DISPUTED;
    }
    return n < DISPUTES_PER_RECORD_MAX &&
           n + (incident != NULL && incident->disputes != NULL ? incident->disputes->n : 0) <
               DISPUTES_PER_INCIDENT_MAX;
}

/* Of two the one with the lesser id comes first, at both ends. */
static void emit_disputed(struct deciding *d, const struct incident *incident, struct id id, struct id order,
                          const char *region, struct id other, const char *against)
{
    bool swap = !id_is_zero(other) && id_compare(other, order) < 0;
    struct id first = swap ? other : order, second = swap ? order : other;

    if (is_disputed(d, incident, first, second) || !has_room(d, incident)) {
        return;
    }
    struct event *event = decide_emit(d, EVENT_ORDERS_DISPUTED);
    event->incident = id;
    event->order = first;
    event->at_ms = d->env->now_ms;
    event->disputed = (struct orders_disputed){
        .other = second, .region = swap ? against : region, .against = swap ? region : against, .by = ""};
}

static bool names(const struct orders_known *known, struct id order)
{
    for (size_t i = 0; i < known->known_n; i++) {
        if (id_equal(known->known[i], order)) {
            return true;
        }
    }
    return known->more; /* who cannot tell does not accuse */
}

/* What the order, or with zero the last lead taken, was given knowing, where this very record says so. */
static const struct orders_known *known_with(const struct deciding *d, struct id order)
{
    for (size_t i = d->region->generation >= GENERATION_JOINS ? d->events_n : 0; i > 0; i--) {
        const struct event *event = &d->events[i - 1];
        if (event->kind == EVENT_ORDERS_KNOWN && id_equal(event->order, order)) {
            return &event->orders_known;
        }
    }
    return NULL;
}

static bool foresaw(const struct deciding *d, const struct incident *incident, struct id order,
                    struct id known)
{
    const struct orders_known *with = known_with(d, order);

    return with != NULL ? names(with, known) : incident != NULL && incident_foresaw(incident, order, known);
}

static enum rung rung_with(const struct deciding *d, struct id order)
{
    enum rung rung = RUNG_ISSUED;

    for (size_t i = 0; i < d->events_n; i++) {
        const struct event *event = &d->events[i];
        if (id_equal(event->order, order)) {
            rung = event->kind == EVENT_RUNG_REACHED     ? event->rung.rung
                   : event->kind == EVENT_ORDER_RECALLED ? RUNG_RECALLED
                   : event->kind == EVENT_ORDER_EXPIRED  ? RUNG_EXPIRED
                                                         : rung;
        }
    }
    return rung;
}

/* The i-th order of the incident, from 0: behind those that are here those that this record has brought, as a
 * past does to whoever comes to follow the incident late. NULL: there are no more. */
static const struct order *order_at(const struct deciding *d, const struct incident *incident, size_t i,
                                    struct order *brought)
{
    size_t here = incident != NULL ? incident->orders_n : 0;

    if (i < here) {
        return &incident->orders[i];
    }
    i -= here;
    for (size_t j = 0; j < d->events_n && d->region->generation >= GENERATION_JOINS; j++) {
        const struct event *event = &d->events[j];
        if (event->kind == EVENT_ORDER_ISSUED && i-- == 0) {
            *brought = (struct order){.id = event->order,
                                      .addressee = event->order_issued.addressee,
                                      .home = event->order_issued.home,
                                      .rung = (uint8_t)rung_with(d, event->order),
                                      .says_known = known_with(d, event->order) != NULL};
            return brought;
        }
    }
    return NULL;
}

/* Who leads as far as this record has told, or who did before the last that it tells has taken the lead. */
static struct lead_known lead_with(const struct deciding *d, const struct incident *incident, bool before)
{
    bool joins = d->region->generation >= GENERATION_JOINS;

    for (size_t i = joins ? d->events_n : 0; i > 0; i--) {
        const struct event *event = &d->events[i - 1];
        if (event->kind == EVENT_LEAD_TAKEN && !before) {
            return (struct lead_known){event->lead.region, event->lead.term};
        }
        before = before && event->kind != EVENT_LEAD_TAKEN;
    }
    if (incident != NULL) {
        return (struct lead_known){incident_lead(incident, d->region->code), incident->lead_term};
    }
    for (size_t i = 0; i < d->events_n; i++) {
        if (d->events[i].kind == EVENT_INCIDENT_OPENED) {
            return (struct lead_known){d->events[i].incident_opened.home, 0};
        }
    }
    return (struct lead_known){"", 0};
}

static const char *addressee_of(const struct deciding *d, struct id order)
{
    for (size_t i = 0; i < d->events_n; i++) {
        const struct event *event = &d->events[i];
        if (event->kind == EVENT_ORDER_ISSUED && id_equal(event->order, order)) {
            return event->order_issued.addressee;
        }
    }
    return "";
}

/* Whether the order has an open dispute with one of that region already, or gets it by this record. */
static bool is_covered(const struct deciding *d, const struct incident *incident, struct id order,
                       const char *region)
{
    const struct dispute *dispute;

    for (size_t i = 0; incident != NULL && (dispute = incident_open_dispute(incident, order, i)) != NULL;
         i++) {
        struct id other = id_equal(dispute->order, order) ? dispute->other : dispute->order;
        const struct order *there = incident_order(incident, other);
        if (there != NULL && strcmp(order_region(there, d->region->code), region) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < d->events_n; i++) {
        const struct event *event = &d->events[i];
        if (event->kind == EVENT_ORDERS_DISPUTED &&
            (id_equal(event->order, order) || id_equal(event->disputed.other, order))) {
            return true;
        }
    }
    return false;
}

/* The order that is here now, and another: was either given knowing of the other? */
static void dispute_pair(struct deciding *d, const struct incident *incident, const char *told_by,
                         const struct event *event, const char *addressee, const struct order *other)
{
    const char *own = d->region->code, *region = order_region(other, own);

    if (strcmp(region, told_by) == 0 || order_is_void(other) || other->history ||
        !addressees_overlap(other->addressee, addressee) || names(&event->orders_known, other->id)) {
        return;
    }
    /* the other could not know what only comes now, if it is ours; else it says what it knew */
    if (strcmp(region, own) == 0 || (other->says_known && !foresaw(d, incident, other->id, event->order))) {
        emit_disputed(d, incident, event->incident, other->id, region, event->order, told_by);
    }
}

/* An order of that region is here now: which of the others was it given apart from? Where there are more than
 * a record holds, those first that nobody has been shown yet. */
static void dispute_order(struct deciding *d, const struct incident *incident, const char *told_by,
                          const struct event *event)
{
    const struct orders_known *known = &event->orders_known;
    struct lead_known lead = lead_with(d, incident, false);
    const char *addressee = addressee_of(d, event->order);
    struct id none = {{0}};
    struct order brought;
    const struct order *other;

    for (size_t i = 0;
         d->region->generation >= GENERATION_COVERS && (other = order_at(d, incident, i, &brought)) != NULL;
         i++) {
        if (!is_covered(d, incident, other->id, told_by)) {
            dispute_pair(d, incident, told_by, event, addressee, other);
        }
    }
    for (size_t i = 0; (other = order_at(d, incident, i, &brought)) != NULL; i++) {
        dispute_pair(d, incident, told_by, event, addressee, other);
    }
    if (strcmp(known->lead, told_by) == 0 && strcmp(lead.region, told_by) != 0 && known->term < lead.term &&
        !foresaw(d, incident, none, event->order)) {
        emit_disputed(d, incident, event->incident, event->order, told_by, none, lead.region);
    }
}

/* That region has taken the lead: which orders of who led until then did it not know? Its own it knows. */
static void dispute_term(struct deciding *d, const struct incident *incident, const char *told_by,
                         const struct event *event)
{
    const char *own = d->region->code, *led = lead_with(d, incident, true).region;
    struct id none = {{0}};
    struct order brought;
    const struct order *order;

    for (size_t i = 0; (order = order_at(d, incident, i, &brought)) != NULL; i++) {
        if (order_is_open(order) && !order->history && strcmp(order_region(order, own), led) == 0 &&
            strcmp(led, told_by) != 0 && !names(&event->orders_known, order->id)) {
            emit_disputed(d, incident, event->incident, order->id, led, none, told_by);
        }
    }
}

void decide_disputes(struct deciding *d, const struct incident *incident, const char *told_by,
                     const struct event *known)
{
    if (d->region->generation < (incident == NULL ? GENERATION_JOINS : GENERATION_APART)) {
        return;
    }
    if (id_is_zero(known->order)) {
        dispute_term(d, incident, told_by, known);
    } else {
        dispute_order(d, incident, told_by, known);
    }
}

/* --- a person's word ------------------------------------------------------------------------------ */

static bool is_of(const struct deciding *d, const struct incident *incident, struct id id, const char *region)
{
    const struct order *order = incident_order(incident, id);

    return order != NULL && strcmp(order_region(order, d->region->code), region) == 0;
}

/* The region that leads settles it, or either whose order it is. */
static bool may_settle(const struct deciding *d, const struct incident *incident, struct id order,
                       struct id other, const char *region)
{
    return strcmp(incident_lead(incident, d->region->code), region) == 0 ||
           is_of(d, incident, order, region) || is_of(d, incident, other, region);
}

void decide_confirm_order(struct deciding *d, const struct confirm_order *command)
{
    const struct incident *home = NULL;
    const struct dispute *dispute;
    const char *own = d->region->code;
    size_t settled = 0, i = 0;

    if (!decide_names_incident(d, command->incident) || !decide_needs_right(d, "recall", NULL) ||
        !decide_signed_by_person(d)) {
        return;
    }
    const struct order *order = decide_order(d, command->incident, command->order, &home);
    if (order == NULL) {
        return;
    }
    if (command->reason[0] == '\0') {
        decide_refuse(d, REFUSED_INVALID, "say why both stand");
        return;
    }
    while ((dispute = incident_open_dispute(home, order->id, i)) != NULL) {
        i++;
        if (!may_settle(d, home, dispute->order, dispute->other, own)) {
            continue;
        }
        struct event *event = decide_emit(d, EVENT_DISPUTE_SETTLED);
        event->incident = home->id;
        event->order = dispute->order;
        event->at_ms = d->env->now_ms;
        event->disputed = (struct orders_disputed){
            .other = dispute->other, .region = own, .against = "", .by = decide_speaker(d)};
        settled++;
    }
    if (i > 0 && settled == 0) {
        decide_refuse(d, REFUSED_REGION, "region %s leads: it settles this, or a region whose order it is",
                      incident_lead(home, own));
    }
}

void decide_hear_settled(struct deciding *d, const struct incident *incident, const char *told_by,
                         const struct event *event)
{
    struct id other = event->disputed.other;
    const struct dispute *there = incident != NULL ? incident_dispute(incident, event->order, other) : NULL;
    size_t n = incident != NULL && incident->disputes != NULL ? incident->disputes->n : 0;

    if (incident == NULL || (there != NULL ? there->settled_ms == 0 : n < DISPUTES_PER_INCIDENT_MAX)) {
        if (incident == NULL || may_settle(d, incident, event->order, other, told_by)) {
            *decide_emit(d, event->kind) = *event;
        }
    }
}
