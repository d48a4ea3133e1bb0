/* Two brokers and the line between them: whoever calls, whatever is lost, whoever is killed when, each record
 * of an incident that they share is heard by the other once, and nothing waits in the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/state_private.h"
#include "tests/unit/engine_pair.h"

enum { PAUSE_MS = 60 * 1000 };

static struct pair pair;

static int setup(void **state)
{
    (void)state;
    pair_make(&pair);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pair_free(&pair);
    return 0;
}

static bool is_up(const struct rig *rig)
{
    const struct region_link *line =
        region_line(state_region(engine_state(rig->engine)), pair_other(&pair, rig)->region);

    return line != NULL && line->up;
}

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

static void open_and_refer(void)
{
    say(&pair.county, CENTRE, rig_report(1));
    say(&pair.county, CENTRE, pair_referral(pair.city.region));
}

/* --- the line ------------------------------------------------------------------------------------- */

static void assert_one_line(void)
{
    pair_until(&pair, pair_is_up, "both are reached");
    open_and_refer();
    pair_until(&pair, city_follows, "the city follows");
    pair_later(&pair, 5000);
    assert_int_equal(engine_numbers(pair.county.engine).sessions, 1); /* of two connections one stays */
    assert_int_equal(engine_numbers(pair.city.engine).sessions, 1);
    pair_assert_agrees(&pair, 1);
    assert_int_equal(pair_events(&pair.county, EVENT_LINK_SET), 1);
    assert_int_equal(pair_events(&pair.city, EVENT_LINK_SET), 1);
}

static void test_the_county_calls(void **state)
{
    (void)state;
    pair_call(&pair, &pair.county);
    assert_one_line();
}

static void test_the_city_calls(void **state)
{
    (void)state;
    pair_call(&pair, &pair.city);
    assert_one_line();
}

static void test_both_call(void **state)
{
    (void)state;
    pair_call(&pair, &pair.county);
    pair_call(&pair, &pair.city);
    assert_one_line();
}

/* The county's Hello is there, and not answered yet, when the city calls: the county's call stays, and the
 * city must not wait for an answer on its own. */
static void test_a_call_meets_the_others(void **state)
{
    (void)state;
    pair_call(&pair, &pair.county);
    (void)pair_carry(&pair);
    pair_call(&pair, &pair.city);
    assert_one_line();
}

static void test_the_other_calls_later(void **state)
{
    (void)state;
    pair_call(&pair, &pair.city);
    pair_until(&pair, pair_is_up, "both are reached");
    pair_call(&pair, &pair.county);
    assert_one_line();
}

/* Who is called is starting still, and says so. */
static void test_who_is_called_starts_later(void **state)
{
    (void)state;
    rig_restart_only(&pair.city);
    engine_link_up(pair.county.engine, (struct peer){.bytes = {99}, .n = 1}, pair.city.region);
    engine_link_down(pair.county.engine, (struct peer){.bytes = {99}, .n = 1});
    pair_call(&pair, &pair.county);
    (void)pair_carry(&pair);
    assert_one_line();
}

static bool both_are_down(struct pair *p)
{
    return !is_up(&p->county) && !is_up(&p->city);
}

static void test_a_cut_is_noted_once_at_both_ends(void **state)
{
    (void)state;
    pair_call(&pair, &pair.county);
    pair_until(&pair, pair_is_up, "both are reached");
    pair_hang_up(&pair, &pair.county);
    int64_t cut_ms = rig_bus_ms(&pair.county);
    pair_later(&pair, (int64_t)(ENGINE_BEATS_MISSED_MAX - 1) * RIG_BEAT_MS);
    assert_true(pair_is_up(&pair)); /* it may come back */
    pair_until(&pair, both_are_down, "the cut to be noted");
    assert_true(rig_bus_ms(&pair.county) - cut_ms < (int64_t)ENGINE_BEATS_MISSED_MAX * RIG_BEAT_MS);
    for (size_t i = 0; i < 2; i++) {
        struct rig *rig = i == 0 ? &pair.county : &pair.city;
        const struct region_link *line =
            region_line(state_region(engine_state(rig->engine)), pair_other(&pair, rig)->region);
        assert_true(line->since_ms <= cut_ms && line->since_ms > cut_ms - 2 * RIG_BEAT_MS);
    }
    pair_later(&pair, 20 * RIG_BEAT_MS);
    assert_int_equal(pair_events(&pair.county, EVENT_LINK_SET), 2);
    assert_int_equal(pair_events(&pair.city, EVENT_LINK_SET), 2);
    pair_call(&pair, &pair.county);
    pair_until(&pair, pair_is_up, "both are reached again");
    assert_int_equal(pair_events(&pair.county, EVENT_LINK_SET), 3);
    assert_int_equal(pair_events(&pair.city, EVENT_LINK_SET), 3);
}

