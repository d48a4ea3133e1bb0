/* bench-load-absent: orders of one issuer gather for one addressee. --mode says what that one does meanwhile
 *   away        it is not there
 *   creditless  it has a session, and gives no credit and no Ack
 *   unread      it has a session, beats, and never reads its socket
 *   present     it takes everything as it comes
 * --share orders make an incident; 1: each is an incident of its own. --window and --batch are the issuer's.
 * It is driven by lines on stdin and answers each with a line of JSON; it ends with stdin.
 *   fill N [RATE]  issue until N are there, as fast as it goes or at RATE a second; all are answered DONE
 *   back           a new session of the addressee takes everything: in order, nothing missing, nothing twice
 * --folder is what `muster keys init` made; issuer and addressee are number --first; --count is the largest
 * N.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <zmq.h>

#include "common/base/clock.h"
#include "tests/bench/load.h"
#include "tests/bench/muster_party.h"
#include "tests/bench/submits.h"

enum {
    EVENTS_MAX = 8,
    ANSWER_BY_MS = 60 * 60 * 1000,
    EXPIRES_MS = 2 * ANSWER_BY_MS,
    NS_PER_MS = 1000000,
    WAIT_MS = 20,
    GATHER_US = 2000, /* a rate: so long for a signature */
    QUIET_MS = 100,   /* at the end: what comes twice comes within it */
    UNREAD_MAX = 1,   /* messages that a socket that is never read takes in all the same */
    LINE_MAX = 128
};

struct gathering {
    struct load_options options;
    struct parties parties;
    struct party issuer, taker;
    char addressee[2 * NAME_MAX_BYTES];
    bool taker_is_open, taker_reads, taker_takes;
    int poll;
    zmq_msg_t message;
    struct id *ids; /* in order of issue */
    size_t issued, received;
    struct submits submits;
    uint64_t last_seq;
    int64_t heard_ns;
};

/* --- out --- */

static struct id new_id(void)
{
    uint8_t random[10];

    load_rng()->fill(NULL, random, sizeof random);
    return id_make(clock_system()->utc_ms(clock_system()->ctx), random);
}

static void send_orders(struct gathering *all, size_t n)
{
    struct command commands[PARTY_BATCH_MAX] = {0};
    struct new_order orders[PARTY_BATCH_MAX] = {0};
    char text[LOAD_PAYLOAD + 1];
    int64_t now_ms = clock_system()->utc_ms(clock_system()->ctx);
    size_t share = (size_t)all->options.share;

    memset(text, 'm', LOAD_PAYLOAD);
    text[LOAD_PAYLOAD] = '\0';
    for (size_t i = 0; i < n; i++) {
        size_t number = all->issued++;
        all->ids[number] = new_id();
        orders[i] = (struct new_order){.order = all->ids[number],
                                       .kind = "dispatch",
                                       .addressee = all->addressee,
                                       .text = text,
                                       .answer_by_ms = now_ms + ANSWER_BY_MS,
                                       .expires_at_ms = now_ms + EXPIRES_MS};
        commands[i] = (struct command){.kind = COMMAND_ISSUE_ORDERS,
                                       .issue_orders = {.orders = &orders[i], .orders_n = 1}};
        if (number % share != 0) {
            commands[i].issue_orders.incident = all->ids[number - number % share];
        }
    }
    submits_send(&all->submits, commands, n);
}

/* --- in --- */

/* Exactly those that were issued, in their order. */
static void on_deliver(struct gathering *all, const struct deliver *deliver)
{
    struct record record;
    struct err err = {0};

    if (!all->taker_takes) {
        return;
    }
    party_note(&all->taker, deliver);
    if (deliver->lane != LANE_ORDERS || deliver->seq <= all->last_seq) {
        load_fail("record %" PRIu64 " came in lane %d after %" PRIu64, deliver->seq, (int)deliver->lane,
                  all->last_seq);
    }
    all->last_seq = deliver->seq;
    if (wire_decode_record(deliver->record, &all->parties.arena, &record, &err) != 0 ||
        !party_checks(&all->taker, &all->issuer.keys.sign.public, &record)) {
        load_fail("record %" PRIu64 " cannot be read, or its signature does not hold", deliver->seq);
    }
    for (size_t i = 0; i < record.events_n; i++) {
        if (record.events[i].kind != EVENT_ORDER_ISSUED) {
            continue;
        }
        if (all->received >= all->issued || !id_equal(record.events[i].order, all->ids[all->received])) {
            load_fail("order %zu of %zu is missing, or another came in its place", all->received,
                      all->issued);
        }
        all->received++;
    }
}

