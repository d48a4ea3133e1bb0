#include "common/view/view_otherwise.h"

#include <string.h>

#include "common/base/text.h"
#include "common/view/view_dispute.h"
#include "common/view/view_say_private.h"

static const char *grade_words(const struct view_voice *voice, enum grade grade)
{
    return voice->zh ? grade_name_zh(grade) : grade_name(grade);
}

void view_say_doubt(const struct view_voice *voice, const struct incident *incident, struct buf *ret)
{
    const char *grade = grade_words(voice, incident->doubted), *by = incident->doubted_by;

    if (incident->doubted != GRADE_NONE && incident->doubted_in[0] != '\0') {
        SAY(ret, voice, ", region %s (%s) says it is %s: a person decides here",
            "，%s（%s）已改定为%s：本地等级须由人决定", incident->doubted_in,
            by[0] != '\0' ? by
            : voice->zh   ? "规则"
                          : "a rule",
            grade);
    } else if (incident->doubted != GRADE_NONE) {
        SAY(ret, voice, ", by what is known now it would be %s: a person decides",
            "，依现有情况应为%s：须由人决定", grade);
    }
}

static const char *whose(const struct view_voice *voice, const char *region)
{
    return region[0] != '\0' ? region : voice->zh ? "本地此前所知" : "what was known here before";
}

static void say_late(const struct view_voice *voice, long long day, long long up_to, const char *article,
                     enum grade grade, struct buf *ret)
{
    SAY(ret, voice, "casualties changed on day %lld move no grade, they count up to day %lld",
        "第 %lld 日变更的伤亡，计至第 %lld 日", day, up_to);
    if (article[0] != '\0') {
        buf_puts(ret, voice->zh ? "（" : " (");
        text_escape(ret, article, strlen(article));
        buf_puts(ret, voice->zh ? "）" : ")");
    }
    SAY(ret, voice, ": counted, it would be %s", "，不计入定级；计入则为%s", grade_words(voice, grade));
}

void view_say_otherwise(const struct view_voice *voice, const struct incident *incident, struct buf *ret)
{
    const struct otherwise *late = incident_otherwise(incident, OTHERWISE_LATE);

    for (size_t i = 0; i < COUNTS; i++) {
        const struct otherwise *other = incident_otherwise(incident, i);
        const struct apart *apart = incident_apart(incident, i);
        if (other != NULL && apart != NULL) {
            SAY(ret, voice, ", %s by the %lld %s of %s: a person settles it",
                "，依%4$s所报%3$s %2$lld 人应为%1$s：须由人核定", grade_words(voice, other->grade),
                (long long)other->count, view_count_name(voice, count_name(i)), whose(voice, apart->region));
        }
    }
    if (late != NULL) {
        PUT(ret, voice, "; ", "；");
        say_late(voice, late->count, late->up_to, late->article, late->grade, ret);
    }
}

void view_say_otherwise_step(const struct saying *s)
{
    const struct view_step *step = s->step;
    long long n = (long long)step->number;

    if (step->grade == GRADE_NONE) {
        SAY(s->ret, s->voice, "incident %s: its grade would be no other any more",
            "事件 %s：等级不再另有说法", s->incident);
        return;
    }
    if (step->from[0] == '\0') {
        SAY(s->ret, s->voice, "THE GRADE STAYS: incident %s: ", "等级不变：事件 %s，", s->incident);
        say_late(s->voice, n, step->holds, step->place, step->grade, s->ret);
    } else {
        SAY(s->ret, s->voice,
            "incident %s is of grade %s by the %lld %s of %s, and not by the count that holds: a person "
            "settles it",
            "事件 %1$s 依%5$s所报%4$s %3$lld 人应为%2$s，与所采用的统计不一致：须由人核定", s->incident,
            grade_words(s->voice, step->grade), n, view_count_name(s->voice, step->from),
            whose(s->voice, step->subject));
    }
    SAY(s->ret, s->voice, ", by rule %s", "，依规则 %s", step->what);
}

void view_json_otherwise(const struct incident *incident, struct json *json)
{
    json_array(json, "grade_otherwise");
    for (size_t i = 0; i < OTHERWISES; i++) {
        const struct otherwise *other = incident_otherwise(incident, i);
        if (other == NULL) {
            continue;
        }
        json_object(json, NULL);
        json_text(json, "grade", grade_name(other->grade));
        json_text(json, "by", i < COUNTS ? count_name(i) : "late");
        if (i < COUNTS) {
            const struct apart *apart = incident_apart(incident, i);
            json_text(json, "region", apart != NULL ? apart->region : "");
            json_number(json, "count", other->count);
        } else {
            json_number(json, "day", other->count);
            json_number(json, "up_to", other->up_to);
            json_text(json, "article", other->article);
        }
        json_object_end(json);
    }
    json_array_end(json);
}
