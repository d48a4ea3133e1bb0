/* A file that a command writes: there whole, or as it was before. */
#ifndef MUSTER_AGENTS_CTL_OUTPUT_FILE_H
#define MUSTER_AGENTS_CTL_OUTPUT_FILE_H

#include "common/base/buf.h"
#include "common/base/err.h"

/* Writes a sibling, syncs it and gives it the name; what bore the name before is replaced. ERR_CANNOT_CREATE,
 * ERR_DISK_FULL, ERR_IO; the sibling is then gone. */
int output_file_write(const char *path, struct bytes bytes, struct err *err);

#endif
