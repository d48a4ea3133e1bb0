/* The engine's life: founding, restarts, the clock, deadlines, streams that come and go, and a log that
 * cannot be gone on with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/stream.h"
#include "common/log/log_memory.h"
#include "tests/unit/engine_rig.h"

static struct rig rig;

static int setup(void **state)
{
    (void)state;
    rig_start(&rig);
    rig_hello(&rig, 1, CENTRE, 8);
    return 0;
}

static int setup_unstarted(void **state)
{
    (void)state;
    rig_make(&rig);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

static uint64_t head(void)
{
    return log_get_head(rig.store).seq;
}

static void restart_and_greet(unsigned peer)
{
    rig_restart(&rig);
    rig_hello(&rig, peer, CENTRE, 8);
    assert_non_null(rig_next(&rig, peer, ENVELOPE_WELCOME));
}

static void say(const struct command *command)
{
    assert_int_equal(rig_done(&rig, 1, CENTRE, command).outcome, OUTCOME_DONE);
}

static bool dump_has(const char *text)
{
    char *dump = rig_dump(&rig);
    bool has = strstr(dump, text) != NULL;

    free(dump);
    return has;
}

/* --- founding ------------------------------------------------------------------------------------- */

static void start_and_fail(int code)
{
    rig_restart_only(&rig);
    rig_run(&rig);
    assert_true(rig.fatal);
    assert_int_equal(rig.fatal_err.code, code);
    assert_false(rig.in_service);
    assert_int_equal(head(), 0);
}

static void test_genesis_is_missing(void **state)
{
    (void)state;
    buf_reset(&rig.genesis);
    start_and_fail(ERR_CONFIG);
}

static void test_genesis_is_cut(void **state)
{
    (void)state;
    rig.genesis.n -= 3;
    start_and_fail(ERR_CONFIG);
    rig.genesis.n = 2;
    start_and_fail(ERR_CONFIG);
}

static void test_genesis_of_another_root(void **state)
{
    (void)state;
    rig.region_keys.sign = rig.agents[STRANGER].sign.public;
    start_and_fail(ERR_CONFIG);
}

static void test_genesis_holds_a_refused_command(void **state)
{
    size_t first = 4 + ((size_t)rig.genesis.p[2] << 8 | rig.genesis.p[3]);

    (void)state;
    memmove(rig.genesis.p, rig.genesis.p + first, rig.genesis.n - first); /* without its FoundRegion */
    rig.genesis.n -= first;
    start_and_fail(ERR_CONFIG);
}

static void test_log_of_another_broker_key(void **state)
{
    (void)state;
    rig.broker = rig.agents[STRANGER];
    rig_restart_only(&rig);
    rig_run(&rig);
    assert_true(rig.fatal);
    assert_int_equal(rig.fatal_err.code, ERR_CONFIG);
}

static void assert_busy(unsigned peer, const char *reason)
{
    const struct envelope *envelope = rig_next(&rig, peer, ENVELOPE_BYE);

    assert_non_null(envelope);
    assert_int_equal(envelope->bye.refusal, REFUSED_BUSY);
    assert_string_equal(envelope->bye.reason, reason);
}

static void test_hello_out_of_service_is_told_why(void **state)
{
    const struct envelope beat = {.kind = ENVELOPE_BEAT, .beat = {.head = {.region = ""}}};

    (void)state;
    rig_restart_only(&rig);
    struct envelope envelope = {.kind = ENVELOPE_HELLO,
                                .hello = {.protocol = PROTOCOL_VERSION,
                                          .agent = rig.agents[CENTRE].name,
                                          .seen = {.region = ""},
                                          .software = ""}};
    rig_say(&rig, 9, CENTRE, &envelope);
    assert_busy(9, "the broker is starting");
    rig_say(&rig, 9, CENTRE, &beat);
    rig_frame(&rig, 9, CENTRE, (struct bytes){(const uint8_t *)"garbage", 7});
    assert_null(rig_next(&rig, 9, ENVELOPE_BYE));
    rig_run(&rig);
    assert_true(rig.in_service);
    assert_null(rig_next(&rig, 9, ENVELOPE_WELCOME));
    engine_stop(rig.engine);
    rig_say(&rig, 9, CENTRE, &envelope);
    assert_busy(9, "the broker stops");
}

