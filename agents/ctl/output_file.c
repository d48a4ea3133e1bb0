#include "agents/ctl/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fill(int fd, struct bytes bytes)
{
    while (bytes.n > 0) {
        ssize_t written = write(fd, bytes.p, bytes.n);
        if (written < 0 && errno != EINTR) {
            return -1;
        }
        if (written > 0) {
            bytes.p += written;
            bytes.n -= (size_t)written;
        }
    }
    return fsync(fd);
}

int output_file_write(const char *path, struct bytes bytes, struct err *err)
{
    char building[PATH_MAX];
    struct stat stat_buf;

    if (stat(path, &stat_buf) == 0 && !S_ISREG(stat_buf.st_mode)) {
        return err_set(err, ERR_CANNOT_CREATE, "%s: there is something else of this name; give a file", path);
    }
    int n = snprintf(building, sizeof building, "%s.%ld.part", path, (long)getpid());
    if (n < 0 || (size_t)n >= sizeof building) {
        return err_set(err, ERR_CANNOT_CREATE, "%s: the path is too long", path);
    }
    int fd = open(building, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) {
        return err_set(err, ERR_CANNOT_CREATE, "%s: %s", path, strerror(errno));
    }
    bool is_filled = fill(fd, bytes) == 0;
    int why = errno;
    if (close(fd) != 0 && is_filled) {
        is_filled = false;
        why = errno;
    }
    if (is_filled && rename(building, path) != 0) {
        is_filled = false;
        why = errno;
    }
    if (is_filled) {
        return 0;
    }
    (void)unlink(building);
    return err_set(err, why == ENOSPC || why == EDQUOT ? ERR_DISK_FULL : ERR_IO, "%s: %s", path,
                   strerror(why));
}
