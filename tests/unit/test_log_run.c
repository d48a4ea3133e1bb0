/* What waits, as the tables hold it: a log is a file, and whoever can write it can write this. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "common/log/log_run.h"
#include "tests/unit/log_support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Puts entries into p; the bytes. */
static size_t put_all(uint8_t *p, const uint64_t *seqs, const char *const *items, size_t n)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        log_run_put(p + at, seqs[n - 1], seqs[i], items[i], strlen(items[i]));
        at += LOG_RUN_HEAD + strlen(items[i]);
    }
    return at;
}

static void test_round_trip(void **state)
{
    static char long_item[LOG_NAME_MAX];
    memset(long_item, 'x', LOG_NAME_MAX - 1);
    const uint64_t seqs[] = {7, 7, 8, 1000, 10006};
    const char *const items[] = {"", "o1", "指令", long_item, "o2"};
    uint8_t bytes[1024];
    struct log_run run;
    struct log_run_entry entry;
    (void)state;
    size_t n = put_all(bytes, seqs, items, COUNT(seqs));
    assert_true(log_run_begin(&run, 7, 10006, bytes, (int)n));
    for (size_t i = 0; i < COUNT(seqs); i++) {
        assert_int_equal(log_run_next(&run, &entry), 1);
        assert_int_equal(entry.seq, seqs[i]);
        assert_string_equal(entry.item, items[i]);
    }
    assert_int_equal(log_run_next(&run, &entry), 0);
    /* What is left after some were cut off is a run. */
    size_t cut = 2 * LOG_RUN_HEAD + strlen(items[1]);
    assert_true(log_run_begin(&run, 8, 10006, bytes + cut, (int)(n - cut)));
    assert_int_equal(log_run_next(&run, &entry), 1);
    assert_string_equal(entry.item, items[2]);
}

static void test_bounds(void **state)
{
    const uint8_t bytes[] = "0000000";
    struct log_run run;
    (void)state;
    assert_true(log_run_begin(&run, 1, 1, bytes, 7));
    assert_false(log_run_begin(&run, 1, 1, bytes, 6));
    assert_false(log_run_begin(&run, 1, 1, NULL, 0));
    assert_false(log_run_begin(&run, 0, 1, bytes, 7));
    assert_false(log_run_begin(&run, 2, 1, bytes, 7));
    assert_false(log_run_begin(&run, INT64_MIN, INT64_MAX, bytes, 7));
    assert_false(log_run_begin(&run, -1, 1, bytes, 7));
    assert_false(log_run_begin(&run, 1, LOG_RUN_SPAN_MAX + 2, bytes, 7));
    assert_false(log_run_begin(&run, 1, 1, bytes, LOG_RUN_BYTES_MAX + 1));
    assert_true(log_run_begin(&run, INT64_MAX - 1, INT64_MAX, bytes, 7));
}

/* Cut anywhere and with any byte another one, in memory that ends with the run: it ends, and gives nothing
 * that a run may not give. */
static void test_damaged(void **state)
{
    const uint64_t seqs[] = {5, 5, 6, 9};
    const char *const items[] = {"a", "bcd", "", "efghij"};
    uint8_t whole[128];
    size_t refused = 0;
    (void)state;
    size_t n = put_all(whole, seqs, items, COUNT(seqs));
    for (size_t kept = 0; kept <= n; kept++) {
        for (unsigned change = 0; change < kept * 256; change++) {
            uint8_t *bytes = malloc(kept);
            struct log_run run;
            struct log_run_entry entry;
            uint64_t last = 5;
            int code = 1;
            assert_non_null(bytes);
            memcpy(bytes, whole, kept);
            bytes[change / 256] = (uint8_t)change;
            if (log_run_begin(&run, 5, 9, bytes, (int)kept)) {
                size_t entries = 0;
                while ((code = log_run_next(&run, &entry)) == 1) {
                    assert_in_range(entry.seq, last, 9);
                    assert_true(strlen(entry.item) < LOG_NAME_MAX);
                    assert_true(++entries <= kept / LOG_RUN_HEAD);
                    last = entry.seq;
                }
                assert_true(code != 0 || last == 9);
            }
            refused += code != 0;
            free(bytes);
        }
    }
    assert_true(refused > n * 256);
}

struct fixture {
    char folder[LOG_TEST_PATH];
    char path[LOG_TEST_PATH];
    struct arena arena;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    log_test_folder(f->folder);
    log_test_path(f->path, f->folder, "muster.db");
    arena_init(&f->arena, 1024 * 1024);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    log_test_remove(f->folder);
    arena_free(&f->arena);
    free(f);
    return 0;
}

static void run_sql(const struct fixture *f, const char *sql)
{
    sqlite3 *db;
    char *error = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    sqlite3_exec(db, sql, NULL, NULL, &error);
    if (error != NULL)
        fail_msg("%s: %s", sql, error);
    sqlite3_close(db);
}

