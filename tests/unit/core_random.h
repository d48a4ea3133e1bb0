/* Random commands, most of them sensible, from one seed. */
#ifndef MUSTER_TESTS_UNIT_CORE_RANDOM_H
#define MUSTER_TESTS_UNIT_CORE_RANDOM_H

#include "tests/unit/core_fixture.h"

enum { RANDOM_INCIDENTS = 6, RANDOM_ORDERS = 40, RANDOM_EVACUATIONS = 3 };

uint64_t random_next(uint64_t *seed);
unsigned random_below(uint64_t *seed, unsigned n);
/* Also moves the bus's time now and then. */
struct command random_command(struct bus *bus, uint64_t *seed);

#endif
