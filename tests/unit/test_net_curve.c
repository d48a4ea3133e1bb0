/* Who gets in. The bus fails closed: each of these clients but the first must stay outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <zmq.h>

#include "common/base/err.h"
#include "tests/unit/net_support.h"

static struct net_world world;

static int set_up(void **state)
{
    (void)state;
    net_world_open(&world);
    net_world_open_router(&world, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    net_world_close(&world);
    return 0;
}

static uint64_t count_failed(struct net_world *w, void *ctx)
{
    struct net_router_stats stats;

    (void)ctx;
    net_router_get_stats(w->router, &stats);
    return stats.handshake_failed;
}

/* The client's handshake fails, its message never arrives, and a known client gets through as before. */
static void check_refused(void *socket)
{
    struct net_router_stats stats;
    unsigned before = world.seen.messages;
    void *known;

    /* Queued until a connection is made. */
    zmq_send(socket, "intruder", 8, ZMQ_DONTWAIT);
    net_world_wait_count(&world, count_failed, NULL, count_failed(&world, NULL) + 1);
    known = net_raw_dealer(&world, &world.client, world.server.public_key, NULL);
    net_raw_send(known, "known", 5);
    net_world_wait(&world, &world.seen.messages, before + 1);
    assert_string_equal(world.seen.body, "known");
    assert_int_equal(world.seen.messages, before + 1);
    net_router_get_stats(world.router, &stats);
    assert_int_equal(stats.connected, before + 1);
    net_raw_close(&world, known);
    net_raw_close(&world, socket);
}

static void test_known_key_gets_in(void **state)
{
    void *socket = net_raw_dealer(&world, &world.client, world.server.public_key, NULL);

    (void)state;
    net_raw_send(socket, "hello", 5);
    net_world_wait(&world, &world.seen.messages, 1);
    assert_memory_equal(world.seen.key, world.client.public_key, NET_KEY_BYTES);
    net_raw_close(&world, socket);
}

static void test_unknown_key_is_refused(void **state)
{
    struct net_zap_stats stats;
    struct net_keys stranger;

    (void)state;
    net_keys_make(&stranger);
    check_refused(net_raw_dealer(&world, &stranger, world.server.public_key, NULL));
    net_zap_get_stats(world.zap, &stats);
    assert_true(stats.refused >= 1);
    assert_int_equal(stats.allowed, 1);
}

/* The public key of somebody who is known is not enough. */
static void test_stolen_public_key_is_refused(void **state)
{
    struct net_keys thief;

    (void)state;
    net_keys_make(&thief);
    memcpy(thief.public_key, world.client.public_key, NET_KEY_BYTES);
    check_refused(net_raw_dealer(&world, &thief, world.server.public_key, NULL));
}

static void test_wrong_server_key_is_refused(void **state)
{
    (void)state;
    check_refused(net_raw_dealer(&world, &world.client, world.other.public_key, NULL));
}

static void test_null_mechanism_is_refused(void **state)
{
    (void)state;
    check_refused(net_raw_dealer(&world, NULL, NULL, NULL));
}

static void test_plain_mechanism_is_refused(void **state)
{
    void *socket = net_raw_socket(&world, world.raw_context, ZMQ_DEALER);

    (void)state;
    assert_int_equal(zmq_setsockopt(socket, ZMQ_PLAIN_USERNAME, "admin", 5), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_PLAIN_PASSWORD, "admin", 5), 0);
    assert_int_equal(zmq_connect(socket, net_router_endpoint(world.router)), 0);
    check_refused(socket);
}

/* The key is asked about again at each connection; a session that lives goes on. */
static void test_key_revoked_between_sessions(void **state)
{
    void *socket = net_raw_dealer(&world, &world.other, world.server.public_key, NULL);

    (void)state;
    net_raw_send(socket, "hello", 5);
    net_world_wait(&world, &world.seen.messages, 1);
    world.known_n = 1; /* client alone */
    net_raw_send(socket, "still", 5);
    net_world_wait(&world, &world.seen.messages, 2);
    net_raw_close(&world, socket);
    world.known_n = 0;
    socket = net_raw_dealer(&world, &world.other, world.server.public_key, NULL);
    net_raw_send(socket, "again", 5);
    net_world_wait_count(&world, count_failed, NULL, 1);
    assert_int_equal(world.seen.messages, 2);
    net_raw_close(&world, socket);
}

