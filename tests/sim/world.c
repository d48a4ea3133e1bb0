#include "tests/sim/world.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/country.h"
#include "tests/sim/faults.h"

enum { HEAL_STEPS_MAX = 400000, REST_EVERY = 16 };

/* --- life ----------------------------------------------------------------------------------------- */

struct world *world_new(const struct world_options *options)
{
    struct world *world = calloc(1, sizeof *world);

    if (world == NULL) {
        return NULL;
    }
    world->options = *options;
    world->chance = options->seed * 0x2545f4914f6cdd1du + 1;
    world->now_ms = WORLD_BEGIN_MS;
    world->rng = (struct rng){world, world_fill};
    world->queue = calloc(HAPPENINGS_MAX, sizeof *world->queue);
    world->trace = options->country != NULL ? &options->country->trace : &world->own_trace;
    keys_name(&world->keys, options->region != NULL ? options->region : keys_alone());
    if (world->queue == NULL || !trace_make(&world->own_trace, options) || !check_make(world) ||
        !broker_make(world)) {
        world_free(world);
        return NULL;
    }
    keys_make(&world->keys, &world->rng, world->now_ms + WORLD_UTC_OFFSET_MS);
    network_make(world);
    for (unsigned i = 0; i < AGENTS; i++) {
        if (!actor_make(world, i)) {
            world_free(world);
            return NULL;
        }
        /* some come late: what is for them must wait */
        int64_t most_ms = options->country == NULL ? 30000 : 8000;
        world_later(world, world_once_in(world, 3) ? world_between(world, 5000, most_ms) : 0, HAPPEN_AGENT_UP,
                    i, 0);
    }
    world_later(world, 0, HAPPEN_BROKER_UP, 0, 0);
    world->fault_every_ms = world_between(world, 300, 3000);
    world_later(world, world->fault_every_ms, HAPPEN_FAULT, 0, 0);
    return world;
}

void world_free(struct world *world)
{
    if (world == NULL) {
        return;
    }
    for (unsigned i = 0; i < AGENTS; i++) {
        actor_free(&world->actors[i]);
    }
    broker_free(world);
    network_free(world);
    check_free(world);
    keys_free(&world->keys);
    trace_free(&world->own_trace);
    free(world->queue);
    free(world);
}

/* --- one step ------------------------------------------------------------------------------------- */

/* What a program that stands still would have to do, it does when it goes on. */
static bool waits(struct world *world, const struct happening *happening)
{
    int64_t until_ms = 0;

    switch (happening->kind) {
    case HAPPEN_LOG_WRITE:
    case HAPPEN_LOG_TOLD:
    case HAPPEN_HEAD_SLOTS:
    case HAPPEN_FRAME_UP:
    case HAPPEN_TRUNK_FRAME:
    case HAPPEN_TRUNK_LOOK:
        until_ms = world->broker.paused_until_ms;
        break;
    case HAPPEN_FRAME_DOWN:
    case HAPPEN_ACT:
    case HAPPEN_CONNECT:
        until_ms = world->actors[happening->who].paused_until_ms;
        break;
    default:
        break;
    }
    if (until_ms <= world->now_ms) {
        return false;
    }
    world_put_off(world, happening, until_ms);
    return true;
}

static void happen_to_broker(struct world *world, const struct happening *happening)
{
    if (happening->life != world->broker.life || world->broker.engine == NULL) {
        return;
    }
    if (happening->kind == HAPPEN_LOG_WRITE) {
        broker_write(world);
    } else if (happening->kind == HAPPEN_LOG_TOLD) {
        broker_tell(world);
    } else {
        broker_sync_head(world);
    }
}

static void happen_to_parcel(struct world *world, const struct happening *happening)
{
    bool up = happening->kind == HAPPEN_FRAME_UP || happening->kind == HAPPEN_AGAIN_UP;
    enum direction direction = up ? UP : DOWN;

    if (world->network.connections[happening->who].id != happening->life) {
        return;
    }
    if (happening->kind == HAPPEN_FRAME_UP || happening->kind == HAPPEN_FRAME_DOWN) {
        network_arrive(world, happening->who, direction, happening->number);
    } else {
        network_again(world, happening->who, direction, happening->number);
    }
}

static void happen(struct world *world, const struct happening *happening)
{
    struct actor *actor = happening->who < AGENTS ? &world->actors[happening->who] : NULL;
    bool alive = actor != NULL && actor->client != NULL && actor->life == happening->life;

    switch (happening->kind) {
    case HAPPEN_FRAME_UP:
    case HAPPEN_FRAME_DOWN:
    case HAPPEN_AGAIN_UP:
    case HAPPEN_AGAIN_DOWN:
        happen_to_parcel(world, happening);
        return;
    case HAPPEN_CONNECT:
        if (alive) {
            network_connect(world, happening->who);
        }
        return;
    case HAPPEN_ACT:
        if (alive) {
            actor_act(actor);
        }
        return;
    case HAPPEN_LOG_WRITE:
    case HAPPEN_LOG_TOLD:
    case HAPPEN_HEAD_SLOTS:
        happen_to_broker(world, happening);
        return;
    case HAPPEN_FAULT:
        if (!world->healing) {
            faults_strike(world);
            world_later(world, world_between(world, 1, 2 * world->fault_every_ms), HAPPEN_FAULT, 0, 0);
        }
        return;
    case HAPPEN_BROKER_UP:
        broker_start(world);
        return;
    case HAPPEN_AGENT_UP:
        actor_start(actor);
        return;
    case HAPPEN_DISK_FREE:
        faults_free_disk(world, happening->who);
        return;
    case HAPPEN_TRUNK_FRAME:
        trunk_arrive(world, happening);
        return;
    case HAPPEN_TRUNK_LOOK:
        trunk_look(world, happening->who);
        return;
    }
}

