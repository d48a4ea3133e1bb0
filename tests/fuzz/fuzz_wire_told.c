/* What another region tells: any bytes as records, each behind its length, the last of which may bring the
 * others as a past. Read as a broker reads it, decided and evolved: nothing but what that region may say
 * comes of it, in a record that can be read again, and once. The first byte says whether the incident is
 * known here, is ours, and whether the record has crossed a link before. */
#include <stdlib.h>
#include <string.h>

#include "common/core/decide.h"
#include "common/core/evolve.h"
#include "common/core/state.h"
#include "common/wire/wire.h"
#include "common/wire/wire_map.h"

enum { PIECES_MAX = 8, LENGTH_BYTES = 2, KNOWN = 1, OURS = 2, AT_A_HOP = 4 };

#define OWN "370102"
#define OTHER "370100"
#define LINK OTHER "/broker/link"
#define NOW INT64_C(1700000000000)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void enrol(struct state *state, const char *name, const char *right, uint8_t key)
{
    struct event event = {.kind = EVENT_AGENT_ENROLLED, .enrolled = {.name = name, .rights = {&right, 1}}};

    event.enrolled.sign_key[0] = event.enrolled.curve_key[0] = key;
    must(evolve(state, &event) == 0);
}

/* A region with a link, an agent, and the incident if it is known. */
static struct state *make_state(struct id incident, uint8_t flags)
{
    struct state *state = state_new();
    struct event event = {.kind = EVENT_REGION_FOUNDED, .region_founded = {OWN, "", OTHER, .root_key = {1}}};

    must(state != NULL && evolve(state, &event) == 0);
    enrol(state, OTHER "/broker/link", "link", 1);
    enrol(state, OWN "/fire-rescue/station-1", "receipt", 2);
    if ((flags & KNOWN) != 0) {
        event = (struct event){.kind = EVENT_INCIDENT_OPENED,
                               .incident = incident,
                               .incident_opened = {.mode = MODE_ACTUAL,
                                                   .reporter = "",
                                                   .home = (flags & OURS) != 0 ? "" : OTHER}};
        must(evolve(state, &event) == 0);
    }
    return state;
}

/* The pieces as the records that they are told as; false: there is none. */
static bool compose(const uint8_t *p, size_t n, struct arena *arena, struct buf *share,
                    struct tell_record *ret)
{
    struct shared_record pieces[PIECES_MAX];
    size_t pieces_n = 0;

    while (n >= LENGTH_BYTES && pieces_n < PIECES_MAX) {
        size_t length = (size_t)p[0] << 8 | p[1];
        p += LENGTH_BYTES;
        n -= LENGTH_BYTES;
        length = length < n ? length : n;
        pieces[pieces_n] = (struct shared_record){
            .region = OTHER, .epoch = 1, .seq = pieces_n + 1, .bus_ms = NOW, .record = {p, length}};
        pieces_n++;
        p += length;
        n -= length;
    }
    if (pieces_n == 1) {
        ret->shared = pieces[0];
    } else if (pieces_n > 1) {
        struct command command = {
            .kind = COMMAND_SHARE_INCIDENT,
            .region = OTHER,
            .mode = MODE_ACTUAL,
            .agent = "broker",
            .operator= "",
            .share_incident = {.region = OWN, .past = pieces, .past_n = pieces_n, .up_to_seq = pieces_n}};
        struct record record = {.detail = ""};
        struct buf payload;
        buf_init(&payload, 0);
        wire_encode_command(&command, &payload);
        struct bytes bytes = buf_bytes(&payload);
        record.signed_command.payload = (struct bytes){arena_copy(arena, bytes.p, bytes.n), bytes.n};
        wire_encode_record(&record, share);
        must(!payload.failed && !share->failed);
        buf_free(&payload);
        ret->shared = (struct shared_record){
            .region = OTHER, .epoch = 1, .seq = pieces_n + 1, .bus_ms = NOW, .record = buf_bytes(share)};
    }
    return pieces_n > 0;
}

