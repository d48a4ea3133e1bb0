/* What is gathered is read again as it was said, whatever its size. */
#include "common/wire/wire_bundle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A good-bye with a reason of so many bytes. */
static void make(struct buf *buf, size_t n)
{
    static char reason[16 * 1024];
    struct envelope envelope = {.kind = ENVELOPE_BYE, .bye = {.reason = reason}};

    assert_true(n < sizeof reason);
    memset(reason, 'r', n);
    reason[n] = '\0';
    buf_reset(buf);
    wire_encode_envelope(&envelope, buf);
    assert_false(buf->failed);
}

static void as_it_was_said(void **state)
{
    static const size_t SIZES[] = {0, 1, 100, 121, 122, 123, 124, 125, 126, 127, 128, 129, 10000};
    enum { SIZES_N = sizeof SIZES / sizeof SIZES[0] };
    struct bundler bundler = {.n = 0};
    struct envelope envelope, inner;
    struct arena arena;
    struct buf buf;

    (void)state;
    arena_init(&arena, ARENA_PER_FRAME);
    buf_init(&buf, 0);
    for (size_t n = 1; n <= SIZES_N; n++) {
        for (size_t i = 0; i < n; i++) {
            make(&buf, SIZES[i]);
            assert_true(bundler_takes(buf.n));
            assert_true(bundler_has_room(&bundler, buf.n, SIZES_N));
            assert_int_equal(bundler_add(&bundler, buf_bytes(&buf)), 0);
        }
        assert_int_equal(bundler.n, n);
        struct bytes frame = bundler_frame(&bundler);
        assert_true(frame.n <= BUNDLE_BYTES_MAX);
        arena_reset(&arena);
        assert_int_equal(wire_decode_envelope(frame, &arena, &envelope, NULL), 0);
        assert_int_equal(envelope.kind, n == 1 ? ENVELOPE_BYE : ENVELOPE_BUNDLE);
        if (n > 1) {
            assert_int_equal(envelope.bundle.envelopes_n, n);
            /* and as the tables write it */
            buf_reset(&buf);
            wire_encode_envelope(&envelope, &buf);
            assert_int_equal(buf.n, frame.n);
            assert_memory_equal(buf.p, frame.p, frame.n);
        }
        for (size_t i = 0; n > 1 && i < n; i++) {
            make(&buf, SIZES[i]);
            assert_int_equal(envelope.bundle.envelopes[i].n, buf.n);
            assert_memory_equal(envelope.bundle.envelopes[i].p, buf.p, buf.n);
            assert_int_equal(wire_decode_bundled(envelope.bundle.envelopes[i], &arena, &inner, NULL), 0);
            assert_int_equal(strlen(inner.bye.reason), SIZES[i]);
        }
        bundler_clear(&bundler);
    }
    bundler_free(&bundler);
    buf_free(&buf);
    arena_free(&arena);
}

/* The largest that is taken, and as many of any size as there is room for, make no larger frame. */
static void never_larger_than_its_bound(void **state)
{
    static const uint8_t BYTES[BUNDLE_BYTES_MAX];
    struct bundler bundler = {.n = 0};
    size_t largest = BUNDLE_BYTES_MAX;

    (void)state;
    while (!bundler_takes(largest))
        largest--;
    assert_true(largest > BUNDLE_BYTES_MAX - 32);
    for (size_t size = 1; size <= largest;
         size = size * 2 < largest || size == largest ? size * 2 : largest) {
        while (bundler_has_room(&bundler, size, UINT32_MAX))
            assert_int_equal(bundler_add(&bundler, (struct bytes){BYTES, size}), 0);
        assert_true(bundler.n >= 1);
        assert_true(bundler_frame(&bundler).n <= BUNDLE_BYTES_MAX);
        bundler_clear(&bundler);
    }
    while (bundler_has_room(&bundler, 1, 3))
        assert_int_equal(bundler_add(&bundler, (struct bytes){BYTES, 1}), 0);
    assert_int_equal(bundler.n, 3);
    bundler_free(&bundler);
    assert_null(bundler.buf.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_it_was_said),
        cmocka_unit_test(never_larger_than_its_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
