/* What rules do to grades, levels and people, and what people decide in their place. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/rules_fixture.h"

/* --- grades ------------------------------------------------------------------------------------------- */

static void a_grade_follows_the_facts_upwards(void **state)
{
    static const struct {
        int64_t dead;
        enum grade grade;
        const char *rule;
    } steps[] = {{2, GRADE_IV, "four"}, {3, GRADE_III, "three"}, {12, GRADE_II, "two"}, {30, GRADE_I, "one"}};
    struct region_with_rules r;

    (void)state;
    rules_open(&r, GRADES);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        rules_report(&r, steps[i].dead, 0);
        rules_ask(&r);
        const struct event *event = bus_event(&r.bus, EVENT_GRADED, 0);
        assert_non_null(event);
        assert_int_equal(event->graded.grade, steps[i].grade);
        assert_int_equal(rules_incident(&r)->grade, steps[i].grade);
        event = rules_fired(&r, steps[i].rule);
        assert_non_null(event);
        assert_string_equal(event->rule.pack, "grades");
        assert_string_equal(event->rule.version, "7");
        assert_int_equal(strtoll(rules_seen(event, "dead"), NULL, 10), steps[i].dead);
    }
    assert_string_equal(rules_incident(&r)->graded_by, "grades/one");
    rules_close(&r);
}

static void what_is_not_known_is_told_beside_the_grade(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, GRADES);
    rules_report(&r, 2, COUNT_UNKNOWN);
    rules_ask(&r);
    const struct event *event = bus_event(&r.bus, EVENT_GRADED, 0);
    assert_int_equal(event->graded.grade, GRADE_IV);
    assert_int_equal(event->graded.unknown.n, 1);
    assert_string_equal(event->graded.unknown.at[0], "serious");
    rules_report(&r, 2, 0);
    rules_ask(&r);
    assert_null(bus_event(&r.bus, EVENT_GRADED, 0)); /* it holds still */
    rules_close(&r);
}

static void nothing_known_is_ungraded(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, GRADES);
    rules_report(&r, COUNT_UNKNOWN, COUNT_UNKNOWN);
    rules_ask(&r);
    assert_int_equal(r.bus.decision.events_n, 1);
    assert_int_equal(rules_incident(&r)->grade, GRADE_NONE);
    rules_close(&r);
}

static struct command a_grade(struct bus *bus, enum grade grade, const char *reason)
{
    struct command command = by(from(bus, CENTRE, COMMAND_SET_GRADE), LI_NA, "");

    command.set_grade = (struct set_grade){.incident = incident_id(1), .grade = grade, .reason = reason};
    return command;
}

/* A pack for mines grades no fire. Asked once, answered by a grade; and never in a log whose broker knew
 * nothing of it, nor when a pack in force may grade it still. */
static void a_kind_without_a_grading_pack_asks_a_person(void **state)
{
    static const char mines[] = "pack: mines\nversion: '1'\nmatch: all\nkinds: [mine]\n"
                                "rules:\n  - {rule: four, when: incident, if: dead >= 0, do: [grade: IV]}\n";
    struct region_with_rules r;

    (void)state;
    rules_open(&r, mines);
    bus_generation(&r.bus, 1);
    rules_report(&r, 1, 0);
    rules_ask(&r);
    assert_null(bus_event(&r.bus, EVENT_GRADE_ASKED, 0));
    bus_generation(&r.bus, 2);
    rules_report(&r, 2, 0);
    rules_ask(&r);
    assert_non_null(bus_event(&r.bus, EVENT_GRADE_ASKED, 0));
    assert_int_equal(rules_incident(&r)->grade_asked_ms, r.bus.env.now_ms);
    rules_report(&r, 3, 0);
    rules_ask(&r);
    assert_null(bus_event(&r.bus, EVENT_GRADE_ASKED, 0));
    bus_do(&r.bus, a_grade(&r.bus, GRADE_IV, ""));
    assert_int_equal(rules_incident(&r)->grade, GRADE_IV);
    rules_close(&r);

    rules_open(&r, GRADES);
    bus_generation(&r.bus, 2);
    rules_report(&r, COUNT_UNKNOWN, COUNT_UNKNOWN);
    rules_ask(&r);
    assert_null(bus_event(&r.bus, EVENT_GRADE_ASKED, 0)); /* it could not tell yet */
    rules_close(&r);
}

