/* bench-load-nats: JetStream with a file store; --clients connections publish, one durable push consumer
 * takes and acknowledges. An order is done when its publisher has the PubAck and the consumer has it.
 * --deliver 0: publishing alone. The library's threads call back; `lock` holds the load.
 * --mode telemetry: core NATS, one connection publishes to --addressees others. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <nats/nats.h>

#include "tests/bench/fanout.h"
#include "tests/bench/load.h"

enum { ACK_PENDING_MAX = 1 << 16, WAIT_MS = 10000, NS_PER_S = 1000000000 };
enum { WANT_REPLY = 1, WANT_DELIVERY = 2 };

struct client {
    natsConnection *connection;
    jsCtx *js;
};

struct drive {
    struct load load;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct client *at; /* publishers, then the consumer */
    size_t clients;
    natsSubscription *subscription;
    char subject[32]; /* and its stream, of this run alone */
    uint8_t *wants;   /* by slot */
};

static void check(natsStatus status, const char *what)
{
    if (status != NATS_OK) {
        load_fail("%s: %s %s", what, natsStatus_GetText(status), nats_GetLastError(NULL));
    }
}

static void got(struct drive *drive, size_t slot, uint8_t what)
{
    (void)pthread_mutex_lock(&drive->lock);
    bool is_new = (drive->wants[slot] & what) != 0; /* a message may come again */
    drive->wants[slot] &= (uint8_t)~what;
    if (is_new && drive->wants[slot] == 0) {
        load_done(&drive->load, slot, load_now_ns());
        (void)pthread_cond_signal(&drive->changed);
    }
    (void)pthread_mutex_unlock(&drive->lock);
}

static void on_published(jsCtx *js, natsMsg *message, jsPubAck *ack, jsPubAckErr *failure, void *ctx)
{
    (void)js;
    (void)ack;
    if (failure != NULL) {
        load_fail("publish: %s", failure->ErrText != NULL ? failure->ErrText : "failed");
    }
    got(ctx, load_payload_slot(natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message)), WANT_REPLY);
    natsMsg_Destroy(message);
}

static void on_message(natsConnection *connection, natsSubscription *subscription, natsMsg *message,
                       void *ctx)
{
    (void)connection;
    (void)subscription;
    got(ctx, load_payload_slot(natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message)),
        WANT_DELIVERY);
    (void)natsMsg_Ack(message, NULL);
    natsMsg_Destroy(message);
}

static void open_client(struct drive *drive, struct client *client, bool publishes, bool is_core)
{
    const struct load_options *load = &drive->load.options;
    natsOptions *options;
    jsOptions js_options;
    char url[64];

    (void)snprintf(url, sizeof url, "%s://127.0.0.1:%ld", load->ca != NULL ? "tls" : "nats", load->port);
    check(natsOptions_Create(&options), "options");
    check(natsOptions_SetURL(options, url), "url");
    if (load->ca != NULL) {
        check(natsOptions_LoadCATrustedCertificates(options, load->ca), "certificate");
    }
    /* The library gathers for a millisecond before it writes: right for a pipeline, wrong for who waits. */
    check(natsOptions_SetSendAsap(options, load->window <= load->clients || load->rate > 0), "asap");
    check(natsConnection_Connect(&client->connection, options), "connect");
    natsOptions_Destroy(options);
    if (is_core) {
        return;
    }
    check(jsOptions_Init(&js_options), "options");
    js_options.Wait = WAIT_MS;
    if (publishes) {
        js_options.PublishAsync.MaxPending = LOAD_SLOTS_MAX;
        js_options.PublishAsync.AckHandler = on_published;
        js_options.PublishAsync.AckHandlerClosure = drive;
    }
    check(natsConnection_JetStream(&client->js, client->connection, &js_options), "JetStream");
}

static void open_stream(struct drive *drive)
{
    jsCtx *js = drive->at[drive->clients].js;
    const char *subjects[] = {drive->subject};
    jsStreamConfig stream;
    jsSubOptions options;

    check(jsStreamConfig_Init(&stream), "stream");
    stream.Name = drive->subject;
    stream.Subjects = subjects;
    stream.SubjectsLen = 1;
    stream.Storage = js_FileStorage;
    check(js_AddStream(NULL, js, &stream, NULL, NULL), "add stream");
    if (drive->load.options.deliver == 0) {
        return;
    }
    check(jsSubOptions_Init(&options), "consumer");
    options.ManualAck = true;
    options.Config.Durable = "station";
    options.Config.AckPolicy = js_AckExplicit;
    options.Config.MaxAckPending = ACK_PENDING_MAX;
    check(js_Subscribe(&drive->subscription, js, drive->subject, on_message, drive, NULL, &options, NULL),
          "subscribe");
    check(natsSubscription_SetPendingLimits(drive->subscription, -1, -1), "no limit");
}

static void wait_for(struct drive *drive, int64_t wait_ns)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += wait_ns;
    until.tv_sec += until.tv_nsec / NS_PER_S;
    until.tv_nsec %= NS_PER_S;
    (void)pthread_cond_timedwait(&drive->changed, &drive->lock, &until);
}

