#include "tests/unit/engine_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/state.h"

/* Peers from 100 on are the ends of lines; agents' are below. */
enum { FIRST_LINE_PEER = 100, LINE_PEERS = 100, AGENT_PEER = 1, TURNS_MAX = 200000, UNTIL_MS = 60000 };

void pair_make(struct pair *pair)
{
    *pair = (struct pair){0};
    rig_make_region(&pair->county, "370102", "370100", 7);
    rig_make_region(&pair->city, "370100", "370000", 1234567);
    rig_enrol_link(&pair->county, &pair->city);
    rig_enrol_link(&pair->city, &pair->county);
    pair->lines[0] = (struct pair_line){.caller = &pair->county, .called = &pair->city};
    pair->lines[1] = (struct pair_line){.caller = &pair->city, .called = &pair->county};
    rig_restart(&pair->county);
    rig_restart(&pair->city);
}

void pair_free(struct pair *pair)
{
    rig_free(&pair->county);
    rig_free(&pair->city);
}

struct rig *pair_other(struct pair *pair, const struct rig *rig)
{
    return rig == &pair->county ? &pair->city : &pair->county;
}

/* --- lines ---------------------------------------------------------------------------------------- */

static struct peer peer_of(unsigned n)
{
    return (struct peer){.bytes = {(uint8_t)n}, .n = 1};
}

/* The frames of that peer go: they were read, or are lost. */
static size_t drop_frames(struct rig *rig, unsigned peer)
{
    size_t kept = 0, n = rig->frames_n;

    for (size_t i = 0; i < n; i++) {
        if (rig->frames[i].peer == peer) {
            buf_free(&rig->frames[i].bytes);
        } else {
            rig->frames[kept++] = rig->frames[i];
        }
    }
    memset(&rig->frames[kept], 0, (n - kept) * sizeof *rig->frames);
    rig->frames_n = kept;
    return n - kept;
}

static void line_up(struct pair *pair, struct pair_line *line)
{
    if (!line->wanted || line->up || !line->caller->in_service) {
        return;
    }
    line->caller_peer = FIRST_LINE_PEER + pair->peers++ % LINE_PEERS;
    line->called_peer = FIRST_LINE_PEER + pair->peers++ % LINE_PEERS;
    line->up = true;
    engine_link_up(line->caller->engine, peer_of(line->caller_peer), line->called->region);
}

/* Only who made the connection hears that it has ended. */
static void line_down(struct pair_line *line, bool caller_lives)
{
    if (!line->up) {
        return;
    }
    line->up = false;
    if (caller_lives) {
        engine_link_down(line->caller->engine, peer_of(line->caller_peer));
    }
    (void)drop_frames(line->caller, line->caller_peer);
    (void)drop_frames(line->called, line->called_peer);
}

static struct pair_line *line_of(struct pair *pair, const struct rig *rig)
{
    return &pair->lines[rig == &pair->county ? 0 : 1];
}

void pair_call(struct pair *pair, struct rig *rig)
{
    line_of(pair, rig)->wanted = true;
    line_up(pair, line_of(pair, rig));
}

void pair_hang_up(struct pair *pair, struct rig *rig)
{
    line_of(pair, rig)->wanted = false;
    line_down(line_of(pair, rig), true);
}

size_t pair_lose(struct pair *pair, struct rig *rig)
{
    size_t n = 0;

    engine_flush(rig->engine);
    for (size_t i = 0; i < PAIR_LINES; i++) {
        const struct pair_line *line = &pair->lines[i];
        n += line->up ? drop_frames(rig, line->caller == rig ? line->caller_peer : line->called_peer) : 0;
    }
    return n;
}

static void count_reply(struct pair *pair, const struct envelope *envelope)
{
    if (envelope->kind != ENVELOPE_REPLY || envelope->reply.outcome != OUTCOME_REFUSED) {
        return;
    }
    if (envelope->reply.refusal == REFUSED_BUSY || envelope->reply.refusal == REFUSED_DISK) {
        pair->said_again++;
    } else {
        pair->refused++;
        pair->refusal = envelope->reply.refusal;
    }
}

