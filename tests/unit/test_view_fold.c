/* The view itself: what it keeps beside the state, whatever way the records come. */
#include "common/view/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/log/log_memory.h"
#include "common/view/view_equipment.h"
#include "common/view/view_explain.h"
#include "common/view/view_situation.h"
#include "tests/unit/view_fixture.h"

static struct view *folded(struct fixture *fx)
{
    struct view *view = view_new(&(struct view_options){.details = true});

    assert_non_null(view);
    fx_begin(fx, log_memory_new());
    fx_story(fx);
    fx_fold(fx, view);
    return view;
}

static void words_are_kept(void **state)
{
    struct fixture fx;
    struct view *view = folded(&fx);
    const struct view_incident *incident = view_incident(view, fx_id(10));
    const struct view_order *order = view_order(view, fx_id(12));

    (void)state;
    assert_non_null(incident);
    assert_string_equal(incident->facts.title, "Gas in a \"generator\" room");
    assert_string_equal(incident->facts.substance, "carbon-monoxide");
    assert_int_equal(incident->facts.casualties.dead, 1);
    assert_int_equal(incident->facts.casualties.missing, COUNT_UNKNOWN);
    assert_int_equal(incident->opened_seq, 9);
    assert_string_equal(order->text, "two stretchers");
    assert_string_equal(order->end_reason, "no crew");
    assert_int_equal(order->issued_seq, 15);
    assert_int_equal(order->ended_seq, 16);
    assert_string_equal(view_order(view, fx_id(13))->end_reason, "not needed");
    assert_null(view_order(view, fx_id(77)));
    assert_int_equal(view_refusal(view, 0)->refusal, REFUSED_NO_ORDER);
    assert_string_equal(view_refusal(view, 0)->author, FX_STATION);
    assert_null(view_refusal(view, 1));
    assert_int_equal(view_counts(view).records, 23);
    assert_int_equal(view_counts(view).refused, 1);
    view_free(view);
    fx_end(&fx);
}

static void delivery_is_what_an_ack_proves(void **state)
{
    struct fixture fx;
    struct view *view = folded(&fx);
    struct view_delivery delivery = view_delivered(view, FX_STATION, LANE_ORDERS, 10);

    (void)state;
    assert_true(delivery.delivered);
    assert_int_equal(delivery.seq, 11);
    assert_int_equal(delivery.bus_ms, FX_START_MS + 11000);
    assert_false(view_delivered(view, FX_STATION, LANE_ORDERS, 11).delivered);
    assert_false(view_delivered(view, FX_STATION, LANE_URGENT, 10).delivered);
    assert_false(view_delivered(view, FX_OTHER, LANE_ORDERS, 10).delivered);
    assert_false(view_delivered(view, "nobody", LANE_ORDERS, 1).delivered);
    /* recalled before it was acknowledged: perhaps its tombstone alone */
    assert_true(
        view_order_may_be_tombstone(view_find_order(view, fx_id(13), NULL), view_order(view, fx_id(13)), 19));
    assert_false(
        view_order_may_be_tombstone(view_find_order(view, fx_id(11), NULL), view_order(view, fx_id(11)), 11));
    view_free(view);
    fx_end(&fx);
}

/* --- as a tail gives them --------------------------------------------------------------------- */

enum { THE_REGION, STREAM_AGENTS, STREAM_INCIDENTS, STREAMS };

struct tailing {
    struct view *view;
    int stream;
    uint64_t from;
};

static int stream_of(const struct log_record *record)
{
    switch (record->header.kind) {
    case COMMAND_ACK:
    case COMMAND_STATE_UNITS:
        return STREAM_AGENTS;
    default:
        return record->header.kind < COMMAND_FILE_REPORT ? THE_REGION : STREAM_INCIDENTS;
    }
}

static void take_stream(void *ctx, const struct log_record *record)
{
    struct tailing *t = ctx;
    struct err err;

    if (stream_of(record) == t->stream || (t->stream == STREAMS && record->header.seq > t->from)) {
        assert_int_equal(view_take(t->view, record, &err), 0);
    }
}

