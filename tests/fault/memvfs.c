#include "tests/fault/memvfs.h"

#include <assert.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fault/memdisk.h"

enum { KINDS = 6, HANDLES_MAX = 64 };

/* 2026-01-01, in SQLite's milliseconds of the Julian day. */
static const sqlite3_int64 first_moment_ms = 212634201600000;

struct plan {
    unsigned ops;
    uint64_t left; /* operations until it happens; 0: none planned */
    bool lasts;
    bool is_power;
    enum memvfs_fault fault;
};

struct handle {
    sqlite3_file base;
    struct memvfs *vfs;
    struct memdisk_file *file;
    char name[MEMDISK_NAME_MAX];
    unsigned life;
    int lock;
    bool syncs_names; /* SQLite's own VFS syncs the folder with a new journal or WAL */
    bool delete_on_close;
};

struct memvfs {
    sqlite3_vfs base;
    char name[64];
    struct memdisk disk;
    struct plan plan;
    bool has_fired;
    bool is_off;
    bool lasting;
    unsigned life;
    uint64_t counts[KINDS];
    sqlite3_int64 clock_ms;
    int last_errno;
    uint64_t temporary;
    struct handle *handles[HANDLES_MAX];
};

static struct memvfs *of(sqlite3_vfs *base)
{
    return (struct memvfs *)base;
}

static int op_error(enum memvfs_op op)
{
    switch (op) {
    case MEMVFS_OPEN:
        return SQLITE_CANTOPEN;
    case MEMVFS_READ:
        return SQLITE_IOERR_READ;
    case MEMVFS_WRITE:
        return SQLITE_IOERR_WRITE;
    case MEMVFS_SYNC:
        return SQLITE_IOERR_FSYNC;
    case MEMVFS_TRUNCATE:
        return SQLITE_IOERR_TRUNCATE;
    default:
        return SQLITE_IOERR_DELETE;
    }
}

/* Counts the operation and says what becomes of it: SQLITE_OK to do it. */
static int begin(struct memvfs *vfs, enum memvfs_op op)
{
    int kind = 0;
    while ((1U << kind) != (unsigned)op)
        kind++;
    vfs->counts[kind]++;
    vfs->last_errno = EIO;
    if (vfs->is_off)
        return op_error(op);
    if ((vfs->plan.ops & (unsigned)op) == 0)
        return SQLITE_OK;
    if (vfs->plan.left > 0 && --vfs->plan.left == 0) {
        vfs->has_fired = true;
        vfs->is_off = vfs->plan.is_power;
        vfs->lasting = vfs->plan.lasts;
    } else if (!vfs->lasting) {
        return SQLITE_OK;
    }
    if (!vfs->is_off && vfs->plan.fault == MEMVFS_FULL) {
        vfs->last_errno = ENOSPC;
        return op == MEMVFS_WRITE || op == MEMVFS_TRUNCATE ? SQLITE_FULL : op_error(op);
    }
    return op_error(op);
}

static bool is_dead(const struct handle *handle)
{
    return handle->life != handle->vfs->life;
}

static int file_close(sqlite3_file *base)
{
    struct handle *handle = (struct handle *)base;
    struct memvfs *vfs = handle->vfs;
    for (int i = 0; i < HANDLES_MAX; i++) {
        if (vfs->handles[i] == handle)
            vfs->handles[i] = NULL;
    }
    if (handle->delete_on_close && !is_dead(handle))
        memdisk_remove(&vfs->disk, handle->name);
    memdisk_release(handle->file);
    handle->file = NULL;
    return SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *p, int n, sqlite3_int64 at)
{
    struct handle *handle = (struct handle *)base;
    if (is_dead(handle))
        return SQLITE_IOERR_READ;
    int rc = begin(handle->vfs, MEMVFS_READ);
    if (rc != SQLITE_OK)
        return rc;
    uint64_t there = memdisk_read(handle->file, (uint64_t)at, p, (uint64_t)n);
    if (there == (uint64_t)n)
        return SQLITE_OK;
    memset((char *)p + there, 0, (size_t)n - there);
    return SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *base, const void *p, int n, sqlite3_int64 at)
{
    struct handle *handle = (struct handle *)base;
    if (is_dead(handle))
        return SQLITE_IOERR_WRITE;
    int rc = begin(handle->vfs, MEMVFS_WRITE);
    if (rc != SQLITE_OK)
        return rc;
    if (!memdisk_write(&handle->vfs->disk, handle->file, (uint64_t)at, p, (uint64_t)n)) {
        handle->vfs->last_errno = ENOSPC;
        return SQLITE_FULL;
    }
    return SQLITE_OK;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 n)
{
    struct handle *handle = (struct handle *)base;
    if (is_dead(handle))
        return SQLITE_IOERR_TRUNCATE;
    int rc = begin(handle->vfs, MEMVFS_TRUNCATE);
    if (rc == SQLITE_OK)
        memdisk_truncate(handle->file, (uint64_t)n);
    return rc;
}

