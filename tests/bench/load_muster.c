/* bench-load-muster: issuers and addressees on a real musterd, with CURVE and signatures. --mode
 *   pipelined  each order goes out, is delivered, its signature is checked and an Ack is said
 *   completed  the addressee also answers COMPLETED, and the issuer is told: the order's whole life
 *   lane       orders for issuer --share, whom another program plays, until they are taken: they fill its
 *              lane of orders while it waits for receipts
 *   idle       --clients sessions that only beat, until stdin ends; says "ready" when all are welcomed
 * --folder is what `muster keys init` made, with emergency-management/issuer-N and fire-rescue/station-N,
 * from N = --first. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <zmq.h>

#include "common/base/clock.h"
#include "tests/bench/load.h"
#include "tests/bench/muster_party.h"

enum {
    EVENTS_MAX = 256,
    ANSWER_BY_MS = 60 * 60 * 1000,
    EXPIRES_MS = 2 * ANSWER_BY_MS,
    NS_PER_MS = 1000000,
    BEAT_LOOK_MS = 500,
    GATHER_US = 2000 /* open loop: a bulk sender gathers so long for a signature; it counts as latency */
};

/* What an order still waits for. */
enum { WANT_REPLY = 1, WANT_DELIVERY = 2, WANT_TOLD = 4 };

struct resend {
    int64_t at_ns;
    uint32_t slot;
    bool is_receipt;
};

struct drive {
    struct load_options options;
    struct load load;
    struct parties parties;
    struct party *at; /* issuers, then addressees */
    size_t issuers_n, n;
    bool completes;
    bool fills_lane;
    char filled[NAME_MAX_BYTES + 1]; /* whose lane */
    int poll;
    zmq_msg_t message;
    struct buf *frames;   /* by slot: the order's Submit, for when it is told to come again */
    struct buf *receipts; /* by slot */
    uint8_t *wants;       /* by slot */
    int64_t *delivered_ns;
    struct id *ids;    /* by slot */
    uint32_t *answers; /* slots that a station has still to answer */
    size_t answers_n;
    struct resend *resends;
    size_t resends_n, resends_max;
    uint64_t submits, replies, busy, checked, received, head;
    int64_t beat_look_ns;
    int64_t gather_ns; /* open loop: not before */
};

static struct party *issuer_of(struct drive *drive, size_t slot)
{
    return &drive->at[slot % drive->issuers_n];
}

static struct party *addressee_of(struct drive *drive, size_t slot)
{
    return &drive->at[drive->issuers_n + slot % (drive->n - drive->issuers_n)];
}

/* --- out --- */

/* The id's last two bytes are the slot, so that no table is needed to find it again. */
static struct id new_id(size_t slot)
{
    uint8_t random[10];

    load_rng()->fill(NULL, random, sizeof random);
    random[8] = (uint8_t)(slot >> 8);
    random[9] = (uint8_t)slot;
    return id_make(clock_system()->utc_ms(clock_system()->ctx), random);
}

static size_t slot_of(const struct drive *drive, struct id id)
{
    size_t slot = (size_t)id.b[14] << 8 | id.b[15];

    if (slot >= drive->load.slots || !id_equal(id, drive->ids[slot])) {
        load_fail("an order came that was not issued here");
    }
    return slot;
}

static void submit(struct drive *drive, struct party *party, const struct buf *frame)
{
    party_send(party, buf_bytes(frame));
    drive->submits++;
}

