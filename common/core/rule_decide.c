/* Rules of the packs in force, asked in the broker's own commands: about a deadline in the record in which it
 * passes, about an incident in one that follows at once what has changed it. So no report waits for them, or
 * is refused because they have too much to say, and what they saw stands beside what they did. */
#include <stdio.h>
#include <string.h>

#include "common/base/mutant.h"
#include "common/core/rule_matter.h"

enum {
    ROUNDS_MAX = 8,            /* what a rule changes may make another hold, and so on */
    FIRED_PER_RECORD_MAX = 64, /* rules; of what happens once no more fire */
    EVENTS_MAX = 512,          /* of a record, but for what the last rule does */
    BYTES_MAX = 128 * 1024,    /* the same, reckoned: half of what a record may have */
    BYTES_OF_EVENT = 96,       /* ids, times and lengths */
};

/* --- reasons -------------------------------------------------------------------------------------- */

static struct event *emit(struct deciding *d, const struct matter *m, enum event_kind kind)
{
    struct event *event = decide_emit(d, kind);

    event->incident = m->after.id;
    event->at_ms = d->env->now_ms;
    return event;
}

static void emit_fired(struct deciding *d, const struct matter *m, const struct rule_verdict *v)
{
    size_t n = 0;
    uint64_t shown = m->trigger == TRIGGER_DECLINED ? UINT64_C(1) << RULE_AGENT : 0; /* by whom, always */
    const struct seen_fact *seen = matter_seen(d, v->facts | shown, &m->facts, &n);

    struct event *event = emit(d, m, EVENT_RULE_FIRED);
    if (m->order != NULL) {
        event->order = m->order->id;
    }
    event->rule = (struct rule_step){.pack = v->pack,
                                     .version = v->version,
                                     .rule = v->rule,
                                     .when = rule_trigger_word(m->trigger),
                                     .seen = seen,
                                     .seen_n = n};
}

static void emit_step(struct deciding *d, const struct matter *m, enum event_kind kind,
                      const struct rule_hold *hold)
{
    emit(d, m, kind)->rule = (struct rule_step){.pack = hold->pack,
                                                .version = "",
                                                .rule = hold->rule,
                                                .when = "",
                                                .due_at_ms = hold->due_ms,
                                                .terms = hold->terms};
}

/* Facts that are not known and for want of which rules before this one could not be told: with them the
 * answer might be another. */
static struct words wanting(struct deciding *d, const struct matter *m, const struct rule_verdict *verdicts,
                            size_t at)
{
    const char **words = arena_array(d->arena, const char *, RULE_FACT_COUNT);
    uint64_t facts = 0;
    size_t n = 0;

    if (words == NULL) {
        d->no_memory = true;
        return (struct words){NULL, 0};
    }
    for (size_t i = 0; i < at; i++) {
        bool same = strcmp(verdicts[i].pack, verdicts[at].pack) == 0;
        facts |= same && verdicts[i].holds == ANSWER_UNKNOWN ? verdicts[i].facts : 0;
    }
    for (int i = 0; i < RULE_FACT_COUNT; i++) {
        if ((facts >> i & 1) != 0 && !m->facts.at[i].known) {
            words[n++] = rule_fact_words((enum rule_fact)i)->word;
        }
    }
    return (struct words){words, n};
}

/* --- what rules do -------------------------------------------------------------------------------- */

/* A rule that holds as well makes it as grave. */
static bool is_upheld(const struct matter *m, enum grade grade)
{
    for (size_t i = 0; i < m->verdicts_n; i++) {
        const struct rule_verdict *v = &m->verdicts[i];
        for (size_t j = 0; j < v->actions_n && v->holds == ANSWER_YES; j++) {
            if (v->actions[j].kind == ACTION_GRADE && v->actions[j].grade <= grade) {
                return true;
            }
        }
    }
    return false;
}

/* Rules only raise a grade (1 is the gravest): what would lower it is told, and a person decides. A doubt of
 * theirs that new facts take back is told, too, as one of no grade. */
static void set_grade(struct deciding *d, struct matter *m, const struct rule_verdict *verdicts, size_t at,
                      enum grade grade)
{
    const struct incident *after = &m->after;
    bool rises = after->grade == GRADE_NONE || grade < after->grade || MUTANT(MUTANT_GRADE_FALLS);

