#include "agents/agency/profile.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/when.h"

enum { TRACK_EVERY_DEFAULT_MS = 1000, TRACK_EVERY_MIN_MS = 50 };

static const struct script SCRIPT_DEFAULT = {
    .acknowledge_ms = 300,
    .accept_ms = 500,
    .en_route_ms = 1000,
    .on_scene_ms = 2000,
    .complete_ms = -1,
    .head_count_ms = 1000,
    .amendment_ms = 500,
};

static int read_words(const struct conf_node *map, const char *key, struct words *ret, struct err *err)
{
    const struct conf_node *list = NULL;
    const char **at;
    size_t n;
    int rc = conf_list(map, key, CONF_OPTIONAL, &list, err);

    if (rc || !list) {
        return rc;
    }
    n = conf_count(list);
    if (n > LIST_MAX) {
        return conf_fail(list, err, ERR_CONFIG, "%zu entries; at most %d are allowed", n, LIST_MAX);
    }
    at = calloc(n ? n : 1, sizeof *at);
    if (!at) {
        return ERR_NO_MEMORY;
    }
    *ret = (struct words){at, n};
    for (size_t i = 0; i < n; i++) {
        rc = conf_scalar(conf_value_at(list, i), &at[i], err);
        if (rc) {
            return rc;
        }
    }
    return 0;
}

static int read_unit(const struct conf_node *map, struct unit *unit, struct err *err)
{
    static const char *const KINDS[] = {"unit", "team", NULL};
    int64_t crew = 0;
    int rc, kind = UNIT_KIND_UNIT;

    unit->id = "";
    if (!conf_is_map(map)) {
        return conf_fail(map, err, ERR_CONFIG,
                         "a unit is {id, type, kind, team, abilities, equipment, crew}");
    }
    unit->type = "";
    unit->team = "";
    unit->status = UNIT_FREE;
    rc = conf_string(map, "id", CONF_REQUIRED, &unit->id, err);
    rc = rc ? rc : conf_string(map, "type", CONF_OPTIONAL, &unit->type, err);
    rc = rc ? rc : conf_string(map, "team", CONF_OPTIONAL, &unit->team, err);
    rc = rc ? rc : conf_choice(map, "kind", CONF_OPTIONAL, KINDS, &kind, err);
    rc = rc ? rc : conf_integer(map, "crew", CONF_OPTIONAL, 0, 100000, &crew, err);
    rc = rc ? rc : read_words(map, "abilities", &unit->abilities, err);
    rc = rc ? rc : read_words(map, "equipment", &unit->equipment, err);
    unit->crew = (uint32_t)crew;
    unit->kind = (enum unit_kind)kind;
    return rc;
}

/* As the broker will ask for it. */
static int check_team(const struct conf_node *node, const struct profile *profile, const struct unit *unit,
                      struct err *err)
{
    if (!unit->team || unit->team[0] == '\0') {
        return 0;
    }
    if (unit->kind == UNIT_KIND_TEAM) {
        return conf_fail(node, err, ERR_CONFIG, "%s is a team, and a team is in no team", unit->id);
    }
    for (size_t i = 0; i < profile->units_n; i++) {
        if (strcmp(profile->units[i].id, unit->team) == 0 && profile->units[i].kind == UNIT_KIND_TEAM) {
            return 0;
        }
    }
    return conf_fail(node, err, ERR_CONFIG, "%s: there is no team %s; add a unit of that id with kind: team",
                     unit->id, unit->team);
}

static int read_units(const struct conf_node *map, struct profile *profile, struct err *err)
{
    const struct conf_node *list = NULL;
    size_t n;
    int rc = conf_list(map, "units", CONF_OPTIONAL, &list, err);

    if (rc || !list) {
        return rc;
    }
    n = conf_count(list);
    if (n > PROFILE_UNITS_MAX) {
        return conf_fail(list, err, ERR_CONFIG, "%zu units; at most %d are allowed", n, PROFILE_UNITS_MAX);
    }
    profile->units = calloc(n ? n : 1, sizeof *profile->units);
    if (!profile->units) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < n && !rc; i++) {
        const struct conf_node *node = conf_value_at(list, i);

        profile->units_n = i + 1;
        rc = read_unit(node, &profile->units[i], err);
        for (size_t j = 0; j < i && !rc; j++) {
            if (strcmp(profile->units[i].id, profile->units[j].id) == 0) {
                rc = conf_fail(node, err, ERR_CONFIG, "a second unit %s; give each its own id",
                               profile->units[i].id);
            }
        }
    }
    for (size_t i = 0; i < n && !rc; i++) {
        rc = check_team(conf_value_at(list, i), profile, &profile->units[i], err);
    }
    return rc;
}

static int read_complete(const struct conf_node *map, int64_t *ret, struct err *err)
{
    const char *text = NULL;
    int rc = conf_string(map, "complete", CONF_OPTIONAL, &text, err);

    if (rc || !text) {
        return rc;
    }
    if (strcmp(text, "on recall") == 0) {
        *ret = -1;
        return 0;
    }
    if (when_parse_duration(text, ret) || *ret > PROFILE_DELAY_MAX_MS) {
        return conf_fail(map, err, ERR_CONFIG, "complete: \"%s\" is no time; write 10 s, or: on recall",
                         text);
    }
    return 0;
}

