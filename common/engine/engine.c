#include "common/engine/engine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/mutant.h"
#include "common/engine/engine_private.h"
#include "common/log/log_chain.h"

/* How often sessions and counters are looked over. */
enum { SWEEP_MS = 250 };

/* Who was told to come again does so within this. */
enum { STARVED_AGAIN_MS = 3000 };

int engine_new(const struct engine_options *options, const struct engine_io *io, const struct clock *clock,
               const struct rng *rng, struct engine **ret, struct err *err)
{
    struct engine *engine = calloc(1, sizeof *engine);

    if (engine == NULL) {
        return err_set(err, ERR_NO_MEMORY, "engine: out of memory");
    }
    engine->hash_key = hash_key_make(rng);
    engine->state = state_new_keyed(engine->hash_key);
    engine->recent = calloc(RECENT_HASHES, sizeof *engine->recent);
    engine->last_values = last_values_new(engine->hash_key);
    engine->lookouts = lookouts_new(engine->hash_key);
    engine->book = rule_book_new();
    if (engine->state == NULL || engine->recent == NULL || engine->last_values == NULL ||
        engine->book == NULL || engine->lookouts == NULL ||
        fresh_init(&engine->fresh, engine->hash_key) < 0) {
        rule_book_free(engine->book);
        lookouts_free(engine->lookouts);
        last_values_free(engine->last_values);
        state_free(engine->state);
        fresh_free(&engine->fresh);
        free(engine->recent);
        free(engine);
        return err_set(err, ERR_NO_MEMORY, "engine: out of memory");
    }
    engine->options = *options;
    if (engine->options.beat_ms == 0) {
        engine->options.beat_ms = ENGINE_BEAT_MS;
    }
    engine->links_ms = INT64_MAX;
    if (engine->options.canary_ms == 0) {
        engine->options.canary_ms = ENGINE_CANARY_MS;
    }
    if (engine->options.stale_ms == 0) {
        engine->options.stale_ms = LOOKOUT_STALE_MS;
    }
    if (engine->options.idle_streams_max == 0) {
        engine->options.idle_streams_max = ENGINE_IDLE_STREAMS_MAX;
    }
    if (engine->options.open_orders_max == 0) {
        engine->options.open_orders_max = ENGINE_OPEN_ORDERS_MAX;
    }
    engine->io = *io;
    engine->clock = clock;
    engine->rng = rng;
    engine->head = options->head;
    engine->head.epoch = options->epoch;
    engine->next_seq = options->head.seq + 1;
    engine->recent_from = engine->next_seq;
    engine->broker_key = options->broker->sign.public;
    arena_init(&engine->arena, ARENA_PER_FRAME);
    buf_init(&engine->frame, FRAME_MAX);
    buf_init(&engine->record, RECORD_MAX);
    *ret = engine;
    return 0;
}

void engine_free(struct engine *engine)
{
    struct author *author, *next;

    if (engine == NULL) {
        return;
    }
    sessions_free(engine);
    links_free(engine);
    last_values_free(engine->last_values);
    lookouts_free(engine->lookouts);
    batch_free(engine, &engine->gather);
    batch_free(engine, &engine->flight);
    batch_free(engine, &engine->founding);
    parking_clear(engine);
    HASH_ITER (hh, engine->authors, author, next) {
        HASH_DEL(engine->authors, author);
        for (int lane = 0; lane <= LANE_MAX; lane++) {
            submission_free(engine, author->acks[lane]);
        }
        free(author->proof);
        free(author->gone);
        free(author);
    }
    submissions_free(engine);
    streams_free(engine);
    due_free(&engine->due);
    fresh_free(&engine->fresh);
    rule_book_free(engine->book);
    state_free(engine->state);
    arena_free(&engine->arena);
    buf_free(&engine->frame);
    buf_free(&engine->record);
    free(engine->flight_job.request.entries);
    free(engine->recent);
    free(engine);
}

/* --- time ----------------------------------------------------------------------------------------- */

