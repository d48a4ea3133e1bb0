/* Alerts as facts for rules: which are at hand, for how long, what rules make of them, and once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/region.h"
#include "tests/unit/rules_fixture.h"

#define TELL                                                                                      \
    "pack: w\nversion: '1'\nmatch: all\nrules:\n"                                                 \
    "  - rule: told\n    when: alert\n    if: here = 1 and warning_colour in ('red', 'orange')\n" \
    "    do: [{notify: chief}]\n"                                                                 \
    "  - {rule: up, when: incident, if: warning_colour = 'red', do: [raise: II]}\n"

enum { GENERATION = GENERATION_ALERTS };

static void begin(struct region_with_rules *r, uint32_t generation)
{
    rules_open(r, TELL);
    struct command command = by_broker(&r->bus, COMMAND_SET_CLOCK);
    command.set_clock = (struct set_clock){
        .bus_ms = r->bus.env.now_ms, .utc_ms = r->bus.env.utc_ms, .reason = "", .generation = generation};
    bus_do(&r->bus, command);
}

static const struct region *region_of(const struct region_with_rules *r)
{
    return state_region(r->bus.state);
}

struct said {
    unsigned number;
    uint8_t content;
    const char *scheme; /* of the code; NULL: there is none */
    const char *code;
    enum alert_colour colour;
    enum alert_severity severity;
    enum alert_type type;
    unsigned refers; /* to that number; 0: to none */
    int64_t from_ms, until_ms;
    enum alert_status status;
};

static struct command alert_of(struct region_with_rules *r, const struct said *said)
{
    struct bus *bus = &r->bus;
    struct command command = an_alert(bus, said->number, said->content != 0 ? said->content : 1);
    struct alert_info *info = arena_copy(&bus->arena, command.record_alert.infos, sizeof *info);
    struct alert_area *area = arena_copy(&bus->arena, info->areas, sizeof *area);
    struct alert_code *code = arena_array(&bus->arena, struct alert_code, 1);
    struct alert_reference *reference = arena_array(&bus->arena, struct alert_reference, 1);

    *code = (struct alert_code){said->scheme != NULL ? said->scheme : "", said->code};
    area->geocodes = code;
    area->geocodes_n = said->scheme != NULL;
    info->areas = area;
    info->event = "暴雨";
    info->colour = said->colour;
    info->severity = said->severity != 0                 ? said->severity
                     : said->colour == ALERT_COLOUR_NONE ? ALERT_SEVERITY_UNKNOWN
                                                         : ALERT_SEVERITY_NONE;
    info->effective_ms = said->from_ms;
    info->expires_ms = said->until_ms;
    command.record_alert.infos = info;
    command.record_alert.type = said->type != 0 ? said->type : ALERT_TYPE_ALERT;
    *reference = (struct alert_reference){
        .sender = "s", .identifier = "i", .sent_ms = T0, .alert = alert_id(said->refers)};
    command.record_alert.references = reference;
    command.record_alert.references_n = said->refers != 0;
    if (said->status != 0) {
        command.record_alert.status = said->status;
        command.mode = alert_mode(said->status);
    }
    return command;
}

static void say(struct region_with_rules *r, struct said said)
{
    bus_do(&r->bus, alert_of(r, &said));
}

/* What has its time passes, a record each; returns how many rules fired. */
static size_t pass(struct region_with_rules *r)
{
    size_t fired = 0;

    for (size_t i = 0; i < region_of(r)->warnings_n;) {
        const struct warning *warning = &region_of(r)->warnings[i];
        if (warning_due(warning) > r->bus.env.now_ms) {
            i++;
            continue;
        }
        struct command command = by_broker(&r->bus, COMMAND_PASS_WARNING);
        command.mode = warning->mode;
        command.pass_warning.alert = warning->alert;
        bus_do(&r->bus, command);
        fired += bus_events(&r->bus, EVENT_WARNING_FIRED);
        i = 0;
    }
    return fired;
}

static void ask_incidents(struct region_with_rules *r)
{
    struct command command = by_broker(&r->bus, COMMAND_ASK_INCIDENTS);
    static struct id incident;

    incident = incident_id(1);
    command.ask_incidents = (struct ask_incidents){
        .turn = region_of(r)->warnings_turn, .incidents = &incident, .incidents_n = 1, .last = true};
    bus_do(&r->bus, command);
    rules_ask(r);
}

