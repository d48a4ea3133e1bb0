#include "agents/agency/player.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SAID_MAX = 64 };

static const char PROFILE[] =
    "takes: [dispatch, evacuate]\n"
    "units:\n"
    "  - {id: E1, type: engine, crew: 6, abilities: [firefighting], equipment: [scba]}\n"
    "  - {id: E2, type: engine, crew: 4, equipment: [scba, gas-detector]}\n"
    "script: {acknowledge: 100 ms, accept: 200 ms, en_route: 1 s, on_scene: 2 s,\n"
    "         complete: 10 s, head_count: 500 ms, amendment: 50 ms}\n";

struct said {
    struct id order;
    enum rung rung;
    uint32_t amendment;
    uint32_t present;
    char units[64];
    char text[128];
};

static struct conf *conf;
static struct profile profile;
static struct player *player;
static struct said said[SAID_MAX];
static size_t said_n;
static size_t units_n;
static char noted[64];
static char remarked[128];
static int say_rc;

static char places[512];

static int on_say(void *ctx, const struct give_receipt *receipt)
{
    struct said *at = &said[said_n];

    (void)ctx;
    if (say_rc) {
        return say_rc;
    }
    assert_true(said_n < SAID_MAX - 1);
    *at = (struct said){.order = receipt->order,
                        .rung = receipt->rung,
                        .amendment = receipt->amendment,
                        .present = receipt->present};
    for (size_t i = 0; i < receipt->units.n; i++) {
        size_t n = strlen(at->units);

        snprintf(at->units + n, sizeof at->units - n, "%s ", receipt->units.at[i]);
    }
    snprintf(at->text, sizeof at->text, "%s", receipt->text);
    said_n++;
    return 0;
}

static void on_note(void *ctx, struct id order, struct bytes note)
{
    (void)ctx;
    (void)order;
    assert_true(note.n < sizeof noted);
    memcpy(noted, note.p, note.n);
    noted[note.n] = '\0';
}

static void on_units(void *ctx, const struct unit *units, size_t n)
{
    (void)ctx;
    assert_non_null(units);
    units_n += n;
}

static void on_telemetry(void *ctx, const struct sample *samples, size_t n)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++) {
        size_t at = strlen(places);

        assert_string_equal(samples[i].name, "position");
        assert_int_equal(samples[i].position.datum, DATUM_CGCS2000);
        snprintf(places + at, sizeof places - at, "%s %d %d %s\n", samples[i].unit,
                 samples[i].position.latitude_e7 / 100000, samples[i].position.longitude_e7 / 100000,
                 mode_name(samples[i].mode));
    }
}

static void on_remark(void *ctx, struct id order, const char *text)
{
    (void)ctx;
    (void)order;
    snprintf(remarked, sizeof remarked, "%s", text);
}

static void start(void)
{
    static const struct player_io IO = {
        .say = on_say, .note = on_note, .units = on_units, .telemetry = on_telemetry, .remark = on_remark};

    player = player_new(&profile, &IO);
    assert_non_null(player);
}

static int setup_with(const char *text)
{
    struct err err = {0};

    said_n = units_n = 0;
    noted[0] = remarked[0] = places[0] = '\0';
    say_rc = 0;
    if (conf_parse("test.yaml", text, strlen(text), &conf, &err) ||
        profile_read(conf_root(conf), &profile, &err) || conf_check_unknown(conf, &err)) {
        fail_msg("%s", err.text);
    }
    start();
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return setup_with(PROFILE);
}

static int teardown(void **state)
{
    (void)state;
    player_free(player);
    profile_free(&profile);
    conf_free(conf);
    return 0;
}

static struct id id_of(uint8_t n)
{
    return (struct id){{1, [15] = n}};
}

struct order {
    struct event event;
    struct new_order words;
    struct order_evacuation evacuation;
    struct delivery delivery;
};

static struct delivery *order_of(struct order *order, uint8_t n, const char *kind, struct words needs)
{
    *order = (struct order){.event = {.kind = EVENT_ORDER_ISSUED, .order = id_of(n), .incident = id_of(100)}};
    order->event.order_issued.kind = kind;
    order->event.order_issued.needs = needs;
    order->delivery = (struct delivery){.kind = DELIVERY_ORDER,
                                        .mode = MODE_ACTUAL,
                                        .order = id_of(n),
                                        .incident = id_of(100),
                                        .event = &order->event,
                                        .order_said = &order->words};
    return &order->delivery;
}

static void run_until(int64_t ms)
{
    for (int i = 0; i < 100 && player_due_ms(player) <= ms; i++) {
        player_tick(player, player_due_ms(player));
    }
}

