#include "common/base/text.h"

#include <stdio.h>
#include <string.h>

#include "common/base/buf.h"

enum { ESCAPE_MAX = 8, NEAREST_WORD_MAX = 64 };

size_t text_decode(const char *p, size_t n, uint32_t *ret)
{
    const uint8_t *b = (const uint8_t *)p;
    uint32_t cp, smallest;
    size_t length;

    if (n == 0)
        return 0;
    if (b[0] < 0x80) {
        *ret = b[0];
        return 1;
    }
    if (b[0] >= 0xc2 && b[0] <= 0xdf) {
        length = 2;
        cp = b[0] & 0x1fu;
        smallest = 0x80;
    } else if (b[0] >= 0xe0 && b[0] <= 0xef) {
        length = 3;
        cp = b[0] & 0x0fu;
        smallest = 0x800;
    } else if (b[0] >= 0xf0 && b[0] <= 0xf4) {
        length = 4;
        cp = b[0] & 0x07u;
        smallest = 0x10000;
    } else {
        return 0;
    }
    if (length > n)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((b[i] & 0xc0u) != 0x80)
            return 0;
        cp = cp << 6 | (b[i] & 0x3fu);
    }
    if (cp < smallest || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
        return 0;
    *ret = cp;
    return length;
}

/* How many whole words of plain ASCII without a NUL begin p, in bytes: most texts are nothing else. */
static size_t plain_ascii(const char *p, size_t n)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
    size_t i = 0;

    for (; n - i >= sizeof ones; i += sizeof ones) {
        uint64_t word;

        memcpy(&word, p + i, sizeof word);
        if ((((word - ones) | word) & tops) != 0) /* a byte of 0, or of 0x80 and more */
            break;
    }
    return i;
}

bool text_is_utf8(const char *p, size_t n)
{
    uint32_t cp;

    for (size_t i = plain_ascii(p, n); i < n;) {
        size_t length = text_decode(p + i, n - i, &cp);

        if (length == 0 || cp == 0)
            return false;
        i += length;
    }
    return true;
}

/* What would end a line or turn the reading direction, though it is not in C0 or C1. */
static bool is_format_control(uint32_t cp)
{
    return cp == 0x061c || cp == 0x200e || cp == 0x200f || (cp >= 0x2028 && cp <= 0x202e) ||
           (cp >= 0x2066 && cp <= 0x2069);
}

/* The safe form of the first character of p (n >= 1): writes it to out, returns its length; *ret_taken
 * is what it stands for. */
static size_t escape_one(const char *p, size_t n, char out[ESCAPE_MAX], size_t *ret_taken)
{
    uint32_t cp = 0;
    size_t length = text_decode(p, n, &cp);
    int printed;

    *ret_taken = length ? length : 1;
    if (length == 0)
        printed = snprintf(out, ESCAPE_MAX, "\\x%02x", (unsigned)(uint8_t)p[0]);
    else if (cp == '\n' || cp == '\t')
        printed = snprintf(out, ESCAPE_MAX, "\\%c", cp == '\n' ? 'n' : 't');
    else if (cp < 0x20 || cp == 0x7f)
        printed = snprintf(out, ESCAPE_MAX, "\\x%02x", (unsigned)cp);
    else if ((cp >= 0x80 && cp < 0xa0) || is_format_control(cp))
        printed = snprintf(out, ESCAPE_MAX, "\\u%04x", (unsigned)(cp & 0xffffu));
    else {
        memcpy(out, p, length);
        return length;
    }
    return printed > 0 ? (size_t)printed : 0;
}

void text_escape(struct buf *buf, const char *p, size_t n)
{
    char out[ESCAPE_MAX];
    size_t taken;

    for (size_t i = 0; i < n && !buf->failed; i += taken) {
        size_t length = escape_one(p + i, n - i, out, &taken);

        buf_append(buf, out, length);
    }
}

