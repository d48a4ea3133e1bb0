/* A copy takes what follows and nothing else, and two logs side by side are judged. */
#include "common/view/view_copy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log/log_chain.h"
#include "common/log/log_memory.h"
#include "common/log/log_reader.h"
#include "common/log/log_sqlite.h"
#include "common/view/view_compare.h"
#include "tests/unit/view_fixture.h"

enum { RECORDS = 23 }; /* of fx_story() */

struct setting {
    char folder[64];
    char log[64];      /* the log's folder, where a test reads it from one */
    struct fixture fx; /* the broker's log */
    struct view_copy *copy;
    uint64_t altered;  /* this record is given with another payload; 0: none */
    uint64_t redacted; /* and this one without its payload */
    int result;        /* of the first take that failed */
    struct err err;
};

static void open_copy(struct setting *setting)
{
    if (view_copy_open(setting->folder, FX_REGION, true, &setting->copy, &setting->err) < 0) {
        fail_msg("%s", setting->err.text);
    }
}

static int begin(void **state)
{
    struct setting *setting = calloc(1, sizeof *setting);

    assert_non_null(setting);
    (void)snprintf(setting->folder, sizeof setting->folder, "/tmp/muster-copy-XXXXXX");
    assert_non_null(mkdtemp(setting->folder));
    fx_begin(&setting->fx, log_memory_new());
    fx_story(&setting->fx);
    open_copy(setting);
    *state = setting;
    return 0;
}

static int end(void **state)
{
    static const char *const names[] = {"muster.db", "muster.db-wal", "muster.db-shm",
                                        "head",      "lock",          "signed-head"};
    struct setting *setting = *state;
    char path[128];

    (void)view_copy_close(setting->copy, NULL);
    fx_end(&setting->fx);
    const char *const folders[] = {setting->folder, setting->log};
    for (size_t f = 0; f < 2 && folders[f][0] != '\0'; f++) {
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            (void)snprintf(path, sizeof path, "%s/%s", folders[f], names[i]);
            (void)unlink(path);
        }
        assert_int_equal(rmdir(folders[f]), 0);
    }
    free(setting);
    return 0;
}

static void give(void *ctx, const struct log_record *record)
{
    struct setting *setting = ctx;
    struct log_record given = *record;

    if (setting->result < 0) {
        return;
    }
    if (record->header.seq == setting->altered) {
        given.payload.n--;
    }
    if (record->header.seq == setting->redacted) {
        given.redacted = true;
        given.payload = (struct bytes){NULL, 0};
    }
    setting->result = view_copy_take(setting->copy, &given, &setting->err);
}

static void close_copy(struct setting *setting)
{
    if (view_copy_close(setting->copy, &setting->err) < 0) {
        fail_msg("%s", setting->err.text);
    }
    setting->copy = NULL;
}

static struct log_reader *read_copy(struct setting *setting)
{
    struct log_reader *reader;

    if (log_reader_open(setting->folder, &reader, &setting->err) < 0) {
        fail_msg("%s", setting->err.text);
    }
    return reader;
}

static void holds(struct setting *setting, uint64_t seq)
{
    uint64_t bad = 0;
    struct log_reader *reader = read_copy(setting);

    assert_int_equal(log_reader_facts(reader)->head.seq, seq);
    assert_int_equal(log_reader_verify(reader, NULL, NULL, &bad, &setting->err), 0);
    log_reader_close(reader);
}

static void all_is_taken_in_two_goes(void **state)
{
    struct setting *setting = *state;

    fx_each(&setting->fx, give, setting);
    assert_int_equal(setting->result, 0);
    close_copy(setting);
    holds(setting, RECORDS);
    struct facts facts = facts_none();
    facts.title = "fire";
    fx_report(&setting->fx, fx_id(77), MODE_ACTUAL, &facts, REPORT_INITIAL, "more");
    open_copy(setting);
    fx_each(&setting->fx, give, setting); /* what is here already is compared */
    assert_int_equal(setting->result, 0);
    assert_true(hash_equal(view_copy_head(setting->copy).hash, log_get_head(setting->fx.store).hash));
    close_copy(setting);
    holds(setting, RECORDS + 1);
}

