#include "common/view/view_telemetry.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/view/view_json.h"

enum { DIGITS_TEXT = 24 };

static void put_escaped(struct buf *ret, const char *text)
{
    text_escape(ret, text, strlen(text));
}

void view_reading_value(const struct reading *reading, struct buf *ret)
{
    bool negative = reading->value < 0;
    uint64_t value = negative ? 0 - (uint64_t)reading->value : (uint64_t)reading->value;
    int32_t exponent = reading->exponent;
    char digits[DIGITS_TEXT];

    int n = snprintf(digits, sizeof digits, "%" PRIu64, value);
    buf_puts(ret, negative ? "-" : "");
    if (exponent >= 0) {
        buf_printf(ret, "%s%.*s", digits, value != 0 ? exponent : 0, "000000000000000000");
        return;
    }
    int whole = n + exponent; /* digits before the point */
    if (whole > 0) {
        buf_printf(ret, "%.*s.%s", whole, digits, digits + whole);
    } else {
        buf_printf(ret, "0.%.*s%s", -whole, "000000000000000000", digits);
    }
}

static void put_degrees(struct buf *ret, int32_t e7)
{
    struct reading degrees = {.value = e7, .exponent = -7};

    view_reading_value(&degrees, ret);
}

void view_sample_text(const struct state *state, const struct view_voice *voice, const struct sample *sample,
                      struct buf *ret)
{
    char clock[VIEW_TIME];

    buf_printf(ret, "%s  ", view_clock(state, sample->at_ms, sample->at_ms, clock));
    put_escaped(ret, view_short_name(state, sample->agent));
    buf_puts(ret, sample->unit[0] != '\0' ? " " : "");
    put_escaped(ret, sample->unit);
    buf_puts(ret, ": ");
    if (sample->mode != MODE_ACTUAL) {
        buf_printf(ret, "[%s] ", view_mode_name(voice, sample->mode));
    }
    if (sample->position.present) {
        buf_puts(ret, voice->zh ? "位置 " : "at ");
        put_degrees(ret, sample->position.latitude_e7);
        buf_puts(ret, ", ");
        put_degrees(ret, sample->position.longitude_e7);
        buf_printf(ret, " (%s)", datum_name(sample->position.datum));
    } else {
        put_escaped(ret, sample->name);
        buf_puts(ret, " ");
        view_reading_value(&sample->reading, ret);
        buf_puts(ret, " ");
        put_escaped(ret, sample->reading.unit_of_measure);
    }
    buf_puts(ret, "\n");
}

void view_sample_json(const struct sample *sample, struct buf *ret)
{
    struct json json = json_begin(ret);
    struct buf value;

    json_object(&json, NULL);
    json_text(&json, "event", "telemetry");
    json_text(&json, "agent", sample->agent);
    json_text(&json, "unit", sample->unit);
    json_text(&json, "name", sample->name);
    json_number(&json, "at_ms", sample->at_ms);
    json_text(&json, "mode", mode_name(sample->mode));
    if (sample->position.present) {
        json_text(&json, "datum", datum_name(sample->position.datum));
        json_number(&json, "latitude_e7", sample->position.latitude_e7);
        json_number(&json, "longitude_e7", sample->position.longitude_e7);
        json_unsigned(&json, "accuracy_m", sample->position.accuracy_m);
    } else {
        buf_init(&value, 0);
        view_reading_value(&sample->reading, &value);
        json_text(&json, "value", buf_text(&value)); /* exact, which a JSON number is not for every reader */
        json_text(&json, "unit_of_measure", sample->reading.unit_of_measure);
        buf_free(&value);
    }
    json_object_end(&json);
    buf_puts(ret, "\n");
}
