/* Commands: nothing is said before its commit; a counter has one answer; a failed commit leaves nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/log/log_memory.h"
#include "tests/unit/engine_rig.h"

static struct rig rig;

static int setup(void **state)
{
    (void)state;
    rig_start(&rig);
    rig_hello(&rig, 1, CENTRE, 8);
    rig_hello(&rig, 2, STATION, 8);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

static uint64_t head(void)
{
    return log_get_head(rig.store).seq;
}

static void run_until_append(void)
{
    for (int i = 0; i < 100 && !rig_append_waits(&rig); i++) {
        assert_true(rig_step(&rig));
    }
}

static void open_incident(unsigned incident)
{
    struct command command = rig_report(incident);

    assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_DONE);
}

static void test_nothing_is_said_before_the_commit(void **state)
{
    struct command command = rig_order(&rig, 0, 10, STATION);

    (void)state;
    command.issue_orders.incident = (struct id){{0}};
    (void)rig_submit(&rig, 1, CENTRE, &command);
    run_until_append();
    assert_null(rig_next(&rig, 1, ENVELOPE_REPLY));
    assert_null(rig_next(&rig, 2, ENVELOPE_DELIVER));
    assert_true(rig_step(&rig));
    assert_non_null(rig_next(&rig, 1, ENVELOPE_REPLY));
    assert_non_null(rig_next(&rig, 2, ENVELOPE_DELIVER));
}

static void test_group_commit(void **state)
{
    struct command command;

    (void)state;
    open_incident(1);
    uint64_t commits = engine_numbers(rig.engine).commits;
    for (int i = 0; i < 20; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "news %d", i);
        command = rig_follow_up(1, text);
        (void)rig_submit(&rig, 1, CENTRE, &command);
    }
    rig_run(&rig);
    assert_int_equal(engine_numbers(rig.engine).commits, commits + 2); /* the first, and all that gathered */
    for (int i = 0; i < 20; i++) {
        assert_int_equal(rig_reply(&rig, 1).counter, 2 + i);
    }
}

static void test_same_counter_in_flight(void **state)
{
    struct command command = rig_follow_up(1, "once");

    (void)state;
    open_incident(1);
    rig_hello(&rig, 3, CENTRE, 0);
    uint64_t before = head();
    uint64_t counter = rig_submit(&rig, 1, CENTRE, &command);
    rig_submit_as(&rig, 1, CENTRE, CENTRE, &command, counter); /* the salt differs, the bytes do not */
    rig_submit_as(&rig, 3, CENTRE, CENTRE, &command, counter);
    rig_run(&rig);
    assert_int_equal(head(), before + 1);
    assert_int_equal(rig_reply(&rig, 3).outcome, OUTCOME_DONE); /* where it was asked last */
    assert_null(rig_next(&rig, 3, ENVELOPE_REPLY));
    assert_null(rig_next(&rig, 1, ENVELOPE_REPLY));
}

static void test_same_counter_from_the_log(void **state)
{
    struct command command = rig_follow_up(1, "once");
    int64_t then = rig.utc_ms;

    (void)state;
    open_incident(1);
    uint64_t counter = rig_submit(&rig, 1, CENTRE, &command);
    rig_run(&rig);
    struct reply first = rig_reply(&rig, 1);
    rig_restart(&rig);
    rig_hello(&rig, 3, CENTRE, 8);
    const struct envelope *welcome = rig_next(&rig, 3, ENVELOPE_WELCOME);
    assert_non_null(welcome);
    assert_int_equal(welcome->welcome.last_counter, counter);
    assert_int_equal(rig.utc_ms, then); /* the bytes hold the time at which they were signed */
    uint64_t before = head();
    rig_submit_as(&rig, 3, CENTRE, CENTRE, &command, counter);
    rig_run(&rig);
    struct reply again = rig_reply(&rig, 3);
    assert_int_equal(again.outcome, OUTCOME_DONE);
    assert_int_equal(again.seq, first.seq);
    assert_true(hash_equal(again.hash, first.hash));
    assert_int_equal(head(), before);
}