/* The rule that would grade it so has fired long ago. Once for each grade, only of what has grown, and never
 * in a log whose broker knew nothing of it. */
static void what_grows_after_a_person_graded_it_lower_is_doubted(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, GRADES);
    bus_generation(&r.bus, 3);
    rules_report(&r, 12, 0);
    rules_ask(&r);
    assert_int_equal(rules_incident(&r)->grade, GRADE_II);
    bus_do(&r.bus, a_grade(&r.bus, GRADE_III, "three of them died of something else"));
    rules_ask(&r);
    assert_int_equal(rules_incident(&r)->doubted, GRADE_NONE); /* he knew of the twelve */
    rules_report(&r, 11, 0);
    rules_ask(&r);
    assert_int_equal(rules_incident(&r)->doubted, GRADE_NONE);
    rules_report(&r, 13, 0);
    rules_ask(&r);
    assert_int_equal(rules_incident(&r)->grade, GRADE_III);
    assert_int_equal(rules_incident(&r)->doubted, GRADE_II);
    rules_report(&r, 14, 0);
    rules_ask(&r);
    assert_null(bus_event(&r.bus, EVENT_GRADE_DOUBTED, 0));
    bus_do(&r.bus, a_grade(&r.bus, GRADE_III, "as before"));
    rules_ask(&r);
    assert_int_equal(rules_incident(&r)->doubted, GRADE_NONE);
    rules_close(&r);

    rules_open(&r, GRADES);
    bus_generation(&r.bus, 2);
    rules_report(&r, 12, 0);
    rules_ask(&r);
    bus_do(&r.bus, a_grade(&r.bus, GRADE_III, "three of them died of something else"));
    rules_ask(&r);
    rules_report(&r, 13, 0);
    rules_ask(&r);
    assert_int_equal(rules_incident(&r)->doubted, GRADE_NONE);
    rules_close(&r);
}

/* No pack grades a fire here: who has graded it is asked again when it grows, and may say the same. */
static void what_grows_without_a_grading_pack_is_asked_about_again(void **state)
{
    static const char mines[] = "pack: mines\nversion: '1'\nmatch: all\nkinds: [mine]\n"
                                "rules:\n  - {rule: four, when: incident, if: dead >= 0, do: [grade: IV]}\n";
    struct region_with_rules r;

    (void)state;
    rules_open(&r, mines);
    bus_generation(&r.bus, 3);
    rules_report(&r, 1, 0);
    rules_ask(&r);
    r.bus.env.now_ms += 1000;
    bus_do(&r.bus, a_grade(&r.bus, GRADE_IV, ""));
    rules_ask(&r);
    assert_null(bus_event(&r.bus, EVENT_GRADE_ASKED, 0));
    r.bus.env.now_ms += 1000;
    rules_report(&r, 33, 0);
    rules_ask(&r);
    assert_non_null(bus_event(&r.bus, EVENT_GRADE_ASKED, 0));
    r.bus.env.now_ms += 1000;
    bus_do(&r.bus, a_grade(&r.bus, GRADE_IV, ""));
    assert_non_null(bus_event(&r.bus, EVENT_GRADED, 0));
    assert_true(rules_incident(&r)->graded_at_ms > rules_incident(&r)->grade_asked_ms);
    rules_close(&r);
}

