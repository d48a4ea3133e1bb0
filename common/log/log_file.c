#include "common/log/log_file.h"

#include <stdlib.h>
#include <string.h>

#include "common/log/log.h"
#include "common/log/log_bytes.h"

enum {
    /* https://sqlite.org/fileformat2.html */
    HEADER_BYTES = 100,
    AT_USER_VERSION = 60,
    AT_APPLICATION_ID = 68,
    JOURNAL_HEADER_BYTES = 28,
    PIECE_BYTES = 65536,
    AT_JOURNAL_PAGES = 16 /* size of the database before the transaction */
};

static const char database_magic[16] = "SQLite format 3";
static const uint8_t journal_magic[8] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};

const char *log_file_name(const char *path)
{
    return sqlite3_create_filename(path, "", "", 0, NULL);
}

int log_file_open(sqlite3_vfs *vfs, const char *name, int flags, sqlite3_file **ret)
{
    int out;
    sqlite3_file *file = sqlite3_malloc(vfs->szOsFile);
    if (file == NULL)
        return SQLITE_NOMEM;
    memset(file, 0, (size_t)vfs->szOsFile);
    int rc = vfs->xOpen(vfs, name, file, flags | SQLITE_OPEN_MAIN_DB, &out);
    if (rc != SQLITE_OK) {
        log_file_close(file);
        return rc;
    }
    *ret = file;
    return SQLITE_OK;
}

void log_file_close(sqlite3_file *file)
{
    if (file == NULL)
        return;
    if (file->pMethods != NULL)
        file->pMethods->xClose(file);
    sqlite3_free(file);
}

/* The first n bytes; ret_n tells how many there are. A missing file has none. */
static int read_start(sqlite3_vfs *vfs, const char *name, uint8_t *ret, int n, sqlite3_int64 *ret_size)
{
    sqlite3_file *file;
    int there;
    *ret_size = 0;
    memset(ret, 0, (size_t)n);
    int rc = vfs->xAccess(vfs, name, SQLITE_ACCESS_EXISTS, &there);
    if (rc != SQLITE_OK || !there)
        return rc;
    rc = log_file_open(vfs, name, SQLITE_OPEN_READONLY, &file);
    if (rc != SQLITE_OK)
        return rc;
    rc = file->pMethods->xFileSize(file, ret_size);
    if (rc == SQLITE_OK && *ret_size > 0)
        rc = file->pMethods->xRead(file, ret, n, 0);
    if (rc == SQLITE_IOERR_SHORT_READ)
        rc = SQLITE_OK;
    log_file_close(file);
    return rc;
}

int log_file_size(sqlite3_vfs *vfs, const char *name, sqlite3_int64 *ret)
{
    uint8_t byte;
    return read_start(vfs, name, &byte, 1, ret);
}

struct start {
    sqlite3_int64 size;
    uint8_t header[HEADER_BYTES];
    sqlite3_int64 wal_size;
    sqlite3_int64 journal_size;
    uint8_t journal[JOURNAL_HEADER_BYTES];
};

static int read_all(sqlite3_vfs *vfs, const char *path, struct start *ret)
{
    int rc = SQLITE_NOMEM;
    uint8_t byte;
    char *wal_path = sqlite3_mprintf("%s-wal", path);
    char *journal_path = sqlite3_mprintf("%s-journal", path);
    const char *name = log_file_name(path);
    const char *wal = wal_path != NULL ? log_file_name(wal_path) : NULL;
    const char *journal = journal_path != NULL ? log_file_name(journal_path) : NULL;
    if (name == NULL || wal == NULL || journal == NULL)
        goto done;
    rc = read_start(vfs, name, ret->header, HEADER_BYTES, &ret->size);
    if (rc == SQLITE_OK)
        rc = read_start(vfs, wal, &byte, 1, &ret->wal_size);
    if (rc == SQLITE_OK)
        rc = read_start(vfs, journal, ret->journal, JOURNAL_HEADER_BYTES, &ret->journal_size);
done:
    if (journal != NULL)
        sqlite3_free_filename(journal);
    if (wal != NULL)
        sqlite3_free_filename(wal);
    if (name != NULL)
        sqlite3_free_filename(name);
    sqlite3_free(journal_path);
    sqlite3_free(wal_path);
    return rc;
}

