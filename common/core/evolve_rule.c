/* evolve() for what rules and people make of an incident: grade, level, referrals, and which rules hold. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/core/rule.h"
#include "common/core/state_private.h"

static int rule_holds(struct state *state, struct incident *incident, const struct event *event,
                      int64_t due_ms)
{
    const struct rule_step *e = &event->rule;
    struct rule_hold *there = incident_hold(incident, e->pack, e->rule);

    if (there != NULL) {
        there->due_ms = due_ms;
        there->terms = e->terms;
        return 0;
    }
    const char *pack = state_intern(state, e->pack), *rule = state_intern(state, e->rule);
    struct rule_hold *grown = realloc(incident->holds, (incident->holds_n + 1) * sizeof *grown);
    if (grown != NULL) {
        incident->holds = grown;
    }
    if (grown == NULL || pack == NULL || rule == NULL) {
        return ERR_NO_MEMORY;
    }
    grown[incident->holds_n++] = (struct rule_hold){
        .pack = pack, .rule = rule, .since_ms = event->at_ms, .due_ms = due_ms, .terms = e->terms};
    return 0;
}

static void rule_ended(struct incident *incident, const struct rule_step *e)
{
    struct rule_hold *there = incident_hold(incident, e->pack, e->rule);

    if (there != NULL) {
        size_t at = (size_t)(there - incident->holds);
        incident->holds_n--;
        memmove(there, there + 1, (incident->holds_n - at) * sizeof *there);
    }
}

/* It is known again what its grade rests upon, or that a person is to say so. */
static void regraded(struct incident *incident)
{
    if (incident->ties != NULL) {
        incident->ties->regrade = (struct id){{0}};
    }
}

static int graded(struct state *state, struct incident *incident, const struct event *event)
{
    const char *by = state_intern(state, event->graded.by[0] != '\0' ? event->graded.by : event->graded.rule);

    if (by == NULL) {
        return ERR_NO_MEMORY;
    }
    incident->grade = event->graded.grade;
    incident->graded_by = by;
    incident->graded_at_ms = event->at_ms;
    incident->doubted = GRADE_NONE;
    incident->doubted_in = "";
    incident->doubted_by = "";
    regraded(incident);
    return 0;
}

static int doubted(struct state *state, struct incident *incident, const struct graded *e)
{
    const char *in = state_intern(state, e->region), *by = state_intern(state, e->by);

    if (in == NULL || by == NULL) {
        return ERR_NO_MEMORY;
    }
    incident->doubted = e->grade;
    incident->doubted_in = in;
    incident->doubted_by = by;
    return 0;
}

static int otherwise(struct incident *incident, const struct grade_otherwise *e)
{
    size_t i = 0;

    if (incident->otherwise == NULL) {
        incident->otherwise = calloc(OTHERWISES, sizeof *incident->otherwise);
    }
    if (incident->otherwise == NULL) {
        return ERR_NO_MEMORY;
    }
    while (i < OTHERWISE_LATE && strcmp(e->fact, count_name(i)) != 0) {
        i++;
    }
    struct otherwise *there = &incident->otherwise[i];
    *there = (struct otherwise){.grade = e->grade, .count = e->count, .up_to = e->up_to};
    (void)snprintf(there->article, sizeof there->article, "%s", e->article);
    return 0;
}

static int referred(struct state *state, struct incident *incident, const struct event *event)
{
    const char *region = state_intern(state, event->referred.region);

    if (region != NULL && incident_is_referred(incident, region)) {
        return 0;
    }
    struct referral *grown = realloc(incident->referrals, (incident->referrals_n + 1) * sizeof *grown);
    if (grown != NULL) {
        incident->referrals = grown;
    }
    if (grown == NULL || region == NULL) {
        return ERR_NO_MEMORY;
    }
    grown[incident->referrals_n++] =
        (struct referral){.region = region, .at_ms = event->at_ms, .unreached = ""};
    return 0;
}

/* Of a decline. */
static int rules_of_order(struct incident *incident, const struct event *event)
{
    struct order *order = incident_order(incident, event->order);

    if (order != NULL) {
        order->declined_due_ms = event->kind == EVENT_RULES_DUE ? event->at_ms : 0;
    }
    return 0;
}

int evolve_rule(struct state *state, struct incident *incident, const struct event *event)
{
    if ((event->kind == EVENT_RULES_DUE || event->kind == EVENT_RULES_ASKED) && !id_is_zero(event->order)) {
        return rules_of_order(incident, event);
    }
    switch (event->kind) {
    case EVENT_RULES_DUE:
        incident->rules_due_ms = event->at_ms;
        incident->rules_fired = 0;
        incident->grew = incident->grew || event->rules_due.grew;
        incident->recounted_at_ms = event->rules_due.recounted ? event->at_ms : incident->recounted_at_ms;
        return 0;
    case EVENT_RULES_ASKED:
        incident->rules_due_ms = 0;
        incident->rules_fired = 0;
        incident->grew = false;
        regraded(incident);
        return 0;
    case EVENT_RULE_WAITS:
        return rule_holds(state, incident, event, event->rule.due_at_ms);
    case EVENT_RULE_FIRED:
        incident->rules_fired += incident->rules_due_ms != 0;
        /* of what happens once there is nothing to hold */
        return rule_is_lasting(event->rule.when) ? rule_holds(state, incident, event, 0) : 0;
    case EVENT_RULE_ENDED:
        rule_ended(incident, &event->rule);
        return 0;
    case EVENT_GRADED:
        return graded(state, incident, event);
    case EVENT_GRADE_DOUBTED:
        return doubted(state, incident, &event->graded);
    case EVENT_GRADE_ASKED:
        incident->grade_asked_ms = event->at_ms;
        return 0;
    case EVENT_GRADE_OTHERWISE:
        return otherwise(incident, &event->otherwise);
    case EVENT_LEVEL_SET:
        incident->level = event->level_set.level;
        incident->level_at_ms = event->at_ms;
        incident->level_until_ms = event->level_set.until_ms;
        return 0;
    case EVENT_REFERRED:
        return referred(state, incident, event);
    default:
        return 0;
    }
}