static int file_sync(sqlite3_file *base, int flags)
{
    struct handle *handle = (struct handle *)base;
    (void)flags;
    if (is_dead(handle))
        return SQLITE_IOERR_FSYNC;
    int rc = begin(handle->vfs, MEMVFS_SYNC);
    if (rc != SQLITE_OK && !handle->vfs->is_off)
        memdisk_sync_fails(&handle->vfs->disk, handle->file);
    if (rc != SQLITE_OK)
        return rc;
    memdisk_sync(&handle->vfs->disk, handle->file);
    if (handle->syncs_names)
        memdisk_sync_names(&handle->vfs->disk);
    handle->syncs_names = false;
    return SQLITE_OK;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *ret)
{
    struct handle *handle = (struct handle *)base;
    if (is_dead(handle) || handle->vfs->is_off)
        return SQLITE_IOERR_FSTAT;
    *ret = (sqlite3_int64)handle->file->seen.n;
    return SQLITE_OK;
}

/* The highest lock that another living handle has on the same file. */
static int other_lock(const struct handle *handle)
{
    int highest = SQLITE_LOCK_NONE;
    for (int i = 0; i < HANDLES_MAX; i++) {
        const struct handle *other = handle->vfs->handles[i];
        if (other != NULL && other != handle && other->file == handle->file && !is_dead(other) &&
            other->lock > highest)
            highest = other->lock;
    }
    return highest;
}

static int file_lock(sqlite3_file *base, int level)
{
    struct handle *handle = (struct handle *)base;
    if (is_dead(handle))
        return SQLITE_IOERR_LOCK;
    int other = other_lock(handle);
    bool busy = level == SQLITE_LOCK_SHARED      ? other >= SQLITE_LOCK_PENDING
                : level == SQLITE_LOCK_EXCLUSIVE ? other >= SQLITE_LOCK_SHARED
                                                 : other >= SQLITE_LOCK_RESERVED;
    if (busy)
        return SQLITE_BUSY;
    if (level > handle->lock)
        handle->lock = level;
    return SQLITE_OK;
}

static int file_unlock(sqlite3_file *base, int level)
{
    struct handle *handle = (struct handle *)base;
    if (level < handle->lock)
        handle->lock = level;
    return SQLITE_OK;
}

static int file_check_reserved(sqlite3_file *base, int *ret)
{
    struct handle *handle = (struct handle *)base;
    *ret = other_lock(handle) >= SQLITE_LOCK_RESERVED;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *base, int op, void *arg)
{
    (void)base;
    (void)op;
    (void)arg;
    return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *base)
{
    (void)base;
    return MEMDISK_SECTOR;
}