/* --- which are at hand ---------------------------------------------------------------------------- */

static void where_it_is_for_follows_from_codes(void **state)
{
    static const struct {
        const char *scheme, *code;
        bool kept, here;
        const char *area;
    } rows[] = {
        {"", "370102000000", true, true, ""},         {"", "370100000000", true, true, ""},
        {"", "370000000000", true, true, ""},         {"", "370102001000", true, true, "370102001"},
        {"GB/T 2260-2007", "370102", true, true, ""}, {"", "370103000000", false, false, ""},
        {"", "440100000000", false, false, ""},       {"FIPS6", "370102", true, false, ""},
        {"", "000000000000", true, false, ""},        {NULL, "", true, false, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct region_with_rules r;
        begin(&r, GENERATION);
        say(&r, (struct said){1, .scheme = rows[i].scheme, .code = rows[i].code, .colour = ALERT_COLOUR_RED});
        const struct warning *warning = region_warning(region_of(&r), alert_id(1));
        assert_int_equal(warning != NULL, rows[i].kept);
        if (warning != NULL) {
            assert_int_equal(warning->here, rows[i].here);
            assert_string_equal(warning->areas.n > 0 ? warning->areas.at[0] : "", rows[i].area);
        }
        rules_close(&r);
    }
}

static void none_in_a_log_of_before(void **state)
{
    struct region_with_rules r;

    (void)state;
    begin(&r, GENERATION - 1);
    say(&r, (struct said){1, .scheme = "", .code = "370102000000", .colour = ALERT_COLOUR_RED});
    assert_int_equal(r.bus.decision.events_n, 1);
    assert_int_equal(region_of(&r)->warnings_n, 0);
    rules_close(&r);
}

static void its_time(void **state)
{
    struct region_with_rules r;
    struct said red = {1, .scheme = "", .code = "370102000000", .colour = ALERT_COLOUR_RED};
    int64_t now;

    (void)state;
    begin(&r, GENERATION);
    now = r.bus.env.now_ms;
    red.from_ms = now - MINUTE;
    red.until_ms = now; /* over */
    say(&r, red);
    assert_int_equal(region_of(&r)->warnings_n, 0);
    red.number = 2;
    red.from_ms = now + MINUTE;
    red.until_ms = now + 2 * MINUTE;
    say(&r, red);
    assert_int_equal(pass(&r), 0); /* to come */
    bus_after(&r.bus, MINUTE - 1);
    assert_int_equal(pass(&r), 0);
    bus_after(&r.bus, 1);
    assert_int_equal(pass(&r), 1);
    assert_true(warning_is_in_force(&region_of(&r)->warnings[0], r.bus.env.now_ms));
    bus_after(&r.bus, MINUTE);
    assert_false(warning_is_in_force(&region_of(&r)->warnings[0], r.bus.env.now_ms));
    assert_int_equal(pass(&r), 0);
    assert_int_equal(bus_event(&r.bus, EVENT_WARNING_ENDED, 0)->warning.why, WARNING_EXPIRED);
    assert_int_equal(region_of(&r)->warnings_n, 0);
    red.number = 3;
    red.from_ms = r.bus.env.now_ms;
    red.until_ms = 0; /* it does not say */
    say(&r, red);
    assert_true(region_of(&r)->warnings[0].expires_ms == r.bus.env.now_ms + WARNING_LIFE_MS);
    red.number = 4;
    red.from_ms = INT64_C(253402300799999); /* the year 9999 */
    say(&r, red);
    assert_int_equal(region_of(&r)->warnings_n, 1);
    rules_close(&r);
}

/* --- updates and cancels -------------------------------------------------------------------------- */

static void an_update_fires_anew_when_it_is_graver(void **state)
{
    struct region_with_rules r;
    struct said said = {1, .scheme = "", .code = "370102000000", .colour = ALERT_COLOUR_ORANGE};

    (void)state;
    begin(&r, GENERATION);
    rules_report(&r, 0, 0);
    rules_ask(&r);
    say(&r, said);
    assert_int_equal(pass(&r), 1);
    assert_string_equal(bus_event(&r.bus, EVENT_WARNING_FIRED, 0)->warning.roles.at[0], "chief");
    assert_int_equal(pass(&r), 0);
    said.number = 2;
    said.type = ALERT_TYPE_UPDATE;
    said.refers = 1;
    say(&r, said); /* as grave */
    assert_int_equal(region_of(&r)->warnings_n, 1);
    assert_int_equal(pass(&r), 0);
    said.number = 3;
    said.refers = 2;
    said.colour = ALERT_COLOUR_RED;
    say(&r, said);
    assert_int_equal(bus_event(&r.bus, EVENT_WARNING_ENDED, 0)->warning.why, WARNING_REPLACED);
    assert_int_equal(pass(&r), 1);
    ask_incidents(&r);
    assert_int_equal(rules_incident(&r)->level, GRADE_II);
    assert_int_equal(region_of(&r)->warnings_heeded, region_of(&r)->warnings_turn);
    said.number = 4;
    said.refers = 3;
    said.colour = ALERT_COLOUR_YELLOW;
    say(&r, said);
    assert_int_equal(pass(&r), 0);
    said.number = 1; /* the first again, with another content, late */
    said.content = 9;
    said.type = ALERT_TYPE_ALERT;
    said.refers = 0;
    said.colour = ALERT_COLOUR_RED;
    say(&r, said);
    assert_int_equal(region_of(&r)->warnings_n, 1);
    assert_int_equal(region_of(&r)->warnings[0].colour, ALERT_COLOUR_YELLOW);
    rules_close(&r);
}

/* Of the last command; NULL: nobody is told that it is over. */
static const char *told_of_the_end(const struct region_with_rules *r)
{
    struct words roles = bus_event(&r->bus, EVENT_WARNING_ENDED, 0)->warning.roles;

    return roles.n > 0 ? roles.at[0] : NULL;
}

static void who_was_told_is_told_of_the_end(void **state)
{
    struct region_with_rules r;
    struct said said = {1, .scheme = "", .code = "370102000000", .colour = ALERT_COLOUR_RED};

    (void)state;
    begin(&r, GENERATION);
    said.until_ms = r.bus.env.now_ms + 10 * MINUTE;
    say(&r, said);
    assert_int_equal(pass(&r), 1);
    said.number = 2;
    said.type = ALERT_TYPE_UPDATE;
    said.refers = 1;
    said.colour = ALERT_COLOUR_BLUE;
    say(&r, said); /* it goes on */
    assert_null(told_of_the_end(&r));
    assert_int_equal(pass(&r), 0);
    bus_after(&r.bus, 10 * MINUTE);
    (void)pass(&r);
    assert_string_equal(told_of_the_end(&r), "chief");

    said = (struct said){3, .scheme = "", .code = "370102000000", .colour = ALERT_COLOUR_ORANGE};
    say(&r, said);
    assert_int_equal(pass(&r), 1);
    said.number = 4;
    said.type = ALERT_TYPE_UPDATE;
    said.refers = 3;
    said.code = "370103000000";
    say(&r, said); /* now for elsewhere */
    assert_string_equal(told_of_the_end(&r), "chief");

    said = (struct said){5, .scheme = "", .code = "370102000000", .colour = ALERT_COLOUR_BLUE};
    say(&r, said);
    assert_int_equal(pass(&r), 0);
    said.number = 6;
    said.type = ALERT_TYPE_CANCEL;
    said.refers = 5;
    say(&r, said); /* nobody was told that it began */
    assert_null(told_of_the_end(&r));
    rules_close(&r);
}

static void of_many_roles_the_last_are_the_centres(void **state)
{
    const char *at[WARNING_TOLD_MAX];
    char names[WARNING_TOLD_MAX + 2][4];
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < WARNING_TOLD_MAX + 2; i++) {
        const char *role = names[i];
        (void)snprintf(names[i], sizeof names[i], "%zu", i);
        warning_add_told(at, &n, (struct words){&role, 1});
        warning_add_told(at, &n, (struct words){&role, 1});
    }
    assert_int_equal(n, WARNING_TOLD_MAX);
    assert_string_equal(at[0], "0");
    assert_string_equal(at[n - 2], names[n - 2]);
    assert_string_equal(at[n - 1], "centre");
}

