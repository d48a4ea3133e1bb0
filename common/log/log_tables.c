#include "common/log/log_tables.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/mutant.h"
#include "common/log/log_sql.h"

enum which {
    S_BEGIN,
    S_COMMIT,
    S_ROLLBACK,
    S_RECORD,
    S_TOUCH,
    S_OPEN,
    S_CLOSE,
    S_DUE,
    S_DUE_END,
    S_OUTBOX,
    S_TOMBSTONE,
    S_CURSOR,
    S_TRIM,
    S_REDACT,
    S_N
};

static const char *const sql[S_N] = {
    [S_BEGIN] = "BEGIN IMMEDIATE",
    [S_COMMIT] = "COMMIT",
    [S_ROLLBACK] = "ROLLBACK",
    [S_RECORD] = "INSERT INTO record (seq, epoch, kind, outcome, bus_ms, utc_ms, occurred_ms, boot, author,"
                 " counter, payload, payload_hash, hash)"
                 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    [S_TOUCH] = "INSERT INTO touch (stream, seq) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    [S_OPEN] = "INSERT INTO open (stream) VALUES (?1) ON CONFLICT DO NOTHING",
    [S_CLOSE] = "DELETE FROM open WHERE stream = ?1",
    [S_DUE] = "INSERT INTO due (stream, at_ms) VALUES (?1, ?2)"
              " ON CONFLICT (stream) DO UPDATE SET at_ms = excluded.at_ms",
    [S_DUE_END] = "DELETE FROM due WHERE stream = ?1",
    [S_OUTBOX] = "INSERT INTO outbox (agent, lane, seq, item) VALUES (?1, ?3, ?2, ?4) ON CONFLICT DO NOTHING",
    /* The second test on item lets SQLite use the partial index. */
    [S_TOMBSTONE] = "UPDATE outbox SET tombstone = 1"
                    " WHERE agent = ?1 AND lane = ?3 AND item = ?4 AND item <> ''",
    [S_CURSOR] = "INSERT INTO cursor (agent, lane, seq) VALUES (?1, ?3, ?2)"
                 " ON CONFLICT (agent, lane) DO UPDATE SET seq = max(seq, excluded.seq)",
    [S_TRIM] = "DELETE FROM outbox WHERE agent = ?1 AND lane = ?3 AND seq <= ?2",
    [S_REDACT] = "UPDATE record SET payload = NULL WHERE seq = ?1",
};

_Static_assert((int)S_N <= (int)LOG_TABLES_STATEMENTS, "room for every statement");

int log_tables_init(struct log_tables *tables, sqlite3 *db, const char *path, struct err *err)
{
    *tables = (struct log_tables){.db = db, .path = path};
    for (int i = 0; i < S_N; i++) {
        int rc = sqlite3_prepare_v3(db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &tables->statements[i], NULL);
        if (rc != SQLITE_OK)
            return log_sql_error(db, rc, "open", path, err);
    }
    return 0;
}

/* Runs a statement to its end. A SQLite code. */
static int run(sqlite3_stmt *statement)
{
    int rc = sqlite3_step(statement);
    int end = sqlite3_reset(statement);
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : end;
}

/* ?1 name, ?2 number, ?3 lane, ?4 item, as far as the statement has them. */
static int change(const struct log_tables *tables, enum which which, const struct log_index *index,
                  uint64_t number)
{
    sqlite3_stmt *statement = tables->statements[which];
    int n = sqlite3_bind_parameter_count(statement);
    int rc = sqlite3_bind_text(statement, 1, index->name, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK && n >= 2)
        rc = sqlite3_bind_int64(statement, 2, (sqlite3_int64)number);
    if (rc == SQLITE_OK && n >= 3)
        rc = sqlite3_bind_int(statement, 3, index->lane);
    if (rc == SQLITE_OK && n >= 4)
        rc = sqlite3_bind_text(statement, 4, index->item != NULL ? index->item : "", -1, SQLITE_STATIC);
    return rc == SQLITE_OK ? run(statement) : rc;
}

static int write_index(const struct log_tables *tables, uint64_t seq, const struct log_index *index)
{
    int rc;
    switch (index->op) {
    case LOG_TOUCH:
        return change(tables, S_TOUCH, index, seq);
    case LOG_OPEN:
        return change(tables, S_OPEN, index, 0);
    case LOG_CLOSE:
        rc = change(tables, S_CLOSE, index, 0);
        return rc == SQLITE_OK ? change(tables, S_DUE_END, index, 0) : rc;
    case LOG_DUE:
        return change(tables, index->number > 0 ? S_DUE : S_DUE_END, index, index->number);
    case LOG_OUTBOX:
        return change(tables, S_OUTBOX, index, seq);
    case LOG_TOMBSTONE:
        return change(tables, S_TOMBSTONE, index, 0);
    case LOG_CURSOR:
        rc = change(tables, S_CURSOR, index, index->number);
        return rc == SQLITE_OK
                   ? change(tables, S_TRIM, index, index->number + (MUTANT(MUTANT_TRIM_BEYOND) ? 1 : 0))
                   : rc;
    }
    return SQLITE_MISUSE;
}

