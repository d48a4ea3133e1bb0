#include "common/view/view_reach.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/route.h"
#include "common/core/stream.h"
#include "common/view/view_private.h"
#include "common/view/view_reach_private.h"
#include "common/view/view_ties.h"

struct view_reach *view_reach_new(const char *id)
{
    struct view_reach *reach = calloc(1, sizeof *reach);

    for (size_t i = 0; reach != NULL && i + 1 < sizeof reach->wanted && id[i] != '\0'; i++) {
        reach->wanted[i] = (char)toupper((unsigned char)id[i]);
    }
    return reach;
}

void view_reach_free(struct view_reach *reach)
{
    if (reach != NULL) {
        names_free(&reach->words);
        free(reach->others);
        free(reach->given);
        free(reach->changes);
        free(reach->refused);
        free(reach);
    }
}

static bool is_wanted(const struct view_reach *reach, struct id id)
{
    char text[ID_TEXT];
    size_t n = strlen(reach->wanted);

    return strcmp(id_format(id, text) + ID_TEXT - 1 - n, reach->wanted) == 0 || reach_has_other(reach, id);
}

/* --- what is one event --------------------------------------------------------------------------- */

bool reach_has_other(const struct view_reach *reach, struct id id)
{
    for (size_t i = 0; i < reach->others_n; i++) {
        if (id_equal(reach->others[i], id)) {
            return true;
        }
    }
    return false;
}

struct gathering {
    struct view_reach *reach;
    struct id incident;
    bool failed;
};

static void add_other(struct gathering *g, struct id id)
{
    struct view_reach *reach = g->reach;
    void *others = reach->others;

    if (id_equal(id, g->incident) || reach_has_other(reach, id)) {
        return;
    }
    if (view_grow(&others, reach->others_n, &reach->others_capacity, sizeof *reach->others) < 0) {
        g->failed = true;
        return;
    }
    reach->others = others;
    reach->others[reach->others_n++] = id;
}

static void add_moved(void *ctx, const struct incident *home, const struct order *order)
{
    struct gathering *g = ctx;

    if (!id_equal(home->id, g->incident) && !reach_has_other(g->reach, home->id)) {
        add_other(g, order->id);
    }
}

int view_reach_of_event(struct view_reach *reach, const struct state *state, struct id id, bool *ret_again)
{
    const struct incident *incident = state_incident(state, id), *family[MERGED_PER_EVENT_MAX + 1];
    struct gathering g = {.reach = reach, .incident = id};
    size_t n = incident != NULL ? ties_family(state, incident, family) : 0;

    for (size_t i = 0; i < n; i++) {
        add_other(&g, family[i]->id);
    }
    if (n > 0) {
        view_each_order(state, incident, add_moved, &g);
    }
    *ret_again = reach->others_n > 0;
    if (*ret_again) {
        reach->given_n = reach->changes_n = reach->refused_n = 0;
    }
    return g.failed ? ERR_NO_MEMORY : 0;
}

/* --- who was given it --------------------------------------------------------------------------- */

struct noting {
    struct view_reach *reach;
    const struct state *state;
    const struct event *event;
    uint64_t seq;
    bool failed;
};

static enum reach_why why(const struct noting *n, const char *agent)
{
    const struct event *event = n->event;
    const struct incident *incident = state_incident(n->state, event->incident);
    const struct order *order = incident != NULL ? incident_order(incident, event->order) : NULL;

    if (order != NULL && event->kind >= EVENT_ORDER_ISSUED && event->kind <= EVENT_ORDER_OVERDUE) {
        return words_have(order->agents, agent) ? REACH_ORDERED : REACH_ISSUED;
    }
    if ((event->kind == EVENT_NOTIFIED && !event->notified.nobody) || event->kind == EVENT_LOOKOUT_FIRED ||
        event->kind == EVENT_WARNING_FIRED || event->kind == EVENT_WARNING_ENDED) {
        return REACH_ROLE;
    }
    if (incident != NULL && strcmp(incident->reporter, agent) == 0) {
        return REACH_REPORTED;
    }
    const struct member *member = region_member(state_region(n->state), agent);
    return member != NULL && member_has_right(member, "centre", NULL) ? REACH_CENTRE : REACH_TOLD;
}

/* For which it was given; "": for none. */
static const char *role_of(const struct noting *n, const char *agent)
{
    const struct member *member = region_member(state_region(n->state), agent);
    enum event_kind kind = n->event->kind;
    bool of_warning = kind == EVENT_WARNING_FIRED || kind == EVENT_WARNING_ENDED;
    struct words roles = kind == EVENT_LOOKOUT_FIRED ? n->event->lookout.roles
                         : of_warning                ? n->event->warning.roles
                                                     : (struct words){NULL, 0};

    for (size_t i = 0; member != NULL && i < roles.n; i++) {
        if (member_has_right(member, roles.at[i], NULL) || member_has_right(member, "role", roles.at[i])) {
            return roles.at[i];
        }
    }
    return n->event->kind == EVENT_NOTIFIED && !n->event->notified.nobody ? n->event->notified.role : "";
}

