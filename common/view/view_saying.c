#include "common/view/view_saying.h"

#include <stdio.h>
#include <string.h>

#include "common/core/words.h"

struct part {
    const char *at;
    size_t n;
};

/* The parts of `text` where the pattern has %, in order; false: it is not like the pattern. */
static bool fit(const char *pattern, const char *text, struct part parts[VIEW_SAYING_PARTS_MAX])
{
    size_t n = 0;

    while (*pattern != '\0') {
        size_t literal = strcspn(pattern, "%");
        if (literal > 0) {
            if (strncmp(text, pattern, literal) != 0) {
                return false;
            }
            text += literal;
            pattern += literal;
            continue;
        }
        size_t next = strcspn(++pattern, "%");
        if (n == VIEW_SAYING_PARTS_MAX) {
            return false;
        }
        const char *end = text;
        if (next == 0 || pattern[next] == '\0') { /* the last one, or what ends the text */
            size_t left = strlen(text);
            end = left >= next ? text + left - next : NULL;
        }
        while (end != NULL && next > 0 && strncmp(end, pattern, next) != 0) {
            end = *end != '\0' ? end + 1 : NULL;
        }
        if (end == NULL) {
            return false;
        }
        parts[n++] = (struct part){text, (size_t)(end - text)};
        text = end;
    }
    return *text == '\0';
}

/* A word of the domain, or a row without parts. */
static const char *word_zh(const struct view_saying *rows, const char *word)
{
    enum rung rung = rung_parse(word);
    enum mode mode = mode_parse(word);

    for (; rows->english != NULL; rows++) {
        if (strcmp(rows->english, word) == 0) {
            return rows->chinese;
        }
    }
    return rung != RUNG_NONE ? rung_name_zh(rung) : mode != MODE_NONE ? mode_name_zh(mode) : word;
}

/* Adds what there is room for, cut between two characters. */
static size_t add(char *ret, size_t n, const char *text, size_t text_n)
{
    size_t room = VIEW_SAYING_TEXT - 1 - n;
    size_t taken = text_n;

    if (taken > room) {
        for (taken = room; taken > 0 && ((unsigned char)text[taken] & 0xC0u) == 0x80u;) {
            taken--;
        }
    }
    memcpy(ret + n, text, taken);
    return n + taken;
}

static void say(const struct view_saying *rows, const char *chinese,
                const struct part parts[VIEW_SAYING_PARTS_MAX], char *ret)
{
    char word[128];
    size_t n = 0;

    while (*chinese != '\0') {
        size_t literal = strcspn(chinese, "%#");
        n = add(ret, n, chinese, literal);
        chinese += literal;
        if (*chinese == '\0') {
            break;
        }
        const struct part *part = &parts[chinese[1] - '1'];
        (void)snprintf(word, sizeof word, "%.*s", part->n < sizeof word ? (int)part->n : 0, part->at);
        const char *said = *chinese == '#' && part->n < sizeof word ? word_zh(rows, word) : NULL;
        n = said != NULL ? add(ret, n, said, strlen(said)) : add(ret, n, part->at, part->n);
        chinese += 2;
    }
    ret[n] = '\0';
}

bool view_saying(const struct view_saying *rows, enum refusal refusal, const char *english, char *ret)
{
    const struct view_saying *all = rows;
    struct part parts[VIEW_SAYING_PARTS_MAX];

    for (; rows->english != NULL; rows++) {
        for (size_t i = 0; i < VIEW_SAYING_PARTS_MAX; i++) {
            parts[i] = (struct part){"", 0};
        }
        if ((rows->refusal == REFUSED_NOT || rows->refusal == refusal) &&
            fit(rows->english, english, parts)) {
            say(all, rows->chinese, parts, ret);
            return true;
        }
    }
    return false;
}
