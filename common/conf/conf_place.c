#include "common/conf/conf_place.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/base/err.h"

/* A walk along the source. */
struct walk {
    const char *p, *end;
    unsigned line, column;
};

static bool is_white(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void step(struct walk *walk)
{
    if (*walk->p == '\n') {
        walk->line++;
        walk->column = 1;
    } else {
        const char *next = walk->p + 1; /* a character has one column, however many bytes */
        walk->column += next == walk->end || ((uint8_t)*next & 0xc0U) != 0x80;
    }
    walk->p++;
}

/* To the text's first line: behind a quote, or behind the line that begins a block. */
static void enter(struct walk *walk, enum conf_style style)
{
    if (style == STYLE_BLOCK) {
        while (walk->p < walk->end && *walk->p != '\n') {
            step(walk);
        }
    } else if (style != STYLE_PLAIN && walk->p < walk->end) {
        step(walk);
    }
}

/* Follows text and source side by side, white space aside. Notes a place wherever a run of text begins that
 * stands as it reads; ret may be NULL: they are counted only. False: they do not go together. */
static bool follow(struct walk walk, enum conf_style style, const char *text, struct conf_place *ret,
                   size_t *n)
{
    bool is_new = true;

    *n = 0;
    enter(&walk, style);
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (is_white(text[i])) {
            continue;
        }
        unsigned line = walk.line;
        while (walk.p < walk.end && is_white(*walk.p)) {
            step(&walk);
        }
        if (walk.p == walk.end || *walk.p != text[i] || (style == STYLE_DOUBLE_QUOTED && *walk.p == '\\')) {
            return false;
        }
        if (is_new || walk.line != line) {
            if (ret != NULL) {
                ret[*n] = (struct conf_place){.at = i, .line = walk.line, .column = walk.column};
            }
            ++*n;
        }
        step(&walk);
        is_new = style == STYLE_SINGLE_QUOTED && text[i] == '\'' && walk.p < walk.end;
        if (is_new) {
            step(&walk); /* the quote is doubled in the source */
        }
    }
    return true;
}

int conf_places(struct arena *arena, enum conf_style style, const char *text, const char *source,
                const char *source_end, unsigned line, unsigned column, struct conf_places *ret)
{
    struct walk walk = {.p = source, .end = source_end, .line = line, .column = column};
    size_t n;

    *ret = (struct conf_places){0};
    if (!follow(walk, style, text, NULL, &n) || n == 0) {
        return 0;
    }
    ret->at = arena_alloc(arena, n * sizeof *ret->at);
    if (ret->at == NULL) {
        return ERR_NO_MEMORY;
    }
    (void)follow(walk, style, text, ret->at, &ret->n);
    return 0;
}

struct conf_place conf_place_of(const struct conf_places *places, const char *text, size_t at)
{
    size_t i = places->n - 1;

    while (i > 0 && places->at[i].at > at) {
        i--;
    }
    struct conf_place place = places->at[i];
    for (size_t k = place.at; k < at && text[k] != '\0'; k++) {
        place.column += ((uint8_t)text[k] & 0xc0U) != 0x80;
    }
    place.at = at;
    return place;
}