static void send_orders(struct drive *drive, struct party *issuer, const uint32_t *slots, size_t n)
{
    struct command commands[PARTY_BATCH_MAX] = {0};
    struct new_order orders[PARTY_BATCH_MAX] = {0};
    struct buf *frames[PARTY_BATCH_MAX];
    char text[LOAD_PAYLOAD + 1];
    int64_t now_ms = clock_system()->utc_ms(clock_system()->ctx);

    memset(text, 'm', LOAD_PAYLOAD);
    text[LOAD_PAYLOAD] = '\0';
    for (size_t i = 0; i < n; i++) {
        drive->ids[slots[i]] = new_id(slots[i]);
        const char *addressee = drive->fills_lane ? drive->filled : addressee_of(drive, slots[i])->keys.name;
        orders[i] = (struct new_order){.order = drive->ids[slots[i]],
                                       .kind = "dispatch",
                                       .addressee = addressee,
                                       .text = text,
                                       .answer_by_ms = now_ms + ANSWER_BY_MS,
                                       .expires_at_ms = now_ms + EXPIRES_MS};
        commands[i] = (struct command){.kind = COMMAND_ISSUE_ORDERS,
                                       .issue_orders = {.orders = &orders[i], .orders_n = 1}};
        frames[i] = &drive->frames[slots[i]];
        drive->wants[slots[i]] = (uint8_t)(WANT_REPLY | (drive->fills_lane ? 0 : WANT_DELIVERY) |
                                           (drive->completes ? WANT_TOLD : 0));
    }
    party_sign(&drive->parties, issuer, commands, slots, frames, n);
    for (size_t i = 0; i < n; i++) {
        submit(drive, issuer, frames[i]);
    }
    party_flush(issuer);
}

/* Gathers what may go out now into batches, issuer by issuer. A bulk sender waits until there is a batch, or
 * in the open loop for a moment. */
static void issue(struct drive *drive)
{
    static uint32_t batches[LOAD_CLIENTS_MAX][PARTY_BATCH_MAX];
    static size_t sizes[LOAD_CLIENTS_MAX];
    int64_t now = load_now_ns();
    size_t batch = (size_t)drive->options.batch;
    size_t room = load_room(&drive->load, now);

    if (batch > 1 &&
        (drive->options.rate > 0 ? now < drive->gather_ns
                                 : room < drive->load.slots && room < batch * drive->issuers_n)) {
        return;
    }
    drive->gather_ns = now + (int64_t)GATHER_US * 1000;
    for (int slot; (slot = load_next(&drive->load, now)) >= 0;) {
        size_t i = (size_t)slot % drive->issuers_n;
        batches[i][sizes[i]++] = (uint32_t)slot;
        if (sizes[i] == batch) {
            send_orders(drive, &drive->at[i], batches[i], sizes[i]);
            sizes[i] = 0;
        }
    }
    for (size_t i = 0; i < drive->issuers_n; i++) {
        if (sizes[i] > 0) {
            send_orders(drive, &drive->at[i], batches[i], sizes[i]);
            sizes[i] = 0;
        }
    }
}

/* COMPLETED for what was delivered, signed in batches: rungs may be skipped. */
static void answer(struct drive *drive, struct party *station)
{
    struct command commands[PARTY_BATCH_MAX];
    uint32_t slots[PARTY_BATCH_MAX];
    struct buf *frames[PARTY_BATCH_MAX];
    size_t n = 0, kept = 0;

    for (size_t i = 0; i < drive->answers_n; i++) {
        uint32_t slot = drive->answers[i];
        if (addressee_of(drive, slot) != station || n == (size_t)drive->options.batch) {
            drive->answers[kept++] = slot;
            continue;
        }
        commands[n] = (struct command){
            .kind = COMMAND_GIVE_RECEIPT,
            .give_receipt = {
                .incident = drive->ids[slot], .order = drive->ids[slot], .rung = RUNG_COMPLETED, .text = ""}};
        frames[n] = &drive->receipts[slot];
        slots[n++] = slot;
    }
    drive->answers_n = kept;
    if (n == 0) {
        return;
    }
    party_sign(&drive->parties, station, commands, slots, frames, n);
    for (size_t i = 0; i < n; i++) {
        submit(drive, station, frames[i]);
    }
    party_flush(station);
}

static void answer_all(struct drive *drive)
{
    while (drive->answers_n > 0) {
        answer(drive, addressee_of(drive, drive->answers[0]));
    }
}

static void resend(struct drive *drive)
{
    int64_t now = load_now_ns();
    size_t kept = 0;

    for (size_t i = 0; i < drive->resends_n; i++) {
        struct resend again = drive->resends[i];
        if (again.at_ns > now) {
            drive->resends[kept++] = again;
        } else if (again.is_receipt) {
            submit(drive, addressee_of(drive, again.slot), &drive->receipts[again.slot]);
        } else {
            submit(drive, issuer_of(drive, again.slot), &drive->frames[again.slot]);
        }
    }
    for (size_t i = 0; i < drive->n && kept < drive->resends_n; i++) {
        party_flush(&drive->at[i]);
    }
    drive->resends_n = kept;
}

