#include "tests/sim/broker.h"

#include <inttypes.h>
#include <string.h>

#include "tests/sim/world.h"

#define VFS_NAME "sim-broker"

enum { SLOTS_WITHIN_MS = 1000 };

/* --- what the engine asks for --------------------------------------------------------------------- */

static int64_t boot_ms(void *ctx)
{
    const struct world *world = ctx;

    return world->now_ms - world->broker.boot_base_ms;
}

static int64_t utc_ms(void *ctx)
{
    const struct world *world = ctx;

    return world->now_ms + world->broker.utc_offset_ms;
}

static int on_send(void *ctx, struct peer peer, struct bytes frame)
{
    struct world *world = ctx;

    return world->broker.dying ? ERR_NOT_FOUND : network_down(world, peer, frame);
}

static void push(struct requests *requests, struct log_request *request)
{
    request->next = NULL;
    if (requests->last != NULL) {
        requests->last->next = request;
    } else {
        requests->first = request;
    }
    requests->last = request;
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

/* Requests are done and told in the order in which they came. */
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

    push(&world->broker.submitted, request);
    if (!world->broker.dying) {
        if (request->is_append) {
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
    world->broker.healthy_since_ms = world->now_ms;
}

static void on_note(void *ctx, enum log_level level, const char *text)
{
    struct world *world = ctx;

    world_trace(world, "broker: note: %s", text);
    if (level == LOG_LEVEL_ERROR && !world->broker.was_full && !world->broker.may_fail) {
        world_fail(world, "the broker complains without a fault: %s", text);
    }
}

static void on_fatal(void *ctx, const struct err *err)
{
    struct world *world = ctx;

    if (world->broker.dying) {
        return;
    }
    world_trace(world, "broker: fatal: %s", err->text);
    world->broker.fatal = true;
    if (!world->broker.may_fail && !world->broker.was_full) {
        world_fail(world, "the broker ended without a fault: %s", err->text);
    }
}

/* --- life ----------------------------------------------------------------------------------------- */

int64_t broker_bus_ms(const struct world *world)
{
    return world->now_ms + world->broker.bus_offset_ms;
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
    broker->utc_offset_ms = INT64_C(1795000000000) - world->now_ms;
    world->rng.fill(world->rng.ctx, broker->boot, sizeof broker->boot);
    broker->vfs = memvfs_new(VFS_NAME, world_below(world, UINT64_MAX));
    return broker->vfs != NULL;
}

static bool open_store(struct world *world)
{
    struct broker *broker = &world->broker;
    struct log_sqlite_options options = {.folder = "log",
                                         .region = SIM_REGION,
                                         .create = true,
                                         .vfs = VFS_NAME,
                                         .single_process = true,
                                         .rng = &world->rng};
    char warning[512];
    struct err err = {0};

    if (log_sqlite_open(&options, &broker->store, warning, sizeof warning, &err) < 0) {
        world_trace(world, "broker: the log does not open: %s", err.text);
        if (!broker->disk_full) {
            world_fail(world, "the log does not open after a crash: %s", err.text);
        }
        broker->store = NULL;
        return false;
    }
    return true;
}

void broker_start(struct world *world)
{
    struct broker *broker = &world->broker;
    struct engine_options options = {.region = SIM_REGION,
                                     .epoch = 1,
                                     .broker = &world->keys.broker,
                                     .region_keys = &world->keys.region,
                                     .genesis = buf_bytes(&world->keys.genesis),
                                     .beat_ms = BROKER_BEAT_MS,
                                     .idle_streams_max = 2,
                                     .open_orders_max = 6};
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
    broker->may_fail = false;
    broker->power_planned = false;
}

void broker_crash(struct world *world, bool power)
{
    struct broker *broker = &world->broker;

    world_trace(world, "broker: %s", power ? "the power goes" : "killed");
    if (power) {
        memvfs_power_cut(broker->vfs, world_below(world, UINT64_MAX));
        broker->boot_base_ms = world->now_ms;
        world->rng.fill(world->rng.ctx, broker->boot, sizeof broker->boot);
    } else {
        memvfs_kill(broker->vfs);
    }
    memvfs_fail(broker->vfs, MEMVFS_CHANGES, 0, MEMVFS_EIO, false);
    memvfs_power_cut_at(broker->vfs, MEMVFS_CHANGES, 0);
    end_process(world);
    for (unsigned i = 0; i < AGENTS; i++) {
        if (world_once_in(world, 5)) {
            world->network.connections[i].hole = true; /* its machine is gone: nobody says so */
        } else {
            network_cut(world, i, true);
        }
    }
    world_later(world, world_between(world, 50, 3000), HAPPEN_BROKER_UP, 0, 0);
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

/* --- the log -------------------------------------------------------------------------------------- */

void broker_write(struct world *world)
{
    struct broker *broker = &world->broker;
    struct log_request *request = pop(&broker->submitted);

    if (request == NULL) {
        return;
    }
    if (request->is_append) {
        request->result = log_append(broker->store, request->expected_seq, request->entries,
                                     request->entries_n, &request->err);
        world_trace(world, "log: append %zu after %" PRIu64 ": %s", request->entries_n, request->expected_seq,
                    request->result == 0 ? "done" : request->err.text);
    } else {
        request->result =
            log_read(broker->store, &request->query, &request->arena, &request->answer, &request->err);
    }
    push(&broker->written, request);
    if (broker->power_planned && memvfs_has_fired(broker->vfs)) {
        broker_crash(world, true);
        return;
    }
    if (request->is_append && request->result == 0) {
        check_written(world);
        if (!broker->slots_planned) {
            broker->slots_planned = true;
            world_later(world, world_between(world, 1, SLOTS_WITHIN_MS), HAPPEN_HEAD_SLOTS, 0, broker->life);
        }
    }
    world_later(world, next_moment(world), HAPPEN_LOG_TOLD, 0, broker->life);
}

void broker_tell(struct world *world)
{
    struct broker *broker = &world->broker;
    struct log_request *request = pop(&broker->written);

    if (request != NULL) {
        if (request->is_append && request->result == 0) {
            broker->was_full = broker->disk_full;
            check_told(world, request->entries[0].record.header.seq,
                       request->entries[request->entries_n - 1].record.header.seq);
        }
        engine_log_done(broker->engine, request);
    }
}

void broker_sync_head(struct world *world)
{
    struct broker *broker = &world->broker;
    struct err err = {0};

    broker->slots_planned = false;
    if (log_sync_head(broker->store, &err) < 0) {
        world_trace(world, "log: head slots: %s", err.text);
        if (!broker->disk_full && !broker->may_fail) {
            world_fail(world, "the head slots cannot be written: %s", err.text);
        }
    }
    if (broker->power_planned && memvfs_has_fired(broker->vfs)) {
        broker_crash(world, true);
    }
}