static void only_a_person_lowers_a_grade(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, GRADES);
    rules_report(&r, 12, 0);
    rules_ask(&r);
    rules_report(&r, 9, 0); /* three were alive */
    rules_ask(&r);
    assert_null(bus_event(&r.bus, EVENT_GRADED, 0));
    assert_int_equal(bus_event(&r.bus, EVENT_GRADE_DOUBTED, 0)->graded.grade, GRADE_III);
    assert_int_equal(rules_incident(&r)->grade, GRADE_II);
    assert_int_equal(rules_incident(&r)->doubted, GRADE_III);

    struct command command = a_grade(&r.bus, GRADE_III, "");
    assert_int_equal(bus_say(&r.bus, &command), REFUSED_INVALID);
    command = a_grade(&r.bus, GRADE_III, "three of the dead were counted twice");
    bus_do(&r.bus, command);
    assert_int_equal(rules_incident(&r)->grade, GRADE_III);
    assert_int_equal(rules_incident(&r)->doubted, GRADE_NONE);
    assert_string_equal(rules_incident(&r)->graded_by, LI_NA);
    rules_ask(&r); /* a person's word changes what rules see, and none of them undoes it */
    assert_int_equal(rules_incident(&r)->grade, GRADE_III);
    rules_report(&r, 12, 0);
    rules_ask(&r);
    assert_int_equal(rules_incident(&r)->grade, GRADE_II); /* and it rises again */
    rules_close(&r);
}

static void a_closed_incident_is_graded_still(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, GRADES);
    rules_report(&r, 2, 0);
    rules_ask(&r);
    bus_do(&r.bus, a_close(&r.bus, 1));
    assert_int_equal(incident_due(rules_incident(&r)), 0);
    rules_report(&r, 3, 0);
    assert_true(incident_is_live(rules_incident(&r)));
    rules_ask(&r);
    assert_int_equal(rules_incident(&r)->grade, GRADE_III);
    assert_false(incident_is_live(rules_incident(&r)));
    rules_close(&r);
}

static void history_is_asked_nothing(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, GRADES);
    struct command past = from(&r.bus, IMPORTER, COMMAND_RECORD_HISTORY);
    past.record_history = (struct record_history){.source = "cad",
                                                  .key = "7",
                                                  .incident = incident_id(1),
                                                  .facts = facts_none(),
                                                  .reported_at_ms = T0 - MINUTE};
    past.record_history.facts.casualties.dead = 31;
    bus_do(&r.bus, past);
    assert_int_equal(bus_events(&r.bus, EVENT_RULES_DUE), 0);
    assert_int_equal(incident_due(rules_incident(&r)), 0);
    rules_close(&r);
}

/* --- what rules do ------------------------------------------------------------------------------------ */

static void what_one_rule_does_another_sees(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, PACK "  - {rule: level, when: incident, if: grade <= 2, do: [raise: II, refer: parent]}\n"
                        "  - {rule: chief, when: incident, if: level <= 2, do: [notify: chief]}\n"
                        "  - {rule: grade, when: incident, if: dead >= 10, do: [grade: II]}\n");
    rules_report(&r, 10, 0);
    rules_ask(&r);
    assert_int_equal(rules_incident(&r)->grade, GRADE_II);
    assert_int_equal(rules_incident(&r)->level, GRADE_II);
    assert_true(incident_is_referred(rules_incident(&r), state_region(r.bus.state)->parent));
    assert_int_equal(bus_events(&r.bus, EVENT_NOTIFIED), 1);
    assert_int_equal(bus_events(&r.bus, EVENT_RULE_FIRED), 3); /* each once */
    rules_report(&r, 11, 0);
    rules_ask(&r);
    assert_int_equal(r.bus.decision.events_n, 1);
    rules_close(&r);
}

/* Emergency Response Law Art. 72: level and expected duration. */
static void a_level_says_how_long_it_is_expected_to_last(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, PACK "  - {rule: up, when: incident, if: dead > 0, do: [{raise: III, lasts: 12 h}]}\n"
                        "  - {rule: high, when: incident, if: dead > 9, do: [{raise: II}]}\n");
    rules_report(&r, 1, 0);
    rules_ask(&r);
    assert_int_equal(rules_incident(&r)->level, GRADE_III);
    assert_int_equal(rules_incident(&r)->level_until_ms, rules_incident(&r)->level_at_ms + 12 * 60 * MINUTE);
    rules_report(&r, 10, 0);
    rules_ask(&r);
    assert_int_equal(rules_incident(&r)->level, GRADE_II);
    assert_int_equal(rules_incident(&r)->level_until_ms, 0); /* this one's duration is not stated */
    rules_close(&r);
}

