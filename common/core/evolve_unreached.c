/* evolve() for what reaches nobody. */
#include <string.h>

#include "common/base/err.h"
#include "common/core/link.h"
#include "common/core/state_private.h"

/* Orders of this region's to one that no link leads to, and which nobody has answered. */
static void orders_unreached(struct incident *incident, const struct referral *referral, int64_t at_ms)
{
    char region[REGION_CODE_MAX + 1];

    for (size_t i = 0; i < incident->orders_n; i++) {
        struct order *order = &incident->orders[i];
        if (order->home[0] != '\0' || order->history || order->rung >= RUNG_ACCEPTED ||
            !name_region(order->addressee, region) || strcmp(region, referral->region) != 0) {
            continue;
        }
        bool unreached = referral->unreached[0] != '\0';
        if (unreached ? order->unreached[0] == '\0' : order->no_way) {
            order->unreached = referral->unreached;
            order->no_way = unreached;
            order->unreached_due_ms = at_ms;
        }
    }
}

static int region_unreached(struct state *state, struct incident *incident, const struct event *event)
{
    const struct region_unreached *e = &event->region_unreached;
    struct referral *referral = incident_referral(incident, e->region);
    const char *at = state_intern(state, e->at);

    if (at == NULL) {
        return ERR_NO_MEMORY;
    }
    if (referral != NULL) {
        referral->unreached = at;
        referral->unreached_due_ms = e->due ? event->at_ms : 0;
        if (!e->due) {
            orders_unreached(incident, referral, event->at_ms);
        }
    }
    return 0;
}

static int order_unreached(struct state *state, struct incident *incident, const struct event *event)
{
    const struct order_unreached *e = &event->order_unreached;
    struct order *order = incident_order(incident, event->order);
    const char *region = state_intern(state, e->region);

    if (region == NULL) {
        return ERR_NO_MEMORY;
    }
    if (order != NULL) {
        order->unreached = region;
        order->no_way = e->no_way;
        order->unreached_due_ms = e->due ? event->at_ms : 0;
    }
    return 0;
}

int evolve_unreached(struct state *state, struct incident *incident, const struct event *event)
{
    return event->kind == EVENT_REGION_UNREACHED ? region_unreached(state, incident, event)
                                                 : order_unreached(state, incident, event);
}

void unreached_by_now(const struct incident *incident, struct order *order)
{
    char region[REGION_CODE_MAX + 1];
    const struct referral *referral = order->home[0] == '\0' && name_region(order->addressee, region)
                                          ? incident_referral(incident, region)
                                          : NULL;

    if (referral != NULL && referral->unreached[0] != '\0' && referral->unreached_due_ms == 0) {
        order->unreached = referral->unreached;
        order->no_way = true;
        order->unreached_due_ms = order->issued_at_ms;
    }
}

void unreached_no_more(struct incident *incident, const char *region, int64_t at_ms)
{
    struct referral *referral = incident_referral(incident, region);

    if (referral != NULL && referral->unreached[0] != '\0') {
        referral->unreached = "";
        referral->unreached_due_ms = 0;
        orders_unreached(incident, referral, at_ms);
    }
}
