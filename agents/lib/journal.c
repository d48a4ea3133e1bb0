/* Why no WAL: processes share the file, and SQLite before 3.51.3 can lose a commit when one connection resets
 * the WAL while another writes (the WAL-reset bug). A rollback journal costs more fsyncs a commit, which an
 * agent can afford. */
#include "agents/lib/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "agents/lib/journal_statements.h"

enum { JOURNAL_APPLICATION = 0x4d75734a /* "MusJ" */, JOURNAL_VERSION = 1 };

#define META_AGENT "agent"
#define META_REGION "region"
#define META_COUNTER "counter"
#define META_EPOCH "epoch"
#define META_HEAD "head"

static const char SCHEMA[] =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE cursor(lane INTEGER PRIMARY KEY, seq INTEGER NOT NULL);"
    "CREATE TABLE outgoing(item INTEGER PRIMARY KEY AUTOINCREMENT, counter INTEGER NOT NULL UNIQUE,"
    " tag INTEGER NOT NULL, frame BLOB NOT NULL, reply BLOB);"
    "CREATE INDEX outgoing_open ON outgoing(counter) WHERE reply IS NULL;"
    "CREATE TABLE orders(id BLOB PRIMARY KEY, incident BLOB NOT NULL, seq INTEGER NOT NULL,"
    " lane INTEGER NOT NULL, bus_ms INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL,"
    " said INTEGER NOT NULL DEFAULT 0, amendments INTEGER NOT NULL DEFAULT 0,"
    " acknowledged INTEGER NOT NULL DEFAULT 0, amendment_seq INTEGER NOT NULL DEFAULT 0,"
    " amendment_bus_ms INTEGER NOT NULL DEFAULT 0, ended INTEGER NOT NULL DEFAULT 0,"
    " record BLOB NOT NULL, amendment_record BLOB, note BLOB);"
    "CREATE INDEX orders_open ON orders(seq) WHERE ended = 0;"
    "CREATE INDEX orders_ended ON orders(seq) WHERE ended <> 0;"
    "CREATE TABLE recalls(id BLOB PRIMARY KEY, expires_at_ms INTEGER NOT NULL);";

static int exec(struct journal *journal, const char *sql, struct err *err)
{
    int rc = journal_check(journal, err);

    if (rc) {
        return rc;
    }
    rc = sqlite3_exec(journal->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : journal_fail(journal, rc, err);
}

static int read_pragma(struct journal *journal, const char *sql, int64_t *ret, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(journal->db, sql, -1, &stmt, NULL);

    if (rc == SQLITE_OK) {
        rc = sqlite3_step(stmt);
    }
    if (rc == SQLITE_ROW) {
        *ret = sqlite3_column_int64(stmt, 0);
    }
    sqlite3_finalize(stmt);
    return rc == SQLITE_ROW ? 0 : journal_fail(journal, rc, err);
}

/* ---- transactions ---- */

static int undone(struct journal *journal, struct err *err)
{
    return journal->undone ? journal_fail(journal, journal->undone, err) : 0;
}

int journal_begin(struct journal *journal, struct err *err)
{
    int rc = undone(journal, err);

    journal->fault = journal->depth == 0 ? SQLITE_ABORT : journal->fault;
    rc = rc ? rc : exec(journal, journal->depth == 0 ? "BEGIN IMMEDIATE" : "SAVEPOINT inner", err);
    journal->depth += rc ? 0 : 1;
    return rc;
}

int journal_commit(struct journal *journal, struct err *err)
{
    int rc = undone(journal, err);

    rc = rc ? rc : exec(journal, journal->depth > 1 ? "RELEASE inner" : "COMMIT", err);
    if (rc) {
        journal_rollback(journal);
        return journal_failed(journal) ? journal_check(journal, err) : rc;
    }
    journal->depth--;
    return 0;
}

void journal_rollback(struct journal *journal)
{
    if (journal->depth > 1 && sqlite3_get_autocommit(journal->db)) {
        journal->undone = journal->fault; /* SQLite has undone the outer ones, too */
    } else if (journal->depth > 1) {
        int rc = sqlite3_exec(journal->db, "ROLLBACK TO inner; RELEASE inner", NULL, NULL, NULL);

        journal->undone = rc != SQLITE_OK ? rc : journal->undone;
    } else if (journal->depth == 1) {
        journal->undone = 0;
        journal_take_back(journal);
    }
    journal->depth -= journal->depth > 0 ? 1 : 0;
}

/* ---- meta ---- */

static int meta_text_is(struct journal *journal, const char *name, const char *expected, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, STMT_META, &stmt, err);
    const char *found;

    if (rc) {
        return rc;
    }
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    rc = sqlite3_step(stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        rc = journal_fail(journal, rc, err);
        sqlite3_reset(stmt);
        return rc;
    }
    found = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    rc = found && strcmp(found, expected) == 0
             ? 0
             : err_set(err, ERR_CONFLICT, "%s: the journal of %s %s, not of %s; give each its own file",
                       journal->path, name, found ? found : "(unknown)", expected);
    sqlite3_reset(stmt);
    return rc;
}

