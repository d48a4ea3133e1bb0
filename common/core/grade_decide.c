/* What a person makes of an incident: its grade, and the response to it; and when he is asked for the grade,
 * or told that it is in doubt, because no rule says it, or none any more. */
#include <string.h>

#include "common/core/rule_matter.h"

static bool is_grade(enum grade grade)
{
    return grade >= GRADE_I && grade <= GRADE_IV;
}

static struct event *emit_about(struct deciding *d, enum event_kind kind, const struct incident *incident)
{
    struct event *event = decide_emit(d, kind);

    event->incident = incident->id;
    event->at_ms = d->env->now_ms;
    return event;
}

/* Whether a rule in force may grade what is of this kind, though none does by what is known now. */
static bool is_graded_by_rules(const struct matter *m)
{
    for (size_t i = 0; i < m->verdicts_n; i++) {
        const struct rule_verdict *v = &m->verdicts[i];
        for (size_t j = 0; j < v->actions_n && v->is_for; j++) {
            if (v->actions[j].kind == ACTION_GRADE) {
                return true;
            }
        }
    }
    return false;
}

void decide_ask_grade(struct deciding *d, struct matter *m)
{
    const struct incident *after = &m->after;

    bool is_new = after->grade == GRADE_NONE && after->grade_asked_ms == 0;

    if (d->region->generation >= GENERATION_ASKS_GRADE && after->reports > 0 && after->kind[0] != '\0' &&
        (is_new || after->grew) && !is_graded_by_rules(m) &&
        (d->region->generation < GENERATION_HERE || incident_is_here(after, d->region->code))) {
        struct event *event = emit_about(d, EVENT_GRADE_ASKED, after);
        event->grade_asked = (struct grade_asked){.rule = ""};
        matter_see(m, event);
    }
}

/* --- what a grade rests upon ---------------------------------------------------------------------- */

static bool grades(const struct rule_verdict *v, enum grade *ret)
{
    *ret = GRADE_NONE;
    for (size_t i = 0; i < v->actions_n; i++) {
        enum grade grade = v->actions[i].grade;
        if (v->actions[i].kind == ACTION_GRADE && (*ret == GRADE_NONE || grade < *ret)) {
            *ret = grade;
        }
    }
    return *ret != GRADE_NONE;
}

static bool has_fired(const struct matter *m, const struct rule_verdict *v)
{
    const struct rule_hold *hold = incident_hold(&m->after, v->pack, v->rule);

    return hold != NULL && hold->due_ms == 0;
}

/* Of the rules that hold, some only until something else does, the one with the gravest grade; NULL: none. */
static const struct rule_verdict *gravest(const struct matter *m, enum grade *ret)
{
    const struct rule_verdict *found = NULL;
    enum grade grade;

    *ret = GRADE_NONE;
    for (size_t i = 0; i < m->verdicts_n; i++) {
        const struct rule_verdict *v = &m->verdicts[i];
        bool until = v->holds == ANSWER_NO && has_fired(m, v) && !v->is_over;
        bool holds = v->holds == ANSWER_YES || until;
        if (holds && grades(v, &grade) && (found == NULL || grade < *ret)) {
            *ret = grade;
            found = v;
        }
    }
    return found;
}

/* An operator's name or an agent's; a rule's is PACK/RULE. */
static bool is_person(const char *by)
{
    return by[0] != '\0' && (strchr(by, '/') == NULL || name_is_agent(by));
}

/* The rule that has said the grade, or one as grave, until this record; NULL: none has, or a person has said
 * it. */
static const struct rule_verdict *lost_rule(const struct deciding *d, const struct matter *m)
{
    enum grade grade;

    if (d->region->generation < GENERATION_UPHELD || is_person(m->after.graded_by)) {
        return NULL;
    }
    for (size_t i = 0; i < m->verdicts_n; i++) {
        const struct rule_verdict *v = &m->verdicts[i];
        if (has_fired(m, v) && v->is_over && grades(v, &grade) && grade <= m->after.grade) {
            return v;
        }
    }
    return NULL;
}