size_t text_escape_into(char *ret, size_t size, const char *p, size_t n)
{
    char out[ESCAPE_MAX];
    size_t taken, written = 0;

    for (size_t i = 0; i < n; i += taken) {
        size_t length = escape_one(p + i, n - i, out, &taken);

        if (length >= size - written)
            break;
        memcpy(ret + written, out, length);
        written += length;
    }
    ret[written] = '\0';
    return written;
}

struct range {
    uint32_t first, last;
};

/* Unicode East Asian Width W and F, in blocks: the holes in a block are unassigned characters. */
static const struct range wide[] = {
    {0x1100, 0x115f},   {0x2e80, 0x3029},   {0x302e, 0x303e}, {0x3041, 0x3098},   {0x309b, 0x4dbf},
    {0x4e00, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3}, {0xf900, 0xfaff},   {0xfe10, 0xfe19},
    {0xfe30, 0xfe6f},   {0xff01, 0xff60},   {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
    {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};

static const struct range zero_width[] = {
    {0x0300, 0x036f}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x2069}, {0x20d0, 0x20ff},
    {0x302a, 0x302d}, {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff},
};

static bool in_ranges(uint32_t cp, const struct range *ranges, size_t n)
{
    for (size_t i = 0; i < n && ranges[i].first <= cp; i++)
        if (cp <= ranges[i].last)
            return true;
    return false;
}

size_t text_columns(const char *text)
{
    size_t n = strlen(text), columns = 0;
    uint32_t cp;

    for (size_t i = 0; i < n;) {
        size_t length = text_decode(text + i, n - i, &cp);

        if (length == 0) {
            columns++;
            i++;
            continue;
        }
        i += length;
        if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) ||
            in_ranges(cp, zero_width, sizeof zero_width / sizeof zero_width[0]))
            continue;
        columns += in_ranges(cp, wide, sizeof wide / sizeof wide[0]) ? 2 : 1;
    }
    return columns;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

struct characters {
    uint32_t at[NEAREST_WORD_MAX];
    size_t n;
};

/* False: it is too long. A byte that is not UTF-8 is a character of its own. */
static bool characters_of(const char *word, struct characters *ret)
{
    size_t n = strlen(word);

    ret->n = 0;
    for (size_t i = 0; i < n; ret->n++) {
        uint32_t cp;
        size_t length = text_decode(word + i, n - i, &cp);
        if (ret->n == NEAREST_WORD_MAX)
            return false;
        ret->at[ret->n] = length > 0 ? cp : 0x110000u + (uint8_t)word[i];
        i += length > 0 ? length : 1;
    }
    return true;
}

/* Optimal string alignment: insert, delete, replace, and swap of neighbours cost 1 each. Three rows of
 * the table are enough. */
static size_t edit_distance(const struct characters *a, const struct characters *b)
{
    size_t rows[3][NEAREST_WORD_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2], *spare;

    for (size_t j = 0; j <= b->n; j++)
        above[j] = before[j] = j;
    for (size_t i = 1; i <= a->n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b->n; j++) {
            size_t replaced = above[j - 1] + (a->at[i - 1] != b->at[j - 1]);
            row[j] = smaller(smaller(above[j], row[j - 1]) + 1, replaced);
            if (i > 1 && j > 1 && a->at[i - 1] == b->at[j - 2] && a->at[i - 2] == b->at[j - 1])
                row[j] = smaller(row[j], before[j - 2] + 1);
        }
        spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[b->n];
}

const char *text_nearest(const char *word, const char *const candidates[])
{
    struct characters meant, candidate;
    const char *nearest = NULL;

    if (!characters_of(word, &meant))
        return NULL;
    size_t limit = meant.n / 3 > 1 ? meant.n / 3 : 1, best = limit + 1;
    for (size_t i = 0; candidates[i]; i++) {
        if (!characters_of(candidates[i], &candidate))
            continue;
        size_t distance = edit_distance(&meant, &candidate);
        /* A word of which nothing is left is no near miss: "x" does not mean "y". */
        if (distance < best && (distance == 0 || distance < meant.n)) {
            best = distance;
            nearest = candidates[i];
        }
    }
    return nearest;
}
