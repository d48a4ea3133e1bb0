/* What rule packs would have done to history, which is told as if it were now; and what cannot be asked. */
#include "common/view/view_what_if.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/view_trying.h"

/* --- history -------------------------------------------------------------------------------------- */

#define NOBODY_SENT                                      \
    "pack: dispatch\nversion: '1'\nmatch: all\nrules:\n" \
    "  - {rule: nobody-sent, when: incident, if: orders = 0, for: 60 s, do: [notify: chief]}\n"

static const int64_t PAST_MS = INT64_C(1586300000000); /* April 2020 */

static void record_past(struct trying *t, uint8_t incident, enum mode mode, int64_t sent_after_ms,
                        int64_t closed_after_ms)
{
    struct historic_order order = {.order = fx_id((uint8_t)(incident + 1)),
                                   .kind = "dispatch",
                                   .addressee = "370102/fire-rescue",
                                   .issued_at_ms = PAST_MS + sent_after_ms,
                                   .completed_at_ms = PAST_MS + sent_after_ms + MINUTE};
    struct command command = {
        .kind = COMMAND_RECORD_HISTORY,
        .agent = FX_CENTRE,
        .mode = mode,
        .record_history = {.source = "cad",
                           .key = "7",
                           .incident = fx_id(incident),
                           .facts = facts_none(),
                           .reported_at_ms = PAST_MS,
                           .closed_at_ms = closed_after_ms != 0 ? PAST_MS + closed_after_ms : 0,
                           .orders = &order,
                           .orders_n = sent_after_ms >= 0}};

    assert_int_not_equal(fx_say(&t->fx, &command), 0);
}

static void history_is_told_as_if_it_were_now(void **state)
{
    struct trying *t = *state;

    record_past(t, 20, MODE_ACTUAL, 59 * 1000, 10 * MINUTE);
    record_past(t, 40, MODE_ACTUAL, 60 * 1000,
                10 * MINUTE); /* in the very last moment: an order, and no firing */
    record_past(t, 60, MODE_ACTUAL, 61 * 1000, 10 * MINUTE);
    record_past(t, 80, MODE_ACTUAL, -1, 0);
    record_past(t, 100, MODE_EXERCISE, -1, 0);
    record_past(t, 120, MODE_ACTUAL, -1, 0);
    record_past(t, 120, MODE_ACTUAL, 30 * 1000, 0); /* what an importer knows later happened before */
    what_close_log(t);
    what_ask(t, NOBODY_SENT);
    assert_int_equal(t->result.incidents, 5);
    assert_int_equal(t->result.history, 5);
    assert_int_equal(t->result.fired, 2);
    what_is(t, 60, "dispatch/nobody-sent", WHAT_IF_NEW);
    what_is(t, 80, "dispatch/nobody-sent", WHAT_IF_NEW);
    assert_int_equal(what_find(t, 60, "dispatch/nobody-sent")->at_ms, PAST_MS + MINUTE);
    if (strstr(buf_text(&t->text), "40.0 %") == NULL) {
        fail_msg("%s", buf_text(&t->text));
    }
}

/* A change of a pack that is in force: beside what that would have done, though nothing was done. */
static void history_is_laid_beside_the_version_in_force(void **state)
{
    struct trying *t = *state;

    what_put_in_force(t, NOBODY_SENT);
    what_put_in_force(t, "pack: other\nversion: '1'\nmatch: all\nrules:\n"
                         "  - {rule: any, when: incident, do: [notify: chief]}\n");
    record_past(t, 20, MODE_ACTUAL, 59 * 1000, 10 * MINUTE);
    record_past(t, 40, MODE_ACTUAL, 70 * 1000, 10 * MINUTE);
    record_past(t, 60, MODE_ACTUAL, 100 * 1000, 10 * MINUTE);
    what_close_log(t);
    what_ask(t, NOBODY_SENT);
    assert_int_equal(t->result.differ, 0);
    assert_int_equal(t->result.was_fired, 2);
    what_ask(t, "pack: dispatch\nversion: '2'\nmatch: all\nrules:\n"
                "  - {rule: nobody-sent, when: incident, if: orders = 0, for: 90 s, do: [notify: chief]}\n");
    assert_null(what_find(t, 20, "dispatch/nobody-sent"));
    what_is(t, 40, "dispatch/nobody-sent", WHAT_IF_GONE);
    what_is(t, 60, "dispatch/nobody-sent", WHAT_IF_MOVED);
    assert_int_equal(what_find(t, 60, "dispatch/nobody-sent")->was_ms, PAST_MS + MINUTE);
    assert_int_equal(t->found_n, 2); /* of the packs that are asked about alone */
    assert_string_equal(t->was, "1");
}

/* A daily clock ends with the incident, in history too. */
static void history_ends(void **state)
{
    struct trying *t = *state;
    static const char daily[] = "pack: daily\nversion: '1'\nmatch: all\n"
                                "clocks:\n  - {clock: d, daily: ['08:00'], to: city}\nrules:\n"
                                "  - {rule: starts, when: incident, if: reports >= 1, do: [start: d]}\n"
                                "  - {rule: late, when: report-overdue, do: [notify: mayor]}\n";

    record_past(t, 20, MODE_ACTUAL, 0, 3 * 24 * 60 * MINUTE);
    what_close_log(t);
    what_ask(t, daily);
    assert_int_equal(t->rules[1].fires, 3);
}

/* --- asking --------------------------------------------------------------------------------------- */

static void what_cannot_be_asked_is_said(void **state)
{
    struct trying *t = *state;
    const char *const twice[] = {GRADES, GRADES};
    char id[ID_TEXT];
    struct err err = {0};

    what_report_dead(t, FIRE, 3);
    what_report_dead(t, FLOOD, 3);
    what_close_log(t);
    assert_int_equal(what_ask_with(t, twice, 2, MODE_ACTUAL, "", &err), ERR_USAGE);
    assert_int_equal(what_ask_with(t, twice, 1, MODE_ACTUAL, "XY", &err), ERR_USAGE);
    assert_int_equal(what_ask_with(t, twice, 1, MODE_ACTUAL, "ZZZZZ", &err), ERR_NOT_FOUND);
    assert_int_equal(what_ask_with(t, twice, 1, MODE_ACTUAL, id_format(fx_id(FLOOD), id), &err), 0);
    assert_int_equal(t->result.incidents, 1);
    what_is(t, FLOOD, "grades/three", WHAT_IF_NEW);
    assert_int_equal(what_ask_with(t, twice, 1, MODE_EXERCISE, "", &err), 0);
    assert_int_equal(t->result.incidents, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, what_begin, what_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(history_is_told_as_if_it_were_now),
        TEST(history_is_laid_beside_the_version_in_force),
        TEST(history_ends),
        TEST(what_cannot_be_asked_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
