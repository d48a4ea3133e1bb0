/* Statutory clocks 法定时限: a rule of a pack starts one, a report that goes up meets it, and what is not met
 * in time is told. When one is due and what meets it is statutory.h's; the terms are the pack's, kept with
 * the clock, so that a pack that changes meanwhile does not change what was asked. */
#include <stdio.h>
#include <string.h>

#include "common/base/mutant.h"
#include "common/base/when.h"
#include "common/core/decide_private.h"
#include "common/core/statutory.h"

static struct event *emit_about(struct deciding *d, enum event_kind kind, struct id incident)
{
    struct event *event = decide_emit(d, kind);

    event->incident = incident;
    event->at_ms = d->env->now_ms;
    return event;
}

static struct event *emit_step(struct deciding *d, enum event_kind kind, const struct incident *incident,
                               const struct incident_clock *clock)
{
    struct event *event = emit_about(d, kind, incident->id);

    event->clock =
        (struct clock_step){.pack = clock->pack, .clock = clock->terms.name, .title = "", .rule = ""};
    return event;
}

static bool passed(const struct deciding *d, int64_t at_ms)
{
    return at_ms != 0 && at_ms <= d->env->now_ms;
}

/* --- starting ------------------------------------------------------------------------------------- */

static struct words daily_words(struct deciding *d, const struct rule_clock *terms)
{
    const char **words = arena_array(d->arena, const char *, CLOCK_TIMES_MAX);

    for (size_t i = 0; words != NULL && i < terms->times_n; i++) {
        words[i] =
            arena_printf(d->arena, "%02u:%02u", terms->times_minutes[i] / 60U, terms->times_minutes[i] % 60U);
        d->no_memory = d->no_memory || words[i] == NULL;
    }
    d->no_memory = d->no_memory || words == NULL;
    return (struct words){words, words != NULL ? terms->times_n : 0};
}

/* Times of the day are the wall clock's, durations the bus's: they differ by what the last SetClock says. */
static int64_t due_of(const struct deciding *d, const struct rule_clock *terms, int64_t begins_ms)
{
    const struct region *region = d->region;
    int64_t ahead = terms->times_n > 0 ? region->clock_utc_ms - region->clock_bus_ms : 0;

    return statutory_due(terms, begins_ms + ahead, region->utc_offset_minutes) - ahead;
}

static void emit_started(struct deciding *d, const struct incident *incident, const char *pack,
                         const char *rule, const struct rule_clock *terms, int64_t begins_ms)
{
    int64_t due_ms = due_of(d, terms, begins_ms);
    int64_t warn_ms = statutory_warns(terms, begins_ms, due_ms);
    struct words daily = daily_words(d, terms);
    struct event *event = emit_about(d, EVENT_CLOCK_STARTED, incident->id);

    event->clock = (struct clock_step){.pack = pack,
                                       .clock = terms->name,
                                       .title = terms->title,
                                       .rule = rule,
                                       .begins_at_ms = begins_ms,
                                       .due_at_ms = due_ms,
                                       .warn_at_ms = warn_ms,
                                       .report = terms->report,
                                       .medium = terms->medium,
                                       .to = terms->to,
                                       .signer = terms->signer,
                                       .daily = daily,
                                       .warn_ms = terms->warn_ms};
}

static void emit_met(struct deciding *d, const struct incident *incident, const char *pack, const char *clock,
                     int64_t at_ms, bool late)
{
    struct event *event = emit_about(d, EVENT_CLOCK_MET, incident->id);

    event->at_ms = at_ms;
    event->clock = (struct clock_step){.pack = pack, .clock = clock, .title = "", .rule = "", .late = late};
}

static struct clock_report as_report(const struct sent_report *sent)
{
    return (struct clock_report){.kind = sent->kind,
                                 .medium = sent->medium,
                                 .reached = sent->to,
                                 .signer = sent->signer,
                                 .at_ms = sent->at_ms};
}

/* What went up before the rule started it, the report that opened the incident with the rest: that one is
 * here, at the level of this region. In time rather than late. */
