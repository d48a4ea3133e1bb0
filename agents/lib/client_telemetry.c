/* Telemetry, both ways. What this agent publishes is kept by its last values, in memory only: what may not be
 * sent now waits there, and what changes while it waits takes its place. */
#include <stdlib.h>
#include <string.h>

#include "agents/lib/client_private.h"
#include "common/base/text.h"

struct last_value {
    struct sample sample; /* texts are those below */
    char unit[NAME_MAX_BYTES + 1];
    char name[SAMPLE_NAME_MAX_BYTES + 1];
    char measure[MEASURE_MAX_BYTES + 1];
    bool waits; /* stands in the queue */
    uint64_t said;
};

/* Some 400 KiB, made with the first sample. */
struct publisher {
    uint64_t prints[CLIENT_TELEMETRY_MAX]; /* of the values' keys: what is looked through first */
    struct last_value values[CLIENT_TELEMETRY_MAX];
    size_t n;
    uint16_t queue[CLIENT_TELEMETRY_MAX]; /* a ring of places in values, each once */
    size_t first, waiting;
    uint32_t under_way; /* envelopes that the broker has not said to have taken */
    uint64_t serial;
    int64_t again_ms; /* boot time: the broker was busy; 0: no need */
};

/* ---- last values ---- */

static uint64_t print_of(const struct sample *sample)
{
    uint64_t print = fingerprint_number(FINGERPRINT_START, sample->mode);

    return fingerprint_text(fingerprint_text(print, sample->unit), sample->name);
}

static bool same_key(const struct sample *a, const struct sample *b)
{
    return a->mode == b->mode && strcmp(a->unit, b->unit) == 0 && strcmp(a->name, b->name) == 0;
}

static size_t find(const struct publisher *publisher, const struct sample *sample, uint64_t print)
{
    size_t i = 0;

    while (i < publisher->n &&
           !(publisher->prints[i] == print && same_key(&publisher->values[i].sample, sample))) {
        i++;
    }
    return i;
}

static size_t longest_ago(const struct publisher *publisher)
{
    size_t at = 0;

    for (size_t i = 1; i < publisher->n; i++) {
        if (publisher->values[i].said < publisher->values[at].said) {
            at = i;
        }
    }
    return at;
}

static void enqueue(struct publisher *publisher, size_t at)
{
    if (!publisher->values[at].waits) {
        publisher->values[at].waits = true;
        publisher->queue[(publisher->first + publisher->waiting++) % CLIENT_TELEMETRY_MAX] = (uint16_t)at;
    }
}

/* A text that was found to fit. */
static const char *copy(char *to, const char *text)
{
    memcpy(to, text, strlen(text) + 1);
    return to;
}

/* What is older than the value that is there says nothing; unless that one is from the future, which was a
 * clock's mistake. */
static void keep(struct publisher *publisher, const struct sample *sample, int64_t now_ms)
{
    uint64_t print = print_of(sample);
    size_t at = find(publisher, sample, print);
    bool known = at < publisher->n;

    if (known && sample->at_ms < publisher->values[at].sample.at_ms &&
        publisher->values[at].sample.at_ms <= now_ms) {
        return;
    }
    if (!known) {
        at = publisher->n < CLIENT_TELEMETRY_MAX ? publisher->n++ : longest_ago(publisher);
    }
    struct last_value *value = &publisher->values[at];
    publisher->prints[at] = print;
    value->sample = *sample;
    value->sample.agent = "";
    value->sample.unit = copy(value->unit, sample->unit);
    value->sample.name = copy(value->name, sample->name);
    value->sample.reading.unit_of_measure = copy(value->measure, sample->reading.unit_of_measure);
    value->said = ++publisher->serial;
    enqueue(publisher, at);
}

/* ---- sending ---- */

