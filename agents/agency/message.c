#include "agents/agency/message.h"

#include <string.h>

#include "common/base/when.h"

static json_t *text_of_id(struct id id)
{
    char text[ID_TEXT];

    return id_is_zero(id) ? NULL : json_string(id_format(id, text));
}

static json_t *text_of_time(int64_t ms)
{
    char text[WHEN_TEXT];

    return ms > 0 ? json_string(when_format(ms, 0, text)) : NULL;
}

/* Absent things are left out. */
static void put(json_t *object, const char *key, json_t *value)
{
    if (value) {
        json_object_set_new(object, key, value);
    }
}

static json_t *text_of(const char *text)
{
    return text && text[0] != '\0' ? json_string(text) : NULL;
}

static json_t *list_of(struct words words)
{
    json_t *list = words.n > 0 ? json_array() : NULL;

    for (size_t i = 0; i < words.n; i++) {
        json_array_append_new(list, json_string(words.at[i]));
    }
    return list;
}

static void put_order(json_t *json, const struct delivery *delivery)
{
    const struct order_issued *issued = delivery->event ? &delivery->event->order_issued : NULL;

    if (issued) {
        put(json, "kind", text_of(issued->kind));
        put(json, "issuer", text_of(issued->issuer));
        put(json, "operator", text_of(issued->operator));
        put(json, "needs", list_of(issued->needs));
        put(json, "answer_by", text_of_time(issued->answer_by_ms));
        put(json, "expires_at", text_of_time(issued->expires_at_ms));
        put(json, "reissue_of", text_of_id(issued->reissue_of));
    }
    if (delivery->order_said) {
        put(json, "addressee", text_of(delivery->order_said->addressee));
        put(json, "text", text_of(delivery->order_said->text));
        put(json, "units", list_of(delivery->order_said->units));
    } else if (delivery->evacuation_said) {
        put(json, "text", text_of(delivery->evacuation_said->text));
    }
    if (delivery->resumed) {
        put(json, "resumed", json_true());
        put(json, "said", delivery->rung_said ? json_string(rung_name(delivery->rung_said)) : NULL);
    }
}

