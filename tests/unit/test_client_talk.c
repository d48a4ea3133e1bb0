/* The client's session and what it submits, against a broker that does what the test says. */
#include "agents/lib/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/client_fake.h"

static struct fake fake;

static int setup(void **state)
{
    (void)state;
    fake_start(&fake);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake_stop(&fake);
    return 0;
}

static void submit(uint64_t tag)
{
    struct command command = {.kind = COMMAND_STATE_UNITS, .operator= "" };

    assert_int_equal(client_submit(fake.client, &command, tag, NULL), 0);
}

static void hello_brings_welcome_and_keys(void **state)
{
    const struct envelope *hello;

    (void)state;
    client_connected(fake.client);
    hello = fake_next(&fake, ENVELOPE_HELLO);
    assert_non_null(hello);
    assert_int_equal(hello->hello.protocol, PROTOCOL_VERSION);
    assert_int_equal(hello->hello.window, CLIENT_WINDOW);
    assert_true(hello->hello.deliveries);
    assert_false(hello->hello.seen.present);
    fake.read_n = 0;
    fake_greet(&fake);
    assert_int_equal(fake.ready, 1);
    assert_int_equal(fake.bad, 0);
    assert_int_equal(client_bus_ms(fake.client), fake.now_ms + 5000);
}

static void the_head_that_was_seen_is_shown_after_a_restart(void **state)
{
    const struct envelope *hello;

    (void)state;
    fake_session(&fake);
    fake_restart(&fake);
    client_connected(fake.client);
    hello = fake_next(&fake, ENVELOPE_HELLO);
    assert_true(hello->hello.seen.present);
    assert_int_equal(hello->hello.seen.seq, 100);
    assert_true(signed_head_verify(&fake.broker.sign.public, &hello->hello.seen));
}

static void a_head_that_the_broker_did_not_sign_is_not_kept(void **state)
{
    struct signed_head head = {.present = true, .region = FAKE_REGION, .epoch = 1, .seq = 900};
    const struct envelope *hello;

    (void)state;
    fake_session(&fake);
    signed_head_sign(&fake.stranger.sign, &head);
    fake_say(&fake, &(struct envelope){.kind = ENVELOPE_BEAT, .beat = {.head = head}});
    assert_int_equal(fake.head_seq, 100);
    fake_restart(&fake);
    client_connected(fake.client);
    hello = fake_next(&fake, ENVELOPE_HELLO);
    assert_int_equal(hello->hello.seen.seq, 100);
}

/* Also one that is not the highest: who keeps a copy of the log compares it. */
static void every_head_that_the_broker_signed_is_told(void **state)
{
    struct signed_head head = {.present = true, .region = FAKE_REGION, .epoch = 1, .seq = 7};

    (void)state;
    fake_session(&fake);
    assert_int_equal(fake.head_seq, 100); /* of the Welcome, once the broker's key was known */
    signed_head_sign(&fake.broker.sign, &head);
    fake_say(&fake, &(struct envelope){.kind = ENVELOPE_BEAT, .beat = {.head = head}});
    assert_int_equal(fake.head_seq, 7);
}

static void a_command_is_signed_counted_and_answered_once(void **state)
{
    const struct envelope *sent;
    struct command command;
    struct hash root;

    (void)state;
    fake.last_counter = 41;
    fake_session(&fake);
    fake.utc_ms = client_bus_ms(fake.client);
    submit(7);
    sent = fake_next(&fake, ENVELOPE_SUBMIT);
    command = fake_command(&fake, sent);
    assert_int_equal(command.counter, 42);
    assert_string_equal(command.agent, FAKE_AGENT);
    assert_int_equal(command.mode, MODE_ACTUAL);
    assert_int_equal(command.expires_at_ms, client_bus_ms(fake.client) + CLIENT_EXPIRY_MS);
    assert_true(signed_root(&sent->submit, &root));
    assert_true(sign_verify_root(&fake.agent.sign.public, &sent->submit.signatures[0].signature, root));
    assert_int_equal(client_pending(fake.client), 1);
    fake_reply(&fake, 42, OUTCOME_DONE, REFUSED_NOT);
    fake_reply(&fake, 42, OUTCOME_DONE, REFUSED_NOT);
    assert_int_equal(fake.replies, 1);
    assert_int_equal(fake.reply_tag, 7);
    assert_int_equal(client_pending(fake.client), 0);
}

