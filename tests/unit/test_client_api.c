/* The public API without a broker: what is said is kept, what is wrong is told. */
#include "agents/lib/muster.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/err.h"
#include "common/base/id.h"
#include "common/crypto/keyfile.h"

static char folder[64];
static char agent_key[96];
static char region_key[96];
static char journal[96];
static unsigned waited;

static int setup(void **state)
{
    struct secret_keys keys;
    struct public_keys region;

    (void)state;
    snprintf(folder, sizeof folder, "/tmp/muster-api-XXXXXX");
    if (!mkdtemp(folder) || crypto_init()) {
        return -1;
    }
    snprintf(agent_key, sizeof agent_key, "%s/a.key", folder);
    snprintf(region_key, sizeof region_key, "%s/region.pub", folder);
    snprintf(journal, sizeof journal, "%s/j.db", folder);
    keys_generate("370102/fire-rescue/station-3", rng_system(), &keys);
    if (keyfile_write_secret(agent_key, &keys, NULL)) {
        return -1;
    }
    keys_generate("370102", rng_system(), &keys);
    region = keys_public(&keys);
    return keyfile_write_public(region_key, &region, NULL);
}

static int teardown(void **state)
{
    char file[128];

    (void)state;
    snprintf(file, sizeof file, "%s-journal", journal);
    unlink(file);
    snprintf(file, sizeof file, "%s.lock", journal);
    unlink(file);
    unlink(journal);
    unlink(agent_key);
    unlink(region_key);
    return rmdir(folder);
}

static void on_waiting(void *ctx, const char *why)
{
    (void)ctx;
    assert_non_null(why);
    waited++;
}

static struct muster *open_handle(void)
{
    struct muster_options options = {.size = sizeof options,
                                     .endpoint = "tcp://127.0.0.1:1",
                                     .agent_key = agent_key,
                                     .region_key = region_key,
                                     .journal = journal,
                                     .callbacks = {.on_waiting = on_waiting}};
    struct muster *muster = NULL;
    char error[256] = "";

    if (muster_open(&options, &muster, error, sizeof error)) {
        fail_msg("%s", error);
    }
    return muster;
}

static void what_is_said_is_kept_until_answered(void **state)
{
    struct muster *muster = open_handle();
    struct muster_report report;
    struct muster_new_order order = {.kind = "dispatch",
                                     .addressee = "370102/health",
                                     .text = "go",
                                     .answer_by_ms = 2,
                                     .expires_at_ms = 3};
    struct id id;

    (void)state;
    assert_true(muster_fd(muster) >= 0);
    assert_int_equal(muster_timeout_ms(muster), 0); /* the journal's orders come first */
    assert_int_equal(muster_process(muster), 0);
    assert_false(muster_is_ready(muster));
    muster_report_init(&report);
    report.incident_kind = "fire";
    assert_int_equal(muster_report(muster, &report, 1), 0);
    assert_int_equal(id_parse(report.incident, &id), 0);
    assert_int_equal(muster_issue(muster, report.incident, &order, 1, MUSTER_ACTUAL, 2), 0);
    assert_int_equal(id_parse(order.order, &id), 0);
    assert_int_equal(muster_recall(muster, report.incident, order.order, "no", MUSTER_ACTUAL, 3), 0);
    assert_int_equal(muster_wait(muster, 10), 0);
    assert_int_equal(muster_pending(muster), 3);
    muster_close(muster);
    muster = open_handle();
    assert_int_equal(muster_pending(muster), 3);
    muster_close(muster);
}

static void what_is_wrong_is_told(void **state)
{
    struct muster *muster = open_handle();
    struct muster_receipt receipt = {.order = "01ARZ3NDEKTSV4RRFFQ69G5FAV", .rung = MUSTER_ACCEPTED};
    struct muster_report report;

    (void)state;
    assert_string_equal(muster_error(muster), "");
    assert_int_equal(muster_receipt(muster, &receipt, 1), ERR_NOT_FOUND);
    assert_non_null(strstr(muster_error(muster), "no such order"));
    receipt.order = "short";
    assert_int_equal(muster_receipt(muster, &receipt, 1), ERR_USAGE);
    assert_int_equal(muster_recall(muster, NULL, NULL, NULL, MUSTER_ACTUAL, 1), ERR_USAGE);
    assert_int_equal(muster_state_units(muster, NULL, 0, 1), ERR_USAGE);
    muster_report_init(&report);
    report.kind = MUSTER_FINAL; /* of which incident? */
    assert_int_equal(muster_report(muster, &report, 1), ERR_USAGE);
    muster_report_init(&report);
    report.datum = MUSTER_WGS84;
    report.latitude = 91;
    assert_int_equal(muster_report(muster, &report, 1), ERR_USAGE);
    assert_int_equal(muster_pending(muster), 0);
    assert_string_equal(muster_strerror(ERR_NOT_FOUND), "not found");
    muster_close(muster);
}

/* A loop that polls for it must not spin, and one that waits must not hang. */
static void after_a_failure_nothing_is_due(void **state)
{
    struct muster *muster = open_handle();
    struct rlimit limit, none;
    struct muster_report report;
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);

    (void)state;
    assert_int_equal(muster_process(muster), 0);
    muster_report_init(&report);
    report.incident_kind = "fire";
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0); /* EFBIG: an I/O error */
    int said = muster_report(muster, &report, 1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(said, ERR_IO);
    assert_int_equal(muster_timeout_ms(muster), 0); /* it is to be learnt */
    assert_int_equal(muster_process(muster), ERR_IO);
    assert_int_equal(muster_timeout_ms(muster), -1);
    for (int i = 0; i < 50; i++) { /* also when nothing is left that came before */
        assert_int_equal(muster_wait(muster, -1), ERR_IO);
    }
    assert_int_equal(muster_process(muster), ERR_IO);
    muster_close(muster);
    signal(SIGXFSZ, before);
}

static void a_handle_that_cannot_be_is_refused(void **state)
{
    struct muster_options options = {.size = sizeof options};
    struct muster *muster = NULL;
    char error[256] = "";

    (void)state;
    assert_int_equal(muster_open(&options, &muster, error, sizeof error), ERR_USAGE);
    options.agent_key = "nowhere.key";
    options.region_key = region_key;
    options.journal = journal;
    assert_int_equal(muster_open(&options, &muster, error, sizeof error), ERR_NO_INPUT);
    assert_non_null(strstr(error, "nowhere.key"));
    options.agent_key = agent_key;
    assert_int_equal(muster_open(&options, &muster, error, sizeof error), ERR_USAGE);
    assert_non_null(strstr(error, "endpoint"));
    options.endpoint = "udp://nonsense";
    assert_int_not_equal(muster_open(&options, &muster, NULL, 0), 0);
    assert_null(muster);
    muster_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_said_is_kept_until_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(after_a_failure_nothing_is_due, setup, teardown),
        cmocka_unit_test_setup_teardown(a_handle_that_cannot_be_is_refused, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
