/* What is written to a WAL is gathered, and is on the disk whenever that matters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/log/log_wal_file.h"
#include "tests/fault/memvfs.h"

enum { HEAD = 24, PAGE = 4096, FRAME = HEAD + PAGE };

static const char path[] = "log-wal";

struct rig {
    struct memvfs *disk;
    struct log_wal_vfs vfs;
    sqlite3_file *file;
};

static void begin(struct rig *rig, int flags)
{
    *rig = (struct rig){.disk = memvfs_new("disk", 1)};
    assert_non_null(rig->disk);
    assert_int_equal(log_wal_vfs_add(&rig->vfs, sqlite3_vfs_find("disk")), SQLITE_OK);
    assert_ptr_equal(sqlite3_vfs_find(rig->vfs.name), &rig->vfs.base);
    rig->file = calloc(1, (size_t)rig->vfs.base.szOsFile);
    assert_non_null(rig->file);
    flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    assert_int_equal(rig->vfs.base.xOpen(&rig->vfs.base, path, rig->file, flags, NULL), SQLITE_OK);
}

static void end(struct rig *rig)
{
    if (rig->file->pMethods != NULL)
        rig->file->pMethods->xClose(rig->file);
    free(rig->file);
    log_wal_vfs_remove(&rig->vfs);
    assert_null(sqlite3_vfs_find(rig->vfs.name));
    memvfs_free(rig->disk);
}

static int put(struct rig *rig, int value, int n, sqlite3_int64 at)
{
    uint8_t *bytes = malloc((size_t)n);
    assert_non_null(bytes);
    memset(bytes, value, (size_t)n);
    int rc = rig->file->pMethods->xWrite(rig->file, bytes, n, at);
    free(bytes);
    return rc;
}

static void put_frames(struct rig *rig, int from, int n)
{
    for (int i = from; i < from + n; i++) {
        assert_int_equal(put(rig, i, HEAD, (sqlite3_int64)i * FRAME), SQLITE_OK);
        assert_int_equal(put(rig, i, PAGE, (sqlite3_int64)i * FRAME + HEAD), SQLITE_OK);
    }
}

static uint64_t writes(const struct rig *rig)
{
    return memvfs_count(rig->disk, MEMVFS_WRITE);
}

static int on_disk(const struct rig *rig, uint64_t at)
{
    uint8_t byte;
    return memvfs_peek(rig->disk, path, at, &byte, 1) ? byte : -1;
}

static void test_a_commit_is_one_write(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig, SQLITE_OPEN_WAL);
    put_frames(&rig, 0, 8);
    assert_int_equal(writes(&rig), 0);
    assert_int_equal(rig.file->pMethods->xSync(rig.file, SQLITE_SYNC_NORMAL), SQLITE_OK);
    assert_int_equal(writes(&rig), 1);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(on_disk(&rig, (uint64_t)i * FRAME), i);
        assert_int_equal(on_disk(&rig, (uint64_t)i * FRAME + FRAME - 1), i);
    }
    memvfs_power_cut(rig.disk, 7);
    assert_int_equal(on_disk(&rig, 8 * FRAME - 1), 7); /* it was synced after it was written, not before */
    end(&rig);
}

/* Whoever asks sees what was written; and no more than the buffer is gathered. */
static void test_what_was_written_is_seen(void **state)
{
    struct rig rig;
    uint8_t back[PAGE];
    sqlite3_int64 size;
    (void)state;
    begin(&rig, SQLITE_OPEN_WAL);
    put_frames(&rig, 0, 2);
    assert_int_equal(rig.file->pMethods->xRead(rig.file, back, PAGE, FRAME + HEAD), SQLITE_OK);
    assert_int_equal(back[0], 1);
    put_frames(&rig, 2, 1);
    assert_int_equal(rig.file->pMethods->xFileSize(rig.file, &size), SQLITE_OK);
    assert_int_equal(size, 3 * FRAME);
    put_frames(&rig, 3, 1);
    assert_int_equal(rig.file->pMethods->xTruncate(rig.file, FRAME), SQLITE_OK);
    assert_int_equal(memvfs_file_size(rig.disk, path), FRAME);
    put_frames(&rig, 1, 1 + LOG_WAL_GATHER_BYTES / FRAME);
    assert_true(memvfs_file_size(rig.disk, path) > FRAME);
    uint64_t before = writes(&rig);
    assert_int_equal(put(&rig, 9, 2 * LOG_WAL_GATHER_BYTES, 0),
                     SQLITE_OK); /* as it is, after what was before it */
    assert_int_equal(writes(&rig), before + 2);
    assert_int_equal(on_disk(&rig, FRAME), 9);
    end(&rig);
}

/* The WAL begins again from its start: the newer bytes win. */
static void test_written_again(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig, SQLITE_OPEN_WAL);
    put_frames(&rig, 0, 3);
    assert_int_equal(put(&rig, 77, HEAD, 0), SQLITE_OK);
    assert_int_equal(put(&rig, 78, PAGE, HEAD), SQLITE_OK);
    assert_int_equal(rig.file->pMethods->xSync(rig.file, SQLITE_SYNC_NORMAL), SQLITE_OK);
    assert_int_equal(on_disk(&rig, 0), 77);
    assert_int_equal(on_disk(&rig, HEAD), 78);
    assert_int_equal(on_disk(&rig, FRAME), 1);
    end(&rig);
}

/* A disk that is full says so where SQLite still takes the commit back; the bytes are not tried again. */
static void test_full(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig, SQLITE_OPEN_WAL);
    put_frames(&rig, 0, 2);
    uint64_t syncs = memvfs_count(rig.disk, MEMVFS_SYNC);
    memvfs_fail(rig.disk, MEMVFS_WRITE, 1, MEMVFS_FULL, false);
    assert_int_equal(rig.file->pMethods->xSync(rig.file, SQLITE_SYNC_NORMAL), SQLITE_FULL);
    assert_int_equal(memvfs_count(rig.disk, MEMVFS_SYNC), syncs);
    assert_int_equal(rig.file->pMethods->xSync(rig.file, SQLITE_SYNC_NORMAL), SQLITE_OK);
    assert_int_equal(memvfs_file_size(rig.disk, path), 0);
    end(&rig);
}

/* A file that is closed unsynced was no commit's. */
static void test_close(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig, SQLITE_OPEN_WAL);
    put_frames(&rig, 0, 2);
    assert_int_equal(rig.file->pMethods->xClose(rig.file), SQLITE_OK);
    rig.file->pMethods = NULL;
    assert_int_equal(writes(&rig), 0);
    end(&rig);
}

static void test_other_files_are_the_others(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig, SQLITE_OPEN_MAIN_DB);
    assert_int_equal(put(&rig, 1, PAGE, 0), SQLITE_OK);
    assert_int_equal(writes(&rig), 1);
    end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_commit_is_one_write),
        cmocka_unit_test(test_what_was_written_is_seen),
        cmocka_unit_test(test_written_again),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_close),
        cmocka_unit_test(test_other_files_are_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
