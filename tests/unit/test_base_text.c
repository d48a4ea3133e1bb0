#include "common/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/buf.h"

#define UTF8(text) text_is_utf8(text, sizeof(text) - 1)

static void utf8_is_told_from_bytes(void **state)
{
    (void)state;
    assert_true(text_is_utf8(NULL, 0));
    assert_true(UTF8("fire"));
    assert_true(UTF8("\xc2\x80"));
    assert_true(UTF8("\xe6\xb6\x88\xe9\x98\xb2"));
    assert_true(UTF8("\xed\x9f\xbf\xee\x80\x80"));
    assert_true(UTF8("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));

    assert_false(UTF8("a\0b"));
    assert_false(UTF8("\x80"));
    assert_false(UTF8("\xff"));
    assert_false(UTF8("\xc0\x80"));         /* overlong NUL */
    assert_false(UTF8("\xc1\xbf"));         /* overlong */
    assert_false(UTF8("\xe0\x9f\xbf"));     /* overlong */
    assert_false(UTF8("\xf0\x8f\xbf\xbf")); /* overlong */
    assert_false(UTF8("\xed\xa0\x80"));     /* surrogate */
    assert_false(UTF8("\xf4\x90\x80\x80")); /* beyond Unicode */
    assert_false(UTF8("\xe6\xb6"));         /* cut */
    assert_false(UTF8("\xe6\x41\x88"));
}

static void decode_gives_code_points(void **state)
{
    uint32_t cp = 7;

    (void)state;
    assert_int_equal(text_decode("", 0, &cp), 0);
    assert_int_equal(text_decode("\x80", 1, &cp), 0);
    assert_int_equal(cp, 7);
    assert_int_equal(text_decode("A", 1, &cp), 1);
    assert_int_equal(cp, 'A');
    assert_int_equal(text_decode("\xe6\xb6\x88", 3, &cp), 3);
    assert_int_equal(cp, 0x6d88);
    assert_int_equal(text_decode("\xf0\x9f\x9a\x92", 4, &cp), 4);
    assert_int_equal(cp, 0x1f692);
}

static const struct {
    const char *raw;
    size_t n;
    const char *escaped;
} escapes[] = {
#define ROW(raw, escaped)             \
    {                                 \
        raw, sizeof(raw) - 1, escaped \
    }
    ROW("plain \\ text", "plain \\ text"),
    ROW("a\nb\tc\r", "a\\nb\\tc\\x0d"),
    ROW("\0", "\\x00"),
    ROW("\x1b[2J\x7f", "\\x1b[2J\\x7f"),
    ROW("\xc2\x85\xc2\xa0", "\\u0085\xc2\xa0"),
    ROW("\xe2\x80\xae\xe2\x81\xa6\xd8\x9c", "\\u202e\\u2066\\u061c"),
    ROW("\xe2\x80\xa8", "\\u2028"),
    ROW("\xff\xe6\xb6", "\\xff\\xe6\\xb6"),
    ROW("\xe6\xb6\x88\xe9\x98\xb2", "\xe6\xb6\x88\xe9\x98\xb2"),
#undef ROW
};

static void escape_leaves_nothing_that_acts(void **state)
{
    char fixed[64];
    struct buf buf;

    (void)state;
    buf_init(&buf, 0);
    for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
        buf_reset(&buf);
        text_escape(&buf, escapes[i].raw, escapes[i].n);
        assert_string_equal(buf_text(&buf), escapes[i].escaped);
        assert_int_equal(text_escape_into(fixed, sizeof fixed, escapes[i].raw, escapes[i].n),
                         strlen(escapes[i].escaped));
        assert_string_equal(fixed, escapes[i].escaped);
        buf_reset(&buf);
        text_escape(&buf, fixed, strlen(fixed));
        assert_string_equal(buf_text(&buf), escapes[i].escaped);
    }
    buf_free(&buf);
}

static void escape_into_cuts_between_characters(void **state)
{
    char fixed[6];

    (void)state;
    assert_int_equal(text_escape_into(fixed, 6, "\xe6\xb6\x88\xe9\x98\xb2", 6), 3);
    assert_string_equal(fixed, "\xe6\xb6\x88");
    assert_int_equal(text_escape_into(fixed, 6, "ab\x01", 3), 2);
    assert_string_equal(fixed, "ab");
    assert_int_equal(text_escape_into(fixed, 6, "abcde", 5), 5);
    assert_int_equal(text_escape_into(fixed, 1, "abcde", 5), 0);
    assert_string_equal(fixed, "");
}

static void columns_count_wide_characters(void **state)
{
    (void)state;
    assert_int_equal(text_columns(""), 0);
    assert_int_equal(text_columns("abc"), 3);
    assert_int_equal(text_columns("\xe6\xb6\x88\xe9\x98\xb2 1"), 6);
    assert_int_equal(text_columns("e\xcc\x81"), 1);
    assert_int_equal(text_columns("\xef\xbc\x8c"), 2); /* fullwidth comma */
    assert_int_equal(text_columns("\xf0\x9f\x9a\x92"), 2);
    assert_int_equal(text_columns("\xff\n"), 1);
    assert_int_equal(text_columns("\xc3\xa9"), 1);
}

static void nearest_finds_what_was_meant(void **state)
{
    const char *const keys[] = {"address", "agency", "region", "listen", "id", NULL};
    const char *const none[] = {NULL};
    char long_word[80];

    (void)state;
    assert_string_equal(text_nearest("adress", keys), "address");
    assert_string_equal(text_nearest("agnecy", keys), "agency"); /* swap */
    assert_string_equal(text_nearest("regoin", keys), "region");
    assert_string_equal(text_nearest("adddres", keys), "address"); /* 2 of 7 */
    assert_string_equal(text_nearest("region", keys), "region");
    assert_string_equal(text_nearest("di", keys), "id");
    assert_null(text_nearest("lissssten", (const char *const[]){"xyz", NULL}));
    assert_null(text_nearest("zz", keys));
    assert_null(text_nearest("x", (const char *const[]){"y", NULL}));
    assert_null(text_nearest("", keys));
    assert_null(text_nearest("region", none));
    assert_null(text_nearest("lsn", keys));
    assert_string_equal(text_nearest("泥石硫", (const char *const[]){"泥石", "泥石流", NULL}), "泥石");
    assert_string_equal(text_nearest("火宅", (const char *const[]){"暴雨", "火灾", NULL}), "火灾");
    assert_null(text_nearest("暴雨", (const char *const[]){"火灾", NULL}));
    assert_null(text_nearest("火", (const char *const[]){"雨", NULL}));
    assert_string_equal(text_nearest("\xff\xfe", (const char *const[]){"\xff", NULL}), "\xff");
    memset(long_word, 'a', sizeof long_word - 1);
    long_word[sizeof long_word - 1] = '\0';
    assert_null(text_nearest(long_word, keys));
    assert_null(text_nearest("aaaaaaa", (const char *const[]){long_word, NULL}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_is_told_from_bytes),
        cmocka_unit_test(decode_gives_code_points),
        cmocka_unit_test(escape_leaves_nothing_that_acts),
        cmocka_unit_test(escape_into_cuts_between_characters),
        cmocka_unit_test(columns_count_wide_characters),
        cmocka_unit_test(nearest_finds_what_was_meant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
