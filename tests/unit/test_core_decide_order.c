/* Every refusal of orders, recalls and evacuations, in order of precedence. */
#include <string.h>

#include "tests/unit/core_fixture.h"

/* --- issue ------------------------------------------------------------------------------------------- */

/* Two operators for the public's evacuation: the strictest kind, so that every rule applies. */
static struct command good_issue(struct bus *bus)
{
    bus_do(bus, a_report(bus, 1, REPORT_INITIAL));
    struct command command = by(an_order(bus, 1, 1, POLICE), LI_NA, WANG_FANG);
    orders_of(bus, &command)[0].kind = "evacuate-public";
    return command;
}

static void no_orders(struct bus *bus, struct command *command)
{
    (void)bus;
    command->issue_orders.orders_n = 0;
}

static void too_many_orders(struct bus *bus, struct command *command)
{
    (void)orders_of(bus, command);
    command->issue_orders.orders_n = ORDERS_PER_COMMAND_MAX + 1;
}

static void no_order_id(struct bus *bus, struct command *command)
{
    orders_of(bus, command)[0].order = (struct id){{0}};
}

static void no_order_kind(struct bus *bus, struct command *command)
{
    orders_of(bus, command)[0].kind = "";
}

static void bad_address(struct bus *bus, struct command *command)
{
    orders_of(bus, command)[0].addressee = "fire-rescue";
}

static void one_id_twice(struct bus *bus, struct command *command)
{
    struct new_order *orders = orders_of(bus, command);

    orders[1] = orders[0];
    command->issue_orders.orders_n = 2;
}

static void no_second_person(struct bus *bus, struct command *command)
{
    (void)bus;
    command->cosigner = "";
}

static void same_person_twice(struct bus *bus, struct command *command)
{
    (void)bus;
    command->cosigner = command->operator;
}

static void second_without_right(struct bus *bus, struct command *command)
{
    (void)bus;
    command->cosigner = CHEN_WEI;
}

static void second_is_an_agent(struct bus *bus, struct command *command)
{
    (void)bus;
    command->cosigner = CENTRE;
}

static void first_is_an_agent(struct bus *bus, struct command *command)
{
    (void)bus;
    command->signer = SIGNER_AGENT;
    command->operator= "";
}

static void other_words(struct bus *bus, struct command *command)
{
    struct command first = *command;

    orders_of(bus, &first)[0] = (struct new_order){.order = order_id(1),
                                                   .kind = "dispatch",
                                                   .addressee = HOSPITAL,
                                                   .text = "",
                                                   .answer_by_ms = bus->env.now_ms + 1,
                                                   .expires_at_ms = bus->env.now_ms + 1};
    first.issue_orders.orders_n = 1;
    bus_do(bus, first);
}

/* The id is in use: in another incident, of another mode even. */
static void other_incident(struct bus *bus, struct command *command)
{
    struct command other = an_order(bus, 0, 9, HOSPITAL);

    other.issue_orders.incident = (struct id){{0}};
    bus_do(bus, other);
    orders_of(bus, command)[0].order = order_id(9);
}

static void closed(struct bus *bus, struct command *command)
{
    (void)command;
    bus_do(bus, a_close(bus, 1));
}

static void reissue_of_nothing(struct bus *bus, struct command *command)
{
    orders_of(bus, command)[0].reissue_of = order_id(77);
}

static void nobody_there(struct bus *bus, struct command *command)
{
    orders_of(bus, command)[0].addressee = "370102/water";
}

static void unknown_kind(struct bus *bus, struct command *command)
{
    orders_of(bus, command)[0].kind = "dance";
}

static void kind_of_evacuations(struct bus *bus, struct command *command)
{
    orders_of(bus, command)[0].kind = "evacuate";
}

static void answer_by_past(struct bus *bus, struct command *command)
{
    orders_of(bus, command)[0].answer_by_ms = bus->env.now_ms;
}

static void expires_before_answer(struct bus *bus, struct command *command)
{
    struct new_order *order = orders_of(bus, command);

    order->expires_at_ms = order->answer_by_ms - 1;
}

static void expires_too_late(struct bus *bus, struct command *command)
{
    orders_of(bus, command)[0].expires_at_ms = bus->env.now_ms + INT64_C(31) * 24 * 60 * MINUTE;
}

