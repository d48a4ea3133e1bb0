/* Orders that nobody answers: reminded, given to the next agency that is able to, and shown to rules when
 * nobody is. */
#include <stdio.h>
#include <string.h>

#include "common/core/route.h"
#include "tests/unit/rules_fixture.h"

#define CLIMB                                                                                   \
    PACK "  - {rule: remind, when: order-unanswered, if: step = 0, do: [remind: 2 min]}\n"      \
         "  - {rule: next, when: order-unanswered, if: step > 0, do: [{reissue: next-able}]}\n" \
         "  - {rule: up, when: ability-short, if: free = 0, do: [refer: parent]}\n"
#define AT_ONCE                                                                                             \
    PACK "  - {rule: next, when: order-unanswered, do: [{reissue: next-able}]}\n"                           \
         "  - {rule: up, when: ability-short, if: ability = 'scba' and agency = '370102/fire-rescue', do: " \
         "[refer: parent]}\n"

enum { REMIND_IN = 2 * MINUTE };

/* An incident with an order to this address, whose time has passed. */
static void unanswered(struct region_with_rules *r, const char *pack, const char *addressee)
{
    rules_open(r, pack);
    rules_report(r, 0, 0);
    rules_ask(r);
    bus_do(&r->bus, an_order(&r->bus, 1, 1, addressee));
    bus_after(&r->bus, ANSWER_IN);
    rules_pass(r);
    assert_int_equal(bus_events(&r->bus, EVENT_ORDER_UNANSWERED), 1);
}

static void state_unit(struct region_with_rules *r, const char *agent, enum unit_status status,
                       const char *abilities, const char *equipment)
{
    struct unit *unit = arena_array(&r->bus.arena, struct unit, 1);
    struct command command = from(&r->bus, agent, COMMAND_STATE_UNITS);

    assert_non_null(unit);
    *unit = (struct unit){.id = "engine-1",
                          .type = "engine",
                          .team = "",
                          .status = status,
                          .abilities = words_of(&r->bus, abilities),
                          .equipment = words_of(&r->bus, equipment)};
    command.state_units = (struct state_units){.units = unit, .units_n = 1};
    bus_do(&r->bus, command);
}

/* As the broker says it. */
static struct command a_reissue(struct region_with_rules *r, unsigned order, unsigned new_order)
{
    struct command command = by_broker(&r->bus, COMMAND_REISSUE_ORDER);

    command.agent = "broker";
    command.reissue_order =
        (struct reissue_order){.incident = incident_id(1),
                               .order = order_id(order),
                               .new_order = order_id(new_order),
                               .said_order = order_id(1),
                               .said_seq = 1,
                               .said = {(const uint8_t *)"said", 4},
                               .agents = words_of(&r->bus, STATION_4 " " STATION_3 " " HOSPITAL " " POLICE)};
    return command;
}

static void told(void *ctx, const char *agent, enum lane lane, struct id order)
{
    buf_printf(ctx, "%s:%s%s ", strrchr(agent, '/') + 1, lane_name(lane), id_is_zero(order) ? "" : "*");
}

static void took_back(void *ctx, const char *agent, enum lane lane, struct id order)
{
    (void)order;
    buf_printf(ctx, "%s:%s! ", strrchr(agent, '/') + 1, lane_name(lane));
}

/* Who is told of the last record: agent:lane, * an order, ! taken back. */
static void tells(const struct region_with_rules *r, const char *expected)
{
    struct buf got;

    buf_init(&got, 0);
    struct route_sink sink = {.ctx = &got, .add = told, .recalled = took_back};
    for (size_t i = 0; i < r->bus.decision.events_n; i++) {
        route(r->bus.state, &r->bus.decision.events[i], "broker", &sink);
    }
    assert_string_equal(buf_text(&got), expected);
    buf_free(&got);
}

/* --- reminders ---------------------------------------------------------------------------------------- */