/* Slots are taken under the lock, and orders sent without it, since the library may call back at once. */
static void send_some(struct drive *drive, uint32_t *slots)
{
    int64_t now = load_now_ns();
    size_t n = 0;

    for (int slot; (slot = load_next(&drive->load, now)) >= 0;) {
        drive->wants[slot] = drive->load.options.deliver != 0 ? WANT_REPLY | WANT_DELIVERY : WANT_REPLY;
        slots[n++] = (uint32_t)slot;
    }
    (void)pthread_mutex_unlock(&drive->lock);
    for (size_t i = 0; i < n; i++) {
        uint8_t payload[LOAD_PAYLOAD];
        load_payload(slots[i], payload);
        check(js_PublishAsync(drive->at[slots[i] % drive->clients].js, drive->subject, payload, LOAD_PAYLOAD,
                              NULL),
              "publish");
    }
    (void)pthread_mutex_lock(&drive->lock);
}

static void run(struct drive *drive)
{
    uint32_t *slots;

    load_begin(&drive->load, &drive->load.options);
    drive->wants = load_alloc(drive->load.slots, sizeof *drive->wants);
    slots = load_alloc(drive->load.slots, sizeof *slots);
    (void)pthread_mutex_lock(&drive->lock);
    for (int64_t now = load_now_ns(); !load_over(&drive->load, now); now = load_now_ns()) {
        send_some(drive, slots);
        now = load_now_ns();
        bool full = load_room(&drive->load, now) == 0 || drive->load.options.rate > 0;
        if (full && !load_over(&drive->load, now)) {
            wait_for(drive, load_wait_ns(&drive->load, now));
        }
    }
    (void)pthread_mutex_unlock(&drive->lock);
    load_report(&drive->load, "");
    free(slots);
}

/* --- telemetry --- */

struct sink {
    struct fanout *fanout;
    size_t number;
    struct client client;
    natsSubscription *subscription;
};

static void on_sample(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *ctx)
{
    struct sink *sink = ctx;

    (void)connection;
    (void)subscription;
    fanout_took(sink->fanout, sink->number, natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message),
                load_now_ns());
    natsMsg_Destroy(message);
}

static void run_telemetry(struct drive *drive)
{
    static struct fanout fanout;
    const struct load_options *options = &drive->load.options;
    struct sink *sinks = load_alloc((size_t)options->addressees, sizeof *sinks);
    natsConnection *publisher = drive->at[0].connection;

    fanout_begin(&fanout, options);
    for (size_t i = 0; i < fanout.sinks_n; i++) {
        sinks[i].fanout = &fanout;
        sinks[i].number = i;
        open_client(drive, &sinks[i].client, false, true);
        check(natsConnection_Subscribe(&sinks[i].subscription, sinks[i].client.connection, drive->subject,
                                       on_sample, &sinks[i]),
              "subscribe");
        check(natsSubscription_SetPendingLimits(sinks[i].subscription, -1, -1), "no limit");
        check(natsConnection_Flush(sinks[i].client.connection), "flush");
    }
    fanout_restart(&fanout);
    for (int64_t now = load_now_ns(); !fanout_over(&fanout, now); now = load_now_ns()) {
        size_t n = fanout_due(&fanout, now, FANOUT_BATCH);
        for (size_t i = 0; i < n; i++) {
            uint8_t payload[FANOUT_PAYLOAD];
            fanout_payload(&fanout, now, payload);
            check(natsConnection_Publish(publisher, drive->subject, payload, sizeof payload), "publish");
        }
        fanout_sleep(&fanout, n);
    }
    for (size_t i = 0; i < fanout.sinks_n; i++) {
        natsSubscription_Destroy(sinks[i].subscription);
        natsConnection_Destroy(sinks[i].client.connection);
    }
    fanout_report(&fanout);
    fanout_end(&fanout);
    free(sinks);
}

int main(int argc, char **argv)
{
    struct drive drive = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct load_options options;

    load_options_read(argc, argv, &options);
    drive.load.options = options;
    (void)snprintf(drive.subject, sizeof drive.subject, "orders-%ld", (long)getpid());
    drive.clients = (size_t)options.clients;
    drive.at = load_alloc(drive.clients + 1, sizeof *drive.at);
    check(nats_Open(-1), "the library");
    bool is_core = strcmp(options.mode, "telemetry") == 0;
    for (size_t i = 0; i <= drive.clients; i++) {
        open_client(&drive, &drive.at[i], i < drive.clients, is_core);
    }
    if (is_core) {
        run_telemetry(&drive);
    } else {
        open_stream(&drive);
        run(&drive);
    }
    natsSubscription_Destroy(drive.subscription);
    for (size_t i = 0; i <= drive.clients; i++) {
        jsCtx_Destroy(drive.at[i].js);
        natsConnection_Destroy(drive.at[i].connection);
    }
    nats_Close();
    free(drive.at);
    free(drive.wants);
    load_end(&drive.load);
    return 0;
}