static int64_t later_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The earliest tick: the agents by their number, then the broker (AGENTS); AGENTS + 1: none. */
static unsigned earliest_tick(const struct world *world, int64_t *ret_at)
{
    const struct broker *broker = &world->broker;
    unsigned who = AGENTS + 1;

    *ret_at = INT64_MAX;
    for (unsigned i = 0; i < AGENTS; i++) {
        const struct actor *actor = &world->actors[i];
        if (actor->client == NULL || client_due_ms(actor->client) == INT64_MAX) {
            continue;
        }
        int64_t at = later_of(client_due_ms(actor->client) + actor->boot_base_ms, actor->paused_until_ms);
        if (at < *ret_at) {
            *ret_at = at;
            who = i;
        }
    }
    if (broker->engine != NULL && engine_due_ms(broker->engine) != INT64_MAX) {
        int64_t at = later_of(engine_due_ms(broker->engine) + broker->boot_base_ms, broker->paused_until_ms);
        if (at < *ret_at) {
            *ret_at = at;
            who = AGENTS;
        }
    }
    return who;
}

/* What a step left behind: a process that has ended. */
static void bury(struct world *world)
{
    broker_bury(world);
    for (unsigned i = 0; i < AGENTS; i++) {
        actor_bury(&world->actors[i]);
    }
}

int64_t world_due_ms(const struct world *world)
{
    int64_t tick_ms;

    (void)earliest_tick(world, &tick_ms);
    return world->queue_n > 0 && world->queue[0].at_ms <= tick_ms ? world->queue[0].at_ms : tick_ms;
}

bool world_step(struct world *world)
{
    int64_t tick_ms;
    unsigned who = earliest_tick(world, &tick_ms);

    world->step++;
    if (world->queue_n > 0 && world->queue[0].at_ms <= tick_ms) {
        struct happening happening = world_next(world);
        world->now_ms = later_of(happening.at_ms, world->now_ms);
        world_mix(world, &(uint64_t[]){happening.kind, happening.who, (uint64_t)world->now_ms},
                  3 * sizeof(uint64_t));
        if (!waits(world, &happening)) {
            happen(world, &happening);
        }
    } else if (who <= AGENTS) {
        world->now_ms = later_of(tick_ms, world->now_ms);
        world_mix(world, &(uint64_t[]){who, (uint64_t)world->now_ms}, 2 * sizeof(uint64_t));
        if (who < AGENTS) {
            actor_tick(&world->actors[who]);
        } else {
            engine_tick(world->broker.engine);
        }
    } else {
        return false;
    }
    broker_end_turn(world);
    bury(world);
    check_step(world);
    return !world->failed;
}

/* --- a whole life --------------------------------------------------------------------------------- */

void world_begin_healing(struct world *world)
{
    world_trace(world, "all is healed");
    world->healing = true;
    faults_end(world);
}

/* Faults end, everybody starts, time passes: all must come to its end. */
static void heal(struct world *world)
{
    int64_t until_ms = world->now_ms + HEAL_MS_MAX;
    const char *unrest = "";

    world_begin_healing(world);
    for (uint64_t i = 0; i < HEAL_STEPS_MAX && world->now_ms < until_ms && world_step(world); i++) {
        unrest = world->step % REST_EVERY == 0 ? check_unrest(world) : unrest;
        if (unrest == NULL) {
            break;
        }
    }
    if (!world->failed && unrest != NULL) {
        world_fail(world, "liveness: all is healed, and nothing comes to rest: %s", unrest);
    }
    if (!world->failed) {
        check_end(world);
    }
}

void world_count(const struct world *world)
{
    struct tally *tally = world->options.tally;

    tally->steps += world->step;
    tally->records += world->check.head;
    tally->orders += world->check.orders_n;
    for (unsigned i = 0; i <= AGENTS; i++) {
        const struct memvfs *vfs = i < AGENTS ? world->actors[i].vfs : world->broker.vfs;
        tally->faults[FAULT_TORN] += memvfs_torn(vfs);
        tally->faults[FAULT_DROPPED] += memvfs_dropped(vfs);
    }
}

bool world_run(struct world *world)
{
    while (world->step < world->options.steps && world_step(world)) {
    }
    if (!world->failed && world->options.mode == LIVENESS) {
        heal(world);
    }
    if (!world->failed) {
        broker_last_look(world);
    }
    world_count(world);
    world->options.tally->lives++;
    world->options.tally->ms += (uint64_t)(world->now_ms - WORLD_BEGIN_MS);
    return !world->failed;
}