static void send_some(struct client *client, struct publisher *publisher)
{
    struct sample samples[SAMPLES_MAX];
    struct telemetry telemetry = {.samples = samples};

    while (publisher->waiting > 0 && telemetry.samples_n < SAMPLES_MAX) {
        struct last_value *value = &publisher->values[publisher->queue[publisher->first]];
        value->waits = false;
        samples[telemetry.samples_n++] = value->sample;
        publisher->first = (publisher->first + 1) % CLIENT_TELEMETRY_MAX;
        publisher->waiting--;
    }
    publisher->under_way++;
    client_say(client, &(struct envelope){.kind = ENVELOPE_TELEMETRY, .telemetry = telemetry});
}

static void pump(struct client *client)
{
    struct publisher *publisher = client->publisher;

    client_turn_begin(client);
    while (publisher && client->state == CLIENT_READY && publisher->waiting > 0 &&
           publisher->under_way < CLIENT_TELEMETRY_WINDOW) {
        send_some(client, publisher);
    }
    client_turn_end(client);
}

static void send_all_again(struct client *client)
{
    for (size_t i = 0; i < client->publisher->n; i++) {
        enqueue(client->publisher, i);
    }
    pump(client);
}

void client_telemetry_taken(struct client *client, uint32_t n)
{
    struct publisher *publisher = client->publisher;

    if (publisher) {
        publisher->under_way -= n < publisher->under_way ? n : publisher->under_way;
        pump(client);
    }
}

/* ---- publishing ---- */

static bool is_text(const char *text, size_t max)
{
    size_t n = strlen(text);

    return n <= max && text_is_utf8(text, n);
}

/* What the wire would not take. */
static const char *misfit(const struct sample *sample)
{
    const struct position *position = &sample->position;
    const struct reading *reading = &sample->reading;

    if (!is_text(sample->unit, NAME_MAX_BYTES)) {
        return "the unit's id is no UTF-8, or longer than 128 bytes";
    }
    if (!is_text(sample->name, SAMPLE_NAME_MAX_BYTES)) {
        return "the name is no UTF-8, or longer than 64 bytes";
    }
    if (!is_text(reading->unit_of_measure, MEASURE_MAX_BYTES)) {
        return "the unit of measure is no UTF-8, or longer than 32 bytes";
    }
    if (position->latitude_e7 > 900000000 || position->latitude_e7 < -900000000 ||
        position->longitude_e7 > 1800000000 || position->longitude_e7 < -1800000000) {
        return "the position is not on this earth";
    }
    if (reading->value > READING_MAX || reading->value < -READING_MAX ||
        reading->exponent > READING_EXPONENT_MAX || reading->exponent < -READING_EXPONENT_MAX) {
        return "the value is beyond 10^15, or its exponent beyond 18";
    }
    return NULL;
}

/* The sample with what its publisher left to us. */
static struct sample completed(const struct client *client, const struct sample *said)
{
    struct sample sample = *said;

    sample.agent = "";
    sample.unit = said->unit ? said->unit : "";
    sample.name = said->name ? said->name : "";
    if (!said->reading.unit_of_measure) {
        sample.reading.unit_of_measure = "";
    }
    if (sample.at_ms == 0) {
        sample.at_ms = client_bus_ms(client);
    }
    if (sample.mode == MODE_NONE) {
        sample.mode = client->options.mode;
    }
    return sample;
}

int client_publish(struct client *client, const struct sample *samples, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        struct sample sample = completed(client, &samples[i]);
        const char *why = misfit(&sample);

        if (why || sample_check(&sample, INT64_MAX, &why) != REFUSED_NOT) {
            return err_set(err, ERR_DATA, "samples[%zu]: %s", i, why);
        }
    }
    if (!client->publisher && n > 0) {
        client->publisher = calloc(1, sizeof *client->publisher);
        if (!client->publisher) {
            return ERR_NO_MEMORY;
        }
    }
    for (size_t i = 0; i < n; i++) {
        struct sample sample = completed(client, &samples[i]);

        keep(client->publisher, &sample, client_bus_ms(client));
    }
    pump(client);
    return 0;
}

