/* What verify must find, and what it must not. */
#include "common/view/view_verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "common/log/log_memory.h"
#include "common/log/log_sqlite.h"
#include "tests/unit/view_fixture.h"

struct change {
    uint64_t seq; /* the record to change on its way */
    void (*apply)(struct log_record *record);
    struct view_verifier *verifier;
};

static void check(void *ctx, const struct log_record *record)
{
    struct change *change = ctx;
    struct log_record changed = *record;
    struct err err;

    if (change->apply != NULL && record->header.seq == change->seq) {
        change->apply(&changed);
    }
    if (view_verifier_record(change->verifier, &changed, &err) < 0) {
        fail_msg("%s", err.text);
    }
}

static struct view_report verify_with(struct fixture *fx, struct change change, const uint8_t *root)
{
    struct view_report report;
    struct err err;

    change.verifier = view_verifier_new(root);
    assert_non_null(change.verifier);
    fx_each(fx, check, &change);
    assert_int_equal(view_verifier_end(change.verifier, &report, &err), 0);
    view_verifier_free(change.verifier);
    return report;
}

static struct view_report verify(struct fixture *fx)
{
    return verify_with(fx, (struct change){.seq = 0}, NULL);
}

static void expect_one(const struct view_report *report, uint64_t seq, const char *words)
{
    assert_int_equal(report->bad, 1);
    assert_int_equal(report->findings[0].seq, seq);
    if (strstr(report->findings[0].text, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", report->findings[0].text, words);
    }
}

static struct facts some_facts(void)
{
    struct facts facts = facts_none();

    facts.title = "fire";
    return facts;
}

static uint64_t report_one(struct fixture *fx, uint8_t id)
{
    struct facts facts = some_facts();

    return fx_report(fx, fx_id(id), MODE_ACTUAL, &facts, REPORT_INITIAL, "");
}

static void begin(struct fixture *fx)
{
    fx_begin(fx, log_memory_new());
    fx_found(fx);
}

/* --- good logs -------------------------------------------------------------------------------- */

static void a_story_verifies(void **state)
{
    struct fixture fx;
    struct buf dump;

    (void)state;
    fx_begin(&fx, log_memory_new());
    fx_story(&fx);
    struct view_report report = verify(&fx);
    assert_int_equal(report.bad, 0);
    assert_int_equal(report.records, 23);
    assert_int_equal(report.head.seq, 23);
    assert_int_equal(report.signatures, 23 + 4); /* each order bears two */
    assert_int_equal(report.decided_again, 23);
    assert_int_equal(report.refused, 1);
    assert_int_equal(report.acks, 2);
    assert_int_equal(report.authors, 4); /* centre, station, ambulance, broker */
    assert_false(report.marked);
    assert_string_equal(report.region, FX_REGION);
    buf_init(&dump, 0);
    state_dump(fx.state, &dump);
    assert_true(hash_equal(report.state_hash, hash_bytes(dump.p, dump.n)));
    buf_free(&dump);
    fx_end(&fx);
}

static void an_empty_log_is_good(void **state)
{
    struct fixture fx;

    (void)state;
    fx_begin(&fx, log_memory_new());
    struct view_report report = verify(&fx);
    assert_int_equal(report.bad, 0);
    assert_int_equal(report.records, 0);
    assert_false(report.founded);
    fx_end(&fx);
}

/* --- bad ones --------------------------------------------------------------------------------- */

static void a_wrong_signature_is_found(void **state)
{
    struct fixture fx;

    (void)state;
    begin(&fx);
    fx.tamper_signature = 1;
    uint64_t seq = report_one(&fx, 10);
    fx.tamper_signature = 0;
    report_one(&fx, 20);
    struct view_report report = verify(&fx);
    expect_one(&report, seq, "signature is not that of " FX_CENTRE);
    fx_end(&fx);
}

static void a_wrong_second_signature_is_found(void **state)
{
    struct id none = {{0}};
    struct fixture fx;

    (void)state;
    begin(&fx);
    report_one(&fx, 10);
    fx.tamper_signature = 2;
    uint64_t seq = fx_order(&fx, fx_id(10), fx_id(11), FX_STATION, MODE_ACTUAL, "", none);
    struct view_report report = verify(&fx);
    expect_one(&report, seq, "second signature is not that of li.na");
    fx_end(&fx);
}

static void a_revoked_key_is_found(void **state)
{
    struct command revoke = {.kind = COMMAND_REVOKE, .revoke = {.name = "li.na", .reason = "left"}};
    struct id none = {{0}};
    struct fixture fx;

    (void)state;
    begin(&fx);
    report_one(&fx, 10);
    uint64_t before = fx_order(&fx, fx_id(10), fx_id(11), FX_STATION, MODE_ACTUAL, "", none);
    assert_int_not_equal(before, 0);
    fx_say(&fx, &revoke);
    uint64_t seq = fx_order(&fx, fx_id(10), fx_id(12), FX_STATION, MODE_ACTUAL, "", none);
    struct view_report report = verify(&fx); /* the order before it stays good */
    expect_one(&report, seq, "li.na was not enrolled");
    fx_end(&fx);
}

static void another_root_is_found(void **state)
{
    static const uint8_t other[KEY_BYTES] = {1, 2, 3};
    struct fixture fx;

    (void)state;
    begin(&fx);
    struct view_report report = verify_with(&fx, (struct change){.seq = 0}, other);
    expect_one(&report, 1, "another root key");
    struct view_report own = verify_with(&fx, (struct change){.seq = 0}, report.root_key);
    assert_int_equal(own.bad, 0);
    fx_end(&fx);
}

static void a_counter_that_goes_back_is_found(void **state)
{
    struct facts facts = some_facts();
    struct command command = {
        .kind = COMMAND_FILE_REPORT,
        .agent = FX_CENTRE,
        .file_report = {
            .incident = fx_id(10), .kind = REPORT_INITIAL, .facts = facts, .text = "", .signed_off_by = ""}};
    struct fixture fx;

    (void)state;
    begin(&fx);
    command.counter = 100;
    fx_say(&fx, &command);
    command.file_report.incident = fx_id(20);
    command.counter = 99;
    uint64_t seq = fx_say(&fx, &command);
    struct view_report report = verify(&fx);
    expect_one(&report, seq, "counter goes from 100 to 99");
    fx_end(&fx);
}

/* The chain is right, for it was made over the events as they were changed. */
static void events_that_were_not_decided_are_found(void **state)
{
    struct fixture fx;

    (void)state;
    begin(&fx);
    fx.tamper_events = true;
    uint64_t seq = report_one(&fx, 10);
    struct view_report report = verify(&fx);
    expect_one(&report, seq, "gives other events");
    fx_end(&fx);
}

static void another_witness_is_found(void **state)
{
    struct command ack = {.kind = COMMAND_ACK,
                          .agent = FX_STATION,
                          .ack = {.lane = LANE_ORDERS, .up_to_seq = 3, .head_seq = 3, .head_hash = {9}}};
    struct fixture fx;

    (void)state;
    begin(&fx);
    uint64_t seq = fx_say(&fx, &ack);
    struct view_report report = verify(&fx);
    expect_one(&report, seq, "has seen another record 3");
    ack.ack.up_to_seq = 500;
    ack.ack.head_seq = 0;
    seq = fx_say(&fx, &ack);
    report = verify(&fx);
    assert_int_equal(report.bad, 2);
    assert_int_equal(report.findings[1].seq, seq);
    assert_non_null(strstr(report.findings[1].text, "not yet written"));
    fx_end(&fx);
}

static void claim_other_author(struct log_record *record)
{
    record->header.author = FX_STATION;
}

static void claim_other_time(struct log_record *record)
{
    record->header.bus_ms -= 3600000;
}

static void a_header_that_contradicts_is_found(void **state)
{
    struct fixture fx;

    (void)state;
    begin(&fx);
    uint64_t seq = report_one(&fx, 10);
    struct view_report report =
        verify_with(&fx, (struct change){.seq = seq, .apply = claim_other_author}, NULL);
    expect_one(&report, seq, "another author");
    report = verify_with(&fx, (struct change){.seq = seq, .apply = claim_other_time}, NULL);
    assert_true(report.bad >= 1);
    assert_int_equal(report.findings[0].seq, seq);
    assert_non_null(strstr(report.findings[0].text, "bus time goes back"));
    fx_end(&fx);
}

/* What the broker refuses before it has found a good signature is kept as it came: nothing of it is held
 * against the log, whoever it claims to be from. */
static void claim_early_refusal(struct log_record *record)
{
    record->header.author = FX_STATION;
    record->header.counter = 0;
}

static void an_early_refusal_is_nobodys(void **state)
{
    struct command command = {
        .kind = COMMAND_GIVE_RECEIPT,
        .agent = FX_HEALTH,
        .operator= "nobody",
        .give_receipt = {.incident = fx_id(10), .order = fx_id(11), .rung = RUNG_ACCEPTED, .text = ""}};
    struct fixture fx;

    (void)state;
    begin(&fx);
    report_one(&fx, 10);
    uint64_t seq = fx_say(&fx, &command); /* refused: nobody is not enrolled */
    assert_int_not_equal(seq, 0);
    struct view_report report =
        verify_with(&fx, (struct change){.seq = seq, .apply = claim_early_refusal}, NULL);
    assert_int_equal(report.bad, 0);
    assert_int_equal(report.refused, 1);
    assert_int_equal(report.unsigned_refusals, 1);
    fx_end(&fx);
}

/* --- what is not wrong, but said -------------------------------------------------------------- */

static uint8_t longer[4096];

static void add_unknown_event(struct log_record *record)
{
    /* Record.events (2): an Event whose body is number 1900 */
    static const uint8_t event[] = {0x12, 0x03, 0xe2, 0x76, 0x00};

    assert_true(record->payload.n + sizeof event <= sizeof longer);
    memcpy(longer, record->payload.p, record->payload.n);
    memcpy(longer + record->payload.n, event, sizeof event);
    record->payload = (struct bytes){longer, record->payload.n + sizeof event};
}

static void an_unknown_event_marks_the_state(void **state)
{
    struct fixture fx;

    (void)state;
    begin(&fx);
    uint64_t seq = report_one(&fx, 10);
    struct view_report report =
        verify_with(&fx, (struct change){.seq = seq, .apply = add_unknown_event}, NULL);
    assert_int_equal(report.bad, 0);
    assert_int_equal(report.unknown_events, 1);
    assert_true(report.marked);
    fx_end(&fx);
}

static void redact(struct log_record *record)
{
    record->payload = (struct bytes){NULL, 0};
    record->redacted = true;
}

static void a_redacted_record_marks_the_state(void **state)
{
    struct fixture fx;

    (void)state;
    begin(&fx);
    uint64_t seq = report_one(&fx, 10);
    report_one(&fx, 20);
    struct view_report report = verify_with(&fx, (struct change){.seq = seq, .apply = redact}, NULL);
    assert_int_equal(report.bad, 0);
    assert_int_equal(report.redacted, 1);
    assert_true(report.marked);
    /* whose enrolment is gone cannot be checked, which is said; a forger gets no further by it */
    report = verify_with(&fx, (struct change){.seq = 3, .apply = redact}, NULL);
    assert_int_equal(report.bad, 0);
    assert_int_equal(report.unchecked, 2);
    fx_end(&fx);
}

/* --- a log in its folder ---------------------------------------------------------------------- */

struct folder {
    char path[64];
    char database[96];
};

static void make_log(struct folder *folder)
{
    struct log_store *store;
    struct fixture fx;
    struct err err;

    (void)snprintf(folder->path, sizeof folder->path, "/tmp/muster-view-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    (void)snprintf(folder->database, sizeof folder->database, "%s/muster.db", folder->path);
    struct log_sqlite_options options = {.folder = folder->path,
                                         .region = FX_REGION,
                                         .create = true,
                                         .volatile_ok = true,
                                         .reserve_bytes = -1};
    if (log_sqlite_open(&options, &store, NULL, 0, &err) < 0) {
        fail_msg("%s", err.text);
    }
    fx_begin(&fx, store);
    fx_story(&fx);
    assert_int_equal(log_sync_head(store, &err), 0);
    fx_end(&fx);
}

static void remove_log(const struct folder *folder)
{
    static const char *const names[] = {"muster.db", "muster.db-wal", "muster.db-shm", "head", "lock"};
    char path[128];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder->path, names[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(folder->path), 0);
}

static struct view_report verify_folder(const struct folder *folder)
{
    struct view_report report;
    struct log_reader *reader;
    struct err err;

    if (log_reader_open(folder->path, &reader, &err) < 0) {
        fail_msg("%s", err.text);
    }
    if (view_verify(reader, NULL, NULL, &report, &err) < 0) {
        fail_msg("%s", err.text);
    }
    log_reader_close(reader);
    return report;
}

static void a_flipped_byte_is_found(void **state)
{
    struct folder folder;
    sqlite3_blob *blob;
    sqlite3 *db;
    uint8_t byte;

    (void)state;
    make_log(&folder);
    struct view_report report = verify_folder(&folder);
    assert_int_equal(report.bad, 0);
    assert_int_equal(report.records, 23);
    assert_true(report.slots_present);
    assert_int_equal(report.slot_seq, 23);
    assert_int_equal(sqlite3_open(folder.database, &db), SQLITE_OK);
    assert_int_equal(sqlite3_blob_open(db, "main", "record", "payload", 12, 1, &blob), SQLITE_OK);
    assert_int_equal(sqlite3_blob_read(blob, &byte, 1, 40), SQLITE_OK);
    byte ^= 1;
    assert_int_equal(sqlite3_blob_write(blob, &byte, 1, 40), SQLITE_OK);
    assert_int_equal(sqlite3_blob_close(blob), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    report = verify_folder(&folder);
    assert_true(report.bad >= 1);
    assert_int_equal(report.findings[0].seq, 12);
    assert_true(report.broken);
    remove_log(&folder);
}

/* One change in one table, by hand: it is found, and nothing else is. */
static void change_table(const char *sql, const char *words, uint64_t n)
{
    struct folder folder;
    sqlite3 *db;

    make_log(&folder);
    assert_int_equal(sqlite3_open(folder.database, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_changes(db), 1);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    struct view_report report = verify_folder(&folder);
    assert_true(report.compared);
    assert_false(report.broken);
    if (report.differences != n || report.bad != n || strcmp(report.findings[0].text, words) != 0) {
        fail_msg("%s: %llu differences, the first is \"%s\"", sql, (unsigned long long)report.differences,
                 report.findings[0].text);
    }
    remove_log(&folder);
}

/* What stands beside the records is not hashed: it is compared with what follows from them. */
static void a_changed_table_is_found(void **state)
{
#define STATION "370102/fire-rescue/station-3"
#define ORDER "011G6GW3RG2491650N2RBHG68T"
#define INCIDENT "incident/011C60T3GF208H44RM2MB1E60S"
    static const struct {
        const char *sql;
        const char *words;
        uint64_t n;
    } cases[] = {
        /* lost without a word */
        {"DELETE FROM outbox WHERE agent = '" STATION "'",
         "table outbox: " STATION ", lane 2, record 13, order " ORDER " is missing", 1},
        /* a digit of the run, its end, its beginning, the order, the lane */
        {"UPDATE outbox SET items = CAST('0001' || substr(CAST(items AS TEXT), 5) AS BLOB) WHERE agent = "
         "'" STATION "'",
         "table outbox: " STATION ", lane 2, record 13 ends a run that is damaged", 2},
        {"UPDATE outbox SET last_seq = 15 WHERE agent = '" STATION "'",
         "table outbox: " STATION ", lane 2, record 15 ends a run that is damaged", 2},
        {"UPDATE outbox SET last_seq = 15, first_seq = 15 WHERE agent = '" STATION "'",
         "table outbox: " STATION ", lane 2, record 13, order " ORDER " is missing", 2},
        {"UPDATE outbox SET first_seq = 12 WHERE agent = '" STATION "'",
         "table outbox: " STATION ", lane 2, record 13 ends a run that is damaged", 2},
        {"UPDATE outbox SET items = CAST(replace(CAST(items AS TEXT), 'G68T', 'G68V') AS BLOB)"
         " WHERE agent = '" STATION "'",
         "table outbox: " STATION ", lane 2, record 13, order " ORDER " is missing", 2},
        {"UPDATE outbox SET lane = 3 WHERE agent = '" STATION "'",
         "table outbox: " STATION ", lane 2, record 13, order " ORDER " is missing", 2},
        /* a recall that none was */
        {"INSERT INTO tombstone (agent, lane, item, seq) VALUES ('" STATION "', 2, '" ORDER "', 13)",
         "table tombstone: " STATION ", lane 2, order " ORDER " should not be there", 1},
        {"UPDATE cursor SET seq = 13 WHERE agent = '" STATION "'",
         "table cursor: " STATION ", lane 2 has 13 and should have 10", 1},
        {"DELETE FROM open WHERE stream = '" INCIDENT "'", "table open: " INCIDENT " is missing", 1},
        {"UPDATE open SET due_ms = 0 WHERE stream = '" INCIDENT "'",
         "table open: " INCIDENT " has 0 and should have 1795316533000", 1},
        {"DELETE FROM touch WHERE stream = '" INCIDENT "' AND seq = 10",
         "table touch: " INCIDENT ", record 10 is missing", 1},
        {"UPDATE touch SET seq = 11 WHERE stream = '" INCIDENT "' AND seq = 10",
         "table touch: " INCIDENT ", record 10 is missing", 2},
        /* an index that lacks a row of its table */
        {"PRAGMA writable_schema = ON; DROP INDEX open_due;"
         "CREATE INDEX open_due ON open (due_ms, stream) WHERE due_ms > 1795317000000;"
         "UPDATE sqlite_schema SET sql = replace(sql, '1795317000000', '0') WHERE name = 'open_due'",
         "table open: row 1 missing from index open_due", 1},
        {"PRAGMA writable_schema = ON; DROP INDEX record_command;"
         "CREATE UNIQUE INDEX record_command ON record (author, counter) WHERE counter > 1;"
         "UPDATE sqlite_schema SET sql = replace(sql, 'counter > 1', 'counter > 0') WHERE name = "
         "'record_command'",
         "table record: row 9 missing from index record_command", 1},
        {"DELETE FROM outbox WHERE agent = '370102/health/ambulance'",
         "table outbox: 370102/health/ambulance, lane 1, record 18 is missing", 1},
    };
#undef STATION
#undef ORDER
#undef INCIDENT

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        change_table(cases[i].sql, cases[i].words, cases[i].n);
    }
}

/* While the log is in service the tables are taken first, and compared with what followed from the records by
 * then; where not all of it can be known, nothing is said of them. */
static void tables_in_service_and_redacted(void **state)
{
    struct log_sqlite_options options = {.region = FX_REGION, .volatile_ok = true, .reserve_bytes = -1};
    struct log_store *store;
    struct folder folder;
    struct err err;

    (void)state;
    make_log(&folder);
    options.folder = folder.path;
    assert_int_equal(log_sqlite_open(&options, &store, NULL, 0, &err), 0);
    struct view_report report = verify_folder(&folder);
    assert_true(report.live);
    assert_true(report.compared);
    assert_int_equal(report.bad, 0);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(folder.database, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DELETE FROM outbox WHERE agent LIKE '%ambulance'", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    report = verify_folder(&folder);
    assert_true(report.live && report.compared);
    assert_int_equal(report.bad, 1);
    assert_string_equal(report.findings[0].text,
                        "table outbox: 370102/health/ambulance, lane 1, record 18 is missing");
    assert_int_equal(log_sqlite_redact(store, 9, &err), 0);
    log_close(store);
    report = verify_folder(&folder);
    assert_true(report.marked);
    assert_false(report.compared);
    assert_int_equal(report.bad, 0);
    remove_log(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_story_verifies),
        cmocka_unit_test(an_empty_log_is_good),
        cmocka_unit_test(a_wrong_signature_is_found),
        cmocka_unit_test(a_wrong_second_signature_is_found),
        cmocka_unit_test(a_revoked_key_is_found),
        cmocka_unit_test(another_root_is_found),
        cmocka_unit_test(a_counter_that_goes_back_is_found),
        cmocka_unit_test(events_that_were_not_decided_are_found),
        cmocka_unit_test(another_witness_is_found),
        cmocka_unit_test(a_header_that_contradicts_is_found),
        cmocka_unit_test(an_early_refusal_is_nobodys),
        cmocka_unit_test(an_unknown_event_marks_the_state),
        cmocka_unit_test(a_redacted_record_marks_the_state),
        cmocka_unit_test(a_flipped_byte_is_found),
        cmocka_unit_test(a_changed_table_is_found),
        cmocka_unit_test(tables_in_service_and_redacted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
