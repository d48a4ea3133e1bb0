/* The store in a folder: opening, refusing, the second writer, what the slots bring to light. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "common/log/log_folder.h"
#include "common/log/log_head.h"
#include "tests/unit/log_support.h"

struct fixture {
    char folder[LOG_TEST_PATH];
    char path[LOG_TEST_PATH]; /* muster.db */
    char head[LOG_TEST_PATH];
    struct err err;
    char warning[256];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    log_test_folder(f->folder);
    log_test_path(f->path, f->folder, "muster.db");
    log_test_path(f->head, f->folder, "head");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    log_test_remove(f->folder);
    free(f);
    return 0;
}

/* Opens and closes again; the code. */
static int try_options(struct fixture *f, const struct log_sqlite_options *options)
{
    struct log_store *store = NULL;
    f->err.text[0] = '\0';
    int code = log_sqlite_open(options, &store, f->warning, sizeof(f->warning), &f->err);
    if (code == 0)
        log_close(store);
    else
        assert_true(strlen(f->err.text) > 0 && f->err.code == code);
    return code;
}

static int try_open(struct fixture *f)
{
    struct log_sqlite_options options = log_test_options(f->folder);
    return try_options(f, &options);
}

/* A closed log of n records, with its slots written. */
static void make_log(struct fixture *f, unsigned n)
{
    struct log_store *store = log_test_open(f->folder);
    log_test_append(store, n);
    assert_int_equal(log_sync_head(store, NULL), 0);
    log_close(store);
}

/* Runs SQL on the closed log, as a vandal would. */
static void run_sql(const struct fixture *f, const char *sql)
{
    sqlite3 *db;
    char *error = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    sqlite3_exec(db, sql, NULL, NULL, &error);
    if (error != NULL)
        fail_msg("%s", error);
    sqlite3_close(db);
}

static void test_reopen(void **state)
{
    struct fixture *f = *state;
    char inner[LOG_TEST_PATH];
    log_test_path(inner, f->folder, "new folder");
    struct log_store *store = log_test_open(inner);
    log_test_append(store, 100);
    char *before = log_test_dump(store, log_test_ask_store, 0);
    struct log_head head = log_get_head(store);
    log_close(store);
    store = log_test_open(inner);
    char *after = log_test_dump(store, log_test_ask_store, 0);
    assert_string_equal(before, after);
    assert_int_equal(log_get_head(store).seq, 100);
    assert_true(hash_equal(log_get_head(store).hash, head.hash));
    log_test_append(store, 1);
    log_close(store);
    free(before);
    free(after);
}

static void test_missing(void **state)
{
    struct fixture *f = *state;
    char lock[LOG_TEST_PATH];
    struct log_sqlite_options options = log_test_options(f->folder);
    options.create = false;
    assert_int_equal(try_options(f, &options), ERR_NO_INPUT);
    assert_false(log_test_exists(log_test_path(lock, f->folder, "lock")));
    char nowhere[LOG_TEST_PATH];
    options.folder = log_test_path(nowhere, f->folder, "nowhere");
    assert_int_equal(try_options(f, &options), ERR_NO_INPUT);
    options.create = true;
    options.folder = log_test_path(nowhere, f->folder, "nowhere/deeper");
    assert_int_equal(try_options(f, &options), ERR_CANNOT_CREATE);
    log_test_write(f->path, "x", 1);
    options.folder = f->path;
    assert_int_equal(try_options(f, &options), ERR_NO_INPUT);
    options = log_test_options(f->folder);
    options.region = "";
    assert_int_equal(try_options(f, &options), ERR_USAGE);
}

