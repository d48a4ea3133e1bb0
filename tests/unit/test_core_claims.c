/* What claims a region that is another's, or none: keys of links, codes, records that bear our name,
 * parents. */
#include <string.h>

#include "tests/unit/core_telling.h"

static void begin(struct bus *bus)
{
    struct command command = by_broker(bus, COMMAND_SET_CLOCK);

    command.set_clock = (struct set_clock){.bus_ms = bus->env.now_ms,
                                           .utc_ms = bus->env.now_ms,
                                           .boot_ms = 1,
                                           .reason = "start",
                                           .generation = GENERATION_CLAIMS};
    bus_do(bus, command);
}

static struct command an_enrolment(struct bus *bus, const char *name, uint8_t key)
{
    struct command command = by_root(bus, COMMAND_ENROL_AGENT);

    command.enrol = (struct enrol){.name = name, .rights = words_of(bus, "link")};
    command.enrol.sign_key[0] = command.enrol.curve_key[0] = key;
    return command;
}

static void one_key_speaks_for_a_region(void **state)
{
    struct bus bus;
    struct command command;

    (void)state;
    bus_open(&bus);
    begin(&bus);
    bus_do(&bus, an_enrolment(&bus, CITY_LINK, 201));
    assert_int_equal(bus_do(&bus, an_enrolment(&bus, CITY_LINK, 201)), 0); /* it is */
    command = an_enrolment(&bus, CITY_LINK, 202);
    assert_int_equal(bus_say(&bus, &command), REFUSED_CONFLICT);
    assert_non_null(strstr(bus.decision.detail, "another key"));
    struct command revoked = by_root(&bus, COMMAND_REVOKE);
    revoked.revoke = (struct revoke){.name = CITY_LINK, .reason = "a new machine"};
    bus_do(&bus, revoked);
    bus_do(&bus, an_enrolment(&bus, CITY_LINK, 202)); /* its new key, by a person's word */
    bus_close(&bus);
}

static void a_link_leads_to_another_region_that_there_is(void **state)
{
    static const struct {
        const char *name, *why;
    } rows[] = {{REGION "/broker/link", "this is region " REGION " itself"},
                {"990100/broker/link", "no code of GB/T 2260"},
                {"3701/broker/link", "no code of GB/T 2260"}};
    struct bus bus;

    (void)state;
    bus_open(&bus);
    begin(&bus);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct command command = an_enrolment(&bus, rows[i].name, 201);
        assert_int_equal(bus_say(&bus, &command), REFUSED_INVALID);
        assert_non_null(strstr(bus.decision.detail, rows[i].why));
    }
    bus_close(&bus);
}

static void what_is_no_region_is_not_referred_to(void **state)
{
    static const char *const codes[] = {"990100", "3701", "37", "37010", "370102001002003", "0", ""};
    struct bus bus;

    (void)state;
    open_linked(&bus);
    begin(&bus);
    bus_do(&bus, a_report(&bus, 1, REPORT_INITIAL));
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct command command = a_referral(&bus, 1, codes[i]);
        assert_int_equal(bus_say(&bus, &command), REFUSED_INVALID);
    }
    struct command order = an_order(&bus, 1, 5, "990100/fire-rescue");
    assert_int_equal(bus_say(&bus, &order), REFUSED_NO_ADDRESSEE);
    bus_do(&bus, a_referral(&bus, 1, "370105")); /* by way of the city */
    bus_close(&bus);
}

/* Another broker speaks for us somewhere, and a neighbour tells us of it. */
static void what_bears_our_name_is_in_our_log(void **state)
{
    struct bus bus;
    struct command command;

    (void)state;
    open_linked(&bus);
    begin(&bus);
    command = with(&bus, with(&bus, telling(&bus, NEIGHBOUR_LINK, REGION, 17), opened()), reported(1));
    assert_int_equal(bus_say(&bus, &command), REFUSED_CONFLICT);
    assert_non_null(strstr(bus.decision.detail, "two brokers claim region " REGION ": record 17"));
    assert_null(state_incident(bus.state, incident_id(1)));
    bus_do(&bus, a_report(&bus, 1, REPORT_INITIAL)); /* of what is here it is our own word */
    assert_int_equal(bus_do(&bus, telling(&bus, NEIGHBOUR_LINK, REGION, 17)), 0);
    bus_close(&bus);
}

/* ... but for what was lost with an epoch that a recovery has ended. */
static void what_an_earlier_epoch_lost_is_passed_over(void **state)
{
    struct bus bus;

    (void)state;
    open_linked(&bus);
    begin(&bus);
    bus.env.epoch = 2;
    struct command command =
        with(&bus, with(&bus, telling(&bus, NEIGHBOUR_LINK, REGION, 17), opened()), reported(1));
    command.epoch = 2;
    assert_int_equal(bus_do(&bus, command), 0);
    bus_close(&bus);
}

static void a_parent_is_of_a_higher_level(void **state)
{
    static const struct {
        const char *parent, *code;
        bool may;
    } rows[] = {
        {"370000", "370100", true},    {"370100", "370102", true},          {"370000", "370102", true},
        {"370102", "370102001", true}, {"370102001", "370102001002", true}, {"110000", "110101", true},
        {"370100", "370100", false},   {"370102", "370100", false},         {"370103", "370102", false},
        {"370100", "370000", false},   {"370102001", "370102", false},      {"370200", "370100", false},
        {"410000", "370000", false}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(region_may_be_parent(rows[i].parent, rows[i].code), rows[i].may);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_key_speaks_for_a_region),
        cmocka_unit_test(a_link_leads_to_another_region_that_there_is),
        cmocka_unit_test(what_is_no_region_is_not_referred_to),
        cmocka_unit_test(what_bears_our_name_is_in_our_log),
        cmocka_unit_test(what_an_earlier_epoch_lost_is_passed_over),
        cmocka_unit_test(a_parent_is_of_a_higher_level),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
