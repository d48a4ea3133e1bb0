/* An order that nobody answers goes to the next agency: its words are read from the log and said again, once,
 * whatever happens between the rule and that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/state.h"
#include "common/log/log_derived.h"
#include "tests/unit/engine_rig.h"

static struct rig rig;

static const char PACK[] = "pack: silence\nversion: 1\nmatch: all\nrules:\n"
                           "  - {rule: next, when: order-unanswered, do: [{reissue: next-able}]}\n"
                           "  - {rule: nobody, when: ability-short, do: [{refer: parent}]}\n";

static void done(unsigned peer, enum rig_agent agent, struct command command)
{
    struct reply reply = rig_done(&rig, peer, agent, &command);

    if (reply.outcome == OUTCOME_REFUSED) {
        fail_msg("%s: %s", command_kind_name(command.kind), reply.detail);
    }
}

static void state_unit(unsigned peer, enum rig_agent agent, enum unit_status status)
{
    struct unit unit = {.id = "engine-1", .type = "engine", .team = "", .status = status};
    struct command command = {.kind = COMMAND_STATE_UNITS};

    command.state_units = (struct state_units){.units = &unit, .units_n = 1};
    done(peer, agent, command);
}

static int setup(void **state)
{
    struct command command = {.kind = COMMAND_SET_PACK};

    (void)state;
    rig_start(&rig);
    rig_hello(&rig, 1, CENTRE, 64);
    rig_hello(&rig, 2, STATION, 64);
    rig_hello(&rig, 3, SECOND, 64);
    rig_hello(&rig, 4, POLICE, 64);
    command.set_pack.text = PACK;
    done(1, CENTRE, command);
    done(1, CENTRE, rig_report(1));
    state_unit(3, SECOND, UNIT_FREE);
    done(1, CENTRE, rig_order(&rig, 1, 100, STATION));
    rig_skip(&rig);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

/* The records from there on that are of this kind; the last of them is decoded into the arena. */
static size_t records(enum command_kind kind, struct arena *arena, struct record *ret)
{
    struct log_query query = {.question = LOG_Q_RANGE};
    struct log_answer answer;
    struct err err;
    size_t n = 0;

    *ret = (struct record){.events_n = 0};
    assert_int_equal(log_read(rig.store, &query, arena, &answer, &err), 0);
    for (size_t i = 0; i < answer.rows_n; i++) {
        if (answer.rows[i].record.header.kind == (uint32_t)kind) {
            n++;
            assert_int_equal(wire_decode_record(answer.rows[i].record.payload, arena, ret, &err), 0);
        }
    }
    return n;
}

static const struct event *event_of(const struct record *record, enum event_kind kind)
{
    for (size_t i = 0; i < record->events_n; i++) {
        if (record->events[i].kind == kind) {
            return &record->events[i];
        }
    }
    return NULL;
}

static const struct incident *incident(void)
{
    const struct incident *found = state_incident(engine_state(rig.engine), rig_id(1));

    assert_non_null(found);
    return found;
}

static size_t reissues(void)
{
    struct arena arena;
    struct record record;

    arena_init(&arena, (size_t)4 * LOG_READ_BYTES_MAX);
    size_t n = records(COMMAND_REISSUE_ORDER, &arena, &record);
    arena_free(&arena);
    return n;
}

/* The order's time passes: what the rule says is decided, and the log is asked for the order's words. */
static void pass_time(void)
{
    rig.boot_ms += 60001;
    rig.utc_ms += 60001;
    engine_tick(rig.engine);
    assert_int_equal(incident()->reissues_n, 1);
}

/* ... and what the rule says is durable, and no more. */
static void keep_the_rules_word(void)
{
    pass_time();
    while (!rig_append_waits(&rig)) {
        assert_true(rig_step(&rig));
    }
    assert_true(rig_step(&rig));
    assert_true(rig_append_waits(&rig)); /* it is said again, ahead of the log */
    assert_int_equal(incident()->reissues_n, 0);
    assert_int_equal(reissues(), 0);
}

