/* The line to another region's broker. Each end is the other's agent, so what one tells the other is a
 * command like any agent's: the record as it stands in the teller's log, under a counter that follows from
 * its place there, and signed by its broker. It waits in the outbox like a delivery; the other's Ack is what
 * trims it. Both say Hello on one connection, whoever made it; its two ends differ in nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/link.h"
#include "common/engine/engine_private.h"

/* A counter is an epoch and a place in its log: it rises, also when a recovery goes back in the log. */
enum { COUNTER_SEQ_BITS = 44 };
#define COUNTER_SEQ_MASK ((UINT64_C(1) << COUNTER_SEQ_BITS) - 1)

struct link *link_of_peer(const struct engine *engine, struct peer peer)
{
    struct link *link;

    DL_FOREACH (engine->links, link) {
        if (link->connected && memcmp(&link->peer, &peer, sizeof peer) == 0) {
            return link;
        }
    }
    return NULL;
}

static struct link *link_find(const struct engine *engine, const char *region)
{
    struct link *link;

    DL_FOREACH (engine->links, link) {
        if (strcmp(link->region, region) == 0) {
            return link;
        }
    }
    return NULL;
}

static struct link *link_make(struct engine *engine, const char *region)
{
    struct link *link = link_find(engine, region);

    if (link != NULL || strlen(region) > REGION_CODE_MAX) {
        return link;
    }
    link = calloc(1, sizeof *link);
    if (link == NULL) {
        engine_starved(engine);
        return NULL;
    }
    (void)snprintf(link->region, sizeof link->region, "%s", region);
    (void)snprintf(link->name, sizeof link->name, "%s/broker/link", region);
    link->heard_ms = engine_boot(engine);
    DL_APPEND(engine->links, link);
    return link;
}

void links_free(struct engine *engine)
{
    struct link *link, *next;

    DL_FOREACH_SAFE (engine->links, link, next) {
        free(link);
    }
    engine->links = NULL;
}

/* Our own name where the link leads. */
static const char *own_name(const struct engine *engine, char ret[NAME_MAX_BYTES + 1])
{
    (void)snprintf(ret, NAME_MAX_BYTES + 1, "%s/broker/link", engine->options.region);
    return ret;
}

/* The session in which the other end speaks and is told; NULL: it is not welcome, or has not said Hello. */
static struct session *session_of_link(struct engine *engine, const struct link *link)
{
    struct session *session = link->connected ? session_of(engine, link->peer) : NULL;

    return session != NULL && session->welcomed ? session : NULL;
}

/* --- Hello ---------------------------------------------------------------------------------------- */

static void say_hello(struct engine *engine, struct link *link)
{
    char name[NAME_MAX_BYTES + 1];
    struct envelope envelope = {.kind = ENVELOPE_HELLO,
                                .hello = {.protocol = PROTOCOL_VERSION,
                                          .agent = own_name(engine, name),
                                          .deliveries = true,
                                          .window = ENGINE_LINK_WINDOW,
                                          .software = "musterd",
                                          .bundle_max = BUNDLE_MAX}};

    link->hello_ms = engine_boot(engine);
    (void)engine_send(engine, link->peer, &envelope);
}

static void connect_link(struct engine *engine, struct link *link, struct peer peer)
{
    link->peer = peer;
    link->connected = true;
    link->welcomed = false;
    say_hello(engine, link);
}

void engine_link_up(struct engine *engine, struct peer peer, const char *region)
{
    struct link *link = engine->phase == PHASE_SERVICE ? link_make(engine, region) : NULL;

    if (link != NULL) {
        link->dialled = true;
        connect_link(engine, link, peer);
    }
}

void engine_link_down(struct engine *engine, struct peer peer)
{
    struct link *link = link_of_peer(engine, peer);
    struct session *session = session_of(engine, peer);

    if (link != NULL) {
        link->connected = false;
        link->welcomed = false;
        link->dialled = false;
    }
    if (session != NULL) {
        session_drop(engine, session);
    }
}

bool engine_link_key(const struct engine *engine, const char *region, uint8_t ret_curve_key[CURVE_BYTES])
{
    const struct member *member = region_link(state_region(engine->state), region);

    if (member != NULL) {
        memcpy(ret_curve_key, member->curve_key, CURVE_BYTES);
    }
    return member != NULL;
}

