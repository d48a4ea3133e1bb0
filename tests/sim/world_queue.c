/* Chance, and the queue of what is to happen: a heap by time, then by serial. */
#include <string.h>

#include "tests/sim/world.h"

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

void world_fill(void *ctx, void *p, size_t n)
{
    struct world *world = ctx;
    uint8_t *bytes = p;

    for (size_t i = 0; i < n; i++) {
        bytes[i] = (uint8_t)next(world);
    }
}

/* --- the queue ------------------------------------------------------------------------------------ */

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

static void put(struct world *world, struct happening happening)
{
    struct happening *queue = world->queue;
    size_t i = world->queue_n;

    if (i == HAPPENINGS_MAX) {
        world_fail(world, "I9: too much is to happen");
        return;
    }
    happening.serial = ++world->serials;
    queue[i] = happening;
    world->queue_n++;
    for (; i > 0 && is_before(&queue[i], &queue[(i - 1) / 2]); i = (i - 1) / 2) {
        swap(&queue[i], &queue[(i - 1) / 2]);
    }
}

struct happening world_next(struct world *world)
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

void world_later(struct world *world, int64_t in_ms, enum happening_kind kind, unsigned who, uint64_t life)
{
    put(world, (struct happening){.at_ms = world->now_ms + in_ms, .kind = kind, .who = who, .life = life});
}

void world_later_parcel(struct world *world, int64_t in_ms, enum happening_kind kind, unsigned who,
                        uint64_t number)
{
    put(world, (struct happening){.at_ms = world->now_ms + in_ms,
                                  .kind = kind,
                                  .who = who,
                                  .life = world->network.connections[who].id,
                                  .number = number});
}

void world_put_off(struct world *world, const struct happening *happening, int64_t until_ms)
{
    struct happening later = *happening;

    later.at_ms = until_ms;
    put(world, later);
}

uint64_t world_life(struct world *world)
{
    return ++world->lives;
}