static int read_script(const struct conf_node *map, struct script *script, struct err *err)
{
    const struct {
        const char *key;
        int64_t *at;
    } delays[] = {
        {"acknowledge", &script->acknowledge_ms}, {"accept", &script->accept_ms},
        {"en_route", &script->en_route_ms},       {"on_scene", &script->on_scene_ms},
        {"head_count", &script->head_count_ms},   {"amendment", &script->amendment_ms},
    };
    int rc = 0;

    for (size_t i = 0; i < sizeof delays / sizeof delays[0] && !rc; i++) {
        rc = conf_duration(map, delays[i].key, CONF_OPTIONAL, 0, PROFILE_DELAY_MAX_MS, delays[i].at, err);
    }
    rc = rc ? rc : read_complete(map, &script->complete_ms, err);
    rc = rc ? rc : conf_number(map, "jitter", CONF_OPTIONAL, 0, 1, &script->jitter, err);
    rc = rc ? rc : conf_integer(map, "seed", CONF_OPTIONAL, 0, INT64_MAX, &script->seed, err);
    return rc;
}

static int read_place(const struct conf_node *track, const char *key, struct position *ret, struct err *err)
{
    const struct conf_node *map = NULL;
    double latitude = 0, longitude = 0;
    int rc = conf_map(track, key, CONF_REQUIRED, &map, err);

    rc = rc ? rc : conf_number(map, "latitude", CONF_REQUIRED, -90, 90, &latitude, err);
    rc = rc ? rc : conf_number(map, "longitude", CONF_REQUIRED, -180, 180, &longitude, err);
    ret->present = true;
    ret->latitude_e7 = (int32_t)(latitude * 1e7 + (latitude < 0 ? -0.5 : 0.5));
    ret->longitude_e7 = (int32_t)(longitude * 1e7 + (longitude < 0 ? -0.5 : 0.5));
    return rc;
}

static int read_track(const struct conf_node *map, struct track *track, struct err *err)
{
    static const char *const DATUMS[] = {"wgs84", "cgcs2000", "gcj02", "bd09", NULL};
    int datum = 0;
    int rc = conf_choice(map, "datum", CONF_REQUIRED, DATUMS, &datum, err);

    rc = rc ? rc : read_place(map, "station", &track->station, err);
    rc = rc ? rc : read_place(map, "scene", &track->scene, err);
    track->every_ms = TRACK_EVERY_DEFAULT_MS;
    rc = rc ? rc
            : conf_duration(map, "every", CONF_OPTIONAL, TRACK_EVERY_MIN_MS, PROFILE_DELAY_MAX_MS,
                            &track->every_ms, err);
    track->station.datum = track->scene.datum = (enum datum)(datum + DATUM_WGS84);
    track->present = rc == 0;
    return rc;
}

int profile_read(const struct conf_node *map, struct profile *ret, struct err *err)
{
    static const char *const SINKS[] = {"actual", "exercise", NULL};
    static const char *const NEEDS[] = {"required", "wished", NULL};
    struct profile profile = {.script = SCRIPT_DEFAULT};
    const struct conf_node *script = NULL, *track = NULL;
    int sink = SINK_ACTUAL, needs = 0;
    int rc = read_words(map, "takes", &profile.takes, err);

    rc = rc ? rc : read_units(map, &profile, err);
    rc = rc ? rc : conf_map(map, "script", CONF_OPTIONAL, &script, err);
    rc = rc || !script ? rc : read_script(script, &profile.script, err);
    rc = rc ? rc : conf_map(map, "track", CONF_OPTIONAL, &track, err);
    rc = rc || !track ? rc : read_track(track, &profile.track, err);
    rc = rc ? rc : conf_bool(map, "bridge", CONF_OPTIONAL, &profile.bridge, err);
    rc = rc ? rc : conf_choice(map, "needs", CONF_OPTIONAL, NEEDS, &needs, err);
    rc = rc ? rc : conf_choice(map, "sink", CONF_OPTIONAL, SINKS, &sink, err);
    rc = rc ? rc : conf_bool(map, "exercise", CONF_OPTIONAL, &profile.exercise, err);
    if (rc) {
        profile_free(&profile);
        return rc;
    }
    profile.strict = needs == 0;
    profile.sink = (enum sink)sink;
    *ret = profile;
    return 0;
}

static void free_words(struct words *words)
{
    free((void *)(uintptr_t)words->at);
    *words = (struct words){0};
}

void profile_free(struct profile *profile)
{
    free_words(&profile->takes);
    for (size_t i = 0; i < profile->units_n; i++) {
        free_words(&profile->units[i].abilities);
        free_words(&profile->units[i].equipment);
    }
    free(profile->units);
    profile->units = NULL;
    profile->units_n = 0;
}