    if (grade == after->grade ? after->doubted == GRADE_NONE || after->doubted_in[0] != '\0'
                              : !rises && (grade == after->doubted || is_upheld(m, after->grade))) {
        return;
    }
    struct event *event = emit(d, m, rises ? EVENT_GRADED : EVENT_GRADE_DOUBTED);
    event->graded = (struct graded){.grade = grade != after->grade ? grade : GRADE_NONE,
                                    .by = "",
                                    .rule = matter_reason(d, &verdicts[at]),
                                    .region = ""};
    if (rises) {
        event->graded.unknown = wanting(d, m, verdicts, at);
    }
    matter_see(m, event);
    m->changed = true;
}

/* With its expected duration, where the pack says one (Emergency Response Law Art. 72). */
static void set_level(struct deciding *d, struct matter *m, const struct rule_verdict *v,
                      const struct rule_action *action)
{
    enum grade now = m->after.level, level = action->grade;
    bool raises = action->kind == ACTION_RAISE;
    bool does = raises ? now == GRADE_NONE || level < now : now != GRADE_NONE && level > now;

    if (does && incident_is_open(&m->after)) { /* a response is to what is still going on */
        struct event *event = emit(d, m, EVENT_LEVEL_SET);
        event->level_set =
            (struct level_set){.level = level,
                               .by = "",
                               .rule = matter_reason(d, v),
                               .until_ms = action->within_ms > 0 ? d->env->now_ms + action->within_ms : 0};
        matter_see(m, event);
        m->changed = true;
    }
}

static bool has_said(const struct deciding *d, const struct matter *m, enum event_kind kind, const char *word)
{
    for (size_t i = 0; i < d->events_n; i++) {
        const struct event *event = &d->events[i];
        if (event->kind != kind || !id_equal(event->incident, m->after.id)) {
            continue;
        }
        const char *said = kind == EVENT_NOTIFIED ? event->notified.role : event->information.fact;
        if (strcmp(said, word) == 0) {
            return true;
        }
    }
    return false;
}

/* Asks once for a fact that is not known. */
static void ask(struct deciding *d, struct matter *m, const struct rule_action *action)
{
    enum fact fact = fact_parse(action->value);
    bool asked = fact == FACT_COUNT || (m->after.known & (1U << (unsigned)fact)) != 0 ||
                 has_said(d, m, EVENT_INFORMATION_REQUESTED, action->value);

    for (size_t i = 0; i < m->after.requests_n; i++) {
        asked = asked || strcmp(m->after.requests[i].fact, action->value) == 0;
    }
    if (!asked) {
        emit(d, m, EVENT_INFORMATION_REQUESTED)->information =
            (struct information){.fact = action->value, .due_at_ms = d->env->now_ms + action->within_ms};
    }
}

static void start_clock(struct deciding *d, const struct matter *m, const struct rule_verdict *v,
                        const char *name)
{
    for (size_t i = 0; i < v->clocks_n; i++) {
        if (strcmp(v->clocks[i].name, name) == 0) {
            decide_start_clock(d, &m->after, v->pack, v->rule, &v->clocks[i]);
        }
    }
}

static void act(struct deciding *d, struct matter *m, const struct rule_verdict *verdicts, size_t at,
                const struct rule_action *action)
{
    const struct rule_verdict *v = &verdicts[at];

    switch (action->kind) {
    case ACTION_GRADE:
        set_grade(d, m, verdicts, at, action->grade);
        return;
    case ACTION_RAISE:
    case ACTION_LOWER:
        set_level(d, m, v, action);
        return;
    case ACTION_REFER:
        decide_refer(d, &m->after, action->value, matter_reason(d, v));
        return;
    case ACTION_ASK:
        ask(d, m, action);
        return;
    case ACTION_NOTIFY:
        if (!has_said(d, m, EVENT_NOTIFIED, action->value)) {
            emit(d, m, EVENT_NOTIFIED)->notified = decide_notice(d, action->value, matter_reason(d, v));
        }
        return;
    case ACTION_START:
        start_clock(d, m, v, action->value);
        return;
    case ACTION_STOP:
        decide_stop_clock(d, &m->after, v->pack, v->rule, action->value);
        return;
    case ACTION_REMIND:
        decide_remind(d, &m->after, m->order, matter_reason(d, v), action->within_ms);
        return;
    case ACTION_REISSUE:
        decide_want_reissue(d, &m->after, m->order, matter_reason(d, v),
                            action->ability != NULL ? action->ability : "");
        return;
    case RULE_ACTION_COUNT:
        return;
    }
}

/* --- firing --------------------------------------------------------------------------------------- */