static void meet_by_earlier(struct deciding *d, const struct incident *after, const char *pack,
                            const struct rule_clock *terms, int64_t begins_ms)
{
    int64_t due_ms = due_of(d, terms, begins_ms);
    const struct sent_report opening = {.kind = REPORT_INITIAL,
                                        .medium = MEDIUM_NETWORK,
                                        .to = statutory_tier(d->region->code),
                                        .at_ms = incident_received_ms(after)};

    for (enum clock_answer wanted = CLOCK_MET; wanted <= CLOCK_LATE; wanted++) {
        for (size_t i = 0; i <= after->sent_n; i++) {
            struct clock_report report = as_report(i == 0 ? &opening : &after->sent[i - 1]);
            if (statutory_ask(terms, begins_ms, due_ms, &report) == wanted) {
                emit_met(d, after, pack, terms->name, report.at_ms, wanted == CLOCK_LATE);
                return;
            }
        }
    }
}

/* What this record says of the clock last; EVENT_NONE: nothing. */
static enum event_kind said_last(const struct deciding *d, const struct incident *after, const char *pack,
                                 const char *clock)
{
    for (size_t i = d->events_n; i > 0; i--) {
        const struct event *event = &d->events[i - 1];
        if (event->kind >= EVENT_CLOCK_STARTED && event->kind <= EVENT_CLOCK_STOPPED &&
            id_equal(event->incident, after->id) && strcmp(event->clock.clock, clock) == 0 &&
            strcmp(event->clock.pack, pack) == 0) {
            return event->kind;
        }
    }
    return EVENT_NONE;
}

/* Whether the clock may start though it was started before. A duty that is open and not overdue is never put
 * off: by that a person who lowers a grade would undo what has to be reported. */
static bool may_start_again(const struct incident_clock *there, const struct rule_clock *clock,
                            int64_t begins_ms, int64_t due_ms)
{
    bool waits = clock_runs(there) && !there->overdue;

    return there->stopped ||
           (clock->restarts && begins_ms > there->begins_ms && (!waits || due_ms < there->due_ms));
}

void decide_start_clock(struct deciding *d, const struct incident *after, const char *pack, const char *rule,
                        const struct rule_clock *clock)
{
    const struct incident_clock *there = incident_clock(after, pack, clock->name);
    enum event_kind last = said_last(d, after, pack, clock->name);
    /* as of the report that brought it about, not of this record, which is a moment later */
    struct clock_moments moments = {.occurred_ms = after->occurred_at_ms,
                                    .received_ms = incident_received_ms(after),
                                    .started_ms =
                                        after->rules_due_ms != 0 ? after->rules_due_ms : d->env->now_ms};
    int64_t begins_ms = statutory_begins(clock, &moments);
    int64_t due_ms = due_of(d, clock, begins_ms);
    bool daily = clock->times_n > 0;

    if ((last != EVENT_NONE && last != EVENT_CLOCK_STOPPED) || (daily && !incident_is_open(after)) ||
        (last == EVENT_NONE && there != NULL && !may_start_again(there, clock, begins_ms, due_ms))) {
        return;
    }
    emit_started(d, after, pack, rule, clock, begins_ms);
    if (!daily) {
        meet_by_earlier(d, after, pack, clock, begins_ms);
    }
}

/* --- stopping ------------------------------------------------------------------------------------- */

void decide_stop_clock(struct deciding *d, const struct incident *after, const char *pack, const char *rule,
                       const char *clock)
{
    const struct incident_clock *there = incident_clock(after, pack, clock);
    enum event_kind last = said_last(d, after, pack, clock);

    if (last == EVENT_NONE ? there != NULL && clock_runs(there) : last == EVENT_CLOCK_STARTED) {
        emit_about(d, EVENT_CLOCK_STOPPED, after->id)->clock =
            (struct clock_step){.pack = pack, .clock = clock, .title = "", .rule = rule};
    }
}

void decide_stop_daily(struct deciding *d, const struct incident *incident)
{
    for (size_t i = 0; i < incident->clocks_n; i++) {
        const struct incident_clock *clock = &incident->clocks[i];
        if (clock_is_daily(clock) && clock_runs(clock)) {
            emit_step(d, EVENT_CLOCK_STOPPED, incident, clock);
        }
    }
}

/* --- reports that go up --------------------------------------------------------------------------- */

/* The round that follows one that was met or missed. */
static void next_round(struct deciding *d, const struct incident *incident,
                       const struct incident_clock *clock)
{
    emit_started(d, incident, clock->pack, "", &clock->terms, clock->due_ms);
}

