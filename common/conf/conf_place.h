/* Inside the room: where in a file the bytes of a scalar's text stand. A text of several lines, or in quotes,
 * does not stand there as it reads: lines are folded, indentation goes, quotes are doubled. */
#ifndef MUSTER_COMMON_CONF_CONF_PLACE_H
#define MUSTER_COMMON_CONF_CONF_PLACE_H

#include <stddef.h>

#include "common/base/arena.h"

enum conf_style { STYLE_PLAIN, STYLE_SINGLE_QUOTED, STYLE_DOUBLE_QUOTED, STYLE_BLOCK };

/* From byte `at` of the text on, until the next place, the text stands as it reads; lines and columns
 * from 1. */
struct conf_place {
    size_t at;
    unsigned line, column;
};

struct conf_places {
    struct conf_place *at; /* by .at; none: it is not known */
    size_t n;
};

/* The scalar whose text is `text` and whose source begins at `source` (its quote, or the | or > of a block),
 * at that line and column. None when it has escapes; ERR_NO_MEMORY. */
int conf_places(struct arena *arena, enum conf_style style, const char *text, const char *source,
                const char *source_end, unsigned line, unsigned column, struct conf_places *ret);

/* Where byte `at` stands. Needs at least one place. */
struct conf_place conf_place_of(const struct conf_places *places, const char *text, size_t at);

#endif
