/* Rules of what reaches nobody: an order to an address under which nobody is enrolled, in the region that it
 * is for, and what is for a region to which no link leads from here. Silence would look as if somebody had
 * it, so it is said back: in a record of this broker's own that follows at once, for another region's record
 * goes on as it came. From region to region only that one is believed by which this one goes. */
#include <string.h>

#include "common/core/decide_private.h"
#include "common/core/link.h"

static bool says_so(const struct deciding *d)
{
    return d->region->generation >= GENERATION_UNREACHED;
}

static struct event *emit(struct deciding *d, enum event_kind kind, struct id incident)
{
    struct event *event = decide_emit(d, kind);

    event->incident = incident;
    event->at_ms = d->env->now_ms;
    return event;
}

static void emit_order(struct deciding *d, struct id incident, struct id order, struct order_unreached said)
{
    struct event *event = emit(d, EVENT_ORDER_UNREACHED, incident);

    event->order = order;
    event->order_unreached = said;
}

void decide_nobody_there(struct deciding *d, struct id incident, struct id order)
{
    if (says_so(d)) {
        emit_order(d, incident, order, (struct order_unreached){.region = d->region->code, .due = true});
    }
}

void decide_no_way(struct deciding *d, struct id incident, const char *region)
{
    if (says_so(d) && region_way(d->region, region) == NULL) {
        emit(d, EVENT_REGION_UNREACHED, incident)->region_unreached = (struct region_unreached){
            .region = region, .at = d->region->code, .due = command_tells(d->command) != NULL};
    }
}

bool decide_ends_here(const struct deciding *d, const char *region, const char *from)
{
    const char *own = d->region->code;

    /* who is below goes by us, and so does who is for a region below: others may have another way */
    return says_so(d) && region_is_code(region) && strcmp(region, own) != 0 &&
           region_way(d->region, region) == NULL &&
           (region_is_above(own, region) || region_is_above(own, from));
}

void decide_way_found(struct deciding *d, const struct incident *incident, const char *next)
{
    char code[REGION_CODE_MAX + 1];

    for (size_t i = 0; i < incident->referrals_n; i++) {
        const struct referral *referral = &incident->referrals[i];
        const struct member *way =
            referral->unreached[0] != '\0' ? region_way(d->region, referral->region) : NULL;
        if (way != NULL && name_is_link(way->name, code) && strcmp(code, next) == 0) {
            emit(d, EVENT_REGION_UNREACHED, incident->id)->region_unreached =
                (struct region_unreached){.region = referral->region, .at = ""};
        }
    }
}

/* --- what another region says ----------------------------------------------------------------------- */

void decide_hear_region_unreached(struct deciding *d, const struct incident *incident, const char *told_by,
                                  const struct region_unreached *said)
{
    const struct referral *referral = incident != NULL ? incident_referral(incident, said->region) : NULL;
    const struct member *way = referral != NULL ? region_way(d->region, said->region) : NULL;
    char next[REGION_CODE_MAX + 1];

    if (!said->due && way != NULL && name_is_link(way->name, next) && strcmp(next, told_by) == 0 &&
        strcmp(said->at, referral->unreached) != 0) {
        emit(d, EVENT_REGION_UNREACHED, incident->id)->region_unreached =
            (struct region_unreached){.region = referral->region, .at = said->at, .due = true};
    }
}

void decide_hear_order_unreached(struct deciding *d, struct id incident, struct id order,
                                 const struct order *there, const char *home,
                                 const struct order_unreached *said)
{
    bool open = there == NULL || (order_is_open(there) && there->rung < RUNG_ACCEPTED);

    if (!said->due && open && strcmp(there != NULL ? there->unreached : "", said->region) != 0) {
        emit_order(
            d, incident, order,
            (struct order_unreached){.region = said->region, .no_way = said->no_way, .due = home[0] == '\0'});
    }
}

/* --- what is due ------------------------------------------------------------------------------------ */

void decide_pass_unreached_order(struct deciding *d, const struct incident *incident,
                                 const struct order *order)
{
    if (order_unreached_due(order) != 0 && order_unreached_due(order) <= d->env->now_ms) {
        emit_order(d, incident->id, order->id,
                   (struct order_unreached){.region = order->unreached, .no_way = order->no_way});
    }
}

void decide_pass_unreached(struct deciding *d, const struct incident *incident)
{
    for (size_t i = 0; i < incident->referrals_n && decide_has_room(d); i++) {
        const struct referral *referral = &incident->referrals[i];
        if (referral->unreached_due_ms != 0 && referral->unreached_due_ms <= d->env->now_ms) {
            emit(d, EVENT_REGION_UNREACHED, incident->id)->region_unreached =
                (struct region_unreached){.region = referral->region, .at = referral->unreached};
        }
    }
}
