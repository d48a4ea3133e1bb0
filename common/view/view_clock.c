#include "common/view/view_clock.h"

#include "common/base/when.h"
#include "common/view/view_say_private.h"

static const char *pick(const struct view_voice *voice, const char *en, const char *cn)
{
    return voice->zh ? cn : en;
}

static const char *tier_words(const struct view_voice *voice, enum tier tier)
{
    return pick(voice, tier_name(tier), tier_name_zh(tier));
}

static const char *medium_words(const struct view_voice *voice, enum medium medium)
{
    return pick(voice, medium_name(medium), medium_name_zh(medium));
}

static const char *kind_words(const struct view_voice *voice, enum report_kind kind)
{
    return pick(voice, report_kind_name(kind), report_kind_name_zh(kind));
}

void view_say_asked(const struct view_voice *voice, const struct rule_clock *terms, struct buf *ret)
{
    SAY(ret, voice, "to the %s", "报至%s", tier_words(voice, terms->to));
    if (terms->report != REPORT_NONE) {
        SAY(ret, voice, ", %s", "，%s", kind_words(voice, terms->report));
    }
    if (terms->medium != MEDIUM_NONE) {
        SAY(ret, voice, ", %s", "，%s", medium_words(voice, terms->medium));
    }
    if (terms->signer) {
        PUT(ret, voice, ", signed off", "，须有签发人");
    }
}

void view_say_running(const struct state *state, const struct view_voice *voice,
                      const struct incident_clock *clock, int64_t now_ms, struct buf *ret)
{
    bool late = clock->due_ms <= now_ms;
    enum view_tone tone = late ? TONE_BAD : TONE_WARN;
    char due[VIEW_TIME], left[WHEN_TEXT];

    buf_printf(ret, "%s%s%s", view_tone_on(voice, tone),
               clock->terms.title[0] != '\0' ? clock->terms.title : clock->terms.name,
               pick(voice, ": ", "："));
    view_say_asked(voice, &clock->terms, ret);
    when_format_duration(late ? now_ms - clock->due_ms : clock->due_ms - now_ms, left);
    SAY(ret, voice, late ? ", was due by %s, %s ago" : ", due by %s, %s left",
        late ? "，已过时限 %s，逾期 %s" : "，时限 %s，剩余 %s", view_clock(state, clock->due_ms, now_ms, due),
        left);
    buf_puts(ret, view_tone_off(voice, tone));
}

size_t view_clock_lacks(const struct incident_clock *clock, struct clock_report report,
                        enum clock_answer ret[VIEW_CLOCK_LACKS_MAX])
{
    const struct rule_clock *terms = &clock->terms;
    size_t n = 0;

    while (n < VIEW_CLOCK_LACKS_MAX) { /* what it lacks is given to it, and it is asked again */
        enum clock_answer answer = statutory_ask(terms, clock->begins_ms, clock->due_ms, &report);
        switch (answer) {
        case CLOCK_MET:
        case CLOCK_LATE:
            return n;
        case CLOCK_BEFORE:
            report.at_ms = clock->due_ms;
            break;
        case CLOCK_OTHER_REPORT:
            report.kind = terms->report;
            break;
        case CLOCK_OTHER_MEDIUM:
            report.medium = terms->medium;
            break;
        case CLOCK_NOT_REACHED:
            report.reached = terms->to;
            break;
        case CLOCK_NO_SIGNER:
            report.signer = true;
            break;
        }
        ret[n++] = answer;
    }
    return n;
}

void view_say_lack(const struct view_voice *voice, enum clock_answer lack, const struct rule_clock *terms,
                   struct buf *ret)
{
    switch (lack) {
    case CLOCK_MET:
    case CLOCK_LATE:
        return;
    case CLOCK_BEFORE:
        PUT(ret, voice, "before the clock began", "早于时限起点");
        return;
    case CLOCK_OTHER_REPORT:
        SAY(ret, voice, "not %s", "不是%s", kind_words(voice, terms->report));
        return;
    case CLOCK_OTHER_MEDIUM:
        SAY(ret, voice, "not %s", "方式不是%s", medium_words(voice, terms->medium));
        return;
    case CLOCK_NOT_REACHED:
        SAY(ret, voice, "not as far as the %s", "未报至%s", tier_words(voice, terms->to));
        return;
    case CLOCK_NO_SIGNER:
        PUT(ret, voice, "no signer", "无签发人");
        return;
    }
}

const char *view_lack_word(enum clock_answer lack)
{
    switch (lack) {
    case CLOCK_MET:
    case CLOCK_LATE:
        break;
    case CLOCK_BEFORE:
        return "before";
    case CLOCK_OTHER_REPORT:
        return "kind";
    case CLOCK_OTHER_MEDIUM:
        return "medium";
    case CLOCK_NOT_REACHED:
        return "level";
    case CLOCK_NO_SIGNER:
        return "signer";
    }
    return "";
}

void view_clock_json(const struct incident_clock *clock, struct json *json)
{
    json_text(json, "pack", clock->pack);
    json_text(json, "clock", clock->terms.name);
    json_text(json, "title", clock->terms.title);
    json_text(json, "to", tier_name(clock->terms.to));
    json_text(json, "report",
              clock->terms.report != REPORT_NONE ? report_kind_name(clock->terms.report) : "");
    json_text(json, "medium", clock->terms.medium != MEDIUM_NONE ? medium_name(clock->terms.medium) : "");
    json_bool(json, "signer", clock->terms.signer);
    json_bool(json, "daily", clock_is_daily(clock));
    json_number(json, "begins_ms", clock->begins_ms);
    json_number(json, "due_ms", clock->due_ms);
    json_number(json, "met_ms", clock->met_ms);
    json_bool(json, "late", clock->late);
    json_bool(json, "overdue", clock->overdue);
    json_bool(json, "stopped", clock->stopped);
}
