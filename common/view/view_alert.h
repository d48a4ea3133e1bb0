/* What is shown of an alert that came in. */
#ifndef MUSTER_COMMON_VIEW_VIEW_ALERT_H
#define MUSTER_COMMON_VIEW_VIEW_ALERT_H

#include "common/view/view_json.h"
#include "common/view/view_say.h"

/* Of an alert's infos the one for a reader of the language: in it, or else the first; NULL: there is none. */
const struct alert_info *view_alert_info(const struct record_alert *alert, bool zh);

/* The sentence of an ALERT_RECORDED step, not yet escaped. */
void view_say_alert(const struct state *state, const struct view_voice *voice, const struct view_step *step,
                    struct buf *ret);
/* What it says, as the member "alert". */
void view_json_alert(struct json *json, const struct view_step *step);

#endif
