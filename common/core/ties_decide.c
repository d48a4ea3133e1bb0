/* Rules of incidents that belong together: several callers told of one event, one set off another, an
 * order was given under the wrong one. A person decides it, and signs. */
#include <string.h>

#include "common/core/decide_private.h"
#include "common/core/link.h"
#include "common/core/stream.h"

static struct event *emit_about(struct deciding *d, enum event_kind kind, const struct incident *incident)
{
    struct event *event = decide_emit(d, kind);

    event->incident = incident->id;
    event->at_ms = d->env->now_ms;
    return event;
}

/* Two incidents are named that are not one, by a person who may. */
static bool names_two(struct deciding *d, struct id one, struct id other)
{
    if (id_is_zero(one) || id_is_zero(other) || id_equal(one, other)) {
        decide_refuse(d, REFUSED_INVALID, "two incidents are named, and not one twice");
    }
    return d->refusal == REFUSED_NOT && decide_signed_by_person(d) && decide_needs_right(d, "report", NULL);
}

/* --- links ---------------------------------------------------------------------------------------- */

static void emit_linked(struct deciding *d, const struct incident *incident, const struct incident *other,
                        enum link_kind kind, bool caused)
{
    emit_about(d, EVENT_INCIDENT_LINKED, incident)->linked =
        (struct incident_linked){.other = other->id, .kind = kind, .caused = caused};
}

static bool has_room_for_link(struct deciding *d, const struct incident *incident, struct id other)
{
    char text[ID_TEXT];

    if (incident->ties != NULL && incident->ties->links_n >= LINKS_PER_INCIDENT_MAX &&
        incident_link(incident, other) == NULL) {
        decide_refuse(d, REFUSED_TOO_MANY, "links: %d an incident, as %s has", LINKS_PER_INCIDENT_MAX,
                      id_format(incident->id, text));
    }
    return d->refusal == REFUSED_NOT;
}

void decide_link_incidents(struct deciding *d, const struct link_incidents *command)
{
    char text[ID_TEXT];

    if (!names_two(d, command->incident, command->other)) {
        return;
    }
    const struct incident *incident = decide_incident(d, command->incident);
    const struct incident *other = incident != NULL ? decide_incident(d, command->other) : NULL;
    if (other == NULL) {
        return;
    }
    if (command->kind > LINK_DERIVED) {
        decide_refuse(d, REFUSED_INVALID, "a link is related, secondary or derived, or none");
        return;
    }
    if (incident == other) {
        decide_refuse(d, REFUSED_MERGED, "both are one event, %s", id_format(incident->id, text));
        return;
    }
    const struct incident_link *there = incident_link(incident, other->id);
    if (there != NULL ? there->kind == command->kind && !there->caused && !there->merged
                      : command->kind == LINK_NONE) {
        return;
    }
    if (there != NULL && there->caused && command->kind > LINK_RELATED) {
        decide_refuse(d, REFUSED_CONFLICT, "%s is its consequence: neither is that of its own consequence",
                      id_format(other->id, text));
        return;
    }
    if (has_room_for_link(d, incident, other->id) && has_room_for_link(d, other, incident->id)) {
        emit_linked(d, incident, other, command->kind, false);
        emit_linked(d, other, incident, command->kind, command->kind > LINK_RELATED);
        if (command->kind != LINK_NONE && there == NULL) {
            decide_link_levels(d, incident, other);
        }
    }
}

/* --- merging -------------------------------------------------------------------------------------- */

static void emit_facts(struct deciding *d, const struct incident *incident, const struct facts *facts)
{
    struct event *event = emit_about(d, EVENT_FACTS_CHANGED, incident);

    event->at_ms = decide_facts_at(d, incident, facts);
    event->facts_changed = *facts;
}

static void mirror(struct deciding *d, const struct incident *part, struct id whole, const char *kind,
                   const char *substance)
{
    struct facts facts = facts_none();

    facts.kind = strcmp(part->kind, kind) != 0 ? kind : "";
    facts.substance = strcmp(part->substance, substance) != 0 ? substance : "";
    if (facts_known(&facts) != 0) {
        emit_facts(d, part, &facts);
        decide_note_mirrored(d, part, whole, &facts);
    }
}

void decide_event_needs(struct deciding *d, const struct incident *const *family, size_t n, const char *kind,
                        const char *substance)
{
    struct words needs = decide_needs(d, kind, substance);

    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            mirror(d, family[i], family[0]->id, kind, substance);
        }
        decide_amendments(d, family[i], needs);
    }
}