static void count_replies(struct pair *pair, struct bytes frame)
{
    struct envelope envelope;
    struct arena arena;

    arena_init(&arena, ARENA_PER_FRAME);
    assert_int_equal(wire_decode_envelope(frame, &arena, &envelope, NULL), 0);
    if (envelope.kind == ENVELOPE_BUNDLE) {
        struct bundle bundle = envelope.bundle;
        for (size_t i = 0; i < bundle.envelopes_n; i++) {
            assert_int_equal(wire_decode_bundled(bundle.envelopes[i], &arena, &envelope, NULL), 0);
            count_reply(pair, &envelope);
        }
    } else {
        count_reply(pair, &envelope);
    }
    arena_free(&arena);
}

static bool carry(struct pair *pair, struct rig *from, unsigned peer, struct rig *to, unsigned peer_there)
{
    bool any = false;

    engine_flush(from->engine);
    if (pair->mute == from) {
        return drop_frames(from, peer) > 0;
    }
    for (size_t i = 0; i < from->frames_n; i++) {
        if (from->frames[i].peer == peer) {
            struct bytes frame = buf_bytes(&from->frames[i].bytes);
            count_replies(pair, frame);
            engine_frame(to->engine, peer_of(peer_there), from->broker.curve_public, frame);
            any = true;
        }
    }
    return any && drop_frames(from, peer) > 0;
}

bool pair_carry(struct pair *pair)
{
    bool any = false;

    for (size_t i = 0; i < PAIR_LINES; i++) {
        struct pair_line *line = &pair->lines[i];
        if (line->up) {
            any = carry(pair, line->caller, line->caller_peer, line->called, line->called_peer) || any;
            any = carry(pair, line->called, line->called_peer, line->caller, line->caller_peer) || any;
        }
    }
    return any;
}

/* --- life ----------------------------------------------------------------------------------------- */

void pair_restart(struct pair *pair, struct rig *rig)
{
    for (size_t i = 0; i < PAIR_LINES; i++) {
        line_down(&pair->lines[i], pair->lines[i].caller != rig);
    }
    rig_skip(rig);
    rig_restart_only(rig);
}

static void kill(struct pair *pair, struct rig *rig)
{
    struct log_request *request = rig->queue;

    pair->killed = true;
    if (pair->kill_after && request->is_append) {
        assert_int_equal(
            log_append(rig->store, request->expected_seq, request->entries, request->entries_n, NULL), 0);
    }
    pair_restart(pair, rig);
}

static bool step(struct pair *pair, struct rig *rig)
{
    if (rig->queue == NULL) {
        return false;
    }
    if (pair->victim == rig && !pair->killed && pair->kill_at-- == 0) {
        kill(pair, rig);
        return true;
    }
    return rig_step(rig);
}

static void cut_if_it_is_time(struct pair *pair)
{
    if (pair->cut_after > 0 && --pair->cut_after == 0) {
        for (size_t i = 0; i < PAIR_LINES; i++) {
            engine_flush(pair->lines[i].caller->engine);
            engine_flush(pair->lines[i].called->engine);
            line_down(&pair->lines[i], true);
        }
    }
}

void pair_settle(struct pair *pair)
{
    for (int i = 0; i < TURNS_MAX; i++) {
        bool moved = step(pair, &pair->county);
        moved = step(pair, &pair->city) || moved;
        if (moved) {
            cut_if_it_is_time(pair);
        }
        moved = pair_carry(pair) || moved;
        if (!moved) {
            assert_false(pair->county.fatal || pair->city.fatal);
            return;
        }
    }
    fail_msg("the two talk for ever");
}

