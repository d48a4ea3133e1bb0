/* Sentences about rules, grades and response levels. */
#include <string.h>

#include "common/core/rule.h"
#include "common/view/view_say_private.h"

/* A fact of rules in the reader's language. */
static const char *rule_fact_name(const struct saying *s, const char *word)
{
    const char *const *words = rule_fact_list();

    for (int i = 0; s->voice->zh && words[i] != NULL; i++) {
        if (strcmp(words[i], word) == 0) {
            return rule_fact_words((enum rule_fact)i)->zh;
        }
    }
    return word;
}

void view_say_seen(const struct saying *s, const struct seen_fact *seen, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_printf(s->ret, "%s%s ", i > 0 ? (s->voice->zh ? "，" : ", ") : (s->voice->zh ? "：" : ": "),
                   rule_fact_name(s, seen[i].fact));
        if (strcmp(seen[i].fact, rule_fact_words(RULE_WARNINGS)->word) == 0 &&
            strcmp(seen[i].value, "none") != 0 && seen[i].value[0] != '\0') {
            view_say_warnings(s, seen[i].value);
            continue;
        }
        buf_printf(s->ret, "%s",
                   seen[i].value[0] != '\0' ? view_seen_value(s->voice, &seen[i])
                   : s->voice->zh           ? "不详"
                                            : "not known");
    }
}

static const char *grade_words(const struct saying *s, enum grade grade)
{
    return s->voice->zh ? grade_name_zh(grade) : grade_name(grade);
}

static void say_fired(const struct saying *s)
{
    const struct view_step *step = s->step;

    SAY(s->ret, s->voice, "rule %s/%s %s holds", "规则 %s/%s（%s）成立", step->subject, step->what,
        step->text);
    if (!id_is_zero(step->order)) {
        SAY(s->ret, s->voice, " for order %s", "，指令 %s", s->order);
    }
    view_say_seen(s, step->seen, step->seen_n);
}

/* ", by rule decree-493/grade-III" or who it was */
static void say_source(const struct saying *s)
{
    const struct view_step *step = s->step;

    if (step->what[0] != '\0') {
        SAY(s->ret, s->voice, ", by rule %s", "，依规则 %s", step->what);
    } else if (step->subject[0] != '\0') {
        SAY(s->ret, s->voice, ", by %s", "，%s 决定", step->subject);
    }
    view_say_quoted(s, step->text);
}

static void say_graded(const struct saying *s)
{
    const struct view_step *step = s->step;

    if (step->kind == EVENT_GRADE_DOUBTED && step->grade == GRADE_NONE) {
        SAY(s->ret, s->voice, "incident %s: by rule %s its grade is in doubt no more",
            "事件 %s：依规则 %s，等级不再存疑", s->incident, step->what);
        return;
    }
    if (step->kind == EVENT_GRADE_DOUBTED && step->from[0] != '\0') {
        const char *by = step->subject[0] != '\0' ? step->subject : s->voice->zh ? "规则" : "a rule";
        SAY(s->ret, s->voice,
            "incident %s is grade %s, says region %s, which leads (%s): a person decides here",
            "事件 %s 已改定为%s（牵头地区 %s，%s）：本地等级须由人决定", s->incident,
            grade_words(s, step->grade), step->from, by);
        view_say_quoted(s, step->text);
        return;
    }
    if (step->kind == EVENT_GRADE_DOUBTED) {
        SAY(s->ret, s->voice, "incident %s would be grade %s by rule %s: a person decides",
            "事件 %s 依现有情况应为%s（规则 %s）：须由人决定", s->incident, grade_words(s, step->grade),
            step->what);
        return;
    }
    SAY(s->ret, s->voice, "GRADE %s: incident %s", "定级 %s：事件 %s", grade_words(s, step->grade),
        s->incident);
    if (!id_is_zero(step->other)) {
        char other[VIEW_SHORT_ID];
        SAY(s->ret, s->voice, ", taken over from %s with the merge", "，随 %s 并入",
            view_short_id(step->other, other));
    }
    say_source(s);
    for (size_t i = 0; i < step->words.n; i++) {
        buf_printf(s->ret, "%s%s",
                   i > 0          ? (s->voice->zh ? "、" : ", ")
                   : s->voice->zh ? "；可能更高，尚缺："
                                  : "; it may be graver, not known: ",
                   rule_fact_name(s, step->words.at[i]));
    }
}

