/* A heap of streams by the time at which they next want a look. Intrusive: a stream knows its place. */
#ifndef MUSTER_COMMON_ENGINE_DUE_H
#define MUSTER_COMMON_ENGINE_DUE_H

#include <stddef.h>
#include <stdint.h>

struct due {
    int64_t at_ms; /* 0: not in the heap */
    size_t index;
};

struct due_heap {
    struct due **at;
    size_t n;
    size_t capacity;
};

/* at_ms 0 takes it out. ERR_NO_MEMORY or 0; taking out and moving cannot fail. */
int due_set(struct due_heap *heap, struct due *due, int64_t at_ms);
/* The earliest, or NULL. */
struct due *due_first(const struct due_heap *heap);
void due_free(struct due_heap *heap);

#endif