static void test_same_refusal_from_the_log(void **state)
{
    struct command command = rig_follow_up(7, "of what?");

    (void)state;
    struct reply first = rig_done(&rig, 1, CENTRE, &command);
    assert_int_equal(first.refusal, REFUSED_NO_INCIDENT);
    assert_int_equal(first.seq, head());
    rig_submit_as(&rig, 1, CENTRE, CENTRE, &command, first.counter);
    rig_run(&rig);
    struct reply again = rig_reply(&rig, 1);
    assert_int_equal(again.refusal, REFUSED_NO_INCIDENT);
    assert_int_equal(again.seq, first.seq);
}

static void test_conflict(void **state)
{
    struct command command = rig_follow_up(1, "one thing");

    (void)state;
    open_incident(1);
    uint64_t counter = rig_submit(&rig, 1, CENTRE, &command);
    command = rig_follow_up(1, "another thing");
    rig_submit_as(&rig, 1, CENTRE, CENTRE, &command, counter); /* in flight */
    rig_run(&rig);
    assert_int_equal(rig_reply(&rig, 1).outcome, OUTCOME_DONE);
    assert_int_equal(rig_reply(&rig, 1).refusal, REFUSED_CONFLICT);
    rig_submit_as(&rig, 1, CENTRE, CENTRE, &command, counter); /* in the log */
    rig_run(&rig);
    assert_int_equal(rig_reply(&rig, 1).refusal, REFUSED_CONFLICT);
    assert_false(rig.fatal);
}

static void test_stale(void **state)
{
    struct command command = rig_report(1);

    (void)state;
    rig_submit_as(&rig, 1, CENTRE, CENTRE, &command, 9);
    rig_run(&rig);
    assert_int_equal(rig_reply(&rig, 1).outcome, OUTCOME_DONE);
    command = rig_follow_up(1, "late");
    uint64_t before = head();
    rig_submit_as(&rig, 1, CENTRE, CENTRE, &command, 4);
    rig_run(&rig);
    struct reply reply = rig_reply(&rig, 1);
    assert_int_equal(reply.refusal, REFUSED_STALE);
    assert_int_equal(reply.seq, 0);
    assert_int_equal(head(), before);
}

static void test_unchanged_writes_nothing(void **state)
{
    struct command command = rig_report(1);

    (void)state;
    open_incident(1);
    uint64_t before = head();
    struct reply reply = rig_done(&rig, 1, CENTRE, &command); /* the same report under a new counter */
    assert_int_equal(reply.outcome, OUTCOME_UNCHANGED);
    assert_int_equal(reply.seq, 0);
    assert_int_equal(head(), before);
}

static void test_bad_signature_moves_no_mark(void **state)
{
    struct command command = rig_report(1);

    (void)state;
    rig_submit_as(&rig, 1, CENTRE, POLICE, &command, 50);
    rig_run(&rig);
    assert_int_equal(rig_reply(&rig, 1).refusal, REFUSED_SIGNATURE);
    rig_submit_as(&rig, 1, CENTRE, CENTRE, &command, 3); /* 50 is as if it had never been */
    rig_run(&rig);
    assert_int_equal(rig_reply(&rig, 1).outcome, OUTCOME_DONE);
}

static void test_speaking_for_another(void **state)
{
    struct command command = rig_report(1);
    struct envelope envelope = {.kind = ENVELOPE_SUBMIT};
    struct buf payload;

    (void)state;
    command.region = RIG_REGION;
    command.epoch = 1;
    command.mode = MODE_ACTUAL;
    command.agent = rig.agents[STATION].name; /* on the centre's session */
    command.operator= "";
    command.counter = 1;
    command.issued_at_ms = rig_bus_ms(&rig);
    command.expires_at_ms = command.issued_at_ms + 1000;
    buf_init(&payload, 0);
    wire_encode_command(&command, &payload);
    envelope.submit.payload = buf_bytes(&payload);
    assert_int_equal(sign_batch(&rig.agents[STATION].sign, &rig.rng, &envelope.submit, 1), 0);
    rig_say(&rig, 1, CENTRE, &envelope);
    rig_run(&rig);
    assert_int_equal(rig_reply(&rig, 1).refusal, REFUSED_IDENTITY);
    buf_free(&payload);
}

