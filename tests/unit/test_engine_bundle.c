/* Several envelopes in one frame, both ways: their order, what a full queue means, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/refusal.h"
#include "tests/unit/engine_rig.h"

enum { CENTRE_PEER = 1, STATION_PEER = 2, ORDERS = 10, ORDERS_MANY = 100 };

static struct rig rig;
static struct bundler bundle; /* of what is to be said in one frame */

/* --- what is sent --------------------------------------------------------------------------------- */

/* Both are there; the incident is open; the station takes bundles of so many. */
static void begin(uint32_t bundle_max, uint32_t window)
{
    struct command report = rig_report(1);

    rig_start(&rig);
    rig_hello(&rig, CENTRE_PEER, CENTRE, 1000);
    rig.bundle_max = bundle_max;
    rig_hello(&rig, STATION_PEER, STATION, window);
    assert_int_equal(rig_next(&rig, STATION_PEER, ENVELOPE_WELCOME)->welcome.bundle_max, BUNDLE_MAX);
    (void)rig_done(&rig, CENTRE_PEER, CENTRE, &report);
    engine_flush(rig.engine);
    rig_skip(&rig);
}

static void end(void)
{
    rig.bundle = NULL;
    bundler_free(&bundle);
    rig_free(&rig);
}

/* So many orders to the station, which gives credit for each at once: its line is no narrow one. */
static void order_many(unsigned first, unsigned n)
{
    for (unsigned i = first; i < first + n; i++) {
        struct command order = rig_order(&rig, 1, 100 + i, STATION);
        (void)rig_submit(&rig, CENTRE_PEER, CENTRE, &order);
    }
    rig_run(&rig);
    for (unsigned i = 0; i < n; i++) {
        rig_credit(&rig, STATION_PEER, STATION, LANE_ORDERS, 1);
        rig_run(&rig);
    }
}

/* The next frame to the peer; 0: none. `at` keeps the place. */
static size_t next_frame(unsigned peer, size_t *at, struct bytes ret[BUNDLE_MAX])
{
    while (*at < rig.frames_n && rig.frames[*at].peer != peer) {
        ++*at;
    }
    if (*at == rig.frames_n) {
        return 0;
    }
    struct bytes frame = buf_bytes(&rig.frames[(*at)++].bytes);
    struct envelope envelope = {.kind = ENVELOPE_NONE};
    arena_reset(&rig.arena);
    assert_int_equal(wire_decode_envelope(frame, &rig.arena, &envelope, NULL), 0);
    if (envelope.kind != ENVELOPE_BUNDLE) {
        ret[0] = frame;
        return 1;
    }
    assert_true(envelope.bundle.envelopes_n > 1);
    memcpy(ret, envelope.bundle.envelopes, envelope.bundle.envelopes_n * sizeof *ret);
    return envelope.bundle.envelopes_n;
}

static size_t frames_to(unsigned peer)
{
    struct bytes envelopes[BUNDLE_MAX] = {{0}};
    size_t n = 0;

    for (size_t at = 0; next_frame(peer, &at, envelopes) > 0;) {
        n++;
    }
    return n;
}

static struct envelope open_envelope(struct bytes bytes)
{
    struct envelope envelope = {.kind = ENVELOPE_NONE};

    arena_reset(&rig.arena);
    assert_int_equal(wire_decode_envelope(bytes, &rig.arena, &envelope, NULL), 0);
    assert_int_not_equal(envelope.kind, ENVELOPE_BUNDLE);
    return envelope;
}

/* Deliveries to the station in whatever frames: their seqs rise. */
static size_t deliveries(uint64_t *seq)
{
    struct bytes envelopes[BUNDLE_MAX] = {{0}};
    size_t n = 0, frame_n;

    for (size_t at = 0; (frame_n = next_frame(STATION_PEER, &at, envelopes)) > 0;) {
        for (size_t i = 0; i < frame_n; i++) {
            struct envelope envelope = open_envelope(envelopes[i]);
            assert_true(frame_n == 1 || (envelope.kind != ENVELOPE_WELCOME && envelope.kind != ENVELOPE_BYE));
            if (envelope.kind == ENVELOPE_DELIVER) {
                assert_true(envelope.deliver.seq > *seq);
                *seq = envelope.deliver.seq;
                n++;
            }
        }
    }
    return n;
}

