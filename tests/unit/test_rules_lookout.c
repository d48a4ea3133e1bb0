/* Rules about readings and silence: what begins, fires and ends, with three answers, by hysteresis and
 * duration, a bounded number of times however often the value changes. */
#include <stdio.h>
#include <string.h>

#include "common/core/rise.h"
#include "common/core/route.h"
#include "tests/unit/rules_fixture.h"

#define GAS                                                                                           \
    PACK "  - {rule: gas, when: reading, if: \"name = 'h2s' and reading > 10\", until: reading < 8, " \
         "do: [notify: duty-officer, notify: duty-officer, notify: centre, raise: II]}\n"
#define GAS_LONG                                                                                           \
    PACK "  - {rule: gas, when: reading, if: \"name = 'h2s' and reading > 10\", for: 5 min, do: [notify: " \
         "duty-officer]}\n"
#define GAS_SOON                                                                                        \
    PACK "  - {rule: gas, when: reading, if: reading > 10, until: reading < 8, for: 3 s, do: [notify: " \
         "duty-officer]}\n"
#define RISING                                                                                  \
    PACK "  - {rule: fast, when: reading, if: rise_per_min >= 2, do: [notify: duty-officer]}\n" \
         "  - {rule: either, when: reading, if: reading > 50 or rise_per_min > 100, do: [notify: centre]}\n"
#define LOST PACK "  - {rule: lost, when: reading, if: reading is null, do: [notify: centre]}\n"
#define SILENT                                                                                             \
    PACK "  - {rule: gone, when: silent, if: agency = '370102/fire-rescue' and duty = 1, for: 5 min, do: " \
         "[notify: duty-officer]}\n"                                                                       \
         "  - {rule: line, when: silent, if: link = '370000', do: [notify: centre]}\n"                     \
         "  - {rule: long, when: silent, if: waited_min >= 60, do: [notify: centre]}\n"

enum { UNKNOWN = -1 };
#define NOTHING EVENT_NONE

static struct reading deci(int64_t value)
{
    return (struct reading){.present = value != UNKNOWN,
                            .value = value != UNKNOWN ? value : 0,
                            .exponent = -1,
                            .unit_of_measure = ""};
}

static struct command a_reading(struct bus *bus, const char *name, int64_t value_deci)
{
    struct command command = by_broker(bus, COMMAND_NOTE_READING);

    command.note_reading = (struct note_reading){.agent = STATION_3,
                                                 .unit = "tank-7",
                                                 .name = name,
                                                 .at_ms = bus->env.now_ms,
                                                 .reading = deci(value_deci),
                                                 .rise = deci(UNKNOWN)};
    return command;
}

static struct command a_silence(struct bus *bus, const char *agent, int64_t since_ms)
{
    struct command command = by_broker(bus, COMMAND_NOTE_SILENCE);

    command.note_silence =
        (struct note_silence){.agent = agent, .heard = since_ms == 0, .since_ms = since_ms};
    return command;
}

/* Taken; how many events, which are none but those of lookouts. */
static size_t say(struct region_with_rules *r, struct command command)
{
    assert_int_equal(bus_say(&r->bus, &command), REFUSED_NOT);
    return r->bus.decision.events_n;
}

static size_t read_h2s(struct region_with_rules *r, int64_t value_deci)
{
    return say(r, a_reading(&r->bus, "h2s", value_deci));
}

static const char *seen(const struct event *event, const char *fact)
{
    for (size_t i = 0; i < event->lookout.seen_n; i++) {
        if (strcmp(event->lookout.seen[i].fact, fact) == 0) {
            return event->lookout.seen[i].value;
        }
    }
    return NULL;
}

/* --- series --------------------------------------------------------------------------------------- */

struct sample_row {
    int64_t after_ms;
    int64_t value_deci;
    enum event_kind says; /* NOTHING */
};

static void run_series(const char *pack, uint32_t generation, const struct sample_row *rows, size_t n)
{
    struct region_with_rules r;

    rules_open_in(&r, pack, generation);
    for (size_t i = 0; i < n; i++) {
        bus_after(&r.bus, rows[i].after_ms);
        size_t events = read_h2s(&r, rows[i].value_deci);
        if (events != (rows[i].says != NOTHING) ||
            (events == 1 && r.bus.decision.events[0].kind != rows[i].says)) {
            fail_msg("row %zu of %s: %zu events, %s", i, pack, events,
                     events > 0 ? event_kind_name(r.bus.decision.events[0].kind) : "");
        }
    }
    rules_close(&r);
}

