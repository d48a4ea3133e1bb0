/* Telemetry as JSON: {"type": "telemetry", "samples": [{"unit": "E1", "name": "h2s", "value": 10.5}]}. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/agency/message.h"
#include "common/base/when.h"

enum { NUMBER_DIGITS = 15, NUMBER_TEXT = 40, LINE_SAMPLES_MAX = 1024 };

/* As many digits as a double holds for certain: 10.5 is 105 * 10^-1. */
static int to_decimal(double number, struct reading *ret)
{
    char text[NUMBER_TEXT];
    int64_t value = 0;
    int exponent = -(NUMBER_DIGITS - 1);

    (void)snprintf(text, sizeof text, "%.*e", NUMBER_DIGITS - 1, number);
    const char *p = text[0] == '-' ? text + 1 : text;
    for (; *p != 'e' && *p != '\0'; p++) {
        if (*p >= '0' && *p <= '9') {
            value = value * 10 + (*p - '0');
        }
    }
    if (*p != 'e') {
        return ERR_DATA; /* no number at all */
    }
    exponent += (int)strtol(p + 1, NULL, 10);
    while (value != 0 && value % 10 == 0 && exponent < 0) {
        value /= 10;
        exponent++;
    }
    ret->value = text[0] == '-' ? -value : value;
    ret->exponent = value == 0 ? 0 : exponent;
    return 0;
}

static int parse_reading(const json_t *number, int exponent, const char *measure, struct reading *ret,
                         struct err *err)
{
    int rc = 0;

    ret->present = true;
    ret->unit_of_measure = measure;
    if (json_is_integer(number)) {
        ret->value = json_integer_value(number);
    } else if (json_is_real(number)) {
        rc = to_decimal(json_real_value(number), ret);
    } else {
        rc = ERR_DATA;
    }
    ret->exponent += exponent;
    return rc ? err_set(err, rc, "\"value\" must be a number") : 0;
}

static int parse_place(double latitude, double longitude, const char *datum, int accuracy_m,
                       struct position *ret, struct err *err)
{
    ret->present = true;
    ret->datum = datum_parse(datum);
    if (ret->datum == DATUM_NONE) {
        return err_set(err, ERR_DATA, "a position must name its \"datum\": wgs84, cgcs2000, gcj02 or bd09");
    }
    if (!(latitude >= -90 && latitude <= 90 && longitude >= -180 && longitude <= 180) || accuracy_m < 0) {
        return err_set(err, ERR_DATA, "a position must have \"latitude\" and \"longitude\" in degrees");
    }
    ret->latitude_e7 = (int32_t)(latitude * 1e7 + (latitude < 0 ? -0.5 : 0.5));
    ret->longitude_e7 = (int32_t)(longitude * 1e7 + (longitude < 0 ? -0.5 : 0.5));
    ret->accuracy_m = (uint32_t)accuracy_m;
    return 0;
}

static int parse_sample(json_t *json, struct sample *ret, struct err *err)
{
    const char *mode = NULL, *at = NULL, *datum = "", *measure = "";
    double latitude = 1e9, longitude = 1e9;
    int accuracy_m = 0, exponent = 0;
    json_t *value = NULL;
    json_error_t wrong;
    struct sample sample = {.unit = "", .name = ""};

    if (json_unpack_ex(json, &wrong, JSON_STRICT, "{s?s, s:s, s?s, s?s, s?s, s?F, s?F, s?i, s?o, s?i, s?s}",
                       "unit", &sample.unit, "name", &sample.name, "at", &at, "mode", &mode, "datum", &datum,
                       "latitude", &latitude, "longitude", &longitude, "accuracy_m", &accuracy_m, "value",
                       &value, "exponent", &exponent, "unit_of_measure", &measure) != 0) {
        return err_set(err, ERR_DATA, "%s", wrong.text);
    }
    if (at && (when_parse(at, &sample.at_ms) || sample.at_ms <= 0)) {
        return err_set(err, ERR_DATA, "\"at\" must be a time like 2026-11-22T03:00:00+08:00");
    }
    sample.mode = mode ? mode_parse(mode) : MODE_NONE;
    if (mode && sample.mode == MODE_NONE) {
        return err_set(err, ERR_DATA, "\"mode\" must be actual, exercise or test");
    }
    if (exponent > READING_EXPONENT_MAX || exponent < -READING_EXPONENT_MAX) {
        return err_set(err, ERR_DATA, "\"exponent\" must be from -%d to %d", READING_EXPONENT_MAX,
                       READING_EXPONENT_MAX);
    }
    int rc = value ? parse_reading(value, exponent, measure, &sample.reading, err)
                   : parse_place(latitude, longitude, datum, accuracy_m, &sample.position, err);
    *ret = sample;
    return rc;
}

int message_parse_samples(const json_t *json, struct arena *arena, const struct sample **ret, size_t *ret_n,
                          struct err *err)
{
    const json_t *list = json_object_get(json, "samples");
    size_t n = json_array_size(list);
    struct err why = {0};

    if (!json_is_array(list) || n == 0 || n > LINE_SAMPLES_MAX) {
        return err_set(err, ERR_DATA, "\"samples\" must be a list of 1 to %d samples", LINE_SAMPLES_MAX);
    }
    struct sample *samples = arena_array(arena, struct sample, n);
    if (!samples) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        int rc = parse_sample(json_array_get(list, i), &samples[i], &why);
        if (rc) {
            return err_set(err, rc, "samples[%zu]: %s", i, why.text);
        }
    }
    *ret = samples;
    *ret_n = n;
    return 0;
}