static void the_order_of_streams_does_not_matter(void **state)
{
    struct fixture fx;
    struct view *whole = folded(&fx);
    struct tailing t = {.view = view_new(&(struct view_options){.details = true})};
    struct buf a, b;

    (void)state;
    for (t.stream = 0; t.stream < STREAMS; t.stream++) {
        fx_each(&fx, take_stream, &t);
    }
    t.stream = STREAMS; /* what is new: most of it is not */
    t.from = 5;
    fx_each(&fx, take_stream, &t);
    buf_init(&a, 0);
    buf_init(&b, 0);
    state_dump(view_state(whole), &a);
    state_dump(view_state(t.view), &b);
    assert_string_equal(buf_text(&a), buf_text(&b));
    assert_int_equal(view_counts(t.view).records, 23);
    assert_int_equal(view_counts(t.view).refused, 1);
    assert_int_equal(view_delivered(t.view, FX_STATION, LANE_ORDERS, 10).seq, 11);
    struct view_situation_options options = {.mode = MODE_NONE, .incident = "", .now_ms = fx.now_ms};
    buf_reset(&a);
    buf_reset(&b);
    assert_int_equal(view_situation_text(whole, &options, &a), 2);
    assert_int_equal(view_situation_text(t.view, &options, &b), 2);
    assert_string_equal(buf_text(&a), buf_text(&b));
    assert_non_null(strstr(buf_text(&a), "units E32, T1: their equipment was never stated; needed: scba"));
    assert_null(strstr(buf_text(&a), "lacks"));
    assert_non_null(strstr(buf_text(&a), "NOT ANSWERED by 11:02:21, not delivered to fire-rescue/station-7"));
    buf_free(&a);
    buf_free(&b);
    view_free(whole);
    view_free(t.view);
    fx_end(&fx);
}

/* --- finding and explaining ------------------------------------------------------------------- */

static void ids_are_found_by_their_end(void **state)
{
    struct fixture fx;
    struct view *view = folded(&fx);
    char text[ID_TEXT];
    bool is_order;
    struct err err;
    struct id id;

    (void)state;
    assert_int_equal(view_find(view, id_format(fx_id(10), text), &id, &is_order, &err), 0);
    assert_false(is_order);
    assert_int_equal(view_find(view, "bhg68t", &id, &is_order, &err), 0);
    assert_true(is_order);
    assert_true(id_equal(id, fx_id(11)));
    assert_int_equal(view_find(view, "8T", &id, &is_order, &err), ERR_DATA);
    assert_int_equal(view_find(view, "000000", &id, &is_order, &err), ERR_NOT_FOUND);
    view_free(view);
    fx_end(&fx);
}

static void explained(const struct view *view, struct id id, const char *const *words)
{
    struct view_voice voice = {.zh = false};
    struct buf out;
    struct err err;

    buf_init(&out, 0);
    if (view_order(view, id) != NULL) {
        assert_int_equal(view_explain_order(view, &voice, id, &out, &err), 0);
    } else {
        assert_int_equal(view_explain_incident(view, &voice, id, &out, &err), 0);
    }
    for (; *words != NULL; words++) {
        if (strstr(buf_text(&out), *words) == NULL) {
            fail_msg("\"%s\" is not in:\n%s", *words, buf_text(&out));
        }
    }
    buf_free(&out);
}

static void reasons_are_told(void **state)
{
    static const char *const taken[] = {
        "delivered 11:00:11 (after 1 s)  record 11", "first said accepted at 11:00:12",
        "station-7  lane orders  never delivered", "It is open: on-scene", NULL};
    static const char *const declined[] = {"health/ambulance declined it at 2026-11-22 11:00:16",
                                           "\"no crew\"", "issued again as CHM6RW", NULL};
    static const char *const recalled[] = {"not before it ended",
                                           "0 of 1 agents had it by then: \"not needed\"", NULL};
    static const char *const silent[] = {"[exercise]", "nobody accepted or declined it by 11:02:21", NULL};
    static const char *const whole[] = {"substance of incident B1E60S answered", "how its orders ended",
                                        "The incident is open, with 1 open orders", NULL};
    struct fixture fx;
    struct view *view = folded(&fx);

    (void)state;
    explained(view, fx_id(11), taken);
    explained(view, fx_id(12), declined);
    explained(view, fx_id(13), recalled);
    explained(view, fx_id(21), silent);
    explained(view, fx_id(10), whole);
    view_free(view);
    fx_end(&fx);
}

