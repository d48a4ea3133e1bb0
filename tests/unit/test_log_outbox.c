/* What waits for whom, in every kind of store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/log_stores.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_outbox(void **state)
{
    struct log_stores *f = *state;
    const struct log_index one[] = {{.op = LOG_OUTBOX, .lane = 2, .name = "a0", .item = "o2"},
                                    {.op = LOG_OUTBOX, .lane = 2, .name = "a0", .item = "o1"},
                                    {.op = LOG_OUTBOX, .lane = 2, .name = "a0", .item = "o1"},
                                    {.op = LOG_OUTBOX, .lane = 2, .name = "a1", .item = "o1"},
                                    {.op = LOG_OUTBOX, .lane = 1, .name = "a0"}};
    const struct log_index recall[] = {{.op = LOG_TOMBSTONE, .lane = 2, .name = "a0", .item = "o1"},
                                       {.op = LOG_TOMBSTONE, .lane = 2, .name = "a9", .item = "o1"},
                                       {.op = LOG_OUTBOX, .lane = 2, .name = "a0"}};
    const struct log_index cursor[] = {{.op = LOG_CURSOR, .lane = 2, .name = "a0", .number = 1}};
    const struct log_index back[] = {{.op = LOG_CURSOR, .lane = 2, .name = "a0", .number = 0}};
    const struct log_query waiting = {.question = LOG_Q_OUTBOX, .name = "a0", .lane = 2};
    assert_int_equal(log_stores_append_one(f, "", 0, "orders", one, COUNT(one)), 0);
    assert_int_equal(log_stores_append_one(f, "", 0, "recall", recall, COUNT(recall)), 0);
    struct log_answer answer = log_stores_ask(f, waiting);
    assert_int_equal(answer.rows_n, 2);
    assert_int_equal(answer.rows[0].items_n, 2);
    assert_string_equal(answer.rows[0].items[0].item, "o1");
    assert_true(answer.rows[0].items[0].tombstone);
    assert_string_equal(answer.rows[0].items[1].item, "o2");
    assert_false(answer.rows[0].items[1].tombstone);
    assert_int_equal(answer.rows[1].items_n, 1);
    assert_string_equal(answer.rows[1].items[0].item, "");
    assert_memory_equal(answer.rows[1].record.payload.p, "recall", 6);
    answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_OUTBOX, .name = "a1", .lane = 2});
    assert_int_equal(answer.rows_n, 1);
    assert_false(answer.rows[0].items[0].tombstone);
    answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_BEHIND});
    assert_int_equal(answer.names_n, 3);
    assert_int_equal(answer.names[0].lane, 1);
    assert_int_equal(answer.names[1].number, 1);
    answer = log_stores_ask(
        f, (struct log_query){.question = LOG_Q_BEHIND, .name = "a0", .lane = 1, .records_max = 1});
    assert_int_equal(answer.names_n, 1);
    assert_int_equal(answer.names[0].lane, 2);
    assert_true(answer.more);
    assert_int_equal(log_stores_append_one(f, "", 0, "ack", cursor, 1), 0);
    answer = log_stores_ask(f, waiting);
    assert_int_equal(answer.rows_n, 1);
    assert_int_equal(answer.rows[0].record.header.seq, 2);
    assert_int_equal(log_stores_append_one(f, "", 0, "ack", back, 1), 0);
    answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_CURSOR, .name = "a0", .lane = 2});
    assert_int_equal(answer.number, 1);
    answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_CURSOR, .name = "a0", .lane = 1});
    assert_int_equal(answer.number, 0);
    answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_OUTBOX, .name = "a0", .lane = 1});
    assert_int_equal(answer.rows_n, 1);
}

/* One commit for one agent, acknowledged one record after the other, read in pieces of any size. */
static void test_outbox_in_pieces(void **state)
{
    enum { N = 100, PIECE = 7 };
    struct log_stores *f = *state;
    struct log_entry entries[N];
    struct log_index index[N][2];
    char items[N][32];
    for (size_t i = 0; i < N; i++) {
        snprintf(items[i], sizeof(items[i]), "order %zu of a hundred", i);
        for (size_t j = 0; j < 2; j++)
            index[i][j] = (struct log_index){
                .op = LOG_OUTBOX, .lane = 2, .name = "a0", .item = j == 0 || i % 10 == 0 ? items[i] : ""};
        entries[i] = log_test_entry("", 0, "x", index[i], i % 3 == 0 ? 2 : 1);
    }
    assert_int_equal(log_stores_append(f, entries, N), 0);
    for (uint64_t acked = 0; acked <= N; acked++) {
        const struct log_index cursor = {.op = LOG_CURSOR, .lane = 2, .name = "a0", .number = acked};
        assert_int_equal(log_stores_append_one(f, "", 0, "ack", &cursor, 1), 0);
        struct log_query query = {
            .question = LOG_Q_OUTBOX, .name = "a0", .lane = 2, .records_max = 1 + (uint32_t)acked % PIECE};
        struct log_answer answer = {.more = true};
        uint64_t seq = acked;
        while (answer.more) {
            answer = log_stores_ask(f, query);
            for (size_t i = 0; i < answer.rows_n; i++) {
                const struct log_row *row = &answer.rows[i];
                assert_int_equal(row->record.header.seq, ++seq);
                assert_string_equal(row->items[row->items_n - 1].item, items[seq - 1]);
                assert_int_equal(row->items_n, (seq - 1) % 3 == 0 && (seq - 1) % 10 != 0 ? 2 : 1);
            }
            query.after = seq;
        }
        assert_int_equal(seq, N);
        answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_BEHIND});
        assert_int_equal(answer.names_n, acked < N);
        assert_true(acked == N || answer.names[0].number == acked + 1);
        arena_reset(&f->arena);
    }
}

