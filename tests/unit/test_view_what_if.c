/* What rule packs would have done beside what they did where they were in force, and to what was asked, met
 * and ordered there; and that nothing is written. */
#include "common/view/view_what_if.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/view_trying.h"

enum { FIRST_ORDER = 100 };

#define LASTING                                                                            \
    "pack: lasting\nversion: '1'\nmatch: all\nrules:\n"                                    \
    "  - {rule: trapped, when: incident, if: trapped > 0, for: 5 min, do: [raise: III]}\n" \
    "  - {rule: grave, when: incident, if: grade <= 3, do: [notify: mayor, refer: parent]}\n"

/* --- beside what was in force --------------------------------------------------------------------- */

/* Three incidents under both packs: 2, 3 and 12 dead, the last with somebody trapped for ten minutes. */
static void write_story(struct trying *t)
{
    struct facts facts = facts_none();

    what_put_in_force(t, GRADES);
    what_put_in_force(t, LASTING);
    what_report_dead(t, FIRE, 2);
    what_report_dead(t, FLOOD, 3);
    what_report_dead(t, QUAKE, 12);
    facts.casualties.trapped = 4;
    what_report(t, QUAKE, &facts);
    what_wait_and_pass(t, QUAKE, 5 * MINUTE);
    facts.casualties.trapped = 0;
    t->fx.now_ms += 5 * MINUTE;
    what_report(t, QUAKE, &facts);
    what_close_log(t);
}

static void the_same_pack_changes_nothing(void **state)
{
    struct trying *t = *state;
    const char *const both[] = {GRADES, LASTING};
    struct err err = {0};

    write_story(t);
    what_ask(t, GRADES);
    assert_int_equal(t->result.incidents, 3);
    assert_int_equal(t->result.fired, 3);
    assert_int_equal(t->result.was_fired, 3);
    assert_int_equal(t->result.differ, 0);
    what_is(t, FIRE, "grades/four", WHAT_IF_SAME);
    what_is(t, FLOOD, "grades/three", WHAT_IF_SAME);
    what_is(t, QUAKE, "grades/two", WHAT_IF_SAME);
    what_is(t, QUAKE, "lasting/trapped", WHAT_IF_SAME); /* the log's other pack, as it was */
    what_ask(t, LASTING);
    assert_int_equal(t->result.differ, 0);
    assert_int_equal(what_ask_with(t, both, 2, MODE_ACTUAL, "", &err), 0);
    assert_int_equal(t->result.differ, 0);
    assert_string_equal(t->was, "1");
}

static void a_threshold_gains_and_loses(void **state)
{
    struct trying *t = *state;

    write_story(t);
    what_ask(t, "pack: grades\nversion: '2'\nmatch: first\nrules:\n"
                "  - {rule: two, when: incident, if: dead >= 20, do: [grade: II]}\n"
                "  - {rule: three, when: incident, if: dead >= 2, do: [grade: III]}\n"
                "  - {rule: four, when: incident, if: dead is not null, do: [grade: IV]}\n");
    what_is(t, FIRE, "grades/four", WHAT_IF_GONE);
    what_is(t, FIRE, "grades/three", WHAT_IF_NEW);
    what_is(t, FIRE, "lasting/grave", WHAT_IF_NEW); /* the other pack reads the grade */
    what_is(t, FLOOD, "grades/three", WHAT_IF_SAME);
    what_is(t, QUAKE, "grades/two", WHAT_IF_GONE);
    what_is(t, QUAKE, "grades/three", WHAT_IF_NEW);
    what_is(t, QUAKE, "lasting/grave", WHAT_IF_SAME); /* grade II or III */
    assert_int_equal(t->result.differ, 2);
    assert_int_equal(t->rules[1].fires, 3);
    assert_int_equal(t->rules[1].incidents, 3);
    assert_int_equal(t->rules[1].was_incidents, 1);
    assert_int_equal(t->rules[1].changes[WHAT_IF_NEW], 2);
}