static void an_addressee_is_reminded_once(void **state)
{
    struct region_with_rules r;

    (void)state;
    unanswered(&r, CLIMB, STATION_3);
    const struct event *event = bus_event(&r.bus, EVENT_ORDER_REMINDED, 0);
    assert_non_null(event);
    assert_string_equal(event->order_reminded.rule, "p/remind");
    assert_int_equal(event->order_reminded.step, 1);
    assert_int_equal(event->order_reminded.answer_by_ms, r.bus.env.now_ms + REMIND_IN);
    assert_string_equal(rules_seen(rules_fired(&r, "remind"), "step"), "0");
    const struct order *order = bus_order(&r.bus, 1, order_id(1));
    assert_true(order->unanswered); /* who looks sees it still */
    assert_int_equal(order->answer_by_ms, r.bus.env.now_ms);
    assert_int_equal(order_due(order), r.bus.env.now_ms + REMIND_IN);
    tells(&r, "centre:urgent station-3:orders* ");
    bus_after(&r.bus, REMIND_IN - 1);
    assert_int_equal(rules_pass(&r), 0);
    bus_after(&r.bus, 1);
    rules_pass(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_ORDER_UNANSWERED), 1);
    assert_int_equal(bus_events(&r.bus, EVENT_ORDER_REMINDED), 0);
    assert_string_equal(rules_seen(rules_fired(&r, "next"), "step"), "1");
    rules_close(&r);
}

static void silence_is_counted_once(void **state)
{
    struct region_with_rules r;

    (void)state;
    unanswered(&r,
               PACK "  - {rule: remind, when: order-unanswered, if: step = 0, do: [remind: 2 min]}\n"
                    "  - {rule: count, when: order-unanswered, if: orders_silent = 1, do: [notify: chief]}\n",
               STATION_3);
    assert_non_null(rules_fired(&r, "count"));
    bus_after(&r.bus, REMIND_IN);
    rules_pass(&r);
    assert_non_null(rules_fired(&r, "count"));
    assert_string_equal(rules_seen(rules_fired(&r, "count"), "orders_silent"), "1");
    rules_close(&r);
}

static void an_answer_ends_it(void **state)
{
    struct region_with_rules r;

    (void)state;
    unanswered(&r, CLIMB, STATION_3);
    bus_do(&r.bus, a_receipt(&r.bus, STATION_3, 1, order_id(1), RUNG_ACCEPTED));
    bus_after(&r.bus, REMIND_IN);
    assert_int_equal(rules_pass(&r), 0);
    rules_close(&r);
}

/* Who has only acknowledged it has not answered. */
static void an_acknowledged_order_is_reminded_of(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, CLIMB);
    rules_report(&r, 0, 0);
    rules_ask(&r);
    bus_do(&r.bus, an_order(&r.bus, 1, 1, STATION_3));
    bus_do(&r.bus, a_receipt(&r.bus, STATION_3, 1, order_id(1), RUNG_ACKNOWLEDGED));
    bus_after(&r.bus, ANSWER_IN);
    rules_pass(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_ORDER_REMINDED), 1);
    rules_close(&r);
}

/* The last moment at which somebody else may be asked is that at which it expires. */
static void a_reminder_ends_with_the_order(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, CLIMB);
    rules_report(&r, 0, 0);
    rules_ask(&r);
    struct command command = an_order(&r.bus, 1, 1, STATION_3);
    orders_of(&r.bus, &command)[0].expires_at_ms = r.bus.env.now_ms + ANSWER_IN + MINUTE;
    bus_do(&r.bus, command);
    bus_after(&r.bus, ANSWER_IN);
    rules_pass(&r);
    assert_int_equal(bus_event(&r.bus, EVENT_ORDER_REMINDED, 0)->order_reminded.answer_by_ms,
                     r.bus.env.now_ms + MINUTE);
    bus_after(&r.bus, MINUTE);
    rules_pass(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_ORDER_EXPIRED), 1);
    assert_int_equal(bus_events(&r.bus, EVENT_REISSUE_WANTED), 1);
    assert_int_equal(incident_due(rules_incident(&r)), r.bus.env.now_ms);
    state_unit(&r, STATION_4, UNIT_FREE, "", "");
    bus_do(&r.bus, a_reissue(&r, 1, 2));
    assert_int_equal(bus_events(&r.bus, EVENT_ORDER_REISSUED), 1);
    assert_int_equal(bus_events(&r.bus, EVENT_ORDER_RECALLED), 0); /* it has its end */
    const struct order *order = bus_order(&r.bus, 1, order_id(2));
    assert_int_equal(order->answer_by_ms, r.bus.env.now_ms + ANSWER_IN);
    assert_int_equal(order->expires_at_ms, order->answer_by_ms);
    rules_close(&r);
}