/* What the log holds must be what follows from its records. */
static void check_once(const char *addressee)
{
    struct arena arena;
    struct record record;

    arena_init(&arena, (size_t)4 * LOG_READ_BYTES_MAX);
    assert_int_equal(records(COMMAND_REISSUE_ORDER, &arena, &record), 1);
    const struct event *event = event_of(&record, EVENT_ORDER_REISSUED);
    assert_non_null(event);
    assert_string_equal(event->order_reissued.addressee, addressee);
    assert_string_equal(event->order_reissued.rule, "silence/next");
    assert_non_null(event_of(&record, EVENT_ORDER_RECALLED));
    assert_int_equal(incident()->reissues_n, 0);
    assert_int_equal(incident()->orders_n, 2);
    arena_free(&arena);
}

static void test_the_words_are_said_again_as_they_were_signed(void **state)
{
    struct arena arena;
    struct record record;
    struct command command;
    struct said_again said;
    struct hash root;

    (void)state;
    pass_time();
    rig_later(&rig, 1000);
    check_once(RIG_REGION "/fire-rescue/station-2");
    arena_init(&arena, (size_t)4 * LOG_READ_BYTES_MAX);
    (void)records(COMMAND_REISSUE_ORDER, &arena, &record);
    assert_int_equal(wire_decode_command(record.signed_command.payload, &arena, &command, NULL), 0);
    assert_int_equal(wire_decode_said_again(&command.reissue_order, &arena, &said, NULL), 0);
    assert_string_equal(said.order->text, "go");
    assert_true(signed_holds(NULL, &rig.agents[CENTRE].sign.public, &said.signed_command, &root));
    /* both hear of it: the one gets the order, the other its recall */
    const struct envelope *order = rig_next(&rig, 3, ENVELOPE_DELIVER);
    assert_non_null(order);
    assert_int_equal(order->deliver.lane, LANE_ORDERS);
    const struct envelope *recall = rig_next(&rig, 2, ENVELOPE_DELIVER);
    assert_non_null(recall);
    assert_int_equal(recall->deliver.lane, LANE_URGENT);
    arena_free(&arena);
}

/* Nobody is woken for it while the log is asked, and it is asked once. */
static void test_no_spinning_while_the_log_is_asked(void **state)
{
    (void)state;
    pass_time();
    for (int i = 0; i < 10; i++) {
        engine_tick(rig.engine);
    }
    assert_true(engine_due_ms(rig.engine) > rig.boot_ms);
    rig_later(&rig, 1000);
    check_once(RIG_REGION "/fire-rescue/station-2");
}

/* The process ends with the rule's word in the log, and nothing more. */
static void test_a_restart_between_goes_on(void **state)
{
    (void)state;
    keep_the_rules_word();
    rig_restart(&rig);
    rig_later(&rig, 2000);
    check_once(RIG_REGION "/fire-rescue/station-2");
    rig_restart(&rig);
    rig_later(&rig, 2000);
    check_once(RIG_REGION "/fire-rescue/station-2");
}

/* The disk is full when it is said again: it was not said, and is, later. */
static void test_a_failed_commit_takes_it_back(void **state)
{
    (void)state;
    keep_the_rules_word();
    rig_fail(&rig, ERR_DISK_FULL);
    rig_run(&rig);
    assert_int_equal(incident()->reissues_n, 1);
    rig_later(&rig, 5000);
    check_once(RIG_REGION "/fire-rescue/station-2");
}

/* Somebody answers while the log is asked. */
static void test_an_answer_meanwhile_comes_first(void **state)
{
    struct command accept = rig_receipt(1, 100, RUNG_ACCEPTED);

    (void)state;
    pass_time();
    (void)rig_submit(&rig, 2, STATION, &accept);
    rig_later(&rig, 1000);
    assert_int_equal(reissues(), 0);
    assert_int_equal(incident()->reissues_n, 0);
    assert_int_equal(incident()->orders_n, 1);
}

