/* What is told of a life: the trace, the first failure, the faults that struck, the hash of it all. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/country.h"

const char *fault_words(enum fault fault)
{
    static const char *const WORDS[] = {
#define FAULT_WORDS(name, words) words,
        FAULT_LIST(FAULT_WORDS)
#undef FAULT_WORDS
    };

    return (size_t)fault < FAULT_COUNT ? WORDS[fault] : "?";
}

void world_fail(struct world *world, const char *format, ...)
{
    va_list args;

    if (world->failed) {
        return;
    }
    world->failed = true;
    va_start(args, format);
    (void)vsnprintf(world->why, sizeof world->why, format, args);
    va_end(args);
    world_trace(world, "FAILED: %s", world->why);
}

void world_trace(struct world *world, const char *format, ...)
{
    struct trace *trace = world->trace;
    char line[TRACE_LINE_MAX];
    va_list args;

    if (!world->options.trace) {
        return;
    }
    bool is_alone = world->options.country == NULL;
    int n = snprintf(line, sizeof line, "%6" PRIu64 " %10.3f %s%s",
                     is_alone ? world->step : world->options.country->step,
                     (double)(world->now_ms - WORLD_BEGIN_MS) / 1000, is_alone ? "" : world->keys.region.name,
                     is_alone ? "" : " ");
    va_start(args, format);
    (void)vsnprintf(line + n, sizeof line - (size_t)n, format, args);
    va_end(args);
    if (trace->size == 0) {
        (void)puts(line);
    } else {
        memcpy(trace->lines[trace->n++ % trace->size], line, sizeof line);
    }
}

bool trace_make(struct trace *trace, const struct world_options *options)
{
    trace->size = options->trace ? options->trace_lines : 0;
    trace->lines = calloc(trace->size + 1, sizeof *trace->lines);
    return trace->lines != NULL;
}

void trace_free(struct trace *trace)
{
    free(trace->lines);
}

void trace_tell(const struct trace *trace)
{
    size_t from = trace->n > trace->size ? trace->n - trace->size : 0;

    for (size_t i = from; i < trace->n; i++) {
        (void)puts(trace->lines[i % trace->size]);
    }
}

void world_struck(struct world *world, enum fault fault, unsigned who)
{
    world->options.tally->faults[fault]++;
    if (fault <= FAULT_DELAYED) {
        return; /* too many to be told one by one */
    }
    if (who < AGENTS) {
        world_trace(world, "fault, agent %u: %s", who, fault_words(fault));
    } else {
        world_trace(world, "fault: %s", fault_words(fault));
    }
}

/* FNV-1a, over eight bytes at a time: not against an adversary. */
void world_mix(struct world *world, const void *p, size_t n)
{
    const uint8_t *bytes = p;

    for (size_t i = 0; i < n; i += 8) {
        uint64_t word = 0;
        memcpy(&word, bytes + i, n - i < 8 ? n - i : 8);
        world->hash = (world->hash ^ word) * 0x100000001b3u;
        world->hash ^= world->hash >> 32;
    }
}
