#include "tests/sim/actor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/world.h"

/* --- what the client asks for --------------------------------------------------------------------- */

static int64_t boot_ms(void *ctx)
{
    const struct actor *actor = ctx;

    return actor->world->now_ms - actor->boot_base_ms;
}

static int64_t utc_ms(void *ctx)
{
    const struct actor *actor = ctx;

    return actor->world->now_ms + actor->utc_offset_ms;
}

static void on_send(void *ctx, struct bytes frame)
{
    struct actor *actor = ctx;

    if (actor->saying) {
        actor_reach(actor, STAGE_SAID);
    }
    if (!actor->dead) {
        check_client_sends(actor->world, actor->number, frame);
        hostile_see(actor->world, actor->number, frame);
        network_up(actor->world, actor->number, frame);
    }
}

static void on_reconnect(void *ctx, const char *why)
{
    struct actor *actor = ctx;

    if (actor->dead) {
        return;
    }
    world_trace(actor->world, "agent %u: reconnects: %s", actor->number, why);
    network_cut(actor->world, actor->number, false);
}

static void on_ready(void *ctx, const struct welcome *welcome)
{
    struct actor *actor = ctx;

    world_trace(actor->world, "agent %u: ready, counter %" PRIu64, actor->number, welcome->last_counter);
}

static void on_refused(void *ctx, enum refusal refusal, const char *reason)
{
    struct actor *actor = ctx;

    world_trace(actor->world, "agent %u: bye: %s", actor->number, reason);
    if (refusal != REFUSED_NOT && refusal != REFUSED_IDENTITY && refusal != REFUSED_BUSY &&
        !(refusal == REFUSED_INVALID && actor->garbled)) {
        world_fail(actor->world, "I10: agent %u is turned away without a reason: %s (%s)", actor->number,
                   refusal_word(refusal), reason);
    }
}

static void on_reply(void *ctx, uint64_t tag, const struct reply *reply)
{
    struct actor *actor = ctx;

    if (actor->dead) {
        return;
    }
    check_reply(actor->world, actor->number, tag, reply);
}

static void on_delivery(void *ctx, const struct delivery *delivery)
{
    struct actor *actor = ctx;

    if (delivery->kind == DELIVERY_ORDER && !delivery->resumed) {
        actor_reach(actor, STAGE_JOURNALLED);
    }
    if (actor->dead) {
        return;
    }
    check_delivery(actor->world, actor->number, delivery);
    agency_delivery(actor, delivery);
}

static void on_tail(void *ctx, const struct tail_item *item)
{
    struct actor *actor = ctx;

    if (actor->tail_is_whole && item->seq != actor->tailed_seq + 1) {
        world_fail(actor->world, "I5: the tail jumps from seq %" PRIu64 " to %" PRIu64, actor->tailed_seq,
                   item->seq);
    }
    actor->tailed_seq = item->seq;
}

static void on_tail_end(void *ctx, const struct tail_end *end)
{
    struct actor *actor = ctx;

    if (end->refusal == REFUSED_BUSY) {
        return; /* the region is being read again: it goes on after the next Welcome, if at all */
    }
    if (end->refusal != REFUSED_NOT) {
        world_fail(actor->world, "I10: a tail is refused: %s", end->detail);
    }
    if (actor->tail_is_whole && end->head_seq > actor->tailed_seq) {
        world_fail(actor->world, "I5: the tail ends at %" PRIu64 " and was given up to %" PRIu64,
                   end->head_seq, actor->tailed_seq);
    }
    if (end->head_seq > actor->tailed_seq) {
        actor->tailed_seq = end->head_seq;
    }
    actor->tail_is_whole = true;
}

static void on_bad(void *ctx, uint64_t seq, const char *why)
{
    struct actor *actor = ctx;

    world_fail(actor->world, "I5: agent %u does not believe record %" PRIu64 ": %s", actor->number, seq, why);
}

