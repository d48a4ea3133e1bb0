#include "common/core/route.h"

#include <string.h>

#include "common/base/mutant.h"
#include "common/core/link.h"

static const struct id no_order;

static void tell(const struct route_sink *sink, const char *agent, enum lane lane, const char *author)
{
    if (agent[0] != '\0' && strcmp(agent, author) != 0) {
        sink->add(sink->ctx, agent, lane, no_order);
    }
}

/* An agent that has the right of that name, or the role. */
static bool has_role(const struct member *member, const char *role)
{
    return !member->is_operator && !member->revoked && !name_is_link(member->name, NULL) &&
           (member_has_right(member, role, NULL) || member_has_right(member, "role", role));
}

static void tell_role(const struct region *region, const char *role, enum lane lane,
                      const struct route_sink *sink, const char *author)
{
    for (size_t i = 0; i < region->members_n; i++) {
        if (has_role(&region->members[i], role)) {
            tell(sink, region->members[i].name, lane, author);
        }
    }
}

bool route_reaches_role(const struct region *region, const char *role)
{
    for (size_t i = 0; i < region->members_n; i++) {
        if (has_role(&region->members[i], role)) {
            return true;
        }
    }
    return false;
}

/* Command centres (the right "centre") are told what is reported, asked for, and what ends. */
static void tell_centres(const struct region *region, const struct route_sink *sink, const char *author)
{
    tell_role(region, "centre", LANE_BULK, sink, author);
}

static void route_order(const struct state *state, const struct event *event, const char *author,
                        const struct route_sink *sink)
{
    const struct incident *incident = state_incident(state, event->incident);
    const struct order *order = incident != NULL ? incident_order(incident, event->order) : NULL;

    if (order == NULL || order->history) {
        return;
    }
    switch (event->kind) {
    case EVENT_ORDER_ISSUED:
    case EVENT_ORDER_AMENDED:
    case EVENT_ORDER_REMINDED: /* its issuer is told of the want of an answer beside it */
        for (size_t i = 0; i < order->agents.n; i++) {
            enum lane lane = event->kind == EVENT_ORDER_AMENDED ? LANE_ORDERS : order_lane(order);
            sink->add(sink->ctx, order->agents.at[i], lane, order->id);
        }
        return;
    case EVENT_ORDER_RECALLED:
    case EVENT_ORDER_EXPIRED:
        for (size_t i = 0; i < order->agents.n; i++) {
            sink->recalled(sink->ctx, order->agents.at[i], order_lane(order), order->id);
            sink->add(sink->ctx, order->agents.at[i],
                      MUTANT(MUTANT_RECALL_OVERTAKEN) ? LANE_ORDERS : LANE_URGENT, no_order);
        }
        break;
    case EVENT_ORDER_REISSUED:
    case EVENT_ABILITY_SHORT:
        tell_role(state_region(state), "centre", LANE_ORDERS, sink, author);
        break;
    case EVENT_ORDER_UNREACHED:
        if (event->order_unreached.due) {
            return; /* said in a record that follows at once */
        }
        if (order->home[0] == '\0' || strcmp(order->unreached, state_region(state)->code) == 0) {
            tell_role(state_region(state), "centre", LANE_ORDERS, sink, author);
        }
        break;
    case EVENT_RUNG_REACHED:
        /* who takes the order, or declines it, does so for its agency: the others must not set out as well */
        for (size_t i = 0; i < order->agents.n && event->rung.rung >= RUNG_ACCEPTED; i++) {
            tell(sink, order->agents.at[i], LANE_URGENT, author);
        }
        break;
    default:
        break;
    }
    tell(sink, order->home[0] == '\0' ? order->issuer : "", LANE_URGENT, author);
}

static void tell_region(const struct state *state, const char *region, const struct route_sink *sink)
{
    const struct member *link = region_link(state_region(state), region);

    if (link != NULL) {
        sink->add(sink->ctx, link->name, LANE_ORDERS, no_order);
    }
}

