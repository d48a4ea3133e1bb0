#include "tests/sim/world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/faults.h"

enum { BEGIN_MS = 1000000, FAULT_EVERY_MS = 2500, HEAL_STEPS_MAX = 200000, HEAL_MS_MAX = 20 * 60 * 1000 };

/* --- chance --------------------------------------------------------------------------------------- */

/* splitmix64 */
static uint64_t next(struct world *world)
{
    uint64_t z = world->chance += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t world_below(struct world *world, uint64_t n)
{
    return next(world) % n;
}

bool world_once_in(struct world *world, uint64_t n)
{
    return world_below(world, n) == 0;
}

int64_t world_between(struct world *world, int64_t least, int64_t most)
{
    return least + (int64_t)world_below(world, (uint64_t)(most - least) + 1);
}

static void fill(void *ctx, void *p, size_t n)
{
    struct world *world = ctx;
    uint8_t *bytes = p;

    for (size_t i = 0; i < n; i++) {
        bytes[i] = (uint8_t)next(world);
    }
}

/* --- telling -------------------------------------------------------------------------------------- */

void world_fail(struct world *world, const char *format, ...)
{
    va_list args;

    if (world->failed) {
        return;
    }
    world->failed = true;
    va_start(args, format);
    (void)vsnprintf(world->why, sizeof world->why, format, args);
    va_end(args);
    world_trace(world, "FAILED: %s", world->why);
}

void world_trace(struct world *world, const char *format, ...)
{
    va_list args;

    if (!world->trace) {
        return;
    }
    va_start(args, format);
    (void)printf("%6" PRIu64 " %10.3f ", world->step, (double)(world->now_ms - BEGIN_MS) / 1000);
    (void)vprintf(format, args);
    (void)putchar('\n');
    va_end(args);
}

/* --- the queue: a heap by time, then by serial ---------------------------------------------------- */

static bool is_before(const struct happening *a, const struct happening *b)
{
    return a->at_ms < b->at_ms || (a->at_ms == b->at_ms && a->serial < b->serial);
}

static void swap(struct happening *a, struct happening *b)
{
    struct happening kept = *a;

    *a = *b;
    *b = kept;
}

void world_later(struct world *world, int64_t in_ms, enum happening_kind kind, unsigned who, uint64_t life)
{
    struct happening *queue = world->queue;
    size_t i = world->queue_n;

    if (i == HAPPENINGS_MAX) {
        world_fail(world, "I9: too much is to happen");
        return;
    }
    queue[i] = (struct happening){
        .at_ms = world->now_ms + in_ms, .serial = ++world->serials, .kind = kind, .who = who, .life = life};
    world->queue_n++;
    for (; i > 0 && is_before(&queue[i], &queue[(i - 1) / 2]); i = (i - 1) / 2) {
        swap(&queue[i], &queue[(i - 1) / 2]);
    }
}

static struct happening pop(struct world *world)
{
    struct happening *queue = world->queue;
    struct happening first = queue[0];
    size_t i = 0;

    queue[0] = queue[--world->queue_n];
    for (;;) {
        size_t child = 2 * i + 1;
        if (child + 1 < world->queue_n && is_before(&queue[child + 1], &queue[child])) {
            child++;
        }
        if (child >= world->queue_n || !is_before(&queue[child], &queue[i])) {
            return first;
        }
        swap(&queue[i], &queue[child]);
        i = child;
    }
}

uint64_t world_life(struct world *world)
{
    return ++world->lives;
}

/* --- life ----------------------------------------------------------------------------------------- */

struct world *world_new(uint64_t seed, bool trace)
{
    struct world *world = calloc(1, sizeof *world);

    if (world == NULL) {
        return NULL;
    }
    world->seed = seed;
    world->chance = seed * 0x2545f4914f6cdd1du + 1;
    world->trace = trace;
    world->now_ms = BEGIN_MS;
    world->rng = (struct rng){world, fill};
    world->queue = calloc(HAPPENINGS_MAX, sizeof *world->queue);
    if (world->queue == NULL || !check_make(world) || !broker_make(world)) {
        world_free(world);
        return NULL;
    }
    keys_make(&world->keys, &world->rng, world->now_ms + world->broker.utc_offset_ms);
    for (unsigned i = 0; i < AGENTS; i++) {
        if (!actor_make(world, i)) {
            world_free(world);
            return NULL;
        }
        /* some come late: what is for them must wait */
        world_later(world, world_once_in(world, 3) ? world_between(world, 5000, 30000) : 0, HAPPEN_AGENT_UP,
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
    free(world->queue);
    free(world);
}

/* --- one step ------------------------------------------------------------------------------------- */

/* What a broker that stands still would have to do, it does when it goes on. */
static bool waits_for_broker(struct world *world, const struct happening *happening)
{
    bool its = happening->kind == HAPPEN_LOG_WRITE || happening->kind == HAPPEN_LOG_TOLD ||
               happening->kind == HAPPEN_HEAD_SLOTS || happening->kind == HAPPEN_FRAME_UP;

    if (!its || !broker_paused(world)) {
        return false;
    }
    world_later(world, world->broker.paused_until_ms - world->now_ms, happening->kind, happening->who,
                happening->life);
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

static void happen(struct world *world, const struct happening *happening)
{
    struct actor *actor = happening->who < AGENTS ? &world->actors[happening->who] : NULL;
    bool alive = actor != NULL && actor->client != NULL && actor->life == happening->life;

    switch (happening->kind) {
    case HAPPEN_FRAME_UP:
    case HAPPEN_FRAME_DOWN:
        if (world->network.connections[happening->who].id == happening->life &&
            (world->broker.engine != NULL || happening->kind == HAPPEN_FRAME_DOWN)) {
            network_arrive(world, happening->who, happening->kind == HAPPEN_FRAME_UP);
        }
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
    }
}

/* The earliest tick: the agents by their number, then the broker (AGENTS); AGENTS + 1: none. */
static unsigned earliest_tick(struct world *world, int64_t *ret_at)
{
    unsigned who = AGENTS + 1;

    *ret_at = INT64_MAX;
    for (unsigned i = 0; i < AGENTS; i++) {
        const struct actor *actor = &world->actors[i];
        if (actor->client != NULL && client_due_ms(actor->client) != INT64_MAX &&
            client_due_ms(actor->client) + actor->boot_base_ms < *ret_at) {
            *ret_at = client_due_ms(actor->client) + actor->boot_base_ms;
            who = i;
        }
    }
    if (world->broker.engine != NULL && engine_due_ms(world->broker.engine) != INT64_MAX) {
        int64_t at = engine_due_ms(world->broker.engine) + world->broker.boot_base_ms;
        at = at > world->broker.paused_until_ms ? at : world->broker.paused_until_ms;
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
    if (world->broker.fatal && world->broker.engine != NULL) {
        broker_crash(world, false);
    }
    for (unsigned i = 0; i < AGENTS; i++) {
        struct actor *actor = &world->actors[i];
        if (actor->client != NULL && actor->power_planned && memvfs_has_fired(actor->vfs)) {
            world->check.lossy[i] = true;
            actor_crash(actor, true);
        }
    }
}

bool world_step(struct world *world)
{
    int64_t tick_ms;
    unsigned who = earliest_tick(world, &tick_ms);

    world->step++;
    if (world->queue_n > 0 && world->queue[0].at_ms <= tick_ms) {
        struct happening happening = pop(world);
        world->now_ms = happening.at_ms > world->now_ms ? happening.at_ms : world->now_ms;
        if (!waits_for_broker(world, &happening)) {
            happen(world, &happening);
        }
    } else if (who <= AGENTS) {
        world->now_ms = tick_ms > world->now_ms ? tick_ms : world->now_ms;
        if (who < AGENTS) {
            actor_tick(&world->actors[who]);
        } else {
            engine_tick(world->broker.engine);
        }
    } else {
        return false;
    }
    bury(world);
    check_step(world);
    return !world->failed;
}

bool world_heal(struct world *world)
{
    int64_t until_ms = world->now_ms + HEAL_MS_MAX;
    const char *unrest = "";

    world->healing = true;
    faults_end(world);
    for (uint64_t i = 0; i < HEAL_STEPS_MAX && !world->failed && world->now_ms < until_ms; i++) {
        (void)world_step(world);
        unrest = world->step % 16 == 0 ? check_unrest(world) : unrest;
        if (unrest == NULL) {
            break;
        }
    }
    if (!world->failed && unrest != NULL) {
        world_fail(world, "all is healed, and nothing comes to rest: %s", unrest);
    }
    if (!world->failed) {
        check_end(world);
    }
    return !world->failed;
}
