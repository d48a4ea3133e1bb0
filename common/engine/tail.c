/* One way out, second half: readers who follow the log through a filter. Everything is read from the log,
 * in pieces that credit pays for, so a slow reader delays nobody. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/mutant.h"
#include "common/engine/engine_private.h"
#include "common/log/log_chain.h"

enum {
    TAIL_NAMES_MAX = 1 << 20,
    DETAIL_MAX = 96,
    DAMAGE_SAY_MS = 60 * 1000, /* readers ask again and again */
    READ_COST = 8              /* of a read, in rows: many streams have one or two */
};

void tail_clear(struct engine *engine, struct session *session)
{
    if (session->tail.filter != TAIL_NONE) {
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it stands in the list */
        DL_DELETE2(engine->tails, session, tail.prev, tail.next);
    }
    free(session->tail.names);
    told_log_free(session->tail.told_log);
    session->tail = (struct tail_state){.serial = session->tail.serial,
                                        .id = session->tail.id,
                                        .reading = session->tail.reading,
                                        .piece_ms = session->tail.piece_ms,
                                        .piece_n = session->tail.piece_n};
}

static void refuse_tail(struct engine *engine, struct session *session, enum refusal refusal,
                        const char *detail)
{
    struct envelope envelope = {
        .kind = ENVELOPE_TAIL_END,
        .tail_end = {
            .head_seq = engine->head.seq, .refusal = refusal, .detail = detail, .id = session->tail.id}};

    tail_clear(engine, session);
    if (engine_send(engine, session->peer, &envelope) < 0) {
        session->deaf = true; /* it would wait for ever */
    }
}

/* False: the peer's queue is full; the row will be read again. */
static bool give_item(struct engine *engine, struct session *session, const struct log_record *record)
{
    const struct log_header *header = &record->header;
    struct envelope envelope = {.kind = ENVELOPE_TAIL_ITEM,
                                .tail_item = {.seq = header->seq,
                                              .epoch = header->epoch,
                                              .kind = header->kind,
                                              .outcome = header->outcome,
                                              .bus_ms = header->bus_ms,
                                              .utc_ms = header->utc_ms,
                                              .occurred_ms = header->occurred_ms,
                                              .author = header->author,
                                              .counter = header->counter,
                                              .hash = record->hash,
                                              .payload_hash = record->payload_hash,
                                              .record = record->payload,
                                              .id = session->tail.id}};

    struct arena arena;
    int result = 0;

    memcpy(envelope.tail_item.boot, header->boot, sizeof envelope.tail_item.boot);
    arena_init(&arena, (size_t)2 * ARENA_PER_FRAME);
    if (session->tail.filter == TAIL_SHARED) {
        struct bytes *said = &envelope.tail_item.record;
        result = tell_export(engine, session->tail.names[0], record, &arena, said);
        envelope.tail_item.kind = COMMAND_TELL_RECORD;
        envelope.tail_item.payload_hash = hash_bytes(said->p, result == 0 ? said->n : 0);
    }
    if (result == 0) {
        result = engine_send(engine, session->peer, &envelope);
    }
    arena_free(&arena);
    if (result == ERR_DATA || result == ERR_TOO_BIG) {
        return true; /* it cannot be told, now or ever */
    }
    if (result < 0) {
        return false;
    }
    session->tail.credit--;
    return true;
}

/* --- the streams of an OPEN or STREAM tail -------------------------------------------------------- */

static bool add_name(struct tail_state *tail, const char *name)
{
    if (tail->names_n == tail->names_capacity) {
        size_t capacity = tail->names_capacity == 0 ? 16 : tail->names_capacity * 2;
        void *grown = capacity <= TAIL_NAMES_MAX ? realloc(tail->names, capacity * STREAM_NAME_MAX) : NULL;
        if (grown == NULL) {
            return false;
        }
        tail->names = grown;
        tail->names_capacity = capacity;
    }
    memcpy(tail->names[tail->names_n++], name, strlen(name) + 1);
    return true;
}

