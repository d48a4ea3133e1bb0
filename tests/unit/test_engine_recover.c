/* A log that was restored from an older copy, and goes on by a person's word: the epoch rises in a record,
 * what is lost is written down once, and other histories are still fenced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/region.h"
#include "common/core/state.h"
#include "tests/unit/engine_rig.h"

#define REASON "the disk is gone; backup of 03:00"

static struct rig rig;
static struct log_head old; /* the head of the copy that was restored */

static int setup(void **state)
{
    struct command command = rig_report(1);

    (void)state;
    rig_start(&rig);
    rig_hello(&rig, 1, CENTRE, 0);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_DONE);
    old = log_get_head(rig.store);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

static struct log_head head(void)
{
    return log_get_head(rig.store);
}

static void start_again(const char *reason)
{
    rig.recover = reason;
    rig_restart(&rig);
    rig.recover = NULL;
    rig_skip(&rig);
}

static struct hash hash_of(uint8_t n)
{
    return (struct hash){{n, 1, 2}};
}

/* The agent brings a head that the broker has signed, and is let in. */
static void bring(unsigned peer, enum rig_agent agent, uint64_t epoch, uint64_t seq, struct hash hash)
{
    struct envelope envelope = {
        .kind = ENVELOPE_HELLO,
        .hello = {.protocol = PROTOCOL_VERSION,
                  .agent = rig.agents[agent].name,
                  .software = "",
                  .seen = {.present = true, .region = RIG_REGION, .epoch = epoch, .seq = seq, .hash = hash}}};

    signed_head_sign(&rig.broker.sign, &envelope.hello.seen);
    rig_say(&rig, peer, agent, &envelope);
    rig_run(&rig);
}

static void bring_and_be_let_in(unsigned peer, enum rig_agent agent, uint64_t epoch, uint64_t seq,
                                struct hash hash)
{
    bring(peer, agent, epoch, seq, hash);
    assert_non_null(rig_next(&rig, peer, ENVELOPE_WELCOME));
}

static bool takes_reports(unsigned incident)
{
    struct command command = rig_report(incident);

    rig_hello(&rig, 1, CENTRE, 0);
    struct reply reply = rig_done(&rig, 1, CENTRE, &command);
    assert_true(reply.outcome == OUTCOME_DONE || reply.refusal == REFUSED_FENCED);
    return reply.outcome == OUTCOME_DONE;
}

struct found {
    size_t n;
    struct log_header header; /* of the last one */
    struct command command;
    struct event event;
};

/* The records of this kind since the copy. */
static struct found find(enum command_kind kind)
{
    struct log_query query = {.question = LOG_Q_RANGE, .after = old.seq};
    struct log_answer answer = {0};
    struct found ret = {.n = 0};
    struct record record;

    arena_reset(&rig.arena);
    assert_int_equal(log_read(rig.store, &query, &rig.arena, &answer, NULL), 0);
    for (size_t i = 0; i < answer.rows_n; i++) {
        if (answer.rows[i].record.header.kind != (uint32_t)kind) {
            continue;
        }
        assert_int_equal(wire_decode_record(answer.rows[i].record.payload, &rig.arena, &record, NULL), 0);
        assert_int_equal(wire_decode_command(record.signed_command.payload, &rig.arena, &ret.command, NULL),
                         0);
        assert_int_equal(record.events_n, 1);
        assert_true(signed_holds(NULL, &rig.broker.sign.public, &record.signed_command, &(struct hash){{0}}));
        ret.n++;
        ret.header = answer.rows[i].record.header;
        ret.event = record.events[0];
    }
    return ret;
}

static void test_goes_on_in_the_next_epoch(void **state)
{
    (void)state;
    start_again(REASON);
    struct found found = find(COMMAND_RECOVER);
    assert_int_equal(found.n, 1);
    assert_int_equal(found.header.seq, old.seq + 1); /* before anything else */
    assert_int_equal(found.header.epoch, 2);
    assert_int_equal(found.command.epoch, 2);
    assert_int_equal(found.command.recover.epoch, 1);
    assert_int_equal(found.command.recover.seq, old.seq);
    assert_memory_equal(found.command.recover.hash, old.hash.b, sizeof old.hash.b);
    assert_string_equal(found.command.recover.reason, REASON);
    assert_int_equal(found.event.kind, EVENT_RECOVERED);
    assert_int_equal(head().epoch, 2);
    assert_non_null(strstr(rig.note, "goes on from seq"));
    rig_hello(&rig, 2, STATION, 0);
    assert_int_equal(rig_next(&rig, 2, ENVELOPE_WELCOME)->welcome.epoch, 2);
    assert_true(takes_reports(2));
    char *before = rig_dump(&rig);
    start_again(NULL); /* an ordinary start goes on in it */
    assert_int_equal(find(COMMAND_RECOVER).n, 1);
    assert_int_equal(head().epoch, 2);
    assert_true(takes_reports(3));
    assert_non_null(strstr(before, "recovered_epoch=1"));
    free(before);
}

