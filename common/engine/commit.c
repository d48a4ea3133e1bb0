/* Decide, append, commit, then speak. State runs ahead of the log while a batch is under way; nothing of
 * it can be seen, and a commit that fails takes it back by evicting what it touched. */
#include <stdlib.h>
#include <string.h>

#include "common/base/mutant.h"
#include "common/core/evolve.h"
#include "common/engine/engine_private.h"

/* A command may bring with it the passed deadlines of the incident that it names. */
bool commit_has_room(const struct engine *engine)
{
    return engine->gather.n + 1 < LOG_BATCH_MAX && engine->gather.bytes < ENGINE_BATCH_BYTES_MAX;
}

void batch_free(struct engine *engine, struct batch *batch)
{
    while (batch->first != NULL) {
        struct submission *submission = batch->first;
        DL_DELETE(batch->first, submission);
        submission_free(engine, submission);
    }
    *batch = (struct batch){0};
}

static bool has_record(const struct submission *submission)
{
    return submission->entry.record.header.seq != 0;
}

static bool is_ours(const struct submission *submission)
{
    return submission->author == NULL;
}

/* --- given back ----------------------------------------------------------------------------------- */

static void give_back(struct engine *engine, struct submission *submission, enum refusal refusal)
{
    struct author *author = submission->author;
    struct reply reply = {.outcome = OUTCOME_REFUSED,
                          .refusal = refusal,
                          .detail = "nothing was kept, send it again",
                          .retry_ms = ENGINE_RETRY_MS};

    if (submission->uncounted) { /* below zero for a moment, if a count that goes as well holds it */
        author->refusals_uncounted--;
        submission->uncounted = false;
    }
    if (author != NULL && submission->verified && submission->command.kind != COMMAND_ACK) {
        if (author->mark >= submission->command.counter) {
            author->mark = submission->command.counter - 1;
        }
        hold_note(engine, author, submission->command.counter);
    }
    if (is_ours(submission) && submission->command.kind == COMMAND_COUNT_REFUSALS) {
        session_count_again(engine, &submission->command.count_refusals);
    } else if (is_ours(submission) && submission->command.kind == COMMAND_SET_CLOCK) {
        clock_watch_again(engine, &submission->command.set_clock);
    } else if (is_ours(submission) && submission->command.kind == COMMAND_NOTE_LOSS) {
        witness_noted(engine, &submission->command.note_loss, false);
    }
    intake_reply(engine, submission, &reply);
}

/* What is due stays due: the next tick tries again. At the start there is none. */
static void own_fails(struct engine *engine)
{
    if (engine->phase < PHASE_SERVICE) {
        engine_fail(engine, ERR_NO_MEMORY, "out of memory at the start");
    }
}

/* No record: it would be tried again at once, and write another. */
static void own_refused(struct engine *engine, struct submission *submission, const struct decision *decision)
{
    engine_note(engine, LOG_LEVEL_ERROR, "%s of the broker's own is refused: %s, %s",
                command_kind_name(submission->command.kind), refusal_word(decision->refusal),
                decision->detail);
    submission_free(engine, submission);
    own_fails(engine);
}

/* A command that was told to come again must not be overtaken by what its author said after it. */
void commit_put_off(struct engine *engine, struct submission *submission)
{
    struct author *author = submission->author;
    bool is_counted = author != NULL && submission->command.kind != COMMAND_ACK;
    uint64_t counter = submission->command.counter;
    struct submission *parked, *next;

    if (author != NULL) {
        give_back(engine, submission, REFUSED_BUSY);
    } else {
        own_fails(engine);
    }
    submission_free(engine, submission);
    DL_FOREACH_SAFE (engine->parked, parked, next) {
        if (is_counted && parked->author == author && parked->command.counter > counter) {
            give_back(engine, parked, REFUSED_BUSY);
            parking_take(engine, parked);
            submission_free(engine, parked);
        }
    }
}

/* --- one record ----------------------------------------------------------------------------------- */