/* What agents said while we were stopped waits to be read: they were not silent. */
static void test_a_stop_of_ours_is_nobodys_silence(void **state)
{
    const struct envelope beat = {.kind = ENVELOPE_BEAT, .beat = {.head = {.region = ""}}};

    (void)state;
    rig_hello(&rig, 1, CENTRE, 8);
    rig_hello(&rig, 2, STATION, 8);
    rig.boot_ms += 10 * ENGINE_BEATS_MISSED_MAX * RIG_BEAT_MS;
    rig.utc_ms += 10 * ENGINE_BEATS_MISSED_MAX * RIG_BEAT_MS;
    rig_later(&rig, 1);
    assert_int_equal(engine_numbers(rig.engine).sessions, 2);
    for (int i = 0; i < ENGINE_BEATS_MISSED_MAX; i++) {
        rig_later(&rig, RIG_BEAT_MS);
        rig_say(&rig, 1, CENTRE, &beat);
    }
    assert_int_equal(engine_numbers(rig.engine).sessions, 1);
}

/* --- restarts and the clock ----------------------------------------------------------------------- */

static void test_restart_gives_the_same_state(void **state)
{
    struct command command = rig_report(1);
    char *before, *after;

    (void)state;
    say(&command);
    command = rig_order(&rig, 1, 10, STATION);
    say(&command);
    before = rig_dump(&rig);
    rig_restart(&rig);
    after = rig_dump(&rig);
    /* the clock was set again, to the same time; agents are loaded when they come */
    assert_int_equal(strstr(before, "incident") != NULL, 1);
    assert_string_equal(strstr(before, "incident"), strstr(after, "incident"));
    free(before);
    free(after);
}

static void test_bus_time_ignores_the_wall_clock(void **state)
{
    (void)state;
    int64_t bus = rig_bus_ms(&rig);
    rig.boot_ms += 10000;
    rig.utc_ms += 10000 + 7200000; /* two hours ahead, in the same boot */
    rig_restart(&rig);
    rig_hello(&rig, 2, CENTRE, 0);
    const struct envelope *envelope = rig_next(&rig, 2, ENVELOPE_WELCOME);
    assert_non_null(envelope);
    assert_int_equal(envelope->welcome.bus_ms, bus + 10000);
}

static void test_clock_after_a_reboot(void **state)
{
    (void)state;
    int64_t last = log_get_head(rig.store).bus_ms;
    rig.boot_ms = 100;
    rig.boot[0]++;
    rig.utc_ms -= 60000; /* behind the log: bus time never goes back */
    rig_restart(&rig);
    rig_hello(&rig, 2, CENTRE, 0);
    const struct envelope *envelope = rig_next(&rig, 2, ENVELOPE_WELCOME);
    assert_non_null(envelope);
    assert_int_equal(envelope->welcome.bus_ms, last);
}

static void test_clock_far_off_waits_for_a_person(void **state)
{
    (void)state;
    uint64_t before = head();
    rig.boot[0]++;
    rig.utc_ms -= 3 * INT64_C(3600000);
    rig_restart_only(&rig);
    rig_run(&rig);
    assert_true(rig.fatal);
    assert_int_equal(rig.fatal_err.code, ERR_CONFIG);
    assert_int_equal(head(), before);
    rig.utc_ms += 60 * INT64_C(86400000);
    rig_restart_only(&rig);
    rig_run(&rig);
    assert_true(rig.fatal);
}

/* --- deadlines ------------------------------------------------------------------------------------ */

static void test_deadlines_are_neither_early_nor_twice(void **state)
{
    struct command command = rig_report(1);

    (void)state;
    say(&command);
    command = rig_order(&rig, 1, 10, STATION);
    say(&command);
    uint64_t before = head();
    rig_later(&rig, 59999);
    assert_int_equal(head(), before);
    rig_later(&rig, 1);
    assert_int_equal(head(), before + 1);
    assert_true(dump_has("unanswered"));
    rig_later(&rig, 1000000);
    assert_int_equal(head(), before + 1);
    rig_later(&rig, 3600000);
    assert_int_equal(head(), before + 2); /* expired */
    rig_later(&rig, 3600000);
    assert_int_equal(head(), before + 2);
}

static void test_deadline_across_a_restart(void **state)
{
    struct command command = rig_report(1);

    (void)state;
    say(&command);
    command = rig_order(&rig, 1, 10, STATION);
    say(&command);
    rig_later(&rig, 30000);
    restart_and_greet(2);
    uint64_t before = head();
    rig_later(&rig, 29999);
    assert_int_equal(head(), before);
    rig_later(&rig, 1);
    assert_int_equal(head(), before + 1);
    restart_and_greet(3);
    before = head();
    rig_later(&rig, 60000);
    assert_int_equal(head(), before);
}

static void test_deadline_that_passed_while_down(void **state)
{
    struct command command = rig_report(1);
    int64_t answer_by;

    (void)state;
    say(&command);
    command = rig_order(&rig, 1, 10, STATION);
    answer_by = rig.order.answer_by_ms;
    say(&command);
    rig.boot_ms += 100000;
    rig.utc_ms += 100000;
    rig_restart(&rig);
    uint64_t before = head();
    rig_later(&rig, 1);
    assert_int_equal(head(), before + 1);
    assert_true(log_get_head(rig.store).bus_ms >= answer_by + 40000);
}

