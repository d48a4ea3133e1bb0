/* Rules of alerts: what another system warns of is kept as it was said. What is there already changes
 * nothing; what says something else under the same name is kept beside it. */
#include <stdlib.h>
#include <string.h>

#include "common/core/decide_private.h"

/* --- well-formed ----------------------------------------------------------------------------------- */

static bool has_content(const struct record_alert *command)
{
    static const uint8_t none[ALERT_CONTENT_BYTES];

    return memcmp(command->content, none, sizeof none) != 0;
}

/* CAP 1.2, 3.2.1: what updates, cancels, acknowledges or rejects names what. An index does not hold it. */
static bool lacks_references(const struct record_alert *command)
{
    return command->source == ALERT_SOURCE_CAP && command->type != ALERT_TYPE_ALERT &&
           command->references_n == 0;
}

static bool is_in_bounds(const struct record_alert *command)
{
    bool fits = command->references_n <= ALERT_REFERENCES_MAX && command->infos_n <= ALERT_INFOS_MAX;

    for (size_t i = 0; fits && i < command->infos_n; i++) {
        const struct alert_info *info = &command->infos[i];
        fits = info->areas_n <= ALERT_AREAS_MAX;
        for (size_t j = 0; fits && j < info->areas_n; j++) {
            fits = info->areas[j].geocodes_n <= ALERT_GEOCODES_MAX;
        }
    }
    return fits;
}

static bool lacks_degrees(const struct alert_info *info)
{
    return info->urgency == ALERT_URGENCY_NONE || info->certainty == ALERT_CERTAINTY_NONE ||
           (info->severity == ALERT_SEVERITY_NONE && info->colour == ALERT_COLOUR_NONE);
}

static void check_infos(struct deciding *d, const struct record_alert *command)
{
    for (size_t i = 0; i < command->infos_n; i++) {
        const struct alert_info *info = &command->infos[i];
        if (info->event[0] == '\0' || (command->source == ALERT_SOURCE_CAP && lacks_degrees(info)) ||
            info->effective_ms < 0 || info->onset_ms < 0 || info->expires_ms < 0) {
            decide_refuse(d, REFUSED_INVALID,
                          "infos[%zu] names its event, urgency, certainty, and severity or colour", i);
            return;
        }
    }
}

static bool alert_is_formed(struct deciding *d, const struct record_alert *command)
{
    if (id_is_zero(command->alert) || command->sender[0] == '\0' || command->identifier[0] == '\0' ||
        command->sent_ms <= 0 || command->source == ALERT_SOURCE_NONE || command->type == ALERT_TYPE_NONE ||
        !has_content(command)) {
        decide_refuse(d, REFUSED_INVALID,
                      "an alert names its source, sender, identifier, time, type and content");
    } else if (alert_mode(command->status) != d->command->mode) {
        decide_refuse(d, REFUSED_INVALID, "an alert of status %s in a command that is %s",
                      alert_word(ALERT_STATUSES, (int)command->status), mode_name(d->command->mode));
    } else if (command->source == ALERT_SOURCE_CAP && command->scope == ALERT_SCOPE_NONE) {
        decide_refuse(d, REFUSED_INVALID, "an alert names its scope");
    } else if (lacks_references(command)) {
        decide_refuse(d, REFUSED_INVALID, "an alert of type %s names what it refers to",
                      alert_word(ALERT_TYPES, (int)command->type));
    } else if (!is_in_bounds(command)) {
        decide_refuse(d, REFUSED_TOO_MANY, "references: %d, infos: %d, areas of one: %d, geocodes of one: %d",
                      ALERT_REFERENCES_MAX, ALERT_INFOS_MAX, ALERT_AREAS_MAX, ALERT_GEOCODES_MAX);
    } else {
        check_infos(d, command);
    }
    return d->refusal == REFUSED_NOT;
}

/* Whether the alert that is there can be the one that is told of, or the command is refused. */
static bool alert_agrees(struct deciding *d, const struct alert *there, const struct record_alert *command)
{
    char text[ID_TEXT];

    (void)id_format(there->id, text);
    if (there->source != command->source || strcmp(there->sender, command->sender) != 0 ||
        strcmp(there->identifier, command->identifier) != 0 || there->sent_ms != command->sent_ms) {
        decide_refuse(d, REFUSED_CONFLICT, "alert %s is %s of %s", text, there->identifier, there->sender);
    } else if (there->mode != d->command->mode) {
        decide_refuse(d, REFUSED_MODE, "alert %s is %s, the command %s", text, mode_name(there->mode),
                      mode_name(d->command->mode));
    }
    return d->refusal == REFUSED_NOT;
}

