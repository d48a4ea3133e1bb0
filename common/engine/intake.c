/* Commands as they come in: whose they are, whether the signature holds, whether the counter is new; then
 * they wait until what they name is loaded. */
#include <stdlib.h>
#include <string.h>

#include "common/base/mutant.h"
#include "common/engine/engine_private.h"

/* With the first chunks of their arenas: what an order takes is asked of the system once. */
enum { SPARE_SUBMISSIONS_MAX = 512 };

struct submission *submission_new(struct engine *engine)
{
    struct submission *submission = engine->spare;

    if (submission != NULL) {
        LL_DELETE(engine->spare, submission);
        engine->spare_n--;
        *submission = (struct submission){.arena = submission->arena};
    } else {
        submission = calloc(1, sizeof *submission);
        if (submission == NULL) {
            return NULL;
        }
        arena_init(&submission->arena, ARENA_PER_FRAME);
    }
    submission->detail = "";
    return submission;
}

void submission_free(struct engine *engine, struct submission *submission)
{
    if (submission == NULL) {
        return;
    }
    if (submission->under_way) {
        submission->author->under_way--;
    }
    if (engine->spare_n < SPARE_SUBMISSIONS_MAX) {
        arena_reset(&submission->arena);
        submission->arena.budget = ARENA_PER_FRAME;
        LL_PREPEND(engine->spare, submission);
        engine->spare_n++;
        return;
    }
    arena_free(&submission->arena);
    free(submission);
}

void submissions_free(struct engine *engine)
{
    while (engine->spare != NULL) {
        struct submission *submission = engine->spare;
        LL_DELETE(engine->spare, submission);
        arena_free(&submission->arena);
        free(submission);
    }
}

/* --- authors -------------------------------------------------------------------------------------- */

struct author *author_find(struct engine *engine, const char *name)
{
    struct author *author;

    HASH_FIND_STR(engine->authors, name, author);
    return author;
}

struct author *author_make(struct engine *engine, const char *name)
{
    struct author *author = author_find(engine, name);

    if (author != NULL) {
        return author;
    }
    author = calloc(1, sizeof *author);
    if (author != NULL && strlen(name) < sizeof author->name) {
        memcpy(author->name, name, strlen(name) + 1);
        author->refusals_left = ENGINE_REFUSALS_BURST;
        author->refusals_at_ms = engine_boot(engine);
        HASH_ADD_STR(engine->authors, name, author);
        if (author->hh.tbl != NULL) {
            return author;
        }
    }
    free(author);
    engine_fail(engine, ERR_NO_MEMORY, "out of memory for %s", name);
    return NULL;
}

/* A flood of refusals must not eat the disk: beyond a burst they are counted. */
bool author_may_log_refusal(struct engine *engine, struct author *author)
{
    int64_t boot = engine_boot(engine);
    int64_t refills = (boot - author->refusals_at_ms) / ENGINE_REFUSALS_REFILL_MS;

    if (refills > 0) {
        int64_t left = (int64_t)author->refusals_left + refills;
        author->refusals_left = left < ENGINE_REFUSALS_BURST ? (uint32_t)left : ENGINE_REFUSALS_BURST;
        author->refusals_at_ms += refills * ENGINE_REFUSALS_REFILL_MS;
    }
    if (author->refusals_left == 0 || MUTANT(MUTANT_REFUSAL_UNLOGGED)) {
        return false;
    }
    author->refusals_left--;
    return true;
}

/* --- replies -------------------------------------------------------------------------------------- */

void intake_reply(struct engine *engine, struct submission *submission, const struct reply *reply)
{
    struct envelope envelope = {.kind = ENVELOPE_REPLY, .reply = *reply};

    if (submission->author == NULL) {
        return; /* our own */
    }
    if (submission->command.kind == COMMAND_ACK) {
        envelope.reply.ack_lane = submission->command.ack.lane;
    }
    link_heard(engine, submission, reply);
    envelope.reply.counter = submission->command.counter;
    if (envelope.reply.detail == NULL) {
        envelope.reply.detail = "";
    }
    if (engine_send(engine, submission->peer, &envelope) < 0) {
        struct session *session = session_of(engine, submission->peer);

        if (session != NULL) {
            session->deaf = true; /* it says Hello again, and then what has no Reply */
        }
    }
}