static void rules_that_never_end_are_stopped(void **state)
{
    struct region_with_rules r;
    int reminders = 1;

    (void)state;
    unanswered(&r, PACK "  - {rule: remind, when: order-unanswered, do: [remind: 1 s]}\n", STATION_3);
    for (int i = 0; i < 2 * ORDER_STEPS_MAX; i++) {
        bus_after(&r.bus, SECOND);
        reminders += rules_pass(&r) > 0 && bus_events(&r.bus, EVENT_ORDER_REMINDED) > 0;
    }
    assert_int_equal(reminders, ORDER_STEPS_MAX);
    rules_close(&r);
}

static void everybody_of_an_evacuation_is_reminded(void **state)
{
    struct region_with_rules r;
    struct id order = evacuation_id(1);

    (void)state;
    rules_open(&r,
               PACK "  - {rule: both, when: order-unanswered, if: step = 0, do: [remind: 1 min, {reissue: "
                    "next-able}]}\n");
    rules_report(&r, 0, 0);
    rules_ask(&r);
    bus_do(&r.bus, an_order(&r.bus, 1, 1, STATION_3));
    bus_do(&r.bus, a_receipt(&r.bus, STATION_3, 1, order_id(1), RUNG_ON_SCENE));
    bus_do(&r.bus, by(an_evacuation(&r.bus, 1, 1), LI_NA, WANG_FANG));
    bus_after(&r.bus, ANSWER_IN);
    rules_pass(&r);
    order.b[ID_BYTES - 1] = 1;
    assert_true(id_equal(bus_event(&r.bus, EVENT_ORDER_REMINDED, 0)->order, order));
    assert_int_equal(bus_events(&r.bus, EVENT_REISSUE_WANTED), 0); /* nobody else can get out for them */
    rules_close(&r);
}

/* --- the next one -------------------------------------------------------------------------------------- */

static void wants_one_more(struct region_with_rules *r, const char *pack, const char *addressee)
{
    unanswered(r, pack, addressee);
    const struct event *event = bus_event(&r->bus, EVENT_REISSUE_WANTED, 0);
    assert_non_null(event);
    assert_string_equal(event->reissue_wanted.rule, "p/next");
    assert_int_equal(incident_due(rules_incident(r)), r->bus.env.now_ms);
    assert_true(incident_is_live(rules_incident(r)));
}

