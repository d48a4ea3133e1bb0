/* One way out: outbox, credit, tombstones and acknowledgements; and tails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

static uint64_t order(unsigned n, enum rig_agent to)
{
    struct command command = rig_order(&rig, 1, n, to);
    struct reply reply = rig_done(&rig, 1, CENTRE, &command);

    assert_int_equal(reply.outcome, OUTCOME_DONE);
    return reply.seq;
}

static void recall(unsigned n)
{
    struct command command = rig_recall(1, n);

    assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_DONE);
}

static void assert_deliver(unsigned peer, enum lane lane, uint64_t seq)
{
    const struct envelope *envelope = rig_next(&rig, peer, ENVELOPE_DELIVER);

    assert_non_null(envelope);
    assert_int_equal(envelope->deliver.lane, lane);
    assert_int_equal(envelope->deliver.seq, seq);
}

/* --- deliveries ----------------------------------------------------------------------------------- */

static void test_outbox_waits_for_the_absent(void **state)
{
    uint64_t seqs[6];

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        seqs[i] = order(10 + i, STATION);
    }
    rig_hello(&rig, 2, STATION, 2); /* credit for two */
    assert_deliver(2, LANE_ORDERS, seqs[0]);
    assert_deliver(2, LANE_ORDERS, seqs[1]);
    assert_null(rig_next(&rig, 2, ENVELOPE_DELIVER));
    rig_later(&rig, 600); /* sweeps do not go beyond credit */
    assert_null(rig_next(&rig, 2, ENVELOPE_DELIVER));
    rig_credit(&rig, 2, STATION, LANE_ORDERS, 3);
    rig_run(&rig);
    assert_deliver(2, LANE_ORDERS, seqs[2]);
    assert_deliver(2, LANE_ORDERS, seqs[3]);
    assert_deliver(2, LANE_ORDERS, seqs[4]);
    assert_null(rig_next(&rig, 2, ENVELOPE_DELIVER));
    uint64_t newest = order(20, STATION); /* goes behind what still waits */
    rig_credit(&rig, 2, STATION, LANE_ORDERS, 3);
    rig_run(&rig);
    assert_deliver(2, LANE_ORDERS, seqs[5]);
    assert_deliver(2, LANE_ORDERS, newest);
    newest = order(21, STATION); /* one credit is left, and nothing is read */
    assert_deliver(2, LANE_ORDERS, newest);
}

/* However much credit there is: a commit waits behind such a read. In how many pieces it was. */
static unsigned run_in_pieces(enum log_question question)
{
    unsigned n = 0;

    for (; rig.queue != NULL; (void)rig_step(&rig)) {
        if (!rig.queue->is_append && rig.queue->query.question == question) {
            assert_in_range(rig.queue->query.records_max, 1, ENGINE_READ_MAX);
            n++;
        }
    }
    return n;
}

static void test_reading_is_done_in_pieces(void **state)
{
    enum { ORDERS = 3 * ENGINE_READ_MAX };
    struct envelope hello = {.kind = ENVELOPE_HELLO,
                             .hello = {.protocol = PROTOCOL_VERSION,
                                       .agent = rig.agents[STATION].name,
                                       .deliveries = true,
                                       .window = ENGINE_WINDOW_MAX,
                                       .seen = {.region = ""},
                                       .software = "rig"}};
    unsigned pieces;
    struct envelope tail = {
        .kind = ENVELOPE_TAIL,
        .tail = {.filter = TAIL_ALL, .stream = "", .credit = ENGINE_WINDOW_MAX, .id = 77}};

    (void)state;
    for (unsigned i = 0; i < ORDERS; i++) {
        (void)order(100 + i, STATION);
    }
    rig_skip(&rig);
    rig_say(&rig, 2, STATION, &hello);
    pieces = run_in_pieces(LOG_Q_OUTBOX);
    for (unsigned i = 0; i < ORDERS; i++) { /* as fast as they are worked off */
        assert_non_null(rig_next(&rig, 2, ENVELOPE_DELIVER));
        rig_credit(&rig, 2, STATION, LANE_ORDERS, 1);
        pieces += run_in_pieces(LOG_Q_OUTBOX);
    }
    assert_null(rig_next(&rig, 2, ENVELOPE_DELIVER));
    assert_true(pieces >= 3);
    rig_say(&rig, 1, CENTRE, &tail);
    assert_true(run_in_pieces(LOG_Q_RANGE) >= 3);
    assert_non_null(rig_next(&rig, 1, ENVELOPE_TAIL_END));
}

