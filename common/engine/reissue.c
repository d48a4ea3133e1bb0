/* An order that nobody answered goes to the next agency when a rule says so. State says that it is to, and so
 * it is due at once, after a restart too. Its words are in the log: they are read there, as they were signed,
 * and said again in a command of the broker's own, which names whose units are to be looked at. As long as
 * the log is asked the incident rests: what else of it is due waits those milliseconds. */
#include <string.h>

#include "common/base/mutant.h"
#include "common/engine/engine_private.h"

/* --- how it was said ------------------------------------------------------------------------------ */

static bool issues(const struct record *record, struct id order)
{
    for (size_t i = 0; i < record->events_n; i++) {
        if (record->events[i].kind == EVENT_ORDER_ISSUED && id_equal(record->events[i].order, order)) {
            return true;
        }
    }
    return false;
}

static bool keep_said(struct arena *arena, const struct signed_command *said, struct bytes *ret)
{
    struct buf buf;

    buf_init(&buf, SAID_AGAIN_MAX);
    wire_encode_signed(said, &buf);
    struct bytes bytes = buf_bytes(&buf);
    bool fine = !buf.failed; /* else it is longer than what can be said again */
    *ret = (struct bytes){fine ? arena_copy(arena, bytes.p, bytes.n) : NULL, bytes.n};
    buf_free(&buf);
    return ret->p != NULL;
}

/* As a person gave it: a record that issued it in another's place holds that one's words. */
static void find_said(const struct log_answer *answer, struct arena *arena, struct reissue_order *ret)
{
    for (size_t i = 0; i < answer->rows_n; i++) {
        const struct log_record *row = &answer->rows[i].record;
        struct record record;
        struct command command;
        if (row->redacted || wire_decode_record(row->payload, arena, &record, NULL) != 0 ||
            !issues(&record, ret->order) ||
            wire_decode_command(record.signed_command.payload, arena, &command, NULL) != 0) {
            continue;
        }
        if (command.kind == COMMAND_REISSUE_ORDER) {
            ret->said = command.reissue_order.said;
            ret->said_seq = command.reissue_order.said_seq;
            ret->said_order = command.reissue_order.said_order;
        } else if (command.kind == COMMAND_ISSUE_ORDERS &&
                   keep_said(arena, &record.signed_command, &ret->said)) {
            ret->said_seq = row->header.seq;
            ret->said_order = ret->order;
        }
        return;
    }
}

/* --- whose units are looked at -------------------------------------------------------------------- */

/* Who is connected goes before who is not, and those of the agency that was asked before others. */
static unsigned rank_of(struct engine *engine, const char *name, const char *agency)
{
    const struct author *author = author_find(engine, name);
    char theirs[NAME_MAX_BYTES + 1];
    bool is_there = author != NULL && author->taker != NULL;
    bool is_theirs = name_agency(name, theirs) && strcmp(theirs, agency) == 0;

    return (is_there ? 0U : 2U) + (is_theirs ? 0U : 1U);
}

static bool name_candidates(struct engine *engine, const struct incident *incident, const struct order *order,
                            struct arena *arena, struct words *ret)
{
    enum { RANKS = 4 };
    const struct region *region = state_region(engine->state);
    const char **at = arena_array(arena, const char *, CANDIDATES_MAX);
    char agency[NAME_MAX_BYTES + 1] = "";
    size_t n = 0;

    (void)name_agency(order->addressee, agency);
    for (unsigned rank = 0; at != NULL && rank < RANKS; rank++) {
        for (size_t i = 0; i < region->members_n && n < CANDIDATES_MAX; i++) {
            const struct member *member = &region->members[i];
            if (member_takes_orders(member) && rank_of(engine, member->name, agency) == rank &&
                !incident_has_asked(incident, order, member->name)) {
                at[n++] = member->name;
            }
        }
    }
    *ret = (struct words){at, n};
    return at != NULL;
}

/* --- saying it again ------------------------------------------------------------------------------ */

/* False: not yet; what is not at hand is being loaded. */
static bool are_loaded(struct engine *engine, const struct command *command)
{
    struct stream_key keys[STREAMS_PER_COMMAND_MAX];
    size_t n = command_streams(command, keys);
    bool ready = true;

    for (size_t i = 0; i < n; i++) {
        ready = stream_ready(engine, keys[i]) && ready;
    }
    return ready;
}

/* The same whenever it is begun again, so that its stream is loaded once; and nobody can take it before. */
static struct id new_id(const struct engine *engine, const struct reissue *reissue)
{
    uint8_t from[sizeof engine->hash_key + sizeof reissue->order];
    struct hash hash;

    memcpy(from, &engine->hash_key, sizeof engine->hash_key);
    memcpy(from + sizeof engine->hash_key, &reissue->order, sizeof reissue->order);
    hash = hash_bytes(from, sizeof from);
    return id_make(MUTANT(MUTANT_REISSUE_TWICE) ? engine_now(engine) : reissue->at_ms, hash.b);
}

static bool is_service(struct engine *engine)
{
    return engine->phase == PHASE_SERVICE && !engine->fenced && engine_boot(engine) >= engine->own_after_ms &&
           region_is_loaded(engine) && commit_has_room(engine);
}

/* Whatever is not done now is due still, and begun again. */
static void say_again(struct engine *engine, struct job *job, const struct incident *incident,
                      const struct order *order)
{
    struct arena *arena = &job->request.arena;
    struct command command = {
        .kind = COMMAND_REISSUE_ORDER,
        .mode = incident->mode,
        .reissue_order = {.incident = incident->id,
                          .order = order->id,
                          .said_order = order->id,
                          .new_order = new_id(engine, incident_reissue(incident, order->id))}};

    find_said(&job->request.answer, arena, &command.reissue_order);
    if (!name_candidates(engine, incident, order, arena, &command.reissue_order.agents) ||
        !are_loaded(engine, &command)) {
        return;
    }
    commit_own(engine, &command); /* after which the order may stand elsewhere */
    if (incident_reissue(incident, job->order) == NULL || MUTANT(MUTANT_REISSUE_TWICE)) {
        return;
    }
    /* It does not fit a record, and never will: then nobody gets it, which rules are told. */
    command.reissue_order.said.n = 0;
    commit_own(engine, &command);
    if (incident_reissue(incident, job->order) != NULL) { /* no memory: not at once again */
        engine->own_after_ms = engine_boot(engine) + ENGINE_RETRY_MS;
    }
}

static void words_answered(struct engine *engine, struct job *job)
{
    struct stream *stream = stream_find(engine, stream_key_incident(job->incident));

    if (stream == NULL || !stream->rests) {
        return; /* a commit has failed: it was read again, and is due */
    }
    stream_rest(engine, stream, false);
    const struct incident *incident = state_incident(engine->state, job->incident);
    const struct order *order = incident != NULL && incident_reissue(incident, job->order) != NULL
                                    ? incident_order(incident, job->order)
                                    : NULL;
    bool is_young = job->request.answer.rows_n == 0 && stream->last_seq > engine->head.seq;
    if (order != NULL && !is_young && is_service(engine)) {
        say_again(engine, job, incident, order);
    }
}

bool reissue_begin(struct engine *engine, struct stream *stream, const struct incident *incident)
{
    struct job *job = job_new(words_answered);

    if (job == NULL) {
        return false;
    }
    job->incident = incident->id;
    job->order = incident->reissues[0].order;
    (void)stream_of_order(job->order, job->name);
    job->request.query = (struct log_query){.question = LOG_Q_STREAM};
    stream_rest(engine, stream, true);
    job_submit(engine, job);
    return true;
}
