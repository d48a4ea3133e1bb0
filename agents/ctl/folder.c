#include "agents/ctl/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_DEPTH_MAX = 8 };

static int cannot(struct err *err, const char *path)
{
    return err_set(err, ERR_CANNOT_CREATE, "%s: cannot be made: %s", path, strerror(errno));
}

static int refuse_existing(const char *path, struct err *err)
{
    return err_set(err, ERR_CANNOT_CREATE, "%s: exists; name a folder that is not there yet", path);
}

int folder_begin(const char *path, struct folder *ret, struct err *err)
{
    struct stat there;
    struct folder folder;
    size_t n = strlen(path);

    while (n > 1 && path[n - 1] == '/') {
        n--;
    }
    if (n == 0 || n + 16 > FOLDER_PATH_MAX) {
        return err_set(err, ERR_USAGE, "\"%s\" is no path for a folder", path);
    }
    (void)snprintf(folder.final, sizeof folder.final, "%.*s", (int)n, path);
    if (lstat(folder.final, &there) == 0) {
        return refuse_existing(folder.final, err);
    }
    (void)snprintf(folder.building, sizeof folder.building, "%.*s.XXXXXX", (int)n, path);
    if (mkdtemp(folder.building) == NULL) {
        return cannot(err, folder.final);
    }
    if (chmod(folder.building, 0755) != 0) {
        int rc = cannot(err, folder.final);
        folder_abandon(&folder);
        return rc;
    }
    *ret = folder;
    return 0;
}

int folder_path(const struct folder *folder, char *ret, struct err *err, const char *format, ...)
{
    va_list args;
    int n = snprintf(ret, FOLDER_PATH_MAX, "%s/", folder->building);
    size_t used = n > 0 && n < FOLDER_PATH_MAX ? (size_t)n : FOLDER_PATH_MAX;

    if (used < FOLDER_PATH_MAX) {
        va_start(args, format);
        n = vsnprintf(ret + used, FOLDER_PATH_MAX - used, format, args);
        va_end(args);
    }
    if (used >= FOLDER_PATH_MAX || n < 0 || (size_t)n >= FOLDER_PATH_MAX - used) {
        return err_set(err, ERR_TOO_BIG, "%s: the path is too long", folder->final);
    }
    return 0;
}

int folder_make(const struct folder *folder, const char *name, struct err *err)
{
    char path[FOLDER_PATH_MAX];
    int rc = folder_path(folder, path, err, "%s", name);

    if (rc != 0) {
        return rc;
    }
    return mkdir(path, 0755) == 0 ? 0 : cannot(err, path);
}

int folder_write(const struct folder *folder, const char *name, const void *p, size_t n, struct err *err)
{
    char path[FOLDER_PATH_MAX];
    int rc = folder_path(folder, path, err, "%s", name);
    const char *bytes = p;

    if (rc != 0) {
        return rc;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        return cannot(err, path);
    }
    while (n > 0 && rc == 0) {
        ssize_t written = write(fd, bytes, n);
        if (written < 0 && errno != EINTR) {
            rc = cannot(err, path);
        } else if (written > 0) {
            bytes += written;
            n -= (size_t)written;
        }
    }
    if (rc == 0 && fsync(fd) != 0) {
        rc = cannot(err, path);
    }
    if (close(fd) != 0 && rc == 0) {
        rc = cannot(err, path);
    }
    return rc;
}

int folder_finish(struct folder *folder, struct err *err)
{
    if (renameat2(AT_FDCWD, folder->building, AT_FDCWD, folder->final, RENAME_NOREPLACE) != 0) {
        return errno == EEXIST ? refuse_existing(folder->final, err) : cannot(err, folder->final);
    }
    folder->building[0] = '\0';
    return 0;
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *at)
{
    (void)stat;
    (void)kind;
    (void)at;
    (void)remove(path); /* what stays is in a folder that nobody reads */
    return 0;
}

void folder_abandon(struct folder *folder)
{
    if (folder->building[0] != '\0') {
        (void)nftw(folder->building, remove_one, FOLDER_DEPTH_MAX, FTW_DEPTH | FTW_PHYS);
        folder->building[0] = '\0';
    }
}
