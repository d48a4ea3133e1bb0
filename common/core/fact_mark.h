/* When each fact of a shared incident was said, so that two regions which change one while they cannot hear
 * each other come to the same: the later word holds, and of two at one moment the greater. Both reports are
 * kept, and shown; what is decided here is only which value is reckoned with. */
#ifndef MUSTER_COMMON_CORE_FACT_MARK_H
#define MUSTER_COMMON_CORE_FACT_MARK_H

#include "common/core/words.h"

enum {
    FACT_FIELDS = 17,     /* of struct facts; each of the five counts is one ... */
    FACT_COUNTS_FROM = 9, /* ... and they stand side by side, in the order of struct casualties */
};

/* Those of struct facts' fields of which more than a fingerprint or a time is kept, as bits. */
enum {
    FIELD_KIND = 1u << 0,
    FIELD_SUBSTANCE = 1u << 3,
    FIELD_LOSS = 1u << 14,
    FIELD_OCCURRED = 1u << 15,
    FIELD_POSITION = 1u << 16,
    FIELDS_TAKEN = FIELD_KIND | FIELD_SUBSTANCE | 0x1fu << 9 /* counts */ | FIELD_LOSS | FIELD_OCCURRED |
                   FIELD_POSITION, /* by a merge, where they are not known */
    FIELDS_ALL = (1u << FACT_FIELDS) - 1
};

/* No broker begins with a clock that is so far ahead of its log's (docs/operations.md, "Clock"). What is
 * nearer counts as it was said: a region whose clock is right says its own word after it, and is believed. */
#define FACTS_AHEAD_MAX_MS (INT64_C(31) * 24 * 60 * 60 * 1000)

struct fact_mark {
    int64_t at_ms;
    uint64_t value; /* a count, or a fingerprint */
};

/* What is said becomes the last word on it. */
void facts_mark(struct fact_mark marks[FACT_FIELDS], const struct facts *said, int64_t at_ms);
/* What of it is no older than what is marked. Texts of ret are those of said. */
struct facts facts_newer(const struct fact_mark marks[FACT_FIELDS], const struct facts *said, int64_t at_ms);
/* When the newest of these facts was said before; 0: none was. */
int64_t facts_said_at(const struct fact_mark marks[FACT_FIELDS], const struct facts *said);
/* The fields that it says, as bits 1u << i in the order of struct facts' marks. */
uint32_t facts_fields(const struct facts *said);
/* What it says of these fields alone. Texts of ret are those of said. */
struct facts facts_only(const struct facts *said, uint32_t fields);
/* "kind", "dead" ...; i below FACT_FIELDS. */
const char *fact_field_name(size_t i);
/* The fields that are named; what is no name is passed over. */
uint32_t fact_fields_of(struct words names);
/* Nothing is said. */
bool facts_are_none(const struct facts *facts);

#endif
