/* The tables of event.proto for incidents that belong together. */
#include "common/core/fact_mark.h"
#include "common/core/ties.h"
#include "common/wire/wire_map.h"

#include "muster/v1/event.pb-c.h"

#define S struct event
static const struct wire_field incident_linked_fields[] = {
    ID(S, incident),        ID(S, linked.other), ENUM(S, linked.kind),
    BOOL(S, linked.caused), TIME(S, at_ms),      BOOL(S, linked.merged),
};
const struct wire_map wire_map_incident_linked = {WIRE_MAP(incident_linked, S, incident_linked_fields)};

static const struct wire_field incident_merged_fields[] = {
    ID(S, incident),
    ID(S, merged.other),
    TIME(S, at_ms),
};
const struct wire_map wire_map_incident_merged = {WIRE_MAP(incident_merged, S, incident_merged_fields)};
const struct wire_map wire_map_incident_split = {WIRE_MAP(incident_split, S, incident_merged_fields)};

static const struct wire_field incident_joined_fields[] = {
    ID(S, incident),
    ID(S, merged.other),
    U32(S, merged.parts),
    TIME(S, at_ms),
};
const struct wire_map wire_map_incident_joined = {WIRE_MAP(incident_joined, S, incident_joined_fields)};

static const struct wire_field orders_moved_fields[] = {
    ID(S, incident),      ID(S, moved.other), IDS(S, moved.orders, ORDERS_PER_COMMAND_MAX),
    BOOL(S, moved.taken), TIME(S, at_ms),
};
const struct wire_map wire_map_orders_moved = {WIRE_MAP(orders_moved, S, orders_moved_fields)};

static const struct wire_field facts_taken_fields[] = {
    ID(S, incident),     ID(S, taken.other),       WORDS(S, taken.fields, FACT_FIELDS),
    NAME(S, taken.kind), NAME(S, taken.substance), ENUM(S, taken.grade),
    TIME(S, at_ms),
};
const struct wire_map wire_map_facts_taken = {WIRE_MAP(facts_taken, S, facts_taken_fields)};
static const struct wire_field facts_returned_fields[] = {
    ID(S, incident),       ID(S, taken.other),       WORDS(S, taken.fields, FACT_FIELDS),
    NAME(S, taken.kind),   NAME(S, taken.substance), ENUM(S, taken.grade),
    BOOL(S, taken.graded), TIME(S, at_ms),
};
const struct wire_map wire_map_facts_returned = {WIRE_MAP(facts_returned, S, facts_returned_fields)};
static const struct wire_field part_heard_fields[] = {
    ID(S, incident),
    ID(S, part_heard.other),
    WORDS(S, part_heard.fields, FACT_FIELDS),
    BOOL(S, part_heard.graded),
    BOOL(S, part_heard.due),
    TIME(S, at_ms),
};
const struct wire_map wire_map_part_heard = {WIRE_MAP(part_heard, S, part_heard_fields)};
#undef S
