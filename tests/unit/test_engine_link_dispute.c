/* Two brokers order apart while the line is cut: when it is there again both say so, and nobody resolves it
 * but a person. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/state.h"
#include "tests/unit/engine_pair.h"

static struct pair pair;

static const struct incident *incident_of(const struct rig *rig)
{
    return state_incident(engine_state(rig->engine), rig_id(1));
}

static bool city_follows(struct pair *p)
{
    return incident_of(&p->city) != NULL && pair_nothing_waits(p);
}

static void say(struct rig *rig, enum rig_agent agent, struct command command)
{
    pair_say(&pair, rig, agent, &command);
}

/* The city follows incident 1. */
static int setup(void **state)
{
    (void)state;
    pair_make(&pair);
    pair_call(&pair, &pair.county);
    say(&pair.county, CENTRE, rig_report(1));
    say(&pair.county, CENTRE, pair_referral(pair.city.region));
    pair_until(&pair, city_follows, "the city follows");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pair_free(&pair);
    return 0;
}

static void heal(void)
{
    pair_call(&pair, &pair.county);
    pair_until(&pair, pair_nothing_waits, "all to be acknowledged");
    pair_later(&pair, 1000);
    pair_until(&pair, pair_nothing_waits, "all to be acknowledged");
}

static void assert_disputes(size_t events, bool open)
{
    const struct rig *rigs[] = {&pair.county, &pair.city};

    assert_int_equal(pair_events(&pair.county, EVENT_ORDERS_DISPUTED), events);
    assert_int_equal(pair_events(&pair.city, EVENT_ORDERS_DISPUTED), events);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(incident_open_dispute(incident_of(rigs[i]), (struct id){{0}}, 0) != NULL, open);
    }
    pair_assert_agrees(&pair, 1);
}

static void test_orders_given_apart_are_disputed_at_both_ends(void **state)
{
    (void)state;
    pair_hang_up(&pair, &pair.county);
    say(&pair.county, CENTRE, rig_order(&pair.county, 1, 1, STATION));
    say(&pair.city, CENTRE, pair_order_below(&pair, 2, STATION));
    heal();
    assert_disputes(1, true);
    pair_restart(&pair, &pair.county); /* it is in the log */
    heal();
    assert_disputes(1, true);
    say(&pair.city, CENTRE, rig_recall(1, 2));
    heal();
    assert_disputes(1, false);
}

static void test_orders_that_follow_each_other_are_not(void **state)
{
    (void)state;
    say(&pair.county, CENTRE, rig_order(&pair.county, 1, 1, STATION));
    heal();
    say(&pair.city, CENTRE, pair_order_below(&pair, 2, STATION));
    heal();
    say(&pair.county, CENTRE, rig_order(&pair.county, 1, 3, STATION));
    heal();
    assert_disputes(0, false);
    pair_hang_up(&pair, &pair.county);
    say(&pair.county, CENTRE,
        rig_order(&pair.county, 1, 4, STATION));                 /* knows of 2, and the city of 1 and 3 */
    say(&pair.city, CENTRE, pair_order_below(&pair, 5, SECOND)); /* another crew */
    heal();
    assert_disputes(0, false);
}

static struct command count(const char *text, int64_t dead)
{
    struct command command = rig_follow_up(1, text);

    command.file_report.facts.casualties.dead = dead;
    return command;
}

/* Whichever word holds, both ends show the other until somebody counts anew. */
static void test_counts_said_apart_are_shown_at_both_ends(void **state)
{
    const struct rig *rigs[] = {&pair.county, &pair.city};

    (void)state;
    pair_hang_up(&pair, &pair.county);
    say(&pair.county, CENTRE, count("five", 5));
    pair_later(&pair, 1000);
    say(&pair.city, CENTRE, count("two", 2));
    heal();
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(incident_of(rigs[i])->casualties.dead, 2);
        assert_non_null(incident_apart(incident_of(rigs[i]), 0));
        assert_int_equal(incident_apart(incident_of(rigs[i]), 0)->count, 5);
    }
    say(&pair.county, CENTRE, count("two it is", 2));
    heal();
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(incident_of(rigs[i])->casualties.dead, 2);
        assert_null(incident_apart(incident_of(rigs[i]), 0));
    }
    say(&pair.city, CENTRE, count("three", 3)); /* in turn */
    heal();
    say(&pair.county, CENTRE, count("four", 4));
    heal();
    assert_int_equal(pair_events(&pair.county, EVENT_COUNT_APART), 1);
    assert_int_equal(pair_events(&pair.city, EVENT_COUNT_APART), 1);
}

static struct command closing(void)
{
    return (struct command){.kind = COMMAND_CLOSE_INCIDENT,
                            .mode = MODE_ACTUAL,
                            .close_incident = {.incident = rig_id(1), .reason = "done"}};
}

/* At both ends; -2: none. */
static void assert_missed(int64_t dead, int64_t known, size_t events)
{
    struct rig *rigs[] = {&pair.county, &pair.city};

    for (size_t i = 0; i < 2; i++) {
        const struct missed *missed = incident_missed(incident_of(rigs[i]), 0);
        assert_false(incident_is_open(incident_of(rigs[i])));
        assert_int_equal(missed != NULL ? missed->by.count : -2, dead);
        assert_int_equal(missed != NULL ? missed->known : -2, known);
        assert_int_equal(pair_events(rigs[i], EVENT_COUNT_MISSED), events);
    }
}

static void test_a_closing_says_what_it_knew(void **state)
{
    (void)state;
    say(&pair.county, CENTRE, count("three", 3));
    heal();
    pair_hang_up(&pair, &pair.county);
    say(&pair.city, CENTRE, count("five", 5));
    say(&pair.county, CENTRE, closing());
    heal();
    assert_missed(5, 3, 1);
    assert_string_equal(incident_missed(incident_of(&pair.county), 0)->by.region, pair.city.region);
    pair_restart(&pair, &pair.county); /* it is in the log */
    heal();
    say(&pair.county, CENTRE, rig_follow_up(1, "of no count"));
    assert_missed(5, 3, 1);
    say(&pair.county, CENTRE, count("five it is", 5));
    heal();
    assert_missed(-2, -2, 1);
}

static void test_a_closing_that_knew_all_misses_nothing(void **state)
{
    (void)state;
    pair_hang_up(&pair, &pair.county);
    say(&pair.county, CENTRE, count("five", 5));
    pair_later(&pair, 1000);
    say(&pair.city, CENTRE, count("two", 2));
    heal(); /* both know both */
    say(&pair.county, CENTRE, closing());
    heal();
    assert_missed(-2, -2, 0);
    say(&pair.county, CENTRE, count("three", 3)); /* who closed it counts anew */
    heal();
    assert_missed(-2, -2, 0);
    say(&pair.city, CENTRE, count("four", 4)); /* it knows of the closing; who closed it is told */
    heal();
    assert_int_equal(pair_events(&pair.city, EVENT_COUNT_MISSED), 0);
    assert_int_equal(pair_events(&pair.county, EVENT_COUNT_MISSED), 1);
    assert_int_equal(incident_missed(incident_of(&pair.county), 0)->known, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_orders_given_apart_are_disputed_at_both_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_counts_said_apart_are_shown_at_both_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_orders_that_follow_each_other_are_not, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_closing_says_what_it_knew, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_closing_that_knew_all_misses_nothing, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
