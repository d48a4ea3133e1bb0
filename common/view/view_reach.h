/* Who of the region was given what of one incident or order, and why; and who was not, and why not. What a
 * record was given to whom is asked of the broker's own route(), record by record as the log is folded, so it
 * holds by the rights and agents of that time. For muster explain. */
#ifndef MUSTER_COMMON_VIEW_VIEW_REACH_H
#define MUSTER_COMMON_VIEW_VIEW_REACH_H

#include "common/view/view_say.h"

struct view_reach;

/* Of the incident or order with this id, by its 26 characters or their end. NULL: out of memory. */
struct view_reach *view_reach_new(const char *id);
void view_reach_free(struct view_reach *reach); /* NULL is fine */

/* An incident's event is what was merged into it too, and orders that were moved to it, which only the end of
 * the log tells: has the reach look for all of that, and says whether there is any. The records are to be
 * given again then, to the same reach. ERR_NO_MEMORY. */
int view_reach_of_event(struct view_reach *reach, const struct state *state, struct id incident,
                        bool *ret_again);

/* Each record of the log, with its command, after the state has it. ERR_NO_MEMORY. */
int view_reach_note(struct view_reach *reach, const struct state *state, const struct view_record *record);

/* Lines of every agency of the region, by name, and of those of other regions that are ordered; view is of
 * the same records, with details. id as view_find() gave it for the text that the reach was made for. */
void view_reach_say_incident(const struct view_reach *reach, const struct view *view,
                             const struct view_voice *voice, struct id id, struct buf *ret);
void view_reach_say_order(const struct view_reach *reach, const struct view *view,
                          const struct view_voice *voice, struct id id, struct buf *ret);

#endif
