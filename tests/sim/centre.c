/* The command centre: reports, orders, recalls, evacuations, policy; now and then the same thing twice. */
#include <stdio.h>
#include <string.h>

#include "tests/sim/country.h"

static struct facts some_facts(struct world *world, bool initial)
{
    struct facts facts = facts_none();

    facts.kind = initial ? (world_once_in(world, 3) ? "flood" : "fire") : "";
    if (world_once_in(world, 3)) {
        facts.place = world_once_in(world, 2) ? "north gate" : "south gate";
    }
    if (world_once_in(world, 4)) {
        facts.casualties.dead = world_between(world, 0, 4);
    }
    if (world_once_in(world, 4)) {
        facts.substance = world_once_in(world, 2) ? "chlorine" : "ammonia";
    }
    return facts;
}

static struct known *some_known(struct actor *actor)
{
    return actor->known_n == 0 ? NULL : &actor->known[world_below(actor->world, actor->known_n)];
}

static struct known *remember(struct actor *actor, struct id incident, bool bare)
{
    if (actor->known_n == KNOWN_MAX) {
        return NULL;
    }
    actor->known[actor->known_n] =
        (struct known){.incident = incident,
                       .bare = bare,
                       .mode = world_once_in(actor->world, 6) ? MODE_EXERCISE : MODE_ACTUAL};
    return &actor->known[actor->known_n++];
}

static void report(struct actor *actor)
{
    char text[TAG_TEXT];
    struct known *known = remember(actor, actor_id(actor), false);
    struct command command = {.kind = COMMAND_FILE_REPORT};

    if (known == NULL) {
        return;
    }
    uint64_t tag = actor_tag(actor, text);
    command.mode = known->mode;
    command.file_report = (struct file_report){.incident = known->incident,
                                               .kind = REPORT_INITIAL,
                                               .facts = some_facts(actor->world, true),
                                               .text = text,
                                               .signed_off_by = ""};
    actor_submit(actor, &command, tag);
}

static void follow_up(struct actor *actor, const struct known *known)
{
    char text[TAG_TEXT];
    uint64_t tag = actor_tag(actor, text);
    struct command command = {.kind = COMMAND_FILE_REPORT, .mode = known->mode};

    command.file_report = (struct file_report){.incident = known->incident,
                                               .kind = REPORT_FOLLOW_UP,
                                               .facts = some_facts(actor->world, false),
                                               .text = text,
                                               .signed_off_by = ""};
    actor_submit(actor, &command, tag);
}

static void issue(struct actor *actor, struct known *known, struct id reissue_of)
{
    struct world *world = actor->world;
    struct new_order orders[3];
    char text[TAG_TEXT];
    uint64_t tag = actor_tag(actor, text);
    int64_t now = client_bus_ms(actor->client);
    size_t n = (size_t)world_between(world, 1, 3);
    bool bare = known == NULL;
    struct command command = {.kind = COMMAND_ISSUE_ORDERS};

    for (size_t i = 0; i < n; i++) {
        int64_t answer_by = now + world_between(world, 1500, 8000);
        orders[i] = (struct new_order){.order = actor_id(actor),
                                       .kind = world_once_in(world, 3) ? "stand-by" : "dispatch",
                                       .addressee = centre_addressee(world),
                                       .text = text,
                                       .answer_by_ms = answer_by,
                                       .expires_at_ms = answer_by + world_between(world, 0, 12000),
                                       .reissue_of = i == 0 ? reissue_of : (struct id){{0}}};
    }
    if (bare) {
        known = remember(actor, orders[0].order, true);
    }
    for (size_t i = 0; i < n && known != NULL && known->orders_n < KNOWN_ORDERS_MAX; i++) {
        known->orders[known->orders_n++] = orders[i].order;
    }
    command.mode = known != NULL ? known->mode : MODE_ACTUAL;
    command.issue_orders =
        (struct issue_orders){.incident = bare || known == NULL ? (struct id){{0}} : known->incident,
                              .orders = orders,
                              .orders_n = n};
    actor_submit(actor, &command, tag);
    if (world_once_in(world, 12)) { /* a user who presses twice: another command with the same content */
        actor_submit(actor, &command, tag);
    }
}

static void recall(struct actor *actor, const struct known *known, struct id order)
{
    char text[TAG_TEXT];
    uint64_t tag = actor_tag(actor, text);
    struct command command = {.kind = COMMAND_RECALL_ORDER, .mode = known->mode};

    command.recall_order = (struct recall_order){.incident = known->incident, .order = order, .reason = text};
    actor_submit(actor, &command, tag);
}