/* Refused without a record: the mark is not moved by it. */
static void turn_away(struct engine *engine, struct submission *submission, enum refusal refusal,
                      const char *detail)
{
    struct reply reply = {.outcome = OUTCOME_REFUSED, .refusal = refusal, .detail = detail};

    if (refusal == REFUSED_BUSY || refusal == REFUSED_DISK) {
        reply.retry_ms = ENGINE_RETRY_MS;
    }
    intake_reply(engine, submission, &reply);
    submission_free(engine, submission);
}

/* Others of its author go before it. Under the pace it is told to come again when it is its turn. Else all
 * are told one moment, whenever they ask: so they come in the order in which their author says them, and one
 * such moment or two are the end of waiting. */
static void wait_its_turn(struct engine *engine, struct submission *submission, const char *detail)
{
    struct reply reply = {.outcome = OUTCOME_REFUSED, .refusal = REFUSED_BUSY, .detail = detail};
    uint64_t ahead = submission->command.counter - submission->author->hold.from;

    if (pace_holds(engine, submission->author)) {
        reply.retry_ms =
            ENGINE_PACE_RETRY_MS + (uint32_t)(ahead < ENGINE_PACE_AHEAD_MAX ? ahead : ENGINE_PACE_AHEAD_MAX);
    } else {
        reply.retry_ms = ENGINE_PACE_RETRY_MS - (uint32_t)(engine_boot(engine) % ENGINE_PACE_RETRY_MS);
    }
    intake_reply(engine, submission, &reply);
    submission_free(engine, submission);
}

static void note_gone(struct author *author, uint64_t counter)
{
    if (author->gone == NULL) {
        author->gone = calloc(ENGINE_GONE, sizeof *author->gone);
    }
    if (author->gone != NULL) {
        author->gone[author->gone_n++ % ENGINE_GONE] = counter;
    }
}

/* Asked again, because its Reply was lost: it is as gone as before, whatever was taken since. */
static bool is_gone(const struct author *author, uint64_t counter)
{
    size_t n = author->gone_n < ENGINE_GONE ? author->gone_n : ENGINE_GONE;

    for (size_t i = 0; i < n; i++) {
        if (author->gone[i] == counter) {
            return true;
        }
    }
    return false;
}

static void say_gone(struct engine *engine, struct submission *submission)
{
    struct reply reply = {.outcome = OUTCOME_REFUSED,
                          .refusal = REFUSED_DISK,
                          .detail = "the disk is full: only reports, recalls, evacuations, receipts and "
                                    "units are taken; say it again when there is space"};

    intake_reply(engine, submission, &reply);
    submission_free(engine, submission);
}

/* On a full disk: an order that goes out by itself when somebody has made space, minutes or hours later, is
 * none that anybody gave then. Whoever gave it is told, and may give it again. */
static void refuse_for_good(struct engine *engine, struct submission *submission)
{
    /* Nothing before it may come back once it is settled: who is told to come again is waited for. */
    if (submission->author->under_way > 0) {
        hold_note(engine, submission->author, submission->command.counter);
        turn_away(engine, submission, REFUSED_BUSY, "an earlier command is still under way");
        return;
    }
    note_gone(submission->author, submission->command.counter);
    say_gone(engine, submission);
}

/* The system has no memory for what was said: it comes again. An Ack does so by itself. */
static void put_off(struct engine *engine, struct session *session, const struct signed_command *said)
{
    uint64_t counter = wire_peek_counter(said->payload);
    struct envelope envelope = {.kind = ENVELOPE_REPLY,
                                .reply = {.counter = counter,
                                          .outcome = OUTCOME_REFUSED,
                                          .refusal = REFUSED_BUSY,
                                          .detail = "out of memory",
                                          .retry_ms = ENGINE_RETRY_MS}};

    engine_starved(engine);
    if (counter != 0) {
        hold_note(engine, session->author, counter);
        session->deaf = session->deaf || engine_send(engine, session->peer, &envelope) < 0;
    }
}

/* --- an old counter ------------------------------------------------------------------------------- */

static bool same_bytes(const struct submission *a, const struct submission *b)
{
    struct bytes x = a->signed_command.payload;
    struct bytes y = b->signed_command.payload;

    return x.n == y.n && memcmp(x.p, y.p, x.n) == 0;
}

static struct submission *find_counter(struct submission *list, const struct submission *like)
{
    struct submission *submission;

