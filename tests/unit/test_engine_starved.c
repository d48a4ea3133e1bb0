/* The nth allocation of the engine fails, for each n: what was said is done, or told to come again, or the
 * process ends. It is never refused for good, for it is not its author's fault, and nothing overtakes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/engine_rig.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static struct rig rig;
static long fail_at; /* the nth allocation of the engine from now fails; 0: none */
static bool failed;

static size_t fail_above; /* those of more bytes fail; 0: none */

static bool fails(size_t n)
{
    if (rig.in_engine && fail_above > 0 && n > fail_above) {
        failed = true;
        return true;
    }
    if (rig.in_engine && fail_at > 0 && --fail_at == 0) {
        failed = true;
        return true;
    }
    return false;
}

void *__wrap_malloc(size_t n)
{
    return fails(n) ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails(n * size) ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails(n) ? NULL : __real_realloc(p, n);
}

static void begin(void)
{
    struct command report = rig_report(1);

    fail_at = 0;
    rig_start(&rig);
    rig_hello(&rig, 1, CENTRE, 8);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &report).outcome, OUTCOME_DONE);
    rig_skip(&rig);
}

/* What was answered to the counter. */
static struct reply answer(uint64_t counter)
{
    const struct envelope *envelope;

    while ((envelope = rig_next(&rig, 1, ENVELOPE_REPLY)) != NULL) {
        if (envelope->reply.counter == counter) {
            return envelope->reply;
        }
    }
    return (struct reply){.outcome = OUTCOME_NONE};
}

/* Something went wrong: the author was told so, and nothing else. */
static bool was_put_off(struct reply reply)
{
    const struct envelope *bye;

    if (reply.outcome != OUTCOME_NONE) {
        assert_int_equal(reply.outcome, OUTCOME_REFUSED);
        assert_int_equal(reply.refusal, REFUSED_BUSY);
        assert_true(reply.retry_ms > 0);
        return true;
    }
    bye = rig_next(&rig, 1, ENVELOPE_BYE);
    assert_true(failed);
    assert_non_null(bye);
    assert_int_equal(bye->bye.refusal, REFUSED_BUSY);
    return false;
}

static struct reply say_again(const struct command *command, uint64_t counter)
{
    rig_skip(&rig);
    rig_submit_as(&rig, 1, CENTRE, CENTRE, command, counter);
    rig_run(&rig);
    return answer(counter);
}

/* One command with its nth allocation failing, and one behind it. False: there was none to fail. */
static bool one_fails(struct command (*make)(void), enum refusal expected, long n)
{
    struct command behind = rig_follow_up(1, "behind it");

    begin();
    struct command made = make();
    const struct command *command = &made;
    uint64_t head = log_get_head(rig.store).seq;
    failed = false;
    fail_at = n;
    uint64_t counter = rig_submit(&rig, 1, CENTRE, command);
    uint64_t second = rig_submit(&rig, 1, CENTRE, &behind);
    rig_run(&rig);
    fail_at = 0;
    if (rig.fatal) {
        assert_true(failed);
        assert_int_equal(rig.fatal_err.code, ERR_NO_MEMORY);
        rig_free(&rig);
        return true;
    }
    struct reply reply = answer(counter);
    bool done = reply.outcome != OUTCOME_NONE && reply.refusal == expected;
    if (!done && !was_put_off(reply)) {
        rig_hello(&rig, 1, CENTRE, 8); /* the frame could not be read: its session has ended */
    }
    if (!done) {
        rig_skip(&rig);
        reply = say_again(&behind, second);
        if (reply.refusal == REFUSED_BUSY) { /* it waits for the other, unless nothing is known of that */
            reply = say_again(command, counter);
            assert_int_equal(reply.refusal, expected);
        }
    }
    reply = say_again(&behind, second);
    assert_int_equal(reply.outcome, OUTCOME_DONE);
    reply = say_again(command, counter);
    assert_true(reply.refusal == expected || reply.refusal == REFUSED_STALE);
    assert_in_range(log_get_head(rig.store).seq, head + 1, head + 2);
    rig_free(&rig);
    return failed;
}

static long each_fails(struct command (*make)(void), enum refusal expected)
{
    long n = 1;

    while (one_fails(make, expected, n)) {
        n++;
    }
    return n - 1;
}

static struct command report_anew(void)
{
    return rig_report(2);
}

/* Many, so that they and what is decided of them take more than one piece of memory. */
static struct command orders(void)
{
    static struct new_order many[ORDERS_PER_COMMAND_MAX];
    struct command command = rig_order(&rig, 1, 10, STATION);

