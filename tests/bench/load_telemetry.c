/* bench-load-telemetry: issuer --first publishes positions of its units, and --addressees issuers from the
 * next but one on subscribe, on a real musterd. A sample bears its number as coordinates: the last value
 * wins, so not each comes. Full speed is a --rate that nothing reaches: the broker's credit says how fast. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <zmq.h>

#include "agents/lib/client.h"
#include "common/base/clock.h"
#include "tests/bench/fanout.h"
#include "tests/bench/muster_party.h"

enum {
    EVENTS_MAX = 64,
    NUMBERS = 1 << 20, /* of samples whose time of publishing is known: more than can be under way */
    ENVELOPE_SAMPLES = SAMPLES_MAX,
    CREDIT_GIVEN = 4, /* envelopes of telemetry worked off: credit goes back */
    NS_PER_MS = 1000000,
    BEAT_LOOK_MS = 500,
    SUBSCRIBERS_FROM = 2 /* number 1 may be the pair whose orders are watched beside this */
};

struct subscriber {
    struct party party;
    uint32_t taken;
};

struct telemetry_load {
    struct load_options options;
    struct fanout fanout;
    struct parties parties;
    struct party publisher;
    uint32_t under_way; /* envelopes */
    struct subscriber *at;
    size_t n;
    int poll;
    zmq_msg_t message;
    int64_t *sent_ns; /* by number */
    int64_t beat_look_ns;
};

/* --- out --- */

static void publish(struct telemetry_load *load, size_t n)
{
    static char units[FANOUT_UNITS][16];
    struct sample samples[ENVELOPE_SAMPLES];
    const struct envelope envelope = {.kind = ENVELOPE_TELEMETRY,
                                      .telemetry = {.samples = samples, .samples_n = n}};
    int64_t now_ms = clock_system()->utc_ms(clock_system()->ctx), now = load_now_ns();

    for (size_t i = 0; i < n; i++) {
        uint64_t number = fanout_published(&load->fanout, now);
        char *unit = units[number % FANOUT_UNITS];
        (void)snprintf(unit, sizeof units[0], "engine-%u", (unsigned)(number % FANOUT_UNITS));
        load->sent_ns[number % NUMBERS] = now;
        samples[i] = (struct sample){.agent = "",
                                     .unit = unit,
                                     .name = SAMPLE_POSITION,
                                     .at_ms = now_ms,
                                     .mode = MODE_ACTUAL,
                                     .position = {.present = true,
                                                  .datum = DATUM_WGS84,
                                                  .latitude_e7 = (int32_t)(number % NUMBERS / 1000),
                                                  .longitude_e7 = (int32_t)(number % NUMBERS % 1000),
                                                  .accuracy_m = 5},
                                     .reading = {.unit_of_measure = ""}};
    }
    party_say(&load->parties, &load->publisher, &envelope);
    load->under_way++;
}

static void publish_due(struct telemetry_load *load)
{
    size_t n;

    while (load->under_way < CLIENT_TELEMETRY_WINDOW &&
           (n = fanout_due(&load->fanout, load_now_ns(), ENVELOPE_SAMPLES)) > 0) {
        publish(load, n < FANOUT_UNITS ? n : FANOUT_UNITS);
    }
}

static void subscribe(struct telemetry_load *load, struct party *party)
{
    const struct envelope envelope = {
        .kind = ENVELOPE_SUBSCRIBE,
        .subscribe = {.source = "", .mode = MODE_ACTUAL, .credit = CLIENT_TELEMETRY_CREDIT}};

    party_say(&load->parties, party, &envelope);
}

/* --- in --- */

static void take(struct telemetry_load *load, struct subscriber *subscriber,
                 const struct telemetry *telemetry)
{
    const struct envelope credit = {.kind = ENVELOPE_CREDIT,
                                    .credit = {.lane = LANE_TELEMETRY, .add = CREDIT_GIVEN}};
    int64_t now = load_now_ns();

    for (size_t i = 0; i < telemetry->samples_n; i++) {
        const struct position *position = &telemetry->samples[i].position;
        size_t number = (size_t)position->latitude_e7 * 1000 + (size_t)position->longitude_e7;
        if (load->sent_ns[number % NUMBERS] != 0) { /* else it is of another run */
            fanout_took_of(&load->fanout, (size_t)(subscriber - load->at), load->sent_ns[number % NUMBERS],
                           now);
        }
    }
    if (++subscriber->taken >= CREDIT_GIVEN) {
        subscriber->taken = 0;
        party_say(&load->parties, &subscriber->party, &credit);
    }
}

