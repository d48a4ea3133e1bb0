/* bench-load-storm: --clients stations from --first on, each with the socket and the back-off of libmuster
 * (common/net/dealer.h) and its words: Hello, beats, Hello again after a Bye. Driven by lines on stdin, each
 * answered by one of JSON; ends with stdin.
 *   up N    when each has had a Welcome after its connection was lost N times in all (0: the first)
 *   gone    from now on connects are counted
 *   there   from now on they are counted by 100 ms, too
 * Times are of CLOCK_MONOTONIC, in seconds, so that whoever kills the broker can subtract. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>
#include <zmq.h>

#include "agents/lib/client.h"
#include "common/net/context.h"
#include "common/net/dealer.h"
#include "tests/bench/load.h"

enum {
    SOCKETS_OF_ONE = 6, /* a dealer's, for the moment in which a new one replaces it: common/net/context.h */
    LOOK_MS = 100,      /* each look costs the loop a turn over all sockets */
    BUSIEST_LOOKS = 1,  /* attempts within 100 ms */
    LOOKS_MAX = 1024,
    GIVE_UP_S = 120,
    LINE_BYTES = 128
};

struct station {
    struct storm *storm;
    struct net_dealer *dealer;
    struct secret_keys keys;
    bool welcomed;
    unsigned losses;
    int64_t said_ns, heard_ns;
    int64_t hello_ns; /* to be said then; 0: not to be said */
    int64_t wait_ms;  /* before Hello is said again */
    uint64_t beat_ns;
    uint64_t attempts; /* before those that are counted */
};

struct storm {
    struct load_options options;
    uv_loop_t loop;
    uv_poll_t in;
    uv_timer_t look;
    struct net_context *context;
    struct public_keys region;
    struct arena arena;
    struct buf frame;
    struct station *at;
    size_t n, ended;
    int64_t asked_ns; /* "up" waits since then; 0: nothing is asked */
    unsigned losses_wanted;
    int64_t last_ns; /* the last Welcome */
    uint32_t *looks; /* attempts of all, by look */
    size_t looks_n;
    uint64_t attempts_seen;
    uint64_t byes;
};

static void say(struct station *station, const struct envelope *envelope)
{
    struct buf *frame = &station->storm->frame;

    buf_reset(frame);
    wire_encode_envelope(envelope, frame);
    (void)net_dealer_send(station->dealer, frame->p, frame->n); /* what does not go is said again */
    station->said_ns = load_now_ns();
}

static void say_hello(struct station *station)
{
    const struct envelope hello = {.kind = ENVELOPE_HELLO,
                                   .hello = {.protocol = PROTOCOL_VERSION,
                                             .agent = station->keys.name,
                                             .deliveries = true,
                                             .window = CLIENT_WINDOW,
                                             .seen = {.region = ""},
                                             .software = "muster-bench"}};

    station->hello_ns = 0;
    station->heard_ns = load_now_ns();
    say(station, &hello);
}

/* As client_session.c does it. */
static void on_bye(struct station *station, bool busy)
{
    int64_t max_ms = busy ? CLIENT_BUSY_AGAIN_MAX_MS : CLIENT_HELLO_AGAIN_MAX_MS;
    uint32_t random;

    load_rng()->fill(NULL, &random, sizeof random);
    station->storm->byes++;
    station->welcomed = false;
    station->wait_ms = station->wait_ms < max_ms ? station->wait_ms : max_ms;
    station->hello_ns =
        load_now_ns() + (station->wait_ms / 2 + (int64_t)random % station->wait_ms) * INT64_C(1000000);
    station->wait_ms *= 2;
}

static void on_message(void *ctx, const void *body, size_t n)
{
    struct station *station = ctx;
    struct storm *storm = station->storm;
    struct envelope envelope;

    arena_reset(&storm->arena);
    if (wire_decode_envelope((struct bytes){body, n}, &storm->arena, &envelope, NULL) != 0) {
        load_fail("the broker said what cannot be read");
    }
    station->heard_ns = load_now_ns();
    if (envelope.kind == ENVELOPE_WELCOME) {
        station->welcomed = true;
        station->beat_ns = (uint64_t)envelope.welcome.beat_ms * 1000000;
        storm->last_ns = station->heard_ns;
    } else if (envelope.kind == ENVELOPE_BYE) {
        on_bye(station, envelope.bye.refusal == REFUSED_BUSY);
    }
}

