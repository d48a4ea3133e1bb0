#include "common/base/logging.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/when.h"

struct capture {
    int saved_fd;
    int read_fd;
    char text[2 * PIPE_BUF];
};

/* A pipe in the place of standard error; each read gives what one write put there, if it is read at once. */
static void capture_start(struct capture *capture)
{
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    capture->saved_fd = dup(STDERR_FILENO);
    assert_true(capture->saved_fd >= 0);
    assert_true(dup2(fds[1], STDERR_FILENO) >= 0);
    close(fds[1]);
    capture->read_fd = fds[0];
}

/* Restores standard error; what was written is in text. */
static void capture_end(struct capture *capture)
{
    size_t n = 0;
    ssize_t got;

    assert_true(dup2(capture->saved_fd, STDERR_FILENO) >= 0);
    close(capture->saved_fd);
    while ((got = read(capture->read_fd, capture->text + n, sizeof capture->text - 1 - n)) > 0)
        n += (size_t)got;
    capture->text[n] = '\0';
    close(capture->read_fd);
}

static void a_line_has_time_program_level_text(void **state)
{
    struct capture capture;
    char stamp[25];
    int64_t ms;

    (void)state;
    logging_init("musterd", LOG_LEVEL_NOTICE);
    capture_start(&capture);
    errno = ENOENT;
    log_warning("port %d", 7000);
    assert_int_equal(errno, ENOENT);
    capture_end(&capture);
    memcpy(stamp, capture.text, 24);
    stamp[24] = '\0';
    assert_int_equal(when_parse(stamp, &ms), 0);
    assert_string_equal(capture.text + 24, " musterd warning: port 7000\n");
}

static void levels_above_the_limit_are_dropped(void **state)
{
    struct capture capture;

    (void)state;
    logging_init("musterd", LOG_LEVEL_WARNING);
    capture_start(&capture);
    log_notice("not this");
    log_debug("nor this");
    capture_end(&capture);
    assert_string_equal(capture.text, "");

    logging_init("musterd", LOG_LEVEL_DEBUG);
    capture_start(&capture);
    log_error("1");
    log_notice("2");
    log_debug("3");
    capture_end(&capture);
    assert_non_null(strstr(capture.text, " musterd error: 1\n"));
    assert_non_null(strstr(capture.text, " musterd notice: 2\n"));
    assert_non_null(strstr(capture.text, " musterd debug: 3\n"));
}

static void one_event_is_one_line(void **state)
{
    struct capture capture;

    (void)state;
    logging_init("musterd", LOG_LEVEL_NOTICE);
    capture_start(&capture);
    log_notice("name %s", "x\n2026-01-01T00:00:00.000Z musterd error: forged\x1b[2K");
    capture_end(&capture);
    assert_ptr_equal(strchr(capture.text, '\n'), capture.text + strlen(capture.text) - 1);
    assert_non_null(strstr(capture.text, "x\\n2026"));
    assert_non_null(strstr(capture.text, "\\x1b[2K\n"));
}

static void long_messages_are_cut_to_one_write(void **state)
{
    struct capture capture;
    char big[3 * PIPE_BUF];
    size_t n;

    (void)state;
    logging_init("musterd", LOG_LEVEL_NOTICE);
    memset(big, '\n', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    capture_start(&capture);
    log_notice("%s", big);
    capture_end(&capture);
    n = strlen(capture.text);
    assert_in_range(n, PIPE_BUF - 2, PIPE_BUF);
    assert_ptr_equal(strchr(capture.text, '\n'), capture.text + n - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_time_program_level_text),
        cmocka_unit_test(levels_above_the_limit_are_dropped),
        cmocka_unit_test(one_event_is_one_line),
        cmocka_unit_test(long_messages_are_cut_to_one_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
