/* State is a cache of streams: load folds one from the log, evict drops it. */
#include <stdlib.h>
#include <string.h>

#include "common/base/mutant.h"
#include "common/core/evolve.h"
#include "common/engine/engine_private.h"

struct stream *stream_find(const struct engine *engine, const char *name)
{
    struct stream *stream;

    HASH_FIND_STR(engine->streams, name, stream);
    return stream;
}

static struct stream *stream_make(struct engine *engine, const char *name)
{
    struct stream *stream = calloc(1, sizeof *stream);

    if (stream != NULL) {
        memcpy(stream->name, name, strlen(name) + 1);
        HASH_ADD_STR(engine->streams, name, stream);
        if (stream->hh.tbl == NULL) {
            free(stream);
            stream = NULL;
        }
    }
    if (stream == NULL) {
        engine_fail(engine, ERR_NO_MEMORY, "out of memory for stream %s", name);
    }
    return stream;
}

/* An order's own stream says where it is, and nothing more. */
static bool apply_home(struct engine *engine, const struct event *event)
{
    if (event->kind == EVENT_ORDER_ISSUED &&
        state_set_order_home(engine->state, event->order, event->incident) < 0) {
        engine_fail(engine, ERR_NO_MEMORY, "out of memory while loading");
        return false;
    }
    return true;
}

bool stream_apply(struct engine *engine, const struct log_record *record, const char *only)
{
    struct record decoded;
    struct err err;
    char name[STREAM_NAME_MAX];
    struct id order;
    bool of_order = only != NULL && stream_order(only, &order);

    if (record->redacted) {
        return true; /* what it said is gone by law: state goes on without it */
    }
    arena_reset(&engine->arena);
    int result = wire_decode_record(record->payload, &engine->arena, &decoded, &err);
    if (result < 0) {
        engine_fail(engine, result, "record %llu cannot be read: %s", (unsigned long long)record->header.seq,
                    err.text);
        return false;
    }
    if (decoded.unknown_events > 0) {
        engine_fail(engine, ERR_NEWER,
                    "record %llu holds events that this version does not know: start the newer musterd",
                    (unsigned long long)record->header.seq);
        return false;
    }
    for (size_t i = 0; i < decoded.events_n; i++) {
        const struct event *event = &decoded.events[i];
        if (of_order) {
            if (!apply_home(engine, event)) {
                return false;
            }
            continue;
        }
        if (only != NULL && strcmp(event_stream(event, engine->options.region, name), only) != 0) {
            continue;
        }
        if (evolve(engine->state, event) < 0) {
            engine_fail(engine, ERR_NO_MEMORY, "out of memory while loading");
            return false;
        }
    }
    return true;
}

/* --- live, idle, due ------------------------------------------------------------------------------ */

static void rest(struct engine *engine, struct stream *stream)
{
    if (!stream->idle) {
        stream->idle = true;
        DL_APPEND(engine->idle, stream);
        engine->idle_n++;
    }
}

static void wake(struct engine *engine, struct stream *stream)
{
    if (stream->idle) {
        stream->idle = false;
        DL_DELETE(engine->idle, stream);
        engine->idle_n--;
    }
}

static void place(struct engine *engine, struct stream *stream)
{
    struct id id;
    const struct incident *incident =
        stream_incident(stream->name, &id) ? state_incident(engine->state, id) : NULL;
    bool is_incident = strncmp(stream->name, "incident/", 9) == 0;

    if (!is_incident && !stream_order(stream->name, &id)) {
        return; /* agents and the region stay */
    }
    stream->live = incident != NULL && incident_is_live(incident);
    if (due_set(&engine->due, &stream->due, incident != NULL ? incident_due(incident) : 0) < 0) {
        engine_fail(engine, ERR_NO_MEMORY, "out of memory for deadlines");
    }
    wake(engine, stream);
    if (!stream->live && stream->due.at_ms == 0) {
        rest(engine, stream);
    }
}