static void a_level_is_lowered_by_a_rule_that_says_so(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, PACK "  - {rule: up, when: incident, if: trapped > 0 or dead > 9, do: [raise: II]}\n"
                        "  - {rule: down, when: incident, if: dead < 10, for: 1 h, do: [lower: IV]}\n");
    rules_report(&r, 10, 0);
    rules_ask(&r);
    assert_int_equal(rules_incident(&r)->level, GRADE_II);
    rules_report(&r, 9, 0);
    rules_ask(&r);
    assert_int_equal(rules_incident(&r)->level, GRADE_II);
    bus_after(&r.bus, 60 * MINUTE);
    rules_pass(&r);
    assert_int_equal(rules_incident(&r)->level, GRADE_IV);
    rules_close(&r);
}

static struct command a_level(struct bus *bus, enum grade level, int64_t until_ms)
{
    struct command command = by(from(bus, CENTRE, COMMAND_SET_LEVEL), LI_NA, "");

    command.set_level = (struct set_level){
        .incident = incident_id(1), .level = level, .reason = "evacuate the village", .until_ms = until_ms};
    return command;
}

static void a_person_starts_and_ends_the_response(void **state)
{
    struct region_with_rules r;
    struct command command;

    (void)state;
    rules_open(&r, NULL);
    bus_do(&r.bus, a_report(&r.bus, 1, REPORT_INITIAL));
    assert_int_equal(bus_events(&r.bus, EVENT_RULES_DUE), 0); /* there are none */
    bus_do(&r.bus, a_level(&r.bus, GRADE_III, T0 + MINUTE));
    assert_int_equal(rules_incident(&r)->level, GRADE_III);
    assert_int_equal(bus_do(&r.bus, a_level(&r.bus, GRADE_III, T0 + MINUTE)), 0);
    command = a_level(&r.bus, GRADE_II, T0);
    assert_int_equal(bus_say(&r.bus, &command), REFUSED_INVALID); /* over before it begins */
    command = a_level(&r.bus, (enum grade)5, 0);
    assert_int_equal(bus_say(&r.bus, &command), REFUSED_INVALID);
    bus_do(&r.bus, a_level(&r.bus, GRADE_NONE, 0));
    assert_int_equal(rules_incident(&r)->level, GRADE_NONE);
    bus_do(&r.bus, a_close(&r.bus, 1));
    command = a_level(&r.bus, GRADE_IV, 0);
    assert_int_equal(bus_say(&r.bus, &command), REFUSED_INCIDENT_CLOSED);
    rules_close(&r);
}

static void who_may_not_grade_is_refused(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, NULL);
    bus_do(&r.bus, a_report(&r.bus, 1, REPORT_INITIAL));
    struct command command = by(a_grade(&r.bus, GRADE_II, ""), CHEN_WEI, "");
    assert_int_equal(bus_say(&r.bus, &command), REFUSED_RIGHT);
    command = by(a_level(&r.bus, GRADE_II, 0), CHEN_WEI, "");
    assert_int_equal(bus_say(&r.bus, &command), REFUSED_RIGHT);
    command = a_grade(&r.bus, GRADE_NONE, "");
    assert_int_equal(bus_say(&r.bus, &command), REFUSED_INVALID);
    command = a_grade(&r.bus, GRADE_II, "");
    command.set_grade.incident = incident_id(9);
    assert_int_equal(bus_say(&r.bus, &command), REFUSED_NO_INCIDENT);
    command = a_level(&r.bus, GRADE_II, 0);
    command.mode = MODE_EXERCISE;
    assert_int_equal(bus_say(&r.bus, &command), REFUSED_MODE);
    rules_close(&r);
}

/* --- what happens once ------------------------------------------------------------------------------- */

