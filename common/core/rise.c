#include "common/core/rise.h"

#include <string.h>

enum { MINUTE_MS = 60 * 1000, PLACES = 6 };

static void drop_first(struct rise *rise)
{
    rise->n--;
    memmove(&rise->at[0], &rise->at[1], rise->n * sizeof rise->at[0]);
}

void rise_add(struct rise *rise, int64_t at_ms, double value)
{
    while (rise->n > 0 && at_ms - rise->at[0].at_ms > RISE_AGE_MAX_MS) {
        drop_first(rise);
    }
    while (rise->n > 1 && at_ms - rise->at[1].at_ms >= RISE_SPAN_MS) {
        drop_first(rise);
    }
    if (rise->n > 0 && at_ms - rise->at[rise->n - 1].at_ms < RISE_STEP_MS) {
        return;
    }
    if (rise->n == RISE_SAMPLES_MAX) {
        drop_first(rise);
    }
    rise->at[rise->n].at_ms = at_ms;
    rise->at[rise->n].value = value;
    rise->n++;
}

struct reading rise_per_min(const struct rise *rise, int64_t at_ms, double value)
{
    static const struct reading unknown = {.unit_of_measure = ""};
    int64_t span_ms = rise->n > 0 ? at_ms - rise->at[0].at_ms : 0;

    return span_ms < RISE_SPAN_MIN_MS
               ? unknown
               : reading_of_number((value - rise->at[0].value) / (double)span_ms * MINUTE_MS, PLACES);
}
