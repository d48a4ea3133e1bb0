#include "common/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"

/* Escaping never shortens, so a raw text that was cut here is cut again, between two characters, when
 * it is escaped into err.text. */
enum { RAW_MAX = sizeof(((struct err *)0)->text) + 8 };

static size_t raw_length(int printed, size_t size)
{
    if (printed < 0)
        return 0;
    return (size_t)printed < size ? (size_t)printed : size - 1;
}

int err_set(struct err *err, int code, const char *format, ...)
{
    char raw[RAW_MAX];
    va_list args;
    int printed;

    if (!err)
        return code;
    va_start(args, format);
    printed = vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    err->code = code;
    text_escape_into(err->text, sizeof err->text, raw, raw_length(printed, sizeof raw));
    return code;
}

int err_prefix(struct err *err, const char *format, ...)
{
    char raw[RAW_MAX];
    char old[sizeof err->text];
    va_list args;
    int printed;
    size_t n;

    if (!err)
        return ERR_SOFTWARE;
    va_start(args, format);
    printed = vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    memcpy(old, err->text, sizeof old);
    n = text_escape_into(err->text, sizeof err->text, raw, raw_length(printed, sizeof raw));
    n += text_escape_into(err->text + n, sizeof err->text - n, ": ", 2);
    text_escape_into(err->text + n, sizeof err->text - n, old, strnlen(old, sizeof old));
    return err->code;
}

const char *err_string(int code)
{
    switch (code) {
    case ERR_NONE:
        return "no error";
#define ERR_CASE(name, value, exit_code, text) \
    case name:                                 \
        return text;
        ERR_LIST(ERR_CASE)
#undef ERR_CASE
    default:
        return "unknown error";
    }
}

int err_exit_code(int code)
{
    switch (code) {
    case ERR_NONE:
        return 0;
#define ERR_CASE(name, value, exit_code, text) \
    case name:                                 \
        return exit_code;
        ERR_LIST(ERR_CASE)
#undef ERR_CASE
    default:
        return err_exit_code(ERR_SOFTWARE);
    }
}
