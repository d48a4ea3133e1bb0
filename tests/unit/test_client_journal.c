#include "agents/lib/journal.h"

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

#define AGENT "370102/fire-rescue/station-3"

static char folder[64];
static char path[96];

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/muster-journal-XXXXXX");
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/j.db", folder);
    return 0;
}

static int teardown(void **state)
{
    static const char *const ENDINGS[] = {"", "-journal"};
    char file[128];

    (void)state;
    for (size_t i = 0; i < sizeof ENDINGS / sizeof ENDINGS[0]; i++) {
        snprintf(file, sizeof file, "%s%s", path, ENDINGS[i]);
        unlink(file);
    }
    return rmdir(folder);
}

static struct journal *open_as(const char *agent)
{
    struct journal_options options = {.path = path, .agent = agent, .region = "370102"};
    struct journal *journal = NULL;
    struct err err = {0};

    assert_int_equal(journal_open(&options, &journal, &err), 0);
    return journal;
}

static int refused(const char *agent, const char *region, const char *words)
{
    struct journal_options options = {.path = path, .agent = agent, .region = region};
    struct journal *journal = NULL;
    struct err err = {0};
    int rc = journal_open(&options, &journal, &err);

    assert_null(journal);
    assert_non_null(strstr(err.text, words));
    assert_non_null(strstr(err.text, path));
    assert_null(strchr(err.text, '\n'));
    return rc;
}

static struct bytes text(const char *words)
{
    return (struct bytes){(const uint8_t *)words, strlen(words)};
}

static struct id id_of(uint8_t n)
{
    return (struct id){{1, 2, 3, [15] = n}};
}

struct seen {
    size_t n;
    int64_t item;
    uint64_t counter;
    uint64_t tag;
    char frame[32];
};

static bool see_outgoing(void *ctx, const struct journal_outgoing *outgoing)
{
    struct seen *seen = ctx;

    seen->n++;
    seen->item = outgoing->item;
    seen->counter = outgoing->counter;
    seen->tag = outgoing->tag;
    assert_true(outgoing->frame.n < sizeof seen->frame);
    memcpy(seen->frame, outgoing->frame.p, outgoing->frame.n);
    seen->frame[outgoing->frame.n] = '\0';
    return true;
}

static void everything_survives_a_restart(void **state)
{
    struct journal *journal = open_as(AGENT);
    struct journal_order order = {.order = id_of(1),
                                  .incident = id_of(2),
                                  .seq = 7,
                                  .lane = LANE_ORDERS,
                                  .bus_ms = 1000,
                                  .expires_at_ms = 9000,
                                  .record = text("the record")};
    struct journal_outgoing outgoing = {.counter = 5, .tag = 99, .frame = text("signed")};
    struct seen seen = {0};
    struct journal_order found;
    uint64_t cursor, epoch;
    struct buf head;
    struct stat st;
    bool is_new, recall;

    (void)state;
    assert_int_equal(journal_add_outgoing(journal, &outgoing, &outgoing.item, NULL), 0);
    assert_int_equal(journal_set_cursor(journal, LANE_ORDERS, 7, NULL), 0);
    assert_int_equal(journal_set_cursor(journal, LANE_ORDERS, 6, NULL), 0); /* never back */
    assert_int_equal(journal_set_head(journal, text("head"), NULL), 0);
    assert_int_equal(journal_set_epoch(journal, 3, NULL), 0);
    assert_int_equal(journal_add_order(journal, &order, &is_new, NULL), 0);
    assert_true(is_new);
    assert_int_equal(journal_add_order(journal, &order, &is_new, NULL), 0);
    assert_false(is_new);
    assert_int_equal(journal_set_said(journal, order.order, 1u << RUNG_ACKNOWLEDGED, NULL), 0);
    assert_int_equal(journal_add_amendment(journal, order.order, 2, 8, 1100, text("amended"), NULL), 0);
    assert_int_equal(journal_set_note(journal, order.order, text("E3"), NULL), 0);
    assert_int_equal(journal_add_recall(journal, id_of(9), 5000, NULL), 0);
    journal_close(journal);

    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    journal = open_as(AGENT);
    assert_int_equal(journal_each_outgoing(journal, see_outgoing, &seen, NULL), 0);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.counter, 5);
    assert_int_equal(seen.tag, 99);
    assert_string_equal(seen.frame, "signed");
    assert_int_equal(journal_cursor(journal, LANE_ORDERS, &cursor, NULL), 0);
    assert_int_equal(cursor, 7);
    assert_int_equal(journal_epoch(journal, &epoch, NULL), 0);
    assert_int_equal(epoch, 3);
    buf_init(&head, 0);
    assert_int_equal(journal_head(journal, &head, NULL), 0);
    assert_string_equal(buf_text(&head), "head");
    buf_free(&head);
    assert_int_equal(journal_order(journal, order.order, &found, NULL), 0);
    assert_int_equal(found.said, 1u << RUNG_ACKNOWLEDGED);
    assert_int_equal(found.amendments, 2);
    assert_int_equal(found.amendment_seq, 8);
    assert_memory_equal(found.record.p, "the record", 10);
    assert_memory_equal(found.amendment_record.p, "amended", 7);
    assert_memory_equal(found.note.p, "E3", 2);
    assert_int_equal(journal_has_recall(journal, id_of(9), &recall, NULL), 0);
    assert_true(recall);
    assert_int_equal(journal_order(journal, id_of(77), &found, NULL), ERR_NOT_FOUND);
    journal_close(journal);
}

