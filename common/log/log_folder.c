#include "common/log/log_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { PID_TEXT = 32 };

/* statfs(2) numbers; the kernel's header has only some of them. A network file system may keep a lock
 * on one machine only, or answer fsync before the bytes are safe. */
static const struct {
    unsigned long number;
    const char *name;
    bool is_volatile;
} unfit[] = {
    {0x6969, "NFS", false},        {0x517b, "SMB", false},        {0xfe534d42, "SMB", false},
    {0xff534d42, "CIFS", false},   {0x65735546, "FUSE", false},   {0x01021997, "9P", false},
    {0x5346414f, "AFS", false},    {0x00c36400, "Ceph", false},   {0x73757245, "Coda", false},
    {0x0bd00bd0, "Lustre", false}, {0x786f4256, "vboxsf", false}, {0x01021994, "tmpfs", true},
    {0x858458f6, "ramfs", true},
};

char *log_folder_path(const char *folder, const char *name)
{
    char *path;
    return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

const char *log_folder_refusal(long file_system, bool volatile_ok)
{
    for (size_t i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++) {
        /* f_type is sign-extended on some machines. */
        if ((unsigned long)file_system % 0x100000000UL == unfit[i].number)
            return unfit[i].is_volatile && volatile_ok ? NULL : unfit[i].name;
    }
    return NULL;
}

static int os_error(struct err *err, int code, const char *what, const char *path)
{
    int saved = errno;
    if (saved == EACCES || saved == EPERM || saved == EROFS)
        code = ERR_PERMISSION;
    else if (saved == ENOSPC || saved == EDQUOT)
        code = ERR_DISK_FULL;
    return err_set(err, code, "cannot %s %s: %s", what, path, strerror(saved));
}

int log_folder_sync(const char *folder, struct err *err)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return os_error(err, ERR_IO, "open the folder", folder);
    int rc = fsync(fd);
    int code = rc == 0 ? 0 : os_error(err, ERR_IO, "sync the folder", folder);
    close(fd);
    return code;
}

/* The folder's entry in its parent has to survive a power cut, too. */
static int make_folder(const char *folder, struct err *err)
{
    if (mkdir(folder, 0750) != 0)
        return os_error(err, ERR_CANNOT_CREATE, "create the log's folder", folder);
    char *parent = log_folder_path(folder, "..");
    if (parent == NULL)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    int code = log_folder_sync(parent, err);
    free(parent);
    return code;
}

int log_folder_prepare(const char *folder, bool create, bool volatile_ok, struct err *err)
{
    struct stat st;
    struct statfs fs;
    if (stat(folder, &st) != 0) {
        if (errno != ENOENT)
            return os_error(err, ERR_NO_INPUT, "open the log's folder", folder);
        if (!create)
            return err_set(err, ERR_NO_INPUT, "there is no log %s", folder);
        int code = make_folder(folder, err);
        if (code != 0)
            return code;
    } else if (!S_ISDIR(st.st_mode)) {
        return err_set(err, ERR_NO_INPUT, "%s is not a folder; a log is a folder", folder);
    }
    if (statfs(folder, &fs) != 0)
        return os_error(err, ERR_IO, "ask for the file system of", folder);
    const char *name = log_folder_refusal((long)fs.f_type, volatile_ok);
    if (name != NULL)
        return err_set(err, ERR_CONFIG, "%s lies on %s, which does not keep a log safe; use a local disk",
                       folder, name);
    return 0;
}

/* Open file description locks: unlike the older kind they are not lost when somebody in this process
 * opens and closes the file. */
static struct flock whole_file(short type)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET};
}

static int name_holder(int fd, const char *folder, struct err *err)
{
    char text[PID_TEXT];
    ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
    size_t end = n > 0 ? (size_t)n : 0;
    text[end] = '\0';
    text[strspn(text, "0123456789")] = '\0';
    return err_set(err, ERR_LOCKED, "the log %s is in use by process %s; stop it first", folder,
                   text[0] != '\0' ? text : "(unknown)");
}

static int write_pid(int fd, const char *path, struct err *err)
{
    char text[PID_TEXT];
    int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
        return os_error(err, ERR_IO, "write", path);
    return 0;
}

int log_folder_lock(const char *folder, int *ret_fd, struct err *err)
{
    int code = 0;
    char *path = log_folder_path(folder, LOG_LOCK_NAME);
    if (path == NULL)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0) {
        code = os_error(err, ERR_CANNOT_CREATE, "open", path);
        goto free_path;
    }
    struct flock lock = whole_file(F_WRLCK);
    if (fcntl(fd, F_OFD_SETLK, &lock) != 0)
        code = errno == EAGAIN || errno == EACCES ? name_holder(fd, folder, err)
                                                  : os_error(err, ERR_IO, "lock", path);
    else
        code = write_pid(fd, path, err);
    if (code == 0)
        *ret_fd = fd;
    else
        close(fd);
free_path:
    free(path);
    return code;
}

bool log_folder_is_locked(int fd)
{
    struct flock lock = whole_file(F_RDLCK);
    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_WRLCK;
}
