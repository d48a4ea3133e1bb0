/* Rules of hearing: what another region's record becomes here. The same events, as far as they are that
 * region's to say: each order has one home, the region of who issued it, which alone says when it is late,
 * recalled or over; only an addressee answers for itself; only who leads closes. Others hold copies. */
#include <string.h>

#include "common/base/mutant.h"
#include "common/core/decide_private.h"
#include "common/core/link.h"

enum { LEVELS_TOLD_MAX = 16 /* regions whose levels one record tells of */ };

struct hearing {
    struct deciding *d;
    const struct told_record *told;
    const char *from;                /* the region at the link's other end */
    const struct incident *incident; /* as it was before; NULL: not known here */
    struct id id;
    bool opened; /* by this record */
    uint32_t reports;
    size_t orders;
    struct grade_known grade;
    struct lead_known lead;
    struct post_known post;
    struct level_heard levels[LEVELS_TOLD_MAX]; /* the last that each region tells of */
    size_t levels_n;
    struct fact_mark marks[FACT_FIELDS];
    struct fact_mark before[FACT_FIELDS]; /* what one region said at one moment */
    const char *said_by;                  /* NULL: nobody has in this record */
    int64_t said_ms;
    uint32_t news; /* fields of the last facts that hold here: bits, fact_mark.h */
};

/* An order of the incident, from before or brought by this record. */
struct known_order {
    const struct order *order; /* NULL: brought */
    const char *home;
    const char *addressee;
    struct words agents;
};

static bool find_order(const struct hearing *h, struct id id, struct known_order *ret)
{
    const struct order *order = h->incident != NULL ? incident_order(h->incident, id) : NULL;

    if (order != NULL) {
        *ret = (struct known_order){order, order->home, order->addressee, order->agents};
        return true;
    }
    for (size_t i = 0; i < h->d->events_n; i++) {
        const struct event *event = &h->d->events[i];
        if (event->kind == EVENT_ORDER_ISSUED && id_equal(event->order, id)) {
            const struct order_issued *e = &event->order_issued;
            *ret = (struct known_order){NULL, e->home, e->addressee, e->agents};
            return true;
        }
    }
    return false;
}

static void pass_on(struct hearing *h, const struct event *event)
{
    *decide_emit(h->d, event->kind) = *event;
}

/* --- incidents ------------------------------------------------------------------------------------ */

static void hear_opened(struct hearing *h, const struct event *event)
{
    struct deciding *d = h->d;

    if (h->incident != NULL || h->opened) {
        return;
    }
    if (event->incident_opened.mode != d->command->mode) {
        decide_refuse(d, REFUSED_MODE, "the incident is %s, the command %s",
                      mode_name(event->incident_opened.mode), mode_name(d->command->mode));
    } else if (event->incident_opened.history) {
        decide_refuse(d, REFUSED_INVALID, "history is not told");
    }
    h->opened = true;
    struct event *opened = decide_emit(d, EVENT_INCIDENT_OPENED);
    *opened = *event;
    opened->incident_opened.home = h->told->region;
    opened->incident_opened.received_ms = decide_received(d);
    if (MUTANT(MUTANT_MODE_LOST)) {
        opened->incident_opened.mode = MODE_ACTUAL;
    }
    h->lead.region = h->told->region;
}

static void hear_report(struct hearing *h, const struct event *event)
{
    struct event *report = decide_emit(h->d, EVENT_REPORT_FILED);

    *report = *event;
    report->report_filed.number = ++h->reports;
}

/* What it says that holds here. What a merge there has filled in nobody said of this incident: it is as old
 * as can be. */
static struct facts news_of(struct hearing *h, const struct event *event, int64_t at_ms, uint32_t filled,
                            uint32_t known)
{
    struct facts news = facts_newer(h->before, &event->facts_changed, at_ms);
    struct facts fill = facts_only(&event->facts_changed, filled & ~known);

    fill = facts_newer(h->before, &fill, 0);
    return facts_only(&news, (facts_fields(&news) & ~filled) | facts_fields(&fill));
}

/* What a region says twice at one moment, as it may before it shares an incident, counts in its order there:
 * only against others' words of that moment the greater value holds. */