#define SERIES_IN(generation, pack, ...)                                      \
    do {                                                                      \
        const struct sample_row rows[] = {__VA_ARGS__};                       \
        run_series((pack), (generation), rows, sizeof rows / sizeof rows[0]); \
    } while (0)
#define SERIES(pack, ...) SERIES_IN(EVENT_GENERATION, pack, __VA_ARGS__)

static void test_hysteresis(void **state)
{
    (void)state;
    SERIES(GAS, {0, 50, NOTHING}, {SECOND, 100, NOTHING}, /* 10 is not above 10 */
           {SECOND, 101, EVENT_LOOKOUT_FIRED}, {SECOND, 99, NOTHING}, {SECOND, 105, NOTHING},
           {SECOND, 80, NOTHING}, {SECOND, 79, EVENT_LOOKOUT_ENDED}, {MINUTE, 101, EVENT_LOOKOUT_FIRED});
}

static void test_rest(void **state)
{
    (void)state;
    SERIES(GAS, {0, 101, EVENT_LOOKOUT_FIRED}, {SECOND, 79, EVENT_LOOKOUT_ENDED}, {SECOND, 120, NOTHING},
           {SECOND, 120, NOTHING}, {56 * SECOND, 120, NOTHING}, {SECOND, 120, EVENT_LOOKOUT_FIRED});
}

static void test_duration(void **state)
{
    (void)state;
    SERIES(GAS_LONG, {0, 101, EVENT_LOOKOUT_BEGAN}, {MINUTE, 130, NOTHING}, {4 * MINUTE - 1, 130, NOTHING},
           {1, 130, EVENT_LOOKOUT_FIRED}, {SECOND, 130, NOTHING}, {SECOND, 90, EVENT_LOOKOUT_ENDED});
    /* it did not hold in between: from the beginning again */
    SERIES(GAS_LONG, {0, 101, EVENT_LOOKOUT_BEGAN}, {4 * MINUTE, 100, EVENT_LOOKOUT_ENDED},
           {SECOND, 101, EVENT_LOOKOUT_BEGAN}, {MINUTE, 101, NOTHING},
           {4 * MINUTE, 101, EVENT_LOOKOUT_FIRED});
}

/* A dip does not make an alarm late by more than it was to wait. */
static void test_dip(void **state)
{
    (void)state;
    SERIES(GAS_SOON, {0, 120, EVENT_LOOKOUT_BEGAN}, {SECOND, 95, EVENT_LOOKOUT_ENDED}, {SECOND, 110, NOTHING},
           {3 * SECOND, 110, EVENT_LOOKOUT_BEGAN}, {3 * SECOND, 110, EVENT_LOOKOUT_FIRED},
           {SECOND, 79, EVENT_LOOKOUT_ENDED}, {54 * SECOND, 110, NOTHING}, /* what fired rests a minute */
           {SECOND, 110, NOTHING}, {SECOND, 110, EVENT_LOOKOUT_BEGAN});
    SERIES_IN(GENERATION_RESTS - 1, GAS_SOON, {0, 120, EVENT_LOOKOUT_BEGAN},
              {SECOND, 95, EVENT_LOOKOUT_ENDED}, {50 * SECOND, 110, NOTHING},
              {9 * SECOND, 110, EVENT_LOOKOUT_BEGAN});
}

static void test_could_not_tell(void **state)
{
    (void)state;
    /* is never no: what fired goes on, and it is told once */
    SERIES(GAS, {0, UNKNOWN, NOTHING}, {0, 101, EVENT_LOOKOUT_FIRED},
           {5 * MINUTE, UNKNOWN, EVENT_LOOKOUT_DOUBTED}, {MINUTE, UNKNOWN, NOTHING},
           {MINUTE, 101, EVENT_LOOKOUT_DOUBTED}, {SECOND, 101, NOTHING});
    /* nor yes: what waited and cannot be told when it is due does not fire */
    SERIES(GAS_LONG, {0, 101, EVENT_LOOKOUT_BEGAN}, {MINUTE, UNKNOWN, EVENT_LOOKOUT_DOUBTED},
           {4 * MINUTE, UNKNOWN, EVENT_LOOKOUT_ENDED});
    SERIES(GAS_LONG, {0, 101, EVENT_LOOKOUT_BEGAN}, {MINUTE, UNKNOWN, EVENT_LOOKOUT_DOUBTED},
           {MINUTE, 101, EVENT_LOOKOUT_DOUBTED}, {3 * MINUTE, 101, EVENT_LOOKOUT_FIRED});
    /* unless that is what is asked for */
    SERIES(LOST, {0, 50, NOTHING}, {5 * MINUTE, UNKNOWN, EVENT_LOOKOUT_FIRED},
           {MINUTE, 50, EVENT_LOOKOUT_ENDED});
}

