#include "agents/agency/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has(const struct unit *unit, const char *need)
{
    return words_have(unit->equipment, need) || words_have(unit->abilities, need);
}

static bool team_has(const struct fleet *fleet, const struct team *team, const char *need)
{
    for (size_t i = 0; i < team->n; i++) {
        if (has(&fleet->units[team->at[i]], need)) {
            return true;
        }
    }
    return false;
}

static bool is_in(const struct team *team, size_t unit)
{
    for (size_t i = 0; i < team->n; i++) {
        if (team->at[i] == unit) {
            return true;
        }
    }
    return false;
}

static const struct unit *find(const struct fleet *fleet, const char *id, size_t n, size_t *ret)
{
    for (size_t i = 0; i < fleet->n; i++) {
        if (strlen(fleet->units[i].id) == n && memcmp(fleet->units[i].id, id, n) == 0) {
            *ret = i;
            return &fleet->units[i];
        }
    }
    return NULL;
}

/* Who names a team names the units that belong to it, as far as they are free. */
static void add_members(const struct fleet *fleet, const char *id, struct team *team)
{
    for (size_t i = 0; i < fleet->n; i++) {
        if (strcmp(fleet->units[i].team, id) == 0 && fleet->units[i].status == UNIT_FREE && !is_in(team, i)) {
            team->at[team->n++] = (uint16_t)i;
        }
    }
}

static bool choose_wanted(const struct fleet *fleet, struct words wanted, struct team *team, char *reason)
{
    for (size_t i = 0; i < wanted.n; i++) {
        size_t at = 0;
        const struct unit *unit = find(fleet, wanted.at[i], strlen(wanted.at[i]), &at);

        if (!unit || unit->status != UNIT_FREE) {
            snprintf(reason, FLEET_REASON, unit ? "unit %s is not free" : "there is no unit %s",
                     wanted.at[i]);
            return false;
        }
        if (!is_in(team, at)) {
            team->at[team->n++] = (uint16_t)at;
        }
        if (unit->kind == UNIT_KIND_TEAM) {
            add_members(fleet, unit->id, team);
        }
    }
    return true;
}

/* How many needs that the team lacks the unit would bring. */
static size_t brings(const struct fleet *fleet, const struct team *team, size_t unit, struct words needs)
{
    size_t n = 0;

    for (size_t i = 0; i < needs.n; i++) {
        if (has(&fleet->units[unit], needs.at[i]) && !team_has(fleet, team, needs.at[i])) {
            n++;
        }
    }
    return n;
}

static bool add_best(const struct fleet *fleet, struct words needs, struct team *team)
{
    size_t best = fleet->n, best_n = 0;

    for (size_t i = 0; i < fleet->n; i++) {
        size_t n = brings(fleet, team, i, needs);

        if (fleet->units[i].status == UNIT_FREE && !is_in(team, i) &&
            (n > best_n || (needs.n == 0 && best == fleet->n))) {
            best = i;
            best_n = n;
        }
    }
    if (best == fleet->n) {
        return false;
    }
    team->at[team->n++] = (uint16_t)best;
    return true;
}

static const char *first_lack(const struct fleet *fleet, const struct team *team, struct words needs)
{
    for (size_t i = 0; i < needs.n; i++) {
        if (!team_has(fleet, team, needs.at[i])) {
            return needs.at[i];
        }
    }
    return NULL;
}

static bool choose_able(const struct fleet *fleet, struct words needs, bool strict, struct team *team,
                        char *reason)
{
    const char *lack = first_lack(fleet, team, needs);

    while (lack && add_best(fleet, needs, team)) {
        lack = first_lack(fleet, team, needs);
    }
    if (lack && strict) {
        snprintf(reason, FLEET_REASON, "no free unit with %s", lack);
        return false;
    }
    snprintf(reason, FLEET_REASON, "no free unit");
    return team->n > 0 || add_best(fleet, (struct words){0}, team);
}

bool fleet_choose(const struct fleet *fleet, struct words needs, struct words wanted, bool strict,
                  struct team *ret, char reason[FLEET_REASON])
{
    struct team team = {.at = calloc(fleet->n + 1, sizeof(uint16_t))};
    bool found;

    if (!team.at) {
        snprintf(reason, FLEET_REASON, "out of memory");
        return false;
    }
    found = wanted.n > 0 ? choose_wanted(fleet, wanted, &team, reason)
                         : choose_able(fleet, needs, strict, &team, reason);
    if (!found) {
        team_free(&team);
        return false;
    }
    *ret = team;
    return true;
}

void fleet_set(struct fleet *fleet, const struct team *team, enum unit_status status)
{
    for (size_t i = 0; i < team->n; i++) {
        fleet->units[team->at[i]].status = status;
    }
}

uint32_t fleet_crew(const struct fleet *fleet, const struct team *team)
{
    uint32_t crew = 0;

    for (size_t i = 0; i < team->n; i++) {
        crew += fleet->units[team->at[i]].crew;
    }
    return crew;
}

void fleet_lacks(const struct fleet *fleet, const struct team *team, struct words needs, struct buf *ret)
{
    for (size_t i = 0; i < needs.n; i++) {
        if (!team_has(fleet, team, needs.at[i])) {
            buf_printf(ret, "%s%s", ret->n > 0 ? ", " : "", needs.at[i]);
        }
    }
}

void fleet_format(const struct fleet *fleet, const struct team *team, struct buf *ret)
{
    for (size_t i = 0; i < team->n; i++) {
        buf_printf(ret, "%s%s", i > 0 ? "\n" : "", fleet->units[team->at[i]].id);
    }
}

bool fleet_parse(const struct fleet *fleet, struct bytes text, struct team *ret)
{
    struct team team = {.at = calloc(fleet->n + 1, sizeof(uint16_t))};

    if (!team.at) {
        return false;
    }
    for (size_t from = 0; from < text.n;) {
        const char *id = (const char *)text.p + from;
        const char *end = memchr(id, '\n', text.n - from);
        size_t n = end ? (size_t)(end - id) : text.n - from, at;

        if (find(fleet, id, n, &at) && !is_in(&team, at)) {
            team.at[team.n++] = (uint16_t)at;
        }
        from += n + 1;
    }
    *ret = team;
    return true;
}

void team_free(struct team *team)
{
    free(team->at);
    *team = (struct team){0};
}
