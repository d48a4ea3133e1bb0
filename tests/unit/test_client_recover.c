/* The log was restored from an older copy and goes on in the next epoch: what the client takes of it, what it
 * says again, and what it does not do twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/fault/memvfs.h"
#include "tests/unit/client_fake.h"

static struct fake fake;
static size_t recovered;
static struct client_recovery recovery; /* the last; its reason is not kept */
static char text[CLIENT_RECOVERY_TEXT];

static void on_recovered(void *ctx, const struct client_recovery *told)
{
    (void)ctx;
    recovered++;
    recovery = *told;
    client_recovery_text(told, text);
}

static int setup(void **state)
{
    (void)state;
    fake_start(&fake);
    fake.on_recovered = on_recovered;
    fake_restart(&fake);
    recovered = 0;
    client_connected(fake.client);
    fake_greet(&fake);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake.on_recovered = NULL;
    fake_stop(&fake);
    return 0;
}

static struct memvfs *disk;

static int setup_on_disk(void **state)
{
    (void)state;
    disk = memvfs_new("journal", 1);
    assert_non_null(disk);
    fake_start_on(&fake, "journal");
    client_connected(fake.client);
    fake_greet(&fake);
    return 0;
}

static int teardown_on_disk(void **state)
{
    int rc = teardown(state);

    memvfs_free(disk);
    return rc;
}

static int64_t later(void)
{
    return fake.now_ms + 3600000;
}

/* What the client says of a command; the test must have given it cause. */
static struct command next_command(enum command_kind kind)
{
    struct command command;

    do {
        const struct envelope *submit = fake_next(&fake, ENVELOPE_SUBMIT);

        assert_non_null(submit);
        command = fake_command(&fake, submit);
    } while (command.kind != kind);
    return command;
}

static bool says(enum command_kind kind)
{
    const struct envelope *submit;

    while ((submit = fake_next(&fake, ENVELOPE_SUBMIT)) != NULL) {
        if (fake_command(&fake, submit).kind == kind) {
            return true;
        }
    }
    return false;
}

/* An order that was delivered, acknowledged by the application, and that receipt is done at the broker. Its
 * counter. */
static uint64_t carry_out(struct id order)
{
    struct give_receipt receipt = {.order = order, .rung = RUNG_ACKNOWLEDGED};

    (void)fake_order(&fake, order, later());
    fake_run(&fake);
    assert_int_equal(client_receipt(fake.client, &receipt, 7, NULL), 0);
    uint64_t counter = next_command(COMMAND_GIVE_RECEIPT).counter;
    fake_reply(&fake, counter, OUTCOME_DONE, REFUSED_NOT);
    return counter;
}

static void come_back(uint64_t epoch, uint64_t last_counter)
{
    fake_come_back(&fake, epoch, last_counter, (const uint64_t[LANE_MAX + 1]){0});
}

static void what_is_lost_is_said_again(void **state)
{
    uint64_t copy = fake.region_n, counter = carry_out(fake_id(1));

    (void)state;
    fake_answer_acks(&fake);
    fake_recover(&fake, &fake.broker, 1);
    come_back(2, 0);
    assert_true(client_ready(fake.client));
    assert_int_equal(recovered, 1);
    assert_int_equal(recovery.epoch, 1);
    assert_int_equal(recovery.now, 2);
    assert_int_equal(recovery.after_seq, copy);
    assert_true(recovery.seen_seq > copy);
    assert_int_equal(recovery.again, 1);
    assert_non_null(
        strstr(text, " of epoch 1 are lost in the recovery of 1970-01-01T00:00:01.000Z: " FAKE_REASON));
    struct command again = next_command(COMMAND_GIVE_RECEIPT);
    assert_int_equal(again.epoch, 2);
    assert_true(again.counter > counter);
    assert_true(id_equal(again.give_receipt.order, fake_id(1)));
    fake_reply(&fake, again.counter, OUTCOME_DONE, REFUSED_NOT);
    assert_int_equal(fake.reply_tag, 7);
    assert_int_equal(client_pending(fake.client), 0);
    come_back(2, again.counter); /* nothing of it is left, also for the next process */
    fake_restart(&fake);
    client_connected(fake.client);
    fake_greet(&fake);
    assert_false(says(COMMAND_GIVE_RECEIPT));
    assert_int_equal(recovered, 1);
}

