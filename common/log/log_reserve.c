#include "common/log/log_reserve.h"

#include <stdlib.h>

#include "common/log/log_file.h"
#include "common/log/log_folder.h"

enum { PIECE = 64 * 1024 };

static int open_file(const struct log_reserve *reserve, sqlite3_file **ret)
{
    return log_file_open(reserve->vfs, reserve->name, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, ret);
}

/* Zeros that are written, not a hole: the space must be there when it is wanted. */
static int fill(sqlite3_file *file, sqlite3_int64 bytes)
{
    static const uint8_t zeros[PIECE];
    int rc = SQLITE_OK;
    for (sqlite3_int64 at = 0; rc == SQLITE_OK && at < bytes; at += PIECE)
        rc = file->pMethods->xWrite(file, zeros, PIECE, at);
    return rc == SQLITE_OK ? file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) : rc;
}

void log_reserve_take(struct log_reserve *reserve)
{
    sqlite3_file *file;
    sqlite3_int64 size = 0;
    if (reserve->held || reserve->bytes == 0 || open_file(reserve, &file) != SQLITE_OK)
        return;
    int rc = file->pMethods->xFileSize(file, &size);
    if (rc == SQLITE_OK && size != reserve->bytes) {
        /* Half as much more must fit, or the next commit would find the disk as full as the last one did. */
        rc = fill(file, reserve->bytes + reserve->bytes / 2);
        if (rc == SQLITE_OK)
            rc = file->pMethods->xTruncate(file, reserve->bytes);
    }
    if (rc == SQLITE_OK)
        reserve->held = true;
    else /* not half of it: that would take the last space from the log */
        (void)file->pMethods->xTruncate(file, 0);
    log_file_close(file);
}

void log_reserve_give(struct log_reserve *reserve)
{
    sqlite3_file *file;
    if (!reserve->held || open_file(reserve, &file) != SQLITE_OK)
        return;
    if (file->pMethods->xTruncate(file, 0) == SQLITE_OK) {
        (void)file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
        reserve->held = false;
    }
    log_file_close(file);
}

int log_reserve_open(struct log_reserve *reserve, sqlite3_vfs *vfs, const char *folder, sqlite3_int64 bytes,
                     struct err *err)
{
    *reserve = (struct log_reserve){.vfs = vfs, .path = log_folder_path(folder, "reserve")};
    if (reserve->path != NULL)
        reserve->name = log_file_name(reserve->path);
    if (reserve->name == NULL)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    reserve->bytes = (bytes + PIECE - 1) / PIECE * PIECE;
    log_reserve_take(reserve);
    return 0;
}

void log_reserve_close(struct log_reserve *reserve)
{
    if (reserve->name != NULL)
        sqlite3_free_filename(reserve->name);
    free(reserve->path);
    *reserve = (struct log_reserve){0};
}
