/* The questions of log.h in SQL, for the store that writes and for readers alike. Private to the log. */
#ifndef MUSTER_COMMON_LOG_LOG_QUERY_H
#define MUSTER_COMMON_LOG_LOG_QUERY_H

#include <sqlite3.h>

#include "common/base/clock.h"
#include "common/log/log.h"

enum { LOG_QUERY_STATEMENTS = LOG_Q_BEHIND + 5 };

struct log_querier {
    sqlite3 *db;
    const char *path; /* for error texts */
    /* A read of a log that is live ends early, marked as cut, after this time; 0: it is not live. */
    const struct clock *clock;
    int64_t time_max_ms;
    sqlite3_stmt *statements[LOG_QUERY_STATEMENTS]; /* prepared when first needed */
};

/* db and path stay the caller's and outlive the querier. */
void log_querier_init(struct log_querier *querier, sqlite3 *db, const char *path);

/* Leaves no statement, and so no transaction, open. */
int log_querier_ask(struct log_querier *querier, const struct log_query *query, struct arena *arena,
                    struct log_answer *ret, struct err *err);

/* Where a scan has come to. */
struct log_scanned {
    uint64_t after; /* the record handed out last */
    bool more;      /* a piece was read: go on from there */
};

/* Hands out the records with seq > after; a record is gone when visit returns. Ends with what visit returns,
 * if it is not 0; visit asks this querier nothing. Leaves no transaction open. With a limit of time a piece
 * is copied first, and no transaction is open while visit has it: visit may take as long as it wants. Without
 * one all are handed out as SQLite has them, in one transaction. */
int log_querier_scan(struct log_querier *querier, uint64_t after, log_visit *visit, void *ctx,
                     struct log_scanned *ret, struct err *err);

/* The last record's; zeros for an empty log. */
int log_querier_head(struct log_querier *querier, struct log_head *ret, struct err *err);

void log_querier_close(struct log_querier *querier);

#endif