static void put_notice(json_t *json, const struct event *event)
{
    put(json, "event", json_string(event_kind_name(event->kind)));
    switch (event->kind) {
    case EVENT_RUNG_REACHED:
    case EVENT_RECEIPT_NOTED:
        put(json, "rung", json_string(rung_name(event->rung.rung)));
        put(json, "agent", text_of(event->rung.agent));
        put(json, "units", list_of(event->rung.units));
        break;
    case EVENT_INFORMATION_REQUESTED:
    case EVENT_INFORMATION_ANSWERED:
    case EVENT_INFORMATION_OVERDUE:
        put(json, "fact", text_of(event->information.fact));
        put(json, "due_at", text_of_time(event->information.due_at_ms));
        break;
    case EVENT_GRADED:
    case EVENT_GRADE_DOUBTED:
        put(json, "grade", json_string(grade_name(event->graded.grade)));
        put(json, "by", text_of(event->graded.by));
        put(json, "rule", text_of(event->graded.rule));
        put(json, "unknown", list_of(event->graded.unknown));
        break;
    case EVENT_LEVEL_SET:
        put(json, "level", json_string(event->level_set.level ? grade_name(event->level_set.level) : "none"));
        put(json, "by", text_of(event->level_set.by));
        put(json, "rule", text_of(event->level_set.rule));
        put(json, "until", text_of_time(event->level_set.until_ms));
        break;
    case EVENT_CLOCK_WARNED:
    case EVENT_CLOCK_OVERDUE:
    case EVENT_CLOCK_STARTED:
    case EVENT_CLOCK_MET:
    case EVENT_CLOCK_STOPPED:
        put(json, "pack", text_of(event->clock.pack));
        put(json, "clock", text_of(event->clock.clock));
        put(json, "title", text_of(event->clock.title));
        put(json, "due_at", text_of_time(event->clock.due_at_ms));
        break;
    case EVENT_REPORT_SENT:
        put(json, "medium", json_string(medium_name(event->report_sent.medium)));
        put(json, "to", json_string(tier_name(event->report_sent.to)));
        break;
    case EVENT_GRADE_EXPECTED:
        put(json, "grade",
            json_string(event->grade_expected.grade ? grade_name(event->grade_expected.grade) : "none"));
        put(json, "by", text_of(event->grade_expected.by));
        break;
    case EVENT_REGION_TOUCHED:
        put(json, "region", text_of(event->region_touched.region));
        break;
    case EVENT_LEVEL_HEARD:
        put(json, "region", text_of(event->level_heard.region));
        put(json, "level",
            json_string(event->level_heard.level ? grade_name(event->level_heard.level) : "none"));
        break;
    case EVENT_REFERRED:
        put(json, "region", text_of(event->referred.region));
        put(json, "rule", text_of(event->referred.rule));
        break;
    case EVENT_POST_SET:
    case EVENT_POST_OFFERED:
    case EVENT_POST_TAKEN:
    case EVENT_POST_KEPT:
        put(json, "lead", text_of(event->post.lead));
        put(json, "commander", text_of(event->post.commander));
        put(json, "term", json_integer(event->post.term));
        break;
    case EVENT_DIVISION_DOUBTED:
        put(json, "division", text_of(event->division_doubted.division));
        break;
    case EVENT_INCIDENT_LINKED:
        put(json, "other", text_of_id(event->linked.other));
        put(json, "link", json_string(event->linked.kind ? link_kind_name(event->linked.kind) : "none"));
        break;
    case EVENT_INCIDENT_MERGED:
    case EVENT_INCIDENT_JOINED:
    case EVENT_INCIDENT_SPLIT:
        put(json, "other", text_of_id(event->merged.other));
        break;
    case EVENT_ORDERS_MOVED:
        put(json, "other", text_of_id(event->moved.other));
        break;
    case EVENT_LEAD_OFFERED:
    case EVENT_LEAD_TAKEN:
    case EVENT_LEAD_DISPUTED:
        put(json, "region", text_of(event->lead.region));
        put(json, "from", text_of(event->lead.from));
        put(json, "term", json_integer(event->lead.term));
        break;
    case EVENT_REISSUE_WANTED:
        put(json, "ability", text_of(event->reissue_wanted.ability));
        put(json, "rule", text_of(event->reissue_wanted.rule));
        break;
    case EVENT_ORDER_REISSUED:
        put(json, "by", text_of_id(event->order_reissued.by));
        put(json, "addressee", text_of(event->order_reissued.addressee));
        put(json, "rule", text_of(event->order_reissued.rule));
        break;
    case EVENT_ABILITY_SHORT:
        put(json, "ability", text_of(event->ability_short.ability));
        put(json, "rule", text_of(event->ability_short.rule));
        break;
    case EVENT_ORDER_UNREACHED:
        put(json, "region", text_of(event->order_unreached.region));
        put(json, "no_way", json_boolean(event->order_unreached.no_way));
        break;
    case EVENT_REGION_UNREACHED:
        put(json, "region", text_of(event->region_unreached.region));
        put(json, "at", text_of(event->region_unreached.at));
        break;
    case EVENT_NOTIFIED:
        put(json, "role", text_of(event->notified.role));
        put(json, "rule", text_of(event->notified.rule));
        if (event->notified.nobody) {
            put(json, "nobody", json_true());
        }
        break;
    default:
        break;
    }
}

static void put_amendment(json_t *json, const struct delivery *delivery)
{
    put(json, "amendment", json_integer(delivery->event->order_amended.amendment));
    put(json, "needs", list_of(delivery->event->order_amended.needs));
    put(json, "answer_by", text_of_time(delivery->event->order_amended.answer_by_ms));
    if (delivery->resumed) {
        put(json, "resumed", json_true());
    }
}

/* To whom a rule gave the order that is withdrawn here; NULL: to nobody. */
static const struct order_reissued *find_reissued(const struct delivery *delivery)
{
    for (size_t i = 0; delivery->record && i < delivery->record->events_n; i++) {
        const struct event *event = &delivery->record->events[i];
        if (event->kind == EVENT_ORDER_REISSUED && id_equal(event->order, delivery->order)) {
            return &event->order_reissued;
        }
    }
    return NULL;
}