void decide_regrade(struct deciding *d, struct matter *m, bool whole)
{
    const struct incident *after = &m->after;
    bool is_split = after->ties != NULL && !id_is_zero(after->ties->regrade);
    enum grade grade;

    if (after->grade == GRADE_NONE || after->doubted != GRADE_NONE || (is_split && !whole)) {
        return;
    }
    const struct rule_verdict *lost = is_split ? NULL : lost_rule(d, m), *left = gravest(m, &grade);
    bool is_upheld = left != NULL && grade <= after->grade;
    if (is_upheld || (!is_split && lost == NULL)) {
        return;
    }
    const char *was = lost != NULL ? matter_reason(d, lost) : "", *is = left ? matter_reason(d, left) : "";
    if (!is_split && decide_counts_late(d, m, grade)) {
        return; /* what was corrected after the term of the law moves no grade */
    }
    if (left != NULL) {
        struct event *event = emit_about(d, EVENT_GRADE_DOUBTED, after);
        event->graded = (struct graded){.grade = grade, .by = "", .rule = is, .region = ""};
        matter_see(m, event);
    } else if (is_split ||
               (after->grade_asked_ms <= after->graded_at_ms && incident_is_here(after, d->region->code))) {
        struct id of = is_split ? after->ties->regrade : (struct id){{0}};
        emit_about(d, EVENT_GRADE_ASKED, after)->grade_asked = (struct grade_asked){.of = of, .rule = was};
    }
}

/* --- what is said --------------------------------------------------------------------------------- */

static void doubt(struct deciding *d, const struct event *graded, const char *region)
{
    struct event *event = decide_emit(d, EVENT_GRADE_DOUBTED);

    event->incident = graded->incident;
    event->at_ms = graded->at_ms; /* as it was said: its words are found by it */
    event->graded =
        (struct graded){.grade = graded->graded.grade, .by = graded->graded.by, .rule = "", .region = region};
}

void decide_hear_graded(struct deciding *d, const struct incident *incident, struct grade_known *known,
                        const char *lead, const char *told_by, const struct event *event)
{
    enum grade grade = event->graded.grade;
    bool leads = d->region->generation >= GENERATION_LOWERED && strcmp(lead, told_by) == 0;
    bool lowered = leads && known->doubted_in[0] != '\0';
    bool lowers = leads && grade > known->grade && (event->graded.by[0] != '\0' || lowered);

    if (grade != GRADE_NONE && (known->grade == GRADE_NONE || grade < known->grade ||
                                (lowers && incident == NULL) || (lowered && grade == known->grade))) {
        *decide_emit(d, event->kind) = *event;
        *known = (struct grade_known){.grade = grade, .doubted_in = ""};
    } else if (lowers && known->doubted != grade) {
        doubt(d, event, told_by);
        known->doubted = grade;
        known->doubted_in = told_by;
    }
}

/* Law and packs raise a grade; only a person lowers one, and says why. The grade of a closed incident can
 * change still (Decree 493 Art. 13). */
void decide_set_grade(struct deciding *d, const struct set_grade *command)
{
    if (!decide_names_incident(d, command->incident) || !decide_needs_right(d, "grade", NULL)) {
        return;
    }
    const struct incident *incident = decide_incident(d, command->incident);
    if (incident == NULL) {
        return;
    }
    if (!is_grade(command->grade)) {
        decide_refuse(d, REFUSED_INVALID, "a grade is I, II, III or IV");
    } else if (incident->grade != GRADE_NONE && command->grade > incident->grade &&
               command->reason[0] == '\0') {
        decide_refuse(d, REFUSED_INVALID, "lowering the grade from %s to %s needs a reason",
                      grade_name(incident->grade), grade_name(command->grade));
    } else if (command->grade != incident->grade || incident->doubted != GRADE_NONE ||
               incident->grade_asked_ms > incident->graded_at_ms) {
        emit_about(d, EVENT_GRADED, incident)->graded =
            (struct graded){.grade = command->grade, .by = decide_speaker(d), .rule = "", .region = ""};
    }
}

void decide_set_level(struct deciding *d, const struct set_level *command)
{
    if (!decide_names_incident(d, command->incident) || !decide_needs_right(d, "level", NULL)) {
        return;
    }
    const struct incident *incident = decide_incident(d, command->incident);
    if (incident == NULL) {
        return;
    }
    if (command->level != GRADE_NONE && !is_grade(command->level)) {
        decide_refuse(d, REFUSED_INVALID, "a response level is I, II, III or IV, or none: over");
    } else if (command->level != GRADE_NONE && !incident_is_open(incident)) {
        decide_refuse(d, REFUSED_INCIDENT_CLOSED, "a response is to what is still going on");
    } else if (command->until_ms != 0 && command->until_ms <= d->env->now_ms) {
        decide_refuse(d, REFUSED_INVALID, "the expected end of the response is past");
    } else if (command->level != incident->level || command->until_ms != incident->level_until_ms) {
        emit_about(d, EVENT_LEVEL_SET, incident)->level_set = (struct level_set){
            .level = command->level, .by = decide_speaker(d), .rule = "", .until_ms = command->until_ms};
    }
}
