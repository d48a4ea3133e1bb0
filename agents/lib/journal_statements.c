#include "agents/lib/journal_statements.h"

static const char *const SQL[STMT_COUNT] = {
    [STMT_META] = "SELECT value FROM meta WHERE name = ?1",
    [STMT_SET_META] = "INSERT INTO meta(name, value) VALUES(?1, ?2)"
                      " ON CONFLICT(name) DO UPDATE SET value = excluded.value",
    [STMT_RAISE_META] = "INSERT INTO meta(name, value) VALUES(?1, ?2)"
                        " ON CONFLICT(name) DO UPDATE SET value = max(value, excluded.value)",
    [STMT_CURSOR] = "SELECT seq FROM cursor WHERE lane = ?1",
    [STMT_SET_CURSOR] = "INSERT INTO cursor(lane, seq) VALUES(?1, ?2)"
                        " ON CONFLICT(lane) DO UPDATE SET seq = max(seq, excluded.seq)",
    [STMT_ADD_OUTGOING] = "INSERT INTO outgoing(counter, tag, frame) VALUES(?1, ?2, ?3)",
    [STMT_RENUMBER] = "UPDATE outgoing SET counter = ?3, frame = ?4"
                      " WHERE item = ?1 AND counter = ?2 AND reply IS NULL",
    [STMT_SETTLE] = "UPDATE outgoing SET reply = ?2 WHERE item = ?1 AND reply IS NULL",
    [STMT_OPEN_OUTGOING] =
        "SELECT item, counter, tag, frame FROM outgoing WHERE reply IS NULL ORDER BY counter",
    [STMT_NEWER_OUTGOING] =
        "SELECT item, counter, tag, frame, reply FROM outgoing WHERE counter > ?1 ORDER BY counter DESC",
    [STMT_OUTGOING] = "SELECT item, counter, tag, frame, reply FROM outgoing WHERE item = ?1",
    [STMT_ADD_ORDER] = "INSERT INTO orders(id, incident, seq, lane, bus_ms, expires_at_ms, ended, record)"
                       " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT(id) DO NOTHING",
    [STMT_ORDER] = "SELECT id, incident, seq, lane, bus_ms, expires_at_ms, said, amendments, acknowledged,"
                   " amendment_seq, amendment_bus_ms, ended, record, amendment_record, note"
                   " FROM orders WHERE id = ?1",
    [STMT_OPEN_ORDERS] =
        "SELECT id, incident, seq, lane, bus_ms, expires_at_ms, said, amendments, acknowledged,"
        " amendment_seq, amendment_bus_ms, ended, record, amendment_record, note"
        " FROM orders WHERE ended = 0 ORDER BY seq",
    [STMT_SET_SAID] = "UPDATE orders SET said = ?2 WHERE id = ?1",
    [STMT_SET_ACKNOWLEDGED] = "UPDATE orders SET acknowledged = ?2 WHERE id = ?1",
    [STMT_ADD_AMENDMENT] = "UPDATE orders SET amendments = ?2, amendment_seq = ?3, amendment_bus_ms = ?4,"
                           " amendment_record = ?5 WHERE id = ?1 AND amendments < ?2",
    [STMT_END_ORDER] = "UPDATE orders SET ended = ?2 WHERE id = ?1",
    [STMT_SET_ORDER_RECORD] = "UPDATE orders SET seq = ?2, record = ?3 WHERE id = ?1",
    [STMT_SET_NOTE] = "UPDATE orders SET note = ?2 WHERE id = ?1",
    [STMT_ADD_RECALL] =
        "INSERT INTO recalls(id, expires_at_ms) VALUES(?1, ?2)"
        " ON CONFLICT(id) DO UPDATE SET expires_at_ms = max(expires_at_ms, excluded.expires_at_ms)",
    [STMT_HAS_RECALL] = "SELECT 1 FROM recalls WHERE id = ?1",
    [STMT_FORGET_CURSORS] = "DELETE FROM cursor",
    [STMT_FORGET_HEAD] = "DELETE FROM meta WHERE name = 'head'",
    [STMT_FORGET_AMENDMENTS] = "UPDATE orders SET amendments = 0, acknowledged = 0, amendment_record = NULL "
                               "WHERE amendment_seq > ?1",
    [STMT_REOPEN] = "UPDATE outgoing SET reply = NULL WHERE item = ?1",
    [STMT_TRIM_RECALLS] = "DELETE FROM recalls WHERE expires_at_ms < ?1",
    [STMT_TRIM_RECALLS_OVER] = "DELETE FROM recalls WHERE id IN"
                               " (SELECT id FROM recalls ORDER BY expires_at_ms DESC LIMIT -1 OFFSET ?1)",
    [STMT_TRIM_OUTGOING] = "DELETE FROM outgoing WHERE reply IS NOT NULL AND item <="
                           " (SELECT max(item) FROM outgoing) - ?1",
    [STMT_TRIM_ORDERS] = "DELETE FROM orders WHERE ended <> 0 AND seq IN"
                         " (SELECT seq FROM orders WHERE ended <> 0 ORDER BY seq DESC LIMIT -1 OFFSET ?1)",
};