int64_t engine_boot(const struct engine *engine)
{
    return engine->clock->boot_ms(engine->clock->ctx);
}

int64_t engine_now(const struct engine *engine)
{
    return MUTANT(MUTANT_CLOCK_MOVES) && engine->phase == PHASE_SERVICE
               ? engine->clock->utc_ms(engine->clock->ctx)
               : engine_boot(engine) + engine->offset_ms;
}

struct env engine_env(const struct engine *engine)
{
    return (struct env){.now_ms = engine_now(engine) + (MUTANT(MUTANT_DEADLINE_EARLY) ? 1000 : 0),
                        .utc_ms = engine->clock->utc_ms(engine->clock->ctx),
                        .region = engine->options.region,
                        .epoch = engine->options.epoch,
                        .rules = rule_book_rules(engine->book)};
}

/* --- telling -------------------------------------------------------------------------------------- */

void engine_note(struct engine *engine, enum log_level level, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    engine->io.on_note(engine->io.ctx, level, text);
}

void engine_fail(struct engine *engine, int code, const char *format, ...)
{
    struct err err = {.code = code};
    va_list args;

    if (engine->phase == PHASE_FAILED) {
        return;
    }
    engine->phase = PHASE_FAILED;
    va_start(args, format);
    (void)vsnprintf(err.text, sizeof err.text, format, args);
    va_end(args);
    engine->io.on_fatal(engine->io.ctx, &err);
}

void engine_starved(struct engine *engine)
{
    int64_t boot = engine_boot(engine);

    if (boot - engine->starved_ms > STARVED_AGAIN_MS || engine->starved_ms == 0) {
        engine->starved_from_ms = boot;
    }
    engine->starved_ms = boot;
    if (boot - engine->starved_from_ms >= ENGINE_STARVED_MS) {
        engine_fail(engine, ERR_NO_MEMORY, "out of memory for %d s", ENGINE_STARVED_MS / 1000);
    }
}

const struct signed_head *engine_signed_head(struct engine *engine)
{
    struct signed_head *head = &engine->signed_head;

    if (!engine->head_is_signed) {
        *head = (struct signed_head){.present = true,
                                     .region = engine->options.region,
                                     .epoch = engine->options.epoch,
                                     .seq = engine->head.seq,
                                     .hash = engine->head.hash};
        signed_head_sign(&engine->options.broker->sign, head);
        engine->head_is_signed = true;
    }
    return head;
}

/* --- log jobs ------------------------------------------------------------------------------------- */

struct job *job_new(void (*done)(struct engine *, struct job *))
{
    struct job *job = calloc(1, sizeof *job);

    if (job != NULL) {
        job->done = done;
        job->request.owner = job;
        /* records, their payloads, and rows around them */
        arena_init(&job->request.arena, (size_t)4 * LOG_READ_BYTES_MAX);
    }
    return job;
}

void job_submit(struct engine *engine, struct job *job)
{
    job->request.query.name = job->name;
    engine->jobs_under_way++;
    engine->io.log.submit(engine->io.log.ctx, &job->request);
}

/* What waits is decided as far as it can be, and a batch goes. One that had nothing to write leaves room. */
static void go_on(struct engine *engine)
{
    size_t before, gathered;

    do {
        before = engine->parked_n;
        parking_go_on(engine);
        gathered = engine->gather.n;
        commit_flush(engine);
    } while (!engine->flying && engine->parked_n > 0 &&
             (engine->parked_n < before || engine->gather.n < gathered));
}

/* Nothing that the disk has changed is folded, delivered or shown. */
static void check_answer(struct engine *engine, const struct log_answer *answer)
{
    for (size_t i = 0; i < answer->rows_n; i++) {
        const struct log_record *record = &answer->rows[i].record;
        if (!log_chain_is_whole(record)) {
            engine_fail(
                engine, ERR_CORRUPT,
                "the log cannot be read: record %llu is damaged: its payload does not match its hash; "
                "compare with another agency's copy: muster verify LOG --copy FOLDER",
                (unsigned long long)record->header.seq);
            return;
        }
    }
}

