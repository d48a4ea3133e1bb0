#include "common/log/log_sqlite.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/mutant.h"
#include "common/log/log_beyond.h"
#include "common/log/log_derived_private.h"
#include "common/log/log_entry.h"
#include "common/log/log_file.h"
#include "common/log/log_folder.h"
#include "common/log/log_query.h"
#include "common/log/log_rebuild.h"
#include "common/log/log_reserve.h"
#include "common/log/log_schema.h"
#include "common/log/log_slots.h"
#include "common/log/log_sql.h"
#include "common/log/log_tables.h"
#include "common/log/log_verify.h"
#include "common/log/log_wal_file.h"

enum {
    TAIL_CHECKED = 64,       /* records whose chain is looked at when a log is opened */
    CHECKPOINT_LOW = 64,     /* frames while the reserve is in use: the WAL must not eat it */
    CHECKPOINT_AGAIN = 1000, /* frames after a checkpoint that readers held up */
    FRAMES_PER_MIB = 256
};

struct sqlite_store {
    struct log_store base;
    sqlite3_vfs *vfs;
    struct log_wal_vfs wal_vfs; /* before it, for the database alone */
    sqlite3 *db;
    char *folder;
    char *path;
    int lock_fd;
    struct log_slots slots;
    struct log_reserve reserve;
    struct log_querier querier;
    struct log_tables tables;
    struct log_head head;
    int wal_frames;
    int wal_frames_max;
    int idle_frames;   /* from one checkpoint while nobody waits to the next */
    int idle_at;       /* frames at which the WAL is written back if nobody waits */
    int checkpoint_at; /* and at which it is in any case */
    bool failed;
    bool keeps_slots; /* what they have seen beyond the log stays on record, until the log goes on */
    bool has_lost_tail;
};

static const struct log_store_ops sqlite_ops;

static struct sqlite_store *of(struct log_store *store)
{
    return (struct sqlite_store *)store;
}

static void set_checkpoint_on_close(sqlite3 *db, bool on)
{
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on ? 0 : 1, NULL);
}

/* From here on nothing is written any more, by a close either: what the disk holds is for a new process to
 * find out. */
static void fail(struct sqlite_store *store)
{
    store->failed = true;
    set_checkpoint_on_close(store->db, false);
}

static int refuse_failed(const struct sqlite_store *store, struct err *err)
{
    return err_set(err, ERR_IO, "the log %s has failed before; restart to check it", store->folder);
}

static int note_frames(void *ctx, sqlite3 *db, const char *name, int frames)
{
    struct sqlite_store *store = ctx;
    (void)db;
    (void)name;
    if (frames < store->wal_frames) /* all of it was written back, and it began anew */
        store->idle_at = store->idle_frames;
    store->wal_frames = frames;
    return SQLITE_OK;
}

/* Writes the WAL back into the database. What was committed is durable already, so a full disk or a busy
 * reader only puts it off; any other error fails the store, for the next append to say. */
static void checkpoint(struct sqlite_store *store)
{
    int frames = 0, done = 0;
    bool waits = store->wal_frames >= store->wal_frames_max;
    int mode = waits ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    int rc = sqlite3_wal_checkpoint_v2(store->db, NULL, mode, &frames, &done);
    int code = rc == SQLITE_OK ? 0 : log_sql_code(store->db, rc);
    if (code != 0 && code != ERR_DISK_FULL && code != ERR_TEMPORARY)
        fail(store);
    if (code == 0 && waits)
        store->wal_frames = 0;
    store->checkpoint_at = LOG_CHECKPOINT_FRAMES;
    if ((code != 0 || done < frames) && store->wal_frames > LOG_CHECKPOINT_FRAMES - CHECKPOINT_AGAIN)
        store->checkpoint_at = store->wal_frames + CHECKPOINT_AGAIN;
    store->idle_at = store->wal_frames + store->idle_frames;
}

static bool is_low(const struct sqlite_store *store)
{
    return store->reserve.bytes > 0 && !store->reserve.held;
}

/* Somebody who reads on and on must not let the WAL eat the disk. */
static int bound_wal(struct sqlite_store *store, struct err *err)
{
    if (store->wal_frames < store->wal_frames_max)
        return 0;
    checkpoint(store);
    if (store->failed)
        return refuse_failed(store, err);
    if (store->wal_frames < store->wal_frames_max)
        return 0;
    return err_set(
        err, ERR_DISK_FULL,
        "the WAL of %s has grown to %d MiB and cannot be written back, because another program reads "
        "the log without a pause; end that program",
        store->path, store->wal_frames / FRAMES_PER_MIB);
}

