#include "common/log/log_verify.h"

#include <inttypes.h>

#include "common/log/log_chain.h"

/* The largest answer with its records' headers and what growing arrays leave behind. */
enum { VERIFY_ARENA = 4 * LOG_READ_BYTES_MAX };

static int bad(uint64_t seq, uint64_t *ret_bad_seq, int code)
{
    if (ret_bad_seq != NULL)
        *ret_bad_seq = seq;
    return code;
}

static int hash_of(struct log_querier *querier, uint64_t seq, struct arena *arena, struct hash *ret,
                   struct err *err)
{
    struct log_query query = {.question = LOG_Q_RANGE, .after = seq - 1, .records_max = 1};
    struct log_answer answer;
    int code = log_querier_ask(querier, &query, arena, &answer, err);
    if (code != 0)
        return code;
    if (answer.rows_n == 0 || answer.rows[0].record.header.seq != seq)
        return err_set(err, ERR_CORRUPT, "record %" PRIu64 " of %s is missing", seq, querier->path);
    *ret = answer.rows[0].record.hash;
    return 0;
}

/* Checks one answer's records; moves previous and after on. */
static int check_rows(const struct log_answer *answer, uint64_t head, struct hash *previous, uint64_t *after,
                      log_visit *visit, void *ctx, uint64_t *ret_bad_seq, struct err *err)
{
    for (size_t i = 0; i < answer->rows_n && *after < head; i++) {
        const struct log_record *record = &answer->rows[i].record;
        int code = log_chain_check(*previous, *after + 1, record, err);
        if (code != 0)
            return bad(*after + 1, ret_bad_seq, code);
        if (visit != NULL)
            code = visit(ctx, record, err);
        if (code != 0)
            return bad(*after + 1, ret_bad_seq, code);
        *previous = record->hash;
        (*after)++;
    }
    return 0;
}

int log_verify(struct log_querier *querier, uint64_t after, uint64_t head, log_visit *visit, void *ctx,
               uint64_t *ret_bad_seq, struct err *err)
{
    struct hash previous = {{0}};
    struct arena arena;
    int code = 0;
    arena_init(&arena, VERIFY_ARENA);
    if (after > 0) {
        code = hash_of(querier, after, &arena, &previous, err);
        if (code == ERR_CORRUPT)
            bad(after, ret_bad_seq, code);
    }
    while (code == 0 && after < head) {
        struct log_query query = {.question = LOG_Q_RANGE, .after = after};
        struct log_answer answer;
        arena_reset(&arena);
        code = log_querier_ask(querier, &query, &arena, &answer, err);
        if (code == ERR_CORRUPT) {
            bad(after + 1, ret_bad_seq, code);
            code = err_set(err, code, "record %" PRIu64 " of %s is damaged", after + 1, querier->path);
        } else if (code == 0 && answer.rows_n == 0) {
            bad(after + 1, ret_bad_seq, 0);
            code = err_set(err, ERR_CORRUPT, "record %" PRIu64 " of %s is missing", after + 1, querier->path);
        } else if (code == 0) {
            code = check_rows(&answer, head, &previous, &after, visit, ctx, ret_bad_seq, err);
        }
    }
    arena_free(&arena);
    return code;
}

int log_verify_slot(struct log_querier *querier, const struct log_head *head, const struct log_head *slot,
                    uint64_t *ret_bad_seq, struct err *err)
{
    struct hash found;
    struct arena arena;
    if (slot->seq == 0)
        return 0;
    if (slot->seq > head->seq)
        return bad(head->seq + 1, ret_bad_seq,
                   err_set(err, ERR_CORRUPT,
                           "%s has lost its tail: records %" PRIu64 " to %" PRIu64
                           " are missing (the head file has seen them)",
                           querier->path, head->seq + 1, slot->seq));
    arena_init(&arena, VERIFY_ARENA);
    int code = hash_of(querier, slot->seq, &arena, &found, err);
    arena_free(&arena);
    if (code == 0 && !hash_equal(found, slot->hash))
        code = bad(slot->seq, ret_bad_seq,
                   err_set(err, ERR_CORRUPT,
                           "record %" PRIu64 " of %s is not the one that the head file has seen", slot->seq,
                           querier->path));
    return code;
}