    DL_FOREACH (list, submission) {
        if (submission->author == like->author && submission->verified &&
            submission->command.kind != COMMAND_ACK && submission->command.counter == like->command.counter) {
            return submission;
        }
    }
    return NULL;
}

static void conflict(struct engine *engine, struct submission *submission, struct bytes recorded)
{
    char hash[2 * HASH_BYTES + 1];
    struct hash theirs = hash_bytes(recorded.p, recorded.n);

    submission->refusal = REFUSED_CONFLICT;
    submission->detail = arena_printf(
        &submission->arena, "counter %llu is taken by a command with hash %.16s...",
        (unsigned long long)submission->command.counter, hex_format(theirs.b, sizeof theirs.b, hash));
    if (submission->detail == NULL) {
        submission->detail = "";
    }
    submission->verified = false; /* its record must not bear the counter, which is another's */
    parking_enter(engine, submission);
}

/* The same bytes get the recorded answer, other bytes a conflict, no record at all: stale. */
static void old_answered(struct engine *engine, struct job *job)
{
    struct submission *submission = job->submission;
    const struct log_answer *answer = &job->request.answer;
    struct record record;
    struct err err;

    job->submission = NULL;
    if (answer->rows_n == 0) {
        turn_away(engine, submission, REFUSED_STALE, "no record bears this counter");
        return;
    }
    const struct log_record *row = &answer->rows[0].record;
    int decoded =
        row->redacted ? ERR_NOT_FOUND : wire_decode_record(row->payload, &submission->arena, &record, &err);
    if (submission->arena.starved) {
        engine_starved(engine);
        turn_away(engine, submission, REFUSED_BUSY, "out of memory");
        return;
    }
    if (decoded < 0) {
        turn_away(engine, submission, REFUSED_STALE,
                  "the record of this counter cannot be compared any more");
        return;
    }
    struct bytes recorded = record.signed_command.payload;
    struct bytes said = submission->signed_command.payload;
    if (recorded.n != said.n || memcmp(recorded.p, said.p, said.n) != 0) {
        conflict(engine, submission, recorded);
        return;
    }
    struct reply reply = {.outcome = record.refusal == REFUSED_NOT ? OUTCOME_DONE : OUTCOME_REFUSED,
                          .seq = row->header.seq,
                          .hash = row->hash,
                          .refusal = record.refusal,
                          .detail = record.detail};
    intake_reply(engine, submission, &reply);
    submission_free(engine, submission);
}

static void old_counter(struct engine *engine, struct submission *submission)
{
    struct submission *pending = find_counter(engine->parked, submission);

    pending = pending != NULL ? pending : find_counter(engine->gather.first, submission);
    pending = pending != NULL ? pending : find_counter(engine->flight.first, submission);
    if (pending != NULL) {
        if (same_bytes(pending, submission)) {
            pending->peer = submission->peer; /* the answer goes where it was asked last */
            submission_free(engine, submission);
        } else {
            conflict(engine, submission, pending->signed_command.payload);
        }
        return;
    }
    struct job *job = engine->jobs_under_way < ENGINE_PARKED_MAX ? job_new(old_answered) : NULL;
    if (job == NULL) {
        turn_away(engine, submission, REFUSED_BUSY, "too much is waiting");
        return;
    }
    memcpy(job->name, submission->author->name, strlen(submission->author->name) + 1);
    job->request.query = (struct log_query){.question = LOG_Q_COMMAND, .number = submission->command.counter};
    job->submission = submission;
    job_submit(engine, job);
}

/* --- signatures ----------------------------------------------------------------------------------- */

static bool signature_holds(struct author *author, const struct member *member,
                            const struct signed_command *said, struct hash *ret_root)
{
    struct public_key key;

    memcpy(key.b, member->sign_key, sizeof key.b);
    if (said->batch_size > 1 && author->proof == NULL) { /* none for who never sends a batch */
        author->proof = calloc(1, sizeof *author->proof);
    }
    return signed_holds(author->proof, &key, said, ret_root);
}

static void refuse(struct submission *submission, enum refusal refusal, const char *detail)
{
    submission->refusal = refusal;
    submission->detail = detail;
}

