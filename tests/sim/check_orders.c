/* Orders on their way: issued, delivered, carried out, answered. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/order.h"
#include "tests/sim/world.h"

/* --- those that are watched ------------------------------------------------------------------------ */

/* Where the order stands, or would. */
static size_t place_of(const struct check *check, struct id order)
{
    size_t low = 0, high = check->orders_n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (id_compare(check->orders[middle].order, order) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct watched *check_order(struct world *world, struct id order)
{
    struct check *check = &world->check;
    size_t at = place_of(check, order);

    return at < check->orders_n && id_equal(check->orders[at].order, order) ? &check->orders[at] : NULL;
}

struct watched *check_watch(struct world *world, struct id order)
{
    struct check *check = &world->check;
    struct watched *there = check_order(world, order);
    size_t at = place_of(check, order);

    if (there != NULL) {
        return there;
    }
    if (check->orders_n == check->orders_capacity) {
        check->orders_capacity = check->orders_capacity == 0 ? 64 : 2 * check->orders_capacity;
        check->orders = reallocarray(check->orders, check->orders_capacity, sizeof *check->orders);
        if (check->orders == NULL) {
            abort();
        }
    }
    memmove(&check->orders[at + 1], &check->orders[at], (check->orders_n - at) * sizeof *check->orders);
    check->orders_n++;
    check->orders[at] = (struct watched){.order = order};
    return &check->orders[at];
}

const struct watched *check_some_order(struct world *world)
{
    const struct check *check = &world->check;

    return check->orders_n == 0 ? NULL : &check->orders[world_below(world, check->orders_n)];
}

/* As the log has it. */
static const struct order *order_of(const struct world *world, const struct watched *watched)
{
    const struct incident *incident = state_incident(world->check.fold, watched->incident);

    return incident != NULL ? incident_order(incident, watched->order) : NULL;
}

/* By the latest time that the agent ever heard of, its journal may have the order as over. After a reboot
 * with the clock behind bus time goes on from the last record, and what was said since was later. */
static bool is_past(const struct world *world, const struct order *order, unsigned agent)
{
    const struct actor *actor = &world->actors[agent];

    return actor->bus_was_heard && order->expires_at_ms > 0 &&
           order->expires_at_ms < world->now_ms + actor->bus_offset_max_ms;
}

/* It is not, or not any more, for this agent to carry out. */
static bool is_off(const struct world *world, const struct watched *watched, unsigned agent)
{
    const struct order *order = order_of(world, watched);

    return watched->over[agent] || order == NULL || !order_is_open(order) || is_past(world, order, agent) ||
           (order->rung >= RUNG_ACCEPTED && strcmp(order->taker, keys_address(&world->keys, agent)) != 0);
}

/* --- delivered ------------------------------------------------------------------------------------ */

static void given(struct world *world, unsigned agent, struct watched *watched,
                  const struct delivery *delivery)
{
    char text[ID_TEXT];

    world_trace(world, "agent %u: order %s, %s", agent, id_format(delivery->order, text),
                delivery->resumed ? "resumed" : "new");
    if (!watched->addressed[agent]) {
        world_fail(world, "I3: agent %u is given order %s, which is for others", agent, text);
    }
    if (delivery->mode != watched->mode) {
        world_fail(world, "I13: agent %u is given order %s as %s, and it is %s", agent, text,
                   mode_name(delivery->mode), mode_name(watched->mode));
    }
    if (watched->over[agent] || watched->outcome_seq == delivery->seq) {
        world_fail(world, "I3: agent %u is given order %s after its end", agent, text);
    }
    watched->seen[agent] = true;
    if (delivery->resumed) {
        watched->resumed[agent] = world->actors[agent].life;
        return;
    }
    if (++watched->given[agent] > 1) {
        world_fail(world, "I3: agent %u is given order %s twice", agent, text);
    }
    /* An agent knows the time as well as the freshest word of it that it heard. */
    int64_t late = broker_bus_ms(world) - delivery->event->order_issued.expires_at_ms;
    if (late > world->actors[agent].bus_lag_ms) {
        world_fail(world, "I3: agent %u is given order %s %" PRId64 " ms past its time", agent, text, late);
    }
}

void check_delivery(struct world *world, unsigned agent, const struct delivery *delivery)
{
    struct watched *watched = check_order(world, delivery->order);
    char text[ID_TEXT];

    if (watched == NULL) {
        if (delivery->kind == DELIVERY_ORDER) {
            world_fail(world, "I3: agent %u is given order %s, which nobody issued", agent,
                       id_format(delivery->order, text));
        }
        return;
    }
    if (watched->issuer == agent && delivery->seq == watched->outcome_seq) {
        watched->issuer_told = true;
    }
    switch (delivery->kind) {
    case DELIVERY_ORDER:
        given(world, agent, watched, delivery);
        return;
    case DELIVERY_RECALL:
    case DELIVERY_EXPIRED:
        watched->over[agent] = true;
        return;
    case DELIVERY_AMENDMENT:
    case DELIVERY_NOTICE:
        return;
    case DELIVERY_REMINDER:
        if (!watched->addressed[agent] || watched->over[agent]) {
            world_fail(world, "I3: agent %u is reminded of order %s, which is not for it to answer", agent,
                       id_format(delivery->order, text));
        }
        return;
    }
}

void check_acknowledged(struct world *world, unsigned agent, enum lane lane, uint64_t up_to_seq)
{
    struct check *check = &world->check;
    char text[ID_TEXT];

    if (up_to_seq > check->received[agent][lane]) {
        world_fail(world, "I5: lane %d of agent %u is acknowledged to %" PRIu64 ", received only to %" PRIu64,
                   lane, agent, up_to_seq, check->received[agent][lane]);
    }
    for (size_t i = 0; i < check->orders_n && !world->failed; i++) {
        const struct watched *watched = &check->orders[i];
        if (watched->addressed[agent] && watched->lane == lane && watched->issued_seq <= up_to_seq &&
            !watched->seen[agent] && !is_off(world, watched, agent)) {
            world_fail(world, "I1: agent %u acknowledges order %s, and its application never saw it", agent,
                       id_format(watched->order, text));
        }
    }
}

void check_resumed(struct world *world, unsigned agent)
{
    struct check *check = &world->check;
    const struct agent *acked = state_agent(check->fold, keys_address(&world->keys, agent));
    const uint32_t ended = 1u << RUNG_DECLINED | 1u << RUNG_COMPLETED;
    char text[ID_TEXT];

    for (size_t i = 0; i < check->orders_n && acked != NULL && !world->failed; i++) {
        const struct watched *watched = &check->orders[i];
        if (watched->addressed[agent] && watched->seen[agent] && (watched->said[agent] & ended) == 0 &&
            watched->issued_seq <= acked->acked[watched->lane] && !is_off(world, watched, agent) &&
            watched->resumed[agent] != world->actors[agent].life) {
            world_fail(world, "I1: agent %u has acknowledged order %s, and its journal has it not", agent,
                       id_format(watched->order, text));
        }
    }
}

/* --- carried out and answered --------------------------------------------------------------------- */

void check_effect(struct world *world, unsigned agent, struct id order)
{
    struct watched *watched = check_order(world, order);
    char text[ID_TEXT];

    if (watched == NULL || ++watched->effects[agent] > 1) {
        world_fail(world, "I3: agent %u carries out order %s twice", agent, id_format(order, text));
    }
    world->options.tally->effects++;
}

void check_said(struct world *world, unsigned agent, const struct give_receipt *receipt)
{
    struct watched *watched = check_order(world, receipt->order);

    if (watched != NULL && receipt->amendment == 0) {
        watched->said[agent] |= 1u << receipt->rung;
    }
}

void check_said_before(struct world *world, unsigned agent, const struct give_receipt *receipt)
{
    const struct watched *watched = check_order(world, receipt->order);
    char text[ID_TEXT];

    if (watched != NULL && receipt->amendment == 0 && (watched->said[agent] & 1u << receipt->rung) == 0) {
        world_fail(world, "I3: agent %u never said \"%s\" of order %s, and its journal answers that it did",
                   agent, rung_name(receipt->rung), id_format(receipt->order, text));
    }
}
