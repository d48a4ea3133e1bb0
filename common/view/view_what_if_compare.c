/* What fired in the trial beside what fired in the log. */
#include <stdlib.h>
#include <string.h>

#include "common/view/view_private.h"
#include "common/view/view_what_if_private.h"

/* --- firings -------------------------------------------------------------------------------------- */

/* Whether the event is what a rule did, with what; it follows the rule's firing in the record. */
static bool is_deed(const struct event *event, const char **ret_value)
{
    switch (event->kind) {
    case EVENT_GRADED:
    case EVENT_GRADE_DOUBTED:
        *ret_value = event->graded.grade != GRADE_NONE ? grade_name(event->graded.grade) : "";
        return event->graded.by[0] == '\0' && id_is_zero(event->graded.from);
    case EVENT_LEVEL_SET:
        *ret_value = event->level_set.level != GRADE_NONE ? grade_name(event->level_set.level) : "";
        return event->level_set.by[0] == '\0';
    case EVENT_REFERRED:
        *ret_value = event->referred.region;
        return true;
    case EVENT_NOTIFIED:
        *ret_value = event->notified.role;
        return true;
    case EVENT_INFORMATION_REQUESTED:
        *ret_value = event->information.fact;
        return true;
    case EVENT_CLOCK_STARTED:
        *ret_value = event->clock.clock;
        return event->clock.rule[0] != '\0'; /* else it is the next round of a daily one */
    case EVENT_CLOCK_STOPPED:
        *ret_value = event->clock.clock;
        return true;
    default:
        return false;
    }
}

static bool ends_deeds(enum event_kind kind)
{
    return kind >= EVENT_RULES_DUE && kind <= EVENT_RULE_ENDED;
}

static size_t deeds_after(const struct event *events, size_t n, size_t at, const struct event **ret,
                          size_t max)
{
    const char *value;
    size_t found = 0;

    for (size_t i = at + 1; i < n && !ends_deeds(events[i].kind) && found < max; i++) {
        if (is_deed(&events[i], &value)) {
            ret[found++] = &events[i];
        }
    }
    return found;
}

static int keep_seen(struct what_if_firing *firing, const struct rule_step *step,
                     const struct keeping *keeping)
{
    firing->seen = arena_array(keeping->arena, struct seen_fact, step->seen_n);
    if (firing->seen == NULL) {
        return ERR_NO_MEMORY;
    }
    firing->seen_n = step->seen_n;
    for (size_t i = 0; i < step->seen_n; i++) {
        firing->seen[i] = (struct seen_fact){.fact = names_keep(keeping->words, step->seen[i].fact),
                                             .value = arena_strdup(keeping->arena, step->seen[i].value)};
        if (firing->seen[i].fact == NULL || firing->seen[i].value == NULL) {
            return ERR_NO_MEMORY;
        }
    }
    return 0;
}

static int keep_deeds(struct what_if_firing *firing, const struct event *const *deeds, size_t n,
                      const struct keeping *keeping)
{
    firing->deeds = arena_array(keeping->arena, struct what_if_deed, n);
    if (firing->deeds == NULL) {
        return ERR_NO_MEMORY;
    }
    firing->deeds_n = n;
    for (size_t i = 0; i < n; i++) {
        const char *value = "";
        (void)is_deed(deeds[i], &value);
        firing->deeds[i] =
            (struct what_if_deed){.kind = deeds[i]->kind, .value = names_keep(keeping->words, value)};
        if (firing->deeds[i].value == NULL) {
            return ERR_NO_MEMORY;
        }
    }
    return 0;
}

