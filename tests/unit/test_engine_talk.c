/* The engine's conversation: Hello, Welcome, Bye, beats, and one order from report to receipt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/engine_rig.h"

static struct rig rig;

static int setup(void **state)
{
    (void)state;
    rig_start(&rig);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

static struct envelope hello(enum rig_agent agent)
{
    return (struct envelope){.kind = ENVELOPE_HELLO,
                             .hello = {.protocol = PROTOCOL_VERSION,
                                       .agent = rig.agents[agent].name,
                                       .deliveries = true,
                                       .window = 4,
                                       .seen = {.region = ""},
                                       .software = ""}};
}

static void assert_bye(unsigned peer, enum refusal refusal)
{
    const struct envelope *envelope = rig_next(&rig, peer, ENVELOPE_BYE);

    assert_non_null(envelope);
    assert_int_equal(envelope->bye.refusal, refusal);
}

static void test_report_order_deliver_receipt(void **state)
{
    struct command command = rig_report(1);
    const struct envelope *envelope;

    (void)state;
    rig_hello(&rig, 1, CENTRE, 16);
    rig_hello(&rig, 2, STATION, 16);
    envelope = rig_next(&rig, 1, ENVELOPE_WELCOME);
    assert_non_null(envelope);
    assert_int_equal(envelope->welcome.last_counter, 0);
    assert_int_equal(envelope->welcome.beat_ms, RIG_BEAT_MS);
    assert_int_equal(envelope->welcome.bus_ms, rig_bus_ms(&rig));
    assert_int_equal(envelope->welcome.head.seq, log_get_head(rig.store).seq);
    assert_true(signed_head_verify(&rig.broker.sign.public, &envelope->welcome.head));
    assert_non_null(rig_next(&rig, 2, ENVELOPE_WELCOME));

    struct reply reply = rig_done(&rig, 1, CENTRE, &command);
    assert_int_equal(reply.outcome, OUTCOME_DONE);
    command = rig_order(&rig, 1, 10, STATION);
    reply = rig_done(&rig, 1, CENTRE, &command);
    assert_int_equal(reply.outcome, OUTCOME_DONE);
    assert_int_equal(reply.seq, log_get_head(rig.store).seq);

    envelope = rig_next(&rig, 2, ENVELOPE_DELIVER);
    assert_non_null(envelope);
    assert_int_equal(envelope->deliver.lane, LANE_ORDERS);
    assert_int_equal(envelope->deliver.seq, reply.seq);
    assert_true(hash_equal(envelope->deliver.hash, reply.hash));

    command = rig_receipt(1, 10, RUNG_ACCEPTED);
    assert_int_equal(rig_done(&rig, 2, STATION, &command).outcome, OUTCOME_DONE);
    envelope = rig_next(&rig, 1, ENVELOPE_DELIVER);
    assert_non_null(envelope);
    assert_int_equal(envelope->deliver.lane, LANE_URGENT);
    assert_null(rig_next(&rig, 2, ENVELOPE_DELIVER));
}

static void test_hello_is_refused(void **state)
{
    struct envelope envelope = hello(STATION);

    (void)state;
    envelope.hello.protocol = 2;
    rig_say(&rig, 1, STATION, &envelope);
    assert_bye(1, REFUSED_VERSION);

    envelope = hello(STRANGER); /* not enrolled */
    rig_say(&rig, 2, STRANGER, &envelope);
    assert_bye(2, REFUSED_IDENTITY);

    envelope = hello(STATION); /* enrolled, but this is another's CURVE key */
    rig_say(&rig, 3, POLICE, &envelope);
    assert_bye(3, REFUSED_IDENTITY);

    assert_true(engine_knows_key(rig.engine, rig.agents[STATION].curve_public));
    assert_false(engine_knows_key(rig.engine, rig.agents[STRANGER].curve_public));
    assert_int_equal(engine_numbers(rig.engine).sessions, 0);
}

static void test_hello_comes_first(void **state)
{
    struct command command = rig_report(1);
    uint64_t head = log_get_head(rig.store).seq;

    (void)state;
    rig_say(&rig, 1, STATION, &(struct envelope){.kind = ENVELOPE_BEAT, .beat = {.head = {.region = ""}}});
    assert_bye(1, REFUSED_IDENTITY);
    (void)rig_submit(&rig, 1, STATION, &command);
    rig_run(&rig);
    assert_bye(1, REFUSED_IDENTITY);
    assert_int_equal(log_get_head(rig.store).seq, head);

    /* a session belongs to its key, whatever the routing id says */
    rig_hello(&rig, 2, STATION, 4);
    (void)rig_submit_as(&rig, 2, POLICE, POLICE, &command, 1);
    rig_run(&rig);
    assert_bye(2, REFUSED_IDENTITY);
    assert_int_equal(log_get_head(rig.store).seq, head);
}