static void fill_count(int64_t known, int64_t said, int64_t *ret)
{
    if (known == COUNT_UNKNOWN) {
        *ret = said;
    }
}

/* What the survivor does not know is taken from the one that joins it. Numbers of the same people are not
 * added, and where both know something the survivor's stands: a person says which is right, by a report. */
struct facts decide_facts_to_fill(const struct incident *whole, const struct incident *part)
{
    struct facts fill = facts_none();
    const struct casualties *known = &whole->casualties, *said = &part->casualties;

    fill.kind = whole->kind[0] == '\0' ? part->kind : "";
    fill.substance = whole->substance[0] == '\0' ? part->substance : "";
    if (whole->position.datum == DATUM_NONE) {
        fill.position = part->position;
    }
    fill_count(known->dead, said->dead, &fill.casualties.dead);
    fill_count(known->missing, said->missing, &fill.casualties.missing);
    fill_count(known->serious, said->serious, &fill.casualties.serious);
    fill_count(known->minor, said->minor, &fill.casualties.minor);
    fill_count(known->trapped, said->trapped, &fill.casualties.trapped);
    fill_count(whole->loss_cny, part->loss_cny, &fill.loss_cny);
    fill.occurred_at_ms = whole->occurred_at_ms == 0 ? part->occurred_at_ms : 0;
    return fill;
}

static void share_facts(struct deciding *d, const struct incident *whole, const struct incident *part)
{
    const struct incident *family[MERGED_PER_EVENT_MAX + 1], *joining[MERGED_PER_EVENT_MAX + 1];
    struct facts fill = decide_facts_to_fill(whole, part);
    const char *kind = fill.kind[0] != '\0' ? fill.kind : whole->kind;
    const char *substance = fill.substance[0] != '\0' ? fill.substance : whole->substance;
    size_t n = ties_family(d->state, whole, family), joining_n = ties_family(d->state, part, joining);

    if (facts_known(&fill) != 0) {
        emit_facts(d, whole, &fill);
    }
    decide_note_taken(d, whole, part, &fill);
    decide_answer_requests(d, whole, facts_known(&fill) | part->known);
    if (fill.kind[0] != '\0') {
        decide_ask_missing(d, whole->id, whole, kind, whole->known | part->known);
    }
    for (size_t i = 0; i < joining_n && n <= MERGED_PER_EVENT_MAX; i++) {
        family[n++] = joining[i];
    }
    decide_event_needs(d, family, n, kind, substance);
}

static bool is_graver(enum grade a, enum grade than)
{
    return a != GRADE_NONE && (than == GRADE_NONE || a < than);
}

static void share_with(struct deciding *d, const struct incident *whole, const char *region)
{
    bool said = incident_is_referred(whole, region);

    for (size_t i = 0; i < d->events_n && !said; i++) {
        const struct event *event = &d->events[i];
        said = event->kind == EVENT_REFERRED && id_equal(event->incident, whole->id) &&
               strcmp(event->referred.region, region) == 0;
    }
    if (!said) {
        emit_about(d, EVENT_REFERRED, whole)->referred = (struct referred){.region = region, .rule = ""};
    }
}

/* The graver grade and the higher level hold for both, and who was to be told of one is told of the event. */
static void share_standing(struct deciding *d, const struct incident *whole, const struct incident *part)
{
    if (is_graver(part->grade, whole->grade)) {
        bool told = d->region->generation >= GENERATION_GIVES_BACK; /* that no person graded it */
        emit_about(d, EVENT_GRADED, whole)->graded =
            (struct graded){.grade = part->grade,
                            .by = told ? "" : decide_speaker(d),
                            .rule = "",
                            .from = told ? part->id : (struct id){{0}}};
    }
    if (is_graver(part->level, whole->level) && incident_is_open(whole)) {
        emit_about(d, EVENT_LEVEL_SET, whole)->level_set =
            (struct level_set){.level = part->level,
                               .by = decide_speaker(d),
                               .rule = "",
                               .until_ms = part->level_until_ms > d->env->now_ms ? part->level_until_ms : 0};
    }
    decide_join_spread(d, whole, part);
    for (size_t i = 0; i < part->referrals_n; i++) {
        share_with(d, whole, part->referrals[i].region);
    }
    for (size_t i = 0; i < part->shares_n; i++) { /* of who told us of it, too */
        if (incident_share(whole, part->shares[i].region) == NULL) {
            share_with(d, whole, part->shares[i].region);
        }
    }
}

