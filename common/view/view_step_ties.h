/* Steps of incidents that belong together, and of command posts: for view_step.c alone. */
#ifndef MUSTER_COMMON_VIEW_VIEW_STEP_TIES_H
#define MUSTER_COMMON_VIEW_VIEW_STEP_TIES_H

#include "common/view/view_step.h"

void view_step_add_ties(const struct event *event, struct view_step *step);
/* What regions order apart, and a person's word on it. */
void view_step_add_disputed(const struct view_record *record, const struct event *event,
                            struct view_step *step);
/* What regions tell each other. */
void view_step_add_share(const struct event *event, struct view_step *step);
/* Whose report it was that another region told: each counts the reports that it knows of an incident. */
void view_step_add_told_report(const struct told_record *told, struct view_step *step);
void view_step_add_post(const struct event *event, struct view_step *step);

#endif
