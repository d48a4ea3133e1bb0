/* Which incidents are suspected to be one event, as a table; and which of a view are looked at. */
#include "common/view/view_similar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/log/log_memory.h"
#include "tests/unit/view_fixture.h"

enum { MINUTE_MS = 60 * 1000 };

/* 36.65 north: 0.001 degrees of latitude are 111.2 m, of longitude 89.2 m. */
#define AT(datum, latitude, longitude, accuracy)   \
    {                                              \
        true, datum, latitude, longitude, accuracy \
    }
#define NOWHERE                    \
    {                              \
        false, DATUM_NONE, 0, 0, 0 \
    }

struct side {
    enum mode mode;
    const char *kind;
    const char *place;
    struct position position;
    int64_t occurred_min; /* 0: not known */
    int64_t opened_min;
};

static struct similar_facts facts_of(uint8_t id, const struct side *side)
{
    int64_t base = FX_START_MS;

    return (struct similar_facts){.id = fx_id(id),
                                  .mode = side->mode,
                                  .kind = side->kind,
                                  .place = side->place,
                                  .position = side->position,
                                  .occurred_at_ms =
                                      side->occurred_min != 0 ? base + side->occurred_min * MINUTE_MS : 0,
                                  .opened_at_ms = base + side->opened_min * MINUTE_MS};
}

