/* Every refusal of command posts and their handing over, in order of precedence, and who leads when. */
#include <string.h>

#include "tests/unit/core_fixture.h"

#define MANAGEMENT "370102/emergency-management"

static struct command said(struct bus *bus, enum command_kind kind, const char *operator)
{
    return by(from(bus, CENTRE, kind), operator, "");
}

static struct command a_post(struct bus *bus, const char *lead, const char *commander)
{
    struct command command = said(bus, COMMAND_SET_POST, LI_NA);

    command.set_post = (struct set_post){
        .incident = incident_id(1), .lead = lead, .commander = commander, .place = "east gate", .reason = ""};
    return command;
}

static struct command an_offer(struct bus *bus, const char *lead, const char *commander)
{
    struct command command = said(bus, COMMAND_OFFER_POST, LI_NA);

    command.offer_post =
        (struct offer_post){.incident = incident_id(1), .lead = lead, .commander = commander, .reason = ""};
    return command;
}

static struct command an_answer(struct bus *bus, const char *operator, uint32_t term, enum post_answer answer)
{
    struct command command = said(bus, COMMAND_ANSWER_POST, operator);

    command.answer_post =
        (struct answer_post){.incident = incident_id(1), .term = term, .answer = answer, .reason = ""};
    return command;
}

static const struct post *post_of(const struct bus *bus, unsigned incident)
{
    return state_incident(bus->state, incident_id(incident))->post;
}

/* --- refusals ---------------------------------------------------------------------------------------- */

static struct id *incident_of(struct command *command)
{
    switch (command->kind) {
    case COMMAND_SET_POST:
        return &command->set_post.incident;
    case COMMAND_OFFER_POST:
        return &command->offer_post.incident;
    default:
        return &command->answer_post.incident;
    }
}

static void no_id(struct bus *bus, struct command *command)
{
    (void)bus;
    *incident_of(command) = (struct id){{0}};
}

static void no_agency(struct bus *bus, struct command *command)
{
    (void)bus;
    if (command->kind == COMMAND_SET_POST) {
        command->set_post.lead = "fire brigade";
    } else {
        command->offer_post.lead = "fire brigade";
    }
}

static void no_commander(struct bus *bus, struct command *command)
{
    (void)bus;
    if (command->kind == COMMAND_SET_POST) {
        command->set_post.commander = "";
    } else {
        command->offer_post.commander = "";
    }
}

static void by_a_machine(struct bus *bus, struct command *command)
{
    (void)bus;
    command->operator= "";
    command->signer = SIGNER_AGENT;
}

static void without_right(struct bus *bus, struct command *command)
{
    (void)bus;
    command->operator= CHEN_WEI;
}

static void nowhere(struct bus *bus, struct command *command)
{
    (void)bus;
    *incident_of(command) = incident_id(77);
}

static void a_drill(struct bus *bus, struct command *command)
{
    struct command drill = a_report(bus, 8, REPORT_INITIAL);

    drill.mode = MODE_EXERCISE;
    bus_do(bus, drill);
    *incident_of(command) = incident_id(8);
}

static void closed(struct bus *bus, struct command *command)
{
    bus_do(bus, a_close(bus, 1));
    (void)command;
}

static void led_by_another(struct bus *bus, struct command *command)
{
    bus_do(bus, a_post(bus, MANAGEMENT, LI_NA));
    (void)command;
}

static struct command good_post(struct bus *bus)
{
    bus_do(bus, a_report(bus, 1, REPORT_INITIAL));
    return a_post(bus, FIRE, WANG_FANG);
}

static void post_is_refused(void **state)
{
    static const struct fault rows[] = {
        FAULTS_OF_ALL,
        {"no incident id", REFUSED_INVALID, no_id},
        {"no agency", REFUSED_INVALID, no_agency},
        {"no commander", REFUSED_INVALID, no_commander},
        {"no person signs", REFUSED_SIGNATURE, by_a_machine},
        {"without the right", REFUSED_RIGHT, without_right},
        {"no such incident", REFUSED_NO_INCIDENT, nowhere},
        {"a drill", REFUSED_MODE, a_drill},
    };
    struct bus bus;

    (void)state;
    check_refusals(good_post, rows, sizeof rows / sizeof rows[0]);
    bus_open(&bus);
    struct command command = good_post(&bus);
    led_by_another(&bus, &command);
    assert_int_equal(bus_say(&bus, &command), REFUSED_CONFLICT);
    closed(&bus, &command);
    assert_int_equal(bus_say(&bus, &command), REFUSED_INCIDENT_CLOSED);
    bus_close(&bus);
}