static void a_redacted_record_stays_redacted(void **state)
{
    struct setting *setting = *state;

    setting->redacted = 12;
    fx_each(&setting->fx, give, setting);
    assert_int_equal(setting->result, 0);
    close_copy(setting);
    holds(setting, RECORDS);
    struct log_query query = {.question = LOG_Q_RANGE, .after = 11, .records_max = 1};
    struct log_reader *reader = read_copy(setting);
    struct log_answer answer;
    struct arena arena;
    arena_init(&arena, 1024 * 1024);
    assert_int_equal(log_reader_read(reader, &query, &arena, &answer, NULL), 0);
    assert_true(answer.rows[0].record.redacted);
    arena_free(&arena);
    log_reader_close(reader);
}

static void what_does_not_follow_is_not_taken(void **state)
{
    struct setting *setting = *state;

    setting->altered = 9;
    fx_each(&setting->fx, give, setting);
    assert_int_equal(setting->result, ERR_CORRUPT);
    assert_non_null(strstr(setting->err.text, "record 9 "));
    close_copy(setting);
    holds(setting, 8);
}

static void a_record_that_became_another_is_named(void **state)
{
    struct setting *setting = *state;
    struct log_record record = {.header = {.seq = 7}};

    fx_each(&setting->fx, give, setting);
    assert_int_equal(view_copy_take(setting->copy, &record, &setting->err), ERR_CORRUPT);
    assert_non_null(strstr(setting->err.text, "REWRITTEN: it now gives another record 7 "));
}

static struct signed_head sign_head(const struct sign_key *key, uint64_t seq, struct hash hash)
{
    struct signed_head head = {.present = true, .region = FX_REGION, .epoch = 1, .seq = seq, .hash = hash};

    signed_head_sign(key, &head);
    return head;
}

static void what_the_broker_signed_is_kept(void **state)
{
    struct setting *setting = *state;
    struct log_head at = log_get_head(setting->fx.store);
    struct witness kept;
    struct sign_key key, other;

    sign_key_generate(rng_system(), &key);
    sign_key_generate(rng_system(), &other);
    struct signed_head head = sign_head(&key, at.seq, at.hash);
    assert_int_equal(view_copy_sign(setting->copy, &head, &setting->err), 0); /* ahead of its record */
    assert_int_equal(view_copy_signed_seq(setting->copy), 0);
    fx_each(&setting->fx, give, setting);
    assert_int_equal(setting->result, 0);
    assert_int_equal(view_copy_signed_seq(setting->copy), at.seq);
    close_copy(setting);
    assert_int_equal(witness_read(setting->folder, &kept, &setting->err), 0);
    assert_int_equal(kept.seq, at.seq);
    assert_true(witness_holds(&kept, &key.public));
    assert_false(witness_holds(&kept, &other.public));
    kept.seq--;
    assert_false(witness_holds(&kept, &key.public));
    open_copy(setting);
    assert_int_equal(view_copy_signed_seq(setting->copy), at.seq);
}

static void what_the_broker_signed_and_did_not_give_is_named(void **state)
{
    struct setting *setting = *state;
    struct sign_key key;

    sign_key_generate(rng_system(), &key);
    struct signed_head head = sign_head(&key, 11, (struct hash){{1}});
    assert_int_equal(view_copy_sign(setting->copy, &head, &setting->err), 0);
    fx_each(&setting->fx, give, setting);
    assert_int_equal(setting->result, ERR_CORRUPT);
    assert_non_null(strstr(setting->err.text, "REWRITTEN: it now signs another record 11 "));
    assert_int_equal(view_copy_signed_seq(setting->copy), 0);
}

/* Neither the record that the broker signed otherwise nor what led to it is in the copy. */
static void a_copy_stays_as_it_was_before_a_contradiction(void **state)
{
    struct setting *setting = *state;
    struct facts facts = facts_none();
    struct sign_key key;

    facts.title = "fire";
    sign_key_generate(rng_system(), &key);
    for (size_t late = 0; late < 2; late++) {
        setting->result = 0;
        fx_each(&setting->fx, give, setting);
        assert_int_equal(setting->result, 0);
        assert_int_equal(view_copy_flush(setting->copy, &setting->err), 0);
        uint64_t before = view_copy_head(setting->copy).seq;
        struct signed_head head = sign_head(&key, before + 2, (struct hash){{1}});
        if (late == 0) { /* the head comes before its record */
            assert_int_equal(view_copy_sign(setting->copy, &head, &setting->err), 0);
        }
        fx_report(&setting->fx, fx_id(77), MODE_ACTUAL, &facts, late == 0 ? REPORT_INITIAL : REPORT_FOLLOW_UP,
                  "one");
        fx_report(&setting->fx, fx_id(77), MODE_ACTUAL, &facts, REPORT_FOLLOW_UP, "two");
        fx_each(&setting->fx, give, setting);
        int result = late == 0 ? setting->result : view_copy_sign(setting->copy, &head, &setting->err);
        assert_int_equal(result, ERR_CORRUPT);
        assert_non_null(strstr(setting->err.text, "REWRITTEN: it now signs another record"));
        close_copy(setting);
        holds(setting, before);
        open_copy(setting);
    }
}