static void hear_facts(struct hearing *h, const struct event *event)
{
    int64_t at_ms = decide_heard_at(h->d, event->at_ms);
    bool gives_back = h->d->region->generation >= GENERATION_GIVES_BACK;
    uint32_t known = 0;
    uint32_t filled = gives_back ? decide_taken_there(h->told, event, h->incident, &known) : 0;
    struct facts said = facts_only(&event->facts_changed, ~filled);

    if (h->said_by == NULL || strcmp(h->said_by, h->told->region) != 0 || h->said_ms != event->at_ms) {
        memcpy(h->before, h->marks, sizeof h->before);
        h->said_by = h->told->region;
        h->said_ms = event->at_ms;
    }
    struct facts news = news_of(h, event, at_ms, filled, known);

    h->news = facts_fields(&news);
    if (facts_are_none(&news)) { /* a later word is here already */
        decide_counts_apart(h->d, h->incident, h->id, h->told, &said.casualties, &news.casualties, at_ms);
        return;
    }
    facts_mark(h->marks, &news, at_ms);
    for (size_t i = 0; i < FACT_FIELDS; i++) {
        h->marks[i].at_ms = (h->news & filled & 1U << i) != 0 ? 0 : h->marks[i].at_ms;
    }
    struct event *changed = decide_emit(h->d, EVENT_FACTS_CHANGED);
    *changed = *event;
    changed->at_ms = at_ms;
    changed->facts_changed = news;
    decide_touch_division(h->d, h->incident, h->id, news.division, h->told->region);
    if (h->incident != NULL) {
        decide_follow_facts(h->d, h->incident, &news);
        decide_parts_still_apart(h->d, h->incident, (struct id){{0}}, &news.casualties);
    }
    decide_counts_apart(h->d, h->incident, h->id, h->told, &said.casualties, &news.casualties, at_ms);
}

static void hear_closed(struct hearing *h, const struct event *event)
{
    const char *lead = h->incident != NULL ? incident_lead(h->incident, h->d->region->code) : h->told->region;

    if (strcmp(lead, h->told->region) == 0 && (h->incident == NULL || incident_is_open(h->incident))) {
        struct event *closed = decide_emit(h->d, EVENT_INCIDENT_CLOSED);
        *closed = *event;
        if (h->d->region->generation < GENERATION_CLOSED_WITH) {
            closed->incident_closed = (struct incident_closed){0};
        }
        if (h->incident != NULL) {
            decide_stop_daily(h->d, h->incident);
            decide_closing_missed(h->d, h->incident, event);
        }
    }
}

/* Its own response is each region's to say, and a fact to the rules of the others. */
static void hear_level(struct hearing *h, const struct event *event)
{
    size_t i = 0;

    while (i < h->levels_n && strcmp(h->levels[i].region, h->told->region) != 0) {
        i++;
    }
    if (i == LEVELS_TOLD_MAX) {
        decide_hear_levels(h->d, h->incident, h->id, h->levels, h->levels_n);
        h->levels_n = i = 0;
    }
    h->levels[i] = (struct level_heard){.region = h->told->region, .level = event->level_set.level};
    h->levels_n = i == h->levels_n ? i + 1 : h->levels_n;
}

/* The region is to be told by us: a link leads there, and not back to who told us. */
static bool leads_on(const struct hearing *h, const char *region)
{
    const struct member *way = region_way(h->d->region, region);
    char next[REGION_CODE_MAX + 1];

    return strcmp(region, h->d->region->code) != 0 && way != NULL && name_is_link(way->name, next) &&
           strcmp(next, h->from) != 0;
}

static bool has_no_way(const struct hearing *h, const char *region)
{
    return decide_ends_here(h->d, region, h->from) &&
           (h->incident == NULL || h->incident->referrals_n < REGIONS_PER_INCIDENT_MAX);
}

/* It is to reach a region beyond us. */
static void hear_referred(struct hearing *h, const struct event *event)
{
    const char *region = event->referred.region;

    if (h->incident != NULL && incident_is_referred(h->incident, region)) {
        return;
    }
    if (leads_on(h, region)) {
        pass_on(h, event);
    } else if (has_no_way(h, region)) { /* it goes as soon as a link leads there */
        pass_on(h, event);
        decide_no_way(h->d, h->id, region);
    }
}

/* --- orders --------------------------------------------------------------------------------------- */