/* A time that is near is short, one of another year is whole: nobody takes last November for this one. */
static void a_time_of_another_year_says_so(void **state)
{
    struct fixture fx;
    struct view *view = folded(&fx);
    char time[VIEW_TIME];

    (void)state;
    assert_string_equal(view_clock(view_state(view), FX_START_MS + 1000, FX_START_MS, time), "11:00:01");
    assert_string_equal(view_clock(view_state(view), FX_START_MS + 86400000, FX_START_MS, time),
                        "11-23 11:00:00");
    assert_string_equal(
        view_clock(view_state(view), FX_START_MS - INT64_C(365) * 86400000, FX_START_MS, time),
        "2025-11-22 11:00:00");
    view_free(view);
    fx_end(&fx);
}

static void situation_as_json(void **state)
{
    struct view_situation_options options = {.mode = MODE_ACTUAL, .incident = "", .now_ms = FX_START_MS};
    struct fixture fx;
    struct view *view = folded(&fx);
    struct buf out;

    (void)state;
    buf_init(&out, 0);
    assert_int_equal(view_situation_json(view, &options, &out), 1);
    assert_true(fx_is_json(buf_text(&out), out.n - 1));
    assert_non_null(strstr(buf_text(&out), "\"lacks\":[],\"unstated\":[\"E32\",\"T1\"]"));
    assert_null(strstr(buf_text(&out), "drill"));
    buf_free(&out);
    view_free(view);
    fx_end(&fx);
}

static void equipment_of(struct fixture *fx, const char *const *wants, const char *const *lines)
{
    struct view_situation_options options = {.mode = MODE_ACTUAL, .incident = "", .now_ms = fx->now_ms};
    struct view_voice voice = {.zh = false};
    struct view *view = view_new(&(struct view_options){.details = true});
    struct buf out;

    fx_fold(fx, view);
    buf_init(&out, 0);
    assert_int_equal(view_situation_text(view, &options, &out), 1);
    assert_int_equal(view_situation_json(view, &options, &out), 1);
    for (; *wants != NULL; wants++) {
        if (strstr(buf_text(&out), *wants) == NULL) {
            fail_msg("\"%s\" is not in:\n%s", *wants, buf_text(&out));
        }
    }
    buf_reset(&out);
    view_say_equipment_of_units(view, &voice, view_find_order(view, fx_id(11), NULL), &out);
    for (; *lines != NULL; lines++) {
        assert_non_null(strstr(buf_text(&out), *lines));
    }
    buf_free(&out);
    view_free(view);
}

/* What nobody stated is not known: it is not said to be lacking until everybody's equipment is. */
static void equipment_is_lacking_only_where_it_is_known(void **state)
{
    static const char *const hose[] = {"hose"};
    struct unit units[] = {
        {.id = "E32", .type = "engine", .status = UNIT_FREE, .equipment = {hose, 1}, .team = ""},
        {.id = "T1", .type = "engine", .status = UNIT_FREE, .equipment = {hose, 1}, .team = ""}};
    struct command stated = {
        .kind = COMMAND_STATE_UNITS, .agent = FX_STATION, .state_units = {.units = units, .units_n = 1}};
    struct fixture fx;

    (void)state;
    fx_begin(&fx, log_memory_new());
    fx_story(&fx);
    assert_int_not_equal(fx_say(&fx, &stated), 0);
    equipment_of(&fx,
                 (const char *const[]){"unit T1: its equipment was never stated; needed: scba",
                                       "\"lacks\":[],\"unstated\":[\"T1\"]", NULL},
                 (const char *const[]){"unit E32 lacks scba\n",
                                       "unit T1: its equipment was never stated; needed: scba\n", NULL});
    stated.state_units.units_n = 2;
    stated.counter = 0;
    assert_int_not_equal(fx_say(&fx, &stated), 0);
    equipment_of(&fx, (const char *const[]){"lacks scba", "\"lacks\":[\"scba\"],\"unstated\":[]", NULL},
                 (const char *const[]){"unit E32 lacks scba\n", "unit T1 lacks scba\n", NULL});
    fx_end(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_kept),
        cmocka_unit_test(delivery_is_what_an_ack_proves),
        cmocka_unit_test(the_order_of_streams_does_not_matter),
        cmocka_unit_test(ids_are_found_by_their_end),
        cmocka_unit_test(reasons_are_told),
        cmocka_unit_test(a_time_of_another_year_says_so),
        cmocka_unit_test(situation_as_json),
        cmocka_unit_test(equipment_is_lacking_only_where_it_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
