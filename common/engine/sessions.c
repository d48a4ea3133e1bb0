/* Who is connected: Hello, Welcome, beats, good-bye. */
#include <stdlib.h>
#include <string.h>

#include "common/base/mutant.h"
#include "common/core/link.h"
#include "common/engine/engine_private.h"

enum { COUNT_REFUSALS_MS = 60 * 1000 };

struct session *session_of(struct engine *engine, struct peer peer)
{
    struct session *session;

    HASH_FIND(hh, engine->sessions, &peer, sizeof peer, session);
    return session;
}

struct session *session_by_serial(struct engine *engine, struct peer peer, uint64_t serial)
{
    struct session *session = session_of(engine, peer);

    return session != NULL && session->serial == serial ? session : NULL;
}

void session_bye(struct engine *engine, struct peer peer, enum refusal refusal, const char *reason)
{
    struct envelope envelope = {.kind = ENVELOPE_BYE, .bye = {.refusal = refusal, .reason = reason}};

    (void)engine_send(engine, peer, &envelope);
}

void session_drop(struct engine *engine, struct session *session)
{
    struct author *author = session->author;

    link_session_ended(session);
    author->heard_ms = session->heard_ms > author->heard_ms ? session->heard_ms : author->heard_ms;
    if (author->taker == session) {
        author->taker = NULL;
    }
    DL_DELETE(author->sessions, session);
    (void)outgoing_flush(engine, session);
    outgoing_forget(engine, session);
    /* uthash frees its table with the last entry, and the analyser forgets that it then says so. */
    HASH_DEL(engine->sessions, session); /* NOLINT(clang-analyzer-unix.Malloc) */
    tail_clear(engine, session);
    telemetry_drop(engine, session);
    free(session);
}

void session_end(struct engine *engine, struct session *session, enum refusal refusal, const char *reason)
{
    session_bye(engine, session->peer, refusal, reason);
    session_drop(engine, session);
}

void sessions_free(struct engine *engine)
{
    struct session *session, *next;

    HASH_ITER (hh, engine->sessions, session, next) {
        outgoing_forget(engine, session);
        session_drop(engine, session);
    }
}

/* --- who is this? --------------------------------------------------------------------------------- */

static const struct member *enrolled_agent(const struct engine *engine, const char *name,
                                           const uint8_t curve_key[CURVE_BYTES])
{
    const struct member *member = region_member(state_region(engine->state), name);

    if (member == NULL || member->is_operator || member->revoked ||
        memcmp(member->curve_key, curve_key, CURVE_BYTES) != 0) {
        return NULL;
    }
    return member;
}

bool session_holds(struct engine *engine, struct session *session)
{
    if (!region_is_loaded(engine)) {
        return true; /* being read again after a failed commit: the next message will tell */
    }
    if (enrolled_agent(engine, session->author->name, session->curve_key) == NULL) {
        session_end(engine, session, REFUSED_IDENTITY, "this key is not enrolled any more");
        return false;
    }
    return true;
}

/* --- Hello and Welcome ---------------------------------------------------------------------------- */

static void counter_answered(struct engine *engine, struct job *job)
{
    struct author *author = author_find(engine, job->name);

    if (author != NULL) {
        job->request.answer.number = MUTANT(MUTANT_FORGET_MARK) ? 0 : job->request.answer.number;
        author->mark = job->request.answer.number > author->mark ? job->request.answer.number : author->mark;
        author->ready = true;
        session_welcome_all(engine, author);
    }
}

static void ask_counter(struct engine *engine, struct author *author)
{
    struct job *job;

    if (author->ready || author->asking) {
        return;
    }
    job = job_new(counter_answered);
    if (job == NULL) {
        engine_fail(engine, ERR_NO_MEMORY, "out of memory for %s", author->name);
        return;
    }
    author->asking = true;
    memcpy(job->name, author->name, strlen(author->name) + 1);
    job->request.query = (struct log_query){.question = LOG_Q_COUNTER};
    job_submit(engine, job);
}

