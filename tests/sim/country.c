#include "tests/sim/country.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/faults.h"

enum { STEPS_TIMES = 6, HEAL_STEPS_MAX = 800000, REST_EVERY = 64 };

/* As keys.c has it; and what is grave, or stays unanswered, goes up. */
static const char PACK[] =
    "pack: sim\nversion: 1\nmatch: all\nrules:\n"
    "  - {rule: grave, when: incident, if: dead >= 3, do: [{grade: II}, {refer: superior}]}\n"
    "  - {rule: slight, when: incident, if: dead < 3, do: [grade: IV]}\n"
    "  - {rule: lasting, when: incident, if: grade = 2, for: 3 s, do: [{raise: II}, {refer: neighbours}]}\n"
    "  - {rule: silent, when: order-unanswered, do: [notify: centre]}\n"
    "  - {rule: remind, when: order-unanswered, if: step = 0, do: [remind: 2 s]}\n"
    "  - {rule: next, when: order-unanswered, if: step between 1 and 2, do: [reissue: next-able]}\n"
    "  - {rule: up, when: order-unanswered, if: step > 2, do: [refer: parent]}\n"
    "  - {rule: declined, when: order-declined, if: step < 3, do: [reissue: next-able]}\n"
    "  - {rule: high, when: order-declined, if: step >= 3, do: [refer: parent]}\n"
    "  - {rule: nobody, when: ability-short, do: [refer: parent]}\n";

enum { PROVINCE, CITY_A, CITY_B, COUNTY_A1, COUNTY_A2, COUNTY_B1 };

static const struct sim_region PLACES[REGIONS] = {
    [PROVINCE] = {"370000", "the province", "", PACK},
    [CITY_A] = {"370100", "city A", "370000", PACK},
    [CITY_B] = {"370200", "city B", "370000", PACK},
    [COUNTY_A1] = {"370102", "county A1", "370100", PACK},
    [COUNTY_A2] = {"370103", "county A2", "370100", PACK},
    [COUNTY_B1] = {"370203", "county B1", "370200", PACK},
};

/* Who calls whom: up; and two neighbours across the cities' border, both. */
static const unsigned LINES[TRUNKS][2] = {{CITY_A, PROVINCE},    {CITY_B, PROVINCE},  {COUNTY_A1, CITY_A},
                                          {COUNTY_A2, CITY_A},   {COUNTY_B1, CITY_B}, {COUNTY_A2, COUNTY_B1},
                                          {COUNTY_B1, COUNTY_A2}};

unsigned country_region(const struct country *country, const char *code)
{
    size_t n = strspn(code, "0123456789");

    for (unsigned i = 0; i < REGIONS; i++) {
        if (strncmp(PLACES[i].code, code, n) == 0 && PLACES[i].code[n] == '\0') {
            return i;
        }
    }
    (void)country;
    return REGIONS;
}

unsigned country_links(const struct country *country, unsigned region)
{
    unsigned links = 0;

    for (unsigned i = 0; i < TRUNKS; i++) {
        const unsigned *ends = country->trunks[i].ends;
        links |= ends[0] == region ? 1u << ends[1] : ends[1] == region ? 1u << ends[0] : 0;
    }
    return links;
}

/* --- life ----------------------------------------------------------------------------------------- */

static void enrol_links(struct country *country)
{
    int64_t utc_ms = WORLD_BEGIN_MS + WORLD_UTC_OFFSET_MS;

    for (unsigned i = 0; i < REGIONS; i++) {
        struct world *world = country->worlds[i];
        unsigned links = country_links(country, i);
        for (unsigned j = 0; j < REGIONS; j++) {
            if (links & 1u << j) {
                keys_enrol_link(&world->keys, &world->rng, utc_ms, &country->worlds[j]->keys);
            }
        }
    }
}

struct country *country_new(const struct world_options *options)
{
    struct country *country = calloc(1, sizeof *country);