static void hear_order(struct hearing *h, const struct event *event)
{
    struct deciding *d = h->d;
    const char *addressee = event->order_issued.addressee;
    char region[REGION_CODE_MAX + 1] = "";
    struct known_order known;

    if (find_order(h, event->order, &known) || !decide_order_is_new(d, event->order)) {
        return;
    }
    if (++h->orders > ORDERS_PER_INCIDENT_MAX) {
        decide_refuse(d, REFUSED_TOO_MANY, "orders: %d an incident", ORDERS_PER_INCIDENT_MAX);
        return;
    }
    (void)name_region(addressee, region);
    bool ours = strcmp(region, d->region->code) == 0;
    struct words agents = ours ? decide_addressees(d, addressee) : (struct words){NULL, 0};
    if (!decide_reaches(d, agents)) {
        return;
    }
    struct event *issued = decide_emit(d, EVENT_ORDER_ISSUED);
    *issued = *event;
    issued->order_issued.agents = agents;
    issued->order_issued.home = h->told->region;
    issued->order_issued.history = false;
    if (ours && agents.n == 0) {
        decide_nobody_there(d, h->id, event->order);
    } else if (leads_on(h, region) || has_no_way(h, region)) {
        decide_reaches_region(d, h->id, addressee);
    }
}

/* With the order, or the lead, that this very record brings. */
static void hear_known(struct hearing *h, const struct event *event)
{
    struct known_order known;
    bool brought;

    if (id_is_zero(event->order)) {
        const struct event *last = h->d->events_n > 0 ? &h->d->events[h->d->events_n - 1] : NULL;
        brought = last != NULL && last->kind == EVENT_LEAD_TAKEN;
    } else {
        brought = find_order(h, event->order, &known) && known.order == NULL &&
                  strcmp(known.home, h->told->region) == 0;
    }
    if (brought) {
        pass_on(h, event);
        decide_disputes(h->d, h->incident, h->told->region, event);
    }
}

/* The agent is of the region whose log it is, and the order is to it or its agency. */
static bool answers(const struct hearing *h, const char *agent, const char *addressee)
{
    char region[REGION_CODE_MAX + 1], agency[NAME_MAX_BYTES + 1];

    return name_region(agent, region) && strcmp(region, h->told->region) == 0 &&
           (strcmp(agent, addressee) == 0 || (name_agency(agent, agency) && strcmp(agency, addressee) == 0));
}

static void hear_amendment(struct hearing *h, const struct event *event)
{
    struct known_order known;

    if (find_order(h, event->order, &known) && answers(h, event->amendment.agent, known.addressee) &&
        (known.order == NULL || event->amendment.amendment <= known.order->amendments)) {
        pass_on(h, event);
    }
}

/* What an addressee said of an order: of ours it counts as far as it still can. */
static void hear_rung(struct hearing *h, const struct event *event)
{
    struct known_order known;

    if (!find_order(h, event->order, &known) || !decide_rung_can_be_said(event->rung.rung) ||
        !answers(h, event->rung.agent, known.addressee)) {
        return;
    }
    struct event *said = decide_emit(h->d, event->kind);
    *said = *event;
    const struct order *order = known.order;
    if (order != NULL && order->home[0] == '\0' && event->kind == EVENT_RUNG_REACHED &&
        (!order_may_reach(order, event->rung.rung) ||
         (order->rung >= RUNG_ACCEPTED && strcmp(order->taker, event->rung.agent) != 0))) {
        said->kind = EVENT_RECEIPT_NOTED;
    }
}

/* What befalls an order is its home's to say. */
static void hear_fate(struct hearing *h, const struct event *event)
{
    struct known_order known;

    if (find_order(h, event->order, &known) && strcmp(known.home, h->told->region) == 0 &&
        (event->kind != EVENT_ORDER_REMINDED || decide_hears_reminder(h->d, known.order, event->order)) &&
        decide_reaches(h->d, known.agents)) {
        pass_on(h, event);
    }
}

/* It reaches nobody, as its addressee's region says, or its own. */
static void hear_order_unreached(struct hearing *h, const struct event *event)
{
    struct known_order known;
    char region[REGION_CODE_MAX + 1];

    /* a region knows who is enrolled there, and an order's own by which way it went */
    bool is_of_home = event->order_unreached.no_way || event->order_unreached.region[0] == '\0';
    if (find_order(h, event->order, &known) && name_region(known.addressee, region) &&
        strcmp(is_of_home ? known.home : region, h->told->region) == 0) {
        decide_hear_order_unreached(h->d, h->id, event->order, known.order, known.home,
                                    &event->order_unreached);
    }
}

