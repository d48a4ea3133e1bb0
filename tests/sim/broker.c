#include "tests/sim/broker.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/country.h"

enum {
    SLOTS_WITHIN_MS = 1000,
    STROBE_MS = 40,
    IDLE_FRAMES = 64, /* so few that the log is written back many times */
    HOUR_MS = 3600 * 1000,
    CLOCK_BEHIND_MAX_MS = HOUR_MS, /* as docs/operations.md says */
    OPERATIONS_MAX = 40
};

#define CLOCK_AHEAD_MAX_MS (INT64_C(30) * 24 * HOUR_MS)

/* --- what the engine asks for --------------------------------------------------------------------- */

static int64_t boot_ms(void *ctx)
{
    const struct world *world = ctx;

    return world->now_ms - world->broker.boot_base_ms;
}

static int64_t utc_ms(void *ctx)
{
    const struct world *world = ctx;

    int64_t strobe = 0;

    if (world->now_ms < world->broker.strobe_until_ms) {
        strobe = world->now_ms / STROBE_MS % 2 == 0 ? HOUR_MS : -HOUR_MS;
    }
    return world->now_ms + world->broker.utc_offset_ms + strobe;
}

/* While a commit is told: has the process ended between what it said and what it would say now? */
static bool ends_before(struct world *world, struct bytes frame)
{
    struct broker *broker = &world->broker;
    struct bytes envelopes[BUNDLE_MAX];
    struct envelope envelope;

    if (!broker->telling || broker->crash_at != CRASH_AFTER_REPLIES) {
        return false;
    }
    size_t n = check_split(world, frame, envelopes);
    bool replied = broker->replied;
    for (size_t i = 0; i < n && !broker->doomed; i++) {
        arena_reset(&world->check.arena);
        if (wire_decode_envelope(envelopes[i], &world->check.arena, &envelope, NULL) == 0) {
            replied = replied || envelope.kind == ENVELOPE_REPLY;
            broker->doomed = broker->replied && envelope.kind == ENVELOPE_DELIVER;
        }
    }
    broker->replied = replied;
    return broker->doomed;
}

static int on_send(void *ctx, struct peer peer, struct bytes frame)
{
    struct world *world = ctx;

    if (world->broker.dying || world->broker.doomed || ends_before(world, frame)) {
        return ERR_NOT_FOUND;
    }
    return trunk_is_peer(peer) ? trunk_send(world, peer, frame) : network_down(world, peer, frame);
}

static void push(struct requests *requests, struct log_request *request, bool first)
{
    request->next = first ? requests->first : NULL;
    if (first || requests->first == NULL) {
        requests->first = request;
    } else {
        requests->last->next = request;
    }
    requests->last = request->next == NULL ? request : requests->last;
}

static struct log_request *pop(struct requests *requests)
{
    struct log_request *request = requests->first;

    if (request != NULL) {
        requests->first = request->next;
        if (requests->first == NULL) {
            requests->last = NULL;
        }
    }
    return request;
}

/* Requests are done and told as the writer does them. */
static int64_t next_moment(struct world *world)
{
    struct broker *broker = &world->broker;
    int64_t at = world->now_ms + world_between(world, 0, world_once_in(world, 20) ? 120 : 4);

    broker->request_ms = at > broker->request_ms ? at : broker->request_ms;
    return broker->request_ms - world->now_ms;
}

static void on_submit(void *ctx, struct log_request *request)
{
    struct world *world = ctx;

    push(&world->broker.submitted, request, request->is_append); /* as log_writer.h has it */
    if (!world->broker.dying) {
        if (request->is_append && !world->broker.doomed) {
            check_append(world, request);
        }
        world_later(world, next_moment(world), HAPPEN_LOG_WRITE, 0, world->broker.life);
    }
}

static void on_service(void *ctx)
{
    struct world *world = ctx;

    world_trace(world, "broker: in service");
    world->broker.in_service = true;
    world->broker.accept_clock = false;
    world->broker.healthy_since_ms = world->now_ms;
}

