/* What one agent can make the broker keep in memory is bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "common/engine/engine_private.h"
#include "tests/unit/engine_rig.h"

static struct rig rig;

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

/* Only the broker passes deadlines; who else tries makes it load nothing. */
static void test_streams_of_a_strangers_choice(void **state)
{
    uint64_t before = engine_numbers(rig.engine).streams;

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        char name[64];
        struct command command = {.kind = COMMAND_PASS_DEADLINES, .pass_deadlines = {.stream = name}};

        (void)snprintf(name, sizeof name, "nonsense/%u", i);
        command.pass_deadlines.at_ms = rig_bus_ms(&rig);
        struct reply reply = rig_done(&rig, 1, CENTRE, &command);
        assert_int_equal(reply.outcome, OUTCOME_REFUSED);
        assert_int_equal(reply.refusal, REFUSED_RIGHT);
    }
    assert_int_equal(engine_numbers(rig.engine).streams, before);
}

/* Old counters are looked up in the log, which may be slow. */
static void test_old_counters_while_the_disk_hangs(void **state)
{
    struct command command = rig_follow_up(1, "again");
    unsigned busy = 0;
    const struct envelope *envelope;

    (void)state;
    assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_DONE);
    for (unsigned i = 0; i < ENGINE_PARKED_MAX + 100; i++) {
        rig_submit_as(&rig, 1, CENTRE, CENTRE, &command, 1);
    }
    while ((envelope = rig_next(&rig, 1, ENVELOPE_REPLY)) != NULL) {
        assert_int_equal(envelope->reply.refusal, REFUSED_BUSY);
        assert_true(envelope->reply.retry_ms > 0);
        busy++;
    }
    assert_int_equal(busy, 100);
    rig_skip(&rig);
}

/* Orders whose ids may be in the log, from long ago: each is looked up. */
static uint64_t submit_orders(unsigned peer, enum rig_agent agent, unsigned n)
{
    static struct new_order orders[ORDERS_PER_COMMAND_MAX];
    struct command command = rig_order(&rig, 1, n * 100, STATION);

    for (unsigned i = 0; i < ORDERS_PER_COMMAND_MAX; i++) {
        orders[i] = rig.order;
        orders[i].order = rig_id(n * 100 + i);
    }
    command.issue_orders.orders = orders;
    command.issue_orders.orders_n = ORDERS_PER_COMMAND_MAX;
    return rig_submit(&rig, peer, agent, &command);
}

/* Half of the room for loads is for those who wait for none; what is beyond it comes again, in its order. */
static void test_loads_are_bounded(void **state)
{
    enum { COMMANDS = 100 };
    const unsigned fit = ENGINE_LOADS_MAX / 2 / ORDERS_PER_COMMAND_MAX;
    const struct envelope *envelope;
    struct command other = rig_follow_up(1, "from somebody else");
    uint64_t first = 0, counter;
    unsigned busy = 0;

    (void)state;
    rig_hello(&rig, 2, STATION, 8);
    rig_skip(&rig);
    uint64_t before = engine_numbers(rig.engine).streams;
    for (unsigned i = 0; i < COMMANDS; i++) {
        counter = submit_orders(1, CENTRE, 10 + i);
        first = i == 0 ? counter : first;
    }
    assert_in_range(engine_numbers(rig.engine).streams - before, ENGINE_LOADS_MAX / 2,
                    ENGINE_LOADS_MAX / 2 + ORDERS_PER_COMMAND_MAX);
    while ((envelope = rig_next(&rig, 1, ENVELOPE_REPLY)) != NULL) {
        assert_int_equal(envelope->reply.refusal, REFUSED_BUSY);
        assert_int_equal(envelope->reply.counter, first + COMMANDS - (COMMANDS - fit) + busy);
        assert_true(envelope->reply.retry_ms > 0);
        busy++;
    }
    assert_int_equal(busy, COMMANDS - fit);
    other.file_report.incident = rig_id(7); /* a look-up more, and nobody else's business */
    (void)rig_submit(&rig, 2, STATION, &other);
    assert_null(rig_next(&rig, 2, ENVELOPE_REPLY));
    rig_run(&rig);
    assert_int_equal(rig_reply(&rig, 2).refusal, REFUSED_NO_INCIDENT);
    for (unsigned i = 0; i < fit; i++) {
        struct reply reply = rig_reply(&rig, 1);
        assert_int_equal(reply.outcome, OUTCOME_DONE);
        assert_int_equal(reply.counter, first + i);
    }
}