static void test_what_was_lost_is_written_down_once(void **state)
{
    (void)state;
    start_again(REASON);
    bring_and_be_let_in(2, STATION, 1, old.seq + 7, hash_of(1));
    struct found found = find(COMMAND_NOTE_LOSS);
    assert_int_equal(found.n, 1);
    assert_string_equal(found.command.note_loss.agent, rig.agents[STATION].name);
    assert_int_equal(found.event.loss_noted.seq, old.seq + 7);
    assert_int_equal(found.event.loss_noted.epoch, 1);
    assert_int_equal(found.event.loss_noted.after_seq, old.seq);
    struct signed_head proof = {.present = true, .region = RIG_REGION, .epoch = 1, .seq = old.seq + 7};
    memcpy(proof.hash.b, found.command.note_loss.hash, sizeof proof.hash.b);
    memcpy(proof.signature.b, found.command.note_loss.signature, sizeof proof.signature.b);
    assert_true(signed_head_verify(&rig.broker.sign.public, &proof)); /* for everybody, for ever */
    for (unsigned i = 0; i < 50; i++) {
        bring_and_be_let_in(3 + i % 2, STATION, 1, old.seq + 1 + i % 7, hash_of((uint8_t)i));
    }
    start_again(NULL);
    bring_and_be_let_in(2, STATION, 1, old.seq + 7, hash_of(1));
    assert_int_equal(find(COMMAND_NOTE_LOSS).n, 1);
    bring_and_be_let_in(2, POLICE, 1, old.seq + 7, hash_of(1)); /* another witness */
    assert_int_equal(find(COMMAND_NOTE_LOSS).n, 2);
    assert_true(takes_reports(2));
}

/* A record of the copy is here, in whatever epoch; where the new epoch has another, the old one is lost. */
static void test_records_of_the_copy_are_not_lost(void **state)
{
    (void)state;
    start_again(REASON);
    assert_true(takes_reports(2));
    bring_and_be_let_in(2, STATION, 1, old.seq, old.hash); /* too old to be remembered: the log is asked */
    assert_int_equal(find(COMMAND_NOTE_LOSS).n, 0);
    bring_and_be_let_in(2, STATION, 1, old.seq + 1, hash_of(9));
    assert_int_equal(find(COMMAND_NOTE_LOSS).n, 1);
    assert_int_equal(find(COMMAND_NOTE_LOSS).event.loss_noted.after_seq, old.seq);
    assert_true(takes_reports(3));
}

static void test_the_same_epoch_fences(void **state)
{
    (void)state;
    start_again(REASON);
    bring(2, STATION, 2, head().seq + 1, hash_of(1));
    assert_false(takes_reports(2));
    assert_int_equal(find(COMMAND_NOTE_LOSS).n, 0);
}

/* The old log is started again, under agents that have seen it recovered. */
static void test_a_later_epoch_fences(void **state)
{
    (void)state;
    bring(2, STATION, 2, old.seq - 1, hash_of(1));
    assert_false(takes_reports(2));
    assert_non_null(strstr(rig.note, "of epoch 2"));
}

static void test_a_head_that_nobody_signed_proves_nothing(void **state)
{
    struct envelope envelope = {.kind = ENVELOPE_HELLO,
                                .hello = {.protocol = PROTOCOL_VERSION,
                                          .agent = rig.agents[STATION].name,
                                          .software = "",
                                          .seen = {.region = RIG_REGION, .epoch = 1, .seq = old.seq + 7}}};

    (void)state;
    start_again(REASON);
    signed_head_sign(&rig.agents[STATION].sign, &envelope.hello.seen);
    rig_say(&rig, 2, STATION, &envelope);
    rig_run(&rig);
    assert_non_null(rig_next(&rig, 2, ENVELOPE_WELCOME));
    assert_int_equal(find(COMMAND_NOTE_LOSS).n, 0);
}

/* Killed at any point of it: the next start finds all of it or nothing, and heeds the same word once. */
static void test_killed_while_it_recovers(void **state)
{
    (void)state;
    for (unsigned steps = 0; head().epoch == 1; steps++) {
        assert_true(steps < 100);
        assert_int_equal(head().seq, old.seq);
        rig.recover = REASON;
        rig_restart_only(&rig);
        for (unsigned i = 0; i < steps; i++) {
            (void)rig_step(&rig);
        }
    }
    start_again(REASON);
    assert_int_equal(find(COMMAND_RECOVER).n, 1);
    assert_int_equal(head().epoch, 2);
    start_again("and again: the disk of that day failed, too");
    assert_int_equal(find(COMMAND_RECOVER).n, 2);
    assert_int_equal(head().epoch, 3);
    bring_and_be_let_in(2, STATION, 1, old.seq + 70, hash_of(1)); /* of the epoch before the last */
    assert_int_equal(find(COMMAND_NOTE_LOSS).n, 1);
    assert_int_equal(find(COMMAND_NOTE_LOSS).event.loss_noted.after_seq, 0); /* not known from where on */
    assert_true(takes_reports(2));
}

