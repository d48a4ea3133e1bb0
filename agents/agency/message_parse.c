/* A line of the other side, read. */
#include <string.h>

#include "agents/agency/message.h"
#include "common/base/when.h"

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
