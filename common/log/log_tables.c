#include "common/log/log_tables.h"

#include <inttypes.h>
#include <string.h>

#include "common/log/log_sql.h"

enum which { S_BEGIN, S_COMMIT, S_ROLLBACK, S_REDACT, S_N };

/* Index changes of one go: sorted they lie in the cache, and memory is bounded by it and one record's. */
enum { CHANGES_MAX = 2 * LOG_INDEX_MAX };

static const char *const sql[S_N] = {
    [S_BEGIN] = "BEGIN IMMEDIATE",
    [S_COMMIT] = "COMMIT",
    [S_ROLLBACK] = "ROLLBACK",
    [S_REDACT] = "UPDATE record SET payload = NULL WHERE seq = ?1",
};

static const char insert_record[] = "INSERT OR FAIL INTO record (seq, epoch, kind, outcome, bus_ms, utc_ms,"
                                    " occurred_ms, boot, author, counter, payload, payload_hash, hash)";

enum { RECORD_COLUMNS = 13 };

_Static_assert((int)S_N <= (int)LOG_TABLES_STATEMENTS, "room for every statement");

int log_tables_init(struct log_tables *tables, sqlite3 *db, const char *path, struct err *err)
{
    *tables = (struct log_tables){.db = db, .path = path};
    int rc = log_rows_init(&tables->records, db, insert_record, RECORD_COLUMNS, "");
    if (rc == SQLITE_OK)
        rc = log_streams_init(&tables->streams, db);
    if (rc == SQLITE_OK)
        rc = log_outbox_init(&tables->outbox, db);
    for (int i = 0; rc == SQLITE_OK && i < S_N; i++)
        rc = sqlite3_prepare_v3(db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &tables->statements[i], NULL);
    return rc == SQLITE_OK ? 0 : log_sql_error(db, rc, "open", path, err);
}

/* Runs a statement to its end. A SQLite code. */
static int run(sqlite3_stmt *statement)
{
    int rc = sqlite3_step(statement);
    int end = sqlite3_reset(statement);
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : end;
}

static int bind_record(sqlite3_stmt *statement, int first, const void *ctx, size_t i)
{
    const struct log_record *record = &((const struct log_entry *)ctx)[i].record;
    const struct log_header *h = &record->header;
    /* A null pointer would be bound as NULL, which means redacted. */
    const void *payload = record->payload.n > 0 ? (const void *)record->payload.p : "";
    sqlite3_bind_int64(statement, first, (sqlite3_int64)h->seq);
    sqlite3_bind_int64(statement, first + 1, (sqlite3_int64)h->epoch);
    sqlite3_bind_int64(statement, first + 2, h->kind);
    sqlite3_bind_int(statement, first + 3, h->outcome);
    sqlite3_bind_int64(statement, first + 4, h->bus_ms);
    sqlite3_bind_int64(statement, first + 5, h->utc_ms);
    sqlite3_bind_int64(statement, first + 6, h->occurred_ms);
    sqlite3_bind_int64(statement, first + 9, (sqlite3_int64)h->counter);
    /* Only what can be too long for SQLite or out of memory can fail. */
    int rc = sqlite3_bind_blob(statement, first + 7, h->boot, (int)sizeof(h->boot), SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(statement, first + 8, h->author, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK && record->redacted)
        rc = sqlite3_bind_null(statement, first + 10);
    else if (rc == SQLITE_OK)
        rc = sqlite3_bind_blob(statement, first + 10, payload, (int)record->payload.n, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_blob(statement, first + 11, record->payload_hash.b, HASH_BYTES, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_blob(statement, first + 12, record->hash.b, HASH_BYTES, SQLITE_STATIC);
    return rc;
}

/* What went wrong, said before the rollback wipes SQLite's own words. */
static int explain(const struct log_tables *tables, int rc, const struct log_entry *entry, struct err *err)
{
    int extended = sqlite3_extended_errcode(tables->db);
    if (entry != NULL && extended == SQLITE_CONSTRAINT_UNIQUE)
        return err_set(err, ERR_CONFLICT, "counter %" PRIu64 " of %s is in the log already",
                       entry->record.header.counter, entry->record.header.author);
    if ((rc & 0xff) == SQLITE_CONSTRAINT)
        return err_set(err, ERR_CORRUPT, "cannot write %s: another program has written into it (%s)",
                       tables->path, sqlite3_errmsg(tables->db));
    if ((rc & 0xff) == SQLITE_CORRUPT && (sqlite3_errcode(tables->db) & 0xff) != SQLITE_CORRUPT)
        return err_set(err, ERR_CORRUPT, "cannot write %s: the outbox is damaged", tables->path);
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

static int write_changes(struct log_tables *tables)
{
    struct log_changes *changes = &tables->changes;
    log_changes_sort(changes);
    int rc = log_streams_write(&tables->streams, changes);
    if (rc == SQLITE_OK)
        rc = log_outbox_write(&tables->outbox, changes);
    log_changes_reset(changes);
    return rc;
}

static int write_indexes(struct log_tables *tables, const struct log_entry *entries, size_t n)
{
    int rc = SQLITE_OK;
    log_changes_reset(&tables->changes);
    for (size_t i = 0; rc == SQLITE_OK && i < n; i++) {
        if (log_changes_add(&tables->changes, &entries[i]) != 0)
            return SQLITE_NOMEM;
        if (i + 1 == n || tables->changes.n + entries[i + 1].index_n > CHANGES_MAX)
            rc = write_changes(tables);
    }
    return rc;
}

int log_tables_append(struct log_tables *tables, const struct log_entry *entries, size_t n, struct err *err)
{
    const struct log_entry *entry = NULL;
    size_t written = 0;
    int rc = run(tables->statements[S_BEGIN]);
    if (rc == SQLITE_OK) {
        rc = log_rows_write(&tables->records, bind_record, entries, n, &written);
        entry = written < n ? &entries[written] : NULL;
    }
    if (rc == SQLITE_OK)
        rc = write_indexes(tables, entries, n);
    if (rc == SQLITE_OK)
        rc = run(tables->statements[S_COMMIT]);
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
    log_rows_close(&tables->records);
    log_streams_close(&tables->streams);
    log_outbox_close(&tables->outbox);
    log_changes_free(&tables->changes);
    for (int i = 0; i < S_N; i++)
        sqlite3_finalize(tables->statements[i]);
    memset(tables->statements, 0, sizeof(tables->statements));
}