static int keep_firing(struct firings *firings, const struct event *events, size_t n, size_t at,
                       const struct keeping *keeping)
{
    enum { DEEDS_MAX = 4 * RULE_ACTIONS_MAX };
    const struct rule_step *step = &events[at].rule;
    const struct event *deeds[DEEDS_MAX];
    struct what_if_firing *firing = arena_array(keeping->arena, struct what_if_firing, 1);

    if (firing == NULL) {
        return ERR_NO_MEMORY;
    }
    *firing = (struct what_if_firing){.at_ms = events[at].at_ms,
                                      .order = events[at].order,
                                      .pack = names_keep(keeping->words, step->pack),
                                      .version = names_keep(keeping->words, step->version),
                                      .rule = names_keep(keeping->words, step->rule),
                                      .when = names_keep(keeping->words, step->when)};
    if (firing->pack == NULL || firing->version == NULL || firing->rule == NULL || firing->when == NULL) {
        return ERR_NO_MEMORY;
    }
    int rc = keep_seen(firing, step, keeping);
    rc = rc ? rc : keep_deeds(firing, deeds, deeds_after(events, n, at, deeds, DEEDS_MAX), keeping);
    if (rc == 0) {
        *(firings->last != NULL ? &firings->last->next : &firings->first) = firing;
        firings->last = firing;
    }
    return rc;
}

int firings_take(struct firings *firings, const struct event *events, size_t n, const struct keeping *keeping)
{
    int rc = 0;

    for (size_t i = 0; i < n && rc == 0; i++) {
        if (events[i].kind == EVENT_RULE_FIRED) {
            rc = keep_firing(firings, events, n, i, keeping);
        }
    }
    return rc;
}

/* --- pairs ---------------------------------------------------------------------------------------- */

/* Words are kept once, so that two of them are the same when they lie in one place. */
static bool is_same_rule(const struct what_if_firing *a, const struct what_if_firing *b)
{
    return a->rule == b->rule && a->pack == b->pack && id_equal(a->order, b->order);
}

static bool is_same_time(const struct what_if_firing *a, const struct what_if_firing *b)
{
    int64_t apart = a->at_ms - b->at_ms;

    return apart > -WHAT_IF_SAME_MS && apart < WHAT_IF_SAME_MS;
}

/* First those of one time, then what is left in the order of time. */
static void pair(struct firings *now, struct firings *was)
{
    for (int round = 0; round < 2; round++) {
        for (struct what_if_firing *a = now->first; a != NULL; a = a->next) {
            struct what_if_firing *b = a->other == NULL ? was->first : NULL;
            while (b != NULL &&
                   (b->other != NULL || !is_same_rule(a, b) || (round == 0 && !is_same_time(a, b)))) {
                b = b->next;
            }
            if (b != NULL) {
                a->other = b;
                b->other = a;
            }
        }
    }
}

static bool does_the_same(const struct what_if_firing *a, const struct what_if_firing *b)
{
    bool same = a->deeds_n == b->deeds_n;

    for (size_t i = 0; i < a->deeds_n && same; i++) {
        same = a->deeds[i].kind == b->deeds[i].kind && a->deeds[i].value == b->deeds[i].value;
    }
    return same;
}

static enum what_if_change change_of(const struct what_if_firing *now)
{
    if (now->other == NULL) {
        return WHAT_IF_NEW;
    }
    if (!is_same_time(now, now->other)) {
        return WHAT_IF_MOVED;
    }
    return does_the_same(now, now->other) ? WHAT_IF_SAME : WHAT_IF_OTHERWISE;
}

/* --- counting ------------------------------------------------------------------------------------- */

static struct what_if_rule *add_rule(struct what_if *w, const char *pack, const char *rule, bool is_given)
{
    struct what_if_result *result = &w->result;
    void *rules = result->rules;

    if (pack == NULL || rule == NULL ||
        view_grow(&rules, result->rules_n, &w->rules_capacity, sizeof *result->rules) < 0) {
        return NULL;
    }
    result->rules = rules;
    struct what_if_rule *at = &result->rules[result->rules_n++];
    *at = (struct what_if_rule){.pack = pack, .rule = rule, .is_given = is_given};
    return at;
}

int what_if_list_rules(struct what_if *w)
{
    for (size_t i = 0; i < w->options.packs_n; i++) {
        const struct pack *pack = w->options.packs[i].pack;
        for (size_t j = 0; j < pack->rules_n; j++) {
            if (add_rule(w, names_keep(&w->words, pack->name), names_keep(&w->words, pack->rules[j].name),
                         true) == NULL) {
                return ERR_NO_MEMORY;
            }
        }
    }
    return 0;
}

