/* Rules of incidents and reports. A report never waits: what is missing is asked for afterwards. */
#include <string.h>

#include "common/core/decide_private.h"
#include "common/core/stream.h"

static uint64_t report_content(const struct command *command, const struct file_report *report)
{
    const struct facts *f = &report->facts;
    const char *const texts[] = {f->kind,     f->place,  f->unit,  f->substance, f->course,
                                 f->measures, f->caller, f->title, report->text, report->signed_off_by};
    const int64_t numbers[] = {
        (int64_t)command->mode,  (int64_t)report->kind,    (int64_t)f->position.datum,
        f->position.latitude_e7, f->position.longitude_e7, (int64_t)f->position.accuracy_m,
        f->casualties.dead,      f->casualties.missing,    f->casualties.serious,
        f->casualties.minor,     f->casualties.trapped,    f->loss_cny,
        f->occurred_at_ms};
    uint64_t content = FINGERPRINT_START;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        content = fingerprint_text(content, texts[i]);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        content = fingerprint_number(content, numbers[i]);
    }
    if (f->division[0] != '\0') { /* which reports of old do not have */
        content = fingerprint_text(content, f->division);
    }
    return content;
}

static struct event *emit_about(struct deciding *d, enum event_kind kind, struct id incident, int64_t at_ms)
{
    struct event *event = decide_emit(d, kind);

    event->incident = incident;
    event->at_ms = at_ms;
    return event;
}

void decide_ask_missing(struct deciding *d, struct id id, const struct incident *incident, const char *kind,
                        uint32_t known)
{
    const struct kind_policy *policy = region_kind(d->region, kind);

    if (policy == NULL) {
        return;
    }
    for (size_t i = 0; i < policy->required.n; i++) {
        const char *fact = policy->required.at[i];
        bool asked = (known & (1u << (unsigned)fact_parse(fact))) != 0;
        for (size_t j = 0; incident != NULL && j < incident->requests_n; j++) {
            asked = asked || strcmp(incident->requests[j].fact, fact) == 0;
        }
        if (!asked) {
            known |= 1u << (unsigned)fact_parse(fact); /* once, though the policy may name it twice */
            struct event *event = emit_about(d, EVENT_INFORMATION_REQUESTED, id, d->env->now_ms);
            event->information =
                (struct information){.fact = fact, .due_at_ms = d->env->now_ms + policy->ask_within_ms};
        }
    }
}

int64_t decide_received(const struct deciding *d)
{
    return d->region->generation >= GENERATION_RECEIVED ? d->env->now_ms : 0;
}

static void open_incident(struct deciding *d, const struct file_report *command)
{
    struct id id = command->incident;
    int64_t now = d->env->now_ms;
    struct event *event = emit_about(d, EVENT_INCIDENT_OPENED, id, now);

    event->incident_opened = (struct incident_opened){.mode = d->command->mode,
                                                      .home = "",
                                                      .reporter = d->command->agent,
                                                      .content = report_content(d->command, command),
                                                      .received_ms = decide_received(d)};
    event = emit_about(d, EVENT_REPORT_FILED, id, now);
    event->report_filed =
        (struct report_filed){.kind = REPORT_INITIAL, .number = 1, .reporter = d->command->agent};
    if (facts_known(&command->facts) != 0) {
        emit_about(d, EVENT_FACTS_CHANGED, id, now)->facts_changed = command->facts;
    }
    decide_ask_missing(d, id, NULL, command->facts.kind, facts_known(&command->facts));
    decide_check_division(d, id, &command->facts);
    decide_touch_division(d, NULL, id, command->facts.division, "");
}

void decide_answer_requests(struct deciding *d, const struct incident *incident, uint32_t news)
{
    for (size_t i = 0; i < incident->requests_n; i++) {
        const struct request *request = &incident->requests[i];
        if (request->answered_at_ms == 0 && (news & (1u << (unsigned)fact_parse(request->fact))) != 0) {
            struct event *event = emit_about(d, EVENT_INFORMATION_ANSWERED, incident->id, d->env->now_ms);
            event->information = (struct information){.fact = request->fact};
        }
    }
}

static void amend_orders(struct deciding *d, const struct incident *incident, const struct facts *news)
{
    const char *kind = news->kind[0] != '\0' ? news->kind : incident->kind;
    const char *substance = news->substance[0] != '\0' ? news->substance : incident->substance;

    if (news->kind[0] != '\0' || news->substance[0] != '\0') {
        const struct incident *family[MERGED_PER_EVENT_MAX + 1];
        size_t n = ties_family(d->state, incident, family);
        decide_event_needs(d, family, n, kind, substance);
    }
}

void decide_follow_facts(struct deciding *d, const struct incident *incident, const struct facts *news)
{
    decide_answer_requests(d, incident, facts_known(news));
    amend_orders(d, incident, news);
}

