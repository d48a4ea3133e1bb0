/* What two brokers share, whatever happens to the line, to either of them, to their disks or queues: each
 * record is heard once, and nothing waits in the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/state.h"
#include "tests/unit/engine_pair.h"

enum { AGENT_PEER = 90 };

static struct pair pair;

static int setup(void **state)
{
    (void)state;
    pair_make(&pair);
    pair_call(&pair, &pair.county);
    pair_until(&pair, pair_is_up, "both are reached");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pair_free(&pair);
    return 0;
}

static void say(struct rig *rig, enum rig_agent agent, struct command command)
{
    pair_say(&pair, rig, agent, &command);
}

static const struct incident *incident_of(const struct rig *rig)
{
    return state_incident(engine_state(rig->engine), rig_id(1));
}

static bool city_follows(struct pair *p)
{
    return incident_of(&p->city) != NULL && pair_nothing_waits(p);
}

static bool city_knows_as_many_reports(struct pair *p)
{
    return incident_of(&p->city) != NULL && incident_of(&p->county) != NULL &&
           incident_of(&p->city)->reports == incident_of(&p->county)->reports && pair_nothing_waits(p);
}

static void open_and_share(void)
{
    say(&pair.county, CENTRE, rig_report(1));
    say(&pair.county, CENTRE, pair_referral(pair.city.region));
    pair_until(&pair, city_follows, "the city follows");
}

/* The county's centre says it, and its log has it; the line was not served yet. */
static void file_unheard(unsigned n)
{
    struct command command = rig_follow_up(1, "more");

    rig_hello(&pair.county, AGENT_PEER, CENTRE, 0);
    for (unsigned i = 0; i < n; i++) {
        (void)rig_submit(&pair.county, AGENT_PEER, CENTRE, &command);
        rig_run(&pair.county);
        engine_flush(pair.county.engine);
    }
}

static void call_again(void)
{
    pair_hang_up(&pair, &pair.county);
    pair_call(&pair, &pair.county);
}

/* --- lost in the connection ------------------------------------------------------------------------- */

static void test_a_record_that_is_lost_comes_once(void **state)
{
    (void)state;
    open_and_share();
    file_unheard(3);
    assert_true(pair_lose(&pair, &pair.county) > 0);
    pair_later(&pair, 500);
    assert_int_equal(incident_of(&pair.city)->reports, 1);
    call_again();
    pair_until(&pair, city_knows_as_many_reports, "what was lost");
    assert_int_equal(incident_of(&pair.city)->reports, 4);
    pair_assert_agrees(&pair, 1);
}

/* It was heard, and who told it does not know: it is told again, and acknowledged though it is nothing
 * new. */
static void test_an_answer_that_is_lost(void **state)
{
    (void)state;
    open_and_share();
    file_unheard(3);
    (void)pair_carry(&pair);
    rig_run(&pair.city);
    assert_int_equal(incident_of(&pair.city)->reports, 4);
    assert_true(pair_lose(&pair, &pair.city) > 0);
    call_again();
    pair_until(&pair, pair_nothing_waits, "all to be acknowledged");
    assert_int_equal(incident_of(&pair.city)->reports, 4);
    pair_assert_agrees(&pair, 1);
}

/* The same, and who heard it does not know either: its Ack would come with the next record, if there was
 * one. */
static void test_an_answer_that_is_lost_with_its_broker(void **state)
{
    (void)state;
    open_and_share();
    file_unheard(3);
    (void)pair_carry(&pair);
    rig_run(&pair.city);
    pair_restart(&pair, &pair.city);
    pair_until(&pair, pair_nothing_waits, "all to be acknowledged");
    assert_int_equal(incident_of(&pair.city)->reports, 4);
    pair_assert_agrees(&pair, 1);
}

/* Whenever the line breaks, with all that is on it. */
static void test_a_cut_at_every_turn(void **state)
{
    unsigned cut = 0;

    (void)state;
    do {
        teardown(NULL);
        setup(NULL);
        pair.cut_after = ++cut;
        pair_tell_story(&pair);
        pair_assert_agrees(&pair, 1);
        assert_int_equal(incident_of(&pair.city)->reports, 4);
    } while (pair.cut_after == 0);
    assert_true(cut > 20);
}

