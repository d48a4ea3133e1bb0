/* The line to another region's broker. Each end is the other's agent, so what one tells the other is a
 * command like any agent's: the record as it stands in the teller's log, under a counter that follows from
 * its place there, and signed by its broker. It waits in the outbox like a delivery; the other's Ack is what
 * trims it. Both say Hello on one connection, whoever made it; its two ends differ in nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/mutant.h"
#include "common/core/link.h"
#include "common/engine/engine_private.h"

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
        free(link->rival);
        free(link);
    }
    engine->links = NULL;
}

/* The session in which the other end speaks and is told; NULL: it is not welcome, or has not said Hello. */
static struct session *session_of_link(struct engine *engine, const struct link *link)
{
    struct session *session = link->connected ? session_of(engine, link->peer) : NULL;

    return session != NULL && session->welcomed ? session : NULL;
}

/* --- Hello ---------------------------------------------------------------------------------------- */

void link_say_hello(struct engine *engine, struct link *link, struct peer peer)
{
    char name[NAME_MAX_BYTES + 1], parent[REGION_CODE_MAX + 1];
    struct envelope envelope = {.kind = ENVELOPE_HELLO,
                                .hello = {.protocol = PROTOCOL_VERSION,
                                          .agent = tell_name(engine, name),
                                          .deliveries = true,
                                          .window = ENGINE_LINK_WINDOW,
                                          .seen = link->head, /* an old copy of its log is fenced by it */
                                          .software = "musterd",
                                          .bundle_max = BUNDLE_MAX,
                                          .parent = region_parent(state_region(engine->state), parent)}};

    (void)engine_send(engine, peer, &envelope);
}

static void connect_link(struct engine *engine, struct link *link, struct peer peer)
{
    link->peer = peer;
    link->connected = true;
    link->welcomed = false;
    link->asked_ms = link->hello_ms = engine_boot(engine);
    link_say_hello(engine, link, peer);
}

/* The other end has called and said Hello, and of two calls its own is the one that stays: ours would be
 * turned away, and what it says to us on its own would find nobody. */
static bool gives_way(struct engine *engine, const struct link *link)
{
    return link->connected && !link->dialled && strcmp(engine->options.region, link->region) < 0 &&
           session_of(engine, link->peer) != NULL;
}

