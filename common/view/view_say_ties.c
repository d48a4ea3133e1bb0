/* Sentences about incidents that belong together: linked, merged, split, and orders that moved. */
#include "common/view/view_dispute.h"
#include "common/view/view_say_private.h"

const char *view_link_name(const struct view_voice *voice, enum link_kind kind)
{
    return voice->zh ? link_kind_name_zh(kind) : link_kind_name(kind);
}

static void say_linked(const struct saying *s)
{
    const struct view_step *step = s->step;
    char other[VIEW_SHORT_ID];

    view_short_id(step->other, other);
    if (step->link == LINK_NONE) {
        SAY(s->ret, s->voice, "incidents %s and %s are not linked any more", "事件 %s 与 %s 解除关联",
            s->incident, other);
    } else if (step->link == LINK_RELATED) {
        SAY(s->ret, s->voice, "incident %s is related to %s", "事件 %s 与 %s 相关", s->incident, other);
    } else if (step->caused) {
        SAY(s->ret, s->voice, "incident %s has a %s event: %s", "事件 %s 引发%s事件 %s", s->incident,
            view_link_name(s->voice, step->link), other);
    } else {
        SAY(s->ret, s->voice, "incident %s is a %s event of %s", "事件 %s 系%s事件，源自 %s", s->incident,
            view_link_name(s->voice, step->link), other);
    }
}

static void say_moved(const struct saying *s)
{
    const struct view_step *step = s->step;
    char other[VIEW_SHORT_ID], order[VIEW_SHORT_ID];

    PUT(s->ret, s->voice, "order ", "指令 ");
    for (size_t i = 0; i < step->moved_n; i++) {
        buf_printf(s->ret, "%s%s", i > 0 ? ", " : "", view_short_id(step->moved[i], order));
    }
    view_short_id(step->other, other);
    if (step->taken) {
        SAY(s->ret, s->voice, " of incident %s belongs to %s", "（原属事件 %s）归入事件 %s", other,
            s->incident);
    } else {
        SAY(s->ret, s->voice, " of incident %s belongs to %s from here on", "（事件 %s）改归事件 %s",
            s->incident, other);
    }
}

static void say_fields(const struct saying *s)
{
    const struct words fields = s->step->words;

    for (size_t i = 0; i < fields.n; i++) {
        enum fact fact = fact_parse(fields.at[i]);
        buf_printf(s->ret, "%s%s",
                   i == 0         ? ""
                   : s->voice->zh ? "、"
                                  : ", ",
                   s->voice->zh && fact != FACT_COUNT ? fact_name_zh(fact)
                                                      : view_count_name(s->voice, fields.at[i]));
    }
}

/* What a merge has brought, and a split takes away again. */
static void say_taken(const struct saying *s, const char *other)
{
    const struct view_step *step = s->step;
    bool back = step->kind == EVENT_FACTS_RETURNED;

    if (step->words.n > 0) {
        SAY(s->ret, s->voice,
            back ? "GIVEN BACK to %s, not said of incident %s itself: " : "from %s incident %s has: ",
            back ? "随拆分退回 %s（并非事件 %s 自身所报）：" : "自 %s 并入事件 %s 的情况：", other,
            s->incident);
        say_fields(s);
    }
    if (back && (step->what[0] != '\0' || step->from[0] != '\0')) {
        SAY(s->ret, s->voice, "; it is %s%s%s again", "；恢复为 %s%s%s", step->what,
            step->what[0] != '\0' && step->from[0] != '\0' ? ", " : "", step->from);
    }
    if (back && step->taken) {
        PUT(s->ret, s->voice, step->words.n > 0 ? "; " : "", step->words.n > 0 ? "；" : "");
        SAY(s->ret, s->voice,
            "the grade of incident %s CAME WITH %s, which is another event: a person decides",
            "事件 %s 的等级系随 %s 而来，二者已非同一事件，须由人决定", s->incident, other);
    }
    if (!back && step->words.n == 0) {
        SAY(s->ret, s->voice, "from %s incident %s has its grade", "事件 %2$s 的等级随 %1$s 而来", other,
            s->incident);
    }
}

/* What other regions tell of a merged incident, and that it is this one's from now on. */
static void say_heard(const struct saying *s, const char *other)
{
    const struct view_step *step = s->step;

    SAY(s->ret, s->voice,
        step->unsaid ? "another region told of %s, merged into incident %s; what it makes of it follows"
                     : "what another region told of %s, merged into incident %s, is looked at",
        step->unsaid ? "他地报来 %s（已并入事件 %s）的情况，随后处理"
                     : "处理他地所报 %s（已并入事件 %s）的情况",
        other, s->incident);
    if (step->words.n > 0 || step->taken) {
        PUT(s->ret, s->voice, ": ", "：");
        say_fields(s);
    }
    if (step->taken) {
        PUT(s->ret, s->voice, step->words.n > 0 ? ", grade" : "grade", step->words.n > 0 ? "、等级" : "等级");
    }
}

void view_say_ties(const struct saying *s)
{
    const struct view_step *step = s->step;
    char other[VIEW_SHORT_ID];

    view_short_id(step->other, other);
    switch (step->kind) {
    case EVENT_INCIDENT_LINKED:
        say_linked(s);
        break;
    case EVENT_INCIDENT_MERGED:
        SAY(s->ret, s->voice, "incident %s is the same event as %s, and merged into it",
            "事件 %s 与 %s 系同一事件，并入后者", s->incident, other);
        break;
    case EVENT_INCIDENT_JOINED:
        SAY(s->ret, s->voice, "incident %s takes in %s", "事件 %s 合并了事件 %s", s->incident, other);
        break;
    case EVENT_INCIDENT_SPLIT:
        SAY(s->ret, s->voice, "incidents %s and %s are two events again", "事件 %s 与 %s 恢复为两个事件",
            s->incident, other);
        break;
    case EVENT_ORDERS_MOVED:
        say_moved(s);
        break;
    case EVENT_FACTS_TAKEN:
    case EVENT_FACTS_RETURNED:
        say_taken(s, other);
        break;
    case EVENT_PART_HEARD:
        say_heard(s, other);
        break;
    default:
        return;
    }
    view_say_quoted(s, step->text);
}
