#include "common/net/endpoint.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <zmq.h>

#include "common/base/err.h"
#include "common/net/zap.h"

/* zmq.h shows this one to draft builds only; every libzmq since 4.3.0 knows it. Without it a socket whose
 * ZAP handler is missing lets everybody in. */
enum { OPTION_ZAP_ENFORCE_DOMAIN = 93 };

/* libzmq measures the frame as it travels: CURVE adds "\7MESSAGE" (8), a nonce (8), a tag (16) and flags
 * (1). */
enum { CURVE_OVERHEAD_BYTES = 33 };

enum { HOST_TEXT_MAX = 255 };

int net_endpoint_format(const char *host, uint16_t port, char ret[NET_ENDPOINT_TEXT], struct err *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%*[]";
    size_t n = strlen(host);
    int bare_ipv6 = strchr(host, ':') != NULL && host[0] != '[';

    /* libzmq gives some characters a meaning of their own (';' names a source address). */
    if (n == 0 || n > HOST_TEXT_MAX || strspn(host, allowed) != n) {
        return err_set(err, ERR_CONFIG, "not a host name or address: \"%s\"", host);
    }
    snprintf(ret, NET_ENDPOINT_TEXT, bare_ipv6 ? "tcp://[%s]:%u" : "tcp://%s:%u", host, (unsigned)port);
    return 0;
}

int net_endpoint_probe(const char *host, uint16_t port, struct err *err)
{
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char service[8];
    int on = 1;

    (void)snprintf(service, sizeof service, "%u", (unsigned)port);
    if (getaddrinfo(strcmp(host, "*") == 0 ? NULL : host, service, &hints, &found) != 0) {
        return err_set(err, ERR_CONFIG, "cannot listen on %s: no address of this machine", host);
    }
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int failed = fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
                 bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, 1) < 0;
    int why = failed ? errno : 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    freeaddrinfo(found);
    if (!failed) {
        return 0;
    }
    int code = why == EADDRINUSE      ? ERR_UNAVAILABLE
               : why == EACCES        ? ERR_PERMISSION
               : why == EADDRNOTAVAIL ? ERR_CONFIG
                                      : ERR_OS;
    return err_set(err, code, "cannot listen on %s port %u: %s", host, (unsigned)port,
                   why == EADDRINUSE ? "it is in use; stop what listens there or name another"
                                     : strerror(why));
}

int net_endpoint_check(const char *endpoint, struct err *err)
{
    static const char scheme[] = "tcp://";
    const char *host = endpoint + sizeof scheme - 1;
    const char *colon = strrchr(endpoint, ':');
    char expected[NET_ENDPOINT_TEXT];
    char name[HOST_TEXT_MAX + 1];
    size_t n;
    long port;

    if (strncmp(endpoint, scheme, sizeof scheme - 1) != 0 || colon <= host) {
        goto wrong;
    }
    n = (size_t)(colon - host);
    port = strtol(colon + 1, NULL, 10);
    if (n > HOST_TEXT_MAX || memchr(host, '*', n) || port < 1 || port > UINT16_MAX) {
        goto wrong;
    }
    memcpy(name, host, n);
    name[n] = '\0';
    /* What is put together again must be what was given: no sign, no blank, no bare IPv6 address. */
    if (net_endpoint_format(name, (uint16_t)port, expected, NULL) || strcmp(expected, endpoint) != 0) {
        goto wrong;
    }
    return 0;

wrong:
    return err_set(err, ERR_CONFIG, "not an address of the form tcp://host:port: \"%s\"", endpoint);
}

static int endpoint_set(void *socket, int option, const char *name, const void *value, size_t n,
                        struct err *err)
{
    if (!zmq_setsockopt(socket, option, value, n)) {
        return 0;
    }
    return err_set(err, zmq_errno() == EINVAL ? ERR_CONFIG : ERR_OS, "cannot set the socket's %s: %s", name,
                   zmq_strerror(zmq_errno()));
}

int net_endpoint_set_int(void *socket, int option, const char *name, int value, struct err *err)
{
    return endpoint_set(socket, option, name, &value, sizeof value, err);
}

