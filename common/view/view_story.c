/* The stories of incidents and orders: texts are copied once and live as long as the view. */
#include <stdlib.h>
#include <string.h>

#include "common/view/view_private.h"

const char *view_intern(struct view *view, const char *text)
{
    return names_keep(&view->names, text);
}

/* Sets *at to a copy that lives as long as the view. */
static bool keep_text(struct view *view, const char **at)
{
    *at = (*at)[0] == '\0' ? "" : arena_strdup(&view->keep, *at);
    return *at != NULL;
}

static bool keep_words(struct view *view, struct words *words)
{
    if (words->n == 0) {
        return true;
    }
    const char **at = arena_array(&view->keep, const char *, words->n);
    for (size_t i = 0; at != NULL && i < words->n; i++) {
        at[i] = view_intern(view, words->at[i]);
        if (at[i] == NULL) {
            return false;
        }
    }
    words->at = at;
    return at != NULL;
}

static bool keep_name(struct view *view, const char **at)
{
    *at = view_intern(view, *at);
    return *at != NULL;
}

static bool keep_facts(struct view *view, struct facts *facts)
{
    return keep_name(view, &facts->kind) && keep_text(view, &facts->place) && keep_text(view, &facts->unit) &&
           keep_name(view, &facts->substance) && keep_text(view, &facts->course) &&
           keep_text(view, &facts->measures) && keep_text(view, &facts->caller) &&
           keep_text(view, &facts->title) && keep_name(view, &facts->division);
}

uint64_t *view_alert_mark(struct view *view, struct id alert)
{
    struct alert_mark *mark;

    HASH_FIND(hh, view->alerts, &alert, sizeof alert, mark);
    if (mark != NULL) {
        return &mark->last_seq;
    }
    mark = calloc(1, sizeof *mark);
    if (mark == NULL) {
        return NULL;
    }
    mark->alert = alert;
    HASH_ADD(hh, view->alerts, alert, sizeof alert, mark);
    if (mark->hh.tbl == NULL) {
        free(mark);
        return NULL;
    }
    return &mark->last_seq;
}

static bool keep_seen(struct view *view, struct view_step *kept)
{
    struct seen_fact *seen = arena_copy(&view->keep, kept->seen, kept->seen_n * sizeof *seen);

    for (size_t i = 0; seen != NULL && i < kept->seen_n; i++) {
        if (!keep_name(view, &seen[i].fact) || !keep_text(view, &seen[i].value)) {
            return false;
        }
    }
    kept->seen = seen;
    return seen != NULL;
}

static bool keep_lookout(struct view *view, struct view_step *kept)
{
    struct lookout_step *lookout = arena_copy(&view->keep, kept->lookout, sizeof *lookout);

    if (lookout == NULL || !keep_name(view, &lookout->agent) || !keep_name(view, &lookout->unit) ||
        !keep_name(view, &lookout->name) || !keep_name(view, &lookout->pack) ||
        !keep_name(view, &lookout->version) || !keep_name(view, &lookout->rule) ||
        !keep_name(view, &lookout->when) || !keep_words(view, &lookout->roles)) {
        return false;
    }
    lookout->seen = kept->seen;
    kept->lookout = lookout;
    return true;
}

/* A copy of the step at the end of a story. */
static int tell(struct view *view, const struct view_step *step, struct view_told **first,
                struct view_told **last)
{
    struct view_told *told = arena_alloc(&view->keep, sizeof *told);

