/* Steps of the warnings that are at hand in the region's stream. For view_step.c alone. */
#ifndef MUSTER_COMMON_VIEW_VIEW_STEP_WARNING_H
#define MUSTER_COMMON_VIEW_VIEW_STEP_WARNING_H

#include "common/view/view_step.h"

void view_step_add_warning(const struct event *event, struct view_step *step);

#endif