/* Whether the rule holds already, and until when it waits: by the state and by what this record says. */
static bool find_hold(const struct deciding *d, const struct matter *m, const char *pack, const char *rule,
                      struct rule_hold *ret)
{
    const struct rule_hold *hold = incident_hold(&m->after, pack, rule);
    bool there = hold != NULL;

    *ret = there ? *hold : (struct rule_hold){.pack = pack, .rule = rule};
    for (size_t i = 0; i < d->events_n; i++) {
        const struct event *event = &d->events[i];
        if (event->kind < EVENT_RULE_WAITS || event->kind > EVENT_RULE_ENDED ||
            !id_equal(event->incident, m->after.id) || strcmp(event->rule.rule, rule) != 0 ||
            strcmp(event->rule.pack, pack) != 0) {
            continue;
        }
        there = event->kind != EVENT_RULE_ENDED;
        ret->due_ms = event->kind == EVENT_RULE_WAITS ? event->rule.due_at_ms : 0;
        ret->terms = event->rule.terms;
    }
    return there;
}

/* About what the rule's firing takes in a record: each action names it again. */
static size_t bytes_of(const struct rule_verdict *v)
{
    size_t name = strlen(v->pack) + strlen(v->rule), n = BYTES_OF_EVENT + name + strlen(v->version);

    for (int i = 0; i < RULE_FACT_COUNT; i++) {
        n += (v->facts >> i & 1) != 0 ? VALUE_TEXT_MAX + NAME_MAX_BYTES : 0;
    }
    n += (v->facts >> RULE_WARNINGS & 1) != 0 ? (size_t)WARNINGS_TEXT_MAX : 0;
    for (size_t i = 0; i < v->actions_n; i++) {
        n += BYTES_OF_EVENT + name + strlen(v->actions[i].value);
        n += v->actions[i].kind == ACTION_START ? 2 * (BYTES_OF_EVENT + NAME_MAX_BYTES)
                                                : 0; /* and may be met */
    }
    return n;
}

/* False: this record holds enough; the next goes on. */
static bool fire(struct deciding *d, struct matter *m, const struct rule_verdict *verdicts, size_t at)
{
    const struct rule_verdict *v = &verdicts[at];

    if (m->fired == FIRED_PER_RECORD_MAX || d->events_n >= EVENTS_MAX || m->bytes >= BYTES_MAX) {
        return false;
    }
    m->fired++;
    m->bytes += bytes_of(v);
    emit_fired(d, m, v);
    for (size_t i = 0; i < v->actions_n; i++) {
        act(d, m, verdicts, at, &v->actions[i]);
    }
    return true;
}

static bool step(struct deciding *d, struct matter *m, enum event_kind kind, const struct rule_hold *hold)
{
    if (d->events_n >= EVENTS_MAX || m->bytes >= BYTES_MAX) {
        return false;
    }
    m->bytes += BYTES_OF_EVENT + strlen(hold->pack) + strlen(hold->rule);
    emit_step(d, m, kind, hold);
    return true;
}

static bool wait_for(struct deciding *d, struct matter *m, const struct rule_verdict *v, int64_t due_ms)
{
    const struct rule_hold hold = {.pack = v->pack,
                                   .rule = v->rule,
                                   .due_ms = due_ms,
                                   .terms = d->region->generation >= GENERATION_WAITS ? v->terms : 0};

    return step(d, m, EVENT_RULE_WAITS, &hold);
}

static bool end(struct deciding *d, struct matter *m, const char *pack, const char *rule)
{
    return step(d, m, EVENT_RULE_ENDED, &(struct rule_hold){.pack = pack, .rule = rule});
}

/* The rule has become another while this waited for it: until when that one's time runs. What has changed
 * nothing since the pack was set has held for it since then. */
static int64_t due_anew(const struct deciding *d, const struct matter *m, const struct rule_verdict *v,
                        const struct rule_hold *hold)
{
    const struct region_pack *pack = region_pack(d->region, v->pack);
    int64_t now = d->env->now_ms, set_at = pack != NULL ? pack->set_at_ms : 0;
    bool unchanged = m->after.rules_due_ms == 0 && set_at != 0 && set_at <= now;

    return v->for_ms + (!unchanged ? now : set_at > hold->since_ms ? set_at : hold->since_ms);
}

/* A person has made it less grave than a rule that holds would have it, and it has grown since: the rule has
 * fired, and does not again, so it is told, and the person decides. */
