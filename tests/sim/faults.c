#include "tests/sim/faults.h"

#include "tests/sim/country.h"
#include "tests/sim/hostile.h"

enum {
    HOUR_MS = 3600 * 1000,
    DAY_MS = 24 * HOUR_MS,
    PAUSE_LONG_MS = 10000,
    PAUSE_MAX_MS = 60000,
    CUT_LONG_MS = 60000,
    CUT_MAX_MS = 600000,
    OPERATIONS_MAX = 40
};

/* Mostly short, now and then as long as it may be. */
static int64_t some_time(struct world *world, int64_t least, int64_t usual, int64_t most)
{
    return world_between(world, least, world_once_in(world, 6) ? most : usual);
}

/* --- clocks --------------------------------------------------------------------------------------- */

static void step_broker_clock(struct world *world)
{
    struct broker *broker = &world->broker;

    switch (world_below(world, 5)) {
    case 0:
        broker->utc_offset_ms += world_once_in(world, 2) ? HOUR_MS : -HOUR_MS;
        world_struck(world, FAULT_CLOCK_HOUR, AGENTS);
        return;
    case 1:
        broker->utc_offset_ms -= DAY_MS;
        world_struck(world, FAULT_CLOCK_DAY, AGENTS);
        return;
    case 2:
        broker->strobe_until_ms = world->now_ms + world_between(world, 1000, 20000);
        world_struck(world, FAULT_CLOCK_STROBE, AGENTS);
        return;
    case 3:
        broker->utc_offset_ms += world_between(world, -60000, 60000);
        return;
    default:
        broker->utc_offset_ms = WORLD_UTC_OFFSET_MS;
        return;
    }
}

static void step_agent_clock(struct world *world, struct actor *actor)
{
    static const int64_t STEPS[] = {HOUR_MS, -HOUR_MS, -DAY_MS, 60000, -60000};

    world_struck(world, FAULT_AGENT_CLOCK, actor->number);
    actor->utc_offset_ms = WORLD_UTC_OFFSET_MS;
    if (!world_once_in(world, 3)) {
        actor->utc_offset_ms += STEPS[world_below(world, sizeof STEPS / sizeof STEPS[0])];
    }
}

/* --- disks ---------------------------------------------------------------------------------------- */

