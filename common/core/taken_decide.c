/* Rules of what a merge takes over and a split gives back, here and in the other regions that follow: a fact
 * that nobody has said of an incident leaves it with the one whose it is. Its grade does not: law and packs
 * raise one, other regions have raised theirs with it, and a split may be the mistake. It is doubted, and a
 * person decides; the clocks that it started run on, as they do when a person lowers a grade. */
#include "common/core/decide_private.h"
#include "common/core/dispute.h"

enum { GONE_MAX = 2 * (MERGED_PER_EVENT_MAX + 1) };

/* What an event of several ids loses. */
struct giving {
    struct deciding *d;
    const struct incident *gone[GONE_MAX]; /* of no account in what remains */
    size_t gone_n;
    const struct incident *leaves; /* it is its own again; NULL: none does */
};

static struct event *emit_about(struct deciding *d, enum event_kind kind, struct id incident)
{
    struct event *event = decide_emit(d, kind);

    event->incident = incident;
    event->at_ms = d->env->now_ms;
    return event;
}

static bool is_graver(enum grade a, enum grade than)
{
    return a != GRADE_NONE && (than == GRADE_NONE || a < than);
}

struct words decide_field_names(struct deciding *d, uint32_t fields)
{
    const char **names = arena_array(d->arena, const char *, FACT_FIELDS);
    size_t n = 0;

    d->no_memory = d->no_memory || names == NULL;
    for (size_t i = 0; names != NULL && i < FACT_FIELDS; i++) {
        if ((fields >> i & 1) != 0) {
            names[n++] = fact_field_name(i);
        }
    }
    return (struct words){names, n};
}

/* --- taking --------------------------------------------------------------------------------------- */

static void emit_taken(struct deciding *d, const struct incident *incident, struct id other, uint32_t fields,
                       struct facts_taken before)
{
    size_t n = incident->ties != NULL ? incident->ties->taken_n : 0;

    if (d->region->generation < GENERATION_GIVES_BACK ||
        (n >= TAKEN_PER_INCIDENT_MAX && incident_taken(incident, other) == NULL)) {
        return;
    }
    struct event *event = emit_about(d, EVENT_FACTS_TAKEN, incident->id);
    event->taken = before;
    event->taken.other = other;
    event->taken.fields = decide_field_names(d, fields);
}

void decide_note_taken(struct deciding *d, const struct incident *whole, const struct incident *part,
                       const struct facts *fill, bool graded)
{
    const struct takeover *there = incident_taken(whole, part->id);
    bool had_less = there != NULL && is_graver(whole->grade, there->grade); /* before the first was taken */
    uint32_t fields = facts_fields(fill);

    if (fields != 0 || (graded && is_graver(part->grade, whole->grade))) {
        emit_taken(d, whole, part->id, fields,
                   (struct facts_taken){
                       .kind = "", .substance = "", .grade = had_less ? there->grade : whole->grade});
    }
}

/* What the incident was by itself, though it has the kind of the one into which it was merged; with what it
 * has of those that were merged into it, or alone. */
static struct facts own_words(const struct incident *part, bool alone)
{
    struct facts own = facts_none();

    own.kind = part->kind;
    own.substance = part->substance;
    for (size_t i = 0; part->ties != NULL && i < part->ties->taken_n; i++) {
        const struct takeover *taken = &part->ties->taken[i];
        if (alone || !incident_has_part(part, taken->other)) {
            own.kind = (taken->fields & FIELD_KIND) != 0 ? taken->kind : own.kind;
            own.substance = (taken->fields & FIELD_SUBSTANCE) != 0 ? taken->substance : own.substance;
        }
    }
    return own;
}

void decide_note_mirrored(struct deciding *d, const struct incident *part, struct id whole,
                          const struct facts *said)
{
    struct facts own = own_words(part, true);
    uint32_t fields = facts_fields(said);

    emit_taken(d, part, whole, fields,
               (struct facts_taken){.kind = (fields & FIELD_KIND) != 0 ? own.kind : "",
                                    .substance = (fields & FIELD_SUBSTANCE) != 0 ? own.substance : "",
                                    .grade = part->grade});
}

/* --- giving back ---------------------------------------------------------------------------------- */

static bool is_gone(const struct giving *g, const struct incident *incident)
{
    for (size_t i = 0; i < g->gone_n; i++) {
        if (g->gone[i] == incident) {
            return true;
        }
    }
    return false;
}

static void goes(struct giving *g, const struct incident *incident)
{
    if (g->gone_n < GONE_MAX) {
        g->gone[g->gone_n++] = incident;
    }
}

/* Those that remain one event with it, itself first. */
static size_t remaining(const struct giving *g, const struct incident *whole,
                        const struct incident *ret[MERGED_PER_EVENT_MAX + 1])
{
    const struct incident *family[MERGED_PER_EVENT_MAX + 1];
    size_t n = ties_family(g->d->state, whole, family), left = 0;

    for (size_t i = 0; i < n; i++) {
        if (!is_gone(g, family[i])) {
            ret[left++] = family[i];
        }
    }
    return left;
}