/* A second writer of another process, and one of this. */
static void test_second_writer(void **state)
{
    struct fixture *f = *state;
    struct log_store *store = log_test_open(f->folder);
    char pid[32];
    snprintf(pid, sizeof(pid), "process %ld;", (long)getpid());
    assert_int_equal(try_open(f), ERR_LOCKED);
    assert_non_null(strstr(f->err.text, pid));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct log_sqlite_options options = log_test_options(f->folder);
        struct log_store *second;
        struct err err;
        int code = log_sqlite_open(&options, &second, NULL, 0, &err);
        _exit(code == ERR_LOCKED && strstr(err.text, pid) != NULL ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    log_test_append(store, 1);
    log_close(store);
    assert_int_equal(try_open(f), 0);
}

/* A process that dies without a word leaves no lock, and all that it committed. */
static void test_killed(void **state)
{
    struct fixture *f = *state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct log_store *store = log_test_open(f->folder);
        log_test_append(store, 7);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    struct log_store *store = log_test_open(f->folder);
    assert_int_equal(log_get_head(store).seq, 7);
    log_close(store);
}

static void test_other_region(void **state)
{
    struct fixture *f = *state;
    make_log(f, 1);
    struct log_sqlite_options options = log_test_options(f->folder);
    options.region = "370103";
    assert_int_equal(try_options(f, &options), ERR_CONFLICT);
    assert_non_null(strstr(f->err.text, "370102"));
    assert_int_equal(try_open(f), 0);
}

/* Opens a file that is not to be touched, and compares every byte. */
static void expect_untouched(struct fixture *f, int code)
{
    size_t before_n, after_n;
    uint8_t *before = log_test_read(f->path, &before_n);
    assert_int_equal(try_open(f), code);
    uint8_t *after = log_test_read(f->path, &after_n);
    assert_int_equal(before_n, after_n);
    assert_memory_equal(before, after, before_n);
    char beside[LOG_TEST_PATH];
    assert_false(log_test_exists(log_test_path(beside, f->folder, "muster.db-wal")));
    assert_false(log_test_exists(log_test_path(beside, f->folder, "muster.db-shm")));
    free(before);
    free(after);
}

static void test_newer(void **state)
{
    struct fixture *f = *state;
    make_log(f, 3);
    run_sql(f, "PRAGMA user_version = 3");
    expect_untouched(f, ERR_NEWER);
    assert_non_null(strstr(f->err.text, "format 3"));
}

/* Its tables are not ours: said before anything is read or written. */
static void test_older(void **state)
{
    struct fixture *f = *state;
    make_log(f, 3);
    run_sql(f, "PRAGMA user_version = 1");
    expect_untouched(f, ERR_DATA);
    assert_non_null(strstr(f->err.text, "format 1"));
    assert_non_null(strstr(f->err.text, "begin a new log"));
}

/* A newer program has raised the format and died before it stood in the file itself. */
static void test_newer_in_wal(void **state)
{
    struct fixture *f = *state;
    sqlite3 *db;
    char wal[LOG_TEST_PATH], kept[LOG_TEST_PATH];
    make_log(f, 3);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 3", NULL, NULL, NULL), SQLITE_OK);
    log_test_path(wal, f->folder, "muster.db-wal");
    log_test_path(kept, f->folder, "kept");
    log_test_copy(wal, kept);
    size_t before_n, after_n;
    uint8_t *before = log_test_read(f->path, &before_n);
    /* As after a kill: the WAL stays. */
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_close(db);
    if (!log_test_exists(wal))
        log_test_copy(kept, wal);
    assert_int_equal(try_open(f), ERR_NEWER);
    uint8_t *after = log_test_read(f->path, &after_n);
    assert_int_equal(before_n, after_n);
    assert_memory_equal(before, after, before_n);
    free(before);
    free(after);
    before = log_test_read(kept, &before_n);
    after = log_test_read(wal, &after_n);
    assert_int_equal(before_n, after_n);
    assert_memory_equal(before, after, before_n);
    free(before);
    free(after);
}

static void test_not_a_log(void **state)
{
    struct fixture *f = *state;
    char garbage[10000];
    memset(garbage, 'g', sizeof(garbage));
    log_test_write(f->path, garbage, sizeof(garbage));
    expect_untouched(f, ERR_CORRUPT);
    assert_non_null(strstr(f->err.text, "not a Muster log"));
    log_test_write(f->path, "short", 5);
    expect_untouched(f, ERR_CORRUPT);
    assert_int_equal(remove(f->path), 0);
    run_sql(f, "CREATE TABLE precious (x); INSERT INTO precious VALUES (1)");
    expect_untouched(f, ERR_CORRUPT);
}

/* What a creation leaves that was killed: an empty file, or a journal that would take it back to one. */
static void test_unfinished_creation(void **state)
{
    struct fixture *f = *state;
    char journal[LOG_TEST_PATH];
    log_test_path(journal, f->folder, "muster.db-journal");
    log_test_write(f->path, "", 0);
    assert_int_equal(try_open(f), 0);
    assert_int_equal(remove(f->path), 0);
    assert_int_equal(remove(f->head), 0);
    /* Stop a transaction that makes a database half-way: its pages spilled, its journal hot. */
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; CREATE TABLE t (x);"
                                  "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 99)"
                                  " INSERT INTO t SELECT zeroblob(4000) FROM c;",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    size_t db_n, journal_n;
    uint8_t *db_bytes = log_test_read(f->path, &db_n);
    uint8_t *journal_bytes = log_test_read(journal, &journal_n);
    sqlite3_close(db);
    assert_true(db_n > 0 && journal_n > 0);
    /* The first page is not there yet (SQLite writes it last), as when the power goes between pages. */
    memset(db_bytes, 0, 4096 < db_n ? 4096 : db_n);
    log_test_write(f->path, db_bytes, db_n);
    log_test_write(journal, journal_bytes, journal_n);
    free(db_bytes);
    free(journal_bytes);
    assert_int_equal(try_open(f), 0);
    struct log_store *store = log_test_open(f->folder);
    assert_int_equal(log_get_head(store).seq, 0);
    log_test_append(store, 1);
    log_close(store);
}

static void test_lost_database(void **state)
{
    struct fixture *f = *state;
    make_log(f, 5);
    assert_int_equal(remove(f->path), 0);
    assert_int_equal(try_open(f), ERR_CORRUPT);
    assert_false(log_test_exists(f->path));
    log_test_write(f->path, "", 0);
    assert_int_equal(try_open(f), ERR_CORRUPT);
    char wal[LOG_TEST_PATH];
    assert_int_equal(remove(f->head), 0);
    log_test_write(log_test_path(wal, f->folder, "muster.db-wal"), "frames", 6);
    assert_int_equal(try_open(f), ERR_CORRUPT);
    assert_true(log_test_exists(wal));
}

/* Nobody else sees a tail that is cut; the slots do. */
static void test_cut_tail(void **state)
{
    struct fixture *f = *state;
    make_log(f, 10);
    run_sql(f, "DELETE FROM record WHERE seq > 7");
    assert_int_equal(try_open(f), ERR_CORRUPT);
    assert_non_null(strstr(f->err.text, "records 8 to 10"));
}

/* By a person's word it goes on without; and what the head file has seen is forgotten only when it does. */
static void test_cut_tail_accepted(void **state)
{
    struct fixture *f = *state;
    struct log_sqlite_options options = log_test_options(f->folder);
    struct log_store *store;
    uint8_t *before, *after;
    size_t n;
    make_log(f, 10);
    run_sql(f, "DELETE FROM record WHERE seq > 7");
    options.accept_head = true;
    assert_int_equal(try_options(f, &options), 0);
    assert_non_null(strstr(f->warning, "records 8 to 10"));
    assert_int_equal(try_open(f), ERR_CORRUPT);
    assert_int_equal(log_sqlite_open(&options, &store, NULL, 0, NULL), 0);
    before = log_test_read(f->head, &n);
    log_test_append(store, 4); /* and what it goes on with the head file knows at once */
    after = log_test_read(f->head, &n);
    assert_memory_not_equal(before, after, n);
    free(before);
    free(after);
    log_close(store);
    assert_int_equal(try_open(f), 0);
    assert_string_equal(f->warning, "");
}

/* A WAL that is cut is dropped by SQLite without a word. */
static void test_cut_wal(void **state)
{
    struct fixture *f = *state;
    char wal[LOG_TEST_PATH], copy[LOG_TEST_PATH], to[LOG_TEST_PATH];
    make_log(f, 5);
    struct log_store *store = log_test_open(f->folder);
    for (int i = 0; i < 5; i++)
        log_test_append(store, 1);
    assert_int_equal(log_sync_head(store, NULL), 0);
    log_test_folder(copy);
    log_test_copy(f->path, log_test_path(to, copy, "muster.db"));
    log_test_copy(f->head, log_test_path(to, copy, "head"));
    size_t n;
    uint8_t *bytes = log_test_read(log_test_path(wal, f->folder, "muster.db-wal"), &n);
    log_close(store);
    log_test_write(log_test_path(to, copy, "muster.db-wal"), bytes, n / 2);
    free(bytes);
    struct log_sqlite_options options = log_test_options(copy);
    assert_int_equal(try_options(f, &options), ERR_CORRUPT);
    assert_non_null(strstr(f->err.text, "to 10 are missing"));
    log_test_remove(copy);
}

static void test_truncated(void **state)
{
    struct fixture *f = *state;
    make_log(f, 900);
    size_t n;
    uint8_t *bytes = log_test_read(f->path, &n);
    for (size_t kept = 4096; kept < n; kept += n / 5) {
        log_test_write(f->path, bytes, kept);
        assert_int_equal(try_open(f), ERR_CORRUPT);
    }
    log_test_write(f->path, bytes, 1000);
    assert_int_equal(try_open(f), ERR_CORRUPT);
    log_test_write(f->path, bytes, n);
    free(bytes);
    assert_int_equal(try_open(f), 0);
}

static void test_damaged_tail(void **state)
{
    struct fixture *f = *state;
    make_log(f, 100);
    run_sql(f, "UPDATE record SET payload = x'00' WHERE seq = 90");
    assert_int_equal(try_open(f), ERR_CORRUPT);
    assert_non_null(strstr(f->err.text, "record 90"));
}

static void test_replaced(void **state)
{
    struct fixture *f = *state;
    char saved[LOG_TEST_PATH];
    make_log(f, 100);
    log_test_copy(f->head, log_test_path(saved, f->folder, "saved"));
    assert_int_equal(remove(f->path), 0);
    assert_int_equal(remove(f->head), 0);
    struct log_store *store = log_test_open(f->folder);
    for (int i = 0; i < 4; i++)
        log_test_append(store, 60);
    log_close(store);
    /* A database that is long enough, but not the one that the slots have seen. */
    run_sql(f, "UPDATE record SET hash = zeroblob(32) WHERE seq = 100");
    log_test_copy(saved, f->head);
    assert_int_equal(try_open(f), ERR_CORRUPT);
    assert_non_null(strstr(f->err.text, "record 100"));
}

static void test_slots(void **state)
{
    struct fixture *f = *state;
    make_log(f, 1);
    struct log_store *store = log_test_open(f->folder);
    log_test_append(store, 1);
    assert_int_equal(log_sync_head(store, NULL), 0);
    assert_int_equal(log_sync_head(store, NULL), 0);
    log_close(store);
    size_t n;
    uint8_t *bytes = log_test_read(f->head, &n);
    struct log_head_slot one, two;
    assert_int_equal(n, LOG_HEAD_FILE);
    assert_int_equal(log_head_decode(bytes, &one), 0);
    assert_int_equal(log_head_decode(bytes + LOG_HEAD_STRIDE, &two), 0);
    assert_int_equal(one.head.seq + two.head.seq, 3);
    assert_int_equal(one.generation > two.generation, one.head.seq > two.head.seq);
    assert_int_equal(try_open(f), 0);
    assert_string_equal(f->warning, "");
    /* A torn slot is told and survived, two are told; the next head goes where it hurts nobody. */
    bytes[one.generation > two.generation ? 20 : LOG_HEAD_STRIDE + 20] ^= 1;
    log_test_write(f->head, bytes, n);
    assert_int_equal(try_open(f), 0);
    assert_non_null(strstr(f->warning, "damaged"));
    bytes[one.generation > two.generation ? LOG_HEAD_STRIDE + 20 : 20] ^= 1;
    log_test_write(f->head, bytes, n);
    assert_int_equal(try_open(f), 0);
    assert_true(strlen(f->warning) > 0);
    store = log_test_open(f->folder);
    log_test_append(store, 1);
    assert_int_equal(log_sync_head(store, NULL), 0);
    log_close(store);
    assert_int_equal(remove(f->head), 0);
    free(bytes);
    assert_int_equal(try_open(f), 0);
    assert_true(strlen(f->warning) > 0);
    assert_true(log_test_exists(f->head));
    run_sql(f, "DELETE FROM record WHERE seq = 3");
    assert_int_equal(try_open(f), ERR_CORRUPT);
}

static void test_file_systems(void **state)
{
    (void)state;
    assert_null(log_folder_refusal(0xef53, false));     /* ext4 */
    assert_null(log_folder_refusal(0x794c7630, false)); /* overlayfs */
    assert_string_equal(log_folder_refusal(0x6969, true), "NFS");
    assert_string_equal(log_folder_refusal((long)0xfffffffffe534d42, true), "SMB");
    assert_string_equal(log_folder_refusal(0x65735546, true), "FUSE");
    assert_string_equal(log_folder_refusal(0x01021994, false), "tmpfs");
    assert_null(log_folder_refusal(0x01021994, true));
}

static void test_tmpfs(void **state)
{
    struct fixture *f = *state;
    struct statfs fs;
    char folder[] = "/dev/shm/muster-test-XXXXXX";
    if (statfs("/dev/shm", &fs) != 0 || fs.f_type != 0x01021994 || mkdtemp(folder) == NULL) {
        print_message("no tmpfs at /dev/shm: %s\n", strerror(errno));
        skip();
    }
    struct log_sqlite_options options = log_test_options(folder);
    options.volatile_ok = false;
    int refused = try_options(f, &options);
    options.volatile_ok = true;
    int taken = try_options(f, &options);
    log_test_remove(folder);
    assert_int_equal(refused, ERR_CONFIG);
    assert_int_equal(taken, 0);
}

static void test_unwritable(void **state)
{
    struct fixture *f = *state;
    if (geteuid() == 0) {
        print_message("root may write everywhere\n");
        skip();
    }
    assert_int_equal(chmod(f->folder, 0500), 0);
    assert_int_equal(try_open(f), ERR_PERMISSION);
    assert_int_equal(chmod(f->folder, 0700), 0);
}

static bool holds(const char *folder, const char *name, const char *word)
{
    char path[LOG_TEST_PATH];
    size_t n;
    if (!log_test_exists(log_test_path(path, folder, name)))
        return false;
    uint8_t *bytes = log_test_read(path, &n);
    bool found = memmem(bytes, n, word, strlen(word)) != NULL;
    free(bytes);
    return found;
}

static void test_redact(void **state)
{
    enum { WORDS = 500 };
    struct fixture *f = *state;
    static char secret[WORDS * 8 + 1]; /* so long that it fills pages of its own */
    for (int i = 0; i < WORDS; i++)
        memcpy(secret + i * 8, "Zhang San", 8);
    struct log_store *store = log_test_open(f->folder);
    log_test_append(store, 2);
    struct log_entry entries[2] = {log_test_entry("a0", 1, secret, NULL, 0),
                                   log_test_entry("a0", 2, "short Zhang San", NULL, 0)};
    assert_int_equal(log_append(store, 2, entries, 2, &f->err), 0);
    log_test_append(store, 2);
    assert_true(holds(f->folder, "muster.db-wal", "Zhang Sa"));
    assert_int_equal(log_sqlite_redact(store, 3, &f->err), 0);
    assert_int_equal(log_sqlite_redact(store, 4, &f->err), 0);
    assert_int_equal(log_sqlite_redact(store, 4, &f->err), 0);
    assert_int_equal(log_sqlite_redact(store, 99, &f->err), ERR_NOT_FOUND);
    assert_false(holds(f->folder, "muster.db", "Zhang Sa"));
    assert_false(holds(f->folder, "muster.db-wal", "Zhang Sa"));
    struct arena arena;
    struct log_answer answer;
    struct log_query query = {.question = LOG_Q_COMMAND, .name = "a0", .number = 1};
    arena_init(&arena, 65536);
    assert_int_equal(log_read(store, &query, &arena, &answer, NULL), 0);
    assert_int_equal(answer.rows_n, 1);
    assert_true(answer.rows[0].record.redacted);
    assert_int_equal(answer.rows[0].record.payload.n, 0);
    assert_int_equal(answer.rows[0].record.header.outcome, LOG_DECIDED);
    arena_free(&arena);
    log_test_append(store, 1);
    log_close(store);
    assert_int_equal(try_open(f), 0);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_reopen),        IN_FOLDER(test_missing),
        IN_FOLDER(test_second_writer), IN_FOLDER(test_killed),
        IN_FOLDER(test_other_region),  IN_FOLDER(test_newer),
        IN_FOLDER(test_newer_in_wal),  IN_FOLDER(test_not_a_log),
        IN_FOLDER(test_lost_database), IN_FOLDER(test_unfinished_creation),
        IN_FOLDER(test_cut_tail),      IN_FOLDER(test_cut_wal),
        IN_FOLDER(test_truncated),     IN_FOLDER(test_damaged_tail),
        IN_FOLDER(test_replaced),      IN_FOLDER(test_slots),
        IN_FOLDER(test_file_systems),  IN_FOLDER(test_tmpfs),
        IN_FOLDER(test_unwritable),    IN_FOLDER(test_redact),
        IN_FOLDER(test_older),         IN_FOLDER(test_cut_tail_accepted),
    };
    if (crypto_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