static int meta_number(struct journal *journal, const char *name, uint64_t *ret, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, STMT_META, &stmt, err);

    if (rc) {
        return rc;
    }
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    rc = sqlite3_step(stmt);
    *ret = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(stmt, 0) : 0;
    rc = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : journal_fail(journal, rc, err);
    sqlite3_reset(stmt);
    return rc;
}

static int raise_meta_number(struct journal *journal, const char *name, uint64_t value, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, STMT_RAISE_META, &stmt, err);

    if (rc) {
        return rc;
    }
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, (int64_t)value);
    return journal_step(journal, stmt, err);
}

static int set_meta_text(struct journal *journal, const char *name, const char *value, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, STMT_SET_META, &stmt, err);

    if (rc) {
        return rc;
    }
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, value, -1, SQLITE_STATIC);
    return journal_step(journal, stmt, err);
}

int journal_take_counters(struct journal *journal, uint64_t floor, size_t n, uint64_t *ret, struct err *err)
{
    uint64_t last = 0;
    int rc = journal_begin(journal, err);

    if (rc) {
        return rc;
    }
    rc = meta_number(journal, META_COUNTER, &last, err);
    last = last > floor ? last : floor;
    if (!rc && last > INT64_MAX - n) {
        rc = err_set(err, ERR_CORRUPT, "%s: no counters are left", journal->path);
    }
    if (!rc) {
        rc = raise_meta_number(journal, META_COUNTER, last + n, err);
    }
    if (rc) {
        journal_rollback(journal);
        return rc;
    }
    rc = journal_commit(journal, err);
    if (!rc) {
        *ret = last + 1;
    }
    return rc;
}

int journal_epoch(struct journal *journal, uint64_t *ret, struct err *err)
{
    return meta_number(journal, META_EPOCH, ret, err);
}

int journal_set_epoch(struct journal *journal, uint64_t epoch, struct err *err)
{
    return raise_meta_number(journal, META_EPOCH, epoch, err);
}

static int run(struct journal *journal, enum journal_stmt which, uint64_t number, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, which, &stmt, err);

    if (rc) {
        return rc;
    }
    if (sqlite3_bind_parameter_count(stmt) > 0) {
        sqlite3_bind_int64(stmt, 1, (int64_t)number);
    }
    return journal_step(journal, stmt, err);
}

int journal_recover(struct journal *journal, uint64_t epoch, uint64_t kept_seq, bool *ret_first,
                    struct err *err)
{
    uint64_t known = 0;
    int rc = journal_begin(journal, err);

    if (rc) {
        return rc;
    }
    rc = journal_epoch(journal, &known, err);
    if (!rc && known < epoch) {
        rc = journal_set_epoch(journal, epoch, err);
        rc = rc ? rc : run(journal, STMT_FORGET_CURSORS, 0, err);
        rc = rc ? rc : run(journal, STMT_FORGET_HEAD, 0, err);
        rc = rc ? rc : run(journal, STMT_FORGET_AMENDMENTS, kept_seq, err);
    }
    if (rc) {
        journal_rollback(journal);
        return rc;
    }
    *ret_first = known < epoch;
    return journal_commit(journal, err);
}

