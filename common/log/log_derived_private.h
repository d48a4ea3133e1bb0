/* What compares derived tables and puts them in place. Private to the log. */
#ifndef MUSTER_COMMON_LOG_LOG_DERIVED_PRIVATE_H
#define MUSTER_COMMON_LOG_LOG_DERIVED_PRIVATE_H

#include <sqlite3.h>

#include "common/log/log_derived.h"

enum { LOG_DERIVED_TABLES = 5 };

/* touch is the last, and the only one that grows with the log. */
extern const char *const log_derived_names[LOG_DERIVED_TABLES];

/* The database that holds what was added so far. Stays derived's. A code. */
int log_derived_database(struct log_derived *derived, sqlite3 **ret, struct err *err);

/* Compares the first n tables of db (in the file `path`), each to its end; ret_differs tells which
 * differ. What cannot be read differs. ERR_NO_MEMORY, or an error of derived. */
int log_derived_compare(struct log_derived *derived, sqlite3 *db, const char *path, int n,
                        log_differs *differs, void *ctx, bool ret_differs[LOG_DERIVED_TABLES],
                        struct err *err);

/* Copies the first n tables of db as they stand, into one to which nothing was added. is_late is asked
 * now and then: ERR_TOO_BIG when it says so. */
int log_derived_take(struct log_derived *derived, sqlite3 *db, const char *path, int n,
                     bool (*is_late)(void *ctx), void *ctx, struct err *err);

/* Whether the table and its indexes are whole and agree, by SQLite's own check; if not, differs gets it. */
bool log_derived_whole(sqlite3 *db, const char *table, log_differs *differs, void *ctx);

/* Puts the tables asked for into the place of those in db, in the caller's transaction. */
int log_derived_put(struct log_derived *derived, sqlite3 *db, const char *path,
                    const bool which[LOG_DERIVED_TABLES], struct err *err);

#endif
