#include "common/base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void memory_is_zeroed_and_aligned(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 20);
    for (int round = 0; round < 2; round++) {
        for (size_t n = 1; n < 300; n++) {
            unsigned char *p = arena_alloc(&arena, n);

            assert_non_null(p);
            assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(p[i], 0);
            memset(p, 0xff, n);
        }
        assert_true(arena.used <= arena.budget);
        arena_reset(&arena);
        assert_int_equal(arena.used, 0);
    }
    assert_non_null(arena_alloc(&arena, 0));
    arena_free(&arena);
    arena_free(&arena);
    arena_free(NULL);
}

static void budget_is_a_wall(void **state)
{
    struct arena arena;
    size_t got = 0;

    (void)state;
    arena_init(&arena, 100000);
    assert_null(arena_alloc(&arena, 100001));
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_array(&arena, uint64_t, SIZE_MAX / 4));
    while (arena_alloc(&arena, 1000))
        got += 1000;
    /* At most the ends of the chunks are lost. */
    assert_in_range(got, 90000, 100000);
    assert_true(arena.used <= 100000);
    arena_reset(&arena);
    assert_non_null(arena_alloc(&arena, 50000));
    arena_free(&arena);

    arena_init(&arena, 0);
    assert_null(arena_alloc(&arena, 1));
    assert_null(arena_alloc(&arena, 0));
    arena_free(&arena);

    arena_init(&arena, 64);
    assert_non_null(arena_alloc(&arena, 64));
    assert_null(arena_alloc(&arena, 1));
    arena_free(&arena);
}

static void large_pieces_leave_the_chunk_in_use(void **state)
{
    struct arena arena;
    char *before, *large, *after;

    (void)state;
    arena_init(&arena, 1 << 20);
    before = arena_alloc(&arena, 16);
    large = arena_alloc(&arena, 100000);
    after = arena_alloc(&arena, 16);
    assert_non_null(large);
    assert_ptr_equal(after, before + 16);
    memset(large, 1, 100000);
    arena_reset(&arena);
    assert_ptr_equal(arena_alloc(&arena, 16), before);
    arena_free(&arena);
}

static void copies_are_whole(void **state)
{
    struct arena arena;
    uint32_t *numbers;

    (void)state;
    arena_init(&arena, 4096);
    assert_memory_equal(arena_copy(&arena, "a\0b", 3), "a\0b", 3);
    assert_non_null(arena_copy(&arena, NULL, 0));
    assert_string_equal(arena_strdup(&arena, "station-3"), "station-3");
    assert_string_equal(arena_printf(&arena, "%d/%s", 370102, "fire"), "370102/fire");
    numbers = arena_array(&arena, uint32_t, 10);
    assert_int_equal(numbers[9], 0);
    assert_null(arena_printf(&arena, "%5000d", 1));
    assert_null(arena_copy(&arena, "x", 5000));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(budget_is_a_wall),
        cmocka_unit_test(large_pieces_leave_the_chunk_in_use),
        cmocka_unit_test(copies_are_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
