/* bench-load-redis: XADD by --clients, read through a consumer group by one addressee, who says XACK for what
 * it was given. hiredis formats and parses; the socket, with TLS if --ca is given, is ours, since Debian's
 * hiredis has none. --deliver 0: XADD alone. --mode telemetry: one connection says PUBLISH, --addressees
 * others SUBSCRIBE. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <hiredis/hiredis.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tests/bench/fanout.h"
#include "tests/bench/load.h"

enum {
    EVENTS_MAX = 256,
    READ_BYTES = 1 << 16,
    READ_COUNT = 1000, /* entries of one XREADGROUP, and ids of one XACK */
    ARGS_MAX = READ_COUNT + 8,
    READY_NS = 10000000
};
enum { WANT_REPLY = 1, WANT_DELIVERY = 2 };

struct connection {
    int fd;
    SSL *ssl;
    redisReader *reader;
    char *out; /* hiredis' format, gathered for one write */
    size_t out_n, out_at, out_capacity;
    uint32_t *asked; /* slots in order of XADD, a ring of load.slots */
    size_t asked_n, answered_n;
    bool is_reader;
    bool is_subscribed;
};

struct drive {
    struct load load;
    SSL_CTX *tls;
    int poll;
    struct connection *at; /* clients', then the addressee's, or the subscribers' */
    size_t clients, subscribers;
    struct fanout *fanout; /* NULL: orders */
    char stream[32];       /* of this run alone */
    uint8_t *wants;        /* by slot */
};

static void take_fd_options(int fd)
{
    const int yes = 1;

    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) != 0 ||
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0) {
        load_fail("cannot set up a socket: %s", strerror(errno));
    }
}

static void connect_to(struct drive *drive, struct connection *connection)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)drive->load.options.port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};

    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0 ||
        connect(connection->fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        load_fail("cannot connect to port %ld: %s", drive->load.options.port, strerror(errno));
    }
    if (drive->tls != NULL) {
        connection->ssl = SSL_new(drive->tls);
        if (connection->ssl == NULL || SSL_set_fd(connection->ssl, connection->fd) != 1 ||
            SSL_connect(connection->ssl) != 1) {
            ERR_print_errors_fp(stderr);
            load_fail("the TLS handshake failed");
        }
    }
    take_fd_options(connection->fd);
    connection->reader = redisReaderCreate();
    if (drive->fanout == NULL) {
        connection->asked = load_alloc(drive->load.slots, sizeof *connection->asked);
    }
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.ptr = connection}};
    if (connection->reader == NULL || epoll_ctl(drive->poll, EPOLL_CTL_ADD, connection->fd, &event) != 0) {
        load_fail("cannot watch a socket: %s", strerror(errno));
    }
}

/* --- bytes --- */

static void put(struct connection *connection, const char **args, const size_t *sizes, size_t n)
{
    char *text;
    int text_n = redisFormatCommandArgv(&text, (int)n, args, sizes);

    if (text_n < 0) {
        load_fail("out of memory");
    }
    if (connection->out_n + (size_t)text_n > connection->out_capacity) {
        connection->out_capacity = 2 * (connection->out_n + (size_t)text_n);
        connection->out = realloc(connection->out, connection->out_capacity);
        if (connection->out == NULL) {
            load_fail("out of memory");
        }
    }
    memcpy(connection->out + connection->out_n, text, (size_t)text_n);
    connection->out_n += (size_t)text_n;
    redisFreeCommand(text);
}

static ssize_t write_some(struct connection *connection, const char *p, size_t n)
{
    if (connection->ssl == NULL) {
        return write(connection->fd, p, n);
    }
    int wrote = SSL_write(connection->ssl, p, (int)n);
    if (wrote > 0) {
        return wrote;
    }
    int why = SSL_get_error(connection->ssl, wrote);
    errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? EAGAIN : EPIPE;
    return -1;
}

