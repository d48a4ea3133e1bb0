/* Numbers by hand: medians, percentiles, edges. */
#include "common/view/view_stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/log/log_memory.h"
#include "tests/unit/view_fixture.h"

/* One incident of history: reported at 0 s, its orders (seconds after the report; 0: never). */
struct past {
    int64_t issued_s[2];
    int64_t scene_s[2];
    int64_t recalled_s[2];
    const char *unit[2];
    const char *addressee[2];
    size_t orders;
    bool unacknowledged; /* the first rung that was said is another */
};

static int64_t at(int64_t base_ms, int64_t s)
{
    return s == 0 ? 0 : base_ms + s * 1000;
}

static void say_past(struct fixture *fx, uint8_t n, enum mode mode, const struct past *past)
{
    int64_t base = FX_START_MS - INT64_C(86400000) + n * INT64_C(600000);
    struct historic_order orders[2];
    struct command command = {.kind = COMMAND_RECORD_HISTORY,
                              .agent = FX_CENTRE,
                              .mode = mode,
                              .record_history = {.source = "cad",
                                                 .key = "k",
                                                 .incident = fx_id(n),
                                                 .facts = facts_none(),
                                                 .reported_at_ms = base,
                                                 .closed_at_ms = base + 7200000,
                                                 .orders = orders,
                                                 .orders_n = past->orders}};

    for (size_t i = 0; i < past->orders; i++) {
        struct id id = fx_id(n);
        id.b[15] = (uint8_t)(200 + i);
        orders[i] = (struct historic_order){
            .order = id,
            .kind = "dispatch",
            .addressee = past->addressee[i],
            .units = {&past->unit[i], 1},
            .issued_at_ms = base + past->issued_s[i] * 1000,
            .acknowledged_at_ms = past->unacknowledged ? 0 : base + past->issued_s[i] * 1000 + 7000,
            .on_scene_at_ms = at(base, past->scene_s[i]),
            .recalled_at_ms = at(base, past->recalled_s[i])};
    }
    assert_int_not_equal(fx_say(fx, &command), 0);
}

static void make(struct fixture *fx, enum mode mode, struct view_stats *ret)
{
    struct view *view = view_new(&(struct view_options){.details = false});

    fx_fold(fx, view);
    assert_int_equal(view_stats_make(view_state(view), mode, ret), 0);
    view_free(view);
}

#define FIRE "370102/fire-rescue"
#define HEALTH "370102/health"

static void numbers_by_hand(void **state)
{
    /* first orders after 59, 60, 61 and 10 s */
    static const struct past pasts[] = {
        {{59, 100}, {159, 0}, {0, 130}, {"E1", "M1"}, {FIRE, HEALTH}, 2, false},
        {{60, 0}, {100, 0}, {0, 0}, {"E1", ""}, {FIRE, ""}, 1, false},
        {{61, 0}, {0, 0}, {0, 0}, {"E2", ""}, {FIRE, ""}, 1, false},
        {{30, 10}, {300, 70}, {0, 0}, {"E1", "E1"}, {FIRE, HEALTH}, 2, false},
    };
    struct view_stats stats;
    struct fixture fx;

    (void)state;
    fx_begin(&fx, log_memory_new());
    fx_found(&fx);
    for (uint8_t i = 0; i < 4; i++) {
        say_past(&fx, (uint8_t)(10 + 10 * i), MODE_ACTUAL, &pasts[i]);
    }
    make(&fx, MODE_ACTUAL, &stats);
    assert_int_equal(stats.incidents_n, 4);
    assert_int_equal(stats.all.orders, 6);
    assert_int_equal(stats.all.units, 4); /* E1 and E2 of fire, M1 and another E1 of health */
    assert_int_equal(stats.all.recalled, 1);
    assert_int_equal(stats.all.arrived, 4);
    assert_int_equal(stats.all.first.n, 4);
    assert_int_equal(stats.all.first.median, 60000); /* 10 59 60 61: the one at floor(4 / 2) */
    assert_int_equal(stats.all.first.p90, 61000);    /* at floor(0.9 * 4) = 3 */
    assert_int_equal(stats.all.first.within, 3);     /* 60 s counts */
    assert_int_equal(stats.all.acknowledged.n, 6);
    assert_int_equal(stats.all.acknowledged.median, 7000);
    assert_int_equal(stats.agencies_n, 2);
    assert_string_equal(stats.agencies[0].name, FIRE);
    assert_int_equal(stats.agencies[0].orders, 4);
    assert_int_equal(stats.agencies[0].units, 2);
    assert_int_equal(stats.agencies[0].first.n, 4);
    assert_int_equal(stats.agencies[0].first.median, 60000); /* 30 59 60 61 */
    assert_int_equal(stats.agencies[0].on_scene.n, 3);       /* 40 100 270 */
    assert_int_equal(stats.agencies[0].on_scene.median, 100000);
    assert_int_equal(stats.agencies[1].orders, 2);
    assert_int_equal(stats.agencies[1].first.within, 1); /* 100 and 10 */
    assert_int_equal(stats.incidents[3].first_order_ms - stats.incidents[3].reported_ms, 10000);
    view_stats_free(&stats);
    fx_end(&fx);
}

