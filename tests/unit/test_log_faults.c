/* The store in SQLite on a disk that fills up, fails and loses power: at every single operation. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/log/log_chain.h"
#include "common/log/log_head.h"
#include "tests/fault/memvfs.h"
#include "tests/unit/log_support.h"

enum {
    STEPS_MAX = 2000, /* more operations than any script below takes */
    COMMITS = 6,      /* of a script, a head in the middle and at the end */
    BATCH = 3,
    IDLE_FRAMES = 600 /* a little more than two large records */
};

static int open_store(const char *vfs, struct log_store **ret, struct err *err)
{
    struct log_sqlite_options options = {.folder = "log",
                                         .region = LOG_TEST_REGION,
                                         .create = true,
                                         .vfs = vfs,
                                         .single_process = true,
                                         .idle_frames = IDLE_FRAMES};
    return log_sqlite_open(&options, ret, NULL, 0, err);
}

/* One commit of BATCH records with the indexes that go with them. */
static int append_batch(struct log_store *store, struct err *err)
{
    struct log_entry entries[BATCH];
    struct log_index index[BATCH][3];
    char payloads[BATCH][600];
    uint64_t head = log_get_head(store).seq;
    for (unsigned i = 0; i < BATCH; i++) {
        memset(payloads[i], 'p', sizeof(payloads[i]) - 1);
        payloads[i][sizeof(payloads[i]) - 1] = '\0';
        snprintf(payloads[i], 32, "payload %" PRIu64, head + i + 1);
        payloads[i][strlen(payloads[i])] = 'p';
        index[i][0] = (struct log_index){.op = LOG_TOUCH, .name = "s1"};
        index[i][1] = (struct log_index){.op = LOG_OUTBOX, .lane = 1, .name = "a1", .item = "o"};
        index[i][2] = (struct log_index){
            .op = LOG_CURSOR, .lane = 1, .name = "a1", .number = head >= BATCH ? head - BATCH : 0};
        entries[i] = log_test_entry("a1", head + i + 1, payloads[i], index[i], 3);
    }
    return log_append(store, head, entries, BATCH, err);
}

/* Everything there, whole batches only, the chain and the indexes as they should be. */
static void check_store(struct log_store *store, uint64_t at_least, uint64_t at_most)
{
    struct arena arena;
    struct log_answer answer;
    struct log_query query = {.question = LOG_Q_RANGE};
    struct hash previous = {{0}};
    struct err err;
    uint64_t head = log_get_head(store).seq;
    assert_in_range(head, at_least, at_most);
    assert_int_equal(head % BATCH, 0);
    arena_init(&arena, 4 * 1024 * 1024);
    assert_int_equal(log_read(store, &query, &arena, &answer, NULL), 0);
    assert_int_equal(answer.rows_n, head);
    for (size_t i = 0; i < answer.rows_n; i++) {
        if (log_chain_check(previous, i + 1, &answer.rows[i].record, &err) != 0)
            fail_msg("%s", err.text);
        previous = answer.rows[i].record.hash;
    }
    query = (struct log_query){.question = LOG_Q_STREAM, .name = "s1"};
    assert_int_equal(log_read(store, &query, &arena, &answer, NULL), 0);
    assert_int_equal(answer.rows_n, head);
    query = (struct log_query){.question = LOG_Q_COUNTER, .name = "a1"};
    assert_int_equal(log_read(store, &query, &arena, &answer, NULL), 0);
    assert_int_equal(answer.number, head);
    query = (struct log_query){.question = LOG_Q_CURSOR, .name = "a1", .lane = 1};
    assert_int_equal(log_read(store, &query, &arena, &answer, NULL), 0);
    uint64_t cursor = answer.number;
    assert_int_equal(cursor, head > 2 * BATCH ? head - 2 * BATCH : 0);
    query = (struct log_query){.question = LOG_Q_OUTBOX, .name = "a1", .lane = 1};
    assert_int_equal(log_read(store, &query, &arena, &answer, NULL), 0);
    assert_int_equal(answer.rows_n, head - cursor);
    arena_free(&arena);
}

/* What a life of the store came to. */
struct life {
    bool opened;
    uint64_t acknowledged; /* records of commits that were said to be durable */
    uint64_t attempted;
    int code; /* of the first call that failed */
};