static void issue_is_refused(void **state)
{
    static const struct fault rows[] = {
        FAULTS_OF_ALL,
        {"no orders", REFUSED_INVALID, no_orders},
        {"65 orders", REFUSED_TOO_MANY, too_many_orders},
        {"no order id", REFUSED_INVALID, no_order_id},
        {"no kind", REFUSED_INVALID, no_order_kind},
        {"bad address", REFUSED_INVALID, bad_address},
        {"one id twice", REFUSED_INVALID, one_id_twice},
        {"without the right", REFUSED_RIGHT, spoil_right},
        {"no second person", REFUSED_SECOND_PERSON, no_second_person},
        {"same person twice", REFUSED_SECOND_PERSON, same_person_twice},
        {"second without right", REFUSED_SECOND_PERSON, second_without_right},
        {"second is an agent", REFUSED_SECOND_PERSON, second_is_an_agent},
        {"first is an agent", REFUSED_SECOND_PERSON, first_is_an_agent},
        {"no such incident", REFUSED_NO_INCIDENT, spoil_incident},
        {"closed", REFUSED_INCIDENT_CLOSED, closed},
        {"re-issue of nothing", REFUSED_NO_ORDER, reissue_of_nothing},
        {"nobody there", REFUSED_NO_ADDRESSEE, nobody_there},
        {"answer_by past", REFUSED_DEADLINE, answer_by_past},
        {"expires before answer", REFUSED_DEADLINE, expires_before_answer},
        {"expires too late", REFUSED_DEADLINE, expires_too_late},
    };

    (void)state;
    check_refusals(good_issue, rows, sizeof rows / sizeof rows[0]);
}

/* The same for a plain order, where kind, mode and content can be wrong without a second person. */
static struct command good_dispatch(struct bus *bus)
{
    bus_do(bus, a_report(bus, 1, REPORT_INITIAL));
    return an_order(bus, 1, 1, STATION_3);
}

static void dispatch_is_refused(void **state)
{
    static const struct fault rows[] = {
        {"other mode", REFUSED_MODE, spoil_incident_mode},
        {"other words", REFUSED_CONFLICT, other_words},
        {"taken in another incident", REFUSED_CONFLICT, other_incident},
        {"re-issue of nothing", REFUSED_NO_ORDER, reissue_of_nothing},
        {"nobody there", REFUSED_NO_ADDRESSEE, nobody_there},
        {"unknown kind", REFUSED_ORDER_KIND, unknown_kind},
        {"kind of evacuations", REFUSED_ORDER_KIND, kind_of_evacuations},
        {"answer_by past", REFUSED_DEADLINE, answer_by_past},
    };

    (void)state;
    check_refusals(good_dispatch, rows, sizeof rows / sizeof rows[0]);
}

static void second_person_is_for_actual_only(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command report = a_report(&bus, 2, REPORT_INITIAL);
    report.mode = MODE_EXERCISE;
    bus_do(&bus, report);
    struct command command = by(an_order(&bus, 2, 1, POLICE), LI_NA, "");
    orders_of(&bus, &command)[0].kind = "evacuate-public";
    assert_int_equal(bus_say(&bus, &command), REFUSED_SECOND_PERSON);
    command.cosigner = WANG_FANG;
    assert_int_equal(bus_say(&bus, &command), REFUSED_MODE);
    command.cosigner = "";
    command.mode = MODE_EXERCISE;
    assert_int_equal(bus_do(&bus, command), 1);
    bus_close(&bus);
}

static void same_order_twice_changes_nothing(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command command = good_dispatch(&bus);
    assert_int_equal(bus_do(&bus, command), 1);
    assert_int_equal(bus_do(&bus, command), 0);
    bus_after(&bus, ANSWER_IN + 1); /* its deadline has passed: still no new order */
    command.expires_at_ms = bus.env.now_ms;
    assert_int_equal(bus_do(&bus, command), 0);
    orders_of(&bus, &command)[0].reissue_of = order_id(1);
    assert_int_equal(bus_say(&bus, &command), REFUSED_CONFLICT);
    bus_do(&bus, a_recall(&bus, 1, 1));
    bus_do(&bus, a_close(&bus, 1));
    orders_of(&bus, &command)[0].reissue_of = (struct id){{0}};
    assert_int_equal(bus_do(&bus, command), 0);
    bus_close(&bus);
}

