#include "common/view/view_scan.h"

#include <inttypes.h>

#include "common/log/log_chain.h"

enum { PROGRESS_RECORDS = 1024, REACHED_END = 1 };

struct scan {
    const struct view_until *until;
    log_visit *visit;
    void *ctx;
    const struct view_progress *progress;
    struct log_head slot; /* how far the head file has seen the log; seq 0: there is none */
    struct hash previous; /* of the last record that was good */
    uint64_t after;       /* its seq */
};

static bool is_beyond(const struct view_until *until, const struct log_header *header)
{
    return (until->seq != 0 && header->seq > until->seq) ||
           (until->bus_ms != 0 && header->bus_ms > until->bus_ms);
}

static int take(void *ctx, const struct log_record *record, struct err *err)
{
    struct scan *scan = ctx;

    if (is_beyond(scan->until, &record->header)) {
        return REACHED_END;
    }
    int result = log_chain_check(scan->previous, scan->after + 1, record, err);
    if (result == 0 && record->header.seq == scan->slot.seq && !hash_equal(record->hash, scan->slot.hash)) {
        result = err_set(err, ERR_CORRUPT, "it is not the one that the head file has seen");
    }
    if (result == 0) {
        result = scan->visit(scan->ctx, record, err);
    }
    if (result < 0) {
        return result;
    }
    scan->previous = record->hash;
    scan->after = record->header.seq;
    if (scan->progress != NULL && scan->after % PROGRESS_RECORDS == 0) {
        scan->progress->done(scan->progress->ctx, scan->after);
    }
    return 0;
}

int view_scan(struct log_reader *reader, const struct view_until *until, log_visit *visit, void *ctx,
              const struct view_progress *progress, struct err *err)
{
    struct scan scan = {.until = until,
                        .visit = visit,
                        .ctx = ctx,
                        .progress = progress,
                        .slot = log_reader_facts(reader)->slot};
    struct err why = {.code = 0};
    int result = log_reader_scan(reader, 0, take, &scan, &why);

    bool is_asked = until->seq == 0 || scan.after < until->seq;
    if (result == 0 && is_asked && scan.after < scan.slot.seq) {
        result = err_set(&why, ERR_CORRUPT,
                         "the tail is cut off: the head file has seen records up to %" PRIu64, scan.slot.seq);
    }
    if (result == ERR_CORRUPT) {
        err_prefix(&why, "damaged at record %" PRIu64, scan.after + 1);
    }
    return result < 0 ? err_set(err, result, "%s", why.text) : 0;
}
