#include "common/wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BATCH = 33 };

/* Counts up: every salt differs, and a failure can be seen again. */
static void count_up(void *ctx, void *p, size_t n)
{
    uint8_t *next = ctx, *to = p;

    for (size_t i = 0; i < n; i++)
        to[i] = (*next)++;
}

static struct sign_key key_of(uint8_t seed)
{
    uint8_t bytes[SIGN_SEED];
    struct sign_key key;

    memset(bytes, seed, sizeof bytes);
    sign_key_from_seed(bytes, &key);
    return key;
}

static bool good(const struct signed_command *command, size_t i, const struct public_key *key)
{
    struct hash root;

    return signed_root(command, &root) && i < command->signatures_n &&
           sign_verify_root(key, &command->signatures[i].signature, root);
}

static void make_batch(struct signed_command *commands, uint8_t (*payloads)[3], size_t n)
{
    uint8_t next = 1;
    struct rng rng = {.ctx = &next, .fill = count_up};
    struct sign_key key = key_of(1);

    memset(commands, 0, n * sizeof *commands);
    for (size_t i = 0; i < n; i++) {
        payloads[i][0] = (uint8_t)n;
        payloads[i][1] = (uint8_t)i;
        commands[i].payload = (struct bytes){payloads[i], sizeof payloads[i]};
    }
    assert_int_equal(sign_batch(&key, &rng, commands, n), 0);
}

static void assert_tampering_is_seen(struct signed_command *command, uint8_t *payload,
                                     const struct public_key *key)
{
    struct signed_command copy = *command;

    payload[2] ^= 1;
    assert_false(good(command, 0, key));
    payload[2] ^= 1;
    copy.salt[15] ^= 1;
    assert_false(good(&copy, 0, key));
    copy = *command;
    copy.signatures[0].signature.b[0] ^= 1;
    assert_false(good(&copy, 0, key));
    copy = *command;
    copy.batch_index++;
    assert_false(good(&copy, 0, key));
    copy = *command;
    copy.batch_index = copy.batch_size;
    assert_false(good(&copy, 0, key));
    copy = *command;
    copy.batch_size = 0;
    assert_false(good(&copy, 0, key));
    copy = *command;
    copy.path_n ^= 1;
    assert_false(good(&copy, 0, key));
    if (command->path_n > 0) {
        copy = *command;
        copy.path[command->path_n - 1].b[31] ^= 1;
        assert_false(good(&copy, 0, key));
    }
}

static void every_size_of_batch(void **state)
{
    static struct signed_command commands[BATCH];
    static uint8_t payloads[BATCH][3];
    struct public_key right = key_of(1).public, wrong = key_of(2).public;

    (void)state;
    for (size_t n = 1; n <= BATCH; n++) {
        make_batch(commands, payloads, n);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(commands[i].batch_index, i);
            assert_int_equal(commands[i].batch_size, n);
            assert_int_equal(commands[i].signatures_n, 1);
            assert_string_equal(commands[i].signatures[0].signer, "");
            assert_true(good(&commands[i], 0, &right));
            assert_false(good(&commands[i], 0, &wrong));
            assert_tampering_is_seen(&commands[i], payloads[i], &right);
        }
        for (size_t i = 1; i < n; i++)
            assert_memory_not_equal(commands[i].salt, commands[i - 1].salt, SALT_BYTES);
    }
    assert_int_equal(commands[0].path_n, 6);
    assert_int_equal(commands[BATCH - 1].path_n, 1); /* the lone last leaf is carried up */
}

/* The paths are those of common/crypto's own tree. */
static void paths_are_the_trees(void **state)
{
    static struct signed_command commands[BATCH];
    static uint8_t payloads[BATCH][3];
    struct hash leaves[BATCH], scratch[BATCH], path[MERKLE_DEPTH_MAX];

    (void)state;
    for (size_t n = 1; n <= BATCH; n++) {
        make_batch(commands, payloads, n);
        for (size_t i = 0; i < n; i++)
            leaves[i] = merkle_leaf(commands[i].salt, payloads[i], sizeof payloads[i]);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(merkle_path(leaves, n, i, scratch, path), commands[i].path_n);
            assert_memory_equal(path, commands[i].path, commands[i].path_n * sizeof path[0]);
        }
    }
}

