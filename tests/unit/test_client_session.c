/* The client without a session: how it asks for one, and what it makes of a Bye. */
#include "agents/lib/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

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

static void no_welcome_means_another_try(void **state)
{
    (void)state;
    client_connected(fake.client);
    fake_later(&fake, CLIENT_WELCOME_WAIT_MS);
    assert_int_equal(fake.reconnects, 1);
}

static void a_bye_is_answered_by_hello_later_and_later(void **state)
{
    struct envelope bye = {.kind = ENVELOPE_BYE, .bye = {.refusal = REFUSED_VERSION, .reason = "old"}};
    int64_t first, second;

    (void)state;
    fake_session(&fake);
    fake_skip(&fake);
    fake_say(&fake, &bye);
    assert_int_equal(fake.refused, 1);
    assert_int_equal(fake.refusal, REFUSED_VERSION);
    assert_null(fake_next(&fake, ENVELOPE_HELLO));
    first = client_due_ms(fake.client) - fake.now_ms;
    fake_later(&fake, first);
    assert_non_null(fake_next(&fake, ENVELOPE_HELLO));
    fake_say(&fake, &bye);
    second = client_due_ms(fake.client) - fake.now_ms;
    assert_true(first >= CLIENT_HELLO_AGAIN_MS / 2 && first <= CLIENT_HELLO_AGAIN_MS * 3 / 2);
    assert_true(second >= CLIENT_HELLO_AGAIN_MS && second <= CLIENT_HELLO_AGAIN_MS * 3);
    for (int i = 0; i < 20; i++) {
        fake_later(&fake, client_due_ms(fake.client) - fake.now_ms);
        fake_say(&fake, &bye);
    }
    assert_true(client_due_ms(fake.client) - fake.now_ms <= CLIENT_HELLO_AGAIN_MAX_MS * 3 / 2);
}

/* What arrives late of a session that the broker has forgotten is answered so: no reason to end. */
static void a_forgotten_session_is_begun_again(void **state)
{
    struct envelope bye = {.kind = ENVELOPE_BYE,
                           .bye = {.refusal = REFUSED_IDENTITY, .reason = "say Hello first"}};

    (void)state;
    fake_session(&fake);
    fake_skip(&fake);
    for (int i = 0; i < 3; i++) { /* one for each frame that was under way */
        fake_say(&fake, &bye);
    }
    assert_int_equal(fake.refused, 1);
    assert_int_equal(fake.refusal, REFUSED_NOT);
    fake_later(&fake, client_due_ms(fake.client) - fake.now_ms);
    fake.read_n = fake.sent_n - 1; /* the Hello */
    fake_greet(&fake);
    assert_true(client_ready(fake.client));
    /* A key that is not enrolled is told by the answer to Hello. */
    fake_say(&fake, &bye);
    fake_later(&fake, client_due_ms(fake.client) - fake.now_ms);
    fake_say(&fake, &bye);
    assert_int_equal(fake.refusal, REFUSED_IDENTITY);
}

static void a_busy_broker_is_asked_again_soon(void **state)
{
    struct envelope bye = {.kind = ENVELOPE_BYE, .bye = {.refusal = REFUSED_BUSY, .reason = "starting"}};

    (void)state;
    client_connected(fake.client);
    for (int i = 0; i < 20; i++) {
        fake_say(&fake, &bye);
        assert_int_equal(fake.refusal, REFUSED_BUSY);
        assert_null(fake_next(&fake, ENVELOPE_TAIL));
        assert_true(client_due_ms(fake.client) > fake.now_ms);
        assert_true(client_due_ms(fake.client) - fake.now_ms <= CLIENT_BUSY_AGAIN_MAX_MS * 3 / 2);
        fake_later(&fake, client_due_ms(fake.client) - fake.now_ms);
    }
    fake.read_n = fake.sent_n - 1; /* the last Hello */
    fake_greet(&fake);
    assert_true(client_ready(fake.client));
}

static void another_regions_broker_is_not_talked_to(void **state)
{
    struct welcome welcome = {
        .protocol = PROTOCOL_VERSION, .region = "370103", .epoch = 1, .head = {.region = ""}};

    (void)state;
    client_connected(fake.client);
    fake_say(&fake, &(struct envelope){.kind = ENVELOPE_WELCOME, .welcome = welcome});
    assert_int_equal(fake.refusal, REFUSED_REGION);
    assert_false(client_ready(fake.client));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_welcome_means_another_try, setup, teardown),
        cmocka_unit_test_setup_teardown(a_bye_is_answered_by_hello_later_and_later, setup, teardown),
        cmocka_unit_test_setup_teardown(a_forgotten_session_is_begun_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_busy_broker_is_asked_again_soon, setup, teardown),
        cmocka_unit_test_setup_teardown(another_regions_broker_is_not_talked_to, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
