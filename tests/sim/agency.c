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

/* An order is carried out once: before it is, that it will be is noted. Whoever finds the note after a
 * restart cannot know whether it was, and asks a person; it does not do it again. */
static void begin(struct actor *actor, struct task *task)
{
    static const uint8_t NOTE[] = "begun";
    struct err err = {0};

    if (client_note(actor->client, task->order, (struct bytes){NOTE, sizeof NOTE}, &err) < 0) {
        world_trace(actor->world, "agent %u: not begun: %s", actor->number, err.text);
        return; /* later, if the journal can hold it then */
    }
    task->begun = true;
    actor_reach(actor, STAGE_BEGUN);
    if (!actor->dead) {
        check_effect(actor->world, actor->number, task->order);
        actor_reach(actor, STAGE_EXECUTED);
    }
}

static void take_order(struct actor *actor, const struct delivery *delivery)
{
    if (actor->tasks_n == TASKS_MAX || task_of(actor, delivery->order) != NULL) {
        return;
    }
    actor->tasks[actor->tasks_n++] = (struct task){.incident = delivery->incident,
                                                   .order = delivery->order,
                                                   .evacuation = delivery->evacuation_said != NULL,
                                                   .begun = delivery->note.n > 0,
                                                   .rung = delivery->rung_said};
    if (delivery->note.n == 0) {
        begin(actor, &actor->tasks[actor->tasks_n - 1]);
    }
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
    case DELIVERY_REMINDER:
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
    actor->saying = true;
    int rc = client_receipt(actor->client, &receipt, tag, &err);
    actor->saying = false;
    if (rc < 0) {
        world_trace(world, "agent %u: not said: %s", actor->number, err.text);
        check_unsaid(world, tag);
        check_said(world, actor->number, &receipt); /* perhaps */
        if (!actor_is_troubled(actor) && err.code != ERR_TEMPORARY && err.code != ERR_CONFLICT) {
            world_fail(world, "I1: agent %u cannot give a receipt: %s", actor->number, err.text);
        }
        return;
    }
    if (client_pending(actor->client) == pending) {
        check_unsaid(world, tag); /* an earlier process said it */
        check_said_before(world, actor->number, &receipt);
    }
    check_said(world, actor->number, &receipt);
    actor_reach(actor, STAGE_SENT);
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
    static const char *const HOSE[] = {"hose"}; /* what fires need; nobody has what chlorine does */
    struct unit units[2] = {
        {.id = "engine-1", .type = text, .team = "", .equipment = {HOSE, 1}, .status = UNIT_FREE, .crew = 4},
        {.id = "engine-2", .type = text, .team = "", .status = UNIT_ASSIGNED, .crew = 6}};
    struct command command = {.kind = COMMAND_STATE_UNITS};

    command.state_units = (struct state_units){.units = units, .units_n = (size_t)world_between(world, 1, 2)};
    actor_submit(actor, &command, tag);
}

static void report(struct actor *actor)
{
    char text[TAG_TEXT];
    uint64_t tag = actor_tag(actor, text);
    struct command command = {.kind = COMMAND_FILE_REPORT,
                              .mode = world_once_in(actor->world, 6) ? MODE_EXERCISE : MODE_ACTUAL};

    command.file_report = (struct file_report){.incident = actor_id(actor),
                                               .kind = REPORT_INITIAL,
                                               .facts = facts_none(),
                                               .text = text,
                                               .signed_off_by = ""};
    command.file_report.facts.kind = "fire";
    actor_submit(actor, &command, tag);
}

/* What this agency may not: give orders, or speak for another's. */
static void overstep(struct actor *actor)
{
    struct world *world = actor->world;
    const struct watched *other = check_some_order(world);
    char text[TAG_TEXT];
    uint64_t tag = actor_tag(actor, text);
    int64_t now = client_bus_ms(actor->client);
    struct new_order order = {.order = actor_id(actor),
                              .kind = "dispatch",
                              .addressee = keys_address(&world->keys, 1),
                              .text = text,
                              .answer_by_ms = now + 3000,
                              .expires_at_ms = now + 6000};
    struct command command = {.kind = COMMAND_ISSUE_ORDERS,
                              .issue_orders = {.orders = &order, .orders_n = 1}};

    if (other != NULL && !other->addressed[actor->number] && world_once_in(world, 2)) {
        command = (struct command){
            .kind = COMMAND_GIVE_RECEIPT,
            .mode = other->mode,
            .give_receipt = {
                .incident = other->incident, .order = other->order, .rung = RUNG_COMPLETED, .text = text}};
    }
    check_forbid(world, tag);
    actor_submit(actor, &command, tag);
}

static bool go_on(struct actor *actor, struct task *task)
{
    struct world *world = actor->world;

    if (task->amendment > task->amendment_said) {
        say(actor, task, RUNG_ACKNOWLEDGED, task->amendment);
        return true;
    }
    if (task->over || world_once_in(world, 4)) {
        return false;
    }
    if (!task->begun) {
        begin(actor, task);
        return true;
    }
    say(actor, task, next_rung(world, task), 0);
    return true;
}

void agency_act(struct actor *actor)
{
    struct world *world = actor->world;
    bool idle = world_once_in(world, 12) && !world->healing;

    for (; actor->flood > 0 && client_pending(actor->client) < CLIENT_IN_FLIGHT_MAX && !actor->dead;
         actor->flood--) {
        overstep(actor);
    }
    if (idle) {
        switch (world_below(world, 6)) {
        case 0:
            report(actor);
            return;
        case 1:
        case 2:
            overstep(actor);
            return;
        default:
            state_units(actor);
            return;
        }
    }
    for (size_t tries = 0; tries < 4 && actor->tasks_n > 0 && !actor->dead; tries++) {
        size_t recent = actor->tasks_n < 12 ? actor->tasks_n : 12;
        if (go_on(actor, &actor->tasks[actor->tasks_n - 1 - world_below(world, recent)])) {
            return;
        }
    }
}
