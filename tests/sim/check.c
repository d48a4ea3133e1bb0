#include "tests/sim/check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/engine/engine_private.h"
#include "tests/sim/world.h"

enum { LATE_SEEN_MS = 1000, COMPARE_EVERY = 64, LATE_EVERY = 16, DEEP_EVERY = 2048 };

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

void check_forbid(struct world *world, uint64_t tag)
{
    world->check.sayings[tag].forbidden = true;
    world->options.tally->forbidden++;
}

void check_lost(struct world *world, unsigned agent)
{
    for (size_t tag = 0; tag < world->check.sayings_n; tag++) {
        struct saying *saying = &world->check.sayings[tag];
        if (saying->agent == agent && saying->told < saying->submitted) {
            saying->lost = true;
        }
    }
}

/* Refusals that no command of ours can earn. */
static bool is_wrong(const struct world *world, enum refusal refusal)
{
    if (refusal == REFUSED_REGION || refusal == REFUSED_INVALID) {
        return world->options.country ==
               NULL; /* another region leads, or is the home; or it is this region */
    }
    switch (refusal) {
    case REFUSED_VERSION:
    case REFUSED_FENCED:
    case REFUSED_BUSY:
    case REFUSED_IDENTITY:
    case REFUSED_EPOCH:
    case REFUSED_SIGNATURE:
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
        world_fail(world, "I3: agent %u is answered once too often for tag %" PRIu64, agent, tag);
        return;
    }
    if (reply->outcome == OUTCOME_DONE &&
        (!check_hash(world, reply->seq, reply->hash) || saying->decided != 1)) {
        world_fail(world, "I1: tag %" PRIu64 " is done at seq %" PRIu64 ", and the log has it not", tag,
                   reply->seq);
    }
    if (saying->forbidden && reply->outcome != OUTCOME_REFUSED) {
        world_fail(world, "I4: tag %" PRIu64 " of agent %u is taken, without the right to it", tag, agent);
    }
    /* the second press, after a split: its order is there, and the other incident's */
    bool again = reply->refusal == REFUSED_CONFLICT && saying->decided > 0;
    bool wrong = (is_wrong(world, reply->refusal) && !again) ||
                 (reply->refusal == REFUSED_DISK && !world->broker.ever_full);
    if (reply->outcome == OUTCOME_REFUSED && wrong && !saying->forbidden && !world->actors[agent].garbled) {
        world_fail(world, "I10: tag %" PRIu64 " of agent %u is refused: %s (%s)", tag, agent,
                   refusal_word(reply->refusal), reply->detail);
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

void check_states(struct world *world)
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

    bool is_late = due != 0 && due + LATE_MAX_MS < broker_bus_ms(world);
    bool is_known = id_equal(world->check.late, incident->id);
    /* A report brings an incident back that was over, with deadlines of long ago: they pass then. */
    if (is_late && id_is_zero(world->check.late)) {
        world->check.late = incident->id;
        world->check.late_since_ms = world->now_ms;
    } else if (!is_late && is_known) {
        world->check.late = (struct id){{0}};
    } else if (is_late && is_known && world->now_ms > world->check.late_since_ms + LATE_SEEN_MS) {
        world_fail(world,
                   "I7: a deadline of incident %s passed %" PRId64 " ms ago, and nothing is said of it",
                   id_format(incident->id, text), broker_bus_ms(world) - due);
    }
    return !world->failed;
}

static void check_bounds(struct world *world)
{
    const struct engine *engine = world->broker.engine;
    unsigned agents = AGENTS + (world->options.country != NULL ? REGIONS : 0); /* links are agents */

    if (HASH_COUNT(engine->sessions) > agents * ENGINE_SESSIONS_PER_AGENT ||
        HASH_COUNT(engine->authors) > agents || engine->parked_n > ENGINE_PARKED_MAX ||
        engine->gather.n > LOG_BATCH_MAX ||
        engine->idle.n > engine->options.idle_streams_max + LOG_BATCH_MAX ||
        HASH_COUNT(engine->streams) >
            engine->idle.n + engine->open.n + engine->loads_under_way + agents + 1 ||
        engine->jobs_under_way > ENGINE_PARKED_MAX) {
        world_fail(world, "I9: sessions %u, authors %u, parked %zu, gathered %zu, idle %zu",
                   HASH_COUNT(engine->sessions), HASH_COUNT(engine->authors), engine->parked_n,
                   engine->gather.n, engine->idle.n);
    }
}

void check_step(struct world *world)
{
    struct broker *broker = &world->broker;

    check_clock_step(world);
    if (!world->failed && broker->store != NULL && world->step % DEEP_EVERY == 0) {
        check_deep(world);
    }
    if (world->failed || broker->engine == NULL || !broker->in_service || broker->fatal) {
        return;
    }
    check_bounds(world);
    if (engine_drained(broker->engine) &&
        (world->check.compared != world->check.head || world->step % COMPARE_EVERY == 0)) {
        check_states(world);
    }
    if (world->step % LATE_EVERY == 0 && !broker->disk_full && !broker->was_full && !broker_paused(world) &&
        world->now_ms > broker->healthy_since_ms + LATE_MAX_MS) {
        (void)state_each_incident(world->check.fold, not_late, world);
    } else if (world->now_ms <= broker->healthy_since_ms + LATE_MAX_MS) {
        world->check.late = (struct id){{0}};
    }
}