/* From one to the next: the words are those of the first order, under its id. */
static void test_it_goes_on_until_nobody_is_left(void **state)
{
    struct arena arena;
    struct record record;
    struct command command;

    (void)state;
    state_unit(4, POLICE, UNIT_FREE);
    pass_time();
    rig_later(&rig, 60500);
    arena_init(&arena, (size_t)4 * LOG_READ_BYTES_MAX);
    assert_int_equal(records(COMMAND_REISSUE_ORDER, &arena, &record), 2);
    assert_string_equal(event_of(&record, EVENT_ORDER_REISSUED)->order_reissued.addressee,
                        RIG_REGION "/public-security");
    assert_int_equal(wire_decode_command(record.signed_command.payload, &arena, &command, NULL), 0);
    assert_true(id_equal(command.reissue_order.said_order, rig_id(100)));
    assert_false(id_equal(command.reissue_order.order, rig_id(100)));
    rig_later(&rig, 60500);
    assert_int_equal(records(COMMAND_REISSUE_ORDER, &arena, &record), 3);
    assert_non_null(event_of(&record, EVENT_ABILITY_SHORT));
    assert_non_null(event_of(&record, EVENT_REFERRED));
    rig_later(&rig, 600000);
    assert_int_equal(records(COMMAND_REISSUE_ORDER, &arena, &record), 3);
    arena_free(&arena);
}

/* Units of an agency that has not spoken since the start are looked at all the same. */
static void test_who_is_away_is_looked_at(void **state)
{
    (void)state;
    rig_restart(&rig); /* nobody says Hello, and no agent's stream is loaded */
    pass_time();
    rig_later(&rig, 1); /* the streams of those who might take it are asked for */
    rig_later(&rig, 1000);
    check_once(RIG_REGION "/fire-rescue/station-2");
}

/* A command that is as long as five orders' words may be does not fit beside what is decided. */
static void test_what_is_too_long_is_not_said_again(void **state)
{
    enum { ORDERS = 5, WORDS = 16000 };
    static char text[WORDS + 1];
    struct new_order orders[ORDERS];
    struct command command = rig_order(&rig, 1, 200, STATION);
    struct arena arena;
    struct record record;

    (void)state;
    memset(text, 'x', WORDS);
    for (unsigned i = 0; i < ORDERS; i++) {
        orders[i] = rig.order;
        orders[i].order = rig_id(200 + i);
        orders[i].text = text;
    }
    command.issue_orders.orders = orders;
    command.issue_orders.orders_n = ORDERS;
    done(1, CENTRE, command);
    pass_time();
    rig_later(&rig, 5000);
    arena_init(&arena, (size_t)4 * LOG_READ_BYTES_MAX);
    assert_int_equal(records(COMMAND_REISSUE_ORDER, &arena, &record), ORDERS + 1); /* and the first */
    assert_true(event_of(&record, EVENT_ABILITY_SHORT)->ability_short.unsaid);
    assert_int_equal(incident()->reissues_n, 0);
    assert_int_equal(incident()->orders_n, ORDERS + 2);
    arena_free(&arena);
}

/* An agent must not make the broker do it. */
static void test_it_is_the_brokers_own(void **state)
{
    struct command command = {.kind = COMMAND_REISSUE_ORDER};

    (void)state;
    command.reissue_order =
        (struct reissue_order){.incident = rig_id(1), .order = rig_id(100), .new_order = rig_id(101)};
    struct reply reply = rig_done(&rig, 1, CENTRE, &command);
    assert_int_equal(reply.refusal, REFUSED_RIGHT);
    assert_int_equal(incident()->orders_n, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_the_words_are_said_again_as_they_were_signed),
        TEST(test_no_spinning_while_the_log_is_asked),
        TEST(test_a_restart_between_goes_on),
        TEST(test_a_failed_commit_takes_it_back),
        TEST(test_an_answer_meanwhile_comes_first),
        TEST(test_it_goes_on_until_nobody_is_left),
        TEST(test_who_is_away_is_looked_at),
        TEST(test_what_is_too_long_is_not_said_again),
        TEST(test_it_is_the_brokers_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
