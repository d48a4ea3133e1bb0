#include "common/view/view_step_ties.h"

#include "common/view/view_unreached.h"

void view_step_add_post(const struct event *event, struct view_step *step)
{
    step->subject = event->post.commander;
    step->what = event->post.lead;
    step->from = event->kind == EVENT_POST_APART ? event->post.home : event->post.from;
    step->place = event->post.place;
    step->number = event->post.term;
    step->withdrawn = event->post.withdrawn;
    step->settles = event->post.settles;
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
    case EVENT_PART_HEARD:
        step->other = event->part_heard.other;
        step->words = event->part_heard.fields;
        step->taken = event->part_heard.graded;
        step->unsaid = event->part_heard.due;
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
        step->what = event->grade_asked.rule;
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
    case EVENT_COUNT_MISSED:
        step->subject = event->count_apart.region;
        step->what = event->count_apart.fact;
        step->number = (uint64_t)event->count_apart.count;
        step->holds = event->count_apart.holds;
        step->other = event->count_apart.other;
        return;
    default:
        step->subject = event->lead.region;
        step->what = event->lead.from;
        step->number = event->lead.term;
        step->late = event->lead.alone;
        return;
    }
}

void view_step_add_told_report(const struct told_record *told, struct view_step *step)
{
    step->from = told->region;
    for (size_t i = 0; i < told->events_n; i++) {
        const struct event *event = &told->events[i];
        if (event->kind == EVENT_REPORT_FILED && id_equal(event->incident, step->incident)) {
            step->holds = event->report_filed.number;
        }
    }
}

/* A record brings an order, or a person's word on it, and so a run of disputes that all name it. */
struct run {
    size_t begin, end;
    struct id orders[2]; /* in all of them; of a single one both */
};

static bool is_in(const struct event *event, struct id order)
{
    return !id_is_zero(order) && (id_equal(event->order, order) || id_equal(event->disputed.other, order));
}

static bool goes_on(struct run *run, const struct event *first, const struct event *event)
{
    bool one = is_in(event, run->orders[0]), two = is_in(event, run->orders[1]);

    if (event->kind != first->kind || !id_equal(event->incident, first->incident) || (!one && !two)) {
        return false;
    }
    run->orders[0] = one ? run->orders[0] : run->orders[1];
    run->orders[1] = two ? run->orders[1] : run->orders[0];
    return true;
}

static struct run run_with(const struct event *events, size_t n, size_t index)
{
    struct run run = {.end = 0};

    while (run.end <= index) {
        const struct event *first = &events[run.end];
        run = (struct run){run.end, run.end + 1, {first->order, first->disputed.other}};
        bool is_pair = (first->kind == EVENT_ORDERS_DISPUTED || first->kind == EVENT_DISPUTE_SETTLED) &&
                       !id_is_zero(first->disputed.other);
        while (is_pair && run.end < n && goes_on(&run, first, &events[run.end])) {
            run.end++;
        }
    }
    return run;
}

void view_step_add_disputed(const struct view_record *record, const struct event *event,
                            struct view_step *step)
{
    const struct run run = run_with(record->record.events, record->record.events_n, step->index);

    step->other = event->disputed.other;
    step->subject = event->disputed.region;
    step->what = event->kind == EVENT_ORDERS_DISPUTED ? event->disputed.against : event->disputed.by;
    step->number = run.end - run.begin;
    step->unsaid = run.begin != step->index;
    step->common = run.orders[0];
}
