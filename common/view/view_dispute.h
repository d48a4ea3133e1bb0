/* What regions ordered apart, until a person has decided. */
#ifndef MUSTER_COMMON_VIEW_VIEW_DISPUTE_H
#define MUSTER_COMMON_VIEW_VIEW_DISPUTE_H

#include "common/view/view_json.h"
#include "common/view/view_say.h"

/* A line for each open dispute of the order, or, where it is zero, of the incident. */
void view_say_disputes(const struct view *view, const struct view_voice *voice,
                       const struct incident *incident, struct id order, struct buf *ret);
/* "disputes": the same. */
void view_json_disputes(const struct view *view, const struct incident *incident, struct id order,
                        struct json *json);

#endif
