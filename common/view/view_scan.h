/* Every record of a log, in order of seq, a batch at a time. */
#ifndef MUSTER_COMMON_VIEW_VIEW_SCAN_H
#define MUSTER_COMMON_VIEW_VIEW_SCAN_H

#include "common/log/log_reader.h"
#include "common/view/view_verify.h"

/* Where to stop: after the last record that fits both; 0 is no bound. */
struct view_until {
    uint64_t seq;
    int64_t bus_ms;
};

/* visit gets each record, its memory valid during the call, and may stop with a negative code. Progress may
 * be NULL. Each record's payload and place in the chain are checked before visit gets it, and at the end the
 * head file: ERR_CORRUPT, "damaged at record N: ...", when visit has had all that is good before it. Else
 * returns 0, what visit said, or an error of reading. */
int view_scan(struct log_reader *reader, const struct view_until *until, log_visit *visit, void *ctx,
              const struct view_progress *progress, struct err *err);

#endif
