#include "common/base/id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/err.h"

static void text_round_trips(void **state)
{
    const uint8_t random[10] = {0xd6, 0x76, 0x4c, 0x61, 0xef, 0xb9, 0x93, 0x02, 0xbd, 0x5b};
    struct id id = id_make(1469922850259, random), again;
    char text[ID_TEXT];

    (void)state;
    /* The example of the ULID specification's Go implementation. */
    assert_string_equal(id_format(id, text), "01ARZ3NDEKTSV4RRFFQ69G5FAV");
    assert_int_equal(id_unix_ms(id), 1469922850259);
    assert_int_equal(id_parse(text, &again), 0);
    assert_true(id_equal(id, again));
    assert_int_equal(id_parse("01arz3ndektsv4rrffq69g5fav", &again), 0);
    assert_true(id_equal(id, again));
}

static void every_bit_is_written_and_read(void **state)
{
    struct id id, again;
    char text[ID_TEXT];

    (void)state;
    for (unsigned bit = 0; bit < 128; bit++) {
        memset(&id, 0, sizeof id);
        id.b[bit / 8] = (uint8_t)(1u << bit % 8);
        assert_int_equal(id_parse(id_format(id, text), &again), 0);
        assert_memory_equal(id.b, again.b, ID_BYTES);
    }
    memset(&id, 0xff, sizeof id);
    assert_string_equal(id_format(id, text), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
    assert_int_equal(id_parse(text, &again), 0);
    assert_true(id_equal(id, again));
}

static void letters_that_look_like_digits(void **state)
{
    struct id a, b;

    (void)state;
    assert_int_equal(id_parse("01IiLlOo000000000000000000", &a), 0);
    assert_int_equal(id_parse("01111100000000000000000000", &b), 0);
    assert_true(id_equal(a, b));
}

static void bad_texts_are_refused(void **state)
{
    const char *const bad[] = {
        "",
        "01ARZ3NDEKTSV4RRFFQ69G5FA",   /* short */
        "01ARZ3NDEKTSV4RRFFQ69G5FAVV", /* long */
        "81ARZ3NDEKTSV4RRFFQ69G5FAV",  /* above 128 bits */
        "01ARZ3NDEKTSV4RRFFQ69G5FAU",  /* no U */
        "01ARZ3NDEKTSV4RRFFQ69G5FA-",
        " 1ARZ3NDEKTSV4RRFFQ69G5FAV",
        "01ARZ3NDEKTSV4RRFFQ69G5F\xc3\xa9",
    };
    struct id id = {{9}};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(id_parse(bad[i], &id), ERR_DATA);
    assert_int_equal(id.b[0], 9);
}

static void order_is_the_order_of_time(void **state)
{
    const uint8_t low[10] = {0}, high[10] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    char a[ID_TEXT], b[ID_TEXT];

    (void)state;
    assert_true(id_compare(id_make(1000, high), id_make(1001, low)) < 0);
    assert_true(id_compare(id_make(1000, high), id_make(1000, low)) > 0);
    assert_true(strcmp(id_format(id_make(1000, high), a), id_format(id_make(1001, low), b)) < 0);
    assert_true(id_is_zero(id_make(0, low)));
    assert_true(id_is_zero(id_make(-5, low)));
    assert_false(id_is_zero(id_make(1, low)));
    assert_int_equal(id_unix_ms(id_make(INT64_MAX, low)), INT64_C(281474976710655));
    assert_false(id_equal(id_make(1, low), id_make(1, high)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_round_trips),
        cmocka_unit_test(every_bit_is_written_and_read),
        cmocka_unit_test(letters_that_look_like_digits),
        cmocka_unit_test(bad_texts_are_refused),
        cmocka_unit_test(order_is_the_order_of_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
