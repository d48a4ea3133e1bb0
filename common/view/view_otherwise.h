/* What else the grade might be: by what is known now, by another region's word, or if a count were reckoned
 * otherwise. */
#ifndef MUSTER_COMMON_VIEW_VIEW_OTHERWISE_H
#define MUSTER_COMMON_VIEW_VIEW_OTHERWISE_H

#include "common/view/view_json.h"
#include "common/view/view_say.h"

/* Behind the grade, in its line; nothing where it would be no other. */
void view_say_doubt(const struct view_voice *voice, const struct incident *incident, struct buf *ret);
void view_say_otherwise(const struct view_voice *voice, const struct incident *incident, struct buf *ret);
/* "grade_otherwise": the same. */
void view_json_otherwise(const struct incident *incident, struct json *json);

#endif
