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

/* One incident, one order, as both are made of: for programs that show a single one. */
struct json;
void view_incident_json(const struct view *view, const struct incident *incident, struct json *json);
void view_order_json(const struct view *view, const struct incident *incident, const struct order *order,
                     struct json *json);

/* The name of the division that the facts name, by the table in force, on the day on which it happened, or
 * was reported; "": there is none. */
const char *view_division_name(const struct view *view, const struct incident *incident,
                               const struct facts *facts);

#endif