/* Opens, commits, writes the head, closes (or leaves that to the caller); stops at the first failure. */
static struct life live(const char *vfs, bool sync_heads, struct log_store **ret_open)
{
    struct life life = {0};
    struct log_store *store = NULL;
    *ret_open = NULL;
    life.code = open_store(vfs, &store, NULL);
    if (life.code != 0)
        return life;
    life.opened = true;
    life.acknowledged = life.attempted = log_get_head(store).seq;
    *ret_open = store;
    for (int i = 0; i < COMMITS; i++) {
        life.attempted += BATCH;
        life.code = append_batch(store, NULL);
        if (life.code != 0)
            return life;
        life.acknowledged += BATCH;
        if (sync_heads && i % 3 == 2)
            life.code = log_sync_head(store, NULL);
        if (life.code != 0)
            return life;
    }
    return life;
}

/* The power goes at every operation that changes something: while the log is made, committed to, and (in a
 * second round) opened again and closed. What was acknowledged is there, and nothing but whole batches. */
static void power_cuts(uint64_t seed, bool second_life)
{
    uint64_t step = 1;
    bool fired = true;
    for (; fired && step < STEPS_MAX; step++) {
        struct memvfs *vfs = memvfs_new("disk", seed + step);
        struct log_store *store, *after;
        struct err err = {0};
        uint64_t before = 0;
        assert_non_null(vfs);
        if (second_life) {
            struct life first = live("disk", true, &store);
            assert_int_equal(first.code, 0);
            log_close(store);
            before = first.acknowledged;
        }
        memvfs_power_cut_at(vfs, MEMVFS_CHANGES, step);
        struct life life = live("disk", true, &store);
        if (life.code == 0) {
            log_close(store);
            store = NULL;
        }
        fired = memvfs_has_fired(vfs);
        memvfs_power_cut(vfs, seed * 1000 + step);
        log_close(store);
        if (open_store("disk", &after, &err) != 0)
            fail_msg("seed %" PRIu64 " step %" PRIu64 ": %s", seed, step, err.text);
        check_store(after, life.opened ? life.acknowledged : before, life.opened ? life.attempted : before);
        /* And it goes on. */
        assert_int_equal(append_batch(after, NULL), 0);
        assert_int_equal(log_sync_head(after, NULL), 0);
        log_close(after);
        memvfs_free(vfs);
    }
    assert_true(step > 30 && step < STEPS_MAX);
}

static void test_power_cut_everywhere(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++)
        power_cuts(seed, false);
}

static void test_power_cut_second_life(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++)
        power_cuts(seed, true);
}

/* The process dies at every operation; the disk keeps all that was written. */
static void test_killed_everywhere(void **state)
{
    bool fired = true;
    (void)state;
    for (uint64_t step = 1; fired; step++) {
        struct memvfs *vfs = memvfs_new("disk", step);
        struct log_store *store, *after;
        memvfs_power_cut_at(vfs, MEMVFS_CHANGES, step);
        struct life life = live("disk", true, &store);
        if (life.code == 0) {
            log_close(store);
            store = NULL;
        }
        fired = memvfs_has_fired(vfs);
        memvfs_kill(vfs);
        log_close(store);
        assert_int_equal(open_store("disk", &after, NULL), 0);
        check_store(after, life.acknowledged, life.attempted);
        log_close(after);
        memvfs_free(vfs);
        assert_true(step < STEPS_MAX);
    }
}

/* The disk is full at every single write: said so, nothing half done, and it goes on when there is room. */
static void test_full_at_every_write(void **state)
{
    bool fired = true;
    (void)state;
    for (uint64_t nth = 1; fired; nth++) {
        struct memvfs *vfs = memvfs_new("disk", nth);
        struct log_store *store;
        struct err err = {0};
        assert_int_equal(open_store("disk", &store, NULL), 0);
        assert_int_equal(append_batch(store, NULL), 0);
        memvfs_fail(vfs, MEMVFS_WRITE, nth, MEMVFS_FULL, true);
        uint64_t acknowledged = BATCH;
        int code = 0;
        for (int i = 0; i < COMMITS && code == 0; i++) {
            code = append_batch(store, &err);
            acknowledged += code == 0 ? BATCH : 0;
        }
        fired = memvfs_has_fired(vfs);
        assert_int_equal(code, fired ? ERR_DISK_FULL : 0);
        if (fired)
            assert_int_equal(append_batch(store, NULL), ERR_DISK_FULL);
        assert_int_equal(log_get_head(store).seq, acknowledged);
        check_store(store, acknowledged, acknowledged);
        int head_code = log_sync_head(store, NULL);
        assert_true(head_code == 0 || head_code == ERR_DISK_FULL);
        memvfs_fail(vfs, 0, 0, MEMVFS_FULL, false);
        assert_int_equal(append_batch(store, NULL), 0);
        assert_int_equal(log_sync_head(store, NULL), 0);
        check_store(store, acknowledged + BATCH, acknowledged + BATCH);
        /* What came after the full disk is as durable as what came before. */
        memvfs_power_cut(vfs, nth);
        log_close(store);
        assert_int_equal(open_store("disk", &store, NULL), 0);
        check_store(store, acknowledged + BATCH, acknowledged + BATCH);
        log_close(store);
        memvfs_free(vfs);
        assert_true(nth < STEPS_MAX);
    }
}