int net_endpoint_set_limits(void *socket, const struct net_limits *limits, struct err *err)
{
    const struct {
        int option;
        const char *name;
        int value;
    } options[] = {
        {ZMQ_IPV6, "IPv6", 1},
        {ZMQ_SNDHWM, "send queue", limits->send_queue},
        {ZMQ_RCVHWM, "receive queue", limits->receive_queue},
        {ZMQ_HANDSHAKE_IVL, "handshake time", limits->handshake_ms},
        {ZMQ_CONNECT_TIMEOUT, "connect time", limits->connect_ms},
        {ZMQ_HEARTBEAT_IVL, "heartbeat interval", limits->heartbeat_ms},
        {ZMQ_HEARTBEAT_TIMEOUT, "heartbeat timeout", limits->heartbeat_lost_ms},
        {ZMQ_HEARTBEAT_TTL, "heartbeat time to live", limits->heartbeat_lost_ms},
        {ZMQ_LINGER, "linger time", limits->linger_ms},
        {ZMQ_RECONNECT_IVL, "reconnect interval", limits->reconnect_ms},
        {ZMQ_RECONNECT_IVL_MAX, "longest reconnect interval", limits->reconnect_max_ms},
    };
    int64_t frame_bytes_max;
    int rc;

    /* Zero would mean "no limit" or "never" to libzmq. */
    if (limits->message_bytes_max <= 0 || limits->message_bytes_max > NET_MESSAGE_BYTES_MAX ||
        limits->send_queue <= 0 || limits->receive_queue <= 0 || limits->connect_ms <= 0 ||
        limits->handshake_ms <= 0 || limits->heartbeat_ms <= 0 || limits->heartbeat_lost_ms <= 0 ||
        limits->linger_ms < 0 || limits->reconnect_ms <= 0 ||
        limits->reconnect_max_ms < limits->reconnect_ms) {
        return err_set(err, ERR_CONFIG, "a network limit is zero, negative or out of order");
    }
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        rc = net_endpoint_set_int(socket, options[i].option, options[i].name, options[i].value, err);
        if (rc) {
            return rc;
        }
    }
    frame_bytes_max = limits->message_bytes_max + CURVE_OVERHEAD_BYTES;
    return endpoint_set(socket, ZMQ_MAXMSGSIZE, "message size limit", &frame_bytes_max,
                        sizeof frame_bytes_max, err);
}

int net_endpoint_set_curve_server(void *socket, const uint8_t secret[NET_KEY_BYTES], struct err *err)
{
    int rc = net_endpoint_set_int(socket, ZMQ_CURVE_SERVER, "CURVE server role", 1, err);

    if (!rc) {
        rc = endpoint_set(socket, ZMQ_CURVE_SECRETKEY, "CURVE secret key", secret, NET_KEY_BYTES, err);
    }
    if (!rc) {
        rc = endpoint_set(socket, ZMQ_ZAP_DOMAIN, "ZAP domain", NET_ZAP_DOMAIN, sizeof NET_ZAP_DOMAIN - 1,
                          err);
    }
    if (!rc) {
        rc = net_endpoint_set_int(socket, OPTION_ZAP_ENFORCE_DOMAIN, "ZAP enforcement", 1, err);
    }
    return rc;
}

int net_endpoint_set_curve_client(void *socket, const uint8_t secret[NET_KEY_BYTES],
                                  const uint8_t public_key[NET_KEY_BYTES],
                                  const uint8_t server_public[NET_KEY_BYTES], struct err *err)
{
    int rc = endpoint_set(socket, ZMQ_CURVE_SERVERKEY, "CURVE server key", server_public, NET_KEY_BYTES, err);

    if (!rc) {
        rc = endpoint_set(socket, ZMQ_CURVE_PUBLICKEY, "CURVE public key", public_key, NET_KEY_BYTES, err);
    }
    if (!rc) {
        rc = endpoint_set(socket, ZMQ_CURVE_SECRETKEY, "CURVE secret key", secret, NET_KEY_BYTES, err);
    }
    return rc;
}
