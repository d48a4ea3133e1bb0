#include "agents/agency/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ORDER "01ARZ3NDEKTSV4RRFFQ69G5FAV"

static struct arena arena;
static json_t *json;

static int parse(const char *text, struct asked *ret, struct err *err)
{
    json_decref(json);
    json = json_loads(text, 0, NULL);
    assert_non_null(json);
    arena_reset(&arena);
    return message_parse(json, (struct id){{7}}, &arena, ret, err);
}

static void a_receipt_is_read(void **state)
{
    struct asked asked;
    char text[ID_TEXT];

    (void)state;
    assert_int_equal(parse("{\"type\":\"receipt\",\"ref\":9,\"order\":\"" ORDER "\",\"rung\":\"accepted\","
                           "\"units\":[\"E1\",\"E2\"],\"text\":\"on our way\"}",
                           &asked, NULL),
                     0);
    assert_int_equal(asked.kind, ASKED_RECEIPT);
    assert_true(asked.has_ref);
    assert_int_equal(asked.ref, 9);
    assert_int_equal(asked.command.give_receipt.rung, RUNG_ACCEPTED);
    assert_int_equal(asked.command.give_receipt.units.n, 2);
    assert_string_equal(id_format(asked.command.give_receipt.order, text), ORDER);
    assert_false(asked.command.give_receipt.has_head_count);
    assert_int_equal(parse("{\"type\":\"receipt\",\"order\":\"" ORDER
                           "\",\"rung\":\"completed\",\"present\":6}",
                           &asked, NULL),
                     0);
    assert_true(asked.command.give_receipt.has_head_count);
    assert_int_equal(asked.command.give_receipt.present, 6);
    assert_int_equal(parse("{\"type\":\"receipt\",\"order\":\"" ORDER "\",\"amendment\":2}", &asked, NULL),
                     0);
    assert_int_equal(asked.command.give_receipt.amendment, 2);
    assert_int_equal(asked.command.give_receipt.rung, RUNG_ACKNOWLEDGED);
}

static void units_and_reports_are_read(void **state)
{
    struct asked asked;
    const struct facts *facts = &asked.command.file_report.facts;

    (void)state;
    assert_int_equal(
        parse("{\"type\":\"units\",\"units\":[{\"id\":\"E1\",\"equipment\":[\"scba\"],\"crew\":6}]}", &asked,
              NULL),
        0);
    assert_int_equal(asked.command.state_units.units[0].status, UNIT_FREE);
    assert_int_equal(asked.command.state_units.units[0].crew, 6);
    assert_int_equal(
        parse("{\"type\":\"report\",\"facts\":{\"kind\":\"fire\",\"position\":{\"datum\":\"wgs84\","
              "\"latitude\":36.65,\"longitude\":-117.1},\"casualties\":{\"dead\":0},"
              "\"occurred_at\":\"2026-11-22T03:00:00Z\"}}",
              &asked, NULL),
        0);
    assert_int_equal(asked.command.file_report.kind, REPORT_INITIAL);
    assert_int_equal(asked.command.file_report.incident.b[0], 7);
    assert_string_equal(facts->kind, "fire");
    assert_int_equal(facts->position.latitude_e7, 366500000);
    assert_int_equal(facts->position.longitude_e7, -1171000000);
    assert_int_equal(facts->casualties.dead, 0);
    assert_int_equal(facts->casualties.missing, COUNT_UNKNOWN);
    assert_int_equal(facts->occurred_at_ms, 1795316400000);
}

