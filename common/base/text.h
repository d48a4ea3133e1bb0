/* Text from outside: checked once where it comes in, escaped where it is shown. */
#ifndef MUSTER_COMMON_BASE_TEXT_H
#define MUSTER_COMMON_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* Well-formed UTF-8 (no overlongs, no surrogates, no embedded NUL). */
bool text_is_utf8(const char *p, size_t n);

/* The code point that the n bytes at p begin with: writes it and returns its length in bytes; 0 when
 * n is 0 or the bytes are not well-formed. */
size_t text_decode(const char *p, size_t n, uint32_t *ret);

/* Appends text so that it cannot forge a line, move the cursor or turn the reading direction: control
 * characters, DEL, C1, line separators and bidi controls come out as \n, \t, \xNN or \uNNNN; bytes
 * that are not UTF-8 as \xNN. A backslash stays as it is, so escaping twice changes nothing. */
void text_escape(struct buf *buf, const char *p, size_t n);

/* The same into ret, which holds size bytes (at least 1): always NUL-terminated, cut between two
 * characters when it does not fit. Returns the length written. */
size_t text_escape_into(char *ret, size_t size, const char *p, size_t n);

/* Display columns of UTF-8 text: wide East Asian characters count 2, combining marks and controls 0,
 * a byte that is not UTF-8 counts 1. */
size_t text_columns(const char *text);

/* The candidate nearest to word by edit distance, or NULL when none is near enough to be what the
 * writer meant (a third of the word's length; a swap of neighbours counts 1). Characters are compared;
 * words beyond 64 of them have no neighbours. candidates ends with NULL. */
const char *text_nearest(const char *word, const char *const candidates[]);

#endif
