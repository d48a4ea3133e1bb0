/* Rules about readings and silence, asked in commands of the broker's own: the engine asks them of each
 * sample, and of each silence, in its memory, and says here what it saw when one of them has something new to
 * say. */
#include <stdio.h>
#include <string.h>

#include "common/core/link.h"
#include "common/core/rule_matter.h"
#include "common/core/statutory.h"

enum {
    MINUTE_MS = 60 * 1000,
    EVENTS_MAX = 512 /* of a record, but for what the last rule does; what is left is said in the next */
};

/* What rules are asked about. */
struct subject {
    enum rule_trigger trigger;
    const char *name_of_agent, *unit, *name;
    const struct agent *agent; /* as known; may be NULL */
    enum mode mode;
    int64_t since_ms;
    struct rule_facts facts;
    uint64_t shown;                  /* bits of facts that each step shows, whatever its condition asks for */
    const struct incident *incident; /* to which it belongs; NULL: none */
    enum grade level;                /* of that, as this record leaves it */
    size_t held;                     /* by it and by what this record begins */
    bool limited;
};

static bool is_gone(const struct deciding *d, const char *agent)
{
    const struct member *member = region_member(d->region, agent);

    return member == NULL || member->revoked || member->is_operator;
}

/* --- what is known -------------------------------------------------------------------------------- */

static void know_text(struct subject *s, enum rule_fact fact, const char *text)
{
    s->facts.at[fact] = (struct rule_value){.known = true, .text = text};
}

static void know_whole(struct subject *s, enum rule_fact fact, int64_t whole)
{
    s->facts.at[fact] = (struct rule_value){.known = true, .whole = whole};
}

static struct subject subject_of(const struct deciding *d, enum rule_trigger trigger, const char *agent)
{
    struct subject s = {.trigger = trigger,
                        .name_of_agent = agent,
                        .unit = "",
                        .name = "",
                        .agent = state_agent(d->state, agent),
                        .mode = d->command->mode};

    for (size_t i = 0; s.agent != NULL && i < s.agent->lookouts_n; i++) {
        s.held += !lookout_is_rested(&s.agent->lookouts[i], d->env->now_ms);
    }
    return s;
}

static void know_silent(struct deciding *d, struct subject *s, int64_t since_ms)
{
    char *code = arena_alloc(d->arena, REGION_CODE_MAX + 1),
         *agency = arena_alloc(d->arena, NAME_MAX_BYTES + 1);
    const struct member *member = region_member(d->region, s->name_of_agent);
    const char *tier = statutory_tier_word(d->region->code, d->region->generation >= GENERATION_TIERS);

    if (code == NULL || agency == NULL) {
        d->no_memory = true;
        return;
    }
    if (tier[0] != '\0') {
        know_text(s, RULE_TIER, tier);
    }
    if (name_is_link(s->name_of_agent, code)) {
        know_text(s, RULE_LINK, code);
    } else {
        know_text(s, RULE_AGENT, s->name_of_agent);
        if (name_agency(s->name_of_agent, agency)) {
            know_text(s, RULE_AGENCY, agency);
        }
        know_whole(s, RULE_DUTY, member != NULL && member_takes_orders(member));
    }
    know_whole(s, RULE_WAITED_MIN, (d->env->now_ms - since_ms) / MINUTE_MS);
}

/* --- what is said --------------------------------------------------------------------------------- */

/* verdict NULL: of a rule that is not in force any more. */
static struct lookout_step *emit(struct deciding *d, const struct subject *s, enum event_kind kind,
                                 const char *pack, const char *rule, const struct rule_verdict *v)
{
    struct event *event = decide_emit(d, kind);

    event->at_ms = d->env->now_ms;
    event->lookout = (struct lookout_step){.agent = s->name_of_agent,
                                           .unit = s->unit,
                                           .name = s->name,
                                           .mode = s->mode,
                                           .pack = pack,
                                           .version = v != NULL ? v->version : "",
                                           .rule = rule,
                                           .when = rule_trigger_word(s->trigger),
                                           .since_ms = s->since_ms};
    if (v != NULL) {
        event->lookout.seen = matter_seen(d, v->facts | s->shown, &s->facts, &event->lookout.seen_n);
    }
    return &event->lookout;
}

