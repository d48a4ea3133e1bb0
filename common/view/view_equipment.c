#include "common/view/view_equipment.h"

#include <string.h>

#include "common/core/agent.h"

#define PICK(voice, en, cn) ((voice)->zh ? (cn) : (en))

static const struct agent *taker_of(const struct view *view, const struct order *order)
{
    return order->taker[0] != '\0' ? state_agent(view_state(view), order->taker) : NULL;
}

static const struct unit *unit_of(const struct agent *agent, const char *unit)
{
    return agent != NULL ? agent_unit(agent, unit) : NULL;
}

static bool any_unit_has(const struct agent *agent, const struct order *order, const char *equipment)
{
    for (size_t i = 0; agent != NULL && i < order->units.n; i++) {
        const struct unit *unit = agent_unit(agent, order->units.at[i]);
        if (unit != NULL && agent_unit_brings(agent, unit, equipment)) {
            return true;
        }
    }
    return false;
}

struct view_equipment view_order_equipment(const struct view *view, const struct order *order)
{
    const struct agent *agent = taker_of(view, order);
    struct view_equipment equipment = {.lacks_n = 0};

    if (order->units.n == 0 || order->needs.n == 0 || !order_is_open(order)) {
        return equipment;
    }
    for (size_t i = 0; i < order->needs.n && equipment.needed_n < VIEW_LACKS_MAX; i++) {
        if (!any_unit_has(agent, order, order->needs.at[i])) {
            equipment.needed[equipment.needed_n++] = order->needs.at[i];
        }
    }
    for (size_t i = 0; i < order->units.n && equipment.unstated_n < VIEW_LACKS_MAX && equipment.needed_n > 0;
         i++) {
        if (unit_of(agent, order->units.at[i]) == NULL) {
            equipment.unstated[equipment.unstated_n++] = order->units.at[i];
        }
    }
    if (equipment.unstated_n == 0) {
        memcpy(equipment.lacks, equipment.needed, sizeof equipment.lacks);
        equipment.lacks_n = equipment.needed_n;
        equipment.needed_n = 0;
    }
    return equipment;
}

static void say_unstated(const struct view_voice *voice, struct words units, struct words needs,
                         struct buf *ret)
{
    buf_puts(ret, units.n > 1 ? PICK(voice, "units ", "车组 ") : PICK(voice, "unit ", "车组 "));
    view_say_words(units, ret);
    buf_puts(ret, units.n > 1
                      ? PICK(voice, ": their equipment was never stated; needed: ", "：未报装备；需要：")
                      : PICK(voice, ": its equipment was never stated; needed: ", "：未报装备；需要："));
    view_say_words(needs, ret);
}

void view_say_equipment(const struct view *view, const struct view_voice *voice, const struct order *order,
                        struct buf *ret)
{
    struct view_equipment equipment = view_order_equipment(view, order);

    if (equipment.lacks_n + equipment.unstated_n == 0) {
        return;
    }
    buf_puts(ret, ret->n > 0 ? PICK(voice, ", ", "，") : "");
    if (equipment.lacks_n > 0) {
        buf_puts(ret, PICK(voice, "lacks ", "缺少 "));
        view_say_words((struct words){equipment.lacks, equipment.lacks_n}, ret);
    } else {
        say_unstated(voice, (struct words){equipment.unstated, equipment.unstated_n},
                     (struct words){equipment.needed, equipment.needed_n}, ret);
    }
}

/* --- each unit ---------------------------------------------------------------------------------- */

/* The needs that the unit does not bring; a team brings what its members have. */
static struct words lacking_of(const struct agent *agent, const struct unit *unit, const struct order *order,
                               const char *ret[VIEW_LACKS_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < order->needs.n && n < VIEW_LACKS_MAX; i++) {
        if (!agent_unit_brings(agent, unit, order->needs.at[i])) {
            ret[n++] = order->needs.at[i];
        }
    }
    return (struct words){ret, n};
}

static void say_lacking_unit(const struct view_voice *voice, const struct agent *agent,
                             const struct unit *unit, const struct order *order, struct buf *ret)
{
    const char *at[VIEW_LACKS_MAX];
    struct words lacking = lacking_of(agent, unit, order, at);

    if (lacking.n == 0) {
        return;
    }
    buf_puts(ret, view_tone_on(voice, TONE_BAD));
    if (unit->kind == UNIT_KIND_TEAM) {
        buf_printf(ret, PICK(voice, "team %s lacks ", "队伍 %s 缺少："), unit->id);
    } else if (unit->team[0] != '\0') {
        buf_printf(ret, PICK(voice, "unit %s of team %s lacks ", "车组 %s（队伍 %s）缺少："), unit->id,
                   unit->team);
    } else {
        buf_printf(ret, PICK(voice, "unit %s lacks ", "车组 %s 缺少："), unit->id);
    }
    view_say_words(lacking, ret);
    buf_printf(ret, "%s\n", view_tone_off(voice, TONE_BAD));
}

void view_say_equipment_of_units(const struct view *view, const struct view_voice *voice,
                                 const struct order *order, struct buf *ret)
{
    const struct agent *agent = taker_of(view, order);

    for (size_t i = 0; i < order->units.n && order->needs.n > 0; i++) {
        const struct unit *unit = unit_of(agent, order->units.at[i]);
        if (unit == NULL) {
            buf_puts(ret, view_tone_on(voice, TONE_BAD));
            say_unstated(voice, (struct words){&order->units.at[i], 1}, order->needs, ret);
            buf_printf(ret, "%s\n", view_tone_off(voice, TONE_BAD));
            continue;
        }
        say_lacking_unit(voice, agent, unit, order, ret);
        for (size_t j = 0; unit->kind == UNIT_KIND_TEAM && j < agent->units_n; j++) {
            const struct unit *member = &agent->units[j];
            if (strcmp(member->team, unit->id) == 0 && !words_have(order->units, member->id)) {
                say_lacking_unit(voice, agent, member, order, ret);
            }
        }
    }
}