/* What is recalled: in the same commit, before and after, and not what comes later under the same item. */
static void test_tombstones(void **state)
{
    struct log_stores *f = *state;
    const struct log_index out = {.op = LOG_OUTBOX, .lane = 2, .name = "a0", .item = "o"};
    const struct log_index recall = {.op = LOG_TOMBSTONE, .lane = 2, .name = "a0", .item = "o"};
    const struct log_index recall_out[] = {recall, out}, out_recall[] = {out, recall, out};
    const struct log_index cursor = {.op = LOG_CURSOR, .lane = 2, .name = "a0", .number = 4};
    const struct log_query query = {.question = LOG_Q_OUTBOX, .name = "a0", .lane = 2};
    static const struct {
        uint64_t seq;
        bool is_recalled;
    } expected[] = {{1, true}, {2, true}, {4, true}, {5, false}};
    struct log_entry entries[] = {
        log_test_entry("", 0, "1", &out, 1), log_test_entry("", 0, "2", recall_out, 2),
        log_test_entry("", 0, "3", &recall, 1), log_test_entry("", 0, "4", out_recall, 3),
        log_test_entry("", 0, "5", &out, 1)};
    assert_int_equal(log_stores_append(f, entries, COUNT(entries)), 0);
    struct log_answer answer = log_stores_ask(f, query);
    assert_int_equal(answer.rows_n, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_int_equal(answer.rows[i].record.header.seq, expected[i].seq);
        assert_int_equal(answer.rows[i].items_n, 1);
        assert_int_equal(answer.rows[i].items[0].tombstone, expected[i].is_recalled);
    }
    assert_int_equal(log_stores_append_one(f, "", 0, "again", recall_out, 2), 0);
    answer = log_stores_ask(f, query);
    assert_int_equal(answer.rows_n, COUNT(expected) + 1);
    assert_true(answer.rows[3].items[0].tombstone);
    assert_false(answer.rows[4].items[0].tombstone);
    assert_int_equal(log_stores_append_one(f, "", 0, "ack", &cursor, 1), 0);
    answer = log_stores_ask(f, query);
    assert_int_equal(answer.rows_n, 2);
    assert_true(answer.rows[0].items[0].tombstone);
    assert_false(answer.rows[1].items[0].tombstone);
}

/* An Ack beyond its own record takes what is there, and not what comes. */
static void test_cursor_ahead(void **state)
{
    struct log_stores *f = *state;
    const struct log_index changes[] = {{.op = LOG_OUTBOX, .name = "a0", .item = "o1"},
                                        {.op = LOG_CURSOR, .name = "a0", .number = 1000},
                                        {.op = LOG_OUTBOX, .name = "a0", .item = "o2"}};
    assert_int_equal(log_stores_append_one(f, "", 0, "x", changes, 1), 0);
    assert_int_equal(log_stores_append_one(f, "", 0, "x", changes, COUNT(changes)), 0);
    assert_int_equal(log_stores_append_one(f, "", 0, "x", changes, 1), 0);
    struct log_answer answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_OUTBOX, .name = "a0"});
    assert_int_equal(answer.rows_n, 2);
    assert_int_equal(answer.rows[0].record.header.seq, 2);
    assert_int_equal(answer.rows[0].items_n, 2);
    assert_int_equal(log_stores_ask(f, (struct log_query){.question = LOG_Q_CURSOR, .name = "a0"}).number,
                     1000);
}

/* The largest thing that may wait under one record, and its items are never cut apart. */
static void test_many_items(void **state)
{
    struct log_stores *f = *state;
    static struct log_index index[LOG_INDEX_MAX + 1];
    static char items[LOG_INDEX_MAX + 1][8];
    for (size_t i = 0; i < COUNT(index); i++) {
        snprintf(items[i], sizeof(items[i]), "%06zu", i);
        index[i] = (struct log_index){.op = LOG_OUTBOX, .name = "a0", .item = items[i]};
    }
    assert_int_equal(log_stores_append_one(f, "", 0, "x", index, LOG_INDEX_MAX + 1), ERR_TOO_BIG);
    assert_int_equal(log_stores_append_one(f, "", 0, "x", index, LOG_INDEX_MAX), 0);
    assert_int_equal(log_stores_append_one(f, "", 0, "y", index, 1), 0);
    struct log_answer answer =
        log_stores_ask(f, (struct log_query){.question = LOG_Q_OUTBOX, .name = "a0", .records_max = 1});
    assert_int_equal(answer.rows_n, 1);
    assert_int_equal(answer.rows[0].items_n, LOG_INDEX_MAX);
    assert_true(answer.more);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outbox),     cmocka_unit_test(test_outbox_in_pieces),
        cmocka_unit_test(test_tombstones), cmocka_unit_test(test_cursor_ahead),
        cmocka_unit_test(test_many_items),
    };
    if (crypto_init() != 0)
        return 1;
    return log_stores_run(tests, COUNT(tests));
}
