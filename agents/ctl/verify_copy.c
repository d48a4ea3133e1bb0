#include "agents/ctl/verify_copy.h"

#include <string.h>

#include "agents/ctl/log_input.h"
#include "common/base/text.h"
#include "common/view/view_table.h"

typedef unsigned long long number; /* for %llu */

/* A log that cannot even be opened may still be compared: that it cannot is its first finding. */
static int open_log(struct log_input *input, const char *path, struct view_report *report, struct err *err)
{
    int result = log_input_open(input, path, err);

    if (result == ERR_CORRUPT) {
        *report = (struct view_report){.bad = 1, .bad_seq = 1, .broken = true, .findings_n = 1};
        (void)text_escape_into(report->findings[0].text, sizeof report->findings[0].text, err->text,
                               strlen(err->text));
        input->reader = NULL;
        return 0;
    }
    return result;
}

static void set_region(const struct log_reader *reader, char ret[LOG_NAME_MAX])
{
    const char *region = reader != NULL ? log_reader_facts(reader)->region : "";

    (void)text_escape_into(ret, LOG_NAME_MAX, region, strlen(region));
}

int verify_copy(struct verified_pair *pair, const uint8_t *root_key, struct view_report *log_report,
                struct view_report *copy_report, struct err *err)
{
    struct log_input log = {.reader = NULL}, copy = {.reader = NULL};
    struct witness witness = {.seq = 0};

    int result = open_log(&log, pair->path, log_report, err);
    if (result == 0) {
        result = log_input_open(&copy, pair->copy_path, err);
    }
    if (result == 0) {
        result = witness_read(pair->copy_path, &witness, err);
    }
    if (result == 0) {
        const struct view_side log_side = {pair->path, log.reader, &log.progress, log_report};
        const struct view_side copy_side = {pair->copy_path, copy.reader, &copy.progress, copy_report};
        set_region(log.reader, pair->region);
        set_region(copy.reader, pair->copy_region);
        pair->log = log_report;
        pair->copy = copy_report;
        result = view_compare(&log_side, &copy_side, root_key, &witness, &pair->is, err);
    }
    log_input_close(&copy);
    log_input_close(&log);
    return result;
}

static const char *first_finding(const struct view_report *report)
{
    return report->findings_n > 0 ? report->findings[0].text : "";
}

/* --- for people --------------------------------------------------------------------------------- */

static void put_rewritten(const struct verified_pair *pair, struct buf *ret)
{
    const struct view_comparison *is = &pair->is;

    buf_printf(
        ret,
        "REWRITTEN HISTORY: record %llu of the log is not record %llu of the copy, and both chains hold\n",
        (number)is->differs, (number)is->differs);
    if (is->signed_seq >= is->differs) {
        buf_printf(
            ret,
            "the broker itself signed record %llu of the copy: what the log has from %llu on was put in its "
            "place afterwards\n",
            (number)is->signed_seq, (number)is->differs);
    }
    buf_puts(ret,
             "to do: stop the broker and keep both folders as they are; compare with the copies of other "
             "agencies, and believe neither before that\n");
}

static void put_verdict(const struct verified_pair *pair, struct buf *ret)
{
    const struct view_comparison *is = &pair->is;
    number log_head = pair->log->head.seq, copy_head = pair->copy->head.seq;

    switch (is->verdict) {
    case VIEW_SAME:
        buf_puts(ret, "the copy is the same as the log\n");
        break;
    case VIEW_COPY_BEHIND:
        buf_printf(ret, "the log goes on from there to record %llu\nto do: take the rest: muster copy ",
                   log_head);
        text_escape(ret, pair->copy_path, strlen(pair->copy_path));
        buf_puts(ret, "\n");
        break;
    case VIEW_LOG_BEHIND:
        buf_printf(ret,
                   "the LOG has lost its tail: records %llu to %llu are in the copy alone\n"
                   "to do: stop the broker, keep the log's folder, and restore from the copy\n",
                   log_head + 1, copy_head);
        break;
    case VIEW_LOG_BAD:
        buf_printf(ret,
                   "the first bad record is %llu of the LOG; the copy has a good one, and goes on to %llu\n"
                   "to do: stop the broker, keep the log's folder, and restore from the copy\n",
                   (number)is->log_bad, copy_head);
        break;
    case VIEW_COPY_BAD:
        buf_printf(
            ret,
            "the first bad record is %llu of the COPY; the log is good\n"
            "to do: see to the disk of the copy, and take it anew into another folder: muster copy NEW\n",
            (number)is->copy_bad);
        break;
    case VIEW_BOTH_BAD:
        buf_printf(ret, "record %llu of the log is bad, and the copy ", (number)is->log_bad);
        if (is->copy_bad > 0) {
            buf_printf(ret, "is bad from %llu on\n", (number)is->copy_bad);
        } else {
            buf_printf(ret, "ends at %llu\n", copy_head);
        }
        buf_puts(ret, "to do: stop the broker, keep both folders, and compare with another agency's copy\n");
        break;
    case VIEW_REWRITTEN:
        put_rewritten(pair, ret);
        break;
    case VIEW_OTHER_REGION:
        buf_printf(ret, "the copy is of region %s, the log of %s\n", pair->copy_region, pair->region);
        break;
    }
}