/* --- killed --------------------------------------------------------------------------------------- */

/* both: the city calls, too. */
static void kill_at_every_request(struct rig *victim, bool after, bool both)
{
    unsigned at = 0;

    do {
        teardown(NULL);
        setup(NULL);
        if (both) {
            pair_call(&pair, &pair.city);
        }
        pair.victim = victim;
        pair.kill_at = at++;
        pair.kill_after = after;
        pair_tell_story(&pair);
        pair_assert_agrees(&pair, 1);
        assert_int_equal(incident_of(&pair.city)->reports, 4);
        assert_int_equal(pair_order(&pair.county, 2)->rung, RUNG_RECALLED);
        assert_int_equal(pair_order(&pair.city, 1)->rung, RUNG_COMPLETED);
    } while (pair.killed);
    assert_true(at > 10);
}

static void test_the_county_is_killed(void **state)
{
    (void)state;
    kill_at_every_request(&pair.county, false, false);
    kill_at_every_request(&pair.county, false, true);
}

static void test_the_county_is_killed_with_its_word_kept(void **state)
{
    (void)state;
    kill_at_every_request(&pair.county, true, false);
}

static void test_the_city_is_killed(void **state)
{
    (void)state;
    kill_at_every_request(&pair.city, false, false);
    kill_at_every_request(&pair.city, false, true);
}

static void test_the_city_is_killed_with_its_word_kept(void **state)
{
    (void)state;
    kill_at_every_request(&pair.city, true, false);
}

/* A log goes on in the next epoch: what is told, heard and acknowledged goes on with it. */
static void goes_on_in_the_next_epoch(struct rig *rig)
{
    open_and_share();
    rig->recover = "the machine was lost";
    pair_restart(&pair, rig);
    rig->recover = NULL;
    pair_later(&pair, 1000);
    assert_int_equal(log_get_head(rig->store).epoch, 2);
    say(&pair.county, CENTRE, rig_follow_up(1, "more"));
    say(&pair.city, CENTRE, rig_follow_up(1, "and more"));
    pair_later(&pair, 500);
    pair_until(&pair, city_knows_as_many_reports, "what was told since");
    assert_int_equal(incident_of(&pair.city)->reports, 3);
    pair_assert_agrees(&pair, 1);
}

static void test_who_tells_goes_on_in_the_next_epoch(void **state)
{
    (void)state;
    goes_on_in_the_next_epoch(&pair.county);
}

static void test_who_hears_goes_on_in_the_next_epoch(void **state)
{
    (void)state;
    goes_on_in_the_next_epoch(&pair.city);
}

/* What was told in the old epoch, and of which no Ack came, is told again in the new one: its Ack does not
 * wait for something that is new. */
static void test_what_is_told_again_in_the_next_epoch_is_acknowledged(void **state)
{
    (void)state;
    open_and_share();
    file_unheard(3);
    (void)pair_carry(&pair);
    rig_run(&pair.city);
    assert_true(pair_lose(&pair, &pair.city) > 0);
    pair.county.recover = "the machine was lost";
    pair_restart(&pair, &pair.county);
    pair.county.recover = NULL;
    pair_until(&pair, pair_nothing_waits, "all to be acknowledged");
    assert_int_equal(log_get_head(pair.county.store).epoch, 2);
    assert_int_equal(incident_of(&pair.city)->reports, 4);
    pair_assert_agrees(&pair, 1);
}

/* --- no place ------------------------------------------------------------------------------------- */

