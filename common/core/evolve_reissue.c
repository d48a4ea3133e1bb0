/* evolve() for orders that nobody answers: reminded, to be issued again, issued again, or nobody is able. */
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/mutant.h"
#include "common/core/state_private.h"

static int reissue_wanted(struct state *state, struct incident *incident, const struct event *event)
{
    const char *rule = state_intern(state, event->reissue_wanted.rule);
    const char *ability = state_intern(state, event->reissue_wanted.ability);

    if (incident_reissue(incident, event->order) != NULL) {
        return 0;
    }
    struct reissue *grown = realloc(incident->reissues, (incident->reissues_n + 1) * sizeof *grown);
    if (grown != NULL) {
        incident->reissues = grown;
    }
    if (grown == NULL || rule == NULL || ability == NULL) {
        return ERR_NO_MEMORY;
    }
    grown[incident->reissues_n++] =
        (struct reissue){.order = event->order, .rule = rule, .ability = ability, .at_ms = event->at_ms};
    return 0;
}

static void take_out(struct incident *incident, struct id order)
{
    struct reissue *there = incident_reissue(incident, order);

    if (there != NULL) {
        size_t at = (size_t)(there - incident->reissues);
        incident->reissues_n--;
        memmove(there, there + 1, (incident->reissues_n - at) * sizeof *there);
    }
}

void drop_reissue(struct incident *incident, struct id order)
{
    if (!MUTANT(MUTANT_REISSUE_TWICE)) {
        take_out(incident, order);
    }
}

int evolve_reissue(struct state *state, struct incident *incident, struct order *order,
                   const struct event *event)
{
    switch (event->kind) {
    case EVENT_ORDER_REMINDED:
        if (order != NULL) {
            order->remind_by_ms = event->order_reminded.answer_by_ms;
            order->steps = (uint8_t)event->order_reminded.step;
        }
        return 0;
    case EVENT_REISSUE_WANTED:
        return order != NULL ? reissue_wanted(state, incident, event) : 0;
    case EVENT_ORDER_REISSUED: {
        struct order *again = incident_order(incident, event->order_reissued.by);
        if (again != NULL) {
            again->steps = (uint8_t)event->order_reissued.step;
        }
        drop_reissue(incident, event->order);
        return 0;
    }
    case EVENT_ABILITY_SHORT:
        take_out(incident, event->order);
        return 0;
    default:
        return 0;
    }
}
