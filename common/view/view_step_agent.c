#include "common/view/view_step_agent.h"

static void add_lookout(const struct event *event, struct view_step *step)
{
    const struct lookout_step *e = &event->lookout;

    if (event->kind == EVENT_LOOKOUT_LIMITED) {
        step->subject = event->lookout_limited.agent;
        step->number = event->lookout_limited.at_most;
        step->late = event->lookout_limited.readings;
        return;
    }
    step->lookout = e;
    step->mode = e->mode;
    step->subject = e->agent;
    step->what = e->name;
    step->due_ms = e->due_at_ms;
    step->seen = e->seen;
    step->seen_n = e->seen_n;
}

void view_step_add_agent(const struct event *event, struct view_step *step)
{
    if (event->kind == EVENT_UNITS_STATED) {
        step->subject = event->units_stated.agent;
        step->units = event->units_stated.units;
        step->units_n = event->units_stated.units_n;
    } else if (event->kind == EVENT_ACKNOWLEDGED) {
        step->subject = event->acknowledged.agent;
        step->lane = event->acknowledged.lane;
        step->number = event->acknowledged.up_to_seq;
    } else {
        add_lookout(event, step);
    }
}