static int write_record(const struct log_tables *tables, const struct log_record *record)
{
    const struct log_header *h = &record->header;
    sqlite3_stmt *statement = tables->statements[S_RECORD];
    /* A null pointer would be bound as NULL, which means redacted. */
    const void *payload = record->payload.n > 0 ? (const void *)record->payload.p : "";
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)h->seq);
    sqlite3_bind_int64(statement, 2, (sqlite3_int64)h->epoch);
    sqlite3_bind_int64(statement, 3, h->kind);
    sqlite3_bind_int(statement, 4, h->outcome);
    sqlite3_bind_int64(statement, 5, h->bus_ms);
    sqlite3_bind_int64(statement, 6, h->utc_ms);
    sqlite3_bind_int64(statement, 7, h->occurred_ms);
    sqlite3_bind_int64(statement, 10, (sqlite3_int64)h->counter);
    /* Only what can be too long for SQLite or out of memory can fail. */
    int rc = sqlite3_bind_blob(statement, 8, h->boot, (int)sizeof(h->boot), SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(statement, 9, h->author, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_blob(statement, 11, payload, (int)record->payload.n, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_blob(statement, 12, record->payload_hash.b, HASH_BYTES, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_blob(statement, 13, record->hash.b, HASH_BYTES, SQLITE_STATIC);
    return rc == SQLITE_OK ? run(statement) : rc;
}

/* What went wrong, said before the rollback wipes SQLite's own words. */
static int explain(const struct log_tables *tables, int rc, const struct log_entry *entry, struct err *err)
{
    int extended = sqlite3_extended_errcode(tables->db);
    if (entry != NULL && extended == SQLITE_CONSTRAINT_UNIQUE)
        return err_set(err, ERR_CONFLICT, "counter %" PRIu64 " of %s is in the log already",
                       entry->record.header.counter, entry->record.header.author);
    if (entry != NULL && (rc & 0xff) == SQLITE_CONSTRAINT)
        return err_set(err, ERR_CORRUPT, "cannot write %s: another program has written into it (%s)",
                       tables->path, sqlite3_errmsg(tables->db));
    if ((rc & 0xff) == SQLITE_BUSY)
        return err_set(err, ERR_IO, "cannot write %s: another program is writing into it", tables->path);
    return log_sql_error(tables->db, rc, "write", tables->path, err);
}

/* SQLite has rolled some errors back by itself. */
static int roll_back(const struct log_tables *tables, int code, struct err *err)
{
    if (sqlite3_get_autocommit(tables->db))
        return code;
    int rc = run(tables->statements[S_ROLLBACK]);
    if (rc != SQLITE_OK && !sqlite3_get_autocommit(tables->db))
        return err_set(err, ERR_IO, "cannot roll back %s: %s", tables->path, sqlite3_errstr(rc));
    return code;
}

int log_tables_append(struct log_tables *tables, const struct log_entry *entries, size_t n, struct err *err)
{
    const struct log_entry *entry = NULL;
    int rc = run(tables->statements[S_BEGIN]);
    for (size_t i = 0; rc == SQLITE_OK && i < n; i++) {
        entry = &entries[i];
        rc = write_record(tables, &entry->record);
        for (size_t j = 0; rc == SQLITE_OK && j < entry->index_n; j++)
            rc = write_index(tables, entry->record.header.seq, &entry->index[j]);
    }
    if (rc == SQLITE_OK) {
        entry = NULL;
        rc = run(tables->statements[S_COMMIT]);
    }
    return rc == SQLITE_OK ? 0 : roll_back(tables, explain(tables, rc, entry, err), err);
}

int log_tables_redact(struct log_tables *tables, uint64_t seq, struct err *err)
{
    sqlite3_stmt *statement = tables->statements[S_REDACT];
    int rc = run(tables->statements[S_BEGIN]);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(statement, 1, (sqlite3_int64)seq);
    if (rc == SQLITE_OK)
        rc = run(statement);
    if (rc == SQLITE_OK && sqlite3_changes(tables->db) == 0)
        return roll_back(tables, err_set(err, ERR_NOT_FOUND, "%s has no record %" PRIu64, tables->path, seq),
                         err);
    if (rc == SQLITE_OK)
        rc = run(tables->statements[S_COMMIT]);
    return rc == SQLITE_OK ? 0 : roll_back(tables, explain(tables, rc, NULL, err), err);
}

void log_tables_close(struct log_tables *tables)
{
    for (int i = 0; i < S_N; i++)
        sqlite3_finalize(tables->statements[i]);
    memset(tables->statements, 0, sizeof(tables->statements));
}