void engine_log_done(struct engine *engine, struct log_request *request)
{
    struct job *job = request->owner;

    if (request->is_append) {
        commit_done(engine, job);
    } else {
        engine->jobs_under_way--;
        if (request->result < 0 && engine->phase != PHASE_FAILED) {
            engine_fail(engine, request->result, "the log cannot be read: %s", request->err.text);
        }
        if (engine->phase != PHASE_FAILED && !job->is_tails) {
            check_answer(engine, &request->answer);
        }
        if (engine->phase != PHASE_FAILED) {
            job->done(engine, job);
        }
        submission_free(engine, job->submission);
        arena_free(&request->arena);
        free(job);
    }
    if (engine->phase < PHASE_SERVICE) {
        founding_advance(engine);
    }
    shares_pump(engine);
    go_on(engine);
}

/* --- frames --------------------------------------------------------------------------------------- */

static void handle(struct engine *engine, struct session *session, const struct envelope *envelope)
{
    session->heard_ms = engine_boot(engine);
    switch (envelope->kind) {
    case ENVELOPE_SUBMIT:
        intake_submit(engine, session, &envelope->submit);
        return;
    case ENVELOPE_CREDIT:
        if (envelope->credit.lane == LANE_NONE) {
            tail_credit(engine, session, envelope->credit.add);
        } else if (envelope->credit.lane == LANE_TELEMETRY) {
            telemetry_credit(engine, session, envelope->credit.add);
        } else {
            deliver_credit(engine, session, envelope->credit.lane, envelope->credit.add);
        }
        return;
    case ENVELOPE_TAIL:
        tail_begin(engine, session, &envelope->tail);
        return;
    case ENVELOPE_TELEMETRY:
        telemetry_publish(engine, session, &envelope->telemetry);
        return;
    case ENVELOPE_SUBSCRIBE:
        telemetry_subscribe(engine, session, &envelope->subscribe);
        return;
    case ENVELOPE_BEAT:
        return; /* heard, which is all it says; ours goes by itself */
    case ENVELOPE_BYE:
        session_drop(engine, session);
        return;
    default:
        session_end(engine, session, REFUSED_INVALID, "this is the broker's line");
        return;
    }
}

/* Who says Hello learns why there is no session; the rest comes again by itself. */
static void turn_away(struct engine *engine, struct peer peer, struct bytes frame)
{
    struct envelope envelope;

    arena_reset(&engine->arena);
    if (engine->phase != PHASE_FAILED && wire_decode_envelope(frame, &engine->arena, &envelope, NULL) == 0 &&
        envelope.kind == ENVELOPE_HELLO) {
        session_bye(engine, peer, REFUSED_BUSY,
                    engine->phase == PHASE_STOPPING ? "the broker stops" : "the broker is starting");
    }
}

/* Malformed; or there was no memory to read it: then what it said is lost, and may be good. */
static void unread(struct engine *engine, struct peer peer, const struct err *err)
{
    struct session *session = session_of(engine, peer);
    bool starved = engine->arena.starved;
    enum refusal refusal = starved ? REFUSED_BUSY : REFUSED_INVALID;
    const char *why = starved ? "out of memory" : err->text;

    engine->numbers.bad_frames += starved ? 0 : 1;
    if (starved) {
        engine_starved(engine);
    }
    if (session != NULL) {
        session_end(engine, session, refusal, why);
    } else {
        session_bye(engine, peer, refusal, why);
    }
}

static struct session *session_with(struct engine *engine, struct peer peer,
                                    const uint8_t curve_key[CURVE_BYTES])
{
    struct session *session = session_of(engine, peer);

    return session != NULL && memcmp(session->curve_key, curve_key, CURVE_BYTES) == 0 ? session : NULL;
}