static void put_reissued(json_t *json, const struct order_reissued *reissued)
{
    put(json, "reissued_to", text_of(reissued->addressee));
    put(json, "rule", text_of(reissued->rule));
}

static void put_reminder(json_t *json, const struct order_reminded *reminded)
{
    put(json, "answer_by", text_of_time(reminded->answer_by_ms));
    put(json, "step", json_integer(reminded->step));
    put(json, "rule", text_of(reminded->rule));
}

json_t *message_delivery(const struct delivery *delivery)
{
    static const char *const TYPES[] = {
        [DELIVERY_ORDER] = "order",     [DELIVERY_AMENDMENT] = "amendment", [DELIVERY_RECALL] = "recall",
        [DELIVERY_EXPIRED] = "expired", [DELIVERY_NOTICE] = "notice",       [DELIVERY_REMINDER] = "reminder",
    };
    const char *type = TYPES[delivery->kind];
    json_t *json = json_object();

    if (delivery->kind == DELIVERY_ORDER && delivery->evacuation_said) {
        type = "evacuation";
    }
    put(json, "type", json_string(type));
    put(json, "mode", json_string(mode_name(delivery->mode)));
    put(json, "seq", json_integer((json_int_t)delivery->seq));
    put(json, "at", text_of_time(delivery->bus_ms));
    put(json, "incident", text_of_id(delivery->incident));
    put(json, "order", text_of_id(delivery->order));
    if (delivery->kind == DELIVERY_ORDER) {
        put_order(json, delivery);
    } else if (delivery->kind == DELIVERY_AMENDMENT) {
        put_amendment(json, delivery);
    } else if (delivery->kind == DELIVERY_REMINDER) {
        put_reminder(json, &delivery->event->order_reminded);
    } else if (delivery->kind == DELIVERY_RECALL && delivery->event->kind == EVENT_RUNG_REACHED) {
        put(json, "taken_by", json_string(delivery->event->rung.agent));
    } else if (delivery->kind == DELIVERY_RECALL && find_reissued(delivery)) {
        put_reissued(json, find_reissued(delivery));
    } else if (delivery->recall_said) {
        put(json, "reason", text_of(delivery->recall_said->reason));
    } else if (delivery->kind == DELIVERY_NOTICE) {
        put_notice(json, delivery->event);
    }
    return json;
}

json_t *message_reply(uint64_t ref, const struct reply *reply)
{
    static const char *const OUTCOMES[] = {"?", "done", "unchanged", "refused"};
    json_t *json = json_object();

    put(json, "type", json_string("reply"));
    put(json, "ref", json_integer((json_int_t)ref));
    put(json, "outcome", json_string(OUTCOMES[reply->outcome <= OUTCOME_REFUSED ? reply->outcome : 0]));
    put(json, "seq", reply->seq ? json_integer((json_int_t)reply->seq) : NULL);
    if (reply->outcome == OUTCOME_REFUSED) {
        put(json, "refusal", json_string(refusal_word(reply->refusal)));
        put(json, "text",
            text_of(reply->detail && reply->detail[0] ? reply->detail : refusal_text(reply->refusal)));
    }
    return json;
}

json_t *message_recovered(const struct client_recovery *recovery)
{
    json_t *json = json_object();

    put(json, "type", json_string("recovered"));
    put(json, "epoch", json_integer((json_int_t)recovery->now));
    put(json, "lost_epoch", json_integer((json_int_t)recovery->epoch));
    put(json, "after", json_integer((json_int_t)recovery->after_seq));
    put(json, "seen", json_integer((json_int_t)recovery->seen_seq));
    put(json, "at", text_of_time(recovery->at_ms));
    put(json, "reason", text_of(recovery->reason));
    put(json, "again", json_integer((json_int_t)recovery->again));
    return json;
}

