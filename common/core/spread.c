#include "common/core/spread.h"

#include <stdlib.h>
#include <string.h>

#include "common/core/incident.h"
#include "common/core/link.h"
#include "common/core/names.h"

enum { PAIR = 2, COUNTY = 6 };

void spread_free(struct spread *spread)
{
    if (spread != NULL) {
        free(spread->touched);
        free(spread->levels);
        free(spread);
    }
}

void spread_mark(const struct spread *spread, struct names *names)
{
    if (spread == NULL) {
        return;
    }
    names_mark(names, spread->expected_by);
    for (size_t i = 0; i < spread->touched_n; i++) {
        names_mark(names, spread->touched[i].region);
        names_mark(names, spread->touched[i].by);
    }
    for (size_t i = 0; i < spread->levels_n; i++) {
        names_mark(names, spread->levels[i].region);
    }
}

bool incident_touches(const struct incident *incident, const char *region)
{
    for (size_t i = 0; incident->spread != NULL && i < incident->spread->touched_n; i++) {
        if (strcmp(incident->spread->touched[i].region, region) == 0) {
            return true;
        }
    }
    return false;
}

void spread_region(const char *division, const char *own, char *ret)
{
    size_t n = region_level_digits(division), most = region_level_digits(own), keep = n < most ? n : most;

    if (most == COUNTY - PAIR && n > most) { /* 110101 of Beijing, 429004 that Hubei governs: no prefecture */
        char above[REGION_CODE_MAX + 1], county[COUNTY + 1];
        memcpy(county, division, COUNTY);
        county[COUNTY] = '\0';
        region_code_above(county, above);
        keep = region_level_digits(above) < most ? (size_t)COUNTY : most;
    }
    memcpy(ret, division, keep);
    while (keep < COUNTY) {
        ret[keep++] = '0';
    }
    ret[keep] = '\0';
}

static bool is_within(const char *code, const char *region)
{
    return strcmp(code, region) == 0 || region_is_above(region, code);
}

static bool is_foreign(const char *code, const char *own)
{
    return !is_within(code, own) && !is_within(own, code);
}

bool incident_is_here(const struct incident *incident, const char *own)
{
    const struct spread *spread = incident->spread;
    bool here = incident->home[0] == '\0' || is_within(incident->home, own);

    for (size_t i = 0; spread != NULL && i < spread->touched_n && !here; i++) {
        here = is_within(spread->touched[i].region, own);
    }
    return here;
}

int64_t incident_regions(const struct incident *incident, const char *own)
{
    char at[TOUCHED_MAX + 1][REGION_CODE_MAX + 1];
    const struct spread *spread = incident->spread;
    size_t touched_n = spread != NULL ? spread->touched_n : 0, n = 0;

    for (size_t i = 0; i <= touched_n && n <= TOUCHED_MAX; i++) {
        const char *code = i < touched_n ? spread->touched[i].region : incident->home;
        bool known = false;
        if (code[0] == '\0' || !is_foreign(code, own)) {
            continue;
        }
        spread_region(code, own, at[n]);
        for (size_t j = 0; j < n && !known; j++) {
            known = strcmp(at[j], at[n]) == 0;
        }
        n += !known;
    }
    return (int64_t)n + (incident_is_here(incident, own) || n == 0);
}

/* Of what lies below `own`, the region right below it in which the code is. */
static bool region_towards(const char *code, const char *own, char ret[REGION_CODE_MAX + 1])
{
    char above[REGION_CODE_MAX + 1];

    if (!region_is_above(own, code)) {
        return false;
    }
    memcpy(ret, code, strlen(code) + 1);
    for (region_code_above(ret, above); above[0] != '\0' && strcmp(above, own) != 0;
         region_code_above(ret, above)) {
        memcpy(ret, above, strlen(above) + 1);
    }
    return above[0] != '\0';
}

int64_t incident_regions_below(const struct incident *incident, const char *own)
{
    char at[TOUCHED_MAX + 1][REGION_CODE_MAX + 1];
    const struct spread *spread = incident->spread;
    size_t touched_n = spread != NULL ? spread->touched_n : 0, n = 0;

    for (size_t i = 0; i <= touched_n && n <= TOUCHED_MAX; i++) {
        const char *code = i < touched_n ? spread->touched[i].region : incident->home;
        bool known = !region_towards(code, own, at[n]);
        for (size_t j = 0; j < n && !known; j++) {
            known = strcmp(at[j], at[n]) == 0;
        }
        n += !known;
    }
    return (int64_t)n;
}

enum grade incident_neighbour_level(const struct incident *incident, const char *own)
{
    const struct spread *spread = incident->spread;
    enum grade gravest = GRADE_NONE;

    for (size_t i = 0; spread != NULL && i < spread->levels_n; i++) {
        const struct other_level *other = &spread->levels[i];
        if (is_foreign(other->region, own) && (gravest == GRADE_NONE || other->level < gravest)) {
            gravest = other->level;
        }
    }
    return gravest;
}
