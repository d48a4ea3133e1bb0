#include "common/view/view_scan.h"

enum { ANSWER_MEMORY_MAX = 64 * 1024 * 1024 };

static bool is_beyond(const struct view_until *until, const struct log_header *header)
{
    return (until->seq != 0 && header->seq > until->seq) ||
           (until->bus_ms != 0 && header->bus_ms > until->bus_ms);
}

int view_scan(struct log_reader *reader, const struct view_until *until, log_visit *visit, void *ctx,
              const struct view_progress *progress, struct err *err)
{
    struct log_query query = {.question = LOG_Q_RANGE};
    struct log_answer answer;
    struct arena arena;
    bool more = true;
    int result = 0;

    arena_init(&arena, ANSWER_MEMORY_MAX);
    while (more && result == 0) {
        arena_reset(&arena);
        result = log_reader_read(reader, &query, &arena, &answer, err);
        if (result < 0) {
            break;
        }
        more = answer.more;
        for (size_t i = 0; i < answer.rows_n && result == 0; i++) {
            const struct log_record *record = &answer.rows[i].record;
            if (is_beyond(until, &record->header)) {
                more = false;
                break;
            }
            result = visit(ctx, record, err);
            query.after = record->header.seq;
        }
        if (progress != NULL) {
            progress->done(progress->ctx, query.after);
        }
    }
    arena_free(&arena);
    return result;
}
