#include "common/log/log_outbox.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/mutant.h"
#include "common/log/log_run.h"

enum { CAPACITY_FIRST = 64 };

/* A run to be written: bytes from `at` on. */
struct log_outbox_row {
    const struct log_index *lane;
    uint64_t first;
    uint64_t last;
    size_t at;
    size_t n;
};

enum which { S_TOMBSTONE, S_CURSOR, S_TRIM, S_FIRST, S_CUT, S_FORGET, S_N };

/* ?1 agent, ?2 lane, ?3 seq, then what each needs. */
static const char *const sql[S_N] = {
    /* Where nothing waits from so long ago nothing is recalled. So a tombstone is there exactly as long as
     * something is that it may be of, however the records fell into commits. */
    [S_TOMBSTONE] = "INSERT OR FAIL INTO tombstone (agent, lane, seq, item) SELECT ?1, ?2, ?3, ?4"
                    " WHERE (SELECT first_seq FROM outbox WHERE agent = ?1 AND lane = ?2"
                    "        ORDER BY last_seq LIMIT 1) <= ?3"
                    " ON CONFLICT (agent, lane, item) DO UPDATE SET seq = max(seq, excluded.seq)",
    [S_CURSOR] = "INSERT INTO cursor (agent, lane, seq) VALUES (?1, ?2, ?3)"
                 " ON CONFLICT (agent, lane) DO UPDATE SET seq = max(seq, excluded.seq)",
    [S_TRIM] = "DELETE FROM outbox WHERE agent = ?1 AND lane = ?2 AND last_seq <= ?3",
    [S_FIRST] = "SELECT first_seq, last_seq, items FROM outbox"
                " WHERE agent = ?1 AND lane = ?2 AND last_seq > ?3 ORDER BY last_seq LIMIT 1",
    [S_CUT] = "UPDATE outbox SET first_seq = ?4, items = substr(items, ?5)"
              " WHERE agent = ?1 AND lane = ?2 AND last_seq = ?3",
    [S_FORGET] = "DELETE FROM tombstone WHERE agent = ?1 AND lane = ?2 AND seq < ?3",
};

_Static_assert((int)S_N <= (int)LOG_OUTBOX_STATEMENTS, "room for every statement");

int log_outbox_init(struct log_outbox *outbox, sqlite3 *db)
{
    *outbox = (struct log_outbox){.db = db};
    buf_init(&outbox->bytes, 0);
    int rc = log_rows_init(&outbox->runs, db,
                           "INSERT OR FAIL INTO outbox (agent, lane, last_seq, first_seq, items)", 5, "");
    for (int i = 0; rc == SQLITE_OK && i < S_N; i++)
        rc = sqlite3_prepare_v3(db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &outbox->statements[i], NULL);
    return rc;
}

