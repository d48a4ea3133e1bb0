#include "common/rules/constant.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool has_text(const struct constants *constants, const char *text)
{
    for (size_t i = 0; i < constants->texts_n; i++) {
        if (strcmp(constants->texts[i], text) == 0) {
            return true;
        }
    }
    return false;
}

/* From behind the opening quote; returns behind the closing one. */
static const char *take_text(struct constants *ret, const char *p)
{
    char *to = ret->texts[ret->texts_n < CONSTANTS_MAX ? ret->texts_n : 0];
    bool fits = ret->texts_n < CONSTANTS_MAX;
    size_t n = 0;

    for (; *p != '\0' && (*p != '\'' || p[1] == '\''); p++) {
        p += *p == '\'';
        fits = fits && n < CONSTANT_BYTES_MAX;
        if (fits) {
            to[n++] = *p;
        }
    }
    if (fits) {
        to[n] = '\0';
        ret->texts_n += !has_text(ret, to);
    }
    ret->all = ret->all && fits;
    return *p != '\0' ? p + 1 : p;
}

static const char *take_number(struct constants *ret, const char *p)
{
    char *end;
    double number = strtod(p, &end);

    if (ret->numbers_n > 0 && ret->numbers[ret->numbers_n - 1] == number) {
        return end > p ? end : p + 1; /* again and again the same */
    }
    if (ret->numbers_n < CONSTANTS_MAX) {
        ret->numbers[ret->numbers_n++] = number;
    } else {
        ret->all = false;
    }
    return end > p ? end : p + 1;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* What may stand before a parenthesis without being called, or gives what it is called with as it stands; and
 * what compares texts by a pattern. */
static const char *take_word(struct constants *ret, const char *p)
{
    static const char *const keywords[] = {"and",  "or",   "not",  "in",       "is",     "when",
                                           "then", "else", "case", "coalesce", "ifnull", "iif"};
    const char *end = p;

    while (is_word(*end) || is_digit(*end)) {
        end++;
    }
    size_t n = (size_t)(end - p);
    bool is_keyword = false;
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        is_keyword = is_keyword || (strlen(keywords[i]) == n && strncasecmp(keywords[i], p, n) == 0);
    }
    const char *next = end + strspn(end, " \t\n");
    bool is_pattern = n == 4 && (strncasecmp(p, "like", n) == 0 || strncasecmp(p, "glob", n) == 0);
    ret->plain = ret->plain && !is_pattern && (is_keyword || *next != '(');
    return end;
}

void constants_init(struct constants *constants)
{
    *constants = (struct constants){.all = true, .plain = true};
}

void constants_add(struct constants *ret, const char *text)
{
    for (const char *p = text; *p != '\0';) {
        if (*p == '\'') {
            p = take_text(ret, p + 1);
        } else if (is_digit(*p)) {
            p = take_number(ret, p);
        } else if (is_word(*p)) {
            p = take_word(ret, p);
        } else {
            ret->plain = ret->plain && strchr("*/%+|&~", *p) == NULL;
            if (*p == '-') { /* a sign, before a number; each is tried with both */
                ret->plain = ret->plain && is_digit(p[1]);
            }
            p++;
        }
    }
}
