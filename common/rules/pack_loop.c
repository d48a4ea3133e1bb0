#include "common/rules/pack_loop.h"

#include "common/rules/constant.h"

enum {
    STEPS = GRADE_IV + 1,   /* of the grade, and of the level: none, I to IV */
    STATES = STEPS * STEPS, /* both */
    ROUNDS_MAX = 4 * STATES,
    NUMBERS_MAX = 3 * CONSTANTS_MAX + 2,
    TEXTS_MAX = CONSTANTS_MAX + PACK_KINDS_MAX + 2,
    TRIES_MAX = 8000 /* combinations of the other facts; each is STATES rows of facts */
};

static const uint64_t BOTH = UINT64_C(1) << RULE_GRADE | UINT64_C(1) << RULE_LEVEL;

struct search {
    struct conditions *conditions;
    const struct rule *rules[LOOP_RULES_MAX]; /* that can be part of a loop, in their order ... */
    const struct pack *packs[LOOP_RULES_MAX]; /* ... and whose they are */
    size_t n;
    enum rule_fact others[RULE_FACT_COUNT]; /* facts that they ask for beside grade and level */
    size_t others_n;
    struct constants constants;
    struct rule_value numbers[NUMBERS_MAX];
    size_t numbers_n;
    struct rule_value texts[TEXTS_MAX];
    size_t texts_n;
    struct rule_facts facts;
    uint64_t hold[STATES]; /* which of them hold, a bit each */
    uint64_t end[STATES];  /* which would let go */
    bool has_until;        /* of one of them */
    size_t tries;
    struct pack_loop *loop;
};

/* --- rules that can be part of a loop ---------------------------------------------------------------- */

static uint64_t reads(const struct rule *rule)
{
    uint64_t facts = rule->condition != NULL ? condition_facts(rule->condition) : 0;

    return facts | (rule->until != NULL ? condition_facts(rule->until) : 0);
}

static uint64_t writes(const struct rule *rule)
{
    uint64_t facts = 0;

    for (size_t i = 0; i < rule->actions_n; i++) {
        enum rule_action_kind kind = rule->actions[i].kind;
        facts |= kind == ACTION_GRADE                           ? UINT64_C(1) << RULE_GRADE
                 : kind == ACTION_RAISE || kind == ACTION_LOWER ? UINT64_C(1) << RULE_LEVEL
                                                                : 0;
    }
    return facts;
}

/* Reads what it sets, itself or through others: `follows` is what they set who read the grade, the level. */
static bool can_return(const struct rule *rule, const uint64_t follows[2])
{
    uint64_t facts = writes(rule);

    for (int i = 0; i < 2; i++) {
        facts |= (facts >> RULE_GRADE & 1) != 0 ? follows[0] : 0;
        facts |= (facts >> RULE_LEVEL & 1) != 0 ? follows[1] : 0;
    }
    return (facts & reads(rule)) != 0;
}

static void follow(const struct pack *pack, uint64_t follows[2])
{
    for (size_t i = 0; i < pack->rules_n; i++) {
        const struct rule *rule = &pack->rules[i];
        bool is_asked = rule->trigger == TRIGGER_INCIDENT;
        follows[0] |= is_asked && (reads(rule) >> RULE_GRADE & 1) != 0 ? writes(rule) : 0;
        follows[1] |= is_asked && (reads(rule) >> RULE_LEVEL & 1) != 0 ? writes(rule) : 0;
    }
}

/* Adds to ret_facts what they ask for. False: they are too many. */
static bool take_rules(struct search *search, const struct pack *pack, const uint64_t follows[2],
                       uint64_t *ret_facts)
{
    size_t before = search->n;

    for (size_t i = 0; i < pack->rules_n; i++) {
        const struct rule *rule = &pack->rules[i];
        if (rule->trigger != TRIGGER_INCIDENT || !can_return(rule, follows)) {
            continue;
        }
        if (search->n == LOOP_RULES_MAX) {
            return false;
        }
        search->has_until = search->has_until || rule->until != NULL;
        search->packs[search->n] = pack;
        search->rules[search->n++] = rule;
        *ret_facts |= reads(rule);
        constants_add(&search->constants, rule->text);
        constants_add(&search->constants, rule->until_text);
    }
    *ret_facts |= search->n > before && pack->kinds_n > 0 ? UINT64_C(1) << RULE_KIND : 0;
    return true;
}

