#include "common/log/log_schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/crypto/crypto.h"
#include "common/log/log.h"
#include "common/log/log_file.h"
#include "common/log/log_sql.h"

enum { LOG_ID_BYTES = 16, BUSY_MS = 500 };

/* A rollback journal while the log is made: then application id and format stand in the file itself, where
 * they can be read without SQLite. EXTRA also syncs the folder when the journal goes: should it come back
 * after a power cut, it would take the log back to nothing. */
static const char creation_mode[] = "PRAGMA page_size = 4096;"
                                    "PRAGMA encoding = 'UTF-8';"
                                    "PRAGMA journal_mode = DELETE;"
                                    "PRAGMA synchronous = EXTRA;";

static const char tables[] =
    "CREATE TABLE record ("
    "  seq INTEGER PRIMARY KEY,"
    "  epoch INTEGER NOT NULL,"
    "  kind INTEGER NOT NULL,"
    "  outcome INTEGER NOT NULL,"
    "  bus_ms INTEGER NOT NULL,"
    "  utc_ms INTEGER NOT NULL,"
    "  occurred_ms INTEGER NOT NULL,"
    "  boot BLOB NOT NULL,"
    "  author TEXT NOT NULL,"
    "  counter INTEGER NOT NULL,"
    "  payload BLOB,"
    "  payload_hash BLOB NOT NULL,"
    "  hash BLOB NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX record_command ON record (author, counter) WHERE counter > 0;"
    "CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;";

/* What follows from the records: log_derived.c makes it anew. */
static const char derived_tables[] =
    "CREATE TABLE touch (stream TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (stream, seq))"
    "  STRICT, WITHOUT ROWID;"
    "CREATE TABLE open ("
    "  stream TEXT NOT NULL PRIMARY KEY, due_ms INTEGER NOT NULL DEFAULT 0"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX open_due ON open (due_ms, stream) WHERE due_ms > 0;"
    "CREATE TABLE outbox ("
    "  agent TEXT NOT NULL,"
    "  lane INTEGER NOT NULL,"
    "  last_seq INTEGER NOT NULL,"
    "  first_seq INTEGER NOT NULL,"
    "  items BLOB NOT NULL,"
    "  PRIMARY KEY (agent, lane, last_seq)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE tombstone ("
    "  agent TEXT NOT NULL,"
    "  lane INTEGER NOT NULL,"
    "  item TEXT NOT NULL,"
    "  seq INTEGER NOT NULL,"
    "  PRIMARY KEY (agent, lane, item)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX tombstone_seq ON tombstone (agent, lane, seq);" /* an Ack does not walk all of them */
    "CREATE TABLE cursor ("
    "  agent TEXT NOT NULL, lane INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (agent, lane)"
    ") STRICT, WITHOUT ROWID;";

/* For people with a SQL prompt. */
static const char views[] =
    "CREATE VIEW journal AS SELECT seq, epoch, kind,"
    "  CASE WHEN payload IS NULL THEN 'redacted' WHEN outcome = 2 THEN 'refused' ELSE 'decided' END AS "
    "outcome,"
    "  strftime('%Y-%m-%dT%H:%M:%fZ', bus_ms / 1000.0, 'unixepoch') AS bus_time,"
    "  strftime('%Y-%m-%dT%H:%M:%fZ', utc_ms / 1000.0, 'unixepoch') AS utc_time,"
    "  CASE WHEN occurred_ms <> 0"
    "    THEN strftime('%Y-%m-%dT%H:%M:%fZ', occurred_ms / 1000.0, 'unixepoch') END AS occurred_time,"
    "  author, counter, length(payload) AS bytes, lower(hex(hash)) AS hash FROM record;"
    "CREATE VIEW refusals AS SELECT seq, utc_time, author, counter, kind, bytes FROM journal"
    "  WHERE seq IN (SELECT seq FROM record WHERE outcome = 2);"
    /* A run's entries one by one, as log_run.h has them. */
    "CREATE VIEW waits AS"
    "  WITH RECURSIVE entry (agent, lane, last_seq, at, n, items) AS ("
    "    SELECT agent, lane, last_seq, 1, CAST(substr(items, 5, 3) AS INTEGER), items FROM outbox"
    "    UNION ALL"
    "    SELECT agent, lane, last_seq, at + 7 + n, CAST(substr(items, at + n + 11, 3) AS INTEGER), items"
    "      FROM entry WHERE n >= 0 AND at + 7 + n < length(items)),"
    "  item (agent, lane, seq, item) AS ("
    "    SELECT agent, lane, last_seq - CAST(substr(items, at, 4) AS INTEGER),"
    "      CAST(substr(items, at + 7, n) AS TEXT) FROM entry)"
    "  SELECT agent, lane, seq, item, EXISTS (SELECT 1 FROM tombstone AS t WHERE t.agent = item.agent"
    "    AND t.lane = item.lane AND t.item = item.item AND t.seq >= item.seq) AS tombstone FROM item;"
    "CREATE VIEW waiting AS SELECT agent, lane, count(*) AS n, sum(tombstone) AS recalled,"
    "  min(seq) AS first_seq, max(seq) AS last_seq FROM waits GROUP BY agent, lane;";

