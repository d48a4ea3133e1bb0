/* The router over real loopback connections: what it passes on, what it drops, and what sending says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

#include "common/base/err.h"
#include "tests/unit/net_support.h"

static struct net_world world;

static int set_up(void **state)
{
    (void)state;
    net_world_open(&world);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    net_world_close(&world);
    return 0;
}

static void *client(const struct net_keys *keys)
{
    return net_raw_dealer(&world, keys, world.server.public_key, NULL);
}

static struct net_router_stats stats(void)
{
    struct net_router_stats s;

    net_router_get_stats(world.router, &s);
    return s;
}

static uint64_t count_disconnected(struct net_world *w, void *ctx)
{
    (void)w;
    (void)ctx;
    return stats().disconnected;
}

/* A client that was there before still gets through and gets its answer. */
static void check_alive(void *socket)
{
    char answer[16] = "";
    unsigned before = world.seen.messages;
    int n = -1;

    world.echo = true;
    net_raw_send(socket, "alive", 5);
    net_world_wait(&world, &world.seen.messages, before + 1);
    assert_string_equal(world.seen.body, "alive");
    for (int i = 0; i < 1000 && n < 0; i++) {
        net_world_run_ms(&world, 1);
        n = zmq_recv(socket, answer, sizeof answer, ZMQ_DONTWAIT);
    }
    assert_int_equal(n, 5);
    world.echo = false;
}

static void test_endpoint_format(void **state)
{
    char endpoint[NET_ENDPOINT_TEXT] = "untouched";
    char longest[400];
    struct err err;

    (void)state;
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(net_endpoint_format("", 1, endpoint, &err), ERR_CONFIG);
    assert_int_equal(net_endpoint_format("a b", 1, endpoint, &err), ERR_CONFIG);
    assert_int_equal(net_endpoint_format("a;tcp", 1, endpoint, &err), ERR_CONFIG);
    assert_int_equal(net_endpoint_format(longest, 1, endpoint, &err), ERR_CONFIG);
    assert_string_equal(endpoint, "untouched");
    assert_int_equal(net_endpoint_format("127.0.0.1", 5555, endpoint, &err), 0);
    assert_string_equal(endpoint, "tcp://127.0.0.1:5555");
    assert_int_equal(net_endpoint_format("::1", 65535, endpoint, &err), 0);
    assert_string_equal(endpoint, "tcp://[::1]:65535");
    assert_int_equal(net_endpoint_format("[fe80::1%eth0]", 0, endpoint, &err), 0);
    assert_string_equal(endpoint, "tcp://[fe80::1%eth0]:0");
    assert_int_equal(net_endpoint_format("*", 7, endpoint, &err), 0);
    assert_string_equal(endpoint, "tcp://*:7");
}

static void test_open_errors(void **state)
{
    struct net_router_config config = {
        .host = "127.0.0.1", .curve_secret = world.server.secret, .limits = world.limits};
    struct net_router *router = NULL;
    struct err err;

    (void)state;
    net_world_open_router(&world, 0);
    config.port = net_router_port(world.router);
    assert_true(config.port != 0);
    assert_non_null(strstr(net_router_endpoint(world.router), "tcp://127.0.0.1:"));
    assert_int_equal(net_router_open(&world.loop, world.context, &config, &router, &err), ERR_UNAVAILABLE);
    assert_non_null(strstr(err.text, "in use"));
    config.host = "192.0.2.1"; /* of the block for documentation: no machine has it */
    assert_int_equal(net_router_open(&world.loop, world.context, &config, &router, &err), ERR_CONFIG);
    config.host = "127.0.0.1";
    config.limits.handshake_ms = 0;
    assert_int_equal(net_router_open(&world.loop, world.context, &config, &router, &err), ERR_CONFIG);
    config.limits = NET_LIMITS_DEFAULT;
    config.limits.message_bytes_max = INT64_MAX;
    assert_int_equal(net_router_open(&world.loop, world.context, &config, &router, &err), ERR_CONFIG);
    assert_null(router);
}

static void test_wildcard_listens_for_ipv4(void **state)
{
    char endpoint[NET_ENDPOINT_TEXT];
    void *socket;

    (void)state;
    world.host = "*";
    net_world_open_router(&world, 0);
    socket = net_raw_socket(&world, world.raw_context, ZMQ_DEALER);
    zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, world.server.public_key, NET_KEY_BYTES);
    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, world.client.public_key, NET_KEY_BYTES);
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, world.client.secret, NET_KEY_BYTES);
    assert_int_equal(net_endpoint_format("127.0.0.1", net_router_port(world.router), endpoint, NULL), 0);
    assert_int_equal(zmq_connect(socket, endpoint), 0);
    check_alive(socket);
    assert_string_equal(world.address, "127.0.0.1");
    net_raw_close(&world, socket);
}

