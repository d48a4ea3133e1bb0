#include "common/log/log_rebuild.h"

#include <string.h>

#include "common/log/log_derived_private.h"
#include "common/log/log_sql.h"
#include "common/log/log_verify.h"

enum { FOUND_MAX = 120 };

struct wrong {
    bool tables[LOG_DERIVED_TABLES];
    bool record_index;
};

static int compare(struct log_querier *querier, struct log_derived *derived, log_differs *differs, void *ctx,
                   struct wrong *ret, struct err *err)
{
    int code = log_derived_compare(derived, querier->db, querier->path, LOG_DERIVED_TABLES, differs, ctx,
                                   ret->tables, err);
    if (code == 0)
        ret->record_index = !log_derived_whole(querier->db, "record", differs, ctx);
    return code;
}

static bool is_any(const struct wrong *wrong)
{
    bool any = wrong->record_index;
    for (int i = 0; i < LOG_DERIVED_TABLES; i++)
        any = any || wrong->tables[i];
    return any;
}

static int refuse_pages(const struct log_querier *querier, const char *found, struct err *err)
{
    size_t n = strcspn(found, "\n");
    return err_set(
        err, ERR_CORRUPT,
        "pages of %s are damaged (%.*s): tables made anew in it could destroy records; nothing was "
        "changed; bring it into a new one with muster copy, and rebuild that",
        querier->path, n < FOUND_MAX ? (int)n : FOUND_MAX, found);
}

/* A table is emptied by its trees' pointers alone: one that points into another table's pages would give
 * those away. What SQLite says of pages comes first and is headed by stars; what it says of rows and indexes
 * is what is mended. */
static int check_pages(const struct log_querier *querier, struct err *err)
{
    static const char stars[] = "*** in database main ***\n";
    sqlite3_stmt *statement = NULL;
    int code = 0;
    int rc = sqlite3_prepare_v2(querier->db, "PRAGMA integrity_check", -1, &statement, NULL);
    while (rc == SQLITE_OK && code == 0 && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *found = (const char *)sqlite3_column_text(statement, 0);
        rc = found != NULL ? SQLITE_OK : SQLITE_NOMEM;
        if (rc == SQLITE_OK && strncmp(found, stars, sizeof(stars) - 1) == 0)
            code = refuse_pages(querier, found + sizeof(stars) - 1, err);
    }
    if (code == 0 && (rc & 0xff) == SQLITE_CORRUPT)
        code = refuse_pages(querier, sqlite3_errmsg(querier->db), err);
    else if (code == 0 && rc != SQLITE_DONE)
        code = log_sql_error(querier->db, rc, "check", querier->path, err);
    sqlite3_finalize(statement);
    return code;
}

static void ignore(void *ctx, uint64_t seq, const char *text)
{
    (void)ctx;
    (void)seq;
    (void)text;
}

static int mend(struct log_querier *querier, uint64_t head, struct log_derived *derived,
                const struct wrong *wrong, struct err *err)
{
    int code = log_derived_put(derived, querier->db, querier->path, wrong->tables, err);
    if (code == 0 && wrong->record_index)
        code = log_sql_run(querier->db, "REINDEX record", querier->path, err);
    if (code == 0 && wrong->record_index && !log_derived_whole(querier->db, "record", ignore, NULL))
        code = err_set(err, ERR_CORRUPT, "the table record of %s cannot be mended; bring back a copy",
                       querier->path);
    /* Whatever it was that was mended: the records are what they were. */
    return code == 0 ? log_verify(querier, 0, head, NULL, NULL, NULL, err) : code;
}

int log_rebuild(struct log_querier *querier, uint64_t head, struct log_derived *derived, log_differs *differs,
                void *ctx, struct err *err)
{
    struct wrong wrong = {.record_index = false};
    int code = compare(querier, derived, differs, ctx, &wrong, err);
    if (code != 0 || !is_any(&wrong))
        return code;
    code = check_pages(querier, err);
    if (code == 0)
        code = log_sql_run(querier->db, "BEGIN IMMEDIATE", querier->path, err);
    if (code == 0)
        code = mend(querier, head, derived, &wrong, err);
    if (code == 0)
        code = log_sql_run(querier->db, "COMMIT", querier->path, err);
    if (!sqlite3_get_autocommit(querier->db))
        (void)sqlite3_exec(querier->db, "ROLLBACK", NULL, NULL, NULL);
    return code;
}
