/* Orders that are declined: rules are asked of it at once, in a record of the broker's own, and once. */
#include <string.h>

#include "tests/unit/core_telling.h"
#include "tests/unit/rules_fixture.h"

#define CLIMB                                                                                        \
    PACK "  - {rule: next, when: order-declined, if: step < 2, do: [{reissue: next-able}]}\n"        \
         "  - {rule: up, when: order-declined, if: step >= 2, do: [refer: parent, notify: chief]}\n" \
         "  - {rule: nobody, when: ability-short, if: agency = '370102/fire-rescue', do: [refer: "   \
         "parent]}\n"
#define SILENCE PACK "  - {rule: next, when: order-unanswered, do: [{reissue: next-able}]}\n"

static void open_it(struct region_with_rules *r, const char *pack, uint32_t generation)
{
    rules_open(r, pack);
    bus_generation(&r->bus, generation);
}

static void open_incident(struct region_with_rules *r, const char *pack, uint32_t generation)
{
    open_it(r, pack, generation);
    struct command report = a_report(&r->bus, 1, REPORT_INITIAL);
    report.file_report.facts.place = "workshop"; /* which the policy asks for */
    bus_do(&r->bus, report);
    rules_pass(r);
    assert_int_equal(incident_due(rules_incident(r)), 0);
}

static void decline(struct region_with_rules *r, const char *agent, unsigned order)
{
    bus_do(&r->bus, a_receipt(&r->bus, agent, 1, order_id(order), RUNG_DECLINED));
}

/* An incident with an order to this address, and what the agent says of it. */
static void declined(struct region_with_rules *r, const char *pack, const char *addressee, const char *by)
{
    open_incident(r, pack, GENERATION_DECLINED);
    bus_do(&r->bus, an_order(&r->bus, 1, 1, addressee));
    decline(r, by, 1);
}

static void is_due(const struct region_with_rules *r, unsigned order)
{
    const struct event *due = bus_event(&r->bus, EVENT_RULES_DUE, 0);

    assert_non_null(due);
    assert_true(id_equal(due->order, order_id(order)));
    assert_int_equal(bus_events(&r->bus, EVENT_RULE_FIRED), 0); /* no receipt waits for rules */
    assert_int_equal(incident_due(rules_incident(r)), r->bus.env.now_ms);
    assert_true(incident_is_live(rules_incident(r)));
}

static void is_over(struct region_with_rules *r)
{
    assert_int_equal(bus_order(&r->bus, 1, order_id(1))->declined_due_ms, 0);
    assert_int_equal(rules_pass(r), 0);
}

static void has_free_unit(struct region_with_rules *r, const char *agent)
{
    struct unit *unit = arena_array(&r->bus.arena, struct unit, 1);
    struct command command = from(&r->bus, agent, COMMAND_STATE_UNITS);

    assert_non_null(unit);
    *unit = (struct unit){.id = "engine-1", .type = "engine", .team = "", .status = UNIT_FREE};
    command.state_units = (struct state_units){.units = unit, .units_n = 1};
    bus_do(&r->bus, command);
}

/* As the broker says it. */
static void reissue(struct region_with_rules *r, unsigned order, unsigned new_order)
{
    struct command command = by_broker(&r->bus, COMMAND_REISSUE_ORDER);

    command.agent = "broker";
    command.reissue_order = (struct reissue_order){.incident = incident_id(1),
                                                   .order = order_id(order),
                                                   .new_order = order_id(new_order),
                                                   .said_order = order_id(1),
                                                   .said_seq = 1,
                                                   .said = {(const uint8_t *)"said", 4},
                                                   .agents = words_of(&r->bus, STATION_4 " " POLICE)};
    bus_do(&r->bus, command);
}

/* --- what it does --------------------------------------------------------------------------------------- */

static void a_declined_order_goes_to_the_next(void **state)
{
    struct region_with_rules r;

    (void)state;
    declined(&r, CLIMB, STATION_3, STATION_3);
    is_due(&r, 1);
    rules_pass(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_RULES_ASKED), 1);
    assert_true(id_equal(rules_fired(&r, "next")->order, order_id(1)));
    assert_string_equal(rules_fired(&r, "next")->rule.when, "order-declined");
    assert_string_equal(rules_seen(rules_fired(&r, "next"), "agent"), STATION_3); /* whatever it asked for */
    assert_string_equal(rules_seen(rules_fired(&r, "next"), "step"), "0");
    assert_string_equal(bus_event(&r.bus, EVENT_REISSUE_WANTED, 0)->reissue_wanted.rule, "p/next");
    is_over(&r);

    has_free_unit(&r, STATION_4);
    reissue(&r, 1, 2);
    const struct order_reissued *e = &bus_event(&r.bus, EVENT_ORDER_REISSUED, 0)->order_reissued;
    assert_string_equal(e->addressee, STATION_4);
    assert_int_equal(e->step, 1);
    assert_int_equal(bus_events(&r.bus, EVENT_ORDER_RECALLED), 0); /* it has its outcome */
    assert_int_equal(bus_order(&r.bus, 1, order_id(1))->rung, RUNG_DECLINED);
    assert_int_equal(incident_due(rules_incident(&r)), bus_order(&r.bus, 1, order_id(2))->answer_by_ms);
    rules_close(&r);
}

