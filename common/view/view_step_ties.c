#include "common/view/view_step_ties.h"

void view_step_add_post(const struct event *event, struct view_step *step)
{
    step->subject = event->post.commander;
    step->what = event->post.lead;
    step->from = event->post.from;
    step->place = event->post.place;
    step->number = event->post.term;
    step->withdrawn = event->post.withdrawn;
}

void view_step_add_ties(const struct event *event, struct view_step *step)
{
    switch (event->kind) {
    case EVENT_INCIDENT_LINKED:
        step->other = event->linked.other;
        step->link = event->linked.kind;
        step->caused = event->linked.caused;
        return;
    case EVENT_ORDERS_MOVED:
        step->other = event->moved.other;
        step->moved = event->moved.orders;
        step->moved_n = event->moved.orders_n;
        step->taken = event->moved.taken;
        return;
    default:
        step->other = event->merged.other;
        step->number = event->merged.parts;
        return;
    }
}
