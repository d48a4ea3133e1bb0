/* A sample as a reader sees it. */
#include "common/view/view_telemetry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_value_is_a_decimal(void **state)
{
    static const struct {
        int64_t value;
        int32_t exponent;
        const char *text;
    } ROWS[] = {
        {105, -1, "10.5"},
        {-25, -2, "-0.25"},
        {7, 0, "7"},
        {0, 0, "0"},
        {0, 5, "0"},
        {3, 3, "3000"},
        {5, -3, "0.005"},
        {-1000, -3, "-1.000"},
        {1, -18, "0.000000000000000001"},
        {READING_MAX, 18, "1000000000000000000000000000000000"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct reading reading = {.present = true, .value = ROWS[i].value, .exponent = ROWS[i].exponent};
        struct buf text;

        buf_init(&text, 0);
        view_reading_value(&reading, &text);
        assert_string_equal(buf_text(&text), ROWS[i].text);
        buf_free(&text);
    }
}

static void a_sample_is_a_line(void **state)
{
    struct state *region = state_new();
    struct view_voice voice = {.zh = false};
    struct sample sample = {
        .agent = "370102/fire-rescue/station-1",
        .unit = "E1\x1b[2J", /* from outside: shown, not obeyed */
        .name = SAMPLE_POSITION,
        .at_ms = INT64_C(1795316400000),
        .mode = MODE_EXERCISE,
        .position = {
            .present = true, .datum = DATUM_CGCS2000, .latitude_e7 = -365000000, .longitude_e7 = 1171234567}};
    struct buf text;

    (void)state;
    assert_non_null(region);
    buf_init(&text, 0);
    view_sample_text(region, &voice, &sample, &text);
    assert_non_null(
        strstr(buf_text(&text), "station-1 E1\\x1b[2J: [exercise] at -36.5000000, 117.1234567 (cgcs2000)\n"));
    buf_reset(&text);
    view_sample_json(&sample, &text);
    assert_non_null(strstr(buf_text(&text),
                           "\"name\":\"position\",\"at_ms\":1795316400000,\"mode\":\"exercise\","
                           "\"datum\":\"cgcs2000\",\"latitude_e7\":-365000000,"));
    sample.position = (struct position){0};
    sample.mode = MODE_ACTUAL;
    sample.name = "h2s";
    sample.unit = "";
    sample.reading = (struct reading){true, 105, -1, "[ppm]"};
    buf_reset(&text);
    view_sample_text(region, &voice, &sample, &text);
    assert_non_null(strstr(buf_text(&text), "station-1: h2s 10.5 [ppm]\n"));
    buf_reset(&text);
    view_sample_json(&sample, &text);
    assert_non_null(strstr(buf_text(&text), "\"value\":\"10.5\",\"unit_of_measure\":\"[ppm]\"}\n"));
    buf_free(&text);
    state_free(region);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_a_decimal),
        cmocka_unit_test(a_sample_is_a_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