bool link_session(struct engine *engine, struct session *session)
{
    char region[REGION_CODE_MAX + 1];
    struct link *link = name_is_link(session->author->name, region) ? link_make(engine, region) : NULL;

    if (link == NULL) {
        return true;
    }
    bool same = link->connected && memcmp(&link->peer, &session->peer, sizeof link->peer) == 0;
    if (!same && link->connected && link->dialled && strcmp(engine->options.region, link->region) > 0) {
        return false; /* both have called, and one of the two must give way */
    }
    session->link = link;
    link->heard_ms = engine_boot(engine);
    if (!same) {
        link->dialled = false;
        connect_link(engine, link, session->peer);
    }
    return true;
}

void link_session_ended(struct session *session)
{
    struct link *link = session->link;

    if (link != NULL && link->connected && memcmp(&link->peer, &session->peer, sizeof link->peer) == 0) {
        link->welcomed = false;
    }
}

/* --- what the other end says to us as its agent ------------------------------------------------------- */

static void welcomed(struct engine *engine, struct link *link, const struct welcome *welcome)
{
    struct session *session = session_of_link(engine, link);

    if (strcmp(welcome->region, link->region) != 0) {
        engine_note(engine, LOG_LEVEL_ERROR,
                    "the link to region %s leads to the broker of %s: check its address", link->region,
                    welcome->region);
        return;
    }
    link->welcomed = true;
    link->epoch = welcome->epoch;
    link->head_seq = welcome->head.seq;
    link->head_hash = welcome->head.hash;
    if (session != NULL) {
        deliver_start(engine, session);
    }
}

static bool is_for_now(enum refusal refusal)
{
    return refusal == REFUSED_BUSY || refusal == REFUSED_DISK;
}

static void replied(struct engine *engine, struct link *link, const struct reply *reply)
{
    struct session *session = session_of_link(engine, link);
    unsigned long long seq = reply->counter & COUNTER_SEQ_MASK;

    if (reply->ack_lane != LANE_NONE) {
        link->ack_waits =
            link->ack_waits || (reply->outcome == OUTCOME_REFUSED && is_for_now(reply->refusal));
        return;
    }
    if (session == NULL) {
        return;
    }
    if (reply->outcome == OUTCOME_REFUSED && is_for_now(reply->refusal)) {
        link->again_ms = engine_boot(engine) + (reply->retry_ms > 0 ? reply->retry_ms : ENGINE_RETRY_MS);
        session->lanes[LANE_ORDERS].behind = true;
        return; /* from what was acknowledged on, when it is time */
    }
    if (reply->outcome == OUTCOME_REFUSED && reply->refusal != REFUSED_STALE) {
        engine_note(engine, LOG_LEVEL_ERROR, "region %s refuses record %llu: %s, %s", link->region, seq,
                    refusal_word(reply->refusal), reply->detail);
    }
    deliver_credit(engine, session, LANE_ORDERS, 1);
}

bool link_take(struct engine *engine, struct peer peer, const struct envelope *envelope)
{
    struct link *link = link_of_peer(engine, peer);

    if (link == NULL) {
        return false;
    }
    link->heard_ms = engine_boot(engine);
    switch (envelope->kind) {
    case ENVELOPE_WELCOME:
        welcomed(engine, link, &envelope->welcome);
        return true;
    case ENVELOPE_REPLY:
        replied(engine, link, &envelope->reply);
        return true;
    case ENVELOPE_BEAT:
        if (envelope->beat.head.present) {
            link->head_seq = envelope->beat.head.seq;
            link->head_hash = envelope->beat.head.hash;
        }
        return session_of(engine, peer) == NULL;
    case ENVELOPE_BYE:
        engine_note(engine, LOG_LEVEL_WARNING, "region %s ends the link: %s", link->region,
                    envelope->bye.reason);
        link->welcomed = false;
        return session_of(engine, peer) == NULL;
    default:
        return false;
    }
}

/* --- telling -------------------------------------------------------------------------------------- */