static void test_talks_both_ways(void **state)
{
    void *socket;

    (void)state;
    net_world_open_router(&world, 0);
    socket = client(&world.client);
    check_alive(socket);
    assert_memory_equal(world.seen.key, world.client.public_key, NET_KEY_BYTES);
    assert_string_equal(world.address, "127.0.0.1");
    assert_int_equal(stats().received, 1);
    assert_int_equal(stats().sent, 1);
    assert_int_equal(stats().connected, 1);
    net_raw_close(&world, socket);
}

static void test_user_id_is_the_sender(void **state)
{
    void *a;
    void *b;
    struct net_peer peer_a;
    struct net_peer peer_b;

    (void)state;
    net_world_open_router(&world, 0);
    a = client(&world.client);
    b = client(&world.other);
    check_alive(a);
    peer_a = world.seen.peer;
    check_alive(b);
    peer_b = world.seen.peer;
    assert_false(net_peer_equal(peer_a, peer_b));
    for (unsigned i = 0; i < 40; i++) {
        const struct net_keys *keys = i % 3 ? &world.client : &world.other;
        unsigned before = world.seen.messages;

        net_raw_send(i % 3 ? a : b, "x", 1);
        net_world_wait(&world, &world.seen.messages, before + 1);
        assert_memory_equal(world.seen.key, keys->public_key, NET_KEY_BYTES);
        assert_true(net_peer_equal(world.seen.peer, i % 3 ? peer_a : peer_b));
    }
    net_raw_close(&world, a);
    net_raw_close(&world, b);
}

static unsigned before_turn;
static unsigned turn_max;

static void on_turn(uv_prepare_t *prepare)
{
    unsigned all = world.seen.messages + world.seen.bad;

    (void)prepare;
    if (all - before_turn > turn_max) {
        turn_max = all - before_turn;
    }
    before_turn = all;
}

static void test_burst_arrives_in_bounded_turns(void **state)
{
    enum { BURST = 5000 };
    static uv_prepare_t prepare; /* closes after this test, with the loop */
    void *socket;

    (void)state;
    world.limits.receive_queue = 10000;
    net_world_open_router(&world, 0);
    socket = client(&world.client);
    check_alive(socket);
    for (int i = 0; i < 500; i++) {
        net_raw_send(socket, "burst", 5);
    }
    net_world_wait(&world, &world.seen.messages, 501);
    uv_prepare_init(&world.loop, &prepare);
    uv_prepare_start(&prepare, on_turn);
    before_turn = world.seen.messages;
    turn_max = 0;
    for (int i = 0; i < BURST; i++) {
        assert_int_equal(zmq_send(socket, "burst", 5, 0), 5);
    }
    net_world_wait(&world, &world.seen.messages, 501 + BURST);
    assert_int_equal(world.seen.messages, 501 + BURST);
    assert_true(turn_max <= NET_DRAIN_MAX);
    assert_int_equal(world.seen.turn_messages, 0); /* each turn's end was told, after its messages */
    assert_in_range(world.seen.turn_messages_max, 1, NET_DRAIN_MAX);
    uv_close((uv_handle_t *)&prepare, NULL);
    net_raw_close(&world, socket);
}

/* Whatever else waits on the loop, a commit that is done for instance, waits for one slow message. */
static void test_slow_messages_come_one_a_turn(void **state)
{
    enum { BURST = 40, SLOW_US = 2000 };
    static uv_prepare_t prepare;
    void *socket;

    (void)state;
    net_world_open_router(&world, 0);
    socket = client(&world.client);
    check_alive(socket);
    uv_prepare_init(&world.loop, &prepare);
    uv_prepare_start(&prepare, on_turn);
    before_turn = world.seen.messages;
    turn_max = 0;
    world.slow_us = SLOW_US;
    for (int i = 0; i < BURST; i++) {
        net_raw_send(socket, "slow", 4);
    }
    net_world_wait(&world, &world.seen.messages, 1 + BURST);
    world.slow_us = 0;
    assert_int_equal(turn_max, 1);
    uv_close((uv_handle_t *)&prepare, NULL);
    net_raw_close(&world, socket);
}

