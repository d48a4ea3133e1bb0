#include "common/base/logging.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/when.h"

/* A write of at most PIPE_BUF bytes is not torn, so lines of several threads and processes on one pipe
 * stay whole. */
enum { LINE_MAX_BYTES = PIPE_BUF };

/* Set once at start, before any thread: the only state that a program shares with itself. */
static struct {
    const char *program;
    enum log_level max;
} settings = {"muster", LOG_LEVEL_NOTICE};

void logging_init(const char *program, enum log_level max)
{
    settings.program = program;
    settings.max = max;
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        return "error";
    case LOG_LEVEL_WARNING:
        return "warning";
    case LOG_LEVEL_NOTICE:
        return "notice";
    case LOG_LEVEL_DEBUG:
        break;
    }
    return "debug";
}

void logging(enum log_level level, const char *format, ...)
{
    const struct clock *clock = clock_system();
    char message[LINE_MAX_BYTES], line[LINE_MAX_BYTES], now[WHEN_TEXT];
    int saved_errno = errno, printed;
    ssize_t written;
    va_list args;
    size_t n;

    if (level > settings.max)
        return;
    va_start(args, format);
    printed = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (printed < 0)
        message[0] = '\0';
    when_format(clock->utc_ms(clock->ctx), 0, now);
    printed = snprintf(line, sizeof line, "%s %.64s %s: ", now, settings.program, level_name(level));
    n = printed > 0 ? (size_t)printed : 0;
    /* One byte less than there is: the newline needs it. */
    n += text_escape_into(line + n, sizeof line - n - 1, message, strlen(message));
    line[n++] = '\n';
    do
        written = write(STDERR_FILENO, line, n);
    while (written < 0 && errno == EINTR);
    errno = saved_errno;
}
