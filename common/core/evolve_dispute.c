/* evolve() for what regions ordered apart. */
#include <stdlib.h>

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

int evolve_dispute(struct incident *incident, const struct event *event)
{
    return event->kind == EVENT_ORDERS_KNOWN ? orders_known(incident, event) : disputed(incident, event);
}
