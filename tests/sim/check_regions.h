/* What must hold between the logs of regions, reckoned from their records alone: what one region says of an
 * incident that it shares is heard by each that follows, once, in its order, as it was said; one leader per
 * term; one mode; one home that says when an order is late. */
#ifndef MUSTER_TESTS_SIM_CHECK_REGIONS_H
#define MUSTER_TESTS_SIM_CHECK_REGIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core/command.h"
#include "common/core/event.h"
#include "common/core/incident.h"
#include "common/log/log.h"
#include "common/wire/wire.h"

enum { REGIONS = 6 };

struct country;
struct world;

/* Places in a log, rising. */
struct places {
    uint64_t *at;
    size_t n;
    size_t capacity;
};

struct taking {
    uint32_t term;
    unsigned region;
};

enum { TAKINGS_MAX = 64 };

/* An incident that more than one region may know. */
struct tale {
    struct id incident;
    enum mode mode;
    unsigned home;
    struct places own[REGIONS];            /* what the region said that is for others */
    struct places heard[REGIONS][REGIONS]; /* by the first, of the second */
    struct taking takings[TAKINGS_MAX];
    size_t takings_n;
    bool tied; /* some region took it and another for one event, and perhaps took it back */
    bool disputed;
};

/* What a region would tell of a record of its log: whose it was at first, and what it said. */
struct note {
    unsigned origin;
    uint32_t hops;
    uint64_t seq;
    uint64_t print; /* fingerprint of the record as its own region has it */
    int64_t canary_ms;
};

struct notes {
    struct note *at; /* by seq - 1 */
    size_t n;
    size_t capacity;
};

struct tales {
    struct tale **at; /* sorted by incident */
    size_t n;
    size_t capacity;
    struct notes notes[REGIONS];
};

void check_regions_free(struct country *country);
/* A record of the region; the fold is as it was before it. */
void check_regions_record(struct world *world, const struct log_record *record, const struct record *decoded,
                          const struct command *command);
/* The fold is as it was before the event. */
void check_regions_event(struct world *world, const struct incident *incident, const struct event *event,
                         const struct command *command, const struct log_header *header);
/* The lines: what a region says of them is so. */
void check_regions_step(struct world *world);
/* NULL when all regions are at one, or what is not. */
const char *check_regions_unrest(struct country *country);
void check_regions_end(struct country *country);

#endif
