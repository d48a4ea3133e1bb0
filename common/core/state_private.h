/* State as evolve() sees it: for state.c and evolve*.c alone. */
#ifndef MUSTER_COMMON_CORE_STATE_PRIVATE_H
#define MUSTER_COMMON_CORE_STATE_PRIVATE_H

#include "common/core/event.h"
#include "common/core/state.h"

struct region *state_region_mutable(struct state *state);
/* The one that is there, or a new empty one; NULL: out of memory. */
struct incident *state_incident_make(struct state *state, struct id id);
struct agent *state_agent_make(struct state *state, const char *name);
struct alert *state_alert_make(struct state *state, struct id id);

/* The one copy of the text, which lives as long as the state refers to it; NULL: out of memory. */
const char *state_intern(struct state *state, const char *text);
/* A new array of interned words; free with words_free(). 0 or ERR_NO_MEMORY. */
int state_intern_words(struct state *state, struct words words, struct words *ret);

/* evolve() for the events of the region's stream. */
int evolve_region(struct state *state, const struct event *event);
/* ... of what rules look at in an agent's, ... */
int evolve_lookout(struct state *state, const struct event *event);
/* ... and of an alert's. */
int evolve_alert(struct state *state, const struct event *event);
/* ... of the warnings that are at hand in the region's, ... */
int evolve_warning(struct state *state, const struct event *event);

/* evolve() for what rules and people make of an incident. */
int evolve_rule(struct state *state, struct incident *incident, const struct event *event);
/* evolve() for what rules do about an order that nobody answers. `order` may be NULL: its issue was redacted.
 * */
int evolve_reissue(struct state *state, struct incident *incident, struct order *order,
                   const struct event *event);
/* The order has an answer, or stands with somebody else: nobody more is to be asked. */
void drop_reissue(struct incident *incident, struct id order);
/* evolve() for statutory clocks and what went up. */
int evolve_clock(struct state *state, struct incident *incident, const struct event *event);
/* Other regions follow it: its facts are marked from now on. 0 or ERR_NO_MEMORY. */
int evolve_marks(struct incident *incident);
/* evolve() for what regions tell each other of an incident. */
int evolve_share(struct state *state, struct incident *incident, const struct event *event);

/* evolve() for how far an incident reaches; what was heard of one that is not linked any more is
 * forgotten. */
int evolve_spread(struct state *state, struct incident *incident, const struct event *event);
void spread_unlink(struct incident *incident, struct id other);
/* evolve() for what reaches nobody. */
int evolve_unreached(struct state *state, struct incident *incident, const struct event *event);
/* An order that is new, to a region of which it is known by now that no link leads there. */
void unreached_by_now(const struct incident *incident, struct order *order);
/* The region was heard of the incident: it is reached. */
void unreached_no_more(struct incident *incident, const char *region, int64_t at_ms);

/* evolve() for what belongs together. */
int evolve_ties(struct state *state, struct incident *incident, const struct event *event);
/* ... for what a merge takes over, and a split gives back, ... */
int evolve_taken(struct state *state, struct incident *incident, const struct event *event);
/* ... and what is said of the incident is its own. */
void evolve_said(struct incident *incident, const struct facts *said);
void taken_drop(struct ties *ties, struct id other);

/* evolve() for what regions ordered apart. */
int evolve_dispute(struct incident *incident, const struct event *event);
/* What was merged into the incident, and counted there, is another event again. */
void counted_of_no_more(struct incident *incident, struct id other);
/* Somebody has counted anew. */
void evolve_counted(struct incident *incident, const struct casualties *said);

/* evolve() for command posts. */
int evolve_post(struct state *state, struct incident *incident, const struct event *event);

void region_policy_clear(struct policy *policy);

#endif