static ssize_t read_some(struct connection *connection, char *p, size_t n)
{
    if (connection->ssl == NULL) {
        return read(connection->fd, p, n);
    }
    int got = SSL_read(connection->ssl, p, (int)n);
    if (got > 0) {
        return got;
    }
    int why = SSL_get_error(connection->ssl, got);
    errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? EAGAIN : EPIPE;
    return why == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

static void flush(struct connection *connection)
{
    while (connection->out_at < connection->out_n) {
        ssize_t n = write_some(connection, connection->out + connection->out_at,
                               connection->out_n - connection->out_at);
        if (n < 0 && errno == EAGAIN) {
            return; /* the edge tells */
        }
        if (n <= 0) {
            load_fail("the server has closed the connection");
        }
        connection->out_at += (size_t)n;
    }
    connection->out_at = 0;
    connection->out_n = 0;
}

/* --- what is said --- */

static void ask_more(const struct drive *drive, struct connection *reader)
{
    const char *args[] = {"XREADGROUP", "GROUP", "g",       "c",           "COUNT", "1000",
                          "BLOCK",      "0",     "STREAMS", drive->stream, ">"};

    put(reader, args, NULL, sizeof args / sizeof args[0]);
}

static void send_order(struct drive *drive, size_t slot)
{
    struct connection *connection = &drive->at[slot % drive->clients];
    uint8_t payload[LOAD_PAYLOAD];
    const char *args[] = {"XADD", drive->stream, "*", "o", (const char *)payload};
    const size_t sizes[] = {4, strlen(drive->stream), 1, 1, LOAD_PAYLOAD};

    load_payload(slot, payload);
    put(connection, args, sizes, sizeof args / sizeof args[0]);
    connection->asked[connection->asked_n++ % drive->load.slots] = (uint32_t)slot;
    drive->wants[slot] = drive->load.options.deliver != 0 ? WANT_REPLY | WANT_DELIVERY : WANT_REPLY;
}

static void got(struct drive *drive, size_t slot, uint8_t what)
{
    drive->wants[slot] &= (uint8_t)~what;
    if (drive->wants[slot] == 0) {
        load_done(&drive->load, slot, load_now_ns());
    }
}

/* [[stream, [[id, [field, value]], ...]]] */
static void on_entries(struct drive *drive, struct connection *reader, const redisReply *reply)
{
    const char *args[ARGS_MAX] = {"XACK", drive->stream, "g"};
    size_t n = 3;

    if (reply->type == REDIS_REPLY_INTEGER) {
        return; /* XACK's */
    }
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 1) {
        const redisReply *entries = reply->element[0]->element[1];
        for (size_t i = 0; i < entries->elements; i++) {
            const redisReply *entry = entries->element[i];
            const redisReply *value = entry->element[1]->element[1];
            args[n++] = entry->element[0]->str;
            got(drive, load_payload_slot(value->str, (size_t)value->len), WANT_DELIVERY);
        }
        put(reader, args, NULL, n);
    }
    ask_more(drive, reader);
    flush(reader);
}

/* [message, channel, payload], and [subscribe, channel, 1] before; an integer answers PUBLISH. */
static void on_sample(struct drive *drive, struct connection *connection, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3) {
        return;
    }
    if (strcmp(reply->element[0]->str, "message") != 0) {
        connection->is_subscribed = true;
        return;
    }
    fanout_took(drive->fanout, (size_t)(connection - drive->at) - drive->clients, reply->element[2]->str,
                (size_t)reply->element[2]->len, load_now_ns());
}

static void on_readable(struct drive *drive, struct connection *connection)
{
    static char bytes[READ_BYTES];
    ssize_t n;

    while ((n = read_some(connection, bytes, sizeof bytes)) > 0) {
        redisReply *reply = NULL;
        if (redisReaderFeed(connection->reader, bytes, (size_t)n) != REDIS_OK) {
            load_fail("out of memory");
        }
        while (redisReaderGetReply(connection->reader, (void **)&reply) == REDIS_OK && reply != NULL) {
            if (reply->type == REDIS_REPLY_ERROR) {
                load_fail("the server says: %s", reply->str);
            }
            if (drive->fanout != NULL) {
                on_sample(drive, connection, reply);
            } else if (connection->is_reader) {
                on_entries(drive, connection, reply);
            } else {
                got(drive, connection->asked[connection->answered_n++ % drive->load.slots], WANT_REPLY);
            }
            freeReplyObject(reply);
            reply = NULL;
        }
    }
    if (n == 0 || errno != EAGAIN) {
        load_fail("the server has closed the connection");
    }
}

/* --- a run --- */

static void wait_for(struct drive *drive, int64_t wait_ns)
{
    struct epoll_event events[EVENTS_MAX];
    struct timespec timeout = {.tv_sec = wait_ns / 1000000000, .tv_nsec = wait_ns % 1000000000};
    int n = epoll_pwait2(drive->poll, events, EVENTS_MAX, &timeout, NULL);

    for (int i = 0; i < n; i++) {
        struct connection *connection = events[i].data.ptr;
        if ((events[i].events & ~(uint32_t)EPOLLOUT) != 0) {
            on_readable(drive, connection);
        }
        flush(connection);
    }
}