/* What cannot be read is refused and kept, and however much of it comes, a batch stays a batch. */
static void test_flood_of_undecodable_commands(void **state)
{
    static const uint8_t garbage[] = {0xff, 0xff, 1};
    struct envelope envelope = {.kind = ENVELOPE_SUBMIT,
                                .submit = {.payload = {garbage, sizeof garbage}, .batch_size = 1}};
    enum { FLOOD = LOG_BATCH_MAX + ENGINE_PARKED_MAX + 200 };
    size_t busy = 0, invalid = 0;

    (void)state;
    assert_int_equal(sign_batch(&rig.agents[CENTRE].sign, &rig.rng, &envelope.submit, 1), 0);
    for (int i = 0; i < FLOOD; i++) {
        rig_say(&rig, 1, CENTRE, &envelope);
    }
    rig_run(&rig);
    for (const struct envelope *got; (got = rig_next(&rig, 1, ENVELOPE_REPLY)) != NULL;) {
        busy += got->reply.refusal == REFUSED_BUSY;
        invalid += got->reply.refusal == REFUSED_INVALID;
        assert_true(got->reply.refusal != REFUSED_BUSY || got->reply.retry_ms > 0);
    }
    assert_true(busy > 0);
    assert_int_equal(busy + invalid, FLOOD);
    assert_false(rig.fatal);
}

static void test_refusals_are_capped_and_counted(void **state)
{
    struct command command = rig_follow_up(7, "of what?");
    uint64_t before = head();

    (void)state;
    for (int i = 0; i < ENGINE_REFUSALS_BURST + 30; i++) {
        struct reply reply = rig_done(&rig, 2, STATION, &command);
        assert_int_equal(reply.refusal, REFUSED_NO_INCIDENT);
        assert_int_equal(reply.seq != 0, i < ENGINE_REFUSALS_BURST);
    }
    assert_int_equal(head(), before + ENGINE_REFUSALS_BURST);
    rig_later(&rig, 61000);
    assert_int_equal(head(), before + ENGINE_REFUSALS_BURST + 1); /* the count of the others */
    rig_later(&rig, 61000);
    assert_int_equal(head(), before + ENGINE_REFUSALS_BURST + 1);
}

/* The count in the log's last record. */
static uint64_t last_count(void)
{
    struct log_query query = {.question = LOG_Q_RANGE, .after = head() - 1, .records_max = 1};
    struct log_answer answer = {0};
    struct record record;
    struct command command = {0};

    arena_reset(&rig.arena);
    assert_int_equal(log_read(rig.store, &query, &rig.arena, &answer, NULL), 0);
    assert_int_equal(answer.rows_n, 1);
    assert_int_equal(answer.rows[0].record.header.kind, COMMAND_COUNT_REFUSALS);
    assert_int_equal(wire_decode_record(answer.rows[0].record.payload, &rig.arena, &record, NULL), 0);
    assert_int_equal(wire_decode_command(record.signed_command.payload, &rig.arena, &command, NULL), 0);
    return command.count_refusals.count;
}

static void test_counted_refusals_survive_a_full_disk(void **state)
{
    struct command command = rig_follow_up(7, "of what?");
    uint64_t before = head();

    (void)state;
    for (int i = 0; i < ENGINE_REFUSALS_BURST + 30; i++) {
        (void)rig_done(&rig, 2, STATION, &command);
    }
    rig_later(&rig, 59000);
    rig.boot_ms += 2000;
    rig.utc_ms += 2000;
    engine_tick(rig.engine);
    run_until_append();
    rig_fail(&rig, ERR_DISK_FULL);
    rig_run(&rig);
    assert_int_equal(head(), before + ENGINE_REFUSALS_BURST);
    rig_later(&rig, 61000);
    assert_int_equal(head(), before + ENGINE_REFUSALS_BURST + 1);
    assert_int_equal(last_count(), 30);
}