static void on_trouble(void *ctx, const struct err *err)
{
    struct actor *actor = ctx;

    world_trace(actor->world, "agent %u: trouble: %s", actor->number, err->text);
    if (err->code == ERR_DISK_FULL && !actor->dead) {
        world_struck(actor->world, FAULT_AGENT_DISK_FULL, actor->number);
    }
    if (!actor_is_troubled(actor)) {
        world_fail(actor->world, "I10: agent %u is in trouble without a fault: %s", actor->number, err->text);
    }
}

static void on_failed(void *ctx, const struct err *err)
{
    struct actor *actor = ctx;

    world_trace(actor->world, "agent %u: ends: %s", actor->number, err->text);
    if (!actor_is_troubled(actor)) {
        world_fail(actor->world, "I10: agent %u ends without a fault: %s", actor->number, err->text);
    }
}

bool actor_is_troubled(const struct actor *actor)
{
    return actor->disk_full || actor->may_fail || actor->dead || memvfs_has_fired(actor->vfs);
}

/* --- life ----------------------------------------------------------------------------------------- */

bool actor_make(struct world *world, unsigned number)
{
    struct actor *actor = &world->actors[number];

    actor->world = world;
    actor->number = number;
    actor->clock = (struct clock){actor, boot_ms, utc_ms};
    actor->boot_base_ms = world->now_ms - world_between(world, 1000, 100000);
    actor->utc_offset_ms = WORLD_UTC_OFFSET_MS;
    (void)snprintf(actor->vfs_name, sizeof actor->vfs_name, "sim-%s-agent-%u", world->keys.region.name,
                   number);
    actor->vfs = memvfs_new(actor->vfs_name, world_below(world, UINT64_MAX));
    return actor->vfs != NULL;
}

static void tail(struct actor *actor)
{
    struct tail tail = {.filter = world_once_in(actor->world, 2) ? TAIL_ALL : TAIL_OPEN,
                        .stream = "",
                        .follow = true,
                        .credit = (uint32_t)world_between(actor->world, 1, 40)};

    actor->tail_is_whole = tail.filter == TAIL_ALL;
    (void)client_tail(actor->client, &tail, NULL);
}

static int open_client(struct actor *actor, struct err *err)
{
    struct world *world = actor->world;
    struct journal_options journal = {.path = "journal",
                                      .agent = world->keys.agents[actor->number].name,
                                      .region = world->keys.region.name,
                                      .vfs = actor->vfs_name};
    struct client_options options = {.region = world->keys.region.name,
                                     .agent = &world->keys.agents[actor->number],
                                     .operator= actor->number == 0
                                     ? &world->keys.operator: NULL,
                                     .region_keys = &world->keys.region,
                                     .deliveries = true,
                                     .window = actor->window,
                                     .bundle_max = actor->bundle_max,
                                     .software = "sim",
                                     .mode = MODE_ACTUAL };
    struct client_io io = {.ctx = actor,
                           .send = on_send,
                           .reconnect = on_reconnect,
                           .on_ready = on_ready,
                           .on_refused = on_refused,
                           .on_reply = on_reply,
                           .on_delivery = on_delivery,
                           .on_tail = on_tail,
                           .on_tail_end = on_tail_end,
                           .on_bad = on_bad,
                           .on_trouble = on_trouble,
                           .on_failed = on_failed};
    int rc = journal_open(&journal, &actor->journal, err);

    return rc ? rc
              : client_new(&options, actor->journal, &io, &actor->clock, &world->rng, &actor->client, err);
}