static void the_next_able_agency_gets_it(void **state)
{
    static const struct {
        const char *what, *to;
        const char *able, *abilities, *equipment; /* of STATION_4's unit */
        enum unit_status status;
        const char *addressee; /* NULL: nobody is able */
    } rows[] = {
        {"the other station", STATION_3, "", "", "", UNIT_FREE, STATION_4},
        {"its unit is out", STATION_3, "", "", "", UNIT_ASSIGNED, "370102/public-security"},
        {"it has what is asked for", STATION_3, "rescue", "rescue", "", UNIT_FREE, STATION_4},
        {"it is equipment", STATION_3, "rescue", "", "rescue", UNIT_FREE, STATION_4},
        {"nobody has it", STATION_3, "rescue", "ladder", "ladder", UNIT_FREE, NULL},
        {"all stations were asked", FIRE, "", "", "", UNIT_FREE, "370102/public-security"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct region_with_rules r;
        char pack[512];
        (void)snprintf(pack, sizeof pack,
                       PACK "  - {rule: next, when: order-unanswered, do: [{reissue: next-able%s%s}]}\n",
                       rows[i].able[0] != '\0' ? ", ability: " : "", rows[i].able);
        wants_one_more(&r, pack, rows[i].to);
        assert_string_equal(bus_event(&r.bus, EVENT_REISSUE_WANTED, 0)->reissue_wanted.ability, rows[i].able);
        state_unit(&r, STATION_4, rows[i].status, rows[i].abilities, rows[i].equipment);
        state_unit(&r, POLICE, UNIT_FREE, "", "");
        bus_do(&r.bus, a_reissue(&r, 1, 2));
        const struct event *event = bus_event(&r.bus, EVENT_ORDER_REISSUED, 0);
        if (rows[i].addressee == NULL
                ? event != NULL
                : event == NULL || strcmp(event->order_reissued.addressee, rows[i].addressee) != 0) {
            fail_msg("%s: %s", rows[i].what, event != NULL ? event->order_reissued.addressee : "nobody");
        }
        rules_close(&r);
    }
}

static void the_record_tells_both_orders(void **state)
{
    struct region_with_rules r;

    (void)state;
    wants_one_more(&r, AT_ONCE, FIRE);
    int64_t now = r.bus.env.now_ms, expires = bus_order(&r.bus, 1, order_id(1))->expires_at_ms;
    state_unit(&r, POLICE, UNIT_FREE, "", "");
    bus_do(&r.bus, a_reissue(&r, 1, 2));
    const struct order_issued *issued = &bus_event(&r.bus, EVENT_ORDER_ISSUED, 0)->order_issued;
    assert_string_equal(issued->kind, "dispatch");
    assert_string_equal(issued->issuer, CENTRE); /* who is told what becomes of it */
    assert_true(id_equal(issued->reissue_of, order_id(1)));
    assert_int_equal(issued->answer_by_ms, now + ANSWER_IN);
    assert_int_equal(issued->expires_at_ms, expires);
    assert_int_equal(issued->agents.n, 1);
    assert_string_equal(issued->agents.at[0], POLICE);
    tells(&r, "desk:orders* centre:orders centre:urgent station-3:orders! station-3:urgent station-4:orders! "
              "station-4:urgent centre:urgent ");
    const struct order_reissued *reissued = &bus_event(&r.bus, EVENT_ORDER_REISSUED, 0)->order_reissued;
    assert_true(id_equal(reissued->by, order_id(2)));
    assert_string_equal(reissued->former, FIRE);
    assert_string_equal(reissued->rule, "p/next");
    assert_int_equal(reissued->step, 1);
    assert_int_equal(bus_order(&r.bus, 1, order_id(1))->rung, RUNG_RECALLED);
    assert_int_equal(bus_order(&r.bus, 1, order_id(2))->steps, 1);
    assert_int_equal(rules_incident(&r)->reissues_n, 0);
    /* said again, as after a crash between the record and its answer, it changes nothing */
    struct command again = a_reissue(&r, 1, 3);
    assert_int_equal(bus_do(&r.bus, again), 0);
    bus_do(&r.bus, a_receipt(&r.bus, POLICE, 1, order_id(2), RUNG_ACCEPTED));
    bus_do(&r.bus, a_receipt(&r.bus, STATION_3, 1, order_id(1), RUNG_ACCEPTED)); /* too late: it is noted */
    assert_int_equal(bus_events(&r.bus, EVENT_RECEIPT_NOTED), 1);
    rules_close(&r);
}

/* From one to the next, and nobody twice. */
static void who_was_asked_is_not_asked_again(void **state)
{
    static const char *const agents[] = {STATION_3, STATION_4, HOSPITAL, POLICE};
    static const char *const next[] = {STATION_4, "370102/health", "370102/public-security"};
    struct region_with_rules r;

    (void)state;
    wants_one_more(&r, AT_ONCE, STATION_3);
    for (size_t i = 0; i < sizeof agents / sizeof agents[0]; i++) {
        state_unit(&r, agents[i], UNIT_FREE, "", "");
    }
    for (unsigned i = 0; i < sizeof next / sizeof next[0]; i++) {
        bus_do(&r.bus, a_reissue(&r, i + 1, i + 2));
        const struct event *event = bus_event(&r.bus, EVENT_ORDER_REISSUED, 0);
        assert_non_null(event);
        assert_string_equal(event->order_reissued.addressee, next[i]);
        assert_int_equal(event->order_reissued.step, i + 1);
        bus_after(&r.bus, ANSWER_IN);
        rules_pass(&r);
        assert_int_equal(bus_events(&r.bus, EVENT_REISSUE_WANTED), 1);
    }
    bus_do(&r.bus, a_reissue(&r, 4, 5));
    assert_int_equal(bus_events(&r.bus, EVENT_ABILITY_SHORT), 1);
    assert_true(order_is_open(bus_order(&r.bus, 1, order_id(4)))); /* it stays with the last one */
    rules_close(&r);
}

static void accept(struct region_with_rules *r)
{
    bus_do(&r->bus, a_receipt(&r->bus, STATION_3, 1, order_id(1), RUNG_ACCEPTED));
}

static void decline(struct region_with_rules *r)
{
    bus_do(&r->bus, a_receipt(&r->bus, STATION_3, 1, order_id(1), RUNG_DECLINED));
}

static void recall(struct region_with_rules *r)
{
    bus_do(&r->bus, a_recall(&r->bus, 1, 1));
}

static void replace(struct region_with_rules *r)
{
    struct command command = an_order(&r->bus, 1, 9, POLICE);

    orders_of(&r->bus, &command)[0].reissue_of = order_id(1);
    bus_do(&r->bus, command);
}

/* What happens between the rule and the broker's coming back with the words. */
static void people_come_first(void **state)
{
    void (*const happens[])(struct region_with_rules *) = {accept, decline, recall, replace};

    (void)state;
    for (size_t i = 0; i < sizeof happens / sizeof happens[0]; i++) {
        struct region_with_rules r;
        wants_one_more(&r, AT_ONCE, STATION_3);
        state_unit(&r, STATION_4, UNIT_FREE, "", "");
        happens[i](&r);
        assert_int_equal(rules_incident(&r)->reissues_n, 0);
        assert_int_equal(bus_do(&r.bus, a_reissue(&r, 1, 2)), 0);
        rules_close(&r);
    }
}

static void nothing_goes_on_from_what_is_over(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, AT_ONCE);
    rules_report(&r, 0, 0);
    rules_ask(&r);
    bus_do(&r.bus, an_order(&r.bus, 1, 1, STATION_3));
    replace(&r); /* a person gave it to somebody else, and left it standing */
    bus_after(&r.bus, ANSWER_IN);
    rules_pass(&r);
    assert_true(id_equal(bus_event(&r.bus, EVENT_ORDER_UNANSWERED, 0)->order, order_id(1)));
    assert_int_equal(bus_events(&r.bus, EVENT_REISSUE_WANTED), 0);
    rules_close(&r);
}

