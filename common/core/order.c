#include "common/core/order.h"

#include "common/base/mutant.h"

bool rung_is_outcome(enum rung rung)
{
    return rung >= RUNG_COMPLETED && rung <= RUNG_EXPIRED;
}

bool order_is_open(const struct order *order)
{
    return !rung_is_outcome((enum rung)order->rung);
}

bool order_is_unanswered(const struct order *order)
{
    return order->unanswered && order_is_open(order) && order->rung < RUNG_ACCEPTED;
}

bool order_is_evacuation(const struct order *order)
{
    return !id_is_zero(order->evacuation);
}

bool order_may_go_on(const struct order *order)
{
    return (order_is_open(order) && order->rung < RUNG_ACCEPTED) || order->rung == RUNG_DECLINED;
}

static int64_t earlier(int64_t due, int64_t at)
{
    return at != 0 && (due == 0 || at < due) ? at : due;
}

int64_t order_unreached_due(const struct order *order)
{
    return order_is_open(order) && order->rung < RUNG_ACCEPTED ? order->unreached_due_ms : 0;
}

int64_t order_due(const struct order *order)
{
    int64_t due = order_unreached_due(order);

    due = earlier(due, order->declined_due_ms);
    if (order->history || (order->home[0] != '\0' && !MUTANT(MUTANT_COPY_DEADLINE)) ||
        !order_is_open(order)) {
        return due; /* of another region's order it is that region that says when it is late */
    }
    if (order->rung < RUNG_ACCEPTED) {
        due = earlier(due, order->unanswered ? order->remind_by_ms : order->answer_by_ms);
        due = earlier(due, order->expires_at_ms);
    } else if (!order->overdue) {
        due = earlier(due, order->expires_at_ms);
    }
    if (order->amendments_acknowledged < order->amendments && !order->amendment_overdue) {
        due = earlier(due, order->amend_by_ms);
    }
    return due;
}

bool order_may_reach(const struct order *order, enum rung rung)
{
    if (!order_is_open(order)) {
        return false;
    }
    switch (rung) {
    case RUNG_ACKNOWLEDGED:
    case RUNG_ACCEPTED:
    case RUNG_EN_ROUTE:
    case RUNG_ON_SCENE:
    case RUNG_COMPLETED:
        return rung > order->rung;
    case RUNG_DECLINED:
    case RUNG_EXPIRED:
        return order->rung < RUNG_ACCEPTED;
    case RUNG_RECALLED:
        return true;
    case RUNG_NONE:
    case RUNG_ISSUED:
    case RUNG_DELIVERED:
        return false;
    }
    return false;
}

enum lane order_lane(const struct order *order)
{
    return order_is_evacuation(order) ? LANE_URGENT : LANE_ORDERS;
}

bool order_steps_end(const struct order *order)
{
    return order->steps >= ORDER_STEPS_MAX;
}

int64_t order_rung_at(const struct order *order, enum rung rung)
{
    switch (rung) {
    case RUNG_ISSUED:
        return order->issued_at_ms;
    case RUNG_ACKNOWLEDGED:
        return order->acknowledged_at_ms;
    case RUNG_ACCEPTED:
        return order->accepted_at_ms;
    case RUNG_EN_ROUTE:
        return order->en_route_at_ms;
    case RUNG_ON_SCENE:
        return order->on_scene_at_ms;
    case RUNG_COMPLETED:
    case RUNG_DECLINED:
    case RUNG_RECALLED:
    case RUNG_EXPIRED:
        return order->rung == rung ? order->ended_at_ms : 0;
    case RUNG_NONE:
    case RUNG_DELIVERED:
        return 0;
    }
    return 0;
}

int64_t order_last_at(const struct order *order)
{
    const int64_t at[] = {order->acknowledged_at_ms, order->accepted_at_ms, order->en_route_at_ms,
                          order->on_scene_at_ms, order->ended_at_ms};
    int64_t last = order->issued_at_ms;

    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        last = at[i] > last ? at[i] : last;
    }
    return last;
}

void order_free(struct order *order)
{
    words_free(&order->agents);
    words_free(&order->units);
    words_free(&order->needs);
    words_free(&order->there);
}
