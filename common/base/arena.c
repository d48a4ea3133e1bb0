#include "common/base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CHUNK = 4096, ALIGNMENT = _Alignof(max_align_t) };

/* head is the chunk that is being filled. */
struct arena_chunk {
    struct arena_chunk *next;
    size_t capacity;
    size_t filled;
    bool single; /* made for one large piece */
    _Alignas(max_align_t) unsigned char bytes[];
};

void arena_init(struct arena *arena, size_t budget_bytes)
{
    *arena = (struct arena){.budget = budget_bytes};
}

static struct arena_chunk *chunk_new(struct arena *arena, size_t capacity)
{
    struct arena_chunk *chunk = NULL;

    if (capacity <= SIZE_MAX - sizeof *chunk)
        chunk = malloc(sizeof *chunk + capacity);
    if (chunk)
        *chunk = (struct arena_chunk){.capacity = capacity};
    else
        arena->starved = true;
    return chunk;
}

/* A chunk with room for n, or NULL. The sum of all chunks stays within the budget: it is what counts
 * as used and what is left at the end of the head. */
static struct arena_chunk *chunk_for(struct arena *arena, size_t n)
{
    struct arena_chunk *head = arena->head, *chunk;
    size_t tail = head ? head->capacity - head->filled : 0;
    size_t left = arena->budget - arena->used - tail, next = FIRST_CHUNK;

    if (head && n <= tail)
        return head;
    if (n > left)
        return NULL;
    if (head)
        next = head->capacity < SIZE_MAX / 2 ? head->capacity * 2 : SIZE_MAX;
    /* What needs more than half a chunk gets its own behind the head, whose tail stays in use. */
    if (head && n > next / 2) {
        chunk = chunk_new(arena, n);
        if (!chunk)
            return NULL;
        chunk->single = true;
        chunk->next = head->next;
        head->next = chunk;
        return chunk;
    }
    if (next > left)
        next = left;
    chunk = chunk_new(arena, next > n ? next : n);
    if (!chunk)
        return NULL;
    arena->used += tail;
    chunk->next = head;
    arena->head = chunk;
    return chunk;
}

/* Room for n bytes, whatever was in it. */
static void *take(struct arena *arena, size_t n)
{
    struct arena_chunk *chunk;
    void *p;

    if (n == 0)
        n = 1;
    if (n > SIZE_MAX - ALIGNMENT)
        return NULL;
    n = (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    chunk = chunk_for(arena, n);
    if (!chunk)
        return NULL;
    p = chunk->bytes + chunk->filled;
    chunk->filled += n;
    arena->used += n;
    return p;
}

void *arena_alloc(struct arena *arena, size_t n)
{
    void *p = take(arena, n);

    if (p)
        memset(p, 0, n);
    return p;
}

void *arena_alloc_array(struct arena *arena, size_t n, size_t size)
{
    if (size > 0 && n > SIZE_MAX / size)
        return NULL;
    return arena_alloc(arena, n * size);
}

void *arena_copy(struct arena *arena, const void *bytes, size_t n)
{
    void *p = take(arena, n);

    if (p && n > 0)
        memcpy(p, bytes, n);
    return p;
}

char *arena_text(struct arena *arena, const void *bytes, size_t n)
{
    char *text = n < SIZE_MAX ? take(arena, n + 1) : NULL;

    if (!text)
        return NULL;
    memcpy(text, bytes, n);
    text[n] = '\0';
    return text;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return arena_text(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    char *text;
    int n;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        return NULL;
    text = take(arena, (size_t)n + 1);
    if (!text)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)n + 1, format, args);
    va_end(args);
    return text;
}

void arena_reset(struct arena *arena)
{
    struct arena_chunk *chunk = arena->head, *first = NULL;

    /* Chunks stand newest first, so the last that is not a single one is the first of all. */
    while (chunk) {
        struct arena_chunk *next = chunk->next, *drop = chunk;

        if (!chunk->single) {
            drop = first;
            first = chunk;
        }
        free(drop);
        chunk = next;
    }
    if (first && first->capacity > FIRST_CHUNK) { /* one large input is not paid for ever after */
        free(first);
        first = NULL;
    }
    if (first) {
        first->filled = 0;
        first->next = NULL;
    }
    arena->head = first;
    arena->used = 0;
    arena->starved = false;
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    arena_reset(arena);
    free(arena->head);
    arena->head = NULL;
}