static void an_order_climbs_its_rungs_in_time(void **state)
{
    static const enum rung RUNGS[] = {RUNG_ACKNOWLEDGED, RUNG_ACCEPTED, RUNG_EN_ROUTE, RUNG_ON_SCENE,
                                      RUNG_COMPLETED};
    static const int64_t TIMES[] = {100, 300, 1300, 3300, 13300};
    struct order order;

    (void)state;
    player_take(player, order_of(&order, 1, "dispatch", (struct words){0}), 0);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(player_due_ms(player), TIMES[i]);
        player_tick(player, TIMES[i] - 1);
        assert_int_equal(said_n, i);
        player_tick(player, TIMES[i]);
        assert_int_equal(said_n, i + 1);
        assert_int_equal(said[i].rung, RUNGS[i]);
    }
    assert_string_equal(said[0].units, "");
    assert_string_equal(said[1].units, "E1 ");
    assert_int_equal(units_n, 2); /* assigned, and free again */
    assert_int_equal(profile.units[0].status, UNIT_FREE);
    assert_int_equal(player_due_ms(player), INT64_MAX);
}

static void able_and_free_units_are_chosen(void **state)
{
    static const char *const NEEDS[] = {"gas-detector"};
    struct words needs = {NEEDS, 1};
    struct order one, two;

    (void)state;
    player_take(player, order_of(&one, 1, "dispatch", needs), 0);
    run_until(300);
    assert_string_equal(said[1].units, "E2 ");
    assert_string_equal(noted, "E2");
    player_take(player, order_of(&two, 2, "dispatch", needs), 300);
    run_until(700);
    assert_int_equal(said[3].rung, RUNG_DECLINED);
    assert_string_equal(said[3].text, "no free unit with gas-detector");
    assert_string_equal(remarked, "no free unit with gas-detector");
}

static void where_needs_are_wished_units_go_with_what_they_have(void **state)
{
    static const char *const NEEDS[] = {"gas-detector", "chemical-suit"};
    struct order order;

    (void)state;
    profile.strict = false;
    player_take(player, order_of(&order, 1, "dispatch", (struct words){NEEDS, 2}), 0);
    run_until(300);
    assert_int_equal(said[1].rung, RUNG_ACCEPTED);
    assert_string_equal(said[1].units, "E2 ");
    assert_string_equal(remarked, "the units that go lack chemical-suit");
}

static void a_kind_that_is_not_taken_is_declined(void **state)
{
    struct order order;

    (void)state;
    player_take(player, order_of(&order, 1, "cordon", (struct words){0}), 0);
    run_until(10000);
    assert_int_equal(said_n, 2);
    assert_int_equal(said[1].rung, RUNG_DECLINED);
    assert_non_null(strstr(said[1].text, "\"cordon\""));
}

static void units_asked_for_by_name_go(void **state)
{
    static const char *const NAMES[] = {"E2", "E9"};
    struct order one, two;
    struct delivery *delivery = order_of(&one, 1, "dispatch", (struct words){0});

    (void)state;
    one.words.units = (struct words){NAMES, 1};
    player_take(player, delivery, 0);
    delivery = order_of(&two, 2, "dispatch", (struct words){0});
    two.words.units = (struct words){NAMES + 1, 1};
    player_take(player, delivery, 0);
    run_until(300);
    assert_int_equal(said_n, 4);
    assert_string_equal(said[2].units, "E2 ");
    assert_string_equal(said[3].text, "there is no unit E9");
}

static void an_exercise_never_reaches_an_actual_sink(void **state)
{
    struct order order;
    struct delivery *delivery = order_of(&order, 1, "dispatch", (struct words){0});

    (void)state;
    delivery->mode = MODE_EXERCISE;
    player_take(player, delivery, 0);
    run_until(20000);
    assert_int_equal(said_n, 2);
    assert_int_equal(said[0].rung, RUNG_ACKNOWLEDGED);
    assert_int_equal(said[1].rung, RUNG_DECLINED);
    assert_string_equal(said[1].text, "exercise: this agent's sink is actual");
    assert_int_equal(units_n, 0);
}

static void an_agent_that_takes_part_plays_both(void **state)
{
    const char *reason;

    (void)state;
    profile.exercise = true;
    assert_true(profile_may_play(&profile, MODE_EXERCISE, &reason));
    assert_true(profile_may_play(&profile, MODE_ACTUAL, &reason));
    profile.exercise = false;
    profile.sink = SINK_EXERCISE;
    assert_true(profile_may_play(&profile, MODE_TEST, &reason));
    assert_false(profile_may_play(&profile, MODE_ACTUAL, &reason));
}

