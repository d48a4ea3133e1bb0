/* Rules of what regions tell each other: an incident is referred to a region, its past is told over the link
 * that leads there, and from then on every record of it that matters to others. What is heard becomes state
 * here by the same events, as far as it is the other's to say: each order has one home, the region of who
 * issued it, which alone says when it is late, recalled or over; others hold copies. */
#include <string.h>

#include "common/core/decide_private.h"
#include "common/core/link.h"

static struct event *emit_of(struct deciding *d, enum event_kind kind, struct id incident)
{
    struct event *event = decide_emit(d, kind);

    event->incident = incident;
    event->at_ms = d->env->now_ms;
    return event;
}

/* --- telling -------------------------------------------------------------------------------------- */

void decide_share_incident(struct deciding *d, const struct share_incident *command)
{
    const struct incident *incident = decide_named_incident(d, command->incident);
    char region[REGION_CODE_MAX + 1];
    uint64_t after;

    if (incident == NULL || !incident_wants_share(d->region, incident, region, &after) ||
        strcmp(region, command->region) != 0 || after >= command->up_to_seq) {
        return;
    }
    emit_of(d, EVENT_SHARE_BEGUN, incident->id)->share_begun = (struct share_begun){
        .region = command->region, .up_to_seq = command->up_to_seq, .more = command->more};
}

/* What another region makes something of. */
static bool is_for_others(enum event_kind kind)
{
    switch (kind) {
    case EVENT_REPORT_FILED:
    case EVENT_FACTS_CHANGED:
    case EVENT_INCIDENT_CLOSED:
    case EVENT_GRADED:
    case EVENT_LEVEL_SET:
    case EVENT_REFERRED:
    case EVENT_LEAD_OFFERED:
    case EVENT_LEAD_TAKEN:
    case EVENT_INCIDENT_LINKED:
    case EVENT_INCIDENT_MERGED:
    case EVENT_INCIDENT_JOINED:
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
        return true;
    default:
        return false;
    }
}

static bool is_shared_already(const struct deciding *d, struct id incident)
{
    for (size_t i = d->events_n; i > 0; i--) {
        if (d->events[i - 1].kind == EVENT_SHARED && id_equal(d->events[i - 1].incident, incident)) {
            return true;
        }
    }
    return false;
}

void decide_shared(struct deciding *d)
{
    if (d->command->kind == COMMAND_TELL_RECORD || d->command->kind == COMMAND_RECORD_HISTORY) {
        return; /* what was heard is told on as it came */
    }
    for (size_t i = 0, n = d->events_n; i < n; i++) {
        const struct event *event = &d->events[i];
        const struct incident *incident =
            is_for_others(event->kind) ? state_incident(d->state, event->incident) : NULL;
        if (incident != NULL && incident->shares_n > 0 && !is_shared_already(d, incident->id)) {
            (void)emit_of(d, EVENT_SHARED, incident->id);
        }
    }
}

/* --- hearing -------------------------------------------------------------------------------------- */

struct hearing {
    struct deciding *d;
    const struct told_record *told;
    const char *from;                /* the region at the link's other end */
    const struct incident *incident; /* as it was before; NULL: not known here */
    struct id id;
    bool opened; /* by this record */
    uint32_t reports;
    enum grade grade;
};

static void pass_on(struct hearing *h, const struct event *event)
{
    *decide_emit(h->d, event->kind) = *event;
}

static void hear_opened(struct hearing *h, const struct event *event)
{
    struct deciding *d = h->d;

    if (h->incident != NULL || h->opened) {
        return;
    }
    h->opened = true;
    struct event *opened = decide_emit(d, EVENT_INCIDENT_OPENED);
    *opened = *event;
    if (opened->incident_opened.home[0] == '\0') {
        opened->incident_opened.home = h->told->region;
    }
}

static void hear_report(struct hearing *h, const struct event *event)
{
    struct event *report = decide_emit(h->d, EVENT_REPORT_FILED);

    *report = *event;
    report->report_filed.number = ++h->reports;
}

static void hear_order(struct hearing *h, const struct event *event)
{
    struct deciding *d = h->d;
    const char *addressee = event->order_issued.addressee;
    char region[REGION_CODE_MAX + 1] = "";

    if (h->incident != NULL && incident_order(h->incident, event->order) != NULL) {
        return;
    }
    (void)name_region(addressee, region);
    bool ours = strcmp(region, d->region->code) == 0;
    struct words agents = ours ? decide_resolve(d, addressee) : (struct words){NULL, 0};
    struct event *issued = decide_emit(d, EVENT_ORDER_ISSUED);
    *issued = *event;
    issued->order_issued.agents = agents;
    if (issued->order_issued.home[0] == '\0') {
        issued->order_issued.home = h->told->region;
    }
    d->reach += agents.n;
    if (!ours && region_way(d->region, region) != NULL) {
        decide_reaches_region(d, h->id, addressee); /* it goes on from here */
    }
}

