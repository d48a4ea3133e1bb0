/* SQLite writes each page of a commit to its WAL in two pieces, a head of 24 bytes and the page: two system
 * calls, of which neither fits a page of the kernel's. This VFS stands before another one and gathers what is
 * written to a WAL end to end, until it is synced, read, cut or asked for its size, or fills the buffer.
 *
 * What is durable does not change: SQLite syncs the WAL before a commit is done, and a sync writes first. So
 * it is for connections with synchronous = FULL only: without that sync other connections would be told of
 * frames that are not in the file yet. When gathered bytes cannot be written, the next sync or write says so,
 * as their own would have. What no sync has asked for is no commit's, and goes with the file.
 */
#ifndef MUSTER_COMMON_LOG_LOG_WAL_FILE_H
#define MUSTER_COMMON_LOG_LOG_WAL_FILE_H

#include <sqlite3.h>

enum { LOG_WAL_GATHER_BYTES = 128 * 1024 }; /* some 30 pages */

struct log_wal_vfs {
    sqlite3_vfs base; /* registered under a name of its own */
    sqlite3_vfs *real;
    char name[32];
};

/* Registers it before `real`, under vfs->name; *vfs must stay where it is. A SQLite code. Any thread. */
int log_wal_vfs_add(struct log_wal_vfs *vfs, sqlite3_vfs *real);
/* After the last connection is closed; one that was never added is fine if it is all zeros. */
void log_wal_vfs_remove(struct log_wal_vfs *vfs);

#endif