static int sqlite_sync_head(struct log_store *base, struct err *err)
{
    struct sqlite_store *store = of(base);
    if (store->failed)
        return refuse_failed(store, err);
    if (store->keeps_slots || (store->slots.valid > 0 && store->slots.newest.seq == store->head.seq &&
                               hash_equal(store->slots.newest.hash, store->head.hash)))
        return 0;
    int code = log_slots_write(&store->slots, &store->head, err);
    if (code == 0)
        store->slots.valid = 2;
    else if (code != ERR_DISK_FULL)
        fail(store);
    return code;
}

static int sqlite_append(struct log_store *base, uint64_t expected_seq, struct log_entry *entries, size_t n,
                         struct err *err)
{
    struct sqlite_store *store = of(base);
    struct log_head head;
    if (store->failed)
        return refuse_failed(store, err);
    int code = bound_wal(store, err);
    if (code == 0)
        code = log_entries_prepare(store->head, expected_seq, entries, n, &head, err);
    if (code != 0 || n == 0)
        return code;
    if (MUTANT(MUTANT_HEAD_BEFORE_COMMIT))
        (void)log_slots_write(&store->slots, &head, NULL);
    code = log_tables_append(&store->tables, entries, n, err);
    if (code != 0) {
        if (code == ERR_DISK_FULL)
            log_reserve_give(&store->reserve); /* the next one finds space: see LOG_Q_ROOM */
        else if (code != ERR_CONFLICT)
            fail(store);
        return code;
    }
    store->head = head;
    if (store->keeps_slots) {
        /* at once: this history is not to be held against the one that they have seen */
        store->keeps_slots = false;
        (void)sqlite_sync_head(base, NULL); /* the log is unusable if it failed, and the next call says so */
    }
    if (store->wal_frames >= (is_low(store) ? CHECKPOINT_LOW : store->checkpoint_at))
        checkpoint(store);
    return 0;
}

static int sqlite_read(struct log_store *base, const struct log_query *query, struct arena *arena,
                       struct log_answer *ret, struct err *err)
{
    struct sqlite_store *store = of(base);
    if (store->failed)
        return refuse_failed(store, err);
    if (query->question != LOG_Q_ROOM)
        return log_querier_ask(&store->querier, query, arena, ret, err);
    log_reserve_take(&store->reserve);
    *ret = (struct log_answer){.number = is_low(store)};
    return 0;
}

static struct log_head sqlite_head(struct log_store *base)
{
    return of(base)->head;
}

static void sqlite_idle(struct log_store *base)
{
    struct sqlite_store *store = of(base);
    if (!store->failed && store->wal_frames >= store->idle_at)
        checkpoint(store);
}

static void sqlite_close(struct log_store *base)
{
    struct sqlite_store *store = of(base);
    log_tables_close(&store->tables);
    log_querier_close(&store->querier);
    sqlite3_close(store->db);
    log_wal_vfs_remove(&store->wal_vfs);
    log_slots_close(&store->slots);
    log_reserve_close(&store->reserve);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    free(store->path);
    free(store->folder);
    free(store);
}

static const struct log_store_ops sqlite_ops = {.append = sqlite_append,
                                                .read = sqlite_read,
                                                .head = sqlite_head,
                                                .sync_head = sqlite_sync_head,
                                                .idle = sqlite_idle,
                                                .close = sqlite_close};

/* Folder, file system and lock; a VFS that was given has none of these. */
static int enter_folder(struct sqlite_store *store, const struct log_sqlite_options *options, struct err *err)
{
    if (options->vfs != NULL)
        return 0;
    int code = log_folder_prepare(store->folder, options->create, options->volatile_ok, err);
    if (code != 0)
        return code;
    /* A folder that is no log gets no lock file either. */
    if (!options->create && access(store->path, F_OK) != 0)
        return err_set(err, ERR_NO_INPUT, "there is no log in %s", store->folder);
    return log_folder_lock(store->folder, &store->lock_fd, err);
}

static int check_library(struct err *err)
{
    if (sqlite3_libversion_number() < SQLITE_VERSION_NUMBER || !sqlite3_threadsafe())
        return err_set(err, ERR_SOFTWARE, "SQLite %s is older than %s, for which this program was built",
                       sqlite3_libversion(), SQLITE_VERSION);
    return 0;
}

