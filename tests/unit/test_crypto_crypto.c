#include "common/crypto/crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/err.h"

static int setup(void **state)
{
    (void)state;
    /* Twice: programs and their libraries may both do it. */
    return crypto_init() + crypto_init();
}

static void assert_hash(struct hash hash, const char *hex)
{
    char text[2 * HASH_BYTES + 1];

    assert_string_equal(hex_format(hash.b, HASH_BYTES, text), hex);
}

static void hashes_are_blake2b_256(void **state)
{
    char a[1000];

    (void)state;
    memset(a, 'a', sizeof a);
    assert_hash(hash_bytes(NULL, 0), "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    assert_hash(hash_bytes("abc", 3), "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    assert_hash(hash_bytes(a, 1000), "e00b0ddbf1e2cdaf5c898e1a5e8826ea3a2c339bcf2a478da2e5fca9ff126672");
}

static void streaming_gives_the_same(void **state)
{
    struct hash_stream stream;
    char a[1000];

    (void)state;
    memset(a, 'a', sizeof a);
    for (size_t piece = 1; piece < 300; piece += 13) {
        hash_start(&stream);
        for (size_t at = 0; at < sizeof a; at += piece)
            hash_add(&stream, a + at, piece < sizeof a - at ? piece : sizeof a - at);
        hash_add(&stream, NULL, 0);
        assert_true(hash_equal(hash_end(&stream), hash_bytes(a, sizeof a)));
    }
    assert_false(hash_equal(hash_bytes(a, 999), hash_bytes(a, 1000)));
}

static void hex_round_trips_and_is_strict(void **state)
{
    const uint8_t bytes[] = {0x00, 0x1f, 0xa0, 0xff};
    uint8_t again[4] = {9, 9, 9, 9};
    char text[9];

    (void)state;
    assert_string_equal(hex_format(bytes, 4, text), "001fa0ff");
    assert_string_equal(hex_format(bytes, 0, text), "");
    assert_int_equal(hex_parse("001fa0f", again, 4), ERR_DATA);
    assert_int_equal(hex_parse("001fa0fff", again, 4), ERR_DATA);
    assert_int_equal(hex_parse("001fa0ff0", again, 4), ERR_DATA);
    assert_int_equal(hex_parse("001fa0fg", again, 4), ERR_DATA);
    assert_int_equal(hex_parse(" 01fa0ff", again, 4), ERR_DATA);
    assert_int_equal(hex_parse("", again, 4), ERR_DATA);
    assert_int_equal(again[0], 9);
    assert_int_equal(hex_parse("001FA0ff", again, 4), 0);
    assert_memory_equal(bytes, again, 4);
}

static struct sign_key test_key(void)
{
    uint8_t seed[SIGN_SEED];
    struct sign_key key;

    for (int i = 0; i < SIGN_SEED; i++)
        seed[i] = (uint8_t)i;
    sign_key_from_seed(seed, &key);
    return key;
}

static void signatures_are_ed25519(void **state)
{
    struct sign_key key = test_key();
    struct signature signature = sign(&key, "abc", 3);
    char text[2 * SIGN_BYTES + 1];

    (void)state;
    assert_string_equal(hex_format(key.public.b, SIGN_PUBLIC, text),
                        "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8");
    assert_string_equal(hex_format(signature.b, SIGN_BYTES, text),
                        "cc46d62d3754f41754b27b6ea2cb2c272bafa7a5a1f6062bd060f414e50caaea"
                        "c2da66ad39cef4424a90236ea907b7d8057e3443dc5abfc9986967ee7213a407");
    assert_true(sign_verify(&key.public, &signature, "abc", 3));
    assert_false(sign_verify(&key.public, &signature, "abd", 3));
    assert_false(sign_verify(&key.public, &signature, "abc", 2));
    for (size_t i = 0; i < SIGN_BYTES; i++) {
        signature.b[i] ^= 1;
        assert_false(sign_verify(&key.public, &signature, "abc", 3));
        signature.b[i] ^= 1;
    }
    key.public.b[0] ^= 1;
    assert_false(sign_verify(&key.public, &signature, "abc", 3));
    memset(key.public.b, 0, SIGN_PUBLIC); /* a point of small order */
    assert_false(sign_verify(&key.public, &signature, "abc", 3));
}

static void counting_fill(void *ctx, void *p, size_t n)
{
    uint8_t *next = ctx, *b = p;

    for (size_t i = 0; i < n; i++)
        b[i] = (*next)++;
}

static void keys_come_from_the_source_given(void **state)
{
    uint8_t next = 0;
    struct rng rng = {&next, counting_fill};
    struct sign_key want = test_key(), key;

    (void)state;
    sign_key_generate(&rng, &key);
    assert_memory_equal(&key, &want, sizeof key);
    sign_key_generate(rng_system(), &key);
    sign_key_generate(rng_system(), &want);
    assert_memory_not_equal(&key, &want, sizeof key);
}

/* Computed with Python's hashlib by RFC 9162's recursion (split at the largest power of two below n):
 * leaf i has the salt {i} * 16 and the payload "command i". */
static const char *const roots[] = {
    "04373aaee015ff61660cd9b441ae719c482c835de08297df9c621bcfaa8f8106",
    "888b7c5602fdcc29dc8cdec56825b33cd13693cec42f2f3405e4601441cbb65d",
    "472913b7390aa6dc6173498ffa78989e856d52312dfd5394943612a407cbf843",
    "126ea10559bc2f46263925cffaf026e7d3f97aaa6128e982aa28a1a0f64e2dbf",
    "fef28dbfe50c9edf8c7634fd41d0914bdcf8a9458cc46bf7985f0abc3f319f1d",
    "b0b36923a62516322020a208f529b38373fcf1b556e819b787f7474bc0dec803",
    "39798ee6708cc95f4bc00686ef277903120ec72dc6532fc3acd9f053a1624eaf",
    "82779a0c816173efe961985769295a7b1baf58a59fbc9cd93b8cec0a36d42e7d",
    "c1635d72651f1f951409f304c3a35dbc59b1854799af56bbf8cba820406bedc0",
    "344a70517e8144fc21092fc314c850d94bee159c31464b94bc41e50949d21a23",
    "0dba563ec362dee3aa26d59ec62ec1840de94a26c73d68f289611b985d59a7d1",
    "2a199e4a49e5c4b97abd53fb7895d2f8cb9d7d13c13feba046194599c6d4c653",
    "6507d63a4f5250b90553217e36338e3b3411666390937e6cf172b4e053e2917d",
    "b3f04ce851f82dc73613b70d774db454a952a99b0836f0d2b76bf68f13261d6d",
    "2e189a2c890558ae6eb56856098b5dd7f699e48114d91662ca693f4a148f3404",
    "9848dcbf8f1453adba4b35a3c4509b13406379c7177dcefcc3a4066cbf2b8dfc",
    "75aaf210d14261ed04456192f16b76f538597ced79024fb8167dedecaccd2e9f",
    "2a4da3a349fb534eefb29d128b29b6a87bdb54aa948ea48ef18efa224ee402b7",
    "fddbb0a841275cbfcf6f3ab9ba6059b894f8a3deea7550d58247957c27f34d84",
    "9eb92fd0a1f8304ec07d373eefa1ada3b3b9ce7ab52878f5c51ea7e36a73acc2",
    "3df298ec7b8a3a4d62c0cbdba15a38487f8bb1525807d086216346652b6f30bd",
    "8363e6827a6c6981f78505b374d571ad4bf4b3da0e6ba258fdf0efe9dd155b61",
    "cfee5a03a1d9041293bde595f3c9a80537fe705557cb638bab7d1af73c605417",
    "976a7e3a33e0bf7b6c4fbdfd9678806742ee547ab18cc0730fb09e67ff92e666",
    "d65fa0150ba2fb26157434aa0596a9a20d7c313efcdd84e2833cd61cb7107c74",
    "e36a0ebcf5090bc70072960b39db9d6f9639926c51a1688ee25cba4a84cbc105",
    "479c1ee5373fb559c4308236a579089eb22daf46a391f6f624ef6443de3cac4f",
    "189c36837800eac11999fff91ebfecc126ae945fb02187d041283379a986ec8d",
    "4ebdcd4802f29d4ede348cc7b8f4645b0a97a769bebefbe3db55238572234f3d",
    "e43a6b5ebf43e9f63cd68ba0efcd4461be2ddebb3ce9ec46952d5448eb8ded3f",
    "963f50bcbd662bcdbe9c8cb4e584caee1fd6e1611f57c0a09ce8da6537fa3434",
    "696bdc409d5d584ed7f533da8f0a02d821261ccbe7aad41a68e88826001cc9c3",
    "bfc40533a5837bc09fd5179b01b6677ddf0db30e34f9516c5425c03cd81da2a7",
};
enum { ROOTS = sizeof roots / sizeof roots[0] };

static void make_leaves(struct hash *ret, size_t n)
{
    uint8_t salt[SALT_BYTES];
    char payload[32];

    for (size_t i = 0; i < n; i++) {
        memset(salt, (int)i, sizeof salt);
        snprintf(payload, sizeof payload, "command %zu", i);
        ret[i] = merkle_leaf(salt, payload, strlen(payload));
    }
}

static void roots_are_those_of_rfc_9162(void **state)
{
    struct hash leaves[ROOTS];

    (void)state;
    make_leaves(leaves, 8);
    assert_hash(leaves[7], "7146c6d79d88588b83d34bdeb563c1b7840d03cfc351ccc76aa368a5e63fd4d1");
    for (size_t n = 1; n <= ROOTS; n++) {
        make_leaves(leaves, n);
        assert_hash(merkle_root(leaves, n), roots[n - 1]);
    }
}

static void every_leaf_climbs_to_the_root(void **state)
{
    struct hash leaves[ROOTS], scratch[ROOTS], path[MERKLE_DEPTH_MAX], root;

    (void)state;
    make_leaves(leaves, ROOTS);
    for (size_t n = 1; n <= ROOTS; n++) {
        for (size_t i = 0; i < n; i++) {
            size_t path_n = merkle_path(leaves, n, i, scratch, path);

            assert_true(merkle_climb(leaves[i], i, n, path, path_n, &root));
            assert_hash(root, roots[n - 1]);
        }
    }
}

static void climbing_refuses_a_wrong_length(void **state)
{
    struct hash leaves[ROOTS], scratch[ROOTS], path[MERKLE_DEPTH_MAX + 1] = {{{0}}}, root = {{5}};

    (void)state;
    make_leaves(leaves, ROOTS);
    for (size_t n = 1; n <= ROOTS; n++) {
        for (size_t i = 0; i < n; i++) {
            size_t path_n = merkle_path(leaves, n, i, scratch, path);

            for (size_t wrong = 0; wrong <= MERKLE_DEPTH_MAX; wrong++)
                if (wrong != path_n)
                    assert_false(merkle_climb(leaves[i], i, n, path, wrong, &root));
        }
        assert_false(merkle_climb(leaves[0], n, n, path, 0, &root));
    }
    assert_false(merkle_climb(leaves[0], 0, 0, path, 0, &root));
    assert_false(merkle_climb(leaves[0], 0, 65537, path, 17, &root));
    assert_false(merkle_climb(leaves[0], 0, SIZE_MAX, path, 17, &root));
    assert_int_equal(root.b[0], 5);
    assert_true(merkle_climb(leaves[0], 65535, 65536, path, 16, &root));
}

static void what_was_tampered_with_climbs_elsewhere(void **state)
{
    struct hash leaves[ROOTS], scratch[ROOTS], path[MERKLE_DEPTH_MAX], good, root;

    (void)state;
    make_leaves(leaves, ROOTS);
    for (size_t n = 2; n <= ROOTS; n++) {
        memcpy(scratch, leaves, sizeof scratch);
        good = merkle_root(scratch, n);
        for (size_t i = 0; i < n; i++) {
            size_t path_n = merkle_path(leaves, n, i, scratch, path);
            struct hash leaf = leaves[i];

            leaf.b[31] ^= 1;
            assert_true(merkle_climb(leaf, i, n, path, path_n, &root));
            assert_false(hash_equal(root, good));
            for (size_t k = 0; k < path_n; k++) {
                path[k].b[0] ^= 0x80;
                assert_true(merkle_climb(leaves[i], i, n, path, path_n, &root));
                assert_false(hash_equal(root, good));
                path[k].b[0] ^= 0x80;
            }
            /* A true leaf in another's place. */
            if (merkle_climb(leaves[i], i ^ 1u, n, path, path_n, &root))
                assert_false(hash_equal(root, good));
        }
    }
}

/* Whatever way was gone before, from wherever in whichever tree: the same answers. */
static void a_way_changes_no_answer(void **state)
{
    struct hash leaves[ROOTS], scratch[ROOTS], path[MERKLE_DEPTH_MAX];
    struct merkle_way way = {.n = 0};
    uint32_t random = 1;

    (void)state;
    make_leaves(leaves, ROOTS);
    for (unsigned round = 0; round < 20000; round++) {
        random = random * 1664525u + 1013904223u;
        size_t n = random >> 24 & 1 ? ROOTS : 1 + (random >> 8) % ROOTS;
        size_t i = (random >> 28 & 1) ? (way.index + 1) % n : (random >> 16) % n;
        size_t path_n = merkle_path(leaves, n, i, scratch, path);
        struct hash leaf = leaves[i], root = {{0}}, by = {{0}};
        if ((random >> 20 & 7) == 0)
            leaf.b[3] ^= 1;
        if ((random >> 10 & 3) == 0 && path_n > 0)
            path[(random >> 5) % path_n].b[0] ^= 1;
        if ((random >> 12 & 15) == 0 && path_n > 0)
            path_n--;
        bool fits = merkle_climb(leaf, i, n, path, path_n, &root);
        assert_int_equal(merkle_climb_by(&way, leaf, i, n, path, path_n, &by), fits);
        assert_true(hash_equal(root, by));
    }
}

/* Where two ways meet their paths may differ in length, for a lone leaf has no sibling: 4 after 6 of 7. */
static void a_way_keeps_count_of_lone_leaves(void **state)
{
    struct hash leaves[ROOTS], scratch[ROOTS], path[MERKLE_DEPTH_MAX + 1];

    (void)state;
    make_leaves(leaves, ROOTS);
    for (size_t n = 1; n <= ROOTS; n++) {
        for (size_t round = 0; round < n * n * n; round++) {
            struct merkle_way way = {.n = 0};
            size_t at[3] = {round % n, round / n % n, round / n / n};
            for (size_t k = 0; k < 3; k++) {
                struct hash root = {{0}}, by = {{0}};
                size_t path_n = merkle_path(leaves, n, at[k], scratch, path);
                if (k == 2 && path_n > 0) { /* one sibling too many */
                    memmove(&path[1], &path[0], path_n * sizeof *path);
                    bool fits = merkle_climb(leaves[at[k]], at[k], n, path, path_n + 1, &root);
                    struct merkle_way copy = way;
                    assert_int_equal(merkle_climb_by(&copy, leaves[at[k]], at[k], n, path, path_n + 1, &by),
                                     fits);
                    path_n = merkle_path(leaves, n, at[k], scratch, path);
                }
                assert_true(merkle_climb(leaves[at[k]], at[k], n, path, path_n, &root));
                assert_true(merkle_climb_by(&way, leaves[at[k]], at[k], n, path, path_n, &by));
                assert_true(hash_equal(root, by));
            }
        }
    }
}

static void a_node_is_no_leaf(void **state)
{
    struct hash leaves[2], pair;
    uint8_t both[2 * HASH_BYTES];

    (void)state;
    make_leaves(leaves, 2);
    memcpy(both, leaves, sizeof both);
    pair = merkle_root(leaves, 2);
    assert_false(hash_equal(pair, merkle_leaf(both, both + SALT_BYTES, sizeof both - SALT_BYTES)));
}

static void roots_are_signed_under_a_context(void **state)
{
    struct sign_key key = test_key();
    struct hash leaves[5], root;
    struct signature signature, bare;
    char text[2 * SIGN_BYTES + 1];

    (void)state;
    make_leaves(leaves, 5);
    root = merkle_root(leaves, 5);
    signature = sign_root(&key, root);
    assert_string_equal(hex_format(signature.b, SIGN_BYTES, text),
                        "f1bd7aca07f86176a842534b6be4d54b12191d78407c48927807313a24aa369f"
                        "b0de73f41562bb60b2ffe53282e24e8c399f68cd0b0afd5b9b971aa014026601");
    assert_true(sign_verify_root(&key.public, &signature, root));
    bare = sign(&key, root.b, HASH_BYTES);
    assert_false(sign_verify_root(&key.public, &bare, root));
    root.b[3] ^= 4;
    assert_false(sign_verify_root(&key.public, &signature, root));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_blake2b_256),
        cmocka_unit_test(streaming_gives_the_same),
        cmocka_unit_test(hex_round_trips_and_is_strict),
        cmocka_unit_test(signatures_are_ed25519),
        cmocka_unit_test(keys_come_from_the_source_given),
        cmocka_unit_test(roots_are_those_of_rfc_9162),
        cmocka_unit_test(every_leaf_climbs_to_the_root),
        cmocka_unit_test(climbing_refuses_a_wrong_length),
        cmocka_unit_test(what_was_tampered_with_climbs_elsewhere),
        cmocka_unit_test(a_way_changes_no_answer),
        cmocka_unit_test(a_way_keeps_count_of_lone_leaves),
        cmocka_unit_test(a_node_is_no_leaf),
        cmocka_unit_test(roots_are_signed_under_a_context),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
