/* One publisher of positions and many subscribers, alike for every bus: when a sample is due, what is in
 * it, and how old it is when it comes. What comes is counted for each subscriber apart, so that their threads
 * need no lock.
 *
 * --rate: so many samples a second, whether or not those before have come. 0: full speed, with at most
 * --window samples that not every subscriber has; what a bus drops is not waited for. */
#ifndef MUSTER_TESTS_BENCH_FANOUT_H
#define MUSTER_TESTS_BENCH_FANOUT_H

#include "tests/bench/load.h"

enum {
    FANOUT_PAYLOAD = 96, /* bytes: about what Muster's sample of a position takes */
    FANOUT_UNITS = 100,  /* vehicles that say where they are, one after the other */
    FANOUT_BATCH = 64,   /* published before anything is read */
    FANOUT_DRAIN_MS = 300,
    FANOUT_LOST_MS = 50 /* nothing came for so long, though samples are under way: those are lost */
};

/* What one subscriber was given. */
struct fanout_sink {
    uint64_t all;     /* counted or not */
    uint64_t counted; /* within the measured time */
    struct load_histogram ages;
};

struct fanout {
    const struct load_options *options;
    int64_t began_ns, begin_ns, stop_ns;
    uint64_t published;
    uint64_t counted; /* published within the measured time */
    uint64_t lost;    /* deliveries that are not waited for */
    uint64_t seen;    /* deliveries at the last look */
    int64_t seen_ns;
    struct fanout_sink *sinks;
    size_t sinks_n;
};

/* --addressees subscribers. Begins to count after the warm-up. */
void fanout_begin(struct fanout *fanout, const struct load_options *options);
void fanout_end(struct fanout *fanout);
/* All subscribers are there: the time counts from now on. */
void fanout_restart(struct fanout *fanout);
/* Samples that are to be published now, `most` at most. */
size_t fanout_due(struct fanout *fanout, int64_t now_ns, size_t most);
/* The next sample's words; it is published. */
void fanout_payload(struct fanout *fanout, int64_t now_ns, uint8_t ret[FANOUT_PAYLOAD]);
/* The same where the words are others: its number. */
uint64_t fanout_published(struct fanout *fanout, int64_t now_ns);
/* A subscriber has a sample. */
void fanout_took(struct fanout *fanout, size_t sink, const void *payload, size_t n, int64_t now_ns);
void fanout_took_of(struct fanout *fanout, size_t sink, int64_t sent_ns, int64_t now_ns);
int64_t fanout_wait_ns(const struct fanout *fanout, int64_t now_ns);
/* For who has nothing to wait for: n samples were published in this turn. */
void fanout_sleep(const struct fanout *fanout, size_t n);
bool fanout_over(const struct fanout *fanout, int64_t now_ns);
/* One line of JSON: deliveries a second, their ages, how many samples a subscriber was given. */
void fanout_report(const struct fanout *fanout);

#endif
