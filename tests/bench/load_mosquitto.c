/* bench-load-mosquitto: QoS 1 from --clients to one subscriber with a persistent session. An order is done
 * when the broker has said PUBACK and the subscriber has it. All clients on one thread, by libmosquitto's own
 * loop for other people's event loops. --mode telemetry: QoS 0, one client publishes to --addressees
 * others. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <mosquitto.h>

#include "tests/bench/fanout.h"
#include "tests/bench/load.h"

enum {
    EVENTS_MAX = 256,
    MIDS = 1 << 16,
    KEEPALIVE_S = 60,
    MISC_MS = 500,
    NS_PER_MS = 1000000,
    READY_MS = 10
};
enum { WANT_REPLY = 1, WANT_DELIVERY = 2 };

struct drive;

struct client {
    struct drive *drive;
    struct mosquitto *mosquitto;
    uint32_t *slots; /* by message id */
    bool ready;      /* connected; of the subscriber: subscribed */
};

struct drive {
    struct load load;
    int poll;
    struct client *at; /* publishers, then subscribers */
    size_t clients, subscribers;
    int qos;
    struct fanout *fanout; /* NULL: orders */
    char topic[32];        /* of this run alone */
    uint8_t *wants;        /* by slot */
    int64_t misc_ns;
};

static void check(int rc, const char *what)
{
    if (rc != MOSQ_ERR_SUCCESS) {
        load_fail("%s: %s", what, rc == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(rc));
    }
}

static void got(struct drive *drive, size_t slot, uint8_t what)
{
    if ((drive->wants[slot] & what) == 0) {
        return; /* at least once */
    }
    drive->wants[slot] &= (uint8_t)~what;
    if (drive->wants[slot] == 0) {
        load_done(&drive->load, slot, load_now_ns());
    }
}

static void on_connect(struct mosquitto *mosquitto, void *ctx, int code)
{
    struct client *client = ctx;

    if (code != 0) {
        load_fail("the broker refuses: %s", mosquitto_connack_string(code));
    }
    if (client >= &client->drive->at[client->drive->clients]) {
        check(mosquitto_subscribe(mosquitto, NULL, client->drive->topic, client->drive->qos), "subscribe");
    } else {
        client->ready = true;
    }
}

static void on_subscribe(struct mosquitto *mosquitto, void *ctx, int mid, int n, const int *granted)
{
    struct client *client = ctx;

    (void)mosquitto;
    (void)mid;
    if (n != 1 || granted[0] != client->drive->qos) {
        load_fail("QoS %d was not granted", client->drive->qos);
    }
    client->ready = true;
}

static void on_publish(struct mosquitto *mosquitto, void *ctx, int mid)
{
    struct client *client = ctx;

    (void)mosquitto;
    if (client->drive->fanout == NULL) {
        got(client->drive, client->slots[mid % MIDS], WANT_REPLY);
    }
}

static void on_message(struct mosquitto *mosquitto, void *ctx, const struct mosquitto_message *message)
{
    struct client *client = ctx;

    (void)mosquitto;
    if (client->drive->fanout != NULL) {
        fanout_took(client->drive->fanout, (size_t)(client - client->drive->at) - client->drive->clients,
                    message->payload, (size_t)message->payloadlen, load_now_ns());
        return;
    }
    got(client->drive, load_payload_slot(message->payload, (size_t)message->payloadlen), WANT_DELIVERY);
}

static void open_client(struct drive *drive, size_t i)
{
    struct client *client = &drive->at[i];
    const struct load_options *options = &drive->load.options;
    char id[48];

    (void)snprintf(id, sizeof id, "%.20s-%zu", drive->topic, i);
    *client = (struct client){.drive = drive, .mosquitto = mosquitto_new(id, i < drive->clients, client)};
    client->slots = load_alloc(MIDS, sizeof *client->slots);
    if (client->mosquitto == NULL) {
        load_fail("out of memory");
    }
    mosquitto_connect_callback_set(client->mosquitto, on_connect);
    mosquitto_subscribe_callback_set(client->mosquitto, on_subscribe);
    mosquitto_publish_callback_set(client->mosquitto, on_publish);
    mosquitto_message_callback_set(client->mosquitto, on_message);
    (void)mosquitto_max_inflight_messages_set(client->mosquitto, 0);
    check(mosquitto_int_option(client->mosquitto, MOSQ_OPT_TCP_NODELAY, 1), "TCP_NODELAY");
    if (options->ca != NULL) {
        check(mosquitto_tls_set(client->mosquitto, options->ca, NULL, NULL, NULL, NULL), "TLS");
    }
    check(mosquitto_connect(client->mosquitto, "127.0.0.1", (int)options->port, KEEPALIVE_S), "connect");
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = client}};
    if (epoll_ctl(drive->poll, EPOLL_CTL_ADD, mosquitto_socket(client->mosquitto), &event) != 0) {
        load_fail("epoll: %s", strerror(errno));
    }
}