static void a_closed_incident_gives_no_orders(void **state)
{
    struct region_with_rules r;

    (void)state;
    rules_open(&r, AT_ONCE);
    rules_report(&r, 0, 0);
    rules_ask(&r);
    struct command command = an_order(&r.bus, 1, 1, STATION_3);
    orders_of(&r.bus, &command)[0].expires_at_ms = r.bus.env.now_ms + ANSWER_IN;
    bus_do(&r.bus, command);
    bus_after(&r.bus, ANSWER_IN);
    rules_pass(&r);
    assert_int_equal(bus_events(&r.bus, EVENT_ORDER_EXPIRED), 1);
    assert_int_equal(rules_incident(&r)->reissues_n, 1);
    state_unit(&r, STATION_4, UNIT_FREE, "", "");
    bus_do(&r.bus, a_close(&r.bus, 1));
    assert_int_equal(bus_do(&r.bus, a_reissue(&r, 1, 2)), 0);
    rules_close(&r);
}

/* --- nobody -------------------------------------------------------------------------------------------- */

static void when_nobody_is_able_rules_say_what_then(void **state)
{
    struct region_with_rules r;

    (void)state;
    wants_one_more(&r, AT_ONCE, STATION_3);
    struct command command = a_report(&r.bus, 1, REPORT_FOLLOW_UP);
    command.file_report.facts.substance = "carbon-monoxide"; /* scba and a gas detector */
    bus_do(&r.bus, command);
    state_unit(&r, STATION_4, UNIT_FREE, "", "gas-detector");
    state_unit(&r, POLICE, UNIT_ASSIGNED, "", "scba gas-detector");
    bus_do(&r.bus, a_reissue(&r, 1, 2));
    const struct event *event = bus_event(&r.bus, EVENT_ABILITY_SHORT, 0);
    assert_non_null(event);
    assert_string_equal(event->ability_short.ability, "scba");
    assert_int_equal(event->ability_short.free, 0);
    assert_false(event->ability_short.unsaid);
    tells(&r, "centre:orders centre:urgent centre:bulk ");
    assert_string_equal(event->ability_short.rule, "p/next");
    assert_non_null(rules_fired(&r, "up"));
    assert_true(incident_is_referred(rules_incident(&r), "370100"));
    assert_true(order_is_open(bus_order(&r.bus, 1, order_id(1))));
    assert_int_equal(rules_incident(&r)->reissues_n, 0);
    rules_close(&r);
}