static void cases(void **state)
{
    static const struct {
        const char *name;
        struct side first;
        struct side second;
        bool is_suspected;
    } rows[] = {
        {"near, at once, one kind",
         {MODE_ACTUAL, "fire", "", AT(DATUM_WGS84, 366500000, 1171200000, 0), 0, 0},
         {MODE_ACTUAL, "fire", "", AT(DATUM_WGS84, 366510000, 1171200000, 0), 0, 4},
         true},
        {"another mode is never the same",
         {MODE_ACTUAL, "fire", "x road", AT(DATUM_WGS84, 366500000, 1171200000, 0), 0, 0},
         {MODE_EXERCISE, "fire", "x road", AT(DATUM_WGS84, 366500000, 1171200000, 0), 0, 0},
         false},
        {"another kind",
         {MODE_ACTUAL, "fire", "", AT(DATUM_WGS84, 366500000, 1171200000, 0), 0, 0},
         {MODE_ACTUAL, "flood", "", AT(DATUM_WGS84, 366500000, 1171200000, 0), 0, 0},
         false},
        {"a kind that is not known",
         {MODE_ACTUAL, "fire", "", AT(DATUM_WGS84, 366500000, 1171200000, 0), 0, 0},
         {MODE_ACTUAL, "", "", AT(DATUM_WGS84, 366500000, 1171200000, 0), 0, 0},
         true},
        {"499 m north",
         {MODE_ACTUAL, "fire", "", AT(DATUM_WGS84, 366500000, 1171200000, 0), 0, 0},
         {MODE_ACTUAL, "fire", "", AT(DATUM_WGS84, 366544900, 1171200000, 0), 0, 0},
         true},
        {"502 m north",
         {MODE_ACTUAL, "fire", "", AT(DATUM_WGS84, 366500000, 1171200000, 0), 0, 0},
         {MODE_ACTUAL, "fire", "", AT(DATUM_WGS84, 366545150, 1171200000, 0), 0, 0},
         false},
        {"0.0055 degrees east are 491 m there",
         {MODE_ACTUAL, "fire", "", AT(DATUM_WGS84, 366500000, 1171200000, 0), 0, 0},
         {MODE_ACTUAL, "fire", "", AT(DATUM_WGS84, 366500000, 1171255000, 0), 0, 0},
         true},
        {"0.0057 are 508 m",
         {MODE_ACTUAL, "fire", "", AT(DATUM_WGS84, 366500000, 1171200000, 0), 0, 0},
         {MODE_ACTUAL, "fire", "", AT(DATUM_WGS84, 366500000, 1171257000, 0), 0, 0},
         false},
        {"a telephone that only its cell has placed",
         {MODE_ACTUAL, "fire", "", AT(DATUM_WGS84, 366500000, 1171200000, 0), 0, 0},
         {MODE_ACTUAL, "fire", "", AT(DATUM_WGS84, 366600000, 1171200000, 800), 0, 0},
         true},
        {"an accuracy that says nothing adds 1 km at most",
         {MODE_ACTUAL, "fire", "", AT(DATUM_WGS84, 366500000, 1171200000, 0), 0, 0},
         {MODE_ACTUAL, "fire", "", AT(DATUM_WGS84, 366700000, 1171200000, 50000), 0, 0},
         false},
        {"WGS84 and CGCS2000 are one",
         {MODE_ACTUAL, "fire", "", AT(DATUM_CGCS2000, 366500000, 1171200000, 0), 0, 0},
         {MODE_ACTUAL, "fire", "", AT(DATUM_WGS84, 366500000, 1171200000, 0), 0, 0},
         true},
        {"GCJ-02 with itself",
         {MODE_ACTUAL, "fire", "", AT(DATUM_GCJ02, 366500000, 1171200000, 0), 0, 0},
         {MODE_ACTUAL, "fire", "", AT(DATUM_GCJ02, 366500000, 1171200000, 0), 0, 0},
         true},
        {"GCJ-02 with WGS84 is not compared, nor is the word of the place there",
         {MODE_ACTUAL, "fire", "", AT(DATUM_GCJ02, 366500000, 1171200000, 0), 0, 0},
         {MODE_ACTUAL, "fire", "", AT(DATUM_WGS84, 366500000, 1171200000, 0), 0, 0},
         false},
        {"... then the words of the place count",
         {MODE_ACTUAL, "fire", "Harbour road 3", AT(DATUM_GCJ02, 366500000, 1171200000, 0), 0, 0},
         {MODE_ACTUAL, "fire", "harbour road 3", AT(DATUM_WGS84, 366500000, 1171200000, 0), 0, 0},
         true},
        {"a distance counts more than the words",
         {MODE_ACTUAL, "fire", "station", AT(DATUM_WGS84, 366500000, 1171200000, 0), 0, 0},
         {MODE_ACTUAL, "fire", "station", AT(DATUM_WGS84, 367500000, 1171200000, 0), 0, 0},
         false},
        {"one place with blanks around it",
         {MODE_ACTUAL, "fire", "  Harbour\t", NOWHERE, 0, 0},
         {MODE_ACTUAL, "fire", "Harbour", NOWHERE, 0, 0},
         true},
        {"... with blanks in it",
         {MODE_ACTUAL, "fire", "经十路 9 号楼", NOWHERE, 0, 0},
         {MODE_ACTUAL, "fire", "经十路9号楼", NOWHERE, 0, 0},
         true},
        {"... with wide ones",
         {MODE_ACTUAL, "fire", "经十路\u30009号楼\u3000", NOWHERE, 0, 0},
         {MODE_ACTUAL, "fire", "经十路9 号楼", NOWHERE, 0, 0},
         true},
        {"... with two of them, and in other letters",
         {MODE_ACTUAL, "fire", "Harbour road 3", NOWHERE, 0, 0},
         {MODE_ACTUAL, "fire", "harbour  Road 3", NOWHERE, 0, 0},
         true},
        {"one place within the other",
         {MODE_ACTUAL, "fire", "工业园三号车间", NOWHERE, 0, 0},
         {MODE_ACTUAL, "fire", "三号车间", NOWHERE, 0, 0},
         true},
        {"... the other way round",
         {MODE_ACTUAL, "fire", "码头", NOWHERE, 0, 0},
         {MODE_ACTUAL, "fire", "老码头仓库", NOWHERE, 0, 0},
         true},
        {"... with blanks in the one",
         {MODE_ACTUAL, "fire", "济南 经十路 9 号楼", NOWHERE, 0, 0},
         {MODE_ACTUAL, "fire", "经十路9号楼", NOWHERE, 0, 0},
         true},
        {"one character with blanks about it is one",
         {MODE_ACTUAL, "fire", "东  ", NOWHERE, 0, 0},
         {MODE_ACTUAL, "fire", "东关大街", NOWHERE, 0, 0},
         false},
        {"one character is within too many",
         {MODE_ACTUAL, "fire", "东", NOWHERE, 0, 0},
         {MODE_ACTUAL, "fire", "东关大街", NOWHERE, 0, 0},
         false},
        {"another place",
         {MODE_ACTUAL, "fire", "Harbour road 3", NOWHERE, 0, 0},
         {MODE_ACTUAL, "fire", "Harbour road 4", NOWHERE, 0, 0},
         false},
        {"no place at all",
         {MODE_ACTUAL, "fire", "", NOWHERE, 0, 0},
         {MODE_ACTUAL, "fire", "", NOWHERE, 0, 0},
         false},
        {"blanks are no place",
         {MODE_ACTUAL, "fire", "  ", NOWHERE, 0, 0},
         {MODE_ACTUAL, "fire", "  ", NOWHERE, 0, 0},
         false},
        {"reported 30 minutes apart",
         {MODE_ACTUAL, "fire", "Harbour", NOWHERE, 0, 0},
         {MODE_ACTUAL, "fire", "Harbour", NOWHERE, 0, 30},
         true},
        {"reported 31 minutes apart",
         {MODE_ACTUAL, "fire", "Harbour", NOWHERE, 0, 31},
         {MODE_ACTUAL, "fire", "Harbour", NOWHERE, 0, 0},
         false},
        {"reported late, but it happened at one time",
         {MODE_ACTUAL, "fire", "Harbour", NOWHERE, 5, 10},
         {MODE_ACTUAL, "fire", "Harbour", NOWHERE, 7, 300},
         true},
        {"reported at one time, but it happened at another",
         {MODE_ACTUAL, "fire", "Harbour", NOWHERE, 5, 200},
         {MODE_ACTUAL, "fire", "Harbour", NOWHERE, 190, 201},
         false},
        {"of one only the report's time is known",
         {MODE_ACTUAL, "fire", "Harbour", NOWHERE, 5, 100},
         {MODE_ACTUAL, "fire", "Harbour", NOWHERE, 0, 110},
         true},
        {"across the date line",
         {MODE_ACTUAL, "fire", "", AT(DATUM_WGS84, 0, 1799999000, 0), 0, 0},
         {MODE_ACTUAL, "fire", "", AT(DATUM_WGS84, 0, -1799999000, 0), 0, 0},
         true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct similar_facts first = facts_of(1, &rows[i].first), second = facts_of(2, &rows[i].second);
        struct similar there = view_similar(&first, &second), back = view_similar(&second, &first);
        if (there.is_suspected != rows[i].is_suspected || back.is_suspected != rows[i].is_suspected) {
            fail_msg("%s: %d and back %d", rows[i].name, there.is_suspected, back.is_suspected);
        }
        assert_int_equal(there.later_ms, -back.later_ms);
        assert_int_equal(there.distance_m, back.distance_m);
    }
}

static void reasons_are_told(void **state)
{
    const struct side side = {MODE_ACTUAL, "fire", "", AT(DATUM_WGS84, 366500000, 1171200000, 0), 0, 10};
    const struct side near = {MODE_ACTUAL, "", "", AT(DATUM_CGCS2000, 366510000, 1171200000, 0), 0, 6};
    struct similar_facts first = facts_of(1, &side), second = facts_of(2, &near);
    struct similar why = view_similar(&first, &second);

    (void)state;
    assert_true(why.is_suspected);
    assert_true(why.has_distance);
    assert_int_equal(why.distance_m, 111);
    assert_int_equal(why.later_ms, -4 * MINUTE_MS);
    assert_false(why.same_kind);
    assert_false(why.same_place);
    second = first;
    assert_false(view_similar(&first, &second).is_suspected); /* itself */
}

/* --- of a view -------------------------------------------------------------------------------- */

static void report(struct fixture *fx, uint8_t n, enum mode mode, const char *title, int32_t north)
{
    struct facts facts = facts_none();

    facts.kind = "fire";
    facts.title = title;
    facts.position = (struct position){true, DATUM_WGS84, 366500000 + north, 1171200000, 0};
    assert_int_not_equal(fx_report(fx, fx_id(n), mode, &facts, REPORT_INITIAL, ""), 0);
}

static void close_one(struct fixture *fx, uint8_t n)
{
    struct command command = {.kind = COMMAND_CLOSE_INCIDENT,
                              .agent = FX_CENTRE,
                              .close_incident = {.incident = fx_id(n), .reason = "false alarm"}};

    assert_int_not_equal(fx_say(fx, &command), 0);
}

static void history(struct fixture *fx, uint8_t n)
{
    struct facts facts = facts_none();

    facts.kind = "fire";
    facts.position = (struct position){true, DATUM_WGS84, 366500000, 1171200000, 0};
    struct command command = {.kind = COMMAND_RECORD_HISTORY,
                              .agent = FX_CENTRE,
                              .record_history = {.source = "old-cad",
                                                 .key = "1",
                                                 .incident = fx_id(n),
                                                 .facts = facts,
                                                 .reported_at_ms = fx->now_ms}};
    assert_int_not_equal(fx_say(fx, &command), 0);
}

static void open_ones_and_those_closed_of_late(void **state)
{
    struct view *view = view_new(&(struct view_options){.details = true});
    struct suspect suspects[VIEW_SIMILAR_SHOWN];
    struct similar_pool pool;
    struct fixture fx;

    (void)state;
    fx_begin(&fx, log_memory_new());
    fx_found(&fx);
    report(&fx, 40, MODE_ACTUAL, "far", 1000000);
    report(&fx, 50, MODE_ACTUAL, "shed", 30000);
    report(&fx, 60, MODE_ACTUAL, "smoke", 10000);
    report(&fx, 70, MODE_EXERCISE, "drill", 0);
    history(&fx, 80);
    close_one(&fx, 50);
    int64_t closed_ms = fx.now_ms;
    report(&fx, 90, MODE_ACTUAL, "new", 0);
    fx_fold(&fx, view);

    assert_int_equal(view_similar_pool(view, closed_ms + VIEW_SIMILAR_CLOSED_MS - 1, &pool), 0);
    assert_int_equal(view_suspects(&pool, fx_id(90), suspects, VIEW_SIMILAR_SHOWN), 2);
    assert_true(id_equal(suspects[0].id, fx_id(60))); /* the nearer one */
    assert_int_equal(suspects[0].why.distance_m, 111);
    assert_true(id_equal(suspects[1].id, fx_id(50)));
    assert_int_equal(view_suspects(&pool, fx_id(90), suspects, 1), 1);
    assert_true(id_equal(suspects[0].id, fx_id(60)));
    assert_int_equal(view_suspects(&pool, fx_id(80), suspects, VIEW_SIMILAR_SHOWN), 0); /* history */
    assert_int_equal(view_suspects(&pool, fx_id(99), suspects, VIEW_SIMILAR_SHOWN), 0); /* unknown */
    view_similar_pool_free(&pool);

    assert_int_equal(view_similar_pool(view, closed_ms + VIEW_SIMILAR_CLOSED_MS, &pool), 0);
    assert_int_equal(view_suspects(&pool, fx_id(90), suspects, VIEW_SIMILAR_SHOWN), 1);
    assert_true(id_equal(suspects[0].id, fx_id(60)));
    view_similar_pool_free(&pool);
    view_free(view);
    fx_end(&fx);
}

static void in_both_languages_and_json(void **state)
{
    struct view *view = view_new(&(struct view_options){.details = true});
    struct suspect suspects[VIEW_SIMILAR_SHOWN];
    struct similar_pool pool;
    char wanted[256], id[ID_TEXT];
    struct fixture fx;
    struct buf out;

    (void)state;
    fx_begin(&fx, log_memory_new());
    fx_found(&fx);
    report(&fx, 60, MODE_ACTUAL, "smoke\n\033[2J", 10000);
    fx.now_ms += 4 * MINUTE_MS - 1000;
    report(&fx, 90, MODE_ACTUAL, "new", 0);
    fx_fold(&fx, view);
    assert_int_equal(view_similar_pool(view, fx.now_ms, &pool), 0);
    size_t n = view_suspects(&pool, fx_id(90), suspects, VIEW_SIMILAR_SHOWN);
    assert_int_equal(n, 1);
    buf_init(&out, 0);
    id_format(fx_id(60), id);
    view_say_suspect(view, &(struct view_voice){.zh = false}, &suspects[0], &out);
    (void)snprintf(wanted, sizeof wanted,
                   "suspected to be the same event: %s smoke\\n\\x1b[2J, 111 m away, 4 min earlier", id);
    assert_string_equal(buf_text(&out), wanted);
    buf_reset(&out);
    view_say_suspect(view, &(struct view_voice){.zh = true}, &suspects[0], &out);
    (void)snprintf(wanted, sizeof wanted, "疑似同一事件：%s smoke\\n\\x1b[2J，相距 111 米，早 4 min", id);
    assert_string_equal(buf_text(&out), wanted);
    buf_reset(&out);
    struct json json = json_begin(&out);
    json_object(&json, NULL);
    view_suspects_json(view, suspects, n, "similar", &json);
    json_object_end(&json);
    assert_true(fx_is_json(buf_text(&out), out.n));
    assert_non_null(strstr(buf_text(&out), "\"distance_m\":111,\"later_ms\":-240000,\"same_kind\":true"));
    buf_free(&out);
    view_similar_pool_free(&pool);
    view_free(view);
    fx_end(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases),
        cmocka_unit_test(reasons_are_told),
        cmocka_unit_test(open_ones_and_those_closed_of_late),
        cmocka_unit_test(in_both_languages_and_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
