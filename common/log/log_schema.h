/* The tables of muster.db and how a connection to them is set up. docs/log.md describes each column.
 * Private to the log. */
#ifndef MUSTER_COMMON_LOG_LOG_SCHEMA_H
#define MUSTER_COMMON_LOG_LOG_SCHEMA_H

#include <sqlite3.h>
#include <stdbool.h>

#include "common/base/clock.h"
#include "common/base/err.h"

enum {
    LOG_IDLE_FRAMES = 1000,        /* 4 MiB of WAL are written back in a few ms, if nobody waits */
    LOG_CHECKPOINT_FRAMES = 16000, /* 62 MiB in any case */
    LOG_WAL_FRAMES_MAX = 4 * LOG_CHECKPOINT_FRAMES, /* and 250 MiB that a long reader can make of it */
    /* What a WAL file is cut to once it is written back: 16,000 frames of 4,120 bytes and a batch more. */
    LOG_WAL_KEPT_BYTES = 80 * 1024 * 1024
};

/* Makes the tables in an empty database, in one transaction that also sets application id and format. */
int log_schema_create(sqlite3 *db, const char *path, const char *region, const struct rng *rng,
                      struct err *err);

/* The derived tables alone, as log_schema_create() makes them. A SQLite code. */
int log_schema_derived(sqlite3 *db);

/* What holds for every connection: read-only ones too. Before the first statement. */
int log_schema_guard(sqlite3 *db, const char *path, bool single_process, struct err *err);

/* Sets a connection up for writing: WAL, full sync. */
int log_schema_write_mode(sqlite3 *db, const char *path, struct err *err);

#endif
