/* Our reader and writer against protobuf-c's: what we write it reads and writes again byte for byte; and what
 * we read of any bytes is what is left when it has read them and written them again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/wire_fill.h"

enum { PLAIN_MAX = 8192, CHANGES = 3000 };

static size_t taken, refused;

static struct buf by_protobuf_c(const struct wire_map *map, struct bytes bytes)
{
    ProtobufCMessage *message = protobuf_c_message_unpack(map->descriptor, NULL, bytes.n, bytes.p);
    struct buf buf;

    buf_init(&buf, 0);
    if (!message)
        fail_msg("protobuf-c cannot read what was written or taken");
    size_t n = protobuf_c_message_get_packed_size(message);
    uint8_t *to = buf_grow(&buf, n);
    assert_non_null(to);
    assert_int_equal(protobuf_c_message_pack(message, to), n);
    protobuf_c_message_free_unpacked(message, NULL);
    return buf;
}

/* Read by us and written again; false: refused. */
static bool by_us(const struct wire_map *map, struct bytes bytes, struct buf *ret)
{
    static uint64_t plain[PLAIN_MAX / 8];
    struct arena arena;

    memset(plain, 0, sizeof plain);
    arena_init(&arena, ARENA_PER_FRAME);
    buf_init(ret, 0);
    bool fine = wire_decode(map, "it", bytes, &arena, plain, NULL) == 0;
    if (fine)
        wire_encode(map, plain, ret);
    fine = fine && !ret->failed; /* an event of unknown kind is read, and not written */
    arena_free(&arena);
    return fine;
}

static void assert_same(struct bytes a, struct bytes b)
{
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.p, b.p, a.n);
}

static void check(const struct wire_map *map, struct bytes bytes)
{
    struct buf ours, theirs, again;

    if (!by_us(map, bytes, &ours)) {
        buf_free(&ours);
        refused++;
        return;
    }
    theirs = by_protobuf_c(map, bytes);
    assert_true(by_us(map, buf_bytes(&theirs), &again));
    assert_same(buf_bytes(&ours), buf_bytes(&again));
    buf_free(&again);
    buf_free(&theirs);
    buf_free(&ours);
    taken++;
}

static void change_and_check(const struct wire_map *map, struct bytes bytes)
{
    uint8_t *copy = malloc(bytes.n);
    uint32_t random = (uint32_t)bytes.n;

    assert_non_null(copy);
    for (uint32_t i = 0; i < CHANGES; i++) {
        memcpy(copy, bytes.p, bytes.n);
        for (uint32_t n = 1 + i % 3; n > 0; n--) {
            random = random * 1664525u + 1013904223u;
            copy[(random >> 8) % bytes.n] = (uint8_t)(random & 0x80 ? random >> 24 : random >> 28);
        }
        check(map, (struct bytes){copy, bytes.n});
    }
    free(copy);
}

static void each_body(const struct wire_map *map)
{
    static uint64_t plain[PLAIN_MAX / 8];

    for (size_t body = 0; body == 0 || map->body_from > 0; body++) {
        struct arena arena;
        struct buf ours, theirs;

        memset(plain, 0, sizeof plain);
        arena_init(&arena, ARENA_PER_FRAME);
        bool there = wire_fill(map, plain, body, &arena);
        if (there) {
            buf_init(&ours, 0);
            wire_encode(map, plain, &ours);
            assert_false(ours.failed);
            theirs = by_protobuf_c(map, buf_bytes(&ours));
            assert_same(buf_bytes(&ours), buf_bytes(&theirs));
            change_and_check(map, buf_bytes(&ours));
            buf_free(&theirs);
            buf_free(&ours);
        }
        arena_free(&arena);
        if (!there)
            return;
    }
}

static void as_protobuf_c_does(void **state)
{
    (void)state;
    each_body(&wire_map_command);
    each_body(&wire_map_event);
    each_body(&wire_map_envelope);
    each_body(&wire_map_record);
    each_body(&wire_map_signed);
    assert_true(taken > 1000 && refused > 1000); /* of both enough to mean something */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_protobuf_c_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