static void on_note(void *ctx, enum log_level level, const char *text)
{
    struct world *world = ctx;

    world_trace(world, "broker: note: %s", text);
    if (world->broker.doomed) {
        return;
    }
    if (level == LOG_LEVEL_ERROR && !world->broker.was_full && !world->broker.may_fail) {
        world_fail(world, "I10: the broker complains without a fault: %s", text);
    }
}

static void on_fatal(void *ctx, const struct err *err)
{
    struct world *world = ctx;

    if (world->broker.dying || world->broker.doomed) {
        return;
    }
    world_trace(world, "broker: fatal: %s", err->text);
    world->broker.fatal = true;
    if (err->code == ERR_CONFIG && broker_clock_is_off(world) && !world->broker.accept_clock) {
        world->broker.clock_refused = true;
        world_struck(world, FAULT_CLOCK_REFUSED, AGENTS);
    } else if (!world->broker.may_fail && !world->broker.was_full) {
        world_fail(world, "I10: the broker ended without a fault: %s", err->text);
    }
}

/* --- life ----------------------------------------------------------------------------------------- */

int64_t broker_bus_ms(const struct world *world)
{
    return world->now_ms + world->broker.bus_offset_ms;
}

bool broker_clock_is_off(const struct world *world)
{
    const struct region *region = state_region(world->check.fold);
    const struct broker *broker = &world->broker;
    int64_t last = world->check.last_bus_ms;
    int64_t utc = broker->clock.utc_ms(broker->clock.ctx);
    bool same_boot = region->clock_bus_ms != 0 && memcmp(region->clock_boot, broker->boot, 16) == 0;

    return !same_boot && last != 0 && (utc - last > CLOCK_AHEAD_MAX_MS || last - utc > CLOCK_BEHIND_MAX_MS);
}

bool broker_paused(const struct world *world)
{
    return world->now_ms < world->broker.paused_until_ms;
}

bool broker_make(struct world *world)
{
    struct broker *broker = &world->broker;

    broker->clock = (struct clock){world, boot_ms, utc_ms};
    broker->boot_base_ms = world->now_ms - world_between(world, 1000, 100000);
    broker->utc_offset_ms = WORLD_UTC_OFFSET_MS;
    (void)snprintf(broker->vfs_name, sizeof broker->vfs_name, "sim-%s-broker", world->keys.region.name);
    world->rng.fill(world->rng.ctx, broker->boot, sizeof broker->boot);
    broker->vfs = memvfs_new(broker->vfs_name, world_below(world, UINT64_MAX));
    return broker->vfs != NULL;
}

static bool open_store(struct world *world)
{
    struct broker *broker = &world->broker;
    struct log_sqlite_options options = {.folder = "log",
                                         .region = world->keys.region.name,
                                         .create = true,
                                         .vfs = broker->vfs_name,
                                         .single_process = true,
                                         .rng = &world->rng,
                                         .idle_frames = IDLE_FRAMES};
    char warning[512];
    struct err err = {0};

    if (log_sqlite_open(&options, &broker->store, warning, sizeof warning, &err) < 0) {
        world_trace(world, "broker: the log does not open: %s", err.text);
        if (!broker->disk_full) {
            world_fail(world, "I1: the log does not open after a crash: %s", err.text);
        }
        broker->store = NULL;
        return false;
    }
    return true;
}

