/* What regions tell each other: a county with links to its city and to a neighbour, and tellings made up
 * event by event. */
#ifndef MUSTER_TESTS_UNIT_CORE_TELLING_H
#define MUSTER_TESTS_UNIT_CORE_TELLING_H

#include "common/core/link.h"
#include "tests/unit/core_fixture.h"

#define CITY "370100"
#define NEIGHBOUR "370103"
#define CITY_LINK CITY "/broker/link"
#define NEIGHBOUR_LINK NEIGHBOUR "/broker/link"
#define CITY_DESK CITY "/emergency-management/desk"
#define CITY_STATION CITY "/fire-rescue/station-1"

void enrol_link(struct bus *bus, const char *name);
void open_linked(struct bus *bus); /* bus_open(), and both links */

struct command a_referral(struct bus *bus, unsigned incident, const char *region);
struct command a_share(struct bus *bus, unsigned incident, const char *region, uint64_t up_to, bool more);

/* A record of the region's log about incident 1, with nothing in it yet, told by that link's broker. */
struct command telling(struct bus *bus, const char *link, const char *region, uint64_t seq);
/* The records of a telling, to be changed. */
struct told_record *told_of(struct bus *bus, struct command *command);
/* The same telling with one event more in its last record. */
struct command with(struct bus *bus, struct command command, struct event event);
/* ... and with the record of another behind its own, as one that brings a past. */
struct command and_then(struct bus *bus, struct command command, struct command next);

/* Events of incident 1, a second ago. */
struct event an_event(enum event_kind kind);
struct event opened(void);
struct event reported(uint32_t number);
struct event changed(const char *kind, const char *substance);
struct event graded(enum grade grade);
struct event referred(const char *region);
struct event lead_taken(const char *region, uint32_t term); /* from ours, which could not be asked */
struct event issued(struct bus *bus, unsigned order, const char *addressee);
struct event rung(unsigned order, enum event_kind kind, enum rung reached, const char *agent);
struct event fate(unsigned order, enum event_kind kind);

const struct incident *the_incident(const struct bus *bus); /* 1 */
/* The city opens incident 1 and tells of it, in record 10 of its log. */
void hear_opening(struct bus *bus);
/* Record seq of that region, the city or the neighbour, says it over its own link. */
void hear_from(struct bus *bus, const char *region, uint64_t seq, struct event event);
/* It is ours, and the city was told of it. */
void open_and_share(struct bus *bus);

#endif