void pair_later(struct pair *pair, int64_t ms)
{
    struct rig *rigs[] = {&pair->county, &pair->city};

    for (int64_t at = 0; at < ms; at += PAIR_STEP_MS) {
        for (size_t i = 0; i < 2; i++) {
            rigs[i]->boot_ms += PAIR_STEP_MS;
            rigs[i]->utc_ms += PAIR_STEP_MS;
            engine_tick(rigs[i]->engine);
        }
        for (size_t i = 0; i < PAIR_LINES; i++) {
            line_up(pair, &pair->lines[i]);
        }
        pair_settle(pair);
    }
}

void pair_until(struct pair *pair, bool (*holds)(struct pair *pair), const char *what)
{
    for (int64_t at = 0; at < UNTIL_MS; at += PAIR_STEP_MS) {
        if (holds(pair)) {
            return;
        }
        pair_later(pair, PAIR_STEP_MS);
    }
    fail_msg("not within a minute: %s", what);
}

/* --- agents --------------------------------------------------------------------------------------- */

static bool welcomed(struct pair *pair, struct rig *rig, enum rig_agent agent)
{
    unsigned peer = AGENT_PEER + (unsigned)agent;
    struct envelope hello = {.kind = ENVELOPE_HELLO,
                             .hello = {.protocol = PROTOCOL_VERSION,
                                       .agent = rig->names[agent],
                                       .seen = {.region = ""},
                                       .software = "rig"}};

    (void)drop_frames(rig, peer);
    rig_say(rig, peer, agent, &hello);
    pair_settle(pair);
    return rig_next(rig, peer, ENVELOPE_WELCOME) != NULL;
}

/* True: it was answered for good. */
static bool said(struct pair *pair, struct rig *rig, enum rig_agent agent, const struct command *command,
                 uint64_t counter, bool again)
{
    unsigned peer = AGENT_PEER + (unsigned)agent;

    if (!welcomed(pair, rig, agent)) {
        return false;
    }
    rig_submit_as(rig, peer, agent, agent, command, counter);
    pair_settle(pair);
    const struct envelope *envelope = rig_next(rig, peer, ENVELOPE_REPLY);
    if (envelope == NULL || envelope->reply.refusal == REFUSED_BUSY ||
        envelope->reply.refusal == REFUSED_DISK) {
        return false;
    }
    /* said a little later these are other bytes: then those of before were taken */
    if (envelope->reply.outcome == OUTCOME_REFUSED &&
        !(again && envelope->reply.refusal == REFUSED_CONFLICT)) {
        fail_msg("%s refuses %s: %s", rig->region, command_kind_name(command->kind), envelope->reply.detail);
    }
    return true;
}

void pair_say(struct pair *pair, struct rig *rig, enum rig_agent agent, const struct command *command)
{
    uint64_t counter = ++rig->counters[agent];

    for (int i = 0; i < 200; i++) {
        if (said(pair, rig, agent, command, counter, i > 0)) {
            return;
        }
        pair_later(pair, PAIR_STEP_MS);
    }
    fail_msg("%s is never answered", command_kind_name(command->kind));
}

/* --- a story ---------------------------------------------------------------------------------------- */

struct command pair_referral(const char *region)
{
    struct command command = {.kind = COMMAND_REFER_INCIDENT};

    command.refer_incident =
        (struct refer_incident){.incident = rig_id(1), .region = region, .reason = "beyond us"};
    return command;
}

struct command pair_order_below(struct pair *pair, unsigned n, enum rig_agent to)
{
    struct command command = rig_order(&pair->city, 1, n, to);

    pair->city.order.addressee = pair->county.names[to];
    return command;
}

const struct order *pair_order(const struct rig *rig, unsigned n)
{
    const struct incident *incident = state_incident(engine_state(rig->engine), rig_id(1));

    return incident != NULL ? incident_order(incident, rig_id(n)) : NULL;
}

static bool is_up(const struct rig *rig, const struct rig *other)
{
    const struct region_link *line = region_line(state_region(engine_state(rig->engine)), other->region);

    return line != NULL && line->up;
}

