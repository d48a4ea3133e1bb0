/* How far orders were, as a brief tells it. */
#include "common/view/view_brief.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "common/log/log_memory.h"
#include "tests/unit/view_briefs.h"

static const struct id none = {{0}};

static void begin(struct fixture *fx)
{
    struct facts facts = facts_none();

    fx_begin(fx, log_memory_new());
    fx_found(fx);
    facts.kind = "hazardous-chemical";
    facts.course = "it began, and this is a longer text than what is worth being said twice on one sheet";
    bf_say(fx, FX_CENTRE, FIRE, MODE_ACTUAL, REPORT_INITIAL, &facts, "", "");
}

static void follow_up(struct fixture *fx)
{
    struct facts facts = facts_none();

    facts.course = "it went on";
    bf_say(fx, FX_CENTRE, FIRE, MODE_ACTUAL, REPORT_FOLLOW_UP, &facts, "", "");
}

static void dispatch(struct fixture *fx, uint8_t order, const char *addressee)
{
    assert_int_not_equal(fx_order(fx, fx_id(FIRE), fx_id(order), addressee, MODE_ACTUAL, "go", none), 0);
}

static void answer(struct fixture *fx, const char *agent, enum rung rung)
{
    assert_int_not_equal(fx_receipt(fx, fx_id(FIRE), fx_id(ORDER), agent, MODE_ACTUAL, rung, ""), 0);
}

/* The last brief in English, closed with the log. */
static void last(struct fixture *fx, struct buf *ret)
{
    struct view *view = bf_folded(fx);

    bf_written(view, false, FIRE, (struct view_brief_point){.number = 0}, view_brief_text, ret);
    view_free(view);
    fx_end(fx);
}

static void who_did_not_answer_in_time(void **state)
{
    struct fixture fx;
    struct buf out;

    (void)state;
    begin(&fx);
    dispatch(&fx, ORDER, FX_HEALTH);
    fx.now_ms += INT64_C(180000); /* after answer_by, before expires_at */
    fx_pass(&fx, fx_id(FIRE));
    follow_up(&fx);
    last(&fx, &out);
    bf_has(&out, "; issued 11:00:10, NOT ANSWERED in time (new)\n");
    buf_free(&out);
}

static void a_late_answer_is_an_answer(void **state)
{
    struct fixture fx;
    struct buf out;

    (void)state;
    begin(&fx);
    dispatch(&fx, ORDER, FX_STATION);
    fx.now_ms += INT64_C(180000);
    fx_pass(&fx, fx_id(FIRE));
    answer(&fx, FX_STATION, RUNG_ACCEPTED);
    follow_up(&fx);
    last(&fx, &out);
    bf_has(&out, "; accepted 11:03:12, fire-rescue/station-3 E32, T1 (new)\n");
    buf_free(&out);
}

static void what_was_not_done_in_time(void **state)
{
    struct fixture fx;
    struct buf out;

    (void)state;
    begin(&fx);
    dispatch(&fx, ORDER, FX_STATION);
    answer(&fx, FX_STATION, RUNG_ACCEPTED);
    fx.now_ms += INT64_C(1200000);
    fx_pass(&fx, fx_id(FIRE));
    follow_up(&fx);
    last(&fx, &out);
    bf_has(&out, "; accepted 11:00:11, fire-rescue/station-3 E32, T1, NOT DONE in time (new)\n");
    buf_free(&out);
}

static void an_order_that_nobody_accepted_ended(void **state)
{
    struct fixture fx;
    struct buf out;

    (void)state;
    begin(&fx);
    dispatch(&fx, ORDER, FX_HEALTH);
    fx.now_ms += INT64_C(3600000);
    fx_pass(&fx, fx_id(FIRE));
    follow_up(&fx);
    last(&fx, &out);
    bf_has(&out, "; expired 12:00:11 (new)\n");
    bf_has(&out, "substance: asked for at 11:00:09, due by 11:10:09, OVERDUE\n");
    buf_free(&out);
}