/* They were not told, and come again: each is counted once. */
static void test_refusals_given_back_are_not_counted(void **state)
{
    struct command command = rig_follow_up(7, "of what?"), good = rig_report(1);
    uint64_t first = 0;

    (void)state;
    for (int i = 0; i < ENGINE_REFUSALS_BURST; i++) {
        (void)rig_done(&rig, 2, STATION, &command);
    }
    (void)rig_submit(&rig, 1, CENTRE, &good);
    run_until_append();
    for (int i = 0; i < 5; i++) { /* in the batch behind it */
        uint64_t counter = rig_submit(&rig, 2, STATION, &command);
        first = first == 0 ? counter : first;
    }
    rig_fail(&rig, ERR_DISK_FULL);
    rig_run(&rig);
    rig_later(&rig, 1000);
    for (uint64_t i = 0; i < 5; i++) {
        rig_submit_as(&rig, 2, STATION, STATION, &command, first + i);
        rig_run(&rig);
    }
    rig_later(&rig, 70000);
    assert_int_equal(last_count(), 5);
}

static void test_refusal_beyond_the_cap_moves_the_mark(void **state)
{
    struct command command = rig_follow_up(7, "of what?");
    struct reply reply = {0};

    (void)state;
    for (int i = 0; i < ENGINE_REFUSALS_BURST + 1; i++) {
        reply = rig_done(&rig, 2, STATION, &command);
    }
    rig_submit_as(&rig, 2, STATION, STATION, &command, reply.counter);
    rig_run(&rig);
    assert_int_equal(rig_reply(&rig, 2).refusal, REFUSED_STALE);
}

/* --- the disk ------------------------------------------------------------------------------------- */

static void test_full_disk_leaves_nothing(void **state)
{
    struct command command = rig_follow_up(1, "lost");
    char *before, *after;

    (void)state;
    open_incident(1);
    before = rig_dump(&rig);
    uint64_t counter = rig_submit(&rig, 1, CENTRE, &command);
    run_until_append();
    command = rig_order(&rig, 1, 10, STATION); /* gathers behind it */
    uint64_t second = rig_submit(&rig, 1, CENTRE, &command);
    rig_fail(&rig, ERR_DISK_FULL);
    rig_run(&rig);
    struct reply reply = rig_reply(&rig, 1);
    assert_int_equal(reply.counter, counter);
    assert_int_equal(reply.refusal, REFUSED_DISK);
    assert_true(reply.retry_ms > 0);
    reply = rig_reply(&rig, 1);
    assert_int_equal(reply.counter, second);
    assert_int_equal(reply.refusal, REFUSED_DISK);
    after = rig_dump(&rig);
    assert_string_equal(before, after);
    free(before);
    free(after);
    assert_false(rig.fatal);

    rig_skip(&rig);
    command = rig_follow_up(1, "lost"); /* the same bytes, and there is room */
    rig_submit_as(&rig, 1, CENTRE, CENTRE, &command, counter);
    rig_run(&rig);
    assert_int_equal(rig_reply(&rig, 1).outcome, OUTCOME_DONE);
    assert_null(rig_next(&rig, 2, ENVELOPE_DELIVER));
}

/* What a failed commit dropped is loaded again by itself: its deadlines go on. */
static void test_full_disk_keeps_deadlines(void **state)
{
    struct command command = rig_order(&rig, 1, 10, STATION);

    (void)state;
    open_incident(1);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_DONE);
    command = rig_follow_up(1, "lost");
    (void)rig_submit(&rig, 1, CENTRE, &command);
    run_until_append();
    rig_fail(&rig, ERR_DISK_FULL);
    rig_run(&rig);
    rig_skip(&rig);
    rig_later(&rig, 61000);
    /* the centre is told that nobody answered, but its session has gone by then: look at the log */
    char *dump = rig_dump(&rig);
    assert_non_null(strstr(dump, "unanswered"));
    free(dump);
}

