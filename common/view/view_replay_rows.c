/* The replay's lines for machines. */
#include "common/view/view_replay.h"

#include <string.h>

#include "common/base/when.h"
#include "common/view/view_alert.h"
#include "common/view/view_json.h"

static const char *outcome_of(const struct view_record *record)
{
    if (record->redacted) {
        return "redacted";
    }
    return record->record.refusal != REFUSED_NOT ? "refused" : "decided";
}

static const char *event_of(const struct view_record *record, const struct view_step *step)
{
    if (step->kind != EVENT_NONE) {
        return event_kind_name(step->kind);
    }
    return !record->redacted && record->record.refusal == REFUSED_NOT ? "unknown" : "";
}

static const char *mode_of(const struct view_step *step)
{
    return step->mode == MODE_NONE ? "" : mode_name(step->mode);
}

static const char *when(const struct state *state, int64_t ms, char ret[WHEN_TEXT])
{
    ret[0] = '\0';
    return ms == 0 ? ret : when_format(ms, state_region(state)->utc_offset_minutes, ret);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void put_text(struct json *json, const char *key, const char *text)
{
    if (text[0] != '\0') {
        json_text(json, key, text);
    }
}

static void put_count(struct json *json, const char *key, int64_t n)
{
    if (n != COUNT_UNKNOWN) {
        json_number(json, key, n);
    }
}

static void put_facts(struct json *json, const struct facts *facts)
{
    json_object(json, "facts");
    put_text(json, "title", facts->title);
    put_text(json, "division", facts->division);
    put_text(json, "kind", facts->kind);
    put_text(json, "substance", facts->substance);
    put_text(json, "place", facts->place);
    if (facts->position.present) {
        json_object(json, "position");
        json_text(json, "datum", datum_name(facts->position.datum));
        json_number(json, "latitude_e7", facts->position.latitude_e7);
        json_number(json, "longitude_e7", facts->position.longitude_e7);
        json_number(json, "accuracy_m", facts->position.accuracy_m);
        json_object_end(json);
    }
    put_text(json, "unit", facts->unit);
    put_count(json, "dead", facts->casualties.dead);
    put_count(json, "missing", facts->casualties.missing);
    put_count(json, "serious", facts->casualties.serious);
    put_count(json, "minor", facts->casualties.minor);
    put_count(json, "trapped", facts->casualties.trapped);
    put_count(json, "loss_cny", facts->loss_cny);
    put_text(json, "course", facts->course);
    put_text(json, "measures", facts->measures);
    if (facts->occurred_at_ms != 0) {
        json_number(json, "occurred_at_ms", facts->occurred_at_ms);
    }
    put_text(json, "caller", facts->caller);
    json_object_end(json);
}

static void put_units(struct json *json, const struct view_step *step)
{
    json_array(json, "units_stated");
    for (size_t i = 0; i < step->units_n; i++) {
        const struct unit *unit = &step->units[i];
        json_object(json, NULL);
        json_text(json, "id", unit->id);
        json_text(json, "type", unit->type);
        json_text(json, "status", unit_status_name(unit->status));
        json_words(json, "abilities", unit->abilities);
        json_words(json, "equipment", unit->equipment);
        json_unsigned(json, "crew", unit->crew);
        if (unit->kind == UNIT_KIND_TEAM) {
            json_text(json, "kind", unit_kind_name(unit->kind));
        }
        if (unit->team[0] != '\0') {
            json_text(json, "team", unit->team);
        }
        json_object_end(json);
    }
    json_array_end(json);
}

/* "": not known. */
static void put_seen(struct json *json, const struct view_step *step)
{
    json_object(json, "seen");
    for (size_t i = 0; i < step->seen_n; i++) {
        json_text(json, step->seen[i].fact, step->seen[i].value);
    }
    json_object_end(json);
}

/* What a rule said of a reading, or of a silence. */
static void put_lookout(struct json *json, const struct lookout_step *lookout)
{
    put_text(json, "unit", lookout->unit);
    json_text(json, "pack", lookout->pack);
    put_text(json, "version", lookout->version);
    json_text(json, "rule", lookout->rule);
    json_text(json, "when", lookout->when);
    if (lookout->since_ms != 0) {
        json_number(json, "since_ms", lookout->since_ms);
    }
    if (lookout->roles.n > 0) {
        json_words(json, "roles", lookout->roles);
    }
}

/* What became of a warning that is at hand, or what a rule said of it. */
static void put_warning(struct json *json, const struct view_step *step)
{
    const struct warning_step *warning = step->warning;

    json_id(json, "alert", warning->alert);
    put_text(json, "identifier", warning->identifier);
    put_text(json, "colour", warning_word(ALERT_COLOURS, (int)warning->colour));
    put_text(json, "severity", warning_word(ALERT_SEVERITIES, (int)warning->severity));
    put_text(json, "urgency", warning_word(ALERT_URGENCIES, (int)warning->urgency));
    put_text(json, "certainty", warning_word(ALERT_CERTAINTIES, (int)warning->certainty));
    if (warning->here) {
        json_bool(json, "here", true);
    }
    if (warning->areas.n > 0) {
        json_words(json, "areas", warning->areas);
    }
    json_number(json, "from_ms", warning->from_ms);
    if (step->kind == EVENT_WARNING_ENDED) {
        json_text(json, "why", warning_end_word(warning->why));
        if (warning->roles.n > 0) {
            json_words(json, "roles", warning->roles);
        }
    }
    if (step->kind == EVENT_WARNING_FIRED) {
        json_text(json, "pack", warning->pack);
        json_text(json, "version", warning->version);
        json_text(json, "rule", warning->rule);
        json_words(json, "roles", warning->roles);
    }
}

/* What this kind of event says, and only that. */
static void put_data(struct json *json, const struct view_record *record, const struct view_step *step)
{
    put_text(json, "subject", step->subject);
    put_text(json, "what", step->what);
    put_text(json, "text", step->text);
    put_text(json, "signed_off_by", step->signed_off_by);
    if (step->rung != RUNG_NONE) {
        json_text(json, "rung", rung_name(step->rung));
    }
    if (step->report != REPORT_NONE) {
        json_text(json, "report", report_kind_name(step->report));
    }
    if (step->grade != GRADE_NONE) {
        json_text(json, step->kind == EVENT_LEVEL_SET || step->kind == EVENT_LEVEL_HEARD ? "level" : "grade",
                  grade_name(step->grade));
    }
    if (step->medium != MEDIUM_NONE) {
        json_text(json, "medium", medium_name(step->medium));
    }
    if (step->to != TIER_NONE) {
        json_text(json, "to", tier_name(step->to));
    }
    if (step->kind == EVENT_CLOCK_MET) {
        json_bool(json, "late", step->late);
    }
    if (step->lookout != NULL) {
        put_lookout(json, step->lookout);
    }
    if (step->lookout != NULL && step->kind == EVENT_LOOKOUT_DOUBTED) {
        json_bool(json, "known", step->lookout->known);
    }
    if (step->warning != NULL) {
        put_warning(json, step);
    }
    if (step->seen_n > 0) {
        put_seen(json, step);
    }
    if (step->lane != LANE_NONE) {
        json_text(json, "lane", lane_name(step->lane));
    }
    if (step->number != 0) {
        json_unsigned(json, "number", step->number);
    }
    if (step->words.n > 0) {
        json_words(json,
                   step->kind == EVENT_GRADED           ? "unknown"
                   : step->kind < EVENT_INCIDENT_OPENED ? "rights"
                   : step->kind >= EVENT_FACTS_TAKEN    ? "fields"
                                                        : "units",
                   step->words);
    }
    if (step->needs.n > 0) {
        json_words(json, "needs", step->needs);
    }
    if (step->epoch != 0) {
        json_unsigned(json, "epoch", step->epoch);
    }
    if (step->after != 0) {
        json_unsigned(json, "after", step->after);
    }
    if (step->stepped_ms != 0) {
        json_number(json, "stepped_ms", step->stepped_ms);
    }
    if (step->stood_ms != 0) {
        json_number(json, "stood_ms", step->stood_ms);
    }
    if (step->due_ms != 0) {
        json_number(json, "due_ms", step->due_ms);
    }
    if (step->expires_ms != 0) {
        json_number(json, "expires_ms", step->expires_ms);
    }
    if (!id_is_zero(step->other)) {
        json_id(json,
                step->is_evacuation                  ? "evacuation"
                : step->kind == EVENT_ORDER_REISSUED ? "by"
                : step->kind == EVENT_ORDER_ISSUED   ? "reissue_of"
                : step->kind == EVENT_REPORT_FILED   ? "under"
                                                     : "other",
                step->other);
    }
    put_text(json, "from", step->from);
    put_text(json, "place", step->place);
    if (step->kind == EVENT_POST_KEPT) {
        json_bool(json, "withdrawn", step->withdrawn);
    }
    if (step->kind == EVENT_INCIDENT_LINKED) {
        json_text(json, "link", step->link != LINK_NONE ? link_kind_name(step->link) : "none");
        json_bool(json, "caused", step->caused);
    }
    if (step->kind == EVENT_FACTS_RETURNED) {
        json_bool(json, "graded", step->taken);
    }
    if (step->moved_n > 0) {
        json_bool(json, "taken", step->taken);
        json_array(json, "orders");
        for (size_t i = 0; i < step->moved_n; i++) {
            json_id(json, NULL, step->moved[i]);
        }
        json_array_end(json);
    }
    if (step->nobody) {
        json_bool(json, "nobody", true);
    }
    if (step->untold) {
        json_bool(json, "untold", true);
    }
    if (step->unsaid) {
        json_bool(json, step->kind == EVENT_ABILITY_SHORT ? "unsaid" : "due", true);
    }
    if (step->history) {
        json_bool(json, "history", true);
    }
    if (step->present > 0 || step->missing > 0) {
        json_unsigned(json, "present", step->present);
        json_unsigned(json, "missing", step->missing);
    }
    if (step->facts != NULL) {
        put_facts(json, step->facts);
    }
    if (step->kind == EVENT_LINK_SET) {
        json_bool(json, "up", !step->late);
    }
    if (record->header.kind == COMMAND_TELL_RECORD || record->header.kind == COMMAND_CARRY_RECORD) {
        json_text(json, "told_by", record->header.author);
        if (step->origin[0] != '\0') {
            json_text(json, "origin", step->origin);
            json_number(json, "origin_ms", step->origin_ms);
        }
    }
    if (step->alert != NULL) {
        view_json_alert(json, step);
    }
    if (step->kind == EVENT_UNITS_STATED) {
        put_units(json, step);
    }
    if (!record->redacted && record->record.unknown_events > 0) {
        json_unsigned(json, "unknown_events", record->record.unknown_events);
    }
}

void view_replay_json(const struct view_record *record, const struct view_step *step, size_t index,
                      const struct view *view, const struct suspect *suspects, size_t suspects_n,
                      struct buf *ret)
{
    const struct state *state = view_state(view);
    const struct log_header *header = &record->header;
    bool refused = !record->redacted && record->record.refusal != REFUSED_NOT;
    struct json json = json_begin(ret);
    char text[WHEN_TEXT];

    json_object(&json, NULL);
    json_unsigned(&json, "seq", header->seq);
    json_unsigned(&json, "index", index);
    json_unsigned(&json, "epoch", header->epoch);
    json_text(&json, "bus", when(state, header->bus_ms, text));
    json_number(&json, "bus_ms", header->bus_ms);
    json_number(&json, "utc_ms", header->utc_ms);
    json_number(&json, "occurred_ms", header->occurred_ms);
    json_number(&json, "at_ms", step->at_ms);
    json_text(&json, "author", step->author);
    json_text(&json, "operator", step->operator);
    json_unsigned(&json, "counter", header->counter);
    json_text(&json, "mode", mode_of(step));
    json_text(&json, "command", command_kind_name((enum command_kind)header->kind));
    json_text(&json, "outcome", outcome_of(record));
    json_text(&json, "event", event_of(record, step));
    json_id(&json, "incident", step->incident);
    json_id(&json, "order", step->order);
    json_text(&json, "refusal", refused ? refusal_word(record->record.refusal) : "");
    json_text(&json, "detail", refused ? record->record.detail : "");
    json_hex(&json, "hash", record->hash.b, HASH_BYTES);
    json_object(&json, "data");
    put_data(&json, record, step);
    if (suspects_n > 0) {
        view_suspects_json(view, suspects, suspects_n, "similar", &json);
    }
    json_object_end(&json);
    json_object_end(&json);
    buf_puts(ret, "\n");
}

/* --- CSV -------------------------------------------------------------------------------------- */

static void put_cell(struct buf *ret, const char *text)
{
    if (text[strcspn(text, ",\"\r\n")] == '\0') {
        buf_puts(ret, text);
        return;
    }
    buf_puts(ret, "\"");
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"') {
            buf_puts(ret, "\"");
        }
        buf_append(ret, p, 1);
    }
    buf_puts(ret, "\"");
}

