#include "common/log/log_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log/log_folder.h"

enum { COPY_BYTES = 64 * 1024 };

/* What there can be; all but the database may be missing. The last one SQLite makes beside a copy. */
static const char *const names[] = {LOG_DATABASE_NAME, LOG_DATABASE_NAME "-wal", LOG_DATABASE_NAME "-journal",
                                    LOG_DATABASE_NAME "-shm"};
enum { NAMES = 4, COPIED = 3 };

static int copy_error(const char *path, struct err *err)
{
    int code = errno == ENOSPC || errno == EDQUOT ? ERR_DISK_FULL : ERR_IO;
    return err_set(err, code, "cannot copy %s to read it: %s (TMPDIR names the folder for copies)", path,
                   strerror(errno));
}

static int write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -1;
        p += done;
        n -= (size_t)done;
    }
    return 0;
}

static int pump(int from, int to)
{
    char chunk[COPY_BYTES];
    for (;;) {
        ssize_t n = read(from, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return (int)n;
        if (write_all(to, chunk, (size_t)n) != 0)
            return -1;
    }
}

static int copy_file(const char *from_path, const char *to_path, struct err *err)
{
    int code = 0;
    int from = open(from_path, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : copy_error(from_path, err);
    int to = open(to_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (to < 0) {
        code = copy_error(from_path, err);
        goto close_from;
    }
    if (pump(from, to) != 0)
        code = copy_error(from_path, err);
    if (close(to) != 0 && code == 0)
        code = copy_error(from_path, err);
close_from:
    close(from);
    return code;
}

static int copy_named(const char *folder, const char *target, const char *name, struct err *err)
{
    char *from = log_folder_path(folder, name);
    char *to = log_folder_path(target, name);
    int code =
        from != NULL && to != NULL ? copy_file(from, to, err) : err_set(err, ERR_NO_MEMORY, "out of memory");
    free(from);
    free(to);
    return code;
}

int log_copy_make(const char *folder, char **ret_folder, struct err *err)
{
    const char *temporary = getenv("TMPDIR");
    if (temporary == NULL || temporary[0] == '\0')
        temporary = "/tmp";
    char *target = log_folder_path(temporary, "muster-copy-XXXXXX");
    if (target == NULL)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    if (mkdtemp(target) == NULL) {
        int code = err_set(err, ERR_CANNOT_CREATE, "cannot make a folder for a copy in %s: %s", temporary,
                           strerror(errno));
        free(target);
        return code;
    }
    for (int i = 0; i < COPIED; i++) {
        int code = copy_named(folder, target, names[i], err);
        if (code == ERR_NOT_FOUND && i > 0)
            continue;
        if (code == ERR_NOT_FOUND)
            code = err_set(err, ERR_NO_INPUT, "there is no log in %s", folder);
        if (code != 0) {
            log_copy_remove(target);
            return code;
        }
    }
    *ret_folder = target;
    return 0;
}

void log_copy_remove(char *folder)
{
    if (folder == NULL)
        return;
    for (int i = 0; i < NAMES; i++) {
        char *path = log_folder_path(folder, names[i]);
        if (path != NULL)
            unlink(path);
        free(path);
    }
    rmdir(folder);
    free(folder);
}
