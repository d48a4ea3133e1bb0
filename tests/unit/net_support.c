#include "tests/unit/net_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <zmq.h>

#include "common/base/err.h"

void net_keys_make(struct net_keys *ret)
{
    char public_key[41];
    char secret[41];

    assert_int_equal(zmq_curve_keypair(public_key, secret), 0);
    assert_non_null(zmq_z85_decode(ret->public_key, public_key));
    assert_non_null(zmq_z85_decode(ret->secret, secret));
}

static bool world_allow(void *ctx, const uint8_t curve_public[NET_KEY_BYTES], const char *address)
{
    struct net_world *world = ctx;

    world->asked++;
    snprintf(world->address, sizeof world->address, "%s", address);
    for (size_t i = 0; i < world->known_n; i++) {
        if (memcmp(world->known[i], curve_public, NET_KEY_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

static void world_on_turn(void *ctx)
{
    struct net_seen *seen = &((struct net_world *)ctx)->seen;

    assert_true(seen->turn_messages > 0);
    seen->turns++;
    if (seen->turn_messages > seen->turn_messages_max) {
        seen->turn_messages_max = seen->turn_messages;
    }
    seen->turn_messages = 0;
}

static void world_on_message(void *ctx, struct net_peer peer, const uint8_t curve_public[NET_KEY_BYTES],
                             const void *body, size_t n)
{
    struct net_world *world = ctx;
    struct net_seen *seen = &world->seen;

    seen->messages++;
    seen->turn_messages++;
    seen->peer = peer;
    memcpy(seen->key, curve_public, NET_KEY_BYTES);
    seen->n = n;
    memset(seen->body, 0, sizeof seen->body);
    memcpy(seen->body, body, n < sizeof seen->body ? n : sizeof seen->body - 1);
    if (world->echo) {
        assert_int_equal(net_router_send(world->router, peer, body, n), 0);
    }
    if (world->slow_us > 0) {
        struct timespec pause = {.tv_nsec = (long)world->slow_us * 1000};
        (void)nanosleep(&pause, NULL);
    }
}

static void world_on_bad(void *ctx, struct net_peer peer, const uint8_t curve_public[NET_KEY_BYTES],
                         enum net_bad bad)
{
    struct net_world *world = ctx;

    world->seen.bad++;
    world->seen.last_bad = bad;
    world->seen.peer = peer;
    memcpy(world->seen.key, curve_public, NET_KEY_BYTES);
}

static void world_on_deadline(uv_timer_t *timer)
{
    struct net_world *world = timer->data;

    world->deadline_passed = true;
}

static void world_arm(struct net_world *world, uint64_t ms)
{
    world->deadline_passed = false;
    uv_update_time(&world->loop);
    /* It repeats, because uv_run may call it just before it blocks, and nothing else might end that. */
    uv_timer_start(&world->deadline, world_on_deadline, ms, 20);
}

void net_world_on_closed(void *ctx)
{
    struct net_world *world = ctx;

    world->closes++;
}

void net_world_know(struct net_world *world, const struct net_keys *keys)
{
    assert_true(world->known_n < NET_KNOWN_MAX);
    memcpy(world->known[world->known_n++], keys->public_key, NET_KEY_BYTES);
}

void net_world_open(struct net_world *world)
{
    struct err err;

    memset(world, 0, sizeof *world);
    world->host = "127.0.0.1";
    world->limits = NET_LIMITS_DEFAULT;
    world->limits.reconnect_ms = 20;
    world->limits.reconnect_max_ms = 100;
    net_keys_make(&world->server);
    net_keys_make(&world->client);
    net_keys_make(&world->other);
    net_world_know(world, &world->client);
    net_world_know(world, &world->other);
    assert_int_equal(uv_loop_init(&world->loop), 0);
    uv_timer_init(&world->loop, &world->deadline);
    world->deadline.data = world;
    assert_int_equal(net_context_new(&world->context, &err), 0);
    world->raw_context = zmq_ctx_new();
    assert_non_null(world->raw_context);
    assert_int_equal(net_zap_open(&world->loop, world->context, world_allow, world, &world->zap, &err), 0);
}

void net_world_open_router(struct net_world *world, uint16_t port)
{
    struct net_router_config config = {
        .host = world->host,
        .port = port,
        .curve_secret = world->server.secret,
        .limits = world->limits,
        .on_message = world_on_message,
        .on_turn = world_on_turn,
        .on_bad = world_on_bad,
        .ctx = world,
    };
    struct err err = {0};
    int rc = ERR_UNAVAILABLE;

    /* A port that was just left may be taken for a moment. */
    for (int i = 0; i < 100 && rc == ERR_UNAVAILABLE; i++) {
        rc = net_router_open(&world->loop, world->context, &config, &world->router, &err);
        if (rc == ERR_UNAVAILABLE) {
            net_world_run_ms(world, 20);
        }
    }
    if (rc) {
        fail_msg("%s", err.text);
    }
}

void net_world_close_router(struct net_world *world)
{
    unsigned before = world->closes;

    net_router_close(world->router, net_world_on_closed, world);
    world->router = NULL;
    net_world_wait(world, &world->closes, before + 1);
}

void net_world_close_zap(struct net_world *world)
{
    unsigned before = world->closes;

    net_zap_close(world->zap, net_world_on_closed, world);
    world->zap = NULL;
    net_world_wait(world, &world->closes, before + 1);
}

void net_world_wait(struct net_world *world, const unsigned *counter, unsigned n)
{
    world_arm(world, NET_WAIT_MS);
    while (*counter < n && !world->deadline_passed) {
        uv_run(&world->loop, UV_RUN_ONCE);
    }
    uv_timer_stop(&world->deadline);
    if (*counter < n) {
        fail_msg("waited for %u, got %u", n, *counter);
    }
}

void net_world_wait_count(struct net_world *world, net_world_count *count, void *ctx, uint64_t n)
{
    world_arm(world, NET_WAIT_MS);
    while (count(world, ctx) < n && !world->deadline_passed) {
        uv_run(&world->loop, UV_RUN_ONCE);
    }
    uv_timer_stop(&world->deadline);
    assert_true(count(world, ctx) >= n);
}

void net_world_run_ms(struct net_world *world, uint64_t ms)
{
    world_arm(world, ms);
    while (!world->deadline_passed) {
        uv_run(&world->loop, UV_RUN_ONCE);
    }
    uv_timer_stop(&world->deadline);
}

void net_world_close(struct net_world *world)
{
    for (size_t i = 0; i < NET_RAW_MAX; i++) {
        net_raw_close(world, world->raw[i]);
    }
    zmq_ctx_term(world->raw_context);
    net_router_close(world->router, NULL, NULL);
    net_zap_close(world->zap, NULL, NULL);
    net_world_run_ms(world, 0);
    uv_close((uv_handle_t *)&world->deadline, NULL);
    /* Nothing is left that could keep the loop alive, so this returns. */
    assert_int_equal(uv_run(&world->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    net_context_free(world->context);
}

void *net_raw_socket(struct net_world *world, void *context, int type)
{
    int zero = 0;

    for (size_t i = 0; i < NET_RAW_MAX; i++) {
        if (!world->raw[i]) {
            world->raw[i] = zmq_socket(context, type);
            assert_non_null(world->raw[i]);
            assert_int_equal(zmq_setsockopt(world->raw[i], ZMQ_LINGER, &zero, sizeof zero), 0);
            return world->raw[i];
        }
    }
    fail_msg("%s", "NET_RAW_MAX is too small");
    return NULL;
}

void net_raw_close(struct net_world *world, void *socket)
{
    for (size_t i = 0; i < NET_RAW_MAX; i++) {
        if (socket && world->raw[i] == socket) {
            world->raw[i] = NULL;
            zmq_close(socket);
        }
    }
}

void *net_raw_dealer(struct net_world *world, const struct net_keys *keys, const uint8_t *server_public,
                     const char *routing_id)
{
    void *socket = net_raw_socket(world, world->raw_context, ZMQ_DEALER);
    int queue = 16;
    int buffer_bytes = 65536;

    /* Small, so that a client that does not read is soon full. */
    assert_int_equal(zmq_setsockopt(socket, ZMQ_RCVHWM, &queue, sizeof queue), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_RCVBUF, &buffer_bytes, sizeof buffer_bytes), 0);
    if (keys) {
        assert_int_equal(zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_public, NET_KEY_BYTES), 0);
        assert_int_equal(zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys->public_key, NET_KEY_BYTES), 0);
        assert_int_equal(zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->secret, NET_KEY_BYTES), 0);
    }
    if (routing_id) {
        assert_int_equal(zmq_setsockopt(socket, ZMQ_ROUTING_ID, routing_id, strlen(routing_id)), 0);
    }
    assert_int_equal(zmq_connect(socket, net_router_endpoint(world->router)), 0);
    return socket;
}

void net_raw_send(void *socket, const void *body, size_t n)
{
    assert_int_equal(zmq_send(socket, body, n, ZMQ_DONTWAIT), (int)n);
}