static void bad_lines_say_what_is_wrong(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } BAD[] = {
        {"[]", "object"},
        {"{}", "\"type\""},
        {"{\"type\":\"order\"}", "\"type\""},
        {"{\"type\":3}", "\"type\""},
        {"{\"type\":\"receipt\",\"ref\":-1}", "\"ref\""},
        {"{\"type\":\"receipt\",\"rung\":\"accepted\"}", "\"order\""},
        {"{\"type\":\"receipt\",\"order\":\"x\",\"rung\":\"accepted\"}", "\"order\""},
        {"{\"type\":\"receipt\",\"order\":\"" ORDER "\",\"rung\":\"recalled\"}", "\"rung\""},
        {"{\"type\":\"receipt\",\"order\":\"" ORDER "\",\"rung\":\"accepted\",\"units\":[1]}", "\"units\""},
        {"{\"type\":\"units\"}", "\"units\""},
        {"{\"type\":\"units\",\"units\":[{}]}", "\"id\""},
        {"{\"type\":\"units\",\"units\":[{\"id\":\"E\",\"status\":\"gone\"}]}", "\"status\""},
        {"{\"type\":\"report\",\"kind\":\"follow-up\"}", "\"incident\""},
        {"{\"type\":\"report\",\"kind\":\"first\"}", "\"kind\""},
        {"{\"type\":\"report\",\"facts\":{\"position\":{\"latitude\":1,\"longitude\":1}}}", "datum"},
        {"{\"type\":\"report\",\"facts\":{\"occurred_at\":\"yesterday\"}}", "occurred_at"},
        {"{\"type\":\"report\",\"facts\":{\"casualties\":{\"dead\":-1}}}", "\"dead\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct asked asked;
        struct err err = {0};

        assert_int_equal(parse(BAD[i].text, &asked, &err), ERR_DATA);
        if (!strstr(err.text, BAD[i].says)) {
            fail_msg("%s: %s", BAD[i].text, err.text);
        }
    }
}

static void a_delivery_is_told(void **state)
{
    struct event event = {.kind = EVENT_ORDER_ISSUED};
    struct new_order words = {.text = "go", .addressee = "370102/health", .kind = "dispatch"};
    struct delivery delivery = {.kind = DELIVERY_ORDER,
                                .mode = MODE_EXERCISE,
                                .seq = 5,
                                .order = {{1}},
                                .incident = {{2}},
                                .event = &event,
                                .order_said = &words};
    json_t *told;

    (void)state;
    event.order_issued = (struct order_issued){.kind = "dispatch", .home = "", .issuer = "", .operator= "" };
    told = message_delivery(&delivery);
    assert_string_equal(json_string_value(json_object_get(told, "type")), "order");
    assert_string_equal(json_string_value(json_object_get(told, "mode")), "exercise");
    assert_string_equal(json_string_value(json_object_get(told, "text")), "go");
    assert_null(json_object_get(told, "issuer"));
    json_decref(told);
}

