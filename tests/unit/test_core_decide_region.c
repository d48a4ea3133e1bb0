/* Every refusal of founding, enrolment, revocation and policy, in order of precedence; who may say what;
 * the window of time. */
#include <string.h>

#include "tests/unit/core_fixture.h"

/* --- founding ---------------------------------------------------------------------------------------- */

static struct command founding(struct bus *bus)
{
    struct command command = by_root(bus, COMMAND_FOUND_REGION);

    command.found_region = (struct found_region){.region = REGION, .name = "", .parent = ""};
    command.found_region.root_key[0] = 1;
    command.found_region.broker_sign_key[0] = 2;
    command.found_region.broker_curve_key[0] = 3;
    return command;
}

static void founding_is_first_and_once(void **state)
{
    struct bus bus;

    (void)state;
    bus_bare(&bus);
    struct command command = a_report(&bus, 1, REPORT_INITIAL);
    assert_int_equal(bus_say(&bus, &command), REFUSED_FOUNDING);
    command = by_broker(&bus, COMMAND_SET_CLOCK);
    assert_int_equal(bus_say(&bus, &command), REFUSED_FOUNDING);
    command = founding(&bus);
    command.signer = SIGNER_AGENT;
    assert_int_equal(bus_say(&bus, &command), REFUSED_RIGHT);
    command = founding(&bus);
    command.found_region.region = "370103";
    assert_int_equal(bus_say(&bus, &command), REFUSED_REGION);
    command = founding(&bus);
    command.found_region.broker_curve_key[0] = 0;
    assert_int_equal(bus_say(&bus, &command), REFUSED_INVALID);
    command = founding(&bus);
    assert_int_equal(bus_do(&bus, command), 1);
    assert_int_equal(bus_say(&bus, &command), REFUSED_FOUNDING);
    bus_close(&bus);
}

static void each_signer_has_its_commands(void **state)
{
    static const enum command_kind kinds[] = {
        COMMAND_FOUND_REGION,   COMMAND_ENROL_AGENT,      COMMAND_ENROL_OPERATOR,
        COMMAND_REVOKE,         COMMAND_SET_POLICY,       COMMAND_FILE_REPORT,
        COMMAND_CLOSE_INCIDENT, COMMAND_ISSUE_ORDERS,     COMMAND_RECALL_ORDER,
        COMMAND_GIVE_RECEIPT,   COMMAND_ORDER_EVACUATION, COMMAND_STATE_UNITS,
        COMMAND_RECORD_HISTORY, COMMAND_RECORD_ALERT,     COMMAND_ACK,
        COMMAND_PASS_DEADLINES, COMMAND_SET_CLOCK,        COMMAND_COUNT_REFUSALS,
        COMMAND_RECOVER,        COMMAND_NOTE_LOSS,        COMMAND_REISSUE_ORDER};
    /* r root, b broker, a agents and operators; in the order of kinds */
    static const char *const may[] = {"r", "ra", "ra", "ra", "ra", "a", "a", "a", "a", "a", "a",
                                      "a", "a",  "a",  "a",  "b",  "b", "b", "b", "b", "b"};
    struct bus bus;

    (void)state;
    bus_open(&bus);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct command command = from(&bus, CHEN_WEI, kinds[i]);
        for (enum signer signer = SIGNER_AGENT; signer <= SIGNER_BROKER; signer++) {
            char letter = signer == SIGNER_ROOT ? 'r' : signer == SIGNER_BROKER ? 'b' : 'a';
            if (strchr(may[i], letter) == NULL) {
                command.signer = signer;
                command.agent = CENTRE;
                command.operator= signer == SIGNER_OPERATOR ? LI_NA : "";
                assert_int_equal(bus_say(&bus, &command), REFUSED_RIGHT);
            }
        }
    }
    struct command none = from(&bus, CENTRE, COMMAND_NONE);
    assert_int_equal(bus_say(&bus, &none), REFUSED_INVALID);
    bus_close(&bus);
}

static void window_has_edges(void **state)
{
    static const struct {
        int64_t issued, expires; /* from now */
        enum refusal refusal;
    } rows[] = {
        {TOLERANCE, TOLERANCE, REFUSED_NOT},
        {TOLERANCE + 1, TOLERANCE + 1, REFUSED_CLOCK},
        {-TOLERANCE, -TOLERANCE, REFUSED_NOT},
        {-TOLERANCE - 1, -TOLERANCE - 1, REFUSED_EXPIRED},
        {0, INT64_C(7) * 24 * 60 * MINUTE, REFUSED_NOT},
        {0, INT64_C(7) * 24 * 60 * MINUTE + 1, REFUSED_INVALID},
        {-T0, 0, REFUSED_INVALID},
    };
    struct bus bus;

    (void)state;
    bus_open(&bus);
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct command command = a_report(&bus, i + 1, REPORT_INITIAL);
        command.issued_at_ms = T0 + rows[i].issued;
        command.expires_at_ms = T0 + rows[i].expires;
        assert_int_equal(bus_say(&bus, &command), rows[i].refusal);
    }
    bus_close(&bus);
}