/* However far our clock is from the bus's, the broker can say that it is, for the window is one. */
static void a_wrong_clock_leaves_a_window(void **state)
{
    const int64_t week_ms = INT64_C(7) * 24 * 60 * 60 * 1000;
    struct command command;

    (void)state;
    fake.now_ms += 2 * week_ms;
    fake_session(&fake);
    fake.utc_ms = client_bus_ms(fake.client) + 10 * week_ms;
    submit(1);
    command = fake_command(&fake, fake_next(&fake, ENVELOPE_SUBMIT));
    assert_int_equal(command.issued_at_ms, fake.utc_ms);
    assert_true(command.expires_at_ms >= command.issued_at_ms);
    fake.utc_ms = 1;
    submit(2);
    command = fake_command(&fake, fake_next(&fake, ENVELOPE_SUBMIT));
    assert_int_equal(command.expires_at_ms, command.issued_at_ms + week_ms);
}

/* A word of bus time that was long on its way must not give an order more time than it has. */
static void a_late_beat_does_not_put_the_time_back(void **state)
{
    (void)state;
    fake_session(&fake);
    int64_t bus_ms = client_bus_ms(fake.client);
    fake_say(&fake, &(struct envelope){.kind = ENVELOPE_BEAT,
                                       .beat = {.head = {.region = ""}, .bus_ms = bus_ms - 5000}});
    assert_int_equal(client_bus_ms(fake.client), bus_ms);
    fake_say(&fake, &(struct envelope){.kind = ENVELOPE_BEAT,
                                       .beat = {.head = {.region = ""}, .bus_ms = bus_ms + 5000}});
    assert_int_equal(client_bus_ms(fake.client), bus_ms + 5000);
}

static void without_a_reply_the_same_bytes_go_again(void **state)
{
    struct buf before;

    (void)state;
    submit(1); /* while disconnected */
    assert_null(fake_next(&fake, ENVELOPE_SUBMIT));
    fake_session(&fake);
    fake_skip(&fake);
    client_disconnected(fake.client);
    fake.last_counter = 1;
    fake_restart(&fake);
    assert_int_equal(client_pending(fake.client), 1);
    fake_session(&fake);
    fake.read_n = 0;
    buf_init(&before, 0);
    assert_non_null(fake_next(&fake, ENVELOPE_SUBMIT));
    buf_append(&before, fake.sent[fake.read_n - 1].p, fake.sent[fake.read_n - 1].n);
    assert_non_null(fake_next(&fake, ENVELOPE_SUBMIT));
    assert_int_equal(before.n, fake.sent[fake.read_n - 1].n);
    assert_memory_equal(before.p, fake.sent[fake.read_n - 1].p, before.n);
    buf_free(&before);
    assert_null(fake_next(&fake, ENVELOPE_SUBMIT));
    fake_reply(&fake, 1, OUTCOME_DONE, REFUSED_NOT);
    assert_int_equal(fake.replies, 1);
    fake_restart(&fake);
    assert_int_equal(client_pending(fake.client), 0);
}