static void test_size_limit(void **state)
{
    struct memvfs *vfs = memvfs_new("disk", 1);
    struct log_store *store;
    (void)state;
    assert_int_equal(open_store("disk", &store, NULL), 0);
    memvfs_set_size_limit(vfs, memvfs_size(vfs) + 200000);
    int code = 0, appended = 0;
    for (; appended < 1000 && code == 0; appended++)
        code = append_batch(store, NULL);
    assert_int_equal(code, ERR_DISK_FULL);
    assert_true(appended > 3);
    memvfs_set_size_limit(vfs, 0);
    assert_int_equal(append_batch(store, NULL), 0);
    uint64_t head = log_get_head(store).seq;
    log_close(store);
    assert_int_equal(open_store("disk", &store, NULL), 0);
    check_store(store, head, head);
    log_close(store);
    /* A log cannot even be made on a full disk; with room it can. */
    struct memvfs *small = memvfs_new("small", 1);
    memvfs_set_size_limit(small, 20000);
    assert_int_equal(open_store("small", &store, NULL), ERR_DISK_FULL);
    memvfs_set_size_limit(small, 0);
    assert_int_equal(open_store("small", &store, NULL), 0);
    log_close(store);
    memvfs_free(small);
    memvfs_free(vfs);
}

/* Any other failure of the disk is final: nothing is tried again, nothing more is written, not by closing
 * either. A new process finds whole batches and all that was acknowledged. */
static void fails_for_good(unsigned ops)
{
    bool fired = true;
    uint64_t nth = 1;
    for (; fired; nth++) {
        struct memvfs *vfs = memvfs_new("disk", nth);
        struct log_store *store;
        struct err err = {0};
        assert_int_equal(open_store("disk", &store, NULL), 0);
        memvfs_fail(vfs, ops, nth, MEMVFS_EIO, false);
        uint64_t acknowledged = 0;
        int code = 0;
        for (int i = 0; i < COMMITS && code == 0; i++) {
            code = append_batch(store, &err);
            acknowledged += code == 0 ? BATCH : 0;
        }
        fired = memvfs_has_fired(vfs);
        assert_int_equal(code, fired ? ERR_IO : 0);
        if (fired) {
            uint64_t changes = memvfs_count(vfs, MEMVFS_CHANGES);
            struct log_query query = {.question = LOG_Q_RANGE};
            struct log_answer answer;
            assert_int_equal(append_batch(store, &err), ERR_IO);
            assert_int_equal(log_sync_head(store, &err), ERR_IO);
            assert_int_equal(log_read(store, &query, NULL, &answer, &err), ERR_IO);
            assert_int_equal(log_sqlite_redact(store, 1, &err), ERR_IO);
            log_close(store);
            store = NULL;
            assert_int_equal(memvfs_count(vfs, MEMVFS_CHANGES), changes);
        }
        memvfs_power_cut(vfs, nth);
        log_close(store);
        assert_int_equal(open_store("disk", &store, NULL), 0);
        check_store(store, acknowledged, acknowledged + BATCH);
        log_close(store);
        memvfs_free(vfs);
        assert_true(nth < STEPS_MAX);
    }
    assert_true(nth > COMMITS);
}

static void test_sync_fails(void **state)
{
    (void)state;
    fails_for_good(MEMVFS_SYNC);
}

static void test_write_fails(void **state)
{
    (void)state;
    fails_for_good(MEMVFS_WRITE);
}