/* All of the room is in use, by however many: who waits for none comes again, too. */
static void test_all_loads_are_bounded(void **state)
{
    struct command report = rig_follow_up(7, "of an incident from long ago");

    (void)state;
    rig_hello(&rig, 2, STATION, 8);
    rig_skip(&rig);
    rig.engine->loads_under_way += ENGINE_LOADS_MAX - 1;
    (void)rig_submit(&rig, 2, STATION, &report); /* the last place */
    assert_null(rig_next(&rig, 2, ENVELOPE_REPLY));
    (void)rig_submit(
        &rig, 1, CENTRE,
        &(struct command){.kind = COMMAND_RECALL_ORDER,
                          .recall_order = {.incident = rig_id(8), .order = rig_id(9), .reason = ""}});
    struct reply reply = rig_reply(&rig, 1);
    assert_int_equal(reply.refusal, REFUSED_BUSY);
    assert_true(reply.retry_ms > 0);
    rig.engine->loads_under_way -= ENGINE_LOADS_MAX - 1;
    rig_run(&rig);
    assert_int_equal(rig_reply(&rig, 2).refusal, REFUSED_NO_INCIDENT);
}

/* While a commit is under way one agent says very much and another a little: both are in the next one, and of
 * the many no more than their share. */
static void test_a_flood_shares_its_batch(void **state)
{
    struct command many = rig_follow_up(1, "flood"), one = rig_follow_up(1, "one");
    uint64_t counter;

    (void)state;
    rig_hello(&rig, 2, STATION, 8);
    assert_int_equal(rig_done(&rig, 2, STATION, &one).outcome, OUTCOME_DONE);
    for (unsigned i = 0; i < 4 * ENGINE_SHARE; i++) {
        (void)rig_submit(&rig, 1, CENTRE, &many);
    }
    counter = rig_submit(&rig, 2, STATION, &one);
    assert_true(rig_append_waits(&rig));
    assert_int_equal(rig.queue->entries_n, 1); /* the first, and behind it all the others gather */
    assert_true(rig_step(&rig));
    assert_true(rig_append_waits(&rig));
    assert_int_equal(rig.queue->entries_n, ENGINE_SHARE + 1);
    assert_true(rig_step(&rig));
    assert_int_equal(rig_reply(&rig, 2).counter, counter);
    rig_run(&rig);
    for (unsigned i = 0; i < 4 * ENGINE_SHARE; i++) {
        assert_int_equal(rig_reply(&rig, 1).outcome, OUTCOME_DONE);
    }
}

/* Says so many at once; how many of them are BUSY. */
static unsigned flood_by(unsigned peer, enum rig_agent agent, unsigned n, unsigned *ret_retry_ms)
{
    struct command many = rig_follow_up(1, "flood");
    const struct envelope *envelope;
    unsigned busy = 0;

    for (unsigned i = 0; i < n; i++) {
        (void)rig_submit(&rig, peer, agent, &many);
    }
    rig_run(&rig);
    while ((envelope = rig_next(&rig, peer, ENVELOPE_REPLY)) != NULL) {
        if (envelope->reply.refusal == REFUSED_BUSY) {
            *ret_retry_ms = envelope->reply.retry_ms;
            busy++;
        }
    }
    return busy;
}

static unsigned flood(unsigned n, unsigned *ret_retry_ms)
{
    return flood_by(1, CENTRE, n, ret_retry_ms);
}

