#include "common/log/log_slots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/log/log_file.h"
#include "common/log/log_folder.h"

static int slots_error(const struct log_slots *slots, int rc, const char *what, struct err *err)
{
    int number = slots->vfs->xGetLastError != NULL ? slots->vfs->xGetLastError(slots->vfs, 0, NULL) : 0;
    bool full = rc == SQLITE_FULL || (rc != SQLITE_IOERR_FSYNC && (number == ENOSPC || number == EDQUOT));
    return err_set(err, full ? ERR_DISK_FULL : ERR_IO, "cannot %s %s: %s", what, slots->path,
                   sqlite3_errstr(rc));
}

/* Takes one slot in; blank bytes are a slot that was never written. */
static void take(struct log_slots *slots, const uint8_t bytes[LOG_HEAD_SLOT])
{
    static const uint8_t blank[LOG_HEAD_SLOT];
    struct log_head_slot slot;
    if (memcmp(bytes, blank, LOG_HEAD_SLOT) == 0)
        return;
    if (log_head_decode(bytes, &slot) != 0) {
        slots->damaged = true;
        return;
    }
    if (slots->valid++ == 0 || slot.generation > slots->generation) {
        slots->generation = slot.generation;
        slots->newest = slot.head;
    }
}

static int read_slots(struct log_slots *slots)
{
    uint8_t bytes[LOG_HEAD_SLOT];
    sqlite3_file *file;
    int there;
    int rc = slots->vfs->xAccess(slots->vfs, slots->name, SQLITE_ACCESS_EXISTS, &there);
    if (rc != SQLITE_OK || !there)
        return rc;
    rc = log_file_open(slots->vfs, slots->name, SQLITE_OPEN_READONLY, &file);
    if (rc != SQLITE_OK)
        return rc;
    slots->exists = true;
    for (int i = 0; rc == SQLITE_OK && i < 2; i++) {
        rc = file->pMethods->xRead(file, bytes, LOG_HEAD_SLOT, (sqlite3_int64)i * LOG_HEAD_STRIDE);
        if (rc == SQLITE_IOERR_SHORT_READ)
            rc = SQLITE_OK; /* the VFS has filled up with zeros */
        if (rc == SQLITE_OK)
            take(slots, bytes);
    }
    log_file_close(file);
    return rc;
}

int log_slots_read(struct log_slots *slots, sqlite3_vfs *vfs, const char *folder, struct err *err)
{
    *slots = (struct log_slots){.vfs = vfs, .path = log_folder_path(folder, LOG_HEAD_NAME)};
    if (slots->path != NULL)
        slots->name = log_file_name(slots->path);
    if (slots->name == NULL)
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    int rc = read_slots(slots);
    return rc == SQLITE_OK ? 0 : slots_error(slots, rc, "read", err);
}

int log_slots_write(struct log_slots *slots, const struct log_head *head, struct err *err)
{
    struct log_head_slot slot = {.generation = slots->generation + 1, .head = *head};
    uint8_t bytes[LOG_HEAD_SLOT];
    int rc;
    if (slots->file == NULL) {
        rc = log_file_open(slots->vfs, slots->name, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &slots->file);
        if (rc != SQLITE_OK)
            return slots_error(slots, rc, "open", err);
    }
    log_head_encode(&slot, bytes);
    sqlite3_int64 at = (sqlite3_int64)(slot.generation % 2) * LOG_HEAD_STRIDE;
    rc = slots->file->pMethods->xWrite(slots->file, bytes, LOG_HEAD_SLOT, at);
    if (rc == SQLITE_OK)
        rc = slots->file->pMethods->xSync(slots->file, SQLITE_SYNC_NORMAL);
    if (rc != SQLITE_OK)
        return slots_error(slots, rc, "write", err);
    slots->generation = slot.generation;
    slots->newest = *head;
    return 0;
}

void log_slots_close(struct log_slots *slots)
{
    log_file_close(slots->file);
    if (slots->name != NULL)
        sqlite3_free_filename(slots->name);
    free(slots->path);
    *slots = (struct log_slots){0};
}
