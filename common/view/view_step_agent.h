/* Steps of an agent's own stream: its units, what it acknowledged, what rules say of its readings
 * and its silence. For view_step.c alone. */
#ifndef MUSTER_COMMON_VIEW_VIEW_STEP_AGENT_H
#define MUSTER_COMMON_VIEW_VIEW_STEP_AGENT_H

#include "common/view/view_step.h"

void view_step_add_agent(const struct event *event, struct view_step *step);

#endif
