#include "common/crypto/keyfile.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char name[] = "370102/fire-rescue/station-3";

/* Each test has a folder of its own; state is its path. */
static int folder_make(void **state)
{
    char *path = strdup("/tmp/muster-keyfile-XXXXXX");

    *state = path;
    return path && mkdtemp(path) ? crypto_init() : -1;
}

static int folder_remove(void **state)
{
    char path[600];
    DIR *dir = opendir(*state);

    if (!dir)
        return -1;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", (char *)*state, entry->d_name);
        unlink(path);
    }
    closedir(dir);
    rmdir(*state);
    free(*state);
    return 0;
}

static const char *in_folder(void **state, const char *file, char ret[128])
{
    snprintf(ret, 128, "%s/%s", (char *)*state, file);
    return ret;
}

static void write_text(const char *path, mode_t mode, const char *text, size_t n)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void counting_fill(void *ctx, void *p, size_t n)
{
    uint8_t *next = ctx, *b = p;

    for (size_t i = 0; i < n; i++)
        b[i] = (*next)++;
}

static struct secret_keys test_keys(void)
{
    uint8_t next = 0;
    struct rng rng = {&next, counting_fill};
    struct secret_keys keys;

    keys_generate(name, &rng, &keys);
    return keys;
}

static void generation_follows_the_random_source(void **state)
{
    struct secret_keys keys = test_keys(), zero;
    struct public_keys public = keys_public(&keys);
    char text[65];

    (void)state;
    assert_string_equal(keys.name, name);
    assert_string_equal(public.name, name);
    assert_string_equal(hex_format(public.sign.b, 32, text),
                        "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8");
    assert_string_equal(hex_format(keys.curve_secret, 32, text),
                        "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f");
    assert_string_equal(hex_format(public.curve, 32, text),
                        "358072d6365880d1aeea329adf9121383851ed21a28e3b75e965d0d2cd166254");
    assert_memory_equal(keys.curve_public, public.curve, 32);
    memset(&zero, 0, sizeof zero);
    keys_wipe(&keys);
    assert_memory_equal(&keys, &zero, sizeof keys);
    keys_wipe(NULL);
}

static void files_round_trip(void **state)
{
    struct secret_keys keys = test_keys(), again;
    struct public_keys public = keys_public(&keys), public_again;
    char key[128], pub[128], text[512] = "";
    struct err err = {0};
    struct stat st;
    FILE *file;

    in_folder(state, "a.key", key);
    in_folder(state, "a.pub", pub);
    assert_int_equal(keyfile_write_secret(key, &keys, &err), 0);
    assert_int_equal(keyfile_write_public(pub, &public, &err), 0);
    assert_int_equal(stat(key, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(keyfile_read_secret(key, &again, &err), 0);
    assert_memory_equal(&keys, &again, sizeof keys);
    assert_int_equal(keyfile_read_public(pub, &public_again, &err), 0);
    assert_memory_equal(&public, &public_again, sizeof public);

    file = fopen(key, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    assert_string_equal(text, "muster secret key 1\n"
                              "name: 370102/fire-rescue/station-3\n"
                              "sign: 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
                              "curve: 202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f\n");
}

static void nothing_is_replaced(void **state)
{
    struct secret_keys keys = test_keys();
    struct public_keys public = keys_public(&keys);
    char path[128], link_path[128];
    struct err err = {0};
    struct stat st;

    write_text(in_folder(state, "old", path), 0600, "mine", 4);
    assert_int_equal(keyfile_write_secret(path, &keys, &err), ERR_CANNOT_CREATE);
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, "already there"));
    assert_int_equal(keyfile_write_public(path, &public, NULL), ERR_CANNOT_CREATE);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 4);
    /* Nor is a link followed, not even one to nowhere. */
    assert_int_equal(symlink(in_folder(state, "target", path), in_folder(state, "link", link_path)), 0);
    assert_int_equal(keyfile_write_secret(link_path, &keys, &err), ERR_CANNOT_CREATE);
    assert_int_equal(stat(path, &st), -1);
    assert_int_equal(keyfile_write_secret(in_folder(state, "no/such/folder.key", path), &keys, &err),
                     ERR_CANNOT_CREATE);
}

