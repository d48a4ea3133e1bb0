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
    PENDING_FIRST = 8192,     /* changes that are sorted and written together */
    RECORD_MAX = 1024 * 1024, /* of one record; the same change may come with each of its events */
    LIMIT_ROWS = 64
};

/* Texts of that many changes, all of them long. */
#define TEXT_BYTES_MAX ((size_t)(PENDING_FIRST + RECORD_MAX) * 2 * LOG_NAME_MAX)

static const char name[] = "the tables that follow from the records";

const char *const log_derived_names[LOG_DERIVED_TABLES] = {"outbox", "tombstone", "cursor", "open", "touch"};

/* Changes that are not written yet. */
struct pending {
    struct arena texts;
    struct log_index *at;
    uint64_t *seqs; /* of each */
    size_t n;
    size_t capacity;
};

struct log_derived {
    sqlite3 *db;
    struct log_streams streams;
    struct log_outbox outbox;
    struct log_changes changes;
    struct pending of_streams; /* each for itself: written at any point, in their order */
    struct pending of_agents;  /* those of one record stay together, as in a commit */
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
    arena_init(&derived->of_streams.texts, TEXT_BYTES_MAX);
    arena_init(&derived->of_agents.texts, TEXT_BYTES_MAX);
    int rc = open_database(derived);
    if (rc != SQLITE_OK) {
        int code = log_sql_error(derived->db, rc, "make", name, err);
        log_derived_free(derived);
        return code;
    }
    *ret = derived;
    return 0;
}

static void pending_free(struct pending *pending)
{
    arena_free(&pending->texts);
    free(pending->at);
    free(pending->seqs);
}

void log_derived_free(struct log_derived *derived)
{
    if (derived == NULL)
        return;
    log_streams_close(&derived->streams);
    log_outbox_close(&derived->outbox);
    log_changes_free(&derived->changes);
    pending_free(&derived->of_streams);
    pending_free(&derived->of_agents);
    sqlite3_close(derived->db);
    free(derived);
}

/* --- what was added ------------------------------------------------------------------------------- */

static int gather(struct log_derived *derived, const struct pending *pending)
{
    int code = 0;
    log_changes_reset(&derived->changes);
    for (size_t begin = 0, end; code == 0 && begin < pending->n; begin = end) {
        for (end = begin + 1; end < pending->n && pending->seqs[end] == pending->seqs[begin];)
            end++;
        const struct log_entry entry = {.record = {.header = {.seq = pending->seqs[begin]}},
                                        .index = &pending->at[begin],
                                        .index_n = end - begin};
        code = log_changes_add(&derived->changes, &entry);
    }
    return code;
}

static int flush(struct log_derived *derived, struct pending *pending, struct err *err)
{
    int rc = gather(derived, pending) == 0 ? SQLITE_OK : SQLITE_NOMEM;
    log_changes_sort(&derived->changes);
    if (rc == SQLITE_OK)
        rc = log_streams_write(&derived->streams, &derived->changes);
    if (rc == SQLITE_OK)
        rc = log_outbox_write(&derived->outbox, &derived->changes);
    pending->n = 0;
    arena_reset(&pending->texts);
    return rc == SQLITE_OK ? 0 : log_sql_error(derived->db, rc, "make", name, err);
}

static bool grow(struct pending *pending)
{
    size_t wanted = pending->capacity == 0 ? PENDING_FIRST : pending->capacity * 2;
    struct log_index *at = reallocarray(pending->at, wanted, sizeof(*at));
    if (at != NULL)
        pending->at = at;
    uint64_t *seqs = at != NULL ? reallocarray(pending->seqs, wanted, sizeof(*seqs)) : NULL;
    if (seqs == NULL)
        return false;
    pending->seqs = seqs;
    pending->capacity = wanted;
    return true;
}

static bool is_of_stream(enum log_index_op op)
{
    return op == LOG_TOUCH || op == LOG_OPEN || op == LOG_CLOSE || op == LOG_DUE;
}

int log_derived_add(struct log_derived *derived, uint64_t seq, const struct log_index *index, struct err *err)
{
    bool of_stream = is_of_stream(index->op);
    struct pending *pending = of_stream ? &derived->of_streams : &derived->of_agents;
    bool may_end = of_stream || (pending->n > 0 && pending->seqs[pending->n - 1] != seq);
    int code = may_end && pending->n >= PENDING_FIRST ? flush(derived, pending, err) : 0;
    if (code != 0)
        return code;
    if (pending->n >= PENDING_FIRST + RECORD_MAX)
        return err_set(err, ERR_TOO_BIG, "record %" PRIu64 " changes more than %d rows", seq, RECORD_MAX);
    if (pending->n == pending->capacity && !grow(pending))
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    struct log_index copy = *index;
    copy.name = arena_strdup(&pending->texts, index->name);
    copy.item = arena_strdup(&pending->texts, index->item != NULL ? index->item : "");
    if (copy.name == NULL || copy.item == NULL)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    pending->at[pending->n] = copy;
    pending->seqs[pending->n++] = seq;
    return 0;
}

int log_derived_database(struct log_derived *derived, sqlite3 **ret, struct err *err)
{
    int code = flush(derived, &derived->of_streams, err);
    if (code == 0)
        code = flush(derived, &derived->of_agents, err);
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

/* Whether copying takes too long; asked of some rows only. */
struct limit {
    bool (*is_late)(void *ctx);
    void *ctx;
    unsigned rows;
    bool reached;
};

static bool goes_on(struct limit *limit)
{
    if (limit != NULL && ++limit->rows % LIMIT_ROWS == 0)
        limit->reached = limit->is_late(limit->ctx);
    return limit == NULL || !limit->reached;
}

/* The columns of both stand in the same order: one text made them. */
static int put_table(sqlite3 *from, sqlite3 *to, const char *table, struct limit *limit)
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
    while (rc == SQLITE_OK && goes_on(limit) && (rc = sqlite3_step(read)) == SQLITE_ROW)
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
    int rc = SQLITE_OK;
    for (int i = 0; rc == SQLITE_OK && i < LOG_DERIVED_TABLES; i++) {
        if (which[i])
            rc = put_table(from, db, log_derived_names[i], NULL);
    }
    return rc == SQLITE_OK ? 0 : log_sql_error(db, rc, "rebuild", path, err);
}

int log_derived_take(struct log_derived *derived, sqlite3 *db, const char *path, int n,
                     bool (*is_late)(void *ctx), void *ctx, struct err *err)
{
    struct limit limit = {.is_late = is_late, .ctx = ctx};
    int rc = SQLITE_OK;
    for (int i = 0; rc == SQLITE_OK && !limit.reached && i < n; i++)
        rc = put_table(db, derived->db, log_derived_names[i], &limit);
    if (rc != SQLITE_OK)
        return log_sql_error(db, rc, "read", path, err);
    return limit.reached ? err_set(err, ERR_TOO_BIG, "%s holds too much to be read at once", path) : 0;
}
