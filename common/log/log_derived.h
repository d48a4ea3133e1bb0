/* The derived tables (touch, open, outbox, tombstone, cursor) as they follow from the records: made anew in a
 * database of their own, which is gone when it is closed, by what writes them into a log. A log's tables are
 * compared with them, and they are put into the place of those that differ.
 *
 * One thread. What a record changes is the caller's to know: payloads are opaque here. */
#ifndef MUSTER_COMMON_LOG_LOG_DERIVED_H
#define MUSTER_COMMON_LOG_LOG_DERIVED_H

#include "common/log/log.h"

struct log_derived;

/* ERR_NO_MEMORY. What does not fit into memory goes to a file without a name in TMPDIR. */
int log_derived_new(struct log_derived **ret, struct err *err);
void log_derived_free(struct log_derived *derived);

/* One of the changes that record `seq` makes, as an entry of log_append would list it; in order of seq. Texts
 * are copied. What is open may be added under one seq, however much it is; of outbox, tombstones and cursors
 * a record changes 1,048,576 rows at most. ERR_NO_MEMORY, ERR_TOO_BIG, ERR_DISK_FULL: it is then of no more
 * use. */
int log_derived_add(struct log_derived *derived, uint64_t seq, const struct log_index *index,
                    struct err *err);

/* Gets each difference of a log's tables: its table and key, and what is wrong there; or what SQLite finds
 * wrong with a table and its indexes. seq is that of the record, 0 when it is about none. The text is valid
 * during the call. */
typedef void log_differs(void *ctx, uint64_t seq, const char *text);

#endif