static void test_a_turn_is_one_frame(void **state)
{
    struct bytes envelopes[BUNDLE_MAX] = {{0}};
    uint64_t seq = 0;
    size_t at = 0;

    (void)state;
    begin(BUNDLE_MAX, 100);
    order_many(0, ORDERS);
    assert_int_equal(frames_to(STATION_PEER), 0);
    assert_true(frames_to(CENTRE_PEER) >= ORDERS); /* knows no bundles: each reply by itself, at once */
    engine_flush(rig.engine);
    assert_int_equal(frames_to(STATION_PEER), 1);
    assert_int_equal(next_frame(STATION_PEER, &at, envelopes), ORDERS);
    assert_int_equal(deliveries(&seq), ORDERS);
    engine_flush(rig.engine);
    assert_int_equal(frames_to(STATION_PEER), 1);
    end();
}

static void test_one_envelope_goes_without_a_bundle(void **state)
{
    const struct envelope *envelope;

    (void)state;
    begin(BUNDLE_MAX, 100);
    order_many(0, 1);
    engine_flush(rig.engine);
    envelope = rig_next(&rig, STATION_PEER, ENVELOPE_DELIVER);
    assert_non_null(envelope);
    assert_int_equal(frames_to(STATION_PEER), 1);
    end();
}

static void test_no_more_than_the_peer_takes(void **state)
{
    static const uint32_t TAKES[] = {0, 1, 3, BUNDLE_MAX, UINT32_MAX};
    struct bytes envelopes[BUNDLE_MAX] = {{0}};

    (void)state;
    for (size_t k = 0; k < sizeof TAKES / sizeof TAKES[0]; k++) {
        uint32_t most = TAKES[k] < 2 ? 1 : TAKES[k] < BUNDLE_MAX ? TAKES[k] : BUNDLE_MAX;
        uint64_t seq = 0;
        size_t n;
        begin(TAKES[k], 1000);
        order_many(0, ORDERS_MANY);
        engine_flush(rig.engine);
        for (size_t at = 0; (n = next_frame(STATION_PEER, &at, envelopes)) > 0;) {
            assert_true(n <= most);
            assert_true(rig.frames[at - 1].bytes.n <= BUNDLE_BYTES_MAX);
        }
        assert_int_equal(deliveries(&seq), ORDERS_MANY);
        end();
    }
}

/* What does not fit a bundle goes by itself, behind what was said before it. */
static void test_a_large_one_goes_by_itself(void **state)
{
    static char text[1500];
    struct new_order orders[ORDERS_PER_COMMAND_MAX];
    uint64_t seq = 0;

    (void)state;
    begin(BUNDLE_MAX, 1000);
    memset(text, 'x', sizeof text - 1);
    order_many(0, 2);
    struct command large = rig_order(&rig, 1, 500, STATION);
    for (unsigned i = 0; i < 24; i++) {
        orders[i] = rig.order;
        orders[i].order = rig_id(500 + i);
        orders[i].text = text;
    }
    large.issue_orders.orders = orders;
    large.issue_orders.orders_n = 24;
    (void)rig_submit(&rig, CENTRE_PEER, CENTRE, &large);
    rig_run(&rig);
    order_many(2, 2);
    engine_flush(rig.engine);
    assert_int_equal(frames_to(STATION_PEER), 3);
    assert_int_equal(deliveries(&seq), 5);
    end();
}

/* --- a queue that is full, a peer that is gone ---------------------------------------------------- */

static void test_a_full_queue_loses_nothing(void **state)
{
    uint64_t seq = 0;

    (void)state;
    begin(BUNDLE_MAX, 1000);
    rig.full_peer = STATION_PEER;
    order_many(0, ORDERS);
    engine_flush(rig.engine); /* held */
    order_many(ORDERS, ORDERS);
    engine_flush(rig.engine); /* not taken any more: they stay in the outbox */
    rig_later(&rig, 1000);
    assert_int_equal(engine_numbers(rig.engine).delivered, ORDERS);
    assert_int_equal(frames_to(STATION_PEER), 0);
    rig.full_peer = 0;
    rig_later(&rig, 1000);
    engine_flush(rig.engine);
    assert_int_equal(deliveries(&seq), 2 * ORDERS); /* in order, each once */
    assert_int_equal(engine_numbers(rig.engine).delivered, 2 * ORDERS);
    end();
}

