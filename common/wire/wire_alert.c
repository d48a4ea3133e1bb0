/* The tables of proto/muster/v1/alert.proto. */
#include "common/wire/wire_map.h"

#include "muster/v1/alert.pb-c.h"

enum {
    LATITUDE_MAX_E7 = 900000000,
    LONGITUDE_MAX_E7 = 1800000000,
    RADIUS_MAX_M = 20040000,                 /* half of the way around the earth: more is everywhere */
    PLACE_MAX_BYTES = 2 * NAME_MAX_BYTES + 1 /* "NAME=VALUE" */
};

/* A sender or identifier. */
#define CALLED(S, m)                                                                                \
    {                                                                                               \
        .name = #m, .type = WIRE_TEXT, .member = WIRE_AT(S, m, const char *), .max = ALERT_NAME_MAX \
    }
#define TEXTS(S, m, bytes_max, most)                                                               \
    {                                                                                              \
        .name = #m, .type = WIRE_WORDS, .member = WIRE_AT(S, m, struct words), .max = (bytes_max), \
        .list_max = (most)                                                                         \
    }

#define S struct alert_reference
static const struct wire_field reference_fields[] = {
    CALLED(S, sender),
    CALLED(S, identifier),
    TIME(S, sent_ms),
    ID(S, alert),
};
static const struct wire_map reference_map = {WIRE_MAP(alert_reference, S, reference_fields)};
#undef S

#define S struct alert_code
/* Of an event or a parameter, whose value may be a sentence. */
static const struct wire_field code_fields[] = {
    NAME(S, name),
    TEXT(S, value),
};
static const struct wire_map code_map = {WIRE_MAP(alert_code, S, code_fields)};
static const struct wire_field geocode_fields[] = {
    NAME(S, name),
    NAME(S, value),
};
static const struct wire_map geocode_map = {WIRE_MAP(alert_code, S, geocode_fields)};
#undef S

#define S struct alert_circle
static const struct wire_field circle_fields[] = {
    S32(S, latitude_e7, LATITUDE_MAX_E7),
    S32(S, longitude_e7, LONGITUDE_MAX_E7),
    {.name = "radius_m", .type = WIRE_U32, .member = WIRE_AT(S, radius_m, uint32_t), .max = RADIUS_MAX_M},
};
static const struct wire_map circle_map = {WIRE_MAP(alert_circle, S, circle_fields)};
#undef S

#define S struct alert_area
static const struct wire_field area_fields[] = {
    TEXT(S, description),
    TEXTS(S, polygons, TEXT_MAX_BYTES, ALERT_SHAPES_MAX),
    LIST(S, circles, circle_map, ALERT_SHAPES_MAX),
    LIST(S, geocodes, geocode_map, ALERT_GEOCODES_MAX),
};
static const struct wire_map area_map = {WIRE_MAP(alert_area, S, area_fields)};
#undef S

#define S struct alert_info
static const struct wire_field info_fields[] = {
    NAME(S, language),
    WORDS(S, categories, LIST_MAX),
    TEXT(S, event),
    WORDS(S, responses, LIST_MAX),
    ENUM(S, urgency),
    ENUM(S, severity),
    ENUM(S, certainty),
    ENUM(S, colour),
    TEXT(S, audience),
    LIST(S, codes, code_map, ALERT_CODES_MAX),
    TIME(S, effective_ms),
    TIME(S, onset_ms),
    TIME(S, expires_ms),
    TEXT(S, sender_name),
    TEXT(S, headline),
    TEXT(S, description),
    TEXT(S, instruction),
    TEXT(S, web),
    TEXT(S, contact),
    LIST(S, parameters, code_map, ALERT_CODES_MAX),
    LIST(S, areas, area_map, ALERT_AREAS_MAX),
};
static const struct wire_map info_map = {WIRE_MAP(alert_info, S, info_fields)};
#undef S

#define S struct record_alert
static const struct wire_field record_alert_fields[] = {
    ID(S, alert),
    ENUM(S, source),
    CALLED(S, sender),
    NAME(S, sender_code),
    CALLED(S, identifier),
    TIME(S, sent_ms),
    ENUM(S, status),
    ENUM(S, type),
    ENUM(S, scope),
    TEXT(S, note),
    LIST(S, references, reference_map, ALERT_REFERENCES_MAX),
    LIST(S, infos, info_map, ALERT_INFOS_MAX),
    FIXED(S, content),
};
const struct wire_map wire_map_record_alert = {WIRE_MAP(record_alert, S, record_alert_fields)};
#undef S

#define S struct event
static const struct wire_field alert_recorded_fields[] = {
    ID(S, alert_recorded.alert),
    ENUM(S, alert_recorded.mode),
    ENUM(S, alert_recorded.source),
    CALLED(S, alert_recorded.sender),
    CALLED(S, alert_recorded.identifier),
    TIME(S, alert_recorded.sent_ms),
    ENUM(S, alert_recorded.type),
    ENUM(S, alert_recorded.urgency),
    ENUM(S, alert_recorded.severity),
    ENUM(S, alert_recorded.certainty),
    ENUM(S, alert_recorded.colour),
    TIME(S, alert_recorded.expires_ms),
    TEXTS(S, alert_recorded.geocodes, PLACE_MAX_BYTES, ALERT_GEOCODES_MAX),
    IDS(S, alert_recorded.references, ALERT_REFERENCES_MAX),
    FIXED(S, alert_recorded.content),
    U32(S, alert_recorded.number),
    TIME(S, at_ms),
};
const struct wire_map wire_map_alert_recorded = {WIRE_MAP(alert_recorded, S, alert_recorded_fields)};
#undef S
