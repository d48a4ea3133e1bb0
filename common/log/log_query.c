#include "common/log/log_query.h"

#include <inttypes.h>
#include <string.h>

#include "common/log/log_builder.h"
#include "common/log/log_run.h"
#include "common/log/log_sql.h"

#define RECORD                                                                                           \
    "r.seq, r.epoch, r.kind, r.outcome, r.bus_ms, r.utc_ms, r.occurred_ms, r.boot, r.author, r.counter," \
    " r.payload, r.payload_hash, r.hash"

enum column {
    C_SEQ,
    C_EPOCH,
    C_KIND,
    C_OUTCOME,
    C_BUS,
    C_UTC,
    C_OCCURRED,
    C_BOOT,
    C_AUTHOR,
    C_COUNTER,
    C_PAYLOAD,
    C_PAYLOAD_HASH,
    C_HASH
};

/* A piece of a scan: it stays in the cache, and rows and authors of so many records fit beside a payload. */
enum { SCAN_BYTES_MAX = 256 * 1024, SCAN_ARENA_BYTES = 4 * LOG_PAYLOAD_MAX };

enum {
    BEHIND_FIRST = 0,
    HEAD_STATEMENT = LOG_Q_BEHIND + 1,
    RECORD_STATEMENT,
    RECALLED_STATEMENT,
    ANY_RECALLED_STATEMENT,
    STATEMENTS
};

_Static_assert((int)STATEMENTS <= (int)LOG_QUERY_STATEMENTS, "room for every statement");

/* ?1 after, ?2 name, ?3 lane, ?4 number, ?5 to. Each walks an index in the order of its answer, so that a cut
 * answer has cost no more than what it holds. */
static const char *const sql[LOG_QUERY_STATEMENTS] = {
    [BEHIND_FIRST] = "SELECT agent, lane, first_seq FROM outbox ORDER BY agent, lane, last_seq LIMIT 1",
    [LOG_Q_RANGE] = "SELECT " RECORD " FROM record AS r WHERE r.seq > ?1 ORDER BY r.seq",
    [LOG_Q_STREAM] = "SELECT " RECORD " FROM touch AS t CROSS JOIN record AS r ON r.seq = t.seq"
                     " WHERE t.stream = ?2 AND t.seq > ?1 ORDER BY t.seq",
    [LOG_Q_OUTBOX] = "SELECT first_seq, last_seq, items FROM outbox"
                     " WHERE agent = ?2 AND lane = ?3 AND last_seq > ?1 ORDER BY last_seq",
    [LOG_Q_COMMAND] = "SELECT " RECORD " FROM record AS r"
                      " WHERE r.author = ?2 AND r.counter = ?4 AND r.counter > 0",
    [LOG_Q_COUNTER] = "SELECT counter FROM record WHERE author = ?2 AND counter > 0"
                      " ORDER BY counter DESC LIMIT 1",
    [LOG_Q_CURSOR] = "SELECT seq FROM cursor WHERE agent = ?2 AND lane = ?3",
    [LOG_Q_OPEN] = "SELECT stream FROM open WHERE stream > ?2 ORDER BY stream",
    [LOG_Q_TOUCHED] = "SELECT DISTINCT stream FROM touch WHERE stream > ?2 AND stream < ?5 ORDER BY stream",
    [LOG_Q_DUE] = "SELECT stream, due_ms FROM open WHERE due_ms > 0 AND due_ms <= ?4 ORDER BY due_ms, stream",
    /* The first that waits after (agent, lane); asked again for each, it never walks a whole outbox. */
    [LOG_Q_BEHIND] = "SELECT agent, lane, first_seq FROM outbox WHERE (agent, lane) > (?2, ?3)"
                     " ORDER BY agent, lane, last_seq LIMIT 1",
    [HEAD_STATEMENT] = "SELECT seq, epoch, hash, bus_ms FROM record ORDER BY seq DESC LIMIT 1",
    [RECORD_STATEMENT] = "SELECT " RECORD " FROM record AS r WHERE r.seq >= ?1 ORDER BY r.seq",
    [RECALLED_STATEMENT] =
        "SELECT 1 FROM tombstone WHERE seq >= ?1 AND agent = ?2 AND lane = ?3 AND item = ?5",
    [ANY_RECALLED_STATEMENT] = "SELECT 1 FROM tombstone WHERE agent = ?2 AND lane = ?3 LIMIT 1",
};

void log_querier_init(struct log_querier *querier, sqlite3 *db, const char *path)
{
    *querier = (struct log_querier){.db = db, .path = path};
}

