/* musterd's shell: the engine and the network on one loop, the log's writer beside it. */
#ifndef MUSTER_BROKER_BROKER_H
#define MUSTER_BROKER_BROKER_H

#include "broker/config.h"

/* Runs until SIGTERM or SIGINT (0) or a failure. Owns the process while it runs. */
int broker_run(const struct config *config, struct err *err);

#endif
