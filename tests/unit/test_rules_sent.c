/* Reports that go up: what is refused, what meets a clock, and what becomes of one when things change. */
#include <string.h>

#include "tests/unit/rules_fixture.h"

#define CLOCKS                                                                                           \
    "pack: p\nversion: 1\nmatch: all\nclocks:\n"                                                         \
    "  - {clock: phone, title: 电话报市级, within: 30 min, medium: phone, to: city, warn: 5 min}\n" \
    "  - {clock: signed, within: 2 h, medium: written, to: city, signer: true}\n"                        \
    "  - {clock: daily, daily: [\"08:00\", \"17:00\"], report: follow-up, to: city, warn: 1 h}\n"        \
    "rules:\n"                                                                                           \
    "  - {rule: up, when: incident, if: dead > 0, do: [start: phone, start: signed, start: daily]}\n"    \
    "  - {rule: calm, when: incident, if: dead = 0, do: [stop: phone]}\n"                                \
    "  - {rule: late, when: report-overdue, if: clock = 'phone' and waited_min >= 30, do: [notify: "     \
    "chief]}\n"

static struct command a_sending(struct bus *bus, enum medium medium, enum tier to, const char *signer)
{
    struct command command = from(bus, CENTRE, COMMAND_SEND_REPORT);

    command.send_report = (struct send_report){.incident = incident_id(1),
                                               .kind = REPORT_INITIAL,
                                               .medium = medium,
                                               .to = to,
                                               .signed_off_by = signer,
                                               .text = "to Mr Li"};
    return command;
}

static const struct incident_clock *the_clock(const struct region_with_rules *r, const char *name)
{
    const struct incident_clock *clock = incident_clock(rules_incident(r), "p", name);

    assert_non_null(clock);
    return clock;
}

static void begin(struct region_with_rules *r)
{
    rules_open(r, CLOCKS);
    rules_report(r, 1, 0);
    rules_ask(r);
    assert_int_equal(bus_events(&r->bus, EVENT_CLOCK_STARTED), 3);
}

/* The next moment at which something is due. */
static void go_on(struct region_with_rules *r)
{
    int64_t due_ms = incident_due(rules_incident(r));

    assert_true(due_ms >= r->bus.env.now_ms);
    bus_after(&r->bus, due_ms - r->bus.env.now_ms);
    rules_pass(r);
}

static void warned_then_overdue_then_late(void **state)
{
    struct region_with_rules r;

    (void)state;
    begin(&r);
    assert_int_equal(the_clock(&r, "phone")->due_ms, T0 + 30 * MINUTE);
    go_on(&r);
    assert_int_equal(r.bus.env.now_ms, T0 + 25 * MINUTE);
    assert_int_equal(bus_events(&r.bus, EVENT_CLOCK_WARNED), 1);
    go_on(&r);
    assert_int_equal(r.bus.env.now_ms, T0 + 30 * MINUTE);
    assert_int_equal(bus_events(&r.bus, EVENT_CLOCK_OVERDUE), 1);
    assert_non_null(rules_fired(&r, "late")); /* a rule may say who hears of it */
    assert_string_equal(rules_seen(rules_fired(&r, "late"), "clock"), "phone");
    bus_after(&r.bus, SECOND);
    bus_do(&r.bus, a_sending(&r.bus, MEDIUM_PHONE, TIER_PROVINCE, "")); /* past a level is lawful */
    assert_true(bus_event(&r.bus, EVENT_CLOCK_MET, 0)->clock.late);
    assert_false(clock_runs(the_clock(&r, "phone")));
    rules_close(&r);
}

static void what_does_not_fit_leaves_it_running(void **state)
{
    struct region_with_rules r;

    (void)state;
    begin(&r);
    bus_do(&r.bus, a_sending(&r.bus, MEDIUM_NETWORK, TIER_CITY, "Wang"));
    assert_int_equal(bus_events(&r.bus, EVENT_CLOCK_MET), 0);
    bus_do(&r.bus, a_sending(&r.bus, MEDIUM_WRITTEN, TIER_CITY, "")); /* nobody signed it off */
    bus_do(&r.bus, a_sending(&r.bus, MEDIUM_WRITTEN, TIER_COUNTY, "Wang"));
    assert_int_equal(bus_events(&r.bus, EVENT_CLOCK_MET), 0);
    bus_do(&r.bus, a_sending(&r.bus, MEDIUM_WRITTEN, TIER_CITY, "Wang"));
    assert_string_equal(bus_event(&r.bus, EVENT_CLOCK_MET, 0)->clock.clock, "signed");
    assert_true(clock_runs(the_clock(&r, "phone")));
    rules_close(&r);
}

/* Phoned in time, written down after the alarm. */
static void told_late_is_not_late(void **state)
{
    struct region_with_rules r;

    (void)state;
    begin(&r);
    go_on(&r);
    go_on(&r);
    assert_true(the_clock(&r, "phone")->overdue);
    struct command told = a_sending(&r.bus, MEDIUM_PHONE, TIER_CITY, "");
    told.occurred_at_ms = T0 + 10 * MINUTE;
    bus_do(&r.bus, told);
    assert_false(bus_event(&r.bus, EVENT_CLOCK_MET, 0)->clock.late);
    assert_int_equal(the_clock(&r, "phone")->met_ms, T0 + 10 * MINUTE);
    rules_close(&r);
}

