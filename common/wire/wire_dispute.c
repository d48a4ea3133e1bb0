/* The tables of event.proto for who leads, and for what regions order and count apart. */
#include "common/core/otherwise.h"
#include "common/wire/wire_map.h"

#include "muster/v1/event.pb-c.h"

#define S struct event
static const struct wire_field lead_offered_fields[] = {
    ID(S, incident), NAME(S, lead.region), U32(S, lead.term), NAME(S, lead.from), TIME(S, at_ms),
};
const struct wire_map wire_map_lead_offered = {WIRE_MAP(lead_offered, S, lead_offered_fields)};
static const struct wire_field lead_fields[] = {
    ID(S, incident),    NAME(S, lead.region), U32(S, lead.term),
    NAME(S, lead.from), BOOL(S, lead.alone),  TIME(S, at_ms),
};
const struct wire_map wire_map_lead_taken = {WIRE_MAP(lead_taken, S, lead_fields)};
const struct wire_map wire_map_lead_disputed = {WIRE_MAP(lead_disputed, S, lead_fields)};
static const struct wire_field orders_known_fields[] = {
    ID(S, incident),
    ID(S, order),
    IDS(S, orders_known.known, ORDERS_KNOWN_MAX),
    BOOL(S, orders_known.more),
    NAME(S, orders_known.lead),
    U32(S, orders_known.term),
    TIME(S, at_ms),
};
const struct wire_map wire_map_orders_known = {WIRE_MAP(orders_known, S, orders_known_fields)};
static const struct wire_field orders_disputed_fields[] = {
    ID(S, incident),           ID(S, order),   ID(S, disputed.other), NAME(S, disputed.region),
    NAME(S, disputed.against), TIME(S, at_ms), NAME(S, disputed.by), /* beyond the message: "" */
};
const struct wire_map wire_map_orders_disputed = {WIRE_MAP(orders_disputed, S, orders_disputed_fields)};
static const struct wire_field dispute_settled_fields[] = {
    ID(S, incident),      ID(S, order),   ID(S, disputed.other),     NAME(S, disputed.region),
    NAME(S, disputed.by), TIME(S, at_ms), NAME(S, disputed.against), /* beyond the message: "" */
};
const struct wire_map wire_map_dispute_settled = {WIRE_MAP(dispute_settled, S, dispute_settled_fields)};
static const struct wire_field counts_known_fields[] = {
    ID(S, incident),
    TIME(S, counts_known.dead_ms),
    TIME(S, counts_known.missing_ms),
    TIME(S, counts_known.serious_ms),
    TIME(S, counts_known.minor_ms),
    TIME(S, counts_known.trapped_ms),
    TIME(S, at_ms),
};
const struct wire_map wire_map_counts_known = {WIRE_MAP(counts_known, S, counts_known_fields)};
static const struct wire_field count_apart_fields[] = {
    ID(S, incident),
    NAME(S, count_apart.fact),
    NAME(S, count_apart.region),
    S64(S, count_apart.count, INT64_MAX),
    S64(S, count_apart.holds, INT64_MAX),
    TIME(S, at_ms),
    ID(S, count_apart.other),
};
const struct wire_map wire_map_count_apart = {WIRE_MAP(count_apart, S, count_apart_fields)};
static const struct wire_field grade_otherwise_fields[] = {
    ID(S, incident),
    ENUM(S, otherwise.grade),
    LONG_TEXT(S, otherwise.rule, RULE_NAME_MAX),
    LONG_TEXT(S, otherwise.article, ARTICLE_MAX),
    NAME(S, otherwise.fact),
    NAME(S, otherwise.region),
    S64(S, otherwise.count, INT64_MAX),
    S64(S, otherwise.up_to, INT64_MAX),
    TIME(S, at_ms),
};
const struct wire_map wire_map_grade_otherwise = {WIRE_MAP(grade_otherwise, S, grade_otherwise_fields)};
#undef S