static void a_duration_moves_and_an_action_changes(void **state)
{
    struct trying *t = *state;

    write_story(t);
    what_ask(t, "pack: lasting\nversion: '2'\nmatch: all\nrules:\n"
                "  - {rule: trapped, when: incident, if: trapped > 0, for: 8 min, do: [raise: III]}\n"
                "  - {rule: grave, when: incident, if: grade <= 3, do: [notify: governor, refer: parent]}\n");
    what_is(t, QUAKE, "lasting/trapped", WHAT_IF_MOVED);
    const struct found *moved = what_find(t, QUAKE, "lasting/trapped");
    assert_int_equal(moved->at_ms - moved->was_ms, 3 * MINUTE - 1000); /* its own moment, not a second late */
    what_is(t, QUAKE, "lasting/grave", WHAT_IF_OTHERWISE);
    what_ask(t, "pack: lasting\nversion: '2'\nmatch: all\nrules:\n"
                "  - {rule: trapped, when: incident, if: trapped > 0, for: 20 min, do: [raise: III]}\n");
    what_is(t, QUAKE, "lasting/trapped", WHAT_IF_GONE); /* they were out after ten */
    what_is(t, FLOOD, "lasting/grave", WHAT_IF_GONE);
}

/* --- whatever happens ---------------------------------------------------------------------------- */

#define EVERYTHING                                                                                      \
    "pack: everything\nversion: '1'\nmatch: all\n"                                                      \
    "clocks:\n"                                                                                         \
    "  - {clock: city, within: 3 min, to: city, warn: 1 min}\n"                                         \
    "  - {clock: daily, daily: ['11:30'], to: province}\n"                                              \
    "rules:\n"                                                                                          \
    "  - {rule: starts, when: incident, if: dead >= 1, do: [start: city, start: daily]}\n"              \
    "  - {rule: asks, when: incident, if: loss is null, do: [{ask: loss, within: 2 min}]}\n"            \
    "  - {rule: busy, when: incident, if: orders_open > 1, until: orders_open = 0, do: [raise: III]}\n" \
    "  - {rule: idle, when: incident, if: orders_open = 0, for: 90 s, do: [lower: IV]}\n"               \
    "  - {rule: silent, when: order-unanswered, do: [notify: chief]}\n"                                 \
    "  - {rule: late, when: report-overdue, do: [notify: mayor]}\n"                                     \
    "  - {rule: unsaid, when: request-unanswered, do: [notify: clerk]}\n"

static void send_up(struct trying *t, uint8_t incident)
{
    struct command command = {.kind = COMMAND_SEND_REPORT,
                              .agent = FX_CENTRE,
                              .send_report = {.incident = fx_id(incident),
                                              .kind = REPORT_INITIAL,
                                              .medium = MEDIUM_PHONE,
                                              .to = TIER_CITY,
                                              .signed_off_by = "",
                                              .text = ""}};

    assert_int_not_equal(fx_say(&t->fx, &command), 0);
}

struct chance {
    uint32_t at;
};

static uint32_t draw(struct chance *chance, uint32_t below)
{
    chance->at ^= chance->at << 13;
    chance->at ^= chance->at >> 17;
    chance->at ^= chance->at << 5;
    return chance->at % below;
}

static void close_incident(struct trying *t, uint8_t incident)
{
    struct command command = {.kind = COMMAND_CLOSE_INCIDENT,
                              .agent = FX_CENTRE,
                              .close_incident = {.incident = fx_id(incident), .reason = "over"}};

    (void)fx_say(&t->fx, &command);
}

