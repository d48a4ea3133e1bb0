/* Sentences about statutory clocks and the reports that they ask for. */
#include <string.h>

#include "common/view/view_clock.h"
#include "common/view/view_say_private.h"

/* NULL: the log has its start no more. */
static const struct incident_clock *clock_of(const struct saying *s)
{
    const struct incident *incident = state_incident(s->state, s->step->incident);

    return incident != NULL ? incident_clock(incident, s->step->subject, s->step->what) : NULL;
}

static const char *clock_name(const struct saying *s)
{
    const struct incident_clock *clock = clock_of(s);

    return clock != NULL && clock->terms.title[0] != '\0' ? clock->terms.title : s->step->what;
}

static const char *medium_words(const struct saying *s, enum medium medium)
{
    return s->voice->zh ? medium_name_zh(medium) : medium_name(medium);
}

static const char *tier_words(const struct saying *s, enum tier tier)
{
    return s->voice->zh ? tier_name_zh(tier) : tier_name(tier);
}

static void say_sent(const struct saying *s)
{
    const struct view_step *step = s->step;
    const char *kind = s->voice->zh ? report_kind_name_zh(step->report) : report_kind_name(step->report);

    SAY(s->ret, s->voice, "%s report of incident %s sent up to the %s, %s", "%s（事件 %s）已报至%s，%s", kind,
        s->incident, tier_words(s, step->to), medium_words(s, step->medium));
    if (step->subject[0] != '\0') {
        SAY(s->ret, s->voice, ", signed off by %s", "，签发人 %s", step->subject);
    }
    view_say_quoted(s, step->text);
}

static void say_started(const struct saying *s)
{
    const struct view_step *step = s->step;

    const struct rule_clock terms = {
        .report = step->report, .medium = step->medium, .to = step->to, .signer = step->signer};

    SAY(s->ret, s->voice, "clock \"%s\" of incident %s: ", "时限“%s”（事件 %s）：", clock_name(s),
        s->incident);
    view_say_asked(s->voice, &terms, s->ret);
    view_say_due(s, ", by ", "，不晚于 ", step->due_ms);
}

/* Others may have gone up. */
static void say_overdue(const struct saying *s)
{
    const struct incident_clock *clock = clock_of(s);

    SAY(s->ret, s->voice, "OVERDUE: \"%s\" of incident %s, no report as it asks for",
        "逾期未报：“%s”（事件 %s），未见符合要求的报告", clock_name(s), s->incident);
    if (clock != NULL) {
        PUT(s->ret, s->voice, " (", "（");
        view_say_asked(s->voice, &clock->terms, s->ret);
        PUT(s->ret, s->voice, ")", "）");
    }
    view_say_due(s, " by ", "，时限 ", s->step->due_ms);
}

void view_say_clock(const struct saying *s)
{
    const struct view_step *step = s->step;

    switch (step->kind) {
    case EVENT_REPORT_SENT:
        say_sent(s);
        return;
    case EVENT_CLOCK_STARTED:
        say_started(s);
        return;
    case EVENT_CLOCK_WARNED:
        SAY(s->ret, s->voice, "clock \"%s\" of incident %s is soon due", "时限“%s”（事件 %s）即将到期",
            clock_name(s), s->incident);
        return;
    case EVENT_CLOCK_OVERDUE:
        say_overdue(s);
        return;
    case EVENT_CLOCK_MET:
        SAY(s->ret, s->voice, "clock \"%s\" of incident %s is met%s", "时限“%s”（事件 %s）已报%s",
            clock_name(s), s->incident,
            !step->late    ? ""
            : s->voice->zh ? "（迟报）"
                           : ", LATE");
        return;
    case EVENT_CLOCK_STOPPED:
        SAY(s->ret, s->voice, "clock \"%s\" of incident %s is stopped", "时限“%s”（事件 %s）停止",
            clock_name(s), s->incident);
        return;
    default:
        return;
    }
}