/* --- streams come and go -------------------------------------------------------------------------- */

static void test_idle_streams_are_evicted_and_come_back(void **state)
{
    enum { INCIDENTS = 40 };
    struct command command;

    (void)state;
    rig.idle_streams_max = 8;
    rig_restart(&rig);
    rig_hello(&rig, 1, CENTRE, 0);
    uint64_t before = engine_numbers(rig.engine).streams;
    for (unsigned i = 0; i < INCIDENTS; i++) {
        command = rig_report(i);
        say(&command);
        command = (struct command){.kind = COMMAND_CLOSE_INCIDENT,
                                   .close_incident = {.incident = rig_id(i), .reason = "over"}};
        say(&command);
    }
    assert_true(engine_numbers(rig.engine).streams <= before + 8 + 1);
    command = rig_follow_up(0, "twenty days later");
    say(&command);
    command = (struct command){.kind = COMMAND_CLOSE_INCIDENT,
                               .close_incident = {.incident = rig_id(0), .reason = "again"}};
    assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_UNCHANGED);
}

/* --- a log that cannot be gone on with ------------------------------------------------------------ */

static void append(struct bytes payload, const char *stream)
{
    struct log_index index = {.op = LOG_TOUCH, .name = stream, .item = ""};
    struct log_entry entry = {.record = {.header = {.epoch = 1,
                                                    .kind = COMMAND_FILE_REPORT,
                                                    .outcome = LOG_DECIDED,
                                                    .bus_ms = rig_bus_ms(&rig),
                                                    .author = ""},
                                         .payload = payload},
                              .index = &index,
                              .index_n = 1};

    assert_int_equal(log_append(rig.store, head(), &entry, 1, NULL), 0);
}

static void test_record_that_cannot_be_read(void **state)
{
    static const uint8_t garbage[] = {0xff, 0xff};

    (void)state;
    append((struct bytes){garbage, sizeof garbage}, "region/" RIG_REGION);
    rig_restart_only(&rig);
    rig_run(&rig);
    assert_true(rig.fatal);
    assert_false(rig.in_service);
}

/* The last record once more, with an event of a later version, in this stream. */
static void append_newer(const char *stream)
{
    struct record record;
    struct arena arena;
    struct log_answer answer;
    struct log_query query = {.question = LOG_Q_RANGE};
    struct buf bytes;
    /* Record.events (see record.proto) with one Event whose body is field 2000 */
    static const uint8_t event[] = {0x82, 0x7d, 0x00};

    query.after = head() - 1;
    arena_init(&arena, 1 << 22);
    buf_init(&bytes, 0);
    assert_int_equal(log_read(rig.store, &query, &arena, &answer, NULL), 0);
    assert_int_equal(wire_decode_record(answer.rows[0].record.payload, &arena, &record, NULL), 0);
    buf_append(&bytes, answer.rows[0].record.payload.p, answer.rows[0].record.payload.n);
    buf_u8(&bytes, 2 << 3 | 2);
    buf_u8(&bytes, sizeof event);
    buf_append(&bytes, event, sizeof event);
    assert_int_equal(wire_decode_record(buf_bytes(&bytes), &arena, &record, NULL), 0);
    assert_int_equal(record.unknown_events, 1);
    append(buf_bytes(&bytes), stream);
    buf_free(&bytes);
    arena_free(&arena);
}

static void assert_names_newer(uint64_t seq)
{
    char record[32];

    assert_true(rig.fatal);
    assert_int_equal(rig.fatal_err.code, ERR_NEWER);
    (void)snprintf(record, sizeof record, "record %llu holds", (unsigned long long)seq);
    assert_non_null(strstr(rig.fatal_err.text, record));
    assert_non_null(strstr(rig.fatal_err.text, "start the newer musterd"));
}

/* As docs/log.md has it, the first of a kind is in the region's stream, too: no service on it. */
static void test_event_of_a_later_version(void **state)
{
    struct command command = rig_report(1);

    (void)state;
    say(&command);
    append_newer("region/" RIG_REGION);
    rig_restart_only(&rig);
    rig_run(&rig);
    assert_names_newer(head());
    assert_false(rig.in_service);
}

/* Where it is in a closed stream alone, whoever names that ends the broker: it does not go on without. */
static void test_event_of_a_later_version_in_a_closed_stream(void **state)
{
    struct command command = rig_report(1);
    char stream[STREAM_NAME_MAX];

    (void)state;
    say(&command);
    append_newer(stream_of_incident(rig_id(2), stream));
    uint64_t newer = head();
    rig_restart(&rig);
    rig_hello(&rig, 1, CENTRE, 0);
    command = rig_follow_up(2, "years later");
    (void)rig_submit(&rig, 1, CENTRE, &command);
    rig_run(&rig);
    assert_names_newer(newer);
}