static bool may_merge(struct deciding *d, const struct incident *part, const struct incident *whole)
{
    char one[ID_TEXT], other[ID_TEXT];

    if (incident_is_merged(part)) {
        decide_refuse(d, REFUSED_MERGED, "%s is one event with %s already: split it first",
                      id_format(part->id, one), id_format(ties_survivor(d->state, part)->id, other));
    } else if (whole == part) {
        decide_refuse(d, REFUSED_MERGED, "what it is to be merged into was merged into %s",
                      id_format(part->id, one));
    } else if (whole->bare && !part->bare) {
        decide_refuse(d, REFUSED_INVALID, "%s was opened by an order alone: merge it into the other",
                      id_format(whole->id, one));
    } else if (!incident_is_open(whole) && incident_is_open(part)) {
        decide_refuse(d, REFUSED_INCIDENT_CLOSED, "incident %s: what goes on is not merged into what is over",
                      id_format(whole->id, one));
    } else if (incident_parts(whole) + incident_parts(part) > MERGED_PER_EVENT_MAX + 1) {
        decide_refuse(d, REFUSED_TOO_MANY, "incidents merged into one: %d", MERGED_PER_EVENT_MAX);
    }
    return d->refusal == REFUSED_NOT;
}

void decide_merge_incident(struct deciding *d, const struct merge_incident *command)
{
    if (!names_two(d, command->incident, command->into)) {
        return;
    }
    const struct incident *part = decide_named_incident(d, command->incident);
    const struct incident *whole = part != NULL ? decide_incident(d, command->into) : NULL;
    if (whole == NULL || (incident_is_merged(part) && ties_survivor(d->state, part) == whole)) {
        return;
    }
    if (!may_merge(d, part, whole)) {
        return;
    }
    emit_about(d, EVENT_INCIDENT_MERGED, part)->merged = (struct incident_merged){.other = whole->id};
    emit_about(d, EVENT_INCIDENT_JOINED, whole)->merged =
        (struct incident_merged){.other = part->id, .parts = (uint32_t)incident_parts(part)};
    share_facts(d, whole, part);
    share_standing(d, whole, part);
    decide_keep_post(d, whole, part);
    decide_share_sent(d, part, whole);
    decide_share_sent(d, whole, part);
    decide_stop_daily(d, part);
}

/* --- splitting ------------------------------------------------------------------------------------ */

/* What was said since under its id stays where it was taken; what was taken over is given back. */
static void take_back_merge(struct deciding *d, const struct incident *part)
{
    char text[ID_TEXT];
    const struct incident *into =
        incident_is_merged(part) ? state_incident(d->state, part->ties->merged_into) : NULL;

    if (into == NULL) { /* a record: said again after a merge it would take that back */
        decide_refuse(d, REFUSED_NOT_MERGED, "incident %s", id_format(part->id, text));
        return;
    }
    emit_about(d, EVENT_INCIDENT_SPLIT, part)->merged = (struct incident_merged){.other = into->id};
    emit_about(d, EVENT_INCIDENT_SPLIT, into)->merged = (struct incident_merged){.other = part->id};
    decide_give_back(d, part, into);
}

/* How many incidents it has orders of, with one more. */
static size_t sources_with(const struct incident *incident, struct id one)
{
    struct id seen[MOVED_FROM_MAX + 1] = {one};
    size_t n = 1;

    for (size_t i = 0; incident->ties != NULL && i < incident->ties->moved_n && n <= MOVED_FROM_MAX; i++) {
        const struct moved_order *moved = &incident->ties->moved[i];
        bool is_seen = !moved->taken;
        for (size_t j = 0; j < n && !is_seen; j++) {
            is_seen = id_equal(seen[j], moved->other);
        }
        if (!is_seen) {
            seen[n++] = moved->other;
        }
    }
    return n;
}

static bool has_room_for_moved(const struct incident *incident, size_t n)
{
    return (incident->ties != NULL ? incident->ties->moved_n : 0) + n <= MOVED_PER_INCIDENT_MAX;
}