static struct command good_offer(struct bus *bus)
{
    bus_do(bus, good_post(bus));
    return an_offer(bus, MANAGEMENT, CHEN_WEI);
}

static void to_a_stranger(struct bus *bus, struct command *command)
{
    (void)bus;
    command->offer_post.commander = "nobody";
}

static void to_an_agent(struct bus *bus, struct command *command)
{
    (void)bus;
    command->offer_post.commander = STATION_3;
}

static void offer_is_refused(void **state)
{
    static const struct fault rows[] = {
        FAULTS_OF_ALL,
        {"no incident id", REFUSED_INVALID, no_id},
        {"no agency", REFUSED_INVALID, no_agency},
        {"no commander", REFUSED_INVALID, no_commander},
        {"no person signs", REFUSED_SIGNATURE, by_a_machine},
        {"no such incident", REFUSED_NO_INCIDENT, nowhere},
        {"a drill", REFUSED_MODE, a_drill},
    };
    struct bus bus;

    (void)state;
    check_refusals(good_offer, rows, sizeof rows / sizeof rows[0]);
    bus_open(&bus);
    struct command command = good_offer(&bus);
    without_right(&bus, &command);
    assert_int_equal(bus_say(&bus, &command), REFUSED_RIGHT);
    command = an_offer(&bus, MANAGEMENT, CHEN_WEI);
    to_a_stranger(&bus, &command);
    assert_int_equal(bus_say(&bus, &command), REFUSED_NO_ADDRESSEE);
    to_an_agent(&bus, &command);
    assert_int_equal(bus_say(&bus, &command), REFUSED_NO_ADDRESSEE);
    command = an_offer(&bus, FIRE, WANG_FANG); /* who leads */
    assert_int_equal(bus_say(&bus, &command), REFUSED_CONFLICT);
    bus_do(&bus, an_offer(&bus, MANAGEMENT, CHEN_WEI));
    assert_int_equal(bus_do(&bus, an_offer(&bus, MANAGEMENT, CHEN_WEI)), 0);
    command = an_offer(&bus, MANAGEMENT, LI_NA); /* one offer at a time */
    assert_int_equal(bus_say(&bus, &command), REFUSED_CONFLICT);
    bus_close(&bus);

    bus_open(&bus);
    bus_do(&bus, a_report(&bus, 1, REPORT_INITIAL));
    command = an_offer(&bus, MANAGEMENT, CHEN_WEI);
    assert_int_equal(bus_say(&bus, &command), REFUSED_NO_POST);
    bus_close(&bus);
}

static struct command good_answer(struct bus *bus)
{
    bus_do(bus, good_offer(bus));
    return an_answer(bus, CHEN_WEI, 2, POST_ACCEPTED);
}

static void no_answer(struct bus *bus, struct command *command)
{
    (void)bus;
    command->answer_post.answer = POST_NO_ANSWER;
}

static void no_term(struct bus *bus, struct command *command)
{
    (void)bus;
    command->answer_post.term = 0;
}

static void another_term(struct bus *bus, struct command *command)
{
    (void)bus;
    command->answer_post.term = 3;
}

static void by_another(struct bus *bus, struct command *command)
{
    (void)bus;
    command->operator= LI_NA;
}

static void answer_is_refused(void **state)
{
    static const struct fault rows[] = {
        FAULTS_OF_ALL,
        {"no incident id", REFUSED_INVALID, no_id},
        {"no answer", REFUSED_INVALID, no_answer},
        {"no term", REFUSED_INVALID, no_term},
        {"no person signs", REFUSED_SIGNATURE, by_a_machine},
        {"no such incident", REFUSED_NO_INCIDENT, nowhere},
        {"a drill", REFUSED_MODE, a_drill},
    };
    struct bus bus;

    (void)state;
    check_refusals(good_answer, rows, sizeof rows / sizeof rows[0]);
    bus_open(&bus);
    struct command command = good_answer(&bus);
    another_term(&bus, &command);
    assert_int_equal(bus_say(&bus, &command), REFUSED_NO_POST);
    command = an_answer(&bus, LI_NA, 2, POST_ACCEPTED);
    by_another(&bus, &command);
    assert_int_equal(bus_say(&bus, &command), REFUSED_RIGHT); /* with every right but to be him */
    command = an_answer(&bus, LI_NA, 2, POST_REFUSED);
    assert_int_equal(bus_say(&bus, &command), REFUSED_RIGHT);
    command = an_answer(&bus, CHEN_WEI, 2, POST_WITHDRAWN);
    assert_int_equal(bus_say(&bus, &command), REFUSED_RIGHT);
    bus_do(&bus, a_close(&bus, 1));
    command = an_answer(&bus, CHEN_WEI, 2, POST_ACCEPTED);
    assert_int_equal(bus_say(&bus, &command), REFUSED_INCIDENT_CLOSED);
    bus_close(&bus);
}

