/* The client on a disk that fails: what it said and was told is neither lost nor done twice. */
#include "agents/lib/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/fault/memvfs.h"
#include "tests/unit/client_fake.h"

enum { TROUBLE_MS = 1000 };

#define NEVER_MS INT64_C(4000000000000)

static struct fake fake;
static struct memvfs *disk;

static int setup(void **state)
{
    (void)state;
    disk = memvfs_new("journal", 1);
    fake_start_on(&fake, "journal");
    return disk ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    fake_stop(&fake);
    memvfs_free(disk);
    return 0;
}

static uint64_t submit(uint64_t tag)
{
    struct command command = {.kind = COMMAND_STATE_UNITS, .operator= "" };
    const struct envelope *sent;

    assert_int_equal(client_submit(fake.client, &command, tag, NULL), 0);
    sent = fake_next(&fake, ENVELOPE_SUBMIT);
    return sent ? fake_command(&fake, sent).counter : 0;
}

/* Every command that the client sends is answered. */
static size_t answer_all(void)
{
    const struct envelope *sent;
    size_t n = 0;

    while ((sent = fake_next(&fake, ENVELOPE_SUBMIT)) != NULL) {
        struct command command = fake_command(&fake, sent);

        if (command.kind != COMMAND_ACK) {
            fake_reply(&fake, command.counter, OUTCOME_DONE, REFUSED_NOT);
            n++;
        }
    }
    return n;
}

static void fill_disk(void)
{
    memvfs_fail(disk, MEMVFS_WRITE, 1, MEMVFS_FULL, true);
}

static void make_room(void)
{
    memvfs_fail(disk, 0, 0, 0, false);
}

/* A full disk is a state: it is told, and what waits is said again for as long as it takes. */
static void what_waits_is_said_again_when_there_is_room(void **state)
{
    struct command command = {.kind = COMMAND_STATE_UNITS, .operator= "" };
    uint64_t counter;

    (void)state;
    fake_session(&fake);
    counter = submit(7);
    submit(8);
    fill_disk();
    fake_reply(&fake, counter, OUTCOME_DONE, REFUSED_NOT);
    for (size_t i = 1; i <= 5; i++) {
        assert_int_equal(fake.replies, 0);
        assert_int_equal(fake.reconnects, i);
        assert_int_equal(fake.troubles, i);
        assert_int_equal(client_submit(fake.client, &command, 9, NULL), ERR_DISK_FULL);
        fake_later(&fake, TROUBLE_MS);
        assert_int_equal(client_pending(fake.client), 2);
        fake_session(&fake);
        assert_int_equal(answer_all(), 2);
    }
    make_room();
    fake_later(&fake, TROUBLE_MS);
    fake_session(&fake);
    assert_int_equal(answer_all(), 2);
    assert_int_equal(fake.replies, 2);
    assert_int_equal(fake.reply_tag, 8);
    assert_int_equal(client_pending(fake.client), 0);
    assert_int_equal(fake.failed, 0);
}

/* Cursors and heads that were in a transaction which came to nothing go into the next one. */
static void what_a_failed_commit_took_along_is_kept_later(void **state)
{
    uint64_t first, cursor = 0;

    (void)state;
    fake_session(&fake);
    first = fake_order(&fake, fake_id(1), NEVER_MS);
    fill_disk();
    fake_order(&fake, fake_id(2), NEVER_MS);
    assert_int_equal(fake.given_n, 1);
    assert_true(fake.troubles > 0);
    make_room();
    fake_later(&fake, TROUBLE_MS);
    assert_int_equal(fake.given_n, 2);
    assert_int_equal(journal_cursor(fake.journal, LANE_ORDERS, &cursor, NULL), 0);
    assert_int_equal(cursor, first); /* the second's goes along with what comes next */
    assert_int_equal(fake.failed, 0);
}

/* What it was asked fails with one and the same line, and the broker hears no more of it. */
static void assert_ended(void)
{
    struct command command = {.kind = COMMAND_STATE_UNITS, .operator= "" };
    struct give_receipt receipt = {.order = fake_id(1), .rung = RUNG_ACCEPTED, .text = ""};
    size_t sent_n = fake.sent_n, given_n = fake.given_n;
    struct err err = {0};

    memvfs_fail(disk, 0, 0, 0, false); /* the disk is as new, and it makes no difference */
    assert_int_equal(fake.failed, 1);
    assert_true(client_failed(fake.client));
    assert_int_equal(client_due_ms(fake.client), INT64_MAX);
    assert_int_equal(client_submit(fake.client, &command, 9, &err), ERR_IO);
    assert_non_null(strstr(err.text, "j.db: "));
    assert_int_equal(client_receipt(fake.client, &receipt, 9, NULL), ERR_IO);
    assert_int_equal(client_note(fake.client, fake_id(1), (struct bytes){(const uint8_t *)"x", 1}, NULL),
                     ERR_IO);
    assert_int_equal(client_resume(fake.client, NULL), ERR_IO);
    client_connected(fake.client);
    client_tick(fake.client);
    client_goodbye(fake.client); /* an Ack that was held back is held for good */
    assert_int_equal(fake.sent_n, sent_n);
    assert_int_equal(fake.given_n, given_n);
    assert_int_equal(fake.failed, 1);
    assert_int_equal(fake.troubles, 0);
}

