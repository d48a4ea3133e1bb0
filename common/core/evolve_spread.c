/* evolve() for how far an incident reaches. */
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/core/state_private.h"

static struct spread *spread_of(struct incident *incident)
{
    if (incident->spread == NULL) {
        incident->spread = calloc(1, sizeof *incident->spread);
        if (incident->spread != NULL) {
            incident->spread->expected_by = "";
        }
    }
    return incident->spread;
}

static int expected(struct state *state, struct spread *spread, const struct grade_expected *e)
{
    const char *by = state_intern(state, e->by);

    if (by == NULL) {
        return ERR_NO_MEMORY;
    }
    spread->expected = e->grade;
    spread->expected_by = by;
    return 0;
}

static int touched(struct state *state, struct incident *incident, const struct event *event)
{
    const char *region = state_intern(state, event->region_touched.region);
    const char *by = state_intern(state, event->region_touched.by);
    struct spread *spread = incident->spread;

    if (region == NULL || by == NULL) {
        return ERR_NO_MEMORY;
    }
    if (incident_touches(incident, region) || spread->touched_n == TOUCHED_MAX) {
        return 0;
    }
    struct touched_region *grown = realloc(spread->touched, (spread->touched_n + 1) * sizeof *grown);
    if (grown == NULL) {
        return ERR_NO_MEMORY;
    }
    spread->touched = grown;
    grown[spread->touched_n++] = (struct touched_region){.region = region, .by = by, .at_ms = event->at_ms};
    return 0;
}

static void drop_level(struct spread *spread, size_t i)
{
    spread->levels_n--;
    memmove(&spread->levels[i], &spread->levels[i + 1], (spread->levels_n - i) * sizeof *spread->levels);
}

static int level_heard(struct state *state, struct spread *spread, const struct event *event)
{
    const struct level_heard *e = &event->level_heard;
    const char *region = state_intern(state, e->region);

    if (region == NULL) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < spread->levels_n; i++) {
        if (strcmp(spread->levels[i].region, region) == 0 && id_equal(spread->levels[i].of, e->of)) {
            drop_level(spread, i);
            break;
        }
    }
    if (e->level == GRADE_NONE || spread->levels_n == OTHER_LEVELS_MAX) {
        return 0;
    }
    struct other_level *grown = realloc(spread->levels, (spread->levels_n + 1) * sizeof *grown);
    if (grown == NULL) {
        return ERR_NO_MEMORY;
    }
    spread->levels = grown;
    grown[spread->levels_n++] =
        (struct other_level){.region = region, .level = e->level, .of = e->of, .at_ms = event->at_ms};
    return 0;
}

void spread_unlink(struct incident *incident, struct id other)
{
    struct spread *spread = incident->spread;

    for (size_t i = spread != NULL ? spread->levels_n : 0; i > 0; i--) {
        if (id_equal(spread->levels[i - 1].of, other)) {
            drop_level(spread, i - 1);
        }
    }
}

int evolve_spread(struct state *state, struct incident *incident, const struct event *event)
{
    struct spread *spread = spread_of(incident);

    if (spread == NULL) {
        return ERR_NO_MEMORY;
    }
    switch (event->kind) {
    case EVENT_GRADE_EXPECTED:
        return expected(state, spread, &event->grade_expected);
    case EVENT_REGION_TOUCHED:
        return touched(state, incident, event);
    case EVENT_LEVEL_HEARD:
        return level_heard(state, spread, event);
    default:
        return 0;
    }
}
