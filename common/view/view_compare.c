#include "common/view/view_compare.h"

#include <string.h>

enum { ANSWER_MEMORY_MAX = 64 * 1024 * 1024 };

const char *view_verdict_word(enum view_verdict verdict)
{
    switch (verdict) {
    case VIEW_SAME:
        return "same";
    case VIEW_COPY_BEHIND:
        return "copy-behind";
    case VIEW_LOG_BEHIND:
        return "log-behind";
    case VIEW_LOG_BAD:
        return "log-bad";
    case VIEW_COPY_BAD:
        return "copy-bad";
    case VIEW_BOTH_BAD:
        return "both-bad";
    case VIEW_REWRITTEN:
        return "rewritten";
    case VIEW_OTHER_REGION:
        return "other-region";
    }
    return "";
}

/* --- judging ------------------------------------------------------------------------------------ */

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static enum view_verdict verdict_of(const struct view_comparison *is, uint64_t log_head, uint64_t copy_head)
{
    if (is->differs > 0) {
        return VIEW_REWRITTEN;
    }
    if (is->log_bad == 0 && is->copy_bad == 0) {
        return log_head == copy_head ? VIEW_SAME : log_head > copy_head ? VIEW_COPY_BEHIND : VIEW_LOG_BEHIND;
    }
    if (is->log_bad == 0) {
        return VIEW_COPY_BAD;
    }
    bool copy_has_it = copy_head >= is->log_bad && (is->copy_bad == 0 || is->copy_bad > is->log_bad);
    return copy_has_it ? VIEW_LOG_BAD : VIEW_BOTH_BAD;
}

struct view_comparison view_judge(const struct view_report *log, const struct view_report *copy,
                                  uint64_t differs)
{
    struct view_comparison is = {.differs = differs, .log_bad = log->bad_seq, .copy_bad = copy->bad_seq};

    is.same_to = least(log->head.seq, copy->head.seq);
    is.same_to = is.log_bad > 0 ? least(is.same_to, is.log_bad - 1) : is.same_to;
    is.same_to = is.copy_bad > 0 ? least(is.same_to, is.copy_bad - 1) : is.same_to;
    is.same_to = differs > 0 ? least(is.same_to, differs - 1) : is.same_to;
    is.verdict = verdict_of(&is, log->head.seq, copy->head.seq);
    return is;
}

/* --- walking ------------------------------------------------------------------------------------ */

/* A log, read record by record. */
struct side {
    struct log_reader *reader;
    struct arena arena;
    struct log_answer answer;
    size_t at;
    uint64_t after;
};

/* The hash of the next record; false at the end. */
static int next_hash(struct side *side, bool *ret_is_there, struct hash *ret, struct err *err)
{
    if (side->at == side->answer.rows_n) {
        struct log_query query = {.question = LOG_Q_RANGE, .after = side->after};
        arena_reset(&side->arena);
        side->at = 0;
        side->answer.rows_n = 0;
        int result = log_reader_read(side->reader, &query, &side->arena, &side->answer, err);
        if (result < 0) {
            return result;
        }
    }
    *ret_is_there = side->at < side->answer.rows_n;
    if (*ret_is_there) {
        *ret = side->answer.rows[side->at].record.hash;
        side->after = side->answer.rows[side->at++].record.header.seq;
    }
    return 0;
}

/* Up to `to`, where both chains are known to hold. */
static int first_difference(struct log_reader *log, struct log_reader *copy, uint64_t to,
                            const struct view_progress *progress, uint64_t *ret, struct err *err)
{
    struct side sides[2] = {{.reader = log}, {.reader = copy}};
    struct hash hashes[2];
    bool is_there[2] = {true, true};
    int result = 0;

    *ret = 0;
    arena_init(&sides[0].arena, ANSWER_MEMORY_MAX);
    arena_init(&sides[1].arena, ANSWER_MEMORY_MAX);
    for (uint64_t seq = 1; seq <= to && *ret == 0 && result == 0; seq++) {
        for (size_t i = 0; i < 2 && result == 0; i++) {
            result = next_hash(&sides[i], &is_there[i], &hashes[i], err);
        }
        if (result == 0 && (!is_there[0] || !is_there[1] || !hash_equal(hashes[0], hashes[1]))) {
            *ret = seq;
        }
        if (seq % LOG_READ_RECORDS_MAX == 0 && progress != NULL) {
            progress->done(progress->ctx, seq);
        }
    }
    arena_free(&sides[0].arena);
    arena_free(&sides[1].arena);
    return result;
}

/* Whether the log has this record, by its hash. */
static int has_record(struct log_reader *reader, uint64_t seq, struct hash hash, bool *ret, struct err *err)
{
    struct side side = {.reader = reader, .after = seq - 1};
    struct hash found;
    bool is_there = false;

    arena_init(&side.arena, ANSWER_MEMORY_MAX);
    int result = next_hash(&side, &is_there, &found, err);
    *ret = result == 0 && is_there && side.after == seq && hash_equal(found, hash);
    arena_free(&side.arena);
    return result == ERR_CORRUPT ? 0 : result;
}

static int verify(const struct view_side *side, const uint8_t *root_key, struct err *err)
{
    int result =
        side->reader != NULL ? view_verify(side->reader, root_key, side->progress, side->report, err) : 0;

    return result < 0 ? err_prefix(err, "%s", side->path) : 0;
}

static int compare(const struct view_side *log, const struct view_side *copy, const struct witness *witness,
                   struct view_comparison *ret, struct err *err)
{
    uint64_t to = least(log->report->head.seq, copy->report->head.seq), differs = 0;
    struct public_key broker;
    bool is_copys = false;
    int result = 0;

    if (log->reader != NULL) {
        result = first_difference(log->reader, copy->reader, to, log->progress, &differs, err);
    }
    *ret = view_judge(log->report, copy->report, differs);
    memcpy(broker.b, copy->report->broker_key, sizeof broker.b);
    if (result == 0 && witness_holds(witness, &broker)) {
        result = has_record(copy->reader, witness->seq, witness->hash, &is_copys, err);
        if (result == 0 && log->reader != NULL) {
            result = has_record(log->reader, witness->seq, witness->hash, &ret->log_is_signed, err);
        }
    }
    ret->signed_seq = is_copys ? witness->seq : 0;
    return result;
}

static bool is_of_another_region(const struct log_reader *log, const struct log_reader *copy)
{
    return log != NULL && strcmp(log_reader_facts(log)->region, log_reader_facts(copy)->region) != 0;
}

int view_compare(const struct view_side *log, const struct view_side *copy, const uint8_t *root_key,
                 const struct witness *witness, struct view_comparison *ret, struct err *err)
{
    struct view_comparison comparison = {.verdict = VIEW_OTHER_REGION};

    int result = verify(copy, root_key, err);
    if (result == 0) {
        result = verify(log, root_key, err);
    }
    if (result == 0 && !is_of_another_region(log->reader, copy->reader)) {
        result = compare(log, copy, witness, &comparison, err);
    }
    if (result == 0) {
        *ret = comparison;
    }
    return result;
}
