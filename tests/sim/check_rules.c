/* Rules of the pack that keys.c founds the region with, reckoned from the facts without core and SQLite. */
#include <inttypes.h>
#include <string.h>

#include "tests/sim/world.h"

enum { LASTING_MS = 3000 };

static void needs(struct world *world, bool fine, const char *what, const struct event *event, uint64_t seq)
{
    char text[ID_TEXT];

    if (!fine) {
        world_fail(world, "%s: %s of %s at seq %" PRIu64, what, event_kind_name(event->kind),
                   id_format(event->incident, text), seq);
    }
}

/* What the pack's conditions say of the facts. An unknown count holds nowhere. */
static bool holds(const struct incident *incident, const char *rule)
{
    int64_t dead = incident->casualties.dead;

    if (strcmp(rule, "grave") == 0) {
        return dead >= 3;
    }
    if (strcmp(rule, "slight") == 0) {
        return dead != COUNT_UNKNOWN && dead < 3;
    }
    return strcmp(rule, "lasting") == 0 && incident->grade == GRADE_II;
}

static void check_fired(struct world *world, const struct incident *incident, const struct event *event,
                        const struct log_header *header)
{
    const struct rule_step *e = &event->rule;
    const struct rule_hold *hold = incident_hold(incident, e->pack, e->rule);

    if (strcmp(e->when, "incident") != 0) {
        const struct order *order = incident_order(incident, event->order);
        struct watched *watched = order != NULL ? check_order(world, event->order) : NULL;
        if (strcmp(e->when, "order-declined") == 0) {
            needs(world, order != NULL && order->rung == RUNG_DECLINED && order->home[0] == '\0',
                  "I7: a rule of declines, and it was not declined", event, header->seq);
            needs(world, watched == NULL || ++watched->declined == 1, "I7: a rule of declines twice", event,
                  header->seq);
            return;
        }
        bool silent = strcmp(e->rule, "silent") == 0, first = strcmp(e->rule, "remind") == 0;
        bool wanting = order == NULL || order->unanswered || order->rung == RUNG_DECLINED;
        needs(world, wanting, "I7: a rule of silence, and it was answered", event, header->seq);
        needs(world, watched == NULL || !silent || ++watched->asked == watched->unanswered,
              "I7: a rule of silence twice", event, header->seq);
        needs(world, watched == NULL || !first || watched->reminded == 0, "I7: a reminder twice", event,
              header->seq);
        return;
    }
    needs(world, holds(incident, e->rule), "I2: a rule that does not hold", event, header->seq);
    if (strcmp(e->rule, "lasting") == 0) {
        needs(world, hold != NULL && hold->due_ms != 0 && hold->due_ms <= header->bus_ms,
              "I7: early or twice", event, header->seq);
    } else {
        needs(world, hold == NULL, "I7: a rule twice while it holds", event, header->seq);
    }
}

void check_rule(struct world *world, const struct incident *incident, const struct event *event,
                const struct log_header *header)
{
    switch (event->kind) {
    case EVENT_RULE_FIRED:
        check_fired(world, incident, event, header);
        return;
    case EVENT_RULE_WAITS:
        needs(world,
              event->rule.due_at_ms == header->bus_ms + LASTING_MS && holds(incident, event->rule.rule),
              "I7: waits for another time", event, header->seq);
        return;
    case EVENT_RULE_ENDED:
        needs(world, !holds(incident, event->rule.rule), "I2: ends, and holds still", event, header->seq);
        return;
    case EVENT_GRADED:
        needs(world,
              event->graded.by[0] != '\0' || incident->grade == GRADE_NONE ||
                  event->graded.grade < incident->grade,
              "I2: a rule does not raise the grade", event, header->seq);
        return;
    default:
        return;
    }
}

/* At rest: every rule that holds has fired, and no other is held to. */
void check_rules_end(struct world *world, const struct incident *incident)
{
    static const char *const rules[] = {"grave", "slight", "lasting"};
    char text[ID_TEXT];

    bool asked = !incident->history && !incident_is_merged(incident); /* else the survivor's are */
    for (size_t i = 0; i < sizeof rules / sizeof rules[0] && asked && !world->failed; i++) {
        const struct rule_hold *hold = incident_hold(incident, "sim", rules[i]);
        bool is_over = i == 2 && !incident_is_live(incident); /* nobody waits for it any more */
        /* a split may have taken the count away: what cannot be told ends nothing */
        is_over = is_over || (i < 2 && incident->casualties.dead == COUNT_UNKNOWN && hold != NULL);
        if ((hold != NULL) != holds(incident, rules[i]) && !is_over) {
            world_fail(world, "I2: rule %s of %s %s", rules[i], id_format(incident->id, text),
                       hold == NULL ? "holds and has not fired" : "does not hold and has not ended");
        }
    }
    for (size_t i = 0; i < incident->orders_n && !world->failed; i++) {
        const struct order *order = &incident->orders[i];
        const struct watched *watched = check_order(world, order->id);
        if (watched != NULL && watched->asked != watched->unanswered) {
            world_fail(world, "I2: order %s was not answered, and no rule was asked of it",
                       id_format(order->id, text));
        }
        bool is_ours = order->home[0] == '\0' && !order->history;
        if (watched != NULL && order->rung == RUNG_DECLINED && is_ours && watched->declined == 0 &&
            incident_replacement(incident, order->id) == NULL && !world->failed) {
            world_fail(world, "I2: order %s was declined, and no rule was asked of it",
                       id_format(order->id, text));
        }
    }
}