/* 0, ERR_TOO_BIG, or ERR_NO_MEMORY: the system had none. */
static int encode(struct engine *engine, struct submission *submission, const struct decision *decision)
{
    struct record record = {.signed_command = submission->signed_command,
                            .events = decision->events,
                            .events_n = decision->events_n,
                            .refusal = decision->refusal,
                            .detail = decision->detail};

    buf_reset(&engine->record);
    wire_encode_record(&record, &engine->record);
    struct bytes bytes = buf_bytes(&engine->record);
    int result = engine->record.starved ? ERR_NO_MEMORY : engine->record.failed ? ERR_TOO_BIG : 0;
    if (result == 0 && decision->events_n > 0) {
        result = wire_record_can_be_read(bytes);
    }
    void *payload = result == 0 ? arena_copy(&submission->arena, bytes.p, bytes.n) : NULL;
    if (result == 0 && payload == NULL) {
        result = submission->arena.starved ? ERR_NO_MEMORY : ERR_TOO_BIG;
    }
    if (result == 0) {
        submission->entry.record.payload = (struct bytes){payload, bytes.n};
        engine->gather.bytes += bytes.n;
    }
    return result;
}

static void fill_header(struct engine *engine, struct submission *submission, const struct env *env,
                        enum refusal refusal)
{
    const struct command *command = &submission->command;
    bool counts = submission->author != NULL && submission->verified && command->kind != COMMAND_ACK;
    struct log_header *header = &submission->entry.record.header;

    *header = (struct log_header){.seq = engine->next_seq++,
                                  .epoch = engine->options.epoch,
                                  .kind = (uint32_t)command->kind,
                                  .outcome = refusal == REFUSED_NOT ? LOG_DECIDED : LOG_REFUSED,
                                  .bus_ms = env->now_ms,
                                  .utc_ms = env->utc_ms,
                                  .occurred_ms = command->occurred_at_ms,
                                  .author = submission->author != NULL ? submission->author->name : "",
                                  .counter = counts ? command->counter : 0};
    memcpy(header->boot, engine->options.boot, sizeof header->boot);
}

static void gather(struct engine *engine, struct submission *submission)
{
    DL_APPEND(engine->gather.first, submission);
    engine->gather.n++;
    if (submission->author != NULL) {
        submission->author->gathered++;
    }
}

/* Refused: kept in the log as far as the cap allows, else only answered. */
static void gather_refusal(struct engine *engine, struct submission *submission,
                           const struct decision *decision, const struct env *env)
{
    struct author *author = submission->author;

    submission->refusal = decision->refusal;
    submission->detail = decision->detail;
    if (author != NULL && !author_may_log_refusal(engine, author)) {
        author->refusals_uncounted++;
        submission->uncounted = true;
        author->refusals_up_to = submission->command.counter;
    } else {
        int result = encode(engine, submission, decision);
        if (result == ERR_NO_MEMORY) {
            engine_starved(engine);
            commit_put_off(engine, submission);
            return;
        }
        if (result == 0) {
            fill_header(engine, submission, env, decision->refusal);
        }
    }
    engine->numbers.refused++;
    gather(engine, submission);
}

static void gather_events(struct engine *engine, struct submission *submission,
                          const struct decision *decision, const struct env *env)
{
    int result = encode(engine, submission, decision);

    if (result == ERR_NO_MEMORY) {
        engine_starved(engine);
        commit_put_off(engine, submission);
        return;
    }
    if (result < 0) {
        struct decision too_big = {.refusal = REFUSED_TOO_MANY, .detail = "the record would be too large"};
        gather_refusal(engine, submission, &too_big, env);
        return;
    }
    fill_header(engine, submission, env, REFUSED_NOT);
    for (size_t i = 0; i < decision->events_n; i++) {
        if (evolve(engine->state, &decision->events[i]) < 0) {
            engine_fail(engine, ERR_NO_MEMORY, "out of memory for state");
            submission_free(engine, submission);
            return;
        }
    }
    if (!index_record(engine, submission, decision)) {
        engine_fail(engine, ERR_NO_MEMORY, "out of memory for the index of a record");
        submission_free(engine, submission);
        return;
    }
    gather(engine, submission);
}

