/* Reading without disturbing: live, closed, copied; and what verifying finds. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "common/log/log_reader.h"
#include "tests/unit/log_support.h"

struct fixture {
    char folder[LOG_TEST_PATH];
    char copy[LOG_TEST_PATH];
    char path[LOG_TEST_PATH];
    struct err err;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    log_test_folder(f->folder);
    log_test_folder(f->copy);
    log_test_path(f->path, f->folder, "muster.db");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    log_test_remove(f->folder);
    log_test_remove(f->copy);
    free(f);
    return 0;
}

static struct log_reader *open_reader(struct fixture *f, const char *folder)
{
    struct log_reader *reader = NULL;
    if (log_reader_open(folder, &reader, &f->err) != 0)
        fail_msg("%s", f->err.text);
    return reader;
}

static int ask_reader(void *log, const struct log_query *query, struct arena *arena, struct log_answer *ret,
                      struct err *err)
{
    return log_reader_read(log, query, arena, ret, err);
}

/* Names in the folder, to see that reading adds none. */
static int count_files(const char *folder)
{
    int n = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

static void copy_file(struct fixture *f, const char *name)
{
    char from[LOG_TEST_PATH], to[LOG_TEST_PATH];
    log_test_copy(log_test_path(from, f->folder, name), log_test_path(to, f->copy, name));
}

static void expect_same(struct fixture *f, struct log_reader *reader, const char *expected)
{
    uint64_t bad = 77;
    char *dump = log_test_dump(reader, ask_reader, 0);
    assert_string_equal(dump, expected);
    free(dump);
    if (log_reader_verify(reader, NULL, NULL, &bad, &f->err) != 0)
        fail_msg("%s", f->err.text);
    assert_int_equal(bad, 77);
}

static void fill(struct log_store *store)
{
    const struct log_index index[] = {{.op = LOG_TOUCH, .name = "s1"},
                                      {.op = LOG_OPEN, .name = "s1"},
                                      {.op = LOG_DUE, .name = "s1", .number = 9},
                                      {.op = LOG_OUTBOX, .lane = 1, .name = "a2", .item = "o1"},
                                      {.op = LOG_TOMBSTONE, .lane = 1, .name = "a2", .item = "o1"}};
    struct log_entry entry = log_test_entry("a1", 1, "indexed", index, 5);
    assert_int_equal(log_append(store, log_get_head(store).seq, &entry, 1, NULL), 0);
    log_test_append(store, 200);
}

/* While the broker writes: what is committed is seen, the broker is not held up. */
static void test_live(void **state)
{
    struct fixture *f = *state;
    struct log_store *store = log_test_open(f->folder);
    fill(store);
    assert_int_equal(log_sync_head(store, NULL), 0);
    struct log_reader *reader = open_reader(f, f->folder);
    const struct log_facts *facts = log_reader_facts(reader);
    assert_true(facts->live);
    assert_int_equal(facts->head.seq, 201);
    assert_int_equal(facts->format, LOG_FORMAT);
    assert_string_equal(facts->region, LOG_TEST_REGION);
    assert_true(facts->slots_present);
    assert_int_equal(facts->slot.seq, 201);
    char *dump = log_test_dump(store, log_test_ask_store, 0);
    expect_same(f, reader, dump);
    free(dump);
    log_test_append(store, 50);
    dump = log_test_dump(store, log_test_ask_store, 0);
    expect_same(f, reader, dump);
    free(dump);
    /* The reader holds no transaction between its reads: a redaction can empty the WAL. */
    assert_int_equal(log_sqlite_redact(store, 5, &f->err), 0);
    log_close(store);
    assert_int_equal(log_reader_verify(reader, NULL, NULL, NULL, &f->err), 0);
    log_reader_close(reader);
    log_close(log_test_open(f->folder));
}

/* Another program that reads without a pause: the WAL grows to its bound and no further, what is refused
 * leaves nothing, and all goes on when that program ends. */
static void test_long_reader(void **state)
{
    enum { FRAMES_MAX = 400, FRAME_BYTES = 4096 + 24, PER_COMMIT_MAX = 16 };
    struct fixture *f = *state;
    struct log_sqlite_options options = log_test_options(f->folder);
    struct log_store *store;
    sqlite3 *db;
    char wal[LOG_TEST_PATH];
    size_t n = 0;
    options.wal_frames_max = FRAMES_MAX;
    assert_int_equal(log_sqlite_open(&options, &store, NULL, 0, &f->err), 0);
    log_test_append(store, 1);
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN; SELECT count(*) FROM record", NULL, NULL, NULL), SQLITE_OK);
    int code = 0;
    for (unsigned i = 1; i < FRAMES_MAX && code == 0; i++) {
        struct log_entry entry = log_test_entry("a0", i, "word", NULL, 0);
        code = log_append(store, log_get_head(store).seq, &entry, 1, &f->err);
    }
    assert_int_equal(code, ERR_DISK_FULL);
    assert_non_null(strstr(f->err.text, "another program reads the log"));
    uint64_t head = log_get_head(store).seq;
    struct log_entry entry = log_test_entry("a1", 1, "later", NULL, 0);
    assert_int_equal(log_append(store, head, &entry, 1, &f->err), ERR_DISK_FULL);
    free(log_test_read(log_test_path(wal, f->folder, "muster.db-wal"), &n));
    assert_in_range(n, 1, (FRAMES_MAX + PER_COMMIT_MAX) * FRAME_BYTES);
    sqlite3_close(db);
    assert_int_equal(log_append(store, head, &entry, 1, &f->err), 0);
    assert_int_equal(log_get_head(store).seq, head + 1);
    log_test_append(store, 50);
    log_close(store);
    store = log_test_open(f->folder);
    assert_int_equal(log_get_head(store).seq, head + 51);
    log_close(store);
}

static void test_closed(void **state)
{
    struct fixture *f = *state;
    struct log_store *store = log_test_open(f->folder);
    fill(store);
    char *dump = log_test_dump(store, log_test_ask_store, 0);
    log_close(store);
    int files = count_files(f->folder);
    /* Not even by permission could anything be written. */
    assert_int_equal(chmod(f->folder, 0500), 0);
    struct log_reader *reader = open_reader(f, f->folder);
    assert_false(log_reader_facts(reader)->live);
    expect_same(f, reader, dump);
    assert_int_equal(count_files(f->folder), files);
    assert_int_equal(chmod(f->folder, 0700), 0);
    /* Once somebody writes, what is open without locks is not to be trusted. */
    store = log_test_open(f->folder);
    assert_int_equal(log_reader_verify(reader, NULL, NULL, NULL, &f->err), ERR_TEMPORARY);
    log_close(store);
    log_reader_close(reader);
    /* Database alone, in a folder with a name that a URI would misread. */
    char odd[LOG_TEST_PATH], to[LOG_TEST_PATH];
    assert_int_equal(mkdir(log_test_path(odd, f->copy, "50% of #1?mode=rw 救援"), 0700), 0);
    log_test_copy(f->path, log_test_path(to, odd, "muster.db"));
    reader = open_reader(f, odd);
    assert_false(log_reader_facts(reader)->slots_present);
    expect_same(f, reader, dump);
    assert_int_equal(count_files(odd), 3);
    log_reader_close(reader);
    log_reader_close(NULL);
    free(dump);
}

/* A copy taken from under a running broker, or what a crash left: the WAL counts, and stays. */
static void test_copy_with_wal(void **state)
{
    struct fixture *f = *state;
    struct log_store *store = log_test_open(f->folder);
    fill(store);
    assert_int_equal(log_sync_head(store, NULL), 0);
    char *dump = log_test_dump(store, log_test_ask_store, 0);
    copy_file(f, "muster.db");
    copy_file(f, "muster.db-wal");
    copy_file(f, "head");
    log_close(store);
    char wal[LOG_TEST_PATH];
    size_t before_n, after_n;
    uint8_t *before = log_test_read(log_test_path(wal, f->copy, "muster.db-wal"), &before_n);
    int files = count_files(f->copy);
    char temporary[LOG_TEST_PATH]; /* nobody else's copies come and go there */
    log_test_folder(temporary);
    assert_int_equal(setenv("TMPDIR", temporary, 1), 0);
    int nothing = count_files(temporary);
    struct log_reader *reader = open_reader(f, f->copy);
    assert_false(log_reader_facts(reader)->live);
    assert_int_equal(count_files(temporary), nothing);
    assert_int_equal(log_reader_facts(reader)->head.seq, 201);
    expect_same(f, reader, dump);
    assert_int_equal(count_files(f->copy), files);
    log_reader_close(reader);
    assert_int_equal(unsetenv("TMPDIR"), 0);
    uint8_t *after = log_test_read(wal, &after_n);
    assert_int_equal(before_n, after_n);
    assert_memory_equal(before, after, before_n);
    /* With the WAL cut the tail is gone, and verifying says from where. */
    log_test_write(wal, before, before_n / 2);
    reader = open_reader(f, f->copy);
    uint64_t bad = 0;
    uint64_t head = log_reader_facts(reader)->head.seq;
    assert_true(head < 201);
    assert_int_equal(log_reader_verify(reader, NULL, NULL, &bad, &f->err), ERR_CORRUPT);
    assert_int_equal(bad, head + 1);
    assert_non_null(strstr(f->err.text, "201"));
    log_reader_close(reader);
    free(before);
    free(after);
    free(dump);
}

static void expect_refused(struct fixture *f, int code)
{
    struct log_reader *reader;
    assert_int_equal(log_reader_open(f->folder, &reader, &f->err), code);
    assert_non_null(strstr(f->err.text, f->folder));
}

static void test_refused(void **state)
{
    struct fixture *f = *state;
    char head[LOG_TEST_PATH];
    expect_refused(f, ERR_NO_INPUT);
    log_test_write(f->path, "", 0);
    expect_refused(f, ERR_NO_INPUT);
    log_test_write(f->path, "not a database at all", 21);
    expect_refused(f, ERR_CORRUPT);
    assert_int_equal(remove(f->path), 0);
    struct log_store *store = log_test_open(f->folder);
    log_test_append(store, 3);
    assert_int_equal(log_sync_head(store, NULL), 0);
    log_close(store);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 9", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    expect_refused(f, ERR_NEWER);
    log_test_write(f->path, "", 0);
    expect_refused(f, ERR_CORRUPT);
    assert_int_equal(remove(log_test_path(head, f->folder, "head")), 0);
    expect_refused(f, ERR_NO_INPUT);
    struct log_reader *reader;
    assert_int_equal(log_reader_open(f->path, &reader, &f->err), ERR_NO_INPUT);
    assert_int_equal(log_reader_open("/nowhere", &reader, &f->err), ERR_NO_INPUT);
}

static void expect_bad(struct fixture *f, uint64_t seq)
{
    struct log_reader *reader = open_reader(f, f->folder);
    uint64_t bad = 0;
    char name[32];
    snprintf(name, sizeof(name), "record %llu ", (unsigned long long)seq);
    assert_int_equal(log_reader_verify(reader, NULL, NULL, &bad, &f->err), ERR_CORRUPT);
    assert_int_equal(bad, seq);
    assert_non_null(strstr(f->err.text, name));
    log_reader_close(reader);
}

static void run_sql(const struct fixture *f, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* One bit of the file under a payload, and rows that were changed by hand. */
static void test_verify_finds(void **state)
{
    struct fixture *f = *state;
    char good[LOG_TEST_PATH];
    struct log_store *store = log_test_open(f->folder);
    for (int i = 0; i < 3; i++)
        log_test_append(store, 1000);
    log_close(store);
    log_test_copy(f->path, log_test_path(good, f->copy, "good"));
    size_t n;
    uint8_t *bytes = log_test_read(f->path, &n);
    uint8_t *hit = memmem(bytes, n, "payload 1234", 12);
    assert_non_null(hit);
    hit[8] ^= 1;
    log_test_write(f->path, bytes, n);
    free(bytes);
    expect_bad(f, 1234);
    static const struct {
        const char *sql;
        uint64_t seq;
    } vandals[] = {
        {"UPDATE record SET bus_ms = bus_ms + 1 WHERE seq = 2", 2},
        {"UPDATE record SET hash = zeroblob(32) WHERE seq = 2999", 2999},
        {"UPDATE record SET hash = x'00' WHERE seq = 30", 30},
        {"UPDATE record SET payload_hash = zeroblob(32) WHERE seq = 40", 40},
        {"DELETE FROM record WHERE seq = 1025", 1025},
        {"DELETE FROM record WHERE seq = 1", 1},
        {"DELETE FROM record WHERE seq BETWEEN 1000 AND 2500", 1000},
        {"UPDATE record SET payload = NULL, payload_hash = zeroblob(32) WHERE seq = 7", 7},
    };
    for (size_t i = 0; i < sizeof(vandals) / sizeof(vandals[0]); i++) {
        log_test_copy(good, f->path);
        run_sql(f, vandals[i].sql);
        expect_bad(f, vandals[i].seq);
    }
    /* A page of garbage in the middle: SQLite notices, and the first record that is out of reach is named. */
    bytes = log_test_read(good, &n);
    memset(bytes + n / 8192 * 4096, 0x5a, 4096);
    log_test_write(f->path, bytes, n);
    free(bytes);
    struct log_reader *reader = open_reader(f, f->folder);
    uint64_t bad = 0;
    assert_int_equal(log_reader_verify(reader, NULL, NULL, &bad, &f->err), ERR_CORRUPT);
    assert_true(bad > 0 && bad <= 3000);
    log_reader_close(reader);
    /* Redacting is no damage. */
    log_test_copy(good, f->path);
    run_sql(f, "UPDATE record SET payload = NULL WHERE seq = 7");
    reader = open_reader(f, f->folder);
    assert_int_equal(log_reader_verify(reader, NULL, NULL, &bad, &f->err), 0);
    log_reader_close(reader);
}

struct visited {
    uint64_t n;
    uint64_t stop_at;
};

static int visit(void *ctx, const struct log_record *record, struct err *err)
{
    struct visited *visited = ctx;
    visited->n++;
    assert_int_equal(record->header.seq, visited->n);
    return visited->n == visited->stop_at ? err_set(err, ERR_PERMISSION, "no") : 0;
}

static void test_visit(void **state)
{
    struct fixture *f = *state;
    struct log_store *store = log_test_open(f->folder);
    for (int i = 0; i < 3; i++)
        log_test_append(store, 700);
    log_close(store);
    struct log_reader *reader = open_reader(f, f->folder);
    struct visited visited = {0};
    uint64_t bad = 0;
    assert_int_equal(log_reader_verify(reader, visit, &visited, &bad, &f->err), 0);
    assert_int_equal(visited.n, 2100);
    visited = (struct visited){.stop_at = 1500};
    assert_int_equal(log_reader_verify(reader, visit, &visited, &bad, &f->err), ERR_PERMISSION);
    assert_int_equal(bad, 1500);
    log_reader_close(reader);
}

/* What an analyst finds at a SQL prompt. */
struct scanned {
    uint64_t next;
    uint64_t stop_at; /* 0: never */
};

static int scan_visit(void *ctx, const struct log_record *record, struct err *err)
{
    struct scanned *scanned = ctx;
    char payload[32];
    assert_int_equal(record->header.seq, scanned->next);
    snprintf(payload, sizeof(payload), "payload %u", (unsigned)record->header.seq);
    assert_int_equal(record->payload.n, strlen(payload));
    assert_memory_equal(record->payload.p, payload, strlen(payload));
    if (scanned->next++ == scanned->stop_at)
        return err_set(err, ERR_DATA, "enough");
    return 0;
}

/* Every record once, from anywhere, and to where the visitor stops; the reader then answers as before. */
static void test_scan(void **state)
{
    struct fixture *f = *state;
    struct log_store *store = log_test_open(f->folder);
    log_test_append(store, 1000);
    log_test_append(store, 1000);
    log_close(store);
    struct log_reader *reader = open_reader(f, f->folder);
    struct scanned scanned = {.next = 1};
    assert_int_equal(log_reader_scan(reader, 0, scan_visit, &scanned, &f->err), 0);
    assert_int_equal(scanned.next, 2001);
    scanned = (struct scanned){.next = 1990};
    assert_int_equal(log_reader_scan(reader, 1989, scan_visit, &scanned, &f->err), 0);
    assert_int_equal(scanned.next, 2001);
    scanned = (struct scanned){.next = 1, .stop_at = 7};
    assert_int_equal(log_reader_scan(reader, 0, scan_visit, &scanned, &f->err), ERR_DATA);
    assert_string_equal(f->err.text, "enough");
    assert_int_equal(scanned.next, 8);
    assert_int_equal(log_reader_verify(reader, NULL, NULL, NULL, &f->err), 0);
    /* Somebody writes again: what was opened as closed is no longer read. */
    store = log_test_open(f->folder);
    scanned = (struct scanned){.next = 1};
    assert_int_equal(log_reader_scan(reader, 0, scan_visit, &scanned, &f->err), ERR_TEMPORARY);
    log_reader_close(reader);
    /* A record that is none, behind what is good. */
    log_close(store);
    run_sql(f, "UPDATE record SET hash = x'00' WHERE seq = 1500");
    reader = open_reader(f, f->folder);
    scanned = (struct scanned){.next = 1};
    assert_int_equal(log_reader_scan(reader, 0, scan_visit, &scanned, &f->err), ERR_CORRUPT);
    assert_int_equal(scanned.next, 1500);
    assert_non_null(strstr(f->err.text, "record 1500 of "));
    log_reader_close(reader);
}

struct held {
    struct log_store *store;
    uint64_t seen;
    unsigned busy; /* visits at which the WAL could not be emptied */
};

/* As while the output stands in a full pipe: the broker's writer wants the WAL empty, without waiting long.
 * */
static int held_visit(void *ctx, const struct log_record *record, struct err *err)
{
    struct held *held = ctx;
    assert_int_equal(record->header.seq, held->seen + 1);
    if (held->seen++ % 500 == 0)
        held->busy += log_sqlite_redact(held->store, 1, err) != 0;
    return 0;
}

/* However long a visitor has a record of a live log, the log can be written back. */
static void test_visit_holds_nothing(void **state)
{
    struct fixture *f = *state;
    struct log_store *store = log_test_open(f->folder);
    for (int i = 0; i < 3; i++)
        log_test_append(store, 700);
    struct log_reader *reader = open_reader(f, f->folder);
    assert_true(log_reader_facts(reader)->live);
    struct held held = {.store = store};
    if (log_reader_scan(reader, 0, held_visit, &held, &f->err) != 0)
        fail_msg("%s", f->err.text);
    assert_int_equal(held.seen, 2100);
    assert_int_equal(held.busy, 0);
    held = (struct held){.store = store};
    if (log_reader_verify(reader, held_visit, &held, NULL, &f->err) != 0)
        fail_msg("%s", f->err.text);
    assert_int_equal(held.seen, 2100);
    assert_int_equal(held.busy, 0);
    log_reader_close(reader);
    log_close(store);
}

/* A live log's record of the largest size, and damage in the midst of a piece. */
static void test_scan_live(void **state)
{
    struct fixture *f = *state;
    char *large = malloc(LOG_PAYLOAD_MAX + 1);
    struct log_store *store = log_test_open(f->folder);
    assert_non_null(large);
    memset(large, 'x', LOG_PAYLOAD_MAX);
    large[LOG_PAYLOAD_MAX] = '\0';
    for (uint64_t i = 0; i < 3; i++) {
        struct log_entry entry = log_test_entry("a0", i + 1, large, NULL, 0);
        assert_int_equal(log_append(store, i, &entry, 1, NULL), 0);
    }
    log_test_append(store, 50);
    struct log_reader *reader = open_reader(f, f->folder);
    struct visited visited = {0};
    assert_int_equal(log_reader_scan(reader, 0, visit, &visited, &f->err), 0);
    assert_int_equal(visited.n, 53);
    visited = (struct visited){.stop_at = 2};
    assert_int_equal(log_reader_scan(reader, 0, visit, &visited, &f->err), ERR_PERMISSION);
    assert_int_equal(visited.n, 2);
    run_sql(f, "UPDATE record SET hash = x'00' WHERE seq = 30");
    visited = (struct visited){0};
    assert_int_equal(log_reader_scan(reader, 0, visit, &visited, &f->err), ERR_CORRUPT);
    assert_int_equal(visited.n, 29);
    assert_non_null(strstr(f->err.text, "record 30 of "));
    log_reader_close(reader);
    log_close(store);
    free(large);
}

static void test_views(void **state)
{
    struct fixture *f = *state;
    struct log_store *store = log_test_open(f->folder);
    struct log_entry entry = log_test_entry("a0", 1, "no", NULL, 0);
    entry.record.header.outcome = LOG_REFUSED;
    assert_int_equal(log_append(store, 0, &entry, 1, NULL), 0);
    fill(store);
    assert_int_equal(log_sqlite_redact(store, 3, NULL), 0);
    log_close(store);
    run_sql(f, "CREATE TEMP TABLE ok (x CHECK (x));"
               "INSERT INTO ok SELECT count(*) = 1 AND min(author) = 'a0' FROM refusals;"
               "INSERT INTO ok SELECT count(*) = 1 AND min(recalled) = 1 AND min(first_seq) = 2 FROM waiting;"
               "INSERT INTO ok SELECT count(*) = 1 FROM journal WHERE outcome = 'redacted';"
               "INSERT INTO ok SELECT bus_time = '2025-10-09T08:53:20.000Z' FROM journal WHERE seq = 1;"
               "INSERT INTO ok SELECT value = '370102' FROM meta WHERE key = 'region';");
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_live),          IN_FOLDER(test_closed),
        IN_FOLDER(test_copy_with_wal), IN_FOLDER(test_refused),
        IN_FOLDER(test_verify_finds),  IN_FOLDER(test_visit),
        IN_FOLDER(test_scan),          IN_FOLDER(test_views),
        IN_FOLDER(test_long_reader),   IN_FOLDER(test_visit_holds_nothing),
        IN_FOLDER(test_scan_live),
    };
    if (crypto_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