static void say_level(const struct saying *s)
{
    const struct view_step *step = s->step;

    if (step->grade == GRADE_NONE) {
        SAY(s->ret, s->voice, "response to incident %s is over", "事件 %s 终止响应", s->incident);
    } else {
        SAY(s->ret, s->voice, "RESPONSE level %s: incident %s", "响应级别调整为%s：事件 %s",
            s->voice->zh ? level_name_zh(step->grade) : grade_name(step->grade), s->incident);
    }
    say_source(s);
    view_say_due(s, ", expected until ", "，预计至 ", step->due_ms);
}

static void say_notified(const struct saying *s)
{
    const struct view_step *step = s->step;

    if (step->untold) {
        SAY(s->ret, s->voice,
            "NOBODY was told of incident %s: nobody has the role %s, and there is no centre",
            "无人接到通知：事件 %s，无人承担角色 %s，也无指挥中心", s->incident, step->subject);
    } else if (step->nobody) {
        SAY(s->ret, s->voice, "nobody has the role %s; the centres were told of incident %s",
            "无人承担角色 %s，已改为通知指挥中心：事件 %s", step->subject, s->incident);
    } else {
        SAY(s->ret, s->voice, "%s told of incident %s", "通知 %s：事件 %s", step->subject, s->incident);
    }
    say_source(s);
}

void view_say_rule(const struct saying *s)
{
    const struct view_step *step = s->step;

    switch (step->kind) {
    case EVENT_RULE_WAITS:
        SAY(s->ret, s->voice, "rule %s/%s holds for incident %s, and fires if it still does",
            "规则 %s/%s 对事件 %s 成立，持续则触发", step->subject, step->what, s->incident);
        view_say_due(s, " at ", "，时刻 ", step->due_ms);
        return;
    case EVENT_RULE_FIRED:
        say_fired(s);
        return;
    case EVENT_RULE_ENDED:
        SAY(s->ret, s->voice, "rule %s/%s does not hold any more", "规则 %s/%s 不再成立", step->subject,
            step->what);
        return;
    case EVENT_GRADED:
    case EVENT_GRADE_DOUBTED:
        say_graded(s);
        return;
    case EVENT_GRADE_ASKED:
        if (!id_is_zero(step->other)) {
            char other[VIEW_SHORT_ID];
            SAY(s->ret, s->voice,
                "the grade of incident %s came with %s, and no rule says what it would be: a person is asked "
                "to",
                "事件 %s 的等级随 %s 而来，现有情况无规则可定，请人工定级", s->incident,
                view_short_id(step->other, other));
            return;
        }
        if (step->what[0] != '\0') {
            SAY(s->ret, s->voice,
                "rule %s does not hold any more, nor does another that grades incident %s: a person is asked "
                "to",
                "规则 %s 不再成立，已无规则给事件 %s 定级，请人工定级", step->what, s->incident);
            return;
        }
        SAY(s->ret, s->voice, "no pack grades incident %s: a person is asked to",
            "事件 %s 无定级规则，请人工定级", s->incident);
        return;
    case EVENT_DIVISION_DOUBTED:
        SAY(s->ret, s->voice, "division %s of incident %s is not in the table in force: it may be mistyped",
            "行政区划代码 %s（事件 %s）不在现行代码表中，请核对", step->what, s->incident);
        return;
    case EVENT_LEVEL_SET:
        say_level(s);
        return;
    case EVENT_REFERRED:
        SAY(s->ret, s->voice, "incident %s is referred to region %s", "事件 %s 上报移交 %s", s->incident,
            step->subject);
        if (step->what[0] != '\0') {
            say_source(s);
        } else {
            view_say_quoted(s, step->text);
        }
        return;
    case EVENT_NOTIFIED:
        say_notified(s);
        return;
    default:
        return;
    }
}