/* --- enrolment --------------------------------------------------------------------------------------- */

static struct command good_agent(struct bus *bus)
{
    struct command command = by(from(bus, CENTRE, COMMAND_ENROL_AGENT), ADMIN, "");

    command.enrol = (struct enrol){.name = "370102/water/pump-house", .rights = words_of(bus, "receipt")};
    command.enrol.sign_key[0] = 200;
    command.enrol.curve_key[0] = 200;
    return command;
}

static struct command good_operator(struct bus *bus)
{
    struct command command = by(from(bus, CENTRE, COMMAND_ENROL_OPERATOR), ADMIN, "");

    command.enrol = (struct enrol){.name = "zhao.lei", .rights = words_of(bus, "order")};
    command.enrol.sign_key[0] = 201;
    return command;
}

static void bad_name(struct bus *bus, struct command *command)
{
    (void)bus;
    command->enrol.name = command->kind == COMMAND_ENROL_AGENT ? "370102/water" : "370102/water/zhao";
}

static void brokers_name(struct bus *bus, struct command *command)
{
    (void)bus;
    command->enrol.name = "broker";
}

static void name_of_another_region(struct bus *bus, struct command *command)
{
    (void)bus;
    command->enrol.name = "370103/water/pump-house";
}

static void no_sign_key(struct bus *bus, struct command *command)
{
    (void)bus;
    command->enrol.sign_key[0] = 0;
}

static void no_curve_key(struct bus *bus, struct command *command)
{
    (void)bus;
    command->enrol.curve_key[0] = 0;
}

static const struct member *li_na(const struct bus *bus)
{
    return region_member(state_region(bus->state), LI_NA);
}

static void key_of_another(struct bus *bus, struct command *command)
{
    memcpy(command->enrol.sign_key, li_na(bus)->sign_key, KEY_BYTES);
}

static void curve_key_of_another(struct bus *bus, struct command *command)
{
    memcpy(command->enrol.curve_key, region_member(state_region(bus->state), POLICE)->curve_key, KEY_BYTES);
}

static void enrolment_is_refused(void **state)
{
    static const struct fault agent_rows[] = {
        FAULTS_OF_ALL,
        {"bad name", REFUSED_INVALID, bad_name},
        {"other region's name", REFUSED_INVALID, name_of_another_region},
        {"no sign key", REFUSED_INVALID, no_sign_key},
        {"no curve key", REFUSED_INVALID, no_curve_key},
        {"without the right", REFUSED_RIGHT, spoil_right},
        {"key of another", REFUSED_CONFLICT, key_of_another},
        {"curve key of another", REFUSED_CONFLICT, curve_key_of_another},
    };
    static const struct fault operator_rows[] = {
        FAULTS_OF_ALL,
        {"bad name", REFUSED_INVALID, bad_name},
        {"the broker's name", REFUSED_INVALID, brokers_name},
        {"no sign key", REFUSED_INVALID, no_sign_key},
        {"without the right", REFUSED_RIGHT, spoil_right},
        {"key of another", REFUSED_CONFLICT, key_of_another},
    };

    (void)state;
    check_refusals(good_agent, agent_rows, sizeof agent_rows / sizeof agent_rows[0]);
    check_refusals(good_operator, operator_rows, sizeof operator_rows / sizeof operator_rows[0]);
}

static void enrolling_again_is_nothing_or_a_rotation(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command command = good_agent(&bus);
    assert_int_equal(bus_do(&bus, command), 1);
    assert_int_equal(bus_do(&bus, command), 0);
    command.enrol.sign_key[0] = 202;
    assert_int_equal(bus_do(&bus, command), 1);
    struct command revoke = by_root(&bus, COMMAND_REVOKE);
    revoke.revoke = (struct revoke){.name = command.enrol.name, .reason = ""};
    assert_int_equal(bus_do(&bus, revoke), 1);
    assert_int_equal(bus_do(&bus, revoke), 0);
    struct command order = an_order(&bus, 0, 1, command.enrol.name);
    order.issue_orders.incident = (struct id){{0}};
    assert_int_equal(bus_say(&bus, &order), REFUSED_NO_ADDRESSEE);
    assert_int_equal(bus_do(&bus, command), 1);
    assert_int_equal(bus_do(&bus, order), 2);
    bus_close(&bus);
}

