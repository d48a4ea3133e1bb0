/* How far an incident reaches: events as sentences, and what is known of it. */
#include "common/view/view_spread.h"

#include "common/core/incident.h"
#include "common/view/view_say_private.h"

#define PICK(voice, en, cn) ((voice)->zh ? (cn) : (en))

static const char *grade_words(const struct view_voice *voice, enum grade grade)
{
    return voice->zh ? grade_name_zh(grade) : grade_name(grade);
}

static const char *level_words(const struct view_voice *voice, enum grade level)
{
    return voice->zh ? level_name_zh(level) : grade_name(level);
}

void view_step_add_spread(const struct event *event, struct view_step *step)
{
    if (event->kind == EVENT_GRADE_EXPECTED) {
        step->grade = event->grade_expected.grade;
        step->subject = event->grade_expected.by;
    } else if (event->kind == EVENT_REGION_TOUCHED) {
        step->subject = event->region_touched.region;
        step->what = event->region_touched.by;
    } else {
        step->subject = event->level_heard.region;
        step->grade = event->level_heard.level;
        step->other = event->level_heard.of;
    }
}

static void say_level(const struct saying *s)
{
    const struct view_step *step = s->step;
    char other[VIEW_SHORT_ID];

    if (step->grade == GRADE_NONE) {
        SAY(s->ret, s->voice, "region %s has ended its response", "%s 已终止响应", step->subject);
    } else {
        SAY(s->ret, s->voice, "region %s has response level %s", "%s 已启动%s响应", step->subject,
            level_words(s->voice, step->grade));
    }
    SAY(s->ret, s->voice, " to incident %s", "（事件 %s", s->incident);
    if (!id_is_zero(step->other)) {
        view_short_id(step->other, other);
        SAY(s->ret, s->voice, ", by %s that is linked to it", "，关联事件 %s", other);
    }
    PUT(s->ret, s->voice, "", "）");
}

void view_say_spread(const struct saying *s)
{
    const struct view_step *step = s->step;

    if (step->kind == EVENT_LEVEL_HEARD) {
        say_level(s);
        return;
    }
    if (step->kind == EVENT_REGION_TOUCHED) {
        SAY(s->ret, s->voice, "incident %s touches region %s", "事件 %s 波及 %s", s->incident, step->subject);
        if (step->what[0] == '\0') {
            PUT(s->ret, s->voice, ", as the reported division says", "（据所报区划）");
        }
    } else if (step->grade == GRADE_NONE) {
        SAY(s->ret, s->voice, "incident %s: no grade is thought possible any more", "事件 %s：不再有可能等级",
            s->incident);
    } else {
        SAY(s->ret, s->voice, "grade %s is THOUGHT POSSIBLE: incident %s", "研判可能为%s：事件 %s",
            grade_words(s->voice, step->grade), s->incident);
    }
    view_say_quoted(s, step->text);
}

void view_say_reach(const struct view_voice *voice, const struct incident *incident, struct buf *ret)
{
    const struct spread *spread = incident->spread;
    bool said = false;

    if (spread != NULL && spread->expected != GRADE_NONE) {
        buf_printf(ret, PICK(voice, "  grade %s is thought possible", "  研判可能为%s"),
                   grade_words(voice, spread->expected));
        said = true;
    }
    for (size_t i = 0; spread != NULL && i < spread->touched_n; i++) {
        buf_puts(ret, said ? PICK(voice, ", ", "，") : "  ");
        buf_printf(ret, i == 0 ? PICK(voice, "touches region %s", "波及 %s") : "%s",
                   spread->touched[i].region);
        said = true;
    }
    for (size_t i = 0; spread != NULL && i < spread->levels_n; i++) {
        buf_puts(ret, said ? PICK(voice, ", ", "，") : "  ");
        buf_printf(ret, PICK(voice, "response level in %s: %s", "%s 已启动%s响应"), spread->levels[i].region,
                   level_words(voice, spread->levels[i].level));
        said = true;
    }
    buf_puts(ret, said ? "\n" : "");
}

void view_json_reach(const struct incident *incident, struct json *json)
{
    const struct spread *spread = incident->spread;

    if (spread == NULL) {
        return;
    }
    json_text(json, "expected", spread->expected != GRADE_NONE ? grade_name(spread->expected) : "");
    json_array(json, "touches");
    for (size_t i = 0; i < spread->touched_n; i++) {
        json_text(json, NULL, spread->touched[i].region);
    }
    json_array_end(json);
    json_array(json, "levels_elsewhere");
    for (size_t i = 0; i < spread->levels_n; i++) {
        json_object(json, NULL);
        json_text(json, "region", spread->levels[i].region);
        json_text(json, "level", grade_name(spread->levels[i].level));
        if (!id_is_zero(spread->levels[i].of)) {
            json_id(json, "of", spread->levels[i].of);
        }
        json_object_end(json);
    }
    json_array_end(json);
}
