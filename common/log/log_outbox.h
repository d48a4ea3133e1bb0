/* Writes the tables `outbox`, `tombstone` and `cursor`: what waits for whom, in runs (log_run.h). Private to
 * the log. */
#ifndef MUSTER_COMMON_LOG_LOG_OUTBOX_H
#define MUSTER_COMMON_LOG_LOG_OUTBOX_H

#include <sqlite3.h>

#include "common/base/buf.h"
#include "common/log/log_changes.h"
#include "common/log/log_rows.h"

enum { LOG_OUTBOX_STATEMENTS = 8 };

struct log_outbox_row;

struct log_outbox {
    sqlite3 *db;
    struct log_rows runs;
    sqlite3_stmt *statements[LOG_OUTBOX_STATEMENTS];
    struct buf bytes; /* of the runs that are being written */
    struct log_outbox_row *rows;
    size_t rows_capacity;
};

/* Prepares all statements. A SQLite code; log_outbox_close() in any case. */
int log_outbox_init(struct log_outbox *outbox, sqlite3 *db);

/* Applies the sorted changes of a batch. A SQLite code; SQLITE_CORRUPT also for a run that is damaged. */
int log_outbox_write(struct log_outbox *outbox, const struct log_changes *changes);

void log_outbox_close(struct log_outbox *outbox);

#endif