static void test_log_that_cannot_be_read(void **state)
{
    (void)state;
    rig_restart_only(&rig);
    rig_fail(&rig, ERR_CORRUPT);
    assert_true(rig.fatal);
    assert_int_equal(rig.fatal_err.code, ERR_CORRUPT);
    assert_int_equal(engine_due_ms(rig.engine), INT64_MAX);
}

/* --- an order's id is one in the whole log ---------------------------------------------------------- */

static void order_is_taken(unsigned incident, unsigned order)
{
    struct command command = rig_order(&rig, incident, order, STATION);
    struct reply reply = rig_done(&rig, 1, CENTRE, &command);

    assert_int_equal(reply.outcome, OUTCOME_REFUSED);
    assert_int_equal(reply.refusal, REFUSED_CONFLICT);
}

static void test_an_order_is_in_one_incident(void **state)
{
    struct command first, second;

    (void)state;
    rig.idle_streams_max = 8;
    rig_restart(&rig);
    rig_hello(&rig, 1, CENTRE, 8);
    for (unsigned i = 1; i <= 2; i++) {
        struct command report = rig_report(i);
        assert_int_equal(rig_done(&rig, 1, CENTRE, &report).outcome, OUTCOME_DONE);
    }
    first = rig_order(&rig, 1, 100, STATION); /* one behind the other, before anything is committed */
    (void)rig_submit(&rig, 1, CENTRE, &first);
    second = rig_order(&rig, 2, 100, STATION);
    (void)rig_submit(&rig, 1, CENTRE, &second);
    rig_run(&rig);
    assert_int_equal(rig_reply(&rig, 1).outcome, OUTCOME_DONE);
    assert_int_equal(rig_reply(&rig, 1).refusal, REFUSED_CONFLICT);
    order_is_taken(2, 100);
    for (unsigned i = 0; i < 20; i++) { /* other orders make this one's stream be forgotten */
        struct command command = rig_order(&rig, 2, 1000 + 300 * i, STATION);
        assert_int_equal(rig_done(&rig, 1, CENTRE, &command).outcome, OUTCOME_DONE);
    }
    assert_true(engine_numbers(rig.engine).streams < 20);
    order_is_taken(2, 100);
    rig_restart(&rig);
    rig_hello(&rig, 1, CENTRE, 8);
    order_is_taken(2, 100);
    second = rig_order(&rig, 2, 101, STATION);
    (void)rig_submit(&rig, 1, CENTRE, &second);
    while (!rig_append_waits(&rig)) {
        assert_true(rig_step(&rig));
    }
    rig_fail(&rig, ERR_DISK_FULL); /* what was never kept is not taken */
    rig_run(&rig);
    rig_skip(&rig);
    rig.boot_ms += ENGINE_HOLD_MS; /* nobody waits for its counter any more */
    rig.utc_ms += ENGINE_HOLD_MS;
    engine_tick(rig.engine); /* and there is space again */
    rig_run(&rig);
    rig_hello(&rig, 1, CENTRE, 8);
    first = rig_order(&rig, 1, 101, STATION);
    assert_int_equal(rig_done(&rig, 1, CENTRE, &first).outcome, OUTCOME_DONE);
    order_is_taken(2, 101);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_genesis_is_missing, setup_unstarted, teardown),
        cmocka_unit_test_setup_teardown(test_genesis_is_cut, setup_unstarted, teardown),
        cmocka_unit_test_setup_teardown(test_genesis_of_another_root, setup_unstarted, teardown),
        cmocka_unit_test_setup_teardown(test_genesis_holds_a_refused_command, setup_unstarted, teardown),
        cmocka_unit_test_setup_teardown(test_log_of_another_broker_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hello_out_of_service_is_told_why, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_stop_of_ours_is_nobodys_silence, setup, teardown),
        cmocka_unit_test_setup_teardown(test_restart_gives_the_same_state, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bus_time_ignores_the_wall_clock, setup, teardown),
        cmocka_unit_test_setup_teardown(test_clock_after_a_reboot, setup, teardown),
        cmocka_unit_test_setup_teardown(test_clock_far_off_waits_for_a_person, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deadlines_are_neither_early_nor_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deadline_across_a_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deadline_that_passed_while_down, setup, teardown),
        cmocka_unit_test_setup_teardown(test_idle_streams_are_evicted_and_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_order_is_in_one_incident, setup, teardown),
        cmocka_unit_test_setup_teardown(test_record_that_cannot_be_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_event_of_a_later_version, setup, teardown),
        cmocka_unit_test_setup_teardown(test_event_of_a_later_version_in_a_closed_stream, setup, teardown),
        cmocka_unit_test_setup_teardown(test_log_that_cannot_be_read, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
