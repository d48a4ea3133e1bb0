/* History as if it were now: each incident from its records, which may be several and tell in any order, in
 * the order of the times that they name. */
#include <stdlib.h>
#include <string.h>

#include "common/core/evolve.h"
#include "common/core/stream.h"
#include "common/view/view_private.h"
#include "common/view/view_what_if_private.h"

enum { TIDY_EVERY = 1024 /* incidents */ };

/* So long rules are asked after the last thing that is known of an incident: as long as they may wait. */
static const int64_t AFTER_MS = INT64_C(30) * 24 * 60 * 60 * 1000;

int what_if_note_past(struct what_if *w, struct id incident, uint64_t seq)
{
    void *past = w->past;

    if (view_grow(&past, w->past_n, &w->past_capacity, sizeof *w->past) < 0) {
        return ERR_NO_MEMORY;
    }
    w->past = past;
    w->past[w->past_n++] = (struct what_if_past){.id = incident, .seq = seq};
    return 0;
}

static int compare_past(const void *a, const void *b)
{
    const struct what_if_past *x = a, *y = b;
    int order = id_compare(x->id, y->id);

    return order ? order : (x->seq > y->seq) - (x->seq < y->seq);
}

/* --- one incident's events ------------------------------------------------------------------------ */

/* In which order events of one moment are told. */
enum { RANK_OPENED, RANK_WITHIN, RANK_CLOSED };

struct moment {
    int64_t at_ms;
    int rank;
    size_t n; /* as the records tell them */
    const struct event *event;
};

struct telling {
    struct id id;
    enum mode mode;
    int64_t reported_ms;
    const char *title;
    struct moment *moments;
    size_t n;
    size_t capacity;
    const struct event *closed; /* the last one counts */
};

static int add_moment(struct telling *t, const struct event *event, int rank)
{
    void *moments = t->moments;

    if (view_grow(&moments, t->n, &t->capacity, sizeof *t->moments) < 0) {
        return ERR_NO_MEMORY;
    }
    t->moments = moments;
    t->moments[t->n] = (struct moment){.at_ms = event->at_ms, .rank = rank, .n = t->n, .event = event};
    t->n++;
    return 0;
}

static int add_events(struct telling *t, struct view_record *record)
{
    int rc = 0;

    for (size_t i = 0; i < record->record.events_n && rc == 0; i++) {
        struct event *event = &record->record.events[i];
        if (event->kind == EVENT_INCIDENT_CLOSED) {
            t->closed = event;
            continue;
        }
        if (event->kind == EVENT_INCIDENT_OPENED) {
            event->incident_opened.history = false; /* that is the question */
            t->mode = event->incident_opened.mode;
            t->reported_ms = event->at_ms;
        }
        rc = add_moment(t, event, event->kind == EVENT_INCIDENT_OPENED ? RANK_OPENED : RANK_WITHIN);
    }
    return rc;
}

static int read_record(struct what_if *w, struct log_reader *reader, uint64_t seq, struct telling *t,
                       struct err *err)
{
    const struct log_query query = {.question = LOG_Q_RANGE, .after = seq - 1, .records_max = 1};
    struct log_answer answer;
    struct view_record record;
    int rc = log_reader_read(reader, &query, &w->record, &answer, err);

    if (rc == 0 && (answer.rows_n == 0 || answer.rows[0].record.header.seq != seq)) {
        rc = err_set(err, ERR_CORRUPT, "record %llu is gone", (unsigned long long)seq);
    }
    rc = rc ? rc : view_record_decode(&answer.rows[0].record, true, &w->record, &record, err);
    if (rc != 0 || record.redacted) {
        return rc;
    }
    if (record.has_command && t->title[0] == '\0') {
        const struct record_history *history = &record.command.record_history;
        t->title = arena_printf(&w->record, "%s %s", history->source, history->key);
    }
    if (t->title == NULL || add_events(t, &record) < 0) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    return 0;
}

static int compare_moments(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;

    if (x->at_ms != y->at_ms) {
        return x->at_ms < y->at_ms ? -1 : 1;
    }
    return x->rank != y->rank ? x->rank - y->rank : (x->n > y->n) - (x->n < y->n);
}

/* What was before the report is told with it: before that nobody knew. */
static int sort_moments(struct telling *t)
{
    if (t->closed != NULL && add_moment(t, t->closed, RANK_CLOSED) < 0) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < t->n; i++) {
        struct moment *moment = &t->moments[i];
        moment->at_ms = moment->at_ms < t->reported_ms ? t->reported_ms : moment->at_ms;
    }
    qsort(t->moments, t->n, sizeof *t->moments, compare_moments);
    return 0;
}

/* --- telling it ----------------------------------------------------------------------------------- */