/* What the incident has lost and another that is merged into it knows, it has from that one. */
static void fill_again(const struct giving *g, const struct incident *whole, struct incident *after,
                       uint32_t fields, enum grade before)
{
    for (size_t i = 0; whole->ties != NULL && i < whole->ties->parts_n; i++) {
        const struct incident *part = state_incident(g->d->state, whole->ties->parts[i].id);
        if (part == NULL || is_gone(g, part)) {
            continue;
        }
        struct incident own = *part;
        struct facts words = own_words(part, false);
        own.kind = words.kind;
        own.substance = words.substance;
        struct facts fill = decide_facts_to_fill(after, &own);
        fill = facts_only(&fill, fields);
        if (facts_are_none(&fill)) {
            continue;
        }
        const struct takeover *there = incident_taken(whole, part->id);
        enum grade had = there != NULL && !is_graver(there->grade, before) ? there->grade : before;
        struct event *event = emit_about(g->d, EVENT_FACTS_CHANGED, whole->id);
        event->at_ms = decide_facts_at(g->d, whole, &fill);
        event->facts_changed = fill;
        decide_parts_still_apart(g->d, whole, part->id, &fill.casualties);
        emit_taken(g->d, whole, part->id, facts_fields(&fill),
                   (struct facts_taken){.kind = "", .substance = "", .grade = had});
        incident_learn(after, &fill);
        after->kind = fill.kind[0] != '\0' ? fill.kind : after->kind;
        after->substance = fill.substance[0] != '\0' ? fill.substance : after->substance;
    }
}

/* Questions that were answered by what is not known any more; within as long as the first time. */
static void ask_again(const struct giving *g, const struct incident *whole, const struct incident *after)
{
    const struct incident *family[MERGED_PER_EVENT_MAX + 1];
    size_t n = remaining(g, whole, family);
    uint32_t known = after->known;

    for (size_t i = 0; i < n; i++) {
        known |= family[i] != whole ? family[i]->known : 0;
    }
    for (size_t i = 0; i < whole->requests_n && incident_is_open(whole); i++) {
        const struct request *request = &whole->requests[i];
        if (request->answered_at_ms != 0 && (known & 1U << (unsigned)fact_parse(request->fact)) == 0) {
            emit_about(g->d, EVENT_INFORMATION_REQUESTED, whole->id)->information = (struct information){
                .fact = request->fact,
                .due_at_ms = g->d->env->now_ms + (request->due_at_ms - request->asked_at_ms)};
        }
    }
}

/* Crews learn what they need by what it is now. */
static void tell_crews(const struct giving *g, const struct incident *whole, const struct incident *after)
{
    const struct incident *family[MERGED_PER_EVENT_MAX + 1];

    decide_event_needs(g->d, family, remaining(g, whole, family), after->kind, after->substance);
}

/* A part that is as grave still is. */
static bool is_held(const struct giving *g, const struct incident *whole)
{
    const struct incident *family[MERGED_PER_EVENT_MAX + 1];
    size_t n = remaining(g, whole, family);

    for (size_t i = 0; i < n; i++) {
        if (family[i] != whole && family[i]->grade != GRADE_NONE && family[i]->grade <= whole->grade) {
            return true;
        }
    }
    return false;
}

/* The incident gives these back, and its grade is doubted if it came with them. */
static void give(const struct giving *g, const struct incident *whole, struct facts_taken given,
                 uint32_t fields)
{
    struct deciding *d = g->d;
    struct incident after = *whole;

    given.fields = decide_field_names(d, fields);
    struct event *event = emit_about(d, EVENT_FACTS_RETURNED, whole->id);
    event->taken = given;
    incident_forget(&after, fields, given.kind, given.substance);
    fill_again(g, whole, &after, fields, given.grade);
    if (whole == g->leaves || !incident_is_merged(whole)) { /* else the survivor's is asked, and counts */
        ask_again(g, whole, &after);
        if ((fields & (FIELD_KIND | FIELD_SUBSTANCE)) != 0) {
            tell_crews(g, whole, &after);
        }
    }
    if (given.graded && !decide_has_rules(d)) {
        emit_about(d, EVENT_GRADE_ASKED, whole->id)->grade_asked =
            (struct grade_asked){.of = given.other, .rule = ""};
    }
}

/* What the incident has from the other, as far as it is among `fields`; and so do those above it. */
static void give_up(struct giving *g, const struct incident *whole, struct id other, uint32_t fields)
{
    for (int i = 0; i <= MERGED_PER_EVENT_MAX && whole != NULL; i++) {
        const struct takeover *taken = incident_taken(whole, other);
        if (taken == NULL) {
            return;
        }
        fields &= taken->fields;
        bool graded = is_graver(whole->grade, taken->grade) && !is_held(g, whole);
        if (fields != 0 || graded) {
            give(g, whole,
                 (struct facts_taken){.other = other,
                                      .kind = taken->kind,
                                      .substance = taken->substance,
                                      .grade = taken->grade,
                                      .graded = graded},
                 fields);
        }
        goes(g, whole);
        other = whole->id;
        whole = incident_is_merged(whole) ? state_incident(g->d->state, whole->ties->merged_into) : NULL;
    }
}

