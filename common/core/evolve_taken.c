/* evolve() for what a merge takes over, and a split gives back. */
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/core/state_private.h"

static bool is_graver(enum grade a, enum grade than)
{
    return a != GRADE_NONE && (than == GRADE_NONE || a < than);
}

void taken_drop(struct ties *ties, struct id other)
{
    for (size_t i = 0; i < ties->taken_n; i++) {
        if (id_equal(ties->taken[i].other, other)) {
            ties->taken_n--;
            memmove(&ties->taken[i], &ties->taken[i + 1], (ties->taken_n - i) * sizeof *ties->taken);
            return;
        }
    }
}

static struct takeover *taken_make(struct incident *incident, struct id other)
{
    struct takeover *there = incident_taken(incident, other);

    if (there != NULL) {
        return there;
    }
    if (incident->ties == NULL) {
        incident->ties = calloc(1, sizeof *incident->ties);
    }
    struct ties *ties = incident->ties;
    struct takeover *grown = ties != NULL ? realloc(ties->taken, (ties->taken_n + 1) * sizeof *grown) : NULL;
    if (grown == NULL) {
        return NULL;
    }
    ties->taken = grown;
    there = &grown[ties->taken_n++];
    *there = (struct takeover){.other = other, .kind = "", .substance = ""};
    return there;
}

/* A word of its own, whenever it was said, goes before what is taken over where nothing was known. */
static void mark_as_taken(struct incident *incident, uint32_t fields, const struct facts_taken *e)
{
    for (size_t i = 0; incident->marks != NULL && i < FACT_FIELDS; i++) {
        bool was_known = ((1U << i & FIELD_KIND) != 0 && e->kind[0] != '\0') ||
                         ((1U << i & FIELD_SUBSTANCE) != 0 && e->substance[0] != '\0');
        if ((fields >> i & 1) != 0 && !was_known) {
            incident->marks[i].at_ms = 0;
        }
    }
}

static int facts_taken(struct state *state, struct incident *incident, const struct facts_taken *e)
{
    const char *kind = state_intern(state, e->kind), *substance = state_intern(state, e->substance);
    struct takeover *taken = taken_make(incident, e->other);
    uint32_t fields = fact_fields_of(e->fields);

    if (taken == NULL || kind == NULL || substance == NULL) {
        return ERR_NO_MEMORY;
    }
    taken->fields |= fields;
    taken->grade = e->grade;
    taken->kind = (fields & FIELD_KIND) != 0 ? kind : taken->kind;
    taken->substance = (fields & FIELD_SUBSTANCE) != 0 ? substance : taken->substance;
    mark_as_taken(incident, fields, e);
    return 0;
}

void evolve_said(struct incident *incident, const struct facts *said)
{
    if (incident->ties == NULL || incident->ties->taken_n == 0) {
        return;
    }
    uint32_t own = facts_fields(said);
    for (size_t i = 0; i < incident->ties->taken_n; i++) {
        incident->ties->taken[i].fields &= ~own;
    }
}

/* As if nobody had ever said it; or, of a kind that is known again, as if it were said now. */
static void mark_as_returned(struct incident *incident, uint32_t fields, int64_t at_ms)
{
    struct facts again = facts_none();

    again.kind = (fields & FIELD_KIND) != 0 ? incident->kind : "";
    again.substance = (fields & FIELD_SUBSTANCE) != 0 ? incident->substance : "";
    if (incident->marks == NULL) {
        return;
    }
    for (size_t i = 0; i < FACT_FIELDS; i++) {
        if ((fields >> i & 1) != 0) {
            incident->marks[i] = (struct fact_mark){0};
        }
    }
    facts_mark(incident->marks, &again, at_ms);
}

static int facts_returned(struct state *state, struct incident *incident, const struct event *event)
{
    const struct facts_taken *e = &event->taken;
    const char *kind = state_intern(state, e->kind), *substance = state_intern(state, e->substance);
    uint32_t fields = fact_fields_of(e->fields);
    struct ties *ties = incident->ties;

    if (kind == NULL || substance == NULL) {
        return ERR_NO_MEMORY;
    }
    if (ties == NULL) {
        return 0; /* what tied them was redacted */
    }
    incident_forget(incident, fields, kind, substance);
    mark_as_returned(incident, fields, event->at_ms);
    for (size_t i = 0; i < ties->taken_n; i++) {
        struct takeover *taken = &ties->taken[i];
        taken->fields &= ~fields;
        /* what came later found a grade that was not its own, either */
        taken->grade = is_graver(taken->grade, e->grade) ? e->grade : taken->grade;
    }
    const struct takeover *there = incident_taken(incident, e->other);
    if (there != NULL && there->fields == 0 && !incident_has_part(incident, e->other)) {
        taken_drop(ties, e->other);
    }
    ties->regrade = e->graded && is_graver(incident->grade, e->grade) ? e->other : ties->regrade;
    return 0;
}

int evolve_taken(struct state *state, struct incident *incident, const struct event *event)
{
    return event->kind == EVENT_FACTS_TAKEN ? facts_taken(state, incident, &event->taken)
                                            : facts_returned(state, incident, event);
}
