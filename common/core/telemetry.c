#include "common/core/telemetry.h"

#include <string.h>

enum refusal sample_check(const struct sample *sample, int64_t latest_ms, const char **ret_why)
{
    bool is_position = strcmp(sample->name, SAMPLE_POSITION) == 0;

    if (sample->name[0] == '\0') {
        *ret_why = "name what was measured";
        return REFUSED_INVALID;
    }
    if (sample->at_ms <= 0) {
        *ret_why = "at_ms: say when it was measured";
        return REFUSED_INVALID;
    }
    if (sample->position.present == sample->reading.present || sample->position.present != is_position) {
        *ret_why = is_position ? "a position, and no reading, bears the name \"position\""
                               : "a reading, and no position, bears this name";
        return REFUSED_INVALID;
    }
    if (sample->mode == MODE_NONE) {
        *ret_why = "mode: actual, exercise or test";
        return REFUSED_MODE;
    }
    if (sample->at_ms > latest_ms) {
        *ret_why = "at_ms: the clock that measured it is too far ahead";
        return REFUSED_CLOCK;
    }
    if (is_position && sample->position.datum == DATUM_NONE) {
        *ret_why = "the position names no reference system";
        return REFUSED_REFERENCE;
    }
    return REFUSED_NOT;
}

static bool same_position(const struct position *a, const struct position *b)
{
    return a->present == b->present && a->datum == b->datum && a->latitude_e7 == b->latitude_e7 &&
           a->longitude_e7 == b->longitude_e7 && a->accuracy_m == b->accuracy_m;
}

bool sample_same_value(const struct sample *a, const struct sample *b)
{
    return same_position(&a->position, &b->position) && a->reading.present == b->reading.present &&
           a->reading.value == b->reading.value && a->reading.exponent == b->reading.exponent &&
           (!a->reading.present || strcmp(a->reading.unit_of_measure, b->reading.unit_of_measure) == 0);
}

bool telemetry_source_has(const char *source, const char *agent)
{
    size_t n = strlen(source);

    return n == 0 || (strncmp(source, agent, n) == 0 && (agent[n] == '\0' || agent[n] == '/'));
}

bool telemetry_source_is_formed(const char *source)
{
    return source[0] == '\0' || name_is_agency(source) || name_is_agent(source);
}

double reading_number(const struct reading *reading)
{
    double scale = 1, value = (double)reading->value;
    int32_t n = reading->exponent < 0 ? -reading->exponent : reading->exponent;

    for (int32_t i = 0; i < n && i < READING_EXPONENT_MAX; i++) {
        scale *= 10; /* exact up to 10^22: so the result is the nearest double */
    }
    return reading->exponent < 0 ? value / scale : value * scale;
}

struct reading reading_of_number(double number, int places)
{
    struct reading ret = {.exponent = -places, .unit_of_measure = ""};

    for (int i = 0; i < places; i++) {
        number *= 10;
    }
    while ((number >= (double)READING_MAX || number <= (double)-READING_MAX) &&
           ret.exponent < READING_EXPONENT_MAX) {
        number /= 10;
        ret.exponent++;
    }
    if (number < (double)READING_MAX && number > (double)-READING_MAX) {
        ret.value = (int64_t)(number < 0 ? number - 0.5 : number + 0.5);
        ret.present = true;
    }
    return ret;
}
