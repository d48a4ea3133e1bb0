/* Names, words, facts, streams, the canonical dump, and who is told of what. */
#include <stdlib.h>
#include <string.h>

#include "common/core/route.h"
#include "tests/unit/core_fixture.h"

static void names_have_a_form(void **state)
{
    static const char *const agencies[] = {"370102/fire-rescue", "37/health", "370102/消防救援",
                                           "370102001002/water_1.a"};
    static const char *const neither[] = {"",          "370102",         "fire-rescue",     "3/health",
                                          "370102/",   "370102//a",      "370102/a b",      "370102/a\n",
                                          "37010x/a",  "370102/a/b/c",   "3701020010021/a", "/fire/a",
                                          "370102/a/", "370102/a/b\x7f", " 370102/a"};
    char agency[NAME_MAX_BYTES + 1], longest[NAME_MAX_BYTES + 2];

    (void)state;
    for (size_t i = 0; i < sizeof agencies / sizeof agencies[0]; i++) {
        assert_true(name_is_agency(agencies[i]));
        assert_false(name_is_agent(agencies[i]));
    }
    for (size_t i = 0; i < sizeof neither / sizeof neither[0]; i++) {
        assert_false(name_is_agency(neither[i]));
        assert_false(name_is_agent(neither[i]));
    }
    assert_true(name_is_agent(STATION_3));
    assert_true(name_agency(STATION_3, agency));
    assert_string_equal(agency, FIRE);
    assert_true(name_agency(FIRE, agency));
    assert_false(name_agency("370102/fire rescue", agency));
    assert_false(name_agency("fire", agency));
    memset(longest, 'a', sizeof longest);
    memcpy(longest, "37/", 3);
    longest[NAME_MAX_BYTES + 1] = '\0';
    assert_false(name_is_agency(longest));
    longest[NAME_MAX_BYTES] = '\0';
    assert_true(name_is_agency(longest));
}

static void words_come_back(void **state)
{
    (void)state;
    for (enum rung rung = RUNG_ISSUED; rung <= RUNG_EXPIRED; rung++) {
        assert_int_equal(rung_parse(rung_name(rung)), rung);
        assert_string_not_equal(rung_name_zh(rung), "?");
    }
    for (int fact = 0; fact < FACT_COUNT; fact++) {
        assert_int_equal(fact_parse(fact_name((enum fact)fact)), fact);
        assert_true(strlen(fact_name_zh((enum fact)fact)) > 0);
    }
    for (enum mode mode = MODE_ACTUAL; mode <= MODE_TEST; mode++) {
        assert_int_equal(mode_parse(mode_name(mode)), mode);
    }
    for (enum datum datum = DATUM_WGS84; datum <= DATUM_BD09; datum++) {
        assert_int_equal(datum_parse(datum_name(datum)), datum);
    }
    for (enum unit_status status = UNIT_FREE; status <= UNIT_OUT_OF_SERVICE; status++) {
        assert_int_equal(unit_status_parse(unit_status_name(status)), status);
    }
    for (int refusal = REFUSED_VERSION; refusal <= REFUSED_FOUNDING; refusal++) {
        assert_string_not_equal(refusal_word((enum refusal)refusal), "?");
        assert_string_not_equal(refusal_text_zh((enum refusal)refusal), refusal_text_zh((enum refusal)999));
    }
    assert_int_equal(rung_parse("flying"), RUNG_NONE);
    assert_int_equal(fact_parse(""), FACT_COUNT);
    assert_int_equal(mode_parse("?"), MODE_NONE);
    assert_string_equal(command_kind_name((enum command_kind)999), "?");
    assert_string_equal(event_kind_name((enum event_kind)999), "?");
}

static void fingerprints_tell_apart(void **state)
{
    (void)state;
    assert_true(fingerprint_text(fingerprint_text(0, "ab"), "c") !=
                fingerprint_text(fingerprint_text(0, "a"), "bc"));
    assert_true(fingerprint_text(0, "") != fingerprint_text(fingerprint_text(0, ""), ""));
    assert_true(fingerprint_number(0, 1) != fingerprint_number(0, 256));
    assert_true(fingerprint_number(fingerprint_number(0, 1), 2) !=
                fingerprint_number(fingerprint_number(0, 2), 1));
}

static void news_is_what_differs(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command command = a_report(&bus, 1, REPORT_INITIAL);
    struct facts *facts = &command.file_report.facts;
    facts->place = "workshop";
    facts->loss_cny = 0;
    facts->position = (struct position){.present = true, .datum = DATUM_GCJ02, .latitude_e7 = 1};
    bus_do(&bus, command);
    const struct incident *incident = state_incident(bus.state, incident_id(1));
    struct facts news = incident_news(incident, facts);
    assert_int_equal(facts_known(&news), 0);
    facts->position.datum = DATUM_WGS84;
    facts->place = "yard";
    news = incident_news(incident, facts);
    assert_int_equal(facts_known(&news), 1u << FACT_POSITION | 1u << FACT_PLACE);
    assert_true(incident_contradicts(incident, facts));
    struct facts none = facts_none();
    assert_false(incident_contradicts(incident, &none));
    bus_close(&bus);
}