int journal_reopen(struct journal *journal, int64_t item, struct err *err)
{
    return run(journal, STMT_REOPEN, (uint64_t)item, err);
}

int journal_head(struct journal *journal, struct buf *ret, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, STMT_META, &stmt, err);

    if (rc) {
        return rc;
    }
    buf_reset(ret);
    sqlite3_bind_text(stmt, 1, META_HEAD, -1, SQLITE_STATIC);
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        buf_append(ret, sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0));
    }
    rc = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : journal_fail(journal, rc, err);
    sqlite3_reset(stmt);
    return rc;
}

int journal_set_head(struct journal *journal, struct bytes head, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, STMT_SET_META, &stmt, err);

    if (rc) {
        return rc;
    }
    sqlite3_bind_text(stmt, 1, META_HEAD, -1, SQLITE_STATIC);
    journal_bind(stmt, 2, head);
    return journal_step(journal, stmt, err);
}

int journal_cursor(struct journal *journal, enum lane lane, uint64_t *ret_seq, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, STMT_CURSOR, &stmt, err);

    if (rc) {
        return rc;
    }
    sqlite3_bind_int(stmt, 1, (int)lane);
    rc = sqlite3_step(stmt);
    *ret_seq = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(stmt, 0) : 0;
    rc = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : journal_fail(journal, rc, err);
    sqlite3_reset(stmt);
    return rc;
}

int journal_set_cursor(struct journal *journal, enum lane lane, uint64_t seq, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, STMT_SET_CURSOR, &stmt, err);

    if (rc) {
        return rc;
    }
    sqlite3_bind_int(stmt, 1, (int)lane);
    sqlite3_bind_int64(stmt, 2, (int64_t)seq);
    return journal_step(journal, stmt, err);
}

int journal_trim(struct journal *journal, int64_t bus_ms, struct err *err)
{
    static const struct {
        enum journal_stmt stmt;
        int64_t keep; /* 0: the time */
    } STEPS[] = {
        {STMT_TRIM_RECALLS, 0},
        {STMT_TRIM_RECALLS_OVER, JOURNAL_RECALLS_MAX},
        {STMT_TRIM_OUTGOING, JOURNAL_ANSWERED_MAX},
        {STMT_TRIM_ORDERS, JOURNAL_ENDED_MAX},
    };
    int rc = journal_begin(journal, err);

    if (rc) {
        return rc;
    }
    for (size_t i = 0; i < sizeof STEPS / sizeof STEPS[0] && !rc; i++) {
        sqlite3_stmt *stmt;

        rc = journal_prepare(journal, STEPS[i].stmt, &stmt, err);
        if (!rc) {
            sqlite3_bind_int64(stmt, 1, STEPS[i].keep ? STEPS[i].keep : bus_ms);
            rc = journal_step(journal, stmt, err);
        }
    }
    if (rc) {
        journal_rollback(journal);
        return rc;
    }
    return journal_commit(journal, err);
}

/* ---- opening ---- */

static int make_schema(struct journal *journal, const struct journal_options *options, struct err *err)
{
    char pragmas[96];
    int64_t tables = 0;
    int rc = journal_begin(journal, err);

    if (rc) {
        return rc;
    }
    /* Another process may have been quicker. */
    rc = read_pragma(journal, "SELECT count(*) FROM sqlite_master", &tables, err);
    if (!rc && tables == 0) {
        snprintf(pragmas, sizeof pragmas, "PRAGMA application_id=%d; PRAGMA user_version=%d",
                 JOURNAL_APPLICATION, JOURNAL_VERSION);
        rc = exec(journal, SCHEMA, err);
        rc = rc ? rc : exec(journal, pragmas, err);
        rc = rc ? rc : set_meta_text(journal, META_AGENT, options->agent, err);
        rc = rc ? rc : set_meta_text(journal, META_REGION, options->region, err);
    }
    if (rc) {
        journal_rollback(journal);
        return rc;
    }
    return journal_commit(journal, err);
}

