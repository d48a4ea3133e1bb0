/* The disk in memory does to files what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "tests/fault/memdisk.h"
#include "tests/fault/memvfs.h"

enum { BLOCK = 4 * MEMDISK_SECTOR };

static void fill(uint8_t *block, int value)
{
    memset(block, value, BLOCK);
}

/* Power cuts over many seeds: a synced block is always there, an unsynced one by chance, torn at sectors. */
static void test_power_cut(void **state)
{
    unsigned kept = 0, dropped = 0, torn = 0, gone = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct memdisk disk;
        uint8_t block[BLOCK], back[2 * BLOCK];
        memdisk_init(&disk, seed);
        struct memdisk_file *file = memdisk_open(&disk, "f", true);
        struct memdisk_file *other = memdisk_open(&disk, "never synced", true);
        fill(block, 1);
        assert_true(memdisk_write(&disk, file, 0, block, BLOCK));
        memdisk_sync(&disk, file);
        fill(block, 2);
        assert_true(memdisk_write(&disk, file, BLOCK, block, BLOCK));
        assert_int_equal(memdisk_read(file, 0, back, 2 * BLOCK), 2 * BLOCK);
        memdisk_power_cut(&disk);
        memdisk_release(file);
        memdisk_release(other);
        gone += !memdisk_exists(&disk, "never synced");
        file = memdisk_open(&disk, "f", false);
        assert_non_null(file);
        memset(back, 0, sizeof(back));
        uint64_t n = memdisk_read(file, 0, back, 2 * BLOCK);
        fill(block, 1);
        assert_true(n >= BLOCK);
        assert_memory_equal(back, block, BLOCK);
        unsigned sectors = 0;
        for (size_t at = BLOCK; at < sizeof(back); at += MEMDISK_SECTOR) {
            uint8_t first = back[at];
            assert_true(first == 0 || first == 2);
            for (size_t i = 1; i < MEMDISK_SECTOR; i++)
                assert_int_equal(back[at + i], first);
            sectors += first == 2;
        }
        kept += sectors == 4;
        dropped += sectors == 0;
        torn += sectors > 0 && sectors < 4;
        memdisk_release(file);
        memdisk_free(&disk);
    }
    assert_true(kept > 50 && dropped > 50 && torn > 50);
    assert_true(gone > 100 && gone < 200);
}

static void test_failed_sync(void **state)
{
    unsigned lost = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct memdisk disk;
        char back[3];
        memdisk_init(&disk, seed);
        struct memdisk_file *file = memdisk_open(&disk, "f", true);
        assert_true(memdisk_write(&disk, file, 0, "abc", 3));
        memdisk_sync(&disk, file);
        assert_true(memdisk_write(&disk, file, 0, "xyz", 3));
        memdisk_sync_fails(&disk, file);
        /* The cache still shows it, and a sync that works does not bring it to the disk. */
        assert_int_equal(memdisk_read(file, 0, back, 3), 3);
        assert_memory_equal(back, "xyz", 3);
        memdisk_sync(&disk, file);
        memdisk_power_cut(&disk);
        memdisk_read(file, 0, back, 3);
        assert_true(memcmp(back, "xyz", 3) == 0 || memcmp(back, "abc", 3) == 0);
        lost += back[0] == 'a';
        memdisk_release(file);
        memdisk_free(&disk);
    }
    assert_true(lost > 20 && lost < 80);
}

/* A removed name may come back, unless the folder was synced. */
static void test_removed(void **state)
{
    unsigned back = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct memdisk disk;
        memdisk_init(&disk, seed);
        struct memdisk_file *file = memdisk_open(&disk, "f", true);
        memdisk_sync(&disk, file);
        memdisk_release(file);
        memdisk_remove(&disk, "f");
        assert_false(memdisk_exists(&disk, "f"));
        if (seed >= 100)
            memdisk_sync_names(&disk);
        memdisk_power_cut(&disk);
        if (seed >= 100)
            assert_false(memdisk_exists(&disk, "f"));
        else
            back += memdisk_exists(&disk, "f");
        memdisk_free(&disk);
    }
    assert_true(back > 25 && back < 75);
}

static void test_size_limit(void **state)
{
    struct memdisk disk;
    uint8_t block[BLOCK] = {0};
    (void)state;
    memdisk_init(&disk, 1);
    struct memdisk_file *file = memdisk_open(&disk, "f", true);
    disk.size_max = 2 * BLOCK;
    assert_true(memdisk_write(&disk, file, 0, block, BLOCK));
    assert_true(memdisk_write(&disk, file, BLOCK, block, BLOCK));
    assert_false(memdisk_write(&disk, file, 2 * BLOCK, block, 1));
    assert_true(memdisk_write(&disk, file, 0, block, BLOCK));
    memdisk_truncate(file, BLOCK);
    assert_true(memdisk_write(&disk, file, BLOCK, block, 1));
    assert_int_equal(memdisk_used(&disk), BLOCK + 1);
    memdisk_release(file);
    memdisk_free(&disk);
}

/* Two runs of the same seed leave the same bytes. */
static void test_deterministic(void **state)
{
    uint8_t *files[2] = {NULL, NULL};
    int64_t sizes[2];
    (void)state;
    for (int run = 0; run < 2; run++) {
        sqlite3 *db;
        struct memvfs *vfs = memvfs_new("run", 42);
        assert_non_null(vfs);
        assert_int_equal(sqlite3_open_v2("a", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "run"), 0);
        assert_int_equal(sqlite3_exec(db,
                                      "CREATE TABLE t (x, y);"
                                      "INSERT INTO t SELECT strftime('%s %f', 'now'), zeroblob(9000);"
                                      "BEGIN; INSERT INTO t SELECT x, zeroblob(50000) FROM t;",
                                      NULL, NULL, NULL),
                         SQLITE_OK);
        memvfs_power_cut_at(vfs, MEMVFS_CHANGES, 5);
        assert_int_not_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
        assert_true(memvfs_has_fired(vfs));
        memvfs_power_cut(vfs, 7);
        sqlite3_close(db);
        sizes[run] = memvfs_file_size(vfs, "a");
        assert_true(sizes[run] > 0);
        files[run] = malloc((size_t)sizes[run]);
        assert_non_null(files[run]);
        assert_true(memvfs_peek(vfs, "a", 0, files[run], (size_t)sizes[run]));
        memvfs_free(vfs);
    }
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(files[0], files[1], (size_t)sizes[0]);
    free(files[0]);
    free(files[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_cut),     cmocka_unit_test(test_failed_sync),
        cmocka_unit_test(test_removed),       cmocka_unit_test(test_size_limit),
        cmocka_unit_test(test_deterministic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
