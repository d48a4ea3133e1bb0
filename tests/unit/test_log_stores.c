/* One table of behaviours for every kind of store. */
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
#include "common/log/log_memory.h"
#include "tests/unit/log_stores.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_empty(void **state)
{
    struct log_stores *f = *state;
    struct log_head head = log_get_head(f->store);
    struct hash zero = {{0}};
    assert_int_equal(head.seq, 0);
    assert_true(hash_equal(head.hash, zero));
    for (int q = LOG_Q_RANGE; q <= LOG_Q_BEHIND; q++) {
        struct log_answer answer =
            log_stores_ask(f, (struct log_query){.question = (enum log_question)q, .name = "x", .number = 5});
        assert_int_equal(answer.rows_n + answer.names_n + answer.number, 0);
        assert_false(answer.more);
    }
    assert_int_equal(log_stores_append(f, NULL, 0), 0);
    struct log_query wrong = {.question = (enum log_question)99};
    struct log_answer answer;
    assert_int_equal(log_read(f->store, &wrong, &f->arena, &answer, &f->err), ERR_DATA);
}

static void test_append_and_read(void **state)
{
    struct log_stores *f = *state;
    struct log_entry entries[2] = {log_test_entry("a0", 7, "one", NULL, 0),
                                   log_test_entry("", 0, "", NULL, 0)};
    entries[1].record.header.outcome = LOG_REFUSED;
    entries[1].record.header.epoch = 3;
    entries[1].record.header.occurred_ms = -5;
    assert_int_equal(log_stores_append(f, entries, 2), 0);
    assert_int_equal(entries[0].record.header.seq, 1);
    assert_int_equal(entries[1].record.header.seq, 2);
    struct log_answer answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_RANGE});
    assert_int_equal(answer.rows_n, 2);
    struct hash previous = {{0}};
    for (size_t i = 0; i < 2; i++) {
        const struct log_record *record = &answer.rows[i].record;
        assert_int_equal(log_chain_check(previous, i + 1, record, &f->err), 0);
        assert_true(hash_equal(record->hash, entries[i].record.hash));
        assert_false(record->redacted);
        previous = record->hash;
    }
    const struct log_header *h = &answer.rows[0].record.header;
    assert_string_equal(h->author, "a0");
    assert_int_equal(h->counter, 7);
    assert_int_equal(h->kind, 3);
    assert_int_equal(h->boot[1], 2);
    assert_memory_equal(answer.rows[0].record.payload.p, "one", 3);
    assert_int_equal(answer.rows[1].record.payload.n, 0);
    assert_int_equal(answer.rows[1].record.header.outcome, LOG_REFUSED);
    assert_int_equal(answer.rows[1].record.header.occurred_ms, -5);
    struct log_head head = log_get_head(f->store);
    assert_int_equal(head.seq, 2);
    assert_int_equal(head.epoch, 3);
    assert_true(hash_equal(head.hash, previous));
    answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_RANGE, .after = 2});
    assert_int_equal(answer.rows_n, 0);
}

