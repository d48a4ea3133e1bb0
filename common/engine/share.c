/* What an incident consists of so far is told to a region that is to follow it: read from the log, for state
 * does not hold the words, and put into a command of ours, or several. What comes after it goes by itself. */
#include <string.h>

#include "common/core/link.h"
#include "common/engine/engine_private.h"

enum {
    PAST_BYTES_MAX = 48 * 1024, /* of a part: read at the other end it takes several times that */
    READS_MAX = 8               /* incidents whose past is being read at once */
};

struct gathering {
    struct engine *engine;
    const char *region; /* that is to have it */
    struct id incident;
    struct shared_record *past;
    size_t n;
    size_t bytes;
    size_t orders; /* that are new in it: the other end looks for each */
};

static size_t new_orders(const struct event *events, size_t n)
{
    size_t orders = 0;

    for (size_t i = 0; i < n; i++) {
        orders += events[i].kind == EVENT_ORDER_ISSUED;
    }
    return orders;
}

/* False: there is no room for it in this part. */
static bool gather(struct gathering *gathering, const struct shared_record *shared, size_t orders)
{
    bool fits = gathering->n < SHARED_PAST_MAX &&
                (gathering->n == 0 || (gathering->bytes + shared->record.n <= PAST_BYTES_MAX &&
                                       gathering->orders + orders <= ORDERS_PER_COMMAND_MAX));

    if (fits) {
        gathering->past[gathering->n++] = *shared;
        gathering->bytes += shared->record.n;
        gathering->orders += orders;
    }
    return fits;
}

/* What was heard goes as it came, with each record of a past that came with it. */
static bool gather_heard(struct gathering *gathering, const struct tell_record *heard)
{
    const struct told_record *last = &heard->told[heard->told_n - 1];
    struct gathering before = *gathering;

    if (last->command->kind != COMMAND_SHARE_INCIDENT) {
        return gather(gathering, &heard->shared, new_orders(last->events, last->events_n));
    }
    for (size_t i = 0; i + 1 < heard->told_n; i++) {
        const struct told_record *told = &heard->told[i];
        if (!gather(gathering, &last->command->share_incident.past[i],
                    new_orders(told->events, told->events_n))) {
            *gathering = before; /* a part holds what a part held */
            return false;
        }
    }
    return true;
}

/* What one record adds. False: no room for all of it. */
static bool gather_record(struct gathering *gathering, const struct log_record *record, struct arena *arena)
{
    struct engine *engine = gathering->engine;
    struct record decoded;
    struct command command;

    if (record->redacted || record->header.outcome != LOG_DECIDED) {
        return true;
    }
    if (wire_decode_record(record->payload, arena, &decoded, NULL) < 0 ||
        wire_decode_command(decoded.signed_command.payload, arena, &command, NULL) < 0) {
        if (gathering->n > 0 || arena->starved) {
            return false; /* a part that begins with it has more memory for it */
        }
        link_note_untold(engine, gathering->region, record->header.seq, REFUSED_NOT, "it cannot be read");
        return true;
    }
    if (command.kind == COMMAND_SHARE_INCIDENT) {
        return true;
    }
    if (command_tells(&command) != NULL) {
        /* what was told of another and touches this one comes from its region as this one's, too */
        bool is_of_this = id_equal(command_tells(&command)->incident, gathering->incident);
        return !is_of_this || gather_heard(gathering, command_tells(&command));
    }
    if (record->payload.n > TOLD_BYTES_MAX) {
        link_note_untold(engine, gathering->region, record->header.seq, REFUSED_NOT, "it is too large");
        return true;
    }
    struct shared_record shared = {.region = engine->options.region,
                                   .epoch = record->header.epoch,
                                   .seq = record->header.seq,
                                   .bus_ms = record->header.bus_ms,
                                   .record = record->payload};
    shared_sign(&engine->options.broker->sign, &shared);
    return gather(gathering, &shared, new_orders(decoded.events, decoded.events_n));
}

