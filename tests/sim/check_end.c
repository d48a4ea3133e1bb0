/* When all is healed: what has not come to rest, and what must be true once it has. */
#include <inttypes.h>
#include <string.h>

#include "common/core/order.h"
#include "common/engine/engine_private.h"
#include "tests/sim/world.h"

static bool no_deadline(void *ctx, const struct incident *incident)
{
    bool *ret = ctx;

    *ret = *ret && incident_due(incident) == 0;
    return *ret;
}

static bool all_acked(const struct world *world)
{
    for (unsigned i = 0; i < AGENTS; i++) {
        const struct agent *agent = state_agent(world->check.fold, keys_address(&world->keys, i));
        for (int lane = LANE_URGENT; lane <= LANE_MAX; lane++) {
            const struct seqs *outbox = &world->check.outbox[i][lane];
            if (outbox->n > 0 && (agent == NULL || agent->acked[lane] < outbox->at[outbox->n - 1].seq)) {
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
    if (check_clock_unrest(world) != NULL) {
        return check_clock_unrest(world);
    }
    return all_acked(world) ? NULL : "deliveries are not acknowledged";
}

/* The total queue: every order reached everybody for whom it was and stayed. */
static void reached_all(struct world *world, const struct order *order, const struct watched *watched)
{
    char text[ID_TEXT];
    bool withdrawn = order->rung == RUNG_RECALLED || order->rung == RUNG_EXPIRED;

    for (unsigned i = 0; i < AGENTS; i++) {
        bool anothers = order->taker[0] != '\0' && strcmp(order->taker, keys_address(&world->keys, i)) != 0;
        if (watched->addressed[i] && !watched->seen[i] && !withdrawn && !anothers) {
            world_fail(world, "I1: order %s is lost: agent %u never saw it", id_format(order->id, text), i);
        }
    }
}

/* What an engine has refused without a record and not written down yet. */
static uint64_t still_counted(const struct engine *engine)
{
    const struct author *author = engine->authors;
    const struct submission *submission;
    uint64_t n = 0;

    for (; author != NULL; author = author->hh.next) {
        n += author->refusals_uncounted;
    }
    DL_FOREACH (engine->gather.first, submission) {
        n +=
            submission->command.kind == COMMAND_COUNT_REFUSALS ? submission->command.count_refusals.count : 0;
    }
    DL_FOREACH (engine->flight.first, submission) {
        n +=
            submission->command.kind == COMMAND_COUNT_REFUSALS ? submission->command.count_refusals.count : 0;
    }
    return n;
}

/* What was refused for good has no record, and only this process knows it. */
static void forget_gone(struct world *world)
{
    struct check *check = &world->check;

    for (unsigned agent = 0; agent < AGENTS; agent++) {
        const struct author *author = author_find(world->broker.engine, keys_address(&world->keys, agent));
        size_t n = author == NULL ? 0 : author->gone_n < ENGINE_GONE ? author->gone_n : ENGINE_GONE;

        for (size_t i = 0; i < n; i++) {
            uint64_t counter = author->gone[i];
            if (counter < COUNTERS_MAX && check->tags[agent][counter] != 0) {
                check->sayings[check->tags[agent][counter] - 1].forgotten = true;
            }
        }
    }
}

/* What was taken without a record (UNCHANGED, refused beyond the cap), and its Reply lost, only this process
 * knows: the next one says STALE, and it is signed again. */
static void settle_taken(struct world *world)
{
    for (unsigned agent = 0; agent < AGENTS; agent++) {
        const struct author *author = author_find(world->broker.engine, keys_address(&world->keys, agent));
        uint64_t mark = author != NULL ? author->mark : 0;

        for (uint64_t counter = 1; counter <= mark && counter < COUNTERS_MAX; counter++) {
            world->check.settled[agent][counter] = true;
        }
    }
}

void check_ending(struct world *world)
{
    forget_gone(world);
    settle_taken(world);
    world->check.refused_lost += still_counted(world->broker.engine);
    check_clock_ending(world);
}

/* Every refusal that was told is in the log, or in a count there, or was to be. */
static void refusals_counted(struct world *world)
{
    const struct check *check = &world->check;
    uint64_t counted = state_region(check->fold)->refusals_counted;

    if (check->refused_uncounted > counted + still_counted(world->broker.engine) + check->refused_lost) {
        world_fail(world, "I11: of %" PRIu64 " refusals without a record only %" PRIu64 " are counted",
                   check->refused_uncounted, counted);
    }
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
        if (watched != NULL) {
            reached_all(world, order, watched);
        }
        if (watched != NULL && watched->outcome_seq != 0 && !watched->outcome_by_issuer &&
            watched->issuer < AGENTS && !watched->issuer_told) {
            world_fail(world, "I2: the issuer of order %s was not told of its end at seq %" PRIu64,
                       id_format(order->id, text), watched->outcome_seq);
        }
    }
    if (!world->failed) {
        check_rules_end(world, incident);
    }
    return !world->failed;
}

void check_end(struct world *world)
{
    struct check *check = &world->check;

    (void)state_each_incident(check->fold, has_end, world);
    for (size_t tag = 0; tag < check->sayings_n && !world->failed; tag++) {
        const struct saying *saying = &check->sayings[tag];
        if (!saying->unsaid && !saying->lost && saying->told < saying->submitted) {
            world_fail(world, "I1: tag %zu of agent %u was said and never answered", tag, saying->agent);
        }
    }
    if (!world->failed) {
        refusals_counted(world);
    }
    if (!world->failed) {
        check_states(world);
    }
    if (!world->failed && world->broker.store != NULL) {
        check_deep(world);
    }
}
