/* A folder that appears whole or not at all: built as a hidden sibling, then renamed. One thread. */
#ifndef MUSTER_AGENTS_CTL_FOLDER_H
#define MUSTER_AGENTS_CTL_FOLDER_H

#include <stdarg.h>
#include <stddef.h>

#include "common/base/err.h"

enum { FOLDER_PATH_MAX = 4096 };

struct folder {
    char final[FOLDER_PATH_MAX];
    char building[FOLDER_PATH_MAX]; /* "" when there is nothing to remove */
};

/* ERR_CANNOT_CREATE when `path` exists or its parent cannot be written. */
int folder_begin(const char *path, struct folder *ret, struct err *err);
int folder_make(const struct folder *folder, const char *name, struct err *err);
/* A file in it with these bytes, synced. */
int folder_write(const struct folder *folder, const char *name, const void *p, size_t n, struct err *err);
/* building/NAME into ret (FOLDER_PATH_MAX bytes); ERR_TOO_BIG. */
int folder_path(const struct folder *folder, char *ret, struct err *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Gives it its name; refuses (ERR_CANNOT_CREATE) when somebody made it meanwhile. */
int folder_finish(struct folder *folder, struct err *err);
/* Removes what was built, unless it was finished. */
void folder_abandon(struct folder *folder);

#endif