/* "PACK/RULE" */
static const char *reason(struct deciding *d, const struct rule_verdict *v)
{
    const char *text = arena_printf(d->arena, "%s/%s", v->pack, v->rule);

    d->no_memory = d->no_memory || text == NULL;
    return text != NULL ? text : "";
}

static void set_level(struct deciding *d, struct subject *s, const struct rule_verdict *v,
                      const struct rule_action *action)
{
    bool raises = action->kind == ACTION_RAISE;
    bool does = raises ? s->level == GRADE_NONE || action->grade < s->level
                       : s->level != GRADE_NONE && action->grade > s->level;

    if (does && s->incident != NULL && !d->no_memory) {
        struct event *event = decide_emit(d, EVENT_LEVEL_SET);
        event->incident = s->incident->id;
        event->at_ms = d->env->now_ms;
        event->level_set =
            (struct level_set){.level = action->grade,
                               .by = "",
                               .rule = reason(d, v),
                               .until_ms = action->within_ms > 0 ? d->env->now_ms + action->within_ms : 0};
        s->level = action->grade;
    }
}

static void fire(struct deciding *d, struct subject *s, const struct rule_verdict *v)
{
    struct lookout_step *step = emit(d, s, EVENT_LOOKOUT_FIRED, v->pack, v->rule, v);
    const char **roles = arena_array(d->arena, const char *, RULE_ACTIONS_MAX);

    if (roles == NULL) {
        d->no_memory = true;
        return;
    }
    step->roles = (struct words){roles, 0};
    for (size_t i = 0; i < v->actions_n; i++) {
        if (v->actions[i].kind == ACTION_NOTIFY && !words_have(step->roles, v->actions[i].value)) {
            roles[step->roles.n++] = v->actions[i].value;
        }
    }
    if (s->incident != NULL && d->events_n > 0) {
        d->events[d->events_n - 1].incident = s->incident->id;
    }
    for (size_t i = 0; i < v->actions_n; i++) { /* after it: the list of events grows */
        if (v->actions[i].kind == ACTION_RAISE || v->actions[i].kind == ACTION_LOWER) {
            set_level(d, s, v, &v->actions[i]);
        }
    }
}

static void tell_limit(struct deciding *d, const char *name, uint32_t at_most, bool readings)
{
    const struct agent *agent = state_agent(d->state, name);
    int64_t told_ms = agent != NULL ? agent->lookouts_limited_ms : 0;

    if (told_ms == 0 || d->env->now_ms - told_ms >= LOOKOUT_LIMIT_TOLD_MS) {
        struct event *event = decide_emit(d, EVENT_LOOKOUT_LIMITED);
        event->at_ms = d->env->now_ms;
        event->lookout_limited =
            (struct lookout_limited){.agent = name, .at_most = at_most, .readings = readings};
    }
}

/* --- judging -------------------------------------------------------------------------------------- */

static bool may_begin_anew(const struct deciding *d, const struct lookout *ended)
{
    return d->region->generation >= GENERATION_RESTS ? d->env->now_ms >= lookout_rests_until(ended)
                                                     : lookout_is_rested(ended, d->env->now_ms);
}

static void begin(struct deciding *d, struct subject *s, const struct rule_verdict *v,
                  const struct lookout *there)
{
    int64_t now = d->env->now_ms, due_ms = (s->since_ms != 0 ? s->since_ms : now) + v->for_ms;

    if (there != NULL && !may_begin_anew(d, there)) {
        return; /* it has just ended: what flaps is asked again a while later */
    }
    if (there == NULL && s->held >= LOOKOUTS_PER_AGENT_MAX) {
        if (!s->limited) {
            tell_limit(d, s->name_of_agent, LOOKOUTS_PER_AGENT_MAX, false);
        }
        s->limited = true;
        return;
    }
    s->held++;
    if (v->for_ms > 0 && due_ms > now) {
        emit(d, s, EVENT_LOOKOUT_BEGAN, v->pack, v->rule, v)->due_at_ms = due_ms;
    } else {
        fire(d, s, v);
    }
}

