/* Puts what follows from the records into the place of the derived tables that say otherwise. Private to the
 * log. */
#ifndef MUSTER_COMMON_LOG_LOG_REBUILD_H
#define MUSTER_COMMON_LOG_LOG_REBUILD_H

#include "common/log/log_derived.h"
#include "common/log/log_query.h"

/* Compares and mends, with the index of `record`, in one transaction of the querier's database, which ends
 * with the whole chain up to head read again. differs gets what was wrong. ERR_CORRUPT, and nothing is
 * changed, when pages are damaged so that emptying one table could take another's, or when the records would
 * not be whole afterwards. */
int log_rebuild(struct log_querier *querier, uint64_t head, struct log_derived *derived, log_differs *differs,
                void *ctx, struct err *err);

#endif
