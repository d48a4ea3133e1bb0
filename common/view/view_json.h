/* Writes JSON into a buf: small, in the order given, with every text valid UTF-8. */
#ifndef MUSTER_COMMON_VIEW_VIEW_JSON_H
#define MUSTER_COMMON_VIEW_VIEW_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/core/words.h"

struct json {
    struct buf *out;
    bool comma; /* something stands before at this level */
};

struct json json_begin(struct buf *out);
/* key is NULL within an array and for the outermost. */
void json_object(struct json *json, const char *key);
void json_object_end(struct json *json);
void json_array(struct json *json, const char *key);
void json_array_end(struct json *json);
void json_text(struct json *json, const char *key, const char *text);
void json_number(struct json *json, const char *key, int64_t number);
void json_unsigned(struct json *json, const char *key, uint64_t number);
void json_null(struct json *json, const char *key);
void json_bool(struct json *json, const char *key, bool value);
/* With three digits after the point. */
void json_share(struct json *json, const char *key, uint64_t part, uint64_t whole);
void json_words(struct json *json, const char *key, struct words words);
void json_id(struct json *json, const char *key, struct id id); /* "" for zero */
void json_hex(struct json *json, const char *key, const void *p, size_t n);

#endif
