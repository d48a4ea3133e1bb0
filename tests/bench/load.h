/* What the load programs of ./dev bench share: options, a clock, which order may go out when, a histogram and
 * the report, so that every system is driven and measured alike. One thread at a time.
 *
 * An order takes a slot when it goes out and gives it back when its addressee has it. Closed loop: as many
 * under way as there are slots. Open loop (--rate): an order is due at its time whether or not those before
 * it have come, and its latency counts from that time, so that a system that stalls is charged for everybody
 * who would have waited (no coordinated omission). */
#ifndef MUSTER_TESTS_BENCH_LOAD_H
#define MUSTER_TESTS_BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rng;

enum {
    LOAD_PAYLOAD = 256,       /* bytes of an order's words */
    LOAD_SLOTS_MAX = 1 << 16, /* a slot's number is the first two bytes of a payload or id */
    LOAD_CLIENTS_MAX = 8192,
    LOAD_OPEN_SLOTS = 1 << 15, /* open loop: three seconds of 10,000 a second */
    LOAD_DRAIN_MS = 10000,     /* how long what is under way at the end is waited for */
    LOAD_STALL_MS = 20000      /* nothing came for so long: the program gives up */
};

struct load_options {
    const char *mode;     /* what to do; each program has its own words */
    const char *endpoint; /* ZeroMQ's */
    const char *folder;   /* keys, or where to write */
    const char *via;      /* a second region's folder, and a third's */
    const char *to;
    const char *ca;  /* certificate to trust; NULL: no TLS */
    const char *key; /* a ROUTER's CURVE key, Z85; NULL: no CURVE */
    long port;
    long clients;    /* that issue; slot s is client s % clients' */
    long addressees; /* that are ordered, 0: as many as clients */
    long window;     /* orders under way, in all */
    long batch;      /* commands under one signature, or one write, at most */
    long rate;       /* orders a second, open loop; 0: closed */
    long count;      /* end after so many; 0: by time */
    long milliseconds;
    long warmup;  /* milliseconds before, not counted */
    long deliver; /* 0: count what is issued, nobody is ordered */
    long first;   /* number of the first issuer and addressee: several programs on one broker */
    long share;   /* each program has words of its own for it */
};

/* Reads "--name value" pairs; wrong usage ends the program with 64. */
void load_options_read(int argc, char **argv, struct load_options *ret);

int64_t load_now_ns(void); /* CLOCK_MONOTONIC */

/* Random enough for ids and salts of a load, and without a system call each. */
const struct rng *load_rng(void);

/* Ends the program with one line and exit code 1. */
_Noreturn void load_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same if p is NULL: these programs have nothing to do without memory. */
void *load_alloc(size_t n, size_t size);

/* --- latencies: 64 steps a power of two, so 1.6 % at most off --- */

struct load_histogram {
    uint64_t n;
    int64_t max_ns;
    uint64_t buckets[64 * 64];
};

void load_histogram_add(struct load_histogram *histogram, int64_t ns);
/* The value below or at which a share (0 to 1) lies, in microseconds; 0 without values. */
double load_histogram_us(const struct load_histogram *histogram, double share);

/* --- who may issue --- */

struct load {
    struct load_options options;
    int64_t begin_ns; /* of what is counted */
    int64_t stop_ns;  /* INT64_MAX with --count */
    int64_t heard_ns; /* last progress */
    uint64_t issued;
    uint64_t done;      /* all */
    uint64_t counted;   /* of them, within the measured time */
    int64_t counted_ns; /* when the last of them came */
    int64_t *start_ns;  /* by slot; 0: free */
    uint32_t *free_slots;
    size_t slots, free_n;
    struct load_histogram histogram;
};

/* Begins to measure after the warm-up. */
void load_begin(struct load *load, const struct load_options *options);
void load_end(struct load *load);
/* A slot whose order is to go out now, or -1. */
int load_next(struct load *load, int64_t now_ns);
/* Free slots, 0 when no more is to be issued. */
size_t load_room(const struct load *load, int64_t now_ns);
/* Its addressee has it since at_ns; the slot is free. */
void load_done(struct load *load, size_t slot, int64_t at_ns);
/* When to look again if nothing comes. */
int64_t load_wait_ns(const struct load *load, int64_t now_ns);
/* Nothing more is to be issued or waited for. Ends the program when nothing moves. */
bool load_over(const struct load *load, int64_t now_ns);
/* One line of JSON on stdout; `extra` ("" or "\"key\": value, ...") goes in. */
void load_report(const struct load *load, const char *extra);
void load_report_rate(const char *mode, double per_second, const struct load_histogram *histogram,
                      const char *extra);

/* 256 bytes that begin with the slot's number. */
void load_payload(size_t slot, uint8_t ret[LOAD_PAYLOAD]);
size_t load_payload_slot(const void *payload, size_t n);

#endif