/* --- what the other facts may be --------------------------------------------------------------------- */

/* Facts of an incident are whole numbers: persons, money, minutes. */
static void add_number(struct search *search, int64_t number)
{
    for (size_t i = 0; i < search->numbers_n; i++) {
        if (search->numbers[i].whole == number) {
            return;
        }
    }
    if (number >= 0) {
        search->numbers[search->numbers_n++] =
            (struct rule_value){.known = true, .whole = number, .real = (double)number};
    }
}

static void add_text(struct search *search, const char *text)
{
    if (search->texts_n < TEXTS_MAX) {
        search->texts[search->texts_n++] = (struct rule_value){.known = text != NULL, .text = text};
    } else {
        search->constants.all = false;
    }
}

static void make_values(struct search *search)
{
    for (size_t i = 0; i < search->constants.numbers_n; i++) {
        double number = search->constants.numbers[i];
        if (number < 1e15) {
            add_number(search, (int64_t)number);
            add_number(search, (int64_t)number + 1);
            add_number(search, (int64_t)number - 1);
        }
    }
    add_number(search, 0);
    search->numbers[search->numbers_n++] = (struct rule_value){.known = false};
    for (size_t i = 0; i < search->constants.texts_n; i++) {
        add_text(search, search->constants.texts[i]);
    }
    add_text(search, "something else");
    add_text(search, NULL);
    for (size_t i = 0; i < search->n; i++) {
        const struct pack *pack = search->packs[i];
        for (size_t j = 0; j < pack->kinds_n && (i == 0 || search->packs[i - 1] != pack); j++) {
            add_text(search, pack->kinds[j]); /* "mine*" begins so, too */
        }
    }
}

/* --- playing ----------------------------------------------------------------------------------------- */

static int grade_of(int state)
{
    return state / STEPS;
}

static int level_of(int state)
{
    return state % STEPS;
}

static int act(int state, const struct rule *rule)
{
    int grade = grade_of(state), level = level_of(state);

    for (size_t i = 0; i < rule->actions_n; i++) {
        int value = (int)rule->actions[i].grade;
        switch (rule->actions[i].kind) {
        case ACTION_GRADE: /* which rules only raise */
            grade = grade == GRADE_NONE || grade > value ? value : grade;
            break;
        case ACTION_RAISE:
            level = level == GRADE_NONE || level > value ? value : level;
            break;
        case ACTION_LOWER:
            level = level != GRADE_NONE && level < value ? value : level;
            break;
        default:
            break;
        }
    }
    return grade * STEPS + level;
}

/* What the rules say in each state, with the other facts as they are. */
static bool ask_states(struct search *search)
{
    const struct rule_value *kind = &search->facts.at[RULE_KIND];

    for (int state = 0; state < STATES; state++) {
        search->facts.at[RULE_GRADE] =
            (struct rule_value){.known = grade_of(state) != GRADE_NONE, .whole = grade_of(state)};
        search->facts.at[RULE_LEVEL] =
            (struct rule_value){.known = level_of(state) != GRADE_NONE, .whole = level_of(state)};
        if (conditions_set(search->conditions, &search->facts) != 0) {
            return false;
        }
        search->hold[state] = 0;
        search->end[state] = 0;
        for (size_t i = 0; i < search->n; i++) {
            const struct rule *rule = search->rules[i];
            bool holds = pack_is_for(search->packs[i], kind->known ? kind->text : "") &&
                         rule_ask(rule, NULL) == ANSWER_YES;
            bool ends = rule->until != NULL ? condition_ask(rule->until, NULL) == ANSWER_YES : !holds;
            search->hold[state] |= (uint64_t)holds << i;
            search->end[state] |= (uint64_t)ends << i;
        }
    }
    return true;
}

struct play {
    int state;
    uint64_t held; /* rules that have fired and hold */
};

