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

static void start_session(void)
{
    client_connected(fake.client);
    fake_greet(&fake);
    assert_true(client_ready(fake.client));
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

static void what_waits_is_read_again_for_as_long_as_it_takes(void **state)
{
    struct command command = {.kind = COMMAND_STATE_UNITS, .operator= "" };
    uint64_t counter;

    (void)state;
    start_session();
    counter = submit(7);
    submit(8);
    memvfs_fail(disk, MEMVFS_READ | MEMVFS_CHANGES, 1, MEMVFS_EIO, true);
    fake_reply(&fake, counter, OUTCOME_DONE, REFUSED_NOT);
    assert_int_equal(fake.replies, 0);
    assert_int_equal(fake.reconnects, 1);
    for (int i = 0; i < 5; i++) { /* the disk does not come back so soon */
        assert_true(client_due_ms(fake.client) <= fake.now_ms + TROUBLE_MS);
        fake_later(&fake, TROUBLE_MS);
    }
    assert_true(fake.troubles >= 6);
    assert_int_equal(client_pending(fake.client), 2);
    /* Nor does what is said now overtake what waits. */
    assert_int_not_equal(client_submit(fake.client, &command, 9, NULL), 0);
    start_session();
    assert_int_equal(answer_all(), 0);
    memvfs_fail(disk, 0, 0, 0, false);
    fake_later(&fake, TROUBLE_MS);
    assert_int_equal(answer_all(), 2);
    assert_int_equal(fake.replies, 2);
    assert_int_equal(fake.reply_tag, 8);
    assert_int_equal(client_pending(fake.client), 0);
}

/* Cursors and heads that were in a transaction which came to nothing go into the next one. */
static void what_a_failed_commit_took_along_is_kept_later(void **state)
{
    uint64_t first, cursor = 0;

    (void)state;
    start_session();
    first = fake_order(&fake, fake_id(1), INT64_C(4000000000000));
    memvfs_fail(disk, MEMVFS_CHANGES, 1, MEMVFS_EIO, true);
    fake_order(&fake, fake_id(2), INT64_C(4000000000000));
    assert_int_equal(fake.given_n, 1);
    assert_true(fake.troubles > 0);
    memvfs_fail(disk, 0, 0, 0, false);
    fake_later(&fake, TROUBLE_MS);
    assert_int_equal(fake.given_n, 2);
    assert_int_equal(journal_cursor(fake.journal, LANE_ORDERS, &cursor, NULL), 0);
    assert_int_equal(cursor, first); /* the second's goes along with what comes next */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_failed_commit_took_along_is_kept_later, setup, teardown),
        cmocka_unit_test_setup_teardown(what_waits_is_read_again_for_as_long_as_it_takes, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
