/* The tables that follow from the records, beside those of a log that was written in batches. */
#include "common/log/log_derived.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/log/log_memory.h"
#include "common/log/log_sqlite.h"
#include "tests/fault/memvfs.h"
#include "tests/unit/log_support.h"

enum { CHANGES_MAX = 12, BATCH = 6, ROUNDS = 150 };

struct fixture {
    char folder[LOG_TEST_PATH];
    struct log_store *store;
    struct log_derived *derived;
    unsigned differences;
    char first[256];
    struct err err;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    log_test_folder(f->folder);
    f->store = log_test_open(f->folder);
    assert_int_equal(log_derived_new(&f->derived, &f->err), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    log_close(f->store);
    log_derived_free(f->derived);
    log_test_remove(f->folder);
    free(f);
    return 0;
}

static void differs(void *ctx, uint64_t seq, const char *text)
{
    struct fixture *f = ctx;
    (void)seq;
    if (f->differences++ == 0)
        snprintf(f->first, sizeof(f->first), "%s", text);
}

static void expect_same(struct fixture *f)
{
    f->differences = 0;
    if (log_sqlite_compare(f->store, f->derived, differs, f, &f->err) != 0)
        fail_msg("%s", f->err.text);
    if (f->differences > 0)
        fail_msg("at %u: %s", (unsigned)log_get_head(f->store).seq, f->first);
}

/* As a broker lists them: a tombstone or a cursor of what may wait, or not; and what is there already. */
static size_t some_changes(struct log_test_chance *chance, uint64_t seq, struct log_index ret[CHANGES_MAX])
{
    static const char *const streams[] = {"s0", "s1", "s2"};
    static const char *const agents[] = {"a0", "a1", "a2"};
    static const char *const items[] = {"", "o1", "o2", "o3"};
    size_t n = log_test_below(chance, CHANGES_MAX);
    for (size_t i = 0; i < n; i++) {
        enum log_index_op op = (enum log_index_op)(LOG_TOUCH + log_test_below(chance, LOG_CURSOR));
        bool is_lane = op == LOG_OUTBOX || op == LOG_TOMBSTONE || op == LOG_CURSOR;
        ret[i] = (struct log_index){.op = op,
                                    .lane = is_lane ? (uint8_t)(1 + log_test_below(chance, 2)) : 0,
                                    .name = is_lane ? agents[log_test_below(chance, 3)]
                                                    : streams[log_test_below(chance, 3)],
                                    .item = items[is_lane ? log_test_below(chance, 4) : 0],
                                    .number = log_test_below(chance, (unsigned)seq + 3)};
        if (op == LOG_TOMBSTONE && ret[i].item[0] == '\0')
            ret[i].item = "o1";
    }
    return n;
}

static void append_some(struct fixture *f, struct log_test_chance *chance)
{
    struct log_index changes[BATCH][CHANGES_MAX];
    struct log_entry entries[BATCH];
    uint64_t head = log_get_head(f->store).seq;
    size_t n = 1 + log_test_below(chance, BATCH);
    for (size_t i = 0; i < n; i++) {
        size_t changes_n = some_changes(chance, head + 1 + i, changes[i]);
        entries[i] = log_test_entry("author", head + 1 + i, "what is said", changes[i], changes_n);
        for (size_t j = 0; j < changes_n; j++)
            assert_int_equal(log_derived_add(f->derived, head + 1 + i, &changes[i][j], &f->err), 0);
    }
    if (log_append(f->store, head, entries, n, &f->err) != 0)
        fail_msg("%s", f->err.text);
}

/* However the records fell into commits, and however often it is looked. */
static void test_batches(void **state)
{
    struct fixture *f = *state;
    struct log_test_chance chance = {.state = 7};
    for (int i = 0; i < ROUNDS; i++) {
        append_some(f, &chance);
        if (i % 10 == 0)
            expect_same(f);
    }
    expect_same(f);
}

static void change(struct fixture *f, const char *sql)
{
    char path[LOG_TEST_PATH];
    sqlite3 *db;
    log_close(f->store);
    assert_int_equal(sqlite3_open(log_test_path(path, f->folder, "muster.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_true(sqlite3_changes(db) > 0);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    f->store = log_test_open(f->folder);
}

/* Whatever was done to a table, it says again what it said. */
static void test_rebuild(void **state)
{
    static const char *const changes[] = {
        "DELETE FROM outbox",
        "UPDATE outbox SET items = CAST('9999999' AS BLOB)",
        "UPDATE outbox SET lane = lane + 300",
        "UPDATE cursor SET seq = seq + 1",
        "DELETE FROM tombstone",
        "UPDATE tombstone SET seq = seq + 1",
        "UPDATE open SET due_ms = due_ms + 1",
        "DELETE FROM open",
        "DELETE FROM touch WHERE seq % 3 = 0",
        "INSERT INTO touch (stream, seq) VALUES ('s9', 1)",
        ("PRAGMA writable_schema = ON; DROP INDEX open_due;"
         "CREATE INDEX open_due ON open (due_ms, stream) WHERE due_ms > 1000000;"
         "UPDATE sqlite_schema SET sql = replace(sql, '1000000', '0') WHERE name = 'open_due'"),
    };
    struct fixture *f = *state;
    struct log_test_chance chance = {.state = 11};
    for (int i = 0; i < ROUNDS; i++)
        append_some(f, &chance);
    char *before = log_test_dump(f->store, log_test_ask_store, 0);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        change(f, changes[i]);
        f->differences = 0;
        if (log_sqlite_rebuild(f->store, f->derived, differs, f, &f->err) != 0)
            fail_msg("%s: %s", changes[i], f->err.text);
        if (f->differences == 0)
            fail_msg("%s is not seen", changes[i]);
        expect_same(f);
        char *after = log_test_dump(f->store, log_test_ask_store, 0);
        assert_string_equal(after, before);
        free(after);
    }
    free(before);
    /* It is a log like any other. */
    append_some(f, &chance);
    expect_same(f);
}

/* What is left of records that were cut off is not put right; a bit that turned over is. */
static void test_rebuild_of_a_cut_log(void **state)
{
    struct fixture *f = *state;
    struct log_test_chance chance = {.state = 3};
    for (int i = 0; i < 20; i++)
        append_some(f, &chance);
    change(f,
           "UPDATE touch SET seq = seq + 4096 WHERE (stream, seq) = (SELECT stream, seq FROM touch LIMIT 1)");
    assert_int_equal(log_sqlite_rebuild(f->store, f->derived, differs, f, &f->err), 0);
    expect_same(f);
    change(f, "INSERT INTO touch (stream, seq) VALUES ('s0', 4096)");
    f->differences = 0;
    assert_int_equal(log_sqlite_rebuild(f->store, f->derived, differs, f, &f->err), ERR_CORRUPT);
    assert_non_null(strstr(f->err.text, "know of records up to 4096: its tail was cut"));
    log_close(f->store);
    f->store = log_test_open(f->folder);
    assert_int_equal(log_sqlite_compare(f->store, f->derived, differs, f, &f->err), 0);
    assert_int_equal(f->differences, 1); /* it is there still */
}

static struct log_store *open_on(const char *vfs)
{
    struct log_sqlite_options options = {
        .folder = "log", .region = LOG_TEST_REGION, .create = true, .vfs = vfs, .single_process = true};
    struct log_store *store;
    struct err err = {0};
    if (log_sqlite_open(&options, &store, NULL, 0, &err) != 0)
        fail_msg("%s", err.text);
    return store;
}

static void ignore(void *ctx, uint64_t seq, const char *text)
{
    (void)ctx;
    (void)seq;
    (void)text;
}

/* A rebuild that goes wrong in the middle: all is as it was or as it should be, and the next one mends it. */
static void rebuild_with(struct fixture *f, uint64_t nth, bool power, bool *ret_fired)
{
    struct memvfs *vfs = memvfs_new("rebuild", nth);
    struct log_store *kept = f->store;
    struct log_test_chance chance = {.state = 5};
    struct log_derived *derived = f->derived;
    assert_non_null(vfs);
    assert_int_equal(log_derived_new(&f->derived, &f->err), 0);
    f->store = open_on("rebuild");
    for (int i = 0; i < 20; i++)
        append_some(f, &chance);
    char *before = log_test_dump(f->store, log_test_ask_store, 0);
    /* What the records are said to bring about is not what the tables hold. */
    uint64_t head = log_get_head(f->store).seq;
    for (unsigned i = 0; i < 40; i++) {
        char stream[16], agent[16];
        snprintf(stream, sizeof(stream), "s%u", i % 8);
        snprintf(agent, sizeof(agent), "a%u", i % 4);
        const struct log_index open = {.op = LOG_OPEN, .name = stream};
        const struct log_index waits = {
            .op = LOG_OUTBOX, .lane = (uint8_t)(i % 3), .name = agent, .item = "new"};
        assert_int_equal(log_derived_add(f->derived, head, &open, &f->err), 0);
        assert_int_equal(log_derived_add(f->derived, head, &waits, &f->err), 0);
    }
    if (power)
        memvfs_power_cut_at(vfs, MEMVFS_CHANGES, nth);
    else
        memvfs_fail(vfs, MEMVFS_WRITE, nth, MEMVFS_FULL, true);
    int code = log_sqlite_rebuild(f->store, f->derived, ignore, NULL, &f->err);
    *ret_fired = memvfs_has_fired(vfs);
    if (power) {
        log_close(f->store);
        memvfs_power_cut(vfs, nth);
        f->store = open_on("rebuild");
    } else {
        assert_int_equal(code, *ret_fired ? ERR_DISK_FULL : 0);
        memvfs_fail(vfs, MEMVFS_WRITE, 0, MEMVFS_FULL, false);
    }
    char *after = log_test_dump(f->store, log_test_ask_store, 0);
    if (code != 0 && strcmp(after, before) != 0)
        expect_same(f); /* durable, though nobody was told */
    assert_int_equal(log_sqlite_rebuild(f->store, f->derived, ignore, NULL, &f->err), 0);
    expect_same(f);
    log_close(f->store);
    log_derived_free(f->derived);
    memvfs_free(vfs);
    free(before);
    free(after);
    f->store = kept;
    f->derived = derived;
}

static void test_rebuild_cut_off(void **state)
{
    struct fixture *f = *state;
    for (int power = 0; power < 2; power++) {
        bool fired = true;
        uint64_t nth = 1;
        for (; fired && nth < 200; nth++)
            rebuild_with(f, nth, power == 1, &fired);
        assert_false(fired);
        assert_true(nth > 2); /* a commit is one write to the WAL, or two */
    }
}

static struct log_answer outbox_of(struct log_store *store, const char *name, struct arena *arena)
{
    struct log_query query = {.question = LOG_Q_OUTBOX, .name = name, .lane = 2};
    struct log_answer answer;
    assert_int_equal(log_read(store, &query, arena, &answer, NULL), 0);
    return answer;
}

static void expect_same_outbox(struct log_store *a, struct log_store *b, const char *name)
{
    struct arena arena;
    arena_init(&arena, 16 * 1024 * 1024);
    struct log_answer x = outbox_of(a, name, &arena), y = outbox_of(b, name, &arena);
    assert_int_equal(x.rows_n, y.rows_n);
    for (size_t i = 0; i < x.rows_n; i++) {
        assert_int_equal(x.rows[i].record.header.seq, y.rows[i].record.header.seq);
        assert_int_equal(x.rows[i].items_n, y.rows[i].items_n);
        for (size_t j = 0; j < x.rows[i].items_n; j++) {
            assert_string_equal(x.rows[i].items[j].item, y.rows[i].items[j].item);
            assert_int_equal(x.rows[i].items[j].tombstone, y.rows[i].items[j].tombstone);
        }
    }
    arena_free(&arena);
}

/* More index changes in a batch than are sorted in one go, and in one record as many as there may be: what is
 * settled in one go and what in the next comes to the same. */
static void test_wide_batch(void **state)
{
    enum { RECORDS = 5, PER_RECORD = LOG_INDEX_MAX - 1, AGENTS = 1000 };
    struct fixture *f = *state;
    struct log_entry entries[RECORDS];
    struct log_index *changes = calloc((size_t)RECORDS * PER_RECORD, sizeof(*changes));
    char(*names)[16] = calloc(AGENTS, sizeof(*names));
    char(*items)[16] = calloc(PER_RECORD, sizeof(*items));
    assert_true(changes != NULL && names != NULL && items != NULL);
    for (int i = 0; i < AGENTS; i++)
        snprintf(names[i], sizeof(names[i]), "agent-%03d", i);
    for (int i = 0; i < PER_RECORD; i++)
        snprintf(items[i], sizeof(items[i]), "item-%05d", i);
    for (int r = 0; r < RECORDS; r++) {
        struct log_index *at = changes + (size_t)r * PER_RECORD;
        for (int i = 0; i < PER_RECORD; i++)
            at[i] =
                (struct log_index){.op = LOG_OUTBOX, .lane = 2, .name = names[i % AGENTS], .item = items[i]};
        /* Across goes: opened in one, due and closed in another; recalled and acknowledged what is before. */
        at[0] = (struct log_index){.op = r == 3 ? LOG_CLOSE : LOG_OPEN, .name = "s0"};
        at[1] = (struct log_index){.op = LOG_DUE, .name = "s0", .number = (uint64_t)(r + 5)};
        at[2] = (struct log_index){.op = LOG_TOUCH, .name = "s0"};
        if (r == 4) {
            at[3] = (struct log_index){.op = LOG_TOMBSTONE, .lane = 2, .name = names[10], .item = items[10]};
            at[4] = (struct log_index){.op = LOG_CURSOR, .lane = 2, .name = names[11], .number = 3};
            at[5] = (struct log_index){.op = LOG_CURSOR, .lane = 2, .name = names[12], .number = 99};
        }
        entries[r] = log_test_entry("author", (uint64_t)r + 1, "wide", at, PER_RECORD);
        for (int i = 0; i < PER_RECORD; i++)
            assert_int_equal(log_derived_add(f->derived, (uint64_t)r + 1, &at[i], &f->err), 0);
    }
    _Static_assert(RECORDS * PER_RECORD > 2 * 2 * LOG_INDEX_MAX, "more than two goes");
    if (log_append(f->store, 0, entries, RECORDS, &f->err) != 0)
        fail_msg("%s", f->err.text);
    expect_same(f);
    /* And to what the other kind of store makes of it. */
    struct log_store *memory = log_memory_new();
    for (int r = 0; r < RECORDS; r++)
        entries[r].record.header.seq = 0;
    assert_int_equal(log_append(memory, 0, entries, RECORDS, NULL), 0);
    for (int i = 0; i < AGENTS; i++)
        expect_same_outbox(f->store, memory, names[i]);
    log_close(memory);
    free(items);
    free(names);
    free(changes);
}

static int64_t number_of(struct fixture *f, const char *sql)
{
    char path[LOG_TEST_PATH];
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(log_test_path(path, f->folder, "muster.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return number;
}

/* What is open is all of the last record, however much that is; and what that record changes stays together.
 * */
static void test_much_is_open(void **state)
{
    enum { OPEN = 530000, DUE = 7 };
    struct fixture *f = *state;
    const struct log_index changes[] = {
        {.op = LOG_OUTBOX, .lane = 2, .name = "a0", .item = "o1"},
        {.op = LOG_TOMBSTONE, .lane = 2, .name = "a0", .item = "o1"},
        {.op = LOG_CURSOR, .lane = 2, .name = "a0", .number = 1},
    };
    log_test_append(f->store, 1);
    assert_int_equal(log_derived_add(f->derived, 1, &changes[0], &f->err), 0);
    for (unsigned i = 0; i < OPEN; i++) {
        char name[LOG_NAME_MAX];
        snprintf(name, sizeof(name), "incident/%026u", i);
        const struct log_index open = {.op = LOG_OPEN, .name = name};
        const struct log_index due = {.op = LOG_DUE, .name = name, .number = DUE};
        if (log_derived_add(f->derived, 1, &open, &f->err) != 0 ||
            log_derived_add(f->derived, 1, &due, &f->err) != 0)
            fail_msg("after %u: %s", i, f->err.text);
    }
    for (int i = 1; i < 3; i++)
        assert_int_equal(log_derived_add(f->derived, 1, &changes[i], &f->err), 0);
    assert_int_equal(log_sqlite_rebuild(f->store, f->derived, ignore, NULL, &f->err), 0);
    expect_same(f);
    assert_int_equal(number_of(f, "SELECT sum(due_ms) FROM open"), (int64_t)OPEN * DUE);
    /* A cursor takes nothing that came with it: the order waits, recalled. */
    assert_int_equal(number_of(f, "SELECT sum(tombstone) FROM waits"), 1);
}

/* --- damaged pages -------------------------------------------------------------------------------- */

enum { PAGE = 4096, POINTERS_MAX = 512, INDEX_INTERIOR = 2, INDEX_LEAF = 10 };

/* Trees of two levels beside the records. */
static void fill_pages(struct fixture *f)
{
    enum { RECORDS = 600, PER_RECORD = 3 };
    for (unsigned i = 0; i < RECORDS; i++) {
        char names[PER_RECORD][LOG_NAME_MAX];
        struct log_index changes[PER_RECORD];
        for (unsigned j = 0; j < PER_RECORD; j++) {
            snprintf(names[j], sizeof(names[j]), "%s/%060u", j == 0 ? "agent" : "stream", i * PER_RECORD + j);
            changes[j] = (struct log_index){
                .op = j == 0 ? LOG_OUTBOX : LOG_TOUCH, .lane = j == 0 ? 2 : 0, .name = names[j], .item = ""};
            assert_int_equal(log_derived_add(f->derived, i + 1, &changes[j], &f->err), 0);
        }
        struct log_entry entry = log_test_entry("author", i + 1, "what is said, at some length", changes, 3);
        assert_int_equal(log_append(f->store, i, &entry, 1, &f->err), 0);
    }
}

/* The records as SQLite has them, their hashes in order; to be freed. NULL: they cannot be read. */
static char *records_of(const struct fixture *f)
{
    char path[LOG_TEST_PATH];
    sqlite3 *db;
    sqlite3_stmt *statement = NULL;
    char *text = NULL;
    assert_int_equal(sqlite3_open(log_test_path(path, f->folder, "muster.db"), &db), SQLITE_OK);
    if (sqlite3_prepare_v2(db,
                           "SELECT group_concat(seq || author || hex(payload) || hex(hash)) FROM"
                           " (SELECT * FROM record ORDER BY seq)",
                           -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        text = strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return text;
}

/* Where the child pointers of a table's interior pages lie, which alone an emptying of it follows. */
static size_t find_pointers(const uint8_t *file, size_t n, size_t ret[POINTERS_MAX])
{
    size_t found = 0;
    for (size_t page = 1; page < n / PAGE; page++) {
        const uint8_t *at = file + page * PAGE;
        if (at[0] != INDEX_INTERIOR)
            continue;
        size_t cells = (size_t)at[3] << 8 | at[4];
        ret[found++] = page * PAGE + 8;
        for (size_t i = 0; i < cells && found < POINTERS_MAX; i++)
            ret[found++] = page * PAGE + ((size_t)at[12 + 2 * i] << 8 | at[13 + 2 * i]);
    }
    return found;
}

struct page_outcomes {
    unsigned mended;
    unsigned refused;
};

static void rebuild_flipped(struct fixture *f, const uint8_t *file, size_t n, const char *records,
                            struct page_outcomes *outcomes)
{
    char path[LOG_TEST_PATH];
    struct log_sqlite_options options = log_test_options(f->folder);
    log_test_write(log_test_path(path, f->folder, "muster.db"), file, n);
    if (log_sqlite_open(&options, &f->store, NULL, 0, &f->err) != 0)
        return;
    f->differences = 0;
    int code = log_sqlite_rebuild(f->store, f->derived, differs, f, &f->err);
    log_close(f->store);
    f->store = NULL;
    char *after = records_of(f);
    if (after == NULL || strcmp(after, records) != 0)
        fail_msg("%s: the records are not what they were", code == 0 ? "mended" : f->err.text);
    free(after);
    if (code != 0) {
        assert_int_equal(code, ERR_CORRUPT);
        assert_non_null(strstr(f->err.text, "muster copy"));
    }
    outcomes->refused += code != 0;
    outcomes->mended += code == 0 && f->differences > 0;
}

/* A bit of a pointer that a rebuild would follow, or of what stands in a page: mended, or refused; never does
 * a page of the records go with the table. */
static void test_pages(void **state)
{
    struct fixture *f = *state;
    struct page_outcomes pointers = {0}, contents = {0};
    size_t at[POINTERS_MAX];
    char path[LOG_TEST_PATH];
    size_t n;
    fill_pages(f);
    log_close(f->store);
    f->store = NULL;
    char *records = records_of(f);
    uint8_t *file = log_test_read(log_test_path(path, f->folder, "muster.db"), &n);
    size_t found = find_pointers(file, n, at);
    assert_in_range(found, 10, POINTERS_MAX - 1);
    for (size_t i = 0; i < found; i++) {
        uint8_t *byte = &file[at[i] + 3];
        uint8_t bit = (uint8_t)(1U << (i % 8));
        *byte ^= bit;
        rebuild_flipped(f, file, n, records, &pointers);
        *byte ^= bit;
    }
    for (size_t page = 1; page < n / PAGE; page++) {
        if (file[page * PAGE] != INDEX_LEAF)
            continue;
        uint8_t *byte = &file[page * PAGE + PAGE - 20]; /* of a name, or near one */
        *byte ^= 1;
        rebuild_flipped(f, file, n, records, &contents);
        *byte ^= 1;
    }
    print_message("%u of %u pointers refused; of contents %u mended, %u refused\n", pointers.refused,
                  (unsigned)found, contents.mended, contents.refused);
    assert_int_equal(pointers.mended, 0);
    assert_true(pointers.refused > found / 2);
    assert_true(contents.mended > 10);
    free(records);
    free(file);
}

/* By the index of the records a command is known as decided before: it is made anew as well. */
static void test_record_index(void **state)
{
    struct fixture *f = *state;
    struct log_test_chance chance = {.state = 13};
    for (int i = 0; i < 20; i++)
        append_some(f, &chance);
    char *before = log_test_dump(f->store, log_test_ask_store, 0);
    change(f, "PRAGMA writable_schema = ON; DROP INDEX record_command;"
              "CREATE UNIQUE INDEX record_command ON record (author, counter) WHERE counter > 9;"
              "UPDATE sqlite_schema SET sql = replace(sql, '> 9', '> 0') WHERE name = 'record_command'");
    for (int i = 0; i < 2; i++) {
        f->differences = 0;
        if (log_sqlite_rebuild(f->store, f->derived, differs, f, &f->err) != 0)
            fail_msg("%s", f->err.text);
        assert_int_equal(f->differences, i == 0 ? 1 : 0);
        if (i == 0)
            assert_non_null(strstr(f->first, "table record: "));
    }
    char *after = log_test_dump(f->store, log_test_ask_store, 0);
    assert_string_equal(after, before);
    free(after);
    free(before);
    append_some(f, &chance);
    expect_same(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_batches, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rebuild, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rebuild_of_a_cut_log, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rebuild_cut_off, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wide_batch, setup, teardown),
        cmocka_unit_test_setup_teardown(test_much_is_open, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_record_index, setup, teardown),
    };
    if (crypto_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
