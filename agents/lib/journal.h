/* An agent's journal: what it said and what it was told, in one SQLite file, so that a restart of either
 * side neither loses nor repeats anything.
 *
 *   counters  every command's number, taken under SQLite's write lock: two processes of one agent (two
 *             command lines, say) never get the same one
 *   outgoing  what was signed, from before it is sent until its reply has come, and some of it longer
 *   cursors   how far each lane was taken in
 *   orders    those that were delivered, with the rungs that were said of them
 *   recalls   of orders that have not been seen (yet), kept until the order would have expired
 *   head      the highest head of the log that the broker signed
 *
 * Durable at commit. One handle belongs to one thread; several processes may open one file. Calls outside
 * begin/commit are a transaction of their own. Every call gives 0, ERR_DISK_FULL, ERR_IO, ERR_LOCKED
 * (another process held the file for too long), ERR_CORRUPT or ERR_NO_MEMORY, with the file's name in err.
 *
 * ERR_IO and ERR_CORRUPT are for good: when a commit's fsync fails nobody knows what of it is durable, and
 * another fsync that succeeds does not tell. Every later call then gives the same error; only a new process
 * that opens the file learns what it holds. The others are states that may pass: nothing was changed. */
#ifndef MUSTER_AGENTS_LIB_JOURNAL_H
#define MUSTER_AGENTS_LIB_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/id.h"
#include "common/core/words.h"

enum {
    JOURNAL_LOCK_WAIT_MS = 5000,
    /* What stays after it is settled: enough to explain yesterday, bounded for ever. */
    JOURNAL_ANSWERED_MAX = 10000,
    JOURNAL_ENDED_MAX = 10000,
    JOURNAL_RECALLS_MAX = 10000
};

struct journal;

struct journal_options {
    const char *path;
    const char *agent;  /* a new file becomes this agent's; an old one must be */
    const char *region; /* the same */
    const char *vfs;    /* NULL: the system's */
};

/* A file that is not there is made, readable to its owner alone. ERR_CONFLICT when it is another
 * program's or another agent's, ERR_NEWER when a newer version wrote it: it is then left as it was. */
int journal_open(const struct journal_options *options, struct journal **ret, struct err *err);
void journal_close(struct journal *journal); /* NULL is fine; an open transaction is undone */

/* The error that the journal failed with for good; NULL: it has not. */
const struct err *journal_failed(const struct journal *journal);

/* Each begin has one commit (a failed one has rolled back) or one rollback. Pairs may nest: a rollback undoes
 * what is inside its pair, and the outermost commit makes durable what is left. When the disk was full inside
 * all of it may be undone; then the outermost commit fails too. */
int journal_begin(struct journal *journal, struct err *err);
int journal_commit(struct journal *journal, struct err *err);
void journal_rollback(struct journal *journal);

/* Takes n counters above every one taken before and above `floor`; ret is the first. */
int journal_take_counters(struct journal *journal, uint64_t floor, size_t n, uint64_t *ret, struct err *err);

struct journal_outgoing {
    int64_t item; /* its name here; stays when it gets a new counter */
    uint64_t counter;
    uint64_t tag;
    struct bytes frame; /* as it is sent; valid during the visit */
    struct bytes reply; /* the same; empty when there is none */
};

int journal_add_outgoing(struct journal *journal, const struct journal_outgoing *outgoing, int64_t *ret_item,
                         struct err *err);
/* The item under a new counter, unless another process has renumbered or settled it meanwhile: then
 * ret_changed is false and nothing was done. */
int journal_renumber(struct journal *journal, int64_t item, uint64_t old_counter, uint64_t counter,
                     struct bytes frame, bool *ret_changed, struct err *err);
int journal_settle(struct journal *journal, int64_t item, struct bytes reply, struct err *err);
/* Those without a reply, by counter; visit returns false to stop. */
int journal_each_outgoing(struct journal *journal, bool (*visit)(void *ctx, const struct journal_outgoing *),
                          void *ctx, struct err *err);

/* Those with a higher counter, with a reply or without, the newest first. */
int journal_each_newer(struct journal *journal, uint64_t counter,
                       bool (*visit)(void *ctx, const struct journal_outgoing *), void *ctx, struct err *err);