/* -------------------------------------------------------------------------------------------------- */

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
        hear_facts(h, event);
        return;
    case EVENT_INCIDENT_CLOSED:
        hear_closed(h, event);
        return;
    case EVENT_GRADED:
        decide_hear_graded(h->d, h->incident, &h->grade, h->lead.region, h->told->region, event);
        return;
    case EVENT_LEVEL_SET:
        hear_level(h, event);
        return;
    case EVENT_REFERRED:
        hear_referred(h, event);
        return;
    case EVENT_GRADE_EXPECTED:
    case EVENT_REGION_TOUCHED:
        decide_hear_spread(h->d, h->incident, event);
        return;
    case EVENT_LEAD_OFFERED:
    case EVENT_LEAD_TAKEN:
        decide_hear_lead(h->d, &h->lead, h->told->region, event);
        return;
    case EVENT_POST_SET:
    case EVENT_POST_OFFERED:
    case EVENT_POST_TAKEN:
    case EVENT_POST_KEPT:
        decide_hear_post(h->d, &h->post, h->lead.region, h->told->region, event);
        return;
    case EVENT_INCIDENT_LINKED:
    case EVENT_INCIDENT_MERGED:
    case EVENT_INCIDENT_JOINED:
    case EVENT_INCIDENT_SPLIT:
        decide_hear_tied(h->d, h->incident, h->id, event);
        return;
    case EVENT_FACTS_TAKEN:
        decide_hear_taken(h->d, h->incident, event, h->news);
        return;
    case EVENT_FACTS_RETURNED:
        decide_hear_returned(h->d, h->incident, event);
        return;
    case EVENT_ORDER_ISSUED:
        hear_order(h, event);
        return;
    case EVENT_RUNG_REACHED:
    case EVENT_RECEIPT_NOTED:
        hear_rung(h, event);
        return;
    case EVENT_AMENDMENT_ACKNOWLEDGED:
        hear_amendment(h, event);
        return;
    case EVENT_ORDER_UNREACHED:
        hear_order_unreached(h, event);
        return;
    case EVENT_REGION_UNREACHED:
        decide_hear_region_unreached(h->d, h->incident, h->told->region, &event->region_unreached);
        return;
    case EVENT_ORDERS_KNOWN:
        hear_known(h, event);
        return;
    case EVENT_DISPUTE_SETTLED:
        decide_hear_settled(h->d, h->incident, h->told->region, event);
        return;
    case EVENT_ORDER_AMENDED:
    case EVENT_AMENDMENT_OVERDUE:
    case EVENT_ORDER_RECALLED:
    case EVENT_ORDER_EXPIRED:
    case EVENT_ORDER_UNANSWERED:
    case EVENT_ORDER_OVERDUE:
    case EVENT_ORDER_REMINDED:
        hear_fate(h, event);
        return;
    default: /* clocks, requests and rules are each region's own */
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
    return told->epoch > epoch || (told->epoch == epoch && told_known_with(told) > seq) ||
           MUTANT(MUTANT_HEAR_TWICE);
}

/* A record that bears our name and our epoch, of an incident that this log knows nothing of: somebody else
 * speaks for this region somewhere. */
static bool is_claimed(struct deciding *d, const struct tell_record *command)
{
    if (state_incident(d->state, command->incident) != NULL || d->region->generation < GENERATION_CLAIMS) {
        return false;
    }
    for (size_t i = 0; i < command->told_n; i++) {
        const struct told_record *told = &command->told[i];
        if (strcmp(told->region, d->region->code) == 0 && told->epoch >= d->env->epoch) {
            decide_refuse(d, REFUSED_CONFLICT,
                          "two brokers claim region %s: record %llu, told as its own, is not in this log; if "
                          "that was restored from a copy, start musterd once with --recover",
                          d->region->code, (unsigned long long)told->seq);
            return true;
        }
    }
    return false;
}

/* Whether the record can be heard at all; `from` is the region at the link's other end. */
static bool is_good(struct deciding *d, const struct tell_record *command, const char *from)
{
    struct stream_key orders[STREAMS_PER_COMMAND_MAX];

    if (command->hops >= HOPS_MAX) {
        decide_refuse(d, REFUSED_INVALID, "it has crossed %u links: %d at most", command->hops, HOPS_MAX);
    } else if (command->hops == 0 && strcmp(command->shared.region, from) != 0) {
        decide_refuse(d, REFUSED_INVALID, "a record of region %s comes over a link at least",
                      command->shared.region);
    } else if (tell_streams(command, orders) > ORDERS_PER_COMMAND_MAX) {
        decide_refuse(d, REFUSED_TOO_MANY, "orders: %d a record", ORDERS_PER_COMMAND_MAX);
    }
    for (size_t i = 0; i < command->told_n && d->refusal == REFUSED_NOT; i++) {
        if (command->told[i].command->mode != d->command->mode) {
            decide_refuse(d, REFUSED_MODE, "what is told is %s, the command %s",
                          mode_name(command->told[i].command->mode), mode_name(d->command->mode));
        }
    }
    return d->refusal == REFUSED_NOT;
}