json_t *message_receipt(const struct give_receipt *receipt)
{
    json_t *json = json_object();

    put(json, "type", json_string("receipt"));
    put(json, "incident", text_of_id(receipt->incident));
    put(json, "order", text_of_id(receipt->order));
    put(json, "rung", json_string(rung_name(receipt->rung)));
    put(json, "amendment", receipt->amendment ? json_integer(receipt->amendment) : NULL);
    put(json, "units", list_of(receipt->units));
    put(json, "text", text_of(receipt->text));
    if (receipt->has_head_count) {
        put(json, "present", json_integer(receipt->present));
        put(json, "missing", json_integer(receipt->missing));
    }
    return json;
}

json_t *message_error(uint64_t line, const char *text)
{
    json_t *json = json_object();

    put(json, "type", json_string("error"));
    put(json, "line", json_integer((json_int_t)line));
    put(json, "text", json_string(text));
    return json;
}

/* ---- reading ---- */

/* ret untouched when the key is absent. */
static int get_text(const json_t *json, const char *key, const char **ret, struct err *err)
{
    const json_t *value = json_object_get(json, key);

    if (!value || json_is_null(value)) {
        return 0;
    }
    if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value)) {
        return err_set(err, ERR_DATA, "\"%s\" must be a text", key);
    }
    *ret = json_string_value(value);
    return 0;
}

static int get_number(const json_t *json, const char *key, int64_t max, int64_t *ret, bool *ret_there,
                      struct err *err)
{
    const json_t *value = json_object_get(json, key);

    if (ret_there) {
        *ret_there = value != NULL;
    }
    if (!value) {
        return 0;
    }
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > max) {
        return err_set(err, ERR_DATA, "\"%s\" must be a whole number from 0 to %lld", key, (long long)max);
    }
    *ret = json_integer_value(value);
    return 0;
}

static int get_id(const json_t *json, const char *key, bool required, struct id *ret, struct err *err)
{
    const char *text = NULL;
    int rc = get_text(json, key, &text, err);

    if (rc || (!text && !required)) {
        return rc;
    }
    if (!text || id_parse(text, ret)) {
        return err_set(err, ERR_DATA, "\"%s\" must be an id of 26 characters", key);
    }
    return 0;
}

static int get_words(const json_t *json, const char *key, struct arena *arena, struct words *ret,
                     struct err *err)
{
    const json_t *value = json_object_get(json, key);
    const char **at;
    size_t n = json_array_size(value);

    if (!value) {
        return 0;
    }
    if (!json_is_array(value) || n > LIST_MAX) {
        return err_set(err, ERR_DATA, "\"%s\" must be a list of at most %d texts", key, LIST_MAX);
    }
    at = arena_array(arena, const char *, n);
    if (!at) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        at[i] = json_string_value(json_array_get(value, i));
        if (!at[i]) {
            return err_set(err, ERR_DATA, "\"%s\" must be a list of texts", key);
        }
    }
    *ret = (struct words){at, n};
    return 0;
}

static int parse_receipt(const json_t *json, struct arena *arena, struct command *ret, struct err *err)
{
    struct give_receipt *receipt = &ret->give_receipt;
    int64_t amendment = 0, present = 0, missing = 0;
    const char *rung = "";
    bool has_present = false;
    int rc;

    ret->kind = COMMAND_GIVE_RECEIPT;
    receipt->text = "";
    rc = get_id(json, "order", true, &receipt->order, err);
    rc = rc ? rc : get_text(json, "rung", &rung, err);
    rc = rc ? rc : get_text(json, "text", &receipt->text, err);
    rc = rc ? rc : get_number(json, "amendment", UINT32_MAX, &amendment, NULL, err);
    rc = rc ? rc : get_number(json, "present", UINT32_MAX, &present, &has_present, err);
    rc = rc ? rc : get_number(json, "missing", UINT32_MAX, &missing, NULL, err);
    rc = rc ? rc : get_words(json, "units", arena, &receipt->units, err);
    if (rc) {
        return rc;
    }
    receipt->rung = amendment > 0 && rung[0] == '\0' ? RUNG_ACKNOWLEDGED : rung_parse(rung);
    receipt->amendment = (uint32_t)amendment;
    receipt->has_head_count = has_present;
    receipt->present = (uint32_t)present;
    receipt->missing = (uint32_t)missing;
    if (receipt->rung < RUNG_ACKNOWLEDGED || receipt->rung > RUNG_DECLINED) {
        return err_set(err, ERR_DATA,
                       "\"rung\" must be acknowledged, accepted, en-route, on-scene, completed or declined");
    }
    return 0;
}

