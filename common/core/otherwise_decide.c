/* Asks the rules that grade an incident what they would say if a count were reckoned otherwise, and tells a
 * person of what differs. Terms and numbers are the packs', and found by asking. */
#include "common/core/otherwise.h"
#include "common/core/rule_matter.h"

enum { DAYS_MAX = 36600 /* a term that is longer ends never */ };

struct answer {
    enum grade grade; /* NONE: no rule that holds sets one */
    const char *rule, *article;
};

/* The gravest grade that rules set by these facts. Texts are the arena's. */
static struct answer ask(struct deciding *d, const struct rule_facts *facts)
{
    const struct rules *rules = d->env->rules;
    const struct rule_verdict *verdicts, *gravest = NULL;
    struct answer answer = {.grade = GRADE_NONE, .rule = "", .article = ""};
    size_t n = 0;

    if (d->no_memory || rules->ask(rules->ctx, d->region, TRIGGER_INCIDENT, facts, &verdicts, &n) != 0) {
        d->no_memory = true;
        return answer;
    }
    for (size_t i = 0; i < n; i++) {
        const struct rule_verdict *v = &verdicts[i];
        for (size_t j = 0; j < v->actions_n && v->holds == ANSWER_YES; j++) {
            enum grade grade = v->actions[j].grade;
            if (v->actions[j].kind == ACTION_GRADE && (gravest == NULL || grade < answer.grade)) {
                answer.grade = grade;
                gravest = v;
            }
        }
    }
    if (gravest != NULL) {
        const char *article = arena_strdup(d->arena, gravest->article);
        answer.rule = matter_reason(d, gravest);
        answer.article = article != NULL ? article : "";
        d->no_memory = d->no_memory || article == NULL;
    }
    return answer;
}

static void tell(struct deciding *d, const struct matter *m, size_t i, const struct answer *other,
                 struct grade_otherwise said)
{
    const struct incident *after = &m->after;
    const struct otherwise *there = after->otherwise != NULL ? &after->otherwise[i] : NULL;
    enum grade told = there != NULL ? there->grade : GRADE_NONE;

    if (other->grade == told && (told == GRADE_NONE || there->count == said.count)) {
        return;
    }
    struct event *event = decide_emit(d, EVENT_GRADE_OTHERWISE);
    event->incident = after->id;
    event->at_ms = d->env->now_ms;
    event->otherwise = said;
    event->otherwise.grade = other->grade;
    event->otherwise.rule = other->rule;
    event->otherwise.article = other->article;
}

/* --- what was corrected late ---------------------------------------------------------------------- */

static struct answer on_day(struct deciding *d, struct rule_facts facts, int64_t day)
{
    facts.at[RULE_CORRECTED_DAYS].whole = day;
    return ask(d, &facts);
}

bool decide_counts_late(struct deciding *d, const struct matter *m, enum grade than)
{
    enum grade grade = m->facts.at[RULE_CORRECTED_DAYS].whole > 0 ? on_day(d, m->facts, 0).grade : GRADE_NONE;

    return grade != GRADE_NONE && (than == GRADE_NONE || grade < than);
}

/* The last day on which the answer is that one: it is on day 0, and not on `days`. */
static int64_t last_day(struct deciding *d, const struct rule_facts *facts, enum grade grade, int64_t days)
{
    int64_t counts = 0, late = days < DAYS_MAX ? days : DAYS_MAX;

    while (late - counts > 1) {
        int64_t day = counts + (late - counts) / 2;
        if (on_day(d, *facts, day).grade == grade) {
            counts = day;
        } else {
            late = day;
        }
    }
    return counts;
}

static void look_at_late(struct deciding *d, const struct matter *m, const struct answer *now)
{
    int64_t days = m->facts.at[RULE_CORRECTED_DAYS].whole;
    struct answer other = on_day(d, m->facts, 0), none = {.rule = "", .article = ""};
    bool differs = other.grade != now->grade && other.grade != m->after.grade && days > 0;

    tell(d, m, OTHERWISE_LATE, differs ? &other : &none,
         (struct grade_otherwise){.fact = "",
                                  .region = "",
                                  .count = differs ? days : 0,
                                  .up_to = differs ? last_day(d, &m->facts, other.grade, days) : 0});
}

/* --- what was counted apart ----------------------------------------------------------------------- */

static void look_at_count(struct deciding *d, const struct matter *m, size_t i, const struct answer *now)
{
    static const enum rule_fact facts_of[COUNTS] = {RULE_DEAD, RULE_MISSING, RULE_SERIOUS, RULE_MINOR,
                                                    RULE_TRAPPED};
    const struct apart *apart = incident_apart(&m->after, i);
    struct answer other = {.rule = "", .article = ""};

    if (apart != NULL && apart->count > count_of(&m->after.casualties, i)) {
        struct rule_facts facts = m->facts;
        facts.at[facts_of[i]] = (struct rule_value){.known = true, .whole = apart->count};
        other = ask(d, &facts);
        if (other.grade == GRADE_NONE || (now->grade != GRADE_NONE && other.grade >= now->grade)) {
            other = (struct answer){.rule = "", .article = ""};
        }
    }
    bool differs = other.grade != GRADE_NONE;
    const char *region = arena_strdup(d->arena, differs ? apart->region : ""); /* state's goes with a count */
    d->no_memory = d->no_memory || region == NULL;
    tell(d, m, i, &other,
         (struct grade_otherwise){.fact = count_name(i),
                                  .region = region != NULL ? region : "",
                                  .count = differs ? apart->count : 0});
}

void decide_otherwise(struct deciding *d, struct matter *m)
{
    const struct rules *rules = d->env->rules;
    uint64_t reads = 0;

    if (d->region->generation < GENERATION_OTHERWISE) {
        return;
    }
    matter_know(d, m);
    if (d->no_memory || rules->reads(rules->ctx, d->region, TRIGGER_INCIDENT, &reads) != 0) {
        d->no_memory = true;
        return;
    }
    bool has_term = (reads & UINT64_C(1) << RULE_CORRECTED_DAYS) != 0;
    bool has_late = has_term && m->facts.at[RULE_CORRECTED_DAYS].whole > 0;
    if (!has_late && m->after.disputes == NULL && m->after.otherwise == NULL) {
        return;
    }
    struct answer now = ask(d, &m->facts);
    look_at_late(d, m, &now);
    for (size_t i = 0; i < COUNTS; i++) {
        look_at_count(d, m, i, &now);
    }
}