static void stale_gets_a_new_counter_and_one_reply(void **state)
{
    struct command command;

    (void)state;
    fake_session(&fake);
    submit(5);
    fake_skip(&fake);
    fake_reply(&fake, 1, OUTCOME_REFUSED, REFUSED_STALE);
    assert_int_equal(fake.replies, 0);
    command = fake_command(&fake, fake_next(&fake, ENVELOPE_SUBMIT));
    assert_int_equal(command.kind, COMMAND_STATE_UNITS);
    assert_int_equal(command.counter, 2);
    fake_restart(&fake); /* the journal knows it by its new counter alone */
    fake_session(&fake);
    fake_skip(&fake);
    assert_int_equal(client_pending(fake.client), 1);
    fake_reply(&fake, 2, OUTCOME_DONE, REFUSED_NOT);
    assert_int_equal(fake.replies, 1);
    assert_int_equal(fake.reply_tag, 5);
    assert_int_equal(client_pending(fake.client), 0);
}

static void busy_is_tried_again_and_not_told(void **state)
{
    (void)state;
    fake_session(&fake);
    submit(5);
    fake_skip(&fake);
    fake_reply(&fake, 1, OUTCOME_REFUSED, REFUSED_BUSY);
    assert_null(fake_next(&fake, ENVELOPE_SUBMIT));
    fake_later(&fake, 50);
    assert_null(fake_next(&fake, ENVELOPE_SUBMIT)); /* not before the broker's word */
    fake_later(&fake, 200);
    assert_int_equal(fake_command(&fake, fake_next(&fake, ENVELOPE_SUBMIT)).counter, 1);
    assert_int_equal(fake.replies, 0);
    fake_reply(&fake, 1, OUTCOME_UNCHANGED, REFUSED_NOT);
    assert_int_equal(fake.replies, 1);
}

/* The broker's log is behind until its keeper brings the newer one back: what an agent says of itself
 * waits. */
static void fenced_is_tried_again_later(void **state)
{
    (void)state;
    fake_session(&fake);
    submit(5);
    fake_skip(&fake);
    fake_reply(&fake, 1, OUTCOME_REFUSED, REFUSED_FENCED);
    assert_int_equal(fake.replies, 0);
    assert_int_equal(client_pending(fake.client), 1);
    fake_later(&fake, 4000);
    assert_null(fake_next(&fake, ENVELOPE_SUBMIT));
    fake_later(&fake, 6000);
    assert_int_equal(fake_command(&fake, fake_next(&fake, ENVELOPE_SUBMIT)).counter, 1);
    fake_reply(&fake, 1, OUTCOME_DONE, REFUSED_NOT);
    assert_int_equal(fake.replies, 1);
}

static void a_refusal_is_told(void **state)
{
    (void)state;
    fake_session(&fake);
    submit(5);
    fake_reply(&fake, 1, OUTCOME_REFUSED, REFUSED_EXPIRED);
    assert_int_equal(fake.replies, 1);
    assert_int_equal(fake.reply.refusal, REFUSED_EXPIRED);
    assert_int_equal(client_pending(fake.client), 0);
}

static void a_batch_has_one_signature_and_all_or_none(void **state)
{
    struct command commands[3] = {
        {.kind = COMMAND_STATE_UNITS, .operator= "" },
         {.kind = COMMAND_STATE_UNITS, .operator= "" }, {.kind = COMMAND_STATE_UNITS, .operator= "" } };
    static struct command many[CLIENT_PENDING_MAX];
    static uint64_t many_tags[CLIENT_PENDING_MAX];
    uint64_t tags[3] = {1, 2, 3};
    const struct envelope *first;
    struct hash a, b;

    (void)state;
    fake_session(&fake);
    assert_int_equal(client_submit_batch(fake.client, commands, tags, 3, NULL), 0);
    first = fake_next(&fake, ENVELOPE_SUBMIT);
    assert_true(signed_root(&first->submit, &a));
    assert_int_equal(first->submit.batch_size, 3);
    assert_true(signed_root(&fake_next(&fake, ENVELOPE_SUBMIT)->submit, &b));
    assert_true(hash_equal(a, b));
    assert_int_equal(client_submit_batch(fake.client, many, many_tags, CLIENT_PENDING_MAX, NULL),
                     ERR_TEMPORARY);
    assert_int_equal(client_pending(fake.client), 3);
}

