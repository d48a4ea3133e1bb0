/* The tables of event.proto for what rules say of readings and silence. */
#include "common/core/rule.h"
#include "common/wire/wire_map.h"

#include "muster/v1/event.pb-c.h"

static const struct wire_field seen_fact_fields[] = {
    NAME(struct seen_fact, fact),
    TEXT(struct seen_fact, value),
};
const struct wire_map wire_map_seen_fact = {WIRE_MAP(seen_fact, struct seen_fact, seen_fact_fields)};

#define S struct event
static const struct wire_field lookout_step_fields[] = {
    NAME(S, lookout.agent),
    NAME(S, lookout.unit),
    LONG_TEXT(S, lookout.name, SAMPLE_NAME_MAX_BYTES),
    ENUM(S, lookout.mode),
    NAME(S, lookout.pack),
    NAME(S, lookout.version),
    NAME(S, lookout.rule),
    NAME(S, lookout.when),
    TIME(S, lookout.since_ms),
    TIME(S, lookout.due_at_ms),
    BOOL(S, lookout.known),
    LIST(S, lookout.seen, wire_map_seen_fact, RULE_FACTS_SEEN_MAX),
    WORDS(S, lookout.roles, RULE_ACTIONS_MAX),
    ID(S, incident),
    TIME(S, at_ms),
};
const struct wire_map wire_map_lookout_step = {WIRE_MAP(lookout_step, S, lookout_step_fields)};
static const struct wire_field lookout_limited_fields[] = {
    NAME(S, lookout_limited.agent),
    U32(S, lookout_limited.at_most),
    BOOL(S, lookout_limited.readings),
    TIME(S, at_ms),
};
const struct wire_map wire_map_lookout_limited = {WIRE_MAP(lookout_limited, S, lookout_limited_fields)};
#undef S
