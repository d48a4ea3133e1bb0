/* bench-load-redis_due: how late Redis tells that keys have expired, which is what it has for deadlines.
 * --count keys, --rate of them due a second, are set as bench-load-due issues orders; those of the first --ms
 * are watched. Redis looks at samples of the keys, here 500 times a second, so it promises no time; what it
 * has not told LATE_MAX_MS (a short run: 2 x --ms) after its time counts as that late. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include <hiredis/hiredis.h>

#include "tests/bench/load.h"

enum {
    NS_PER_MS = 1000000,
    TRIAL_MIN = 1000, /* so many keys, or this part of all, show how fast the rest will be set */
    TRIAL_DIVISOR = 50,
    PIPELINE = 1000,
    LEAD_SPARE_MS = 1000,
    LATE_MAX_MS = 10000,
    FAR_MS = 24 * 60 * 60 * 1000,
    TIMEOUT_S = 20,
    LOOK_MS = 20
};

struct expiring {
    struct load_options options;
    redisContext *set, *told;
    int64_t *due_ms; /* by key; 0: not watched */
    size_t set_n, watched_n, told_n;
    int64_t late_max_ms;
    struct load_histogram late;
};

static int64_t utc_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 * NS_PER_MS + now.tv_nsec;
}

static redisContext *connect_to(const struct load_options *options)
{
    const struct timeval timeout = {.tv_sec = TIMEOUT_S};
    redisContext *context = redisConnectWithTimeout("127.0.0.1", (int)options->port, timeout);

    if (context == NULL || context->err != 0 || redisSetTimeout(context, timeout) != REDIS_OK) {
        load_fail("cannot connect to Redis: %s", context != NULL ? context->errstr : "out of memory");
    }
    return context;
}

static void check(redisContext *context, redisReply *reply)
{
    if (reply == NULL || reply->type == REDIS_REPLY_ERROR) {
        load_fail("Redis: %s", reply != NULL ? reply->str : context->errstr);
    }
    freeReplyObject(reply);
}

static void set_up_to(struct expiring *all, size_t n, int64_t first_ms, size_t first, bool watched)
{
    while (all->set_n < n) {
        size_t left = n - all->set_n, one = left < PIPELINE ? left : PIPELINE;
        for (size_t i = 0; i < one; i++) {
            size_t number = all->set_n++;
            int64_t due_ms = first_ms + (int64_t)((number - first) * 1000 / (size_t)all->options.rate);
            all->due_ms[number] = watched ? due_ms : 0;
            if (redisAppendCommand(all->set, "SET %llu 1 PXAT %lld", (unsigned long long)number,
                                   (long long)due_ms) != REDIS_OK) {
                load_fail("Redis: %s", all->set->errstr);
            }
        }
        for (size_t i = 0; i < one; i++) {
            void *reply = NULL;
            (void)redisGetReply(all->set, &reply);
            check(all->set, reply);
        }
    }
}

static void note_told(struct expiring *all, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3 ||
        reply->element[2]->type != REDIS_REPLY_STRING) {
        return; /* the answer to SUBSCRIBE */
    }
    size_t number = (size_t)strtoull(reply->element[2]->str, NULL, 10);
    if (number < all->set_n && all->due_ms[number] != 0) {
        int64_t late_ns = utc_ns() - all->due_ms[number] * NS_PER_MS;
        all->due_ms[number] = 0;
        if (late_ns <= all->late_max_ms * NS_PER_MS) {
            load_histogram_add(&all->late, late_ns);
            all->told_n++;
        }
    }
}

static void hear(struct expiring *all, int64_t end_ns)
{
    struct pollfd in = {.fd = all->told->fd, .events = POLLIN};
    void *reply;

    while (all->told_n < all->watched_n && utc_ns() < end_ns) {
        if (poll(&in, 1, LOOK_MS) > 0 && redisBufferRead(all->told) != REDIS_OK) {
            load_fail("Redis: %s", all->told->errstr);
        }
        while (redisGetReplyFromReader(all->told, &reply) == REDIS_OK && reply != NULL) {
            note_told(all, reply);
            freeReplyObject(reply);
        }
    }
}

static void report(struct expiring *all)
{
    for (size_t i = all->told_n; i < all->watched_n; i++) {
        load_histogram_add(&all->late, all->late_max_ms * NS_PER_MS);
    }
    printf(
        "{\"watched\": %zu, \"told\": %zu, \"own\": {\"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, "
        "\"max_us\": %.1f}}\n",
        all->watched_n, all->told_n, load_histogram_us(&all->late, 0.5), load_histogram_us(&all->late, 0.99),
        load_histogram_us(&all->late, 0.999), (double)all->late.max_ns / 1000);
}

int main(int argc, char **argv)
{
    static struct expiring all;

    load_options_read(argc, argv, &all.options);
    size_t count = (size_t)all.options.count, trial = count / TRIAL_DIVISOR;
    size_t watched = (size_t)(all.options.rate * all.options.milliseconds / 1000);
    trial = trial > TRIAL_MIN ? trial : TRIAL_MIN;
    if (all.options.rate < 1 || trial + watched > count) {
        load_fail("--count is too small for --rate and --ms");
    }
    all.late_max_ms = 2 * all.options.milliseconds < LATE_MAX_MS ? 2 * all.options.milliseconds : LATE_MAX_MS;
    all.due_ms = load_alloc(count, sizeof *all.due_ms);
    all.set = connect_to(&all.options);
    all.told = connect_to(&all.options);
    check(all.set, redisCommand(all.set, "CONFIG SET notify-keyspace-events Ex"));
    /* as eager as it can be */
    check(all.set, redisCommand(all.set, "CONFIG SET hz 500 dynamic-hz no active-expire-effort 10"));
    check(all.told, redisCommand(all.told, "SUBSCRIBE __keyevent@0__:expired"));
    int64_t began_ns = utc_ns();
    set_up_to(&all, trial, began_ns / NS_PER_MS + FAR_MS, 0, false);
    int64_t lead_ms = (utc_ns() - began_ns) / NS_PER_MS * (int64_t)(count / trial) * 2 + LEAD_SPARE_MS;
    int64_t first_ms = utc_ns() / NS_PER_MS + lead_ms;
    all.watched_n = watched;
    set_up_to(&all, trial + watched, first_ms, trial, true);
    set_up_to(&all, count, first_ms, trial, false);
    printf("{\"pending\": %zu, \"rate\": %.1f, \"first_in_ms\": %" PRId64 "}\n", count,
           (double)count * 1e9 / (double)(utc_ns() - began_ns), first_ms - utc_ns() / NS_PER_MS);
    (void)fflush(stdout);
    hear(&all, (first_ms + all.options.milliseconds + all.late_max_ms) * NS_PER_MS);
    report(&all);
    redisFree(all.set);
    redisFree(all.told);
    free(all.due_ms);
    return 0;
}
