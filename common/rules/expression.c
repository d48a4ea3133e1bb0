#include "common/rules/expression.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/core/rule.h"

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_NUMBER, TOKEN_TEXT, TOKEN_COMPARES, TOKEN_OTHER };

struct token {
    enum token_kind kind;
    const char *at;
    size_t n;
    bool is_closed; /* of what stands in quotes */
};

struct reading {
    const char *p, *end;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* As SQLite has it: letters, and whatever is not ASCII. */
static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (uint8_t)c >= 0x80;
}

static bool is_white(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static const char *skip_comment(const char *p, const char *end)
{
    if (p[0] == '-') {
        const char *line = memchr(p, '\n', (size_t)(end - p));
        return line != NULL ? line + 1 : end;
    }
    for (p += 2; end - p >= 2; p++) {
        if (p[0] == '*' && p[1] == '/') {
            return p + 2;
        }
    }
    return end;
}

static void skip(struct reading *reading)
{
    while (reading->p < reading->end) {
        const char *p = reading->p;
        bool is_pair = reading->end - p >= 2;
        if (is_white(*p)) {
            reading->p++;
        } else if (is_pair && ((p[0] == '-' && p[1] == '-') || (p[0] == '/' && p[1] == '*'))) {
            reading->p = skip_comment(p, reading->end);
        } else {
            break;
        }
    }
}

/* From an opening quote to behind the closing one; a doubled one stands for itself. */
static bool take_quoted(struct reading *reading)
{
    char quote = *reading->p == '[' ? ']' : *reading->p;

    for (reading->p++; reading->p < reading->end; reading->p++) {
        if (*reading->p != quote) {
            continue;
        }
        if (quote == ']' || reading->p + 1 == reading->end || reading->p[1] != quote) {
            reading->p++;
            return true;
        }
        reading->p++;
    }
    return false;
}

static struct token next(struct reading *reading)
{
    struct token token = {.is_closed = true};

    skip(reading);
    token.at = reading->p;
    if (reading->p == reading->end) {
        return token;
    }
    char c = *reading->p;
    if (strchr("'\"`[", c) != NULL) {
        token.kind = c == '\'' ? TOKEN_TEXT : TOKEN_OTHER;
        token.is_closed = take_quoted(reading);
    } else if (is_word(c) || is_digit(c)) {
        token.kind = is_digit(c) ? TOKEN_NUMBER : TOKEN_WORD;
        while (reading->p < reading->end &&
               (is_word(*reading->p) || is_digit(*reading->p) || (is_digit(c) && *reading->p == '.'))) {
            reading->p++;
        }
    } else if (strchr("=<>!", c) != NULL) {
        token.kind = TOKEN_COMPARES;
        while (reading->p < reading->end && strchr("=<>!", *reading->p) != NULL && *reading->p != '\0') {
            reading->p++;
        }
    } else {
        token.kind = TOKEN_OTHER;
        reading->p++;
    }
    token.n = (size_t)(reading->p - token.at);
    return token;
}

static bool is(const struct token *token, const char *word)
{
    return strlen(word) == token->n && strncasecmp(token->at, word, token->n) == 0;
}

/* --- form ----------------------------------------------------------------------------------------- */

/* What an input method for Chinese leaves where ASCII is meant: U+FF01 to U+FF5E, quotation marks, U+3000. */
static const char *wide(const struct token *token)
{
    for (const char *p = token->at; p + 2 < token->at + token->n; p++) {
        if (memcmp(p, "\xef\xbc", 2) == 0 || memcmp(p, "\xef\xbd", 2) == 0 ||
            memcmp(p, "\xe3\x80\x80", 3) == 0 ||
            (memcmp(p, "\xe2\x80", 2) == 0 && ((uint8_t)p[2] & 0xfaU) == 0x98)) {
            return p;
        }
    }
    return NULL;
}

enum expression_fault expression_form(const char *text, size_t n, size_t *ret_at)
{
    struct reading reading = {.p = text, .end = text + n};
    size_t depth = 0, outer = 0;

    for (struct token token = next(&reading); token.kind != TOKEN_END; token = next(&reading)) {
        *ret_at = (size_t)(token.at - text);
        if (!token.is_closed) {
            return EXPRESSION_UNQUOTED;
        }
        if (token.kind != TOKEN_TEXT && wide(&token) != NULL) {
            *ret_at = (size_t)(wide(&token) - text);
            return EXPRESSION_WIDE;
        }
        if (is(&token, "(")) {
            outer = depth++ == 0 ? *ret_at : outer;
        } else if (is(&token, ")") && depth-- == 0) {
            return EXPRESSION_CLOSES;
        }
    }
    *ret_at = outer;
    return depth == 0 ? EXPRESSION_WELL : EXPRESSION_OPEN;
}

size_t expression_end(const char *text, size_t n)
{
    struct reading reading = {.p = text, .end = text + n};
    size_t end = 0;

    for (struct token token = next(&reading); token.kind != TOKEN_END; token = next(&reading)) {
        end = (size_t)(token.at - text) + token.n;
    }
    return end;
}

size_t expression_call(const char *text, size_t n, const char *name)
{
    struct reading reading = {.p = text, .end = text + n};

    for (struct token token = next(&reading); token.kind != TOKEN_END; token = next(&reading)) {
        if (token.kind == TOKEN_WORD && is(&token, name)) {
            return (size_t)(token.at - text);
        }
    }
    return SIZE_MAX;
}

/* --- types ---------------------------------------------------------------------------------------- */

static const struct rule_fact_words *fact_of(const struct token *token)
{
    for (int i = 0; token->kind == TOKEN_WORD && i < RULE_FACT_COUNT; i++) {
        const struct rule_fact_words *words = rule_fact_words((enum rule_fact)i);
        if (is(token, words->word)) {
            return words;
        }
    }
    return NULL;
}

/* A fact that is a number takes '3' for 3. */
static bool is_number_in_quotes(const struct token *token)
{
    char text[64], *end;

    if (token->n < 3 || token->n - 2 >= sizeof text) {
        return false;
    }
    memcpy(text, token->at + 1, token->n - 2);
    text[token->n - 2] = '\0';
    (void)strtod(text, &end);
    return end > text && end[strspn(end, " \t\n")] == '\0';
}

static bool do_mix(const struct rule_fact_words *fact, const struct token *constant)
{
    return fact->type == RULE_TEXT ? constant->kind == TOKEN_NUMBER
                                   : constant->kind == TOKEN_TEXT && !is_number_in_quotes(constant);
}

/* The constants behind FACT in (. */
static const char *mixed_in_list(struct reading reading, const struct rule_fact_words *fact)
{
    for (struct token token = next(&reading); token.kind != TOKEN_END && !is(&token, ")");
         token = next(&reading)) {
        if (do_mix(fact, &token)) {
            return token.at;
        }
    }
    return NULL;
}

/* What stands behind a fact: an operator, and with what it compares. */
static const char *mixed_behind(struct reading reading, const struct rule_fact_words *fact)
{
    struct token token = next(&reading);

    if (is(&token, "not")) {
        token = next(&reading);
    }
    if (is(&token, "in")) {
        return mixed_in_list(reading, fact);
    }
    if (token.kind != TOKEN_COMPARES && !is(&token, "between") && !is(&token, "is")) {
        return NULL;
    }
    token = next(&reading);
    if (is(&token, "not") || is(&token, "-")) {
        token = next(&reading);
    }
    return do_mix(fact, &token) ? token.at : NULL;
}

size_t expression_mixed(const char *text, size_t n, const char **ret_fact, size_t *ret_n)
{
    struct reading reading = {.p = text, .end = text + n};
    struct token before = {.kind = TOKEN_END};
    bool is_compared = false; /* what was before: a sign stands behind it */

    for (struct token token = next(&reading); token.kind != TOKEN_END; token = next(&reading)) {
        const struct rule_fact_words *fact = fact_of(&token);
        if (fact != NULL) {
            const char *at = mixed_behind(reading, fact);
            if (at == NULL && is_compared && do_mix(fact, &before)) {
                at = before.at;
            }
            if (at != NULL) {
                *ret_fact = token.at;
                *ret_n = token.n;
                return (size_t)(at - text);
            }
        }
        is_compared = token.kind == TOKEN_COMPARES;
        before = is_compared ? before : token;
    }
    return SIZE_MAX;
}

/* --- what a fact is compared with ----------------------------------------------------------------- */

/* The first text behind it that is not before `from`; not TOKEN_TEXT: there is none. */
static struct token compared_behind(struct reading reading, const char *from)
{
    struct token token = next(&reading), none = {.kind = TOKEN_END};

    if (is(&token, "not")) {
        token = next(&reading);
    }
    if (is(&token, "in")) {
        do {
            token = next(&reading);
        } while (token.kind != TOKEN_END && !is(&token, ")") &&
                 (token.kind != TOKEN_TEXT || token.at < from));
        return token;
    }
    if (token.kind != TOKEN_COMPARES && !is(&token, "is") && !is(&token, "glob")) {
        return none;
    }
    token = next(&reading);
    if (is(&token, "not")) {
        token = next(&reading);
    }
    return token.kind == TOKEN_TEXT && token.at >= from ? token : none;
}

size_t expression_compared(const char *text, size_t n, const char *fact, size_t from, size_t *ret_n)
{
    struct reading reading = {.p = text, .end = text + n};
    struct token before = {.kind = TOKEN_END};
    bool is_sign_before = false;

    for (struct token token = next(&reading); token.kind != TOKEN_END; token = next(&reading)) {
        if (token.kind == TOKEN_WORD && is(&token, fact)) {
            bool is_behind = is_sign_before && before.kind == TOKEN_TEXT && before.at >= text + from;
            struct token found = is_behind ? before : compared_behind(reading, text + from);
            if (found.kind == TOKEN_TEXT && found.n >= 2) {
                *ret_n = found.n - 2;
                return (size_t)(found.at + 1 - text);
            }
        }
        is_sign_before = token.kind == TOKEN_COMPARES;
        before = is_sign_before ? before : token;
    }
    return SIZE_MAX;
}