    if (told == NULL) {
        return ERR_NO_MEMORY;
    }
    told->step = *step;
    told->next = NULL;
    struct view_step *kept = &told->step;
    kept->units = NULL;
    kept->units_n = 0;
    if (!keep_name(view, &kept->origin) || !keep_name(view, &kept->author) ||
        !keep_name(view, &kept->operator) || !keep_name(view, &kept->subject) ||
        !keep_name(view, &kept->what) || !keep_text(view, &kept->text) ||
        !keep_text(view, &kept->signed_off_by) || !keep_name(view, &kept->from) ||
        !keep_text(view, &kept->place) || !keep_words(view, &kept->words) ||
        !keep_words(view, &kept->needs)) {
        return ERR_NO_MEMORY;
    }
    if (step->seen_n > 0 && !keep_seen(view, kept)) {
        return ERR_NO_MEMORY;
    }
    if (step->lookout != NULL && !keep_lookout(view, kept)) {
        return ERR_NO_MEMORY;
    }
    if (step->moved_n > 0) {
        kept->moved = arena_copy(&view->keep, step->moved, step->moved_n * sizeof *step->moved);
        if (kept->moved == NULL) {
            return ERR_NO_MEMORY;
        }
    }
    if (step->facts != NULL) {
        struct facts *facts = arena_copy(&view->keep, step->facts, sizeof *facts);
        if (facts == NULL || !keep_facts(view, facts)) {
            return ERR_NO_MEMORY;
        }
        kept->facts = facts;
    }
    if (*last == NULL) {
        *first = told;
    } else {
        (*last)->next = told;
    }
    *last = told;
    return 0;
}

static struct incident_entry *incident_entry(const struct view *view, struct id id)
{
    struct incident_entry *entry;

    HASH_FIND(hh, view->incidents, &id, sizeof id, entry);
    return entry;
}

static struct order_entry *order_entry(const struct view *view, struct id id)
{
    struct order_entry *entry;

    HASH_FIND(hh, view->orders, &id, sizeof id, entry);
    return entry;
}

struct incident_entry *view_incident_make(struct view *view, struct id id)
{
    struct incident_entry *entry = incident_entry(view, id);

    if (entry != NULL) {
        return entry;
    }
    entry = calloc(1, sizeof *entry);
    if (entry == NULL) {
        return NULL;
    }
    entry->incident =
        (struct view_incident){.id = id, .facts = facts_none(), .source = "", .key = "", .close_reason = ""};
    HASH_ADD(hh, view->incidents, incident.id, sizeof id, entry);
    if (entry->hh.tbl == NULL) {
        free(entry);
        return NULL;
    }
    return entry;
}

static struct order_entry *order_make(struct view *view, struct id id, struct id incident)
{
    struct order_entry *entry = order_entry(view, id);

    if (entry != NULL) {
        return entry;
    }
    entry = calloc(1, sizeof *entry);
    if (entry == NULL) {
        return NULL;
    }
    entry->order = (struct view_order){.id = id, .incident = incident, .text = "", .end_reason = ""};
    HASH_ADD(hh, view->orders, order.id, sizeof id, entry);
    if (entry->hh.tbl == NULL) {
        free(entry);
        return NULL;
    }
    return entry;
}

static void say_count(int64_t *known, int64_t said)
{
    if (said != COUNT_UNKNOWN) {
        *known = said;
    }
}

static void say_text(const char **known, const char *said)
{
    if (said[0] != '\0') {
        *known = said;
    }
}

void view_merge_facts(struct facts *known, const struct facts *said)
{
    say_text(&known->kind, said->kind);
    say_text(&known->place, said->place);
    say_text(&known->unit, said->unit);
    say_text(&known->substance, said->substance);
    say_text(&known->course, said->course);
    say_text(&known->measures, said->measures);
    say_text(&known->caller, said->caller);
    say_text(&known->title, said->title);
    say_text(&known->division, said->division);
    if (said->position.present) {
        known->position = said->position;
    }
    say_count(&known->casualties.dead, said->casualties.dead);
    say_count(&known->casualties.missing, said->casualties.missing);
    say_count(&known->casualties.serious, said->casualties.serious);
    say_count(&known->casualties.minor, said->casualties.minor);
    say_count(&known->casualties.trapped, said->casualties.trapped);
    say_count(&known->loss_cny, said->loss_cny);
    if (said->occurred_at_ms != 0) {
        known->occurred_at_ms = said->occurred_at_ms;
    }
}