/* 10,000 samples around the threshold in 10,000 s. */
static size_t count_flaps(const char *pack, int64_t low_deci, int64_t high_deci)
{
    struct region_with_rules r;
    size_t records = 0;

    rules_open_in(&r, pack, EVENT_GENERATION);
    for (int i = 0; i < 10000; i++) {
        bus_after(&r.bus, SECOND);
        records += read_h2s(&r, i % 2 == 0 ? high_deci : low_deci) > 0;
    }
    rules_close(&r);
    return records;
}

static void test_flapping(void **state)
{
    (void)state;
    assert_int_equal(count_flaps(GAS, 99, 101), 1);       /* between 8 and 10 it goes on holding */
    assert_int_equal(count_flaps(GAS, 79, 101), 2 * 167); /* beyond both: twice a minute */
    assert_int_equal(count_flaps(GAS_LONG, 99, 101), 2 * 167);
    assert_int_equal(count_flaps(GAS_SOON, 99, 101), 2 * 1667);
}

/* --- what a step says ----------------------------------------------------------------------------- */

static void add_name(void *ctx, const char *agent, enum lane lane, struct id order)
{
    (void)lane;
    (void)order;
    assert_int_equal(*(size_t *)ctx < 100, true);
    *(size_t *)ctx += strcmp(agent, CENTRE) == 0;
}

static void test_firing_keeps_what_it_saw(void **state)
{
    struct region_with_rules r;
    size_t centre = 0;
    struct route_sink sink = {.ctx = &centre, .add = add_name, .recalled = add_name};

    (void)state;
    rules_open(&r, GAS);
    assert_int_equal(read_h2s(&r, 123), 1);
    const struct event *fired = bus_event(&r.bus, EVENT_LOOKOUT_FIRED, 0);
    assert_non_null(fired);
    assert_string_equal(fired->lookout.agent, STATION_3);
    assert_string_equal(fired->lookout.unit, "tank-7");
    assert_string_equal(fired->lookout.name, "h2s");
    assert_string_equal(fired->lookout.pack, "p");
    assert_string_equal(fired->lookout.version, "1");
    assert_string_equal(fired->lookout.rule, "gas");
    assert_string_equal(fired->lookout.when, "reading");
    assert_string_equal(seen(fired, "reading"), "12.3");
    assert_string_equal(seen(fired, "name"), "h2s");
    assert_int_equal(fired->lookout.roles.n, 2);
    assert_true(id_is_zero(fired->incident));
    assert_true(words_have(fired->lookout.roles, "duty-officer")); /* which nobody has */
    struct event nobody = *fired;
    const char *role = "duty-officer";
    nobody.lookout.roles = (struct words){&role, 1};
    route(r.bus.state, &nobody, "", &sink);
    assert_int_equal(centre, 1);
    rules_close(&r);
}

static void test_other_subjects_are_their_own(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, GAS);
    assert_int_equal(read_h2s(&r, 123), 1);
    assert_int_equal(say(&r, a_reading(&r.bus, "co", 900)), 0); /* not what the rule asks about */
    struct command other = a_reading(&r.bus, "h2s", 123);
    other.note_reading.unit = "tank-8";
    assert_int_equal(say(&r, other), 1);
    other.mode = MODE_EXERCISE;
    assert_int_equal(say(&r, other), 1);
    other.note_reading.agent = STATION_4;
    assert_int_equal(say(&r, other), 1);
    assert_int_equal(state_agent(r.bus.state, STATION_3)->lookouts_n, 3);
    assert_int_equal(state_agent(r.bus.state, STATION_4)->lookouts[0].mode, MODE_EXERCISE);
    rules_close(&r);
}

