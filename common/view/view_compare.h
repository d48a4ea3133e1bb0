/* A log beside another agency's copy of it: up to where they are the same, and which of the two is to be
 * believed from there on. */
#ifndef MUSTER_COMMON_VIEW_VIEW_COMPARE_H
#define MUSTER_COMMON_VIEW_VIEW_COMPARE_H

#include "common/view/view_verify.h"
#include "common/view/view_witness.h"

enum view_verdict {
    VIEW_SAME = 1,    /* the same records to the same end, nothing wrong */
    VIEW_COPY_BEHIND, /* the same, and the log goes on */
    VIEW_LOG_BEHIND,  /* the same, and the copy goes on: the log's tail is gone */
    VIEW_LOG_BAD,     /* the first bad record is the log's, and the copy has a good one */
    VIEW_COPY_BAD,    /* it is the copy's */
    VIEW_BOTH_BAD,    /* it is in both, or the copy is bad or ends before it would help */
    VIEW_REWRITTEN    /* both chains hold and lead to different records */
};

struct view_comparison {
    enum view_verdict verdict;
    uint64_t same_to; /* records 1 to this one are the same in both, and good */
    uint64_t differs; /* REWRITTEN: the first record that is another one */
    uint64_t log_bad; /* the first bad record; 0: none */
    uint64_t copy_bad;
    uint64_t signed_seq; /* the copy's witness, if the broker's key signed it and the copy has that record */
    bool log_is_signed;  /* the log has that record, too */
};

const char *view_verdict_word(enum view_verdict verdict);

/* What the two reports and the first record that differs (0: none) come to. Pure. */
struct view_comparison view_judge(const struct view_report *log, const struct view_report *copy,
                                  uint64_t differs);

/* Walks both, of which the reports are (view_verify), by their hashes. log may be NULL: it cannot be opened,
 * and its report says why. Errors are of reading; damage is in the reports. */
int view_compare(struct log_reader *log, const struct view_report *log_report, struct log_reader *copy,
                 const struct view_report *copy_report, const struct witness *witness,
                 const struct view_progress *progress, struct view_comparison *ret, struct err *err);

#endif