static int prepare(struct log_querier *querier, int which, sqlite3_stmt **ret)
{
    if (querier->statements[which] == NULL) {
        int rc = sqlite3_prepare_v3(querier->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT,
                                    &querier->statements[which], NULL);
        if (rc != SQLITE_OK)
            return rc;
    }
    *ret = querier->statements[which];
    return SQLITE_OK;
}

static sqlite3_int64 clamp(uint64_t v)
{
    return v > INT64_MAX ? INT64_MAX : (sqlite3_int64)v;
}

/* Parameters that a statement does not have are passed over. */
static int bind(sqlite3_stmt *statement, const struct log_query *query)
{
    const char *name = query->name != NULL ? query->name : "";
    int n = sqlite3_bind_parameter_count(statement);
    int rc = SQLITE_OK;
    if (n >= 1)
        rc = sqlite3_bind_int64(statement, 1, clamp(query->after));
    if (rc == SQLITE_OK && n >= 2)
        rc = sqlite3_bind_text(statement, 2, name, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK && n >= 3)
        rc = sqlite3_bind_int(statement, 3, query->lane);
    if (rc == SQLITE_OK && n >= 4)
        rc = sqlite3_bind_int64(statement, 4, clamp(query->number));
    if (rc == SQLITE_OK && n >= 5)
        rc = sqlite3_bind_text(statement, 5, query->to != NULL ? query->to : "", -1, SQLITE_STATIC);
    return rc;
}

static bool take_blob(sqlite3_stmt *statement, int column, void *ret, int n)
{
    if (sqlite3_column_type(statement, column) != SQLITE_BLOB || sqlite3_column_bytes(statement, column) != n)
        return false;
    memcpy(ret, sqlite3_column_blob(statement, column), (size_t)n);
    return true;
}

static const char *take_text(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text != NULL ? (const char *)text : "";
}

/* Author and payload point into the statement until its next step. False: the row is not one of ours. */
static bool take_record(sqlite3_stmt *statement, struct log_record *ret)
{
    struct log_header *h = &ret->header;
    *ret = (struct log_record){0};
    h->seq = (uint64_t)sqlite3_column_int64(statement, C_SEQ);
    h->epoch = (uint64_t)sqlite3_column_int64(statement, C_EPOCH);
    sqlite3_int64 kind = sqlite3_column_int64(statement, C_KIND);
    sqlite3_int64 outcome = sqlite3_column_int64(statement, C_OUTCOME);
    if (kind < 0 || kind > UINT32_MAX || outcome < 0 || outcome > UINT8_MAX)
        return false;
    h->kind = (uint32_t)kind;
    h->outcome = (uint8_t)outcome;
    h->bus_ms = sqlite3_column_int64(statement, C_BUS);
    h->utc_ms = sqlite3_column_int64(statement, C_UTC);
    h->occurred_ms = sqlite3_column_int64(statement, C_OCCURRED);
    h->author = take_text(statement, C_AUTHOR);
    h->counter = (uint64_t)sqlite3_column_int64(statement, C_COUNTER);
    ret->redacted = sqlite3_column_type(statement, C_PAYLOAD) == SQLITE_NULL;
    const void *payload = sqlite3_column_blob(statement, C_PAYLOAD);
    ret->payload.p = payload != NULL ? payload : (const uint8_t *)"";
    ret->payload.n = (size_t)sqlite3_column_bytes(statement, C_PAYLOAD);
    return take_blob(statement, C_BOOT, h->boot, (int)sizeof(h->boot)) &&
           take_blob(statement, C_PAYLOAD_HASH, ret->payload_hash.b, HASH_BYTES) &&
           take_blob(statement, C_HASH, ret->hash.b, HASH_BYTES);
}

/* How a walk over rows may end, beside a negative code. */
enum { TAKEN = 0, ANSWER_FULL = 1 };

static int damaged(const struct log_querier *querier, sqlite3_stmt *statement, struct err *err)
{
    return err_set(err, ERR_CORRUPT, "record %" PRIu64 " of %s is damaged",
                   (uint64_t)sqlite3_column_int64(statement, C_SEQ), querier->path);
}

static int take_row(struct log_querier *querier, sqlite3_stmt *statement, struct log_builder *builder,
                    struct err *err)
{
    struct log_record record;
    if (!log_builder_fits_row(builder, (size_t)sqlite3_column_bytes(statement, C_PAYLOAD)))
        return ANSWER_FULL;
    return take_record(statement, &record) ? log_builder_row(builder, &record)
                                           : damaged(querier, statement, err);
}

