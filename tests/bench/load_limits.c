/* bench-load-limits: what the parts can do that Muster is made of. --mode
 *   overwrite, append   4 KiB and fdatasync in --folder, --count times
 *   sqlite              records with their indexes through common/log's store into --folder, --batch a
 *                       commit
 *   router              a bare ROUTER that echoes, with CURVE if --key is given as "new"; prints its endpoint
 *                       and its key; ends with stdin
 *   echo                --window messages under way to that router and back
 *   timer               a timerfd of CLOCK_BOOTTIME, --rate times a second: how late it is read
 *   idle                --clients DEALERs to that router, until stdin ends; says "ready" when each has had
 *                       its echo */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <zmq.h>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/log/log_sqlite.h"
#include "tests/bench/load.h"

enum {
    PAGE = 4096,
    Z85_TEXT = 41,
    RECORD_BYTES = 700, /* an order of 256 bytes with its signature, its path and its event */
    AGENTS = 200,
    TOUCHES = 2,
    INDEXES = TOUCHES + 3
};

/* --- the disk --- */

static void run_disk(const struct load_options *options, bool appends)
{
    static struct load_histogram histogram;
    static const uint8_t page[PAGE] = {'m'};
    char path[1024];
    int64_t began = load_now_ns();

    (void)snprintf(path, sizeof path, "%s/probe", options->folder);
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0 || pwrite(fd, page, sizeof page, 0) < 0 || fsync(fd) != 0) {
        load_fail("%s: %s", path, strerror(errno));
    }
    for (long i = 0; i < options->count; i++) {
        int64_t start = load_now_ns();
        if (pwrite(fd, page, sizeof page, appends ? (off_t)(i + 1) * PAGE : 0) != PAGE ||
            fdatasync(fd) != 0) {
            load_fail("%s: %s", path, strerror(errno));
        }
        load_histogram_add(&histogram, load_now_ns() - start);
    }
    (void)close(fd);
    load_report_rate(options->mode, (double)options->count * 1e9 / (double)(load_now_ns() - began),
                     &histogram, "");
}

/* --- SQLite --- */

struct row {
    struct log_index index[INDEXES];
    char incident[64], order[64], agent[64], item[ID_TEXT];
};

/* An order as the engine indexes it: two streams touched, one opened and due, one outbox. */
static void fill(struct log_entry *entry, struct row *row, uint64_t seq, uint8_t *payload)
{
    int64_t now = clock_system()->utc_ms(clock_system()->ctx);
    uint8_t random[10];

    load_rng()->fill(NULL, random, sizeof random);
    (void)id_format(id_make(now, random), row->item);
    (void)snprintf(row->incident, sizeof row->incident, "incident/%s", row->item);
    (void)snprintf(row->order, sizeof row->order, "order/%s", row->item);
    (void)snprintf(row->agent, sizeof row->agent, "370102/fire-rescue/station-%" PRIu64, seq % AGENTS);
    row->index[0] = (struct log_index){.op = LOG_TOUCH, .name = row->order, .item = ""};
    row->index[1] = (struct log_index){.op = LOG_TOUCH, .name = row->incident, .item = ""};
    row->index[2] = (struct log_index){.op = LOG_OPEN, .name = row->incident, .item = ""};
    row->index[3] =
        (struct log_index){.op = LOG_DUE, .name = row->incident, .item = "", .number = (uint64_t)now};
    row->index[4] = (struct log_index){.op = LOG_OUTBOX, .lane = 2, .name = row->agent, .item = row->item};
    memcpy(payload, random, sizeof random);
    *entry = (struct log_entry){.record = {.header = {.epoch = 1,
                                                      .kind = 34,
                                                      .outcome = LOG_DECIDED,
                                                      .bus_ms = now,
                                                      .utc_ms = now,
                                                      .author = "370102/emergency-management/centre",
                                                      .counter = seq},
                                           .payload = {payload, RECORD_BYTES}},
                                .index = row->index,
                                .index_n = INDEXES};
}