/* Replies too: none is lost that was taken before the queue was seen to be full. */
static void test_a_held_frame_goes_first(void **state)
{
    struct command report = rig_report(2), other = rig_report(3);
    struct bytes envelopes[BUNDLE_MAX] = {{0}};
    size_t at = 0;

    (void)state;
    begin(BUNDLE_MAX, 100);
    rig.full_peer = STATION_PEER;
    uint64_t first = rig_submit(&rig, STATION_PEER, STATION, &report);
    rig_run(&rig);
    engine_flush(rig.engine);
    rig.full_peer = 0;
    uint64_t second = rig_submit(&rig, STATION_PEER, STATION, &other);
    rig_run(&rig);
    engine_flush(rig.engine);
    assert_int_equal(next_frame(STATION_PEER, &at, envelopes), 1);
    assert_int_equal(open_envelope(envelopes[0]).reply.counter, first);
    assert_int_equal(next_frame(STATION_PEER, &at, envelopes), 1);
    assert_int_equal(open_envelope(envelopes[0]).reply.counter, second);
    end();
}

static void test_a_peer_that_is_gone(void **state)
{
    uint64_t seq = 0;

    (void)state;
    begin(BUNDLE_MAX, 100);
    rig.gone_peer = STATION_PEER;
    order_many(0, ORDERS);
    engine_flush(rig.engine);
    rig_later(&rig, RIG_BEAT_MS * (ENGINE_BEATS_MISSED_MAX + 1));
    engine_flush(rig.engine);
    assert_int_equal(frames_to(STATION_PEER), 0);
    rig.gone_peer = 0;
    rig_hello(&rig, STATION_PEER, STATION, 100); /* what it did not acknowledge comes again */
    engine_flush(rig.engine);
    assert_int_equal(deliveries(&seq), ORDERS);
    end();
}

/* What was said stands before the Bye, and the Bye alone. */
static void test_the_last_words_of_a_session(void **state)
{
    const struct envelope beat = {.kind = ENVELOPE_BEAT};
    struct bytes envelopes[BUNDLE_MAX] = {{0}};
    size_t at = 0;

    (void)state;
    begin(BUNDLE_MAX, 100);
    order_many(0, ORDERS);
    rig_frame(&rig, STATION_PEER, STATION, (struct bytes){(const uint8_t *)"?", 1});
    assert_int_equal(next_frame(STATION_PEER, &at, envelopes), ORDERS);
    assert_int_equal(next_frame(STATION_PEER, &at, envelopes), 1);
    assert_int_equal(open_envelope(envelopes[0]).bye.refusal, REFUSED_INVALID);
    rig_hello(&rig, STATION_PEER, STATION, 100);
    rig_say(&rig, STATION_PEER, STATION, &beat);
    order_many(ORDERS, 1);
    engine_stop(rig.engine);
    engine_flush(rig.engine);
    assert_int_equal(frames_to(STATION_PEER), 2 + 3); /* Welcome, deliveries, Bye */
    end();
}

/* --- what comes ----------------------------------------------------------------------------------- */

static void say_bundle(void)
{
    rig.bundle = NULL;
    rig_frame(&rig, STATION_PEER, STATION, bundler_frame(&bundle));
    bundler_clear(&bundle);
}

static void add_bytes(const char *bytes, size_t n)
{
    assert_int_equal(bundler_add(&bundle, (struct bytes){(const uint8_t *)bytes, n}), 0);
}

static void add_report(unsigned incident)
{
    struct command report = rig_report(incident);

    rig.bundle = &bundle;
    (void)rig_submit(&rig, STATION_PEER, STATION, &report);
    rig.bundle = NULL;
}

static void assert_one_bye(enum refusal refusal)
{
    const struct envelope *bye = rig_next(&rig, STATION_PEER, ENVELOPE_BYE);

    assert_non_null(bye);
    assert_int_equal(bye->bye.refusal, refusal);
    assert_null(rig_next(&rig, STATION_PEER, ENVELOPE_BYE));
}

static void test_each_is_taken_in_turn(void **state)
{
    (void)state;
    begin(0, 100);
    uint64_t commits = engine_numbers(rig.engine).commits;
    for (unsigned i = 0; i < ORDERS; i++) {
        add_report(10 + i);
    }
    say_bundle();
    rig_run(&rig);
    for (unsigned i = 0; i < ORDERS; i++) {
        struct reply reply = rig_reply(&rig, STATION_PEER);
        assert_int_equal(reply.counter, i + 1);
        assert_int_equal(reply.outcome, OUTCOME_DONE);
    }
    assert_true(engine_numbers(rig.engine).commits <= commits + 2);
    end();
}