static void test_router_needs_a_zap_handler(void **state)
{
    struct net_router_config config = {
        .host = "127.0.0.1", .curve_secret = world.server.secret, .limits = world.limits};
    struct net_router *router = NULL;
    struct err err;

    (void)state;
    net_world_close_zap(&world);
    assert_int_equal(net_router_open(&world.loop, world.context, &config, &router, &err), ERR_USAGE);
    assert_null(router);
}

/* The handler goes while the router stays: nobody gets in any more, not even a known key. */
static void test_zap_handler_gone_means_refused(void **state)
{
    void *socket;

    (void)state;
    /* A request to a handler that is just going is not answered: the handshake's time ends it. */
    net_world_close_router(&world);
    world.limits.handshake_ms = 500;
    net_world_open_router(&world, 0);
    net_world_close_zap(&world);
    socket = net_raw_dealer(&world, &world.client, world.server.public_key, NULL);
    net_raw_send(socket, "hello", 5);
    net_world_wait_count(&world, count_failed, NULL, 1);
    net_world_run_ms(&world, 100);
    assert_int_equal(world.seen.messages, 0);
    net_raw_close(&world, socket);
}

/* The socket options alone, in a context that never had a handler. */
static void test_zap_handler_absent_means_refused(void **state)
{
    void *server = net_raw_socket(&world, world.raw_context, ZMQ_ROUTER);
    void *client = net_raw_socket(&world, world.raw_context, ZMQ_DEALER);
    char endpoint[NET_ENDPOINT_TEXT];
    size_t size = sizeof endpoint;
    int wait_ms = 500;
    char byte;

    (void)state;
    assert_int_equal(net_endpoint_set_limits(server, &world.limits, NULL), 0);
    assert_int_equal(net_endpoint_set_curve_server(server, world.server.secret, NULL), 0);
    assert_int_equal(zmq_setsockopt(server, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms), 0);
    assert_int_equal(zmq_bind(server, "tcp://127.0.0.1:0"), 0);
    assert_int_equal(zmq_getsockopt(server, ZMQ_LAST_ENDPOINT, endpoint, &size), 0);
    assert_int_equal(net_endpoint_set_limits(client, &world.limits, NULL), 0);
    assert_int_equal(net_endpoint_set_curve_client(client, world.client.secret, world.client.public_key,
                                                   world.server.public_key, NULL),
                     0);
    assert_int_equal(zmq_connect(client, endpoint), 0);
    net_raw_send(client, "hello", 5);
    assert_int_equal(zmq_recv(server, &byte, 1, 0), -1);
    net_raw_close(&world, client);
    net_raw_close(&world, server);
}

static void test_one_handler_per_context(void **state)
{
    struct net_zap *second = NULL;
    struct err err;

    (void)state;
    assert_int_equal(net_zap_open(&world.loop, world.context, NULL, NULL, &second, &err), ERR_CONFLICT);
    assert_null(second);
}

/* ---- the handler, asked directly ---- */

struct request {
    const char *version;
    const char *domain;
    const char *mechanism;
    const void *key;
    size_t key_n;
    size_t extra; /* empty frames behind */
    bool short_of_frames;
};

static void *zap_socket;

static void ask(const struct request *request, char ret_status[8], char ret_user_id[80])
{
    char id[8];
    int n = -1;
    int frames = 0;
    int more = 1;
    size_t size = sizeof more;

    zmq_send(zap_socket, "", 0, ZMQ_SNDMORE);
    if (request->short_of_frames) {
        zmq_send(zap_socket, request->version, strlen(request->version), 0);
    } else {
        zmq_send(zap_socket, request->version, strlen(request->version), ZMQ_SNDMORE);
        zmq_send(zap_socket, "42", 2, ZMQ_SNDMORE);
        zmq_send(zap_socket, request->domain, strlen(request->domain), ZMQ_SNDMORE);
        zmq_send(zap_socket, "192.0.2.7", 9, ZMQ_SNDMORE);
        zmq_send(zap_socket, "", 0, ZMQ_SNDMORE);
        zmq_send(zap_socket, request->mechanism, strlen(request->mechanism),
                 request->key || request->extra ? ZMQ_SNDMORE : 0);
        if (request->key) {
            zmq_send(zap_socket, request->key, request->key_n, request->extra ? ZMQ_SNDMORE : 0);
        }
        for (size_t i = request->extra; i > 0; i--) {
            zmq_send(zap_socket, "", 0, i > 1 ? ZMQ_SNDMORE : 0);
        }
    }
    memset(ret_status, 0, 8);
    memset(ret_user_id, 0, 80);
    memset(id, 0, sizeof id);
    for (int i = 0; i < 2000 && n < 0; i++) {
        net_world_run_ms(&world, 1);
        n = zmq_recv(zap_socket, id, sizeof id, ZMQ_DONTWAIT);
    }
    assert_int_equal(n, 0); /* the delimiter */
    for (frames = 1; more; frames++) {
        char *into = frames == 3 ? ret_status : frames == 5 ? ret_user_id : NULL;

        n = zmq_recv(zap_socket, into ? into : id, into == ret_user_id ? 79 : 7, ZMQ_DONTWAIT);
        assert_true(n >= 0);
        if (frames == 1) {
            assert_memory_equal(id, "1.0", 3);
        }
        if (frames == 2 && !request->short_of_frames) {
            assert_memory_equal(id, "42", 2);
        }
        zmq_getsockopt(zap_socket, ZMQ_RCVMORE, &more, &size);
    }
    assert_int_equal(frames, 7);
}

