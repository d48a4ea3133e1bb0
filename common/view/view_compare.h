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
    VIEW_REWRITTEN,   /* both chains hold and lead to different records */
    VIEW_OTHER_REGION /* the copy is another region's: nothing was compared */
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

/* One of the two, and what is found of it. */
struct view_side {
    const char *path;          /* for errors */
    struct log_reader *reader; /* NULL, of the log alone: it cannot be opened, and its report says why */
    const struct view_progress *progress;
    struct view_report *report;
};

/* Verifies both (view_verify) and compares them by their hashes, if they are of one region. The copy first:
 * it may grow meanwhile as the log does, and what it had is in the log that is read after it. witness is the
 * copy's, read before. Errors are of reading; damage is in the reports. */
int view_compare(const struct view_side *log, const struct view_side *copy, const uint8_t *root_key,
                 const struct witness *witness, struct view_comparison *ret, struct err *err);

#endif