void broker_start(struct world *world)
{
    struct broker *broker = &world->broker;
    struct engine_options options = {.region = world->keys.region.name,
                                     .epoch = 1,
                                     .broker = &world->keys.broker,
                                     .region_keys = &world->keys.region,
                                     .genesis = buf_bytes(&world->keys.genesis),
                                     .beat_ms = BROKER_BEAT_MS,
                                     .canary_ms = BROKER_CANARY_MS,
                                     .idle_streams_max = 2,
                                     .open_orders_max = 6,
                                     .accept_clock = broker->accept_clock};
    struct engine_io io = {.ctx = world,
                           .send = on_send,
                           .log = {world, on_submit},
                           .on_service = on_service,
                           .on_note = on_note,
                           .on_fatal = on_fatal};
    struct err err = {0};

    if (broker->engine != NULL) {
        return;
    }
    if (!open_store(world)) {
        world_later(world, 1000, HAPPEN_BROKER_UP, 0, 0);
        return;
    }
    options.head = log_get_head(broker->store);
    memcpy(options.boot, broker->boot, sizeof options.boot);
    broker->life = world_life(world);
    broker->fatal = false;
    broker->request_ms = world->now_ms;
    broker->slots_planned = false;
    world_trace(world, "broker: start at seq %" PRIu64, options.head.seq);
    check_reopened(world);
    if (engine_new(&options, &io, &broker->clock, &world->rng, &broker->engine, &err) < 0) {
        world_fail(world, "no engine: %s", err.text);
        return;
    }
    engine_start(broker->engine);
}

static void end_process(struct world *world)
{
    struct broker *broker = &world->broker;
    struct log_request *request;

    broker->dying = true;
    broker->in_service = false;
    broker->paused_until_ms = 0;
    if (broker->engine != NULL) {
        check_ending(world);
        while ((request = pop(&broker->written)) != NULL || (request = pop(&broker->submitted)) != NULL) {
            request->result = err_set(&request->err, ERR_IO, "the process ended");
            engine_log_done(broker->engine, request);
        }
        engine_free(broker->engine);
        broker->engine = NULL;
    }
    log_close(broker->store);
    broker->store = NULL;
    broker->life = 0;
    broker->dying = false;
    broker->fatal = false;
    broker->doomed = false;
    broker->stopping = false;
    broker->may_fail = false;
    broker->crash_at = CRASH_NOWHERE;
    broker->armed = false;
    broker->telling = false;
    broker->replied = false;
}

/* The machine starts again: a new boot, and sometimes its clock has not kept the time. */
static void reboot(struct world *world)
{
    struct broker *broker = &world->broker;

    broker->boot_base_ms = world->now_ms;
    world->rng.fill(world->rng.ctx, broker->boot, sizeof broker->boot);
    if (world_once_in(world, 3) && !world->healing) {
        broker->utc_offset_ms -= world_between(world, 1000, 2 * HOUR_MS);
        world_struck(world, FAULT_CLOCK_BEHIND, AGENTS);
    }
}

/* A person looks at a broker that does not start for its clock: sets it, or says that it is right. */
static void look_at_clock(struct world *world)
{
    struct broker *broker = &world->broker;

    if (!broker->clock_refused) {
        return;
    }
    broker->clock_refused = false;
    broker->accept_clock = world_once_in(world, 2);
    if (!broker->accept_clock) {
        broker->utc_offset_ms = WORLD_UTC_OFFSET_MS;
        broker->strobe_until_ms = 0;
        broker->accept_clock = broker_clock_is_off(world); /* bus time itself has been led astray */
    }
}

static void lose_connections(struct world *world, bool power)
{
    for (unsigned i = 0; i < AGENTS; i++) {
        if (power && world_once_in(world, 2)) {
            world->network.connections[i].hole = true; /* its machine is gone: nobody says so */
        } else {
            network_cut(world, i, true);
        }
    }
    trunks_lose(world, power);
}

void broker_crash(struct world *world, bool power)
{
    struct broker *broker = &world->broker;

    world_trace(world, "broker: %s", power ? "the power goes" : "killed");
    if (power) {
        world_struck(world, FAULT_POWER, AGENTS);
        memvfs_power_cut(broker->vfs, world_below(world, UINT64_MAX));
        reboot(world);
    } else {
        memvfs_kill(broker->vfs);
    }
    memvfs_fail(broker->vfs, MEMVFS_CHANGES, 0, MEMVFS_EIO, false);
    memvfs_power_cut_at(broker->vfs, MEMVFS_CHANGES, 0);
    end_process(world);
    look_at_clock(world);
    lose_connections(world, power);
    world_later(world, world_between(world, 50, 3000), HAPPEN_BROKER_UP, 0, 0);
}