/* Whatever is refused leaves head, indexes and usability as they were. */
static void test_refusals(void **state)
{
    struct log_stores *f = *state;
    static char long_name[LOG_NAME_MAX + 1];
    static uint8_t large[LOG_PAYLOAD_MAX + 1];
    memset(long_name, 'x', LOG_NAME_MAX);
    const struct log_index bad_index[] = {
        {.op = LOG_TOUCH, .name = ""},
        {.op = LOG_TOUCH, .name = long_name},
        {.op = LOG_TOUCH, .name = "\xff"},
        {.op = LOG_DUE, .name = "s", .number = (uint64_t)INT64_MAX + 1},
        {.op = LOG_TOMBSTONE, .name = "a", .item = ""},
        {.op = LOG_TOMBSTONE, .name = "a"},
        {.op = LOG_OUTBOX, .name = "a", .item = long_name},
        {.op = (enum log_index_op)77, .name = "a"},
    };
    assert_int_equal(log_stores_append_one(f, "a0", 5, "first", NULL, 0), 0);
    for (size_t i = 0; i < COUNT(bad_index); i++) {
        int code = log_stores_append_one(f, "a0", 6, "x", &bad_index[i], 1);
        assert_true(code == ERR_DATA || code == ERR_TOO_BIG);
    }
    struct log_entry entry = log_test_entry("a0", 6, "x", NULL, 0);
    assert_int_equal(log_append(f->store, 0, &entry, 1, &f->err), ERR_CONFLICT);
    assert_int_equal(log_append(f->store, 2, &entry, 1, &f->err), ERR_CONFLICT);
    assert_int_equal(entry.record.header.seq, 0);
    entry.record.header.seq = 3;
    assert_int_equal(log_stores_append(f, &entry, 1), ERR_DATA);
    entry.record.header.outcome = LOG_REDACTED;
    assert_int_equal(log_stores_append(f, &entry, 1), ERR_DATA);
    entry = log_test_entry("", 6, "x", NULL, 0);
    assert_int_equal(log_stores_append(f, &entry, 1), ERR_DATA);
    entry = log_test_entry("a0", 6, "x", NULL, 0);
    entry.record.header.epoch = 0;
    assert_int_equal(log_stores_append(f, &entry, 1), ERR_CONFLICT);
    entry = log_test_entry("a0", 6, "x", NULL, 0);
    entry.record.payload = (struct bytes){large, sizeof(large)};
    assert_int_equal(log_stores_append(f, &entry, 1), ERR_TOO_BIG);
    entry.record.payload.n--;
    assert_int_equal(log_stores_append(f, &entry, 1), 0);
    static struct log_entry many[LOG_BATCH_MAX + 1];
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = log_test_entry("", 0, "", NULL, 0);
    assert_int_equal(log_stores_append(f, many, LOG_BATCH_MAX + 1), ERR_TOO_BIG);
    assert_int_equal(log_stores_append(f, many, LOG_BATCH_MAX), 0);
    assert_int_equal(log_get_head(f->store).seq, 2 + LOG_BATCH_MAX);
}

static void test_counters(void **state)
{
    enum { MANY = 70 };
    struct log_stores *f = *state;
    const struct log_index touch = {.op = LOG_TOUCH, .name = "s0"};
    assert_int_equal(log_stores_append_one(f, "a0", 5, "five", NULL, 0), 0);
    assert_int_equal(log_stores_append_one(f, "a0", 0, "ack", NULL, 0), 0);
    assert_int_equal(log_stores_append_one(f, "a0", 0, "ack", NULL, 0), 0);
    assert_int_equal(log_stores_append_one(f, "a1", 5, "other", NULL, 0), 0);
    assert_int_equal(log_stores_append_one(f, "a0", 3, "late", NULL, 0), 0);
    /* All of a batch or nothing: the second one contradicts. */
    struct log_entry entries[2] = {log_test_entry("a0", 6, "six", &touch, 1),
                                   log_test_entry("a1", 5, "again", NULL, 0)};
    assert_int_equal(log_stores_append(f, entries, 2), ERR_CONFLICT);
    assert_non_null(strstr(f->err.text, "counter 5 of a1"));
    entries[0] = log_test_entry("a0", 6, "six", &touch, 1);
    entries[1] = log_test_entry("a0", 6, "six", &touch, 1);
    assert_int_equal(log_stores_append(f, entries, 2), ERR_CONFLICT);
    assert_int_equal(log_get_head(f->store).seq, 5);
    assert_int_equal(log_stores_ask(f, (struct log_query){.question = LOG_Q_STREAM, .name = "s0"}).rows_n, 0);
    assert_int_equal(log_stores_ask(f, (struct log_query){.question = LOG_Q_COUNTER, .name = "a0"}).number,
                     5);
    assert_int_equal(log_stores_ask(f, (struct log_query){.question = LOG_Q_COUNTER, .name = "a2"}).number,
                     0);
    struct log_answer answer =
        log_stores_ask(f, (struct log_query){.question = LOG_Q_COMMAND, .name = "a0", .number = 3});
    assert_int_equal(answer.rows_n, 1);
    assert_int_equal(answer.rows[0].record.header.seq, 5);
    answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_COMMAND, .name = "a0", .number = 0});
    assert_int_equal(answer.rows_n, 0);
    assert_int_equal(log_stores_append_one(f, "a0", 6, "six", NULL, 0), 0);
    assert_int_equal(log_stores_ask(f, (struct log_query){.question = LOG_Q_COUNTER, .name = "a0"}).number,
                     6);
    /* Of many the one is named. */
    struct log_entry many[MANY];
    for (size_t i = 0; i < MANY; i++)
        many[i] = log_test_entry("a0", i == MANY - 2 ? 6 : 100 + i, "x", NULL, 0);
    assert_int_equal(log_stores_append(f, many, MANY), ERR_CONFLICT);
    assert_non_null(strstr(f->err.text, "counter 6 of a0"));
    many[MANY - 2].record.header.counter = 99;
    assert_int_equal(log_stores_append(f, many, MANY), 0);
}

