/* What is said again under a new counter does not undo what was said since. */
#include "agents/lib/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/client_fake.h"

static struct fake fake;

static int setup(void **state)
{
    (void)state;
    fake_start(&fake);
    fake_session(&fake);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake_stop(&fake);
    return 0;
}

static void submit(const struct command *command)
{
    struct err err = {0};

    if (client_submit(fake.client, command, 1, &err)) {
        fail_msg("%s", err.text);
    }
}

/* One status for units with these ids, one letter each. */
static void state_units(const char *ids, enum unit_status status)
{
    static const char *const NAMES[] = {"A", "B", "C"};
    struct unit units[3];
    struct command command = {.kind = COMMAND_STATE_UNITS, .operator= "" };
    size_t n = strlen(ids);

    for (size_t i = 0; i < n; i++) {
        units[i] = (struct unit){.id = NAMES[ids[i] - 'A'], .type = "engine", .status = status, .crew = 4};
    }
    command.state_units = (struct state_units){.units = units, .units_n = n};
    submit(&command);
}

/* The next command that is no Ack; kind 0 when there is none. */
static struct command next_said(void)
{
    const struct envelope *sent;

    while ((sent = fake_next(&fake, ENVELOPE_SUBMIT)) != NULL) {
        struct command command = fake_command(&fake, sent);

        if (command.kind != COMMAND_ACK) {
            return command;
        }
    }
    return (struct command){0};
}

/* It is not said again; a person is told that, and a program whose newer word stands is not alarmed. */
static void assert_superseded(enum outcome outcome)
{
    assert_int_equal(next_said().kind, COMMAND_NONE);
    assert_int_equal(fake.reply.outcome, outcome);
    assert_int_equal(fake.reply.refusal, outcome == OUTCOME_REFUSED ? REFUSED_STALE : REFUSED_NOT);
    assert_string_equal(fake.reply.detail, "something newer was said since");
}

/* The answer to the first was UNCHANGED, which leaves no record, and was lost with the connection. */
static void an_old_state_is_not_said_again_after_a_newer_one(void **state)
{
    (void)state;
    state_units("AB", UNIT_ASSIGNED);
    state_units("BA", UNIT_FREE);
    fake_skip(&fake);
    fake_reply(&fake, 1, OUTCOME_REFUSED, REFUSED_STALE);
    assert_superseded(OUTCOME_UNCHANGED);
    assert_int_equal(client_pending(fake.client), 1);
    fake_reply(&fake, 2, OUTCOME_DONE, REFUSED_NOT);
    assert_int_equal(client_pending(fake.client), 0);
}

static void nor_when_the_newer_one_was_answered_before_a_restart(void **state)
{
    (void)state;
    state_units("A", UNIT_ASSIGNED);
    state_units("A", UNIT_FREE);
    fake_reply(&fake, 2, OUTCOME_DONE, REFUSED_NOT);
    fake_restart(&fake);
    fake_session(&fake);
    fake_skip(&fake);
    fake_reply(&fake, 1, OUTCOME_REFUSED, REFUSED_STALE);
    assert_superseded(OUTCOME_UNCHANGED);
    assert_int_equal(client_pending(fake.client), 0);
}

static void units_that_nothing_newer_speaks_of_are_said_again(void **state)
{
    struct command again;

    (void)state;
    state_units("ABC", UNIT_ASSIGNED);
    state_units("B", UNIT_FREE);
    fake_skip(&fake);
    fake_reply(&fake, 1, OUTCOME_REFUSED, REFUSED_STALE);
    again = next_said();
    assert_int_equal(again.kind, COMMAND_STATE_UNITS);
    assert_int_equal(again.counter, 3);
    assert_int_equal(again.state_units.units_n, 2);
    assert_string_equal(again.state_units.units[0].id, "A");
    assert_string_equal(again.state_units.units[1].id, "C");
    assert_int_equal(again.state_units.units[1].status, UNIT_ASSIGNED);
}

static void what_was_refused_has_replaced_nothing(void **state)
{
    (void)state;
    state_units("A", UNIT_ASSIGNED);
    state_units("A", UNIT_FREE);
    fake_reply(&fake, 2, OUTCOME_REFUSED, REFUSED_CLOCK);
    fake_skip(&fake);
    fake_reply(&fake, 1, OUTCOME_REFUSED, REFUSED_STALE);
    assert_int_equal(next_said().state_units.units_n, 1);
}

static void who_was_revoked_since_is_not_enrolled_again(void **state)
{
    struct command enrol = {.kind = COMMAND_ENROL_AGENT, .operator= "", .enrol = {.name = FAKE_CENTRE}};
    struct command revoke = {
        .kind = COMMAND_REVOKE, .operator= "", .revoke = {.name = FAKE_CENTRE, .reason = "lost"}};

    (void)state;
    submit(&enrol);
    revoke.revoke.name = FAKE_AGENT; /* another member's: no matter */
    submit(&revoke);
    fake_skip(&fake);
    fake_reply(&fake, 1, OUTCOME_REFUSED, REFUSED_STALE);
    assert_int_equal(next_said().counter, 3);
    revoke.revoke.name = FAKE_CENTRE;
    submit(&revoke);
    fake_skip(&fake);
    fake_reply(&fake, 3, OUTCOME_REFUSED, REFUSED_STALE);
    assert_superseded(OUTCOME_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_old_state_is_not_said_again_after_a_newer_one, setup, teardown),
        cmocka_unit_test_setup_teardown(nor_when_the_newer_one_was_answered_before_a_restart, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(units_that_nothing_newer_speaks_of_are_said_again, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_refused_has_replaced_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(who_was_revoked_since_is_not_enrolled_again, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