/* Nothing is written before the file is known to be ours. */
static int check_format(struct journal *journal, bool *ret_empty, struct err *err)
{
    int64_t application = 0, version = 0, tables = 0;
    int rc = read_pragma(journal, "SELECT count(*) FROM sqlite_master", &tables, err);

    rc = rc ? rc : read_pragma(journal, "PRAGMA application_id", &application, err);
    rc = rc ? rc : read_pragma(journal, "PRAGMA user_version", &version, err);
    if (rc) {
        return rc;
    }
    *ret_empty = tables == 0 && application == 0 && version == 0;
    if (*ret_empty) {
        return 0;
    }
    if (application != JOURNAL_APPLICATION) {
        return err_set(err, ERR_CONFLICT, "%s: not an agent's journal; name another file", journal->path);
    }
    if (version > JOURNAL_VERSION) {
        return err_set(err, ERR_NEWER, "%s: format %lld, this program knows up to %d; use the newer program",
                       journal->path, (long long)version, JOURNAL_VERSION);
    }
    return 0;
}

static int check_damage(struct journal *journal, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(journal->db, "PRAGMA quick_check(1)", -1, &stmt, NULL);
    bool sound = false;

    if (rc == SQLITE_OK) {
        rc = sqlite3_step(stmt);
    }
    if (rc == SQLITE_ROW) {
        sound = strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0;
    }
    sqlite3_finalize(stmt);
    if (rc != SQLITE_ROW) {
        return journal_fail(journal, rc, err);
    }
    return sound ? 0 : journal_fail(journal, SQLITE_CORRUPT, err);
}

static void configure(struct journal *journal)
{
    sqlite3_extended_result_codes(journal->db, 1);
    sqlite3_busy_timeout(journal->db, JOURNAL_LOCK_WAIT_MS);
    sqlite3_db_config(journal->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(journal->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_db_config(journal->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
}

static int open_file(struct journal *journal, const struct journal_options *options, struct err *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    bool empty;
    int rc;

    if (!options->vfs) {
        int fd = open(options->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

        if (fd < 0 && errno != EEXIST) {
            return err_set(err, errno == ENOSPC ? ERR_DISK_FULL : ERR_CANNOT_CREATE, "%s: cannot be made: %s",
                           options->path, strerror(errno));
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    rc = sqlite3_open_v2(options->path, &journal->db, flags, options->vfs);
    if (rc != SQLITE_OK) {
        return journal->db ? journal_fail(journal, rc, err) : ERR_NO_MEMORY;
    }
    configure(journal);
    rc = check_format(journal, &empty, err);
    rc = rc || empty ? rc : check_damage(journal, err);
    if (rc) {
        return rc;
    }
    if (!empty) {
        rc = meta_text_is(journal, META_AGENT, options->agent, err);
        rc = rc ? rc : meta_text_is(journal, META_REGION, options->region, err);
        if (rc) {
            return rc;
        }
    }
    rc = exec(journal, "PRAGMA journal_mode=TRUNCATE", err);
    rc = rc ? rc : exec(journal, "PRAGMA synchronous=FULL", err);
    if (rc || !empty) {
        return rc;
    }
    rc = make_schema(journal, options, err);
    rc = rc ? rc : meta_text_is(journal, META_AGENT, options->agent, err);
    return rc;
}

int journal_open(const struct journal_options *options, struct journal **ret, struct err *err)
{
    struct journal *journal = calloc(1, sizeof *journal);
    int rc;

    if (!journal) {
        return ERR_NO_MEMORY;
    }
    journal->path = strdup(options->path);
    if (!journal->path) {
        rc = ERR_NO_MEMORY;
        goto err_free;
    }
    rc = open_file(journal, options, err);
    if (rc) {
        goto err_free;
    }
    *ret = journal;
    return 0;

err_free:
    journal_close(journal);
    return rc;
}

void journal_close(struct journal *journal)
{
    if (!journal) {
        return;
    }
    for (size_t i = 0; i < STMT_COUNT; i++) {
        sqlite3_finalize(journal->stmts[i]);
    }
    if (journal->db) {
        journal_rollback(journal);
        sqlite3_close(journal->db);
    }
    buf_free(&journal->row);
    free(journal->path);
    free(journal);
}
