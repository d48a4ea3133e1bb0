/* muster verify: can this log be trusted? */
#include <stdio.h>
#include <string.h>

#include "agents/ctl/log_input.h"
#include "agents/ctl/option.h"
#include "agents/ctl/verify_copy.h"
#include "common/base/text.h"
#include "common/crypto/keyfile.h"
#include "common/view/view_json.h"
#include "common/view/view_table.h"
#include "common/view/view_verify.h"

static void put_findings(const struct view_report *report, struct buf *ret)
{
    for (size_t i = 0; i < report->findings_n; i++) {
        const struct view_finding *finding = &report->findings[i];
        if (finding->seq != 0 && strncmp(finding->text, "seq ", 4) != 0) {
            buf_printf(ret, "seq %llu: ", (unsigned long long)finding->seq);
        }
        text_escape(ret, finding->text, strlen(finding->text));
        buf_puts(ret, "\n");
    }
    if (report->bad > report->findings_n) {
        buf_printf(ret, "and %llu more\n", (unsigned long long)(report->bad - report->findings_n));
    }
}

static void put_text(const struct view_report *report, const char *path, struct buf *ret)
{
    char hex[2 * HASH_BYTES + 1];
    struct table table;

    table_init(&table, "ll");
    table_cell(&table, "log");
    table_print(&table, "%s, region %s%s", path, report->founded ? report->region : "not founded",
                report->live ? ", in service now" : "");
    table_cell(&table, "records");
    table_print(&table, "%llu: %llu refused, %llu redacted, %llu events of unknown kinds",
                (unsigned long long)report->records, (unsigned long long)report->refused,
                (unsigned long long)report->redacted, (unsigned long long)report->unknown_events);
    table_cell(&table, "head");
    table_print(&table, "%llu, epoch %llu, %s", (unsigned long long)report->head.seq,
                (unsigned long long)report->head.epoch, hex_format(report->head.hash.b, HASH_BYTES, hex));
    table_cell(&table, "head file");
    if (report->slots_present) {
        table_print(&table, "saw %llu", (unsigned long long)report->slot_seq);
    } else {
        table_cell(&table, "none");
    }
    table_cell(&table, "signatures");
    table_print(&table, "%llu good, of %llu authors; %llu refused without one, %llu without a known key",
                (unsigned long long)report->signatures, (unsigned long long)report->authors,
                (unsigned long long)report->unsigned_refusals, (unsigned long long)report->unchecked);
    table_cell(&table, "decided again");
    table_print(&table, "%llu with the same outcome", (unsigned long long)report->decided_again);
    table_cell(&table, "witnesses");
    table_print(&table, "%llu heads that agents saw are here", (unsigned long long)report->acks);
    if (report->recoveries > 0) {
        table_cell(&table, "recovered");
        table_print(&table, "%llu times; %llu heads that agents saw are lost by it",
                    (unsigned long long)report->recoveries, (unsigned long long)report->losses);
    }
    table_cell(&table, "tables");
    if (report->compared) {
        table_print(&table, "%llu differences from what follows from the records%s",
                    (unsigned long long)report->differences,
                    report->live ? "; touch not compared: the log is in service" : "");
    } else {
        table_print(&table, "not compared: %s",
                    report->is_copy  ? "a copy has none"
                    : report->broken ? "not all could be read"
                    : report->marked ? "something is redacted or unknown"
                                     : "too much waits for reading it at once while the log is in service");
    }
    table_cell(&table, "state");
    table_print(&table, "%s%s", hex_format(report->state_hash.b, HASH_BYTES, hex),
                report->broken   ? " (of what could be read)"
                : report->marked ? " (marked: something is redacted or unknown)"
                                 : "");
    table_cell(&table, "root key");
    table_cell(&table, hex_format(report->root_key, KEY_BYTES, hex));
    table_show(&table, "", ret);
    table_free(&table);
    put_findings(report, ret);
    buf_puts(ret, report->bad == 0 ? "verified: nothing is wrong with it\n" : "NOT verified\n");
}

static void put_json(const struct view_report *report, const char *path, const struct verified_pair *pair,
                     struct buf *ret)
{
    struct json json = json_begin(ret);

