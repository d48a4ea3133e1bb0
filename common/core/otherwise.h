/* What the grade would be if a count were reckoned otherwise: if casualties that were corrected after the
 * term of the law (Decree 493 Art. 13) counted still, or if the higher of two counts held that two regions
 * said apart. It moves no grade: it is told once, and shown until it is so no more. */
#ifndef MUSTER_COMMON_CORE_OTHERWISE_H
#define MUSTER_COMMON_CORE_OTHERWISE_H

#include "common/base/buf.h"
#include "common/core/dispute.h"
#include "common/core/words.h"

enum {
    OTHERWISE_LATE = COUNTS, /* if what was corrected late counted; below it, by the count of that index */
    OTHERWISES,
    ARTICLE_MAX = 96 /* bytes, of the law: a rule's `article` */
};

struct otherwise {
    enum grade grade; /* NONE: it would be no other */
    int64_t count;    /* that the other region has; of OTHERWISE_LATE the day on which it was corrected ... */
    int64_t up_to;    /* ... and the last on which it would have counted */
    char article[ARTICLE_MAX + 1];
};

struct incident;

/* NULL: it would be no other than by what counts; or, of what was corrected late, it is that by now. */
const struct otherwise *incident_otherwise(const struct incident *incident, size_t i);
/* Its lines of state_dump(). */
void otherwise_dump(const struct incident *incident, struct buf *ret);

#endif
