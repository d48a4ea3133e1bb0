/* Rules of how far an incident reaches: regions that it touches, because a report names a division of theirs
 * or a person says so; the grade that is thought possible; and what response other regions have begun. What
 * follows from it is for packs to say (Emergency Response Law Art. 18, 62). */
#include <string.h>

#include "common/core/decide_private.h"
#include "common/core/link.h"

enum { LEVEL_EVENTS_MAX = 1024 /* of a record: half of what it may hold */ };

static struct event *emit_about(struct deciding *d, enum event_kind kind, struct id incident)
{
    struct event *event = decide_emit(d, kind);

    event->incident = incident;
    event->at_ms = d->env->now_ms;
    return event;
}

/* --- regions -------------------------------------------------------------------------------------- */

/* By the state and by what this record says; *ret_n: how many are. */
static bool is_touched(const struct deciding *d, const struct incident *incident, struct id id,
                       const char *region, size_t *ret_n)
{
    bool touched = incident != NULL && incident_touches(incident, region);

    *ret_n = incident != NULL && incident->spread != NULL ? incident->spread->touched_n : 0;
    for (size_t i = 0; i < d->events_n; i++) {
        const struct event *event = &d->events[i];
        if (event->kind == EVENT_REGION_TOUCHED && id_equal(event->incident, id)) {
            touched = touched || strcmp(event->region_touched.region, region) == 0;
            (*ret_n)++;
        }
    }
    return touched;
}

/* False: there are too many. */
static bool touch(struct deciding *d, const struct incident *incident, struct id id, const char *region,
                  const char *by)
{
    size_t n;

    if (is_touched(d, incident, id, region, &n)) {
        return true;
    }
    if (n >= TOUCHED_MAX) {
        return false;
    }
    const char *kept = arena_strdup(d->arena, region);
    if (kept == NULL) {
        d->no_memory = true;
        return true;
    }
    emit_about(d, EVENT_REGION_TOUCHED, id)->region_touched = (struct region_touched){kept, by};
    return true;
}

/* Of a division: the region, at our level, that is touched and not known to be by where the incident is from.
 * False: none. */
static bool region_of(const struct deciding *d, const char *home, const char *division,
                      char ret[REGION_CODE_MAX + 1])
{
    const char *own = d->region->code;
    char code[REGION_CODE_MAX + 1];

    if (!division_is_known(division) || !division_code(division, code)) {
        return false;
    }
    if (strcmp(code, own) == 0 || region_is_above(own, code)) {
        memcpy(ret, own, strlen(own) + 1);
        return home[0] != '\0'; /* what was reported here is here */
    }
    spread_region(code, own, ret);
    return !region_is_above(code, own) && strcmp(ret, home) != 0;
}

void decide_touch_division(struct deciding *d, const struct incident *incident, struct id id,
                           const char *division, const char *from)
{
    char region[REGION_CODE_MAX + 1];

    if (division[0] != '\0' && d->region->generation >= GENERATION_SPREAD &&
        region_of(d, incident != NULL ? incident->home : from, division, region)) {
        (void)touch(d, incident, id, region, "");
    }
}

/* --- what a person says --------------------------------------------------------------------------- */

static bool is_good(struct deciding *d, const struct assess_incident *command)
{
    if (!command->expects && command->touches.n == 0) {
        decide_refuse(d, REFUSED_INVALID, "say which grade is thought possible, or which regions it touches");
    } else if (command->expected > GRADE_IV) {
        decide_refuse(d, REFUSED_INVALID, "a grade is I, II, III or IV, or none");
    }
    for (size_t i = 0; i < command->touches.n && d->refusal == REFUSED_NOT; i++) {
        const char *code = command->touches.at[i];
        if (!division_is_known(code)) {
            decide_refuse(d, REFUSED_INVALID, "\"%s\" is no code of GB/T 2260", code);
        } else if (region_is_above(code, d->region->code)) {
            decide_refuse(d, REFUSED_INVALID, "this region is a part of %s: name those beside it", code);
        }
    }
    return d->refusal == REFUSED_NOT;
}

