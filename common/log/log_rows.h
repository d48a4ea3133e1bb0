/* Rows for one table, many of them with one statement, so that what a statement costs besides its rows is
 * paid once. Private to the log. */
#ifndef MUSTER_COMMON_LOG_LOG_ROWS_H
#define MUSTER_COMMON_LOG_LOG_ROWS_H

#include <sqlite3.h>
#include <stddef.h>

enum { LOG_ROWS_SIZES = 3 };

struct log_rows {
    sqlite3 *db;
    sqlite3_stmt *statements[LOG_ROWS_SIZES]; /* of many rows, of some, of one */
    int columns;
};

/* Binds row i to the parameters from `first` on; what it binds stays where it is until the rows are written.
 * A SQLite code. */
typedef int log_rows_bind(sqlite3_stmt *statement, int first, const void *ctx, size_t i);

/* "<head> VALUES (?,?),(?,?)... <tail>". head must be an INSERT OR FAIL: anything else would keep a journal
 * for each statement. A SQLite code; log_rows_close() in any case. */
int log_rows_init(struct log_rows *rows, sqlite3 *db, const char *head, int columns, const char *tail);

/* Rows 0 to n - 1. A SQLite code; ret_n is the number of rows before the one that failed. */
int log_rows_write(struct log_rows *rows, log_rows_bind *bind, const void *ctx, size_t n, size_t *ret_n);

void log_rows_close(struct log_rows *rows);

#endif
