#include "common/log/log_chain.h"

#include <inttypes.h>
#include <string.h>

#include "common/log/log_bytes.h"

enum {
    CHAIN_VERSION = 1,
    HEADER_FIXED = 8 + 8 + 4 + 1 + 8 + 8 + 8 + 16 + 4, /* up to and with the author's length */
    HEADER_TAIL = 8                                    /* the counter, after the author */
};

struct hash log_chain(struct hash previous, const struct log_record *record)
{
    const struct log_header *h = &record->header;
    const char *author = h->author != NULL ? h->author : "";
    size_t author_n = strlen(author);
    uint8_t lead[4 + HASH_BYTES + 4];
    uint8_t fixed[HEADER_FIXED];
    uint8_t tail[HEADER_TAIL];

    log_put_u32(lead, CHAIN_VERSION);
    memcpy(lead + 4, previous.b, HASH_BYTES);
    log_put_u32(lead + 4 + HASH_BYTES, (uint32_t)(HEADER_FIXED + author_n + HEADER_TAIL));

    log_put_u64(fixed, h->seq);
    log_put_u64(fixed + 8, h->epoch);
    log_put_u32(fixed + 16, h->kind);
    fixed[20] = h->outcome;
    log_put_u64(fixed + 21, (uint64_t)h->bus_ms);
    log_put_u64(fixed + 29, (uint64_t)h->utc_ms);
    log_put_u64(fixed + 37, (uint64_t)h->occurred_ms);
    memcpy(fixed + 45, h->boot, sizeof(h->boot));
    log_put_u32(fixed + 61, (uint32_t)author_n);
    log_put_u64(tail, h->counter);

    struct hash_stream stream;
    hash_start(&stream);
    hash_add(&stream, lead, sizeof(lead));
    hash_add(&stream, fixed, sizeof(fixed));
    hash_add(&stream, author, author_n);
    hash_add(&stream, tail, sizeof(tail));
    hash_add(&stream, record->payload_hash.b, HASH_BYTES);
    return hash_end(&stream);
}

bool log_chain_is_whole(const struct log_record *record)
{
    return record->redacted ||
           hash_equal(hash_bytes(record->payload.p, record->payload.n), record->payload_hash);
}

int log_chain_check(struct hash previous, uint64_t seq, const struct log_record *record, struct err *err)
{
    if (record->header.seq != seq)
        return err_set(err, ERR_CORRUPT, "record %" PRIu64 " is missing (the next there is %" PRIu64 ")", seq,
                       record->header.seq);
    if (!log_chain_is_whole(record))
        return err_set(err, ERR_CORRUPT, "record %" PRIu64 " is damaged: its payload does not match its hash",
                       seq);
    if (!hash_equal(log_chain(previous, record), record->hash))
        return err_set(err, ERR_CORRUPT, "record %" PRIu64 " is damaged: the chain breaks there", seq);
    return 0;
}