static void put_common(const struct verified_pair *pair, struct table *table)
{
    table_cell(table, "signed");
    if (pair->is.signed_seq > 0) {
        table_print(table, "the broker's signature covers the copy up to record %llu",
                    (number)pair->is.signed_seq);
    } else {
        table_cell(table, "no head that the broker signed is kept with the copy");
    }
    table_cell(table, "compared");
    table_print(table, "the same up to record %llu", (number)pair->is.same_to);
}

void verify_copy_text(const struct verified_pair *pair, struct buf *ret)
{
    const struct view_report *copy = pair->copy;
    struct table table;

    table_init(&table, "ll");
    table_cell(&table, "copy");
    table_print(&table, "%s, records 1 to %llu%s%s", pair->copy_path, (number)copy->head.seq,
                copy->bad == 0 ? ", nothing is wrong with it" : "; NOT verified: ", first_finding(copy));
    if (pair->is.verdict != VIEW_OTHER_REGION) {
        put_common(pair, &table);
    }
    table_show(&table, "", ret);
    table_free(&table);
    put_verdict(pair, ret);
}

/* --- for programs ------------------------------------------------------------------------------- */

void verify_copy_json(const struct verified_pair *pair, struct json *json)
{
    const struct view_comparison *is = &pair->is;
    const struct view_report *copy = pair->copy;

    json_object(json, "copy");
    json_text(json, "log", pair->copy_path);
    json_bool(json, "good", copy->bad == 0);
    json_text(json, "verdict", view_verdict_word(is->verdict));
    json_unsigned(json, "same_to", is->same_to);
    json_unsigned(json, "differs", is->differs);
    json_unsigned(json, "log_bad_seq", is->log_bad);
    json_unsigned(json, "copy_bad_seq", is->copy_bad);
    json_unsigned(json, "head_seq", copy->head.seq);
    json_hex(json, "head_hash", copy->head.hash.b, HASH_BYTES);
    json_unsigned(json, "signed_seq", is->signed_seq);
    json_bool(json, "log_has_signed", is->log_is_signed);
    json_text(json, "finding", first_finding(copy));
    json_object_end(json);
}

int verify_copy_result(const struct verified_pair *pair, struct err *err)
{
    const struct view_comparison *is = &pair->is;
    number log_head = pair->log->head.seq;

    switch (is->verdict) {
    case VIEW_SAME:
    case VIEW_COPY_BEHIND:
        return 0;
    case VIEW_LOG_BEHIND:
        return err_set(err, ERR_CORRUPT, "%s: its tail is gone after record %llu; %s has it", pair->path,
                       log_head, pair->copy_path);
    case VIEW_LOG_BAD:
        return err_set(err, ERR_CORRUPT, "%s: seq %llu is bad; %s has it: %s", pair->path,
                       (number)is->log_bad, pair->copy_path, first_finding(pair->log));
    case VIEW_COPY_BAD:
        return err_set(err, ERR_CORRUPT, "%s: the copy is bad at seq %llu, %s is good: %s", pair->copy_path,
                       (number)is->copy_bad, pair->path, first_finding(pair->copy));
    case VIEW_BOTH_BAD:
        return err_set(err, ERR_CORRUPT, "%s: seq %llu is bad, and %s does not have it: %s", pair->path,
                       (number)is->log_bad, pair->copy_path, first_finding(pair->log));
    case VIEW_REWRITTEN:
        return err_set(err, ERR_CORRUPT, "REWRITTEN HISTORY: from record %llu on %s and %s are two histories",
                       (number)is->differs, pair->path, pair->copy_path);
    case VIEW_OTHER_REGION:
        return err_set(err, ERR_CORRUPT, "%s: the copy is of region %s, the log of %s", pair->copy_path,
                       pair->copy_region, pair->region);
    }
    return 0;
}