static bool is_given(const struct what_if *w, const char *pack)
{
    for (size_t i = 0; i < w->options.packs_n; i++) {
        if (strcmp(w->options.packs[i].pack->name, pack) == 0) {
            return true;
        }
    }
    return false;
}

/* NULL: out of memory. */
static struct what_if_rule *rule_of(struct what_if *w, const struct what_if_firing *firing)
{
    for (size_t i = 0; i < w->result.rules_n; i++) {
        struct what_if_rule *rule = &w->result.rules[i];
        if (rule->rule == firing->rule && rule->pack == firing->pack) {
            return rule;
        }
    }
    return add_rule(w, firing->pack, firing->rule, is_given(w, firing->pack));
}

/* Whether no earlier firing of the list is of this rule. */
static bool is_first_of_rule(const struct firings *firings, const struct what_if_firing *firing)
{
    const struct what_if_firing *at = firings->first;

    while (at != firing && (at->rule != firing->rule || at->pack != firing->pack)) {
        at = at->next;
    }
    return at == firing;
}

struct comparing {
    struct what_if *w;
    struct what_if_difference difference;
    what_if_visit *visit;
    void *ctx;
    bool fired, was_fired, differs;
};

static int tell(struct comparing *c, enum what_if_change change, const struct what_if_firing *now,
                const struct what_if_firing *was, bool is_first, struct err *err)
{
    struct what_if_rule *rule = rule_of(c->w, now != NULL ? now : was);

    if (rule == NULL) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    rule->fires += now != NULL;
    rule->incidents += now != NULL && is_first;
    rule->changes[change]++;
    c->fired = c->fired || (now != NULL && rule->is_given);
    c->differs = c->differs || change != WHAT_IF_SAME;
    c->difference.change = change;
    c->difference.now = now;
    c->difference.was = was;
    return c->visit(c->ctx, &c->difference, err);
}

static int count_was(struct comparing *c, const struct firings *was)
{
    for (const struct what_if_firing *at = was->first; at != NULL; at = at->next) {
        struct what_if_rule *rule = rule_of(c->w, at);
        if (rule == NULL) {
            return ERR_NO_MEMORY;
        }
        rule->was_incidents += is_first_of_rule(was, at);
        c->was_fired = c->was_fired || rule->is_given;
    }
    return 0;
}

/* Both lists are in order of time; what is gone stands where it was. */
static int tell_all(struct comparing *c, const struct firings *now, const struct firings *was,
                    struct err *err)
{
    const struct what_if_firing *a = now->first, *b = was->first;
    int rc = 0;

    while ((a != NULL || b != NULL) && rc == 0) {
        if (b != NULL && b->other != NULL) {
            b = b->next; /* told with its other */
        } else if (a != NULL && (b == NULL || a->at_ms <= b->at_ms)) {
            rc = tell(c, change_of(a), a, a->other, is_first_of_rule(now, a), err);
            a = a->next;
        } else {
            rc = tell(c, WHAT_IF_GONE, NULL, b, false, err);
            b = b->next;
        }
    }
    return rc;
}

int what_if_compare(struct what_if *w, const struct what_if_difference *difference, int64_t reported_ms,
                    struct firings *now, struct firings *was, what_if_visit *visit, void *ctx,
                    struct err *err)
{
    struct what_if_result *result = &w->result;
    struct comparing c = {.w = w, .difference = *difference, .visit = visit, .ctx = ctx};

    pair(now, was);
    if (count_was(&c, was) < 0) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    int rc = tell_all(&c, now, was, err);
    result->incidents++;
    result->history += difference->history;
    result->fired += c.fired;
    result->was_fired += c.was_fired;
    result->differ += c.differs;
    result->from_ms = result->from_ms == 0 || reported_ms < result->from_ms ? reported_ms : result->from_ms;
    result->to_ms = reported_ms > result->to_ms ? reported_ms : result->to_ms;
    return rc;
}