/* Between two beats and between two looks of either end, whichever moment it is. */
static void test_a_cut_is_noted_within_three_beats(void **state)
{
    (void)state;
    for (int64_t into_ms = 0; into_ms <= RIG_BEAT_MS; into_ms += PAIR_STEP_MS) {
        pair_call(&pair, &pair.county);
        pair_until(&pair, pair_is_up, "both are reached");
        pair_later(&pair, RIG_BEAT_MS + into_ms);
        pair_hang_up(&pair, &pair.county);
        int64_t cut_ms = rig_bus_ms(&pair.county);
        pair_until(&pair, both_are_down, "the cut to be noted");
        int64_t took_ms = rig_bus_ms(&pair.county) - cut_ms;
        if (took_ms >= (int64_t)ENGINE_BEATS_MISSED_MAX * RIG_BEAT_MS ||
            took_ms < (int64_t)(ENGINE_BEATS_MISSED_MAX - 1) * RIG_BEAT_MS) {
            fail_msg("cut %d ms into a beat: noted after %d ms", (int)into_ms, (int)took_ms);
        }
    }
}

/* The moment itself is what the engine asks to be woken for, and not its next look at everything. */
static void test_the_third_missed_beat_is_a_deadline(void **state)
{
    struct rig *county = &pair.county;

    (void)state;
    rig_later(county, 130); /* so that the two ends do not look at the same moments */
    pair_call(&pair, county);
    pair_until(&pair, pair_is_up, "both are reached");
    pair_later(&pair, 3 * RIG_BEAT_MS); /* and what was heard last is a beat, at the other's moment */
    pair_hang_up(&pair, county);
    int64_t heard_ms = engine_link_heard_ms(county->engine, pair.city.region);
    int64_t quiet_ms = heard_ms + (int64_t)ENGINE_BEATS_MISSED_MAX * RIG_BEAT_MS - RIG_BEAT_MS / 4;
    rig_later(county, quiet_ms - 1 - county->boot_ms);
    assert_true(is_up(county));
    rig_later(county, 1);
    assert_false(is_up(county));
}

/* Who is not heard hears the other ask, again and again, who it is: that is not the line. */
static void test_a_cut_one_way_is_noted_at_both_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        pair_call(&pair, &pair.county);
        pair_until(&pair, pair_is_up, "both are reached");
        pair.mute = i == 0 ? &pair.county : &pair.city;
        int64_t cut_ms = rig_bus_ms(&pair.county);
        pair_until(&pair, both_are_down, "the cut to be noted");
        assert_true(rig_bus_ms(&pair.county) - cut_ms <=
                    (int64_t)2 * (ENGINE_BEATS_MISSED_MAX + 1) * RIG_BEAT_MS);
        pair_later(&pair, 20 * RIG_BEAT_MS);
        assert_true(both_are_down(&pair));
        pair.mute = NULL; /* on the same connection */
        pair_until(&pair, pair_is_up, "both are reached again");
        assert_int_equal(pair_events(&pair.county, EVENT_LINK_SET), 2 * i + 3);
        assert_int_equal(pair_events(&pair.city, EVENT_LINK_SET), 2 * i + 3);
    }
}

