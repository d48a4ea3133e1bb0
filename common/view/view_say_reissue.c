/* Sentences about what rules do with an order that nobody answers, or that is declined. */
#include <string.h>

#include "common/core/link.h"
#include "common/view/view_say_private.h"

/* ", by rule night/next (step 2)" */
static void say_why(const struct saying *s, bool with_step)
{
    const struct view_step *step = s->step;

    SAY(s->ret, s->voice, ", by rule %s", "，依规则 %s", step->what);
    if (with_step) {
        SAY(s->ret, s->voice, " (step %llu)", "（第 %llu 步）", (unsigned long long)step->number);
    }
}

/* The order went to another region, whose units nobody has looked at. */
static bool went_elsewhere(const struct saying *s, const char *own, char *ret_region)
{
    const struct incident *incident = state_incident(s->state, s->step->incident);
    const struct order *order = incident != NULL ? incident_order(incident, s->step->order) : NULL;

    return order != NULL && name_region(order->addressee, ret_region) && strcmp(ret_region, own) != 0;
}

static void say_short(const struct saying *s)
{
    const struct view_step *step = s->step;
    bool named = step->subject[0] != '\0';
    const char *own = state_region(s->state)->code;
    char region[REGION_CODE_MAX + 1];
    bool elsewhere = went_elsewhere(s, own, region);

    if (elsewhere) {
        SAY(s->ret, s->voice, "NOBODY ELSE of region %s can take order %s",
            "行政区 %s 内无其他单位可接指令 %s", own, s->order);
    } else {
        SAY(s->ret, s->voice, "NOBODY ELSE can take order %s", "指令 %s 无其他单位可接", s->order);
    }
    if (step->unsaid) {
        PUT(s->ret, s->voice, ": it cannot be said again", "：原指令不能再次下达");
    } else if (!named) {
        PUT(s->ret, s->voice, ": no unit is free", "：无待命力量");
    } else if (step->number == 0) {
        SAY(s->ret, s->voice, ": no free unit has %s", "：待命力量中无 %s", step->subject);
    } else {
        SAY(s->ret, s->voice, ": %llu free units have %s, and not all that is needed",
            "：有 %llu 个待命力量具备 %s，但不满足全部要求", (unsigned long long)step->number, step->subject);
    }
    if (elsewhere) {
        SAY(s->ret, s->voice, "; the units of region %s were not looked at", "；未查询行政区 %s 的力量",
            region);
    }
    say_why(s, false);
}

/* Why it goes to somebody else. */
static void say_reissued(const struct saying *s)
{
    const struct view_step *step = s->step;
    const struct incident *incident = state_incident(s->state, step->incident);
    const struct order *order = incident != NULL ? incident_order(incident, step->order) : NULL;
    char other[VIEW_SHORT_ID];

    view_short_id(step->other, other);
    if (order != NULL && order->rung == RUNG_DECLINED) {
        SAY(s->ret, s->voice, "order %s, which %s declined, goes to %s as %s",
            "指令 %s 被 %s 拒绝，改派 %s，新指令 %s", s->order, view_short_name(s->state, order->taker),
            view_short_name(s->state, step->subject), other);
    } else {
        SAY(s->ret, s->voice, "order %s, which nobody answered, goes to %s as %s",
            "指令 %s 无人答复，改派 %s，新指令 %s", s->order, view_short_name(s->state, step->subject),
            other);
    }
    say_why(s, true);
}

void view_say_reissue(const struct saying *s)
{
    const struct view_step *step = s->step;

    switch (step->kind) {
    case EVENT_ORDER_REMINDED:
        SAY(s->ret, s->voice, "order %s: its addressee is reminded", "指令 %s 催办", s->order);
        view_say_due(s, ", answer by ", "，答复时限 ", step->due_ms);
        say_why(s, true);
        return;
    case EVENT_REISSUE_WANTED:
        SAY(s->ret, s->voice, "order %s is to go to the next agency", "指令 %s 拟改派下一可用单位", s->order);
        if (step->subject[0] != '\0') {
            SAY(s->ret, s->voice, " that has %s", "（须具备 %s）", step->subject);
        }
        say_why(s, false);
        return;
    case EVENT_ORDER_REISSUED:
        say_reissued(s);
        return;
    case EVENT_ABILITY_SHORT:
        say_short(s);
        return;
    default:
        return;
    }
}