static void a_copy_that_lost_its_tail_is_refused(void **state)
{
    struct setting *setting = *state;
    struct witness witness = {.region = FX_REGION, .epoch = 1, .seq = RECORDS + 5};

    fx_each(&setting->fx, give, setting);
    close_copy(setting);
    assert_int_equal(witness_write(setting->folder, &witness, &setting->err), 0);
    assert_int_equal(view_copy_open(setting->folder, FX_REGION, true, &setting->copy, &setting->err),
                     ERR_CORRUPT);
    assert_non_null(strstr(setting->err.text, "lost its tail"));
}

static void a_signed_head_that_was_damaged_is_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "muster signed head 1\n",
                                        "muster signed head 1\nregion: 370102\nepoch: 1\nseq: 0\n",
                                        "muster signed head 1\nregion: 370102\nepoch: 1\nseq: 3\nhash: 00\n",
                                        "muster signed head 2\nregion: 370102\n",
                                        "muster signed head 1\nregion: 370102370102370102\nepoch: 1\n"};
    struct setting *setting = *state;
    struct witness witness;
    char path[128];

    (void)snprintf(path, sizeof path, "%s/signed-head", setting->folder);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        assert_true(fputs(texts[i], file) >= 0);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(witness_read(setting->folder, &witness, &setting->err), ERR_CORRUPT);
    }
}

static void a_copy_and_a_log_are_not_mistaken(void **state)
{
    struct setting *setting = *state;
    struct log_sqlite_options options = {
        .folder = setting->folder, .region = FX_REGION, .volatile_ok = true, .reserve_bytes = -1};
    struct log_store *store;

    close_copy(setting);
    assert_int_equal(log_sqlite_open(&options, &store, NULL, 0, &setting->err), ERR_CONFLICT);
    assert_non_null(strstr(setting->err.text, "is a copy that muster copy made"));
    assert_int_equal(view_copy_open(setting->folder, "370103", true, &setting->copy, &setting->err),
                     ERR_CONFLICT);
}

/* --- judging ------------------------------------------------------------------------------------ */

static struct view_report report_of(uint64_t head, uint64_t bad)
{
    return (struct view_report){.head = {.seq = head}, .bad = bad > 0, .bad_seq = bad};
}