/* A signature was checked when the command came; a revocation or a new key may have come between. */
static void check_key(struct engine *engine, struct submission *submission)
{
    const struct command *command = &submission->command;
    const char *name = command->signer == SIGNER_OPERATOR ? command->operator: command->agent;

    if (is_ours(submission) || !submission->verified || submission->refusal != REFUSED_NOT) {
        return;
    }
    const struct member *member = region_member(state_region(engine->state), name);
    if (member == NULL || memcmp(member->sign_key, submission->key.b, sizeof submission->key.b) != 0) {
        submission->refusal = REFUSED_SIGNATURE;
        submission->detail = "the author's key has changed meanwhile";
        submission->verified = false;
    }
}

/* What is due on a stream comes before what is said now: an answer after the deadline is late, however
 * soon after it the command came. */
static void pass_due_first(struct engine *engine, const struct submission *submission)
{
    const struct due *first = due_first(&engine->due);

    if (first == NULL || first->at_ms > engine_now(engine) || is_ours(submission) ||
        submission->refusal != REFUSED_NOT || engine_boot(engine) < engine->own_after_ms) {
        return;
    }
    for (size_t i = 0; i < submission->streams_n; i++) {
        struct stream *stream = stream_find(engine, submission->streams[i]);
        /* with rules in force each is a record of its own; there is always a place for one */
        while (stream != NULL && stream->due.at_ms != 0 && stream->due.at_ms <= engine_now(engine) &&
               commit_pass_deadlines(engine, stream) && commit_has_room(engine)) {
        }
    }
}

void commit_decide(struct engine *engine, struct submission *submission)
{
    check_key(engine, submission);
    pass_due_first(engine, submission);
    struct env env = engine_env(engine);
    struct decision decision = {.refusal = submission->refusal, .detail = submission->detail};

    if (submission->refusal == REFUSED_NOT &&
        decide(engine->state, &submission->command, &env, &submission->arena, &decision) < 0) {
        decision =
            (struct decision){.refusal = REFUSED_TOO_MANY, .detail = "this would take too much memory"};
    }
    if (submission->arena.starved) { /* ... but it is the system's that was missing */
        engine_starved(engine);
        commit_put_off(engine, submission);
        return;
    }
    if (decision.refusal != REFUSED_NOT && submission->command.signer == SIGNER_BROKER) {
        own_refused(engine, submission, &decision);
    } else if (decision.refusal != REFUSED_NOT) {
        gather_refusal(engine, submission, &decision, &env);
    } else if (decision.events_n == 0) {
        engine->numbers.unchanged++;
        if (is_ours(submission)) {
            submission_free(engine, submission);
            return;
        }
        gather(engine, submission);
    } else {
        gather_events(engine, submission, &decision, &env);
    }
}

void commit_own(struct engine *engine, const struct command *command)
{
    struct submission *submission = submission_new(engine);
    struct buf buf;

    if (submission == NULL) {
        own_fails(engine);
        return;
    }
    submission->command = *command;
    submission->command.region = engine->options.region;
    submission->command.epoch = engine->options.epoch;
    submission->command.agent = "broker";
    submission->command.operator= "";
    submission->command.cosigner = "";
    submission->command.signer = SIGNER_BROKER;
    submission->command.issued_at_ms = engine_now(engine);
    submission->verified = true;
    buf_init(&buf, FRAME_MAX);
    wire_encode_command(&submission->command, &buf);
    struct bytes bytes = buf_bytes(&buf);
    struct bytes payload = {arena_copy(&submission->arena, bytes.p, bytes.n), bytes.n};
    bool fine = !buf.failed && payload.p != NULL;
    buf_free(&buf);
    submission->signed_command.payload = payload;
    if (!fine || sign_batch(&engine->options.broker->sign, engine->rng, &submission->signed_command, 1) < 0) {
        submission_free(engine, submission);
        own_fails(engine);
        return;
    }
    commit_decide(engine, submission);
}

bool commit_pass_deadlines(struct engine *engine, struct stream *stream)
{
    const struct incident *incident =
        stream->key.kind == STREAM_INCIDENT ? state_incident(engine->state, stream->key.id) : NULL;
    char name[STREAM_NAME_MAX];
    uint64_t before = engine->next_seq;

    if (incident == NULL) {
        (void)due_set(&engine->due, &stream->due, 0);
        return true;
    }
    if (incident->reissues_n > 0) {
        return reissue_begin(engine, stream, incident);
    }
    if (incident_parts(incident) > 1 && !stream_family_ready(engine, stream->key)) {
        (void)due_set(&engine->due, &stream->due,
                      engine_now(engine) + ENGINE_RETRY_MS); /* it is being read */
        return true;
    }
    struct command command = {
        .kind = COMMAND_PASS_DEADLINES,
        .mode = incident->mode,
        .pass_deadlines = {.stream = stream_name(stream->key, name), .at_ms = stream->due.at_ms}};
    commit_own(engine, &command);
    return engine->next_seq != before;
}

