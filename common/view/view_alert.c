#include "common/view/view_alert.h"

#include <string.h>

/* Both languages take the same arguments in the same order. */
#define SAY(ret, voice, en, cn, ...) buf_printf((ret), (voice)->zh ? (cn) : (en), __VA_ARGS__)

/* CAP 1.2, 3.2.2: an info without a language is in en-US. */
static bool is_in(const struct alert_info *info, const char *language)
{
    const char *own = info->language[0] != '\0' ? info->language : "en-US";
    size_t n = strlen(language);

    return strncmp(own, language, n) == 0 && (own[n] == '\0' || own[n] == '-');
}

const struct alert_info *view_alert_info(const struct record_alert *alert, bool zh)
{
    for (size_t i = 0; i < alert->infos_n; i++) {
        if (is_in(&alert->infos[i], zh ? "zh" : "en")) {
            return &alert->infos[i];
        }
    }
    return alert->infos_n > 0 ? &alert->infos[0] : NULL;
}

static const char *word(const struct view_voice *voice, enum alert_list list, unsigned value)
{
    return voice->zh ? alert_word_zh(list, (int)value) : alert_word(list, (int)value);
}

static void say_degree(const struct view_voice *voice, const struct alert_recorded *alert, struct buf *ret)
{
    if (alert->colour != ALERT_COLOUR_NONE) {
        SAY(ret, voice, ", %s", "，%s", word(voice, ALERT_COLOURS, alert->colour));
    }
    if (alert->severity != ALERT_SEVERITY_NONE) {
        SAY(ret, voice, ", severity %s", "，严重程度%s", word(voice, ALERT_SEVERITIES, alert->severity));
    }
    if (alert->urgency != ALERT_URGENCY_NONE) {
        SAY(ret, voice, ", urgency %s", "，紧急程度%s", word(voice, ALERT_URGENCIES, alert->urgency));
    }
    if (alert->certainty != ALERT_CERTAINTY_NONE) {
        SAY(ret, voice, ", certainty %s", "，确定性%s", word(voice, ALERT_CERTAINTIES, alert->certainty));
    }
}

void view_say_alert(const struct state *state, const struct view_voice *voice, const struct view_step *step,
                    struct buf *ret)
{
    const struct alert_recorded *alert = step->alert;
    const struct alert_info *info =
        step->alert_said != NULL ? view_alert_info(step->alert_said, voice->zh) : NULL;
    char id[VIEW_SHORT_ID], clock[VIEW_TIME];

    SAY(ret, voice, "alert %s of %s (%s)", "预警 %s，发布方 %s（%s）", view_short_id(alert->alert, id),
        alert->sender, word(voice, ALERT_TYPES, alert->type));
    if (alert->source == ALERT_SOURCE_ATOM) {
        buf_puts(ret, voice->zh ? "，仅目录" : ", as a feed lists it");
    }
    if (info != NULL) {
        SAY(ret, voice, ": %s", "：%s", info->event);
    }
    say_degree(voice, alert, ret);
    if (alert->expires_ms != 0) {
        SAY(ret, voice, ", until %s", "，有效至 %s", view_time(state, alert->expires_ms, clock));
    }
    if (info != NULL && info->headline[0] != '\0') {
        SAY(ret, voice, " \"%s\"", "“%s”", info->headline);
    }
    if (alert->number > 1) {
        SAY(ret, voice, "; DISPUTED: content %u under this identifier (%s)",
            "；存在争议：同一编号的第 %u 个内容（%s）", alert->number, alert->identifier);
    }
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void put_word(struct json *json, const char *key, enum alert_list list, unsigned value)
{
    if (value != 0) {
        json_text(json, key, alert_word(list, (int)value));
    }
}

static void put_ids(struct json *json, const char *key, const struct id *ids, size_t n)
{
    json_array(json, key);
    for (size_t i = 0; i < n; i++) {
        json_id(json, NULL, ids[i]);
    }
    json_array_end(json);
}

static void put_areas(struct json *json, const struct alert_info *info)
{
    json_array(json, "areas");
    for (size_t i = 0; i < info->areas_n; i++) {
        const struct alert_area *area = &info->areas[i];
        json_object(json, NULL);
        json_text(json, "description", area->description);
        json_words(json, "polygons", area->polygons);
        json_array(json, "circles");
        for (size_t j = 0; j < area->circles_n; j++) {
            json_object(json, NULL);
            json_number(json, "latitude_e7", area->circles[j].latitude_e7);
            json_number(json, "longitude_e7", area->circles[j].longitude_e7);
            json_unsigned(json, "radius_m", area->circles[j].radius_m);
            json_object_end(json);
        }
        json_array_end(json);
        json_object_end(json);
    }
    json_array_end(json);
}

static void put_info(struct json *json, const struct alert_info *info)
{
    json_object(json, NULL);
    json_text(json, "language", info->language);
    json_words(json, "categories", info->categories);
    json_text(json, "event", info->event);
    json_words(json, "responses", info->responses);
    put_word(json, "urgency", ALERT_URGENCIES, info->urgency);
    put_word(json, "severity", ALERT_SEVERITIES, info->severity);
    put_word(json, "certainty", ALERT_CERTAINTIES, info->certainty);
    put_word(json, "colour", ALERT_COLOURS, info->colour);
    json_number(json, "effective_ms", info->effective_ms);
    json_number(json, "onset_ms", info->onset_ms);
    json_number(json, "expires_ms", info->expires_ms);
    json_text(json, "sender_name", info->sender_name);
    json_text(json, "headline", info->headline);
    json_text(json, "description", info->description);
    json_text(json, "instruction", info->instruction);
    json_text(json, "web", info->web);
    json_text(json, "contact", info->contact);
    put_areas(json, info);
    json_object_end(json);
}

void view_json_alert(struct json *json, const struct view_step *step)
{
    const struct alert_recorded *alert = step->alert;

    json_object(json, "alert");
    json_id(json, "id", alert->alert);
    put_word(json, "source", ALERT_SOURCES, alert->source);
    json_text(json, "sender", alert->sender);
    json_text(json, "identifier", alert->identifier);
    json_number(json, "sent_ms", alert->sent_ms);
    put_word(json, "type", ALERT_TYPES, alert->type);
    put_word(json, "urgency", ALERT_URGENCIES, alert->urgency);
    put_word(json, "severity", ALERT_SEVERITIES, alert->severity);
    put_word(json, "certainty", ALERT_CERTAINTIES, alert->certainty);
    put_word(json, "colour", ALERT_COLOURS, alert->colour);
    json_words(json, "geocodes", alert->geocodes);
    put_ids(json, "references", alert->references, alert->references_n);
    json_hex(json, "content", alert->content, sizeof alert->content);
    json_bool(json, "disputed", alert->number > 1);
    if (step->alert_said != NULL) {
        put_word(json, "status", ALERT_STATUSES, step->alert_said->status);
        put_word(json, "scope", ALERT_SCOPES, step->alert_said->scope);
        json_array(json, "infos");
        for (size_t i = 0; i < step->alert_said->infos_n; i++) {
            put_info(json, &step->alert_said->infos[i]);
        }
        json_array_end(json);
    }
    json_object_end(json);
}
