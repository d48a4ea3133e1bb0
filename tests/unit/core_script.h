/* Numbered logs: a text of commands, each with what it must bring about, and the state that must follow.
 *
 *   # a comment
 *   at SECONDS                       the bus's time, after T0
 *   WHO VERB INCIDENT ARGS KEY=VALUE ...
 *   > EVENT EVENT ...                what the line above brought about: events, "nothing" or "refused WORD"
 *   =                                the rest is the canonical dump of agents and incidents
 *
 *   report INCIDENT initial|follow-up|final [kind= place= substance= dead= trapped=]
 *   order INCIDENT ORDER KIND ADDRESSEE [reissue=ORDER answer=S expires=S]   seconds from now
 *   recall INCIDENT ORDER            evacuate INCIDENT EVACUATION            close INCIDENT
 *   receipt INCIDENT ORDER RUNG [units= amendment= present= missing= occurred=S]
 *   history INCIDENT ORDER ADDRESSEE [kind= issued= en-route= completed= recalled= closed=]  seconds, below 0
 *   deadlines INCIDENT
 *
 * INCIDENT and ORDER are numbers; ORDER may be eN.M, the Mth order of evacuation N. */
#ifndef MUSTER_TESTS_UNIT_CORE_SCRIPT_H
#define MUSTER_TESTS_UNIT_CORE_SCRIPT_H

#include "tests/unit/core_fixture.h"

/* Runs the file in a new region and checks every line of it. */
void run_script(const char *path);

#endif