/* Signs a command as the other end's agent, and says it. 0, or what session_send() says; ERR_TOO_BIG. */
static int say(struct engine *engine, struct session *session, struct command command)
{
    const struct link *link = session->link;
    struct envelope envelope = {.kind = ENVELOPE_SUBMIT};
    char name[NAME_MAX_BYTES + 1];
    struct buf buf;

    command.region = link->region;
    command.epoch = command.kind == COMMAND_TELL_RECORD ? 0 : link->epoch;
    command.agent = own_name(engine, name);
    command.operator= "";
    buf_init(&buf, COMMAND_MAX);
    wire_encode_command(&command, &buf);
    envelope.submit.payload = buf_bytes(&buf);
    int result = buf.starved ? ERR_NO_MEMORY : buf.failed ? ERR_TOO_BIG : 0;
    result =
        result < 0 ? result : sign_batch(&engine->options.broker->sign, engine->rng, &envelope.submit, 1);
    result = result < 0 ? result : session_send(engine, session, &envelope);
    buf_free(&buf);
    return result;
}

/* What a record of ours is to others: what was heard goes on as it came, our own is signed. False: it
 * cannot be told. */
static bool shared_of(struct engine *engine, const struct log_record *record, struct arena *arena,
                      struct tell_record *ret, enum mode *ret_mode)
{
    struct record decoded;
    struct command command;

    if (record->redacted || wire_decode_record(record->payload, arena, &decoded, NULL) < 0 ||
        wire_decode_command(decoded.signed_command.payload, arena, &command, NULL) < 0) {
        return false;
    }
    *ret_mode = command.mode;
    if (command.kind == COMMAND_TELL_RECORD) {
        *ret = command.tell_record;
        ret->hops++;
        return true;
    }
    for (size_t i = decoded.events_n; i > 0; i--) {
        const struct event *event = &decoded.events[i - 1];
        if (event->kind == EVENT_SHARED || event->kind == EVENT_SHARE_BEGUN) {
            *ret = (struct tell_record){.incident = event->incident};
        }
    }
    ret->shared = (struct shared_record){.region = engine->options.region,
                                         .epoch = record->header.epoch,
                                         .seq = record->header.seq,
                                         .bus_ms = record->header.bus_ms,
                                         .record = record->payload};
    shared_sign(&engine->options.broker->sign, &ret->shared);
    return true;
}

int link_tell(struct engine *engine, struct session *session, const struct log_record *record)
{
    struct command command = {.kind = COMMAND_TELL_RECORD,
                              .counter = record->header.epoch << COUNTER_SEQ_BITS | record->header.seq,
                              .issued_at_ms = record->header.bus_ms, /* said again it is the same bytes */
                              .expires_at_ms = record->header.bus_ms};
    struct arena arena;
    int result = 0;

    arena_init(&arena, (size_t)2 * ARENA_PER_FRAME);
    if (shared_of(engine, record, &arena, &command.tell_record, &command.mode)) {
        result = say(engine, session, command);
    } else {
        result = arena.starved ? ERR_NO_MEMORY : ERR_DATA; /* redacted, say */
    }
    arena_free(&arena);
    if (result == ERR_TOO_BIG) {
        engine_note(engine, LOG_LEVEL_ERROR, "record %llu is too large to be told to region %s",
                    (unsigned long long)record->header.seq, session->link->region);
    }
    return result;
}

bool link_is_ready(const struct engine *engine, const struct session *session)
{
    return session->link == NULL ||
           (session->link->welcomed && engine_boot(engine) >= session->link->again_ms);
}

/* --- hearing -------------------------------------------------------------------------------------- */

void link_heard(struct engine *engine, const struct submission *submission, const struct reply *reply)
{
    char region[REGION_CODE_MAX + 1];
    uint64_t seq = submission->command.counter & COUNTER_SEQ_MASK;

    if (submission->command.kind != COMMAND_TELL_RECORD || is_for_now(reply->refusal) ||
        (!submission->verified && reply->outcome != OUTCOME_DONE && reply->refusal != REFUSED_STALE) ||
        !name_is_link(submission->author->name, region)) {
        return;
    }
    struct link *link = link_find(engine, region);
    if (link != NULL && seq > link->ack_seq) {
        link->ack_seq = seq;
        link->ack_waits = true;
    }
}

