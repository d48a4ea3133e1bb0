/* A copy of a region's log in other hands than its broker's: every record as the broker gave it, checked
 * against the chain before it is written, in a log folder of its own. What the broker signed of its head is
 * kept beside it (view_witness.h). The copy has the records alone and no index; readers need none.
 *
 * One process a folder (it holds the lock), one thread. */
#ifndef MUSTER_COMMON_VIEW_VIEW_COPY_H
#define MUSTER_COMMON_VIEW_VIEW_COPY_H

#include "common/log/log.h"
#include "common/wire/wire.h"

enum {
    VIEW_COPY_BATCH = 256, /* records of one commit, as many as a tail's credit */
    VIEW_COPY_BATCH_BYTES = 1024 * 1024
};

struct view_copy;

/* Opens the copy in `folder`, or begins one (the folder is made if need be). What a crash left is checked.
 * ERR_CONFLICT: of another region, or no copy; ERR_LOCKED; ERR_CORRUPT; ERR_CONFIG: no local disk, or a tmpfs
 * without volatile_ok. */
int view_copy_open(const char *folder, const char *region, bool volatile_ok, struct view_copy **ret,
                   struct err *err);

/* The last record taken, with what is gathered and not yet written. */
struct log_head view_copy_head(const struct view_copy *copy);
/* The highest record of the copy that the broker's signature has covered; 0: none yet. */
uint64_t view_copy_signed_seq(const struct view_copy *copy);

/* Takes the next record in; written with its batch, or by view_copy_flush(). One that is here must be the
 * same. ERR_CORRUPT: it is another one, or does not follow; nothing of it is kept. Errors of writing as of
 * view_copy_flush(). */
int view_copy_take(struct view_copy *copy, const struct log_record *record, struct err *err);

/* A head with the broker's good signature, which the caller has verified. One of a record that is here is
 * compared at once, a later one when its record comes (view_copy_take). ERR_CORRUPT: the broker signed
 * another record than it gave; what was gathered and not yet written is dropped. */
int view_copy_sign(struct view_copy *copy, const struct signed_head *head, struct err *err);

/* Makes all of it durable. ERR_DISK_FULL: what was gathered is dropped, and the copy is as it was before. */
int view_copy_flush(struct view_copy *copy, struct err *err);

/* Flushes, unless something failed before, and closes; 0 or the first error of that. Accepts NULL. */
int view_copy_close(struct view_copy *copy, struct err *err);

#endif