/* As the other end's link says it; the incident is the first that is spoken of. */
static bool read_it(struct tell_record *tell, struct arena *arena, struct buf *bytes, struct command *ret)
{
    struct command command = {.kind = COMMAND_TELL_RECORD,
                              .region = OWN,
                              .mode = MODE_ACTUAL,
                              .agent = LINK,
                              .operator= "",
                              .counter = 1};
    struct tell_record opened = *tell;

    if (wire_open_told(&opened, arena, NULL) < 0) {
        return false;
    }
    for (size_t i = opened.told_n; i > 0; i--) {
        const struct told_record *told = &opened.told[i - 1];
        must(told->command != NULL && (told->events_n == 0 || told->events != NULL));
        tell->incident = told->events_n > 0 ? told->events[0].incident : tell->incident;
    }
    command.tell_record = *tell;
    wire_encode_command(&command, bytes);
    must(!bytes->failed && wire_decode_command(buf_bytes(bytes), arena, ret, NULL) == 0);
    must(ret->tell_record.told_n == opened.told_n);
    return true;
}

static void check_event(const struct event *event, struct id incident)
{
    if (event->kind == EVENT_CANARY_HEARD) {
        must(strcmp(event->canary.region, OTHER) == 0);
        return;
    }
    must(id_equal(event->incident, incident));
    if (event->kind == EVENT_ORDER_ISSUED) {
        must(strcmp(event->order_issued.home, OTHER) == 0 && !event->order_issued.history);
    } else if (event->kind == EVENT_INCIDENT_OPENED) {
        must(strcmp(event->incident_opened.home, OTHER) == 0 && !event->incident_opened.history);
    } else {
        must(event->kind >= EVENT_INCIDENT_OPENED && event->kind != EVENT_SHARED);
    }
}

/* What came of it is a record of ours, and goes into state. */
static void check_decision(struct state *state, const struct decision *decision, struct id incident)
{
    struct record record = {.events = decision->events, .events_n = decision->events_n, .detail = ""}, again;
    struct buf bytes, dump;
    struct arena arena;

    buf_init(&bytes, 0);
    buf_init(&dump, 0);
    arena_init(&arena, (size_t)4 * ARENA_PER_FRAME);
    wire_encode_record(&record, &bytes);
    must(!bytes.failed && wire_decode_record(buf_bytes(&bytes), &arena, &again, NULL) == 0);
    must(again.events_n == decision->events_n && again.unknown_events == 0);
    for (size_t i = 0; i < decision->events_n; i++) {
        check_event(&decision->events[i], incident);
        must(evolve(state, &decision->events[i]) == 0);
    }
    state_dump(state, &dump);
    must(!dump.failed);
    buf_free(&bytes);
    buf_free(&dump);
    arena_free(&arena);
}

static void decide_it(struct command *command, uint8_t flags, struct arena *arena)
{
    struct env env = {.now_ms = NOW, .utc_ms = NOW, .region = OWN, .epoch = 1};
    struct state *state = make_state(command->tell_record.incident, flags);
    struct decision decision;

    command->signer = SIGNER_AGENT;
    command->cosigner = "";
    if (decide(state, command, &env, arena, &decision) == 0 && decision.refusal == REFUSED_NOT) {
        check_decision(state, &decision, command->tell_record.incident);
        if (decision.events_n > 0 && !id_is_zero(command->tell_record.incident)) {
            must(decide(state, command, &env, arena, &decision) == 0 && decision.events_n == 0); /* once */
        }
    }
    state_free(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct tell_record tell = {.hops = n > 0 && (p[0] & AT_A_HOP) != 0};
    struct command command;
    struct buf share, bytes;
    struct arena arena;

    arena_init(&arena, (size_t)16 * ARENA_PER_FRAME);
    buf_init(&share, 0);
    buf_init(&bytes, 0);
    if (n > 0 && compose(p + 1, n - 1, &arena, &share, &tell) && read_it(&tell, &arena, &bytes, &command)) {
        decide_it(&command, p[0], &arena);
    }
    buf_free(&share);
    buf_free(&bytes);
    arena_free(&arena);
    return 0;
}