static void note_given(void *ctx, const char *agent, enum lane lane, struct id order)
{
    struct noting *n = ctx;
    struct view_reach *reach = n->reach;
    const char *kept = names_keep(&reach->words, agent);
    const char *role = names_keep(&reach->words, role_of(n, agent));
    void *given = reach->given;

    (void)order;
    if (kept == NULL || role == NULL ||
        view_grow(&given, reach->given_n, &reach->given_capacity, sizeof *reach->given) < 0) {
        n->failed = true;
        return;
    }
    reach->given = given;
    reach->given[reach->given_n++] = (struct reach_given){.agent = kept,
                                                          .lane = lane,
                                                          .seq = n->seq,
                                                          .kind = n->event->kind,
                                                          .incident = n->event->incident,
                                                          .order = n->event->order,
                                                          .why = why(n, agent),
                                                          .role = role};
}

/* What a tombstone stands for was noted when it was issued. */
static void pass_over(void *ctx, const char *agent, enum lane lane, struct id order)
{
    (void)ctx;
    (void)agent;
    (void)lane;
    (void)order;
}

static int note_event(struct noting *n, const char *author)
{
    const struct route_sink sink = {.ctx = n, .add = note_given, .recalled = pass_over};

    if (n->event->kind >= EVENT_INCIDENT_OPENED &&
        (is_wanted(n->reach, n->event->incident) || is_wanted(n->reach, n->event->order))) {
        route(n->state, n->event, author, &sink);
    }
    return n->failed ? ERR_NO_MEMORY : 0;
}

/* --- who was there ------------------------------------------------------------------------------ */

static int note_change(struct noting *n, int64_t bus_ms, const char *name)
{
    struct view_reach *reach = n->reach;
    const struct member *member = region_member(state_region(n->state), name);
    const char *kept = names_keep(&reach->words, name);
    void *changes = reach->changes;

    if (member == NULL || member->is_operator) {
        return 0;
    }
    if (kept == NULL ||
        view_grow(&changes, reach->changes_n, &reach->changes_capacity, sizeof *reach->changes) < 0) {
        return ERR_NO_MEMORY;
    }
    reach->changes = changes;
    reach->changes[reach->changes_n++] =
        (struct reach_change){.agent = kept,
                              .seq = n->seq,
                              .bus_ms = bus_ms,
                              .revoked = member->revoked,
                              .takes_orders = member_has_right(member, "receipt", NULL)};
    return 0;
}

/* --- what was refused --------------------------------------------------------------------------- */

static int note_refused(struct view_reach *reach, const struct view_record *record)
{
    const struct issue_orders *issue = &record->command.issue_orders;
    struct id incident = issue_orders_incident(issue);

    for (size_t i = 0; i < issue->orders_n; i++) {
        const struct new_order *order = &issue->orders[i];
        const char *addressee = names_keep(&reach->words, order->addressee);
        void *refused = reach->refused;
        if (!is_wanted(reach, incident) && !is_wanted(reach, order->order)) {
            continue;
        }
        if (addressee == NULL ||
            view_grow(&refused, reach->refused_n, &reach->refused_capacity, sizeof *reach->refused) < 0) {
            return ERR_NO_MEMORY;
        }
        reach->refused = refused;
        reach->refused[reach->refused_n++] = (struct reach_refused){.addressee = addressee,
                                                                    .seq = record->header.seq,
                                                                    .bus_ms = record->header.bus_ms,
                                                                    .incident = incident,
                                                                    .order = order->order,
                                                                    .refusal = record->record.refusal};
    }
    return 0;
}

int view_reach_note(struct view_reach *reach, const struct state *state, const struct view_record *record)
{
    struct noting n = {.reach = reach, .state = state, .seq = record->header.seq};
    const char *author = record->header.author != NULL ? record->header.author : "";
    int rc = 0;

    if (record->redacted) {
        return 0;
    }
    if (record->record.refusal != REFUSED_NOT) {
        return record->has_command && record->command.kind == COMMAND_ISSUE_ORDERS
                   ? note_refused(reach, record)
                   : 0;
    }
    for (size_t i = 0; i < record->record.events_n && rc == 0; i++) {
        n.event = &record->record.events[i];
        if (n.event->kind == EVENT_AGENT_ENROLLED) {
            rc = note_change(&n, record->header.bus_ms, n.event->enrolled.name);
        } else if (n.event->kind == EVENT_REVOKED) {
            rc = note_change(&n, record->header.bus_ms, n.event->revoked.name);
        } else {
            rc = note_event(&n, author);
        }
    }
    return rc;
}
