/* The tables of proto/muster/v1/common.proto. */
#include "common/wire/wire_map.h"

#include "muster/v1/common.pb-c.h"

enum { LATITUDE_MAX_E7 = 900000000, LONGITUDE_MAX_E7 = 1800000000 };

static const struct wire_field count_fields[] = {
    {.name = "value", .type = WIRE_U64, .max = COUNT_MAX},
};
const struct wire_map wire_map_count = {WIRE_MAP(count, int64_t, count_fields)};

#define S struct position
static const struct wire_field position_fields[] = {
    ENUM(S, datum),
    S32(S, latitude_e7, LATITUDE_MAX_E7),
    S32(S, longitude_e7, LONGITUDE_MAX_E7),
    U32(S, accuracy_m),
};
const struct wire_map wire_map_position = {WIRE_MAP(position, S, position_fields)};
#undef S

#define S struct casualties
static const struct wire_field casualties_fields[] = {
    COUNT(S, dead), COUNT(S, missing), COUNT(S, serious), COUNT(S, minor), COUNT(S, trapped),
};
const struct wire_map wire_map_casualties = {WIRE_MAP(casualties, S, casualties_fields)};
#undef S

#define S struct facts
static const struct wire_field facts_fields[] = {
    NAME(S, kind),
    TEXT(S, place),
    FLAGGED(S, position, wire_map_position, position.present, WIRE_OR_FULL),
    TEXT(S, unit),
    MESSAGE(S, casualties, wire_map_casualties),
    COUNT(S, loss_cny),
    NAME(S, substance),
    TEXT(S, course),
    TEXT(S, measures),
    TIME(S, occurred_at_ms),
    TEXT(S, caller),
    TEXT(S, title),
    NAME(S, division),
};
const struct wire_map wire_map_facts = {WIRE_MAP(facts, S, facts_fields)};
#undef S

#define S struct division
static const struct wire_field division_fields[] = {
    NAME(S, code),
    NAME(S, name),
    U32(S, from),
    U32(S, to),
};
const struct wire_map wire_map_division = {WIRE_MAP(division, S, division_fields)};
#undef S

#define S struct unit
static const struct wire_field unit_fields[] = {
    NAME(S, id),
    NAME(S, type),
    WORDS(S, abilities, LIST_MAX),
    WORDS(S, equipment, LIST_MAX),
    ENUM(S, status),
    U32(S, crew),
    ENUM(S, kind),
    NAME(S, team),
};
const struct wire_map wire_map_unit = {WIRE_MAP(unit, S, unit_fields)};
#undef S

#define S struct kind_policy
static const struct wire_field kind_policy_fields[] = {
    NAME(S, kind),
    WORDS(S, required, FACT_COUNT),
    TIME(S, ask_within_ms),
    WORDS(S, needs, LIST_MAX),
};
static const struct wire_map kind_policy_map = {WIRE_MAP(kind_policy, S, kind_policy_fields)};
#undef S

#define S struct substance_policy
static const struct wire_field substance_policy_fields[] = {
    NAME(S, substance),
    WORDS(S, needs, LIST_MAX),
};
static const struct wire_map substance_policy_map = {WIRE_MAP(substance_policy, S, substance_policy_fields)};
#undef S

#define S struct order_kind_policy
static const struct wire_field order_kind_policy_fields[] = {
    NAME(S, kind),
    BOOL(S, two_persons),
};
static const struct wire_map order_kind_policy_map = {
    WIRE_MAP(order_kind_policy, S, order_kind_policy_fields)};
#undef S

#define S struct policy
static const struct wire_field policy_fields[] = {
    LIST(S, kinds, kind_policy_map, LIST_MAX),
    LIST(S, substances, substance_policy_map, LIST_MAX),
    LIST(S, order_kinds, order_kind_policy_map, LIST_MAX),
    TIME(S, clock_tolerance_ms),
    TIME(S, amend_answer_ms),
    NAME(S, version),
};
const struct wire_map wire_map_policy = {WIRE_MAP(policy, S, policy_fields)};
#undef S

#define S struct reading
static const struct wire_field reading_fields[] = {
    S64(S, value, READING_MAX),
    S32(S, exponent, READING_EXPONENT_MAX),
    {.name = "unit_of_measure",
     .type = WIRE_TEXT,
     .member = WIRE_AT(S, unit_of_measure, const char *),
     .max = MEASURE_MAX_BYTES},
};
const struct wire_map wire_map_reading = {WIRE_MAP(reading, S, reading_fields)};
#undef S
