#include "common/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void appends_in_order(void **state)
{
    const uint8_t want[] = {'a', 'b', 7, 0, 0, 1, 2, '4', '2'};
    struct bytes bytes;
    struct buf buf;

    (void)state;
    buf_init(&buf, 0);
    assert_string_equal(buf_text(&buf), "");
    buf_append(&buf, NULL, 0);
    buf_puts(&buf, "ab");
    buf_u8(&buf, 7);
    buf_u32(&buf, 0x0102);
    buf_printf(&buf, "%d", 42);
    bytes = buf_bytes(&buf);
    assert_int_equal(bytes.n, sizeof want);
    assert_memory_equal(bytes.p, want, sizeof want);
    buf_reset(&buf);
    buf_puts(&buf, "x");
    assert_string_equal(buf_text(&buf), "x");
    buf_free(&buf);
    buf_free(&buf);
    buf_free(NULL);
}

static void grows(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 0);
    for (int i = 0; i < 10000; i++)
        buf_printf(&buf, "%04d", i);
    assert_false(buf.failed);
    assert_int_equal(buf.n, 40000);
    assert_int_equal(strlen(buf_text(&buf)), 40000);
    assert_memory_equal(buf.p + 39996, "9999", 4);
    buf_free(&buf);
}

static void limit_is_kept_and_sticks(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 5);
    buf_puts(&buf, "12345");
    assert_false(buf.failed);
    assert_string_equal(buf_text(&buf), "12345");
    buf_u8(&buf, '6');
    assert_true(buf.failed);
    assert_string_equal(buf_text(&buf), "");
    assert_int_equal(buf_bytes(&buf).n, 0);
    buf_reset(&buf);
    buf_printf(&buf, "%d", 123456);
    assert_true(buf.failed);
    buf_puts(&buf, "1");
    assert_string_equal(buf_text(&buf), "");
    buf_reset(&buf);
    buf_printf(&buf, "%d", 12345);
    assert_string_equal(buf_text(&buf), "12345");
    buf_free(&buf);
    buf_append(&buf, "123456", 6);
    assert_true(buf.failed);
    buf_reset(&buf);
    volatile size_t huge = SIZE_MAX; /* that no compiler may see it coming */
    buf_append(&buf, "1", huge);
    assert_true(buf.failed);
    buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_in_order),
        cmocka_unit_test(grows),
        cmocka_unit_test(limit_is_kept_and_sticks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
