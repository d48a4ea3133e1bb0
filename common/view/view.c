#include "common/view/view.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/core/evolve.h"
#include "common/core/stream.h"
#include "common/view/view_private.h"

enum { RECORD_MEMORY_KEPT = 256 * 1024 };

struct view *view_new(const struct view_options *options)
{
    struct view *view = calloc(1, sizeof *view);

    if (view == NULL) {
        return NULL;
    }
    view->details = options->details;
    arena_init(&view->keep, SIZE_MAX / 2);
    arena_init(&view->record, VIEW_RECORD_MEMORY);
    view->state = state_new();
    /* a first chunk that holds most records, so that each costs no allocation */
    if (view->state == NULL || arena_alloc(&view->record, RECORD_MEMORY_KEPT) == NULL) {
        view_free(view);
        return NULL;
    }
    arena_reset(&view->record);
    return view;
}

void view_free(struct view *view)
{
    if (view == NULL) {
        return;
    }
    VIEW_FREE_ALL(view->incidents, struct incident_entry);
    VIEW_FREE_ALL(view->orders, struct order_entry);
    VIEW_FREE_ALL(view->alerts, struct alert_mark);
    names_free(&view->names);
    view_agents_free(view);
    free(view->delivered);
    free(view->untold);
    arena_free(&view->record);
    arena_free(&view->keep);
    state_free(view->state);
    free(view);
}

/* --- applying --------------------------------------------------------------------------------- */

/* The mark of the stream that the event changes; NULL: out of memory. */
static uint64_t *stream_mark(struct view *view, const struct event *event)
{
    struct stream_key stream = event_stream(event, "");

    switch (stream.kind) {
    case STREAM_ALERT:
        return view_alert_mark(view, stream.id);
    case STREAM_AGENT: {
        struct agent_entry *entry = view_agent_make(view, stream.name);
        return entry != NULL ? &entry->last_seq : NULL;
    }
    case STREAM_INCIDENT: {
        struct incident_entry *entry = view_incident_make(view, stream.id);
        return entry != NULL ? &entry->incident.last_seq : NULL;
    }
    default:
        return &view->region_seq;
    }
}

static void keep_refusal(struct view *view, const struct view_record *record)
{
    struct view_refusal *at = &view->refusals[view->refusals_n++ % VIEW_REFUSALS_KEPT];
    const char *author = record->header.author != NULL ? record->header.author : "";

    *at = (struct view_refusal){.seq = record->header.seq,
                                .bus_ms = record->header.bus_ms,
                                .kind = (enum command_kind)record->header.kind,
                                .refusal = record->record.refusal,
                                .mode = record->has_command ? record->command.mode : MODE_NONE};
    (void)text_escape_into(at->author, sizeof at->author, author, strlen(author));
    (void)text_escape_into(at->detail, sizeof at->detail, record->record.detail,
                           strlen(record->record.detail));
}

const struct view_refusal *view_refusal(const struct view *view, size_t i)
{
    size_t kept = view->refusals_n < VIEW_REFUSALS_KEPT ? view->refusals_n : VIEW_REFUSALS_KEPT;

    return i < kept ? &view->refusals[(view->refusals_n - kept + i) % VIEW_REFUSALS_KEPT] : NULL;
}

/* Whether the record was applied before; if not, marks it as applied. */
static int is_known(struct view *view, const struct view_record *record, bool *ret)
{
    uint64_t seq = record->header.seq;

    *ret = !view->details && seq <= view->counts.last_seq;
    if (!view->details || record->redacted) {
        return 0;
    }
    if (record->record.events_n == 0) {
        for (size_t i = 0; i < VIEW_REFUSALS_KEPT; i++) {
            *ret = *ret || view->refusals[i].seq == seq;
        }
        return 0;
    }
    uint64_t *mark = stream_mark(view, &record->record.events[0]);
    if (mark == NULL) {
        return ERR_NO_MEMORY;
    }
    *ret = seq <= *mark;
    *mark = seq > *mark ? seq : *mark;
    return 0;
}

static void count(struct view *view, const struct view_record *record)
{
    view->counts.records++;
    view->counts.redacted += record->redacted;
    if (record->header.seq > view->counts.last_seq) {
        view->counts.last_seq = record->header.seq;
        view->counts.last_bus_ms = record->header.bus_ms;
    }
    if (!record->redacted) {
        view->counts.events += record->record.events_n;
        view->counts.unknown_events += record->record.unknown_events;
        view->counts.refused += record->record.refusal != REFUSED_NOT;
    }
}

static int apply_event(struct view *view, const struct view_record *record, const struct event *event)
{
    int result = evolve(view->state, event);

    return result == 0 && view->details ? view_note(view, record, event) : result;
}

/* --- records of several streams -------------------------------------------------------------------- */

