/* Rules of receipts 回执: what an addressee says of an order. */
#include <string.h>

#include "common/base/mutant.h"
#include "common/core/decide_private.h"

static struct event *emit_said(struct deciding *d, enum event_kind kind, const struct give_receipt *command,
                               const struct order *order)
{
    struct event *event = decide_emit(d, kind);
    /* a rung is not climbed before the one below it; what is only noted keeps its own time */
    int64_t not_before = kind == EVENT_RUNG_REACHED ? order_last_at(order) : order->issued_at_ms;

    event->incident = command->incident;
    event->order = command->order;
    event->at_ms = decide_occurred(d, not_before);
    return event;
}

static void emit_rung(struct deciding *d, enum event_kind kind, const struct give_receipt *command,
                      const struct order *order)
{
    emit_said(d, kind, command, order)->rung = (struct rung_reached){.rung = command->rung,
                                                                     .agent = d->command->agent,
                                                                     .units = command->units,
                                                                     .present = command->present,
                                                                     .missing = command->missing};
}

/* Once an agent has accepted, the order is in its hands: what the agency's others say is only noted. */
static bool is_anothers(const struct deciding *d, const struct order *order)
{
    return order->rung >= RUNG_ACCEPTED && strcmp(order->taker, d->command->agent) != 0;
}

static void acknowledge_amendment(struct deciding *d, const struct give_receipt *command,
                                  const struct order *order)
{
    char text[ID_TEXT];

    if (command->amendment > order->amendments) {
        decide_refuse(d, REFUSED_NO_AMENDMENT, "order %s has %u amendments", id_format(order->id, text),
                      order->amendments);
        return;
    }
    if (is_anothers(d, order)) {
        return; /* the crews that go must know, not a station that stays */
    }
    if (command->amendment > order->amendments_acknowledged) {
        emit_said(d, EVENT_AMENDMENT_ACKNOWLEDGED, command, order)->amendment =
            (struct amendment_answer){.amendment = command->amendment, .agent = d->command->agent};
    }
}

bool decide_rung_can_be_said(enum rung rung)
{
    return (rung >= RUNG_ACKNOWLEDGED && rung <= RUNG_COMPLETED) || rung == RUNG_DECLINED;
}

/* The order has its outcome. What is said after a recall or an expiry is a fact from the field: kept. */
static void after_the_end(struct deciding *d, const struct give_receipt *command, const struct order *order)
{
    char text[ID_TEXT];
    bool by_taker = strcmp(order->taker, d->command->agent) == 0;

    if (order->rung == command->rung && by_taker) {
        return; /* said again */
    }
    if (order->rung == RUNG_RECALLED || order->rung == RUNG_EXPIRED || !by_taker) {
        emit_rung(d, EVENT_RECEIPT_NOTED, command, order);
        return;
    }
    decide_refuse(d, REFUSED_ORDER_ENDED, "order %s is %s", id_format(order->id, text),
                  rung_name((enum rung)order->rung));
}

static void climb(struct deciding *d, const struct give_receipt *command, const struct order *order)
{
    bool by_taker = strcmp(order->taker, d->command->agent) == 0;

    if (command->rung == RUNG_DECLINED && order_is_evacuation(order)) {
        decide_refuse(d, REFUSED_HEAD_COUNT, "nobody declines an evacuation: get out and count");
    } else if (is_anothers(d, order)) {
        emit_rung(d, EVENT_RECEIPT_NOTED, command, order);
    } else if (order_may_reach(order, command->rung) || MUTANT(MUTANT_SECOND_OUTCOME)) {
        if (command->rung == RUNG_COMPLETED && order_is_evacuation(order) && !command->has_head_count) {
            decide_refuse(d, REFUSED_HEAD_COUNT, "say how many are present and missing");
            return;
        }
        emit_rung(d, EVENT_RUNG_REACHED, command, order);
    } else if (!by_taker) {
        emit_rung(d, EVENT_RECEIPT_NOTED, command, order); /* the first receipt of a rung counts */
    } else if (order->rung != command->rung) {
        decide_refuse(d, REFUSED_RUNG_BACK, "the order is %s, not %s any more",
                      rung_name((enum rung)order->rung), rung_name(command->rung));
    }
}

void decide_give_receipt(struct deciding *d, const struct give_receipt *command)
{
    char text[ID_TEXT];

    if (command->amendment == 0 && !decide_rung_can_be_said(command->rung)) {
        decide_refuse(d, REFUSED_INVALID,
                      "a receipt says acknowledged, accepted, declined, en-route, on-scene "
                      "or completed");
        return;
    }
    if (!decide_names_incident(d, command->incident) || !decide_needs_right(d, "receipt", NULL)) {
        return;
    }
    const struct incident *home = NULL;
    const struct order *order = decide_order(d, command->incident, command->order, &home);
    if (order == NULL) {
        return;
    }
    struct give_receipt at_home = *command;
    at_home.incident = home->id;
    if (!words_have(order->agents, d->command->agent)) {
        decide_refuse(d, REFUSED_NOT_ADDRESSEE, "order %s is for %s", id_format(order->id, text),
                      order->addressee);
    } else if (command->amendment != 0) {
        acknowledge_amendment(d, &at_home, order);
    } else if (!order_is_open(order) && !MUTANT(MUTANT_SECOND_OUTCOME)) {
        after_the_end(d, &at_home, order);
    } else {
        climb(d, &at_home, order);
    }
}