static void fill_disk(struct world *world, unsigned who)
{
    struct memvfs *vfs = who == AGENTS ? world->broker.vfs : world->actors[who].vfs;
    uint64_t room = world_below(world, 60000);

    world_trace(world, "fault: the disk of %u fills up", who);
    memvfs_set_size_limit(vfs, memvfs_size(vfs) + room + 1);
    if (who == AGENTS) {
        world->broker.disk_full = true;
        world->broker.was_full = true;
        world->broker.ever_full = true;
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

static void fail_disk(struct world *world, enum fault fault)
{
    struct broker *broker = &world->broker;

    broker->may_fail = true;
    broker->error_planned = fault;
    memvfs_fail(broker->vfs, fault == FAULT_SYNC_ERROR ? MEMVFS_SYNC : MEMVFS_WRITE,
                1 + world_below(world, 8), MEMVFS_EIO, world_once_in(world, 2));
}

/* --- the broker ----------------------------------------------------------------------------------- */

static void pause_broker(struct world *world)
{
    struct broker *broker = &world->broker;
    int64_t ms = some_time(world, 100, 8000, PAUSE_MAX_MS);

    if (world->now_ms + ms < broker->paused_until_ms) {
        return; /* it stands still for longer already */
    }
    if (!broker_paused(world)) {
        check_clock_step(world);
        broker->paused_from_ms = world->now_ms;
        broker->paused_in_service = broker->in_service;
    }
    broker->paused_until_ms = world->now_ms + ms;
    broker->healthy_since_ms = broker->paused_until_ms;
    world_struck(world, FAULT_PAUSE, AGENTS);
    if (ms >= PAUSE_LONG_MS) {
        world_struck(world, FAULT_PAUSE_LONG, AGENTS);
    }
}

static void strike_broker(struct world *world)
{
    struct broker *broker = &world->broker;
    bool quiet = broker->in_service && !broker->may_fail && broker->crash_at == CRASH_NOWHERE;

    if (broker->engine == NULL) {
        return;
    }
    switch (world_below(world, 12)) {
    case 0:
        world_struck(world, FAULT_KILL_ANYWHERE, AGENTS);
        broker_crash(world, world_once_in(world, 2));
        return;
    case 1:
    case 2:
    case 3:
    case 4:
        if (quiet) {
            broker->crash_at = (enum crash_point)world_between(world, CRASH_BEFORE_WRITE, CRASH_IN_HEAD);
            broker->crash_power = world_once_in(world, 2);
        }
        return;
    case 5:
        if (quiet) {
            fail_disk(world, world_once_in(world, 2) ? FAULT_SYNC_ERROR : FAULT_WRITE_ERROR);
        }
        return;
    case 6:
        if (broker->in_service) {
            broker_stop(world);
        }
        return;
    case 7:
    case 8:
        if (broker->in_service && !broker->disk_full) {
            fill_disk(world, AGENTS);
        }
        return;
    case 9:
        pause_broker(world);
        return;
    default:
        step_broker_clock(world);
        return;
    }
}

/* --- the network ---------------------------------------------------------------------------------- */

static void cut_line(struct world *world, unsigned agent)
{
    static const enum fault FAULTS[] = {FAULT_CUT_UP, FAULT_CUT_DOWN, FAULT_CUT_BOTH};
    struct line *line = &world->network.lines[agent];
    int64_t ms = some_time(world, 1000, 15000, CUT_MAX_MS);
    uint64_t which = world_below(world, 3);

    if (which != 1) {
        line->cut_until_ms[UP] = world->now_ms + ms;
    }
    if (which != 0) {
        line->cut_until_ms[DOWN] = world->now_ms + ms;
    }
    world_struck(world, FAULTS[which], agent);
    if (ms >= CUT_LONG_MS) {
        world_struck(world, FAULT_CUT_LONG, agent);
    }
}

static void strike_line(struct world *world, unsigned agent)
{
    bool connected = world->network.connections[agent].id != 0;

    switch (world_below(world, 8)) {
    case 0:
    case 1:
        cut_line(world, agent);
        return;
    case 2:
        for (unsigned i = 0; world_once_in(world, 4) && i < AGENTS; i++) {
            cut_line(world, i);
        }
        return;
    case 3:
        if (connected) {
            world_struck(world, FAULT_HOLE, agent);
            world->network.connections[agent].hole = true;
        }
        return;
    case 4:
        if (connected) {
            world_struck(world, FAULT_SLIP, agent);
            network_slip(world, agent);
        }
        return;
    case 5:
        if (connected) {
            world_struck(world, FAULT_CLOSED, agent);
            network_cut(world, agent, true);
        }
        return;
    case 6:
        network_worsen(world, agent);
        return;
    default:
        network_mend(world, agent);
        return;
    }
}

/* --- agents --------------------------------------------------------------------------------------- */

static void strike_agent(struct world *world, unsigned agent)
{
    struct actor *actor = &world->actors[agent];
    bool quiet = !actor->may_fail && actor->crash_at == STAGE_NONE;

    if (actor->client == NULL) {
        return;
    }
    switch (world_below(world, 11)) {
    case 0:
        world_struck(world, FAULT_AGENT_KILL, agent);
        actor_crash(actor, world_once_in(world, 2));
        return;
    case 1:
    case 2:
    case 3:
    case 4:
        if (quiet) {
            actor_plan_crash(actor);
        }
        return;
    case 5:
        if (!actor->disk_full) {
            fill_disk(world, agent);
        }
        return;
    case 6:
        if (quiet) {
            actor->may_fail = true;
            memvfs_fail(actor->vfs, MEMVFS_SYNC, 1 + world_below(world, 8), MEMVFS_EIO, false);
        }
        return;
    case 7:
        if (actor->paused_until_ms <= world->now_ms) {
            actor->paused_until_ms = world->now_ms + some_time(world, 100, 8000, PAUSE_MAX_MS);
            world_struck(world, FAULT_AGENT_PAUSE, agent);
        }
        return;
    case 8:
        step_agent_clock(world, actor);
        return;
    default:
        hostile_strike(world, agent);
        return;
    }
}

void faults_strike(struct world *world)
{
    unsigned agent = (unsigned)world_below(world, AGENTS);

    switch (world_below(world, world->options.country == NULL ? 3 : 5)) {
    case 0:
        strike_broker(world);
        return;
    case 1:
        strike_line(world, agent);
        return;
    case 3:
    case 4:
        trunk_strike(world);
        return;
    default:
        strike_agent(world, agent);
        return;
    }
}

void faults_end(struct world *world)
{
    struct broker *broker = &world->broker;

    for (unsigned who = 0; who <= AGENTS; who++) {
        faults_free_disk(world, who);
    }
    for (unsigned i = 0; i < AGENTS; i++) {
        struct actor *actor = &world->actors[i];
        network_mend(world, i);
        actor_heal(actor);
    }
    broker->paused_until_ms = 0;
    broker->utc_offset_ms = WORLD_UTC_OFFSET_MS;
    broker->strobe_until_ms = 0;
    broker->crash_at = broker->armed ? broker->crash_at : CRASH_NOWHERE;
    if (!broker->armed && !memvfs_has_fired(broker->vfs)) { /* else the engine has yet to hear of it */
        broker->may_fail = false;
        memvfs_fail(broker->vfs, MEMVFS_CHANGES, 0, MEMVFS_EIO, false);
    }
}
