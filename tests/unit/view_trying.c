#include "tests/unit/view_trying.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log/log_sqlite.h"
#include "common/rules/rule_book.h"
#include "common/view/view_scan.h"

/* --- a log ---------------------------------------------------------------------------------------- */

int what_begin(void **state)
{
    struct trying *t = calloc(1, sizeof *t);
    struct log_store *store;
    struct err err;

    assert_non_null(t);
    (void)snprintf(t->folder, sizeof t->folder, "/tmp/muster-what-if-XXXXXX");
    assert_non_null(mkdtemp(t->folder));
    struct log_sqlite_options options = {
        .folder = t->folder, .region = FX_REGION, .create = true, .volatile_ok = true, .reserve_bytes = -1};
    if (log_sqlite_open(&options, &store, NULL, 0, &err) < 0) {
        fail_msg("%s", err.text);
    }
    fx_begin(&t->fx, store);
    t->book = rule_book_new();
    assert_non_null(t->book);
    t->fx.rules = rule_book_rules(t->book);
    fx_found(&t->fx);
    buf_init(&t->text, 0);
    *state = t;
    return 0;
}

int what_end(void **state)
{
    static const char *const names[] = {"muster.db", "muster.db-wal", "muster.db-shm", "head", "lock"};
    struct trying *t = *state;
    char path[128];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", t->folder, names[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(t->folder), 0);
    rule_book_free(t->book);
    buf_free(&t->text);
    free(t);
    return 0;
}

void what_put_in_force(struct trying *t, const char *text)
{
    struct command command = {.kind = COMMAND_SET_PACK, .set_pack = {.text = text}};

    assert_int_not_equal(fx_say(&t->fx, &command), 0);
}

/* The broker looks at once at what is due. */
void what_report(struct trying *t, uint8_t incident, const struct facts *facts)
{
    bool there = state_incident(t->fx.state, fx_id(incident)) != NULL;

    assert_int_not_equal(
        fx_report(&t->fx, fx_id(incident), MODE_ACTUAL, facts, there ? REPORT_FOLLOW_UP : REPORT_INITIAL, ""),
        0);
    (void)fx_pass(&t->fx, fx_id(incident));
}

void what_report_dead(struct trying *t, uint8_t incident, int64_t dead)
{
    struct facts facts = facts_none();

    facts.kind = "fire";
    facts.casualties.dead = dead;
    what_report(t, incident, &facts);
}

void what_wait_and_pass(struct trying *t, uint8_t incident, int64_t ms)
{
    t->fx.now_ms += ms;
    (void)fx_pass(&t->fx, fx_id(incident));
}

/* --- the question --------------------------------------------------------------------------------- */

static uint8_t number_of(struct id id)
{
    for (int n = 1; n < 256 - ID_BYTES; n++) {
        if (id_equal(id, fx_id((uint8_t)n))) {
            return (uint8_t)n;
        }
    }
    return 0;
}

static int on_firing(void *ctx, const struct what_if_difference *difference, struct err *err)
{
    struct trying *t = ctx;
    const struct what_if_firing *firing = difference->now != NULL ? difference->now : difference->was;
    struct found *found = &t->found[t->found_n];
    size_t at = 0;

    if (firing == NULL) {
        return err_set(err, ERR_SOFTWARE, "neither now nor then");
    }
    assert_true(t->found_n < FOUND_MAX);
    *found = (struct found){.change = difference->change,
                            .incident = number_of(difference->incident),
                            .at_ms = difference->now != NULL ? difference->now->at_ms : 0,
                            .was_ms = difference->was != NULL ? difference->was->at_ms : 0};
    (void)snprintf(found->rule, sizeof found->rule, "%s/%s", firing->pack, firing->rule);
    for (size_t i = 0; i < firing->deeds_n; i++) {
        at += (size_t)snprintf(found->deeds + at, sizeof found->deeds - at, "%d %s;",
                               (int)firing->deeds[i].kind, firing->deeds[i].value);
    }
    t->found_n++;
    buf_reset(&t->text);
    what_if_json(difference, &t->text);
    assert_true(fx_is_json(buf_text(&t->text), t->text.n - 1));
    return 0;
}

static int take(void *ctx, const struct log_record *record, struct err *err)
{
    return what_if_record(ctx, record, err);
}

static int scan_and_end(struct trying *t, const struct what_if_options *options, struct err *err)
{
    const struct view_voice voice = {.zh = t->zh};
    struct what_if *w = NULL;
    struct log_reader *reader;
    int rc = what_if_new(options, &w, err);

    if (rc != 0) {
        return rc;
    }
    assert_int_equal(log_reader_open(t->folder, &reader, err), 0);
    rc = view_scan(reader, &(struct view_until){.seq = 0}, take, w, NULL, err);
    rc = rc ? rc : what_if_end(w, reader, on_firing, t, err);
    if (rc == 0) {
        t->result = *what_if_result(w);
        assert_true(t->result.rules_n <= FOUND_MAX);
        (void)snprintf(t->was, sizeof t->was, "%s", t->result.given[0].was);
        memcpy(t->rules, t->result.rules, t->result.rules_n * sizeof *t->rules);
        buf_reset(&t->text);
        what_if_summary_json(&t->result, &t->text);
        assert_true(fx_is_json(buf_text(&t->text), t->text.n - 1));
        buf_reset(&t->text);
        what_if_text(&t->result, what_if_state(w), &voice, &t->text);
    }
    log_reader_close(reader);
    what_if_free(w);
    return rc;
}

int what_ask_with(struct trying *t, const char *const texts[], size_t n, enum mode mode, const char *incident,
                  struct err *err)
{
    struct what_if_pack packs[4];
    struct pack *read[4] = {NULL};
    struct conditions *conditions;

    assert_int_equal(conditions_open(&conditions, err), 0);
    for (size_t i = 0; i < n; i++) {
        if (pack_read("p.yaml", texts[i], strlen(texts[i]), conditions, &read[i], err) != 0) {
            fail_msg("%s", err->text);
        }
        packs[i] = (struct what_if_pack){.pack = read[i], .text = texts[i]};
    }
    t->found_n = 0;
    const struct what_if_options options = {.packs = packs, .packs_n = n, .mode = mode, .incident = incident};
    int rc = scan_and_end(t, &options, err);
    for (size_t i = 0; i < n; i++) {
        pack_free(read[i]);
    }
    conditions_close(conditions);
    return rc;
}

void what_ask(struct trying *t, const char *text)
{
    struct err err = {0};

    if (what_ask_with(t, &text, 1, MODE_ACTUAL, "", &err) != 0) {
        fail_msg("%s", err.text);
    }
}

/* The log is written; from here on it is read. */
void what_close_log(struct trying *t)
{
    struct err err;

    assert_int_equal(log_sync_head(t->fx.store, &err), 0);
    fx_end(&t->fx);
}

const struct found *what_find(const struct trying *t, uint8_t incident, const char *rule)
{
    const struct found *found = NULL;

    for (size_t i = 0; i < t->found_n; i++) {
        if (t->found[i].incident == incident && strcmp(t->found[i].rule, rule) == 0) {
            assert_null(found); /* once */
            found = &t->found[i];
        }
    }
    return found;
}

void what_is(const struct trying *t, uint8_t incident, const char *rule, enum what_if_change change)
{
    const struct found *found = what_find(t, incident, rule);

    if (found == NULL || found->change != change) {
        fail_msg("%s of incident %u is %s, not %s", rule, incident,
                 found != NULL ? what_if_change_word(found->change) : "not there",
                 what_if_change_word(change));
    }
}
