#include "agents/lib/journal_statements.h"

static const char *const SQL[STMT_COUNT] = {
    [STMT_META] = "SELECT value FROM meta WHERE name = ?1",
    [STMT_SET_META] = "INSERT INTO meta(name, value) VALUES(?1, ?2)"
                      " ON CONFLICT(name) DO UPDATE SET value = excluded.value",
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
    [STMT_SET_NOTE] = "UPDATE orders SET note = ?2 WHERE id = ?1",
    [STMT_ADD_RECALL] =
        "INSERT INTO recalls(id, expires_at_ms) VALUES(?1, ?2)"
        " ON CONFLICT(id) DO UPDATE SET expires_at_ms = max(expires_at_ms, excluded.expires_at_ms)",
    [STMT_HAS_RECALL] = "SELECT 1 FROM recalls WHERE id = ?1",
    [STMT_TRIM_RECALLS] = "DELETE FROM recalls WHERE expires_at_ms < ?1",
    [STMT_TRIM_RECALLS_OVER] = "DELETE FROM recalls WHERE id IN"
                               " (SELECT id FROM recalls ORDER BY expires_at_ms DESC LIMIT -1 OFFSET ?1)",
    [STMT_TRIM_OUTGOING] = "DELETE FROM outgoing WHERE reply IS NOT NULL AND item <="
                           " (SELECT max(item) FROM outgoing) - ?1",
    [STMT_TRIM_ORDERS] = "DELETE FROM orders WHERE ended <> 0 AND seq IN"
                         " (SELECT seq FROM orders WHERE ended <> 0 ORDER BY seq DESC LIMIT -1 OFFSET ?1)",
};

int journal_fail(struct journal *journal, int rc, struct err *err)
{
    switch (rc & 0xff) {
    case SQLITE_NOMEM:
        return err_set(err, ERR_NO_MEMORY, "%s: out of memory", journal->path);
    case SQLITE_FULL:
        return err_set(err, ERR_DISK_FULL, "%s: no space left on the disk; make room", journal->path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(err, ERR_LOCKED, "%s: another process keeps the journal locked; end it",
                       journal->path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return err_set(
            err, ERR_CORRUPT,
            "%s: the journal is damaged; move it away: the broker delivers what was not acknowledged",
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
        return err_set(err, ERR_IO, "%s: %s (sqlite %d)", journal->path, sqlite3_errmsg(journal->db), rc);
    }
}

int journal_prepare(struct journal *journal, enum journal_stmt which, sqlite3_stmt **ret, struct err *err)
{
    sqlite3_stmt **stmt = &journal->stmts[which];

    if (!*stmt) {
        int rc = sqlite3_prepare_v3(journal->db, SQL[which], -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);

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