static void a_recall_ends_what_was_begun(void **state)
{
    struct order order;
    struct delivery recall = {.kind = DELIVERY_RECALL, .order = id_of(1)};

    (void)state;
    player_take(player, order_of(&order, 1, "dispatch", (struct words){0}), 0);
    run_until(1300);
    assert_int_equal(profile.units[0].status, UNIT_ASSIGNED);
    player_take(player, &recall, 1400);
    assert_int_equal(profile.units[0].status, UNIT_FREE);
    assert_int_equal(player_due_ms(player), INT64_MAX);
    player_take(player, &recall, 1500); /* of an order that never came */
    assert_int_equal(said_n, 3);
}

static void an_evacuation_counts_the_heads_on_scene(void **state)
{
    struct order order, evacuation;
    struct delivery *delivery;

    (void)state;
    player_take(player, order_of(&order, 1, "dispatch", (struct words){0}), 0);
    run_until(3300);
    delivery = order_of(&evacuation, 2, "evacuate", (struct words){0});
    delivery->order_said = NULL;
    delivery->evacuation_said = &evacuation.evacuation;
    player_take(player, delivery, 3300);
    run_until(3900);
    assert_int_equal(said[4].rung, RUNG_ACKNOWLEDGED);
    assert_int_equal(said[5].rung, RUNG_COMPLETED);
    assert_int_equal(said[5].present, 6);
    assert_int_equal(said_n, 6);
}

static void an_amendment_is_answered_with_what_is_lacking(void **state)
{
    static const char *const NEEDS[] = {"scba", "chemical-suit"};
    struct order order;
    struct event event = {.kind = EVENT_ORDER_AMENDED, .order = id_of(1)};
    struct delivery amendment = {.kind = DELIVERY_AMENDMENT, .order = id_of(1), .event = &event};

    (void)state;
    player_take(player, order_of(&order, 1, "dispatch", (struct words){0}), 0);
    run_until(300);
    event.order_amended = (struct order_amended){.amendment = 1, .needs = {NEEDS, 2}};
    player_take(player, &amendment, 300);
    run_until(350);
    assert_int_equal(said_n, 3);
    assert_int_equal(said[2].amendment, 1);
    assert_string_equal(said[2].text, "the units that go lack chemical-suit");
}

static void a_restart_goes_on_where_it_was(void **state)
{
    struct order order;
    struct delivery *delivery = order_of(&order, 1, "dispatch", (struct words){0});

    (void)state;
    delivery->resumed = true;
    delivery->rung_said = RUNG_EN_ROUTE;
    delivery->note = (struct bytes){(const uint8_t *)"E2", 2};
    player_take(player, delivery, 0);
    assert_int_equal(profile.units[1].status, UNIT_ASSIGNED);
    run_until(2000);
    assert_int_equal(said_n, 1);
    assert_int_equal(said[0].rung, RUNG_ON_SCENE);
    assert_string_equal(said[0].units, "E2 ");
}

static void what_could_not_be_said_is_said_later(void **state)
{
    struct order order;

    (void)state;
    player_take(player, order_of(&order, 1, "dispatch", (struct words){0}), 0);
    say_rc = -1;
    run_until(100);
    assert_int_equal(said_n, 0);
    say_rc = 0;
    assert_int_equal(player_due_ms(player), 1100);
    run_until(1100);
    assert_int_equal(said[0].rung, RUNG_ACKNOWLEDGED);
}

static void jitter_follows_its_seed(void **state)
{
    int64_t first[2] = {0};

    (void)state;
    profile.script.jitter = 0.5;
    for (int i = 0; i < 2; i++) {
        struct order order;

        player_free(player);
        start();
        player_take(player, order_of(&order, 1, "dispatch", (struct words){0}), 0);
        first[i] = player_due_ms(player);
    }
    assert_int_equal(first[0], first[1]);
    assert_true(first[0] >= 50 && first[0] <= 150);
}

#define TRACK                                                             \
    "track: {datum: cgcs2000, station: {latitude: 36, longitude: 117},\n" \
    "        scene: {latitude: 36.4, longitude: 116.8}, every: 1 s}\n"