/* A limit on file size stands for the full disk. */
static void a_failed_write_leaves_no_file(void **state)
{
    struct secret_keys keys = test_keys();
    struct rlimit before, small;
    char path[128];
    struct err err = {0};
    int code;

    in_folder(state, "a.key", path);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 100;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    code = keyfile_write_secret(path, &keys, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(code, ERR_IO);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(access(path, F_OK), -1);
}

static void bad_names_are_not_written(void **state)
{
    static const char *const bad[] = {"", " x", "x ", "a\nsign: 00", "a\x1b[0m", "\xff", "\xe2\x80\xae"};
    struct secret_keys keys;
    char path[128], long_name[KEY_NAME_MAX + 1];
    struct err err = {0};

    in_folder(state, "bad.key", path);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        keys_generate(bad[i], rng_system(), &keys);
        assert_string_equal(keys.name, "");
        snprintf(keys.name, sizeof keys.name, "%s", bad[i]);
        assert_int_equal(keyfile_write_secret(path, &keys, &err), ERR_USAGE);
        assert_int_equal(access(path, F_OK), -1);
    }
    memset(long_name, 'n', sizeof long_name);
    long_name[KEY_NAME_MAX] = '\0';
    keys_generate(long_name, rng_system(), &keys);
    assert_string_equal(keys.name, "");
    memcpy(keys.name, long_name, sizeof keys.name); /* not even terminated */
    assert_int_equal(keyfile_write_secret(path, &keys, &err), ERR_USAGE);
    long_name[KEY_NAME_MAX - 1] = '\0';
    keys_generate(long_name, rng_system(), &keys);
    assert_int_equal(keyfile_write_secret(path, &keys, &err), 0);
    memset(&keys, 0, sizeof keys);
    assert_int_equal(keyfile_read_secret(path, &keys, &err), 0);
    assert_string_equal(keys.name, long_name);
}

static void a_secret_that_others_may_read_is_refused(void **state)
{
    static const mode_t modes[] = {0644, 0640, 0604, 0620, 0601};
    struct secret_keys keys = test_keys(), again;
    char path[128], remedy[160];
    struct err err = {0};

    in_folder(state, "a.key", path);
    assert_int_equal(keyfile_write_secret(path, &keys, &err), 0);
    snprintf(remedy, sizeof remedy, "chmod 600 %s", path);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        assert_int_equal(chmod(path, modes[i]), 0);
        assert_int_equal(keyfile_read_secret(path, &again, &err), ERR_PERMISSION);
        assert_non_null(strstr(err.text, remedy));
    }
    assert_int_equal(chmod(path, 0400), 0);
    assert_int_equal(keyfile_read_secret(path, &again, &err), 0);
}

static void what_is_no_file_is_refused(void **state)
{
    struct secret_keys keys;
    struct public_keys public;
    char path[128];
    struct err err = {0};

    assert_int_equal(keyfile_read_secret(in_folder(state, "none.key", path), &keys, &err), ERR_NO_INPUT);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(keyfile_read_public(path, &public, NULL), ERR_NO_INPUT);
    assert_int_equal(symlink("nowhere", in_folder(state, "link.key", path)), 0);
    assert_int_equal(keyfile_read_secret(path, &keys, &err), ERR_NO_INPUT);
    assert_int_equal(keyfile_read_public(*state, &public, &err), ERR_CONFIG);
    assert_int_equal(mkfifo(in_folder(state, "fifo", path), 0600), 0);
    assert_int_equal(keyfile_read_secret(path, &keys, &err), ERR_CONFIG);
}

#define GOOD_HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define HEADER "muster secret key 1\n"
#define NAME "name: 370102/fire-rescue/station-3\n"
#define SIGN "sign: " GOOD_HEX "\n"
#define CURVE "curve: " GOOD_HEX "\n"