/* What lies in the folder, before SQLite opens anything. */
static int inspect(struct sqlite_store *store, const struct log_sqlite_options *options,
                   enum log_file_state *ret, struct err *err)
{
    int code = log_slots_read(&store->slots, store->vfs, store->folder, err);
    if (code == 0)
        code = log_file_inspect(store->vfs, store->path, ret, err);
    if (code != 0 || *ret == LOG_FILE_LOG)
        return code;
    if (store->slots.newest.seq > 0)
        return err_set(err, ERR_CORRUPT,
                       "%s is missing or empty, but the head file has seen %" PRIu64
                       " records; bring it back from a copy",
                       store->path, store->slots.newest.seq);
    if (!options->create)
        return err_set(err, ERR_NO_INPUT, "there is no log in %s", store->folder);
    return 0;
}

/* Again from inside: a newer program may have raised the format in the WAL only. */
static int check_identity(const struct sqlite_store *store, const struct log_sqlite_options *options,
                          struct err *err)
{
    const char *region = options->region;
    char found[LOG_NAME_MAX];
    sqlite3_int64 format = 0;
    bool is_copy = false;
    int rc = log_sql_integer(store->db, "PRAGMA user_version", &format);
    if (rc == SQLITE_OK && format > LOG_FORMAT)
        return err_set(err, ERR_NEWER, "%s has format %lld, this program knows up to %d; use a newer one",
                       store->path, format, LOG_FORMAT);
    if (rc == SQLITE_OK)
        rc = log_sql_text(store->db, "SELECT value FROM meta WHERE key = 'region'", found, sizeof(found));
    if (rc == SQLITE_OK)
        rc = log_schema_is_copy(store->db, &is_copy);
    if (rc != SQLITE_OK)
        return log_sql_error(store->db, rc, "open", store->path, err);
    if (strcmp(found, region) != 0)
        return err_set(err, ERR_CONFLICT, "the log %s is of region %s, not %s", store->folder, found, region);
    if (is_copy && options->copy == LOG_COPY_REFUSED)
        return err_set(err, ERR_CONFLICT,
                       "%s is a copy that muster copy made, without the tables that a broker needs; musterd "
                       "--config FILE --rebuild makes them",
                       store->folder);
    if (!is_copy && options->copy == LOG_COPY_ONLY)
        return err_set(err, ERR_CONFLICT, "%s is a broker's own log and no copy", store->folder);
    return 0;
}

static int open_database(struct sqlite_store *store, const struct log_sqlite_options *options,
                         enum log_file_state state, struct err *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int rc = log_wal_vfs_add(&store->wal_vfs, store->vfs);
    if (rc == SQLITE_OK)
        rc = sqlite3_open_v2(store->path, &store->db, flags, store->wal_vfs.name);
    if (rc != SQLITE_OK)
        return log_sql_error(store->db, rc, "open", store->path, err);
    int code = log_schema_guard(store->db, store->path, options->single_process, err);
    if (code == 0)
        code =
            state == LOG_FILE_NOTHING
                ? log_schema_create(store->db, store->path, options->region, options->copy == LOG_COPY_ONLY,
                                    options->rng != NULL ? options->rng : rng_system(), err)
                : check_identity(store, options, err);
    if (code == 0)
        code = log_schema_write_mode(store->db, store->path, err);
    if (code != 0)
        return code;
    sqlite3_wal_hook(store->db, note_frames, store);
    log_querier_init(&store->querier, store->db, store->path);
    return log_tables_init(&store->tables, store->db, store->path, err);
}

static void warn_of_slots(const struct sqlite_store *store, char *warning, size_t n)
{
    const struct log_slots *slots = &store->slots;
    if (warning == NULL || n == 0)
        return;
    warning[0] = '\0';
    if (slots->valid == 0 && store->head.seq > 0)
        snprintf(warning, n, "%s has no head file to compare with: a tail that was cut would not show",
                 store->folder);
    else if (slots->damaged)
        snprintf(warning, n, "one of the two slots of %s is damaged; the other one is used", slots->path);
}