static void past_answered(struct engine *engine, struct job *job)
{
    const struct log_answer *answer = &job->request.answer;
    struct stream *stream = stream_find(engine, stream_key_parse(job->name));
    char region[REGION_CODE_MAX + 1];
    uint64_t after;

    engine->shares_under_way--;
    if (stream == NULL || !stream->loaded) {
        return; /* it was read again meanwhile, and is looked at anew */
    }
    stream->sharing = false;
    stream->share_ms = engine_boot(engine) + ENGINE_RETRY_MS; /* of one that comes to nothing */
    const struct incident *incident = state_incident(engine->state, stream->key.id);
    if (incident == NULL || !region_is_loaded(engine) || !commit_has_room(engine) ||
        !incident_wants_share(state_region(engine->state), incident, region, &after) ||
        after != job->request.query.after) {
        return;
    }
    struct arena arena;
    arena_init(&arena, (size_t)8 * ARENA_PER_FRAME);
    struct gathering gathering = {.engine = engine,
                                  .region = region,
                                  .incident = incident->id,
                                  .past = arena_array(&arena, struct shared_record, SHARED_PAST_MAX)};
    size_t taken = 0;
    while (gathering.past != NULL && taken < answer->rows_n &&
           gather_record(&gathering, &answer->rows[taken].record, &arena)) {
        taken++;
    }
    uint64_t up_to = taken > 0 ? answer->rows[taken - 1].record.header.seq : 0;
    struct command command = {.kind = COMMAND_SHARE_INCIDENT,
                              .mode = incident->mode,
                              .share_incident = {.incident = incident->id,
                                                 .region = region,
                                                 .past = gathering.past,
                                                 .past_n = gathering.n,
                                                 .up_to_seq = up_to,
                                                 .more = up_to < stream->last_seq}};
    if (up_to > after && !arena.starved) {
        stream->share_ms = 0;
        commit_own(engine, &command);
    }
    arena_free(&arena);
}

void share_look(struct engine *engine, struct stream *stream)
{
    const struct incident *incident =
        stream->key.kind == STREAM_INCIDENT ? state_incident(engine->state, stream->key.id) : NULL;
    char region[REGION_CODE_MAX + 1];
    uint64_t after;

    if (incident == NULL || incident->shares_n + incident->referrals_n == 0 || stream->wants_share) {
        return;
    }
    /* while the region is read again nobody knows which links there are */
    if (state_region(engine->state)->code[0] == '\0' ||
        incident_wants_share(state_region(engine->state), incident, region, &after)) {
        stream->wants_share = true;
        DL_APPEND2(engine->sharing, stream, share_prev, share_next);
    }
}

void share_forget(struct engine *engine, struct stream *stream)
{
    if (stream->wants_share) {
        DL_DELETE2(engine->sharing, stream, share_prev, share_next);
        stream->wants_share = false;
    }
}

/* Only what is committed can be read. */
void shares_pump(struct engine *engine)
{
    struct stream *stream, *next;
    char region[REGION_CODE_MAX + 1];
    uint64_t after;

    if (engine->sharing == NULL || engine->phase != PHASE_SERVICE || engine->fenced ||
        !region_is_loaded(engine) || engine_boot(engine) < engine->own_after_ms || !commit_has_room(engine)) {
        return;
    }
    DL_FOREACH_SAFE2 (engine->sharing, stream, next, share_next) {
        const struct incident *incident = state_incident(engine->state, stream->key.id);
        if (stream->sharing || stream->last_seq > engine->head.seq ||
            engine_boot(engine) < stream->share_ms || engine->shares_under_way >= READS_MAX) {
            continue;
        }
        if (incident == NULL ||
            !incident_wants_share(state_region(engine->state), incident, region, &after)) {
            share_forget(engine, stream);
            continue;
        }
        struct job *job = job_new(past_answered);
        if (job == NULL) {
            return;
        }
        (void)stream_name(stream->key, job->name);
        job->request.query = (struct log_query){.question = LOG_Q_STREAM, .after = after};
        stream->sharing = true;
        engine->shares_under_way++;
        job_submit(engine, job);
    }
}

void shares_look(struct engine *engine)
{
    for (struct stream *stream = engine->streams; stream != NULL; stream = stream->hh.next) {
        if (stream->loaded) {
            share_look(engine, stream);
        }
    }
}