static void test_raises_the_level_of_its_incident(void **state)
{
    struct region_with_rules r;
    struct command command;

    (void)state;
    rules_open(&r, GAS);
    rules_report(&r, 0, 0);
    rules_ask(&r);
    command = a_reading(&r.bus, "h2s", 123);
    command.note_reading.incident = incident_id(1);
    assert_int_equal(say(&r, command), 3);
    assert_true(id_equal(r.bus.decision.events[0].incident, incident_id(1)));
    assert_string_equal(bus_event(&r.bus, EVENT_LEVEL_SET, 0)->level_set.rule, "p/gas");
    assert_int_equal(rules_incident(&r)->level, GRADE_II);
    assert_int_equal(bus_events(&r.bus, EVENT_RULES_DUE), 1); /* which others may read */
    rules_close(&r);

    rules_open(&r, GAS); /* of an exercise: not that of an actual incident */
    rules_report(&r, 0, 0);
    rules_ask(&r);
    command = a_reading(&r.bus, "h2s", 123);
    command.note_reading.incident = incident_id(1);
    command.mode = MODE_EXERCISE;
    assert_int_equal(say(&r, command), 1);
    assert_int_equal(rules_incident(&r)->level, GRADE_NONE);
    rules_close(&r);
}

static void test_rises(void **state)
{
    struct region_with_rules r;
    struct command command;

    (void)state;
    rules_open(&r, RISING);
    command = a_reading(&r.bus, "water", 400);
    assert_int_equal(say(&r, command), 0); /* how fast it rises is not known */
    command.note_reading.rise = deci(19);
    assert_int_equal(say(&r, command), 0);
    command.note_reading.rise = deci(20);
    assert_int_equal(say(&r, command), 1);
    assert_string_equal(bus_event(&r.bus, EVENT_LOOKOUT_FIRED, 0)->lookout.rule, "fast");
    assert_string_equal(seen(bus_event(&r.bus, EVENT_LOOKOUT_FIRED, 0), "rise_per_min"), "2");
    command.note_reading.reading = deci(501); /* either is enough */
    assert_int_equal(say(&r, command), 1);
    rules_close(&r);
}

static void test_rise_window(void **state)
{
    struct rise rise = {.n = 0};
    struct reading found;

    (void)state;
    for (int i = 0; i <= 600; i++) { /* half a metre a minute, once a second for ten minutes */
        rise_add(&rise, i * SECOND, 2 + 0.5 * i / 60);
        assert_true(rise.n <= RISE_SAMPLES_MAX);
        found = rise_per_min(&rise, i * SECOND, 2 + 0.5 * i / 60);
        assert_int_equal(found.present, i >= 15);
        assert_true(!found.present || (found.value >= 499999 && found.value <= 500001));
    }
    /* a sensor that speaks once in two minutes */
    rise = (struct rise){.n = 0};
    rise_add(&rise, 0, 10);
    rise_add(&rise, 2 * MINUTE, 14);
    found = rise_per_min(&rise, 2 * MINUTE, 14);
    assert_true(found.present && found.value == 2000000 && found.exponent == -6);
    rise_add(&rise, 4 * MINUTE, 10); /* of the last two minutes, and not of four */
    found = rise_per_min(&rise, 4 * MINUTE, 10);
    assert_true(found.present && found.value == -2000000);
    rise_add(&rise, 15 * MINUTE, 30); /* nothing for too long */
    assert_false(rise_per_min(&rise, 15 * MINUTE, 30).present);
    /* what is very large stays within what a reading may say */
    rise = (struct rise){.n = 0};
    rise_add(&rise, 0, -1e33);
    rise_add(&rise, MINUTE, 1e33);
    found = rise_per_min(&rise, MINUTE, 1e33);
    assert_true(!found.present || found.value < READING_MAX);
}

/* --- silence -------------------------------------------------------------------------------------- */