void actor_start(struct actor *actor)
{
    struct world *world = actor->world;
    struct err err = {0};

    if (actor->client != NULL) {
        return;
    }
    actor->window = world_once_in(world, 3) ? (uint32_t)world_between(world, 2, 16) : CLIENT_WINDOW;
    actor->bundle_max = world_once_in(world, 2) ? BUNDLE_MAX : (uint32_t)world_between(world, 1, 4);
    if (open_client(actor, &err) < 0) {
        world_trace(world, "agent %u does not start: %s", actor->number, err.text);
        if (!actor_is_troubled(actor)) {
            world_fail(world, "I1: agent %u does not start after a crash: %s", actor->number, err.text);
        }
        journal_close(actor->journal);
        actor->journal = NULL;
        world_later(world, 1000, HAPPEN_AGENT_UP, actor->number, 0);
        return;
    }
    actor->life = world_life(world);
    actor->tailed_seq = 0;
    world_trace(world, "agent %u: start, %zu pending", actor->number, client_pending(actor->client));
    if (client_resume(actor->client, &err) < 0) {
        if (!actor_is_troubled(actor)) {
            world_fail(world, "I10: agent %u cannot resume: %s", actor->number, err.text);
        }
    } else {
        check_resumed(world, actor->number);
    }
    if (actor->number == 0) {
        tail(actor);
    }
    world_later(world, world_between(world, 1, 300), HAPPEN_CONNECT, actor->number, actor->life);
    actor_plan_act(actor);
}

static void end_process(struct actor *actor)
{
    actor->dead = true; /* what it says now is heard by nobody */
    client_free(actor->client);
    journal_close(actor->journal);
    actor->client = NULL;
    actor->journal = NULL;
    actor->life = 0;
    actor->tasks_n = 0;
    actor->may_fail = false;
    actor->crash_at = STAGE_NONE;
    actor->saying = false;
    actor->paused_until_ms = 0;
    actor->dead = false;
}

void actor_crash(struct actor *actor, bool power)
{
    struct world *world = actor->world;

    world_trace(world, "agent %u: %s", actor->number, power ? "the power goes" : "killed");
    if (power) {
        world_struck(world, FAULT_AGENT_POWER, actor->number);
        memvfs_power_cut(actor->vfs, world_below(world, UINT64_MAX));
        actor->boot_base_ms = world->now_ms;
    } else {
        memvfs_kill(actor->vfs);
    }
    end_process(actor);
    network_cut(world, actor->number, false);
    world_later(world, world_between(world, 50, 6000), HAPPEN_AGENT_UP, actor->number, 0);
}

void actor_plan_crash(struct actor *actor)
{
    struct world *world = actor->world;

    actor->crash_at = (enum stage)world_between(world, STAGE_JOURNAL, STAGES - 1);
    actor->crash_power = world_once_in(world, 2);
    if (actor->crash_at == STAGE_JOURNAL) {
        memvfs_power_cut_at(actor->vfs, MEMVFS_CHANGES, 1 + world_below(world, 12));
    }
}

void actor_reach(struct actor *actor, enum stage stage)
{
    static const enum fault FAULTS[STAGES] = {[STAGE_JOURNAL] = FAULT_AGENT_JOURNAL,
                                              [STAGE_RECEIVED] = FAULT_AGENT_RECEIVED,
                                              [STAGE_JOURNALLED] = FAULT_AGENT_JOURNALLED,
                                              [STAGE_BEGUN] = FAULT_AGENT_BEGUN,
                                              [STAGE_EXECUTED] = FAULT_AGENT_EXECUTED,
                                              [STAGE_SAID] = FAULT_AGENT_SAID,
                                              [STAGE_SENT] = FAULT_AGENT_SENT,
                                              [STAGE_REPLIED] = FAULT_AGENT_REPLIED};

    if (actor->crash_at != stage || actor->dead || stage == STAGE_NONE) {
        return;
    }
    world_struck(actor->world, FAULTS[stage], actor->number);
    actor->dead = true;
    if (actor->crash_power) {
        memvfs_power_cut(actor->vfs, world_below(actor->world, UINT64_MAX));
    } else {
        memvfs_kill(actor->vfs);
    }
}