/* A new process, which alone can know what the disk holds. */
static void start_anew(void)
{
    memvfs_kill(disk);
    fake_restart(&fake);
    assert_int_equal(client_resume(fake.client, NULL), 0);
    fake_session(&fake);
}

/* Whichever of the commit's syncs it is. ret: that many were there. */
static bool fail_a_sync(uint64_t nth)
{
    uint64_t before = memvfs_count(disk, MEMVFS_SYNC);

    memvfs_fail(disk, MEMVFS_SYNC, nth, MEMVFS_EIO, false);
    fake_order(&fake, fake_id(2), NEVER_MS);
    return memvfs_has_fired(disk) && memvfs_count(disk, MEMVFS_SYNC) >= before + nth;
}

static size_t given(struct id order)
{
    size_t n = 0;

    for (size_t i = 0; i < fake.given_n; i++) {
        n += id_equal(fake.given[i].order, order) ? 1 : 0;
    }
    return n;
}

static void a_failed_commit_of_a_delivery_is_the_last(void **state)
{
    size_t tried = 0;

    for (uint64_t nth = 1;; nth++, tried++) {
        fake_session(&fake);
        fake_order(&fake, fake_id(1), NEVER_MS);
        if (!fail_a_sync(nth)) {
            break;
        }
        assert_int_equal(given(fake_id(2)), 0);
        assert_ended();
        start_anew();
        fake.seq--; /* it was not acknowledged: the broker delivers it again */
        fake_order(&fake, fake_id(2), NEVER_MS);
        assert_int_equal(given(fake_id(2)), 1);
        assert_int_equal(teardown(state), 0);
        assert_int_equal(setup(state), 0);
    }
    assert_true(tried >= 2);
}

static size_t receipts_sent(enum rung rung)
{
    const struct envelope *sent;
    size_t n = 0;

    while ((sent = fake_next(&fake, ENVELOPE_SUBMIT)) != NULL) {
        struct command command = fake_command(&fake, sent);
        n += command.kind == COMMAND_GIVE_RECEIPT && command.give_receipt.rung == rung ? 1 : 0;
    }
    return n;
}

static void a_failed_commit_of_a_receipt_is_the_last(void **state)
{
    struct give_receipt receipt = {.order = fake_id(1), .rung = RUNG_ON_SCENE, .text = ""};
    size_t tried = 0, kept = 0;

    for (uint64_t nth = 1;; nth++, tried++) {
        fake_session(&fake);
        fake_order(&fake, fake_id(1), NEVER_MS);
        fake_skip(&fake);
        memvfs_fail(disk, MEMVFS_SYNC, nth, MEMVFS_EIO, false);
        if (client_receipt(fake.client, &receipt, 5, NULL) == 0) {
            break;
        }
        assert_int_equal(receipts_sent(RUNG_ON_SCENE), 0);
        assert_ended();
        start_anew();
        kept += client_pending(fake.client);
        fake.read_n = 0;
        assert_int_equal(client_receipt(fake.client, &receipt, 5, NULL), 0); /* said again, to be sure */
        fake_run(&fake);
        fake.read_n = 0;
        assert_int_equal(receipts_sent(RUNG_ON_SCENE), 1);
        assert_int_equal(teardown(state), 0);
        assert_int_equal(setup(state), 0);
    }
    assert_true(tried >= 2);
    assert_true(kept < tried); /* neither always there nor never: that is what nobody can know before */
}

/* A commit finds the disk full when a part of it lies in the file already, and then the disk fails too. */
static void a_change_that_is_not_taken_back_is_the_last(void **state)
{
    enum { STEP = 4096, STEPS = 24, SYNCS = 4, COMMANDS = 16 };
    struct unit units[UNITS_PER_COMMAND_MAX];
    struct command commands[COMMANDS];
    uint64_t tags[COMMANDS] = {0};
    size_t full = 0, half = 0;

    for (size_t i = 0; i < UNITS_PER_COMMAND_MAX; i++) {
        units[i] = (struct unit){.id = "E1", .type = "engine", .team = "", .status = UNIT_FREE};
    }
    for (size_t i = 0; i < COMMANDS; i++) {
        commands[i] = (struct command){
            .kind = COMMAND_STATE_UNITS, .operator= "", .state_units = {.units = units, .units_n = 64}};
    }
    for (uint64_t step = 0; step < STEPS; step++) {
        for (uint64_t nth = 1; nth <= SYNCS; nth++) {
            struct err err = {0};

            memvfs_set_size_limit(disk, memvfs_size(disk) + step * STEP);
            memvfs_fail(disk, MEMVFS_SYNC, nth, MEMVFS_EIO, false);
            client_submit_batch(fake.client, commands, tags, COMMANDS, &err);
            memvfs_set_size_limit(disk, 0);
            memvfs_fail(disk, 0, 0, 0, false);
            full += err.code == ERR_DISK_FULL ? 1 : 0;
            half += err.code == ERR_IO && strstr(err.text, "(sqlite 10)") ? 1 : 0;
            assert_int_equal(fake.failed, err.code == ERR_IO ? 1 : 0);
            assert_int_equal(fake.troubles, 0);
            start_anew();
            assert_int_equal(client_pending(fake.client) % COMMANDS, 0);
            assert_int_equal(teardown(state), 0);
            assert_int_equal(setup(state), 0);
        }
    }
    assert_true(full > 0);
    assert_true(half > 0);
}

