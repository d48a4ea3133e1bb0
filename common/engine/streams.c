/* State is a cache of streams: load folds one from the log, evict drops it. */
#include <stdlib.h>
#include <string.h>

#include "common/base/mutant.h"
#include "common/core/evolve.h"
#include "common/engine/engine_private.h"

/* What a stream is found by. */
static size_t flatten(struct stream_key key, char ret[STREAM_NAME_MAX])
{
    size_t n = key.name != NULL ? strnlen(key.name, STREAM_NAME_MAX - 1) : sizeof key.id;

    ret[0] = (char)key.kind;
    memcpy(ret + 1, key.name != NULL ? (const void *)key.name : &key.id, n);
    return 1 + n;
}

struct stream *stream_find(const struct engine *engine, struct stream_key key)
{
    struct stream *stream;
    char bytes[STREAM_NAME_MAX];
    size_t n = flatten(key, bytes);

    uint32_t hash = keyed_hash(engine->hash_key, bytes, n); /* the macros ask for it more than once */

    HASH_FIND_BYHASHVALUE(hh, engine->streams, bytes, n, hash, stream);
    return stream;
}

static struct stream *stream_make(struct engine *engine, struct stream_key key)
{
    char bytes[STREAM_NAME_MAX];
    size_t n = flatten(key, bytes);
    struct stream *stream = calloc(1, sizeof *stream + n + 1);

    if (stream != NULL) {
        memcpy(stream->bytes, bytes, n);
        stream->key = key;
        stream->key.name = key.name != NULL ? stream->bytes + 1 : NULL;
        uint32_t hash = keyed_hash(engine->hash_key, bytes, n);
        HASH_ADD_KEYPTR_BYHASHVALUE(hh, engine->streams, stream->bytes, n, hash, stream);
        if (stream->hh.tbl == NULL) {
            free(stream);
            stream = NULL;
        }
    }
    if (stream == NULL) {
        engine_fail(engine, ERR_NO_MEMORY, "out of memory for stream %s", stream_name(key, bytes));
    } else if (key.kind == STREAM_REGION) {
        engine->region = stream;
    }
    return stream;
}

/* An order's own stream says where it is, and nothing more. */
static bool apply_home(struct engine *engine, const struct event *event, struct stream_key only)
{
    if (event->kind == EVENT_ORDER_ISSUED && stream_key_equal(stream_key_order(event->order), only) &&
        state_set_order_home(engine->state, event->order, event->incident) < 0) {
        engine_fail(engine, ERR_NO_MEMORY, "out of memory while loading");
        return false;
    }
    return true;
}