/* Lost: what was said of an order; said since, before anything is proved: its recall. */
static void lose_and_recall(void)
{
    struct command recall = {.kind = COMMAND_RECALL_ORDER,
                             .recall_order = {.incident = fake_id(9), .order = fake_id(1), .reason = "now"}};
    struct welcome welcome = {.protocol = PROTOCOL_VERSION, .region = FAKE_REGION, .epoch = 2};

    (void)carry_out(fake_id(1));
    fake_answer_acks(&fake);
    fake_recover(&fake, &fake.broker, 1);
    client_disconnected(fake.client);
    fake_skip(&fake);
    fake.epoch = 2;
    client_connected(fake.client);
    assert_non_null(fake_next(&fake, ENVELOPE_HELLO));
    welcome.head = (struct signed_head){.region = ""};
    fake_say(&fake, &(struct envelope){.kind = ENVELOPE_WELCOME, .welcome = welcome});
    assert_int_equal(client_submit(fake.client, &recall, 8, NULL), 0);
    assert_non_null(fake_next(&fake, ENVELOPE_TAIL));
}

/* A recall of what was lost must not come before it. */
static void what_is_said_now_comes_after_what_was_lost(void **state)
{
    (void)state;
    lose_and_recall();
    fake_say_region(&fake);
    fake_run(&fake);
    uint64_t first = next_command(COMMAND_GIVE_RECEIPT).counter;
    struct command second = next_command(COMMAND_RECALL_ORDER);
    assert_true(second.counter > first);
    assert_int_equal(second.epoch, 2);
}

/* Nor when the process dies anywhere on the way: the next one finds all of it in its order, or none. */
static void what_was_lost_comes_first_whenever_it_dies(void **state)
{
    size_t tried = 0;

    for (uint64_t nth = 1;; nth++, tried++) {
        lose_and_recall();
        memvfs_fail(disk, MEMVFS_WRITE, nth, MEMVFS_FULL, true);
        fake_say_region(&fake);
        bool fired = memvfs_has_fired(disk);
        memvfs_fail(disk, 0, 0, 0, false);
        memvfs_kill(disk);
        fake_restart(&fake);
        client_connected(fake.client);
        fake_greet(&fake);
        struct command first = next_command(COMMAND_GIVE_RECEIPT);
        assert_int_equal(first.epoch, 2);
        struct command second = next_command(COMMAND_RECALL_ORDER);
        assert_int_equal(second.epoch, 2);
        assert_true(second.counter > first.counter);
        if (!fired) {
            break;
        }
        assert_int_equal(teardown_on_disk(state), 0);
        assert_int_equal(setup_on_disk(state), 0);
    }
    assert_true(tried > 4);
}

/* What the client says from now on is in an empty list of the test's. */
static void drop_sent(void)
{
    for (size_t i = 0; i < fake.sent_n; i++) {
        buf_reset(&fake.sent[i]);
    }
    fake.sent_n = fake.read_n = 0;
    arena_reset(&fake.arena);
}

/* Answers all that is said, each under a higher counter than the one before. How many they were. */
static size_t answer_all(uint64_t *last)
{
    size_t n = 0, before;

    do {
        const struct envelope *submit;

        before = n;
        while ((submit = fake_next(&fake, ENVELOPE_SUBMIT)) != NULL) {
            struct reply reply = {.counter = fake_command(&fake, submit).counter,
                                  .outcome = OUTCOME_DONE,
                                  .detail = "",
                                  .seq = ++fake.seq};

            assert_true(reply.counter > *last);
            *last = reply.counter;
            fake_say(&fake, &(struct envelope){.kind = ENVELOPE_REPLY, .reply = reply});
            n++;
        }
        drop_sent();
        fake_run(&fake);
    } while (n > before);
    return n;
}

/* More was lost than the list holds. */
static void what_is_lost_is_said_again_however_much(void **state)
{
    enum { EACH = 700, TIMES = 6 };
    struct command commands[EACH] = {{.kind = COMMAND_NONE}};
    uint64_t tags[EACH] = {0}, last = 0;

    (void)state;
    for (size_t i = 0; i < EACH; i++) {
        commands[i] = (struct command){.kind = COMMAND_STATE_UNITS};
    }
    for (int i = 0; i < TIMES; i++) {
        assert_int_equal(client_submit_batch(fake.client, commands, tags, EACH, NULL), 0);
        assert_int_equal(answer_all(&last), EACH);
    }
    assert_int_equal(client_pending(fake.client), 0);
    fake_recover(&fake, &fake.broker, 1);
    come_back(2, 0);
    assert_int_equal(recovery.again, EACH * TIMES);
    assert_int_equal(client_pending(fake.client), EACH * TIMES);
    assert_true(EACH * TIMES > CLIENT_PENDING_MAX);
    assert_int_equal(client_submit(fake.client, &commands[0], 9, NULL), ERR_TEMPORARY); /* it came too soon */
    assert_int_equal(answer_all(&last), EACH * TIMES);
    assert_int_equal(client_pending(fake.client), 0);
    assert_int_equal(client_submit(fake.client, &commands[0], 9, NULL), 0);
    assert_int_equal(answer_all(&last), 1);
}

