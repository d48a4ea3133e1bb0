/* The agent's units: who is free, who is able, who goes. Pure; one thread. */
#ifndef MUSTER_AGENTS_AGENCY_FLEET_H
#define MUSTER_AGENTS_AGENCY_FLEET_H

#include "common/base/buf.h"
#include "common/core/words.h"

enum { FLEET_REASON = 256, FLEET_NAMES = 512 };

struct fleet {
    struct unit *units; /* the profile's */
    size_t n;
};

/* Who of a fleet goes: their places in it. */
struct team {
    uint16_t *at;
    size_t n;
};

/* Free units that together have every need as equipment or ability; the fewest that a greedy choice finds;
 * one unit when nothing is needed. Not strict: as many needs as free units have, and one unit at least.
 * `wanted` names units: then exactly those. False when there are none: reason says what is missing. The team
 * is the caller's to free; the units are not assigned yet. */
bool fleet_choose(const struct fleet *fleet, struct words needs, struct words wanted, bool strict,
                  struct team *ret, char reason[FLEET_REASON]);

void fleet_set(struct fleet *fleet, const struct team *team, enum unit_status status);
uint32_t fleet_crew(const struct fleet *fleet, const struct team *team);

/* The needs that no unit of the team has, as "scba, gas-detector"; "" when none is missing. */
void fleet_lacks(const struct fleet *fleet, const struct team *team, struct words needs, struct buf *ret);

/* A team as text for the journal and back ("E3\nE4"); ids that are not there any more are left out. */
void fleet_format(const struct fleet *fleet, const struct team *team, struct buf *ret);
bool fleet_parse(const struct fleet *fleet, struct bytes text, struct team *ret);

void team_free(struct team *team);

#endif
