/* The formats against values that docs/log.md's Python script has computed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/log/log_chain.h"
#include "common/log/log_head.h"

static const struct vector {
    struct log_header header;
    const char *payload;
    size_t payload_n; /* 256: the bytes 0 to 255 */
    const char *payload_hash;
    const char *hash;
} vectors[] = {
    {{.seq = 1,
      .epoch = 1,
      .kind = 1,
      .outcome = LOG_DECIDED,
      .bus_ms = 1760000000000,
      .utc_ms = 1760000000123,
      .boot = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
      .author = ""},
     "",
     0,
     "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8",
     "40d1f6a6bbfb90881b993c9d83f422da54b394f4bc0388c96fd4f2f9dc623d7a"},
    {{.seq = 2,
      .epoch = 1,
      .kind = 7,
      .outcome = LOG_DECIDED,
      .bus_ms = 1760000001000,
      .utc_ms = 1760000001001,
      .occurred_ms = 1759999990000,
      .boot = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
      .author = "370102/fire-rescue/station-3",
      .counter = 42},
     "hello",
     5,
     "324dcf027dd4a30a932c441f365a25e86b173defa4b8e58948253471b81b72cf",
     "10bb3a537523abc9ec35c82fe4ffbe4c2008cf98de5b2eec9996cfb1740cc6ff"},
    {{.seq = 3,
      .epoch = 2,
      .kind = 4294967295,
      .outcome = LOG_REFUSED,
      .bus_ms = 1760000001001,
      .utc_ms = 1759999999000,
      .occurred_ms = -1,
      .boot = {15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0},
      .author = "370102/消防救援/三站",
      .counter = INT64_MAX},
     NULL,
     256,
     "39a7eb9fedc19aabc83425c6755dd90e6f9d0c804964a1f4aaeea3b9fb599835",
     "e9430bb2b443a3612bf75bd7b27133d26815c1f6960489a4a41a5f02bc2b4c21"},
};

static const char slot_hex[] =
    "4d55535448454144000000010000000000000000000000050000000000000003000000000000000200000199c82cc3e9"
    "e9430bb2b443a3612bf75bd7b27133d26815c1f6960489a4a41a5f02bc2b4c2100000000000000000000000000000000"
    "f5f4ebb748d5cb86603276b39281b443e797b22e6bbeb16460748b24697db5c4";

static uint8_t all_bytes[256];

static struct log_record record_of(const struct vector *vector)
{
    struct log_record record = {.header = vector->header};
    record.payload.p = vector->payload != NULL ? (const uint8_t *)vector->payload : all_bytes;
    record.payload.n = vector->payload_n;
    record.payload_hash = hash_bytes(record.payload.p, record.payload.n);
    return record;
}

static void test_vectors(void **state)
{
    struct hash previous = {{0}};
    char hex[2 * HASH_BYTES + 1];
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct log_record record = record_of(&vectors[i]);
        assert_string_equal(hex_format(record.payload_hash.b, HASH_BYTES, hex), vectors[i].payload_hash);
        record.hash = log_chain(previous, &record);
        assert_string_equal(hex_format(record.hash.b, HASH_BYTES, hex), vectors[i].hash);
        assert_int_equal(log_chain_check(previous, i + 1, &record, NULL), 0);
        previous = record.hash;
    }
}

/* Whatever is changed, the check says so. */
static void test_every_field_counts(void **state)
{
    struct hash previous = {{7}};
    struct log_record good = record_of(&vectors[1]);
    struct err err;
    (void)state;
    good.hash = log_chain(previous, &good);
    struct log_record bad[12];
    for (size_t i = 0; i < 12; i++)
        bad[i] = good;
    bad[0].header.seq++;
    bad[1].header.epoch++;
    bad[2].header.kind++;
    bad[3].header.outcome = LOG_REFUSED;
    bad[4].header.bus_ms++;
    bad[5].header.utc_ms++;
    bad[6].header.occurred_ms++;
    bad[7].header.boot[15] ^= 1;
    bad[8].header.author = "370102/fire-rescue/station-4";
    bad[9].header.counter++;
    bad[10].payload.n--;
    bad[11].payload_hash.b[0] ^= 1;
    assert_int_equal(log_chain_check(previous, 2, &good, &err), 0);
    for (size_t i = 0; i < 12; i++) {
        assert_int_equal(log_chain_check(previous, 2, &bad[i], &err), ERR_CORRUPT);
        assert_non_null(strstr(err.text, "record 2"));
    }
    previous.b[0] ^= 1;
    assert_int_equal(log_chain_check(previous, 2, &good, &err), ERR_CORRUPT);
}

static void test_redacted(void **state)
{
    struct hash previous = {{0}};
    struct log_record record = record_of(&vectors[1]);
    (void)state;
    record.hash = log_chain(previous, &record);
    record.payload = (struct bytes){0};
    assert_int_equal(log_chain_check(previous, 2, &record, NULL), ERR_CORRUPT);
    record.redacted = true;
    assert_int_equal(log_chain_check(previous, 2, &record, NULL), 0);
}

static void test_slot(void **state)
{
    struct log_head_slot slot = {.generation = 5, .head = {.seq = 3, .epoch = 2, .bus_ms = 1760000001001}};
    struct log_head_slot back;
    uint8_t bytes[LOG_HEAD_SLOT], expected[LOG_HEAD_SLOT];
    (void)state;
    assert_int_equal(hex_parse(vectors[2].hash, slot.head.hash.b, HASH_BYTES), 0);
    assert_int_equal(hex_parse(slot_hex, expected, LOG_HEAD_SLOT), 0);
    log_head_encode(&slot, bytes);
    assert_memory_equal(bytes, expected, LOG_HEAD_SLOT);
    assert_int_equal(log_head_decode(bytes, &back), 0);
    assert_int_equal(back.generation, 5);
    assert_int_equal(back.head.seq, 3);
    assert_int_equal(back.head.epoch, 2);
    assert_int_equal(back.head.bus_ms, 1760000001001);
    assert_true(hash_equal(back.head.hash, slot.head.hash));
    for (size_t i = 0; i < LOG_HEAD_SLOT; i++) {
        bytes[i] ^= 0x10;
        assert_int_equal(log_head_decode(bytes, &back), ERR_CORRUPT);
        bytes[i] ^= 0x10;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_every_field_counts),
        cmocka_unit_test(test_redacted),
        cmocka_unit_test(test_slot),
    };
    for (int i = 0; i < 256; i++)
        all_bytes[i] = (uint8_t)i;
    if (crypto_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