static void each_decline_climbs_a_step(void **state)
{
    static const char *const by[] = {STATION_3, STATION_4, POLICE};
    struct region_with_rules r;

    (void)state;
    declined(&r, CLIMB, STATION_3, STATION_3);
    has_free_unit(&r, STATION_4);
    has_free_unit(&r, POLICE);
    for (unsigned i = 0; i < 2; i++) {
        rules_pass(&r);
        assert_non_null(rules_fired(&r, "next"));
        reissue(&r, i + 1, i + 2);
        decline(&r, by[i + 1], i + 2);
        is_due(&r, i + 2);
    }
    rules_pass(&r);
    assert_null(rules_fired(&r, "next"));
    assert_string_equal(rules_seen(rules_fired(&r, "up"), "agent"), POLICE);
    assert_string_equal(bus_event(&r.bus, EVENT_REFERRED, 0)->referred.rule, "p/up");
    assert_string_equal(bus_event(&r.bus, EVENT_NOTIFIED, 0)->notified.role, "chief");
    is_over(&r);
    rules_close(&r);
}

static void nobody_else_is_able(void **state)
{
    struct region_with_rules r;

    (void)state;
    declined(&r, CLIMB, FIRE, STATION_3);
    rules_pass(&r);
    reissue(&r, 1, 2); /* nobody has said that a unit is free */
    assert_int_equal(bus_events(&r.bus, EVENT_ABILITY_SHORT), 1);
    assert_string_equal(rules_seen(rules_fired(&r, "nobody"), "agency"), FIRE);
    assert_int_equal(bus_events(&r.bus, EVENT_REFERRED), 1);
    is_over(&r);
    rules_close(&r);
}

/* What its rules change is asked about like anything else. */
static void an_incidents_rules_see_what_it_did(void **state)
{
    struct region_with_rules r;

    (void)state;
    declined(&r,
             PACK "  - {rule: raise, when: order-declined, do: [raise: II]}\n"
                  "  - {rule: high, when: incident, if: level = 2, do: [notify: chief]}\n",
             STATION_3, STATION_3);
    bus_do(&r.bus, deadlines(&r.bus, 1)); /* the incident's own come first or last */
    bus_do(&r.bus, deadlines(&r.bus, 1));
    assert_int_equal(rules_incident(&r)->level, GRADE_II);
    assert_non_null(rules_fired(&r, "high"));
    is_over(&r);
    rules_close(&r);
}

/* With its only order an incident of an order's own would end. */
static void it_is_asked_though_nothing_else_is_open(void **state)
{
    struct region_with_rules r;
    struct command command;
    struct id id;

    (void)state;
    open_it(&r, CLIMB, GENERATION_DECLINED);
    command = an_order(&r.bus, 1, 1, STATION_3);
    command.issue_orders.incident = (struct id){.b = {0}};
    bus_do(&r.bus, command);
    id = order_id(1); /* it opens one under its own id */
    command = a_receipt(&r.bus, STATION_3, 1, id, RUNG_DECLINED);
    command.give_receipt.incident = id;
    bus_do(&r.bus, command);
    const struct incident *incident = state_incident(r.bus.state, id);
    assert_true(incident->bare && incident_is_live(incident));
    assert_int_equal(incident_due(incident), r.bus.env.now_ms);
    rules_close(&r);
}

/* --- what is none --------------------------------------------------------------------------------------- */

static void only_an_outcome_counts(void **state)
{
    struct region_with_rules r;

    (void)state;
    open_incident(&r, CLIMB, GENERATION_DECLINED);
    bus_do(&r.bus, an_order(&r.bus, 1, 1, FIRE));
    bus_do(&r.bus, a_receipt(&r.bus, STATION_4, 1, order_id(1), RUNG_ACCEPTED));
    decline(&r, STATION_3, 1); /* who stays says so, and another goes */
    assert_int_equal(bus_events(&r.bus, EVENT_RECEIPT_NOTED), 1);
    assert_int_equal(bus_events(&r.bus, EVENT_RULES_DUE), 0);

    bus_do(&r.bus, an_order(&r.bus, 1, 2, FIRE));
    decline(&r, STATION_3, 2); /* for all of the agency; said once more by another it is noted */
    is_due(&r, 2);
    rules_pass(&r);
    decline(&r, STATION_4, 2);
    assert_int_equal(bus_events(&r.bus, EVENT_RECEIPT_NOTED), 1);
    assert_int_equal(bus_events(&r.bus, EVENT_RULES_DUE), 0);
    rules_close(&r);
}

static void people_come_first(void **state)
{
    struct region_with_rules r;

    (void)state;
    declined(&r, CLIMB, STATION_3, STATION_3);
    struct command command = an_order(&r.bus, 1, 2, POLICE);
    orders_of(&r.bus, &command)[0].reissue_of = order_id(1);
    bus_do(&r.bus, command);
    rules_pass(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_RULES_ASKED), 1);
    assert_int_equal(bus_events(&r.bus, EVENT_RULE_FIRED), 0);
    is_over(&r);
    rules_close(&r);
}