static void test_limits(void **state)
{
    struct log_stores *f = *state;
    log_test_append(f->store, 10); /* "payload 1": nine bytes each, the tenth has ten */
    struct log_answer answer =
        log_stores_ask(f, (struct log_query){.question = LOG_Q_RANGE, .records_max = 4});
    assert_int_equal(answer.rows_n, 4);
    assert_true(answer.more);
    answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_RANGE, .after = 6, .records_max = 4});
    assert_int_equal(answer.rows_n, 4);
    assert_false(answer.more);
    answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_RANGE, .bytes_max = 27});
    assert_int_equal(answer.rows_n, 3);
    assert_true(answer.more);
    answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_RANGE, .bytes_max = 26});
    assert_int_equal(answer.rows_n, 2);
    answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_RANGE, .bytes_max = 1});
    assert_int_equal(answer.rows_n, 1);
    assert_true(answer.more);
    answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_RANGE, .after = 9, .bytes_max = 1});
    assert_int_equal(answer.rows_n, 1);
    assert_false(answer.more);
    log_test_append(f->store, LOG_READ_RECORDS_MAX);
    answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_RANGE, .records_max = UINT32_MAX});
    assert_int_equal(answer.rows_n, LOG_READ_RECORDS_MAX);
    assert_true(answer.more);
    /* An arena that is too small is an error, not a cut. */
    struct arena small;
    struct log_query query = {.question = LOG_Q_RANGE};
    arena_init(&small, 4096);
    assert_int_equal(log_read(f->store, &query, &small, &answer, &f->err), ERR_NO_MEMORY);
    arena_free(&small);
}

static void test_streams(void **state)
{
    struct log_stores *f = *state;
    const struct log_index both[] = {{.op = LOG_TOUCH, .name = "s0"},
                                     {.op = LOG_TOUCH, .name = "s1"},
                                     {.op = LOG_TOUCH, .name = "s0"},
                                     {.op = LOG_OPEN, .name = "s1"},
                                     {.op = LOG_OPEN, .name = "s0"},
                                     {.op = LOG_DUE, .name = "s1", .number = 300},
                                     {.op = LOG_DUE, .name = "s0", .number = 200}};
    const struct log_index close0[] = {{.op = LOG_TOUCH, .name = "s0"}, {.op = LOG_CLOSE, .name = "s0"}};
    const struct log_index due1[] = {{.op = LOG_DUE, .name = "s1", .number = 100}};
    const struct log_index due0[] = {{.op = LOG_DUE, .name = "s1", .number = 0}};
    assert_int_equal(log_stores_append_one(f, "", 0, "x", both, COUNT(both)), 0);
    struct log_answer answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_OPEN});
    assert_int_equal(answer.names_n, 2);
    assert_string_equal(answer.names[0].name, "s0");
    answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_OPEN, .name = "s0"});
    assert_int_equal(answer.names_n, 1);
    answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_OPEN, .records_max = 1});
    assert_true(answer.more);
    answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_DUE, .number = 299});
    assert_int_equal(answer.names_n, 1);
    assert_int_equal(answer.names[0].number, 200);
    assert_int_equal(log_stores_append_one(f, "", 0, "x", due1, 1), 0);
    answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_DUE, .number = 300});
    assert_int_equal(answer.names_n, 2);
    assert_string_equal(answer.names[0].name, "s1");
    assert_int_equal(log_stores_append_one(f, "", 0, "x", close0, COUNT(close0)), 0);
    answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_DUE, .number = 300});
    assert_int_equal(answer.names_n, 1);
    assert_string_equal(answer.names[0].name, "s1");
    assert_int_equal(log_stores_ask(f, (struct log_query){.question = LOG_Q_OPEN}).names_n, 1);
    assert_int_equal(log_stores_append_one(f, "", 0, "x", due0, 1), 0);
    assert_int_equal(
        log_stores_ask(f, (struct log_query){.question = LOG_Q_DUE, .number = UINT64_MAX}).names_n, 0);
    answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_TOUCHED, .name = "s", .to = "t"});
    assert_int_equal(answer.names_n, 2); /* each once, open or not */
    assert_string_equal(answer.names[0].name, "s0");
    answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_TOUCHED, .name = "s0", .to = "t"});
    assert_int_equal(answer.names_n, 1);
    assert_int_equal(
        log_stores_ask(f, (struct log_query){.question = LOG_Q_TOUCHED, .name = "s", .to = "s1"}).names_n, 1);
    answer = log_stores_ask(
        f, (struct log_query){.question = LOG_Q_TOUCHED, .name = "s", .to = "t", .records_max = 1});
    assert_true(answer.more);
    answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_STREAM, .name = "s0"});
    assert_int_equal(answer.rows_n, 2);
    assert_int_equal(answer.rows[1].record.header.seq, 3);
    answer = log_stores_ask(f, (struct log_query){.question = LOG_Q_STREAM, .name = "s0", .after = 1});
    assert_int_equal(answer.rows_n, 1);
}