static void read_all(struct gathering *all, struct party *party)
{
    struct envelope envelope;

    party->dirty = false;
    while ((party == &all->issuer || all->taker_reads || !party->welcomed) &&
           party_read(&all->parties, party, &envelope, &all->message)) {
        all->heard_ns = load_now_ns();
        if (envelope.kind == ENVELOPE_REPLY && envelope.reply.counter == 0) {
            party_note_ack(party, envelope.reply.ack_lane);
        } else if (envelope.kind == ENVELOPE_REPLY) {
            submits_answered(&all->submits, &envelope.reply);
        } else if (envelope.kind == ENVELOPE_DELIVER) {
            on_deliver(all, &envelope.deliver);
        }
    }
}

/* What was gathered for a frame, and the Acks whose time has come. */
static void say_all(struct gathering *all)
{
    if (all->taker_is_open && all->taker_takes) {
        parties_begin_acknowledging(&all->parties);
        party_acknowledge(&all->parties, &all->taker);
    }
    if (all->taker_is_open) {
        party_flush(&all->taker);
    }
    party_flush(&all->issuer);
}

static void read_dirty(struct gathering *all)
{
    while (all->issuer.dirty || (all->taker_is_open && all->taker.dirty)) {
        read_all(all, all->issuer.dirty ? &all->issuer : &all->taker);
    }
}

static void beat(struct gathering *all, struct party *party)
{
    const struct envelope envelope = {.kind = ENVELOPE_BEAT};

    if (party->welcomed && load_now_ns() - party->said_ns > (int64_t)party->beat_ms * NS_PER_MS / 2) {
        party_say(&all->parties, party, &envelope);
    }
}

/* Reads, beats, says again; waits so long at most. False: stdin has something to say, or has ended. */
static bool turn(struct gathering *all, int64_t wait_ns, bool listens)
{
    struct epoll_event events[EVENTS_MAX];
    bool told = false;

    beat(all, &all->issuer);
    if (all->taker_is_open) {
        beat(all, &all->taker);
    }
    submits_again(&all->submits);
    read_dirty(all);
    say_all(all);
    struct timespec timeout = {.tv_nsec = wait_ns};
    int n = epoll_pwait2(all->poll, events, EVENTS_MAX, &timeout, NULL);
    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr == NULL) {
            told = listens;
        } else if (events[i].data.ptr == &all->issuer || all->taker_is_open) {
            read_all(all, events[i].data.ptr);
        }
    }
    say_all(all);
    return !told;
}

static void check_progress(const struct gathering *all, size_t done, size_t of)
{
    if (load_now_ns() - all->heard_ns > (int64_t)LOAD_STALL_MS * NS_PER_MS) {
        load_fail("nothing came for %d s: %zu of %zu orders", LOAD_STALL_MS / 1000, done, of);
    }
}

/* --- what it is told to do --- */

static void open_party(struct gathering *all, struct party *party, const char *kind, bool deliveries)
{
    char region[1024], stem[1024];
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = party}};

    (void)snprintf(region, sizeof region, "%s/region.pub", all->options.folder);
    (void)snprintf(stem, sizeof stem, "%s/agents/%s-%ld", all->options.folder, kind, all->options.first);
    party_open(&all->parties, party, all->options.endpoint, region, stem, deliveries);
    if (epoll_ctl(all->poll, EPOLL_CTL_ADD, party->fd, &event) != 0) {
        load_fail("epoll: %s", strerror(errno));
    }
    all->heard_ns = load_now_ns();
}

static void wait_for_welcome(struct gathering *all, const struct party *party)
{
    while (!party->welcomed) {
        (void)turn(all, WAIT_MS * NS_PER_MS, false);
        check_progress(all, 0, 1);
    }
}

static void open_taker(struct gathering *all, bool reads, bool takes)
{
    all->taker_reads = reads;
    all->taker_takes = takes;
    all->parties.receive_max = reads ? 0 : UNREAD_MAX;
    open_party(all, &all->taker, "fire-rescue.station", true);
    all->taker_is_open = true;
    wait_for_welcome(all, &all->taker);
}

static void close_taker(struct gathering *all)
{
    if (all->taker_is_open) {
        (void)epoll_ctl(all->poll, EPOLL_CTL_DEL, all->taker.fd, NULL);
        party_close(&all->parties, &all->taker);
        all->taker_is_open = false;
    }
}

