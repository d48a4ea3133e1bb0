/* musterd --rebuild: the log's derived tables, made anew from its records. */
#ifndef MUSTER_BROKER_REBUILD_H
#define MUSTER_BROKER_REBUILD_H

#include "broker/config.h"

/* Takes the log (ERR_LOCKED: a broker has it), checks the whole chain, and replaces the tables that do not
 * say what follows from the records, in one transaction; says on standard output what differed. Nothing is
 * changed when a record is damaged (ERR_CORRUPT), redacted (ERR_DATA) or of a newer version (ERR_NEWER), or
 * when the disk is full. */
int rebuild_run(const struct config *config, struct err *err);

#endif