    json_object(&json, NULL);
    json_bool(&json, "good", report->bad == 0);
    json_text(&json, "log", path);
    json_text(&json, "region", report->region);
    json_bool(&json, "live", report->live);
    json_unsigned(&json, "records", report->records);
    json_unsigned(&json, "refused", report->refused);
    json_unsigned(&json, "redacted", report->redacted);
    json_unsigned(&json, "unknown_events", report->unknown_events);
    json_bool(&json, "marked", report->marked);
    json_bool(&json, "broken", report->broken);
    json_unsigned(&json, "signatures", report->signatures);
    json_unsigned(&json, "signatures_unchecked", report->unchecked);
    json_unsigned(&json, "unsigned_refusals", report->unsigned_refusals);
    json_unsigned(&json, "authors", report->authors);
    json_unsigned(&json, "decided_again", report->decided_again);
    json_unsigned(&json, "witnesses", report->acks);
    json_unsigned(&json, "recoveries", report->recoveries);
    json_unsigned(&json, "losses", report->losses);
    json_unsigned(&json, "head_seq", report->head.seq);
    json_unsigned(&json, "head_epoch", report->head.epoch);
    json_hex(&json, "head_hash", report->head.hash.b, HASH_BYTES);
    json_bool(&json, "head_file", report->slots_present);
    json_unsigned(&json, "head_file_seq", report->slot_seq);
    json_bool(&json, "tables_compared", report->compared);
    json_unsigned(&json, "table_differences", report->differences);
    json_hex(&json, "state_hash", report->state_hash.b, HASH_BYTES);
    json_hex(&json, "root_key", report->root_key, KEY_BYTES);
    json_unsigned(&json, "bad", report->bad);
    json_array(&json, "findings");
    for (size_t i = 0; i < report->findings_n; i++) {
        json_object(&json, NULL);
        json_unsigned(&json, "seq", report->findings[i].seq);
        json_text(&json, "text", report->findings[i].text);
        json_object_end(&json);
    }
    json_array_end(&json);
    if (pair != NULL) {
        verify_copy_json(pair, &json);
    }
    json_object_end(&json);
    buf_puts(ret, "\n");
}

static int examine(const char *path, const uint8_t *root_key, struct view_report *ret, struct err *err)
{
    struct log_input input = {.reader = NULL};
    int result = log_input_open(&input, path, err);

    if (result == 0) {
        result = view_verify(input.reader, root_key, &input.progress, ret, err);
        if (result < 0) {
            err_prefix(err, "%s", path);
        }
    }
    log_input_close(&input);
    return result;
}

/* The first finding, as the command's error. */
static int complain(const struct view_report *report, const char *path, struct err *err)
{
    const struct view_finding *first = &report->findings[0];
    char seq[32] = "";

    if (first->seq != 0 && strncmp(first->text, "seq ", 4) != 0) {
        (void)snprintf(seq, sizeof seq, "seq %llu: ", (unsigned long long)first->seq);
    }
    if (report->bad_seq == 0 ||
        report->is_copy) { /* tables alone: musterd --rebuild; or it is a copy itself */
        return err_set(err, ERR_CORRUPT, "%s: %s%s", path, seq, first->text);
    }
    return err_set(err, ERR_CORRUPT,
                   "%s: %s%s; compare with another agency's copy: muster verify %s --copy FOLDER", path, seq,
                   first->text, path);
}

static int verify(const char *path, const char *root, const char *copy_path, bool as_json, struct err *err)
{
    struct public_keys keys;
    struct view_report report = {.bad = 0}, copy_report = {.bad = 0};
    struct verified_pair pair = {.path = path, .copy_path = copy_path};
    bool is_compared = copy_path[0] != '\0';
    struct buf out;
    int result = root[0] != '\0' ? keyfile_read_public(root, &keys, err) : 0;
    const uint8_t *root_key = root[0] != '\0' ? keys.sign.b : NULL;

    if (result == 0) {
        result = is_compared ? verify_copy(&pair, root_key, &report, &copy_report, err)
                             : examine(path, root_key, &report, err);
    }
    if (result < 0) {
        return result;
    }
    buf_init(&out, 0);
    if (as_json) {
        put_json(&report, path, is_compared ? &pair : NULL, &out);
    } else {
        put_text(&report, path, &out);
        if (is_compared) {
            verify_copy_text(&pair, &out);
        }
    }
    result = output_pour(&out, true, err);
    buf_free(&out);
    if (result == 0 && is_compared) {
        result = verify_copy_result(&pair, err);
    }
    if (result == 0 && report.bad > 0) {
        result = complain(&report, path, err);
    }
    return result;
}

int ctl_verify(int argc, char **argv)
{
    const char *root = "", *copy_path = "";
    bool as_json = false;
    const struct option options[] = {
        {"root", OPTION_TEXT, &root, "FILE", "region.pub: the root key that must have founded the region"},
        {"copy", OPTION_TEXT, &copy_path, "FOLDER", "compare with this copy, which muster copy keeps"},
        {"json", OPTION_FLAG, &as_json, NULL, "one JSON object"},
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster verify LOG [options]",
        .summary = "Checks chain, sequence, signatures and counters, decides every command again,\n"
                   "and compares the tables beside the records (what waits for whom) with what\n"
                   "follows from them. With --copy does so with both, and says up to where they are\n"
                   "the same and which of them is to be believed. Exit code 0: nothing is wrong; 65:\n"
                   "the first bad record or table, or the first record that differs, is named.",
        .options = options,
        .examples = "  muster verify ./log --root keys/region.pub\n"
                    "  muster verify ./log --copy ./copy-of-370102\n",
        .arguments_min = 1,
        .arguments_max = 1};
    struct arguments arguments;
    struct err err = {.code = 0};
    int code;

    if (!option_read(&page, argc, argv, &arguments, &code)) {
        return code;
    }
    if (crypto_init() < 0) {
        return ctl_fail_text(ERR_SOFTWARE, "cannot start the cryptographic library");
    }
    int result = verify(arguments.at[0], root, copy_path, as_json, &err);
    code = ctl_end_output();
    return code != EXIT_OK || result == 0 ? code : ctl_fail(&err);
}
