/* The link's socket when the process has no descriptors left. */
#include "agents/lib/link.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>
#include <zmq.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/crypto/crypto.h"
#include "common/net/context.h"

enum { DESCRIPTORS_MAX = 256, WAIT_MS = 10000 };

static char folder[64], journal[96], endpoint_file[96];
static struct secret_keys agent, broker;
static struct public_keys region;
static uv_loop_t loop;
static struct net_context *context;
static unsigned waits;
static char why[256];
static bool closed;

static int setup(void **state)
{
    static const char *const FILES[] = {"j.db", "endpoint"};
    char *const paths[] = {journal, endpoint_file};
    void *first;

    (void)state;
    snprintf(folder, sizeof folder, "/tmp/muster-link-XXXXXX");
    if (!mkdtemp(folder) || crypto_init() || uv_loop_init(&loop) || net_context_new(&context, NULL)) {
        return -1;
    }
    for (size_t i = 0; i < 2; i++) {
        snprintf(paths[i], sizeof journal, "%s/%s", folder, FILES[i]);
    }
    keys_generate("370102/fire-rescue/station-3", rng_system(), &agent);
    keys_generate("370102", rng_system(), &broker);
    region = keys_public(&broker);
    /* The context's own threads begin with its first socket: they are not what is to fail here. */
    first = zmq_socket(net_context_zmq(context), ZMQ_PAIR);
    return first && zmq_close(first) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    char file[128];

    (void)state;
    net_context_free(context);
    assert_int_equal(uv_loop_close(&loop), 0);
    snprintf(file, sizeof file, "%s.lock", journal);
    unlink(file);
    snprintf(file, sizeof file, "%s-journal", journal);
    unlink(file);
    unlink(journal);
    unlink(endpoint_file);
    return rmdir(folder);
}

static void on_waiting(void *ctx, const char *text)
{
    (void)ctx;
    waits++;
    snprintf(why, sizeof why, "%s", text);
}

static void on_closed(void *ctx)
{
    (void)ctx;
    closed = true;
}

static int listen_anywhere(unsigned *ret_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, n), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    *ret_port = ntohs(at.sin_port);
    return fd;
}

/* Turns of the loop until somebody connects (give -1: until `waits` has come), or the deadline fails us. */
static void run_until(int listener, unsigned waits_wanted)
{
    int64_t end_ms = clock_system()->boot_ms(NULL) + WAIT_MS;
    int fd = -1;

    while (fd < 0 && (listener >= 0 || waits < waits_wanted)) {
        assert_true(clock_system()->boot_ms(NULL) < end_ms);
        uv_run(&loop, UV_RUN_NOWAIT);
        usleep(1000);
        fd = listener >= 0 ? accept(listener, NULL, NULL) : -1;
    }
    if (fd >= 0) {
        close(fd);
    }
}

static void a_socket_that_cannot_be_made_is_tried_again(void **state)
{
    struct link_options options = {
        .client = {.region = "370102", .agent = &agent, .region_keys = &region, .deliveries = true},
        .endpoint_file = endpoint_file,
        .journal = journal};
    struct client_io io = {0};
    struct link *link;
    struct rlimit before, limit;
    struct err err = {0};
    int taken[DESCRIPTORS_MAX];
    size_t taken_n = 0;
    unsigned port;
    int listener = listen_anywhere(&port);
    FILE *file;

    (void)state;
    if (link_open(&loop, context, &options, &io, on_waiting, &link, &err)) {
        fail_msg("%s", err.text);
    }
    run_until(-1, 1); /* "names no broker yet" */
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = (struct rlimit){.rlim_cur = DESCRIPTORS_MAX, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    file = fopen(endpoint_file, "we");
    assert_non_null(file);
    fprintf(file, "tcp://127.0.0.1:%u\n", port);
    assert_int_equal(fclose(file), 0);
    while (taken_n < DESCRIPTORS_MAX && (taken[taken_n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) {
        taken_n++;
    }
    if (taken_n == 0 || taken_n == DESCRIPTORS_MAX || errno != EMFILE) {
        fail_msg("%zu descriptors were taken: %s", taken_n, strerror(errno));
        return;
    }
    close(taken[--taken_n]); /* enough to read the file with, and not for a socket */
    run_until(-1, 2);
    assert_non_null(strstr(why, strerror(EMFILE)));
    while (taken_n > 0) {
        close(taken[--taken_n]);
    }
    run_until(listener, 0);
    assert_int_equal(waits, 2); /* said once */
    link_close(link, on_closed, NULL);
    for (int64_t end_ms = clock_system()->boot_ms(NULL) + WAIT_MS; !closed; uv_run(&loop, UV_RUN_NOWAIT)) {
        assert_true(clock_system()->boot_ms(NULL) < end_ms);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_socket_that_cannot_be_made_is_tried_again, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