/* --- revocation and policy --------------------------------------------------------------------------- */

static struct command good_revoke(struct bus *bus)
{
    struct command command = by(from(bus, CENTRE, COMMAND_REVOKE), ADMIN, "");

    command.revoke = (struct revoke){.name = LI_NA, .reason = ""};
    return command;
}

static void unknown_member(struct bus *bus, struct command *command)
{
    (void)bus;
    command->revoke.name = "nobody";
}

static struct command good_policy(struct bus *bus)
{
    struct command command = by(from(bus, CENTRE, COMMAND_SET_POLICY), ADMIN, "");

    command.set_policy = the_policy(bus).set_policy;
    command.set_policy.version = "test-2";
    return command;
}

static void negative_time(struct bus *bus, struct command *command)
{
    (void)bus;
    command->set_policy.amend_answer_ms = -1;
}

static void endless_tolerance(struct bus *bus, struct command *command)
{
    (void)bus;
    command->set_policy.clock_tolerance_ms = INT64_MAX;
}

static void change_kind(struct bus *bus, struct command *command, const char *required, int64_t within)
{
    struct kind_policy *kinds = arena_array(&bus->arena, struct kind_policy, 1);

    kinds[0] =
        (struct kind_policy){.kind = "flood", .required = words_of(bus, required), .ask_within_ms = within};
    command->set_policy.kinds = kinds;
    command->set_policy.kinds_n = 1;
}

static void no_fact(struct bus *bus, struct command *command)
{
    change_kind(bus, command, "place weather", MINUTE);
}

static void no_time_to_ask(struct bus *bus, struct command *command)
{
    change_kind(bus, command, "place", 0);
}

static void revocation_and_policy_are_refused(void **state)
{
    static const struct fault revoke_rows[] = {
        FAULTS_OF_ALL,
        {"without the right", REFUSED_RIGHT, spoil_right},
        {"unknown member", REFUSED_NO_ADDRESSEE, unknown_member},
    };
    static const struct fault policy_rows[] = {
        FAULTS_OF_ALL,
        {"negative time", REFUSED_INVALID, negative_time},
        {"endless tolerance", REFUSED_INVALID, endless_tolerance},
        {"no such fact", REFUSED_INVALID, no_fact},
        {"no time to ask", REFUSED_INVALID, no_time_to_ask},
        {"without the right", REFUSED_RIGHT, spoil_right},
    };
    struct bus bus;

    (void)state;
    check_refusals(good_revoke, revoke_rows, sizeof revoke_rows / sizeof revoke_rows[0]);
    check_refusals(good_policy, policy_rows, sizeof policy_rows / sizeof policy_rows[0]);
    bus_open(&bus);
    assert_int_equal(bus_do(&bus, good_policy(&bus)), 1);
    assert_int_equal(bus_do(&bus, good_policy(&bus)), 0);
    bus_close(&bus);
}

static void broker_sets_its_clock_and_counts(void **state)
{
    struct bus bus;

    (void)state;
    bus_open(&bus);
    struct command command = by_broker(&bus, COMMAND_SET_CLOCK);
    command.set_clock = (struct set_clock){.bus_ms = T0, .utc_ms = T0 + 1, .boot_ms = 5, .reason = "start"};
    assert_int_equal(bus_do(&bus, command), 1);
    assert_int_equal(state_region(bus.state)->clock_boot_ms, 5);
    command = by_broker(&bus, COMMAND_COUNT_REFUSALS);
    command.count_refusals = (struct count_refusals){.agent = POLICE};
    assert_int_equal(bus_do(&bus, command), 0);
    command.count_refusals.count = 7;
    assert_int_equal(bus_do(&bus, command), 1);
    assert_int_equal(bus_do(&bus, command), 1);
    assert_int_equal(state_region(bus.state)->refusals_counted, 14);
    bus_close(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(founding_is_first_and_once),
        cmocka_unit_test(each_signer_has_its_commands),
        cmocka_unit_test(window_has_edges),
        cmocka_unit_test(enrolment_is_refused),
        cmocka_unit_test(enrolling_again_is_nothing_or_a_rotation),
        cmocka_unit_test(revocation_and_policy_are_refused),
        cmocka_unit_test(broker_sets_its_clock_and_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
