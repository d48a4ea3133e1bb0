/* An arena with a budget: what one input needs is taken from it and given back at once, and an input
 * that wants more than the budget gets NULL instead of memory. Not thread-safe. */
#ifndef MUSTER_COMMON_BASE_ARENA_H
#define MUSTER_COMMON_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *head;
    size_t budget; /* bytes */
    size_t used;   /* bytes given out or left behind at the end of a full chunk; never above budget */
    bool starved;  /* since the last reset the system had no memory: what failed may go well another time,
                      which what is beyond the budget never does */
};

void arena_init(struct arena *arena, size_t budget_bytes);

/* Zeroed, aligned for any type; NULL when the budget or the system has no more. n == 0 gives a
 * pointer that must not be read. */
void *arena_alloc(struct arena *arena, size_t n);
void *arena_copy(struct arena *arena, const void *bytes, size_t n);
/* The n bytes and a NUL. */
char *arena_text(struct arena *arena, const void *bytes, size_t n);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Array of n elements, overflow checked. */
#define arena_array(arena, type, n) ((type *)arena_alloc_array((arena), (n), sizeof(type)))
void *arena_alloc_array(struct arena *arena, size_t n, size_t size);

/* Forgets all, keeps the first chunk for the next input unless it is a large one. */
void arena_reset(struct arena *arena);
void arena_free(struct arena *arena);

#endif
