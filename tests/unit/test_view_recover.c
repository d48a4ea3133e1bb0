/* A log that goes on from an older copy: what verify takes, and what it finds; what the replay says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/log/log_memory.h"
#include "common/view/view_say.h"
#include "common/view/view_verify.h"
#include "tests/unit/view_fixture.h"

static struct fixture fx;
static const struct hash LOST = {{4, 7, 1, 1}};

static int setup(void **state)
{
    struct facts facts = facts_none();

    (void)state;
    facts.title = "fire";
    fx_begin(&fx, log_memory_new());
    fx_found(&fx);
    (void)fx_report(&fx, fx_id(1), MODE_ACTUAL, &facts, REPORT_INITIAL, "");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fx_end(&fx);
    return 0;
}

static void check(void *ctx, const struct log_record *record)
{
    struct err err;

    assert_int_equal(view_verifier_record(ctx, record, &err), 0);
}

static struct view_report verify(void)
{
    struct view_verifier *verifier = view_verifier_new(NULL);
    struct view_report report;
    struct err err;

    assert_non_null(verifier);
    fx_each(&fx, check, verifier);
    assert_int_equal(view_verifier_end(verifier, &report, &err), 0);
    view_verifier_free(verifier);
    return report;
}

static void expect(uint64_t seq, const char *words)
{
    struct view_report report = verify();

    assert_int_equal(report.bad, 1);
    assert_int_equal(report.findings[0].seq, seq);
    if (strstr(report.findings[0].text, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", report.findings[0].text, words);
    }
}

static void a_recovery_verifies(void **state)
{
    struct facts facts = facts_none();
    struct log_head head = log_get_head(fx.store);

    (void)state;
    assert_int_equal(fx_recover(&fx, head), head.seq + 1);
    facts.title = "flood";
    assert_int_not_equal(fx_report(&fx, fx_id(2), MODE_ACTUAL, &facts, REPORT_INITIAL, ""), 0);
    assert_int_not_equal(fx_note_loss(&fx, FX_STATION, 1, head.seq + 5, LOST, "broker"), 0);
    assert_int_equal(fx_note_loss(&fx, FX_STATION, 1, head.seq + 5, LOST, "broker"), 0); /* once */
    assert_int_equal(fx_note_loss(&fx, FX_STATION, 1, head.seq + 4, LOST, "broker"), 0);
    struct view_report report = verify();
    assert_int_equal(report.bad, 0);
    assert_int_equal(report.recoveries, 1);
    assert_int_equal(report.losses, 1);
    assert_int_equal(report.head.epoch, 2);
    assert_int_equal(report.decided_again, report.records);
}

static void a_rise_without_a_recovery_is_found(void **state)
{
    struct facts facts = facts_none();

    (void)state;
    fx.epoch = 2;
    facts.title = "flood";
    expect(fx_report(&fx, fx_id(2), MODE_ACTUAL, &facts, REPORT_INITIAL, ""), "without a recovery");
}

static void a_recovery_from_another_record_is_found(void **state)
{
    struct log_head head = log_get_head(fx.store);

    (void)state;
    head.hash = LOST;
    expect(fx_recover(&fx, head), "from another record");
}

static void a_recovery_skips_no_record(void **state)
{
    struct log_head head = log_get_head(fx.store);

    (void)state;
    head.seq--;
    expect(fx_recover(&fx, head), "from another record");
}

static void a_forged_loss_is_found(void **state)
{
    struct log_head head = log_get_head(fx.store);

    (void)state;
    (void)fx_recover(&fx, head);
    expect(fx_note_loss(&fx, FX_STATION, 1, head.seq + 5, LOST, FX_STATION), "not signed by the broker");
}

static void a_loss_of_what_is_here_is_found(void **state)
{
    struct log_head head = log_get_head(fx.store);

    (void)state;
    (void)fx_recover(&fx, head);
    expect(fx_note_loss(&fx, FX_STATION, 1, head.seq, head.hash, "broker"), "it is here");
}

struct lines {
    struct view *view;
    struct buf text;
};

static void say(void *ctx, const struct log_record *from)
{
    struct lines *lines = ctx;
    struct arena arena;
    struct view_record record;
    struct err err;

    arena_init(&arena, VIEW_RECORD_MEMORY);
    assert_int_equal(view_record_decode(from, true, &arena, &record, &err), 0);
    assert_int_equal(view_apply(lines->view, &record, NULL), 0);
    for (size_t i = 0; i < record.record.events_n; i++) {
        struct view_step step = view_step_of(view_state(lines->view), &record, &record.record.events[i]);
        view_say_step(lines->view, &(struct view_voice){.zh = false}, &step, NULL, 0, &lines->text);
        buf_puts(&lines->text, "\n");
    }
    arena_free(&arena);
}

static void it_is_said_in_words(void **state)
{
    struct log_head head = log_get_head(fx.store);
    struct lines lines = {.view = view_new(&(struct view_options){.details = true})};

    (void)state;
    (void)fx_recover(&fx, head);
    (void)fx_note_loss(&fx, FX_STATION, 1, head.seq + 5, LOST, "broker");
    buf_init(&lines.text, 0);
    fx_each(&fx, say, &lines);
    buf_u8(&lines.text, 0);
    const char *text = (const char *)lines.text.p;
    assert_non_null(strstr(text, "RECOVERED: the log goes on from record 9 of epoch 1, in epoch 2"));
    assert_non_null(strstr(text, "\"the disk is gone\""));
    assert_non_null(strstr(text, "LOST: records of epoch 1 that fire-rescue/station-3 has seen: 10 to 14"));
    buf_free(&lines.text);
    view_free(lines.view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_recovery_verifies, setup, teardown),
        cmocka_unit_test_setup_teardown(a_rise_without_a_recovery_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(a_recovery_from_another_record_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(a_recovery_skips_no_record, setup, teardown),
        cmocka_unit_test_setup_teardown(a_forged_loss_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(a_loss_of_what_is_here_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_said_in_words, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