static void units_say_where_they_are(void **state)
{
    struct order order;
    struct delivery *delivery = order_of(&order, 1, "dispatch", (struct words){0});
    char text[1024];

    (void)state;
    snprintf(text, sizeof text, "%sexercise: true\n%s", PROFILE, TRACK);
    setup_with(text);
    player_place(player, MODE_ACTUAL);
    assert_string_equal(places, "E1 3600 11700 actual\nE2 3600 11700 actual\n");
    places[0] = '\0';
    delivery->mode = MODE_EXERCISE;
    player_take(player, delivery, 0);
    run_until(3299);
    assert_string_equal(places, "E1 3600 11700 exercise\nE1 3620 11690 exercise\n");
    places[0] = '\0';
    run_until(13299);
    assert_string_equal(places, "E1 3640 11680 exercise\n");
    places[0] = '\0';
    run_until(13300); /* completed: free, and back */
    assert_string_equal(places, "E1 3600 11700 exercise\n");
    teardown(NULL);
}

static void a_team_that_is_asked_for_takes_its_units_along(void **state)
{
    struct order order;
    static const char *const WANTED[] = {"T1"};
    struct delivery *delivery = order_of(&order, 1, "dispatch", (struct words){0});

    (void)state;
    setup_with("units:\n  - {id: V1, team: T1}\n  - {id: V2}\n  - {id: T1, kind: team, crew: 4}\n");
    order.words.units = (struct words){WANTED, 1};
    player_take(player, delivery, 0);
    run_until(1000);
    assert_int_equal(said[1].rung, RUNG_ACCEPTED);
    assert_string_equal(said[1].units, "T1 V1 ");
    teardown(NULL);
}

static void a_bad_profile_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } BAD[] = {
        {"units: [{type: engine}]\n", "id"},
        {"units: [{id: E1}, {id: E1}]\n", "second unit E1"},
        {"script: {complete: soon}\n", "on recall"},
        {"sink: real\n", "sink"},
        {"script: {jitter: 2}\n", "jitter"},
        {"units: [{id: E1, team: T}]\n", "no team T"},
        {"units: [{id: T, kind: team, team: T}]\n", "in no team"},
        {"units: [{id: E1, kind: crew}]\n", "kind"},
        {"track: {datum: wgs84}\n", "station"},
        {"track: {station: {latitude: 1, longitude: 2}}\n", "datum"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct conf *bad;
        struct profile read = {0};
        struct err err = {0};

        assert_int_equal(conf_parse("bad.yaml", BAD[i].text, strlen(BAD[i].text), &bad, &err), 0);
        assert_int_equal(profile_read(conf_root(bad), &read, &err), ERR_CONFIG);
        assert_non_null(strstr(err.text, BAD[i].says));
        assert_non_null(strstr(err.text, "bad.yaml:1:"));
        conf_free(bad);
    }
}

static void the_ready_profiles_are_sound(void **state)
{
    static const char *const NAMES[] = {"emergency-management", "fire-rescue", "public-security", "health"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct conf *file;
        struct profile ready = {0};
        struct err err = {0};
        char path[128];

        snprintf(path, sizeof path, "agents/agency/profiles/%s.yaml", NAMES[i]);
        if (conf_load(path, &file, &err) || profile_read(conf_root(file), &ready, &err) ||
            conf_check_unknown(file, &err)) {
            fail_msg("%s", err.text);
        }
        assert_true(ready.units_n >= 4);
        assert_true(words_have(ready.takes, "dispatch"));
        profile_free(&ready);
        conf_free(file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_order_climbs_its_rungs_in_time, setup, teardown),
        cmocka_unit_test_setup_teardown(able_and_free_units_are_chosen, setup, teardown),
        cmocka_unit_test_setup_teardown(where_needs_are_wished_units_go_with_what_they_have, setup, teardown),
        cmocka_unit_test_setup_teardown(a_kind_that_is_not_taken_is_declined, setup, teardown),
        cmocka_unit_test_setup_teardown(units_asked_for_by_name_go, setup, teardown),
        cmocka_unit_test_setup_teardown(an_exercise_never_reaches_an_actual_sink, setup, teardown),
        cmocka_unit_test_setup_teardown(an_agent_that_takes_part_plays_both, setup, teardown),
        cmocka_unit_test_setup_teardown(a_recall_ends_what_was_begun, setup, teardown),
        cmocka_unit_test_setup_teardown(an_evacuation_counts_the_heads_on_scene, setup, teardown),
        cmocka_unit_test_setup_teardown(an_amendment_is_answered_with_what_is_lacking, setup, teardown),
        cmocka_unit_test_setup_teardown(a_restart_goes_on_where_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(what_could_not_be_said_is_said_later, setup, teardown),
        cmocka_unit_test_setup_teardown(jitter_follows_its_seed, setup, teardown),
        cmocka_unit_test(units_say_where_they_are),
        cmocka_unit_test(a_team_that_is_asked_for_takes_its_units_along),
        cmocka_unit_test(a_bad_profile_is_refused_with_its_place),
        cmocka_unit_test(the_ready_profiles_are_sound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
