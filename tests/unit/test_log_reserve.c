/* A disk that is full: the reserve is given up, what follows is written into its place, and it is made again
 * when there is space. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/fault/memvfs.h"
#include "tests/unit/log_support.h"

enum { RESERVE = 1024 * 1024, PAYLOAD = 700, ROOM = 200 * 1024 };

static struct memvfs *vfs;
static struct log_store *store;

static int setup(void **state)
{
    (void)state;
    vfs = memvfs_new("reserve", 1);
    return vfs != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    log_close(store);
    store = NULL;
    memvfs_free(vfs);
    return 0;
}

static void open_store(void)
{
    struct log_sqlite_options options = {.folder = "log",
                                         .region = LOG_TEST_REGION,
                                         .create = true,
                                         .vfs = "reserve",
                                         .single_process = true,
                                         .reserve_bytes = RESERVE};
    struct err err = {0};
    if (log_sqlite_open(&options, &store, NULL, 0, &err) != 0)
        fail_msg("%s", err.text);
}

static int append(void)
{
    char payload[PAYLOAD + 1];
    uint64_t head = log_get_head(store).seq;
    memset(payload, 'p', PAYLOAD);
    payload[PAYLOAD] = '\0';
    struct log_entry entry = log_test_entry("a1", head + 1, payload, NULL, 0);
    return log_append(store, head, &entry, 1, NULL);
}

static bool is_low(void)
{
    struct log_query query = {.question = LOG_Q_ROOM};
    struct log_answer answer;
    assert_int_equal(log_read(store, &query, NULL, &answer, NULL), 0);
    return answer.number != 0;
}

static size_t append_until_full(void)
{
    size_t n = 0;
    int code;
    while ((code = append()) == 0)
        n++;
    assert_int_equal(code, ERR_DISK_FULL);
    return n;
}

static void test_what_must_not_wait_finds_space(void **state)
{
    (void)state;
    open_store();
    assert_int_equal(memvfs_file_size(vfs, "log/reserve"), RESERVE);
    assert_false(is_low());
    memvfs_set_size_limit(vfs, memvfs_size(vfs) + ROOM);
    size_t before = append_until_full();
    assert_true(before > 0);
    assert_int_equal(memvfs_file_size(vfs, "log/reserve"), 0);
    assert_true(is_low()); /* it cannot be made again, and not half of it is */
    assert_int_equal(memvfs_file_size(vfs, "log/reserve"), 0);
    size_t within = append_until_full(); /* commits of one record: the WAL is written back and used again */
    assert_true(within > RESERVE / PAYLOAD / 2);
    memvfs_set_size_limit(vfs, 0);
    assert_false(is_low());
    assert_int_equal(memvfs_file_size(vfs, "log/reserve"), RESERVE);
    assert_int_equal(append(), 0);
    assert_int_equal(log_get_head(store).seq, before + within + 1);
}

/* Full at the start, with what the last process left of the reserve: nothing. */
static void test_a_start_without_space(void **state)
{
    (void)state;
    open_store();
    memvfs_set_size_limit(vfs, memvfs_size(vfs) + ROOM);
    (void)append_until_full();
    uint64_t head = log_get_head(store).seq;
    log_close(store);
    open_store();
    assert_int_equal(log_get_head(store).seq, head);
    assert_true(is_low());
    assert_int_equal(append(), 0);
    memvfs_set_size_limit(vfs, 0);
    assert_false(is_low());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_must_not_wait_finds_space, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_start_without_space, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
