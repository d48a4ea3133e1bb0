#include "common/core/warning.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/core/division.h"
#include "common/core/incident.h"
#include "common/core/link.h"
#include "common/core/names.h"
#include "common/core/region.h"
#include "common/core/statutory.h"

static const char *const colours[] = {"", "red", "orange", "yellow", "blue", NULL};
static const char *const severities[] = {"", "extreme", "severe", "moderate", "minor", NULL};
static const char *const urgencies[] = {"", "immediate", "expected", "future", "past", NULL};
static const char *const certainties[] = {"", "observed", "likely", "possible", "unlikely", NULL};
enum { WORDS_MAX = 4 }; /* of each; what else CAP has is "Unknown" */

static const char *const *words_of(enum alert_list list)
{
    switch (list) {
    case ALERT_COLOURS:
        return colours;
    case ALERT_SEVERITIES:
        return severities;
    case ALERT_URGENCIES:
        return urgencies;
    case ALERT_CERTAINTIES:
        return certainties;
    default:
        return NULL;
    }
}

static enum alert_list list_of(enum rule_fact fact)
{
    switch (fact) {
    case RULE_WARNING_COLOUR:
        return ALERT_COLOURS;
    case RULE_WARNING_SEVERITY:
        return ALERT_SEVERITIES;
    case RULE_WARNING_URGENCY:
        return ALERT_URGENCIES;
    case RULE_WARNING_CERTAINTY:
        return ALERT_CERTAINTIES;
    default:
        return ALERT_LISTS;
    }
}

const char *warning_word(enum alert_list list, int value)
{
    const char *const *words = words_of(list);

    return words != NULL && value > 0 && value <= WORDS_MAX ? words[value] : "";
}

const char *const *warning_fact_words(enum rule_fact fact)
{
    enum alert_list list = list_of(fact);

    return list != ALERT_LISTS ? words_of(list) + 1 : NULL;
}

const char *warning_fact_word_zh(enum rule_fact fact, const char *zh)
{
    static const char hue[] = "色"; /* 红 is 红色 */
    enum alert_list list = list_of(fact);

    for (int value = 1; list != ALERT_LISTS && value <= WORDS_MAX; value++) {
        const char *word = alert_word_zh(list, value);
        size_t n = strlen(word), tail = list == ALERT_COLOURS ? sizeof hue - 1 : 0;
        if (strcmp(word, zh) == 0 || (strlen(zh) + tail == n && strncmp(word, zh, n - tail) == 0)) {
            return warning_word(list, value);
        }
    }
    return list != ALERT_LISTS && strcmp(zh, "无") == 0 ? "none" : NULL;
}

static const struct {
    const char *word, *zh;
} ends[] = {{"?", "?"},
            {"expired", "到期"},
            {"replaced", "被更新"},
            {"cancelled", "解除"},
            {"no-room", "超出数量上限"}};

static size_t end_at(enum warning_end why)
{
    return (size_t)why < sizeof ends / sizeof ends[0] ? (size_t)why : 0;
}

const char *warning_end_word(enum warning_end why)
{
    return ends[end_at(why)].word;
}

const char *warning_end_zh(enum warning_end why)
{
    return ends[end_at(why)].zh;
}

/* Of what is not said, or not known, the last. */
static int rank(int value, int last)
{
    return value > 0 && value <= last ? value : last + 1;
}

int warning_compare(enum alert_colour a_colour, enum alert_severity a, enum alert_colour b_colour,
                    enum alert_severity b)
{
    int by_colour = rank((int)a_colour, ALERT_COLOUR_BLUE) - rank((int)b_colour, ALERT_COLOUR_BLUE);
    bool both = a_colour != ALERT_COLOUR_NONE && b_colour != ALERT_COLOUR_NONE;
    int by_severity = rank((int)a, ALERT_SEVERITY_MINOR) - rank((int)b, ALERT_SEVERITY_MINOR);

    if (both) {
        return by_colour != 0 ? by_colour : by_severity;
    }
    return by_severity != 0 ? by_severity : by_colour;
}

/* --- at hand -------------------------------------------------------------------------------------- */

struct warning *region_warning(const struct region *region, struct id alert)
{
    for (size_t i = 0; i < region->warnings_n; i++) {
        if (id_equal(region->warnings[i].alert, alert)) {
            return &region->warnings[i];
        }
    }
    return NULL;
}