/* --- speaking ------------------------------------------------------------------------------------- */

static void speak(struct engine *engine, struct submission *submission)
{
    struct reply reply = {.outcome = OUTCOME_UNCHANGED};

    if (submission->refusal != REFUSED_NOT) {
        reply.outcome = OUTCOME_REFUSED;
        reply.refusal = submission->refusal;
        reply.detail = submission->detail;
    } else if (has_record(submission)) {
        reply.outcome = OUTCOME_DONE;
    }
    if (has_record(submission)) {
        reply.seq = submission->entry.record.header.seq;
        reply.hash = submission->entry.record.hash;
    }
    intake_reply(engine, submission, &reply);
    deliver_committed(engine, submission);
    if (reply.outcome == OUTCOME_DONE &&
        (submission->command.kind == COMMAND_SET_PACK || submission->command.kind == COMMAND_DROP_PACK)) {
        lookouts_look_at_packs(engine);
    } else if (reply.outcome == OUTCOME_DONE && submission->command.kind == COMMAND_REVOKE) {
        telemetry_forget(engine, submission->command.revoke.name);
        link_forget(engine, submission->command.revoke.name);
    } else if (is_ours(submission) && submission->command.kind == COMMAND_NOTE_LOSS) {
        witness_noted(engine, &submission->command.note_loss, true);
    }
}

static void speak_all(struct engine *engine, const struct batch *batch)
{
    struct submission *submission;

    DL_FOREACH (batch->first, submission) {
        speak(engine, submission);
    }
}

/* --- the batch goes ------------------------------------------------------------------------------- */

/* False: some of the author's are left. */
static bool gather_acks_of(struct engine *engine, struct author *author)
{
    bool ready = region_is_loaded(engine) && stream_ready(engine, stream_key_agent(author->name));

    for (int lane = LANE_URGENT; lane <= LANE_MAX; lane++) {
        struct submission *ack = author->acks[lane];
        if (ack == NULL) {
            continue;
        }
        if (!ready || !commit_has_room(engine)) {
            return false;
        }
        author->acks[lane] = NULL;
        commit_decide(engine, ack);
    }
    return true;
}

/* Acks wait until a batch goes, so that at most one an agent and lane is in it. */
static void gather_acks(struct engine *engine)
{
    struct author *author, *next;

    DL_FOREACH_SAFE2 (engine->acking, author, next, acking.next) {
        if (gather_acks_of(engine, author)) {
            DL_DELETE2(engine->acking, author, acking.prev, acking.next);
            author->acking.waits = false;
        }
    }
}

/* What was gathered and has a record: how many, in the request. */
static size_t fill_entries(struct engine *engine)
{
    struct log_request *request = &engine->flight_job.request;
    struct submission *submission;
    size_t n = 0;

    if (request->entries == NULL) {
        request->entries = calloc(LOG_BATCH_MAX + 1, sizeof *request->entries);
        if (request->entries == NULL) {
            engine_fail(engine, ERR_NO_MEMORY, "out of memory for a batch");
            return 0;
        }
    }
    DL_FOREACH (engine->gather.first, submission) {
        if (has_record(submission)) {
            request->entries[n++] = submission->entry;
        }
    }
    return n;
}

static struct batch take_gathered(struct engine *engine)
{
    struct batch batch = engine->gather;

    engine->gather = (struct batch){0};
    parking_share_again(&batch);
    return batch;
}

/* What was gathered goes to the log, if there is anything to write. */
static void take_off(struct engine *engine)
{
    struct log_request *request = &engine->flight_job.request;

    gather_acks(engine);
    size_t n = engine->gather.n > 0 ? fill_entries(engine) : 0;
    if (n == 0 || engine->phase == PHASE_FAILED) {
        return;
    }
    engine->flight = take_gathered(engine);
    request->is_append = true;
    request->expected_seq = engine->head.seq;
    request->entries_n = n;
    request->owner = &engine->flight_job;
    request->result = 0;
    engine->flying = true;
    if (MUTANT(MUTANT_SPEAK_BEFORE_COMMIT)) {
        speak_all(engine, &engine->flight);
    }
    engine->io.log.submit(engine->io.log.ctx, request);
}

