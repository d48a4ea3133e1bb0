/* Rules of referral 上报, 通报: which regions are to have a part in an incident, by a rule, a person, or an
 * order to one of their agencies. */
#include <string.h>

#include "common/base/mutant.h"
#include "common/core/decide_private.h"
#include "common/core/link.h"

static bool is_referred(const struct deciding *d, const struct incident *incident, struct id id,
                        const char *region)
{
    if (incident != NULL && incident_is_referred(incident, region) && !MUTANT(MUTANT_REFER_TWICE)) {
        return true;
    }
    for (size_t i = 0; i < d->events_n; i++) {
        const struct event *event = &d->events[i];
        if (event->kind == EVENT_REFERRED && id_equal(event->incident, id) &&
            strcmp(event->referred.region, region) == 0) {
            return true;
        }
    }
    return false;
}

/* incident: NULL when this record opens it. */
static void refer_to(struct deciding *d, const struct incident *incident, struct id id, const char *region,
                     const char *rule)
{
    const char *kept = arena_strdup(d->arena, region);

    if (kept == NULL) {
        d->no_memory = true;
    } else if (region_is_code(kept) && strcmp(kept, d->region->code) != 0 &&
               (incident == NULL || incident->referrals_n < REGIONS_PER_INCIDENT_MAX) &&
               !is_referred(d, incident, id, kept)) {
        struct event *event = decide_emit(d, EVENT_REFERRED);
        event->incident = id;
        event->at_ms = d->env->now_ms;
        event->referred = (struct referred){.region = kept, .rule = rule};
        decide_no_way(d, id, kept);
    }
}

void decide_refer_incident(struct deciding *d, const struct refer_incident *command)
{
    if (!decide_names_incident(d, command->incident) || !decide_needs_right(d, "report", NULL)) {
        return;
    }
    const struct incident *incident = decide_incident(d, command->incident);
    if (incident == NULL || incident_is_referred(incident, command->region)) {
        return;
    }
    bool known = d->region->generation < GENERATION_CLAIMS || division_is_known(command->region);
    if (!region_is_code(command->region) || !known) {
        decide_refuse(d, REFUSED_INVALID, "\"%s\" is no code of a region", command->region);
    } else if (strcmp(command->region, d->region->code) == 0) {
        decide_refuse(d, REFUSED_INVALID, "this is region %s itself", command->region);
    } else if (region_way(d->region, command->region) == NULL) {
        decide_refuse(d, REFUSED_NO_ADDRESSEE, "no link leads to region %s", command->region);
    } else {
        refer_to(d, incident, incident->id, command->region, "");
    }
}

void decide_reaches_region(struct deciding *d, struct id incident, const char *addressee)
{
    char region[REGION_CODE_MAX + 1];

    if (name_region(addressee, region)) {
        refer_to(d, state_incident(d->state, incident), incident, region, "");
    }
}

void decide_offers_to(struct deciding *d, const struct incident *incident, const char *region)
{
    if (d->region->generation >= GENERATION_FOLLOWS && incident_share(incident, region) == NULL &&
        strcmp(incident->home, region) != 0) {
        refer_to(d, incident, incident->id, region, "");
    }
}

/* Whom a link leads to, and who lies neither above nor below (Emergency Response Law Art. 62). */
static void refer_to_neighbours(struct deciding *d, const struct incident *incident, const char *rule)
{
    char code[REGION_CODE_MAX + 1];

    for (size_t i = 0; i < d->region->members_n; i++) {
        const struct member *member = &d->region->members[i];
        if (!member->is_operator && name_is_link(member->name, code) &&
            region_link(d->region, code) != NULL && !region_is_above(code, d->region->code) &&
            !region_is_above(d->region->code, code)) {
            refer_to(d, incident, incident->id, code, rule);
        }
    }
}

static bool is_above_or(const char *code, const char *region)
{
    return strcmp(region, code) == 0 || region_is_above(code, region);
}

/* Of an incident of which it is known where it reaches: being told of it is no part in it. */
static bool is_above_touched(const char *own, const char *code, const struct incident *incident)
{
    bool above = incident->home[0] == '\0' || region_is_above(incident->home, own) ||
                 is_above_or(code, incident->home);

    for (size_t i = 0; i < incident->spread->touched_n && above; i++) {
        above = is_above_or(code, incident->spread->touched[i].region);
    }
    return above;
}

static bool is_touching(const struct incident *incident)
{
    return incident->spread != NULL && incident->spread->touched_n > 0;
}

static bool is_above_all(const char *own, const char *code, const struct incident *incident)
{
    if (is_touching(incident)) {
        return is_above_touched(own, code, incident);
    }
    bool above = incident->home[0] == '\0' || strcmp(incident->home, code) == 0 ||
                 region_is_above(code, incident->home);

    for (size_t i = 0; i < incident->referrals_n && above; i++) {
        const char *region = incident->referrals[i].region;
        above = strcmp(region, code) == 0 || region_is_above(code, region);
    }
    return above;
}

/* The nearest region above this one and all that have a part in the incident (Art. 18). */
static void refer_to_superior(struct deciding *d, const struct incident *incident, const char *rule)
{
    char code[REGION_CODE_MAX + 1], higher[REGION_CODE_MAX + 1];

    region_code_above(d->region->code, code);
    while (code[0] != '\0' && !is_above_all(d->region->code, code, incident)) {
        region_code_above(code, higher);
        if (higher[0] == '\0' && is_touching(incident)) {
            break; /* provinces: those above each of them lead together */
        }
        memcpy(code, higher, sizeof code);
    }
    refer_to(d, incident, incident->id, code, rule);
}

/* Each has its part in what it is touched by (Art. 18), also the one that reported it first. */
static void refer_to_touched(struct deciding *d, const struct incident *incident, const char *rule)
{
    if (incident->home[0] != '\0') {
        refer_to(d, incident, incident->id, incident->home, rule);
    }
    for (size_t i = 0; incident->spread != NULL && i < incident->spread->touched_n; i++) {
        refer_to(d, incident, incident->id, incident->spread->touched[i].region, rule);
    }
}

void decide_refer(struct deciding *d, const struct incident *after, const char *region, const char *rule)
{
    char parent[REGION_CODE_MAX + 1];

    if (strcmp(region, "parent") == 0) {
        refer_to(d, after, after->id, region_parent(d->region, parent), rule);
    } else if (strcmp(region, "neighbours") == 0) {
        refer_to_neighbours(d, after, rule);
    } else if (strcmp(region, "superior") == 0) {
        refer_to_superior(d, after, rule);
    } else if (strcmp(region, "touched") == 0) {
        refer_to_touched(d, after, rule);
    } else {
        refer_to(d, after, after->id, region, rule);
    }
}