/* --- in --- */

static void got(struct drive *drive, size_t slot, uint8_t what)
{
    if ((drive->wants[slot] & what) == 0) {
        load_fail("slot %zu: the same was said twice (%u of %u)", slot, what, drive->wants[slot]);
    }
    drive->wants[slot] &= (uint8_t)~what;
    if (what != WANT_REPLY || drive->fills_lane) {
        drive->delivered_ns[slot] = load_now_ns();
    }
    if (drive->wants[slot] == 0) {
        load_done(&drive->load, slot, drive->delivered_ns[slot]);
    }
}

static void on_reply(struct drive *drive, struct party *party, const struct reply *reply)
{
    bool is_issuer = party < drive->at + drive->issuers_n;

    if (reply->counter == 0) {
        party_note_ack(party, reply->ack_lane); /* refused or not: the next one says it again */
        return;
    }
    uint32_t slot = party->slots[reply->counter % PARTY_COUNTERS];
    drive->replies++;
    if (reply->refusal == REFUSED_BUSY && reply->retry_ms == 0) {
        load_fail("BUSY without a time to come again");
    }
    if (reply->outcome == OUTCOME_REFUSED && reply->refusal == REFUSED_BUSY) {
        drive->busy++;
        if (drive->resends_n == drive->resends_max) {
            load_fail("too many commands are told to come again");
        }
        drive->resends[drive->resends_n++] =
            (struct resend){load_now_ns() + (int64_t)reply->retry_ms * NS_PER_MS, slot, !is_issuer};
        return;
    }
    if (reply->outcome != OUTCOME_DONE) {
        load_fail("%s: refused: %s (%s)", party->keys.name, refusal_text(reply->refusal), reply->detail);
    }
    drive->head = reply->seq > drive->head ? reply->seq : drive->head;
    if (is_issuer) {
        got(drive, slot, WANT_REPLY);
    }
}

/* As a real agent: nothing is acted on before its author's signature was checked. */
static void on_deliver(struct drive *drive, struct party *party, const struct deliver *deliver)
{
    struct record record;
    struct err err = {0};

    party_note(party, deliver);
    if (deliver->seq <= party->head) {
        return;
    }
    drive->received++;
    if (wire_decode_record(deliver->record, &drive->parties.arena, &record, &err) != 0) {
        load_fail("record %" PRIu64 " cannot be read: %s", deliver->seq, err.text);
    }
    for (size_t i = 0; i < record.events_n; i++) {
        const struct event *event = &record.events[i];
        if (event->kind != EVENT_ORDER_ISSUED && event->kind != EVENT_RUNG_REACHED) {
            continue;
        }
        bool is_order = event->kind == EVENT_ORDER_ISSUED;
        if (is_order && party < drive->at + drive->issuers_n) {
            continue; /* another program fills the lane */
        }
        size_t slot = slot_of(drive, event->order);
        const struct party *author = is_order ? issuer_of(drive, slot) : addressee_of(drive, slot);
        if (!party_checks(party, &author->keys.sign.public, &record)) {
            load_fail("record %" PRIu64 ": the author's signature does not hold", deliver->seq);
        }
        if (is_order && drive->completes) {
            drive->answers[drive->answers_n++] = (uint32_t)slot;
        }
        got(drive, slot, is_order ? WANT_DELIVERY : WANT_TOLD);
    }
}

static void read_all(struct drive *drive, struct party *party)
{
    struct envelope envelope;

    party->dirty = false;
    while (party_read(&drive->parties, party, &envelope, &drive->message)) {
        if (envelope.kind == ENVELOPE_REPLY) {
            on_reply(drive, party, &envelope.reply);
        } else if (envelope.kind == ENVELOPE_DELIVER) {
            on_deliver(drive, party, &envelope.deliver);
        }
    }
    party_acknowledge(&drive->parties, party);
    party_flush(party);
}

