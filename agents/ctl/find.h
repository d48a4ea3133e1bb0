/* Ids as people give them: whole, or by six and more of their first or last characters among what is
 * loaded. Pure. */
#ifndef MUSTER_AGENTS_CTL_FIND_H
#define MUSTER_AGENTS_CTL_FIND_H

#include "agents/ctl/ctl.h"
#include "common/core/state.h"

enum { FIND_CHARACTERS_MIN = 6 };

enum find_what { FIND_INCIDENT, FIND_ORDER };

/* Whether it is a whole id; ret is then set. */
bool find_is_whole(const char *text, struct id *ret);

/* The one incident or order of the state whose id begins or ends so (either case, I and L as 1, O as 0);
 * orders by ret_incident too, which may be NULL. ERR_USAGE: too short, or no id; ERR_NOT_FOUND;
 * ERR_CONFLICT, naming two. */
int find_by_text(const struct state *state, enum find_what what, const char *text, enum lang lang,
                 struct id *ret, struct id *ret_incident, struct err *err);

#endif
