/* What of a report's facts cannot be meant, and what a person should look at again. */
#ifndef MUSTER_AGENTS_CTL_REPORT_CHECK_H
#define MUSTER_AGENTS_CTL_REPORT_CHECK_H

#include "agents/ctl/session.h"

enum {
    REPORT_PERSONS_MAX = 10000000, /* more than any disaster took: a slip of the finger */
    REPORT_AHEAD_MAX_MS = 60000    /* by which the clock of who says when it happened may be ahead */
};
#define REPORT_LOSS_MAX_CNY INT64_C(100000000000000) /* about what the country makes in a year */

/* Counts beyond all measure, a division's code without 6, 9 or 12 digits: ERR_USAGE, one line with the
 * remedy. */
int report_check_facts(const struct facts *facts, enum lang lang, struct err *err);
/* What happened lies not in the future of the broker's clock: ERR_DATA, likewise. */
int report_check_time(const struct session *session, const struct facts *facts, struct err *err);

/* A kind by its Chinese name becomes the word of the table; one that the policy knows stays. */
void report_name_kind(struct session *session, struct facts *facts);

/* Notes what neither the policy nor a table knows. The report stands: a missing or strange fact never holds
 * it up. */
void report_note_doubts(struct session *session, const struct facts *facts);

#endif