static void test_many_frames_are_dropped_and_counted(void **state)
{
    void *socket;

    (void)state;
    net_world_open_router(&world, 0);
    socket = client(&world.client);
    check_alive(socket);
    for (int i = 0; i < 3000; i++) {
        assert_int_equal(zmq_send(socket, "part", 4, ZMQ_SNDMORE), 4);
    }
    net_raw_send(socket, "end", 3);
    net_world_wait(&world, &world.seen.bad, 1);
    assert_int_equal(world.seen.last_bad, NET_BAD_FRAMES);
    assert_memory_equal(world.seen.key, world.client.public_key, NET_KEY_BYTES);
    /* What a REQ socket would send: an empty frame before the body. */
    assert_int_equal(zmq_send(socket, "", 0, ZMQ_SNDMORE), 0);
    net_raw_send(socket, "body", 4);
    net_world_wait(&world, &world.seen.bad, 2);
    assert_int_equal(world.seen.last_bad, NET_BAD_FRAMES);
    check_alive(socket);
    assert_int_equal(stats().dropped_frames, 2);
    assert_int_equal(world.seen.bad, 2);
    assert_int_equal(stats().received, 2);
    net_raw_close(&world, socket);
}

static void test_empty_is_dropped_and_counted(void **state)
{
    void *socket;

    (void)state;
    net_world_open_router(&world, 0);
    socket = client(&world.client);
    net_raw_send(socket, "", 0);
    net_world_wait(&world, &world.seen.bad, 1);
    assert_int_equal(world.seen.last_bad, NET_BAD_EMPTY);
    assert_string_equal(net_bad_string(world.seen.last_bad), "empty message");
    check_alive(socket);
    assert_int_equal(stats().dropped_empty, 1);
    net_raw_close(&world, socket);
}

static void test_oversized_cuts_only_its_sender(void **state)
{
    enum { MAX = 1000 };
    char body[MAX + 1];
    void *good;
    void *bad;

    (void)state;
    memset(body, 'b', sizeof body);
    world.limits.message_bytes_max = MAX;
    net_world_open_router(&world, 0);
    good = client(&world.client);
    bad = client(&world.other);
    check_alive(good);
    check_alive(bad);
    net_raw_send(bad, body, MAX);
    net_world_wait(&world, &world.seen.messages, 3);
    assert_int_equal(world.seen.n, MAX);
    net_raw_send(bad, body, MAX + 1);
    net_world_wait_count(&world, count_disconnected, NULL, 1);
    check_alive(good);
    assert_int_equal(world.seen.messages, 4);
    assert_int_equal(net_router_send(world.router, world.seen.peer, body, MAX + 1), ERR_TOO_BIG);
    assert_int_equal(net_router_send(world.router, world.seen.peer, body, 0), ERR_USAGE);
    net_raw_close(&world, good);
    net_raw_close(&world, bad);
}

/* Two clients that choose the same id: neither is heard, and no peer is made that the one could take over
 * from the other. */
static void test_chosen_routing_ids_are_not_heard(void **state)
{
    void *good;
    void *first;
    void *second;

    (void)state;
    net_world_open_router(&world, 0);
    good = client(&world.client);
    check_alive(good);
    first = net_raw_dealer(&world, &world.other, world.server.public_key, "station-3");
    net_raw_send(first, "mine", 4);
    net_world_wait(&world, &world.seen.bad, 1);
    assert_int_equal(world.seen.last_bad, NET_BAD_CHOSEN_ID);
    second = net_raw_dealer(&world, &world.client, world.server.public_key, "station-3");
    net_raw_send(second, "no, mine", 8);
    net_raw_close(&world, first);
    net_raw_send(second, "and now?", 8);
    net_world_run_ms(&world, 100);
    check_alive(good);
    assert_int_equal(world.seen.messages, 2);
    assert_true(stats().dropped_chosen_id >= 1);
    net_raw_close(&world, second);
    net_raw_close(&world, good);
}

static void test_send_to_a_peer_that_has_gone(void **state)
{
    struct net_peer nobody = {{0, 1, 2, 3, 4}};
    struct net_peer gone;
    void *socket;
    int rc = 0;

    (void)state;
    net_world_open_router(&world, 0);
    assert_int_equal(net_router_send(world.router, nobody, "x", 1), ERR_NOT_FOUND);
    socket = client(&world.client);
    check_alive(socket);
    gone = world.seen.peer;
    net_raw_close(&world, socket);
    for (int i = 0; i < 1000 && rc != ERR_NOT_FOUND; i++) {
        rc = net_router_send(world.router, gone, "x", 1);
        assert_true(rc == 0 || rc == ERR_NOT_FOUND);
        net_world_run_ms(&world, 5);
    }
    assert_int_equal(rc, ERR_NOT_FOUND);
    assert_int_equal(stats().send_gone, 2);
    /* The same client again is another peer. */
    socket = client(&world.client);
    check_alive(socket);
    assert_false(net_peer_equal(world.seen.peer, gone));
    net_raw_close(&world, socket);
}