static int put_meta(sqlite3 *db, const char *key, const char *value)
{
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(db, "INSERT INTO meta (key, value) VALUES (?1, ?2)", -1, &statement, NULL);
    if (rc != SQLITE_OK)
        return rc;
    sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, value, -1, SQLITE_STATIC);
    sqlite3_step(statement);
    return sqlite3_finalize(statement);
}

/* Facts for people and for telling two logs apart; only region and format are ever checked. */
static int put_facts(sqlite3 *db, const char *region, const struct rng *rng)
{
    uint8_t id[LOG_ID_BYTES];
    char text[2 * LOG_ID_BYTES + 1];
    rng->fill(rng->ctx, id, sizeof(id));
    int rc = put_meta(db, "log_id", hex_format(id, sizeof(id), text));
    if (rc == SQLITE_OK)
        rc = put_meta(db, "region", region);
    if (rc != SQLITE_OK)
        return rc;
    snprintf(text, sizeof(text), "%d", LOG_FORMAT);
    rc = put_meta(db, "format", text);
    if (rc != SQLITE_OK)
        return rc;
    return sqlite3_exec(db,
                        "INSERT INTO meta (key, value)"
                        "  VALUES ('created', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))",
                        NULL, NULL, NULL);
}

int log_schema_derived(sqlite3 *db)
{
    return sqlite3_exec(db, derived_tables, NULL, NULL, NULL);
}

int log_schema_create(sqlite3 *db, const char *path, const char *region, const struct rng *rng,
                      struct err *err)
{
    char identity[128];
    snprintf(identity, sizeof(identity), "PRAGMA application_id = %d; PRAGMA user_version = %d;",
             LOG_APPLICATION_ID, LOG_FORMAT);
    int rc = sqlite3_exec(db, creation_mode, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, tables, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = log_schema_derived(db);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, views, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, identity, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = put_facts(db, region, rng);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        return 0;
    int code = log_sql_error(db, rc, "create", path, err);
    if (!sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return code;
}

int log_schema_guard(sqlite3 *db, const char *path, bool single_process, struct err *err)
{
    static const struct {
        int option;
        int value;
    } guards[] = {
        {SQLITE_DBCONFIG_DQS_DML, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_DEFENSIVE, 1},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
        /* A close writes back only once the log is known to be sound. */
        {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1},
    };
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, BUSY_MS);
    for (size_t i = 0; i < sizeof(guards) / sizeof(guards[0]); i++)
        sqlite3_db_config(db, guards[i].option, guards[i].value, NULL);
    if (single_process) {
        /* Before anything is read: a WAL is then kept track of in the heap, not in shared memory. */
        int code = log_sql_run(db, "PRAGMA locking_mode = EXCLUSIVE;", path, err);
        if (code != 0)
            return code;
    }
    return log_sql_run(db,
                       "PRAGMA cell_size_check = ON;"
                       "PRAGMA mmap_size = 0;"
                       "PRAGMA temp_store = MEMORY;"
                       "PRAGMA cache_size = -16384;",
                       path, err);
}

int log_schema_write_mode(sqlite3 *db, const char *path, struct err *err)
{
    char pragmas[256];
    char mode[16];
    int rc = log_sql_text(db, "PRAGMA journal_mode = WAL;", mode, sizeof(mode));
    if (rc != SQLITE_OK)
        return log_sql_error(db, rc, "open", path, err);
    if (strcmp(mode, "wal") != 0)
        return err_set(err, ERR_IO, "%s cannot be switched to WAL (it is in %s mode)", path, mode);
    /* Checkpoints are ours (log_sqlite.c): SQLite's own would swallow their errors. */
    snprintf(pragmas, sizeof(pragmas),
             "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = %d;",
             LOG_WAL_KEPT_BYTES);
    return log_sql_run(db, pragmas, path, err);
}