/* What an addressee said of an order: of ours it counts as far as it still can. */
static void hear_rung(struct hearing *h, const struct event *event)
{
    const struct order *order = h->incident != NULL ? incident_order(h->incident, event->order) : NULL;
    struct event *said = decide_emit(h->d, event->kind);

    *said = *event;
    if (order != NULL && order->home[0] == '\0' && event->kind == EVENT_RUNG_REACHED &&
        !order_may_reach(order, event->rung.rung)) {
        said->kind = EVENT_RECEIPT_NOTED;
    }
}

/* What befalls an order is its home's to say. */
static void hear_fate(struct hearing *h, const struct event *event)
{
    const struct order *order = h->incident != NULL ? incident_order(h->incident, event->order) : NULL;

    if (order == NULL || strcmp(order->home, h->told->region) == 0) {
        pass_on(h, event); /* one that this very record brings is no state yet */
    }
}

static void hear_closed(struct hearing *h, const struct event *event)
{
    const char *lead = h->incident != NULL ? incident_lead(h->incident, h->d->region->code) : h->told->region;

    if (strcmp(lead, h->told->region) == 0 && (h->incident == NULL || incident_is_open(h->incident))) {
        pass_on(h, event);
    }
}

static void hear_graded(struct hearing *h, const struct event *event)
{
    enum grade grade = event->graded.grade;

    if (grade != GRADE_NONE && (h->grade == GRADE_NONE || grade < h->grade)) {
        h->grade = grade; /* here, too, it rises only */
        pass_on(h, event);
    }
}

/* It is to reach a region beyond us. */
static void hear_referred(struct hearing *h, const struct event *event)
{
    struct deciding *d = h->d;
    const char *region = event->referred.region;
    const struct member *way = region_way(d->region, region);
    char next[REGION_CODE_MAX + 1];

    if (strcmp(region, d->region->code) != 0 && way != NULL && name_is_link(way->name, next) &&
        strcmp(next, h->from) != 0 && (h->incident == NULL || !incident_is_referred(h->incident, region))) {
        pass_on(h, event);
    }
}

/* What another region has joined is for a person here to join, or not: it is shown as related. */
static void hear_tied(struct hearing *h, const struct event *event)
{
    struct id other = event->kind == EVENT_INCIDENT_LINKED ? event->linked.other : event->merged.other;
    const struct incident_link *there = h->incident != NULL ? incident_link(h->incident, other) : NULL;
    bool has_room = h->incident == NULL || h->incident->ties == NULL ||
                    h->incident->ties->links_n < LINKS_PER_INCIDENT_MAX;

    if (event->kind == EVENT_INCIDENT_LINKED && (there != NULL || has_room)) {
        pass_on(h, event);
    } else if (event->kind != EVENT_INCIDENT_LINKED && there == NULL && has_room) {
        struct event *linked = emit_of(h->d, EVENT_INCIDENT_LINKED, h->id);
        linked->linked = (struct incident_linked){.other = other, .kind = LINK_RELATED};
    }
}

static void hear(struct hearing *h, const struct event *event)
{
    if (!id_equal(event->incident, h->id)) {
        return;
    }
    switch (event->kind) {
    case EVENT_INCIDENT_OPENED:
        hear_opened(h, event);
        return;
    case EVENT_REPORT_FILED:
        hear_report(h, event);
        return;
    case EVENT_FACTS_CHANGED:
        pass_on(h, event);
        return;
    case EVENT_INCIDENT_CLOSED:
        hear_closed(h, event);
        return;
    case EVENT_GRADED:
        hear_graded(h, event);
        return;
    case EVENT_REFERRED:
        hear_referred(h, event);
        return;
    case EVENT_LEAD_OFFERED:
    case EVENT_LEAD_TAKEN:
        decide_hear_lead(h->d, h->incident, h->told->region, event);
        return;
    case EVENT_INCIDENT_LINKED:
    case EVENT_INCIDENT_MERGED:
    case EVENT_INCIDENT_JOINED:
        hear_tied(h, event);
        return;
    case EVENT_ORDER_ISSUED:
        hear_order(h, event);
        return;
    case EVENT_RUNG_REACHED:
    case EVENT_RECEIPT_NOTED:
    case EVENT_AMENDMENT_ACKNOWLEDGED:
        hear_rung(h, event);
        return;
    case EVENT_ORDER_AMENDED:
    case EVENT_AMENDMENT_OVERDUE:
    case EVENT_ORDER_RECALLED:
    case EVENT_ORDER_EXPIRED:
    case EVENT_ORDER_UNANSWERED:
    case EVENT_ORDER_OVERDUE:
        hear_fate(h, event);
        return;
    default: /* levels, clocks, requests and rules are each region's own */
        return;
    }
}

