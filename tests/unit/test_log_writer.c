/* The writer thread as an event loop sees it. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log/log_memory.h"
#include "common/log/log_reader.h"
#include "common/log/log_writer.h"
#include "tests/unit/log_support.h"

enum { WAIT_MS = 10000 };

static struct log_request *append_request(struct log_entry *entry, uint64_t expected, void *owner)
{
    struct log_request *request = calloc(1, sizeof(*request));
    assert_non_null(request);
    *entry = log_test_entry("", 0, "by the writer", NULL, 0);
    request->is_append = true;
    request->expected_seq = expected;
    request->entries = entry;
    request->entries_n = 1;
    request->owner = owner;
    return request;
}

static struct log_request *read_request(const struct log_query *query)
{
    struct log_request *request = calloc(1, sizeof(*request));
    assert_non_null(request);
    request->query = *query;
    arena_init(&request->arena, 8 * 1024 * 1024);
    return request;
}

static void request_free(struct log_request *request)
{
    arena_free(&request->arena);
    free(request);
}

static bool is_readable(int fd, int wait_ms)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return poll(&poll_fd, 1, wait_ms) == 1;
}

static struct log_request *wait_done(struct log_writer *writer)
{
    assert_true(is_readable(log_writer_fd(writer), WAIT_MS));
    struct log_request *request = log_writer_done(writer);
    assert_non_null(request);
    return request;
}

/* Many appends and a read in between: each comes back once, in order, and a read sees what was before it. */
static void test_order(void **state)
{
    enum { N = 200 };
    static struct log_entry entries[N];
    static int owners[N];
    struct log_writer *writer;
    char folder[LOG_TEST_PATH];
    (void)state;
    log_test_folder(folder);
    assert_int_equal(log_writer_start(log_test_open(folder), &writer, NULL), 0);
    struct log_port port = log_writer_port(writer);
    assert_false(is_readable(log_writer_fd(writer), 0));
    assert_null(log_writer_done(writer));
    for (size_t i = 0; i < N; i++) {
        port.submit(port.ctx, append_request(&entries[i], i, &owners[i]));
        if (i % 10 == 9)
            port.submit(port.ctx, read_request(&(struct log_query){.question = LOG_Q_RANGE}));
    }
    for (size_t appended = 0, read = 0; appended + read < N + N / 10;) {
        struct log_request *request = wait_done(writer);
        assert_int_equal(request->result, 0);
        if (request->is_append) {
            assert_ptr_equal(request->owner, &owners[appended++]);
            assert_int_equal(request->entries[0].record.header.seq, appended);
        } else {
            assert_true(request->answer.rows_n >= ++read * 10);
            assert_int_equal(request->answer.rows_n, appended); /* nothing that its asker has not heard of */
        }
        request_free(request);
    }
    assert_null(log_writer_done(writer));
    assert_false(is_readable(log_writer_fd(writer), 0));
    log_writer_free(writer);
    log_test_remove(folder);
}

static void test_errors_come_back(void **state)
{
    struct log_writer *writer;
    struct log_entry entry, next;
    struct log_store *store = log_memory_new();
    (void)state;
    log_memory_fail_next(store, ERR_DISK_FULL);
    assert_int_equal(log_writer_start(store, &writer, NULL), 0);
    struct log_port port = log_writer_port(writer);
    port.submit(port.ctx, append_request(&entry, 0, NULL));
    struct log_request *request = wait_done(writer);
    assert_int_equal(request->result, ERR_DISK_FULL);
    assert_true(strlen(request->err.text) > 0);
    request_free(request);
    port.submit(port.ctx, append_request(&next, 5, NULL));
    request = wait_done(writer);
    assert_int_equal(request->result, ERR_CONFLICT);
    request_free(request);
    log_writer_free(writer);
    log_writer_free(NULL);
    log_writer_stop(NULL);
}

