/* The dealer against the router: sessions that begin, end, are refused, and begin again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/err.h"
#include "tests/unit/net_support.h"

enum action { DO_NOTHING, DO_CLOSE, DO_RECONNECT };

static struct net_world world;
static struct net_dealer *dealer;
static unsigned connected;
static unsigned disconnected;
static unsigned refused;
static enum net_refusal last_refusal;
static unsigned messages;
static char body_seen[64];
static size_t body_n;
static unsigned closed;
/* What the callbacks do once, when they come. */
static enum action on_message_do;
static enum action on_connected_do;
static enum action on_refused_do;
static enum action on_disconnected_do;

static void act(enum action *action)
{
    enum action todo = *action;

    *action = DO_NOTHING;
    if (todo == DO_CLOSE) {
        net_dealer_close(dealer, net_world_on_closed, &world);
        dealer = NULL;
    } else if (todo == DO_RECONNECT) {
        net_dealer_reconnect(dealer);
    }
}

static void on_message(void *ctx, const void *body, size_t n)
{
    assert_ptr_equal(ctx, &world);
    assert_true(connected > disconnected);
    messages++;
    body_n = n;
    memset(body_seen, 0, sizeof body_seen);
    memcpy(body_seen, body, n < sizeof body_seen ? n : sizeof body_seen - 1);
    act(&on_message_do);
}

static void on_connected(void *ctx)
{
    (void)ctx;
    connected++;
    act(&on_connected_do);
}

static void on_disconnected(void *ctx)
{
    (void)ctx;
    disconnected++;
    act(&on_disconnected_do);
}

static void on_refused(void *ctx, enum net_refusal refusal)
{
    (void)ctx;
    refused++;
    last_refusal = refusal;
    act(&on_refused_do);
}

static struct net_dealer_config config_for(const struct net_keys *keys, const char *endpoint)
{
    return (struct net_dealer_config){
        .endpoint = endpoint,
        .curve_secret = keys->secret,
        .curve_public = keys->public_key,
        .server_public = world.server.public_key,
        .limits = world.limits,
        .on_message = on_message,
        .on_connected = on_connected,
        .on_disconnected = on_disconnected,
        .on_refused = on_refused,
        .ctx = &world,
    };
}

static void open_dealer(const struct net_dealer_config *config)
{
    struct err err;

    if (net_dealer_open(&world.loop, world.context, config, &dealer, &err)) {
        fail_msg("%s", err.text);
    }
}

static void connect_as(const struct net_keys *keys)
{
    struct net_dealer_config config = config_for(keys, net_router_endpoint(world.router));

    open_dealer(&config);
}

static int set_up(void **state)
{
    (void)state;
    net_world_open(&world);
    world.echo = true;
    connected = disconnected = refused = messages = closed = 0;
    on_message_do = on_connected_do = on_refused_do = on_disconnected_do = DO_NOTHING;
    dealer = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    net_dealer_close(dealer, NULL, NULL);
    net_world_close(&world);
    return 0;
}

static void check_echo(const char *text)
{
    unsigned before = messages;

    assert_int_equal(net_dealer_send(dealer, text, strlen(text)), 0);
    net_world_wait(&world, &messages, before + 1);
    assert_string_equal(body_seen, text);
    assert_int_equal(body_n, strlen(text));
}

static void test_open_errors(void **state)
{
    static const char *const wrong[] = {
        "",
        "ipc:///tmp/x",
        "tcp://",
        "tcp://:5555",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:",
        "tcp://127.0.0.1:0",
        "tcp://127.0.0.1:70000",
        "tcp://127.0.0.1:5555x",
        "tcp://127.0.0.1:5555;127.0.0.2:6666",
        "tcp://*:5555",
        "tcp://::1:5555",
    };
    struct net_dealer_config config = config_for(&world.client, NULL);
    char longest[2 * NET_ENDPOINT_TEXT];
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        config.endpoint = wrong[i];
        assert_int_equal(net_dealer_open(&world.loop, world.context, &config, &dealer, &err), ERR_CONFIG);
        assert_non_null(strstr(err.text, wrong[i]));
    }
    memset(longest, 'a', sizeof longest);
    memcpy(longest, "tcp://", 6);
    longest[sizeof longest - 1] = '\0';
    config.endpoint = longest;
    assert_int_equal(net_dealer_open(&world.loop, world.context, &config, &dealer, &err), ERR_CONFIG);
    config.endpoint = "tcp://127.0.0.1:1";
    config.limits.reconnect_ms = 0;
    assert_int_equal(net_dealer_open(&world.loop, world.context, &config, &dealer, &err), ERR_CONFIG);
    assert_null(dealer);
}

