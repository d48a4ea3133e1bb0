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
    arena_free(&view->record);
    arena_free(&view->keep);
    state_free(view->state);
    free(view);
}

/* --- applying --------------------------------------------------------------------------------- */

/* The mark of the one stream that all events of a record change; NULL: out of memory. */
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

int view_apply(struct view *view, const struct view_record *record, bool *ret_new)
{
    bool known;
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
        result = evolve(view->state, &record->record.events[i]);
        if (result == 0 && view->details) {
            result = view_note(view, record, &record->record.events[i]);
        }
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