static void an_unanswered_order_is_asked_about_once(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(
        &r, PACK
        "  - {rule: silent, when: order-unanswered, if: agency = '370102/fire-rescue' and orders_silent = 1, "
        "do: [notify: chief, refer: \"370100\"]}\n"
        "  - {rule: other, when: order-unanswered, if: order_kind = 'medical', do: [notify: doctor]}\n");
    rules_report(&r, 0, 0);
    rules_ask(&r);
    bus_do(&r.bus, an_order(&r.bus, 1, 1, FIRE));
    bus_after(&r.bus, ANSWER_IN);
    rules_pass(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_ORDER_UNANSWERED), 1);
    const struct event *event = rules_fired(&r, "silent");
    assert_non_null(event);
    assert_true(id_equal(event->order, order_id(1)));
    assert_string_equal(rules_seen(event, "orders_silent"), "1");
    assert_int_equal(bus_events(&r.bus, EVENT_NOTIFIED), 1);
    assert_true(incident_is_referred(rules_incident(&r), "370100"));
    assert_int_equal(rules_incident(&r)->holds_n, 0);
    bus_after(&r.bus, MINUTE);
    assert_int_equal(rules_pass(&r), 0);
    rules_close(&r);
}

/* A record holds one of them and what rules make of it; the others are due still. */
static void each_unanswered_order_has_a_record(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, PACK "  - {rule: silent, when: order-unanswered, do: [notify: chief]}\n");
    rules_report(&r, 0, 0);
    rules_ask(&r);
    for (unsigned i = 1; i <= 3; i++) {
        bus_do(&r.bus, an_order(&r.bus, 1, i, FIRE));
    }
    bus_after(&r.bus, ANSWER_IN);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(incident_due(rules_incident(&r)), r.bus.env.now_ms);
        rules_pass(&r);
        assert_int_equal(bus_events(&r.bus, EVENT_ORDER_UNANSWERED), 1);
        assert_int_equal(bus_events(&r.bus, EVENT_RULE_FIRED), 1);
    }
    assert_int_not_equal(incident_due(rules_incident(&r)), r.bus.env.now_ms);
    rules_close(&r);
}

static void what_nobody_supplements_is_asked_about(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r,
               PACK "  - {rule: late, when: request-unanswered, if: request = 'unit', do: [notify: chief]}\n"
                    "  - {rule: want, when: incident, do: [{ask: unit, within: 3 min}]}\n");
    rules_report(&r, 0, 0);
    rules_ask(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_INFORMATION_REQUESTED), 1);
    bus_after(&r.bus, 3 * MINUTE);
    rules_pass(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_INFORMATION_OVERDUE), 1);
    assert_non_null(rules_fired(&r, "late"));
    rules_close(&r);
}

/* Rules that look at orders are asked when orders change, and only those. */
static void what_orders_change_is_asked_about(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r,
               PACK "  - {rule: idle, when: incident, if: orders_open = 0, for: 60 s, do: [notify: chief]}\n"
                    "  - {rule: deaf, when: incident, if: orders_silent > 0, do: [raise: IV]}\n");
    rules_report(&r, 0, 0);
    rules_ask(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_RULE_WAITS), 1);
    bus_after(&r.bus, 59 * SECOND);
    bus_do(&r.bus, an_order(&r.bus, 1, 1, FIRE));
    assert_int_equal(bus_events(&r.bus, EVENT_RULES_DUE), 1);
    rules_ask(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_RULE_ENDED), 1);
    bus_after(&r.bus, ANSWER_IN);
    rules_pass(&r); /* unanswered: the record says so, and that rules are due */
    assert_int_equal(bus_events(&r.bus, EVENT_RULES_DUE), 1);
    rules_ask(&r);
    assert_int_equal(rules_incident(&r)->level, GRADE_IV);
    bus_do(&r.bus, a_recall(&r.bus, 1, 1));
    rules_ask(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_RULE_WAITS), 1);
    rules_close(&r);
}

/* What a deadline's rule makes of the incident, the incident's rules have not seen. */
static void a_deadline_that_raises_asks_again(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, PACK "  - {rule: up, when: order-unanswered, do: [grade: II]}\n"
                        "  - {rule: chief, when: incident, if: grade <= 2, do: [notify: chief]}\n");
    rules_report(&r, 0, 0);
    rules_ask(&r);
    bus_do(&r.bus, an_order(&r.bus, 1, 1, FIRE));
    bus_after(&r.bus, ANSWER_IN);
    rules_pass(&r);
    assert_int_equal(rules_incident(&r)->grade, GRADE_II);
    rules_ask(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_NOTIFIED), 1);
    rules_close(&r);
}