static void test_silence_fires_once(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, SILENT);
    int64_t since = r.bus.env.now_ms;
    bus_after(&r.bus, 15 * SECOND);
    assert_int_equal(say(&r, a_silence(&r.bus, STATION_3, since)), 1);
    const struct event *began = bus_event(&r.bus, EVENT_LOOKOUT_BEGAN, 0);
    assert_non_null(began);
    assert_int_equal(began->lookout.due_at_ms, since + 5 * MINUTE); /* from the last word on */
    bus_after(&r.bus, 5 * MINUTE - 15 * SECOND - 1);
    assert_int_equal(say(&r, a_silence(&r.bus, STATION_3, since)), 0);
    bus_after(&r.bus, 1);
    assert_int_equal(say(&r, a_silence(&r.bus, STATION_3, since)), 1);
    const struct event *fired = bus_event(&r.bus, EVENT_LOOKOUT_FIRED, 0);
    assert_string_equal(fired->lookout.agent, STATION_3);
    assert_string_equal(fired->lookout.name, "");
    assert_string_equal(seen(fired, "agency"), FIRE);
    assert_string_equal(seen(fired, "duty"), "1");
    assert_string_equal(seen(fired, "waited_min"), "5");
    assert_int_equal(fired->lookout.since_ms, since);
    for (int i = 0; i < 50; i++) {
        bus_after(&r.bus, MINUTE);
        assert_int_equal(say(&r, a_silence(&r.bus, STATION_3, since)), 0);
    }
    bus_after(&r.bus, 5 * MINUTE); /* "long", which asks for an hour */
    assert_int_equal(say(&r, a_silence(&r.bus, STATION_3, since)), 1);
    assert_int_equal(say(&r, a_silence(&r.bus, STATION_3, 0)), 2); /* heard: both are over */
    assert_int_equal(bus_events(&r.bus, EVENT_LOOKOUT_ENDED), 2);
    assert_int_equal(say(&r, a_silence(&r.bus, STATION_3, 0)), 0);
    bus_after(&r.bus, 6 * MINUTE); /* and it may be silent again */
    assert_int_equal(say(&r, a_silence(&r.bus, STATION_3, r.bus.env.now_ms - 5 * MINUTE)), 1);
    assert_int_equal(bus_events(&r.bus, EVENT_LOOKOUT_FIRED), 1);
    rules_close(&r);
}

static void test_silence_of_others(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, SILENT);
    struct command enrol = by_root(&r.bus, COMMAND_ENROL_AGENT);
    enrol.enrol = (struct enrol){.name = "370000/broker/link", .rights = words_of(&r.bus, "link")};
    memset(enrol.enrol.sign_key, 77, KEY_BYTES);
    memset(enrol.enrol.curve_key, 78, KEY_BYTES);
    bus_do(&r.bus, enrol);
    int64_t since = r.bus.env.now_ms;
    bus_after(&r.bus, 10 * MINUTE);
    assert_int_equal(say(&r, a_silence(&r.bus, POLICE, since)), 0); /* of another agency */
    assert_int_equal(say(&r, a_silence(&r.bus, CENTRE, since)), 0);
    assert_int_equal(say(&r, a_silence(&r.bus, "370000/broker/link", since)), 1);
    const struct event *fired = bus_event(&r.bus, EVENT_LOOKOUT_FIRED, 0);
    assert_string_equal(fired->lookout.rule, "line");
    assert_string_equal(seen(fired, "link"), "370000");
    rules_close(&r);
}

/* --- what ends it otherwise ------------------------------------------------------------------------ */

static void test_pack_is_dropped(void **state)
{
    struct region_with_rules r;
    struct command drop;

    (void)state;
    rules_open(&r, GAS);
    assert_int_equal(read_h2s(&r, 123), 1);
    drop = by(from(&r.bus, CENTRE, COMMAND_DROP_PACK), ADMIN, "");
    drop.drop_pack = (struct drop_pack){.name = "p", .reason = "tried out"};
    bus_do(&r.bus, drop);
    assert_int_equal(read_h2s(&r, 123), 1);
    assert_int_equal(r.bus.decision.events[0].kind, EVENT_LOOKOUT_ENDED);
    rules_close(&r);
}

static void test_agent_is_revoked(void **state)
{
    struct region_with_rules r;
    struct command revoke;

    (void)state;
    rules_open(&r, GAS);
    assert_int_equal(read_h2s(&r, 123), 1);
    revoke = by(from(&r.bus, CENTRE, COMMAND_REVOKE), ADMIN, "");
    revoke.revoke = (struct revoke){.name = STATION_3, .reason = "lost"};
    bus_do(&r.bus, revoke);
    assert_int_equal(read_h2s(&r, 123), 1);
    assert_int_equal(r.bus.decision.events[0].kind, EVENT_LOOKOUT_ENDED);
    assert_int_equal(read_h2s(&r, 123), 0);
    rules_close(&r);
}

