/* What regions tell each other, and the lines between them. */
#include <string.h>

#include "common/view/view_dispute.h"
#include "common/view/view_say_private.h"

static void say_line(const struct saying *s)
{
    const struct view_step *step = s->step;

    if (step->late) {
        SAY(s->ret, s->voice, "NOT REACHED: region %s", "链路中断：%s", step->subject);
        view_say_due(s, ", nothing heard since ", "，自此无音讯：", step->due_ms);
        PUT(s->ret, s->voice, "; what is for it waits", "；待发内容已留存");
    } else {
        SAY(s->ret, s->voice, "region %s is reached", "与 %s 的链路已通", step->subject);
    }
}

static void say_disputed(const struct saying *s)
{
    const struct view_step *step = s->step;
    char other[VIEW_SHORT_ID];

    if (step->unsaid) {
        return;
    }
    if (step->number > 1) {
        SAY(s->ret, s->voice,
            "ORDERS CONTRADICT: order %s and %llu orders of other regions are to the same addressee, and "
            "were "
            "given apart: a person decides",
            "指令冲突：指令 %s 与其他地区的 %llu 条指令下达同一单位，双方互不知情，须由人决定",
            view_short_id(step->common, other), (unsigned long long)step->number);
    } else if (id_is_zero(step->other)) {
        SAY(s->ret, s->voice,
            "UNDER AN OLD TERM: region %s gave order %s as if it led; region %s had taken the lead: a person "
            "decides",
            "旧任期指令：%s 仍以指挥方身份下达指令 %s，当时指挥权已由 %s 接管，须由人决定", step->subject,
            s->order, step->what);
    } else {
        SAY(s->ret, s->voice,
            "ORDERS CONTRADICT: order %s of region %s and order %s of region %s are to the same addressee, "
            "and neither region knew of the other's: a person decides",
            "指令冲突：指令 %s（%s）与指令 %s（%s）下达同一单位，双方互不知情，须由人决定", s->order,
            step->subject, view_short_id(step->other, other), step->what);
    }
}

static void say_settled(const struct saying *s)
{
    const struct view_step *step = s->step;
    char other[VIEW_SHORT_ID];

    if (step->unsaid) {
        return;
    }
    if (step->number > 1) {
        SAY(s->ret, s->voice, "order %s STANDS, and so do %llu orders of other regions, so region %s says",
            "确认指令 %s 与其他地区的 %llu 条指令均有效（%s）", view_short_id(step->common, other),
            (unsigned long long)step->number, step->subject);
    } else if (id_is_zero(step->other)) {
        SAY(s->ret, s->voice, "order %s STANDS, so region %s says", "确认指令 %s 有效（%s）", s->order,
            step->subject);
    } else {
        SAY(s->ret, s->voice, "orders %s and %s BOTH STAND, so region %s says",
            "确认指令 %s 与 %s 均有效（%s）", s->order, view_short_id(step->other, other), step->subject);
    }
    view_say_quoted(s, step->text);
}

static void say_apart_of_part(const struct saying *s)
{
    const struct view_step *step = s->step;
    bool is_over = step->holds >= (int64_t)step->number; /* it was corrected there */
    char other[VIEW_SHORT_ID];

    SAY(s->ret, s->voice,
        is_over ? "%s of incident %s in region %s, merged into %s, is %llu now, no more than its own %lld"
                : "COUNTED APART: %s of incident %s in region %s, merged into %s, is %llu, its own %lld; "
                  "count anew to settle it",
        is_over ? "%s：事件 %s（%s 报，已并入 %s）现为 %llu，不高于本事件的 %lld"
                : "统计不一致：%s：事件 %s（%s 报，已并入 %s）为 %llu，本事件为 %lld，须重新核实上报",
        view_count_name(s->voice, step->what), view_short_id(step->other, other), step->subject, s->incident,
        (unsigned long long)step->number, (long long)step->holds);
}

static void say_missed(const struct saying *s)
{
    const struct view_step *step = s->step;

    SAY(s->ret, s->voice, "incident %s was CLOSED NOT KNOWING of %s %llu by %s",
        "事件 %s 结束时不知%s %llu 人（%s）", s->incident, view_count_name(s->voice, step->what),
        (unsigned long long)step->number,
        step->subject[0] != '\0' ? step->subject
        : s->voice->zh           ? "本地所知"
                                 : "what is known here");
    if (step->holds != COUNT_UNKNOWN) {
        SAY(s->ret, s->voice, ", but of %lld", "，当时所知为 %lld 人", (long long)step->holds);
    }
}

