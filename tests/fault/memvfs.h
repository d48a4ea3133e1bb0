/* A disk in memory under SQLite, and everything that can happen to a disk: full, failing, without power.
 * For stores opened with log_sqlite_options.vfs and single_process = true (there is no shared memory).
 *
 * A life of a program on it: open a store, append, then memvfs_power_cut() or memvfs_kill(); all handles
 * from before are dead (every call on them fails and changes nothing), so that the old store can be closed
 * at any time; a new store then finds what survived. Everything follows from the seed and the calls made.
 * One thread at a time. */
#ifndef MUSTER_TESTS_FAULT_MEMVFS_H
#define MUSTER_TESTS_FAULT_MEMVFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Operations, to be or-ed. */
enum memvfs_op {
    MEMVFS_OPEN = 1,
    MEMVFS_READ = 2,
    MEMVFS_WRITE = 4,
    MEMVFS_SYNC = 8,
    MEMVFS_TRUNCATE = 16,
    MEMVFS_DELETE = 32,
    MEMVFS_CHANGES = MEMVFS_WRITE | MEMVFS_SYNC | MEMVFS_TRUNCATE | MEMVFS_DELETE
};

enum memvfs_fault {
    MEMVFS_EIO = 1, /* the operation fails; of a write nothing is done, a sync loses what it loses */
    MEMVFS_FULL     /* no space left */
};

struct memvfs;

/* Registers the disk with SQLite under this name, empty. NULL when that fails. */
struct memvfs *memvfs_new(const char *name, uint64_t seed);

/* Takes it away again; every store and connection on it must be closed before. NULL is fine. */
void memvfs_free(struct memvfs *vfs);

/* The nth operation of this kind from now on (1: the next) fails, and all after it, too, if it is to last.
 * One fault at a time: the last call counts; nth 0 takes it back. */
void memvfs_fail(struct memvfs *vfs, unsigned ops, uint64_t nth, enum memvfs_fault fault, bool lasts);

/* The power goes at the nth operation of this kind from now on: it has not been done, and from then on
 * everything fails until memvfs_power_cut(). nth 0 takes it back. */
void memvfs_power_cut_at(struct memvfs *vfs, unsigned ops, uint64_t nth);

/* The power goes (if it has not) and comes back: what was not synced survives by chance of this seed; what
 * was planned is forgotten; handles from before are dead. */
void memvfs_power_cut(struct memvfs *vfs, uint64_t seed);

/* The process dies, the machine does not: nothing is lost, but handles from before are dead. */
void memvfs_kill(struct memvfs *vfs);

/* No file grows once all together would have more bytes; 0: no limit. */
void memvfs_set_size_limit(struct memvfs *vfs, uint64_t bytes);
uint64_t memvfs_size(const struct memvfs *vfs);

/* How many operations of these kinds there have been. */
uint64_t memvfs_count(const struct memvfs *vfs, unsigned ops);
/* Whether the planned fault or power cut has happened. */
bool memvfs_has_fired(const struct memvfs *vfs);

/* How many writes were torn and dropped so far, by power cuts and failed syncs. */
uint64_t memvfs_torn(const struct memvfs *vfs);
uint64_t memvfs_dropped(const struct memvfs *vfs);

/* What lies on the disk, past all faults. False when there is no such file, or not so many bytes. */
bool memvfs_peek(const struct memvfs *vfs, const char *path, uint64_t at, void *ret, size_t n);
bool memvfs_poke(struct memvfs *vfs, const char *path, uint64_t at, const void *p, size_t n);
bool memvfs_cut(struct memvfs *vfs, const char *path, uint64_t bytes_kept);
bool memvfs_remove(struct memvfs *vfs, const char *path);
/* The file's size, or -1. */
int64_t memvfs_file_size(const struct memvfs *vfs, const char *path);

#endif
