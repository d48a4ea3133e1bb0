/* Who reads a log from its beginning sees where it is damaged, and everything before that. */
#include "common/view/view_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "common/log/log_sqlite.h"
#include "tests/unit/view_fixture.h"

enum { RECORDS = 23 }; /* of fx_story() */

struct folder {
    char path[64];
    char database[96];
};

static int make_log(void **state)
{
    struct folder *folder = calloc(1, sizeof *folder);
    struct log_store *store;
    struct fixture fx;
    struct err err;

    assert_non_null(folder);
    (void)snprintf(folder->path, sizeof folder->path, "/tmp/muster-scan-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    (void)snprintf(folder->database, sizeof folder->database, "%s/muster.db", folder->path);
    struct log_sqlite_options options = {.folder = folder->path,
                                         .region = FX_REGION,
                                         .create = true,
                                         .volatile_ok = true,
                                         .reserve_bytes = -1};
    if (log_sqlite_open(&options, &store, NULL, 0, &err) < 0) {
        fail_msg("%s", err.text);
    }
    fx_begin(&fx, store);
    fx_story(&fx);
    assert_int_equal(log_sync_head(store, &err), 0);
    fx_end(&fx);
    *state = folder;
    return 0;
}

static int remove_log(void **state)
{
    static const char *const names[] = {"muster.db", "muster.db-wal", "muster.db-shm", "head", "lock"};
    struct folder *folder = *state;
    char path[128];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder->path, names[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(folder->path), 0);
    free(folder);
    return 0;
}

static void change(const struct folder *folder, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(folder->database, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_true(sqlite3_changes(db) > 0);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int count(void *ctx, const struct log_record *record, struct err *err)
{
    uint64_t *seen = ctx;

    (void)err;
    assert_int_equal(record->header.seq, *seen + 1);
    *seen = record->header.seq;
    return 0;
}

/* The scan ends with wanted; `words` are in its error, and `seen` records came. */
static void scan(const struct folder *folder, struct view_until until, int wanted, uint64_t seen,
                 const char *words)
{
    struct log_reader *reader;
    struct err err = {.code = 0};
    uint64_t last = 0;

    if (log_reader_open(folder->path, &reader, &err) < 0) {
        fail_msg("%s", err.text);
    }
    int result = view_scan(reader, &until, count, &last, NULL, &err);
    log_reader_close(reader);
    if (result != wanted || strstr(err.text, words) == NULL) {
        fail_msg("%d \"%s\", wanted %d \"%s\"", result, err.text, wanted, words);
    }
    assert_int_equal(last, seen);
}

static void whole(const struct folder *folder, int wanted, uint64_t seen, const char *words)
{
    scan(folder, (struct view_until){.seq = 0}, wanted, seen, words);
}

static void a_whole_log_is_read(void **state)
{
    whole(*state, 0, RECORDS, "");
    scan(*state, (struct view_until){.seq = 9}, 0, 9, "");
    scan(*state, (struct view_until){.seq = RECORDS}, 0, RECORDS, "");
}

static void a_payload_that_was_changed_is_named(void **state)
{
    change(*state, "UPDATE record SET payload = zeroblob(length(payload)) WHERE seq = 12");
    whole(*state, ERR_CORRUPT, 11, "damaged at record 12: ");
    scan(*state, (struct view_until){.seq = 11}, 0, 11, "");
}

static void a_redacted_payload_is_no_damage(void **state)
{
    change(*state, "UPDATE record SET payload = NULL WHERE seq = 12");
    whole(*state, 0, RECORDS, "");
}

static void a_broken_chain_is_named(void **state)
{
    change(*state, "UPDATE record SET bus_ms = bus_ms + 1 WHERE seq = 7");
    whole(*state, ERR_CORRUPT, 6, "damaged at record 7: ");
}

static void a_missing_record_is_named(void **state)
{
    change(*state, "DELETE FROM record WHERE seq = 15");
    whole(*state, ERR_CORRUPT, 14, "damaged at record 15: ");
}

static void a_tail_that_was_cut_is_named(void **state)
{
    change(*state, "DELETE FROM record WHERE seq > 20");
    whole(*state, ERR_CORRUPT, 20, "damaged at record 21: ");
    scan(*state, (struct view_until){.seq = 20}, 0, 20, "");
    scan(*state, (struct view_until){.bus_ms = INT64_MAX}, ERR_CORRUPT, 20, "head file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_whole_log_is_read, make_log, remove_log),
        cmocka_unit_test_setup_teardown(a_payload_that_was_changed_is_named, make_log, remove_log),
        cmocka_unit_test_setup_teardown(a_redacted_payload_is_no_damage, make_log, remove_log),
        cmocka_unit_test_setup_teardown(a_broken_chain_is_named, make_log, remove_log),
        cmocka_unit_test_setup_teardown(a_missing_record_is_named, make_log, remove_log),
        cmocka_unit_test_setup_teardown(a_tail_that_was_cut_is_named, make_log, remove_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
