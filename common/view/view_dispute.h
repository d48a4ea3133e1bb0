/* What regions ordered apart, until a person has decided. */
#ifndef MUSTER_COMMON_VIEW_VIEW_DISPUTE_H
#define MUSTER_COMMON_VIEW_VIEW_DISPUTE_H

#include "common/view/view_json.h"
#include "common/view/view_say.h"

/* What is open of the order, or (zero) of the incident: a line for each two regions and agency. */
void view_say_disputes(const struct view *view, const struct view_voice *voice,
                       const struct incident *incident, struct id order, struct buf *ret);
/* "dead", or its name in Chinese. */
const char *view_count_name(const struct view_voice *voice, const char *fact);
/* A line for each count that gave way to a later word which did not know of it. */
void view_say_apart(const struct view_voice *voice, const struct incident *incident, struct buf *ret);
/* ", NOT KNOWING of dead 5 by 370102, but of 3": of a closed incident. */
void view_say_missed(const struct view_voice *voice, const struct incident *incident, struct buf *ret);
/* "counted_apart", "closed_not_knowing": the same. */
void view_json_apart(const struct incident *incident, struct json *json);
/* "disputes": the same. */
void view_json_disputes(const struct view *view, const struct incident *incident, struct id order,
                        struct json *json);

#endif
