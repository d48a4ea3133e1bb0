/* Records that a region was not told: too large for a link, or refused there for good. */
#ifndef MUSTER_COMMON_VIEW_VIEW_UNTOLD_H
#define MUSTER_COMMON_VIEW_VIEW_UNTOLD_H

#include "common/view/view_json.h"
#include "common/view/view_say.h"

/* "  NOT TOLD to region 370100: record 14 (64 orders): it is too large: tell them by phone", a line each. */
void view_say_untold(const struct view *view, const struct view_voice *voice, const struct incident *incident,
                     struct buf *ret);
/* "not_told": the same. */
void view_json_untold(const struct view *view, const struct incident *incident, struct json *json);

#endif