    if (country == NULL) {
        return NULL;
    }
    country->options = *options;
    country->now_ms = WORLD_BEGIN_MS;
    if (!trace_make(&country->trace, options)) {
        country_free(country);
        return NULL;
    }
    for (unsigned i = 0; i < REGIONS; i++) {
        struct world_options own = *options;
        own.seed = options->seed * REGIONS + i + 1;
        own.region = &PLACES[i];
        own.country = country;
        own.number = i;
        country->worlds[i] = world_new(&own);
        if (country->worlds[i] == NULL) {
            country_free(country);
            return NULL;
        }
    }
    for (unsigned i = 0; i < TRUNKS; i++) {
        trunk_make(country, &country->trunks[i], LINES[i][0], LINES[i][1]);
    }
    enrol_links(country);
    return country;
}

void country_free(struct country *country)
{
    if (country == NULL) {
        return;
    }
    for (unsigned i = 0; i < REGIONS; i++) {
        world_free(country->worlds[i]);
    }
    for (unsigned i = 0; i < TRUNKS; i++) {
        trunk_free(&country->trunks[i]);
    }
    check_regions_free(country);
    trace_free(&country->trace);
    free(country);
}

const struct world *country_failed(const struct country *country)
{
    for (unsigned i = 0; i < REGIONS; i++) {
        if (country->worlds[i]->failed) {
            return country->worlds[i];
        }
    }
    return NULL;
}

uint64_t country_hash(const struct country *country)
{
    uint64_t hash = 0;

    for (unsigned i = 0; i < REGIONS; i++) {
        hash = hash * 0x100000001b3u ^ country->worlds[i]->hash;
    }
    return hash;
}

/* --- one step ------------------------------------------------------------------------------------- */

/* The region in which the next thing happens; of those at the same time the first. */
static bool step(struct country *country)
{
    struct world *next = NULL;
    int64_t at_ms = INT64_MAX;

    for (unsigned i = 0; i < REGIONS; i++) {
        int64_t due_ms = world_due_ms(country->worlds[i]);
        if (due_ms < at_ms) {
            at_ms = due_ms;
            next = country->worlds[i];
        }
    }
    if (next == NULL) {
        return false;
    }
    country->step++;
    country->now_ms = at_ms > country->now_ms ? at_ms : country->now_ms;
    for (unsigned i = 0; i < REGIONS; i++) {
        country->worlds[i]->now_ms = country->now_ms;
    }
    (void)world_step(next);
    check_regions_step(next);
    return country_failed(country) == NULL;
}

/* --- a whole life --------------------------------------------------------------------------------- */

static void heal(struct country *country)
{
    int64_t until_ms = country->now_ms + HEAL_MS_MAX;
    const char *unrest = "";

    country->healing = true;
    for (unsigned i = 0; i < REGIONS; i++) {
        world_begin_healing(country->worlds[i]);
    }
    for (unsigned i = 0; i < TRUNKS; i++) {
        trunk_mend(&country->trunks[i]);
    }
    for (uint64_t i = 0; i < HEAL_STEPS_MAX && country->now_ms < until_ms && step(country); i++) {
        unrest = i % REST_EVERY == 0 ? check_regions_unrest(country) : unrest;
        if (unrest == NULL) {
            break;
        }
    }
    if (country_failed(country) == NULL && unrest != NULL) {
        world_fail(country->worlds[0], "liveness: all is healed, and nothing comes to rest: %s", unrest);
    }
    if (country_failed(country) == NULL) {
        check_regions_end(country);
    }
}

bool country_run(struct country *country)
{
    uint64_t steps = country->options.steps * STEPS_TIMES;

    while (country->step < steps && step(country)) {
    }
    if (country_failed(country) == NULL && country->options.mode == LIVENESS) {
        heal(country);
    }
    for (unsigned i = 0; i < REGIONS; i++) {
        if (country_failed(country) == NULL) {
            broker_last_look(country->worlds[i]);
        }
        world_count(country->worlds[i]);
    }
    country->options.tally->lives++;
    country->options.tally->ms += (uint64_t)(country->now_ms - WORLD_BEGIN_MS);
    return country_failed(country) == NULL;
}