/* The head file stays as it is until the next record: a start without that word is refused still. */
static int check_slot(struct sqlite_store *store, bool accept, char *warning, size_t n, struct err *err)
{
    struct err found = {.code = 0};
    int code = log_verify_slot(&store->querier, &store->head, &store->slots.newest, NULL, &found);
    if (code == ERR_CORRUPT && accept && store->head.seq > 0) {
        if (warning != NULL && n > 0)
            snprintf(warning, n, "%s; it goes on without", found.text);
        store->keeps_slots = true;
        store->has_lost_tail = true;
        return 0;
    }
    return code != 0 ? err_set(err, code, "%s", found.text) : 0;
}

static int check_content(struct sqlite_store *store, bool accept, char *warning, size_t n, struct err *err)
{
    int code = log_querier_head(&store->querier, &store->head, err);
    if (code != 0)
        return code;
    uint64_t seq = store->head.seq;
    warn_of_slots(store, warning, n);
    code = check_slot(store, accept, warning, n, err);
    if (code == 0 && accept) {
        int before = sqlite3_total_changes(store->db);
        int rc = log_beyond_drop(store->db, seq);
        store->has_lost_tail = store->has_lost_tail || sqlite3_total_changes(store->db) != before;
        code = rc == SQLITE_OK ? 0 : log_sql_error(store->db, rc, "write", store->path, err);
    }
    if (code == 0)
        code = log_verify(&store->querier, seq > TAIL_CHECKED ? seq - TAIL_CHECKED : 0, seq, NULL, NULL, NULL,
                          err);
    if (code != ERR_CORRUPT)
        return code;
    struct err why = err != NULL ? *err : (struct err){.text = ""};
    return err_set(err, code,
                   "the log %s: %s; compare with another agency's copy: muster verify LOG --copy FOLDER",
                   store->folder, why.text);
}

/* A new log has its head file and its folder entries on the disk before anybody builds on it. */
static int make_durable(struct sqlite_store *store, const struct log_sqlite_options *options, struct err *err)
{
    int code = store->slots.exists ? 0 : sqlite_sync_head(&store->base, err);
    if (code == 0 && options->vfs == NULL)
        code = log_folder_sync(store->folder, err);
    return code;
}

static int check_options(const struct log_sqlite_options *options, struct err *err)
{
    if (options->folder == NULL || options->folder[0] == '\0')
        return err_set(err, ERR_USAGE, "no folder is named for the log");
    if (options->region == NULL || options->region[0] == '\0' ||
        strnlen(options->region, LOG_NAME_MAX) == LOG_NAME_MAX)
        return err_set(err, ERR_USAGE, "the log's region must have 1 to %d bytes", LOG_NAME_MAX - 1);
    return 0;
}

static sqlite3_int64 reserve_bytes(const struct log_sqlite_options *options)
{
    if (options->reserve_bytes != 0)
        return options->reserve_bytes > 0 ? options->reserve_bytes : 0;
    return options->vfs == NULL ? LOG_RESERVE_BYTES : 0;
}

int log_sqlite_open(const struct log_sqlite_options *options, struct log_store **ret, char *warning,
                    size_t warning_n, struct err *err)
{
    enum log_file_state state;
    int code = check_options(options, err);
    if (code != 0)
        return code;
    struct sqlite_store *store = calloc(1, sizeof(*store));
    if (store == NULL)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    store->base.ops = &sqlite_ops;
    store->lock_fd = -1;
    store->checkpoint_at = LOG_CHECKPOINT_FRAMES;
    store->idle_frames = options->idle_frames > 0 ? options->idle_frames : LOG_IDLE_FRAMES;
    store->idle_at = store->idle_frames;
    store->wal_frames_max = options->wal_frames_max > 0 ? options->wal_frames_max : LOG_WAL_FRAMES_MAX;
    store->folder = strdup(options->folder);
    store->path = log_folder_path(options->folder, LOG_DATABASE_NAME);
    store->vfs = sqlite3_vfs_find(options->vfs);
    if (store->folder == NULL || store->path == NULL)
        code = err_set(err, ERR_NO_MEMORY, "out of memory");
    else if (store->vfs == NULL)
        code = err_set(err, ERR_SOFTWARE, "SQLite has no VFS %s",
                       options->vfs != NULL ? options->vfs : "of its own");
    else
        code = enter_folder(store, options, err);
    if (code == 0)
        code = check_library(err);
    if (code == 0)
        code = inspect(store, options, &state, err);
    if (code == 0 && state == LOG_FILE_LOG)
        code = log_file_rewrite_wal(store->vfs, store->path, err);
    if (code == 0)
        code = open_database(store, options, state, err);
    if (code == 0)
        code = check_content(store, options->accept_head, warning, warning_n, err);
    if (code == 0)
        code = make_durable(store, options, err);
    if (code == 0)
        code = log_reserve_open(&store->reserve, store->vfs, store->folder, reserve_bytes(options), err);
    if (code != 0) {
        sqlite_close(&store->base);
        return code;
    }
    set_checkpoint_on_close(store->db, true);
    *ret = &store->base;
    return 0;
}

