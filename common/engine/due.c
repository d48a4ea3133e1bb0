#include "common/engine/due.h"

#include <stdlib.h>

#include "common/base/err.h"

static void put(struct due_heap *heap, size_t i, struct due *due)
{
    heap->at[i] = due;
    due->index = i;
}

static void rise(struct due_heap *heap, size_t i, struct due *due)
{
    while (i > 0 && heap->at[(i - 1) / 2]->at_ms > due->at_ms) {
        put(heap, i, heap->at[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put(heap, i, due);
}

static void sink(struct due_heap *heap, size_t i, struct due *due)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= heap->n) {
            break;
        }
        if (child + 1 < heap->n && heap->at[child + 1]->at_ms < heap->at[child]->at_ms) {
            child++;
        }
        if (heap->at[child]->at_ms >= due->at_ms) {
            break;
        }
        put(heap, i, heap->at[child]);
        i = child;
    }
    put(heap, i, due);
}

static void place(struct due_heap *heap, size_t i, struct due *due)
{
    rise(heap, i, due);
    sink(heap, due->index, due);
}

static void take_out(struct due_heap *heap, struct due *due)
{
    size_t i = due->index;
    struct due *last = heap->at[--heap->n];

    due->at_ms = 0;
    if (last != due) {
        place(heap, i, last);
    }
}

int due_set(struct due_heap *heap, struct due *due, int64_t at_ms)
{
    if (at_ms == due->at_ms) {
        return 0;
    }
    if (at_ms == 0) {
        take_out(heap, due);
        return 0;
    }
    if (due->at_ms != 0) {
        due->at_ms = at_ms;
        place(heap, due->index, due);
        return 0;
    }
    if (heap->n == heap->capacity) {
        size_t capacity = heap->capacity == 0 ? 64 : heap->capacity * 2;
        struct due **grown = realloc(heap->at, capacity * sizeof(struct due *));
        if (grown == NULL) {
            return ERR_NO_MEMORY;
        }
        heap->at = grown;
        heap->capacity = capacity;
    }
    due->at_ms = at_ms;
    rise(heap, heap->n++, due);
    return 0;
}

struct due *due_first(const struct due_heap *heap)
{
    return heap->n > 0 ? heap->at[0] : NULL;
}

void due_free(struct due_heap *heap)
{
    free(heap->at);
    *heap = (struct due_heap){0};
}