static void do_something(struct trying *t, struct chance *chance, uint8_t *order)
{
    static const char *const addressees[] = {"370102/fire-rescue", FX_HEALTH};
    uint8_t incident = (uint8_t)(1 + draw(chance, 5));
    struct facts facts = facts_none();
    struct id none = {{0}};

    switch (draw(chance, 8)) {
    case 0:
    case 1:
        facts.kind = "fire";
        facts.casualties.dead = draw(chance, 14);
        facts.casualties.trapped = draw(chance, 3);
        facts.loss_cny = draw(chance, 3) == 0 ? 1000 : COUNT_UNKNOWN;
        (void)fx_report(
            &t->fx, fx_id(incident), MODE_ACTUAL, &facts,
            state_incident(t->fx.state, fx_id(incident)) != NULL ? REPORT_FOLLOW_UP : REPORT_INITIAL, "");
        return;
    case 2:
    case 3:
        (void)fx_order(&t->fx, fx_id(incident), fx_id(++*order), addressees[draw(chance, 2)], MODE_ACTUAL,
                       "go", none);
        return;
    case 4:
    case 5:
        (void)fx_receipt(&t->fx, fx_id(incident), fx_id((uint8_t)(FIRST_ORDER + draw(chance, 100))),
                         draw(chance, 2) == 0 ? FX_STATION : FX_HEALTH, MODE_ACTUAL,
                         draw(chance, 2) == 0 ? RUNG_ACCEPTED : RUNG_COMPLETED, "");
        return;
    case 6:
        if (state_incident(t->fx.state, fx_id(incident)) != NULL) {
            send_up(t, incident);
        }
        return;
    default:
        close_incident(t, incident);
    }
}

/* A broker that looks when it likes, and is down for minutes at times. */
static void whatever_happens_the_same_packs_do_the_same(void **state)
{
    static const char *const packs[] = {GRADES, LASTING, EVERYTHING};
    struct trying *t = *state;
    struct chance chance = {.at = 20261122};
    struct err err = {0};
    uint8_t order = FIRST_ORDER;

    t->fx.step_ms = 250;
    for (size_t i = 0; i < 3; i++) {
        what_put_in_force(t, packs[i]);
    }
    for (int i = 0; i < 400; i++) {
        if (order < FIRST_ORDER + 100) {
            do_something(t, &chance, &order);
        }
        t->fx.now_ms += draw(&chance, 10) == 0 ? draw(&chance, 5 * MINUTE) : draw(&chance, 5000);
        for (uint32_t looks = draw(&chance, 12); looks > 0; looks--) {
            uint8_t incident = (uint8_t)(1 + draw(&chance, 5));
            if (state_incident(t->fx.state, fx_id(incident)) != NULL) {
                (void)fx_pass(&t->fx, fx_id(incident));
            }
        }
    }
    what_close_log(t);
    assert_int_equal(what_ask_with(t, packs, 3, MODE_ACTUAL, "", &err), 0);
    assert_int_equal(t->result.incidents, 5);
    assert_int_equal(t->result.differ, 0);
    for (size_t i = 0; i < t->result.rules_n; i++) {
        assert_true(t->rules[i].fires > 0); /* each was put to it */
    }
}

/* --- what people did ------------------------------------------------------------------------------ */

/* No pack was in force: what was sent up meets the trial's clock, what was not is late there. */
static void clocks_are_met_by_what_was_sent(void **state)
{
    struct trying *t = *state;

    what_report_dead(t, FIRE, 3);
    what_report_dead(t, FLOOD, 3);
    t->fx.now_ms += 10 * MINUTE;
    send_up(t, FIRE);
    t->fx.now_ms += 80 * MINUTE;
    what_report_dead(t, QUAKE, 0);
    what_close_log(t);
    what_ask(t, "pack: clocks\nversion: '1'\nmatch: all\n"
                "clocks:\n  - {clock: city, within: 1 h, to: city}\nrules:\n"
                "  - {rule: starts, when: incident, if: dead >= 3, do: [start: city]}\n"
                "  - {rule: late, when: report-overdue, if: clock = 'city', do: [notify: mayor]}\n");
    what_is(t, FIRE, "clocks/starts", WHAT_IF_NEW);
    assert_null(what_find(t, FIRE, "clocks/late"));
    what_is(t, FLOOD, "clocks/late", WHAT_IF_NEW);
    const struct found *starts = what_find(t, FLOOD, "clocks/starts"),
                       *late = what_find(t, FLOOD, "clocks/late");
    assert_int_equal(late->at_ms - starts->at_ms, 60 * MINUTE);
    assert_null(what_find(t, QUAKE, "clocks/starts"));
    assert_int_equal(t->result.was_fired, 0);
}