/* An agency that sets out without a word before has answered, too; one that was only recalled has not. */
static void skipped_rungs_are_answers(void **state)
{
    static const struct past past = {.issued_s = {59, 100},
                                     .scene_s = {159, 0},
                                     .recalled_s = {0, 130},
                                     .unit = {"E1", "M1"},
                                     .addressee = {FIRE, HEALTH},
                                     .orders = 2,
                                     .unacknowledged = true};
    struct view_stats stats;
    struct fixture fx;

    (void)state;
    fx_begin(&fx, log_memory_new());
    fx_found(&fx);
    say_past(&fx, 10, MODE_ACTUAL, &past);
    make(&fx, MODE_ACTUAL, &stats);
    assert_int_equal(stats.agencies_n, 2);
    assert_int_equal(stats.agencies[0].acknowledged.n, 1);
    assert_int_equal(stats.agencies[0].acknowledged.median, 100000);
    assert_int_equal(stats.agencies[1].acknowledged.n, 0);
    assert_int_equal(stats.all.acknowledged.n, 1);
    view_stats_free(&stats);
    fx_end(&fx);
}

static void ten_values_have_their_tenth_as_p90(void **state)
{
    struct view_stats stats;
    struct fixture fx;

    (void)state;
    fx_begin(&fx, log_memory_new());
    fx_found(&fx);
    for (uint8_t i = 0; i < 10; i++) { /* 100, 90 ... 10 s */
        struct past past = {.issued_s = {100 - 10 * i}, .unit = {"E1"}, .addressee = {FIRE}, .orders = 1};
        say_past(&fx, (uint8_t)(10 + 10 * i), MODE_ACTUAL, &past);
    }
    make(&fx, MODE_ACTUAL, &stats);
    assert_int_equal(stats.all.first.p90, 100000);
    assert_int_equal(stats.all.first.median, 60000);
    assert_int_equal(stats.all.first.within, 6);
    view_stats_free(&stats);
    fx_end(&fx);
}