static void a_cancel_ends_it_whichever_comes_first(void **state)
{
    struct said red = {1, .scheme = "", .code = "370102000000", .colour = ALERT_COLOUR_RED};
    struct said cancel = red;

    (void)state;
    cancel.number = 2;
    cancel.type = ALERT_TYPE_CANCEL;
    cancel.refers = 1;
    for (int first = 0; first < 2; first++) {
        struct region_with_rules r;
        begin(&r, GENERATION);
        say(&r, first == 0 ? red : cancel);
        assert_int_equal(pass(&r), first == 0);
        say(&r, first == 0 ? cancel : red);
        assert_int_equal(pass(&r), 0);
        for (size_t i = 0; i < region_of(&r)->warnings_n; i++) {
            assert_false(warning_is_in_force(&region_of(&r)->warnings[i], r.bus.env.now_ms));
        }
        bus_after(&r.bus, WARNING_LIFE_MS + MINUTE);
        (void)pass(&r);
        assert_int_equal(region_of(&r)->warnings_n, 0); /* nor is the cancel kept for ever */
        rules_close(&r);
    }
}

static void who_says_two_things_is_taken_at_the_graver(void **state)
{
    struct region_with_rules r;
    struct said said = {1, .scheme = "", .code = "370102000000", .colour = ALERT_COLOUR_YELLOW};

    (void)state;
    begin(&r, GENERATION);
    say(&r, said);
    (void)pass(&r);
    said.content = 2;
    said.colour = ALERT_COLOUR_BLUE;
    say(&r, said);
    assert_int_equal(region_of(&r)->warnings[0].colour, ALERT_COLOUR_YELLOW);
    said.content = 3;
    said.colour = ALERT_COLOUR_RED;
    say(&r, said);
    assert_int_equal(region_of(&r)->warnings_n, 1);
    assert_int_equal(region_of(&r)->warnings[0].colour, ALERT_COLOUR_RED);
    assert_int_equal(pass(&r), 1);
    rules_close(&r);
}

