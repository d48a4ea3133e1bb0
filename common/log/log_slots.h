/* The head file itself: reads and writes the slots of log_head.h through SQLite's VFS, so that a fault
 * under the database is a fault under the slots. Private to the log. */
#ifndef MUSTER_COMMON_LOG_LOG_SLOTS_H
#define MUSTER_COMMON_LOG_LOG_SLOTS_H

#include <sqlite3.h>

#include "common/log/log_head.h"

struct log_slots {
    sqlite3_vfs *vfs;
    char *path;
    const char *name;   /* the path as the VFS wants it */
    sqlite3_file *file; /* open for writing, or NULL */
    bool exists;        /* there was a head file */
    unsigned valid;     /* slots in order: 0, 1 or 2 */
    bool damaged;       /* a slot was written and does not check */
    uint64_t generation;
    struct log_head newest; /* of the valid ones */
};

/* Reads "folder/head". A missing file and bad slots are not errors. log_slots_close() in any case. */
int log_slots_read(struct log_slots *slots, sqlite3_vfs *vfs, const char *folder, struct err *err);

/* Writes the older slot and syncs it; makes the file if it is missing. */
int log_slots_write(struct log_slots *slots, const struct log_head *head, struct err *err);

void log_slots_close(struct log_slots *slots);

#endif
