/* The journal's rows: what was sent, and the orders that came. */
#include "agents/lib/journal.h"

#include <string.h>

#include "agents/lib/journal_statements.h"

static struct bytes column(sqlite3_stmt *stmt, int at)
{
    const void *p = sqlite3_column_blob(stmt, at);

    return (struct bytes){p, (size_t)sqlite3_column_bytes(stmt, at)};
}

static struct id column_id(sqlite3_stmt *stmt, int at)
{
    struct bytes bytes = column(stmt, at);
    struct id id = {{0}};

    if (bytes.n == ID_BYTES) {
        memcpy(id.b, bytes.p, ID_BYTES);
    }
    return id;
}

/* ---- outgoing ---- */

int journal_add_outgoing(struct journal *journal, const struct journal_outgoing *outgoing, int64_t *ret_item,
                         struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, STMT_ADD_OUTGOING, &stmt, err);

    if (rc) {
        return rc;
    }
    sqlite3_bind_int64(stmt, 1, (int64_t)outgoing->counter);
    sqlite3_bind_int64(stmt, 2, (int64_t)outgoing->tag);
    journal_bind(stmt, 3, outgoing->frame);
    rc = journal_step(journal, stmt, err);
    if (!rc) {
        *ret_item = sqlite3_last_insert_rowid(journal->db);
    }
    return rc;
}

int journal_renumber(struct journal *journal, int64_t item, uint64_t old_counter, uint64_t counter,
                     struct bytes frame, bool *ret_changed, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, STMT_RENUMBER, &stmt, err);

    if (rc) {
        return rc;
    }
    sqlite3_bind_int64(stmt, 1, item);
    sqlite3_bind_int64(stmt, 2, (int64_t)old_counter);
    sqlite3_bind_int64(stmt, 3, (int64_t)counter);
    journal_bind(stmt, 4, frame);
    rc = journal_step(journal, stmt, err);
    if (!rc) {
        *ret_changed = sqlite3_changes(journal->db) > 0;
    }
    return rc;
}

int journal_settle(struct journal *journal, int64_t item, struct bytes reply, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, STMT_SETTLE, &stmt, err);

    if (rc) {
        return rc;
    }
    sqlite3_bind_int64(stmt, 1, item);
    journal_bind(stmt, 2, reply);
    return journal_step(journal, stmt, err);
}

static int each_outgoing(struct journal *journal, sqlite3_stmt *stmt,
                         bool (*visit)(void *ctx, const struct journal_outgoing *), void *ctx,
                         struct err *err)
{
    int rc;

    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct journal_outgoing outgoing = {
            .item = sqlite3_column_int64(stmt, 0),
            .counter = (uint64_t)sqlite3_column_int64(stmt, 1),
            .tag = (uint64_t)sqlite3_column_int64(stmt, 2),
            .frame = column(stmt, 3),
            .reply = sqlite3_column_count(stmt) > 4 ? column(stmt, 4) : (struct bytes){NULL, 0},
        };

        if (!visit(ctx, &outgoing)) {
            rc = SQLITE_DONE;
            break;
        }
    }
    rc = rc == SQLITE_DONE ? 0 : journal_fail(journal, rc, err);
    sqlite3_reset(stmt);
    return rc;
}

int journal_each_outgoing(struct journal *journal, bool (*visit)(void *ctx, const struct journal_outgoing *),
                          void *ctx, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, STMT_OPEN_OUTGOING, &stmt, err);

    return rc ? rc : each_outgoing(journal, stmt, visit, ctx, err);
}

int journal_each_newer(struct journal *journal, uint64_t counter,
                       bool (*visit)(void *ctx, const struct journal_outgoing *), void *ctx, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, STMT_NEWER_OUTGOING, &stmt, err);

    if (rc) {
        return rc;
    }
    sqlite3_bind_int64(stmt, 1, (int64_t)counter);
    return each_outgoing(journal, stmt, visit, ctx, err);
}

int journal_outgoing(struct journal *journal, int64_t item,
                     bool (*visit)(void *ctx, const struct journal_outgoing *), void *ctx, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, STMT_OUTGOING, &stmt, err);

    if (rc) {
        return rc;
    }
    sqlite3_bind_int64(stmt, 1, item);
    return each_outgoing(journal, stmt, visit, ctx, err);
}

/* ---- orders ---- */

int journal_add_order(struct journal *journal, const struct journal_order *order, bool *ret_new,
                      struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, STMT_ADD_ORDER, &stmt, err);

    if (rc) {
        return rc;
    }
    journal_bind_id(stmt, 1, order->order);
    journal_bind_id(stmt, 2, order->incident);
    sqlite3_bind_int64(stmt, 3, (int64_t)order->seq);
    sqlite3_bind_int(stmt, 4, (int)order->lane);
    sqlite3_bind_int64(stmt, 5, order->bus_ms);
    sqlite3_bind_int64(stmt, 6, order->expires_at_ms);
    sqlite3_bind_int(stmt, 7, (int)order->end);
    journal_bind(stmt, 8, order->record);
    rc = journal_step(journal, stmt, err);
    if (!rc) {
        *ret_new = sqlite3_changes(journal->db) > 0;
    }
    return rc;
}