static void test_commit_during_catching_up(void **state)
{
    (void)state;
    uint64_t first = order(10, STATION);
    struct command command = rig_order(&rig, 1, 11, STATION);

    rig_say(&rig, 2, STATION,
            &(struct envelope){.kind = ENVELOPE_HELLO,
                               .hello = {.protocol = PROTOCOL_VERSION,
                                         .agent = rig.agents[STATION].name,
                                         .deliveries = true,
                                         .window = 8,
                                         .seen = {.region = ""},
                                         .software = ""}});
    while (rig_next(&rig, 2, ENVELOPE_WELCOME) == NULL) {
        assert_true(rig_step(&rig));
    }
    (void)rig_submit(&rig, 1, CENTRE, &command); /* the outbox is being read */
    rig_run(&rig);
    assert_deliver(2, LANE_ORDERS, first);
    assert_deliver(2, LANE_ORDERS, rig_reply(&rig, 1).seq);
    assert_null(rig_next(&rig, 2, ENVELOPE_DELIVER));
}

static void test_full_peer_gets_it_later(void **state)
{
    (void)state;
    rig_hello(&rig, 2, STATION, 8);
    rig.full_peer = 2;
    uint64_t first = order(10, STATION);
    uint64_t second = order(11, STATION);
    rig.full_peer = 0;
    assert_null(rig_next(&rig, 2, ENVELOPE_DELIVER));
    rig_later(&rig, 600);
    assert_deliver(2, LANE_ORDERS, first);
    assert_deliver(2, LANE_ORDERS, second);
    assert_null(rig_next(&rig, 2, ENVELOPE_DELIVER));
}

static void test_tombstone(void **state)
{
    (void)state;
    uint64_t first = order(10, STATION);
    uint64_t second = order(11, STATION);
    recall(10);
    rig_hello(&rig, 2, STATION, 8);
    const struct envelope *envelope = rig_next(&rig, 2, ENVELOPE_DELIVER);
    assert_non_null(envelope); /* the lane of recalls goes first */
    assert_int_equal(envelope->deliver.lane, LANE_URGENT);
    envelope = rig_next(&rig, 2, ENVELOPE_DELIVER);
    assert_non_null(envelope);
    assert_int_equal(envelope->deliver.seq, first);
    assert_int_equal(envelope->deliver.record.n, 0);
    assert_int_equal(envelope->deliver.recalled_n, 1);
    assert_true(id_equal(envelope->deliver.recalled[0], rig_id(10)));
    envelope = rig_next(&rig, 2, ENVELOPE_DELIVER);
    assert_non_null(envelope);
    assert_int_equal(envelope->deliver.seq, second);
    assert_true(envelope->deliver.record.n > 0);
    assert_int_equal(envelope->deliver.recalled_n, 0);
}

