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
        if (event->kind == EVENT_ORDERS_DISPUTED && id_equal(event->order, order) &&
            id_equal(event->disputed.other, other)) {
            return true;
        }
    }
    return incident_dispute(incident, order, other) != NULL;
}

static bool has_room(const struct deciding *d, const struct incident *incident)
{
    size_t n = 0;

    for (size_t i = 0; i < d->events_n; i++) {
        n += d->events[i].kind == EVENT_ORDERS_DISPUTED;
    }
    return n < DISPUTES_PER_RECORD_MAX &&
           n + (incident->disputes != NULL ? incident->disputes->n : 0) < DISPUTES_PER_INCIDENT_MAX;
}

/* Of two the one with the lesser id comes first, at both ends. */
static void emit_disputed(struct deciding *d, const struct incident *incident, struct id order,
                          const char *region, struct id other, const char *against)
{
    bool swap = !id_is_zero(other) && id_compare(other, order) < 0;
    struct id first = swap ? other : order, second = swap ? order : other;

    if (is_disputed(d, incident, first, second) || !has_room(d, incident)) {
        return;
    }
    struct event *event = decide_emit(d, EVENT_ORDERS_DISPUTED);
    event->incident = incident->id;
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

    for (size_t i = 0; (dispute = incident_open_dispute(incident, order, i)) != NULL; i++) {
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
    /* the other could not know what only comes now, if it is ours; else it says what it knew */
    bool was_blind = strcmp(region, own) == 0 ||
                     (other->says_known && !incident_foresaw(incident, other->id, event->order));

    if (strcmp(region, told_by) != 0 && !order_is_void(other) && !other->history && was_blind &&
        addressees_overlap(other->addressee, addressee) && !names(&event->orders_known, other->id)) {
        emit_disputed(d, incident, other->id, region, event->order, told_by);
    }
}

/* An order of that region is here now: which of the others was it given apart from? Where there are more than
 * a record holds, those first that nobody has been shown yet. */
static void dispute_order(struct deciding *d, const struct incident *incident, const char *told_by,
                          const struct event *event)
{
    const struct orders_known *known = &event->orders_known;
    const char *lead = incident_lead(incident, d->region->code);
    const char *addressee = addressee_of(d, event->order);
    struct id none = {{0}};

    for (size_t i = 0; i < incident->orders_n && d->region->generation >= GENERATION_COVERS; i++) {
        if (!is_covered(d, incident, incident->orders[i].id, told_by)) {
            dispute_pair(d, incident, told_by, event, addressee, &incident->orders[i]);
        }
    }
    for (size_t i = 0; i < incident->orders_n; i++) {
        dispute_pair(d, incident, told_by, event, addressee, &incident->orders[i]);
    }
    if (strcmp(known->lead, told_by) == 0 && strcmp(lead, told_by) != 0 &&
        known->term < incident->lead_term && !incident_foresaw(incident, none, event->order)) {
        emit_disputed(d, incident, event->order, told_by, none, lead);
    }
}

/* That region has taken the lead: which orders of who led until then did it not know? */
static void dispute_term(struct deciding *d, const struct incident *incident, const char *told_by,
                         const struct event *event)
{
    const char *own = d->region->code, *led = incident_lead(incident, own);
    struct id none = {{0}};

    for (size_t i = 0; i < incident->orders_n; i++) {
        const struct order *order = &incident->orders[i];
        if (order_is_open(order) && !order->history && strcmp(order_region(order, own), led) == 0 &&
            !names(&event->orders_known, order->id)) {
            emit_disputed(d, incident, order->id, led, none, told_by);
        }
    }
}

void decide_disputes(struct deciding *d, const struct incident *incident, const char *told_by,
                     const struct event *known)
{
    if (incident == NULL || d->region->generation < GENERATION_APART) {
        return;
    }
    if (id_is_zero(known->order)) {
        dispute_term(d, incident, told_by, known);
    } else {
        dispute_order(d, incident, told_by, known);
    }
}

/* --- counts --------------------------------------------------------------------------------------- */

static struct count_apart *emit_apart(struct deciding *d, const struct incident *incident, size_t i,
                                      const char *region, int64_t count, int64_t holds)
{
    struct event *event = decide_emit(d, EVENT_COUNT_APART);

    event->incident = incident->id;
    event->at_ms = d->env->now_ms;
    event->count_apart =
        (struct count_apart){.fact = count_name(i), .region = region, .count = count, .holds = holds};
    return &event->count_apart;
}

struct count_here {
    int64_t holds;
    int64_t highest; /* it, or what gave way to it */
};

/* What a merged incident has is known only where it is merged. */
static int64_t gave_way(const struct incident *incident, size_t i)
{
    const struct apart *apart = incident_apart(incident, i);

    return apart != NULL && id_is_zero(apart->other) ? apart->count : COUNT_UNKNOWN;
}

/* After what this record brings. */
static struct count_here count_here(const struct deciding *d, const struct incident *incident, size_t i)
{
    int64_t holds = count_of(&incident->casualties, i), other = gave_way(incident, i);

    for (size_t k = 0; k < d->events_n; k++) {
        const struct event *event = &d->events[k];
        if (!id_equal(event->incident, incident->id)) {
            continue;
        }
        if (event->kind == EVENT_FACTS_CHANGED &&
            count_of(&event->facts_changed.casualties, i) != COUNT_UNKNOWN) {
            holds = count_of(&event->facts_changed.casualties, i);
            other = COUNT_UNKNOWN;
        } else if (event->kind == EVENT_COUNT_APART && strcmp(event->count_apart.fact, count_name(i)) == 0 &&
                   id_is_zero(event->count_apart.other) && event->count_apart.count > other) {
            other = event->count_apart.count;
        }
    }
    return (struct count_here){holds, other > holds ? other : holds};
}

static void emit_missed(struct deciding *d, const struct incident *incident, size_t i, const char *region,
                        int64_t count, int64_t known)
{
    struct event *event = decide_emit(d, EVENT_COUNT_MISSED);

    event->incident = incident->id;
    event->at_ms = d->env->now_ms;
    event->count_apart =
        (struct count_apart){.fact = count_name(i), .region = region, .count = count, .holds = known};
}

void decide_counts_closed(const struct deciding *d, const struct incident *incident,
                          struct incident_closed *ret)
{
    int64_t known[COUNTS];

    for (size_t i = 0; i < COUNTS; i++) {
        known[i] = count_here(d, incident, i).highest;
    }
    if (incident_is_shared(incident) && d->region->generation >= GENERATION_CLOSED_WITH) {
        ret->says_counts = true;
        ret->casualties = (struct casualties){known[0], known[1], known[2], known[3], known[4]};
    }
}

void decide_closing_missed(struct deciding *d, const struct incident *incident, const struct event *closed)
{
    const struct incident_closed *e = &closed->incident_closed;

    if (!e->says_counts || d->region->generation < GENERATION_CLOSED_WITH) {
        return;
    }
    for (size_t i = 0; i < COUNTS; i++) {
        struct count_here here = count_here(d, incident, i);
        int64_t there = count_of(&e->casualties, i);
        if (here.highest != COUNT_UNKNOWN && here.highest != there && (here.highest > 0 || there > 0)) {
            emit_missed(d, incident, i, "", here.highest > there ? here.highest : here.holds, there);
        }
    }
}

/* It was closed, and not by that region, before its word came. */
static void counts_late(struct deciding *d, const struct incident *incident, const char *told_by,
                        const struct casualties *said, const struct casualties *news)
{
    const char *own = d->region->code;

    if (d->region->generation < GENERATION_CLOSED_WITH || incident->closed_at_ms == 0 ||
        strcmp(incident_lead(incident, own), told_by) == 0) {
        return;
    }
    for (size_t i = 0; i < COUNTS; i++) {
        int64_t holds = count_of(&incident->casualties, i), there = count_of(said, i);
        int64_t highest = gave_way(incident, i) > holds ? gave_way(incident, i) : holds;
        bool corrects = count_of(news, i) != COUNT_UNKNOWN && holds != COUNT_UNKNOWN && there != holds;
        if ((there > 0 && there > highest) || (there != COUNT_UNKNOWN && corrects)) {
            emit_missed(d, incident, i, told_by, there, highest);
        }
    }
}

static const struct event *counts_known_of(const struct told_record *told, struct id incident)
{
    for (size_t i = 0; i < told->events_n; i++) {
        if (told->events[i].kind == EVENT_COUNTS_KNOWN && id_equal(told->events[i].incident, incident)) {
            return &told->events[i];
        }
    }
    return NULL;
}

void decide_counts_apart(struct deciding *d, const struct incident *incident, const struct told_record *told,
                         const struct casualties *said, const struct casualties *news, int64_t at_ms)
{
    const struct event *known =
        incident != NULL && incident->marks != NULL ? counts_known_of(told, incident->id) : NULL;

    if (incident != NULL) {
        counts_late(d, incident, told->region, said, news);
    }
    if (known == NULL || d->region->generation < GENERATION_APART) {
        return;
    }
    for (size_t i = 0; i < COUNTS; i++) {
        if (count_of(news, i) != COUNT_UNKNOWN) {
            *decide_emit(d, EVENT_COUNTS_KNOWN) = *known;
            break;
        }
    }
    for (size_t i = 0; i < COUNTS; i++) {
        int64_t here = count_of(&incident->casualties, i), there = count_of(said, i);
        bool wins = count_of(news, i) != COUNT_UNKNOWN;
        if (here == COUNT_UNKNOWN || there == COUNT_UNKNOWN || here == there) {
            continue;
        }
        if (wins && incident->marks[FACT_COUNTS_FROM + i].at_ms > known_count_ms(&known->counts_known, i)) {
            (void)emit_apart(d, incident, i, "", here, there);
        } else if (!wins && (incident->disputes == NULL || incident->disputes->known_ms[i] < at_ms)) {
            (void)emit_apart(d, incident, i, told->region, there, here);
        }
    }
}

void decide_part_apart(struct deciding *d, const struct incident *whole, const struct incident *part,
                       uint32_t fields)
{
    const char *region = part->home[0] != '\0' ? part->home : d->region->code;

    for (size_t i = 0; i < COUNTS && d->region->generation >= GENERATION_PARTS; i++) {
        int64_t here = count_of(&whole->casualties, i), there = count_of(&part->casualties, i);
        const struct apart *apart = incident_apart(whole, i);
        bool is_its = apart != NULL && id_equal(apart->other, part->id);
        bool is_said = (fields >> (FACT_COUNTS_FROM + i) & 1) != 0;
        if (is_said && here != COUNT_UNKNOWN && there != COUNT_UNKNOWN && (there > here || is_its)) {
            emit_apart(d, whole, i, region, there, here)->other = part->id;
        }
    }
}

void decide_parts_still_apart(struct deciding *d, const struct incident *whole, const struct casualties *news)
{
    for (size_t i = 0; i < COUNTS; i++) {
        const struct apart *apart = incident_apart(whole, i);
        int64_t now = count_of(news, i);
        if (apart != NULL && !id_is_zero(apart->other) && now != COUNT_UNKNOWN && now < apart->count) {
            const char *region = arena_strdup(d->arena, apart->region); /* that one goes with the new count */
            d->no_memory = d->no_memory || region == NULL;
            emit_apart(d, whole, i, region != NULL ? region : "", apart->count, now)->other = apart->other;
        }
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
