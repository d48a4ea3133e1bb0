/* The right to take an agent's deliveries: a lock file beside its journal that one process at a time holds.
 * Two would each do half of every order. The lock ends with its process, however that ends. */
#ifndef MUSTER_AGENTS_LIB_JOURNAL_LOCK_H
#define MUSTER_AGENTS_LIB_JOURNAL_LOCK_H

#include "common/base/err.h"

/* `path` is the journal's. ERR_LOCKED when another process has it, ERR_CANNOT_CREATE. */
int journal_lock(const char *path, int *ret_fd, struct err *err);
void journal_unlock(int fd); /* -1 is fine */

#endif
