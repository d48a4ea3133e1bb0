/* What of a report's facts cannot be meant, and what a person should look at again. */
#ifndef MUSTER_AGENTS_CTL_REPORT_CHECK_H
#define MUSTER_AGENTS_CTL_REPORT_CHECK_H

#include "agents/ctl/moment.h"
#include "agents/ctl/session.h"

enum {
    REPORT_PERSONS_MAX = 10000000,            /* more than any disaster took: a slip of the finger */
    REPORT_LONG_AGO_MS = 24 * 60 * 60 * 1000, /* what happened before may be a slip, or was hidden so long */
    REPORT_SENT_EARLY_MAX_MS = 24 * 60 * 60 * 1000 /* told above before it was written down here */
};
#define REPORT_LOSS_MAX_CNY INT64_C(100000000000000) /* about what the country makes in a year */

/* Counts beyond all measure, a division's code without 6, 9 or 12 digits: ERR_USAGE, one line with the
 * remedy. */
int report_check_facts(const struct facts *facts, enum lang lang, struct err *err);
/* What happened lies not in the future of the broker's clock: ERR_DATA, likewise. */
int report_check_time(struct session *session, const struct facts *facts, struct err *err);

/* A kind by its Chinese name becomes the word of the table; one that the policy knows stays. */
void report_name_kind(struct session *session, struct facts *facts);

/* When a report of the incident got where it went: ERR_DATA before it happened or, where nobody said when
 * that was, more than a day before its first report. What is before that report is taken, and noted. */
int report_check_sent(struct session *session, const struct incident *incident, int64_t at_ms,
                      struct err *err);

/* Notes what neither the policy nor a table knows. The report stands: a missing or strange fact never holds
 * it up. */
void report_note_doubts(struct session *session, const struct facts *facts);
/* Notes a time of occurrence that is long ago, or after the incident's first report. */
void report_note_time(struct session *session, const struct facts *facts, const struct incident *incident);

#endif