static void test_ack_is_a_cursor(void **state)
{
    (void)state;
    rig_hello(&rig, 2, STATION, 8);
    uint64_t first = order(10, STATION);
    uint64_t second = order(11, STATION);
    rig_skip(&rig);
    rig_ack(&rig, 2, STATION, LANE_ORDERS, first);
    rig_run(&rig);
    const struct envelope *envelope = rig_next(&rig, 2, ENVELOPE_REPLY);
    assert_non_null(envelope);
    assert_int_equal(envelope->reply.ack_lane, LANE_ORDERS);
    assert_int_equal(envelope->reply.outcome, OUTCOME_DONE);

    rig_restart(&rig);
    rig_hello(&rig, 3, STATION, 8);
    envelope = rig_next(&rig, 3, ENVELOPE_WELCOME);
    assert_non_null(envelope);
    assert_int_equal(envelope->welcome.acked[LANE_ORDERS], first);
    assert_deliver(3, LANE_ORDERS, second);
    assert_null(rig_next(&rig, 3, ENVELOPE_DELIVER));
    rig_ack(&rig, 3, STATION, LANE_ORDERS, first); /* again: nothing changes */
    rig_run(&rig);
    assert_int_equal(rig_reply(&rig, 3).outcome, OUTCOME_UNCHANGED);
}

static void test_ack_beyond_the_head(void **state)
{
    (void)state;
    rig_hello(&rig, 2, STATION, 8);
    rig_ack(&rig, 2, STATION, LANE_ORDERS, 100000);
    rig_run(&rig);
    struct reply reply = rig_reply(&rig, 2);
    assert_int_equal(reply.refusal, REFUSED_INVALID);
    assert_int_equal(reply.ack_lane, LANE_ORDERS);
}

/* At most one an agent and lane in a commit: the older ones are said by the newest. */
static void test_acks_are_gathered(void **state)
{
    uint64_t seqs[4];

    (void)state;
    rig_hello(&rig, 2, STATION, 8);
    for (unsigned i = 0; i < 4; i++) {
        seqs[i] = order(10 + i, STATION);
    }
    struct command command = rig_follow_up(1, "keeps the log busy");
    (void)rig_submit(&rig, 1, CENTRE, &command);
    uint64_t before = log_get_head(rig.store).seq;
    for (unsigned i = 0; i < 4; i++) {
        rig_ack(&rig, 2, STATION, LANE_ORDERS, seqs[i]);
    }
    rig_run(&rig);
    assert_int_equal(log_get_head(rig.store).seq, before + 2);
    for (unsigned i = 0; i < 4; i++) {
        assert_true(rig_reply(&rig, 2).outcome != OUTCOME_REFUSED);
    }
}

static void test_credit_for_no_lane(void **state)
{
    (void)state;
    rig_hello(&rig, 2, STATION, 8);
    rig_credit(&rig, 2, STATION, LANE_URGENT, UINT32_MAX); /* capped, no overflow */
    rig_credit(&rig, 2, STATION, LANE_URGENT, UINT32_MAX);
    assert_null(rig_next(&rig, 2, ENVELOPE_BYE));
}

/* --- tails ---------------------------------------------------------------------------------------- */

static uint32_t tail_id;

static void begin_tail(unsigned peer, enum rig_agent agent, struct tail tail)
{
    tail.id = ++tail_id;
    rig_say(&rig, peer, agent, &(struct envelope){.kind = ENVELOPE_TAIL, .tail = tail});
    rig_run(&rig);
}

/* Takes items one by one until the end: the last seq given, with their number. */
static uint64_t take_tail(unsigned peer, enum rig_agent agent, size_t *ret_n)
{
    uint64_t last = 0;

    *ret_n = 0;
    for (int i = 0; i < 1000; i++) {
        const struct envelope *envelope = rig_next(&rig, peer, ENVELOPE_TAIL_ITEM);
        if (envelope == NULL) {
            return last;
        }
        last = envelope->tail_item.seq;
        assert_int_equal(envelope->tail_item.id, tail_id);
        *ret_n += 1;
        rig_credit(&rig, peer, agent, LANE_NONE, 1);
        rig_run(&rig);
    }
    fail_msg("a tail without end");
    return 0;
}