static void run_sqlite(const struct load_options *options)
{
    static struct load_histogram histogram;
    struct log_sqlite_options where = {
        .folder = options->folder, .region = "370102", .create = true, .volatile_ok = true};
    size_t batch = (size_t)options->batch;
    struct log_entry *entries = load_alloc(batch, sizeof *entries);
    struct row *rows = load_alloc(batch, sizeof *rows);
    uint8_t *payloads = load_alloc(batch, RECORD_BYTES);
    struct log_store *store;
    struct err err = {0};
    uint64_t seq = 0;

    if (crypto_init() != 0 || log_sqlite_open(&where, &store, NULL, 0, &err) != 0) {
        load_fail("%s", err.text);
    }
    int64_t began = load_now_ns(), end = began + options->milliseconds * 1000000;
    while (load_now_ns() < end) {
        for (size_t i = 0; i < batch; i++) {
            fill(&entries[i], &rows[i], seq + i + 1, payloads + i * RECORD_BYTES);
        }
        int64_t start = load_now_ns();
        if (log_append(store, seq, entries, batch, &err) != 0) {
            load_fail("%s", err.text);
        }
        load_histogram_add(&histogram, load_now_ns() - start);
        log_idle(store); /* as the writer does between two commits */
        seq += batch;
    }
    load_report_rate(options->mode, (double)seq * 1e9 / (double)(load_now_ns() - began), &histogram, "");
    log_close(store);
    free(entries);
    free(rows);
    free(payloads);
}

/* --- ZeroMQ --- */

static void *new_socket(void *zmq, int type)
{
    const int unlimited = 0, linger_ms = 0;
    void *socket = zmq_socket(zmq, type);

    if (socket == NULL || zmq_setsockopt(socket, ZMQ_SNDHWM, &unlimited, sizeof unlimited) != 0 ||
        zmq_setsockopt(socket, ZMQ_RCVHWM, &unlimited, sizeof unlimited) != 0 ||
        zmq_setsockopt(socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms) != 0) {
        load_fail("no more sockets: %s", zmq_strerror(errno));
    }
    return socket;
}

static void echo_all(void *router)
{
    zmq_msg_t frame;

    (void)zmq_msg_init(&frame);
    while (zmq_msg_recv(&frame, router, ZMQ_DONTWAIT) >= 0) {
        if (zmq_msg_send(&frame, router, zmq_msg_more(&frame) ? ZMQ_SNDMORE : 0) < 0) {
            load_fail("cannot echo: %s", zmq_strerror(errno));
        }
    }
    (void)zmq_msg_close(&frame);
}

static void run_router(const struct load_options *options, void *zmq)
{
    void *router = new_socket(zmq, ZMQ_ROUTER);
    char public_key[Z85_TEXT] = "", secret_key[Z85_TEXT];
    char endpoint[256];
    size_t n = sizeof endpoint;
    const int yes = 1;

    if (options->key != NULL && (zmq_curve_keypair(public_key, secret_key) != 0 ||
                                 zmq_setsockopt(router, ZMQ_CURVE_SERVER, &yes, sizeof yes) != 0 ||
                                 zmq_setsockopt(router, ZMQ_CURVE_SECRETKEY, secret_key, Z85_TEXT) != 0)) {
        load_fail("no CURVE: %s", zmq_strerror(errno));
    }
    if (zmq_bind(router, "tcp://127.0.0.1:*") != 0 ||
        zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, endpoint, &n) != 0) {
        load_fail("cannot listen: %s", zmq_strerror(errno));
    }
    printf("%s\n%s\n", endpoint, public_key);
    (void)fflush(stdout);
    zmq_pollitem_t items[] = {{.socket = router, .events = ZMQ_POLLIN},
                              {.fd = STDIN_FILENO, .events = ZMQ_POLLIN}};
    while (zmq_poll(items, 2, -1) >= 0 && items[1].revents == 0) {
        echo_all(router);
    }
    (void)zmq_close(router);
}

static void *connect_dealer(const struct load_options *options, void *zmq)
{
    void *dealer = new_socket(zmq, ZMQ_DEALER);
    char public_key[Z85_TEXT], secret_key[Z85_TEXT];

    if (options->key != NULL && (zmq_curve_keypair(public_key, secret_key) != 0 ||
                                 zmq_setsockopt(dealer, ZMQ_CURVE_SERVERKEY, options->key, Z85_TEXT) != 0 ||
                                 zmq_setsockopt(dealer, ZMQ_CURVE_PUBLICKEY, public_key, Z85_TEXT) != 0 ||
                                 zmq_setsockopt(dealer, ZMQ_CURVE_SECRETKEY, secret_key, Z85_TEXT) != 0)) {
        load_fail("no CURVE: %s", zmq_strerror(errno));
    }
    if (zmq_connect(dealer, options->endpoint) != 0) {
        load_fail("%s: %s", options->endpoint, zmq_strerror(errno));
    }
    return dealer;
}

