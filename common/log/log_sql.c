#include "common/log/log_sql.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static int io_code(sqlite3 *db, int rc)
{
    int number = db != NULL ? sqlite3_system_errno(db) : 0;
    bool is_sync = rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC;
    if (rc == SQLITE_IOERR_NOMEM)
        return ERR_NO_MEMORY;
    return !is_sync && (number == ENOSPC || number == EDQUOT) ? ERR_DISK_FULL : ERR_IO;
}

int log_sql_code(sqlite3 *db, int rc)
{
    int extended = db != NULL && sqlite3_errcode(db) == rc ? sqlite3_extended_errcode(db) : rc;
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_FULL:
        return ERR_DISK_FULL;
    case SQLITE_NOMEM:
        return ERR_NO_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return ERR_TEMPORARY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_CORRUPT;
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return ERR_PERMISSION;
    case SQLITE_IOERR:
        return io_code(db, extended);
    case SQLITE_CANTOPEN:
        return ERR_IO;
    default:
        return ERR_SOFTWARE;
    }
}

int log_sql_error(sqlite3 *db, int rc, const char *what, const char *path, struct err *err)
{
    int number = db != NULL ? sqlite3_system_errno(db) : 0;
    const char *reason = db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(rc);
    int code = log_sql_code(db, rc);
    if (number != 0)
        return err_set(err, code, "cannot %s %s: %s (%s)", what, path, reason, strerror(number));
    return err_set(err, code, "cannot %s %s: %s", what, path, reason);
}

int log_sql_run(sqlite3 *db, const char *sql, const char *path, struct err *err)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : log_sql_error(db, rc, "prepare", path, err);
}

int log_sql_integer(sqlite3 *db, const char *sql, sqlite3_int64 *ret)
{
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (rc != SQLITE_OK)
        return rc;
    rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW)
        *ret = sqlite3_column_int64(statement, 0);
    int end = sqlite3_finalize(statement);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : end;
}

int log_sql_text(sqlite3 *db, const char *sql, char *ret, int n)
{
    sqlite3_stmt *statement;
    ret[0] = '\0';
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (rc != SQLITE_OK)
        return rc;
    rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW && sqlite3_column_text(statement, 0) != NULL &&
        sqlite3_column_bytes(statement, 0) < n)
        memcpy(ret, sqlite3_column_text(statement, 0), (size_t)sqlite3_column_bytes(statement, 0) + 1);
    int end = sqlite3_finalize(statement);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : end;
}
