/* A copy of a log's database files in a temporary folder of its own. Private to the log. */
#ifndef MUSTER_COMMON_LOG_LOG_COPY_H
#define MUSTER_COMMON_LOG_LOG_COPY_H

#include "common/base/err.h"

/* Copies database, WAL and journal of a log; ret_folder is the new folder's path, to be given to
 * log_copy_remove(). ERR_NO_INPUT, ERR_DISK_FULL, ERR_CANNOT_CREATE, ERR_IO. */
int log_copy_make(const char *folder, char **ret_folder, struct err *err);

/* Removes the copy and frees the path; accepts NULL. Files that are open stay readable. */
void log_copy_remove(char *folder);

#endif