static void what_becomes_of_silence_is_told(void **state)
{
    struct event events[2] = {{.kind = EVENT_ORDER_REISSUED, .order = {{1}}},
                              {.kind = EVENT_ORDER_RECALLED, .order = {{1}}}};
    struct event reminded = {.kind = EVENT_ORDER_REMINDED, .order = {{1}}};
    struct record record = {.events = events, .events_n = 2};
    struct delivery delivery = {
        .kind = DELIVERY_REMINDER, .mode = MODE_ACTUAL, .order = {{1}}, .event = &reminded};

    (void)state;
    reminded.order_reminded =
        (struct order_reminded){.rule = "p/remind", .step = 1, .answer_by_ms = 1700000000000};
    json_t *told = message_delivery(&delivery);
    assert_string_equal(json_string_value(json_object_get(told, "type")), "reminder");
    assert_string_equal(json_string_value(json_object_get(told, "answer_by")), "2023-11-14T22:13:20.000Z");
    assert_int_equal(json_integer_value(json_object_get(told, "step")), 1);
    json_decref(told);
    events[0].order_reissued = (struct order_reissued){.addressee = "370102/health", .rule = "p/next"};
    delivery = (struct delivery){
        .kind = DELIVERY_RECALL, .mode = MODE_ACTUAL, .order = {{1}}, .event = &events[1], .record = &record};
    told = message_delivery(&delivery);
    assert_string_equal(json_string_value(json_object_get(told, "reissued_to")), "370102/health");
    json_decref(told);
    delivery.order = (struct id){{2}}; /* of another order in the same record */
    told = message_delivery(&delivery);
    assert_null(json_object_get(told, "reissued_to"));
    json_decref(told);
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static void telemetry_is_read(void **state)
{
    static const struct {
        const char *sample;
        const char *says;
    } BAD[] = {
        {"{\"unit\":\"E1\"}", "name"},
        {"{\"name\":\"position\",\"latitude\":1,\"longitude\":2}", "datum"},
        {"{\"name\":\"position\",\"datum\":\"wgs84\",\"latitude\":91,\"longitude\":2}", "degrees"},
        {"{\"name\":\"h2s\",\"value\":\"much\"}", "\"value\" must be a number"},
        {"{\"name\":\"h2s\",\"value\":1,\"mode\":\"real\"}", "mode"},
        {"{\"name\":\"h2s\",\"value\":1,\"at\":\"noon\"}", "time"},
        {"{\"name\":\"h2s\",\"value\":1,\"vlaue\":2}", "vlaue"},
    };
    static const struct {
        const char *number;
        int64_t value;
        int32_t exponent;
    } NUMBERS[] = {{"10.5", 105, -1}, {"-0.25", -25, -2}, {"7", 7, 0},   {"0.0", 0, 0},
                   {"3.0", 3, 0},     {"1e3", 1000, 0},   {"0.1", 1, -1}};
    struct asked asked;
    struct err err;
    char text[512];

    (void)state;
    assert_int_equal(parse("{\"type\":\"telemetry\",\"samples\":[{\"unit\":\"E1\",\"name\":\"position\","
                           "\"at\":\"2026-11-22T03:00:00Z\",\"mode\":\"exercise\",\"datum\":\"gcj02\","
                           "\"latitude\":36.5,\"longitude\":-117,\"accuracy_m\":8}]}",
                           &asked, NULL),
                     0);
    assert_int_equal(asked.kind, ASKED_TELEMETRY);
    assert_int_equal(asked.samples_n, 1);
    assert_string_equal(asked.samples[0].unit, "E1");
    assert_int_equal(asked.samples[0].mode, MODE_EXERCISE);
    assert_int_equal(asked.samples[0].at_ms, INT64_C(1795316400000));
    assert_int_equal(asked.samples[0].position.datum, DATUM_GCJ02);
    assert_int_equal(asked.samples[0].position.latitude_e7, 365000000);
    assert_int_equal(asked.samples[0].position.longitude_e7, -1170000000);
    for (size_t i = 0; i < sizeof NUMBERS / sizeof NUMBERS[0]; i++) {
        snprintf(text, sizeof text,
                 "{\"type\":\"telemetry\",\"samples\":[{\"name\":\"h2s\",\"value\":%s,"
                 "\"unit_of_measure\":\"[ppm]\"}]}",
                 NUMBERS[i].number);
        assert_int_equal(parse(text, &asked, NULL), 0);
        assert_int_equal(asked.samples[0].reading.value, NUMBERS[i].value);
        assert_int_equal(asked.samples[0].reading.exponent, NUMBERS[i].exponent);
        assert_string_equal(asked.samples[0].reading.unit_of_measure, "[ppm]");
    }
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        snprintf(text, sizeof text, "{\"type\":\"telemetry\",\"samples\":[%s]}", BAD[i].sample);
        assert_int_equal(parse(text, &asked, &err), ERR_DATA);
        assert_non_null(strstr(err.text, "samples[0]: "));
        assert_non_null(strstr(err.text, BAD[i].says));
    }
    assert_int_equal(parse("{\"type\":\"telemetry\",\"samples\":[]}", &asked, &err), ERR_DATA);
}

static int teardown(void **state)
{
    (void)state;
    json_decref(json);
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_receipt_is_read),
        cmocka_unit_test(units_and_reports_are_read),
        cmocka_unit_test(bad_lines_say_what_is_wrong),
        cmocka_unit_test(a_delivery_is_told),
        cmocka_unit_test(what_becomes_of_silence_is_told),
        cmocka_unit_test(telemetry_is_read),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
