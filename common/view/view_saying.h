/* What a duty room meets in English from elsewhere, in Chinese: the details of refusals, which a broker
 * writes into its log, and one-line errors. By tables of patterns: what no row has stays as it is, whole. */
#ifndef MUSTER_COMMON_VIEW_VIEW_SAYING_H
#define MUSTER_COMMON_VIEW_VIEW_SAYING_H

#include <stdbool.h>
#include <stddef.h>

#include "common/core/refusal.h"

enum { VIEW_SAYING_PARTS_MAX = 8, VIEW_SAYING_TEXT = 512 };

/* In `english` each % is a part of any characters, the shortest that fits, the last one the rest. `chinese`
 * says where they go: %1 the first as it is, #1 the first in Chinese, where it is a word of the domain
 * (rung, mode) or a row without parts. */
struct view_saying {
    enum refusal refusal; /* of a refusal's detail; REFUSED_NOT: of any, or of no refusal */
    const char *english;  /* NULL ends a table */
    const char *chinese;
};

/* By the first row that fits; ret holds VIEW_SAYING_TEXT bytes. False: none does, ret is as it was. */
bool view_saying(const struct view_saying *rows, enum refusal refusal, const char *english, char *ret);

/* The detail of a refusal: in Chinese where there is a row, else as it is. ret holds VIEW_SAYING_TEXT bytes;
 * returns ret or detail. */
const char *view_detail_zh(enum refusal refusal, const char *detail, char *ret);

#endif