void commit_flush(struct engine *engine)
{
    if (engine->flying || engine->phase == PHASE_FAILED) {
        return;
    }
    take_off(engine);
    if (engine->flying || engine->phase == PHASE_FAILED || engine->gather.n == 0) {
        return;
    }
    struct batch said = take_gathered(engine); /* everything that it rested on is committed */
    speak_all(engine, &said);
    batch_free(engine, &said);
    streams_evict(engine);
}

/* --- when it is durable --------------------------------------------------------------------------- */

static void committed(struct engine *engine, const struct log_request *request)
{
    struct batch done = engine->flight;
    struct submission *submission;
    size_t i = 0;

    engine->flight = (struct batch){0};
    DL_FOREACH (done.first, submission) {
        if (has_record(submission)) {
            const struct log_record *record = &request->entries[i++].record;
            submission->entry.record = *record;
            engine->recent[record->header.seq % RECENT_HASHES] = record->hash;
        }
    }
    const struct log_record *last = &request->entries[request->entries_n - 1].record;
    engine->head.seq = last->header.seq;
    engine->head.epoch = last->header.epoch;
    engine->head.hash = last->hash;
    engine->head.bus_ms = last->header.bus_ms;
    engine->head_is_signed = false;
    if (engine->head.seq >= engine->recent_from + RECENT_HASHES) {
        engine->recent_from = engine->head.seq - RECENT_HASHES + 1;
    }
    engine->numbers.records += request->entries_n;
    engine->numbers.commits++;
    take_off(engine); /* the disk has its next work while this one is spoken of */
    if (!MUTANT(MUTANT_SPEAK_BEFORE_COMMIT)) {
        speak_all(engine, &done);
    }
    batch_free(engine, &done);
    tail_committed(engine);
    streams_evict(engine);
}

/* --- when the commit fails ------------------------------------------------------------------------ */

static void forget(struct engine *engine, const struct submission *submission)
{
    for (size_t i = 0; i < submission->entry.index_n; i++) {
        const struct log_index *index = &submission->entry.index[i];
        if (index->op == LOG_TOUCH && !MUTANT(MUTANT_FORGET_EVICT)) {
            stream_reload(engine, stream_key_parse(index->name));
        }
    }
}

/* Those that wait are given back, too: a later counter must not be taken while an earlier one is open again.
 * Then nobody waits for the streams that go. */
static void take_all_back(struct engine *engine, enum refusal refusal)
{
    struct submission *submission;

    DL_FOREACH (engine->flight.first, submission) {
        give_back(engine, submission, refusal);
    }
    DL_FOREACH (engine->gather.first, submission) {
        give_back(engine, submission, refusal);
    }
    DL_FOREACH (engine->parked, submission) {
        give_back(engine, submission, refusal);
    }
    parking_clear(engine);
    DL_FOREACH (engine->flight.first, submission) {
        forget(engine, submission);
    }
    DL_FOREACH (engine->gather.first, submission) {
        forget(engine, submission);
    }
    parking_share_again(&engine->gather);
    batch_free(engine, &engine->flight);
    batch_free(engine, &engine->gather);
    engine->next_seq = engine->head.seq + 1;
    engine->own_after_ms = engine_boot(engine) + ENGINE_RETRY_MS;
    lookouts_again(engine);
    warnings_again(engine);
    streams_evict(engine);
}

void commit_done(struct engine *engine, struct job *job)
{
    const struct log_request *request = &job->request;

    engine->flying = false;
    if (engine->phase == PHASE_FAILED) {
        return;
    }
    if (request->result == 0) {
        committed(engine, request);
    } else if (request->result == ERR_DISK_FULL && engine->phase >= PHASE_SERVICE) {
        room_ended(engine, request->err.text);
        take_all_back(engine, REFUSED_DISK);
    } else {
        engine_fail(engine, request->result, "the log cannot be written: %s", request->err.text);
    }
}
