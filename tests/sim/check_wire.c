/* What the broker lets out: nothing before its commit, each lane in order and without a gap, no more than
 * credit, no order that is over. */
#include <inttypes.h>
#include <string.h>

#include "tests/sim/world.h"

static bool decode(struct world *world, struct bytes frame, struct envelope *ret)
{
    struct err err;

    arena_reset(&world->check.arena);
    if (wire_decode_envelope(frame, &world->check.arena, ret, &err) < 0) {
        world_fail(world, "I10: a frame that cannot be read is sent: %s", err.text);
        return false;
    }
    return true;
}

static void check_head(struct world *world, const struct signed_head *head)
{
    if (head->present && (!check_hash(world, head->seq, head->hash) ||
                          !signed_head_verify(&world->keys.broker.sign.public, head))) {
        world_fail(world, "I5: a head is told that the log has not: seq %" PRIu64, head->seq);
    }
}

static void sent_welcome(struct world *world, unsigned agent, const struct welcome *welcome)
{
    struct connection *connection = &world->network.connections[agent];

    check_head(world, &welcome->head);
    connection->welcomed = true;
    for (int lane = LANE_URGENT; lane <= LANE_MAX; lane++) {
        connection->at[lane] = welcome->acked[lane];
        connection->credit[lane] = CLIENT_WINDOW;
        if (welcome->acked[lane] > world->check.received[agent][lane]) {
            world_fail(world,
                       "I5: lane %d of agent %u is acknowledged to %" PRIu64 ", received only to %" PRIu64,
                       lane, agent, welcome->acked[lane], world->check.received[agent][lane]);
        }
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
    for (size_t i = 0; i < record.events_n; i++) {
        const struct event *event = &record.events[i];
        if (event->kind != EVENT_ORDER_ISSUED ||
            !words_have(event->order_issued.agents, keys_address(agent))) {
            continue;
        }
        const struct watched *watched = check_order(world, event->order);
        const struct incident *incident = state_incident(check->fold, event->incident);
        const struct order *order = incident != NULL ? incident_order(incident, event->order) : NULL;
        bool over = watched != NULL && order != NULL && watched->outcome_seq != 0 &&
                    (order->rung == RUNG_RECALLED || order->rung == RUNG_EXPIRED) &&
                    watched->outcome_seq <= check->told_head && watched->issued_seq < check->told_from;
        if (over && !is_recalled(deliver, event->order)) {
            world_fail(world,
                       "I3: order %s goes out to agent %u at seq %" PRIu64 " though it ended at %" PRIu64,
                       id_format(event->order, text), agent, deliver->seq, watched->outcome_seq);
        }
    }
}

static void sent_deliver(struct world *world, unsigned agent, const struct deliver *deliver)
{
    struct connection *connection = &world->network.connections[agent];
    const struct seqs *outbox = &world->check.outbox[agent][deliver->lane];
    uint64_t *at = &connection->at[deliver->lane];
    size_t low = 0, high = outbox->n;

    if (!check_hash(world, deliver->seq, deliver->hash)) {
        world_fail(world, "I1: seq %" PRIu64 " is delivered before it is durable", deliver->seq);
        return;
    }
    while (low < high) { /* the first beyond what was given */
        size_t middle = (low + high) / 2;
        if (outbox->at[middle] <= *at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == outbox->n || outbox->at[low] != deliver->seq) {
        world_fail(world, "I1: agent %u is given seq %" PRIu64 " in lane %d after %" PRIu64 ", not %" PRIu64,
                   agent, deliver->seq, (int)deliver->lane, *at, low == outbox->n ? 0 : outbox->at[low]);
    }
    *at = deliver->seq;
    if (--connection->credit[deliver->lane] < 0) {
        world_fail(world, "I9: agent %u is given more than it has credit for", agent);
    }
    check_not_over(world, agent, deliver);
}

void check_sent(struct world *world, unsigned agent, struct bytes frame)
{
    struct envelope envelope;

    if (!decode(world, frame, &envelope)) {
        return;
    }
    switch (envelope.kind) {
    case ENVELOPE_WELCOME:
        sent_welcome(world, agent, &envelope.welcome);
        return;
    case ENVELOPE_REPLY:
        if ((envelope.reply.outcome == OUTCOME_DONE || envelope.reply.seq != 0) &&
            !check_hash(world, envelope.reply.seq, envelope.reply.hash)) {
            world_fail(world, "I1: a reply names seq %" PRIu64 " before it is durable", envelope.reply.seq);
        }
        return;
    case ENVELOPE_DELIVER:
        sent_deliver(world, agent, &envelope.deliver);
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

void check_heard(struct world *world, unsigned agent, struct bytes frame)
{
    struct envelope envelope;

    if (decode(world, frame, &envelope) && envelope.kind == ENVELOPE_CREDIT &&
        envelope.credit.lane <= LANE_MAX) {
        world->network.connections[agent].credit[envelope.credit.lane] += envelope.credit.add;
    }
}

void check_received(struct world *world, unsigned agent, struct bytes frame)
{
    struct envelope envelope;

    if (decode(world, frame, &envelope) && envelope.kind == ENVELOPE_DELIVER) {
        uint64_t *received = &world->check.received[agent][envelope.deliver.lane];
        *received = envelope.deliver.seq > *received ? envelope.deliver.seq : *received;
    }
}