static void put_next(struct buf *ret, const char *text)
{
    buf_puts(ret, ",");
    put_cell(ret, text);
}

static void put_id(struct buf *ret, struct id id)
{
    char text[ID_TEXT];

    put_next(ret, id_is_zero(id) ? "" : id_format(id, text));
}

static void put_words(struct buf *ret, struct words words)
{
    struct buf joined;

    buf_init(&joined, 0);
    for (size_t i = 0; i < words.n; i++) {
        buf_printf(&joined, "%s%s", i > 0 ? " " : "", words.at[i]);
    }
    put_next(ret, buf_text(&joined));
    buf_free(&joined);
}

void view_replay_csv_names(struct buf *ret)
{
    buf_puts(
        ret,
        "seq,index,bus,at,author,operator,counter,mode,command,outcome,event,incident,order,subject,what,"
        "rung,report,number,units,needs,due,present,missing,refusal,text\r\n");
}

void view_replay_csv(const struct view_record *record, const struct view_step *step, size_t index,
                     const struct state *state, struct buf *ret)
{
    const struct log_header *header = &record->header;
    bool refused = !record->redacted && record->record.refusal != REFUSED_NOT;
    char text[WHEN_TEXT];

    buf_printf(ret, "%llu,%zu", (unsigned long long)header->seq, index);
    put_next(ret, when(state, header->bus_ms, text));
    put_next(ret, when(state, step->at_ms, text));
    put_next(ret, step->author);
    put_next(ret, step->operator);
    buf_printf(ret, ",%llu", (unsigned long long)header->counter);
    put_next(ret, mode_of(step));
    put_next(ret, command_kind_name((enum command_kind)header->kind));
    put_next(ret, outcome_of(record));
    put_next(ret, event_of(record, step));
    put_id(ret, step->incident);
    put_id(ret, step->order);
    put_next(ret, step->subject);
    put_next(ret, step->what);
    put_next(ret, step->rung != RUNG_NONE ? rung_name(step->rung) : "");
    put_next(ret, step->report != REPORT_NONE ? report_kind_name(step->report) : "");
    buf_printf(ret, ",%llu", (unsigned long long)step->number);
    put_words(ret, step->words);
    put_words(ret, step->needs);
    put_next(ret, when(state, step->due_ms, text));
    buf_printf(ret, ",%u,%u", step->present, step->missing);
    put_next(ret, refused ? refusal_word(record->record.refusal) : "");
    put_next(ret, refused ? record->record.detail : step->text);
    buf_puts(ret, "\r\n");
}