/* The old head proves the loss once; then a head of the new epoch takes its place, although it is lower. */
static void heads_are_of_their_epoch(void **state)
{
    (void)state;
    (void)carry_out(fake_id(1));
    fake_answer_acks(&fake);
    client_disconnected(fake.client);
    fake_recover(&fake, &fake.broker, 1);
    fake.epoch = 2;
    fake.seq = fake.region_n;
    fake_skip(&fake);
    client_connected(fake.client);
    const struct envelope *hello = fake_next(&fake, ENVELOPE_HELLO);
    assert_int_equal(hello->hello.seen.epoch, 1);
    assert_true(hello->hello.seen.seq > fake.seq);
    client_disconnected(fake.client);
    client_connected(fake.client);
    fake_greet(&fake);
    client_disconnected(fake.client);
    client_connected(fake.client);
    hello = fake_next(&fake, ENVELOPE_HELLO);
    assert_int_equal(hello->hello.seen.epoch, 2);
    assert_int_equal(hello->hello.seen.seq, fake.seq);
}

/* What the copy may hold is asked for with the same bytes: it is answered from the log, or STALE. */
static void what_may_be_there_goes_with_the_same_bytes(void **state)
{
    uint64_t counter = carry_out(fake_id(1));

    (void)state;
    fake_recover(&fake, &fake.broker, 1);
    come_back(2, counter);
    struct command again = next_command(COMMAND_GIVE_RECEIPT);
    assert_int_equal(again.counter, counter);
    assert_int_equal(again.epoch, 1);
    fake_reply(&fake, counter, OUTCOME_REFUSED, REFUSED_STALE); /* it does not */
    again = next_command(COMMAND_GIVE_RECEIPT);
    assert_true(again.counter > counter);
    assert_int_equal(again.epoch, 2);
    fake_reply(&fake, again.counter, OUTCOME_DONE, REFUSED_NOT);
    assert_int_equal(client_pending(fake.client), 0);
}

static void an_order_that_comes_again_is_not_carried_out_twice(void **state)
{
    (void)state;
    (void)carry_out(fake_id(1));
    fake_recover(&fake, &fake.broker, 1);
    come_back(2, 0);
    struct command again = next_command(COMMAND_GIVE_RECEIPT);
    fake_reply(&fake, again.counter, OUTCOME_REFUSED, REFUSED_NO_ORDER); /* its issuer is not back yet */
    fake_restart(&fake);                                                 /* nor does a new process begin it */
    client_connected(fake.client);
    fake_greet(&fake);
    assert_int_equal(client_resume(fake.client, NULL), 0);
    assert_int_equal(fake.given[fake.given_n - 1].rung_said, RUNG_ACKNOWLEDGED);
    size_t given = fake.given_n;
    (void)fake_order(&fake, fake_id(1), later()); /* signed anew, in another record */
    fake_run(&fake);
    assert_int_equal(fake.given_n, given);
    struct command third = next_command(COMMAND_GIVE_RECEIPT);
    assert_true(third.counter > again.counter);
    assert_int_equal(third.give_receipt.rung, RUNG_ACKNOWLEDGED);
    fake_reply(&fake, third.counter, OUTCOME_DONE, REFUSED_NOT);
    assert_int_equal(client_pending(fake.client), 0);
}

/* What was said of several orders comes in its own order, when they come again together. */
static void what_was_said_of_orders_comes_again_in_its_order(void **state)
{
    static const enum rung RUNGS[] = {RUNG_ACKNOWLEDGED, RUNG_ACCEPTED};

    (void)state;
    (void)fake_order(&fake, fake_id(1), later());
    (void)fake_order(&fake, fake_id(2), later());
    for (size_t i = 0; i < 4; i++) {
        struct give_receipt receipt = {.order = fake_id((uint8_t)(1 + i % 2)), .rung = RUNGS[i / 2]};

        assert_int_equal(client_receipt(fake.client, &receipt, i, NULL), 0);
        fake_reply(&fake, next_command(COMMAND_GIVE_RECEIPT).counter, OUTCOME_DONE, REFUSED_NOT);
    }
    fake_recover(&fake, &fake.broker, 1);
    come_back(2, 0);
    for (size_t i = 0; i < 4; i++) {
        fake_reply(&fake, next_command(COMMAND_GIVE_RECEIPT).counter, OUTCOME_REFUSED, REFUSED_NO_ORDER);
    }
    assert_int_equal(client_pending(fake.client), 0);
    (void)fake_order_by(&fake, &fake.centre, fake_id(2), later());
    (void)fake_order_by(&fake, &fake.centre, fake_id(1), later());
    fake_run(&fake);
    assert_int_equal(client_pending(fake.client), 4);
    for (size_t i = 0; i < 4; i++) {
        struct give_receipt said = next_command(COMMAND_GIVE_RECEIPT).give_receipt;

        assert_true(id_equal(said.order, fake_id((uint8_t)(1 + i % 2))));
        assert_int_equal(said.rung, RUNGS[i / 2]);
    }
}