/* Who did not hear that there is a session is in none. */
static void test_a_welcome_finds_the_queue_full(void **state)
{
    const struct envelope *envelope;

    (void)state;
    rig.full_peer = 1;
    rig_hello(&rig, 1, CENTRE, 8);
    rig_later(&rig, 1000);
    rig.full_peer = 0;
    rig_later(&rig, 500);
    envelope = rig_next(&rig, 1, ENVELOPE_WELCOME);
    assert_non_null(envelope);
    assert_in_range(envelope->welcome.bus_ms, rig_bus_ms(&rig) - 500, rig_bus_ms(&rig)); /* said anew */
    assert_null(rig_next(&rig, 1, ENVELOPE_WELCOME));
    rig_later(&rig, 1000);
    assert_null(rig_next(&rig, 1, ENVELOPE_WELCOME));
}

static void test_nothing_before_welcome(void **state)
{
    struct envelope envelope = hello(STATION);
    struct command command = rig_report(1);

    (void)state;
    rig_say(&rig, 1, STATION, &envelope); /* its counter is still being asked for */
    assert_null(rig_next(&rig, 1, ENVELOPE_WELCOME));
    (void)rig_submit(&rig, 1, STATION, &command);
    assert_bye(1, REFUSED_IDENTITY);
    rig_run(&rig);
    assert_null(rig_next(&rig, 1, ENVELOPE_WELCOME));
    assert_int_equal(engine_numbers(rig.engine).sessions, 0);
}

static void test_bad_frames(void **state)
{
    static const uint8_t garbage[] = {0xff, 0xff, 0xff, 0xff, 1};
    struct envelope brokers = {.kind = ENVELOPE_TAIL_END, .tail_end = {.detail = ""}};

    (void)state;
    rig_frame(&rig, 1, STATION, (struct bytes){garbage, sizeof garbage});
    assert_bye(1, REFUSED_INVALID);
    rig_hello(&rig, 2, STATION, 4);
    rig_frame(&rig, 2, STATION, (struct bytes){garbage, sizeof garbage});
    assert_bye(2, REFUSED_INVALID);
    rig_frame(&rig, 3, STATION, (struct bytes){garbage, 0});
    assert_bye(3, REFUSED_INVALID);
    assert_int_equal(engine_numbers(rig.engine).bad_frames, 3);
    rig_hello(&rig, 4, STATION, 4);
    rig_say(&rig, 4, STATION, &brokers);
    assert_bye(4, REFUSED_INVALID);
    assert_int_equal(engine_numbers(rig.engine).sessions, 0);
}

static void test_newest_session_takes_all(void **state)
{
    struct command command = rig_order(&rig, 0, 10, STATION);
    const struct envelope *envelope;

    (void)state;
    command.issue_orders.incident = (struct id){{0}};
    rig_hello(&rig, 1, CENTRE, 0);
    rig_hello(&rig, 2, STATION, 4);
    rig_hello(&rig, 3, STATION, 4);
    envelope = rig_next(&rig, 2, ENVELOPE_BYE);
    assert_non_null(envelope);
    assert_int_equal(envelope->bye.refusal, REFUSED_NOT);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_DONE);
    assert_null(rig_next(&rig, 2, ENVELOPE_DELIVER));
    assert_non_null(rig_next(&rig, 3, ENVELOPE_DELIVER));
}

static void test_sessions_without_deliveries_are_bounded(void **state)
{
    (void)state;
    rig_hello(&rig, 1, STATION, 4); /* takes deliveries: it stays */
    for (unsigned i = 0; i < ENGINE_SESSIONS_PER_AGENT; i++) {
        rig_hello(&rig, 10 + i, STATION, 0);
    }
    assert_int_equal(engine_numbers(rig.engine).sessions, ENGINE_SESSIONS_PER_AGENT);
    assert_bye(10, REFUSED_NOT);
    assert_null(rig_next(&rig, 1, ENVELOPE_BYE));
    assert_null(rig_next(&rig, 11, ENVELOPE_BYE));
}