/* The Welcome waits for the record, for its agent forgets the old head then; not for a full disk. */
static void test_the_welcome_waits_for_the_record(void **state)
{
    struct envelope envelope = {
        .kind = ENVELOPE_HELLO,
        .hello = {.protocol = PROTOCOL_VERSION,
                  .agent = rig.agents[STATION].name,
                  .software = "",
                  .seen = {.region = RIG_REGION, .epoch = 1, .seq = old.seq + 7, .hash = hash_of(1)}}};

    (void)state;
    start_again(REASON);
    rig_hello(&rig, 2, STATION, 0); /* its counter and stream are known from here on */
    rig_skip(&rig);
    signed_head_sign(&rig.broker.sign, &envelope.hello.seen);
    rig_say(&rig, 3, STATION, &envelope);
    while (!rig_append_waits(&rig)) {
        assert_true(rig_step(&rig));
    }
    assert_null(rig_next(&rig, 3, ENVELOPE_WELCOME));
    rig_fail(&rig, ERR_DISK_FULL);
    rig_later(&rig, 500);
    assert_non_null(rig_next(&rig, 3, ENVELOPE_WELCOME));
    assert_int_equal(find(COMMAND_NOTE_LOSS).n, 0);
    for (unsigned i = 0; i < 20 && find(COMMAND_NOTE_LOSS).n == 0; i++) { /* while it beats */
        rig_say(&rig, 3, STATION,
                &(struct envelope){.kind = ENVELOPE_BEAT, .beat = {.head = {.region = ""}}});
        rig_later(&rig, 500);
    }
    assert_int_equal(find(COMMAND_NOTE_LOSS).n, 1);
}

/* The word stands on the command line still, and the log has lost a tail again: it is meant for that, too. */
static void test_a_tail_that_is_lost_again(void **state)
{
    (void)state;
    start_again(REASON);
    rig.tail_given_up = true;
    start_again(REASON);
    rig.tail_given_up = false;
    assert_int_equal(find(COMMAND_RECOVER).n, 2);
    assert_int_equal(head().epoch, 3);
    assert_true(takes_reports(2));
}

/* A batch fails that has changed the region, and while that is read again nobody knows which epoch was given
 * up: what an agent has seen of that one does not fence. */
static void test_a_witness_while_the_region_is_read_again(void **state)
{
    struct envelope envelope = {
        .kind = ENVELOPE_HELLO,
        .hello = {.protocol = PROTOCOL_VERSION,
                  .agent = rig.agents[STATION].name,
                  .software = "",
                  .seen = {.present = true, .region = RIG_REGION, .epoch = 1, .seq = 2, .hash = hash_of(9)}}};

    (void)state;
    start_again(REASON);
    rig_hello(&rig, 2, STATION, 0); /* its counter and stream are known from here on */
    rig_later(&rig, 2000);
    rig_skip(&rig);
    rig.utc_ms += 3600000; /* a ClockSet, which is the region's */
    rig.boot_ms += 1000;
    engine_tick(rig.engine);
    assert_true(rig_append_waits(&rig));
    signed_head_sign(&rig.broker.sign, &envelope.hello.seen);
    rig_say(&rig, 3, STATION, &envelope);
    rig_fail(&rig, ERR_DISK_FULL);
    rig_later(&rig, 1000);
    rig.utc_ms -= 3600000;
    rig_later(&rig, 1000);
    assert_true(takes_reports(2));
}

static void test_there_must_be_a_log(void **state)
{
    (void)state;
    rig_free(&rig);
    rig_make(&rig);
    rig.recover = REASON;
    rig_restart_only(&rig);
    rig_run(&rig);
    assert_true(rig.fatal);
    assert_int_equal(rig.fatal_err.code, ERR_CONFIG);
    assert_non_null(strstr(rig.fatal_err.text, "no log to recover"));
    assert_int_equal(head().seq, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_goes_on_in_the_next_epoch, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_was_lost_is_written_down_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_records_of_the_copy_are_not_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_same_epoch_fences, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_later_epoch_fences, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_head_that_nobody_signed_proves_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_killed_while_it_recovers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_welcome_waits_for_the_record, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_tail_that_is_lost_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_witness_while_the_region_is_read_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_there_must_be_a_log, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
