/* evolve() for incidents that belong together: merged, split, linked, and orders that moved between them. */
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/core/state_private.h"

static struct ties *ties_make(struct incident *incident)
{
    if (incident->ties == NULL) {
        incident->ties = calloc(1, sizeof *incident->ties);
    }
    return incident->ties;
}

/* Takes the i-th of n elements out. */
static void take_out(void *at, size_t i, size_t *n, size_t size)
{
    char *p = at;

    (*n)--;
    memmove(p + i * size, p + (i + 1) * size, (*n - i) * size);
}

/* --- links ---------------------------------------------------------------------------------------- */

static int linked(struct incident *incident, const struct event *event)
{
    const struct incident_linked *e = &event->linked;
    struct ties *ties = ties_make(incident);
    struct incident_link *grown;

    if (ties == NULL) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < ties->links_n; i++) {
        if (id_equal(ties->links[i].other, e->other)) {
            take_out(ties->links, i, &ties->links_n, sizeof *ties->links);
            break;
        }
    }
    if (e->kind == LINK_NONE) {
        spread_unlink(incident, e->other);
        return 0;
    }
    grown = realloc(ties->links, (ties->links_n + 1) * sizeof *grown);
    if (grown == NULL) {
        return ERR_NO_MEMORY;
    }
    ties->links = grown;
    grown[ties->links_n++] = (struct incident_link){
        .other = e->other, .kind = e->kind, .caused = e->caused, .merged = e->merged, .at_ms = event->at_ms};
    return 0;
}

/* --- merges --------------------------------------------------------------------------------------- */

/* Its rules are asked no more: those of the one that survives are. */
static int merged(struct incident *incident, const struct event *event)
{
    struct ties *ties = ties_make(incident);
    size_t left = 0;

    if (ties == NULL) {
        return ERR_NO_MEMORY;
    }
    ties->merged_into = event->merged.other;
    ties->merged_at_ms = event->at_ms;
    incident->rules_due_ms = 0;
    incident->rules_fired = 0;
    for (size_t i = 0; i < incident->holds_n; i++) {
        if (incident->holds[i].due_ms == 0) {
            incident->holds[left++] = incident->holds[i];
        }
    }
    incident->holds_n = left;
    return 0;
}

static int joined(struct incident *incident, const struct event *event)
{
    struct ties *ties = ties_make(incident);
    struct merged_part *grown =
        ties != NULL ? realloc(ties->parts, (ties->parts_n + 1) * sizeof *grown) : NULL;

    if (grown == NULL) {
        return ERR_NO_MEMORY;
    }
    ties->parts = grown;
    grown[ties->parts_n++] = (struct merged_part){.id = event->merged.other, .parts = event->merged.parts};
    return 0;
}

static void part_heard(struct incident *incident, const struct event *event)
{
    const struct part_heard *e = &event->part_heard;
    struct ties *ties = incident->ties;

    for (size_t i = 0; ties != NULL && i < ties->parts_n; i++) {
        struct merged_part *part = &ties->parts[i];
        if (!id_equal(part->id, e->other)) {
            continue;
        }
        part->heard = e->due ? part->heard | fact_fields_of(e->fields) : 0;
        part->graded = e->due && (part->graded || e->graded);
        part->due_ms = !e->due ? 0 : part->due_ms != 0 ? part->due_ms : event->at_ms;
    }
}

static void split(struct incident *incident, struct id other)
{
    struct ties *ties = incident->ties;

    if (ties == NULL) {
        return; /* what tied them was redacted */
    }
    taken_drop(ties, other);
    counted_of_no_more(incident, other);
    if (id_equal(ties->merged_into, other)) {
        ties->merged_into = (struct id){{0}};
        ties->merged_at_ms = 0;
        return;
    }
    for (size_t i = 0; i < ties->parts_n; i++) {
        if (id_equal(ties->parts[i].id, other)) {
            take_out(ties->parts, i, &ties->parts_n, sizeof *ties->parts);
            return;
        }
    }
}

/* --- orders --------------------------------------------------------------------------------------- */

/* It goes back to where it came from: nothing is left to be said of it. */
static bool moves_back(struct ties *ties, struct id order, const struct orders_moved *e)
{
    for (size_t i = 0; i < ties->moved_n; i++) {
        const struct moved_order *moved = &ties->moved[i];
        if (id_equal(moved->order, order) && id_equal(moved->other, e->other) && moved->taken != e->taken) {
            take_out(ties->moved, i, &ties->moved_n, sizeof *ties->moved);
            return true;
        }
    }
    return false;
}

static int moved(struct incident *incident, const struct orders_moved *e)
{
    struct ties *ties = ties_make(incident);
    struct moved_order *grown =
        ties != NULL ? realloc(ties->moved, (ties->moved_n + e->orders_n + 1) * sizeof *grown) : NULL;

    if (grown == NULL) {
        return ERR_NO_MEMORY;
    }
    ties->moved = grown;
    for (size_t i = 0; i < e->orders_n; i++) {
        if (moves_back(ties, e->orders[i], e)) {
            continue;
        }
        grown[ties->moved_n++] =
            (struct moved_order){.order = e->orders[i], .other = e->other, .taken = e->taken};
    }
    return 0;
}

int evolve_ties(struct state *state, struct incident *incident, const struct event *event)
{
    switch (event->kind) {
    case EVENT_INCIDENT_LINKED:
        return linked(incident, event);
    case EVENT_INCIDENT_MERGED:
        return merged(incident, event);
    case EVENT_INCIDENT_JOINED:
        return joined(incident, event);
    case EVENT_INCIDENT_SPLIT:
        split(incident, event->merged.other);
        return 0;
    case EVENT_PART_HEARD:
        part_heard(incident, event);
        return 0;
    case EVENT_ORDERS_MOVED:
        return moved(incident, &event->moved);
    case EVENT_FACTS_TAKEN:
    case EVENT_FACTS_RETURNED:
        return evolve_taken(state, incident, event);
    default:
        return 0;
    }
}