static void wait_for(struct drive *drive, int64_t wait_ns)
{
    struct epoll_event events[EVENTS_MAX];
    struct timespec timeout = {.tv_sec = wait_ns / 1000000000, .tv_nsec = wait_ns % 1000000000};
    int64_t now = load_now_ns();
    int n = epoll_pwait2(drive->poll, events, EVENTS_MAX, &timeout, NULL);

    for (int i = 0; i < n; i++) {
        struct client *client = events[i].data.ptr;
        check(mosquitto_loop_read(client->mosquitto, 1), "read");
    }
    for (size_t i = 0; i < drive->clients + drive->subscribers; i++) {
        struct mosquitto *mosquitto = drive->at[i].mosquitto;
        if (mosquitto_want_write(mosquitto)) {
            check(mosquitto_loop_write(mosquitto, 1), "write");
        }
        if (now >= drive->misc_ns) {
            check(mosquitto_loop_misc(mosquitto), "keep alive");
        }
    }
    drive->misc_ns = now >= drive->misc_ns ? now + (int64_t)MISC_MS * NS_PER_MS : drive->misc_ns;
}

static void wait_until_ready(struct drive *drive)
{
    int64_t end = load_now_ns() + (int64_t)LOAD_STALL_MS * NS_PER_MS;
    size_t ready = 0;

    while (ready < drive->clients + drive->subscribers) {
        wait_for(drive, READY_MS * NS_PER_MS);
        ready = 0;
        for (size_t i = 0; i < drive->clients + drive->subscribers; i++) {
            ready += drive->at[i].ready ? 1 : 0;
        }
        if (load_now_ns() > end) {
            load_fail("%zu of %zu clients are connected", ready, drive->clients + drive->subscribers);
        }
    }
}

static void send_order(struct drive *drive, size_t slot)
{
    struct client *client = &drive->at[slot % drive->clients];
    uint8_t payload[LOAD_PAYLOAD];
    int mid;

    load_payload(slot, payload);
    drive->wants[slot] = WANT_REPLY | WANT_DELIVERY;
    int rc = mosquitto_publish(client->mosquitto, &mid, drive->topic, LOAD_PAYLOAD, payload, 1, false);
    check(rc, "publish");
    client->slots[mid % MIDS] = (uint32_t)slot;
}

static void run_orders(struct drive *drive)
{
    load_begin(&drive->load, &drive->load.options);
    drive->wants = load_alloc(drive->load.slots, sizeof *drive->wants);
    for (int64_t now = load_now_ns(); !load_over(&drive->load, now); now = load_now_ns()) {
        for (int slot; (slot = load_next(&drive->load, now)) >= 0;) {
            send_order(drive, (size_t)slot);
        }
        wait_for(drive, load_wait_ns(&drive->load, now));
    }
    load_report(&drive->load, "");
}

static void run_telemetry(struct drive *drive)
{
    fanout_restart(drive->fanout);
    for (int64_t now = load_now_ns(); !fanout_over(drive->fanout, now); now = load_now_ns()) {
        size_t n = fanout_due(drive->fanout, now, FANOUT_BATCH);
        for (size_t i = 0; i < n; i++) {
            uint8_t payload[FANOUT_PAYLOAD];
            fanout_payload(drive->fanout, now, payload);
            check(mosquitto_publish(drive->at[0].mosquitto, NULL, drive->topic, sizeof payload, payload, 0,
                                    false),
                  "publish");
        }
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
    check(mosquitto_lib_init(), "libmosquitto");
    drive.clients = (size_t)options.clients;
    drive.subscribers = 1;
    drive.qos = 1;
    drive.load.options = options;
    if (strcmp(options.mode, "telemetry") == 0) {
        drive.subscribers = (size_t)options.addressees;
        drive.qos = 0;
        drive.fanout = &fanout;
        fanout_begin(&fanout, &drive.load.options);
    }
    drive.at = load_alloc(drive.clients + drive.subscribers, sizeof *drive.at);
    (void)snprintf(drive.topic, sizeof drive.topic, "orders-%ld", (long)getpid());
    for (size_t i = 0; i < drive.clients + drive.subscribers; i++) {
        open_client(&drive, i);
    }
    wait_until_ready(&drive);
    if (drive.fanout != NULL) {
        run_telemetry(&drive);
    } else {
        run_orders(&drive);
    }
    for (size_t i = 0; i < drive.clients + drive.subscribers; i++) {
        mosquitto_destroy(drive.at[i].mosquitto);
        free(drive.at[i].slots);
    }
    (void)mosquitto_lib_cleanup();
    free(drive.at);
    free(drive.wants);
    load_end(&drive.load);
    (void)close(drive.poll);
    return 0;
}
