/* 遥测: positions and readings of units. The last value wins; none is ever kept in the log. Pure. */
#ifndef MUSTER_COMMON_CORE_TELEMETRY_H
#define MUSTER_COMMON_CORE_TELEMETRY_H

#include "common/core/refusal.h"
#include "common/core/words.h"

enum {
    SAMPLES_MAX = 128, /* of one envelope: some 8 KiB, which a slow line passes between two orders */
    SAMPLE_NAME_MAX_BYTES = 64,
    MEASURE_MAX_BYTES = 32,
    READING_EXPONENT_MAX = 18
};

#define READING_MAX INT64_C(1000000000000000) /* a reading's value, either way: exact in a double too */
#define SAMPLE_POSITION "position"

/* value * 10^exponent. */
struct reading {
    bool present;
    int64_t value;
    int32_t exponent;
    const char *unit_of_measure; /* as UCUM writes it */
};

/* What one thing of one unit was at one moment. */
struct sample {
    const char *agent; /* as the broker stamps it; "" from a publisher */
    const char *unit;  /* "" the agent itself */
    const char *name;  /* SAMPLE_POSITION, or what was measured */
    int64_t at_ms;
    enum mode mode;
    struct position position;
    struct reading reading;
};

/* Whether a publisher may say this; if not, ret_why says what is wrong with it. latest_ms: no clock may be
 * ahead of this, or its value would shut out every later one. */
enum refusal sample_check(const struct sample *sample, int64_t latest_ms, const char **ret_why);

double reading_number(const struct reading *reading);
/* The number with so many decimal places, fewer where it is very large; not present: it is too large. */
struct reading reading_of_number(double number, int places);

bool sample_same_value(const struct sample *a, const struct sample *b);

/* Whether `source` (an agency, an agent, "" everybody) names this agent. */
bool telemetry_source_has(const char *source, const char *agent);
bool telemetry_source_is_formed(const char *source);

#endif