static void one_wrong_order_stops_all(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command command = good_dispatch(&bus);
    struct new_order *orders = orders_of(&bus, &command);
    orders[1] = orders[0];
    orders[1].order = order_id(2);
    orders[1].addressee = "370102/water";
    command.issue_orders.orders_n = 2;
    assert_int_equal(bus_say(&bus, &command), REFUSED_NO_ADDRESSEE);
    assert_null(bus_order(&bus, 1, order_id(1)));
    orders[1].addressee = FIRE;
    assert_int_equal(bus_do(&bus, command), 2);
    assert_int_equal(bus_order(&bus, 1, order_id(2))->agents.n, 2);
    assert_string_equal(bus_order(&bus, 1, order_id(2))->agents.at[0], STATION_3);
    bus_close(&bus);
}

static void order_without_incident_opens_one(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command command = an_order(&bus, 0, 5, STATION_3);
    command.issue_orders.incident = (struct id){{0}};
    assert_int_equal(bus_do(&bus, command), 2);
    assert_int_equal(bus_do(&bus, command), 0);
    const struct incident *incident = state_incident(bus.state, order_id(5));
    assert_true(incident->bare && incident_is_live(incident));
    struct command receipt = a_receipt(&bus, STATION_3, 0, order_id(5), RUNG_DECLINED);
    receipt.give_receipt.incident = order_id(5);
    bus_do(&bus, receipt);
    assert_false(incident_is_live(incident));
    struct command close = a_close(&bus, 0);
    close.close_incident.incident = order_id(5);
    assert_int_equal(bus_do(&bus, close), 1);
    struct command next = an_order(&bus, 0, 6, STATION_3);
    next.issue_orders.incident = order_id(5);
    assert_int_equal(bus_say(&bus, &next), REFUSED_INCIDENT_CLOSED);
    bus_close(&bus);
}

/* The longest names that there are, in characters of three bytes: the words are whole, or nobody could read
 * the record that they stand in. */
static void long_names_are_refused_in_whole_words(void **state)
{
    char name[NAME_MAX_BYTES + 1], kind[NAME_MAX_BYTES + 1] = "";
    struct bus bus;

    (void)state;
    bus_open(&bus);
    memset(name, 'a', sizeof name);
    memcpy(name, STATION_3, strlen(STATION_3));
    name[NAME_MAX_BYTES] = '\0';
    for (size_t i = 0; i + 3 < sizeof kind; i += 3) {
        memcpy(kind + i, "\xe6\xb0\xb4", 4);
    }
    struct command enrol = by_root(&bus, COMMAND_ENROL_AGENT);
    enrol.enrol = (struct enrol){.name = name, .rights = words_of(&bus, "receipt")};
    memset(enrol.enrol.sign_key, 0x5a, sizeof enrol.enrol.sign_key);
    memset(enrol.enrol.curve_key, 0x5b, sizeof enrol.enrol.curve_key);
    bus_do(&bus, enrol);
    bus_do(&bus, a_report(&bus, 1, REPORT_INITIAL));
    struct command order = an_order(&bus, 1, 1, POLICE);
    order.agent = name;
    order.signer = SIGNER_AGENT;
    order.operator= "";
    orders_of(&bus, &order)[0].kind = kind;
    assert_int_equal(bus_say(&bus, &order), REFUSED_RIGHT);
    assert_non_null(strstr(bus.decision.detail, name));
    assert_non_null(strstr(bus.decision.detail, kind));
    bus_close(&bus);
}

/* --- recall ------------------------------------------------------------------------------------------ */

static struct command good_recall(struct bus *bus)
{
    bus_do(bus, good_dispatch(bus));
    return a_recall(bus, 1, 1);
}

static void recall_no_incident(struct bus *bus, struct command *command)
{
    (void)bus;
    command->recall_order.incident = (struct id){{0}};
}

static void recall_no_order(struct bus *bus, struct command *command)
{
    (void)bus;
    command->recall_order.order = order_id(77);
}

static void completed(struct bus *bus, struct command *command)
{
    (void)command;
    bus_do(bus, a_receipt(bus, STATION_3, 1, order_id(1), RUNG_COMPLETED));
}

