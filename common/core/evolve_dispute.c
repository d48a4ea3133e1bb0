/* evolve() for what regions ordered apart. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/core/state_private.h"

static struct disputes *disputes_make(struct incident *incident)
{
    if (incident->disputes == NULL) {
        incident->disputes = calloc(1, sizeof *incident->disputes);
    }
    return incident->disputes;
}

static int foresee(struct incident *incident, struct id order, struct id known)
{
    struct disputes *disputes = disputes_make(incident);

    if (disputes == NULL) {
        return ERR_NO_MEMORY;
    }
    if (disputes->foreseen_n >= FORESEEN_PER_INCIDENT_MAX) {
        return 0;
    }
    struct foreseen *grown = realloc(disputes->foreseen, (disputes->foreseen_n + 1) * sizeof *grown);
    if (grown == NULL) {
        return ERR_NO_MEMORY;
    }
    disputes->foreseen = grown;
    grown[disputes->foreseen_n++] = (struct foreseen){.order = order, .known = known};
    return 0;
}

static int orders_known(struct incident *incident, const struct event *event)
{
    struct order *order = incident_order(incident, event->order);
    int result = 0;

    if (order != NULL) {
        order->says_known = true;
    }
    for (size_t i = 0; i < event->orders_known.known_n && result == 0; i++) {
        struct id known = event->orders_known.known[i];
        if (incident_order(incident, known) == NULL) {
            result = foresee(incident, event->order, known);
        }
    }
    return result;
}

static int disputed(struct incident *incident, const struct event *event)
{
    int64_t settled_ms = event->kind == EVENT_DISPUTE_SETTLED ? event->at_ms : 0;
    struct dispute *there = incident_dispute(incident, event->order, event->disputed.other);
    struct disputes *disputes = disputes_make(incident);

    if (there != NULL) {
        there->settled_ms = settled_ms;
        return 0;
    }
    if (disputes == NULL) {
        return ERR_NO_MEMORY;
    }
    struct dispute *grown = realloc(disputes->at, (disputes->n + 1) * sizeof *grown);
    if (grown == NULL) {
        return ERR_NO_MEMORY;
    }
    disputes->at = grown;
    grown[disputes->n++] = (struct dispute){.order = event->order,
                                            .other = event->disputed.other,
                                            .at_ms = event->at_ms,
                                            .settled_ms = settled_ms};
    return 0;
}

/* Nobody is to settle it any more. */
static void settled(struct incident *incident, size_t i)
{
    incident->disputes->apart[i] = (struct apart){0};
    if (incident->otherwise != NULL) {
        incident->otherwise[i].grade = GRADE_NONE;
    }
}

static int count_apart(struct incident *incident, const struct event *event)
{
    const struct count_apart *e = &event->count_apart;
    struct disputes *disputes = disputes_make(incident);

    if (disputes == NULL) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < COUNTS; i++) {
        struct apart *apart = &disputes->apart[i];
        bool again = !id_is_zero(e->other) && id_equal(apart->other, e->other);
        if (strcmp(count_name(i), e->fact) == 0 && (apart->at_ms == 0 || again || e->count > apart->count)) {
            apart->count = e->count;
            apart->at_ms = event->at_ms;
            apart->other = e->other;
            (void)snprintf(apart->region, sizeof apart->region, "%s", e->region);
            if (again && e->count <= e->holds) { /* it was corrected there */
                settled(incident, i);
            }
        }
    }
    return 0;
}

void counted_of_no_more(struct incident *incident, struct id other)
{
    for (size_t i = 0; incident->disputes != NULL && i < COUNTS; i++) {
        if (id_equal(incident->disputes->apart[i].other, other)) {
            settled(incident, i);
        }
    }
}

static int count_missed(struct incident *incident, const struct event *event)
{
    const struct count_apart *e = &event->count_apart;
    struct disputes *disputes = disputes_make(incident);

    if (disputes == NULL) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < COUNTS; i++) {
        if (strcmp(count_name(i), e->fact) == 0) {
            struct missed *missed = &disputes->missed[i];
            missed->by.count = e->count;
            missed->by.at_ms = event->at_ms;
            (void)snprintf(missed->by.region, sizeof missed->by.region, "%s", e->region);
            missed->known = e->holds;
        }
    }
    return 0;
}

static int counts_known(struct incident *incident, const struct event *event)
{
    bool is_first = incident->disputes == NULL;
    struct disputes *disputes = disputes_make(incident);

    if (disputes == NULL) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < COUNTS; i++) { /* those of this record */
        if (is_first || disputes->known_ms[i] == INT64_MAX) {
            disputes->known_ms[i] = known_count_ms(&event->counts_known, i);
        }
    }
    return 0;
}

void evolve_counted(struct incident *incident, const struct casualties *said)
{
    for (size_t i = 0; incident->disputes != NULL && i < COUNTS; i++) {
        if (count_of(said, i) != COUNT_UNKNOWN) {
            settled(incident, i);
            incident->disputes->missed[i].by.at_ms = 0;
            incident->disputes->known_ms[i] = INT64_MAX;
        }
    }
}

int evolve_dispute(struct incident *incident, const struct event *event)
{
    switch (event->kind) {
    case EVENT_ORDERS_KNOWN:
        return orders_known(incident, event);
    case EVENT_COUNT_APART:
        return count_apart(incident, event);
    case EVENT_COUNT_MISSED:
        return count_missed(incident, event);
    case EVENT_COUNTS_KNOWN:
        return counts_known(incident, event);
    default:
        return disputed(incident, event);
    }
}
