/* The log's folder on a real file system: what may hold it, the lock that keeps a second writer out, and
 * making it durable. Private to the log. */
#ifndef MUSTER_COMMON_LOG_LOG_FOLDER_H
#define MUSTER_COMMON_LOG_LOG_FOLDER_H

#include <stdbool.h>

#include "common/base/err.h"

#define LOG_DATABASE_NAME "muster.db"
#define LOG_HEAD_NAME "head"
#define LOG_LOCK_NAME "lock"

/* "folder/name", to be freed; NULL when out of memory. */
char *log_folder_path(const char *folder, const char *name);

/* Why a file system (statfs f_type) may not hold a log that is written to, or NULL when it may. */
const char *log_folder_refusal(long file_system, bool volatile_ok);

/* Makes the folder if it is missing and may be made, and checks its file system. ERR_NO_INPUT,
 * ERR_CANNOT_CREATE, ERR_PERMISSION, ERR_CONFIG (the wrong kind of file system). */
int log_folder_prepare(const char *folder, bool create, bool volatile_ok, struct err *err);

/* Takes the lock for as long as the descriptor is open. ERR_LOCKED names the holder's pid. */
int log_folder_lock(const char *folder, int *ret_fd, struct err *err);

/* Whether a writer holds the lock behind this descriptor of the lock file; it may be read-only. */
bool log_folder_is_locked(int fd);

/* Makes the folder's entries durable. */
int log_folder_sync(const char *folder, struct err *err);

#endif
