#include "common/log/log_streams.h"

#include <string.h>

int log_streams_init(struct log_streams *streams, sqlite3 *db)
{
    const struct {
        sqlite3_stmt **at;
        const char *sql;
    } statements[] = {
        {&streams->open_keep, "INSERT INTO open (stream) VALUES (?1) ON CONFLICT DO NOTHING"},
        {&streams->due, "UPDATE open SET due_ms = ?2 WHERE stream = ?1"},
        {&streams->close, "DELETE FROM open WHERE stream = ?1"},
    };
    *streams = (struct log_streams){0};
    int rc = log_rows_init(&streams->touch, db, "INSERT OR FAIL INTO touch (stream, seq)", 2,
                           "ON CONFLICT DO NOTHING");
    if (rc == SQLITE_OK)
        rc = log_rows_init(&streams->open, db, "INSERT OR FAIL INTO open (stream, due_ms)", 2,
                           "ON CONFLICT (stream) DO UPDATE SET due_ms = excluded.due_ms");
    for (size_t i = 0; rc == SQLITE_OK && i < sizeof(statements) / sizeof(statements[0]); i++)
        rc = sqlite3_prepare_v3(db, statements[i].sql, -1, SQLITE_PREPARE_PERSISTENT, statements[i].at, NULL);
    return rc;
}

static int bind_touch(sqlite3_stmt *statement, int first, const void *ctx, size_t i)
{
    const struct log_change *change = (const struct log_change *)ctx + i;
    int rc = sqlite3_bind_text(statement, first, change->index->name, -1, SQLITE_STATIC);
    return rc == SQLITE_OK ? sqlite3_bind_int64(statement, first + 1, (sqlite3_int64)change->seq) : rc;
}

static int bind_open(sqlite3_stmt *statement, int first, const void *ctx, size_t i)
{
    const struct log_change *change = (const struct log_change *)ctx + i;
    int rc = sqlite3_bind_text(statement, first, change->index->name, -1, SQLITE_STATIC);
    return rc == SQLITE_OK ? sqlite3_bind_int64(statement, first + 1, (sqlite3_int64)change->index->number)
                           : rc;
}

static int run(sqlite3_stmt *statement, const struct log_index *index)
{
    int rc = sqlite3_bind_text(statement, 1, index->name, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK && sqlite3_bind_parameter_count(statement) > 1)
        rc = sqlite3_bind_int64(statement, 2, (sqlite3_int64)index->number);
    if (rc != SQLITE_OK)
        return rc;
    (void)sqlite3_step(statement);
    return sqlite3_reset(statement);
}

/* What the changes of one stream come to. Closing takes the due along, and what is not open is not due. */
struct outcome {
    const struct log_change *opened; /* the last that opened or closed it */
    const struct log_change *due;    /* the last since it was closed, if ever */
    bool due_first;                  /* it came before any that opened: only what was open already has it */
    bool closed;                     /* at least once */
};

static struct outcome settle(const struct log_change *changes, size_t n)
{
    struct outcome outcome = {0};
    for (size_t i = 0; i < n; i++) {
        const struct log_change *change = &changes[i];
        bool is_closed = outcome.opened != NULL && outcome.opened->index->op == LOG_CLOSE;
        if (change->index->op == LOG_DUE) {
            outcome.due = is_closed ? NULL : change;
            outcome.due_first = outcome.opened == NULL;
            continue;
        }
        outcome.opened = change;
        if (change->index->op == LOG_CLOSE) {
            outcome.closed = true;
            outcome.due = NULL;
        }
    }
    return outcome;
}

static int apply(struct log_streams *streams, struct outcome outcome)
{
    int rc = SQLITE_OK;
    if (outcome.closed)
        rc = run(streams->close, outcome.opened->index);
    if (rc == SQLITE_OK && outcome.due != NULL && outcome.due_first)
        rc = run(streams->due, outcome.due->index);
    if (rc == SQLITE_OK && outcome.opened != NULL && outcome.opened->index->op == LOG_OPEN)
        rc = run(streams->open_keep, outcome.opened->index);
    if (rc == SQLITE_OK && outcome.due != NULL && !outcome.due_first)
        rc = run(streams->due, outcome.due->index);
    return rc;
}

int log_streams_write(struct log_streams *streams, struct log_changes *changes)
{
    struct log_change *at = changes->streams.at;
    size_t begin = 0, opened_n = 0;
    int rc = log_rows_write(&streams->touch, bind_touch, changes->touches.at, changes->touches.n, NULL);
    while (rc == SQLITE_OK && begin < changes->streams.n) {
        size_t end = begin + 1;
        while (end < changes->streams.n && strcmp(at[end].index->name, at[begin].index->name) == 0)
            end++;
        struct outcome outcome = settle(at + begin, end - begin);
        /* Nearly all of them: many go in at once. Theirs is the place of a change that is settled. */
        if (!outcome.closed && outcome.opened != NULL && outcome.due != NULL && !outcome.due_first)
            at[opened_n++] = *outcome.due;
        else
            rc = apply(streams, outcome);
        begin = end;
    }
    return rc == SQLITE_OK ? log_rows_write(&streams->open, bind_open, at, opened_n, NULL) : rc;
}

void log_streams_close(struct log_streams *streams)
{
    log_rows_close(&streams->touch);
    log_rows_close(&streams->open);
    sqlite3_finalize(streams->open_keep);
    sqlite3_finalize(streams->due);
    sqlite3_finalize(streams->close);
    *streams = (struct log_streams){0};
}