static void what_is_asked_is_answered_by_a_report(void **state)
{
    struct trying *t = *state;
    struct facts facts = facts_none();

    what_report_dead(t, FIRE, 0);
    what_report_dead(t, FLOOD, 0);
    t->fx.now_ms += 5 * MINUTE;
    facts.loss_cny = 5000;
    what_report(t, FIRE, &facts);
    t->fx.now_ms += 30 * MINUTE;
    what_report_dead(t, QUAKE, 0);
    what_close_log(t);
    what_ask(
        t, "pack: asks\nversion: '1'\nmatch: all\nrules:\n"
           "  - {rule: loss, when: incident, if: loss is null, do: [{ask: loss, within: 20 min}]}\n"
           "  - {rule: nobody-said, when: request-unanswered, if: request = 'loss', do: [notify: mayor]}\n");
    what_is(t, FIRE, "asks/loss", WHAT_IF_NEW);
    assert_null(what_find(t, FIRE, "asks/nobody-said"));
    what_is(t, FLOOD, "asks/nobody-said", WHAT_IF_NEW);
    assert_null(what_find(t, QUAKE, "asks/nobody-said")); /* the log ends before */
}

/* Orders keep the outcome that they had: nobody answered the first in time, and the broker saw it late. */
static void orders_are_as_they_were(void **state)
{
    struct trying *t = *state;
    struct id none = {{0}};

    what_report_dead(t, FIRE, 0);
    fx_order(&t->fx, fx_id(FIRE), fx_id(ORDER), "370102/fire-rescue", MODE_ACTUAL, "go", none);
    fx_order(&t->fx, fx_id(FIRE), fx_id(LATER), FX_HEALTH, MODE_ACTUAL, "go", none);
    fx_receipt(&t->fx, fx_id(FIRE), fx_id(LATER), FX_HEALTH, MODE_ACTUAL, RUNG_ACCEPTED, "");
    what_wait_and_pass(t, FIRE, 4 * MINUTE);
    int64_t seen_ms = t->fx.now_ms;
    fx_receipt(&t->fx, fx_id(FIRE), fx_id(ORDER), FX_STATION, MODE_ACTUAL, RUNG_ACCEPTED, "");
    what_close_log(t);
    what_ask(
        t,
        "pack: orders\nversion: '1'\nmatch: all\nrules:\n"
        "  - {rule: silent, when: order-unanswered, if: agency = '370102/fire-rescue', do: [notify: chief]}\n"
        "  - {rule: two, when: incident, if: orders = 2 and orders_open = 2, do: [raise: IV]}\n");
    what_is(t, FIRE, "orders/silent", WHAT_IF_NEW);
    assert_int_equal(what_find(t, FIRE, "orders/silent")->at_ms, seen_ms);
    what_is(t, FIRE, "orders/two", WHAT_IF_NEW);
}

static void let_grade(struct trying *t)
{
    static const char *rights[] = {"centre", "report", "grade"};
    const struct member *centre = region_member(state_region(t->fx.state), FX_CENTRE);
    struct command command = {.kind = COMMAND_ENROL_AGENT,
                              .enrol = {.name = FX_CENTRE, .rights = {rights, 3}}};

    memcpy(command.enrol.sign_key, centre->sign_key, KEY_BYTES);
    memcpy(command.enrol.curve_key, centre->curve_key, KEY_BYTES);
    assert_int_not_equal(fx_say(&t->fx, &command), 0);
}

/* A grade that would have to be lowered with a reason in the trial, and was said without one in the log. */
static void a_person_keeps_her_word(void **state)
{
    struct trying *t = *state;
    struct command command = {.kind = COMMAND_SET_GRADE,
                              .agent = FX_CENTRE,
                              .set_grade = {.incident = fx_id(FIRE), .grade = GRADE_III, .reason = ""}};

    let_grade(t);
    what_report_dead(t, FIRE, 12);
    assert_int_not_equal(fx_say(&t->fx, &command), 0);
    what_report_dead(t, FIRE, 13);
    what_close_log(t);
    what_ask(t, "pack: p\nversion: '1'\nmatch: all\nrules:\n"
                "  - {rule: two, when: incident, if: dead >= 10, do: [grade: II]}\n"
                "  - {rule: hers, when: incident, if: dead >= 13 and grade = 3, do: [notify: mayor]}\n");
    what_is(t, FIRE, "p/two", WHAT_IF_NEW);
    what_is(t, FIRE, "p/hers", WHAT_IF_NEW);
}

