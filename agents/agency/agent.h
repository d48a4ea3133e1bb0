/* The agent as a whole: a link to the broker, and behind it a player of the profile's script or a bridge of
 * JSON lines. */
#ifndef MUSTER_AGENTS_AGENCY_AGENT_H
#define MUSTER_AGENTS_AGENCY_AGENT_H

#include <stdbool.h>

#include "agents/agency/config.h"

enum {
    /* Commands of the bridge under way: more lines are not read before some are answered. */
    AGENT_PENDING_MAX = 1000,
    /* At the end of standard input, replies are waited for so long. */
    AGENT_END_WAIT_MS = 5000
};

/* Runs until SIGTERM or SIGINT, or until the bridge's input ends. 0 or what ended it. */
int agent_run(struct config *config, bool json, struct err *err);

#endif
