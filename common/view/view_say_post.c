/* Sentences about command posts: who leads, and who is to. */
#include "common/view/view_say_private.h"

static void say_kept(const struct saying *s, const char *lead, const char *to)
{
    const struct view_step *step = s->step;
    unsigned term = (unsigned)step->number;

    if (step->withdrawn) {
        SAY(s->ret, s->voice, "command of incident %s is not offered to %s any more: %s of %s leads, term %u",
            "事件 %s 指挥权移交 %s 已撤回：总指挥仍为 %s（%s），第 %u 任", s->incident, to, step->subject,
            lead, term);
    } else {
        SAY(s->ret, s->voice, "command of incident %s is refused by %s: %s of %s leads, term %u",
            "事件 %s 指挥权移交被 %s 拒绝：总指挥仍为 %s（%s），第 %u 任", s->incident, to, step->subject,
            lead, term);
    }
}

void view_say_post(const struct saying *s)
{
    const struct view_step *step = s->step;
    unsigned term = (unsigned)step->number;
    const char *lead = view_short_name(s->state, step->what), *from = view_short_name(s->state, step->from);

    switch (step->kind) {
    case EVENT_POST_SET:
        SAY(s->ret, s->voice, "command post of incident %s: %s leads, commander %s, term %u",
            "事件 %s 现场指挥部：牵头部门 %s，总指挥 %s，第 %u 任", s->incident, lead, step->subject, term);
        if (step->place[0] != '\0') {
            SAY(s->ret, s->voice, ", at %s", "，地点：%s", step->place);
        }
        break;
    case EVENT_POST_OFFERED:
        SAY(s->ret, s->voice, "command of incident %s offered by %s to %s of %s for term %u",
            "事件 %s 指挥权由 %s 提请移交 %s（%s），第 %u 任", s->incident, from, step->subject, lead, term);
        break;
    case EVENT_POST_TAKEN:
        SAY(s->ret, s->voice, "COMMAND of incident %s handed over by %s: %s of %s leads, term %u",
            "事件 %s 指挥权由 %s 移交：总指挥 %s（%s），第 %u 任", s->incident, from, step->subject, lead,
            term);
        break;
    case EVENT_POST_KEPT:
        say_kept(s, lead, from);
        break;
    case EVENT_POST_APART:
        SAY(s->ret, s->voice,
            "ANOTHER COMMAND POST of incident %s was set up apart by region %s: %s leads, commander %s, term "
            "%u; it is not in force, and who leads is to settle it",
            "现场指挥部重复设立：事件 %s 另由 %s 设立，牵头部门 %s，总指挥 %s，第 %u "
            "任，未生效，须由牵头地区确认",
            s->incident, step->from, lead, step->subject, term);
        break;
    default:
        return;
    }
    if (step->settles) {
        PUT(s->ret, s->voice, "; of those set up apart this one stands", "，重复设立的以此为准");
    }
    view_say_quoted(s, step->text);
}