/* How many are of the moment that the i-th is of. */
static size_t moments_at(const struct telling *t, size_t i)
{
    size_t n = 1;

    while (i + n < t->n && t->moments[i + n].at_ms == t->moments[i].at_ms) {
        n++;
    }
    return n;
}

static size_t moments_max(const struct telling *t)
{
    size_t max = 0;

    for (size_t i = 0; i < t->n; i += moments_at(t, i)) {
        size_t n = moments_at(t, i);
        max = n > max ? n : max;
    }
    return max;
}

/* All of one moment as one record, as a broker would have had them. */
static int tell_moments(struct what_if *w, struct trial *trial, const struct telling *t,
                        struct firings *firings)
{
    struct keeping kept = {.words = &w->words, .arena = &w->record};
    struct event *events = arena_array(&w->record, struct event, moments_max(t));
    int64_t last_ms = t->reported_ms;
    int rc = events != NULL ? 0 : ERR_NO_MEMORY;

    for (size_t i = 0, n = 0; i < t->n && rc == 0; i += n) {
        last_ms = t->moments[i].at_ms;
        n = moments_at(t, i);
        for (size_t j = 0; j < n; j++) {
            events[j] = *t->moments[i + j].event;
        }
        rc = trial_advance(trial, t->id, 0, last_ms, 0, firings, &kept);
        rc = rc ? rc : trial_tell(trial, events, n, last_ms, firings, &kept);
    }
    rc = rc ? rc : trial_advance(trial, t->id, last_ms, last_ms + AFTER_MS, 0, firings, &kept);
    state_evict(trial->state, stream_key_incident(t->id));
    return rc;
}

static int tell_incident(struct what_if *w, struct telling *t, what_if_visit *visit, void *ctx,
                         struct err *err)
{
    struct firings now = {NULL, NULL}, was = {NULL, NULL};
    const struct what_if_difference difference = {
        .incident = t->id, .mode = t->mode, .history = true, .title = t->title};
    bool is_asked = false;
    int rc = t->mode != MODE_NONE ? what_if_is_about(w, t->id, t->mode, &is_asked, err) : 0;

    if (rc != 0 || !is_asked) {
        return rc; /* or its opening was redacted */
    }
    bool has_base = state_region(w->base.state)->packs_n > 0;
    if (sort_moments(t) < 0 || tell_moments(w, &w->trial, t, &now) < 0 ||
        (has_base && tell_moments(w, &w->base, t, &was) < 0)) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    return what_if_compare(w, &difference, t->reported_ms, &now, &was, visit, ctx, err);
}

/* The records of one incident, from `at` on. Returns how many, or a negative code. */
static int tell_next(struct what_if *w, struct log_reader *reader, size_t at, size_t *ret_next,
                     what_if_visit *visit, void *ctx, struct err *err)
{
    struct telling t = {.id = w->past[at].id, .title = ""};
    int rc = 0;

    while (at < w->past_n && id_equal(w->past[at].id, t.id) && rc == 0) {
        rc = read_record(w, reader, w->past[at++].seq, &t, err);
    }
    rc = rc ? rc : tell_incident(w, &t, visit, ctx, err);
    free(t.moments);
    arena_reset(&w->record);
    *ret_next = at;
    return rc;
}

/* History has no packs of its own time: those that are asked about are in force, no others. */
static int begin(struct what_if *w)
{
    const struct region *region = state_region(w->trial.state);
    int rc = 0;

    for (struct what_if_live *live = w->live; live != NULL; live = live->hh.next) {
        state_evict(w->trial.state, stream_key_incident(live->id));
    }
    while (region->packs_n > 0 && rc == 0) {
        struct event event = {.kind = EVENT_PACK_DROPPED,
                              .pack_dropped = {.name = region->packs[0].name, .reason = ""}};
        rc = evolve(w->trial.state, &event);
    }
    return rc ? rc : what_if_set_packs(w);
}

int what_if_tell_past(struct what_if *w, struct log_reader *reader, what_if_visit *visit, void *ctx,
                      struct err *err)
{
    if (w->past_n == 0) {
        return 0;
    }
    if (begin(w) < 0) {
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    qsort(w->past, w->past_n, sizeof *w->past, compare_past);
    int rc = rule_book_check(w->trial.book, state_region(w->trial.state), err);
    rc = rc ? rc : rule_book_check(w->base.book, state_region(w->base.state), err);
    for (size_t i = 0, told = 0; i < w->past_n && rc == 0; told++) {
        rc = tell_next(w, reader, i, &i, visit, ctx, err);
        if (told % TIDY_EVERY == TIDY_EVERY - 1) {
            state_tidy(w->trial.state);
            state_tidy(w->base.state);
        }
    }
    return rc;
}
