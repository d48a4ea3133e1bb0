#include "tests/sim/check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/engine/engine_private.h"
#include "tests/sim/world.h"

enum { COMPARE_EVERY = 64, LATE_EVERY = 16 };

bool check_make(struct world *world)
{
    arena_init(&world->check.arena, (size_t)8 * FRAME_MAX);
    world->check.fold = state_new();
    return world->check.fold != NULL;
}

void check_free(struct world *world)
{
    struct check *check = &world->check;
    for (unsigned i = 0; i < AGENTS; i++) {
        for (int lane = 0; lane <= LANE_MAX; lane++) {
            free(check->outbox[i][lane].at);
        }
    }
    free(check->orders);
    free(check->hashes);
    state_free(check->fold);
    arena_free(&check->arena);
}

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

/* --- what is said and answered -------------------------------------------------------------------- */

uint64_t check_say(struct world *world, unsigned agent)
{
    struct check *check = &world->check;

    if (check->sayings_n == TAGS_MAX) {
        world_fail(world, "too many steps: more than %d commands", TAGS_MAX);
        return TAGS_MAX - 1;
    }
    check->sayings[check->sayings_n] = (struct saying){.agent = agent};
    return check->sayings_n++;
}

void check_submitted(struct world *world, uint64_t tag)
{
    world->check.sayings[tag].submitted++;
}

void check_unsaid(struct world *world, uint64_t tag)
{
    world->check.sayings[tag].unsaid = true;
}

/* Refusals that no command of ours can earn. */
static bool is_wrong(enum refusal refusal)
{
    switch (refusal) {
    case REFUSED_VERSION:
    case REFUSED_FENCED:
    case REFUSED_BUSY:
    case REFUSED_DISK:
    case REFUSED_INVALID:
    case REFUSED_IDENTITY:
    case REFUSED_REGION:
    case REFUSED_EPOCH:
    case REFUSED_SIGNATURE:
    case REFUSED_STALE:
    case REFUSED_CONFLICT:
    case REFUSED_MODE:
    case REFUSED_RIGHT:
    case REFUSED_FOUNDING:
    case REFUSED_NOT_ADDRESSEE:
        return true;
    default:
        return false;
    }
}

void check_reply(struct world *world, unsigned agent, uint64_t tag, const struct reply *reply)
{
    struct saying *saying = &world->check.sayings[tag];

    world_trace(world, "agent %u: reply to tag %" PRIu64 ": %d %s %s", agent, tag, (int)reply->outcome,
                refusal_word(reply->refusal), reply->detail);
    if (tag >= world->check.sayings_n || saying->agent != agent || ++saying->told > saying->submitted) {
        world_fail(world, "agent %u is answered once too often for tag %" PRIu64, agent, tag);
        return;
    }
    if (reply->outcome == OUTCOME_DONE &&
        (!check_hash(world, reply->seq, reply->hash) || saying->decided != 1)) {
        world_fail(world, "I1: tag %" PRIu64 " is done at seq %" PRIu64 ", and the log has it not", tag,
                   reply->seq);
    }
    if (reply->outcome == OUTCOME_REFUSED && is_wrong(reply->refusal)) {
        world_fail(world, "tag %" PRIu64 " of agent %u is refused: %s (%s)", tag, agent,
                   refusal_word(reply->refusal), reply->detail);
    }
}