static void on_connected(void *ctx)
{
    struct station *station = ctx;

    station->wait_ms = CLIENT_HELLO_AGAIN_MS;
    say_hello(station);
}

static void on_disconnected(void *ctx)
{
    struct station *station = ctx;

    station->welcomed = false;
    station->hello_ns = 0;
    station->losses++;
}

/* --- looking --- */

static uint64_t attempts_of(const struct station *station)
{
    struct net_dealer_stats stats;

    net_dealer_get_stats(station->dealer, &stats);
    return stats.attempts - station->attempts;
}

static void look_after(struct station *station, int64_t now)
{
    int64_t beat_ns = (int64_t)station->beat_ns;
    const struct envelope beat = {.kind = ENVELOPE_BEAT};

    if (station->hello_ns != 0 && now >= station->hello_ns) {
        say_hello(station);
    } else if (station->welcomed && now - station->heard_ns > CLIENT_BEATS_MISSED_MAX * beat_ns) {
        on_disconnected(station);
        net_dealer_reconnect(station->dealer);
    } else if (station->welcomed && now - station->said_ns > beat_ns / 2) {
        say(station, &beat);
    } else if (!station->welcomed && station->hello_ns == 0 && net_dealer_is_connected(station->dealer) &&
               now - station->heard_ns > CLIENT_WELCOME_WAIT_MS * INT64_C(1000000)) {
        net_dealer_reconnect(station->dealer);
    }
}

static int compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static void answer(struct storm *storm)
{
    uint64_t *attempts = load_alloc(storm->n, sizeof *attempts);

    for (size_t i = 0; i < storm->n; i++) {
        attempts[i] = attempts_of(&storm->at[i]);
    }
    qsort(attempts, storm->n, sizeof *attempts, compare);
    printf("{\"stations\": %zu, \"last_s\": %.6f, \"attempts_median\": %" PRIu64
           ", \"attempts_max\": %" PRIu64 ", \"byes\": %" PRIu64 ", \"by_100_ms\": [",
           storm->n, (double)storm->last_ns / 1e9, attempts[storm->n / 2], attempts[storm->n - 1],
           storm->byes);
    for (size_t i = 0; i < storm->looks_n; i++) {
        printf("%s%" PRIu32, i > 0 ? ", " : "", storm->looks[i]);
    }
    puts("]}");
    (void)fflush(stdout);
    free(attempts);
    storm->asked_ns = 0;
}

static void on_look(uv_timer_t *timer)
{
    struct storm *storm = timer->data;
    int64_t now = load_now_ns();
    uint64_t attempts = 0;
    size_t up = 0;

    for (size_t i = 0; i < storm->n; i++) {
        struct station *station = &storm->at[i];
        look_after(station, now);
        attempts += attempts_of(station);
        up += station->welcomed && station->losses >= storm->losses_wanted;
    }
    if (storm->looks_n < LOOKS_MAX) {
        storm->looks[storm->looks_n++] = (uint32_t)(attempts - storm->attempts_seen);
    }
    storm->attempts_seen = attempts;
    if (storm->asked_ns != 0 && up == storm->n) {
        answer(storm);
    } else if (storm->asked_ns != 0 && now - storm->asked_ns > GIVE_UP_S * INT64_C(1000000000)) {
        load_fail("%zu of %zu stations are in service after %d s", up, storm->n, GIVE_UP_S);
    }
}

/* --- what it is told --- */

static void count_anew(struct storm *storm, bool gone)
{
    for (size_t i = 0; i < storm->n && gone; i++) {
        storm->at[i].attempts += attempts_of(&storm->at[i]);
    }
    storm->attempts_seen = gone ? 0 : storm->attempts_seen;
    storm->byes = gone ? 0 : storm->byes;
    storm->looks_n = 0;
    puts("{}");
    (void)fflush(stdout);
}

