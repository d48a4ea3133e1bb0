/* What the broker lets out: nothing before its commit, each lane in order and without a gap, no more than
 * credit, no order that is over. */
#include <inttypes.h>
#include <string.h>

#include "common/core/order.h"
#include "tests/sim/world.h"

size_t check_split(struct world *world, struct bytes frame, struct bytes ret[BUNDLE_MAX])
{
    struct envelope envelope;

    arena_reset(&world->check.arena);
    if (wire_decode_envelope(frame, &world->check.arena, &envelope, NULL) < 0) {
        return 0;
    }
    if (envelope.kind != ENVELOPE_BUNDLE) {
        ret[0] = frame;
        return 1;
    }
    memcpy(ret, envelope.bundle.envelopes, envelope.bundle.envelopes_n * sizeof *ret);
    return envelope.bundle.envelopes_n;
}

/* One of so many in a frame of the broker's. */
static bool decode(struct world *world, struct bytes bytes, size_t n, struct envelope *ret)
{
    struct err err;

    arena_reset(&world->check.arena);
    if ((n == 1 ? wire_decode_envelope : wire_decode_bundled)(bytes, &world->check.arena, ret, &err) < 0) {
        world_fail(world, "I10: an envelope that cannot be read is sent: %s", err.text);
        return false;
    }
    return true;
}

/* What the broker sends. */
static size_t split(struct world *world, unsigned agent, struct bytes frame, struct bytes ret[BUNDLE_MAX])
{
    size_t n = check_split(world, frame, ret);

    if (n == 0) {
        world_fail(world, "I10: a frame that cannot be read is sent");
    } else if (n > 1 && n > world->actors[agent].bundle_max) {
        world_fail(world, "I10: agent %u is sent a bundle of %zu, and takes %u", agent, n,
                   world->actors[agent].bundle_max);
    }
    return n;
}

static void check_head(struct world *world, const struct signed_head *head)
{
    if (head->present && (!check_hash(world, head->seq, head->hash) ||
                          !signed_head_verify(&world->keys.broker.sign.public, head))) {
        world_fail(world, "I5: a head is told that the log has not: seq %" PRIu64, head->seq);
    }
}

/* What has left no record is STALE when its Reply was lost and it is asked for again, and then said again
 * under a new counter: later words may have been taken by then. */
static void note_settled(struct check *check, unsigned agent, const struct reply *reply)
{
    if (reply->counter == 0 || reply->counter >= COUNTERS_MAX || reply->seq != 0) {
        return;
    }
    uint32_t tag = check->tags[agent][reply->counter];
    bool *settled = &check->settled[agent][reply->counter];
    bool *away = &check->turned_away[agent][reply->counter];
    *away = *away || reply->refusal == REFUSED_BUSY || reply->refusal == REFUSED_DISK;
    /* of what was never turned away the first answer found nobody */
    if (reply->refusal == REFUSED_STALE && (*settled || !*away) && tag != 0) {
        check->sayings[tag - 1].forgotten = true;
    } else if (reply->refusal != REFUSED_STALE && reply->refusal != REFUSED_BUSY &&
               reply->refusal != REFUSED_DISK) {
        *settled = true;
    }
}

/* What is refused is in the log, or, of a flood, counted. */
static void sent_reply(struct world *world, unsigned agent, const struct reply *reply)
{
    struct check *check = &world->check;

    if ((reply->outcome == OUTCOME_DONE || reply->seq != 0) && !check_hash(world, reply->seq, reply->hash)) {
        world_fail(world, "I1: a reply names seq %" PRIu64 " before it is durable", reply->seq);
    }
    check->taken_back = check->taken_back || reply->refusal == REFUSED_DISK;
    note_settled(check, agent, reply);
    if (reply->outcome != OUTCOME_REFUSED || reply->seq != 0 || reply->refusal == REFUSED_BUSY ||
        reply->refusal == REFUSED_DISK) {
        return;
    }
    if (reply->refusal == REFUSED_STALE) {
        if (reply->counter < COUNTERS_MAX && check->heard[agent][reply->counter] == 1) {
            world_fail(world, "I3: counter %" PRIu64 " of agent %u is past when it comes for the first time",
                       reply->counter, agent);
        }
        return;
    }
    if (reply->counter >= COUNTERS_MAX || check->refused[agent][reply->counter]) {
        return;
    }
    check->refused[agent][reply->counter] = true;
    check->refused_uncounted++;
    if (check->refused_logged[agent] < ENGINE_REFUSALS_BURST && !check->taken_back) {
        world_fail(world, "I11: counter %" PRIu64 " of agent %u is refused, and the log has it not: %s",
                   reply->counter, agent, refusal_word(reply->refusal));
    }
}

