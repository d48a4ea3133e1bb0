/* The tables beside the records: what they must say follows from the records, and nothing else vouches
 * for them. */
#include "common/core/derive.h"
#include "common/view/view_verify_private.h"

static const enum log_index_op ops[] = {
    [DERIVED_TOUCH] = LOG_TOUCH,   [DERIVED_OUTBOX] = LOG_OUTBOX, [DERIVED_TOMBSTONE] = LOG_TOMBSTONE,
    [DERIVED_CURSOR] = LOG_CURSOR, [DERIVED_OPEN] = LOG_OPEN,     [DERIVED_DUE] = LOG_DUE,
};

struct adding {
    struct log_derived *derived;
    uint64_t seq;
    int result;
    struct err *err;
};

static void add(void *ctx, const struct derived *row)
{
    struct adding *adding = ctx;
    struct log_index index = {.op = ops[row->kind],
                              .lane = (uint8_t)row->lane,
                              .name = row->name,
                              .item = row->item,
                              .number = row->number};

    if (adding->result == 0) {
        adding->result = log_derived_add(adding->derived, adding->seq, &index, adding->err);
    }
}

int view_verify_derive(struct view_verifier *verifier, const struct view_record *record, struct err *err)
{
    struct adding adding = {.derived = verifier->derived, .seq = record->header.seq, .err = err};

    if (verifier->derived != NULL && !record->redacted && record->record.refusal == REFUSED_NOT) {
        derive_rows(view_state(verifier->view), record->record.events, record->record.events_n,
                    record->header.author, add, &adding);
    }
    return adding.result;
}

static void differs(void *ctx, uint64_t seq, const char *text)
{
    struct view_verifier *verifier = ctx;

    verifier->report.differences++;
    view_verifier_find(verifier, seq, text);
}

int view_verify_tables(struct view_verifier *verifier, struct log_reader *reader, struct err *err)
{
    struct adding adding = {.derived = verifier->derived, .seq = verifier->report.head.seq, .err = err};

    if (verifier->derived == NULL || verifier->report.marked || verifier->report.broken) {
        return 0;
    }
    if (derive_open_rows(view_state(verifier->view), add, &adding) < 0) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    if (adding.result < 0) {
        return adding.result;
    }
    verifier->report.compared = true;
    return log_reader_compare(reader, verifier->derived, differs, verifier, err);
}