static struct journal_order read_order(sqlite3_stmt *stmt)
{
    return (struct journal_order){
        .order = column_id(stmt, 0),
        .incident = column_id(stmt, 1),
        .seq = (uint64_t)sqlite3_column_int64(stmt, 2),
        .lane = (enum lane)sqlite3_column_int(stmt, 3),
        .bus_ms = sqlite3_column_int64(stmt, 4),
        .expires_at_ms = sqlite3_column_int64(stmt, 5),
        .said = (uint32_t)sqlite3_column_int64(stmt, 6),
        .amendments = (uint32_t)sqlite3_column_int64(stmt, 7),
        .acknowledged = (uint32_t)sqlite3_column_int64(stmt, 8),
        .amendment_seq = (uint64_t)sqlite3_column_int64(stmt, 9),
        .amendment_bus_ms = sqlite3_column_int64(stmt, 10),
        .end = (enum journal_end)sqlite3_column_int(stmt, 11),
        .record = column(stmt, 12),
        .amendment_record = column(stmt, 13),
        .note = column(stmt, 14),
    };
}

/* Copied, because a statement that stays on its row keeps the file locked. */
static int keep_row(struct journal *journal, sqlite3_stmt *stmt, struct journal_order *ret)
{
    struct journal_order order = read_order(stmt);
    size_t at[3];
    struct bytes *const parts[3] = {&order.record, &order.amendment_record, &order.note};

    buf_reset(&journal->row);
    for (size_t i = 0; i < 3; i++) {
        at[i] = journal->row.n;
        buf_append(&journal->row, parts[i]->p, parts[i]->n);
    }
    if (journal->row.failed) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < 3; i++) {
        parts[i]->p = journal->row.p ? journal->row.p + at[i] : NULL;
    }
    *ret = order;
    return 0;
}

int journal_order(struct journal *journal, struct id order, struct journal_order *ret, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, STMT_ORDER, &stmt, err);

    if (rc) {
        return rc;
    }
    journal_bind_id(stmt, 1, order);
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        rc = keep_row(journal, stmt, ret);
    } else {
        rc = rc == SQLITE_DONE ? ERR_NOT_FOUND : journal_fail(journal, rc, err);
    }
    sqlite3_reset(stmt);
    return rc;
}

int journal_each_open_order(struct journal *journal, bool (*visit)(void *ctx, const struct journal_order *),
                            void *ctx, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, STMT_OPEN_ORDERS, &stmt, err);

    if (rc) {
        return rc;
    }
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct journal_order order = read_order(stmt);

        if (!visit(ctx, &order)) {
            rc = SQLITE_DONE;
            break;
        }
    }
    rc = rc == SQLITE_DONE ? 0 : journal_fail(journal, rc, err);
    sqlite3_reset(stmt);
    return rc;
}

static int set_order_number(struct journal *journal, enum journal_stmt which, struct id order, uint32_t value,
                            struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, which, &stmt, err);

    if (rc) {
        return rc;
    }
    journal_bind_id(stmt, 1, order);
    sqlite3_bind_int64(stmt, 2, value);
    return journal_step(journal, stmt, err);
}

int journal_set_said(struct journal *journal, struct id order, uint32_t said, struct err *err)
{
    return set_order_number(journal, STMT_SET_SAID, order, said, err);
}

int journal_set_order_record(struct journal *journal, struct id order, uint64_t seq, struct bytes record,
                             struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, STMT_SET_ORDER_RECORD, &stmt, err);

    if (rc) {
        return rc;
    }
    journal_bind_id(stmt, 1, order);
    sqlite3_bind_int64(stmt, 2, (int64_t)seq);
    journal_bind(stmt, 3, record);
    return journal_step(journal, stmt, err);
}

int journal_set_acknowledged(struct journal *journal, struct id order, uint32_t amendment, struct err *err)
{
    return set_order_number(journal, STMT_SET_ACKNOWLEDGED, order, amendment, err);
}

int journal_end_order(struct journal *journal, struct id order, enum journal_end end, struct err *err)
{
    return set_order_number(journal, STMT_END_ORDER, order, (uint32_t)end, err);
}

int journal_add_amendment(struct journal *journal, struct id order, uint32_t amendment, uint64_t seq,
                          int64_t bus_ms, struct bytes record, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, STMT_ADD_AMENDMENT, &stmt, err);

    if (rc) {
        return rc;
    }
    journal_bind_id(stmt, 1, order);
    sqlite3_bind_int64(stmt, 2, amendment);
    sqlite3_bind_int64(stmt, 3, (int64_t)seq);
    sqlite3_bind_int64(stmt, 4, bus_ms);
    journal_bind(stmt, 5, record);
    return journal_step(journal, stmt, err);
}

int journal_set_note(struct journal *journal, struct id order, struct bytes note, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, STMT_SET_NOTE, &stmt, err);

    if (rc) {
        return rc;
    }
    journal_bind_id(stmt, 1, order);
    journal_bind(stmt, 2, note);
    return journal_step(journal, stmt, err);
}

/* ---- recalls ---- */

int journal_add_recall(struct journal *journal, struct id order, int64_t expires_at_ms, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, STMT_ADD_RECALL, &stmt, err);

    if (rc) {
        return rc;
    }
    journal_bind_id(stmt, 1, order);
    sqlite3_bind_int64(stmt, 2, expires_at_ms);
    return journal_step(journal, stmt, err);
}

int journal_has_recall(struct journal *journal, struct id order, bool *ret, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = journal_prepare(journal, STMT_HAS_RECALL, &stmt, err);

    if (rc) {
        return rc;
    }
    journal_bind_id(stmt, 1, order);
    rc = sqlite3_step(stmt);
    *ret = rc == SQLITE_ROW;
    rc = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : journal_fail(journal, rc, err);
    sqlite3_reset(stmt);
    return rc;
}