static size_t submits_sent(void)
{
    size_t n = 0;

    while (fake_next(&fake, ENVELOPE_SUBMIT) != NULL) {
        n++;
    }
    return n;
}

/* 40 commands, and between them what is refused here. */
static void say_many(void)
{
    struct give_receipt receipt = {.order = fake_id(1), .rung = RUNG_ON_SCENE, .text = ""};

    for (uint64_t i = 0; i < 40; i++) {
        struct command command = {.kind = COMMAND_STATE_UNITS, .operator= "" };

        assert_int_equal(client_submit(fake.client, &command, i, NULL), 0);
        if (i == 20) {
            receipt.rung = RUNG_ACCEPTED; /* after what is higher */
            assert_int_equal(client_receipt(fake.client, &receipt, 90, NULL), ERR_CONFLICT);
            receipt.order = fake_id(99);
            assert_int_equal(client_receipt(fake.client, &receipt, 91, NULL), ERR_NOT_FOUND);
        } else if (i == 10) {
            assert_int_equal(client_receipt(fake.client, &receipt, 92, NULL), 0);
        }
    }
}

static void start_with_an_order(void)
{
    fake_session(&fake);
    fake_order(&fake, fake_id(1), NEVER_MS);
    fake_later(&fake, CLIENT_ACK_HOLD_MS);
    fake_answer_acks(&fake);
    fake_skip(&fake);
}

static void what_is_held_is_one_commit(void **state)
{
    uint64_t syncs;

    (void)state;
    start_with_an_order();
    syncs = memvfs_count(disk, MEMVFS_SYNC);
    assert_int_equal(client_hold(fake.client, NULL), 0);
    say_many();
    assert_int_equal(memvfs_count(disk, MEMVFS_SYNC), syncs);
    assert_int_equal(submits_sent(), 0); /* nothing is said before it is durable */
    assert_int_equal(client_release(fake.client, NULL), 0);
    assert_true(memvfs_count(disk, MEMVFS_SYNC) <= syncs + 4);
    assert_int_equal(submits_sent(), 41);
    memvfs_kill(disk);
    fake_restart(&fake);
    assert_int_equal(client_pending(fake.client), 41);
}

static void what_is_held_finds_no_room_as_a_whole(void **state)
{
    struct command command = {.kind = COMMAND_STATE_UNITS, .operator= "" };
    struct give_receipt receipt = {.order = fake_id(1), .rung = RUNG_ON_SCENE, .text = ""};

    (void)state;
    start_with_an_order();
    assert_int_equal(client_hold(fake.client, NULL), 0);
    say_many();
    fill_disk();
    assert_int_equal(client_release(fake.client, NULL), ERR_DISK_FULL);
    assert_int_equal(client_pending(fake.client), 0);
    make_room();
    fake_run(&fake);
    assert_int_equal(submits_sent(), 0);
    assert_int_equal(client_receipt(fake.client, &receipt, 1, NULL), 0); /* it was never said */
    assert_int_equal(client_submit(fake.client, &command, 2, NULL), 0);
    assert_int_equal(submits_sent(), 2);
    assert_int_equal(fake.failed, 0);
}

static void what_is_held_when_the_disk_fails_is_the_last(void **state)
{
    (void)state;
    start_with_an_order();
    assert_int_equal(client_hold(fake.client, NULL), 0);
    say_many();
    memvfs_fail(disk, MEMVFS_SYNC, 2, MEMVFS_EIO, false);
    assert_int_equal(client_release(fake.client, NULL), ERR_IO);
    assert_ended();
    start_anew();
    assert_int_equal(client_pending(fake.client) % 41, 0); /* all of it or nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_failed_commit_took_along_is_kept_later, setup, teardown),
        cmocka_unit_test_setup_teardown(what_waits_is_said_again_when_there_is_room, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failed_commit_of_a_delivery_is_the_last, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failed_commit_of_a_receipt_is_the_last, setup, teardown),
        cmocka_unit_test_setup_teardown(a_change_that_is_not_taken_back_is_the_last, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_held_is_one_commit, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_held_finds_no_room_as_a_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_held_when_the_disk_fails_is_the_last, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