/* False: the peer's queue is full. */
static bool give_end(struct engine *engine, struct session *session)
{
    struct tail_state *tail = &session->tail;
    struct envelope envelope = {.kind = ENVELOPE_TAIL_END,
                                .tail_end = {.head_seq = tail->head, .detail = "", .id = tail->id}};

    if (engine_send(engine, session->peer, &envelope) < 0) {
        return false;
    }
    tail->ended = true;
    if (!tail->follow) {
        tail_clear(engine, session);
        return true;
    }
    if (tail->filter == TAIL_OPEN) {
        tail->after = MUTANT(MUTANT_TAIL_GAP) ? engine->head.seq : tail->head;
    }
    tail->dirty = engine->head.seq > tail->after;
    return true;
}

/* Streams are given one by one: is this one done? */
static bool by_stream(const struct tail_state *tail)
{
    return tail->filter == TAIL_STREAM || (tail->filter == TAIL_OPEN && !tail->ended);
}

/* A record that the disk has changed is given to nobody. Who has a copy of the log begins with its first one,
 * so one that rotted long ago must not end the broker for all. */
static void refuse_damaged(struct engine *engine, struct session *session, uint64_t seq)
{
    char detail[DETAIL_MAX];

    (void)snprintf(detail, sizeof detail, "record %llu of the log is damaged; tell the broker's keeper",
                   (unsigned long long)seq);
    if (engine->damage_said_ms == 0 || engine_boot(engine) >= engine->damage_said_ms + DAMAGE_SAY_MS) {
        engine->damage_said_ms = engine_boot(engine);
        engine_note(
            engine, LOG_LEVEL_ERROR,
            "record %llu of the log is damaged; %s asked for it and was refused: compare with another "
            "agency's copy: muster verify LOG --copy FOLDER",
            (unsigned long long)seq, session->author->name);
    }
    refuse_tail(engine, session, REFUSED_FENCED, detail);
}

/* Of a tail that says again what was told: whether this was, above the point that was named. Read again, it
 * is taken in again, which changes nothing. False with *ret_refused: the tail has ended. */
static bool is_told_again(struct engine *engine, struct session *session, const struct log_record *record,
                          bool *ret_refused)
{
    bool told = false;

    if (told_log_take(session->tail.told_log, record, &told) < 0) {
        refuse_tail(engine, session, REFUSED_BUSY, "out of memory");
        *ret_refused = true;
        return false;
    }
    return told && record->header.seq > session->tail.since;
}

/* False: not to be gone on with at once, which would only read the same again: the peer's queue is full. */
static bool rows_answered(struct engine *engine, struct session *session, const struct log_answer *answer)
{
    struct tail_state *tail = &session->tail;

    bool more = answer->more, refused = false;

    for (size_t i = 0; i < answer->rows_n; i++) {
        const struct log_record *record = &answer->rows[i].record;
        if (!tail->ended && record->header.seq > tail->head) {
            more = false;
            break; /* later than the Tail: given after its end, if at all */
        }
        if (!log_chain_is_whole(record)) {
            refuse_damaged(engine, session, record->header.seq);
            return false;
        }
        if (tail->told_log != NULL && !is_told_again(engine, session, record, &refused)) {
            if (refused) {
                return false;
            }
            tail->after = record->header.seq;
            continue;
        }
        if (tail->credit == 0 || !give_item(engine, session, record)) {
            tail->dirty = true; /* read again when credit comes, or at the next sweep */
            return false;
        }
        tail->after = record->header.seq;
    }
    if (tail->ended) {
        tail->dirty = tail->dirty || more;
    } else if (!more || tail->after >= tail->head) {
        if (by_stream(tail) && tail->names_at + 1 < tail->names_n) {
            tail->names_at++;
            tail->after = 0;
        } else {
            return give_end(engine, session);
        }
    }
    return true;
}