static void test_bounds(void **state)
{
    struct region_with_rules r;
    char unit[16];
    size_t fired = 0, limited = 0;

    (void)state;
    rules_open(&r, GAS);
    for (int i = 0; i < LOOKOUTS_PER_AGENT_MAX + 10; i++) {
        struct command command = a_reading(&r.bus, "h2s", 123);
        (void)snprintf(unit, sizeof unit, "tank-%d", i);
        command.note_reading.unit = arena_strdup(&r.bus.arena, unit);
        (void)say(&r, command);
        fired += bus_events(&r.bus, EVENT_LOOKOUT_FIRED);
        limited += bus_events(&r.bus, EVENT_LOOKOUT_LIMITED);
    }
    assert_int_equal(fired, LOOKOUTS_PER_AGENT_MAX);
    assert_int_equal(limited, 1); /* and not ten times */
    assert_int_equal(state_agent(r.bus.state, STATION_3)->lookouts_n, LOOKOUTS_PER_AGENT_MAX);
    /* the broker's own bound is told as seldom */
    struct command limit = by_broker(&r.bus, COMMAND_NOTE_LOOKOUT_LIMIT);
    limit.note_lookout_limit = (struct note_lookout_limit){.agent = STATION_3, .at_most = 8192};
    assert_int_equal(say(&r, limit), 0);
    bus_after(&r.bus, LOOKOUT_LIMIT_TOLD_MS);
    assert_int_equal(say(&r, limit), 1);
    rules_close(&r);
}

/* --- refusals -------------------------------------------------------------------------------------- */

static void test_refusals(void **state)
{
    struct region_with_rules r;
    struct command good[3], bad;

    (void)state;
    rules_open(&r, GAS);
    good[0] = a_reading(&r.bus, "h2s", 50);
    good[1] = a_silence(&r.bus, STATION_3, r.bus.env.now_ms);
    good[2] = by_broker(&r.bus, COMMAND_NOTE_LOOKOUT_LIMIT);
    good[2].note_lookout_limit = (struct note_lookout_limit){.agent = STATION_3, .at_most = 1};
    for (size_t i = 0; i < 3; i++) {
        bad = good[i]; /* nobody else's word */
        bad.signer = SIGNER_AGENT;
        bad.agent = STATION_3;
        assert_int_equal(bus_say(&r.bus, &bad), REFUSED_RIGHT);
        bad.signer = SIGNER_ROOT;
        assert_int_equal(bus_say(&r.bus, &bad), REFUSED_RIGHT);
        bad = good[i];
        bad.mode = MODE_NONE;
        assert_int_equal(bus_say(&r.bus, &bad), REFUSED_MODE);
    }
    bad = good[0];
    bad.note_reading.agent = "";
    assert_int_equal(bus_say(&r.bus, &bad), REFUSED_INVALID);
    bad = good[0];
    bad.note_reading.name = "";
    assert_int_equal(bus_say(&r.bus, &bad), REFUSED_INVALID);
    bad = good[1];
    bad.note_silence.agent = "";
    assert_int_equal(bus_say(&r.bus, &bad), REFUSED_INVALID);
    bad = good[1];
    bad.note_silence.since_ms = 0;
    assert_int_equal(bus_say(&r.bus, &bad), REFUSED_INVALID);
    bad = good[1];
    bad.note_silence.since_ms = r.bus.env.now_ms + 1;
    assert_int_equal(bus_say(&r.bus, &bad), REFUSED_INVALID);
    bad = good[2];
    bad.note_lookout_limit.agent = "";
    assert_int_equal(bus_say(&r.bus, &bad), REFUSED_INVALID);
    assert_int_equal(bus_say(&r.bus, &good[0]), REFUSED_NOT);
    rules_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hysteresis),
        cmocka_unit_test(test_rest),
        cmocka_unit_test(test_duration),
        cmocka_unit_test(test_dip),
        cmocka_unit_test(test_could_not_tell),
        cmocka_unit_test(test_flapping),
        cmocka_unit_test(test_firing_keeps_what_it_saw),
        cmocka_unit_test(test_other_subjects_are_their_own),
        cmocka_unit_test(test_raises_the_level_of_its_incident),
        cmocka_unit_test(test_rises),
        cmocka_unit_test(test_rise_window),
        cmocka_unit_test(test_silence_fires_once),
        cmocka_unit_test(test_silence_of_others),
        cmocka_unit_test(test_pack_is_dropped),
        cmocka_unit_test(test_agent_is_revoked),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