bool pair_is_up(struct pair *pair)
{
    return is_up(&pair->county, &pair->city) && is_up(&pair->city, &pair->county);
}

bool pair_nothing_waits(struct pair *pair)
{
    return pair->county.in_service && pair->city.in_service && pair_waiting(pair, &pair->county) == 0 &&
           pair_waiting(pair, &pair->city) == 0;
}

static bool city_has_order_1(struct pair *pair)
{
    return pair_order(&pair->city, 1) != NULL;
}

static bool county_has_order_2(struct pair *pair)
{
    return pair_order(&pair->county, 2) != NULL;
}

static bool city_hears_of_order_2(struct pair *pair)
{
    return pair_order(&pair->city, 2) != NULL && pair_order(&pair->city, 2)->rung == RUNG_ON_SCENE;
}

static void tell(struct pair *pair, struct rig *rig, enum rig_agent agent, struct command command)
{
    pair_say(pair, rig, agent, &command);
}

void pair_tell_story(struct pair *pair)
{
    struct rig *county = &pair->county, *city = &pair->city;

    tell(pair, county, CENTRE, rig_report(1));
    tell(pair, county, CENTRE, rig_follow_up(1, "the roof is on fire"));
    tell(pair, county, CENTRE, rig_order(county, 1, 1, STATION));
    tell(pair, county, CENTRE, pair_referral(city->region));
    pair_until(pair, city_has_order_1, "the city to follow");
    tell(pair, city, CENTRE, pair_order_below(pair, 2, SECOND));
    tell(pair, county, STATION, rig_receipt(1, 1, RUNG_ACCEPTED));
    pair_until(pair, county_has_order_2, "the city's order to come");
    tell(pair, county, SECOND, rig_receipt(1, 2, RUNG_ON_SCENE));
    tell(pair, city, CENTRE, rig_follow_up(1, "a second alarm"));
    tell(pair, county, CENTRE, rig_follow_up(1, "the roof has come down"));
    pair_until(pair, city_hears_of_order_2, "its receipt to come");
    tell(pair, city, CENTRE, rig_recall(1, 2)); /* which may meet the next receipt on its way */
    tell(pair, county, STATION, rig_receipt(1, 1, RUNG_COMPLETED));
    pair_later(pair, 500);
    pair_until(pair, pair_nothing_waits, "all to be acknowledged");
}

/* --- what is in the logs -------------------------------------------------------------------------- */

static void each_event(struct rig *rig,
                       void (*visit)(void *ctx, const struct log_header *header, const struct event *event),
                       void *ctx)
{
    struct log_query query = {.question = LOG_Q_RANGE};
    struct log_answer answer;
    struct arena arena;

    arena_init(&arena, (size_t)64 * 1024 * 1024);
    do {
        arena_reset(&arena);
        assert_int_equal(log_read(rig->store, &query, &arena, &answer, NULL), 0);
        for (size_t i = 0; i < answer.rows_n; i++) {
            struct record record;
            assert_int_equal(wire_decode_record(answer.rows[i].record.payload, &arena, &record, NULL), 0);
            for (size_t j = 0; j < record.events_n; j++) {
                visit(ctx, &answer.rows[i].record.header, &record.events[j]);
            }
            query.after = answer.rows[i].record.header.seq;
        }
    } while (answer.more);
    arena_free(&arena);
}

struct counting {
    enum event_kind kind;
    size_t n;
};

static void count(void *ctx, const struct log_header *header, const struct event *event)
{
    struct counting *counting = ctx;

    (void)header;
    counting->n += event->kind == counting->kind;
}

size_t pair_events(struct rig *rig, enum event_kind kind)
{
    struct counting counting = {.kind = kind};

    each_event(rig, count, &counting);
    return counting.n;
}