/* How many may go out now: of a rate those that are due, else a batch, or the rest. */
static size_t room(const struct gathering *all, size_t total, size_t from, int64_t since_ns, long rate)
{
    size_t batch = (size_t)all->options.batch, left = total - all->issued;
    size_t free_n = submits_room(&all->submits);

    if (rate > 0) {
        double due = (double)(load_now_ns() - since_ns) * (double)rate / 1e9 - (double)(all->issued - from);
        left = due < 0 ? 0 : due < (double)left ? (size_t)due : left;
    } else if (free_n < batch && free_n < left) {
        return 0;
    }
    size_t n = left < free_n ? left : free_n;
    return n < batch ? n : batch;
}

static void fill(struct gathering *all, size_t total, long rate)
{
    size_t from = all->issued, n;
    uint64_t busy = all->submits.busy;
    int64_t began = load_now_ns();

    if (total > (size_t)all->options.count) {
        load_fail("--count says %ld orders at most", all->options.count);
    }
    all->heard_ns = began;
    while (all->submits.answered < total) {
        while ((n = room(all, total, from, began, rate)) > 0) {
            send_orders(all, n);
        }
        (void)turn(all, rate > 0 ? (int64_t)GATHER_US * 1000 : WAIT_MS * NS_PER_MS, false);
        check_progress(all, all->submits.answered, total);
    }
    double seconds = (double)(load_now_ns() - began) / 1e9;
    printf("{\"orders\": %zu, \"rate\": %.1f, \"busy\": %" PRIu64 "}\n", total,
           (double)(total - from) / seconds, all->submits.busy - busy);
}

static void back(struct gathering *all)
{
    bool present = all->taker_is_open && all->taker_takes;
    int64_t began = load_now_ns(), end = 0;
    size_t had = all->received;

    if (!present) {
        close_taker(all);
        open_taker(all, true, true);
    }
    while (end == 0 || load_now_ns() - end < (int64_t)QUIET_MS * NS_PER_MS) {
        (void)turn(all, WAIT_MS * NS_PER_MS, false);
        check_progress(all, all->received, all->issued);
        end = end == 0 && all->received == all->issued ? load_now_ns() : end;
    }
    double seconds = (double)(end - began) / 1e9;
    printf("{\"orders\": %zu, \"rate\": %.1f, \"signatures_checked\": %" PRIu64 "}\n", all->received,
           (double)(all->received - had) / seconds, all->taker.checked);
}

static void obey(struct gathering *all)
{
    char line[LINE_MAX];
    size_t total = 0;
    long rate = 0;

    for (;;) {
        while (turn(all, WAIT_MS * NS_PER_MS, true)) {
        }
        if (fgets(line, sizeof line, stdin) == NULL) {
            return;
        }
        /* NOLINTNEXTLINE(cert-err34-c): the bench's own words */
        if (sscanf(line, "fill %zu %ld", &total, &rate) >= 1) {
            fill(all, total, rate);
        } else if (strcmp(line, "back\n") == 0) {
            back(all);
        } else {
            load_fail("\"%s\" is none of fill, back", line);
        }
        rate = 0;
        (void)fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    static struct gathering all;
    struct epoll_event in = {.events = EPOLLIN, .data = {.ptr = NULL}};

    load_options_read(argc, argv, &all.options);
    const char *mode = all.options.mode;
    if (all.options.window > SUBMITS_MAX || all.options.batch > PARTY_BATCH_MAX || all.options.count < 1) {
        load_fail("--window: %d at most; --batch: %d; --count is wanted", SUBMITS_MAX, PARTY_BATCH_MAX);
    }
    all.options.share = all.options.share > 0 ? all.options.share : 1;
    all.poll = epoll_create1(EPOLL_CLOEXEC);
    if (all.poll < 0 || epoll_ctl(all.poll, EPOLL_CTL_ADD, STDIN_FILENO, &in) != 0) {
        load_fail("epoll: %s", strerror(errno));
    }
    (void)zmq_msg_init(&all.message);
    parties_open(&all.parties, 4);
    all.submits.parties = &all.parties;
    all.submits.party = &all.issuer;
    all.submits.window = (size_t)all.options.window;
    all.ids = load_alloc((size_t)all.options.count, sizeof *all.ids);
    open_party(&all, &all.issuer, "emergency-management.issuer", false);
    wait_for_welcome(&all, &all.issuer);
    (void)snprintf(all.addressee, sizeof all.addressee, "%s/fire-rescue/station-%ld", all.issuer.region.name,
                   all.options.first);
    if (strcmp(mode, "away") != 0) {
        open_taker(&all, strcmp(mode, "unread") != 0, strcmp(mode, "present") == 0);
    }
    obey(&all);
    close_taker(&all);
    party_close(&all.parties, &all.issuer);
    submits_free(&all.submits);
    free(all.ids);
    (void)zmq_msg_close(&all.message);
    (void)close(all.poll);
    parties_close(&all.parties);
    return 0;
}
