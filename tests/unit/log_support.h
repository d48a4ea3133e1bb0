/* What the tests of the log share: folders, records, and a text of all that a log answers. */
#ifndef MUSTER_TESTS_UNIT_LOG_SUPPORT_H
#define MUSTER_TESTS_UNIT_LOG_SUPPORT_H

#include "common/log/log.h"
#include "common/log/log_sqlite.h"

#define LOG_TEST_REGION "370102"

enum { LOG_TEST_PATH = 512 };

/* A new empty folder below TMPDIR; removed with all in it by the second. */
void log_test_folder(char ret[LOG_TEST_PATH]);
void log_test_remove(const char *folder);

/* ret = folder/name */
char *log_test_path(char ret[LOG_TEST_PATH], const char *folder, const char *name);

/* Whole files; read gives malloced bytes and asserts that the file is there. */
uint8_t *log_test_read(const char *path, size_t *ret_n);
void log_test_write(const char *path, const void *p, size_t n);
void log_test_copy(const char *from, const char *to);
bool log_test_exists(const char *path);

struct log_sqlite_options log_test_options(const char *folder);
/* Opens for writing, or fails the test with the error's text. */
struct log_store *log_test_open(const char *folder);

/* A decided record with a payload of text. */
struct log_entry log_test_entry(const char *author, uint64_t counter, const char *payload,
                                const struct log_index *index, size_t index_n);

/* Appends n records without index changes, one commit, payloads "payload <seq>"; asserts that it works. */
void log_test_append(struct log_store *store, unsigned n);

/* How to ask a store or a reader. */
typedef int log_test_ask(void *log, const struct log_query *query, struct arena *arena,
                         struct log_answer *ret, struct err *err);
int log_test_ask_store(void *log, const struct log_query *query, struct arena *arena, struct log_answer *ret,
                       struct err *err);

/* Everything that can be asked about streams s0..s7, agents a0..a3, lanes 0..3, as text; in answers of few
 * records when records_max says so, which must change nothing. To be freed. */
char *log_test_dump(void *log, log_test_ask *ask, uint32_t records_max);

/* Small numbers by chance. */
struct log_test_chance {
    uint64_t state;
};
unsigned log_test_below(struct log_test_chance *chance, unsigned n);

#endif
