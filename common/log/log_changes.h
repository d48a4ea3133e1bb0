/* The index changes of a batch, gathered and put into the order of the tables' keys, so that each table is
 * walked once and rows go in side by side. Private to the log. */
#ifndef MUSTER_COMMON_LOG_LOG_CHANGES_H
#define MUSTER_COMMON_LOG_LOG_CHANGES_H

#include "common/log/log.h"

struct log_change {
    const struct log_index *index; /* of one record they lie in one array, in the order listed */
    uint64_t seq;
};

struct log_change_list {
    struct log_change *at;
    size_t n;
    size_t capacity;
};

/* All zeros is empty. */
struct log_changes {
    struct log_change_list touches;
    struct log_change_list streams; /* opened, closed, due */
    struct log_change_list outbox;
    struct log_change_list tombstones;
    struct log_change_list cursors;
    size_t n; /* all together */
};

/* Takes in what a record changes; the entry stays where it is until the changes are reset. 0 or
 * ERR_NO_MEMORY. */
int log_changes_add(struct log_changes *changes, const struct log_entry *entry);

/* Sorts: touches by (name, seq); streams by name and then as they came; the others by (name, lane, seq, item)
 * and then as they came. */
void log_changes_sort(struct log_changes *changes);

/* Of (name, lane), by what the lists are sorted by. */
int log_change_lane_compare(const struct log_index *a, const struct log_index *b);

/* "" for none. */
const char *log_change_item(const struct log_change *change);

/* Whether the record put the tombstone's item into the outbox before the tombstone, in the order listed. */
bool log_changes_waits_before(const struct log_changes *changes, const struct log_change *tombstone);

void log_changes_reset(struct log_changes *changes);
void log_changes_free(struct log_changes *changes);

#endif