static void test_send_to_a_peer_that_does_not_read(void **state)
{
    enum { SIZE = 65536, TRIES = 4000 };
    char *body = calloc(1, SIZE);
    struct net_peer slow_peer;
    void *slow;
    void *good;
    int rc = 0;
    int sent = 0;
    int n = 0;

    (void)state;
    assert_non_null(body);
    world.limits.send_queue = 16;
    net_world_open_router(&world, 0);
    slow = client(&world.other);
    good = client(&world.client);
    check_alive(good);
    check_alive(slow);
    slow_peer = world.seen.peer;
    /* Queues on both sides and the system's buffers take some; then it must say so, and not wait. */
    for (; sent < TRIES; sent++) {
        rc = net_router_send(world.router, slow_peer, body, SIZE);
        if (rc) {
            net_world_run_ms(&world, 50); /* what can still leave, leaves */
            rc = net_router_send(world.router, slow_peer, body, SIZE);
            if (rc) {
                break;
            }
        }
    }
    assert_int_equal(rc, ERR_TEMPORARY);
    assert_true(stats().send_full >= 1);
    check_alive(good);
    /* It reads again, and there is room again. */
    for (int i = 0; i < 5000 && rc; i++) {
        while (zmq_recv(slow, body, SIZE, ZMQ_DONTWAIT) >= 0) {
            n++;
        }
        net_world_run_ms(&world, 1);
        rc = net_router_send(world.router, slow_peer, body, SIZE);
    }
    assert_int_equal(rc, 0);
    assert_true(n > 0);
    net_raw_close(&world, slow);
    net_raw_close(&world, good);
    free(body);
}

static int tcp_connect(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(net_router_port(world.router))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void test_garbage_does_not_disturb(void **state)
{
    static const char http[] = "GET / HTTP/1.1\r\nHost: broker\r\n\r\n";
    /* A ZMTP 3.0 greeting that announces CURVE, then a command of 2^63 bytes. */
    char greeting[64 + 9] = {'\xff', 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0, 'C', 'U', 'R', 'V', 'E'};
    void *socket;
    int fds[3];

    (void)state;
    greeting[64] = 6;
    greeting[65] = 0x7f;
    net_world_open_router(&world, 0);
    socket = client(&world.client);
    check_alive(socket);
    for (size_t i = 0; i < 3; i++) {
        fds[i] = tcp_connect();
    }
    assert_int_equal(send(fds[0], http, sizeof http - 1, MSG_NOSIGNAL), sizeof http - 1);
    assert_int_equal(send(fds[1], greeting, sizeof greeting, MSG_NOSIGNAL), sizeof greeting);
    assert_int_equal(send(fds[2], greeting, 20, MSG_NOSIGNAL), 20);
    net_world_run_ms(&world, 50);
    close(fds[0]);
    close(fds[1]);
    close(fds[2]); /* in the middle of its greeting */
    net_world_wait_count(&world, count_disconnected, NULL, 3);
    check_alive(socket);
    assert_int_equal(stats().connected, 1);
    assert_int_equal(world.seen.messages, 2);
    assert_int_equal(world.seen.bad, 0);
    net_raw_close(&world, socket);
}

static void test_silent_connection_is_cut(void **state)
{
    char byte;
    ssize_t n = -1;
    int fd;

    (void)state;
    world.limits.handshake_ms = 100;
    net_world_open_router(&world, 0);
    fd = tcp_connect();
    for (int i = 0; i < 1000 && n != 0; i++) {
        net_world_run_ms(&world, 5);
        while ((n = recv(fd, &byte, 1, MSG_DONTWAIT)) > 0) {
            /* its greeting */
        }
    }
    assert_int_equal(n, 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_endpoint_format),
        cmocka_unit_test_setup_teardown(test_open_errors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wildcard_listens_for_ipv4, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_talks_both_ways, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_user_id_is_the_sender, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_burst_arrives_in_bounded_turns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_slow_messages_come_one_a_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_frames_are_dropped_and_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_empty_is_dropped_and_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_oversized_cuts_only_its_sender, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_chosen_routing_ids_are_not_heard, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_send_to_a_peer_that_has_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_send_to_a_peer_that_does_not_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_garbage_does_not_disturb, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_silent_connection_is_cut, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("net_router", tests, NULL, NULL);
}