/* session: the peer's, or NULL. */
static void take(struct engine *engine, struct peer peer, const uint8_t curve_key[CURVE_BYTES],
                 struct session *session, const struct envelope *envelope)
{
    if (envelope->kind == ENVELOPE_HELLO) {
        session_hello(engine, peer, curve_key, &envelope->hello);
    } else if (link_take(engine, peer, envelope)) {
        return;
    } else if (session != NULL && session->deaf) {
        session_end(engine, session, REFUSED_BUSY, "replies are not read");
    } else if (session == NULL) {
        if (envelope->kind != ENVELOPE_BYE) {
            session_bye(engine, peer, REFUSED_IDENTITY, "say Hello first");
        }
    } else if (session_holds(engine, session)) {
        if (session->welcomed) {
            handle(engine, session, envelope);
        } else if (envelope->kind != ENVELOPE_BEAT) {
            session_end(engine, session, REFUSED_IDENTITY, "wait for Welcome");
        }
    }
}

/* One after the other, until one ends the session. */
static void take_bundle(struct engine *engine, struct peer peer, const uint8_t curve_key[CURVE_BYTES],
                        const struct bundle *bundle)
{
    struct bytes envelopes[BUNDLE_MAX]; /* the arena is each one's */
    size_t n = bundle->envelopes_n;
    struct envelope envelope;
    struct err err;

    memcpy(envelopes, bundle->envelopes, n * sizeof *envelopes);
    for (size_t i = 0; i < n && engine->phase == PHASE_SERVICE; i++) {
        struct session *session = session_with(engine, peer, curve_key);
        if (i > 0 && session == NULL && link_of_peer(engine, peer) == NULL) {
            return;
        }
        arena_reset(&engine->arena);
        if (wire_decode_bundled(envelopes[i], &engine->arena, &envelope, &err) < 0) {
            unread(engine, peer, &err);
            return;
        }
        take(engine, peer, curve_key, session, &envelope);
    }
}

void engine_frame(struct engine *engine, struct peer peer, const uint8_t curve_key[CURVE_BYTES],
                  struct bytes frame)
{
    struct envelope envelope;
    struct err err;

    if (engine->phase != PHASE_SERVICE) {
        turn_away(engine, peer, frame);
        return;
    }
    clock_watch_look(engine);
    arena_reset(&engine->arena);
    if (wire_decode_envelope(frame, &engine->arena, &envelope, &err) < 0) {
        unread(engine, peer, &err);
        return;
    }
    if (envelope.kind == ENVELOPE_BUNDLE) {
        take_bundle(engine, peer, curve_key, &envelope.bundle);
    } else {
        take(engine, peer, curve_key, session_with(engine, peer, curve_key), &envelope);
    }
    commit_flush(engine);
}

/* --- time passes ---------------------------------------------------------------------------------- */

/* A stream's deadline becomes a command of ours. The stream is loaded: what is in the heap is. */
static void pass_deadlines(struct engine *engine)
{
    int64_t now = engine_now(engine) + (MUTANT(MUTANT_DEADLINE_EARLY) ? 1000 : 0);
    struct due *due = due_first(&engine->due);

    while (due != NULL && due->at_ms <= now && commit_has_room(engine)) {
        struct stream *stream = (struct stream *)((char *)due - offsetof(struct stream, due));
        if (!commit_pass_deadlines(engine, stream)) { /* not at once again */
            char name[STREAM_NAME_MAX];
            engine->own_after_ms = engine_boot(engine) + ENGINE_RETRY_MS;
            engine_note(engine, LOG_LEVEL_ERROR, "a deadline of %s could not be passed",
                        stream_name(stream->key, name));
            return;
        }
        due = due_first(&engine->due);
    }
}