/* The statement with agent, lane and seq. */
static int bind(const struct log_outbox *outbox, enum which which, const struct log_index *lane, uint64_t seq,
                sqlite3_stmt **ret)
{
    sqlite3_stmt *statement = outbox->statements[which];
    int rc = sqlite3_bind_text(statement, 1, lane->name, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int(statement, 2, lane->lane);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(statement, 3, (sqlite3_int64)seq);
    *ret = statement;
    return rc;
}

static int run(sqlite3_stmt *statement)
{
    (void)sqlite3_step(statement);
    return sqlite3_reset(statement);
}

/* --- what waits ----------------------------------------------------------------------------------- */

static int bind_row(sqlite3_stmt *statement, int first, const void *ctx, size_t i)
{
    const struct log_outbox *outbox = ctx;
    const struct log_outbox_row *row = &outbox->rows[i];
    int rc = sqlite3_bind_text(statement, first, row->lane->name, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int(statement, first + 1, row->lane->lane);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(statement, first + 2, (sqlite3_int64)row->last);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(statement, first + 3, (sqlite3_int64)row->first);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_blob64(statement, first + 4, outbox->bytes.p + row->at, row->n, SQLITE_STATIC);
    return rc;
}

static struct log_outbox_row *row_new(struct log_outbox *outbox, size_t n)
{
    if (n == outbox->rows_capacity) {
        size_t wanted = n == 0 ? CAPACITY_FIRST : n * 2;
        struct log_outbox_row *grown = reallocarray(outbox->rows, wanted, sizeof(*grown));
        if (grown == NULL)
            return NULL;
        outbox->rows = grown;
        outbox->rows_capacity = wanted;
    }
    return &outbox->rows[n];
}

/* Where the items of the record end that stand here, in one lane; and their bytes in a run. */
static size_t record_end(const struct log_change_list *list, size_t begin, size_t *ret_bytes)
{
    const struct log_change *first = &list->at[begin];
    size_t end = begin, bytes = 0;
    for (; end < list->n && list->at[end].seq == first->seq &&
           log_change_lane_compare(list->at[end].index, first->index) == 0;
         end++)
        bytes += LOG_RUN_HEAD + strlen(log_change_item(&list->at[end]));
    *ret_bytes = bytes;
    return end;
}

/* Where the run ends that begins here: with the lane, or before the record that would overfill it. What one
 * record holds is never parted; one that is larger than a run should be has a run to itself. */
static size_t run_end(const struct log_change_list *list, size_t begin)
{
    const struct log_change *first = &list->at[begin];
    size_t bytes, more;
    size_t end = record_end(list, begin, &bytes);
    while (end < list->n && log_change_lane_compare(list->at[end].index, first->index) == 0 &&
           list->at[end].seq - first->seq <= LOG_RUN_SPAN_MAX) {
        size_t next = record_end(list, end, &more);
        if (bytes + more > LOG_RUN_BYTES)
            break;
        bytes += more;
        end = next;
    }
    return end;
}

static bool is_twice(const struct log_change *change, const struct log_change *before)
{
    return change->seq == before->seq && strcmp(log_change_item(change), log_change_item(before)) == 0;
}

static int write_runs(struct log_outbox *outbox, const struct log_change_list *list)
{
    size_t rows_n = 0;
    buf_reset(&outbox->bytes);
    for (size_t begin = 0, end; begin < list->n; begin = end) {
        struct log_outbox_row *row = row_new(outbox, rows_n);
        if (row == NULL)
            return SQLITE_NOMEM;
        end = run_end(list, begin);
        *row = (struct log_outbox_row){.lane = list->at[begin].index,
                                       .first = list->at[begin].seq,
                                       .last = list->at[end - 1].seq,
                                       .at = outbox->bytes.n};
        for (size_t i = begin; i < end; i++) {
            const char *item = log_change_item(&list->at[i]);
            size_t n = strlen(item);
            if (i > begin && is_twice(&list->at[i], &list->at[i - 1]))
                continue;
            uint8_t *p = buf_grow(&outbox->bytes, LOG_RUN_HEAD + n);
            if (p == NULL)
                return SQLITE_NOMEM;
            log_run_put(p, row->last, list->at[i].seq, item, n);
        }
        row->n = outbox->bytes.n - row->at;
        rows_n++;
    }
    return log_rows_write(&outbox->runs, bind_row, outbox, rows_n, NULL);
}

/* --- what is recalled ----------------------------------------------------------------------------- */

static int write_tombstones(struct log_outbox *outbox, const struct log_changes *changes)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; rc == SQLITE_OK && i < changes->tombstones.n; i++) {
        const struct log_change *change = &changes->tombstones.at[i];
        /* Of its own record it recalls only what came before it. */
        uint64_t up_to = log_changes_waits_before(changes, change) ? change->seq : change->seq - 1;
        sqlite3_stmt *statement;
        rc = bind(outbox, S_TOMBSTONE, change->index, up_to, &statement);
        if (rc == SQLITE_OK)
            rc = sqlite3_bind_text(statement, 4, log_change_item(change), -1, SQLITE_STATIC);
        if (rc == SQLITE_OK)
            rc = run(statement);
    }
    return rc;
}

/* --- what is acknowledged ------------------------------------------------------------------------- */