static void no_more_is_under_way_than_the_transport_holds(void **state)
{
    static struct command many[CLIENT_IN_FLIGHT_MAX + 10];
    static uint64_t tags[CLIENT_IN_FLIGHT_MAX + 10];
    size_t sent = 0;

    (void)state;
    fake_session(&fake);
    for (size_t i = 0; i < CLIENT_IN_FLIGHT_MAX + 10; i++) {
        many[i] = (struct command){.kind = COMMAND_STATE_UNITS};
    }
    assert_int_equal(client_submit_batch(fake.client, many, tags, CLIENT_IN_FLIGHT_MAX + 10, NULL), 0);
    while (fake_next(&fake, ENVELOPE_SUBMIT)) {
        sent++;
    }
    assert_int_equal(sent, CLIENT_IN_FLIGHT_MAX);
    fake_reply(&fake, 1, OUTCOME_DONE, REFUSED_NOT);
    assert_int_equal(fake_command(&fake, fake_next(&fake, ENVELOPE_SUBMIT)).counter,
                     CLIENT_IN_FLIGHT_MAX + 1);
    assert_null(fake_next(&fake, ENVELOPE_SUBMIT));
}

static void an_operator_signs_and_a_second_one_too(void **state)
{
    struct secret_keys first, second;
    struct client_options options = {.region = FAKE_REGION,
                                     .agent = &fake.agent,
                                     .operator= & first,
                                     .second = &second,
                                     .region_keys = &fake.region_keys,
                                     .mode = MODE_ACTUAL};
    struct client_io io = {0};
    struct client *client;
    struct command command = {.kind = COMMAND_STATE_UNITS};
    struct buf *kept;

    (void)state;
    (void)kept;
    keys_generate("zhang.wei", &fake.rng, &first);
    keys_generate("li.na", &fake.rng, &second);
    assert_int_equal(client_new(&options, fake.journal, &io, &fake.clock, &fake.rng, &client, NULL), 0);
    assert_int_equal(client_submit(client, &command, 1, NULL), 0);
    client_free(client);
    fake_restart(&fake);
    fake_session(&fake);
    fake.read_n = 0;
    const struct envelope *sent = fake_next(&fake, ENVELOPE_SUBMIT);
    struct hash root;
    assert_string_equal(fake_command(&fake, sent).operator, "zhang.wei");
    assert_int_equal(sent->submit.signatures_n, 2);
    assert_string_equal(sent->submit.signatures[1].signer, "li.na");
    assert_true(signed_root(&sent->submit, &root));
    assert_true(sign_verify_root(&first.sign.public, &sent->submit.signatures[0].signature, root));
    assert_true(sign_verify_root(&second.sign.public, &sent->submit.signatures[1].signature, root));
    /* This process has not that operator's key: what is stale then is refused, and not signed by another. */
    fake_reply(&fake, 1, OUTCOME_REFUSED, REFUSED_STALE);
    assert_int_equal(fake.replies, 1);
    assert_int_equal(fake.reply.refusal, REFUSED_STALE);
}

static void silence_ends_the_session(void **state)
{
    (void)state;
    fake_session(&fake);
    fake_skip(&fake);
    for (int i = 0; i < 5; i++) {
        fake_later(&fake, 2600);
    }
    assert_non_null(fake_next(&fake, ENVELOPE_BEAT));
    assert_int_equal(fake.reconnects, 0);
    fake_say(&fake, &(struct envelope){.kind = ENVELOPE_BEAT, .beat = {.head = {.region = ""}}});
    fake_later(&fake, 14999);
    assert_int_equal(fake.reconnects, 0);
    fake_later(&fake, 1);
    assert_int_equal(fake.reconnects, 1);
    assert_false(client_ready(fake.client));
    assert_true(client_due_ms(fake.client) > fake.now_ms);
}

static void another_root_is_not_believed(void **state)
{
    (void)state;
    fake.region_keys.sign = fake.stranger.sign.public;
    fake_restart(&fake);
    fake_session(&fake);
    assert_int_equal(fake.refusal, REFUSED_SIGNATURE);
    assert_false(client_ready(fake.client));
}

