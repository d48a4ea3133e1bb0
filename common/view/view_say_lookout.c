/* What rules say of readings, and of the silence of agents and links. */
#include <string.h>

#include "common/core/link.h"
#include "common/view/view_say_private.h"

/* "h2s of tank-7 (370102/enterprise/plant)", "agent 370102/health/centre", "the link to region 370000" */
static void say_subject(const struct saying *s)
{
    const struct lookout_step *l = s->step->lookout;
    char code[REGION_CODE_MAX + 1];

    if (l->name[0] != '\0') {
        buf_printf(s->ret, "%s%s%s", l->name, l->unit[0] != '\0' ? (s->voice->zh ? "，" : " of ") : "",
                   l->unit);
        SAY(s->ret, s->voice, " (%s)", "（%s）", l->agent);
    } else if (name_is_link(l->agent, code)) {
        SAY(s->ret, s->voice, "link to region %s", "至 %s 的链路", code);
    } else {
        SAY(s->ret, s->voice, "agent %s", "代理 %s", l->agent);
    }
}

static void say_seen(const struct saying *s)
{
    view_say_seen(s, s->step->seen, s->step->seen_n);
    view_say_due(s, "; nothing heard since ", "；自此无音讯：", s->step->lookout->since_ms);
}

static void say_fired(const struct saying *s)
{
    const struct lookout_step *l = s->step->lookout;
    bool silent = l->name[0] == '\0';

    PUT(s->ret, s->voice, silent ? "SILENT: " : "READING: ", silent ? "失联：" : "读数告警：");
    say_subject(s);
    SAY(s->ret, s->voice, ", by rule %s/%s %s", "，依规则 %s/%s（%s）", l->pack, l->rule, l->version);
    say_seen(s);
    for (size_t i = 0; i < l->roles.n; i++) {
        buf_printf(s->ret, "%s%s",
                   i > 0          ? (s->voice->zh ? "、" : ", ")
                   : s->voice->zh ? "；通知："
                                  : "; told: ",
                   l->roles.at[i]);
    }
    if (!id_is_zero(s->step->incident)) {
        SAY(s->ret, s->voice, "; it belongs to incident %s", "；所属事件 %s", s->incident);
    }
}

void view_say_lookout(const struct saying *s)
{
    const struct view_step *step = s->step;
    const struct lookout_step *l = step->lookout;

    switch (step->kind) {
    case EVENT_LOOKOUT_BEGAN:
        SAY(s->ret, s->voice, "rule %s/%s holds for ", "规则 %s/%s 成立：", l->pack, l->rule);
        say_subject(s);
        say_seen(s);
        view_say_due(s, "; it fires if it still does at ", "；持续则触发，时刻 ", l->due_at_ms);
        return;
    case EVENT_LOOKOUT_FIRED:
        say_fired(s);
        return;
    case EVENT_LOOKOUT_ENDED:
        SAY(s->ret, s->voice, "rule %s/%s does not hold any more for ", "规则 %s/%s 不再成立：", l->pack,
            l->rule);
        say_subject(s);
        view_say_seen(s, step->seen, step->seen_n);
        return;
    case EVENT_LOOKOUT_DOUBTED:
        if (l->known) {
            SAY(s->ret, s->voice, "rule %s/%s can be told again, and holds, for ",
                "规则 %s/%s 恢复可判断，仍成立：", l->pack, l->rule);
        } else {
            SAY(s->ret, s->voice, "COULD NOT TELL whether rule %s/%s still holds for ",
                "无法判断规则 %s/%s 是否仍成立：", l->pack, l->rule);
        }
        say_subject(s);
        view_say_seen(s, step->seen, step->seen_n);
        return;
    default:
        SAY(s->ret, s->voice,
            step->late
                ? "TOO MANY READINGS, at most %llu are followed: others are judged without their past (%s)"
                : "TOO MUCH for rules to look at, at most %llu of one agent: others wait (%s)",
            step->late ? "读数过多，最多跟踪 %llu 项：其余不计上升速度（%s）"
                       : "规则监视过多，每个代理最多 %llu 项：其余等待（%s）",
            (unsigned long long)step->number, step->subject);
        return;
    }
}