/* The brokers of the regions that follow the incident; `only` one of them, or all (NULL). */
static void tell_regions(const struct state *state, const struct event *event, const char *only,
                         const char *author, const struct route_sink *sink)
{
    const struct incident *incident = state_incident(state, event->incident);

    for (size_t i = 0; incident != NULL && i < incident->shares_n; i++) {
        const struct share *share = &incident->shares[i];
        const struct member *link = region_link_kept(state_region(state), share->region);
        bool wanted = only != NULL ? strcmp(share->region, only) == 0 : !share->more;
        if (link != NULL && wanted) {
            tell(sink, link->name, LANE_ORDERS, author);
        }
    }
}

static void tell_agency(const struct region *region, const char *agency, const struct route_sink *sink,
                        const char *author)
{
    size_t n;
    const struct member *members = region_members_under(region, agency, &n);

    for (size_t i = 0; i < n; i++) {
        if (!members[i].is_operator && !members[i].revoked) {
            tell(sink, members[i].name, LANE_ORDERS, author);
        }
    }
}

/* Whoever has an open order under an id of the event. */
static void tell_at_work(const struct state *state, const struct incident *incident,
                         const struct route_sink *sink, const char *author)
{
    const struct incident *family[MERGED_PER_EVENT_MAX + 1];
    size_t n = ties_family(state, incident, family);

    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < family[i]->orders_n; j++) {
            const struct order *order = &family[i]->orders[j];
            for (size_t k = 0; k < order->agents.n && order_is_open(order); k++) {
                tell(sink, order->agents.at[k], LANE_ORDERS, author);
            }
        }
    }
}

/* Everybody who is at work there knows who leads: command centres, the agencies that hand over and take, and
 * whoever has an open order. */
static void route_post(const struct state *state, const struct event *event, const char *author,
                       const struct route_sink *sink)
{
    const struct incident *incident = state_incident(state, event->incident);
    const struct region *region = state_region(state);

    tell_role(region, "centre", LANE_ORDERS, sink, author);
    tell_agency(region, event->post.lead, sink, author);
    tell_agency(region, event->post.from, sink, author);
    if (incident == NULL || event->kind == EVENT_POST_OFFERED || event->kind == EVENT_POST_KEPT) {
        return; /* nothing has changed for those at work */
    }
    tell_at_work(state, incident, sink, author);
}

/* What was known of it is not, or its grade rests upon nothing: whoever acts on it learns that. */
static void route_returned(const struct state *state, const struct event *event, const char *author,
                           const struct route_sink *sink)
{
    const struct incident *incident = state_incident(state, event->incident);

    if (incident != NULL) {
        tell(sink, incident->home[0] == '\0' ? incident->reporter : "", LANE_ORDERS, author);
        tell_role(state_region(state), "centre", LANE_ORDERS, sink, author);
        tell_at_work(state, incident, sink, author);
    }
}