static void garbage_ends_the_session(void **state)
{
    static const uint8_t GARBAGE[] = {0xff, 0xff, 0xff, 0xff, 1};

    (void)state;
    fake_session(&fake);
    client_frame(fake.client, (struct bytes){GARBAGE, sizeof GARBAGE});
    assert_int_equal(fake.reconnects, 1);
    assert_false(client_ready(fake.client));
}

static void say_item(uint64_t seq)
{
    struct tail_item item = {
        .seq = seq, .epoch = 1, .kind = COMMAND_FILE_REPORT, .author = "", .id = fake.tail_id};

    fake_say(&fake, &(struct envelope){.kind = ENVELOPE_TAIL_ITEM, .tail_item = item});
}

static void a_tail_goes_on_after_a_reconnect(void **state)
{
    struct tail tail = {.filter = TAIL_ALL, .stream = "", .follow = true, .credit = 4};
    const struct envelope *asked;

    (void)state;
    fake_session(&fake);
    assert_int_equal(client_tail(fake.client, &tail, NULL), 0);
    asked = fake_next(&fake, ENVELOPE_TAIL);
    assert_int_equal(asked->tail.from_seq, 0);
    say_item(5);
    say_item(6);
    assert_int_equal(fake_next(&fake, ENVELOPE_CREDIT)->credit.add, 2);
    fake_say(&fake, &(struct envelope){.kind = ENVELOPE_TAIL_END,
                                       .tail_end = {.head_seq = 90, .detail = "", .id = fake.tail_id}});
    say_item(91);
    assert_int_equal(fake.tailed, 3);
    client_disconnected(fake.client);
    fake_session(&fake);
    assert_int_equal(fake.tail_from, fake.region_n); /* what is known of the region is not read again */
    assert_int_equal(fake_next(&fake, ENVELOPE_TAIL)->tail.from_seq, 91);
    say_item(91);
    say_item(92);
    fake_say(&fake, &(struct envelope){.kind = ENVELOPE_TAIL_END,
                                       .tail_end = {.head_seq = 92, .detail = "", .id = fake.tail_id}});
    assert_int_equal(fake.tailed, 4);
    assert_int_equal(fake.tail_ends, 1);
}

static void what_an_earlier_tail_brings_is_dropped(void **state)
{
    const struct tail all = {.filter = TAIL_ALL, .stream = "", .follow = true, .credit = 4};
    const struct tail open = {.filter = TAIL_OPEN, .stream = "", .credit = 4};
    struct envelope end = {.kind = ENVELOPE_TAIL_END, .tail_end = {.head_seq = 90, .detail = ""}};
    uint32_t first;

    (void)state;
    fake_session(&fake);
    assert_int_equal(client_tail(fake.client, &all, NULL), 0);
    assert_non_null(fake_next(&fake, ENVELOPE_TAIL));
    first = fake.tail_id;
    say_item(5);
    assert_int_equal(fake.tailed, 1);
    assert_int_equal(client_tail(fake.client, &open, NULL), 0);
    assert_non_null(fake_next(&fake, ENVELOPE_TAIL));
    assert_int_not_equal(fake.tail_id, first);
    fake.tail_id = first; /* what was under way already */
    end.tail_end.id = first;
    say_item(6);
    fake_say(&fake, &end);
    assert_int_equal(fake.tailed, 1);
    assert_int_equal(fake.tail_ends, 0);
    assert_null(fake_next(&fake, ENVELOPE_CREDIT));
    fake.tail_id = end.tail_end.id = first + 1;
    say_item(3);
    fake_say(&fake, &end);
    assert_int_equal(fake.tailed, 2);
    assert_int_equal(fake.tail_ends, 1);
}