/* What came while the broker stood still is heard before it sees that it did. */
static void test_a_cut_after_a_pause_is_noted_in_time(void **state)
{
    (void)state;
    pair_call(&pair, &pair.county);
    pair_until(&pair, pair_is_up, "both are reached");
    for (unsigned i = 0; i < 2 * RIG_BEAT_MS / PAIR_STEP_MS; i++) { /* the city beats, unheard */
        pair.city.boot_ms += PAIR_STEP_MS;
        pair.city.utc_ms += PAIR_STEP_MS;
        engine_tick(pair.city.engine);
    }
    pair.county.boot_ms += PAUSE_MS;
    pair.county.utc_ms += PAUSE_MS;
    assert_true(pair_carry(&pair));
    pair_settle(&pair);
    assert_true(is_up(&pair.county));
    pair_hang_up(&pair, &pair.county);
    int64_t cut_ms = rig_bus_ms(&pair.county);
    pair_later(&pair, (int64_t)(ENGINE_BEATS_MISSED_MAX + 1) * RIG_BEAT_MS);
    assert_false(is_up(&pair.county));
    const struct region_link *line =
        region_line(state_region(engine_state(pair.county.engine)), pair.city.region);
    assert_true(line->since_ms < cut_ms + RIG_BEAT_MS);
}

/* A link that was never reached is noted, too, and not again by the next engine. */
static void test_never_reached_is_noted_once(void **state)
{
    (void)state;
    pair_later(&pair, 10 * RIG_BEAT_MS);
    assert_int_equal(pair_events(&pair.county, EVENT_LINK_SET), 1);
    assert_false(is_up(&pair.county));
    pair_restart(&pair, &pair.county);
    pair_later(&pair, 10 * RIG_BEAT_MS);
    assert_int_equal(pair_events(&pair.county, EVENT_LINK_SET), 1);
}

/* --- an incident that is shared --------------------------------------------------------------------- */

static void test_an_incident_is_followed(void **state)
{
    (void)state;
    pair_call(&pair, &pair.county);
    pair_until(&pair, pair_is_up, "both are reached");
    pair_tell_story(&pair);
    pair_assert_agrees(&pair, 1);
    assert_int_equal(incident_of(&pair.city)->reports, 4);
    assert_string_equal(incident_of(&pair.city)->home, pair.county.region);
    assert_string_equal(pair_order(&pair.county, 2)->home, pair.city.region);
    assert_int_equal(pair_order(&pair.city, 1)->rung, RUNG_COMPLETED);
    for (size_t i = 0; i < 2; i++) { /* what the logs say is what is known */
        struct rig *rig = i == 0 ? &pair.county : &pair.city;
        char *before = pair_story(rig, 1);
        pair_restart(&pair, rig);
        pair_later(&pair, 1000);
        char *after = pair_story(rig, 1);
        assert_string_equal(before, after);
        free(before);
        free(after);
    }
}

static bool city_follows_all(struct pair *p)
{
    return pair_order(&p->city, 1) != NULL && pair_order(&p->city, 2) != NULL &&
           pair_order(&p->county, 3) != NULL && pair_nothing_waits(p);
}

static const char *needs_of(const struct rig *rig, unsigned n)
{
    const struct order *order = pair_order(rig, n);

    return order != NULL && order->needs.n == 1 ? order->needs.at[0] : "";
}

/* What crews need follows from what is known, whoever found it out: each region amends its own orders, and
 * those to whom they were given are told, wherever they are. */