void view_return_facts(struct facts *known, const struct view_step *step)
{
    uint32_t fields = fact_fields_of(step->words);

    *known = facts_only(known, ~fields);
    known->position.present = known->position.datum != DATUM_NONE;
    known->kind = (fields & FIELD_KIND) != 0 ? step->what : known->kind;
    known->substance = (fields & FIELD_SUBSTANCE) != 0 ? step->from : known->substance;
}

static int note_incident(struct view *view, const struct view_record *record, const struct view_step *step)
{
    struct incident_entry *entry = view_incident_make(view, step->incident);

    if (entry == NULL || tell(view, step, &entry->incident.first, &entry->incident.last) < 0) {
        return ERR_NO_MEMORY;
    }
    struct view_incident *incident = &entry->incident;
    const struct view_step *kept = &incident->last->step;
    if (step->kind == EVENT_INCIDENT_OPENED) {
        incident->opened_seq = step->seq;
    } else if (step->kind == EVENT_INCIDENT_CLOSED) {
        incident->close_reason = kept->text;
    } else if (step->kind == EVENT_FACTS_CHANGED) {
        view_merge_facts(&incident->facts, kept->facts);
    } else if (step->kind == EVENT_FACTS_RETURNED) {
        view_return_facts(&incident->facts, kept);
    }
    if (record->has_command && record->command.kind == COMMAND_RECORD_HISTORY &&
        incident->source[0] == '\0') {
        incident->source = record->command.record_history.source;
        incident->key = record->command.record_history.key;
        return keep_name(view, &incident->source) && keep_text(view, &incident->key) ? 0 : ERR_NO_MEMORY;
    }
    return 0;
}

static int note_order(struct view *view, const struct view_step *step)
{
    struct order_entry *entry = order_make(view, step->order, step->incident);

    if (entry == NULL || tell(view, step, &entry->order.first, &entry->order.last) < 0) {
        return ERR_NO_MEMORY;
    }
    struct view_order *order = &entry->order;
    const struct view_step *kept = &order->last->step;
    if (step->kind != EVENT_RECEIPT_NOTED && rung_is_outcome(step->rung)) {
        order->ended_seq = step->seq;
        order->end_reason = kept->text;
    }
    if (step->kind != EVENT_ORDER_ISSUED) {
        return 0;
    }
    order->issued_seq = step->seq;
    order->text = kept->text;
    const struct order *there = view_find_order(view, step->order, NULL);
    for (size_t i = 0; there != NULL && i < there->agents.n; i++) {
        if (view_wait_for(view, there->agents.at[i], order_lane(there), step->seq, step->order) < 0) {
            return ERR_NO_MEMORY;
        }
    }
    return 0;
}

int view_note(struct view *view, const struct view_record *record, const struct event *event)
{
    struct view_step step = view_step_of(view->state, record, event);

    if (event->kind == EVENT_ACKNOWLEDGED) {
        return view_prove(view, &step);
    }
    if (event->kind == EVENT_AGENT_ENROLLED || event->kind == EVENT_REVOKED) {
        return view_note_centre(view, step.seq, step.subject);
    }
    if (event->kind == EVENT_UNTOLD) {
        return view_note_untold(view, event, &step);
    }
    if (id_is_zero(step.incident)) {
        return 0;
    }
    return id_is_zero(step.order) ? note_incident(view, record, &step) : note_order(view, &step);
}

const struct view_incident *view_incident(const struct view *view, struct id id)
{
    const struct incident_entry *entry = incident_entry(view, id);

    return entry != NULL ? &entry->incident : NULL;
}

const struct view_order *view_order(const struct view *view, struct id id)
{
    const struct order_entry *entry = order_entry(view, id);

    return entry != NULL ? &entry->order : NULL;
}

const struct order *view_find_order(const struct view *view, struct id id,
                                    const struct incident **ret_incident)
{
    const struct order_entry *entry = order_entry(view, id);
    const struct incident *incident =
        entry != NULL ? state_incident(view->state, entry->order.incident) : NULL;

    if (incident == NULL) {
        return NULL;
    }
    if (ret_incident != NULL) {
        *ret_incident = incident;
    }
    return incident_order(incident, id);
}
