#include "common/view/view_step_ties.h"

#include "common/view/view_unreached.h"

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
    } else if (event->kind == EVENT_CLOCK_MET) {
        step->late = event->clock.late;
    }
}

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
    case EVENT_FACTS_TAKEN:
    case EVENT_FACTS_RETURNED:
        step->other = event->taken.other;
        step->words = event->taken.fields;
        step->what = event->taken.kind;
        step->from = event->taken.substance;
        step->taken = event->taken.graded;
        return;
    case EVENT_GRADE_OTHERWISE:
        step->grade = event->otherwise.grade;
        step->what = event->otherwise.rule;
        step->place = event->otherwise.article;
        step->from = event->otherwise.fact;
        step->subject = event->otherwise.region;
        step->number = (uint64_t)event->otherwise.count;
        step->holds = event->otherwise.up_to;
        return;
    case EVENT_GRADE_ASKED:
        step->other = event->grade_asked.of;
        return;
    default:
        step->other = event->merged.other;
        step->number = event->merged.parts;
        return;
    }
}

void view_step_add_share(const struct event *event, struct view_step *step)
{
    switch (event->kind) {
    case EVENT_SHARE_BEGUN:
        step->subject = event->share_begun.region;
        return;
    case EVENT_HEARD:
        step->subject = event->heard.region;
        step->number = event->heard.seq;
        return;
    case EVENT_ORDER_UNREACHED:
    case EVENT_REGION_UNREACHED:
        view_step_add_unreached(event, step);
        return;
    case EVENT_COUNT_APART:
        step->subject = event->count_apart.region;
        step->what = event->count_apart.fact;
        step->number = (uint64_t)event->count_apart.count;
        step->holds = event->count_apart.holds;
        return;
    case EVENT_ORDERS_DISPUTED:
    case EVENT_DISPUTE_SETTLED:
        step->other = event->disputed.other;
        step->subject = event->disputed.region;
        step->what = event->kind == EVENT_ORDERS_DISPUTED ? event->disputed.against : event->disputed.by;
        return;
    default:
        step->subject = event->lead.region;
        step->what = event->lead.from;
        step->number = event->lead.term;
        step->late = event->lead.alone;
        return;
    }
}
