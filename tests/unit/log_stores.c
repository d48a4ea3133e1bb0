#include "tests/unit/log_stores.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/log/log_memory.h"
#include "tests/fault/memvfs.h"

static struct log_stores *fixture_new(void **state)
{
    struct log_stores *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    arena_init(&f->arena, 16 * 1024 * 1024);
    *state = f;
    return f;
}

int log_stores_memory(void **state)
{
    struct log_stores *f = fixture_new(state);
    f->store = log_memory_new();
    return f->store == NULL;
}

int log_stores_memvfs(void **state)
{
    struct log_stores *f = fixture_new(state);
    f->vfs = memvfs_new("stores", 1);
    struct log_sqlite_options options = {
        .folder = "log", .region = LOG_TEST_REGION, .create = true, .vfs = "stores", .single_process = true};
    return log_sqlite_open(&options, &f->store, NULL, 0, &f->err);
}

int log_stores_folder(void **state)
{
    struct log_stores *f = fixture_new(state);
    log_test_folder(f->folder);
    f->store = log_test_open(f->folder);
    return 0;
}

int log_stores_teardown(void **state)
{
    struct log_stores *f = *state;
    log_close(f->store);
    memvfs_free(f->vfs);
    if (f->folder[0] != '\0')
        log_test_remove(f->folder);
    arena_free(&f->arena);
    free(f);
    return 0;
}

int log_stores_append(struct log_stores *f, struct log_entry *entries, size_t n)
{
    return log_append(f->store, log_get_head(f->store).seq, entries, n, &f->err);
}

int log_stores_append_one(struct log_stores *f, const char *author, uint64_t counter, const char *payload,
                          const struct log_index *index, size_t index_n)
{
    struct log_entry entry = log_test_entry(author, counter, payload, index, index_n);
    return log_stores_append(f, &entry, 1);
}

struct log_answer log_stores_ask(struct log_stores *f, struct log_query query)
{
    struct log_answer answer = {0};
    if (log_read(f->store, &query, &f->arena, &answer, &f->err) != 0)
        fail_msg("%s", f->err.text);
    return answer;
}

static int run_for(const char *name, CMFixtureFunction setup, const struct CMUnitTest *tests, size_t n)
{
    struct CMUnitTest those[LOG_STORES_TESTS_MAX];
    char names[LOG_STORES_TESTS_MAX][64];
    assert_true(n <= LOG_STORES_TESTS_MAX);
    for (size_t i = 0; i < n; i++) {
        snprintf(names[i], sizeof(names[i]), "%s %s", name, tests[i].name);
        those[i] = tests[i];
        those[i].name = names[i];
        those[i].setup_func = setup;
        those[i].teardown_func = log_stores_teardown;
    }
    return _cmocka_run_group_tests(name, those, n, NULL, NULL);
}

int log_stores_run(const struct CMUnitTest *tests, size_t n)
{
    int failed = run_for("memory", log_stores_memory, tests, n);
    failed += run_for("sqlite on memvfs", log_stores_memvfs, tests, n);
    return failed + run_for("sqlite in a folder", log_stores_folder, tests, n);
}
