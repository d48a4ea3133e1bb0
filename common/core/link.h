/* Links between regions: which broker stands for which region here, and which way leads to a region. */
#ifndef MUSTER_COMMON_CORE_LINK_H
#define MUSTER_COMMON_CORE_LINK_H

#include "common/core/event.h"
#include "common/core/incident.h"
#include "common/core/region.h"

/* "370102/broker/link": the broker of another region, enrolled here as an agent with the right "link". The
 * region's code is copied to ret (REGION_CODE_MAX + 1 bytes; NULL: not); false: it is no such name. */
bool name_is_link(const char *agent, char *ret);
/* The region of REGION/AGENCY[/AGENT]; ret as above. False: the name does not begin with a region. */
bool name_region(const char *name, char *ret);

/* The link to the broker of that very region; NULL: there is none, or it was revoked. */
const struct member *region_link(const struct region *region, const char *code);
/* The same, revoked or not: what is for it waits until somebody is enrolled in its place. */
const struct member *region_link_kept(const struct region *region, const char *code);
/* The link by which the region is reached: its own, else that of the region nearest above it, else, of what
 * does not lie below us, our parent's. NULL: none leads there. */
const struct member *region_way(const struct region *region, const char *code);

/* Two to twelve digits. */
bool region_is_code(const char *text);
/* `code` lies above `below`, by GB/T 2260. */
bool region_is_above(const char *code, const char *below);

/* What the region at a link's other end is told of the incident; NULL: nothing. */
struct share *incident_share(const struct incident *incident, const char *region);
/* The region at the other end of a link with which the incident is to be shared, and is not, or not wholly:
 * copied to ret (REGION_CODE_MAX + 1 bytes). *ret_after: it was told up to that record. */
bool incident_wants_share(const struct region *region, const struct incident *incident, char *ret,
                          uint64_t *ret_after);
/* How far a region's log is known with what is told of it: with a part of a past, as far as that goes. */
uint64_t told_known_with(const struct told_record *told);
/* Where the words of an event stand: in the command of its record, or, when that tells what another region's
 * log holds, in the command of that record. `event` is one of its record's `events`. */
const struct command *command_behind(const struct command *command, const struct event *events, size_t n,
                                     const struct event *event);
/* The other region's record that such an event is from; NULL: it is of this region. */
const struct told_record *told_behind(const struct command *command, const struct event *events, size_t n,
                                      const struct event *event);

/* How far the region's log was heard about the incident; NULL: not at all. */
struct heard_mark *incident_heard(const struct incident *incident, const char *region);

#endif