/* The process ends at a point that was chosen before. */
static void crash_at_point(struct world *world)
{
    static const enum fault FAULTS[CRASH_POINTS] = {
        FAULT_KILL_ANYWHERE,   FAULT_KILL_BEFORE_WRITE,  FAULT_KILL_IN_WRITE, FAULT_KILL_BEFORE_SYNC,
        FAULT_KILL_AFTER_SYNC, FAULT_KILL_AFTER_REPLIES, FAULT_KILL_IN_HEAD};

    world_struck(world, FAULTS[world->broker.crash_at], AGENTS);
    broker_crash(world, world->broker.crash_power);
}

void broker_free(struct world *world)
{
    struct broker *broker = &world->broker;

    if (broker->vfs != NULL) {
        memvfs_kill(broker->vfs);
        end_process(world);
        memvfs_free(broker->vfs);
    }
}

/* --- an orderly end ------------------------------------------------------------------------------- */

void broker_stop(struct world *world)
{
    struct broker *broker = &world->broker;

    world_struck(world, FAULT_STOP, AGENTS);
    broker->stopping = true;
    broker->in_service = false;
    engine_stop(broker->engine);
}

/* What musterd does last: the head file, then the log, whose close writes the WAL back. */
static void finish_stop(struct world *world)
{
    struct broker *broker = &world->broker;
    struct err err = {0};

    if (log_sync_head(broker->store, &err) < 0 && !broker->disk_full && !broker->may_fail && !broker->armed) {
        world_fail(world, "I10: the head slots cannot be written at the end: %s", err.text);
    }
    if (world_once_in(world, 3)) {
        memvfs_power_cut_at(broker->vfs, MEMVFS_CHANGES, 1 + world_below(world, OPERATIONS_MAX));
    }
    check_ending(world);
    engine_free(broker->engine);
    broker->engine = NULL;
    log_close(broker->store);
    broker->store = NULL;
    broker_crash(world, memvfs_has_fired(broker->vfs) && world_once_in(world, 2));
}

void broker_bury(struct world *world)
{
    struct broker *broker = &world->broker;

    if (broker->engine == NULL) {
        return;
    }
    if (broker->doomed) {
        crash_at_point(world);
    } else if (broker->fatal) {
        broker_crash(world, false);
    } else if (broker->stopping && engine_drained(broker->engine) && !broker_paused(world)) {
        finish_stop(world);
    }
}

void broker_last_look(struct world *world)
{
    struct broker *broker = &world->broker;

    memvfs_set_size_limit(broker->vfs, 0);
    broker->disk_full = false;
    broker_crash(world, true);
    if (open_store(world)) {
        check_reopened(world);
        check_deep(world);
    }
}

/* --- the log -------------------------------------------------------------------------------------- */

/* Where in the commit that begins now the process is to end. True: before it. */
static bool plan_crash(struct world *world)
{
    struct broker *broker = &world->broker;

    switch (broker->crash_at) {
    case CRASH_BEFORE_WRITE:
        crash_at_point(world);
        return true;
    case CRASH_IN_WRITE:
    case CRASH_BEFORE_SYNC:
        if (!broker->armed) {
            broker->armed = true;
            memvfs_power_cut_at(broker->vfs,
                                broker->crash_at == CRASH_IN_WRITE ? MEMVFS_CHANGES : MEMVFS_SYNC,
                                broker->crash_at == CRASH_IN_WRITE ? 1 + world_below(world, 12) : 1);
        }
        return false;
    default:
        return false;
    }
}

static bool ends_here(struct world *world)
{
    struct broker *broker = &world->broker;

    if (!broker->armed || !memvfs_has_fired(broker->vfs)) {
        return false;
    }
    crash_at_point(world);
    return true;
}