/* The order was issued under `to`, and `from` has taken it over: it goes back. */
static bool goes_back(const struct incident *from, const struct incident *to, struct id order)
{
    for (size_t i = 0; from->ties != NULL && i < from->ties->moved_n; i++) {
        const struct moved_order *moved = &from->ties->moved[i];
        if (moved->taken && id_equal(moved->order, order) && id_equal(moved->other, to->id)) {
            return true;
        }
    }
    return false;
}

/* Each was issued under this id and belongs to no other incident yet; or goes back. */
static bool may_move(struct deciding *d, const struct incident *from, const struct incident *to,
                     const struct split_incident *command)
{
    char text[ID_TEXT], other[ID_TEXT];

    for (size_t i = 0; i < command->orders_n && d->refusal == REFUSED_NOT; i++) {
        struct id order = command->orders[i], there = incident_moved_to(from, order);
        if (incident_order(from, order) == NULL && !goes_back(from, to, order)) {
            decide_refuse(d, REFUSED_NO_ORDER, "order %s was not issued under incident %s",
                          id_format(order, text), id_format(from->id, other));
        } else if (!id_is_zero(there) && !id_equal(there, to->id)) {
            decide_refuse(d, REFUSED_CONFLICT, "order %s belongs to incident %s", id_format(order, text),
                          id_format(there, other));
        }
        for (size_t j = 0; j < i && d->refusal == REFUSED_NOT; j++) {
            if (id_equal(order, command->orders[j])) {
                decide_refuse(d, REFUSED_INVALID, "orders[%zu] and orders[%zu] bear one id", j, i);
            }
        }
    }
    return d->refusal == REFUSED_NOT;
}

static void emit_moved(struct deciding *d, const struct incident *incident, const struct incident *other,
                       const struct id *orders, size_t n, bool taken)
{
    emit_about(d, EVENT_ORDERS_MOVED, incident)->moved =
        (struct orders_moved){.other = other->id, .orders = orders, .orders_n = n, .taken = taken};
}

static void move_orders(struct deciding *d, const struct incident *from, const struct incident *to,
                        const struct split_incident *command)
{
    struct id *orders = arena_array(d->arena, struct id, command->orders_n + 1);
    char text[ID_TEXT];
    size_t n = 0;

    if (orders == NULL) {
        d->no_memory = true;
        return;
    }
    if (!may_move(d, from, to, command)) {
        return;
    }
    for (size_t i = 0; i < command->orders_n; i++) {
        if (id_is_zero(incident_moved_to(from, command->orders[i]))) {
            orders[n++] = command->orders[i];
        }
    }
    if (n == 0) {
        return; /* they belong there already */
    }
    if (!incident_is_open(to)) {
        decide_refuse(d, REFUSED_INCIDENT_CLOSED, "incident %s", id_format(to->id, text));
    } else if (ties_survivor(d->state, from) == to) {
        decide_refuse(d, REFUSED_MERGED, "both are one event, %s", id_format(to->id, text));
    } else if (sources_with(to, from->id) > MOVED_FROM_MAX || !has_room_for_moved(to, n) ||
               !has_room_for_moved(from, n)) {
        decide_refuse(d, REFUSED_TOO_MANY, "orders moved: %d an incident, from %d others",
                      MOVED_PER_INCIDENT_MAX, MOVED_FROM_MAX);
    } else {
        emit_moved(d, from, to, orders, n, false);
        emit_moved(d, to, from, orders, n, true);
    }
}

void decide_split_incident(struct deciding *d, const struct split_incident *command)
{
    if (command->orders_n > ORDERS_PER_COMMAND_MAX) {
        decide_refuse(d, REFUSED_TOO_MANY, "orders: %d a command", ORDERS_PER_COMMAND_MAX);
        return;
    }
    if (id_is_zero(command->incident) || id_equal(command->incident, command->into) ||
        id_is_zero(command->into) != (command->orders_n == 0)) {
        decide_refuse(d, REFUSED_INVALID,
                      "a split names a merged incident, or orders and the other incident they belong to");
        return;
    }
    if (!decide_signed_by_person(d) || !decide_needs_right(d, "report", NULL)) {
        return;
    }
    const struct incident *incident = decide_named_incident(d, command->incident);
    if (incident == NULL) {
        return;
    }
    if (command->orders_n == 0) {
        take_back_merge(d, incident);
        return;
    }
    const struct incident *to = decide_incident(d, command->into);
    if (to != NULL) {
        move_orders(d, incident, to, command);
    }
}
