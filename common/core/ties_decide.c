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
    decide_take_over(d, whole, part);
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

/* Of the ids that are one event with the named one, that under which the order was issued; the named one when
 * it is none of them. */
static const struct incident *issued_under(const struct deciding *d, const struct incident *named,
                                           const struct incident *to, struct id order)
{
    const struct incident *family[MERGED_PER_EVENT_MAX + 1];
    size_t n = 0;

    if (incident_order(named, order) == NULL && !goes_back(named, to, order) &&
        d->region->generation >= GENERATION_EITHER_ID) {
        n = ties_family(d->state, ties_survivor(d->state, named), family);
    }
    for (size_t i = 0; i < n; i++) {
        if (family[i] != to && incident_order(family[i], order) != NULL) {
            return family[i];
        }
    }
    return named;
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
        move_orders(d, issued_under(d, incident, to, command->orders[0]), to, command);
    }
}