/* The first run that is not acknowledged to its end, and its first entry that is not; without one its seq is
 * 0. */
static int first_left(const struct log_outbox *outbox, const struct log_index *lane, uint64_t up_to,
                      uint64_t *ret_last, struct log_run_entry *ret)
{
    struct log_run left;
    sqlite3_stmt *statement;
    int rc = bind(outbox, S_FIRST, lane, up_to, &statement);
    int code = 1;
    if (rc != SQLITE_OK)
        return rc;
    ret->seq = 0;
    if (sqlite3_step(statement) == SQLITE_ROW) {
        if (!log_run_begin(&left, sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1),
                           sqlite3_column_blob(statement, 2), sqlite3_column_bytes(statement, 2)))
            code = ERR_CORRUPT;
        while (code == 1 && ret->seq <= up_to)
            code = log_run_next(&left, ret);
        *ret_last = left.last;
    }
    rc = sqlite3_reset(statement);
    return code == 1 ? rc : SQLITE_CORRUPT;
}

/* Everything up to there goes, from the middle of a run too, and the tombstones of nothing. */
static int trim(const struct log_outbox *outbox, const struct log_index *lane, uint64_t up_to)
{
    struct log_run_entry left;
    sqlite3_stmt *statement;
    uint64_t last = 0;
    int rc = bind(outbox, S_TRIM, lane, up_to, &statement);
    if (rc == SQLITE_OK)
        rc = run(statement);
    if (rc == SQLITE_OK)
        rc = first_left(outbox, lane, up_to, &last, &left);
    if (rc == SQLITE_OK && left.seq > 0 && left.at > 0) {
        rc = bind(outbox, S_CUT, lane, last, &statement);
        if (rc == SQLITE_OK)
            rc = sqlite3_bind_int64(statement, 4, (sqlite3_int64)left.seq);
        if (rc == SQLITE_OK)
            rc = sqlite3_bind_int64(statement, 5, (sqlite3_int64)left.at + 1);
        if (rc == SQLITE_OK)
            rc = run(statement);
    }
    if (rc == SQLITE_OK)
        rc = bind(outbox, S_FORGET, lane,
                  left.seq > 0 && !MUTANT(MUTANT_TOMBSTONE_EARLY) ? left.seq : INT64_MAX, &statement);
    return rc == SQLITE_OK ? run(statement) : rc;
}

static int write_cursors(const struct log_outbox *outbox, const struct log_change_list *list)
{
    int rc = SQLITE_OK;
    for (size_t begin = 0, end; rc == SQLITE_OK && begin < list->n; begin = end) {
        const struct log_index *lane = list->at[begin].index;
        uint64_t cursor = 0, up_to = 0;
        for (end = begin; end < list->n && log_change_lane_compare(list->at[end].index, lane) == 0; end++) {
            uint64_t number = list->at[end].index->number, before = list->at[end].seq - 1;
            cursor = number > cursor ? number : cursor;
            number = number < before ? number : before;
            up_to = number > up_to ? number : up_to;
        }
        sqlite3_stmt *statement;
        rc = bind(outbox, S_CURSOR, lane, cursor, &statement);
        if (rc == SQLITE_OK)
            rc = run(statement);
        if (rc == SQLITE_OK)
            rc = trim(outbox, lane, up_to + (MUTANT(MUTANT_TRIM_BEYOND) ? 1 : 0));
    }
    return rc;
}

int log_outbox_write(struct log_outbox *outbox, const struct log_changes *changes)
{
    int rc = write_runs(outbox, &changes->outbox);
    if (rc == SQLITE_OK)
        rc = write_tombstones(outbox, changes);
    return rc == SQLITE_OK ? write_cursors(outbox, &changes->cursors) : rc;
}

void log_outbox_close(struct log_outbox *outbox)
{
    log_rows_close(&outbox->runs);
    for (int i = 0; i < S_N; i++)
        sqlite3_finalize(outbox->statements[i]);
    buf_free(&outbox->bytes);
    free(outbox->rows);
    *outbox = (struct log_outbox){0};
}
