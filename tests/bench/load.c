#include "tests/bench/load.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"

enum { STEP_BITS = 6, NS_PER_MS = 1000000, NS_PER_S = 1000000000, LOOK_MS = 20 };

_Noreturn void load_fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
    exit(1);
}

void *load_alloc(size_t n, size_t size)
{
    void *p = calloc(n, size);

    if (p == NULL) {
        load_fail("out of memory");
    }
    return p;
}

/* splitmix64 */
static uint64_t next_random(void)
{
    static uint64_t state;

    state = (state == 0 ? (uint64_t)load_now_ns() : state) + UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = (state ^ (state >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void fill_random(void *ctx, void *p, size_t n)
{
    uint8_t *bytes = p;

    (void)ctx;
    for (size_t i = 0; i < n; i += sizeof(uint64_t)) {
        uint64_t random = next_random();
        memcpy(bytes + i, &random, n - i < sizeof random ? n - i : sizeof random);
    }
}

const struct rng *load_rng(void)
{
    static const struct rng rng = {NULL, fill_random};

    return &rng;
}

int64_t load_now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* --- options --- */

static bool set_number(struct load_options *options, const char *name, const char *value)
{
    const struct {
        const char *name;
        long *at;
    } numbers[] = {{"--port", &options->port},
                   {"--clients", &options->clients},
                   {"--addressees", &options->addressees},
                   {"--window", &options->window},
                   {"--batch", &options->batch},
                   {"--rate", &options->rate},
                   {"--count", &options->count},
                   {"--ms", &options->milliseconds},
                   {"--warmup", &options->warmup},
                   {"--deliver", &options->deliver},
                   {"--first", &options->first},
                   {"--share", &options->share}};

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strcmp(name, numbers[i].name) == 0) {
            char *end;
            errno = 0;
            *numbers[i].at = strtol(value, &end, 10);
            return errno == 0 && *end == '\0' && end != value && *numbers[i].at >= 0;
        }
    }
    return false;
}

static bool set_text(struct load_options *options, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **at;
    } texts[] = {{"--mode", &options->mode},     {"--endpoint", &options->endpoint},
                 {"--folder", &options->folder}, {"--via", &options->via},
                 {"--to", &options->to},         {"--ca", &options->ca},
                 {"--key", &options->key}};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(name, texts[i].name) == 0) {
            *texts[i].at = value;
            return true;
        }
    }
    return false;
}

void load_options_read(int argc, char **argv, struct load_options *ret)
{
    *ret = (struct load_options){.mode = "pipelined",
                                 .endpoint = "",
                                 .folder = ".",
                                 .via = ".",
                                 .to = ".",
                                 .clients = 1,
                                 .window = 1,
                                 .batch = 1,
                                 .milliseconds = 1000,
                                 .warmup = 300,
                                 .deliver = 1};
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc ||
            (!set_text(ret, argv[i], argv[i + 1]) && !set_number(ret, argv[i], argv[i + 1]))) {
            (void)fprintf(stderr, "%s: %s: see load_options_read for what is known\n", argv[0], argv[i]);
            exit(64);
        }
    }
    if (ret->clients < 1 || ret->clients > LOAD_CLIENTS_MAX || ret->addressees > LOAD_CLIENTS_MAX ||
        ret->window < 1 || ret->window > LOAD_SLOTS_MAX || ret->batch < 1) {
        (void)fprintf(stderr, "%s: --clients, --addressees, --window or --batch is out of range\n", argv[0]);
        exit(64);
    }
}

/* --- latencies --- */

void load_histogram_add(struct load_histogram *histogram, int64_t ns)
{
    uint64_t value = ns > 0 ? (uint64_t)ns : 0;
    size_t index = (size_t)value;

    if (value >= 1u << STEP_BITS) {
        unsigned shift = 63u - (unsigned)__builtin_clzll(value) - STEP_BITS;
        index = ((size_t)(shift + 1) << STEP_BITS) + (size_t)(value >> shift) - (1u << STEP_BITS);
    }
    histogram->buckets[index]++;
    histogram->n++;
    histogram->max_ns = ns > histogram->max_ns ? ns : histogram->max_ns;
}

/* The middle of a bucket. */
static double bucket_ns(size_t index)
{
    if (index < 1u << STEP_BITS) {
        return (double)index;
    }
    unsigned shift = (unsigned)(index >> STEP_BITS) - 1;
    uint64_t low = ((uint64_t)(index & ((1u << STEP_BITS) - 1)) + (1u << STEP_BITS)) << shift;
    return (double)low + (double)(UINT64_C(1) << shift) / 2;
}

double load_histogram_us(const struct load_histogram *histogram, double share)
{
    uint64_t wanted = (uint64_t)(share * (double)histogram->n);
    uint64_t seen = 0;

    if (histogram->n == 0) {
        return 0;
    }
    for (size_t i = 0; i < sizeof histogram->buckets / sizeof histogram->buckets[0]; i++) {
        seen += histogram->buckets[i];
        if (seen > wanted || seen == histogram->n) {
            return bucket_ns(i) / 1000;
        }
    }
    return 0;
}

/* --- who may issue --- */

