/* Rules of what an incident has from another that is merged into it: what that one was when they turned out
 * to be one event, and what other regions go on telling of it, for there it is an incident of its own. */
#include <string.h>

#include "common/core/decide_private.h"
#include "common/core/dispute.h"
#include "common/core/link.h"

static struct event *emit_about(struct deciding *d, enum event_kind kind, const struct incident *incident)
{
    struct event *event = decide_emit(d, kind);

    event->incident = incident->id;
    event->at_ms = d->env->now_ms;
    return event;
}

/* --- facts ---------------------------------------------------------------------------------------- */

static void emit_facts(struct deciding *d, const struct incident *incident, const struct facts *facts)
{
    struct event *event = emit_about(d, EVENT_FACTS_CHANGED, incident);

    event->at_ms = decide_facts_at(d, incident, facts);
    event->facts_changed = *facts;
}

static void mirror(struct deciding *d, const struct incident *part, struct id whole, const char *kind,
                   const char *substance)
{
    struct facts facts = facts_none();

    facts.kind = strcmp(part->kind, kind) != 0 ? kind : "";
    facts.substance = strcmp(part->substance, substance) != 0 ? substance : "";
    if (facts_known(&facts) != 0) {
        emit_facts(d, part, &facts);
        decide_note_mirrored(d, part, whole, &facts);
    }
}

void decide_event_needs(struct deciding *d, const struct incident *const *family, size_t n, const char *kind,
                        const char *substance)
{
    struct words needs = decide_needs(d, kind, substance);

    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            mirror(d, family[i], family[0]->id, kind, substance);
        }
        decide_amendments(d, family[i], needs);
    }
}

static void fill_count(int64_t known, int64_t said, int64_t *ret)
{
    if (known == COUNT_UNKNOWN) {
        *ret = said;
    }
}

/* What the survivor does not know is taken from the one that joins it. Numbers of the same people are not
 * added, and where both know something the survivor's stands: a person says which is right, by a report. */
struct facts decide_facts_to_fill(const struct incident *whole, const struct incident *part)
{
    struct facts fill = facts_none();
    const struct casualties *known = &whole->casualties, *said = &part->casualties;

    fill.kind = whole->kind[0] == '\0' ? part->kind : "";
    fill.substance = whole->substance[0] == '\0' ? part->substance : "";
    if (whole->position.datum == DATUM_NONE) {
        fill.position = part->position;
    }
    fill_count(known->dead, said->dead, &fill.casualties.dead);
    fill_count(known->missing, said->missing, &fill.casualties.missing);
    fill_count(known->serious, said->serious, &fill.casualties.serious);
    fill_count(known->minor, said->minor, &fill.casualties.minor);
    fill_count(known->trapped, said->trapped, &fill.casualties.trapped);
    fill_count(whole->loss_cny, part->loss_cny, &fill.loss_cny);
    fill.occurred_at_ms = whole->occurred_at_ms == 0 ? part->occurred_at_ms : 0;
    return fill;
}

/* The same, and what it has from that one already, which may have become another. */
static struct facts facts_to_take(const struct incident *whole, const struct incident *part, uint32_t fields)
{
    const struct takeover *taken = incident_taken(whole, part->id);
    struct incident own = *whole;

    incident_forget(&own, taken != NULL ? taken->fields & fields : 0, "", "");
    struct facts fill = decide_facts_to_fill(&own, part);
    return facts_only(&fill, fields);
}

static size_t whole_family(const struct deciding *d, const struct incident *whole,
                           const struct incident *part, const struct incident *ret[MERGED_PER_EVENT_MAX + 1])
{
    const struct incident *joining[MERGED_PER_EVENT_MAX + 1];
    size_t n = ties_family(d->state, whole, ret), joining_n = ties_family(d->state, part, joining);

    for (size_t i = 0; i < joining_n && n <= MERGED_PER_EVENT_MAX && !incident_has_part(whole, part->id);
         i++) {
        ret[n++] = joining[i];
    }
    return n;
}

static bool is_graver(enum grade a, enum grade than)
{
    return a != GRADE_NONE && (than == GRADE_NONE || a < than);
}