/* A socket's descriptor tells an edge, and sending may eat it: whoever was written to is read from. */
static void read_dirty(struct drive *drive)
{
    bool again = true;

    while (again) {
        again = false;
        for (size_t i = 0; i < drive->n; i++) {
            if (drive->at[i].dirty) {
                read_all(drive, &drive->at[i]);
                again = true;
            }
        }
    }
}

/* Acks that were held back: their time comes without a word from the broker. */
static void acknowledge(struct drive *drive)
{
    if (load_now_ns() >= drive->parties.ack_due_ns) {
        parties_begin_acknowledging(&drive->parties);
        for (size_t i = 0; i < drive->n; i++) {
            party_acknowledge(&drive->parties, &drive->at[i]);
        }
    }
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void beat(struct drive *drive)
{
    const struct envelope envelope = {.kind = ENVELOPE_BEAT};
    int64_t now = load_now_ns();

    if (now < drive->beat_look_ns) {
        return;
    }
    drive->beat_look_ns = now + (int64_t)BEAT_LOOK_MS * NS_PER_MS;
    for (size_t i = 0; i < drive->n; i++) {
        struct party *party = &drive->at[i];
        if (party->welcomed && now - party->said_ns > (int64_t)party->beat_ms * NS_PER_MS / 2) {
            party_say(&drive->parties, party, &envelope);
            party_flush(party);
        }
    }
}

static void wait_for(struct drive *drive, int64_t wait_ns)
{
    struct epoll_event events[EVENTS_MAX];
    struct timespec timeout = {.tv_sec = wait_ns / 1000000000, .tv_nsec = wait_ns % 1000000000};
    int n = epoll_pwait2(drive->poll, events, EVENTS_MAX, &timeout, NULL);

    for (int i = 0; i < n; i++) {
        read_all(drive, events[i].data.ptr);
    }
}

/* --- a run --- */

static void open_parties(struct drive *drive, const char *kind, size_t from, size_t n, bool deliveries)
{
    char region[1024];
    char stem[1024];

    (void)snprintf(region, sizeof region, "%s/region.pub", drive->options.folder);
    for (size_t i = 0; i < n; i++) {
        struct party *party = &drive->at[from + i];
        struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = party}};
        (void)snprintf(stem, sizeof stem, "%s/agents/%s-%zu", drive->options.folder, kind,
                       (size_t)drive->options.first + i);
        party_open(&drive->parties, party, drive->options.endpoint, region, stem, deliveries);
        if (epoll_ctl(drive->poll, EPOLL_CTL_ADD, party->fd, &event) != 0) {
            load_fail("epoll: %s", strerror(errno));
        }
        drive->n++;
    }
}

/* As the first issuer, but for the number. */
static void name_filled(struct drive *drive)
{
    const char *name = drive->at[0].keys.name;
    const char *number = strrchr(name, '-');

    if (number == NULL) {
        load_fail("%s: not an issuer of this load", name);
    }
    (void)snprintf(drive->filled, sizeof drive->filled, "%.*s-%ld", (int)(number - name), name,
                   drive->options.share);
}

static void wait_for_welcome(struct drive *drive)
{
    int64_t end = load_now_ns() + (int64_t)LOAD_STALL_MS * NS_PER_MS;
    size_t welcomed = 0;

    while (welcomed < drive->n) {
        read_dirty(drive);
        wait_for(drive, 10 * NS_PER_MS);
        beat(drive);
        size_t before = welcomed;
        welcomed = 0;
        for (size_t i = 0; i < drive->n; i++) {
            welcomed += drive->at[i].welcomed ? 1 : 0;
        }
        end = welcomed > before ? load_now_ns() + (int64_t)LOAD_STALL_MS * NS_PER_MS : end;
        if (load_now_ns() > end) {
            load_fail("%zu of %zu agents were welcomed, and no more for %d s", welcomed, drive->n,
                      LOAD_STALL_MS / 1000);
        }
    }
}

static void run_idle(struct drive *drive)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};

    puts("ready");
    (void)fflush(stdout);
    while (poll(&in, 1, 0) == 0) {
        read_dirty(drive);
        beat(drive);
        wait_for(drive, 50 * NS_PER_MS);
    }
}

