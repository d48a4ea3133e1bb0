/* 疑似同一事件, for a duty officer who has just reported: what is open, and what was closed of late, read
 * into the session's view and looked through. */
#ifndef MUSTER_AGENTS_CTL_SIMILAR_H
#define MUSTER_AGENTS_CTL_SIMILAR_H

#include "agents/ctl/session.h"
#include "common/view/view_similar.h"

enum {
    /* On a narrow line the look-up ends then, and says so: the report itself is taken already. */
    SIMILAR_WAIT_MS = 3000,
    /* The end of the log in which closings are looked for; some 100 KB: an ordinary hour of a county. */
    SIMILAR_RECENT_RECORDS = 256,
    /* Incidents closed there that are looked at. */
    SIMILAR_RECENT_MAX = 32
};

/* Reads what an incident could be the same as. 0; ERR_PERMISSION without the right "watch"; ERR_TEMPORARY
 * when SIMILAR_WAIT_MS were not enough: what came by then is in the view. The session may read no more after
 * an error. */
int similar_read(struct session *session, struct err *err);
/* Only what was closed of late, where what is open has been read. */
int similar_read_closed(struct session *session, struct err *err);

/* What was read that may be the same as this incident: at most VIEW_SIMILAR_SHOWN. */
size_t similar_find(struct session *session, struct id incident, struct suspect *ret);

/* A line for each. */
void similar_print(struct session *session, const struct suspect *suspects, size_t n);

#endif