static void tail_answered(struct engine *engine, struct job *job)
{
    struct session *session = session_by_serial(engine, job->peer, job->serial);
    const struct log_answer *answer = &job->request.answer;

    if (session == NULL) {
        return;
    }
    struct tail_state *tail = &session->tail;
    tail->reading = false;
    tail->piece_n += READ_COST + (uint32_t)answer->rows_n;
    if (tail->serial != job->sub_serial) { /* of the Tail before: the one now waited for it */
        tail_pump(engine, session);
        return;
    }
    if (job->request.query.question == LOG_Q_OPEN) {
        for (size_t i = 0; i < answer->names_n; i++) {
            if (!add_name(tail, answer->names[i].name)) {
                refuse_tail(engine, session, REFUSED_BUSY, "out of memory");
                return;
            }
        }
        tail->names_done = !answer->more || answer->names_n == 0;
        if (answer->names_n > 0) {
            memcpy(tail->last_open, tail->names[tail->names_n - 1], sizeof tail->last_open);
        }
    } else if (!rows_answered(engine, session, answer)) {
        return;
    }
    if (session_by_serial(engine, job->peer, job->serial) != NULL) {
        tail_pump(engine, session);
    }
}

static void tail_ask(struct engine *engine, struct session *session, struct log_query query, const char *name)
{
    struct job *job = job_new(tail_answered);

    if (job == NULL) {
        session->tail.dirty = true; /* the next sweep tries again */
        return;
    }
    memcpy(job->name, name, strlen(name) + 1);
    job->peer = session->peer;
    job->serial = session->serial;
    job->sub_serial = session->tail.serial;
    job->request.query = query;
    job->is_tails = true;
    session->tail.reading = true;
    job_submit(engine, job);
}

/* What is read is what the others wait for: when a piece is, the next one is put off. */
static bool is_too_soon(struct engine *engine, struct session *session)
{
    struct tail_state *tail = &session->tail;
    int64_t next_ms = tail->piece_ms + ENGINE_TAIL_PACE_MS;

    if (engine_boot(engine) >= next_ms) {
        tail->piece_ms = engine_boot(engine);
        tail->piece_n = 0;
    }
    if (tail->piece_n < ENGINE_READ_MAX || !pace_holds_reader(engine, session->author)) {
        return false;
    }
    engine->tails_ms = next_ms < engine->tails_ms ? next_ms : engine->tails_ms;
    return true;
}

void tail_pump(struct engine *engine, struct session *session)
{
    struct tail_state *tail = &session->tail;

    if (tail->filter == TAIL_NONE || tail->reading || tail->credit == 0 || (tail->ended && !tail->dirty) ||
        is_too_soon(engine, session)) {
        return;
    }
    if (tail->filter == TAIL_OPEN && !tail->names_done) {
        tail_ask(engine, session, (struct log_query){.question = LOG_Q_OPEN}, tail->last_open);
        return;
    }
    if (tail->ended) {
        tail->dirty = false; /* what is committed from now on makes it dirty again */
    }
    if (tail->filter == TAIL_SHARED && tail->told_log == NULL) {
        tail_ask(engine, session,
                 (struct log_query){.question = LOG_Q_OUTBOX,
                                    .lane = LANE_ORDERS,
                                    .after = tail->after,
                                    .records_max = read_max(tail->credit)},
                 tail->names[0]);
        return;
    }
    if (by_stream(tail)) {
        tail_ask(engine, session,
                 (struct log_query){
                     .question = LOG_Q_STREAM, .after = tail->after, .records_max = read_max(tail->credit)},
                 tail->names[tail->names_at]);
        return;
    }
    tail_ask(engine, session,
             (struct log_query){
                 .question = LOG_Q_RANGE, .after = tail->after, .records_max = read_max(tail->credit)},
             "");
}

void tail_committed(struct engine *engine)
{
    struct session *session;

    DL_FOREACH2 (engine->tails, session, tail.next) {
        if (session->tail.follow) {
            session->tail.dirty = true;
            tail_pump(engine, session);
        }
    }
}

void tails_pump(struct engine *engine)
{
    struct session *session;

    engine->tails_ms = INT64_MAX;
    DL_FOREACH2 (engine->tails, session, tail.next) {
        tail_pump(engine, session);
    }
}

