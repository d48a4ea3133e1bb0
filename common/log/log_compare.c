/* The derived tables of a log beside those that follow from its records: both walked in the order of
 * their keys. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/log/log_derived_private.h"
#include "common/log/log_run.h"
#include "common/log/log_sql.h"

enum { TEXT_MAX = 512 };

enum table { T_OUTBOX, T_TOMBSTONE, T_CURSOR, T_OPEN, T_TOUCH };

/* Name, lane, seq, item: the key, in the order of the walk. Then what stands there. Of the outbox: the
 * run. */
static const char *const sql[LOG_DERIVED_TABLES] = {
    [T_OUTBOX] = "SELECT agent, lane, last_seq, first_seq, items FROM outbox ORDER BY agent, lane, last_seq",
    [T_TOMBSTONE] = "SELECT agent, lane, 0, item, seq FROM tombstone ORDER BY agent, lane, item",
    [T_CURSOR] = "SELECT agent, lane, 0, '', seq FROM cursor ORDER BY agent, lane",
    [T_OPEN] = "SELECT stream, 0, 0, '', due_ms FROM open ORDER BY stream",
    [T_TOUCH] = "SELECT stream, 0, seq, '', 0 FROM touch ORDER BY stream, seq",
};

struct row {
    const char *name; /* the statement's */
    int64_t lane;
    int64_t seq;
    const char *item; /* the statement's, or the entry's */
    int64_t value;
};

struct side {
    sqlite3 *db;
    sqlite3_stmt *statement;
    struct log_run run;
    struct log_run_entry entry;
    bool in_run;
    bool ended;
    struct row row;
};

struct comparison {
    enum table table;
    struct side is;
    struct side should;
    log_differs *differs;
    void *ctx;
    bool any;
};

/* --- what is said --------------------------------------------------------------------------------- */

static void key_text(enum table table, const struct row *row, char ret[TEXT_MAX])
{
    switch (table) {
    case T_OUTBOX:
        snprintf(ret, TEXT_MAX, "%.160s, lane %" PRId64 ", record %" PRId64 "%s%.160s", row->name, row->lane,
                 row->seq, row->item[0] != '\0' ? ", order " : "", row->item);
        return;
    case T_TOMBSTONE:
        snprintf(ret, TEXT_MAX, "%.160s, lane %" PRId64 ", order %.160s", row->name, row->lane, row->item);
        return;
    case T_CURSOR:
        snprintf(ret, TEXT_MAX, "%.160s, lane %" PRId64, row->name, row->lane);
        return;
    case T_OPEN:
        snprintf(ret, TEXT_MAX, "%.160s", row->name);
        return;
    case T_TOUCH:
        snprintf(ret, TEXT_MAX, "%.160s, record %" PRId64, row->name, row->seq);
        return;
    }
    ret[0] = '\0';
}

static void say(struct comparison *comparison, const struct row *row, const char *what)
{
    char key[TEXT_MAX], text[2 * TEXT_MAX];
    key_text(comparison->table, row, key);
    snprintf(text, sizeof(text), "table %s: %s %s", log_derived_names[comparison->table], key, what);
    comparison->any = true;
    comparison->differs(comparison->ctx, row->seq > 0 ? (uint64_t)row->seq : 0, text);
}

static void say_value(struct comparison *comparison)
{
    char what[96];
    snprintf(what, sizeof(what), "has %" PRId64 " and should have %" PRId64, comparison->is.row.value,
             comparison->should.row.value);
    say(comparison, &comparison->should.row, what);
}

static void say_damaged(struct comparison *comparison, const char *why)
{
    char text[TEXT_MAX];
    snprintf(text, sizeof(text), "table %s: %.400s", log_derived_names[comparison->table], why);
    comparison->any = true;
    comparison->differs(comparison->ctx, 0, text);
}

/* --- one side ------------------------------------------------------------------------------------- */

static const char *text_of(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text != NULL ? (const char *)text : "";
}