void engine_link_up(struct engine *engine, struct peer peer, const char *region)
{
    struct link *link = engine->phase == PHASE_SERVICE ? link_make(engine, region) : NULL;

    if (link != NULL && !gives_way(engine, link) &&
        !engine_link_is_up(engine, region)) { /* by the other's call, else */
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

bool engine_link_is_up(struct engine *engine, const char *region)
{
    const struct link *link = link_find(engine, region);

    return link != NULL && link->welcomed && session_of_link(engine, link) != NULL;
}

int64_t engine_link_heard_ms(const struct engine *engine, const char *region)
{
    const struct link *link = link_find(engine, region);

    return link != NULL ? link->heard_ms : 0;
}

bool engine_link_key(const struct engine *engine, const char *region, uint8_t ret_curve_key[CURVE_BYTES])
{
    const struct member *member = region_link(state_region(engine->state), region);

    if (member != NULL) {
        memcpy(ret_curve_key, member->curve_key, CURVE_BYTES);
    }
    return member != NULL;
}

/* The region whose broker it is, if there is a link to it. */
static bool region_of(const struct engine *engine, const char *agent, char ret[REGION_CODE_MAX + 1])
{
    return name_is_link(agent, ret) && region_link(state_region(engine->state), ret) != NULL;
}

struct link *link_of_agent(const struct engine *engine, const char *agent)
{
    char region[REGION_CODE_MAX + 1];

    return region_of(engine, agent, region) ? link_find(engine, region) : NULL;
}

bool link_admits(struct engine *engine, const char *agent, struct peer peer)
{
    const struct link *link = link_of_agent(engine, agent);

    /* both have called, and one of the two must give way */
    return link == NULL || !link->connected || memcmp(&link->peer, &peer, sizeof peer) == 0 ||
           !link->dialled || strcmp(engine->options.region, link->region) < 0;
}

void link_session(struct engine *engine, struct session *session)
{
    char region[REGION_CODE_MAX + 1];
    struct link *link = region_of(engine, session->author->name, region) ? link_make(engine, region) : NULL;

    if (link == NULL) {
        return;
    }
    session->link = link;
    if (!link->connected || memcmp(&link->peer, &session->peer, sizeof link->peer) != 0) {
        link->dialled = false;
        connect_link(engine, link, session->peer);
    }
}

void link_session_replaced(struct session *session)
{
    session->link = NULL; /* that the other end asks again says nothing of what we are there */
}

void link_session_ended(struct session *session)
{
    struct link *link = session->link;

    if (link != NULL && link->connected && memcmp(&link->peer, &session->peer, sizeof link->peer) == 0) {
        link->welcomed = false;
    }
}

void link_forget(struct engine *engine, const char *name)
{
    char region[REGION_CODE_MAX + 1];
    struct link *link = name_is_link(name, region) ? link_find(engine, region) : NULL;

    if (link != NULL) {
        link->welcomed = false;
    }
}

/* --- what the other end says to us as its agent ------------------------------------------------------- */

static void keep_head(struct link *link, const struct signed_head *head)
{
    if (head->present && strcmp(head->region, link->region) == 0) {
        link->head = *head;
        link->head.region = link->region;
    }
}

/* Its clock is not ours: nothing that is heard depends on it, but deadlines mean another time there. A word
 * may come late, never early: that the other's clock is behind, only what answers us tells. */
static void look_at_clock(struct engine *engine, struct link *link, int64_t bus_ms, int64_t asked_boot_ms)
{
    int64_t tolerance_ms = region_clock_tolerance_ms(state_region(engine->state));
    int64_t ahead_ms = bus_ms - engine_now(engine);
    int64_t behind_ms = -ahead_ms - (engine_boot(engine) - asked_boot_ms);
    bool is_ahead = ahead_ms > tolerance_ms, is_behind = behind_ms > tolerance_ms;

    if (!link->clock_noted && (is_ahead || is_behind)) {
        link->clock_noted = true;
        engine_note(
            engine, LOG_LEVEL_WARNING,
            "the clock of region %s is %lld s %s ours: the time by which an order is to be answered is "
            "another there. Set the one that is wrong, and start its broker again",
            link->region, (long long)((is_ahead ? ahead_ms : behind_ms) / 1000),
            is_ahead ? "ahead of" : "behind");
    }
}

static void welcomed(struct engine *engine, struct link *link, const struct welcome *welcome)
{
    struct session *session = session_of_link(engine, link);

    if (strcmp(welcome->region, link->region) != 0) {
        engine_note(engine, LOG_LEVEL_ERROR,
                    "the link to region %s leads to the broker of %s: check its address", link->region,
                    welcome->region);
        return;
    }
    if (link->welcomed) {
        return; /* once is enough */
    }
    look_at_clock(engine, link, welcome->bus_ms, link->asked_ms);
    if (welcome->epoch != link->epoch) { /* what was heard of another epoch is not to be acknowledged */
        link->ack_seq = 0;
    }
    link->welcomed = true;
    link->bye = REFUSED_NOT;
    link->epoch = welcome->epoch;
    link->beat_ms = welcome->beat_ms;
    link->again_ms = 0;
    link->ack_waits = link->ack_seq > 0; /* the last one may have been lost */
    keep_head(link, &welcome->head);
    if (session != NULL) {
        deliver_start(engine, session);
    }
}

void link_note_untold(struct engine *engine, const char *region, uint64_t seq, enum refusal refusal,
                      const char *detail)
{
    struct command command = {
        .kind = COMMAND_NOTE_UNTOLD,
        .mode = MODE_ACTUAL,
        .note_untold = {.region = region, .seq = seq, .refusal = (uint32_t)refusal, .detail = detail}};

    engine_note(engine, LOG_LEVEL_ERROR, "region %s is not told of record %llu: %s", region,
                (unsigned long long)seq, detail);
    if (commit_has_room(engine) && !engine->fenced && region_is_loaded(engine)) {
        commit_own(engine, &command);
    }
}

static bool is_for_now(enum refusal refusal)
{
    return refusal == REFUSED_BUSY || refusal == REFUSED_DISK;
}

static void replied(struct engine *engine, struct link *link, const struct reply *reply)
{
    struct session *session = session_of_link(engine, link);
    uint64_t seq = reply->counter & COUNTER_SEQ_MASK;

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
        link_note_untold(engine, link->region, seq, reply->refusal, reply->detail);
    }
    deliver_credit(engine, session, LANE_ORDERS, 1);
}

bool link_take(struct engine *engine, struct peer peer, const struct envelope *envelope)
{
    struct link *link = link_of_peer(engine, peer);

    if (link == NULL) {
        return rival_take(engine, peer, envelope);
    }
    switch (envelope->kind) {
    case ENVELOPE_WELCOME:
        link->heard_ms = engine_boot(engine);
        welcomed(engine, link, &envelope->welcome);
        return true;
    case ENVELOPE_REPLY:
        link->heard_ms = engine_boot(engine);
        replied(engine, link, &envelope->reply);
        return true;
    case ENVELOPE_BEAT:
        link->heard_ms = engine_boot(engine);
        keep_head(link, &envelope->beat.head);
        look_at_clock(engine, link, envelope->beat.bus_ms, 0);
        return session_of(engine, peer) == NULL;
    case ENVELOPE_BYE: /* what is turned away does not cross: no word of the line */
        if (link->bye != envelope->bye.refusal ||
            link->bye == REFUSED_NOT) { /* it is asked again and again */
            engine_note(engine, LOG_LEVEL_WARNING, "region %s ends the link: %s", link->region,
                        envelope->bye.reason);
        }
        link->bye = envelope->bye.refusal;
        link->welcomed = false;
        return true; /* as its agent we are to say Hello again; what it is here is another matter */
    default:
        return false;
    }
}

/* --- telling -------------------------------------------------------------------------------------- */

int link_tell(struct engine *engine, struct session *session, const struct log_record *record)
{
    const struct link *link = session->link;
    struct envelope envelope = {.kind = ENVELOPE_SUBMIT};
    struct arena arena;

    arena_init(&arena, (size_t)2 * ARENA_PER_FRAME);
    int result = tell_make(engine, link->region, record, &arena, &envelope.submit);
    result = result < 0 ? result : session_send(engine, session, &envelope);
    arena_free(&arena);
    if (result == ERR_TOO_BIG) {
        link_note_untold(engine, link->region, record->header.seq, REFUSED_NOT, "it is too large");
    }
    return result;
}

/* Twice as often as the other end wants to hear something: it waits a little less than three of its beats. */
uint32_t link_beat_ms(const struct engine *engine, const struct session *session)
{
    const struct link *link = session->link;
    uint32_t ours = engine->options.beat_ms;

    if (link == NULL) {
        return ours;
    }
    return (link->welcomed && link->beat_ms > 0 && link->beat_ms < ours ? link->beat_ms : ours) / 2;
}

int64_t link_patience_ms(const struct engine *engine)
{
    int64_t beat_ms = engine->options.beat_ms;

    return ENGINE_BEATS_MISSED_MAX * beat_ms - beat_ms / 4;
}

bool link_is_ready(const struct session *session)
{
    return session->link == NULL || (session->link->welcomed && session->link->again_ms == 0);
}

/* --- hearing -------------------------------------------------------------------------------------- */

/* A place in its log counts if it was told from the log of now. That also holds what an earlier epoch wrote
 * and the recovery kept, told again for want of an Ack; what was under way when that epoch ended may be lost.
 */
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
    if (link != NULL && submission->link_epoch == link->epoch && seq > link->ack_seq) {
        link->ack_seq = seq;
        link->ack_waits = true;
    }
}

