/* evolve() for statutory clocks and what went up. */
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/core/state_private.h"

/* "08:00" as minutes after midnight; 0 of what is none, which no decoder lets pass. */
static uint16_t minutes_of(const char *text)
{
    char *end;
    long hours = strtol(text, &end, 10);
    long minutes = *end == ':' ? strtol(end + 1, NULL, 10) : 0;

    return hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60 ? (uint16_t)(hours * 60 + minutes) : 0;
}

static int clock_started(struct state *state, struct incident *incident, const struct clock_step *e)
{
    struct incident_clock *clock = incident_clock(incident, e->pack, e->clock);
    struct incident_clock started = {.pack = state_intern(state, e->pack),
                                     .terms = {.name = state_intern(state, e->clock),
                                               .title = state_intern(state, e->title),
                                               .report = e->report,
                                               .medium = e->medium,
                                               .to = e->to,
                                               .signer = e->signer,
                                               .warn_ms = e->warn_ms},
                                     .begins_ms = e->begins_at_ms,
                                     .due_ms = e->due_at_ms,
                                     .warn_ms = e->warn_at_ms};

    for (size_t i = 0; i < e->daily.n && i < CLOCK_TIMES_MAX; i++) {
        started.terms.times_minutes[started.terms.times_n++] = minutes_of(e->daily.at[i]);
    }
    if (started.pack == NULL || started.terms.name == NULL || started.terms.title == NULL) {
        return ERR_NO_MEMORY;
    }
    if (clock == NULL) {
        struct incident_clock *grown = realloc(incident->clocks, (incident->clocks_n + 1) * sizeof *grown);
        if (grown == NULL) {
            return ERR_NO_MEMORY;
        }
        incident->clocks = grown;
        clock = &grown[incident->clocks_n++];
    }
    *clock = started;
    return 0;
}

static int report_sent(struct incident *incident, const struct event *event)
{
    const struct report_sent *e = &event->report_sent;
    struct sent_report *grown = realloc(incident->sent, (incident->sent_n + 1) * sizeof *grown);

    if (grown == NULL) {
        return ERR_NO_MEMORY;
    }
    incident->sent = grown;
    grown[incident->sent_n++] = (struct sent_report){.kind = e->kind,
                                                     .medium = e->medium,
                                                     .to = e->to,
                                                     .signer = e->signed_off_by[0] != '\0',
                                                     .at_ms = event->at_ms};
    return 0;
}

int evolve_clock(struct state *state, struct incident *incident, const struct event *event)
{
    struct incident_clock *clock;

    if (event->kind == EVENT_REPORT_SENT) {
        return report_sent(incident, event);
    }
    if (event->kind == EVENT_CLOCK_STARTED) {
        return clock_started(state, incident, &event->clock);
    }
    clock = incident_clock(incident, event->clock.pack, event->clock.clock);
    if (clock == NULL) {
        return 0; /* its start was redacted */
    }
    switch (event->kind) {
    case EVENT_CLOCK_WARNED:
        clock->warn_ms = 0;
        return 0;
    case EVENT_CLOCK_OVERDUE:
        clock->overdue = true;
        return 0;
    case EVENT_CLOCK_MET:
        clock->met_ms = event->at_ms;
        clock->late = event->clock.late;
        return 0;
    case EVENT_CLOCK_STOPPED:
        clock->stopped = true;
        return 0;
    default:
        return 0;
    }
}
