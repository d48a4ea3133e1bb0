#include "common/log/log_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/log/log_beyond.h"
#include "common/log/log_copy.h"
#include "common/log/log_derived_private.h"
#include "common/log/log_file.h"
#include "common/log/log_folder.h"
#include "common/log/log_query.h"
#include "common/log/log_schema.h"
#include "common/log/log_slots.h"
#include "common/log/log_sql.h"
#include "common/log/log_verify.h"

/* A reader is of one thread at a time: SQLite's locks around each column would be a tenth of a scan. */
enum { LIVE_READ_MS = 100, READ_FLAGS = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX };

struct log_reader {
    char *folder;
    char *path; /* of the database in the folder, for error texts too */
    int lock_fd;
    bool immutable;
    sqlite3 *db;
    struct log_querier querier;
    struct log_facts facts;
};

static int check_folder(const struct log_reader *reader, struct err *err)
{
    struct stat st;
    if (stat(reader->folder, &st) != 0)
        return err_set(err, ERR_NO_INPUT, "cannot open the log %s: %s", reader->folder, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return err_set(err, ERR_NO_INPUT, "%s is not a folder; a log is a folder", reader->folder);
    if (stat(reader->path, &st) != 0 && errno == ENOENT)
        return err_set(err, ERR_NO_INPUT, "there is no log in %s (no %s)", reader->folder, LOG_DATABASE_NAME);
    if (access(reader->path, R_OK) != 0)
        return err_set(err, errno == EACCES ? ERR_PERMISSION : ERR_NO_INPUT, "cannot read %s: %s",
                       reader->path, strerror(errno));
    return 0;
}

static int look_at_slots(struct log_reader *reader, sqlite3_vfs *vfs, struct err *err)
{
    struct log_slots slots;
    int code = log_slots_read(&slots, vfs, reader->folder, err);
    reader->facts.slots_present = slots.valid > 0;
    reader->facts.slot = slots.newest;
    log_slots_close(&slots);
    return code;
}

/* Whether a writer is at work; the descriptor stays open to ask again. */
static int look_at_lock(struct log_reader *reader, struct err *err)
{
    char *path = log_folder_path(reader->folder, LOG_LOCK_NAME);
    if (path == NULL)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    reader->lock_fd = open(path, O_RDONLY | O_CLOEXEC);
    reader->facts.live = reader->lock_fd >= 0 && log_folder_is_locked(reader->lock_fd);
    free(path);
    return 0;
}

/* SQLite takes immutable from a URI only. */
static int open_uri(const char *path, sqlite3 **ret)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-";
    struct buf uri;
    buf_init(&uri, 0);
    buf_puts(&uri, path[0] == '/' ? "file://" : "file:");
    for (const char *p = path; *p != '\0'; p++) {
        if (strchr(plain, *p) != NULL)
            buf_append(&uri, p, 1);
        else
            buf_printf(&uri, "%%%02x", (unsigned)(unsigned char)*p);
    }
    buf_puts(&uri, "?immutable=1");
    int rc = SQLITE_NOMEM;
    if (!uri.failed)
        rc = sqlite3_open_v2(buf_text(&uri), ret, READ_FLAGS | SQLITE_OPEN_URI, NULL);
    buf_free(&uri);
    return rc;
}