static void acknowledge(struct engine *engine, struct link *link, struct session *session)
{
    struct command command = {.kind = COMMAND_ACK,
                              .mode = MODE_ACTUAL,
                              .issued_at_ms = engine_now(engine),
                              .expires_at_ms = engine_now(engine),
                              .ack = {.lane = LANE_ORDERS, .up_to_seq = link->ack_seq}};

    if (link->head_seq >= link->ack_seq) {
        command.ack.head_seq = link->head_seq;
        memcpy(command.ack.head_hash, link->head_hash.b, sizeof command.ack.head_hash);
    }
    link->ack_waits = say(engine, session, command) < 0;
}

bool link_vouches(const struct engine *engine, const struct tell_record *told)
{
    const struct member *broker = region_link(state_region(engine->state), told->shared.region);
    struct public_key key;

    if (broker == NULL) {
        return true; /* whoever told it signed that it was told so */
    }
    memcpy(key.b, broker->sign_key, sizeof key.b);
    return shared_verify(&key, &told->shared);
}

/* --- the line ------------------------------------------------------------------------------------- */

/* What is known of it is a record, at both ends: since when nothing comes. */
static void note_line(struct engine *engine, struct link *link, bool is_up, int64_t boot_ms)
{
    const struct region *region = state_region(engine->state);
    int64_t patience = (int64_t)engine->options.beat_ms * ENGINE_BEATS_MISSED_MAX;
    const struct region_link *line = region_line(region, link->region);
    bool was_noted = line != NULL && line->since_ms != 0, was_up = was_noted && line->up;
    bool differs = is_up ? !was_up : (was_up || !was_noted) && boot_ms - link->heard_ms > patience;
    if (!differs || engine->fenced || boot_ms < engine->own_after_ms || !commit_has_room(engine)) {
        return;
    }
    struct command command = {
        .kind = COMMAND_NOTE_LINK,
        .mode = MODE_ACTUAL,
        .note_link = {.region = link->region,
                      .up = is_up,
                      .since_ms = engine_now(engine) - (is_up ? 0 : boot_ms - link->heard_ms)}};
    commit_own(engine, &command);
    engine_note(engine, is_up ? LOG_LEVEL_NOTICE : LOG_LEVEL_WARNING, "region %s %s", link->region,
                is_up ? "is reached" : "is not reached: what is for it waits");
}

static void send_canary(struct engine *engine, const struct link *link, int64_t boot_ms)
{
    const struct region_link *line = region_line(state_region(engine->state), link->region);
    int64_t sent_ms = line != NULL ? line->sent_ms : 0;

    if (engine_now(engine) - sent_ms < engine->options.canary_ms || engine->fenced ||
        boot_ms < engine->own_after_ms || !commit_has_room(engine)) {
        return;
    }
    struct command command = {
        .kind = COMMAND_SEND_CANARY, .mode = MODE_ACTUAL, .send_canary = {.region = link->region}};
    commit_own(engine, &command);
}

static void look(struct engine *engine, struct link *link, int64_t boot_ms)
{
    struct session *session = session_of_link(engine, link);
    bool is_up = session != NULL && link->welcomed;

    if (link->connected && !link->welcomed && boot_ms - link->hello_ms > engine->options.beat_ms) {
        say_hello(engine, link); /* it was turned away: a broker that starts, say */
    }
    if (is_up && link->ack_waits) {
        acknowledge(engine, link, session);
    }
    if (is_up && link->again_ms != 0 && boot_ms >= link->again_ms) {
        link->again_ms = 0;
        deliver_start(engine, session);
    }
    note_line(engine, link, is_up, boot_ms);
    if (is_up) {
        send_canary(engine, link, boot_ms);
    }
}

void links_sweep(struct engine *engine, int64_t boot_ms, int64_t stood_ms)
{
    const struct region *region = state_region(engine->state);
    char code[REGION_CODE_MAX + 1];
    struct link *link, *next;

    if (engine->phase != PHASE_SERVICE || !region_is_loaded(engine)) {
        return;
    }
    for (size_t i = 0; i < region->members_n; i++) {
        const struct member *member = &region->members[i];
        if (!member->is_operator && !member->revoked && name_is_link(member->name, code)) {
            (void)link_make(engine, code);
        }
    }
    DL_FOREACH_SAFE (engine->links, link, next) {
        link->heard_ms += stood_ms;
        look(engine, link, boot_ms);
    }
}