void check_delivery(struct world *world, unsigned agent, const struct delivery *delivery)
{
    struct watched *watched = check_order(world, delivery->order);
    char text[ID_TEXT];

    if (watched == NULL) {
        return;
    }
    if (watched->issuer == agent && delivery->seq == watched->outcome_seq) {
        watched->issuer_told = true;
    }
    switch (delivery->kind) {
    case DELIVERY_ORDER:
        world_trace(world, "agent %u: order %s, %s", agent, id_format(delivery->order, text),
                    delivery->resumed ? "resumed" : "new");
        if (watched->over[agent]) {
            world_fail(world, "I3: agent %u is given order %s after its end", agent, text);
        }
        if (!delivery->resumed && ++watched->given[agent] > 1) {
            world_fail(world, "I3: agent %u is given order %s twice", agent, text);
        }
        if (!delivery->resumed &&
            delivery->event->order_issued.expires_at_ms + LATE_MAX_MS < broker_bus_ms(world) &&
            world->broker.in_service && !broker_paused(world)) {
            world_fail(world, "I3: agent %u is given order %s past its time", agent, text);
        }
        return;
    case DELIVERY_RECALL:
    case DELIVERY_EXPIRED:
        watched->over[agent] = true;
        return;
    case DELIVERY_AMENDMENT:
    case DELIVERY_NOTICE:
        return;
    }
}

/* --- states --------------------------------------------------------------------------------------- */

struct comparing {
    struct world *world;
    struct buf live, fold;
};

static bool same_incident(void *ctx, const struct incident *incident)
{
    struct comparing *comparing = ctx;
    struct world *world = comparing->world;
    const struct incident *folded = state_incident(world->check.fold, incident->id);
    char text[ID_TEXT];

    buf_reset(&comparing->live);
    buf_reset(&comparing->fold);
    state_dump_incident(incident, &comparing->live);
    if (folded != NULL) {
        state_dump_incident(folded, &comparing->fold);
    }
    if (strcmp(buf_text(&comparing->live), buf_text(&comparing->fold)) != 0) {
        world_fail(world, "I6: incident %s is not what the log says", id_format(incident->id, text));
    }
    return !world->failed;
}

static bool same_agent(void *ctx, const struct agent *agent)
{
    struct comparing *comparing = ctx;
    struct world *world = comparing->world;
    const struct agent *folded = state_agent(world->check.fold, agent->name);

    if (folded == NULL || folded->units_n != agent->units_n ||
        memcmp(folded->acked, agent->acked, sizeof agent->acked) != 0) {
        world_fail(world, "I6: agent %s is not what the log says", agent->name);
    }
    for (size_t i = 0; i < agent->units_n && !world->failed; i++) {
        const struct unit *unit = agent_unit(folded, agent->units[i].id);
        if (unit == NULL || strcmp(unit->type, agent->units[i].type) != 0) {
            world_fail(world, "I6: a unit of %s is not what the log says", agent->name);
        }
    }
    return !world->failed;
}

static void compare_states(struct world *world)
{
    struct comparing comparing = {.world = world};
    const struct state *live = engine_state(world->broker.engine);
    const struct region *region = state_region(live);
    const struct region *folded = state_region(world->check.fold);

    buf_init(&comparing.live, 0);
    buf_init(&comparing.fold, 0);
    if (state_each_incident(live, same_incident, &comparing) < 0 ||
        state_each_agent(live, same_agent, &comparing) < 0) {
        abort();
    }
    if (strcmp(region->code, folded->code) != 0 || region->members_n != folded->members_n ||
        !policy_equal(&region->policy, &folded->policy) ||
        region->refusals_counted != folded->refusals_counted) {
        world_fail(world, "I6: the region is not what the log says");
    }
    buf_free(&comparing.live);
    buf_free(&comparing.fold);
    world->check.compared = world->check.head;
}

static bool not_late(void *ctx, const struct incident *incident)
{
    struct world *world = ctx;
    int64_t due = incident_due(incident);
    char text[ID_TEXT];

    if (due != 0 && due + LATE_MAX_MS < broker_bus_ms(world)) {
        world_fail(world,
                   "I7: a deadline of incident %s passed %" PRId64 " ms ago, and nothing is said of it",
                   id_format(incident->id, text), broker_bus_ms(world) - due);
    }
    return !world->failed;
}

