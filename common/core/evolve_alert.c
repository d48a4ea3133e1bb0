/* evolve() for the streams of alerts. */
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/core/state_private.h"

static int copy_references(const struct alert_recorded *e, struct alert_content *content)
{
    if (e->references_n == 0) {
        return 0;
    }
    content->references = calloc(e->references_n, sizeof *content->references);
    if (content->references == NULL) {
        return ERR_NO_MEMORY;
    }
    memcpy(content->references, e->references, e->references_n * sizeof *content->references);
    content->references_n = e->references_n;
    return 0;
}

static int add_content(struct state *state, struct alert *alert, const struct event *event)
{
    const struct alert_recorded *e = &event->alert_recorded;
    struct alert_content *grown = realloc(alert->contents, (alert->contents_n + 1) * sizeof *grown);

    if (grown == NULL) {
        return ERR_NO_MEMORY;
    }
    alert->contents = grown;
    struct alert_content *content = &grown[alert->contents_n];
    *content = (struct alert_content){.recorded_at_ms = event->at_ms,
                                      .type = e->type,
                                      .urgency = e->urgency,
                                      .severity = e->severity,
                                      .certainty = e->certainty,
                                      .colour = e->colour,
                                      .expires_ms = e->expires_ms};
    memcpy(content->content, e->content, sizeof content->content);
    alert->contents_n++;
    int result = state_intern_words(state, e->geocodes, &content->geocodes);
    return result < 0 ? result : copy_references(e, content);
}

int evolve_alert(struct state *state, const struct event *event)
{
    const struct alert_recorded *e = &event->alert_recorded;
    const char *sender = state_intern(state, e->sender);
    const char *identifier = state_intern(state, e->identifier);
    struct alert *alert = state_alert_make(state, e->alert);

    if (sender == NULL || identifier == NULL || alert == NULL) {
        return ERR_NO_MEMORY;
    }
    alert->mode = e->mode;
    alert->source = e->source;
    alert->sender = sender;
    alert->identifier = identifier;
    alert->sent_ms = e->sent_ms;
    return add_content(state, alert, event);
}