static void test_tail_all_one_by_one(void **state)
{
    size_t n;

    (void)state;
    (void)order(10, STATION);
    begin_tail(1, CENTRE, (struct tail){.filter = TAIL_ALL, .stream = "", .follow = true, .credit = 1});
    uint64_t head = log_get_head(rig.store).seq;
    assert_int_equal(take_tail(1, CENTRE, &n), head);
    assert_int_equal(n, head);
    const struct envelope *envelope = rig_next(&rig, 1, ENVELOPE_TAIL_END);
    assert_non_null(envelope);
    assert_int_equal(envelope->tail_end.head_seq, head);
    assert_int_equal(envelope->tail_end.refusal, REFUSED_NOT);
    assert_int_equal(envelope->tail_end.id, tail_id);
    (void)order(11, STATION);
    (void)order(12, STATION);
    assert_int_equal(take_tail(1, CENTRE, &n), head + 2);
    assert_int_equal(n, 2);
}

static void test_tail_from(void **state)
{
    size_t n;
    uint64_t head = log_get_head(rig.store).seq;

    (void)state;
    begin_tail(1, CENTRE,
               (struct tail){.filter = TAIL_ALL, .stream = "", .from_seq = head - 2, .credit = 100});
    assert_int_equal(take_tail(1, CENTRE, &n), head);
    assert_int_equal(n, 2);
    assert_non_null(rig_next(&rig, 1, ENVELOPE_TAIL_END));
    (void)order(10, STATION);
    assert_null(rig_next(&rig, 1, ENVELOPE_TAIL_ITEM)); /* it does not follow */
    begin_tail(1, CENTRE, (struct tail){.filter = TAIL_ALL, .stream = "", .from_seq = 100000, .credit = 100});
    assert_non_null(rig_next(&rig, 1, ENVELOPE_TAIL_END));
}

/* Who says Tail again and again has one read of the log under way. */
static void test_tails_take_turns(void **state)
{
    struct tail tail = {.filter = TAIL_ALL, .stream = "", .credit = 100};
    uint64_t head = log_get_head(rig.store).seq;
    size_t n;

    (void)state;
    for (int i = 0; i < 10; i++) {
        tail.id = ++tail_id;
        tail.from_seq = head - 1 - (uint64_t)i % 2;
        rig_say(&rig, 1, CENTRE, &(struct envelope){.kind = ENVELOPE_TAIL, .tail = tail});
    }
    assert_non_null(rig.queue);
    assert_null(rig.queue->next);
    rig_run(&rig);
    assert_int_equal(take_tail(1, CENTRE, &n), head); /* the last one's answer, and no other's */
    assert_int_equal(n, 2);
    assert_non_null(rig_next(&rig, 1, ENVELOPE_TAIL_END));
}

static void test_tail_open(void **state)
{
    struct command command = {.kind = COMMAND_CLOSE_INCIDENT,
                              .close_incident = {.incident = rig_id(1), .reason = "over"}};
    size_t n;

    (void)state;
    struct command other = rig_report(2);
    uint64_t open = rig_done(&rig, 1, CENTRE, &other).seq;
    assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_DONE);
    begin_tail(1, CENTRE, (struct tail){.filter = TAIL_OPEN, .stream = "", .follow = true, .credit = 3});
    assert_int_equal(take_tail(1, CENTRE, &n), open); /* the region's records, and the open incident's */
    assert_int_equal(n, 1 + STRANGER + 1 + 1);        /* founding, enrolments, clock; one report */
    assert_non_null(rig_next(&rig, 1, ENVELOPE_TAIL_END));
    command = rig_follow_up(2, "more");
    uint64_t seq = rig_done(&rig, 1, CENTRE, &command).seq;
    assert_int_equal(take_tail(1, CENTRE, &n), seq);
    assert_int_equal(n, 1);
}

