/* What a broker that is enrolled says in another's name, or of a record that was changed on its way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/state.h"
#include "common/wire/wire_map.h"
#include "tests/unit/engine_pair.h"

enum { FORGER = 91 };

static struct pair pair;
static struct arena arena;
static uint64_t counter;

static const struct incident *incident_of(const struct rig *rig)
{
    return state_incident(engine_state(rig->engine), rig_id(1));
}

static bool city_follows(struct pair *p)
{
    return incident_of(&p->city) != NULL && pair_nothing_waits(p);
}

static void frame(const struct envelope *envelope)
{
    struct buf bytes;

    buf_init(&bytes, 0);
    wire_encode_envelope(envelope, &bytes);
    assert_false(bytes.failed);
    engine_frame(pair.county.engine, (struct peer){.bytes = {FORGER}, .n = 1}, pair.city.broker.curve_public,
                 buf_bytes(&bytes));
    rig_run(&pair.county);
    engine_flush(pair.county.engine);
    buf_free(&bytes);
}

/* The county shares incident 1 with the city, in whose name the forger is connected. */
static int setup(void **state)
{
    struct command report = rig_report(1), refer = pair_referral("370100");

    (void)state;
    arena_init(&arena, (size_t)4 * ARENA_PER_FRAME);
    pair_make(&pair);
    counter = UINT64_C(1) << 50;
    pair_call(&pair, &pair.county);
    pair_say(&pair, &pair.county, CENTRE, &report);
    pair_say(&pair, &pair.county, CENTRE, &refer);
    pair_until(&pair, city_follows, "the city follows");
    pair_hang_up(&pair, &pair.county);
    frame(&(struct envelope){.kind = ENVELOPE_HELLO,
                             .hello = {.protocol = PROTOCOL_VERSION,
                                       .agent = "370100/broker/link",
                                       .seen = {.region = ""},
                                       .software = "forger"}});
    assert_non_null(rig_next(&pair.county, FORGER, ENVELOPE_WELCOME));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pair_free(&pair);
    arena_free(&arena);
    return 0;
}

static struct bytes kept(struct buf *buf)
{
    struct bytes bytes = buf_bytes(buf);
    void *copy = arena_copy(&arena, bytes.p, bytes.n);

    assert_false(buf->failed);
    assert_non_null(copy);
    buf_free(buf);
    return (struct bytes){copy, bytes.n};
}

/* A record of that region's log, as its broker signed it. */
static struct shared_record shared_by(const struct rig *rig, struct command command, struct event *events,
                                      size_t n, uint64_t seq)
{
    struct record record = {.events = events, .events_n = n, .detail = ""};
    struct shared_record shared = {.region = rig->region, .epoch = 1, .seq = seq, .bus_ms = 1};
    struct buf buf;

    command.region = rig->region;
    command.mode = MODE_ACTUAL;
    command.agent = command.operator= "";
    buf_init(&buf, 0);
    wire_encode_command(&command, &buf);
    record.signed_command.payload = kept(&buf);
    assert_int_equal(sign_batch(&rig->broker.sign, &rig->rng, &record.signed_command, 1), 0);
    buf_init(&buf, 0);
    wire_encode_record(&record, &buf);
    shared.record = kept(&buf);
    shared_sign(&rig->broker.sign, &shared);
    return shared;
}

static struct shared_record a_report(const struct rig *rig, uint64_t seq)
{
    struct event event = {.kind = EVENT_REPORT_FILED, .incident = rig_id(1), .at_ms = 1};

    event.report_filed = (struct report_filed){.kind = REPORT_FOLLOW_UP, .reporter = ""};
    return shared_by(rig, rig_follow_up(1, "all is well"), &event, 1, seq);
}

static struct shared_record a_count(const struct rig *rig, int64_t dead, int64_t at_ms, uint64_t seq)
{
    struct event event = {.kind = EVENT_FACTS_CHANGED, .incident = rig_id(1), .at_ms = at_ms};

    event.facts_changed = facts_none();
    event.facts_changed.casualties.dead = dead;
    return shared_by(rig, rig_follow_up(1, "by a clock of its own"), &event, 1, seq);
}

static struct shared_record a_past(const struct rig *rig, const struct shared_record *past, size_t n,
                                   uint64_t seq)
{
    struct command command = {.kind = COMMAND_SHARE_INCIDENT};

    command.share_incident = (struct share_incident){
        .incident = rig_id(1), .region = "370102", .past = past, .past_n = n, .up_to_seq = seq - 1};
    return shared_by(rig, command, NULL, 0, seq);
}

/* The city's broker tells the county of it, in its own good name. */
static enum refusal tell(const struct shared_record *shared)
{
    struct command command = {.kind = COMMAND_TELL_RECORD,
                              .region = pair.county.region,
                              .epoch = 1,
                              .mode = MODE_ACTUAL,
                              .agent = "370100/broker/link",
                              .operator= "",
                              .counter = ++counter,
                              .issued_at_ms = 1,
                              .expires_at_ms = 1,
                              .tell_record = {.incident = rig_id(1), .shared = *shared}};
    struct envelope envelope = {.kind = ENVELOPE_SUBMIT};
    struct buf payload;

