/* A point in time as a person types it, everywhere on the command line: RFC 3339
 * ("2026-11-23T16:30:00+08:00"), the region's civil time ("2026-11-23 16:30", seconds if wanted), or a time
 * of today ("16:30"). */
#ifndef MUSTER_AGENTS_CTL_MOMENT_H
#define MUSTER_AGENTS_CTL_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "agents/ctl/ctl.h"
#include "common/base/err.h"

enum {
    MOMENT_AHEAD_MAX_MS = 60000 /* by which the clock of who names a time may be ahead of the broker's */
};

enum moment_form {
    MOMENT_NONE,  /* no time */
    MOMENT_WHOLE, /* with its offset: means the same everywhere */
    MOMENT_CIVIL, /* of the region's zone */
    MOMENT_OF_DAY /* ... and of today */
};

/* As a time is written, whatever the calendar says of it. */
enum moment_form moment_form(const char *text);

struct moment_base {
    int32_t utc_offset_minutes; /* the region's */
    int64_t now_ms;             /* 0: there is no today, as in a log */
    bool ahead;                 /* what is still to come is meant */
};

/* option: "at". ERR_USAGE, one line with the remedy; a time of day that is still to come is refused, for
 * yesterday's may be meant; where what lies ahead is wanted, one that is past. */
int moment_parse(const char *option, const char *text, const struct moment_base *base, enum lang lang,
                 int64_t *ret_ms, struct err *err);

/* What is wanted, for a text that has no form. */
int moment_refuse(const char *option, const char *text, enum lang lang, struct err *err);

#endif