static bool is_of_one_stream(const struct record *record)
{
    for (size_t i = 1; i < record->events_n; i++) {
        if (!stream_key_equal(event_stream(&record->events[i], ""), event_stream(&record->events[0], ""))) {
            return false;
        }
    }
    return true;
}

/* A tail gives stream by stream, and such a record with each: what it says of one that is not here yet is
 * left until that one comes. */
static bool is_for_later(const struct view *view, const struct event *event)
{
    struct stream_key stream = event_stream(event, "");

    return stream.kind == STREAM_INCIDENT && event->kind != EVENT_INCIDENT_OPENED &&
           state_incident(view->state, stream.id) == NULL;
}

static int apply_several(struct view *view, const struct view_record *record, bool *ret_new)
{
    const struct record *from = &record->record;
    bool *applies = calloc(from->events_n, sizeof *applies);
    int result = applies != NULL ? 0 : ERR_NO_MEMORY;
    bool any = false;

    for (size_t i = 0; i < from->events_n && result == 0; i++) {
        if (is_for_later(view, &from->events[i])) {
            continue;
        }
        const uint64_t *mark = stream_mark(view, &from->events[i]);
        result = mark != NULL ? 0 : ERR_NO_MEMORY;
        applies[i] = mark != NULL && record->header.seq > *mark;
        any = any || applies[i];
    }
    if (any) {
        count(view, record);
        view->delivered_n = 0;
    }
    for (size_t i = 0; i < from->events_n && result == 0; i++) {
        if (applies[i]) {
            *stream_mark(view, &from->events[i]) = record->header.seq;
            result = apply_event(view, record, &from->events[i]);
        }
    }
    free(applies);
    if (ret_new != NULL) {
        *ret_new = any;
    }
    return result;
}

int view_apply(struct view *view, const struct view_record *record, bool *ret_new)
{
    bool known;

    if (view->details && !record->redacted && !is_of_one_stream(&record->record)) {
        return apply_several(view, record, ret_new);
    }
    int result = is_known(view, record, &known);

    if (ret_new != NULL) {
        *ret_new = !known;
    }
    if (result < 0 || known) {
        return result;
    }
    count(view, record);
    view->delivered_n = 0;
    if (record->redacted) {
        return 0;
    }
    if (record->record.refusal != REFUSED_NOT) {
        keep_refusal(view, record);
        return 0;
    }
    for (size_t i = 0; i < record->record.events_n; i++) {
        result = apply_event(view, record, &record->record.events[i]);
        if (result < 0) {
            return result;
        }
    }
    return 0;
}

int view_take(struct view *view, const struct log_record *record, struct err *err)
{
    struct view_record decoded;
    int result = view_record_decode(record, view->details, &view->record, &decoded, err);

    if (result == 0) {
        result = view_apply(view, &decoded, NULL);
        if (result < 0) {
            err_set(err, result, "out of memory");
        }
    }
    arena_reset(&view->record);
    return result;
}

/* --- asking ----------------------------------------------------------------------------------- */

const struct state *view_state(const struct view *view)
{
    return view->state;
}

struct view_counts view_counts(const struct view *view)
{
    return view->counts;
}

static bool ends_so(struct id id, const char *end)
{
    char text[ID_TEXT];
    size_t n = strlen(end);

    id_format(id, text);
    for (size_t i = 0; i < n; i++) {
        if (text[ID_TEXT - 1 - n + i] != toupper((unsigned char)end[i])) {
            return false;
        }
    }
    return true;
}

int view_find(const struct view *view, const char *text, struct id *ret, bool *ret_is_order, struct err *err)
{
    size_t n = strlen(text), found = 0;

    if (n < VIEW_SUFFIX_MIN || n > ID_TEXT - 1) {
        return err_set(err, ERR_DATA, "\"%s\" is no id: give 26 characters, or at least the last %d", text,
                       VIEW_SUFFIX_MIN);
    }
    for (const struct incident_entry *entry = view->incidents; entry != NULL; entry = entry->hh.next) {
        if (ends_so(entry->incident.id, text)) {
            *ret = entry->incident.id;
            *ret_is_order = false;
            found++;
        }
    }
    for (const struct order_entry *entry = view->orders; entry != NULL; entry = entry->hh.next) {
        /* an incident that an order opened bears the order's id: the story of the order is the nearer one */
        if (ends_so(entry->order.id, text)) {
            found += found == 0 || !id_equal(*ret, entry->order.id);
            *ret = entry->order.id;
            *ret_is_order = true;
        }
    }
    if (found == 0) {
        return err_set(err, ERR_NOT_FOUND, "there is no incident and no order %s in this log", text);
    }
    return found == 1 ? 0
                      : err_set(err, ERR_CONFLICT, "%zu incidents and orders end with %s: give more of it",
                                found, text);
}