/* The region's stream is dropped too, and nobody is taken for a stranger while it is read again. */
static void test_full_disk_at_a_change_of_the_region(void **state)
{
    struct command command = {.kind = COMMAND_REVOKE,
                              .revoke = {.name = rig.agents[POLICE].name, .reason = "test"}};

    (void)state;
    uint64_t revoking = rig_submit(&rig, 1, CENTRE, &command);
    run_until_append();
    rig_fail(&rig, ERR_DISK_FULL);
    rig_skip(&rig);
    command = rig_report(1);
    uint64_t counter = rig_submit(&rig, 2, STATION, &command);
    struct reply reply = rig_reply(&rig, 2);
    assert_int_equal(reply.refusal, REFUSED_BUSY);
    rig_run(&rig);
    rig_submit_as(&rig, 2, STATION, STATION, &command, counter);
    rig_run(&rig);
    assert_int_equal(rig_reply(&rig, 2).outcome, OUTCOME_DONE);
    assert_true(engine_knows_key(rig.engine, rig.agents[POLICE].curve_public));
    rig_later(&rig, 1500); /* there is space again */
    command = (struct command){.kind = COMMAND_REVOKE,
                               .revoke = {.name = rig.agents[POLICE].name, .reason = "test"}};
    rig_submit_as(&rig, 1, CENTRE, CENTRE, &command, revoking);
    rig_run(&rig);
    assert_false(engine_knows_key(rig.engine, rig.agents[POLICE].curve_public));
}

/* As long as the log lives on its reserve, what must not wait is taken, and everything else refused. */
static void test_full_disk_takes_what_must_not_wait(void **state)
{
    struct command order = rig_order(&rig, 1, 10, STATION);
    struct command report = rig_report(5);
    struct command recall = rig_recall(1, 10);
    struct command receipt = rig_receipt(1, 10, RUNG_ACKNOWLEDGED);
    struct command units = {.kind = COMMAND_STATE_UNITS};

    (void)state;
    open_incident(1);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &order).outcome, OUTCOME_DONE);
    log_memory_set_low(rig.store, true);
    order = rig_order(&rig, 1, 11, STATION);
    uint64_t counter = rig_submit(&rig, 1, CENTRE, &order);
    run_until_append();
    rig_fail(&rig, ERR_DISK_FULL);
    rig_run(&rig);
    struct reply reply = rig_reply(&rig, 1);
    assert_int_equal(reply.refusal, REFUSED_DISK);
    assert_true(reply.retry_ms > 0);
    rig_later(&rig, 1500); /* it asks for space in between */
    rig_submit_as(&rig, 1, CENTRE, CENTRE, &order, counter);
    rig_run(&rig);
    reply = rig_reply(&rig, 1);
    assert_int_equal(reply.refusal, REFUSED_DISK);
    assert_int_equal(reply.retry_ms, 0); /* for good */
    order = rig_order(&rig, 1, 12, STATION);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &order).refusal, REFUSED_DISK);
    assert_int_equal(rig_done(&rig, 2, STATION, &units).outcome, OUTCOME_UNCHANGED);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &report).outcome, OUTCOME_DONE);
    assert_int_equal(rig_done(&rig, 2, STATION, &receipt).outcome, OUTCOME_DONE);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &recall).outcome, OUTCOME_DONE);
    recall = rig_recall(1, 12);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &recall).refusal, REFUSED_NO_ORDER);
    log_memory_set_low(rig.store, false);
    rig_later(&rig, 2500);
    order = rig_order(&rig, 1, 13, STATION);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &order).outcome, OUTCOME_DONE);
}