static void anything_but_the_format_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *text;
        size_t n;
        const char *place;
    } rows[] = {
#define ROW(text, line) {text, sizeof(text) - 1, ".key:" line ": "}
        ROW("", "1"),
        ROW("muster secret key 1", "1"),
        ROW("muster secret key 2\n" NAME SIGN CURVE, "1"),
        ROW("muster public key 1\n" NAME SIGN CURVE, "1"),
        ROW("muster secret key 1\r\n" NAME SIGN CURVE, "1"),
        ROW(" " HEADER NAME SIGN CURVE, "1"),
        ROW("\0" HEADER NAME SIGN CURVE, "1"),
        ROW(HEADER, "2"),
        ROW(HEADER SIGN CURVE, "2"),
        ROW(HEADER "name: \n" SIGN CURVE, "2"),
        ROW(HEADER "name:x\n" SIGN CURVE, "2"),
        ROW(HEADER "name: \xff\n" SIGN CURVE, "2"),
        ROW(HEADER "name: a\0b\n" SIGN CURVE, "2"),
        ROW(HEADER NAME, "3"),
        ROW(HEADER NAME CURVE SIGN, "3"),
        ROW(HEADER NAME "sign: " GOOD_HEX "0\n" CURVE, "3"),
        ROW(HEADER NAME "sign: 0001\n" CURVE, "3"),
        ROW(HEADER NAME "sign: x00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n" CURVE,
            "3"),
        ROW(HEADER NAME "sign:  " GOOD_HEX "\n" CURVE, "3"),
        ROW(HEADER NAME SIGN, "4"),
        ROW(HEADER NAME SIGN "curve: \n", "4"),
        ROW(HEADER NAME SIGN "curve: " GOOD_HEX, "4"), /* cut */
        ROW(HEADER NAME SIGN "curve: " GOOD_HEX " \n", "4"),
        ROW(HEADER NAME SIGN CURVE "\n", "5"),
        ROW(HEADER NAME SIGN CURVE SIGN, "5"),
        ROW(HEADER NAME SIGN CURVE "\0", "5"),
#undef ROW
    };
    struct secret_keys keys = {.name = "before"};
    char path[128];

    in_folder(state, "bad.key", path);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err err = {0};

        write_text(path, 0600, rows[i].text, rows[i].n);
        assert_int_equal(keyfile_read_secret(path, &keys, &err), ERR_CONFIG);
        if (!strstr(err.text, rows[i].place))
            fail_msg("row %zu: %s", i, err.text);
        /* No error may show a secret. */
        assert_null(strstr(err.text, "0102030405"));
        assert_string_equal(keys.name, "before");
    }
    write_text(path, 0600, HEADER NAME SIGN CURVE, sizeof(HEADER NAME SIGN CURVE) - 1);
    assert_int_equal(keyfile_read_secret(path, &keys, NULL), 0);
}

static void kinds_are_not_mixed_up(void **state)
{
    struct secret_keys keys = test_keys();
    struct public_keys public = keys_public(&keys);
    char key[128], pub[128];
    struct err err = {0};

    assert_int_equal(keyfile_write_secret(in_folder(state, "a.key", key), &keys, &err), 0);
    assert_int_equal(keyfile_write_public(in_folder(state, "a.pub", pub), &public, &err), 0);
    assert_int_equal(keyfile_read_public(key, &public, &err), ERR_CONFIG);
    assert_non_null(strstr(err.text, "this is a secret key"));
    assert_int_equal(chmod(pub, 0600), 0);
    assert_int_equal(keyfile_read_secret(pub, &keys, &err), ERR_CONFIG);
    assert_non_null(strstr(err.text, "this is a public key"));
}

static void a_long_file_is_refused(void **state)
{
    struct secret_keys keys;
    char path[128], *text = test_calloc(1, 5 << 20);
    struct err err = {0};

    memset(text, '\n', 5 << 20);
    write_text(in_folder(state, "long.key", path), 0600, text, 5 << 20);
    assert_int_equal(keyfile_read_secret(path, &keys, &err), ERR_CONFIG);
    assert_non_null(strstr(err.text, "longer"));
    test_free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(generation_follows_the_random_source),
        TEST(files_round_trip),
        TEST(nothing_is_replaced),
        TEST(a_failed_write_leaves_no_file),
        TEST(bad_names_are_not_written),
        TEST(a_secret_that_others_may_read_is_refused),
        TEST(what_is_no_file_is_refused),
        TEST(anything_but_the_format_is_refused_with_its_line),
        TEST(kinds_are_not_mixed_up),
        TEST(a_long_file_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
