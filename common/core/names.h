/* Texts that are kept once, however often they are referred to: names, kinds, units. Who keeps them for
 * longer than it refers to them marks what it still does, now and then, and sweeps the others away. */
#ifndef MUSTER_COMMON_CORE_NAMES_H
#define MUSTER_COMMON_CORE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/keyed_hash.h"
#include "common/core/words.h"

struct name_entry;

struct names {
    struct hash_key key;
    struct name_entry *table;
    size_t swept_n; /* there after the last sweep ... */
    size_t marks;   /* ... for which so many references were marked */
};

/* A sweep walks over all that refers to texts, so it is worth it after so many new ones, and so many more
 * that each pays for a few marks at most. */
enum { NAMES_SWEEP_AFTER = 4096, NAMES_MARKS_PER_TEXT = 8 };

/* The one copy of the text, until it is swept away or all are freed; NULL: out of memory. */
const char *names_keep(struct names *names, const char *text);
size_t names_count(const struct names *names);
void names_free(struct names *names);

bool names_want_sweep(const struct names *names);
/* Marks first: each text that is still referred to, which must be one that names_keep() gave, or "". */
void names_mark(struct names *names, const char *text);
void names_mark_words(struct names *names, struct words words);
void names_sweep(struct names *names);

#endif
