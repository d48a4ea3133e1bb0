/* How things stand at a point of the log: what is open, who has not answered, what is still to be told. */
#ifndef MUSTER_COMMON_VIEW_VIEW_SITUATION_H
#define MUSTER_COMMON_VIEW_VIEW_SITUATION_H

#include "common/view/view_say.h"

struct view_situation_options {
    struct view_voice voice;
    enum mode mode;       /* MODE_NONE: all */
    int64_t now_ms;       /* bus time at which it is looked at */
    bool closed_too;      /* also what is over */
    const char *incident; /* an id or its end; "" all */
};

/* view with details. Returns the number of incidents shown. */
size_t view_situation_text(const struct view *view, const struct view_situation_options *options,
                           struct buf *ret);
/* One JSON object a line for each incident, its orders within. */
size_t view_situation_json(const struct view *view, const struct view_situation_options *options,
                           struct buf *ret);

struct json;
/* One order, as they are made of: for programs that show a single one. */
void view_order_json(const struct view *view, const struct incident *incident, const struct order *order,
                     struct json *json);

#endif