static void acknowledge(struct engine *engine, struct link *link, struct session *session)
{
    struct envelope envelope = {.kind = ENVELOPE_SUBMIT};
    struct command command = {.kind = COMMAND_ACK,
                              .mode = MODE_ACTUAL,
                              .region = link->region,
                              .epoch = link->epoch,
                              .issued_at_ms = engine_now(engine),
                              .expires_at_ms = engine_now(engine),
                              .ack = {.lane = LANE_ORDERS, .up_to_seq = link->ack_seq}};
    struct arena arena;

    if (link->head.present && link->head.epoch == link->epoch && link->head.seq >= link->ack_seq) {
        command.ack.head_seq = link->head.seq;
        memcpy(command.ack.head_hash, link->head.hash.b, sizeof command.ack.head_hash);
    }
    arena_init(&arena, ARENA_PER_FRAME);
    link->ack_waits = tell_sign(engine, &command, &arena, &envelope.submit) < 0 ||
                      session_send(engine, session, &envelope) < 0;
    arena_free(&arena);
}

/* --- the line ------------------------------------------------------------------------------------- */

static bool is_quiet(const struct engine *engine, const struct link *link, int64_t boot_ms)
{
    return boot_ms - link->heard_ms >= link_patience_ms(engine);
}

/* What is known of it is a record, at both ends: since when nothing comes. */
static void note_line(struct engine *engine, struct link *link, bool is_up, int64_t boot_ms)
{
    const struct region *region = state_region(engine->state);
    const struct region_link *line = region_line(region, link->region);
    bool was_noted = line != NULL && line->since_ms != 0, was_up = was_noted && line->up;
    bool differs = is_up ? !was_up : (was_up || !was_noted) && is_quiet(engine, link, boot_ms);
    differs = differs && (is_up || !MUTANT(MUTANT_CUT_UNSEEN));
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

/* That ours arrived is told by the other end's next, so it may be two canaries old on the best of lines; a
 * second for the sweeps in which they are sent. */
static uint32_t canary_late_ms(const struct engine *engine)
{
    enum { SWEEPS_MS = 1000 };

    return 2 * engine->options.canary_ms + ENGINE_BEATS_MISSED_MAX * (uint32_t)engine->options.beat_ms +
           SWEEPS_MS;
}

static void send_canary(struct engine *engine, const struct link *link, int64_t boot_ms)
{
    const struct region_link *line = region_line(state_region(engine->state), link->region);
    int64_t sent_ms = line != NULL ? line->sent_ms : 0;

    if (engine_now(engine) - sent_ms < engine->options.canary_ms ||
        (sent_ms != 0 && MUTANT(MUTANT_CANARY_ONCE)) || engine->fenced || boot_ms < engine->own_after_ms ||
        !commit_has_room(engine)) {
        return;
    }
    struct command command = {.kind = COMMAND_SEND_CANARY,
                              .mode = MODE_ACTUAL,
                              .send_canary = {.region = link->region, .late_ms = canary_late_ms(engine)}};
    commit_own(engine, &command);
}

static void look(struct engine *engine, struct link *link, int64_t boot_ms)
{
    struct session *session = session_of_link(engine, link);

    if (is_quiet(engine, link, boot_ms)) {
        link->welcomed = false; /* we may hear it say Hello: it does not hear us */
    }
    bool is_up = session != NULL && link->welcomed;
    if (region_link(state_region(engine->state), link->region) == NULL) {
        return; /* it was revoked */
    }
    if (link->connected && !link->welcomed && boot_ms - link->hello_ms > engine->options.beat_ms) {
        link->hello_ms = boot_ms;
        link_say_hello(engine, link, link->peer); /* it was turned away: a broker that starts, say */
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

    engine->links_ms = INT64_MAX;
    if (engine->phase != PHASE_SERVICE || !region_is_loaded(engine)) {
        return;
    }
    for (size_t i = 0; i < region->members_n; i++) {
        const struct member *member = &region->members[i];
        if (!member->is_operator && region_of(engine, member->name, code) &&
            link_find(engine, code) == NULL && link_make(engine, code) != NULL) {
            shares_look(engine); /* what was referred before there was a way */
        }
    }
    DL_FOREACH_SAFE (engine->links, link, next) {
        /* not what was heard after it: that is now */
        link->heard_ms = link->heard_ms + stood_ms < boot_ms ? link->heard_ms + stood_ms : boot_ms;
        look(engine, link, boot_ms);
        int64_t quiet_ms = link->heard_ms + link_patience_ms(engine);
        engine->links_ms = quiet_ms > boot_ms && quiet_ms < engine->links_ms ? quiet_ms : engine->links_ms;
    }
}
