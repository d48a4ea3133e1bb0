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

int view_verify_tables_begin(struct view_verifier *verifier, struct log_reader *reader, struct err *err)
{
    int result = 0;

    if (log_reader_facts(reader)->live) {
        result = log_reader_take_tables(reader, &verifier->taken, &verifier->taken_seq, err);
        if (result == ERR_TOO_BIG) {
            return 0; /* not compared */
        }
    }
    return result == 0 ? log_derived_new(&verifier->derived, err) : result;
}

/* What is open is of the last record that the tables belong to. */
static int derive_open(struct view_verifier *verifier, struct adding *adding, struct err *err)
{
    if (derive_open_rows(view_state(verifier->view), add, adding) < 0) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    return adding->result;
}

int view_verify_derive(struct view_verifier *verifier, const struct view_record *record, struct err *err)
{
    struct adding adding = {.derived = verifier->derived, .seq = record->header.seq, .err = err};

    if (verifier->derived == NULL || (verifier->taken != NULL && adding.seq > verifier->taken_seq)) {
        return 0;
    }
    if (!record->redacted && record->record.refusal == REFUSED_NOT) {
        derive_rows(view_state(verifier->view), record->record.events, record->record.events_n,
                    record->header.author, add, &adding);
    }
    bool is_last = verifier->taken != NULL && adding.seq == verifier->taken_seq;
    return adding.result == 0 && is_last ? derive_open(verifier, &adding, err) : adding.result;
}

static void differs(void *ctx, uint64_t seq, const char *text)
{
    struct view_verifier *verifier = ctx;
    uint64_t bad_seq = verifier->report.bad_seq;

    verifier->report.differences++;
    view_verifier_find(verifier, seq, text);
    verifier->report.bad_seq = bad_seq; /* the record itself is good */
}

/* What is left of records that are gone. */
static int check_tail(struct view_verifier *verifier, struct log_reader *reader, struct err *err)
{
    struct view_report *report = &verifier->report;
    struct log_derived *derived = report->marked ? NULL : verifier->derived;
    uint64_t last = 0;

    int result = log_reader_beyond(reader, derived, report->head.seq, &last, err);
    if (last > 0) {
        view_verify_find(verifier, report->head.seq + 1,
                         "the tables know of records up to %llu: the tail was cut; bring back a newer copy",
                         (unsigned long long)last);
        report->broken = true;
    }
    return result;
}

int view_verify_tables(struct view_verifier *verifier, struct log_reader *reader, struct err *err)
{
    struct adding adding = {.derived = verifier->derived, .seq = verifier->report.head.seq, .err = err};
    int result = 0;

    if (verifier->derived != NULL && verifier->taken == NULL && !verifier->report.broken) {
        result = check_tail(verifier, reader, err);
    }
    if (result < 0 || verifier->derived == NULL || verifier->report.marked || verifier->report.broken) {
        return result;
    }
    if (verifier->taken == NULL) {
        result = derive_open(verifier, &adding, err);
    }
    if (result == 0) {
        verifier->report.compared = true;
        result = log_reader_compare(reader, verifier->taken, verifier->derived, differs, verifier, err);
    }
    return result;
}