static void dump_cannot_be_forged(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command command = a_report(&bus, 1, REPORT_INITIAL);
    command.file_report.facts.kind = "a\nincident\tid=x\\t,";
    bus_do(&bus, command);
    assert_non_null(strstr(bus_dump(&bus), "\tkind=a\\nincident\\tid=x\\\\t\\x2c\t"));

    struct state *state_of[2] = {state_new(), state_new()};
    const char *two[] = {"a", "b"}, *one[] = {"a,b"};
    for (int i = 0; i < 2; i++) {
        struct unit unit = {.id = "u", .type = "", .team = "", .status = UNIT_FREE};
        unit.equipment = i == 0 ? (struct words){two, 2} : (struct words){one, 1};
        struct event event = {.kind = EVENT_UNITS_STATED,
                              .units_stated = {.agent = STATION_3, .units = &unit, .units_n = 1}};
        assert_int_equal(evolve(state_of[i], &event), 0);
    }
    char *a = dump_of(state_of[0]), *b = dump_of(state_of[1]);
    assert_string_not_equal(a, b);
    free(a);
    free(b);
    state_free(state_of[0]);
    state_free(state_of[1]);
    state_free(NULL);
    bus_close(&bus);
}

static void evolve_passes_over_what_is_missing(void **state)
{
    struct state *empty = state_new();
    struct event event = {.kind = EVENT_ORDER_RECALLED, .incident = {{1}}, .order = {{2}}};

    (void)state;
    assert_int_equal(evolve(empty, &event), 0); /* the opening was redacted */
    event.kind = EVENT_NONE;
    assert_int_equal(evolve(empty, &event), 0);
    char *dump = dump_of(empty);
    assert_string_equal(dump, "");
    free(dump);
    state_free(empty);
}

/* --- streams ----------------------------------------------------------------------------------------- */

static void command_streams_name_what_changes(void **state)
{
    struct stream_key streams[STREAMS_PER_COMMAND_MAX];
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command commands[] = {a_report(&bus, 1, REPORT_INITIAL),
                                 a_close(&bus, 1),
                                 an_order(&bus, 1, 1, FIRE),
                                 a_recall(&bus, 1, 1),
                                 an_evacuation(&bus, 1, 1),
                                 a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_ACCEPTED),
                                 deadlines(&bus, 1)};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        bool has_orders =
            commands[i].kind == COMMAND_ISSUE_ORDERS || commands[i].kind == COMMAND_ORDER_EVACUATION;
        assert_int_equal(command_streams(&commands[i], streams), has_orders ? 2 : 1);
        assert_true(stream_key_equal(streams[0], stream_key_incident(incident_id(1))));
    }
    struct command bare = an_order(&bus, 1, 4, FIRE);
    bare.issue_orders.incident = (struct id){{0}};
    assert_int_equal(command_streams(&bare, streams), 2);
    assert_true(stream_key_equal(streams[0], stream_key_incident(order_id(4))));
    assert_true(stream_key_equal(streams[1], stream_key_order(order_id(4))));
    struct command evacuation = an_evacuation(&bus, 1, 1);
    assert_int_equal(command_streams(&evacuation, streams), 2);
    struct id numbered = evacuation.order_evacuation.evacuation;
    numbered.b[ID_BYTES - 1] = 7; /* its orders are all found where it is */
    assert_true(stream_key_equal(streams[1], stream_key_order(numbered)));
    assert_true(id_equal(streams[1].id, evacuation.order_evacuation.evacuation));
    struct command reissue = by_broker(&bus, COMMAND_REISSUE_ORDER);
    reissue.reissue_order = (struct reissue_order){.incident = incident_id(1),
                                                   .order = order_id(1),
                                                   .new_order = order_id(2),
                                                   .agents = words_of(&bus, STATION_3 " " POLICE)};
    assert_int_equal(command_streams(&reissue, streams), 4);
    assert_true(stream_key_equal(streams[0], stream_key_incident(incident_id(1))));
    assert_true(stream_key_equal(streams[1], stream_key_order(order_id(2))));
    assert_true(stream_key_equal(streams[3], stream_key_agent(POLICE)));
    struct command units = from(&bus, STATION_3, COMMAND_STATE_UNITS);
    assert_int_equal(command_streams(&units, streams), 1);
    assert_true(stream_key_equal(streams[0], stream_key_agent(STATION_3)));
    struct command policy = the_policy(&bus);
    assert_int_equal(command_streams(&policy, streams), 0);
    struct command nowhere = deadlines(&bus, 1);
    nowhere.pass_deadlines.stream = "incident/x";
    assert_int_equal(command_streams(&nowhere, streams), 0);
    bus_close(&bus);
}