static void each_has_something_and_nobody_all(void **state)
{
    struct region_with_rules r;

    (void)state;
    wants_one_more(&r, AT_ONCE, STATION_3);
    struct command command = a_report(&r.bus, 1, REPORT_FOLLOW_UP);
    command.file_report.facts.substance = "carbon-monoxide";
    bus_do(&r.bus, command);
    state_unit(&r, STATION_4, UNIT_FREE, "", "gas-detector");
    state_unit(&r, POLICE, UNIT_FREE, "", "scba");
    bus_do(&r.bus, a_reissue(&r, 1, 2));
    const struct event *event = bus_event(&r.bus, EVENT_ABILITY_SHORT, 0);
    assert_non_null(event);
    assert_string_equal(event->ability_short.ability, "gas-detector");
    assert_int_equal(event->ability_short.free, 1);
    rules_close(&r);
}

static void without_its_words_an_order_cannot_go_on(void **state)
{
    struct region_with_rules r;

    (void)state;
    wants_one_more(&r, AT_ONCE, STATION_3);
    state_unit(&r, STATION_4, UNIT_FREE, "", "");
    struct command command = a_reissue(&r, 1, 2);
    command.reissue_order.said.n = 0;
    bus_do(&r.bus, command);
    assert_true(bus_event(&r.bus, EVENT_ABILITY_SHORT, 0)->ability_short.unsaid);
    assert_int_equal(bus_do(&r.bus, a_reissue(&r, 1, 2)), 0);
    rules_close(&r);
}

/* Nor when its author's key was revoked, or the right to give it taken away, since. */
static void what_its_author_may_not_say_goes_no_further(void **state)
{
    (void)state;
    for (int revoked = 0; revoked < 2; revoked++) {
        struct region_with_rules r;
        wants_one_more(&r, AT_ONCE, STATION_3);
        state_unit(&r, STATION_4, UNIT_FREE, "", "");
        struct command command = by_root(&r.bus, revoked ? COMMAND_REVOKE : COMMAND_ENROL_AGENT);
        if (revoked) {
            command.revoke = (struct revoke){.name = CENTRE, .reason = "lost"};
        } else {
            command.enrol = (struct enrol){.name = CENTRE,
                                           .sign_key = {77},
                                           .curve_key = {77},
                                           .rights = words_of(&r.bus, "order:medical")};
        }
        bus_do(&r.bus, command);
        bus_do(&r.bus, a_reissue(&r, 1, 2));
        assert_int_equal(bus_events(&r.bus, EVENT_ORDER_ISSUED), 0);
        assert_true(bus_event(&r.bus, EVENT_ABILITY_SHORT, 0)->ability_short.unsaid);
        rules_close(&r);
    }
}

static void an_id_that_is_taken_is_not_taken_again(void **state)
{
    struct region_with_rules r;

    (void)state;
    wants_one_more(&r, AT_ONCE, STATION_3);
    state_unit(&r, STATION_4, UNIT_FREE, "", "");
    struct command command = a_reissue(&r, 1, 1);
    assert_int_equal(bus_say(&r.bus, &command), REFUSED_CONFLICT);
    bus_do(&r.bus, a_reissue(&r, 1, 2));
    assert_int_equal(bus_events(&r.bus, EVENT_ORDER_REISSUED), 1);
    rules_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_addressee_is_reminded_once),
        cmocka_unit_test(silence_is_counted_once),
        cmocka_unit_test(an_answer_ends_it),
        cmocka_unit_test(an_acknowledged_order_is_reminded_of),
        cmocka_unit_test(a_reminder_ends_with_the_order),
        cmocka_unit_test(rules_that_never_end_are_stopped),
        cmocka_unit_test(everybody_of_an_evacuation_is_reminded),
        cmocka_unit_test(the_next_able_agency_gets_it),
        cmocka_unit_test(the_record_tells_both_orders),
        cmocka_unit_test(who_was_asked_is_not_asked_again),
        cmocka_unit_test(people_come_first),
        cmocka_unit_test(nothing_goes_on_from_what_is_over),
        cmocka_unit_test(a_closed_incident_gives_no_orders),
        cmocka_unit_test(when_nobody_is_able_rules_say_what_then),
        cmocka_unit_test(each_has_something_and_nobody_all),
        cmocka_unit_test(without_its_words_an_order_cannot_go_on),
        cmocka_unit_test(what_its_author_may_not_say_goes_no_further),
        cmocka_unit_test(an_id_that_is_taken_is_not_taken_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