static void two_processes_never_share_a_counter(void **state)
{
    struct journal *one = open_as(AGENT), *two = open_as(AGENT);
    uint64_t a, b, c, d;

    (void)state;
    assert_int_equal(journal_take_counters(one, 0, 3, &a, NULL), 0);
    assert_int_equal(journal_take_counters(two, 0, 1, &b, NULL), 0);
    assert_int_equal(journal_take_counters(one, 100, 1, &c, NULL), 0);
    assert_int_equal(journal_take_counters(two, 50, 1, &d, NULL), 0);
    assert_int_equal(a, 1);
    assert_int_equal(b, 4);
    assert_int_equal(c, 101);
    assert_int_equal(d, 102);
    journal_close(one);
    journal_close(two);
}

static void one_item_is_renumbered_once(void **state)
{
    struct journal *one = open_as(AGENT), *two = open_as(AGENT);
    struct journal_outgoing outgoing = {.counter = 1, .frame = text("old")};
    struct seen seen = {0};
    bool changed;

    (void)state;
    assert_int_equal(journal_add_outgoing(one, &outgoing, &outgoing.item, NULL), 0);
    assert_int_equal(journal_renumber(two, outgoing.item, 1, 8, text("new"), &changed, NULL), 0);
    assert_true(changed);
    assert_int_equal(journal_renumber(one, outgoing.item, 1, 9, text("other"), &changed, NULL), 0);
    assert_false(changed);
    assert_int_equal(journal_each_outgoing(one, see_outgoing, &seen, NULL), 0);
    assert_int_equal(seen.counter, 8);
    assert_string_equal(seen.frame, "new");
    assert_int_equal(journal_settle(one, outgoing.item, text("reply"), NULL), 0);
    assert_int_equal(journal_renumber(two, outgoing.item, 8, 10, text("late"), &changed, NULL), 0);
    assert_false(changed);
    seen.n = 0;
    assert_int_equal(journal_each_outgoing(one, see_outgoing, &seen, NULL), 0);
    assert_int_equal(seen.n, 0);
    journal_close(one);
    journal_close(two);
}

static void a_rollback_leaves_nothing(void **state)
{
    struct journal *journal = open_as(AGENT);
    uint64_t first, again;

    (void)state;
    assert_int_equal(journal_begin(journal, NULL), 0);
    assert_int_equal(journal_begin(journal, NULL), 0);
    assert_int_equal(journal_take_counters(journal, 0, 5, &first, NULL), 0);
    assert_int_equal(journal_commit(journal, NULL), 0);
    journal_rollback(journal);
    assert_int_equal(journal_take_counters(journal, 0, 1, &again, NULL), 0);
    assert_int_equal(again, 1);
    journal_close(journal);
}

static size_t count(const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *stmt;
    int n;

    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    n = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return (size_t)n;
}

static void what_is_settled_is_trimmed(void **state)
{
    struct journal *journal = open_as(AGENT);
    struct journal_order open_order = {.order = id_of(1), .seq = 1, .record = text("r")};
    bool is_new;

    (void)state;
    assert_int_equal(journal_begin(journal, NULL), 0);
    assert_int_equal(journal_add_order(journal, &open_order, &is_new, NULL), 0);
    for (int i = 0; i < JOURNAL_ENDED_MAX + 50; i++) {
        struct journal_order order = {.seq = (uint64_t)i + 2, .end = JOURNAL_ENDED, .record = text("r")};
        struct journal_outgoing outgoing = {.counter = (uint64_t)i + 1, .frame = text("f")};
        struct id id = {{9}};

        memcpy(id.b + 4, &i, sizeof i);
        order.order = id;
        assert_int_equal(journal_add_order(journal, &order, &is_new, NULL), 0);
        assert_int_equal(journal_add_outgoing(journal, &outgoing, &outgoing.item, NULL), 0);
        if (i != 3) { /* the fourth has no reply and must stay */
            assert_int_equal(journal_settle(journal, outgoing.item, text("ok"), NULL), 0);
        }
    }
    assert_int_equal(journal_add_recall(journal, id_of(5), 100, NULL), 0);
    assert_int_equal(journal_add_recall(journal, id_of(6), 1000, NULL), 0);
    assert_int_equal(journal_commit(journal, NULL), 0);
    assert_int_equal(journal_trim(journal, 500, NULL), 0);
    journal_close(journal);
    assert_int_equal(count("SELECT count(*) FROM orders WHERE ended <> 0"), JOURNAL_ENDED_MAX);
    assert_int_equal(count("SELECT count(*) FROM orders WHERE ended = 0"), 1);
    assert_int_equal(count("SELECT count(*) FROM outgoing"), JOURNAL_ANSWERED_MAX + 1);
    assert_int_equal(count("SELECT count(*) FROM outgoing WHERE reply IS NULL"), 1);
    assert_int_equal(count("SELECT count(*) FROM recalls"), 1);
}