/* --- who leads --------------------------------------------------------------------------------------- */

static void assert_leads(const struct bus *bus, const char *commander, uint32_t term)
{
    assert_string_equal(post_of(bus, 1)->commander, commander);
    assert_int_equal(post_of(bus, 1)->term, term);
}

static void who_led_leads_until_it_is_accepted(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    bus_do(&bus, good_offer(&bus));
    assert_leads(&bus, WANG_FANG, 1);
    bus_do(&bus, an_answer(&bus, CHEN_WEI, 2, POST_REFUSED));
    assert_leads(&bus, WANG_FANG, 1);
    assert_string_equal(bus_event(&bus, EVENT_POST_KEPT, 0)->post.from, MANAGEMENT);
    bus_do(&bus, an_offer(&bus, MANAGEMENT, CHEN_WEI));
    bus_do(&bus, an_answer(&bus, WANG_FANG, 2, POST_WITHDRAWN)); /* who leads, without any right more */
    assert_leads(&bus, WANG_FANG, 1);
    struct command late = an_answer(&bus, CHEN_WEI, 2, POST_ACCEPTED);
    assert_int_equal(bus_say(&bus, &late), REFUSED_NO_POST);

    struct command offer = an_offer(&bus, MANAGEMENT, CHEN_WEI);
    offer.operator= WANG_FANG;
    bus_do(&bus, offer);
    bus_after(&bus, MINUTE);
    bus_do(&bus, an_answer(&bus, CHEN_WEI, 2, POST_ACCEPTED));
    assert_leads(&bus, CHEN_WEI, 2);
    assert_string_equal(post_of(&bus, 1)->lead, MANAGEMENT);
    assert_int_equal(post_of(&bus, 1)->since_ms, T0 + MINUTE);
    assert_int_equal(bus_do(&bus, an_answer(&bus, CHEN_WEI, 2, POST_ACCEPTED)), 0); /* said again */
    struct command back = an_offer(&bus, FIRE, WANG_FANG);
    back.operator= CHEN_WEI; /* the right is the commander's now */
    bus_do(&bus, back);
    bus_do(&bus, an_answer(&bus, WANG_FANG, 3, POST_ACCEPTED));
    assert_leads(&bus, WANG_FANG, 3);
    bus_check_replay(&bus);
    bus_close(&bus);
}

static void the_place_may_change_and_a_merge_keeps_the_post(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    bus_do(&bus, good_post(&bus));
    assert_int_equal(bus_do(&bus, a_post(&bus, FIRE, WANG_FANG)), 0);
    struct command moved = a_post(&bus, FIRE, WANG_FANG);
    moved.set_post.place = "school";
    bus_do(&bus, moved);
    assert_leads(&bus, WANG_FANG, 1);
    assert_string_equal(post_of(&bus, 1)->place, "school");
    bus_do(&bus, a_report(&bus, 2, REPORT_INITIAL));
    struct command merge = said(&bus, COMMAND_MERGE_INCIDENT, LI_NA);
    merge.merge_incident =
        (struct merge_incident){.incident = incident_id(1), .into = incident_id(2), .reason = ""};
    bus_do(&bus, merge);
    assert_string_equal(post_of(&bus, 2)->commander, WANG_FANG);
    bus_do(&bus, an_offer(&bus, MANAGEMENT, CHEN_WEI)); /* by the merged one's id */
    assert_string_equal(post_of(&bus, 2)->offered_commander, CHEN_WEI);
    bus_check_replay(&bus);
    bus_close(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(post_is_refused),
        cmocka_unit_test(offer_is_refused),
        cmocka_unit_test(answer_is_refused),
        cmocka_unit_test(who_led_leads_until_it_is_accepted),
        cmocka_unit_test(the_place_may_change_and_a_merge_keeps_the_post),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