    for (unsigned i = 0; i < ORDERS_PER_COMMAND_MAX; i++) {
        many[i] = rig.order;
        many[i].order = rig_id(100 + i);
    }
    command.issue_orders.orders = many;
    command.issue_orders.orders_n = ORDERS_PER_COMMAND_MAX;
    return command;
}

static struct command follow_up_nothing(void)
{
    return rig_follow_up(7, "of what?");
}

static void test_a_report_of_something_new(void **state)
{
    (void)state;
    assert_in_range(each_fails(report_anew, REFUSED_NOT), 3, 1000);
}

static void test_orders(void **state)
{
    (void)state;
    assert_in_range(each_fails(orders, REFUSED_NOT), 3, 1000);
}

static void test_what_is_refused(void **state)
{
    (void)state;
    assert_in_range(each_fails(follow_up_nothing, REFUSED_NO_INCIDENT), 1, 1000);
}

/* A recorded answer that cannot be read for want of memory is no "stale": that would be said again under
 * another counter, and happen twice. */
static void test_an_old_counter(void **state)
{
    (void)state;
    for (long n = 1;; n++) {
        begin();
        struct command command = orders();
        uint64_t counter = rig_submit(&rig, 1, CENTRE, &command);
        rig_run(&rig);
        assert_int_equal(answer(counter).outcome, OUTCOME_DONE);
        failed = false;
        fail_at = n;
        struct reply reply = say_again(&command, counter);
        fail_at = 0;
        if (rig.fatal) {
            assert_int_equal(rig.fatal_err.code, ERR_NO_MEMORY);
        } else if (reply.outcome != OUTCOME_DONE) {
            (void)was_put_off(reply);
        }
        rig_free(&rig);
        if (!failed) {
            return;
        }
    }
}

/* Want of memory that lasts is no matter of coming again: it would be so for ever. */
static void test_want_that_lasts(void **state)
{
    (void)state;
    begin();
    struct command command = orders();
    uint64_t counter = rig_submit(&rig, 1, CENTRE, &command);
    rig_run(&rig);
    assert_int_equal(answer(counter).outcome, OUTCOME_DONE);
    fail_above = 8000;
    command = rig_order(&rig, 1, 300, STATION);
    char text[TEXT_MAX_BYTES + 1];
    memset(text, 'x', TEXT_MAX_BYTES);
    text[TEXT_MAX_BYTES] = '\0';
    rig.order.text = text;
    counter = ++rig.counters[CENTRE];
    for (int64_t ms = 0; ms < ENGINE_STARVED_MS / 2; ms += 500) {
        if (!was_put_off(say_again(&command, counter))) {
            rig_hello(&rig, 1, CENTRE, 8);
        }
        rig_later(&rig, 500);
    }
    fail_above = 0; /* it was for a moment */
    assert_false(rig.fatal);
    assert_int_equal(say_again(&command, counter).outcome, OUTCOME_DONE);
    rig_later(&rig, 5000);
    fail_above = 8000;
    counter = ++rig.counters[CENTRE];
    rig.order.order = rig_id(301);
    for (int64_t ms = 0; ms < 2 * ENGINE_STARVED_MS && !rig.fatal; ms += 500) {
        if (!was_put_off(say_again(&command, counter)) && !rig.fatal) {
            rig_hello(&rig, 1, CENTRE, 8);
        }
        rig_later(&rig, 500);
        assert_true(!rig.fatal || ms >= ENGINE_STARVED_MS - 500);
    }
    fail_above = 0;
    assert_true(rig.fatal);
    assert_int_equal(rig.fatal_err.code, ERR_NO_MEMORY);
    rig_free(&rig);
}

/* A start that has no memory for its clock, or a member of its founding, is none. */
static void test_a_start(void **state)
{
    bool more = true;

    (void)state;
    for (long n = 1; more; n++) {
        begin();
        rig_restart_only(&rig);
        failed = false;
        fail_at = n;
        rig_run(&rig);
        fail_at = 0;
        more = failed;
        if (rig.fatal) {
            assert_int_equal(rig.fatal_err.code, ERR_NO_MEMORY);
        } else {
            assert_true(rig.in_service);
            assert_int_equal(log_get_head(rig.store).seq, engine_numbers(rig.engine).head_seq);
        }
        rig_free(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_report_of_something_new), cmocka_unit_test(test_orders),
        cmocka_unit_test(test_what_is_refused),           cmocka_unit_test(test_an_old_counter),
        cmocka_unit_test(test_want_that_lasts),           cmocka_unit_test(test_a_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