static bool is_news(const struct deciding *d, const struct incident *incident, const struct told_record *told)
{
    const struct heard_mark *mark = incident != NULL ? incident_heard(incident, told->region) : NULL;
    uint64_t epoch = mark != NULL ? mark->epoch : 0, seq = mark != NULL ? mark->seq : 0;

    if (strcmp(told->region, d->region->code) == 0) {
        return false; /* our own word */
    }
    for (size_t i = 0; i < d->events_n; i++) { /* heard in this record already */
        const struct event *event = &d->events[i];
        if (event->kind == EVENT_HEARD && strcmp(event->heard.region, told->region) == 0) {
            epoch = event->heard.epoch;
            seq = event->heard.seq;
        }
    }
    return told->epoch > epoch || (told->epoch == epoch && told->seq > seq);
}

/* One of the region at the link's other end; what goes on further is of no use. */
static void hear_canary(struct deciding *d, const struct told_record *told, const char *from)
{
    const struct region_link *line = region_line(d->region, from);

    for (size_t i = 0; i < told->events_n && strcmp(told->region, from) == 0; i++) {
        const struct event *event = &told->events[i];
        if (event->kind == EVENT_CANARY_SENT && strcmp(event->canary.region, d->region->code) == 0 &&
            (line == NULL || event->canary.sent_at_ms > line->heard_sent_ms)) {
            struct event *heard = decide_emit(d, EVENT_CANARY_HEARD);
            heard->at_ms = d->env->now_ms;
            heard->canary = (struct canary){.region = told->region,
                                            .sent_at_ms = event->canary.sent_at_ms,
                                            .heard_at_ms = event->canary.heard_at_ms};
        }
    }
}

void decide_tell_record(struct deciding *d, const struct tell_record *command)
{
    char from[REGION_CODE_MAX + 1], text[ID_TEXT];
    const struct incident *incident = state_incident(d->state, command->incident);

    if (!decide_needs_right(d, "link", NULL)) {
        return;
    }
    if (!name_is_link(d->command->agent, from)) {
        decide_refuse(d, REFUSED_RIGHT, "%s is no broker of a region", d->command->agent);
        return;
    }
    if (command->hops >= HOPS_MAX) {
        decide_refuse(d, REFUSED_INVALID, "it has crossed %u links: %d at most", command->hops, HOPS_MAX);
        return;
    }
    if (id_is_zero(command->incident)) { /* of no incident, but of the line */
        hear_canary(d, &command->told[command->told_n - 1], from);
        return;
    }
    if (incident != NULL && decide_named_incident(d, command->incident) == NULL) {
        return;
    }
    struct hearing h = {.d = d,
                        .from = from,
                        .incident = incident,
                        .id = command->incident,
                        .reports = incident != NULL ? incident->reports : 0,
                        .grade = incident != NULL ? incident->grade : GRADE_NONE};
    for (size_t i = 0; i < command->told_n; i++) {
        h.told = &command->told[i];
        if (!is_news(d, incident, h.told)) {
            continue;
        }
        for (size_t j = 0; j < h.told->events_n; j++) {
            hear(&h, &h.told->events[j]);
        }
        if (incident == NULL && !h.opened) {
            decide_refuse(d, REFUSED_NO_INCIDENT, "incident %s: its beginning was not told",
                          id_format(command->incident, text));
            return;
        }
        emit_of(d, EVENT_HEARD, command->incident)->heard =
            (struct heard){.region = h.told->region, .epoch = h.told->epoch, .seq = h.told->seq};
    }
    if (d->events_n > 0 && (incident == NULL || incident_share(incident, from) == NULL)) {
        /* who tells us hears of it what we have to say */
        const char *region = arena_strdup(d->arena, from);
        if (region == NULL) {
            d->no_memory = true;
            return;
        }
        emit_of(d, EVENT_SHARE_BEGUN, command->incident)->share_begun =
            (struct share_begun){.region = region};
    }
}

/* --- the line ------------------------------------------------------------------------------------- */

void decide_note_link(struct deciding *d, const struct note_link *command)
{
    if (region_link(d->region, command->region) == NULL) {
        return;
    }
    const struct region_link *line = region_line(d->region, command->region);
    if (line == NULL || line->up != command->up || line->since_ms == 0) {
        decide_emit(d, EVENT_LINK_SET)->link_set = *command;
    }
}

void decide_send_canary(struct deciding *d, const struct send_canary *command)
{
    const struct region_link *line = region_line(d->region, command->region);

    if (region_link(d->region, command->region) != NULL) {
        decide_emit(d, EVENT_CANARY_SENT)->canary =
            (struct canary){.region = command->region,
                            .sent_at_ms = d->env->now_ms,
                            .heard_at_ms = line != NULL ? line->heard_sent_ms : 0};
    }
}
