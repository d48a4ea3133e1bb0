#include "agents/lib/journal_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

int journal_lock(const char *path, int *ret_fd, struct err *err)
{
    char name[PATH_MAX];
    int n = snprintf(name, sizeof name, "%s.lock", path);
    int fd;

    if (n < 0 || (size_t)n >= sizeof name) {
        return err_set(err, ERR_CANNOT_CREATE, "%s: the path is too long", path);
    }
    fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return err_set(err, ERR_CANNOT_CREATE, "%s: cannot be made: %s", name, strerror(errno));
    }
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        int why = errno;

        close(fd);
        return why == EWOULDBLOCK
                   ? err_set(err, ERR_LOCKED, "%s: another process takes this agent's orders; stop it first",
                             path)
                   : err_set(err, ERR_IO, "%s: cannot be locked: %s", name, strerror(why));
    }
    *ret_fd = fd;
    return 0;
}

void journal_unlock(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}
