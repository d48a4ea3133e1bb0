#include "common/log/log_derived.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log/log_changes.h"
#include "common/log/log_derived_private.h"
#include "common/log/log_outbox.h"
#include "common/log/log_schema.h"
#include "common/log/log_sql.h"
#include "common/log/log_streams.h"

enum {
    PENDING_FIRST = 8192,    /* changes that are sorted and written together */
    RECORD_MAX = 1024 * 1024 /* of one record; the same change may come with each of its events */
};

/* Texts of that many changes, all of them long. */
#define TEXT_BYTES_MAX ((size_t)(PENDING_FIRST + RECORD_MAX) * 2 * LOG_NAME_MAX)

static const char name[] = "the tables that follow from the records";

const char *const log_derived_names[LOG_DERIVED_TABLES] = {"outbox", "tombstone", "cursor", "open", "touch"};

struct log_derived {
    sqlite3 *db;
    struct log_streams streams;
    struct log_outbox outbox;
    struct log_changes changes;
    struct arena texts;
    struct log_index *pending;
    uint64_t *seqs; /* of each */
    size_t n;
    size_t capacity;
};

static int open_database(struct log_derived *derived)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int rc = sqlite3_open_v2("", &derived->db, flags, NULL);
    /* Nobody sees it but us, and it ends with us. */
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(derived->db,
                          "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;",
                          NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = log_schema_derived(derived->db);
    if (rc == SQLITE_OK)
        rc = log_streams_init(&derived->streams, derived->db);
    if (rc == SQLITE_OK)
        rc = log_outbox_init(&derived->outbox, derived->db);
    return rc == SQLITE_OK ? sqlite3_exec(derived->db, "BEGIN", NULL, NULL, NULL) : rc;
}

int log_derived_new(struct log_derived **ret, struct err *err)
{
    struct log_derived *derived = calloc(1, sizeof(*derived));
    if (derived == NULL)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    arena_init(&derived->texts, TEXT_BYTES_MAX);
    int rc = open_database(derived);
    if (rc != SQLITE_OK) {
        int code = log_sql_error(derived->db, rc, "make", name, err);
        log_derived_free(derived);
        return code;
    }
    *ret = derived;
    return 0;
}

void log_derived_free(struct log_derived *derived)
{
    if (derived == NULL)
        return;
    log_streams_close(&derived->streams);
    log_outbox_close(&derived->outbox);
    log_changes_free(&derived->changes);
    arena_free(&derived->texts);
    free(derived->pending);
    free(derived->seqs);
    sqlite3_close(derived->db);
    free(derived);
}

/* --- what was added ------------------------------------------------------------------------------- */

static int gather(struct log_derived *derived)
{
    int code = 0;
    log_changes_reset(&derived->changes);
    for (size_t begin = 0, end; code == 0 && begin < derived->n; begin = end) {
        for (end = begin + 1; end < derived->n && derived->seqs[end] == derived->seqs[begin];)
            end++;
        const struct log_entry entry = {.record = {.header = {.seq = derived->seqs[begin]}},
                                        .index = &derived->pending[begin],
                                        .index_n = end - begin};
        code = log_changes_add(&derived->changes, &entry);
    }
    return code;
}

static int flush(struct log_derived *derived, struct err *err)
{
    int rc = gather(derived) == 0 ? SQLITE_OK : SQLITE_NOMEM;
    log_changes_sort(&derived->changes);
    if (rc == SQLITE_OK)
        rc = log_streams_write(&derived->streams, &derived->changes);
    if (rc == SQLITE_OK)
        rc = log_outbox_write(&derived->outbox, &derived->changes);
    derived->n = 0;
    arena_reset(&derived->texts);
    return rc == SQLITE_OK ? 0 : log_sql_error(derived->db, rc, "make", name, err);
}

static bool grow(struct log_derived *derived)
{
    size_t wanted = derived->capacity == 0 ? PENDING_FIRST : derived->capacity * 2;
    struct log_index *pending = reallocarray(derived->pending, wanted, sizeof(*pending));
    if (pending != NULL)
        derived->pending = pending;
    uint64_t *seqs = pending != NULL ? reallocarray(derived->seqs, wanted, sizeof(*seqs)) : NULL;
    if (seqs == NULL)
        return false;
    derived->seqs = seqs;
    derived->capacity = wanted;
    return true;
}

