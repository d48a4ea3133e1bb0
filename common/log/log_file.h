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

/* ERR_CORRUPT (not a Muster log, or a database is gone whose WAL is still there), ERR_NEWER, ERR_IO. */
int log_file_inspect(sqlite3_vfs *vfs, const char *path, enum log_file_state *ret, struct err *err);

#endif