static void test_tail_stream(void **state)
{
    char stream[64];
    char id[ID_TEXT];
    size_t n;

    (void)state;
    (void)snprintf(stream, sizeof stream, "incident/%s", id_format(rig_id(1), id));
    uint64_t last = order(10, STATION);
    begin_tail(1, CENTRE, (struct tail){.filter = TAIL_STREAM, .stream = stream, .credit = 1});
    assert_int_equal(take_tail(1, CENTRE, &n), last);
    assert_int_equal(n, 2);
    assert_non_null(rig_next(&rig, 1, ENVELOPE_TAIL_END));
    begin_tail(1, CENTRE,
               (struct tail){.filter = TAIL_STREAM, .stream = stream, .from_seq = last - 1, .credit = 1});
    assert_int_equal(take_tail(1, CENTRE, &n), last);
    assert_int_equal(n, 1);
    assert_non_null(rig_next(&rig, 1, ENVELOPE_TAIL_END));
    begin_tail(1, CENTRE,
               (struct tail){.filter = TAIL_STREAM, .stream = stream, .from_seq = last, .credit = 1});
    (void)take_tail(1, CENTRE, &n);
    assert_int_equal(n, 0);
    assert_non_null(rig_next(&rig, 1, ENVELOPE_TAIL_END));
}

/* The stream grows while its past is read with little credit: what is new is not part of the past. */
static void test_tail_stream_that_grows(void **state)
{
    char stream[64];
    char id[ID_TEXT];
    size_t n;

    (void)state;
    (void)snprintf(stream, sizeof stream, "incident/%s", id_format(rig_id(1), id));
    struct command other = rig_report(2); /* so that the head lies beyond the stream's last record */
    assert_int_equal(rig_done(&rig, 1, CENTRE, &other).outcome, OUTCOME_DONE);
    begin_tail(1, CENTRE, (struct tail){.filter = TAIL_STREAM, .stream = stream, .credit = 0});
    (void)order(10, STATION);
    (void)order(11, STATION);
    rig_credit(&rig, 1, CENTRE, LANE_NONE, 1);
    rig_run(&rig);
    (void)take_tail(1, CENTRE, &n);
    assert_int_equal(n, 1);
    assert_non_null(rig_next(&rig, 1, ENVELOPE_TAIL_END));
}

static void test_tail_needs_the_right(void **state)
{
    char own[160];
    const struct envelope *envelope;

    (void)state;
    rig_hello(&rig, 2, STATION, 8);
    begin_tail(2, STATION, (struct tail){.filter = TAIL_ALL, .stream = "", .credit = 10});
    envelope = rig_next(&rig, 2, ENVELOPE_TAIL_END);
    assert_non_null(envelope);
    assert_int_equal(envelope->tail_end.refusal, REFUSED_RIGHT);
    assert_int_equal(envelope->tail_end.id, tail_id);
    begin_tail(2, STATION,
               (struct tail){.filter = TAIL_STREAM, .stream = "region/" RIG_REGION, .credit = 10});
    envelope = rig_next(&rig, 2, ENVELOPE_TAIL_END);
    assert_non_null(envelope);
    assert_int_equal(envelope->tail_end.refusal, REFUSED_NOT);
    (void)snprintf(own, sizeof own, "agent/%s", rig.agents[STATION].name);
    begin_tail(2, STATION, (struct tail){.filter = TAIL_STREAM, .stream = own, .credit = 10});
    envelope = rig_next(&rig, 2, ENVELOPE_TAIL_END);
    assert_non_null(envelope);
    assert_int_equal(envelope->tail_end.refusal, REFUSED_NOT);
    begin_tail(2, STATION, (struct tail){.filter = TAIL_STREAM, .stream = "", .credit = 10});
    envelope = rig_next(&rig, 2, ENVELOPE_TAIL_END);
    assert_non_null(envelope);
    assert_int_equal(envelope->tail_end.refusal, REFUSED_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_outbox_waits_for_the_absent, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reading_is_done_in_pieces, setup, teardown),
        cmocka_unit_test_setup_teardown(test_commit_during_catching_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_peer_gets_it_later, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tombstone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ack_is_a_cursor, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ack_beyond_the_head, setup, teardown),
        cmocka_unit_test_setup_teardown(test_acks_are_gathered, setup, teardown),
        cmocka_unit_test_setup_teardown(test_credit_for_no_lane, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tail_all_one_by_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tail_from, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tails_take_turns, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tail_open, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tail_stream, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tail_stream_that_grows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tail_needs_the_right, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
