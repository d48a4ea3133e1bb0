/* How fast a reading rises: by its last samples, of which few are kept. Pure. */
#ifndef MUSTER_COMMON_CORE_RISE_H
#define MUSTER_COMMON_CORE_RISE_H

#include "common/core/telemetry.h"

enum {
    RISE_STEP_MS = 5000,              /* samples that are closer together are not all kept */
    RISE_SPAN_MS = 60 * 1000,         /* the rise is that since the last sample at least so old, ... */
    RISE_SPAN_MIN_MS = 15 * 1000,     /* ... or, of a shorter past, since its first: not known below this */
    RISE_AGE_MAX_MS = 10 * 60 * 1000, /* what is older says nothing of now */
    RISE_SAMPLES_MAX = RISE_SPAN_MS / RISE_STEP_MS + 2
};

struct rise {
    struct {
        int64_t at_ms;
        double value;
    } at[RISE_SAMPLES_MAX]; /* oldest first */
    size_t n;
};

/* A sample, no older than the one before. */
void rise_add(struct rise *rise, int64_t at_ms, double value);
/* In a minute, up to this sample, which was added; not present: not known. */
struct reading rise_per_min(const struct rise *rise, int64_t at_ms, double value);

#endif