/* Three records of one commit wait for a1 (o1, o2, and both), one for a2; o2 is recalled. */
static void fill(const struct fixture *f)
{
    struct log_store *store = log_test_open(f->folder);
    const struct log_index out[] = {{.op = LOG_OUTBOX, .lane = 2, .name = "a1", .item = "o1"},
                                    {.op = LOG_OUTBOX, .lane = 2, .name = "a1", .item = "o2"},
                                    {.op = LOG_OUTBOX, .lane = 1, .name = "a2"},
                                    {.op = LOG_TOMBSTONE, .lane = 2, .name = "a1", .item = "o2"}};
    struct log_entry entries[] = {log_test_entry("", 0, "1", out, 1), log_test_entry("", 0, "2", out + 1, 1),
                                  log_test_entry("", 0, "3", out, 2), log_test_entry("", 0, "4", out + 2, 2)};
    assert_int_equal(log_append(store, 0, entries, COUNT(entries), NULL), 0);
    log_close(store);
}

static int read_outbox(const struct fixture *f, struct log_store *store, struct err *err)
{
    struct log_query query = {.question = LOG_Q_OUTBOX, .name = "a1", .lane = 2};
    struct log_answer answer;
    struct arena arena = f->arena;
    int code = log_read(store, &query, &arena, &answer, err);
    assert_true(code != 0 || answer.rows_n > 0);
    arena_free(&arena);
    return code;
}

static void test_hostile(void **state)
{
    static const char *const damages[] = {
        "UPDATE outbox SET items = x''",
        "UPDATE outbox SET items = x'00'",
        "UPDATE outbox SET items = zeroblob(100)",
        "UPDATE outbox SET items = substr(items, 2)",
        "UPDATE outbox SET items = substr(items, 1, length(items) - 1)",
        "UPDATE outbox SET items = CAST('0000999o' AS BLOB)",
        "UPDATE outbox SET items = CAST('-001002o1' AS BLOB)",
        "UPDATE outbox SET items = CAST('9999000' AS BLOB)",
        "UPDATE outbox SET items = CAST('0000000' || items AS BLOB)",
        "UPDATE outbox SET first_seq = 0",
        "UPDATE outbox SET first_seq = -9223372036854775807",
        "UPDATE outbox SET first_seq = first_seq + 1 WHERE lane = 2",
        "UPDATE outbox SET last_seq = 9223372036854775807",
        "UPDATE outbox SET last_seq = 9223372036854775807, first_seq = 9223372036854775807 - 2",
        "INSERT INTO outbox SELECT agent, lane, last_seq + 1, first_seq + 1, items FROM outbox",
    };
    struct fixture *f = *state;
    const struct log_index ack = {.op = LOG_CURSOR, .lane = 2, .name = "a1", .number = 1};
    fill(f);
    run_sql(f, "CREATE TABLE kept AS SELECT * FROM outbox");
    for (size_t i = 0; i < COUNT(damages); i++) {
        struct err err = {0};
        run_sql(f, damages[i]);
        struct log_store *store = log_test_open(f->folder);
        if (read_outbox(f, store, &err) != ERR_CORRUPT)
            fail_msg("%s: read", damages[i]);
        assert_non_null(strstr(err.text, "outbox of a1"));
        /* An Ack of a part looks at the first run alone. */
        struct log_entry entry = log_test_entry("", 0, "ack", &ack, 1);
        int code = log_append(store, log_get_head(store).seq, &entry, 1, &err);
        assert_true(code == 0 || (code == ERR_CORRUPT && strstr(err.text, "outbox") != NULL));
        log_close(store);
        run_sql(f, "DELETE FROM outbox; INSERT INTO outbox SELECT * FROM kept");
    }
    struct log_store *store = log_test_open(f->folder);
    struct err err = {0};
    assert_int_equal(read_outbox(f, store, &err), 0);
    log_close(store);
}

/* Records that are not there, a lane that cannot be. */
static void test_hostile_rows(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    fill(f);
    run_sql(f, "DELETE FROM outbox WHERE lane = 2;"
               "INSERT INTO outbox VALUES ('a1', 2, 77, 77, CAST('0000000' AS BLOB)),"
               " ('a3', 300, 1, 1, CAST('0000000' AS BLOB))");
    struct log_store *store = log_test_open(f->folder);
    assert_int_equal(read_outbox(f, store, &err), ERR_CORRUPT);
    struct log_query query = {.question = LOG_Q_BEHIND};
    struct log_answer answer;
    assert_int_equal(log_read(store, &query, &f->arena, &answer, &err), ERR_CORRUPT);
    log_close(store);
}