static void evacuate(struct actor *actor, const struct known *known)
{
    char text[TAG_TEXT];
    uint64_t tag = actor_tag(actor, text);
    int64_t now = client_bus_ms(actor->client);
    struct id id = actor_id(actor);
    struct command command = {.kind = COMMAND_ORDER_EVACUATION, .mode = known->mode};

    id.b[ID_BYTES - 2] = 0;
    id.b[ID_BYTES - 1] = 0;
    command.order_evacuation = (struct order_evacuation){.incident = known->incident,
                                                         .evacuation = id,
                                                         .text = text,
                                                         .answer_by_ms = now + 3000,
                                                         .expires_at_ms = now + 9000};
    actor_submit(actor, &command, tag);
}

static void close_incident(struct actor *actor, const struct known *known)
{
    char text[TAG_TEXT];
    uint64_t tag = actor_tag(actor, text);
    struct command command = {.kind = COMMAND_CLOSE_INCIDENT, .mode = known->mode};

    command.close_incident = (struct close_incident){.incident = known->incident, .reason = text};
    actor_submit(actor, &command, tag);
}

static void set_grade(struct actor *actor, const struct known *known)
{
    char text[TAG_TEXT];
    uint64_t tag = actor_tag(actor, text);
    struct command command = {.kind = COMMAND_SET_GRADE, .mode = known->mode};

    command.set_grade = (struct set_grade){.incident = known->incident,
                                           .grade = world_once_in(actor->world, 2) ? GRADE_I : GRADE_III,
                                           .reason = text};
    actor_submit(actor, &command, tag);
}

/* Two calls of one event; or two events after all. */
void centre_merge(struct actor *actor, const struct known *known, const struct known *into)
{
    const struct incident *incident = state_incident(actor->world->check.fold, known->incident);
    char text[TAG_TEXT];
    struct command command = {.kind = COMMAND_MERGE_INCIDENT, .mode = known->mode};
    bool split = world_once_in(actor->world, 3) ||
                 (incident != NULL && incident_is_merged(incident) && world_once_in(actor->world, 2));

    if (!split && (into == known || into->mode != known->mode || into->bare)) {
        return;
    }
    uint64_t tag = actor_tag(actor, text);
    if (split) {
        command.kind = COMMAND_SPLIT_INCIDENT;
        command.split_incident = (struct split_incident){.incident = known->incident, .reason = text};
    } else {
        command.merge_incident =
            (struct merge_incident){.incident = known->incident, .into = into->incident, .reason = text};
    }
    actor_submit(actor, &command, tag);
}

static void merge(struct actor *actor, const struct known *known)
{
    const struct known *into = some_known(actor);
    const struct known *const end = actor->known + actor->known_n;

    while (into < end && (into == known || into->mode != known->mode || into->bare)) {
        into++;
    }
    if (into < end) {
        centre_merge(actor, known, into);
    }
}

static void set_policy(struct actor *actor)
{
    char text[TAG_TEXT];
    uint64_t tag = actor_tag(actor, text);

    actor_submit(actor, &(struct command){.kind = COMMAND_SET_POLICY, .set_policy = keys_policy(text)}, tag);
}

void centre_act(struct actor *actor)
{
    struct world *world = actor->world;
    const struct id none = {{0}};

    if (world->options.country != NULL && centre_act_beyond(actor)) {
        return;
    }
    struct known *known = some_known(actor);
    uint64_t what = world_below(world, 100);

    if (known == NULL || what < 10) {
        report(actor);
    } else if (what < 20 && world_once_in(world, 2)) {
        merge(actor, known);
    } else if (what < 20) {
        follow_up(actor, known);
    } else if (what < 60) {
        bool reissue = known->orders_n > 0 && world_once_in(world, 4);
        issue(actor, known, reissue ? known->orders[world_below(world, known->orders_n)] : none);
    } else if (what < 68) {
        issue(actor, NULL, none);
    } else if (what < 84 && known->orders_n > 0) {
        recall(actor, known, known->orders[known->orders_n - 1 - world_below(world, known->orders_n) / 2]);
    } else if (what < 90) {
        evacuate(actor, known);
    } else if (what < 95) {
        close_incident(actor, known);
    } else if (what < 97) {
        set_policy(actor);
    } else if (what < 99) {
        set_grade(actor, known);
    }
}