static void verify(struct engine *engine, struct submission *submission)
{
    const struct region *region = state_region(engine->state);
    const struct signed_command *said = &submission->signed_command;
    struct command *command = &submission->command;
    bool by_operator = command->operator[0] != '\0';
    const struct member *member = region_member(region, by_operator ? command->operator: command->agent);
    struct hash root;

    if (member == NULL || member->revoked || member->is_operator != by_operator) {
        refuse(submission, REFUSED_IDENTITY, by_operator ? "the operator is not enrolled" : "not enrolled");
        return;
    }
    if (!signature_holds(submission->author, member, said, &root)) {
        refuse(submission, REFUSED_SIGNATURE, "the author's signature is not over these bytes");
        return;
    }
    command->signer = by_operator ? SIGNER_OPERATOR : SIGNER_AGENT;
    command->cosigner = "";
    if (said->signatures_n > 1) {
        const struct wire_signature *second = &said->signatures[1];
        const struct member *cosigner = region_member(region, second->signer);
        struct public_key key;
        if (cosigner == NULL || cosigner->revoked || !cosigner->is_operator) {
            refuse(submission, REFUSED_IDENTITY, "the second signer is not enrolled");
            return;
        }
        memcpy(key.b, cosigner->sign_key, sizeof key.b);
        if (!sign_verify_root(&key, &second->signature, root)) {
            refuse(submission, REFUSED_SIGNATURE, "the second signature is not over these bytes");
            return;
        }
        command->cosigner = cosigner->name;
    }
    memcpy(submission->key.b, member->sign_key, sizeof submission->key.b);
    submission->verified = true;
    if (command->kind == COMMAND_PASS_DEADLINES || command->kind == COMMAND_REISSUE_ORDER) {
        /* before it makes us load streams of its choice */
        refuse(submission, REFUSED_RIGHT, "this is the broker's own, not for agents and operators");
    } else if (command->kind == COMMAND_TELL_RECORD && !tell_is_vouched(engine, &command->tell_record)) {
        refuse(submission, REFUSED_SIGNATURE, "its region's broker did not sign the record");
    } else if (command->kind == COMMAND_CARRY_RECORD && !tell_carried_holds(engine, &command->carry_record)) {
        refuse(submission, REFUSED_SIGNATURE, "it is not signed by a broker that is enrolled here");
    }
}

/* --- intake --------------------------------------------------------------------------------------- */

/* Copies what a frame said, which goes, into the submission's arena, which stays. */
static bool keep(struct submission *submission, const struct signed_command *said)
{
    struct signed_command *kept = &submission->signed_command;

    *kept = *said;
    kept->payload.p = arena_copy(&submission->arena, said->payload.p, said->payload.n);
    bool fine = kept->payload.p != NULL;
    for (size_t i = 0; i < kept->signatures_n; i++) {
        kept->signatures[i].signer = arena_strdup(&submission->arena, said->signatures[i].signer);
        fine = fine && kept->signatures[i].signer != NULL;
    }
    return fine;
}

/* A witness that saw another log must be heard now, not by an analyst a year later. */
static bool witness_agrees(const struct engine *engine, const struct ack *ack)
{
    static const uint8_t no_claim[sizeof ack->head_hash];

    if (ack->head_seq < engine->recent_from || memcmp(ack->head_hash, no_claim, sizeof no_claim) == 0) {
        return true;
    }
    return memcmp(engine->recent[ack->head_seq % RECENT_HASHES].b, ack->head_hash, sizeof ack->head_hash) ==
           0;
}

static void keep_ack(struct engine *engine, struct submission *submission)
{
    struct author *author = submission->author;
    const struct ack *ack = &submission->command.ack;
    enum lane lane = ack->lane;

    if (submission->refusal == REFUSED_NOT &&
        (lane < LANE_URGENT || lane > LANE_MAX || ack->up_to_seq > engine->head.seq ||
         ack->head_seq > engine->head.seq)) {
        refuse(submission, REFUSED_INVALID, "ack: beyond what was ever sent");
    } else if (submission->refusal == REFUSED_NOT && !witness_agrees(engine, ack)) {
        refuse(submission, REFUSED_INVALID, "ack: this log has another hash at head_seq");
    }
    if (submission->refusal != REFUSED_NOT) {
        parking_enter(engine, submission);
        return;
    }
    struct submission *older = author->acks[lane];
    if (older != NULL && older->command.ack.up_to_seq > ack->up_to_seq) {
        author->acks[lane] = submission;
        submission = older;
        older = author->acks[lane];
    }
    author->acks[lane] = submission;
    if (!author->acking.waits) {
        author->acking.waits = true;
        DL_APPEND2(engine->acking, author, acking.prev, acking.next);
    }
    if (older != NULL) { /* the newer one says it too */
        struct reply reply = {.outcome = OUTCOME_UNCHANGED};
        intake_reply(engine, older, &reply);
        submission_free(engine, older);
    }
}