/* What another agent says of an order that is taken is noted, and moves nothing. */
static void only_the_taker_moves_an_order(void **state)
{
    struct fixture fx;
    struct buf out;

    (void)state;
    begin(&fx);
    dispatch(&fx, ORDER, "370102/fire-rescue");
    answer(&fx, FX_STATION, RUNG_ACCEPTED);
    answer(&fx, FX_OTHER, RUNG_ON_SCENE);
    follow_up(&fx);
    last(&fx, &out);
    bf_has(&out, "; accepted 11:00:11, fire-rescue/station-3 E32, T1 (new)\n");
    bf_has(&out, "forces on scene: none has said so yet\n");
    buf_free(&out);
}

/* Who came stays in the brief when the work is done, and who never did is not in it. */
static void who_was_on_scene_and_has_gone(void **state)
{
    struct fixture fx;
    struct buf out;

    (void)state;
    begin(&fx);
    dispatch(&fx, ORDER, FX_STATION);
    dispatch(&fx, LATER, FX_HEALTH);
    answer(&fx, FX_STATION, RUNG_ACCEPTED);
    answer(&fx, FX_STATION, RUNG_ON_SCENE);
    answer(&fx, FX_STATION, RUNG_COMPLETED);
    follow_up(&fx);
    last(&fx, &out);
    bf_has(&out,
           "forces on scene: fire-rescue/station-3 E32, T1 (on-scene 11:00:13, completed 11:00:14) (brief");
    assert_null(strstr(buf_text(&out), "forces on scene: health"));
    buf_free(&out);
}

static void in_the_order_of_their_issue(void **state)
{
    struct fixture fx;
    struct buf out;

    (void)state;
    begin(&fx);
    dispatch(&fx, LATER, FX_HEALTH); /* of the higher id */
    dispatch(&fx, ORDER, FX_STATION);
    follow_up(&fx);
    last(&fx, &out);
    const char *first = strstr(buf_text(&out), " to health/ambulance: ");
    const char *second = strstr(buf_text(&out), " to fire-rescue/station-3: ");
    assert_non_null(first);
    assert_non_null(second);
    assert_true(first < second);
    buf_free(&out);
}

static void a_long_text_is_not_said_twice(void **state)
{
    struct fixture fx;
    struct buf out;

    (void)state;
    begin(&fx);
    follow_up(&fx);
    last(&fx, &out);
    bf_has(&out, "▲ course: it went on\n");
    bf_has(&out, "no order was issued\n");
    buf_free(&out);
}

static void person_says(struct fixture *fx, struct command command)
{
    command.mode = MODE_ACTUAL;
    command.agent = FX_CENTRE;
    command.operator= "zhang.wei";
    assert_int_not_equal(fx_say(fx, &command), 0);
}

static void brief(struct view *view, uint64_t number, struct buf *ret)
{
    bf_written(view, false, FIRE, (struct view_brief_point){.number = number}, view_brief_text, ret);
}

/* Two calls are one event from the merge until the split: briefs of that time tell of the orders of both. */
static void what_was_merged_brings_its_orders(void **state)
{
    enum { SECOND = 40 };
    const struct id one = fx_id(FIRE), two = fx_id(SECOND);
    struct facts facts = facts_none();
    struct fixture fx;
    struct view *view;
    struct buf out;

    (void)state;
    begin(&fx);
    facts.kind = "fire";
    bf_say(&fx, FX_CENTRE, SECOND, MODE_ACTUAL, REPORT_INITIAL, &facts, "", "");
    fx_order(&fx, two, fx_id(ORDER), FX_STATION, MODE_ACTUAL, "first", none);
    fx_receipt(&fx, two, fx_id(ORDER), FX_STATION, MODE_ACTUAL, RUNG_ACCEPTED, "");
    fx_receipt(&fx, two, fx_id(ORDER), FX_STATION, MODE_ACTUAL, RUNG_ON_SCENE, "");
    follow_up(&fx);
    person_says(&fx, (struct command){.kind = COMMAND_MERGE_INCIDENT,
                                      .merge_incident = {.incident = two, .into = one, .reason = ""}});
    follow_up(&fx);
    person_says(&fx, (struct command){.kind = COMMAND_SPLIT_INCIDENT,
                                      .split_incident = {.incident = two, .reason = ""}});
    follow_up(&fx);
    view = bf_folded(&fx);
    brief(view, 2, &out); /* before the merge, which comes later */
    bf_has_not(&out, "\"first\"");
    bf_has_not(&out, "station-3 E32");
    buf_free(&out);
    brief(view, 3, &out);
    bf_has(&out, "\"first\"");
    bf_has(&out, "(new)");
    bf_has(&out, "station-3 E32, T1 (on-scene ");
    buf_free(&out);
    brief(view, 4, &out);
    bf_has_not(&out, "\"first\"");
    bf_has_not(&out, "station-3 E32");
    buf_free(&out);
    view_free(view);
    fx_end(&fx);
}