void warning_add_told(const char **at, size_t *n, struct words roles)
{
    for (size_t i = 0; i < roles.n; i++) {
        if (words_have((struct words){at, *n}, roles.at[i])) {
            continue;
        }
        if (*n < WARNING_TOLD_MAX) {
            at[(*n)++] = roles.at[i];
        } else if (!words_have((struct words){at, *n}, "centre")) {
            at[*n - 1] = "centre";
        }
    }
}

bool warning_is_in_force(const struct warning *warning, int64_t now_ms)
{
    return warning->began && warning->type != ALERT_TYPE_CANCEL && warning->from_ms <= now_ms &&
           now_ms < warning->expires_ms;
}

bool region_warning_is_over(const struct region *region, struct id alert)
{
    for (size_t i = 0; i < region->warnings_n; i++) {
        for (size_t j = 0; j < region->warnings[i].replaces_n; j++) {
            if (id_equal(region->warnings[i].replaces[j], alert)) {
                return true;
            }
        }
    }
    return false;
}

int64_t warning_due(const struct warning *warning)
{
    bool waits = warning->type != ALERT_TYPE_CANCEL && (!warning->began || !warning->asked);

    return waits && warning->from_ms < warning->expires_ms ? warning->from_ms : warning->expires_ms;
}

int64_t region_warnings_due(const struct region *region)
{
    int64_t due = 0;

    for (size_t i = 0; i < region->warnings_n; i++) {
        int64_t at = warning_due(&region->warnings[i]);
        due = due == 0 || at < due ? at : due;
    }
    return due;
}

void warnings_free(struct region *region)
{
    for (size_t i = 0; i < region->warnings_n; i++) {
        words_free(&region->warnings[i].areas);
        words_free(&region->warnings[i].told);
        free(region->warnings[i].replaces);
    }
    free(region->warnings);
    region->warnings = NULL;
    region->warnings_n = 0;
}

void warnings_mark(const struct region *region, struct names *names)
{
    for (size_t i = 0; i < region->warnings_n; i++) {
        const struct warning *warning = &region->warnings[i];
        names_mark(names, warning->sender);
        names_mark(names, warning->identifier);
        names_mark(names, warning->event);
        names_mark_words(names, warning->areas);
        names_mark_words(names, warning->told);
    }
}

/* --- what rules read ------------------------------------------------------------------------------ */

static void know(struct rule_facts *ret, enum rule_fact fact, const char *text)
{
    ret->at[fact] = (struct rule_value){.known = text[0] != '\0', .text = text};
}

uint64_t warning_facts(void)
{
    return UINT64_C(1) << RULE_WARNING_COLOUR | UINT64_C(1) << RULE_WARNING_SEVERITY |
           UINT64_C(1) << RULE_WARNING_EVENT | UINT64_C(1) << RULE_WARNINGS;
}

void warning_know(struct rule_facts *ret, const struct region *region, const struct warning *warning)
{
    const char *tier = statutory_tier_word(region->code, region->generation >= GENERATION_TIERS);

    memset(ret, 0, sizeof *ret);
    if (tier[0] != '\0') {
        know(ret, RULE_TIER, tier);
    }
    know(ret, RULE_WARNING_COLOUR, warning_word(ALERT_COLOURS, (int)warning->colour));
    know(ret, RULE_WARNING_SEVERITY, warning_word(ALERT_SEVERITIES, (int)warning->severity));
    know(ret, RULE_WARNING_URGENCY, warning_word(ALERT_URGENCIES, (int)warning->urgency));
    know(ret, RULE_WARNING_CERTAINTY, warning_word(ALERT_CERTAINTIES, (int)warning->certainty));
    know(ret, RULE_WARNING_EVENT, warning->event);
    ret->at[RULE_HERE] = (struct rule_value){.known = warning->here, .whole = 1};
}

/* Of what was reported to this region its place within it is no state: it may lie where the warning is for.
 * Of what happened outside it is told only that a part of this region is not there. */
static enum rule_answer covers(const struct warning *warning, const char *own, const char *home)
{
    bool outside = home[0] != '\0' && strcmp(home, own) != 0 && !region_is_above(own, home);
    bool covered = warning->areas.n == 0 || home[0] == '\0' || strcmp(home, own) == 0;