void route(const struct state *state, const struct event *event, const char *author,
           const struct route_sink *sink)
{
    const struct incident *incident;

    switch (event->kind) {
    case EVENT_REPORT_FILED:
    case EVENT_INCIDENT_CLOSED:
    case EVENT_REFERRED:
    case EVENT_GRADE_EXPECTED:
    case EVENT_REGION_TOUCHED:
    case EVENT_LEVEL_HEARD:
    case EVENT_REPORT_SENT:
    case EVENT_CLOCK_STARTED:
    case EVENT_CLOCK_MET:
    case EVENT_CLOCK_STOPPED:
        incident = state_incident(state, event->incident);
        if (incident != NULL && !incident->history) {
            tell_centres(state_region(state), sink, author);
        }
        return;
    case EVENT_INCIDENT_LINKED:
    case EVENT_INCIDENT_JOINED:
    case EVENT_ORDERS_MOVED:
        tell_centres(state_region(state), sink, author);
        return;
    case EVENT_INCIDENT_MERGED:
    case EVENT_INCIDENT_SPLIT:
        incident = state_incident(state, event->incident);
        if (incident != NULL) { /* who reported it learns what has become of it */
            tell(sink, incident->reporter, LANE_ORDERS, author);
            tell_centres(state_region(state), sink, author);
        }
        return;
    case EVENT_FACTS_RETURNED:
        route_returned(state, event, author, sink);
        return;
    case EVENT_POST_SET:
    case EVENT_POST_OFFERED:
    case EVENT_POST_TAKEN:
    case EVENT_POST_KEPT:
    case EVENT_POST_APART:
        route_post(state, event, author, sink);
        return;
    case EVENT_DIVISION_DOUBTED:
    case EVENT_INFORMATION_REQUESTED:
    case EVENT_INFORMATION_OVERDUE:
        incident = state_incident(state, event->incident);
        if (incident != NULL && !incident->history) {
            /* the reporter is asked, also for what its own report lacked */
            if (incident->home[0] == '\0') {
                sink->add(sink->ctx, incident->reporter, LANE_ORDERS, no_order);
            }
            tell_centres(state_region(state), sink, incident->reporter);
        }
        return;
    case EVENT_LEAD_OFFERED:
    case EVENT_LEAD_TAKEN:
    case EVENT_LEAD_DISPUTED:
    case EVENT_ORDERS_DISPUTED:
    case EVENT_DISPUTE_SETTLED:
    case EVENT_COUNT_APART:
    case EVENT_COUNT_MISSED:
    case EVENT_GRADED:
    case EVENT_GRADE_DOUBTED:
    case EVENT_GRADE_OTHERWISE:
    case EVENT_LEVEL_SET:
    case EVENT_CLOCK_WARNED:
    case EVENT_CLOCK_OVERDUE:
        incident = state_incident(state, event->incident);
        if (incident != NULL) {
            tell(sink, incident->home[0] == '\0' ? incident->reporter : "", LANE_ORDERS, author);
            tell_role(state_region(state), "centre", LANE_ORDERS, sink, author);
            if (event->kind == EVENT_LEAD_TAKEN) {
                tell_at_work(state, incident, sink, author);
            }
        }
        return;
    case EVENT_GRADE_ASKED:
        tell_role(state_region(state), "centre", LANE_ORDERS, sink, author);
        return;
    case EVENT_SHARE_BEGUN:
        if (event->share_begun.up_to_seq == 0) {
            return; /* nothing is told by this record: its past is to be */
        }
        tell_regions(state, event, event->share_begun.region, author, sink);
        return;
    case EVENT_CANARY_SENT:
        tell_region(state, event->canary.region, sink);
        return;
    case EVENT_SHARED:
    case EVENT_HEARD:
        tell_regions(state, event, NULL, author, sink);
        return;
    case EVENT_LOOKOUT_FIRED:
        for (size_t i = 0; i < event->lookout.roles.n; i++) { /* what nobody would hear is for the centres */
            const char *role = event->lookout.roles.at[i];
            bool heard = route_reaches_role(state_region(state), role);
            tell_role(state_region(state), heard ? role : "centre", LANE_ORDERS, sink, author);
        }
        return;
    case EVENT_WARNING_FIRED:
    case EVENT_WARNING_ENDED: /* an importer may bear the name of the desk for which it reads a feed */
        for (size_t i = 0; i < event->warning.roles.n; i++) {
            const char *role = event->warning.roles.at[i];
            bool heard = route_reaches_role(state_region(state), role);
            tell_role(state_region(state), heard ? role : "centre", LANE_ORDERS, sink, "");
        }
        return;
    case EVENT_LOOKOUT_LIMITED:
        tell_role(state_region(state), "centre", LANE_ORDERS, sink, author);
        return;
    case EVENT_NOTIFIED:
        tell_role(state_region(state), event->notified.nobody ? "centre" : event->notified.role, LANE_ORDERS,
                  sink, author);
        return;
    case EVENT_ORDER_ISSUED:
    case EVENT_ORDER_AMENDED:
    case EVENT_AMENDMENT_ACKNOWLEDGED:
    case EVENT_AMENDMENT_OVERDUE:
    case EVENT_RUNG_REACHED:
    case EVENT_RECEIPT_NOTED:
    case EVENT_ORDER_RECALLED:
    case EVENT_ORDER_EXPIRED:
    case EVENT_ORDER_UNANSWERED:
    case EVENT_ORDER_OVERDUE:
    case EVENT_ORDER_REMINDED:
    case EVENT_ORDER_REISSUED:
    case EVENT_ABILITY_SHORT:
    case EVENT_ORDER_UNREACHED:
        route_order(state, event, author, sink);
        return;
    case EVENT_REGION_UNREACHED:
        if (!event->region_unreached.due) {
            tell_role(state_region(state), "centre", LANE_ORDERS, sink, author);
        }
        return;
    default:
        return;
    }
}
