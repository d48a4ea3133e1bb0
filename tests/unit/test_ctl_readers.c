/* Commands that read a log end with the right exit code when there is none to read. */
#include "agents/ctl/ctl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log/log_sqlite.h"

enum { USER_VERSION_AT = 60 }; /* SQLite's file format: the log's format is kept there */

/* Tests run where the sources are. */
#define A_PACK "--rules=common/rules/packs/decree-493.yaml"

typedef int command(int argc, char **argv);

static int run(command *run_it, const char *name, const char *path, const char *third)
{
    char arguments[3][128];
    char *argv[4];

    (void)snprintf(arguments[0], sizeof arguments[0], "%s", name);
    (void)snprintf(arguments[1], sizeof arguments[1], "%s", path);
    (void)snprintf(arguments[2], sizeof arguments[2], "%s", third != NULL ? third : "");
    for (int i = 0; i < 3; i++) {
        argv[i] = arguments[i];
    }
    argv[3] = NULL;
    return run_it(third != NULL ? 3 : 2, argv);
}

static void all(const char *path, int wanted)
{
    assert_int_equal(run(ctl_replay, "replay", path, NULL), wanted);
    assert_int_equal(run(ctl_verify, "verify", path, NULL), wanted);
    assert_int_equal(run(ctl_stats, "stats", path, NULL), wanted);
    assert_int_equal(run(ctl_explain, "explain", path, "7KQ2ZM"), wanted);
    assert_int_equal(run(ctl_rules_what_if, "what-if", path, A_PACK), wanted);
}

struct folder {
    char path[64];
    char database[96];
};

static void make_folder(struct folder *folder)
{
    (void)snprintf(folder->path, sizeof folder->path, "/tmp/muster-readers-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    (void)snprintf(folder->database, sizeof folder->database, "%s/muster.db", folder->path);
}

static void make_empty_log(const struct folder *folder)
{
    struct log_sqlite_options options = {
        .folder = folder->path, .region = "370102", .create = true, .volatile_ok = true, .reserve_bytes = -1};
    struct log_store *store;
    struct err err;

    if (log_sqlite_open(&options, &store, NULL, 0, &err) < 0) {
        fail_msg("%s", err.text);
    }
    log_close(store);
}

static void remove_folder(const struct folder *folder)
{
    static const char *const names[] = {"muster.db", "muster.db-wal", "muster.db-shm", "head", "lock"};
    char path[128];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder->path, names[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(folder->path), 0);
}

static void no_folder_and_no_log(void **state)
{
    struct folder folder;

    (void)state;
    all("/nonexistent/log", 66);
    all("/dev/null", 66);
    make_folder(&folder);
    all(folder.path, 66);
    remove_folder(&folder);
}

static void write_at(const struct folder *folder, const char *mode, long at, const void *bytes, size_t n)
{
    FILE *file = fopen(folder->database, mode);

    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static void not_a_log(void **state)
{
    static const uint8_t junk[8192] = {1, 2, 3};
    struct folder folder;

    (void)state;
    make_folder(&folder);
    write_at(&folder, "wb", 0, junk, sizeof junk);
    all(folder.path, 65);
    remove_folder(&folder);
}

static void a_newer_format(void **state)
{
    static const uint8_t format[4] = {0, 0, 0, 99};
    struct folder folder;

    (void)state;
    make_folder(&folder);
    make_empty_log(&folder);
    write_at(&folder, "r+b", USER_VERSION_AT, format, sizeof format);
    all(folder.path, 65);
    remove_folder(&folder);
}

static void an_empty_log_is_read(void **state)
{
    struct folder folder;

    (void)state;
    make_folder(&folder);
    make_empty_log(&folder);
    assert_int_equal(run(ctl_replay, "replay", folder.path, NULL), 0);
    assert_int_equal(run(ctl_verify, "verify", folder.path, NULL), 0);
    assert_int_equal(run(ctl_stats, "stats", folder.path, "--json"), 0);
    assert_int_equal(run(ctl_explain, "explain", folder.path, "7KQ2ZM"), 66);
    assert_int_equal(run(ctl_rules_what_if, "what-if", folder.path, A_PACK), 0);
    assert_int_equal(run(ctl_rules_what_if, "what-if", folder.path, "--rules=no-such-pack.yaml"), 66);
    assert_int_equal(run(ctl_replay, "replay", folder.path, "--at=1"), 64);
    assert_int_equal(run(ctl_replay, "replay", folder.path, "--format=xml"), 64);
    assert_int_equal(run(ctl_stats, "stats", folder.path, "--mode=real"), 64);
    remove_folder(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_folder_and_no_log),
        cmocka_unit_test(not_a_log),
        cmocka_unit_test(a_newer_format),
        cmocka_unit_test(an_empty_log_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
