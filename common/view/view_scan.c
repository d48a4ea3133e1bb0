#include "common/view/view_scan.h"

#include <inttypes.h>

#include "common/log/log_chain.h"

enum { ANSWER_MEMORY_MAX = 64 * 1024 * 1024 };

struct scan {
    const struct view_until *until;
    log_visit *visit;
    void *ctx;
    struct log_head slot; /* how far the head file has seen the log; seq 0: there is none */
    struct hash previous; /* of the last record that was good */
    uint64_t after;       /* its seq */
    bool has_reached_until;
};

static bool is_beyond(const struct view_until *until, const struct log_header *header)
{
    return (until->seq != 0 && header->seq > until->seq) ||
           (until->bus_ms != 0 && header->bus_ms > until->bus_ms);
}

static int take(struct scan *scan, const struct log_record *record, struct err *err)
{
    int result = log_chain_check(scan->previous, scan->after + 1, record, err);

    if (result == 0 && record->header.seq == scan->slot.seq && !hash_equal(record->hash, scan->slot.hash)) {
        result = err_set(err, ERR_CORRUPT, "it is not the one that the head file has seen");
    }
    if (result == 0) {
        result = scan->visit(scan->ctx, record, err);
    }
    if (result == 0) {
        scan->previous = record->hash;
        scan->after = record->header.seq;
    }
    return result;
}

static int take_answer(struct scan *scan, const struct log_answer *answer, struct err *err)
{
    int result = 0;

    for (size_t i = 0; i < answer->rows_n && result == 0; i++) {
        const struct log_record *record = &answer->rows[i].record;
        if (is_beyond(scan->until, &record->header)) {
            scan->has_reached_until = true;
            return 0;
        }
        result = take(scan, record, err);
    }
    return result;
}

int view_scan(struct log_reader *reader, const struct view_until *until, log_visit *visit, void *ctx,
              const struct view_progress *progress, struct err *err)
{
    struct scan scan = {.until = until, .visit = visit, .ctx = ctx, .slot = log_reader_facts(reader)->slot};
    struct log_answer answer = {.more = true};
    struct err why = {.code = 0};
    struct arena arena;
    int result = 0;

    arena_init(&arena, ANSWER_MEMORY_MAX);
    while (result == 0 && answer.more && !scan.has_reached_until) {
        struct log_query query = {.question = LOG_Q_RANGE, .after = scan.after};
        arena_reset(&arena);
        result = log_reader_read(reader, &query, &arena, &answer, &why);
        if (result == 0) {
            result = take_answer(&scan, &answer, &why);
        }
        if (progress != NULL) {
            progress->done(progress->ctx, scan.after);
        }
    }
    arena_free(&arena);
    bool is_asked = until->seq == 0 || scan.after < until->seq;
    if (result == 0 && !scan.has_reached_until && is_asked && scan.after < scan.slot.seq) {
        result = err_set(&why, ERR_CORRUPT,
                         "the tail is cut off: the head file has seen records up to %" PRIu64, scan.slot.seq);
    }
    if (result == ERR_CORRUPT) {
        err_prefix(&why, "damaged at record %" PRIu64, scan.after + 1);
    }
    return result == 0 ? 0 : err_set(err, result, "%s", why.text);
}
