/* One way out, first half: what waits for an agent, lane by lane. The outbox is an index of the log, so a
 * slow or absent agent costs disk. A session that has everything is given what is committed at once; one
 * that is behind reads from the log until it has caught up, as far as its credit goes, and the bytes that may
 * be under way to it. */
#include <string.h>

#include "common/base/mutant.h"
#include "common/engine/engine_private.h"

enum { DELIVER_BYTES = 128 /* of a Deliver beside its record */ };

static bool give(struct engine *engine, struct session *session, enum lane lane,
                 const struct log_record *record, const struct id *recalled, size_t recalled_n,
                 bool tombstone)
{
    struct lane_state *state = &session->lanes[lane];
    size_t bytes = DELIVER_BYTES + (tombstone ? 0 : record->payload.n);
    struct envelope envelope = {.kind = ENVELOPE_DELIVER,
                                .deliver = {.lane = lane,
                                            .seq = record->header.seq,
                                            .epoch = record->header.epoch,
                                            .bus_ms = record->header.bus_ms,
                                            .hash = record->hash,
                                            .recalled = recalled,
                                            .recalled_n = recalled_n}};

    if (lane != LANE_URGENT && !flight_takes(&state->flight, bytes)) {
        return false;
    }
    if (!tombstone) {
        envelope.deliver.record = record->payload;
    }
    int result =
        session->link != NULL ? link_tell(engine, session, record) : session_send(engine, session, &envelope);
    if (session->link != NULL && (result == ERR_TOO_BIG || result == ERR_DATA)) {
        state->sent = record->header.seq;
        return true; /* what cannot be told must not keep back the rest */
    }
    if (result < 0) {
        return false;
    }
    state->sent = record->header.seq;
    state->credit -= MUTANT(MUTANT_NO_WINDOW) ? 0 : 1;
    if (lane != LANE_URGENT) {
        flight_give(&state->flight, bytes, engine_boot(engine));
    }
    engine->numbers.delivered++;
    return true;
}

void deliver_committed(struct engine *engine, const struct submission *submission)
{
    for (size_t i = 0; i < submission->entry.index_n; i++) {
        const struct log_index *index = &submission->entry.index[i];
        if (index->op != LOG_OUTBOX) {
            continue;
        }
        struct author *author = author_find(engine, index->name);
        struct session *session = author != NULL ? author->taker : NULL;
        if (session == NULL || !session->welcomed) {
            continue; /* it stays in the outbox */
        }
        struct lane_state *lane = &session->lanes[index->lane];
        lane->behind = lane->behind || !link_is_ready(session);
        uint64_t seq = submission->entry.record.header.seq;
        if (lane->behind && !MUTANT(MUTANT_LANE_JUMPS)) {
            lane->missed = true;
        } else if (seq > lane->sent &&
                   (lane->credit == 0 || !give(engine, session, (enum lane)index->lane,
                                               &submission->entry.record, NULL, 0, false))) {
            lane->behind = true;
        }
    }
}

/* --- catching up ---------------------------------------------------------------------------------- */

enum { RECALLED_MAX = ORDERS_PER_COMMAND_MAX };

static bool give_row(struct engine *engine, struct session *session, enum lane lane,
                     const struct log_row *row)
{
    struct id recalled[RECALLED_MAX];
    size_t n = 0;
    bool all = row->items_n > 0;

    for (size_t i = 0; i < row->items_n; i++) {
        if (!row->items[i].tombstone) {
            all = false;
        } else if (n < RECALLED_MAX && id_parse(row->items[i].item, &recalled[n]) == 0) {
            n++;
        }
    }
    return give(engine, session, lane, &row->record, recalled, n, all || MUTANT(MUTANT_FALSE_TOMBSTONE));
}

static void outbox_answered(struct engine *engine, struct job *job)
{
    struct session *session = session_by_serial(engine, job->peer, job->serial);
    const struct log_answer *answer = &job->request.answer;

    if (session == NULL) {
        return;
    }
    struct lane_state *lane = &session->lanes[job->lane];
    size_t given = 0;
    if (lane->serial != job->sub_serial) {
        return;
    }
    lane->reading = false;
    while (given < answer->rows_n && lane->credit > 0 &&
           give_row(engine, session, job->lane, &answer->rows[given])) {
        given++;
    }
    if (given < answer->rows_n) {
        return; /* no credit, enough under way, or the peer's queue is full: credit or a sweep goes on */
    }
    if (!answer->more && !lane->missed) {
        lane->behind = false;
    } else {
        deliver_pump(engine, session);
    }
}

/* No more than can be given, if they are small. */
static uint32_t records_max(const struct lane_state *state)
{
    uint32_t room =
        state->flight.bytes_max > state->flight.bytes ? state->flight.bytes_max - state->flight.bytes : 0;
    uint32_t n = room / DELIVER_BYTES;

    return read_max(n > 0 && n < state->credit ? n : state->credit);
}

static void read_outbox(struct engine *engine, struct session *session, enum lane lane)
{
    struct lane_state *state = &session->lanes[lane];
    struct job *job = job_new(outbox_answered);

    if (job == NULL) {
        return; /* the next sweep tries again */
    }
    memcpy(job->name, session->author->name, strlen(session->author->name) + 1);
    job->peer = session->peer;
    job->serial = session->serial;
    job->lane = lane;
    job->sub_serial = state->serial;
    job->request.query = (struct log_query){.question = LOG_Q_OUTBOX,
                                            .lane = (uint8_t)lane,
                                            .after = state->sent,
                                            .records_max = records_max(state)};
    state->reading = true;
    state->missed = false;
    job_submit(engine, job);
}

void deliver_pump(struct engine *engine, struct session *session)
{
    if (!session->deliveries || !link_is_ready(session)) {
        return;
    }
    for (int lane = LANE_URGENT; lane <= LANE_MAX; lane++) {
        struct lane_state *state = &session->lanes[lane];
        if (state->behind && !state->reading && state->credit > 0 && !state->flight.full) {
            read_outbox(engine, session, (enum lane)lane);
        }
    }
}

void deliver_start(struct engine *engine, struct session *session)
{
    const struct agent *agent = state_agent(engine->state, session->author->name);

    for (int lane = LANE_URGENT; lane <= LANE_MAX; lane++) {
        uint64_t acked = agent != NULL ? agent->acked[lane] : 0;
        session->lanes[lane] =
            (struct lane_state){.serial = ++engine->serials,
                                .sent = acked + (MUTANT(MUTANT_CURSOR_OFF_BY_ONE) ||
                                                         (MUTANT(MUTANT_TELL_SKIPS) && session->link != NULL)
                                                     ? 1
                                                     : 0),
                                .credit = session->window,
                                .behind = true};
        flight_begin(&session->lanes[lane].flight);
    }
    deliver_pump(engine, session);
}

void deliver_credit(struct engine *engine, struct session *session, enum lane lane, uint32_t add)
{
    struct lane_state *state;

    if (lane < LANE_URGENT || lane > LANE_MAX) {
        session_end(engine, session, REFUSED_INVALID, "credit: no such lane");
        return;
    }
    state = &session->lanes[lane];
    state->credit = add < ENGINE_WINDOW_MAX - state->credit ? state->credit + add : ENGINE_WINDOW_MAX;
    flight_credit(&state->flight, add, engine_boot(engine));
    deliver_pump(engine, session);
}