static void hear_told(struct hearing *h, const struct told_record *told)
{
    struct deciding *d = h->d;
    char text[ID_TEXT];

    h->told = told;
    for (size_t i = 0; i < told->events_n && d->refusal == REFUSED_NOT; i++) {
        hear(h, &told->events[i]);
    }
    if (d->refusal == REFUSED_NOT && h->incident == NULL && !h->opened) {
        decide_refuse(d, REFUSED_NO_INCIDENT, "incident %s: its beginning was not told",
                      id_format(h->id, text));
        return;
    }
    struct event *heard = decide_emit(d, EVENT_HEARD);
    heard->incident = h->id;
    heard->at_ms = d->env->now_ms;
    heard->heard = (struct heard){.region = told->region, .epoch = told->epoch, .seq = told_known_with(told)};
}

/* agent: whose word it is, the broker of a region. */
static void hear_record(struct deciding *d, const struct tell_record *command, const char *agent)
{
    const struct incident *incident = state_incident(d->state, command->incident);
    char *from = arena_strdup(d->arena, agent);

    if (from == NULL) {
        d->no_memory = true;
        return;
    }
    if (!name_is_link(agent, from) || region_link(d->region, from) == NULL) {
        decide_refuse(d, REFUSED_RIGHT, "%s is no broker of a region that is linked to this one", agent);
        return;
    }
    if (!is_good(d, command, from)) {
        return;
    }
    if (id_is_zero(command->incident)) { /* of no incident, but of the line */
        decide_hear_canary(d, &command->told[command->told_n - 1], from);
        return;
    }
    if ((incident != NULL && decide_named_incident(d, command->incident) == NULL) || is_claimed(d, command)) {
        return;
    }
    struct hearing h = {.d = d,
                        .from = from,
                        .incident = incident,
                        .id = command->incident,
                        .reports = incident != NULL ? incident->reports : 0,
                        .orders = incident != NULL ? incident->orders_n : 0,
                        .grade = {.grade = incident != NULL ? incident->grade : GRADE_NONE,
                                  .doubted = incident != NULL ? incident->doubted : GRADE_NONE,
                                  .doubted_in = incident != NULL ? incident->doubted_in : ""},
                        .lead = {.region = incident != NULL ? incident_lead(incident, d->region->code) : "",
                                 .term = incident != NULL ? incident->lead_term : 0}};
    if (incident != NULL && incident->post != NULL) {
        const struct post *post = incident->post;
        h.post = (struct post_known){.home = post->home[0] != '\0' ? post->home : d->region->code,
                                     .lead = post->lead,
                                     .commander = post->commander,
                                     .term = post->term};
    }
    if (incident != NULL && incident->marks != NULL) {
        for (size_t i = 0; i < FACT_FIELDS; i++) {
            h.marks[i] = incident->marks[i];
            h.marks[i].at_ms = decide_heard_at(d, h.marks[i].at_ms); /* heard before there was a bound */
        }
    }
    for (size_t i = 0; i < command->told_n && d->refusal == REFUSED_NOT; i++) {
        if (is_news(d, incident, &command->told[i])) {
            hear_told(&h, &command->told[i]);
        }
    }
    decide_hear_levels(d, incident, h.id, h.levels, h.levels_n);
    decide_part_heard(d, incident);
    if (incident != NULL && incident->heard_n >= REGIONS_PER_INCIDENT_MAX) {
        decide_refuse(d, REFUSED_TOO_MANY, "regions: %d an incident", REGIONS_PER_INCIDENT_MAX);
    }
    if (d->events_n > 0 && (incident == NULL || incident_share(incident, from) == NULL)) {
        /* who tells us hears of it what we have to say, and what we had to say before */
        struct event *begun = decide_emit(d, EVENT_SHARE_BEGUN);
        begun->incident = h.id;
        begun->at_ms = d->env->now_ms;
        begun->share_begun = (struct share_begun){.region = from, .more = incident != NULL};
    }
}

void decide_tell_record(struct deciding *d, const struct tell_record *command)
{
    if (decide_needs_right(d, "link", NULL)) {
        hear_record(d, command, d->command->agent);
    }
}

void decide_carry_record(struct deciding *d, const struct carry_record *command)
{
    if (!decide_needs_right(d, "report", NULL)) {
        return;
    }
    if (command->mode != d->command->mode) {
        decide_refuse(d, REFUSED_MODE, "what is brought is %s, the command %s", mode_name(command->mode),
                      mode_name(d->command->mode));
        return;
    }
    hear_record(d, &command->tell, command->agent);
}