void decide_assess_incident(struct deciding *d, const struct assess_incident *command)
{
    char text[ID_TEXT], region[REGION_CODE_MAX + 1];

    if (!decide_names_incident(d, command->incident) || !is_good(d, command) ||
        !decide_needs_right(d, "grade", NULL)) {
        return;
    }
    const struct incident *incident = decide_incident(d, command->incident);
    if (incident == NULL) {
        return;
    }
    if (!incident_is_open(incident)) {
        decide_refuse(d, REFUSED_INCIDENT_CLOSED, "incident %s", id_format(incident->id, text));
        return;
    }
    enum grade known = incident->spread != NULL ? incident->spread->expected : GRADE_NONE;
    if (command->expects && command->expected != known) {
        emit_about(d, EVENT_GRADE_EXPECTED, incident->id)->grade_expected =
            (struct grade_expected){.grade = command->expected, .by = decide_speaker(d)};
    }
    for (size_t i = 0; i < command->touches.n; i++) {
        if (region_of(d, incident->home, command->touches.at[i], region) &&
            !touch(d, incident, incident->id, region, decide_speaker(d))) {
            decide_refuse(d, REFUSED_TOO_MANY, "regions that it touches: %d", TOUCHED_MAX);
            return;
        }
    }
}

/* --- what other regions tell ------------------------------------------------------------------------ */

/* What is thought possible is told on as it rises, like a grade. */
static void hear_expected(struct deciding *d, const struct incident *incident, const struct event *event)
{
    enum grade known = incident != NULL && incident->spread != NULL ? incident->spread->expected : GRADE_NONE;
    enum grade said = event->grade_expected.grade;

    for (size_t i = 0; i < d->events_n; i++) {
        if (d->events[i].kind == EVENT_GRADE_EXPECTED && id_equal(d->events[i].incident, event->incident)) {
            known = d->events[i].grade_expected.grade;
        }
    }
    if (said != GRADE_NONE && (known == GRADE_NONE || said < known)) {
        *decide_emit(d, EVENT_GRADE_EXPECTED) = *event;
    }
}

void decide_hear_spread(struct deciding *d, const struct incident *incident, const struct event *event)
{
    if (event->kind == EVENT_GRADE_EXPECTED) {
        hear_expected(d, incident, event);
    } else if (division_is_known(event->region_touched.region)) {
        (void)touch(d, incident, event->incident, event->region_touched.region, event->region_touched.by);
    }
}

static void emit_level(struct deciding *d, const struct incident *incident, struct level_heard level)
{
    if (incident_is_open(incident) && !incident->history && d->events_n < LEVEL_EVENTS_MAX) {
        emit_about(d, EVENT_LEVEL_HEARD, incident->id)->level_heard = level;
    }
}

void decide_hear_levels(struct deciding *d, const struct incident *incident, struct id id,
                        const struct level_heard *levels, size_t n)
{
    if (d->region->generation < GENERATION_SPREAD) {
        return;
    }
    incident = incident != NULL ? ties_survivor(d->state, incident) : NULL;
    for (size_t i = 0; i < n; i++) {
        if (incident == NULL) { /* opened by this record */
            emit_about(d, EVENT_LEVEL_HEARD, id)->level_heard = levels[i];
            continue;
        }
        emit_level(d, incident, levels[i]);
        for (size_t j = 0; incident->ties != NULL && j < incident->ties->links_n; j++) {
            const struct incident *other = state_incident(d->state, incident->ties->links[j].other);
            if (other != NULL) {
                emit_level(d, other, (struct level_heard){levels[i].region, levels[i].level, incident->id});
            }
        }
    }
}

/* --- incidents that belong together ----------------------------------------------------------------- */

static void learn_levels(struct deciding *d, const struct incident *incident, const struct incident *other)
{
    const struct spread *spread = other->spread;

    for (size_t i = 0; spread != NULL && i < spread->levels_n; i++) {
        if (id_is_zero(spread->levels[i].of)) {
            emit_level(d, incident,
                       (struct level_heard){spread->levels[i].region, spread->levels[i].level, other->id});
        }
    }
}

void decide_link_levels(struct deciding *d, const struct incident *one, const struct incident *other)
{
    learn_levels(d, one, other);
    learn_levels(d, other, one);
}

void decide_join_spread(struct deciding *d, const struct incident *whole, const struct incident *part)
{
    const struct spread *said = part->spread;
    enum grade known = whole->spread != NULL ? whole->spread->expected : GRADE_NONE;
    const char *by = d->command->signer != SIGNER_BROKER ? decide_speaker(d) : "";

    if (d->region->generation < GENERATION_SPREAD) {
        return;
    }
    if (strcmp(part->home, whole->home) != 0) { /* two regions were called about one event */
        (void)touch(d, whole, whole->id, part->home[0] != '\0' ? part->home : d->region->code, by);
    }
    for (size_t i = 0; said != NULL && i < said->touched_n; i++) {
        (void)touch(d, whole, whole->id, said->touched[i].region, by);
    }
    if (said != NULL && said->expected != GRADE_NONE && (known == GRADE_NONE || said->expected < known)) {
        emit_about(d, EVENT_GRADE_EXPECTED, whole->id)->grade_expected =
            (struct grade_expected){.grade = said->expected, .by = by};
    }
}