/* The next entry of the run that the walk is in. False: it has none; a run that is none is said. */
static bool next_entry(struct comparison *comparison, struct side *side)
{
    int got = log_run_next(&side->run, &side->entry);
    if (got == 1) {
        side->row.seq = (int64_t)side->entry.seq;
        side->row.item = side->entry.item;
        return true;
    }
    side->in_run = false;
    if (got < 0) {
        struct row row = {.name = side->row.name,
                          .lane = side->row.lane,
                          .seq = sqlite3_column_int64(side->statement, 2),
                          .item = ""};
        say(comparison, &row, "ends a run that is damaged");
    }
    return false;
}

static void begin_run(struct comparison *comparison, struct side *side)
{
    sqlite3_stmt *statement = side->statement;
    side->in_run =
        log_run_begin(&side->run, sqlite3_column_int64(statement, 3), sqlite3_column_int64(statement, 2),
                      sqlite3_column_blob(statement, 4), sqlite3_column_bytes(statement, 4));
    side->row.item = "";
    if (!side->in_run)
        say(comparison, &side->row, "ends a run that is damaged");
}

/* Moves to the next row, or entry of a run. An error ends the walk and is said: it is a difference. */
static void advance(struct comparison *comparison, struct side *side)
{
    while (!side->ended) {
        if (side->in_run && next_entry(comparison, side))
            return;
        int rc = sqlite3_step(side->statement);
        side->ended = rc != SQLITE_ROW;
        if (rc == SQLITE_DONE)
            return;
        if (rc != SQLITE_ROW) {
            say_damaged(comparison, sqlite3_errmsg(side->db));
            return;
        }
        side->row = (struct row){.name = text_of(side->statement, 0),
                                 .lane = sqlite3_column_int64(side->statement, 1),
                                 .seq = sqlite3_column_int64(side->statement, 2)};
        if (comparison->table == T_OUTBOX) {
            begin_run(comparison, side);
            continue;
        }
        side->row.item = text_of(side->statement, 3);
        side->row.value = sqlite3_column_int64(side->statement, 4);
        return;
    }
}

/* --- both ----------------------------------------------------------------------------------------- */

static int compare_numbers(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare(const struct row *a, const struct row *b)
{
    int order = strcmp(a->name, b->name);
    if (order == 0)
        order = compare_numbers(a->lane, b->lane);
    if (order == 0)
        order = compare_numbers(a->seq, b->seq);
    return order != 0 ? order : strcmp(a->item, b->item);
}

static void walk(struct comparison *comparison)
{
    struct side *is = &comparison->is, *should = &comparison->should;
    advance(comparison, is);
    advance(comparison, should);
    while (!is->ended || !should->ended) {
        int order = is->ended ? 1 : should->ended ? -1 : compare(&is->row, &should->row);
        if (order < 0)
            say(comparison, &is->row, "should not be there");
        else if (order > 0)
            say(comparison, &should->row, "is missing");
        else if (is->row.value != should->row.value)
            say_value(comparison);
        if (order <= 0)
            advance(comparison, is);
        if (order >= 0)
            advance(comparison, should);
    }
}

int log_derived_compare(struct log_derived *derived, sqlite3 *db, const char *path, log_differs *differs,
                        void *ctx, bool ret_differs[LOG_DERIVED_TABLES], struct err *err)
{
    sqlite3 *own;
    int code = log_derived_database(derived, &own, err);
    for (int i = 0; code == 0 && i < LOG_DERIVED_TABLES; i++) {
        struct comparison comparison = {
            .table = (enum table)i, .is = {.db = db}, .should = {.db = own}, .differs = differs, .ctx = ctx};
        int rc = sqlite3_prepare_v2(own, sql[i], -1, &comparison.should.statement, NULL);
        if (rc == SQLITE_OK)
            rc = sqlite3_prepare_v2(db, sql[i], -1, &comparison.is.statement, NULL);
        if (rc == SQLITE_OK)
            walk(&comparison);
        else
            code = log_sql_error(db, rc, "read", path, err);
        sqlite3_finalize(comparison.is.statement);
        sqlite3_finalize(comparison.should.statement);
        ret_differs[i] = comparison.any;
    }
    return code;
}