void load_begin(struct load *load, const struct load_options *options)
{
    size_t slots = options->rate > 0 ? LOAD_OPEN_SLOTS : (size_t)options->window;

    *load = (struct load){.options = *options, .slots = slots, .free_n = slots};
    load->start_ns = load_alloc(slots, sizeof *load->start_ns);
    load->free_slots = load_alloc(slots, sizeof *load->free_slots);
    for (size_t i = 0; i < slots; i++) {
        load->free_slots[i] = (uint32_t)(slots - 1 - i);
    }
    load->heard_ns = load_now_ns();
    load->begin_ns = load->heard_ns + options->warmup * NS_PER_MS;
    load->stop_ns = options->count > 0 ? INT64_MAX : load->begin_ns + options->milliseconds * NS_PER_MS;
    load->counted_ns = load->begin_ns;
}

void load_end(struct load *load)
{
    free(load->start_ns);
    free(load->free_slots);
    load->start_ns = NULL;
    load->free_slots = NULL;
}

static bool is_closed(const struct load *load, int64_t now_ns)
{
    long count = load->options.count;

    return now_ns >= load->stop_ns || (count > 0 && load->issued >= (uint64_t)count);
}

static int64_t due_ns(const struct load *load)
{
    int64_t first = load->begin_ns - load->options.warmup * NS_PER_MS;

    return first + (int64_t)((double)load->issued * 1e9 / (double)load->options.rate);
}

size_t load_room(const struct load *load, int64_t now_ns)
{
    return is_closed(load, now_ns) ? 0 : load->free_n;
}

int load_next(struct load *load, int64_t now_ns)
{
    int64_t start = load->options.rate > 0 ? due_ns(load) : now_ns;

    if (load->free_n == 0 || start > now_ns || is_closed(load, now_ns)) {
        return -1;
    }
    uint32_t slot = load->free_slots[--load->free_n];
    load->start_ns[slot] = start;
    load->issued++;
    return (int)slot;
}

void load_done(struct load *load, size_t slot, int64_t at_ns)
{
    if (slot >= load->slots || load->start_ns[slot] == 0) {
        load_fail("an order came that is not under way: slot %zu", slot);
    }
    int64_t start = load->start_ns[slot];
    if (start >= load->begin_ns && start < load->stop_ns) {
        load_histogram_add(&load->histogram, at_ns - start);
    }
    if (at_ns >= load->begin_ns && at_ns < load->stop_ns) {
        load->counted++;
        load->counted_ns = at_ns;
    }
    load->done++;
    load->heard_ns = at_ns;
    load->start_ns[slot] = 0;
    load->free_slots[load->free_n++] = (uint32_t)slot;
}

int64_t load_wait_ns(const struct load *load, int64_t now_ns)
{
    int64_t wait = (int64_t)LOOK_MS * NS_PER_MS;

    if (load->options.rate > 0 && load->free_n > 0 && !is_closed(load, now_ns)) {
        int64_t due = due_ns(load) - now_ns;
        wait = due < 0 ? 0 : due < wait ? due : wait;
    }
    return wait;
}

bool load_over(const struct load *load, int64_t now_ns)
{
    bool closed = is_closed(load, now_ns);

    if (closed && load->free_n == load->slots) {
        return true;
    }
    if (load->stop_ns != INT64_MAX && now_ns > load->stop_ns + (int64_t)LOAD_DRAIN_MS * NS_PER_MS) {
        load_fail("%zu orders have not come %d s after the end", load->slots - load->free_n,
                  LOAD_DRAIN_MS / 1000);
    }
    if (load->free_n < load->slots && now_ns - load->heard_ns > (int64_t)LOAD_STALL_MS * NS_PER_MS) {
        load_fail("nothing came for %d s; %zu orders are under way", LOAD_STALL_MS / 1000,
                  load->slots - load->free_n);
    }
    return false;
}

void load_report_rate(const char *mode, double per_second, const struct load_histogram *histogram,
                      const char *extra)
{
    printf("{\"mode\": \"%s\", \"rate\": %.1f", mode, per_second);
    if (histogram != NULL) {
        printf(", \"samples\": %" PRIu64 ", \"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, "
               "\"p999_us\": %.1f, \"max_us\": %.1f",
               histogram->n, load_histogram_us(histogram, 0.5), load_histogram_us(histogram, 0.9),
               load_histogram_us(histogram, 0.99), load_histogram_us(histogram, 0.999),
               (double)histogram->max_ns / 1000);
    }
    printf("%s%s}\n", extra[0] != '\0' ? ", " : "", extra);
    (void)fflush(stdout);
}

void load_report(const struct load *load, const char *extra)
{
    int64_t end = load->stop_ns == INT64_MAX ? load->counted_ns : load->stop_ns;
    double seconds = (double)(end - load->begin_ns) / 1e9;
    char text[512];

    (void)snprintf(text, sizeof text, "\"orders\": %" PRIu64 "%s%s", load->done, extra[0] != '\0' ? ", " : "",
                   extra);
    load_report_rate(load->options.mode, seconds > 0 ? (double)load->counted / seconds : 0, &load->histogram,
                     text);
}

void load_payload(size_t slot, uint8_t ret[LOAD_PAYLOAD])
{
    memset(ret, 'm', LOAD_PAYLOAD);
    ret[0] = (uint8_t)(slot >> 8);
    ret[1] = (uint8_t)slot;
}

size_t load_payload_slot(const void *payload, size_t n)
{
    const uint8_t *p = payload;

    if (n != LOAD_PAYLOAD) {
        load_fail("a payload of %zu bytes came", n);
    }
    return (size_t)p[0] << 8 | p[1];
}