/* What an analyst finds at a SQL prompt. */
static void test_views(void **state)
{
    struct fixture *f = *state;
    const struct log_index ack = {.op = LOG_CURSOR, .lane = 2, .name = "a1", .number = 1};
    fill(f);
    run_sql(f, "CREATE TEMP TABLE ok (x CHECK (x));"
               "INSERT INTO ok SELECT count(*) = 5 AND sum(tombstone) = 2 FROM waits;"
               "INSERT INTO ok SELECT count(*) = 1 FROM waits WHERE (agent, seq, item) = ('a1', 3, 'o1');"
               "INSERT INTO ok SELECT count(*) = 1 FROM waits WHERE (agent, seq, item) = ('a2', 4, '');"
               "INSERT INTO ok SELECT (n, recalled, first_seq, last_seq) = (4, 2, 1, 3)"
               "  FROM waiting WHERE agent = 'a1' AND lane = 2;"
               "INSERT INTO ok SELECT count(*) = 2 FROM waiting;");
    struct log_store *store = log_test_open(f->folder);
    struct log_entry entry = log_test_entry("", 0, "ack", &ack, 1);
    assert_int_equal(log_append(store, 4, &entry, 1, NULL), 0);
    log_close(store);
    run_sql(f, "CREATE TEMP TABLE ok (x CHECK (x));"
               "INSERT INTO ok SELECT (n, recalled, first_seq, last_seq) = (3, 2, 2, 3)"
               "  FROM waiting WHERE agent = 'a1' AND lane = 2;"
               /* It comes to an end whatever is there. */
               "UPDATE outbox SET items = CAST('0000-07' AS BLOB);"
               "INSERT INTO ok SELECT count(*) = 2 FROM waits;");
}

/* A tombstone goes with the last that it recalls, and is not kept for nobody. */
static void test_tombstones_go(void **state)
{
    struct fixture *f = *state;
    const struct log_index recalls[] = {{.op = LOG_TOMBSTONE, .lane = 2, .name = "a9", .item = "o1"},
                                        {.op = LOG_CURSOR, .lane = 2, .name = "a1", .number = 2}};
    const struct log_index ack = {.op = LOG_CURSOR, .lane = 2, .name = "a1", .number = 3};
    fill(f);
    struct log_store *store = log_test_open(f->folder);
    struct log_entry entry = log_test_entry("", 0, "x", recalls, 2);
    assert_int_equal(log_append(store, 4, &entry, 1, NULL), 0);
    log_close(store);
    run_sql(f, "CREATE TEMP TABLE ok (x CHECK (x));"
               "INSERT INTO ok SELECT count(*) = 1 AND min(agent) = 'a1' FROM tombstone;");
    store = log_test_open(f->folder);
    entry = log_test_entry("", 0, "x", &ack, 1);
    assert_int_equal(log_append(store, 5, &entry, 1, NULL), 0);
    log_close(store);
    run_sql(f, "CREATE TEMP TABLE ok (x CHECK (x)); INSERT INTO ok SELECT count(*) = 0 FROM tombstone;");
}

/* A record that overfills a run has one to itself: what stands before it is acknowledged without moving it,
 * and what comes after it makes it no longer. */
static void test_wide_record(void **state)
{
    enum { WIDE = 400, ITEM = 26 };
    static char items[WIDE][ITEM + 1];
    static struct log_index wide[WIDE];
    struct fixture *f = *state;
    const struct log_index narrow = {.op = LOG_OUTBOX, .lane = 2, .name = "a7", .item = "o1"};
    struct log_entry entries[] = {
        log_test_entry("", 0, "small", &narrow, 1), log_test_entry("", 0, "small", &narrow, 1),
        log_test_entry("", 0, "wide", wide, WIDE),  log_test_entry("", 0, "small", &narrow, 1),
        log_test_entry("", 0, "wide", wide, WIDE),  log_test_entry("", 0, "wide", wide, WIDE),
        log_test_entry("", 0, "small", &narrow, 1), log_test_entry("", 0, "small", &narrow, 1),
    };
    for (int i = 0; i < WIDE; i++) {
        snprintf(items[i], sizeof(items[i]), "%0*d", ITEM, i);
        wide[i] = (struct log_index){.op = LOG_OUTBOX, .lane = 2, .name = "a7", .item = items[i]};
    }
    struct log_store *store = log_test_open(f->folder);
    assert_int_equal(log_append(store, 0, entries, sizeof(entries) / sizeof(entries[0]), NULL), 0);
    log_close(store);
    run_sql(f, "CREATE TEMP TABLE ok (x CHECK (x));"
               "INSERT INTO ok SELECT group_concat(first_seq || '-' || last_seq) = '1-2,3-3,4-4,5-5,6-6,7-8'"
               "  FROM (SELECT * FROM outbox WHERE agent = 'a7' ORDER BY last_seq);"
               "INSERT INTO ok SELECT max(length(items)) = 400 * 33 FROM outbox;"
               "INSERT INTO ok SELECT max(length(items)) <= 880 FROM outbox WHERE last_seq NOT IN (3, 5, 6);"
               "INSERT INTO ok SELECT count(*) = 3 * 400 + 5 FROM waits;");
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_bounds), cmocka_unit_test(test_damaged),
        IN_FOLDER(test_hostile),           IN_FOLDER(test_hostile_rows),  IN_FOLDER(test_views),
        IN_FOLDER(test_tombstones_go),     IN_FOLDER(test_wide_record),
    };
    if (crypto_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
