/* Steps of statutory clocks, and of the reports that meet them. For view_step.c alone. */
#ifndef MUSTER_COMMON_VIEW_VIEW_STEP_CLOCK_H
#define MUSTER_COMMON_VIEW_VIEW_STEP_CLOCK_H

#include "common/view/view_step.h"

void view_step_add_clock(const struct event *event, struct view_step *step);

#endif