/* Of a stream that is not open nothing is due. */
static void test_due_when_open(void **state)
{
    struct log_stores *f = *state;
    const struct log_index changes[] = {
        {.op = LOG_DUE, .name = "never", .number = 1},
        {.op = LOG_DUE, .name = "before", .number = 2},
        {.op = LOG_OPEN, .name = "before"},
        {.op = LOG_OPEN, .name = "again"},
        {.op = LOG_DUE, .name = "again", .number = 3},
        {.op = LOG_CLOSE, .name = "again"},
        {.op = LOG_DUE, .name = "again", .number = 4},
        {.op = LOG_OPEN, .name = "again"},
        {.op = LOG_OPEN, .name = "kept"},
        {.op = LOG_DUE, .name = "kept", .number = 5},
        {.op = LOG_OPEN, .name = "last"},
        {.op = LOG_DUE, .name = "last", .number = 6},
        {.op = LOG_DUE, .name = "last", .number = 7},
        {.op = LOG_OPEN, .name = "none"},
        {.op = LOG_DUE, .name = "none", .number = 8},
        {.op = LOG_DUE, .name = "none", .number = 0},
    };
    const struct log_index later[] = {{.op = LOG_OPEN, .name = "kept"},
                                      {.op = LOG_DUE, .name = "last", .number = 9},
                                      {.op = LOG_OPEN, .name = "last"}};
    const struct log_query due = {.question = LOG_Q_DUE, .number = UINT64_MAX};
    assert_int_equal(log_stores_append_one(f, "", 0, "x", changes, COUNT(changes)), 0);
    assert_int_equal(log_stores_ask(f, (struct log_query){.question = LOG_Q_OPEN}).names_n, 5);
    struct log_answer answer = log_stores_ask(f, due);
    assert_int_equal(answer.names_n, 2);
    assert_string_equal(answer.names[0].name, "kept");
    assert_int_equal(answer.names[0].number, 5);
    assert_string_equal(answer.names[1].name, "last");
    assert_int_equal(answer.names[1].number, 7);
    assert_int_equal(log_stores_append_one(f, "", 0, "x", later, COUNT(later)), 0);
    answer = log_stores_ask(f, due);
    assert_int_equal(answer.names_n, 2);
    assert_int_equal(answer.names[0].number, 5);
    assert_int_equal(answer.names[1].number, 9);
}

static const struct CMUnitTest for_each[] = {
    cmocka_unit_test(test_empty),         cmocka_unit_test(test_append_and_read),
    cmocka_unit_test(test_refusals),      cmocka_unit_test(test_counters),
    cmocka_unit_test(test_limits),        cmocka_unit_test(test_streams),
    cmocka_unit_test(test_due_when_open),
};

static struct log_index random_change(struct log_test_chance *chance, uint64_t head, char name[8],
                                      char item[8])
{
    static const enum log_index_op ops[] = {LOG_TOUCH, LOG_TOUCH,  LOG_OPEN,      LOG_CLOSE, LOG_DUE,
                                            LOG_DUE,   LOG_OUTBOX, LOG_TOMBSTONE, LOG_CURSOR};
    struct log_index change = {.op = ops[log_test_below(chance, COUNT(ops))], .name = name, .item = item};
    bool is_lane = change.op == LOG_OUTBOX || change.op == LOG_TOMBSTONE || change.op == LOG_CURSOR;
    snprintf(name, 8, "%c%u", is_lane ? 'a' : 's', log_test_below(chance, is_lane ? 4 : 8));
    snprintf(item, 8, "o%u", log_test_below(chance, 5));
    if (change.op == LOG_OUTBOX && log_test_below(chance, 3) == 0)
        change.item = NULL;
    change.lane = (uint8_t)log_test_below(chance, 4);
    /* Within what waits, in the middle of a commit, or beyond. */
    change.number = log_test_below(chance, change.op == LOG_CURSOR ? (unsigned)head + 40 : 100);
    return change;
}

