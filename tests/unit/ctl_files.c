#include "tests/unit/ctl_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

char *file_with(const char *text, char ret[FILE_NAME])
{
    (void)snprintf(ret, FILE_NAME, "%s", "/tmp/muster-ctl-XXXXXX");
    int fd = mkstemp(ret);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
    return ret;
}
