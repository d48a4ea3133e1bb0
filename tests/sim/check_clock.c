/* Clocks: bus time by its rule, and what the log says of steps and stops. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/engine/engine.h"
#include "tests/sim/world.h"

enum { LOOK_MS = 1000 }; /* how often the broker looks, as docs/operations.md has it */

/* The rule of bus time, reckoned from the log and the clocks, apart from the engine. */
static void expect_start(struct world *world, const struct log_header *header)
{
    const struct region *region = state_region(world->check.fold);
    const struct broker *broker = &world->broker;
    int64_t boot = broker->clock.boot_ms(broker->clock.ctx);
    bool same_boot = region->clock_bus_ms != 0 && memcmp(region->clock_boot, broker->boot, 16) == 0;
    int64_t bus = same_boot ? boot + region->clock_bus_ms - region->clock_boot_ms
                            : broker->clock.utc_ms(broker->clock.ctx);

    if (broker_clock_is_off(world) && !broker->accept_clock) {
        world_fail(world, "I12: the broker starts with a clock that a person must look at");
    }
    bus = bus > world->check.last_bus_ms ? bus : world->check.last_bus_ms;
    world->broker.bus_offset_ms = bus - world->now_ms;
    if (header->bus_ms != bus) {
        world_fail(world, "I12: the clock is set to %" PRId64 ", not %" PRId64, header->bus_ms, bus);
    }
}

void check_clock_append(struct world *world, const struct log_header *header)
{
    if (header->kind == COMMAND_FOUND_REGION) {
        const struct clock *clock = &world->broker.clock;
        world->broker.bus_offset_ms = clock->utc_ms(clock->ctx) - world->now_ms;
    } else if (header->kind == COMMAND_SET_CLOCK && !world->broker.in_service) {
        expect_start(world, header);
    }
}

/* --- steps and stops ------------------------------------------------------------------------------ */

/* The fold is as it was before the record. */
void check_clock_set(struct world *world, const struct set_clock *said, const struct log_header *header)
{
    const struct region *region = state_region(world->check.fold);
    struct stops *stops = &world->check.stops;
    bool same_boot = region->clock_bus_ms != 0 && memcmp(region->clock_boot, said->boot, 16) == 0;
    int64_t moved =
        same_boot ? (said->utc_ms - said->boot_ms) - (region->clock_utc_ms - region->clock_boot_ms) : 0;

    if (said->stepped_ms != (llabs((long long)moved) >= ENGINE_CLOCK_STEP_MS ? moved : 0)) {
        world_fail(world,
                   "I12: seq %" PRIu64 " says that the wall clock stepped by %" PRId64
                   " ms, and it did by %" PRId64,
                   header->seq, said->stepped_ms, moved);
    }
    if (world->broker.engine == NULL || !world->broker.in_service) {
        return; /* a start, or a record of a process that is no more */
    }
    if (said->bus_ms - said->boot_ms != region->clock_bus_ms - region->clock_boot_ms) {
        world_fail(world, "I12: seq %" PRIu64 " moves bus time", header->seq);
    }
    if (said->stepped_ms == 0 && said->stood_ms == 0) {
        world_fail(world, "I12: seq %" PRIu64 " sets the clock, and nothing was the matter", header->seq);
    }
    if (stops->noted_ms != 0 && said->boot_ms < stops->noted_ms + ENGINE_CLOCK_NOTED_MS) {
        world_fail(world, "I9: seq %" PRIu64 " tells of the clock %" PRId64 " ms after another", header->seq,
                   said->boot_ms - stops->noted_ms);
    }
    stops->noted_ms = said->boot_ms;
    stops->told_ms += said->stood_ms;
    if (stops->told_ms > stops->most_ms) {
        world_fail(world,
                   "I12: the log says of %" PRId64 " ms that the broker stood still, and it did %" PRId64,
                   stops->told_ms, stops->most_ms);
    }
    world_struck(world, said->stood_ms != 0 ? FAULT_STOP_NOTED : FAULT_STEP_NOTED, AGENTS);
}

void check_clock_step(struct world *world)
{
    struct broker *broker = &world->broker;
    struct stops *stops = &world->check.stops;

    if (broker->paused_from_ms == 0 || broker_paused(world)) {
        return;
    }
    int64_t until_ms = broker->paused_until_ms != 0 ? broker->paused_until_ms : world->now_ms;
    int64_t ms = until_ms - broker->paused_from_ms;
    broker->paused_from_ms = 0;
    stops->most_ms += ms;
    if (ms >= ENGINE_STOOD_MS + LOOK_MS && broker->paused_in_service && broker->in_service) {
        stops->least_ms += ms - LOOK_MS;
    }
}

void check_clock_ending(struct world *world)
{
    world->check.stops = (struct stops){0};
    world->broker.paused_from_ms = 0;
}

const char *check_clock_unrest(const struct world *world)
{
    const struct region *region = state_region(world->check.fold);
    const struct clock *clock = &world->broker.clock;
    int64_t shows = clock->utc_ms(clock->ctx) - clock->boot_ms(clock->ctx);
    int64_t told = region->clock_utc_ms - region->clock_boot_ms;

    if (llabs((long long)(shows - told)) >= ENGINE_CLOCK_STEP_MS) {
        return "a step of the broker's wall clock is not written down";
    }
    return world->check.stops.told_ms < world->check.stops.least_ms
               ? "that the broker stood still is not written down"
               : NULL;
}