static void test_connects_and_talks(void **state)
{
    struct net_dealer_stats stats;

    (void)state;
    net_world_open_router(&world, 0);
    connect_as(&world.client);
    assert_false(net_dealer_is_connected(dealer));
    assert_int_equal(net_dealer_send(dealer, "early", 5), ERR_TEMPORARY);
    net_world_wait(&world, &connected, 1);
    assert_true(net_dealer_is_connected(dealer));
    check_echo("hello");
    assert_memory_equal(world.seen.key, world.client.public_key, NET_KEY_BYTES);
    assert_int_equal(net_dealer_send(dealer, "x", 0), ERR_USAGE);
    assert_int_equal(net_dealer_send(dealer, "x", (size_t)world.limits.message_bytes_max + 1), ERR_TOO_BIG);
    net_dealer_get_stats(dealer, &stats);
    assert_int_equal(stats.sent, 1);
    assert_int_equal(stats.received, 1);
    assert_int_equal(stats.connected, 1);
}

static void test_largest_message_both_ways(void **state)
{
    size_t n = (size_t)world.limits.message_bytes_max;
    char *body = malloc(n);

    (void)state;
    assert_non_null(body);
    memset(body, 'm', n);
    net_world_open_router(&world, 0);
    connect_as(&world.client);
    net_world_wait(&world, &connected, 1);
    assert_int_equal(net_dealer_send(dealer, body, n), 0);
    net_world_wait(&world, &messages, 1);
    assert_int_equal(body_n, n);
    assert_int_equal(disconnected, 0);
    free(body);
}

static void test_burst_from_the_broker(void **state)
{
    enum { BURST = 500 };
    int rc;

    (void)state;
    net_world_open_router(&world, 0);
    connect_as(&world.client);
    net_world_wait(&world, &connected, 1);
    check_echo("hello");
    for (int i = 0; i < BURST; i++) {
        rc = net_router_send(world.router, world.seen.peer, "burst", 5);
        while (rc == ERR_TEMPORARY) {
            net_world_run_ms(&world, 1);
            rc = net_router_send(world.router, world.seen.peer, "burst", 5);
        }
        assert_int_equal(rc, 0);
    }
    net_world_wait(&world, &messages, 1 + BURST);
    assert_int_equal(messages, 1 + BURST);
}

/* The person is told, and once the key is enrolled the dealer gets in by itself. */
static void test_refused_key_is_told_and_tried_again(void **state)
{
    struct net_keys late;

    (void)state;
    net_keys_make(&late);
    net_world_open_router(&world, 0);
    connect_as(&late);
    net_world_wait(&world, &refused, 1);
    assert_int_equal(last_refusal, NET_REFUSED_KEY);
    assert_non_null(strstr(net_refusal_string(last_refusal), "refused this key"));
    assert_false(net_dealer_is_connected(dealer));
    net_world_wait(&world, &refused, 3);
    assert_int_equal(connected, 0);
    assert_int_equal(disconnected, 0);
    net_world_know(&world, &late);
    net_world_wait(&world, &connected, 1);
    check_echo("at last");
}

static void test_wrong_server_key_is_told(void **state)
{
    struct net_dealer_config config;

    (void)state;
    net_world_open_router(&world, 0);
    config = config_for(&world.client, net_router_endpoint(world.router));
    config.server_public = world.other.public_key;
    open_dealer(&config);
    net_world_wait(&world, &refused, 2);
    assert_int_equal(last_refusal, NET_REFUSED_CLOSED);
    assert_int_equal(connected, 0);
    assert_int_equal(world.seen.messages, 0);
}