/* Alone, or among others who say as much, nobody is held to a pace; beside one who says little, who says much
 * is, and the others are told when to come again. A second after that one's last word it is over. */
static void test_who_says_much_is_held_to_a_pace(void **state)
{
    enum { MANY = 2 * ENGINE_LITTLE };
    struct command one = rig_follow_up(1, "one");
    unsigned retry_ms = 0;

    (void)state;
    rig_hello(&rig, 2, STATION, 8);
    assert_int_equal(flood(MANY, &retry_ms), 0);
    rig_later(&rig, ENGINE_SHARE_MS);
    assert_int_equal(rig_done(&rig, 2, STATION, &one).outcome, OUTCOME_DONE); /* nothing is known of it yet */
    assert_int_equal(flood(MANY, &retry_ms), 0);
    rig_later(&rig, ENGINE_SHARE_MS);
    assert_int_equal(rig_done(&rig, 2, STATION, &one).outcome, OUTCOME_DONE);
    assert_int_equal(flood(MANY, &retry_ms), MANY - ENGINE_PACE_BURST);
    assert_int_equal(retry_ms, ENGINE_PACE_RETRY_MS + MANY - ENGINE_PACE_BURST - 1); /* the last of them */
    assert_int_equal(rig_done(&rig, 2, STATION, &one).outcome, OUTCOME_DONE);
    rig_later(&rig, ENGINE_HOLD_MS);
    assert_int_equal(flood(1, &retry_ms), 0);
    rig_later(&rig, ENGINE_SHARE_MS); /* now it is one who says little itself, until it says much again */
    assert_int_equal(flood(MANY, &retry_ms), 0);
    rig_later(&rig, ENGINE_HOLD_MS); /* it does not come again: what it says later waits no more */
    assert_int_equal(flood(MANY, &retry_ms), 0);
}

/* Without a pace those that wait for one before them are all told the same moment, whenever they ask: told so
 * many milliseconds each, they would come in any order, and few would pass each time. Their asking does not
 * make the wait longer. */
static void test_who_waits_is_told_one_moment(void **state)
{
    enum { WAITING = 20 };
    struct command one = rig_follow_up(1, "one"), many = rig_follow_up(1, "flood");
    unsigned retry_ms = 0;
    int64_t moment = 0;

    (void)state;
    rig_hello(&rig, 2, STATION, 8);
    assert_int_equal(rig_done(&rig, 2, STATION, &one).outcome, OUTCOME_DONE);
    rig_later(&rig, ENGINE_SHARE_MS);
    assert_int_equal(flood(2 * ENGINE_LITTLE, &retry_ms), 0);
    assert_int_equal(rig_done(&rig, 2, STATION, &one).outcome, OUTCOME_DONE);
    assert_int_equal(flood(1, &retry_ms), 1); /* it is waited for from here on */
    rig_later(&rig, ENGINE_SHARE_MS);         /* nobody is held to a pace any more */
    rig_later(&rig, ENGINE_PACE_RETRY_MS - rig.boot_ms % ENGINE_PACE_RETRY_MS);
    moment = rig.boot_ms + ENGINE_PACE_RETRY_MS;
    for (unsigned i = 0; i < WAITING; i++) {
        (void)rig_submit(&rig, 1, CENTRE, &many);
        struct reply reply = rig_reply(&rig, 1);
        assert_int_equal(reply.refusal, REFUSED_BUSY);
        assert_int_equal(rig.boot_ms + reply.retry_ms, moment);
        rig_later(&rig, 1);
    }
    rig_later(&rig, ENGINE_HOLD_MS - ENGINE_SHARE_MS);
    assert_int_equal(flood(1, &retry_ms), 0);
}

