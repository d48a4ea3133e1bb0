/* Space that is kept for the day on which there is none: a file of zeros beside the log. When the disk is
 * full it is given back to the file system, and what must not wait is written into its place. Through
 * SQLite's VFS, so that a fault under the database is a fault under the reserve. Private to the log. */
#ifndef MUSTER_COMMON_LOG_LOG_RESERVE_H
#define MUSTER_COMMON_LOG_LOG_RESERVE_H

#include <sqlite3.h>
#include <stdbool.h>

#include "common/base/err.h"

struct log_reserve {
    sqlite3_vfs *vfs;
    char *path;
    const char *name;    /* the path as the VFS wants it */
    sqlite3_int64 bytes; /* 0: none is wanted */
    bool held;
};

/* Looks for "folder/reserve" and makes it if there is space; too little space is no error.
 * log_reserve_close() in any case. 0 or ERR_NO_MEMORY. */
int log_reserve_open(struct log_reserve *reserve, sqlite3_vfs *vfs, const char *folder, sqlite3_int64 bytes,
                     struct err *err);
/* Makes it again, all of it or nothing; held tells. */
void log_reserve_take(struct log_reserve *reserve);
/* Gives its space back to the file system. */
void log_reserve_give(struct log_reserve *reserve);
void log_reserve_close(struct log_reserve *reserve);

#endif
