/* Which epoch of the log the client believes, what proves it, and what of another one stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/client_fake.h"

static struct fake fake;
static size_t recovered;
static struct client_recovery recovery; /* the last; its reason is not kept */

static void on_recovered(void *ctx, const struct client_recovery *told)
{
    (void)ctx;
    recovered++;
    recovery = *told;
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

static int64_t later(void)
{
    return fake.now_ms + 3600000;
}

static void come_back(uint64_t epoch)
{
    fake_come_back(&fake, epoch, 0, (const uint64_t[LANE_MAX + 1]){0});
}

/* Its Welcome, and nothing more. */
static void welcome(uint64_t epoch)
{
    struct welcome said = {.protocol = PROTOCOL_VERSION, .region = FAKE_REGION, .epoch = epoch};

    client_disconnected(fake.client);
    fake_skip(&fake);
    fake.epoch = epoch;
    client_connected(fake.client);
    assert_non_null(fake_next(&fake, ENVELOPE_HELLO));
    said.head = (struct signed_head){.region = ""};
    fake_say(&fake, &(struct envelope){.kind = ENVELOPE_WELCOME, .welcome = said});
}

static void an_older_epoch_is_an_old_copy(void **state)
{
    (void)state;
    fake_recover(&fake, &fake.broker, 1);
    come_back(2);
    assert_true(client_ready(fake.client));
    welcome(1);
    assert_false(client_ready(fake.client));
    assert_int_equal(fake.refusal, REFUSED_EPOCH);
}

/* What was read of a log that proved nothing speaks for nobody in the one that is back. */
static void keys_of_another_epoch_are_dropped(void **state)
{
    (void)state;
    welcome(2);
    const struct envelope *tail = fake_next(&fake, ENVELOPE_TAIL);
    assert_non_null(tail);
    fake_enrol_stranger(&fake);
    for (size_t i = 0; i < fake.region_n; i++) { /* and its end does not come */
        struct tail_item item = {.seq = i + 1,
                                 .epoch = 2,
                                 .kind = COMMAND_ENROL_AGENT,
                                 .author = "",
                                 .record = buf_bytes(&fake.region[i]),
                                 .id = tail->tail.id};

        fake_say(&fake, &(struct envelope){.kind = ENVELOPE_TAIL_ITEM, .tail_item = item});
    }
    buf_free(&fake.region[--fake.region_n]); /* there it was never said */
    come_back(1);
    assert_true(client_ready(fake.client));
    fake.seq = 150;
    size_t given = fake.given_n, bad = fake.bad;
    (void)fake_order_by(&fake, &fake.stranger, fake_id(3), later());
    fake_run(&fake);
    assert_int_equal(fake.given_n, given);
    assert_int_equal(fake.bad, bad + 1);
}

/* ---- two processes of one agent ---- */

/* Another process of this agent has the journal open meanwhile. */
static struct journal *beside(void)
{
    struct journal_options options = {.path = fake.path, .agent = FAKE_AGENT, .region = FAKE_REGION};
    struct journal *journal = NULL;

    assert_int_equal(journal_open(&options, &journal, NULL), 0);
    return journal;
}

static void take_recovery_beside(uint64_t epoch)
{
    struct journal *journal = beside();
    bool first = false;

    assert_int_equal(journal_recover(journal, epoch, fake.region_n, &first, NULL), 0);
    assert_true(first);
    journal_close(journal);
}

static void what_another_process_heard_counts(void **state)
{
    (void)state;
    take_recovery_beside(2);
    welcome(1);
    assert_false(client_ready(fake.client));
    assert_int_equal(fake.refusal, REFUSED_EPOCH);
    fake_recover(&fake, &fake.broker, 1);
    come_back(2); /* what this process knows is of the old one still */
    assert_true(client_ready(fake.client));
    assert_int_equal(recovered, 1);
}

/* It had heard no epoch when it began; what is in its journal since is of one that has ended. */
static void a_process_that_has_heard_none_proves_it_too(void **state)
{
    uint64_t cursor = 0, epoch = 0;

    fake.on_recovered = NULL;
    fake_stop(&fake);
    fake_start(&fake);
    fake.on_recovered = on_recovered;
    fake_restart(&fake);
    struct journal *journal = beside();
    assert_int_equal(journal_set_epoch(journal, 1, NULL), 0);
    assert_int_equal(journal_set_cursor(journal, LANE_ORDERS, 90, NULL), 0);
    fake_recover(&fake, &fake.broker, 1);
    come_back(2);
    assert_int_equal(recovered, 1);
    assert_int_equal(journal_cursor(journal, LANE_ORDERS, &cursor, NULL), 0);
    assert_int_equal(cursor, 0);
    assert_int_equal(journal_set_epoch(journal, 1, NULL), 0); /* never back */
    assert_int_equal(journal_epoch(journal, &epoch, NULL), 0);
    assert_int_equal(epoch, 2);
    journal_close(journal);
    (void)state;
}

/* Cursors of the log that is gone would hide what the recovered one delivers under the same numbers. */
static void what_it_knew_of_the_old_log_is_not_kept_in_the_new(void **state)
{
    uint64_t cursor = 1;

    (void)state;
    (void)fake_order(&fake, fake_id(1), later());
    (void)fake_order(&fake, fake_id(2), later());
    take_recovery_beside(2);
    fake_restart(&fake);
    assert_int_equal(journal_cursor(fake.journal, LANE_ORDERS, &cursor, NULL), 0);
    assert_int_equal(cursor, 0);
}

/* A copy that was recovered twice is in an epoch that is no longer one log's; the next one is. */
static void a_second_recovery_is_taken_from_any_epoch(void **state)
{
    (void)state;
    fake_recover(&fake, &fake.broker, 1);
    fake_recover(&fake, &fake.broker, 2);
    take_recovery_beside(2); /* this process has heard of the first epoch only, its journal of the second */
    come_back(3);
    assert_true(client_ready(fake.client));
    assert_int_equal(recovered, 1);
    assert_int_equal(recovery.epoch, 1);
    assert_int_equal(recovery.now, 3);
    assert_int_equal(recovery.after_seq, fake.region_n - 2);
    fake_recover(&fake, &fake.broker, 3);
    come_back(4);
    assert_true(client_ready(fake.client));
    assert_int_equal(recovered, 2);
    assert_int_equal(recovery.epoch, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_older_epoch_is_an_old_copy, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_of_another_epoch_are_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(what_another_process_heard_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(a_process_that_has_heard_none_proves_it_too, setup, teardown),
        cmocka_unit_test_setup_teardown(what_it_knew_of_the_old_log_is_not_kept_in_the_new, setup, teardown),
        cmocka_unit_test_setup_teardown(a_second_recovery_is_taken_from_any_epoch, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
