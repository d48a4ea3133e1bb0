#include "common/log/log_beyond.h"

#include <stddef.h>

#include "common/log/log_sql.h"

uint64_t log_beyond_last(sqlite3 *db, sqlite3 *should, uint64_t head)
{
    sqlite3_int64 last = 0, rows = 0, should_rows = -1;
    int rc = log_sql_integer(db, "SELECT coalesce(max(seq), 0) FROM touch", &last);
    if (rc == SQLITE_OK && should != NULL)
        rc = log_sql_integer(should, "SELECT count(*) FROM touch", &should_rows);
    if (rc == SQLITE_OK)
        rc = log_sql_integer(db, "SELECT count(*) FROM touch", &rows);
    return rc == SQLITE_OK && last > (sqlite3_int64)head && rows > should_rows ? (uint64_t)last : 0;
}

/* A run of the outbox that begins before the head stays: musterd --rebuild mends it. */
int log_beyond_drop(sqlite3 *db, uint64_t head)
{
    static const char *const sql[] = {
        "DELETE FROM touch WHERE seq > ?1",
        "DELETE FROM outbox WHERE first_seq > ?1",
        "DELETE FROM tombstone WHERE seq > ?1",
        "UPDATE cursor SET seq = ?1 WHERE seq > ?1",
    };
    int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    for (size_t i = 0; rc == SQLITE_OK && i < sizeof(sql) / sizeof(sql[0]); i++) {
        sqlite3_stmt *statement = NULL;
        rc = sqlite3_prepare_v2(db, sql[i], -1, &statement, NULL);
        if (rc == SQLITE_OK)
            rc = sqlite3_bind_int64(statement, 1, (sqlite3_int64)head);
        if (rc == SQLITE_OK) {
            (void)sqlite3_step(statement);
            rc = sqlite3_reset(statement);
        }
        sqlite3_finalize(statement);
    }
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    if (rc != SQLITE_OK && !sqlite3_get_autocommit(db))
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}
