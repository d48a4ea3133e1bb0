#include "agents/ctl/cad_map.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agents/ctl/zone.h"
#include "common/conf/conf.h"

static const struct {
    const char *key;
    bool required;
} column_keys[CAD_COLUMNS] = {
#define CAD_KEY(name, text, need) {.key = text, .required = need},
    CAD_COLUMN_LIST(CAD_KEY)
#undef CAD_KEY
};

static int text_of(const struct conf_node *map, const char *key, enum conf_need need, struct arena *arena,
                   const char **ret, struct err *err)
{
    const char *text = NULL;
    int rc = conf_string(map, key, need, &text, err);

    if (rc != 0 || text == NULL) {
        return rc;
    }
    *ret = arena_strdup(arena, text);
    return *ret != NULL ? 0 : ERR_NO_MEMORY;
}

static int read_parts(const struct conf_node *map, const char *key, enum conf_need need, struct arena *arena,
                      struct cad_parts *ret, struct err *err)
{
    const struct conf_node *list = NULL;
    int rc = conf_list(map, key, need, &list, err);

    if (rc != 0 || list == NULL) {
        return rc;
    }
    if (conf_count(list) > CAD_PARTS_MAX) {
        return conf_fail(list, err, ERR_CONFIG, "\"%s\" has more than %d columns", key, CAD_PARTS_MAX);
    }
    for (size_t i = 0; i < conf_count(list); i++) {
        const char *text;
        rc = conf_scalar(conf_value_at(list, i), &text, err);
        if (rc != 0) {
            return rc;
        }
        ret->at[ret->n] = arena_strdup(arena, text);
        if (ret->at[ret->n++] == NULL) {
            return ERR_NO_MEMORY;
        }
    }
    return 0;
}

static int read_columns(const struct conf_node *root, struct arena *arena, struct cad_map *ret,
                        struct err *err)
{
    const struct conf_node *columns = NULL;
    int rc = conf_map(root, "columns", CONF_REQUIRED, &columns, err);

    for (size_t i = 0; i < CAD_COLUMNS && rc == 0; i++) {
        rc = text_of(columns, column_keys[i].key, column_keys[i].required ? CONF_REQUIRED : CONF_OPTIONAL,
                     arena, &ret->columns[i], err);
    }
    rc = rc ? rc : read_parts(columns, "place", CONF_OPTIONAL, arena, &ret->place, err);
    return rc ? rc : read_parts(columns, "arrived_by", CONF_OPTIONAL, arena, &ret->arrived_by, err);
}

static int read_value(const struct conf_node *values, size_t i, struct arena *arena, struct cad_value *ret,
                      struct err *err)
{
    const struct conf_node *node = conf_value_at(values, i);
    const char *to;
    int rc = conf_scalar(node, &to, err);

    if (rc != 0) {
        return rc;
    }
    if (to[0] == '\0' || strlen(to) > NAME_MAX_BYTES) {
        return conf_fail(node, err, ERR_CONFIG, "a word of 1 to %d bytes is wanted", NAME_MAX_BYTES);
    }
    ret->from = arena_strdup(arena, conf_key_at(values, i));
    ret->to = arena_strdup(arena, to);
    return ret->from != NULL && ret->to != NULL ? 0 : ERR_NO_MEMORY;
}

static int read_values(const struct conf_node *root, const char *key, struct arena *arena,
                       struct cad_values *ret, struct err *err)
{
    const struct conf_node *table = NULL;
    const struct conf_node *values = NULL;
    int rc = conf_map(root, key, CONF_REQUIRED, &table, err);

    rc = rc ? rc : text_of(table, "column", CONF_OPTIONAL, arena, &ret->column, err);
    rc = rc ? rc : text_of(table, "otherwise", CONF_OPTIONAL, arena, &ret->otherwise, err);
    rc = rc ? rc
            : conf_map(table, "values", ret->column != NULL ? CONF_REQUIRED : CONF_OPTIONAL, &values, err);
    if (rc != 0) {
        return rc;
    }
    if (ret->column == NULL && ret->otherwise == NULL) {
        return conf_fail(table, err, ERR_CONFIG, "\"%s\" has neither a column nor \"otherwise\"", key);
    }
    size_t n = values != NULL ? conf_count(values) : 0;
    if (n > CAD_VALUES_MAX) {
        return conf_fail(values, err, ERR_CONFIG, "more than %d values", CAD_VALUES_MAX);
    }
    ret->at = arena_array(arena, struct cad_value, n);
    for (size_t i = 0; i < n && rc == 0 && ret->at != NULL; i++) {
        rc = read_value(values, i, arena, &ret->at[i], err);
    }
    ret->n = n;
    return rc != 0 || ret->at != NULL ? rc : ERR_NO_MEMORY;
}

static int check_agency(const struct conf_node *root, const struct cad_map *map, const char *agency,
                        struct err *err)
{
    const char *prefix = map->region != NULL ? map->region : "370000";
    char name[NAME_MAX_BYTES + 1];
    int n = snprintf(name, sizeof name, "%s/%s", prefix, agency);

