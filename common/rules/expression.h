/* The text of a condition, looked at token by token: mistakes of form that SQLite would name by what stands
 * around the text and not in it, and comparisons that SQLite answers, but never as was meant. */
#ifndef MUSTER_COMMON_RULES_EXPRESSION_H
#define MUSTER_COMMON_RULES_EXPRESSION_H

#include <stddef.h>

enum expression_fault {
    EXPRESSION_WELL,
    EXPRESSION_CLOSES,   /* a parenthesis that nothing has opened */
    EXPRESSION_OPEN,     /* one that is never closed */
    EXPRESSION_UNQUOTED, /* a quote that is never closed */
    EXPRESSION_WIDE      /* a full-width sign where an ASCII one belongs */
};

/* The first fault of a text of n bytes, and the byte at which it is. */
enum expression_fault expression_form(const char *text, size_t n, size_t *ret_at);

/* The byte after the last that is neither white nor of a comment. */
size_t expression_end(const char *text, size_t n);

/* Where a word stands that is called, without regard to case; SIZE_MAX: nowhere. */
size_t expression_call(const char *text, size_t n, const char *name);

/* Where a fact that is a number is compared with a text that is none (for SQLite any text is greater than
 * every number), or a fact that is a text with a number. ret_fact, ret_n: the fact's word in `text`.
 * SIZE_MAX: nowhere. */
size_t expression_mixed(const char *text, size_t n, const char **ret_fact, size_t *ret_n);

/* The next text at or behind byte `from` with which a fact of that word is compared as it stands (=, !=, is,
 * in), or by GLOB: where it begins, behind its quote, and its bytes. SIZE_MAX: there is none. */
size_t expression_compared(const char *text, size_t n, const char *fact, size_t from, size_t *ret_n);

#endif
