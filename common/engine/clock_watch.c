/* A wall clock that steps, and a broker that stands still (stopped, or its machine asleep), are written down,
 * for whoever reads the log later: wall times jump there, and deadlines fired late. Nothing is re-timed: the
 * record bears the offset of bus time that was there before.
 *
 * CLOCK_REALTIME and CLOCK_BOOTTIME run at the same rate, also while NTP slews them, so their difference
 * changes by steps alone. It is held against that of the last ClockSet, which is in the state: a step is told
 * once, also across restarts, and a clock that went back again meanwhile has nothing to tell. */
#include <stdlib.h>

#include "common/engine/engine_private.h"

enum {
    LOOK_MS = 1000,
    READ_MS = 20 /* between two clocks that are read one after the other: else we were stopped there */
};

void clock_watch_begin(struct engine *engine)
{
    engine->clock_watch = (struct clock_watch){.look_ms = engine_boot(engine) + LOOK_MS};
}

int64_t clock_watch_stepped(const struct engine *engine, int64_t boot_ms, int64_t utc_ms)
{
    const struct region *region = state_region(engine->state);
    int64_t stepped = (utc_ms - boot_ms) - (region->clock_utc_ms - region->clock_boot_ms);

    if (region->clock_bus_ms == 0 || engine_boot(engine) - boot_ms >= READ_MS ||
        memcmp(region->clock_boot, engine->options.boot, sizeof region->clock_boot) != 0) {
        return 0;
    }
    return llabs((long long)stepped) >= ENGINE_CLOCK_STEP_MS ? stepped : 0;
}

static void note(struct engine *engine, const struct set_clock *said)
{
    if (said->stepped_ms != 0) {
        engine_note(engine, LOG_LEVEL_WARNING, "the wall clock stepped by %+lld ms: bus time goes on",
                    (long long)said->stepped_ms);
    }
    if (said->stood_ms != 0) {
        engine_note(engine, LOG_LEVEL_WARNING,
                    "the broker stood still for %lld ms: it was stopped, or the machine slept",
                    (long long)said->stood_ms);
    }
}

static void tell(struct engine *engine, int64_t boot, int64_t utc, int64_t stepped)
{
    struct clock_watch *watch = &engine->clock_watch;
    struct command command = {.kind = COMMAND_SET_CLOCK,
                              .mode = MODE_ACTUAL,
                              .set_clock = {.bus_ms = boot + engine->offset_ms,
                                            .utc_ms = utc,
                                            .boot_ms = boot,
                                            .reason = stepped != 0 ? "the wall clock stepped" : "stood still",
                                            .stepped_ms = stepped,
                                            .stood_ms = watch->stood_ms}};
    uint64_t before = engine->next_seq;

    memcpy(command.set_clock.boot, engine->options.boot, sizeof command.set_clock.boot);
    commit_own(engine, &command);
    if (engine->next_seq != before) {
        note(engine, &command.set_clock);
        watch->stood_ms = 0;
        watch->noted_ms = boot;
    }
}

void clock_watch_look(struct engine *engine)
{
    struct clock_watch *watch = &engine->clock_watch;
    int64_t boot = engine_boot(engine);

    if (engine->phase != PHASE_SERVICE || boot < watch->look_ms) {
        return;
    }
    if (boot - watch->look_ms >= ENGINE_STOOD_MS) {
        watch->stood_ms += boot - watch->look_ms;
    }
    watch->look_ms = boot + LOOK_MS;
    if (engine->fenced || engine->disk_low || boot < engine->own_after_ms ||
        (watch->noted_ms != 0 && boot < watch->noted_ms + ENGINE_CLOCK_NOTED_MS) ||
        !commit_has_room(engine) || !region_is_loaded(engine)) {
        return; /* told later */
    }
    int64_t utc = engine->clock->utc_ms(engine->clock->ctx);
    int64_t stepped = clock_watch_stepped(engine, boot, utc);
    if (stepped != 0 || watch->stood_ms != 0) {
        tell(engine, boot, utc, stepped);
    }
}

void clock_watch_again(struct engine *engine, const struct set_clock *said)
{
    engine->clock_watch.stood_ms += said->stood_ms;
    engine->clock_watch.noted_ms = 0;
}
