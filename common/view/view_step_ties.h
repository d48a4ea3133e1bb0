/* Steps of incidents that belong together, of command posts, and of what rules say of readings and silence:
 * for view_step.c alone. */
#ifndef MUSTER_COMMON_VIEW_VIEW_STEP_TIES_H
#define MUSTER_COMMON_VIEW_VIEW_STEP_TIES_H

#include "common/view/view_step.h"

void view_step_add_ties(const struct event *event, struct view_step *step);
void view_step_add_post(const struct event *event, struct view_step *step);
void view_step_add_lookout(const struct event *event, struct view_step *step);

#endif