    if (n > 0 && (size_t)n < sizeof name && (name_is_agency(name) || name_is_agent(name))) {
        return 0;
    }
    return conf_fail(root, err, ERR_CONFIG,
                     "\"%s\" under region \"%s\" makes no address; write an agency such as fire-rescue",
                     agency, prefix);
}

static int check(const struct conf_node *root, const struct cad_map *map, struct err *err)
{
    int rc = 0;

    if (map->source[0] == '\0' || strlen(map->source) > NAME_MAX_BYTES) {
        return conf_fail(root, err, ERR_CONFIG, "\"source\": 1 to %d bytes are wanted", NAME_MAX_BYTES);
    }
    if (!map->has_zone && strstr(map->time_format, "%z") == NULL) {
        return conf_fail(
            root, err, ERR_CONFIG,
            "\"utc_offset\" is missing (such as -07:00), and \"time_format\" has no %%z: local times "
            "without a zone mean nothing");
    }
    if (map->columns[CAD_POSITION] != NULL && map->datum == DATUM_NONE) {
        return conf_fail(
            root, err, ERR_CONFIG,
            "\"datum\" is missing: wgs84, cgcs2000, gcj02 or bd09, the reference system of the positions");
    }
    for (size_t i = 0; i < map->agency.n && rc == 0; i++) {
        rc = check_agency(root, map, map->agency.at[i].to, err);
    }
    return rc == 0 && map->agency.otherwise != NULL ? check_agency(root, map, map->agency.otherwise, err)
                                                    : rc;
}

static int read_datum(const struct conf_node *root, enum datum *ret, struct err *err)
{
    static const char *const names[] = {"wgs84", "cgcs2000", "gcj02", "bd09", NULL};
    int datum = -1;
    int rc = conf_choice(root, "datum", CONF_OPTIONAL, names, &datum, err);

    *ret = (enum datum)(datum + 1);
    return rc;
}

static int read_zone(const struct conf_node *root, struct cad_map *ret, struct err *err)
{
    const char *offset = NULL;
    struct err why = {0};
    int rc = conf_string(root, "utc_offset", CONF_OPTIONAL, &offset, err);

    if (rc != 0 || offset == NULL) {
        return rc;
    }
    ret->has_zone = true;
    rc = zone_parse(offset, &ret->utc_offset_minutes, &why);
    return rc != 0 ? conf_fail(root, err, ERR_CONFIG, "utc_offset: %s", why.text) : 0;
}

int cad_map_load(const char *path, struct arena *arena, struct cad_map *ret, struct err *err)
{
    struct cad_map map = {.order_kind = "dispatch"};
    const struct conf_node *root;
    struct conf *conf;
    int rc = conf_load(path, &conf, err);

    if (rc != 0) {
        return rc;
    }
    root = conf_root(conf);
    rc = text_of(root, "source", CONF_REQUIRED, arena, &map.source, err);
    rc = rc ? rc : text_of(root, "region", CONF_OPTIONAL, arena, &map.region, err);
    rc = rc ? rc : text_of(root, "time_format", CONF_REQUIRED, arena, &map.time_format, err);
    rc = rc ? rc : text_of(root, "order_kind", CONF_OPTIONAL, arena, &map.order_kind, err);
    rc = rc ? rc : read_zone(root, &map, err);
    rc = rc ? rc : read_datum(root, &map.datum, err);
    rc = rc ? rc : read_columns(root, arena, &map, err);
    rc = rc ? rc : read_values(root, "kind", arena, &map.kind, err);
    rc = rc ? rc : read_values(root, "agency", arena, &map.agency, err);
    rc = rc ? rc : check(root, &map, err);
    rc = rc ? rc : conf_check_unknown(conf, err);
    conf_free(conf);
    if (rc == 0) {
        *ret = map;
    }
    return rc;
}

const char *cad_values_find(const struct cad_values *values, const char *value)
{
    for (size_t i = 0; i < values->n; i++) {
        if (strcmp(values->at[i].from, value) == 0) {
            return values->at[i].to;
        }
    }
    return values->otherwise;
}

int cad_time_parse(const struct cad_map *map, const char *text, int64_t *ret_ms)
{
    struct tm read = {.tm_mday = 1};
    const char *end = strptime(text, map->time_format, &read);

    if (end == NULL || *end != '\0') {
        return ERR_DATA;
    }
    long offset_s = map->has_zone ? map->utc_offset_minutes * 60L : read.tm_gmtoff;
    struct tm back = read;
    time_t seconds = timegm(&back);
    /* strptime takes 30 February and second 61, timegm moves them: what moved was no time. */
    if (seconds == (time_t)-1 || back.tm_mday != read.tm_mday || back.tm_mon != read.tm_mon ||
        back.tm_hour != read.tm_hour || back.tm_min != read.tm_min || back.tm_sec != read.tm_sec) {
        return ERR_DATA;
    }
    seconds -= offset_s;
    if (seconds <= 0) {
        return ERR_DATA;
    }
    *ret_ms = (int64_t)seconds * 1000;
    return 0;
}
