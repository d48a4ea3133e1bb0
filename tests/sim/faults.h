/* What goes wrong: by chance, one thing at a time, and much of it at once. tally.h lists it all. */
#ifndef MUSTER_TESTS_SIM_FAULTS_H
#define MUSTER_TESTS_SIM_FAULTS_H

struct world;

void faults_strike(struct world *world);
/* The disk (AGENTS: the broker's) has room again. */
void faults_free_disk(struct world *world, unsigned who);
/* All that lasts ends. */
void faults_end(struct world *world);

#endif