/* More at once than is taken of one while another speaks: the rest is said again, in its order. */
static void test_busy(void **state)
{
    enum { MANY = 4 * ENGINE_LITTLE, EACH = 10, SPEAKS = 100, TURNS = 400 };
    struct command other = rig_report(7);

    (void)state;
    open_and_share();
    pair_hang_up(&pair, &pair.county);
    for (unsigned i = 0; i < MANY / EACH; i++) {
        file_unheard(EACH);
        say(&pair.county, CENTRE,
            rig_report(100 + i)); /* of no interest to the city: a gap in what it is told */
    }
    rig_skip(&pair.county);
    rig_hello(&pair.city, AGENT_PEER, STATION, 0);
    for (int i = 0; i < SPEAKS; i++) { /* it is known as one that says little */
        (void)rig_submit(&pair.city, AGENT_PEER, STATION, &other);
        other.file_report.kind = REPORT_FOLLOW_UP;
        pair_later(&pair, PAIR_STEP_MS);
    }
    pair_call(&pair, &pair.county);
    for (int i = 0; i < TURNS; i++) {
        (void)rig_step(&pair.county);
        (void)pair_carry(&pair);
        (void)rig_step(&pair.city);
        if (i % 4 == 0) {
            (void)rig_submit(&pair.city, AGENT_PEER, STATION, &other);
        }
    }
    assert_true(pair.said_again > 0);
    assert_true(incident_of(&pair.city)->reports < MANY);
    pair_until(&pair, city_knows_as_many_reports, "everything to come");
    assert_int_equal(incident_of(&pair.city)->reports, MANY + 1);
    pair_assert_agrees(&pair, 1);
}

static void queue_is_full_for(int64_t ms)
{
    open_and_share();
    pair.county.full_peer = pair.lines[0].caller_peer;
    file_unheard(20);
    pair_later(&pair, ms);
    assert_int_equal(incident_of(&pair.city)->reports, 1);
    pair.county.full_peer = 0;
    pair_until(&pair, city_knows_as_many_reports, "everything to come");
    assert_int_equal(incident_of(&pair.city)->reports, 21);
    pair_assert_agrees(&pair, 1);
}

static void test_a_full_queue(void **state)
{
    (void)state;
    queue_is_full_for(1000);
}

/* The other end gives the session up meanwhile. */
static void test_a_queue_that_is_full_for_long(void **state)
{
    (void)state;
    queue_is_full_for((int64_t)2 * ENGINE_BEATS_MISSED_MAX * RIG_BEAT_MS);
}

static void test_a_full_queue_of_who_hears(void **state)
{
    (void)state;
    open_and_share();
    pair.city.full_peer = pair.lines[0].called_peer;
    file_unheard(20);
    pair_later(&pair, (int64_t)2 * ENGINE_BEATS_MISSED_MAX * RIG_BEAT_MS);
    pair.city.full_peer = 0;
    pair_until(&pair, city_knows_as_many_reports, "everything to be acknowledged");
    assert_int_equal(incident_of(&pair.city)->reports, 21);
    pair_assert_agrees(&pair, 1);
}

/* --- full disks ----------------------------------------------------------------------------------- */

static void until_append_waits(struct rig *rig)
{
    for (int i = 0; i < 1000 && !rig_append_waits(rig); i++) {
        (void)rig_step(&pair.county);
        if (!rig_append_waits(rig)) {
            (void)rig_step(&pair.city);
        }
        if (!rig_append_waits(rig)) {
            (void)pair_carry(&pair);
        }
    }
    assert_true(rig_append_waits(rig));
}

static void test_the_disk_of_who_hears_is_full(void **state)
{
    (void)state;
    open_and_share();
    file_unheard(3);
    until_append_waits(&pair.city);
    rig_fail(&pair.city, ERR_DISK_FULL);
    pair_later(&pair, 200);
    file_unheard(3); /* while there is no space */
    pair_later(&pair, 200);
    assert_int_equal(incident_of(&pair.city)->reports, 1);
    pair_until(&pair, city_knows_as_many_reports, "everything to come when there is space");
    assert_true(pair.said_again > 0);
    assert_int_equal(incident_of(&pair.city)->reports, 7);
    pair_assert_agrees(&pair, 1);
}