static void each_case_has_its_verdict(void **state)
{
    static const struct {
        uint64_t log_head, log_bad, copy_head, copy_bad, differs;
        enum view_verdict verdict;
        uint64_t same_to;
    } cases[] = {
        {20, 0, 20, 0, 0, VIEW_SAME, 20},        {20, 0, 15, 0, 0, VIEW_COPY_BEHIND, 15},
        {15, 0, 20, 0, 0, VIEW_LOG_BEHIND, 15},  {9, 10, 20, 0, 0, VIEW_LOG_BAD, 9},
        {9, 10, 20, 15, 0, VIEW_LOG_BAD, 9},     {20, 10, 20, 0, 0, VIEW_LOG_BAD, 9},
        {9, 10, 9, 0, 0, VIEW_BOTH_BAD, 9},      {9, 10, 4, 5, 0, VIEW_BOTH_BAD, 4},
        {20, 10, 20, 10, 0, VIEW_BOTH_BAD, 9},   {20, 0, 4, 5, 0, VIEW_COPY_BAD, 4},
        {20, 0, 20, 0, 12, VIEW_REWRITTEN, 11},  {20, 0, 30, 0, 12, VIEW_REWRITTEN, 11},
        {20, 12, 20, 0, 12, VIEW_REWRITTEN, 11}, {17, 18, 20, 0, 12, VIEW_REWRITTEN, 11},
        {0, 1, 20, 0, 0, VIEW_LOG_BAD, 0},       {0, 0, 0, 0, 0, VIEW_SAME, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct view_report log = report_of(cases[i].log_head, cases[i].log_bad);
        struct view_report copy = report_of(cases[i].copy_head, cases[i].copy_bad);
        struct view_comparison is = view_judge(&log, &copy, cases[i].differs);
        if (is.verdict != cases[i].verdict || is.same_to != cases[i].same_to) {
            fail_msg("case %zu: %s, the same to %llu", i, view_verdict_word(is.verdict),
                     (unsigned long long)is.same_to);
        }
    }
}

/* --- a log that grows, and its copy ------------------------------------------------------------- */

static void report_more(struct setting *setting)
{
    struct facts facts = facts_none();

    facts.title = "fire";
    assert_int_not_equal(fx_report(&setting->fx, fx_id(77), MODE_ACTUAL, &facts, REPORT_FOLLOW_UP, "more"),
                         0);
    fx_each(&setting->fx, give, setting);
    assert_int_equal(setting->result, 0);
    assert_int_equal(view_copy_flush(setting->copy, &setting->err), 0);
}

/* The same story in a folder, in service as its copy is. */
static int begin_both(void **state)
{
    (void)begin(state);
    struct setting *setting = *state;
    struct log_sqlite_options options = {.folder = setting->log,
                                         .region = FX_REGION,
                                         .create = true,
                                         .volatile_ok = true,
                                         .reserve_bytes = -1};
    struct log_store *store;

    fx_end(&setting->fx);
    (void)snprintf(setting->log, sizeof setting->log, "/tmp/muster-log-XXXXXX");
    assert_non_null(mkdtemp(setting->log));
    assert_int_equal(log_sqlite_open(&options, &store, NULL, 0, &setting->err), 0);
    fx_begin(&setting->fx, store);
    fx_story(&setting->fx);
    struct facts facts = facts_none();
    facts.title = "fire";
    fx_report(&setting->fx, fx_id(77), MODE_ACTUAL, &facts, REPORT_INITIAL, "more");
    fx_each(&setting->fx, give, setting);
    assert_int_equal(setting->result, 0);
    assert_int_equal(view_copy_flush(setting->copy, &setting->err), 0);
    return 0;
}

static void grow_both(void *ctx, uint64_t records)
{
    (void)records;
    report_more(ctx);
}

static struct view_comparison compare_both(struct setting *setting, const struct view_progress *progress)
{
    struct view_report reports[2] = {{.bad = 0}};
    struct witness none = {.seq = 0};
    struct view_comparison is;
    struct view_side log = {setting->log, NULL, progress, &reports[0]};
    struct view_side copy = {setting->folder, read_copy(setting), progress, &reports[1]};

    if (log_reader_open(setting->log, &log.reader, &setting->err) < 0 ||
        view_compare(&log, &copy, NULL, &none, &is, &setting->err) < 0) {
        fail_msg("%s", setting->err.text);
    }
    log_reader_close(log.reader);
    log_reader_close(copy.reader);
    return is;
}

/* What comes into both while the one is read and the other is not yet is no lost tail. */
static void both_grow_while_they_are_read(void **state)
{
    struct setting *setting = *state;
    struct view_progress grow = {.ctx = setting, .done = grow_both};

    assert_int_equal(compare_both(setting, NULL).verdict, VIEW_SAME);
    struct view_comparison is = compare_both(setting, &grow);
    if (is.verdict != VIEW_COPY_BEHIND || is.same_to < RECORDS + 1) {
        fail_msg("%s, the same to %llu", view_verdict_word(is.verdict), (unsigned long long)is.same_to);
    }
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(all_is_taken_in_two_goes),
        IN_FOLDER(a_redacted_record_stays_redacted),
        IN_FOLDER(what_does_not_follow_is_not_taken),
        IN_FOLDER(a_record_that_became_another_is_named),
        IN_FOLDER(what_the_broker_signed_is_kept),
        IN_FOLDER(what_the_broker_signed_and_did_not_give_is_named),
        IN_FOLDER(a_copy_stays_as_it_was_before_a_contradiction),
        IN_FOLDER(a_copy_that_lost_its_tail_is_refused),
        IN_FOLDER(a_signed_head_that_was_damaged_is_refused),
        IN_FOLDER(a_copy_and_a_log_are_not_mistaken),
        cmocka_unit_test(each_case_has_its_verdict),
        cmocka_unit_test_setup_teardown(both_grow_while_they_are_read, begin_both, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