    command.tell_record.hops = strcmp(shared->region, pair.city.region) != 0;
    buf_init(&payload, 0);
    wire_encode_command(&command, &payload);
    envelope.submit.payload = kept(&payload);
    assert_int_equal(sign_batch(&pair.city.broker.sign, &pair.city.rng, &envelope.submit, 1), 0);
    frame(&envelope);
    const struct envelope *reply = rig_next(&pair.county, FORGER, ENVELOPE_REPLY);
    assert_non_null(reply);
    assert_int_equal(reply->reply.counter, counter);
    return reply->reply.outcome == OUTCOME_REFUSED ? reply->reply.refusal : REFUSED_NOT;
}

static struct shared_record changed(const struct shared_record *shared)
{
    struct shared_record forged = *shared;
    char *copy = arena_copy(&arena, shared->record.p, shared->record.n);
    char *at = memmem(copy, shared->record.n, "all is well", 11);

    assert_non_null(at);
    memcpy(at, "all is lost", 11);
    forged.record.p = (void *)copy;
    return forged;
}

static void test_a_forged_record_is_refused(void **state)
{
    struct shared_record shared = a_report(&pair.city, 5000), forged = changed(&shared);
    struct secret_keys thief;

    (void)state;
    assert_int_equal(tell(&forged), REFUSED_SIGNATURE);
    forged = shared;
    forged.seq++;
    assert_int_equal(tell(&forged), REFUSED_SIGNATURE);
    forged = shared;
    forged.epoch++;
    assert_int_equal(tell(&forged), REFUSED_SIGNATURE);
    forged = shared;
    forged.bus_ms++;
    assert_int_equal(tell(&forged), REFUSED_SIGNATURE);
    forged = shared;
    memset(forged.signature, 0, sizeof forged.signature);
    assert_int_equal(tell(&forged), REFUSED_SIGNATURE);
    keys_generate("thief", &pair.city.rng, &thief);
    forged = shared;
    shared_sign(&thief.sign, &forged);
    assert_int_equal(tell(&forged), REFUSED_SIGNATURE);
    assert_int_equal(incident_of(&pair.county)->reports, 1);
    assert_int_equal(tell(&shared), REFUSED_NOT); /* as it was signed it is taken */
    assert_int_equal(incident_of(&pair.county)->reports, 2);
}

/* What lies in a past is held against its own broker's key, too. */
static void test_a_forged_record_in_a_past_is_refused(void **state)
{
    struct shared_record past[] = {a_report(&pair.city, 5000), a_report(&pair.city, 5001)};
    struct shared_record whole = a_past(&pair.city, past, 2, 5002), first = past[0];

    (void)state;
    past[0] = changed(&first);
    struct shared_record forged = a_past(&pair.city, past, 2, 5002);
    assert_int_equal(tell(&forged), REFUSED_SIGNATURE);
    past[0] = first;
    past[1].seq++;
    forged = a_past(&pair.city, past, 2, 5002);
    assert_int_equal(tell(&forged), REFUSED_SIGNATURE);
    assert_int_equal(incident_of(&pair.county)->reports, 1);
    assert_int_equal(tell(&whole), REFUSED_NOT);
    assert_int_equal(incident_of(&pair.county)->reports, 3);
}

/* Of a region whose broker is not known here nobody can say whether it is so: who tells it has signed it. */
static void test_an_unknown_regions_record_is_its_tellers_word(void **state)
{
    struct rig third = pair.city;

    (void)state;
    third.region = "370000";
    struct shared_record shared = a_report(&third, 7), forged = changed(&shared);
    assert_int_equal(tell(&forged), REFUSED_NOT);
    assert_int_equal(incident_of(&pair.county)->reports, 2);
}

/* A clock that is far ahead pins nothing: what is said here afterwards is written down and holds. */
static void test_a_clock_far_ahead_stops_no_report(void **state)
{
    struct shared_record ahead = a_count(&pair.city, 3, TIME_MAX_MS, 5000);
    struct command report = rig_follow_up(1, "they are seven");

    (void)state;
    report.file_report.facts.casualties.dead = 7;
    assert_int_equal(tell(&ahead), REFUSED_NOT);
    assert_int_equal(incident_of(&pair.county)->casualties.dead, 3);
    pair_say(&pair, &pair.county, CENTRE, &report);
    assert_int_equal(incident_of(&pair.county)->casualties.dead, 7);
    ahead = a_count(&pair.city, 4, TIME_MAX_MS, 5001); /* ... nor does it once more */
    pair_later(&pair, 1000);
    assert_int_equal(tell(&ahead), REFUSED_NOT);
    assert_int_equal(incident_of(&pair.county)->casualties.dead, 4);
    pair_later(&pair, 1000);
    report.file_report.text = "seven they are";
    pair_say(&pair, &pair.county, CENTRE, &report);
    assert_int_equal(incident_of(&pair.county)->casualties.dead, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_forged_record_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_forged_record_in_a_past_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_clock_far_ahead_stops_no_report, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_unknown_regions_record_is_its_tellers_word, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