/* An order that belongs to another incident than the one under which it was given. */
static void an_order_that_was_moved_is_told_where_it_belongs(void **state)
{
    enum { SECOND = 40 };
    const struct id one = fx_id(FIRE), two = fx_id(SECOND), order = fx_id(ORDER);
    struct facts facts = facts_none();
    struct fixture fx;
    struct view *view;
    struct buf out;

    (void)state;
    begin(&fx);
    facts.kind = "fire";
    bf_say(&fx, FX_CENTRE, SECOND, MODE_ACTUAL, REPORT_INITIAL, &facts, "", "");
    dispatch(&fx, ORDER, FX_STATION);
    follow_up(&fx);
    person_says(&fx, (struct command){
                         .kind = COMMAND_SPLIT_INCIDENT,
                         .split_incident = {
                             .incident = one, .into = two, .orders = &order, .orders_n = 1, .reason = ""}});
    follow_up(&fx);
    facts = facts_none();
    bf_say(&fx, FX_CENTRE, SECOND, MODE_ACTUAL, REPORT_FOLLOW_UP, &facts, "more", "");
    view = bf_folded(&fx);
    brief(view, 2, &out);
    bf_has(&out, "\"go\"");
    buf_free(&out);
    brief(view, 3, &out);
    bf_has_not(&out, "\"go\"");
    buf_free(&out);
    bf_written(view, false, SECOND, (struct view_brief_point){.number = 0}, view_brief_text, &out);
    bf_has(&out, "\"go\"");
    buf_free(&out);
    view_free(view);
    fx_end(&fx);
}

/* What the mark means is said also where it takes a line of its own: it is the bus's own words. */
static void a_post_that_changed_says_what_it_was(void **state)
{
    const char *places[] = {"the old gate of the works by the river", "the bridge"};
    struct fixture fx;
    struct buf out;

    (void)state;
    begin(&fx);
    for (size_t i = 0; i < 2; i++) {
        person_says(&fx, (struct command){.kind = COMMAND_SET_POST,
                                          .set_post = {.incident = fx_id(FIRE),
                                                       .lead = "370102/fire-rescue",
                                                       .commander = "zhang.wei",
                                                       .place = places[i],
                                                       .reason = ""}});
        follow_up(&fx);
    }
    last(&fx, &out);
    bf_has(&out,
           "▲ command post: fire-rescue leads, commander zhang.wei, term 1, at the bridge (brief before: "
           "fire-rescue leads, commander zhang.wei, term 1, at the old gate of the works by the river)");
    bf_has_not(&out, "and this is a longer text");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_did_not_answer_in_time),
        cmocka_unit_test(a_late_answer_is_an_answer),
        cmocka_unit_test(what_was_not_done_in_time),
        cmocka_unit_test(an_order_that_nobody_accepted_ended),
        cmocka_unit_test(only_the_taker_moves_an_order),
        cmocka_unit_test(who_was_on_scene_and_has_gone),
        cmocka_unit_test(in_the_order_of_their_issue),
        cmocka_unit_test(a_long_text_is_not_said_twice),
        cmocka_unit_test(what_was_merged_brings_its_orders),
        cmocka_unit_test(an_order_that_was_moved_is_told_where_it_belongs),
        cmocka_unit_test(a_post_that_changed_says_what_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
