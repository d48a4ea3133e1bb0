/* A store of each kind, empty, for tests that must hold for all of them. */
#ifndef MUSTER_TESTS_UNIT_LOG_STORES_H
#define MUSTER_TESTS_UNIT_LOG_STORES_H

#include "tests/unit/log_support.h"

struct memvfs;
struct CMUnitTest;

struct log_stores {
    struct log_store *store;
    struct memvfs *vfs;
    char folder[LOG_TEST_PATH];
    struct arena arena;
    struct err err;
};

/* cmocka's setups and teardown; *state is a struct log_stores. */
int log_stores_memory(void **state);
int log_stores_memvfs(void **state);
int log_stores_folder(void **state);
int log_stores_teardown(void **state);

/* On top of the head that is there. */
int log_stores_append(struct log_stores *f, struct log_entry *entries, size_t n);
int log_stores_append_one(struct log_stores *f, const char *author, uint64_t counter, const char *payload,
                          const struct log_index *index, size_t index_n);

/* Fails the test when it cannot be answered. */
struct log_answer log_stores_ask(struct log_stores *f, struct log_query query);

/* Runs n tests, LOG_STORES_TESTS_MAX at most, once for each kind of store; how many failed. */
enum { LOG_STORES_TESTS_MAX = 16 };
int log_stores_run(const struct CMUnitTest *tests, size_t n);

#endif