static int parse_unit(const json_t *json, struct arena *arena, struct unit *unit, struct err *err)
{
    const char *status = unit_status_name(UNIT_FREE), *kind = unit_kind_name(UNIT_KIND_UNIT);
    int64_t crew = 0;
    int rc;

    unit->id = "";
    unit->type = "";
    unit->team = "";
    rc = get_text(json, "id", &unit->id, err);
    rc = rc ? rc : get_text(json, "type", &unit->type, err);
    rc = rc ? rc : get_text(json, "status", &status, err);
    rc = rc ? rc : get_text(json, "kind", &kind, err);
    rc = rc ? rc : get_text(json, "team", &unit->team, err);
    rc = rc ? rc : get_words(json, "abilities", arena, &unit->abilities, err);
    rc = rc ? rc : get_words(json, "equipment", arena, &unit->equipment, err);
    rc = rc ? rc : get_number(json, "crew", 100000, &crew, NULL, err);
    if (rc) {
        return rc;
    }
    unit->crew = (uint32_t)crew;
    unit->status = unit_status_parse(status);
    if (unit->id[0] == '\0') {
        return err_set(err, ERR_DATA, "a unit without an \"id\"");
    }
    if (!unit_kind_parse(kind, &unit->kind)) {
        return err_set(err, ERR_DATA, "\"kind\" of a unit must be unit or team");
    }
    return unit->status ? 0 : err_set(err, ERR_DATA, "\"status\" must be free, assigned or out-of-service");
}

static int parse_units(const json_t *json, struct arena *arena, struct command *ret, struct err *err)
{
    const json_t *list = json_object_get(json, "units");
    size_t n = json_array_size(list);
    struct unit *units = arena_array(arena, struct unit, n);
    int rc = 0;

    if (!json_is_array(list) || n == 0 || n > UNITS_PER_COMMAND_MAX) {
        return err_set(err, ERR_DATA, "\"units\" must be a list of 1 to %d units", UNITS_PER_COMMAND_MAX);
    }
    if (!units) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < n && !rc; i++) {
        rc = parse_unit(json_array_get(list, i), arena, &units[i], err);
    }
    ret->kind = COMMAND_STATE_UNITS;
    ret->state_units = (struct state_units){units, n};
    return rc;
}

static int parse_position(const json_t *json, struct position *ret, struct err *err)
{
    const json_t *latitude = json_object_get(json, "latitude"),
                 *longitude = json_object_get(json, "longitude");
    const char *datum = "";
    double lat, lon;
    int rc = get_text(json, "datum", &datum, err);

    if (rc) {
        return rc;
    }
    ret->datum = datum_parse(datum);
    if (ret->datum == DATUM_NONE) {
        return err_set(err, ERR_DATA, "a position must name its \"datum\": wgs84, cgcs2000, gcj02 or bd09");
    }
    lat = json_is_number(latitude) ? json_number_value(latitude) : 1e9;
    lon = json_is_number(longitude) ? json_number_value(longitude) : 1e9;
    if (lat < -90 || lat > 90 || lon < -180 || lon > 180) {
        return err_set(err, ERR_DATA, "a position must have \"latitude\" and \"longitude\" in degrees");
    }
    ret->latitude_e7 = (int32_t)(lat * 1e7 + (lat < 0 ? -0.5 : 0.5));
    ret->longitude_e7 = (int32_t)(lon * 1e7 + (lon < 0 ? -0.5 : 0.5));
    return 0;
}

static int parse_casualties(const json_t *json, struct casualties *ret, struct err *err)
{
    const int64_t max = 1000000000;
    int rc = get_number(json, "dead", max, &ret->dead, NULL, err);

    rc = rc ? rc : get_number(json, "missing", max, &ret->missing, NULL, err);
    rc = rc ? rc : get_number(json, "serious", max, &ret->serious, NULL, err);
    rc = rc ? rc : get_number(json, "minor", max, &ret->minor, NULL, err);
    return rc ? rc : get_number(json, "trapped", max, &ret->trapped, NULL, err);
}