/* It holds as far as was known. */
static void go_on(struct deciding *d, struct subject *s, const struct rule_verdict *v,
                  const struct lookout *there)
{
    bool waits = there->due_ms != 0, is_due = waits && there->due_ms <= d->env->now_ms;
    bool unknown = v->holds == ANSWER_UNKNOWN;

    if (waits && v->holds == ANSWER_YES && is_due) {
        fire(d, s, v);
    } else if (waits ? v->holds == ANSWER_NO || (unknown && is_due) : v->is_over) {
        (void)emit(d, s, EVENT_LOOKOUT_ENDED, v->pack, v->rule, v);
    } else if (unknown != there->unknown &&
               (there->doubted_ms == 0 || d->env->now_ms - there->doubted_ms >= LOOKOUT_REST_MS)) {
        emit(d, s, EVENT_LOOKOUT_DOUBTED, v->pack, v->rule, v)->known = !unknown;
    }
}

static const struct rule_verdict *find_verdict(const struct rule_verdict *verdicts, size_t n,
                                               const struct lookout *lookout)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(verdicts[i].rule, lookout->rule) == 0 && strcmp(verdicts[i].pack, lookout->pack) == 0) {
            return &verdicts[i];
        }
    }
    return NULL;
}

/* What holds by a rule that is not in force any more, or (n 0) has nothing to be about. */
static void end_others(struct deciding *d, const struct subject *s, const struct rule_verdict *verdicts,
                       size_t n)
{
    for (size_t i = 0; s->agent != NULL && i < s->agent->lookouts_n; i++) {
        const struct lookout *there = &s->agent->lookouts[i];
        if (lookout_holds(there) && lookout_is_about(there, s->mode, s->unit, s->name) &&
            find_verdict(verdicts, n, there) == NULL) {
            (void)emit(d, s, EVENT_LOOKOUT_ENDED, there->pack, there->rule, NULL);
        }
    }
}

static void ask(struct deciding *d, struct subject *s)
{
    const struct rules *rules = d->env->rules;
    const struct rule_verdict *verdicts = NULL;
    size_t n = 0;

    if (decide_has_rules(d) &&
        (d->no_memory || rules->ask(rules->ctx, d->region, s->trigger, &s->facts, &verdicts, &n) != 0)) {
        d->no_memory = true;
        return;
    }
    end_others(d, s, verdicts, n);
    for (size_t i = 0; i < n && !d->no_memory && d->events_n < EVENTS_MAX; i++) {
        const struct rule_verdict *v = &verdicts[i];
        const struct lookout *there = agent_lookout(s->agent, s->mode, s->unit, s->name, v->pack, v->rule);
        if (there != NULL && lookout_holds(there)) {
            go_on(d, s, v, there);
        } else if (v->holds == ANSWER_YES) {
            begin(d, s, v, there);
        }
    }
}

/* --- commands ------------------------------------------------------------------------------------- */

void decide_note_reading(struct deciding *d, const struct note_reading *command)
{
    struct subject s = subject_of(d, TRIGGER_READING, command->agent);
    const struct incident *incident = state_incident(d->state, command->incident);

    if (command->agent[0] == '\0' || command->name[0] == '\0') {
        decide_refuse(d, REFUSED_INVALID, "note_reading: name the agent and what was measured");
        return;
    }
    s.unit = command->unit;
    s.name = command->name;
    if (is_gone(d, command->agent)) {
        end_others(d, &s, NULL, 0);
        return;
    }
    if (incident != NULL && incident->mode == s.mode && incident_is_open(incident) && !incident->history) {
        s.incident = incident;
        s.level = incident->level;
    }
    lookout_know_reading(&s.facts, d->region, command);
    s.shown = UINT64_C(1) << RULE_READING;
    ask(d, &s);
}

void decide_note_silence(struct deciding *d, const struct note_silence *command)
{
    struct subject s = subject_of(d, TRIGGER_SILENT, command->agent);

    if (command->agent[0] == '\0' || (!command->heard && command->since_ms <= 0) ||
        command->since_ms > d->env->now_ms) {
        decide_refuse(d, REFUSED_INVALID, "note_silence: name the agent, and since when it is silent");
        return;
    }
    if (command->heard || is_gone(d, command->agent)) {
        end_others(d, &s, NULL, 0);
        return;
    }
    s.since_ms = command->since_ms;
    s.shown = UINT64_C(1) << RULE_WAITED_MIN;
    know_silent(d, &s, command->since_ms);
    ask(d, &s);
}

void decide_note_lookout_limit(struct deciding *d, const struct note_lookout_limit *command)
{
    if (command->agent[0] == '\0') {
        decide_refuse(d, REFUSED_INVALID, "note_lookout_limit: name the agent");
        return;
    }
    tell_limit(d, command->agent, command->at_most, true);
}
