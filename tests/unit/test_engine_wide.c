/* Commands with a wide reach: many orders to an agency of many agents. None may end the broker, or block a
 * lane. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/state.h"
#include "tests/unit/engine_rig.h"

#define STATION_NAME RIG_REGION "/fire-rescue/station-1"

static struct rig rig;
static const char *words = "go";

static int setup(void **state)
{
    struct command command = rig_report(1);

    (void)state;
    rig_start(&rig);
    rig_hello(&rig, 1, CENTRE, 8);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_DONE);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

/* Agents of the station's agency besides it. */
static void enrol_stations(unsigned n)
{
    static const char *const RIGHTS[] = {"receipt"};

    for (unsigned i = 0; i < n; i++) {
        char name[NAME_MAX_BYTES + 1];
        struct command command = {.kind = COMMAND_ENROL_AGENT,
                                  .enrol = {.name = name, .rights = {RIGHTS, 1}}};

        (void)snprintf(name, sizeof name, RIG_REGION "/fire-rescue/additional-station-%u", i);
        command.enrol.sign_key[0] = command.enrol.curve_key[0] = 1;
        command.enrol.sign_key[1] = command.enrol.curve_key[1] = (uint8_t)(i >> 8);
        command.enrol.sign_key[2] = command.enrol.curve_key[2] = (uint8_t)i;
        assert_int_not_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_REFUSED);
    }
}

static struct reply issue(unsigned n, unsigned first)
{
    static struct new_order orders[ORDERS_PER_COMMAND_MAX];
    struct command command = rig_order(&rig, 1, first, STATION);

    for (unsigned i = 0; i < n; i++) {
        orders[i] = rig.order;
        orders[i].order = rig_id(first + i);
        orders[i].text = words;
        orders[i].addressee = RIG_REGION "/fire-rescue";
    }
    command.issue_orders.orders = orders;
    command.issue_orders.orders_n = n;
    (void)rig_submit(&rig, 1, CENTRE, &command);
    rig_run(&rig);
    if (rig.fatal) {
        fail_msg("the engine ended: %s", rig.fatal_err.text);
    }
    return rig_reply(&rig, 1);
}

static size_t open_orders(void)
{
    const struct incident *incident = state_incident(engine_state(rig.engine), rig_id(1));
    size_t n = 0;

    for (size_t i = 0; i < incident->orders_n; i++) {
        n += order_is_open(&incident->orders[i]);
    }
    return n;
}

/* All of it is one record, which goes to every agent, is refused, or is done bit by bit. */
static void test_many_orders_to_many_agents(void **state)
{
    (void)state;
    enrol_stations(62); /* 63 with the station: 64 orders reach 4,032 */
    assert_int_equal(issue(ORDERS_PER_COMMAND_MAX, 100).outcome, OUTCOME_DONE);
    assert_int_equal(issue(ORDERS_PER_COMMAND_MAX, 200).outcome, OUTCOME_DONE);
    enrol_stations(110);
    struct reply reply = issue(ORDERS_PER_COMMAND_MAX, 300);
    assert_int_equal(reply.outcome, OUTCOME_REFUSED);
    assert_int_equal(reply.refusal, REFUSED_TOO_MANY);
    rig_later(&rig, 3700000); /* all expire at once */
    assert_false(rig.fatal);
    assert_int_equal(open_orders(), 0);
    rig_restart(&rig);
}

/* However many of a record's events concern an agent, it waits for it once in a lane. */
static void test_a_record_of_many_events_waits_once(void **state)
{
    size_t told = 0;

    (void)state;
    enrol_stations(62);
    assert_int_equal(issue(ORDERS_PER_COMMAND_MAX, 100).outcome, OUTCOME_DONE);
    rig.boot_ms += 3700000; /* all expire at once, in one record */
    rig.utc_ms += 3700000;
    engine_tick(rig.engine);
    while (!rig_append_waits(&rig) && rig_step(&rig)) {
    }
    assert_true(rig_append_waits(&rig));
    for (size_t i = 0; i < rig.queue->entries_n; i++) {
        const struct log_entry *entry = &rig.queue->entries[i];
        for (size_t a = 0; a < entry->index_n; a++) {
            const struct log_index *row = &entry->index[a];
            told += row->op == LOG_OUTBOX && row->item[0] == '\0' && strcmp(row->name, STATION_NAME) == 0;
            for (size_t b = 0; b < a; b++) {
                const struct log_index *other = &entry->index[b];
                assert_false(other->op == row->op && other->lane == row->lane &&
                             other->number == row->number && strcmp(other->name, row->name) == 0 &&
                             strcmp(other->item, row->item) == 0);
            }
        }
    }
    assert_int_equal(told, 1);
}

/* A report never waits: what it amends beyond one record is amended by the next ones. */
static void test_a_report_reaches_any_number(void **state)
{
    struct substance_policy chlorine = {.substance = "chlorine", .needs = {(const char *[]){"scba"}, 1}};
    struct command policy = {.kind = COMMAND_SET_POLICY};
    struct command report = rig_follow_up(1, "it is chlorine");

    (void)state;
    policy.set_policy = (struct policy){.substances = &chlorine, .substances_n = 1, .version = "1"};
    assert_int_equal(rig_done(&rig, 1, CENTRE, &policy).outcome, OUTCOME_DONE);
    enrol_stations(62);
    for (unsigned i = 0; i < 3; i++) { /* 192 orders to 63 agents: three times what one record reaches */
        assert_int_equal(issue(ORDERS_PER_COMMAND_MAX, 100 + i * 100).outcome, OUTCOME_DONE);
    }
    report.file_report.facts.substance = "chlorine";
    assert_int_equal(rig_done(&rig, 1, CENTRE, &report).outcome, OUTCOME_DONE);
    rig_later(&rig, 100);
    assert_false(rig.fatal);
    const struct incident *incident = state_incident(engine_state(rig.engine), rig_id(1));
    for (size_t i = 0; i < incident->orders_n; i++) {
        assert_int_equal(incident->orders[i].amendments, 1);
    }
}

/* A record that no frame can bear would block its lane, and every tail, for ever. */
static void test_what_is_decided_can_be_delivered(void **state)
{
    char text[TEXT_MAX_BYTES + 1];

    (void)state;
    enrol_stations(62);
    rig_hello(&rig, 2, STATION, 8);
    memset(text, 'x', 2000);
    text[2000] = '\0';
    words = text;
    struct reply reply = issue(ORDERS_PER_COMMAND_MAX, 100);
    struct reply next = issue(1, 200);
    words = "go";
    assert_int_equal(reply.refusal, REFUSED_TOO_MANY);
    assert_int_equal(next.outcome, OUTCOME_DONE);
    const struct envelope *envelope = rig_next(&rig, 2, ENVELOPE_DELIVER);
    assert_non_null(envelope);
    assert_int_equal(envelope->deliver.seq, next.seq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_many_orders_to_many_agents, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_record_of_many_events_waits_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_report_reaches_any_number, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_decided_can_be_delivered, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