static void welcome(struct engine *engine, struct session *session)
{
    const struct author *author = session->author;
    const struct agent *agent = state_agent(engine->state, author->name);
    struct envelope envelope = {.kind = ENVELOPE_WELCOME,
                                .welcome = {.protocol = PROTOCOL_VERSION,
                                            .region = engine->options.region,
                                            .epoch = engine->options.epoch,
                                            .last_counter = author->mark,
                                            .beat_ms = engine->options.beat_ms,
                                            .frame_max = FRAME_MAX,
                                            .bundle_max = BUNDLE_MAX,
                                            .head = *engine_signed_head(engine),
                                            .bus_ms = engine_now(engine)}};

    for (int lane = LANE_URGENT; lane <= LANE_MAX; lane++) {
        envelope.welcome.acked[lane] = agent != NULL ? agent->acked[lane] : 0;
    }
    if (engine_send(engine, session->peer, &envelope) < 0) {
        return; /* its queue is full: the next sweep says it */
    }
    session->welcomed = true;
    session->beat_ms = engine_boot(engine);
    if (session->deliveries) {
        deliver_start(engine, session);
    }
}

void session_welcome_all(struct engine *engine, struct author *author)
{
    struct session *session, *next;

    if (!author->ready || !stream_ready(engine, stream_key_agent(author->name))) {
        return;
    }
    DL_FOREACH_SAFE (author->sessions, session, next) {
        if (session->welcomed || !witness_is_heard(engine, session)) {
            continue;
        }
        if (engine->fenced &&
            name_is_link(author->name, NULL)) { /* it may know which of two logs is the one */
            session_end(engine, session, REFUSED_FENCED,
                        "this log is fenced: its records are not those that were seen there");
        } else {
            welcome(engine, session);
        }
    }
}

/* The newest session that takes deliveries takes them all; of the others the oldest makes room. */
static void make_room(struct engine *engine, struct author *author, bool deliveries)
{
    struct session *session, *next;
    size_t n = 0;

    if (deliveries && author->taker != NULL) {
        session_end(engine, author->taker, REFUSED_NOT, "replaced by a newer session");
    }
    DL_FOREACH_SAFE (author->sessions, session, next) {
        n++;
    }
    DL_FOREACH_SAFE (author->sessions, session, next) {
        if (n < ENGINE_SESSIONS_PER_AGENT) {
            return;
        }
        if (session != author->taker) {
            session_end(engine, session, REFUSED_NOT, "too many sessions of this agent");
            n--;
        }
    }
}

void session_hello(struct engine *engine, struct peer peer, const uint8_t curve_key[CURVE_BYTES],
                   const struct hello *hello)
{
    struct session *session = session_of(engine, peer);

    if (session != NULL) {
        link_session_replaced(session);
        session_drop(engine, session);
    }
    if (hello->protocol != PROTOCOL_VERSION) {
        session_bye(engine, peer, REFUSED_VERSION, "this broker speaks protocol 1");
        return;
    }
    if (!region_is_loaded(engine)) { /* being read again after a failed commit */
        session_bye(engine, peer, REFUSED_BUSY, "not just now");
        return;
    }
    if (enrolled_agent(engine, hello->agent, curve_key) == NULL) {
        session_bye(engine, peer, REFUSED_IDENTITY, "this key is not enrolled under this name");
        return;
    }
    struct author *author = author_make(engine, hello->agent);
    if (author == NULL) {
        return;
    }
    if (!link_admits(engine, hello->agent, peer)) {
        session_bye(engine, peer, REFUSED_NOT, "the link is there already, the other way round");
        return;
    }
    if (link_names_us_parent(engine, peer, hello) || !rival_admits(engine, peer, curve_key, hello)) {
        return;
    }
    make_room(engine, author, hello->deliveries);
    session = calloc(1, sizeof *session);
    if (session == NULL) {
        session_bye(engine, peer, REFUSED_BUSY, "out of memory");
        return;
    }
    session->peer = peer;
    session->author = author;
    memcpy(session->curve_key, curve_key, CURVE_BYTES);
    session->serial = ++engine->serials;
    session->deliveries = hello->deliveries;
    session->window = hello->window < ENGINE_WINDOW_MAX ? hello->window : ENGINE_WINDOW_MAX;
    session->outgoing.bundle_max = hello->bundle_max < BUNDLE_MAX ? hello->bundle_max : BUNDLE_MAX;
    session->heard_ms = engine_boot(engine);
    HASH_ADD(hh, engine->sessions, peer, sizeof session->peer, session);
    if (session->hh.tbl == NULL) {
        free(session);
        session_bye(engine, peer, REFUSED_BUSY, "out of memory");
        return;
    }
    DL_APPEND(author->sessions, session);
    if (session->deliveries) {
        author->taker = session;
    }
    if (hello->seen.present && strcmp(hello->seen.region, engine->options.region) == 0) {
        session->seen = hello->seen;
        session->seen.region = engine->options.region;
        (void)witness_is_heard(engine, session); /* a fence does not wait for the agent's stream */
    }
    link_session(engine, session);
    ask_counter(engine, author);
    session_welcome_all(engine, author);
}