static void recall_is_refused(void **state)
{
    static const struct fault rows[] = {
        FAULTS_OF_ALL,
        {"no incident id", REFUSED_INVALID, recall_no_incident},
        {"without the right", REFUSED_RIGHT, spoil_right},
        {"no such incident", REFUSED_NO_INCIDENT, spoil_incident},
        {"other mode", REFUSED_MODE, spoil_incident_mode},
        {"no such order", REFUSED_NO_ORDER, recall_no_order},
        {"completed", REFUSED_ORDER_ENDED, completed},
    };
    struct bus bus;

    (void)state;
    check_refusals(good_recall, rows, sizeof rows / sizeof rows[0]);
    bus_open(&bus);
    struct command command = good_recall(&bus);
    assert_int_equal(bus_do(&bus, command), 1);
    assert_int_equal(bus_do(&bus, command), 0);
    bus_close(&bus);
}

/* --- evacuation -------------------------------------------------------------------------------------- */

static struct command good_evacuation(struct bus *bus)
{
    bus_do(bus, good_dispatch(bus));
    bus_do(bus, a_receipt(bus, STATION_3, 1, order_id(1), RUNG_ON_SCENE));
    return an_evacuation(bus, 1, 1);
}

static void evacuation_no_id(struct bus *bus, struct command *command)
{
    (void)bus;
    command->order_evacuation.evacuation = (struct id){{0}};
}

static void evacuation_no_room(struct bus *bus, struct command *command)
{
    (void)bus;
    command->order_evacuation.evacuation = order_id(9); /* ends with 1 */
}

static void evacuation_no_incident(struct bus *bus, struct command *command)
{
    (void)bus;
    command->order_evacuation.incident = (struct id){{0}};
}

static void evacuation_late(struct bus *bus, struct command *command)
{
    command->order_evacuation.answer_by_ms = bus->env.now_ms;
}

static void evacuation_closed(struct bus *bus, struct command *command)
{
    (void)command;
    if (order_is_open(bus_order(bus, 1, order_id(1)))) {
        bus_do(bus, a_recall(bus, 1, 1));
    }
    bus_do(bus, a_close(bus, 1));
}

static void evacuation_is_refused(void **state)
{
    static const struct fault rows[] = {
        FAULTS_OF_ALL,
        {"no id", REFUSED_INVALID, evacuation_no_id},
        {"no room for numbers", REFUSED_INVALID, evacuation_no_room},
        {"no incident id", REFUSED_INVALID, evacuation_no_incident},
        {"without the right", REFUSED_RIGHT, spoil_right},
        {"no such incident", REFUSED_NO_INCIDENT, spoil_incident},
        {"other mode", REFUSED_MODE, spoil_incident_mode},
        {"closed", REFUSED_INCIDENT_CLOSED, evacuation_closed},
        {"answer_by past", REFUSED_DEADLINE, evacuation_late},
        {"nobody on scene", REFUSED_NOBODY_ON_SCENE, completed},
    };

    (void)state;
    check_refusals(good_evacuation, rows, sizeof rows / sizeof rows[0]);
}

static void evacuation_takes_two_where_the_policy_says_so(void **state)
{
    struct bus bus;
    static const struct order_kind_policy kinds[] = {{"dispatch", false}, {"evacuate", true}};

    (void)state;
    bus_open(&bus);
    struct command policy = the_policy(&bus);
    policy.set_policy.order_kinds = kinds;
    policy.set_policy.order_kinds_n = 2;
    bus_do(&bus, policy);
    struct command command = good_evacuation(&bus);
    assert_int_equal(bus_say(&bus, &command), REFUSED_SECOND_PERSON);
    command = by(command, LI_NA, WANG_FANG);
    assert_int_equal(bus_do(&bus, command), 1);
    bus_close(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(issue_is_refused),
        cmocka_unit_test(dispatch_is_refused),
        cmocka_unit_test(second_person_is_for_actual_only),
        cmocka_unit_test(long_names_are_refused_in_whole_words),
        cmocka_unit_test(same_order_twice_changes_nothing),
        cmocka_unit_test(one_wrong_order_stops_all),
        cmocka_unit_test(order_without_incident_opens_one),
        cmocka_unit_test(recall_is_refused),
        cmocka_unit_test(evacuation_is_refused),
        cmocka_unit_test(evacuation_takes_two_where_the_policy_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