static int fail_for_good(struct journal *journal, int rc, struct err *err)
{
    if (journal->failed.code == 0 && ((rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB)) {
        err_set(&journal->failed, ERR_CORRUPT,
                "%s: the journal is damaged; move it away: the broker delivers what was not acknowledged",
                journal->path);
    } else if (journal->failed.code == 0) {
        err_set(&journal->failed, ERR_IO,
                "%s: %s (sqlite %d); what was written last may be lost: see to the disk and start again",
                journal->path, sqlite3_errstr(rc), rc);
    }
    return journal_check(journal, err);
}

int journal_check(const struct journal *journal, struct err *err)
{
    return journal->failed.code ? err_set(err, journal->failed.code, "%s", journal->failed.text) : 0;
}

const struct err *journal_failed(const struct journal *journal)
{
    return journal->failed.code ? &journal->failed : NULL;
}

/* SQLite does not tell when what it had begun could not be taken back; what it could not is in the rollback
 * journal still, as after a crash. (Another process that writes at this moment looks the same: then this one
 * ends without need. And where only the journal's emptying was not synced, it holds what the file does.) */
static bool is_taken_back(struct journal *journal)
{
    sqlite3_vfs *vfs = NULL;
    int left = 0;

    return sqlite3_file_control(journal->db, "main", SQLITE_FCNTL_VFS_POINTER, &vfs) == SQLITE_OK &&
           vfs->xAccess(vfs, sqlite3_filename_journal(sqlite3_db_filename(journal->db, "main")),
                        SQLITE_ACCESS_EXISTS, &left) == SQLITE_OK &&
           !left;
}

void journal_take_back(struct journal *journal)
{
    int rc = SQLITE_OK;

    if (!sqlite3_get_autocommit(journal->db)) {
        rc = sqlite3_exec(journal->db, "ROLLBACK", NULL, NULL, NULL);
    }
    if (rc != SQLITE_OK || (journal->was_full && !is_taken_back(journal))) {
        fail_for_good(journal, rc != SQLITE_OK ? rc : SQLITE_IOERR, NULL);
    }
    journal->was_full = false;
}

static int full(struct journal *journal, struct err *err)
{
    journal->was_full = true;
    if (sqlite3_get_autocommit(journal->db)) { /* else the transaction's owner takes it back */
        journal_take_back(journal);
    }
    return journal->failed.code
               ? journal_check(journal, err)
               : err_set(err, ERR_DISK_FULL, "%s: no space left on the disk; make room", journal->path);
}

int journal_fail(struct journal *journal, int rc, struct err *err)
{
    journal->fault = rc;
    switch (rc & 0xff) {
    case SQLITE_NOMEM:
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", journal->path);
    case SQLITE_FULL:
        return full(journal, err);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(err, ERR_LOCKED, "%s: another process keeps the journal locked; end it",
                       journal->path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return err_set(err, ERR_PERMISSION, "%s: the journal cannot be written; check who owns it",
                       journal->path);
    case SQLITE_CANTOPEN:
        return err_set(err, ERR_CANNOT_CREATE, "%s: the journal cannot be opened; check the path",
                       journal->path);
    default:
        return fail_for_good(journal, rc, err);
    }
}

int journal_prepare(struct journal *journal, enum journal_stmt which, sqlite3_stmt **ret, struct err *err)
{
    sqlite3_stmt **stmt = &journal->stmts[which];
    int rc = journal_check(journal, err);

    if (rc) {
        return rc;
    }
    if (!*stmt) {
        rc = sqlite3_prepare_v3(journal->db, SQL[which], -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);

        if (rc != SQLITE_OK) {
            return journal_fail(journal, rc, err);
        }
    }
    sqlite3_reset(*stmt);
    sqlite3_clear_bindings(*stmt);
    *ret = *stmt;
    return 0;
}

int journal_step(struct journal *journal, sqlite3_stmt *stmt, struct err *err)
{
    int rc = sqlite3_step(stmt);

    rc = rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : journal_fail(journal, rc, err);
    sqlite3_reset(stmt);
    return rc;
}

void journal_bind(sqlite3_stmt *stmt, int at, struct bytes bytes)
{
    sqlite3_bind_blob64(stmt, at, bytes.p ? (const void *)bytes.p : "", bytes.n, SQLITE_STATIC);
}

void journal_bind_id(sqlite3_stmt *stmt, int at, struct id id)
{
    sqlite3_bind_blob(stmt, at, id.b, ID_BYTES, SQLITE_TRANSIENT);
}