static void a_doubt_is_taken_back_by_facts_and_by_no_other_pack(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, GRADES);
    struct command other = by(from(&r.bus, CENTRE, COMMAND_SET_PACK), ADMIN, "");
    other.set_pack.text = "pack: z\nversion: 1\nmatch: all\nrules:\n"
                          "  - {rule: mild, when: incident, if: dead > 0, do: [grade: IV]}\n";
    bus_do(&r.bus, other);
    rules_report(&r, 12, 0);
    rules_ask(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_GRADE_DOUBTED), 0); /* the first pack says II still */
    rules_report(&r, 9, 0);
    rules_ask(&r);
    assert_int_equal(rules_incident(&r)->doubted, GRADE_III);
    rules_report(&r, 11, 0);
    rules_ask(&r);
    assert_int_equal(rules_incident(&r)->doubted, GRADE_NONE);
    assert_int_equal(bus_event(&r.bus, EVENT_GRADE_DOUBTED, 0)->graded.grade, GRADE_NONE);
    rules_close(&r);
}

/* Rules that make each other hold again come to an end. */
static void loops_end(void **state)
{
    struct region_with_rules r;
    struct buf text;
    size_t records = 0;

    (void)state;
    buf_init(&text, 0);
    buf_puts(&text, PACK "  - {rule: begin, when: incident, if: level is null, do: [raise: III]}\n");
    for (int i = 0; i < 20; i++) {
        buf_printf(&text, "  - {rule: up%d, when: incident, if: level = 3, do: [raise: II]}\n", i);
        buf_printf(&text, "  - {rule: down%d, when: incident, if: level = 2, do: [lower: III]}\n", i);
    }
    rules_open(&r, buf_text(&text));
    rules_report(&r, 0, 0);
    while (rules_incident(&r)->rules_due_ms != 0) {
        rules_pass(&r);
        assert_true(++records < 200);
    }
    rules_close(&r);
    buf_free(&text);
}

static void other_rules_are_not_asked_for_orders(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, GRADES);
    rules_report(&r, 0, 0);
    rules_ask(&r);
    bus_do(&r.bus, an_order(&r.bus, 1, 1, FIRE));
    assert_int_equal(bus_events(&r.bus, EVENT_RULES_DUE), 0);
    rules_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_orders_change_is_asked_about),
        cmocka_unit_test(a_deadline_that_raises_asks_again),
        cmocka_unit_test(a_doubt_is_taken_back_by_facts_and_by_no_other_pack),
        cmocka_unit_test(loops_end),
        cmocka_unit_test(other_rules_are_not_asked_for_orders),
        cmocka_unit_test(a_grade_follows_the_facts_upwards),
        cmocka_unit_test(what_is_not_known_is_told_beside_the_grade),
        cmocka_unit_test(nothing_known_is_ungraded),
        cmocka_unit_test(a_kind_without_a_grading_pack_asks_a_person),
        cmocka_unit_test(what_grows_after_a_person_graded_it_lower_is_doubted),
        cmocka_unit_test(what_grows_without_a_grading_pack_is_asked_about_again),
        cmocka_unit_test(only_a_person_lowers_a_grade),
        cmocka_unit_test(a_closed_incident_is_graded_still),
        cmocka_unit_test(history_is_asked_nothing),
        cmocka_unit_test(what_one_rule_does_another_sees),
        cmocka_unit_test(a_level_says_how_long_it_is_expected_to_last),
        cmocka_unit_test(a_level_is_lowered_by_a_rule_that_says_so),
        cmocka_unit_test(a_person_starts_and_ends_the_response),
        cmocka_unit_test(who_may_not_grade_is_refused),
        cmocka_unit_test(an_unanswered_order_is_asked_about_once),
        cmocka_unit_test(each_unanswered_order_has_a_record),
        cmocka_unit_test(what_nobody_supplements_is_asked_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