static int parse_facts(const json_t *json, struct facts *ret, struct err *err)
{
    const struct {
        const char *key;
        const char **at;
    } texts[] = {
        {"kind", &ret->kind},           {"place", &ret->place},   {"unit", &ret->unit},
        {"substance", &ret->substance}, {"course", &ret->course}, {"measures", &ret->measures},
        {"caller", &ret->caller},       {"title", &ret->title},   {"division", &ret->division},
    };
    const json_t *position = json_object_get(json, "position"),
                 *casualties = json_object_get(json, "casualties");
    const char *time = NULL;
    int rc = 0;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && !rc; i++) {
        rc = get_text(json, texts[i].key, texts[i].at, err);
    }
    rc = rc ? rc : get_number(json, "loss_cny", INT64_MAX, &ret->loss_cny, NULL, err);
    rc = rc || !position ? rc : parse_position(position, &ret->position, err);
    rc = rc || !casualties ? rc : parse_casualties(casualties, &ret->casualties, err);
    rc = rc ? rc : get_text(json, "occurred_at", &time, err);
    if (!rc && time && when_parse(time, &ret->occurred_at_ms)) {
        rc = err_set(err, ERR_DATA, "\"occurred_at\" must be a time like 2026-11-22T03:00:00+08:00");
    }
    return rc;
}

static int parse_report(const json_t *json, struct id new_incident, struct command *ret, struct err *err)
{
    struct file_report *report = &ret->file_report;
    const char *kind = "initial";
    int rc;

    ret->kind = COMMAND_FILE_REPORT;
    report->text = "";
    report->signed_off_by = "";
    report->facts = facts_none();
    rc = get_text(json, "kind", &kind, err);
    rc = rc ? rc : get_text(json, "text", &report->text, err);
    rc = rc ? rc : get_text(json, "signed_off_by", &report->signed_off_by, err);
    for (int i = REPORT_INITIAL; i <= REPORT_FINAL; i++) {
        if (strcmp(kind, report_kind_name((enum report_kind)i)) == 0) {
            report->kind = (enum report_kind)i;
        }
    }
    if (!rc && report->kind == REPORT_NONE) {
        rc = err_set(err, ERR_DATA, "\"kind\" must be initial, follow-up or final");
    }
    report->incident = new_incident;
    rc = rc ? rc : get_id(json, "incident", report->kind != REPORT_INITIAL, &report->incident, err);
    return rc ? rc : parse_facts(json_object_get(json, "facts"), &report->facts, err);
}

int message_parse(const json_t *json, struct id new_incident, struct arena *arena, struct asked *ret,
                  struct err *err)
{
    struct asked asked = {.command = {.operator= "" } };
    const char *type = "";
    int64_t ref = 0;
    int rc;

    if (!json_is_object(json)) {
        return err_set(err, ERR_DATA, "a line must be one JSON object");
    }
    rc = get_text(json, "type", &type, err);
    rc = rc ? rc : get_number(json, "ref", INT64_MAX, &ref, &asked.has_ref, err);
    if (rc) {
        return rc;
    }
    asked.ref = (uint64_t)ref;
    if (strcmp(type, "receipt") == 0) {
        asked.kind = ASKED_RECEIPT;
        rc = parse_receipt(json, arena, &asked.command, err);
    } else if (strcmp(type, "units") == 0) {
        asked.kind = ASKED_UNITS;
        rc = parse_units(json, arena, &asked.command, err);
    } else if (strcmp(type, "report") == 0) {
        asked.kind = ASKED_REPORT;
        rc = parse_report(json, new_incident, &asked.command, err);
    } else if (strcmp(type, "telemetry") == 0) {
        asked.kind = ASKED_TELEMETRY;
        rc = message_parse_samples(json, arena, &asked.samples, &asked.samples_n, err);
    } else {
        rc = err_set(err, ERR_DATA, "\"type\" must be receipt, units, report or telemetry");
    }
    if (!rc) {
        *ret = asked;
    }
    return rc;
}
