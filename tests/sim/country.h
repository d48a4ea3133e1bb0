/* A country: regions that live one life together, each a world of its own with broker, log, agents and their
 * faults, and trunks between their brokers. One step is one happening in one of them, the earliest. */
#ifndef MUSTER_TESTS_SIM_COUNTRY_H
#define MUSTER_TESTS_SIM_COUNTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/check_regions.h"
#include "tests/sim/trunk.h"
#include "tests/sim/world.h"

enum { TRUNKS = 7 };

struct country {
    struct world_options options;
    uint64_t step;
    int64_t now_ms;
    bool healing;
    struct trace trace;
    struct world *worlds[REGIONS];
    struct trunk trunks[TRUNKS];
    struct tales tales;
    int64_t heard_ms[REGIONS][REGIONS]; /* by the first, a frame of the second */
    int64_t down_ms[REGIONS][REGIONS];  /* when the second was last seen not to be reached by the first */
};

/* NULL when memory or SQLite fails. */
struct country *country_new(const struct world_options *options);
void country_free(struct country *country);
/* A whole life; true when all was well. */
bool country_run(struct country *country);
/* The region in which the first failure was; NULL: none. */
const struct world *country_failed(const struct country *country);
uint64_t country_hash(const struct country *country);

/* REGIONS: there is none of that code. */
unsigned country_region(const struct country *country, const char *code);
/* Whom a link leads to: bits 1u << region. */
unsigned country_links(const struct country *country, unsigned region);

#endif