static void run_echo(const struct load_options *options, void *zmq)
{
    void *dealer = connect_dealer(options, zmq);
    struct load load;
    uint8_t payload[LOAD_PAYLOAD];

    load_begin(&load, options);
    for (int64_t now = load_now_ns(); !load_over(&load, now); now = load_now_ns()) {
        for (int slot; (slot = load_next(&load, now)) >= 0;) {
            load_payload((size_t)slot, payload);
            if (zmq_send(dealer, payload, sizeof payload, ZMQ_DONTWAIT) < 0) {
                load_fail("cannot send: %s", zmq_strerror(errno));
            }
        }
        zmq_pollitem_t item = {.socket = dealer, .events = ZMQ_POLLIN};
        (void)zmq_poll(&item, 1, 100);
        for (int n; (n = zmq_recv(dealer, payload, sizeof payload, ZMQ_DONTWAIT)) >= 0;) {
            load_done(&load, load_payload_slot(payload, (size_t)n), load_now_ns());
        }
    }
    load_report(&load, "");
    load_end(&load);
    (void)zmq_close(dealer);
}

/* --- the clock --- */

static int64_t boot_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void run_timer(const struct load_options *options)
{
    static struct load_histogram histogram;
    int fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);
    int64_t begin = boot_ns() + options->warmup * 1000000, between = 1000000000 / options->rate;
    int64_t count = options->milliseconds * options->rate / 1000;

    for (int64_t i = 0; fd >= 0 && i < count; i++) {
        int64_t due = begin + i * between;
        const struct itimerspec at = {.it_value = {.tv_sec = due / 1000000000, .tv_nsec = due % 1000000000}};
        uint64_t expired;
        if (timerfd_settime(fd, TFD_TIMER_ABSTIME, &at, NULL) != 0 ||
            read(fd, &expired, sizeof expired) != (ssize_t)sizeof expired) {
            load_fail("timerfd: %s", strerror(errno));
        }
        load_histogram_add(&histogram, boot_ns() - due);
    }
    if (fd < 0) {
        load_fail("timerfd: %s", strerror(errno));
    }
    (void)close(fd);
    load_report_rate(options->mode, (double)options->rate, &histogram, "");
}

static void run_idle(const struct load_options *options, void *zmq)
{
    size_t n = (size_t)options->clients;
    void **dealers = load_alloc(n, sizeof *dealers);
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    const int timeout_ms = LOAD_STALL_MS;
    char answer[8];

    for (size_t i = 0; i < n; i++) {
        dealers[i] = connect_dealer(options, zmq);
        (void)zmq_setsockopt(dealers[i], ZMQ_RCVTIMEO, &timeout_ms, sizeof timeout_ms);
        (void)zmq_send(dealers[i], "hello", 5, 0);
    }
    for (size_t i = 0; i < n; i++) {
        if (zmq_recv(dealers[i], answer, sizeof answer, 0) < 0) {
            load_fail("no echo: %s", zmq_strerror(errno));
        }
    }
    puts("ready");
    (void)fflush(stdout);
    (void)poll(&in, 1, -1);
    for (size_t i = 0; i < n; i++) {
        (void)zmq_close(dealers[i]);
    }
    free(dealers);
}

int main(int argc, char **argv)
{
    struct load_options options;
    void *zmq = zmq_ctx_new();

    load_options_read(argc, argv, &options);
    if (zmq == NULL || zmq_ctx_set(zmq, ZMQ_MAX_SOCKETS, (int)options.clients + 8) != 0) {
        load_fail("cannot start ZeroMQ");
    }
    if (strcmp(options.mode, "overwrite") == 0 || strcmp(options.mode, "append") == 0) {
        run_disk(&options, options.mode[0] == 'a');
    } else if (strcmp(options.mode, "sqlite") == 0) {
        run_sqlite(&options);
    } else if (strcmp(options.mode, "router") == 0) {
        run_router(&options, zmq);
    } else if (strcmp(options.mode, "echo") == 0) {
        run_echo(&options, zmq);
    } else if (strcmp(options.mode, "timer") == 0 && options.rate > 0) {
        run_timer(&options);
    } else if (strcmp(options.mode, "idle") == 0) {
        run_idle(&options, zmq);
    } else {
        load_fail("--mode %s is none", options.mode);
    }
    (void)zmq_ctx_term(zmq);
    return 0;
}