static void on_closed(void *ctx)
{
    struct station *station = ctx;
    struct storm *storm = station->storm;

    if (++storm->ended == storm->n) {
        uv_close((uv_handle_t *)&storm->look, NULL);
    }
}

static void on_in(uv_poll_t *poll, int status, int events)
{
    struct storm *storm = poll->data;
    char line[LINE_BYTES];

    (void)status;
    (void)events;
    if (fgets(line, sizeof line, stdin) == NULL) {
        uv_close((uv_handle_t *)poll, NULL);
        for (size_t i = 0; i < storm->n; i++) {
            net_dealer_close(storm->at[i].dealer, on_closed, &storm->at[i]);
        }
        uv_timer_stop(&storm->look);
    } else if (strcmp(line, "gone\n") == 0 || strcmp(line, "there\n") == 0) {
        count_anew(storm, line[0] == 'g');
    } else if (strncmp(line, "up ", 3) == 0) {
        storm->losses_wanted = (unsigned)strtoul(line + 3, NULL, 10);
        storm->asked_ns = load_now_ns();
    } else {
        load_fail("\"%s\" is none of up, gone, there", line);
    }
}

static void open_station(struct storm *storm, size_t i)
{
    struct station *station = &storm->at[i];
    struct err err = {0};
    char path[1024];

    *station = (struct station){.storm = storm, .wait_ms = CLIENT_HELLO_AGAIN_MS};
    (void)snprintf(path, sizeof path, "%s/agents/fire-rescue.station-%zu.key", storm->options.folder,
                   (size_t)storm->options.first + i);
    if (keyfile_read_secret(path, &station->keys, &err) != 0) {
        load_fail("%s", err.text);
    }
    struct net_dealer_config config = {.endpoint = storm->options.endpoint,
                                       .curve_secret = station->keys.curve_secret,
                                       .curve_public = station->keys.curve_public,
                                       .server_public = storm->region.curve,
                                       .limits = NET_LIMITS_DEFAULT,
                                       .on_message = on_message,
                                       .on_connected = on_connected,
                                       .on_disconnected = on_disconnected,
                                       .ctx = station};
    if (net_dealer_open(&storm->loop, storm->context, &config, &station->dealer, &err) != 0) {
        load_fail("station %zu: %s", i, err.text);
    }
    storm->n++;
}

int main(int argc, char **argv)
{
    static struct storm storm;
    char path[1024];
    struct err err = {0};

    load_options_read(argc, argv, &storm.options);
    size_t n = (size_t)storm.options.clients;
    (void)snprintf(path, sizeof path, "%s/region.pub", storm.options.folder);
    if (crypto_init() != 0 || keyfile_read_public(path, &storm.region, &err) != 0 ||
        net_context_new(&storm.context, &err) != 0 || uv_loop_init(&storm.loop) != 0) {
        load_fail("%s", err.text);
    }
    if (zmq_ctx_set(net_context_zmq(storm.context), ZMQ_MAX_SOCKETS, (int)n * SOCKETS_OF_ONE + 8) != 0) {
        load_fail("not so many sockets");
    }
    arena_init(&storm.arena, ARENA_PER_FRAME);
    buf_init(&storm.frame, FRAME_MAX);
    storm.at = load_alloc(n, sizeof *storm.at);
    storm.looks = load_alloc(LOOKS_MAX, sizeof *storm.looks);
    for (size_t i = 0; i < n; i++) {
        open_station(&storm, i);
    }
    storm.in.data = &storm;
    storm.look.data = &storm;
    if (uv_poll_init(&storm.loop, &storm.in, STDIN_FILENO) != 0 ||
        uv_poll_start(&storm.in, UV_READABLE, on_in) != 0 || uv_timer_init(&storm.loop, &storm.look) != 0 ||
        uv_timer_start(&storm.look, on_look, LOOK_MS, LOOK_MS) != 0) {
        load_fail("no loop");
    }
    (void)uv_run(&storm.loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&storm.loop);
    net_context_free(storm.context);
    for (size_t i = 0; i < n; i++) {
        keys_wipe(&storm.at[i].keys);
    }
    free(storm.at);
    free(storm.looks);
    arena_free(&storm.arena);
    buf_free(&storm.frame);
    return 0;
}