static void batches_have_a_size(void **state)
{
    struct sign_key key = key_of(1);
    struct signed_command *commands;
    uint8_t next = 0;
    struct rng rng = {.ctx = &next, .fill = count_up};

    (void)state;
    commands = calloc(1, sizeof *commands);
    assert_non_null(commands);
    assert_int_equal(sign_batch(&key, &rng, commands, 0), ERR_USAGE);
    assert_int_equal(sign_batch(&key, &rng, commands, 65537), ERR_TOO_BIG);
    free(commands);
}

static void second_person_signs_the_same(void **state)
{
    struct signed_command command, again;
    uint8_t payload[1][3] = {{0}};
    struct sign_key first = key_of(1), second = key_of(2), third = key_of(3);
    struct arena arena;
    struct buf buf;

    (void)state;
    arena_init(&arena, ARENA_PER_FRAME);
    buf_init(&buf, 0);
    memset(&command, 0, sizeof command);
    assert_int_equal(sign_again(&second, "li.na", &command), ERR_USAGE);
    make_batch(&command, payload, 1);
    assert_int_equal(sign_again(&second, "li.na", &command), 0);
    assert_int_equal(sign_again(&third, "wang", &command), ERR_TOO_BIG);
    wire_encode_signed(&command, &buf);
    assert_int_equal(wire_decode_signed(buf_bytes(&buf), &arena, &again, NULL), 0);
    assert_int_equal(again.signatures_n, 2);
    assert_string_equal(again.signatures[1].signer, "li.na");
    assert_true(good(&again, 0, &first.public));
    assert_true(good(&again, 1, &second.public));
    assert_false(good(&again, 1, &first.public));
    again.batch_size = 7; /* its path no longer leads anywhere */
    again.signatures_n = 1;
    assert_int_equal(sign_again(&second, "li.na", &again), ERR_DATA);
    buf_free(&buf);
    arena_free(&arena);
}

static void heads_are_signed_whole(void **state)
{
    struct sign_key broker = key_of(1), other = key_of(2);
    struct signed_head head = {.region = "370102", .epoch = 1, .seq = 256}, copy;
    static const uint8_t bytes[] = "muster-head-v1\0"
                                   "370102\0"
                                   "\0\0\0\0\0\0\0\1"
                                   "\0\0\0\0\0\0\1"; /* the string's own NUL is the last byte of seq */
    uint8_t text[sizeof bytes + HASH_BYTES];

    (void)state;
    memset(head.hash.b, 5, sizeof head.hash.b);
    signed_head_sign(&broker, &head);
    assert_true(head.present);
    assert_true(signed_head_verify(&broker.public, &head));
    memcpy(text, bytes, sizeof bytes);
    memset(text + sizeof bytes, 5, HASH_BYTES);
    assert_true(sign_verify(&broker.public, &head.signature, text, sizeof text));
    assert_false(signed_head_verify(&other.public, &head));
    copy = head;
    copy.seq++;
    assert_false(signed_head_verify(&broker.public, &copy));
    copy = head;
    copy.epoch++;
    assert_false(signed_head_verify(&broker.public, &copy));
    copy = head;
    copy.region = "370103";
    assert_false(signed_head_verify(&broker.public, &copy));
    copy = head;
    copy.hash.b[0]++;
    assert_false(signed_head_verify(&broker.public, &copy));
    copy = head;
    copy.present = false;
    assert_false(signed_head_verify(&broker.public, &copy));
}

static int start(void **state)
{
    (void)state;
    return crypto_init();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_of_batch),    cmocka_unit_test(paths_are_the_trees),
        cmocka_unit_test(batches_have_a_size),    cmocka_unit_test(second_person_signs_the_same),
        cmocka_unit_test(heads_are_signed_whole),
    };

    return cmocka_run_group_tests(tests, start, NULL);
}
