/* A store in memory: for tests and the simulator; durable as long as the process. */
#ifndef MUSTER_COMMON_LOG_LOG_MEMORY_H
#define MUSTER_COMMON_LOG_LOG_MEMORY_H

#include "common/log/log.h"

/* NULL when out of memory. log_close() frees it. */
struct log_store *log_memory_new(void);

/* What LOG_Q_ROOM is told. */
void log_memory_set_low(struct log_store *store, bool low);

/* The next append answers with this code (ERR_DISK_FULL, ERR_IO ...) and appends nothing. */
void log_memory_fail_next(struct log_store *store, int code);

#endif