static int take_name(sqlite3_stmt *statement, enum log_question question, struct log_builder *builder)
{
    if (!log_builder_fits_name(builder))
        return ANSWER_FULL;
    uint64_t due = question == LOG_Q_DUE ? (uint64_t)sqlite3_column_int64(statement, 1) : 0;
    return log_builder_name(builder, take_text(statement, 0), 0, due);
}

static int take(struct log_querier *querier, sqlite3_stmt *statement, enum log_question question,
                struct log_builder *builder, struct err *err)
{
    switch (question) {
    case LOG_Q_OPEN:
    case LOG_Q_TOUCHED:
    case LOG_Q_DUE:
        return take_name(statement, question, builder);
    case LOG_Q_COUNTER:
    case LOG_Q_CURSOR:
        builder->answer.number = (uint64_t)sqlite3_column_int64(statement, 0);
        return TAKEN;
    default:
        return take_row(querier, statement, builder, err);
    }
}

static int64_t begin_ms(const struct log_querier *querier)
{
    return querier->time_max_ms > 0 ? querier->clock->boot_ms(querier->clock->ctx) : 0;
}

static bool is_late(const struct log_querier *querier, int64_t begun_ms)
{
    return querier->time_max_ms > 0 &&
           querier->clock->boot_ms(querier->clock->ctx) - begun_ms >= querier->time_max_ms;
}

static int walk(struct log_querier *querier, const struct log_query *query, struct log_builder *builder,
                struct err *err)
{
    sqlite3_stmt *statement;
    int64_t begun_ms = begin_ms(querier);
    int code = TAKEN;
    int rc = prepare(querier, (int)query->question, &statement);
    if (rc != SQLITE_OK)
        return log_sql_error(querier->db, rc, "read", querier->path, err);
    rc = bind(statement, query);
    while (rc == SQLITE_OK && code == TAKEN && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        rc = SQLITE_OK;
        if (builder->answer.rows_n > 0 && is_late(querier, begun_ms)) {
            builder->answer.more = true;
            break;
        }
        code = take(querier, statement, query->question, builder, err);
    }
    if (rc != SQLITE_OK && rc != SQLITE_DONE)
        code = log_sql_error(querier->db, rc, "read", querier->path, err);
    sqlite3_reset(statement);
    /* What lies before the damage is good; the next question begins right at it. */
    if (code == ERR_CORRUPT && query->question == LOG_Q_RANGE && builder->answer.rows_n > 0) {
        builder->answer.more = true;
        return ANSWER_FULL;
    }
    return code;
}

/* --- the outbox ----------------------------------------------------------------------------------- */

struct outbox_walk {
    const struct log_query *query;
    struct log_builder *builder;
    sqlite3_stmt *records;
    int64_t begun_ms;
    uint64_t seq;      /* of the last row; 0: none yet */
    bool any_recalled; /* without one, nothing need be asked */
};

/* Whether a statement finds a row for (agent, lane) of the query, a seq and an item. */
static int find(struct log_querier *querier, int which, const struct log_query *query, uint64_t seq,
                const char *item, bool *ret, struct err *err)
{
    struct log_query asked = *query;
    sqlite3_stmt *statement;
    asked.after = seq;
    asked.to = item;
    int rc = prepare(querier, which, &statement);
    if (rc == SQLITE_OK)
        rc = bind(statement, &asked);
    if (rc == SQLITE_OK) {
        *ret = sqlite3_step(statement) == SQLITE_ROW;
        rc = sqlite3_reset(statement);
    }
    return rc == SQLITE_OK ? 0 : log_sql_error(querier->db, rc, "read", querier->path, err);
}

static int outbox_damaged(const struct log_querier *querier, const struct log_query *query, struct err *err)
{
    return err_set(err, ERR_CORRUPT, "the outbox of %s in %s is damaged",
                   query->name != NULL ? query->name : "", querier->path);
}

/* Stands on a record: often it is the next one, and then no search is needed. */
static int stand_on(struct log_querier *querier, struct outbox_walk *walk, uint64_t seq)
{
    bool is_next = walk->seq > 0 && seq == walk->seq + 1;
    int rc = walk->records == NULL ? prepare(querier, RECORD_STATEMENT, &walk->records) : SQLITE_OK;
    if (rc == SQLITE_OK && !is_next) {
        sqlite3_reset(walk->records);
        rc = sqlite3_bind_int64(walk->records, 1, clamp(seq));
    }
    return rc == SQLITE_OK ? sqlite3_step(walk->records) : rc;
}