/* The referral is kept, and what is to follow from it is not. */
static void test_the_disk_of_who_shares_is_full(void **state)
{
    struct command refer = pair_referral(pair.city.region);

    (void)state;
    say(&pair.county, CENTRE, rig_report(1));
    pair_later(&pair, 1000);
    rig_hello(&pair.county, AGENT_PEER, CENTRE, 0);
    (void)rig_submit(&pair.county, AGENT_PEER, CENTRE, &refer);
    until_append_waits(&pair.county);
    assert_true(rig_step(&pair.county));
    assert_int_equal(pair_events(&pair.county, EVENT_REFERRED), 1);
    until_append_waits(&pair.county);
    rig_fail(&pair.county, ERR_DISK_FULL);
    assert_int_equal(pair_events(&pair.county, EVENT_SHARE_BEGUN), 0);
    pair_until(&pair, city_follows, "the city follows when there is space");
    assert_int_equal(pair_events(&pair.county, EVENT_SHARE_BEGUN), 1);
    pair_assert_agrees(&pair, 1);
}

/* The same of what was gathered with the referral, before either was kept. */
static void test_the_referral_itself_fails(void **state)
{
    struct command refer = pair_referral(pair.city.region);

    (void)state;
    say(&pair.county, CENTRE, rig_report(1));
    rig_hello(&pair.county, AGENT_PEER, CENTRE, 0);
    (void)rig_submit(&pair.county, AGENT_PEER, CENTRE, &refer);
    until_append_waits(&pair.county);
    rig_fail(&pair.county, ERR_DISK_FULL);
    pair_later(&pair, 3000);
    assert_null(incident_of(&pair.city));
    pair.county.counters[CENTRE]--; /* it was told to come again */
    say(&pair.county, CENTRE, refer);
    pair_until(&pair, city_follows, "the city follows");
    pair_assert_agrees(&pair, 1);
}

/* --- large ---------------------------------------------------------------------------------------- */

/* So many orders in one command, each of a text of so many bytes. */
static void issue_many(unsigned first, unsigned n, size_t bytes)
{
    static char text[TEXT_MAX_BYTES];
    struct new_order orders[ORDERS_PER_COMMAND_MAX];
    struct command command = {.kind = COMMAND_ISSUE_ORDERS};

    assert_true(bytes < sizeof text && n <= ORDERS_PER_COMMAND_MAX);
    memset(text, 'x', bytes);
    text[bytes] = '\0';
    for (unsigned i = 0; i < n; i++) {
        (void)rig_order(&pair.county, 1, first + i, i % 2 == 0 ? STATION : SECOND);
        orders[i] = pair.county.order;
        orders[i].text = text;
        orders[i].answer_by_ms = orders[i].expires_at_ms;
    }
    command.issue_orders = (struct issue_orders){.incident = rig_id(1), .orders = orders, .orders_n = n};
    say(&pair.county, CENTRE, command);
}

static bool city_has_order_600(struct pair *p)
{
    return pair_order(&p->city, 600) != NULL && pair_nothing_waits(p);
}

/* A past of hundreds of orders goes in parts, and what is new meanwhile is told once. */
static void test_a_past_in_parts(void **state)
{
    enum { COMMANDS = 8 };

    (void)state;
    say(&pair.county, CENTRE, rig_report(1));
    for (unsigned i = 0; i < COMMANDS; i++) {
        issue_many(1000 + ORDERS_PER_COMMAND_MAX * i, ORDERS_PER_COMMAND_MAX, 100);
    }
    file_unheard(20);
    struct command refer = pair_referral(pair.city.region), more = rig_follow_up(1, "meanwhile");
    (void)rig_submit(&pair.county, AGENT_PEER, CENTRE, &refer);
    for (unsigned i = 0; i < 30; i++) {
        (void)rig_step(&pair.county);
        (void)pair_carry(&pair);
        (void)rig_step(&pair.city);
        (void)rig_submit(&pair.county, AGENT_PEER, CENTRE, &more);
    }
    pair_settle(&pair);
    say(&pair.county, CENTRE, rig_order(&pair.county, 1, 600, STATION));
    pair_until(&pair, city_has_order_600, "everything to come");
    assert_true(pair_events(&pair.county, EVENT_SHARE_BEGUN) > 2);
    assert_int_equal(incident_of(&pair.city)->reports, 51);
    assert_int_equal(incident_of(&pair.city)->orders_n, COMMANDS * ORDERS_PER_COMMAND_MAX + 1);
    pair_assert_agrees(&pair, 1);
}

