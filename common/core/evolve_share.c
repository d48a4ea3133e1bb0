/* evolve() for what regions tell each other of an incident. */
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/core/link.h"
#include "common/core/state_private.h"

int evolve_marks(struct incident *incident)
{
    if (incident->marks == NULL) {
        incident->marks = calloc(FACT_FIELDS, sizeof *incident->marks);
    }
    return incident->marks != NULL ? 0 : ERR_NO_MEMORY;
}

static int share_begun(struct state *state, struct incident *incident, const struct share_begun *e)
{
    struct share *share = incident_share(incident, e->region);

    if (evolve_marks(incident) < 0) {
        return ERR_NO_MEMORY;
    }
    if (share == NULL) {
        const char *region = state_intern(state, e->region);
        struct share *grown = realloc(incident->shares, (incident->shares_n + 1) * sizeof *grown);
        if (grown != NULL) {
            incident->shares = grown;
        }
        if (grown == NULL || region == NULL) {
            return ERR_NO_MEMORY;
        }
        share = &grown[incident->shares_n++];
        *share = (struct share){.region = region};
    }
    share->up_to_seq = e->up_to_seq;
    share->more = e->more;
    return 0;
}

static int heard(struct state *state, struct incident *incident, const struct event *event)
{
    const struct heard *e = &event->heard;
    struct heard_mark *mark = incident_heard(incident, e->region);

    if (mark == NULL) {
        const char *region = state_intern(state, e->region);
        struct heard_mark *grown = realloc(incident->heard, (incident->heard_n + 1) * sizeof *grown);
        if (grown != NULL) {
            incident->heard = grown;
        }
        if (grown == NULL || region == NULL) {
            return ERR_NO_MEMORY;
        }
        mark = &grown[incident->heard_n++];
        *mark = (struct heard_mark){.region = region};
    }
    mark->epoch = e->epoch;
    mark->seq = e->seq;
    unreached_no_more(incident, e->region, event->at_ms);
    return 0;
}

static int lead(struct state *state, struct incident *incident, const struct event *event)
{
    const struct lead_step *e = &event->lead;
    const char *region = state_intern(state, e->region), *from = state_intern(state, e->from);

    if (region == NULL || from == NULL) {
        return ERR_NO_MEMORY;
    }
    if (event->kind == EVENT_LEAD_OFFERED) {
        incident->lead_offered = region;
    } else if (event->kind == EVENT_LEAD_DISPUTED) {
        incident->lead_disputed = e->alone ? from : region;
        incident->lead_disputed_ms = event->at_ms;
    } else {
        if (e->term > incident->lead_term) { /* else it is the one that is disputed */
            incident->lead_disputed = "";
            incident->lead_disputed_ms = 0;
        }
        incident->lead = region;
        incident->lead_offered = "";
        incident->lead_term = e->term;
    }
    return 0;
}

int evolve_share(struct state *state, struct incident *incident, const struct event *event)
{
    switch (event->kind) {
    case EVENT_SHARE_BEGUN:
        return share_begun(state, incident, &event->share_begun);
    case EVENT_HEARD:
        return heard(state, incident, event);
    case EVENT_LEAD_OFFERED:
    case EVENT_LEAD_TAKEN:
    case EVENT_LEAD_DISPUTED:
        return lead(state, incident, event);
    default: /* EVENT_SHARED says for whom its record waits, and no more */
        return 0;
    }
}