void engine_tick(struct engine *engine)
{
    int64_t boot = engine_boot(engine);

    clock_watch_look(engine);
    if (engine->phase == PHASE_SERVICE && !engine->fenced && boot >= engine->own_after_ms &&
        region_is_loaded(engine)) {
        pass_deadlines(engine);
        streams_ask_due(engine);
        warnings_look(engine);
    }
    if (engine->phase == PHASE_SERVICE && boot >= room_ask_ms(engine)) {
        room_ask(engine);
    }
    if (boot >= engine->swept_ms + SWEEP_MS && engine->phase >= PHASE_SERVICE) {
        int64_t late = boot - engine->swept_ms - SWEEP_MS;
        engine->swept_ms = boot;
        sessions_sweep(engine, boot, late >= ENGINE_STOOD_MS ? late : 0);
        links_sweep(engine, boot, late >= ENGINE_STOOD_MS ? late : 0);
        lookouts_sweep(engine, boot, late >= ENGINE_STOOD_MS ? late : 0);
        if (region_is_loaded(engine)) { /* else what names its members is swept away under them */
            state_tidy(engine->state);
        }
    } else if (boot >= engine->links_ms) {
        links_sweep(engine, boot, 0);
    }
    shares_pump(engine);
    go_on(engine);
    if (boot >= engine->tails_ms && engine->phase == PHASE_SERVICE) {
        tails_pump(engine);
    }
    if (boot >= telemetry_due_ms(engine) && engine->phase == PHASE_SERVICE) {
        telemetry_pump(engine);
    }
}

/* Else what is due waits for the log, whose answer looks again: the clock would only spin. */
static bool can_pass_deadlines(const struct engine *engine)
{
    return !engine->fenced && commit_has_room(engine) && engine->region != NULL && engine->region->loaded;
}

int64_t engine_due_ms(const struct engine *engine)
{
    const struct due *due = due_first(&engine->due);
    int64_t at = INT64_MAX;

    if (engine->phase != PHASE_SERVICE) {
        return at;
    }
    at = engine->clock_watch.look_ms;
    if (engine->sessions != NULL || engine->authors != NULL || engine->links != NULL ||
        lookouts_wait(engine)) {
        at = engine->swept_ms + SWEEP_MS < at ? engine->swept_ms + SWEEP_MS : at;
    }
    at = engine->links_ms < at ? engine->links_ms : at;
    at = room_ask_ms(engine) < at ? room_ask_ms(engine) : at;
    at = telemetry_due_ms(engine) < at ? telemetry_due_ms(engine) : at;
    at = engine->tails_ms < at ? engine->tails_ms : at;
    if (can_pass_deadlines(engine)) {
        int64_t deadline = due != NULL ? due->at_ms - engine->offset_ms : INT64_MAX;
        int64_t ask = streams_ask_due_ms(engine);
        int64_t warning = warnings_due_ms(engine);
        deadline = ask < deadline ? ask : deadline;
        deadline = warning < deadline ? warning : deadline;
        if (deadline < engine->own_after_ms) {
            deadline = engine->own_after_ms;
        }
        at = deadline < at ? deadline : at;
    }
    return at;
}

/* --- the rest ------------------------------------------------------------------------------------- */

bool engine_knows_key(const struct engine *engine, const uint8_t curve_key[CURVE_BYTES])
{
    const struct member *member = region_member_by_curve(state_region(engine->state), curve_key);

    if (engine->region == NULL || !engine->region->loaded) {
        return true; /* it is read again after a failed commit: Hello is told to come again */
    }
    return member != NULL && !member->revoked;
}

void engine_stop(struct engine *engine)
{
    struct session *session, *next;

    if (engine->phase >= PHASE_STOPPING) {
        return;
    }
    engine->phase = PHASE_STOPPING;
    commit_flush(engine);
    HASH_ITER (hh, engine->sessions, session, next) {
        session_bye(engine, session->peer, REFUSED_NOT, "the broker stops");
    }
}

bool engine_drained(const struct engine *engine)
{
    return engine->phase == PHASE_FAILED ||
           (!engine->flying && engine->gather.n == 0 && engine->jobs_under_way == 0);
}

struct engine_numbers engine_numbers(const struct engine *engine)
{
    struct engine_numbers numbers = engine->numbers;

    numbers.head_seq = engine->head.seq;
    numbers.sessions = HASH_COUNT(engine->sessions);
    numbers.streams = HASH_COUNT(engine->streams);
    return numbers;
}

const struct state *engine_state(const struct engine *engine)
{
    return engine->state;
}