static void test_comes_back_after_a_restart_of_the_router(void **state)
{
    uint16_t port;

    (void)state;
    net_world_open_router(&world, 0);
    port = net_router_port(world.router);
    connect_as(&world.client);
    for (unsigned i = 1; i <= 3; i++) {
        net_world_wait(&world, &connected, i);
        check_echo("hello");
        net_world_close_router(&world);
        net_world_wait(&world, &disconnected, i);
        assert_false(net_dealer_is_connected(dealer));
        assert_int_equal(net_dealer_send(dealer, "lost", 4), ERR_TEMPORARY);
        net_world_run_ms(&world, 50); /* meanwhile nobody answers there */
        net_world_open_router(&world, port);
    }
    net_world_wait(&world, &connected, 4);
    check_echo("again");
}

static uint64_t attempts(void)
{
    struct net_dealer_stats stats;

    net_dealer_get_stats(dealer, &stats);
    return stats.attempts;
}

/* What nobody answers is tried again, after waits that grow. */
static void test_starts_before_the_router(void **state)
{
    enum { TRIES = 5 };
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    char endpoint[NET_ENDPOINT_TEXT];
    struct net_dealer_config config;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void)state;
    /* A port that is taken, so that nobody else gets it, but not listened on. */
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(net_endpoint_format("127.0.0.1", ntohs(address.sin_port), endpoint, NULL), 0);
    config = config_for(&world.client, endpoint);
    open_dealer(&config);
    uint64_t began_ns = uv_hrtime();
    while (attempts() < TRIES) {
        net_world_run_ms(&world, 10);
    }
    /* Every wait is at least half of what it grows to. */
    uint64_t least_ms = 0, wait_ms = (uint64_t)config.limits.reconnect_ms;
    for (unsigned i = 1; i < TRIES; i++) {
        least_ms += wait_ms / 2;
        wait_ms = wait_ms < (uint64_t)config.limits.reconnect_max_ms ? 2 * wait_ms : wait_ms;
    }
    /* A timer of the loop counts from the time that the loop had last: early by what it did since. */
    assert_true((uv_hrtime() - began_ns) / 1000000 + (uint64_t)10 * TRIES >= least_ms);
    assert_int_equal(connected + refused, 0);
    close(fd);
    net_world_open_router(&world, ntohs(address.sin_port));
    net_world_wait(&world, &connected, 1);
    check_echo("hello");
}

/* For a broker that hangs while its I/O thread keeps the connection alive. */
static void test_reconnect_makes_another_session(void **state)
{
    struct net_peer before;

    (void)state;
    net_world_open_router(&world, 0);
    connect_as(&world.client);
    net_world_wait(&world, &connected, 1);
    check_echo("one");
    before = world.seen.peer;
    net_dealer_reconnect(dealer);
    assert_false(net_dealer_is_connected(dealer));
    net_dealer_reconnect(dealer); /* while it is under way: nothing more */
    net_world_wait(&world, &connected, 2);
    check_echo("two");
    assert_false(net_peer_equal(world.seen.peer, before));
    assert_int_equal(disconnected, 0);
}

/* What is queued to a session that has ended does not turn up in the next. */
static void test_sessions_do_not_mix(void **state)
{
    unsigned before;

    (void)state;
    net_world_open_router(&world, 0);
    connect_as(&world.client);
    net_world_wait(&world, &connected, 1);
    check_echo("one");
    for (int i = 0; i < 20; i++) {
        net_router_send(world.router, world.seen.peer, "old", 3);
    }
    before = messages;
    net_dealer_reconnect(dealer);
    net_world_wait(&world, &connected, 2);
    net_world_run_ms(&world, 50);
    assert_int_equal(messages, before);
    check_echo("two");
}