int log_derived_add(struct log_derived *derived, uint64_t seq, const struct log_index *index, struct err *err)
{
    /* The changes of one record stay together, as in a commit. */
    bool is_next = derived->n > 0 && derived->seqs[derived->n - 1] != seq;
    int code = is_next && derived->n >= PENDING_FIRST ? flush(derived, err) : 0;
    if (code != 0)
        return code;
    if (derived->n >= PENDING_FIRST + RECORD_MAX)
        return err_set(err, ERR_TOO_BIG, "record %" PRIu64 " changes more than %d rows", seq, RECORD_MAX);
    if (derived->n == derived->capacity && !grow(derived))
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    struct log_index copy = *index;
    copy.name = arena_strdup(&derived->texts, index->name);
    copy.item = arena_strdup(&derived->texts, index->item != NULL ? index->item : "");
    if (copy.name == NULL || copy.item == NULL)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    derived->pending[derived->n] = copy;
    derived->seqs[derived->n++] = seq;
    return 0;
}

int log_derived_database(struct log_derived *derived, sqlite3 **ret, struct err *err)
{
    int code = flush(derived, err);
    if (code == 0)
        *ret = derived->db;
    return code;
}

/* --- in their place ------------------------------------------------------------------------------- */

static int prepare(sqlite3 *db, const char *format, const char *table, sqlite3_stmt **ret)
{
    char *sql = sqlite3_mprintf(format, table);
    int rc = sql != NULL ? sqlite3_prepare_v2(db, sql, -1, ret, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    return rc;
}

static int put_row(sqlite3_stmt *from, sqlite3_stmt *to)
{
    int rc = SQLITE_OK;
    for (int i = 0; rc == SQLITE_OK && i < sqlite3_column_count(from); i++)
        rc = sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
    if (rc != SQLITE_OK)
        return rc;
    (void)sqlite3_step(to);
    return sqlite3_reset(to);
}

/* The columns of both stand in the same order: one text made them. */
static int put_table(sqlite3 *from, sqlite3 *to, const char *table)
{
    sqlite3_stmt *read = NULL, *write = NULL, *clear = NULL;
    int rc = prepare(to, "DELETE FROM %s", table, &clear);
    if (rc == SQLITE_OK) {
        (void)sqlite3_step(clear);
        rc = sqlite3_reset(clear);
    }
    if (rc == SQLITE_OK)
        rc = prepare(from, "SELECT * FROM %s", table, &read);
    if (rc == SQLITE_OK) {
        const char *format = sqlite3_column_count(read) == 5   ? "INSERT INTO %s VALUES (?,?,?,?,?)"
                             : sqlite3_column_count(read) == 4 ? "INSERT INTO %s VALUES (?,?,?,?)"
                             : sqlite3_column_count(read) == 3 ? "INSERT INTO %s VALUES (?,?,?)"
                                                               : "INSERT INTO %s VALUES (?,?)";
        rc = prepare(to, format, table, &write);
    }
    while (rc == SQLITE_OK && (rc = sqlite3_step(read)) == SQLITE_ROW)
        rc = put_row(read, write);
    sqlite3_finalize(clear);
    sqlite3_finalize(read);
    sqlite3_finalize(write);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int log_derived_put(struct log_derived *derived, sqlite3 *db, const char *path,
                    const bool which[LOG_DERIVED_TABLES], struct err *err)
{
    sqlite3 *from;
    int code = log_derived_database(derived, &from, err);
    if (code != 0)
        return code;
    int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    for (int i = 0; rc == SQLITE_OK && i < LOG_DERIVED_TABLES; i++) {
        if (which[i])
            rc = put_table(from, db, log_derived_names[i]);
    }
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        return 0;
    code = log_sql_error(db, rc, "rebuild", path, err);
    if (!sqlite3_get_autocommit(db))
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return code;
}