static void answer_in_callback(const struct tail_item *item)
{
    const struct give_receipt receipt = {.order = fake_id(1), .rung = RUNG_ACKNOWLEDGED};
    char author[64];
    struct buf record;

    (void)snprintf(author, sizeof author, "%s", item->author);
    buf_init(&record, 0);
    buf_append(&record, item->record.p, item->record.n);
    assert_int_equal(client_receipt(fake.client, &receipt, 1, NULL), 0);
    assert_string_equal(item->author, author);
    assert_memory_equal(item->record.p, record.p, record.n);
    buf_free(&record);
}

static void a_callback_may_answer(void **state)
{
    const struct tail tail = {.filter = TAIL_ALL};
    struct tail_item item = {.seq = 101, .epoch = 1, .author = FAKE_CENTRE, .outcome = 1};

    (void)state;
    fake_session(&fake);
    fake_order(&fake, fake_id(1), INT64_C(4000000000000));
    fake.on_tail = answer_in_callback;
    item.record = buf_bytes(&fake.region[0]);
    assert_int_equal(client_tail(fake.client, &tail, NULL), 0);
    assert_non_null(fake_next(&fake, ENVELOPE_TAIL));
    item.id = fake.tail_id;
    fake_say(&fake, &(struct envelope){.kind = ENVELOPE_TAIL_ITEM, .tail_item = item});
    assert_int_equal(fake.tailed, 1);
    assert_int_equal(client_pending(fake.client), 1);
}

/* The agent's clock is ahead of the bus, and it is offline: a recall that came before its order stays. */
static void without_the_bus_no_recall_is_over(void **state)
{
    enum { TRIM_MS = 10 * 60 * 1000 };
    bool recalled = false;

    (void)state;
    assert_true(client_bus_ms(fake.client) > fake.now_ms + 500000);
    assert_int_equal(journal_add_recall(fake.journal, fake_id(1), fake.now_ms + TRIM_MS + 100000, NULL), 0);
    fake.now_ms += TRIM_MS;
    client_tick(fake.client);
    assert_int_equal(journal_has_recall(fake.journal, fake_id(1), &recalled, NULL), 0);
    assert_true(recalled);
    fake_session(&fake); /* now it is known what time it is: 95 s before that order expires, and then after */
    fake.now_ms += TRIM_MS;
    client_tick(fake.client);
    assert_int_equal(journal_has_recall(fake.journal, fake_id(1), &recalled, NULL), 0);
    assert_false(recalled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hello_brings_welcome_and_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(the_head_that_was_seen_is_shown_after_a_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(a_head_that_the_broker_did_not_sign_is_not_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(every_head_that_the_broker_signed_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_command_is_signed_counted_and_answered_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wrong_clock_leaves_a_window, setup, teardown),
        cmocka_unit_test_setup_teardown(a_late_beat_does_not_put_the_time_back, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_reply_the_same_bytes_go_again, setup, teardown),
        cmocka_unit_test_setup_teardown(stale_gets_a_new_counter_and_one_reply, setup, teardown),
        cmocka_unit_test_setup_teardown(busy_is_tried_again_and_not_told, setup, teardown),
        cmocka_unit_test_setup_teardown(fenced_is_tried_again_later, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refusal_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_batch_has_one_signature_and_all_or_none, setup, teardown),
        cmocka_unit_test_setup_teardown(no_more_is_under_way_than_the_transport_holds, setup, teardown),
        cmocka_unit_test_setup_teardown(an_operator_signs_and_a_second_one_too, setup, teardown),
        cmocka_unit_test_setup_teardown(silence_ends_the_session, setup, teardown),
        cmocka_unit_test_setup_teardown(another_root_is_not_believed, setup, teardown),
        cmocka_unit_test_setup_teardown(garbage_ends_the_session, setup, teardown),
        cmocka_unit_test_setup_teardown(a_tail_goes_on_after_a_reconnect, setup, teardown),
        cmocka_unit_test_setup_teardown(what_an_earlier_tail_brings_is_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(a_callback_may_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(without_the_bus_no_recall_is_over, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