/* The record that waits, as a row without items yet. */
static int outbox_record(struct log_querier *querier, struct outbox_walk *walk, uint64_t seq, struct err *err)
{
    int rc = stand_on(querier, walk, seq);
    walk->seq = seq;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return log_sql_error(querier->db, rc, "read", querier->path, err);
    if (rc == SQLITE_DONE || (uint64_t)sqlite3_column_int64(walk->records, C_SEQ) != seq)
        return outbox_damaged(querier, walk->query, err);
    return take_row(querier, walk->records, walk->builder, err);
}

static int outbox_entry(struct log_querier *querier, struct outbox_walk *walk,
                        const struct log_run_entry *entry, struct err *err)
{
    bool recalled = false;
    int code = TAKEN;
    if (entry->seq != walk->seq) {
        if (walk->builder->answer.rows_n > 0 && is_late(querier, walk->begun_ms)) {
            walk->builder->answer.more = true;
            return ANSWER_FULL;
        }
        code = outbox_record(querier, walk, entry->seq, err);
    }
    if (code == TAKEN && walk->any_recalled && entry->item[0] != '\0')
        code = find(querier, RECALLED_STATEMENT, walk->query, entry->seq, entry->item, &recalled, err);
    return code == TAKEN ? log_builder_item(walk->builder, entry->item, recalled) : code;
}

/* What of a run lies after the question's seq. */
static int outbox_run(struct log_querier *querier, struct outbox_walk *walk, sqlite3_stmt *statement,
                      struct err *err)
{
    struct log_run run;
    struct log_run_entry entry;
    int code = TAKEN, got = 0;
    if (!log_run_begin(&run, sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1),
                       sqlite3_column_blob(statement, 2), sqlite3_column_bytes(statement, 2)) ||
        run.first <= walk->seq)
        return outbox_damaged(querier, walk->query, err);
    while (code == TAKEN && (got = log_run_next(&run, &entry)) == 1) {
        if (entry.seq > walk->query->after)
            code = outbox_entry(querier, walk, &entry, err);
    }
    return got < 0 ? outbox_damaged(querier, walk->query, err) : code;
}

static int walk_outbox(struct log_querier *querier, const struct log_query *query,
                       struct log_builder *builder, struct err *err)
{
    struct outbox_walk walk = {.query = query, .builder = builder, .begun_ms = begin_ms(querier)};
    sqlite3_stmt *statement = NULL;
    int code = TAKEN;
    int rc = prepare(querier, (int)query->question, &statement);
    if (rc == SQLITE_OK)
        rc = bind(statement, query);
    while (rc == SQLITE_OK && code == TAKEN && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        rc = SQLITE_OK;
        if (walk.seq == 0)
            code = find(querier, ANY_RECALLED_STATEMENT, query, 0, NULL, &walk.any_recalled, err);
        if (code == TAKEN)
            code = outbox_run(querier, &walk, statement, err);
    }
    if (rc != SQLITE_OK && rc != SQLITE_DONE)
        code = log_sql_error(querier->db, rc, "read", querier->path, err);
    sqlite3_reset(statement);
    sqlite3_reset(walk.records);
    return code;
}

/* One that was cut to fit would lead the walk back to where it was. */
static bool is_lane(sqlite3_stmt *statement, int column)
{
    sqlite3_int64 lane = sqlite3_column_int64(statement, column);
    return lane >= 0 && lane <= UINT8_MAX;
}

static int walk_behind(struct log_querier *querier, const struct log_query *query,
                       struct log_builder *builder, struct err *err)
{
    struct log_query next = *query;
    int which = query->name == NULL ? BEHIND_FIRST : LOG_Q_BEHIND;
    int code = TAKEN;
    while (code == TAKEN) {
        sqlite3_stmt *statement = NULL;
        int rc = prepare(querier, which, &statement);
        if (rc == SQLITE_OK)
            rc = bind(statement, &next);
        if (rc == SQLITE_OK)
            rc = sqlite3_step(statement);
        if (rc == SQLITE_ROW && !log_builder_fits_name(builder)) {
            code = ANSWER_FULL;
        } else if (rc == SQLITE_ROW && !is_lane(statement, 1)) {
            code = err_set(err, ERR_CORRUPT, "the outbox of %s in %s is damaged", take_text(statement, 0),
                           querier->path);
        } else if (rc == SQLITE_ROW) {
            next.lane = (uint8_t)sqlite3_column_int(statement, 1);
            code = log_builder_name(builder, take_text(statement, 0), next.lane,
                                    (uint64_t)sqlite3_column_int64(statement, 2));
            if (code == TAKEN)
                next.name = builder->answer.names[builder->answer.names_n - 1].name;
        } else {
            code =
                rc == SQLITE_DONE ? ANSWER_FULL : log_sql_error(querier->db, rc, "read", querier->path, err);
        }
        if (querier->statements[which] != NULL)
            sqlite3_reset(querier->statements[which]);
        which = LOG_Q_BEHIND;
    }
    return code;
}