/* The log goes on under the numbers that were others' before: what they bring now is new. */
static void what_comes_below_the_old_cursors_is_given(void **state)
{
    (void)state;
    (void)carry_out(fake_id(1));
    fake_answer_acks(&fake);
    uint64_t was = fake.seq;
    fake_recover(&fake, &fake.broker, 1);
    fake.seq = fake.region_n;
    come_back(2, 0);
    size_t given = fake.given_n;
    assert_true(fake_order(&fake, fake_id(2), later()) < was);
    fake_run(&fake);
    assert_int_equal(fake.given_n, given + 1);
    fake_later(&fake, 100);
    struct command ack = next_command(COMMAND_ACK);
    assert_int_equal(ack.epoch, 2);
    assert_int_equal(ack.ack.up_to_seq, fake.seq);
    assert_int_equal(ack.ack.head_seq, fake.seq); /* and not what was seen of the other log */
}

/* The log may give the number of a lost amendment to another. */
static void an_amendment_of_the_same_number_is_given(void **state)
{
    (void)state;
    (void)carry_out(fake_id(1));
    (void)fake_amend(&fake, fake_id(1), 1);
    fake_run(&fake);
    assert_int_equal(fake.given[fake.given_n - 1].kind, DELIVERY_AMENDMENT);
    size_t given = fake.given_n;
    fake_recover(&fake, &fake.broker, 1);
    come_back(2, 0);
    (void)fake_amend(&fake, fake_id(1), 1);
    fake_run(&fake);
    assert_int_equal(fake.given_n, given + 1);
    assert_int_equal(fake.given[given].kind, DELIVERY_AMENDMENT);
}

/* It is in the copy, which knows that it was delivered: it does not come again. */
static void an_amendment_that_the_copy_holds_is_kept(void **state)
{
    (void)state;
    fake.seq = fake.region_n;
    uint64_t counter = carry_out(fake_id(1));
    uint64_t seq = fake_amend(&fake, fake_id(1), 1);
    fake_later(&fake, 100);
    fake_answer_acks(&fake);
    assert_int_equal(fake.acked[LANE_ORDERS], seq);
    fake_pad_region(&fake, seq);
    fake_recover(&fake, &fake.broker, 1);
    fake_come_back(&fake, 2, counter, fake.acked);
    assert_int_equal(recovered, 1);
    fake_restart(&fake);
    size_t given = fake.given_n;
    assert_int_equal(client_resume(fake.client, NULL), 0);
    assert_int_equal(fake.given_n, given + 2);
    assert_int_equal(fake.given[given].kind, DELIVERY_ORDER);
    assert_int_equal(fake.given[given + 1].kind, DELIVERY_AMENDMENT);
    assert_int_equal(fake.given[given + 1].seq, seq);
}

static void without_proof_nothing_is_said(void **state)
{
    (void)state;
    (void)carry_out(fake_id(1));
    come_back(2, 0);
    assert_false(client_ready(fake.client));
    assert_int_equal(fake.refusal, REFUSED_EPOCH);
    assert_int_equal(recovered, 0);
    assert_false(says(COMMAND_GIVE_RECEIPT));
    size_t bad = fake.bad;
    fake_recover(&fake, &fake.centre, 1); /* nor does anybody's word prove it but the broker's */
    come_back(2, 0);
    assert_false(client_ready(fake.client));
    assert_int_equal(fake.bad, bad + 1);
    come_back(1, 0);
    assert_true(client_ready(fake.client));
    assert_false(says(COMMAND_GIVE_RECEIPT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_lost_is_said_again, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_said_now_comes_after_what_was_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_lost_comes_first_whenever_it_dies, setup_on_disk,
                                        teardown_on_disk),
        cmocka_unit_test_setup_teardown(what_is_lost_is_said_again_however_much, setup, teardown),
        cmocka_unit_test_setup_teardown(heads_are_of_their_epoch, setup, teardown),
        cmocka_unit_test_setup_teardown(what_may_be_there_goes_with_the_same_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(an_order_that_comes_again_is_not_carried_out_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_said_of_orders_comes_again_in_its_order, setup, teardown),
        cmocka_unit_test_setup_teardown(what_comes_below_the_old_cursors_is_given, setup, teardown),
        cmocka_unit_test_setup_teardown(an_amendment_of_the_same_number_is_given, setup, teardown),
        cmocka_unit_test_setup_teardown(an_amendment_that_the_copy_holds_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(without_proof_nothing_is_said, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
