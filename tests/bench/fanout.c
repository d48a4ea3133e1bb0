#include "tests/bench/fanout.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NS_PER_MS = 1000000, LOOK_MS = 5, FULL_US = 100 };

void fanout_begin(struct fanout *fanout, const struct load_options *options)
{
    *fanout = (struct fanout){.options = options};
    fanout->sinks_n = (size_t)options->addressees;
    fanout->sinks = load_alloc(fanout->sinks_n, sizeof *fanout->sinks);
    fanout_restart(fanout);
}

void fanout_restart(struct fanout *fanout)
{
    fanout->began_ns = load_now_ns();
    fanout->begin_ns = fanout->began_ns + fanout->options->warmup * NS_PER_MS;
    fanout->stop_ns = fanout->begin_ns + fanout->options->milliseconds * NS_PER_MS;
    fanout->seen_ns = fanout->began_ns;
}

void fanout_end(struct fanout *fanout)
{
    free(fanout->sinks);
    fanout->sinks = NULL;
}

/* Other threads count meanwhile: a look that is a little behind does no harm. */
static uint64_t delivered(const struct fanout *fanout)
{
    uint64_t all = 0;

    for (size_t i = 0; i < fanout->sinks_n; i++) {
        all += __atomic_load_n(&fanout->sinks[i].all, __ATOMIC_RELAXED);
    }
    return all;
}

/* Full speed: how many more may be under way. */
static size_t room(struct fanout *fanout, int64_t now_ns)
{
    uint64_t came = delivered(fanout);
    uint64_t said = fanout->published * fanout->sinks_n;
    uint64_t window = (uint64_t)fanout->options->window * fanout->sinks_n;

    if (came != fanout->seen) {
        fanout->seen = came;
        fanout->seen_ns = now_ns;
    } else if (now_ns - fanout->seen_ns > (int64_t)FANOUT_LOST_MS * NS_PER_MS) {
        fanout->lost = said - came;
        fanout->seen_ns = now_ns;
    }
    uint64_t under_way = said > came + fanout->lost ? said - came - fanout->lost : 0;
    return under_way < window ? (size_t)((window - under_way) / fanout->sinks_n) : 0;
}

size_t fanout_due(struct fanout *fanout, int64_t now_ns, size_t most)
{
    size_t due;

    if (now_ns >= fanout->stop_ns) {
        return 0;
    }
    if (fanout->options->rate > 0) {
        double all = (double)(now_ns - fanout->began_ns) * (double)fanout->options->rate / 1e9;
        due = all > (double)fanout->published ? (size_t)(all - (double)fanout->published) : 0;
    } else {
        due = room(fanout, now_ns);
    }
    return due < most ? due : most;
}

uint64_t fanout_published(struct fanout *fanout, int64_t now_ns)
{
    fanout->counted += now_ns >= fanout->begin_ns && now_ns < fanout->stop_ns;
    return fanout->published++;
}

void fanout_payload(struct fanout *fanout, int64_t now_ns, uint8_t ret[FANOUT_PAYLOAD])
{
    memset(ret, 'p', FANOUT_PAYLOAD);
    memcpy(ret, &now_ns, sizeof now_ns);
    (void)fanout_published(fanout, now_ns);
}

void fanout_took(struct fanout *fanout, size_t sink, const void *payload, size_t n, int64_t now_ns)
{
    int64_t sent_ns;

    if (n != FANOUT_PAYLOAD) {
        load_fail("a sample of %zu bytes came", n);
    }
    memcpy(&sent_ns, payload, sizeof sent_ns);
    fanout_took_of(fanout, sink, sent_ns, now_ns);
}

void fanout_took_of(struct fanout *fanout, size_t sink, int64_t sent_ns, int64_t now_ns)
{
    struct fanout_sink *to = &fanout->sinks[sink];

    if (sent_ns >= fanout->begin_ns && sent_ns < fanout->stop_ns) {
        load_histogram_add(&to->ages, now_ns - sent_ns);
    }
    to->counted += now_ns >= fanout->begin_ns && now_ns < fanout->stop_ns;
    __atomic_add_fetch(&to->all, 1, __ATOMIC_RELAXED);
}

int64_t fanout_wait_ns(const struct fanout *fanout, int64_t now_ns)
{
    int64_t wait = (int64_t)LOOK_MS * NS_PER_MS;

    if (fanout->options->rate > 0) {
        double next = (double)(fanout->published + 1) * 1e9 / (double)fanout->options->rate;
        int64_t due = fanout->began_ns + (int64_t)next - now_ns;
        wait = due < 0 ? 0 : due < wait ? due : wait;
    }
    return wait;
}

void fanout_sleep(const struct fanout *fanout, size_t n)
{
    struct timespec pause = {.tv_nsec = FULL_US * 1000};

    if (fanout->options->rate > 0) {
        pause.tv_nsec = fanout_wait_ns(fanout, load_now_ns());
    }
    if (n < FANOUT_BATCH && pause.tv_nsec > 0) {
        (void)nanosleep(&pause, NULL);
    }
}

bool fanout_over(const struct fanout *fanout, int64_t now_ns)
{
    return now_ns > fanout->stop_ns + (int64_t)FANOUT_DRAIN_MS * NS_PER_MS;
}

void fanout_report(const struct fanout *fanout)
{
    static struct load_histogram ages;
    uint64_t counted = 0, least = UINT64_MAX;
    double seconds = (double)(fanout->stop_ns - fanout->begin_ns) / 1e9;
    char extra[256];

    for (size_t i = 0; i < fanout->sinks_n; i++) {
        const struct fanout_sink *sink = &fanout->sinks[i];
        counted += sink->counted;
        least = sink->counted < least ? sink->counted : least;
        ages.n += sink->ages.n;
        ages.max_ns = sink->ages.max_ns > ages.max_ns ? sink->ages.max_ns : ages.max_ns;
        for (size_t j = 0; j < sizeof ages.buckets / sizeof ages.buckets[0]; j++) {
            ages.buckets[j] += sink->ages.buckets[j];
        }
    }
    (void)snprintf(extra, sizeof extra,
                   "\"published\": %.1f, \"share\": %.4f, \"least\": %" PRIu64 ", \"orders\": %" PRIu64,
                   (double)fanout->counted / seconds,
                   fanout->counted > 0 ? (double)counted / (double)fanout->sinks_n / (double)fanout->counted
                                       : 0,
                   least, counted);
    load_report_rate(fanout->options->mode, (double)counted / seconds, &ages, extra);
}
