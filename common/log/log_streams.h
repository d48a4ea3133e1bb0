/* Writes the tables `touch` and `open`: which records make up a stream, which streams are open, and due when.
 * Private to the log. */
#ifndef MUSTER_COMMON_LOG_LOG_STREAMS_H
#define MUSTER_COMMON_LOG_LOG_STREAMS_H

#include <sqlite3.h>

#include "common/log/log_changes.h"
#include "common/log/log_rows.h"

struct log_streams {
    struct log_rows touch;
    struct log_rows open;    /* with a due */
    sqlite3_stmt *open_keep; /* with the due that it has */
    sqlite3_stmt *due;
    sqlite3_stmt *close;
};

/* Prepares all statements. A SQLite code; log_streams_close() in any case. */
int log_streams_init(struct log_streams *streams, sqlite3 *db);

/* Applies the sorted changes of a batch, and reorders those of streams on the way. A SQLite code. */
int log_streams_write(struct log_streams *streams, struct log_changes *changes);

void log_streams_close(struct log_streams *streams);

#endif