/* The copy is ours alone: SQLite takes its WAL in, and then it is one open file without a name. */
static int open_copy(struct log_reader *reader, struct err *err)
{
    char mode[16];
    char *copy;
    int code = log_copy_make(reader->folder, &copy, err);
    if (code != 0)
        return code;
    char *path = log_folder_path(copy, LOG_DATABASE_NAME);
    int rc = path != NULL
                 ? sqlite3_open_v2(path, &reader->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL)
                 : SQLITE_NOMEM;
    if (rc == SQLITE_OK)
        rc = log_sql_text(reader->db, "PRAGMA journal_mode = DELETE", mode, sizeof(mode));
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(reader->db, "PRAGMA query_only = ON", NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        code = log_sql_error(reader->db, rc, "open a copy of", reader->path, err);
    free(path);
    log_copy_remove(copy);
    return code;
}

static bool has_leftovers(sqlite3_vfs *vfs, const char *path)
{
    static const char *const suffixes[] = {"-wal", "-journal"};
    bool found = false;
    for (size_t i = 0; i < 2; i++) {
        sqlite3_int64 size = 0;
        char *beside = sqlite3_mprintf("%s%s", path, suffixes[i]);
        const char *name = beside != NULL ? log_file_name(beside) : NULL;
        /* What cannot be told is taken for a yes: the copy will say why. */
        found = found || name == NULL || log_file_size(vfs, name, &size) != SQLITE_OK || size > 0;
        if (name != NULL)
            sqlite3_free_filename(name);
        sqlite3_free(beside);
    }
    return found;
}

static int open_database(struct log_reader *reader, sqlite3_vfs *vfs, struct err *err)
{
    int rc = SQLITE_OK;
    int code = 0;
    if (reader->facts.live) {
        rc = sqlite3_open_v2(reader->path, &reader->db, READ_FLAGS, NULL);
    } else if (has_leftovers(vfs, reader->path)) {
        code = open_copy(reader, err);
    } else {
        reader->immutable = true;
        rc = open_uri(reader->path, &reader->db);
    }
    if (rc != SQLITE_OK)
        return log_sql_error(reader->db, rc, "open", reader->path, err);
    return code == 0 ? log_schema_guard(reader->db, reader->path, false, err) : code;
}

static int read_facts(struct log_reader *reader, struct err *err)
{
    struct log_facts *facts = &reader->facts;
    sqlite3_int64 format = 0;
    int rc = log_sql_integer(reader->db, "PRAGMA user_version", &format);
    if (rc == SQLITE_OK && format > LOG_FORMAT)
        return err_set(err, ERR_NEWER, "%s has format %lld, this program knows up to %d; use a newer one",
                       reader->path, format, LOG_FORMAT);
    if (rc == SQLITE_OK)
        rc = log_sql_text(reader->db, "SELECT value FROM meta WHERE key = 'region'", facts->region,
                          sizeof(facts->region));
    if (rc != SQLITE_OK)
        return log_sql_error(reader->db, rc, "read", reader->path, err);
    if (rc == SQLITE_OK)
        rc = log_schema_is_copy(reader->db, &facts->is_copy);
    if (rc != SQLITE_OK)
        return log_sql_error(reader->db, rc, "read", reader->path, err);
    facts->format = (uint32_t)format;
    log_querier_init(&reader->querier, reader->db, reader->path);
    if (facts->live) {
        reader->querier.clock = clock_system();
        reader->querier.time_max_ms = LIVE_READ_MS;
    }
    return log_querier_head(&reader->querier, &facts->head, err);
}

static int open_all(struct log_reader *reader, struct err *err)
{
    enum log_file_state state;
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    if (reader->folder == NULL || reader->path == NULL || vfs == NULL)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    int code = check_folder(reader, err);
    if (code == 0)
        code = look_at_slots(reader, vfs, err);
    if (code == 0)
        code = log_file_inspect(vfs, reader->path, &state, err);
    if (code == 0 && state == LOG_FILE_NOTHING)
        code =
            reader->facts.slot.seq > 0
                ? err_set(err, ERR_CORRUPT, "%s is empty, but the head file has seen records", reader->path)
                : err_set(err, ERR_NO_INPUT, "%s is empty: the log has not been made yet", reader->path);
    if (code == 0)
        code = look_at_lock(reader, err);
    if (code == 0)
        code = open_database(reader, vfs, err);
    return code == 0 ? read_facts(reader, err) : code;
}

int log_reader_open(const char *folder, struct log_reader **ret, struct err *err)
{
    struct log_reader *reader = calloc(1, sizeof(*reader));
    if (reader == NULL)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    reader->lock_fd = -1;
    reader->folder = strdup(folder);
    reader->path = log_folder_path(folder, LOG_DATABASE_NAME);
    int code = open_all(reader, err);
    if (code != 0) {
        log_reader_close(reader);
        return code;
    }
    *ret = reader;
    return 0;
}

const struct log_facts *log_reader_facts(const struct log_reader *reader)
{
    return &reader->facts;
}

/* What is open as immutable is read without locks: that ends when somebody starts to write. */
static int check_still_closed(const struct log_reader *reader, struct err *err)
{
    if (reader->immutable && reader->lock_fd >= 0 && log_folder_is_locked(reader->lock_fd))
        return err_set(err, ERR_TEMPORARY, "a broker has started on %s since it was opened; try again",
                       reader->folder);
    return 0;
}

int log_reader_read(struct log_reader *reader, const struct log_query *query, struct arena *arena,
                    struct log_answer *ret, struct err *err)
{
    int code = check_still_closed(reader, err);
    return code == 0 ? log_querier_ask(&reader->querier, query, arena, ret, err) : code;
}

int log_reader_scan(struct log_reader *reader, uint64_t after, log_visit *visit, void *ctx, struct err *err)
{
    struct log_scanned scanned = {.after = after, .more = true};
    int code = 0;
    while (code == 0 && scanned.more) {
        code = check_still_closed(reader, err);
        if (code == 0)
            code = log_querier_scan(&reader->querier, scanned.after, visit, ctx, &scanned, err);
    }
    return code == 0 ? check_still_closed(reader, err) : code;
}

int log_reader_verify(struct log_reader *reader, log_visit *visit, void *ctx, uint64_t *ret_bad_seq,
                      struct err *err)
{
    struct log_head head;
    int code = check_still_closed(reader, err);
    if (code == 0)
        code = log_querier_head(&reader->querier, &head, err);
    if (code == 0)
        code = log_verify(&reader->querier, 0, head.seq, visit, ctx, ret_bad_seq, err);
    if (code == 0)
        code = log_verify_slot(&reader->querier, &head, &reader->facts.slot, ret_bad_seq, err);
    return code == 0 ? check_still_closed(reader, err) : code;
}

static bool is_late(void *ctx)
{
    const int64_t *until_ms = ctx;
    return clock_system()->boot_ms(clock_system()->ctx) >= *until_ms;
}

int log_reader_take_tables(struct log_reader *reader, struct log_derived **ret, uint64_t *ret_seq,
                           struct err *err)
{
    int64_t until_ms = clock_system()->boot_ms(clock_system()->ctx) + LIVE_READ_MS;
    struct log_derived *taken = NULL;
    struct log_head head;
    int code = log_derived_new(&taken, err);
    if (code == 0)
        code = log_sql_run(reader->db, "BEGIN", reader->path, err);
    if (code != 0) {
        log_derived_free(taken);
        return code;
    }
    code = log_querier_head(&reader->querier, &head, err);
    if (code == 0)
        code = log_derived_take(taken, reader->db, reader->path, LOG_DERIVED_TABLES - 1, is_late, &until_ms,
                                err);
    (void)sqlite3_exec(reader->db, "ROLLBACK", NULL, NULL, NULL); /* nothing was written */
    if (code != 0) {
        log_derived_free(taken);
        return code;
    }
    *ret = taken;
    *ret_seq = head.seq;
    return 0;
}

int log_reader_beyond(struct log_reader *reader, struct log_derived *derived, uint64_t head, uint64_t *ret,
                      struct err *err)
{
    sqlite3 *should = NULL;
    int code = check_still_closed(reader, err);
    if (code == 0 && derived != NULL)
        code = log_derived_database(derived, &should, err);
    if (code == 0)
        *ret = log_beyond_last(reader->db, should, head);
    return code;
}

int log_reader_compare(struct log_reader *reader, struct log_derived *taken, struct log_derived *derived,
                       log_differs *differs, void *ctx, struct err *err)
{
    bool differ[LOG_DERIVED_TABLES];
    sqlite3 *db = reader->db;
    int code = check_still_closed(reader, err);
    if (code == 0 && taken == NULL && reader->facts.live)
        code = err_set(err, ERR_TEMPORARY, "%s is in service", reader->folder);
    if (code == 0 && taken != NULL)
        code = log_derived_database(taken, &db, err);
    if (code == 0)
        code = log_derived_compare(derived, db, reader->path,
                                   taken != NULL ? LOG_DERIVED_TABLES - 1 : LOG_DERIVED_TABLES, differs, ctx,
                                   differ, err);
    /* By its index a command is known as one that was decided before. */
    if (code == 0 && taken == NULL)
        (void)log_derived_whole(db, "record", differs, ctx);
    return code == 0 ? check_still_closed(reader, err) : code;
}

void log_reader_close(struct log_reader *reader)
{
    if (reader == NULL)
        return;
    log_querier_close(&reader->querier);
    sqlite3_close(reader->db);
    if (reader->lock_fd >= 0)
        close(reader->lock_fd);
    free(reader->path);
    free(reader->folder);
    free(reader);
}
