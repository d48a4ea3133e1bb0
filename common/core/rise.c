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
    struct reading ret = {.exponent = -PLACES, .unit_of_measure = ""};
    int64_t span_ms = rise->n > 0 ? at_ms - rise->at[0].at_ms : 0;

    if (span_ms < RISE_SPAN_MIN_MS) {
        return ret;
    }
    double scaled = (value - rise->at[0].value) / (double)span_ms * MINUTE_MS;
    for (int i = 0; i < PLACES; i++) {
        scaled *= 10;
    }
    while ((scaled >= (double)READING_MAX || scaled <= (double)-READING_MAX) &&
           ret.exponent < READING_EXPONENT_MAX) {
        scaled /= 10;
        ret.exponent++;
    }
    if (scaled < (double)READING_MAX && scaled > (double)-READING_MAX) {
        ret.value = (int64_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
        ret.present = true;
    }
    return ret;
}
