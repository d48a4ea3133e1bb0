/* What agents have seen of the log: the heads that they bring with Hello, signed by this broker. One that is
 * not in this log proves that records are missing. Of this epoch, or a later one: the broker fences itself.
 * Of an epoch that a person's word has ended (a recovery): what it proves is written down, once. */
#include <stdlib.h>
#include <string.h>

#include "common/engine/engine_private.h"

static bool is_proved(struct engine *engine, const struct session *session)
{
    const struct signed_head *seen = &session->seen;

    if (signed_head_verify(&engine->broker_key, seen)) {
        return true;
    }
    if (!session->author->unproved) { /* once is enough: it may say Hello as often as it likes */
        session->author->unproved = true;
        engine_note(engine, LOG_LEVEL_WARNING, "%s claims to have seen seq %llu, unproved: ignored",
                    session->author->name, (unsigned long long)seen->seq);
    }
    return false;
}

static void fence(struct engine *engine, const struct session *session, const char *why)
{
    const struct signed_head *seen = &session->seen;

    if (!engine->fenced) {
        engine->fenced = true;
        engine_note(
            engine, LOG_LEVEL_ERROR,
            "fenced: %s has seen seq %llu of epoch %llu, signed by this broker; this log %sends at "
            "%llu of epoch %llu: records are missing, nothing is taken until the newer log is back; if "
            "it is gone for good, see --recover",
            session->author->name, (unsigned long long)seen->seq, (unsigned long long)seen->epoch, why,
            (unsigned long long)engine->head.seq, (unsigned long long)engine->options.epoch);
    }
}

/* A recovery has ended the epoch in which the head was signed. */
static bool is_given_up(const struct engine *engine, const struct signed_head *seen)
{
    const struct region *region = state_region(engine->state);

    return seen->epoch < engine->options.epoch && seen->epoch <= region->recovered_epoch;
}

/* This log does not hold the head. */
static void not_here(struct engine *engine, struct session *session, const char *why)
{
    if (!is_proved(engine, session)) {
        session->seen.present = false;
    } else if (is_given_up(engine, &session->seen)) {
        session->lost = true;
    } else {
        fence(engine, session, why);
        session->seen.present = false;
    }
}

static void record_answered(struct engine *engine, struct job *job)
{
    struct author *author = author_find(engine, job->name);
    struct session *session = session_by_serial(engine, job->peer, job->serial);
    const struct log_answer *answer = &job->request.answer;

    /* Without the region nobody knows which epochs were given up: it is asked again. */
    if (session != NULL && session->seen.present && region_is_loaded(engine)) {
        if (answer->rows_n == 0 || answer->rows[0].record.header.seq != session->seen.seq ||
            !hash_equal(answer->rows[0].record.hash, session->seen.hash)) {
            not_here(engine, session, "holds another record there and ");
        } else {
            session->seen.present = false;
        }
    }
    if (author != NULL) {
        author->checking = false;
        session_welcome_all(engine, author); /* one of its sessions after the other */
    }
}

/* One at a time for an author, however often it says Hello. */
static void ask_record(struct engine *engine, struct session *session)
{
    struct author *author = session->author;
    struct job *job;

    if (author->checking) {
        return;
    }
    job = job_new(record_answered);
    if (job == NULL) {
        engine_fail(engine, ERR_NO_MEMORY, "out of memory for %s", author->name);
        return;
    }
    author->checking = true;
    memcpy(job->name, author->name, strlen(author->name) + 1);
    job->peer = session->peer;
    job->serial = session->serial;
    job->request.query =
        (struct log_query){.question = LOG_Q_RANGE, .after = session->seen.seq - 1, .records_max = 1};
    job_submit(engine, job);
}

/* Looks for the head in the log, even if other records stand there by now. False: the log is asked. */
static bool look(struct engine *engine, struct session *session)
{
    const struct signed_head *seen = &session->seen;
    const struct hash *held;

    if (seen->epoch > engine->options.epoch || seen->seq > engine->head.seq) {
        not_here(engine, session, "");
        return true;
    }
    if (seen->seq == 0) {
        session->seen.present = false;
        return true;
    }
    if (seen->seq == engine->head.seq) {
        held = &engine->head.hash;
    } else if (seen->seq >= engine->recent_from) {
        held = &engine->recent[seen->seq % RECENT_HASHES];
    } else {
        ask_record(engine, session);
        return false;
    }
    if (hash_equal(seen->hash, *held)) {
        session->seen.present = false;
    } else {
        not_here(engine, session, "holds another record there and ");
    }
    return true;
}

/* --- what is lost is written down ------------------------------------------------------------------ */

static bool is_noted(const struct engine *engine, const struct session *session)
{
    const struct agent *agent = state_agent(engine->state, session->author->name);
    const struct signed_head *seen = &session->seen;

    return agent != NULL && (agent->lost_epoch > seen->epoch ||
                             (agent->lost_epoch == seen->epoch && agent->lost_seq >= seen->seq));
}

static bool may_note(struct engine *engine, const struct session *session)
{
    return engine_boot(engine) >= engine->own_after_ms && commit_has_room(engine) &&
           region_is_loaded(engine) && stream_ready(engine, stream_key_agent(session->author->name));
}

/* True: it is written down, or cannot be for some time, for which its agent is not to wait. */
static bool note_loss(struct engine *engine, struct session *session)
{
    const struct signed_head *seen = &session->seen;
    uint64_t before = engine->next_seq;

    if (engine->fenced || engine->disk_low) {
        return true;
    }
    if (!may_note(engine, session)) {
        return false;
    }
    if (!is_noted(engine, session)) {
        struct command command = {
            .kind = COMMAND_NOTE_LOSS,
            .mode = MODE_ACTUAL,
            .note_loss = {.agent = session->author->name, .epoch = seen->epoch, .seq = seen->seq}};
        memcpy(command.note_loss.hash, seen->hash.b, sizeof command.note_loss.hash);
        memcpy(command.note_loss.signature, seen->signature.b, sizeof command.note_loss.signature);
        commit_own(engine, &command);
        if (engine->next_seq != before) {
            session->author->noting = true;
            engine_note(engine, LOG_LEVEL_WARNING,
                        "lost: %s has seen seq %llu of epoch %llu, which this log does not hold since it was "
                        "recovered; written down",
                        session->author->name, (unsigned long long)seen->seq,
                        (unsigned long long)seen->epoch);
        }
        return false;
    }
    session->seen.present = false;
    session->lost = false;
    return true;
}

bool witness_is_heard(struct engine *engine, struct session *session)
{
    if (!session->seen.present) {
        return true;
    }
    if (session->author->noting || !region_is_loaded(engine)) {
        return false;
    }
    if (!session->lost && !look(engine, session)) {
        return false;
    }
    return !session->lost || note_loss(engine, session);
}

void witness_noted(struct engine *engine, const struct note_loss *noted, bool is_kept)
{
    struct author *author = author_find(engine, noted->agent);

    if (author != NULL) {
        author->noting = false;
        if (is_kept) { /* else the next sweep tries again, when state and log are one again */
            session_welcome_all(engine, author);
        }
    }
}