static void names_and_keys_of_streams_say_the_same(void **state)
{
    const struct stream_key keys[] = {stream_key_incident(incident_id(1)), stream_key_order(order_id(1)),
                                      stream_key_agent(STATION_3), stream_key_region(REGION)};
    const char *const nothing[] = {"", "incident/", "incident/x", "order/x", "incidents", "agents/a"};
    char name[STREAM_NAME_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct stream_key again = stream_key_parse(stream_name(keys[i], name));
        assert_true(stream_key_equal(again, keys[i]));
        for (size_t j = 0; j < i; j++) {
            assert_false(stream_key_equal(keys[i], keys[j]));
        }
    }
    assert_string_equal(stream_of_region(REGION, name), "region/" REGION);
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++) {
        assert_int_equal(stream_key_parse(nothing[i]).kind, STREAM_NONE);
    }
}

/* --- who is told ------------------------------------------------------------------------------------- */

static void told(void *ctx, const char *agent, enum lane lane, struct id order)
{
    buf_printf(ctx, "%s:%s%s ", strrchr(agent, '/') + 1, lane_name(lane), id_is_zero(order) ? "" : "*");
}

static void took_back(void *ctx, const char *agent, enum lane lane, struct id order)
{
    (void)order;
    buf_printf(ctx, "%s:%s! ", strrchr(agent, '/') + 1, lane_name(lane));
}

/* Says the command; who is told of its events: agent:lane, * an order, ! taken back. */
static void tells(struct bus *bus, struct command command, const char *expected)
{
    struct buf got;

    buf_init(&got, 0);
    struct route_sink sink = {.ctx = &got, .add = told, .recalled = took_back};
    bus_do(bus, command);
    for (size_t i = 0; i < bus->decision.events_n; i++) {
        route(bus->state, &bus->decision.events[i], command.agent, &sink);
    }
    assert_string_equal(buf_text(&got), expected);
    buf_free(&got);
}

static void who_is_told(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command report = a_report(&bus, 1, REPORT_INITIAL);
    report.agent = POLICE;
    report.file_report.facts.kind = "fire";
    tells(&bus, report, "centre:bulk desk:orders centre:bulk "); /* it is asked for the place */
    tells(&bus, an_order(&bus, 1, 1, FIRE), "station-3:orders* station-4:orders* ");
    tells(&bus, a_receipt(&bus, STATION_3, 1, order_id(1), RUNG_ON_SCENE),
          "station-4:urgent centre:urgent "); /* the other station must not set out as well */
    report = a_report(&bus, 1, REPORT_FOLLOW_UP);
    report.file_report.facts.substance = "chlorine";
    tells(&bus, report, "station-3:orders* station-4:orders* ");
    tells(&bus, an_evacuation(&bus, 1, 1), "station-3:urgent* ");
    bus_after(&bus, AMEND_ANSWER);
    tells(&bus, deadlines(&bus, 1), "centre:urgent centre:urgent ");
    tells(&bus, a_recall(&bus, 1, 1),
          "station-3:orders! station-3:urgent station-4:orders! station-4:urgent ");
    bus_close(&bus);
}

static void history_is_told_to_nobody(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct historic_order order = {.order = order_id(1),
                                   .kind = "dispatch",
                                   .addressee = FIRE,
                                   .issued_at_ms = T0 - 2,
                                   .recalled_at_ms = T0 - 1};
    struct command past = from(&bus, IMPORTER, COMMAND_RECORD_HISTORY);
    past.record_history = (struct record_history){.source = "cad",
                                                  .key = "",
                                                  .incident = incident_id(1),
                                                  .facts = facts_none(),
                                                  .reported_at_ms = T0 - 3,
                                                  .closed_at_ms = T0,
                                                  .orders = &order,
                                                  .orders_n = 1};
    tells(&bus, past, "");
    bus_close(&bus);
}

/* This number changes with each kind that is added: see "Rules of change" in docs/log.md before. */
static void kinds_of_events_are_those_that_are_documented(void **state)
{
    size_t n = 0;

    (void)state;
    for (int kind = 1; kind < 1000; kind++) {
        n += strcmp(event_kind_name((enum event_kind)kind), "?") != 0;
    }
    assert_int_equal(n, 101);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_of_events_are_those_that_are_documented),
        cmocka_unit_test(names_have_a_form),
        cmocka_unit_test(words_come_back),
        cmocka_unit_test(fingerprints_tell_apart),
        cmocka_unit_test(news_is_what_differs),
        cmocka_unit_test(dump_cannot_be_forged),
        cmocka_unit_test(evolve_passes_over_what_is_missing),
        cmocka_unit_test(command_streams_name_what_changes),
        cmocka_unit_test(names_and_keys_of_streams_say_the_same),
        cmocka_unit_test(who_is_told),
        cmocka_unit_test(history_is_told_to_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
