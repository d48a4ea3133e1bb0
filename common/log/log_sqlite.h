/* The store in SQLite: a folder with muster.db (WAL, synchronous=FULL), head (two checksummed slots,
 * log_head.h) and lock. The one connection that writes, checkpoints and backs up is here, and belongs
 * to one thread; readers use log_reader.h. */
#ifndef MUSTER_COMMON_LOG_LOG_SQLITE_H
#define MUSTER_COMMON_LOG_LOG_SQLITE_H

#include "common/log/log.h"
#include "common/log/log_derived.h"

/* A copy of another's log (meta has "copy"): its records come with their hashes and without index changes, so
 * it does not say what is open and what waits, and no broker may go on with it. */
enum log_copy {
    LOG_COPY_REFUSED = 0, /* ERR_CONFLICT */
    LOG_COPY_ONLY,        /* a log that is none is ERR_CONFLICT; a new one is made as a copy */
    LOG_COPY_TAKEN        /* either; log_sqlite_is_copy() tells */
};

struct log_sqlite_options {
    const char *folder;
    const char *region;    /* written into a new log; an old one must be of the same region */
    bool create;           /* a missing log is made (folder too); without it that is ERR_NO_INPUT */
    enum log_copy copy;    /* whether a copy of another's log may be opened, or must be */
    bool volatile_ok;      /* take tmpfs, which does not survive a power cut; network file systems are
                                always refused, they do not keep locks and fsync honestly */
    bool accept_head;      /* a person's word: what the head file has seen beyond the database is gone for
                              good. It goes into the warning, and the log goes on without; what the tables
                                say of it is dropped */
    const char *vfs;       /* NULL: the system's; tests give their own, which then holds database and
                                head file alike; folder, file system and lock are not looked at */
    bool single_process;   /* locking_mode=EXCLUSIVE, no -shm file: for a VFS without shared memory */
    int64_t reserve_bytes; /* 0: LOG_RESERVE_BYTES, and with a vfs none; negative: none */
    const struct rng *rng; /* for the log's own id; NULL: the system's */
    int idle_frames;       /* of 4 KiB; log_idle() writes a WAL of so many back; 0: LOG_IDLE_FRAMES */
    int wal_frames_max; /* of 4 KiB; while readers keep a WAL of this size from being written back, an append
                                gives ERR_DISK_FULL; 0: LOG_WAL_FRAMES_MAX */
};

/* Opens for writing. In order: the folder and its file system; the lock (ERR_LOCKED, naming the
 * holder's pid); the SQLite version; the format (ERR_NEWER, file untouched); region; quick check of
 * the last records' chain; the head slots: a database whose head is below the slots has lost its tail
 * and gives ERR_CORRUPT that names the missing seqs. What is unusual but not wrong (one bad slot) goes
 * into the warning text, if given. */
int log_sqlite_open(const struct log_sqlite_options *options, struct log_store **ret, char *warning,
                    size_t warning_n, struct err *err);

/* Takes the payload of a record away for good (also from the WAL and from freed pages) and keeps its
 * hash; the chain still verifies. Doing it again is harmless, and is what to do after ERR_TEMPORARY (a
 * reader held up the clearing of the WAL) and ERR_DISK_FULL. ERR_NOT_FOUND; any other failure leaves the
 * store unusable. Same thread as the store; not in the middle of its writer's work. */
int log_sqlite_redact(struct log_store *store, uint64_t seq, struct err *err);

/* Hands every record to visit, its hash and its place in the chain checked: ERR_CORRUPT names the first
 * that is not good. (Opening looks at the last ones only.) */
int log_sqlite_scan(struct log_store *store, log_visit *visit, void *ctx, struct err *err);

/* Compares the derived tables with those that follow from the records; differs gets what is wrong. */
int log_sqlite_compare(struct log_store *store, struct log_derived *derived, log_differs *differs, void *ctx,
                       struct err *err);

/* The same, with the index of the records, and puts what follows from the records into the place of the
 * tables that differ, in one transaction. ERR_DISK_FULL leaves all as it was. Any other error leaves the
 * store unusable; ERR_CORRUPT leaves the file as it was: pages are damaged so that emptying a table could
 * take records along, or touch knows of records beyond the last one. */
int log_sqlite_rebuild(struct log_store *store, struct log_derived *derived, log_differs *differs, void *ctx,
                       struct err *err);

/* A copy of another's log, which has no tables yet. */
bool log_sqlite_is_copy(struct log_store *store);

/* Opened with accept_head: there was something beyond its last record that was given up. */
bool log_sqlite_has_lost_tail(struct log_store *store);

/* A copy whose tables were made (log_sqlite_rebuild) is a log from now on. Errors as of that. */
int log_sqlite_adopt(struct log_store *store, struct err *err);

#endif
