#include "common/log/log_changes.h"

#include <stdlib.h>
#include <string.h>

enum { CAPACITY_FIRST = 256 };

static int add(struct log_change_list *list, uint64_t seq, const struct log_index *index)
{
    if (list->n == list->capacity) {
        size_t wanted = list->capacity == 0 ? CAPACITY_FIRST : list->capacity * 2;
        struct log_change *grown = reallocarray(list->at, wanted, sizeof(*grown));
        if (grown == NULL)
            return ERR_NO_MEMORY;
        list->at = grown;
        list->capacity = wanted;
    }
    list->at[list->n++] = (struct log_change){.index = index, .seq = seq};
    return 0;
}

static struct log_change_list *list_of(struct log_changes *changes, enum log_index_op op)
{
    switch (op) {
    case LOG_TOUCH:
        return &changes->touches;
    case LOG_OPEN:
    case LOG_CLOSE:
    case LOG_DUE:
        break;
    case LOG_OUTBOX:
        return &changes->outbox;
    case LOG_TOMBSTONE:
        return &changes->tombstones;
    case LOG_CURSOR:
        return &changes->cursors;
    }
    return &changes->streams;
}

int log_changes_add(struct log_changes *changes, const struct log_entry *entry)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < entry->index_n; i++)
        code = add(list_of(changes, entry->index[i].op), entry->record.header.seq, &entry->index[i]);
    changes->n += entry->index_n;
    return code;
}

const char *log_change_item(const struct log_change *change)
{
    return change->index->item != NULL ? change->index->item : "";
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

/* As they came. */
static int compare_places(const struct log_change *a, const struct log_change *b)
{
    int order = compare_numbers(a->seq, b->seq);
    return order != 0 ? order : compare_numbers((uintptr_t)a->index, (uintptr_t)b->index);
}

static int compare_streams(const void *a, const void *b)
{
    const struct log_change *x = a, *y = b;
    int order = strcmp(x->index->name, y->index->name);
    return order != 0 ? order : compare_places(x, y);
}

int log_change_lane_compare(const struct log_index *a, const struct log_index *b)
{
    int order = strcmp(a->name, b->name);
    return order != 0 ? order : (int)a->lane - (int)b->lane;
}

static int compare_items(const struct log_change *x, const struct log_change *y)
{
    int order = log_change_lane_compare(x->index, y->index);
    if (order == 0)
        order = compare_numbers(x->seq, y->seq);
    return order != 0 ? order : strcmp(log_change_item(x), log_change_item(y));
}

static int compare_lanes(const void *a, const void *b)
{
    int order = compare_items(a, b);
    return order != 0 ? order : compare_places(a, b);
}

static void sort(struct log_change_list *list, int (*compare)(const void *, const void *))
{
    size_t i = 1;
    while (i < list->n && compare(&list->at[i - 1], &list->at[i]) <= 0)
        i++;
    if (i < list->n)
        qsort(list->at, list->n, sizeof(*list->at), compare);
}

void log_changes_sort(struct log_changes *changes)
{
    sort(&changes->touches, compare_streams);
    sort(&changes->streams, compare_streams);
    sort(&changes->outbox, compare_lanes);
    sort(&changes->tombstones, compare_lanes);
    sort(&changes->cursors, compare_lanes);
}

bool log_changes_waits_before(const struct log_changes *changes, const struct log_change *tombstone)
{
    const struct log_change_list *outbox = &changes->outbox;
    size_t low = 0, high = outbox->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (compare_items(&outbox->at[mid], tombstone) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low < outbox->n && compare_items(&outbox->at[low], tombstone) == 0 &&
           compare_places(&outbox->at[low], tombstone) < 0;
}

static void list_free(struct log_change_list *list)
{
    free(list->at);
    *list = (struct log_change_list){0};
}

void log_changes_reset(struct log_changes *changes)
{
    changes->touches.n = 0;
    changes->streams.n = 0;
    changes->outbox.n = 0;
    changes->tombstones.n = 0;
    changes->cursors.n = 0;
    changes->n = 0;
}

void log_changes_free(struct log_changes *changes)
{
    list_free(&changes->touches);
    list_free(&changes->streams);
    list_free(&changes->outbox);
    list_free(&changes->tombstones);
    list_free(&changes->cursors);
}
