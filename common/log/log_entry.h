/* What both stores do to a batch before they write it. Private to the log. */
#ifndef MUSTER_COMMON_LOG_LOG_ENTRY_H
#define MUSTER_COMMON_LOG_LOG_ENTRY_H

#include "common/log/log.h"

/* Checks the batch against the head and the limits of log.h and fills in seq and hashes. ret is the
 * head after it. ERR_CONFLICT, ERR_DATA, ERR_TOO_BIG. */
int log_entries_prepare(struct log_head head, uint64_t expected_seq, struct log_entry *entries, size_t n,
                        struct log_head *ret, struct err *err);

#endif