/* ---- subscribing ---- */

static void say_subscribe(struct client *client)
{
    struct subscribe said = client->subscription.said;

    said.source = client->subscription.source;
    client->subscription.taken = 0;
    client->subscription.again_ms = 0;
    client_say(client, &(struct envelope){.kind = ENVELOPE_SUBSCRIBE, .subscribe = said});
}

int client_subscribe(struct client *client, const struct subscribe *subscribe, struct err *err)
{
    struct client_subscription *subscription = &client->subscription;
    const char *source = subscribe->source ? subscribe->source : "";

    if (strlen(source) > NAME_MAX_BYTES || !telemetry_source_is_formed(source)) {
        return err_set(err, ERR_DATA, "\"%s\" is no agency (REGION/AGENCY) and no agent", source);
    }
    subscription->wanted = !subscribe->end;
    subscription->said = *subscribe;
    copy(subscription->source, source);
    if (subscribe->credit == 0) {
        subscription->said.credit = CLIENT_TELEMETRY_CREDIT;
    }
    if (subscribe->mode == MODE_NONE) {
        subscription->said.mode = client->options.mode;
    }
    if (client->state == CLIENT_READY) {
        say_subscribe(client);
    }
    return 0;
}

void client_telemetry(struct client *client, const struct telemetry *telemetry)
{
    struct client_subscription *subscription = &client->subscription;

    if (client->state != CLIENT_READY || !subscription->wanted) {
        return;
    }
    subscription->taken++;
    if (client->io.on_telemetry) {
        client->io.on_telemetry(client->io.ctx, telemetry);
    }
    if (client->state == CLIENT_READY && subscription->wanted &&
        subscription->taken >= (subscription->said.credit + 1) / 2) {
        client_say(client,
                   &(struct envelope){.kind = ENVELOPE_CREDIT,
                                      .credit = {.lane = LANE_TELEMETRY, .add = subscription->taken}});
        subscription->taken = 0;
    }
}

void client_telemetry_refused(struct client *client, const struct telemetry_refused *refused)
{
    int64_t again_ms = client_now(client) + CLIENT_TELEMETRY_AGAIN_MS;

    if (client->state != CLIENT_READY) {
        return;
    }
    if (refused->refusal == REFUSED_BUSY) {
        if (refused->subscription) {
            client->subscription.again_ms = again_ms;
        } else if (client->publisher) {
            client->publisher->again_ms = again_ms;
        }
        return;
    }
    if (refused->subscription) {
        client->subscription.wanted = false;
    }
    if (client->io.on_telemetry_refused) {
        client->io.on_telemetry_refused(client->io.ctx, refused);
    }
}

/* ---- the session ---- */

void client_telemetry_welcome(struct client *client)
{
    if (client->subscription.wanted) {
        say_subscribe(client);
    }
    if (client->publisher) {
        client->publisher->under_way = 0;
        client->publisher->again_ms = 0;
        send_all_again(client);
    }
}

void client_telemetry_tick(struct client *client)
{
    int64_t now = client_now(client);

    if (client->subscription.wanted && client->subscription.again_ms > 0 &&
        now >= client->subscription.again_ms) {
        say_subscribe(client);
    }
    if (client->publisher && client->publisher->again_ms > 0 && now >= client->publisher->again_ms) {
        client->publisher->again_ms = 0;
        send_all_again(client);
    }
}

int64_t client_telemetry_due(const struct client *client)
{
    int64_t due = INT64_MAX;

    if (client->subscription.wanted && client->subscription.again_ms > 0) {
        due = client->subscription.again_ms;
    }
    if (client->publisher && client->publisher->again_ms > 0 && client->publisher->again_ms < due) {
        due = client->publisher->again_ms;
    }
    return due;
}

void client_telemetry_free(struct client *client)
{
    free(client->publisher);
}