/* A pack of the log that the question is not about holds only as long as it did. */
static void other_packs_hold_as_long_as_they_did(void **state)
{
    struct trying *t = *state;
    struct command drop = {
        .kind = COMMAND_DROP_PACK, .agent = FX_CENTRE, .drop_pack = {.name = "lasting", .reason = "summer"}};

    what_put_in_force(t, LASTING);
    what_report_dead(t, FIRE, 3);
    assert_int_not_equal(fx_say(&t->fx, &drop), 0);
    what_report_dead(t, FLOOD, 3);
    what_close_log(t);
    what_ask(t, GRADES);
    what_is(t, FIRE, "lasting/grave", WHAT_IF_NEW);
    assert_null(what_find(t, FLOOD, "lasting/grave"));
    assert_string_equal(t->was, "");
    assert_false(t->result.given[0].was_ever);
}

/* What waits in the trial alone fires at its moment, though the pack is gone before anything else happens. */
static void time_goes_on_before_a_pack_goes(void **state)
{
    struct trying *t = *state;
    struct command drop = {
        .kind = COMMAND_DROP_PACK, .agent = FX_CENTRE, .drop_pack = {.name = "still", .reason = "summer"}};

    what_put_in_force(
        t, "pack: still\nversion: '1'\nmatch: all\nrules:\n"
           "  - {rule: grave, when: incident, if: grade <= 3, for: 5 min, do: [notify: mayor]}\n"
           "  - {rule: graver, when: incident, if: grade <= 3, for: 20 min, do: [notify: mayor]}\n");
    what_report_dead(t, FIRE, 3);
    t->fx.now_ms += 10 * MINUTE;
    assert_int_not_equal(fx_say(&t->fx, &drop), 0);
    t->fx.now_ms += 60 * MINUTE;
    what_report_dead(t, FLOOD, 3);
    what_close_log(t);
    what_ask(t, GRADES);
    what_is(t, FIRE, "still/grave", WHAT_IF_NEW);
    assert_null(what_find(t, FIRE, "still/graver"));
}

/* --- the log -------------------------------------------------------------------------------------- */

static void hash_folder(const struct trying *t, struct hash ret[2])
{
    static const char *const names[] = {"muster.db", "head"};
    enum { BYTES_MAX = 4 * 1024 * 1024 };
    uint8_t *bytes = malloc(BYTES_MAX);
    char path[128];

    assert_non_null(bytes);
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", t->folder, names[i]);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        size_t n = fread(bytes, 1, BYTES_MAX, file);
        assert_true(n > 0 && n < BYTES_MAX);
        (void)fclose(file);
        ret[i] = hash_bytes(bytes, n);
    }
    free(bytes);
    (void)snprintf(path, sizeof path, "%s/muster.db-wal", t->folder);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void nothing_is_written(void **state)
{
    struct trying *t = *state;
    struct hash before[2], after[2];

    write_story(t);
    hash_folder(t, before);
    t->zh = true;
    what_ask(t, LASTING);
    hash_folder(t, after);
    assert_memory_equal(before, after, sizeof before);
    if (strstr(buf_text(&t->text), "替代版本 1") == NULL) {
        fail_msg("%s", buf_text(&t->text));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, what_begin, what_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_same_pack_changes_nothing),
        TEST(a_threshold_gains_and_loses),
        TEST(a_duration_moves_and_an_action_changes),
        TEST(whatever_happens_the_same_packs_do_the_same),
        TEST(clocks_are_met_by_what_was_sent),
        TEST(what_is_asked_is_answered_by_a_report),
        TEST(orders_are_as_they_were),
        TEST(a_person_keeps_her_word),
        TEST(other_packs_hold_as_long_as_they_did),
        TEST(time_goes_on_before_a_pack_goes),
        TEST(nothing_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
