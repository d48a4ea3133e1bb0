#include "common/view/view_step_warning.h"

void view_step_add_warning(const struct event *event, struct view_step *step)
{
    if (event->kind == EVENT_WARNINGS_HEEDED) {
        step->number = event->warnings_heeded.turn;
        return;
    }
    step->warning = &event->warning;
    step->mode = event->warning.mode;
    step->subject = event->warning.sender;
    step->what = event->warning.event;
    step->expires_ms = event->warning.expires_ms;
    step->seen = event->warning.seen;
    step->seen_n = event->warning.seen_n;
}