void decide_give_up(struct deciding *d, const struct incident *whole, const struct incident *part,
                    uint32_t fields)
{
    struct giving g = {.d = d};

    if (fields != 0) {
        give_up(&g, whole, part->id, fields);
    }
}

void decide_give_back(struct deciding *d, const struct incident *part, const struct incident *into)
{
    const struct incident *family[MERGED_PER_EVENT_MAX + 1];
    struct giving alone = {.d = d, .leaves = part}, g = {.d = d};
    size_t n = ties_family(d->state, part, family);

    if (d->region->generation < GENERATION_GIVES_BACK) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        goes(&g, family[i]);
    }
    give_up(&g, into, part->id, FIELDS_ALL);
    for (size_t i = 0; part->ties != NULL && i < part->ties->taken_n; i++) {
        const struct takeover *taken = &part->ties->taken[i];
        if (taken->fields != 0 && !incident_has_part(part, taken->other)) {
            give(&alone, part,
                 (struct facts_taken){.other = taken->other,
                                      .kind = taken->kind,
                                      .substance = taken->substance,
                                      .grade = part->grade},
                 taken->fields);
        }
    }
}

/* --- hearing -------------------------------------------------------------------------------------- */

uint32_t decide_taken_there(const struct told_record *told, const struct event *facts,
                            const struct incident *incident, uint32_t *ret_known)
{
    const struct event *next = facts + 1;

    *ret_known = incident != NULL ? incident_fields(incident) & ~incident_taken_fields(incident) : 0;
    if (next >= told->events + told->events_n || next->kind != EVENT_FACTS_TAKEN ||
        !id_equal(next->incident, facts->incident)) {
        return 0;
    }
    uint32_t fields = fact_fields_of(next->taken.fields);
    fields &= next->taken.kind[0] != '\0' ? ~(uint32_t)FIELD_KIND : FIELDS_ALL;
    return fields & (next->taken.substance[0] != '\0' ? ~(uint32_t)FIELD_SUBSTANCE : FIELDS_ALL);
}

void decide_hear_taken(struct deciding *d, const struct incident *incident, const struct event *event,
                       uint32_t news)
{
    size_t n = incident != NULL && incident->ties != NULL ? incident->ties->taken_n : 0;
    uint32_t fields = fact_fields_of(event->taken.fields) & news;
    bool is_there = incident != NULL && incident_taken(incident, event->taken.other) != NULL;

    if (d->region->generation < GENERATION_GIVES_BACK || fields == 0 ||
        (n >= TAKEN_PER_INCIDENT_MAX && !is_there)) {
        return;
    }
    struct event *taken = decide_emit(d, EVENT_FACTS_TAKEN);
    *taken = *event;
    taken->taken.fields = decide_field_names(d, fields);
    taken->taken.grade = incident != NULL ? incident->grade : GRADE_NONE;
}

void decide_hear_returned(struct deciding *d, const struct incident *incident, const struct event *event)
{
    const struct takeover *taken = incident != NULL ? incident_taken(incident, event->taken.other) : NULL;
    struct giving g = {.d = d};
    struct facts_taken given = event->taken;

    if (incident == NULL || d->region->generation < GENERATION_GIVES_BACK) {
        return;
    }
    uint32_t fields = taken != NULL ? taken->fields & fact_fields_of(given.fields) : 0;
    given.kind = taken != NULL ? taken->kind : "";
    given.substance = taken != NULL ? taken->substance : "";
    given.graded = given.graded && is_graver(incident->grade, given.grade) && !is_held(&g, incident);
    if (fields != 0 || given.graded) {
        give(&g, incident, given, fields);
    }
}

void decide_hear_tied(struct deciding *d, const struct incident *incident, struct id id,
                      const struct event *event)
{
    bool is_link = event->kind == EVENT_INCIDENT_LINKED, ends = event->kind == EVENT_INCIDENT_SPLIT;
    struct id other = is_link ? event->linked.other : event->merged.other;
    const struct incident_link *there = incident != NULL ? incident_link(incident, other) : NULL;
    bool has_room =
        incident == NULL || incident->ties == NULL || incident->ties->links_n < LINKS_PER_INCIDENT_MAX;
    bool gives_back = d->region->generation >= GENERATION_GIVES_BACK;

    if (is_link && (there != NULL || has_room)) {
        *decide_emit(d, event->kind) = *event;
    } else if (!is_link &&
               (ends ? gives_back && there != NULL && there->merged : there == NULL && has_room)) {
        emit_about(d, EVENT_INCIDENT_LINKED, id)->linked = (struct incident_linked){
            .other = other, .kind = ends ? LINK_NONE : LINK_RELATED, .merged = gives_back && !ends};
    }
}