void intake_submit(struct engine *engine, struct session *session, const struct signed_command *said)
{
    struct submission *submission = submission_new(engine);
    struct err err = {0};

    if (submission == NULL) {
        put_off(engine, session, said);
        return;
    }
    submission->author = session->author;
    submission->peer = session->peer;
    submission->link_epoch = session->link != NULL ? session->link->epoch : 0;
    submission->command.cosigner = "";
    if (!keep(submission, said)) {
        put_off(engine, session, said);
        submission_free(engine, submission);
        return;
    }
    if (engine->fenced) {
        (void)wire_decode_command(said->payload, &submission->arena, &submission->command, NULL);
        turn_away(engine, submission, REFUSED_FENCED,
                  "nothing is taken until the newer log is back; if it is gone for good, start musterd once "
                  "with --recover");
        return;
    }
    int decoded = wire_decode_command(submission->signed_command.payload, &submission->arena,
                                      &submission->command, &err);
    if (submission->arena.starved) {
        put_off(engine, session, said);
        submission_free(engine, submission);
        return;
    }
    if (decoded < 0) {
        submission->command = (struct command){
            .agent = "", .cosigner = "", .counter = wire_peek_counter(submission->signed_command.payload)};
    }
    bool is_ack = submission->command.kind == COMMAND_ACK;
    if (!is_ack) {
        pace_note(engine, session->author);
    }
    if (engine->parked_n >= ENGINE_PARKED_MAX || engine->parked_bytes >= ENGINE_PARKED_BYTES_MAX ||
        session->author->parked >= ENGINE_PARKED_MAX - ENGINE_PARKED_KEPT || !region_is_loaded(engine)) {
        if (decoded == 0 && submission->command.counter != 0) {
            hold_note(engine, submission->author, submission->command.counter);
        }
        turn_away(engine, submission, REFUSED_BUSY, "too much is waiting");
        return;
    }
    if (decoded < 0) {
        const char *why = arena_strdup(&submission->arena, err.text);
        refuse(submission, REFUSED_INVALID, why != NULL ? why : "");
        parking_enter(engine, submission);
        return;
    }
    submission->command.cosigner = "";
    if (strcmp(submission->command.agent, session->author->name) != 0) {
        refuse(submission, REFUSED_IDENTITY, "the command names another agent than the one who sends it");
        parking_enter(engine, submission);
        return;
    }
    if (is_ack != (submission->command.counter == 0)) {
        refuse(submission, REFUSED_INVALID, "a counter is needed in all but an Ack");
        parking_enter(engine, submission);
        return;
    }
    if (!is_ack && is_gone(session->author, submission->command.counter)) {
        say_gone(engine, submission);
        return;
    }
    if (!is_ack && submission->command.counter <= session->author->mark && !MUTANT(MUTANT_SKIP_COUNTER)) {
        old_counter(engine, submission);
        return;
    }
    if (!is_ack && !MUTANT(MUTANT_OVERTAKE) &&
        hold_waits(engine, session->author, submission->command.counter)) {
        wait_its_turn(engine, submission, "an earlier command is still to come");
        return;
    }
    if (!is_ack && !pace_take(engine, session->author, submission->command.kind)) {
        hold_note(engine, submission->author, submission->command.counter);
        wait_its_turn(engine, submission, "so much at once, while others speak");
        return;
    }
    if (!room_for(engine, submission->command.kind)) {
        refuse_for_good(engine, submission);
        return;
    }
    verify(engine, submission);
    if (is_ack) {
        keep_ack(engine, submission);
        return;
    }
    if ((submission->verified || MUTANT(MUTANT_UNVERIFIED_MARK)) &&
        submission->command.counter > session->author->mark) {
        session->author->mark = submission->command.counter;
    }
    if (MUTANT(MUTANT_HEAR_EARLY)) {
        link_heard(engine, submission, &(struct reply){.outcome = OUTCOME_DONE});
    }
    parking_enter(engine, submission);
}
