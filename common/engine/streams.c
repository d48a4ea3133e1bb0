/* State is a cache of streams: load folds one from the log, evict drops it. */
#include <stdlib.h>
#include <string.h>

#include "common/base/mutant.h"
#include "common/core/evolve.h"
#include "common/engine/engine_private.h"

struct stream *stream_find(const struct engine *engine, const char *name)
{
    struct stream *stream;
    size_t n = strlen(name);

    HASH_FIND_BYHASHVALUE(hh, engine->streams, name, n, keyed_hash(engine->hash_key, name, n), stream);
    return stream;
}

static struct stream *stream_make(struct engine *engine, const char *name)
{
    size_t n = strlen(name);
    struct stream *stream = calloc(1, sizeof *stream + n + 1);

    if (stream != NULL) {
        memcpy(stream->name, name, n + 1);
        HASH_ADD_KEYPTR_BYHASHVALUE(hh, engine->streams, stream->name, n,
                                    keyed_hash(engine->hash_key, stream->name, n), stream);
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
static bool apply_home(struct engine *engine, const struct event *event, const char *only)
{
    char name[STREAM_NAME_MAX];

    if (event->kind == EVENT_ORDER_ISSUED && strcmp(stream_of_order(event->order, name), only) == 0 &&
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
            if (!apply_home(engine, event, only)) {
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

/* --- open, idle, due ------------------------------------------------------------------------------ */

/* What is due within this is at hand, so that it passes in time. */
enum { DUE_AHEAD_MS = 5000, DUE_ASK_MS = 1000 };

static void leave_list(struct stream *stream)
{
    struct stream_list *list = stream->list;

    if (list != NULL) {
        DL_DELETE(list->first, stream);
        list->n--;
        list->weight -= stream->weight;
        stream->list = NULL;
    }
}

static void enter_list(struct stream *stream, struct stream_list *list)
{
    DL_APPEND(list->first, stream);
    list->n++;
    list->weight += stream->weight;
    stream->list = list;
}

static void place(struct engine *engine, struct stream *stream)
{
    struct id id;
    const struct incident *incident =
        stream_incident(stream->name, &id) ? state_incident(engine->state, id) : NULL;

    if (incident == NULL && !stream_incident(stream->name, &id) && !stream_order(stream->name, &id)) {
        return; /* agents and the region stay */
    }
    leave_list(stream);
    stream->live = incident != NULL && incident_is_live(incident);
    stream->weight = 1 + (incident != NULL ? incident->orders_n : 0);
    if (due_set(&engine->due, &stream->due, incident != NULL ? incident_due(incident) : 0) < 0) {
        engine_fail(engine, ERR_NO_MEMORY, "out of memory for deadlines");
    }
    enter_list(stream, stream->live || stream->due.at_ms != 0 ? &engine->open : &engine->idle);
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
    leave_list(stream);
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

/* Committed, not waited for, and not due soon. */
static bool may_go(const struct engine *engine, const struct stream *stream)
{
    return stream->last_seq <= engine->head.seq && stream->wanted == 0 &&
           (stream->due.at_ms == 0 || stream->due.at_ms > engine_now(engine) + DUE_AHEAD_MS);
}

static void evict_from(struct engine *engine, struct stream_list *list, size_t max)
{
    enum { PASSED_OVER_MAX = 16 };
    size_t passed_over = 0;

    while (list->weight > max && list->first != NULL && passed_over < PASSED_OVER_MAX) {
        struct stream *stream = list->first;
        if (!may_go(engine, stream)) { /* the next time */
            leave_list(stream);
            enter_list(stream, list);
            passed_over++;
            continue;
        }
        char name[STREAM_NAME_MAX];
        memcpy(name, stream->name, strlen(stream->name) + 1);
        engine->due_elsewhere = engine->due_elsewhere || stream->due.at_ms != 0;
        stream_evict(engine, name);
    }
}

void streams_evict(struct engine *engine)
{
    evict_from(engine, &engine->idle, engine->options.idle_streams_max);
    evict_from(engine, &engine->open, engine->options.open_orders_max);
}

bool streams_have_room(const struct engine *engine)
{
    return engine->open.weight + engine->loads_under_way < engine->options.open_orders_max;
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
    if (stream == NULL) {
        return false;
    }
    if (fresh_is(&engine->fresh, name)) { /* there is nothing to load */
        stream->loaded = true;
        place(engine, stream);
        return true;
    }
    engine->loads_under_way++;
    load_more(engine, stream->name, 0);
    return false;
}

/* --- what is due and not at hand ------------------------------------------------------------------ */

static void due_answered(struct engine *engine, struct job *job)
{
    const struct log_answer *answer = &job->request.answer;

    engine->due_asked = false;
    for (size_t i = 0; i < answer->names_n; i++) {
        (void)stream_ready(engine, answer->names[i].name);
    }
    if (answer->more) { /* as soon as these have passed */
        engine->due_asked_ms = engine_boot(engine) - DUE_ASK_MS + ENGINE_RETRY_MS;
    }
}

int64_t streams_ask_due_ms(const struct engine *engine)
{
    return engine->due_elsewhere && !engine->due_asked ? engine->due_asked_ms + DUE_ASK_MS : INT64_MAX;
}

void streams_ask_due(struct engine *engine)
{
    struct job *job;

    if (engine_boot(engine) < streams_ask_due_ms(engine)) {
        return;
    }
    engine->due_asked_ms = engine_boot(engine);
    job = job_new(due_answered);
    if (job == NULL) {
        return; /* asked again in a moment */
    }
    engine->due_asked = true;
    job->request.query =
        (struct log_query){.question = LOG_Q_DUE, .number = (uint64_t)(engine_now(engine) + DUE_AHEAD_MS)};
    job_submit(engine, job);
}