/* --- what state needs ------------------------------------------------------------------------------ */

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t count_geocodes(const struct record_alert *command)
{
    size_t n = 0;

    for (size_t i = 0; i < command->infos_n; i++) {
        for (size_t j = 0; j < command->infos[i].areas_n; j++) {
            n += command->infos[i].areas[j].geocodes_n;
        }
    }
    return n;
}

static size_t put_geocodes(struct deciding *d, const struct alert_info *info, const char **ret)
{
    size_t n = 0;

    for (size_t j = 0; j < info->areas_n; j++) {
        for (size_t k = 0; k < info->areas[j].geocodes_n; k++) {
            const struct alert_code *code = &info->areas[j].geocodes[k];
            ret[n] = arena_printf(d->arena, "%s=%s", code->name, code->value);
            if (ret[n] == NULL) {
                d->no_memory = true;
                return 0;
            }
            n++;
        }
    }
    return n;
}

/* Infos in two languages name the same places. */
static struct words all_geocodes(struct deciding *d, const struct record_alert *command)
{
    struct words none = {NULL, 0};
    size_t all = count_geocodes(command), n = 0, once = 0;
    const char **at = all > 0 ? arena_array(d->arena, const char *, all) : NULL;

    if (at == NULL) {
        d->no_memory = d->no_memory || all > 0;
        return none;
    }
    for (size_t i = 0; i < command->infos_n; i++) {
        n += put_geocodes(d, &command->infos[i], at + n);
    }
    if (d->no_memory) {
        return none;
    }
    qsort(at, n, sizeof *at, compare_words);
    for (size_t i = 0; i < n; i++) {
        if (once == 0 || strcmp(at[once - 1], at[i]) != 0) {
            at[once++] = at[i];
        }
    }
    return (struct words){at, once};
}

static const struct id *all_references(struct deciding *d, const struct record_alert *command)
{
    struct id *at =
        command->references_n > 0 ? arena_array(d->arena, struct id, command->references_n) : NULL;

    for (size_t i = 0; at != NULL && i < command->references_n; i++) {
        at[i] = command->references[i].alert;
    }
    d->no_memory = d->no_memory || (at == NULL && command->references_n > 0);
    return at;
}

/* 0 is not said: then the other. */
static unsigned graver(unsigned a, unsigned b)
{
    if (a == 0 || b == 0) {
        return a + b;
    }
    return a < b ? a : b;
}

static struct alert_recorded recorded(struct deciding *d, const struct record_alert *command)
{
    struct alert_recorded ret = {.alert = command->alert,
                                 .mode = d->command->mode,
                                 .source = command->source,
                                 .sender = command->sender,
                                 .identifier = command->identifier,
                                 .sent_ms = command->sent_ms,
                                 .type = command->type,
                                 .geocodes = all_geocodes(d, command),
                                 .references = all_references(d, command),
                                 .references_n = command->references_n};

    memcpy(ret.content, command->content, sizeof ret.content);
    for (size_t i = 0; i < command->infos_n; i++) {
        const struct alert_info *info = &command->infos[i];
        ret.urgency = (enum alert_urgency)graver(ret.urgency, info->urgency);
        ret.severity = (enum alert_severity)graver(ret.severity, info->severity);
        ret.certainty = (enum alert_certainty)graver(ret.certainty, info->certainty);
        ret.colour = (enum alert_colour)graver(ret.colour, info->colour);
        ret.expires_ms = info->expires_ms > ret.expires_ms ? info->expires_ms : ret.expires_ms;
    }
    return ret;
}

void decide_record_alert(struct deciding *d, const struct record_alert *command)
{
    const struct alert *there = state_alert(d->state, command->alert);

    if (!alert_is_formed(d, command) || !decide_needs_right(d, "alert", NULL) ||
        (there != NULL && !alert_agrees(d, there, command)) ||
        (there != NULL && alert_has_content(there, command->content))) {
        return;
    }
    struct alert_recorded event = recorded(d, command);
    if (event.geocodes.n > ALERT_GEOCODES_MAX) {
        decide_refuse(d, REFUSED_TOO_MANY, "geocodes: %d an alert", ALERT_GEOCODES_MAX);
        return;
    }
    if (there != NULL && there->contents_n >= ALERT_CONTENTS_MAX) {
        decide_refuse(d, REFUSED_TOO_MANY, "contents of one alert: %d", ALERT_CONTENTS_MAX);
        return;
    }
    event.number = there != NULL ? (uint32_t)there->contents_n + 1 : 1;
    struct event *emitted = decide_emit(d, EVENT_ALERT_RECORDED);
    emitted->at_ms = d->env->now_ms;
    emitted->alert_recorded = event;
    decide_warn(d, command);
}