static void test_beats(void **state)
{
    const struct envelope *envelope;

    (void)state;
    rig_hello(&rig, 1, STATION, 4);
    rig_later(&rig, RIG_BEAT_MS + 300);
    envelope = rig_next(&rig, 1, ENVELOPE_BEAT);
    assert_non_null(envelope);
    assert_true(signed_head_verify(&rig.broker.sign.public, &envelope->beat.head));
    rig_say(&rig, 1, STATION, &(struct envelope){.kind = ENVELOPE_BEAT, .beat = {.head = {.region = ""}}});
    rig_later(&rig, 2 * RIG_BEAT_MS);
    assert_int_equal(engine_numbers(rig.engine).sessions, 1);
    rig_later(&rig, 2 * RIG_BEAT_MS); /* three beats missed */
    assert_int_equal(engine_numbers(rig.engine).sessions, 0);
}

static void test_bye_ends_the_session(void **state)
{
    (void)state;
    rig_hello(&rig, 1, STATION, 4);
    rig_say(&rig, 1, STATION, &(struct envelope){.kind = ENVELOPE_BYE, .bye = {.reason = ""}});
    assert_int_equal(engine_numbers(rig.engine).sessions, 0);
    assert_null(rig_next(&rig, 1, ENVELOPE_BYE));
}

static void test_revoked_is_cut_off(void **state)
{
    struct command command = {.kind = COMMAND_REVOKE,
                              .revoke = {.name = rig.agents[STATION].name, .reason = "stolen"}};

    (void)state;
    rig_hello(&rig, 1, CENTRE, 0);
    rig_hello(&rig, 2, STATION, 4);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_DONE);
    command = rig_report(1);
    (void)rig_submit(&rig, 2, STATION, &command);
    rig_run(&rig);
    assert_bye(2, REFUSED_IDENTITY);
    assert_null(rig_next(&rig, 2, ENVELOPE_REPLY));
    assert_false(engine_knows_key(rig.engine, rig.agents[STATION].curve_public));
}

static void test_fenced(void **state)
{
    struct envelope envelope = hello(STATION);
    struct command command = rig_report(1);
    struct signed_head *seen = &envelope.hello.seen;

    (void)state;
    rig_hello(&rig, 1, CENTRE, 0);
    *seen = (struct signed_head){
        .present = true, .region = RIG_REGION, .epoch = 1, .seq = log_get_head(rig.store).seq + 5};
    signed_head_sign(&rig.agents[STATION].sign, seen); /* anybody can claim */
    rig_say(&rig, 2, STATION, &envelope);
    rig_run(&rig);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_DONE);
    assert_non_null(strstr(rig.note, "unproved"));
    size_t notes = rig.notes;
    for (unsigned i = 0; i < 100; i++) {
        rig_say(&rig, 2, STATION, &envelope); /* it is told once, however often that is claimed */
        rig_run(&rig);
    }
    assert_int_equal(rig.notes, notes);

    seen->seq = log_get_head(rig.store).seq + 5;
    signed_head_sign(&rig.broker.sign, seen); /* this broker has said so */
    rig_say(&rig, 3, STATION, &envelope);
    rig_run(&rig);
    command = rig_report(2);
    uint64_t head = log_get_head(rig.store).seq;
    struct reply reply = rig_done(&rig, 1, CENTRE, &command);
    assert_int_equal(reply.outcome, OUTCOME_REFUSED);
    assert_int_equal(reply.refusal, REFUSED_FENCED);
    rig_later(&rig, 100000);
    assert_int_equal(log_get_head(rig.store).seq, head);
}

/* A log that was cut and has grown beyond it again is no shorter than what was seen: the hash tells. */
static void hello_seen(unsigned peer, uint64_t seq, struct hash hash)
{
    struct envelope envelope = hello(STATION);

    envelope.hello.seen =
        (struct signed_head){.present = true, .region = RIG_REGION, .epoch = 1, .seq = seq, .hash = hash};
    signed_head_sign(&rig.broker.sign, &envelope.hello.seen);
    rig_say(&rig, peer, STATION, &envelope);
    rig_run(&rig);
    assert_non_null(rig_next(&rig, peer, ENVELOPE_WELCOME));
}

static bool takes_reports(unsigned incident)
{
    struct command command = rig_report(incident);
    struct reply reply = rig_done(&rig, 1, CENTRE, &command);

    assert_true(reply.outcome == OUTCOME_DONE || reply.refusal == REFUSED_FENCED);
    return reply.outcome == OUTCOME_DONE;
}