static void test_amendments_cross(void **state)
{
    static const char *const needs[] = {"hazmat-suit"};
    static const struct substance_policy chlorine = {.substance = "chlorine", .needs = {needs, 1}};
    struct command policy = {.kind = COMMAND_SET_POLICY}, found = rig_follow_up(1, "it is chlorine"), order;

    (void)state;
    policy.set_policy = (struct policy){.substances = &chlorine, .substances_n = 1, .version = "1"};
    found.file_report.facts.substance = "chlorine";
    say(&pair.county, CENTRE, policy);
    say(&pair.city, CENTRE, policy);
    pair_call(&pair, &pair.county);
    open_and_refer();
    pair_until(&pair, city_follows, "the city follows");
    say(&pair.county, CENTRE, rig_order(&pair.county, 1, 1, STATION));
    order = rig_order(&pair.county, 1, 2, STATION);
    pair.county.order.addressee = pair.city.names[STATION];
    say(&pair.county, CENTRE, order);
    say(&pair.city, CENTRE, pair_order_below(&pair, 3, SECOND));
    pair_until(&pair, city_follows_all, "all orders at both ends");
    say(&pair.city, CENTRE, found);
    pair_later(&pair, 2000);
    for (unsigned n = 1; n <= 3; n++) {
        for (size_t i = 0; i < 2; i++) {
            const struct rig *rig = i == 0 ? &pair.county : &pair.city;
            if (strcmp(needs_of(rig, n), "hazmat-suit") != 0) {
                fail_msg("order %u is not amended at %s", n, rig->region);
            }
            assert_int_equal(pair_order(rig, n)->amendments, 1);
        }
    }
    pair_assert_agrees(&pair, 1);
}

/* A link that is revoked is told nothing; enrolled again, it is told what it missed. */
static void test_a_revoked_link_is_told_nothing(void **state)
{
    static const char *const rights[] = {"link"};
    struct command revoke = {.kind = COMMAND_REVOKE}, enrol = {.kind = COMMAND_ENROL_AGENT};

    (void)state;
    revoke.revoke = (struct revoke){.name = "370100/broker/link", .reason = "its key is in doubt"};
    enrol.enrol = (struct enrol){.name = "370100/broker/link", .rights = {rights, 1}};
    memcpy(enrol.enrol.sign_key, pair.city.broker.sign.public.b, KEY_BYTES);
    memcpy(enrol.enrol.curve_key, pair.city.broker.curve_public, KEY_BYTES);
    pair_call(&pair, &pair.county);
    open_and_refer();
    pair_until(&pair, city_follows, "the city follows");
    say(&pair.county, CENTRE, revoke);
    say(&pair.county, CENTRE, rig_follow_up(1, "not for everybody"));
    pair_later(&pair, 5000);
    assert_int_equal(incident_of(&pair.city)->reports, 1);
    say(&pair.county, CENTRE, enrol);
    say(&pair.county, CENTRE, rig_follow_up(1, "for all again"));
    pair_later(&pair, 5000);
    assert_int_equal(incident_of(&pair.city)->reports, 3);
    pair_assert_agrees(&pair, 1);
}

/* The city's log was founded, by an older version say, with the county as its parent. */
static void test_parents_in_a_circle(void **state)
{
    (void)state;
    state_region_mutable((struct state *)(uintptr_t)engine_state(pair.city.engine))->parent =
        pair.county.region;
    pair_call(&pair, &pair.county);
    pair_later(&pair, 2 * RIG_BEAT_MS); /* and Hello is said again */
    for (size_t i = 0; i < 2; i++) {    /* once at each end, however often it is said */
        const struct rig *rig = i == 0 ? &pair.city : &pair.county;
        assert_non_null(strstr(rig->note, "region 370100 names 370102 as its parent"));
        assert_int_equal(rig->notes, 1);
    }
    pair_later(&pair, (int64_t)ENGINE_BEATS_MISSED_MAX * RIG_BEAT_MS);
    assert_false(is_up(&pair.city));
    assert_false(is_up(&pair.county));
    assert_non_null(strstr(pair.city.note, "is not reached")); /* to be turned away is not to be heard */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_county_calls, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_city_calls, setup, teardown),
        cmocka_unit_test_setup_teardown(test_both_call, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_call_meets_the_others, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_other_calls_later, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_is_called_starts_later, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_cut_is_noted_once_at_both_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_cut_is_noted_within_three_beats, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_third_missed_beat_is_a_deadline, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_cut_one_way_is_noted_at_both_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_cut_after_a_pause_is_noted_in_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_never_reached_is_noted_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_incident_is_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_revoked_link_is_told_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_amendments_cross, setup, teardown),
        cmocka_unit_test_setup_teardown(test_parents_in_a_circle, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