/* fields: of the part, that may be news. */
static void share_facts(struct deciding *d, const struct incident *whole, const struct incident *part,
                        uint32_t fields, bool graded)
{
    const struct incident *family[MERGED_PER_EVENT_MAX + 1];
    struct facts fill = facts_to_take(whole, part, fields);
    const char *kind = fill.kind[0] != '\0' ? fill.kind : whole->kind;
    const char *substance = fill.substance[0] != '\0' ? fill.substance : whole->substance;

    if (facts_known(&fill) != 0) {
        emit_facts(d, whole, &fill);
        decide_parts_still_apart(d, whole, part->id, &fill.casualties);
    }
    decide_note_taken(d, whole, part, &fill, graded);
    decide_part_apart(d, whole, part, fields & ~facts_fields(&fill));
    decide_answer_requests(d, whole, facts_known(&fill) | part->known);
    if (fill.kind[0] != '\0' && (incident_is_open(whole) || d->region->generation < GENERATION_PARTS)) {
        decide_ask_missing(d, whole->id, whole, kind, whole->known | part->known);
    }
    if ((fields & (FIELD_KIND | FIELD_SUBSTANCE)) != 0) {
        decide_event_needs(d, family, whole_family(d, whole, part, family), kind, substance);
    }
}

/* --- standing ------------------------------------------------------------------------------------- */

static void share_with(struct deciding *d, const struct incident *incident, const char *region)
{
    bool said = incident_is_referred(incident, region);

    for (size_t i = 0; i < d->events_n && !said; i++) {
        const struct event *event = &d->events[i];
        said = event->kind == EVENT_REFERRED && id_equal(event->incident, incident->id) &&
               strcmp(event->referred.region, region) == 0;
    }
    if (!said) {
        emit_about(d, EVENT_REFERRED, incident)->referred = (struct referred){.region = region, .rule = ""};
    }
}

/* Unless it is, already: who told us of it is. */
static void share_too(struct deciding *d, const struct incident *incident, const char *region)
{
    if (incident_share(incident, region) == NULL) {
        share_with(d, incident, region);
    }
}

static void share_grade(struct deciding *d, const struct incident *whole, const struct incident *part)
{
    if (is_graver(part->grade, whole->grade)) {
        bool told = d->region->generation >= GENERATION_GIVES_BACK; /* that no person graded it */
        emit_about(d, EVENT_GRADED, whole)->graded =
            (struct graded){.grade = part->grade,
                            .by = told ? "" : decide_speaker(d),
                            .rule = "",
                            .region = "",
                            .from = told ? part->id : (struct id){{0}}};
    }
}

/* Who was to be told of one is told of the event. */
static void share_reach(struct deciding *d, const struct incident *whole, const struct incident *part)
{
    decide_join_spread(d, whole, part);
    for (size_t i = 0; i < part->referrals_n; i++) {
        share_with(d, whole, part->referrals[i].region);
    }
    for (size_t i = 0; i < part->shares_n; i++) {
        share_too(d, whole, part->shares[i].region);
    }
}

/* Orders were given under each id, so who follows the event follows all of them. */
static void share_back(struct deciding *d, const struct incident *whole, const struct incident *part)
{
    for (size_t i = 0; i < whole->referrals_n; i++) {
        share_too(d, part, whole->referrals[i].region);
    }
    for (size_t i = 0; i < whole->shares_n; i++) {
        share_too(d, part, whole->shares[i].region);
    }
}

void decide_refer_parts(struct deciding *d)
{
    const struct incident *family[MERGED_PER_EVENT_MAX + 1];

    for (size_t i = 0, n = d->events_n; i < n && d->region->generation >= GENERATION_PARTS; i++) {
        const struct event event = d->events[i]; /* a copy: the list grows */
        const struct incident *whole =
            event.kind == EVENT_REFERRED ? state_incident(d->state, event.incident) : NULL;
        size_t family_n = whole != NULL ? ties_family(d->state, whole, family) : 0;
        for (size_t j = 1; j < family_n; j++) {
            share_too(d, family[j], event.referred.region);
        }
    }
}