/* The events of a record, to the stream (NULL: to all); false: damage or no memory, engine failed. */
static bool stream_apply(struct engine *engine, const struct log_record *record,
                         const struct stream_key *only)
{
    struct record decoded;
    struct err err;

    if (record->redacted) {
        return true; /* what it said is gone by law: state goes on without it */
    }
    arena_reset(&engine->arena);
    int result = wire_decode_outcome(record->payload, &engine->arena, &decoded, &err);
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
        if (only != NULL && only->kind == STREAM_ORDER) {
            if (!apply_home(engine, event, *only)) {
                return false;
            }
            continue;
        }
        if (only != NULL && !stream_key_equal(event_stream(event, engine->options.region), *only)) {
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

/* What is due within DUE_AHEAD_MS is at hand, so that it passes in time; where that is more than one answer
 * names, the first of it. Then the next are asked for from when the last one named is DUE_NEAR_MS away: they
 * come in as those before them pass. */
enum { DUE_AHEAD_MS = 5000, DUE_ASK_MS = 1000, DUE_NEAR_MS = 500, DUE_NEXT_MS = 20 };

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
    const struct incident *incident = NULL;

    if (stream->key.name != NULL) {
        return; /* agents and the region stay */
    }
    if (stream->key.kind == STREAM_INCIDENT) {
        incident = state_incident(engine->state, stream->key.id);
    }
    leave_list(stream);
    stream->live = incident != NULL && incident_is_live(incident);
    stream->weight = 1 + (incident != NULL ? incident->orders_n : 0);
    stream->due_ms = incident != NULL ? incident_due(incident) : 0;
    if (due_set(&engine->due, &stream->due, stream->rests ? 0 : stream->due_ms) < 0) {
        engine_fail(engine, ERR_NO_MEMORY, "out of memory for deadlines");
    }
    share_look(engine, stream);
    enter_list(stream, stream->live || stream->due_ms != 0 ? &engine->open : &engine->idle);
}

struct stream *stream_at(struct engine *engine, struct stream_key key)
{
    struct stream *stream = stream_find(engine, key);

    return stream != NULL ? stream : stream_make(engine, key);
}

void stream_touched(struct engine *engine, struct stream *stream, uint64_t seq)
{
    stream->loaded = true;
    stream->last_seq = seq;
    place(engine, stream);
}

void stream_rest(struct engine *engine, struct stream *stream, bool rests)
{
    if (stream->rests != rests) {
        stream->rests = rests;
        stream->wanted += rests ? 1 : (size_t)-1;
        place(engine, stream);
    }
}

static void stream_evict(struct engine *engine, struct stream *stream)
{
    state_evict(engine->state, stream->key);
    if (!stream->loaded) {
        return;
    }
    (void)due_set(&engine->due, &stream->due, 0);
    leave_list(stream);
    share_forget(engine, stream);
    if (engine->region == stream) {
        engine->region = NULL;
    }
    HASH_DEL(engine->streams, stream);
    free(stream);
}

void stream_reload(struct engine *engine, struct stream_key key)
{
    struct stream *stream = stream_find(engine, key);

    if (stream == NULL) {
        state_evict(engine->state, key);
        return;
    }
    stream_evict(engine, stream);
    if (!MUTANT(MUTANT_NO_RELOAD)) {
        (void)stream_ready(engine, key);
    }
}

bool region_is_loaded(struct engine *engine)
{
    return engine->region != NULL ? engine->region->loaded
                                  : stream_ready(engine, stream_key_region(engine->options.region));
}

/* It may be of an event whose deadline waits for all of its streams, which come one by one. */
static bool is_gathered(const struct engine *engine, const struct stream *stream)
{
    const struct incident *incident =
        stream->key.kind == STREAM_INCIDENT ? state_incident(engine->state, stream->key.id) : NULL;

    return incident != NULL && incident->ties != NULL && engine_boot(engine) < engine->gathers_until_ms;
}

/* Not waited for, and not due soon. */
static bool may_go(const struct engine *engine, const struct stream *stream)
{
    return stream->wanted == 0 && !stream->wants_share && !is_gathered(engine, stream) &&
           (stream->due.at_ms == 0 || stream->due.at_ms > engine_now(engine) + DUE_AHEAD_MS);
}

static void evict_from(struct engine *engine, struct stream_list *list, size_t max)
{
    enum { PASSED_OVER_MAX = 16 };
    size_t passed_over = 0;

    while (list->weight > max && list->first != NULL && passed_over < PASSED_OVER_MAX) {
        struct stream *stream = list->first;
        if (stream->last_seq > engine->head.seq) {
            return; /* not committed yet, nor is any that was touched after it */
        }
        if (!may_go(engine, stream)) { /* the next time */
            leave_list(stream);
            enter_list(stream, list);
            passed_over++;
            continue;
        }
        engine->due_elsewhere = engine->due_elsewhere || stream->due.at_ms != 0;
        stream_evict(engine, stream);
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

static void load_more(struct engine *engine, struct stream_key key, uint64_t after);

static void load_failed(struct engine *engine, struct stream *stream)
{
    state_evict(engine->state, stream->key);
}

static void loaded(struct engine *engine, struct job *job)
{
    struct stream *stream = stream_find(engine, stream_key_parse(job->name));
    const struct log_answer *answer = &job->request.answer;

    if (stream == NULL || stream->loaded) {
        return;
    }
    for (size_t i = 0; i < answer->rows_n; i++) {
        const struct log_record *record = &answer->rows[i].record;
        if (!stream_apply(engine, record, &stream->key)) {
            load_failed(engine, stream);
            return;
        }
        stream->last_seq = record->header.seq;
    }
    if (answer->more) {
        load_more(engine, stream->key, stream->last_seq);
        return;
    }
    stream->loaded = true;
    engine->loads_under_way--;
    if (!MUTANT(MUTANT_FORGET_DUE)) {
        place(engine, stream);
    }
    if (stream->key.kind == STREAM_AGENT) {
        struct author *author = author_find(engine, stream->key.name);
        if (author != NULL) {
            session_welcome_all(engine, author);
        }
    }
}

static void load_more(struct engine *engine, struct stream_key key, uint64_t after)
{
    struct job *job = job_new(loaded);

    if (job == NULL) {
        engine_fail(engine, ERR_NO_MEMORY, "out of memory for loading a stream");
        return;
    }
    (void)stream_name(key, job->name);
    job->request.query = (struct log_query){.question = LOG_Q_STREAM, .after = after};
    job_submit(engine, job);
}

bool stream_ready(struct engine *engine, struct stream_key key)
{
    struct stream *stream = stream_find(engine, key);

    if (stream != NULL) {
        return stream->loaded;
    }
    stream = stream_make(engine, key);
    if (stream == NULL) {
        return false;
    }
    if (fresh_is(&engine->fresh, key)) { /* there is nothing to load */
        stream->loaded = true;
        place(engine, stream);
        return true;
    }
    engine->loads_under_way++;
    load_more(engine, key, 0);
    return false;
}

enum { GATHERS_MS = 1000 }; /* the deadline looks again much sooner */

bool stream_family_ready(struct engine *engine, struct stream_key key)
{
    struct stream_key keys[1 + 2 * TIES_STREAMS_MAX] = {key};
    size_t n = 1, more;
    bool ready = true;

    do {
        more = n <= TIES_STREAMS_MAX ? ties_streams(engine->state, keys, n, keys + n) : 0;
        for (size_t i = 0; i < more; i++) {
            ready = stream_ready(engine, keys[n + i]) && ready;
        }
        n += more;
    } while (more > 0 && ready);
    if (!ready) {
        engine->gathers_until_ms = engine_boot(engine) + GATHERS_MS;
    }
    return ready;
}

bool stream_ready_by_name(struct engine *engine, const char *name)
{
    struct stream_key key = stream_key_parse(name);

    if (key.kind == STREAM_NONE) {
        engine_fail(engine, ERR_CORRUPT, "the log has a stream of no known kind: %.80s", name);
        return false;
    }
    return stream_ready(engine, key);
}

/* --- what is due and not at hand ------------------------------------------------------------------ */

static void due_answered(struct engine *engine, struct job *job)
{
    const struct log_answer *answer = &job->request.answer;

    engine->due_asked = false;
    for (size_t i = 0; i < answer->names_n; i++) {
        (void)stream_ready_by_name(engine, answer->names[i].name);
    }
    if (answer->more && answer->names_n > 0) {
        int64_t last_ms = (int64_t)answer->names[answer->names_n - 1].number;
        bool is_near = last_ms <= engine_now(engine) + DUE_NEAR_MS;
        engine->due_asked_ms = engine_boot(engine) - DUE_ASK_MS + (is_near ? DUE_NEXT_MS : ENGINE_RETRY_MS);
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
