/* evolve() for the warnings that are at hand in the region's stream. */
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/core/state_private.h"

static int copy(struct state *state, const struct warning_step *e, struct warning *ret)
{
    struct id *replaces = calloc(e->replaces_n + 1, sizeof *replaces);
    struct words areas = {NULL, 0}, told = {NULL, 0};

    *ret = (struct warning){.alert = e->alert,
                            .mode = e->mode,
                            .source = e->source,
                            .type = e->type,
                            .sender = state_intern(state, e->sender),
                            .identifier = state_intern(state, e->identifier),
                            .event = state_intern(state, e->event),
                            .urgency = e->urgency,
                            .severity = e->severity,
                            .certainty = e->certainty,
                            .colour = e->colour,
                            .here = e->here,
                            .sent_ms = e->sent_ms,
                            .from_ms = e->from_ms,
                            .onset_ms = e->onset_ms,
                            .expires_ms = e->expires_ms,
                            .began = e->began,
                            .asked = e->asked};
    if (replaces == NULL || ret->sender == NULL || ret->identifier == NULL || ret->event == NULL ||
        state_intern_words(state, e->areas, &areas) < 0 || state_intern_words(state, e->roles, &told) < 0) {
        words_free(&areas);
        free(replaces);
        return ERR_NO_MEMORY;
    }
    if (e->replaces_n > 0) {
        memcpy(replaces, e->replaces, e->replaces_n * sizeof *replaces);
    }
    ret->areas = areas;
    ret->told = told;
    ret->replaces = replaces;
    ret->replaces_n = e->replaces_n;
    return 0;
}

static void free_warning(struct warning *warning)
{
    words_free(&warning->areas);
    words_free(&warning->told);
    free(warning->replaces);
}

static void drop(struct region *region, struct id alert)
{
    struct warning *there = region_warning(region, alert);

    if (there != NULL) {
        size_t at = (size_t)(there - region->warnings);
        free_warning(there);
        region->warnings_n--;
        memmove(there, there + 1, (region->warnings_n - at) * sizeof *there);
    }
}

static int taken(struct state *state, const struct warning_step *e)
{
    struct region *region = state_region_mutable(state);
    struct warning warning;
    int result = copy(state, e, &warning);

    if (result < 0) {
        return result;
    }
    drop(region, e->alert); /* another content under the same name */
    struct warning *grown = realloc(region->warnings, (region->warnings_n + 1) * sizeof *grown);
    if (grown == NULL) {
        free_warning(&warning);
        return ERR_NO_MEMORY;
    }
    region->warnings = grown;
    grown[region->warnings_n++] = warning;
    return 0;
}

static int fired(struct state *state, struct warning *there, struct words roles)
{
    const char *at[WARNING_TOLD_MAX];
    struct words told;
    size_t n = 0;

    warning_add_told(at, &n, there->told);
    warning_add_told(at, &n, roles);
    int result = state_intern_words(state, (struct words){at, n}, &told);
    if (result == 0) {
        words_free(&there->told);
        there->told = told;
    }
    return result;
}

int evolve_warning(struct state *state, const struct event *event)
{
    struct region *region = state_region_mutable(state);
    const struct warning_step *e = &event->warning;
    struct warning *there;
    int result = 0;

    switch (event->kind) {
    case EVENT_WARNING_TAKEN:
        result = taken(state, e);
        break;
    case EVENT_WARNING_BEGAN:
        there = region_warning(region, e->alert);
        if (there != NULL) { /* else its beginning was redacted */
            there->began = true;
            there->asked = true;
        }
        break;
    case EVENT_WARNING_FIRED:
        there = region_warning(region, e->alert);
        result = there != NULL ? fired(state, there, e->roles) : 0;
        break;
    case EVENT_WARNING_ENDED:
        drop(region, e->alert);
        break;
    case EVENT_WARNINGS_HEEDED:
        region->warnings_heeded = event->warnings_heeded.turn;
        return 0;
    default:
        return 0;
    }
    region->warnings_turn += e->asks;
    return result;
}