/* One asking of all rules, pack by pack as pack_ask(): which fire. */
static uint64_t step(const struct search *search, struct play *play)
{
    uint64_t fired = 0, asked = 0, held = play->held & ~search->end[play->state];
    uint64_t hold = search->hold[play->state];
    int state = play->state;
    bool over = false, graded = false;

    for (size_t i = 0; i < search->n; i++) {
        uint64_t bit = UINT64_C(1) << i;
        bool grades = rule_sets_grade(search->rules[i]);
        if (i > 0 && search->packs[i - 1] != search->packs[i]) {
            over = graded = false;
        }
        if (over || (graded && grades)) {
            continue;
        }
        asked |= bit;
        if ((hold & bit) != 0) {
            graded = graded || grades;
            over = search->packs[i]->match == MATCH_FIRST;
            if ((held & bit) == 0) {
                fired |= bit;
                state = act(state, search->rules[i]);
            }
        }
    }
    *play = (struct play){.state = state, .held = (held | fired) & asked};
    return fired;
}

/* Rules are asked again only when something changed. */
static bool moves(const struct search *search, struct play *play)
{
    int before = play->state;

    (void)step(search, play);
    return play->state != before;
}

/* The rules that fire between here and here again, from the first of them on. */
static void keep_loop(struct search *search, struct play play)
{
    const struct play begun = play;
    size_t fires[LOOP_RULES_MAX], n = 0, first = 0;
    uint64_t kept = 0;

    do {
        uint64_t fired = step(search, &play) & ~kept;
        for (size_t i = 0; i < search->n; i++) {
            if ((fired >> i & 1) != 0) {
                first = n == 0 || i < fires[first] ? n : first;
                fires[n++] = i;
            }
        }
        kept |= fired;
    } while (play.state != begun.state || play.held != begun.held);
    for (size_t i = 0; i < n; i++) {
        search->loop->rules[i] = search->rules[fires[(first + i) % n]];
        search->loop->packs[i] = search->packs[fires[(first + i) % n]];
    }
    search->loop->n = n;
}

/* What moves for ever comes back to where it was, where one who goes twice as fast meets one who does not. */
static bool loops_from(struct search *search, int state)
{
    struct play slow = {.state = state}, fast = slow;

    for (int round = 0; round < ROUNDS_MAX; round++) {
        bool goes_on = moves(search, &fast);
        goes_on = goes_on && moves(search, &fast);
        if (!goes_on) {
            return false;
        }
        (void)step(search, &slow);
        if (slow.state == fast.state && slow.held == fast.held) {
            keep_loop(search, slow);
            return true;
        }
    }
    return false;
}

/* All values of the fact `at` and of those after it: true when there is a loop. */
static bool loops_for(struct search *search, size_t at)
{
    if (search->tries > TRIES_MAX) {
        return false;
    }
    if (at == search->others_n) {
        search->tries++;
        bool found = false;
        if (ask_states(search)) {
            for (int state = 0; state < STATES && !found; state++) {
                found = loops_from(search, state);
            }
        }
        return found;
    }
    bool is_text = rule_fact_words(search->others[at])->type == RULE_TEXT;
    const struct rule_value *values = is_text ? search->texts : search->numbers;
    size_t n = is_text ? search->texts_n : search->numbers_n;
    for (size_t i = 0; i < n; i++) {
        search->facts.at[search->others[at]] = values[i];
        if (loops_for(search, at + 1)) {
            return true;
        }
    }
    return false;
}

enum pack_loops pack_find_loop(struct conditions *conditions, struct pack *const *packs, size_t packs_n,
                               struct pack_loop *ret)
{
    struct search search = {.conditions = conditions, .loop = ret};
    uint64_t follows[2] = {0, 0}, facts = 0;

    ret->n = 0;
    constants_init(&search.constants);
    for (size_t i = 0; i < packs_n; i++) {
        follow(packs[i], follows);
    }
    for (size_t i = 0; i < packs_n; i++) {
        if (!take_rules(&search, packs[i], follows, &facts)) {
            return LOOPS_UNKNOWN;
        }
    }
    if (search.n == 0 || (search.n == 1 && !search.has_until)) {
        return LOOPS_NONE; /* one that lets go by its own action holds again by another's */
    }
    for (int i = 0; i < RULE_FACT_COUNT; i++) {
        if (((facts & ~BOTH) >> i & 1) != 0) {
            search.others[search.others_n++] = (enum rule_fact)i;
        }
    }
    make_values(&search);
    if (loops_for(&search, 0)) {
        return LOOPS_FOUND;
    }
    return search.tries > TRIES_MAX || !search.constants.all || !search.constants.plain ? LOOPS_UNKNOWN
                                                                                        : LOOPS_NONE;
}