/* Counters that wait are given back as well: were a later one taken first, it could be taken twice. */
static void test_full_disk_gives_back_what_waits(void **state)
{
    struct command command = rig_follow_up(1, "first");

    (void)state;
    open_incident(1);
    uint64_t first = rig_submit(&rig, 1, CENTRE, &command);
    command = rig_follow_up(2, "waits for a stream to be loaded");
    uint64_t second = rig_submit(&rig, 1, CENTRE, &command);
    rig_fail(&rig, ERR_DISK_FULL); /* the append is the oldest request */
    assert_int_equal(rig_reply(&rig, 1).counter, first);
    struct reply reply = rig_reply(&rig, 1);
    assert_int_equal(reply.counter, second);
    assert_int_equal(reply.refusal, REFUSED_DISK);
    rig_run(&rig);
    assert_null(rig_next(&rig, 1, ENVELOPE_REPLY));
    struct command again = rig_follow_up(1, "first");
    rig_submit_as(&rig, 1, CENTRE, CENTRE, &again, first);
    rig_submit_as(&rig, 1, CENTRE, CENTRE, &command, second);
    rig_run(&rig);
    assert_int_equal(rig_reply(&rig, 1).outcome, OUTCOME_DONE);
    assert_int_equal(rig_reply(&rig, 1).refusal, REFUSED_NO_INCIDENT);
}

/* What was said later does not overtake what was turned away; and nobody is waited for for ever. */
static void test_order_is_kept_after_a_full_disk(void **state)
{
    struct command first = rig_follow_up(1, "first");
    struct command second = rig_follow_up(1, "second");

    (void)state;
    open_incident(1);
    uint64_t counter = rig_submit(&rig, 1, CENTRE, &first);
    run_until_append();
    rig_fail(&rig, ERR_DISK_FULL);
    assert_int_equal(rig_reply(&rig, 1).refusal, REFUSED_DISK);
    rig_run(&rig);
    uint64_t later = rig_submit(&rig, 1, CENTRE, &second);
    assert_int_equal(rig_reply(&rig, 1).refusal, REFUSED_BUSY);
    rig_submit_as(&rig, 1, CENTRE, CENTRE, &first, counter);
    rig_submit_as(&rig, 1, CENTRE, CENTRE, &second, later);
    rig_run(&rig);
    assert_int_equal(rig_reply(&rig, 1).outcome, OUTCOME_DONE);
    assert_int_equal(rig_reply(&rig, 1).outcome, OUTCOME_DONE);

    (void)rig_submit(&rig, 1, CENTRE, &first); /* this one never comes back */
    run_until_append();
    rig_fail(&rig, ERR_DISK_FULL);
    (void)rig_reply(&rig, 1);
    rig_run(&rig);
    rig.boot_ms += ENGINE_HOLD_MS;
    rig.utc_ms += ENGINE_HOLD_MS;
    assert_int_equal(rig_done(&rig, 1, CENTRE, &second).outcome, OUTCOME_DONE);
}

static void test_io_error_is_the_end(void **state)
{
    struct command command = rig_report(1);

    (void)state;
    (void)rig_submit(&rig, 1, CENTRE, &command);
    run_until_append();
    rig_fail(&rig, ERR_IO);
    assert_true(rig.fatal);
    assert_int_equal(rig.fatal_err.code, ERR_IO);
    assert_null(rig_next(&rig, 1, ENVELOPE_REPLY));
    command = rig_report(2);
    (void)rig_submit(&rig, 1, CENTRE, &command);
    assert_null(rig.queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_is_said_before_the_commit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_group_commit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_same_counter_in_flight, setup, teardown),
        cmocka_unit_test_setup_teardown(test_same_counter_from_the_log, setup, teardown),
        cmocka_unit_test_setup_teardown(test_same_refusal_from_the_log, setup, teardown),
        cmocka_unit_test_setup_teardown(test_conflict, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stale, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unchanged_writes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_signature_moves_no_mark, setup, teardown),
        cmocka_unit_test_setup_teardown(test_speaking_for_another, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flood_of_undecodable_commands, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals_are_capped_and_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_counted_refusals_survive_a_full_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals_given_back_are_not_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusal_beyond_the_cap_moves_the_mark, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_disk_leaves_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_disk_keeps_deadlines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_disk_at_a_change_of_the_region, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_disk_takes_what_must_not_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_disk_gives_back_what_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order_is_kept_after_a_full_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_io_error_is_the_end, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