static void begin_tls(struct drive *drive, const char *ca)
{
    drive->tls = SSL_CTX_new(TLS_client_method());
    if (drive->tls == NULL || SSL_CTX_load_verify_locations(drive->tls, ca, NULL) != 1) {
        load_fail("%s is no certificate to trust", ca);
    }
    SSL_CTX_set_verify(drive->tls, SSL_VERIFY_PEER, NULL);
    (void)SSL_CTX_set_mode(drive->tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

static void begin_reading(struct drive *drive)
{
    struct connection *reader = &drive->at[drive->clients];
    const char *group[] = {"XGROUP", "CREATE", drive->stream, "g", "0", "MKSTREAM"};

    /* Its answer is OK, which on_readable() of a writer would take for an XADD's. */
    reader->is_reader = true;
    put(reader, group, NULL, sizeof group / sizeof group[0]);
    flush(reader);
}

static void run(struct drive *drive)
{
    int64_t now = load_now_ns();

    while (!load_over(&drive->load, now)) {
        for (int slot; (slot = load_next(&drive->load, now)) >= 0;) {
            send_order(drive, (size_t)slot);
        }
        for (size_t i = 0; i < drive->clients; i++) {
            flush(&drive->at[i]);
        }
        wait_for(drive, load_wait_ns(&drive->load, load_now_ns()));
        now = load_now_ns();
    }
    load_report(&drive->load, "");
}

static bool all_are_subscribed(const struct drive *drive)
{
    bool all = true;

    for (size_t i = 0; i < drive->subscribers; i++) {
        all = all && drive->at[drive->clients + i].is_subscribed;
    }
    return all;
}

static void run_telemetry(struct drive *drive)
{
    const char *subscribe[] = {"SUBSCRIBE", drive->stream};
    int64_t end = load_now_ns() + (int64_t)LOAD_STALL_MS * 1000000;
    uint8_t payload[FANOUT_PAYLOAD];
    const char *publish[] = {"PUBLISH", drive->stream, (const char *)payload};
    const size_t sizes[] = {7, strlen(drive->stream), sizeof payload};

    for (size_t i = 0; i < drive->subscribers; i++) {
        put(&drive->at[drive->clients + i], subscribe, NULL, 2);
        flush(&drive->at[drive->clients + i]);
    }
    while (!all_are_subscribed(drive)) {
        wait_for(drive, READY_NS);
        if (load_now_ns() > end) {
            load_fail("not all are subscribed");
        }
    }
    fanout_restart(drive->fanout);
    for (int64_t now = load_now_ns(); !fanout_over(drive->fanout, now); now = load_now_ns()) {
        size_t n = fanout_due(drive->fanout, now, FANOUT_BATCH);
        for (size_t i = 0; i < n; i++) {
            fanout_payload(drive->fanout, now, payload);
            put(&drive->at[0], publish, sizes, 3);
        }
        flush(&drive->at[0]);
        wait_for(drive, fanout_wait_ns(drive->fanout, load_now_ns()));
    }
    fanout_report(drive->fanout);
    fanout_end(drive->fanout);
}

int main(int argc, char **argv)
{
    static struct fanout fanout;
    struct load_options options;
    struct drive drive = {.poll = epoll_create1(EPOLL_CLOEXEC)};

    load_options_read(argc, argv, &options);
    (void)snprintf(drive.stream, sizeof drive.stream, "orders-%ld", (long)getpid());
    drive.clients = (size_t)options.clients;
    drive.subscribers = 1;
    drive.load.options = options;
    if (strcmp(options.mode, "telemetry") == 0) {
        drive.subscribers = (size_t)options.addressees;
        drive.fanout = &fanout;
        fanout_begin(&fanout, &options);
    } else {
        load_begin(&drive.load, &options);
        drive.wants = load_alloc(drive.load.slots, sizeof *drive.wants);
    }
    drive.at = load_alloc(drive.clients + drive.subscribers, sizeof *drive.at);
    if (options.ca != NULL) {
        begin_tls(&drive, options.ca);
    }
    for (size_t i = 0; i < drive.clients + drive.subscribers; i++) {
        connect_to(&drive, &drive.at[i]);
    }
    if (drive.fanout != NULL) {
        run_telemetry(&drive);
    } else {
        if (options.deliver != 0) {
            begin_reading(&drive);
        }
        run(&drive);
    }
    for (size_t i = 0; i < drive.clients + drive.subscribers; i++) {
        SSL_free(drive.at[i].ssl);
        redisReaderFree(drive.at[i].reader);
        free(drive.at[i].out);
        free(drive.at[i].asked);
        (void)close(drive.at[i].fd);
    }
    SSL_CTX_free(drive.tls);
    free(drive.at);
    free(drive.wants);
    load_end(&drive.load);
    (void)close(drive.poll);
    return 0;
}
