/* What a linked region was told, found in the log itself: the outbox keeps only what waits. Records are
 * taken in from the first on; which incidents the region follows stands in them. One thread. */
#ifndef MUSTER_COMMON_ENGINE_FOLLOWED_H
#define MUSTER_COMMON_ENGINE_FOLLOWED_H

#include <stdbool.h>

#include "common/log/log.h"

struct followed;

/* agent: the other broker's, "370100/broker/link". NULL: it is no such name, or out of memory. */
struct followed *followed_new(const char *agent);
void followed_free(struct followed *followed); /* NULL is fine */

/* Takes the record that comes next in the log. 0 or ERR_NO_MEMORY; *ret_told: the region was told it. What
 * that region itself said is not said back to it. */
int followed_take(struct followed *followed, const struct log_record *record, bool *ret_told);

#endif
