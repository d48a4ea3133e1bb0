/* Looks at a database file without letting SQLite touch it, so that what is not ours stays as it is.
 * Private to the log. */
#ifndef MUSTER_COMMON_LOG_LOG_FILE_H
#define MUSTER_COMMON_LOG_LOG_FILE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"

enum {
    LOG_APPLICATION_ID = 0x4d555354, /* "MUST" */
    LOG_PAGE_BYTES = 4096
};

enum log_file_state {
    LOG_FILE_NOTHING = 1, /* missing, empty, or left behind by a creation that did not finish */
    LOG_FILE_LOG          /* a log of a format that we know */
};

/* A file name in the form that a VFS expects, to be given back by sqlite3_free_filename(). */
const char *log_file_name(const char *path);

/* Opens any file through the VFS; sqlite3_free() it after log_file_close(). flags are SQLITE_OPEN_*.
 * Opening and closing the database this way does not drop SQLite's own locks on it, as close(2) would.
 * SQLITE_CANTOPEN when it is missing. */
int log_file_open(sqlite3_vfs *vfs, const char *name, int flags, sqlite3_file **ret);
void log_file_close(sqlite3_file *file);

/* Size in bytes, 0 when it is missing. A SQLite code. */
int log_file_size(sqlite3_vfs *vfs, const char *name, sqlite3_int64 *ret);

/* Writes the WAL beside the database again, byte for byte, and syncs it. After a sync that failed, the system
 * shows what was written and the disk may not hold it, and a later sync says nothing of it: a new process
 * that built on such bytes would lose, at the next power cut, all that it wrote after them. SQLite must not
 * have it open. ERR_IO, ERR_DISK_FULL, ERR_NO_MEMORY. */
int log_file_rewrite_wal(sqlite3_vfs *vfs, const char *path, struct err *err);

/* ERR_CORRUPT (not a Muster log, or a database is gone whose WAL is still there), ERR_NEWER, ERR_IO. */
int log_file_inspect(sqlite3_vfs *vfs, const char *path, enum log_file_state *ret, struct err *err);

#endif