static void read_all(struct telemetry_load *load, struct party *party)
{
    struct envelope envelope;

    party->dirty = false;
    while (party_read(&load->parties, party, &envelope, &load->message)) {
        if (envelope.kind == ENVELOPE_TELEMETRY) {
            take(load, (struct subscriber *)(void *)party, &envelope.telemetry);
        } else if (envelope.kind == ENVELOPE_CREDIT) {
            load->under_way -= envelope.credit.add;
        } else if (envelope.kind == ENVELOPE_TELEMETRY_REFUSED) {
            load_fail("%s: telemetry refused: %s (%s)", party->keys.name,
                      refusal_text(envelope.telemetry_refused.refusal), envelope.telemetry_refused.detail);
        }
    }
}

/* Says what was gathered for a frame, and reads what saying may have hidden. True: there was something. */
static bool settle_one(struct telemetry_load *load, struct party *party)
{
    party_flush(party);
    if (!party->dirty) {
        return false;
    }
    read_all(load, party);
    return true;
}

static void settle(struct telemetry_load *load)
{
    bool more = true;

    while (more) {
        more = settle_one(load, &load->publisher);
        for (size_t i = 0; i < load->n; i++) {
            more = settle_one(load, &load->at[i].party) || more;
        }
    }
}

static void beat(struct telemetry_load *load, struct party *party, int64_t now)
{
    const struct envelope envelope = {.kind = ENVELOPE_BEAT};

    if (party->welcomed && now - party->said_ns > (int64_t)party->beat_ms * NS_PER_MS / 2) {
        party_say(&load->parties, party, &envelope);
    }
}

static void turn(struct telemetry_load *load, int64_t wait_ns)
{
    struct epoll_event events[EVENTS_MAX];
    struct timespec timeout = {.tv_nsec = wait_ns};
    int64_t now = load_now_ns();

    if (now >= load->beat_look_ns) {
        load->beat_look_ns = now + (int64_t)BEAT_LOOK_MS * NS_PER_MS;
        beat(load, &load->publisher, now);
        for (size_t i = 0; i < load->n; i++) {
            beat(load, &load->at[i].party, now);
        }
    }
    settle(load);
    int n = epoll_pwait2(load->poll, events, EVENTS_MAX, &timeout, NULL);
    for (int i = 0; i < n; i++) {
        read_all(load, events[i].data.ptr);
    }
}

/* --- a run --- */

static void open_party(struct telemetry_load *load, struct party *party, size_t number)
{
    char region[1024], stem[1024];
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = party}};

    (void)snprintf(region, sizeof region, "%s/region.pub", load->options.folder);
    (void)snprintf(stem, sizeof stem, "%s/agents/emergency-management.issuer-%zu", load->options.folder,
                   (size_t)load->options.first + number);
    party_open(&load->parties, party, load->options.endpoint, region, stem, false);
    if (epoll_ctl(load->poll, EPOLL_CTL_ADD, party->fd, &event) != 0) {
        load_fail("epoll: %s", strerror(errno));
    }
}

static bool all_are_welcomed(const struct telemetry_load *load)
{
    bool all = load->publisher.welcomed;

    for (size_t i = 0; i < load->n; i++) {
        all = all && load->at[i].party.welcomed;
    }
    return all;
}

int main(int argc, char **argv)
{
    static struct telemetry_load load;

    load_options_read(argc, argv, &load.options);
    load.poll = epoll_create1(EPOLL_CLOEXEC);
    load.n = (size_t)load.options.addressees;
    load.at = load_alloc(load.n, sizeof *load.at);
    load.sent_ns = load_alloc(NUMBERS, sizeof *load.sent_ns);
    (void)zmq_msg_init(&load.message);
    parties_open(&load.parties, load.n + 1);
    open_party(&load, &load.publisher, 0);
    for (size_t i = 0; i < load.n; i++) {
        open_party(&load, &load.at[i].party, i + SUBSCRIBERS_FROM);
    }
    for (int64_t end = load_now_ns() + LOAD_STALL_MS * INT64_C(1000000); !all_are_welcomed(&load);) {
        turn(&load, NS_PER_MS);
        if (load_now_ns() > end) {
            load_fail("not all were welcomed");
        }
    }
    for (size_t i = 0; i < load.n; i++) {
        subscribe(&load, &load.at[i].party);
    }
    fanout_begin(&load.fanout, &load.options);
    for (int64_t now = load_now_ns(); !fanout_over(&load.fanout, now); now = load_now_ns()) {
        publish_due(&load);
        bool full = load.under_way >= CLIENT_TELEMETRY_WINDOW;
        turn(&load, full ? NS_PER_MS : fanout_wait_ns(&load.fanout, load_now_ns()));
    }
    fanout_report(&load.fanout);
    fanout_end(&load.fanout);
    for (size_t i = 0; i < load.n; i++) {
        party_close(&load.parties, &load.at[i].party);
    }
    party_close(&load.parties, &load.publisher);
    free(load.at);
    free(load.sent_ns);
    (void)zmq_msg_close(&load.message);
    (void)close(load.poll);
    parties_close(&load.parties);
    return 0;
}
