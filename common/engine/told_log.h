/* What a linked region was told, found in the log itself: the outbox keeps only what waits. Records are
 * taken in from the first on; which incidents the region follows stands in them. One thread. */
#ifndef MUSTER_COMMON_ENGINE_TOLD_LOG_H
#define MUSTER_COMMON_ENGINE_TOLD_LOG_H

#include <stdbool.h>

#include "common/log/log.h"

struct told_log;

/* agent: the other broker's, "370100/broker/link". NULL: it is no such name, or out of memory. */
struct told_log *told_log_new(const char *agent);
void told_log_free(struct told_log *told_log); /* NULL is fine */

/* Takes the record that comes next in the log. 0 or ERR_NO_MEMORY; *ret_told: the region was told it. What
 * that region itself said is not said back to it. */
int told_log_take(struct told_log *told_log, const struct log_record *record, bool *ret_told);

#endif