static void run(struct drive *drive)
{
    char extra[256];
    int64_t now = load_now_ns();

    while (!load_over(&drive->load, now)) {
        issue(drive);
        answer_all(drive);
        resend(drive);
        acknowledge(drive);
        read_dirty(drive);
        beat(drive);
        now = load_now_ns();
        int64_t wait_ns = load_wait_ns(&drive->load, now);
        bool gathers =
            drive->options.rate > 0 && drive->options.batch > 1 && wait_ns < drive->gather_ns - now;
        wait_ns = earlier(gathers ? drive->gather_ns - now : wait_ns, drive->parties.ack_due_ns - now);
        wait_for(drive, wait_ns > 0 ? wait_ns : 0);
    }
    for (size_t i = 0; i < drive->n; i++) {
        drive->checked += drive->at[i].checked;
    }
    (void)snprintf(extra, sizeof extra,
                   "\"deliveries\": %" PRIu64 ", \"signatures_checked\": %" PRIu64 ", \"submits\": %" PRIu64
                   ", \"answers\": %" PRIu64 ", \"busy\": %" PRIu64 ", \"head\": %" PRIu64,
                   drive->received, drive->checked, drive->submits, drive->replies, drive->busy, drive->head);
    load_report(&drive->load, extra);
}

static void allocate(struct drive *drive)
{
    size_t slots;

    load_begin(&drive->load, &drive->options);
    slots = drive->load.slots;
    drive->frames = load_alloc(slots, sizeof *drive->frames);
    drive->receipts = load_alloc(slots, sizeof *drive->receipts);
    drive->wants = load_alloc(slots, sizeof *drive->wants);
    drive->delivered_ns = load_alloc(slots, sizeof *drive->delivered_ns);
    drive->ids = load_alloc(slots, sizeof *drive->ids);
    drive->answers = load_alloc(slots, sizeof *drive->answers);
    drive->resends_max = 2 * slots;
    drive->resends = load_alloc(drive->resends_max, sizeof *drive->resends);
}

static void free_all(struct drive *drive)
{
    for (size_t i = 0; drive->frames != NULL && i < drive->load.slots; i++) {
        buf_free(&drive->frames[i]);
        buf_free(&drive->receipts[i]);
    }
    for (size_t i = 0; i < drive->n; i++) {
        party_close(&drive->parties, &drive->at[i]);
    }
    free(drive->frames);
    free(drive->receipts);
    free(drive->wants);
    free(drive->delivered_ns);
    free(drive->ids);
    free(drive->answers);
    free(drive->resends);
    free(drive->at);
    load_end(&drive->load);
    (void)zmq_msg_close(&drive->message);
    (void)close(drive->poll);
    parties_close(&drive->parties);
}

int main(int argc, char **argv)
{
    struct drive drive = {.poll = epoll_create1(EPOLL_CLOEXEC)};

    load_options_read(argc, argv, &drive.options);
    if (drive.options.batch > PARTY_BATCH_MAX || drive.options.clients < 1) {
        load_fail("--batch: %d at most; --clients: one at least", PARTY_BATCH_MAX);
    }
    bool is_idle = strcmp(drive.options.mode, "idle") == 0;
    size_t clients = (size_t)drive.options.clients;
    size_t addressees = drive.options.addressees > 0 ? (size_t)drive.options.addressees : clients;
    drive.completes = strcmp(drive.options.mode, "completed") == 0;
    drive.fills_lane = strcmp(drive.options.mode, "lane") == 0;
    (void)zmq_msg_init(&drive.message);
    parties_open(&drive.parties, clients + addressees);
    drive.at = load_alloc(clients + addressees, sizeof *drive.at);
    if (is_idle) {
        open_parties(&drive, "fire-rescue.station", 0, clients, true);
        wait_for_welcome(&drive);
        run_idle(&drive);
    } else {
        drive.issuers_n = clients;
        open_parties(&drive, "emergency-management.issuer", 0, clients, drive.completes);
        if (drive.fills_lane) {
            name_filled(&drive);
        } else {
            open_parties(&drive, "fire-rescue.station", clients, addressees, true);
        }
        wait_for_welcome(&drive);
        allocate(&drive);
        run(&drive);
    }
    free_all(&drive);
    return 0;
}
