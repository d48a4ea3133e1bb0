/* Walks the chain. Private to the log. */
#ifndef MUSTER_COMMON_LOG_LOG_VERIFY_H
#define MUSTER_COMMON_LOG_LOG_VERIFY_H

#include "common/log/log_query.h"
#include "common/log/log_reader.h"

/* Checks the records after seq `after` (whose hash is taken as it stands) to `head`, each handed to
 * visit (may be NULL). ERR_CORRUPT with ret_bad_seq (may be NULL) set to the first bad one, or what visit
 * said. */
int log_verify(struct log_querier *querier, uint64_t after, uint64_t head, log_visit *visit, void *ctx,
               uint64_t *ret_bad_seq, struct err *err);

/* Compares the database with what the head file has seen: a tail that is cut or replaced is ERR_CORRUPT
 * naming the seqs. */
int log_verify_slot(struct log_querier *querier, const struct log_head *head, const struct log_head *slot,
                    uint64_t *ret_bad_seq, struct err *err);

#endif
