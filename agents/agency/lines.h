/* Lines in on standard input, lines out on standard output, both bounded. */
#ifndef MUSTER_AGENTS_AGENCY_LINES_H
#define MUSTER_AGENTS_AGENCY_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "common/base/err.h"

enum {
    LINES_MAX = 256 * 1024,   /* bytes of one line: a frame's */
    LINES_WAIT_MS = 10 * 1000 /* a reader that takes nothing for so long is gone */
};

struct lines;

struct lines_io {
    void *ctx;
    void (*on_line)(void *ctx, uint64_t number, const char *text, size_t n);
    void (*on_too_long)(void *ctx, uint64_t number);
    void (*on_turn)(void *ctx); /* after those that were read at once */
    void (*on_end)(void *ctx);
};

/* Reads descriptor fd, whatever it is. */
int lines_open(uv_loop_t *loop, int fd, const struct lines_io *io, struct lines **ret, struct err *err);
/* No line comes while paused, but those that were read at once with the last one that came, 16 KiB. */
void lines_pause(struct lines *lines, bool paused);
void lines_close(struct lines *lines); /* frees itself from the loop; NULL is fine */

/* Writes all of it, waiting for a slow reader at most LINES_WAIT_MS. ERR_IO when nobody takes it. */
int lines_write(int fd, const char *text, size_t n);

#endif