/* ... also when either is killed at any request to its log on the way, or the line is cut at any turn. */
static void tell_parts(void)
{
    say(&pair.county, CENTRE, rig_report(1));
    for (unsigned i = 0; i < 2; i++) {
        issue_many(1000 + ORDERS_PER_COMMAND_MAX * i, ORDERS_PER_COMMAND_MAX, 10);
    }
    say(&pair.county, CENTRE, rig_follow_up(1, "before"));
    say(&pair.county, CENTRE, pair_referral(pair.city.region));
    say(&pair.county, CENTRE, rig_follow_up(1, "meanwhile"));
    say(&pair.county, CENTRE, rig_order(&pair.county, 1, 600, STATION));
    pair_until(&pair, city_has_order_600, "everything to come");
    assert_true(pair_events(&pair.county, EVENT_SHARE_BEGUN) > 1);
    assert_int_equal(incident_of(&pair.city)->reports, 3);
    assert_int_equal(incident_of(&pair.city)->orders_n, 2 * ORDERS_PER_COMMAND_MAX + 1);
    pair_assert_agrees(&pair, 1);
}

static void test_a_past_in_parts_whatever_happens(void **state)
{
    (void)state;
    for (unsigned what = 0; what < 3; what++) { /* the county is killed, the city; a cut */
        unsigned at = 0;
        bool more = true;
        while (more) {
            teardown(NULL);
            setup(NULL);
            pair.victim = what == 2 ? NULL : what == 0 ? &pair.county : &pair.city;
            pair.kill_after = true;
            pair.kill_at = at++;
            pair.cut_after = what == 2 ? at : 0;
            tell_parts();
            more = what == 2 ? pair.cut_after == 0 : pair.killed;
        }
        assert_true(at > 10);
    }
}

/* Commands of 64 orders, as a past and as news. */
static void test_large_records_cross(void **state)
{
    enum { BYTES = 1300 };

    (void)state;
    say(&pair.county, CENTRE, rig_report(1));
    issue_many(1000, ORDERS_PER_COMMAND_MAX, BYTES);
    say(&pair.county, CENTRE, pair_referral(pair.city.region));
    pair_until(&pair, city_follows, "the city follows");
    issue_many(2000, ORDERS_PER_COMMAND_MAX, BYTES);
    say(&pair.county, CENTRE, rig_order(&pair.county, 1, 600, STATION));
    pair_until(&pair, city_has_order_600, "everything to come");
    assert_int_equal(incident_of(&pair.city)->orders_n, 2 * ORDERS_PER_COMMAND_MAX + 1);
    pair_assert_agrees(&pair, 1);
}

/* What is too large to be told is written down, once, and what comes after it is told. */
static void test_what_is_too_large_is_written_down(void **state)
{
    enum { BYTES = 2048 };

    (void)state;
    open_and_share();
    issue_many(1000, ORDERS_PER_COMMAND_MAX, BYTES);
    say(&pair.county, CENTRE, rig_order(&pair.county, 1, 600, STATION));
    pair_until(&pair, city_has_order_600, "everything else to come");
    call_again();
    pair_later(&pair, 2000);
    assert_int_equal(incident_of(&pair.city)->orders_n, 1);
    assert_int_equal(pair_events(&pair.county, EVENT_UNTOLD), 1);
    assert_int_equal(pair.refused, 0);
    assert_int_equal(pair_waiting(&pair, &pair.county), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_record_that_is_lost_comes_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_answer_that_is_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_answer_that_is_lost_with_its_broker, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_cut_at_every_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_county_is_killed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_county_is_killed_with_its_word_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_city_is_killed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_city_is_killed_with_its_word_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_tells_goes_on_in_the_next_epoch, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_hears_goes_on_in_the_next_epoch, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_told_again_in_the_next_epoch_is_acknowledged, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_busy, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_full_queue, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_queue_that_is_full_for_long, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_full_queue_of_who_hears, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_disk_of_who_hears_is_full, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_disk_of_who_shares_is_full, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_referral_itself_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_past_in_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_past_in_parts_whatever_happens, setup, teardown),
        cmocka_unit_test_setup_teardown(test_large_records_cross, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_too_large_is_written_down, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
