#include "common/view/view_step_clock.h"

void view_step_add_clock(const struct event *event, struct view_step *step)
{
    if (event->kind == EVENT_REPORT_SENT) {
        step->report = event->report_sent.kind;
        step->medium = event->report_sent.medium;
        step->to = event->report_sent.to;
        step->subject = event->report_sent.signed_off_by;
        return;
    }
    step->subject = event->clock.pack;
    step->what = event->clock.clock;
    step->due_ms = event->clock.due_at_ms;
    if (event->kind == EVENT_CLOCK_STARTED) {
        step->report = event->clock.report;
        step->medium = event->clock.medium;
        step->to = event->clock.to;
        step->signer = event->clock.signer;
    } else if (event->kind == EVENT_CLOCK_MET) {
        step->late = event->clock.late;
    }
}