/* The third of five: two hold, one is answered, two are not read. */
static void test_what_stands_before_a_malformed_one_holds(void **state)
{
    (void)state;
    begin(0, 100);
    uint64_t records = engine_numbers(rig.engine).records;
    add_report(10);
    add_report(11);
    add_bytes("\xff\xff garbage", 10);
    add_report(12);
    add_report(13);
    say_bundle();
    rig_run(&rig);
    assert_one_bye(REFUSED_INVALID);
    assert_int_equal(engine_numbers(rig.engine).records, records + 2);
    assert_int_equal(engine_numbers(rig.engine).bad_frames, 1);
    end();
}

/* Field 9, a message; in it field 1, bytes. */
static void test_what_is_no_bundle(void **state)
{
    static const struct {
        const char *p;
        size_t n;
    } FRAMES[] = {
        {"\x4a\x00", 2},                         /* empty */
        {"\x4a\x02\x0a\x00", 4},                 /* an envelope of no bytes */
        {"\x4a\x06\x0a\x04\x4a\x02\x0a\x00", 8}, /* a bundle in it */
        {"\x4a\x04\x0a\x02\x0a\x00", 6},         /* Hello in it */
        {"\x4a\x05\x0a\x03\x82\x01\x00", 7},     /* Welcome in it */
        {"\x4a\x04\x0a\x07\x2a\x00", 6},         /* cut off */
    };

    (void)state;
    for (size_t i = 0; i < sizeof FRAMES / sizeof FRAMES[0]; i++) {
        begin(0, 100);
        rig_frame(&rig, STATION_PEER, STATION, (struct bytes){(const uint8_t *)FRAMES[i].p, FRAMES[i].n});
        rig_run(&rig);
        assert_one_bye(REFUSED_INVALID);
        assert_int_equal(engine_numbers(rig.engine).bad_frames, 1);
        end();
    }
}

static void test_a_bundle_has_its_limits(void **state)
{
    (void)state;
    begin(0, 100);
    for (int i = 0; i < BUNDLE_MAX; i++) {
        add_bytes("\x2a", 2); /* Beat */
    }
    say_bundle();
    assert_null(rig_next(&rig, STATION_PEER, ENVELOPE_BYE));
    for (int i = 0; i <= BUNDLE_MAX; i++) {
        add_bytes("\x2a", 2);
    }
    say_bundle();
    assert_one_bye(REFUSED_INVALID);
    end();
}

static void test_nothing_after_good_bye(void **state)
{
    const struct envelope bye = {.kind = ENVELOPE_BYE, .bye = {.reason = ""}};

    (void)state;
    begin(0, 100);
    uint64_t records = engine_numbers(rig.engine).records;
    add_report(10);
    rig.bundle = &bundle;
    rig_say(&rig, STATION_PEER, STATION, &bye);
    add_report(11);
    say_bundle();
    rig_run(&rig);
    assert_int_equal(engine_numbers(rig.engine).records, records + 1);
    assert_int_equal(engine_numbers(rig.engine).sessions, 1);
    assert_null(rig_next(&rig, STATION_PEER, ENVELOPE_BYE));
    end();
}

static void test_hello_comes_before_a_bundle(void **state)
{
    (void)state;
    rig_start(&rig);
    add_report(10);
    add_report(11);
    say_bundle();
    rig_run(&rig);
    assert_one_bye(REFUSED_IDENTITY);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_turn_is_one_frame),
        cmocka_unit_test(test_one_envelope_goes_without_a_bundle),
        cmocka_unit_test(test_no_more_than_the_peer_takes),
        cmocka_unit_test(test_a_large_one_goes_by_itself),
        cmocka_unit_test(test_a_full_queue_loses_nothing),
        cmocka_unit_test(test_a_held_frame_goes_first),
        cmocka_unit_test(test_a_peer_that_is_gone),
        cmocka_unit_test(test_the_last_words_of_a_session),
        cmocka_unit_test(test_each_is_taken_in_turn),
        cmocka_unit_test(test_what_stands_before_a_malformed_one_holds),
        cmocka_unit_test(test_what_is_no_bundle),
        cmocka_unit_test(test_a_bundle_has_its_limits),
        cmocka_unit_test(test_nothing_after_good_bye),
        cmocka_unit_test(test_hello_comes_before_a_bundle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