/* --- Tail and Credit ------------------------------------------------------------------------------ */

static bool may_read(struct engine *engine, const struct session *session, const struct tail *said)
{
    const struct region *region = state_region(engine->state);
    const struct member *member = region_member(region, session->author->name);
    char own[STREAM_NAME_MAX];
    char regions[STREAM_NAME_MAX];

    if (said->filter == TAIL_STREAM &&
        (strcmp(said->stream, stream_of_agent(session->author->name, own)) == 0 ||
         strcmp(said->stream, stream_of_region(region->code, regions)) == 0)) {
        return true;
    }
    return member != NULL && member_has_right(member, "watch", NULL);
}

/* OPEN begins with who is enrolled and what their units are. */
static bool add_members(struct engine *engine, struct tail_state *tail)
{
    const struct region *region = state_region(engine->state);
    char name[STREAM_NAME_MAX];
    bool fine = add_name(tail, stream_of_region(region->code, name));

    for (size_t i = 0; i < region->members_n && fine; i++) {
        if (!region->members[i].is_operator) {
            fine = add_name(tail, stream_of_agent(region->members[i].name, name));
        }
    }
    return fine;
}

void tail_begin(struct engine *engine, struct session *session, const struct tail *said)
{
    struct tail_state *tail = &session->tail;

    tail_clear(engine, session);
    tail->serial++;
    tail->id = said->id;
    if (said->filter < TAIL_ALL || said->filter > TAIL_SHARED || strlen(said->stream) >= STREAM_NAME_MAX ||
        (said->filter >= TAIL_STREAM && said->stream[0] == '\0')) {
        refuse_tail(engine, session, REFUSED_INVALID, "tail: name all, open, a stream, or a link");
        return;
    }
    if (!region_is_loaded(engine)) { /* being read again after a failed commit */
        refuse_tail(engine, session, REFUSED_BUSY, "not just now");
        return;
    }
    if (!may_read(engine, session, said)) {
        refuse_tail(engine, session, REFUSED_RIGHT, "the right \"watch\" is needed");
        return;
    }
    tail->filter = said->filter;
    DL_APPEND2(engine->tails, session, tail.prev, tail.next);
    tail->follow = said->follow;
    tail->head = engine->head.seq;
    tail->after = said->filter == TAIL_OPEN ? 0 : said->from_seq;
    if (said->filter == TAIL_SHARED && said->from_seq > 0) { /* told before, acknowledged or not */
        tail->told_log = told_log_new(said->stream);
        tail->since = said->from_seq;
        tail->after = 0;
    } else if (said->filter == TAIL_SHARED) { /* what is acknowledged may still stand in the outbox */
        const struct agent *agent = state_agent(engine->state, said->stream);
        uint64_t acked = agent != NULL ? agent->acked[LANE_ORDERS] : 0;
        tail->after = acked > tail->after ? acked : tail->after;
    }
    tail->credit = said->credit < ENGINE_WINDOW_MAX ? said->credit : ENGINE_WINDOW_MAX;
    tail->names_done = said->filter != TAIL_OPEN;
    bool fine = said->filter == TAIL_OPEN     ? add_members(engine, tail)
                : said->filter >= TAIL_STREAM ? add_name(tail, said->stream)
                                              : true;
    fine = fine && (tail->told_log != NULL || said->filter != TAIL_SHARED || said->from_seq == 0);
    if (!fine) {
        refuse_tail(engine, session, REFUSED_BUSY, "out of memory");
        return;
    }
    tail_pump(engine, session);
}

void tail_credit(struct engine *engine, struct session *session, uint32_t add)
{
    struct tail_state *tail = &session->tail;

    if (tail->filter == TAIL_NONE) {
        return; /* for a tail that has ended */
    }
    tail->credit = add < ENGINE_WINDOW_MAX - tail->credit ? tail->credit + add : ENGINE_WINDOW_MAX;
    tail_pump(engine, session);
}
