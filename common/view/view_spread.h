/* How far an incident reaches, as readers see it. */
#ifndef MUSTER_COMMON_VIEW_VIEW_SPREAD_H
#define MUSTER_COMMON_VIEW_VIEW_SPREAD_H

#include "common/view/view.h"
#include "common/view/view_json.h"
#include "common/view/view_say.h"

/* Fills a step with what the event says; its texts stay the event's. */
void view_step_add_spread(const struct event *event, struct view_step *step);
/* "grade II is thought possible, touches region 370103, ...", a line, indented; nothing, if nothing is
 * said. */
void view_say_reach(const struct view_voice *voice, const struct incident *incident, struct buf *ret);
void view_json_reach(const struct incident *incident, struct json *json);

#endif
