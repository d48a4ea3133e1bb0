#include "tests/sim/faults.h"

#include "tests/sim/world.h"

enum { UTC_STEP_MAX_MS = 60000 };

static int64_t stepped(struct world *world, int64_t offset_ms)
{
    int64_t right = INT64_C(1795000000000);
    int64_t base = right - 1000000; /* now_ms begins there: see world_new() */
    int64_t drift = offset_ms - base;

    drift += world_between(world, -UTC_STEP_MAX_MS, UTC_STEP_MAX_MS);
    if (drift > 2 * UTC_STEP_MAX_MS || drift < -2 * UTC_STEP_MAX_MS) {
        drift = 0;
    }
    return base + drift;
}

static void fill_disk(struct world *world, unsigned who)
{
    struct memvfs *vfs = who == AGENTS ? world->broker.vfs : world->actors[who].vfs;
    uint64_t room = world_below(world, 60000);

    world_trace(world, "fault: the disk of %u fills up", who);
    memvfs_set_size_limit(vfs, memvfs_size(vfs) + room + 1);
    if (who == AGENTS) {
        world->broker.disk_full = true;
        world->broker.was_full = true;
    } else {
        world->actors[who].disk_full = true;
    }
    world_later(world, world_between(world, 500, 5000), HAPPEN_DISK_FREE, who, 0);
}

void faults_free_disk(struct world *world, unsigned who)
{
    struct memvfs *vfs = who == AGENTS ? world->broker.vfs : world->actors[who].vfs;

    world_trace(world, "the disk of %u has room", who);
    memvfs_set_size_limit(vfs, 0);
    if (who == AGENTS) {
        world->broker.disk_full = false;
        if (world->broker.healthy_since_ms < world->now_ms) {
            world->broker.healthy_since_ms = world->now_ms;
        }
    } else {
        world->actors[who].disk_full = false;
    }
}

static void plan_power_cut(struct world *world, unsigned who)
{
    uint64_t nth = 1 + world_below(world, 40);

    world_trace(world, "fault: the power of %u will go", who);
    if (who == AGENTS) {
        world->broker.may_fail = true;
        world->broker.power_planned = true;
        memvfs_power_cut_at(world->broker.vfs, MEMVFS_CHANGES, nth);
    } else {
        world->actors[who].may_fail = true;
        world->actors[who].power_planned = true;
        memvfs_power_cut_at(world->actors[who].vfs, MEMVFS_CHANGES, nth);
    }
}

static void fail_sync(struct world *world)
{
    world_trace(world, "fault: a sync of the log will fail");
    world->broker.may_fail = true;
    memvfs_fail(world->broker.vfs, MEMVFS_SYNC, 1 + world_below(world, 6), MEMVFS_EIO, false);
}

static void strike_broker(struct world *world)
{
    struct broker *broker = &world->broker;

    if (broker->engine == NULL) {
        return;
    }
    switch (world_below(world, 7)) {
    case 0:
        broker_crash(world, false);
        return;
    case 1:
        broker_crash(world, true);
        return;
    case 2:
        if (broker->in_service && !broker->may_fail) {
            plan_power_cut(world, AGENTS);
        }
        return;
    case 3:
        if (broker->in_service && !broker->may_fail) {
            fail_sync(world);
        }
        return;
    case 4:
        if (broker->in_service && !broker->disk_full) {
            fill_disk(world, AGENTS);
        }
        return;
    case 5:
        broker->paused_until_ms = world->now_ms + world_between(world, 100, 8000);
        broker->healthy_since_ms = broker->paused_until_ms;
        world_trace(world, "fault: the broker stands still");
        return;
    default:
        broker->utc_offset_ms = stepped(world, broker->utc_offset_ms);
        world_trace(world, "fault: the broker's wall clock steps");
        return;
    }
}

static void strike_agent(struct world *world, unsigned agent)
{
    struct actor *actor = &world->actors[agent];

    if (actor->client == NULL) {
        return;
    }
    switch (world_below(world, 8)) {
    case 0:
        actor_crash(actor, false);
        return;
    case 1:
        actor_crash(actor, true);
        return;
    case 2:
        if (!actor->may_fail) {
            plan_power_cut(world, agent);
        }
        return;
    case 3:
        if (!actor->disk_full) {
            fill_disk(world, agent);
        }
        return;
    case 4:
        actor->utc_offset_ms = stepped(world, actor->utc_offset_ms);
        return;
    case 5:
        world_trace(world, "fault: agent %u loses its connection, and nobody knows", agent);
        world->network.connections[agent].hole = true;
        return;
    case 6:
        world_trace(world, "fault: agent %u gets another routing id", agent);
        network_slip(world, agent);
        return;
    default:
        world_trace(world, "fault: agent %u is cut off", agent);
        network_cut(world, agent, true);
        return;
    }
}

void faults_strike(struct world *world)
{
    if (world_once_in(world, 3)) {
        strike_broker(world);
    } else {
        strike_agent(world, (unsigned)world_below(world, AGENTS));
    }
}

void faults_end(struct world *world)
{
    for (unsigned who = 0; who <= AGENTS; who++) {
        faults_free_disk(world, who);
    }
    world->broker.paused_until_ms = 0;
    for (unsigned i = 0; i < AGENTS; i++) {
        struct actor *actor = &world->actors[i];
        memvfs_power_cut_at(actor->vfs, MEMVFS_CHANGES, 0);
        actor->power_planned = false;
        actor->may_fail = false;
        world->network.connections[i].latency_ms = 10;
    }
    if (!memvfs_has_fired(world->broker.vfs)) { /* else the engine has yet to hear of it */
        world->broker.power_planned = false;
        world->broker.may_fail = false;
    }
    memvfs_fail(world->broker.vfs, MEMVFS_CHANGES, 0, MEMVFS_EIO, false);
    memvfs_power_cut_at(world->broker.vfs, MEMVFS_CHANGES, 0);
}
