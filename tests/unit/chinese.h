/* Whether an error is in Chinese: what is left of it in English would be two words side by side. Quoted words
 * are the file's own. */
#ifndef MUSTER_TESTS_UNIT_CHINESE_H
#define MUSTER_TESTS_UNIT_CHINESE_H

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static inline bool is_chinese(const char *text)
{
    bool found = false, after_word = false;
    size_t word = 0;
    char quote = '\0';

    for (const char *p = text; *p != '\0'; p++) {
        found = found || ((unsigned char)*p & 0x80) != 0;
        if (quote != '\0') {
            quote = *p == quote ? '\0' : quote;
            continue;
        }
        if (isalpha((unsigned char)*p) != 0) {
            word++;
            if (word > 1 && after_word) {
                return false;
            }
            continue;
        }
        after_word = word > 1 && *p == ' ';
        word = 0;
        quote = *p == '"' || *p == '\'' ? *p : '\0';
    }
    return found;
}

/* Up to the place, "FILE:LINE:COLUMN", both say the same. */
static inline bool is_same_place(const char *a, const char *b)
{
    int colons = 0;

    while (*a == *b && colons < 3) {
        colons += *a == ':';
        a++;
        b++;
    }
    return colons == 3;
}

#endif
