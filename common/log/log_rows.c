#include "common/log/log_rows.h"

#include <string.h>

#include "common/base/buf.h"

/* Measured with the tables of the log: 64 rows are hardly cheaper than 32, and commits of a dozen records are
 * what 10,000 orders a second make. */
static const int sizes[LOG_ROWS_SIZES] = {32, 4, 1};

static int prepare(sqlite3 *db, const char *head, int columns, const char *tail, int n, sqlite3_stmt **ret)
{
    struct buf sql;
    buf_init(&sql, 0);
    buf_printf(&sql, "%s VALUES ", head);
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < columns; j++)
            buf_puts(&sql, j > 0 ? ",?" : i > 0 ? ",(?" : "(?");
        buf_puts(&sql, ")");
    }
    buf_printf(&sql, " %s", tail);
    int rc = sql.failed ? SQLITE_NOMEM
                        : sqlite3_prepare_v3(db, buf_text(&sql), -1, SQLITE_PREPARE_PERSISTENT, ret, NULL);
    buf_free(&sql);
    return rc;
}

int log_rows_init(struct log_rows *rows, sqlite3 *db, const char *head, int columns, const char *tail)
{
    *rows = (struct log_rows){.db = db, .columns = columns};
    int rc = SQLITE_OK;
    for (int i = 0; rc == SQLITE_OK && i < LOG_ROWS_SIZES; i++)
        rc = prepare(db, head, columns, tail, sizes[i], &rows->statements[i]);
    return rc;
}

int log_rows_write(struct log_rows *rows, log_rows_bind *bind, const void *ctx, size_t n, size_t *ret_n)
{
    size_t done = 0;
    int rc = SQLITE_OK, size = 0;
    while (rc == SQLITE_OK && done < n) {
        while (n - done < (size_t)sizes[size])
            size++;
        size_t piece = (size_t)sizes[size];
        sqlite3_stmt *statement = rows->statements[size];
        for (size_t i = 0; rc == SQLITE_OK && i < piece; i++)
            rc = bind(statement, 1 + (int)i * rows->columns, ctx, done + i);
        if (rc != SQLITE_OK)
            break;
        (void)sqlite3_step(statement);
        rc = sqlite3_reset(statement);
        done += rc == SQLITE_OK ? piece : (size_t)sqlite3_changes(rows->db);
    }
    if (ret_n != NULL)
        *ret_n = done;
    return rc;
}

void log_rows_close(struct log_rows *rows)
{
    for (int i = 0; i < LOG_ROWS_SIZES; i++)
        sqlite3_finalize(rows->statements[i]);
    *rows = (struct log_rows){0};
}
