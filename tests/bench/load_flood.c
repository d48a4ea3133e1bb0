/* bench-load-flood: one agent, issuer --first, says as much as it can for --warmup and --ms, with --window
 * answers under way. --mode
 *   refused  commands that are refused, each for another reason: a wrong signature, no such incident, no
 *            right, past its own time, no command at all
 *   tail     the whole log from its beginning, again and again
 * Says what was said and answered: these are the same number, or it fails. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <zmq.h>

#include "common/base/clock.h"
#include "tests/bench/load.h"
#include "tests/bench/muster_party.h"

enum { TAIL_CREDIT = 1024, WAIT_MS = 5, NS_PER_MS = 1000000, SPENT_MS = 60 * 1000 };

/* Why a command is refused. */
enum why { WHY_SIGNATURE, WHY_NO_INCIDENT, WHY_RIGHT, WHY_EXPIRED, WHY_INVALID, WHYS };

struct flood {
    struct load_options options;
    struct parties parties;
    struct party party;
    zmq_msg_t message;
    struct buf frame;
    int64_t end_ns, heard_ns;
    uint64_t said, answered, busy, rounds;
    uint32_t given; /* items not yet given back as credit */
    uint32_t tail_id;
};

/* --- commands that are refused --- */

static struct command refused_command(const struct flood *flood, enum why why)
{
    struct command command = {.kind = COMMAND_GIVE_RECEIPT,
                              .give_receipt = {.rung = RUNG_COMPLETED, .text = ""}};

    load_rng()->fill(NULL, command.give_receipt.incident.b, sizeof command.give_receipt.incident.b);
    command.give_receipt.order = command.give_receipt.incident;
    if (why == WHY_RIGHT) {
        command = (struct command){.kind = COMMAND_REVOKE, .revoke = {.name = flood->party.keys.name}};
        command.revoke.reason = "";
    }
    return command;
}

/* Signed as it should be, then spoiled as far as it has to be. */
static void say_refused(struct flood *flood, enum why why)
{
    struct command command = refused_command(flood, why);
    struct buf *frame = &flood->frame;
    struct envelope envelope;
    struct err err = {0};

    flood->party.late_ms = why == WHY_EXPIRED ? SPENT_MS : 0;
    party_sign(&flood->parties, &flood->party, &command, NULL, &frame, 1);
    flood->party.late_ms = 0;
    if (why == WHY_SIGNATURE || why == WHY_INVALID) {
        arena_reset(&flood->parties.arena);
        if (wire_decode_envelope(buf_bytes(frame), &flood->parties.arena, &envelope, &err) != 0) {
            load_fail("a command of our own cannot be read: %s", err.text);
        }
        envelope.submit.salt[0] ^= (uint8_t)(why == WHY_SIGNATURE);
        if (why == WHY_INVALID) {
            envelope.submit.payload.n = 1; /* the beginning of a field */
        }
        buf_reset(frame);
        wire_encode_envelope(&envelope, frame);
    }
    party_send(&flood->party, buf_bytes(frame));
    flood->said++;
}

/* --- the loop --- */

static void say_tail(struct flood *flood)
{
    const struct envelope tail = {
        .kind = ENVELOPE_TAIL,
        .tail = {.filter = TAIL_ALL, .stream = "", .credit = TAIL_CREDIT, .id = ++flood->tail_id}};

    party_say(&flood->parties, &flood->party, &tail);
    flood->given = 0;
    flood->said++;
}

static void give_credit(struct flood *flood)
{
    const struct envelope credit = {.kind = ENVELOPE_CREDIT, .credit = {.add = flood->given}};

    if (flood->given >= TAIL_CREDIT / 2) {
        party_say(&flood->parties, &flood->party, &credit);
        flood->given = 0;
    }
}

