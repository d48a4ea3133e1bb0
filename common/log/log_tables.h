/* Writes batches into the tables of muster.db, one transaction each. Private to the log. */
#ifndef MUSTER_COMMON_LOG_LOG_TABLES_H
#define MUSTER_COMMON_LOG_LOG_TABLES_H

#include <sqlite3.h>

#include "common/log/log.h"
#include "common/log/log_changes.h"
#include "common/log/log_outbox.h"
#include "common/log/log_rows.h"
#include "common/log/log_streams.h"

enum { LOG_TABLES_STATEMENTS = 4 };

struct log_tables {
    sqlite3 *db;
    const char *path; /* for error texts */
    struct log_rows records;
    struct log_streams streams;
    struct log_outbox outbox;
    struct log_changes changes;
    sqlite3_stmt *statements[LOG_TABLES_STATEMENTS];
};

/* Prepares all statements, so that a schema that does not fit shows at once. db and path stay the
 * caller's; log_tables_close() in any case. */
int log_tables_init(struct log_tables *tables, sqlite3 *db, const char *path, struct err *err);

/* One transaction: all entries (with seq and hashes set) and their index changes, or nothing. Returns
 * ERR_CONFLICT for a counter that is there; ERR_DISK_FULL; after any other code nobody knows what is on
 * the disk. */
int log_tables_append(struct log_tables *tables, const struct log_entry *entries, size_t n, struct err *err);

/* One transaction: the payload of seq becomes NULL. ERR_NOT_FOUND. */
int log_tables_redact(struct log_tables *tables, uint64_t seq, struct err *err);

void log_tables_close(struct log_tables *tables);

#endif