static void test_zap_answers(void **state)
{
    const struct {
        struct request request;
        const char *status;
    } cases[] = {
        {{"1.0", "muster", "CURVE", world.client.public_key, 32, 0, false}, "200"},
        {{"1.0", "muster", "CURVE", world.server.public_key, 32, 0, false}, "400"}, /* not known */
        {{"1.0", "muster", "NULL", NULL, 0, 0, false}, "400"},
        {{"1.0", "muster", "PLAIN", "user", 4, 1, false}, "400"},
        {{"1.0", "muster", "GSSAPI", "user", 4, 0, false}, "400"},
        {{"1.0", "muster", "curve", world.client.public_key, 32, 0, false}, "400"},
        {{"1.0", "", "CURVE", world.client.public_key, 32, 0, false}, "400"},
        {{"1.0", "other", "CURVE", world.client.public_key, 32, 0, false}, "400"},
        {{"1.1", "muster", "CURVE", world.client.public_key, 32, 0, false}, "500"},
        {{"1.0", "muster", "CURVE", world.client.public_key, 31, 0, false}, "500"},
        {{"1.0", "muster", "CURVE", NULL, 0, 0, false}, "500"},
        {{"1.0", "muster", "CURVE", world.client.public_key, 32, 1, false}, "500"},
        {{"1.0", "muster", "CURVE", world.client.public_key, 32, 50, false}, "500"},
        {{"1.0", "muster", "CURVE", NULL, 0, 0, true}, "500"},
        {{"1.0", "muster", "CURVE", world.other.public_key, 32, 0, false}, "200"}, /* goes on answering */
    };
    char status[8];
    char user_id[80];
    uint8_t key[NET_KEY_BYTES];

    (void)state;
    zap_socket = net_raw_socket(&world, net_context_zmq(world.context), ZMQ_DEALER);
    assert_int_equal(zmq_connect(zap_socket, "inproc://zeromq.zap.01"), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ask(&cases[i].request, status, user_id);
        assert_string_equal(status, cases[i].status);
        if (strcmp(status, "200") == 0) {
            assert_string_equal(world.address, "192.0.2.7");
            assert_true(net_zap_parse_user_id(user_id, key));
            assert_memory_equal(key, cases[i].request.key, NET_KEY_BYTES);
        } else {
            assert_string_equal(user_id, "");
        }
    }
    net_raw_close(&world, zap_socket);
}

static void test_user_id_parsing(void **state)
{
    char good[] = "00ff0123456789abcdef00ff0123456789abcdef00ff0123456789abcdef01020304";
    uint8_t key[NET_KEY_BYTES] = {7};

    (void)state;
    assert_false(net_zap_parse_user_id(NULL, key));
    assert_false(net_zap_parse_user_id("", key));
    assert_false(net_zap_parse_user_id("00ff", key));
    good[64] = '\0';
    assert_true(net_zap_parse_user_id(good, key));
    assert_int_equal(key[0], 0);
    assert_int_equal(key[1], 0xff);
    assert_int_equal(key[2], 0x01);
    key[0] = 7;
    good[63] = 'g';
    assert_false(net_zap_parse_user_id(good, key));
    good[63] = 'F';
    assert_false(net_zap_parse_user_id(good, key));
    assert_int_equal(key[0], 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_known_key_gets_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unknown_key_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stolen_public_key_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_server_key_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_null_mechanism_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_plain_mechanism_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_key_revoked_between_sessions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_router_needs_a_zap_handler, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_zap_handler_gone_means_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_zap_handler_absent_means_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_handler_per_context, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_zap_answers, set_up, tear_down),
        cmocka_unit_test(test_user_id_parsing),
    };

    return cmocka_run_group_tests_name("net_curve", tests, NULL, NULL);
}
