/* How another dispatch system's table is to be read: a YAML file. maps/sf-fire.yaml is one, with comments. */
#ifndef MUSTER_AGENTS_CTL_CAD_MAP_H
#define MUSTER_AGENTS_CTL_CAD_MAP_H

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/core/words.h"

enum {
    CAD_PARTS_MAX = 8,    /* columns that make up one place */
    CAD_VALUES_MAX = 1024 /* entries of a table of values */
};

/* The columns that mean something. Those of times come last. */
#define CAD_COLUMN_LIST(X)                     \
    X(CAD_INCIDENT, "incident", true)          \
    X(CAD_UNIT, "unit", true)                  \
    X(CAD_ORDER, "order", false)               \
    X(CAD_TITLE, "title", false)               \
    X(CAD_POSITION, "position", false)         \
    X(CAD_COURSE, "course", false)             \
    X(CAD_RECEIVED, "received", true)          \
    X(CAD_DISPATCHED, "dispatched", true)      \
    X(CAD_ACKNOWLEDGED, "acknowledged", false) \
    X(CAD_ACCEPTED, "accepted", false)         \
    X(CAD_EN_ROUTE, "en_route", false)         \
    X(CAD_ON_SCENE, "on_scene", true)          \
    X(CAD_ENDED, "ended", true)

enum cad_column {
#define CAD_ENUM(name, key, required) name,
    CAD_COLUMN_LIST(CAD_ENUM)
#undef CAD_ENUM
        CAD_COLUMNS
};

/* "place" is made of several columns; "arrived_by" tells of an arrival where on_scene says nothing. */
struct cad_parts {
    const char *at[CAD_PARTS_MAX];
    size_t n;
};

/* What a column's value stands for. */
struct cad_values {
    const char *column; /* NULL: there is none, everything is `otherwise` */
    struct cad_value {
        const char *from;
        const char *to;
    } * at;
    size_t n;
    const char *otherwise; /* NULL: an unknown value is an error */
};

struct cad_map {
    const char *source;
    const char *region; /* NULL: the broker's */
    const char *time_format;
    bool has_zone; /* else the format reads one (%z) */
    int32_t utc_offset_minutes;
    enum datum datum;
    const char *order_kind;
    const char *columns[CAD_COLUMNS]; /* headings; NULL: none */
    struct cad_parts place;
    struct cad_parts arrived_by;
    struct cad_values kind;
    struct cad_values agency;
};

/* Texts are the arena's. ERR_CONFIG with file, line and column; ERR_NO_INPUT; ERR_PERMISSION. */
int cad_map_load(const char *path, struct arena *arena, struct cad_map *ret, struct err *err);

/* What `value` stands for; NULL when the map does not know it. */
const char *cad_values_find(const struct cad_values *values, const char *value);

/* A time of the table as unix ms. ERR_DATA for what the format does not fit or the calendar does not have. */
int cad_time_parse(const struct cad_map *map, const char *text, int64_t *ret_ms);

#endif