/* Phoned before the rule knew that it must be. */
static void what_went_up_before_counts(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, CLOCKS);
    rules_report(&r, COUNT_UNKNOWN, 0);
    rules_ask(&r);
    assert_int_equal(rules_incident(&r)->clocks_n, 0);
    bus_do(&r.bus, a_sending(&r.bus, MEDIUM_PHONE, TIER_CITY, ""));
    bus_after(&r.bus, MINUTE);
    rules_report(&r, 1, 0);
    rules_ask(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_CLOCK_MET), 1);
    assert_false(clock_runs(the_clock(&r, "phone")));
    assert_true(clock_runs(the_clock(&r, "signed")));
    rules_close(&r);
}

static void a_daily_clock_comes_again(void **state)
{
    struct region_with_rules r;

    (void)state;
    begin(&r);
    int64_t first = the_clock(&r, "daily")->due_ms; /* T0 is 06:13:20 in the region */
    assert_int_equal(first, T0 + (106 * 60 + 40) * SECOND);
    while (the_clock(&r, "daily")->due_ms == first) {
        go_on(&r);
    }
    assert_int_equal(r.bus.env.now_ms, first);
    assert_int_equal(the_clock(&r, "daily")->due_ms, first + 9 * 60 * MINUTE);
    struct command follow_up = a_sending(&r.bus, MEDIUM_WRITTEN, TIER_CITY, "");
    follow_up.send_report.kind = REPORT_FOLLOW_UP;
    bus_after(&r.bus, MINUTE);
    bus_do(&r.bus, follow_up);
    assert_int_equal(the_clock(&r, "daily")->due_ms, first + 24 * 60 * MINUTE);
    assert_true(clock_runs(the_clock(&r, "daily")));
    struct command final = a_sending(&r.bus, MEDIUM_WRITTEN, TIER_CITY, "");
    final.send_report.kind = REPORT_FINAL;
    bus_do(&r.bus, final);
    assert_false(clock_runs(the_clock(&r, "daily")));
    rules_close(&r);
}

static void a_rule_stops_a_clock(void **state)
{
    struct region_with_rules r;

    (void)state;
    begin(&r);
    rules_report(&r, 0, 0);
    rules_ask(&r);
    assert_string_equal(bus_event(&r.bus, EVENT_CLOCK_STOPPED, 0)->clock.rule, "calm");
    assert_false(clock_runs(the_clock(&r, "phone")));
    rules_report(&r, 1, 0); /* and it starts anew */
    rules_ask(&r);
    assert_true(clock_runs(the_clock(&r, "phone")));
    rules_close(&r);
}

/* Closing an incident is no report: what had to go up must still. */
static void closing_ends_only_what_comes_daily(void **state)
{
    struct region_with_rules r;

    (void)state;
    begin(&r);
    bus_do(&r.bus, a_close(&r.bus, 1));
    assert_false(clock_runs(the_clock(&r, "daily")));
    assert_true(incident_is_live(rules_incident(&r)));
    go_on(&r);
    go_on(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_CLOCK_OVERDUE), 1);
    rules_close(&r);
}

/* What was asked holds, whatever becomes of the pack. */
static void the_terms_stay_when_the_pack_goes(void **state)
{
    struct region_with_rules r;

    (void)state;
    begin(&r);
    struct command drop = by(from(&r.bus, CENTRE, COMMAND_DROP_PACK), ADMIN, "");
    drop.drop_pack = (struct drop_pack){.name = "p", .reason = ""};
    bus_do(&r.bus, drop);
    go_on(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_CLOCK_WARNED), 1);
    bus_do(&r.bus, a_sending(&r.bus, MEDIUM_PHONE, TIER_CITY, ""));
    assert_int_equal(bus_events(&r.bus, EVENT_CLOCK_MET), 1);
    rules_close(&r);
}

#define RESTARTS                                                                                     \
    "pack: p\nversion: 1\nmatch: all\nclocks:\n"                                                     \
    "  - {clock: term, from: occurred, restarts: true, within: 2 h, to: province}\n"                 \
    "  - {clock: own, within: 1 h, to: county}\n"                                                    \
    "  - {clock: daily, daily: [\"08:00\"], to: city}\nrules:\n"                                     \
    "  - {rule: few, when: incident, if: dead < 3, do: [start: term, start: own]}\n"                 \
    "  - {rule: many, when: incident, if: dead >= 3, do: [start: term, start: daily, raise: III]}\n" \
    "  - {rule: both, when: incident, if: dead = 7, do: [start: own, stop: term]}\n"