static void note_error(struct world *world)
{
    struct broker *broker = &world->broker;

    if (broker->may_fail && !broker->armed && memvfs_has_fired(broker->vfs)) {
        world_struck(world, broker->error_planned, AGENTS);
    }
}

static void appended(struct world *world, const struct log_request *request)
{
    struct broker *broker = &world->broker;

    world_trace(world, "log: append %zu after %" PRIu64 ": %s", request->entries_n, request->expected_seq,
                request->result == 0 ? "done" : request->err.text);
    note_error(world);
    if (request->result == ERR_DISK_FULL) {
        world_struck(world, FAULT_DISK_FULL, AGENTS);
    }
    if (request->result != 0) {
        return;
    }
    check_written(world);
    if (!broker->slots_planned) {
        broker->slots_planned = true;
        world_later(world, world_between(world, 1, SLOTS_WITHIN_MS), HAPPEN_HEAD_SLOTS, 0, broker->life);
    }
}

/* As the writer's thread does before it sleeps. */
static void tidy_up(struct world *world)
{
    struct broker *broker = &world->broker;

    if (broker->submitted.first == NULL) {
        log_idle(broker->store);
        note_error(world);
        (void)ends_here(world);
    }
}

void broker_write(struct world *world)
{
    struct broker *broker = &world->broker;
    struct log_request *request = broker->submitted.first;

    if (request == NULL || (request->is_append && plan_crash(world))) {
        return;
    }
    (void)pop(&broker->submitted);
    if (request->is_append) {
        request->result = log_append(broker->store, request->expected_seq, request->entries,
                                     request->entries_n, &request->err);
    } else {
        request->result =
            log_read(broker->store, &request->query, &request->arena, &request->answer, &request->err);
    }
    push(&broker->written, request, false);
    if (ends_here(world)) {
        return;
    }
    if (request->is_append) {
        appended(world, request);
    }
    if (request->is_append && request->result == 0 && broker->crash_at == CRASH_AFTER_SYNC) {
        crash_at_point(world);
        return;
    }
    world_later(world, next_moment(world), HAPPEN_LOG_TOLD, 0, broker->life);
    tidy_up(world);
}

void broker_tell(struct world *world)
{
    struct broker *broker = &world->broker;
    struct log_request *request = pop(&broker->written);

    if (request == NULL) {
        return;
    }
    if (request->is_append && request->result == 0) {
        if (broker->was_full && !broker->disk_full) {
            world_struck(world, FAULT_DISK_FREE, AGENTS);
        }
        broker->was_full = broker->disk_full;
        check_told(world, request->entries[0].record.header.seq,
                   request->entries[request->entries_n - 1].record.header.seq);
    }
    broker->telling = request->is_append;
    broker->replied = false;
    engine_log_done(broker->engine, request);
    engine_flush(broker->engine);
    broker->telling = false;
}

void broker_end_turn(struct world *world)
{
    struct broker *broker = &world->broker;
    bool goes_on = world->queue_n > 0 && world->queue[0].at_ms <= world->now_ms;

    if (broker->engine != NULL && !broker_paused(world) &&
        (!goes_on || broker->stopping || world_once_in(world, 2))) {
        engine_flush(broker->engine);
    }
}

void broker_sync_head(struct world *world)
{
    struct broker *broker = &world->broker;
    struct err err = {0};

    broker->slots_planned = false;
    if (broker->crash_at == CRASH_IN_HEAD && !broker->armed) {
        broker->armed = true;
        memvfs_power_cut_at(broker->vfs, MEMVFS_CHANGES, 1 + world_below(world, 2));
    }
    if (log_sync_head(broker->store, &err) < 0) {
        world_trace(world, "log: head slots: %s", err.text);
        if (!broker->disk_full && !broker->may_fail && !broker->armed) {
            world_fail(world, "I10: the head slots cannot be written: %s", err.text);
        }
    }
    note_error(world);
    (void)ends_here(world);
}