static void doubt_again(struct deciding *d, struct matter *m, const struct rule_verdict *verdicts, size_t at)
{
    const struct rule_verdict *v = &verdicts[at];

    for (size_t i = 0; i < v->actions_n; i++) {
        enum grade grade = v->actions[i].grade;
        if (v->actions[i].kind == ACTION_GRADE && m->after.grade != GRADE_NONE && grade < m->after.grade &&
            (m->after.doubted == GRADE_NONE || grade < m->after.doubted)) {
            struct event *event = emit(d, m, EVENT_GRADE_DOUBTED);
            event->graded =
                (struct graded){.grade = grade, .by = "", .rule = matter_reason(d, v), .region = ""};
            matter_see(m, event);
        }
    }
}

/* A rule of something that lasts fires once while it holds, when it has held for long enough. */
static bool judge(struct deciding *d, struct matter *m, const struct rule_verdict *verdicts, size_t at)
{
    const struct rule_verdict *v = &verdicts[at];
    int64_t now = d->env->now_ms;
    struct rule_hold hold;
    bool there = find_hold(d, m, v->pack, v->rule, &hold), waits = there && hold.due_ms != 0;

    if (v->holds == ANSWER_YES && there && !waits && m->after.grew) {
        doubt_again(d, m, verdicts, at);
    }

    if (v->holds == ANSWER_YES && !there && v->for_ms > 0) {
        return wait_for(d, m, v, now + v->for_ms);
    }
    if (v->holds == ANSWER_YES && waits && hold.terms != 0 && hold.terms != v->terms) {
        hold.due_ms = due_anew(d, m, v, &hold);
        if (hold.due_ms > now) {
            return wait_for(d, m, v, hold.due_ms);
        }
    }
    if (v->holds == ANSWER_YES && (!there || (waits && hold.due_ms <= now) || MUTANT(MUTANT_RULE_TWICE))) {
        return fire(d, m, verdicts, at);
    }
    if (there &&
        (waits ? v->holds == ANSWER_NO || (v->holds == ANSWER_UNKNOWN && hold.due_ms <= now) : v->is_over)) {
        return end(d, m, v->pack, v->rule);
    }
    return true;
}

/* What waited for a rule that is not in force any more. */
static bool end_orphans(struct deciding *d, struct matter *m, const struct rule_verdict *verdicts, size_t n)
{
    for (size_t i = 0; i < m->after.holds_n; i++) {
        const struct rule_hold *hold = &m->after.holds[i];
        bool asked = hold->due_ms == 0 || hold->due_ms > d->env->now_ms;
        for (size_t j = 0; j < n && !asked; j++) {
            asked = strcmp(hold->rule, verdicts[j].rule) == 0 && strcmp(hold->pack, verdicts[j].pack) == 0;
        }
        if (!asked && !end(d, m, hold->pack, hold->rule)) {
            return false;
        }
    }
    return true;
}

/* Once: what happens once is over when it was asked about. False: there are more than this record holds. */
static bool ask_rules(struct deciding *d, struct matter *m)
{
    const struct rules *rules = d->env->rules;
    const struct rule_verdict *verdicts = NULL;
    bool lasts = m->trigger == TRIGGER_INCIDENT, whole = true;
    size_t n = 0;

    m->changed = true;
    for (int round = 0; round < (lasts ? ROUNDS_MAX : 1) && m->changed && whole; round++) {
        m->changed = false;
        matter_know(d, m);
        if (d->no_memory || rules->ask(rules->ctx, d->region, m->trigger, &m->facts, &verdicts, &n) != 0) {
            d->no_memory = true;
            return false;
        }
        m->verdicts = verdicts;
        m->verdicts_n = n;
        for (size_t i = 0; i < n && whole; i++) {
            if (lasts) {
                whole = judge(d, m, verdicts, i);
            } else if (verdicts[i].holds == ANSWER_YES) {
                whole = fire(d, m, verdicts, i);
            }
        }
    }
    return whole && (!lasts || end_orphans(d, m, verdicts, n));
}

/* --- what rules are asked about ------------------------------------------------------------------- */

static void ask_about_order(struct deciding *d, const struct incident *incident, struct id order)
{
    struct matter m = matter_of(d, incident, TRIGGER_UNANSWERED);

    m.order = incident_order(incident, order);
    if (m.order != NULL) {
        m.waited_since_ms = m.order->issued_at_ms;
        (void)ask_rules(d, &m);
    }
}