static void test_head_sync_fails(void **state)
{
    struct memvfs *vfs = memvfs_new("disk", 1);
    struct log_store *store;
    (void)state;
    assert_int_equal(open_store("disk", &store, NULL), 0);
    assert_int_equal(append_batch(store, NULL), 0);
    memvfs_fail(vfs, MEMVFS_SYNC, 1, MEMVFS_EIO, false);
    assert_int_equal(log_sync_head(store, NULL), ERR_IO);
    assert_int_equal(append_batch(store, NULL), ERR_IO);
    log_close(store);
    assert_int_equal(open_store("disk", &store, NULL), 0);
    check_store(store, BATCH, BATCH);
    log_close(store);
    memvfs_free(vfs);
}

/* WAL and slots lose their tail together only if both are cut. */
static void test_cut_wal(void **state)
{
    struct memvfs *vfs = memvfs_new("disk", 1);
    struct log_store *store;
    struct err err;
    (void)state;
    struct life life = live("disk", true, &store);
    assert_int_equal(life.code, 0);
    memvfs_kill(vfs);
    log_close(store);
    int64_t wal = memvfs_file_size(vfs, "log/muster.db-wal");
    assert_true(wal > 8192);
    assert_true(memvfs_cut(vfs, "log/muster.db-wal", (uint64_t)wal - 4000));
    assert_int_equal(open_store("disk", &store, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.text, "records 16 to 18 are missing"));
    assert_true(memvfs_remove(vfs, "log/muster.db"));
    assert_int_equal(open_store("disk", &store, &err), ERR_CORRUPT);
    assert_int_equal(memvfs_file_size(vfs, "log/muster.db"), -1);
    memvfs_free(vfs);
}

/* The WAL is written back in the middle of commits, at its bound; faults there are not lost either. */
static void append_large(struct log_store *store, unsigned n, int expected)
{
    static uint8_t payload[LOG_PAYLOAD_MAX];
    for (unsigned i = 0; i < n; i++) {
        struct log_entry entry = log_test_entry("", 0, "", NULL, 0);
        entry.record.payload = (struct bytes){payload, sizeof(payload)};
        assert_int_equal(log_append(store, log_get_head(store).seq, &entry, 1, NULL), expected);
    }
}

/* The power goes, and what was acknowledged up to head is there when it is back. */
static void end_with_power_cut(struct memvfs *vfs, struct log_store *store, uint64_t seed, uint64_t head)
{
    memvfs_power_cut(vfs, seed);
    log_close(store);
    assert_int_equal(open_store("disk", &store, NULL), 0);
    assert_int_equal(log_get_head(store).seq, head);
    log_close(store);
    memvfs_free(vfs);
}

static void test_checkpoint(void **state)
{
    enum { BELOW = 58, BEYOND = 6 };
    struct memvfs *vfs = memvfs_new("disk", 1);
    struct log_store *store;
    bool tried = false;
    (void)state;
    assert_int_equal(open_store("disk", &store, NULL), 0);
    append_large(store, BELOW, 0);
    int64_t small = memvfs_file_size(vfs, "log/muster.db");
    append_large(store, BEYOND, 0);
    assert_true(memvfs_file_size(vfs, "log/muster.db") > small + 60 * 1024 * 1024);
    int64_t wal = memvfs_file_size(vfs, "log/muster.db-wal");
    append_large(store, 20, 0);
    assert_true(memvfs_file_size(vfs, "log/muster.db-wal") <= wal);
    /* No room to write back: the commit stands all the same; once the WAL cannot grow either, it is said. */
    append_large(store, BELOW - 20 - BEYOND, 0);
    memvfs_set_size_limit(vfs, memvfs_size(vfs) + 20 * 1024 * 1024);
    uint64_t writes = 0, batches = 0;
    while (batches < 4000 && append_batch(store, NULL) == 0) {
        batches++;
        /* A commit of a few records that wrote megabytes has tried to write back. */
        uint64_t before = writes;
        writes = memvfs_count(vfs, MEMVFS_WRITE);
        tried = tried || (before > 0 && writes - before > 1000);
    }
    assert_true(tried);
    memvfs_set_size_limit(vfs, 0);
    append_large(store, BEYOND + 4, 0);
    end_with_power_cut(vfs, store, 1, log_get_head(store).seq);
}