static void seen_in_another_log(bool restarted)
{
    struct command first = rig_report(1), second = rig_report(2);
    struct hash other = {{1, 2, 3}};
    struct reply reply;
    uint64_t seq;

    rig_hello(&rig, 1, CENTRE, 0);
    reply = rig_done(&rig, 1, CENTRE, &first);
    (void)rig_done(&rig, 1, CENTRE, &second);
    seq = reply.seq;
    if (restarted) { /* what the engine remembers begins anew: the log is asked */
        rig_restart(&rig);
        rig_hello(&rig, 1, CENTRE, 0);
    }
    assert_true(log_get_head(rig.store).seq > seq);
    hello_seen(2, seq, reply.hash);
    assert_true(takes_reports(3));
    hello_seen(3, seq, other);
    assert_false(takes_reports(4));
    assert_non_null(strstr(rig.note, "another record"));
}

static void test_fenced_by_a_recent_record(void **state)
{
    (void)state;
    seen_in_another_log(false);
}

static void test_fenced_by_an_old_record(void **state)
{
    (void)state;
    seen_in_another_log(true);
}

/* However often an agent says Hello, the log is asked for one record of it at a time. */
static void test_hellos_do_not_flood_the_log(void **state)
{
    struct envelope envelope = hello(STATION);
    unsigned requests = 0;

    (void)state;
    rig_restart(&rig);
    rig_hello(&rig, 1, STATION, 0); /* its counter is known from here on */
    rig_skip(&rig);
    envelope.hello.seen = (struct signed_head){.present = true, .region = RIG_REGION, .epoch = 1, .seq = 1};
    for (unsigned i = 0; i < 100; i++) {
        rig_say(&rig, 2 + i % 2, STATION, &envelope);
    }
    while (rig_step(&rig)) {
        requests++;
    }
    assert_in_range(requests, 1, 8);
    assert_non_null(rig_next(&rig, 3, ENVELOPE_WELCOME));
}

static void test_stop(void **state)
{
    struct command command = rig_report(1);

    (void)state;
    rig_hello(&rig, 1, CENTRE, 4);
    (void)rig_submit(&rig, 1, CENTRE, &command);
    while (!rig_append_waits(&rig)) {
        assert_true(rig_step(&rig));
    }
    engine_stop(rig.engine);
    assert_false(engine_drained(rig.engine));
    rig_run(&rig);
    assert_true(engine_drained(rig.engine));
    assert_int_equal(rig_reply(&rig, 1).outcome, OUTCOME_DONE); /* it was under way */
    assert_bye(1, REFUSED_NOT);
    command = rig_report(2);
    (void)rig_submit(&rig, 1, CENTRE, &command);
    rig_run(&rig);
    assert_null(rig_next(&rig, 1, ENVELOPE_REPLY));
}

/* Who reads nothing cannot be answered: then the session ends, and does not go on without the Reply. */
static void test_a_reply_that_is_lost_ends_the_session(void **state)
{
    struct command command = rig_report(1);

    (void)state;
    rig_hello(&rig, 1, CENTRE, 0);
    rig_skip(&rig);
    rig.full_peer = 1;
    uint64_t counter = rig_submit(&rig, 1, CENTRE, &command);
    rig_run(&rig);
    rig.full_peer = 0;
    assert_null(rig_next(&rig, 1, ENVELOPE_REPLY));
    command = rig_report(2);
    (void)rig_submit(&rig, 1, CENTRE, &command);
    rig_run(&rig);
    assert_null(rig_next(&rig, 1, ENVELOPE_REPLY));
    const struct envelope *bye = rig_next(&rig, 1, ENVELOPE_BYE);
    assert_non_null(bye);
    assert_int_equal(bye->bye.refusal, REFUSED_BUSY);
    rig_hello(&rig, 1, CENTRE, 0);
    command = rig_report(1);
    rig_submit_as(&rig, 1, CENTRE, CENTRE, &command, counter); /* the same again: what it was answered */
    rig_run(&rig);
    assert_int_equal(rig_reply(&rig, 1).outcome, OUTCOME_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_report_order_deliver_receipt, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hello_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hello_comes_first, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_welcome_finds_the_queue_full, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_before_welcome, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_frames, setup, teardown),
        cmocka_unit_test_setup_teardown(test_newest_session_takes_all, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sessions_without_deliveries_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_beats, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bye_ends_the_session, setup, teardown),
        cmocka_unit_test_setup_teardown(test_revoked_is_cut_off, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fenced, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_reply_that_is_lost_ends_the_session, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fenced_by_a_recent_record, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fenced_by_an_old_record, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hellos_do_not_flood_the_log, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stop, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