/* --- beats ---------------------------------------------------------------------------------------- */

static void beat(struct engine *engine, struct session *session, int64_t boot_ms)
{
    struct envelope envelope = {.kind = ENVELOPE_BEAT,
                                .beat = {.head = *engine_signed_head(engine), .bus_ms = engine_now(engine)}};

    session->beat_ms = boot_ms;
    (void)engine_send(engine, session->peer, &envelope);
}

static void count_refusals(struct engine *engine, struct author *author, int64_t boot_ms)
{
    if (author->refusals_uncounted == 0 || boot_ms < author->refusals_at_ms + COUNT_REFUSALS_MS ||
        boot_ms < engine->own_after_ms || engine->fenced || !commit_has_room(engine) ||
        !region_is_loaded(engine)) {
        return;
    }
    struct command command = {.kind = COMMAND_COUNT_REFUSALS,
                              .mode = MODE_ACTUAL,
                              .count_refusals = {.agent = author->name,
                                                 .count = author->refusals_uncounted,
                                                 .up_to_counter = author->refusals_up_to}};
    uint64_t before = engine->next_seq;
    author->refusals_uncounted = 0;
    author->refusals_at_ms = boot_ms;
    commit_own(engine, &command);
    if (engine->next_seq == before) {
        session_count_again(engine, &command.count_refusals);
    }
}

void session_count_again(struct engine *engine, const struct count_refusals *count)
{
    struct author *author = author_find(engine, count->agent);

    if (author != NULL) {
        author->refusals_uncounted += count->count;
        author->refusals_up_to =
            count->up_to_counter > author->refusals_up_to ? count->up_to_counter : author->refusals_up_to;
    }
}

void sessions_sweep(struct engine *engine, int64_t boot_ms, int64_t stood_ms)
{
    struct session *session, *next;
    struct author *author, *next_author;
    int64_t patience = (int64_t)engine->options.beat_ms * ENGINE_BEATS_MISSED_MAX;

    HASH_ITER (hh, engine->sessions, session, next) {
        session->heard_ms = session->heard_ms + stood_ms < boot_ms ? session->heard_ms + stood_ms : boot_ms;
        if (boot_ms - session->heard_ms > (session->link != NULL ? link_patience_ms(engine) : patience)) {
            session_drop(engine, session);
            continue;
        }
        if (session->outgoing.held) {
            (void)outgoing_flush(engine, session);
        }
        if (session->deaf) {
            session_end(engine, session, REFUSED_BUSY, "replies are not read");
            continue;
        }
        if (session->welcomed && boot_ms - session->beat_ms >= link_beat_ms(engine, session)) {
            beat(engine, session, boot_ms);
        }
        if (!session->welcomed) {
            session_welcome_all(engine, session->author);
        }
        if (session->welcomed) {
            (void)witness_is_heard(engine, session); /* what could not be written down yet */
            deliver_pump(engine, session);
            tail_pump(engine, session);
            telemetry_sweep(engine, session, boot_ms);
        }
    }
    HASH_ITER (hh, engine->authors, author, next_author) {
        count_refusals(engine, author, boot_ms);
    }
}
