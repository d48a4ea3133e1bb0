#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/keyed_hash.h"

enum { IDS = 4096, PLACES = 4096, ID = 16 };

static uint64_t seed;

static void fill(void *ctx, void *p, size_t n)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        ((uint8_t *)p)[i] = (uint8_t)(seed >> 56);
    }
}

static struct hash_key key_of(uint64_t n)
{
    const struct rng rng = {NULL, fill};

    seed = n;
    return hash_key_make(&rng);
}

/* How many of the ids fall into the fullest place. */
static unsigned fullest(struct hash_key key, uint8_t (*ids)[ID])
{
    unsigned places[PLACES] = {0}, most = 0;

    for (unsigned i = 0; i < IDS; i++) {
        unsigned n = ++places[keyed_hash(key, ids[i], ID) % PLACES];
        most = n > most ? n : most;
    }
    return most;
}

/* Ids that are chosen so that all fall into one place: under another key they are as others are. */
static void chosen_ids_collide_under_one_key_only(void **state)
{
    static uint8_t ids[IDS][ID];
    struct hash_key known = key_of(1);

    (void)state;
    seed = 99;
    for (unsigned i = 0; i < IDS; i++) {
        uint64_t stream = seed;
        do {
            seed = stream;
            fill(NULL, ids[i], ID);
            stream = seed;
        } while (keyed_hash(known, ids[i], ID) % PLACES != 0);
    }
    assert_int_equal(fullest(known, ids), IDS);
    for (uint64_t n = 2; n < 50; n++) {
        assert_in_range(fullest(key_of(n), ids), 2, 16);
    }
}

/* Ids one after the other, as a clumsy program makes them. */
static void ids_in_a_row_are_spread(void **state)
{
    static uint8_t ids[IDS][ID];

    (void)state;
    for (unsigned i = 0; i < IDS; i++) {
        memcpy(ids[i] + 4, &i, sizeof i);
    }
    for (uint64_t n = 1; n < 50; n++) {
        assert_in_range(fullest(key_of(n), ids), 1, 64);
    }
}

static void all_of_a_key_counts(void **state)
{
    const struct hash_key key = key_of(3);
    uint8_t text[40] = {0};

    (void)state;
    for (size_t n = 1; n < sizeof text; n++) { /* zeros at the end, and every byte */
        assert_int_not_equal(keyed_hash(key, text, n - 1), keyed_hash(key, text, n));
        for (size_t i = 0; i < n; i++) {
            uint32_t before = keyed_hash(key, text, n);
            text[i] = 1;
            assert_int_not_equal(keyed_hash(key, text, n), before);
            text[i] = 0;
        }
    }
    assert_int_equal(keyed_hash(key, "abc", 3), keyed_hash(key, "abc", 3));
    assert_int_not_equal(keyed_hash(key, "abc", 3), keyed_hash(key_of(4), "abc", 3));
}

/* Reckoned with whole numbers elsewhere: the polynomial of pieces of seven bytes, their lowest byte first as
 * on the machines that we know, modulo 2^61 - 1. */
static void known_answers(void **state)
{
    static const char *const TEXTS[] = {"", "a", "1234567", "370102/fire-rescue/station-3"};
    static const struct {
        uint64_t point;
        uint32_t hash[4];
    } KNOWN[] = {
        {0, {0, 0x9cab621a, 0x50120055, 0x53715deb}}, /* no key: 0x123456789abcdef */
        {UINT64_C(0x1ffffffffffffffe), {0, 0xffffff9f, 0xcbcccdd5, 0xc1c9bcc3}},
        {2, {0, 0xc6, 0x6866647e, 0xb33f386e}},
        {UINT64_C(0xdeadbeefcafe), {0, 0x15a426de, 0xc776b85a, 0xc4fc4253}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++) {
        for (size_t j = 0; j < 4; j++) {
            struct hash_key key = {.point = KNOWN[i].point};
            assert_int_equal(keyed_hash(key, TEXTS[j], strlen(TEXTS[j])), KNOWN[i].hash[j]);
        }
    }
}

static unsigned fills;

/* 0, then the prime itself, then more than it. */
static void fill_badly(void *ctx, void *p, size_t n)
{
    static const uint64_t BAD[] = {0, (UINT64_C(1) << 61) - 1, UINT64_MAX};

    (void)ctx;
    assert_int_equal(n, sizeof BAD[0]);
    assert_in_range(fills, 0, 2);
    memcpy(p, &BAD[fills++], n);
}

static void a_key_is_a_number_below_the_prime(void **state)
{
    const struct rng rng = {NULL, fill_badly};

    (void)state;
    assert_int_equal(hash_key_make(&rng).point, UINT64_MAX % ((UINT64_C(1) << 61) - 1));
    assert_int_equal(fills, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chosen_ids_collide_under_one_key_only),
        cmocka_unit_test(ids_in_a_row_are_spread),
        cmocka_unit_test(known_answers),
        cmocka_unit_test(a_key_is_a_number_below_the_prime),
        cmocka_unit_test(all_of_a_key_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