size_t pair_waiting(struct pair *pair, struct rig *rig)
{
    struct log_query query = {.question = LOG_Q_OUTBOX, .lane = LANE_ORDERS};
    struct log_answer answer;
    struct arena arena;
    char name[64];

    (void)snprintf(name, sizeof name, "%s/broker/link", pair_other(pair, rig)->region);
    query.name = name;
    arena_init(&arena, (size_t)64 * 1024 * 1024);
    assert_int_equal(log_read(rig->store, &query, &arena, &answer, NULL), 0);
    size_t n = answer.rows_n;
    arena_free(&arena);
    return n;
}

/* --- the two together ----------------------------------------------------------------------------- */

enum { SEQS_MAX = 4096 };

/* Records that one has told of, and what the other heard. */
struct hearing {
    struct id incident;
    const char *of; /* the region whose log it is */
    uint64_t heard[SEQS_MAX];
    size_t heard_n;
};

static void note_heard(void *ctx, const struct log_header *header, const struct event *event)
{
    struct hearing *hearing = ctx;

    (void)header;
    if (event->kind != EVENT_HEARD || !id_equal(event->incident, hearing->incident) ||
        strcmp(event->heard.region, hearing->of) != 0) {
        return;
    }
    assert_true(hearing->heard_n < SEQS_MAX);
    assert_true(hearing->heard_n == 0 || hearing->heard[hearing->heard_n - 1] < event->heard.seq);
    hearing->heard[hearing->heard_n++] = event->heard.seq;
}

static void must_be_heard(void *ctx, const struct log_header *header, const struct event *event)
{
    const struct hearing *hearing = ctx;

    if (event->kind != EVENT_SHARED || !id_equal(event->incident, hearing->incident)) {
        return;
    }
    for (size_t i = 0; i < hearing->heard_n; i++) {
        if (hearing->heard[i] == header->seq) {
            return;
        }
    }
    fail_msg("record %llu of %s was not heard", (unsigned long long)header->seq, hearing->of);
}

static void assert_heard(struct pair *pair, struct rig *teller, unsigned incident)
{
    struct hearing hearing = {.incident = rig_id(incident), .of = teller->region};

    each_event(pair_other(pair, teller), note_heard, &hearing);
    each_event(teller, must_be_heard, &hearing);
}

char *pair_story(const struct rig *rig, unsigned incident)
{
    const struct incident *there = state_incident(engine_state(rig->engine), rig_id(incident));
    char text[ID_TEXT], *story;
    struct buf buf;

    buf_init(&buf, 0);
    if (there == NULL) {
        buf_puts(&buf, "not known");
    } else {
        buf_printf(&buf, "reports %u kind %s opened %lld closed %lld known %x\n", there->reports, there->kind,
                   (long long)there->opened_at_ms, (long long)there->closed_at_ms, there->known);
    }
    for (size_t i = 0; there != NULL && i < there->orders_n; i++) {
        const struct order *order = &there->orders[i];
        buf_printf(&buf, "%s to %s home %s rung %s by %s at %lld %lld %lld late %d %d\n",
                   id_format(order->id, text), order->addressee,
                   order->home[0] != '\0' ? order->home : rig->region, rung_name((enum rung)order->rung),
                   order->taker, (long long)order->accepted_at_ms, (long long)order->on_scene_at_ms,
                   (long long)order->ended_at_ms, order->unanswered, order->overdue);
    }
    assert_false(buf.failed);
    story = strdup(buf_text(&buf));
    buf_free(&buf);
    assert_non_null(story);
    return story;
}

void pair_assert_agrees(struct pair *pair, unsigned incident)
{
    char *county = pair_story(&pair->county, incident), *city = pair_story(&pair->city, incident);

    assert_string_equal(county, city);
    free(county);
    free(city);
    assert_heard(pair, &pair->county, incident);
    assert_heard(pair, &pair->city, incident);
    assert_int_equal(pair_waiting(pair, &pair->county), 0);
    assert_int_equal(pair_waiting(pair, &pair->city), 0);
    assert_int_equal(pair->refused, 0);
}