void view_say_share(const struct saying *s)
{
    const struct view_step *step = s->step;

    switch (step->kind) {
    case EVENT_SHARE_BEGUN:
        SAY(s->ret, s->voice, "incident %s is told to region %s as it changes", "事件 %s 此后的情况同步至 %s",
            s->incident, step->subject);
        return;
    case EVENT_HEARD:
        SAY(s->ret, s->voice, "so region %s told it: its record %llu", "据 %s 通报（其记录第 %llu 条）",
            step->subject, (unsigned long long)step->number);
        if (step->from[0] != '\0') {
            SAY(s->ret, s->voice, ", brought by %s", "，递交：%s", view_short_name(s->state, step->from));
        }
        return;
    case EVENT_LEAD_OFFERED:
        if (step->subject[0] == '\0') {
            SAY(s->ret, s->voice, "region %s offers the lead of incident %s to nobody any more",
                "%s 撤回移交事件 %s 指挥权", step->what, s->incident);
            view_say_quoted(s, step->text);
            return;
        }
        SAY(s->ret, s->voice, "region %s offers the lead of incident %s to region %s",
            "%s 拟将事件 %s 的指挥权移交 %s", step->what, s->incident, step->subject);
        view_say_quoted(s, step->text);
        return;
    case EVENT_LEAD_TAKEN:
        if (strcmp(step->subject, step->what) == 0) {
            SAY(s->ret, s->voice,
                "region %s takes the LEAD of incident %s anew, term %llu: it is disputed no more",
                "%s 重新确认指挥事件 %s，第 %llu 任：指挥权不再有争议", step->subject, s->incident,
                (unsigned long long)step->number);
            view_say_quoted(s, step->text);
            return;
        }
        SAY(s->ret, s->voice,
            step->late ? "region %s TAKES THE LEAD of incident %s from region %s below it, term %llu"
                       : "region %s takes over the LEAD of incident %s from region %s, term %llu",
            step->late ? "%s 提级指挥事件 %s（原由 %s 指挥），第 %llu 任"
                       : "%s 接管事件 %s 的指挥权（原由 %s 指挥），第 %llu 任",
            step->subject, s->incident, step->what, (unsigned long long)step->number);
        view_say_quoted(s, step->text);
        return;
    case EVENT_LEAD_DISPUTED:
        SAY(s->ret, s->voice,
            step->late
                ? "LEAD DISPUTED: region %s took incident %s while region %s led it; it is above, and leads"
                : "LEAD DISPUTED: region %s took incident %s while region %s led it, which leads on",
            step->late ? "指挥权冲突：%s 亦接管事件 %s（当时由 %s 指挥），以上级为准"
                       : "指挥权冲突：%s 亦接管事件 %s（当时由 %s 指挥），仍由后者指挥",
            step->subject, s->incident, step->what);
        return;
    case EVENT_ORDERS_DISPUTED:
        say_disputed(s);
        return;
    case EVENT_DISPUTE_SETTLED:
        say_settled(s);
        return;
    case EVENT_COUNT_APART:
        if (!id_is_zero(step->other)) {
            say_apart_of_part(s);
            return;
        }
        SAY(s->ret, s->voice,
            "COUNTED APART: %s %llu by %s, %lld by a later word that did not know of it, which holds",
            "互不知情的统计：%s %llu（%s），以其后所报 %lld 为准", view_count_name(s->voice, step->what),
            (unsigned long long)step->number,
            step->subject[0] != '\0' ? step->subject
            : s->voice->zh           ? "此前所知"
                                     : "what was known here",
            (long long)step->holds);
        return;
    case EVENT_COUNT_MISSED:
        say_missed(s);
        return;
    case EVENT_UNTOLD:
        SAY(s->ret, s->voice, "NOT TOLD: region %s does not have record %llu",
            "未送达：%s 没有第 %llu 条记录", step->subject, (unsigned long long)step->number);
        view_say_quoted(s, step->text);
        return;
    case EVENT_LINK_SET:
        say_line(s);
        return;
    default: /* for whom a record waits is shown by what reached them */
        return;
    }
}
