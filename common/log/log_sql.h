/* SQLite's errors in the house's words. Private to the log. */
#ifndef MUSTER_COMMON_LOG_LOG_SQL_H
#define MUSTER_COMMON_LOG_LOG_SQL_H

#include <sqlite3.h>

#include "common/base/err.h"

/* The code for what the connection's last call returned. A full disk is told apart from a bad one; a
 * failed sync is never put down to a full disk. */
int log_sql_code(sqlite3 *db, int rc);

/* The same with a text: "cannot <what> <path>: <reason>". db may be NULL. */
int log_sql_error(sqlite3 *db, int rc, const char *what, const char *path, struct err *err);

/* Runs statements without results. */
int log_sql_run(sqlite3 *db, const char *sql, const char *path, struct err *err);

/* The first column of the first row of a statement: an integer, or text into ret of n bytes ("" when
 * it is longer or there is no row). */
int log_sql_integer(sqlite3 *db, const char *sql, sqlite3_int64 *ret);
int log_sql_text(sqlite3 *db, const char *sql, char *ret, int n);

#endif
