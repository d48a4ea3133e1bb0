/* An agency: takes orders, climbs their rungs as it likes, says what its units do. */
#include <string.h>

#include "common/core/order.h"
#include "tests/sim/world.h"

static struct task *task_of(struct actor *actor, struct id order)
{
    for (size_t i = 0; i < actor->tasks_n; i++) {
        if (id_equal(actor->tasks[i].order, order)) {
            return &actor->tasks[i];
        }
    }
    return NULL;
}

static void take_order(struct actor *actor, const struct delivery *delivery)
{
    if (actor->tasks_n == TASKS_MAX || task_of(actor, delivery->order) != NULL) {
        return;
    }
    actor->tasks[actor->tasks_n++] = (struct task){.incident = delivery->incident,
                                                   .order = delivery->order,
                                                   .evacuation = delivery->evacuation_said != NULL,
                                                   .rung = delivery->rung_said};
}

void agency_delivery(struct actor *actor, const struct delivery *delivery)
{
    struct task *task = task_of(actor, delivery->order);

    switch (delivery->kind) {
    case DELIVERY_ORDER:
        take_order(actor, delivery);
        return;
    case DELIVERY_AMENDMENT:
        if (task != NULL) {
            task->amendment = delivery->event->order_amended.amendment;
        }
        return;
    case DELIVERY_RECALL:
    case DELIVERY_EXPIRED:
        if (task != NULL) {
            task->over = true;
        }
        return;
    case DELIVERY_NOTICE:
        return;
    }
}

static enum rung next_rung(struct world *world, const struct task *task)
{
    if (task->rung < RUNG_ACCEPTED && world_once_in(world, 6)) {
        return RUNG_DECLINED;
    }
    if (task->rung < RUNG_ACKNOWLEDGED) {
        return (enum rung)world_between(world, RUNG_ACKNOWLEDGED, RUNG_ACCEPTED);
    }
    enum rung next = (enum rung)(task->rung + 1);
    return next < RUNG_COMPLETED && world_once_in(world, 5) ? (enum rung)(next + 1) : next;
}

static void say(struct actor *actor, struct task *task, enum rung rung, uint32_t amendment)
{
    struct world *world = actor->world;
    char text[TAG_TEXT];
    uint64_t tag = actor_tag(actor, text);
    struct give_receipt receipt = {.order = task->order, .rung = rung, .amendment = amendment, .text = text};
    struct err err = {0};

    if (task->evacuation && rung == RUNG_COMPLETED) {
        receipt.has_head_count = true;
        receipt.present = 5;
    }
    world_trace(world, "agent %u: receipt %s, tag %llu", actor->number, rung_name(rung),
                (unsigned long long)tag);
    size_t pending = client_pending(actor->client);
    check_submitted(world, tag);
    if (client_receipt(actor->client, &receipt, tag, &err) < 0) {
        world_trace(world, "agent %u: not said: %s", actor->number, err.text);
        check_unsaid(world, tag);
        if (!actor->disk_full && !actor->may_fail && err.code != ERR_TEMPORARY && err.code != ERR_CONFLICT) {
            world_fail(world, "agent %u cannot give a receipt: %s", actor->number, err.text);
        }
        return;
    }
    if (client_pending(actor->client) == pending) {
        check_unsaid(world, tag); /* an earlier process said it */
    }
    if (amendment > 0) {
        task->amendment_said = amendment;
        return;
    }
    task->rung = rung;
    task->over = task->over || rung_is_outcome(rung);
}

static void state_units(struct actor *actor)
{
    struct world *world = actor->world;
    char text[TAG_TEXT];
    uint64_t tag = actor_tag(actor, text);
    struct unit units[2] = {{.id = "engine-1", .type = text, .team = "", .status = UNIT_FREE, .crew = 4},
                            {.id = "engine-2", .type = text, .team = "", .status = UNIT_ASSIGNED, .crew = 6}};
    struct command command = {.kind = COMMAND_STATE_UNITS};

    command.state_units = (struct state_units){.units = units, .units_n = (size_t)world_between(world, 1, 2)};
    actor_submit(actor, &command, tag);
}

static void report(struct actor *actor)
{
    char text[TAG_TEXT];
    uint64_t tag = actor_tag(actor, text);
    struct command command = {.kind = COMMAND_FILE_REPORT};

    command.file_report = (struct file_report){.incident = actor_id(actor),
                                               .kind = REPORT_INITIAL,
                                               .facts = facts_none(),
                                               .text = text,
                                               .signed_off_by = ""};
    command.file_report.facts.kind = "fire";
    actor_submit(actor, &command, tag);
}

void agency_act(struct actor *actor)
{
    struct world *world = actor->world;

    if (world_once_in(world, 12) && !world->healing) {
        if (world_once_in(world, 4)) {
            report(actor);
        } else {
            state_units(actor);
        }
        return;
    }
    for (size_t tries = 0; tries < 4 && actor->tasks_n > 0; tries++) {
        size_t recent = actor->tasks_n < 12 ? actor->tasks_n : 12;
        struct task *task = &actor->tasks[actor->tasks_n - 1 - world_below(world, recent)];
        if (task->amendment > task->amendment_said) {
            say(actor, task, RUNG_ACKNOWLEDGED, task->amendment);
            return;
        }
        if (!task->over && !world_once_in(world, 4)) {
            say(actor, task, next_rung(world, task), 0);
            return;
        }
    }
}
