/* The tables of event.proto for the warnings that are at hand. */
#include "common/wire/wire_map.h"

#include "muster/v1/event.pb-c.h"

#define S struct event
static const struct wire_field warning_step_fields[] = {
    ID(S, warning.alert),
    ENUM(S, warning.mode),
    ENUM(S, warning.source),
    ENUM(S, warning.type),
    LONG_TEXT(S, warning.sender, ALERT_NAME_MAX),
    LONG_TEXT(S, warning.identifier, ALERT_NAME_MAX),
    NAME(S, warning.event),
    ENUM(S, warning.urgency),
    ENUM(S, warning.severity),
    ENUM(S, warning.certainty),
    ENUM(S, warning.colour),
    BOOL(S, warning.here),
    WORDS(S, warning.areas, WARNING_AREAS_MAX),
    TIME(S, warning.sent_ms),
    TIME(S, warning.from_ms),
    TIME(S, warning.onset_ms),
    TIME(S, warning.expires_ms),
    IDS(S, warning.replaces, WARNING_REPLACES_MAX),
    BOOL(S, warning.began),
    BOOL(S, warning.asked),
    BOOL(S, warning.asks),
    ENUM(S, warning.why),
    NAME(S, warning.pack),
    NAME(S, warning.version),
    NAME(S, warning.rule),
    LIST(S, warning.seen, wire_map_seen_fact, RULE_FACTS_SEEN_MAX),
    WORDS(S, warning.roles, WARNING_TOLD_MAX),
    TIME(S, at_ms),
};
const struct wire_map wire_map_warning_step = {WIRE_MAP(warning_step, S, warning_step_fields)};
static const struct wire_field warnings_heeded_fields[] = {
    U32(S, warnings_heeded.turn),
    TIME(S, at_ms),
};
const struct wire_map wire_map_warnings_heeded = {WIRE_MAP(warnings_heeded, S, warnings_heeded_fields)};
#undef S