    if (outside) {
        return warning->areas.n == 0 ? ANSWER_UNKNOWN : ANSWER_NO;
    }
    for (size_t i = 0; i < warning->areas.n && !covered; i++) {
        const char *area = warning->areas.at[i];
        covered = strcmp(area, home) == 0 || region_is_above(area, home) || region_is_above(home, area);
    }
    return covered ? ANSWER_YES : ANSWER_NO;
}

struct in_force {
    const struct warning *at[WARNINGS_MAX]; /* those that are for here, the gravest first */
    size_t n;
    bool doubtful; /* of one in force it could not be told whether it is for here */
};

static void find_in_force(struct in_force *ret, const struct region *region, const struct incident *incident,
                          int64_t now_ms)
{
    for (size_t i = 0; i < region->warnings_n && ret->n < WARNINGS_MAX; i++) {
        const struct warning *warning = &region->warnings[i];
        enum rule_answer there = covers(warning, region->code, incident->home);
        if (!warning_is_in_force(warning, now_ms) || warning->mode != incident->mode || there == ANSWER_NO) {
            continue;
        }
        if (!warning->here || there == ANSWER_UNKNOWN) {
            ret->doubtful = true;
            continue;
        }
        size_t at = ret->n++;
        while (at > 0 && warning_compare(warning->colour, warning->severity, ret->at[at - 1]->colour,
                                         ret->at[at - 1]->severity) < 0) {
            ret->at[at] = ret->at[at - 1];
            at--;
        }
        ret->at[at] = warning;
    }
}

/* "暴雨 red": what it warns of, with its colour, or its severity where it has none. */
static const char *label(struct arena *arena, const struct warning *warning)
{
    const char *degree = warning_word(ALERT_COLOURS, (int)warning->colour);

    degree = degree[0] != '\0' ? degree : warning_word(ALERT_SEVERITIES, (int)warning->severity);
    return arena_printf(arena, "%s%s%s", warning->event, degree[0] != '\0' ? " " : "", degree);
}

static const char *list(struct arena *arena, const struct in_force *force)
{
    char *text = arena_alloc(arena, WARNINGS_TEXT_MAX + 1);
    size_t n = 0;

    for (size_t i = 0; i < force->n && text != NULL; i++) {
        const char *one = label(arena, force->at[i]);
        size_t bytes = one != NULL ? strlen(one) : 0;
        if (one == NULL || n + 2 + bytes > WARNINGS_TEXT_MAX) {
            text = one == NULL ? NULL : text;
            break;
        }
        if (n > 0) {
            memcpy(text + n, "; ", 2);
            n += 2;
        }
        memcpy(text + n, one, bytes);
        n += bytes;
    }
    if (text != NULL) {
        text[n] = '\0';
    }
    return text;
}

bool warnings_know(struct rule_facts *ret, const struct region *region, const struct incident *incident,
                   int64_t now_ms, struct arena *arena)
{
    struct in_force force = {.n = 0};
    const char *none = "none";

    find_in_force(&force, region, incident, now_ms);
    if (force.n == 0) { /* none that is known */
        none = force.doubtful ? "" : none;
        know(ret, RULE_WARNING_COLOUR, none);
        know(ret, RULE_WARNING_SEVERITY, none);
        know(ret, RULE_WARNING_EVENT, none);
        know(ret, RULE_WARNINGS, none);
        return true;
    }
    const char *all = list(arena, &force);
    enum alert_colour colour = ALERT_COLOUR_NONE;
    enum alert_severity severity = ALERT_SEVERITY_NONE;
    for (size_t i = 0; i < force.n; i++) {
        const struct warning *warning = force.at[i];
        if (rank((int)warning->colour, ALERT_COLOUR_BLUE) < rank((int)colour, ALERT_COLOUR_BLUE)) {
            colour = warning->colour;
        }
        if (rank((int)warning->severity, ALERT_SEVERITY_MINOR) < rank((int)severity, ALERT_SEVERITY_MINOR)) {
            severity = warning->severity;
        }
    }
    know(ret, RULE_WARNING_COLOUR, warning_word(ALERT_COLOURS, (int)colour));
    know(ret, RULE_WARNING_SEVERITY, warning_word(ALERT_SEVERITIES, (int)severity));
    know(ret, RULE_WARNING_EVENT, force.at[0]->event);
    know(ret, RULE_WARNINGS, all != NULL ? all : "");
    return all != NULL;
}
