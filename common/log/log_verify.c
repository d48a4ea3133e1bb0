#include "common/log/log_verify.h"

#include <inttypes.h>

#include "common/log/log_chain.h"

static int bad(uint64_t seq, uint64_t *ret_bad_seq, int code)
{
    if (ret_bad_seq != NULL)
        *ret_bad_seq = seq;
    return code;
}

enum { FOUND = 1 };

static int take_hash(void *ctx, const struct log_record *record, struct err *err)
{
    struct log_record *ret = ctx;
    (void)err;
    ret->header.seq = record->header.seq;
    ret->hash = record->hash;
    return FOUND;
}

static int hash_of(struct log_querier *querier, uint64_t seq, struct hash *ret, struct err *err)
{
    struct log_record found = {.header = {.seq = 0}};
    struct log_scanned scanned;
    int code = log_querier_scan(querier, seq - 1, take_hash, &found, &scanned, err);
    if (code < 0)
        return code;
    if (found.header.seq != seq)
        return err_set(err, ERR_CORRUPT, "record %" PRIu64 " of %s is missing", seq, querier->path);
    *ret = found.hash;
    return 0;
}

enum { REACHED_HEAD = 1 };

struct walk {
    struct hash previous;
    uint64_t after;
    uint64_t head;
    log_visit *visit;
    void *ctx;
    bool refused; /* a record was read, and is not good */
};

static int check(void *ctx, const struct log_record *record, struct err *err)
{
    struct walk *walk = ctx;
    int code = log_chain_check(walk->previous, walk->after + 1, record, err);
    if (code == 0 && walk->visit != NULL)
        code = walk->visit(walk->ctx, record, err);
    walk->refused = code != 0;
    if (code != 0)
        return code;
    walk->previous = record->hash;
    walk->after++;
    return walk->after == walk->head ? REACHED_HEAD : 0;
}

int log_verify(struct log_querier *querier, uint64_t after, uint64_t head, log_visit *visit, void *ctx,
               uint64_t *ret_bad_seq, struct err *err)
{
    struct walk walk = {.after = after, .head = head, .visit = visit, .ctx = ctx};
    int code = 0;
    if (after > 0) {
        code = hash_of(querier, after, &walk.previous, err);
        if (code == ERR_CORRUPT)
            return bad(after, ret_bad_seq, code);
    }
    while (code == 0 && walk.after < head) {
        uint64_t before = walk.after;
        struct log_scanned scanned;
        code = log_querier_scan(querier, walk.after, check, &walk, &scanned, err);
        if (code == ERR_CORRUPT && !walk.refused)
            err_set(err, code, "record %" PRIu64 " of %s is damaged", walk.after + 1, querier->path);
        else if (code == 0 && walk.after == before)
            code = err_set(err, ERR_CORRUPT, "record %" PRIu64 " of %s is missing", walk.after + 1,
                           querier->path);
    }
    return code < 0 ? bad(walk.after + 1, ret_bad_seq, code) : 0;
}

int log_verify_slot(struct log_querier *querier, const struct log_head *head, const struct log_head *slot,
                    uint64_t *ret_bad_seq, struct err *err)
{
    struct hash found;
    if (slot->seq == 0)
        return 0;
    if (slot->seq > head->seq)
        return bad(head->seq + 1, ret_bad_seq,
                   err_set(err, ERR_CORRUPT,
                           "%s has lost its tail: records %" PRIu64 " to %" PRIu64
                           " are missing (the head file has seen them)",
                           querier->path, head->seq + 1, slot->seq));
    int code = hash_of(querier, slot->seq, &found, err);
    if (code == 0 && !hash_equal(found, slot->hash))
        code = bad(slot->seq, ret_bad_seq,
                   err_set(err, ERR_CORRUPT,
                           "record %" PRIu64 " of %s is not the one that the head file has seen", slot->seq,
                           querier->path));
    return code;
}