/* Everything that was submitted is done, and can be fetched after; what comes later is refused. */
static void test_stop_drains(void **state)
{
    enum { N = 50 };
    static struct log_entry entries[N + 1];
    struct log_writer *writer;
    char folder[LOG_TEST_PATH];
    (void)state;
    log_test_folder(folder);
    assert_int_equal(log_writer_start(log_test_open(folder), &writer, NULL), 0);
    struct log_port port = log_writer_port(writer);
    for (size_t i = 0; i < N; i++)
        port.submit(port.ctx, append_request(&entries[i], i, NULL));
    log_writer_stop(writer);
    log_writer_stop(writer);
    port.submit(port.ctx, append_request(&entries[N], N, NULL));
    for (size_t i = 0; i <= N; i++) {
        struct log_request *request = wait_done(writer);
        assert_int_equal(request->result, i < N ? 0 : ERR_UNAVAILABLE);
        request_free(request);
    }
    assert_int_equal(log_writer_doing(writer), 0);
    log_writer_free(writer);
    /* The slots were written when it stopped. */
    struct log_reader *reader;
    assert_int_equal(log_reader_open(folder, &reader, NULL), 0);
    assert_false(log_reader_facts(reader)->live);
    assert_int_equal(log_reader_facts(reader)->slot.seq, N);
    log_reader_close(reader);
    log_test_remove(folder);
}

/* A store whose calls are seen, and whose append waits until it is let go. */
struct slow_store {
    struct log_store base;
    atomic_int appends;
    atomic_int head_syncs;
    atomic_int idles;
    atomic_int idles_before; /* the last append */
    atomic_bool go;
    atomic_bool closed;
};

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static int slow_append(struct log_store *base, uint64_t expected_seq, struct log_entry *entries, size_t n,
                       struct err *err)
{
    struct slow_store *store = (struct slow_store *)base;
    (void)expected_seq;
    (void)entries;
    (void)n;
    (void)err;
    while (!atomic_load(&store->go))
        nap();
    atomic_fetch_add(&store->appends, 1);
    atomic_store(&store->idles_before, atomic_load(&store->idles));
    return 0;
}

static int slow_read(struct log_store *base, const struct log_query *query, struct arena *arena,
                     struct log_answer *ret, struct err *err)
{
    struct slow_store *store = (struct slow_store *)base;
    (void)query;
    (void)arena;
    (void)err;
    while (!atomic_load(&store->go))
        nap();
    *ret = (struct log_answer){.number = 0};
    return 0;
}

static int slow_sync_head(struct log_store *base, struct err *err)
{
    (void)err;
    atomic_fetch_add(&((struct slow_store *)base)->head_syncs, 1);
    return 0;
}

static void slow_idle(struct log_store *base)
{
    atomic_fetch_add(&((struct slow_store *)base)->idles, 1);
}

static void slow_close(struct log_store *base)
{
    atomic_store(&((struct slow_store *)base)->closed, true);
}

static const struct log_store_ops slow_ops = {.append = slow_append,
                                              .read = slow_read,
                                              .sync_head = slow_sync_head,
                                              .idle = slow_idle,
                                              .close = slow_close};

/* A disk that hangs shows in what is being done, which stays the same; nothing blocks the loop. */
static void test_busy(void **state)
{
    struct slow_store store = {.base.ops = &slow_ops};
    struct log_writer *writer;
    struct log_entry entries[2];
    (void)state;
    assert_int_equal(log_writer_start(&store.base, &writer, NULL), 0);
    struct log_port port = log_writer_port(writer);
    assert_int_equal(log_writer_doing(writer), 0);
    port.submit(port.ctx, append_request(&entries[0], 0, NULL));
    port.submit(port.ctx, append_request(&entries[1], 1, NULL));
    for (int i = 0; i < WAIT_MS && log_writer_doing(writer) == 0; i++)
        nap();
    uint64_t doing = log_writer_doing(writer);
    assert_true(doing > 0);
    nap();
    assert_true(log_writer_doing(writer) == doing);
    assert_null(log_writer_done(writer));
    atomic_store(&store.go, true);
    request_free(wait_done(writer));
    request_free(wait_done(writer));
    assert_true(log_writer_doing(writer) != doing);
    log_writer_free(writer);
    assert_true(atomic_load(&store.closed));
    assert_int_equal(atomic_load(&store.appends), 2);
    assert_true(atomic_load(&store.head_syncs) >= 1);
}