static void test_what_the_broker_said_last_is_read(void **state)
{
    (void)state;
    net_world_open_router(&world, 0);
    connect_as(&world.client);
    net_world_wait(&world, &connected, 1);
    check_echo("one");
    for (int i = 0; i < 20; i++) {
        assert_int_equal(net_router_send(world.router, world.seen.peer, "bye", 3), 0);
    }
    /* The I/O threads carry them over meanwhile; the loop, and so the dealer, does not run. */
    uv_sleep(200);
    assert_int_equal(messages, 1);
    net_router_close(world.router, NULL, NULL);
    world.router = NULL;
    net_world_wait(&world, &disconnected, 1);
    assert_int_equal(messages, 21);
}

static void test_full_queue(void **state)
{
    enum { SIZE = 65536, TRIES = 4000 };
    char *body = calloc(1, SIZE);
    int rc = 0;

    (void)state;
    assert_non_null(body);
    world.limits.send_queue = 16;
    world.limits.receive_queue = 16;
    net_world_open_router(&world, 0);
    connect_as(&world.client);
    net_world_wait(&world, &connected, 1);
    /* The loop does not run, so nobody reads at the other end. */
    for (int i = 0; i < TRIES && rc == 0; i++) {
        rc = net_dealer_send(dealer, body, SIZE);
        if (rc) {
            uv_sleep(50);
            rc = net_dealer_send(dealer, body, SIZE);
        }
    }
    assert_int_equal(rc, ERR_TEMPORARY);
    world.echo = false;
    for (int i = 0; i < 5000 && rc; i++) {
        net_world_run_ms(&world, 1);
        rc = net_dealer_send(dealer, body, SIZE);
    }
    assert_int_equal(rc, 0);
    free(body);
}

static void test_callbacks_may_close(void **state)
{
    enum action *const when[] = {&on_message_do, &on_connected_do, &on_disconnected_do};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        unsigned before = world.closes;

        connected = disconnected = 0;
        net_world_open_router(&world, 0);
        *when[i] = DO_CLOSE;
        connect_as(&world.client);
        net_world_wait(&world, &connected, 1);
        if (dealer) {
            assert_int_equal(net_dealer_send(dealer, "x", 1), 0);
        }
        if (i == 2) {
            net_world_wait(&world, &messages, 1);
            net_router_close(world.router, NULL, NULL);
            world.router = NULL;
        }
        net_world_wait(&world, &world.closes, before + 1);
        assert_null(dealer);
        net_router_close(world.router, NULL, NULL);
        world.router = NULL;
    }
}

static void test_callbacks_may_reconnect(void **state)
{
    (void)state;
    net_world_open_router(&world, 0);
    on_connected_do = DO_RECONNECT;
    connect_as(&world.client);
    net_world_wait(&world, &connected, 2);
    on_message_do = DO_RECONNECT;
    check_echo("x");
    net_world_wait(&world, &connected, 3);
    check_echo("y");
}

static void test_close_when_refused_and_while_waiting(void **state)
{
    struct net_keys stranger;

    (void)state;
    net_keys_make(&stranger);
    net_world_open_router(&world, 0);
    on_refused_do = DO_CLOSE;
    connect_as(&stranger);
    net_world_wait(&world, &world.closes, 1);
    assert_int_equal(refused, 1);
    world.limits.reconnect_ms = world.limits.reconnect_max_ms = 5000;
    connect_as(&stranger);
    net_world_wait(&world, &refused, 2);
    net_world_run_ms(&world, 20);
    net_dealer_close(dealer, net_world_on_closed, &world);
    dealer = NULL;
    net_world_wait(&world, &world.closes, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_open_errors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_connects_and_talks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_largest_message_both_ways, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_burst_from_the_broker, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_key_is_told_and_tried_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_server_key_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_comes_back_after_a_restart_of_the_router, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_starts_before_the_router, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reconnect_makes_another_session, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sessions_do_not_mix, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_the_broker_said_last_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full_queue, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_callbacks_may_close, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_callbacks_may_reconnect, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_close_when_refused_and_while_waiting, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("net_dealer", tests, NULL, NULL);
}