/* A torn write spoils nothing beside it, as SQLite's own VFS assumes, too. */
static int file_characteristics(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods methods = {.iVersion = 1,
                                           .xClose = file_close,
                                           .xRead = file_read,
                                           .xWrite = file_write,
                                           .xTruncate = file_truncate,
                                           .xSync = file_sync,
                                           .xFileSize = file_size,
                                           .xLock = file_lock,
                                           .xUnlock = file_unlock,
                                           .xCheckReservedLock = file_check_reserved,
                                           .xFileControl = file_control,
                                           .xSectorSize = file_sector_size,
                                           .xDeviceCharacteristics = file_characteristics};

static bool register_handle(struct memvfs *vfs, struct handle *handle)
{
    for (int i = 0; i < HANDLES_MAX; i++) {
        if (vfs->handles[i] == NULL) {
            vfs->handles[i] = handle;
            return true;
        }
    }
    return false;
}

static int vfs_open(sqlite3_vfs *base, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
    struct memvfs *vfs = of(base);
    struct handle *handle = (struct handle *)file;
    memset(handle, 0, sizeof(*handle));
    int rc = begin(vfs, MEMVFS_OPEN);
    if (rc != SQLITE_OK)
        return rc;
    if (name == NULL)
        snprintf(handle->name, sizeof(handle->name), "temporary-%llu", (unsigned long long)vfs->temporary++);
    else if (strlen(name) < sizeof(handle->name))
        memcpy(handle->name, name, strlen(name) + 1);
    else
        return SQLITE_CANTOPEN;
    bool is_new = !memdisk_exists(&vfs->disk, handle->name);
    handle->vfs = vfs;
    handle->life = vfs->life;
    if (!register_handle(vfs, handle))
        return SQLITE_CANTOPEN;
    handle->file = memdisk_open(&vfs->disk, handle->name, (flags & SQLITE_OPEN_CREATE) != 0);
    if (handle->file == NULL) {
        file_close(file);
        vfs->last_errno = ENOENT;
        return SQLITE_CANTOPEN;
    }
    handle->syncs_names = is_new && (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0;
    handle->delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    file->pMethods = &methods;
    if (ret_flags != NULL)
        *ret_flags = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *base, const char *name, int sync_folder)
{
    struct memvfs *vfs = of(base);
    int rc = begin(vfs, MEMVFS_DELETE);
    if (rc != SQLITE_OK)
        return rc;
    if (!memdisk_exists(&vfs->disk, name))
        return SQLITE_IOERR_DELETE_NOENT;
    memdisk_remove(&vfs->disk, name);
    if (sync_folder)
        memdisk_sync_names(&vfs->disk);
    return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *base, const char *name, int flags, int *ret)
{
    struct memvfs *vfs = of(base);
    if (vfs->is_off)
        return SQLITE_IOERR_ACCESS;
    *ret = memdisk_exists(&vfs->disk, name);
    /* As in SQLite's own VFS, an empty file does not count as there. */
    if (*ret && flags == SQLITE_ACCESS_EXISTS)
        *ret = memvfs_file_size(vfs, name) > 0;
    return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *base, const char *name, int n, char *ret)
{
    (void)base;
    return snprintf(ret, (size_t)n, "%s", name) < n ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int vfs_randomness(sqlite3_vfs *base, int n, char *ret)
{
    for (int i = 0; i < n; i++)
        ret[i] = (char)(memdisk_chance(&of(base)->disk) & 0x7f);
    return n;
}

static int vfs_sleep(sqlite3_vfs *base, int us)
{
    of(base)->clock_ms += us / 1000;
    return us;
}

static int vfs_current_time_ms(sqlite3_vfs *base, sqlite3_int64 *ret)
{
    *ret = of(base)->clock_ms++;
    return SQLITE_OK;
}

static int vfs_current_time(sqlite3_vfs *base, double *ret)
{
    *ret = (double)of(base)->clock_ms++ / 86400000.0;
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *base, int n, char *text)
{
    (void)n;
    (void)text;
    return of(base)->last_errno;
}

struct memvfs *memvfs_new(const char *name, uint64_t seed)
{
    struct memvfs *vfs = calloc(1, sizeof(*vfs));
    if (vfs == NULL)
        return NULL;
    snprintf(vfs->name, sizeof(vfs->name), "%s", name);
    memdisk_init(&vfs->disk, seed);
    vfs->clock_ms = first_moment_ms;
    vfs->base = (sqlite3_vfs){.iVersion = 2,
                              .szOsFile = (int)sizeof(struct handle),
                              .mxPathname = MEMDISK_NAME_MAX - 1,
                              .zName = vfs->name,
                              .xOpen = vfs_open,
                              .xDelete = vfs_delete,
                              .xAccess = vfs_access,
                              .xFullPathname = vfs_full_path,
                              .xRandomness = vfs_randomness,
                              .xSleep = vfs_sleep,
                              .xCurrentTime = vfs_current_time,
                              .xGetLastError = vfs_last_error,
                              .xCurrentTimeInt64 = vfs_current_time_ms};
    if (sqlite3_vfs_register(&vfs->base, 0) != SQLITE_OK) {
        free(vfs);
        return NULL;
    }
    return vfs;
}

void memvfs_free(struct memvfs *vfs)
{
    if (vfs == NULL)
        return;
    for (int i = 0; i < HANDLES_MAX; i++)
        assert(vfs->handles[i] == NULL);
    sqlite3_vfs_unregister(&vfs->base);
    memdisk_free(&vfs->disk);
    free(vfs);
}

static void set_plan(struct memvfs *vfs, const struct plan *plan)
{
    vfs->plan = *plan;
    vfs->has_fired = false;
    vfs->lasting = false;
}

void memvfs_fail(struct memvfs *vfs, unsigned ops, uint64_t nth, enum memvfs_fault fault, bool lasts)
{
    set_plan(vfs, &(struct plan){.ops = nth > 0 ? ops : 0, .left = nth, .fault = fault, .lasts = lasts});
}

void memvfs_power_cut_at(struct memvfs *vfs, unsigned ops, uint64_t nth)
{
    set_plan(vfs, &(struct plan){.ops = nth > 0 ? ops : 0, .left = nth, .is_power = true});
}

void memvfs_power_cut(struct memvfs *vfs, uint64_t seed)
{
    vfs->disk.chance = seed;
    memdisk_power_cut(&vfs->disk);
    memvfs_kill(vfs);
}

void memvfs_kill(struct memvfs *vfs)
{
    vfs->life++;
    vfs->is_off = false;
    set_plan(vfs, &(struct plan){0});
}

void memvfs_set_size_limit(struct memvfs *vfs, uint64_t bytes)
{
    vfs->disk.size_max = bytes;
}

uint64_t memvfs_size(const struct memvfs *vfs)
{
    return memdisk_used(&vfs->disk);
}

uint64_t memvfs_count(const struct memvfs *vfs, unsigned ops)
{
    uint64_t n = 0;
    for (int kind = 0; kind < KINDS; kind++) {
        if ((ops & 1U << kind) != 0)
            n += vfs->counts[kind];
    }
    return n;
}

bool memvfs_has_fired(const struct memvfs *vfs)
{
    return vfs->has_fired;
}

uint64_t memvfs_torn(const struct memvfs *vfs)
{
    return vfs->disk.torn;
}

uint64_t memvfs_dropped(const struct memvfs *vfs)
{
    return vfs->disk.dropped;
}

static struct memdisk_file *look(const struct memvfs *vfs, const char *path)
{
    for (size_t i = 0; i < vfs->disk.names_n; i++) {
        if (strcmp(vfs->disk.names[i].name, path) == 0)
            return vfs->disk.names[i].seen;
    }
    return NULL;
}

bool memvfs_peek(const struct memvfs *vfs, const char *path, uint64_t at, void *ret, size_t n)
{
    const struct memdisk_file *file = look(vfs, path);
    return file != NULL && memdisk_read(file, at, ret, n) == n;
}

bool memvfs_poke(struct memvfs *vfs, const char *path, uint64_t at, const void *p, size_t n)
{
    struct memdisk_file *file = look(vfs, path);
    if (file == NULL || !memdisk_write(&vfs->disk, file, at, p, n))
        return false;
    memdisk_sync(&vfs->disk, file);
    return true;
}

bool memvfs_cut(struct memvfs *vfs, const char *path, uint64_t bytes_kept)
{
    struct memdisk_file *file = look(vfs, path);
    if (file == NULL || file->seen.n < bytes_kept)
        return false;
    memdisk_truncate(file, bytes_kept);
    memdisk_sync(&vfs->disk, file);
    return true;
}

bool memvfs_remove(struct memvfs *vfs, const char *path)
{
    if (look(vfs, path) == NULL)
        return false;
    memdisk_remove(&vfs->disk, path);
    memdisk_sync_names(&vfs->disk);
    return true;
}

int64_t memvfs_file_size(const struct memvfs *vfs, const char *path)
{
    const struct memdisk_file *file = look(vfs, path);
    return file == NULL ? -1 : (int64_t)file->seen.n;
}