/* Everybody waits for a commit: it waits for the read that has begun, and for no other. */
static void test_a_commit_goes_before_reads(void **state)
{
    enum { READS = 20 };
    struct slow_store store = {.base.ops = &slow_ops};
    struct log_writer *writer;
    struct log_entry entry;
    (void)state;
    assert_int_equal(log_writer_start(&store.base, &writer, NULL), 0);
    struct log_port port = log_writer_port(writer);
    port.submit(port.ctx, read_request(&(struct log_query){.question = LOG_Q_RANGE}));
    for (int i = 0; i < WAIT_MS && log_writer_doing(writer) == 0; i++)
        nap();
    assert_true(log_writer_doing(writer) > 0);
    for (int i = 1; i < READS; i++)
        port.submit(port.ctx, read_request(&(struct log_query){.question = LOG_Q_RANGE}));
    port.submit(port.ctx, append_request(&entry, 0, NULL));
    atomic_store(&store.go, true);
    for (int i = 0; i < READS + 1; i++) {
        struct log_request *request = wait_done(writer);
        assert_int_equal(request->is_append, i == 1);
        request_free(request);
    }
    log_writer_free(writer);
}

/* The store is told that nobody waits once everything is done: not in between, and not again and again. */
static void test_idle(void **state)
{
    enum { N = 20 };
    struct slow_store store = {.base.ops = &slow_ops};
    struct log_entry entries[N];
    struct log_writer *writer;
    (void)state;
    assert_int_equal(log_writer_start(&store.base, &writer, NULL), 0);
    struct log_port port = log_writer_port(writer);
    for (size_t i = 0; i < N; i++)
        port.submit(port.ctx, append_request(&entries[i], i, NULL));
    assert_int_equal(atomic_load(&store.idles), 0);
    atomic_store(&store.go, true);
    for (size_t i = 0; i < N; i++)
        request_free(wait_done(writer));
    for (int i = 0; i < WAIT_MS && atomic_load(&store.idles) == 0; i++)
        nap();
    assert_int_equal(atomic_load(&store.idles_before), 0);
    for (int i = 0; i < WAIT_MS && atomic_load(&store.head_syncs) == 0; i++)
        nap();
    log_writer_free(writer);
    assert_int_equal(atomic_load(&store.idles), 1);
}

/* The head follows a commit without anything else being asked, and not for every commit. */
static void test_head_follows(void **state)
{
    enum { N = 20 };
    struct slow_store store = {.base.ops = &slow_ops, .go = true};
    struct log_entry entries[N];
    struct log_writer *writer;
    (void)state;
    assert_int_equal(log_writer_start(&store.base, &writer, NULL), 0);
    struct log_port port = log_writer_port(writer);
    for (size_t i = 0; i < N; i++)
        port.submit(port.ctx, append_request(&entries[i], i, NULL));
    for (size_t i = 0; i < N; i++)
        request_free(wait_done(writer));
    for (int i = 0; i < WAIT_MS && atomic_load(&store.head_syncs) == 0; i++)
        nap();
    int syncs = atomic_load(&store.head_syncs);
    assert_true(syncs >= 1 && syncs < N);
    log_writer_free(writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_errors_come_back),
        cmocka_unit_test(test_stop_drains),
        cmocka_unit_test(test_busy),
        cmocka_unit_test(test_head_follows),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_a_commit_goes_before_reads),
    };
    if (crypto_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