/* That one; no visit when it is not there. */
int journal_outgoing(struct journal *journal, int64_t item,
                     bool (*visit)(void *ctx, const struct journal_outgoing *), void *ctx, struct err *err);

int journal_cursor(struct journal *journal, enum lane lane, uint64_t *ret_seq, struct err *err);
int journal_set_cursor(struct journal *journal, enum lane lane, uint64_t seq, struct err *err);

/* The head as an encoded Beat envelope; ret is empty when there is none. */
int journal_head(struct journal *journal, struct buf *ret, struct err *err);
int journal_set_head(struct journal *journal, struct bytes head, struct err *err);
/* The log's epoch, the highest that a process of this agent has heard; 0 when none has. Setting never lowers
 * it. */
int journal_epoch(struct journal *journal, uint64_t *ret, struct err *err);
int journal_set_epoch(struct journal *journal, uint64_t epoch, struct err *err);

/* The log goes on in `epoch` from an older copy, and above kept_seq it may be another, or be delivered again.
 * Cursors and head are forgotten, and so are amendments that were seen above it: the log may number others.
 * What was carried out is not. ret_first is false, and nothing was done, when the journal is in that epoch
 * already. */
int journal_recover(struct journal *journal, uint64_t epoch, uint64_t kept_seq, bool *ret_first,
                    struct err *err);
/* The order was issued again, by that record. */
int journal_set_order_record(struct journal *journal, struct id order, uint64_t seq, struct bytes record,
                             struct err *err);
/* Its reply is lost: it has none again. */
int journal_reopen(struct journal *journal, int64_t item, struct err *err);

enum journal_end {
    JOURNAL_OPEN = 0,
    JOURNAL_ENDED = 1, /* by a receipt of ours; open again if that is refused */
    JOURNAL_RECALLED = 2,
    JOURNAL_EXPIRED = 3,
    JOURNAL_TAKEN = 4 /* by another agent of our agency; older versions wrote ENDED */
};

struct journal_order {
    struct id order;
    struct id incident;
    uint64_t seq;
    enum lane lane;
    int64_t bus_ms;
    int64_t expires_at_ms;
    uint32_t said;         /* bits 1u << enum rung: receipts given */
    uint32_t amendments;   /* seen, up to and including */
    uint32_t acknowledged; /* amendments answered, up to and including */
    uint64_t amendment_seq;
    int64_t amendment_bus_ms;
    enum journal_end end;
    struct bytes record;           /* valid until the next call with this journal */
    struct bytes amendment_record; /* of the last amendment */
    struct bytes note;             /* the application's own */
};

/* ret_new is false, and nothing is changed, when the order is there already. */
int journal_add_order(struct journal *journal, const struct journal_order *order, bool *ret_new,
                      struct err *err);
/* ERR_NOT_FOUND (err untouched) when it is not there. */
int journal_order(struct journal *journal, struct id order, struct journal_order *ret, struct err *err);
int journal_each_open_order(struct journal *journal, bool (*visit)(void *ctx, const struct journal_order *),
                            void *ctx, struct err *err);
/* `rung`'s bit set or, when the broker refused it, cleared. */
int journal_set_said(struct journal *journal, struct id order, uint32_t said, struct err *err);
int journal_set_acknowledged(struct journal *journal, struct id order, uint32_t amendment, struct err *err);
int journal_add_amendment(struct journal *journal, struct id order, uint32_t amendment, uint64_t seq,
                          int64_t bus_ms, struct bytes record, struct err *err);
int journal_end_order(struct journal *journal, struct id order, enum journal_end end, struct err *err);
int journal_set_note(struct journal *journal, struct id order, struct bytes note, struct err *err);

int journal_add_recall(struct journal *journal, struct id order, int64_t expires_at_ms, struct err *err);
int journal_has_recall(struct journal *journal, struct id order, bool *ret, struct err *err);

/* Drops recalls whose order has expired by now (0: the time is not known, none has), and what is beyond the
 * bounds above. */
int journal_trim(struct journal *journal, int64_t bus_ms, struct err *err);

#endif
