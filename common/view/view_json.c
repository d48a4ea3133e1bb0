#include "common/view/view_json.h"

#include <string.h>

#include "common/base/text.h"

struct json json_begin(struct buf *out)
{
    return (struct json){.out = out};
}

/* Bytes that are not UTF-8 become U+FFFD, for a reader would refuse the whole line. */
static void put_string(struct buf *out, const char *text)
{
    size_t n = strlen(text);

    buf_u8(out, '"');
    while (n > 0) {
        uint32_t point;
        size_t used = text_decode(text, n, &point);
        if (used == 0) {
            buf_puts(out, "\xef\xbf\xbd");
            used = 1;
        } else if (point == '"' || point == '\\') {
            buf_printf(out, "\\%c", (char)point);
        } else if (point == '\n') {
            buf_puts(out, "\\n");
        } else if (point < 0x20 || point == 0x7f || point == 0x2028 || point == 0x2029) {
            buf_printf(out, "\\u%04x", (unsigned)point);
        } else {
            buf_append(out, text, used);
        }
        text += used;
        n -= used;
    }
    buf_u8(out, '"');
}

static void put_key(struct json *json, const char *key)
{
    if (json->comma) {
        buf_u8(json->out, ',');
    }
    json->comma = true;
    if (key != NULL) {
        put_string(json->out, key);
        buf_u8(json->out, ':');
    }
}

void json_object(struct json *json, const char *key)
{
    put_key(json, key);
    buf_u8(json->out, '{');
    json->comma = false;
}

void json_object_end(struct json *json)
{
    buf_u8(json->out, '}');
    json->comma = true;
}

void json_array(struct json *json, const char *key)
{
    put_key(json, key);
    buf_u8(json->out, '[');
    json->comma = false;
}

void json_array_end(struct json *json)
{
    buf_u8(json->out, ']');
    json->comma = true;
}

void json_text(struct json *json, const char *key, const char *text)
{
    put_key(json, key);
    put_string(json->out, text);
}

void json_number(struct json *json, const char *key, int64_t number)
{
    put_key(json, key);
    buf_printf(json->out, "%lld", (long long)number);
}

void json_unsigned(struct json *json, const char *key, uint64_t number)
{
    put_key(json, key);
    buf_printf(json->out, "%llu", (unsigned long long)number);
}

void json_null(struct json *json, const char *key)
{
    put_key(json, key);
    buf_puts(json->out, "null");
}

void json_bool(struct json *json, const char *key, bool value)
{
    put_key(json, key);
    buf_puts(json->out, value ? "true" : "false");
}

void json_share(struct json *json, const char *key, uint64_t part, uint64_t whole)
{
    put_key(json, key);
    uint64_t thousandths = whole == 0 ? 0 : (part * 1000 + whole / 2) / whole;
    buf_printf(json->out, "%llu.%03llu", (unsigned long long)(thousandths / 1000),
               (unsigned long long)(thousandths % 1000));
}

void json_words(struct json *json, const char *key, struct words words)
{
    json_array(json, key);
    for (size_t i = 0; i < words.n; i++) {
        json_text(json, NULL, words.at[i]);
    }
    json_array_end(json);
}

void json_id(struct json *json, const char *key, struct id id)
{
    char text[ID_TEXT];

    json_text(json, key, id_is_zero(id) ? "" : id_format(id, text));
}

void json_hex(struct json *json, const char *key, const void *p, size_t n)
{
    const uint8_t *bytes = p;

    put_key(json, key);
    buf_u8(json->out, '"');
    for (size_t i = 0; i < n; i++) {
        buf_printf(json->out, "%02x", bytes[i]);
    }
    buf_u8(json->out, '"');
}
