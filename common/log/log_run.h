/* A run: what waits for one agent in one lane since one commit, as a row of `outbox` holds it. Its items are
 * entries one after the other, ascending by (seq, item):
 *
 *   4 digits: seq of the run's last record - seq of this one
 *   3 digits: length of the item, in bytes
 *   the item
 *
 * Counting from the end lets a run lose its first entries by cutting them off. Digits and not bits, so that
 * SQL reads them too (log_schema.c, view waits). A log is a file that others may have written into: whatever
 * the bytes are, a run ends. Private to the log. */
#ifndef MUSTER_COMMON_LOG_LOG_RUN_H
#define MUSTER_COMMON_LOG_LOG_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/log/log.h"

enum {
    LOG_RUN_HEAD = 7,        /* bytes before an item */
    LOG_RUN_SPAN_MAX = 9999, /* records from the first to the last; a commit has LOG_BATCH_MAX */
    /* What a row of a B-tree page of 4 KiB takes without an overflow page is some 1,000 bytes. It is also
     * what a reader wades through at most to find where to go on. The items of one record stay together. */
    LOG_RUN_BYTES = 880,
    /* A record that is larger has a run to itself: with as many items as may be, each as long as may be. */
    LOG_RUN_BYTES_MAX = LOG_INDEX_MAX * (LOG_RUN_HEAD + LOG_NAME_MAX - 1)
};

struct log_run {
    uint64_t first; /* seqs */
    uint64_t last;
    const uint8_t *p;
    size_t n;
    size_t at; /* of the next entry */
    uint64_t seq;
};

struct log_run_entry {
    uint64_t seq;
    size_t at;               /* where it begins */
    char item[LOG_NAME_MAX]; /* "" or what waits */
};

/* Where an entry with an item of n bytes is put, LOG_RUN_HEAD + n bytes. */
void log_run_put(uint8_t *p, uint64_t last, uint64_t seq, const char *item, size_t n);

/* A run as it was read. False: no run. p stays the caller's. */
bool log_run_begin(struct log_run *run, int64_t first, int64_t last, const void *p, int n);

/* The next entry: 1; 0 at the end; ERR_CORRUPT. */
int log_run_next(struct log_run *run, struct log_run_entry *ret);

#endif