static void exec(const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void a_file_that_is_not_ours_is_left_alone(void **state)
{
    FILE *file;

    (void)state;
    journal_close(open_as(AGENT));
    assert_int_equal(refused("370102/health/centre", "370102", "not of 370102/health/centre"), ERR_CONFLICT);
    assert_int_equal(refused(AGENT, "370103", "not of 370103"), ERR_CONFLICT);
    exec("PRAGMA user_version=2");
    assert_int_equal(refused(AGENT, "370102", "newer program"), ERR_NEWER);
    assert_int_equal(count("PRAGMA user_version"), 2);
    unlink(path);
    exec("CREATE TABLE theirs(x)");
    assert_int_equal(refused(AGENT, "370102", "not an agent's journal"), ERR_CONFLICT);
    assert_int_equal(count("SELECT count(*) FROM sqlite_master"), 1);
    file = fopen(path, "w");
    for (int i = 0; i < 2000; i++) {
        fputs("no database", file);
    }
    fclose(file);
    assert_int_equal(refused(AGENT, "370102", "damaged"), ERR_CORRUPT);
}

static void damage_is_said_in_one_line(void **state)
{
    struct journal *journal = open_as(AGENT);
    FILE *file;

    (void)state;
    for (int i = 0; i < 200; i++) {
        struct journal_outgoing outgoing = {.counter = (uint64_t)i + 1,
                                            .frame = text("a frame that fills a page")};

        assert_int_equal(journal_add_outgoing(journal, &outgoing, &outgoing.item, NULL), 0);
    }
    journal_close(journal);
    file = fopen(path, "r+");
    fseek(file, 4096 * 3, SEEK_SET);
    for (int i = 0; i < 4096 * 3; i++) {
        fputc(0xa5, file);
    }
    fclose(file);
    assert_int_equal(refused(AGENT, "370102", "damaged"), ERR_CORRUPT);
}

static bool has_recall(struct journal *journal, uint8_t n)
{
    bool has = false;

    assert_int_equal(journal_has_recall(journal, id_of(n), &has, NULL), 0);
    return has;
}

static void add_recall(struct journal *journal, uint8_t n)
{
    assert_int_equal(journal_begin(journal, NULL), 0);
    assert_int_equal(journal_add_recall(journal, id_of(n), 1, NULL), 0);
}

static void an_inner_rollback_leaves_the_outer(void **state)
{
    struct journal *journal = open_as(AGENT);

    (void)state;
    add_recall(journal, 1);
    add_recall(journal, 2);
    journal_rollback(journal);
    add_recall(journal, 3);
    add_recall(journal, 4);
    journal_rollback(journal);
    assert_int_equal(journal_commit(journal, NULL), 0);
    assert_int_equal(journal_commit(journal, NULL), 0);
    journal_close(journal);
    journal = open_as(AGENT);
    assert_true(has_recall(journal, 1));
    assert_false(has_recall(journal, 2));
    assert_true(has_recall(journal, 3));
    assert_false(has_recall(journal, 4));
    journal_close(journal);
}

/* SQLite has taken back all of a transaction for want of memory: its end is told that, and not of a disk. */
static void what_undid_the_outer_is_told(void **state)
{
    static uint8_t record[200000];
    struct journal *journal = open_as(AGENT);
    struct journal_order order = {
        .order = id_of(1), .incident = id_of(2), .seq = 1, .lane = 2, .record = {record, sizeof record}};
    struct err err = {0};
    bool is_new;

    (void)state;
    add_recall(journal, 1);
    assert_int_equal(journal_begin(journal, NULL), 0);
    sqlite3_hard_heap_limit64(sqlite3_memory_used() + 100000);
    assert_int_equal(journal_add_order(journal, &order, &is_new, NULL), ERR_NO_MEMORY);
    sqlite3_hard_heap_limit64(0);
    journal_rollback(journal);
    assert_int_equal(journal_commit(journal, &err), ERR_NO_MEMORY);
    assert_non_null(strstr(err.text, "out of memory"));
    assert_null(journal_failed(journal));
    add_recall(journal, 3); /* the next one is another */
    assert_int_equal(journal_commit(journal, NULL), 0);
    assert_false(has_recall(journal, 1));
    assert_true(has_recall(journal, 3));
    journal_close(journal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everything_survives_a_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(two_processes_never_share_a_counter, setup, teardown),
        cmocka_unit_test_setup_teardown(one_item_is_renumbered_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_rollback_leaves_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_settled_is_trimmed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_is_not_ours_is_left_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(an_inner_rollback_leaves_the_outer, setup, teardown),
        cmocka_unit_test_setup_teardown(what_undid_the_outer_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(damage_is_said_in_one_line, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