/* People come first: what somebody has given to another meanwhile is in his hands. */
static void ask_about_decline(struct deciding *d, const struct incident *incident, struct id order)
{
    struct matter m = matter_of(d, incident, TRIGGER_DECLINED);

    m.order = incident_order(incident, order);
    if (m.order != NULL && m.order->rung == RUNG_DECLINED && incident_replacement(incident, order) == NULL) {
        (void)ask_rules(d, &m);
    }
}

/* Nobody is able to take what reaches nobody, either. */
static void ask_about_shortage(struct deciding *d, const struct incident *incident, const struct event *event)
{
    struct matter m = matter_of(d, incident, TRIGGER_SHORT);

    m.order = incident_order(incident, event->order);
    if (event->kind == EVENT_ABILITY_SHORT) {
        m.ability = event->ability_short.ability;
        m.free = event->ability_short.free;
    }
    bool found = event->kind == EVENT_ORDER_UNREACHED && event->order_unreached.region[0] == '\0';
    if (m.order != NULL && m.order->home[0] == '\0' && !found) {
        (void)ask_rules(d, &m);
    }
}

static void ask_about_request(struct deciding *d, const struct incident *incident, const char *fact)
{
    struct matter m = matter_of(d, incident, TRIGGER_REQUEST);

    m.request = fact;
    for (size_t i = 0; i < incident->requests_n; i++) {
        if (strcmp(incident->requests[i].fact, fact) == 0) {
            m.waited_since_ms = incident->requests[i].asked_at_ms;
        }
    }
    (void)ask_rules(d, &m);
}

static void ask_about_clock(struct deciding *d, const struct incident *incident,
                            const struct clock_step *step)
{
    const struct incident_clock *clock = incident_clock(incident, step->pack, step->clock);
    struct matter m = matter_of(d, incident, TRIGGER_OVERDUE);

    m.clock = step->clock;
    if (clock != NULL) {
        m.waited_since_ms = clock->begins_ms;
        (void)ask_rules(d, &m);
    }
}

static bool rule_is_due(const struct deciding *d, const struct incident *incident)
{
    for (size_t i = 0; i < incident->holds_n; i++) {
        if (incident->holds[i].due_ms != 0 && incident->holds[i].due_ms <= d->env->now_ms) {
            return true;
        }
    }
    return incident->rules_due_ms != 0 && incident->rules_due_ms <= d->env->now_ms;
}

bool decide_has_rules(const struct deciding *d)
{
    return d->env->rules != NULL && d->region->packs_n > 0;
}

/* Of what happened the rules are asked at once, of what is known when it changed or their time has come. */
void decide_rules(struct deciding *d, const struct incident *incident)
{
    size_t events_n = d->events_n; /* rules add to them */

    for (size_t i = 0; i < events_n && decide_has_rules(d) && !d->no_memory; i++) {
        const struct event event = d->events[i]; /* a copy: the list grows */
        if (event.kind == EVENT_ORDER_UNANSWERED) {
            ask_about_order(d, incident, event.order);
        } else if (event.kind == EVENT_RULES_ASKED && !id_is_zero(event.order)) {
            ask_about_decline(d, incident, event.order);
        } else if (event.kind == EVENT_INFORMATION_OVERDUE) {
            ask_about_request(d, incident, event.information.fact);
        } else if (event.kind == EVENT_CLOCK_OVERDUE) {
            ask_about_clock(d, incident, &event.clock);
        } else if (event.kind == EVENT_ABILITY_SHORT || event.kind == EVENT_ORDER_UNREACHED) {
            ask_about_shortage(d, incident, &event);
        }
    }
    if (events_n > 0 || d->no_memory || !rule_is_due(d, incident)) {
        return; /* in a record of their own: what has just passed is state only after it */
    }
    struct matter m = matter_of(d, incident, TRIGGER_INCIDENT);
    bool whole = true;
    if (decide_has_rules(d)) {
        whole = ask_rules(d, &m);
        if (whole) {
            decide_ask_grade(d, &m);
        }
    } else {
        whole = end_orphans(d, &m, NULL, 0); /* every pack was dropped meanwhile */
    }
    decide_regrade(d, &m, whole);
    if (whole && decide_has_rules(d)) {
        decide_otherwise(d, &m);
    }
    bool endless = incident->rules_fired >= RULES_FIRED_MAX; /* rules that make each other hold again */
    if ((whole || endless) && incident->rules_due_ms != 0) {
        emit(d, &m, EVENT_RULES_ASKED);
    }
}
