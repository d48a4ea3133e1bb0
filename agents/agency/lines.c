#include "agents/agency/lines.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What one turn of the loop works off, in one transaction of the journal: a hundred lines or two. */
enum { CHUNK = 16 * 1024 };

/* A pipe or terminal is polled; a file is always readable and is read a chunk a turn. */
struct lines {
    struct lines_io io;
    int fd;
    bool is_file;
    bool paused;
    bool ended;
    bool closing;
    bool skipping; /* the rest of a line that was too long */
    uint64_t number;
    char *text;
    size_t n;
    uv_poll_t poll;
    uv_idle_t idle;
};

static void take(struct lines *lines, const char *p, size_t n)
{
    while (n > 0 && !lines->closing) {
        const char *end = memchr(p, '\n', n);
        size_t part = end ? (size_t)(end - p) : n;

        if (!lines->skipping && lines->n + part > LINES_MAX) {
            lines->skipping = true;
            lines->io.on_too_long(lines->io.ctx, lines->number + 1);
        }
        if (!lines->skipping) {
            memcpy(lines->text + lines->n, p, part);
            lines->n += part;
        }
        if (end) {
            lines->number++;
            if (!lines->skipping && lines->n > 0) {
                lines->text[lines->n] = '\0';
                lines->io.on_line(lines->io.ctx, lines->number, lines->text, lines->n);
            }
            lines->n = 0;
            lines->skipping = false;
            part++;
        }
        p += part;
        n -= part;
    }
}

static void watch(struct lines *lines);

static void read_some(struct lines *lines)
{
    char chunk[CHUNK];
    ssize_t n = read(lines->fd, chunk, sizeof chunk);

    if (n > 0) {
        take(lines, chunk, (size_t)n);
        lines->io.on_turn(lines->io.ctx);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        lines->ended = true;
        if (lines->n > 0 && !lines->skipping) { /* the last line has no end */
            take(lines, "\n", 1);
            lines->io.on_turn(lines->io.ctx);
        }
        watch(lines);
        lines->io.on_end(lines->io.ctx);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    read_some(poll->data);
}

static void on_idle(uv_idle_t *idle)
{
    read_some(idle->data);
}

static void watch(struct lines *lines)
{
    bool on = !lines->paused && !lines->ended && !lines->closing;

    if (lines->is_file) {
        if (on) {
            uv_idle_start(&lines->idle, on_idle);
        } else {
            uv_idle_stop(&lines->idle);
        }
    } else if (on) {
        uv_poll_start(&lines->poll, UV_READABLE | UV_DISCONNECT, on_poll);
    } else {
        uv_poll_stop(&lines->poll);
    }
}

void lines_pause(struct lines *lines, bool paused)
{
    if (lines->paused != paused) {
        lines->paused = paused;
        watch(lines);
    }
}

int lines_open(uv_loop_t *loop, int fd, const struct lines_io *io, struct lines **ret, struct err *err)
{
    struct lines *lines = calloc(1, sizeof *lines);

    if (!lines) {
        return ERR_NO_MEMORY;
    }
    lines->text = malloc(LINES_MAX + 1);
    if (!lines->text) {
        free(lines);
        return ERR_NO_MEMORY;
    }
    lines->io = *io;
    lines->fd = fd;
    lines->poll.data = lines;
    lines->idle.data = lines;
    lines->is_file = uv_poll_init(loop, &lines->poll, fd) != 0; /* epoll takes no files */
    if (lines->is_file && uv_idle_init(loop, &lines->idle) != 0) {
        free(lines->text);
        free(lines);
        return err_set(err, ERR_OS, "standard input cannot be watched");
    }
    watch(lines);
    *ret = lines;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct lines *lines = handle->data;

    free(lines->text);
    free(lines);
}

void lines_close(struct lines *lines)
{
    if (lines && !lines->closing) {
        lines->closing = true;
        uv_close(lines->is_file ? (uv_handle_t *)&lines->idle : (uv_handle_t *)&lines->poll, on_closed);
    }
}

int lines_write(int fd, const char *text, size_t n)
{
    while (n > 0) {
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        size_t part =
            n < PIPE_BUF ? n : PIPE_BUF; /* what a pipe that is writable takes without blocking is PIPE_BUF */
        ssize_t written;
        int rc = poll(&wait, 1, LINES_WAIT_MS);

        if (rc < 0 && errno == EINTR) {
            continue;
        }
        if (rc <= 0) {
            return ERR_IO;
        }
        written = write(fd, text, part);
        if (written < 0 && errno != EAGAIN && errno != EINTR) {
            return ERR_IO;
        }
        if (written > 0) {
            text += written;
            n -= (size_t)written;
        }
    }
    return 0;
}