static void take(struct flood *flood, const struct envelope *envelope)
{
    flood->heard_ns = load_now_ns();
    if (envelope->kind == ENVELOPE_REPLY) {
        flood->answered++;
        if (envelope->reply.outcome != OUTCOME_REFUSED) {
            load_fail("what should be refused was taken");
        }
        flood->busy += envelope->reply.refusal == REFUSED_BUSY;
        if (envelope->reply.refusal == REFUSED_BUSY && envelope->reply.retry_ms == 0) {
            load_fail("BUSY without a time to come again");
        }
    } else if (envelope->kind == ENVELOPE_TAIL_ITEM) {
        flood->rounds++;
        flood->given++;
        give_credit(flood);
    } else if (envelope->kind == ENVELOPE_TAIL_END) {
        if (envelope->tail_end.refusal != REFUSED_NOT) {
            load_fail("the log may not be read: %s", envelope->tail_end.detail);
        }
        flood->answered++;
    }
}

static void read_all(struct flood *flood)
{
    struct envelope envelope;

    while (party_read(&flood->parties, &flood->party, &envelope, &flood->message)) {
        take(flood, &envelope);
    }
}

static void wait_for(const struct flood *flood)
{
    struct pollfd in = {.fd = flood->party.fd, .events = POLLIN};

    (void)poll(&in, 1, WAIT_MS);
}

static void run(struct flood *flood, bool tails)
{
    const struct envelope beat = {.kind = ENVELOPE_BEAT};
    uint64_t window = tails ? 1 : (uint64_t)flood->options.window;

    for (int64_t now = load_now_ns(); now < flood->end_ns || flood->answered < flood->said;
         now = load_now_ns()) {
        bool more = now < flood->end_ns && flood->said - flood->answered < window;
        if (more && tails) {
            say_tail(flood);
        } else if (more) {
            say_refused(flood, (enum why)(flood->said % WHYS));
        } else {
            party_flush(&flood->party);
        }
        read_all(flood);
        if (flood->said - flood->answered >= window || now >= flood->end_ns) {
            wait_for(flood);
        }
        if (now - flood->party.said_ns > (int64_t)flood->party.beat_ms * NS_PER_MS / 2) {
            party_say(&flood->parties, &flood->party, &beat);
            party_flush(&flood->party);
        }
        if (now - flood->heard_ns > (int64_t)LOAD_STALL_MS * NS_PER_MS) {
            load_fail("%" PRIu64 " of %" PRIu64 " are not answered", flood->said - flood->answered,
                      flood->said);
        }
    }
}

int main(int argc, char **argv)
{
    static struct flood flood;
    char region[1024], stem[1024], extra[256];

    load_options_read(argc, argv, &flood.options);
    bool tails = strcmp(flood.options.mode, "tail") == 0;
    if (!tails && strcmp(flood.options.mode, "refused") != 0) {
        load_fail("--mode %s is none of refused, tail", flood.options.mode);
    }
    (void)zmq_msg_init(&flood.message);
    parties_open(&flood.parties, 1);
    buf_init(&flood.frame, 0);
    (void)snprintf(region, sizeof region, "%s/region.pub", flood.options.folder);
    (void)snprintf(stem, sizeof stem, "%s/agents/emergency-management.issuer-%ld", flood.options.folder,
                   flood.options.first);
    party_open(&flood.parties, &flood.party, flood.options.endpoint, region, stem, false);
    int64_t began = load_now_ns();
    for (flood.heard_ns = began; !flood.party.welcomed; wait_for(&flood)) {
        read_all(&flood);
        if (load_now_ns() - began > (int64_t)LOAD_STALL_MS * NS_PER_MS) {
            load_fail("no Welcome");
        }
    }
    began = load_now_ns();
    flood.end_ns = began + (flood.options.warmup + flood.options.milliseconds) * NS_PER_MS;
    run(&flood, tails);
    uint64_t n = tails ? flood.rounds : flood.answered;
    (void)snprintf(extra, sizeof extra,
                   "\"submits\": %" PRIu64 ", \"answers\": %" PRIu64 ", \"busy\": %" PRIu64, flood.said,
                   flood.answered, flood.busy);
    load_report_rate(flood.options.mode, (double)n * 1e9 / (double)(load_now_ns() - began), NULL, extra);
    party_close(&flood.parties, &flood.party);
    buf_free(&flood.frame);
    (void)zmq_msg_close(&flood.message);
    parties_close(&flood.parties);
    return 0;
}