static void sent_welcome(struct world *world, unsigned agent, const struct welcome *welcome)
{
    struct connection *connection = &world->network.connections[agent];

    check_head(world, &welcome->head);
    connection->welcomed = true;
    if (welcome->last_counter > world->check.said_counter[agent]) {
        world_fail(world, "I4: agent %u is told of counter %" PRIu64 ", and it has used %" PRIu64 " at most",
                   agent, welcome->last_counter, world->check.said_counter[agent]);
    }
    for (int lane = LANE_URGENT; lane <= LANE_MAX; lane++) {
        connection->at[lane] = welcome->acked[lane];
        connection->credit[lane] = world->actors[agent].window;
        if (welcome->acked[lane] > world->check.received[agent][lane]) {
            world_fail(world,
                       "I5: lane %d of agent %u is acknowledged to %" PRIu64 ", received only to %" PRIu64,
                       lane, agent, welcome->acked[lane], world->check.received[agent][lane]);
        }
    }
}

size_t check_place(const struct seqs *seqs, uint64_t seq)
{
    size_t low = 0, high = seqs->n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (seqs->at[middle].seq < seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_withdrawn(struct world *world, struct id order)
{
    const struct watched *watched = check_order(world, order);
    const struct incident *incident =
        watched != NULL ? state_incident(world->check.fold, watched->incident) : NULL;
    const struct order *there = incident != NULL ? incident_order(incident, order) : NULL;

    return there != NULL && (there->rung == RUNG_RECALLED || there->rung == RUNG_EXPIRED);
}

/* Only what was recalled, or has expired, may be kept from its addressee. */
static void check_tombstone(struct world *world, const struct seqs *outbox, size_t at,
                            const struct deliver *deliver)
{
    char text[ID_TEXT];

    for (size_t i = 0; i < deliver->recalled_n; i++) {
        if (!is_withdrawn(world, deliver->recalled[i])) {
            world_fail(world, "I3: seq %" PRIu64 " goes out with order %s called recalled, and it is not",
                       deliver->seq, id_format(deliver->recalled[i], text));
        }
    }
    for (; deliver->record.n == 0 && at < outbox->n && outbox->at[at].seq == deliver->seq; at++) {
        if (id_is_zero(outbox->at[at].order) || !is_withdrawn(world, outbox->at[at].order)) {
            world_fail(world, "I3: a tombstone goes out for seq %" PRIu64 ", of which nothing was recalled",
                       deliver->seq);
        }
    }
}

/* A recall goes before all that waits. */
static void check_recall_lane(struct world *world, const struct deliver *deliver, const struct record *record)
{
    for (size_t i = 0; i < record->events_n; i++) {
        if (record->events[i].kind != EVENT_ORDER_RECALLED) {
            return;
        }
    }
    if (record->events_n > 0 && deliver->lane != LANE_URGENT) {
        world_fail(world, "lanes: the recall of seq %" PRIu64 " goes out in lane %d", deliver->seq,
                   (int)deliver->lane);
    }
}

static bool is_recalled(const struct deliver *deliver, struct id order)
{
    for (size_t i = 0; i < deliver->recalled_n; i++) {
        if (id_equal(deliver->recalled[i], order)) {
            return true;
        }
    }
    return false;
}

/* An order whose end was known to the broker before this batch must not go out as if it were open. */
static void check_not_over(struct world *world, unsigned agent, const struct deliver *deliver)
{
    struct check *check = &world->check;
    struct record record;
    char text[ID_TEXT];

    if (deliver->record.n == 0 || wire_decode_record(deliver->record, &check->arena, &record, NULL) < 0) {
        return;
    }
    check_recall_lane(world, deliver, &record);
    for (size_t i = 0; i < record.events_n; i++) {
        const struct event *event = &record.events[i];
        if (event->kind != EVENT_ORDER_ISSUED ||
            !words_have(event->order_issued.agents, keys_address(&world->keys, agent))) {
            continue;
        }
        const struct watched *watched = check_order(world, event->order);
        const struct incident *incident = state_incident(check->fold, event->incident);
        const struct order *order = incident != NULL ? incident_order(incident, event->order) : NULL;
        bool over = watched != NULL && watched->lane == deliver->lane &&
                    watched->outcome_seq != deliver->seq && order != NULL && watched->outcome_seq != 0 &&
                    (order->rung == RUNG_RECALLED || order->rung == RUNG_EXPIRED) &&
                    watched->outcome_seq <= check->told_head && watched->issued_seq < check->told_from;
        if (over && !is_recalled(deliver, event->order)) {
            world_fail(world,
                       "I3: order %s goes out to agent %u at seq %" PRIu64 " though it ended at %" PRIu64,
                       id_format(event->order, text), agent, deliver->seq, watched->outcome_seq);
        }
    }
}

static void sent_deliver(struct world *world, unsigned agent, const struct deliver *deliver, bool held)
{
    struct connection *connection = &world->network.connections[agent];
    const struct seqs *outbox = &world->check.outbox[agent][deliver->lane];
    uint64_t *at = &connection->at[deliver->lane];

    if (!check_hash(world, deliver->seq, deliver->hash)) {
        world_fail(world, "I1: seq %" PRIu64 " is delivered before it is durable", deliver->seq);
        return;
    }
    const struct agent *acked = state_agent(world->check.fold, keys_address(&world->keys, agent));
    size_t next = check_place(outbox, *at + 1);
    if (next < outbox->n && outbox->at[next].seq < deliver->seq && acked != NULL &&
        acked->acked[deliver->lane] > *at) { /* had in an earlier session, acknowledged in this one */
        next = check_place(outbox, acked->acked[deliver->lane] + 1);
    }
    if (next == outbox->n || outbox->at[next].seq != deliver->seq) {
        world_fail(world, "I1: agent %u is given seq %" PRIu64 " in lane %d after %" PRIu64 ", not %" PRIu64,
                   agent, deliver->seq, (int)deliver->lane, *at,
                   next == outbox->n ? 0 : outbox->at[next].seq);
    } else {
        check_tombstone(world, outbox, next, deliver);
    }
    *at = deliver->seq;
    if (--connection->credit[deliver->lane] < 0) {
        world_fail(world, "I9: agent %u is given more than it has credit for", agent);
    }
    if (!held) {
        check_not_over(world, agent, deliver);
    }
}

static void sent_one(struct world *world, unsigned agent, struct bytes bytes, size_t n, bool held)
{
    struct envelope envelope;

    if (!decode(world, bytes, n, &envelope)) {
        return;
    }
    if (envelope.kind == ENVELOPE_REPLY && envelope.reply.outcome == OUTCOME_REFUSED) {
        world_trace(world, "broker: refuses counter %" PRIu64 " of agent %u: %s, seq %" PRIu64,
                    envelope.reply.counter, agent, refusal_word(envelope.reply.refusal), envelope.reply.seq);
    }
    switch (envelope.kind) {
    case ENVELOPE_WELCOME:
        sent_welcome(world, agent, &envelope.welcome);
        return;
    case ENVELOPE_REPLY:
        sent_reply(world, agent, &envelope.reply);
        return;
    case ENVELOPE_DELIVER:
        sent_deliver(world, agent, &envelope.deliver, held);
        return;
    case ENVELOPE_TAIL_ITEM:
        if (!check_hash(world, envelope.tail_item.seq, envelope.tail_item.hash)) {
            world_fail(world, "I1: a tail shows seq %" PRIu64 " before it is durable",
                       envelope.tail_item.seq);
        }
        return;
    case ENVELOPE_BEAT:
        check_head(world, &envelope.beat.head);
        return;
    default:
        return;
    }
}

void check_sent(struct world *world, unsigned agent, struct bytes frame, bool held)
{
    struct bytes envelopes[BUNDLE_MAX];
    size_t n = split(world, agent, frame, envelopes);

    if (n > 1) {
        world_struck(world, FAULT_BUNDLE_DOWN, agent);
    }
    for (size_t i = 0; i < n; i++) {
        sent_one(world, agent, envelopes[i], n, held);
    }
}

void check_not_sent(struct world *world, unsigned agent, struct bytes frame)
{
    struct bytes envelopes[BUNDLE_MAX];

    if (split(world, agent, frame, envelopes) > 1) {
        world_struck(world, FAULT_BUNDLE_FULL, agent);
    }
}

static uint64_t counter_of(struct world *world, struct bytes bytes)
{
    struct envelope envelope;

    arena_reset(&world->check.arena);
    if (wire_decode_envelope(bytes, &world->check.arena, &envelope, NULL) < 0 ||
        envelope.kind != ENVELOPE_SUBMIT) {
        return 0;
    }
    return wire_peek_counter(envelope.submit.payload);
}

void check_client_sends(struct world *world, unsigned agent, struct bytes frame)
{
    struct bytes envelopes[BUNDLE_MAX];
    size_t n = check_split(world, frame, envelopes);

    if (n == 0) {
        world_fail(world, "I10: agent %u sends a frame that cannot be read", agent);
    } else if (n > 1) {
        world_struck(world, FAULT_BUNDLE_UP, agent);
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t counter = counter_of(world, envelopes[i]);
        if (counter > world->check.said_counter[agent]) {
            world->check.said_counter[agent] = counter;
        }
    }
}

/* What the application said under the counter. */
static void note_tag(struct world *world, unsigned agent, uint64_t counter, struct bytes bytes)
{
    struct envelope envelope;
    struct command command;

    if (counter == 0 || counter >= COUNTERS_MAX ||
        wire_decode_envelope(bytes, &world->check.arena, &envelope, NULL) < 0 ||
        wire_decode_command(envelope.submit.payload, &world->check.arena, &command, NULL) < 0) {
        return;
    }
    uint64_t tag = check_tag(&command);
    world->check.tags[agent][counter] = tag < world->check.sayings_n ? (uint32_t)tag + 1 : 0;
}

static void heard_one(struct world *world, unsigned agent, struct bytes bytes)
{
    struct envelope envelope;
    uint64_t counter = counter_of(world, bytes);

    note_tag(world, agent, counter, bytes);

    if (counter > 0 && counter < COUNTERS_MAX && world->check.heard[agent][counter] < 2) {
        world->check.heard[agent][counter]++;
    }
    arena_reset(&world->check.arena);
    if (wire_decode_envelope(bytes, &world->check.arena, &envelope, NULL) == 0 &&
        envelope.kind == ENVELOPE_CREDIT && envelope.credit.lane <= LANE_MAX) {
        world->network.connections[agent].credit[envelope.credit.lane] += envelope.credit.add;
    }
}

void check_heard(struct world *world, unsigned agent, struct bytes frame)
{
    struct bytes envelopes[BUNDLE_MAX];
    size_t n = check_split(world, frame, envelopes);

    for (size_t i = 0; i < n; i++) {
        heard_one(world, agent, envelopes[i]);
    }
}

/* By how much the agent may take the time for too early: the age of the freshest word of it that it heard in
 * this session, and no more. Time passes alike here and there, so that age stays what it was when it came. A
 * session begins with a Welcome; a second one in it answers a second Hello. */
static void hear_bus(struct world *world, unsigned agent, int64_t bus_ms)
{
    struct actor *actor = &world->actors[agent];
    int64_t lag_ms = broker_bus_ms(world) - bus_ms;
    int64_t offset_ms = bus_ms - world->now_ms;

    if (!actor->bus_was_heard || offset_ms > actor->bus_offset_max_ms) {
        actor->bus_was_heard = true;
        actor->bus_offset_max_ms = offset_ms;
    }
    if (actor->client == NULL || !client_ready(actor->client) || lag_ms < actor->bus_lag_ms) {
        actor->bus_lag_ms = lag_ms;
    }
}

static uint32_t received_one(struct world *world, unsigned agent, struct bytes bytes, size_t n)
{
    struct envelope envelope;

    if (!decode(world, bytes, n, &envelope)) {
        return 0;
    }
    if (envelope.kind == ENVELOPE_WELCOME) {
        hear_bus(world, agent, envelope.welcome.bus_ms);
    } else if (envelope.kind == ENVELOPE_BEAT) {
        hear_bus(world, agent, envelope.beat.bus_ms);
    } else if (envelope.kind == ENVELOPE_DELIVER) {
        const struct seqs *outbox = &world->check.outbox[agent][envelope.deliver.lane];
        uint64_t *received = &world->check.received[agent][envelope.deliver.lane];
        uint64_t seq = envelope.deliver.seq;
        size_t next = check_place(outbox, *received + 1);
        if (seq > *received && (next == outbox->n || outbox->at[next].seq != seq)) {
            world_fail(world, "lanes: agent %u receives seq %" PRIu64 " in lane %d after %" PRIu64, agent,
                       seq, (int)envelope.deliver.lane, *received);
        }
        *received = seq > *received ? seq : *received;
    }
    return 1u << envelope.kind;
}

uint32_t check_received(struct world *world, unsigned agent, struct bytes frame)
{
    struct bytes envelopes[BUNDLE_MAX];
    size_t n = split(world, agent, frame, envelopes);
    uint32_t kinds = 0;

    for (size_t i = 0; i < n; i++) {
        kinds |= received_one(world, agent, envelopes[i], n);
    }
    return kinds;
}