/* Everything that can be asked, in memory in one piece. */
static void compare(struct log_store *memory, struct log_store *sqlite, uint32_t records_max)
{
    char *expected = log_test_dump(memory, log_test_ask_store, 0);
    char *in_memory = log_test_dump(memory, log_test_ask_store, records_max);
    char *in_sqlite = log_test_dump(sqlite, log_test_ask_store, records_max);
    assert_string_equal(in_memory, expected);
    assert_string_equal(in_sqlite, expected);
    free(expected);
    free(in_memory);
    free(in_sqlite);
}

/* Both stores, the same batches by chance: every answer is the same, in one piece or in many. */
static void test_stores_agree(void **state)
{
    enum { BATCHES = 200, FEW = 5, ENTRIES = 80, CHANGES = 4, DUMP_EACH = 20 };
    struct log_stores *f = *state;
    struct log_store *memory = log_memory_new();
    for (unsigned seed = 1; seed <= BATCHES; seed++) {
        struct log_test_chance chance = {seed};
        struct log_entry a[ENTRIES], b[ENTRIES];
        struct log_index changes[ENTRIES][CHANGES];
        char names[ENTRIES][CHANGES][8], items[ENTRIES][CHANGES][8], authors[ENTRIES][8];
        uint64_t head = log_get_head(memory).seq;
        size_t n = 1 + log_test_below(&chance, log_test_below(&chance, 8) == 0 ? ENTRIES : FEW);
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < CHANGES; j++)
                changes[i][j] = random_change(&chance, head, names[i][j], items[i][j]);
            snprintf(authors[i], sizeof(authors[i]), "a%u", log_test_below(&chance, 4));
            uint64_t counter = log_test_below(&chance, 2) == 0 ? 0 : seed * ENTRIES + i;
            if (log_test_below(&chance, 2 * ENTRIES) == 0)
                counter = 1 + log_test_below(&chance, seed * ENTRIES);
            a[i] = log_test_entry(authors[i], counter, names[i][0], changes[i],
                                  log_test_below(&chance, CHANGES + 1));
            b[i] = a[i];
        }
        int code = log_append(memory, head, a, n, NULL);
        assert_true(code == 0 || code == ERR_CONFLICT);
        assert_int_equal(log_append(f->store, head, b, n, NULL), code);
        if (seed % DUMP_EACH == 0)
            compare(memory, f->store, 0);
    }
    assert_true(log_get_head(memory).seq > BATCHES);
    assert_true(hash_equal(log_get_head(memory).hash, log_get_head(f->store).hash));
    for (uint32_t records_max = 0; records_max < 3; records_max++)
        compare(memory, f->store, records_max);
    log_close(memory);
}

static void test_memory_fails(void **state)
{
    struct log_stores *f = *state;
    log_test_append(f->store, 1);
    log_memory_fail_next(f->store, ERR_DISK_FULL);
    assert_int_equal(log_stores_append_one(f, "", 0, "x", NULL, 0), ERR_DISK_FULL);
    log_test_append(f->store, 1);
    log_memory_fail_next(f->store, ERR_IO);
    assert_int_equal(log_stores_append_one(f, "", 0, "x", NULL, 0), ERR_IO);
    assert_int_equal(log_stores_append_one(f, "", 0, "x", NULL, 0), ERR_IO);
    assert_int_equal(log_get_head(f->store).seq, 2);
    log_close(NULL);
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test_setup_teardown(test_stores_agree, log_stores_memvfs, log_stores_teardown),
        cmocka_unit_test_setup_teardown(test_memory_fails, log_stores_memory, log_stores_teardown),
    };
    if (crypto_init() != 0)
        return 1;
    int failed = log_stores_run(for_each, COUNT(for_each));
    return failed + cmocka_run_group_tests(others, NULL, NULL);
}