void actor_bury(struct actor *actor)
{
    bool fired = actor->client != NULL && memvfs_has_fired(actor->vfs);

    if (fired && actor->crash_at == STAGE_JOURNAL) {
        actor_reach(actor, STAGE_JOURNAL);
        check_lost(actor->world, actor->number);
    } else if (fired && actor->may_fail) {
        world_struck(actor->world, FAULT_AGENT_SYNC_ERROR, actor->number);
        /* Whether that commit holds only a new process can know: as the broker's, this one ends. */
        /* With a full disk it may have been the emptied rollback journal: what is in it again after a power
         * cut is what the file holds already. */
        if (!actor->dead && !actor->disk_full && !client_failed(actor->client)) {
            world_fail(actor->world, "I1: agent %u goes on with a journal whose commit failed",
                       actor->number);
        }
        check_lost(actor->world, actor->number);
        memvfs_kill(actor->vfs);
        actor->dead = true;
        actor->crash_power = false;
    }
    if (actor->client != NULL && actor->dead) {
        actor_crash(actor, actor->crash_power);
    }
}

void actor_heal(struct actor *actor)
{
    actor->utc_offset_ms = WORLD_UTC_OFFSET_MS;
    actor->paused_until_ms = 0;
    actor->crash_at = STAGE_NONE;
    actor->may_fail = false;
    memvfs_fail(actor->vfs, MEMVFS_CHANGES, 0, MEMVFS_EIO, false);
}

void actor_free(struct actor *actor)
{
    if (actor->vfs != NULL) {
        memvfs_kill(actor->vfs);
        end_process(actor);
        memvfs_free(actor->vfs);
        hostile_free(actor->world, actor->number);
    }
}

void actor_frame(struct actor *actor, struct bytes frame)
{
    if (actor->client == NULL) {
        return;
    }
    uint32_t kinds = check_received(actor->world, actor->number, frame);
    client_frame(actor->client, frame);
    if (kinds & 1u << ENVELOPE_DELIVER) {
        actor_reach(actor, STAGE_RECEIVED);
    }
    if (kinds & 1u << ENVELOPE_REPLY) {
        actor_reach(actor, STAGE_REPLIED);
    }
}

void actor_tick(struct actor *actor)
{
    client_tick(actor->client);
}

/* --- saying --------------------------------------------------------------------------------------- */

void actor_plan_act(struct actor *actor)
{
    world_later(actor->world, world_between(actor->world, 20, actor->number == 0 ? 300 : 900), HAPPEN_ACT,
                actor->number, actor->life);
}

void actor_act(struct actor *actor)
{
    if (client_pending(actor->client) < PENDING_ENOUGH || actor->flood > 0) {
        if (actor->number == 0 && !actor->world->healing) {
            centre_act(actor);
        } else if (actor->number > 0) {
            agency_act(actor);
        }
    }
    actor_plan_act(actor);
}

uint64_t actor_tag(struct actor *actor, char ret[TAG_TEXT])
{
    uint64_t tag = check_say(actor->world, actor->number);

    (void)snprintf(ret, TAG_TEXT, "tag %" PRIu64, tag);
    return tag;
}

void actor_submit(struct actor *actor, const struct command *command, uint64_t tag)
{
    struct err err = {0};

    world_trace(actor->world, "agent %u: says %s, tag %" PRIu64, actor->number,
                command_kind_name(command->kind), tag);
    check_submitted(actor->world, tag);
    if (client_submit(actor->client, command, tag, &err) < 0) {
        world_trace(actor->world, "agent %u: not said: %s", actor->number, err.text);
        check_unsaid(actor->world, tag);
        if (!actor_is_troubled(actor) && err.code != ERR_TEMPORARY) {
            world_fail(actor->world, "I10: agent %u cannot submit: %s", actor->number, err.text);
        }
    }
}

struct id actor_id(struct actor *actor)
{
    uint8_t random[10];

    actor->world->rng.fill(actor->world->rng.ctx, random, sizeof random);
    return id_make(client_bus_ms(actor->client), random);
}