static void nobody_is_asked(void **state)
{
    static const struct {
        const char *what, *pack;
        uint32_t generation;
    } rows[] = {{"no rule of declines", SILENCE, GENERATION_DECLINED},
                {"no pack", NULL, GENERATION_DECLINED},
                {"a log of before", CLIMB, GENERATION_DECLINED - 1}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct region_with_rules r;
        open_incident(&r, rows[i].pack, rows[i].generation);
        bus_do(&r.bus, an_order(&r.bus, 1, 1, STATION_3));
        decline(&r, STATION_3, 1);
        if (bus_events(&r.bus, EVENT_RULES_DUE) != 0 || incident_due(rules_incident(&r)) != 0) {
            fail_msg("%s: asked", rows[i].what);
        }
        rules_close(&r);
    }
}

/* What a pack of today would have done to it. */
static void a_log_of_before_may_be_tried_out(void **state)
{
    struct region_with_rules r;
    struct decision decision;

    (void)state;
    open_incident(&r, CLIMB, GENERATION_DECLINED - 1);
    bus_do(&r.bus, an_order(&r.bus, 1, 1, STATION_3));
    const struct event said = {.kind = EVENT_RUNG_REACHED,
                               .incident = incident_id(1),
                               .order = order_id(1),
                               .at_ms = r.bus.env.now_ms,
                               .rung = {.rung = RUNG_DECLINED, .agent = STATION_3}};
    assert_int_equal(decide_told(r.bus.state, &said, 1, &r.bus.env, &r.bus.arena, &decision), 0);
    assert_int_equal(decision.events_n, 2);
    assert_int_equal(decision.events[1].kind, EVENT_RULES_DUE);
    assert_true(id_equal(decision.events[1].order, order_id(1)));
    rules_close(&r);
}

/* The packs were dropped between the decline and its record: it is not due for ever. */
static void a_pack_may_be_gone_meanwhile(void **state)
{
    struct region_with_rules r;

    (void)state;
    declined(&r, CLIMB, STATION_3, STATION_3);
    struct command command = by(from(&r.bus, CENTRE, COMMAND_DROP_PACK), ADMIN, "");
    command.drop_pack.name = "p";
    bus_do(&r.bus, command);
    rules_pass(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_RULES_ASKED), 1);
    assert_int_equal(bus_events(&r.bus, EVENT_RULE_FIRED), 0);
    is_over(&r);
    rules_close(&r);
}

/* --- another region's word ------------------------------------------------------------------------------ */

static void open_shared(struct region_with_rules *r)
{
    open_it(r, CLIMB, GENERATION_DECLINED);
    enrol_link(&r->bus, CITY_LINK);
    open_and_share(&r->bus);
    bus_do(&r->bus, deadlines(&r->bus, 1));
}

static void an_order_of_ours_is_declined_there(void **state)
{
    struct region_with_rules r;

    (void)state;
    open_shared(&r);
    bus_do(&r.bus, an_order(&r.bus, 1, 1, CITY_STATION));
    struct command told = telling(&r.bus, CITY_LINK, CITY, 11);
    told = with(&r.bus, told, rung(1, EVENT_RUNG_REACHED, RUNG_DECLINED, CITY_STATION));
    bus_do(&r.bus, with(&r.bus, told, rung(1, EVENT_RUNG_REACHED, RUNG_DECLINED, CITY_STATION)));
    assert_int_equal(bus_events(&r.bus, EVENT_RULES_DUE), 1); /* once */
    is_due(&r, 1);
    rules_pass(&r);
    assert_string_equal(rules_seen(rules_fired(&r, "next"), "agent"), CITY_STATION);
    rules_close(&r);
}

/* Its home's rules are asked of it. */
static void an_order_of_theirs_is_declined_here(void **state)
{
    struct region_with_rules r;

    (void)state;
    open_shared(&r);
    bus_do(&r.bus, with(&r.bus, telling(&r.bus, CITY_LINK, CITY, 11), issued(&r.bus, 1, STATION_3)));
    decline(&r, STATION_3, 1);
    assert_int_equal(bus_order(&r.bus, 1, order_id(1))->rung, RUNG_DECLINED);
    assert_int_equal(bus_events(&r.bus, EVENT_RULES_DUE), 0);
    rules_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_declined_order_goes_to_the_next),
        cmocka_unit_test(each_decline_climbs_a_step),
        cmocka_unit_test(nobody_else_is_able),
        cmocka_unit_test(an_incidents_rules_see_what_it_did),
        cmocka_unit_test(it_is_asked_though_nothing_else_is_open),
        cmocka_unit_test(only_an_outcome_counts),
        cmocka_unit_test(people_come_first),
        cmocka_unit_test(nobody_is_asked),
        cmocka_unit_test(a_log_of_before_may_be_tried_out),
        cmocka_unit_test(a_pack_may_be_gone_meanwhile),
        cmocka_unit_test(an_order_of_ours_is_declined_there),
        cmocka_unit_test(an_order_of_theirs_is_declined_here),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
