/* Why an incident or an order is as it is: who was told when, who answered, which deadlines passed, how it
 * ended; in plain words. */
#ifndef MUSTER_COMMON_VIEW_VIEW_EXPLAIN_H
#define MUSTER_COMMON_VIEW_VIEW_EXPLAIN_H

#include "common/view/view_say.h"

/* view with details; id as view_find() gave it. ERR_NOT_FOUND, ERR_NO_MEMORY. */
int view_explain_order(const struct view *view, const struct view_voice *voice, struct id id, struct buf *ret,
                       struct err *err);
int view_explain_incident(const struct view *view, const struct view_voice *voice, struct id id,
                          struct buf *ret, struct err *err);

#endif
