/* What belongs together with an incident, for readers: what is one event with it, its causes and
 * consequences, and all that was ordered for it under whichever id. */
#ifndef MUSTER_COMMON_VIEW_VIEW_TIES_H
#define MUSTER_COMMON_VIEW_VIEW_TIES_H

#include "common/view/view_json.h"
#include "common/view/view_say.h"

/* Lines of two blanks and a sentence each; nothing when it stands alone. */
void view_say_together(const struct view *view, const struct view_voice *voice,
                       const struct incident *incident, struct buf *ret);
/* Who leads at the scene: a line of the same kind, or nothing; "post", null without one. */
void view_say_command_post(const struct view *view, const struct view_voice *voice,
                           const struct incident *incident, struct buf *ret);
void view_post_json(const struct incident *incident, struct json *json);
/* "merged_into", "merged", "links", as members of an object. */
void view_together_json(const struct incident *incident, struct json *json);

/* Visits each order of the event, with the incident under which it was issued: those of what was merged
 * into it too, and those that were moved to it; none that was moved away. As far as they are loaded. */
void view_each_order(const struct state *state, const struct incident *incident,
                     void (*visit)(void *ctx, const struct incident *home, const struct order *order),
                     void *ctx);
/* ", NOT KNOWING of orders that are open: 2": of a closed incident; another region gave them before it heard
 * of that. */
void view_say_left_open(const struct view *view, const struct view_voice *voice,
                        const struct incident *incident, struct buf *ret);

#endif