/* --- what rules read ------------------------------------------------------------------------------ */

static const char *fact_of(struct region_with_rules *r, enum rule_fact fact)
{
    struct rule_facts facts = {.at = {{.known = false}}};

    assert_true(warnings_know(&facts, region_of(r), rules_incident(r), r->bus.env.now_ms, &r->bus.arena));
    return facts.at[fact].known ? facts.at[fact].text : "?";
}

static void what_an_incident_knows(void **state)
{
    struct region_with_rules r;
    struct said said = {1, .scheme = "", .code = "370102000000", .colour = ALERT_COLOUR_RED,
                        .status = ALERT_STATUS_EXERCISE};

    (void)state;
    begin(&r, GENERATION);
    rules_report(&r, 0, 0);
    rules_ask(&r);
    say(&r, said); /* an exercise is no warning for what is actual */
    (void)pass(&r);
    assert_string_equal(fact_of(&r, RULE_WARNING_COLOUR), "none");
    said = (struct said){2, .scheme = NULL, .code = "", .colour = ALERT_COLOUR_RED};
    say(&r, said); /* it could not be told whether it is for here */
    (void)pass(&r);
    assert_string_equal(fact_of(&r, RULE_WARNING_COLOUR), "?");
    assert_string_equal(fact_of(&r, RULE_WARNINGS), "?");
    said = (struct said){3, .scheme = "", .code = "370102000000", .severity = ALERT_SEVERITY_EXTREME};
    say(&r, said); /* of no colour */
    (void)pass(&r);
    assert_string_equal(fact_of(&r, RULE_WARNING_COLOUR), "?");
    assert_string_equal(fact_of(&r, RULE_WARNING_SEVERITY), "extreme");
    said = (struct said){4, .scheme = "", .code = "370102000000", .colour = ALERT_COLOUR_BLUE};
    say(&r, said);
    (void)pass(&r);
    assert_string_equal(fact_of(&r, RULE_WARNING_COLOUR), "blue");
    assert_string_equal(fact_of(&r, RULE_WARNINGS), "暴雨 extreme; 暴雨 blue");
    assert_string_equal(fact_of(&r, RULE_WARNING_EVENT), "暴雨");
    rules_close(&r);
}