/* Two who said little begin to say much: neither is one of those who must not wait for the other. */
static void test_bursts_do_not_pace_each_other(void **state)
{
    struct command one = rig_follow_up(1, "one");
    unsigned retry_ms = 0;

    (void)state;
    rig_hello(&rig, 2, STATION, 8);
    assert_int_equal(rig_done(&rig, 2, STATION, &one).outcome, OUTCOME_DONE);
    rig_later(&rig, ENGINE_SHARE_MS);
    assert_int_equal(flood_by(2, STATION, 2 * ENGINE_LITTLE, &retry_ms), 0);
    assert_int_equal(flood_by(1, CENTRE, 2 * ENGINE_LITTLE, &retry_ms), 0);
    assert_int_equal(flood_by(2, STATION, 2 * ENGINE_LITTLE, &retry_ms), 0);
}

/* However much its author has said: a recall that is told to come again comes too late. */
static void test_what_calls_back_has_no_pace(void **state)
{
    struct command one = rig_follow_up(1, "one"), order = rig_order(&rig, 1, 10, STATION);
    struct command recall = rig_recall(1, 10), more = rig_follow_up(1, "more");
    unsigned retry_ms = 0;

    (void)state;
    rig_hello(&rig, 2, STATION, 8);
    assert_int_equal(rig_done(&rig, 2, STATION, &one).outcome, OUTCOME_DONE);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &order).outcome, OUTCOME_DONE);
    rig_later(&rig, ENGINE_SHARE_MS);
    assert_int_equal(flood(2 * ENGINE_LITTLE, &retry_ms), 0);
    assert_int_equal(rig_done(&rig, 2, STATION, &one).outcome, OUTCOME_DONE);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &recall).outcome, OUTCOME_DONE);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &more).refusal, REFUSED_BUSY);
}

static unsigned items(unsigned peer)
{
    unsigned n = 0;

    while (rig_next(&rig, peer, ENVELOPE_TAIL_ITEM) != NULL) {
        n++;
    }
    return n;
}

static void read_log(unsigned peer, enum rig_agent agent, uint32_t id)
{
    const struct envelope tail = {
        .kind = ENVELOPE_TAIL,
        .tail = {.filter = TAIL_ALL, .stream = "", .credit = ENGINE_WINDOW_MAX, .id = id}};

    rig_say(&rig, peer, agent, &tail);
    rig_run(&rig);
}

/* While somebody speaks who says little, a reader of the whole log gets a piece of it now and then, also when
 * it begins again; else all that it has credit for. */
static void test_who_reads_much_is_held_to_a_pace(void **state)
{
    struct command one = rig_follow_up(1, "one");
    unsigned retry_ms = 0;
    uint64_t head;

    (void)state;
    rig_hello(&rig, 2, STATION, 8);
    assert_int_equal(flood(3 * ENGINE_READ_MAX, &retry_ms), 0);
    assert_int_equal(rig_done(&rig, 2, STATION, &one).outcome, OUTCOME_DONE);
    rig_later(&rig, ENGINE_SHARE_MS);
    assert_int_equal(rig_done(&rig, 2, STATION, &one).outcome, OUTCOME_DONE);
    head = engine_numbers(rig.engine).head_seq;
    read_log(1, CENTRE, 1);
    assert_int_equal(items(1), ENGINE_READ_MAX);
    rig_later(&rig, ENGINE_TAIL_PACE_MS - 1);
    assert_int_equal(items(1), 0);
    read_log(1, CENTRE, 2);
    assert_int_equal(items(1), 0);
    rig_later(&rig, 1);
    assert_int_equal(items(1), ENGINE_READ_MAX);
    read_log(2, STATION, 1); /* who says little may not read it, and is told so at once */
    assert_int_equal(rig_next(&rig, 2, ENVELOPE_TAIL_END)->tail_end.refusal, REFUSED_RIGHT);
    rig_later(&rig, ENGINE_SHARE_MS);
    (void)items(1);
    read_log(1, CENTRE, 3);
    assert_int_equal(items(1), head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_streams_of_a_strangers_choice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_old_counters_while_the_disk_hangs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_loads_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_all_loads_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_flood_shares_its_batch, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_says_much_is_held_to_a_pace, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_waits_is_told_one_moment, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bursts_do_not_pace_each_other, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_calls_back_has_no_pace, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_reads_much_is_held_to_a_pace, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