/* What a report that goes up means to the clocks of one incident. */
static void meet_clocks(struct deciding *d, const struct incident *incident,
                        const struct clock_report *report)
{
    for (size_t i = 0; i < incident->clocks_n; i++) {
        const struct incident_clock *clock = &incident->clocks[i];
        enum clock_answer answer = statutory_ask(&clock->terms, clock->begins_ms, clock->due_ms, report);
        bool betters =
            clock->met_ms != 0 && clock->late && !clock->stopped; /* told late that it was in time */
        if (!(clock_runs(clock) && answer == CLOCK_LATE) &&
            !((clock_runs(clock) || betters) && answer == CLOCK_MET)) {
            continue;
        }
        emit_met(d, incident, clock->pack, clock->terms.name, report->at_ms, answer == CLOCK_LATE);
        if (clock_is_daily(clock) && report->kind != REPORT_FINAL && incident_is_open(incident)) {
            next_round(d, incident, clock);
        }
    }
}

void decide_share_sent(struct deciding *d, const struct incident *from, const struct incident *to)
{
    for (size_t i = 0; i < to->clocks_n; i++) {
        const struct incident_clock *clock = &to->clocks[i];
        bool met = !clock_runs(clock) || clock_is_daily(clock);
        for (enum clock_answer wanted = CLOCK_MET; wanted <= CLOCK_LATE && !met; wanted++) {
            for (size_t j = 0; j < from->sent_n && !met; j++) {
                struct clock_report report = as_report(&from->sent[j]);
                met = statutory_ask(&clock->terms, clock->begins_ms, clock->due_ms, &report) == wanted;
                if (met) {
                    emit_met(d, to, clock->pack, clock->terms.name, report.at_ms, wanted == CLOCK_LATE);
                }
            }
        }
    }
}

void decide_send_report(struct deciding *d, const struct send_report *command)
{
    if (!decide_names_incident(d, command->incident) || !decide_needs_right(d, "report", NULL)) {
        return;
    }
    const struct incident *incident = decide_incident(d, command->incident);
    if (incident == NULL) {
        return;
    }
    if (command->kind < REPORT_INITIAL || command->kind > REPORT_FINAL || command->medium < MEDIUM_PHONE ||
        command->medium > MEDIUM_NETWORK || command->to < TIER_COUNTY || command->to > TIER_STATE) {
        decide_refuse(d, REFUSED_INVALID,
                      "a report that went up names its kind, medium and the level reached");
        return;
    }
    int64_t now = d->env->now_ms, at = d->command->occurred_at_ms;
    if (at > now + region_clock_tolerance_ms(d->region)) {
        char ahead[WHEN_TEXT];
        decide_refuse(d, REFUSED_INVALID, "that is %s ahead: say when it went up, not when it will",
                      when_format_duration(at - now, ahead));
        return;
    }
    if (incident->sent_n >= SENT_PER_INCIDENT_MAX) {
        decide_refuse(d, REFUSED_TOO_MANY, "%d reports of an incident", SENT_PER_INCIDENT_MAX);
        return;
    }
    struct sent_report sent = {.kind = command->kind,
                               .medium = command->medium,
                               .to = command->to,
                               .signer = command->signed_off_by[0] != '\0',
                               .at_ms = at == 0 || at > now ? now : at};
    struct clock_report report = as_report(&sent);
    struct event *event = emit_about(d, EVENT_REPORT_SENT, incident->id);

    event->at_ms = sent.at_ms;
    event->report_sent = (struct report_sent){.kind = command->kind,
                                              .medium = command->medium,
                                              .to = command->to,
                                              .signed_off_by = command->signed_off_by};
    const struct incident *family[MERGED_PER_EVENT_MAX + 1];
    size_t n = ties_family(d->state, incident, family); /* a report is one of the event, whichever id asked */
    for (size_t i = 0; i < n; i++) {
        meet_clocks(d, family[i], &report);
    }
    if (command->kind == REPORT_FINAL) {
        decide_stop_daily(d, incident);
    }
}

/* --- time ----------------------------------------------------------------------------------------- */

void decide_pass_clocks(struct deciding *d, const struct incident *incident)
{
    for (size_t i = 0; i < incident->clocks_n && decide_has_room(d); i++) {
        const struct incident_clock *clock = &incident->clocks[i];
        if (!clock_runs(clock) || clock->overdue) {
            continue;
        }
        if (passed(d, clock->due_ms)) {
            emit_step(d, EVENT_CLOCK_OVERDUE, incident, clock)->clock.due_at_ms = clock->due_ms;
            if (clock_is_daily(clock)) {
                next_round(d, incident, clock);
            }
        } else if (passed(d, clock->warn_ms)) {
            emit_step(d, EVENT_CLOCK_WARNED, incident, clock);
        }
    }
}