/* At a city: an incident of a county below, of the city itself, and of a county elsewhere. */
static void which_incidents_it_is_for(void **state)
{
    static const char *const counties[] = {"370102", "370103001"};
    static const struct {
        const char *home;
        size_t areas_n;
        const char *colour; /* NULL: it could not be told */
    } rows[] = {
        {"", 0, "red"},        {"370102", 0, "red"},  {"370199", 0, "red"}, {"370203", 0, NULL},
        {"", 2, "red"},        {"370102", 2, "red"},  {"370103", 2, "red"}, {"370102001", 2, "red"},
        {"370104", 2, "none"}, {"370203", 2, "none"}, {"370100", 2, "red"},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, 64 * 1024);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *areas[] = {counties[0], counties[1]};
        struct warning warning = {.mode = MODE_ACTUAL,
                                  .type = ALERT_TYPE_ALERT,
                                  .event = "暴雨",
                                  .colour = ALERT_COLOUR_RED,
                                  .here = true,
                                  .areas = {areas, rows[i].areas_n},
                                  .from_ms = 1,
                                  .expires_ms = 10,
                                  .began = true};
        struct region region = {.code = "370100", .warnings = &warning, .warnings_n = 1};
        struct incident incident = {.mode = MODE_ACTUAL, .home = rows[i].home};
        struct rule_facts facts = {.at = {{.known = false}}};
        assert_true(warnings_know(&facts, &region, &incident, 5, &arena));
        const struct rule_value *colour = &facts.at[RULE_WARNING_COLOUR];
        assert_int_equal(colour->known, rows[i].colour != NULL);
        if (colour->known) {
            assert_string_equal(colour->text, rows[i].colour);
        }
        assert_true(warnings_know(&facts, &region, &incident, 10, &arena)); /* over */
        assert_string_equal(colour->text, "none");
    }
    arena_free(&arena);
}

/* --- bounds --------------------------------------------------------------------------------------- */

static void what_is_for_here_and_grave_stays(void **state)
{
    struct region_with_rules r;
    struct said here = {1, .scheme = "", .code = "370102000000", .colour = ALERT_COLOUR_BLUE};

    (void)state;
    begin(&r, GENERATION);
    say(&r, here);
    for (unsigned n = 2; n <= 3 * WARNINGS_MAX; n++) {
        say(&r, (struct said){n, .colour = ALERT_COLOUR_RED});
        assert_true(region_of(&r)->warnings_n <= WARNINGS_MAX);
        (void)pass(&r);
    }
    assert_int_equal(region_of(&r)->warnings_n, WARNINGS_MAX);
    assert_non_null(region_warning(region_of(&r), alert_id(1)));
    assert_int_equal(bus_events(&r.bus, EVENT_WARNING_ENDED), 1); /* that there was no room is told */
    here.number = 1000;
    say(&r, here);
    assert_non_null(region_warning(region_of(&r), alert_id(1000)));
    assert_int_equal(region_of(&r)->warnings_n, WARNINGS_MAX);
    rules_close(&r);
}

static void too_many_incidents_are_refused(void **state)
{
    struct region_with_rules r;
    struct id incidents[INCIDENTS_ASKED_MAX + 1] = {{{0}}};

    (void)state;
    begin(&r, GENERATION);
    struct command command = by_broker(&r.bus, COMMAND_ASK_INCIDENTS);
    command.ask_incidents.incidents = incidents;
    command.ask_incidents.incidents_n = INCIDENTS_ASKED_MAX + 1;
    assert_int_equal(bus_say(&r.bus, &command), REFUSED_TOO_MANY);
    command = by_broker(&r.bus, COMMAND_PASS_WARNING);
    assert_int_equal(bus_say(&r.bus, &command), REFUSED_INVALID);
    rules_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_it_is_for_follows_from_codes),
        cmocka_unit_test(none_in_a_log_of_before),
        cmocka_unit_test(its_time),
        cmocka_unit_test(an_update_fires_anew_when_it_is_graver),
        cmocka_unit_test(who_was_told_is_told_of_the_end),
        cmocka_unit_test(of_many_roles_the_last_are_the_centres),
        cmocka_unit_test(a_cancel_ends_it_whichever_comes_first),
        cmocka_unit_test(who_says_two_things_is_taken_at_the_graver),
        cmocka_unit_test(what_an_incident_knows),
        cmocka_unit_test(which_incidents_it_is_for),
        cmocka_unit_test(what_is_for_here_and_grave_stays),
        cmocka_unit_test(too_many_incidents_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