int log_querier_ask(struct log_querier *querier, const struct log_query *query, struct arena *arena,
                    struct log_answer *ret, struct err *err)
{
    struct log_builder builder;
    if ((int)query->question < LOG_Q_RANGE || (int)query->question > LOG_Q_BEHIND)
        return err_set(err, ERR_DATA, "unknown question %d to the log", (int)query->question);
    log_builder_init(&builder, query, arena);
    int code = query->question == LOG_Q_BEHIND   ? walk_behind(querier, query, &builder, err)
               : query->question == LOG_Q_OUTBOX ? walk_outbox(querier, query, &builder, err)
                                                 : walk(querier, query, &builder, err);
    if (code == ERR_NO_MEMORY)
        return err_set(err, code, "out of memory for an answer of %s", querier->path);
    if (code < 0)
        return code;
    *ret = builder.answer;
    return 0;
}

static int scan_in_place(struct log_querier *querier, uint64_t after, log_visit *visit, void *ctx,
                         struct log_scanned *ret, struct err *err)
{
    const struct log_query query = {.question = LOG_Q_RANGE, .after = after};
    sqlite3_stmt *statement;
    int code = 0;
    int rc = prepare(querier, LOG_Q_RANGE, &statement);
    if (rc != SQLITE_OK)
        return log_sql_error(querier->db, rc, "read", querier->path, err);
    rc = bind(statement, &query);
    while (rc == SQLITE_OK && code == 0 && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        struct log_record record;
        rc = SQLITE_OK;
        code = take_record(statement, &record) ? visit(ctx, &record, err) : damaged(querier, statement, err);
        ret->after = record.header.seq;
    }
    if (rc != SQLITE_OK && rc != SQLITE_DONE)
        code = log_sql_error(querier->db, rc, "read", querier->path, err);
    sqlite3_reset(statement);
    return code;
}

/* However long visit takes (it may write to a pipe that nobody empties), no transaction waits for it. */
static int scan_copied(struct log_querier *querier, uint64_t after, log_visit *visit, void *ctx,
                       struct log_scanned *ret, struct err *err)
{
    const struct log_query query = {.question = LOG_Q_RANGE, .after = after, .bytes_max = SCAN_BYTES_MAX};
    struct log_answer answer = {.more = false};
    struct arena arena;
    arena_init(&arena, SCAN_ARENA_BYTES);
    int code = log_querier_ask(querier, &query, &arena, &answer, err);
    for (size_t i = 0; code == 0 && i < answer.rows_n; i++) {
        code = visit(ctx, &answer.rows[i].record, err);
        ret->after = answer.rows[i].record.header.seq;
    }
    ret->more = answer.more;
    arena_free(&arena);
    return code;
}

int log_querier_scan(struct log_querier *querier, uint64_t after, log_visit *visit, void *ctx,
                     struct log_scanned *ret, struct err *err)
{
    *ret = (struct log_scanned){.after = after};
    return querier->time_max_ms > 0 ? scan_copied(querier, after, visit, ctx, ret, err)
                                    : scan_in_place(querier, after, visit, ctx, ret, err);
}

int log_querier_head(struct log_querier *querier, struct log_head *ret, struct err *err)
{
    sqlite3_stmt *statement;
    struct log_head head = {0};
    int rc = prepare(querier, HEAD_STATEMENT, &statement);
    if (rc != SQLITE_OK)
        return log_sql_error(querier->db, rc, "read", querier->path, err);
    rc = sqlite3_step(statement);
    bool is_sound = true;
    if (rc == SQLITE_ROW) {
        head.seq = (uint64_t)sqlite3_column_int64(statement, 0);
        head.epoch = (uint64_t)sqlite3_column_int64(statement, 1);
        head.bus_ms = sqlite3_column_int64(statement, 3);
        is_sound = take_blob(statement, 2, head.hash.b, HASH_BYTES);
    }
    int code = 0;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        code = log_sql_error(querier->db, rc, "read", querier->path, err);
    else if (!is_sound)
        code = err_set(err, ERR_CORRUPT, "record %" PRIu64 " of %s is damaged", head.seq, querier->path);
    sqlite3_reset(statement);
    if (code == 0)
        *ret = head;
    return code;
}

void log_querier_close(struct log_querier *querier)
{
    for (int i = 0; i < LOG_QUERY_STATEMENTS; i++)
        sqlite3_finalize(querier->statements[i]);
    memset(querier->statements, 0, sizeof(querier->statements));
}
