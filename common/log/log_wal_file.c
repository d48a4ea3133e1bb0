#include "common/log/log_wal_file.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct wal_file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this, in memory that SQLite gave for both */
    uint8_t *bytes;
    int n;            /* gathered */
    sqlite3_int64 at; /* where in the file they belong */
};

enum { REAL_OFFSET = (sizeof(struct wal_file) + 15) / 16 * 16 };

static struct wal_file *of(sqlite3_file *file)
{
    return (struct wal_file *)(void *)file;
}

/* What cannot be written is dropped: SQLite takes the commit back. */
static int flush(struct wal_file *file)
{
    int n = file->n;
    file->n = 0;
    return n > 0 ? file->real->pMethods->xWrite(file->real, file->bytes, n, file->at) : SQLITE_OK;
}

static int wal_close(sqlite3_file *base)
{
    struct wal_file *file = of(base);
    free(file->bytes);
    file->bytes = NULL;
    return file->real->pMethods->xClose(file->real);
}

static int wal_read(sqlite3_file *base, void *p, int n, sqlite3_int64 at)
{
    struct wal_file *file = of(base);
    int rc = flush(file);
    return rc == SQLITE_OK ? file->real->pMethods->xRead(file->real, p, n, at) : rc;
}

static int wal_write(sqlite3_file *base, const void *p, int n, sqlite3_int64 at)
{
    struct wal_file *file = of(base);
    if (at != file->at + file->n || n > LOG_WAL_GATHER_BYTES - file->n) {
        int rc = flush(file);
        if (rc != SQLITE_OK)
            return rc;
        file->at = at;
    }
    if (n > LOG_WAL_GATHER_BYTES)
        return file->real->pMethods->xWrite(file->real, p, n, at);
    memcpy(file->bytes + file->n, p, (size_t)n);
    file->n += n;
    return SQLITE_OK;
}

static int wal_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct wal_file *file = of(base);
    int rc = flush(file);
    return rc == SQLITE_OK ? file->real->pMethods->xTruncate(file->real, size) : rc;
}

static int wal_sync(sqlite3_file *base, int flags)
{
    struct wal_file *file = of(base);
    int rc = flush(file);
    return rc == SQLITE_OK ? file->real->pMethods->xSync(file->real, flags) : rc;
}

static int wal_size(sqlite3_file *base, sqlite3_int64 *ret)
{
    struct wal_file *file = of(base);
    int rc = flush(file);
    return rc == SQLITE_OK ? file->real->pMethods->xFileSize(file->real, ret) : rc;
}

static int wal_lock(sqlite3_file *base, int level)
{
    return of(base)->real->pMethods->xLock(of(base)->real, level);
}

static int wal_unlock(sqlite3_file *base, int level)
{
    return of(base)->real->pMethods->xUnlock(of(base)->real, level);
}

static int wal_check_lock(sqlite3_file *base, int *ret)
{
    return of(base)->real->pMethods->xCheckReservedLock(of(base)->real, ret);
}

static int wal_control(sqlite3_file *base, int op, void *argument)
{
    return of(base)->real->pMethods->xFileControl(of(base)->real, op, argument);
}

static int wal_sector(sqlite3_file *base)
{
    return of(base)->real->pMethods->xSectorSize(of(base)->real);
}

static int wal_device(sqlite3_file *base)
{
    return of(base)->real->pMethods->xDeviceCharacteristics(of(base)->real);
}

/* Shared memory and mappings are the database's. */
static const sqlite3_io_methods methods = {.iVersion = 1,
                                           .xClose = wal_close,
                                           .xRead = wal_read,
                                           .xWrite = wal_write,
                                           .xTruncate = wal_truncate,
                                           .xSync = wal_sync,
                                           .xFileSize = wal_size,
                                           .xLock = wal_lock,
                                           .xUnlock = wal_unlock,
                                           .xCheckReservedLock = wal_check_lock,
                                           .xFileControl = wal_control,
                                           .xSectorSize = wal_sector,
                                           .xDeviceCharacteristics = wal_device};

/* --- the VFS, which is the other one in all but that -------------------------------------------------- */

static sqlite3_vfs *real_of(sqlite3_vfs *base)
{
    return ((struct log_wal_vfs *)(void *)base)->real;
}

static int open_file(sqlite3_vfs *base, const char *name, sqlite3_file *ret, int flags, int *ret_flags)
{
    sqlite3_vfs *real = real_of(base);
    struct wal_file *file = of(ret);
    if ((flags & SQLITE_OPEN_WAL) == 0)
        return real->xOpen(real, name, ret, flags, ret_flags);
    *file = (struct wal_file){.real = (sqlite3_file *)(void *)((char *)ret + REAL_OFFSET)};
    file->bytes = malloc(LOG_WAL_GATHER_BYTES);
    if (file->bytes == NULL)
        return SQLITE_NOMEM;
    int rc = real->xOpen(real, name, file->real, flags, ret_flags);
    if (rc != SQLITE_OK) { /* the file is not open, whatever the other VFS left in it */
        free(file->bytes);
        return rc;
    }
    file->base.pMethods = &methods;
    return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *base, const char *name, int sync_folder)
{
    return real_of(base)->xDelete(real_of(base), name, sync_folder);
}

static int access_file(sqlite3_vfs *base, const char *name, int flags, int *ret)
{
    return real_of(base)->xAccess(real_of(base), name, flags, ret);
}

static int full_path(sqlite3_vfs *base, const char *name, int n, char *ret)
{
    return real_of(base)->xFullPathname(real_of(base), name, n, ret);
}

static int randomness(sqlite3_vfs *base, int n, char *ret)
{
    return real_of(base)->xRandomness(real_of(base), n, ret);
}

static int sleep_us(sqlite3_vfs *base, int us)
{
    return real_of(base)->xSleep(real_of(base), us);
}

static int current_time(sqlite3_vfs *base, double *ret)
{
    return real_of(base)->xCurrentTime(real_of(base), ret);
}

static int current_time_ms(sqlite3_vfs *base, sqlite3_int64 *ret)
{
    return real_of(base)->xCurrentTimeInt64(real_of(base), ret);
}

static int last_error(sqlite3_vfs *base, int n, char *text)
{
    return real_of(base)->xGetLastError(real_of(base), n, text);
}

int log_wal_vfs_add(struct log_wal_vfs *vfs, sqlite3_vfs *real)
{
    *vfs = (struct log_wal_vfs){.real = real};
    snprintf(vfs->name, sizeof(vfs->name), "wal-%p", (void *)vfs);
    vfs->base = (sqlite3_vfs){.iVersion = 2,
                              .szOsFile = REAL_OFFSET + real->szOsFile,
                              .mxPathname = real->mxPathname,
                              .zName = vfs->name,
                              .xOpen = open_file,
                              .xDelete = delete_file,
                              .xAccess = access_file,
                              .xFullPathname = full_path,
                              .xRandomness = randomness,
                              .xSleep = sleep_us,
                              .xCurrentTime = current_time,
                              .xGetLastError = last_error,
                              .xCurrentTimeInt64 = current_time_ms};
    int rc = sqlite3_vfs_register(&vfs->base, 0);
    if (rc != SQLITE_OK)
        vfs->real = NULL;
    return rc;
}

void log_wal_vfs_remove(struct log_wal_vfs *vfs)
{
    if (vfs->real != NULL)
        sqlite3_vfs_unregister(&vfs->base);
    vfs->real = NULL;
}