/* The WAL still holds the old pages: it is written back and cut. */
static int forget_wal(struct sqlite_store *store, struct err *err)
{
    int rc = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (rc != SQLITE_OK)
        return log_sql_error(store->db, rc, "write back", store->path, err);
    store->wal_frames = 0;
    store->checkpoint_at = LOG_CHECKPOINT_FRAMES;
    store->idle_at = store->idle_frames;
    return 0;
}

int log_sqlite_redact(struct log_store *base, uint64_t seq, struct err *err)
{
    struct sqlite_store *store = of(base);
    if (base->ops != &sqlite_ops)
        return err_set(err, ERR_SOFTWARE, "only a log in SQLite can be redacted");
    if (store->failed)
        return refuse_failed(store, err);
    /* Freed pages are overwritten with zeros. */
    int code = log_sql_run(store->db, "PRAGMA secure_delete = ON", store->path, err);
    if (code == 0)
        code = log_tables_redact(&store->tables, seq, err);
    if (code == 0)
        code = forget_wal(store, err);
    (void)log_sql_run(store->db, "PRAGMA secure_delete = OFF", store->path, NULL);
    if (code != 0 && code != ERR_NOT_FOUND && code != ERR_DISK_FULL && code != ERR_TEMPORARY)
        fail(store);
    return code;
}

int log_sqlite_scan(struct log_store *base, log_visit *visit, void *ctx, struct err *err)
{
    struct sqlite_store *store = of(base);
    if (store->failed)
        return refuse_failed(store, err);
    return log_verify(&store->querier, 0, store->head.seq, visit, ctx, NULL, err);
}

int log_sqlite_compare(struct log_store *base, struct log_derived *derived, log_differs *differs, void *ctx,
                       struct err *err)
{
    struct sqlite_store *store = of(base);
    bool which[LOG_DERIVED_TABLES];
    if (store->failed)
        return refuse_failed(store, err);
    return log_derived_compare(derived, store->db, store->path, LOG_DERIVED_TABLES, differs, ctx, which, err);
}

/* Rows of records that are gone are all that is left to say so. */
static int refuse_cut(struct sqlite_store *store, struct log_derived *derived, struct err *err)
{
    sqlite3 *should;
    int code = log_derived_database(derived, &should, err);
    uint64_t last = code == 0 ? log_beyond_last(store->db, should, store->head.seq) : 0;
    if (last == 0)
        return code;
    return err_set(err, ERR_CORRUPT,
                   "%s ends at record %" PRIu64 ", and its tables know of records up to %" PRIu64
                   ": its tail was cut, and the tables are left as they are; bring back a newer copy, or see "
                   "--recover if there is none",
                   store->path, store->head.seq, last);
}

int log_sqlite_rebuild(struct log_store *base, struct log_derived *derived, log_differs *differs, void *ctx,
                       struct err *err)
{
    struct sqlite_store *store = of(base);
    if (store->failed)
        return refuse_failed(store, err);
    int code = refuse_cut(store, derived, err);
    if (code == 0)
        code = log_rebuild(&store->querier, store->head.seq, derived, differs, ctx, err);
    if (code != 0 && code != ERR_DISK_FULL)
        fail(store);
    return code;
}

bool log_sqlite_has_lost_tail(struct log_store *base)
{
    return of(base)->has_lost_tail;
}

bool log_sqlite_is_copy(struct log_store *base)
{
    bool is_copy = false;
    return log_schema_is_copy(of(base)->db, &is_copy) == SQLITE_OK && is_copy;
}

int log_sqlite_adopt(struct log_store *base, struct err *err)
{
    struct sqlite_store *store = of(base);
    if (store->failed)
        return refuse_failed(store, err);
    int code = log_sql_run(store->db, "DELETE FROM meta WHERE key = 'copy'", store->path, err);
    if (code != 0 && code != ERR_DISK_FULL)
        fail(store);
    return code == 0 ? sqlite_sync_head(base, err) : code;
}