static void test_checkpoint_fails(void **state)
{
    enum { BELOW = 58, BEYOND = 6 };
    struct memvfs *vfs = memvfs_new("disk", 1);
    struct log_store *store;
    (void)state;
    assert_int_equal(open_store("disk", &store, NULL), 0);
    append_large(store, BELOW, 0);
    uint64_t syncs = memvfs_count(vfs, MEMVFS_SYNC);
    append_large(store, 1, 0);
    assert_int_equal(memvfs_count(vfs, MEMVFS_SYNC), syncs + 1);
    /* One of the next commits writes back: its third sync is the database's. */
    int code = 0;
    uint64_t acknowledged = log_get_head(store).seq;
    for (int i = 0; i < BEYOND && !memvfs_has_fired(vfs); i++) {
        memvfs_fail(vfs, MEMVFS_SYNC, 3, MEMVFS_EIO, false);
        append_large(store, 1, 0);
        acknowledged++;
    }
    assert_true(memvfs_has_fired(vfs));
    code = append_batch(store, NULL);
    assert_int_equal(code, ERR_IO);
    end_with_power_cut(vfs, store, 3, acknowledged);
}

/* While nobody waits the WAL is written back long before its bound, and begins anew; once is enough. */
static void test_idle_checkpoint(void **state)
{
    struct memvfs *vfs = memvfs_new("disk", 1);
    struct log_store *store;
    (void)state;
    assert_int_equal(open_store("disk", &store, NULL), 0);
    append_large(store, 2, 0);
    int64_t empty = memvfs_file_size(vfs, "log/muster.db");
    log_idle(store);
    assert_int_equal(memvfs_file_size(vfs, "log/muster.db"), empty);
    append_large(store, 1, 0);
    assert_int_equal(memvfs_file_size(vfs, "log/muster.db"), empty);
    log_idle(store);
    assert_true(memvfs_file_size(vfs, "log/muster.db") >= empty + 3 * LOG_PAYLOAD_MAX);
    int64_t wal = memvfs_file_size(vfs, "log/muster.db-wal");
    uint64_t changes = memvfs_count(vfs, MEMVFS_CHANGES);
    log_idle(store);
    assert_true(memvfs_count(vfs, MEMVFS_CHANGES) == changes);
    for (int i = 0; i < 20; i++) {
        append_large(store, 3, 0);
        log_idle(store);
    }
    assert_true(memvfs_file_size(vfs, "log/muster.db-wal") < 2 * wal);
    end_with_power_cut(vfs, store, 1, log_get_head(store).seq);
}

/* A full disk only puts it off, and it is not tried at every turn; any other fault is the next append's. */
static void test_idle_checkpoint_fails(void **state)
{
    struct memvfs *vfs = memvfs_new("disk", 1);
    struct log_store *store;
    (void)state;
    assert_int_equal(open_store("disk", &store, NULL), 0);
    append_large(store, 3, 0);
    memvfs_fail(vfs, MEMVFS_WRITE, 1, MEMVFS_FULL, false);
    log_idle(store);
    assert_true(memvfs_has_fired(vfs));
    uint64_t changes = memvfs_count(vfs, MEMVFS_CHANGES);
    assert_int_equal(append_batch(store, NULL), 0);
    uint64_t one = memvfs_count(vfs, MEMVFS_CHANGES) - changes;
    log_idle(store);
    assert_true(memvfs_count(vfs, MEMVFS_CHANGES) == changes + one);
    append_large(store, 3, 0);
    memvfs_fail(vfs, MEMVFS_SYNC, 1, MEMVFS_EIO, false);
    log_idle(store);
    assert_true(memvfs_has_fired(vfs));
    uint64_t head = log_get_head(store).seq;
    assert_int_equal(append_batch(store, NULL), ERR_IO);
    log_idle(store);
    end_with_power_cut(vfs, store, 1, head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_cut_everywhere),
        cmocka_unit_test(test_power_cut_second_life),
        cmocka_unit_test(test_killed_everywhere),
        cmocka_unit_test(test_full_at_every_write),
        cmocka_unit_test(test_size_limit),
        cmocka_unit_test(test_sync_fails),
        cmocka_unit_test(test_write_fails),
        cmocka_unit_test(test_head_sync_fails),
        cmocka_unit_test(test_cut_wal),
        cmocka_unit_test(test_checkpoint),
        cmocka_unit_test(test_checkpoint_fails),
        cmocka_unit_test(test_idle_checkpoint),
        cmocka_unit_test(test_idle_checkpoint_fails),
    };
    if (crypto_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