struct stream *stream_touched(struct engine *engine, const char *name, uint64_t seq)
{
    struct stream *stream = stream_find(engine, name);

    if (stream == NULL) {
        stream = stream_make(engine, name);
    }
    if (stream != NULL) {
        stream->loaded = true;
        stream->last_seq = seq;
        place(engine, stream);
    }
    return stream;
}

void stream_evict(struct engine *engine, const char *name)
{
    struct stream *stream = stream_find(engine, name);

    state_evict(engine->state, name);
    if (stream == NULL || !stream->loaded) {
        return;
    }
    (void)due_set(&engine->due, &stream->due, 0);
    wake(engine, stream);
    HASH_DEL(engine->streams, stream);
    free(stream);
}

void stream_reload(struct engine *engine, const char *name)
{
    bool was_loaded = stream_find(engine, name) != NULL;

    stream_evict(engine, name);
    if (was_loaded && !MUTANT(MUTANT_NO_RELOAD)) {
        (void)stream_ready(engine, name);
    }
}

bool region_is_loaded(struct engine *engine)
{
    char name[STREAM_NAME_MAX];

    return stream_ready(engine, stream_of_region(engine->options.region, name));
}

void streams_evict_idle(struct engine *engine)
{
    while (engine->idle_n > engine->options.idle_streams_max) {
        struct stream *oldest = engine->idle;
        if (oldest == NULL || oldest->last_seq > engine->head.seq || oldest->wanted > 0) {
            return; /* not committed yet, or a parked command waits for it: the next time */
        }
        char name[STREAM_NAME_MAX];
        memcpy(name, oldest->name, sizeof name);
        stream_evict(engine, name);
    }
}

void streams_free(struct engine *engine)
{
    struct stream *stream, *next;

    stream = engine->streams;
    HASH_CLEAR(hh, engine->streams);
    for (; stream != NULL; stream = next) {
        next = stream->hh.next;
        free(stream);
    }
}

/* --- loading -------------------------------------------------------------------------------------- */

static void load_more(struct engine *engine, const char *name, uint64_t after);

static void load_failed(struct engine *engine, struct stream *stream)
{
    state_evict(engine->state, stream->name);
}

static void loaded(struct engine *engine, struct job *job)
{
    struct stream *stream = stream_find(engine, job->name);
    const struct log_answer *answer = &job->request.answer;

    if (stream == NULL || stream->loaded) {
        return;
    }
    for (size_t i = 0; i < answer->rows_n; i++) {
        const struct log_record *record = &answer->rows[i].record;
        if (!stream_apply(engine, record, stream->name)) {
            load_failed(engine, stream);
            return;
        }
        stream->last_seq = record->header.seq;
    }
    if (answer->more) {
        load_more(engine, job->name, stream->last_seq);
        return;
    }
    stream->loaded = true;
    engine->loads_under_way--;
    if (!MUTANT(MUTANT_FORGET_DUE)) {
        place(engine, stream);
    }
    if (strncmp(stream->name, "agent/", 6) == 0) {
        struct author *author = author_find(engine, stream->name + 6);
        if (author != NULL) {
            session_welcome_all(engine, author);
        }
    }
}

static void load_more(struct engine *engine, const char *name, uint64_t after)
{
    struct job *job = job_new(loaded);

    if (job == NULL) {
        engine_fail(engine, ERR_NO_MEMORY, "out of memory for loading %s", name);
        return;
    }
    memcpy(job->name, name, strlen(name) + 1);
    job->request.query = (struct log_query){.question = LOG_Q_STREAM, .after = after};
    job_submit(engine, job);
}

bool stream_ready(struct engine *engine, const char *name)
{
    struct stream *stream = stream_find(engine, name);

    if (stream != NULL) {
        return stream->loaded;
    }
    stream = stream_make(engine, name);
    if (stream != NULL) {
        engine->loads_under_way++;
        load_more(engine, stream->name, 0);
    }
    return false;
}