/* A log is made in one transaction of a rollback journal: until that is done, a journal lies there that
 * would take the file back to no pages at all. */
static bool is_unfinished(const struct start *start)
{
    return start->journal_size >= JOURNAL_HEADER_BYTES &&
           memcmp(start->journal, journal_magic, sizeof(journal_magic)) == 0 &&
           log_get_u32(start->journal + AT_JOURNAL_PAGES) == 0;
}

int log_file_inspect(sqlite3_vfs *vfs, const char *path, enum log_file_state *ret, struct err *err)
{
    struct start start = {0};
    int rc = read_all(vfs, path, &start);
    if (rc != SQLITE_OK)
        return err_set(err, rc == SQLITE_NOMEM ? ERR_NO_MEMORY : ERR_IO, "cannot read %s: %s", path,
                       sqlite3_errstr(rc));
    bool is_database =
        start.size >= HEADER_BYTES && memcmp(start.header, database_magic, sizeof(database_magic)) == 0;
    bool is_ours = is_database && log_get_u32(start.header + AT_APPLICATION_ID) == LOG_APPLICATION_ID;
    if (start.size == 0 && start.wal_size > 0)
        return err_set(err, ERR_CORRUPT,
                       "%s is gone, but its WAL file is there; bring the database back before you start",
                       path);
    if (start.size == 0 || (is_unfinished(&start) && (is_ours || !is_database))) {
        *ret = LOG_FILE_NOTHING;
        return 0;
    }
    if (!is_ours)
        return err_set(err, ERR_CORRUPT, "%s is not a Muster log; it is left as it is", path);
    uint32_t format = log_get_u32(start.header + AT_USER_VERSION);
    if (format > LOG_FORMAT)
        return err_set(err, ERR_NEWER, "%s has format %u, this program knows up to %d; use a newer one", path,
                       (unsigned)format, LOG_FORMAT);
    if (format == 0)
        return err_set(err, ERR_CORRUPT, "%s names no format; it is left as it is", path);
    if (format < LOG_FORMAT_OLDEST)
        return err_set(err, ERR_DATA,
                       "%s has format %u, of a version that was never released; this program begins at %d: "
                       "read it with that version, or begin a new log",
                       path, (unsigned)format, LOG_FORMAT_OLDEST);
    *ret = LOG_FILE_LOG;
    return 0;
}

static int rewrite(sqlite3_file *file, uint8_t *piece)
{
    sqlite3_int64 size = 0;
    int rc = file->pMethods->xFileSize(file, &size);
    for (sqlite3_int64 at = 0; at < size && rc == SQLITE_OK; at += PIECE_BYTES) {
        int n = size - at < PIECE_BYTES ? (int)(size - at) : PIECE_BYTES;
        rc = file->pMethods->xRead(file, piece, n, at);
        if (rc == SQLITE_OK)
            rc = file->pMethods->xWrite(file, piece, n, at);
    }
    return rc == SQLITE_OK && size > 0 ? file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) : rc;
}

int log_file_rewrite_wal(sqlite3_vfs *vfs, const char *path, struct err *err)
{
    sqlite3_file *file = NULL;
    sqlite3_int64 size = 0;
    uint8_t *piece = malloc(PIECE_BYTES);
    char *wal_path = sqlite3_mprintf("%s-wal", path);
    const char *wal = wal_path != NULL ? log_file_name(wal_path) : NULL;
    int rc = wal != NULL && piece != NULL ? log_file_size(vfs, wal, &size) : SQLITE_NOMEM;
    if (rc == SQLITE_OK && size > 0)
        rc = log_file_open(vfs, wal, SQLITE_OPEN_READWRITE, &file);
    if (file != NULL) {
        rc = rewrite(file, piece);
        log_file_close(file);
    }
    if (wal != NULL)
        sqlite3_free_filename(wal);
    sqlite3_free(wal_path);
    free(piece);
    if (rc == SQLITE_OK)
        return 0;
    return err_set(err,
                   rc == SQLITE_NOMEM  ? ERR_NO_MEMORY
                   : rc == SQLITE_FULL ? ERR_DISK_FULL
                                       : ERR_IO,
                   "cannot write %s-wal again: %s", path, sqlite3_errstr(rc));
}
