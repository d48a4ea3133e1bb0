#include "common/log/log_run.h"

#include <string.h>

enum { SPAN_DIGITS = 4, LENGTH_DIGITS = 3 };

_Static_assert((int)LOG_RUN_HEAD == SPAN_DIGITS + LENGTH_DIGITS, "two numbers");
_Static_assert((int)LOG_BATCH_MAX <= LOG_RUN_SPAN_MAX + 1, "a commit fits");
_Static_assert((int)LOG_NAME_MAX <= 1000, "an item's length fits");

static void put_digits(uint8_t *p, int digits, uint64_t v)
{
    for (int i = digits - 1; i >= 0; i--) {
        p[i] = (uint8_t)('0' + v % 10);
        v /= 10;
    }
}

static int get_digits(const uint8_t *p, int digits)
{
    int v = 0;
    for (int i = 0; i < digits; i++) {
        if (p[i] < '0' || p[i] > '9')
            return -1;
        v = v * 10 + (p[i] - '0');
    }
    return v;
}

void log_run_put(uint8_t *p, uint64_t last, uint64_t seq, const char *item, size_t n)
{
    put_digits(p, SPAN_DIGITS, last - seq);
    put_digits(p + SPAN_DIGITS, LENGTH_DIGITS, n);
    memcpy(p + LOG_RUN_HEAD, item, n);
}

bool log_run_begin(struct log_run *run, int64_t first, int64_t last, const void *p, int n)
{
    if (first < 1 || last < first || last - first > LOG_RUN_SPAN_MAX || p == NULL || n < LOG_RUN_HEAD ||
        n > LOG_RUN_BYTES_MAX)
        return false;
    *run = (struct log_run){.first = (uint64_t)first, .last = (uint64_t)last, .p = p, .n = (size_t)n};
    return true;
}

int log_run_next(struct log_run *run, struct log_run_entry *ret)
{
    const uint8_t *p = run->p + run->at;
    size_t left = run->n - run->at;
    if (left == 0)
        return run->seq == run->last ? 0 : ERR_CORRUPT;
    if (left < LOG_RUN_HEAD)
        return ERR_CORRUPT;
    int span = get_digits(p, SPAN_DIGITS);
    int length = get_digits(p + SPAN_DIGITS, LENGTH_DIGITS);
    if (span < 0 || (uint64_t)span > run->last - run->first || length < 0 || length >= LOG_NAME_MAX ||
        left - LOG_RUN_HEAD < (size_t)length || memchr(p + LOG_RUN_HEAD, '\0', (size_t)length) != NULL)
        return ERR_CORRUPT;
    uint64_t seq = run->last - (uint64_t)span;
    /* The first is the run's first, and none is before the one before it. */
    if (run->at == 0 ? seq != run->first : seq < run->seq)
        return ERR_CORRUPT;
    ret->seq = seq;
    ret->at = run->at;
    memcpy(ret->item, p + LOG_RUN_HEAD, (size_t)length);
    ret->item[length] = '\0';
    run->seq = seq;
    run->at += LOG_RUN_HEAD + (size_t)length;
    return 1;
}