/* Two calls, merged: one event, reported with the first call, ordered under either id. */
static void what_was_merged_is_one_event(void **state)
{
    struct command merge = {.kind = COMMAND_MERGE_INCIDENT,
                            .mode = MODE_ACTUAL,
                            .agent = FX_CENTRE,
                            .operator= "zhang.wei",
                            .merge_incident = {.incident = fx_id(10), .into = fx_id(20), .reason = ""}};
    struct facts facts = facts_none();
    struct id none = {{0}};
    struct view_stats stats;
    struct fixture fx;

    (void)state;
    fx_begin(&fx, log_memory_new());
    fx_found(&fx);
    facts.kind = "fire";
    fx_report(&fx, fx_id(10), MODE_ACTUAL, &facts, REPORT_INITIAL, "");
    int64_t reported_ms = fx.now_ms;
    fx.now_ms += 4000;
    fx_order(&fx, fx_id(10), fx_id(11), FX_HEALTH, MODE_ACTUAL, "", none);
    int64_t ordered_ms = fx.now_ms;
    fx.now_ms += 300000;
    fx_report(&fx, fx_id(20), MODE_ACTUAL, &facts, REPORT_INITIAL, "");
    fx_order(&fx, fx_id(20), fx_id(21), FX_STATION, MODE_ACTUAL, "", none);
    assert_int_not_equal(fx_say(&fx, &merge), 0);
    make(&fx, MODE_ACTUAL, &stats);
    assert_int_equal(stats.incidents_n, 1);
    assert_int_equal(stats.open, 1);
    assert_int_equal(stats.all.orders, 2);
    assert_int_equal(stats.all.first.n, 1);
    assert_int_equal(stats.all.first.median, ordered_ms - reported_ms);
    assert_true(id_equal(stats.incidents[0].id, fx_id(20)));
    assert_int_equal(stats.incidents[0].orders, 2);
    assert_int_equal(stats.incidents[0].reported_ms, reported_ms);
    assert_int_equal(stats.agencies_n, 2);
    assert_int_equal(stats.agencies[1].first.median, ordered_ms - reported_ms);
    view_stats_free(&stats);
    fx_end(&fx);
}

static void modes_are_apart(void **state)
{
    static const struct past past = {.issued_s = {5}, .unit = {"E1"}, .addressee = {FIRE}, .orders = 1};
    struct view_stats stats;
    struct fixture fx;

    (void)state;
    fx_begin(&fx, log_memory_new());
    fx_found(&fx);
    say_past(&fx, 10, MODE_ACTUAL, &past);
    say_past(&fx, 30, MODE_EXERCISE, &past);
    say_past(&fx, 50, MODE_EXERCISE, &past);
    make(&fx, MODE_ACTUAL, &stats);
    assert_int_equal(stats.incidents_n, 1);
    view_stats_free(&stats);
    make(&fx, MODE_EXERCISE, &stats);
    assert_int_equal(stats.incidents_n, 2);
    view_stats_free(&stats);
    make(&fx, MODE_TEST, &stats);
    assert_int_equal(stats.incidents_n, 0);
    view_stats_free(&stats);
    make(&fx, MODE_NONE, &stats);
    assert_int_equal(stats.incidents_n, 3);
    view_stats_free(&stats);
    fx_end(&fx);
}

static void text_and_json(void **state)
{
    static const struct past past = {{103, 0}, {203, 0}, {0, 0}, {"E1", ""}, {FIRE, ""}, 1, false};
    struct view_voice voice = {.zh = false};
    struct view_stats stats;
    struct fixture fx;
    struct buf out;

    (void)state;
    buf_init(&out, 0);
    fx_begin(&fx, log_memory_new());
    fx_found(&fx);
    make(&fx, MODE_ACTUAL, &stats);
    view_stats_text(&stats, fx.state, &voice, true, &out);
    assert_string_equal(buf_text(&out), "0 incidents, 0 orders, 0 units, 0 recalled, 0 arrived\n");
    view_stats_free(&stats);
    buf_reset(&out);
    say_past(&fx, 10, MODE_ACTUAL, &past);
    make(&fx, MODE_ACTUAL, &stats);
    view_stats_text(&stats, fx.state, &voice, false, &out);
    static const char wanted[] =
        "1 incidents, 1 orders, 1 units, 0 recalled, 1 arrived, first order within 60 s of "
        "the report for 0.0 %, median 103 s, p90 103 s\n";
    assert_int_equal(strncmp(buf_text(&out), wanted, sizeof wanted - 1), 0);
    buf_reset(&out);
    view_stats_json(&stats, &out);
    assert_true(fx_is_json(buf_text(&out), out.n - 1));
    assert_non_null(strstr(buf_text(&out), "\"median_ms\":103000"));
    view_stats_free(&stats);
    buf_free(&out);
    fx_end(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_by_hand),
        cmocka_unit_test(skipped_rungs_are_answers),
        cmocka_unit_test(ten_values_have_their_tenth_as_p90),
        cmocka_unit_test(what_was_merged_is_one_event),
        cmocka_unit_test(modes_are_apart),
        cmocka_unit_test(text_and_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
