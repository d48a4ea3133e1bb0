#include "common/core/otherwise.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/text.h"
#include "common/core/incident.h"

const struct otherwise *incident_otherwise(const struct incident *incident, size_t i)
{
    const struct otherwise *there = incident->otherwise != NULL ? &incident->otherwise[i] : NULL;

    bool is_so = i == OTHERWISE_LATE && there != NULL && there->grade == incident->grade;

    return there != NULL && there->grade != GRADE_NONE && !is_so ? there : NULL;
}

void otherwise_dump(const struct incident *incident, struct buf *ret)
{
    for (size_t i = 0; incident->otherwise != NULL && i < OTHERWISES; i++) {
        const struct otherwise *there = &incident->otherwise[i];
        if (there->grade == GRADE_NONE) {
            continue;
        }
        buf_printf(ret, "otherwise\tby=%s\tgrade=%d\tcount=%" PRId64 "\tup_to=%" PRId64,
                   i < COUNTS ? count_name(i) : "late", (int)there->grade, there->count, there->up_to);
        if (there->article[0] != '\0') {
            buf_puts(ret, "\tarticle=");
            text_escape(ret, there->article, strlen(there->article));
        }
        buf_puts(ret, "\n");
    }
}