static void supplement_incident(struct deciding *d, const struct incident *incident,
                                const struct file_report *command)
{
    int64_t now = d->env->now_ms;
    struct facts news = incident_news(incident, &command->facts);
    uint32_t known_news = facts_known(&news);
    struct event *event = emit_about(d, EVENT_REPORT_FILED, incident->id, now);

    event->report_filed = (struct report_filed){
        .kind = command->kind, .number = incident->reports + 1, .reporter = d->command->agent};
    if (incident->reports == 0 && command->kind == REPORT_FOLLOW_UP &&
        d->region->generation >= GENERATION_FIRST_REPORT) {
        event->report_filed.kind = REPORT_INITIAL; /* an order opened it */
    }
    if (!id_equal(command->incident, incident->id)) {
        event->report_filed.under = command->incident;
    }
    if (known_news == 0) {
        return;
    }
    emit_about(d, EVENT_FACTS_CHANGED, incident->id, decide_facts_at(d, incident, &news))->facts_changed =
        news;
    decide_answer_requests(d, incident, known_news);
    decide_check_division(d, incident->id, &news);
    decide_touch_division(d, incident, incident->id, news.division, "");
    if (news.kind[0] != '\0') {
        decide_ask_missing(d, incident->id, incident, news.kind, incident->known | known_news);
    }
    amend_orders(d, incident, &news);
}

bool decide_has_reference(struct deciding *d, const struct facts *facts)
{
    if (facts->position.present && facts->position.datum == DATUM_NONE) {
        decide_refuse(d, REFUSED_REFERENCE, "name wgs84, cgcs2000, gcj02 or bd09");
    }
    return d->refusal == REFUSED_NOT;
}

void decide_file_report(struct deciding *d, const struct file_report *command)
{
    char text[ID_TEXT];

    if (id_is_zero(command->incident) || command->kind < REPORT_INITIAL || command->kind > REPORT_FINAL) {
        decide_refuse(d, REFUSED_INVALID, "a report names its incident and its kind");
        return;
    }
    if (!decide_needs_right(d, "report", NULL)) {
        return;
    }
    const struct incident *there = state_incident(d->state, command->incident);
    if (command->kind != REPORT_INITIAL) {
        there = decide_incident(d, command->incident);
        if (there != NULL && decide_has_reference(d, &command->facts)) {
            supplement_incident(d, there, command);
        }
        return;
    }
    if (there == NULL) {
        if (decide_has_reference(d, &command->facts)) {
            open_incident(d, command);
        }
    } else if (there->bare) {
        decide_refuse(d, REFUSED_CONFLICT,
                      "incident %s was opened by an order: what is known of it is an update",
                      id_format(command->incident, text));
    } else if (there->content != report_content(d->command, command) || there->history) {
        decide_refuse(d, REFUSED_CONFLICT, "incident %s was reported with other words",
                      id_format(command->incident, text));
    }
}

/* Whether nothing is open that was ordered for the event, under whichever id. */
static bool orders_have_ended(struct deciding *d, const struct incident *incident)
{
    const struct incident *family[MERGED_PER_EVENT_MAX + 1];
    size_t n = ties_family(d->state, incident, family);
    char text[ID_TEXT];

    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < decide_orders_of_event(family[i]); j++) {
            const struct order *order = decide_order_of_event(d, family[i], j);
            if (order != NULL && order_is_open(order)) {
                decide_refuse(d, REFUSED_OPEN_ORDERS, "order %s is %s: complete or recall it",
                              id_format(order->id, text), rung_name((enum rung)order->rung));
                return false;
            }
        }
    }
    return true;
}

static void emit_closed(struct deciding *d, const struct incident *incident)
{
    struct event *event = emit_about(d, EVENT_INCIDENT_CLOSED, incident->id, d->env->now_ms);

    decide_counts_closed(d, incident, &event->incident_closed);
}

/* Elsewhere what was merged here is an incident of its own, and nobody else may say that it is over. */
static void close_parts(struct deciding *d, const struct incident *incident)
{
    const struct incident *family[MERGED_PER_EVENT_MAX + 1];
    size_t n = ties_family(d->state, incident, family);
    const char *own = d->region->code;

    for (size_t i = 1; i < n && d->region->generation >= GENERATION_FOLLOWS; i++) {
        if (incident_is_open(family[i]) && strcmp(incident_lead(family[i], own), own) == 0) {
            emit_closed(d, family[i]);
        }
    }
}

/* Who clears away what came twice must not end the event; what an event left behind is closed by itself. */
static bool belongs_to_open_event(const struct deciding *d, const struct incident *incident)
{
    return incident_is_merged(incident) && (d->region->generation < GENERATION_FOLLOWS ||
                                            incident_is_open(ties_survivor(d->state, incident)));
}

void decide_close_incident(struct deciding *d, const struct close_incident *command)
{
    char text[ID_TEXT];

    if (!decide_names_incident(d, command->incident) || !decide_needs_right(d, "close", NULL)) {
        return;
    }
    const struct incident *incident = decide_named_incident(d, command->incident);
    if (incident == NULL || !incident_is_open(incident)) {
        return;
    }
    if (belongs_to_open_event(d, incident)) {
        decide_refuse(d, REFUSED_MERGED, "the event is closed as %s",
                      id_format(ties_survivor(d->state, incident)->id, text));
        return;
    }
    const char *lead = incident_lead(incident, d->region->code);
    if (strcmp(lead, d->region->code) != 0) {
        decide_refuse(d, REFUSED_REGION, "region %s leads the incident, and is to close it", lead);
        return;
    }
    if (!orders_have_ended(d, incident)) {
        return;
    }
    emit_closed(d, incident);
    decide_stop_daily(d, incident);
    close_parts(d, incident);
}