static void check_bounds(struct world *world)
{
    const struct engine *engine = world->broker.engine;

    if (HASH_COUNT(engine->sessions) > AGENTS * ENGINE_SESSIONS_PER_AGENT ||
        HASH_COUNT(engine->authors) > AGENTS || engine->parked_n > ENGINE_PARKED_MAX ||
        engine->gather.n > LOG_BATCH_MAX ||
        engine->idle.n > engine->options.idle_streams_max + LOG_BATCH_MAX) {
        world_fail(world, "I9: sessions %u, authors %u, parked %zu, gathered %zu, idle %zu",
                   HASH_COUNT(engine->sessions), HASH_COUNT(engine->authors), engine->parked_n,
                   engine->gather.n, engine->idle.n);
    }
}

void check_step(struct world *world)
{
    struct broker *broker = &world->broker;

    if (world->failed || broker->engine == NULL || !broker->in_service || broker->fatal) {
        return;
    }
    check_bounds(world);
    if (engine_drained(broker->engine) &&
        (world->check.compared != world->check.head || world->step % COMPARE_EVERY == 0)) {
        compare_states(world);
    }
    if (world->step % LATE_EVERY == 0 && !broker->disk_full && !broker->was_full && !broker_paused(world) &&
        world->now_ms > broker->healthy_since_ms + LATE_MAX_MS) {
        (void)state_each_incident(world->check.fold, not_late, world);
    }
}

/* --- the end -------------------------------------------------------------------------------------- */

static bool no_deadline(void *ctx, const struct incident *incident)
{
    bool *ret = ctx;

    *ret = *ret && incident_due(incident) == 0;
    return *ret;
}

static bool all_acked(const struct world *world)
{
    for (unsigned i = 0; i < AGENTS; i++) {
        const struct agent *agent = state_agent(world->check.fold, keys_address(i));
        for (int lane = LANE_URGENT; lane <= LANE_MAX; lane++) {
            const struct seqs *outbox = &world->check.outbox[i][lane];
            if (outbox->n > 0 && (agent == NULL || agent->acked[lane] < outbox->at[outbox->n - 1])) {
                return false;
            }
        }
    }
    return true;
}

const char *check_unrest(struct world *world)
{
    bool no_deadlines = true;

    if (!world->broker.in_service) {
        return "the broker is not in service";
    }
    for (unsigned i = 0; i < AGENTS; i++) {
        const struct client *client = world->actors[i].client;
        if (client == NULL || !client_ready(client)) {
            return "an agent is not ready";
        }
        if (client_pending(client) > 0) {
            return "an agent waits for replies";
        }
    }
    if (!engine_drained(world->broker.engine)) {
        return "the engine is at work";
    }
    (void)state_each_incident(world->check.fold, no_deadline, &no_deadlines);
    if (!no_deadlines) {
        return "deadlines are left";
    }
    return all_acked(world) ? NULL : "deliveries are not acknowledged";
}

static bool has_end(void *ctx, const struct incident *incident)
{
    struct world *world = ctx;
    char text[ID_TEXT];

    for (size_t i = 0; i < incident->orders_n; i++) {
        const struct order *order = &incident->orders[i];
        const struct watched *watched = check_order(world, order->id);
        if (order_is_open(order) && !order->unanswered && !order->overdue) {
            world_fail(world, "I2: order %s has no end and is not escalated", id_format(order->id, text));
        }
        if (watched != NULL && watched->outcome_seq != 0 && !watched->outcome_by_issuer &&
            !watched->issuer_told) {
            world_fail(world, "I2: the issuer of order %s was not told of its end at seq %" PRIu64,
                       id_format(order->id, text), watched->outcome_seq);
        }
    }
    return !world->failed;
}

void check_end(struct world *world)
{
    struct check *check = &world->check;

    (void)state_each_incident(check->fold, has_end, world);
    for (size_t tag = 0; tag < check->sayings_n && !world->failed; tag++) {
        const struct saying *saying = &check->sayings[tag];
        if (!saying->unsaid && saying->told < saying->submitted && !check->lossy[saying->agent]) {
            world_fail(world, "I1: tag %zu of agent %u was said and never answered", tag, saying->agent);
        }
    }
    if (!world->failed) {
        compare_states(world);
    }
}
