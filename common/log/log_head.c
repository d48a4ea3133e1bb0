#include "common/log/log_head.h"

#include <string.h>

#include "common/log/log_bytes.h"

enum { SLOT_VERSION = 1, SLOT_SUMMED = 96 };

static const uint8_t magic[8] = {'M', 'U', 'S', 'T', 'H', 'E', 'A', 'D'};

void log_head_encode(const struct log_head_slot *slot, uint8_t ret[LOG_HEAD_SLOT])
{
    memset(ret, 0, LOG_HEAD_SLOT);
    memcpy(ret, magic, sizeof(magic));
    log_put_u32(ret + 8, SLOT_VERSION);
    log_put_u64(ret + 16, slot->generation);
    log_put_u64(ret + 24, slot->head.seq);
    log_put_u64(ret + 32, slot->head.epoch);
    log_put_u64(ret + 40, (uint64_t)slot->head.bus_ms);
    memcpy(ret + 48, slot->head.hash.b, HASH_BYTES);
    struct hash sum = hash_bytes(ret, SLOT_SUMMED);
    memcpy(ret + SLOT_SUMMED, sum.b, HASH_BYTES);
}

int log_head_decode(const uint8_t bytes[LOG_HEAD_SLOT], struct log_head_slot *ret)
{
    struct hash sum;
    memcpy(sum.b, bytes + SLOT_SUMMED, HASH_BYTES);
    if (memcmp(bytes, magic, sizeof(magic)) != 0 || log_get_u32(bytes + 8) != SLOT_VERSION ||
        !hash_equal(sum, hash_bytes(bytes, SLOT_SUMMED)))
        return ERR_CORRUPT;
    ret->generation = log_get_u64(bytes + 16);
    ret->head.seq = log_get_u64(bytes + 24);
    ret->head.epoch = log_get_u64(bytes + 32);
    ret->head.bus_ms = (int64_t)log_get_u64(bytes + 40);
    memcpy(ret->head.hash.b, bytes + 48, HASH_BYTES);
    return 0;
}
