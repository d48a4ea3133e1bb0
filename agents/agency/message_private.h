/* What message*.c share: JSON of what is there. */
#ifndef MUSTER_AGENTS_AGENCY_MESSAGE_PRIVATE_H
#define MUSTER_AGENTS_AGENCY_MESSAGE_PRIVATE_H

#include <jansson.h>

#include "common/base/when.h"
#include "common/core/event.h"

static inline json_t *text_of_id(struct id id)
{
    char text[ID_TEXT];

    return id_is_zero(id) ? NULL : json_string(id_format(id, text));
}

static inline json_t *text_of_time(int64_t ms)
{
    char text[WHEN_TEXT];

    return ms > 0 ? json_string(when_format(ms, 0, text)) : NULL;
}

/* Absent things are left out. */
static inline void put(json_t *object, const char *key, json_t *value)
{
    if (value) {
        json_object_set_new(object, key, value);
    }
}

static inline json_t *text_of(const char *text)
{
    return text && text[0] != '\0' ? json_string(text) : NULL;
}

static inline json_t *list_of(struct words words)
{
    json_t *list = words.n > 0 ? json_array() : NULL;

    for (size_t i = 0; i < words.n; i++) {
        json_array_append_new(list, json_string(words.at[i]));
    }
    return list;
}

/* message_notice.c: what the event of a notice says. */
void message_put_notice(json_t *json, const struct event *event);

#endif
