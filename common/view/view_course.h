/* What happened, step by step: the course of an incident or an order, as the duty room reads it. */
#ifndef MUSTER_COMMON_VIEW_VIEW_COURSE_H
#define MUSTER_COMMON_VIEW_VIEW_COURSE_H

#include "common/view/view_say.h"

/* Appends a heading and a line for each step of the incident, or of that order of it alone; only may be
 * NULL. What was heard of another region stands in that region's order, under the times at which it was
 * decided there; that it came over a link is one line for each share, and said of what came a minute late.
 * 0 or ERR_NO_MEMORY. */
int view_say_course(const struct view *view, const struct view_voice *voice, const struct incident *incident,
                    const struct view_order *only, struct buf *ret);

#endif
