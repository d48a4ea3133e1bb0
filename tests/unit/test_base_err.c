#include "common/base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void set_writes_text_and_returns_code(void **state)
{
    struct err err = {0};

    (void)state;
    assert_int_equal(err_set(&err, ERR_DATA, "%s:%d: bad row", "x.csv", 7), ERR_DATA);
    assert_int_equal(err.code, ERR_DATA);
    assert_string_equal(err.text, "x.csv:7: bad row");
    assert_int_equal(err_set(NULL, ERR_IO, "nobody reads this"), ERR_IO);
    err_set(&err, ERR_DATA, "forged\nline \x1b[0m");
    assert_string_equal(err.text, "forged\\nline \\x1b[0m");
}

static void set_never_overruns(void **state)
{
    struct {
        struct err err;
        char guard[8];
    } box;
    char wide[2000];

    (void)state;
    memset(&box, 'G', sizeof box);
    for (size_t i = 0; i + 3 < sizeof wide; i += 3)
        memcpy(wide + i, "\xe6\xb6\x88", 3);
    wide[1998] = '\0';
    err_set(&box.err, ERR_DATA, "%s", wide);
    assert_int_equal(strlen(box.err.text), 510); /* 170 whole characters */
    memset(wide, '\n', sizeof wide - 1);
    wide[sizeof wide - 1] = '\0';
    err_set(&box.err, ERR_DATA, "%s", wide);
    assert_int_equal(strlen(box.err.text), 510);
    err_prefix(&box.err, "%s", wide);
    assert_int_equal(strlen(box.err.text), 511);
    assert_memory_equal(box.guard, "GGGGGGGG", 8);
}

static void prefix_adds_the_place(void **state)
{
    struct err err = {0};

    (void)state;
    err_set(&err, ERR_CORRUPT, "hash differs\n");
    assert_int_equal(err_prefix(&err, "record %d", 12), ERR_CORRUPT);
    assert_string_equal(err.text, "record 12: hash differs\\n");
    err_prefix(&err, "log");
    assert_string_equal(err.text, "log: record 12: hash differs\\n");
    assert_int_equal(err_prefix(NULL, "x"), ERR_SOFTWARE);
}

static void every_code_has_words_and_an_exit_code(void **state)
{
    (void)state;
    assert_string_equal(err_string(0), "no error");
    assert_int_equal(err_exit_code(0), 0);
    for (int code = ERR_NOT_FOUND; code < 0; code++) {
        assert_string_not_equal(err_string(code), "unknown error");
        assert_in_range(err_exit_code(code), 64, 78);
    }
    assert_int_equal(err_exit_code(ERR_CONFIG), 78);
    assert_string_equal(err_string(ERR_NOT_FOUND - 1), "unknown error");
    assert_string_equal(err_string(1), "unknown error");
    assert_int_equal(err_exit_code(1), 70);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_writes_text_and_returns_code),
        cmocka_unit_test(set_never_overruns),
        cmocka_unit_test(prefix_adds_the_place),
        cmocka_unit_test(every_code_has_words_and_an_exit_code),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