/* The rules are asked a moment after the report: that is no later start. */
static void the_first_report_restarts_nothing(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, RESTARTS);
    struct command command = a_report(&r.bus, 1, REPORT_INITIAL);
    command.file_report.facts.casualties.dead = 1;
    command.file_report.facts.occurred_at_ms = T0 - 30 * MINUTE;
    bus_do(&r.bus, command);
    bus_after(&r.bus, 7);
    rules_ask(&r);
    assert_int_equal(the_clock(&r, "term")->due_ms, T0 + 90 * MINUTE);
    assert_false(clock_runs(the_clock(&r, "own"))); /* the report is here */
    assert_false(the_clock(&r, "own")->late);
    bus_after(&r.bus, 60 * MINUTE);
    rules_report(&r, 3, 0); /* another rule starts it anew, later: what was due stays due */
    rules_ask(&r);
    assert_int_equal(the_clock(&r, "term")->due_ms, T0 + 90 * MINUTE);
    while (!the_clock(&r, "term")->overdue) {
        go_on(&r);
    }
    rules_report(&r, 1, 0);
    rules_ask(&r);
    assert_true(the_clock(&r, "term")->begins_ms > T0); /* what was missed may begin again */
    assert_true(clock_runs(the_clock(&r, "term")));
    rules_close(&r);
}

static void what_is_closed_starts_nothing_daily(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, RESTARTS);
    rules_report(&r, 1, 0);
    rules_ask(&r);
    bus_do(&r.bus, a_close(&r.bus, 1));
    rules_report(&r, 7, 0);
    rules_ask(&r);
    assert_null(incident_clock(rules_incident(&r), "p", "daily"));
    assert_int_equal(rules_incident(&r)->level, GRADE_NONE);
    assert_true(the_clock(&r, "term")->stopped); /* by the rule that was asked last */
    rules_close(&r);
}

static void times_are_believed_as_far_as_they_are_past(void **state)
{
    struct region_with_rules r;

    (void)state;
    begin(&r);
    struct command ahead = a_sending(&r.bus, MEDIUM_PHONE, TIER_CITY, "");
    ahead.occurred_at_ms = T0 + TOLERANCE + 1;
    assert_int_equal(bus_say(&r.bus, &ahead), REFUSED_INVALID);
    struct command before = a_sending(&r.bus, MEDIUM_PHONE, TIER_CITY, "");
    before.occurred_at_ms = T0 - 5 * MINUTE; /* phoned before it was written down */
    bus_do(&r.bus, before);
    assert_int_equal(bus_event(&r.bus, EVENT_REPORT_SENT, 0)->at_ms, T0 - 5 * MINUTE);
    bus_after(&r.bus, 40 * MINUTE);
    bus_do(&r.bus, a_sending(&r.bus, MEDIUM_PHONE, TIER_CITY, ""));
    assert_true(the_clock(&r, "phone")->late);
    struct command told = a_sending(&r.bus, MEDIUM_PHONE, TIER_CITY, "");
    told.occurred_at_ms = T0 + 10 * MINUTE; /* there was one in time, after all */
    bus_do(&r.bus, told);
    assert_false(the_clock(&r, "phone")->late);
    rules_close(&r);
}

static void no_kind(struct bus *bus, struct command *command)
{
    (void)bus;
    command->send_report.kind = REPORT_NONE;
}

static void no_medium(struct bus *bus, struct command *command)
{
    (void)bus;
    command->send_report.medium = (enum medium)9;
}

static void no_tier(struct bus *bus, struct command *command)
{
    (void)bus;
    command->send_report.to = TIER_NONE;
}

static void no_incident(struct bus *bus, struct command *command)
{
    (void)bus;
    command->send_report.incident = (struct id){{0}};
}

static void other_incident(struct bus *bus, struct command *command)
{
    (void)bus;
    command->send_report.incident = incident_id(9);
}

static struct command good(struct bus *bus)
{
    bus_do(bus, a_report(bus, 1, REPORT_INITIAL));
    return a_sending(bus, MEDIUM_PHONE, TIER_CITY, "");
}

static void sending_is_refused(void **state)
{
    static const struct fault rows[] = {
        FAULTS_OF_ALL,
        {"no incident id", REFUSED_INVALID, no_incident},
        {"without the right", REFUSED_RIGHT, spoil_right},
        {"no such incident", REFUSED_NO_INCIDENT, other_incident},
        {"no kind of report", REFUSED_INVALID, no_kind},
        {"no medium", REFUSED_INVALID, no_medium},
        {"no level", REFUSED_INVALID, no_tier},
    };

    (void)state;
    check_refusals(good, rows, sizeof rows / sizeof rows[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(warned_then_overdue_then_late),
        cmocka_unit_test(what_does_not_fit_leaves_it_running),
        cmocka_unit_test(told_late_is_not_late),
        cmocka_unit_test(what_went_up_before_counts),
        cmocka_unit_test(a_daily_clock_comes_again),
        cmocka_unit_test(a_rule_stops_a_clock),
        cmocka_unit_test(closing_ends_only_what_comes_daily),
        cmocka_unit_test(the_terms_stay_when_the_pack_goes),
        cmocka_unit_test(the_first_report_restarts_nothing),
        cmocka_unit_test(what_is_closed_starts_nothing_daily),
        cmocka_unit_test(times_are_believed_as_far_as_they_are_past),
        cmocka_unit_test(sending_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