/* The graver grade and the higher level hold for both. */
void decide_take_over(struct deciding *d, const struct incident *whole, const struct incident *part)
{
    share_facts(d, whole, part, FIELDS_ALL, true);
    share_grade(d, whole, part);
    if (is_graver(part->level, whole->level) && incident_is_open(whole)) {
        emit_about(d, EVENT_LEVEL_SET, whole)->level_set =
            (struct level_set){.level = part->level,
                               .by = decide_speaker(d),
                               .rule = "",
                               .until_ms = part->level_until_ms > d->env->now_ms ? part->level_until_ms : 0};
    }
    share_reach(d, whole, part);
    if (d->region->generation >= GENERATION_PARTS) {
        share_back(d, whole, part);
    }
}

/* --- what is heard of it since -------------------------------------------------------------------- */

/* Kind and substance that it has from the one into which it was merged there. Two regions that merged it into
 * different ones would else answer each other for ever. */
static uint32_t mirrored(const struct facts_taken *taken)
{
    return (taken->kind[0] != '\0' ? FIELD_KIND : 0) | (taken->substance[0] != '\0' ? FIELD_SUBSTANCE : 0);
}

/* What an event of the incident is to the one into which it was merged; false: nothing. */
static bool reads_on(const struct event *event, struct part_heard *ret, uint32_t *ret_fields)
{
    switch (event->kind) {
    case EVENT_FACTS_CHANGED:
        *ret_fields |= facts_fields(&event->facts_changed) & FIELDS_TAKEN;
        return false; /* if they are none, nothing */
    case EVENT_FACTS_TAKEN:
        *ret_fields &= ~mirrored(&event->taken); /* it follows what it is of */
        return false;
    case EVENT_FACTS_RETURNED:
        *ret_fields |= fact_fields_of(event->taken.fields);
        return true;
    case EVENT_GRADED:
        ret->graded = true;
        return true;
    case EVENT_REFERRED:
    case EVENT_GRADE_EXPECTED:
    case EVENT_REGION_TOUCHED:
        return true;
    default:
        return false;
    }
}

void decide_part_heard(struct deciding *d, const struct incident *part)
{
    struct part_heard heard = {.due = true};
    uint32_t fields = 0;
    bool any = false;

    if (part == NULL || !incident_is_merged(part) || d->region->generation < GENERATION_PARTS) {
        return;
    }
    for (size_t i = 0; i < d->events_n; i++) {
        any = (id_equal(d->events[i].incident, part->id) && reads_on(&d->events[i], &heard, &fields)) || any;
    }
    if (any || fields != 0) {
        struct event *event = emit_about(d, EVENT_PART_HEARD, part);
        event->incident = incident_merged_into(part);
        heard.other = part->id;
        heard.fields = decide_field_names(d, fields);
        event->part_heard = heard;
    }
}

static void take_heard(struct deciding *d, const struct incident *whole, const struct merged_part *heard)
{
    const struct incident *part = state_incident(d->state, heard->id);

    emit_about(d, EVENT_PART_HEARD, whole)->part_heard = (struct part_heard){
        .other = heard->id, .fields = decide_field_names(d, heard->heard), .graded = heard->graded};
    if (part == NULL) {
        return; /* what told of it was redacted */
    }
    decide_give_up(d, whole, part, heard->heard & ~incident_fields(part));
    decide_part_apart(d, whole, part, heard->heard & ~incident_fields(part));
    share_facts(d, whole, part, heard->heard & incident_fields(part), heard->graded);
    if (heard->graded) {
        share_grade(d, whole, part);
    }
    share_reach(d, whole, part);
    decide_part_heard(d, whole);
}

bool decide_pass_parts(struct deciding *d, const struct incident *whole)
{
    for (size_t i = 0; whole->ties != NULL && i < whole->ties->parts_n; i++) {
        const struct merged_part *part = &whole->ties->parts[i];
        if (part->due_ms != 0 && part->due_ms <= d->env->now_ms) {
            take_heard(d, whole, part);
            return true;
        }
    }
    return false;
}
